/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-survey-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-exchange-private.h"
#include "monitor/dbr-machine-private.h"

/* How long the bus has to say who owns the name. */
#define OWNER_LIMIT_MS 5000

struct _DbrMonitorSurvey
{
  gatomicrefcount  ref_count;

  DbrMonitorCore  *core;
  DbrWaiter       *waiter;

  /* written by one step after the other, and read when it has ended */
  gboolean         has_bus;
  char            *owner;
  guint            pid;
  DbrProbeOutcome  outcome;
  DbrProbeKind     kind;
  gint64           rtt_usec;
  GError          *error;
};

static DbrMonitorSurvey *
dbr_monitor_survey_ref (DbrMonitorSurvey *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
dbr_monitor_survey_unref (DbrMonitorSurvey *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_monitor_core_unref (self->core);
  g_clear_pointer (&self->waiter, dbr_waiter_unref);
  g_free (self->owner);
  g_clear_error (&self->error);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrMonitorSurvey, dbr_monitor_survey_unref)

static DbrServiceState
dbr_monitor_survey_find_state (DbrMonitorSurvey *self)
{
  DbrStallConfig config;

  if (!self->has_bus)
    return DBR_SERVICE_STATE_BUS_LOST;
  if (self->owner == NULL || self->outcome == DBR_PROBE_ABSENT)
    return DBR_SERVICE_STATE_ABSENT;
  if (self->outcome == DBR_PROBE_LATE)
    return dbr_machine_see_freeze (self->pid) != DBR_FREEZE_NONE ? DBR_SERVICE_STATE_FROZEN
                                                                 : DBR_SERVICE_STATE_SUSPECT;
  if (self->outcome != DBR_PROBE_ANSWERED)
    return DBR_SERVICE_STATE_UNKNOWN;

  dbr_monitor_core_get_config (self->core, &config);

  return self->rtt_usec > (gint64) config.slow_ms * 1000 ? DBR_SERVICE_STATE_SLOW
                                                         : DBR_SERVICE_STATE_HEALTHY;
}

static void
dbr_monitor_survey_end (DbrMonitorSurvey *self)
{
  DbrMonitorFinding finding = {
    .state = dbr_monitor_survey_find_state (self),
    .owner = self->owner,
    .latency_usec = self->rtt_usec,
    .probe_kind = self->kind,
    .has_answered = self->outcome == DBR_PROBE_ANSWERED && self->owner != NULL,
  };

  dbr_monitor_core_take_finding (self->core, &finding);
  dbr_waiter_end (self->waiter, NULL);
}

static void
probed_cb (const DbrProbeResult *result,
           gpointer              user_data)
{
  DbrMonitorSurvey *self = user_data;

  self->outcome = result->outcome;
  self->kind = result->kind;
  self->rtt_usec = result->rtt_usec;
  if (result->error != NULL && result->outcome != DBR_PROBE_ANSWERED)
    self->error = g_error_copy (result->error);
  dbr_monitor_survey_end (self);
}

static void
dbr_monitor_survey_probe (DbrMonitorSurvey *self)
{
  DbrProbeTarget target = { NULL };
  gboolean is_known = dbr_monitor_core_find_target (self->core, &target);
  g_autoptr(DbrProbe) probe =
    dbr_probe_new (self->core->inquirer, self->core->bus_name, self->owner,
                   is_known ? &target : NULL, dbr_monitor_core_get_limit_ms (self->core), probed_cb,
                   dbr_monitor_survey_ref (self), (GDestroyNotify) dbr_monitor_survey_unref);

  dbr_probe_send (probe);
  dbr_probe_target_clear (&target);
}

static void
process_cb (DbrExchange *exchange,
            gpointer     user_data)
{
  DbrMonitorSurvey *self = user_data;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);

  if (answer != NULL)
    g_variant_get (answer, "(u)", &self->pid);
  dbr_monitor_survey_probe (self);
  dbr_monitor_survey_unref (self);
}

static void
owner_cb (DbrExchange *exchange,
          gpointer     user_data)
{
  g_autoptr(DbrMonitorSurvey) self = user_data;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &self->error);
  g_autoptr(DbrRequest) request = NULL;

  self->has_bus = exchange->reply != NULL;
  if (answer == NULL)
    {
      if (self->has_bus)
        g_clear_error (&self->error);
      dbr_monitor_survey_end (self);
      return;
    }

  g_variant_get (answer, "(s)", &self->owner);
  request = dbr_inquirer_new_question ("GetConnectionUnixProcessID",
                                       g_variant_new ("(s)", self->owner), G_VARIANT_TYPE ("(u)"));
  dbr_exchange_unref (dbr_inquirer_ask (self->core->inquirer, request, NULL, OWNER_LIMIT_MS,
                                        process_cb, dbr_monitor_survey_ref (self)));
}

void
dbr_monitor_survey_begin (DbrServiceMonitor   *monitor,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (monitor, cancellable, callback, user_data);
  DbrMonitorSurvey *self = g_new0 (DbrMonitorSurvey, 1);

  g_task_set_source_tag (task, dbr_monitor_survey_begin);
  g_task_set_check_cancellable (task, FALSE);
  g_atomic_ref_count_init (&self->ref_count);
  self->core = dbr_monitor_core_ref (dbr_service_monitor_get_core (monitor));
  self->outcome = DBR_PROBE_VOID;
  self->kind = DBR_PROBE_KIND_PING;
  self->rtt_usec = -1;
  self->waiter = dbr_waiter_new (task, cancellable);
  g_object_set_data_full (G_OBJECT (task), "dbr-survey", dbr_monitor_survey_ref (self),
                          (GDestroyNotify) dbr_monitor_survey_unref);
  dbr_exchange_unref (dbr_inquirer_ask_owner (self->core->inquirer, self->core->bus_name,
                                              OWNER_LIMIT_MS, owner_cb, self));
}

DbrMonitorSurvey *
dbr_monitor_survey_of_task (GTask *task)
{
  return g_object_get_data (G_OBJECT (task), "dbr-survey");
}

gboolean
dbr_monitor_survey_finish (GTask   *task,
                           GError **error)
{
  return dbr_waiter_finish (task, error);
}

static gboolean
dbr_monitor_survey_propagate (DbrMonitorSurvey  *self,
                              GError           **error)
{
  if (self->error == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

gboolean
dbr_monitor_survey_conclude_check (DbrMonitorSurvey  *self,
                                   gint64            *rtt_usec,
                                   GError           **error)
{
  if (self->has_bus && (self->owner == NULL || self->outcome == DBR_PROBE_ABSENT))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_NO_OWNER, _("No program has the name %s"),
                   self->core->bus_name);
      return FALSE;
    }

  *rtt_usec = self->rtt_usec;

  return dbr_monitor_survey_propagate (self, error);
}

/* That it is absent or late is what was to be found out. */
gboolean
dbr_monitor_survey_conclude_refresh (DbrMonitorSurvey  *self,
                                     GError           **error)
{
  if (self->has_bus && self->outcome != DBR_PROBE_VOID && self->outcome != DBR_PROBE_REFUSED)
    return TRUE;

  return dbr_monitor_survey_propagate (self, error);
}

gboolean
dbr_monitor_survey_has_owner (DbrMonitorSurvey *self)
{
  return self->has_bus && self->owner != NULL && self->outcome != DBR_PROBE_ABSENT;
}
