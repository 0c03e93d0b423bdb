/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-admission-private.h"

#define N_PLACES 112
#define N_WINDOWS 12
#define N_HISTORIES 300
#define N_STEPS 2000
#define SECOND G_GINT64_CONSTANT (1000000)
#define MIB (1024u * 1024)

/* A call of the test: the node comes first, so that what is given back is one. */
typedef struct
{
  DbrAdmissionNode node;
  guint            window;
  guint            number;
} Caller;

typedef struct
{
  DbrAdmission        admission;
  DbrAdmissionWindow  windows[N_WINDOWS];
  guint               n_orphans[N_WINDOWS];
  GRand              *rand;
  gint64              now;
  /* of Caller, those that wait and those that are under way */
  GPtrArray          *waiting;
  GPtrArray          *under_way;
  /* the number of the call that started last, by window and priority */
  guint               last[N_WINDOWS][2];
  guint               n_callers;
  guint               n_ended;
} History;

static void
assert_enters (DbrAdmission        *admission,
               DbrAdmissionWindow  *window,
               DbrAdmissionNode    *node,
               DbrAdmissionVerdict  verdict)
{
  g_assert_cmpint (dbr_admission_enter (admission, window, node, 100, FALSE), ==, verdict);
}

/* Fills a window to its limit. */
static void
fill (DbrAdmission       *admission,
      DbrAdmissionWindow *window,
      DbrAdmissionNode   *nodes,
      guint               n_nodes)
{
  for (guint i = 0; i < n_nodes; i++)
    assert_enters (admission, window, &nodes[i], DBR_ADMISSION_MAY_GO);
}

static void
test_sixteen_go_and_a_thousand_wait (void)
{
  g_autofree DbrAdmissionNode *nodes = g_new0 (DbrAdmissionNode, 1017);
  DbrAdmissionWindow window = { 0 };
  DbrAdmission admission;

  g_test_summary ("16 calls go, 1000 wait in order, and the one after them is refused");

  dbr_admission_init (&admission, N_PLACES);
  fill (&admission, &window, nodes, 16);
  for (guint i = 16; i < 1016; i++)
    assert_enters (&admission, &window, &nodes[i], DBR_ADMISSION_HAS_TO_WAIT);
  assert_enters (&admission, &window, &nodes[1016], DBR_ADMISSION_REFUSED_BY_COUNT);
  g_assert_cmpint (nodes[1016].place, ==, DBR_ADMISSION_OUTSIDE);
  g_assert_false (dbr_admission_remove (&admission, &nodes[1016]));

  for (guint i = 0; i < 1016; i++)
    {
      DbrAdmissionNode *next = dbr_admission_leave (&admission, &nodes[i],
                                                    DBR_ADMISSION_SUCCEEDED, 0);

      g_assert_true (next == (i + 16 < 1016 ? &nodes[i + 16] : NULL));
      if (next != NULL)
        g_assert_null (next->next);
    }
  g_assert_true (dbr_admission_window_is_idle (&window));
}

static void
test_interactive_calls_go_first (void)
{
  DbrAdmissionNode busy[16], background[2], interactive[2];
  DbrAdmissionWindow window = { 0 };
  DbrAdmission admission;

  g_test_summary ("A call in the background waits for interactive ones that come after it, and "
                  "1000 of them make none of those be refused");

  dbr_admission_init (&admission, N_PLACES);
  fill (&admission, &window, busy, 16);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (dbr_admission_enter (&admission, &window, &background[i], 0, TRUE), ==,
                     DBR_ADMISSION_HAS_TO_WAIT);
  g_assert_null (dbr_admission_set_limits (&admission, 16, 2));
  g_assert_cmpint (dbr_admission_enter (&admission, &window, &busy[0], 0, TRUE), ==,
                   DBR_ADMISSION_REFUSED_BY_COUNT);
  for (guint i = 0; i < 2; i++)
    assert_enters (&admission, &window, &interactive[i], DBR_ADMISSION_HAS_TO_WAIT);

  for (guint i = 0; i < 4; i++)
    g_assert_true (dbr_admission_leave (&admission, &busy[i + 1], DBR_ADMISSION_ENDED, 0)
                   == (i < 2 ? &interactive[i] : &background[i - 2]));
}

static void
test_bytes_are_bounded_over_all (void)
{
  DbrAdmissionWindow windows[2] = { { 0 }, { 0 } };
  DbrAdmissionNode busy[32], nodes[4];
  DbrAdmission admission;

  g_test_summary ("16 MiB wait in all destinations together, 8 of them in the background; what "
                  "goes at once counts not");

  dbr_admission_init (&admission, N_PLACES);
  for (guint i = 0; i < 32; i++)
    g_assert_cmpint (dbr_admission_enter (&admission, &windows[i / 16], &busy[i], 100 * MIB, FALSE),
                     ==, DBR_ADMISSION_MAY_GO);

  g_assert_cmpint (dbr_admission_enter (&admission, &windows[0], &nodes[0], 8 * MIB, TRUE), ==,
                   DBR_ADMISSION_HAS_TO_WAIT);
  g_assert_cmpint (dbr_admission_enter (&admission, &windows[1], &nodes[1], 1, TRUE), ==,
                   DBR_ADMISSION_REFUSED_BY_BYTES);
  g_assert_cmpint (dbr_admission_enter (&admission, &windows[1], &nodes[1], 8 * MIB, FALSE), ==,
                   DBR_ADMISSION_HAS_TO_WAIT);
  g_assert_cmpint (dbr_admission_enter (&admission, &windows[0], &nodes[2], 1, FALSE), ==,
                   DBR_ADMISSION_REFUSED_BY_BYTES);
  g_assert_cmpint (dbr_admission_enter (&admission, &windows[0], &nodes[2], G_MAXSIZE, FALSE), ==,
                   DBR_ADMISSION_REFUSED_BY_BYTES);
  g_assert_cmpint (dbr_admission_enter (&admission, &windows[0], &nodes[2], 0, FALSE), ==,
                   DBR_ADMISSION_HAS_TO_WAIT);

  g_assert_true (dbr_admission_remove (&admission, &nodes[0]));
  g_assert_cmpint (dbr_admission_enter (&admission, &windows[0], &nodes[3], 8 * MIB, TRUE), ==,
                   DBR_ADMISSION_HAS_TO_WAIT);
}

static void
test_who_gave_up_is_not_started (void)
{
  DbrAdmissionNode busy[16], nodes[3];
  DbrAdmissionWindow window = { 0 };
  DbrAdmission admission;

  g_test_summary ("A call that gives up while it waits leaves the queue, one that is admitted "
                  "cannot");

  dbr_admission_init (&admission, N_PLACES);
  fill (&admission, &window, busy, 16);
  for (guint i = 0; i < 3; i++)
    assert_enters (&admission, &window, &nodes[i], DBR_ADMISSION_HAS_TO_WAIT);
  g_assert_true (dbr_admission_remove (&admission, &nodes[1]));
  g_assert_false (dbr_admission_remove (&admission, &nodes[1]));
  g_assert_false (dbr_admission_remove (&admission, &busy[0]));
  g_assert_true (dbr_admission_leave (&admission, &busy[0], DBR_ADMISSION_ENDED, 0) == &nodes[0]);
  g_assert_true (dbr_admission_leave (&admission, &busy[1], DBR_ADMISSION_ENDED, 0) == &nodes[2]);
  g_assert_null (dbr_admission_leave (&admission, &busy[2], DBR_ADMISSION_ENDED, 0));
}

static void
test_orphans_count (void)
{
  DbrAdmissionNode busy[16], nodes[16];
  DbrAdmissionWindow window = { 0 };
  DbrAdmissionNode *started;
  DbrAdmission admission;
  guint n_started = 0;

  g_test_summary ("A call whose caller gave up keeps its place until the service answers or ends");

  dbr_admission_init (&admission, N_PLACES);
  fill (&admission, &window, busy, 16);
  for (guint i = 0; i < 16; i++)
    {
      assert_enters (&admission, &window, &nodes[i], DBR_ADMISSION_HAS_TO_WAIT);
      g_assert_null (dbr_admission_refill (&admission, &window));
      dbr_admission_orphan (&admission, &busy[i]);
    }
  /* All the places are theirs, but for one. */
  g_assert_true (dbr_admission_refill (&admission, &window) == &nodes[0]);
  g_assert_null (nodes[0].next);
  g_assert_null (dbr_admission_leave_orphan (&admission, &window));
  g_assert_true (dbr_admission_leave_orphan (&admission, &window) == &nodes[1]);
  started = dbr_admission_leave_orphans (&admission, &window);
  for (n_started = 2; started != NULL; started = started->next)
    g_assert_true (started == &nodes[n_started++]);
  g_assert_cmpuint (n_started, ==, 16);
  g_assert_cmpuint (window.n_orphans, ==, 0);
}

static void
test_is_cut_once_a_burst_and_grows_back (void)
{
  const guint cut[] = { 8, 4, 2, 1, 1 };
  DbrAdmissionNode nodes[16];
  DbrAdmissionWindow window = { 0 };
  DbrAdmission admission;
  gint64 now = 1000 * SECOND;

  g_test_summary ("LimitsExceeded halves the window once for all that were under way, down to 1; "
                  "5 seconds of success give one back each, up to the most");

  dbr_admission_init (&admission, N_PLACES);
  for (guint round = 0; round < G_N_ELEMENTS (cut); round++)
    {
      guint n_nodes = dbr_admission_get_limit (&admission, &window);

      fill (&admission, &window, nodes, n_nodes);
      for (guint i = 0; i < n_nodes; i++)
        dbr_admission_leave (&admission, &nodes[i], DBR_ADMISSION_LIMITED, now);
      g_assert_cmpuint (dbr_admission_get_limit (&admission, &window), ==, cut[round]);
    }

  for (guint limit = 1; limit < 18; limit++)
    {
      g_assert_cmpuint (dbr_admission_get_limit (&admission, &window), ==, MIN (limit, 16));
      now += 5 * SECOND - 1;
      fill (&admission, &window, nodes, 1);
      dbr_admission_leave (&admission, nodes, DBR_ADMISSION_SUCCEEDED, now);
      g_assert_cmpuint (dbr_admission_get_limit (&admission, &window), ==, MIN (limit, 16));
      now += 1;
      fill (&admission, &window, nodes, 1);
      dbr_admission_leave (&admission, nodes, DBR_ADMISSION_ENDED, now);
      g_assert_cmpuint (dbr_admission_get_limit (&admission, &window), ==, MIN (limit, 16));
      fill (&admission, &window, nodes, 1);
      dbr_admission_leave (&admission, nodes, DBR_ADMISSION_SUCCEEDED, now);
    }
}

static void
test_orphans_use_up_the_excuse (void)
{
  DbrAdmissionNode nodes[16];
  DbrAdmissionWindow window = { 0 };
  DbrAdmission admission;

  g_test_summary ("Calls that never come back excuse no later burst");

  dbr_admission_init (&admission, N_PLACES);
  fill (&admission, &window, nodes, 16);
  dbr_admission_leave (&admission, &nodes[0], DBR_ADMISSION_LIMITED, 0);
  for (guint i = 1; i < 16; i++)
    dbr_admission_orphan (&admission, &nodes[i]);
  dbr_admission_leave_orphans (&admission, &window);
  fill (&admission, &window, nodes, 1);
  dbr_admission_leave (&admission, nodes, DBR_ADMISSION_LIMITED, 0);
  g_assert_cmpuint (dbr_admission_get_limit (&admission, &window), ==, 4);
}

static void
test_limits_may_change_at_any_time (void)
{
  DbrAdmissionNode nodes[20];
  DbrAdmissionWindow window = { 0 };
  DbrAdmissionNode *started;
  DbrAdmission admission;
  guint n_started = 0;

  g_test_summary ("A higher limit starts who waits at once, a lower one lets those under way end");

  dbr_admission_init (&admission, N_PLACES);
  fill (&admission, &window, nodes, 16);
  for (guint i = 16; i < 20; i++)
    assert_enters (&admission, &window, &nodes[i], DBR_ADMISSION_HAS_TO_WAIT);
  for (started = dbr_admission_set_limits (&admission, 19, 0); started != NULL;
       started = started->next)
    g_assert_true (started == &nodes[16 + n_started++]);
  g_assert_cmpuint (n_started, ==, 3);

  g_assert_null (dbr_admission_set_limits (&admission, 18, 0));
  g_assert_null (dbr_admission_leave (&admission, &nodes[0], DBR_ADMISSION_ENDED, 0));
  g_assert_true (dbr_admission_leave (&admission, &nodes[1], DBR_ADMISSION_ENDED, 0) == &nodes[19]);
  assert_enters (&admission, &window, &nodes[0], DBR_ADMISSION_REFUSED_BY_COUNT);
}

static void
test_stalled_services_starve_no_other (void)
{
  g_autofree DbrAdmissionNode *nodes = g_new0 (DbrAdmissionNode, 20 * N_WINDOWS + 1);
  DbrAdmissionWindow windows[N_WINDOWS] = { { 0 } };
  DbrAdmissionWindow healthy = { 0 };
  DbrAdmissionNode *node = nodes;
  DbrAdmission admission;

  g_test_summary ("Seven services that hang with all they may hold leave places for others; a "
                  "place that becomes free goes to who holds least");

  dbr_admission_init (&admission, N_PLACES);
  for (guint i = 0; i < 7; i++)
    {
      for (guint n = 0; n < 20; n++)
        dbr_admission_enter (&admission, &windows[i], node++, 0, FALSE);
    }
  g_assert_cmpuint (admission.n_held, <, N_PLACES);
  for (guint i = 0; i < 100; i++)
    {
      assert_enters (&admission, &healthy, node, DBR_ADMISSION_MAY_GO);
      g_assert_null (dbr_admission_leave (&admission, node, DBR_ADMISSION_SUCCEEDED, 0));
    }

  /* More and more of them, until one has none at all and waits. */
  for (guint i = 7; i < N_WINDOWS && admission.n_held < N_PLACES; i++)
    {
      for (guint n = 0; n < 20; n++)
        dbr_admission_enter (&admission, &windows[i], node++, 0, FALSE);
    }
  g_assert_cmpuint (admission.n_held, ==, N_PLACES);
  assert_enters (&admission, &healthy, node, DBR_ADMISSION_HAS_TO_WAIT);
  g_assert_true (dbr_admission_leave (&admission, nodes, DBR_ADMISSION_ENDED, 0) == node);
}

static void
test_places_go_round (void)
{
  static const struct
  {
    guint window;
    guint node;
  } turns[] = { { 0, 1 }, { 1, 0 }, { 0, 2 }, { 1, 1 }, { 1, 2 } };
  DbrAdmissionNode hogs[4], nodes[2][3];
  DbrAdmissionWindow hog = { 0 };
  DbrAdmissionWindow windows[2] = { { 0 }, { 0 } };
  DbrAdmissionNode *started;
  DbrAdmission admission;

  g_test_summary ("Destinations that wait for the same place have it in turn, and before the one "
                  "that holds others");

  dbr_admission_init (&admission, 3);
  for (guint i = 0; i < 4; i++)
    assert_enters (&admission, &hog, &hogs[i],
                   i < 2 ? DBR_ADMISSION_MAY_GO : DBR_ADMISSION_HAS_TO_WAIT);
  assert_enters (&admission, &windows[0], &nodes[0][0], DBR_ADMISSION_MAY_GO);
  for (guint i = 1; i < 3; i++)
    assert_enters (&admission, &windows[0], &nodes[0][i], DBR_ADMISSION_HAS_TO_WAIT);
  for (guint i = 0; i < 3; i++)
    assert_enters (&admission, &windows[1], &nodes[1][i], DBR_ADMISSION_HAS_TO_WAIT);

  started = &nodes[0][0];
  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    {
      started = dbr_admission_leave (&admission, started, DBR_ADMISSION_ENDED, 0);
      g_assert_true (started == &nodes[turns[i].window][turns[i].node]);
    }
}

static void
history_take (History          *history,
              DbrAdmissionNode *started)
{
  while (started != NULL)
    {
      Caller *caller = (Caller *) started;
      guint *last = &history->last[caller->window][started->is_background];

      started = started->next;
      g_assert_cmpint (caller->node.place, ==, DBR_ADMISSION_ADMITTED);
      g_assert_cmpuint (caller->number, >, *last);
      *last = caller->number;
      g_assert_true (g_ptr_array_remove (history->waiting, caller));
      g_ptr_array_add (history->under_way, caller);
    }
}

static void
history_enter (History *history)
{
  Caller *caller = g_new0 (Caller, 1);
  gboolean is_background = g_rand_int_range (history->rand, 0, 3) == 0;
  gsize n_bytes = g_rand_int_range (history->rand, 0, 3) > 0
                  ? 100 : (gsize) g_rand_int_range (history->rand, 0, 3 * MIB);

  /* Some destinations are called more than others. */
  caller->window = g_rand_int_range (history->rand, 0,
                                     g_rand_int_range (history->rand, 1, N_WINDOWS + 1));
  caller->number = ++history->n_callers;

  switch (dbr_admission_enter (&history->admission, &history->windows[caller->window],
                               &caller->node, n_bytes, is_background))
    {
    case DBR_ADMISSION_MAY_GO:
      g_ptr_array_add (history->waiting, caller);
      history_take (history, &caller->node);
      break;

    case DBR_ADMISSION_HAS_TO_WAIT:
      g_ptr_array_add (history->waiting, caller);
      break;

    case DBR_ADMISSION_REFUSED_BY_COUNT:
    case DBR_ADMISSION_REFUSED_BY_BYTES:
    default:
      history->n_ended++;
      g_free (caller);
    }
}

static Caller *
history_pick (History   *history,
              GPtrArray *callers)
{
  return g_ptr_array_remove_index (callers,
                                   g_rand_int_range (history->rand, 0, (gint32) callers->len));
}

static void
history_leave (History *history)
{
  Caller *caller = history_pick (history, history->under_way);
  guint kind = g_rand_int_range (history->rand, 0, 20);

  history->now += g_rand_int_range (history->rand, 0, SECOND);
  if (kind < 3)
    {
      dbr_admission_orphan (&history->admission, &caller->node);
      history->n_orphans[caller->window]++;
      history_take (history, dbr_admission_refill (&history->admission,
                                                   &history->windows[caller->window]));
    }
  else
    {
      history_take (history,
                    dbr_admission_leave (&history->admission, &caller->node,
                                         kind == 3 ? DBR_ADMISSION_LIMITED
                                                   : DBR_ADMISSION_SUCCEEDED, history->now));
    }
  history->n_ended++;
  g_free (caller);
}

static void
history_step (History *history)
{
  guint kind = g_rand_int_range (history->rand, 0, 100);
  guint window = g_rand_int_range (history->rand, 0, N_WINDOWS);

  if (kind < 55)
    {
      history_enter (history);
    }
  else if (kind < 90)
    {
      if (history->under_way->len > 0)
        history_leave (history);
    }
  else if (kind < 95)
    {
      if (history->waiting->len > 0)
        {
          Caller *caller = history_pick (history, history->waiting);

          g_assert_true (dbr_admission_remove (&history->admission, &caller->node));
          history->n_ended++;
          g_free (caller);
        }
    }
  else if (kind < 98)
    {
      if (history->n_orphans[window] > 0)
        {
          history->n_orphans[window]--;
          history_take (history, dbr_admission_leave_orphan (&history->admission,
                                                             &history->windows[window]));
        }
    }
  else if (kind < 99)
    {
      history->n_orphans[window] = 0;
      history_take (history, dbr_admission_leave_orphans (&history->admission,
                                                          &history->windows[window]));
    }
  else
    {
      guint max_in_flight = g_rand_int_range (history->rand, 1, 33);
      guint max_queued = g_rand_int_range (history->rand, 0, 100);
      guint n_places = g_rand_int_range (history->rand, 64, 129);

      history_take (history, dbr_admission_set_limits (&history->admission, max_in_flight,
                                                       max_queued));
      history_take (history, dbr_admission_set_n_places (&history->admission, n_places));
    }
}

/* What holds at any time, counted anew from the calls themselves. */
static void
history_check (History *history)
{
  guint in_flight[N_WINDOWS] = { 0 };
  gsize n_bytes = 0, n_background_bytes = 0;
  guint n_held = history->under_way->len;
  guint queued[N_WINDOWS] = { 0 };

  for (guint i = 0; i < history->under_way->len; i++)
    in_flight[((Caller *) g_ptr_array_index (history->under_way, i))->window]++;

  for (guint i = 0; i < history->waiting->len; i++)
    {
      Caller *caller = g_ptr_array_index (history->waiting, i);

      g_assert_cmpint (caller->node.place, ==, DBR_ADMISSION_QUEUED);
      queued[caller->window]++;
      n_bytes += caller->node.n_bytes;
      if (caller->node.is_background)
        n_background_bytes += caller->node.n_bytes;
    }

  for (guint i = 0; i < N_WINDOWS; i++)
    n_held += history->n_orphans[i];

  g_assert_cmpuint (history->admission.n_held, ==, n_held);
  g_assert_cmpuint (history->admission.n_bytes, ==, n_bytes);
  g_assert_cmpuint (history->admission.n_background_bytes, ==, n_background_bytes);
  g_assert_cmpuint (n_bytes, <=, DBR_ADMISSION_MAX_BYTES);
  g_assert_cmpuint (n_background_bytes, <=, DBR_ADMISSION_MAX_BYTES / 2);

  for (guint i = 0; i < N_WINDOWS; i++)
    {
      const DbrAdmissionWindow *window = &history->windows[i];
      guint held = in_flight[i] + history->n_orphans[i];
      guint n_free = history->admission.n_places > n_held
                     ? history->admission.n_places - n_held : 0;

      g_assert_cmpuint (window->n_in_flight, ==, in_flight[i]);
      g_assert_cmpuint (window->n_orphans, ==, history->n_orphans[i]);
      g_assert_cmpuint (dbr_admission_window_get_n_queued (window), ==, queued[i]);
      /* Nobody waits who could go. */
      if (queued[i] > 0)
        g_assert_true ((in_flight[i] > 0
                        && held >= dbr_admission_get_limit (&history->admission, window))
                       || held >= n_free);
    }
}

/* However it went, all that waits starts when what is under way ends. */
static void
history_drain (History *history)
{
  for (guint i = 0; i < N_WINDOWS; i++)
    {
      history->n_orphans[i] = 0;
      history_take (history, dbr_admission_leave_orphans (&history->admission,
                                                          &history->windows[i]));
    }

  while (history->under_way->len > 0)
    {
      Caller *caller = history_pick (history, history->under_way);

      history_take (history, dbr_admission_leave (&history->admission, &caller->node,
                                                  DBR_ADMISSION_ENDED, history->now));
      history->n_ended++;
      g_free (caller);
    }

  g_assert_cmpuint (history->waiting->len, ==, 0);
  g_assert_cmpuint (history->n_ended, ==, history->n_callers);
  g_assert_cmpuint (history->admission.n_held, ==, 0);
  g_assert_cmpuint (history->admission.n_starved, ==, 0);
  g_assert_null (history->admission.waiting_head);
  for (guint i = 0; i < N_WINDOWS; i++)
    g_assert_true (dbr_admission_window_is_idle (&history->windows[i]));
}

static void
test_holds_in_random_histories (void)
{
  guint32 seed = g_test_rand_int ();

  g_test_summary ("In random histories no window holds more than it may, each queue keeps its "
                  "order, nobody waits without need, and every call gets its turn");

  for (guint i = 0; i < N_HISTORIES; i++)
    {
      History history = { .rand = g_rand_new_with_seed (seed + i) };

      dbr_admission_init (&history.admission, N_PLACES);
      history.waiting = g_ptr_array_new ();
      history.under_way = g_ptr_array_new ();
      for (guint step = 0; step < N_STEPS; step++)
        {
          history_step (&history);
          if (step % 8 == 0)
            history_check (&history);
        }
      history_check (&history);
      history_drain (&history);

      g_ptr_array_unref (history.waiting);
      g_ptr_array_unref (history.under_way);
      g_rand_free (history.rand);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/admission/sixteen-go-and-a-thousand-wait",
                   test_sixteen_go_and_a_thousand_wait);
  g_test_add_func ("/dbr/admission/interactive-calls-go-first", test_interactive_calls_go_first);
  g_test_add_func ("/dbr/admission/bytes-are-bounded-over-all", test_bytes_are_bounded_over_all);
  g_test_add_func ("/dbr/admission/who-gave-up-is-not-started", test_who_gave_up_is_not_started);
  g_test_add_func ("/dbr/admission/orphans-count", test_orphans_count);
  g_test_add_func ("/dbr/admission/is-cut-once-a-burst-and-grows-back",
                   test_is_cut_once_a_burst_and_grows_back);
  g_test_add_func ("/dbr/admission/orphans-use-up-the-excuse", test_orphans_use_up_the_excuse);
  g_test_add_func ("/dbr/admission/limits-may-change-at-any-time",
                   test_limits_may_change_at_any_time);
  g_test_add_func ("/dbr/admission/stalled-services-starve-no-other",
                   test_stalled_services_starve_no_other);
  g_test_add_func ("/dbr/admission/places-go-round", test_places_go_round);
  g_test_add_func ("/dbr/admission/holds-in-random-histories", test_holds_in_random_histories);

  return g_test_run ();
}
