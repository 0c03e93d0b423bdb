/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-target-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "monitor/dbr-systemd-monitor-private.h"
#include "monitor/dbr-systemd-name-private.h"
#include "recovery/dbr-recovery-bluez-private.h"

/* An address is six bytes. */
#define ADDRESS_LENGTH 17

/* A look at one target, the data of its task. */
typedef struct
{
  char         *target;
  GError       *last_error;
  DbrBluezCore *core;
  char         *adapter;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_free (look->target);
  g_clear_error (&look->last_error);
  g_clear_pointer (&look->core, dbr_bluez_core_unref);
  g_free (look->adapter);
  g_free (look);
}

static gboolean
is_address (const char *text)
{
  if (strlen (text) != ADDRESS_LENGTH)
    return FALSE;

  for (guint i = 0; i < ADDRESS_LENGTH; i++)
    if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit (text[i]))
      return FALSE;

  return TRUE;
}

char *
dbr_recovery_target_complete (DbrServiceMonitor  *monitor,
                              const char         *target,
                              GError            **error)
{
  if (*target == '\0')
    return g_strdup (target);
  if (DBR_IS_SYSTEMD_MONITOR (monitor))
    return dbr_systemd_name_complete (target, error);
  if (DBR_IS_BLUEZ_MONITOR (monitor) && is_address (target))
    return g_ascii_strup (target, -1);

  if (DBR_IS_BLUEZ_MONITOR (monitor))
    g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                 _("There is no “%s” to recover: devices and adapters are named by their addresses"),
                 target);
  else
    g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                 _("There is no “%s” to recover: %s has no devices, and is named by an empty target"),
                 target, dbr_service_monitor_get_bus_name (monitor));

  return NULL;
}

gboolean
dbr_recovery_target_has_input_devices (DbrServiceMonitor *monitor)
{
  g_autoptr(DbrBluezCore) core = NULL;

  if (!DBR_IS_BLUEZ_MONITOR (monitor))
    return FALSE;

  core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (monitor));

  return dbr_recovery_bluez_has_input_devices (core);
}

/* Looking */

static void
unit_read_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) values = NULL;
  const char *state = "";
  GError *error = NULL;

  values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source), result, &error);
  if (values == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  g_variant_lookup (values, "ActiveState", "&s", &state);
  g_task_return_int (task, strcmp (state, "failed") == 0 ? DBR_TROUBLE_UNIT : DBR_TROUBLE_NONE);
}

static void
bluez_read_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Look *look = g_task_get_task_data (task);
  GError *error = NULL;

  if (!dbr_recovery_bluez_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (*look->target == '\0')
    {
      g_task_return_int (task, DBR_TROUBLE_NONE);
      return;
    }

  look->adapter = dbr_recovery_bluez_dup_adapter (look->core, look->target);
  g_task_return_int (task, (gssize) dbr_recovery_bluez_judge (look->core, look->target,
                                                              look->last_error));
}

static void
read_on_io (gpointer data)
{
  g_autoptr(GTask) task = data;
  const Look *look = g_task_get_task_data (task);

  dbr_recovery_bluez_read_async (look->core, look->target, g_task_get_cancellable (task),
                                 bluez_read_cb, g_object_ref (task));
}

void
dbr_recovery_target_look_async (DbrServiceMonitor   *monitor,
                                const char          *target,
                                const GError        *last_error,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (monitor, cancellable, callback, user_data);
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, dbr_recovery_target_look_async);
  look->target = g_strdup (target);
  look->last_error = last_error != NULL ? g_error_copy (last_error) : NULL;
  g_task_set_task_data (task, look, look_free);
  if (DBR_IS_BLUEZ_MONITOR (monitor))
    {
      look->core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (monitor));
      dbr_io_invoke (read_on_io, g_steal_pointer (&task));
    }
  else if (DBR_IS_SYSTEMD_MONITOR (monitor) && *target != '\0')
    {
      dbr_systemd_line_read_unit_async (dbr_systemd_monitor_get_line (DBR_SYSTEMD_MONITOR (monitor)),
                                        target, cancellable, unit_read_cb, g_object_ref (task));
    }
  else
    {
      g_task_return_int (task, DBR_TROUBLE_NONE);
    }
}

gboolean
dbr_recovery_target_look_finish (DbrServiceMonitor  *monitor,
                                 GAsyncResult       *result,
                                 DbrTrouble         *trouble,
                                 char              **adapter,
                                 GError            **error)
{
  Look *look = g_task_get_task_data (G_TASK (result));
  gssize found = g_task_propagate_int (G_TASK (result), error);

  *trouble = found >= 0 ? (DbrTrouble) found : DBR_TROUBLE_NONE;
  *adapter = g_steal_pointer (&look->adapter);

  return found >= 0;
}
