/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/dbr-error.h"
#include "policy/dbr-circuit-breaker-private.h"

#include "dbr-test-world.h"

static void
test_bad_values_refuse_the_next_call (void)
{
  static const struct
  {
    const char *name;
    double      good;
    double      bad[3];
  } values[] = {
    { "window-ms", 86400000, { 0, 86400001, G_MAXUINT } },
    { "min-calls", G_MAXUINT, { 0, 0, 0 } },
    { "failure-ratio", 1, { 0, 1.01, -(double) INFINITY } },
    { "consecutive-failures", G_MAXUINT, { 0, 0, 0 } },
    { "slow-ms", 86400000, { 0, 86400001, G_MAXUINT } },
    { "slow-ratio", 0.01, { 0, 1.01, G_MAXDOUBLE } },
    { "open-ms", 86400000, { 0, 86400001, G_MAXUINT } },
    { "max-open-ms", 86400000, { 0, 86400001, G_MAXUINT } },
  };
  g_autoptr(DbrCircuitBreaker) breaker = g_object_new (DBR_TYPE_CIRCUIT_BREAKER, NULL);
  DbrCircuitPermit permit;

  g_test_summary ("A value that makes no sense is kept, and named by the next call; a good one set "
                  "after it ends that");

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      for (guint n = 0; n < 3; n++)
        {
          g_autoptr(GError) error = NULL;
          g_auto(GValue) value = G_VALUE_INIT;
          g_auto(GValue) kept = G_VALUE_INIT;
          g_auto(GValue) plain = G_VALUE_INIT;

          g_value_init (&plain, G_TYPE_DOUBLE);
          g_value_init (&value, g_str_has_suffix (values[i].name, "ms") || values[i].good > 1
                                ? G_TYPE_UINT : G_TYPE_DOUBLE);
          g_value_set_double (&plain, values[i].bad[n]);
          g_assert_true (g_value_transform (&plain, &value));
          g_object_set_property (G_OBJECT (breaker), values[i].name, &value);
          g_object_get_property (G_OBJECT (breaker), values[i].name, &kept);
          g_assert_true (g_value_transform (&kept, &plain));
          g_assert_cmpfloat (g_value_get_double (&plain), ==, values[i].bad[n]);

          g_assert_false (dbr_circuit_breaker_admit (breaker, 0, DBR_CIRCUIT_CALL_NONE, &permit,
                                                     &error));
          g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
          g_assert_nonnull (strstr (error->message, values[i].name));

          g_value_set_double (&plain, values[i].good);
          g_assert_true (g_value_transform (&plain, &value));
          g_object_set_property (G_OBJECT (breaker), values[i].name, &value);
          g_assert_true (dbr_circuit_breaker_admit (breaker, 0, DBR_CIRCUIT_CALL_NONE, &permit,
                                                    NULL));
        }
    }
}

static void
count_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    user_data)
{
  ++*(guint *) user_data;
}

static void
test_setting_is_notified_once (void)
{
  g_autoptr(DbrCircuitBreaker) breaker = g_object_new (DBR_TYPE_CIRCUIT_BREAKER, NULL);
  guint n_notified = 0;

  g_test_summary ("A value is notified when it becomes another, and only then");

  g_signal_connect (breaker, "notify::slow-ratio", G_CALLBACK (count_cb), &n_notified);
  dbr_circuit_breaker_set_slow_ratio (breaker, 0.8);
  g_assert_cmpuint (n_notified, ==, 0);
  dbr_circuit_breaker_set_slow_ratio (breaker, 0.9);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpfloat (dbr_circuit_breaker_get_slow_ratio (breaker), ==, 0.9);
}

static void
assert_properties (DbrCircuitBreaker *breaker,
                   DbrCircuitState    expected_state,
                   const char        *expected_reason,
                   guint              expected_ms)
{
  g_autofree char *reason = NULL;
  DbrCircuitState state;
  guint ms;

  g_object_get (breaker, "state", &state, "reason", &reason, "retry-after-ms", &ms, NULL);
  g_assert_cmpint (state, ==, expected_state);
  g_assert_cmpstr (reason, ==, expected_reason);
  g_assert_cmpuint (ms, ==, expected_ms);
}

static void
test_shows_its_state (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrCircuitBreaker) breaker = NULL;
  guint n_states = 0, n_reasons = 0;
  DbrCircuitPermit permit;
  World world;

  g_test_summary ("State, reason and time are properties; state and reason are notified when they "
                  "change, the reason also alone");

  world_init (&world);
  breaker = dbr_circuit_breaker_new (NULL, context, &world.clock, &world.random);
  g_signal_connect (breaker, "notify::state", G_CALLBACK (count_cb), &n_states);
  g_signal_connect (breaker, "notify::reason", G_CALLBACK (count_cb), &n_reasons);
  assert_properties (breaker, DBR_CIRCUIT_STATE_CLOSED, NULL, 0);

  dbr_circuit_breaker_set_consecutive_failures (breaker, 1);
  g_assert_true (dbr_circuit_breaker_admit (breaker, world.now, 0, &permit, NULL));
  dbr_circuit_breaker_report (breaker, world.now, &permit, DBR_CIRCUIT_TIMEOUT, -1, NULL);
  assert_properties (breaker, DBR_CIRCUIT_STATE_OPEN, "1 call failed", 1000);
  g_assert_cmpuint (n_states + n_reasons, ==, 0);
  g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (n_states, ==, 1);
  g_assert_cmpuint (n_reasons, ==, 1);

  dbr_circuit_breaker_heard (breaker, world.now);
  assert_properties (breaker, DBR_CIRCUIT_STATE_HALF_OPEN, "it was heard again and is being tried",
                     0);
  g_main_context_iteration (context, FALSE);
  dbr_circuit_breaker_resumed (breaker, world.now);
  assert_properties (breaker, DBR_CIRCUIT_STATE_HALF_OPEN,
                     "the machine has woken up and it is being tried", 0);
  g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (n_states, ==, 2);
  g_assert_cmpuint (n_reasons, ==, 3);

  dbr_circuit_breaker_owner_changed (breaker, world.now, TRUE, FALSE);
  assert_properties (breaker, DBR_CIRCUIT_STATE_HALF_OPEN, "it has started anew and is being tried",
                     0);
  dbr_circuit_breaker_isolate (breaker);
  assert_properties (breaker, DBR_CIRCUIT_STATE_ISOLATED, "it was isolated by the application", 0);
  dbr_circuit_breaker_owner_changed (breaker, world.now, FALSE, TRUE);
  dbr_circuit_breaker_owner_changed (breaker, world.now, TRUE, TRUE);
  assert_properties (breaker, DBR_CIRCUIT_STATE_ISOLATED, "it was isolated by the application", 0);
}

static void
test_refusal_says_why_and_how_long (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrCircuitBreaker) breaker = NULL;
  g_autoptr(GError) failure = g_error_new_literal (DBR_ERROR, DBR_ERROR_DEADLINE, "No answer");
  g_autoptr(GError) open_error = NULL;
  g_autoptr(GError) trial_error = NULL;
  g_autoptr(GError) isolated_error = NULL;
  DbrCircuitPermit permit;
  World world;

  g_test_summary ("CIRCUIT_OPEN names the service, the time, the reason and the last error");

  world_init (&world);
  breaker = dbr_circuit_breaker_new ("org.example.Printer", context, &world.clock, &world.random);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (dbr_circuit_breaker_admit (breaker, world.now, 0, &permit, NULL));
      dbr_circuit_breaker_report (breaker, world.now, &permit, DBR_CIRCUIT_TIMEOUT, -1, failure);
    }
  g_assert_false (dbr_circuit_breaker_admit (breaker, world.now, 0, &permit, &open_error));
  g_assert_cmpstr (open_error->message, ==,
                   "No calls are sent to org.example.Printer for 1000 ms: 3 calls failed in a row; "
                   "the last error was: No answer");

  world.now += 1 * S;
  g_assert_true (dbr_circuit_breaker_admit (breaker, world.now, 0, &permit, NULL));
  g_assert_false (dbr_circuit_breaker_admit (breaker, world.now, 0, &permit, &trial_error));
  g_assert_cmpstr (trial_error->message, ==,
                   "Calls to org.example.Printer wait up to 2000 ms for one that tries it: "
                   "3 calls failed in a row; the last error was: No answer");

  dbr_circuit_breaker_reset (breaker);
  dbr_circuit_breaker_isolate (breaker);
  g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (breaker), ==, 0);
  g_assert_false (dbr_circuit_breaker_admit (breaker, world.now, 0, &permit, &isolated_error));
  g_assert_cmpstr (isolated_error->message, ==,
                   "No calls are sent to org.example.Printer until its circuit is reset: "
                   "it was isolated by the application");
}

static void
chain_cb (DbrCircuitBreaker *breaker,
          DbrCircuitState    old_state,
          DbrCircuitState    new_state,
          DbrCircuitState   *last)
{
  g_assert_cmpint (old_state, ==, *last);
  g_assert_cmpint (old_state, !=, new_state);
  *last = new_state;
}

static gpointer
use_breaker_cb (gpointer data)
{
  DbrCircuitBreaker *breaker = data;

  for (guint i = 0; i < 2000; i++)
    {
      DbrCircuitPermit permit;
      gint64 now = g_get_monotonic_time ();

      if (dbr_circuit_breaker_admit (breaker, now, 0, &permit, NULL))
        dbr_circuit_breaker_report (breaker, now, &permit, (DbrCircuitOutcome) (i % 4), 1, NULL);
      if (i % 7 == 0)
        dbr_circuit_breaker_owner_changed (breaker, now, TRUE, FALSE);
      if (i % 101 == 0)
        dbr_circuit_breaker_isolate (breaker);
      if (i % 101 == 50)
        dbr_circuit_breaker_reset (breaker);
    }

  return NULL;
}

static void
test_all_threads_may_call (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrCircuitBreaker) breaker = NULL;
  GThread *threads[4];
  DbrCircuitState last = DBR_CIRCUIT_STATE_CLOSED;

  g_test_summary ("Threads that use a circuit together leave it whole, and its context is told of "
                  "one chain of changes that ends in its state");

  breaker = dbr_circuit_breaker_new (NULL, context, dbr_clock_get_system (),
                                     dbr_random_get_system ());
  g_signal_connect (breaker, "state-changed", G_CALLBACK (chain_cb), &last);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", use_breaker_cb, breaker);
  for (guint i = 0; i < 1000; i++)
    g_main_context_iteration (context, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  while (g_main_context_iteration (context, FALSE))
    ;

  g_assert_cmpint (dbr_circuit_breaker_get_state (breaker), ==, last);
}

static void
test_may_go_while_it_has_news (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  DbrCircuitBreaker *breaker = dbr_circuit_breaker_new (NULL, context, dbr_clock_get_system (),
                                                        dbr_random_get_system ());
  guint n_told = 0;

  g_test_summary ("What a circuit had to tell goes with it");

  g_signal_connect (breaker, "notify::state", G_CALLBACK (count_cb), &n_told);
  dbr_circuit_breaker_isolate (breaker);
  g_object_unref (breaker);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (n_told, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/circuit-breaker/bad-values-refuse-the-next-call",
                   test_bad_values_refuse_the_next_call);
  g_test_add_func ("/dbr/circuit-breaker/setting-is-notified-once", test_setting_is_notified_once);
  g_test_add_func ("/dbr/circuit-breaker/shows-its-state", test_shows_its_state);
  g_test_add_func ("/dbr/circuit-breaker/refusal-says-why-and-how-long",
                   test_refusal_says_why_and_how_long);
  g_test_add_func ("/dbr/circuit-breaker/all-threads-may-call", test_all_threads_may_call);
  g_test_add_func ("/dbr/circuit-breaker/may-go-while-it-has-news", test_may_go_while_it_has_news);

  return g_test_run ();
}
