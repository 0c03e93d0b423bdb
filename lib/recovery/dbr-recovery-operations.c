/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "bus/dbr-client-private.h"
#include "monitor/dbr-service-monitor-private.h"
#include "recovery/dbr-recovery-target-private.h"

/* What a recovery is asked to do. A sync variant is the async one in a context of its own. */

/* The target as the service writes it, NULL if it cannot be recovered. */
static char *
dbr_recovery_check (DbrRecovery   *self,
                    const char    *target,
                    GCancellable  *cancellable,
                    GError       **error)
{
  g_autoptr(GPtrArray) stages = NULL;
  g_autofree char *complete = NULL;

  /* This comes first: in a child of fork() the locks may be held by threads that are not there. */
  if (!dbr_service_monitor_check_settings (self->monitor, error))
    return NULL;

  complete = dbr_recovery_target_complete (self->monitor, target, error);
  if (complete == NULL || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  stages = dbr_recovery_core_dup_stages (self->core);
  for (guint i = 0; i < stages->len; i++)
    if (!dbr_recovery_stage_check (g_ptr_array_index (stages, i), error))
      return NULL;

  return g_steal_pointer (&complete);
}

static void
dbr_recovery_refuse (DbrRecovery *self,
                     GTask       *task,
                     GError      *error)
{
  dbr_client_refuse (dbr_service_monitor_get_client (self->monitor), task, error);
}

/* Planning */

/* Whom a plan is for; the data of its task. */
typedef struct
{
  char *target;
  char *adapter;
} Plan;

static void
plan_free (gpointer data)
{
  Plan *plan = data;

  g_free (plan->target);
  g_free (plan->adapter);
  g_free (plan);
}

static const char *
get_verdict_kind (DbrVerdict verdict)
{
  switch (verdict)
    {
    case DBR_VERDICT_RUN:
      return "run";

    case DBR_VERDICT_NOT_ALLOWED:
      return "not-allowed";

    case DBR_VERDICT_INPUT_DEVICES:
      return "input-devices";

    case DBR_VERDICT_LIMITED:
    case DBR_VERDICT_SILENCE:
      return "rate-limited";

    case DBR_VERDICT_NO_USE:
    default:
      return "not-needed";
    }
}

static char *
describe_verdict (DbrVerdict  verdict,
                  const char *name,
                  gint64      wait_usec)
{
  guint seconds = (guint) ((wait_usec + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);

  switch (verdict)
    {
    case DBR_VERDICT_RUN:
      return g_strdup_printf (_("The stage “%s” would be tried now"), name);

    case DBR_VERDICT_NOT_ALLOWED:
      return g_strdup_printf (_("The stage “%s” is not allowed"), name);

    case DBR_VERDICT_INPUT_DEVICES:
      return g_strdup_printf (_("The stage “%s” is not tried while a keyboard or a mouse is connected"),
                              name);

    case DBR_VERDICT_LIMITED:
      return g_strdup_printf (_("The stage “%s” was tried too often of late, and may be again in %u s"),
                              name, seconds);

    case DBR_VERDICT_SILENCE:
      return g_strdup_printf (_("The stage “%s” rests for %u s more, since nothing has helped"),
                              name, seconds);

    case DBR_VERDICT_NO_USE:
    default:
      return g_strdup_printf (_("The stage “%s” would be of no use"), name);
    }
}

static DbrEvent *
plan_stage (DbrRecovery        *self,
            DbrRecoveryStage   *stage,
            const DbrSituation *found)
{
  const char *name = dbr_recovery_stage_get_name (stage);
  gint64 wait_usec;
  DbrVerdict verdict = dbr_recovery_core_judge (self->core, stage, found, &wait_usec);
  g_autofree char *text = describe_verdict (verdict, name, wait_usec);
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "stage", "s", name);
  g_variant_dict_insert (&details, "target", "s", found->target);
  g_variant_dict_insert (&details, "wait-usec", "x", wait_usec);

  return dbr_event_new (get_verdict_kind (verdict), text, g_variant_dict_end (&details));
}

static void
diagnosed_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Plan *plan = g_task_get_task_data (task);
  DbrTrouble trouble;
  GError *error = NULL;

  if (dbr_recovery_diagnose_finish (DBR_SERVICE_MONITOR (source), result, &trouble, &plan->adapter,
                                    &error))
    g_task_return_int (task, (gssize) trouble);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_recovery_plan_async:
 * @self: a recovery
 * @target: an address, the name of a unit, or empty for the service
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is known
 * @user_data: data for @callback
 *
 * Finds out what would be done now, and why not the rest. The service is asked what is wrong with
 * it, and nothing is done to it.
 *
 * Since: 0.1
 */
void
dbr_recovery_plan_async (DbrRecovery         *self,
                         const char          *target,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autofree char *complete = NULL;
  GError *error = NULL;
  Plan *plan;

  g_return_if_fail (DBR_IS_RECOVERY (self));
  g_return_if_fail (target != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_recovery_plan_async);
  g_task_set_check_cancellable (task, FALSE);
  complete = dbr_recovery_check (self, target, cancellable, &error);
  if (complete == NULL)
    {
      dbr_recovery_refuse (self, task, error);
      return;
    }

  plan = g_new0 (Plan, 1);
  plan->target = g_steal_pointer (&complete);
  g_task_set_task_data (task, plan, plan_free);
  dbr_recovery_diagnose_async (self->monitor, plan->target, NULL, cancellable, diagnosed_cb,
                               g_object_ref (task));
}

/**
 * dbr_recovery_plan_finish:
 * @self: a recovery
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Recovery.plan_async].
 *
 * There is one event for each stage, in order. Its kind is `run`, `not-needed`, `not-allowed`,
 * `input-devices` or `rate-limited`; its details have the `stage`, the `target`, and in `wait-usec`
 * for how long time is in the way.
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_recovery_plan_finish (DbrRecovery   *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_autoptr(GPtrArray) stages = NULL;
  DbrSituation found = { NULL, };
  const Plan *plan;
  GListStore *steps;
  gssize trouble;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_recovery_plan_async), NULL);

  trouble = g_task_propagate_int (G_TASK (result), error);
  if (trouble < 0)
    return NULL;

  plan = g_task_get_task_data (G_TASK (result));
  found.target = plan->target;
  found.adapter = plan->adapter;
  found.trouble = (DbrTrouble) trouble;
  steps = g_list_store_new (DBR_TYPE_EVENT);
  stages = dbr_recovery_core_dup_stages (self->core);
  for (guint i = 0; i < stages->len; i++)
    {
      g_autoptr(DbrEvent) event = plan_stage (self, g_ptr_array_index (stages, i), &found);

      g_list_store_append (steps, event);
    }

  return G_LIST_MODEL (steps);
}

/**
 * dbr_recovery_plan_sync:
 * @self: a recovery
 * @target: an address, the name of a unit, or empty for the service
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Finds out what would be done now, as [method@Recovery.plan_async] does it.
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_recovery_plan_sync (DbrRecovery   *self,
                        const char    *target,
                        GCancellable  *cancellable,
                        GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };
  g_autofree char *complete = NULL;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);
  g_return_val_if_fail (target != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  /* Nothing is begun in a child of fork(), where the wait would have no end. */
  complete = dbr_recovery_check (self, target, cancellable, error);
  if (complete == NULL)
    return NULL;

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_recovery_plan_async (self, target, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_recovery_plan_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Recovering */

static void
waited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrRecoveryRun *run = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean has_ended = dbr_waiter_finish (G_TASK (result), &error);

  dbr_recovery_run_leave (run);
  if (has_ended)
    g_task_return_int (task, (gssize) dbr_recovery_run_get_result (run));
  else
    g_task_return_error (task, error);
}

static void
dbr_recovery_begin (DbrRecovery *self,
                    const char  *target,
                    GTask       *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr(GTask) inner = g_task_new (self, cancellable, waited_cb, g_object_ref (task));
  g_autoptr(DbrWaiter) waiter = NULL;

  g_task_set_check_cancellable (inner, FALSE);
  waiter = dbr_waiter_new (inner, cancellable);
  g_task_set_task_data (task,
                        dbr_recovery_core_recover (self->core, G_OBJECT (self), target, waiter),
                        (GDestroyNotify) dbr_recovery_run_unref);
}

/**
 * dbr_recovery_recover_async:
 * @self: a recovery
 * @target: an address, the name of a unit, or empty for the service
 * @cancellable: (nullable): to give up early
 * @callback: (scope async) (nullable): called once, when it is over
 * @user_data: data for @callback
 *
 * Makes it work again, if anything is wrong with it.
 *
 * If that is under way already, this waits for the same. What was begun is ended when all who wait
 * have cancelled; what a service was told to do it goes on with.
 *
 * Since: 0.1
 */
void
dbr_recovery_recover_async (DbrRecovery         *self,
                            const char          *target,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autofree char *complete = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_RECOVERY (self));
  g_return_if_fail (target != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_recovery_recover_async);
  g_task_set_check_cancellable (task, FALSE);
  complete = dbr_recovery_check (self, target, cancellable, &error);
  if (complete != NULL)
    dbr_recovery_begin (self, complete, task);
  else
    dbr_recovery_refuse (self, task, error);
}

/**
 * dbr_recovery_recover_finish:
 * @self: a recovery
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Recovery.recover_async].
 *
 * There is an error if it was cancelled or asked for what makes no sense. That nothing has helped is
 * a result.
 *
 * Returns: what became of it
 *
 * Since: 0.1
 */
DbrRecoveryResult
dbr_recovery_recover_finish (DbrRecovery   *self,
                             GAsyncResult  *result,
                             GError       **error)
{
  gssize found;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), DBR_RECOVERY_RESULT_FAILED);
  g_return_val_if_fail (g_task_is_valid (result, self), DBR_RECOVERY_RESULT_FAILED);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_recovery_recover_async),
                        DBR_RECOVERY_RESULT_FAILED);

  dbr_recovery_settle (self);
  found = g_task_propagate_int (G_TASK (result), error);

  return found >= 0 ? (DbrRecoveryResult) found : DBR_RECOVERY_RESULT_FAILED;
}

/**
 * dbr_recovery_recover_sync:
 * @self: a recovery
 * @target: an address, the name of a unit, or empty for the service
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Makes it work again, as [method@Recovery.recover_async] does it.
 *
 * In the thread that the recovery was made in, its signals are emitted and stages of the program's
 * own performed from within this function.
 *
 * Returns: what became of it
 *
 * Since: 0.1
 */
DbrRecoveryResult
dbr_recovery_recover_sync (DbrRecovery   *self,
                           const char    *target,
                           GCancellable  *cancellable,
                           GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };
  g_autofree char *complete = NULL;
  gboolean is_own_thread;
  GAsyncResult *result;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), DBR_RECOVERY_RESULT_FAILED);
  g_return_val_if_fail (target != NULL, DBR_RECOVERY_RESULT_FAILED);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable),
                        DBR_RECOVERY_RESULT_FAILED);

  complete = dbr_recovery_check (self, target, cancellable, error);
  if (complete == NULL)
    return DBR_RECOVERY_RESULT_FAILED;

  is_own_thread = g_thread_self () == self->thread;
  if (!dbr_sync_wait_begin (&wait, error))
    return DBR_RECOVERY_RESULT_FAILED;

  if (is_own_thread)
    dbr_recovery_core_serve (self->core, wait.context);
  dbr_recovery_recover_async (self, target, cancellable, dbr_sync_wait_cb, &wait);
  result = dbr_sync_wait_end (&wait);
  if (is_own_thread)
    dbr_recovery_core_unserve (self->core, wait.context);

  return dbr_recovery_recover_finish (self, result, error);
}
