/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-histogram-private.h"

/* Two threads may want the same page at once: one of them gives its own back. */
guint32 *
dbr_histogram_make_page (DbrHistogram *self,
                         guint         page)
{
  guint32 *made = g_new0 (guint32, DBR_HISTOGRAM_PAGE_SIZE);
  guint32 *expected = NULL;

  if (__atomic_compare_exchange_n (&self->pages[page], &expected, made, FALSE,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return made;

  g_free (made);

  return expected;
}

/* Only when nobody records any more. */
void
dbr_histogram_clear (DbrHistogram *self)
{
  for (guint i = 0; i < DBR_HISTOGRAM_N_PAGES; i++)
    g_clear_pointer (&self->pages[i], g_free);
  self->sum_usec = 0;
}

/* Adds what is in @self to @tally. */
void
dbr_histogram_read (DbrHistogram *self,
                    DbrTally     *tally)
{
  for (guint i = 0; i < DBR_HISTOGRAM_N_PAGES; i++)
    {
      guint32 *page = __atomic_load_n (&self->pages[i], __ATOMIC_ACQUIRE);
      guint64 *cells = tally->cells + i * DBR_HISTOGRAM_PAGE_SIZE;

      for (guint j = 0; page != NULL && j < DBR_HISTOGRAM_PAGE_SIZE; j++)
        cells[j] += __atomic_load_n (&page[j], __ATOMIC_RELAXED);
    }
}

guint64
dbr_histogram_get_sum (DbrHistogram *self)
{
  return __atomic_load_n (&self->sum_usec, __ATOMIC_RELAXED);
}

void
dbr_histogram_get_cell_range (guint   cell,
                              gint64 *first_usec,
                              gint64 *last_usec)
{
  guint page = cell >> DBR_HISTOGRAM_PAGE_BITS;
  guint place = cell & (DBR_HISTOGRAM_PAGE_SIZE - 1);
  guint shift = page > 0 ? page - 1 : 0;

  if (page > 0)
    place += DBR_HISTOGRAM_PAGE_SIZE;

  *first_usec = (gint64) place << shift;
  *last_usec = ((gint64) (place + 1) << shift) - 1;
}

guint64
dbr_tally_count (const DbrTally *self)
{
  guint64 count = 0;

  for (guint i = 0; i < DBR_HISTOGRAM_N_CELLS; i++)
    count += self->cells[i];

  return count;
}

gint64
dbr_tally_get_percentile (const DbrTally *self,
                          double          percent)
{
  guint64 count = dbr_tally_count (self);
  double share = percent * (double) count / 100;
  guint64 passed = 0;
  gint64 first, last;
  guint64 rank;
  guint cell;

  /* Written so that what is not a number fails as well. */
  if (count < DBR_HISTOGRAM_MIN_SAMPLES || !(percent >= 0 && percent <= 100))
    return -1;

  /* The smallest time that so many are not above. */
  rank = (guint64) share;
  if ((double) rank < share)
    rank++;
  rank = CLAMP (rank, 1, count);
  for (cell = 0; passed + self->cells[cell] < rank; cell++)
    passed += self->cells[cell];
  dbr_histogram_get_cell_range (cell, &first, &last);

  return first + (last - first) / 2;
}
