/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-state-scene.h"

#include <string.h>

#include "recovery/dbr-state-tracker-private.h"

#define OTHER "00:AA:01:00:00:43"
#define OTHER_PATH "/org/bluez/hci0/dev_00_AA_01_00_00_43"
#define OTHER_PART "hci0/dev_00_AA_01_00_00_43"
#define BOTH STATE_BOND "\nbond hci0 " OTHER " Keys\nnear " OTHER " Keys"

typedef struct
{
  GListModel *events;
  GError     *error;
  gboolean    is_ended;
} Replay;

static void
replay_clear (Replay *self)
{
  g_clear_object (&self->events);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Replay, replay_clear)

static void
replayed_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Replay *self = user_data;

  self->events = dbr_state_tracker_replay_finish (DBR_STATE_TRACKER (source), result, &self->error);
  self->is_ended = TRUE;
}

static void
replay (Replay     *self,
        StateScene *scene,
        const char *target)
{
  replay_clear (self);
  self->is_ended = FALSE;
  dbr_state_tracker_replay_async (scene->tracker, target, NULL, replayed_cb, self);
  dbr_test_wait_until (NULL, self->is_ended, 2 * DBR_TEST_PATIENCE_MS);
  g_assert_no_error (self->error);
}

static void
assert_replayed (Replay     *self,
                 const char *kind,
                 const char *address,
                 const char *result)
{
  g_assert_cmpstr (state_scene_find_result (self->events, kind, address), ==, result);
}

static void
search (StateScene *scene)
{
  g_autoptr(GError) error = NULL;

  dbr_bluez_adapter_start_discovery_sync (bluez_scene_get_adapter (scene->bluez),
                                          g_variant_new_parsed ("{'Transport': <'le'>}"), NULL,
                                          &error);
  g_assert_no_error (error);
}

static char *
dup_kept_search (StateScene *scene)
{
  g_autoptr(DbrLease) lease = dbr_bluez_monitor_get_lease (scene->bluez->monitor);

  return g_strdup_printf ("discovery /org/bluez/hci0 %s", dbr_lease_get_unique_name (lease));
}

static void
test_power_cycle (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *kept = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Replay) end = { NULL };

  g_test_summary ("Behind a power cycle the search is back with its filter on the same connection, and"
                  " the device connected");

  state_scene_connect (scene);
  search (scene);
  kept = dup_kept_search (scene);
  dbr_state_tracker_mark (scene->tracker, DBR_TEST_BLUEZ_ADAPTER);
  dbr_bluez_adapter_power_cycle_sync (bluez_scene_get_adapter (scene->bluez), NULL, &error);
  g_assert_no_error (error);

  replay (&end, scene, DBR_TEST_BLUEZ_ADAPTER);
  assert_replayed (&end, "powered", DBR_TEST_BLUEZ_ADAPTER, "unchanged");
  assert_replayed (&end, "discovery", DBR_TEST_BLUEZ_ADAPTER, "restored");
  assert_replayed (&end, "connected", DBR_TEST_BLUEZ_DEVICE, "restored");
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, kept, TRUE);
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, "{'Transport': <'le'>}", TRUE);
  g_assert_true (dbr_bluez_device_get_connected (state_scene_wait_for_device (scene)));
}

static void
register_all (StateScene *scene)
{
  DbrBluezMonitor *monitor = scene->bluez->monitor;
  g_autoptr(GError) error = NULL;

  dbr_bluez_monitor_register_sync (monitor, DBR_TEST_BLUEZ_ADAPTER_PATH,
                                   "org.bluez.LEAdvertisingManager1", "RegisterAdvertisement",
                                   g_variant_new_parsed ("(@o '/advert', @a{sv} {})"), NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_monitor_register_agent_sync (monitor, "/agent", "NoInputNoOutput", FALSE, NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_monitor_start_notify_sync (monitor, DBR_TEST_BLUEZ_VALUE_PATH, NULL, &error);
  g_assert_no_error (error);
}

static void
test_restart (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *kept = NULL;
  g_autofree char *calls = NULL;
  g_auto(Replay) end = { NULL };

  g_test_summary ("Behind a restart all that was asked for is back, in order and on the same"
                  " connection");

  state_scene_connect (scene);
  search (scene);
  register_all (scene);
  kept = dup_kept_search (scene);
  dbr_state_tracker_mark (scene->tracker, "");
  calls = dbr_test_bluez_take_calls (scene->bluez->bluez);
  state_scene_restart (scene);

  replay (&end, scene, "");
  assert_replayed (&end, "agent", NULL, "restored");
  assert_replayed (&end, "registration", NULL, "restored");
  assert_replayed (&end, "discovery", DBR_TEST_BLUEZ_ADAPTER, "restored");
  assert_replayed (&end, "connected", DBR_TEST_BLUEZ_DEVICE, "restored");
  assert_replayed (&end, "notify", DBR_TEST_BLUEZ_DEVICE, "restored");
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, kept, TRUE);
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, "{'Transport': <'le'>}", TRUE);
  dbr_test_bluez_wait_for_calls (scene->bluez->bluez, NULL,
                                 "bluez.RegisterAgent hci0.RegisterAdvertisement"
                                 " hci0.SetDiscoveryFilter hci0.StartDiscovery "
                                 BLUEZ_DEVICE_PART ".Connect "
                                 BLUEZ_DEVICE_PART "/service000a/char000b.StartNotify");
}

static void
test_off_stays_off (void)
{
  g_autoptr(StateScene) scene = state_scene_new (NULL);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene->bluez));
  g_auto(Replay) end = { NULL };

  g_test_summary ("An adapter that a person has switched off is off again behind a restart by the"
                  " recovery");

  state_scene_set (scene, DBR_TEST_BLUEZ_ADAPTER_PATH, "org.bluez.Adapter1", "Powered",
                   g_variant_new_boolean (FALSE));
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);
  dbr_state_tracker_mark (scene->tracker, "");
  bluez_scene_tell (scene->bluez, "crash");
  bluez_scene_tell (scene->bluez, "boot");
  dbr_test_wait_until (NULL, dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);

  replay (&end, scene, "");
  assert_replayed (&end, "powered", DBR_TEST_BLUEZ_ADAPTER, "restored");
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);
}

static void
test_what_a_person_does_meanwhile (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene->bluez));
  g_auto(Replay) end = { NULL };

  g_test_summary ("What a person does between the restart and what is put back stays");

  state_scene_connect (scene);
  dbr_state_tracker_mark (scene->tracker, "");
  state_scene_restart (scene);
  state_scene_wait_for_device (scene);
  state_scene_set (scene, DBR_TEST_BLUEZ_DEVICE_PATH, "org.bluez.Device1", "Trusted",
                   g_variant_new_boolean (FALSE));
  state_scene_set (scene, DBR_TEST_BLUEZ_ADAPTER_PATH, "org.bluez.Adapter1", "Powered",
                   g_variant_new_boolean (FALSE));
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);

  replay (&end, scene, "");
  assert_replayed (&end, "powered", DBR_TEST_BLUEZ_ADAPTER, "kept");
  assert_replayed (&end, "trusted", DBR_TEST_BLUEZ_DEVICE, "kept");
  assert_replayed (&end, "connected", DBR_TEST_BLUEZ_DEVICE, "impossible");
  g_assert_false (dbr_bluez_adapter_get_powered (adapter));
}

static void
connect_other (StateScene *scene)
{
  g_autoptr(GError) error = NULL;

  dbr_test_wait_until (NULL, bluez_scene_find (scene->bluez, OTHER) != NULL, DBR_TEST_PATIENCE_MS);
  dbr_bluez_device_connect_device_sync (bluez_scene_find (scene->bluez, OTHER), NULL, &error);
  g_assert_no_error (error);
}

static void
test_input_first (void)
{
  g_autoptr(StateScene) scene = state_scene_new (BOTH);
  g_autofree char *calls = NULL;
  g_auto(Replay) end = { NULL };

  g_test_summary ("Keyboards and mice are connected before others, one at a time");

  state_scene_connect (scene);
  bluez_scene_tell (scene->bluez, "set " OTHER_PATH " org.bluez.Device1.Icon 'input-keyboard'");
  connect_other (scene);
  dbr_test_wait_until (NULL, dbr_bluez_device_get_services_resolved (
                         bluez_scene_find (scene->bluez, OTHER)), DBR_TEST_PATIENCE_MS);
  dbr_state_tracker_mark (scene->tracker, "");
  calls = dbr_test_bluez_take_calls (scene->bluez->bluez);
  state_scene_restart (scene);
  replay (&end, scene, "");
  dbr_test_bluez_wait_for_calls (scene->bluez->bluez, NULL,
                                 OTHER_PART ".Connect " BLUEZ_DEVICE_PART ".Connect");
}

static void
test_one_device (void)
{
  g_autoptr(StateScene) scene = state_scene_new (BOTH);
  g_auto(Replay) end = { NULL };

  g_test_summary ("Only what is below the target is put back, and what was saved where there is no"
                  " mark");

  state_scene_connect (scene);
  connect_other (scene);
  dbr_state_tracker_save_sync (scene->tracker, state_scene_wait_for_device (scene), NULL, NULL);
  dbr_state_tracker_save_sync (scene->tracker, bluez_scene_find (scene->bluez, OTHER), NULL, NULL);
  state_scene_restart (scene);
  replay (&end, scene, OTHER);
  assert_replayed (&end, "connected", OTHER, "restored");
  assert_replayed (&end, "connected", DBR_TEST_BLUEZ_DEVICE, NULL);
  g_assert_false (dbr_bluez_device_get_connected (state_scene_wait_for_device (scene)));
}

static void
test_marks_while_stalled (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  gint64 began;
  g_auto(Replay) end = { NULL };

  g_test_summary ("What devices are like is noted also while BlueZ does not answer, at once");

  state_scene_connect (scene);
  dbr_test_peer_stop (dbr_test_bluez_get_peer (scene->bluez->bluez));
  began = g_get_monotonic_time ();
  dbr_state_tracker_mark (scene->tracker, "");
  g_assert_cmpint (g_get_monotonic_time () - began, <, BLUEZ_GRACE_USEC);
  dbr_test_peer_cont (dbr_test_bluez_get_peer (scene->bluez->bluez));
  state_scene_restart (scene);
  replay (&end, scene, "");
  assert_replayed (&end, "connected", DBR_TEST_BLUEZ_DEVICE, "restored");
}

static void
test_ends_without_bluez (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_auto(Replay) end = { NULL };

  g_test_summary ("Where BlueZ does not come back there is an error in time");

  state_scene_connect (scene);
  bluez_scene_limit (scene->bluez, "get_managed_objects", 500);
  dbr_state_tracker_mark (scene->tracker, "");
  bluez_scene_tell (scene->bluez, "crash");
  dbr_test_wait_until (NULL, bluez_scene_find (scene->bluez, DBR_TEST_BLUEZ_DEVICE) == NULL,
                       DBR_TEST_PATIENCE_MS);
  dbr_state_tracker_replay_async (scene->tracker, "", NULL, replayed_cb, &end);
  dbr_test_wait_until (NULL, end.is_ended, DBR_TEST_PATIENCE_MS);
  g_assert_error (end.error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/state-replay/power-cycle", test_power_cycle);
  g_test_add_func ("/dbr/state-replay/restart", test_restart);
  g_test_add_func ("/dbr/state-replay/off-stays-off", test_off_stays_off);
  g_test_add_func ("/dbr/state-replay/what-a-person-does-meanwhile",
                   test_what_a_person_does_meanwhile);
  g_test_add_func ("/dbr/state-replay/input-first", test_input_first);
  g_test_add_func ("/dbr/state-replay/one-device", test_one_device);
  g_test_add_func ("/dbr/state-replay/marks-while-stalled", test_marks_while_stalled);
  g_test_add_func ("/dbr/state-replay/ends-without-bluez", test_ends_without_bluez);

  return g_test_run ();
}
