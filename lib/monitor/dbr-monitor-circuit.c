/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-core-private.h"

/* A monitor lends its probe to the circuit that the client's calls go through: whether the service
 * works again is tried by that before it is tried by a call of the application. */

typedef struct
{
  DbrMonitorCore    *core;
  DbrCircuitBreaker *circuit;
  DbrCircuitPermit   permit;
} Trial;

static void
trial_free (gpointer data)
{
  Trial *self = data;

  g_object_unref (self->circuit);
  dbr_monitor_core_unref (self->core);
  g_free (self);
}

static DbrCircuitOutcome
outcome_of (DbrProbeOutcome outcome)
{
  switch (outcome)
    {
    case DBR_PROBE_ANSWERED:
      return DBR_CIRCUIT_SUCCESS;

    case DBR_PROBE_LATE:
      return DBR_CIRCUIT_TIMEOUT;

    case DBR_PROBE_ABSENT:
      return DBR_CIRCUIT_FAILURE;

    case DBR_PROBE_REFUSED:
    case DBR_PROBE_VOID:
    default:
      return DBR_CIRCUIT_IGNORED;
    }
}

static void
tried_cb (const DbrProbeResult *result,
          gpointer              user_data)
{
  Trial *self = user_data;

  if (result->kind == DBR_PROBE_KIND_PING)
    self->permit.flags |= DBR_CIRCUIT_CALL_PING;
  dbr_circuit_breaker_report (self->circuit, g_get_monotonic_time (), &self->permit,
                              outcome_of (result->outcome), result->rtt_usec, NULL);
}

static void
dbr_monitor_core_send_trial (DbrMonitorCore *self,
                             Trial          *trial,
                             const char     *owner)
{
  DbrProbeTarget target = { NULL };
  guint limit_ms = dbr_monitor_core_get_limit_ms (self);
  g_autoptr(DbrProbe) probe = NULL;

  dbr_monitor_core_find_target (self, &target);
  probe = dbr_probe_new (self->inquirer, self->bus_name, owner, &target, limit_ms, tried_cb, trial,
                         trial_free);
  dbr_probe_send (probe);
  dbr_probe_target_clear (&target);
}

/* While it does not answer, its probes are under way already, and no further one is to take a place
 * at the bus. */
static DbrCircuitBreaker *
dbr_monitor_core_ref_circuit (DbrMonitorCore  *self,
                              const char     **owner)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->circuit == NULL || self->owner == NULL || self->is_lost || self->is_refused
      || self->detector.state >= DBR_STALL_SUSPECT)
    return NULL;

  *owner = self->owner;

  return g_object_ref (self->circuit);
}

void
dbr_monitor_core_try_circuit (DbrMonitorCore *self,
                              gboolean        has_answered)
{
  gint64 now = g_get_monotonic_time ();
  const char *owner = NULL;
  g_autoptr(DbrCircuitBreaker) circuit = dbr_monitor_core_ref_circuit (self, &owner);
  DbrCircuitPermit permit;
  Trial *trial;

  if (circuit == NULL || dbr_circuit_breaker_get_state (circuit) == DBR_CIRCUIT_STATE_CLOSED)
    return;

  if (has_answered)
    dbr_circuit_breaker_heard (circuit, now);
  dbr_circuit_breaker_tick (circuit, now);
  if (!dbr_circuit_breaker_wants_probe (circuit, now)
      || !dbr_circuit_breaker_admit (circuit, now, DBR_CIRCUIT_CALL_PROBE, &permit, NULL))
    return;

  trial = g_new0 (Trial, 1);
  trial->core = dbr_monitor_core_ref (self);
  trial->circuit = g_steal_pointer (&circuit);
  trial->permit = permit;
  dbr_monitor_core_send_trial (self, trial, owner);
}
