/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* The same calls from Python: libdbr held against plain GDBus through the same binding, and beside
 * them what else is installed. */

/* Each of these has a warm-up of its own: an interpreter takes its time until all is as it stays. */
#define N_CALLS 200

typedef struct
{
  const char *call;
  const char *what;
  guint       n_in_flight;
  gboolean    has_goal;
} Way;

static const Way ways[] = {
  { "sync echo", "sync", 1, TRUE },
  { "async echo", "x64", 64, FALSE },
};

static gboolean
can_play (const char *client,
          const Way  *way)
{
  return way->n_in_flight == 1 || strstr (client, "python-") == client;
}

static gboolean
measure (BenchRun   *run,
         const char *client,
         const Way  *way,
         BenchLens   lens,
         double     *cost)
{
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, client, lens, FALSE);
  BenchSeries series = { way->call, way->n_in_flight, N_CALLS };
  BenchAnswer answer;

  if (!bench_actor_do (actor, &answer, "make")
      || !bench_actor_do (actor, &answer, "play %s %u %u", way->call, N_CALLS, way->n_in_flight)
      || !bench_series_play (&series, actor))
    return FALSE;

  bench_actor_end (actor);
  *cost = lens == BENCH_LENS_INSTRUCTIONS
          ? bench_series_get_cost (&series, actor)
          : bench_series_get_slope (&series, series.of_short.cpu_usec, series.of_long.cpu_usec);

  return TRUE;
}

static gboolean
measure_often (BenchRun   *run,
               const char *client,
               const Way  *way,
               BenchLens   lens,
               double     *cost)
{
  g_autoptr(GArray) costs = g_array_new (FALSE, FALSE, sizeof (double));
  guint n_rounds = lens == BENCH_LENS_INSTRUCTIONS ? 1 : run->n_rounds;

  for (guint i = 0; i < n_rounds; i++)
    {
      double value;

      if (!measure (run, client, way, lens, &value))
        return FALSE;

      g_array_append_val (costs, value);
    }
  *cost = bench_median (costs);

  return TRUE;
}

static gboolean
report_way (const BenchScene  *scene,
            BenchRun          *run,
            GStrv              clients,
            const Way         *way,
            BenchLens          lens)
{
  g_autofree char *what = g_strdup_printf ("%s a call, %s",
                                           lens == BENCH_LENS_INSTRUCTIONS ? "instructions"
                                                                           : "CPU us", way->what);
  double reference = 0;

  for (guint i = 0; clients[i] != NULL; i++)
    {
      BenchRow row = { .goal = scene->goal, .scene = scene->name, .what = what };

      if (!can_play (clients[i], way))
        continue;
      if (!measure_often (run, clients[i], way, lens, &row.value))
        return FALSE;

      if (i == 0)
        reference = MAX (row.value, 0.001);
      row.client = clients[i];
      row.ratio = row.value / reference;
      if (strcmp (clients[i], "python-libdbr") == 0)
        row.limit = scene->limit;
      else if (strcmp (clients[i], "python-libdbr-gdbus") == 0)
        row.limit = scene->limit_on_gdbus;
      row.limit_kind = row.limit > 0 && way->has_goal ? BENCH_LIMIT_ON_RATIO : BENCH_LIMIT_NONE;
      bench_table_add (&row);
    }

  return TRUE;
}

static gboolean
report_all (const BenchScene *scene,
            BenchRun         *run,
            BenchLens         lens)
{
  g_auto(GStrv) clients = bench_stage_dup_python_clients (run->stage);

  if (clients == NULL)
    {
      bench_table_say (scene->goal, scene->name, "not measured: this was built without Python");
      return TRUE;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      if (!report_way (scene, run, clients, &ways[i], lens))
        return FALSE;
    }

  return TRUE;
}

gboolean
bench_scene_time_python (const BenchScene *self,
                         BenchRun         *run)
{
  return report_all (self, run, BENCH_LENS_NONE);
}

/* The time beside it: what an interpreter costs is not instructions alone. */
gboolean
bench_scene_count_python (const BenchScene *self,
                          BenchRun         *run)
{
  return report_all (self, run, BENCH_LENS_INSTRUCTIONS)
         && report_all (self, run, BENCH_LENS_NONE);
}
