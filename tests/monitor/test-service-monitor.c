/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>

#include "dbr-witness.h"
#include "monitor/dbr-service-monitor-private.h"

static void
test_stop_and_continue (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("A service that stops and goes on has stalled and recovered, and no more");

  witness_start (witness);
  g_assert_cmpstr (dbr_service_monitor_get_owner (witness->monitor), ==,
                   dbr_test_peer_get_unique_name (scene->peer));
  for (guint i = 0; i < 3; i++)
    {
      dbr_test_peer_stop (scene->peer);
      witness_expect (witness, "stalled");
      g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                       DBR_SERVICE_STATE_FROZEN);
      dbr_test_peer_cont (scene->peer);
      witness_expect (witness, "recovered");
      witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
    }
  g_assert_cmpuint (dbr_service_monitor_get_generation (witness->monitor), ==, 1);
}

static void
test_restart (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("A service that dies and comes back has vanished, appeared and restarted");

  witness_start (witness);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *old = g_strdup (dbr_test_peer_get_unique_name (scene->peer));

      dbr_test_peer_kill (scene->peer);
      witness_wait_state (witness, DBR_SERVICE_STATE_ABSENT);
      g_assert_null (dbr_service_monitor_get_owner (witness->monitor));
      g_assert_false (dbr_service_monitor_get_available (witness->monitor));
      g_assert_cmpint (dbr_service_monitor_get_latency_usec (witness->monitor), ==, -1);
      dbr_test_peer_restart (scene->peer);
      witness_expect (witness, "vanished appeared restarted");
      g_assert_cmpstr (g_ptr_array_index (witness->owners, 2 * i), ==, old);
      g_assert_cmpstr (g_ptr_array_index (witness->owners, 2 * i + 1), ==,
                       dbr_test_peer_get_unique_name (scene->peer));
      witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
    }
  g_assert_cmpuint (dbr_service_monitor_get_restarts (witness->monitor), ==, 3);
  g_assert_cmpuint (dbr_service_monitor_get_generation (witness->monitor), ==, 4);
}

static void
test_killed_while_stalled (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("Killed while it is stalled, it has recovered when the next one is healthy");

  witness_start (witness);
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  dbr_test_peer_restart (scene->peer);
  witness_expect (witness, "vanished appeared restarted recovered");
  witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);

  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  dbr_test_peer_kill (scene->peer);
  witness_expect (witness, "vanished");
  witness_idle (witness, 500);
  witness_expect (witness, "");
}

static void
test_hand_over (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(DbrTestPeer) other = NULL;

  g_test_summary ("A name that is handed over at once is a restart as well");

  witness_start (witness);
  other = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
  witness_expect (witness, "vanished appeared restarted");
  g_assert_cmpstr (dbr_service_monitor_get_owner (witness->monitor), ==,
                   dbr_test_peer_get_unique_name (other));
}

static void
test_bus_lost (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("When the bus is lost nobody vanishes, and on another bus there is another owner");

  witness_start (witness);
  dbr_test_bus_kill (scene->bus);
  witness_wait_state (witness, DBR_SERVICE_STATE_BUS_LOST);
  g_assert_false (dbr_service_monitor_get_available (witness->monitor));
  witness_idle (witness, 300);
  witness_expect (witness, "");

  /* Whose unique name may well be the same. */
  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  dbr_test_wait_until (NULL, strstr (witness->told->str, "restarted") != NULL,
                       WITNESS_PATIENCE_MS);
  witness_expect (witness, "vanished appeared restarted");
  witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
  g_assert_cmpuint (dbr_service_monitor_get_restarts (witness->monitor), ==, 1);
}

static void
test_bus_stopped (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("A bus that hangs is not held against its services");

  witness_start (witness);
  dbr_test_bus_stop (scene->bus);
  witness_wait_state (witness, DBR_SERVICE_STATE_BUS_LOST);
  witness_idle (witness, 2000);
  dbr_test_bus_cont (scene->bus);
  witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
  witness_expect (witness, "");
}

static void
test_blocked (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("A main loop that is blocked is not held against the service, nor is it an alarm");

  witness_start (witness);
  g_usleep (3 * G_USEC_PER_SEC);
  witness_idle (witness, 500);
  witness_expect (witness, "");
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_HEALTHY);
}

static void
test_dead_main_loop (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new_plain (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A service that answers Ping although its main loop is dead is found out");

  g_object_set (witness->monitor, "interval-ms", 1000, NULL);
  g_assert_true (dbr_service_monitor_start (witness->monitor, &error));
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_service_monitor_get_latency_usec (witness->monitor) >= 0,
                       WITNESS_PATIENCE_MS);
  g_assert_cmpint (dbr_service_monitor_get_probe_kind (witness->monitor), ==,
                   DBR_PROBE_KIND_PROPERTY);

  dbr_test_peer_tell (scene->peer, "block 600000");
  g_assert_cmpint (dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, &error), >=, 0);
  g_assert_no_error (error);
  witness_expect (witness, "stalled");
  g_assert_cmpint (dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, &error), >=, 0);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_STALLED);
}

static void
test_absent (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_ACTIVATION, NULL);
  const char *name = "org.dbr.Sleeping";
  g_autoptr(Witness) witness = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *owner = NULL;

  g_test_summary ("A service that does not run is absent, and never started");

  dbr_test_bus_add_service (scene->bus, name, dbr_test_peer_get_program ());
  witness = witness_new (scene->client, name);
  g_assert_true (dbr_service_monitor_start (witness->monitor, &error));
  witness_wait_state (witness, DBR_SERVICE_STATE_ABSENT);
  g_assert_cmpint (dbr_service_monitor_check_sync (witness->monitor, NULL, &error), ==, -1);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_OWNER);
  g_clear_error (&error);
  g_assert_true (dbr_service_monitor_refresh_sync (witness->monitor, NULL, &error));
  g_assert_no_error (error);
  witness_idle (witness, 500);
  owner = dbr_test_bus_dup_owner (scene->bus, name);
  g_assert_null (owner);
  witness_expect (witness, "");
}

static void
test_no_bus (void)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address ("unix:path=/nonexistent/bus");
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Where there is no bus nothing is known, and nothing invented");

  g_assert_false (dbr_service_monitor_refresh_sync (monitor, NULL, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (dbr_service_monitor_get_state (monitor), ==, DBR_SERVICE_STATE_BUS_LOST);
  g_assert_false (dbr_service_monitor_get_available (monitor));
  g_assert_null (dbr_service_monitor_get_owner (monitor));
  g_assert_cmpint (dbr_service_monitor_get_latency_usec (monitor), ==, -1);
  g_assert_cmpuint (dbr_service_monitor_get_generation (monitor), ==, 0);
}

static void
test_bus_comes_late (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A monitor that was started before its bus finds it when it comes");

  dbr_test_bus_kill (scene->bus);
  g_assert_true (dbr_service_monitor_start (witness->monitor, &error));
  witness_wait_state (witness, DBR_SERVICE_STATE_BUS_LOST);
  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
  g_assert_true (dbr_service_monitor_get_available (witness->monitor));
}

static void
test_refresh (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What a monitor shows can be read once, without a main loop");

  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_UNKNOWN);
  g_assert_true (dbr_service_monitor_refresh_sync (witness->monitor, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_HEALTHY);
  g_assert_cmpstr (dbr_service_monitor_get_owner (witness->monitor), ==,
                   dbr_test_peer_get_unique_name (scene->peer));
  g_assert_true (dbr_service_monitor_get_available (witness->monitor));
  g_assert_cmpint (dbr_service_monitor_get_latency_usec (witness->monitor), >=, 0);
  g_assert_cmpint (dbr_service_monitor_check_sync (witness->monitor, NULL, &error), >=, 0);

  dbr_test_peer_stop (scene->peer);
  g_assert_true (dbr_service_monitor_refresh_sync (witness->monitor, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_FROZEN);
  g_assert_cmpint (dbr_service_monitor_check_sync (witness->monitor, NULL, &error), ==, -1);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_clear_error (&error);

  dbr_test_peer_kill (scene->peer);
  dbr_test_wait_until (NULL, dbr_service_monitor_refresh_sync (witness->monitor, NULL, &error)
                       && dbr_service_monitor_get_state (witness->monitor)
                       == DBR_SERVICE_STATE_ABSENT, WITNESS_PATIENCE_MS);
  g_assert_null (dbr_service_monitor_get_owner (witness->monitor));
}

static void
test_refresh_async (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(DbrTestResult) refreshed = { NULL };
  g_auto(DbrTestResult) cancelled = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("In the background the same is read, and can be given up");

  dbr_service_monitor_refresh_async (witness->monitor, NULL, dbr_test_result_cb, &refreshed);
  g_assert_true (dbr_service_monitor_refresh_finish (witness->monitor,
                                                     dbr_test_result_wait (&refreshed, NULL),
                                                     &error));
  g_assert_no_error (error);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_HEALTHY);

  dbr_test_peer_stop (scene->peer);
  dbr_service_monitor_check_async (witness->monitor, cancellable, dbr_test_result_cb, &cancelled);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (dbr_service_monitor_check_finish (witness->monitor,
                                                     dbr_test_result_wait (&cancelled, NULL),
                                                     &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_wait_healthy (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(DbrTestResult) waited = { NULL };
  g_auto(DbrTestResult) cancelled = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("Who waits for a healthy service is told, or that the time is over");

  g_assert_true (dbr_service_monitor_wait_healthy_sync (witness->monitor, 0, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_HEALTHY);

  dbr_test_peer_kill (scene->peer);
  dbr_test_peer_wait_death (scene->peer);
  g_assert_false (dbr_service_monitor_wait_healthy_sync (witness->monitor, 300, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_clear_error (&error);

  dbr_service_monitor_wait_healthy_async (witness->monitor, 20000, cancellable,
                                          dbr_test_result_cb, &cancelled);
  dbr_service_monitor_wait_healthy_async (witness->monitor, 20000, NULL, dbr_test_result_cb,
                                          &waited);
  g_cancellable_cancel (cancellable);
  g_assert_false (dbr_service_monitor_wait_healthy_finish (witness->monitor,
                                                           dbr_test_result_wait (&cancelled, NULL),
                                                           &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  dbr_test_peer_restart (scene->peer);
  g_assert_true (dbr_service_monitor_wait_healthy_finish (witness->monitor,
                                                          dbr_test_result_wait (&waited, NULL),
                                                          &error));
  g_assert_no_error (error);
}

static void
test_slow (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new_plain (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;
  GListModel *history = dbr_service_monitor_get_history (witness->monitor);
  g_autoptr(DbrEvent) event = NULL;

  g_test_summary ("A service that takes long is slow, which is told once and is no stall");

  g_object_set (witness->monitor,
                "interval-ms", 100, "slow-ms", 200,
                "probe-path", SCENE_PATH, "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Slow",
                NULL);
  g_assert_true (dbr_service_monitor_start (witness->monitor, &error));
  witness_wait_state (witness, DBR_SERVICE_STATE_SLOW);
  witness_idle (witness, 1500);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==, DBR_SERVICE_STATE_SLOW);
  g_assert_cmpuint (g_list_model_get_n_items (history), ==, 1);
  event = g_list_model_get_item (history, 0);
  g_assert_cmpstr (dbr_event_get_kind (event), ==, "slow");
  witness_expect (witness, "");
}

static void
test_slots (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("However long a stall is, it costs no more of the bus's slots than its probes");

  witness_start (witness);
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  witness_idle (witness, 2000);
  g_assert_cmpuint (dbr_client_get_in_flight (scene->client)
                    + dbr_client_get_orphans (scene->client), <=, 3);
  dbr_test_peer_cont (scene->peer);
  witness_expect (witness, "recovered");
}

static void
test_call_hurries (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 20000);
  Outcome outcome = { NULL };
  gint64 stopped_usec;

  g_test_summary ("A call that takes long has the service asked at once");

  g_object_set (witness->monitor, "interval-ms", 60000, NULL);
  witness_start (witness);
  dbr_test_peer_stop (scene->peer);
  stopped_usec = g_get_monotonic_time ();
  scene_run_async (scene->client, call, NULL, &outcome);
  witness_expect (witness, "stalled");
  g_assert_cmpint (g_get_monotonic_time () - stopped_usec, <, 15 * G_USEC_PER_SEC);
  dbr_test_peer_cont (scene->peer);
  witness_expect (witness, "recovered");
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  outcome_clear (&outcome);
}

static void
test_answers_are_life (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on org.freedesktop.DBus.Properties.Get: reply (<'x'>,)");
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  guint n_probes;

  g_test_summary ("While a service answers calls it is asked nothing else, and then again");

  g_object_set (witness->monitor, "interval-ms", 1000, "probe-timeout-ms", 1000, NULL);
  witness_start (witness);
  n_probes = dbr_test_peer_count (scene->peer, "Get");
  g_assert_cmpuint (n_probes, >=, 1);
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 0);
      Outcome outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_no_error (outcome.error);
      outcome_clear (&outcome);
      witness_idle (witness, 100);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), <=, n_probes + 1);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Get") >= n_probes + 3,
                       WITNESS_PATIENCE_MS);
  witness_expect (witness, "");
}

static void
test_denied (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) hiding = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrAccessPolicy) pinging = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What the access policy hides is not watched, and of the rest it asks what it may");

  g_assert_true (dbr_access_policy_allow (pinging, SCENE_NAME ":org.freedesktop.DBus.Peer.Ping",
                                          &error));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(DbrClient) client = g_object_new (
        DBR_TYPE_CLIENT, "address", dbr_test_bus_get_address (scene->bus),
        "access-policy", i == 0 ? hiding : pinging, NULL);
      g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, SCENE_NAME);

      if (i == 0)
        {
          g_assert_false (dbr_service_monitor_start (monitor, &error));
          g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
          g_clear_error (&error);
          continue;
        }
      g_assert_true (dbr_service_monitor_wait_healthy_sync (monitor, 0, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpint (dbr_service_monitor_get_probe_kind (monitor), ==, DBR_PROBE_KIND_PING);
    }
}

static void
test_bad_values (void)
{
  static const struct
  {
    const char *name;
    guint       value;
  } bad[] = {
    { "interval-ms", 0 },
    { "interval-ms", 25 * 3600 * 1000 },
    { "probe-timeout-ms", 25 * 3600 * 1000 },
    { "slow-ms", 0 },
    { "misses-to-stall", 0 },
    { "misses-to-stall", 9 },
  };
  g_autoptr(DbrClient) client = dbr_client_new_for_address ("unix:path=/nonexistent/bus");
  g_autoptr(DbrServiceMonitor) unnamed = dbr_service_monitor_new (client, "not a name");
  g_autoptr(DbrServiceMonitor) half = dbr_service_monitor_new (client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A bad value is an error of what uses it");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, SCENE_NAME);

      g_object_set (monitor, bad[i].name, bad[i].value, NULL);
      g_assert_false (dbr_service_monitor_start (monitor, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, bad[i].name));
      g_clear_error (&error);
    }

  g_assert_false (dbr_service_monitor_start (unnamed, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_object_set (half, "probe-path", "/", NULL);
  g_assert_cmpint (dbr_service_monitor_check_sync (half, NULL, &error), ==, -1);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (dbr_service_monitor_set_quality (half, 10000, -1, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_quality (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A quality can be asked for, and what is achieved is told");

  g_object_set (witness->monitor, "probe-timeout-ms", 0, NULL);
  g_assert_cmpuint (dbr_service_monitor_get_detection_ms (witness->monitor), >, 0);
  g_assert_true (dbr_service_monitor_set_quality (witness->monitor, 20000, 1, &error));
  g_assert_no_error (error);
  dbr_service_monitor_refresh_sync (witness->monitor, NULL, &error);
  g_assert_cmpuint (dbr_service_monitor_get_detection_ms (witness->monitor), <=, 20000);
  g_assert_true (dbr_service_monitor_set_quality (witness->monitor, 1000, 100000, &error));
  dbr_service_monitor_refresh_sync (witness->monitor, NULL, &error);
  g_assert_false (dbr_service_monitor_get_quality_met (witness->monitor));
}

static void
test_history (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  GListModel *history = dbr_service_monitor_get_history (witness->monitor);
  g_autoptr(DbrEvent) event = NULL;
  const char *reason = NULL;
  guint pid = 0;

  g_test_summary ("What happened is kept as events, the last two hundred of them");

  witness_start (witness);
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  g_assert_cmpuint (g_list_model_get_n_items (history), ==, 1);
  event = g_list_model_get_item (history, 0);
  g_assert_cmpstr (dbr_event_get_kind (event), ==, "stalled");
  g_assert_true (g_variant_lookup (dbr_event_get_details (event), "reason", "&s", &reason));
  g_assert_cmpstr (reason, ==, "stopped");
  g_assert_true (g_variant_lookup (dbr_event_get_details (event), "pid", "u", &pid));
  g_assert_cmpuint (pid, ==, dbr_test_peer_get_pid (scene->peer));
  g_assert_cmpint (dbr_service_monitor_get_freeze (witness->monitor), ==, DBR_FREEZE_STOPPED);
  dbr_test_peer_cont (scene->peer);
  witness_expect (witness, "recovered");

  for (guint i = 0; i < 300; i++)
    dbr_service_monitor_tell (witness->monitor, "kind", "text", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (history), ==, 200);
}

static void
test_stopped_monitor (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A monitor that was stopped tells nothing, and can be started again");

  witness_start (witness);
  dbr_service_monitor_stop (witness->monitor);
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==,
                   DBR_SERVICE_STATE_UNKNOWN);
  dbr_test_peer_restart (scene->peer);
  witness_idle (witness, 300);
  witness_expect (witness, "");

  witness_start (witness);
  witness_expect (witness, "");
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  dbr_service_monitor_stop (witness->monitor);
  dbr_service_monitor_stop (witness->monitor);
  g_assert_true (dbr_service_monitor_start (witness->monitor, &error));
  g_assert_true (dbr_service_monitor_start (witness->monitor, &error));
}

static void
test_freed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("A monitor may be freed at any time");

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

      g_assert_true (dbr_service_monitor_start (witness->monitor, NULL));
      if (i % 3 == 0)
        witness_idle (witness, i % 7);
    }
  scene_assert_answers (scene->client);
}

static void
test_many (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GPtrArray) monitors = g_ptr_array_new_with_free_func ((GDestroyNotify) witness_free);

  g_test_summary ("A hundred monitors of one service see the same");

  for (guint i = 0; i < 100; i++)
    {
      Witness *witness = witness_new (scene->client, SCENE_NAME);

      g_ptr_array_add (monitors, witness);
      g_assert_true (dbr_service_monitor_start (witness->monitor, NULL));
    }
  for (guint i = 0; i < monitors->len; i++)
    witness_wait_state (g_ptr_array_index (monitors, i), DBR_SERVICE_STATE_HEALTHY);
  dbr_test_peer_restart (scene->peer);
  for (guint i = 0; i < monitors->len; i++)
    witness_expect (g_ptr_array_index (monitors, i), "vanished appeared restarted");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/service-monitor/stop-and-continue", test_stop_and_continue);
  g_test_add_func ("/dbr/service-monitor/restart", test_restart);
  g_test_add_func ("/dbr/service-monitor/killed-while-stalled", test_killed_while_stalled);
  g_test_add_func ("/dbr/service-monitor/hand-over", test_hand_over);
  g_test_add_func ("/dbr/service-monitor/bus-lost", test_bus_lost);
  g_test_add_func ("/dbr/service-monitor/bus-stopped", test_bus_stopped);
  g_test_add_func ("/dbr/service-monitor/blocked", test_blocked);
  g_test_add_func ("/dbr/service-monitor/dead-main-loop", test_dead_main_loop);
  g_test_add_func ("/dbr/service-monitor/absent", test_absent);
  g_test_add_func ("/dbr/service-monitor/no-bus", test_no_bus);
  g_test_add_func ("/dbr/service-monitor/bus-comes-late", test_bus_comes_late);
  g_test_add_func ("/dbr/service-monitor/refresh", test_refresh);
  g_test_add_func ("/dbr/service-monitor/refresh-async", test_refresh_async);
  g_test_add_func ("/dbr/service-monitor/wait-healthy", test_wait_healthy);
  g_test_add_func ("/dbr/service-monitor/slow", test_slow);
  g_test_add_func ("/dbr/service-monitor/slots", test_slots);
  g_test_add_func ("/dbr/service-monitor/call-hurries", test_call_hurries);
  g_test_add_func ("/dbr/service-monitor/answers-are-life", test_answers_are_life);
  g_test_add_func ("/dbr/service-monitor/denied", test_denied);
  g_test_add_func ("/dbr/service-monitor/bad-values", test_bad_values);
  g_test_add_func ("/dbr/service-monitor/quality", test_quality);
  g_test_add_func ("/dbr/service-monitor/history", test_history);
  g_test_add_func ("/dbr/service-monitor/stopped", test_stopped_monitor);
  g_test_add_func ("/dbr/service-monitor/freed", test_freed);
  g_test_add_func ("/dbr/service-monitor/many", test_many);

  return g_test_run ();
}
