/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-probe-lane-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-lane-opening-private.h"

/* A bus that does not let us in, or throws us out, is not asked again with each probe. */
#define OPENING_PAUSE_USEC (10 * G_USEC_PER_SEC)

#define LINGER_USEC (DBR_PROBE_LANE_LINGER_MS * (gint64) 1000)

struct _DbrProbeLane
{
  GObject                     parent_instance;

  /* identity */
  GWeakRef                    owner;
  const DbrProbeLaneListener *listener;

  GMutex                      mutex;

  /* guarded by mutex: where the main lane leads, NULL while there is none */
  char                                *address;
  DbrTransportLimits                   limits;
  DbrLaneOpening                      *opening;
  gint64                               may_open_usec;
  DbrLane                             *lane;
  /* who is just putting a probe on it: it is not closed before that is done */
  guint                       n_sending;
  gint64                      used_usec;
  /* the lane is there, but what waited is still being sent: what comes meanwhile waits its turn */
  gboolean                    is_flushing;
  /* probes that wait for the lane, each with a reference */
  GQueue                      waiting;
  /* holds a reference while it is armed */
  DbrDeadline                 linger;
  gboolean                    is_lingering;
};

G_DEFINE_FINAL_TYPE (DbrProbeLane, dbr_probe_lane, G_TYPE_OBJECT)

/* Takes @lane. */
static void
close_lane (DbrLane *lane)
{
  g_autoptr(GError) reason = NULL;

  if (lane == NULL)
    return;

  reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED,
                                _("This connection is not needed any more"));
  dbr_debug (DBR_DEBUG_LANES, "The connection for probes is closed",
             "DBR_UNIQUE_NAME", dbr_lane_get_unique_name (lane));
  dbr_lane_close (lane, reason);
  g_object_unref (lane);
}

/* What the lane says, in the transport's thread */

static void
orphan_ended_cb (gpointer         user_data,
                 const DbrOrphan *orphan,
                 DbrMessage      *reply)
{
  DbrProbeLane *self = user_data;
  g_autoptr(GObject) owner = g_weak_ref_get (&self->owner);

  if (owner != NULL)
    self->listener->orphan_ended (owner, orphan, reply);
}

static void
signal_cb (gpointer    user_data,
           DbrMessage *message)
{
}

static void
lost_cb (gpointer  user_data,
         DbrLane  *lane,
         GError   *error)
{
  DbrProbeLane *self = user_data;
  g_autoptr(DbrLane) lost = NULL;

  dbr_debug (DBR_DEBUG_LANES, "The connection for probes was lost", "DBR_REASON", error->message);
  g_mutex_lock (&self->mutex);
  if (self->lane == lane)
    {
      lost = g_steal_pointer (&self->lane);
      self->may_open_usec = g_get_monotonic_time () + OPENING_PAUSE_USEC;
    }
  g_mutex_unlock (&self->mutex);
}

static void
laden_cb (gpointer          user_data,
          const DbrRequest *request)
{
}

static void
eased_cb (gpointer user_data)
{
}

static const DbrLaneListener lane_listener = {
  orphan_ended_cb,
  signal_cb,
  lost_cb,
  laden_cb,
  eased_cb,
};

/* Closing it when nobody probes any more */

static void dbr_probe_lane_linger_locked (DbrProbeLane *self,
                                          gint64        now);

static DbrLane *
dbr_probe_lane_steal_unused_locked (DbrProbeLane *self,
                                    gint64        now)
{
  DbrLedgerLoad load;

  if (self->lane == NULL || self->n_sending > 0 || self->is_flushing
      || now - self->used_usec < LINGER_USEC)
    return NULL;

  dbr_lane_look (self->lane, NULL, &load);

  return load.n_held == load.n_orphans ? g_steal_pointer (&self->lane) : NULL;
}

static void
linger_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrProbeLane) self =
    (DbrProbeLane *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrProbeLane, linger));
  gint64 now = g_get_monotonic_time ();
  DbrLane *unused;

  g_mutex_lock (&self->mutex);
  self->is_lingering = FALSE;
  unused = dbr_probe_lane_steal_unused_locked (self, now);
  if (self->lane != NULL)
    dbr_probe_lane_linger_locked (self, now);
  g_mutex_unlock (&self->mutex);

  close_lane (unused);
}

/* It is looked at when it may be unused, and not set anew with each probe: that would wake dbr-io
 * for nothing. */
static void
dbr_probe_lane_linger_locked (DbrProbeLane *self,
                              gint64        now)
{
  gint64 when = self->used_usec + LINGER_USEC;

  if (self->is_lingering)
    return;

  self->is_lingering = TRUE;
  g_object_ref (self);
  dbr_deadline_arm (&self->linger, when > now ? when : now + LINGER_USEC, linger_cb);
}

/* Opening, on dbr-io */

/* FALSE: what it was for is gone. Without a lane those that waited are @refused. */
static gboolean
dbr_probe_lane_end_opening (DbrProbeLane   *self,
                            DbrLaneOpening *opening,
                            DbrLane        *lane,
                            GQueue         *refused)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gint64 now = g_get_monotonic_time ();

  if (self->opening != opening)
    return FALSE;

  g_clear_pointer (&self->opening, dbr_lane_opening_unref);
  if (lane == NULL)
    {
      self->may_open_usec = now + OPENING_PAUSE_USEC;
      dbr_exchanges_steal (&self->waiting, refused);
      return TRUE;
    }

  self->lane = g_object_ref (lane);
  self->is_flushing = TRUE;
  self->used_usec = now;
  dbr_probe_lane_linger_locked (self, now);

  return TRUE;
}

/* Those that wait for a lane which was lost at once are @refused, unless there will be another. */
static DbrExchange *
dbr_probe_lane_flush_next (DbrProbeLane *self,
                           DbrLane      *lane,
                           GQueue       *refused)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrExchange *exchange = NULL;

  if (self->lane == lane)
    exchange = g_queue_pop_head (&self->waiting);
  else if (self->opening == NULL)
    dbr_exchanges_steal (&self->waiting, refused);
  self->is_flushing = exchange != NULL;

  return exchange;
}

static void
dbr_probe_lane_refuse (DbrProbeLane *self,
                       GQueue       *refused)
{
  g_autoptr(GObject) owner = g_weak_ref_get (&self->owner);
  DbrExchange *exchange;

  while ((exchange = g_queue_pop_head (refused)) != NULL)
    {
      if (owner != NULL)
        self->listener->refused (owner, exchange);
      dbr_exchange_unref (exchange);
    }
}

static gboolean
opened_cb (GObject        *object,
           DbrLaneOpening *opening,
           DbrLane        *lane,
           const GError   *error)
{
  DbrProbeLane *self = DBR_PROBE_LANE (object);
  GQueue refused = G_QUEUE_INIT;
  DbrExchange *exchange;

  if (!dbr_probe_lane_end_opening (self, opening, lane, &refused))
    return FALSE;

  if (lane != NULL)
    dbr_lane_start (lane);
  while (lane != NULL && (exchange = dbr_probe_lane_flush_next (self, lane, &refused)) != NULL)
    {
      dbr_lane_send (lane, exchange);
      dbr_exchange_unref (exchange);
    }
  dbr_probe_lane_refuse (self, &refused);

  return TRUE;
}

/* The object */

static void
dbr_probe_lane_finalize (GObject *object)
{
  DbrProbeLane *self = DBR_PROBE_LANE (object);

  g_clear_pointer (&self->address, g_free);
  g_weak_ref_clear (&self->owner);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_probe_lane_parent_class)->finalize (object);
}

static void
dbr_probe_lane_class_init (DbrProbeLaneClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_probe_lane_finalize;
}

static void
dbr_probe_lane_init (DbrProbeLane *self)
{
  g_mutex_init (&self->mutex);
  g_queue_init (&self->waiting);
}

DbrProbeLane *
dbr_probe_lane_new (GObject                    *owner,
                    const DbrProbeLaneListener *listener)
{
  DbrProbeLane *self = g_object_new (DBR_TYPE_PROBE_LANE, NULL);

  g_weak_ref_init (&self->owner, owner);
  self->listener = listener;

  return self;
}

void
dbr_probe_lane_begin (DbrProbeLane             *self,
                      const char               *address,
                      const DbrTransportLimits *limits)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_free (self->address);
  self->address = g_strdup (address);
  self->limits = *limits;
  self->may_open_usec = 0;
}

DbrLane *
dbr_probe_lane_end (DbrProbeLane *self,
                    GQueue       *waiting)
{
  g_autoptr(DbrLaneOpening) opening = NULL;
  gboolean is_disarmed;
  DbrExchange *exchange;
  DbrLane *lane;

  g_mutex_lock (&self->mutex);
  lane = g_steal_pointer (&self->lane);
  opening = g_steal_pointer (&self->opening);
  g_clear_pointer (&self->address, g_free);
  while ((exchange = g_queue_pop_head (&self->waiting)) != NULL)
    g_queue_push_tail (waiting, exchange);
  is_disarmed = self->is_lingering && dbr_deadline_disarm (&self->linger);
  if (is_disarmed)
    self->is_lingering = FALSE;
  g_mutex_unlock (&self->mutex);

  if (is_disarmed)
    g_object_unref (self);
  if (opening != NULL)
    dbr_lane_opening_abort (opening);

  return lane;
}

/* Probes */

/* Whether services that hang hold so much of it that a fresh one is worth having. Nobody waits for
 * what is given up with it. */
static gboolean
dbr_probe_lane_is_worn_locked (DbrProbeLane     *self,
                               const DbrRequest *request)
{
  DbrLedgerLoad load;

  if (self->n_sending > 0)
    return FALSE;

  dbr_lane_look (self->lane, request->bus_name, &load);

  return load.n_held == load.n_orphans && (!load.has_room || load.n_orphans >= load.n_slots / 2);
}

static gboolean
dbr_probe_lane_wait_locked (DbrProbeLane    *self,
                            DbrExchange     *exchange,
                            DbrLaneOpening **fresh)
{
  if (self->address == NULL
      || (self->opening == NULL && !self->is_flushing
          && g_get_monotonic_time () < self->may_open_usec))
    return FALSE;

  if (self->opening == NULL && !self->is_flushing)
    {
      self->opening = dbr_lane_opening_new (self->address, &self->limits, &lane_listener, opened_cb,
                                            G_OBJECT (self));
      *fresh = dbr_lane_opening_ref (self->opening);
    }
  g_queue_push_tail (&self->waiting, dbr_exchange_ref (exchange));

  return TRUE;
}

gboolean
dbr_probe_lane_send (DbrProbeLane *self,
                     DbrExchange  *exchange)
{
  g_autoptr(DbrLaneOpening) fresh = NULL;
  g_autoptr(DbrLane) lane = NULL;
  DbrLane *worn = NULL;
  gboolean is_waiting = FALSE;

  g_mutex_lock (&self->mutex);
  if (self->lane != NULL && !self->is_flushing
      && dbr_probe_lane_is_worn_locked (self, exchange->request))
    worn = g_steal_pointer (&self->lane);
  if (self->lane != NULL && !self->is_flushing)
    {
      lane = g_object_ref (self->lane);
      self->n_sending++;
      self->used_usec = g_get_monotonic_time ();
    }
  else
    {
      is_waiting = dbr_probe_lane_wait_locked (self, exchange, &fresh);
    }
  g_mutex_unlock (&self->mutex);

  close_lane (worn);
  if (fresh != NULL)
    dbr_lane_opening_start (fresh);
  if (lane == NULL)
    return is_waiting;

  dbr_lane_send (lane, exchange);
  g_mutex_lock (&self->mutex);
  self->n_sending--;
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

void
dbr_probe_lane_count (DbrProbeLane *self,
                      guint        *n_in_flight,
                      guint        *n_orphans)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *n_in_flight = 0;
  *n_orphans = 0;
  if (self->lane != NULL)
    dbr_lane_count (self->lane, n_in_flight, n_orphans);
}
