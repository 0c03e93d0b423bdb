/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-link-parts-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-address-private.h"

/* From how many waiting exchanges on it is looked whether their callers still wait. */
#define MIN_SWEEP 64

G_DEFINE_FINAL_TYPE (DbrLink, dbr_link, G_TYPE_OBJECT)

/* What waits is only ever in the queue of a link that is not connected yet: an exchange whose
 * caller gave up is forgotten when the connection is there, or when so many are waiting that it is
 * worth a look. */
static void
dbr_link_enqueue_locked (DbrLink     *self,
                         DbrExchange *exchange)
{
  if (self->waiting.length >= self->sweep_at)
    {
      GList *next;

      for (GList *link = self->waiting.head; link != NULL; link = next)
        {
          next = link->next;
          if (dbr_exchange_has_ended (link->data))
            {
              dbr_exchange_unref (link->data);
              g_queue_delete_link (&self->waiting, link);
            }
        }
      self->sweep_at = MAX (MIN_SWEEP, self->waiting.length * 2);
    }

  g_queue_push_tail (&self->waiting, dbr_exchange_ref (exchange));
}

/* What the lane says, in the transport's thread */

static void
orphan_ended_cb (gpointer         user_data,
                 const DbrOrphan *orphan,
                 DbrMessage      *reply)
{
  DbrLink *self = user_data;

  self->listener->orphan_ended (self->user_data, orphan, reply);
}

static void
signal_cb (gpointer    user_data,
           DbrMessage *message)
{
  DbrLink *self = user_data;

  dbr_owners_hear (self->owners, message);
  dbr_matches_hear (self->matches, message);
  self->listener->signal (self->user_data, message);
}

static void
side_slots_changed_cb (gpointer owner)
{
  DbrLink *self = owner;

  self->listener->slots_changed (self->user_data);
}

static const DbrSideLanesListener side_lanes_listener = {
  orphan_ended_cb,
  side_slots_changed_cb,
};

static void
probe_refused_cb (gpointer     owner,
                  DbrExchange *exchange)
{
  dbr_link_submit (owner, exchange);
}

static const DbrProbeLaneListener probe_lane_listener = {
  orphan_ended_cb,
  probe_refused_cb,
};

/* A read is answered the same whoever asks, but no other call may be known to be: a service may tie
 * what it does to the connection that asked for it. And who hears a service's signals has to see
 * its answers in order with them. */
static gboolean
dbr_link_may_move (DbrLink          *self,
                   const DbrRequest *request)
{
  return dbr_request_is_read (request) && !dbr_matches_hear_from (self->matches, request->bus_name);
}

static void
laden_cb (gpointer          user_data,
          const DbrRequest *request)
{
  DbrLink *self = user_data;

  if (dbr_link_may_move (self, request))
    dbr_side_lanes_want (self->side_lanes);
}

static void
eased_cb (gpointer user_data)
{
  DbrLink *self = user_data;

  if (dbr_side_lanes_are_open (self->side_lanes))
    dbr_side_lanes_ease (self->side_lanes);
}

/* What was not sent waits for the next connection. */
static void
dbr_link_submit_all (DbrLink *self,
                     GQueue  *exchanges)
{
  DbrExchange *exchange;

  while ((exchange = g_queue_pop_head (exchanges)) != NULL)
    {
      dbr_link_submit (self, exchange);
      dbr_exchange_unref (exchange);
    }
}

/* The lanes that are to be closed with the main one; what was not sent on them yet is added to
 * @held. */
static GPtrArray *
dbr_link_end_others (DbrLink *self,
                     GQueue  *held)
{
  GPtrArray *lanes = dbr_side_lanes_end (self->side_lanes, held);
  DbrLane *probe_lane = dbr_probe_lane_end (self->probe_lane, held);

  if (probe_lane != NULL)
    g_ptr_array_add (lanes, probe_lane);

  return lanes;
}

static void
close_lanes (GPtrArray    *lanes,
             const GError *reason)
{
  for (guint i = 0; i < lanes->len; i++)
    dbr_lane_close (g_ptr_array_index (lanes, i), reason);
}

/* TRUE: there will be no other connection. The application's own one is not ours to make. */
static gboolean
dbr_link_lose_locked (DbrLink *self)
{
  gint64 now = g_get_monotonic_time ();

  self->was_lost = TRUE;
  if (self->state == DBR_CLIENT_STATE_CLOSED)
    return FALSE;

  if (self->adopted != NULL)
    {
      self->state = DBR_CLIENT_STATE_DISCONNECTED;
      return TRUE;
    }

  dbr_link_pause_begin_lost (&self->pause, dbr_random_get_system (), now,
                             now - self->connected_usec);
  dbr_link_pause_locked (self);

  return FALSE;
}

static void
lost_cb (gpointer  user_data,
         DbrLane  *lane,
         GError   *error)
{
  DbrLink *self = user_data;
  g_autoptr(DbrLane) old_lane = NULL;
  g_autoptr(GPtrArray) others = NULL;
  GQueue held = G_QUEUE_INIT;
  GQueue waiting = G_QUEUE_INIT;
  gboolean is_over = FALSE;

  g_mutex_lock (&self->mutex);
  if (self->lane == lane)
    {
      old_lane = g_steal_pointer (&self->lane);
      is_over = dbr_link_lose_locked (self);
      if (is_over)
        dbr_exchanges_steal (&self->waiting, &waiting);
    }
  g_mutex_unlock (&self->mutex);

  if (old_lane == NULL)
    return;

  others = dbr_link_end_others (self, &held);
  dbr_link_submit_all (self, &held);
  dbr_debug (DBR_DEBUG_LANES, "The connection was lost", "DBR_REASON", error->message);
  self->listener->state_changed (self->user_data);
  self->listener->lost (self->user_data, error);
  close_lanes (others, error);
  dbr_exchanges_fail (&waiting, error);
  if (is_over)
    dbr_matches_close (self->matches, error);
}

static void
owner_told_cb (gpointer    user_data,
               const char *bus_name,
               const char *owner,
               gboolean    is_change)
{
  DbrLink *self = user_data;

  self->listener->owner_told (self->user_data, bus_name, owner, is_change);
}

/* Whose signals are heard has to be known. */
static gboolean
is_owner_needed_cb (gpointer    user_data,
                    const char *bus_name)
{
  DbrLink *self = user_data;

  return dbr_matches_have (self->matches, bus_name)
         || self->listener->is_owner_needed (self->user_data, bus_name);
}

static void
owner_forgotten_cb (gpointer    user_data,
                    const char *bus_name)
{
  DbrLink *self = user_data;

  self->listener->owner_forgotten (self->user_data, bus_name);
}

static const DbrOwnersListener owners_listener = {
  owner_told_cb,
  is_owner_needed_cb,
  owner_forgotten_cb,
};

const DbrLaneListener dbr_link_lane_listener = {
  orphan_ended_cb,
  signal_cb,
  lost_cb,
  laden_cb,
  eased_cb,
};

/* Sending */

static gboolean
dbr_link_send_aside (DbrLink     *self,
                     DbrExchange *exchange)
{
  const DbrRequest *request = exchange->request;

  return dbr_side_lanes_are_open (self->side_lanes)
         && !g_str_equal (request->bus_name, DBR_BUS_NAME)
         && dbr_side_lanes_send (self->side_lanes, exchange, dbr_link_may_move (self, request));
}

/* What a probe tells of a service it would not tell from behind others. A ping may as well be one,
 * but where there is nothing to go past it is not worth a connection. */
static gboolean
dbr_link_send_probe (DbrLink     *self,
                     DbrLane     *lane,
                     DbrExchange *exchange)
{
  const DbrRequest *request = exchange->request;

  if (!request->is_probe
      && (!dbr_request_is_ping (request) || dbr_request_is_shareable (request)
          || request->bus_name == NULL || !dbr_lane_is_crowded (lane, request->bus_name)))
    return FALSE;

  return dbr_probe_lane_send (self->probe_lane, exchange);
}

static DbrLane *
dbr_link_ref_lane (DbrLink *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->lane != NULL ? g_object_ref (self->lane) : NULL;
}

/* Who sends may have been held up since it was given the lane, until after another connection had
 * been told all the names that were followed by then: this one was not among them. */
static void
dbr_link_follow (DbrLink    *self,
                 DbrLane    *lane,
                 const char *bus_name,
                 gboolean    is_awaited)
{
  g_autoptr(DbrLane) current = NULL;

  if (!self->has_bus || !dbr_owners_follow (self->owners, lane, bus_name, is_awaited))
    return;

  current = dbr_link_ref_lane (self);
  if (current != NULL && current != lane)
    dbr_owners_ask (self->owners, current, bus_name);
}

void
dbr_link_send (DbrLink     *self,
               DbrLane     *lane,
               DbrExchange *exchange)
{
  if (exchange->request == NULL)
    {
      dbr_exchange_end (exchange, NULL, NULL);
      return;
    }

  if (exchange->awaits != NULL)
    dbr_link_follow (self, lane, exchange->awaits, TRUE);

  /* The call first: whom it belongs to is only asked if it takes long. */
  if (!dbr_link_send_probe (self, lane, exchange) && !dbr_link_send_aside (self, exchange))
    dbr_lane_send (lane, exchange);
  dbr_link_follow (self, lane, exchange->request->bus_name, FALSE);
}

static GError *
new_closed_error (void)
{
  return g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The client was closed"));
}

void
dbr_link_end_all (DbrLink *self)
{
  g_autoptr(GError) reason = new_closed_error ();
  g_autoptr(DbrLane) lane = NULL;
  g_autoptr(GPtrArray) others = NULL;
  GQueue held = G_QUEUE_INIT;
  GQueue waiting = G_QUEUE_INIT;

  g_mutex_lock (&self->mutex);
  lane = g_steal_pointer (&self->lane);
  dbr_exchanges_steal (&self->waiting, &waiting);
  g_mutex_unlock (&self->mutex);
  others = dbr_link_end_others (self, &held);

  if (self->adopted != NULL && lane != NULL)
    {
      dbr_owners_leave (self->owners, self->adopted);
      dbr_matches_leave (self->matches, self->adopted);
    }
  if (lane != NULL)
    dbr_lane_close (lane, reason);
  close_lanes (others, reason);
  dbr_exchanges_fail (&held, reason);
  dbr_exchanges_fail (&waiting, reason);
  dbr_matches_close (self->matches, reason);
  self->listener->closed (self->user_data);
}

static void
dbr_link_finalize (GObject *object)
{
  DbrLink *self = DBR_LINK (object);

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_clear_pointer (&self->opening, dbr_opening_unref);
  g_clear_object (&self->lane);
  g_clear_object (&self->adopted);
  g_clear_object (&self->matches);
  g_clear_object (&self->side_lanes);
  g_clear_object (&self->probe_lane);
  g_clear_object (&self->owners);
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->current_address, g_free);
  g_clear_pointer (&self->guid, g_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_link_parent_class)->finalize (object);
}

static void
dbr_link_class_init (DbrLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_link_finalize;
}

static void
dbr_link_init (DbrLink *self)
{
  g_mutex_init (&self->mutex);
  g_queue_init (&self->waiting);
  self->sweep_at = MIN_SWEEP;
  self->owners = dbr_owners_new ();
  self->side_lanes = dbr_side_lanes_new (G_OBJECT (self), &side_lanes_listener);
  self->probe_lane = dbr_probe_lane_new (G_OBJECT (self), &probe_lane_listener);
  self->generation = dbr_fork_get_generation ();
  self->has_bus = TRUE;
}

DbrLink *
dbr_link_new_for_bus (GBusType bus_type)
{
  DbrLink *self = g_object_new (DBR_TYPE_LINK, NULL);

  self->bus_type = bus_type;

  return self;
}

DbrLink *
dbr_link_new_for_address (const char *address,
                          gboolean    has_bus)
{
  DbrLink *self = g_object_new (DBR_TYPE_LINK, NULL);

  self->address = g_strdup (address);
  self->has_bus = has_bus;

  return self;
}

/* Of a connection that was lent it is not known where it leads, so the stricter limits hold. */
DbrLink *
dbr_link_new_for_connection (GDBusConnection *connection)
{
  DbrLink *self = g_object_new (DBR_TYPE_LINK, NULL);

  self->adopted = g_object_ref (connection);
  self->has_bus = g_dbus_connection_get_unique_name (connection) != NULL;
  self->limits = self->has_bus ? dbr_address_get_limits (NULL) : dbr_address_get_peer_limits ();

  return self;
}

static void
submit_cb (gpointer     user_data,
           DbrExchange *exchange)
{
  dbr_link_submit (user_data, exchange);
}

void
dbr_link_set_listener (DbrLink               *self,
                       const DbrLinkListener *listener,
                       gpointer               user_data,
                       GDestroyNotify         destroy)
{
  self->listener = listener;
  self->user_data = user_data;
  self->destroy = destroy;
  dbr_owners_set_listener (self->owners, &owners_listener, self);
  self->matches = dbr_matches_new (self->owners, self->has_bus, submit_cb, self);
}

/* Use */

void
dbr_link_submit (DbrLink     *self,
                 DbrExchange *exchange)
{
  g_autoptr(DbrLane) lane = NULL;
  gboolean is_closed;
  gboolean is_first = FALSE;

  g_mutex_lock (&self->mutex);
  is_closed = self->state == DBR_CLIENT_STATE_CLOSED;
  if (self->state == DBR_CLIENT_STATE_CONNECTED && !self->is_flushing)
    lane = g_object_ref (self->lane);
  else if (!is_closed)
    dbr_link_enqueue_locked (self, exchange);

  if (self->state == DBR_CLIENT_STATE_RECONNECTING)
    dbr_link_hurry_locked (self);
  if (self->state == DBR_CLIENT_STATE_DISCONNECTED)
    {
      is_first = TRUE;
      self->state = DBR_CLIENT_STATE_CONNECTING;
    }
  g_mutex_unlock (&self->mutex);

  if (lane != NULL)
    dbr_link_send (self, lane, exchange);
  else if (is_closed)
    dbr_exchange_abandon (exchange, new_closed_error ());
  else if (is_first)
    dbr_link_open (self);
}

void
dbr_link_close (DbrLink *self)
{
  g_autoptr(DbrOpening) opening = NULL;
  gboolean was_closed;
  gboolean is_flushing;

  /* In a child of fork() the locks may be held by threads that are not there. */
  if (self->generation != dbr_fork_get_generation ())
    return;

  g_mutex_lock (&self->mutex);
  was_closed = self->state == DBR_CLIENT_STATE_CLOSED;
  is_flushing = self->is_flushing;
  self->state = DBR_CLIENT_STATE_CLOSED;
  opening = g_steal_pointer (&self->opening);
  g_mutex_unlock (&self->mutex);

  if (was_closed)
    return;

  if (dbr_deadline_disarm (&self->pause_end))
    g_object_unref (self);
  if (opening != NULL)
    dbr_opening_abort (opening);
  if (!is_flushing)
    dbr_link_end_all (self);
  self->listener->state_changed (self->user_data);
}

gboolean
dbr_link_has_bus (DbrLink *self)
{
  return self->has_bus;
}

DbrMatches *
dbr_link_get_matches (DbrLink *self)
{
  return self->matches;
}

DbrOwners *
dbr_link_get_owners (DbrLink *self)
{
  return self->owners;
}

DbrClientState
dbr_link_get_state (DbrLink *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->state;
}

char *
dbr_link_dup_unique_name (DbrLink *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->lane != NULL ? g_strdup (dbr_lane_get_unique_name (self->lane)) : NULL;
}

gboolean
dbr_link_may_reopen (DbrLink *self)
{
  return self->adopted == NULL && dbr_link_get_state (self) != DBR_CLIENT_STATE_CLOSED;
}

guint
dbr_link_get_n_slots (DbrLink *self)
{
  return (guint) g_atomic_int_get (&self->n_slots) + dbr_side_lanes_get_n_slots (self->side_lanes);
}

void
dbr_link_count (DbrLink *self,
                guint   *n_in_flight,
                guint   *n_orphans)
{
  g_autoptr(DbrLane) lane = dbr_link_ref_lane (self);
  guint n_main_in_flight = 0;
  guint n_main_orphans = 0;
  guint n_probes;
  guint n_missed_probes;

  if (lane != NULL)
    dbr_lane_count (lane, &n_main_in_flight, &n_main_orphans);
  dbr_side_lanes_count (self->side_lanes, n_in_flight, n_orphans);
  dbr_probe_lane_count (self->probe_lane, &n_probes, &n_missed_probes);
  *n_in_flight += n_main_in_flight + n_probes;
  *n_orphans += n_main_orphans + n_missed_probes;
}

guint
dbr_link_count_match_rules (DbrLink *self)
{
  return dbr_matches_count (self->matches) + dbr_owners_count (self->owners);
}
