/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"
#include "dbr-testbed.h"

/* Calls that libdbr refuses without sending them. Plain GDBus has nothing to hold them against. */

#define N_CALLS 500

/* A destination may hold half of what is free: with 64 of 128 replies outstanding, nothing more. */
#define N_PARKED 64

typedef struct
{
  const char *what;
  const char *call;
  guint       n_in_flight;
  double      limit;
} Refusal;

static const Refusal refusals[] = {
  { "overloaded, sync", "sync overloaded", 1, 4000 },
  { "overloaded, async", "async overloaded", 1, 12000 },
  { "overloaded, x64", "async overloaded", 64, 12000 },
  { "invalid argument, sync", "sync invalid", 1, 4000 },
  { "invalid argument, async", "async invalid", 1, 12000 },
  { "denied, sync", "sync denied", 1, 4000 },
  { "denied, async", "async denied", 1, 12000 },
  /* The last ones, as the circuit stays open. */
  { "circuit open, sync", "sync isolated", 1, 4000 },
  { "circuit open, async", "async isolated", 1, 12000 },
};

static BenchActor *
make_actor (BenchRun  *run,
            BenchLens  lens)
{
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, bench_client_libdbr.name, lens, TRUE);
  guint n_heard = bench_stage_count_calls (run->stage);
  BenchAnswer answer;

  if (!bench_actor_do (actor, &answer, "make")
      || !bench_actor_do (actor, &answer, "play sync echo 1 1")
      || !bench_actor_do (actor, &answer, "park %u", N_PARKED))
    return NULL;

  /* What is heard after these was not refused. */
  dbr_test_wait_until (NULL,
                       bench_stage_count_calls (run->stage) >= n_heard + 1 + N_PARKED,
                       DBR_TEST_PATIENCE_MS);

  return g_steal_pointer (&actor);
}

static void
report_heard (const BenchScene *self,
              guint             n_heard)
{
  BenchRow row = {
    .goal = self->goal,
    .scene = self->name,
    .client = bench_client_libdbr.name,
    .what = "calls on the bus",
    .value = n_heard,
    .limit_kind = BENCH_LIMIT_ON_VALUE,
  };

  bench_table_add (&row);
}

gboolean
bench_scene_time_refused (const BenchScene *self,
                          BenchRun         *run)
{
  g_autoptr(BenchActor) actor = make_actor (run, BENCH_LENS_NONE);
  guint n_heard;

  if (actor == NULL)
    return FALSE;

  n_heard = bench_stage_count_calls (run->stage);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      BenchSeries series = { refusals[i].call, refusals[i].n_in_flight, N_CALLS * 10 };
      BenchRow row = {
        .goal = self->goal,
        .scene = self->name,
        .client = bench_client_libdbr.name,
        .what = refusals[i].what,
      };

      if (!bench_series_play (&series, actor))
        return FALSE;

      row.value = bench_series_get_slope (&series, series.of_short.cpu_usec,
                                          series.of_long.cpu_usec);
      bench_table_add (&row);
    }
  report_heard (self, bench_stage_count_calls (run->stage) - n_heard);

  return TRUE;
}

gboolean
bench_scene_count_refused (const BenchScene *self,
                           BenchRun         *run)
{
  g_autoptr(BenchActor) actor = make_actor (run, BENCH_LENS_INSTRUCTIONS);
  BenchSeries series[G_N_ELEMENTS (refusals)];
  guint n_heard;

  if (actor == NULL)
    return FALSE;

  n_heard = bench_stage_count_calls (run->stage);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      series[i] = (BenchSeries) { refusals[i].call, refusals[i].n_in_flight, N_CALLS };
      if (!bench_series_play (&series[i], actor))
        return FALSE;
    }
  n_heard = bench_stage_count_calls (run->stage) - n_heard;

  bench_actor_end (actor);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      BenchRow row = {
        .goal = self->goal,
        .scene = self->name,
        .client = bench_client_libdbr.name,
        .what = refusals[i].what,
        .value = bench_series_get_cost (&series[i], actor),
        .limit_kind = BENCH_LIMIT_ON_VALUE,
        .limit = refusals[i].limit,
      };

      bench_table_add (&row);
    }
  report_heard (self, n_heard);

  return TRUE;
}
