/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lane-private.h"

G_BEGIN_DECLS

/* How many lanes there are at most beside the main one and the one that takes calls: those that were
 * set aside, and wait for answers that nobody else waits for. */
#define DBR_SIDE_LANES_MAX_ASIDE 2
/* How long one that is not needed any more is kept for the case that it is. */
#define DBR_SIDE_LANES_LINGER_MS 5000

/* Where a call goes. */
typedef enum
{
  DBR_LANE_CHOICE_MAIN,
  DBR_LANE_CHOICE_SIDE,
  /* It waits: it would overtake another one, or there is no room for it. */
  DBR_LANE_CHOICE_HOLD,
} DbrLaneChoice;

/* What is held on the main lane, on the one beside it, if there is one, and how many calls to the
 * same destination are in flight on those set aside. */
DbrLaneChoice dbr_lane_choose (const DbrLedgerLoad *main,
                               const DbrLedgerLoad *side,
                               guint                n_aside,
                               gboolean             may_move);

#define DBR_TYPE_SIDE_LANES (dbr_side_lanes_get_type ())

/* The lanes beside the main one, for calls that may go by any. One is opened when the main lane
 * holds half of the replies that the bus allows it, and set aside for a fresh one when services
 * that hang hold half of its own. What was set aside is closed when all of it was answered. */
G_DECLARE_FINAL_TYPE (DbrSideLanes, dbr_side_lanes, DBR, SIDE_LANES, GObject)

/* Who hears of it, in any thread, with no lock held. @owner is not kept for it. */
typedef struct
{
  void (*orphan_ended)(gpointer         owner,
                       const DbrOrphan *orphan,
                       DbrMessage      *reply);
  /* dbr_side_lanes_get_n_slots() is another one. */
  void (*slots_changed)(gpointer owner);
} DbrSideLanesListener;

DbrSideLanes *dbr_side_lanes_new         (GObject                    *owner,
                                          const DbrSideLanesListener *listener) G_GNUC_WARN_UNUSED_RESULT;

/* @main is there, and others may be opened to the same address. */
void          dbr_side_lanes_begin       (DbrSideLanes              *self,
                                          DbrLane                   *main,
                                          const char                *address,
                                          const DbrTransportLimits  *limits);
/* @main is gone. Returns the lanes that are to be closed with it, and adds to @held the calls that
 * were not sent yet, with a reference each. */
GPtrArray    *dbr_side_lanes_end         (DbrSideLanes     *self,
                                          GQueue           *held) G_GNUC_WARN_UNUSED_RESULT;

/* There is a call that would be better off on another lane. */
void          dbr_side_lanes_want        (DbrSideLanes     *self);
/* Whether there are any; cheap. */
gboolean      dbr_side_lanes_are_open    (DbrSideLanes     *self);
/* FALSE: it goes by the main lane, and was not sent. */
gboolean      dbr_side_lanes_send        (DbrSideLanes     *self,
                                          DbrExchange      *exchange,
                                          gboolean          may_move);
/* A slot of the main lane is free again. */
void          dbr_side_lanes_ease        (DbrSideLanes     *self);

/* How many slots they add to those of the main lane; from any thread, under any lock. */
guint         dbr_side_lanes_get_n_slots (DbrSideLanes     *self);
void          dbr_side_lanes_count       (DbrSideLanes     *self,
                                          guint            *n_in_flight,
                                          guint            *n_orphans);

G_END_DECLS
