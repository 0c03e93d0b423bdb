/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-histogram-private.h"

#include <math.h>

#include "metrics/dbr-series-private.h"

/* What a percentile may be off: the middle of a cell, to its edge. */
#define ERROR_SHARE (1.0 / 64)

typedef gint64 (*Draw) (void);

static double
draw_normal (void)
{
  double one = g_test_rand_double_range (1e-12, 1);
  double other = g_test_rand_double ();

  return sqrt (-2 * log (one)) * cos (2 * G_PI * other);
}

static gint64
draw_uniform (void)
{
  return g_test_rand_int_range (1, 3000000);
}

static gint64
draw_log_normal (void)
{
  /* Drawn before it is bounded: MIN() would draw twice. */
  double usec = exp (7 + 1.5 * draw_normal ());

  return (gint64) MIN (usec, 3e8);
}

static gint64
draw_bimodal (void)
{
  return g_test_rand_bit () ? 100 + g_test_rand_int_range (0, 20)
                            : 900000 + g_test_rand_int_range (0, 5000);
}

static gint64
draw_heavy_tail (void)
{
  double usec = 50 / pow (g_test_rand_double_range (1e-9, 1), 1.2);

  return (gint64) MIN (usec, 3e8);
}

static gint64
draw_constant (void)
{
  return 123456;
}

static const Draw draws[] = {
  draw_uniform, draw_log_normal, draw_bimodal, draw_heavy_tail, draw_constant,
};

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 one = *(const gint64 *) a;
  gint64 other = *(const gint64 *) b;

  return (one > other) - (one < other);
}

static void
assert_near (gint64 found,
             gint64 truth)
{
  /* Whole microseconds: those below 64 have to be exact. */
  double allowed = truth < 64 ? 0 : (double) truth * ERROR_SHARE + 0.5;

  if (fabs ((double) (found - truth)) > allowed)
    g_error ("%" G_GINT64_FORMAT " is too far from %" G_GINT64_FORMAT, found, truth);
}

static void
test_percentiles (void)
{
  const double percents[] = { 0, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 100 };

  g_test_summary ("Percentiles are within 1.6 % of those of the sorted times");

  for (guint run = 0; run < 200; run++)
    {
      DbrHistogram histogram = { { NULL } };
      DbrTally tally = { { 0 } };
      guint n = (guint) g_test_rand_int_range (DBR_HISTOGRAM_MIN_SAMPLES, 3000);
      g_autofree gint64 *times = g_new (gint64, n);

      for (guint i = 0; i < n; i++)
        {
          times[i] = draws[run % G_N_ELEMENTS (draws)]();
          dbr_histogram_record (&histogram, times[i]);
        }
      qsort (times, n, sizeof *times, compare_times);
      dbr_histogram_read (&histogram, &tally);

      g_assert_cmpuint (dbr_tally_count (&tally), ==, n);
      for (gsize i = 0; i < G_N_ELEMENTS (percents); i++)
        {
          double rank = ceil (percents[i] * n / 100);

          assert_near (dbr_tally_get_percentile (&tally, percents[i]),
                       times[(guint) CLAMP (rank, 1, n) - 1]);
        }
      dbr_histogram_clear (&histogram);
    }
}

static void
test_cells (void)
{
  gint64 expected = 0;

  g_test_summary ("The cells lie side by side, are exact below 64 µs and narrow above");

  for (guint cell = 0; cell < DBR_HISTOGRAM_N_CELLS; cell++)
    {
      gint64 first, last;

      dbr_histogram_get_cell_range (cell, &first, &last);
      g_assert_cmpint (first, ==, expected);
      g_assert_cmpint (last, >=, first);
      g_assert_cmpuint (dbr_histogram_get_cell (first), ==, cell);
      g_assert_cmpuint (dbr_histogram_get_cell (last), ==, cell);
      if (first < 64)
        g_assert_cmpint (last, ==, first);
      else
        g_assert_cmpint ((last - first + 1) * 32, <=, first);
      expected = last + 1;
    }

  g_assert_cmpint (expected - 1, ==, DBR_HISTOGRAM_MAX_USEC);
  g_assert_cmpint (DBR_HISTOGRAM_MAX_USEC, >, 300 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpuint (dbr_histogram_get_cell (G_MAXINT64), ==, DBR_HISTOGRAM_N_CELLS - 1);
  g_assert_cmpuint (dbr_histogram_get_cell (-1), ==, 0);
}

static void
test_too_few (void)
{
  DbrHistogram histogram = { { NULL } };
  DbrTally tally = { { 0 } };

  g_test_summary ("Fewer than twenty samples have no percentile, nor has what is no percentage");

  for (guint i = 0; i < DBR_HISTOGRAM_MIN_SAMPLES - 1; i++)
    dbr_histogram_record (&histogram, 7);
  dbr_histogram_read (&histogram, &tally);
  g_assert_cmpint (dbr_tally_get_percentile (&tally, 50), ==, -1);

  tally.cells[7]++;
  g_assert_cmpint (dbr_tally_get_percentile (&tally, 50), ==, 7);
  g_assert_cmpint (dbr_tally_get_percentile (&tally, -0.1), ==, -1);
  g_assert_cmpint (dbr_tally_get_percentile (&tally, 100.1), ==, -1);
  g_assert_cmpint (dbr_tally_get_percentile (&tally, NAN), ==, -1);
  dbr_histogram_clear (&histogram);
}

static void
test_merge (void)
{
  g_test_summary ("To merge is the same as to have recorded together");

  for (guint run = 0; run < 100; run++)
    {
      DbrHistogram apart[3] = { { { NULL } } };
      DbrHistogram together = { { NULL } };
      DbrTally merged = { { 0 } };
      DbrTally recorded = { { 0 } };

      for (guint i = 0; i < 500; i++)
        {
          gint64 usec = draws[run % G_N_ELEMENTS (draws)]();

          dbr_histogram_record (&apart[i % 3], usec);
          dbr_histogram_record (&together, usec);
        }
      for (guint i = 0; i < 3; i++)
        {
          dbr_histogram_read (&apart[i], &merged);
          dbr_histogram_clear (&apart[i]);
        }
      dbr_histogram_read (&together, &recorded);
      g_assert_cmpmem (&merged, sizeof merged, &recorded, sizeof recorded);
      dbr_histogram_clear (&together);
    }
}

static gpointer
record_cb (gpointer data)
{
  DbrHistogram *histogram = data;

  for (gint64 i = 0; i < 100000; i++)
    dbr_histogram_record (histogram, i);

  return NULL;
}

static void
test_threads (void)
{
  DbrHistogram histogram = { { NULL } };
  DbrTally tally = { { 0 } };
  GThread *threads[16];

  g_test_summary ("Sixteen threads that record lose no count");

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("record", record_cb, &histogram);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  dbr_histogram_read (&histogram, &tally);
  g_assert_cmpuint (dbr_tally_count (&tally), ==, 16 * 100000);
  for (guint i = 0; i < 64; i++)
    g_assert_cmpuint (tally.cells[i], ==, 16);
  g_assert_cmpuint (dbr_histogram_get_sum (&histogram), ==, 16 * G_GUINT64_CONSTANT (4999950000));
  dbr_histogram_clear (&histogram);
}

/* A window as simply as can be: each time with its slice. */
static void
test_window (void)
{
  g_test_summary ("A series has all of its life and of the last six slices, as a simple model has");

  for (guint run = 0; run < 50; run++)
    {
      DbrSeries series = { { { NULL } } };
      g_autoptr(GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
      g_autoptr(GArray) slices = g_array_new (FALSE, FALSE, sizeof (guint));
      guint slice = 0;

      for (guint step = 0; step < 40; step++)
        {
          DbrTally life = { { 0 } }, window = { { 0 } };
          DbrTally expected_life = { { 0 } }, expected_window = { { 0 } };
          guint n = (guint) g_test_rand_int_range (0, 60);
          guint n_passed = (guint) g_test_rand_int_range (0, 4);

          for (guint i = 0; i < n; i++)
            {
              gint64 usec = draw_log_normal ();

              dbr_histogram_record (&series.live, usec);
              g_array_append_val (times, usec);
              g_array_append_val (slices, slice);
            }
          if (n_passed > 0)
            {
              n_passed = n_passed == 3 ? (guint) g_test_rand_int_range (1, 20) : n_passed;
              dbr_series_close (&series, n_passed);
              slice += n_passed;
            }

          for (guint i = 0; i < times->len; i++)
            {
              guint cell = dbr_histogram_get_cell (g_array_index (times, gint64, i));

              expected_life.cells[cell]++;
              if (slice - g_array_index (slices, guint, i) <= DBR_WINDOW_N_CLOSED)
                expected_window.cells[cell]++;
            }
          dbr_series_read_life (&series, &life);
          dbr_series_read_window (&series, &window);
          g_assert_cmpmem (&life, sizeof life, &expected_life, sizeof life);
          g_assert_cmpmem (&window, sizeof window, &expected_window, sizeof window);
        }
      dbr_series_clear (&series);
    }
}

static void
test_run_over (void)
{
  DbrSeries series = { { { NULL } } };
  DbrTally life = { { 0 } }, window = { { 0 } };

  g_test_summary ("A cell that runs over loses nothing");

  dbr_histogram_record (&series.live, 5);
  series.live.pages[0][5] = G_MAXUINT32;
  dbr_series_close (&series, 1);
  dbr_histogram_record (&series.live, 5);
  dbr_histogram_record (&series.live, 5);
  dbr_series_read_life (&series, &life);
  g_assert_cmpuint (life.cells[5], ==, G_GUINT64_CONSTANT (0x100000001));
  dbr_series_close (&series, 1);
  dbr_histogram_record (&series.live, 5);

  life.cells[5] = 0;
  dbr_series_read_life (&series, &life);
  dbr_series_read_window (&series, &window);
  g_assert_cmpuint (life.cells[5], ==, G_GUINT64_CONSTANT (0x100000002));
  g_assert_cmpuint (window.cells[5], ==, G_GUINT64_CONSTANT (0x100000002));
  dbr_series_clear (&series);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/histogram/percentiles-are-near-the-truth", test_percentiles);
  g_test_add_func ("/dbr/histogram/cells", test_cells);
  g_test_add_func ("/dbr/histogram/too-few-samples", test_too_few);
  g_test_add_func ("/dbr/histogram/merging-is-exact", test_merge);
  g_test_add_func ("/dbr/histogram/threads-lose-nothing", test_threads);
  g_test_add_func ("/dbr/histogram/window-like-a-simple-model", test_window);
  g_test_add_func ("/dbr/histogram/a-cell-runs-over", test_run_over);

  return g_test_run ();
}
