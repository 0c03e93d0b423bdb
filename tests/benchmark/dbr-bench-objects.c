/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* Ten thousand objects of eighteen properties: until they are there, what they take then, and until
 * a property of one is found. The library's tree is held against GDBusObjectManagerClient. */

/* Under callgrind ten thousand would take GDBus longer than its own limit for a call. */
#define N_COUNTED 1000

#define N_LOOK_UPS 20000

/* What stands on plain GDBus is the first one. */
static const char *const clients[] = {
  BENCH_MANAGER_NAME, BENCH_TREE_NAME, BENCH_TREE_GDBUS_NAME,
};

static const char *
get_name (const char *client)
{
  if (strcmp (client, BENCH_MANAGER_NAME) == 0)
    return bench_client_gdbus.name;

  return strcmp (client, BENCH_TREE_NAME) == 0 ? bench_client_libdbr.name
                                               : bench_client_libdbr_gdbus.name;
}

static void
report (const BenchScene *scene,
        const char       *client,
        const char       *what,
        double            value,
        double            ratio,
        BenchLimit        limit_kind,
        double            limit)
{
  BenchRow row = {
    .goal = scene->goal,
    .scene = scene->name,
    .client = get_name (client),
    .what = what,
    .value = value,
    .ratio = ratio,
    .limit_kind = limit > 0 ? limit_kind : BENCH_LIMIT_NONE,
    .limit = limit,
  };

  bench_table_add (&row);
}

/* The connection and the first answer of the bus are there after the first line. */
static BenchActor *
make_actor (BenchStage *stage,
            const char *client,
            BenchLens   lens)
{
  g_autoptr(BenchActor) actor = bench_actor_new (stage, client, lens, FALSE);
  BenchAnswer answer;

  return bench_actor_do (actor, &answer, "make") ? g_steal_pointer (&actor) : NULL;
}

static gboolean
get_ready (BenchActor  *actor,
           BenchAnswer *answer,
           guint        n_objects)
{
  return bench_actor_do (actor, answer, "play sync ready 1 %u", n_objects);
}

/* Until they are there */

static gboolean
report_ready_usec (const BenchScene *scene,
                   BenchRun         *run,
                   const char       *client,
                   double           *reference)
{
  g_autoptr(GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  double usec;

  for (guint i = 0; i < run->n_rounds; i++)
    {
      g_autoptr(BenchActor) actor = make_actor (run->stage, client, BENCH_LENS_NONE);
      BenchAnswer answer;

      if (actor == NULL || !get_ready (actor, &answer, BENCH_N_OBJECTS))
        return FALSE;

      usec = answer.cpu_usec / BENCH_N_OBJECTS;
      g_array_append_val (values, usec);
    }

  usec = bench_median (values);
  if (*reference == 0)
    *reference = usec;
  report (scene, client, "10000 ready, CPU us each", usec, usec / *reference,
          BENCH_LIMIT_ON_RATIO, bench_scene_get_limit (scene, get_name (client)));

  return TRUE;
}

/* The message that they came in is let go of in another thread, which has time for it while they are
 * looked into. */
static gboolean
report_memory (const BenchScene *scene,
               BenchRun         *run,
               const char       *client)
{
  gboolean is_ours = strcmp (client, BENCH_MANAGER_NAME) != 0;
  gboolean is_held = strcmp (client, BENCH_TREE_NAME) == 0;
  g_autoptr(BenchActor) actor = NULL;
  BenchAnswer answer;
  BenchAnswer later;

  if (!bench_lens_is_there (BENCH_LENS_ALL_ALLOCATIONS))
    return TRUE;

  actor = make_actor (run->stage, client, BENCH_LENS_ALL_ALLOCATIONS);
  if (actor == NULL || !get_ready (actor, &answer, BENCH_N_OBJECTS)
      || !bench_actor_do (actor, &later, "play sync lookup %u %u", N_LOOK_UPS * 100,
                          BENCH_N_OBJECTS))
    return FALSE;

  report (scene, client, "  live, bytes each",
          (answer.n_more_bytes + later.n_more_bytes) / BENCH_N_OBJECTS, 0,
          BENCH_LIMIT_ON_VALUE, is_ours ? 2048 : 0);
  report (scene, client, "  peak, MB of all",
          MAX (answer.n_peak_bytes, later.n_peak_bytes) / 1e6, 0,
          BENCH_LIMIT_ON_VALUE, is_held ? 40 : 0);

  return TRUE;
}

gboolean
bench_scene_time_objects (const BenchScene *self,
                          BenchRun         *run)
{
  double reference = 0;

  bench_stage_add_objects (run->stage, BENCH_N_OBJECTS);
  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      if (!report_ready_usec (self, run, clients[i], &reference)
          || !report_memory (self, run, clients[i]))
        return FALSE;
    }

  return TRUE;
}

/* The second time, so that what is made once is there. */
static gboolean
count_ready (BenchStage *stage,
             const char *client,
             double     *cost)
{
  g_autoptr(BenchActor) actor = make_actor (stage, client, BENCH_LENS_INSTRUCTIONS);
  BenchAnswer answer;
  guint line;

  if (actor == NULL || !get_ready (actor, &answer, N_COUNTED))
    return FALSE;

  line = bench_actor_get_n_lines (actor);
  if (!get_ready (actor, &answer, N_COUNTED))
    return FALSE;

  bench_actor_end (actor);
  *cost = bench_actor_read_cost (actor, line) / N_COUNTED;

  return TRUE;
}

/* The time too, as it is what the goal is about. */
gboolean
bench_scene_count_objects (const BenchScene *self,
                           BenchRun         *run)
{
  g_autoptr(BenchStage) stage = bench_stage_new (NULL, FALSE);
  double reference = 0;

  bench_stage_add_objects (stage, N_COUNTED);
  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      double cost;

      if (!count_ready (stage, clients[i], &cost))
        return FALSE;

      if (i == 0)
        reference = MAX (cost, 1);
      report (self, clients[i], "1000 ready, instructions each", cost, cost / reference,
              BENCH_LIMIT_ON_RATIO, bench_scene_get_limit (self, get_name (clients[i])));
    }

  return bench_scene_time_objects (self, run);
}

/* Until a property is found; with which transport they came says nothing about it. */

static gboolean
play_look_ups (BenchSeries *series,
               BenchActor  *actor,
               guint        n_objects)
{
  BenchAnswer answer;

  *series = (BenchSeries) { "sync lookup", n_objects, N_LOOK_UPS };

  return actor != NULL && get_ready (actor, &answer, n_objects)
         && bench_series_play (series, actor);
}

gboolean
bench_scene_time_look_up (const BenchScene *self,
                          BenchRun         *run)
{
  double reference = 0;

  bench_stage_add_objects (run->stage, BENCH_N_OBJECTS);
  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr(BenchActor) actor = make_actor (run->stage, clients[i], BENCH_LENS_NONE);
      BenchSeries series;
      double usec;

      if (!play_look_ups (&series, actor, BENCH_N_OBJECTS))
        return FALSE;

      usec = bench_series_get_slope (&series, series.of_short.cpu_usec, series.of_long.cpu_usec);
      if (i == 0)
        reference = MAX (usec, 0.001);
      report (self, clients[i], "found among 10000, CPU ns", 1000 * usec, usec / reference,
              BENCH_LIMIT_ON_VALUE, i > 0 ? 500 : 0);
    }

  return TRUE;
}

gboolean
bench_scene_count_look_up (const BenchScene *self,
                           BenchRun         *run)
{
  g_autoptr(BenchStage) stage = bench_stage_new (NULL, FALSE);
  double reference = 0;

  bench_stage_add_objects (stage, N_COUNTED);
  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr(BenchActor) actor = make_actor (stage, clients[i], BENCH_LENS_INSTRUCTIONS);
      BenchSeries series;
      double cost;

      if (!play_look_ups (&series, actor, N_COUNTED))
        return FALSE;

      bench_actor_end (actor);
      cost = bench_series_get_cost (&series, actor);
      if (i == 0)
        reference = MAX (cost, 1);
      report (self, clients[i], "found among 1000, instructions", cost, cost / reference,
              BENCH_LIMIT_NONE, 0);
    }

  return bench_scene_time_look_up (self, run);
}
