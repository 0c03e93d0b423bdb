/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* Calls beside many that wait, each client held against itself without them. */

#define N_PARKED 10000

static void
report (const BenchScene *scene,
        const char       *client,
        const char       *what,
        double            idle,
        double            loaded)
{
  double limit = bench_scene_get_limit (scene, client);
  BenchRow row = {
    .goal = scene->goal,
    .scene = scene->name,
    .client = client,
    .what = what,
    .value = idle,
  };

  bench_table_add (&row);

  row.what = "  with 10000 parked";
  row.value = loaded;
  row.ratio = loaded / MAX (idle, 0.001);
  row.limit_kind = limit > 0 ? BENCH_LIMIT_ON_RATIO : BENCH_LIMIT_NONE;
  row.limit = limit;
  bench_table_add (&row);
}

/* The first calls tell when those before them have been sent. */
static gboolean
take_time (const BenchScene *scene,
           BenchRun         *run,
           BenchActor       *actor,
           double           *usec)
{
  g_autoptr(GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  const guint n_calls = 1024;
  BenchAnswer answer;

  if (!bench_actor_do (actor, &answer, "play async echo 200 %u", scene->n_in_flight))
    return FALSE;

  for (guint i = 0; i < run->n_rounds; i++)
    {
      double value;

      if (!bench_actor_do (actor, &answer, "play async echo %u %u", n_calls, scene->n_in_flight))
        return FALSE;

      value = answer.cpu_usec / n_calls;
      g_array_append_val (values, value);
    }
  *usec = bench_median (values);

  return TRUE;
}

gboolean
bench_scene_time_parked (const BenchScene *self,
                         BenchRun         *run)
{
  const char *clients[] = {
    bench_client_gdbus.name, bench_client_libdbr.name, bench_client_libdbr_gdbus.name,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr(BenchActor) actor = bench_actor_new (run->stage, clients[i], BENCH_LENS_NONE,
                                                     FALSE);
      BenchAnswer answer;
      double idle;
      double loaded;

      if (!bench_actor_do (actor, &answer, "make")
          || !take_time (self, run, actor, &idle)
          || !bench_actor_do (actor, &answer, "park %u", N_PARKED)
          || !take_time (self, run, actor, &loaded))
        return FALSE;

      report (self, clients[i], "CPU us a call", idle, loaded);
    }

  return TRUE;
}

/* Few calls, as those of plain GDBus cost ten times as much then: with one at a time, each reply
 * finds the main loop asleep, and all timers are looked at for it. */
static const struct
{
  const char *what;
  guint       n_in_flight;
  guint       n_calls;
} counts[] = {
  { "instructions, x64", 64, 128 },
  { "instructions, x1", 1, 16 },
};

static gboolean
play_counts (BenchActor  *actor,
             BenchSeries *series)
{
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      series[i] = (BenchSeries) { "async echo", counts[i].n_in_flight, counts[i].n_calls };
      if (!bench_series_play (&series[i], actor))
        return FALSE;
    }

  return TRUE;
}

gboolean
bench_scene_count_parked (const BenchScene *self,
                          BenchRun         *run)
{
  const char *clients[] = {
    bench_client_gdbus.name, bench_client_libdbr.name, bench_client_libdbr_gdbus.name,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr(BenchActor) actor = bench_actor_new (run->stage, clients[i],
                                                     BENCH_LENS_INSTRUCTIONS, FALSE);
      BenchSeries idle[G_N_ELEMENTS (counts)];
      BenchSeries loaded[G_N_ELEMENTS (counts)];
      BenchAnswer answer;

      if (!bench_actor_do (actor, &answer, "make")
          || !play_counts (actor, idle)
          || !bench_actor_do (actor, &answer, "park %u", N_PARKED)
          || !play_counts (actor, loaded))
        return FALSE;

      bench_actor_end (actor);
      for (gsize j = 0; j < G_N_ELEMENTS (counts); j++)
        report (self, clients[i], counts[j].what, bench_series_get_cost (&idle[j], actor),
                bench_series_get_cost (&loaded[j], actor));
    }

  return TRUE;
}
