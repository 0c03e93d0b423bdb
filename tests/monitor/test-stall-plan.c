/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-stall-plan-private.h"

#define MS G_GINT64_CONSTANT (1000)
#define S G_GINT64_CONSTANT (1000000)

static void
learn (DbrStallLatency *latency,
       guint            n,
       gint64           usec)
{
  for (guint i = 0; i < n; i++)
    dbr_stall_latency_add (latency, usec);
}

static void
test_moments (void)
{
  g_autoptr(GRand) chance = g_rand_new_with_seed (7);
  g_autofree DbrStallLatency *latency = g_new0 (DbrStallLatency, 1);
  g_autofree double *all = g_new0 (double, 5000);
  double mean = 0, variance = 0;

  g_test_summary ("Mean and variance are those of the last thousand answers, to the last digit");

  for (guint i = 0; i < 5000; i++)
    {
      gint64 usec = g_rand_int_range (chance, 0, 5 * S);

      all[i] = usec;
      dbr_stall_latency_add (latency, usec);
    }
  for (guint i = 4000; i < 5000; i++)
    mean += all[i] / 1000;
  for (guint i = 4000; i < 5000; i++)
    variance += (all[i] - mean) * (all[i] - mean) / 1000;

  g_assert_cmpfloat_with_epsilon (dbr_stall_latency_get_mean (latency), mean, 1e-3);
  g_assert_cmpfloat_with_epsilon (dbr_stall_latency_get_variance (latency) / variance, 1, 1e-9);
}

static void
test_limit (void)
{
  g_autofree DbrStallLatency *latency = g_new0 (DbrStallLatency, 1);

  g_test_summary ("The limit is what Cantelli says, between one second and five");

  g_assert_cmpint (dbr_stall_latency_get_limit (latency, 0.001), ==, 1 * S);
  learn (latency, 1000, 1 * MS);
  g_assert_cmpint (dbr_stall_latency_get_limit (latency, 0.001), ==, 1 * S);

  /* 900 times 1 ms and 100 times 200 ms: 20.9 ms on average, 59.7 ms of deviation. */
  learn (latency, 100, 200 * MS);
  g_assert_cmpint (dbr_stall_latency_get_limit (latency, 0.001), ==, 1907835);
  g_assert_cmpfloat_with_epsilon (dbr_stall_latency_get_share (latency, 1907835), 0.001, 1e-6);

  learn (latency, 100, 5 * S);
  g_assert_cmpint (dbr_stall_latency_get_limit (latency, 0.001), ==, 5 * S);
  g_assert_cmpfloat (dbr_stall_latency_get_share (latency, 5 * S), >, 0.001);

  learn (latency, 1000, 900 * MS);
  g_assert_cmpint (dbr_stall_latency_get_limit (latency, 0.001), ==, 1800 * MS);
}

static void
test_few_samples (void)
{
  g_autofree DbrStallLatency *latency = g_new0 (DbrStallLatency, 1);

  g_test_summary ("Few answers show little, however fast they were");

  g_assert_cmpfloat (dbr_stall_latency_get_share (latency, 1 * S), ==, 1);
  learn (latency, 9, 1 * MS);
  g_assert_cmpfloat_with_epsilon (dbr_stall_latency_get_share (latency, 1 * S), 0.1, 1e-9);
}

static void
test_shipped (void)
{
  const DbrStallPlan plan = { 10 * S, 3, DBR_STALL_SHARE };

  g_test_summary ("What ships finds a stall within 15 seconds, and none in 100000 days");

  g_assert_cmpint (dbr_stall_plan_get_detection_usec (&plan, 1 * S), ==, 14750 * MS);
  g_assert_cmpfloat (dbr_stall_plan_get_days (&plan, 0.001), >, 1e5);
}

static void
test_asked (void)
{
  g_autofree DbrStallLatency *latency = g_new0 (DbrStallLatency, 1);
  const guint seconds[] = { 6, 8, 10, 15, 30, 60, 600 };
  const double days[] = { 0.01, 1, 30, 365, 10000 };

  g_test_summary ("A plan that is said to keep what was asked does, and probes no more than it has to");

  learn (latency, 1000, 2 * MS);
  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++)
    for (guint j = 0; j < G_N_ELEMENTS (days); j++)
      {
        DbrStallPlan plan;
        gboolean is_met = dbr_stall_plan_make (&plan, latency, 0, seconds[i] * S, days[j]);
        gint64 detection = dbr_stall_plan_get_detection_usec (&plan, 1 * S);

        g_assert_cmpfloat (dbr_stall_plan_get_days (&plan, plan.share), >=, days[j] * 0.999);
        g_assert_cmpint (plan.interval_usec, >=, 1 * S);
        if (seconds[i] >= 10)
          g_assert_true (is_met);
        if (is_met)
          g_assert_cmpint (detection, ==, seconds[i] * S);
        else
          g_assert_cmpint (detection, >, seconds[i] * S);
      }
}

static void
test_impossible (void)
{
  g_autofree DbrStallLatency *latency = g_new0 (DbrStallLatency, 1);
  DbrStallPlan plan;

  g_test_summary ("What cannot be kept is said, and what comes closest done");

  learn (latency, 1000, 2 * MS);
  g_assert_false (dbr_stall_plan_make (&plan, latency, 0, 1 * S, 30));
  g_assert_cmpint (plan.interval_usec, ==, 1 * S);
  g_assert_cmpfloat (dbr_stall_plan_get_days (&plan, plan.share), >=, 29.99);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/stall-plan/moments", test_moments);
  g_test_add_func ("/dbr/stall-plan/limit", test_limit);
  g_test_add_func ("/dbr/stall-plan/few-samples", test_few_samples);
  g_test_add_func ("/dbr/stall-plan/shipped", test_shipped);
  g_test_add_func ("/dbr/stall-plan/asked", test_asked);
  g_test_add_func ("/dbr/stall-plan/impossible", test_impossible);

  return g_test_run ();
}
