/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"
#include "dbr-tap.h"

/* A service that goes and comes back, and who waits for it. */

#define BUS_ERROR "org.freedesktop.DBus.Error."

/* How long a service is away where the time it is away is the test. */
#define GAP_MS 300

static void
assert_remote (const GError *error,
               const char   *name)
{
  g_autofree char *remote = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;

  g_assert_cmpstr (remote, ==, name);
}

/* The bus answers in order, so after two calls the client knows whom it called. */
static void
make_known (DbrClient *client)
{
  scene_assert_answers (client);
  scene_assert_answers (client);
}

static gboolean
is_owned (DbrTestBus *bus)
{
  g_autofree char *owner = dbr_test_bus_dup_owner (bus, SCENE_NAME);

  return owner != NULL;
}

/* Returns when the bus knows that the service has gone. */
static void
kill_peer (Scene *scene)
{
  dbr_test_peer_kill (scene->peer);
  dbr_test_wait_until (NULL, !is_owned (scene->bus), DBR_TEST_PATIENCE_MS);
}

static gboolean
passed_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

/* Time passes, and the loop goes on. */
static void
let_pass (guint ms)
{
  gboolean has_passed = FALSE;

  g_timeout_add (ms, passed_cb, &has_passed);
  dbr_test_wait_until (NULL, has_passed, DBR_TEST_PATIENCE_MS);
}

static void
test_gap (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTap) tap = NULL;
  Outcome outcomes[20] = { { NULL } };

  g_test_summary ("Calls made while the service restarts succeed when it is back, and nobody "
                  "polls");
  make_known (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));
  kill_peer (scene);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autofree char *token = g_strdup_printf ("token-%u", i);
      g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", token), 8000);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  dbr_test_wait_until (NULL, dbr_tap_count (tap) == G_N_ELEMENTS (outcomes), DBR_TEST_PATIENCE_MS);
  let_pass (GAP_MS);
  g_assert_cmpuint (dbr_tap_count (tap), ==, G_N_ELEMENTS (outcomes));

  dbr_test_peer_restart (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autofree char *token = g_strdup_printf ("token-%u", i);

      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      g_assert_cmpuint (dbr_call_get_attempts (outcomes[i].call), ==, 2);
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_ONCE);
      g_assert_cmpuint (dbr_test_peer_executions (scene->peer, token), ==, 1);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_tap_count (tap), ==, 2 * G_N_ELEMENTS (outcomes));
}

static void
test_gap_too_long (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "token"), GAP_MS);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call whose service does not come back in time says at its limit that it is "
                  "away");
  make_known (scene->client);
  kill_peer (scene);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);
  assert_remote (outcome.error, BUS_ERROR "ServiceUnknown");
  scene_assert_in_time (&outcome, GAP_MS);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
}

/* The bus has said that it starts nothing: the time that a start may take is not for this. */
static void
test_gap_by_operation (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "token"), 0);
  g_autoptr(GError) error = NULL;
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call without a limit of its own waits in a gap for its operation's limit");
  dbr_timeouts_set (timeouts, "default", GAP_MS, &error);
  g_assert_no_error (error);
  dbr_client_set_timeouts (scene->client, timeouts);
  make_known (scene->client);
  kill_peer (scene);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);
  assert_remote (outcome.error, BUS_ERROR "ServiceUnknown");
  scene_assert_in_time (&outcome, GAP_MS);
}

static void
assert_fails_fast (DbrClient *client,
                   DbrCall   *call)
{
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (client, call, NULL, &outcome);
  assert_remote (outcome.error, BUS_ERROR "ServiceUnknown");
  scene_assert_in_time (&outcome, 0);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
}

static void
test_no_wait (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrRetryPolicy) impatient = dbr_retry_policy_new ();
  g_autoptr(DbrRetryPolicy) none = dbr_retry_policy_new_preset ("none", NULL);
  g_autoptr(DbrCall) unheard = dbr_call_new ("org.dbr.Unheard", SCENE_PATH, DBR_TEST_INTERFACE,
                                             "Echo", NULL);
  g_autoptr(DbrCall) interactive = scene_call_new ("Echo", NULL, 8000);
  g_autoptr(DbrCall) first = scene_call_new ("Echo", NULL, 8000);
  g_autoptr(DbrCall) second = scene_call_new ("Echo", NULL, 8000);

  g_test_summary ("Nobody waits for what was never there, nor who does not want to or may ask a "
                  "person");
  make_known (scene->client);
  kill_peer (scene);

  assert_fails_fast (scene->client, unheard);
  dbr_call_set_interactive (interactive, TRUE);
  assert_fails_fast (scene->client, interactive);
  dbr_retry_policy_set_wait_for_owner (impatient, FALSE);
  dbr_client_set_retry_policy (scene->client, impatient);
  assert_fails_fast (scene->client, first);
  dbr_client_set_retry_policy (scene->client, none);
  assert_fails_fast (scene->client, second);
}

/* Returns when the bus has refused the one call of the client: what it is asked later it answers
 * later. */
static void
wait_in_gap (Scene  *scene,
             DbrTap *tap)
{
  g_autoptr(GError) error = NULL;

  dbr_test_wait_until (NULL, dbr_tap_count (tap) == 1, DBR_TEST_PATIENCE_MS);
  dbr_client_ping_sync (scene->client, "org.freedesktop.DBus", NULL, &error);
  g_assert_no_error (error);
}

static void
test_gap_of_both (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTap) tap = NULL;
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "token"), 9000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that waits for its service goes on when the bus has gone and come back "
                  "too");
  make_known (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));
  kill_peer (scene);
  scene_run_async (scene->client, call, NULL, &outcome);
  wait_in_gap (scene, tap);

  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "token"), ==, 1);
}

static void
test_closed_in_gap (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTap) tap = NULL;
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 9000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that waits for its service ends with its client");
  make_known (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));
  kill_peer (scene);
  scene_run_async (scene->client, call, NULL, &outcome);
  wait_in_gap (scene, tap);
  dbr_client_close_async (scene->client, NULL, NULL, NULL);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
  scene_assert_in_time (&outcome, 0);
}

static void
test_many_clients (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  DbrClient *clients[50];
  Outcome outcomes[50] = { { NULL } };

  g_test_summary ("Fifty clients that wait for one service are all served when it is back");
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
      make_known (clients[i]);
    }
  kill_peer (scene);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "token"), 8000);

      scene_run_async (clients[i], call, NULL, &outcomes[i]);
    }
  dbr_test_peer_restart (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      outcome_clear (&outcomes[i]);
      g_object_unref (clients[i]);
    }
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "token"), ==, G_N_ELEMENTS (clients));
}

static void
test_starting (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on Early: reply ('up',)\n"
                                      "on Early call 1: error " BUS_ERROR "UnknownObject");
  g_autoptr(DbrCall) before = scene_call_new ("Early", NULL, 5000);
  g_autoptr(DbrCall) after = scene_call_new ("Early", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) after_outcome = { NULL };

  g_test_summary ("A service that has just come may not have its objects yet, and is asked again");
  make_known (scene->client);
  scene_run_sync (scene->client, before, NULL, &outcome);
  assert_remote (outcome.error, BUS_ERROR "UnknownObject");
  g_assert_cmpuint (dbr_call_get_attempts (before), ==, 1);

  kill_peer (scene);
  dbr_test_peer_restart (scene->peer);
  make_known (scene->client);
  scene_run_sync (scene->client, after, NULL, &after_outcome);
  g_assert_no_error (after_outcome.error);
  dbr_test_assert_prints (after_outcome.reply, "('up',)");
  g_assert_cmpuint (dbr_call_get_attempts (after), ==, 2);
  g_assert_cmpint (dbr_call_get_execution (after), ==, DBR_EXECUTION_ONCE);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/restarts/a-gap-is-waited-out", test_gap);
  g_test_add_func ("/dbr/restarts/a-gap-that-is-too-long", test_gap_too_long);
  g_test_add_func ("/dbr/restarts/who-does-not-wait", test_no_wait);
  g_test_add_func ("/dbr/restarts/a-gap-by-operation", test_gap_by_operation);
  g_test_add_func ("/dbr/restarts/service-and-bus-restart", test_gap_of_both);
  g_test_add_func ("/dbr/restarts/closed-in-the-gap", test_closed_in_gap);
  g_test_add_func ("/dbr/restarts/many-clients", test_many_clients);
  g_test_add_func ("/dbr/restarts/not-all-objects-yet", test_starting);

  return g_test_run ();
}
