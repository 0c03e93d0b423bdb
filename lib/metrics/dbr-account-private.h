/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "metrics/dbr-board-private.h"
#include "metrics/dbr-burn-private.h"
#include "metrics/dbr-operation-stats.h"
#include "metrics/dbr-series-private.h"

G_BEGIN_DECLS

typedef struct _DbrBook DbrBook;

#define DBR_N_OUTCOMES ((guint) DBR_OUTCOME_REJECTED + 1)
#define DBR_ACCOUNT_N_ERRORS 8u

/* From this on a main loop is blocked. */
#define DBR_MAIN_LOOP_USEC ((gint64) G_USEC_PER_SEC)

/* Where the time of a call went. */
typedef enum
{
  DBR_PART_TOTAL,
  DBR_PART_QUEUE,
  DBR_PART_SERVICE,
  DBR_PART_LAG,
} DbrPart;

#define DBR_N_PARTS ((guint) DBR_PART_LAG + 1)

/* What only ever grows. */
typedef struct
{
  guint64 outcomes[DBR_N_OUTCOMES];
  /* of those that have a time: longer than the limit, and than is usual for the operation */
  guint64 n_slow;
  guint64 n_shifted;
  /* failed, timed out, or slow */
  guint64 n_bad;
  guint64 sum_usec;
} DbrCounts;

/* One that nothing falls into has a shortest time above its longest. */
typedef struct
{
  gint64 min_usec;
  gint64 max_usec;
} DbrRange;

#define DBR_RANGE_INIT { G_MAXINT64, -1 }

/* What is known of an operation over a stretch of time, all of one moment. */
typedef struct
{
  DbrCounts counts;
  DbrRange  range;
  DbrTally  tally;
} DbrFigures;

/* How an error is called, and how often it came. */
typedef struct
{
  char    *name;
  guint64  count;
} DbrErrorCount;

/* What is counted of one operation. It lives as long as its book. */
typedef struct
{
  /* identity */
  DbrBook       *book;
  char          *name;
  char          *operation;
  char          *destination;
  char          *interface_name;
  char          *member;
  gboolean       is_held;

  /* atomic */
  guint64        outcomes[DBR_N_OUTCOMES];
  DbrRange       range;
  gint64         notable_usec;
  guint64        n_retries;
  int            n_orphans;

  /* atomic in what is alive of it, else guarded by the book's mutex */
  DbrSeries      parts[DBR_N_PARTS];

  /* guarded by the book's mutex */
  gint64         slow_usec;
  double         error_rate;
  double         burn_share;
  gint64         shift_usec;
  gint64         usual_usec;
  guint64        n_slow;
  guint64        n_shifted;
  guint64        n_bad;
  DbrErrorCount  errors[DBR_ACCOUNT_N_ERRORS];
  guint64        n_other_errors;
  DbrRange       life_range;
  /* when the slice began, when it was last looked at, and the slices before */
  DbrCounts           at_slice;
  DbrCounts           at_turn;
  DbrCounts           closed[DBR_WINDOW_N_CLOSED];
  DbrRange            closed_ranges[DBR_WINDOW_N_CLOSED];
  DbrBurn             burn;
  DbrOpenIssues       watch;
} DbrAccount;

/* Names may be NULL, except that of the operation. */
DbrAccount *dbr_account_new              (DbrBook           *book,
                                          const char        *name,
                                          const char        *operation,
                                          const char        *destination,
                                          const char        *interface_name,
                                          const char        *member) G_GNUC_WARN_UNUSED_RESULT;
void        dbr_account_free             (DbrAccount        *self);

/* From any thread and without a lock; times of -1 are not known. TRUE if there is more to it, which
 * dbr_account_note() has to be told. */
gboolean    dbr_account_record           (DbrAccount        *self,
                                          DbrOutcome         outcome,
                                          const gint64      *usec);

/* All others need the book's mutex. */
void        dbr_account_note             (DbrAccount        *self,
                                          DbrOutcome         outcome,
                                          gint64             total_usec,
                                          const char        *error_name);
void        dbr_account_set_thresholds   (DbrAccount        *self,
                                          gint64             slow_usec,
                                          gint64             shift_usec);
/* Those in the window, after the limit has changed. */
void        dbr_account_recount_slow     (DbrAccount        *self);
/* Whether there was anything in it. */
gboolean    dbr_account_close_slice      (DbrAccount        *self,
                                          guint              n_passed);
/* The oldest one of the closed ones; FALSE if there is none of this part. */
gboolean    dbr_account_forget_slice     (DbrAccount        *self,
                                          DbrPart            part);
void        dbr_account_reset            (DbrAccount        *self);
gboolean    dbr_account_is_empty         (DbrAccount        *self);

/* What was recorded since the last time. */
void        dbr_account_take_growth      (DbrAccount        *self,
                                          DbrCounts         *growth);
void        dbr_account_count_life       (DbrAccount        *self,
                                          DbrCounts         *counts);
void        dbr_account_count_window     (DbrAccount        *self,
                                          DbrCounts         *counts);
void        dbr_account_read_life        (DbrAccount        *self,
                                          DbrFigures        *figures);
void        dbr_account_read_window      (DbrAccount        *self,
                                          DbrFigures        *figures);

static inline gboolean
dbr_outcome_has_time (DbrOutcome outcome)
{
  return outcome <= DBR_OUTCOME_TIMEOUT;
}

/* Those that say something of the service: sent, and waited for to the end. */
static inline guint64
dbr_counts_get_answered (const DbrCounts *self)
{
  return self->outcomes[DBR_OUTCOME_OK] + self->outcomes[DBR_OUTCOME_ERROR]
         + self->outcomes[DBR_OUTCOME_TIMEOUT];
}

static inline guint64
dbr_counts_get_failed (const DbrCounts *self)
{
  return self->outcomes[DBR_OUTCOME_ERROR] + self->outcomes[DBR_OUTCOME_TIMEOUT];
}

G_END_DECLS
