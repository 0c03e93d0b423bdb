/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-hearing-private.h"

/* A flood is told of by so many signals within such a time. */
#define FLOOD_BATCH 250
#define FLOOD_USEC ((gint64) G_USEC_PER_SEC)

struct _DbrHearing
{
  gatomicrefcount  ref_count;

  DbrBacklog      *backlog;
  DbrHerald       *herald;
  DbrHeraldFunc    tell_active;
  DbrRecorder     *recorder;
  char            *bus_name;

  /* touched in the transport's thread only: those that came since */
  guint            n_signals;
  gint64           first_usec;

  GMutex           mutex;

  /* guarded by mutex */
  gboolean         is_active;
  /* whether someone was told that it has started, and not merely waited for that */
  gboolean         is_wanted;
  GPtrArray       *starts;
  /* which of the listeners it has had is the one that counts */
  guint            epoch;
};

/* What a listener has of it. One that was stopped may still be about to tell something. */
typedef struct
{
  DbrHearing *hearing;
  guint       epoch;
} Ear;

DbrHearing *
dbr_hearing_new (GObject        *subscription,
                 DbrBacklogFunc  deliver,
                 DbrHeraldFunc   tell_active)
{
  DbrHearing *self = g_new0 (DbrHearing, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->backlog = dbr_backlog_new (subscription, deliver);
  self->herald = dbr_herald_new (subscription);
  self->tell_active = tell_active;
  self->starts = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);

  return self;
}

static DbrHearing *
dbr_hearing_ref (DbrHearing *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_hearing_unref (DbrHearing *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_backlog_unref (self->backlog);
  dbr_herald_unref (self->herald);
  g_clear_pointer (&self->recorder, dbr_recorder_unref);
  g_free (self->bus_name);
  g_ptr_array_unref (self->starts);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
dbr_hearing_set_source (DbrHearing  *self,
                        DbrRecorder *recorder,
                        const char  *bus_name)
{
  self->recorder = dbr_recorder_ref (recorder);
  self->bus_name = g_strdup (bus_name);
}

gboolean
dbr_hearing_get_active (DbrHearing *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->is_active;
}

guint64
dbr_hearing_get_dropped (DbrHearing *self)
{
  return dbr_backlog_get_dropped (self->backlog);
}

/* Decides how all who wait end, and whether it serves any of them. */
static GPtrArray *
dbr_hearing_steal_starts_locked (DbrHearing   *self,
                                 const GError *error)
{
  GPtrArray *starts = g_steal_pointer (&self->starts);

  self->starts = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);
  for (guint i = 0; i < starts->len; i++)
    {
      if (dbr_waiter_decide (g_ptr_array_index (starts, i), error) && error == NULL)
        self->is_wanted = TRUE;
    }

  return starts;
}

/* Nothing changes if @epoch is over. */
static void
dbr_hearing_set_active (DbrHearing   *self,
                        guint         epoch,
                        gboolean      is_active,
                        const GError *error)
{
  g_autoptr(GPtrArray) starts = NULL;
  gboolean has_changed = FALSE;

  g_mutex_lock (&self->mutex);
  if (self->epoch == epoch)
    {
      has_changed = self->is_active != is_active;
      self->is_active = is_active;
      if (!is_active)
        self->is_wanted = FALSE;
      starts = dbr_hearing_steal_starts_locked (self, error);
    }
  g_mutex_unlock (&self->mutex);

  if (has_changed)
    dbr_herald_tell (self->herald, self->tell_active, NULL, NULL);
  for (guint i = 0; starts != NULL && i < starts->len; i++)
    dbr_waiter_tell (g_ptr_array_index (starts, i));
}

static gboolean
dbr_hearing_is_in_epoch (DbrHearing *self,
                         guint       epoch)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->epoch == epoch;
}

/* Nothing counts any more that was begun before; returns the epoch that does. */
static guint
dbr_hearing_end_epoch (DbrHearing *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return ++self->epoch;
}

/* What is heard */

static Ear *
ear_new (DbrHearing *hearing,
         guint       epoch)
{
  Ear *self = g_new (Ear, 1);

  self->hearing = dbr_hearing_ref (hearing);
  self->epoch = epoch;

  return self;
}

static void
ear_free (Ear *self)
{
  dbr_hearing_unref (self->hearing);
  g_free (self);
}

static void
listening_cb (const GError *error,
              gpointer      user_data)
{
  const Ear *ear = user_data;

  if (error == NULL)
    dbr_recorder_count_slots (ear->hearing->recorder);
  else if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED))
    dbr_recorder_bus_refused (ear->hearing->recorder);
  dbr_hearing_set_active (ear->hearing, ear->epoch, error == NULL, error);
}

/* So many are told of at once, and only if they came within a second: a sender that is quiet costs
 * no more than counting. */
static void
dbr_hearing_count (DbrHearing *self,
                   DbrMessage *signal)
{
  if (self->n_signals++ == 0)
    self->first_usec = signal->arrived_usec;
  if (self->n_signals < FLOOD_BATCH)
    return;

  if (signal->arrived_usec - self->first_usec <= FLOOD_USEC)
    dbr_recorder_signals_came (self->recorder,
                               self->bus_name != NULL ? self->bus_name
                                                      : dbr_message_get_sender (signal),
                               self->n_signals);
  self->n_signals = 0;
}

static void
heard_cb (DbrMessage *signal,
          gpointer    user_data)
{
  const Ear *ear = user_data;

  if (!dbr_hearing_is_in_epoch (ear->hearing, ear->epoch))
    return;

  dbr_hearing_count (ear->hearing, signal);
  dbr_backlog_push (ear->hearing->backlog, signal);
}

/* Beginning and ending */

static gboolean
dbr_hearing_enter (DbrHearing *self,
                   DbrWaiter  *waiter,
                   gboolean   *is_active,
                   guint      *epoch)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gboolean is_first = !self->is_active && self->starts->len == 0;

  *is_active = self->is_active;
  if (!self->is_active)
    g_ptr_array_add (self->starts, dbr_waiter_ref (waiter));
  if (is_first)
    self->epoch++;
  *epoch = self->epoch;

  return is_first;
}

gboolean
dbr_hearing_join (DbrHearing *self,
                  DbrWaiter  *waiter,
                  guint      *epoch)
{
  gboolean is_active;
  gboolean is_first = dbr_hearing_enter (self, waiter, &is_active, epoch);

  if (is_active)
    dbr_waiter_end (waiter, NULL);

  return is_first;
}

DbrListener *
dbr_hearing_begin (DbrHearing         *self,
                   guint               epoch,
                   DbrMatches         *matches,
                   const DbrMatchRule *rule,
                   guint               limit_ms)
{
  dbr_backlog_open (self->backlog);

  return dbr_matches_add (matches, rule, limit_ms, heard_cb, listening_cb, ear_new (self, epoch),
                          (GDestroyNotify) ear_free);
}

gboolean
dbr_hearing_leave (DbrHearing *self,
                   DbrWaiter  *waiter)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_ptr_array_remove (self->starts, waiter);

  return !self->is_wanted && self->starts->len == 0;
}

/* In this order: whoever begins it anew meanwhile opens the backlog after it has its epoch. */
void
dbr_hearing_end (DbrHearing   *self,
                 DbrMatches   *matches,
                 DbrListener  *listener,
                 const GError *reason)
{
  guint epoch;

  dbr_backlog_close (self->backlog);
  epoch = dbr_hearing_end_epoch (self);
  dbr_matches_remove (matches, listener);
  dbr_hearing_set_active (self, epoch, FALSE, reason);
}
