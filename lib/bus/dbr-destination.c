/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-destination-private.h"

#include "base/dbr-clock-private.h"

#define DESTINATION_FROM_TICK(deadline) \
  ((DbrDestination *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrDestination, tick)))

/* The circuit may outlive the client in the application's hands, and what it holds here tells
 * nobody any more then. */
static void
circuit_changed_cb (DbrCircuitBreaker *circuit,
                    gpointer           user_data)
{
  DbrDestination *self = user_data;
  g_autoptr(GObject) dispatcher = g_weak_ref_get (&self->dispatcher);

  if (dispatcher != NULL)
    self->circuit_changed (dispatcher, self);
}

DbrDestination *
dbr_destination_new (const char         *bus_name,
                     GMainContext       *context,
                     GObject            *dispatcher,
                     DbrDestinationFunc  circuit_changed)
{
  DbrDestination *self = g_new0 (DbrDestination, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->dispatcher, dispatcher);
  g_queue_init (&self->parked);
  self->watches = dbr_watches_new ();
  self->bus_name = g_strdup (bus_name);
  self->circuit_changed = circuit_changed;
  self->state = DBR_CIRCUIT_STATE_CLOSED;
  self->was_closed = TRUE;
  self->circuit = dbr_circuit_breaker_new (bus_name, context, dbr_clock_get_system (),
                                           dbr_random_get_system ());
  dbr_circuit_breaker_set_changed (self->circuit, circuit_changed_cb, dbr_destination_ref (self),
                                   (GDestroyNotify) dbr_destination_unref);

  return self;
}

DbrDestination *
dbr_destination_ref (DbrDestination *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_destination_unref (DbrDestination *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->dispatcher);
  g_ptr_array_unref (self->watches);
  g_free (self->bus_name);
  g_free (self->owner);
  g_free (self);
}

void
dbr_destination_drop (DbrDestination *self)
{
  DbrCircuitBreaker *circuit = self->circuit;

  if (dbr_deadline_disarm (&self->tick))
    dbr_destination_unref (self);
  if (dbr_deadline_disarm (&self->slow))
    dbr_destination_unref (self);
  dbr_destination_unref (self);
  g_object_unref (circuit);
}

gboolean
dbr_destination_is_idle (DbrDestination *self)
{
  /* One reference is the dispatcher's and one the circuit's. */
  return !self->is_kept
         && !self->has_tick
         && g_atomic_int_get (&self->ref_count) == 2
         && g_queue_is_empty (&self->parked)
         && dbr_admission_window_is_idle (&self->window)
         && dbr_circuit_breaker_get_state (self->circuit) == DBR_CIRCUIT_STATE_CLOSED;
}

gboolean
dbr_destination_take_owner (DbrDestination *self,
                            const char     *owner,
                            gboolean        is_change,
                            gint64          now)
{
  gboolean is_comparable = !self->is_of_other_bus;

  self->is_current = TRUE;
  self->is_of_other_bus = FALSE;
  if (is_comparable && g_strcmp0 (self->owner, owner) == 0)
    return FALSE;

  if (owner != NULL)
    {
      self->generation++;
      /* Also who came while the connection was away has come, if another one was there before. */
      self->came_usec = is_change || self->generation > 1 ? now : 0;
    }
  else
    {
      self->went_usec = now;
      self->was_idle = self->window.n_in_flight == 0;
    }
  g_free (self->owner);
  self->owner = g_strdup (owner);

  return TRUE;
}

gboolean
dbr_destination_is_on_demand (const DbrDestination *self)
{
  return self->was_idle && self->window.n_in_flight > 0;
}

gboolean
dbr_destination_take_state (DbrDestination  *self,
                            DbrCircuitState  state,
                            gboolean        *has_opened)
{
  *has_opened = FALSE;
  if (self->state == state)
    return FALSE;

  self->state = state;
  if (state == DBR_CIRCUIT_STATE_CLOSED)
    self->was_closed = TRUE;
  if (state == DBR_CIRCUIT_STATE_OPEN)
    {
      *has_opened = self->was_closed;
      self->was_closed = FALSE;
    }

  return TRUE;
}

gboolean
dbr_destination_is_in_gap (const DbrDestination *self,
                           gint64                now)
{
  return self->generation > 0
         && (self->owner != NULL || now - self->went_usec < DBR_DESTINATION_GAP_USEC);
}

gboolean
dbr_destination_is_starting (const DbrDestination *self,
                             gint64                now)
{
  return self->owner != NULL && self->came_usec != 0
         && now - self->came_usec < DBR_DESTINATION_STARTING_USEC;
}

void
dbr_destination_answered (DbrDestination *self,
                          DbrMessage     *reply)
{
  self->answered_usec = reply->arrived_usec;
  if (!dbr_message_may_be_of_worker (reply))
    self->heard_usec = MAX (self->heard_usec, reply->arrived_usec);
}

static void
tick_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrDestination) self = DESTINATION_FROM_TICK (deadline);
  g_autoptr(GObject) dispatcher = g_weak_ref_get (&self->dispatcher);

  if (dispatcher == NULL)
    return;

  dbr_circuit_breaker_tick (self->circuit, g_get_monotonic_time ());
  self->circuit_changed (dispatcher, self);
}

/* A tick that can no longer be taken back is on its way to look by itself. Who probes the service
 * was told of a circuit that wants to be tried, and does so when it can. */
void
dbr_destination_set_tick (DbrDestination *self)
{
  gint64 next_usec = dbr_circuit_breaker_get_next_usec (self->circuit);

  if (next_usec <= g_get_monotonic_time ()
      && dbr_circuit_breaker_get_state (self->circuit) == DBR_CIRCUIT_STATE_HALF_OPEN)
    next_usec = G_MAXINT64;

  self->has_tick = next_usec != G_MAXINT64;
  if (dbr_deadline_disarm (&self->tick))
    dbr_destination_unref (self);
  if (!self->has_tick)
    return;

  dbr_destination_ref (self);
  dbr_deadline_arm (&self->tick, next_usec, tick_cb);
}
