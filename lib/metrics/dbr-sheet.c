/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-sheet-private.h"

#include <string.h>

#include "metrics/dbr-operation-stats-private.h"

static void
row_free (gpointer data)
{
  DbrSheetRow *self = data;

  for (guint i = 0; i < DBR_ACCOUNT_N_ERRORS; i++)
    g_free (self->errors[i].name);
  g_free (self->name);
  g_free (self->operation);
  g_free (self->destination);
  g_free (self->interface_name);
  g_free (self->member);
  g_free (self);
}

static void
place_free (gpointer data)
{
  DbrSheetPlace *self = data;

  g_free (self->name);
  g_free (self);
}

static void
read_times (DbrSheetTimes    *times,
            const DbrFigures *figures)
{
  times->count = dbr_tally_count (&figures->tally);
  times->min_usec = figures->range.max_usec < 0 ? -1 : figures->range.min_usec;
  times->mean_usec = dbr_figures_get_mean (figures);
  times->max_usec = figures->range.max_usec;
  times->p50_usec = dbr_figures_get_percentile (figures, 50);
  times->p95_usec = dbr_figures_get_percentile (figures, 95);
  times->p99_usec = dbr_figures_get_percentile (figures, 99);
}

/* Times are cut off to whole microseconds. So those that took at most an edge are, but for a moment
 * in which none is, those that are counted below it. */
static void
read_part (DbrSheetPart *part,
           DbrSeries    *series)
{
  DbrTally tally = { { 0 } };
  guint64 passed = 0;
  guint cell = 0;

  dbr_series_read_life (series, &tally);
  for (guint i = 0; i < DBR_SHEET_N_EDGES; i++)
    {
      guint end = dbr_histogram_get_cell (G_GINT64_CONSTANT (1) << (DBR_SHEET_FIRST_EDGE_BITS + i));

      for (; cell < end; cell++)
        passed += tally.cells[cell];
      part->below[i] = passed;
    }
  part->count = dbr_tally_count (&tally);
  part->sum_usec = dbr_histogram_get_sum (&series->live);
  part->p95_usec = dbr_tally_get_percentile (&tally, 95);
}

static DbrSheetRow *
make_row (DbrAccount *account)
{
  DbrSheetRow *self = g_new0 (DbrSheetRow, 1);
  DbrFigures figures;

  self->name = g_strdup (account->name);
  self->operation = g_strdup (account->operation);
  self->destination = g_strdup (account->destination);
  self->interface_name = g_strdup (account->interface_name);
  self->member = g_strdup (account->member);
  self->n_retries = __atomic_load_n (&account->n_retries, __ATOMIC_RELAXED);
  self->n_orphans = g_atomic_int_get (&account->n_orphans);
  self->n_other_errors = account->n_other_errors;
  for (guint i = 0; i < DBR_ACCOUNT_N_ERRORS; i++)
    {
      self->errors[i].name = g_strdup (account->errors[i].name);
      self->errors[i].count = account->errors[i].count;
    }

  dbr_account_read_life (account, &figures);
  self->life_counts = figures.counts;
  read_times (&self->life, &figures);
  dbr_account_read_window (account, &figures);
  self->window_counts = figures.counts;
  read_times (&self->window, &figures);
  for (guint i = 0; i < DBR_N_PARTS; i++)
    read_part (&self->parts[i], &account->parts[i]);

  return self;
}

static DbrSheetPlace *
make_place (DbrPlace *place)
{
  DbrSheetPlace *self = g_new0 (DbrSheetPlace, 1);

  self->name = g_strdup (place->name);
  self->slots = place->slots;
  self->circuit_state = place->circuit_state;
  for (guint kind = DBR_N_OPERATION_ISSUES; kind < DBR_N_ISSUE_KINDS; kind++)
    self->totals[kind] = dbr_place_get_total (place, kind);

  return self;
}

DbrSheet *
dbr_sheet_new (DbrBook *book)
{
  DbrSheet *self = g_new0 (DbrSheet, 1);
  g_autoptr(GPtrArray) accounts = NULL;
  DbrPlaces *places;

  self->rows = g_ptr_array_new_with_free_func (row_free);
  self->places = g_ptr_array_new_with_free_func (place_free);

  dbr_book_begin (book);
  accounts = dbr_book_list (book);
  for (guint i = 0; i < accounts->len; i++)
    g_ptr_array_add (self->rows, make_row (g_ptr_array_index (accounts, i)));
  places = dbr_book_get_places (book);
  for (guint i = 0; i < places->list->len; i++)
    g_ptr_array_add (self->places, make_place (g_ptr_array_index (places->list, i)));
  memcpy (self->n_open, dbr_book_get_board (book)->n_open, sizeof self->n_open);
  dbr_book_end (book);

  return self;
}

void
dbr_sheet_free (DbrSheet *self)
{
  g_ptr_array_unref (self->rows);
  g_ptr_array_unref (self->places);
  g_free (self);
}
