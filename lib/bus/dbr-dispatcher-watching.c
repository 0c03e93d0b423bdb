/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-dispatcher-private.h"

/* What is noticed of services that somebody watches. Of all others it costs a look. */

#define DESTINATION_FROM_SLOW(deadline) \
  ((DbrDestination *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrDestination, slow)))

#define DEFAULT_SLOW_MS 500

void
dbr_dispatcher_set_watched_locked (DbrDispatcher  *self,
                                   DbrDestination *destination)
{
  gboolean is_watched = destination->watches->len > 0;

  if (is_watched == g_atomic_int_get (&destination->is_watched))
    return;

  g_atomic_int_set (&destination->is_watched, is_watched);
  if (is_watched)
    g_ptr_array_add (self->watched, destination);
  else
    g_ptr_array_remove_fast (self->watched, destination);
  g_atomic_int_set (&self->has_watched, self->watched->len > 0);
}

DbrWatch *
dbr_dispatcher_watch (DbrDispatcher       *self,
                      const char          *bus_name,
                      const DbrWatchFuncs *funcs,
                      gpointer             user_data,
                      GDestroyNotify       destroy)
{
  /* The watch has this reference. */
  DbrDestination *destination = dbr_dispatcher_ref_destination (self, bus_name);
  DbrWatch *watch;

  g_mutex_lock (&self->mutex);
  watch = dbr_watch_new (funcs, !destination->is_current, user_data, destroy);
  g_ptr_array_add (destination->watches, dbr_watch_ref (watch));
  dbr_dispatcher_set_watched_locked (self, destination);
  g_mutex_unlock (&self->mutex);

  return watch;
}

void
dbr_dispatcher_unwatch (DbrDispatcher *self,
                        const char    *bus_name,
                        DbrWatch      *watch)
{
  DbrDestination *destination;
  guint index;

  g_mutex_lock (&self->mutex);
  destination = dbr_dispatcher_lookup_locked (self, bus_name);
  if (destination == NULL || !g_ptr_array_find (destination->watches, watch, &index))
    destination = NULL;
  else
    g_ptr_array_steal_index_fast (destination->watches, index);
  if (destination != NULL)
    dbr_dispatcher_set_watched_locked (self, destination);
  g_mutex_unlock (&self->mutex);

  /* The list's reference, the destination's, and that of who watched. */
  if (destination != NULL)
    {
      dbr_watch_unref (watch);
      dbr_destination_unref (destination);
    }
  dbr_watch_unref (watch);
}

char *
dbr_dispatcher_dup_owner (DbrDispatcher *self,
                          const char    *bus_name,
                          guint         *generation)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const DbrDestination *destination = dbr_dispatcher_lookup_locked (self, bus_name);

  *generation = destination != NULL ? destination->generation : 0;

  return destination != NULL && destination->is_current ? g_strdup (destination->owner) : NULL;
}

void
dbr_dispatcher_watch_calls (DbrDispatcher *self,
                            const char    *bus_name,
                            guint          slow_ms)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = 0; i < self->watched->len; i++)
    {
      DbrDestination *destination = g_ptr_array_index (self->watched, i);

      if (g_strcmp0 (destination->bus_name, bus_name) == 0)
        destination->slow_ms = slow_ms;
    }
}

gint64
dbr_dispatcher_get_heard_usec (DbrDispatcher *self,
                               const char    *bus_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = 0; i < self->watched->len; i++)
    {
      const DbrDestination *destination = g_ptr_array_index (self->watched, i);

      if (g_strcmp0 (destination->bus_name, bus_name) == 0)
        return destination->heard_usec;
    }

  return 0;
}

/* Calls that take long */

static void slow_cb (DbrDeadline *deadline);

/* Of the calls under way the first that was sent since the last answer is looked after; the
 * reference is that of the deadline. */
static void
dbr_destination_watch_call_locked (DbrDestination *self)
{
  guint slow_ms = self->slow_ms != 0 ? self->slow_ms : DEFAULT_SLOW_MS;

  if (self->slow_from_usec != 0)
    return;

  self->slow_from_usec = g_get_monotonic_time ();
  dbr_destination_ref (self);
  dbr_deadline_arm (&self->slow, self->slow_from_usec + (gint64) slow_ms * 1000, slow_cb);
}

static void
slow_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrDestination) destination = DESTINATION_FROM_SLOW (deadline);
  g_autoptr(GObject) dispatcher = g_weak_ref_get (&destination->dispatcher);
  g_autoptr(GPtrArray) watches = dbr_watches_new ();
  DbrDispatcher *self = (DbrDispatcher *) dispatcher;
  gint64 from_usec;

  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  from_usec = destination->slow_from_usec;
  destination->slow_from_usec = 0;
  if (destination->window.n_in_flight > 0 && destination->watches->len > 0)
    {
      if (destination->heard_usec < from_usec)
        dbr_watches_collect (destination->watches, watches);
      else
        dbr_destination_watch_call_locked (destination);
    }
  g_mutex_unlock (&self->mutex);

  dbr_watches_tell_call_is_slow (watches);
}

void
dbr_dispatcher_watch_sent (DbrDispatcher  *self,
                           DbrDestination *destination)
{
  if (G_LIKELY (!g_atomic_int_get (&destination->is_watched)))
    return;

  g_mutex_lock (&self->mutex);
  dbr_destination_watch_call_locked (destination);
  g_mutex_unlock (&self->mutex);
}

/* What comes from them */

void
dbr_dispatcher_heard (DbrDispatcher  *self,
                      DbrDestination *destination,
                      DbrMessage     *reply)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (dbr_message_get_origin (reply, destination->bus_name != NULL) == DBR_ORIGIN_SERVICE
      && !dbr_message_may_be_of_worker (reply))
    destination->heard_usec = MAX (destination->heard_usec, reply->arrived_usec);
}

void
dbr_dispatcher_hear_signal (DbrDispatcher *self,
                            DbrMessage    *signal)
{
  const char *sender;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  if (G_LIKELY (!g_atomic_int_get (&self->has_watched)))
    return;

  sender = dbr_message_get_sender (signal);
  locker = g_mutex_locker_new (&self->mutex);
  for (guint i = 0; i < self->watched->len; i++)
    {
      DbrDestination *destination = g_ptr_array_index (self->watched, i);

      if (sender != NULL && g_strcmp0 (destination->owner, sender) == 0)
        destination->heard_usec = MAX (destination->heard_usec, signal->arrived_usec);
    }
}
