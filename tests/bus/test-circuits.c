/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "base/dbr-io-private.h"
#include "dbr-scene.h"

/* The circuits of a client, with services that really stall. */

#define HEALTHY_NAME "org.dbr.Healthy"
#define LIMIT_MS 150

/* So long that it does not end within a test. */
#define LONG_MS 60000

/* What a client tells of its services. */
typedef struct
{
  GString *states;
  guint    n_stalled;
  guint    n_recovered;
  gint64   silent_usec;
  gint64   down_usec;
} News;

static void
circuit_changed_cb (DbrClient       *client,
                    const char      *bus_name,
                    DbrCircuitState  state,
                    gpointer         user_data)
{
  News *news = user_data;
  g_autoptr(GEnumClass) states = g_type_class_ref (DBR_TYPE_CIRCUIT_STATE);

  g_assert_cmpstr (bus_name, ==, SCENE_NAME);
  g_string_append_printf (news->states, "%s ", g_enum_get_value (states, state)->value_nick);
}

static void
stalled_cb (DbrClient  *client,
            const char *bus_name,
            gint64      silent_usec,
            gpointer    user_data)
{
  News *news = user_data;

  g_assert_cmpstr (bus_name, ==, SCENE_NAME);
  g_assert_cmpuint (news->n_stalled, ==, news->n_recovered);
  news->n_stalled++;
  news->silent_usec = silent_usec;
}

static void
recovered_cb (DbrClient  *client,
              const char *bus_name,
              gint64      down_usec,
              gpointer    user_data)
{
  News *news = user_data;

  g_assert_cmpstr (bus_name, ==, SCENE_NAME);
  news->n_recovered++;
  news->down_usec = down_usec;
}

static void
news_listen (News      *news,
             DbrClient *client)
{
  *news = (News) { .states = g_string_new (NULL) };
  g_signal_connect (client, "circuit-changed", G_CALLBACK (circuit_changed_cb), news);
  g_signal_connect (client, "service-stalled", G_CALLBACK (stalled_cb), news);
  g_signal_connect (client, "service-recovered", G_CALLBACK (recovered_cb), news);
}

static void
news_clear (News *news)
{
  g_string_free (news->states, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (News, news_clear)

static void
wait_for_state (DbrCircuitBreaker *circuit,
                DbrCircuitState    state)
{
  dbr_test_wait_until (NULL, dbr_circuit_breaker_get_state (circuit) == state,
                       DBR_TEST_PATIENCE_MS);
}

static void
assert_state (DbrCircuitBreaker *circuit,
              DbrCircuitState    state)
{
  g_assert_cmpint (dbr_circuit_breaker_get_state (circuit), ==, state);
}

/* One call that is not answered in time. */
static void
miss (DbrClient *client)
{
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, LIMIT_MS);
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

/* A circuit that three calls to a stopped service have opened, for @open_ms at most. One that was
 * not answered while this program was held up does not count, and is made again. */
static DbrCircuitBreaker *
open_circuit (Scene *scene,
              guint  open_ms)
{
  DbrCircuitBreaker *circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);

  g_object_set (circuit, "open-ms", open_ms, "max-open-ms", open_ms, NULL);
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < 3; i++)
    {
      assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
      miss (scene->client);
    }
  for (guint i = 0; i < 3 && dbr_circuit_breaker_get_state (circuit) != DBR_CIRCUIT_STATE_OPEN; i++)
    miss (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_OPEN);

  return circuit;
}

static void
assert_refused (DbrClient *client)
{
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 8000);
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
  scene_assert_in_time (&outcome, 0);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 0);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
}

static void
test_consecutive (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = open_circuit (scene, 2000);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 8000);
  g_auto(Outcome) outcome = { NULL };
  guint ms = dbr_circuit_breaker_get_retry_after_ms (circuit);

  g_test_summary ("Three calls in a row without an answer open it, and it says for how long and "
                  "why");
  g_assert_cmpuint (ms, >, 0);
  g_assert_cmpuint (ms, <=, 2000);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (circuit), ==, "3 calls failed in a row");

  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
  scene_assert_in_time (&outcome, 0);
  g_assert_nonnull (strstr (outcome.error->message, SCENE_NAME));
  g_assert_nonnull (strstr (outcome.error->message, " ms: 3 calls failed in a row"));
  g_assert_nonnull (strstr (outcome.error->message, "did not answer"));
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 0);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
}

static void
test_ratio (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);

  g_test_summary ("Half of five calls or more without an answer open it, fewer do not");
  for (guint i = 0; i < 2; i++)
    {
      scene_assert_answers (scene->client);
      miss (scene->client);
    }
  scene_assert_answers (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);

  miss (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_OPEN);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (circuit), ==,
                   "at least 50 % of the calls failed");
  assert_refused (scene->client);
}

static void
test_slow (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Try: wait 80; reply ()");
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);

  g_test_summary ("Four slow calls of five open it");
  g_object_set (circuit, "slow-ms", 50u, NULL);
  scene_assert_answers (scene->client);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Try", NULL, 5000);
      g_auto(Outcome) outcome = { NULL };

      assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_no_error (outcome.error);
    }
  assert_state (circuit, DBR_CIRCUIT_STATE_OPEN);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (circuit), ==,
                   "at least 80 % of the calls were slow");
}

static void
test_bus_says (void)
{
  g_autoptr(DbrTestPeer) bus =
    dbr_test_peer_new_listening ("on org.freedesktop.DBus.Hello: reply (':1.1',)\n"
                                 "on org.freedesktop.DBus.AddMatch: reply ()\n"
                                 "on org.freedesktop.DBus.GetNameOwner: reply (':1.2',)");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (client, SCENE_NAME);
  const char *names[] = {
    "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.NoReply"
  };

  g_test_summary ("That the service died with its calls opens it; that the bus refused them does "
                  "not");
  for (guint i = 0; i < G_N_ELEMENTS (names) * 3; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Fail", g_variant_new ("(ss)", names[i / 3], "no"),
                                                5000);
      g_auto(Outcome) outcome = { NULL };

      assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
      scene_run_sync (client, call, NULL, &outcome);
      g_assert_nonnull (outcome.error);
    }
  assert_state (circuit, DBR_CIRCUIT_STATE_OPEN);
}

typedef enum
{
  KIND_FAILED,
  KIND_CANCELLED,
  KIND_INTERACTIVE,
  KIND_BYPASSING,
} Kind;

static void
run_uncounted (DbrClient *client,
               Kind       kind)
{
  g_autoptr(DbrCall) call = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Outcome) outcome = { NULL };

  if (kind == KIND_FAILED)
    call = scene_call_new ("Fail", g_variant_new ("(ss)", "a.b.C", ""), 5000);
  else
    call = scene_call_new ("Never", NULL, kind == KIND_CANCELLED ? 5000 : 30);
  dbr_call_set_interactive (call, kind == KIND_INTERACTIVE);
  dbr_call_set_bypass_circuit (call, kind == KIND_BYPASSING);

  scene_run_async (client, call, cancellable, &outcome);
  if (kind == KIND_CANCELLED)
    g_cancellable_cancel (cancellable);
  scene_wait (&outcome);
  g_assert_nonnull (outcome.error);
}

static void
test_not_counted (void)
{
  g_test_summary ("Errors of the service, what was cancelled, what asks a person and what passes by "
                  "do not count");
  for (Kind kind = KIND_FAILED; kind <= KIND_BYPASSING; kind++)
    {
      g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
      g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);

      scene_assert_answers (scene->client);
      for (guint i = 0; i < 6; i++)
        run_uncounted (scene->client, kind);
      assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
    }
}

static void
test_no_connection (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 1500);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call whose time is over while it waits for a connection says nothing of the "
                  "service, though the attempt before was sent");
  dbr_circuit_breaker_set_consecutive_failures (circuit, 1);
  scene_assert_answers (scene->client);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Never") == 1,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_bus_kill (scene->bus);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcome, 1500);
  g_assert_cmpint (dbr_circuit_breaker_get_state (circuit), ==, DBR_CIRCUIT_STATE_CLOSED);
}

static void
test_one_method (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  Outcome outcomes[4] = { { NULL } };
  g_auto(News) news;

  g_test_summary ("A service that leaves one method unanswered and answers others works");
  news_listen (&news, scene->client);
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, LIMIT_MS);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }

  /* So many that those without an answer are fewer than half. */
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (outcomes); i++)
    scene_assert_answers (scene->client);
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
      outcome_clear (&outcomes[i]);
    }
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
  g_assert_cmpuint (news.n_stalled, ==, 0);
}

static void
starve_cb (gpointer data)
{
  /* What a machine with too much to do does to a thread. */
  g_usleep (700 * 1000);
}

static void
test_own_stall (gconstpointer data)
{
  gboolean is_of_attempt = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrRetryPolicy) none = dbr_retry_policy_new_preset ("none", NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  Outcome outcomes[4] = { { NULL } };

  g_test_summary ("A stall of our own threads is not the service's, whichever limit is told late");
  dbr_client_set_retry_policy (scene->client, none);
  scene_assert_answers (scene->client);
  dbr_io_invoke (starve_cb, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, is_of_attempt ? 9000 : 100);

      dbr_call_set_attempt_timeout_ms (call, 100);
      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
      outcome_clear (&outcomes[i]);
    }
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
}

/* Calls until the service answers and the circuit is closed. */
static void
call_until_closed (Scene             *scene,
                   DbrCircuitBreaker *circuit)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  while (dbr_circuit_breaker_get_state (circuit) != DBR_CIRCUIT_STATE_CLOSED)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, LIMIT_MS);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      dbr_test_wait_step (NULL, deadline, "a closed circuit", __FILE__, __LINE__, G_STRFUNC);
    }
}

static void
test_recovers (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = NULL;
  g_auto(News) news;

  g_test_summary ("A stall is told once, and its end once, when calls are answered again");
  news_listen (&news, scene->client);
  circuit = open_circuit (scene, 100);
  dbr_test_wait_until (NULL, news.n_stalled == 1, DBR_TEST_PATIENCE_MS);
  /* From when the first was sent, and not from when it was begun. */
  g_assert_cmpint (news.silent_usec, >, 2 * LIMIT_MS * 1000);

  /* It is tried a few times, and stays what it is. */
  for (guint i = 0; i < 2; i++)
    {
      wait_for_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
      miss (scene->client);
      assert_state (circuit, DBR_CIRCUIT_STATE_OPEN);
    }
  dbr_test_peer_cont (scene->peer);
  call_until_closed (scene, circuit);
  dbr_test_wait_until (NULL, news.n_recovered == 1
                       && g_str_has_suffix (news.states->str, "closed "), DBR_TEST_PATIENCE_MS);
  scene_assert_answers (scene->client);
  g_assert_cmpuint (news.n_stalled, ==, 1);
  g_assert_cmpuint (news.n_recovered, ==, 1);
  g_assert_cmpint (news.down_usec, >=, news.silent_usec + 2 * LIMIT_MS * 1000);
  g_assert_true (g_str_has_prefix (news.states->str,
                                   "open half-open open half-open open half-open "));
  g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (circuit), ==, 0);
  g_assert_null (dbr_circuit_breaker_get_reason (circuit));
}

static void
test_never_stuck (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = open_circuit (scene, 100);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) trial = scene_call_new ("Echo", NULL, 8000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that tries it and is cancelled neither closes it nor holds up the next");
  wait_for_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
  scene_run_async (scene->client, trial, cancellable, &outcome);
  assert_refused (scene->client);
  g_cancellable_cancel (cancellable);
  scene_wait (&outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);

  dbr_test_peer_cont (scene->peer);
  scene_assert_answers (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
  scene_assert_answers (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
}

static void
test_new_owner (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = open_circuit (scene, LONG_MS);
  g_auto(News) news;

  g_test_summary ("A new program with the name is tried at once");
  news_listen (&news, scene->client);
  assert_refused (scene->client);
  dbr_test_peer_restart (scene->peer);
  wait_for_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
  scene_assert_answers (scene->client);
  scene_assert_answers (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
  dbr_test_wait_until (NULL, news.n_recovered == 1, DBR_TEST_PATIENCE_MS);
}

static void
test_late_reply (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Never: reply ()");
  g_autoptr(DbrCircuitBreaker) circuit = open_circuit (scene, LONG_MS);

  g_test_summary ("A service that answers late is tried at once");
  assert_refused (scene->client);
  dbr_test_peer_cont (scene->peer);
  wait_for_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
  scene_assert_answers (scene->client);
  scene_assert_answers (scene->client);
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
}

static void
test_dead_loop (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_auto(News) news;

  g_test_summary ("A service whose main loop is dead, though it answers Ping and Introspect, "
                  "stays stalled");
  g_object_set (circuit, "open-ms", 60u, "max-open-ms", 60u, NULL);
  news_listen (&news, scene->client);
  scene_assert_answers (scene->client);
  dbr_test_peer_tell (scene->peer, "block 60000");
  for (guint i = 0; i < 3; i++)
    miss (scene->client);

  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *xml = NULL;

      wait_for_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
      for (guint j = 0; j < 3; j++)
        g_assert_cmpint (dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, NULL), >=, 0);
      xml = dbr_client_introspect_sync (scene->client, SCENE_NAME, SCENE_PATH, NULL, NULL);
      g_assert_nonnull (xml);
      assert_state (circuit, DBR_CIRCUIT_STATE_HALF_OPEN);
      miss (scene->client);
      assert_state (circuit, DBR_CIRCUIT_STATE_OPEN);
    }
  dbr_test_wait_until (NULL, strlen (news.states->str) >= strlen ("half-open open ") * 8,
                       DBR_TEST_PATIENCE_MS);
  g_assert_null (strstr (news.states->str, "closed"));
  g_assert_cmpuint (news.n_stalled, ==, 1);
  g_assert_cmpuint (news.n_recovered, ==, 0);
}

static void
test_crowd (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) healthy = dbr_test_peer_new (scene->bus, HEALTHY_NAME, NULL);
  g_autofree Outcome *outcomes = g_new0 (Outcome, 1000);
  guint n_refused = 0;
  guint n_ended = 0;
  guint n_healthy = 0;
  gint64 worst_usec = 0;
  g_auto(News) news;

  g_test_summary ("Of 1000 callers of a stalled service all but a few are told at once when that "
                  "is known, "
                  "and callers of another one are answered all the time");
  news_listen (&news, scene->client);
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, i < 16 ? 400 : 30000);

      outcomes[i].counter = &n_ended;
      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }

  /* The 16 wait for their time to be over, and then all know. */
  while (n_ended < 1000)
    {
      g_autoptr(DbrCall) call = dbr_call_new (HEALTHY_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                              "Echo", NULL);
      g_auto(Outcome) outcome = { NULL };

      scene_run_async (scene->client, call, NULL, &outcome);
      scene_wait (&outcome);
      g_assert_no_error (outcome.error);
      worst_usec = MAX (worst_usec, dbr_call_get_elapsed_usec (call));
      n_healthy++;
      g_assert_cmpint (g_get_monotonic_time () - outcomes[0].began_usec, <, 5 * G_USEC_PER_SEC);
    }

  for (guint i = 0; i < 1000; i++)
    {
      if (i < 16)
        {
          g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
          scene_assert_in_time (&outcomes[i], 400);
        }
      else
        {
          g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
          g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_NEVER);
          g_assert_cmpint (outcomes[i].ended_usec - outcomes[i].began_usec, <,
                           400 * 1000 + SCENE_GRACE_USEC);
          n_refused++;
        }
      g_assert_cmpuint (outcomes[i].n_ended, ==, 1);
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (n_refused, ==, 984);
  g_assert_cmpuint (n_healthy, >, 20);
  g_assert_cmpint (worst_usec, <, SCENE_GRACE_USEC);
  dbr_test_wait_until (NULL, news.n_stalled == 1, DBR_TEST_PATIENCE_MS);
  g_test_message ("%u calls to the other service meanwhile, the longest of %" G_GINT64_FORMAT
                  " us", n_healthy, worst_usec);
}

static void
test_by_hand (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_autoptr(DbrCall) passing = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) passing_outcome = { NULL };
  g_auto(News) news;

  g_test_summary ("An isolated service is called by nobody but who passes by, until it is reset");
  news_listen (&news, scene->client);
  dbr_circuit_breaker_isolate (circuit);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
  g_assert_nonnull (strstr (outcome.error->message, "isolated"));
  g_assert_cmpint (dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, NULL), ==, -1);

  dbr_call_set_bypass_circuit (passing, TRUE);
  scene_run_sync (scene->client, passing, NULL, &passing_outcome);
  g_assert_no_error (passing_outcome.error);
  assert_state (circuit, DBR_CIRCUIT_STATE_ISOLATED);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, 1);

  dbr_circuit_breaker_reset (circuit);
  scene_assert_answers (scene->client);
  dbr_test_wait_until (NULL, g_str_equal (news.states->str, "isolated closed "),
                       DBR_TEST_PATIENCE_MS);
}

static void
test_isolated_queue (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Outcome outcomes[20] = { { NULL } };

  g_test_summary ("When a service is isolated, who waits for a place is told so at once");
  scene_assert_answers (scene->client);
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 30000);

      scene_run_async (scene->client, call, cancellable, &outcomes[i]);
    }
  dbr_circuit_breaker_isolate (circuit);
  for (gsize i = 16; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
    }
  for (gsize i = 0; i < 16; i++)
    g_assert_cmpuint (outcomes[i].n_ended, ==, 0);
  g_cancellable_cancel (cancellable);
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      outcome_clear (&outcomes[i]);
    }
}

static void
test_identity (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrCircuitBreaker) same = NULL;
  g_autoptr(DbrCircuitBreaker) other = dbr_client_get_circuit (scene->client, HEALTHY_NAME);

  g_test_summary ("A service has one circuit in a client, whatever else is called");
  scene_assert_answers (scene->client);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Name%u", i);
      g_autoptr(GVariant) reply = NULL;

      reply = dbr_client_call_sync (scene->client, name, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                                    NULL, NULL, 5000, NULL, NULL);
      g_assert_null (reply);
    }
  same = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_assert_true (same == circuit);
  g_assert_true (other != circuit);
  dbr_circuit_breaker_isolate (same);
  assert_refused (scene->client);
}

static void
test_outlives_client (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = open_circuit (scene, 100);
  gpointer client = scene->client;

  g_test_summary ("Whoever has a circuit may keep it longer than its client, which it does not "
                  "hold");
  g_object_add_weak_pointer (G_OBJECT (client), &client);
  g_clear_object (&scene->client);
  dbr_test_wait_until (NULL, client == NULL, DBR_TEST_PATIENCE_MS);

  dbr_circuit_breaker_isolate (circuit);
  assert_state (circuit, DBR_CIRCUIT_STATE_ISOLATED);
  dbr_circuit_breaker_reset (circuit);
  assert_state (circuit, DBR_CIRCUIT_STATE_CLOSED);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/circuits/opens/consecutive", test_consecutive);
  g_test_add_func ("/dbr/circuits/opens/ratio", test_ratio);
  g_test_add_func ("/dbr/circuits/opens/slow", test_slow);
  g_test_add_func ("/dbr/circuits/opens/what-the-bus-says", test_bus_says);
  g_test_add_func ("/dbr/circuits/does-not-open/not-counted", test_not_counted);
  g_test_add_func ("/dbr/circuits/does-not-open/no-connection", test_no_connection);
  g_test_add_func ("/dbr/circuits/does-not-open/one-method", test_one_method);
  g_test_add_data_func ("/dbr/circuits/does-not-open/own-stall", GINT_TO_POINTER (FALSE),
                        test_own_stall);
  g_test_add_data_func ("/dbr/circuits/does-not-open/own-stall-of-an-attempt",
                        GINT_TO_POINTER (TRUE), test_own_stall);
  g_test_add_func ("/dbr/circuits/recovers", test_recovers);
  g_test_add_func ("/dbr/circuits/never-stuck", test_never_stuck);
  g_test_add_func ("/dbr/circuits/new-owner", test_new_owner);
  g_test_add_func ("/dbr/circuits/late-reply", test_late_reply);
  g_test_add_func ("/dbr/circuits/dead-main-loop", test_dead_loop);
  g_test_add_func ("/dbr/circuits/a-thousand-callers", test_crowd);
  g_test_add_func ("/dbr/circuits/by-hand", test_by_hand);
  g_test_add_func ("/dbr/circuits/isolated-queue", test_isolated_queue);
  g_test_add_func ("/dbr/circuits/identity", test_identity);
  g_test_add_func ("/dbr/circuits/outlives-its-client", test_outlives_client);

  return g_test_run ();
}
