/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bluez-scene.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEAR "near " DBR_TEST_BLUEZ_DEVICE " Watch\n"

typedef void (*Begin) (BluezScene    *scene,
                       GCancellable  *cancellable,
                       DbrTestResult *result);

/* An operation that BlueZ does not answer, and what undoes it. */
typedef struct
{
  const char *rule;
  Begin       begin;
  const char *begun;
  const char *undone;
} Row;

static void
begin_pair (BluezScene    *scene,
            GCancellable  *cancellable,
            DbrTestResult *result)
{
  dbr_bluez_device_pair_async (bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE), cancellable,
                               dbr_test_result_cb, result);
}

static void
begin_disconnect (BluezScene    *scene,
                  GCancellable  *cancellable,
                  DbrTestResult *result)
{
  dbr_bluez_device_disconnect_device_async (bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE),
                                            cancellable, dbr_test_result_cb, result);
}

static void
begin_discovery (BluezScene    *scene,
                 GCancellable  *cancellable,
                 DbrTestResult *result)
{
  dbr_bluez_adapter_start_discovery_async (bluez_scene_get_adapter (scene), NULL, cancellable,
                                           dbr_test_result_cb, result);
}

static void
begin_set_powered (BluezScene    *scene,
                   GCancellable  *cancellable,
                   DbrTestResult *result)
{
  dbr_bluez_adapter_set_powered_async (bluez_scene_get_adapter (scene), FALSE, cancellable,
                                       dbr_test_result_cb, result);
}

static void
begin_power_cycle (BluezScene    *scene,
                   GCancellable  *cancellable,
                   DbrTestResult *result)
{
  dbr_bluez_adapter_power_cycle_async (bluez_scene_get_adapter (scene), cancellable,
                                       dbr_test_result_cb, result);
}

static void
begin_agent (BluezScene    *scene,
             GCancellable  *cancellable,
             DbrTestResult *result)
{
  dbr_bluez_monitor_register_agent_async (scene->monitor, "/agent", "NoInputNoOutput", FALSE,
                                          cancellable, dbr_test_result_cb, result);
}

static const Row rows[] = {
  { "on Pair: never", begin_pair, BLUEZ_DEVICE_PART ".Pair", BLUEZ_DEVICE_PART ".CancelPairing" },
  { "on Disconnect: never", begin_disconnect, BLUEZ_DEVICE_PART ".Disconnect", NULL },
  { "on StartDiscovery call 2: never", begin_discovery, "hci0.StartDiscovery",
    "hci0.StopDiscovery" },
  { "on Set: never", begin_set_powered, "hci0.Powered=false", NULL },
  { "on Set: never", begin_power_cycle, "hci0.Powered=false", NULL },
  { "on RegisterAgent: never", begin_agent, "bluez.RegisterAgent", NULL },
};

static GError *
end_of (DbrTestResult *result)
{
  GError *error = NULL;

  dbr_test_result_wait (result, NULL);
  g_task_propagate_boolean (G_TASK (result->result), &error);

  return error;
}

static void
test_cancels (void)
{
  g_test_summary ("Whatever is cancelled ends at once, and is undone where BlueZ would go on");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *script = g_strconcat (NEAR, rows[i].rule, NULL);
      g_autoptr(BluezScene) scene = bluez_scene_new (script);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      g_auto(DbrTestResult) result = { NULL };

      g_test_message ("%s", rows[i].rule);
      bluez_scene_meet (scene);
      rows[i].begin (scene, cancellable, &result);
      dbr_test_bluez_wait_for_calls (scene->bluez, NULL, rows[i].begun);
      g_cancellable_cancel (cancellable);
      error = end_of (&result);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      if (rows[i].undone != NULL)
        dbr_test_bluez_wait_for_calls (scene->bluez, NULL, rows[i].undone);
    }
}

static void
test_is_cancelled_before (void)
{
  g_test_summary ("What is cancelled before it is begun asks BlueZ for nothing");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      g_auto(DbrTestResult) result = { NULL };

      bluez_scene_meet (scene);
      g_cancellable_cancel (cancellable);
      rows[i].begin (scene, cancellable, &result);
      error = end_of (&result);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      bluez_scene_assert_calls (scene, "");
    }
}

static void
test_waits_in_vain (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(DbrBluezDevice) kept = g_object_ref (device);
  g_autoptr(GError) error = NULL;
  gint64 began;

  g_test_summary ("A BlueZ that does not come back is waited for until the limit, and no longer");

  bluez_scene_limit (scene, "connect", 1000);
  bluez_scene_tell (scene, "crash");
  began = g_get_monotonic_time ();
  g_assert_false (dbr_bluez_device_connect_device_sync (kept, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 1000000);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 1000000 + BLUEZ_GRACE_USEC);
}

static void
test_waits_behind_a_loss (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "on Connect: never");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL };

  g_test_summary ("A BlueZ that is lost at work is waited for too, and that is what the end tells of");

  bluez_scene_limit (scene, "connect", 3000);
  dbr_bluez_device_connect_device_async (device, NULL, dbr_test_result_cb, &result);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, BLUEZ_DEVICE_PART ".Connect");
  bluez_scene_tell (scene, "crash");
  error = end_of (&result);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

static void
test_is_forgotten (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  g_autoptr(DbrBluezDevice) device = g_object_ref (bluez_scene_meet (scene));
  g_autoptr(GError) error = NULL;

  g_test_summary ("A device that BlueZ has dropped is looked for, and then called so");

  dbr_bluez_adapter_stop_discovery_sync (bluez_scene_get_adapter (scene), NULL, &error);
  g_assert_no_error (error);
  bluez_scene_tell (scene, "remove " DBR_TEST_BLUEZ_DEVICE_PATH);
  dbr_test_wait_until (NULL, bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) == NULL,
                       DBR_TEST_PATIENCE_MS);
  g_assert_false (dbr_bluez_device_connect_device_sync (device, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STALE);
}

static gpointer
connect_in_thread (gpointer data)
{
  g_autoptr(GError) error = NULL;

  dbr_bluez_device_connect_device_sync (data, NULL, &error);
  g_assert_no_error (error);

  return NULL;
}

static void
test_serves_threads (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  GThread *threads[4];

  g_test_summary ("Any thread may call, and the main loop need not run for it");

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", connect_in_thread, device);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_is_denied (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrClient) client = g_object_new (DBR_TYPE_CLIENT,
                                              "address", dbr_test_bus_get_address (bus),
                                              "access-policy", policy,
                                              NULL);
  g_autoptr(DbrBluezMonitor) monitor = dbr_bluez_monitor_new (client);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What the access policy denies is told at once");

  g_assert_false (dbr_bluez_monitor_register_agent_sync (monitor, "/agent", "", FALSE, NULL,
                                                         &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
}

static void
test_forks (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  pid_t child;
  int status;

  g_test_summary ("In a child of fork() operations end with an error, and nothing hangs");

  child = fork ();
  if (child == 0)
    {
      g_autoptr(GError) error = NULL;

      alarm (10);
      dbr_bluez_device_connect_device_sync (device, NULL, &error);
      _exit (g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* That the connection for what BlueZ keeps cannot be made. */
static gboolean
has_failed_to_search (BluezScene *scene)
{
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_get_default_adapter (scene->monitor);
  g_autoptr(GError) error = NULL;

  return adapter == NULL
         || !dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
}

static gboolean
has_lease (BluezScene *scene)
{
  g_autoptr(DbrLease) lease = dbr_bluez_monitor_get_lease (scene->monitor);

  return lease != NULL;
}

static void
test_bus_away_for_long (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A search goes on, and others can begin, after a bus that was away for long");

  dbr_bluez_adapter_start_discovery_sync (bluez_scene_get_adapter (scene), NULL, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, !has_lease (scene), DBR_TEST_PATIENCE_MS);
  g_assert_true (has_failed_to_search (scene));

  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (dbr_test_bluez_get_peer (scene->bluez));
  dbr_test_wait_until (NULL, has_lease (scene), DBR_TEST_PATIENCE_MS);
  dbr_test_bluez_wait_for_ledger (scene->bluez, NULL, "discovery", TRUE);
  dbr_bluez_adapter_stop_discovery_sync (bluez_scene_get_adapter (scene), NULL, &error);
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/bluez-ends/cancels", test_cancels);
  g_test_add_func ("/dbr/bluez-ends/is-cancelled-before", test_is_cancelled_before);
  g_test_add_func ("/dbr/bluez-ends/waits-in-vain", test_waits_in_vain);
  g_test_add_func ("/dbr/bluez-ends/waits-behind-a-loss", test_waits_behind_a_loss);
  g_test_add_func ("/dbr/bluez-ends/is-forgotten", test_is_forgotten);
  g_test_add_func ("/dbr/bluez-ends/serves-threads", test_serves_threads);
  g_test_add_func ("/dbr/bluez-ends/is-denied", test_is_denied);
  g_test_add_func ("/dbr/bluez-ends/forks", test_forks);
  g_test_add_func ("/dbr/bluez-ends/bus-away-for-long", test_bus_away_for_long);

  return g_test_run ();
}
