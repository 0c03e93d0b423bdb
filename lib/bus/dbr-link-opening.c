/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-link-parts-private.h"

#include <string.h>

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-address-private.h"
#include "bus/dbr-gdbus-transport-private.h"

/* How the connection of a link is made, for the first time and again: when, whereto, and what is
 * done with it before it is anybody's. */

/* How long one attempt to connect may take. Who waits has a limit of its own besides. */
#define OPENING_LIMIT_MS 25000

/* A bus that allows more calls at once than this does not run out of them. */
#define MAX_SCARCE_SLOTS 1024

/* Pauses */

/* Whether there is someone to make haste for. */
static gboolean
dbr_link_is_awaited_locked (DbrLink *self)
{
  for (const GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      if (!dbr_exchange_has_ended (link->data))
        return TRUE;
    }

  return FALSE;
}

static void pause_end_cb (DbrDeadline *deadline);

void
dbr_link_pause_locked (DbrLink *self)
{
  gboolean is_awaited = dbr_link_is_awaited_locked (self);

  self->state = DBR_CLIENT_STATE_RECONNECTING;
  g_object_ref (self);
  dbr_deadline_arm (&self->pause_end, dbr_link_pause_get_end (&self->pause, is_awaited),
                    pause_end_cb);
}

void
dbr_link_hurry_locked (DbrLink *self)
{
  gint64 end_usec = dbr_link_pause_get_end (&self->pause, TRUE);

  if (self->pause_end.when > end_usec && dbr_deadline_disarm (&self->pause_end))
    dbr_deadline_arm (&self->pause_end, end_usec, pause_end_cb);
}

/* Opening, on dbr-io */

typedef enum
{
  FLUSH_GOES_ON,
  FLUSH_IS_DONE,
  FLUSH_IS_CLOSED,
} Flush;

static Flush
dbr_link_flush_next (DbrLink      *self,
                     DbrLane      *lane,
                     DbrExchange **exchange)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *exchange = NULL;
  if (self->state == DBR_CLIENT_STATE_CLOSED)
    {
      self->is_flushing = FALSE;
      return FLUSH_IS_CLOSED;
    }
  if (self->lane == lane)
    *exchange = g_queue_pop_head (&self->waiting);
  if (*exchange != NULL)
    return FLUSH_GOES_ON;

  self->is_flushing = FALSE;

  return FLUSH_IS_DONE;
}

/* Sends what waited, in order. What is begun meanwhile joins the queue's end, so nothing overtakes;
 * and a link that is closed meanwhile leaves it to this function to end everything, for the same
 * reason. */
static void
dbr_link_flush (DbrLink *self,
                DbrLane *lane)
{
  DbrExchange *exchange;
  Flush flush;

  while ((flush = dbr_link_flush_next (self, lane, &exchange)) == FLUSH_GOES_ON)
    {
      dbr_link_send (self, lane, exchange);
      dbr_exchange_unref (exchange);
    }

  if (flush == FLUSH_IS_CLOSED)
    dbr_link_end_all (self);
}

/* A first connection that cannot be made is told to who asked for it. One that was lost is tried
 * for again and again. */
static void
dbr_link_fail_opening_locked (DbrLink *self,
                              GQueue  *waiting)
{
  if (self->was_lost && self->adopted == NULL)
    {
      dbr_link_pause_begin_failed (&self->pause, dbr_random_get_system (), g_get_monotonic_time ());
      dbr_link_pause_locked (self);
      return;
    }

  self->state = DBR_CLIENT_STATE_DISCONNECTED;
  dbr_exchanges_steal (&self->waiting, waiting);
}

static void
dbr_link_fail_opening (DbrLink *self,
                       GError  *error)
{
  GQueue waiting = G_QUEUE_INIT;
  gboolean is_closed;

  g_mutex_lock (&self->mutex);
  g_clear_pointer (&self->opening, dbr_opening_unref);
  is_closed = self->state == DBR_CLIENT_STATE_CLOSED;
  if (!is_closed)
    dbr_link_fail_opening_locked (self, &waiting);
  g_mutex_unlock (&self->mutex);

  /* Who closed it made it fail, and ends what waits. */
  if (is_closed)
    return;

  dbr_debug (DBR_DEBUG_LANES, "There is no connection", "DBR_REASON", error->message);
  self->listener->state_changed (self->user_data);
  dbr_exchanges_fail (&waiting, error);
}

/* What was registered on the lost connection is there again. */
static void
restored_cb (DbrExchange *exchange,
             gpointer     user_data)
{
  g_autoptr(DbrLink) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);

  /* Else it was lost once more. */
  if (answer != NULL)
    self->listener->restored (self->user_data);
}

/* The bus takes one message after another: when it answers the last one, it has done what was asked
 * before. */
static void
dbr_link_restore (DbrLink *self,
                  DbrLane *lane)
{
  g_autoptr(DbrRequest) request = dbr_request_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                                                   "GetId", NULL, NULL);
  g_autoptr(DbrExchange) exchange = dbr_exchange_new (request, "default", DBR_EXCHANGE_NO_LIMIT);

  if (!self->has_bus)
    {
      self->listener->restored (self->user_data);
      return;
    }

  dbr_owners_restore (self->owners, lane);
  dbr_matches_restore (self->matches, lane);
  dbr_exchange_start_direct (exchange, restored_cb, g_object_ref (self));
  dbr_lane_send (lane, exchange);
}

/* Whether it is another bus than that of the last connection. A bus counts its connections anew, so
 * that a unique name is another program's then. */
static gboolean
dbr_link_has_other_bus (DbrLink    *self,
                        const char *guid)
{
  g_autofree char *old = g_steal_pointer (&self->guid);

  self->guid = g_strdup (guid);

  return self->has_bus && old != NULL && *old != '\0' && guid != NULL && *guid != '\0'
         && strcmp (old, guid) != 0;
}

/* Takes a connection that was just made; if the link was closed in the meantime, only to close
 * it. */
static void
dbr_link_take_transport (DbrLink      *self,
                         DbrTransport *transport)
{
  g_autoptr(DbrLane) lane = dbr_lane_new (transport, self->has_bus, self->limits.n_replies,
                                          &dbr_link_lane_listener, g_object_ref (self),
                                          g_object_unref);
  gboolean is_restored;

  g_mutex_lock (&self->mutex);
  g_clear_pointer (&self->opening, dbr_opening_unref);
  is_restored = self->was_lost;
  self->lane = g_object_ref (lane);
  self->was_lost = FALSE;
  self->is_flushing = TRUE;
  self->connected_usec = g_get_monotonic_time ();
  g_atomic_int_set (&self->n_slots, self->limits.n_replies);
  if (self->state != DBR_CLIENT_STATE_CLOSED)
    self->state = DBR_CLIENT_STATE_CONNECTED;
  g_mutex_unlock (&self->mutex);

  dbr_debug (DBR_DEBUG_LANES, "Connected", "DBR_UNIQUE_NAME", dbr_lane_get_unique_name (lane));
  self->listener->slots_changed (self->user_data);
  self->listener->opened (self->user_data, &self->limits);
  if (dbr_link_has_other_bus (self, dbr_transport_get_guid (transport)))
    self->listener->bus_changed (self->user_data);
  if (self->adopted == NULL && self->limits.n_replies <= MAX_SCARCE_SLOTS)
    dbr_side_lanes_begin (self->side_lanes, lane, self->current_address, &self->limits);
  if (self->adopted == NULL && self->has_bus)
    dbr_probe_lane_begin (self->probe_lane, self->current_address, &self->limits);
  dbr_lane_start (lane);
  self->listener->state_changed (self->user_data);
  if (is_restored)
    dbr_link_restore (self, lane);
  dbr_link_flush (self, lane);
}

static void
opened_cb (DbrTransport *transport,
           GError       *error,
           gpointer      user_data)
{
  DbrLink *self = user_data;

  if (error != NULL)
    dbr_link_fail_opening (self, error);
  else
    dbr_link_take_transport (self, transport);
}

static void
dbr_link_adopt (DbrLink *self)
{
  g_autoptr(DbrTransport) transport = NULL;
  g_autoptr(GError) error = NULL;

  if (g_dbus_connection_is_closed (self->adopted))
    {
      error = g_error_new_literal (DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
                                   _("The connection that this client was given is closed"));
      dbr_link_fail_opening (self, error);
      return;
    }

  transport = dbr_gdbus_transport_new_adopted (self->adopted, &self->limits);
  dbr_link_take_transport (self, transport);
}

static char *
dbr_link_resolve (DbrLink  *self,
                  GError  **error)
{
  g_autofree char *address = NULL;

  address = self->address != NULL ? g_strdup (self->address)
                                  : dbr_address_dup_for_bus (self->bus_type, error);
  if (address == NULL || !dbr_address_check (address, error))
    return NULL;

  return g_steal_pointer (&address);
}

static void
dbr_link_connect (DbrLink *self)
{
  g_autoptr(DbrOpening) opening = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *address = dbr_link_resolve (self, &error);
  gboolean is_closed;

  if (address == NULL)
    {
      dbr_link_fail_opening (self, error);
      return;
    }

  self->limits = self->has_bus ? dbr_address_get_limits (address) : dbr_address_get_peer_limits ();
  g_free (self->current_address);
  self->current_address = g_strdup (address);
  opening = dbr_opening_start (address, self->has_bus, &self->limits, OPENING_LIMIT_MS,
                               opened_cb, g_object_ref (self), g_object_unref);

  /* It may be over already, and then nothing is left to abort. */
  g_mutex_lock (&self->mutex);
  is_closed = self->state == DBR_CLIENT_STATE_CLOSED;
  if (self->state == DBR_CLIENT_STATE_CONNECTING || self->state == DBR_CLIENT_STATE_RECONNECTING)
    self->opening = dbr_opening_ref (opening);
  g_mutex_unlock (&self->mutex);

  if (is_closed)
    dbr_opening_abort (opening);
}

static void
open_cb (gpointer data)
{
  g_autoptr(DbrLink) self = data;

  self->listener->state_changed (self->user_data);
  if (self->adopted != NULL)
    dbr_link_adopt (self);
  else
    dbr_link_connect (self);
}

void
dbr_link_open (DbrLink *self)
{
  dbr_io_invoke (open_cb, g_object_ref (self));
}

static void
pause_end_cb (DbrDeadline *deadline)
{
  DbrLink *self = (DbrLink *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrLink, pause_end));

  if (dbr_link_get_state (self) != DBR_CLIENT_STATE_CLOSED)
    dbr_link_connect (self);
  g_object_unref (self);
}
