/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-exchange-private.h"
#include "bus/dbr-transport-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_LANE (dbr_lane_get_type ())

/* One connection with the calls that are under way on it and the slots they hold at the bus. */
G_DECLARE_FINAL_TYPE (DbrLane, dbr_lane, DBR, LANE, GObject)

/* A call that was sent and whose answer nobody waits for any more, but which still holds its place
 * at the bus. */
typedef struct
{
  const char       *operation;
  gint64            deadline_usec;
  DbrLedgerAccount *account;
  /* what DbrExchangeFuncs.orphaned returned */
  gpointer    place;
} DbrOrphan;

/* Who hears of it, with no lock held: in the transport's thread, but of slots in any. */
typedef struct
{
  /* An orphan has given its place free: @reply came to it, or NULL when the connection is over. */
  void (*orphan_ended)(gpointer         user_data,
                       const DbrOrphan *orphan,
                       DbrMessage      *reply);
  void (*signal)(gpointer    user_data,
                 DbrMessage *message);
  /* The connection is over; the calls on it are failed after this returns. */
  void (*lost)(gpointer    user_data,
               DbrLane    *lane,
               GError     *error);
  /* With this request, half of its slots or more are taken. */
  void (*laden)(gpointer          user_data,
                const DbrRequest *request);
  /* A call no longer takes a slot, or is no longer in flight. */
  void (*eased)(gpointer user_data);
} DbrLaneListener;

DbrLane    *dbr_lane_new             (DbrTransport          *transport,
                                      gboolean               has_bus,
                                      guint                  n_slots,
                                      const DbrLaneListener *listener,
                                      gpointer               user_data,
                                      GDestroyNotify         destroy) G_GNUC_WARN_UNUSED_RESULT;

/* From here on it hears the connection, which may be over already. */
void        dbr_lane_start           (DbrLane               *self);

/* Sends a waiting exchange, or ends it with the reason why not. */
void        dbr_lane_send            (DbrLane               *self,
                                      DbrExchange           *exchange);
/* Ends the connection and all calls on it with @reason: before it is started, meanwhile or later. */
void        dbr_lane_close           (DbrLane               *self,
                                      const GError          *reason);

const char *dbr_lane_get_unique_name (DbrLane               *self);
void        dbr_lane_count           (DbrLane               *self,
                                      guint                 *n_in_flight,
                                      guint                 *n_orphans);
/* Whether a call to @bus_name may be answered later than the service would: there is no slot for it
 * or half of all are taken, much waits to be written, or no answer has come for a second although
 * some are due. */
gboolean    dbr_lane_is_crowded      (DbrLane               *self,
                                      const char            *bus_name);
/* See dbr_ledger_look(). */
void        dbr_lane_look            (DbrLane               *self,
                                      const char            *destination,
                                      DbrLedgerLoad         *load);

G_END_DECLS
