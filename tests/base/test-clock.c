/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-clock-private.h"

typedef struct
{
  DbrClock clock;
  gint64   now;
} TestClock;

static gint64
test_clock_get (const DbrClock *clock)
{
  return ((const TestClock *) clock)->now;
}

static void
test_system_clocks_go_on (void)
{
  const DbrClock *clock = dbr_clock_get_system ();
  gint64 before = g_get_monotonic_time ();
  gint64 monotonic = dbr_clock_get_monotonic (clock);
  gint64 boottime = dbr_clock_get_boottime (clock);

  g_test_summary ("The monotonic clock is GLib's; the boottime clock is not behind it");

  g_assert_cmpint (monotonic, >=, before);
  g_assert_cmpint (monotonic, <=, g_get_monotonic_time ());
  g_assert_cmpint (boottime, >=, monotonic);
  g_assert_cmpint (dbr_clock_get_boottime (clock), >=, boottime);
}

static void
test_a_clock_can_be_put_in_its_place (void)
{
  TestClock test = { { test_clock_get, test_clock_get }, 42 };

  g_test_summary ("A test's own clock tells what it was set to");

  g_assert_cmpint (dbr_clock_get_monotonic (&test.clock), ==, 42);
  test.now = 43;
  g_assert_cmpint (dbr_clock_get_boottime (&test.clock), ==, 43);
}

static void
test_chance_stays_in_its_range (void)
{
  DbrRandom *random_source = dbr_random_get_system ();
  double sum = 0;

  g_test_summary ("Chance is at least 0, less than 1, and a half on average");

  for (guint i = 0; i < 10000; i++)
    {
      double number = dbr_random_next (random_source);

      g_assert_cmpfloat (number, >=, 0.0);
      g_assert_cmpfloat (number, <, 1.0);
      sum += number;
    }
  g_assert_cmpfloat_with_epsilon (sum / 10000, 0.5, 0.05);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/clock/system-clocks-go-on", test_system_clocks_go_on);
  g_test_add_func ("/dbr/clock/can-be-put-in-its-place", test_a_clock_can_be_put_in_its_place);
  g_test_add_func ("/dbr/random/chance-stays-in-its-range", test_chance_stays_in_its_range);

  return g_test_run ();
}
