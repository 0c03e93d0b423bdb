/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-service-monitor-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "bus/dbr-client-private.h"
#include "monitor/dbr-monitor-survey-private.h"
#include "policy/dbr-timeouts.h"

/* What is asked of a monitor once. All of it goes on without the monitor's main loop: a sync
 * variant is the async one in a context of its own. */

/* Checking */

static void
check_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrMonitorSurvey *survey = dbr_monitor_survey_of_task (G_TASK (result));
  GError *error = NULL;
  gint64 rtt_usec;

  if (dbr_monitor_survey_finish (G_TASK (result), &error)
      && dbr_monitor_survey_conclude_check (survey, &rtt_usec, &error))
    g_task_return_int (task, (gssize) rtt_usec);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_service_monitor_check_async:
 * @self: a monitor
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the service has answered or was late
 * @user_data: data for @callback
 *
 * Asks the service once whether it answers, started or not. It does not start the service: if no
 * program has the name, that is `DBR_ERROR_NO_OWNER`.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_check_async (DbrServiceMonitor   *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_service_monitor_check_async);
  g_task_set_check_cancellable (task, FALSE);
  if (!dbr_service_monitor_check_settings (self, &error))
    {
      dbr_client_refuse (dbr_service_monitor_get_client (self), task, error);
      return;
    }

  dbr_monitor_survey_begin (self, cancellable, check_cb, g_steal_pointer (&task));
}

/**
 * dbr_service_monitor_check_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@ServiceMonitor.check_async].
 *
 * Returns: how many microseconds the service took, or -1 with an error
 *
 * Since: 0.1
 */
gint64
dbr_service_monitor_check_finish (DbrServiceMonitor  *self,
                                  GAsyncResult       *result,
                                  GError            **error)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), -1);
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_service_monitor_check_async), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

/**
 * dbr_service_monitor_check_sync:
 * @self: a monitor
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Asks the service once whether it answers, as [method@ServiceMonitor.check_async] does it.
 *
 * Returns: how many microseconds the service took, or -1 with an error
 *
 * Since: 0.1
 */
gint64
dbr_service_monitor_check_sync (DbrServiceMonitor  *self,
                                GCancellable       *cancellable,
                                GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), -1);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), -1);

  if (!dbr_service_monitor_check_settings (self, error))
    return -1;

  if (!dbr_sync_wait_begin (&wait, error))
    return -1;

  dbr_service_monitor_check_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_service_monitor_check_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Refreshing */

static void
refreshed_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (source);
  GError *error = NULL;

  if (DBR_SERVICE_MONITOR_GET_CLASS (self)->refresh_finish (self, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
surveyed_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (source);
  DbrServiceMonitorClass *klass = DBR_SERVICE_MONITOR_GET_CLASS (self);
  DbrMonitorSurvey *survey = dbr_monitor_survey_of_task (G_TASK (result));
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  gboolean is_surveyed = dbr_monitor_survey_finish (G_TASK (result), &error)
                         && dbr_monitor_survey_conclude_refresh (survey, &error);
  gboolean is_cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gboolean has_another_way = klass->is_reached != NULL && !is_cancelled;

  if (!is_surveyed && !has_another_way)
    {
      g_task_return_error (task, error);
      return;
    }

  g_clear_error (&error);
  if (klass->refresh_async == NULL
      || (!has_another_way && !dbr_monitor_survey_has_owner (survey)))
    g_task_return_boolean (task, TRUE);
  else
    klass->refresh_async (self, cancellable, refreshed_cb, g_steal_pointer (&task));
}

/**
 * dbr_service_monitor_refresh_async:
 * @self: a monitor
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when all was read
 * @user_data: data for @callback
 *
 * Reads everything that the monitor shows, once, whether it was started or not. The properties are
 * set when this has finished, and no main loop is needed for it but that of the callback.
 *
 * That the service is absent, or does not answer, is no error; that the bus cannot be reached is
 * one.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_refresh_async (DbrServiceMonitor   *self,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  DbrServiceMonitorClass *klass;
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_service_monitor_refresh_async);
  g_task_set_check_cancellable (task, FALSE);
  if (!dbr_service_monitor_check_settings (self, &error))
    {
      dbr_client_refuse (dbr_service_monitor_get_client (self), task, error);
      return;
    }

  /* Where there is another way, a bus that is lost is not waited for. */
  klass = DBR_SERVICE_MONITOR_GET_CLASS (self);
  if (klass->is_reached != NULL
      && dbr_client_get_state (dbr_service_monitor_get_client (self))
      == DBR_CLIENT_STATE_RECONNECTING)
    klass->refresh_async (self, cancellable, refreshed_cb, g_steal_pointer (&task));
  else
    dbr_monitor_survey_begin (self, cancellable, surveyed_cb, g_steal_pointer (&task));
}

/**
 * dbr_service_monitor_refresh_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@ServiceMonitor.refresh_async].
 *
 * Returns: whether all was read
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_refresh_finish (DbrServiceMonitor  *self,
                                    GAsyncResult       *result,
                                    GError            **error)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_service_monitor_refresh_async),
                        FALSE);

  dbr_service_monitor_catch_up (self);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_service_monitor_refresh_sync:
 * @self: a monitor
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads everything that the monitor shows, as [method@ServiceMonitor.refresh_async] does it. A
 * script needs no main loop for it.
 *
 * Returns: whether all was read
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_refresh_sync (DbrServiceMonitor  *self,
                                  GCancellable       *cancellable,
                                  GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_service_monitor_check_settings (self, error))
    return FALSE;

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_service_monitor_refresh_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_service_monitor_refresh_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Waiting */

/* Someone who waits until the service is healthy, and what has to be undone after it. The deadline
 * holds a reference while it is armed. */
typedef struct
{
  gatomicrefcount  ref_count;
  DbrDeadline      deadline;
  DbrMonitorCore  *core;
  DbrWaiter       *waiter;
  guint            timeout_ms;
} Vigil;

static void
vigil_unref (Vigil *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_waiter_unref (self->waiter);
  dbr_monitor_core_unref (self->core);
  g_free (self);
}

static void
vigil_late_cb (DbrDeadline *deadline)
{
  Vigil *self = (Vigil *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (Vigil, deadline));
  g_autoptr(GError) error = g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                                         _("%s was not healthy within %u ms"),
                                         self->core->bus_name, self->timeout_ms);

  dbr_waiter_end (self->waiter, error);
  vigil_unref (self);
}

static void
waited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Vigil *vigil = g_task_get_task_data (task);
  GError *error = NULL;

  if (dbr_deadline_disarm (&vigil->deadline))
    vigil_unref (vigil);
  dbr_monitor_core_leave (vigil->core, vigil->waiter);
  dbr_monitor_core_release (vigil->core, TRUE);
  if (dbr_waiter_finish (G_TASK (result), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static guint
dbr_service_monitor_find_limit (DbrServiceMonitor *self,
                                guint              timeout_ms)
{
  g_autoptr(DbrTimeouts) timeouts =
    dbr_client_ref_timeouts (dbr_service_monitor_get_client (self));

  return timeout_ms != 0 ? timeout_ms : dbr_timeouts_get (timeouts, "default");
}

static void
dbr_service_monitor_begin_vigil (DbrServiceMonitor *self,
                                 guint              timeout_ms,
                                 GCancellable      *cancellable,
                                 GTask             *task)
{
  g_autoptr(GTask) inner = g_task_new (self, cancellable, waited_cb, g_object_ref (task));
  Vigil *vigil = g_new0 (Vigil, 1);

  g_task_set_check_cancellable (inner, FALSE);
  g_atomic_ref_count_init (&vigil->ref_count);
  vigil->core = dbr_monitor_core_ref (dbr_service_monitor_get_core (self));
  vigil->timeout_ms = dbr_service_monitor_find_limit (self, timeout_ms);
  g_task_set_task_data (task, vigil, (GDestroyNotify) vigil_unref);
  dbr_monitor_core_hold (vigil->core);
  vigil->waiter = dbr_waiter_new (inner, cancellable);
  g_atomic_ref_count_inc (&vigil->ref_count);
  dbr_deadline_arm (&vigil->deadline,
                    g_get_monotonic_time () + (gint64) vigil->timeout_ms * 1000, vigil_late_cb);
  dbr_monitor_core_await (vigil->core, vigil->waiter);
}

/**
 * dbr_service_monitor_wait_healthy_async:
 * @self: a monitor
 * @timeout_ms: the time limit in milliseconds; 0 for the default one
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the service is healthy or the time is over
 * @user_data: data for @callback
 *
 * Waits until the service is there and answers, if slowly. Where the monitor was not started, it
 * watches until then. The service is not started.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_wait_healthy_async (DbrServiceMonitor   *self,
                                        guint                timeout_ms,
                                        GCancellable        *cancellable,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_service_monitor_wait_healthy_async);
  g_task_set_check_cancellable (task, FALSE);
  if (!dbr_check_timeout ("timeout-ms", timeout_ms, &error)
      || !dbr_service_monitor_check_settings (self, &error))
    dbr_client_refuse (dbr_service_monitor_get_client (self), task, error);
  else
    dbr_service_monitor_begin_vigil (self, timeout_ms, cancellable, task);
}

/**
 * dbr_service_monitor_wait_healthy_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@ServiceMonitor.wait_healthy_async].
 *
 * Returns: whether it is healthy
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_wait_healthy_finish (DbrServiceMonitor  *self,
                                         GAsyncResult       *result,
                                         GError            **error)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_service_monitor_wait_healthy_async),
                        FALSE);

  dbr_service_monitor_catch_up (self);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_service_monitor_wait_healthy_sync:
 * @self: a monitor
 * @timeout_ms: the time limit in milliseconds; 0 for the default one
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Waits until the service is there and answers, as [method@ServiceMonitor.wait_healthy_async] does
 * it.
 *
 * Returns: whether it is healthy
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_wait_healthy_sync (DbrServiceMonitor  *self,
                                       guint               timeout_ms,
                                       GCancellable       *cancellable,
                                       GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_check_timeout ("timeout-ms", timeout_ms, error)
      || !dbr_service_monitor_check_settings (self, error))
    return FALSE;

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_service_monitor_wait_healthy_async (self, timeout_ms, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_service_monitor_wait_healthy_finish (self, dbr_sync_wait_end (&wait), error);
}
