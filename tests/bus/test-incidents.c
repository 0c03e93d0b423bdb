/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-meter.h"

/* What goes wrong is an issue of the client's metrics, raised once and cleared once. */

#define OPERATION(member) SCENE_NAME ":" DBR_TEST_INTERFACE "." member
#define SECOND_NAME "org.dbr.Second"

static void
call_many (DbrClient  *client,
           const char *bus_name,
           const char *member,
           GVariant   *parameters,
           guint       timeout_ms,
           guint       n)
{
  g_autoptr(GVariant) sunk = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  g_autofree Outcome *outcomes = g_new0 (Outcome, n);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(DbrCall) call = dbr_call_new (bus_name, SCENE_PATH, DBR_TEST_INTERFACE, member,
                                              sunk);

      dbr_call_set_timeout_ms (call, timeout_ms);
      scene_run_async (client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < n; i++)
    {
      scene_wait (&outcomes[i]);
      outcome_clear (&outcomes[i]);
    }
}

/* One call of each of two stalled services would hold the slots of both for good. */
static void
test_stall (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autoptr(DbrTestPeer) second = dbr_test_peer_new (scene->bus, SECOND_NAME, NULL);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SECOND_NAME);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A service that stalls fails, is slow, and leaves answers behind");

  scene_hold_circuit (scene->client);
  g_object_set (circuit, "consecutive-failures", G_MAXUINT, "min-calls", G_MAXUINT, NULL);
  dbr_client_set_max_in_flight (scene->client, 64);
  dbr_metrics_set_limits (meter->metrics, "default", 100 * 1000, 0.1, &error);
  g_assert_no_error (error);
  call_many (scene->client, SCENE_NAME, "Wait", g_variant_new ("(u)", 1), 5000, 10);
  call_many (scene->client, SECOND_NAME, "Wait", g_variant_new ("(u)", 1), 5000, 10);
  g_assert_null (meter_get_issue (meter, "orphans", NULL));

  dbr_test_peer_stop (scene->peer);
  dbr_test_peer_stop (second);
  call_many (scene->client, SCENE_NAME, "Wait", g_variant_new ("(u)", 1), 300, 50);
  call_many (scene->client, SECOND_NAME, "Wait", g_variant_new ("(u)", 1), 300, 30);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), >=, 64);
  g_assert_nonnull (meter_get_issue (meter, "orphans",
                                     dbr_client_get_unique_name (scene->client)));
  g_assert_nonnull (meter_get_issue (meter, "error-rate", OPERATION ("Wait")));
  g_assert_nonnull (meter_get_issue (meter, "latency", OPERATION ("Wait")));
  g_assert_cmpuint (meter_count_cleared (meter, "orphans"), ==, 0);

  dbr_test_peer_cont (scene->peer);
  dbr_test_peer_cont (second);
  dbr_test_wait_until (NULL, meter_count_cleared (meter, "orphans") == 1, DBR_TEST_PATIENCE_MS);
  meter_sleep (meter, 120);
  g_assert_cmpuint (meter_count_cleared (meter, "error-rate"), ==, 2);
  g_assert_cmpuint (meter_count_cleared (meter, "latency"), ==, 2);
  g_assert_cmpuint (meter_count_raised (meter, "orphans"), ==, 1);
  g_assert_cmpuint (meter_count_raised (meter, "error-rate"), ==, 2);
}

static void
test_blocked_loop (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };
  DbrIssue *issue;
  gint64 lag_usec = 0;

  g_test_summary ("A main loop that is blocked is told of, and is not the service's fault");

  call_many (scene->client, SCENE_NAME, "Echo", NULL, 5000, 40);
  g_assert_null (meter_get_issue (meter, "main-loop", NULL));
  g_assert_cmpint (metrics_get_number (meter->metrics, "operations", OPERATION ("Echo"),
                                       "lag-p95-usec"), <, G_USEC_PER_SEC);

  scene_run_async (scene->client, call, NULL, &outcome);
  /* What a careless application does; the wait is the test. */
  g_usleep (1500 * 1000);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (dbr_call_get_lag_usec (call), >=, G_USEC_PER_SEC);
  g_assert_cmpint (dbr_call_get_service_usec (call), <, G_USEC_PER_SEC);

  issue = meter_get_issue (meter, "main-loop", "");
  g_assert_nonnull (issue);
  g_assert_true (g_variant_lookup (dbr_issue_get_evidence (issue), "lag-usec", "x", &lag_usec));
  g_assert_cmpint (lag_usec, ==, dbr_call_get_lag_usec (call));
  meter_sleep (meter, 120);
  g_assert_cmpuint (meter_count_cleared (meter, "main-loop"), ==, 1);
}

static void
issue_cb (DbrMetrics *metrics,
          DbrIssue   *issue,
          gpointer    id)
{
  g_atomic_pointer_set ((const char **) id, g_intern_string (dbr_issue_get_id (issue)));
}

static void
test_mailbox (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrMetrics) metrics = NULL;
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };
  const char *raised = NULL;

  g_test_summary ("A context that never runs is told of after ten seconds, although nothing ends in it");

  metrics = dbr_metrics_new ();
  g_signal_connect (metrics, "issue-raised", G_CALLBACK (issue_cb), &raised);
  dbr_client_set_metrics (scene->client, metrics);
  g_main_context_push_thread_default (context);
  scene_run_async (scene->client, call, NULL, &outcome);
  g_main_context_pop_thread_default (context);

  dbr_test_wait_until (NULL, raised != NULL, 10000 + DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (raised, ==, "main-loop");
  g_assert_cmpuint (outcome.n_ended, ==, 0);
  dbr_test_wait_until (context, outcome.n_ended > 0, DBR_TEST_PATIENCE_MS);
}

static void
test_flapping_service (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);

  g_test_summary ("A service that is started three times within five minutes is told of");

  scene_assert_answers (scene->client);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_null (meter_get_issue (meter, "service-flapping", NULL));
      dbr_test_peer_restart (scene->peer);
      dbr_test_wait_until (NULL,
                           metrics_get_number (meter->metrics, "places", SCENE_NAME,
                                               "service-flapping") == i + 1,
                           DBR_TEST_PATIENCE_MS);
    }
  g_assert_nonnull (meter_get_issue (meter, "service-flapping", SCENE_NAME));
  scene_assert_answers (scene->client);
  meter_sleep (meter, 600);
  g_assert_cmpuint (meter_count_raised (meter, "service-flapping"), ==, 1);
  g_assert_cmpuint (meter_count_cleared (meter, "service-flapping"), ==, 1);
}

static void
owner_cb (const DbrTestSignal *heard,
          gpointer             n_gone)
{
  const char *new_owner;

  g_variant_get (heard->parameters, "(&s&s&s)", NULL, NULL, &new_owner);
  *(guint *) n_gone += *new_owner == '\0';
}

static void
test_on_demand (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_ACTIVATION, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autofree char *exec = g_strdup_printf ("%s --session --name org.dbr.Lazy --quiet --run \"%s\"",
                                           dbr_test_peer_get_program (),
                                           "on Echo: reply; wait 50; die");
  g_autoptr(DbrSubscription) changes =
    dbr_subscription_new (scene->client, "org.freedesktop.DBus", NULL, "org.freedesktop.DBus",
                          "NameOwnerChanged", "org.dbr.Lazy", DBR_SUBSCRIPTION_FLAGS_NONE);
  g_autoptr(GError) error = NULL;
  guint n_gone = 0;

  g_test_summary ("A service that is started for each call and goes after it does not flap");

  dbr_test_bus_add_service (scene->bus, "org.dbr.Lazy", exec);
  dbr_test_listen (changes, owner_cb, &n_gone);
  dbr_subscription_start_sync (changes, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(DbrCall) call = dbr_call_new ("org.dbr.Lazy", SCENE_PATH, DBR_TEST_INTERFACE,
                                              "Echo", NULL);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_no_error (outcome.error);
      dbr_test_wait_until (NULL, n_gone == i + 1, DBR_TEST_PATIENCE_MS);
    }
  g_assert_null (meter_get_issue (meter, "service-flapping", NULL));
  g_assert_cmpint (metrics_get_number (meter->metrics, "places", "org.dbr.Lazy",
                                       "service-flapping"), ==, -1);
}

static void
test_flood (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autoptr(DbrSubscription) ticks =
    dbr_subscription_new (scene->client, SCENE_NAME, NULL, DBR_TEST_INTERFACE, "Tick", NULL,
                          DBR_SUBSCRIPTION_FLAGS_NONE);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A sender of more signals than anyone can look at is told of");

  dbr_subscription_start_sync (ticks, NULL, &error);
  g_assert_no_error (error);
  dbr_test_peer_tell (scene->peer, "flood 200 " SCENE_PATH " " DBR_TEST_INTERFACE ".Tick (1,)");
  scene_assert_answers (scene->client);
  g_assert_cmpint (metrics_get_number (meter->metrics, "places", SCENE_NAME, "signal-flood"),
                   ==, -1);

  for (guint i = 0; i < 12; i++)
    {
      dbr_test_peer_tell (scene->peer, "flood 1000 " SCENE_PATH " " DBR_TEST_INTERFACE ".Tick (1,)");
      scene_assert_answers (scene->client);
    }
  g_assert_nonnull (meter_get_issue (meter, "signal-flood", SCENE_NAME));
  meter_sleep (meter, 120);
  g_assert_cmpuint (meter_count_cleared (meter, "signal-flood"), ==, 1);
}

static void
test_budget (void)
{
  g_autoptr(Scene) scene =
    scene_new (DBR_TEST_BUS_NONE, "on Increment: error org.freedesktop.DBus.Error.NoMemory");
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("Retries that are at their end are told of");

  g_object_set (policy, "base-delay-ms", 1, "max-delay-ms", 1, "budget-capacity", 2, NULL);
  dbr_retry_policy_add_retryable (policy, "org.freedesktop.DBus.Error.NoMemory", &error);
  g_assert_no_error (error);
  dbr_client_set_retry_policy (scene->client, policy);
  call_many (scene->client, SCENE_NAME, "Increment", g_variant_new ("(s)", "a"), 5000, 10);
  g_assert_nonnull (meter_get_issue (meter, "budget", SCENE_NAME));
  meter_sleep (meter, 120);
  g_assert_cmpuint (meter_count_cleared (meter, "budget"), ==, 1);
}

static void
changed_cb (DbrClient       *client,
            const char      *bus_name,
            DbrCircuitState  state,
            gpointer         n_opened)
{
  *(guint *) n_opened += state == DBR_CIRCUIT_STATE_OPEN;
}

/* Calls until the circuit has this state. */
static void
call_until (Scene             *scene,
            DbrCircuitBreaker *circuit,
            DbrCircuitState    state)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  while (dbr_circuit_breaker_get_state (circuit) != state)
    {
      call_many (scene->client, SCENE_NAME, "Wait", g_variant_new ("(u)", 1), 50, 1);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
}

static void
test_flapping_circuit (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);
  guint n_opened = 0;

  g_test_summary ("A service that works and fails by turns is told of, and one that is long gone is not");

  g_signal_connect (scene->client, "circuit-changed", G_CALLBACK (changed_cb), &n_opened);
  g_object_set (circuit, "open-ms", 20, "max-open-ms", 20, NULL);
  scene_assert_answers (scene->client);

  dbr_test_peer_stop (scene->peer);
  while (n_opened < 4)
    {
      call_many (scene->client, SCENE_NAME, "Wait", g_variant_new ("(u)", 1), 50, 1);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  g_assert_null (meter_get_issue (meter, "circuit-flapping", NULL));

  for (guint i = 0; i < 2; i++)
    {
      g_assert_null (meter_get_issue (meter, "circuit-flapping", NULL));
      dbr_test_peer_cont (scene->peer);
      call_until (scene, circuit, DBR_CIRCUIT_STATE_CLOSED);
      dbr_test_peer_stop (scene->peer);
      call_until (scene, circuit, DBR_CIRCUIT_STATE_OPEN);
    }
  g_assert_nonnull (meter_get_issue (meter, "circuit-flapping", SCENE_NAME));
  meter_sleep (meter, 600);
  g_assert_cmpuint (meter_count_cleared (meter, "circuit-flapping"), ==, 1);
}

#define N_RULES 512

/* FALSE: the bus refused it. */
static gboolean
subscribe (Scene      *scene,
           GPtrArray  *subscriptions,
           GError    **error)
{
  g_autofree char *path = g_strdup_printf ("/org/dbr/Object%u", subscriptions->len);
  DbrSubscription *subscription =
    dbr_subscription_new (scene->client, SCENE_NAME, path, NULL, NULL, NULL,
                          DBR_SUBSCRIPTION_FLAGS_NONE);

  g_ptr_array_add (subscriptions, subscription);

  return dbr_subscription_start_sync (subscription, NULL, error);
}

static void
subscribe_many (Scene     *scene,
                GPtrArray *subscriptions,
                guint      n)
{
  g_autoptr(GError) error = NULL;

  while (subscriptions->len < n)
    {
      subscribe (scene, subscriptions, &error);
      g_assert_no_error (error);
    }
}

static void
test_bus_limit (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Meter) meter = meter_new (scene->client);
  g_autoptr(GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GError) error = NULL;
  DbrIssue *issue;

  g_test_summary ("A bus whose limit is near is told of, and one that refuses something is critical");

  scene_assert_answers (scene->client);
  subscribe_many (scene, subscriptions, N_RULES / 2);
  g_assert_null (meter_get_issue (meter, "bus-limit", NULL));
  subscribe_many (scene, subscriptions, N_RULES - 20);
  issue = meter_get_issue (meter, "bus-limit", dbr_client_get_unique_name (scene->client));
  g_assert_nonnull (issue);
  g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_WARNING);

  /* The other bus counts rules by user. */
  if (dbr_test_bus_get_kind (scene->bus) == DBR_TEST_BUS_KIND_DBUS_DAEMON)
    {
      while (subscribe (scene, subscriptions, &error))
        g_assert_cmpuint (subscriptions->len, <=, N_RULES);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
      meter_count_raised (meter, "bus-limit");
      g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_CRITICAL);
    }

  g_ptr_array_set_size (subscriptions, 0);
  meter_sleep (meter, 120);
  dbr_test_wait_until (NULL,
                       (scene_assert_answers (scene->client),
                        meter_count_cleared (meter, "bus-limit") == 1),
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (meter_count_raised (meter, "bus-limit"), ==, 1);
}

#define N_REPLIES 128

static void
test_refused_call (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new_full (DBR_TEST_BUS_DBUS_DAEMON);
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, SCENE_NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(Meter) meter = meter_new (client);
  DbrTestResult results[N_REPLIES] = { { NULL } };
  DbrIssue *issue;

  g_test_summary ("A call that the bus refuses, because the program holds all replies, is told of");

  for (guint i = 0; i < N_REPLIES; i++)
    dbr_test_call_peer_async (connection, SCENE_NAME, "Never", NULL, &results[i]);
  call_many (client, SCENE_NAME, "Echo", NULL, DBR_TEST_PATIENCE_MS, 1);
  issue = meter_get_issue (meter, "bus-limit", g_dbus_connection_get_unique_name (connection));
  g_assert_nonnull (issue);
  g_assert_cmpint (dbr_issue_get_severity (issue), ==, DBR_SEVERITY_CRITICAL);
  meter_sleep (meter, 120);
  g_assert_cmpuint (meter_count_cleared (meter, "bus-limit"), ==, 1);

  dbr_test_peer_kill (peer);
  for (guint i = 0; i < N_REPLIES; i++)
    {
      dbr_test_result_wait (&results[i], NULL);
      dbr_test_result_clear (&results[i]);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/incidents/stalled-service", test_stall);
  g_test_add_func ("/dbr/incidents/blocked-main-loop", test_blocked_loop);
  if (g_test_slow ())
    g_test_add_func ("/dbr/incidents/context-that-never-runs", test_mailbox);
  g_test_add_func ("/dbr/incidents/flapping-service", test_flapping_service);
  g_test_add_func ("/dbr/incidents/service-on-demand", test_on_demand);
  g_test_add_func ("/dbr/incidents/flood", test_flood);
  g_test_add_func ("/dbr/incidents/budget", test_budget);
  g_test_add_func ("/dbr/incidents/flapping-circuit", test_flapping_circuit);
  g_test_add_func ("/dbr/incidents/bus-limit", test_bus_limit);
  g_test_add_func ("/dbr/incidents/refused-call", test_refused_call);

  return g_test_run ();
}
