/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-circuit-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

static const DbrCircuitConfig shipped = {
  .window_ms = 30000,
  .min_calls = 5,
  .failure_ratio = 0.5,
  .consecutive_failures = 3,
  .slow_ms = 1000,
  .slow_ratio = 0.8,
  .open_ms = 2000,
  .max_open_ms = 60000,
};

static gboolean
check_positive (const char  *name,
                guint        value,
                GError     **error)
{
  if (value != 0)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("“%s” of a circuit breaker must not be 0"), name);

  return FALSE;
}

static gboolean
check_time (const char  *name,
            guint        ms,
            GError     **error)
{
  return check_positive (name, ms, error) && dbr_check_timeout (name, ms, error);
}

static gboolean
check_ratio (const char  *name,
             double       ratio,
             GError     **error)
{
  /* Written so that what is not a number is no ratio either. */
  if (ratio > 0 && ratio <= 1)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("“%s” of a circuit breaker is %g, but has to be more than 0 and at most 1"),
               name, ratio);

  return FALSE;
}

gboolean
dbr_circuit_config_check (const DbrCircuitConfig  *config,
                          GError                 **error)
{
  return check_time ("window-ms", config->window_ms, error)
         && check_positive ("min-calls", config->min_calls, error)
         && check_ratio ("failure-ratio", config->failure_ratio, error)
         && check_positive ("consecutive-failures", config->consecutive_failures, error)
         && check_time ("slow-ms", config->slow_ms, error)
         && check_ratio ("slow-ratio", config->slow_ratio, error)
         && check_time ("open-ms", config->open_ms, error)
         && check_time ("max-open-ms", config->max_open_ms, error);
}

/* Only whole numbers of the configuration are in it, so that there are not many texts to intern. */
const char *
dbr_circuit_cause_to_string (DbrCircuitCause cause,
                             guint           value)
{
  g_autofree char *text = NULL;

  switch (cause)
    {
    case DBR_CIRCUIT_CAUSE_CONSECUTIVE:
      text = g_strdup_printf (dbr_ngettext ("%u call failed",
                                            "%u calls failed in a row", value), value);
      break;

    case DBR_CIRCUIT_CAUSE_FAILURES:
      text = g_strdup_printf (_("at least %u %% of the calls failed"), value);
      break;

    case DBR_CIRCUIT_CAUSE_SLOW:
      text = g_strdup_printf (_("at least %u %% of the calls were slow"), value);
      break;

    case DBR_CIRCUIT_CAUSE_TRIAL:
      return g_intern_string (_("a call failed that was sent to try it again"));

    case DBR_CIRCUIT_CAUSE_NO_OWNER:
      return g_intern_string (_("no program has the name"));

    case DBR_CIRCUIT_CAUSE_NEW_OWNER:
      return g_intern_string (_("it has started anew and is being tried"));

    case DBR_CIRCUIT_CAUSE_RESUMED:
      return g_intern_string (_("the machine has woken up and it is being tried"));

    case DBR_CIRCUIT_CAUSE_HEARD:
      return g_intern_string (_("it was heard again and is being tried"));

    case DBR_CIRCUIT_CAUSE_ISOLATED:
      return g_intern_string (_("it was isolated by the application"));

    case DBR_CIRCUIT_CAUSE_NONE:
    default:
      return NULL;
    }

  return g_intern_string (text);
}

static void
dbr_circuit_clear_window (DbrCircuit *self)
{
  memset (self->slots, 0, sizeof self->slots);
  self->current = self->slots;
  /* So far back that the next result turns to its own slot, whatever the length of one is. */
  self->slot = -DBR_CIRCUIT_N_SLOTS;
  self->slot_end_usec = G_MININT64;
  self->n_consecutive = 0;
  self->has_timeout = FALSE;
}

/* Makes all permits worthless that were given before. */
static void
dbr_circuit_begin_period (DbrCircuit *self)
{
  /* One bit is left to who keeps it, and 0 is no period. */
  self->period = (self->period + 1) & (G_MAXUINT >> 1);
  if (self->period == 0)
    self->period = 1;

  self->n_changes++;
  dbr_circuit_clear_window (self);
}

static void
dbr_circuit_enter (DbrCircuit      *self,
                   DbrCircuitState  state,
                   gint64           now)
{
  self->state = state;
  self->since_usec = now;
  dbr_circuit_begin_period (self);
}

static void
dbr_circuit_close (DbrCircuit *self,
                   gint64      now)
{
  self->cause = DBR_CIRCUIT_CAUSE_NONE;
  dbr_circuit_enter (self, DBR_CIRCUIT_STATE_CLOSED, now);
}

/* A prober has the first right to try it, until it has had the time for that. */
static void
dbr_circuit_half_open (DbrCircuit *self,
                       gint64      now)
{
  self->n_successes = 0;
  self->trial_until_usec = now;
  self->probe_from_usec = now;
  self->callers_from_usec = now + DBR_CIRCUIT_TRIAL_USEC;
  dbr_circuit_enter (self, DBR_CIRCUIT_STATE_HALF_OPEN, now);
}

static gint64
dbr_circuit_draw_open_usec (DbrCircuit *self)
{
  gint64 most = (gint64) MAX (self->config.open_ms, self->config.max_open_ms) * 1000;
  gint64 usec = (gint64) self->config.open_ms * 1000;

  for (guint i = 0; i < self->n_openings && usec < most; i++)
    usec *= 2;
  usec = MIN (usec, most);

  return usec / 2 + (gint64) (usec / 2 * dbr_random_next (self->random));
}

static void
dbr_circuit_open (DbrCircuit      *self,
                  DbrCircuitCause  cause,
                  guint            cause_value,
                  gint64           now)
{
  if (self->state == DBR_CIRCUIT_STATE_CLOSED)
    {
      gint64 window_usec = (gint64) self->config.window_ms * 1000;

      if (now - self->since_usec >= (gint64) self->config.max_open_ms * 1000)
        self->n_openings = 0;

      self->was_slow = cause == DBR_CIRCUIT_CAUSE_SLOW;
      self->is_ping_enough = !self->was_slow
                             && !(self->has_timeout && now - self->last_timeout_usec < window_usec);
    }

  self->cause = cause;
  self->cause_value = cause_value;
  self->open_until_usec = now + dbr_circuit_draw_open_usec (self);
  self->n_openings++;
  dbr_circuit_enter (self, DBR_CIRCUIT_STATE_OPEN, now);
}

/* Stamps of several threads come out of order: one of before the current slot counts in it. */
static void
dbr_circuit_turn (DbrCircuit *self,
                  gint64      now)
{
  gint64 slot = now / self->slot_usec;
  gint64 n_steps = slot - self->slot;

  if (n_steps >= DBR_CIRCUIT_N_SLOTS)
    {
      memset (self->slots, 0, sizeof self->slots);
    }
  else
    {
      for (gint64 i = self->slot + 1; i <= slot; i++)
        memset (&self->slots[i % DBR_CIRCUIT_N_SLOTS], 0, sizeof (DbrCircuitSlot));
    }

  self->slot = slot;
  self->slot_end_usec = (slot + 1) * self->slot_usec;
  self->current = &self->slots[slot % DBR_CIRCUIT_N_SLOTS];
}

/* Only a call that failed or was slow opens it: one that succeeded says that the service works. */
static void
dbr_circuit_judge (DbrCircuit *self,
                   gint64      now)
{
  const DbrCircuitConfig *config = &self->config;
  DbrCircuitSlot sum = { 0 };

  if (self->n_consecutive >= config->consecutive_failures)
    {
      dbr_circuit_open (self, DBR_CIRCUIT_CAUSE_CONSECUTIVE, config->consecutive_failures, now);
      return;
    }

  for (guint i = 0; i < DBR_CIRCUIT_N_SLOTS; i++)
    {
      sum.n_calls += self->slots[i].n_calls;
      sum.n_failures += self->slots[i].n_failures;
      sum.n_slow += self->slots[i].n_slow;
    }

  if (sum.n_calls < config->min_calls)
    return;

  if ((double) sum.n_failures / sum.n_calls >= config->failure_ratio)
    dbr_circuit_open (self, DBR_CIRCUIT_CAUSE_FAILURES,
                      (guint) (config->failure_ratio * 100 + 0.5), now);
  else if ((double) sum.n_slow / sum.n_calls >= config->slow_ratio)
    dbr_circuit_open (self, DBR_CIRCUIT_CAUSE_SLOW,
                      (guint) (config->slow_ratio * 100 + 0.5), now);
}

static void
dbr_circuit_count (DbrCircuit        *self,
                   gint64             now,
                   DbrCircuitOutcome  outcome,
                   gboolean           is_slow)
{
  if (now >= self->slot_end_usec)
    dbr_circuit_turn (self, now);

  self->current->n_calls++;
  if (is_slow)
    self->current->n_slow++;

  if (outcome == DBR_CIRCUIT_SUCCESS)
    {
      self->n_consecutive = 0;
    }
  else
    {
      self->current->n_failures++;
      if (outcome != DBR_CIRCUIT_UNANSWERED)
        self->n_consecutive++;
      if (outcome != DBR_CIRCUIT_FAILURE)
        {
          self->has_timeout = TRUE;
          self->last_timeout_usec = now;
        }
    }

  if (outcome != DBR_CIRCUIT_SUCCESS || is_slow)
    dbr_circuit_judge (self, now);
}

/* This probe could not tell: a call of a user may, and the next probe has time. */
static void
dbr_circuit_pass_to_callers (DbrCircuit *self,
                             gint64      now)
{
  self->callers_from_usec = now;
  self->probe_from_usec = now + DBR_CIRCUIT_TRIAL_USEC;
}

static void
dbr_circuit_end_trial (DbrCircuit             *self,
                       gint64                  now,
                       const DbrCircuitPermit *permit,
                       DbrCircuitOutcome       outcome,
                       gboolean                is_slow)
{
  gboolean is_probe = (permit->flags & DBR_CIRCUIT_CALL_PROBE) != 0;
  gboolean is_ping = (permit->flags & DBR_CIRCUIT_CALL_PING) != 0;

  self->n_changes++;
  if (permit->trial == self->trial)
    self->trial_until_usec = now;
  if (is_probe)
    self->callers_from_usec = now + DBR_CIRCUIT_TRIAL_USEC;

  if (outcome == DBR_CIRCUIT_IGNORED
      || (outcome == DBR_CIRCUIT_SUCCESS && is_ping && !self->is_ping_enough))
    {
      if (is_probe)
        dbr_circuit_pass_to_callers (self, now);
    }
  else if (outcome != DBR_CIRCUIT_SUCCESS || (is_slow && self->was_slow))
    {
      if (outcome == DBR_CIRCUIT_TIMEOUT || outcome == DBR_CIRCUIT_UNANSWERED)
        self->is_ping_enough = FALSE;
      dbr_circuit_open (self, DBR_CIRCUIT_CAUSE_TRIAL, 0, now);
    }
  else if (++self->n_successes >= DBR_CIRCUIT_N_TRIALS)
    {
      dbr_circuit_close (self, now);
    }
}

void
dbr_circuit_init (DbrCircuit *self,
                  DbrRandom  *random,
                  gint64      now)
{
  memset (self, 0, sizeof *self);
  self->config = shipped;
  self->random = random;
  dbr_circuit_configured (self);
  dbr_circuit_close (self, now);
}

void
dbr_circuit_configured (DbrCircuit *self)
{
  gint64 slot_usec = MAX ((gint64) self->config.window_ms * 1000 / DBR_CIRCUIT_N_SLOTS, 1);

  self->slow_usec = (gint64) self->config.slow_ms * 1000;
  if (self->slot_usec != slot_usec)
    {
      self->slot_usec = slot_usec;
      dbr_circuit_clear_window (self);
    }
}

static gboolean
dbr_circuit_admit_trial (DbrCircuit       *self,
                         gint64            now,
                         DbrCircuitPermit *permit)
{
  gboolean is_probe = (permit->flags & DBR_CIRCUIT_CALL_PROBE) != 0;

  if (now < self->trial_until_usec)
    return FALSE;
  if (self->has_prober && now < (is_probe ? self->probe_from_usec : self->callers_from_usec))
    return FALSE;

  if (++self->trial == 0)
    self->trial = 1;
  permit->trial = self->trial;
  self->trial_until_usec = now + DBR_CIRCUIT_TRIAL_USEC;
  if (is_probe)
    self->callers_from_usec = self->trial_until_usec + DBR_CIRCUIT_TRIAL_USEC;
  self->n_changes++;

  return TRUE;
}

gboolean
dbr_circuit_admit (DbrCircuit       *self,
                   gint64            now,
                   DbrCircuitPermit *permit)
{
  dbr_circuit_tick (self, now);
  permit->period = self->period;
  permit->trial = 0;

  switch (self->state)
    {
    case DBR_CIRCUIT_STATE_CLOSED:
      return TRUE;

    case DBR_CIRCUIT_STATE_OPEN:
      return self->cause == DBR_CIRCUIT_CAUSE_NO_OWNER
             && (permit->flags & DBR_CIRCUIT_CALL_MAY_START) != 0;

    case DBR_CIRCUIT_STATE_HALF_OPEN:
      return dbr_circuit_admit_trial (self, now, permit);

    case DBR_CIRCUIT_STATE_ISOLATED:
    default:
      return FALSE;
    }
}

void
dbr_circuit_report (DbrCircuit             *self,
                    gint64                  now,
                    const DbrCircuitPermit *permit,
                    DbrCircuitOutcome       outcome,
                    gint64                  elapsed_usec)
{
  gboolean is_slow = elapsed_usec > self->slow_usec;

  if (permit->period != self->period)
    return;

  if (permit->trial != 0)
    {
      dbr_circuit_end_trial (self, now, permit, outcome, is_slow);
      return;
    }

  if (self->state != DBR_CIRCUIT_STATE_CLOSED || outcome == DBR_CIRCUIT_IGNORED)
    return;
  if (outcome == DBR_CIRCUIT_SUCCESS && (permit->flags & DBR_CIRCUIT_CALL_PING) != 0)
    return;

  dbr_circuit_count (self, now, outcome, is_slow);
}

gboolean
dbr_circuit_report_usual (DbrCircuit             *self,
                          gint64                  now,
                          const DbrCircuitPermit *permit,
                          gint64                  elapsed_usec)
{
  if (permit->period != self->period
      || self->state != DBR_CIRCUIT_STATE_CLOSED
      || (permit->flags & DBR_CIRCUIT_CALL_PING) != 0
      || elapsed_usec > self->slow_usec)
    return FALSE;

  if (now >= self->slot_end_usec)
    dbr_circuit_turn (self, now);

  self->current->n_calls++;
  self->n_consecutive = 0;

  return TRUE;
}

void
dbr_circuit_tick (DbrCircuit *self,
                  gint64      now)
{
  if (self->state == DBR_CIRCUIT_STATE_OPEN && now >= self->open_until_usec)
    dbr_circuit_half_open (self, now);
}

/* What was asked of a program that is no more tells nothing of the one that follows it. */
void
dbr_circuit_owner_lost (DbrCircuit *self,
                        gint64      now,
                        gboolean    opens)
{
  switch (self->state)
    {
    case DBR_CIRCUIT_STATE_CLOSED:
      if (opens)
        dbr_circuit_open (self, DBR_CIRCUIT_CAUSE_NO_OWNER, 0, now);
      else
        dbr_circuit_begin_period (self);
      break;

    case DBR_CIRCUIT_STATE_HALF_OPEN:
      if (opens)
        dbr_circuit_open (self, DBR_CIRCUIT_CAUSE_NO_OWNER, 0, now);
      else
        dbr_circuit_half_open (self, now);
      break;

    case DBR_CIRCUIT_STATE_OPEN:
      if (opens)
        {
          self->cause = DBR_CIRCUIT_CAUSE_NO_OWNER;
          self->n_changes++;
        }
      break;

    case DBR_CIRCUIT_STATE_ISOLATED:
    default:
      break;
    }
}

/* What is open or being tried is tried from the start. */
static void
dbr_circuit_try_again (DbrCircuit      *self,
                       DbrCircuitCause  cause,
                       gint64           now)
{
  switch (self->state)
    {
    case DBR_CIRCUIT_STATE_CLOSED:
      dbr_circuit_begin_period (self);
      break;

    case DBR_CIRCUIT_STATE_OPEN:
    case DBR_CIRCUIT_STATE_HALF_OPEN:
      self->cause = cause;
      dbr_circuit_half_open (self, now);
      break;

    case DBR_CIRCUIT_STATE_ISOLATED:
    default:
      break;
    }
}

void
dbr_circuit_owner_found (DbrCircuit *self,
                         gint64      now)
{
  self->n_openings = 0;
  dbr_circuit_try_again (self, DBR_CIRCUIT_CAUSE_NEW_OWNER, now);
}

void
dbr_circuit_resumed (DbrCircuit *self,
                     gint64      now)
{
  dbr_circuit_try_again (self, DBR_CIRCUIT_CAUSE_RESUMED, now);
}

void
dbr_circuit_heard (DbrCircuit *self,
                   gint64      now)
{
  if (self->state == DBR_CIRCUIT_STATE_OPEN)
    dbr_circuit_try_again (self, DBR_CIRCUIT_CAUSE_HEARD, now);
}

void
dbr_circuit_isolate (DbrCircuit *self,
                     gint64      now)
{
  if (self->state == DBR_CIRCUIT_STATE_ISOLATED)
    return;

  self->cause = DBR_CIRCUIT_CAUSE_ISOLATED;
  dbr_circuit_enter (self, DBR_CIRCUIT_STATE_ISOLATED, now);
}

void
dbr_circuit_reset (DbrCircuit *self,
                   gint64      now)
{
  self->n_openings = 0;
  dbr_circuit_close (self, now);
}

gboolean
dbr_circuit_wants_probe (const DbrCircuit *self,
                         gint64            now)
{
  switch (self->state)
    {
    case DBR_CIRCUIT_STATE_OPEN:
      return now >= self->open_until_usec;

    case DBR_CIRCUIT_STATE_HALF_OPEN:
      return now >= self->trial_until_usec && now >= self->probe_from_usec;

    case DBR_CIRCUIT_STATE_CLOSED:
    case DBR_CIRCUIT_STATE_ISOLATED:
    default:
      return FALSE;
    }
}

gint64
dbr_circuit_get_next_usec (const DbrCircuit *self)
{
  if (self->state == DBR_CIRCUIT_STATE_OPEN)
    return self->open_until_usec;

  if (self->state == DBR_CIRCUIT_STATE_HALF_OPEN && self->has_prober)
    return MAX (self->trial_until_usec, self->probe_from_usec);

  return G_MAXINT64;
}

gint64
dbr_circuit_get_retry_usec (const DbrCircuit *self)
{
  if (self->state == DBR_CIRCUIT_STATE_OPEN)
    return self->open_until_usec;

  if (self->state == DBR_CIRCUIT_STATE_HALF_OPEN)
    return MAX (self->trial_until_usec, self->has_prober ? self->callers_from_usec : 0);

  return 0;
}
