/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>

#include "bus/dbr-link-pause-private.h"

/* How long a client stays away from a bus. */

#define MS 1000

static double chance;

static double
draw_cb (DbrRandom *random)
{
  return chance;
}

static DbrRandom fixed = { draw_cb };

static gint64
fail_ms (DbrLinkPause *pause,
         gboolean      is_awaited)
{
  dbr_link_pause_begin_failed (pause, &fixed, 7 * MS);

  return dbr_link_pause_get_end (pause, is_awaited) / MS - 7;
}

static gint64
lose_ms (DbrLinkPause *pause,
         gint64        held_ms)
{
  dbr_link_pause_begin_lost (pause, &fixed, 7 * MS, held_ms * MS);

  return dbr_link_pause_get_end (pause, FALSE) / MS - 7;
}

static void
test_failures (void)
{
  DbrLinkPause pause = { 0 };
  gint64 last_ms;

  g_test_summary ("Each attempt that fails is followed by a longer pause, up to half a minute");
  chance = 1;
  g_assert_cmpint (lose_ms (&pause, 0), ==, 100);
  g_assert_cmpint (fail_ms (&pause, FALSE), ==, 160);
  g_assert_cmpint (fail_ms (&pause, FALSE), ==, 256);
  for (guint i = 0; i < 20; i++)
    last_ms = fail_ms (&pause, FALSE);
  g_assert_cmpint (last_ms, ==, 30000);
}

static void
test_deaths (void)
{
  DbrLinkPause pause = { 0 };
  gint64 last_ms;

  g_test_summary ("A bus that lets its clients in and throws them out is tried every few seconds");
  chance = 1;
  for (guint i = 0; i < 20; i++)
    last_ms = lose_ms (&pause, 59999);
  g_assert_cmpint (last_ms, ==, 5000);

  g_test_message ("and as if nothing had been once a connection has held for a minute");
  g_assert_cmpint (lose_ms (&pause, 60000), ==, 100);
  g_assert_cmpint (lose_ms (&pause, 0), ==, 160);
}

static void
test_back_after_long (void)
{
  DbrLinkPause pause = { 0 };

  g_test_summary ("A bus that was away for long is not away for us for long when it is back");
  chance = 1;
  for (guint i = 0; i < 20; i++)
    fail_ms (&pause, FALSE);
  g_assert_cmpint (lose_ms (&pause, 10), ==, 5000);
  g_assert_cmpint (fail_ms (&pause, FALSE), ==, 8000);
}

static void
test_awaited (void)
{
  DbrLinkPause pause = { 0 };

  g_test_summary ("While somebody waits a pause is never longer than a second");
  chance = 1;
  g_assert_cmpint (fail_ms (&pause, TRUE), ==, 100);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (fail_ms (&pause, TRUE), <=, 1000);
  g_assert_cmpint (fail_ms (&pause, TRUE), ==, 1000);
  g_assert_cmpint (dbr_link_pause_get_end (&pause, FALSE), ==, 30007 * MS);
}

static void
test_chance (void)
{
  DbrLinkPause least = { 0 };
  DbrLinkPause most = { 0 };

  g_test_summary ("Half of each pause is left to chance, so that not all come back at once");
  for (guint i = 0; i < 20; i++)
    {
      chance = 0;
      dbr_link_pause_begin_failed (&least, &fixed, 0);
      chance = 1;
      dbr_link_pause_begin_failed (&most, &fixed, 0);
      g_assert_cmpint (least.end_usec, ==, most.end_usec / 2);
      g_assert_cmpint (least.awaited_end_usec, ==, most.awaited_end_usec / 2);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/link-pause/grows-with-failures", test_failures);
  g_test_add_func ("/dbr/link-pause/grows-less-with-deaths", test_deaths);
  g_test_add_func ("/dbr/link-pause/shrinks-when-the-bus-is-back", test_back_after_long);
  g_test_add_func ("/dbr/link-pause/is-short-while-awaited", test_awaited);
  g_test_add_func ("/dbr/link-pause/is-left-to-chance", test_chance);

  return g_test_run ();
}
