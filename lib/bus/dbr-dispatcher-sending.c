/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-dispatcher-private.h"

#include "bus/dbr-address-private.h"
#include "bus/dbr-gdbus-transport-private.h"

/* An attempt that nothing stands in the way of any more is sent: by the link, or on a lease. */

void
dbr_dispatcher_drop_reason (DbrDispatcher *self,
                            DbrPassage    *passage)
{
  g_autoptr(DbrMessage) reply = NULL;
  g_autoptr(GError) error = NULL;

  dbr_dispatcher_steal_reason (self, passage, &reply, &error);
}

static void
attempt_limit_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrPassage) passage = DBR_PASSAGE_FROM (deadline, attempt_limit);

  dbr_exchange_abandon_attempt (&passage->exchange,
                                dbr_exchange_new_late_error (&passage->exchange,
                                                             passage->attempt_limit_ms));
}

/* Where there is a limit for one attempt, it begins with this. What waits for the connection waits
 * within the limit of all. */
static void
dbr_dispatcher_arm_limit (DbrDispatcher *self,
                          DbrPassage    *passage)
{
  gint64 when;
  gboolean is_earlier;

  if (passage->attempt_limit_ms == 0)
    return;

  when = g_get_monotonic_time () + passage->attempt_limit_ms * (gint64) 1000;
  is_earlier = when < dbr_exchange_get_deadline (&passage->exchange);
  g_mutex_lock (&self->mutex);
  passage->attempt_limit_usec = is_earlier ? when : G_MAXINT64;
  g_mutex_unlock (&self->mutex);
  if (!is_earlier)
    return;

  dbr_passage_ref (passage);
  dbr_deadline_arm (&passage->attempt_limit, when, attempt_limit_cb);
}

/* A lane that is there for one call only hears nothing but its answer. */

static void
lease_orphan_ended_cb (gpointer         user_data,
                       const DbrOrphan *orphan,
                       DbrMessage      *reply)
{
  dbr_dispatcher_orphan_ended (NULL, orphan, reply);
}

static void
lease_signal_cb (gpointer    user_data,
                 DbrMessage *message)
{
}

static void
lease_lost_cb (gpointer  user_data,
               DbrLane  *lane,
               GError   *error)
{
}

static void
lease_laden_cb (gpointer          user_data,
                const DbrRequest *request)
{
}

static void
lease_eased_cb (gpointer user_data)
{
}

static const DbrLaneListener lease_listener = {
  lease_orphan_ended_cb,
  lease_signal_cb,
  lease_lost_cb,
  lease_laden_cb,
  lease_eased_cb,
};

/* The connection is lent, and is to be left as it was: so each attempt has a lane of its own on it,
 * which goes with the call. */
static void
dbr_dispatcher_send_on_lease (DbrDispatcher *self,
                              DbrPassage    *passage)
{
  DbrTransportLimits limits = dbr_address_get_limits (NULL);
  g_autoptr(DbrTransport) transport = dbr_gdbus_transport_new_adopted (passage->connection,
                                                                       &limits);
  g_autoptr(DbrLane) lane = dbr_lane_new (transport, TRUE, limits.n_replies, &lease_listener,
                                          NULL, NULL);
  gboolean has_ended;

  dbr_dispatcher_leave_lease (self, passage);
  dbr_lane_start (lane);

  g_mutex_lock (&self->mutex);
  passage->lane = g_object_ref (lane);
  has_ended = dbr_exchange_has_ended (&passage->exchange);
  g_mutex_unlock (&self->mutex);

  /* Who ended it before has not seen this lane; who does later takes it away. */
  if (has_ended)
    dbr_dispatcher_leave_lease (self, passage);
  else
    dbr_lane_send (lane, &passage->exchange);
}

void
dbr_dispatcher_send (DbrDispatcher *self,
                     DbrPassage    *passage)
{
  if (G_UNLIKELY (passage->n_retries > 0))
    {
      dbr_dispatcher_drop_reason (self, passage);
      if (passage->handle != NULL)
        dbr_metrics_handle_add_retry (passage->handle);
    }

  dbr_dispatcher_arm_limit (self, passage);
  if (passage->destination != NULL)
    dbr_dispatcher_watch_sent (self, passage->destination);
  if (passage->connection != NULL)
    dbr_dispatcher_send_on_lease (self, passage);
  else
    dbr_link_submit (self->link, &passage->exchange);
}
