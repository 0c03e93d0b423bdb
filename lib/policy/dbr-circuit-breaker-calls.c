/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-circuit-breaker-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* What the engine asks and tells a circuit: the circuit itself behind the breaker's lock. */

/* So much more time on the clock that goes on while the machine sleeps means that it slept. */
#define SUSPEND_USEC (G_USEC_PER_SEC / 2)

/* What failed while the machine was asleep did not fail because of the service, and nobody may have
 * said yet that it was. */
static void
dbr_circuit_breaker_notice_suspend_locked (DbrCircuitBreaker *self,
                                           gint64             now)
{
  gint64 suspended_usec = dbr_clock_get_boottime (self->clock)
                          - dbr_clock_get_monotonic (self->clock);
  gint64 slept_usec = suspended_usec - self->suspended_usec;

  self->suspended_usec = suspended_usec;
  if (slept_usec > SUSPEND_USEC)
    dbr_circuit_resumed (&self->circuit, now);
}

/* What is known of a circuit when it refuses a call. */
typedef struct
{
  DbrCircuitState state;
  DbrCircuitCause cause;
  guint           cause_value;
  guint           ms;
  guint           n_changes;
  char           *last_error;
} Refusal;

static char *
refusal_dup_text (const Refusal *refusal,
                  const char    *bus_name)
{
  const char *peer = bus_name != NULL ? bus_name : _("the peer");
  const char *reason = dbr_circuit_cause_to_string (refusal->cause, refusal->cause_value);
  g_autofree char *text = NULL;

  if (refusal->state == DBR_CIRCUIT_STATE_ISOLATED)
    text = g_strdup_printf (_("No calls are sent to %s until its circuit is reset: %s"),
                            peer, reason);
  else if (refusal->state == DBR_CIRCUIT_STATE_HALF_OPEN)
    text = g_strdup_printf (_("Calls to %s wait up to %u ms for one that tries it: %s"),
                            peer, refusal->ms, reason);
  else
    text = g_strdup_printf (_("No calls are sent to %s for %u ms: %s"),
                            peer, refusal->ms, reason);

  if (refusal->last_error == NULL)
    return g_steal_pointer (&text);

  return g_strdup_printf (_("%s; the last error was: %s"), text, refusal->last_error);
}

/* When a thousand callers are refused at once, most are told the same. Returns that, or NULL and
 * what it takes to say it. */
static GRefString *
dbr_circuit_breaker_ref_refusal_locked (DbrCircuitBreaker *self,
                                        gint64             now,
                                        Refusal           *refusal)
{
  const DbrCircuit *circuit = &self->circuit;
  gint64 wait_usec = MAX (dbr_circuit_get_retry_usec (circuit) - now, 0);

  refusal->ms = (guint) ((wait_usec + 999) / 1000);
  refusal->n_changes = circuit->n_changes;
  if (self->refusal != NULL && self->refusal_ms == refusal->ms
      && self->refusal_n_changes == refusal->n_changes)
    return g_ref_string_acquire (self->refusal);

  refusal->state = circuit->state;
  refusal->cause = circuit->cause;
  refusal->cause_value = circuit->cause_value;
  refusal->last_error = g_strdup (self->last_error);

  return NULL;
}

static GRefString *
dbr_circuit_breaker_make_refusal (DbrCircuitBreaker *self,
                                  const Refusal     *refusal)
{
  g_autofree char *text = refusal_dup_text (refusal, self->bus_name);
  GRefString *made = g_ref_string_new (text);
  GRefString *old;

  g_mutex_lock (&self->mutex);
  old = self->refusal;
  self->refusal = g_ref_string_acquire (made);
  self->refusal_ms = refusal->ms;
  self->refusal_n_changes = refusal->n_changes;
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&old, g_ref_string_release);

  return made;
}

static gboolean
dbr_circuit_breaker_admit_slowly (DbrCircuitBreaker  *self,
                                  gint64              now,
                                  DbrCircuitPermit   *permit,
                                  GError            **error)
{
  GRefString *text = NULL;
  Refusal refusal = { 0 };
  DbrCircuitConfig config;
  DbrCircuitBefore before;
  gboolean is_misconfigured;
  gboolean is_admitted = FALSE;

  dbr_circuit_breaker_begin (self, &before);
  is_misconfigured = self->is_misconfigured;
  config = self->circuit.config;
  if (!is_misconfigured)
    {
      dbr_circuit_breaker_notice_suspend_locked (self, now);
      is_admitted = dbr_circuit_admit (&self->circuit, now, permit);
    }
  if (!is_admitted && !is_misconfigured && error != NULL)
    text = dbr_circuit_breaker_ref_refusal_locked (self, now, &refusal);
  dbr_circuit_breaker_end (self, &before);

  if (is_admitted)
    return TRUE;

  *permit = (DbrCircuitPermit) { 0 };
  if (error == NULL || (is_misconfigured && !dbr_circuit_config_check (&config, error)))
    return FALSE;

  if (text == NULL)
    text = dbr_circuit_breaker_make_refusal (self, &refusal);
  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN, text);
  g_ref_string_release (text);
  g_free (refusal.last_error);

  return FALSE;
}

gboolean
dbr_circuit_breaker_admit (DbrCircuitBreaker    *self,
                           gint64                now,
                           DbrCircuitCallFlags   flags,
                           DbrCircuitPermit     *permit,
                           GError              **error)
{
  guint word = (guint) g_atomic_int_get ((gint *) &self->word);

  permit->period = word >> 1;
  permit->trial = 0;
  permit->flags = flags;

  return G_LIKELY ((word & 1) == 0)
         || dbr_circuit_breaker_admit_slowly (self, now, permit, error);
}

static void
dbr_circuit_breaker_report_other (DbrCircuitBreaker      *self,
                                  gint64                  now,
                                  const DbrCircuitPermit *permit,
                                  DbrCircuitOutcome       outcome,
                                  gint64                  elapsed_usec,
                                  const GError           *failure)
{
  gboolean is_failure = outcome != DBR_CIRCUIT_SUCCESS && outcome != DBR_CIRCUIT_IGNORED;
  g_autofree char *message = is_failure && failure != NULL ? g_strdup (failure->message) : NULL;
  DbrCircuitBefore before;

  dbr_circuit_breaker_begin (self, &before);
  if (is_failure)
    dbr_circuit_breaker_notice_suspend_locked (self, now);
  if (message != NULL && permit->period == self->circuit.period)
    {
      char *old = self->last_error;

      self->last_error = g_steal_pointer (&message);
      message = old;
    }
  dbr_circuit_report (&self->circuit, now, permit, outcome, elapsed_usec);
  dbr_circuit_breaker_end (self, &before);
}

void
dbr_circuit_breaker_report (DbrCircuitBreaker      *self,
                            gint64                  now,
                            const DbrCircuitPermit *permit,
                            DbrCircuitOutcome       outcome,
                            gint64                  elapsed_usec,
                            const GError           *failure)
{
  if (permit->period == 0 || (outcome == DBR_CIRCUIT_IGNORED && permit->trial == 0))
    return;

  if (G_LIKELY (outcome == DBR_CIRCUIT_SUCCESS && permit->trial == 0))
    {
      gboolean is_done;

      g_mutex_lock (&self->mutex);
      is_done = dbr_circuit_report_usual (&self->circuit, now, permit, elapsed_usec);
      g_mutex_unlock (&self->mutex);

      if (is_done)
        return;
    }

  dbr_circuit_breaker_report_other (self, now, permit, outcome, elapsed_usec, failure);
}

void
dbr_circuit_breaker_owner_changed (DbrCircuitBreaker *self,
                                   gint64             now,
                                   gboolean           has_owner,
                                   gboolean           opens)
{
  DbrCircuitBefore before;

  dbr_circuit_breaker_begin (self, &before);
  if (has_owner)
    dbr_circuit_owner_found (&self->circuit, now);
  else
    dbr_circuit_owner_lost (&self->circuit, now, opens);
  dbr_circuit_breaker_end (self, &before);
}

void
dbr_circuit_breaker_resumed (DbrCircuitBreaker *self,
                             gint64             now)
{
  DbrCircuitBefore before;

  dbr_circuit_breaker_begin (self, &before);
  self->suspended_usec = dbr_clock_get_boottime (self->clock)
                         - dbr_clock_get_monotonic (self->clock);
  dbr_circuit_resumed (&self->circuit, now);
  dbr_circuit_breaker_end (self, &before);
}

void
dbr_circuit_breaker_heard (DbrCircuitBreaker *self,
                           gint64             now)
{
  DbrCircuitBefore before;

  dbr_circuit_breaker_begin (self, &before);
  dbr_circuit_heard (&self->circuit, now);
  dbr_circuit_breaker_end (self, &before);
}

void
dbr_circuit_breaker_set_prober (DbrCircuitBreaker *self,
                                gboolean           has_prober)
{
  DbrCircuitBefore before;

  dbr_circuit_breaker_begin (self, &before);
  if (self->circuit.has_prober != has_prober)
    {
      self->circuit.has_prober = has_prober;
      self->circuit.n_changes++;
    }
  dbr_circuit_breaker_end (self, &before);
}

gboolean
dbr_circuit_breaker_wants_probe (DbrCircuitBreaker *self,
                                 gint64             now)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_circuit_wants_probe (&self->circuit, now);
}

gint64
dbr_circuit_breaker_get_next_usec (DbrCircuitBreaker *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_circuit_get_next_usec (&self->circuit);
}

void
dbr_circuit_breaker_tick (DbrCircuitBreaker *self,
                          gint64             now)
{
  DbrCircuitBefore before;

  dbr_circuit_breaker_begin (self, &before);
  dbr_circuit_breaker_notice_suspend_locked (self, now);
  dbr_circuit_tick (&self->circuit, now);
  dbr_circuit_breaker_end (self, &before);
}
