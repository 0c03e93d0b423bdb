/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-state-scene.h"

#include <string.h>

#include <glib/gstdio.h>

#include "recovery/dbr-state-tracker-private.h"

#define NO_ONE "00:AA:01:00:00:99"

static void
scene_save (StateScene *self)
{
  g_autoptr(GError) error = NULL;

  dbr_state_tracker_save_sync (self->tracker, state_scene_wait_for_device (self), NULL, &error);
  g_assert_no_error (error);
}

static void
scene_set_device (StateScene *self,
                  const char *name,
                  GVariant   *value)
{
  state_scene_set (self, DBR_TEST_BLUEZ_DEVICE_PATH, "org.bluez.Device1", name, value);
}

static void
assert_restores (StateScene *self,
                 const char *kind,
                 const char *result)
{
  g_autoptr(GListModel) events = NULL;
  g_autoptr(GError) error = NULL;

  events = dbr_state_tracker_restore_sync (self->tracker, DBR_TEST_BLUEZ_DEVICE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (state_scene_find_result (events, kind, NULL), ==, result);
}

/* What is saved */

static void
test_saves (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrDeviceState) state = NULL;
  g_auto(GStrv) addresses = NULL;
  gint64 now = g_get_real_time ();

  g_test_summary ("A state has what the device was like, and does not change with it");

  g_assert_null (dbr_state_tracker_get (scene->tracker, DBR_TEST_BLUEZ_DEVICE));
  state_scene_connect (scene);
  dbr_test_wait_until (NULL, dbr_bluez_device_get_services_resolved (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
  scene_save (scene);
  scene_set_device (scene, "Trusted", g_variant_new_boolean (FALSE));

  state = dbr_state_tracker_get (scene->tracker, DBR_TEST_BLUEZ_DEVICE);
  g_assert_cmpstr (dbr_device_state_get_address (state), ==, DBR_TEST_BLUEZ_DEVICE);
  g_assert_cmpstr (dbr_device_state_get_name (state), ==, "Watch");
  g_assert_true (dbr_device_state_get_connected (state));
  g_assert_true (dbr_device_state_get_paired (state));
  g_assert_true (dbr_device_state_get_trusted (state));
  g_assert_false (dbr_device_state_get_blocked (state));
  g_assert_true (dbr_device_state_get_services_resolved (state));
  g_assert_cmpstr (dbr_device_state_get_uuids (state)[0], ==,
                   "0000180d-0000-1000-8000-00805f9b34fb");
  g_assert_cmpint (dbr_device_state_get_saved_usec (state), >=, now);
  g_assert_null (dbr_device_state_get_attribute (state, "none"));
  addresses = dbr_state_tracker_dup_addresses (scene->tracker);
  g_assert_cmpstrv (addresses, ((const char *const[]) { DBR_TEST_BLUEZ_DEVICE, NULL }));

  dbr_state_tracker_forget (scene->tracker, DBR_TEST_BLUEZ_DEVICE);
  g_assert_null (dbr_state_tracker_get (scene->tracker, DBR_TEST_BLUEZ_DEVICE));
}

static void
test_saves_without_start (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestBluez) bluez = dbr_test_bluez_new (bus, "gap 0\n" STATE_BOND);
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(DbrBluezMonitor) monitor = dbr_bluez_monitor_new (client);
  g_autoptr(DbrStateTracker) tracker = dbr_state_tracker_new (monitor);
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A device of a monitor that was only refreshed is saved; one that has gone is told of");

  while (g_list_model_get_n_items (dbr_bluez_monitor_get_devices (monitor)) == 0)
    {
      dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error);
      g_assert_no_error (error);
    }
  device = g_list_model_get_item (dbr_bluez_monitor_get_devices (monitor), 0);
  dbr_state_tracker_save_sync (tracker, device, NULL, &error);
  g_assert_no_error (error);

  dbr_test_peer_tell (dbr_test_bluez_get_peer (bluez), "unplug hci0");
  dbr_test_wait_until (NULL, !dbr_state_tracker_save_sync (tracker, device, NULL, &error),
                       DBR_TEST_PATIENCE_MS);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STALE);
}

static void
test_attributes (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrDeviceState) state = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A program remembers what it likes of devices, known or not");

  g_assert_false (dbr_state_tracker_set_attribute (scene->tracker, "hci0", "a",
                                                   g_variant_new_int32 (1), &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (dbr_state_tracker_set_attribute (scene->tracker, NO_ONE, "",
                                                   g_variant_new_int32 (1), &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_true (dbr_state_tracker_set_attribute (scene->tracker, "00:aa:01:00:00:99", "room",
                                                  g_variant_new_parsed ("('kitchen', 2)"), &error));
  g_assert_no_error (error);
  state = dbr_state_tracker_get (scene->tracker, NO_ONE);
  g_assert_cmpint (dbr_device_state_get_saved_usec (state), ==, -1);
  g_assert_null (dbr_device_state_get_name (state));
  g_assert_nonnull (dbr_device_state_get_uuids (state));
  value = dbr_device_state_get_attribute (state, "room");
  g_assert_cmpstr (g_variant_get_type_string (value), ==, "(si)");

  dbr_state_tracker_set_attribute (scene->tracker, NO_ONE, "room", NULL, &error);
  g_assert_no_error (error);
  g_assert_null (dbr_state_tracker_get (scene->tracker, NO_ONE));
}

/* The file */

static void
test_outlives_the_tracker (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrStateTracker) other = NULL;
  g_autoptr(DbrDeviceState) state = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What was kept before there was a file, and after, is there for the next tracker");

  scene_save (scene);
  dbr_state_tracker_set_file (scene->tracker, scene->path);
  dbr_state_tracker_set_attribute (scene->tracker, DBR_TEST_BLUEZ_DEVICE, "room",
                                   g_variant_new_string ("kitchen"), &error);
  g_assert_no_error (error);
  dbr_state_tracker_flush_sync (scene->tracker, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&scene->tracker);

  other = dbr_state_tracker_new (scene->bluez->monitor);
  dbr_state_tracker_set_file (other, scene->path);
  state = dbr_state_tracker_get (other, DBR_TEST_BLUEZ_DEVICE);
  g_assert_nonnull (state);
  g_assert_cmpstr (dbr_device_state_get_name (state), ==, "Watch");
  value = dbr_device_state_get_attribute (state, "room");
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "kitchen");
}

static void
test_takes_any_path (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *old = g_get_current_dir ();
  g_autofree char *file = NULL;

  g_test_summary ("A path is of the folder that the program was in, and is shown whole");

  g_assert_cmpint (g_chdir (scene->folder), ==, 0);
  dbr_state_tracker_set_file (scene->tracker, "devices");
  g_assert_cmpint (g_chdir (old), ==, 0);
  scene_save (scene);
  g_assert_true (g_file_test (scene->path, G_FILE_TEST_IS_REGULAR));
  file = dbr_state_tracker_get_file (scene->tracker);
  g_assert_cmpstr (file, ==, scene->path);
  g_clear_pointer (&file, g_free);
  dbr_state_tracker_set_file (scene->tracker, NULL);
  file = dbr_state_tracker_get_file (scene->tracker);
  g_assert_null (file);
}

static void
test_takes_no_folder (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *old = g_get_current_dir ();
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) dir = NULL;

  g_test_summary ("Where there is no name there is no file, and nothing is written near");

  g_assert_cmpint (g_mkdir (scene->path, 0700), ==, 0);
  g_assert_cmpint (g_chdir (scene->path), ==, 0);
  dbr_state_tracker_set_file (scene->tracker, "");
  g_assert_cmpint (g_chdir (old), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (dbr_state_tracker_save_sync (scene->tracker, state_scene_wait_for_device (scene),
                                                   NULL, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
      g_assert_nonnull (strstr (error->message, scene->path));
      g_clear_error (&error);
    }
  g_assert_cmpint (g_rmdir (scene->path), ==, 0);
  dir = g_dir_open (scene->folder, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
}

static void
test_writes_before_it_goes (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrDeviceState) state = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What was set just before a tracker went is found by the next one, written or not");

  dbr_state_tracker_set_file (scene->tracker, scene->path);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%u", i);
      g_autoptr(GVariant) value = NULL;

      dbr_state_tracker_set_attribute (scene->tracker, NO_ONE, name, g_variant_new_uint32 (i),
                                       &error);
      g_assert_no_error (error);
      g_clear_object (&scene->tracker);
      scene->tracker = dbr_state_tracker_new (scene->bluez->monitor);
      dbr_state_tracker_set_file (scene->tracker, scene->path);
      g_clear_object (&state);
      state = dbr_state_tracker_get (scene->tracker, NO_ONE);
      value = dbr_device_state_get_attribute (state, name);
      g_assert_nonnull (value);
    }
}

static void
failed_cb (DbrStateTracker *tracker,
           GError          *error,
           gpointer         user_data)
{
  guint *n_failed = user_data;

  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  (*n_failed)++;
}

static void
test_tells_of_a_damaged_file (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *aside = g_strconcat (scene->path, ".foreign", NULL);
  g_autoptr(GError) error = NULL;
  guint n_failed = 0;

  g_test_summary ("A file that is none is set aside, told of once, and then there is a new one");

  g_assert_true (g_file_set_contents (scene->path, "something else", -1, NULL));
  g_signal_connect (scene->tracker, "storage-failed", G_CALLBACK (failed_cb), &n_failed);
  dbr_state_tracker_set_file (scene->tracker, scene->path);
  dbr_test_wait_until (NULL, n_failed == 1, DBR_TEST_PATIENCE_MS);
  g_assert_true (g_file_test (aside, G_FILE_TEST_EXISTS));

  g_assert_false (dbr_state_tracker_save_sync (scene->tracker, state_scene_wait_for_device (scene), NULL,
                                               &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_test_message ("%s", error->message);
  g_assert_false (g_file_test (scene->path, G_FILE_TEST_EXISTS));
  scene_save (scene);
  g_assert_true (g_file_test (scene->path, G_FILE_TEST_EXISTS));
}

/* Whoever is told of it comes later than a thread that reads fast. */
static void
test_tells_of_what_was_read_before (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrStateStore) store = NULL;
  g_autoptr(DbrStateBook) book = NULL;
  guint n_failed = 0;

  g_test_summary ("A file that was read before the tracker has it is told of too, if it is none");

  g_assert_true (g_file_set_contents (scene->path, "something else", -1, NULL));
  store = dbr_state_store_get (scene->path);
  book = dbr_state_store_dup_book (store);
  g_signal_connect (scene->tracker, "storage-failed", G_CALLBACK (failed_cb), &n_failed);
  dbr_state_tracker_set_file (scene->tracker, scene->path);
  dbr_test_wait_until (NULL, n_failed == 1, DBR_TEST_PATIENCE_MS);
}

static void
test_knows_what_was_damaged (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrStateTracker) other = NULL;
  g_autoptr(DbrDeviceState) state = NULL;
  g_autoptr(DbrDeviceState) found = NULL;
  g_autoptr(GError) error = NULL;
  guint n_failed = 0;

  g_test_summary ("What was known when the file was damaged still is, and goes into the new one");

  dbr_state_tracker_set_file (scene->tracker, scene->path);
  scene_save (scene);
  g_assert_true (g_file_set_contents (scene->path, "libdbr-state 1\nhalf", -1, NULL));
  g_signal_connect (scene->tracker, "storage-failed", G_CALLBACK (failed_cb), &n_failed);
  g_assert_true (dbr_state_tracker_set_attribute (scene->tracker, NO_ONE, "a",
                                                  g_variant_new_int32 (1), &error));
  dbr_test_wait_until (NULL, n_failed == 1, DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_state_tracker_flush_sync (scene->tracker, NULL, &error));
  g_assert_no_error (error);
  state = dbr_state_tracker_get (scene->tracker, DBR_TEST_BLUEZ_DEVICE);
  g_assert_nonnull (state);

  g_assert_true (g_file_set_contents (scene->path, "libdbr-state 1\nhalf", -1, NULL));
  g_assert_null (dbr_state_tracker_restore_sync (scene->tracker, DBR_TEST_BLUEZ_DEVICE, NULL,
                                                 &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_clear_error (&error);
  g_assert_true (dbr_state_tracker_flush_sync (scene->tracker, NULL, &error));
  g_assert_no_error (error);
  g_clear_object (&scene->tracker);

  other = dbr_state_tracker_new (scene->bluez->monitor);
  dbr_state_tracker_set_file (other, scene->path);
  found = dbr_state_tracker_get (other, DBR_TEST_BLUEZ_DEVICE);
  g_assert_nonnull (found);
  g_assert_cmpint (dbr_device_state_get_saved_usec (found), ==,
                   dbr_device_state_get_saved_usec (state));
}

static void
test_restores_without_writing (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *obstacle = g_build_filename (scene->folder, ".devices.new", NULL);
  g_autoptr(GError) error = NULL;
  guint n_failed = 0;

  g_test_summary ("What was saved is put back also while nothing can be written");

  dbr_state_tracker_set_file (scene->tracker, scene->path);
  scene_save (scene);
  g_assert_cmpint (g_mkdir (obstacle, 0700), ==, 0);
  g_signal_connect (scene->tracker, "storage-failed", G_CALLBACK (failed_cb), &n_failed);
  g_assert_true (dbr_state_tracker_set_attribute (scene->tracker, DBR_TEST_BLUEZ_DEVICE, "a",
                                                  g_variant_new_int32 (1), &error));
  dbr_test_wait_until (NULL, n_failed == 1, DBR_TEST_PATIENCE_MS);
  assert_restores (scene, "trusted", "unchanged");
  g_assert_false (dbr_state_tracker_flush_sync (scene->tracker, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_assert_cmpint (g_rmdir (obstacle), ==, 0);
}

static void
test_writes_later (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *folder = g_build_filename (scene->folder, "later", NULL);
  g_autofree char *path = g_build_filename (folder, "devices", NULL);
  g_autofree char *lock_path = g_build_filename (folder, ".devices.lock", NULL);
  g_autoptr(DbrDeviceState) state = NULL;
  g_autoptr(GError) error = NULL;
  guint n_failed = 0;

  g_test_summary ("What could not be written is told of, still known, and written when it can be");

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  dbr_state_tracker_set_file (scene->tracker, path);
  scene_save (scene);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_signal_connect (scene->tracker, "storage-failed", G_CALLBACK (failed_cb), &n_failed);
  g_assert_true (dbr_state_tracker_set_attribute (scene->tracker, NO_ONE, "a",
                                                  g_variant_new_int32 (1), &error));
  dbr_test_wait_until (NULL, n_failed == 1, DBR_TEST_PATIENCE_MS);
  g_assert_false (dbr_state_tracker_flush_sync (scene->tracker, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_clear_error (&error);
  state = dbr_state_tracker_get (scene->tracker, NO_ONE);
  g_assert_nonnull (state);

  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_assert_true (dbr_state_tracker_flush_sync (scene->tracker, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));

  dbr_state_tracker_set_file (scene->tracker, NULL);
  g_unlink (path);
  g_unlink (lock_path);
  g_rmdir (folder);
}

/* Restoring */

static void
test_was_never_saved (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What was never saved cannot be restored");

  g_assert_null (dbr_state_tracker_restore_sync (scene->tracker, NO_ONE, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (dbr_state_tracker_restore_sync (scene->tracker, "Watch", NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_connects_again (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND "\ngap 800");
  g_autofree char *calls = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("After a restart a device is waited for and connected again, without a search, and its"
                  " notifications come back");

  state_scene_connect (scene);
  dbr_bluez_monitor_start_notify_sync (scene->bluez->monitor, DBR_TEST_BLUEZ_VALUE_PATH, NULL,
                                       &error);
  g_assert_no_error (error);
  scene_save (scene);
  assert_restores (scene, "connected", "unchanged");
  assert_restores (scene, "notify", "unchanged");

  calls = dbr_test_bluez_take_calls (scene->bluez->bluez);
  state_scene_restart (scene);
  assert_restores (scene, "connected", "restored");
  bluez_scene_assert_calls (scene->bluez, BLUEZ_DEVICE_PART ".Connect "
                            BLUEZ_DEVICE_PART "/service000a/char000b.StartNotify");
  g_assert_true (dbr_bluez_device_get_connected (state_scene_wait_for_device (scene)));
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, "notify", TRUE);
  assert_restores (scene, "notify", "unchanged");
}

static void
test_finds_again (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_NEAR);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A device that was only met is searched for, gets back what it was told, and the"
                  " search ends");

  bluez_scene_meet (scene->bluez);
  scene_set_device (scene, "Trusted", g_variant_new_boolean (TRUE));
  scene_set_device (scene, "Alias", g_variant_new_string ("My watch"));
  state_scene_connect (scene);
  dbr_bluez_adapter_stop_discovery_sync (bluez_scene_get_adapter (scene->bluez), NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_bluez_device_get_trusted (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
  scene_save (scene);

  state_scene_restart (scene);
  assert_restores (scene, "trusted", "restored");
  assert_restores (scene, "alias", "unchanged");
  assert_restores (scene, "connected", "unchanged");
  dbr_test_wait_until (NULL, dbr_bluez_device_get_trusted (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
  dbr_test_bluez_wait_for_ledger (scene->bluez->bluez, NULL, "discovery", FALSE);
}

static void
test_leaves_what_somebody_changed (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);

  g_test_summary ("What somebody has changed since stays, over a restart too");

  state_scene_connect (scene);
  scene_save (scene);
  scene_set_device (scene, "Trusted", g_variant_new_boolean (FALSE));
  scene_set_device (scene, "Blocked", g_variant_new_boolean (TRUE));
  dbr_test_wait_until (NULL, !dbr_bluez_device_get_trusted (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
  assert_restores (scene, "trusted", "kept");
  state_scene_wait_usec (STATE_OUTLIVED_USEC);
  state_scene_restart (scene);
  state_scene_wait_for_device (scene);
  assert_restores (scene, "trusted", "kept");
  assert_restores (scene, "blocked", "kept");
  assert_restores (scene, "connected", "kept");
  g_assert_false (dbr_bluez_device_get_trusted (state_scene_wait_for_device (scene)));
}

static void
test_puts_back_what_was_lost (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autofree char *disk = g_build_filename (scene->folder, "disk.ini", NULL);
  g_autofree char *statement = g_strdup_printf ("storage %s", disk);

  g_test_summary ("What BlueZ has lost is put back, also where somebody had set it back and forth");

  state_scene_wait_for_device (scene);
  scene_save (scene);
  scene_set_device (scene, "Trusted", g_variant_new_boolean (FALSE));
  scene_set_device (scene, "Trusted", g_variant_new_boolean (TRUE));
  state_scene_wait_usec (STATE_OUTLIVED_USEC);

  /* It comes back with what an older disk has. */
  g_assert_true (g_file_set_contents (disk, "[" DBR_TEST_BLUEZ_ADAPTER "/" DBR_TEST_BLUEZ_DEVICE "]\n"
                                      "Name=Watch\nTrusted=false\n", -1, NULL));
  bluez_scene_tell (scene->bluez, "crash");
  bluez_scene_tell (scene->bluez, statement);
  dbr_test_wait_until (NULL, bluez_scene_find (scene->bluez, DBR_TEST_BLUEZ_DEVICE) == NULL,
                       DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (scene->bluez, "boot");
  g_assert_false (dbr_bluez_device_get_trusted (state_scene_wait_for_device (scene)));
  assert_restores (scene, "trusted", "restored");
  dbr_test_wait_until (NULL, dbr_bluez_device_get_trusted (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
}

static void
disconnect_by_somebody (StateScene *self)
{
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (self->bluez->bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (connection, DBR_TEST_BLUEZ_NAME, DBR_TEST_BLUEZ_DEVICE_PATH,
                                       "org.bluez.Device1", "Disconnect", NULL, NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, !dbr_bluez_device_get_connected (state_scene_wait_for_device (self)),
                       DBR_TEST_PATIENCE_MS);
}

static void
test_leaves_disconnected (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);

  g_test_summary ("A device that somebody has disconnected stays so, one whose link was lost does not");

  state_scene_connect (scene);
  scene_save (scene);
  disconnect_by_somebody (scene);
  assert_restores (scene, "connected", "kept");
  state_scene_wait_usec (STATE_OUTLIVED_USEC);
  state_scene_restart (scene);
  state_scene_wait_for_device (scene);
  assert_restores (scene, "connected", "kept");

  state_scene_connect (scene);
  scene_save (scene);
  bluez_scene_tell (scene->bluez, "lose " DBR_TEST_BLUEZ_DEVICE " Timeout");
  dbr_test_wait_until (NULL, !dbr_bluez_device_get_connected (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
  state_scene_wait_usec (500 * 1000);
  assert_restores (scene, "connected", "restored");
}

static void
test_survives_a_shutdown (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);

  g_test_summary ("A BlueZ that ends connections because it is told to stop was not somebody's wish");

  state_scene_connect (scene);
  scene_save (scene);
  bluez_scene_tell (scene->bluez, "shutdown");
  dbr_test_wait_until (NULL, bluez_scene_find (scene->bluez, DBR_TEST_BLUEZ_DEVICE) == NULL,
                       DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (scene->bluez, "boot");
  state_scene_wait_for_device (scene);
  assert_restores (scene, "connected", "restored");
}

static void
test_survives_what_ends_before_a_crash (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);

  g_test_summary ("A connection that ends shortly before BlueZ does has ended with it");

  state_scene_connect (scene);
  scene_save (scene);
  bluez_scene_tell (scene->bluez, "lose " DBR_TEST_BLUEZ_DEVICE);
  dbr_test_wait_until (NULL, !dbr_bluez_device_get_connected (state_scene_wait_for_device (scene)),
                       DBR_TEST_PATIENCE_MS);
  state_scene_restart (scene);
  assert_restores (scene, "connected", "restored");
}

/* Another process is another tracker here: what one has seen, the other has not. */
static void
test_restores_what_another_process_saved (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);

  g_test_summary ("In another process the same BlueZ is believed, and one that was restarted connects");

  state_scene_connect (scene);
  dbr_state_tracker_set_file (scene->tracker, scene->path);
  scene_save (scene);
  g_clear_object (&scene->tracker);
  scene->tracker = dbr_state_tracker_new (scene->bluez->monitor);
  dbr_state_tracker_set_file (scene->tracker, scene->path);
  scene_set_device (scene, "Trusted", g_variant_new_boolean (FALSE));
  disconnect_by_somebody (scene);
  assert_restores (scene, "trusted", "kept");
  assert_restores (scene, "connected", "kept");

  state_scene_restart (scene);
  state_scene_wait_for_device (scene);
  assert_restores (scene, "connected", "restored");
  assert_restores (scene, "trusted", "kept");
}

static void
test_in_doubt_leaves (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrStateStore) store = dbr_state_tracker_ref_store (scene->tracker);
  GVariant *values = g_variant_new_parsed ("{'Connected': <true>, 'Trusted': <false>, 'Adapter': <%s>}",
                                           DBR_TEST_BLUEZ_ADAPTER);

  g_test_summary ("Of what was saved from an unknown BlueZ nothing is put back");

  state_scene_wait_for_device (scene);
  dbr_state_store_add (store, dbr_state_change_new_saved (DBR_TEST_BLUEZ_DEVICE, g_get_real_time (),
                                                          values));
  assert_restores (scene, "connected", "kept");
  assert_restores (scene, "trusted", "kept");
}

static void
test_leaves_a_name_that_was_not_known (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND);
  g_autoptr(DbrStateStore) store = dbr_state_tracker_ref_store (scene->tracker);
  g_autoptr(GListModel) events = NULL;
  g_autoptr(GError) error = NULL;
  GVariant *values = g_variant_new_parsed ("{'Alias': <'00-AA-01-00-00-42'>, 'Adapter': <%s>,"
                                           " 'Service': <'that was before'>}",
                                           DBR_TEST_BLUEZ_ADAPTER);

  g_test_summary ("What BlueZ calls a device whose name it does not know is not put before its name");

  state_scene_wait_for_device (scene);
  dbr_state_store_add (store, dbr_state_change_new_saved (DBR_TEST_BLUEZ_DEVICE, g_get_real_time (),
                                                          values));
  events = dbr_state_tracker_restore_sync (scene->tracker, DBR_TEST_BLUEZ_DEVICE, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (state_scene_find_result (events, "alias", NULL));
}

static void
restored_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  GError **error = user_data;

  g_assert_null (dbr_state_tracker_restore_finish (DBR_STATE_TRACKER (source), result, error));
}

static void
test_is_cancelled (void)
{
  g_autoptr(StateScene) scene = state_scene_new (STATE_BOND "\npace 60000");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A restore that waits for a device is cancelled at once");

  scene_save (scene);
  {
    g_autoptr(GVariant) connected = g_variant_ref_sink (g_variant_new_parsed (
                                                          "{'Connected': <true>, 'Adapter': <%s>}",
                                                          DBR_TEST_BLUEZ_ADAPTER));
    g_autoptr(DbrStateStore) store = dbr_state_tracker_ref_store (scene->tracker);

    dbr_state_store_add (store, dbr_state_change_new_saved (DBR_TEST_BLUEZ_DEVICE,
                                                            g_get_real_time (), connected));
  }
  dbr_state_tracker_restore_async (scene->tracker, DBR_TEST_BLUEZ_DEVICE, cancellable, restored_cb,
                                   &error);
  dbr_test_bluez_wait_for_calls (scene->bluez->bluez, NULL, BLUEZ_DEVICE_PART ".Connect");
  g_cancellable_cancel (cancellable);
  dbr_test_wait_until (NULL, error != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/state-tracker/saves", test_saves);
  g_test_add_func ("/dbr/state-tracker/saves-without-start", test_saves_without_start);
  g_test_add_func ("/dbr/state-tracker/attributes", test_attributes);
  g_test_add_func ("/dbr/state-tracker/outlives-the-tracker", test_outlives_the_tracker);
  g_test_add_func ("/dbr/state-tracker/takes-any-path", test_takes_any_path);
  g_test_add_func ("/dbr/state-tracker/takes-no-folder", test_takes_no_folder);
  g_test_add_func ("/dbr/state-tracker/writes-before-it-goes", test_writes_before_it_goes);
  g_test_add_func ("/dbr/state-tracker/tells-of-a-damaged-file", test_tells_of_a_damaged_file);
  g_test_add_func ("/dbr/state-tracker/tells-of-what-was-read-before",
                   test_tells_of_what_was_read_before);
  g_test_add_func ("/dbr/state-tracker/knows-what-was-damaged", test_knows_what_was_damaged);
  g_test_add_func ("/dbr/state-tracker/restores-without-writing", test_restores_without_writing);
  g_test_add_func ("/dbr/state-tracker/writes-later", test_writes_later);
  g_test_add_func ("/dbr/state-tracker/was-never-saved", test_was_never_saved);
  g_test_add_func ("/dbr/state-tracker/connects-again", test_connects_again);
  g_test_add_func ("/dbr/state-tracker/finds-again", test_finds_again);
  g_test_add_func ("/dbr/state-tracker/leaves-what-somebody-changed",
                   test_leaves_what_somebody_changed);
  g_test_add_func ("/dbr/state-tracker/puts-back-what-was-lost", test_puts_back_what_was_lost);
  g_test_add_func ("/dbr/state-tracker/leaves-disconnected", test_leaves_disconnected);
  g_test_add_func ("/dbr/state-tracker/survives-a-shutdown", test_survives_a_shutdown);
  g_test_add_func ("/dbr/state-tracker/survives-what-ends-before-a-crash",
                   test_survives_what_ends_before_a_crash);
  g_test_add_func ("/dbr/state-tracker/restores-what-another-process-saved",
                   test_restores_what_another_process_saved);
  g_test_add_func ("/dbr/state-tracker/in-doubt-leaves", test_in_doubt_leaves);
  g_test_add_func ("/dbr/state-tracker/leaves-a-name-that-was-not-known",
                   test_leaves_a_name_that_was_not_known);
  g_test_add_func ("/dbr/state-tracker/is-cancelled", test_is_cancelled);

  return g_test_run ();
}
