/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* Ten thousand objects of eighteen properties: until they are there, what they take then, and until
 * a property of one is found. The library's tree is held against GDBusObjectManagerClient. */

#define N_LOOK_UPS 20000

static const char *const clients[] = { BENCH_MANAGER_NAME, BENCH_TREE_NAME };

typedef struct
{
  const char *goal;
  const char *what;
  BenchLimit  limit_kind;
  double      limit;
} Figure;

static const Figure ready = { "P10", "10000 objects ready, CPU us each", BENCH_LIMIT_ON_RATIO, 0.7 };
static const Figure live = { "P10", "  live, bytes each", BENCH_LIMIT_ON_VALUE, 2048 };
static const Figure found = { "P11", "a property of one found, us", BENCH_LIMIT_ON_VALUE, 1 };
static const Figure counted = { "P11", "a property of one found, instructions" };

static void
report (const BenchScene *self,
        const Figure     *figure,
        const char       *client,
        double            value,
        double            of_other)
{
  gboolean is_held = strcmp (client, BENCH_TREE_NAME) == 0;
  BenchRow row = {
    .goal = figure->goal,
    .scene = self->name,
    .client = is_held ? bench_client_libdbr.name : bench_client_gdbus.name,
    .what = figure->what,
    .value = value,
    .ratio = of_other > 0 ? value / of_other : 0,
    .limit_kind = is_held ? figure->limit_kind : BENCH_LIMIT_NONE,
    .limit = figure->limit,
  };

  bench_table_add (&row);
}

/* The connection and the first answer of the bus are there after the first line. */
static BenchActor *
make_actor (BenchRun   *run,
            const char *client,
            BenchLens   lens)
{
  g_autoptr(BenchActor) actor = NULL;
  BenchAnswer answer;

  bench_stage_add_objects (run->stage);
  actor = bench_actor_new (run->stage, client, lens, FALSE);

  return bench_actor_do (actor, &answer, "make") ? g_steal_pointer (&actor) : NULL;
}

/* The message that they came in is let go of in another thread, which has time for it while they are
 * looked into. */
static gboolean
take_heap (BenchRun   *run,
           const char *client,
           double     *n_bytes)
{
  g_autoptr(BenchActor) actor = make_actor (run, client, BENCH_LENS_ALL_ALLOCATIONS);
  BenchAnswer answer;
  BenchAnswer later;

  if (actor == NULL || !bench_actor_do (actor, &answer, "play sync ready 1 1")
      || !bench_actor_do (actor, &later, "play sync lookup %u 1", N_LOOK_UPS * 100))
    return FALSE;

  *n_bytes = (answer.n_more_bytes + later.n_more_bytes) / BENCH_N_OBJECTS;

  return TRUE;
}

static gboolean
take_times (BenchRun   *run,
            const char *client,
            double     *ready_usec,
            double     *found_usec)
{
  g_autoptr(GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr(BenchActor) actor = NULL;
  BenchSeries series = { "sync lookup", 1, N_LOOK_UPS };
  BenchAnswer answer;

  for (guint i = 0; i < run->n_rounds; i++)
    {
      double value;

      g_clear_pointer (&actor, bench_actor_free);
      actor = make_actor (run, client, BENCH_LENS_NONE);
      if (actor == NULL || !bench_actor_do (actor, &answer, "play sync ready 1 1"))
        return FALSE;

      value = answer.cpu_usec / BENCH_N_OBJECTS;
      g_array_append_val (values, value);
    }
  if (!bench_series_play (&series, actor))
    return FALSE;

  *ready_usec = bench_median (values);
  *found_usec = bench_series_get_slope (&series, series.of_short.cpu_usec,
                                        series.of_long.cpu_usec);

  return TRUE;
}

gboolean
bench_scene_time_objects (const BenchScene *self,
                          BenchRun         *run)
{
  double ready_usec[G_N_ELEMENTS (clients)];
  double found_usec[G_N_ELEMENTS (clients)];
  double n_bytes[G_N_ELEMENTS (clients)] = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      if (!take_times (run, clients[i], &ready_usec[i], &found_usec[i])
          || (bench_lens_is_there (BENCH_LENS_ALL_ALLOCATIONS)
              && !take_heap (run, clients[i], &n_bytes[i])))
        return FALSE;

      report (self, &ready, clients[i], ready_usec[i], i > 0 ? ready_usec[0] : 0);
      if (n_bytes[i] > 0)
        report (self, &live, clients[i], n_bytes[i], i > 0 ? n_bytes[0] : 0);
      report (self, &found, clients[i], found_usec[i], i > 0 ? found_usec[0] : 0);
    }

  return TRUE;
}

gboolean
bench_scene_count_objects (const BenchScene *self,
                           BenchRun         *run)
{
  double of_manager = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr(BenchActor) actor = make_actor (run, clients[i], BENCH_LENS_INSTRUCTIONS);
      BenchSeries series = { "sync lookup", 1, N_LOOK_UPS };
      BenchAnswer answer;
      double cost;

      if (actor == NULL || !bench_actor_do (actor, &answer, "play sync ready 1 1")
          || !bench_series_play (&series, actor))
        return FALSE;

      bench_actor_end (actor);
      cost = bench_series_get_cost (&series, actor);
      report (self, &counted, clients[i], cost, of_manager);
      of_manager = cost;
    }

  return TRUE;
}
