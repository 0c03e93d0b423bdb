/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-book-look-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-fork-private.h"

DbrBook *
dbr_book_new (const DbrClock *clock)
{
  DbrBook *self = g_new0 (DbrBook, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->generation = dbr_fork_get_generation ();
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
  if (!g_atomic_ref_count_dec (&self->ref_count) || !dbr_book_is_of_process (self))
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

gboolean
dbr_book_is_of_process (const DbrBook *self)
{
  return self->generation == dbr_fork_get_generation ();
}

void
dbr_book_set_herald (DbrBook       *self,
                     DbrHerald     *herald,
                     DbrHeraldFunc  tell)
{
  self->herald = dbr_herald_ref (herald);
  self->tell = tell;
}

/* Accounts */

static void
dbr_book_apply_limit_locked (DbrBook    *self,
                             DbrAccount *account)
{
  DbrLimit limit = dbr_limits_lookup (self->limits, account->name, account->operation);

  account->error_rate = limit.error_rate;
  account->burn_share = limit.burn_share;
  dbr_account_set_thresholds (account, limit.p95_usec, account->shift_usec);
}

static gboolean
is_good_name (const char *name)
{
  gsize length = strnlen (name, DBR_MAX_NAME_LENGTH + 1);

  return length > 0 && length <= DBR_MAX_NAME_LENGTH
         && g_utf8_validate (name, (gssize) length, NULL);
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

  if (!dbr_open_issues_has (&place->watch, DBR_ISSUE_MAIN_LOOP))
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

/* What is counted together with others has no state: it would be that of who came last, also when
 * that one is gone. */
static gboolean
is_alone (const DbrPlace *place,
          const char     *name)
{
  return strcmp (place->name, name) == 0;
}

void
dbr_book_set_slots (DbrBook        *self,
                    const char     *place,
                    const DbrSlots *slots)
{
  DbrPlace *entered = dbr_book_enter (self, place);

  if (is_alone (entered, place))
    {
      entered->slots = *slots;
      dbr_book_note_locked (self, DBR_ISSUE_ORPHANS, entered, 0);
      dbr_book_note_locked (self, DBR_ISSUE_BUS_LIMIT, entered, 0);
    }
  dbr_book_unlock (self);
}

void
dbr_book_set_circuit (DbrBook    *self,
                      const char *place,
                      const char *state,
                      gboolean    has_opened)
{
  DbrPlace *entered = dbr_book_enter (self, place);

  if (is_alone (entered, place))
    entered->circuit_state = g_intern_string (state);
  dbr_book_note_locked (self, DBR_ISSUE_CIRCUIT_FLAPPING, entered, has_opened ? 1 : 0);
  dbr_book_unlock (self);
}

/* Nothing is wrong any more as far as is known. */
static void
dbr_book_end_issues_locked (DbrBook         *self,
                            DbrOpenIssues   *watch,
                            const char      *name)
{
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    {
      DbrFinding finding = { .kind = kind };

      if (dbr_open_issues_has (watch, kind))
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
    dbr_book_note_lag_locked (self, DBR_PROGRAM_NAME, usec[DBR_PART_LAG]);

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
      if (!dbr_book_is_of_process (self))
        return;

      g_mutex_lock (&self->mutex);
      dbr_book_turn_locked (self, now);
      dbr_book_unlock (self);
    }

  if (G_UNLIKELY (dbr_account_record (account, outcome, usec)) && dbr_book_is_of_process (self))
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
  dbr_book_begin (self);
  dbr_limits_set (self->limits, operation, p95_usec, error_rate);
  for (guint i = 0; i < self->list->len; i++)
    {
      DbrAccount *account = g_ptr_array_index (self->list, i);
      gint64 old_usec = account->slow_usec;

      dbr_book_apply_limit_locked (self, account);
      if (account->slow_usec != old_usec)
        dbr_account_recount_slow (account);
      dbr_book_judge_account_locked (self, account, self->when);
    }
  dbr_book_end (self);
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
