/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-book-private.h"

#include <string.h>

/* The pauses between attempts to open a connection that fail. */
#define FIRST_PAUSE_USEC (100 * G_GINT64_CONSTANT (1000))
#define LAST_PAUSE_USEC (30 * G_USEC_PER_SEC)
#define PAUSE_GROWTH 1.6
#define PAUSE_JITTER 0.2

void
dbr_pool_book_init (DbrPoolBook      *self,
                    DbrPoolAliveFunc  is_alive)
{
  memset (self, 0, sizeof (DbrPoolBook));
  self->is_alive = is_alive;
  self->due_usec = G_MAXINT64;
}

static guint
dbr_pool_book_get_size (const DbrPoolBook *self)
{
  return self->places[DBR_POOL_RESTING].length
         + self->places[DBR_POOL_ASKED].length
         + self->places[DBR_POOL_LEASED].length;
}

static void
dbr_pool_book_set_stalled (DbrPoolBook *self,
                           DbrPoolNode *node,
                           gboolean     is_stalled)
{
  /* A stalled one that is asked for a waiter is none that the waiter can hope for. */
  if (node->is_stalled && node->place == DBR_POOL_ASKED)
    self->n_stalled--;
  node->is_stalled = is_stalled;
  if (node->is_stalled && node->place == DBR_POOL_ASKED)
    self->n_stalled++;
}

/* The one that was used last is at the tail, and is the next to be lent: so those that are not
 * needed grow old. */
static void
dbr_pool_book_insert (DbrPoolBook *self,
                      DbrPoolNode *node)
{
  GQueue *queue = &self->places[node->place];
  GList *before = queue->tail;

  if (node->place == DBR_POOL_RESTING)
    {
      while (before != NULL && ((DbrPoolNode *) before->data)->rested_usec > node->rested_usec)
        before = before->prev;
    }

  node->link.data = node;
  if (before == NULL)
    g_queue_push_head_link (queue, &node->link);
  else
    g_queue_insert_after_link (queue, before, &node->link);
}

static void
dbr_pool_book_move (DbrPoolBook  *self,
                    DbrPoolNode  *node,
                    DbrPoolPlace  place)
{
  gboolean is_stalled = node->is_stalled;

  dbr_pool_book_set_stalled (self, node, FALSE);
  if (node->place != DBR_POOL_OUTSIDE)
    g_queue_unlink (&self->places[node->place], &node->link);
  node->place = place;
  if (node->place != DBR_POOL_OUTSIDE)
    dbr_pool_book_insert (self, node);
  dbr_pool_book_set_stalled (self, node, is_stalled);
}

/* When something has to be done about @node, at the earliest. */
static gint64
dbr_pool_book_get_node_due (const DbrPoolBook *self,
                            const DbrPoolNode *node)
{
  const DbrPoolLimits *limits = &self->limits;
  gint64 due = G_MAXINT64;

  if (node->asked_usec != 0 && !node->is_stalled)
    due = node->asked_usec + DBR_POOL_PATIENCE_USEC;
  else if (node->asked_usec == 0 && limits->health_usec > 0)
    due = node->proved_usec + limits->health_usec;

  if (node->place == DBR_POOL_LEASED && limits->leak_usec > 0 && !node->is_leak_told)
    due = MIN (due, node->leased_usec + limits->leak_usec);

  if (node->place == DBR_POOL_RESTING)
    {
      if (limits->max_age_usec > 0)
        due = MIN (due, node->opened_usec + limits->max_age_usec);
      if (limits->max_idle_usec > 0 && dbr_pool_book_get_size (self) > limits->min_size)
        due = MIN (due, node->rested_usec + limits->max_idle_usec);
    }

  return due;
}

static void
dbr_pool_book_expect (DbrPoolBook *self,
                      DbrPoolNode *node)
{
  self->due_usec = MIN (self->due_usec, dbr_pool_book_get_node_due (self, node));
}

void
dbr_pool_book_close (DbrPoolBook *self)
{
  self->is_closed = TRUE;
}

/* Events */

static gboolean
dbr_pool_book_is_full (const DbrPoolBook *self)
{
  return self->places[DBR_POOL_LEASED].length >= self->limits.max_size;
}

/* Noted when it comes to it, and told with the next step: by then it may be over already. */
static void
dbr_pool_book_note_exhausted (DbrPoolBook *self)
{
  if (self->is_exhausted || self->waiters.length == 0 || !dbr_pool_book_is_full (self))
    return;

  self->is_exhausted = TRUE;
  self->is_exhausted_told = FALSE;
}

void
dbr_pool_book_set_limits (DbrPoolBook         *self,
                          const DbrPoolLimits *limits)
{
  self->limits = *limits;
  self->due_usec = G_MININT64;
  dbr_pool_book_note_exhausted (self);
}

void
dbr_pool_book_enter (DbrPoolBook   *self,
                     DbrPoolWaiter *waiter)
{
  self->is_begun = TRUE;
  waiter->is_waiting = TRUE;
  waiter->link.data = waiter;
  g_queue_push_tail_link (&self->waiters, &waiter->link);
  dbr_pool_book_note_exhausted (self);
}

gboolean
dbr_pool_book_leave (DbrPoolBook   *self,
                     DbrPoolWaiter *waiter)
{
  if (!waiter->is_waiting)
    return FALSE;

  waiter->is_waiting = FALSE;
  g_queue_unlink (&self->waiters, &waiter->link);

  return TRUE;
}

DbrPoolWaiter *
dbr_pool_book_turn_away (DbrPoolBook *self)
{
  DbrPoolWaiter *waiter = g_queue_peek_head (&self->waiters);

  if (waiter != NULL)
    dbr_pool_book_leave (self, waiter);

  return waiter;
}

void
dbr_pool_book_add (DbrPoolBook *self,
                   DbrPoolNode *node,
                   gint64       now)
{
  self->n_opening--;
  self->n_failures = 0;
  self->retry_usec = 0;
  self->n_untold++;
  self->opened_total++;

  node->opened_usec = now;
  node->rested_usec = now;
  node->proved_usec = now;
  dbr_pool_book_move (self, node, DBR_POOL_RESTING);

  /* One more may be one more than has to be kept. */
  self->due_usec = G_MININT64;
}

gboolean
dbr_pool_book_fail_opening (DbrPoolBook *self,
                            gint64       now,
                            double       chance)
{
  double pause = FIRST_PAUSE_USEC;

  for (guint i = 0; i < self->n_failures && pause < LAST_PAUSE_USEC; i++)
    pause *= PAUSE_GROWTH;
  pause = MIN (pause, LAST_PAUSE_USEC) * (1 - PAUSE_JITTER + 2 * PAUSE_JITTER * chance);

  self->n_opening--;
  self->failed_total++;
  self->n_failures++;
  self->retry_usec = now + (gint64) pause;
  self->due_usec = MIN (self->due_usec, self->retry_usec);

  return dbr_pool_book_get_size (self) == 0 && self->n_opening == 0;
}

gboolean
dbr_pool_book_give_back (DbrPoolBook *self,
                         DbrPoolNode *node,
                         gint64       now)
{
  if (node->place != DBR_POOL_LEASED)
    return FALSE;

  node->rested_usec = now;
  node->asked_usec = now;
  node->is_leak_told = FALSE;
  dbr_pool_book_move (self, node, DBR_POOL_ASKED);
  dbr_pool_book_expect (self, node);

  return TRUE;
}

gint64
dbr_pool_book_answer (DbrPoolBook *self,
                      DbrPoolNode *node,
                      gint64       now)
{
  gint64 down_usec = node->is_stalled ? now - node->proved_usec : -1;

  if (node->place == DBR_POOL_OUTSIDE)
    return -1;

  node->asked_usec = 0;
  node->proved_usec = now;
  dbr_pool_book_set_stalled (self, node, FALSE);
  if (node->place == DBR_POOL_ASKED)
    dbr_pool_book_move (self, node, DBR_POOL_RESTING);
  dbr_pool_book_expect (self, node);

  return down_usec;
}

gboolean
dbr_pool_book_remove (DbrPoolBook *self,
                      DbrPoolNode *node)
{
  if (node->place == DBR_POOL_OUTSIDE)
    return FALSE;

  dbr_pool_book_move (self, node, DBR_POOL_OUTSIDE);
  node->is_stalled = FALSE;
  if (!node->is_told)
    self->n_untold--;
  self->closed_total++;

  return TRUE;
}

/* Steps */

static gboolean
dbr_pool_book_take (DbrPoolStep     *step,
                    DbrPoolStepKind  kind,
                    DbrPoolNode     *node)
{
  step->kind = kind;
  step->node = node;

  return TRUE;
}

static gboolean
dbr_pool_book_end (DbrPoolBook *self,
                   DbrPoolNode *node,
                   DbrPoolStep *step)
{
  dbr_pool_book_remove (self, node);

  return dbr_pool_book_take (step, DBR_POOL_STEP_CLOSE, node);
}

static gboolean
dbr_pool_book_ask (DbrPoolBook *self,
                   DbrPoolNode *node,
                   gint64       now,
                   DbrPoolStep *step)
{
  node->asked_usec = now;
  if (node->place == DBR_POOL_RESTING)
    dbr_pool_book_move (self, node, DBR_POOL_ASKED);
  dbr_pool_book_expect (self, node);

  return dbr_pool_book_take (step, DBR_POOL_STEP_ASK, node);
}

/* Before anything else becomes of it. */
static gboolean
dbr_pool_book_announce (DbrPoolBook *self,
                        DbrPoolStep *step)
{
  GList *link = self->places[DBR_POOL_RESTING].tail;

  if (self->n_untold == 0)
    return FALSE;

  while (((DbrPoolNode *) link->data)->is_told)
    link = link->prev;

  ((DbrPoolNode *) link->data)->is_told = TRUE;
  self->n_untold--;

  return dbr_pool_book_take (step, DBR_POOL_STEP_OPENED, link->data);
}

/* Leases outlast a closed pool; all else ends with it. */
static gboolean
dbr_pool_book_wind_up (DbrPoolBook *self,
                       DbrPoolStep *step)
{
  DbrPoolNode *node = g_queue_peek_head (&self->places[DBR_POOL_RESTING]);

  if (node == NULL)
    node = g_queue_peek_head (&self->places[DBR_POOL_ASKED]);
  if (node != NULL)
    return dbr_pool_book_end (self, node, step);

  step->waiter = dbr_pool_book_turn_away (self);

  return step->waiter != NULL && dbr_pool_book_take (step, DBR_POOL_STEP_REFUSE, NULL);
}

/* What nobody may have any more, whether it would be idle or not. */
static gboolean
dbr_pool_book_evict (DbrPoolBook *self,
                     gint64       now,
                     DbrPoolStep *step)
{
  DbrPoolNode *oldest = g_queue_peek_head (&self->places[DBR_POOL_RESTING]);
  DbrPoolNode *next = g_queue_peek_tail (&self->places[DBR_POOL_RESTING]);

  if (next == NULL)
    return FALSE;

  if (dbr_pool_book_get_size (self) > self->limits.max_size)
    return dbr_pool_book_end (self, oldest, step);

  if (self->limits.max_age_usec > 0 && now >= next->opened_usec + self->limits.max_age_usec)
    return dbr_pool_book_end (self, next, step);

  return !self->is_alive (next) && dbr_pool_book_end (self, next, step);
}

static gboolean
dbr_pool_book_lend (DbrPoolBook *self,
                    gint64       now,
                    DbrPoolStep *step)
{
  DbrPoolNode *node = g_queue_peek_tail (&self->places[DBR_POOL_RESTING]);

  if (node == NULL || self->waiters.length == 0 || now >= node->proved_usec + DBR_POOL_FRESH_USEC)
    return FALSE;

  node->leased_usec = now;
  dbr_pool_book_move (self, node, DBR_POOL_LEASED);
  dbr_pool_book_expect (self, node);
  step->waiter = dbr_pool_book_turn_away (self);
  dbr_pool_book_note_exhausted (self);

  return dbr_pool_book_take (step, DBR_POOL_STEP_LEND, node);
}

static gboolean
dbr_pool_book_tell (DbrPoolBook *self,
                    DbrPoolStep *step)
{
  if (self->is_exhausted && !self->is_exhausted_told)
    {
      self->is_exhausted_told = TRUE;
      return dbr_pool_book_take (step, DBR_POOL_STEP_EXHAUSTED, NULL);
    }

  if (self->is_exhausted && !dbr_pool_book_is_full (self) && self->waiters.length == 0)
    {
      self->is_exhausted = FALSE;
      return dbr_pool_book_take (step, DBR_POOL_STEP_AVAILABLE, NULL);
    }

  return FALSE;
}

static gboolean
dbr_pool_book_may_open (const DbrPoolBook *self,
                        gint64             now)
{
  guint size = dbr_pool_book_get_size (self);

  return size + self->n_opening < self->limits.max_size
         && (now >= self->retry_usec || size + self->n_opening == 0);
}

/* Sees to it that each waiter has a connection to hope for, and that there are as many as should
 * always be. */
static gboolean
dbr_pool_book_provide (DbrPoolBook *self,
                       gint64       now,
                       DbrPoolStep *step)
{
  GQueue *resting = &self->places[DBR_POOL_RESTING];
  guint n_hopes = self->places[DBR_POOL_ASKED].length - self->n_stalled + self->n_opening;
  gboolean is_short = self->waiters.length > n_hopes;

  if (is_short && resting->length > 0)
    return dbr_pool_book_ask (self, g_queue_peek_tail (resting), now, step);

  if (!is_short
      && (!self->is_begun
          || dbr_pool_book_get_size (self) + self->n_opening >= self->limits.min_size
          || now < self->retry_usec))
    return FALSE;

  if (!dbr_pool_book_may_open (self, now))
    return FALSE;

  self->n_opening++;

  return dbr_pool_book_take (step, DBR_POOL_STEP_OPEN, NULL);
}

static gboolean
is_over (gint64 since_usec,
         gint64 limit_usec,
         gint64 now)
{
  return limit_usec > 0 && now >= since_usec + limit_usec;
}

/* Does what @node is due for. */
static gboolean
dbr_pool_book_attend (DbrPoolBook *self,
                      DbrPoolNode *node,
                      gint64       now,
                      DbrPoolStep *step)
{
  const DbrPoolLimits *limits = &self->limits;

  if (node->place == DBR_POOL_RESTING
      && (is_over (node->opened_usec, limits->max_age_usec, now)
          || (is_over (node->rested_usec, limits->max_idle_usec, now)
              && dbr_pool_book_get_size (self) > limits->min_size)))
    return dbr_pool_book_end (self, node, step);

  if (node->place == DBR_POOL_LEASED && !node->is_leak_told
      && is_over (node->leased_usec, limits->leak_usec, now))
    {
      node->is_leak_told = TRUE;
      step->usec = now - node->leased_usec;
      return dbr_pool_book_take (step, DBR_POOL_STEP_LEAKED, node);
    }

  if (node->asked_usec == 0)
    return dbr_pool_book_ask (self, node, now, step);

  dbr_pool_book_set_stalled (self, node, TRUE);
  step->usec = now - node->proved_usec;

  return dbr_pool_book_take (step, DBR_POOL_STEP_STALLED, node);
}

/* All nodes are only looked at when something is due for one of them. */
static gboolean
dbr_pool_book_care (DbrPoolBook *self,
                    gint64       now,
                    DbrPoolStep *step)
{
  gint64 due = G_MAXINT64;

  if (now < self->due_usec)
    return FALSE;

  for (guint place = DBR_POOL_RESTING; place < DBR_POOL_N_PLACES; place++)
    {
      for (GList *link = self->places[place].head; link != NULL; link = link->next)
        {
          gint64 node_due = dbr_pool_book_get_node_due (self, link->data);

          if (node_due <= now)
            return dbr_pool_book_attend (self, link->data, now, step);
          due = MIN (due, node_due);
        }
    }

  self->due_usec = self->retry_usec > now ? MIN (due, self->retry_usec) : due;

  return FALSE;
}

gboolean
dbr_pool_book_next (DbrPoolBook *self,
                    gint64       now,
                    DbrPoolStep *step)
{
  *step = (DbrPoolStep) { DBR_POOL_STEP_NOTHING, NULL, NULL, 0 };

  if (dbr_pool_book_announce (self, step))
    return TRUE;

  if (self->is_closed)
    return dbr_pool_book_wind_up (self, step);

  return dbr_pool_book_evict (self, now, step)
         || dbr_pool_book_lend (self, now, step)
         || dbr_pool_book_tell (self, step)
         || dbr_pool_book_provide (self, now, step)
         || dbr_pool_book_care (self, now, step);
}

gint64
dbr_pool_book_get_due (const DbrPoolBook *self)
{
  return self->is_closed ? G_MAXINT64 : self->due_usec;
}

void
dbr_pool_book_count (const DbrPoolBook *self,
                     DbrPoolCounts     *counts)
{
  *counts = (DbrPoolCounts) {
    .size = dbr_pool_book_get_size (self),
    .idle = self->places[DBR_POOL_RESTING].length + self->places[DBR_POOL_ASKED].length,
    .leased = self->places[DBR_POOL_LEASED].length,
    .waiting = self->waiters.length,
    .opened_total = self->opened_total,
    .closed_total = self->closed_total,
    .failed_total = self->failed_total,
  };
}
