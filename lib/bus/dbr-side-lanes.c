/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-side-lanes-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-lane-opening-private.h"

/* A bus that does not let us in, or throws us out, is not asked again with each call. */
#define OPENING_PAUSE_USEC (10 * G_USEC_PER_SEC)

/* One lane, and who is just putting a call on it: it is not closed before that is done. */
typedef struct
{
  DbrLane *lane;
  guint    n_sending;
  guint    n_slots;
} Way;

/* A call that is not sent yet. Its place is kept while it is being sent, so that those behind it do
 * not overtake it even then. */
typedef struct
{
  DbrExchange *exchange;
  gboolean     may_move;
  gboolean     is_leaving;
} Held;

struct _DbrSideLanes
{
  GObject                     parent_instance;

  /* identity */
  GWeakRef                    owner;
  const DbrSideLanesListener *listener;

  GMutex                      mutex;

  /* guarded by mutex */
  DbrLane                             *main;
  char                                *address;
  DbrTransportLimits                   limits;
  DbrLaneOpening                      *opening;
  gint64                               may_open_usec;
  /* the lane that is just being started */
  DbrLane                    *fresh;
  /* the lanes, and which of them takes calls */
  GPtrArray                  *ways;
  Way                        *current;
  /* holds a reference while it is armed */
  DbrDeadline                 linger;
  gboolean                    is_lingering;
  GQueue                      held;
  gboolean                    is_easing;
  gboolean                    has_eased;

  /* atomic */
  gint                        n_ways;
  guint                       n_slots;
};

G_DEFINE_FINAL_TYPE (DbrSideLanes, dbr_side_lanes, G_TYPE_OBJECT)

/* A call that has to stay on the main lane waits for those to the same destination that went
 * elsewhere before it. One that may move follows those that are in flight, and takes the emptier
 * lane where there are none. That a read overtakes one which hangs on a lane set aside is no
 * matter. */
DbrLaneChoice
dbr_lane_choose (const DbrLedgerLoad *main,
                 const DbrLedgerLoad *side,
                 guint                n_aside,
                 gboolean             may_move)
{
  gboolean is_beside = side != NULL && side->n_here > 0;
  gboolean is_emptier = side != NULL && side->has_room
                        && (!main->has_room || side->n_held < main->n_held);

  if (!may_move && (is_beside || n_aside > 0))
    return DBR_LANE_CHOICE_HOLD;

  if (may_move && main->n_here == 0 && (is_beside || is_emptier))
    return side->has_room ? DBR_LANE_CHOICE_SIDE : DBR_LANE_CHOICE_HOLD;

  return main->has_room ? DBR_LANE_CHOICE_MAIN : DBR_LANE_CHOICE_HOLD;
}

static Way *
way_new (DbrLane *lane,
         guint    n_slots)
{
  Way *self = g_atomic_rc_box_new0 (Way);

  self->lane = g_object_ref (lane);
  self->n_slots = n_slots;

  return self;
}

static void
way_clear (gpointer data)
{
  Way *self = data;

  g_object_unref (self->lane);
}

static void
way_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, way_clear);
}

static gboolean
way_is_idle (const Way *self)
{
  DbrLedgerLoad load;

  dbr_lane_look (self->lane, NULL, &load);

  return self->n_sending == 0 && load.n_held == 0;
}

static void
held_free (Held *self)
{
  dbr_exchange_unref (self->exchange);
  g_free (self);
}

static void
dbr_side_lanes_tell_slots (DbrSideLanes *self)
{
  g_autoptr(GObject) owner = g_weak_ref_get (&self->owner);

  if (owner != NULL)
    self->listener->slots_changed (owner);
}

/* The lanes */

/* A lane set aside has as many slots as it held then: the free ones are of no use to anyone. */
static void
dbr_side_lanes_count_locked (DbrSideLanes *self)
{
  guint n_slots = 0;

  for (guint i = 0; i < self->ways->len; i++)
    n_slots += ((const Way *) g_ptr_array_index (self->ways, i))->n_slots;

  g_atomic_int_set (&self->n_ways, self->ways->len);
  g_atomic_int_set (&self->n_slots, n_slots);
}

static void
dbr_side_lanes_set_aside_locked (DbrSideLanes *self)
{
  Way *way = g_steal_pointer (&self->current);
  DbrLedgerLoad load;

  if (way == NULL)
    return;

  dbr_lane_look (way->lane, NULL, &load);
  way->n_slots = load.n_held;
}

/* Takes the lanes that were set aside and hold nothing any more. */
static GPtrArray *
dbr_side_lanes_steal_idle_locked (DbrSideLanes *self)
{
  GPtrArray *idle = g_ptr_array_new_with_free_func (way_unref);

  for (guint i = self->ways->len; i-- > 0;)
    {
      Way *way = g_ptr_array_index (self->ways, i);

      if (way != self->current && way_is_idle (way))
        g_ptr_array_add (idle, g_ptr_array_steal_index (self->ways, i));
    }
  dbr_side_lanes_count_locked (self);

  return idle;
}

static void
close_idle (GPtrArray *ways)
{
  g_autoptr(GError) reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED,
                                                  _("This connection is not needed any more"));

  for (guint i = 0; i < ways->len; i++)
    {
      DbrLane *lane = ((Way *) g_ptr_array_index (ways, i))->lane;

      dbr_debug (DBR_DEBUG_LANES, "A further connection is closed",
                 "DBR_UNIQUE_NAME", dbr_lane_get_unique_name (lane));
      dbr_lane_close (lane, reason);
    }
}

/* What the lanes say, in the transport's thread */

static void
orphan_ended_cb (gpointer         user_data,
                 const DbrOrphan *orphan,
                 DbrMessage      *reply)
{
  DbrSideLanes *self = user_data;
  g_autoptr(GObject) owner = g_weak_ref_get (&self->owner);

  if (owner != NULL)
    self->listener->orphan_ended (owner, orphan, reply);
}

/* The bus tells this connection its own name, and nobody else knows that. */
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
  DbrSideLanes *self = user_data;
  g_autoptr(DbrLane) fresh = NULL;

  dbr_debug (DBR_DEBUG_LANES, "A further connection was lost", "DBR_REASON", error->message);
  g_mutex_lock (&self->mutex);
  self->may_open_usec = g_get_monotonic_time () + OPENING_PAUSE_USEC;
  if (self->fresh == lane)
    fresh = g_steal_pointer (&self->fresh);
  for (guint i = 0; i < self->ways->len; i++)
    {
      Way *way = g_ptr_array_index (self->ways, i);

      if (way->lane != lane)
        continue;

      if (self->current == way)
        self->current = NULL;
      g_ptr_array_remove_index (self->ways, i);
      break;
    }
  dbr_side_lanes_count_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_side_lanes_tell_slots (self);
  dbr_side_lanes_ease (self);
}

static void
laden_cb (gpointer          user_data,
          const DbrRequest *request)
{
}

static void
eased_cb (gpointer user_data)
{
  dbr_side_lanes_ease (user_data);
}

static const DbrLaneListener lane_listener = {
  orphan_ended_cb,
  signal_cb,
  lost_cb,
  laden_cb,
  eased_cb,
};

/* Opening */

/* FALSE: what it was for is gone. */
static gboolean
dbr_side_lanes_end_opening (DbrSideLanes   *self,
                            DbrLaneOpening *opening,
                            DbrLane        *lane)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->opening != opening)
    return FALSE;

  g_clear_pointer (&self->opening, dbr_lane_opening_unref);
  if (lane != NULL)
    self->fresh = g_object_ref (lane);
  else
    self->may_open_usec = g_get_monotonic_time () + OPENING_PAUSE_USEC;

  return TRUE;
}

/* A lane that was just started takes the calls from now on, unless it is lost already. */
static void
dbr_side_lanes_install (DbrSideLanes *self,
                        DbrLane      *lane)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(DbrLane) fresh = NULL;

  if (self->fresh != lane)
    return;

  fresh = g_steal_pointer (&self->fresh);
  dbr_side_lanes_set_aside_locked (self);
  self->current = way_new (lane, self->limits.n_replies);
  g_ptr_array_add (self->ways, self->current);
  dbr_side_lanes_count_locked (self);
}

static gboolean
opened_cb (GObject        *object,
           DbrLaneOpening *opening,
           DbrLane        *lane,
           const GError   *error)
{
  DbrSideLanes *self = DBR_SIDE_LANES (object);

  if (!dbr_side_lanes_end_opening (self, opening, lane))
    return FALSE;
  if (lane == NULL)
    return TRUE;

  dbr_lane_start (lane);
  dbr_side_lanes_install (self, lane);
  dbr_side_lanes_tell_slots (self);
  dbr_side_lanes_ease (self);

  return TRUE;
}

/* Whether services that hang hold so much of a lane that another one is worth having. */
static gboolean
dbr_side_lanes_is_worn_locked (DbrSideLanes *self)
{
  DbrLedgerLoad load;

  if (self->current == NULL)
    return TRUE;

  dbr_lane_look (self->current->lane, NULL, &load);

  return load.n_orphans >= load.n_slots / 2;
}

static DbrLaneOpening *
dbr_side_lanes_begin_opening (DbrSideLanes *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->main == NULL || self->opening != NULL || self->fresh != NULL
      || self->ways->len > DBR_SIDE_LANES_MAX_ASIDE
      || g_get_monotonic_time () < self->may_open_usec
      || !dbr_side_lanes_is_worn_locked (self))
    return NULL;

  self->opening = dbr_lane_opening_new (self->address, &self->limits, &lane_listener, opened_cb,
                                        G_OBJECT (self));

  return dbr_lane_opening_ref (self->opening);
}

void
dbr_side_lanes_want (DbrSideLanes *self)
{
  g_autoptr(DbrLaneOpening) opening = dbr_side_lanes_begin_opening (self);

  if (opening != NULL)
    dbr_lane_opening_start (opening);
}

/* Calls */

static gboolean
dbr_side_lanes_is_behind_locked (DbrSideLanes *self,
                                 const char   *bus_name,
                                 const GList  *end)
{
  for (const GList *link = self->held.head; link != end; link = link->next)
    {
      const Held *held = link->data;

      if (strcmp (held->exchange->request->bus_name, bus_name) == 0)
        return TRUE;
    }

  return FALSE;
}

static DbrLaneChoice
dbr_side_lanes_choose_locked (DbrSideLanes *self,
                              const char   *bus_name,
                              gboolean      may_move)
{
  DbrLedgerLoad main;
  DbrLedgerLoad side;
  guint n_aside = 0;

  dbr_lane_look (self->main, bus_name, &main);
  for (guint i = 0; i < self->ways->len; i++)
    {
      const Way *way = g_ptr_array_index (self->ways, i);
      DbrLedgerLoad load;

      dbr_lane_look (way->lane, bus_name, &load);
      if (way == self->current)
        side = load;
      else
        n_aside += load.n_here;
    }

  return dbr_lane_choose (&main, self->current != NULL ? &side : NULL, n_aside, may_move);
}

static void
dbr_side_lanes_hold_locked (DbrSideLanes *self,
                            DbrExchange  *exchange,
                            gboolean      may_move)
{
  Held *held = g_new0 (Held, 1);

  held->exchange = dbr_exchange_ref (exchange);
  held->may_move = may_move;
  g_queue_push_tail (&self->held, held);
}

/* TRUE: it was set aside meanwhile, and there may have been no other time to close it. */
static gboolean
dbr_side_lanes_leave_way (DbrSideLanes *self,
                          Way          *way)
{
  gboolean is_aside;

  g_mutex_lock (&self->mutex);
  way->n_sending--;
  is_aside = way != self->current;
  g_mutex_unlock (&self->mutex);

  way_unref (way);

  return is_aside;
}

gboolean
dbr_side_lanes_send (DbrSideLanes *self,
                     DbrExchange  *exchange,
                     gboolean      may_move)
{
  const char *bus_name = exchange->request->bus_name;
  DbrLaneChoice choice = DBR_LANE_CHOICE_MAIN;
  gboolean is_worn = FALSE;
  Way *way = NULL;

  g_mutex_lock (&self->mutex);
  if (self->main != NULL && self->ways->len > 0)
    {
      is_worn = may_move && dbr_side_lanes_is_worn_locked (self);
      choice = dbr_side_lanes_is_behind_locked (self, bus_name, NULL)
               ? DBR_LANE_CHOICE_HOLD
               : dbr_side_lanes_choose_locked (self, bus_name, may_move);
    }
  if (choice == DBR_LANE_CHOICE_HOLD)
    dbr_side_lanes_hold_locked (self, exchange, may_move);
  if (choice == DBR_LANE_CHOICE_SIDE)
    {
      way = g_atomic_rc_box_acquire (self->current);
      way->n_sending++;
    }
  g_mutex_unlock (&self->mutex);

  if (is_worn)
    dbr_side_lanes_want (self);
  if (way != NULL)
    {
      dbr_lane_send (way->lane, exchange);
      if (dbr_side_lanes_leave_way (self, way))
        dbr_side_lanes_ease (self);
    }

  return choice != DBR_LANE_CHOICE_MAIN;
}

/* The next call that may go, by @lane, which is that of @way if it is not the main one. */
static Held *
dbr_side_lanes_take_ready_locked (DbrSideLanes  *self,
                                  DbrLane      **lane,
                                  Way          **way)
{
  GList *next;

  for (GList *link = self->held.head; link != NULL; link = next)
    {
      Held *held = link->data;
      const char *bus_name = held->exchange->request->bus_name;
      DbrLaneChoice choice;

      next = link->next;
      if (dbr_exchange_has_ended (held->exchange))
        {
          held_free (held);
          g_queue_delete_link (&self->held, link);
          continue;
        }
      if (dbr_side_lanes_is_behind_locked (self, bus_name, link))
        continue;

      choice = dbr_side_lanes_choose_locked (self, bus_name, held->may_move);
      if (choice == DBR_LANE_CHOICE_HOLD)
        continue;

      *way = choice == DBR_LANE_CHOICE_SIDE ? g_atomic_rc_box_acquire (self->current) : NULL;
      if (*way != NULL)
        (*way)->n_sending++;
      *lane = g_object_ref (*way != NULL ? (*way)->lane : self->main);
      held->is_leaving = TRUE;
      return held;
    }

  return NULL;
}

static void
dbr_side_lanes_release_held_locked (DbrSideLanes *self)
{
  DbrLane *lane;
  Held *held;
  Way *way;

  while (self->main != NULL
         && (held = dbr_side_lanes_take_ready_locked (self, &lane, &way)) != NULL)
    {
      g_mutex_unlock (&self->mutex);
      dbr_lane_send (lane, held->exchange);
      g_object_unref (lane);
      if (way != NULL)
        dbr_side_lanes_leave_way (self, way);
      g_mutex_lock (&self->mutex);
      g_queue_remove (&self->held, held);
      held_free (held);
    }
}

/* A lane that takes calls, but has none, while the main one is far from laden again. */
static gboolean
dbr_side_lanes_is_needless_locked (DbrSideLanes *self)
{
  DbrLedgerLoad main;

  if (self->main == NULL || self->current == NULL || !way_is_idle (self->current))
    return FALSE;

  dbr_lane_look (self->main, NULL, &main);

  return main.n_held < main.n_slots / 4;
}

static void
linger_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrSideLanes) self =
    (DbrSideLanes *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrSideLanes, linger));

  g_mutex_lock (&self->mutex);
  self->is_lingering = FALSE;
  if (dbr_side_lanes_is_needless_locked (self))
    dbr_side_lanes_set_aside_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_side_lanes_ease (self);
}

static void
dbr_side_lanes_linger_locked (DbrSideLanes *self)
{
  if (self->is_lingering || !dbr_side_lanes_is_needless_locked (self))
    return;

  self->is_lingering = TRUE;
  g_object_ref (self);
  dbr_deadline_arm (&self->linger,
                    g_get_monotonic_time () + DBR_SIDE_LANES_LINGER_MS * (gint64) 1000,
                    linger_cb);
}

void
dbr_side_lanes_ease (DbrSideLanes *self)
{
  g_autoptr(GPtrArray) idle = NULL;

  g_mutex_lock (&self->mutex);
  self->has_eased = TRUE;
  if (self->is_easing)
    {
      g_mutex_unlock (&self->mutex);
      return;
    }

  self->is_easing = TRUE;
  while (self->has_eased)
    {
      self->has_eased = FALSE;
      dbr_side_lanes_release_held_locked (self);
    }
  self->is_easing = FALSE;
  dbr_side_lanes_linger_locked (self);
  idle = dbr_side_lanes_steal_idle_locked (self);
  g_mutex_unlock (&self->mutex);

  if (idle->len == 0)
    return;

  close_idle (idle);
  dbr_side_lanes_tell_slots (self);
}

/* The object */

static void
dbr_side_lanes_finalize (GObject *object)
{
  DbrSideLanes *self = DBR_SIDE_LANES (object);

  g_clear_pointer (&self->ways, g_ptr_array_unref);
  g_clear_pointer (&self->address, g_free);
  g_clear_object (&self->main);
  g_weak_ref_clear (&self->owner);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_side_lanes_parent_class)->finalize (object);
}

static void
dbr_side_lanes_class_init (DbrSideLanesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_side_lanes_finalize;
}

static void
dbr_side_lanes_init (DbrSideLanes *self)
{
  g_mutex_init (&self->mutex);
  g_queue_init (&self->held);
  self->ways = g_ptr_array_new_with_free_func (way_unref);
}

DbrSideLanes *
dbr_side_lanes_new (GObject                    *owner,
                    const DbrSideLanesListener *listener)
{
  DbrSideLanes *self = g_object_new (DBR_TYPE_SIDE_LANES, NULL);

  g_weak_ref_init (&self->owner, owner);
  self->listener = listener;

  return self;
}

void
dbr_side_lanes_begin (DbrSideLanes             *self,
                      DbrLane                  *main,
                      const char               *address,
                      const DbrTransportLimits *limits)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_set_object (&self->main, main);
  g_free (self->address);
  self->address = g_strdup (address);
  self->limits = *limits;
  self->may_open_usec = 0;
}

static void
dbr_side_lanes_steal_held_locked (DbrSideLanes *self,
                                  GQueue       *held)
{
  GList *next;

  /* One that is just being sent is on its way, and fails with the lane it goes by. */
  for (GList *link = self->held.head; link != NULL; link = next)
    {
      Held *one = link->data;

      next = link->next;
      if (one->is_leaving)
        continue;

      g_queue_push_tail (held, dbr_exchange_ref (one->exchange));
      held_free (one);
      g_queue_delete_link (&self->held, link);
    }
}

GPtrArray *
dbr_side_lanes_end (DbrSideLanes *self,
                    GQueue       *held)
{
  GPtrArray *lanes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(DbrLaneOpening) opening = NULL;
  g_autoptr(DbrLane) main = NULL;
  gboolean is_disarmed;

  g_mutex_lock (&self->mutex);
  main = g_steal_pointer (&self->main);
  opening = g_steal_pointer (&self->opening);
  self->current = NULL;
  if (self->fresh != NULL)
    g_ptr_array_add (lanes, g_steal_pointer (&self->fresh));
  for (guint i = 0; i < self->ways->len; i++)
    g_ptr_array_add (lanes, g_object_ref (((Way *) g_ptr_array_index (self->ways, i))->lane));
  g_ptr_array_set_size (self->ways, 0);
  dbr_side_lanes_count_locked (self);
  dbr_side_lanes_steal_held_locked (self, held);
  is_disarmed = self->is_lingering && dbr_deadline_disarm (&self->linger);
  if (is_disarmed)
    self->is_lingering = FALSE;
  g_mutex_unlock (&self->mutex);

  if (is_disarmed)
    g_object_unref (self);
  if (opening != NULL)
    dbr_lane_opening_abort (opening);

  return lanes;
}

gboolean
dbr_side_lanes_are_open (DbrSideLanes *self)
{
  return g_atomic_int_get (&self->n_ways) > 0;
}

guint
dbr_side_lanes_get_n_slots (DbrSideLanes *self)
{
  return (guint) g_atomic_int_get (&self->n_slots);
}

void
dbr_side_lanes_count (DbrSideLanes *self,
                      guint        *n_in_flight,
                      guint        *n_orphans)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *n_in_flight = 0;
  *n_orphans = 0;
  for (guint i = 0; i < self->ways->len; i++)
    {
      const Way *way = g_ptr_array_index (self->ways, i);
      DbrLedgerLoad load;

      dbr_lane_look (way->lane, NULL, &load);
      *n_in_flight += load.n_held - load.n_orphans;
      *n_orphans += load.n_orphans;
    }
}
