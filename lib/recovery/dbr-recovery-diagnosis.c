/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-core-private.h"

#include "base/dbr-error.h"
#include "monitor/dbr-service-monitor-private.h"
#include "recovery/dbr-recovery-target-private.h"

/* What is wrong with a service is asked before anything is done to it: what a monitor told of may be
 * over, and one answer that is late is no stall. */

typedef struct
{
  char   *target;
  GError *last_error;
  guint   n_needed;
  guint   n_missed;
  char   *adapter;
} Diagnosis;

static void check (GTask *task);

static void
diagnosis_free (gpointer data)
{
  Diagnosis *diagnosis = data;

  g_free (diagnosis->target);
  g_clear_error (&diagnosis->last_error);
  g_free (diagnosis->adapter);
  g_free (diagnosis);
}

static void
return_stall (GTask *task)
{
  DbrServiceMonitor *monitor = g_task_get_source_object (task);
  gboolean is_frozen = dbr_service_monitor_get_freeze (monitor) == DBR_FREEZE_CGROUP;

  g_task_return_int (task, is_frozen ? DBR_TROUBLE_FROZEN : DBR_TROUBLE_STALLED);
}

static void
looked_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Diagnosis *diagnosis = g_task_get_task_data (task);
  DbrTrouble trouble;
  GError *error = NULL;

  if (dbr_recovery_target_look_finish (DBR_SERVICE_MONITOR (source), result, &trouble,
                                       &diagnosis->adapter, &error))
    g_task_return_int (task, (gssize) trouble);
  else
    g_task_return_error (task, error);
}

static void
checked_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Diagnosis *diagnosis = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;

  if (dbr_service_monitor_check_finish (DBR_SERVICE_MONITOR (source), result, &error) >= 0)
    dbr_recovery_target_look_async (DBR_SERVICE_MONITOR (source), diagnosis->target,
                                    diagnosis->last_error, g_task_get_cancellable (task), looked_cb,
                                    g_object_ref (task));
  else if (g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_OWNER))
    g_task_return_int (task, DBR_TROUBLE_ABSENT);
  else if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE)
           && ++diagnosis->n_missed < diagnosis->n_needed)
    check (task);
  else if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
    return_stall (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
check (GTask *task)
{
  dbr_service_monitor_check_async (g_task_get_source_object (task), g_task_get_cancellable (task),
                                   checked_cb, g_object_ref (task));
}

void
dbr_recovery_diagnose_async (DbrServiceMonitor   *monitor,
                             const char          *target,
                             const GError        *last_error,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (monitor, cancellable, callback, user_data);
  DbrServiceState state = dbr_service_monitor_get_state (monitor);
  Diagnosis *diagnosis = g_new0 (Diagnosis, 1);

  g_task_set_source_tag (task, dbr_recovery_diagnose_async);
  diagnosis->target = g_strdup (target);
  diagnosis->last_error = last_error != NULL ? g_error_copy (last_error) : NULL;
  g_task_set_task_data (task, diagnosis, diagnosis_free);
  /* The monitor has counted them already. */
  if (state == DBR_SERVICE_STATE_STALLED || state == DBR_SERVICE_STATE_FROZEN)
    diagnosis->n_needed = 1;
  else
    diagnosis->n_needed = dbr_service_monitor_get_misses_to_stall (monitor);
  check (task);
}

gboolean
dbr_recovery_diagnose_finish (DbrServiceMonitor  *monitor,
                              GAsyncResult       *result,
                              DbrTrouble         *trouble,
                              char              **adapter,
                              GError            **error)
{
  Diagnosis *diagnosis = g_task_get_task_data (G_TASK (result));
  gssize found = g_task_propagate_int (G_TASK (result), error);

  *trouble = found >= 0 ? (DbrTrouble) found : DBR_TROUBLE_NONE;
  *adapter = g_steal_pointer (&diagnosis->adapter);

  return found >= 0;
}
