/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-run-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "recovery/dbr-recovery-bluez-private.h"
#include "recovery/dbr-recovery-service-private.h"
#include "recovery/dbr-recovery-target-private.h"
#include "recovery/dbr-state-tracker-private.h"

/* What a run does in one attempt. What a stage says of itself is not the last word: it has helped
 * when the service is seen to answer, as another process if it was restarted, with its adapters if
 * it had any, and when nothing is wrong with the target any more. */

static gboolean
late_cb (gpointer user_data)
{
  DbrRecoveryStep *step = user_data;
  g_autoptr(GError) error = NULL;

  if (!dbr_recovery_step_is_current (step))
    return G_SOURCE_REMOVE;

  error = g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                       _("%s did not work within %u ms"),
                       dbr_recovery_run_get_subject (step->run),
                       dbr_recovery_stage_get_timeout_ms (step->run->stage));
  dbr_recovery_run_conclude (step->run, error);

  return G_SOURCE_REMOVE;
}

/* Verifying */

static GError *
new_trouble_error (DbrRecoveryRun *self,
                   DbrTrouble      trouble)
{
  const char *subject = dbr_recovery_run_get_subject (self);

  switch (trouble)
    {
    case DBR_TROUBLE_LOST:
      return g_error_new (DBR_ERROR, DBR_ERROR_STALE, _("BlueZ has no %s any more"), subject);

    case DBR_TROUBLE_APART:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, _("%s is not connected"), subject);

    case DBR_TROUBLE_OFF:
    case DBR_TROUBLE_BLOCKED:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, _("The adapter of %s is off"), subject);

    case DBR_TROUBLE_UNIT:
      return g_error_new (DBR_ERROR, DBR_ERROR_JOB_FAILED, _("%s has failed again"), subject);

    case DBR_TROUBLE_NONE:
    case DBR_TROUBLE_ABSENT:
    case DBR_TROUBLE_STALLED:
    case DBR_TROUBLE_FROZEN:
    case DBR_TROUBLE_CONTROLLER:
    default:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, _("%s does not work yet"), subject);
    }
}

static void
seen_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  DbrRecoveryRun *run = step->run;
  g_autoptr(GError) error = NULL;
  g_autofree char *adapter = NULL;
  DbrTrouble trouble;
  gboolean is_known = dbr_recovery_target_look_finish (DBR_SERVICE_MONITOR (source), result,
                                                       &trouble, &adapter, &error);

  if (!dbr_recovery_step_is_current (step))
    return;

  if (is_known && trouble != DBR_TROUBLE_NONE)
    error = new_trouble_error (run, trouble);
  if (is_known && dbr_trouble_is_trouble (trouble) && trouble != run->trouble)
    dbr_recovery_run_turn (run, trouble, error);
  else
    dbr_recovery_run_conclude (run, error);
}

static void
dbr_recovery_run_look (DbrRecoveryRun *self)
{
  dbr_recovery_target_look_async (self->monitor, self->target, NULL, self->cancellable, seen_cb,
                                  dbr_recovery_step_new (self));
}

/* FALSE: BlueZ has failed, which ends the attempt, or that is over already. */
static gboolean
dbr_recovery_step_finish_bluez (DbrRecoveryStep *self,
                                GAsyncResult    *result)
{
  g_autoptr(GError) error = NULL;

  dbr_recovery_bluez_finish (result, &error);
  if (!dbr_recovery_step_is_current (self))
    return FALSE;

  if (error != NULL)
    dbr_recovery_run_conclude (self->run, error);

  return error == NULL;
}

/* What could not be put back is in the report, and no reason to take more away. */
static void
replayed_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  g_autoptr(GListModel) report = NULL;
  g_autoptr(GError) error = NULL;

  report = dbr_state_tracker_replay_finish (DBR_STATE_TRACKER (source), result, &error);
  if (!dbr_recovery_step_is_current (step))
    return;

  if (report != NULL)
    dbr_recovery_run_tell_replay (step->run, report);
  else
    dbr_debug (DBR_DEBUG_MONITOR, "What was there before a recovery was not put back",
               "DBR_TARGET", step->run->target, "DBR_ERROR", error->message);
  dbr_recovery_run_look (step->run);
}

static void
dbr_recovery_run_replay (DbrRecoveryRun *self)
{
  if (self->is_wide && self->core->tracker != NULL)
    dbr_state_tracker_replay_async (self->core->tracker, "", self->cancellable, replayed_cb,
                                    dbr_recovery_step_new (self));
  else
    dbr_recovery_run_look (self);
}

static void
adapters_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;

  if (dbr_recovery_step_finish_bluez (step, result))
    dbr_recovery_run_replay (step->run);
}

static void
dbr_recovery_run_await_adapters (DbrRecoveryRun *self)
{
  g_autoptr(DbrBluezCore) core = NULL;

  if (self->adapters == NULL)
    {
      dbr_recovery_run_replay (self);
      return;
    }

  core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (self->monitor));
  dbr_recovery_bluez_wait_async (core, (const char * const *) self->adapters, self->cancellable,
                                 adapters_cb, dbr_recovery_step_new (self));
}

/* A restart that left the same program in place was none. */
static void
new_pid_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  DbrRecoveryRun *run = step->run;
  g_autoptr(GError) error = NULL;
  gssize pid = dbr_recovery_service_read_pid_finish (DBR_SERVICE_MONITOR (source), result, &error);

  if (!dbr_recovery_step_is_current (step))
    return;

  if (error == NULL && pid == run->old_pid)
    g_set_error (&error, DBR_ERROR, DBR_ERROR_STALE, _("%s is the same program as before"),
                 dbr_service_monitor_get_bus_name (run->monitor));
  if (error != NULL)
    dbr_recovery_run_conclude (run, error);
  else
    dbr_recovery_run_await_adapters (run);
}

static void
healthy_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  DbrRecoveryRun *run = step->run;
  g_autoptr(GError) error = NULL;

  dbr_service_monitor_wait_healthy_finish (DBR_SERVICE_MONITOR (source), result, &error);
  if (!dbr_recovery_step_is_current (step))
    return;

  if (error != NULL)
    dbr_recovery_run_conclude (run, error);
  else if (run->old_pid > 0)
    dbr_recovery_service_read_pid_async (run->monitor, run->cancellable, new_pid_cb,
                                         g_steal_pointer (&step));
  else
    dbr_recovery_run_await_adapters (run);
}

/* The stage has done its work; whether it has helped is seen from the service. */
static void
dbr_recovery_run_verify (DbrRecoveryRun *self)
{
  gint64 left_ms = (self->deadline_usec - g_get_monotonic_time ()) / 1000;

  dbr_service_monitor_wait_healthy_async (self->monitor, (guint) MAX (left_ms, 1),
                                          self->cancellable, healthy_cb,
                                          dbr_recovery_step_new (self));
}

/* By systemd, or the bus */

static void
dbr_recovery_run_learn_unit (DbrRecoveryRun *self,
                             const char     *unit_name)
{
  DbrRecoveryCore *core = self->core;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&core->mutex);

  g_free (core->unit_name);
  core->unit_name = g_strdup (unit_name);
}

static void
acted_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  DbrRecoveryRun *run = step->run;
  g_autoptr(DbrServiceDeed) deed = NULL;
  g_autoptr(GError) error = NULL;

  deed = dbr_recovery_service_act_finish (DBR_SERVICE_MONITOR (source), result, &error);
  if (deed != NULL && deed->unit_name != NULL && *run->target == '\0')
    dbr_recovery_run_learn_unit (run, deed->unit_name);
  if (!dbr_recovery_step_is_current (step))
    return;

  if (deed == NULL)
    {
      dbr_recovery_run_conclude (run, error);
      return;
    }

  run->old_pid = (gssize) deed->pid;
  dbr_recovery_run_verify (run);
}

static void
dbr_recovery_run_act_on_service (DbrRecoveryRun *self,
                                 DbrServiceAct   act)
{
  g_autofree char *unit_name = NULL;

  if (self->trouble == DBR_TROUBLE_UNIT)
    {
      dbr_recovery_service_act_async (self->monitor, DBR_SERVICE_ACT_RESTART_UNIT, self->target,
                                      self->cancellable, acted_cb, dbr_recovery_step_new (self));
      return;
    }

  g_mutex_lock (&self->core->mutex);
  unit_name = g_strdup (self->core->unit_name);
  g_mutex_unlock (&self->core->mutex);

  dbr_recovery_service_act_async (self->monitor, act, unit_name, self->cancellable, acted_cb,
                                  dbr_recovery_step_new (self));
}

/* By BlueZ */

static void
acted_on_target_cb (GObject      *source,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;

  if (dbr_recovery_step_finish_bluez (step, result))
    dbr_recovery_run_verify (step->run);
}

static void
dbr_recovery_run_act_on_target (DbrRecoveryRun *self,
                                DbrRungKind     kind)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (self->monitor));

  dbr_recovery_bluez_act_async (core, kind, self->target, self->cancellable, acted_on_target_cb,
                                dbr_recovery_step_new (self));
}

/* By the program */

static void
answer_on_io (gpointer data)
{
  g_autoptr(DbrRecoveryStep) step = data;

  if (!dbr_recovery_step_is_current (step))
    return;

  if (step->error != NULL)
    dbr_recovery_run_conclude (step->run, step->error);
  else
    dbr_recovery_run_verify (step->run);
}

/* In whatever thread the stage answers in. */
static void
answered_cb (const GError *error,
             gpointer      user_data)
{
  const DbrRecoveryStep *given = user_data;
  DbrRecoveryStep *step = g_new0 (DbrRecoveryStep, 1);

  step->run = dbr_recovery_run_ref (given->run);
  step->number = given->number;
  step->error = error != NULL ? g_error_copy (error) : NULL;
  dbr_io_invoke (answer_on_io, step);
}

static void
dbr_recovery_run_ask_program (DbrRecoveryRun *self)
{
  DbrRecoveryNews *news = dbr_recovery_news_new (DBR_RECOVERY_NEWS_PERFORM, self->target);

  news->stage = g_object_ref (self->stage);
  news->attempt = dbr_recovery_attempt_new (self->target, self->monitor, self->cancellable,
                                            answered_cb, dbr_recovery_step_new (self),
                                            (GDestroyNotify) dbr_recovery_step_free);
  dbr_recovery_core_tell (self->core, news);
}

/* Beginning */

/* What a wide stage takes away has to come back; once it has begun, what ends is no wish of anybody. */
static void
dbr_recovery_run_note_state (DbrRecoveryRun *self,
                             const DbrRung  *rung)
{
  g_autoptr(DbrBluezCore) core = NULL;

  g_clear_pointer (&self->adapters, g_strfreev);
  self->is_wide = (rung->scope & ~DBR_RECOVERY_SCOPE_DEVICE) != 0;
  if (!self->is_wide || !DBR_IS_BLUEZ_MONITOR (self->monitor))
    return;

  core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (self->monitor));
  self->adapters = dbr_recovery_bluez_dup_adapters (core);
  if (self->core->tracker != NULL && !self->is_marked)
    dbr_state_tracker_mark (self->core->tracker, "");
  self->is_marked = TRUE;
}

static void
dbr_recovery_run_act (DbrRecoveryRun *self,
                      DbrRungKind     kind)
{
  switch (kind)
    {
    case DBR_RUNG_RESOLVE:
    case DBR_RUNG_RECONNECT:
    case DBR_RUNG_POWER_CYCLE:
      dbr_recovery_run_act_on_target (self, kind);
      break;

    case DBR_RUNG_START:
      dbr_recovery_run_act_on_service (self, DBR_SERVICE_ACT_START);
      break;

    case DBR_RUNG_RESTART:
      dbr_recovery_run_act_on_service (self, DBR_SERVICE_ACT_RESTART);
      break;

    case DBR_RUNG_OWN:
    default:
      dbr_recovery_run_ask_program (self);
    }
}

void
dbr_recovery_run_attempt (DbrRecoveryRun   *self,
                          DbrRecoveryStage *stage)
{
  guint timeout_ms = dbr_recovery_stage_get_timeout_ms (stage);
  DbrRecoveryNews *news = dbr_recovery_news_new (DBR_RECOVERY_NEWS_STARTED, self->target);
  DbrRung rung;

  if (g_set_object (&self->stage, stage))
    self->n_tries = 0;
  self->is_attempting = TRUE;
  self->n_attempts++;
  self->attempt_usec = g_get_real_time ();
  self->deadline_usec = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  self->old_pid = 0;
  dbr_recovery_run_begin_step (self);
  dbr_recovery_run_start_timer (self, timeout_ms, late_cb);
  news->stage = g_object_ref (stage);
  dbr_recovery_core_tell (self->core, news);

  dbr_recovery_stage_get_rung (stage, &rung);
  dbr_recovery_run_note_state (self, &rung);
  dbr_recovery_run_act (self, rung.kind);
}
