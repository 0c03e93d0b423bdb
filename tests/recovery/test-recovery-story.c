/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-source-private.h"
#include "dbr-testbed.h"
#include <libdbr.h>

/* The whole of it: a BlueZ that systemd runs hangs, a person is told and asks for a recovery, systemd
 * restarts it, and what was there before is there again. */

#define SCRIPT \
  "plug hci0 " DBR_TEST_BLUEZ_ADAPTER "\n" \
  "bond hci0 " DBR_TEST_BLUEZ_DEVICE " Watch\n" \
  "near " DBR_TEST_BLUEZ_DEVICE " Watch\n"
#define ALLOWED (DBR_RECOVERY_SCOPE_DEVICE | DBR_RECOVERY_SCOPE_SERVICE_RESTART)

typedef struct
{
  DbrTestBus       *bus;
  DbrTestSystemd   *systemd;
  DbrClient        *client;
  DbrBluezMonitor  *monitor;
  DbrStateTracker  *tracker;
  DbrRecovery      *recovery;
  gint64            began_usec;
  guint64           incident;
  gboolean          is_asked;
  gboolean          is_recovered;
} Story;

static void
story_say (Story      *self,
           const char *what)
{
  g_test_message ("%6.2f s  %s", (double) (g_get_monotonic_time () - self->began_usec)
                  / G_USEC_PER_SEC, what);
}

static void
stalled_cb (DbrServiceMonitor *monitor,
            gint64             silent_usec,
            Story             *self)
{
  story_say (self, "org.bluez does not answer any more");
}

static void
restarted_cb (DbrServiceMonitor *monitor,
              const char        *old_owner,
              const char        *new_owner,
              gint64             gap_usec,
              Story             *self)
{
  story_say (self, "another org.bluez has the name");
}

static void
started_cb (DbrRecovery      *recovery,
            DbrRecoveryStage *stage,
            const char       *target,
            Story            *self)
{
  g_assert_cmpstr (dbr_recovery_stage_get_name (stage), ==, "restart");
  story_say (self, "the stage restart is tried");
}

static void
recovered_cb (DbrRecovery *recovery,
              const char  *target,
              gint64       elapsed_usec,
              Story       *self)
{
  story_say (self, "recovered");
  self->is_recovered = TRUE;
}

/* In any thread, as who shows notifications hears it. */
static void
incident_cb (DbrIncident *incident,
             gpointer     user_data)
{
  Story *self = user_data;

  if (incident->phase == DBR_INCIDENT_BEGUN)
    self->incident = incident->serial;
  g_main_context_wakeup (NULL);
}

static Story *
story_new (void)
{
  Story *self = g_new0 (Story, 1);
  g_autofree char *script = NULL;
  g_autofree char *unit = NULL;
  g_autofree char *output = NULL;
  g_autoptr(GError) error = NULL;

  self->began_usec = g_get_monotonic_time ();
  self->bus = dbr_test_bus_new ();
  self->systemd = dbr_test_systemd_new (self->bus);
  script = g_build_filename (dbr_test_systemd_get_folder (self->systemd), "bluez.peer", NULL);
  g_assert_true (g_file_set_contents (script, SCRIPT, -1, NULL));
  unit = g_strdup_printf ("[Service]\nType=dbus\nBusName=org.bluez\n"
                          "ExecStart=%s --quiet --address %s --name org.bluez --script %s\n",
                          dbr_test_peer_get_program (), dbr_test_bus_get_address (self->bus), script);
  dbr_test_systemd_write_unit (self->systemd, "bluetooth.service", unit);
  output = dbr_test_systemd_run (self->systemd, "systemctl --user start bluetooth.service");

  self->client = dbr_client_new_for_address (dbr_test_bus_get_address (self->bus));
  self->monitor = dbr_bluez_monitor_new (self->client);
  g_object_set (self->monitor, "interval-ms", 200, "probe-timeout-ms", 1000, "misses-to-stall", 2,
                NULL);
  self->tracker = dbr_state_tracker_new (self->monitor);
  self->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->monitor), self->tracker);
  dbr_recovery_set_allowed (self->recovery, ALLOWED);
  g_signal_connect (self->monitor, "stalled", G_CALLBACK (stalled_cb), self);
  g_signal_connect (self->monitor, "restarted", G_CALLBACK (restarted_cb), self);
  g_signal_connect (self->recovery, "stage-started", G_CALLBACK (started_cb), self);
  g_signal_connect (self->recovery, "recovered", G_CALLBACK (recovered_cb), self);
  g_assert_true (dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error));
  g_assert_no_error (error);

  return self;
}

static void
story_free (Story *self)
{
  g_signal_handlers_disconnect_by_data (self->recovery, self);
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_clear_object (&self->recovery);
  g_clear_object (&self->tracker);
  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_clear_pointer (&self->systemd, dbr_test_systemd_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Story, story_free)

static DbrBluezDevice *
story_find_device (Story *self)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);

  return g_list_model_get_item (devices, 0);
}

static gboolean
story_has_all (Story *self)
{
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);
  g_autoptr(DbrBluezDevice) device = story_find_device (self);

  return adapter != NULL && device != NULL && dbr_bluez_adapter_get_discovering (adapter)
         && dbr_bluez_device_get_connected (device);
}

static gboolean
story_is_ready (Story *self)
{
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);
  g_autoptr(DbrBluezDevice) device = story_find_device (self);

  return adapter != NULL && device != NULL && dbr_bluez_adapter_get_powered (adapter);
}

/* What BlueZ keeps, and for whom. */
static char *
story_dup_ledger (Story *self)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  char *ledger;

  reply = dbr_client_call_sync (self->client, "org.bluez", "/org/dbr/Peer", DBR_TEST_INTERFACE, "Tell",
                                g_variant_new ("(s)", "ledger"), G_VARIANT_TYPE ("(s)"), 0, NULL,
                                &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(s)", &ledger);

  return ledger;
}

static void
story_use (Story *self)
{
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autoptr(GError) error = NULL;
  GVariantDict filter;

  dbr_test_wait_until (NULL, story_is_ready (self), DBR_TEST_PATIENCE_MS);
  adapter = dbr_bluez_monitor_get_default_adapter (self->monitor);
  device = story_find_device (self);
  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  g_variant_dict_init (&filter, NULL);
  g_variant_dict_insert (&filter, "Transport", "s", "le");
  dbr_bluez_adapter_start_discovery_sync (adapter, g_variant_dict_end (&filter), NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, story_has_all (self), DBR_TEST_PATIENCE_MS);
  story_say (self, "a device is connected, and another one searched for");
}

static void
test_story (void)
{
  const char *obstacle = dbr_test_systemd_get_obstacle ();
  g_autoptr(Story) story = NULL;
  g_autofree char *output = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  DbrIncidentBoard *board;
  guint watch;

  g_test_summary ("BlueZ hangs, a person asks for a recovery, and all is as before");
  if (obstacle != NULL)
    {
      g_test_skip (obstacle);
      return;
    }

  story = story_new ();
  board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (story->monitor));
  watch = dbr_incident_board_watch (board, incident_cb, story, NULL);
  story_use (story);
  before = story_dup_ledger (story);

  output = dbr_test_systemd_run (story->systemd, "systemctl --user kill -s STOP bluetooth.service");
  story_say (story, "org.bluez is stopped");
  dbr_test_wait_until (NULL, story->incident != 0, 2 * DBR_TEST_PATIENCE_MS);
  story_say (story, "a person is told, and asks for a recovery");
  g_assert_true (dbr_incident_board_take (board, story->incident, "recover"));
  dbr_test_wait_until (NULL, story->is_recovered, 2 * DBR_TEST_PATIENCE_MS);

  dbr_test_wait_until (NULL, story_has_all (story), DBR_TEST_PATIENCE_MS);
  story_say (story, "the device is connected, and the search goes on");
  after = story_dup_ledger (story);
  g_assert_cmpstr (after, ==, before);
  dbr_incident_board_unwatch (board, watch);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery-story/stall", test_story);

  return g_test_run ();
}
