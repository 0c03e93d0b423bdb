/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <malloc.h>

#include "base/dbr-deadline-private.h"
#include "bus/dbr-link-pause-private.h"
#include "bus/dbr-pool-book-private.h"
#include "metrics/dbr-metrics-private.h"
#include "notify/dbr-notice-queue-private.h"
#include "policy/dbr-admission-private.h"
#include "policy/dbr-circuit-private.h"
#include "policy/dbr-retry-budget-private.h"
#include "recovery/dbr-recovery-ladder-private.h"

#include "dbr-test-world.h"

/* Years of a machine that is not switched off, but sleeps each night, on a clock of the test's own:
 * whatever has a window or a timer does on the last day what it did on the first, and holds no more.
 * Stalls have years of their own in test-stall-history. */

#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEARS 30
#define NAME "org.example.Player"

/* What the heap may differ by from one moment to the next. */
#define SLACK_BYTES (64 * 1024)

typedef void (*DayFunc) (World   *world,
                         guint    day,
                         gpointer user_data);

static gsize
read_heap (void)
{
  return mallinfo2 ().uordblks;
}

/* Two thirds of a night the clock that limits run on stands still; of the rest, as with s2idle, it
 * goes on while nobody is awake to see it. */
static void
sleep_for_a_night (World *world)
{
  world->suspended += 5 * HOUR;
  world->now += 3 * HOUR;
}

static void
live (guint    n_years,
      DayFunc  func,
      gpointer user_data)
{
  World world;
  gsize heap_bytes = 0;

  world_init (&world);
  world.chance = 0.5;
  for (guint day = 0; day < n_years * 365; day++)
    {
      gint64 morning = world.now;

      func (&world, day, user_data);
      g_assert_cmpint (world.now, <=, morning + 16 * HOUR);
      world.now = morning + 16 * HOUR;
      sleep_for_a_night (&world);
      if (day == 364)
        heap_bytes = read_heap ();
    }
  g_assert_cmpuint (read_heap (), <=, heap_bytes + SLACK_BYTES);
}

/* Deadlines */

typedef struct
{
  DbrDeadlineHeap heap;
  GRand          *rand;
  DbrDeadline     deadlines[500];
  guint64         n_due;
} Deadlines;

static void
arm (Deadlines   *self,
     DbrDeadline *deadline,
     gint64       now)
{
  deadline->when = now + (gint64) (g_rand_double (self->rand) * g_rand_double (self->rand) * 90 * DAY);
  dbr_deadline_heap_push (&self->heap, deadline);
}

/* Each is due once, not before its time, and none is left for later. */
static void
live_with_deadlines (World   *world,
                     guint    day,
                     gpointer user_data)
{
  Deadlines *self = user_data;
  DbrDeadline *due;
  gint64 last = 0;

  while ((due = dbr_deadline_heap_pop (&self->heap, world->now)) != NULL)
    {
      g_assert_cmpint (due->when, <=, world->now);
      g_assert_cmpint (due->when, >=, last);
      last = due->when;
      self->n_due++;
      arm (self, due, world->now);
    }
  g_assert_cmpint (dbr_deadline_heap_peek (&self->heap), >, world->now);
}

static void
test_deadlines (void)
{
  Deadlines self = { .rand = g_rand_new_with_seed (7) };

  g_test_summary ("Deadlines come in order and in time, for years");

  for (guint i = 0; i < G_N_ELEMENTS (self.deadlines); i++)
    arm (&self, &self.deadlines[i], 1000 * S);
  live (YEARS, live_with_deadlines, &self);
  g_assert_cmpuint (self.n_due, >, YEARS * 365 * 10);
  dbr_deadline_heap_clear (&self.heap);
  g_rand_free (self.rand);
}

/* The budget for retries */

typedef struct
{
  DbrRetryBudget *budget;
  DbrRetryPlan   *plan;
} Budget;

/* Each day another program comes along besides. */
static void
live_with_a_budget (World   *world,
                    guint    day,
                    gpointer user_data)
{
  Budget *self = user_data;
  g_autofree char *other = g_strdup_printf ("org.example.Other%u", day);
  guint n_paid = 0;
  guint cost;

  g_assert_cmpfloat (dbr_retry_budget_get_balance (self->budget, self->plan, NAME), ==,
                     self->plan->values.budget_capacity);
  while (dbr_retry_budget_take (self->budget, self->plan, NAME, DBR_FAILURE_NOT_DELIVERED, &cost))
    n_paid++;
  g_assert_cmpuint (n_paid, ==, 10);
  g_assert_true (dbr_retry_budget_take (self->budget, self->plan, other, DBR_FAILURE_NOT_DELIVERED,
                                        &cost));
  world->now += 5 * S;
  g_assert_cmpfloat_with_epsilon (dbr_retry_budget_get_balance (self->budget, self->plan, NAME), 1,
                                  0.001);
  g_assert_cmpuint (dbr_retry_budget_get_n_names (self->budget), <=, DBR_RETRY_BUDGET_MAX_NAMES);
}

static World budget_world;

static gint64
budget_clock_get (const DbrClock *clock)
{
  return budget_world.now;
}

static void
live_with_a_budget_cb (World   *world,
                       guint    day,
                       gpointer user_data)
{
  budget_world.now = world->now;
  live_with_a_budget (&budget_world, day, user_data);
  world->now = budget_world.now;
}

static void
test_budget (void)
{
  const DbrClock clock = { budget_clock_get, budget_clock_get };
  g_autoptr(DbrRetryPlan) shipped = dbr_retry_plan_lookup ("default");
  g_autoptr(DbrRetryPlan) plan = dbr_retry_plan_copy (shipped);
  g_autoptr(DbrRetryBudget) budget = dbr_retry_budget_new (&clock);
  Budget self = { budget, plan };

  g_test_summary ("A budget is full each morning and used up after ten retries, for years");

  live (YEARS, live_with_a_budget_cb, &self);
}

/* The circuit */

/* One failure too many opens it for as long as the first time, whatever was before; and what was
 * sent before tells nothing. */
static void
live_with_a_circuit (World   *world,
                     guint    day,
                     gpointer user_data)
{
  DbrCircuit *circuit = user_data;
  DbrCircuitPermit old;
  DbrCircuitPermit permit = { 0 };

  dbr_circuit_resumed (circuit, world->now);
  for (guint i = 0; circuit->state != DBR_CIRCUIT_STATE_CLOSED; i++)
    {
      g_assert_cmpuint (i, <, 10);
      world->now += 3 * S;
      dbr_circuit_tick (circuit, world->now);
      permit = (DbrCircuitPermit) { 0 };
      if (dbr_circuit_admit (circuit, world->now, &permit))
        dbr_circuit_report (circuit, world->now, &permit, DBR_CIRCUIT_SUCCESS, 1000);
    }

  world->now += HOUR;
  g_assert_true (dbr_circuit_admit (circuit, world->now, &old));
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (circuit->state, ==, DBR_CIRCUIT_STATE_CLOSED);
      permit = (DbrCircuitPermit) { 0 };
      g_assert_true (dbr_circuit_admit (circuit, world->now, &permit));
      dbr_circuit_report (circuit, world->now, &permit, DBR_CIRCUIT_FAILURE, -1);
      world->now += 10 * MS;
    }
  g_assert_cmpint (circuit->state, ==, DBR_CIRCUIT_STATE_OPEN);
  g_assert_cmpint (circuit->open_until_usec - world->now, <=, 2 * S);
  g_assert_cmpint (circuit->open_until_usec - world->now, >, 0);
  dbr_circuit_report (circuit, world->now, &old, DBR_CIRCUIT_SUCCESS, 1000);
  g_assert_cmpint (circuit->state, ==, DBR_CIRCUIT_STATE_OPEN);
}

static void
test_circuit (void)
{
  World world;
  DbrCircuit circuit;

  g_test_summary ("A circuit opens each day for as long as on the first, for years; its periods "
                  "begin anew meanwhile");

  world_init (&world);
  world.chance = 0.5;
  dbr_circuit_init (&circuit, &world.random, world.now);
  circuit.period = (G_MAXUINT >> 1) - 1000;
  live (YEARS, live_with_a_circuit, &circuit);
  g_assert_cmpuint (circuit.period, <, G_MAXUINT >> 2);
}

/* Admission */

typedef struct
{
  DbrAdmission       admission;
  DbrAdmissionWindow window;
} Gate;

static void
live_with_admission (World   *world,
                     guint    day,
                     gpointer user_data)
{
  Gate *self = user_data;
  DbrAdmissionNode node = { 0 };

  /* The bus says that it was too much; a success each five seconds gives one place back. */
  g_assert_cmpuint (dbr_admission_get_limit (&self->admission, &self->window), ==, 16);
  for (guint i = 0; i < 40; i++)
    {
      g_assert_cmpint (dbr_admission_enter (&self->admission, &self->window, &node, 100, FALSE), ==,
                       DBR_ADMISSION_MAY_GO);
      g_assert_null (dbr_admission_leave (&self->admission, &node,
                                          i == 0 ? DBR_ADMISSION_LIMITED : DBR_ADMISSION_SUCCEEDED,
                                          world->now));
      if (i == 0)
        g_assert_cmpuint (dbr_admission_get_limit (&self->admission, &self->window), ==, 8);
      world->now += DBR_ADMISSION_GROWTH_USEC;
    }
  g_assert_true (dbr_admission_window_is_idle (&self->window)
                 || dbr_admission_get_limit (&self->admission, &self->window) == 16);
}

static void
test_admission (void)
{
  Gate self = { .window = { 0 } };

  g_test_summary ("Places that the bus has refused come back the same day, for years");

  dbr_admission_init (&self.admission, 112);
  live (YEARS, live_with_admission, &self);
}

/* Figures */

typedef struct
{
  DbrClock    clock;
  World       world;
  DbrMetrics *metrics;
  guint       n_raised;
  guint       n_cleared;
} Figures;

static gint64
figures_get_monotonic (const DbrClock *clock)
{
  return ((const Figures *) clock)->world.now;
}

static gint64
figures_get_boottime (const DbrClock *clock)
{
  const World *world = &((const Figures *) clock)->world;

  return world->now + world->suspended;
}

static void
raised_cb (DbrMetrics *metrics,
           DbrIssue   *issue,
           guint      *counter)
{
  (*counter)++;
}

static void
figures_pass (Figures *self,
              gint64   usec)
{
  DbrBook *book = dbr_metrics_get_book (self->metrics);
  gint64 end = self->world.now + usec;

  while (dbr_book_get_next (book) <= end)
    {
      self->world.now = MAX (self->world.now, dbr_book_get_next (book));
      dbr_metrics_tick (self->metrics);
    }
  self->world.now = end;
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

/* An hour in which all fails, and one in which all is well. */
static void
live_with_figures (World   *world,
                   guint    day,
                   gpointer user_data)
{
  Figures *self = user_data;
  g_autoptr(DbrOperationStats) all = NULL;
  g_autoptr(DbrOperationStats) window = NULL;
  g_autofree char *other = g_strdup_printf ("operation-%u", day);

  self->world.now = world->now;
  self->world.suspended = world->suspended;
  figures_pass (self, 0);
  dbr_metrics_record (self->metrics, other, 1000, DBR_OUTCOME_OK);
  for (guint i = 0; i < 60; i++)
    {
      dbr_metrics_record (self->metrics, NAME, 2000, DBR_OUTCOME_ERROR);
      figures_pass (self, MINUTE);
    }
  for (guint i = 0; i < 60; i++)
    {
      dbr_metrics_record (self->metrics, NAME, 1000, DBR_OUTCOME_OK);
      figures_pass (self, 50 * S);
    }
  window = dbr_metrics_get_window_stats (self->metrics, NAME);
  all = dbr_metrics_get_stats (self->metrics, NAME);
  g_assert_cmpuint (dbr_operation_stats_get_count (window), <=, 2);
  g_assert_cmpuint (dbr_operation_stats_get_errors (window), ==, 0);
  g_assert_cmpuint (dbr_operation_stats_get_count (all), ==, (day + 1) * 120);
  g_assert_cmpuint (dbr_operation_stats_get_errors (all), ==, (day + 1) * 60);
  figures_pass (self, 12 * HOUR);
  g_assert_cmpuint (self->n_cleared, ==, self->n_raised);
  world->now = self->world.now;
}

static void
test_figures (void)
{
  Figures self = { { figures_get_monotonic, figures_get_boottime } };

  g_test_summary ("Figures count to the last call, and each issue has its end, for years");

  world_init (&self.world);
  self.metrics = dbr_metrics_new_with_clock (&self.clock);
  g_signal_connect (self.metrics, "issue-raised", G_CALLBACK (raised_cb), &self.n_raised);
  g_signal_connect (self.metrics, "issue-cleared", G_CALLBACK (raised_cb), &self.n_cleared);
  live (2, live_with_figures, &self);
  g_assert_cmpuint (self.n_raised, >=, 2 * 365);
  g_assert_finalize_object (self.metrics);
}

/* The recovery ladder */

/* A service that stalls all day is restarted thrice; each day another device is lost besides. */
static void
live_with_a_ladder (World   *world,
                    guint    day,
                    gpointer user_data)
{
  const DbrRung restart = { "restart", DBR_RUNG_RESTART, DBR_RECOVERY_SCOPE_SERVICE_RESTART, 1,
                            15 * MINUTE, 3 };
  const DbrRung reconnect = { "reconnect", DBR_RUNG_RECONNECT, DBR_RECOVERY_SCOPE_DEVICE, 3, MINUTE,
                              0 };
  g_autofree char *device = g_strdup_printf ("00:AA:01:%02X:%02X:%02X", day >> 16, day >> 8 & 0xff,
                                             day & 0xff);
  DbrSituation stalled = { "", NULL, DBR_TROUBLE_STALLED, DBR_RECOVERY_SCOPE_SERVICE_RESTART, FALSE };
  DbrSituation apart = { device, NULL, DBR_TROUBLE_APART, DBR_RECOVERY_SCOPE_DEVICE, FALSE };
  guint n_restarts = 0;
  gint64 wait_usec;

  for (guint i = 0; i < 15 * 12; i++)
    {
      if (dbr_recovery_ladder_judge (user_data, &restart, &stalled, world->now, &wait_usec)
          == DBR_VERDICT_RUN)
        {
          dbr_recovery_ladder_begin (user_data, &restart, &stalled, world->now);
          n_restarts++;
        }
      world->now += 5 * MINUTE;
    }
  /* A day of the clock is longer than the time in which it is awake. */
  g_assert_cmpuint (n_restarts, <=, 3);
  if (day % 2 == 0)
    g_assert_cmpuint (n_restarts, >, 0);

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (dbr_recovery_ladder_judge (user_data, &reconnect, &apart, world->now,
                                                  &wait_usec), ==, DBR_VERDICT_RUN);
      g_assert_cmpuint (dbr_recovery_ladder_begin (user_data, &reconnect, &apart, world->now), ==,
                        i + 1);
    }
  g_assert_cmpint (dbr_recovery_ladder_judge (user_data, &reconnect, &apart, world->now, &wait_usec),
                   ==, DBR_VERDICT_LIMITED);
  dbr_recovery_ladder_give_up (user_data, device, world->now);
  g_assert_cmpint (dbr_recovery_ladder_judge (user_data, &reconnect, &apart, world->now, &wait_usec),
                   ==, DBR_VERDICT_SILENCE);
}

static void
test_ladder (void)
{
  g_autoptr(DbrRecoveryLadder) ladder = dbr_recovery_ladder_new ();

  g_test_summary ("No more is done in a day than the first, and what was tried long ago is forgotten");

  live (YEARS, live_with_a_ladder, ladder);
}

/* Notifications */

typedef struct
{
  DbrClock       clock;
  gint64         now;
  DbrNoticeQueue queue;
  guint          last_id;
} Notices;

static gint64
notices_get_now (const DbrClock *clock)
{
  return ((const Notices *) clock)->now;
}

/* While the desktop is away all night, only what matters is kept, and for no longer than it should. */
static void
live_with_notices (World   *world,
                   guint    day,
                   gpointer user_data)
{
  Notices *self = user_data;
  g_autoptr(GPtrArray) late = g_ptr_array_new ();
  g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_notice_entry_free);
  guint id;

  self->now = world->now;
  for (guint i = 0; i < 120; i++)
    {
      g_autofree char *summary = g_strdup_printf ("%u", i);
      g_autoptr(DbrNotice) notice =
        dbr_notice_new (summary, NULL, NULL, i % 40 == 0 ? DBR_URGENCY_CRITICAL : DBR_URGENCY_LOW, -1,
                        NULL, NULL, NULL);
      DbrNoticeEntry *entry = dbr_notice_entry_new (++self->last_id, notice, NULL);
      DbrNoticePlace place = dbr_notice_queue_push (&self->queue, entry, &id, dropped);

      g_assert_cmpint (place, !=, DBR_NOTICE_SEEN);
      if (place == DBR_NOTICE_REFUSED)
        dbr_notice_entry_free (entry);
    }
  while (dbr_notice_queue_get_next (&self->queue, FALSE) != G_MAXINT64)
    {
      gint64 next = dbr_notice_queue_get_next (&self->queue, FALSE);

      g_assert_cmpint (next, <=, world->now + (DBR_NOTICE_KEEP_MS + DBR_NOTICE_LIMIT_MS) * MS);
      self->now = MAX (self->now, next) + 1;
      dbr_notice_queue_expire (&self->queue, late, dropped);
    }
  g_assert_cmpuint (self->queue.waiting.length, ==, 0);
}

static void
test_notices (void)
{
  Notices self = { { notices_get_now, notices_get_now } };

  g_test_summary ("Notices for which there is no desktop wait for as long as they should, for years");

  dbr_notice_queue_init (&self.queue, &self.clock);
  self.queue.max_queued = 100;
  live (5, live_with_notices, &self);
  dbr_notice_queue_clear (&self.queue);
}

/* Connections */

typedef struct
{
  DbrPoolBook   book;
  DbrPoolNode   nodes[2];
  guint         n_asked;
  guint         n_closed;
} Connections;

static gboolean
always (const DbrPoolNode *node)
{
  return TRUE;
}

static void
connections_do (Connections *self,
                gint64       now)
{
  DbrPoolStep step;

  while (dbr_pool_book_next (&self->book, now, &step))
    {
      if (step.kind == DBR_POOL_STEP_OPEN)
        {
          DbrPoolNode *node = self->nodes[0].place == DBR_POOL_OUTSIDE ? &self->nodes[0]
                              : &self->nodes[1];

          *node = (DbrPoolNode) { { NULL } };
          dbr_pool_book_add (&self->book, node, now);
        }
      else if (step.kind == DBR_POOL_STEP_ASK)
        {
          self->n_asked++;
          dbr_pool_book_answer (&self->book, step.node, now);
        }
      else if (step.kind == DBR_POOL_STEP_CLOSE)
        {
          self->n_closed++;
        }
    }
}

/* Two are lent in the morning; one is kept, and asked each minute whether it lives. */
static void
live_with_connections (World   *world,
                       guint    day,
                       gpointer user_data)
{
  Connections *self = user_data;
  gint64 end = world->now + HOUR;
  DbrPoolWaiter waiters[2] = { { { NULL } } };
  guint n_asked = self->n_asked;

  for (guint i = 0; i < 2; i++)
    dbr_pool_book_enter (&self->book, &waiters[i]);
  connections_do (self, world->now);
  world->now += S;
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (waiters[i].is_waiting);
      g_assert_true (dbr_pool_book_give_back (&self->book, &self->nodes[i], world->now));
      dbr_pool_book_answer (&self->book, &self->nodes[i], world->now);
    }
  connections_do (self, world->now);
  while (dbr_pool_book_get_due (&self->book) <= end)
    {
      world->now = MAX (world->now, dbr_pool_book_get_due (&self->book));
      connections_do (self, world->now);
    }
  g_assert_cmpuint (self->n_closed, ==, day + 1);
  g_assert_cmpuint (self->n_asked - n_asked, >=, 55);
  g_assert_cmpuint (self->n_asked - n_asked, <=, 75);
}

static void
test_connections (void)
{
  const DbrPoolLimits limits = { .min_size = 1, .max_size = 2, .max_idle_usec = 300 * S,
                                 .health_usec = 60 * S };
  Connections self = { .n_asked = 0 };

  g_test_summary ("Of two connections one is closed when it is idle and one looked after, for years");

  dbr_pool_book_init (&self.book, always);
  dbr_pool_book_set_limits (&self.book, &limits);
  live (YEARS, live_with_connections, &self);
}

static void
test_no_bus (void)
{
  World world;
  DbrLinkPause pause = { 0 };
  guint n_attempts = 0;

  g_test_summary ("A bus that is away for years is tried for all the time, and not more often");

  world_init (&world);
  world.chance = 0.5;
  dbr_link_pause_begin_lost (&pause, &world.random, world.now, DAY);
  while (world.now < YEARS * 365 * DAY)
    {
      gint64 end = dbr_link_pause_get_end (&pause, FALSE);

      g_assert_cmpint (end, >, world.now);
      g_assert_cmpint (end, <=, world.now + 36 * S);
      g_assert_cmpint (dbr_link_pause_get_end (&pause, TRUE), <=, world.now + 2 * S);
      world.now = end;
      n_attempts++;
      dbr_link_pause_begin_failed (&pause, &world.random, world.now);
    }
  g_assert_cmpuint (n_attempts, >, YEARS * 365 * 24 * 60);
}

int
main (int   argc,
      char *argv[])
{
  /* GLib's own pools would hide what is kept. */
  g_setenv ("G_SLICE", "always-malloc", TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/years/deadlines", test_deadlines);
  g_test_add_func ("/dbr/years/budget", test_budget);
  g_test_add_func ("/dbr/years/circuit", test_circuit);
  g_test_add_func ("/dbr/years/admission", test_admission);
  g_test_add_func ("/dbr/years/figures", test_figures);
  g_test_add_func ("/dbr/years/ladder", test_ladder);
  g_test_add_func ("/dbr/years/notices", test_notices);
  g_test_add_func ("/dbr/years/connections", test_connections);
  g_test_add_func ("/dbr/years/no-bus", test_no_bus);

  return g_test_run ();
}
