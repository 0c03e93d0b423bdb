/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

/* What it costs to record figures and to read them. Plain GDBus has none to hold them against. */

#define N_RECORDS 20000
#define N_READS 20

typedef struct
{
  const char *what;
  const char *call;
  guint       n_calls;
  /* in instructions, and what one has to be multiplied with to be shown; 0 for none */
  double      limit;
  double      usec_limit;
  double      scale;
  const char *timed;
} Figure;

static const Figure figures[] = {
  { "histogram increment", "sync histogram", N_RECORDS, 40, 0, 1000, "histogram increment, ns" },
  { "a call, its total", "sync total", N_RECORDS, 0, 0, 1000, "a call, its total, ns" },
  { "a call, all parts", "sync parts", N_RECORDS, 0, 0, 1000, "a call, all parts, ns" },
  { "by name", "sync name", N_RECORDS, 800, 0, 1000, "by name, ns" },
  { "32 operations read", "sync read", N_READS, 0, 100, 1, "32 operations read, us" },
};

static BenchActor *
make_actor (BenchRun  *run,
            BenchLens  lens)
{
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, BENCH_FIGURES_NAME, lens, FALSE);
  BenchAnswer answer;

  return bench_actor_do (actor, &answer, "make") ? g_steal_pointer (&actor) : NULL;
}

static void
report (const BenchScene *self,
        const char       *what,
        double            value,
        double            limit,
        gboolean          has_limit)
{
  BenchRow row = {
    .goal = self->goal,
    .scene = self->name,
    .client = bench_client_libdbr.name,
    .what = what,
    .value = value,
    .limit_kind = has_limit ? BENCH_LIMIT_ON_VALUE : BENCH_LIMIT_NONE,
    .limit = limit,
  };

  bench_table_add (&row);
}

gboolean
bench_scene_time_figures (const BenchScene *self,
                          BenchRun         *run)
{
  g_autoptr(BenchActor) actor = make_actor (run, BENCH_LENS_NONE);

  if (actor == NULL)
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      BenchSeries series = { figures[i].call, 1, figures[i].n_calls * 10 };

      if (!bench_series_play (&series, actor))
        return FALSE;

      report (self, figures[i].timed,
              figures[i].scale * bench_series_get_slope (&series, series.of_short.cpu_usec,
                                                         series.of_long.cpu_usec),
              figures[i].usec_limit, figures[i].usec_limit > 0);
    }

  return TRUE;
}

/* What a call costs a client with metrics, held against the same call of the same client without. */
static const struct
{
  const char *counted;
  const char *uncounted;
  const char *what;
} pairs[] = {
  { "sync echo", "sync uncounted", "a call, sync" },
  { "async echo", "async uncounted", "a call, async" },
};

#define N_CALLS 1000
#define PAIR_LIMIT 1.02

static gboolean
count_pair (const BenchScene *self,
            BenchRun         *run,
            gsize             pair)
{
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, bench_client_libdbr.name,
                                                 BENCH_LENS_INSTRUCTIONS, FALSE);
  BenchSeries counted = { pairs[pair].counted, 1, N_CALLS };
  BenchSeries uncounted = { pairs[pair].uncounted, 1, N_CALLS };
  BenchRow row = {
    .goal = self->goal,
    .scene = self->name,
    .client = bench_client_libdbr.name,
    .what = pairs[pair].what,
    .limit_kind = BENCH_LIMIT_ON_RATIO,
    .limit = PAIR_LIMIT,
  };
  BenchAnswer answer;
  double without;

  if (!bench_actor_do (actor, &answer, "make")
      || !bench_series_play (&counted, actor)
      || !bench_series_play (&uncounted, actor))
    return FALSE;

  bench_actor_end (actor);
  row.value = bench_series_get_cost (&counted, actor);
  without = bench_series_get_cost (&uncounted, actor);
  row.ratio = row.value / MAX (without, 1);
  bench_table_add (&row);

  return TRUE;
}

static gboolean
count_allocations (const BenchScene *self,
                   BenchRun         *run)
{
  g_autoptr(BenchActor) actor = NULL;
  BenchSeries series = { "sync parts", 1, N_RECORDS };

  if (!bench_lens_is_there (BENCH_LENS_ALL_ALLOCATIONS))
    return TRUE;

  actor = make_actor (run, BENCH_LENS_ALL_ALLOCATIONS);
  if (actor == NULL || !bench_series_play (&series, actor))
    return FALSE;

  report (self, "a call, allocations",
          bench_series_get_slope (&series, series.of_short.n_allocations,
                                  series.of_long.n_allocations), 0, TRUE);

  return TRUE;
}

gboolean
bench_scene_count_figures (const BenchScene *self,
                           BenchRun         *run)
{
  g_autoptr(BenchActor) actor = make_actor (run, BENCH_LENS_INSTRUCTIONS);
  BenchSeries series[G_N_ELEMENTS (figures)];

  if (actor == NULL)
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      series[i] = (BenchSeries) { figures[i].call, 1, figures[i].n_calls };
      if (!bench_series_play (&series[i], actor))
        return FALSE;
    }
  bench_actor_end (actor);
  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    report (self, figures[i].what, bench_series_get_cost (&series[i], actor), figures[i].limit,
            figures[i].limit > 0);

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      if (!count_pair (self, run, i))
        return FALSE;
    }

  return count_allocations (self, run);
}
