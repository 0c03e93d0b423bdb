/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many of the values are at least @from_usec and less than the next one's. */
typedef struct
{
  gint64 from_usec;
  gint64 to_usec;
  guint  count;
} DbrctlBucket;

/* Durations, in microseconds; sorted by the first who asks. */
typedef struct
{
  GArray   *values;
  gboolean  is_sorted;
} DbrctlSamples;

void      dbrctl_samples_init        (DbrctlSamples *self);
void      dbrctl_samples_clear       (DbrctlSamples *self);
void      dbrctl_samples_add         (DbrctlSamples *self,
                                      gint64         usec);
guint     dbrctl_samples_count       (DbrctlSamples *self);
/* -1 without samples. */
gint64    dbrctl_samples_percentile  (DbrctlSamples *self,
                                      double         percent);
/* Of DbrctlBucket, without a gap and with the first and the last one not empty: what is near to
 * each other in even steps, else in those of 1, 2 and 5. */
GArray   *dbrctl_samples_dup_buckets (DbrctlSamples *self) G_GNUC_WARN_UNUSED_RESULT;

/* A bar of @width columns at most; for who cannot see eighths of a column, of “#”. */
char     *dbrctl_dup_bar             (double         part,
                                      guint          width,
                                      gboolean       has_blocks) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrctlSamples, dbrctl_samples_clear)

G_END_DECLS
