/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Log-linear on base two: times below 32 µs have a cell each, and each doubling above has 32 of the
 * same width. So the middle of a cell is at most 1/64 off, wherever it lies. */
#define DBR_HISTOGRAM_PAGE_BITS 5
#define DBR_HISTOGRAM_PAGE_SIZE (1u << DBR_HISTOGRAM_PAGE_BITS)
#define DBR_HISTOGRAM_N_PAGES 26u
#define DBR_HISTOGRAM_N_CELLS (DBR_HISTOGRAM_N_PAGES * DBR_HISTOGRAM_PAGE_SIZE)

/* Some 18 minutes. What took longer is counted in the last cell. */
#define DBR_HISTOGRAM_MAX_USEC \
  ((G_GINT64_CONSTANT (1) << (DBR_HISTOGRAM_N_PAGES + DBR_HISTOGRAM_PAGE_BITS - 1)) - 1)

/* With fewer samples a percentile is a guess, and not given. */
#define DBR_HISTOGRAM_MIN_SAMPLES 20u

/* Times as any number of threads record them, without a lock and losing none. A page of cells is
 * made when the first time falls into it and stays until the end. */
typedef struct
{
  /* atomic */
  guint32 *pages[DBR_HISTOGRAM_N_PAGES];
  guint64  sum_usec;
} DbrHistogram;

/* What was read out of histograms, for one thread. To read several into one is the same as to have
 * recorded together. */
typedef struct
{
  guint64 cells[DBR_HISTOGRAM_N_CELLS];
} DbrTally;

guint32 *dbr_histogram_make_page      (DbrHistogram   *self,
                                       guint           page);
void     dbr_histogram_clear          (DbrHistogram   *self);
void     dbr_histogram_read           (DbrHistogram   *self,
                                       DbrTally       *tally);
guint64  dbr_histogram_get_sum        (DbrHistogram   *self);
/* The first and the last time that falls into a cell. */
void     dbr_histogram_get_cell_range (guint           cell,
                                       gint64         *first_usec,
                                       gint64         *last_usec);

guint64  dbr_tally_count              (const DbrTally *self);
/* -1 for fewer than 20 samples, or where @percent is not from 0 to 100. */
gint64   dbr_tally_get_percentile     (const DbrTally *self,
                                       double          percent);

static inline guint
dbr_histogram_get_cell (gint64 usec)
{
  guint value = (guint) CLAMP (usec, 0, DBR_HISTOGRAM_MAX_USEC);
  guint shift;

  if (value < DBR_HISTOGRAM_PAGE_SIZE)
    return value;

  shift = g_bit_storage (value) - 1 - DBR_HISTOGRAM_PAGE_BITS;

  /* The highest bit is left in, and counts as one page more. */
  return (shift << DBR_HISTOGRAM_PAGE_BITS) + (value >> shift);
}

static inline void
dbr_histogram_record (DbrHistogram *self,
                      gint64        usec)
{
  guint cell = dbr_histogram_get_cell (usec);
  guint32 *page = __atomic_load_n (&self->pages[cell >> DBR_HISTOGRAM_PAGE_BITS], __ATOMIC_ACQUIRE);

  if (G_UNLIKELY (page == NULL))
    page = dbr_histogram_make_page (self, cell >> DBR_HISTOGRAM_PAGE_BITS);

  __atomic_fetch_add (&page[cell & (DBR_HISTOGRAM_PAGE_SIZE - 1)], 1, __ATOMIC_RELAXED);
  __atomic_fetch_add (&self->sum_usec, (guint64) MAX (usec, 0), __ATOMIC_RELAXED);
}

G_END_DECLS
