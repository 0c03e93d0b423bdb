/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "policy/dbr-circuit-breaker-private.h"

#include "dbr-test-world.h"

#define N_HISTORIES 10000
#define N_STEPS 120

/* A result that counts, as the model keeps all of them. */
typedef struct
{
  gint64   when;
  gboolean has_failed;
  gboolean has_timed_out;
  gboolean was_alone;
  gboolean is_slow;
} Result;

/* What the circuit should do, said as simply as possible: all results of a period are kept, and all
 * is worked out anew each time. */
typedef struct
{
  DbrCircuitState  state;
  gboolean         is_for_no_owner;
  guint            period;
  gint64           since;
  gint64           until;
  guint            n_openings;
  gboolean         has_prober;
  gboolean         ping_is_enough;
  gboolean         was_slow;
  guint            n_successes;
  guint            n_trials;
  gint64           busy_until;
  gint64           probe_from;
  gint64           callers_from;
  GArray          *results;
} Model;

/* An attempt under way, with what the model thinks of it. */
typedef struct
{
  DbrCircuitPermit permit;
  guint            period;
  guint            trial;
} Attempt;

typedef struct
{
  World              world;
  GRand             *rand;
  DbrCircuitBreaker *breaker;
  Model              model;
  GArray            *attempts;
} History;

static void
model_go (Model           *model,
          DbrCircuitState  state,
          gint64           now)
{
  model->state = state;
  model->since = now;
  model->period++;
  g_array_set_size (model->results, 0);
}

static void
model_half_open (Model  *model,
                 gint64  now)
{
  model->n_successes = 0;
  model->busy_until = now;
  model->probe_from = now;
  model->callers_from = now + 2 * S;
  model_go (model, DBR_CIRCUIT_STATE_HALF_OPEN, now);
}

/* The circuit has opened: it has to be for as long as it should, whatever chance made of it. */
static void
model_open (Model   *model,
            History *history)
{
  gint64 now = history->world.now;
  gint64 most = 2 * S;

  if (model->state == DBR_CIRCUIT_STATE_CLOSED && now - model->since >= 60 * S)
    model->n_openings = 0;
  for (guint i = 0; i < model->n_openings; i++)
    most = MIN (most * 2, 60 * S);

  model->n_openings++;
  model->until = dbr_circuit_breaker_get_next_usec (history->breaker);
  g_assert_cmpint (model->until - now, >=, most / 2);
  g_assert_cmpint (model->until - now, <=, most);
  model->is_for_no_owner = FALSE;
  model_go (model, DBR_CIRCUIT_STATE_OPEN, now);
}

static void
model_count (Model        *model,
             History      *history,
             const Result *result)
{
  gint64 slot = result->when / (3 * S);
  guint n_calls = 0, n_failures = 0, n_slow = 0, n_in_a_row = 0;
  gboolean has_timeout = FALSE;

  g_array_append_val (model->results, *result);
  for (guint i = 0; i < model->results->len; i++)
    {
      const Result *one = &g_array_index (model->results, Result, i);

      n_in_a_row = one->has_failed ? n_in_a_row + !one->was_alone : 0;
      has_timeout |= one->has_timed_out && result->when - one->when < 30 * S;
      if (one->when / (3 * S) <= slot - 10)
        continue;
      n_calls++;
      n_failures += one->has_failed;
      n_slow += one->is_slow;
    }

  if (!result->has_failed && !result->is_slow)
    return;

  if (n_in_a_row >= 3 || (n_calls >= 5 && n_failures * 2 >= n_calls))
    {
      model->ping_is_enough = !has_timeout;
      model->was_slow = FALSE;
      model_open (model, history);
    }
  else if (n_calls >= 5 && n_slow * 5 >= n_calls * 4)
    {
      model->ping_is_enough = FALSE;
      model->was_slow = TRUE;
      model_open (model, history);
    }
}

static gboolean
model_admit (Model               *model,
             gint64               now,
             DbrCircuitCallFlags  flags,
             guint               *trial)
{
  gboolean is_probe = (flags & DBR_CIRCUIT_CALL_PROBE) != 0;

  *trial = 0;
  if (model->state == DBR_CIRCUIT_STATE_OPEN && now >= model->until)
    model_half_open (model, now);

  if (model->state == DBR_CIRCUIT_STATE_CLOSED)
    return TRUE;
  if (model->state == DBR_CIRCUIT_STATE_OPEN)
    return model->is_for_no_owner && (flags & DBR_CIRCUIT_CALL_MAY_START) != 0;
  if (model->state == DBR_CIRCUIT_STATE_ISOLATED || now < model->busy_until)
    return FALSE;
  if (model->has_prober && now < (is_probe ? model->probe_from : model->callers_from))
    return FALSE;

  *trial = ++model->n_trials;
  model->busy_until = now + 2 * S;
  if (is_probe)
    model->callers_from = now + 4 * S;

  return TRUE;
}

static void
model_end_trial (Model             *model,
                 History           *history,
                 const Attempt     *attempt,
                 DbrCircuitOutcome  outcome,
                 gboolean           is_slow)
{
  gint64 now = history->world.now;
  gboolean is_probe = (attempt->permit.flags & DBR_CIRCUIT_CALL_PROBE) != 0;
  gboolean is_ping = (attempt->permit.flags & DBR_CIRCUIT_CALL_PING) != 0;
  gboolean is_good = outcome == DBR_CIRCUIT_SUCCESS;

  if (attempt->trial == model->n_trials)
    model->busy_until = now;
  if (is_probe)
    model->callers_from = now + 2 * S;

  if (outcome == DBR_CIRCUIT_IGNORED || (is_good && is_ping && !model->ping_is_enough))
    {
      if (is_probe)
        {
          model->callers_from = now;
          model->probe_from = now + 2 * S;
        }
      return;
    }

  if (!is_good || (is_slow && model->was_slow))
    {
      model->ping_is_enough &= outcome == DBR_CIRCUIT_SUCCESS || outcome == DBR_CIRCUIT_FAILURE;
      model_open (model, history);
      return;
    }

  if (++model->n_successes == 2)
    model_go (model, DBR_CIRCUIT_STATE_CLOSED, now);
}

static void
model_report (Model             *model,
              History           *history,
              const Attempt     *attempt,
              DbrCircuitOutcome  outcome,
              gint64             elapsed_usec)
{
  Result result = {
    history->world.now,
    outcome != DBR_CIRCUIT_SUCCESS,
    outcome == DBR_CIRCUIT_TIMEOUT || outcome == DBR_CIRCUIT_UNANSWERED,
    outcome == DBR_CIRCUIT_UNANSWERED,
    elapsed_usec > 1 * S,
  };

  if (attempt->period != model->period)
    return;

  if (attempt->trial != 0)
    model_end_trial (model, history, attempt, outcome, result.is_slow);
  else if (model->state == DBR_CIRCUIT_STATE_CLOSED && outcome != DBR_CIRCUIT_IGNORED
           && (result.has_failed || (attempt->permit.flags & DBR_CIRCUIT_CALL_PING) == 0))
    model_count (model, history, &result);
}

/* Something happened that voids what was before. */
static void
model_try_again (Model  *model,
                 gint64  now)
{
  if (model->state == DBR_CIRCUIT_STATE_CLOSED)
    {
      model->period++;
      g_array_set_size (model->results, 0);
    }
  else if (model->state != DBR_CIRCUIT_STATE_ISOLATED)
    {
      model_half_open (model, now);
    }
}

static void
history_begin_attempt (History *history)
{
  g_autoptr(GError) error = NULL;
  DbrCircuitCallFlags flags = g_rand_int_range (history->rand, 0, 8);
  Attempt attempt;
  gboolean is_expected = model_admit (&history->model, history->world.now, flags, &attempt.trial);
  gboolean is_admitted = dbr_circuit_breaker_admit (history->breaker, history->world.now, flags,
                                                    &attempt.permit, &error);

  g_assert_cmpint (is_admitted, ==, is_expected);
  if (!is_admitted)
    {
      g_assert_error (error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
      return;
    }

  g_assert_no_error (error);
  attempt.period = history->model.period;
  g_array_append_val (history->attempts, attempt);
}

static void
history_end_attempt (History *history)
{
  const gint64 times[] = { -1, 1 * MS, 1 * S, 1 * S + 1, 10 * S };
  DbrCircuitOutcome outcome = g_rand_int_range (history->rand, 0, 7);
  gint64 elapsed_usec = times[g_rand_int_range (history->rand, 0, G_N_ELEMENTS (times))];
  guint index;
  Attempt attempt;

  if (history->attempts->len == 0)
    return;

  /* More successes than other things, or all ends too soon. */
  if (outcome > DBR_CIRCUIT_IGNORED)
    outcome = DBR_CIRCUIT_SUCCESS;
  index = g_rand_int_range (history->rand, 0, history->attempts->len);
  attempt = g_array_index (history->attempts, Attempt, index);
  g_array_remove_index_fast (history->attempts, index);

  dbr_circuit_breaker_report (history->breaker, history->world.now, &attempt.permit, outcome,
                              elapsed_usec, NULL);
  model_report (&history->model, history, &attempt, outcome, elapsed_usec);
}

static void
history_change_owner (History *history)
{
  gboolean has_owner = g_rand_boolean (history->rand);
  gboolean opens = g_rand_int_range (history->rand, 0, 3) == 0;
  Model *model = &history->model;
  gint64 now = history->world.now;

  dbr_circuit_breaker_owner_changed (history->breaker, now, has_owner, opens);

  if (has_owner)
    {
      model->n_openings = 0;
      model_try_again (model, now);
    }
  else if (model->state == DBR_CIRCUIT_STATE_OPEN)
    {
      model->is_for_no_owner |= opens;
    }
  else if (model->state != DBR_CIRCUIT_STATE_ISOLATED)
    {
      if (!opens)
        {
          model_try_again (model, now);
          return;
        }

      if (model->state == DBR_CIRCUIT_STATE_CLOSED)
        {
          gboolean has_timeout = FALSE;

          for (guint i = 0; i < model->results->len; i++)
            {
              const Result *one = &g_array_index (model->results, Result, i);

              has_timeout |= one->has_timed_out && now - one->when < 30 * S;
            }
          model->ping_is_enough = !has_timeout;
          model->was_slow = FALSE;
        }
      model_open (model, history);
      model->is_for_no_owner = TRUE;
    }
}

static void
history_pass_time (History *history)
{
  const gint64 most[] = { 1 * MS, 1 * S, 3 * S, 20 * S, 100 * S };
  gint64 limit = most[g_rand_int_range (history->rand, 0, G_N_ELEMENTS (most))];

  history->world.now += (gint64) (g_rand_double (history->rand) * limit);
  history->world.chance = g_rand_double (history->rand);

  if (g_rand_boolean (history->rand))
    {
      dbr_circuit_breaker_tick (history->breaker, history->world.now);
      if (history->model.state == DBR_CIRCUIT_STATE_OPEN
          && history->world.now >= history->model.until)
        model_half_open (&history->model, history->world.now);
    }
}

static void
history_step (History *history)
{
  gint64 now = history->world.now;
  guint kind = g_rand_int_range (history->rand, 0, 100);

  if (kind < 40)
    {
      history_begin_attempt (history);
    }
  else if (kind < 75)
    {
      history_end_attempt (history);
    }
  else if (kind < 92)
    {
      history_pass_time (history);
    }
  else if (kind < 94)
    {
      history_change_owner (history);
    }
  else if (kind < 95)
    {
      dbr_circuit_breaker_resumed (history->breaker, now);
      model_try_again (&history->model, now);
    }
  else if (kind < 96)
    {
      dbr_circuit_breaker_heard (history->breaker, now);
      if (history->model.state == DBR_CIRCUIT_STATE_OPEN)
        model_try_again (&history->model, now);
    }
  else if (kind < 97)
    {
      history->model.has_prober = !history->model.has_prober;
      dbr_circuit_breaker_set_prober (history->breaker, history->model.has_prober);
    }
  else if (kind < 98)
    {
      dbr_circuit_breaker_isolate (history->breaker);
      if (history->model.state != DBR_CIRCUIT_STATE_ISOLATED)
        model_go (&history->model, DBR_CIRCUIT_STATE_ISOLATED, now);
    }
  else if (history->model.state == DBR_CIRCUIT_STATE_ISOLATED || kind == 99)
    {
      dbr_circuit_breaker_reset (history->breaker);
      history->model.n_openings = 0;
      model_go (&history->model, DBR_CIRCUIT_STATE_CLOSED, now);
    }
}

/* Whatever went before, a service that works has its calls again in little more than the longest
 * time a circuit is open, though no timer fires and no permit comes back. */
static void
history_recover (History *history)
{
  gint64 latest = history->world.now + 60 * S + 8 * S;

  if (history->model.state == DBR_CIRCUIT_STATE_ISOLATED)
    return;

  while (dbr_circuit_breaker_get_state (history->breaker) != DBR_CIRCUIT_STATE_CLOSED)
    {
      DbrCircuitPermit permit;

      g_assert_cmpint (history->world.now, <=, latest);
      if (dbr_circuit_breaker_admit (history->breaker, history->world.now,
                                     DBR_CIRCUIT_CALL_NONE, &permit, NULL))
        dbr_circuit_breaker_report (history->breaker, history->world.now, &permit,
                                    DBR_CIRCUIT_SUCCESS, 1 * MS, NULL);
      history->world.now += S / 4;
    }
}

static void
history_run (guint32       seed,
             GMainContext *context)
{
  History history = { .rand = g_rand_new_with_seed (seed) };

  world_init (&history.world);
  history.breaker = dbr_circuit_breaker_new (NULL, context, &history.world.clock,
                                             &history.world.random);
  history.attempts = g_array_new (FALSE, FALSE, sizeof (Attempt));
  history.model.results = g_array_new (FALSE, FALSE, sizeof (Result));
  history.model.since = history.world.now;

  for (guint i = 0; i < N_STEPS; i++)
    {
      history_step (&history);
      if ((guint) dbr_circuit_breaker_get_state (history.breaker) != history.model.state)
        g_error ("History %u: after step %u the circuit is in state %d and not in %d", seed, i,
                 dbr_circuit_breaker_get_state (history.breaker), history.model.state);
    }
  history_recover (&history);

  g_array_unref (history.model.results);
  g_array_unref (history.attempts);
  g_object_unref (history.breaker);
  g_rand_free (history.rand);
}

static void
test_does_what_the_model_does (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  guint32 seed = g_test_rand_int ();

  g_test_summary ("10 000 random histories go as in a simple model, and none leaves it stuck");

  for (guint i = 0; i < N_HISTORIES; i++)
    {
      history_run (seed + i, context);
      while (g_main_context_iteration (context, FALSE))
        ;
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/circuit-breaker/does-what-the-model-does", test_does_what_the_model_does);

  return g_test_run ();
}
