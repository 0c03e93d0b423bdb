/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dbr-error.h"

#include "dbr-metrics-world.h"

#define NAME "org.example.Player"

static void
assert_figures (DbrOperationStats *stats,
                guint64            ok,
                guint64            errors,
                guint64            timeouts,
                guint64            cancelled,
                guint64            rejected)
{
  g_assert_cmpuint (dbr_operation_stats_get_ok (stats), ==, ok);
  g_assert_cmpuint (dbr_operation_stats_get_errors (stats), ==, errors);
  g_assert_cmpuint (dbr_operation_stats_get_timeouts (stats), ==, timeouts);
  g_assert_cmpuint (dbr_operation_stats_get_cancelled (stats), ==, cancelled);
  g_assert_cmpuint (dbr_operation_stats_get_rejected (stats), ==, rejected);
  g_assert_cmpuint (dbr_operation_stats_get_count (stats), ==,
                    ok + errors + timeouts + cancelled + rejected);
}

static void
assert_count (World      *world,
              const char *operation,
              guint64     in_life,
              guint64     in_window)
{
  g_autoptr(DbrOperationStats) life = dbr_metrics_get_stats (world->metrics, operation);
  g_autoptr(DbrOperationStats) window = dbr_metrics_get_window_stats (world->metrics, operation);

  g_assert_cmpuint (dbr_operation_stats_get_count (life), ==, in_life);
  g_assert_cmpuint (dbr_operation_stats_get_count (window), ==, in_window);
}

static void
test_outcomes (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrOperationStats) stats = NULL;

  g_test_summary ("Each outcome is counted, and times are those of what was waited for to the end");

  world_init (&world);
  world_record (&world, "work", 1000, DBR_OUTCOME_OK, 18);
  world_record (&world, "work", 3000, DBR_OUTCOME_ERROR, 1);
  world_record (&world, "work", 5000, DBR_OUTCOME_TIMEOUT, 1);
  world_record (&world, "work", 100000, DBR_OUTCOME_CANCELLED, 2);
  world_record (&world, "work", 100000, DBR_OUTCOME_REJECTED, 3);
  world_record (&world, "work", -1, DBR_OUTCOME_OK, 1);

  stats = dbr_metrics_get_stats (world.metrics, "work");
  assert_figures (stats, 19, 1, 1, 2, 3);
  g_assert_cmpint (dbr_operation_stats_get_min_usec (stats), ==, 1000);
  g_assert_cmpint (dbr_operation_stats_get_mean_usec (stats), ==, 1300);
  g_assert_cmpint (dbr_operation_stats_get_max_usec (stats), ==, 5000);
  g_assert_cmpfloat_with_epsilon (dbr_operation_stats_get_error_rate (stats), 2.0 / 21, 1e-9);
  /* Within what there was, though the middle of its cell is not. */
  g_assert_cmpint (dbr_operation_stats_percentile (stats, 50), ==, 1000);
  g_assert_cmpint (dbr_operation_stats_percentile (stats, 100), <=, 5000);
  g_assert_cmpint (dbr_operation_stats_percentile (stats, 101), ==, -1);
}

static void
test_nothing (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrOperationStats) stats = NULL;
  g_auto(GStrv) names = NULL;

  g_test_summary ("Of what is not known all is 0, or -1");

  world_init (&world);
  stats = dbr_metrics_get_stats (world.metrics, "never");
  assert_figures (stats, 0, 0, 0, 0, 0);
  g_assert_cmpint (dbr_operation_stats_get_min_usec (stats), ==, -1);
  g_assert_cmpint (dbr_operation_stats_get_mean_usec (stats), ==, -1);
  g_assert_cmpint (dbr_operation_stats_get_max_usec (stats), ==, -1);
  g_assert_cmpint (dbr_operation_stats_percentile (stats, 50), ==, -1);
  g_assert_cmpfloat (dbr_operation_stats_get_error_rate (stats), ==, 0);

  (void) dbr_metrics_resolve (world.metrics, "default", NAME, NAME, "Play");
  names = dbr_metrics_dup_operations (world.metrics);
  g_assert_cmpstrv (names, ((const char *const[]) { NULL }));
}

static void
test_window (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrOperationStats) window = NULL;

  g_test_summary ("The window holds the last minute, and all is kept beside it");

  world_init (&world);
  world_record (&world, "work", 500, DBR_OUTCOME_OK, 10);
  world_pass (&world, 25 * S);
  world_record (&world, "work", 2000, DBR_OUTCOME_OK, 10);
  world_record (&world, "work", 2000, DBR_OUTCOME_ERROR, 1);
  assert_count (&world, "work", 21, 21);

  world_pass (&world, 35 * S);
  assert_count (&world, "work", 21, 11);
  window = dbr_metrics_get_window_stats (world.metrics, "work");
  g_assert_cmpint (dbr_operation_stats_get_min_usec (window), ==, 2000);
  g_assert_cmpint (dbr_operation_stats_get_mean_usec (window), ==, 2000);
  g_assert_cmpfloat_with_epsilon (dbr_operation_stats_get_error_rate (window), 1.0 / 11, 1e-9);

  world_pass (&world, 60 * S);
  assert_count (&world, "work", 21, 0);
  world_pass (&world, 1000 * 3600 * S);
  world_record (&world, "work", 500, DBR_OUTCOME_OK, 1);
  assert_count (&world, "work", 22, 1);
}

static void
test_suspend (void)
{
  g_auto(World) world = { { NULL } };

  g_test_summary ("What was before the machine slept is not of the last minute");

  world_init (&world);
  world_record (&world, "work", 500, DBR_OUTCOME_OK, 30);
  world.suspended += 8 * 3600 * S;
  world_pass (&world, 2 * S);
  world_record (&world, "work", 500, DBR_OUTCOME_OK, 1);
  assert_count (&world, "work", 31, 1);

  /* A clock that goes back poisons nothing. */
  world.suspended -= 4 * 3600 * S;
  world.now -= 100 * S;
  world_record (&world, "work", 500, DBR_OUTCOME_OK, 1);
  assert_count (&world, "work", 32, 2);
}

static void
test_bounded (void)
{
  g_auto(World) world = { { NULL } };
  g_autofree char *long_name = g_strnfill (300, 'x');
  g_auto(GStrv) names = NULL;

  g_test_summary ("However many names there are, 32 are kept and all others are one");

  world_init (&world);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *name = g_strdup_printf ("name-%u", i);

      world_record (&world, name, 10, DBR_OUTCOME_OK, 1);
    }
  names = dbr_metrics_dup_operations (world.metrics);
  g_assert_cmpuint (g_strv_length (names), ==, 33);
  assert_count (&world, "other", 10000 - 32, 10000 - 32);

  world_record (&world, "", 10, DBR_OUTCOME_OK, 1);
  world_record (&world, long_name, 10, DBR_OUTCOME_OK, 1);
  world_record (&world, "\xff", 10, DBR_OUTCOME_OK, 1);
  assert_count (&world, "other", 10000 - 29, 10000 - 29);
  assert_count (&world, "name-31", 1, 1);
}

static GVariant *
ref_places (World *world)
{
  g_autoptr(GVariant) all = dbr_metrics_to_variant (world->metrics);

  return g_variant_lookup_value (all, "places", G_VARIANT_TYPE ("a{sa{sv}}"));
}

static guint64
count_in_place (World      *world,
                const char *place,
                const char *kind)
{
  g_autoptr(GVariant) places = ref_places (world);
  g_autoptr(GVariant) found = g_variant_lookup_value (places, place, NULL);
  guint64 count = 0;

  g_assert_nonnull (found);
  g_variant_lookup (found, kind, "t", &count);

  return count;
}

#define N_PLACES 500u

static void
test_bounded_places (void)
{
  g_auto(World) world = { { NULL } };
  const DbrSlots slots = { .n_orphans = 70, .max_slots = 128 };
  g_autoptr(GVariant) places = NULL;

  g_test_summary ("However many services there are, 64 are kept and all others are one, which has no"
                  " state; the program is itself");

  world_init (&world);
  for (guint i = 0; i < N_PLACES; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.example.S%u", i);

      dbr_metrics_note_owner (world.metrics, name);
    }
  dbr_metrics_note_lag (world.metrics, 2 * S);
  places = ref_places (&world);
  g_assert_cmpuint (g_variant_n_children (places), ==, DBR_MAX_PLACES + 2);
  g_assert_cmpuint (count_in_place (&world, "org.example.S63", "service-flapping"), ==, 1);
  g_assert_cmpuint (count_in_place (&world, "other", "service-flapping"), ==,
                    N_PLACES - DBR_MAX_PLACES);
  g_assert_cmpuint (count_in_place (&world, "", "main-loop"), ==, 1);

  /* Nobody would ever say of all others that it is over. */
  dbr_metrics_set_slots (world.metrics, ":1.9", &slots);
  dbr_metrics_forget_connection (world.metrics, ":1.9");
  world_pass (&world, 3600 * S);
  g_assert_cmpuint (g_list_model_get_n_items (dbr_metrics_get_issues (world.metrics)), ==, 0);

  dbr_metrics_forget_connection (world.metrics, "org.example.S63");
  dbr_metrics_note_owner (world.metrics, "org.example.New");
  g_assert_cmpuint (count_in_place (&world, "org.example.New", "service-flapping"), ==, 1);
}

static void
test_handles (void)
{
  g_auto(World) world = { { NULL } };
  DbrMetricsHandle *handle, *unique;
  DbrMetricsSample sample;
  g_auto(GStrv) names = NULL;

  g_test_summary ("A call is recorded by a handle, under its destination, interface and member");

  world_init (&world);
  sample = (DbrMetricsSample) {
    world.now, 1000, 10, 900, 90, DBR_OUTCOME_OK, NULL,
  };
  handle = dbr_metrics_resolve (world.metrics, "default", NAME, NAME, "Play");
  g_assert_true (handle == dbr_metrics_resolve (world.metrics, "default", NAME, NAME, "Play"));
  g_assert_true (handle != dbr_metrics_resolve (world.metrics, "default", NAME, NAME, "Stop"));
  dbr_metrics_handle_record (handle, &sample);
  assert_count (&world, NAME ":" NAME ".Play", 1, 1);

  unique = dbr_metrics_resolve (world.metrics, "default", ":1.7", NAME, "Play");
  g_assert_true (unique == dbr_metrics_resolve (world.metrics, "default", ":1.8", NAME, "Play"));
  dbr_metrics_handle_record (unique, &sample);
  names = dbr_metrics_dup_operations (world.metrics);
  g_assert_cmpstrv (names, ((const char *const[]) {
    ":*:" NAME ".Play", NAME ":" NAME ".Play", NULL,
  }));
}

static void
test_reset (void)
{
  g_auto(World) world = { { NULL } };
  DbrMetricsHandle *handle;
  DbrMetricsSample sample;
  g_auto(GStrv) names = NULL;

  g_test_summary ("A reset forgets all, and handles go on");

  world_init (&world);
  sample = (DbrMetricsSample) {
    world.now, 1000, -1, -1, -1, DBR_OUTCOME_ERROR, "org.example.Error.Full",
  };
  handle = dbr_metrics_resolve (world.metrics, "work", NULL, NULL, NULL);
  dbr_metrics_handle_record (handle, &sample);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("name-%u", i);

      world_record (&world, name, 10, DBR_OUTCOME_OK, 1);
    }
  world_pass (&world, 20 * S);
  dbr_metrics_reset (world.metrics);
  names = dbr_metrics_dup_operations (world.metrics);
  g_assert_cmpstrv (names, ((const char *const[]) { NULL }));

  dbr_metrics_handle_record (handle, &sample);
  assert_count (&world, "work", 1, 1);
  /* There is place for new names again. */
  world_record (&world, "new", 10, DBR_OUTCOME_OK, 1);
  assert_count (&world, "new", 1, 1);
}

/* So many different times that not all of their slices can be kept. */
static void
test_crowded_window (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrOperationStats) window = NULL;
  g_autoptr(DbrOperationStats) life = NULL;

  g_test_summary ("A window that had to become shorter has the mean of what is left of it");

  world_init (&world);
  for (guint slice = 0; slice < 6; slice++)
    {
      for (guint i = 0; i < DBR_BOOK_MAX_ACCOUNTS * DBR_HISTOGRAM_N_CELLS; i++)
        {
          g_autofree char *name = g_strdup_printf ("name-%u", i % DBR_BOOK_MAX_ACCOUNTS);
          gint64 first, last;

          dbr_histogram_get_cell_range (i / DBR_BOOK_MAX_ACCOUNTS, &first, &last);
          world_record (&world, name, first, DBR_OUTCOME_OK, 1);
        }
      world_pass (&world, 10 * S);
    }
  window = dbr_metrics_get_window_stats (world.metrics, "name-0");
  life = dbr_metrics_get_stats (world.metrics, "name-0");
  g_assert_cmpint (dbr_operation_stats_get_mean_usec (window), ==,
                   dbr_operation_stats_get_mean_usec (life));
}

static void
test_limits (void)
{
  g_auto(World) world = { { NULL } };
  const struct
  {
    gint64 p95_usec;
    double error_rate;
  } bad[] = {
    { 0, 0.1 }, { -1, 0.1 }, { G_MAXINT64, 0.1 },
    { 1000, 0 }, { 1000, -0.1 }, { 1000, 1.1 }, { 1000, (double) NAN },
  };
  const char *const bad_names[] = { "", "\xff" };

  g_test_summary ("A limit that is none is an error, and so is one of nothing");

  world_init (&world);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_metrics_set_limits (world.metrics, "work", bad[i].p95_usec,
                                              bad[i].error_rate, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_metrics_set_limits (world.metrics, bad_names[i], 1000, 0.1, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_absurd_times (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(DbrOperationStats) stats = NULL;

  g_test_summary ("A time that cannot be is counted as a year, so that no sum runs over");

  world_init (&world);
  world_record (&world, "work", G_MAXINT64, DBR_OUTCOME_OK, 3);
  stats = dbr_metrics_get_stats (world.metrics, "work");
  g_assert_cmpint (dbr_operation_stats_get_mean_usec (stats), ==, 365 * 24 * 3600 * S);
  g_assert_cmpint (dbr_operation_stats_get_max_usec (stats), ==, 365 * 24 * 3600 * S);
}

typedef struct
{
  DbrMetrics *metrics;
  int         is_over;
} Race;

#define N_RECORDS 50000
#define N_CHILDREN 20
/* The memory of a sanitizer has locks of its own, which a child would find held for ever. */
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
#define N_THREADS 0
#else
#define N_THREADS 2
#endif
/* A child that hangs is ended. */
#define CHILD_S 10

static gpointer
record_cb (gpointer data)
{
  Race *race = data;
  DbrMetricsHandle *handle = dbr_metrics_resolve (race->metrics, "default", NAME, NAME, "Play");

  for (guint i = 0; i < N_RECORDS; i++)
    {
      DbrMetricsSample sample = {
        g_get_monotonic_time (), i % 1000, i % 10, i % 100, 1,
        i % 1000 == 0 ? DBR_OUTCOME_ERROR : DBR_OUTCOME_OK, "org.example.Error.Full",
      };

      dbr_metrics_handle_record (handle, &sample);
      if (i % 100 == 0)
        dbr_metrics_record (race->metrics, "by-name", i, DBR_OUTCOME_OK);
    }

  return NULL;
}

static gpointer
read_cb (gpointer data)
{
  Race *race = data;
  guint64 last = 0;

  while (!g_atomic_int_get (&race->is_over))
    {
      g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (race->metrics,
                                                                  NAME ":" NAME ".Play");
      guint64 count = dbr_operation_stats_get_count (stats);

      g_assert_cmpuint (count, >=, last);
      g_assert_cmpfloat (dbr_operation_stats_get_error_rate (stats), <=, 1);
      last = count;
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
  Race race = { metrics, FALSE };
  GThread *threads[16];
  GThread *reader = g_thread_new ("read", read_cb, &race);
  g_autoptr(DbrOperationStats) stats = NULL;
  g_autoptr(DbrOperationStats) by_name = NULL;

  g_test_summary ("Sixteen threads that record lose nothing while another one reads");

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("record", record_cb, &race);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_atomic_int_set (&race.is_over, TRUE);
  g_thread_join (reader);

  stats = dbr_metrics_get_stats (metrics, NAME ":" NAME ".Play");
  g_assert_cmpuint (dbr_operation_stats_get_count (stats), ==, 16 * N_RECORDS);
  g_assert_cmpuint (dbr_operation_stats_get_errors (stats), ==, 16 * N_RECORDS / 1000);
  by_name = dbr_metrics_get_stats (metrics, "by-name");
  g_assert_cmpuint (dbr_operation_stats_get_count (by_name), ==, 16 * N_RECORDS / 100);
}

static gpointer
record_on_cb (gpointer data)
{
  Race *race = data;

  while (!g_atomic_int_get (&race->is_over))
    dbr_metrics_record (race->metrics, "work", 10, DBR_OUTCOME_ERROR);

  return NULL;
}

static int
play_child (DbrMetrics       *metrics,
            DbrMetricsHandle *handle)
{
  const DbrMetricsSample sample = {
    g_get_monotonic_time () + S, 10, -1, -1, -1, DBR_OUTCOME_ERROR, NULL,
  };
  g_autoptr(DbrOperationStats) stats = NULL;
  g_auto(GStrv) names = NULL;

  dbr_metrics_handle_record (handle, &sample);
  dbr_metrics_record (metrics, "child", 10, DBR_OUTCOME_ERROR);
  names = dbr_metrics_dup_operations (metrics);
  stats = dbr_metrics_get_stats (metrics, "child");
  dbr_metrics_get_issues (metrics);
  g_object_unref (metrics);

  return g_strv_length (names) == 1 && dbr_operation_stats_get_count (stats) == 1 ? 0 : 1;
}

static void
test_fork (void)
{
  g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
  DbrMetricsHandle *handle = dbr_metrics_resolve (metrics, "default", NAME, NAME, "Play");
  Race race = { metrics, FALSE };
  GThread *threads[N_THREADS + 1];

  g_test_summary ("A child of fork() counts anew, whatever threads of its parent had just begun");

  for (int i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("record", record_on_cb, &race);
  for (guint i = 0; i < N_CHILDREN; i++)
    {
      pid_t pid = fork ();
      int status;

      g_assert_no_errno (pid);
      if (pid == 0)
        {
          alarm (CHILD_S);
          _exit (play_child (metrics, handle));
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_cmpint (status, ==, 0);
    }
  g_atomic_int_set (&race.is_over, TRUE);
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/metrics/outcomes-are-counted", test_outcomes);
  g_test_add_func ("/dbr/metrics/nothing-is-known-of-what-is-not", test_nothing);
  g_test_add_func ("/dbr/metrics/window-is-the-last-minute", test_window);
  g_test_add_func ("/dbr/metrics/sleep-does-not-poison-the-window", test_suspend);
  g_test_add_func ("/dbr/metrics/names-are-bounded", test_bounded);
  g_test_add_func ("/dbr/metrics/places-are-bounded", test_bounded_places);
  g_test_add_func ("/dbr/metrics/handles", test_handles);
  g_test_add_func ("/dbr/metrics/reset", test_reset);
  g_test_add_func ("/dbr/metrics/a-crowded-window", test_crowded_window);
  g_test_add_func ("/dbr/metrics/bad-limits", test_limits);
  g_test_add_func ("/dbr/metrics/times-that-cannot-be", test_absurd_times);
  g_test_add_func ("/dbr/metrics/threads-lose-nothing", test_threads);
  g_test_add_func ("/dbr/metrics/a-child-counts-anew", test_fork);

  return g_test_run ();
}
