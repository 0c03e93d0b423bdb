/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-meter.h"

#include <stdlib.h>

/* What a client writes into its metrics and its trace. */

#define OPERATION(member) SCENE_NAME ":" DBR_TEST_INTERFACE "." member
#define GET SCENE_NAME ":org.freedesktop.DBus.Properties.Get"

/* The accuracy that is promised of a percentile. */
#define ACCURACY 0.016

static void
assert_counts (DbrMetrics *metrics,
               const char *operation,
               guint       n_ok,
               guint       n_errors,
               guint       n_timeouts,
               guint       n_cancelled,
               guint       n_rejected)
{
  g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, operation);

  g_assert_cmpuint (dbr_operation_stats_get_ok (stats), ==, n_ok);
  g_assert_cmpuint (dbr_operation_stats_get_errors (stats), ==, n_errors);
  g_assert_cmpuint (dbr_operation_stats_get_timeouts (stats), ==, n_timeouts);
  g_assert_cmpuint (dbr_operation_stats_get_cancelled (stats), ==, n_cancelled);
  g_assert_cmpuint (dbr_operation_stats_get_rejected (stats), ==, n_rejected);
}

/* A call of either kind; FALSE: it failed. */
static gboolean
run (DbrClient    *client,
     gboolean      is_async,
     DbrCall      *call,
     GCancellable *cancellable)
{
  g_auto(Outcome) outcome = { NULL };

  if (is_async)
    {
      scene_run_async (client, call, cancellable, &outcome);
      if (cancellable != NULL)
        g_cancellable_cancel (cancellable);
      scene_wait (&outcome);
    }
  else
    {
      if (cancellable != NULL)
        g_cancellable_cancel (cancellable);
      scene_run_sync (client, call, cancellable, &outcome);
    }

  return outcome.error == NULL;
}

static gboolean
run_member (DbrClient  *client,
            gboolean    is_async,
            const char *member,
            GVariant   *parameters,
            guint       timeout_ms)
{
  g_autoptr(DbrCall) call = scene_call_new (member, parameters, timeout_ms);

  return run (client, is_async, call, NULL);
}

static void
test_outcomes (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) cancelled = scene_call_new ("Never", NULL, 5000);
  g_autoptr(DbrCall) wrong = scene_call_new ("WrongType", NULL, 5000);

  g_test_summary ("Each call is counted by how it ended, by when its caller hears of it");
  scene_hold_circuit (scene->client);

  g_assert_true (run_member (scene->client, is_async, "Echo", NULL, 5000));
  assert_counts (metrics, OPERATION ("Echo"), 1, 0, 0, 0, 0);

  g_assert_false (run_member (scene->client, is_async, "Fail",
                              g_variant_new ("(ss)", "org.dbr.Error.Odd", "no"), 5000));
  assert_counts (metrics, OPERATION ("Fail"), 0, 1, 0, 0, 0);
  g_assert_cmpint (metrics_get_errors (metrics, OPERATION ("Fail"), "org.dbr.Error.Odd"), ==, 1);

  g_assert_false (run_member (scene->client, is_async, "Never", NULL, 100));
  assert_counts (metrics, OPERATION ("Never"), 0, 0, 1, 0, 0);
  g_assert_false (run (scene->client, is_async, cancelled, cancellable));
  assert_counts (metrics, OPERATION ("Never"), 0, 0, 1, 1, 0);

  dbr_call_set_reply_type (wrong, G_VARIANT_TYPE ("(s)"));
  g_assert_false (run (scene->client, is_async, wrong, NULL));
  assert_counts (metrics, OPERATION ("WrongType"), 0, 1, 0, 0, 0);
  g_assert_cmpint (metrics_get_errors (metrics, OPERATION ("WrongType"),
                                       "org.dbr.Error.BadReply"), ==, 1);
}

static void
test_rejected (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrCall) waiting = scene_call_new ("Never", NULL, 0);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrCall) bad = dbr_call_new (SCENE_NAME, "no path", DBR_TEST_INTERFACE, "Echo", NULL);
  g_auto(Outcome) outcome = { NULL };
  g_auto(GStrv) operations = NULL;

  g_test_summary ("What is refused here is counted as such, and what is no call is not");

  scene_assert_answers (scene->client);
  dbr_circuit_breaker_isolate (circuit);
  g_assert_false (run_member (scene->client, is_async, "Echo", NULL, 5000));
  dbr_circuit_breaker_reset (circuit);
  assert_counts (metrics, OPERATION ("Echo"), 1, 0, 0, 0, 1);

  dbr_client_set_max_in_flight (scene->client, 1);
  dbr_client_set_max_queued (scene->client, 0);
  scene_run_async (scene->client, waiting, cancellable, &outcome);
  g_assert_false (run_member (scene->client, is_async, "Echo", NULL, 5000));
  assert_counts (metrics, OPERATION ("Echo"), 1, 0, 0, 0, 2);
  g_cancellable_cancel (cancellable);
  scene_wait (&outcome);

  g_assert_false (run (scene->client, is_async, bad, NULL));
  operations = dbr_metrics_dup_operations (metrics);
  g_assert_cmpuint (g_strv_length (operations), ==, 2);
  assert_counts (metrics, OPERATION ("Echo"), 1, 0, 0, 0, 2);
}

static void
test_denied (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrClient) client = g_object_new (DBR_TYPE_CLIENT,
                                              "address", dbr_test_bus_get_address (scene->bus),
                                              "access-policy", policy,
                                              "trace-size", 3,
                                              NULL);
  GListModel *trace = dbr_client_get_trace (client);
  g_autoptr(DbrCall) traced = NULL;

  g_test_summary ("What a policy denies is counted as refused, and kept in the trace");

  g_assert_false (run_member (client, FALSE, "Echo", NULL, 5000));
  assert_counts (dbr_client_get_metrics (client), OPERATION ("Echo"), 0, 0, 0, 0, 1);

  dbr_test_wait_until (NULL, g_list_model_get_n_items (trace) == 1, DBR_TEST_PATIENCE_MS);
  traced = g_list_model_get_item (trace, 0);
  g_assert_cmpstr (dbr_call_get_method_name (traced), ==, "Echo");
  g_assert_cmpint (dbr_call_get_outcome (traced), ==, DBR_OUTCOME_REJECTED);
  g_assert_cmpuint (dbr_call_get_attempts (traced), ==, 0);
}

static void
test_closed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that a client is closed over was given up, and later ones are refused");

  scene_assert_answers (scene->client);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 1, DBR_TEST_PATIENCE_MS);
  dbr_client_close_sync (scene->client, NULL, NULL);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CLOSED);
  assert_counts (metrics, OPERATION ("Never"), 0, 0, 0, 1, 0);
  g_assert_cmpint (dbr_call_get_outcome (call), ==, DBR_OUTCOME_CANCELLED);

  g_assert_false (run_member (scene->client, FALSE, "Never", NULL, 5000));
  assert_counts (metrics, OPERATION ("Never"), 0, 0, 0, 1, 1);
}

static void
test_names (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(DbrClient) direct = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));
  g_autoptr(DbrCall) named = scene_call_new ("Echo", NULL, 5000);
  g_autoptr(DbrCall) unique = dbr_call_new (dbr_test_peer_get_unique_name (scene->peer),
                                            SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL);
  g_autoptr(DbrCall) bare = dbr_call_new (NULL, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL);
  g_auto(GStrv) operations = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = NULL;
  g_autofree char *owner = NULL;
  const char *const expected[] = {
    ":*:" DBR_TEST_INTERFACE ".Echo",
    "greet",
    OPERATION ("Echo"),
    "org.freedesktop.DBus:org.freedesktop.DBus.ListNames",
    "peer:" DBR_TEST_INTERFACE ".Echo",
    NULL
  };

  g_test_summary ("A call is counted by whom and what it calls, or by the name it is given");

  dbr_client_set_metrics (direct, dbr_client_get_metrics (scene->client));
  dbr_call_set_operation (named, "greet");
  scene_assert_answers (scene->client);
  g_assert_true (run (scene->client, FALSE, named, NULL));
  g_assert_true (run (scene->client, FALSE, unique, NULL));
  g_assert_true (run (direct, FALSE, bare, NULL));
  names = dbr_client_list_names_sync (scene->client, FALSE, NULL, &error);
  g_assert_no_error (error);
  /* To wait is no call that could be slow. */
  owner = dbr_client_wait_for_service_sync (scene->client, SCENE_NAME, 5000, NULL, &error);
  g_assert_no_error (error);

  operations = dbr_metrics_dup_operations (dbr_client_get_metrics (scene->client));
  g_assert_cmpstrv (operations, expected);
}

static int
compare_usec (gconstpointer a,
              gconstpointer b)
{
  gint64 one = *(const gint64 *) a;
  gint64 other = *(const gint64 *) b;

  return (one > other) - (one < other);
}

static void
assert_near (gint64 value,
             gint64 truth)
{
  g_assert_cmpfloat_with_epsilon ((double) value, (double) truth, (double) truth * ACCURACY);
}

#define N_QUICK 54
#define N_SLOW 6
#define N_CALLS (N_QUICK + N_SLOW)

static void
test_percentiles (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(DbrOperationStats) stats = NULL;
  Outcome outcomes[N_CALLS] = { { NULL } };
  gint64 usec[N_CALLS];
  gint64 service_p95;

  g_test_summary ("Percentiles are those of the calls, and the service's time is told apart");

  dbr_client_set_max_in_flight (scene->client, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    {
      guint ms = i < N_QUICK ? 50 : 400;
      g_autoptr(DbrCall) call = scene_call_new ("Wait", g_variant_new ("(u)", ms), 5000);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < N_CALLS; i++)
    {
      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      usec[i] = dbr_call_get_elapsed_usec (outcomes[i].call);
      outcome_clear (&outcomes[i]);
    }

  qsort (usec, N_CALLS, sizeof *usec, compare_usec);
  stats = dbr_metrics_get_stats (metrics, OPERATION ("Wait"));
  g_assert_cmpuint (dbr_operation_stats_get_ok (stats), ==, N_CALLS);
  g_assert_cmpint (dbr_operation_stats_get_min_usec (stats), ==, usec[0]);
  g_assert_cmpint (dbr_operation_stats_get_max_usec (stats), ==, usec[N_CALLS - 1]);
  assert_near (dbr_operation_stats_percentile (stats, 50), usec[N_CALLS / 2 - 1]);
  assert_near (dbr_operation_stats_percentile (stats, 95), usec[N_CALLS * 95 / 100 - 1]);

  service_p95 = metrics_get_number (metrics, "operations", OPERATION ("Wait"), "service-p95-usec");
  g_assert_cmpint (service_p95, >=, (gint64) (400 * 1000 * (1 - ACCURACY)));
  g_assert_cmpint (metrics_get_number (metrics, "operations", OPERATION ("Wait"),
                                       "queue-p95-usec"), <, service_p95);
}

/* How often a part of the time of an operation was recorded. */
static guint
count_parts (DbrMetrics *metrics,
             const char *part,
             const char *member)
{
  g_autofree char *text = dbr_metrics_to_openmetrics (metrics);
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *series = g_strdup_printf ("%s_count{", part);
  g_autofree char *label = g_strdup_printf ("member=\"%s\"", member);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], series) && strstr (lines[i], label) != NULL)
        return (guint) g_ascii_strtoull (strrchr (lines[i], ' ') + 1, NULL, 10);
    }

  return 0;
}

static void
test_joined (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  DbrTestResult results[5] = { { NULL } };

  g_test_summary ("What many ask at once counts for each, and the service's time once");

  scene_assert_known (scene->client);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    dbr_client_read_property_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                    "Slow", NULL, dbr_test_result_cb, &results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) value = NULL;

      dbr_test_result_wait (&results[i], NULL);
      value = dbr_client_read_property_finish (scene->client, results[i].result, &error);
      g_assert_no_error (error);
      dbr_test_result_clear (&results[i]);
    }

  assert_counts (metrics, GET, G_N_ELEMENTS (results), 0, 0, 0, 0);
  g_assert_cmpuint (count_parts (metrics, "dbr_call_duration_seconds", "Get"), ==,
                    G_N_ELEMENTS (results));
  g_assert_cmpuint (count_parts (metrics, "dbr_call_service_seconds", "Get"), ==, 1);
  g_assert_cmpuint (count_parts (metrics, "dbr_call_queue_seconds", "Get"), ==, 1);
}

static void
test_retries (void)
{
  g_autoptr(Scene) scene =
    scene_new (DBR_TEST_BUS_NONE, "on Echo: reply;; on Echo call 1: error org.dbr.Error.Busy;;"
               "on Echo call 2: error org.dbr.Error.Busy");
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A call that is tried again is one call, and so many retries");

  dbr_retry_policy_add_retryable (policy, "org.dbr.Error.Busy", &error);
  g_assert_no_error (error);
  dbr_client_set_retry_policy (scene->client, policy);
  g_assert_true (run_member (scene->client, FALSE, "Echo", NULL, 5000));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, 3);
  assert_counts (metrics, OPERATION ("Echo"), 1, 0, 0, 0, 0);
  g_assert_cmpint (metrics_get_number (metrics, "operations", OPERATION ("Echo"), "retries"), ==, 2);
}

static void
test_orphans (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) metrics = g_object_ref (dbr_client_get_metrics (scene->client));
  const char *connection;

  g_test_summary ("Answers that are due to nobody are counted, of an operation and a connection");

  scene_assert_answers (scene->client);
  connection = dbr_client_get_unique_name (scene->client);
  dbr_test_peer_stop (scene->peer);
  g_assert_false (run_member (scene->client, FALSE, "Increment", g_variant_new ("(s)", "a"), 100));
  g_assert_cmpint (metrics_get_number (metrics, "operations", OPERATION ("Increment"), "orphans"),
                   ==, 1);
  g_assert_cmpint (metrics_get_number (metrics, "places", connection, "orphaned"), ==, 1);
  g_assert_cmpint (metrics_get_number (metrics, "places", connection, "slots"), ==, 128);

  dbr_test_peer_cont (scene->peer);
  dbr_test_wait_until (NULL,
                       metrics_get_number (metrics, "operations", OPERATION ("Increment"),
                                           "orphans") == 0
                       && metrics_get_number (metrics, "places", connection, "orphaned") == 0,
                       DBR_TEST_PATIENCE_MS);
}

static void
test_connection (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrMetrics) first = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(DbrMetrics) second = dbr_metrics_new ();
  g_autofree char *connection = NULL;

  g_test_summary ("A connection is shown by the metrics that its client has, while it is there");

  scene_assert_answers (scene->client);
  connection = g_strdup (dbr_client_get_unique_name (scene->client));
  g_assert_cmpint (metrics_get_number (first, "places", connection, "match-rules-limit"), ==, 512);

  dbr_client_set_metrics (scene->client, second);
  g_assert_cmpint (metrics_get_number (first, "places", connection, "slots"), ==, -1);
  g_assert_cmpint (metrics_get_number (second, "places", connection, "slots"), ==, 128);

  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, metrics_get_number (second, "places", connection, "slots") == -1,
                       DBR_TEST_PATIENCE_MS);
}

static void
count_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    n)
{
  (*(guint *) n)++;
}

static void
test_property (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrClient) other = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
  g_autoptr(DbrMetrics) first = g_object_ref (dbr_client_get_metrics (scene->client));
  g_autoptr(DbrMetrics) shared = dbr_metrics_new ();
  g_autoptr(DbrMetrics) got = NULL;
  guint n = 0;

  g_test_summary ("A client has metrics of its own, shares those of others, or has none");

  g_assert_true (DBR_IS_METRICS (first));
  g_assert_true (first != dbr_client_get_metrics (other));
  g_signal_connect (scene->client, "notify::metrics", G_CALLBACK (count_cb), &n);
  scene_assert_answers (scene->client);

  g_object_set (scene->client, "metrics", shared, NULL);
  dbr_client_set_metrics (other, shared);
  dbr_client_set_metrics (scene->client, shared);
  g_object_get (scene->client, "metrics", &got, NULL);
  g_assert_true (got == shared);
  g_assert_cmpuint (n, ==, 1);
  scene_assert_answers (scene->client);
  scene_assert_answers (other);
  assert_counts (shared, OPERATION ("Echo"), 2, 0, 0, 0, 0);

  dbr_client_set_metrics (scene->client, NULL);
  g_assert_null (dbr_client_get_metrics (scene->client));
  g_assert_cmpuint (n, ==, 2);
  scene_assert_answers (scene->client);
  assert_counts (shared, OPERATION ("Echo"), 2, 0, 0, 0, 0);
  assert_counts (first, OPERATION ("Echo"), 1, 0, 0, 0, 0);
}

static void
test_left_behind (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Wait", g_variant_new ("(u)", 300), 5000);
  g_autoptr(DbrCall) orphan = scene_call_new ("Wait", g_variant_new ("(u)", 300), 100);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("Metrics may go while a call that began with them is under way");

  scene_assert_answers (scene->client);
  scene_run_async (scene->client, call, NULL, &outcome);
  g_assert_false (run (scene->client, FALSE, orphan, NULL));
  dbr_client_set_metrics (scene->client, NULL);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  dbr_test_wait_until (NULL, dbr_client_get_orphans (scene->client) == 0, DBR_TEST_PATIENCE_MS);
}

#define N_THREADS 4
#define N_EACH 200

static gpointer
call_many (gpointer client)
{
  for (guint i = 0; i < N_EACH; i++)
    scene_assert_answers (client);

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  GThread *threads[N_THREADS];

  g_test_summary ("Calls of many threads are all counted");

  dbr_client_set_trace_size (scene->client, 7);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("call", call_many, scene->client);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  assert_counts (dbr_client_get_metrics (scene->client), OPERATION ("Echo"),
                 N_THREADS * N_EACH, 0, 0, 0, 0);
  dbr_test_wait_until (NULL,
                       g_list_model_get_n_items (dbr_client_get_trace (scene->client)) == 7,
                       DBR_TEST_PATIENCE_MS);
}

static void
test_many_names (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on *: reply ()");
  DbrMetrics *metrics = dbr_client_get_metrics (scene->client);
  g_auto(GStrv) operations = NULL;
  gint64 count = 0;

  g_test_summary ("However many methods are called, their number is bounded and no call is lost");

  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *member = g_strdup_printf ("Method%u", i % 300);

      g_assert_true (run_member (scene->client, FALSE, member, NULL, 5000));
    }

  operations = dbr_metrics_dup_operations (metrics);
  g_assert_cmpuint (g_strv_length (operations), ==, 33);
  for (guint i = 0; operations[i] != NULL; i++)
    count += metrics_get_number (metrics, "operations", operations[i], "ok");
  g_assert_cmpint (count, ==, 600);
}

/* The trace */

static gboolean
ends_with (GListModel *trace,
           const char *member)
{
  guint n_items = g_list_model_get_n_items (trace);
  g_autoptr(DbrCall) last = n_items > 0 ? g_list_model_get_item (trace, n_items - 1) : NULL;

  return last != NULL && g_str_equal (dbr_call_get_method_name (last), member);
}

static void
test_trace (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  GListModel *trace = dbr_client_get_trace (scene->client);
  g_autoptr(DbrCall) traced = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  guint n = 0;

  g_test_summary ("The last calls are kept with where their time went, and without what was said");

  g_signal_connect (scene->client, "notify::trace-size", G_CALLBACK (count_cb), &n);
  g_assert_cmpuint (dbr_client_get_trace_size (scene->client), ==, 0);
  scene_assert_answers (scene->client);
  dbr_client_set_trace_size (scene->client, 2);
  dbr_client_set_trace_size (scene->client, 2);
  g_assert_cmpuint (n, ==, 1);
  g_assert_true (run_member (scene->client, FALSE, "Increment", g_variant_new ("(s)", "a"), 5000));
  g_assert_true (run_member (scene->client, TRUE, "Wait", g_variant_new ("(u)", 50), 5000));
  g_assert_false (run_member (scene->client, TRUE, "Never", NULL, 50));
  dbr_test_wait_until (NULL, ends_with (trace, "Never"), DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (g_list_model_get_n_items (trace), ==, 2);

  traced = g_list_model_get_item (trace, 0);
  g_assert_cmpstr (dbr_call_get_bus_name (traced), ==, SCENE_NAME);
  g_assert_cmpstr (dbr_call_get_object_path (traced), ==, SCENE_PATH);
  g_assert_cmpstr (dbr_call_get_interface_name (traced), ==, DBR_TEST_INTERFACE);
  g_assert_cmpstr (dbr_call_get_method_name (traced), ==, "Wait");
  g_assert_cmpstr (dbr_call_get_operation (traced), ==, "default");
  g_assert_null (dbr_call_get_parameters (traced));
  g_assert_cmpint (dbr_call_get_outcome (traced), ==, DBR_OUTCOME_OK);
  g_assert_cmpint (dbr_call_get_execution (traced), ==, DBR_EXECUTION_ONCE);
  g_assert_cmpint (dbr_call_get_service_usec (traced), >=, 50 * 1000);
  g_assert_cmpint (dbr_call_get_elapsed_usec (traced), ==,
                   dbr_call_get_queue_usec (traced) + dbr_call_get_service_usec (traced)
                   + dbr_call_get_lag_usec (traced));

  reply = dbr_client_run_sync (scene->client, traced, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_object (&traced);
  traced = g_list_model_get_item (trace, 1);
  g_assert_cmpstr (dbr_call_get_method_name (traced), ==, "Never");
  g_assert_cmpint (dbr_call_get_outcome (traced), ==, DBR_OUTCOME_TIMEOUT);
  g_assert_cmpint (dbr_call_get_execution (traced), ==, DBR_EXECUTION_MAYBE);

  dbr_client_set_trace_size (scene->client, 1);
  dbr_test_wait_until (NULL, g_list_model_get_n_items (trace) == 1, DBR_TEST_PATIENCE_MS);
  dbr_client_set_trace_size (scene->client, 0);
  dbr_test_wait_until (NULL, g_list_model_get_n_items (trace) == 0, DBR_TEST_PATIENCE_MS);
  g_assert_true (trace == dbr_client_get_trace (scene->client));
}

static void
changed_cb (GListModel *trace,
            guint       position,
            guint       n_removed,
            guint       n_added,
            gpointer    thread)
{
  g_assert_true (g_thread_self () == thread);
}

static gpointer
call_some (gpointer client)
{
  for (guint i = 0; i < 20; i++)
    scene_assert_answers (client);

  return NULL;
}

static void
test_trace_context (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  GListModel *trace = dbr_client_get_trace (scene->client);
  GThread *thread;

  g_test_summary ("The list changes in the client's context, and what waits for it is no more than it");

  dbr_client_set_trace_size (scene->client, 5);
  g_signal_connect (trace, "items-changed", G_CALLBACK (changed_cb), g_thread_self ());
  thread = g_thread_new ("call", call_some, scene->client);
  g_thread_join (thread);
  g_assert_cmpuint (g_list_model_get_n_items (trace), ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (g_list_model_get_n_items (trace), ==, 5);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/dbr/figures/outcomes/waiting", GINT_TO_POINTER (FALSE), test_outcomes);
  g_test_add_data_func ("/dbr/figures/outcomes/background", GINT_TO_POINTER (TRUE), test_outcomes);
  g_test_add_data_func ("/dbr/figures/refused/waiting", GINT_TO_POINTER (FALSE), test_rejected);
  g_test_add_data_func ("/dbr/figures/refused/background", GINT_TO_POINTER (TRUE), test_rejected);
  g_test_add_func ("/dbr/figures/denied", test_denied);
  g_test_add_func ("/dbr/figures/closed", test_closed);
  g_test_add_func ("/dbr/figures/names", test_names);
  g_test_add_func ("/dbr/figures/percentiles", test_percentiles);
  g_test_add_func ("/dbr/figures/joined", test_joined);
  g_test_add_func ("/dbr/figures/retries", test_retries);
  g_test_add_func ("/dbr/figures/orphans", test_orphans);
  g_test_add_func ("/dbr/figures/connection", test_connection);
  g_test_add_func ("/dbr/figures/property", test_property);
  g_test_add_func ("/dbr/figures/metrics-that-are-gone", test_left_behind);
  g_test_add_func ("/dbr/figures/threads", test_threads);
  g_test_add_func ("/dbr/figures/many-names", test_many_names);
  g_test_add_func ("/dbr/trace/last-calls", test_trace);
  g_test_add_func ("/dbr/trace/context", test_trace_context);

  return g_test_run ();
}
