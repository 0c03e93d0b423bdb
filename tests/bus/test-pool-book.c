/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-book-private.h"

#define MS G_GINT64_CONSTANT (1000)
#define SECOND (1000 * MS)
#define N_HISTORIES 400
#define N_EVENTS 400

/* A connection of the test: the node comes first, so that what a step names is one. */
typedef struct
{
  DbrPoolNode  node;
  gboolean     is_dead;
  gboolean     is_told;

  /* what the model knows of it */
  DbrPoolPlace place;
  gint64       proved;
  gint64       rested;
  gint64       leased;
  gint64       asked;
  gboolean     is_stalled;
} Connection;

typedef struct
{
  DbrPoolWaiter waiter;
  guint         number;
} Waiter;

typedef struct
{
  DbrPoolBook  book;
  GRand       *rand;
  gint64       now;

  /* of Connection and of Waiter; those that left the book are in the graves */
  GPtrArray   *connections;
  GPtrArray   *waiters;
  GPtrArray   *graves;
  guint        n_opening;
  guint64      n_opened;
  guint64      n_closed;
  guint        next_number;
  guint        n_exhausted;
  guint        n_available;
} History;

static const DbrPoolLimits usual_limits = {
  .min_size = 0,
  .max_size = 2,
  .max_idle_usec = 300 * SECOND,
  .health_usec = 60 * SECOND,
};

static gboolean
is_alive (const DbrPoolNode *node)
{
  return !((const Connection *) node)->is_dead;
}

static History *
history_new (const DbrPoolLimits *limits,
             guint32              seed)
{
  History *self = g_new0 (History, 1);

  dbr_pool_book_init (&self->book, is_alive);
  dbr_pool_book_set_limits (&self->book, limits);
  self->rand = g_rand_new_with_seed (seed);
  self->now = SECOND;
  self->connections = g_ptr_array_new ();
  self->waiters = g_ptr_array_new ();
  self->graves = g_ptr_array_new_with_free_func (g_free);

  return self;
}

static void
history_free (History *self)
{
  g_ptr_array_set_free_func (self->connections, g_free);
  g_ptr_array_unref (self->connections);
  g_ptr_array_set_free_func (self->waiters, g_free);
  g_ptr_array_unref (self->waiters);
  g_ptr_array_unref (self->graves);
  g_rand_free (self->rand);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (History, history_free)

static Connection *
history_find (History      *self,
              DbrPoolPlace  place)
{
  guint n = self->connections->len;
  guint first = n > 0 ? (guint) g_rand_int_range (self->rand, 0, (gint32) n) : 0;

  for (guint i = 0; i < n; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, (first + i) % n);

      if (connection->place == place)
        return connection;
    }

  return NULL;
}

static guint
history_count (History      *self,
               DbrPoolPlace  place)
{
  guint n = 0;

  for (guint i = 0; i < self->connections->len; i++)
    n += ((Connection *) g_ptr_array_index (self->connections, i))->place == place;

  return n;
}

static void
history_bury (History    *self,
              Connection *connection)
{
  connection->place = DBR_POOL_OUTSIDE;
  self->n_closed++;
  g_ptr_array_remove_fast (self->connections, connection);
  g_ptr_array_add (self->graves, connection);
}

static guint
history_enter (History *self)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->number = self->next_number++;
  g_ptr_array_add (self->waiters, waiter);
  dbr_pool_book_enter (&self->book, &waiter->waiter);

  return waiter->number;
}

/* What a step must be, as far as the model can tell. */

static void
history_follow_lending (History     *self,
                        DbrPoolStep *step)
{
  Connection *connection = (Connection *) step->node;
  Waiter *waiter = (Waiter *) step->waiter;

  g_assert_true (waiter == g_ptr_array_index (self->waiters, 0));
  g_assert_false (connection->is_dead);
  g_assert_true (connection->is_told);
  g_assert_cmpint (connection->place, ==, DBR_POOL_RESTING);
  g_assert_cmpint (self->now - connection->proved, <, DBR_POOL_FRESH_USEC);

  connection->place = DBR_POOL_LEASED;
  connection->leased = self->now;
  g_ptr_array_remove_index (self->waiters, 0);
  g_ptr_array_add (self->graves, waiter);
}

static void
history_follow_question (History     *self,
                         DbrPoolStep *step)
{
  Connection *connection = (Connection *) step->node;

  g_assert_cmpint (connection->asked, ==, 0);
  g_assert_cmpint (self->now - connection->proved, >=, DBR_POOL_FRESH_USEC);
  connection->asked = self->now;
  if (connection->place == DBR_POOL_RESTING)
    connection->place = DBR_POOL_ASKED;
}

static void
history_follow_closing (History     *self,
                        DbrPoolStep *step)
{
  Connection *connection = (Connection *) step->node;
  const DbrPoolLimits *limits = &self->book.limits;

  g_assert_cmpint (connection->place, !=, DBR_POOL_LEASED);
  g_assert_true (connection->is_told);
  g_assert_true (connection->is_dead
                 || self->book.is_closed
                 || self->connections->len > limits->max_size
                 || (limits->max_age_usec > 0
                     && self->now >= connection->node.opened_usec + limits->max_age_usec)
                 || (self->connections->len > limits->min_size
                     && self->now >= connection->rested + limits->max_idle_usec));
  history_bury (self, connection);
}

static void
history_follow (History     *self,
                DbrPoolStep *step)
{
  switch (step->kind)
    {
    case DBR_POOL_STEP_LEND:
      history_follow_lending (self, step);
      break;

    case DBR_POOL_STEP_REFUSE:
      g_assert_true (self->book.is_closed);
      g_assert_true (step->waiter == g_ptr_array_index (self->waiters, 0));
      g_ptr_array_add (self->graves, g_ptr_array_steal_index (self->waiters, 0));
      break;

    case DBR_POOL_STEP_ASK:
      history_follow_question (self, step);
      break;

    case DBR_POOL_STEP_OPEN:
      self->n_opening++;
      g_assert_cmpuint (self->connections->len + self->n_opening, <=, self->book.limits.max_size);
      break;

    case DBR_POOL_STEP_CLOSE:
      history_follow_closing (self, step);
      break;

    case DBR_POOL_STEP_OPENED:
      g_assert_false (((Connection *) step->node)->is_told);
      ((Connection *) step->node)->is_told = TRUE;
      break;

    case DBR_POOL_STEP_EXHAUSTED:
      g_assert_cmpuint (history_count (self, DBR_POOL_LEASED), >=, self->book.limits.max_size);
      g_assert_cmpuint (self->waiters->len, >, 0);
      g_assert_cmpuint (self->n_exhausted++, ==, self->n_available);
      break;

    case DBR_POOL_STEP_AVAILABLE:
      g_assert_cmpuint (self->waiters->len, ==, 0);
      g_assert_cmpuint (++self->n_available, ==, self->n_exhausted);
      break;

    case DBR_POOL_STEP_STALLED:
      g_assert_false (((Connection *) step->node)->is_stalled);
      g_assert_cmpint (self->now - ((Connection *) step->node)->asked, >=, DBR_POOL_PATIENCE_USEC);
      g_assert_cmpint (step->usec, ==, self->now - ((Connection *) step->node)->proved);
      ((Connection *) step->node)->is_stalled = TRUE;
      break;

    case DBR_POOL_STEP_LEAKED:
      g_assert_cmpint (step->usec, ==, self->now - ((Connection *) step->node)->leased);
      g_assert_cmpint (step->usec, >=, self->book.limits.leak_usec);
      break;

    case DBR_POOL_STEP_NOTHING:
    default:
      g_assert_not_reached ();
    }
}

static guint
history_settle (History *self)
{
  DbrPoolStep step;
  guint n_steps = 0;

  while (dbr_pool_book_next (&self->book, self->now, &step))
    {
      history_follow (self, &step);
      g_assert_cmpuint (++n_steps, <, 1000);
    }
  g_assert_cmpint (dbr_pool_book_get_due (&self->book), >, self->now);

  return n_steps;
}

/* The first step of @kind that comes, with all before it. */
static DbrPoolStep
history_settle_to (History         *self,
                   DbrPoolStepKind  kind)
{
  DbrPoolStep step;

  while (dbr_pool_book_next (&self->book, self->now, &step))
    {
      history_follow (self, &step);
      if (step.kind == kind)
        return step;
    }
  g_assert_not_reached ();
}

static Connection *
history_open (History *self)
{
  Connection *connection = g_new0 (Connection, 1);

  g_assert_cmpuint (self->n_opening, >, 0);
  self->n_opening--;
  self->n_opened++;
  connection->place = DBR_POOL_RESTING;
  connection->proved = connection->rested = self->now;
  g_ptr_array_add (self->connections, connection);
  dbr_pool_book_add (&self->book, &connection->node, self->now);

  return connection;
}

static void
history_give_back (History    *self,
                   Connection *connection)
{
  gboolean was_there = connection->place == DBR_POOL_LEASED;

  g_assert_true (dbr_pool_book_give_back (&self->book, &connection->node, self->now) == was_there);
  if (!was_there)
    return;

  connection->place = DBR_POOL_ASKED;
  connection->asked = connection->rested = self->now;
}

static void
history_answer (History    *self,
                Connection *connection)
{
  gint64 down = dbr_pool_book_answer (&self->book, &connection->node, self->now);

  g_assert_cmpint (down, ==, connection->is_stalled ? self->now - connection->proved : -1);
  connection->asked = 0;
  connection->proved = self->now;
  connection->is_stalled = FALSE;
  if (connection->place == DBR_POOL_ASKED)
    connection->place = DBR_POOL_RESTING;
}

static void
history_lose (History    *self,
              Connection *connection)
{
  connection->is_dead = TRUE;
  g_assert_true (dbr_pool_book_remove (&self->book, &connection->node));
  history_bury (self, connection);
  g_assert_false (dbr_pool_book_remove (&self->book, &connection->node));
}

static void
test_first_come_first_served (void)
{
  g_autoptr(History) history = history_new (&usual_limits, 1);
  Connection *first;

  g_test_summary ("Waiters are served in the order in which they came, and a newcomer overtakes "
                  "none of them");

  for (guint i = 0; i < 4; i++)
    history_enter (history);
  history_settle (history);
  g_assert_cmpuint (history->n_opening, ==, 2);
  first = history_open (history);
  history_open (history);
  history_settle (history);
  g_assert_cmpuint (history->waiters->len, ==, 2);

  history_give_back (history, first);
  history_enter (history);
  history_settle (history);
  g_assert_cmpuint (history->waiters->len, ==, 3);
  history_answer (history, first);
  history_settle (history);
  g_assert_cmpint (first->place, ==, DBR_POOL_LEASED);
  g_assert_cmpuint (((Waiter *) g_ptr_array_index (history->waiters, 0))->number, ==, 3);
}

static void
test_asked_when_stale (void)
{
  g_autoptr(History) history = history_new (&usual_limits, 1);
  Connection *connection;

  g_test_summary ("A connection is asked for a sign of life before it is lent, unless it gave one in "
                  "the last half second");

  history_enter (history);
  history_settle (history);
  connection = history_open (history);
  history_settle (history);
  history_give_back (history, connection);
  history_answer (history, connection);

  history->now += DBR_POOL_FRESH_USEC - 1;
  history_enter (history);
  history_settle (history);
  g_assert_cmpint (connection->place, ==, DBR_POOL_LEASED);
  history_give_back (history, connection);
  history_answer (history, connection);

  history->now += DBR_POOL_FRESH_USEC;
  history_enter (history);
  g_assert_true (history_settle_to (history, DBR_POOL_STEP_ASK).node == &connection->node);
  history_settle (history);
  g_assert_cmpint (connection->place, ==, DBR_POOL_ASKED);
  g_assert_cmpuint (history->n_opening, ==, 0);
  history_answer (history, connection);
  history_settle (history);
  g_assert_cmpint (connection->place, ==, DBR_POOL_LEASED);
}

static void
test_stalled_is_no_hope (void)
{
  g_autoptr(History) history = history_new (&usual_limits, 1);
  Connection *connection;

  g_test_summary ("Who waits for a connection that stalls has another one opened");

  history_enter (history);
  history_settle (history);
  connection = history_open (history);
  history_settle (history);
  history_give_back (history, connection);
  history_enter (history);
  history_settle (history);
  g_assert_cmpuint (history->n_opening, ==, 0);

  history->now += DBR_POOL_PATIENCE_USEC;
  g_assert_cmpint (dbr_pool_book_get_due (&history->book), <=, history->now);
  history_settle_to (history, DBR_POOL_STEP_STALLED);
  history_settle (history);
  g_assert_cmpuint (history->n_opening, ==, 1);
  history_answer (history, connection);
  history_settle (history);
  g_assert_cmpint (connection->place, ==, DBR_POOL_LEASED);
}

static void
test_idle_and_old (void)
{
  const DbrPoolLimits limits = {
    .min_size = 1,
    .max_size = 3,
    .max_idle_usec = 10 * SECOND,
    .max_age_usec = 100 * SECOND,
  };
  g_autoptr(History) history = history_new (&limits, 1);
  Connection *kept;

  g_test_summary ("Idle connections are closed but for the smallest size, and old ones when they come "
                  "back");

  history_settle (history);
  g_assert_cmpuint (history->n_opening, ==, 0);
  history_enter (history);
  history_enter (history);
  history_settle (history);
  history_open (history);
  kept = history_open (history);
  history_settle (history);
  history_give_back (history, kept);
  history_answer (history, kept);
  history_give_back (history, history_find (history, DBR_POOL_LEASED));
  history_answer (history, history_find (history, DBR_POOL_ASKED));
  history_settle (history);

  history->now += 10 * SECOND - 1;
  history_settle (history);
  g_assert_cmpuint (history->connections->len, ==, 2);
  history->now += 1;
  history_settle (history);
  g_assert_cmpuint (history->connections->len, ==, 1);

  history_enter (history);
  history_settle (history);
  kept = history_find (history, DBR_POOL_ASKED);
  history_answer (history, kept);
  history_settle (history);
  g_assert_cmpint (kept->place, ==, DBR_POOL_LEASED);
  history->now += 100 * SECOND;
  history_settle (history);
  g_assert_cmpint (kept->place, ==, DBR_POOL_LEASED);
  history_give_back (history, kept);
  history_answer (history, kept);
  history_settle (history);
  g_assert_cmpint (kept->place, ==, DBR_POOL_OUTSIDE);
  g_assert_cmpuint (history->n_opening, ==, 1);
}

static void
test_pauses_after_failure (void)
{
  const DbrPoolLimits limits = { .min_size = 1, .max_size = 1 };
  g_autoptr(History) history = history_new (&limits, 1);
  gint64 last = 0;

  g_test_summary ("The pauses between openings that fail grow, and somebody who asks does not wait "
                  "for their end");

  history_enter (history);
  for (guint i = 0; i < 20; i++)
    {
      history_settle (history);
      g_assert_cmpuint (history->n_opening, ==, 1);
      history->n_opening--;
      g_assert_true (dbr_pool_book_fail_opening (&history->book, history->now, 0.5));
      dbr_pool_book_turn_away (&history->book);
      while (history->waiters->len > 0)
        g_ptr_array_add (history->graves, g_ptr_array_steal_index (history->waiters, 0));

      history_settle (history);
      g_assert_cmpuint (history->n_opening, ==, 0);
      g_assert_cmpint (dbr_pool_book_get_due (&history->book) - history->now, >=, last);
      last = dbr_pool_book_get_due (&history->book) - history->now;
      g_assert_cmpint (last, <=, 30 * SECOND);
      history->now += last;
    }
  g_assert_cmpint (last, ==, 30 * SECOND);

  history_settle (history);
  history->n_opening--;
  dbr_pool_book_fail_opening (&history->book, history->now, 0.5);
  history_enter (history);
  history_settle (history);
  g_assert_cmpuint (history->n_opening, ==, 1);
}

/* After all that can be done is done, nobody waits in vain and nothing lies about. */
static void
history_check (History *self)
{
  const DbrPoolLimits *limits = &self->book.limits;
  guint n_asked = 0;
  DbrPoolCounts counts;

  dbr_pool_book_count (&self->book, &counts);
  g_assert_cmpuint (counts.size, ==, self->connections->len);
  g_assert_cmpuint (counts.size, ==, counts.idle + counts.leased);
  g_assert_cmpuint (counts.leased, ==, history_count (self, DBR_POOL_LEASED));
  g_assert_cmpuint (counts.waiting, ==, self->waiters->len);
  g_assert_cmpuint (counts.opened_total, ==, self->n_opened);
  g_assert_cmpuint (counts.closed_total, ==, self->n_closed);

  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      g_assert_cmpint (connection->node.place, ==, connection->place);
      n_asked += connection->place == DBR_POOL_ASKED && !connection->is_stalled;
      if (connection->place == DBR_POOL_RESTING && counts.size > limits->min_size)
        g_assert_cmpint (self->now, <, connection->rested + limits->max_idle_usec);
      if (connection->asked != 0 && !connection->is_stalled)
        g_assert_cmpint (self->now, <, connection->asked + DBR_POOL_PATIENCE_USEC);
    }

  /* Each waiter has something to hope for, or all there may be is taken. */
  if (self->waiters->len > n_asked + self->n_opening)
    {
      g_assert_cmpuint (history_count (self, DBR_POOL_RESTING), ==, 0);
      g_assert_true (counts.size + self->n_opening >= limits->max_size
                     || self->now < self->book.retry_usec);
    }
}

static void
history_let_time_pass (History *self)
{
  gint64 due = dbr_pool_book_get_due (&self->book);
  gint64 step = g_rand_int_range (self->rand, 1, 3000) * MS;

  if (g_rand_boolean (self->rand) && due != G_MAXINT64)
    {
      DbrPoolStep none;

      /* Just before it is due there is nothing to do. */
      self->now = MAX (self->now, due - 1);
      if (self->waiters->len == 0 && self->book.limits.min_size == 0)
        g_assert_false (dbr_pool_book_next (&self->book, self->now, &none));
      step = 1;
    }
  self->now += step;
}

static void
history_play_event (History *self)
{
  Connection *connection;

  switch (g_rand_int_range (self->rand, 0, 9))
    {
    case 0:
    case 1:
      history_enter (self);
      break;

    case 2:
      if (self->waiters->len > 0)
        {
          guint index = (guint) g_rand_int_range (self->rand, 0, (gint32) self->waiters->len);
          Waiter *waiter = g_ptr_array_steal_index (self->waiters, index);

          g_assert_true (dbr_pool_book_leave (&self->book, &waiter->waiter));
          g_assert_false (dbr_pool_book_leave (&self->book, &waiter->waiter));
          g_ptr_array_add (self->graves, waiter);
        }
      break;

    case 3:
      if (self->n_opening > 0 && g_rand_int_range (self->rand, 0, 4) > 0)
        {
          history_open (self);
        }
      else if (self->n_opening > 0)
        {
          self->n_opening--;
          dbr_pool_book_fail_opening (&self->book, self->now, g_rand_double (self->rand));
        }
      break;

    case 4:
    case 5:
      connection = history_find (self, DBR_POOL_LEASED);
      if (connection != NULL)
        history_give_back (self, connection);
      break;

    case 6:
      connection = history_find (self, DBR_POOL_ASKED);
      if (connection != NULL)
        history_answer (self, connection);
      break;

    case 7:
      connection = history_find (self, (DbrPoolPlace) g_rand_int_range (self->rand, 1, 4));
      if (connection != NULL && g_rand_int_range (self->rand, 0, 3) == 0)
        history_lose (self, connection);
      else if (connection != NULL && connection->place == DBR_POOL_RESTING)
        connection->is_dead = g_rand_int_range (self->rand, 0, 3) == 0;
      break;

    case 8:
    default:
      history_let_time_pass (self);
    }
}

static void
test_model (void)
{
  g_test_summary ("Whatever happens in whatever order, the book agrees with a model of it");

  for (guint32 seed = 0; seed < N_HISTORIES; seed++)
    {
      DbrPoolLimits limits = {
        .min_size = seed % 3,
        .max_size = 2 + seed % 5,
        .max_idle_usec = (1 + seed % 7) * SECOND,
        .max_age_usec = seed % 4 == 0 ? 20 * SECOND : 0,
        .health_usec = (1 + seed % 3) * SECOND,
        .leak_usec = seed % 2 == 0 ? 5 * SECOND : 0,
      };
      g_autoptr(History) history = history_new (&limits, seed);
      DbrPoolCounts counts;

      for (guint i = 0; i < N_EVENTS; i++)
        {
          history_play_event (history);
          history_settle (history);
          history_check (history);
        }

      /* It is closed with leases out, and is empty when these have come back. */
      dbr_pool_book_close (&history->book);
      history_settle (history);
      dbr_pool_book_count (&history->book, &counts);
      g_assert_cmpuint (counts.size, ==, counts.leased);
      g_assert_cmpuint (counts.waiting, ==, 0);
      while (history_find (history, DBR_POOL_LEASED) != NULL)
        history_give_back (history, history_find (history, DBR_POOL_LEASED));
      history_settle (history);
      dbr_pool_book_count (&history->book, &counts);
      g_assert_cmpuint (counts.size, ==, 0);
      g_assert_cmpuint (counts.opened_total, ==, counts.closed_total);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/pool-book/first-come-first-served", test_first_come_first_served);
  g_test_add_func ("/dbr/pool-book/asked-when-stale", test_asked_when_stale);
  g_test_add_func ("/dbr/pool-book/stalled-is-no-hope", test_stalled_is_no_hope);
  g_test_add_func ("/dbr/pool-book/idle-and-old-are-closed", test_idle_and_old);
  g_test_add_func ("/dbr/pool-book/pauses-after-failure", test_pauses_after_failure);
  g_test_add_func ("/dbr/pool-book/agrees-with-a-model", test_model);

  return g_test_run ();
}
