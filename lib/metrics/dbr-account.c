/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-account-private.h"

#include <string.h>

static void
range_widen (DbrRange       *self,
             const DbrRange *other)
{
  self->min_usec = MIN (self->min_usec, other->min_usec);
  self->max_usec = MAX (self->max_usec, other->max_usec);
}

static void
counts_add (DbrCounts       *self,
            const DbrCounts *other)
{
  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    self->outcomes[i] += other->outcomes[i];
  self->n_slow += other->n_slow;
  self->n_shifted += other->n_shifted;
  self->n_bad += other->n_bad;
  self->sum_usec += other->sum_usec;
}

static void
counts_subtract (DbrCounts       *self,
                 const DbrCounts *other)
{
  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    self->outcomes[i] -= other->outcomes[i];
  self->n_slow -= other->n_slow;
  self->n_shifted -= other->n_shifted;
  self->n_bad -= other->n_bad;
  self->sum_usec -= other->sum_usec;
}

/* As a rule a time lies between those before it, and then this only reads. */
static inline void
dbr_account_widen (DbrAccount *self,
                   gint64      usec)
{
  gint64 min_usec = __atomic_load_n (&self->range.min_usec, __ATOMIC_RELAXED);
  gint64 max_usec = __atomic_load_n (&self->range.max_usec, __ATOMIC_RELAXED);

  while (usec < min_usec
         && !__atomic_compare_exchange_n (&self->range.min_usec, &min_usec, usec, TRUE,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    ;
  while (usec > max_usec
         && !__atomic_compare_exchange_n (&self->range.max_usec, &max_usec, usec, TRUE,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    ;
}

static DbrRange
dbr_account_get_slice_range (DbrAccount *self)
{
  return (DbrRange) {
           __atomic_load_n (&self->range.min_usec, __ATOMIC_RELAXED),
           __atomic_load_n (&self->range.max_usec, __ATOMIC_RELAXED),
  };
}

static DbrRange
dbr_account_take_slice_range (DbrAccount *self)
{
  return (DbrRange) {
           __atomic_exchange_n (&self->range.min_usec, G_MAXINT64, __ATOMIC_RELAXED),
           __atomic_exchange_n (&self->range.max_usec, -1, __ATOMIC_RELAXED),
  };
}

static void
dbr_account_forget_closed (DbrAccount *self)
{
  const DbrRange nothing = DBR_RANGE_INIT;

  memset (self->closed, 0, sizeof self->closed);
  for (guint i = 0; i < DBR_WINDOW_N_CLOSED; i++)
    self->closed_ranges[i] = nothing;
}

DbrAccount *
dbr_account_new (DbrBook    *book,
                 const char *name,
                 const char *operation,
                 const char *destination,
                 const char *interface_name,
                 const char *member)
{
  const DbrRange nothing = DBR_RANGE_INIT;
  DbrAccount *self = g_new0 (DbrAccount, 1);

  self->book = book;
  self->name = g_strdup (name);
  self->operation = g_strdup (operation);
  self->destination = g_strdup (destination);
  self->interface_name = g_strdup (interface_name);
  self->member = g_strdup (member);
  self->range = nothing;
  self->life_range = nothing;
  self->notable_usec = G_MAXINT64;
  dbr_account_forget_closed (self);

  return self;
}

static void
dbr_account_forget_errors (DbrAccount *self)
{
  for (guint i = 0; i < DBR_ACCOUNT_N_ERRORS; i++)
    {
      g_clear_pointer (&self->errors[i].name, g_free);
      self->errors[i].count = 0;
    }
  self->n_other_errors = 0;
}

void
dbr_account_free (DbrAccount *self)
{
  dbr_account_forget_errors (self);
  for (guint i = 0; i < DBR_N_PARTS; i++)
    dbr_series_clear (&self->parts[i]);
  g_free (self->name);
  g_free (self->operation);
  g_free (self->destination);
  g_free (self->interface_name);
  g_free (self->member);
  g_free (self);
}

gboolean
dbr_account_record (DbrAccount   *self,
                    DbrOutcome    outcome,
                    const gint64 *usec)
{
  gint64 total_usec = usec[DBR_PART_TOTAL];

  __atomic_fetch_add (&self->outcomes[outcome], 1, __ATOMIC_RELAXED);
  if (!dbr_outcome_has_time (outcome))
    return FALSE;

  for (guint i = 0; i < DBR_N_PARTS; i++)
    {
      if (usec[i] >= 0)
        dbr_histogram_record (&self->parts[i].live, usec[i]);
    }
  if (total_usec >= 0)
    dbr_account_widen (self, total_usec);

  return outcome != DBR_OUTCOME_OK
         || total_usec > __atomic_load_n (&self->notable_usec, __ATOMIC_RELAXED)
         || usec[DBR_PART_LAG] >= DBR_MAIN_LOOP_USEC;
}

/* The first names that come stay, so that what was once shown of one never goes back. */
static void
dbr_account_count_error (DbrAccount *self,
                         const char *error_name)
{
  gboolean has_name = error_name != NULL && g_dbus_is_interface_name (error_name);

  for (guint i = 0; has_name && i < DBR_ACCOUNT_N_ERRORS; i++)
    {
      if (self->errors[i].name == NULL)
        self->errors[i].name = g_strdup (error_name);
      if (strcmp (self->errors[i].name, error_name) == 0)
        {
          self->errors[i].count++;
          return;
        }
    }

  self->n_other_errors++;
}

void
dbr_account_note (DbrAccount *self,
                  DbrOutcome  outcome,
                  gint64      total_usec,
                  const char *error_name)
{
  gboolean is_slow = total_usec > self->slow_usec;

  if (is_slow)
    self->n_slow++;
  if (total_usec > self->shift_usec)
    self->n_shifted++;
  if (is_slow || outcome != DBR_OUTCOME_OK)
    self->n_bad++;
  if (outcome == DBR_OUTCOME_ERROR)
    dbr_account_count_error (self, error_name);
}

void
dbr_account_set_thresholds (DbrAccount *self,
                            gint64      slow_usec,
                            gint64      shift_usec)
{
  self->slow_usec = slow_usec;
  self->shift_usec = shift_usec;
  __atomic_store_n (&self->notable_usec, MIN (slow_usec, shift_usec), __ATOMIC_RELAXED);
}

static guint64
dbr_account_count_slow (const DbrAccount *self,
                        const DbrTally   *tally)
{
  guint64 n_slow = 0;

  for (guint cell = dbr_histogram_get_cell (self->slow_usec) + 1; cell < DBR_HISTOGRAM_N_CELLS;
       cell++)
    n_slow += tally->cells[cell];

  return n_slow;
}

/* By the cells of each slice, and so as if the limit had always been the one it is now: a slice
 * leaves the window with what was slow in it. */
void
dbr_account_recount_slow (DbrAccount *self)
{
  const DbrSeries *series = &self->parts[DBR_PART_TOTAL];
  DbrTally tally = { { 0 } };

  dbr_series_read_slice (series, &tally);
  self->at_slice.n_slow = self->n_slow - dbr_account_count_slow (self, &tally);
  for (guint i = 0; i < DBR_WINDOW_N_CLOSED; i++)
    {
      memset (&tally, 0, sizeof tally);
      dbr_series_read_closed (series, i, &tally);
      self->closed[i].n_slow = dbr_account_count_slow (self, &tally);
    }
}

void
dbr_account_count_life (DbrAccount *self,
                        DbrCounts  *counts)
{
  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    counts->outcomes[i] = __atomic_load_n (&self->outcomes[i], __ATOMIC_RELAXED);
  counts->n_slow = self->n_slow;
  counts->n_shifted = self->n_shifted;
  counts->n_bad = self->n_bad;
  counts->sum_usec = dbr_histogram_get_sum (&self->parts[DBR_PART_TOTAL].live);
}

void
dbr_account_count_window (DbrAccount *self,
                          DbrCounts  *counts)
{
  dbr_account_count_life (self, counts);
  counts_subtract (counts, &self->at_slice);
  for (guint i = 0; i < DBR_WINDOW_N_CLOSED; i++)
    counts_add (counts, &self->closed[i]);
}

void
dbr_account_take_growth (DbrAccount *self,
                         DbrCounts  *growth)
{
  DbrCounts now;

  dbr_account_count_life (self, &now);
  *growth = now;
  counts_subtract (growth, &self->at_turn);
  self->at_turn = now;
}

static void
dbr_account_take_closed (DbrAccount      *self,
                         const DbrCounts *counts,
                         const DbrRange  *range)
{
  memmove (self->closed + 1, self->closed, (DBR_WINDOW_N_CLOSED - 1) * sizeof (DbrCounts));
  memmove (self->closed_ranges + 1, self->closed_ranges,
           (DBR_WINDOW_N_CLOSED - 1) * sizeof (DbrRange));
  self->closed[0] = *counts;
  self->closed_ranges[0] = *range;
}

gboolean
dbr_account_close_slice (DbrAccount *self,
                         guint       n_passed)
{
  const DbrRange nothing = DBR_RANGE_INIT;
  const DbrCounts none = { { 0 } };
  DbrRange range = dbr_account_take_slice_range (self);
  DbrCounts now, counts;
  gboolean was_used;

  dbr_account_count_life (self, &now);
  counts = now;
  counts_subtract (&counts, &self->at_slice);
  was_used = memcmp (&now, &self->at_slice, sizeof now) != 0;
  self->at_slice = now;
  range_widen (&self->life_range, &range);

  dbr_account_take_closed (self, &counts, &range);
  for (guint i = 1; i < MIN (n_passed, DBR_WINDOW_N_CLOSED + 1); i++)
    dbr_account_take_closed (self, &none, &nothing);
  for (guint i = 0; i < DBR_N_PARTS; i++)
    dbr_series_close (&self->parts[i], n_passed);

  return was_used;
}

/* The sum goes with the times that it is of, or their mean would be wrong. */
gboolean
dbr_account_forget_slice (DbrAccount *self,
                          DbrPart     part)
{
  int slice = dbr_series_forget_slice (&self->parts[part]);

  if (part == DBR_PART_TOTAL && slice >= 0)
    self->closed[slice].sum_usec = 0;

  return slice >= 0;
}

void
dbr_account_reset (DbrAccount *self)
{
  const DbrRange nothing = DBR_RANGE_INIT;

  for (guint i = 0; i < DBR_N_PARTS; i++)
    dbr_series_reset (&self->parts[i]);
  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    __atomic_store_n (&self->outcomes[i], 0, __ATOMIC_RELAXED);
  __atomic_store_n (&self->n_retries, 0, __ATOMIC_RELAXED);
  (void) dbr_account_take_slice_range (self);
  self->n_slow = 0;
  self->n_shifted = 0;
  self->n_bad = 0;
  self->usual_usec = 0;
  self->shift_usec = G_MAXINT64;
  self->burn = (DbrBurn) { 0 };
  self->life_range = nothing;
  memset (&self->at_slice, 0, sizeof self->at_slice);
  memset (&self->at_turn, 0, sizeof self->at_turn);
  dbr_account_forget_closed (self);
  dbr_account_forget_errors (self);
}

gboolean
dbr_account_is_empty (DbrAccount *self)
{
  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    {
      if (__atomic_load_n (&self->outcomes[i], __ATOMIC_RELAXED) != 0)
        return FALSE;
    }

  return TRUE;
}

void
dbr_account_read_life (DbrAccount *self,
                       DbrFigures *figures)
{
  DbrRange range = dbr_account_get_slice_range (self);

  dbr_account_count_life (self, &figures->counts);
  figures->range = self->life_range;
  range_widen (&figures->range, &range);
  memset (&figures->tally, 0, sizeof figures->tally);
  dbr_series_read_life (&self->parts[DBR_PART_TOTAL], &figures->tally);
}

void
dbr_account_read_window (DbrAccount *self,
                         DbrFigures *figures)
{
  dbr_account_count_window (self, &figures->counts);
  figures->range = dbr_account_get_slice_range (self);
  for (guint i = 0; i < DBR_WINDOW_N_CLOSED; i++)
    range_widen (&figures->range, &self->closed_ranges[i]);
  memset (&figures->tally, 0, sizeof figures->tally);
  dbr_series_read_window (&self->parts[DBR_PART_TOTAL], &figures->tally);
}
