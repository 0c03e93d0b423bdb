/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-book-look-private.h"

#include "metrics/dbr-detectors-private.h"

/* How one looks at the accounts, and who does when nothing comes. */

/* What is usual is known after so many calls, and what is slow beside it is at least this long. */
#define MIN_USUAL_CALLS 100u
#define MIN_SHIFT_USEC G_GINT64_CONSTANT (5000)
#define SHIFT_FACTOR 5

/* Whether somebody is told something of what was found. */
static gboolean
is_news (const DbrOpenIssues   *watch,
         const DbrFinding      *finding,
         DbrVerdict             verdict)
{
  gboolean is_open = dbr_open_issues_has (watch, finding->kind);

  if (verdict == DBR_VERDICT_HOLDS)
    return !is_open || finding->severity > watch->severities[finding->kind];

  return verdict == DBR_VERDICT_OVER && is_open;
}

static void
dbr_book_conclude_locked (DbrBook         *self,
                          DbrOpenIssues   *watch,
                          const char      *name,
                          DbrFinding      *finding,
                          DbrVerdict       verdict)
{
  if (verdict == DBR_VERDICT_HOLDS)
    dbr_board_hold (&self->board, watch, name, finding);
  else if (verdict == DBR_VERDICT_OVER && dbr_open_issues_has (watch, finding->kind))
    dbr_board_end (&self->board, watch, name, finding);
}

void
dbr_book_judge_account_locked (DbrBook    *self,
                               DbrAccount *account,
                               gint64      when)
{
  DbrOperationView view = {
    .when = when,
    .slow_usec = account->slow_usec,
    .error_rate = account->error_rate,
    .burn_share = account->burn_share,
    .burn = &account->burn,
  };

  dbr_account_count_window (account, &view.window);
  for (guint kind = 0; kind < DBR_N_OPERATION_ISSUES; kind++)
    {
      DbrFinding finding = { .kind = kind };
      DbrVerdict verdict = dbr_detect_in_operation (kind, &view, &finding.severity);

      if (is_news (&account->watch, &finding, verdict))
        dbr_describe_operation (&finding, &view, account);
      dbr_book_conclude_locked (self, &account->watch, account->name, &finding, verdict);
    }
}

void
dbr_book_judge_place_locked (DbrBook      *self,
                             DbrPlace     *place,
                             DbrIssueKind  kind,
                             gint64        when)
{
  DbrFinding finding = { .kind = kind };
  DbrVerdict verdict = dbr_detect_in_place (kind, place, when, &finding.severity);

  if (is_news (&place->watch, &finding, verdict))
    dbr_describe_place (&finding, place, when);
  dbr_book_conclude_locked (self, &place->watch, place->name, &finding, verdict);
}

/* What was recorded since one last looked, and was so then. */
static void
dbr_book_take_growth_locked (DbrBook    *self,
                             DbrAccount *account)
{
  DbrCounts growth;
  guint64 n;

  dbr_account_take_growth (account, &growth);
  n = dbr_counts_get_answered (&growth);
  if (n == 0 && growth.n_bad == 0)
    return;

  dbr_burn_add (&account->burn, self->when, n > growth.n_bad ? n - growth.n_bad : 0, growth.n_bad);
  dbr_book_judge_account_locked (self, account, self->when);
}

/* What is usual is learnt from all there was. So what lasts longer than the past was becomes usual
 * in the end. */
static void
dbr_book_learn_locked (DbrBook    *self,
                       DbrAccount *account)
{
  DbrTally tally = { { 0 } };

  dbr_series_read_life (&account->parts[DBR_PART_TOTAL], &tally);
  if (dbr_tally_count (&tally) < MIN_USUAL_CALLS)
    return;

  account->usual_usec = dbr_tally_get_percentile (&tally, 50);
  dbr_account_set_thresholds (account, account->slow_usec,
                              MAX (account->usual_usec * SHIFT_FACTOR, MIN_SHIFT_USEC));
}

static gsize
dbr_book_count_slice_bytes_locked (DbrBook *self)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < self->list->len; i++)
    {
      DbrAccount *account = g_ptr_array_index (self->list, i);

      for (guint part = 0; part < DBR_N_PARTS; part++)
        n_bytes += account->parts[part].n_slice_bytes;
    }

  return n_bytes;
}

static void
dbr_book_shrink_locked (DbrBook *self)
{
  for (guint part = DBR_N_PARTS; part > 0; part--)
    {
      gboolean was_any = TRUE;

      while (was_any && dbr_book_count_slice_bytes_locked (self) > DBR_BOOK_MAX_SLICE_BYTES)
        {
          was_any = FALSE;
          for (guint i = 0; i < self->list->len; i++)
            {
              DbrAccount *account = g_ptr_array_index (self->list, i);

              was_any |= dbr_account_forget_slice (account, part - 1);
            }
        }
    }
}

static void
dbr_book_close_slice_locked (DbrBook *self,
                             gint64   slice)
{
  guint n_passed = (guint) MIN (slice - self->slice, DBR_WINDOW_N_CLOSED + 1);

  for (guint i = 0; i < self->list->len; i++)
    {
      DbrAccount *account = g_ptr_array_index (self->list, i);

      if (dbr_account_close_slice (account, n_passed))
        dbr_book_learn_locked (self, account);
    }
  self->slice = slice;
  dbr_book_shrink_locked (self);
}

/* What is open is looked at again at the new time: that it is over comes by time alone. */
static void
dbr_book_look_again_locked (DbrBook *self)
{
  for (guint i = 0; i < self->list->len; i++)
    {
      DbrAccount *account = g_ptr_array_index (self->list, i);

      if (account->watch.n_open > 0)
        dbr_book_judge_account_locked (self, account, self->when);
    }
  for (guint i = 0; i < self->places.list->len; i++)
    {
      DbrPlace *place = g_ptr_array_index (self->places.list, i);

      for (guint kind = DBR_N_OPERATION_ISSUES;
           place->watch.n_open > 0 && kind < DBR_N_ISSUE_KINDS; kind++)
        dbr_book_judge_place_locked (self, place, kind, self->when);
    }
}

gboolean
dbr_book_has_open_locked (DbrBook *self)
{
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    {
      if (self->board.n_open[kind] > 0)
        return TRUE;
    }

  return FALSE;
}

static void
dbr_book_look_locked (DbrBook *self,
                      gint64   now)
{
  gint64 slice;

  for (guint i = 0; i < self->list->len; i++)
    dbr_book_take_growth_locked (self, g_ptr_array_index (self->list, i));

  self->when = MAX (self->when, dbr_clock_get_boottime (self->clock));
  slice = self->when / DBR_WINDOW_SLICE_USEC;
  if (slice > self->slice)
    dbr_book_close_slice_locked (self, slice);
  if (dbr_book_has_open_locked (self))
    dbr_book_look_again_locked (self);

  __atomic_store_n (&self->next_turn, now + DBR_BOOK_TURN_USEC, __ATOMIC_RELAXED);
  self->next_care = dbr_book_has_open_locked (self) ? now + DBR_BOOK_CARE_USEC : G_MAXINT64;
}

void
dbr_book_turn_locked (DbrBook *self,
                      gint64   now)
{
  if (now >= __atomic_load_n (&self->next_turn, __ATOMIC_RELAXED))
    dbr_book_look_locked (self, now);
}

/* The deadline */

static void deadline_cb (DbrDeadline *deadline);

/* Its lock is the innermost there is, and calls nobody. One that was to come later and is too late
 * to be taken back is just being called, and will look. */
static void
dbr_book_arm_locked (DbrBook *self)
{
  if (!self->is_timed || self->next_care >= self->armed_for)
    return;

  if (self->armed_for == G_MAXINT64)
    dbr_book_ref (self);
  else if (!dbr_deadline_disarm (&self->deadline))
    return;

  self->armed_for = self->next_care;
  dbr_deadline_arm (&self->deadline, self->next_care, deadline_cb);
}

void
dbr_book_unlock (DbrBook *self)
{
  gboolean has_news = self->board.has_new;

  self->board.has_new = FALSE;
  dbr_book_arm_locked (self);
  g_mutex_unlock (&self->mutex);

  if (has_news && self->herald != NULL)
    dbr_herald_tell (self->herald, self->tell, NULL, NULL);
}

static void
deadline_cb (DbrDeadline *deadline)
{
  DbrBook *self = (DbrBook *) deadline;

  g_mutex_lock (&self->mutex);
  self->armed_for = G_MAXINT64;
  dbr_book_look_locked (self, dbr_clock_get_monotonic (self->clock));
  dbr_book_unlock (self);
  dbr_book_unref (self);
}

void
dbr_book_close (DbrBook *self)
{
  gboolean was_armed;

  g_mutex_lock (&self->mutex);
  self->is_timed = FALSE;
  was_armed = self->armed_for != G_MAXINT64 && dbr_deadline_disarm (&self->deadline);
  self->armed_for = G_MAXINT64;
  g_mutex_unlock (&self->mutex);

  if (was_armed)
    dbr_book_unref (self);
}

void
dbr_book_tick (DbrBook *self)
{
  g_mutex_lock (&self->mutex);
  dbr_book_look_locked (self, dbr_clock_get_monotonic (self->clock));
  dbr_book_unlock (self);
}

gint64
dbr_book_get_next (DbrBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->next_care;
}

void
dbr_book_begin (DbrBook *self)
{
  g_mutex_lock (&self->mutex);
  dbr_book_look_locked (self, dbr_clock_get_monotonic (self->clock));
}

void
dbr_book_end (DbrBook *self)
{
  dbr_book_unlock (self);
}
