/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-unit-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* What is done with a unit. Each operation is a task with the tag of its async function; the sync
 * function waits for the same in a context of its own. */

static gboolean
finish (DbrUnit       *self,
        GAsyncResult  *result,
        gpointer       tag,
        GError       **error)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
check_flags (DbrUnitFlags   flags,
             DbrUnitFlags   allowed,
             GError       **error)
{
  g_autofree char *text = NULL;

  if ((flags & ~allowed) == 0)
    return TRUE;

  text = g_flags_to_string (DBR_TYPE_UNIT_FLAGS, flags & ~allowed);
  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The flags %s mean nothing for this"), text);

  return FALSE;
}

/* Jobs */

static void
begin_job (DbrUnit             *self,
           DbrUnitJob           job,
           DbrUnitFlags         flags,
           gpointer             tag,
           GCancellable        *cancellable,
           GAsyncReadyCallback  callback,
           gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_UNIT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, tag);
  if (check_flags (flags, DBR_UNIT_FLAGS_INTERACTIVE, &error))
    dbr_unit_begin_job (self, job, flags, task);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_unit_start_async:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Starts it, with all that it requires, and waits for the job that does so.
 *
 * A unit that runs already is not started again, and that is no error. Fails with
 * `DBR_ERROR_JOB_FAILED` if it did not start, with `DBR_ERROR_DEADLINE` if that takes longer than
 * the operation `unit_job` may; the job goes on then.
 *
 * Since: 0.1
 */
void
dbr_unit_start_async (DbrUnit             *self,
                      DbrUnitFlags         flags,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  begin_job (self, DBR_UNIT_JOB_START, flags, dbr_unit_start_async, cancellable, callback,
             user_data);
}

/**
 * dbr_unit_start_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.start_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_start_finish (DbrUnit       *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  return finish (self, result, dbr_unit_start_async, error);
}

/**
 * dbr_unit_start_sync:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Starts it, as [method@Unit.start_async] does, and waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_start_sync (DbrUnit       *self,
                     DbrUnitFlags   flags,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_start_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_start_finish (self, dbr_sync_wait_end (&wait), error);
}

/**
 * dbr_unit_stop_async:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Stops it, with all that requires it, and waits for the job that does so.
 *
 * A unit that does not run is no error.
 *
 * Since: 0.1
 */
void
dbr_unit_stop_async (DbrUnit             *self,
                     DbrUnitFlags         flags,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  begin_job (self, DBR_UNIT_JOB_STOP, flags, dbr_unit_stop_async, cancellable, callback,
             user_data);
}

/**
 * dbr_unit_stop_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.stop_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_stop_finish (DbrUnit       *self,
                      GAsyncResult  *result,
                      GError       **error)
{
  return finish (self, result, dbr_unit_stop_async, error);
}

/**
 * dbr_unit_stop_sync:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Stops it, as [method@Unit.stop_async] does, and waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_stop_sync (DbrUnit       *self,
                    DbrUnitFlags   flags,
                    GCancellable  *cancellable,
                    GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_stop_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_stop_finish (self, dbr_sync_wait_end (&wait), error);
}

/**
 * dbr_unit_restart_async:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Stops it if it runs, starts it, and waits for the job that does so. It fails as
 * [method@Unit.start_async] does.
 *
 * Since: 0.1
 */
void
dbr_unit_restart_async (DbrUnit             *self,
                        DbrUnitFlags         flags,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  begin_job (self, DBR_UNIT_JOB_RESTART, flags, dbr_unit_restart_async, cancellable, callback,
             user_data);
}

/**
 * dbr_unit_restart_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.restart_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_restart_finish (DbrUnit       *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  return finish (self, result, dbr_unit_restart_async, error);
}

/**
 * dbr_unit_restart_sync:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Restarts it, as [method@Unit.restart_async] does, and waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_restart_sync (DbrUnit       *self,
                       DbrUnitFlags   flags,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_restart_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_restart_finish (self, dbr_sync_wait_end (&wait), error);
}

/**
 * dbr_unit_reload_async:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Makes it read its configuration anew, and waits for the job that does so.
 *
 * That is what the service itself does, where it can; for what systemd knows of it, see
 * [method@SystemdMonitor.reload_manager_async].
 *
 * Since: 0.1
 */
void
dbr_unit_reload_async (DbrUnit             *self,
                       DbrUnitFlags         flags,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  begin_job (self, DBR_UNIT_JOB_RELOAD, flags, dbr_unit_reload_async, cancellable, callback,
             user_data);
}

/**
 * dbr_unit_reload_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.reload_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_reload_finish (DbrUnit       *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  return finish (self, result, dbr_unit_reload_async, error);
}

/**
 * dbr_unit_reload_sync:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reloads it, as [method@Unit.reload_async] does, and waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_reload_sync (DbrUnit       *self,
                      DbrUnitFlags   flags,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_reload_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_reload_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Files */

/* A unit is enabled and disabled by links, of which systemd learns when it reads all its files
 * anew. What the task has is whether a person may be asked for that. */

static void
refreshed_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (dbr_unit_refresh_finish (DBR_UNIT (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
reloaded_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result,
                                                            &error);

  if (reply != NULL)
    dbr_unit_refresh_async (g_task_get_source_object (task), g_task_get_cancellable (task),
                            refreshed_cb, g_object_ref (task));
  else
    g_task_return_error (task, error);
}

static void
changed_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  DbrUnit *self = g_task_get_source_object (task);
  const gboolean *is_interactive = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (line, result, &error);
  gboolean can_install = TRUE;

  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (g_variant_is_of_type (reply, G_VARIANT_TYPE ("(ba(sss))")))
    g_variant_get_child (reply, 0, "b", &can_install);
  if (!can_install)
    {
      g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                               _("%s does not say when it is to be started, so that it cannot be "
                                 "enabled; something else has to start it"),
                               dbr_unit_get_name (self));
      return;
    }

  dbr_systemd_line_reload_async (line, *is_interactive, g_task_get_cancellable (task), reloaded_cb,
                                 g_object_ref (task));
}

/* Nothing that stands in the way is overwritten. */
static void
begin_change (DbrUnit             *self,
              gboolean             is_to_enable,
              DbrUnitFlags         flags,
              gpointer             tag,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  gboolean is_mask = (flags & DBR_UNIT_FLAGS_MASK) != 0;
  gboolean is_runtime = (flags & DBR_UNIT_FLAGS_RUNTIME) != 0;
  const char *names[] = { NULL, NULL };
  const char *method_name;
  GVariant *parameters;
  GError *error = NULL;
  gboolean is_interactive = (flags & DBR_UNIT_FLAGS_INTERACTIVE) != 0;

  g_return_if_fail (DBR_IS_UNIT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, tag);
  if (!check_flags (flags, DBR_UNIT_FLAGS_INTERACTIVE | DBR_UNIT_FLAGS_RUNTIME
                    | DBR_UNIT_FLAGS_MASK, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  g_task_set_task_data (task, g_memdup2 (&is_interactive, sizeof is_interactive), g_free);

  names[0] = dbr_unit_get_name (self);
  if (is_to_enable)
    method_name = is_mask ? "UnmaskUnitFiles" : "EnableUnitFiles";
  else
    method_name = is_mask ? "MaskUnitFiles" : "DisableUnitFiles";
  if (is_to_enable == is_mask)
    parameters = g_variant_new ("(^asb)", names, is_runtime);
  else
    parameters = g_variant_new ("(^asbb)", names, is_runtime, FALSE);
  dbr_systemd_line_call_async (dbr_unit_get_line (self), DBR_SYSTEMD_PATH,
                               DBR_SYSTEMD_MANAGER_INTERFACE, method_name, parameters, NULL,
                               is_interactive, 0, cancellable, changed_cb,
                               g_steal_pointer (&task));
}

/**
 * dbr_unit_enable_async:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Has it started by itself from now on, as its file says, and makes systemd read that. It is not
 * started by this.
 *
 * With [flags@Dbr.UnitFlags.MASK] it is no longer masked, and nothing else is done. A unit whose file
 * does not say when it is to be started fails with `DBR_ERROR_NOT_SUPPORTED`.
 *
 * Since: 0.1
 */
void
dbr_unit_enable_async (DbrUnit             *self,
                       DbrUnitFlags         flags,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  begin_change (self, TRUE, flags, dbr_unit_enable_async, cancellable, callback, user_data);
}

/**
 * dbr_unit_enable_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.enable_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_enable_finish (DbrUnit       *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  return finish (self, result, dbr_unit_enable_async, error);
}

/**
 * dbr_unit_enable_sync:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Enables it, as [method@Unit.enable_async] does, and waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_enable_sync (DbrUnit       *self,
                      DbrUnitFlags   flags,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_enable_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_enable_finish (self, dbr_sync_wait_end (&wait), error);
}

/**
 * dbr_unit_disable_async:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Has it not started by itself any more, and makes systemd read that. It is not stopped by this.
 *
 * With [flags@Dbr.UnitFlags.MASK] it is masked: nothing can start it.
 *
 * Since: 0.1
 */
void
dbr_unit_disable_async (DbrUnit             *self,
                        DbrUnitFlags         flags,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  begin_change (self, FALSE, flags, dbr_unit_disable_async, cancellable, callback, user_data);
}

/**
 * dbr_unit_disable_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.disable_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_disable_finish (DbrUnit       *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  return finish (self, result, dbr_unit_disable_async, error);
}

/**
 * dbr_unit_disable_sync:
 * @self: a unit
 * @flags: how
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Disables it, as [method@Unit.disable_async] does, and waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_unit_disable_sync (DbrUnit       *self,
                       DbrUnitFlags   flags,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_disable_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_disable_finish (self, dbr_sync_wait_end (&wait), error);
}
