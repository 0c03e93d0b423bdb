/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-store-private.h"

#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "recovery/dbr-device-state-private.h"
#include "recovery/dbr-state-file-private.h"

/* Who asks for what is in a file that was named just now waits so long for it. */
#define READING_USEC G_USEC_PER_SEC

typedef struct
{
  DbrHerald     *herald;
  DbrHeraldFunc  tell;
} Listener;

struct _DbrStateStore
{
  /* guarded by the mutex of all stores */
  guint         ref_count;

  /* identity */
  char         *path;
  guint         generation;

  /* held while the file is read or written, before the one of all books */
  GMutex        file_mutex;
  GCond         read_cond;

  /* guarded by the mutex of all books */
  DbrStateBook *book;
  /* what is not in the file yet */
  GPtrArray    *changes;
  GArray       *listeners;
  GError       *problem;
  gboolean      is_read;
  gboolean      has_errand;
};

static GMutex stores_mutex;
static GHashTable *stores;

/* One for all, as it is never held for long: so fork() can wait until nobody holds it, and a child is
 * not held up by a thread that it has not. */
static GMutex books_mutex;

static GPtrArray *
new_changes (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_state_change_free);
}

static void
listener_clear (gpointer data)
{
  dbr_herald_unref (((Listener *) data)->herald);
}

static DbrStateStore *
store_new (const char *path)
{
  DbrStateStore *self = g_new0 (DbrStateStore, 1);

  self->ref_count = 1;
  self->path = g_strdup (path);
  self->generation = dbr_fork_get_generation ();
  g_mutex_init (&self->file_mutex);
  g_cond_init (&self->read_cond);
  self->book = dbr_state_book_new ();
  self->changes = new_changes ();
  self->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  g_array_set_clear_func (self->listeners, listener_clear);
  self->is_read = path == NULL;

  return self;
}

static void
store_free (DbrStateStore *self)
{
  g_array_unref (self->listeners);
  g_ptr_array_unref (self->changes);
  dbr_state_book_free (self->book);
  g_clear_error (&self->problem);
  g_cond_clear (&self->read_cond);
  g_mutex_clear (&self->file_mutex);
  g_free (self->path);
  g_free (self);
}

DbrStateStore *
dbr_state_store_ref (DbrStateStore *self)
{
  g_mutex_lock (&stores_mutex);
  self->ref_count++;
  g_mutex_unlock (&stores_mutex);

  return self;
}

void
dbr_state_store_unref (DbrStateStore *self)
{
  gboolean is_last;

  g_mutex_lock (&stores_mutex);
  is_last = --self->ref_count == 0;
  if (is_last && self->path != NULL && g_hash_table_lookup (stores, self->path) == self)
    g_hash_table_remove (stores, self->path);
  g_mutex_unlock (&stores_mutex);

  if (is_last)
    store_free (self);
}

/* Telling */

static GArray *
store_copy_listeners_locked (DbrStateStore *self)
{
  GArray *copy = g_array_new (FALSE, FALSE, sizeof (Listener));

  g_array_set_clear_func (copy, listener_clear);
  for (guint i = 0; i < self->listeners->len; i++)
    {
      Listener listener = g_array_index (self->listeners, Listener, i);

      dbr_herald_ref (listener.herald);
      g_array_append_val (copy, listener);
    }

  return copy;
}

static void
tell (GArray       *listeners,
      const GError *error)
{
  for (guint i = 0; i < listeners->len; i++)
    {
      const Listener *listener = &g_array_index (listeners, Listener, i);

      dbr_herald_tell (listener->herald, listener->tell, g_error_copy (error),
                       (GDestroyNotify) g_error_free);
    }
}

/* What was wrong with the file before anybody came to be told is told to who comes. */
void
dbr_state_store_add_herald (DbrStateStore *self,
                            DbrHerald     *herald,
                            DbrHeraldFunc  tell_func)
{
  Listener listener = { dbr_herald_ref (herald), tell_func };
  GError *problem;

  g_mutex_lock (&books_mutex);
  g_array_append_val (self->listeners, listener);
  problem = self->problem != NULL ? g_error_copy (self->problem) : NULL;
  g_mutex_unlock (&books_mutex);

  if (problem != NULL)
    dbr_herald_tell (herald, tell_func, problem, (GDestroyNotify) g_error_free);
}

void
dbr_state_store_remove_herald (DbrStateStore *self,
                               DbrHerald     *herald)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&books_mutex);

  for (guint i = 0; i < self->listeners->len; i++)
    {
      if (g_array_index (self->listeners, Listener, i).herald != herald)
        continue;
      g_array_remove_index (self->listeners, i);
      return;
    }
}

/* The file */

/* What was changed meanwhile goes on top. Takes @book. */
static void
store_set_book_locked (DbrStateStore *self,
                       DbrStateBook  *book)
{
  dbr_state_book_free (self->book);
  self->book = book;
  for (guint i = 0; i < self->changes->len; i++)
    dbr_state_book_apply (self->book, self->changes->pdata[i]);
}

/* What was in a file that was set aside is known here as before, and goes into the new one. */
static void
store_keep_locked (DbrStateStore *self)
{
  g_ptr_array_unref (self->changes);
  self->changes = dbr_state_book_dup_changes (self->book);
}

static void
store_read (DbrStateStore *self)
{
  g_autoptr(GArray) listeners = NULL;
  g_autoptr(GError) error = NULL;
  DbrStateBook *book;
  gboolean is_read;

  g_mutex_lock (&books_mutex);
  is_read = self->is_read;
  g_mutex_unlock (&books_mutex);
  if (is_read)
    return;

  book = dbr_state_file_load (self->path, NULL, &error);

  g_mutex_lock (&books_mutex);
  if (book != NULL)
    store_set_book_locked (self, book);
  else
    self->problem = g_error_copy (error);
  self->is_read = TRUE;
  listeners = store_copy_listeners_locked (self);
  g_cond_broadcast (&self->read_cond);
  g_mutex_unlock (&books_mutex);

  if (error != NULL)
    tell (listeners, error);
}

/* What could not be written is tried again with what comes next. */
static gboolean
store_write (DbrStateStore  *self,
             GError        **error)
{
  g_autoptr(GPtrArray) changes = NULL;
  gboolean was_aside = FALSE;
  DbrStateBook *book;

  g_mutex_lock (&books_mutex);
  changes = g_steal_pointer (&self->changes);
  self->changes = new_changes ();
  g_mutex_unlock (&books_mutex);

  if (changes->len == 0)
    return TRUE;

  book = dbr_state_file_commit (self->path, changes, &was_aside, error);

  g_mutex_lock (&books_mutex);
  if (book != NULL)
    {
      store_set_book_locked (self, book);
    }
  else
    {
      g_ptr_array_extend_and_steal (changes, g_steal_pointer (&self->changes));
      self->changes = g_steal_pointer (&changes);
      if (was_aside)
        store_keep_locked (self);
    }
  g_mutex_unlock (&books_mutex);

  return book != NULL;
}

/* In a thread of its own. Before a trouble with the old file was told nothing is written. */
static void
errand_func (gpointer data,
             gpointer user_data)
{
  g_autoptr(DbrStateStore) self = data;
  g_autoptr(GArray) listeners = NULL;
  g_autoptr(GError) error = NULL;
  gboolean is_written = TRUE;
  gboolean has_problem;

  g_mutex_lock (&self->file_mutex);
  store_read (self);
  g_mutex_lock (&books_mutex);
  self->has_errand = FALSE;
  has_problem = self->problem != NULL;
  g_mutex_unlock (&books_mutex);
  if (!has_problem)
    is_written = store_write (self, &error);
  g_mutex_unlock (&self->file_mutex);

  if (is_written)
    return;

  g_mutex_lock (&books_mutex);
  listeners = store_copy_listeners_locked (self);
  g_mutex_unlock (&books_mutex);
  tell (listeners, error);
}

static GThreadPool *
get_pool (void)
{
  static GMutex mutex;
  static GThreadPool *pool;
  static guint pool_generation;
  GThreadPool *current;

  dbr_fork_guard (&mutex);
  g_mutex_lock (&mutex);
  /* That of a parent has no threads here. */
  if (pool == NULL || pool_generation != dbr_fork_get_generation ())
    {
      pool = g_thread_pool_new (errand_func, NULL, -1, FALSE, NULL);
      pool_generation = dbr_fork_get_generation ();
    }
  current = pool;
  g_mutex_unlock (&mutex);

  return current;
}

static void
store_run_errand (DbrStateStore *self)
{
  gboolean is_new;

  g_mutex_lock (&books_mutex);
  is_new = !self->has_errand;
  self->has_errand = TRUE;
  g_mutex_unlock (&books_mutex);

  if (is_new)
    g_thread_pool_push (get_pool (), dbr_state_store_ref (self), NULL);
}

/* A program may go to another folder later. Links on the way are for the system to follow. */
static char *
dup_whole_path (const char *path)
{
  g_autofree char *folder = NULL;

  if (path == NULL || g_path_is_absolute (path))
    return g_strdup (path);

  folder = g_get_current_dir ();

  /* No name at all is not that of a file. */
  return g_build_filename (folder, *path != '\0' ? path : G_DIR_SEPARATOR_S, NULL);
}

DbrStateStore *
dbr_state_store_get (const char *path)
{
  g_autofree char *whole = dup_whole_path (path);
  DbrStateStore *self = NULL;
  gboolean is_new = FALSE;

  dbr_fork_guard (&books_mutex);
  if (whole == NULL)
    return store_new (NULL);

  dbr_fork_guard (&stores_mutex);
  g_mutex_lock (&stores_mutex);
  if (stores == NULL)
    stores = g_hash_table_new (g_str_hash, g_str_equal);
  self = g_hash_table_lookup (stores, whole);
  /* The threads of one that a parent had are not here. */
  if (self != NULL && self->generation == dbr_fork_get_generation ())
    {
      self->ref_count++;
    }
  else
    {
      is_new = TRUE;
      self = store_new (whole);
      g_hash_table_replace (stores, self->path, self);
    }
  g_mutex_unlock (&stores_mutex);

  if (is_new)
    store_run_errand (self);

  return self;
}

const char *
dbr_state_store_get_path (DbrStateStore *self)
{
  return self->path;
}

/* A disk that hangs is not waited for longer than a person would not notice. */
static void
store_wait_locked (DbrStateStore *self)
{
  gint64 end_usec = g_get_monotonic_time () + READING_USEC;

  while (!self->is_read)
    {
      if (!g_cond_wait_until (&self->read_cond, &books_mutex, end_usec))
        return;
    }
}

DbrDeviceState *
dbr_state_store_dup_state (DbrStateStore *self,
                           const char    *address)
{
  g_autoptr(GVariant) values = NULL;
  g_autoptr(GVariant) attributes = NULL;
  DbrStateRecord record;

  g_mutex_lock (&books_mutex);
  store_wait_locked (self);
  if (dbr_state_book_lookup (self->book, address, &record))
    {
      values = g_variant_ref (record.values);
      attributes = g_variant_ref (record.attributes);
    }
  g_mutex_unlock (&books_mutex);

  record.address = address;

  return values != NULL ? dbr_device_state_new (&record) : NULL;
}

DbrStateBook *
dbr_state_store_dup_book (DbrStateStore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&books_mutex);

  store_wait_locked (self);

  return dbr_state_book_copy (self->book);
}

gboolean
dbr_state_store_check (DbrStateStore  *self,
                       GError        **error)
{
  GError *problem;

  g_mutex_lock (&books_mutex);
  store_wait_locked (self);
  problem = g_steal_pointer (&self->problem);
  g_mutex_unlock (&books_mutex);

  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, problem);

  return FALSE;
}

void
dbr_state_store_add (DbrStateStore  *self,
                     DbrStateChange *change)
{
  g_mutex_lock (&books_mutex);
  dbr_state_book_apply (self->book, change);
  if (self->path != NULL)
    g_ptr_array_add (self->changes, change);
  g_mutex_unlock (&books_mutex);

  if (self->path != NULL)
    store_run_errand (self);
  else
    dbr_state_change_free (change);
}

gboolean
dbr_state_store_flush (DbrStateStore  *self,
                       GError        **error)
{
  gboolean is_written;

  if (self->path == NULL)
    return TRUE;

  g_mutex_lock (&self->file_mutex);
  store_read (self);
  is_written = dbr_state_store_check (self, error) && store_write (self, error);
  g_mutex_unlock (&self->file_mutex);

  return is_written;
}

gboolean
dbr_state_store_refresh (DbrStateStore  *self,
                         GError        **error)
{
  DbrStateBook *book = NULL;
  gboolean was_aside = FALSE;

  if (self->path == NULL)
    return TRUE;

  g_mutex_lock (&self->file_mutex);
  store_read (self);
  if (dbr_state_store_check (self, error))
    book = dbr_state_file_load (self->path, &was_aside, error);
  g_mutex_lock (&books_mutex);
  if (book != NULL)
    store_set_book_locked (self, book);
  else if (was_aside)
    store_keep_locked (self);
  g_mutex_unlock (&books_mutex);
  g_mutex_unlock (&self->file_mutex);

  return book != NULL;
}
