/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-ladder-private.h"

#define HOUR_USEC (60 * 60 * (gint64) G_USEC_PER_SEC)
#define DAY_USEC (24 * HOUR_USEC)
#define UNIT_RESTARTS_AN_HOUR 3
/* Beyond so many books those are looked for that nobody needs any more. */
#define MANY_BOOKS 256

/* When a stage was tried for one target, the oldest first. */
typedef struct
{
  GArray *began;
  /* how long it matters that it was */
  gint64  memory_usec;
} Book;

struct _DbrRecoveryLadder
{
  /* name and target, each ended by a zero -> Book */
  GHashTable *books;
  /* target -> until when it is left alone */
  GHashTable *silences;
};

static void
book_free (Book *self)
{
  g_array_unref (self->began);
  g_free (self);
}

static void
book_forget (Book   *self,
             gint64  now)
{
  guint n_old = 0;

  while (n_old < self->began->len
         && now - g_array_index (self->began, gint64, n_old) >= self->memory_usec)
    n_old++;
  if (n_old > 0)
    g_array_remove_range (self->began, 0, n_old);
}

static guint
book_count (const Book *self,
            gint64      now,
            gint64      window_usec)
{
  guint n = 0;

  while (n < self->began->len
         && now - g_array_index (self->began, gint64, self->began->len - 1 - n) < window_usec)
    n++;

  return n;
}

/* For how long the limit holds still, 0 if it does not. */
static gint64
book_get_wait (const Book *self,
               gint64      now,
               guint       max,
               gint64      window_usec)
{
  guint n = book_count (self, now, window_usec);

  if (n < max)
    return 0;

  return g_array_index (self->began, gint64, self->began->len - max) + window_usec - now;
}

static gboolean
is_of_unit (const DbrRung      *rung,
            const DbrSituation *situation)
{
  return rung->kind == DBR_RUNG_RESTART && situation->trouble == DBR_TROUBLE_UNIT;
}

/* Whom the attempts of a stage are counted for: who would suffer from too many of them. */
static const char *
get_sufferer (const DbrRung      *rung,
              const DbrSituation *situation)
{
  DbrRecoveryScope of_service = DBR_RECOVERY_SCOPE_SERVICE_START
                                | DBR_RECOVERY_SCOPE_SERVICE_RESTART;

  if (is_of_unit (rung, situation))
    return situation->target;
  if ((rung->scope & of_service) != 0)
    return "";
  if ((rung->scope & DBR_RECOVERY_SCOPE_ADAPTER) != 0 && situation->adapter != NULL)
    return situation->adapter;

  return situation->target;
}

/* The name and the target that the attempts are kept by. */
static char *
make_key (const DbrRung      *rung,
          const DbrSituation *situation)
{
  return g_strdup_printf ("%s\n%s", rung->name, get_sufferer (rung, situation));
}

/* Whatever is tried against a service that hangs must not go through it, and nobody but the device
 * itself suffers for its being away. */
static gboolean
is_of_use (const DbrRung *rung,
           DbrTrouble     trouble)
{
  gboolean is_own = rung->kind == DBR_RUNG_OWN;

  switch (trouble)
    {
    case DBR_TROUBLE_ABSENT:
      return is_own || rung->kind == DBR_RUNG_START || rung->kind == DBR_RUNG_RESTART;

    case DBR_TROUBLE_STALLED:
    case DBR_TROUBLE_UNIT:
      return is_own || rung->kind == DBR_RUNG_RESTART;

    case DBR_TROUBLE_LOST:
      return is_own || rung->kind == DBR_RUNG_RESOLVE;

    case DBR_TROUBLE_APART:
      return rung->kind == DBR_RUNG_RECONNECT
             || (is_own && (rung->scope & ~DBR_RECOVERY_SCOPE_DEVICE) == 0);

    case DBR_TROUBLE_CONTROLLER:
      return is_own || rung->kind == DBR_RUNG_POWER_CYCLE || rung->kind == DBR_RUNG_RESTART;

    case DBR_TROUBLE_NONE:
    case DBR_TROUBLE_FROZEN:
    case DBR_TROUBLE_OFF:
    case DBR_TROUBLE_BLOCKED:
    default:
      return FALSE;
    }
}

gboolean
dbr_trouble_is_trouble (DbrTrouble trouble)
{
  return trouble != DBR_TROUBLE_NONE && trouble != DBR_TROUBLE_FROZEN
         && trouble != DBR_TROUBLE_OFF && trouble != DBR_TROUBLE_BLOCKED;
}

DbrRecoveryLadder *
dbr_recovery_ladder_new (void)
{
  DbrRecoveryLadder *self = g_new0 (DbrRecoveryLadder, 1);

  self->books = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) book_free);
  self->silences = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
dbr_recovery_ladder_free (DbrRecoveryLadder *self)
{
  g_hash_table_unref (self->books);
  g_hash_table_unref (self->silences);
  g_free (self);
}

static gint64
dbr_recovery_ladder_get_wait (DbrRecoveryLadder  *self,
                              const DbrRung      *rung,
                              const DbrSituation *situation,
                              gint64              now)
{
  g_autofree char *key = make_key (rung, situation);
  const Book *book = g_hash_table_lookup (self->books, key);
  gint64 wait_usec;

  if (book == NULL)
    return 0;

  if (is_of_unit (rung, situation))
    return book_get_wait (book, now, UNIT_RESTARTS_AN_HOUR, HOUR_USEC);

  wait_usec = book_get_wait (book, now, rung->max_attempts, rung->window_usec);
  if (rung->max_a_day != 0)
    wait_usec = MAX (wait_usec, book_get_wait (book, now, rung->max_a_day, DAY_USEC));

  return wait_usec;
}

static gint64
dbr_recovery_ladder_get_silence (DbrRecoveryLadder *self,
                                 const char        *target,
                                 gint64             now)
{
  const gint64 *until = g_hash_table_lookup (self->silences, target);

  return until != NULL && *until > now ? *until - now : 0;
}

/* What a program can change comes before what only time does. */
DbrVerdict
dbr_recovery_ladder_judge (DbrRecoveryLadder  *self,
                           const DbrRung      *rung,
                           const DbrSituation *situation,
                           gint64              now,
                           gint64             *wait_usec)
{
  *wait_usec = 0;
  if (!is_of_use (rung, situation->trouble))
    return DBR_VERDICT_NO_USE;
  if ((rung->scope & ~situation->allowed) != 0)
    return DBR_VERDICT_NOT_ALLOWED;
  if (situation->has_input_devices
      && (rung->scope & ~DBR_RECOVERY_SCOPE_DEVICE) != 0
      && (situation->allowed & DBR_RECOVERY_SCOPE_INPUT_DEVICES) == 0)
    return DBR_VERDICT_INPUT_DEVICES;

  *wait_usec = dbr_recovery_ladder_get_silence (self, situation->target, now);
  if (*wait_usec > 0)
    return DBR_VERDICT_SILENCE;

  *wait_usec = dbr_recovery_ladder_get_wait (self, rung, situation, now);

  return *wait_usec > 0 ? DBR_VERDICT_LIMITED : DBR_VERDICT_RUN;
}

static gboolean
is_forgotten (gpointer key,
              gpointer value,
              gpointer user_data)
{
  Book *book = value;

  book_forget (book, *(const gint64 *) user_data);

  return book->began->len == 0;
}

static gboolean
is_over (gpointer key,
         gpointer value,
         gpointer user_data)
{
  return *(const gint64 *) value <= *(const gint64 *) user_data;
}

static Book *
dbr_recovery_ladder_open_book (DbrRecoveryLadder  *self,
                               const DbrRung      *rung,
                               const DbrSituation *situation,
                               gint64              now)
{
  g_autofree char *key = make_key (rung, situation);
  Book *book = g_hash_table_lookup (self->books, key);

  if (book == NULL)
    {
      if (g_hash_table_size (self->books) >= MANY_BOOKS)
        g_hash_table_foreach_remove (self->books, is_forgotten, &now);
      book = g_new0 (Book, 1);
      book->began = g_array_new (FALSE, FALSE, sizeof (gint64));
      g_hash_table_insert (self->books, g_steal_pointer (&key), book);
    }
  book->memory_usec = MAX (rung->window_usec, rung->max_a_day != 0 ? DAY_USEC : 0);
  if (is_of_unit (rung, situation))
    book->memory_usec = HOUR_USEC;
  book_forget (book, now);

  return book;
}

guint
dbr_recovery_ladder_begin (DbrRecoveryLadder  *self,
                           const DbrRung      *rung,
                           const DbrSituation *situation,
                           gint64              now)
{
  Book *book = dbr_recovery_ladder_open_book (self, rung, situation, now);

  if (book->began->len >= DBR_LADDER_MAX_ATTEMPTS)
    g_array_remove_index (book->began, 0);
  g_array_append_val (book->began, now);

  return book_count (book, now, is_of_unit (rung, situation) ? HOUR_USEC : rung->window_usec);
}

void
dbr_recovery_ladder_give_up (DbrRecoveryLadder *self,
                             const char        *target,
                             gint64             now)
{
  gint64 until = now + DBR_LADDER_SILENCE_USEC;

  g_hash_table_foreach_remove (self->silences, is_over, &now);
  g_hash_table_insert (self->silences, g_strdup (target), g_memdup2 (&until, sizeof until));
}

void
dbr_recovery_ladder_recovered (DbrRecoveryLadder *self,
                               const char        *target)
{
  g_hash_table_remove (self->silences, target);
}
