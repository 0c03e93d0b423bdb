/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-bluez-scene.h"
#include "monitor/dbr-bluez-monitor-private.h"

/* What can be wrong with Bluetooth, and what is done about it: seen from the calls on the bus. */

#define WATCH_SCRIPT "near " DBR_TEST_BLUEZ_DEVICE " Watch"
#define TWO_DEVICES \
  "near 00:AA:01:00:00:43 Lamp;; bond hci0 00:AA:01:00:00:43;;" \
  " near 00:AA:01:00:00:44 Scale;; bond hci0 00:AA:01:00:00:44"
#define CONNECT BLUEZ_DEVICE_PART ".Connect"
#define DISCONNECT BLUEZ_DEVICE_PART ".Disconnect"
#define SEARCH "hci0.SetDiscoveryFilter hci0.StartDiscovery hci0.StopDiscovery"
#define OFF_AND_ON "hci0.Powered=false hci0.Powered=true"
/* Of a device that was only met, and has to be met again. */
#define CYCLE_AND_BACK DISCONNECT " " OFF_AND_ON " " SEARCH " " CONNECT
#define DEVICE_AND_ADAPTER (DBR_RECOVERY_SCOPE_DEVICE | DBR_RECOVERY_SCOPE_ADAPTER)
#define ALL \
  (DEVICE_AND_ADAPTER | DBR_RECOVERY_SCOPE_SERVICE_START | DBR_RECOVERY_SCOPE_SERVICE_RESTART)

typedef struct
{
  BluezScene      *bluez;
  DbrBluezDevice  *device;
  DbrStateTracker *tracker;
  DbrRecovery     *recovery;
  GString         *told;
} Scene;

static void
started_cb (DbrRecovery      *recovery,
            DbrRecoveryStage *stage,
            const char       *target,
            GString          *told)
{
  g_string_append_printf (told, "%s", dbr_recovery_stage_get_name (stage));
}

static void
finished_cb (DbrRecovery      *recovery,
             DbrRecoveryStage *stage,
             const char       *target,
             GError           *error,
             GString          *told)
{
  g_string_append_printf (told, "%s; ", error == NULL ? "+" : "-");
  if (error != NULL)
    g_test_message ("%s: %s", dbr_recovery_stage_get_name (stage), error->message);
}

static void
recovered_cb (DbrRecovery *recovery,
              const char  *target,
              gint64       elapsed_usec,
              GString     *told)
{
  g_string_append_printf (told, "recovered %s", target);
}

static void
gave_up_cb (DbrRecovery *recovery,
            const char  *target,
            GError      *error,
            GString     *told)
{
  g_assert_error (error, DBR_ERROR, DBR_ERROR_GAVE_UP);
  g_string_append_printf (told, "gave-up %s", target);
}

static Scene *
scene_new (const char *script)
{
  Scene *self = g_new0 (Scene, 1);

  self->bluez = bluez_scene_new (script);
  g_object_set (self->bluez->monitor, "probe-timeout-ms", 1000, "misses-to-stall", 2, NULL);
  self->tracker = dbr_state_tracker_new (self->bluez->monitor);
  self->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->bluez->monitor), self->tracker);
  self->told = g_string_new (NULL);
  g_signal_connect (self->recovery, "stage-started", G_CALLBACK (started_cb), self->told);
  g_signal_connect (self->recovery, "stage-finished", G_CALLBACK (finished_cb), self->told);
  g_signal_connect (self->recovery, "recovered", G_CALLBACK (recovered_cb), self->told);
  g_signal_connect (self->recovery, "gave-up", G_CALLBACK (gave_up_cb), self->told);

  return self;
}

static void
scene_free (Scene *self)
{
  g_signal_handlers_disconnect_by_data (self->recovery, self->told);
  g_clear_object (&self->recovery);
  g_clear_object (&self->tracker);
  g_clear_pointer (&self->bluez, bluez_scene_free);
  g_string_free (self->told, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_free)

/* With the watch, which was met by a search that is over. */
static Scene *
scene_new_met (void)
{
  Scene *self = scene_new (WATCH_SCRIPT);
  g_autoptr(GError) error = NULL;
  g_autofree char *calls = NULL;

  self->device = bluez_scene_meet (self->bluez);
  dbr_bluez_adapter_stop_discovery_sync (bluez_scene_get_adapter (self->bluez), NULL, &error);
  g_assert_no_error (error);
  calls = dbr_test_bluez_take_calls (self->bluez->bluez);

  return self;
}

static void
scene_connect (Scene *self)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *calls = NULL;

  dbr_bluez_device_connect_device_sync (self->device, NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_bluez_device_get_services_resolved (self->device),
                       DBR_TEST_PATIENCE_MS);
  calls = dbr_test_bluez_take_calls (self->bluez->bluez);
}

/* Recovers, and compares what became of it, what was told, and what BlueZ was called for. */
static void
scene_expect (Scene             *self,
              const char        *target,
              DbrRecoveryResult  result,
              const char        *told,
              const char        *calls)
{
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult found = dbr_recovery_recover_sync (self->recovery, target, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (self->told->str, ==, told);
  g_assert_cmpint (found, ==, result);
  if (calls != NULL)
    bluez_scene_assert_calls (self->bluez, calls);
  g_string_truncate (self->told, 0);
}

/* The plan of the five that ship, a letter each: what runs, what is of no use, not allowed, limited,
 * or waits for keyboards and mice. */
static void
scene_expect_plan (Scene      *self,
                   const char *target,
                   const char *letters)
{
  g_autoptr(GListModel) plan = NULL;
  g_autoptr(GString) found = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  plan = dbr_recovery_plan_sync (self->recovery, target, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < g_list_model_get_n_items (plan); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (plan, i);
      const char *kind = dbr_event_get_kind (event);

      g_string_append_c (found, strcmp (kind, "not-needed") == 0 ? '-'
                         : strcmp (kind, "not-allowed") == 0 ? 'x' : kind[0]);
    }
  g_assert_cmpstr (found->str, ==, letters);
}

/* There is one of this kind, and only one. */
static void
scene_expect_event (Scene      *self,
                    const char *target,
                    const char *kind)
{
  g_autoptr(GListModel) history = dbr_recovery_get_target_history (self->recovery, target);
  guint n_found = 0;

  for (guint i = 0; i < g_list_model_get_n_items (history); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);

      g_test_message ("%s: %s", dbr_event_get_kind (event), dbr_event_get_text (event));
      n_found += strcmp (dbr_event_get_kind (event), kind) == 0;
    }
  g_assert_cmpuint (n_found, ==, 1);
}

static void
allow (Scene            *self,
       DbrRecoveryScope  allowed)
{
  dbr_recovery_set_allowed (self->recovery, allowed);
}

static void
test_not_connected (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("A device that is not connected is connected, which is allowed by default");

  scene_expect_plan (scene, DBR_TEST_BLUEZ_DEVICE, "-r---");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_RECOVERED,
                "reconnect+; recovered " DBR_TEST_BLUEZ_DEVICE, CONNECT);
  g_assert_true (dbr_bluez_device_get_connected (scene->device));
  scene_expect_plan (scene, DBR_TEST_BLUEZ_DEVICE, "-----");
  scene_expect (scene, "00:aa:01:00:00:42", DBR_RECOVERY_RESULT_NOT_NEEDED, "", "");
}

static void
test_stale (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("A connection that never becomes of use is ended, and made anew");

  scene_connect (scene);
  bluez_scene_tell (scene->bluez, "set " DBR_TEST_BLUEZ_DEVICE_PATH
                    " org.bluez.Device1.ServicesResolved false");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_RECOVERED,
                "reconnect+; recovered " DBR_TEST_BLUEZ_DEVICE, DISCONNECT " " CONNECT);
}

static void
test_away (void)
{
  g_autoptr(Scene) scene = scene_new_met ();
  g_autofree char *calls = NULL;

  g_test_summary ("For a device that is away nobody else suffers, and there is an end to it");

  allow (scene, ALL);
  bluez_scene_limit (scene->bluez, "connect", 1500);
  bluez_scene_tell (scene->bluez,
                    "on Connect: error org.bluez.Error.ConnectionAttemptFailed Page Timeout");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_FAILED,
                "reconnect-; reconnect-; reconnect-; gave-up " DBR_TEST_BLUEZ_DEVICE, NULL);
  for (guint i = 0; i < 50; i++)
    scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_RATE_LIMITED, "", NULL);
  scene_expect_plan (scene, DBR_TEST_BLUEZ_DEVICE, "-r---");
  calls = dbr_test_bluez_take_calls (scene->bluez->bluez);
  g_assert_null (strstr (calls, "Powered"));
  g_assert_null (strstr (calls, "Disconnect"));
}

static void
test_controller (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("Where the controller is at fault it is switched off and on, if that is allowed");

  bluez_scene_tell (scene->bluez,
                    "on Connect: error org.bluez.Error.Failed br-connection-create-socket");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_FAILED,
                "reconnect-; gave-up " DBR_TEST_BLUEZ_DEVICE, CONNECT " " CONNECT);
}

static void
test_power_cycle (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("After the adapter was switched off and on the device is connected");

  allow (scene, DEVICE_AND_ADAPTER);
  bluez_scene_tell (scene->bluez,
                    "on Connect call 1: error org.bluez.Error.Failed br-connection-create-socket");
  bluez_scene_tell (scene->bluez,
                    "on Connect call 2: error org.bluez.Error.Failed br-connection-create-socket");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_RECOVERED,
                "reconnect-; power-cycle+; resolve+; reconnect+; recovered " DBR_TEST_BLUEZ_DEVICE,
                CONNECT " " CONNECT " " OFF_AND_ON " " SEARCH " " CONNECT);
}

/* A controller that does not search when it is told to, twice. */
static void
begin_fault (Scene *scene)
{
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene->bluez);

  bluez_scene_limit (scene->bluez, "start_discovery", 300);
  bluez_scene_tell (scene->bluez, "on StartDiscovery call 1: never");
  bluez_scene_tell (scene->bluez, "on StartDiscovery call 2: never");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;

      dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
      g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
    }
  bluez_scene_limit (scene->bluez, "start_discovery", 15000);
  dbr_test_bluez_wait_for_calls (scene->bluez->bluez, NULL, SEARCH " " SEARCH);
}

static void
take_calls (Scene *scene)
{
  g_autofree char *calls = dbr_test_bluez_take_calls (scene->bluez->bluez);

  g_test_message ("%s", calls);
}

static void
test_adapter (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("A controller that hangs is switched off and on once, behind its devices");

  allow (scene, ALL & ~DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  scene_connect (scene);
  scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_NOT_NEEDED, "", "");
  begin_fault (scene);
  take_calls (scene);
  scene_expect_plan (scene, DBR_TEST_BLUEZ_ADAPTER, "--r-x");
  scene_expect_plan (scene, "", "-----");
  scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_RECOVERED,
                "power-cycle+; recovered " DBR_TEST_BLUEZ_ADAPTER, CYCLE_AND_BACK);
  g_assert_true (dbr_bluez_adapter_get_powered (bluez_scene_get_adapter (scene->bluez)));
  scene->device = bluez_scene_find (scene->bluez, DBR_TEST_BLUEZ_DEVICE);
  g_assert_true (scene->device != NULL && dbr_bluez_device_get_connected (scene->device));
  scene_expect_event (scene, DBR_TEST_BLUEZ_ADAPTER, "state-restored");
  scene_expect_event (scene, "00:aa:01:00:00:00", "state-restored");
}

static void
test_adapter_limits (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("Over 50 failures in a row an adapter is switched off and on once");

  allow (scene, DEVICE_AND_ADAPTER);
  begin_fault (scene);
  bluez_scene_limit (scene->bluez, "connect", 500);
  bluez_scene_tell (scene->bluez, "on org.freedesktop.DBus.Properties.Set: never");
  take_calls (scene);
  scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_FAILED,
                "power-cycle-; gave-up " DBR_TEST_BLUEZ_ADAPTER, NULL);
  take_calls (scene);
  for (guint i = 0; i < 50; i++)
    scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_RATE_LIMITED, "", NULL);
  bluez_scene_assert_calls (scene->bluez, "");
}

static void
test_one_adapter_of_many (void)
{
  g_autoptr(Scene) scene = scene_new (TWO_DEVICES);
  const char *const devices[] = { "00:AA:01:00:00:43", "00:AA:01:00:00:44" };

  g_test_summary ("Whichever of its devices fail by its fault, an adapter is switched off and on once");

  allow (scene, DEVICE_AND_ADAPTER);
  bluez_scene_tell (scene->bluez,
                    "on Connect: error org.bluez.Error.Failed br-connection-create-socket");
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *calls = NULL;

      dbr_recovery_recover_sync (scene->recovery, devices[i], NULL, &error);
      g_assert_no_error (error);
      calls = dbr_test_bluez_take_calls (scene->bluez->bluez);
      g_test_message ("%s", calls);
      g_assert_cmpint (strstr (calls, OFF_AND_ON) != NULL, ==, i == 0);
      g_string_truncate (scene->told, 0);
    }
}

typedef struct
{
  guint n_ended;
  guint n_recovered;
} Ends;

static void
one_ended_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  Ends *ends = user_data;
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult found = dbr_recovery_recover_finish (DBR_RECOVERY (source), result, &error);

  g_assert_no_error (error);
  ends->n_recovered += found == DBR_RECOVERY_RESULT_RECOVERED;
  ends->n_ended++;
}

static void
test_one_adapter_at_once (void)
{
  g_autoptr(Scene) scene = scene_new (TWO_DEVICES);
  g_autofree char *calls = NULL;
  const char *first;
  Ends ends = { 0, 0 };

  g_test_summary ("Who needs an adapter that is just being switched off and on waits for what comes of it");

  allow (scene, ALL);
  /* Twice for each of them: that is how often a connection is tried before the adapter is blamed. */
  for (guint i = 1; i <= 4; i++)
    {
      g_autofree char *rule =
        g_strdup_printf ("on Connect call %u: error org.bluez.Error.Failed br-connection-create-socket",
                         i);

      bluez_scene_tell (scene->bluez, rule);
    }
  dbr_recovery_recover_async (scene->recovery, "00:AA:01:00:00:43", NULL, one_ended_cb, &ends);
  dbr_recovery_recover_async (scene->recovery, "00:AA:01:00:00:44", NULL, one_ended_cb, &ends);
  dbr_test_wait_until (NULL, ends.n_ended == 2, 2 * DBR_TEST_PATIENCE_MS);
  calls = dbr_test_bluez_take_calls (scene->bluez->bluez);
  g_test_message ("%s; %s", scene->told->str, calls);
  g_assert_cmpuint (ends.n_recovered, ==, 2);
  first = strstr (calls, OFF_AND_ON);
  g_assert_nonnull (first);
  g_assert_null (strstr (first + 1, OFF_AND_ON));
  g_assert_null (strstr (scene->told->str, "restart"));
}

static void
test_off (void)
{
  g_autoptr(Scene) scene = scene_new_met ();
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene->bluez);
  g_autoptr(GError) error = NULL;

  g_test_summary ("An adapter that was switched off, or is blocked, stays so");

  allow (scene, ALL);
  dbr_bluez_adapter_set_powered_sync (adapter, FALSE, NULL, &error);
  g_assert_no_error (error);
  take_calls (scene);
  scene_expect_plan (scene, DBR_TEST_BLUEZ_ADAPTER, "-----");
  scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_NOT_NEEDED, "", "");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_NOT_NEEDED, "", NULL);
  bluez_scene_tell (scene->bluez, "airplane on");
  scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_NOT_NEEDED, "", "");
  g_assert_false (dbr_bluez_adapter_get_powered (adapter));
}

static void
test_stalled (void)
{
  g_autoptr(Scene) scene = scene_new_met ();
  DbrTestPeer *peer = dbr_test_bluez_get_peer (scene->bluez->bluez);

  g_test_summary ("Nothing goes through a BlueZ that hangs");

  allow (scene, DEVICE_AND_ADAPTER);
  dbr_test_peer_stop (peer);
  scene_expect_plan (scene, DBR_TEST_BLUEZ_DEVICE, "----x");
  g_assert_cmpint (dbr_recovery_recover_sync (scene->recovery, DBR_TEST_BLUEZ_DEVICE, NULL, NULL), ==,
                   DBR_RECOVERY_RESULT_NOT_ALLOWED);
  g_assert_cmpint (dbr_recovery_recover_sync (scene->recovery, DBR_TEST_BLUEZ_ADAPTER, NULL, NULL), ==,
                   DBR_RECOVERY_RESULT_NOT_ALLOWED);
  dbr_test_peer_cont (peer);
  bluez_scene_assert_calls (scene->bluez, "");
  g_assert_cmpstr (scene->told->str, ==, "");
}

static void
test_reindexed (void)
{
  g_autoptr(Scene) scene = scene_new ("bond hci0 " DBR_TEST_BLUEZ_DEVICE " Watch;; " WATCH_SCRIPT);

  g_test_summary ("An adapter that has another number now is the same one, and so are its devices");

  bluez_scene_get_adapter (scene->bluez);
  dbr_test_wait_until (NULL, bluez_scene_find (scene->bluez, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (scene->bluez, "reindex hci0 hci1");
  bluez_scene_get_adapter (scene->bluez);
  take_calls (scene);
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_RECOVERED,
                "reconnect+; recovered " DBR_TEST_BLUEZ_DEVICE,
                "hci1/dev_00_AA_01_00_00_42.Connect");
}

static void
test_forgotten (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("A device that BlueZ has forgotten is searched for by its address");

  bluez_scene_tell (scene->bluez, "crash");
  dbr_test_wait_until (NULL, bluez_scene_find (scene->bluez, DBR_TEST_BLUEZ_DEVICE) == NULL,
                       DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (scene->bluez, "boot");
  bluez_scene_get_adapter (scene->bluez);
  take_calls (scene);
  scene_expect_plan (scene, DBR_TEST_BLUEZ_DEVICE, "r----");
  scene_expect (scene, DBR_TEST_BLUEZ_DEVICE, DBR_RECOVERY_RESULT_RECOVERED,
                "resolve+; reconnect+; recovered " DBR_TEST_BLUEZ_DEVICE,
                SEARCH " " CONNECT);
}

static void
test_nowhere (void)
{
  g_autoptr(Scene) scene = scene_new_met ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("What is nowhere is looked for, and what is no address is refused");

  allow (scene, ALL);
  dbr_recovery_stage_set_max_attempts (dbr_recovery_get_stage (scene->recovery, "resolve"), 1);
  scene_expect (scene, "00:11:22:33:44:55", DBR_RECOVERY_RESULT_FAILED,
                "resolve-; gave-up 00:11:22:33:44:55", SEARCH);
  dbr_recovery_recover_sync (scene->recovery, "hci0", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_input_devices (void)
{
  const char *const signs[] = {
    "Icon 'input-keyboard'",
    "Class uint32 9536",
    "Appearance uint16 962",
  };

  g_test_summary ("While a keyboard or a mouse is connected nothing else is disturbed, but if told to");

  for (gsize i = 0; i < G_N_ELEMENTS (signs); i++)
    {
      g_autoptr(Scene) scene = scene_new_met ();
      g_autofree char *statement = g_strdup_printf ("set " DBR_TEST_BLUEZ_DEVICE_PATH
                                                    " org.bluez.Device1.%s", signs[i]);

      allow (scene, DEVICE_AND_ADAPTER);
      scene_connect (scene);
      begin_fault (scene);
      scene_expect_plan (scene, DBR_TEST_BLUEZ_ADAPTER, "--r-x");
      bluez_scene_tell (scene->bluez, statement);
      scene_expect_plan (scene, DBR_TEST_BLUEZ_ADAPTER, "--i-x");
      take_calls (scene);
      scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_NOT_ALLOWED, "", "");

      allow (scene, DEVICE_AND_ADAPTER | DBR_RECOVERY_SCOPE_INPUT_DEVICES);
      scene_expect (scene, DBR_TEST_BLUEZ_ADAPTER, DBR_RECOVERY_RESULT_RECOVERED,
                    "power-cycle+; recovered " DBR_TEST_BLUEZ_ADAPTER, CYCLE_AND_BACK);
    }
}

static void
powered_cb (DbrBluezAdapter *adapter,
            GParamSpec      *pspec,
            GCancellable    *cancellable)
{
  if (!dbr_bluez_adapter_get_powered (adapter))
    g_cancellable_cancel (cancellable);
}

static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  dbr_recovery_recover_finish (DBR_RECOVERY (source), result, user_data);
}

static void
test_cancelled (void)
{
  g_autoptr(Scene) scene = scene_new_met ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene->bluez);

  g_test_summary ("Cancelled while the adapter is off, it is switched on all the same");

  allow (scene, DEVICE_AND_ADAPTER);
  begin_fault (scene);
  take_calls (scene);
  g_signal_connect (adapter, "notify::powered", G_CALLBACK (powered_cb), cancellable);
  dbr_recovery_recover_async (scene->recovery, DBR_TEST_BLUEZ_ADAPTER, cancellable, ended_cb, &error);
  dbr_test_wait_until (NULL, error != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_signal_handlers_disconnect_by_data (adapter, cancellable);
  dbr_test_bluez_wait_for_calls (scene->bluez->bluez, NULL, OFF_AND_ON);
  bluez_scene_get_adapter (scene->bluez);
}

/* By itself */

static void
test_attached_fault (void)
{
  g_autoptr(Scene) scene = scene_new_met ();

  g_test_summary ("Attached, a controller that hangs is seen to");

  allow (scene, DEVICE_AND_ADAPTER);
  dbr_test_wait_until (NULL,
                       dbr_service_monitor_get_available (DBR_SERVICE_MONITOR (scene->bluez->monitor)),
                       DBR_TEST_PATIENCE_MS);
  dbr_recovery_attach (scene->recovery);
  begin_fault (scene);
  dbr_test_wait_until (NULL, strstr (scene->told->str, "recovered") != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (scene->told->str, ==, "power-cycle+; recovered " DBR_TEST_BLUEZ_ADAPTER);
}

static void
test_attached_silence (void)
{
  g_autoptr(Scene) scene = scene_new (WATCH_SCRIPT);
  g_autoptr(GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  GVariantDict filter;

  g_test_summary ("Attached, a search that hears nothing is begun anew, with its filter, for the same");

  g_clear_object (&scene->recovery);
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (scene->bluez->monitor));
  dbr_bluez_monitor_set_silence_ms (scene->bluez->monitor, 1500);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (scene->bluez->monitor), &error);
  g_assert_no_error (error);
  scene->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (scene->bluez->monitor), NULL);
  g_signal_connect (scene->recovery, "recovered", G_CALLBACK (recovered_cb), scene->told);
  allow (scene, DEVICE_AND_ADAPTER);
  bluez_scene_get_adapter (scene->bluez);
  dbr_recovery_attach (scene->recovery);

  g_variant_dict_init (&filter, NULL);
  g_variant_dict_insert (&filter, "Transport", "s", "le");
  dbr_bluez_adapter_start_discovery_sync (bluez_scene_get_adapter (scene->bluez),
                                          g_variant_dict_end (&filter), NULL, &error);
  g_assert_no_error (error);
  before = dbr_test_bluez_dup_ledger (scene->bluez->bluez);
  dbr_test_wait_until (NULL, strstr (scene->told->str, "recovered") != NULL, DBR_TEST_PATIENCE_MS);
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, before, TRUE);
  after = dbr_test_bluez_dup_ledger (scene->bluez->bluez);
  g_assert_cmpstr (after, ==, before);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery-bluez/not-connected", test_not_connected);
  g_test_add_func ("/dbr/recovery-bluez/stale", test_stale);
  g_test_add_func ("/dbr/recovery-bluez/away", test_away);
  g_test_add_func ("/dbr/recovery-bluez/controller", test_controller);
  g_test_add_func ("/dbr/recovery-bluez/power-cycle", test_power_cycle);
  g_test_add_func ("/dbr/recovery-bluez/adapter", test_adapter);
  g_test_add_func ("/dbr/recovery-bluez/adapter-limits", test_adapter_limits);
  g_test_add_func ("/dbr/recovery-bluez/one-adapter-of-many", test_one_adapter_of_many);
  g_test_add_func ("/dbr/recovery-bluez/one-adapter-at-once", test_one_adapter_at_once);
  g_test_add_func ("/dbr/recovery-bluez/off", test_off);
  g_test_add_func ("/dbr/recovery-bluez/stalled", test_stalled);
  g_test_add_func ("/dbr/recovery-bluez/reindexed", test_reindexed);
  g_test_add_func ("/dbr/recovery-bluez/forgotten", test_forgotten);
  g_test_add_func ("/dbr/recovery-bluez/nowhere", test_nowhere);
  g_test_add_func ("/dbr/recovery-bluez/input-devices", test_input_devices);
  g_test_add_func ("/dbr/recovery-bluez/cancelled", test_cancelled);
  g_test_add_func ("/dbr/recovery-bluez/attached-fault", test_attached_fault);
  g_test_add_func ("/dbr/recovery-bluez/attached-silence", test_attached_silence);

  return g_test_run ();
}
