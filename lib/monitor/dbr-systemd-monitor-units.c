/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-monitor-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "monitor/dbr-systemd-name-private.h"
#include "monitor/dbr-unit-private.h"

#define ENTRY_TYPE G_VARIANT_TYPE ("(ssssssouso)")
#define ENTRIES_TYPE G_VARIANT_TYPE ("(a(ssssssouso))")

/* What a monitor is asked for. What comes of it is made by the finish functions, so that it belongs
 * to the context of who asked, whether he waits or not. */

/* One unit */

static void
got_unit_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GVariant *values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source), result, &error);

  if (values != NULL)
    g_task_return_pointer (task, values, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_systemd_monitor_get_unit_async:
 * @self: a monitor
 * @name: its name; without a suffix that of a service
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it is read or could not be
 * @user_data: data for @callback
 *
 * Gets a unit, with all that is known of it.
 *
 * One that is not installed comes too, with the [property@Unit:load-state] `not-found`.
 *
 * Since: 0.1
 */
void
dbr_systemd_monitor_get_unit_async (DbrSystemdMonitor   *self,
                                    const char          *name,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autofree char *complete = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SYSTEMD_MONITOR (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_systemd_monitor_get_unit_async);
  complete = dbr_systemd_name_complete (name, &error);
  if (complete != NULL)
    dbr_systemd_line_read_unit_async (dbr_systemd_monitor_get_line (self), complete, cancellable,
                                      got_unit_cb, g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/**
 * dbr_systemd_monitor_get_unit_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@SystemdMonitor.get_unit_async].
 *
 * Returns: (transfer full): the unit
 *
 * Since: 0.1
 */
DbrUnit *
dbr_systemd_monitor_get_unit_finish (DbrSystemdMonitor  *self,
                                     GAsyncResult       *result,
                                     GError            **error)
{
  g_autoptr(GVariant) values = NULL;
  const char *name = "";
  DbrUnit *unit;

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_systemd_monitor_get_unit_async),
                        NULL);

  values = g_task_propagate_pointer (G_TASK (result), error);
  if (values == NULL)
    return NULL;

  g_variant_lookup (values, "Id", "&s", &name);
  unit = dbr_systemd_monitor_dup_unit (self, name);
  dbr_unit_apply (unit, values);

  return unit;
}

/**
 * dbr_systemd_monitor_get_unit_sync:
 * @self: a monitor
 * @name: its name; without a suffix that of a service
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Gets a unit, as [method@SystemdMonitor.get_unit_async] does, and waits for it.
 *
 * Returns: (transfer full): the unit
 *
 * Since: 0.1
 */
DbrUnit *
dbr_systemd_monitor_get_unit_sync (DbrSystemdMonitor  *self,
                                   const char         *name,
                                   GCancellable       *cancellable,
                                   GError            **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_systemd_monitor_get_unit_async (self, name, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_systemd_monitor_get_unit_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Many units */

/* Names are looked up, so that units which systemd has not loaded come too; patterns are compared
 * with those that it has. At most one call for each of the two. */
typedef struct
{
  char     **names;
  char     **patterns;
  char     **states;
  GPtrArray *entries;
  /* the names of those that are in it: an alias, or a pattern, may lead to one once more */
  GHashTable *listed;
} Listing;

static void
listing_free (Listing *self)
{
  g_strfreev (self->names);
  g_strfreev (self->patterns);
  g_strfreev (self->states);
  g_ptr_array_unref (self->entries);
  g_hash_table_unref (self->listed);
  g_free (self);
}

/* @patterns are complete: what has no special character is a name. */
static Listing *
listing_new (char              **patterns,
             const char * const *states)
{
  Listing *self = g_new0 (Listing, 1);
  g_autoptr(GPtrArray) some_names = g_ptr_array_new ();
  g_autoptr(GPtrArray) some_patterns = g_ptr_array_new ();

  for (guint i = 0; patterns[i] != NULL; i++)
    g_ptr_array_add (strpbrk (patterns[i], "*?[") == NULL ? some_names : some_patterns,
                     g_strdup (patterns[i]));
  g_ptr_array_add (some_names, NULL);
  g_ptr_array_add (some_patterns, NULL);
  self->names = (char **) g_ptr_array_free (g_steal_pointer (&some_names), FALSE);
  self->patterns = (char **) g_ptr_array_free (g_steal_pointer (&some_patterns), FALSE);
  self->states = states != NULL ? g_strdupv ((char **) states) : g_new0 (char *, 1);
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  self->listed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

/* As systemd compares them: a state is that of loading, the one that all units have, or that of the
 * type. */
static gboolean
listing_wants (const Listing *self,
               GVariant      *entry)
{
  const char * const *states = (const char * const *) self->states;
  const char *load_state, *active_state, *sub_state;

  if (states[0] == NULL)
    return TRUE;

  g_variant_get (entry, "(&s&s&s&s&s&s&ou&s&o)", NULL, NULL, &load_state, &active_state,
                 &sub_state, NULL, NULL, NULL, NULL, NULL);

  return g_strv_contains (states, load_state) || g_strv_contains (states, active_state)
         || g_strv_contains (states, sub_state);
}

static void
listing_take (Listing  *self,
              GVariant *reply)
{
  g_autoptr(GVariantIter) iter = NULL;
  GVariant *entry;

  g_variant_get (reply, "(a(ssssssouso))", &iter);
  while ((entry = g_variant_iter_next_value (iter)) != NULL)
    {
      char *name;

      g_variant_get_child (entry, 0, "s", &name);
      if (g_hash_table_add (self->listed, name) && listing_wants (self, entry))
        g_ptr_array_add (self->entries, entry);
      else
        g_variant_unref (entry);
    }
}

static void
return_listing (GTask *task)
{
  const Listing *listing = g_task_get_task_data (task);
  GVariant *entries = g_variant_new_array (ENTRY_TYPE, (GVariant **) listing->entries->pdata,
                                           listing->entries->len);

  g_task_return_pointer (task, g_variant_ref_sink (entries), (GDestroyNotify) g_variant_unref);
}

static void
matched_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result,
                                                            &error);

  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  listing_take (g_task_get_task_data (task), reply);
  return_listing (task);
}

static void
list_matching (DbrSystemdLine *line,
               GTask          *task)
{
  const Listing *listing = g_task_get_task_data (task);

  dbr_systemd_line_call_async (line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                               "ListUnitsByPatterns",
                               g_variant_new ("(^as^as)", listing->states, listing->patterns),
                               ENTRIES_TYPE, FALSE, 0, g_task_get_cancellable (task), matched_cb,
                               g_object_ref (task));
}

static void
named_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  DbrSystemdLine *line = DBR_SYSTEMD_LINE (source);
  g_autoptr(GTask) task = user_data;
  Listing *listing = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (line, result, &error);

  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  listing_take (listing, reply);
  if (listing->patterns[0] != NULL)
    list_matching (line, task);
  else
    return_listing (task);
}

/**
 * dbr_systemd_monitor_list_units_async:
 * @self: a monitor
 * @patterns: (nullable) (array zero-terminated=1): names, or patterns with `*`, `?` and `[]`;
 * `NULL`
 *   for all that systemd has loaded
 * @states: (nullable) (array zero-terminated=1): the states that are wanted, as `active`, `failed`,
 *   `running` or `not-found`; `NULL` for any
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when they are listed or could not be
 * @user_data: data for @callback
 *
 * Lists units, with their states. What else can be known of one is read by
 * [method@Unit.refresh_async].
 *
 * A name comes always, if only as `not-found`; a pattern fits those that are loaded. The list of
 * all is large and costs systemd some work: where many units matter, watch them.
 *
 * Since: 0.1
 */
void
dbr_systemd_monitor_list_units_async (DbrSystemdMonitor   *self,
                                      const char * const  *patterns,
                                      const char * const  *states,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_auto(GStrv) complete = NULL;
  DbrSystemdLine *line;
  Listing *listing;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SYSTEMD_MONITOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_systemd_monitor_list_units_async);
  complete = dbr_systemd_name_complete_patterns (patterns, &error);
  if (complete == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  listing = listing_new (complete, states);
  line = dbr_systemd_monitor_get_line (self);
  g_task_set_task_data (task, listing, (GDestroyNotify) listing_free);
  if (listing->names[0] == NULL)
    list_matching (line, task);
  else
    dbr_systemd_line_call_async (line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                                 "ListUnitsByNames", g_variant_new ("(^as)", listing->names),
                                 ENTRIES_TYPE, FALSE, 0, cancellable, named_cb,
                                 g_object_ref (task));
}

/**
 * dbr_systemd_monitor_list_units_finish:
 * @self: a monitor
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@SystemdMonitor.list_units_async].
 *
 * Returns: (transfer full): a list of [class@Unit]
 *
 * Since: 0.1
 */
GListModel *
dbr_systemd_monitor_list_units_finish (DbrSystemdMonitor  *self,
                                       GAsyncResult       *result,
                                       GError            **error)
{
  g_autoptr(GVariant) entries = NULL;
  GListStore *units;
  gsize n_entries;

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_systemd_monitor_list_units_async),
                        NULL);

  entries = g_task_propagate_pointer (G_TASK (result), error);
  if (entries == NULL)
    return NULL;

  units = g_list_store_new (DBR_TYPE_UNIT);
  n_entries = g_variant_n_children (entries);
  for (gsize i = 0; i < n_entries; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (entries, i);
      g_autoptr(DbrUnit) unit = NULL;
      const char *name;

      g_variant_get_child (entry, 0, "&s", &name);
      unit = dbr_systemd_monitor_dup_unit (self, name);
      dbr_unit_apply_entry (unit, entry);
      g_list_store_append (units, unit);
    }

  return G_LIST_MODEL (units);
}

/**
 * dbr_systemd_monitor_list_units_sync:
 * @self: a monitor
 * @patterns: (nullable) (array zero-terminated=1): names, or patterns with `*`, `?` and `[]`;
 * `NULL`
 *   for all that systemd has loaded
 * @states: (nullable) (array zero-terminated=1): the states that are wanted; `NULL` for any
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Lists units, as [method@SystemdMonitor.list_units_async] does, and waits for it.
 *
 * Returns: (transfer full): a list of [class@Unit]
 *
 * Since: 0.1
 */
GListModel *
dbr_systemd_monitor_list_units_sync (DbrSystemdMonitor   *self,
                                     const char * const  *patterns,
                                     const char * const  *states,
                                     GCancellable        *cancellable,
                                     GError             **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_systemd_monitor_list_units_async (self, patterns, states, cancellable, dbr_sync_wait_cb,
                                        &wait);

  return dbr_systemd_monitor_list_units_finish (self, dbr_sync_wait_end (&wait), error);
}
