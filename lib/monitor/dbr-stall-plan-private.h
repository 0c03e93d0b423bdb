/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-stall-latency-private.h"

G_BEGIN_DECLS

#define DBR_STALL_MAX_MISSES 8u
/* The share of answers that may be later than the limit for one, where nothing else is asked. */
#define DBR_STALL_SHARE 0.001

/* How often a service is probed, and how many probes in a row have to be missed. */
typedef struct
{
  gint64 interval_usec;
  guint  n_misses;
  double share;
} DbrStallPlan;

/* How much later than planned we may be ourselves, and the bus may answer, before that is held
 * against us instead of the service. */
gint64   dbr_stall_plan_get_allowance_usec (gint64                 limit_usec);
/* How long after one probe the next may be sent, however urgent. */
gint64   dbr_stall_plan_get_step_usec      (const DbrStallPlan    *self);

/* What a plan achieves: the longest time from the beginning of a stall until it is told, and how
 * many days pass on average between two that are none. The second takes each answer's lateness
 * for chance; causes that all answers share are what the detector voids probes for. */
gint64   dbr_stall_plan_get_detection_usec (const DbrStallPlan    *self,
                                            gint64                 limit_usec);
double   dbr_stall_plan_get_days           (const DbrStallPlan    *self,
                                            double                 share);

/* Finds the plan that probes least of those that keep both. FALSE: there is none, and it is the one
 * that comes closest to the detection time and keeps the days. @limit_usec is 0 where it follows
 * from the latency. */
gboolean dbr_stall_plan_make               (DbrStallPlan          *self,
                                            const DbrStallLatency *latency,
                                            gint64                 limit_usec,
                                            gint64                 detection_usec,
                                            double                 days);

G_END_DECLS
