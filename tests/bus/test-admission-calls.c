/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-scene.h"

/* How many calls are under way at a time, how many wait, and in which order they go. */

#define MAX_IN_FLIGHT 16
#define MAX_QUEUED 1000
#define MIB (1024 * 1024)
/* Of the 128 unanswered calls that the bus allows a connection. */
#define N_TAKEN 118

/* A Ping passes no window. With this rule the peer answers it in the order in which it is given
 * calls, so that all that was sent before it has been counted once it is answered. */
#define FENCE "on org.freedesktop.DBus.Peer.Ping: reply ()"

static void
assert_has_arrived (Scene      *scene,
                    const char *member,
                    guint       n_calls)
{
  g_autoptr(GError) error = NULL;

  /* Another thread may just be sending the last of them. */
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, member) >= n_calls,
                       DBR_TEST_PATIENCE_MS);
  dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, member), ==, n_calls);
}

static void
run_increment (Scene    *scene,
               Outcome  *outcome,
               guint     timeout_ms,
               gboolean  is_background)
{
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "order"),
                                            timeout_ms);

  dbr_call_set_background (call, is_background);
  scene_run_async (scene->client, call, NULL, outcome);
}

/* The how manieth of all it was in the service. */
static guint
get_turn (Outcome *outcome)
{
  guint turn = 0;

  g_assert_no_error (outcome->error);
  g_variant_get (outcome->reply, "(u)", &turn);

  return turn;
}

static void
test_thousand (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Increment: wait 5");
  g_autofree Outcome *outcomes = g_new0 (Outcome, 1000);

  g_test_summary ("A thousand calls at once on a bus with the system bus's limits are all answered, in order");

  for (guint i = 0; i < 1000; i++)
    run_increment (scene, &outcomes[i], 0, FALSE);
  for (guint i = 0; i < 1000; i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_cmpuint (get_turn (&outcomes[i]), >, 0);
      g_assert_cmpuint (outcomes[i].n_ended, ==, 1);
      g_assert_cmpuint (dbr_call_get_attempts (outcomes[i].call), ==, 1);
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_ONCE);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "order"), ==, 1000);
}

static void
test_overloaded (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  const guint n_fit = MAX_IN_FLIGHT + MAX_QUEUED;
  const guint n_calls = n_fit + 50;
  g_autofree Outcome *outcomes = g_new0 (Outcome, n_calls);

  g_test_summary ("What does not fit is refused at once and not sent; the rest goes in order");
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);

  for (guint i = 0; i < n_calls; i++)
    run_increment (scene, &outcomes[i], 30000, FALSE);
  for (guint i = n_fit; i < n_calls; i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_OVERLOADED);
      g_assert_nonnull (strstr (outcomes[i].error->message, SCENE_NAME));
      g_assert_cmpuint (dbr_call_get_attempts (outcomes[i].call), ==, 0);
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_NEVER);
      g_assert_cmpint (outcomes[i].ended_usec - outcomes[i].began_usec, <, 5 * SCENE_GRACE_USEC);
    }
  g_assert_cmpuint (outcomes[0].n_ended, ==, 0);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == MAX_IN_FLIGHT,
                       DBR_TEST_PATIENCE_MS);

  dbr_test_peer_cont (scene->peer);
  for (guint i = 0; i < n_calls; i++)
    {
      scene_wait (&outcomes[i]);
      if (i < n_fit)
        g_assert_cmpuint (get_turn (&outcomes[i]), ==, i + 1);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "order"), ==, n_fit);
}

static void
test_background (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Outcome early[MAX_IN_FLIGHT] = { { NULL } };
  Outcome background[8] = { { NULL } };
  Outcome interactive[8] = { { NULL } };

  g_test_summary ("What waits in the background goes after all others, and each kind in order");
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    run_increment (scene, &early[i], 10000, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (background); i++)
    {
      run_increment (scene, &background[i], 10000, TRUE);
      run_increment (scene, &interactive[i], 10000, FALSE);
    }
  dbr_test_peer_cont (scene->peer);

  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    {
      scene_wait (&early[i]);
      g_assert_cmpuint (get_turn (&early[i]), ==, i + 1);
      outcome_clear (&early[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (background); i++)
    {
      scene_wait (&background[i]);
      scene_wait (&interactive[i]);
      g_assert_cmpuint (get_turn (&interactive[i]), ==, MAX_IN_FLIGHT + i + 1);
      g_assert_cmpuint (get_turn (&background[i]), ==,
                        MAX_IN_FLIGHT + G_N_ELEMENTS (interactive) + i + 1);
      outcome_clear (&interactive[i]);
      outcome_clear (&background[i]);
    }
}

/* A call whose body takes exactly a MiB. */
static void
run_large (Scene      *scene,
           const char *bus_name,
           Outcome    *outcome,
           guint       timeout_ms,
           gboolean    is_background)
{
  g_autofree char *text = g_strnfill (MIB - 1, 'x');
  g_autoptr(DbrCall) call = dbr_call_new (bus_name, SCENE_PATH, DBR_TEST_INTERFACE, "Increment",
                                          g_variant_new ("(s)", text));

  g_assert_cmpuint (g_variant_get_size (dbr_call_get_parameters (call)), ==, MIB);
  dbr_call_set_timeout_ms (call, timeout_ms);
  dbr_call_set_background (call, is_background);
  scene_run_async (scene->client, call, NULL, outcome);
}

static void
assert_refused (Outcome *outcome)
{
  scene_wait (outcome);
  g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_OVERLOADED);
  g_assert_nonnull (strstr (outcome->error->message, "memory"));
  g_assert_cmpint (dbr_call_get_execution (outcome->call), ==, DBR_EXECUTION_NEVER);
  outcome_clear (outcome);
}

static void
test_bytes (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Outcome outcomes[17] = { { NULL } };
  Outcome refused[2] = { { NULL } };

  g_test_summary ("16 MiB of bodies wait at most, and half of it in the background");
  scene_assert_answers (scene->client);
  dbr_client_set_max_in_flight (scene->client, 1);
  dbr_test_peer_stop (scene->peer);

  /* One is under way, and eight wait. */
  run_increment (scene, &outcomes[0], 20000, FALSE);
  for (guint i = 1; i <= 8; i++)
    run_large (scene, SCENE_NAME, &outcomes[i], 20000, TRUE);
  run_large (scene, SCENE_NAME, &refused[0], 20000, TRUE);
  assert_refused (&refused[0]);

  for (guint i = 9; i <= 16; i++)
    run_large (scene, SCENE_NAME, &outcomes[i], 20000, FALSE);
  run_large (scene, SCENE_NAME, &refused[1], 20000, FALSE);
  assert_refused (&refused[1]);

  dbr_test_peer_cont (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Increment"), ==, 17);
}

static void
test_nothing_may_go (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) first = scene_call_new ("Echo", NULL, 0);
  g_autoptr(DbrCall) second = scene_call_new ("Echo", NULL, 0);
  g_auto(Outcome) sync_outcome = { NULL };
  g_auto(Outcome) async_outcome = { NULL };

  g_test_summary ("A window of no calls is an error of the next call and not one that waits for ever");
  dbr_client_set_max_in_flight (scene->client, 0);
  g_assert_cmpuint (dbr_client_get_max_in_flight (scene->client), ==, 0);

  scene_run_sync (scene->client, first, NULL, &sync_outcome);
  scene_run_async (scene->client, second, NULL, &async_outcome);
  scene_wait (&async_outcome);
  g_assert_error (sync_outcome.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_error (async_outcome.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (sync_outcome.error->message, "max-in-flight"));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, 0);

  dbr_client_set_max_in_flight (scene->client, 1);
  scene_assert_answers (scene->client);
}

static void
run_held (Scene    *scene,
          Outcome  *outcomes,
          guint     n_calls)
{
  for (guint i = 0; i < n_calls; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Hold", NULL, 20000);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
}

static void
test_limits_change (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, FENCE ";; on Hold: wait 600");
  Outcome outcomes[12] = { { NULL } };
  g_auto(Outcome) refused = { NULL };

  g_test_summary ("Limits that change at run time hold at once for those that wait");
  scene_assert_answers (scene->client);
  dbr_client_set_max_in_flight (scene->client, 2);

  run_held (scene, outcomes, 10);
  assert_has_arrived (scene, "Hold", 2);

  dbr_client_set_max_in_flight (scene->client, 5);
  assert_has_arrived (scene, "Hold", 5);

  dbr_client_set_max_queued (scene->client, 5);
  run_held (scene, &refused, 1);
  scene_wait (&refused);
  g_assert_error (refused.error, DBR_ERROR, DBR_ERROR_OVERLOADED);

  /* Fewer: those under way go on, and no other goes before there is room for it. */
  dbr_client_set_max_in_flight (scene->client, 1);
  dbr_client_set_max_queued (scene->client, 100);
  run_held (scene, &outcomes[10], 2);
  assert_has_arrived (scene, "Hold", 5);
  scene_wait (&outcomes[4]);
  assert_has_arrived (scene, "Hold", 6);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 1, DBR_TEST_PATIENCE_MS);

  dbr_client_set_max_in_flight (scene->client, 16);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Hold"), ==, G_N_ELEMENTS (outcomes));
}

static void
test_waiters_leave (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) doomed = scene_call_new ("Echo", NULL, 10000);
  g_auto(Outcome) first = { NULL };
  g_auto(Outcome) cancelled = { NULL };
  g_auto(Outcome) last = { NULL };
  Outcome late[5] = { { NULL } };

  g_test_summary ("Who waits and gives up leaves by the limit and is never sent, and the next one goes");
  scene_assert_answers (scene->client);
  dbr_client_set_max_in_flight (scene->client, 1);
  dbr_client_set_max_queued (scene->client, 7);
  dbr_test_peer_stop (scene->peer);

  run_increment (scene, &first, 20000, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    run_increment (scene, &late[i], 200, i % 2 == 0);
  scene_run_async (scene->client, doomed, cancellable, &cancelled);
  run_increment (scene, &last, 20000, FALSE);

  g_cancellable_cancel (cancellable);
  scene_wait (&cancelled);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dbr_call_get_execution (doomed), ==, DBR_EXECUTION_NEVER);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      scene_wait (&late[i]);
      g_assert_error (late[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
      scene_assert_in_time (&late[i], 200);
      g_assert_cmpuint (dbr_call_get_attempts (late[i].call), ==, 0);
      g_assert_cmpint (dbr_call_get_execution (late[i].call), ==, DBR_EXECUTION_NEVER);
      outcome_clear (&late[i]);
      late[i] = (Outcome) { NULL };
    }

  /* Their places in the queue are free again. */
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    run_increment (scene, &late[i], 20000, FALSE);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 0);

  dbr_test_peer_cont (scene->peer);
  scene_wait (&first);
  scene_wait (&last);
  g_assert_cmpuint (get_turn (&first), ==, 1);
  g_assert_cmpuint (get_turn (&last), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      scene_wait (&late[i]);
      g_assert_cmpuint (get_turn (&late[i]), ==, i + 3);
      outcome_clear (&late[i]);
    }
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "order"), ==, 7);
}

static void
test_orphans (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Hold: never");
  Outcome held[MAX_IN_FLIGHT] = { { NULL } };
  Outcome outcomes[20] = { { NULL } };

  g_test_summary ("However many calls a service never answers, one place is left for those that it does");
  scene_assert_answers (scene->client);
  scene_hold_circuit (scene->client);

  for (guint i = 0; i < G_N_ELEMENTS (held); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Hold", NULL, 200);

      scene_run_async (scene->client, call, NULL, &held[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (held); i++)
    {
      scene_wait (&held[i]);
      g_assert_error (held[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
      outcome_clear (&held[i]);
    }
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, MAX_IN_FLIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    run_increment (scene, &outcomes[i], 5000, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_cmpuint (get_turn (&outcomes[i]), ==, i + 1);
      outcome_clear (&outcomes[i]);
    }

  /* With the service all of them are gone, and the window is whole again. */
  dbr_test_peer_restart (scene->peer);
  dbr_test_wait_until (NULL, dbr_client_get_orphans (scene->client) == 0, DBR_TEST_PATIENCE_MS);
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      outcomes[i] = (Outcome) { NULL };
      run_increment (scene, &outcomes[i], 10000, FALSE);
    }
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == MAX_IN_FLIGHT,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_peer_cont (scene->peer);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      outcome_clear (&outcomes[i]);
    }
}

static void
test_stopped_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Outcome outcomes[40] = { { NULL } };
  g_auto(Outcome) last = { NULL };
  g_autoptr(DbrCall) call = NULL;
  g_autofree char *text = g_strnfill (MIB - 1, 'x');
  /* None may be over before the last one is made. */
  guint limit_ms = (guint) dbr_test_stretch (2000);
  guint n_refused = 0;

  g_test_summary ("What waits to be written to a bus that does not read is bounded, and the rest refused in time");
  scene_assert_answers (scene->client);
  dbr_test_bus_stop (scene->bus);

  /* Each to a name of its own, so that no window holds it up. */
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autofree char *bus_name = g_strdup_printf ("org.dbr.Nobody%u", i);

      run_large (scene, bus_name, &outcomes[i], limit_ms, FALSE);
    }
  call = dbr_call_new ("org.dbr.NobodyAtAll", SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                       g_variant_new ("(s)", text));
  dbr_call_set_timeout_ms (call, limit_ms);
  scene_run_sync (scene->client, call, NULL, &last);
  g_assert_error (last.error, DBR_ERROR, DBR_ERROR_OVERLOADED);
  g_assert_cmpint (last.ended_usec - last.began_usec, <, SCENE_GRACE_USEC);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      if (g_error_matches (outcomes[i].error, DBR_ERROR, DBR_ERROR_OVERLOADED))
        {
          g_assert_nonnull (strstr (outcomes[i].error->message, "does not read"));
          g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_NEVER);
          n_refused++;
        }
      else
        {
          g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
          scene_assert_in_time (&outcomes[i], limit_ms);
        }
      outcome_clear (&outcomes[i]);
    }
  /* 16 MiB wait, one message is half written, and little fits into the socket. */
  g_assert_cmpuint (n_refused, >=, 20);
  g_assert_cmpuint (n_refused, <=, G_N_ELEMENTS (outcomes) - 16);

  dbr_test_bus_cont (scene->bus);
  scene_assert_answers (scene->client);
}

static void
count_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result,
                                                             NULL);
  guint *n_ended = user_data;

  g_assert_null (reply);
  (*n_ended)++;
}

static void
test_limits_exceeded (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_DBUS_DAEMON, "on Hold: never;; on Increment: wait 20");
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  Outcome outcomes[40] = { { NULL } };
  guint n_refused = 0;
  guint n_ended = 0;

  g_test_summary ("Where others have taken what the bus allows, calls go fewer at a time and still all arrive");

  /* The client cannot know of these. */
  for (guint i = 0; i < N_TAKEN; i++)
    g_dbus_connection_call (connection, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Hold", NULL,
                            NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, count_cb, &n_ended);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Hold") == N_TAKEN,
                       DBR_TEST_PATIENCE_MS);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "all"), 8000);

      scene_run_async (client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      n_refused += dbr_call_get_attempts (outcomes[i].call) - 1;
      g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_ONCE);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_cmpuint (n_refused, <, MAX_IN_FLIGHT);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "all"), ==, G_N_ELEMENTS (outcomes));

  dbr_test_peer_kill (scene->peer);
  dbr_test_wait_until (NULL, n_ended == N_TAKEN, DBR_TEST_PATIENCE_MS);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/admission/a-thousand-at-once-are-all-answered", test_thousand);
  g_test_add_func ("/dbr/admission/more-than-fits-is-refused-before-it-is-sent", test_overloaded);
  g_test_add_func ("/dbr/admission/the-background-goes-last", test_background);
  g_test_add_func ("/dbr/admission/bytes-that-wait-are-bounded", test_bytes);
  g_test_add_func ("/dbr/admission/a-window-of-no-calls-is-an-error", test_nothing_may_go);
  g_test_add_func ("/dbr/admission/limits-change-at-run-time", test_limits_change);
  g_test_add_func ("/dbr/admission/who-gives-up-waiting-is-never-sent", test_waiters_leave);
  g_test_add_func ("/dbr/admission/orphans-leave-one-place", test_orphans);
  g_test_add_func ("/dbr/admission/bytes-to-be-written-are-bounded", test_stopped_bus);
  g_test_add_func ("/dbr/admission/a-bus-that-refuses-narrows-the-window", test_limits_exceeded);

  return g_test_run ();
}
