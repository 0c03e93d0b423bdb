/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-monitor-private.h"

#include <string.h>

#include "base/dbr-i18n-private.h"
#include "base/dbr-incident-source-private.h"
#include "monitor/dbr-systemd-name-private.h"
#include "monitor/dbr-unit-private.h"

/* What a monitor tells, in the context that it was made in. */

enum
{
  SIGNAL_UNIT_CHANGED,
  SIGNAL_UNIT_FAILED,
  SIGNAL_JOB_ADDED,
  SIGNAL_JOB_FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void dbr_systemd_monitor_pump (DbrSystemdMonitor *self);

void
dbr_systemd_monitor_install_signals (DbrSystemdMonitorClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  /**
   * DbrSystemdMonitor::unit-changed:
   * @self: a monitor
   * @unit: the unit
   * @old_state: its [property@Unit:active-state] before
   * @new_state: its [property@Unit:active-state] now
   *
   * Emitted when a unit that is watched has another state.
   *
   * Since: 0.1
   */
  signals[SIGNAL_UNIT_CHANGED] =
    g_signal_new ("unit-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3, DBR_TYPE_UNIT, G_TYPE_STRING, G_TYPE_STRING);

  /**
   * DbrSystemdMonitor::unit-failed:
   * @self: a monitor
   * @unit: the unit
   *
   * Emitted when a unit has failed, watched or not. Those that had failed before are in
   * [property@SystemdMonitor:failed-units] without it.
   *
   * Since: 0.1
   */
  signals[SIGNAL_UNIT_FAILED] =
    g_signal_new ("unit-failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, DBR_TYPE_UNIT);

  /**
   * DbrSystemdMonitor::job-added:
   * @self: a monitor
   * @job_id: the number of the job
   * @unit_name: the unit it is for
   * @job_type: what it is to do, as `start`; empty if it had ended before that could be asked
   *
   * Emitted when there is a new job.
   *
   * Since: 0.1
   */
  signals[SIGNAL_JOB_ADDED] =
    g_signal_new ("job-added", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_STRING, G_TYPE_STRING);

  /**
   * DbrSystemdMonitor::job-finished:
   * @self: a monitor
   * @job_id: the number of the job
   * @unit_name: the unit it was for
   * @result: what it came to, as `done`, `failed`, `canceled`, `timeout`, `dependency` or `skipped`
   *
   * Emitted when a job has ended.
   *
   * Since: 0.1
   */
  signals[SIGNAL_JOB_FINISHED] =
    g_signal_new ("job-finished", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_STRING, G_TYPE_STRING);
}

void
dbr_systemd_watched_free (DbrSystemdWatched *self)
{
  g_object_unref (self->unit);
  g_free (self);
}

/* Units */

DbrUnit *
dbr_systemd_monitor_dup_unit (DbrSystemdMonitor *self,
                              const char        *name)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  const DbrSystemdWatched *watched;
  DbrUnit *unit = NULL;

  if (context == self->context && g_main_context_acquire (context))
    {
      watched = g_hash_table_lookup (self->watched, name);
      unit = watched != NULL ? g_object_ref (watched->unit) : NULL;
      g_main_context_release (context);
    }

  return unit != NULL ? unit : dbr_unit_new (self->line, name);
}

static GVariant *
new_details (const char *unit_name,
             const char *old_state,
             const char *new_state)
{
  g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&details, "unit", "s", unit_name);
  if (old_state != NULL)
    g_variant_dict_insert (&details, "old-state", "s", old_state);
  if (new_state != NULL)
    g_variant_dict_insert (&details, "new-state", "s", new_state);

  return g_variant_dict_end (&details);
}

/* systemd often tells the same state again, and the first one that is known is no change. */
static void
dbr_systemd_monitor_compare (DbrSystemdMonitor *self,
                             DbrSystemdWatched *watched)
{
  g_autoptr(DbrUnit) unit = g_object_ref (watched->unit);
  const char *old_state = watched->state;
  const char *new_state = dbr_unit_get_active_state (unit);
  const char *name = dbr_unit_get_name (unit);
  g_autofree char *text = NULL;

  if (new_state == NULL || g_strcmp0 (new_state, old_state) == 0)
    return;

  watched->state = new_state;
  if (old_state == NULL || !dbr_systemd_monitor_is_started (self))
    return;

  text = g_strdup_printf (_("%s is %s and was %s"), name, new_state, old_state);
  dbr_service_monitor_tell (DBR_SERVICE_MONITOR (self), "unit-changed", text,
                            new_details (name, old_state, new_state));
  g_signal_emit (self, signals[SIGNAL_UNIT_CHANGED], 0, unit, old_state, new_state);
}

static void
dbr_systemd_monitor_apply_units (DbrSystemdMonitor *self,
                                 GVariant          *entries)
{
  gsize n_entries = g_variant_n_children (entries);

  for (gsize i = 0; i < n_entries; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (entries, i);
      const char *name;
      DbrSystemdWatched *watched;

      g_variant_get_child (entry, 0, "&s", &name);
      watched = g_hash_table_lookup (self->watched, name);
      if (watched == NULL)
        continue;

      dbr_unit_apply_entry (watched->unit, entry);
      dbr_systemd_monitor_compare (self, watched);
    }
}

static void
dbr_systemd_monitor_watch_others (DbrSystemdMonitor *self)
{
  g_auto(GStrv) names = dbr_systemd_book_dup_watched (self->book);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (!g_strv_contains ((const char * const *) names, name))
        g_hash_table_iter_remove (&iter);
    }
  for (guint i = 0; names[i] != NULL; i++)
    {
      DbrSystemdWatched *watched;

      if (g_hash_table_contains (self->watched, names[i]))
        continue;
      watched = g_new0 (DbrSystemdWatched, 1);
      watched->unit = dbr_unit_new (self->line, names[i]);
      g_hash_table_insert (self->watched, g_strdup (names[i]), watched);
    }
}

static void reread (GPtrArray *units);

static void
reread_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GPtrArray) units = user_data;

  if (dbr_unit_refresh_finish (DBR_UNIT (source), result, NULL))
    reread (g_steal_pointer (&units));
}

/* One after the other, for each is large; takes @units. */
static void
reread (GPtrArray *units)
{
  g_autoptr(DbrUnit) unit = NULL;

  if (units->len == 0)
    {
      g_ptr_array_unref (units);
      return;
    }

  unit = g_ptr_array_steal_index_fast (units, units->len - 1);
  dbr_unit_refresh_async (unit, NULL, reread_cb, units);
}

/* A list tells states alone. Where more is known of a unit, as its process, that is of before the
 * gap, and would be shown as if it were of now. */
static void
dbr_systemd_monitor_reread_units (DbrSystemdMonitor *self)
{
  GPtrArray *units = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DbrSystemdWatched *watched = value;

      if (dbr_unit_has_details (watched->unit))
        g_ptr_array_add (units, g_object_ref (watched->unit));
    }
  reread (units);
}

/* Units that have failed */

static gboolean
has_entry (GVariant   *entries,
           const char *name)
{
  gsize n_entries = g_variant_n_children (entries);

  for (gsize i = 0; i < n_entries; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (entries, i);
      const char *other;

      g_variant_get_child (entry, 0, "&s", &other);
      if (strcmp (name, other) == 0)
        return TRUE;
    }

  return FALSE;
}

static DbrUnit *
dbr_systemd_monitor_find_failed (DbrSystemdMonitor *self,
                                 const char        *name)
{
  guint n_failed = g_list_model_get_n_items (G_LIST_MODEL (self->failed));

  for (guint i = 0; i < n_failed; i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (G_LIST_MODEL (self->failed), i);

      if (strcmp (dbr_unit_get_name (unit), name) == 0)
        return unit;
    }

  return NULL;
}

/* A person is told of it too, until it has not failed any more. */
static void
dbr_systemd_monitor_begin_incident (DbrSystemdMonitor *self,
                                    DbrUnit           *unit,
                                    const char        *title)
{
  DbrIncidentBoard *board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (self));
  const char *description = dbr_unit_get_description (unit);
  const char *name = dbr_unit_get_name (unit);
  guint64 serial;

  if (g_hash_table_contains (self->incidents, name))
    return;

  /* systemd gives the name where a unit has none. */
  if (description == NULL || strcmp (description, name) == 0)
    description = "";
  serial = dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, title, description);
  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->incidents, g_strdup (name), g_memdup2 (&serial, sizeof serial));
  g_mutex_unlock (&self->mutex);
}

static void
dbr_systemd_monitor_end_incidents (DbrSystemdMonitor *self,
                                   GVariant          *entries)
{
  DbrIncidentBoard *board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (self));
  g_autoptr(GHashTable) ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer name;
  gpointer serial;

  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->incidents);
  while (g_hash_table_iter_next (&iter, &name, &serial))
    {
      if (has_entry (entries, name))
        continue;
      g_hash_table_iter_steal (&iter);
      g_hash_table_insert (ended, name, serial);
    }
  g_mutex_unlock (&self->mutex);

  g_hash_table_iter_init (&iter, ended);
  while (g_hash_table_iter_next (&iter, &name, &serial))
    {
      /* Translators: the name of a unit of systemd, as cups.service. */
      g_autofree char *title = g_strdup_printf (_("%s is not failed any more"), (const char *) name);

      dbr_incident_board_end (board, *(const guint64 *) serial, title, "");
    }
}

char *
dbr_systemd_monitor_dup_troubled (DbrSystemdMonitor *self,
                                  guint64            serial)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_hash_table_iter_init (&iter, self->incidents);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (*(const guint64 *) value == serial)
      return g_strdup (name);

  return NULL;
}

static void
dbr_systemd_monitor_tell_failed (DbrSystemdMonitor *self,
                                 DbrUnit           *unit)
{
  const char *name = dbr_unit_get_name (unit);
  g_autofree char *text = g_strdup_printf (_("%s has failed"), name);

  dbr_systemd_monitor_begin_incident (self, unit, text);
  dbr_service_monitor_tell (DBR_SERVICE_MONITOR (self), "unit-failed", text,
                            new_details (name, NULL, NULL));
  g_signal_emit (self, signals[SIGNAL_UNIT_FAILED], 0, unit);
}

/* Who hears of a change of the list may have it read anew, and what is put into it then is newer than
 * the rest of @entries. */
static void
dbr_systemd_monitor_remove_recovered (DbrSystemdMonitor *self,
                                      GVariant          *entries)
{
  guint n_lists = self->n_failed_lists;

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->failed));
       i > 0 && self->n_failed_lists == n_lists; i--)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (G_LIST_MODEL (self->failed), i - 1);

      if (!has_entry (entries, dbr_unit_get_name (unit)))
        g_list_store_remove (self->failed, i - 1);
    }
}

/* Those that had failed before anyone looked are in the list, and are no news. */
static void
dbr_systemd_monitor_apply_failed (DbrSystemdMonitor *self,
                                  GVariant          *entries)
{
  g_autoptr(GPtrArray) failed = g_ptr_array_new_with_free_func (g_object_unref);
  gboolean is_news = self->knows_failed && dbr_systemd_monitor_is_started (self);
  gsize n_entries = g_variant_n_children (entries);
  guint n_lists = ++self->n_failed_lists;

  dbr_systemd_monitor_remove_recovered (self, entries);
  if (self->n_failed_lists == n_lists)
    dbr_systemd_monitor_end_incidents (self, entries);
  for (gsize i = 0; i < n_entries && self->n_failed_lists == n_lists; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (entries, i);
      DbrUnit *known;
      const char *name;

      g_variant_get_child (entry, 0, "&s", &name);
      known = dbr_systemd_monitor_find_failed (self, name);
      if (known == NULL)
        {
          DbrUnit *unit = dbr_systemd_monitor_dup_unit (self, name);

          dbr_unit_apply_entry (unit, entry);
          g_ptr_array_add (failed, unit);
          g_list_store_append (self->failed, unit);
        }
      else
        {
          dbr_unit_apply_entry (known, entry);
        }
    }

  self->knows_failed = TRUE;
  for (guint i = 0; is_news && i < failed->len; i++)
    dbr_systemd_monitor_tell_failed (self, g_ptr_array_index (failed, i));
}

static void
dbr_systemd_monitor_forget (DbrSystemdMonitor *self)
{
  GHashTableIter iter;
  gpointer watched;

  self->n_failed_lists++;
  self->knows_failed = FALSE;
  g_list_store_remove_all (self->failed);
  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, NULL, &watched))
    ((DbrSystemdWatched *) watched)->state = NULL;
}

/* News */

static void
dbr_systemd_monitor_tell_news (DbrSystemdMonitor *self,
                               DbrSystemdNews    *news)
{
  DbrSystemdWatched *watched;

  /* Of what came before a stop as well. */
  if (!dbr_systemd_monitor_is_started (self))
    return;

  switch (news->kind)
    {
    case DBR_SYSTEMD_NEWS_JOB_ADDED:
      g_signal_emit (self, signals[SIGNAL_JOB_ADDED], 0, news->job_id, news->unit_name,
                     news->job_type != NULL ? news->job_type : "");
      break;

    case DBR_SYSTEMD_NEWS_JOB_FINISHED:
      g_signal_emit (self, signals[SIGNAL_JOB_FINISHED], 0, news->job_id, news->unit_name,
                     news->result);
      break;

    case DBR_SYSTEMD_NEWS_UNIT:
      watched = g_hash_table_lookup (self->watched, news->unit_name);
      if (watched != NULL)
        {
          dbr_unit_apply (watched->unit, news->values);
          dbr_systemd_monitor_compare (self, watched);
        }
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
dbr_systemd_monitor_set_types (DbrSystemdMonitor *self,
                               GVariant          *jobs)
{
  g_autoptr(GHashTable) types = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr(GVariantIter) iter = NULL;
  GList *link = self->news.head;
  guint id;
  char *type;

  g_variant_get (jobs, "(a(usssoo))", &iter);
  while (g_variant_iter_next (iter, "(u&ss&s&o&o)", &id, NULL, &type, NULL, NULL, NULL))
    g_hash_table_insert (types, GUINT_TO_POINTER (id), type);
  for (guint i = 0; i < self->n_awaited && link != NULL; i++, link = link->next)
    {
      DbrSystemdNews *news = link->data;

      news->job_type = g_strdup (g_hash_table_lookup (types, GUINT_TO_POINTER (news->job_id)));
    }
}

static void
types_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(DbrSystemdMonitor) self = user_data;
  g_autoptr(GVariant) jobs = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result, NULL);

  if (jobs != NULL)
    dbr_systemd_monitor_set_types (self, jobs);
  while (self->n_awaited > 0)
    {
      DbrSystemdNews *news = g_queue_pop_head (&self->news);

      self->n_awaited--;
      dbr_systemd_monitor_tell_news (self, news);
      dbr_systemd_news_free (news);
    }
  dbr_systemd_monitor_pump (self);
}

static gboolean
dbr_systemd_monitor_needs_types (DbrSystemdMonitor *self)
{
  if (!g_signal_has_handler_pending (self, signals[SIGNAL_JOB_ADDED], 0, FALSE))
    return FALSE;

  for (GList *link = self->news.head; link != NULL; link = link->next)
    {
      if (((DbrSystemdNews *) link->data)->kind == DBR_SYSTEMD_NEWS_JOB_ADDED)
        return TRUE;
    }

  return FALSE;
}

/* systemd does not tell what a job is to do, so that all jobs are asked for where someone wants to
 * hear of new ones; one that has ended by then has no type. What came later waits behind. */
static void
dbr_systemd_monitor_pump (DbrSystemdMonitor *self)
{
  if (self->n_awaited > 0)
    return;

  if (dbr_systemd_monitor_needs_types (self))
    {
      self->n_awaited = g_queue_get_length (&self->news);
      dbr_systemd_line_call_async (self->line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                                   "ListJobs", NULL, G_VARIANT_TYPE ("(a(usssoo))"), FALSE, 0,
                                   NULL, types_cb, g_object_ref (self));
      return;
    }

  while (self->n_awaited == 0 && !g_queue_is_empty (&self->news))
    {
      DbrSystemdNews *news = g_queue_pop_head (&self->news);

      dbr_systemd_monitor_tell_news (self, news);
      dbr_systemd_news_free (news);
    }
}

/* All of it */

void
dbr_systemd_monitor_tell (GObject *object)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (object);
  gboolean is_started = dbr_systemd_monitor_is_started (self);
  g_auto(DbrSystemdTidings) tidings = { 0 };

  if (!is_started)
    dbr_systemd_monitor_stop_looking (self);
  dbr_systemd_book_take (self->book, &tidings);
  dbr_systemd_monitor_notify (self, tidings.changes);
  if (tidings.is_watching_others)
    dbr_systemd_monitor_watch_others (self);
  if (tidings.is_forgotten)
    dbr_systemd_monitor_forget (self);

  g_ptr_array_set_free_func (tidings.news, NULL);
  for (guint i = 0; i < tidings.news->len; i++)
    {
      DbrSystemdNews *news = g_ptr_array_index (tidings.news, i);

      if (is_started)
        g_queue_push_tail (&self->news, news);
      else
        dbr_systemd_news_free (news);
    }
  dbr_systemd_monitor_pump (self);

  if (tidings.is_after_gap && is_started)
    dbr_systemd_monitor_reread_units (self);
  if (tidings.units != NULL)
    dbr_systemd_monitor_apply_units (self, tidings.units);
  if (tidings.failed != NULL)
    dbr_systemd_monitor_apply_failed (self, tidings.failed);
  if (tidings.reads != 0)
    dbr_systemd_monitor_read (self, tidings.reads);
}

/* A thread may act for a context that no other iterates: for that of a script without a main loop,
 * whose lists change by what it asks for itself. */
void
dbr_systemd_monitor_settle (DbrSystemdMonitor *self)
{
  if (!g_main_context_acquire (self->context))
    return;

  g_main_context_push_thread_default (self->context);
  dbr_systemd_monitor_tell (G_OBJECT (self));
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);
}
