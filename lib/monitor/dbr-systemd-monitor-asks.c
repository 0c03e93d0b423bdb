/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-monitor-private.h"

#include "base/dbr-error.h"
#include "base/dbr-event-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "monitor/dbr-boot-times-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* What a monitor is asked for beyond units: jobs, boot times, and systemd itself. */

static void
called_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GVariant *reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result, &error);

  if (reply != NULL)
    g_task_return_pointer (task, reply, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

/* What is one call, whose reply the finish function makes something of. */
static void
begin_call (DbrSystemdMonitor   *self,
            const char          *interface_name,
            const char          *method_name,
            GVariant            *parameters,
            const GVariantType  *reply_type,
            gpointer             tag,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  dbr_systemd_line_call_async (dbr_systemd_monitor_get_line (self), DBR_SYSTEMD_PATH,
                               interface_name, method_name, parameters, reply_type, FALSE, 0,
                               cancellable, called_cb, g_steal_pointer (&task));
}

/**
 * dbr_systemd_monitor_list_jobs_async:
 * @self: a monitor
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when they are listed or could not be
 * @user_data: data for @callback
 *
 * Lists the jobs that wait or are under way.
 *
 * Each is an event, whose kind is what the job is to do, as `start`, and whose text says so. Its
 * details are `job-id` u, `unit`, `job-type` and `state` s, which is `waiting` or `running`.
 *
 * Since: 0.1
 */
void
dbr_systemd_monitor_list_jobs_async (DbrSystemdMonitor   *self,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  g_return_if_fail (DBR_IS_SYSTEMD_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  begin_call (self, DBR_SYSTEMD_MANAGER_INTERFACE, "ListJobs", NULL,
              G_VARIANT_TYPE ("(a(usssoo))"),
              dbr_systemd_monitor_list_jobs_async, cancellable, callback, user_data);
}

static DbrEvent *
new_job (guint       id,
         const char *unit_name,
         const char *type,
         const char *state)
{
  g_autofree char *text = g_strdup_printf (_("The job %u to %s %s is %s"), id, type, unit_name,
                                           state);
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&details, "job-id", "u", id);
  g_variant_dict_insert (&details, "unit", "s", unit_name);
  g_variant_dict_insert (&details, "job-type", "s", type);
  g_variant_dict_insert (&details, "state", "s", state);

  return dbr_event_new (type, text, g_variant_dict_end (&details));
}

/**
 * dbr_systemd_monitor_list_jobs_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@SystemdMonitor.list_jobs_async].
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_systemd_monitor_list_jobs_finish (DbrSystemdMonitor  *self,
                                      GAsyncResult       *result,
                                      GError            **error)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariantIter) iter = NULL;
  const char *unit_name, *type, *state;
  GListStore *jobs;
  guint id;

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_systemd_monitor_list_jobs_async),
                        NULL);

  reply = g_task_propagate_pointer (G_TASK (result), error);
  if (reply == NULL)
    return NULL;

  jobs = g_list_store_new (DBR_TYPE_EVENT);
  g_variant_get (reply, "(a(usssoo))", &iter);
  while (g_variant_iter_next (iter, "(u&s&s&s&o&o)", &id, &unit_name, &type, &state, NULL, NULL))
    {
      g_autoptr(DbrEvent) job = new_job (id, unit_name, type, state);

      g_list_store_append (jobs, job);
    }

  return G_LIST_MODEL (jobs);
}

/**
 * dbr_systemd_monitor_list_jobs_sync:
 * @self: a monitor
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Lists the jobs, as [method@SystemdMonitor.list_jobs_async] does, and waits for it.
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_systemd_monitor_list_jobs_sync (DbrSystemdMonitor  *self,
                                    GCancellable       *cancellable,
                                    GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_systemd_monitor_list_jobs_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_systemd_monitor_list_jobs_finish (self, dbr_sync_wait_end (&wait), error);
}

/**
 * dbr_systemd_monitor_reload_manager_async:
 * @self: a monitor
 * @flags: [flags@Dbr.UnitFlags.INTERACTIVE] or nothing
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is done or has failed
 * @user_data: data for @callback
 *
 * Makes systemd read all its files anew, and waits until it has: what `systemctl daemon-reload`
 * does. [method@Unit.enable_async] and [method@Unit.disable_async] do it by themselves.
 *
 * Since: 0.1
 */
void
dbr_systemd_monitor_reload_manager_async (DbrSystemdMonitor   *self,
                                          DbrUnitFlags         flags,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (DBR_IS_SYSTEMD_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_systemd_monitor_reload_manager_async);
  if (flags & ~DBR_UNIT_FLAGS_INTERACTIVE)
    g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                             _("Only the flag “interactive” means something for this"));
  else
    dbr_systemd_line_reload_async (self->line, (flags & DBR_UNIT_FLAGS_INTERACTIVE) != 0,
                                   cancellable, called_cb, g_steal_pointer (&task));
}

/**
 * dbr_systemd_monitor_reload_manager_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@SystemdMonitor.reload_manager_async].
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_systemd_monitor_reload_manager_finish (DbrSystemdMonitor  *self,
                                           GAsyncResult       *result,
                                           GError            **error)
{
  g_autoptr(GVariant) reply = NULL;

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_systemd_monitor_reload_manager_async),
                        FALSE);

  reply = g_task_propagate_pointer (G_TASK (result), error);

  return reply != NULL;
}

/**
 * dbr_systemd_monitor_reload_manager_sync:
 * @self: a monitor
 * @flags: [flags@Dbr.UnitFlags.INTERACTIVE] or nothing
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Makes systemd read all its files anew, as [method@SystemdMonitor.reload_manager_async] does, and
 * waits for it.
 *
 * Returns: whether it is done
 *
 * Since: 0.1
 */
gboolean
dbr_systemd_monitor_reload_manager_sync (DbrSystemdMonitor  *self,
                                         DbrUnitFlags        flags,
                                         GCancellable       *cancellable,
                                         GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_systemd_monitor_reload_manager_async (self, flags, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_systemd_monitor_reload_manager_finish (self, dbr_sync_wait_end (&wait), error);
}

/**
 * dbr_systemd_monitor_get_boot_times_async:
 * @self: a monitor
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when they are read or could not be
 * @user_data: data for @callback
 *
 * Reads how long starting took.
 *
 * Since: 0.1
 */
void
dbr_systemd_monitor_get_boot_times_async (DbrSystemdMonitor   *self,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  g_return_if_fail (DBR_IS_SYSTEMD_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  begin_call (self, DBR_PROPERTIES_INTERFACE, "GetAll",
              g_variant_new ("(s)", DBR_SYSTEMD_MANAGER_INTERFACE), G_VARIANT_TYPE ("(a{sv})"),
              dbr_systemd_monitor_get_boot_times_async, cancellable, callback, user_data);
}

/**
 * dbr_systemd_monitor_get_boot_times_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@SystemdMonitor.get_boot_times_async].
 *
 * Returns: (transfer full): the times
 *
 * Since: 0.1
 */
DbrBootTimes *
dbr_systemd_monitor_get_boot_times_finish (DbrSystemdMonitor  *self,
                                           GAsyncResult       *result,
                                           GError            **error)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) values = NULL;

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_systemd_monitor_get_boot_times_async),
                        NULL);

  reply = g_task_propagate_pointer (G_TASK (result), error);
  if (reply == NULL)
    return NULL;

  values = g_variant_get_child_value (reply, 0);

  return dbr_boot_times_new (values,
                             dbr_systemd_monitor_get_scope (self) == DBR_SYSTEMD_SCOPE_USER);
}

/**
 * dbr_systemd_monitor_get_boot_times_sync:
 * @self: a monitor
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads how long starting took, and waits for it.
 *
 * Returns: (transfer full): the times
 *
 * Since: 0.1
 */
DbrBootTimes *
dbr_systemd_monitor_get_boot_times_sync (DbrSystemdMonitor  *self,
                                         GCancellable       *cancellable,
                                         GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_systemd_monitor_get_boot_times_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_systemd_monitor_get_boot_times_finish (self, dbr_sync_wait_end (&wait), error);
}
