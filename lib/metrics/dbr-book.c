/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-book-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-deadline-private.h"
#include "metrics/dbr-detectors-private.h"

/* What is usual is known after so many calls, and what is slow beside it is at least this long. */
#define MIN_USUAL_CALLS 100u
#define MIN_SHIFT_USEC G_GINT64_CONSTANT (5000)
#define SHIFT_FACTOR 5

/* What lasts an hour is usual from then on. */
#define NEW_NORMAL_USEC (3600 * (gint64) G_USEC_PER_SEC)

struct _DbrBook
{
  DbrDeadline      deadline;
  gatomicrefcount  ref_count;

  /* identity */
  const DbrClock  *clock;
  gboolean         is_timed;
  DbrHerald       *herald;
  DbrHeraldFunc    tell;

  /* atomic: when to look again, by the monotonic clock */
  gint64           next_turn;

  GMutex           mutex;

  /* guarded by mutex */
  GHashTable      *accounts;
  GPtrArray       *list;
  guint            n_named;
  DbrLimits       *limits;
  DbrPlaces        places;
  DbrBoard         board;
  /* of the clock that goes on while the machine sleeps, so that a window never holds what was
   * before */
  gint64           when;
  gint64           slice;
  /* of the monotonic one: when somebody has to look, and for when the deadline is armed */
  gint64           next_care;
  gint64           armed_for;
};

DbrBook *
dbr_book_new (const DbrClock *clock)
{
  DbrBook *self = g_new0 (DbrBook, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->clock = clock;
  self->is_timed = clock == dbr_clock_get_system ();
  g_mutex_init (&self->mutex);
  self->accounts = g_hash_table_new (g_str_hash, g_str_equal);
  self->list = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_account_free);
  self->limits = dbr_limits_new ();
  dbr_places_init (&self->places);
  dbr_board_init (&self->board);
  self->when = dbr_clock_get_boottime (clock);
  self->slice = self->when / DBR_WINDOW_SLICE_USEC;
  self->next_care = G_MAXINT64;
  self->armed_for = G_MAXINT64;

  return self;
}

DbrBook *
dbr_book_ref (DbrBook *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_book_unref (DbrBook *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_hash_table_unref (self->accounts);
  g_ptr_array_unref (self->list);
  dbr_limits_free (self->limits);
  dbr_places_clear (&self->places);
  dbr_board_clear (&self->board);
  g_clear_pointer (&self->herald, dbr_herald_unref);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
dbr_book_set_herald (DbrBook       *self,
                     DbrHerald     *herald,
                     DbrHeraldFunc  tell)
{
  self->herald = dbr_herald_ref (herald);
  self->tell = tell;
}

const DbrClock *
dbr_book_get_clock (DbrBook *self)
{
  return self->clock;
}

/* Looking */

/* Whether somebody is told something of what was found. */
static gboolean
is_news (const DbrWatch   *watch,
         const DbrFinding *finding,
         DbrVerdict        verdict)
{
  gboolean is_open = dbr_watch_is_open (watch, finding->kind);

  if (verdict == DBR_VERDICT_HOLDS)
    return !is_open || finding->severity > watch->severities[finding->kind];

  return verdict == DBR_VERDICT_OVER && is_open;
}

static void
dbr_book_conclude_locked (DbrBook    *self,
                          DbrWatch   *watch,
                          const char *name,
                          DbrFinding *finding,
                          DbrVerdict  verdict)
{
  if (verdict == DBR_VERDICT_HOLDS)
    dbr_board_hold (&self->board, watch, name, finding);
  else if (verdict == DBR_VERDICT_OVER && dbr_watch_is_open (watch, finding->kind))
    dbr_board_end (&self->board, watch, name, finding);
}

static void
dbr_book_judge_account_locked (DbrBook    *self,
                               DbrAccount *account,
                               gint64      when)
{
  DbrOperationView view = {
    .when = when,
    .slow_usec = account->slow_usec,
    .error_rate = account->error_rate,
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

static void
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

              was_any |= dbr_series_forget_slice (&account->parts[part - 1]);
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

static gboolean
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

/* Before something is recorded, so that it is counted to its own time. */
static void
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

static void
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

/* Accounts */

static void
dbr_book_apply_limit_locked (DbrBook    *self,
                             DbrAccount *account)
{
  DbrLimit limit = dbr_limits_lookup (self->limits, account->name, account->operation);

  account->error_rate = limit.error_rate;
  dbr_account_set_thresholds (account, limit.p95_usec, account->shift_usec);
}

static gboolean
is_good_name (const char *name)
{
  gsize length = strnlen (name, DBR_MAX_NAME_LENGTH + 1);

  return length > 0 && length <= DBR_MAX_NAME_LENGTH && g_utf8_validate (name, (gssize) length, NULL);
}

/* Unique names are new with each start of a program: they share their accounts. */
static const char *
get_shown_destination (const char *destination)
{
  return *destination == ':' ? ":*" : destination;
}

static DbrAccount *
dbr_book_get_account_locked (DbrBook    *self,
                             const char *name,
                             const char *operation,
                             const char *destination,
                             const char *interface_name,
                             const char *member)
{
  DbrAccount *account = g_hash_table_lookup (self->accounts, name);

  if (account != NULL)
    return account;

  if (self->n_named == DBR_BOOK_MAX_ACCOUNTS)
    {
      account = g_hash_table_lookup (self->accounts, DBR_OTHER_NAME);
      if (account != NULL)
        return account;
      name = operation = DBR_OTHER_NAME;
      destination = interface_name = member = NULL;
    }

  account = dbr_account_new (self, name, operation, destination, interface_name, member);
  account->shift_usec = G_MAXINT64;
  dbr_book_apply_limit_locked (self, account);
  g_hash_table_insert (self->accounts, account->name, account);
  g_ptr_array_add (self->list, account);
  if (strcmp (name, DBR_OTHER_NAME) != 0)
    self->n_named++;

  return account;
}

static DbrAccount *
dbr_book_get_named_locked (DbrBook    *self,
                           const char *operation)
{
  if (!is_good_name (operation))
    operation = DBR_OTHER_NAME;

  return dbr_book_get_account_locked (self, operation, operation, NULL, NULL, NULL);
}

DbrAccount *
dbr_book_resolve (DbrBook    *self,
                  const char *operation,
                  const char *destination,
                  const char *interface_name,
                  const char *member)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrAccount *account;

  if (destination == NULL)
    {
      account = dbr_book_get_named_locked (self, operation);
    }
  else
    {
      const char *shown = get_shown_destination (destination);
      g_autofree char *name = g_strdup_printf ("%s:%s.%s", shown, interface_name, member);

      account = dbr_book_get_account_locked (self, name, operation, shown, interface_name, member);
    }
  account->is_held = TRUE;

  return account;
}

/* Places */

static void
dbr_book_note_locked (DbrBook      *self,
                      DbrIssueKind  kind,
                      DbrPlace     *place,
                      guint         n)
{
  dbr_place_add (place, kind, self->when, n);
  dbr_book_judge_place_locked (self, place, kind, self->when);
  if (dbr_book_has_open_locked (self))
    self->next_care = MIN (self->next_care,
                           dbr_clock_get_monotonic (self->clock) + DBR_BOOK_CARE_USEC);
}

static void
dbr_book_note_lag_locked (DbrBook    *self,
                          const char *name,
                          gint64      lag_usec)
{
  DbrPlace *place = dbr_places_get (&self->places, name);

  if (!dbr_watch_is_open (&place->watch, DBR_ISSUE_MAIN_LOOP))
    place->worst_lag_usec = 0;
  place->worst_lag_usec = MAX (place->worst_lag_usec, lag_usec);
  dbr_book_note_locked (self, DBR_ISSUE_MAIN_LOOP, place, 1);
}

/* Locks for something that happens in a place now. */
static DbrPlace *
dbr_book_enter (DbrBook    *self,
                const char *name)
{
  g_mutex_lock (&self->mutex);
  dbr_book_turn_locked (self, dbr_clock_get_monotonic (self->clock));

  return dbr_places_get (&self->places, name);
}

void
dbr_book_note (DbrBook      *self,
               DbrIssueKind  kind,
               const char   *place,
               guint         n)
{
  dbr_book_note_locked (self, kind, dbr_book_enter (self, place), n);
  dbr_book_unlock (self);
}

void
dbr_book_note_lag (DbrBook    *self,
                   const char *place,
                   gint64      lag_usec)
{
  (void) dbr_book_enter (self, place);
  dbr_book_note_lag_locked (self, place, lag_usec);
  dbr_book_unlock (self);
}

void
dbr_book_set_slots (DbrBook        *self,
                    const char     *place,
                    const DbrSlots *slots)
{
  DbrPlace *entered = dbr_book_enter (self, place);

  entered->slots = *slots;
  dbr_book_note_locked (self, DBR_ISSUE_ORPHANS, entered, 0);
  dbr_book_note_locked (self, DBR_ISSUE_BUS_LIMIT, entered, 0);
  dbr_book_unlock (self);
}

void
dbr_book_set_circuit (DbrBook    *self,
                      const char *place,
                      const char *state,
                      gboolean    has_opened)
{
  DbrPlace *entered = dbr_book_enter (self, place);

  entered->circuit_state = g_intern_string (state);
  dbr_book_note_locked (self, DBR_ISSUE_CIRCUIT_FLAPPING, entered, has_opened ? 1 : 0);
  dbr_book_unlock (self);
}

/* Nothing is wrong any more as far as is known. */
static void
dbr_book_end_issues_locked (DbrBook    *self,
                            DbrWatch   *watch,
                            const char *name)
{
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    {
      DbrFinding finding = { .kind = kind };

      if (dbr_watch_is_open (watch, kind))
        dbr_board_end (&self->board, watch, name, &finding);
    }
}

void
dbr_book_leave (DbrBook    *self,
                const char *place)
{
  DbrPlace *left;

  g_mutex_lock (&self->mutex);
  left = dbr_places_lookup (&self->places, place);
  if (left != NULL)
    {
      dbr_book_end_issues_locked (self, &left->watch, left->name);
      dbr_places_remove (&self->places, left);
    }
  dbr_book_unlock (self);
}

/* Recording */

static void
dbr_book_note_bad_locked (DbrBook      *self,
                          DbrAccount   *account,
                          gint64        now,
                          DbrOutcome    outcome,
                          const gint64 *usec,
                          const char   *error_name)
{
  dbr_account_note (account, outcome, usec[DBR_PART_TOTAL], error_name);
  if (usec[DBR_PART_LAG] >= DBR_MAIN_LOOP_USEC)
    dbr_book_note_lag_locked (self, "", usec[DBR_PART_LAG]);

  self->next_care = MIN (self->next_care, now + DBR_BOOK_TURN_USEC);
}

void
dbr_book_record (DbrBook      *self,
                 DbrAccount   *account,
                 gint64        now,
                 DbrOutcome    outcome,
                 const gint64 *usec,
                 const char   *error_name)
{
  if (G_UNLIKELY (now >= __atomic_load_n (&self->next_turn, __ATOMIC_RELAXED)))
    {
      g_mutex_lock (&self->mutex);
      dbr_book_turn_locked (self, now);
      dbr_book_unlock (self);
    }

  if (G_UNLIKELY (dbr_account_record (account, outcome, usec)))
    {
      g_mutex_lock (&self->mutex);
      dbr_book_note_bad_locked (self, account, now, outcome, usec, error_name);
      dbr_book_unlock (self);
    }
}

/* With the lock over all of it, so that a reset can forget accounts that only have a name. */
void
dbr_book_record_name (DbrBook    *self,
                      const char *operation,
                      DbrOutcome  outcome,
                      gint64      usec)
{
  const gint64 parts[DBR_N_PARTS] = { usec, -1, -1, -1 };
  gint64 now = dbr_clock_get_monotonic (self->clock);
  DbrAccount *account;

  g_mutex_lock (&self->mutex);
  dbr_book_turn_locked (self, now);
  account = dbr_book_get_named_locked (self, operation);
  if (dbr_account_record (account, outcome, parts))
    dbr_book_note_bad_locked (self, account, now, outcome, parts, NULL);
  dbr_book_unlock (self);
}

void
dbr_book_set_limit (DbrBook    *self,
                    const char *operation,
                    gint64      p95_usec,
                    double      error_rate)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  dbr_limits_set (self->limits, operation, p95_usec, error_rate);
  for (guint i = 0; i < self->list->len; i++)
    dbr_book_apply_limit_locked (self, g_ptr_array_index (self->list, i));
}

/* Reading */

DbrAccount *
dbr_book_lookup (DbrBook    *self,
                 const char *operation)
{
  return g_hash_table_lookup (self->accounts, operation);
}

static int
compare_accounts (gconstpointer a,
                  gconstpointer b)
{
  const DbrAccount *one = *(DbrAccount *const *) a;
  const DbrAccount *other = *(DbrAccount *const *) b;

  return strcmp (one->name, other->name);
}

GPtrArray *
dbr_book_list (DbrBook *self)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < self->list->len; i++)
    {
      DbrAccount *account = g_ptr_array_index (self->list, i);

      if (!dbr_account_is_empty (account))
        g_ptr_array_add (list, account);
    }
  g_ptr_array_sort (list, compare_accounts);

  return list;
}

DbrPlaces *
dbr_book_get_places (DbrBook *self)
{
  return &self->places;
}

DbrBoard *
dbr_book_get_board (DbrBook *self)
{
  return &self->board;
}

DbrNews *
dbr_book_pop_news (DbrBook *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_board_pop (&self->board);
}

static void
dbr_book_forget_account_locked (DbrBook    *self,
                                DbrAccount *account)
{
  g_hash_table_remove (self->accounts, account->name);
  if (strcmp (account->name, DBR_OTHER_NAME) != 0)
    self->n_named--;
  g_ptr_array_remove (self->list, account);
}

void
dbr_book_reset (DbrBook *self)
{
  dbr_book_begin (self);
  for (guint i = self->list->len; i > 0; i--)
    {
      DbrAccount *account = g_ptr_array_index (self->list, i - 1);

      dbr_book_end_issues_locked (self, &account->watch, account->name);
      dbr_account_reset (account);
      dbr_book_apply_limit_locked (self, account);
      if (!account->is_held)
        dbr_book_forget_account_locked (self, account);
    }
  for (guint i = 0; i < self->places.list->len; i++)
    {
      DbrPlace *place = g_ptr_array_index (self->places.list, i);

      dbr_book_end_issues_locked (self, &place->watch, place->name);
      dbr_place_reset (place);
    }
  dbr_book_end (self);
}
