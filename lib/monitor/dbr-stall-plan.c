/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-stall-plan-private.h"

#include <math.h>

#define ALLOWANCE_USEC (G_USEC_PER_SEC / 4)
#define STEP_USEC G_USEC_PER_SEC
#define MIN_INTERVAL_USEC G_USEC_PER_SEC
#define USEC_PER_DAY (24 * 3600 * (double) G_USEC_PER_SEC)
/* A limit that more answers miss says nothing of any one of them. */
#define MAX_SHARE 0.1

gint64
dbr_stall_plan_get_allowance_usec (gint64 limit_usec)
{
  return MAX (ALLOWANCE_USEC, limit_usec / 4);
}

gint64
dbr_stall_plan_get_step_usec (const DbrStallPlan *self)
{
  return MIN (STEP_USEC, self->interval_usec);
}

/* The second probe is sent when the first is missed, and each further one a step later; the last of
 * them has its whole limit. The allowances are those of each probe that is sent, and of the tick
 * and the bus when the first and the last are judged. */
gint64
dbr_stall_plan_get_detection_usec (const DbrStallPlan *self,
                                   gint64              limit_usec)
{
  gint64 allowance = dbr_stall_plan_get_allowance_usec (limit_usec);
  gint64 step = dbr_stall_plan_get_step_usec (self);

  if (self->n_misses < 2)
    return self->interval_usec + limit_usec + 3 * allowance;

  return self->interval_usec + MAX (limit_usec, step) + (self->n_misses - 2) * step + limit_usec
         + (self->n_misses + 4) * allowance;
}

double
dbr_stall_plan_get_days (const DbrStallPlan *self,
                         double              share)
{
  return self->interval_usec / pow (share, self->n_misses) / USEC_PER_DAY;
}

gboolean
dbr_stall_plan_make (DbrStallPlan          *self,
                     const DbrStallLatency *latency,
                     gint64                 limit_usec,
                     gint64                 detection_usec,
                     double                 days)
{
  DbrStallPlan best = { 0 };
  gint64 most_spare = G_MININT64;

  for (guint n = 1; n <= DBR_STALL_MAX_MISSES; n++)
    {
      DbrStallPlan plan = { MIN_INTERVAL_USEC, n, 0 };
      gint64 limit, spare;

      plan.share = MIN (pow (MIN_INTERVAL_USEC / (days * USEC_PER_DAY), 1.0 / n), MAX_SHARE);
      /* No number of samples that is kept could show this. */
      if (plan.share < 1.0 / (DBR_STALL_N_SAMPLES + 1) && n < DBR_STALL_MAX_MISSES)
        continue;

      limit = limit_usec > 0 ? limit_usec : dbr_stall_latency_get_limit (latency, plan.share);
      spare = detection_usec - dbr_stall_plan_get_detection_usec (&plan, limit);
      if (spare > most_spare)
        {
          best = plan;
          most_spare = spare;
        }
    }

  *self = best;
  self->interval_usec += MAX (most_spare, 0);

  return most_spare >= 0;
}
