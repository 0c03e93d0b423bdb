/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-deadline-private.h"
#include "base/dbr-io-private.h"

#define MANY 10000
#define N_THREADS 8
#define N_OUTSTANDING 200
#define MSEC 1000
#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

/* A deadline that notes when it was called. */
typedef struct
{
  DbrDeadline    deadline;

  /* guarded by bell.mutex */
  guint          n_rings;
  gint64         rung_at;

  GSequenceIter *iter;
  guint          n_rings_left;
} Alarm;

static struct
{
  GMutex mutex;
  GCond  cond;

  /* guarded by mutex */
  guint  n_rings;
} bell;

static gint n_turns;
static gint n_polled_fds;

static void
alarm_ring_cb (DbrDeadline *deadline)
{
  Alarm *alarm = (Alarm *) deadline;

  g_assert_true (dbr_io_is_current ());

  g_mutex_lock (&bell.mutex);
  alarm->n_rings++;
  alarm->rung_at = g_get_monotonic_time ();
  bell.n_rings++;
  g_cond_broadcast (&bell.cond);
  g_mutex_unlock (&bell.mutex);
}

static void
alarm_ring_again_cb (DbrDeadline *deadline)
{
  Alarm *alarm = (Alarm *) deadline;

  if (alarm->n_rings_left > 0)
    {
      alarm->n_rings_left--;
      dbr_deadline_arm (deadline, g_get_monotonic_time () + MSEC, alarm_ring_again_cb);
    }

  alarm_ring_cb (deadline);
}

static void
bell_reset (void)
{
  g_mutex_lock (&bell.mutex);
  bell.n_rings = 0;
  g_mutex_unlock (&bell.mutex);
}

static void
bell_wait (guint n_rings)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  g_mutex_lock (&bell.mutex);
  while (bell.n_rings < n_rings)
    {
      if (!g_cond_wait_until (&bell.cond, &bell.mutex, end))
        g_error ("Only %u of %u deadlines rang", bell.n_rings, n_rings);
    }
  g_mutex_unlock (&bell.mutex);
}

static void
tick_cb (gpointer data)
{
  g_mutex_lock (&bell.mutex);
  *(gboolean *) data = TRUE;
  g_cond_broadcast (&bell.cond);
  g_mutex_unlock (&bell.mutex);
}

/* Returns when dbr-io has done all that it was woken for. */
static void
io_settle (void)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  gboolean is_done = FALSE;

  dbr_io_invoke (tick_cb, &is_done);

  g_mutex_lock (&bell.mutex);
  while (!is_done)
    g_assert_true (g_cond_wait_until (&bell.cond, &bell.mutex, end));
  g_mutex_unlock (&bell.mutex);
}

static gint
counting_poll (GPollFD *fds,
               guint    n_fds,
               gint     timeout_ms)
{
  g_atomic_int_inc (&n_turns);
  if ((gint) n_fds > g_atomic_int_get (&n_polled_fds))
    g_atomic_int_set (&n_polled_fds, n_fds);

  return g_poll (fds, n_fds, timeout_ms);
}

/* A source that is never ready. */
static GSourceFuncs still_funcs = { NULL };

/* A context numbers its sources, so the next number tells how many it was ever given. */
static guint
count_sources_so_far (GMainContext *context)
{
  g_autoptr(GSource) source = g_source_new (&still_funcs, sizeof (GSource));
  guint id = g_source_attach (source, context);

  g_source_destroy (source);

  return id;
}

static gint
compare_whens (gconstpointer a,
               gconstpointer b,
               gpointer      user_data)
{
  gint64 first = ((const DbrDeadline *) a)->when;
  gint64 second = ((const DbrDeadline *) b)->when;

  return (first > second) - (first < second);
}

static void
test_heap_agrees_with_a_sorted_list (void)
{
  g_autofree Alarm *alarms = g_new0 (Alarm, MANY);
  g_autoptr(GSequence) sorted = g_sequence_new (NULL);
  DbrDeadlineHeap heap = { NULL };
  guint n_removed = 0;

  g_test_summary ("Whatever is put in and taken out, the heap knows the earliest one");

  for (guint i = 0; i < MANY; i++)
    {
      Alarm *alarm = &alarms[i];
      Alarm *victim = &alarms[g_test_rand_int_range (0, i + 1)];

      /* Many have the same time. */
      alarm->deadline.when = g_test_rand_int_range (0, MANY / 4);
      dbr_deadline_heap_push (&heap, &alarm->deadline);
      alarm->iter = g_sequence_insert_sorted (sorted, alarm, compare_whens, NULL);

      if (i % 3 == 0 && victim->iter != NULL)
        {
          dbr_deadline_heap_remove (&heap, &victim->deadline);
          g_assert_cmpuint (victim->deadline.place, ==, 0);
          g_sequence_remove (g_steal_pointer (&victim->iter));
          n_removed++;
        }

      g_assert_cmpuint (heap.length, ==, g_sequence_get_length (sorted));
      if (heap.length > 0)
        {
          DbrDeadline *first = g_sequence_get (g_sequence_get_begin_iter (sorted));

          g_assert_cmpint (dbr_deadline_heap_peek (&heap), ==, first->when);
        }
    }
  g_assert_cmpuint (n_removed, >, MANY / 10);

  while (!g_sequence_is_empty (sorted))
    {
      GSequenceIter *begin = g_sequence_get_begin_iter (sorted);
      DbrDeadline *expected = g_sequence_get (begin);
      DbrDeadline *popped = dbr_deadline_heap_pop (&heap, G_MAXINT64);

      g_assert_nonnull (popped);
      g_assert_cmpint (popped->when, ==, expected->when);
      g_assert_cmpuint (popped->place, ==, 0);
      g_sequence_remove (((Alarm *) popped)->iter);
    }
  g_assert_cmpuint (heap.length, ==, 0);
  g_assert_null (dbr_deadline_heap_pop (&heap, G_MAXINT64));

  dbr_deadline_heap_clear (&heap);
}

static void
test_heap_gives_only_what_is_due (void)
{
  DbrDeadlineHeap heap = { NULL };
  DbrDeadline early = { .when = 10 };
  DbrDeadline late = { .when = 20 };

  g_test_summary ("A deadline is not given out before its time, and is on time to the microsecond");

  g_assert_cmpint (dbr_deadline_heap_peek (&heap), ==, G_MAXINT64);
  dbr_deadline_heap_push (&heap, &late);
  dbr_deadline_heap_push (&heap, &early);
  g_assert_cmpint (dbr_deadline_heap_peek (&heap), ==, 10);

  g_assert_null (dbr_deadline_heap_pop (&heap, 9));
  g_assert_true (dbr_deadline_heap_pop (&heap, 10) == &early);
  g_assert_null (dbr_deadline_heap_pop (&heap, 19));
  g_assert_true (dbr_deadline_heap_pop (&heap, 30) == &late);

  dbr_deadline_heap_clear (&heap);
}

static void
test_heap_forgets_all_when_cleared (void)
{
  DbrDeadlineHeap heap = { NULL };
  DbrDeadline deadlines[50] = { { 0 } };

  g_test_summary ("A cleared heap is as a new one, and what was in it can be put into it again");

  for (guint i = 0; i < G_N_ELEMENTS (deadlines); i++)
    dbr_deadline_heap_push (&heap, &deadlines[i]);
  dbr_deadline_heap_clear (&heap);

  g_assert_cmpint (dbr_deadline_heap_peek (&heap), ==, G_MAXINT64);
  for (guint i = 0; i < G_N_ELEMENTS (deadlines); i++)
    g_assert_cmpuint (deadlines[i].place, ==, 0);

  dbr_deadline_heap_push (&heap, &deadlines[0]);
  g_assert_true (dbr_deadline_heap_pop (&heap, 0) == &deadlines[0]);
  dbr_deadline_heap_clear (&heap);
}

static void
test_fires_in_time (void)
{
  Alarm alarms[50] = { { { 0 } } };
  gint64 now = g_get_monotonic_time ();

  g_test_summary ("A deadline is called on dbr-io once, not before its time and within a second "
                  "after it");

  bell_reset ();
  for (guint i = 0; i < G_N_ELEMENTS (alarms); i++)
    dbr_deadline_arm (&alarms[i].deadline, now + g_test_rand_int_range (-5, 60) * MSEC,
                      alarm_ring_cb);
  bell_wait (G_N_ELEMENTS (alarms));

  for (guint i = 0; i < G_N_ELEMENTS (alarms); i++)
    {
      g_assert_cmpuint (alarms[i].n_rings, ==, 1);
      g_assert_cmpint (alarms[i].rung_at, >=, alarms[i].deadline.when);
      g_assert_cmpint (alarms[i].rung_at, <, MAX (alarms[i].deadline.when, now) + G_USEC_PER_SEC);
      g_assert_false (dbr_deadline_disarm (&alarms[i].deadline));
    }
}

static void
test_an_earlier_one_armed_later_is_in_time (void)
{
  Alarm late = { { 0 } };
  Alarm early = { { 0 } };

  g_test_summary ("A thread that sleeps until a far deadline is woken for a nearer one");

  bell_reset ();
  dbr_deadline_arm (&late.deadline, g_get_monotonic_time () + HOUR, alarm_ring_cb);
  io_settle ();
  dbr_deadline_arm (&early.deadline, g_get_monotonic_time () + 20 * MSEC, alarm_ring_cb);
  bell_wait (1);

  g_assert_cmpuint (early.n_rings, ==, 1);
  g_assert_cmpint (early.rung_at, >=, early.deadline.when);
  g_assert_cmpint (early.rung_at, <, early.deadline.when + G_USEC_PER_SEC);
  g_assert_false (dbr_deadline_is_armed (&early.deadline));
  g_assert_true (dbr_deadline_is_armed (&late.deadline));
  g_assert_true (dbr_deadline_disarm (&late.deadline));
  g_assert_false (dbr_deadline_disarm (&late.deadline));
  g_assert_false (dbr_deadline_is_armed (&late.deadline));
  g_assert_cmpuint (late.n_rings, ==, 0);
}

static void
test_a_later_one_fires_after_an_earlier_was_disarmed (void)
{
  Alarm late = { { 0 } };
  Alarm early = { { 0 } };

  g_test_summary ("A timer that goes off for a deadline taken back goes on to the next");

  bell_reset ();
  dbr_deadline_arm (&early.deadline, g_get_monotonic_time () + 10 * MSEC, alarm_ring_cb);
  dbr_deadline_arm (&late.deadline, g_get_monotonic_time () + 40 * MSEC, alarm_ring_cb);
  g_assert_true (dbr_deadline_disarm (&early.deadline));
  bell_wait (1);

  g_assert_cmpuint (early.n_rings, ==, 0);
  g_assert_cmpuint (late.n_rings, ==, 1);
  g_assert_cmpint (late.rung_at, >=, late.deadline.when);
}

static void
test_may_arm_itself_again (void)
{
  Alarm alarm = { .n_rings_left = 4 };

  g_test_summary ("A deadline's function may arm it again");

  bell_reset ();
  dbr_deadline_arm (&alarm.deadline, g_get_monotonic_time (), alarm_ring_again_cb);
  bell_wait (5);

  io_settle ();
  g_assert_cmpuint (alarm.n_rings, ==, 5);
  g_assert_false (dbr_deadline_disarm (&alarm.deadline));
}

static void
test_may_be_armed_again_while_it_is_called (void)
{
  Alarm alarm = { { 0 } };
  guint n_armed = 0;

  g_test_summary ("Who finds that a deadline is no longer armed may arm it again, though its "
                  "function is just about to be called: it is called once for each time");

  bell_reset ();
  while (n_armed < MANY)
    {
      if (dbr_deadline_is_armed (&alarm.deadline))
        {
          g_thread_yield ();
          continue;
        }
      dbr_deadline_arm (&alarm.deadline, g_get_monotonic_time (), alarm_ring_cb);
      n_armed++;
    }
  bell_wait (n_armed);

  io_settle ();
  g_assert_cmpuint (alarm.n_rings, ==, n_armed);
  g_assert_false (dbr_deadline_is_armed (&alarm.deadline));
}

typedef struct
{
  Alarm *alarms;
  guint  n_alarms;
  guint  n_disarmed;
  guint  seed;
} Racer;

static gpointer
racer_main (gpointer user_data)
{
  Racer *racer = user_data;
  g_autoptr(GRand) rand = g_rand_new_with_seed (racer->seed);
  guint first = 0;

  /* Each is armed to go off about when it is disarmed. */
  for (guint i = 0; i < racer->n_alarms; i++)
    {
      dbr_deadline_arm (&racer->alarms[i].deadline,
                        g_get_monotonic_time () + g_rand_int_range (rand, 0, 300),
                        alarm_ring_cb);

      if (i - first >= N_OUTSTANDING)
        racer->n_disarmed += dbr_deadline_disarm (&racer->alarms[first++].deadline);
    }

  while (first < racer->n_alarms)
    racer->n_disarmed += dbr_deadline_disarm (&racer->alarms[first++].deadline);

  return NULL;
}

static void
test_is_either_disarmed_or_fires (void)
{
  g_autofree Alarm *alarms = g_new0 (Alarm, MANY);
  Racer racers[N_THREADS] = { { NULL } };
  GThread *threads[N_THREADS];
  guint n_disarmed = 0;
  guint n_rings = 0;

  g_test_summary ("With eight threads that arm and disarm, each deadline is either disarmed or "
                  "called, and called once: disarm says which");

  bell_reset ();
  for (guint i = 0; i < N_THREADS; i++)
    {
      racers[i].n_alarms = MANY / N_THREADS;
      racers[i].alarms = alarms + i * racers[i].n_alarms;
      racers[i].seed = g_test_rand_int ();
      threads[i] = g_thread_new ("racer", racer_main, &racers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      n_disarmed += racers[i].n_disarmed;
    }

  bell_wait (MANY - n_disarmed);
  io_settle ();
  for (guint i = 0; i < MANY; i++)
    {
      g_assert_cmpuint (alarms[i].n_rings, <=, 1);
      n_rings += alarms[i].n_rings;
    }
  g_assert_cmpuint (n_rings + n_disarmed, ==, MANY);
  g_test_message ("%u of %u were disarmed in time", n_disarmed, MANY);
}

static void
test_many_cost_a_turn_of_the_loop_nothing (void)
{
  g_autofree Alarm *alarms = g_new0 (Alarm, MANY);
  GMainContext *context = dbr_io_get_context ();
  Alarm near = { { 0 } };
  gint64 when = g_get_monotonic_time () + HOUR;
  guint n_sources;
  gint n_fds;

  g_test_summary ("Ten thousand pending deadlines add no source to dbr-io, do not wake it, and "
                  "hold up no nearer one");

  bell_reset ();
  g_main_context_set_poll_func (context, counting_poll);

  dbr_deadline_arm (&alarms[0].deadline, when, alarm_ring_cb);
  io_settle ();
  n_fds = g_atomic_int_get (&n_polled_fds);
  n_sources = count_sources_so_far (context);
  io_settle ();

  g_atomic_int_set (&n_turns, 0);
  for (guint i = 1; i < MANY; i++)
    dbr_deadline_arm (&alarms[i].deadline, when + i, alarm_ring_cb);
  /* One is the errand of io_settle (), one the source that counts. */
  g_assert_cmpuint (count_sources_so_far (context), ==, n_sources + 2);
  io_settle ();
  g_assert_cmpint (g_atomic_int_get (&n_turns), <, 10);
  g_assert_cmpint (g_atomic_int_get (&n_polled_fds), ==, n_fds);

  dbr_deadline_arm (&near.deadline, g_get_monotonic_time () + 10 * MSEC, alarm_ring_cb);
  bell_wait (1);
  g_assert_cmpint (near.rung_at, >=, near.deadline.when);
  g_assert_cmpint (near.rung_at, <, near.deadline.when + G_USEC_PER_SEC);

  g_atomic_int_set (&n_turns, 0);
  for (guint i = 0; i < MANY; i++)
    g_assert_true (dbr_deadline_disarm (&alarms[i].deadline));
  io_settle ();
  g_assert_cmpint (g_atomic_int_get (&n_turns), <, 10);

  g_main_context_set_poll_func (context, NULL);
  io_settle ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/deadline-heap/agrees-with-a-sorted-list",
                   test_heap_agrees_with_a_sorted_list);
  g_test_add_func ("/dbr/deadline-heap/gives-only-what-is-due", test_heap_gives_only_what_is_due);
  g_test_add_func ("/dbr/deadline-heap/forgets-all-when-cleared",
                   test_heap_forgets_all_when_cleared);
  g_test_add_func ("/dbr/deadline/fires-in-time", test_fires_in_time);
  g_test_add_func ("/dbr/deadline/an-earlier-one-armed-later-is-in-time",
                   test_an_earlier_one_armed_later_is_in_time);
  g_test_add_func ("/dbr/deadline/a-later-one-fires-after-an-earlier-was-disarmed",
                   test_a_later_one_fires_after_an_earlier_was_disarmed);
  g_test_add_func ("/dbr/deadline/may-arm-itself-again", test_may_arm_itself_again);
  g_test_add_func ("/dbr/deadline/may-be-armed-again-while-it-is-called",
                   test_may_be_armed_again_while_it_is_called);
  g_test_add_func ("/dbr/deadline/is-either-disarmed-or-fires", test_is_either_disarmed_or_fires);
  g_test_add_func ("/dbr/deadline/many-cost-a-turn-of-the-loop-nothing",
                   test_many_cost_a_turn_of_the_loop_nothing);

  return g_test_run ();
}
