/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

#include <string.h>

/* BlueZ, as it is played: a device that is connected and disconnected, searches, and a monitor that
 * shows in the end what there is. */

#define MAX_UNDER_WAY 4

/* Connecting, and undoing it where that was too late. */
#define CONNECT_MS 10000
#define SEARCH_MS 6000

typedef struct
{
  ChaosWorld      *world;
  GRand           *rand;
  DbrClient       *client;
  DbrBluezMonitor *monitor;
  DbrStateTracker *tracker;
  DbrRecovery     *recovery;
  guint            n_under_way;
  gboolean         is_proven;
} Bluez;

typedef struct
{
  Bluez   *bluez;
  ChaosOp *op;
} Deed;

static Deed *
bluez_begin_deed (Bluez      *self,
                  const char *what,
                  guint       limit_ms)
{
  Deed *deed = g_new0 (Deed, 1);

  deed->bluez = self;
  deed->op = chaos_op_begin (self->world, what, limit_ms);
  self->n_under_way++;

  return deed;
}

static void
deed_end (Deed *self)
{
  self->bluez->n_under_way--;
  chaos_op_end (self->op);
  g_free (self);
}

static void
connected_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  dbr_bluez_device_connect_device_finish (DBR_BLUEZ_DEVICE (source), result, NULL);
  deed_end (user_data);
}

static void
disconnected_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  dbr_bluez_device_disconnect_device_finish (DBR_BLUEZ_DEVICE (source), result, NULL);
  deed_end (user_data);
}

static void
search_started_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  dbr_bluez_adapter_start_discovery_finish (DBR_BLUEZ_ADAPTER (source), result, NULL);
  deed_end (user_data);
}

/* A search is kept by the connection of its own that the monitor has: without it nothing is found. */
static void
proof_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Deed *deed = user_data;

  deed->bluez->is_proven = dbr_bluez_adapter_start_discovery_finish (DBR_BLUEZ_ADAPTER (source),
                                                                     result, NULL);
  deed_end (deed);
}

static void
search_stopped_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  dbr_bluez_adapter_stop_discovery_finish (DBR_BLUEZ_ADAPTER (source), result, NULL);
  deed_end (user_data);
}

static DbrBluezDevice *
bluez_find_device (Bluez *self)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);

      if (g_strcmp0 (dbr_bluez_device_get_address (device), DBR_TEST_BLUEZ_DEVICE) == 0)
        return g_steal_pointer (&device);
    }

  return NULL;
}

static gpointer
bluez_begin (ChaosWorld *world)
{
  Bluez *self = g_new0 (Bluez, 1);
  GError *error = NULL;

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->client = chaos_world_new_client (world);
  self->monitor = dbr_bluez_monitor_new (self->client);
  self->tracker = dbr_state_tracker_new (self->monitor);
  self->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->monitor), self->tracker);
  chaos_world_watch (world, self->monitor);
  chaos_world_watch (world, self->tracker);
  chaos_world_watch (world, self->recovery);
  g_object_set (self->monitor, "interval-ms", 300, "probe-timeout-ms", 500, "misses-to-stall", 2,
                NULL);
  dbr_recovery_set_allowed (self->recovery, DBR_RECOVERY_SCOPE_DEVICE
                            | DBR_RECOVERY_SCOPE_ADAPTER);
  dbr_recovery_attach (self->recovery);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error);
  g_assert_no_error (error);

  return self;
}

static void
bluez_act (gpointer actor)
{
  Bluez *self = actor;
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autoptr(DbrBluezAdapter) adapter = NULL;

  if (self->n_under_way >= MAX_UNDER_WAY || !dbr_test_happens (self->rand, 20))
    return;

  device = bluez_find_device (self);
  adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);
  if (device == NULL || adapter == NULL)
    return;

  if (dbr_test_happens (self->rand, 400))
    dbr_bluez_device_connect_device_async (device, NULL, connected_cb,
                                           bluez_begin_deed (self, "connecting a device",
                                                             CONNECT_MS));
  else if (dbr_test_happens (self->rand, 400))
    dbr_bluez_device_disconnect_device_async (device, NULL, disconnected_cb,
                                              bluez_begin_deed (self, "disconnecting a device",
                                                                CONNECT_MS));
  else if (dbr_test_happens (self->rand, 500))
    dbr_bluez_adapter_start_discovery_async (adapter, NULL, NULL, search_started_cb,
                                             bluez_begin_deed (self, "starting a search",
                                                               SEARCH_MS));
  else
    dbr_bluez_adapter_stop_discovery_async (adapter, NULL, search_stopped_cb,
                                            bluez_begin_deed (self, "stopping a search",
                                                              SEARCH_MS));
}

/* What BlueZ itself says of the device, by a way of our own. */
static gboolean
bluez_is_connected (Bluez *self)
{
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;

  connection = dbr_test_bus_connect (chaos_world_get_bus (self->world));
  reply = dbr_test_call (connection, DBR_TEST_BLUEZ_NAME, DBR_TEST_BLUEZ_DEVICE_PATH,
                         "org.freedesktop.DBus.Properties", "Get",
                         g_variant_new ("(ss)", "org.bluez.Device1", "Connected"), 2000, NULL);
  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(v)", &value);

  return g_variant_get_boolean (value);
}

static const char *
bluez_is_ill (gpointer actor,
              gboolean is_calm)
{
  Bluez *self = actor;
  g_autoptr(DbrBluezDevice) device = bluez_find_device (self);
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);

  if (!is_calm || self->n_under_way > 0)
    return "what BlueZ was asked for";
  if (dbr_service_monitor_get_state (DBR_SERVICE_MONITOR (self->monitor))
      != DBR_SERVICE_STATE_HEALTHY)
    return "BlueZ";
  if (adapter == NULL || !dbr_bluez_adapter_get_powered (adapter))
    return "BlueZ's adapter";
  if (device == NULL || !dbr_bluez_device_get_paired (device))
    return "BlueZ's device";
  if (!self->is_proven)
    {
      dbr_bluez_adapter_start_discovery_async (adapter, NULL, NULL, proof_cb,
                                               bluez_begin_deed (self, "a search at the end",
                                                                 SEARCH_MS));
      return "BlueZ's search";
    }
  if (dbr_recovery_get_running (self->recovery))
    return "a recovery of BlueZ";
  if (dbr_bluez_device_get_connected (device) != bluez_is_connected (self))
    return "the device's connection";

  return NULL;
}

static void
bluez_check (gpointer actor)
{
}

static void
bluez_end (gpointer actor)
{
  Bluez *self = actor;

  dbr_recovery_detach (self->recovery);
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (self->monitor));
  g_clear_object (&self->recovery);
  g_clear_object (&self->tracker);
  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_bluez = {
  "bluez", bluez_begin, bluez_act, bluez_is_ill, bluez_check, bluez_end,
};
