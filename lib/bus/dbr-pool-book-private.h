/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long after its last sign of life a connection is lent without being asked for another. */
#define DBR_POOL_FRESH_USEC (500 * G_GINT64_CONSTANT (1000))
/* From when on a connection that was asked and says nothing is called stalled. */
#define DBR_POOL_PATIENCE_USEC (2 * G_USEC_PER_SEC)

/* Where a connection is: nowhere in the book; idle and known to be in order; idle and asked whether
 * it is; with a holder. */
typedef enum
{
  DBR_POOL_OUTSIDE,
  DBR_POOL_RESTING,
  DBR_POOL_ASKED,
  DBR_POOL_LEASED,
  DBR_POOL_N_PLACES
} DbrPoolPlace;

/* A connection, as the book sees it. It is part of what it stands for. */
typedef struct
{
  GList        link;
  DbrPoolPlace place;
  gboolean     is_told;
  gboolean     is_stalled;
  gboolean     is_leak_told;
  gint64       opened_usec;
  gint64       leased_usec;
  /* since when nobody used it, and when it was last known to be alive */
  gint64       rested_usec;
  gint64       proved_usec;
  /* since when it is asked for a sign of life; 0 while it is not */
  gint64       asked_usec;
} DbrPoolNode;

/* Who waits for a connection. It is part of what it stands for. */
typedef struct
{
  GList    link;
  gboolean is_waiting;
} DbrPoolWaiter;

/* A time of 0 is never. */
typedef struct
{
  guint  min_size;
  guint  max_size;
  gint64 max_idle_usec;
  gint64 max_age_usec;
  gint64 health_usec;
  gint64 leak_usec;
} DbrPoolLimits;

typedef struct
{
  guint   size;
  guint   idle;
  guint   leased;
  guint   waiting;
  guint64 opened_total;
  guint64 closed_total;
  guint64 failed_total;
} DbrPoolCounts;

/* What there is to do. A step is in the book as done when it is given; doing it is left to who
 * asked. */
typedef enum
{
  DBR_POOL_STEP_NOTHING,
  /* hand the node to the waiter */
  DBR_POOL_STEP_LEND,
  /* tell the waiter that the pool is closed */
  DBR_POOL_STEP_REFUSE,
  /* ask the node for a sign of life, and tell the book when it comes */
  DBR_POOL_STEP_ASK,
  /* open a connection, and tell the book what came of it */
  DBR_POOL_STEP_OPEN,
  /* end the node, which has left the book */
  DBR_POOL_STEP_CLOSE,
  /* the rest is to be told; usec is how long it has been silent, or is held */
  DBR_POOL_STEP_OPENED,
  DBR_POOL_STEP_EXHAUSTED,
  DBR_POOL_STEP_AVAILABLE,
  DBR_POOL_STEP_STALLED,
  DBR_POOL_STEP_LEAKED,
} DbrPoolStepKind;

typedef struct
{
  DbrPoolStepKind  kind;
  DbrPoolNode     *node;
  DbrPoolWaiter   *waiter;
  gint64           usec;
} DbrPoolStep;

typedef gboolean (*DbrPoolAliveFunc) (const DbrPoolNode *node);

/* Who rests, is lent, waits: the rules of a pool alone, without I/O, clock and lock. After each
 * event dbr_pool_book_next() is called until there is nothing more to do. */
typedef struct
{
  DbrPoolLimits    limits;
  DbrPoolAliveFunc is_alive;

  GQueue           places[DBR_POOL_N_PLACES];
  GQueue           waiters;
  guint            n_opening;
  guint            n_untold;
  guint            n_stalled;
  guint64          opened_total;
  guint64          closed_total;
  guint64          failed_total;

  gboolean         is_begun;
  gboolean         is_closed;
  gboolean         is_exhausted;
  gboolean         is_exhausted_told;

  /* when a node next wants something, at the earliest; G_MAXINT64 for never */
  gint64           due_usec;
  /* not before this another connection is tried after some could not be opened */
  gint64           retry_usec;
  guint            n_failures;
} DbrPoolBook;

void     dbr_pool_book_init         (DbrPoolBook         *self,
                                     DbrPoolAliveFunc     is_alive);
void     dbr_pool_book_set_limits   (DbrPoolBook         *self,
                                     const DbrPoolLimits *limits);
void     dbr_pool_book_close        (DbrPoolBook         *self);

/* The events. Who enters waits behind all others; who leaves no longer waits, which is FALSE if
 * they did not any more. */
void     dbr_pool_book_enter        (DbrPoolBook         *self,
                                     DbrPoolWaiter       *waiter);
gboolean dbr_pool_book_leave        (DbrPoolBook         *self,
                                     DbrPoolWaiter       *waiter);
/* The one who has waited for longest, who no longer does, or NULL. */
DbrPoolWaiter *dbr_pool_book_turn_away (DbrPoolBook      *self);
void     dbr_pool_book_add          (DbrPoolBook         *self,
                                     DbrPoolNode         *node,
                                     gint64               now);
/* TRUE: there is no connection that the waiters could wait for. @chance is at least 0 and less
 * than 1. */
gboolean dbr_pool_book_fail_opening (DbrPoolBook         *self,
                                     gint64               now,
                                     double               chance);
/* The holder gave it back, and it is now asked what state it is in; FALSE: it left the book
 * before. */
gboolean dbr_pool_book_give_back    (DbrPoolBook         *self,
                                     DbrPoolNode         *node,
                                     gint64               now);
/* It gave the sign of life that it was asked for. Returns how long it was stalled, -1 if it was
 * not. */
gint64   dbr_pool_book_answer       (DbrPoolBook         *self,
                                     DbrPoolNode         *node,
                                     gint64               now);
/* It is lost, or not to be used again. FALSE: it left the book before. */
gboolean dbr_pool_book_remove       (DbrPoolBook         *self,
                                     DbrPoolNode         *node);

/* What there is to do next; FALSE if nothing, before dbr_pool_book_get_due() at least. */
gboolean dbr_pool_book_next         (DbrPoolBook         *self,
                                     gint64               now,
                                     DbrPoolStep         *step);
gint64   dbr_pool_book_get_due      (const DbrPoolBook   *self);
void     dbr_pool_book_count        (const DbrPoolBook   *self,
                                     DbrPoolCounts       *counts);

G_END_DECLS
