/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "policy/dbr-retry-policy-private.h"
#include "policy/dbr-retry-private.h"

#define BUS "org.freedesktop.DBus.Error."
#define BLUEZ "org.bluez.Error."

#define NOT_DELIVERED DBR_FAILURE_NOT_DELIVERED
#define MAYBE DBR_FAILURE_MAYBE_EXECUTED
#define EXECUTED DBR_FAILURE_EXECUTED
#define PERMANENT DBR_FAILURE_PERMANENT
#define CANCELLED DBR_FAILURE_CANCELLED

/* Chance that always says the same. */
typedef struct
{
  DbrRandom parent;
  double    value;
} FixedRandom;

static double
fixed_random_next (DbrRandom *random)
{
  return ((FixedRandom *) random)->value;
}

static FixedRandom fixed_random = { { fixed_random_next }, 0 };

static gint64 fake_now = 0;

static gint64
fake_clock_get (const DbrClock *clock)
{
  return fake_now;
}

static const DbrClock fake_clock = { fake_clock_get, fake_clock_get };

static DbrRetryPolicy *
make_policy (const char *preset)
{
  DbrRetryPolicy *policy = dbr_retry_policy_new_preset (preset, NULL);

  dbr_retry_policy_set_sources (policy, &fake_clock, &fixed_random.parent);
  fixed_random.value = 0;
  fake_now = 1000;

  return policy;
}

static void
assert_next (DbrRetry   *retry,
             DbrFailure  failure,
             guint       expected_ms)
{
  guint delay_ms = G_MAXUINT;

  g_assert_true (dbr_retry_next (retry, failure, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, expected_ms);
}

static void
assert_end (DbrRetry   *retry,
            DbrFailure  failure)
{
  guint delay_ms = G_MAXUINT;

  g_assert_false (dbr_retry_next (retry, failure, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 0);
}

static void
state_init (DbrRetryState  *state,
            DbrRetryPolicy *policy,
            gint64          deadline_usec,
            gboolean        is_idempotent)
{
  g_autoptr(DbrRetryPlan) plan = dbr_retry_policy_ref_plan (policy);

  dbr_retry_state_init (state, plan, &fixed_random.parent, deadline_usec, is_idempotent);
}

/* What a service or the bus says, and the pause there is after it; -1 if it is the end. */
static int
state_next (DbrRetryState *state,
            const char    *name,
            const char    *message,
            DbrOrigin      origin)
{
  DbrRetryVerdict verdict;
  guint delay_ms = G_MAXUINT;

  dbr_retry_plan_judge_reply (state->plan, name, message, origin, FALSE, &verdict);
  if (dbr_retry_state_next (state, fake_now, &verdict, 0, &delay_ms))
    return (int) delay_ms;

  g_assert_cmpuint (delay_ms, ==, 0);

  return -1;
}

static void
test_classes (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");

  g_test_summary ("What was not delivered is retried, what was perhaps executed only if allowed");

  for (int is_idempotent = 0; is_idempotent < 2; is_idempotent++)
    {
      const DbrFailure never[] = { EXECUTED, PERMANENT, CANCELLED, 5, -1 };
      g_autoptr(DbrRetry) retry = dbr_retry_policy_begin (policy, 0, is_idempotent);
      g_autoptr(DbrRetry) other = dbr_retry_policy_begin (policy, 0, is_idempotent);

      assert_next (retry, NOT_DELIVERED, 25);
      if (is_idempotent)
        assert_next (retry, MAYBE, 50);
      else
        assert_end (retry, MAYBE);

      for (gsize i = 0; i < G_N_ELEMENTS (never); i++)
        {
          g_autoptr(DbrRetry) fresh = dbr_retry_policy_begin (policy, 0, is_idempotent);

          assert_end (fresh, never[i]);
        }
      g_assert_true (dbr_retry_next (other, NOT_DELIVERED, NULL));
    }
}

static void
test_added (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  const DbrFailure failures[] = { NOT_DELIVERED, MAYBE, EXECUTED, PERMANENT };
  DbrRetryVerdict verdict = { CANCELLED, TRUE, NULL };
  DbrRetryState state;
  guint delay_ms;

  g_test_summary ("An added error is retried whatever it is, but not what is not wanted any more");

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      verdict.failure = failures[i];
      state_init (&state, policy, G_MAXINT64, FALSE);
      g_assert_true (dbr_retry_state_next (&state, fake_now, &verdict, 0, &delay_ms));
      dbr_retry_state_clear (&state);
    }

  verdict.failure = CANCELLED;
  state_init (&state, policy, G_MAXINT64, TRUE);
  g_assert_false (dbr_retry_state_next (&state, fake_now, &verdict, 0, &delay_ms));
  dbr_retry_state_clear (&state);
}

static void
test_attempts (void)
{
  static const struct
  {
    const char *preset;
    int         delays[6];
  } cases[] = {
    { "default", { 50, 100, -1 } },
    { "none", { -1 } },
    { "patient", { 1000, 2000, -1 } },
    { "reconnect", { 1000, 1500, 2250, 3375, -1 } },
  };

  g_test_summary ("Each preset makes so many attempts, with pauses that grow as documented");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DbrRetryPolicy) policy = make_policy (cases[i].preset);
      g_autoptr(DbrRetry) retry = NULL;

      g_test_message ("%s", cases[i].preset);
      dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
      retry = dbr_retry_policy_begin (policy, 0, FALSE);
      for (const int *delay = cases[i].delays; *delay >= 0; delay++)
        assert_next (retry, NOT_DELIVERED, (guint) *delay);
      assert_end (retry, NOT_DELIVERED);
      assert_end (retry, NOT_DELIVERED);
    }
}

static void
test_jitter (void)
{
  static const struct
  {
    DbrJitter jitter;
    double    chance;
    guint     delays[4];
  } cases[] = {
    { DBR_JITTER_NONE, 0, { 100, 200, 400, 500 } },
    { DBR_JITTER_NONE, 0.999, { 100, 200, 400, 500 } },
    { DBR_JITTER_EQUAL, 0, { 50, 100, 200, 250 } },
    { DBR_JITTER_EQUAL, 0.5, { 75, 150, 300, 375 } },
    { DBR_JITTER_EQUAL, 0.999999, { 100, 200, 400, 500 } },
    { DBR_JITTER_FULL, 0, { 0, 0, 0, 0 } },
    { DBR_JITTER_FULL, 0.5, { 50, 100, 200, 250 } },
    { DBR_JITTER_FULL, 0.999999, { 100, 200, 400, 500 } },
    { DBR_JITTER_DECORRELATED, 0, { 100, 100, 100, 100 } },
    /* 100 + 200/2, 100 + 500/2, then 100 + 950/2 and all after it are too long */
    { DBR_JITTER_DECORRELATED, 0.5, { 200, 350, 500, 500 } },
    { DBR_JITTER_DECORRELATED, 0.999999, { 300, 500, 500, 500 } },
  };

  g_test_summary ("Each kind of jitter follows its formula to its bounds");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
      g_autoptr(DbrRetry) retry = NULL;

      g_test_message ("%d with %g", cases[i].jitter, cases[i].chance);
      g_object_set (policy, "base-delay-ms", 100u, "max-delay-ms", 500u, "max-attempts", 5u,
                    "jitter", cases[i].jitter, NULL);
      fixed_random.value = cases[i].chance;
      retry = dbr_retry_policy_begin (policy, 0, FALSE);
      for (gsize j = 0; j < G_N_ELEMENTS (cases[i].delays); j++)
        {
          guint least;
          guint most;

          assert_next (retry, NOT_DELIVERED, cases[i].delays[j]);
          dbr_retry_policy_get_delay_range (policy, j + 1, &least, &most);
          g_assert_cmpuint (cases[i].delays[j], >=, least);
          g_assert_cmpuint (cases[i].delays[j], <=, most);
        }
      assert_end (retry, NOT_DELIVERED);
    }
}

static void
test_limit (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  g_autoptr(DbrRetry) exact = NULL;
  g_autoptr(DbrRetry) late = NULL;
  g_autoptr(DbrRetry) longer = NULL;

  g_test_summary ("No attempt begins without 5 ms for it, and the limit is over all of them");

  dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
  exact = dbr_retry_policy_begin (policy, 1000, FALSE);
  late = dbr_retry_policy_begin (policy, 1000, FALSE);
  longer = dbr_retry_policy_begin (policy, 1100, FALSE);

  /* The limit is one second after 1000 µs, and the pause 50 ms. */
  fake_now = 1000 + 945000;
  assert_next (exact, NOT_DELIVERED, 50);
  fake_now++;
  assert_end (late, NOT_DELIVERED);
  assert_next (longer, NOT_DELIVERED, 50);
  fake_now = 1000 + 1000000;
  assert_end (longer, NOT_DELIVERED);
  fake_now = 1000 + 9000000;
  assert_end (exact, NOT_DELIVERED);
}

static void
test_needed_time (void)
{
  static const DbrRetryVerdict verdict = { NOT_DELIVERED, FALSE, NULL };
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  DbrRetryState state;
  guint delay_ms;

  g_test_summary ("Where an attempt is known to take longer it has that time, or does not begin");

  dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
  state_init (&state, policy, 100000, FALSE);
  g_assert_false (dbr_retry_state_next (&state, 0, &verdict, 50001, &delay_ms));
  dbr_retry_state_clear (&state);
  state_init (&state, policy, 100000, FALSE);
  g_assert_true (dbr_retry_state_next (&state, 0, &verdict, 50000, &delay_ms));
  dbr_retry_state_clear (&state);
  state_init (&state, policy, 100000, FALSE);
  g_assert_false (dbr_retry_state_next (&state, G_MAXINT64 / 2, &verdict, 0, &delay_ms));
  dbr_retry_state_clear (&state);
}

static void
test_long_limit (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  g_autoptr(DbrRetry) longest = dbr_retry_policy_begin (policy, G_MAXUINT, FALSE);
  g_autoptr(DbrRetry) endless = dbr_retry_policy_begin (policy, 0, FALSE);

  g_test_summary ("A limit of more than a day is one of a day, and 0 is none");

  fake_now += (gint64) 86400 * G_USEC_PER_SEC;
  assert_end (longest, NOT_DELIVERED);
  assert_next (endless, NOT_DELIVERED, 25);
}

static void
count_message_cb (const char     *domain,
                  GLogLevelFlags  level,
                  const char     *message,
                  gpointer        user_data)
{
  ++*(guint *) user_data;
}

static void
test_short_limit (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  g_autoptr(DbrRetry) retry = NULL;
  guint n_messages = 0;
  guint handler = g_log_set_handler ("Dbr", G_LOG_LEVEL_MESSAGE, count_message_cb, &n_messages);

  g_test_summary ("A limit that was perhaps meant in seconds is named in the log");

  retry = dbr_retry_policy_begin (policy, 5, FALSE);
  g_assert_cmpuint (n_messages, ==, 1);
  assert_end (retry, NOT_DELIVERED);
  g_log_remove_handler ("Dbr", handler);
}

static void
test_throttled (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  DbrRetryState state;

  g_test_summary ("Where a limit was reached the pause is longer, and starting is tried twice");

  dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BUS "LimitsExceeded", "", DBR_ORIGIN_BUS), ==, 500);
  g_assert_cmpint (state_next (&state, BUS "NoMemory", "", DBR_ORIGIN_BUS), ==, 1000);
  g_assert_cmpint (state_next (&state, BUS "LimitsExceeded", "", DBR_ORIGIN_BUS), ==, -1);
  dbr_retry_state_clear (&state);

  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BUS "ServiceUnknown", "", DBR_ORIGIN_BUS), ==, 50);
  g_assert_cmpint (state_next (&state, BUS "LimitsExceeded", "", DBR_ORIGIN_BUS), ==, 1000);
  dbr_retry_state_clear (&state);

  state_init (&state, policy, G_MAXINT64, TRUE);
  g_assert_cmpint (state_next (&state, BUS "LimitsExceeded", "", DBR_ORIGIN_SERVICE), ==, -1);
  dbr_retry_state_clear (&state);

  dbr_retry_policy_set_max_attempts (policy, 9);
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BUS "Spawn.ChildExited", "", DBR_ORIGIN_BUS), ==, 500);
  g_assert_cmpint (state_next (&state, BUS "Spawn.Failed", "", DBR_ORIGIN_BUS), ==, -1);
  dbr_retry_state_clear (&state);

  /* The bus has waited long enough. */
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BUS "TimedOut", "", DBR_ORIGIN_BUS), ==, -1);
  dbr_retry_state_clear (&state);
}

static void
test_bluez (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("bluez");
  g_autoptr(DbrRetry) hard = dbr_retry_policy_begin (policy, 0, TRUE);
  g_autoptr(DbrRetry) transient = dbr_retry_policy_begin (policy, 0, FALSE);
  DbrRetryState state;

  g_test_summary ("For Bluetooth, failures that pass are counted apart, with a pause by cause");

  for (int i = 0; i < 3; i++)
    g_assert_true (dbr_retry_next (hard, MAYBE, NULL));
  assert_end (hard, MAYBE);
  for (int i = 0; i < 8; i++)
    g_assert_true (dbr_retry_next (transient, NOT_DELIVERED, NULL));
  assert_end (transient, NOT_DELIVERED);

  dbr_retry_policy_set_jitter (policy, DBR_JITTER_NONE);
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "le-connection-abort-by-local",
                               DBR_ORIGIN_SERVICE), ==, 250);
  g_assert_cmpint (state_next (&state, BLUEZ "InProgress", "", DBR_ORIGIN_SERVICE), ==, 375);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "br-connection-page-timeout",
                               DBR_ORIGIN_SERVICE), ==, 1000);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "br-connection-busy",
                               DBR_ORIGIN_SERVICE), ==, 4000);
  g_assert_cmpint (state_next (&state, BLUEZ "NotReady", "", DBR_ORIGIN_SERVICE), ==, 1125);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "le-connection-refused",
                               DBR_ORIGIN_SERVICE), ==, 1125);
  g_assert_cmpint (state_next (&state, BLUEZ "ConnectionAttemptFailed", "Page Timeout",
                               DBR_ORIGIN_SERVICE), ==, -1);
  dbr_retry_state_clear (&state);

  /* Once more for the adapter, and never for what BlueZ has simply refused. */
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "br-connection-bad-socket",
                               DBR_ORIGIN_SERVICE), ==, 1000);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "br-connection-bad-socket",
                               DBR_ORIGIN_SERVICE), ==, -1);
  dbr_retry_state_clear (&state);
  state_init (&state, policy, G_MAXINT64, TRUE);
  g_assert_cmpint (state_next (&state, BLUEZ "NotPermitted", "", DBR_ORIGIN_SERVICE), ==, -1);
  dbr_retry_state_clear (&state);

  /* Twice for what nobody has heard of. */
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "", DBR_ORIGIN_SERVICE), ==, 250);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "", DBR_ORIGIN_SERVICE), ==, 375);
  g_assert_cmpint (state_next (&state, BLUEZ "Failed", "", DBR_ORIGIN_SERVICE), ==, -1);
  dbr_retry_state_clear (&state);

  dbr_retry_policy_set_max_attempts (policy, 2);
  state_init (&state, policy, G_MAXINT64, FALSE);
  g_assert_cmpint (state_next (&state, BLUEZ "InProgress", "", DBR_ORIGIN_SERVICE), ==, 250);
  g_assert_cmpint (state_next (&state, BLUEZ "InProgress", "", DBR_ORIGIN_SERVICE), ==, -1);
  dbr_retry_state_clear (&state);
}

static void
test_new_owner (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");
  g_autoptr(DbrRetryPolicy) none = make_policy ("none");
  DbrRetryState state;
  guint delay_ms = 0;

  g_test_summary ("Each new owner is worth one more attempt, after at most 100 ms");

  fixed_random.value = 0.5;
  state_init (&state, policy, 200000, FALSE);
  g_assert_true (dbr_retry_state_next_owner (&state, 0, 1, 0, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 50);
  g_assert_false (dbr_retry_state_next_owner (&state, 0, 1, 0, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 0);
  fixed_random.value = 0.999;
  g_assert_true (dbr_retry_state_next_owner (&state, 0, 2, 0, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 100);

  /* Without time for it there is none, and it can still be asked for. */
  g_assert_false (dbr_retry_state_next_owner (&state, 100000, 3, 0, &delay_ms));
  fixed_random.value = 0;
  g_assert_true (dbr_retry_state_next_owner (&state, 100000, 3, 0, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 0);

  /* None of them was counted. */
  g_assert_cmpint (state_next (&state, BUS "ServiceUnknown", "", DBR_ORIGIN_BUS), ==, 25);
  g_assert_cmpint (state_next (&state, BUS "ServiceUnknown", "", DBR_ORIGIN_BUS), ==, 50);
  dbr_retry_state_clear (&state);

  state_init (&state, none, G_MAXINT64, TRUE);
  g_assert_false (dbr_retry_state_next_owner (&state, 0, 1, 0, &delay_ms));
  dbr_retry_state_clear (&state);
}

/* Chance as it is, but the same in each run. */
typedef struct
{
  DbrRandom parent;
  GRand    *rand;
} SeededRandom;

static double
seeded_random_next (DbrRandom *random)
{
  return g_rand_double (((SeededRandom *) random)->rand);
}

static void
test_owner_spread (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");

  g_test_summary ("Fifty clients that wait for the same owner come back over at least half of 100 ms");

  for (guint32 seed = 0; seed < 100; seed++)
    {
      g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
      SeededRandom random = { { seeded_random_next }, rand };
      guint in_tenth[11] = { 0 };
      guint first = G_MAXUINT;
      guint last = 0;

      for (guint i = 0; i < 50; i++)
        {
          g_autoptr(DbrRetryPlan) plan = dbr_retry_policy_ref_plan (policy);
          DbrRetryState state;
          guint delay_ms;

          dbr_retry_state_init (&state, plan, &random.parent, G_MAXINT64, FALSE);
          g_assert_true (dbr_retry_state_next_owner (&state, 0, 2, 0, &delay_ms));
          dbr_retry_state_clear (&state);
          first = MIN (first, delay_ms);
          last = MAX (last, delay_ms);
          in_tenth[delay_ms / 10]++;
        }

      g_assert_cmpuint (last - first, >=, 50);
      g_assert_cmpuint (last, <=, 100);
      for (gsize i = 0; i < G_N_ELEMENTS (in_tenth); i++)
        g_assert_cmpuint (in_tenth[i], <, 25);
    }
}

static void
test_without_policy (void)
{
  g_autoptr(DbrRetry) retry = g_object_new (DBR_TYPE_RETRY, NULL);
  guint delay_ms = 0;

  g_test_summary ("One that a binding made by itself goes by what ships");

  g_assert_false (dbr_retry_next (retry, MAYBE, &delay_ms));
  g_assert_true (dbr_retry_next (retry, NOT_DELIVERED, &delay_ms));
  g_assert_cmpuint (delay_ms, >=, 50);
  g_assert_cmpuint (delay_ms, <=, 100);
  g_assert_false (dbr_retry_next (retry, NOT_DELIVERED, NULL));
}

/* The rules once more, as simply as they can be said. */
typedef struct
{
  DbrRetryValues values;
  gboolean       is_idempotent;
  gint64         deadline;
  guint          n_failed;
  double         last;
} Model;

static double
model_get_pause (Model  *model,
                 double  chance)
{
  const DbrRetryValues *values = &model->values;
  double pause = values->base_delay_ms;

  for (guint i = 1; i < model->n_failed; i++)
    pause *= values->multiplier;
  if (pause > values->max_delay_ms)
    pause = values->max_delay_ms;

  if (values->jitter == DBR_JITTER_EQUAL)
    pause = pause / 2 + chance * pause / 2;
  else if (values->jitter == DBR_JITTER_FULL)
    pause = chance * pause;
  else if (values->jitter == DBR_JITTER_DECORRELATED)
    {
      double from = values->base_delay_ms;
      double to = 3 * (model->last > from ? model->last : from);

      pause = from + chance * (to - from);
      if (pause > values->max_delay_ms)
        pause = values->max_delay_ms;
    }

  return pause;
}

static gboolean
model_next (Model      *model,
            gint64      now,
            DbrFailure  failure,
            double      chance,
            double     *pause)
{
  model->n_failed++;
  *pause = 0;
  if (failure != NOT_DELIVERED && !(failure == MAYBE && model->is_idempotent))
    return FALSE;
  if (model->n_failed >= model->values.max_attempts)
    return FALSE;

  *pause = model_get_pause (model, chance);
  if (model->deadline != 0 && now + (guint) (*pause + 0.5) * 1000 + 5000 > model->deadline)
    return FALSE;
  model->last = *pause;

  return TRUE;
}

static void
model_randomize (Model          *model,
                 DbrRetryPolicy *policy,
                 guint          *timeout_ms)
{
  DbrRetryValues *values = &model->values;

  *model = (Model) { { 0, }, };
  values->max_attempts = g_test_rand_int_range (1, 9);
  values->base_delay_ms = g_test_rand_int_range (0, 300);
  values->multiplier = g_test_rand_double_range (1, 4);
  values->max_delay_ms = g_test_rand_int_range (0, 3000);
  values->jitter = g_test_rand_int_range (0, 4);
  model->is_idempotent = g_test_rand_bit ();
  *timeout_ms = g_test_rand_bit () ? g_test_rand_int_range (10, 5000) : 0;
  model->deadline = *timeout_ms != 0 ? fake_now + *timeout_ms * 1000 : 0;

  g_object_set (policy, "max-attempts", values->max_attempts,
                "base-delay-ms", values->base_delay_ms, "multiplier", values->multiplier,
                "max-delay-ms", values->max_delay_ms, "jitter", values->jitter, NULL);
}

static void
test_model (void)
{
  g_autoptr(DbrRetryPolicy) policy = make_policy ("default");

  g_test_summary ("Over random policies and histories it does what a simple model does");

  for (guint run = 0; run < 10000; run++)
    {
      g_autoptr(DbrRetry) retry = NULL;
      guint timeout_ms;
      Model model;

      model_randomize (&model, policy, &timeout_ms);
      retry = dbr_retry_policy_begin (policy, timeout_ms, model.is_idempotent);

      for (guint i = 0; i < 12; i++)
        {
          DbrFailure failure = g_test_rand_int_range (0, 10) == 0
                               ? g_test_rand_int_range (0, 5)
                               : g_test_rand_int_range (0, 2);
          guint delay_ms = G_MAXUINT;
          gboolean is_next;
          double pause;

          fake_now += g_test_rand_int_range (0, 500000);
          fixed_random.value = g_test_rand_double ();
          is_next = dbr_retry_next (retry, failure, &delay_ms);
          g_assert_cmpint (is_next, ==, model_next (&model, fake_now, failure, fixed_random.value,
                                                    &pause));
          if (is_next)
            g_assert_cmpfloat_with_epsilon ((double) delay_ms, pause, 0.5001);
          else
            g_assert_cmpuint (delay_ms, ==, 0);
        }
    }
}

static gpointer
ask_cb (gpointer data)
{
  guint n_next = 0;

  for (guint i = 0; i < 1000; i++)
    n_next += dbr_retry_next (data, NOT_DELIVERED, NULL) ? 1 : 0;

  return GUINT_TO_POINTER (n_next);
}

static void
test_threads (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(DbrRetry) retry = NULL;
  GThread *threads[4];
  guint n_next = 0;

  g_test_summary ("However many threads ask, there are not more attempts than allowed");

  dbr_retry_policy_set_max_attempts (policy, 2000);
  retry = dbr_retry_policy_begin (policy, 0, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("retry", ask_cb, retry);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    n_next += GPOINTER_TO_UINT (g_thread_join (threads[i]));

  g_assert_cmpuint (n_next, ==, 1999);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/retry/classes", test_classes);
  g_test_add_func ("/dbr/retry/added-errors", test_added);
  g_test_add_func ("/dbr/retry/attempts-of-presets", test_attempts);
  g_test_add_func ("/dbr/retry/jitter", test_jitter);
  g_test_add_func ("/dbr/retry/one-limit-over-all", test_limit);
  g_test_add_func ("/dbr/retry/needed-time", test_needed_time);
  g_test_add_func ("/dbr/retry/long-limit", test_long_limit);
  g_test_add_func ("/dbr/retry/short-limit-is-named", test_short_limit);
  g_test_add_func ("/dbr/retry/throttled", test_throttled);
  g_test_add_func ("/dbr/retry/bluez", test_bluez);
  g_test_add_func ("/dbr/retry/new-owner", test_new_owner);
  g_test_add_func ("/dbr/retry/new-owner-spread", test_owner_spread);
  g_test_add_func ("/dbr/retry/without-policy", test_without_policy);
  g_test_add_func ("/dbr/retry/like-a-simple-model", test_model);
  g_test_add_func ("/dbr/retry/threads", test_threads);

  return g_test_run ();
}
