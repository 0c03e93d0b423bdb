/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* Every callback runs once, in its own context, in order, whatever happens to client, bus and
 * caller. */

#define N_CALLS 1000

static void
test_cancel_before (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that is cancelled before it begins is never sent");
  scene_assert_answers (scene->client);
  g_cancellable_cancel (cancellable);
  if (is_async)
    {
      scene_run_async (scene->client, call, cancellable, &outcome);
      g_assert_cmpuint (outcome.n_ended, ==, 0);
      scene_wait (&outcome);
    }
  else
    {
      scene_run_sync (scene->client, call, cancellable, &outcome);
    }
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
  scene_assert_answers (scene->client);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "a"), ==, 0);
}

static void
test_cancel_soon (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that is cancelled right after it began ends at once, in a later turn of the loop");
  scene_run_async (scene->client, call, cancellable, &outcome);
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (outcome.n_ended, ==, 0);
  scene_wait (&outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel_during (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that is cancelled under way ends at once, perhaps executed");
  scene_run_async (scene->client, call, cancellable, &outcome);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Never") == 1, DBR_TEST_PATIENCE_MS);
  g_cancellable_cancel (cancellable);
  scene_wait (&outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 1);
}

static gpointer
cancel_thread (gpointer data)
{
  Scene *scene = ((gpointer *) data)[0];

  while (dbr_test_peer_count (scene->peer, "Never") == 0)
    g_thread_yield ();
  g_cancellable_cancel (((gpointer *) data)[1]);

  return NULL;
}

static void
test_cancel_sync (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 8000);
  g_auto(Outcome) outcome = { NULL };
  gpointer data[] = { scene, cancellable };
  GThread *thread = NULL;

  g_test_summary ("A call that waits is cancelled from another thread");
  scene_assert_answers (scene->client);
  thread = g_thread_new ("cancel", cancel_thread, data);
  scene_run_sync (scene->client, call, cancellable, &outcome);
  g_thread_join (thread);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (outcome.ended_usec - outcome.began_usec, <, 7 * G_USEC_PER_SEC);
}

static void
test_cancel_after (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("Cancelling what has ended does nothing");
  scene_run_async (scene->client, call, cancellable, &outcome);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_cancellable_cancel (cancellable);
  scene_assert_answers (scene->client);
  g_assert_cmpuint (outcome.n_ended, ==, 1);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
}

static void
start_many (Scene      *scene,
            DbrClient  *client,
            const char *member,
            Outcome    *outcomes,
            guint      *counter)
{
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new (member, NULL, 8000);

      outcomes[i].counter = counter;
      scene_run_async (client, call, NULL, &outcomes[i]);
    }
}

static void
assert_all_ended (Outcome *outcomes,
                  guint   *counter,
                  GQuark   domain,
                  int      code)
{
  dbr_test_wait_until (NULL, *counter == N_CALLS, DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_assert_cmpuint (outcomes[i].n_ended, ==, 1);
      if (domain != 0)
        g_assert_error (outcomes[i].error, domain, code);
      else
        g_assert_no_error (outcomes[i].error);
      g_assert_cmpuint (outcomes[i].place, ==, i);
      outcome_clear (&outcomes[i]);
    }
}

static void
test_many_answered (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_SESSION_LIMITS, NULL);
  g_autoptr(DbrClient) client = scene_new_session_client (scene);
  g_autofree Outcome *outcomes = g_new0 (Outcome, N_CALLS);
  guint counter = 0;

  g_test_summary ("A thousand calls are answered in the order they were begun");
  start_many (scene, client, "Echo", outcomes, &counter);
  assert_all_ended (outcomes, &counter, 0, 0);
}

static void
test_unreferenced (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_SESSION_LIMITS, NULL);
  DbrClient *client = scene_new_session_client (scene);
  g_autofree Outcome *outcomes = g_new0 (Outcome, N_CALLS);
  guint counter = 0;
  gpointer weak = client;

  g_test_summary ("A client that nobody keeps lives until its calls have ended, and no longer");
  g_object_add_weak_pointer (G_OBJECT (client), &weak);
  start_many (scene, client, "Echo", outcomes, &counter);
  g_object_unref (client);
  assert_all_ended (outcomes, &counter, 0, 0);
  dbr_test_wait_until (NULL, weak == NULL, DBR_TEST_PATIENCE_MS);
}

static void
test_closed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_SESSION_LIMITS, NULL);
  g_autoptr(DbrClient) client = scene_new_session_client (scene);
  g_autofree Outcome *outcomes = g_new0 (Outcome, N_CALLS);
  g_autoptr(GError) error = NULL;
  guint counter = 0;

  g_test_summary ("Closing a client ends its calls, all of them and once");
  start_many (scene, client, "Never", outcomes, &counter);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Never") >= 10, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (counter, ==, 0);
  dbr_client_close_sync (client, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_CLOSED);
  assert_all_ended (outcomes, &counter, DBR_ERROR, DBR_ERROR_CLOSED);
}

static void
test_bus_killed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_SESSION_LIMITS, NULL);
  g_autoptr(DbrClient) client = scene_new_session_client (scene);
  g_autofree Outcome *outcomes = g_new0 (Outcome, N_CALLS);
  guint counter = 0;

  g_test_summary ("When the bus dies a thousand calls end, each once and in order");
  dbr_client_set_max_in_flight (client, N_CALLS);
  start_many (scene, client, "Never", outcomes, &counter);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Never") == N_CALLS, DBR_TEST_PATIENCE_MS);
  dbr_test_bus_kill (scene->bus);
  assert_all_ended (outcomes, &counter, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
}

static void
test_waiting_closed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_SESSION_LIMITS, NULL);
  g_autoptr(DbrClient) client = scene_new_session_client (scene);
  g_autofree Outcome *outcomes = g_new0 (Outcome, N_CALLS);
  g_autoptr(GError) error = NULL;
  guint counter = 0;

  g_test_summary ("Closing a client that has no connection yet ends the calls that wait for one");
  dbr_test_bus_stop (scene->bus);
  start_many (scene, client, "Echo", outcomes, &counter);
  dbr_client_close_sync (client, NULL, &error);
  g_assert_no_error (error);
  assert_all_ended (outcomes, &counter, DBR_ERROR, DBR_ERROR_CLOSED);
  dbr_test_bus_cont (scene->bus);
}

static void
test_never_iterated (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GMainContext) context = g_main_context_new ();
  Outcome outcomes[50] = { { NULL } };

  g_test_summary ("Calls of a context that is not iterated hold up nobody, and are delivered when it is");
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  g_main_context_pop_thread_default (context);

  for (guint i = 0; i < 100; i++)
    scene_assert_answers (scene->client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    g_assert_cmpuint (outcomes[i].n_ended, ==, 0);

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      outcome_clear (&outcomes[i]);
    }
  g_main_context_pop_thread_default (context);
}

static gboolean
never_cb (gpointer user_data)
{
  g_assert_not_reached ();
}

static void
look_at_client_cb (gpointer client)
{
  g_assert_cmpuint (dbr_client_get_max_in_flight (client), >, 0);
}

static void
test_context_ends (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_autoptr(DbrCall) next_call = scene_call_new ("Echo", NULL, 5000);
  GMainContext *context = g_main_context_new ();
  GSource *source = g_timeout_source_new_seconds (3600);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) next = { NULL };

  g_test_summary ("What goes with the context of an earlier call may ask the client");
  g_main_context_push_thread_default (context);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);
  g_main_context_pop_thread_default (context);

  g_source_set_callback (source, never_cb, scene->client, look_at_client_cb);
  g_source_attach (source, context);
  g_source_unref (source);
  g_main_context_unref (context);
  scene_run_async (scene->client, next_call, NULL, &next);
  scene_wait (&next);
  g_assert_no_error (next.error);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/dbr/ends/cancelled-before/sync", GINT_TO_POINTER (FALSE), test_cancel_before);
  g_test_add_data_func ("/dbr/ends/cancelled-before/async", GINT_TO_POINTER (TRUE), test_cancel_before);
  g_test_add_func ("/dbr/ends/cancelled-soon", test_cancel_soon);
  g_test_add_func ("/dbr/ends/cancelled-under-way", test_cancel_during);
  g_test_add_func ("/dbr/ends/cancelled-while-it-waits", test_cancel_sync);
  g_test_add_func ("/dbr/ends/cancelled-afterwards", test_cancel_after);
  g_test_add_func ("/dbr/ends/a-thousand-in-order", test_many_answered);
  g_test_add_func ("/dbr/ends/client-unreferenced", test_unreferenced);
  g_test_add_func ("/dbr/ends/client-closed", test_closed);
  g_test_add_func ("/dbr/ends/client-closed-while-connecting", test_waiting_closed);
  g_test_add_func ("/dbr/ends/bus-killed", test_bus_killed);
  g_test_add_func ("/dbr/ends/a-context-never-iterated", test_never_iterated);
  g_test_add_func ("/dbr/ends/a-context-that-ends", test_context_ends);

  return g_test_run ();
}
