/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-jobs-private.h"

struct _DbrSystemdWait
{
  gatomicrefcount    ref_count;

  DbrSystemdJobFunc  ended;
  gpointer           user_data;
  GDestroyNotify     destroy;

  /* guarded by the book's mutex; NULL until it is known */
  char              *path;
  gboolean           is_told;
  /* something may not have been heard before it was known */
  gboolean           is_doubted;
};

struct _DbrSystemdJobs
{
  GMutex      mutex;

  /* guarded by mutex */
  GPtrArray  *waits;
  /* how many of them do not know their path yet; while there is one, what ended meanwhile */
  guint       n_unknown;
  GHashTable *results;
};

static DbrSystemdWait *
wait_ref (DbrSystemdWait *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
wait_unref (DbrSystemdWait *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self->path);
  g_free (self);
}

DbrSystemdJobs *
dbr_systemd_jobs_new (void)
{
  DbrSystemdJobs *self = g_new0 (DbrSystemdJobs, 1);

  g_mutex_init (&self->mutex);
  self->waits = g_ptr_array_new ();
  self->results = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

/* Whoever waits keeps it, so that nobody does. */
void
dbr_systemd_jobs_free (DbrSystemdJobs *self)
{
  g_ptr_array_unref (self->waits);
  g_hash_table_unref (self->results);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

DbrSystemdWait *
dbr_systemd_jobs_begin (DbrSystemdJobs    *self,
                        DbrSystemdJobFunc  ended,
                        gpointer           user_data,
                        GDestroyNotify     destroy)
{
  DbrSystemdWait *wait = g_new0 (DbrSystemdWait, 1);

  g_atomic_ref_count_init (&wait->ref_count);
  wait->ended = ended;
  wait->user_data = user_data;
  wait->destroy = destroy;

  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->waits, wait);
  self->n_unknown++;
  g_mutex_unlock (&self->mutex);

  return wait;
}

static void
dbr_systemd_jobs_know_locked (DbrSystemdJobs *self)
{
  self->n_unknown--;
  if (self->n_unknown == 0)
    g_hash_table_remove_all (self->results);
}

void
dbr_systemd_jobs_await (DbrSystemdJobs *self,
                        DbrSystemdWait *wait,
                        const char     *path)
{
  g_autofree char *result = NULL;
  gboolean is_doubted;

  g_mutex_lock (&self->mutex);
  wait->path = g_strdup (path);
  result = g_strdup (g_hash_table_lookup (self->results, path));
  wait->is_told = result != NULL;
  is_doubted = wait->is_doubted;
  dbr_systemd_jobs_know_locked (self);
  g_mutex_unlock (&self->mutex);

  if (result != NULL || is_doubted)
    wait->ended (result, wait->user_data);
}

void
dbr_systemd_jobs_end (DbrSystemdJobs *self,
                      DbrSystemdWait *wait)
{
  g_mutex_lock (&self->mutex);
  g_ptr_array_remove_fast (self->waits, wait);
  if (wait->path == NULL)
    dbr_systemd_jobs_know_locked (self);
  g_mutex_unlock (&self->mutex);

  wait_unref (wait);
}

static void
tell (const GPtrArray *waits,
      const char      *result)
{
  for (guint i = 0; i < waits->len; i++)
    {
      DbrSystemdWait *wait = g_ptr_array_index (waits, i);

      wait->ended (result, wait->user_data);
    }
}

void
dbr_systemd_jobs_hear (DbrSystemdJobs *self,
                       const char     *path,
                       const char     *result)
{
  g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func ((GDestroyNotify) wait_unref);

  g_mutex_lock (&self->mutex);
  if (self->n_unknown > 0)
    g_hash_table_replace (self->results, g_strdup (path), g_strdup (result));
  for (guint i = 0; i < self->waits->len; i++)
    {
      DbrSystemdWait *wait = g_ptr_array_index (self->waits, i);

      if (wait->is_told || g_strcmp0 (wait->path, path) != 0)
        continue;
      wait->is_told = TRUE;
      g_ptr_array_add (told, wait_ref (wait));
    }
  g_mutex_unlock (&self->mutex);

  tell (told, result);
}

void
dbr_systemd_jobs_doubt (DbrSystemdJobs *self)
{
  g_autoptr(GPtrArray) doubted = g_ptr_array_new_with_free_func ((GDestroyNotify) wait_unref);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->waits->len; i++)
    {
      DbrSystemdWait *wait = g_ptr_array_index (self->waits, i);

      if (wait->path == NULL)
        wait->is_doubted = TRUE;
      else if (!wait->is_told)
        g_ptr_array_add (doubted, wait_ref (wait));
    }
  g_mutex_unlock (&self->mutex);

  tell (doubted, NULL);
}
