/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>

#include "bus/dbr-side-lanes-private.h"

/* Which lane a call goes by. */

static const DbrLedgerLoad EMPTY = { .n_slots = 128, .has_room = TRUE };
static const DbrLedgerLoad LADEN = { .n_slots = 128, .n_held = 64, .has_room = TRUE };
static const DbrLedgerLoad LADEN_HERE = {
  .n_slots = 128, .n_held = 64, .n_here = 1, .has_room = TRUE
};
static const DbrLedgerLoad BUSY_HERE = {
  .n_slots = 128, .n_held = 100, .n_here = 1, .has_room = TRUE
};
static const DbrLedgerLoad FULL = { .n_slots = 128, .n_held = 128 };
static const DbrLedgerLoad FULL_HERE = { .n_slots = 128, .n_held = 128, .n_here = 1 };

static void
test_emptier (void)
{
  g_test_summary ("A call that may move takes the emptier lane, and the main one if they are equal");
  g_assert_cmpint (dbr_lane_choose (&LADEN, &EMPTY, 0, TRUE), ==, DBR_LANE_CHOICE_SIDE);
  g_assert_cmpint (dbr_lane_choose (&EMPTY, &LADEN, 0, TRUE), ==, DBR_LANE_CHOICE_MAIN);
  g_assert_cmpint (dbr_lane_choose (&LADEN, &LADEN, 0, TRUE), ==, DBR_LANE_CHOICE_MAIN);
  g_assert_cmpint (dbr_lane_choose (&FULL, &FULL, 0, TRUE), ==, DBR_LANE_CHOICE_HOLD);
  g_assert_cmpint (dbr_lane_choose (&LADEN, &FULL, 0, TRUE), ==, DBR_LANE_CHOICE_MAIN);
  g_assert_cmpint (dbr_lane_choose (&LADEN, NULL, 0, TRUE), ==, DBR_LANE_CHOICE_MAIN);
}

static void
test_follows (void)
{
  g_test_summary ("A call that may move follows those in flight to the same destination");
  g_assert_cmpint (dbr_lane_choose (&LADEN_HERE, &EMPTY, 0, TRUE), ==, DBR_LANE_CHOICE_MAIN);
  g_assert_cmpint (dbr_lane_choose (&FULL_HERE, &EMPTY, 0, TRUE), ==, DBR_LANE_CHOICE_HOLD);
  g_assert_cmpint (dbr_lane_choose (&LADEN, &BUSY_HERE, 0, TRUE), ==, DBR_LANE_CHOICE_SIDE);
  g_assert_cmpint (dbr_lane_choose (&LADEN, &FULL_HERE, 0, TRUE), ==, DBR_LANE_CHOICE_HOLD);
}

static void
test_stays (void)
{
  g_test_summary ("A call that may not move stays on the main lane, and overtakes none elsewhere");
  g_assert_cmpint (dbr_lane_choose (&LADEN, &EMPTY, 0, FALSE), ==, DBR_LANE_CHOICE_MAIN);
  g_assert_cmpint (dbr_lane_choose (&FULL, &EMPTY, 0, FALSE), ==, DBR_LANE_CHOICE_HOLD);
  g_assert_cmpint (dbr_lane_choose (&EMPTY, &LADEN_HERE, 0, FALSE), ==, DBR_LANE_CHOICE_HOLD);
  g_assert_cmpint (dbr_lane_choose (&EMPTY, &EMPTY, 1, FALSE), ==, DBR_LANE_CHOICE_HOLD);
  g_assert_cmpint (dbr_lane_choose (&EMPTY, NULL, 1, FALSE), ==, DBR_LANE_CHOICE_HOLD);
}

static void
test_aside (void)
{
  g_test_summary ("A call that may move does not wait for those on a lane that was set aside");
  g_assert_cmpint (dbr_lane_choose (&LADEN, &EMPTY, 3, TRUE), ==, DBR_LANE_CHOICE_SIDE);
  g_assert_cmpint (dbr_lane_choose (&LADEN, NULL, 3, TRUE), ==, DBR_LANE_CHOICE_MAIN);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/lane-choice/the-emptier-one", test_emptier);
  g_test_add_func ("/dbr/lane-choice/behind-those-in-flight", test_follows);
  g_test_add_func ("/dbr/lane-choice/what-may-not-move-stays", test_stays);
  g_test_add_func ("/dbr/lane-choice/set-aside-holds-nobody-up", test_aside);

  return g_test_run ();
}
