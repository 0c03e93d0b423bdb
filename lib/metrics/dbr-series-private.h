/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-histogram-private.h"

G_BEGIN_DECLS

/* A window is the slice under way and these before it: the last 50 to 60 seconds. */
#define DBR_WINDOW_SLICE_USEC (10 * (gint64) G_USEC_PER_SEC)
#define DBR_WINDOW_N_CLOSED 5u

typedef struct _DbrSlice DbrSlice;

/* One kind of time over a life and over the window.
 *
 * Who records knows nothing of windows: `live` only ever grows, and what a slice got is what it grew
 * by until the slice was closed. So nothing is ever taken away from under a recording thread. Its
 * cells may run over, since only differences of them are read. A closed slice never changes, and is
 * packed. */
typedef struct
{
  DbrHistogram live;

  /* for one thread at a time */
  guint32     *seen[DBR_HISTOGRAM_N_PAGES];
  guint32     *carried[DBR_HISTOGRAM_N_PAGES];
  DbrSlice    *slices[DBR_WINDOW_N_CLOSED];
  gsize        n_slice_bytes;
} DbrSeries;

void     dbr_series_clear          (DbrSeries *self);
/* Closes the slice under way, after which @n_passed more began; 1 if it is the next one. */
void     dbr_series_close          (DbrSeries *self,
                                    guint      n_passed);
/* Forgets the oldest slice there is, and tells which that was; -1 if there is none. */
int      dbr_series_forget_slice   (DbrSeries *self);
void     dbr_series_reset          (DbrSeries *self);

/* These add to @tally. */
void     dbr_series_read_life      (DbrSeries *self,
                                    DbrTally  *tally);
void     dbr_series_read_window    (const DbrSeries *self,
                                    DbrTally        *tally);
/* Of the window, only the slice under way, or one that is closed: 0 is the newest. */
void     dbr_series_read_slice     (const DbrSeries *self,
                                    DbrTally        *tally);
void     dbr_series_read_closed    (const DbrSeries *self,
                                    guint            slice,
                                    DbrTally        *tally);

G_END_DECLS
