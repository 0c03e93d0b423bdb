/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-deadline-private.h"
#include "metrics/dbr-book-private.h"

G_BEGIN_DECLS

struct _DbrBook
{
  DbrDeadline      deadline;
  gatomicrefcount  ref_count;

  /* identity */
  guint            generation;
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

/* What those who write into the book need of those who look at it. */

gboolean dbr_book_has_open_locked    (DbrBook      *self);
/* Before something is recorded, so that it is counted to its own time. */
void     dbr_book_turn_locked        (DbrBook      *self,
                                      gint64        now);
void     dbr_book_judge_account_locked (DbrBook      *self,
                                        DbrAccount   *account,
                                        gint64        when);
void     dbr_book_judge_place_locked (DbrBook      *self,
                                      DbrPlace     *place,
                                      DbrIssueKind  kind,
                                      gint64        when);
/* Arms the deadline, and tells what was found. */
void     dbr_book_unlock             (DbrBook      *self);

G_END_DECLS
