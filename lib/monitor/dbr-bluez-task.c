/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-task-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "bus/dbr-client-private.h"

void
dbr_bluez_task_run (gpointer            source,
                    DbrBluezOperation  *operation,
                    gpointer            tag,
                    GCancellable       *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer            user_data)
{
  GError *error = NULL;
  GTask *task;

  if (operation != NULL && !dbr_client_check_ready (operation->core->client, &error))
    {
      dbr_bluez_operation_free (operation);
      dbr_bluez_task_refuse (source, error, tag, cancellable, callback, user_data);
      return;
    }
  if (operation == NULL)
    {
      dbr_bluez_task_refuse (source,
                             g_error_new (DBR_ERROR, DBR_ERROR_CLOSED,
                                          _("The Bluetooth monitor is gone")),
                             tag, cancellable, callback, user_data);
      return;
    }

  task = g_task_new (source, cancellable, callback, user_data);
  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  dbr_bluez_operation_begin (operation, task);
}

void
dbr_bluez_task_refuse (gpointer            source,
                       GError             *error,
                       gpointer            tag,
                       GCancellable       *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer            user_data)
{
  g_autoptr(GTask) task = g_task_new (source, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  g_task_return_error (task, error);
}

gboolean
dbr_bluez_task_finish (gpointer      source,
                       GAsyncResult *result,
                       gpointer      tag,
                       GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
dbr_bluez_task_run_sync (gpointer           source,
                         DbrBluezOperation *operation,
                         GCancellable      *cancellable,
                         GError           **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  if (!dbr_sync_wait_begin (&wait, error))
    {
      g_clear_pointer (&operation, dbr_bluez_operation_free);
      return FALSE;
    }

  dbr_bluez_task_run (source, operation, dbr_bluez_task_run_sync, cancellable, dbr_sync_wait_cb,
                      &wait);

  return dbr_bluez_task_finish (source, dbr_sync_wait_end (&wait), dbr_bluez_task_run_sync, error);
}
