/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "base/dbr-herald-private.h"
#include "metrics/dbr-account-private.h"
#include "metrics/dbr-board-private.h"
#include "metrics/dbr-limits-private.h"
#include "metrics/dbr-places-private.h"

G_BEGIN_DECLS

/* The book of all accounts, which an object of metrics and whoever records share.
 *
 * Nobody polls. One looks at the accounts when something is recorded or read, at most once a second
 * of the clock; calls that are well arm nothing. After one that is not, somebody has to look even
 * if nothing comes any more, and while an issue is open somebody has to see that it is over: for
 * that there is a deadline, after a second and ten. */
#define DBR_BOOK_TURN_USEC ((gint64) G_USEC_PER_SEC)
#define DBR_BOOK_CARE_USEC (10 * (gint64) G_USEC_PER_SEC)

/* Operations beyond this count as one, which is called so. */
#define DBR_BOOK_MAX_ACCOUNTS 32u

/* What closed slices may take of memory. If they want more, the oldest go, and windows become
 * shorter: first those of the parts of a time. */
#define DBR_BOOK_MAX_SLICE_BYTES (256u * 1024)

/* With a clock of a test nothing happens by itself: the test ticks. */
DbrBook    *dbr_book_new         (const DbrClock    *clock) G_GNUC_WARN_UNUSED_RESULT;
DbrBook    *dbr_book_ref         (DbrBook           *self);
void        dbr_book_unref       (DbrBook           *self);
/* FALSE in a child of fork(), which has to leave it alone: its lock may be held by a thread that is
 * not there. Only what is recorded by an account may come there still. */
gboolean    dbr_book_is_of_process (const DbrBook   *self);
/* From then on nothing happens by itself. */
void        dbr_book_close       (DbrBook           *self);
/* @tell is called in the herald's context when there are news; both to be set once, at first. */
void        dbr_book_set_herald  (DbrBook           *self,
                                  DbrHerald         *herald,
                                  DbrHeraldFunc      tell);

/* The account of an operation; to be held, it is kept until the book ends. */
DbrAccount *dbr_book_resolve     (DbrBook           *self,
                                  const char        *operation,
                                  const char        *destination,
                                  const char        *interface_name,
                                  const char        *member);
void        dbr_book_record      (DbrBook           *self,
                                  DbrAccount        *account,
                                  gint64             now,
                                  DbrOutcome         outcome,
                                  const gint64      *usec,
                                  const char        *error_name);
void        dbr_book_record_name (DbrBook           *self,
                                  const char        *operation,
                                  DbrOutcome         outcome,
                                  gint64             usec);

/* What happened in a place, and how it is there. */
void        dbr_book_note        (DbrBook           *self,
                                  DbrIssueKind       kind,
                                  const char        *place,
                                  guint              n);
void        dbr_book_note_lag    (DbrBook           *self,
                                  const char        *place,
                                  gint64             lag_usec);
void        dbr_book_set_slots   (DbrBook           *self,
                                  const char        *place,
                                  const DbrSlots    *slots);
void        dbr_book_set_circuit (DbrBook           *self,
                                  const char        *place,
                                  const char        *state,
                                  gboolean           has_opened);
/* What is known of a place that is no more, as a connection that ended. */
void        dbr_book_leave       (DbrBook           *self,
                                  const char        *place);

void        dbr_book_set_limit   (DbrBook           *self,
                                  const char        *operation,
                                  gint64             p95_usec,
                                  double             error_rate);
void        dbr_book_reset       (DbrBook           *self);

/* Looks at once. Between begin and end nobody else has the book. */
void        dbr_book_begin       (DbrBook           *self);
void        dbr_book_end         (DbrBook           *self);
/* Those in which something was recorded, sorted by name; call them between begin and end. */
GPtrArray  *dbr_book_list        (DbrBook           *self) G_GNUC_WARN_UNUSED_RESULT;
DbrAccount *dbr_book_lookup      (DbrBook           *self,
                                  const char        *operation);
DbrPlaces  *dbr_book_get_places  (DbrBook           *self);
DbrBoard   *dbr_book_get_board   (DbrBook           *self);
DbrNews    *dbr_book_pop_news    (DbrBook           *self) G_GNUC_WARN_UNUSED_RESULT;

/* What the deadline does, and when it would next; G_MAXINT64 for never. */
void        dbr_book_tick        (DbrBook           *self);
gint64      dbr_book_get_next    (DbrBook           *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrBook, dbr_book_unref)

G_END_DECLS
