/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-dispatcher-private.h"

/* What the link says, in threads of its own. It may go on a little longer than the dispatcher. */

static void
hearing_free (gpointer data)
{
  GWeakRef *hearing = data;

  g_weak_ref_clear (hearing);
  g_free (hearing);
}

static void
state_changed_cb (gpointer user_data)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);

  if (self != NULL)
    self->listener->state_changed (self->user_data);
}

static void
unpark_locked (DbrDestination *destination,
               GQueue         *parked)
{
  DbrPassage *passage;

  while ((passage = g_queue_pop_head (&destination->parked)) != NULL)
    {
      passage->is_parked = FALSE;
      g_queue_push_tail (parked, passage);
    }
}

/* Those that wait for an owner would not be told of it any more. */
static void
dbr_dispatcher_unpark_all_locked (DbrDispatcher *self,
                                  GQueue        *parked)
{
  GHashTableIter iter;
  gpointer destination;

  g_hash_table_iter_init (&iter, self->destinations);
  while (g_hash_table_iter_next (&iter, NULL, &destination))
    {
      ((DbrDestination *) destination)->is_current = FALSE;
      unpark_locked (destination, parked);
    }
}

static void
dbr_dispatcher_collect_watches_locked (DbrDispatcher *self,
                                       GPtrArray     *watches)
{
  GHashTableIter iter;
  gpointer destination;

  g_hash_table_iter_init (&iter, self->destinations);
  while (g_hash_table_iter_next (&iter, NULL, &destination))
    dbr_watches_collect (((const DbrDestination *) destination)->watches, watches);
}

static void
lost_cb (gpointer  user_data,
         GError   *error)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  g_autoptr(GPtrArray) watches = dbr_watches_new ();
  GQueue parked = G_QUEUE_INIT;

  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  dbr_single_flight_end_all (self->flights);
  dbr_dispatcher_unpark_all_locked (self, &parked);
  dbr_dispatcher_collect_watches_locked (self, watches);
  g_mutex_unlock (&self->mutex);

  dbr_watches_tell_lost (watches);
  dbr_recorder_lost (self->recorder);
  self->listener->lost (self->user_data, error);
  dbr_dispatcher_resume (self, &parked, 0);
}

static void
restored_cb (gpointer user_data)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  g_autoptr(GPtrArray) watches = dbr_watches_new ();

  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  dbr_dispatcher_collect_watches_locked (self, watches);
  g_mutex_unlock (&self->mutex);

  dbr_watches_tell_restored (watches);
  self->listener->restored (self->user_data);
}

static void
closed_cb (gpointer user_data)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  GQueue parked = G_QUEUE_INIT;

  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  self->is_closed = TRUE;
  dbr_dispatcher_unpark_all_locked (self, &parked);
  g_mutex_unlock (&self->mutex);

  dbr_recorder_lost (self->recorder);
  dbr_dispatcher_send_ready (self);
  dbr_dispatcher_stop_waiting (self, &parked);
}

static void
slots_changed_cb (gpointer user_data)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  DbrAdmissionNode *ready;

  if (self == NULL)
    return;

  /* Under the lock, so that of two changes the later number is what holds. */
  g_mutex_lock (&self->mutex);
  ready = dbr_admission_set_n_places (&self->admission, dbr_link_get_n_slots (self->link));
  dbr_dispatcher_add_ready_locked (self, ready);
  g_mutex_unlock (&self->mutex);

  dbr_dispatcher_send_ready (self);
}

static void
opened_cb (gpointer                  user_data,
           const DbrTransportLimits *limits)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);

  if (self != NULL)
    dbr_recorder_opened (self->recorder, limits);
}

static void
orphan_ended_cb (gpointer         user_data,
                 const DbrOrphan *orphan,
                 DbrMessage      *reply)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);

  dbr_dispatcher_orphan_ended (self, orphan, reply);
}

/* The names that a signal's sender is called by here. */
static void
dbr_dispatcher_end_joining_locked (DbrDispatcher *self,
                                   const char    *sender,
                                   const char    *object_path)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->destinations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DbrDestination *destination = value;

      if (g_strcmp0 (destination->owner, sender) == 0
          || g_strcmp0 (destination->bus_name, sender) == 0)
        dbr_single_flight_end_joining (self->flights, destination->bus_name, object_path);
    }
}

/* A service that says that an object has changed will not answer a read of before. */
static void
signal_cb (gpointer    user_data,
           DbrMessage *message)
{
  static const char *const changes[] = {
    "PropertiesChanged", "InterfacesAdded", "InterfacesRemoved", NULL
  };
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  if (self == NULL)
    return;

  dbr_dispatcher_hear_signal (self, message);
  if (message->member == NULL || message->object_path == NULL
      || !g_strv_contains (changes, message->member))
    return;

  locker = g_mutex_locker_new (&self->mutex);
  if (dbr_single_flight_get_n_flights (self->flights) > 0)
    dbr_dispatcher_end_joining_locked (self, dbr_message_get_sender (message),
                                       message->object_path);
}

static void
bus_changed_cb (gpointer user_data)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;
  GHashTableIter iter;
  gpointer value;

  if (self == NULL)
    return;

  locker = g_mutex_locker_new (&self->mutex);
  g_hash_table_iter_init (&iter, self->destinations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrDestination *destination = value;

      destination->is_of_other_bus = destination->owner != NULL;
    }
}

static void
owner_told_cb (gpointer    user_data,
               const char *bus_name,
               const char *owner,
               gboolean    is_change)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  g_autoptr(DbrDestination) destination = NULL;
  g_autoptr(GPtrArray) watches = dbr_watches_new ();
  g_autoptr(GPtrArray) behind = dbr_watches_new ();
  g_autofree char *old_owner = NULL;
  GQueue parked = G_QUEUE_INIT;
  gint64 now = g_get_monotonic_time ();
  gboolean had_owner = FALSE;
  gboolean is_new = FALSE;
  gboolean is_restart = FALSE;
  guint generation = 0;

  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  destination = dbr_dispatcher_lookup_locked (self, bus_name);
  if (destination != NULL)
    {
      dbr_destination_ref (destination);
      had_owner = destination->generation > 0;
      old_owner = g_strdup (destination->owner);
      is_new = dbr_destination_take_owner (destination, owner, is_change, now);
      is_restart = is_new && had_owner && is_change && owner != NULL
                   && !dbr_destination_is_on_demand (destination);
      generation = destination->generation;
      if (owner != NULL)
        unpark_locked (destination, &parked);
      dbr_watches_collect_behind (destination->watches, behind);
      if (is_new)
        dbr_watches_collect (destination->watches, watches);
    }
  g_mutex_unlock (&self->mutex);

  if (is_new && had_owner)
    dbr_circuit_breaker_owner_changed (destination->circuit, now, owner != NULL, FALSE);
  dbr_watches_tell_owner (watches, old_owner, owner, generation);
  /* Who began to watch while there was no connection has not heard of the owner that is back. */
  if (!is_new && owner != NULL)
    dbr_watches_tell_owner (behind, NULL, owner, generation);
  if (is_restart)
    dbr_recorder_service_came (self->recorder, bus_name);
  dbr_dispatcher_resume (self, &parked, generation);
}

static gboolean
is_owner_needed_cb (gpointer    user_data,
                    const char *bus_name)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;
  const DbrDestination *destination;

  if (self == NULL)
    return FALSE;

  locker = g_mutex_locker_new (&self->mutex);
  destination = dbr_dispatcher_lookup_locked (self, bus_name);

  return destination != NULL
         && (destination->watches->len > 0 || !g_queue_is_empty ((GQueue *) &destination->parked));
}

static void
owner_forgotten_cb (gpointer    user_data,
                    const char *bus_name)
{
  g_autoptr(DbrDispatcher) self = g_weak_ref_get (user_data);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;
  DbrDestination *destination;

  if (self == NULL)
    return;

  locker = g_mutex_locker_new (&self->mutex);
  destination = dbr_dispatcher_lookup_locked (self, bus_name);
  if (destination != NULL)
    destination->is_current = FALSE;
}

static const DbrLinkListener link_listener = {
  state_changed_cb,
  lost_cb,
  restored_cb,
  closed_cb,
  slots_changed_cb,
  opened_cb,
  bus_changed_cb,
  orphan_ended_cb,
  signal_cb,
  owner_told_cb,
  is_owner_needed_cb,
  owner_forgotten_cb,
};

void
dbr_dispatcher_listen (DbrDispatcher *self)
{
  GWeakRef *hearing = g_new (GWeakRef, 1);

  g_weak_ref_init (hearing, self);
  dbr_link_set_listener (self->link, &link_listener, hearing, hearing_free);
}
