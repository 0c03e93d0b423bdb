/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-unit-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* What is read of a unit. */

/* The kinds of what a unit depends on and what depends on it, which are properties of it. */
static const char *const kinds[] = {
  "Requires", "Requisite", "Wants", "BindsTo", "PartOf", "Upholds",
  "RequiredBy", "RequisiteOf", "WantedBy", "BoundBy", "UpheldBy", "ConsistsOf",
  "Conflicts", "ConflictedBy", "Before", "After",
  "OnSuccess", "OnSuccessOf", "OnFailure", "OnFailureOf", "Triggers", "TriggeredBy",
  "PropagatesReloadTo", "ReloadPropagatedFrom", "PropagatesStopTo", "StopPropagatedFrom",
  "JoinsNamespaceOf", "SliceOf", "RequiresMountsFor",
  NULL
};

static void
refreshed_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  g_autoptr(GVariant) values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source),
                                                                  result, &error);

  if (values == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  dbr_unit_apply (g_task_get_source_object (task), values);
  g_task_return_boolean (task, TRUE);
}

/**
 * dbr_unit_refresh_async:
 * @self: a unit
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is read or could not be
 * @user_data: data for @callback
 *
 * Reads all that the properties show.
 *
 * Since: 0.1
 */
void
dbr_unit_refresh_async (DbrUnit             *self,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (DBR_IS_UNIT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_unit_refresh_async);
  dbr_systemd_line_read_unit_async (dbr_unit_get_line (self), dbr_unit_get_name (self),
                                    cancellable, refreshed_cb, g_steal_pointer (&task));
}

/**
 * dbr_unit_refresh_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.refresh_async].
 *
 * Returns: whether it is read
 *
 * Since: 0.1
 */
gboolean
dbr_unit_refresh_finish (DbrUnit       *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_unit_refresh_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_unit_refresh_sync:
 * @self: a unit
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads all that the properties show, and waits for it.
 *
 * Returns: whether it is read
 *
 * Since: 0.1
 */
gboolean
dbr_unit_refresh_sync (DbrUnit       *self,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_unit_refresh_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_refresh_finish (self, dbr_sync_wait_end (&wait), error);
}

static void
dependencies_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  g_autoptr(GVariant) values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source),
                                                                  result, &error);
  char **names = NULL;

  if (values == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (!g_variant_lookup (values, g_task_get_task_data (task), "^as", &names))
    names = g_new0 (char *, 1);
  g_task_return_pointer (task, names, (GDestroyNotify) g_strfreev);
}

/**
 * dbr_unit_list_dependencies_async:
 * @self: a unit
 * @kind: what kind, as systemd's property: `Requires`, `Wants`, `After`, `RequiredBy` and so on
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is read or could not be
 * @user_data: data for @callback
 *
 * Reads the names of the units that it depends on, or that depend on it. A kind that systemd has
 * not is `DBR_ERROR_INVALID_ARGUMENT`.
 *
 * Since: 0.1
 */
void
dbr_unit_list_dependencies_async (DbrUnit             *self,
                                  const char          *kind,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (DBR_IS_UNIT (self));
  g_return_if_fail (kind != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_unit_list_dependencies_async);
  g_task_set_task_data (task, g_strdup (kind), g_free);
  if (g_strv_contains (kinds, kind))
    dbr_systemd_line_read_unit_async (dbr_unit_get_line (self), dbr_unit_get_name (self),
                                      cancellable, dependencies_cb, g_steal_pointer (&task));
  else
    g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                             _("systemd knows no dependencies of the kind “%s”"), kind);
}

/**
 * dbr_unit_list_dependencies_finish:
 * @self: a unit
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Unit.list_dependencies_async].
 *
 * Returns: (transfer full): the names, perhaps none
 *
 * Since: 0.1
 */
char **
dbr_unit_list_dependencies_finish (DbrUnit       *self,
                                   GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_unit_list_dependencies_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_unit_list_dependencies_sync:
 * @self: a unit
 * @kind: what kind, as systemd's property: `Requires`, `Wants`, `After`, `RequiredBy` and so on
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads the names of the units that it depends on, or that depend on it, and waits for them.
 *
 * Returns: (transfer full): the names, perhaps none
 *
 * Since: 0.1
 */
char **
dbr_unit_list_dependencies_sync (DbrUnit       *self,
                                 const char    *kind,
                                 GCancellable  *cancellable,
                                 GError       **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_UNIT (self), NULL);
  g_return_val_if_fail (kind != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_unit_list_dependencies_async (self, kind, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_unit_list_dependencies_finish (self, dbr_sync_wait_end (&wait), error);
}
