/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-retry.h"
#include "policy/dbr-retry-private.h"

#include "base/dbr-check-private.h"

#define PRESET "default"

/**
 * DbrRetry:
 *
 * The attempts at one thing, which may be any code of one's own.
 *
 * It comes from [method@RetryPolicy.begin], and says after each failure whether there is another
 * attempt, and how long to wait before it:
 *
 * ```c
 * g_autoptr(DbrRetry) retry = dbr_retry_policy_begin (policy, 10000, TRUE);
 * g_autoptr(GError) error = NULL;
 * guint delay_ms = 0;
 *
 * while (!save_document (&error)
 *        && dbr_retry_next (retry, dbr_retry_policy_classify (policy, error), &delay_ms))
 *   {
 *     g_clear_error (&error);
 *     g_usleep (delay_ms * 1000ul);
 *   }
 * ```
 *
 * It goes by what the policy was when it began. Any thread may use it.
 *
 * Since: 0.1
 */
struct _DbrRetry
{
  GObject         parent_instance;

  const DbrClock *clock;

  GMutex          mutex;

  /* guarded by mutex */
  DbrRetryState   state;
};

G_DEFINE_FINAL_TYPE (DbrRetry, dbr_retry, G_TYPE_OBJECT)

void
dbr_retry_state_init (DbrRetryState *self,
                      DbrRetryPlan  *plan,
                      DbrRandom     *random,
                      gint64         deadline_usec,
                      gboolean       is_idempotent)
{
  *self = (DbrRetryState) { 0, };
  self->plan = dbr_retry_plan_ref (plan);
  self->random = random;
  self->deadline_usec = deadline_usec;
  self->is_idempotent = is_idempotent;
}

void
dbr_retry_state_clear (DbrRetryState *self)
{
  g_clear_pointer (&self->plan, dbr_retry_plan_unref);
}

static gboolean
may_run_again (const DbrRetryVerdict *verdict,
               gboolean               is_idempotent)
{
  switch (verdict->failure)
    {
    case DBR_FAILURE_NOT_DELIVERED:
      return TRUE;

    case DBR_FAILURE_MAYBE_EXECUTED:
      return is_idempotent || verdict->is_added;

    case DBR_FAILURE_EXECUTED:
    case DBR_FAILURE_PERMANENT:
      return verdict->is_added;

    case DBR_FAILURE_CANCELLED:
    default:
      return FALSE;
    }
}

/* Counts a failure. The number is that of its kind, or 0 if none of them may follow. */
static guint
dbr_retry_state_count (DbrRetryState         *self,
                       const DbrRetryVerdict *verdict)
{
  const DbrRetryValues *values = &self->plan->values;
  const DbrRetryCause *cause = verdict->cause;
  gboolean is_transient = cause != NULL && cause->is_retried
                          ? cause->is_transient
                          : verdict->failure == DBR_FAILURE_NOT_DELIVERED;
  guint most = values->max_attempts;
  guint *number = &self->n_hard;

  if (values->transient_attempts != 0 && is_transient)
    {
      most = values->transient_attempts;
      number = &self->n_transient;
    }

  if (*number < G_MAXUINT)
    ++*number;

  if (cause != NULL)
    {
      if (self->n_by_cause[cause->index] < G_MAXUINT8)
        self->n_by_cause[cause->index]++;
      if (cause->attempts != 0 && self->n_by_cause[cause->index] >= cause->attempts)
        return 0;
    }

  return *number < most ? *number : 0;
}

static guint
dbr_retry_state_get_base (const DbrRetryState *self,
                          const DbrRetryCause *cause)
{
  if (cause != NULL && cause->is_throttled)
    return self->plan->values.throttle_delay_ms;

  return cause != NULL && cause->pause_ms != 0
         ? cause->pause_ms
         : self->plan->values.base_delay_ms;
}

/* Whether an attempt after the pause can still be answered in time. */
static gboolean
dbr_retry_state_has_time (const DbrRetryState *self,
                          gint64               now,
                          guint                delay_ms,
                          gint64               needed_usec)
{
  gint64 needed = (gint64) delay_ms * 1000 + MAX (needed_usec, DBR_RETRY_MIN_USEC);

  return self->deadline_usec == G_MAXINT64 || needed <= self->deadline_usec - now;
}

gboolean
dbr_retry_state_next (DbrRetryState         *self,
                      gint64                 now,
                      const DbrRetryVerdict *verdict,
                      gint64                 needed_usec,
                      guint                 *delay_ms)
{
  guint number = dbr_retry_state_count (self, verdict);
  double delay;

  *delay_ms = 0;
  if (!self->plan->is_valid
      || number == 0
      || !may_run_again (verdict, self->is_idempotent))
    return FALSE;

  delay = dbr_retry_plan_get_delay (self->plan,
                                    dbr_retry_state_get_base (self, verdict->cause),
                                    number, self->last_ms, dbr_random_next (self->random));
  if (!dbr_retry_state_has_time (self, now, dbr_retry_plan_round (delay), needed_usec))
    return FALSE;

  self->last_ms = delay;
  *delay_ms = dbr_retry_plan_round (delay);

  return TRUE;
}

gboolean
dbr_retry_state_next_owner (DbrRetryState *self,
                            gint64         now,
                            guint          generation,
                            gint64         needed_usec,
                            guint         *delay_ms)
{
  guint delay;

  *delay_ms = 0;
  if (!self->plan->is_valid
      || self->plan->values.max_attempts < 2
      || self->generation == generation)
    return FALSE;

  delay = dbr_retry_plan_round (DBR_RETRY_OWNER_SPREAD_MS * dbr_random_next (self->random));
  if (!dbr_retry_state_has_time (self, now, delay, needed_usec))
    return FALSE;

  self->generation = generation;
  *delay_ms = delay;

  return TRUE;
}

static void
dbr_retry_finalize (GObject *object)
{
  DbrRetry *self = DBR_RETRY (object);

  dbr_retry_state_clear (&self->state);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_retry_parent_class)->finalize (object);
}

static void
dbr_retry_class_init (DbrRetryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_retry_finalize;
}

/* A binding may make one without a policy, which then goes by what ships. */
static void
dbr_retry_init (DbrRetry *self)
{
  g_autoptr(DbrRetryPlan) plan = dbr_retry_plan_lookup (PRESET);

  g_mutex_init (&self->mutex);
  self->clock = dbr_clock_get_system ();
  dbr_retry_state_init (&self->state, plan, dbr_random_get_system (), G_MAXINT64, FALSE);
}

DbrRetry *
dbr_retry_new (DbrRetryPlan   *plan,
               const DbrClock *clock,
               DbrRandom      *random,
               guint           timeout_ms,
               gboolean        is_idempotent)
{
  DbrRetry *self = g_object_new (DBR_TYPE_RETRY, NULL);
  gint64 deadline_usec = G_MAXINT64;

  if (timeout_ms != 0)
    deadline_usec = dbr_clock_get_monotonic (clock)
                    + (gint64) MIN (timeout_ms, DBR_MAX_TIMEOUT_MS) * 1000;

  self->clock = clock;
  dbr_retry_state_clear (&self->state);
  dbr_retry_state_init (&self->state, plan, random, deadline_usec, is_idempotent);

  return self;
}

/**
 * dbr_retry_next:
 * @self: the attempts
 * @failure: how the last attempt failed
 * @delay_ms: (out) (optional): return location for how long to wait in milliseconds
 *
 * Tells whether to try again. It is to be asked once after each failed attempt.
 *
 * There is no other attempt after `DBR_FAILURE_EXECUTED`, `DBR_FAILURE_PERMANENT` or
 * `DBR_FAILURE_CANCELLED`, after `DBR_FAILURE_MAYBE_EXECUTED` only if it was said in the beginning
 * that running twice does no harm, not when there were [property@RetryPolicy:max-attempts], and not
 * when the pause would leave less than 5 ms of the time limit. What failed last is then the error
 * of the whole.
 *
 * Returns: whether to try again
 *
 * Since: 0.1
 */
gboolean
dbr_retry_next (DbrRetry   *self,
                DbrFailure  failure,
                guint      *delay_ms)
{
  DbrRetryVerdict verdict = { failure, FALSE, NULL };
  gboolean is_next;
  gint64 now;
  guint delay;

  g_return_val_if_fail (DBR_IS_RETRY (self), FALSE);

  now = dbr_clock_get_monotonic (self->clock);
  g_mutex_lock (&self->mutex);
  is_next = dbr_retry_state_next (&self->state, now, &verdict, 0, &delay);
  g_mutex_unlock (&self->mutex);

  if (delay_ms != NULL)
    *delay_ms = delay;

  return is_next;
}
