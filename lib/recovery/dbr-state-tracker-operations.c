/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-state-tracker-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-sync-wait-private.h"
#include "monitor/dbr-bluez-monitor-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* What a tracker is asked to do that takes a while: each in a thread, as files and services block. */

typedef struct
{
  DbrStateStore *store;
  DbrBluezCore  *core;
  /* a device's with its adapter's before it, or an address alone */
  char          *key;
  char          *address;
  GHashTable    *moments;
  DbrStateMark  *mark;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  dbr_state_store_unref (job->store);
  g_clear_pointer (&job->core, dbr_bluez_core_unref);
  g_clear_pointer (&job->moments, g_hash_table_unref);
  g_clear_pointer (&job->mark, dbr_state_mark_unref);
  g_free (job->key);
  g_free (job->address);
  g_free (job);
}

/* What this process has seen, as it is now. */
static GHashTable *
dup_moments (DbrStateTracker *self)
{
  GHashTable *copy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                            (GDestroyNotify) dbr_state_moment_unref);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GHashTableIter iter;
  gpointer address;
  gpointer moment;

  g_hash_table_iter_init (&iter, self->moments);
  while (g_hash_table_iter_next (&iter, &address, &moment))
    g_hash_table_insert (copy, g_strdup (address), dbr_state_moment_ref (moment));

  return copy;
}

static Job *
job_new (DbrStateTracker *self)
{
  Job *job = g_new0 (Job, 1);

  job->store = dbr_state_tracker_ref_store (self);
  /* In a child of fork() nothing is begun, and locks may be held by threads that are not there. */
  if (!dbr_state_tracker_check_process (self, NULL))
    return job;

  job->core = dbr_bluez_monitor_ref_core (self->monitor);
  job->moments = dup_moments (self);

  return job;
}

/* In the context of who asked. Who asks in the monitor's own finds its devices as they are. */
static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  const Job *job = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  gpointer events = g_task_propagate_pointer (G_TASK (result), &error);

  if (job->core != NULL)
    dbr_bluez_core_settle (job->core);
  if (error != NULL)
    g_task_return_error (task, error);
  else if (events != NULL)
    g_task_return_pointer (task, events, g_object_unref);
  else
    g_task_return_boolean (task, TRUE);
}

/* Runs @func, which returns a list or NULL. Takes @job and @error; with an error nothing is begun. */
static void
dbr_state_tracker_run (DbrStateTracker     *self,
                       Job                 *job,
                       GError              *error,
                       GTaskThreadFunc      func,
                       gpointer             tag,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr(GTask) inner = g_task_new (self, cancellable, ended_cb, g_object_ref (task));

  g_task_set_source_tag (task, tag);
  g_task_set_source_tag (inner, tag);
  g_task_set_task_data (inner, job, job_free);
  if (error == NULL)
    dbr_state_tracker_check_process (self, &error);
  if (error != NULL)
    g_task_return_error (inner, error);
  else
    g_task_run_in_thread (inner, func);
}

static gboolean
finish_boolean (gpointer       self,
                GAsyncResult  *result,
                gpointer       tag,
                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static GListModel *
finish_list (gpointer       self,
             GAsyncResult  *result,
             gpointer       tag,
             GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Saving */

static DbrStateSnapshot *
take_snapshot (Job           *job,
               GCancellable  *cancellable,
               GError       **error)
{
  g_autoptr(DbrStateSnapshot) snapshot = dbr_state_snapshot_take (job->core, job->key);

  /* What is known already is saved also while BlueZ does not answer. */
  if (snapshot->path != NULL)
    return g_steal_pointer (&snapshot);
  if (!dbr_bluez_operation_run_wait (dbr_bluez_find_new (job->core, NULL, NULL), cancellable, error))
    return NULL;

  g_clear_pointer (&snapshot, dbr_state_snapshot_free);
  snapshot = dbr_state_snapshot_take (job->core, job->key);
  if (snapshot->path != NULL)
    return g_steal_pointer (&snapshot);

  g_set_error (error, DBR_ERROR, DBR_ERROR_STALE, _("BlueZ does not have the device %s now"),
               job->address);

  return NULL;
}

static void
save_func (GTask        *task,
           gpointer      source,
           gpointer      task_data,
           GCancellable *cancellable)
{
  DbrStateTracker *self = source;
  Job *job = task_data;
  g_autoptr(DbrStateSnapshot) snapshot = NULL;
  g_autoptr(GVariant) values = NULL;
  g_autofree char *identity = NULL;
  GError *error = NULL;

  if (dbr_state_store_check (job->store, &error))
    snapshot = take_snapshot (job, cancellable, &error);
  if (snapshot == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  identity = dbr_state_dup_identity (job->core->client, cancellable);
  values = dbr_state_snapshot_to_values (snapshot, job->key, identity);
  dbr_state_tracker_set_moment (self, job->address,
                                dbr_state_moment_new (job->core, snapshot->taken_usec, FALSE));
  dbr_state_store_add (job->store, dbr_state_change_new_saved (job->address, g_get_real_time (),
                                                               values));
  if (dbr_state_store_flush (job->store, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_state_tracker_save_async:
 * @self: a tracker
 * @device: a device of its monitor
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Saves what a device is like now: whether it is connected, trusted and blocked, its alias, what it
 * offers, and what of it this process has asked to be told.
 *
 * It ends when that is in the file, if there is one.
 *
 * Since: 0.1
 */
void
dbr_state_tracker_save_async (DbrStateTracker     *self,
                              DbrBluezDevice      *device,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  Job *job;

  g_return_if_fail (DBR_IS_STATE_TRACKER (self));
  g_return_if_fail (DBR_IS_BLUEZ_DEVICE (device));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  job = job_new (self);
  job->address = g_strdup (dbr_bluez_device_get_address (device));
  job->key = g_strdup_printf ("%s/%s",
                              dbr_bluez_adapter_get_address (dbr_bluez_device_get_adapter (device)),
                              job->address);
  dbr_state_tracker_run (self, job, NULL, save_func, dbr_state_tracker_save_async, cancellable,
                         callback, user_data);
}

/**
 * dbr_state_tracker_save_finish:
 * @self: a tracker
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@StateTracker.save_async].
 *
 * Returns: `TRUE` if it was saved
 *
 * Since: 0.1
 */
gboolean
dbr_state_tracker_save_finish (DbrStateTracker  *self,
                               GAsyncResult     *result,
                               GError          **error)
{
  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), FALSE);

  return finish_boolean (self, result, dbr_state_tracker_save_async, error);
}

/**
 * dbr_state_tracker_save_sync:
 * @self: a tracker
 * @device: a device of its monitor
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Saves what a device is like now, see [method@StateTracker.save_async]. Blocks until it has ended.
 *
 * Returns: `TRUE` if it was saved
 *
 * Since: 0.1
 */
gboolean
dbr_state_tracker_save_sync (DbrStateTracker  *self,
                             DbrBluezDevice   *device,
                             GCancellable     *cancellable,
                             GError          **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), FALSE);
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (device), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_state_tracker_save_async (self, device, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_state_tracker_save_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Writing */

static void
flush_func (GTask        *task,
            gpointer      source,
            gpointer      task_data,
            GCancellable *cancellable)
{
  const Job *job = task_data;
  GError *error = NULL;

  if (dbr_state_store_flush (job->store, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_state_tracker_flush_async:
 * @self: a tracker
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Ends when all that was set is in the file, as a program wants it before it exits. Without a file it
 * ends at once.
 *
 * Since: 0.1
 */
void
dbr_state_tracker_flush_async (DbrStateTracker     *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (DBR_IS_STATE_TRACKER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_state_tracker_run (self, job_new (self), NULL, flush_func, dbr_state_tracker_flush_async,
                         cancellable, callback, user_data);
}

/**
 * dbr_state_tracker_flush_finish:
 * @self: a tracker
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@StateTracker.flush_async].
 *
 * Returns: `TRUE` if all is written
 *
 * Since: 0.1
 */
gboolean
dbr_state_tracker_flush_finish (DbrStateTracker  *self,
                                GAsyncResult     *result,
                                GError          **error)
{
  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), FALSE);

  return finish_boolean (self, result, dbr_state_tracker_flush_async, error);
}

/**
 * dbr_state_tracker_flush_sync:
 * @self: a tracker
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Waits until all that was set is in the file. Blocks until it has ended.
 *
 * Returns: `TRUE` if all is written
 *
 * Since: 0.1
 */
gboolean
dbr_state_tracker_flush_sync (DbrStateTracker  *self,
                              GCancellable     *cancellable,
                              GError          **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_sync_wait_begin (&wait, error))
    return FALSE;

  dbr_state_tracker_flush_async (self, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_state_tracker_flush_finish (self, dbr_sync_wait_end (&wait), error);
}

/* Restoring */

/* What other programs have saved since counts as well. */
static DbrStateBook *
read_book (Job     *job,
           GError **error)
{
  if (!dbr_state_store_refresh (job->store, error))
    return NULL;

  return dbr_state_store_dup_book (job->store);
}

static gboolean
restore_one (Job              *job,
             DbrStateBook     *book,
             DbrStateRestore  *restore,
             GError          **error)
{
  DbrStateRecord record;

  if (!dbr_state_book_lookup (book, job->address, &record) || record.saved_usec == 0)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The device %s was never saved"), job->address);
      return FALSE;
    }

  return dbr_bluez_operation_run_wait (dbr_bluez_find_new (job->core, NULL, NULL),
                                       restore->cancellable, error)
         && dbr_state_restore_device (restore, &record,
                                      g_hash_table_lookup (job->moments, job->address), error);
}

static void
restore_func (GTask        *task,
              gpointer      source,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Job *job = task_data;
  g_autoptr(GListStore) events = g_list_store_new (DBR_TYPE_EVENT);
  g_autoptr(DbrStateBook) book = NULL;
  g_autofree char *identity = NULL;
  DbrStateRestore restore = { job->core, cancellable, NULL, events };
  GError *error = NULL;

  book = read_book (job, &error);
  if (book != NULL)
    restore.identity = identity = dbr_state_dup_identity (job->core->client, cancellable);
  if (book != NULL && restore_one (job, book, &restore, &error))
    g_task_return_pointer (task, g_steal_pointer (&events), g_object_unref);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_state_tracker_restore_async:
 * @self: a tracker
 * @address: the address of a device that was saved
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Puts back what BlueZ has lost of a device since it was saved, and connects it again if it was
 * connected.
 *
 * What somebody has changed meanwhile stays as it is. The report is a list of [class@Event]: what an
 * item is, is its kind, as `trusted`; the details have the `result` of it, which is one of `restored`,
 * `unchanged`, `kept` (somebody has changed it), `failed` (with the `error`) and `impossible`, the
 * `address`, and what was `saved` and `found`.
 *
 * Since: 0.1
 */
void
dbr_state_tracker_restore_async (DbrStateTracker     *self,
                                 const char          *address,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  GError *error = NULL;
  Job *job;

  g_return_if_fail (DBR_IS_STATE_TRACKER (self));
  g_return_if_fail (address != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  job = job_new (self);
  job->address = dbr_state_tracker_check_address (address, &error);
  dbr_state_tracker_run (self, job, error, restore_func, dbr_state_tracker_restore_async,
                         cancellable, callback, user_data);
}

/**
 * dbr_state_tracker_restore_finish:
 * @self: a tracker
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@StateTracker.restore_async].
 *
 * Returns: (transfer full): a list of [class@Event], one an item
 *
 * Since: 0.1
 */
GListModel *
dbr_state_tracker_restore_finish (DbrStateTracker  *self,
                                  GAsyncResult     *result,
                                  GError          **error)
{
  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), NULL);

  return finish_list (self, result, dbr_state_tracker_restore_async, error);
}

/**
 * dbr_state_tracker_restore_sync:
 * @self: a tracker
 * @address: the address of a device that was saved
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Puts back what BlueZ has lost of a device, see [method@StateTracker.restore_async]. Blocks until it
 * has ended.
 *
 * Returns: (transfer full): a list of [class@Event], one an item
 *
 * Since: 0.1
 */
GListModel *
dbr_state_tracker_restore_sync (DbrStateTracker  *self,
                                const char       *address,
                                GCancellable     *cancellable,
                                GError          **error)
{
  g_auto(DbrSyncWait) wait = { NULL };

  g_return_val_if_fail (DBR_IS_STATE_TRACKER (self), NULL);
  g_return_val_if_fail (address != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_sync_wait_begin (&wait, error))
    return NULL;

  dbr_state_tracker_restore_async (self, address, cancellable, dbr_sync_wait_cb, &wait);

  return dbr_state_tracker_restore_finish (self, dbr_sync_wait_end (&wait), error);
}

/* For a recovery */

void
dbr_state_tracker_mark (DbrStateTracker *self,
                        const char      *target)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_monitor_ref_core (self->monitor);
  g_autofree char *key = g_ascii_strup (target, -1);
  g_autoptr(DbrStateMark) old = NULL;
  DbrStateMark *mark = dbr_state_mark_new (core, key);

  g_mutex_lock (&self->mutex);
  old = self->mark;
  self->mark = mark;
  g_mutex_unlock (&self->mutex);
}

static void
replay_func (GTask        *task,
             gpointer      source,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Job *job = task_data;
  g_autoptr(GListStore) events = g_list_store_new (DBR_TYPE_EVENT);
  g_autoptr(DbrStateBook) book = dbr_state_store_dup_book (job->store);
  g_autofree char *identity = dbr_state_dup_identity (job->core->client, cancellable);
  DbrStateRestore restore = { job->core, cancellable, identity, events };
  GError *error = NULL;

  if (dbr_state_replay (&restore, job->address, job->mark, book, job->moments, &error))
    g_task_return_pointer (task, g_steal_pointer (&events), g_object_unref);
  else
    g_task_return_error (task, error);
}

void
dbr_state_tracker_replay_async (DbrStateTracker     *self,
                                const char          *target,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  Job *job = job_new (self);

  job->address = g_ascii_strup (target, -1);
  g_mutex_lock (&self->mutex);
  job->mark = self->mark != NULL ? dbr_state_mark_ref (self->mark) : NULL;
  g_mutex_unlock (&self->mutex);
  dbr_state_tracker_run (self, job, NULL, replay_func, dbr_state_tracker_replay_async, cancellable,
                         callback, user_data);
}

GListModel *
dbr_state_tracker_replay_finish (DbrStateTracker  *self,
                                 GAsyncResult     *result,
                                 GError          **error)
{
  return finish_list (self, result, dbr_state_tracker_replay_async, error);
}
