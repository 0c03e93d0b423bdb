/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many of the last answers are remembered. */
#define DBR_STALL_N_SAMPLES 1000u
/* What a limit for one probe is kept between. */
#define DBR_STALL_MIN_LIMIT_USEC (1 * G_USEC_PER_SEC)
#define DBR_STALL_MAX_LIMIT_USEC (5 * G_USEC_PER_SEC)

/* How long a service took for its last answers, and what follows for the next one. Nothing is
 * supposed of the distribution but that it stays: the bound is Cantelli's, which holds for any. A
 * curve with thin tails would call a service dead that merely is a service. */
typedef struct
{
  guint   n_samples;
  guint   next;
  guint64 sum;
  guint64 sum_of_squares;
  guint32 samples[DBR_STALL_N_SAMPLES];
} DbrStallLatency;

void   dbr_stall_latency_add          (DbrStallLatency       *self,
                                       gint64                 usec);
double dbr_stall_latency_get_mean     (const DbrStallLatency *self);
double dbr_stall_latency_get_variance (const DbrStallLatency *self);

/* What an answer takes longer than with a probability of no more than @share. */
gint64 dbr_stall_latency_get_limit    (const DbrStallLatency *self,
                                       double                 share);
/* The other way round; never less than what so few samples can show. */
double dbr_stall_latency_get_share    (const DbrStallLatency *self,
                                       gint64                 limit_usec);

G_END_DECLS
