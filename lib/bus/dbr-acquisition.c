/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-acquisition-private.h"

#include "base/dbr-deadline-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-mailbox-private.h"
#include "bus/dbr-lease-private.h"

typedef struct
{
  /* first, so that one is found from the other */
  DbrPoolSeeker    seeker;

  gatomicrefcount  ref_count;
  DbrPoolCore     *core;
  guint            limit_ms;
  gint64           until_usec;

  /* written by who ended it, and read after that */
  DbrPoolMember   *member;
  GError          *error;

  /* who waits for it: a task in its context, or else a thread that sleeps */
  GTask           *task;
  GCancellable    *cancellable;
  gulong           cancelled_id;
  DbrDeadline      deadline;
  DbrMailbox      *mailbox;
  DbrLetter        letter;
  gint             n_awaited;
  gint             has_ended;

  GMutex           mutex;
  GCond            cond;

  /* guarded by mutex */
  gboolean         is_done;
} Acquisition;

#define ACQUISITION_FROM(pointer, member) \
  ((Acquisition *) G_STRUCT_MEMBER_P (pointer, -G_STRUCT_OFFSET (Acquisition, member)))

static Acquisition *
acquisition_ref (Acquisition *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
acquisition_unref (Acquisition *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->member != NULL)
    dbr_pool_core_give_back (self->core, self->member);
  g_clear_error (&self->error);
  g_clear_object (&self->task);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->mailbox, dbr_mailbox_unref);
  dbr_pool_core_unref (self->core);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Acquisition, acquisition_unref)

static void
acquisition_wake (Acquisition *self)
{
  g_mutex_lock (&self->mutex);
  self->is_done = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* It may end before the function that began it has returned. It is told when both are over. */
static void
acquisition_tell (Acquisition *self)
{
  if (g_atomic_int_dec_and_test (&self->n_awaited))
    dbr_mailbox_post (self->mailbox, &self->letter);
}

static void
acquisition_disarm (Acquisition *self)
{
  if (dbr_deadline_disarm (&self->deadline))
    acquisition_unref (self);
}

static void
ended_cb (DbrPoolSeeker *seeker,
          DbrPoolMember *member,
          GError        *error)
{
  Acquisition *self = ACQUISITION_FROM (seeker, seeker);

  self->member = member;
  self->error = error;

  if (self->task == NULL)
    {
      acquisition_wake (self);
      acquisition_unref (self);
      return;
    }

  g_atomic_int_set (&self->has_ended, TRUE);
  acquisition_disarm (self);
  acquisition_tell (self);
}

/* Takes @error. */
static gboolean
acquisition_give_up (Acquisition *self,
                     GError      *error)
{
  if (!dbr_pool_core_give_up (self->core, &self->seeker))
    {
      g_error_free (error);
      return FALSE;
    }

  ended_cb (&self->seeker, NULL, error);

  return TRUE;
}

static GError *
acquisition_new_late_error (Acquisition *self)
{
  return g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                      _("No connection of the pool was free within %u ms"), self->limit_ms);
}

static void
deadline_cb (DbrDeadline *deadline)
{
  Acquisition *self = ACQUISITION_FROM (deadline, deadline);

  acquisition_give_up (self, acquisition_new_late_error (self));
  acquisition_unref (self);
}

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  acquisition_give_up (user_data, error);
}

static void
acquisition_watch_cancellable (Acquisition  *self,
                               GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;

  self->cancellable = g_object_ref (cancellable);
  self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                              acquisition_ref (self),
                                              (GDestroyNotify) acquisition_unref);
}

static void
acquisition_leave_cancellable (Acquisition *self)
{
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (self->cancellable, self->cancelled_id);
  self->cancelled_id = 0;
}

static DbrLease *
acquisition_take_lease (Acquisition  *self,
                        GError      **error)
{
  if (self->member != NULL)
    return dbr_lease_new (self->core, g_steal_pointer (&self->member));

  g_propagate_error (error, g_steal_pointer (&self->error));

  return NULL;
}

static void
deliver_cb (DbrLetter *letter)
{
  g_autoptr(Acquisition) self = ACQUISITION_FROM (letter, letter);
  g_autoptr(GTask) task = g_steal_pointer (&self->task);
  GError *error = NULL;
  DbrLease *lease;

  acquisition_leave_cancellable (self);
  lease = acquisition_take_lease (self, &error);
  if (lease != NULL)
    g_task_return_pointer (task, lease, g_object_unref);
  else
    g_task_return_error (task, error);
}

static Acquisition *
acquisition_new (DbrPoolCore *core,
                 guint        limit_ms)
{
  Acquisition *self = g_new0 (Acquisition, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->seeker.ended = ended_cb;
  self->core = dbr_pool_core_ref (core);
  self->limit_ms = limit_ms;
  self->until_usec = g_get_monotonic_time () + limit_ms * (gint64) 1000;

  return self;
}

void
dbr_acquisition_begin (DbrPoolCore *core,
                       guint        limit_ms,
                       GTask       *task)
{
  g_autoptr(Acquisition) self = acquisition_new (core, limit_ms);

  self->task = task;
  self->mailbox = dbr_mailbox_get (g_task_get_context (task));
  self->letter.deliver = deliver_cb;
  self->n_awaited = 2;

  /* One reference for the letter, one for the deadline. */
  acquisition_ref (self);
  acquisition_ref (self);
  dbr_pool_core_seek (core, &self->seeker);
  dbr_deadline_arm (&self->deadline, self->until_usec, deadline_cb);
  if (g_atomic_int_get (&self->has_ended))
    acquisition_disarm (self);
  acquisition_watch_cancellable (self, g_task_get_cancellable (task));
  acquisition_tell (self);
}

static gboolean
acquisition_sleep (Acquisition *self,
                   gint64       until_usec)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  while (!self->is_done)
    {
      if (!g_cond_wait_until (&self->cond, &self->mutex, until_usec))
        return self->is_done;
    }

  return TRUE;
}

DbrLease *
dbr_acquisition_wait (DbrPoolCore   *core,
                      guint          limit_ms,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(Acquisition) self = acquisition_new (core, limit_ms);

  /* Who ends it may still be at it when this has returned. */
  acquisition_ref (self);
  dbr_pool_core_seek (core, &self->seeker);
  acquisition_watch_cancellable (self, cancellable);

  /* If it is too late to give up, the end is on its way. */
  if (!acquisition_sleep (self, self->until_usec)
      && !acquisition_give_up (self, acquisition_new_late_error (self)))
    acquisition_sleep (self, G_MAXINT64);
  acquisition_leave_cancellable (self);

  return acquisition_take_lease (self, error);
}
