/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-stall-latency-private.h"

#include <math.h>

/* The sums are of whole numbers, so that nothing is lost by taking out what was put in; a thousand
 * squares of the longest limit are far from what fits. */
void
dbr_stall_latency_add (DbrStallLatency *self,
                       gint64           usec)
{
  guint64 sample = (guint64) CLAMP (usec, 0, DBR_STALL_MAX_LIMIT_USEC);

  if (self->n_samples == DBR_STALL_N_SAMPLES)
    {
      guint64 oldest = self->samples[self->next];

      self->sum -= oldest;
      self->sum_of_squares -= oldest * oldest;
    }
  else
    {
      self->n_samples++;
    }

  self->samples[self->next] = (guint32) sample;
  self->next = (self->next + 1) % DBR_STALL_N_SAMPLES;
  self->sum += sample;
  self->sum_of_squares += sample * sample;
}

double
dbr_stall_latency_get_mean (const DbrStallLatency *self)
{
  return self->n_samples > 0 ? (double) self->sum / self->n_samples : 0;
}

double
dbr_stall_latency_get_variance (const DbrStallLatency *self)
{
  double mean = dbr_stall_latency_get_mean (self);

  if (self->n_samples == 0)
    return 0;

  return MAX ((double) self->sum_of_squares / self->n_samples - mean * mean, 0);
}

/* A service that always takes the same time has no variance; twice that time is still too little to
 * say anything. */
gint64
dbr_stall_latency_get_limit (const DbrStallLatency *self,
                             double                 share)
{
  double mean = dbr_stall_latency_get_mean (self);
  double bound = mean + sqrt (dbr_stall_latency_get_variance (self) * (1 / share - 1));

  return (gint64) CLAMP (MAX (bound, 2 * mean),
                         DBR_STALL_MIN_LIMIT_USEC, DBR_STALL_MAX_LIMIT_USEC);
}

double
dbr_stall_latency_get_share (const DbrStallLatency *self,
                             gint64                 limit_usec)
{
  double variance = dbr_stall_latency_get_variance (self);
  double beyond = limit_usec - dbr_stall_latency_get_mean (self);

  if (beyond <= 0)
    return 1;

  return MAX (variance / (variance + beyond * beyond), 1.0 / (self->n_samples + 1));
}
