/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bluez-scene.h"

#include <string.h>

#include "monitor/dbr-bluez-monitor-private.h"

#define OTHER "00:AA:01:00:00:43"
#define NEAR "near " DBR_TEST_BLUEZ_DEVICE " Watch"

static guint
count (GListModel *list)
{
  return g_list_model_get_n_items (list);
}

static void
test_shows (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autofree char *path = dbr_bluez_adapter_get_object_path (adapter);
  g_autofree char *name = dbr_bluez_device_get_name (device);

  g_test_summary ("Adapters and devices are shown with what BlueZ says of them");

  g_assert_cmpstr (dbr_bluez_adapter_get_address (adapter), ==, DBR_TEST_BLUEZ_ADAPTER);
  g_assert_cmpstr (path, ==, DBR_TEST_BLUEZ_ADAPTER_PATH);
  g_assert_true (dbr_bluez_adapter_get_powered (adapter));
  g_assert_true (dbr_bluez_adapter_get_discovering (adapter));
  g_assert_false (dbr_bluez_adapter_get_blocked (adapter));
  g_assert_cmpstr (name, ==, "Watch");
  g_assert_true (dbr_bluez_device_get_adapter (device) == adapter);
  g_assert_cmpint (dbr_bluez_device_get_rssi (device), ==, -60);
  g_assert_false (dbr_bluez_device_get_paired (device));
  g_assert_cmpstr (scene->told->str, ==,
                   "adapter+ " DBR_TEST_BLUEZ_ADAPTER "\ndevice+ " DBR_TEST_BLUEZ_DEVICE "\n");
}

static void
test_follows_numbers (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("bond hci0 " DBR_TEST_BLUEZ_DEVICE);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene));
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autofree char *path = NULL;

  g_test_summary ("An adapter and its devices stay the same objects under another number");

  dbr_test_wait_until (NULL, bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);
  device = g_object_ref (bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE));
  g_string_truncate (scene->told, 0);
  bluez_scene_tell (scene, "reindex hci0 hci7");
  dbr_test_wait_until (NULL, strcmp (scene->told->str,
                                     "device- " DBR_TEST_BLUEZ_DEVICE "\n"
                                     "adapter- " DBR_TEST_BLUEZ_ADAPTER "\n"
                                     "adapter+ " DBR_TEST_BLUEZ_ADAPTER "\n"
                                     "device+ " DBR_TEST_BLUEZ_DEVICE "\n") == 0,
                       DBR_TEST_PATIENCE_MS);
  g_assert_true (bluez_scene_get_adapter (scene) == adapter);
  g_assert_true (bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) == device);
  path = dbr_bluez_device_get_object_path (device);
  g_assert_cmpstr (path, ==, "/org/bluez/hci7/dev_00_AA_01_00_00_42");
}

static void
test_outlives_a_crash (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "\nbond hci0 " OTHER);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene));
  g_autoptr(DbrBluezDevice) device = g_object_ref (bluez_scene_meet (scene));
  g_autofree char *path = NULL;

  g_test_summary ("After a crash the adapter is the same, what was only met is gone, and a search"
                  " goes on");

  bluez_scene_tell (scene, "crash");
  dbr_test_wait_until (NULL, count (dbr_bluez_monitor_get_adapters (scene->monitor)) == 0,
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (count (dbr_bluez_monitor_get_devices (scene->monitor)), ==, 0);
  g_assert_false (dbr_bluez_adapter_get_powered (adapter));
  path = dbr_bluez_device_get_object_path (device);
  g_assert_null (path);

  bluez_scene_tell (scene, "boot");
  g_assert_true (bluez_scene_get_adapter (scene) == adapter);
  dbr_test_wait_until (NULL, bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) == device,
                       DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_bluez_adapter_get_discovering (adapter));
}

static void
test_is_blocked (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Airplane mode is a state, and who switches on is told of it at once");

  bluez_scene_tell (scene, "airplane on");
  dbr_test_wait_until (NULL, dbr_bluez_adapter_get_blocked (adapter), DBR_TEST_PATIENCE_MS);
  g_assert_false (dbr_bluez_adapter_get_powered (adapter));
  g_assert_false (dbr_bluez_adapter_set_powered_sync (adapter, TRUE, NULL, &error));
  dbr_test_assert_remote_error (error, "org.bluez.Error.Blocked");
  bluez_scene_tell (scene, "airplane off");
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_blocked (adapter), DBR_TEST_PATIENCE_MS);
}

static void
test_remembers_off (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene));
  g_autoptr(GError) error = NULL;

  g_test_summary ("An adapter that was switched off is off again after a restart, which switches on");

  dbr_bluez_adapter_set_powered_sync (adapter, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (dbr_bluez_adapter_get_powered (adapter));
  bluez_scene_tell (scene, "crash");
  bluez_scene_tell (scene, "boot");
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, "hci0.Powered=false hci0.Powered=false");
  dbr_test_wait_until (NULL, bluez_scene_find (scene, "") == NULL
                       && !dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);
}

/* As the settings of a desktop do. */
static void
switch_off_by_somebody (BluezScene *scene)
{
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (connection, DBR_TEST_BLUEZ_NAME, DBR_TEST_BLUEZ_ADAPTER_PATH,
                                       "org.freedesktop.DBus.Properties", "Set",
                                       g_variant_new ("(ssv)", "org.bluez.Adapter1", "Powered",
                                                      g_variant_new_boolean (FALSE)),
                                       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
test_leaves_off (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene));
  g_autoptr(GError) error = NULL;
  gint64 until;

  g_test_summary ("An adapter that the program has switched on and a person off stays off over a"
                  " restart");

  dbr_bluez_adapter_set_powered_sync (adapter, TRUE, NULL, &error);
  g_assert_no_error (error);
  switch_off_by_somebody (scene);
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);

  /* BlueZ lives on for longer than it takes to stop. */
  until = g_get_monotonic_time () + 3200 * 1000;
  dbr_test_wait_until (NULL, g_get_monotonic_time () >= until, DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (scene, "crash");
  bluez_scene_tell (scene, "boot");
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, "hci0.Powered=false hci0.Powered=false");
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);
}

static void
test_comes_back_on (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene));
  g_autoptr(GError) error = NULL;

  g_test_summary ("That BlueZ switches adapters off when it stops is not what somebody wanted");

  dbr_bluez_adapter_set_powered_sync (adapter, TRUE, NULL, &error);
  g_assert_no_error (error);
  bluez_scene_tell (scene, "shutdown");
  dbr_test_wait_until (NULL, count (dbr_bluez_monitor_get_adapters (scene->monitor)) == 0,
                       DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (scene, "boot");
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, "hci0.Powered=true hci0.Powered=true");
  dbr_test_wait_until (NULL, dbr_bluez_adapter_get_powered (adapter), DBR_TEST_PATIENCE_MS);
}

static void
test_cycles_power (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A power cycle disconnects first, and the search goes on behind it");

  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_adapter_power_cycle_sync (adapter, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL,
                                 BLUEZ_DEVICE_PART ".Connect " BLUEZ_DEVICE_PART ".Disconnect"
                                 " hci0.Powered=false hci0.Powered=true"
                                 " hci0.SetDiscoveryFilter hci0.StartDiscovery");
}

static void
test_has_a_lease (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(DbrLease) other = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *kept = NULL;

  g_test_summary ("A search belongs to the lease, and to another one when that is lost");

  dbr_bluez_adapter_start_discovery_sync (adapter, g_variant_new_parsed ("{'Transport': <'le'>}"),
                                          NULL, &error);
  g_assert_no_error (error);
  lease = dbr_bluez_monitor_get_lease (scene->monitor);
  kept = g_strdup_printf ("discovery /org/bluez/hci0 %s", dbr_lease_get_unique_name (lease));
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, kept, TRUE);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "{'Transport': <'le'>}", TRUE);

  g_dbus_connection_close_sync (dbr_lease_get_connection (lease), NULL, NULL);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, kept, FALSE);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "discovery /org/bluez/hci0", TRUE);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "{'Transport': <'le'>}", TRUE);
  other = dbr_bluez_monitor_get_lease (scene->monitor);
  g_assert_true (other != lease);

  dbr_bluez_adapter_stop_discovery_sync (adapter, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "discovery", FALSE);
}

static void
test_registers_again (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  g_autoptr(GError) error = NULL;
  g_autofree char *calls = NULL;

  g_test_summary ("Agents and adverts are registered anew after a restart, in their order");

  g_assert_nonnull (adapter);
  dbr_bluez_monitor_register_sync (scene->monitor, DBR_TEST_BLUEZ_ADAPTER_PATH,
                                   "org.bluez.LEAdvertisingManager1", "RegisterAdvertisement",
                                   g_variant_new_parsed ("(@o '/advert', @a{sv} {})"), NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_monitor_register_agent_sync (scene->monitor, "/agent", "NoInputNoOutput", TRUE, NULL,
                                         &error);
  g_assert_no_error (error);
  calls = dbr_test_bluez_take_calls (scene->bluez);
  bluez_scene_tell (scene, "crash");
  bluez_scene_tell (scene, "boot");
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL,
                                 "bluez.RegisterAgent bluez.RequestDefaultAgent"
                                 " hci0.RegisterAdvertisement");

  dbr_bluez_monitor_unregister_sync (scene->monitor, DBR_TEST_BLUEZ_ADAPTER_PATH,
                                     "org.bluez.LEAdvertisingManager1",
                                     g_variant_new_parsed ("(@o '/advert',)"), NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_monitor_unregister_agent_sync (scene->monitor, "/agent", NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "/a", FALSE);
}

static void
test_notifies_again (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A notification is asked for when the services are known, and again after a"
                  " restart");

  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_monitor_start_notify_sync (scene->monitor, DBR_TEST_BLUEZ_VALUE_PATH, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "notify", TRUE);

  bluez_scene_tell (scene, "crash");
  bluez_scene_tell (scene, "boot");
  dbr_test_wait_until (NULL, bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);
  dbr_bluez_device_connect_device_sync (bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE), NULL,
                                        &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "notify", TRUE);

  dbr_bluez_monitor_stop_notify_sync (scene->monitor, DBR_TEST_BLUEZ_VALUE_PATH, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "notify", FALSE);
}

static void
test_has_many (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("many 10000");
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  GListModel *devices = dbr_bluez_monitor_get_devices (scene->monitor);
  g_autoptr(GError) error = NULL;
  gint64 began;

  g_test_summary ("Ten thousand devices are kept in the list, and go at once");

  dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, count (devices) == 10000, DBR_TEST_PATIENCE_MS);
  began = g_get_monotonic_time ();
  bluez_scene_tell (scene, "crash");
  dbr_test_wait_until (NULL, count (devices) == 0, DBR_TEST_PATIENCE_MS);
  g_test_minimized_result ((double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC,
                           "ten thousand devices went in %.0f ms",
                           (double) (g_get_monotonic_time () - began) / 1000);
}

static void
test_refreshes (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestBluez) bluez = dbr_test_bluez_new (bus, "gap 0\nbond hci0 " OTHER " Old");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(DbrBluezMonitor) monitor = dbr_bluez_monitor_new (client);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A monitor that was never started shows what there is when it was refreshed");

  g_assert_nonnull (dbr_test_bluez_get_peer (bluez));
  do
    {
      dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error);
      g_assert_no_error (error);
    }
  while (count (dbr_bluez_monitor_get_adapters (monitor)) == 0);
  g_assert_cmpuint (count (dbr_bluez_monitor_get_devices (monitor)), ==, 1);
}

static void
test_keeps_connected (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A device that is to be kept is connected again after a loss, and after that only");

  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_device_set_keep_connected (device, TRUE);
  bluez_scene_tell (scene, "lose " DBR_TEST_BLUEZ_DEVICE " Timeout");
  dbr_test_wait_until (NULL, !dbr_bluez_device_get_connected (device), DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, dbr_bluez_device_get_reconnects (device) == 1, DBR_TEST_PATIENCE_MS);
  bluez_scene_assert_calls (scene, BLUEZ_DEVICE_PART ".Connect " BLUEZ_DEVICE_PART ".Connect");
}

static void
parted_cb (DbrBluezDevice      *device,
           DbrDisconnectReason  reason,
           gpointer             user_data)
{
  int *told = user_data;

  *told = (int) reason;
}

static void
test_stays_disconnected (void)
{
  const struct { const char *statement; DbrDisconnectReason reason; } rows[] = {
    { "lose " DBR_TEST_BLUEZ_DEVICE " Remote", DBR_DISCONNECT_REASON_REMOTE },
    { "lose " DBR_TEST_BLUEZ_DEVICE " Authentication", DBR_DISCONNECT_REASON_AUTHENTICATION },
    { NULL, DBR_DISCONNECT_REASON_LOCAL },
  };
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;
  int told = -1;

  g_test_summary ("What a person or the device has ended stays ended, and the reason is told");

  dbr_bluez_device_set_keep_connected (device, TRUE);
  g_signal_connect (device, "disconnected", G_CALLBACK (parted_cb), &told);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 until;

      told = -1;
      dbr_bluez_device_connect_device_sync (device, NULL, &error);
      g_assert_no_error (error);
      if (rows[i].statement != NULL)
        bluez_scene_tell (scene, rows[i].statement);
      else
        dbr_bluez_device_disconnect_device_sync (device, NULL, &error);
      g_assert_no_error (error);
      dbr_test_wait_until (NULL, told == (int) rows[i].reason, DBR_TEST_PATIENCE_MS);

      /* Longer than it would wait before it connects. */
      until = g_get_monotonic_time () + 2500000;
      dbr_test_wait_until (NULL, g_get_monotonic_time () >= until, DBR_TEST_PATIENCE_MS);
      g_assert_false (dbr_bluez_device_get_connected (device));
    }
  g_assert_cmpuint (dbr_bluez_device_get_reconnects (device), ==, 0);
}

static void
silent_cb (DbrBluezMonitor *monitor,
           DbrBluezAdapter *adapter,
           gint64           silent_usec,
           gpointer         user_data)
{
  guint *n_silent = user_data;

  g_assert_cmpint (silent_usec, >=, 300000);
  (*n_silent)++;
}

static void
test_hears_nothing (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestBluez) bluez = dbr_test_bluez_new (bus, NULL);
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(DbrBluezMonitor) monitor = dbr_bluez_monitor_new (client);
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(GError) error = NULL;
  guint n_silent = 0;

  g_test_summary ("A search that hears nothing is told of once, until something is heard");

  dbr_bluez_monitor_set_silence_ms (monitor, 300);
  g_signal_connect (monitor, "discovery-silent", G_CALLBACK (silent_cb), &n_silent);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, (adapter = dbr_bluez_monitor_get_default_adapter (monitor)) != NULL,
                       DBR_TEST_PATIENCE_MS);
  dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, n_silent == 1, DBR_TEST_PATIENCE_MS);
  dbr_test_peer_tell (dbr_test_bluez_get_peer (bluez), NEAR);
  dbr_test_wait_until (NULL, n_silent == 2, DBR_TEST_PATIENCE_MS);
}

static void
test_starts_again (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "\nbond hci0 " OTHER);
  g_autoptr(DbrBluezAdapter) adapter = g_object_ref (bluez_scene_get_adapter (scene));
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A monitor that was stopped and started shows what there is by then");

  g_assert_nonnull (device);
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (scene->monitor));
  bluez_scene_tell (scene, "crash");
  bluez_scene_tell (scene, "boot");
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (scene->monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, bluez_scene_find (scene, OTHER) != NULL, DBR_TEST_PATIENCE_MS);
  g_assert_true (bluez_scene_get_adapter (scene) == adapter);
  g_assert_null (bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE));
}

static void
test_goes_with_operations (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "\npace 60000");
  g_autoptr(DbrBluezDevice) device = g_object_ref (bluez_scene_meet (scene));
  g_auto(BluezEnd) end = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("What is under way ends with the monitor, and a device without one says so");

  dbr_bluez_device_connect_device_async (device, NULL, bluez_connected_cb, &end);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, BLUEZ_DEVICE_PART ".Connect");
  bluez_scene_drop_monitor (scene);
  bluez_end_wait (&end);
  g_assert_error (end.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_false (dbr_bluez_device_disconnect_device_sync (device, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
}

static void
test_adopts (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestBluez) bluez = dbr_test_bluez_new (bus, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(DbrBluezMonitor) monitor = dbr_bluez_monitor_new (client);
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *kept = g_strdup_printf ("discovery /org/bluez/hci0 %s",
                                           g_dbus_connection_get_unique_name (connection));

  g_test_summary ("On a connection of the program's own, that is what BlueZ keeps things for");

  dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, (adapter = dbr_bluez_monitor_get_default_adapter (monitor)) != NULL,
                       DBR_TEST_PATIENCE_MS);
  dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_ledger (bluez, NULL, kept, TRUE);
  g_assert_null (dbr_bluez_monitor_get_lease (monitor));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/bluez-monitor/shows", test_shows);
  g_test_add_func ("/dbr/bluez-monitor/follows-numbers", test_follows_numbers);
  g_test_add_func ("/dbr/bluez-monitor/outlives-a-crash", test_outlives_a_crash);
  g_test_add_func ("/dbr/bluez-monitor/is-blocked", test_is_blocked);
  g_test_add_func ("/dbr/bluez-monitor/remembers-off", test_remembers_off);
  g_test_add_func ("/dbr/bluez-monitor/leaves-off", test_leaves_off);
  g_test_add_func ("/dbr/bluez-monitor/comes-back-on", test_comes_back_on);
  g_test_add_func ("/dbr/bluez-monitor/cycles-power", test_cycles_power);
  g_test_add_func ("/dbr/bluez-monitor/has-a-lease", test_has_a_lease);
  g_test_add_func ("/dbr/bluez-monitor/registers-again", test_registers_again);
  g_test_add_func ("/dbr/bluez-monitor/notifies-again", test_notifies_again);
  g_test_add_func ("/dbr/bluez-monitor/has-many", test_has_many);
  g_test_add_func ("/dbr/bluez-monitor/refreshes", test_refreshes);
  g_test_add_func ("/dbr/bluez-monitor/keeps-connected", test_keeps_connected);
  g_test_add_func ("/dbr/bluez-monitor/stays-disconnected", test_stays_disconnected);
  g_test_add_func ("/dbr/bluez-monitor/hears-nothing", test_hears_nothing);
  g_test_add_func ("/dbr/bluez-monitor/starts-again", test_starts_again);
  g_test_add_func ("/dbr/bluez-monitor/goes-with-operations", test_goes_with_operations);
  g_test_add_func ("/dbr/bluez-monitor/adopts", test_adopts);

  return g_test_run ();
}
