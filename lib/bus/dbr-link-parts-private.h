/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-link-pause-private.h"
#include "bus/dbr-link-private.h"
#include "bus/dbr-opening-private.h"
#include "bus/dbr-probe-lane-private.h"
#include "bus/dbr-side-lanes-private.h"

G_BEGIN_DECLS

/* What the two files of a link have in common: one uses the connection, the other one makes it. */

struct _DbrLink
{
  GObject                parent_instance;

  /* identity */
  GBusType               bus_type;
  char                  *address;
  gboolean               has_bus;
  GDBusConnection       *adopted;
  const DbrLinkListener *listener;
  gpointer               user_data;
  GDestroyNotify         destroy;

  DbrOwners             *owners;
  DbrMatches            *matches;
  DbrSideLanes          *side_lanes;
  DbrProbeLane          *probe_lane;
  guint                  generation;

  /* atomic: those of the main lane */
  guint                  n_slots;

  /* touched on dbr-io only: what the bus allows, and where it is */
  DbrTransportLimits     limits;
  char                  *current_address;
  /* what the bus of the last connection called itself */
  char                  *guid;

  GMutex                 mutex;

  /* guarded by mutex */
  DbrClientState         state;
  gboolean               was_lost;
  gint64                 connected_usec;
  /* how long it is until the next attempt, and its end, which holds a reference while it is armed */
  DbrLinkPause           pause;
  DbrDeadline            pause_end;
  /* connected, but what waited is still being sent: what is begun meanwhile has to wait its turn */
  gboolean               is_flushing;
  /* the main lane, which has the match rules and the name the client shows */
  DbrLane               *lane;
  DbrOpening            *opening;
  /* exchanges that wait for the connection, in order; each holds a reference */
  GQueue                 waiting;
  guint                  sweep_at;
};

/* Using it */

/* What the link hears of its main lane. */
extern const DbrLaneListener dbr_link_lane_listener;

/* By the lane that this exchange is to go by. */
void dbr_link_send         (DbrLink     *self,
                            DbrLane     *lane,
                            DbrExchange *exchange);
/* Ends what a link that was closed had under way, on each lane in the order it was begun. */
void dbr_link_end_all      (DbrLink     *self);

/* Making it */

/* The first time, because somebody asks for it. */
void dbr_link_open         (DbrLink     *self);
/* Once more, at the end of the pause that was begun. */
void dbr_link_pause_locked (DbrLink     *self);
/* Somebody waits now, who was not there when the pause began. */
void dbr_link_hurry_locked (DbrLink     *self);

G_END_DECLS
