/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lane-private.h"

G_BEGIN_DECLS

/* How long the lane is kept after the last probe, if no caller still waits for an answer. */
#define DBR_PROBE_LANE_LINGER_MS 60000

#define DBR_TYPE_PROBE_LANE (dbr_probe_lane_get_type ())

/* A connection for nothing but probes, so that what a probe tells of a service is not the doing of
 * the calls before it: they may hold all the slots that the service gets, wait to be written to a
 * bus that does not read, or have answers that come before its own. It is opened with the first
 * probe, and stays. */
G_DECLARE_FINAL_TYPE (DbrProbeLane, dbr_probe_lane, DBR, PROBE_LANE, GObject)

/* Who hears of it, in any thread, with no lock held. @owner is not kept for it. */
typedef struct
{
  void (*orphan_ended)(gpointer         owner,
                       const DbrOrphan *orphan,
                       DbrMessage      *reply);
  /* There is no such connection to be had, and so the probe goes by the main lane. */
  void (*refused)(gpointer     owner,
                  DbrExchange *exchange);
} DbrProbeLaneListener;

DbrProbeLane *dbr_probe_lane_new   (GObject                    *owner,
                                    const DbrProbeLaneListener *listener) G_GNUC_WARN_UNUSED_RESULT;

/* There is a main lane, which leads to @address. */
void          dbr_probe_lane_begin (DbrProbeLane              *self,
                                    const char                *address,
                                    const DbrTransportLimits  *limits);
/* It is gone. Returns the lane that is to be closed with it, if there is one, and adds to @waiting
 * the probes that were not sent yet, with a reference each. */
DbrLane      *dbr_probe_lane_end   (DbrProbeLane     *self,
                                    GQueue           *waiting) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE: it goes by the main lane, and was not sent. */
gboolean      dbr_probe_lane_send  (DbrProbeLane     *self,
                                    DbrExchange      *exchange);
void          dbr_probe_lane_count (DbrProbeLane     *self,
                                    guint            *n_in_flight,
                                    guint            *n_orphans);

G_END_DECLS
