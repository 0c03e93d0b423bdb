/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-book-private.h"

#include <string.h>

#include "base/dbr-request-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* How much waits to be told where the context has no time. Of more, the oldest is dropped, and what
 * is so is read anew. */
#define MAX_NEWS 4096

struct _DbrSystemdBook
{
  gatomicrefcount    ref_count;

  /* identity */
  GWeakRef           monitor;
  DbrMailbox        *mailbox;
  DbrSystemdTell     tell;

  /* atomic */
  gint               is_open;

  GMutex             mutex;

  /* guarded by mutex */
  DbrSystemdFigures  figures;
  gboolean           is_out;
  /* the numbers of the jobs */
  GHashTable        *jobs;
  /* the names that are to be watched, and those of the units that they stand for, by their paths */
  char             **asked;
  GHashTable        *watched;
  /* how many questions are under way, and what was heard meanwhile: jobs that have begun, jobs that
   * have ended, the paths of units */
  guint              n_asking;
  GHashTable        *begun;
  GHashTable        *ended;
  GHashTable        *heard;

  /* what is to be told */
  DbrSystemdTidings  tidings;
  DbrLetter          letter;
  gboolean           is_posted;
};

void
dbr_systemd_news_free (DbrSystemdNews *self)
{
  g_free (self->unit_name);
  g_free (self->job_type);
  g_free (self->result);
  g_clear_pointer (&self->values, g_variant_unref);
  g_free (self);
}

static void
tidings_init (DbrSystemdTidings *self)
{
  *self = (DbrSystemdTidings) { 0 };
  self->news = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_systemd_news_free);
}

void
dbr_systemd_tidings_clear (DbrSystemdTidings *self)
{
  g_clear_pointer (&self->news, g_ptr_array_unref);
  g_clear_pointer (&self->failed, g_variant_unref);
  g_clear_pointer (&self->units, g_variant_unref);
}

static void
figures_init (DbrSystemdFigures *self)
{
  self->system_state = NULL;
  self->n_failed_units = -1;
  self->n_jobs = -1;
  self->n_units = -1;
}

static GHashTable *
new_names (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
deliver_cb (DbrLetter *letter)
{
  DbrSystemdBook *self =
    (DbrSystemdBook *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrSystemdBook, letter));
  g_autoptr(GObject) monitor = g_weak_ref_get (&self->monitor);

  /* The letter may be posted anew from here on. */
  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  g_mutex_unlock (&self->mutex);

  if (monitor != NULL)
    self->tell (monitor);
  dbr_systemd_book_unref (self);
}

DbrSystemdBook *
dbr_systemd_book_new (GObject        *monitor,
                      DbrSystemdTell  tell)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrSystemdBook *self = g_new0 (DbrSystemdBook, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_weak_ref_init (&self->monitor, monitor);
  self->mailbox = dbr_mailbox_get (context);
  self->tell = tell;
  self->letter.deliver = deliver_cb;
  figures_init (&self->figures);
  self->jobs = g_hash_table_new (NULL, NULL);
  self->begun = g_hash_table_new (NULL, NULL);
  self->ended = g_hash_table_new (NULL, NULL);
  self->heard = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->asked = g_new0 (char *, 1);
  self->watched = new_names ();
  tidings_init (&self->tidings);

  return self;
}

DbrSystemdBook *
dbr_systemd_book_ref (DbrSystemdBook *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_systemd_book_unref (DbrSystemdBook *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_systemd_tidings_clear (&self->tidings);
  g_hash_table_unref (self->jobs);
  g_hash_table_unref (self->begun);
  g_hash_table_unref (self->ended);
  g_hash_table_unref (self->heard);
  g_hash_table_unref (self->watched);
  g_strfreev (self->asked);
  dbr_mailbox_unref (self->mailbox);
  g_weak_ref_clear (&self->monitor);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Whatever changes something ends with this. */
static void
dbr_systemd_book_unlock (DbrSystemdBook *self)
{
  const DbrSystemdTidings *tidings = &self->tidings;
  gboolean is_to_post = !self->is_posted
                        && (tidings->changes != 0 || tidings->reads != 0 || tidings->news->len > 0
                            || tidings->failed != NULL || tidings->units != NULL
                            || tidings->is_watching_others || tidings->is_forgotten
                            || tidings->is_after_gap);

  if (is_to_post)
    self->is_posted = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_to_post)
    dbr_mailbox_post (self->mailbox, &dbr_systemd_book_ref (self)->letter);
}

GMainContext *
dbr_systemd_book_get_context (DbrSystemdBook *self)
{
  return dbr_mailbox_get_context (self->mailbox);
}

DbrSystemdFigures
dbr_systemd_book_get (DbrSystemdBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->figures;
}

void
dbr_systemd_book_take (DbrSystemdBook    *self,
                       DbrSystemdTidings *tidings)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *tidings = self->tidings;
  tidings_init (&self->tidings);
}

/* Figures */

static void
dbr_systemd_book_set_number_locked (DbrSystemdBook    *self,
                                    int               *place,
                                    int                number,
                                    DbrSystemdChanges  change)
{
  if (*place == number)
    return;

  *place = number;
  self->tidings.changes |= change;
}

static void
dbr_systemd_book_set_text_locked (DbrSystemdBook     *self,
                                  const char        **place,
                                  const char         *text,
                                  DbrSystemdChanges   change)
{
  if (g_strcmp0 (*place, text) == 0)
    return;

  *place = g_intern_string (text);
  self->tidings.changes |= change;
}

static void
dbr_systemd_book_count_jobs_locked (DbrSystemdBook *self)
{
  dbr_systemd_book_set_number_locked (self, &self->figures.n_jobs,
                                      (int) g_hash_table_size (self->jobs),
                                      DBR_SYSTEMD_CHANGED_N_JOBS);
}

void
dbr_systemd_book_set_manager (DbrSystemdBook *self,
                              GVariant       *values)
{
  const char *state = NULL;
  guint number;

  g_mutex_lock (&self->mutex);
  if (g_variant_lookup (values, "SystemState", "&s", &state))
    dbr_systemd_book_set_text_locked (self, &self->figures.system_state, state,
                                      DBR_SYSTEMD_CHANGED_STATE);
  if (g_variant_lookup (values, "NFailedUnits", "u", &number))
    dbr_systemd_book_set_number_locked (self, &self->figures.n_failed_units, (int) number,
                                        DBR_SYSTEMD_CHANGED_N_FAILED);
  if (g_variant_lookup (values, "NNames", "u", &number))
    dbr_systemd_book_set_number_locked (self, &self->figures.n_units, (int) number,
                                        DBR_SYSTEMD_CHANGED_N_UNITS);
  dbr_systemd_book_unlock (self);
}

void
dbr_systemd_book_ask (DbrSystemdBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->n_asking++;
}

void
dbr_systemd_book_answer (DbrSystemdBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->n_asking--;
  if (self->n_asking > 0)
    return;

  g_hash_table_remove_all (self->begun);
  g_hash_table_remove_all (self->ended);
  g_hash_table_remove_all (self->heard);
}

static void
add_all (GHashTable *set,
         GHashTable *others)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, others);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_hash_table_add (set, id);
}

static void
remove_all (GHashTable *set,
            GHashTable *others)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, others);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_hash_table_remove (set, id);
}

void
dbr_systemd_book_set_jobs (DbrSystemdBook *self,
                           GVariant       *jobs)
{
  GVariantIter iter;
  guint id;

  g_mutex_lock (&self->mutex);
  g_hash_table_remove_all (self->jobs);
  g_variant_iter_init (&iter, jobs);
  while (g_variant_iter_next (&iter, "(u&s&s&s&o&o)", &id, NULL, NULL, NULL, NULL, NULL))
    g_hash_table_add (self->jobs, GUINT_TO_POINTER (id));
  add_all (self->jobs, self->begun);
  remove_all (self->jobs, self->ended);
  dbr_systemd_book_count_jobs_locked (self);
  dbr_systemd_book_unlock (self);
}

void
dbr_systemd_book_set_failed (DbrSystemdBook *self,
                             GVariant       *entries)
{
  g_mutex_lock (&self->mutex);
  g_clear_pointer (&self->tidings.failed, g_variant_unref);
  self->tidings.failed = g_variant_ref (entries);
  dbr_systemd_book_set_number_locked (self, &self->figures.n_failed_units,
                                      (int) g_variant_n_children (entries),
                                      DBR_SYSTEMD_CHANGED_N_FAILED);
  dbr_systemd_book_unlock (self);
}

static gboolean
has_same_keys (GHashTable *names,
               GHashTable *others)
{
  GHashTableIter iter;
  gpointer path;

  if (g_hash_table_size (names) != g_hash_table_size (others))
    return FALSE;

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      if (!g_hash_table_contains (others, path))
        return FALSE;
    }

  return TRUE;
}

/* Signals come from the unit itself and not from its alias. What it told before that was known was
 * not heard. */
static void
dbr_systemd_book_know_units_locked (DbrSystemdBook *self,
                                    GVariant       *entries)
{
  g_autoptr(GHashTable) watched = new_names ();
  gsize n_entries = g_variant_n_children (entries);

  for (gsize i = 0; i < n_entries; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (entries, i);
      char *name;
      char *path;

      g_variant_get_child (entry, 0, "s", &name);
      g_variant_get_child (entry, 6, "o", &path);
      g_hash_table_replace (watched, path, name);
    }
  if (has_same_keys (watched, self->watched))
    return;

  g_hash_table_unref (self->watched);
  self->watched = g_steal_pointer (&watched);
  self->tidings.is_watching_others = TRUE;
  self->tidings.reads |= DBR_SYSTEMD_READ_UNITS;
}

/* Others may be watched by now; those are asked for next. */
void
dbr_systemd_book_set_units (DbrSystemdBook  *self,
                            char           **asked,
                            GVariant        *entries)
{
  GVariantBuilder unheard = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ssssssouso)"));
  gsize n_entries = g_variant_n_children (entries);

  g_mutex_lock (&self->mutex);
  if (n_entries == g_strv_length (asked)
      && g_strv_equal ((const char * const *) asked, (const char * const *) self->asked))
    dbr_systemd_book_know_units_locked (self, entries);
  for (gsize i = 0; i < n_entries; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (entries, i);
      const char *path;

      g_variant_get_child (entry, 6, "&o", &path);
      if (!g_hash_table_contains (self->heard, path))
        g_variant_builder_add_value (&unheard, entry);
    }
  g_clear_pointer (&self->tidings.units, g_variant_unref);
  self->tidings.units = g_variant_ref_sink (g_variant_builder_end (&unheard));
  dbr_systemd_book_unlock (self);
}

void
dbr_systemd_book_set_via (DbrSystemdBook *self,
                          const char     *via)
{
  g_mutex_lock (&self->mutex);
  self->is_out = FALSE;
  dbr_systemd_book_set_text_locked (self, &self->figures.via, via, DBR_SYSTEMD_CHANGED_VIA);
  dbr_systemd_book_unlock (self);
}

gboolean
dbr_systemd_book_forget (DbrSystemdBook *self)
{
  gboolean was_out;

  g_mutex_lock (&self->mutex);
  was_out = self->is_out;
  self->is_out = TRUE;
  dbr_systemd_book_set_text_locked (self, &self->figures.via, NULL, DBR_SYSTEMD_CHANGED_VIA);
  dbr_systemd_book_set_text_locked (self, &self->figures.system_state, NULL,
                                    DBR_SYSTEMD_CHANGED_STATE);
  dbr_systemd_book_set_number_locked (self, &self->figures.n_failed_units, -1,
                                      DBR_SYSTEMD_CHANGED_N_FAILED);
  dbr_systemd_book_set_number_locked (self, &self->figures.n_jobs, -1, DBR_SYSTEMD_CHANGED_N_JOBS);
  dbr_systemd_book_set_number_locked (self, &self->figures.n_units, -1,
                                      DBR_SYSTEMD_CHANGED_N_UNITS);
  g_hash_table_remove_all (self->jobs);
  g_clear_pointer (&self->tidings.failed, g_variant_unref);
  g_clear_pointer (&self->tidings.units, g_variant_unref);
  self->tidings.is_forgotten = TRUE;
  dbr_systemd_book_unlock (self);

  return !was_out;
}

/* Watching */

void
dbr_systemd_book_watch (DbrSystemdBook  *self,
                        char           **names)
{
  g_mutex_lock (&self->mutex);
  g_strfreev (self->asked);
  self->asked = g_strdupv (names);
  g_hash_table_remove_all (self->watched);
  for (guint i = 0; names[i] != NULL; i++)
    g_hash_table_replace (self->watched, dbr_systemd_name_to_path (names[i]), g_strdup (names[i]));
  self->tidings.is_watching_others = TRUE;
  dbr_systemd_book_unlock (self);
}

char **
dbr_systemd_book_dup_asked (DbrSystemdBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_strdupv (self->asked);
}

char **
dbr_systemd_book_dup_watched (DbrSystemdBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, NULL, &name))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (names, FALSE);
}

/* Hearing */

static DbrSystemdNews *
dbr_systemd_book_add_locked (DbrSystemdBook     *self,
                             DbrSystemdNewsKind  kind,
                             const char         *unit_name)
{
  DbrSystemdNews *news = g_new0 (DbrSystemdNews, 1);

  if (self->tidings.news->len == MAX_NEWS)
    {
      g_ptr_array_remove_index (self->tidings.news, 0);
      self->tidings.reads |= DBR_SYSTEMD_READ_ALL;
    }
  news->kind = kind;
  news->unit_name = g_strdup (unit_name);
  g_ptr_array_add (self->tidings.news, news);

  return news;
}

/* How many jobs there are is not known before all were asked for once. */
static void
dbr_systemd_book_add_job_locked (DbrSystemdBook *self,
                                 guint           id,
                                 const char     *unit_name)
{
  dbr_systemd_book_add_locked (self, DBR_SYSTEMD_NEWS_JOB_ADDED, unit_name)->job_id = id;
  if (self->n_asking > 0)
    g_hash_table_add (self->begun, GUINT_TO_POINTER (id));
  g_hash_table_add (self->jobs, GUINT_TO_POINTER (id));
  if (self->figures.n_jobs >= 0)
    dbr_systemd_book_count_jobs_locked (self);
}

static void
dbr_systemd_book_remove_job_locked (DbrSystemdBook *self,
                                    guint           id,
                                    const char     *unit_name,
                                    const char     *result)
{
  DbrSystemdNews *news = dbr_systemd_book_add_locked (self, DBR_SYSTEMD_NEWS_JOB_FINISHED,
                                                      unit_name);

  news->job_id = id;
  news->result = g_strdup (result);
  if (self->n_asking > 0)
    g_hash_table_add (self->ended, GUINT_TO_POINTER (id));
  g_hash_table_remove (self->jobs, GUINT_TO_POINTER (id));
  if (self->figures.n_jobs < 0)
    return;

  dbr_systemd_book_count_jobs_locked (self);
  if (self->figures.n_jobs == 0)
    self->tidings.reads |= DBR_SYSTEMD_READ_STATE;
}

static void
dbr_systemd_book_hear_manager_locked (DbrSystemdBook *self,
                                      const char     *member,
                                      GVariant       *body)
{
  const char *unit_name, *result;
  gboolean is_reloading;
  guint id;

  if (strcmp (member, "JobNew") == 0 && g_variant_is_of_type (body, G_VARIANT_TYPE ("(uos)")))
    {
      g_variant_get (body, "(u&o&s)", &id, NULL, &unit_name);
      dbr_systemd_book_add_job_locked (self, id, unit_name);
    }
  else if (strcmp (member, "JobRemoved") == 0
           && g_variant_is_of_type (body, G_VARIANT_TYPE ("(uoss)")))
    {
      g_variant_get (body, "(u&o&s&s)", &id, NULL, &unit_name, &result);
      dbr_systemd_book_remove_job_locked (self, id, unit_name, result);
    }
  else if (strcmp (member, "StartupFinished") == 0)
    {
      self->tidings.reads |= DBR_SYSTEMD_READ_STATE;
    }
  else if (strcmp (member, "Reloading") == 0 && g_variant_is_of_type (body, G_VARIANT_TYPE ("(b)")))
    {
      g_variant_get (body, "(b)", &is_reloading);
      if (!is_reloading)
        self->tidings.reads |= DBR_SYSTEMD_READ_ALL;
    }
}

/* A unit that has failed, or has not any more, changes the state of the whole. */
static void
dbr_systemd_book_hear_values_locked (DbrSystemdBook *self,
                                     const char     *path,
                                     GVariant       *values)
{
  const char *unit_name = g_hash_table_lookup (self->watched, path);
  guint number;

  if (unit_name != NULL)
    {
      if (self->n_asking > 0)
        g_hash_table_add (self->heard, g_strdup (path));
      dbr_systemd_book_add_locked (self, DBR_SYSTEMD_NEWS_UNIT, unit_name)->values =
        g_variant_ref (values);
    }
  else if (strcmp (path, DBR_SYSTEMD_PATH) == 0
           && g_variant_lookup (values, "NFailedUnits", "u", &number))
    {
      dbr_systemd_book_set_number_locked (self, &self->figures.n_failed_units, (int) number,
                                          DBR_SYSTEMD_CHANGED_N_FAILED);
      self->tidings.reads |= DBR_SYSTEMD_READ_FAILED | DBR_SYSTEMD_READ_STATE;
    }
}

void
dbr_systemd_book_set_open (DbrSystemdBook *self,
                           gboolean        is_open)
{
  g_atomic_int_set (&self->is_open, is_open);
}

void
dbr_systemd_book_hear (DbrSystemdBook *self,
                       DbrMessage     *signal)
{
  g_autoptr(GVariant) body = NULL;
  g_autoptr(GVariant) values = NULL;

  if (!g_atomic_int_get (&self->is_open))
    return;

  body = dbr_message_dup_body (signal);
  g_mutex_lock (&self->mutex);
  if (strcmp (signal->interface_name, DBR_SYSTEMD_MANAGER_INTERFACE) == 0)
    {
      dbr_systemd_book_hear_manager_locked (self, signal->member, body);
    }
  else if (strcmp (signal->interface_name, DBR_PROPERTIES_INTERFACE) == 0
           && g_variant_is_of_type (body, G_VARIANT_TYPE ("(sa{sv}as)")))
    {
      values = g_variant_get_child_value (body, 1);
      dbr_systemd_book_hear_values_locked (self, signal->object_path, values);
    }
  dbr_systemd_book_unlock (self);
}

void
dbr_systemd_book_want (DbrSystemdBook  *self,
                       DbrSystemdReads  reads)
{
  g_mutex_lock (&self->mutex);
  self->tidings.reads |= reads;
  dbr_systemd_book_unlock (self);
}

void
dbr_systemd_book_renew (DbrSystemdBook *self)
{
  g_mutex_lock (&self->mutex);
  self->tidings.reads |= DBR_SYSTEMD_READ_ALL;
  self->tidings.is_after_gap = TRUE;
  dbr_systemd_book_unlock (self);
}
