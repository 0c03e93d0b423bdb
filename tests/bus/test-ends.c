/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/dbr-io-private.h"
#include "dbr-scene.h"

/* Every call ends, and by its limit. */

typedef struct
{
  char   *operation;
  gint64  late_by_usec;
  guint   n_replies;
} LateReply;

static void
late_reply_cb (DbrClient  *client,
               const char *operation,
               gint64      late_by_usec,
               gpointer    user_data)
{
  LateReply *late = user_data;

  g_free (late->operation);
  late->operation = g_strdup (operation);
  late->late_by_usec = late_by_usec;
  late->n_replies++;
}

static void
test_stopped_peer (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "late"), 300);
  g_auto(Outcome) outcome = { NULL };
  g_autofree char *operation = NULL;
  LateReply late = { NULL };

  g_test_summary ("A call to a stopped peer ends at its limit, perhaps executed; its late reply is told");
  scene_assert_answers (scene->client);
  g_signal_connect (scene->client, "late-reply", G_CALLBACK (late_reply_cb), &late);

  dbr_test_peer_stop (scene->peer);
  if (is_async)
    {
      scene_run_async (scene->client, call, NULL, &outcome);
      scene_wait (&outcome);
    }
  else
    {
      scene_run_sync (scene->client, call, NULL, &outcome);
    }

  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_nonnull (strstr (outcome.error->message, SCENE_NAME));
  scene_assert_in_time (&outcome, 300);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
  g_assert_cmpint (dbr_call_get_service_usec (call), ==, -1);
  g_assert_cmpuint (dbr_client_get_in_flight (scene->client), ==, 0);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 1);

  dbr_test_peer_cont (scene->peer);
  dbr_test_wait_until (NULL, late.n_replies == 1, DBR_TEST_PATIENCE_MS);
  operation = late.operation;
  g_assert_cmpstr (operation, ==, "default");
  g_assert_cmpint (late.late_by_usec, >, 0);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 0);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "late"), ==, 1);
}

static void
block_loop (guint ms)
{
  /* What a careless application does; the wait is the test. */
  g_usleep (ms * 1000);
}

static void
test_blocked_loop_success (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Wait", g_variant_new ("(u)", 300), 2000);
  g_auto(Outcome) outcome = { NULL };
  gint64 sum;

  g_test_summary ("A reply within the limit is a success though the loop was blocked, and the lag is told");
  scene_assert_answers (scene->client);

  scene_run_async (scene->client, call, NULL, &outcome);
  block_loop (2200);
  scene_wait (&outcome);

  g_assert_no_error (outcome.error);
  g_assert_cmpint (dbr_call_get_lag_usec (call), >=, 150 * 1000);
  g_assert_cmpint (dbr_call_get_service_usec (call), >=, 300 * 1000);
  sum = dbr_call_get_queue_usec (call) + dbr_call_get_service_usec (call) + dbr_call_get_lag_usec (call);
  g_assert_cmpint (sum, ==, dbr_call_get_elapsed_usec (call));
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
}

static void
test_blocked_loop_deadline (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Wait", g_variant_new ("(u)", 800), 400);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A reply after the limit is no success though the blocked loop sees both at once");
  scene_assert_answers (scene->client);

  scene_run_async (scene->client, call, NULL, &outcome);
  block_loop (1000);
  scene_wait (&outcome);

  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

static void
starve_cb (gpointer data)
{
  block_loop (600);
}

static void
test_starved_io (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Wait", g_variant_new ("(u)", 300), 200);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A reply after the limit is no success though dbr-io itself had no time to say so");
  scene_assert_answers (scene->client);

  dbr_io_invoke (starve_cb, NULL);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);

  /* Where dbr-io reads the socket itself, it has not seen the reply when it sees the time. */
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (dbr_call_get_execution (call), ==,
                   scene_is_on_gdbus () ? DBR_EXECUTION_ONCE : DBR_EXECUTION_MAYBE);
}

static void
test_reuses_slots (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) healthy = dbr_test_peer_new (scene->bus, "org.dbr.Healthy", NULL);
  g_autofree Outcome *outcomes = g_new0 (Outcome, 200);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  guint n_late = 0;
  guint n_sent = 0;

  g_test_summary ("A hung service cannot use up the bus's slots of a client that also calls another");
  scene_assert_answers (scene->client);
  dbr_test_peer_stop (scene->peer);

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 200);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < 200; i++)
    {
      scene_wait (&outcomes[i]);
      if (g_error_matches (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE))
        n_late++;
      else
        g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
      if (dbr_call_get_execution (outcomes[i].call) == DBR_EXECUTION_MAYBE)
        n_sent++;
      else
        g_assert_cmpint (dbr_call_get_execution (outcomes[i].call), ==, DBR_EXECUTION_NEVER);
      outcome_clear (&outcomes[i]);
    }
  /* Those after the first sixteen were never sent, whether their time was over first or the circuit
   * opened. */
  g_assert_cmpuint (n_late, >=, 16);
  g_assert_cmpuint (n_sent, ==, 16);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 16);

  reply = dbr_client_call_sync (scene->client, "org.dbr.Healthy", SCENE_PATH, DBR_TEST_INTERFACE,
                                "Echo", g_variant_new ("(s)", "well"), NULL, 2000, NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('well',)");

  /* The death of the service gives all of them back. */
  dbr_test_peer_kill (scene->peer);
  dbr_test_wait_until (NULL, dbr_client_get_orphans (scene->client) == 0, DBR_TEST_PATIENCE_MS);
}

static void
test_stopped_bus (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 300);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("Connecting to a stopped bus ends at the limit, and closing the client does not wait");
  dbr_test_bus_stop (scene->bus);

  if (is_async)
    {
      scene_run_async (scene->client, call, NULL, &outcome);
      scene_wait (&outcome);
    }
  else
    {
      scene_run_sync (scene->client, call, NULL, &outcome);
    }
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcome, 300);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 0);

  g_clear_object (&scene->client);
  dbr_test_bus_cont (scene->bus);
}

static void
test_bus_stops_later (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "maybe"), 300);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call on a bus that has stopped ends at its limit too, and may run later");
  scene_assert_answers (scene->client);
  dbr_test_bus_stop (scene->bus);

  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcome, 300);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);

  dbr_test_bus_cont (scene->bus);
  scene_assert_answers (scene->client);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "maybe"), ==, 1);
}

static void
test_withdrawn (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *filler = g_strnfill (1024 * 1024, 'x');
  Outcome outcomes[12] = { { NULL } };
  guint n_never = 0;

  g_test_summary ("A call that ends before it could be written is never written, and says so");
  scene_assert_answers (scene->client);
  dbr_test_bus_stop (scene->bus);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autofree char *token = g_strdup_printf ("%u-%s", i, filler);
      g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", token), 300);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    scene_wait (&outcomes[i]);
  dbr_test_bus_cont (scene->bus);
  scene_assert_answers (scene->client);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autofree char *token = g_strdup_printf ("%u-%s", i, filler);
      guint n_executions;

      g_assert_error (outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
      n_executions = dbr_test_peer_executions (scene->peer, token);
      if (dbr_call_get_execution (outcomes[i].call) == DBR_EXECUTION_NEVER)
        {
          n_never++;
          g_assert_cmpuint (n_executions, ==, 0);
        }
      else
        {
          g_assert_cmpuint (n_executions, ==, 1);
        }
      outcome_clear (&outcomes[i]);
    }
  g_assert_cmpuint (n_never, >, 0);
  g_assert_cmpuint (n_never, <, G_N_ELEMENTS (outcomes));
}

static void
nested_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  guint *n_done = user_data;

  reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);
  g_assert_no_error (error);
  scene_assert_answers (DBR_CLIENT (source));
  (*n_done)++;
}

static void
test_sync_inside_callback (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  guint n_done = 0;

  g_test_summary ("A call that waits can be made inside a callback");
  for (guint i = 0; i < 10; i++)
    dbr_client_call_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL,
                           NULL, 5000, NULL, nested_cb, &n_done);
  dbr_test_wait_until (NULL, n_done == 10, DBR_TEST_PATIENCE_MS);
}

static gboolean
never_cb (gpointer user_data)
{
  g_assert_not_reached ();
}

static void
test_sync_dispatches_nothing (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  guint source_id = g_idle_add (never_cb, NULL);

  g_test_summary ("A call that waits dispatches nothing of its thread's main context");
  scene_assert_answers (scene->client);
  g_source_remove (source_id);
}

static void
test_activation (void)
{
  g_autoptr(Scene) scene = NULL;
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(DbrCall) call = NULL;
  g_autoptr(DbrCall) stopped_call = NULL;
  g_autofree char *exec = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) stopped = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A service that must be started first is given the time for it; one that runs is not");
  scene = scene_new (DBR_TEST_BUS_ACTIVATION | DBR_TEST_BUS_DBUS_DAEMON, NULL);
  exec = g_strdup_printf ("/bin/sh -c \"sleep 1; exec %s --session --name org.dbr.Lazy --quiet\"",
                          dbr_test_peer_get_program ());
  dbr_test_bus_add_service (scene->bus, "org.dbr.Lazy", exec);
  dbr_timeouts_set (timeouts, "default", 300, &error);
  g_assert_no_error (error);
  dbr_timeouts_set (timeouts, "activate", 8000, &error);
  g_assert_no_error (error);
  dbr_client_set_timeouts (scene->client, timeouts);

  call = dbr_call_new ("org.dbr.Lazy", SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (dbr_call_get_elapsed_usec (call), >, 300 * 1000);

  dbr_test_peer_stop (scene->peer);
  stopped_call = scene_call_new ("Echo", NULL, 0);
  scene_run_sync (scene->client, stopped_call, NULL, &stopped);
  g_assert_error (stopped.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&stopped, 300);
}

typedef struct
{
  Scene *scene;
  guint  n_ok;
} Worker;

static gpointer
worker_thread (gpointer data)
{
  Worker *worker = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  G_GNUC_UNUSED g_autoptr(GMainContextPusher) pusher = g_main_context_pusher_new (context);

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(u)", i), 8000);
      g_auto(Outcome) outcome = { NULL };

      if (i % 2 == 0)
        {
          scene_run_sync (worker->scene->client, call, NULL, &outcome);
        }
      else
        {
          scene_run_async (worker->scene->client, call, NULL, &outcome);
          scene_wait (&outcome);
          g_assert_true (outcome.context == context);
        }
      g_assert_no_error (outcome.error);
      worker->n_ok++;
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  GThread *threads[8];
  Worker workers[8];

  g_test_summary ("Many threads share a client, and each hears in its own context");
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      workers[i] = (Worker) { scene, 0 };
      threads[i] = g_thread_new ("worker", worker_thread, &workers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpuint (workers[i].n_ok, ==, 100);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/dbr/client/a-call-to-a-stopped-peer-ends/sync", GINT_TO_POINTER (FALSE),
                        test_stopped_peer);
  g_test_add_data_func ("/dbr/client/a-call-to-a-stopped-peer-ends/async", GINT_TO_POINTER (TRUE),
                        test_stopped_peer);
  g_test_add_func ("/dbr/client/a-blocked-loop-loses-no-reply", test_blocked_loop_success);
  g_test_add_func ("/dbr/client/a-blocked-loop-moves-no-deadline", test_blocked_loop_deadline);
  g_test_add_func ("/dbr/client/a-starved-thread-moves-no-deadline", test_starved_io);
  g_test_add_func ("/dbr/client/a-hung-service-leaves-slots-to-others", test_reuses_slots);
  g_test_add_data_func ("/dbr/client/a-stopped-bus-holds-nobody/sync", GINT_TO_POINTER (FALSE),
                        test_stopped_bus);
  g_test_add_data_func ("/dbr/client/a-stopped-bus-holds-nobody/async", GINT_TO_POINTER (TRUE),
                        test_stopped_bus);
  g_test_add_func ("/dbr/client/a-bus-that-stops-later-holds-nobody", test_bus_stops_later);
  g_test_add_func ("/dbr/client/what-was-not-written-never-is", test_withdrawn);
  g_test_add_func ("/dbr/client/sync-inside-a-callback", test_sync_inside_callback);
  g_test_add_func ("/dbr/client/sync-dispatches-nothing", test_sync_dispatches_nothing);
  g_test_add_func ("/dbr/client/activation-has-its-own-limit", test_activation);
  g_test_add_func ("/dbr/client/threads-share-a-client", test_threads);

  return g_test_run ();
}
