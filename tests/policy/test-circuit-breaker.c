/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "policy/dbr-circuit-breaker-private.h"

#include "dbr-test-world.h"

typedef struct
{
  World              world;
  GMainContext      *context;
  DbrCircuitBreaker *breaker;
  /* the state changes that were told, as text */
  GString           *told;
  guint              n_changed;
} Fixture;

static void
state_changed_cb (DbrCircuitBreaker *breaker,
                  DbrCircuitState    old_state,
                  DbrCircuitState    new_state,
                  Fixture           *fixture)
{
  const char *names[] = { "closed", "open", "half-open", "isolated" };

  g_string_append_printf (fixture->told, "%s>%s ", names[old_state], names[new_state]);
}

static void
changed_cb (DbrCircuitBreaker *breaker,
            gpointer           user_data)
{
  Fixture *fixture = user_data;

  fixture->n_changed++;
  /* No lock is held. */
  dbr_circuit_breaker_get_next_usec (breaker);
}

static void
forget_cb (gpointer data)
{
  ((Fixture *) data)->n_changed = 0;
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  data)
{
  world_init (&fixture->world);
  fixture->context = g_main_context_new ();
  fixture->told = g_string_new (NULL);
  fixture->breaker = dbr_circuit_breaker_new ("org.example.Printer", fixture->context,
                                              &fixture->world.clock, &fixture->world.random);
  dbr_circuit_breaker_set_changed (fixture->breaker, changed_cb, fixture, forget_cb);
  g_signal_connect (fixture->breaker, "state-changed", G_CALLBACK (state_changed_cb), fixture);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  data)
{
  g_clear_object (&fixture->breaker);
  g_assert_cmpuint (fixture->n_changed, ==, 0);
  g_main_context_iteration (fixture->context, FALSE);
  g_clear_pointer (&fixture->context, g_main_context_unref);
  g_string_free (fixture->told, TRUE);
}

static void
assert_told (Fixture    *fixture,
             const char *changes)
{
  while (g_main_context_iteration (fixture->context, FALSE))
    ;
  g_assert_cmpstr (fixture->told->str, ==, changes);
  g_string_truncate (fixture->told, 0);
}

static gboolean
admit (Fixture             *fixture,
       DbrCircuitCallFlags  flags,
       DbrCircuitPermit    *permit)
{
  g_autoptr(GError) error = NULL;
  gboolean is_admitted = dbr_circuit_breaker_admit (fixture->breaker, fixture->world.now, flags,
                                                    permit, &error);

  if (is_admitted)
    g_assert_no_error (error);
  else
    g_assert_error (error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);

  return is_admitted;
}

static void
report (Fixture                *fixture,
        const DbrCircuitPermit *permit,
        DbrCircuitOutcome       outcome,
        gint64                  elapsed_usec)
{
  dbr_circuit_breaker_report (fixture->breaker, fixture->world.now, permit, outcome,
                              elapsed_usec, NULL);
}

/* One call that ends at once. */
static void
call (Fixture             *fixture,
      DbrCircuitCallFlags  flags,
      DbrCircuitOutcome    outcome,
      gint64               elapsed_usec)
{
  DbrCircuitPermit permit;

  g_assert_true (admit (fixture, flags, &permit));
  report (fixture, &permit, outcome, elapsed_usec);
}

static void
calls (Fixture           *fixture,
       guint              n_calls,
       DbrCircuitOutcome  outcome)
{
  for (guint i = 0; i < n_calls; i++)
    call (fixture, DBR_CIRCUIT_CALL_NONE, outcome, 1 * MS);
}

#define assert_state(fixture, name) \
  g_assert_cmpint (dbr_circuit_breaker_get_state ((fixture)->breaker), ==, \
                   DBR_CIRCUIT_STATE_ ## name)

static void
assert_refused (Fixture *fixture)
{
  DbrCircuitPermit permit = { 1, 1, DBR_CIRCUIT_CALL_NONE };

  g_assert_false (admit (fixture, DBR_CIRCUIT_CALL_NONE, &permit));
  g_assert_cmpuint (permit.period, ==, 0);
  /* What was refused has nothing to report, and does no harm if it does. */
  report (fixture, &permit, DBR_CIRCUIT_SUCCESS, 0);
}

/* Lets the time pass until the circuit wants its timer, which then fires. */
static void
tick (Fixture *fixture)
{
  gint64 next = dbr_circuit_breaker_get_next_usec (fixture->breaker);

  g_assert_cmpint (next, <, G_MAXINT64);
  fixture->world.now = MAX (fixture->world.now, next);
  dbr_circuit_breaker_tick (fixture->breaker, fixture->world.now);
}

static void
test_opens_after_three_in_a_row (Fixture       *fixture,
                                 gconstpointer  data)
{
  g_test_summary ("Three failures in a row open the circuit, two with a success between do not");

  calls (fixture, 2, DBR_CIRCUIT_FAILURE);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
  fixture->world.now += 31 * S;
  calls (fixture, 1, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, CLOSED);
  g_assert_null (dbr_circuit_breaker_get_reason (fixture->breaker));

  calls (fixture, 1, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, OPEN);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (fixture->breaker), ==,
                   "3 calls failed in a row");
  assert_refused (fixture);
  assert_told (fixture, "closed>open ");
}

static void
test_opens_by_the_share (Fixture       *fixture,
                         gconstpointer  data)
{
  g_test_summary ("Half of the calls failing opens the circuit, from the fifth call on");

  for (guint i = 0; i < 2; i++)
    {
      calls (fixture, 1, DBR_CIRCUIT_FAILURE);
      calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
    }
  assert_state (fixture, CLOSED);
  calls (fixture, 1, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, OPEN);

  dbr_circuit_breaker_reset (fixture->breaker);
  calls (fixture, 4, DBR_CIRCUIT_SUCCESS);
  for (guint i = 0; i < 100; i++)
    {
      calls (fixture, 1, DBR_CIRCUIT_FAILURE);
      calls (fixture, 2, DBR_CIRCUIT_SUCCESS);
    }
  assert_state (fixture, CLOSED);
}

static void
test_a_success_does_not_open (Fixture       *fixture,
                              gconstpointer  data)
{
  g_test_summary ("A share that is reached by a success opens nothing, the next failure does");

  dbr_circuit_breaker_set_consecutive_failures (fixture->breaker, 100);
  calls (fixture, 4, DBR_CIRCUIT_FAILURE);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, CLOSED);
  calls (fixture, 1, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, OPEN);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (fixture->breaker), ==,
                   "at least 50 % of the calls failed");
}

static void
test_opens_when_slow (Fixture       *fixture,
                      gconstpointer  data)
{
  g_test_summary ("Four of five calls taking longer than a second open the circuit; a second does "
                  "not, nor what takes long by nature");

  for (guint i = 0; i < 10; i++)
    {
      call (fixture, DBR_CIRCUIT_CALL_NONE, DBR_CIRCUIT_SUCCESS, 1 * S);
      call (fixture, DBR_CIRCUIT_CALL_NONE, DBR_CIRCUIT_SUCCESS, -1);
    }
  assert_state (fixture, CLOSED);

  dbr_circuit_breaker_reset (fixture->breaker);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  for (guint i = 0; i < 4; i++)
    {
      assert_state (fixture, CLOSED);
      call (fixture, DBR_CIRCUIT_CALL_NONE, DBR_CIRCUIT_SUCCESS, 1 * S + 1);
    }
  assert_state (fixture, OPEN);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (fixture->breaker), ==,
                   "at least 80 % of the calls were slow");
}

static void
test_forgets_after_the_window (Fixture       *fixture,
                               gconstpointer  data)
{
  g_test_summary ("A result counts for 27 to 30 seconds, also when the clock leaps over them");

  for (guint leap = 0; leap < 3; leap++)
    {
      const gint64 gaps[] = { 30 * S, 1000 * S, G_GINT64_CONSTANT (1) << 50 };

      dbr_circuit_breaker_reset (fixture->breaker);
      dbr_circuit_breaker_set_consecutive_failures (fixture->breaker, 100);
      calls (fixture, 4, DBR_CIRCUIT_FAILURE);
      fixture->world.now += gaps[leap];
      calls (fixture, 4, DBR_CIRCUIT_FAILURE);
      assert_state (fixture, CLOSED);
      fixture->world.now += 26 * S;
      calls (fixture, 1, DBR_CIRCUIT_FAILURE);
      assert_state (fixture, OPEN);
    }
}

static void
test_a_window_of_another_length_starts_empty (Fixture       *fixture,
                                              gconstpointer  data)
{
  g_test_summary ("Changing the window's length forgets what was counted, and the new one holds");

  dbr_circuit_breaker_set_consecutive_failures (fixture->breaker, 100);
  calls (fixture, 4, DBR_CIRCUIT_FAILURE);
  dbr_circuit_breaker_set_window_ms (fixture->breaker, 1);
  calls (fixture, 4, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, CLOSED);
  fixture->world.now += 1 * MS;
  calls (fixture, 4, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, CLOSED);
  calls (fixture, 1, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, OPEN);
}

static void
test_stays_open_longer_each_time (Fixture       *fixture,
                                  gconstpointer  data)
{
  const guint most[] = { 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

  g_test_summary ("Open for 2 s, then twice as long each time up to 60 s, of which half is chance");

  for (guint i = 0; i < G_N_ELEMENTS (most); i++)
    {
      fixture->world.chance = i % 2 == 0 ? 0.0 : 0.999999;
      calls (fixture, i == 0 ? 3 : 1, DBR_CIRCUIT_FAILURE);
      assert_state (fixture, OPEN);
      g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (fixture->breaker), ==,
                        i % 2 == 0 ? most[i] / 2 : most[i]);
      tick (fixture);
      assert_state (fixture, HALF_OPEN);
    }
}

static void
test_long_health_resets_the_growth (Fixture       *fixture,
                                    gconstpointer  data)
{
  g_test_summary ("The time open goes on growing if the circuit opens again soon, and starts anew "
                  "after it was closed for a minute");

  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  tick (fixture);
  calls (fixture, 2, DBR_CIRCUIT_SUCCESS);
  fixture->world.now += 59 * S;
  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (fixture->breaker), ==, 2000);

  tick (fixture);
  calls (fixture, 2, DBR_CIRCUIT_SUCCESS);
  fixture->world.now += 60 * S;
  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (fixture->breaker), ==, 1000);
}

static void
test_a_cancelled_trial_decides_nothing (Fixture       *fixture,
                                        gconstpointer  data)
{
  DbrCircuitPermit permit;

  g_test_summary ("A trial that is cancelled neither closes nor opens, and the next one may go");

  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  tick (fixture);
  for (guint i = 0; i < 5; i++)
    {
      g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &permit));
      assert_refused (fixture);
      report (fixture, &permit, DBR_CIRCUIT_IGNORED, 5 * S);
      assert_state (fixture, HALF_OPEN);
    }
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, HALF_OPEN);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, CLOSED);
}

static void
test_late_results_decide_nothing (Fixture       *fixture,
                                  gconstpointer  data)
{
  DbrCircuitPermit early[20];
  DbrCircuitPermit trial;

  g_test_summary ("What was sent before the circuit opened decides nothing after it, in any state");

  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &early[i]));
  for (guint i = 0; i < 3; i++)
    report (fixture, &early[i], DBR_CIRCUIT_TIMEOUT, 1 * S);
  assert_state (fixture, OPEN);
  report (fixture, &early[3], DBR_CIRCUIT_SUCCESS, 1 * S);
  tick (fixture);

  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &trial));
  for (guint i = 4; i < 8; i++)
    report (fixture, &early[i], DBR_CIRCUIT_SUCCESS, 1 * S);
  for (guint i = 8; i < 12; i++)
    report (fixture, &early[i], DBR_CIRCUIT_TIMEOUT, 1 * S);
  assert_state (fixture, HALF_OPEN);
  assert_refused (fixture);

  report (fixture, &trial, DBR_CIRCUIT_SUCCESS, 1 * MS);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, CLOSED);
  for (guint i = 12; i < G_N_ELEMENTS (early); i++)
    report (fixture, &early[i], DBR_CIRCUIT_TIMEOUT, 1 * S);
  /* Nor does the trial, were it said twice. */
  report (fixture, &trial, DBR_CIRCUIT_FAILURE, 1 * MS);
  assert_state (fixture, CLOSED);
}

static void
test_a_lost_permit_holds_up_nobody (Fixture       *fixture,
                                    gconstpointer  data)
{
  DbrCircuitPermit lost, slow;

  g_test_summary ("A trial whose end is never told makes way after two seconds; one that only "
                  "takes long still counts");

  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  tick (fixture);
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &lost));
  fixture->world.now += 2 * S - 1;
  assert_refused (fixture);
  g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (fixture->breaker), ==, 1);
  fixture->world.now += 1;
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &slow));

  fixture->world.now += 10 * S;
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  report (fixture, &slow, DBR_CIRCUIT_SUCCESS, 10 * S);
  assert_state (fixture, CLOSED);
}

static void
test_opens_for_few_calls_and_shows_it (Fixture       *fixture,
                                       gconstpointer  data)
{
  g_test_summary ("With one call in ten minutes three failures are enough; the timer half-opens "
                  "without any call, and it is told");

  for (guint i = 0; i < 3; i++)
    {
      fixture->world.now += 600 * S;
      calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
    }
  assert_state (fixture, OPEN);
  g_assert_cmpuint (fixture->n_changed, ==, 1);
  assert_told (fixture, "closed>open ");

  fixture->world.now = dbr_circuit_breaker_get_next_usec (fixture->breaker) - 1;
  dbr_circuit_breaker_tick (fixture->breaker, fixture->world.now);
  assert_state (fixture, OPEN);
  tick (fixture);
  assert_state (fixture, HALF_OPEN);
  g_assert_cmpuint (fixture->n_changed, ==, 2);
  assert_told (fixture, "open>half-open ");

  calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
  /* Without the timer a call does it. */
  fixture->world.now = dbr_circuit_breaker_get_next_usec (fixture->breaker);
  calls (fixture, 2, DBR_CIRCUIT_SUCCESS);
  assert_told (fixture, "half-open>open open>half-open half-open>closed ");
}

static void
test_answers_and_cancelled_calls_are_no_failures (Fixture       *fixture,
                                                  gconstpointer  data)
{
  g_test_summary ("What tells nothing of the service neither counts nor ends a row of failures");

  calls (fixture, 50, DBR_CIRCUIT_IGNORED);
  assert_state (fixture, CLOSED);
  calls (fixture, 2, DBR_CIRCUIT_FAILURE);
  calls (fixture, 50, DBR_CIRCUIT_IGNORED);
  assert_state (fixture, CLOSED);
  calls (fixture, 1, DBR_CIRCUIT_FAILURE);
  assert_state (fixture, OPEN);
}

static void
test_a_ping_does_not_prove_life (Fixture       *fixture,
                                 gconstpointer  data)
{
  g_test_summary ("After timeouts an answered Ping closes nothing, nor does it end a row of them");

  for (guint i = 0; i < 3; i++)
    {
      calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
      if (i < 2)
        call (fixture, DBR_CIRCUIT_CALL_PING, DBR_CIRCUIT_SUCCESS, 1 * MS);
    }
  assert_state (fixture, OPEN);
  tick (fixture);
  for (guint i = 0; i < 5; i++)
    call (fixture, DBR_CIRCUIT_CALL_PING, DBR_CIRCUIT_SUCCESS, 1 * MS);
  assert_state (fixture, HALF_OPEN);
  call (fixture, DBR_CIRCUIT_CALL_PING, DBR_CIRCUIT_TIMEOUT, 1 * MS);
  assert_state (fixture, OPEN);

  /* Where it was not delivered, an answer is an answer. */
  dbr_circuit_breaker_reset (fixture->breaker);
  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  tick (fixture);
  call (fixture, DBR_CIRCUIT_CALL_PING, DBR_CIRCUIT_SUCCESS, 1 * MS);
  call (fixture, DBR_CIRCUIT_CALL_PING, DBR_CIRCUIT_SUCCESS, 1 * MS);
  assert_state (fixture, CLOSED);
}

static void
test_does_not_flap_on_a_dead_main_loop (Fixture       *fixture,
                                        gconstpointer  data)
{
  g_test_summary ("A service that answers Ping and nothing else is never held for well");

  dbr_circuit_breaker_set_prober (fixture->breaker, TRUE);
  calls (fixture, 3, DBR_CIRCUIT_TIMEOUT);
  for (guint i = 0; i < 100; i++)
    {
      tick (fixture);
      if (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now))
        call (fixture, DBR_CIRCUIT_CALL_PROBE | DBR_CIRCUIT_CALL_PING, DBR_CIRCUIT_SUCCESS, 1 * MS);
      g_assert_cmpint (dbr_circuit_breaker_get_state (fixture->breaker), !=,
                       DBR_CIRCUIT_STATE_CLOSED);
      /* The call of a user may find out. */
      if (i % 3 == 0
          && dbr_circuit_breaker_get_state (fixture->breaker) == DBR_CIRCUIT_STATE_HALF_OPEN)
        calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
    }
}

static void
test_a_prober_goes_first (Fixture       *fixture,
                          gconstpointer  data)
{
  DbrCircuitPermit probe;

  g_test_summary ("Users wait for the probe that was lent, but not for one that does not come");

  dbr_circuit_breaker_set_prober (fixture->breaker, TRUE);
  calls (fixture, 3, DBR_CIRCUIT_TIMEOUT);
  g_assert_false (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now));
  tick (fixture);
  g_assert_true (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now));
  assert_refused (fixture);
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_PROBE, &probe));
  g_assert_false (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now));
  assert_refused (fixture);
  report (fixture, &probe, DBR_CIRCUIT_SUCCESS, 1 * MS);
  assert_refused (fixture);
  g_assert_true (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now));
  call (fixture, DBR_CIRCUIT_CALL_PROBE, DBR_CIRCUIT_SUCCESS, 1 * MS);
  assert_state (fixture, CLOSED);
  g_assert_false (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now));

  /* A cancelled probe leaves it to users, and the next probe has time. */
  calls (fixture, 3, DBR_CIRCUIT_TIMEOUT);
  tick (fixture);
  call (fixture, DBR_CIRCUIT_CALL_PROBE, DBR_CIRCUIT_IGNORED, 1 * MS);
  g_assert_false (dbr_circuit_breaker_wants_probe (fixture->breaker, fixture->world.now));
  calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
  assert_state (fixture, OPEN);

  /* No probe comes at all. */
  tick (fixture);
  assert_refused (fixture);
  fixture->world.now += 2 * S;
  calls (fixture, 2, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, CLOSED);
}

static void
test_a_new_owner_is_tried_at_once (Fixture       *fixture,
                                   gconstpointer  data)
{
  DbrCircuitPermit before;

  g_test_summary ("A new owner half-opens at once and ends the growth; what the old one was asked "
                  "counts no more");

  calls (fixture, 3, DBR_CIRCUIT_TIMEOUT);
  tick (fixture);
  calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, FALSE, FALSE);
  assert_state (fixture, OPEN);
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, TRUE, FALSE);
  assert_state (fixture, HALF_OPEN);
  calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
  g_assert_cmpuint (dbr_circuit_breaker_get_retry_after_ms (fixture->breaker), ==, 1000);

  dbr_circuit_breaker_reset (fixture->breaker);
  calls (fixture, 2, DBR_CIRCUIT_TIMEOUT);
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &before));
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, TRUE, FALSE);
  report (fixture, &before, DBR_CIRCUIT_TIMEOUT, 1 * MS);
  calls (fixture, 2, DBR_CIRCUIT_TIMEOUT);
  assert_state (fixture, CLOSED);
}

static void
test_a_lost_owner_opens_on_demand (Fixture       *fixture,
                                   gconstpointer  data)
{
  DbrCircuitPermit permit;

  g_test_summary ("Without an owner the circuit opens only if that is wanted, and then lets "
                  "through what would start the service");

  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, FALSE, FALSE);
  assert_state (fixture, CLOSED);
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, FALSE, TRUE);
  assert_state (fixture, OPEN);
  g_assert_cmpstr (dbr_circuit_breaker_get_reason (fixture->breaker), ==,
                   "no program has the name");
  assert_refused (fixture);
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_MAY_START, &permit));
  report (fixture, &permit, DBR_CIRCUIT_FAILURE, 1 * MS);
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, TRUE, TRUE);
  assert_state (fixture, HALF_OPEN);
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, FALSE, FALSE);
  assert_state (fixture, HALF_OPEN);
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, FALSE, TRUE);
  assert_state (fixture, OPEN);

  /* For any other reason it holds for all. */
  dbr_circuit_breaker_reset (fixture->breaker);
  calls (fixture, 3, DBR_CIRCUIT_FAILURE);
  g_assert_false (admit (fixture, DBR_CIRCUIT_CALL_MAY_START, &permit));
  dbr_circuit_breaker_owner_changed (fixture->breaker, fixture->world.now, FALSE, TRUE);
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_MAY_START, &permit));
}

static void
test_sleep_voids_what_was_counted (Fixture       *fixture,
                                   gconstpointer  data)
{
  DbrCircuitPermit permit;

  g_test_summary ("What was counted or sent before the machine slept counts no more, and an open "
                  "circuit is tried; a failure finds out by itself that it slept");

  calls (fixture, 2, DBR_CIRCUIT_TIMEOUT);
  g_assert_true (admit (fixture, DBR_CIRCUIT_CALL_NONE, &permit));
  fixture->world.suspended += 3600 * S;
  report (fixture, &permit, DBR_CIRCUIT_TIMEOUT, 1 * MS);
  calls (fixture, 2, DBR_CIRCUIT_TIMEOUT);
  assert_state (fixture, CLOSED);

  calls (fixture, 1, DBR_CIRCUIT_TIMEOUT);
  assert_state (fixture, OPEN);
  fixture->world.suspended += 500 * MS;
  assert_refused (fixture);
  fixture->world.suspended += 500 * MS + 1;
  calls (fixture, 2, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, CLOSED);

  calls (fixture, 3, DBR_CIRCUIT_TIMEOUT);
  dbr_circuit_breaker_resumed (fixture->breaker, fixture->world.now);
  assert_state (fixture, HALF_OPEN);
}

static void
test_is_tried_when_it_was_heard (Fixture       *fixture,
                                 gconstpointer  data)
{
  g_test_summary ("A late reply half-opens an open circuit and changes no other");

  dbr_circuit_breaker_heard (fixture->breaker, fixture->world.now);
  assert_state (fixture, CLOSED);
  calls (fixture, 3, DBR_CIRCUIT_TIMEOUT);
  dbr_circuit_breaker_heard (fixture->breaker, fixture->world.now);
  assert_state (fixture, HALF_OPEN);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  dbr_circuit_breaker_heard (fixture->breaker, fixture->world.now);
  calls (fixture, 1, DBR_CIRCUIT_SUCCESS);
  assert_state (fixture, CLOSED);
  dbr_circuit_breaker_isolate (fixture->breaker);
  dbr_circuit_breaker_heard (fixture->breaker, fixture->world.now);
  assert_state (fixture, ISOLATED);
}

int
main (int   argc,
      char *argv[])
{
  static const struct
  {
    const char *path;
    void        (*test) (Fixture       *fixture,
                         gconstpointer  data);
  } tests[] = {
    { "opens-after-three-in-a-row", test_opens_after_three_in_a_row },
    { "opens-by-the-share", test_opens_by_the_share },
    { "a-success-does-not-open", test_a_success_does_not_open },
    { "opens-when-slow", test_opens_when_slow },
    { "forgets-after-the-window", test_forgets_after_the_window },
    { "a-window-of-another-length-starts-empty", test_a_window_of_another_length_starts_empty },
    { "stays-open-longer-each-time", test_stays_open_longer_each_time },
    { "long-health-resets-the-growth", test_long_health_resets_the_growth },
    { "a-cancelled-trial-decides-nothing", test_a_cancelled_trial_decides_nothing },
    { "late-results-decide-nothing", test_late_results_decide_nothing },
    { "a-lost-permit-holds-up-nobody", test_a_lost_permit_holds_up_nobody },
    { "opens-for-few-calls-and-shows-it", test_opens_for_few_calls_and_shows_it },
    { "only-systemic-failures-count", test_answers_and_cancelled_calls_are_no_failures },
    { "a-ping-does-not-prove-life", test_a_ping_does_not_prove_life },
    { "does-not-flap-on-a-dead-main-loop", test_does_not_flap_on_a_dead_main_loop },
    { "a-prober-goes-first", test_a_prober_goes_first },
    { "a-new-owner-is-tried-at-once", test_a_new_owner_is_tried_at_once },
    { "a-lost-owner-opens-on-demand", test_a_lost_owner_opens_on_demand },
    { "sleep-voids-what-was-counted", test_sleep_voids_what_was_counted },
    { "is-tried-when-it-was-heard", test_is_tried_when_it_was_heard },
  };

  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/dbr/circuit-breaker/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }

  return g_test_run ();
}
