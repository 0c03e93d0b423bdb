/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bluez-scene.h"

static void
adapter_added_cb (DbrBluezMonitor *monitor,
                  DbrBluezAdapter *adapter,
                  GString         *told)
{
  g_string_append_printf (told, "adapter+ %s\n", dbr_bluez_adapter_get_address (adapter));
}

static void
adapter_removed_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    GString         *told)
{
  g_string_append_printf (told, "adapter- %s\n", dbr_bluez_adapter_get_address (adapter));
}

static void
device_added_cb (DbrBluezMonitor *monitor,
                 DbrBluezDevice  *device,
                 GString         *told)
{
  g_string_append_printf (told, "device+ %s\n", dbr_bluez_device_get_address (device));
}

static void
device_removed_cb (DbrBluezMonitor *monitor,
                   DbrBluezDevice  *device,
                   GString         *told)
{
  g_string_append_printf (told, "device- %s\n", dbr_bluez_device_get_address (device));
}

BluezScene *
bluez_scene_new (const char *script)
{
  BluezScene *self = g_new0 (BluezScene, 1);
  g_autoptr(GError) error = NULL;

  self->bus = dbr_test_bus_new ();
  self->bluez = dbr_test_bluez_new (self->bus, script);
  self->client = dbr_client_new_for_address (dbr_test_bus_get_address (self->bus));
  self->monitor = dbr_bluez_monitor_new (self->client);
  self->told = g_string_new (NULL);
  g_signal_connect (self->monitor, "adapter-added", G_CALLBACK (adapter_added_cb), self->told);
  g_signal_connect (self->monitor, "adapter-removed", G_CALLBACK (adapter_removed_cb), self->told);
  g_signal_connect (self->monitor, "device-added", G_CALLBACK (device_added_cb), self->told);
  g_signal_connect (self->monitor, "device-removed", G_CALLBACK (device_removed_cb), self->told);
  g_assert_true (dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error));
  g_assert_no_error (error);

  return self;
}

/* What is under way may keep it for a while, and it is not to tell this scene any more. */
void
bluez_scene_drop_monitor (BluezScene *self)
{
  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data (self->monitor, self->told);
  g_clear_object (&self->monitor);
}

void
bluez_scene_free (BluezScene *self)
{
  bluez_scene_drop_monitor (self);
  g_clear_object (&self->client);
  g_clear_pointer (&self->bluez, dbr_test_bluez_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_string_free (self->told, TRUE);
  g_free (self);
}

static gboolean
is_powered (BluezScene *self)
{
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);

  return adapter != NULL && dbr_bluez_adapter_get_powered (adapter);
}

/* Lent; the monitor has it. */
DbrBluezAdapter *
bluez_scene_get_adapter (BluezScene *self)
{
  g_autoptr(DbrBluezAdapter) adapter = NULL;

  dbr_test_wait_until (NULL, is_powered (self), DBR_TEST_PATIENCE_MS);
  adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);

  return adapter;
}

/* Lent too; NULL if it is not there. */
DbrBluezDevice *
bluez_scene_find (BluezScene *self,
                  const char *address)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);

      if (g_strcmp0 (dbr_bluez_device_get_address (device), address) == 0)
        return device;
    }

  return NULL;
}

DbrBluezDevice *
bluez_scene_meet (BluezScene *self)
{
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (self);
  g_autoptr(GError) error = NULL;
  g_autofree char *calls = NULL;

  dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, bluez_scene_find (self, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);
  calls = dbr_test_bluez_take_calls (self->bluez);

  return bluez_scene_find (self, DBR_TEST_BLUEZ_DEVICE);
}

void
bluez_scene_tell (BluezScene *self,
                  const char *statement)
{
  dbr_test_peer_tell (dbr_test_bluez_get_peer (self->bluez), "%s", statement);
}

void
bluez_scene_limit (BluezScene *self,
                   const char *operation,
                   guint       ms)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;

  dbr_timeouts_set (timeouts, operation, ms, &error);
  g_assert_no_error (error);
  dbr_client_set_timeouts (self->client, timeouts);
}

void
bluez_scene_assert_calls (BluezScene *self,
                          const char *calls)
{
  g_autofree char *taken = dbr_test_bluez_take_calls (self->bluez);

  g_assert_cmpstr (taken, ==, calls);
}

void
bluez_end_clear (BluezEnd *self)
{
  g_clear_error (&self->error);
}

void
bluez_connected_cb (GObject      *source,
                    GAsyncResult *result,
                    gpointer      end)
{
  BluezEnd *self = end;

  self->n_ended++;
  self->is_done = dbr_bluez_device_connect_device_finish (DBR_BLUEZ_DEVICE (source), result,
                                                          &self->error);
}

void
bluez_end_wait (BluezEnd *self)
{
  dbr_test_wait_until (NULL, self->n_ended == 1, DBR_TEST_PATIENCE_MS);
}
