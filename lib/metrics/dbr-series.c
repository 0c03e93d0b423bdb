/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-series-private.h"

#include <string.h>

/* The cells that are not empty, each as the gap from the one before and its count, in bytes of
 * seven bits, the last of a number without the eighth: two bytes for most cells. */
struct _DbrSlice
{
  gsize  size;
  guint8 bytes[];
};

/* A gap fits into two bytes and a count into five. */
#define MAX_SLICE_SIZE (DBR_HISTOGRAM_N_CELLS * 7)

typedef struct
{
  guint8 bytes[MAX_SLICE_SIZE];
  gsize  size;
  guint  next_cell;
} Packer;

static void
packer_add_number (Packer  *self,
                   guint32  number)
{
  for (; number >= 0x80; number >>= 7)
    self->bytes[self->size++] = (guint8) (number | 0x80);
  self->bytes[self->size++] = (guint8) number;
}

static void
packer_add (Packer  *self,
            guint    cell,
            guint32  count)
{
  packer_add_number (self, cell - self->next_cell);
  packer_add_number (self, count);
  self->next_cell = cell + 1;
}

static DbrSlice *
packer_finish (Packer *self)
{
  DbrSlice *slice;

  if (self->size == 0)
    return NULL;

  slice = g_malloc (sizeof (DbrSlice) + self->size);
  slice->size = self->size;
  memcpy (slice->bytes, self->bytes, self->size);

  return slice;
}

static guint32
unpack_number (const guint8 **bytes)
{
  guint32 number = 0;
  guint shift = 0;

  for (; (**bytes & 0x80) != 0; (*bytes)++, shift += 7)
    number |= (guint32) (**bytes & 0x7f) << shift;
  number |= (guint32) **bytes << shift;
  (*bytes)++;

  return number;
}

static void
slice_read (const DbrSlice *self,
            DbrTally       *tally)
{
  const guint8 *bytes = self->bytes;
  const guint8 *end = self->bytes + self->size;
  guint cell = 0;

  for (; bytes < end; cell++)
    {
      cell += unpack_number (&bytes);
      tally->cells[cell] += unpack_number (&bytes);
    }
}

static inline guint32
dbr_series_get_growth (const DbrSeries *self,
                       const guint32   *live,
                       guint            page,
                       guint            place)
{
  guint32 seen = self->seen[page] != NULL ? self->seen[page][place] : 0;

  return __atomic_load_n (&live[place], __ATOMIC_RELAXED) - seen;
}

/* Goes on from what was seen to what was recorded, and packs the difference. */
static void
dbr_series_see_page (DbrSeries     *self,
                     const guint32 *live,
                     guint          page,
                     Packer        *packer)
{
  for (guint place = 0; place < DBR_HISTOGRAM_PAGE_SIZE; place++)
    {
      guint32 growth = dbr_series_get_growth (self, live, page, place);

      if (growth == 0)
        continue;

      if (self->seen[page] == NULL)
        self->seen[page] = g_new0 (guint32, DBR_HISTOGRAM_PAGE_SIZE);
      self->seen[page][place] += growth;
      if (self->seen[page][place] < growth)
        {
          if (self->carried[page] == NULL)
            self->carried[page] = g_new0 (guint32, DBR_HISTOGRAM_PAGE_SIZE);
          self->carried[page][place]++;
        }
      packer_add (packer, page * DBR_HISTOGRAM_PAGE_SIZE + place, growth);
    }
}

static DbrSlice *
dbr_series_see (DbrSeries *self)
{
  Packer packer;

  packer.size = 0;
  packer.next_cell = 0;
  for (guint page = 0; page < DBR_HISTOGRAM_N_PAGES; page++)
    {
      const guint32 *live = __atomic_load_n (&self->live.pages[page], __ATOMIC_ACQUIRE);

      if (live != NULL)
        dbr_series_see_page (self, live, page, &packer);
    }

  return packer_finish (&packer);
}

static void
dbr_series_take_slice (DbrSeries *self,
                       DbrSlice  *slice)
{
  DbrSlice *oldest = self->slices[DBR_WINDOW_N_CLOSED - 1];

  if (oldest != NULL)
    self->n_slice_bytes -= oldest->size;
  g_free (oldest);
  memmove (self->slices + 1, self->slices, (DBR_WINDOW_N_CLOSED - 1) * sizeof (DbrSlice *));
  self->slices[0] = slice;
  if (slice != NULL)
    self->n_slice_bytes += slice->size;
}

static void
dbr_series_forget_slices (DbrSeries *self)
{
  for (guint i = 0; i < DBR_WINDOW_N_CLOSED; i++)
    g_clear_pointer (&self->slices[i], g_free);
  self->n_slice_bytes = 0;
}

void
dbr_series_clear (DbrSeries *self)
{
  dbr_series_forget_slices (self);
  for (guint page = 0; page < DBR_HISTOGRAM_N_PAGES; page++)
    {
      g_clear_pointer (&self->seen[page], g_free);
      g_clear_pointer (&self->carried[page], g_free);
    }
  dbr_histogram_clear (&self->live);
}

void
dbr_series_close (DbrSeries *self,
                  guint      n_passed)
{
  dbr_series_take_slice (self, dbr_series_see (self));
  for (guint i = 1; i < MIN (n_passed, DBR_WINDOW_N_CLOSED + 1); i++)
    dbr_series_take_slice (self, NULL);
}

int
dbr_series_forget_slice (DbrSeries *self)
{
  for (int i = (int) DBR_WINDOW_N_CLOSED - 1; i >= 0; i--)
    {
      if (self->slices[i] == NULL)
        continue;

      self->n_slice_bytes -= self->slices[i]->size;
      g_clear_pointer (&self->slices[i], g_free);
      return i;
    }

  return -1;
}

/* Others may be recording: what comes between counts as before or after, and nothing is torn. */
void
dbr_series_reset (DbrSeries *self)
{
  dbr_series_forget_slices (self);
  for (guint page = 0; page < DBR_HISTOGRAM_N_PAGES; page++)
    {
      guint32 *live = __atomic_load_n (&self->live.pages[page], __ATOMIC_ACQUIRE);

      g_clear_pointer (&self->seen[page], g_free);
      g_clear_pointer (&self->carried[page], g_free);
      for (guint place = 0; live != NULL && place < DBR_HISTOGRAM_PAGE_SIZE; place++)
        __atomic_store_n (&live[place], 0, __ATOMIC_RELAXED);
    }
  __atomic_store_n (&self->live.sum_usec, 0, __ATOMIC_RELAXED);
}

void
dbr_series_read_life (DbrSeries *self,
                      DbrTally  *tally)
{
  for (guint page = 0; page < DBR_HISTOGRAM_N_PAGES; page++)
    {
      const guint32 *live = __atomic_load_n (&self->live.pages[page], __ATOMIC_ACQUIRE);
      guint64 *cells = tally->cells + page * DBR_HISTOGRAM_PAGE_SIZE;

      for (guint place = 0; live != NULL && place < DBR_HISTOGRAM_PAGE_SIZE; place++)
        {
          cells[place] += dbr_series_get_growth (self, live, page, place);
          if (self->seen[page] != NULL)
            cells[place] += self->seen[page][place];
          if (self->carried[page] != NULL)
            cells[place] += (guint64) self->carried[page][place] << 32;
        }
    }
}

void
dbr_series_read_slice (const DbrSeries *self,
                       DbrTally        *tally)
{
  for (guint page = 0; page < DBR_HISTOGRAM_N_PAGES; page++)
    {
      const guint32 *live = __atomic_load_n (&self->live.pages[page], __ATOMIC_ACQUIRE);
      guint64 *cells = tally->cells + page * DBR_HISTOGRAM_PAGE_SIZE;

      for (guint place = 0; live != NULL && place < DBR_HISTOGRAM_PAGE_SIZE; place++)
        cells[place] += dbr_series_get_growth (self, live, page, place);
    }
}

void
dbr_series_read_closed (const DbrSeries *self,
                        guint            slice,
                        DbrTally        *tally)
{
  if (self->slices[slice] != NULL)
    slice_read (self->slices[slice], tally);
}

void
dbr_series_read_window (const DbrSeries *self,
                        DbrTally        *tally)
{
  dbr_series_read_slice (self, tally);
  for (guint i = 0; i < DBR_WINDOW_N_CLOSED; i++)
    dbr_series_read_closed (self, i, tally);
}
