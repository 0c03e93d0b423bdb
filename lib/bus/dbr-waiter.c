/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-waiter-private.h"

struct _DbrWaiter
{
  gatomicrefcount  ref_count;

  GCancellable    *cancellable;
  gulong           cancelled_id;

  GMutex           mutex;
  GCond            cond;

  /* guarded by mutex; the task goes when it has been told */
  GTask           *task;
  gboolean         is_done;
  GError          *error;
};

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  dbr_waiter_end (user_data, error);
}

DbrWaiter *
dbr_waiter_new (GTask        *task,
                GCancellable *cancellable)
{
  DbrWaiter *self = g_new0 (DbrWaiter, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  if (task != NULL)
    {
      self->task = g_object_ref (task);
      g_task_set_task_data (task, dbr_waiter_ref (self), (GDestroyNotify) dbr_waiter_unref);
    }
  if (cancellable != NULL)
    {
      self->cancellable = g_object_ref (cancellable);
      self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                                  dbr_waiter_ref (self),
                                                  (GDestroyNotify) dbr_waiter_unref);
    }

  return self;
}

DbrWaiter *
dbr_waiter_ref (DbrWaiter *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_waiter_unref (DbrWaiter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_object (&self->task);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

gboolean
dbr_waiter_decide (DbrWaiter    *self,
                   const GError *error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->is_done)
    return FALSE;

  self->is_done = TRUE;
  self->error = error != NULL ? g_error_copy (error) : NULL;

  return TRUE;
}

void
dbr_waiter_tell (DbrWaiter *self)
{
  g_autoptr(GTask) task = NULL;

  g_mutex_lock (&self->mutex);
  task = g_steal_pointer (&self->task);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);

  if (task != NULL && self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

void
dbr_waiter_end (DbrWaiter    *self,
                const GError *error)
{
  dbr_waiter_decide (self, error);
  dbr_waiter_tell (self);
}

static void
dbr_waiter_leave_cancellable (DbrWaiter *self)
{
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (self->cancellable, self->cancelled_id);
  self->cancelled_id = 0;
}

gboolean
dbr_waiter_wait (DbrWaiter  *self,
                 GError    **error)
{
  g_mutex_lock (&self->mutex);
  while (!self->is_done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  dbr_waiter_leave_cancellable (self);
  if (self->error == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

DbrWaiter *
dbr_waiter_of_task (GTask *task)
{
  return g_task_get_task_data (task);
}

gboolean
dbr_waiter_finish (GTask   *task,
                   GError **error)
{
  DbrWaiter *self = dbr_waiter_of_task (task);

  /* What was refused before it began had nothing to wait for. */
  if (self != NULL)
    dbr_waiter_leave_cancellable (self);

  return g_task_propagate_boolean (task, error);
}

gboolean
dbr_waiter_was_cancelled (DbrWaiter *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
