/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* Objects of a service that are followed: what a change of one costs, beside how many others, and
 * what it costs to read a property that is known already. */

#define N_READS 20000

/* What stands on plain GDBus is the first one. */
static const BenchClient *const followers[] = {
  &bench_client_gdbus_signal,
  &bench_client_libdbr_signal,
  &bench_client_libdbr_gdbus_signal,
  &bench_client_libdbr_namespace,
#ifdef HAVE_SDBUS
  &bench_client_sdbus_signal,
#endif
#ifdef HAVE_LIBDBUS
  &bench_client_libdbus_signal,
#endif
};
static const BenchClient *const proxies[] = {
  &bench_client_gdbus_proxy,
  &bench_client_libdbr_proxy,
  &bench_client_libdbr_gdbus_proxy,
};

static gboolean
is_ours (const BenchClient *client)
{
  return g_str_has_prefix (client->name, "libdbr");
}

static void
report (const BenchScene  *scene,
        const BenchClient *client,
        const char        *what,
        double             value,
        double             ratio,
        BenchLimit         limit_kind,
        double             limit)
{
  BenchRow row = {
    .goal = scene->goal,
    .scene = scene->name,
    .client = client->name,
    .what = what,
    .value = value,
    .ratio = ratio,
    .limit_kind = is_ours (client) ? limit_kind : BENCH_LIMIT_NONE,
    .limit = limit,
  };

  bench_table_add (&row);
}

static BenchActor *
make_actor (BenchRun          *run,
            const BenchClient *client,
            BenchLens          lens)
{
  g_autoptr(BenchActor) actor = NULL;
  BenchAnswer answer;

  bench_stage_add_objects (run->stage, BENCH_N_OBJECTS);
  actor = bench_actor_new (run->stage, client->name, lens, FALSE);
  if (!bench_actor_do (actor, &answer, "make")
      || !bench_actor_do (actor, &answer, "play sync watch 1 1"))
    return NULL;

  return g_steal_pointer (&actor);
}

/* Changes */

typedef struct
{
  double of_one;
  double of_many;
  int    n_rules;
} Changes;

static gboolean
play_changes (BenchSeries *series,
              BenchActor  *actor)
{
  *series = (BenchSeries) { "sync change", 1, BENCH_TURN };

  return bench_series_play (series, actor);
}

static gboolean
take_changes (BenchRun          *run,
              const BenchClient *client,
              BenchLens          lens,
              Changes           *changes)
{
  g_autoptr(BenchActor) actor = make_actor (run, client, lens);
  BenchSeries of_one;
  BenchSeries of_many;
  BenchAnswer answer;

  if (actor == NULL
      || !play_changes (&of_one, actor)
      || !bench_actor_do (actor, &answer, "play sync watch %u 1", BENCH_N_WATCHED)
      || !play_changes (&of_many, actor))
    return FALSE;

  changes->n_rules = bench_stage_count_rules (run->stage);
  bench_actor_end (actor);
  /* Those of the one that has ended are gone by the time that the next one is asked about. */
  changes->n_rules -= bench_stage_count_rules (run->stage);
  if (lens == BENCH_LENS_INSTRUCTIONS)
    {
      changes->of_one = bench_series_get_cost (&of_one, actor);
      changes->of_many = bench_series_get_cost (&of_many, actor);
    }
  else
    {
      changes->of_one = bench_series_get_slope (&of_one, of_one.of_short.cpu_usec,
                                                of_one.of_long.cpu_usec);
      changes->of_many = bench_series_get_slope (&of_many, of_many.of_short.cpu_usec,
                                                 of_many.of_long.cpu_usec);
    }

  return TRUE;
}

static double
get_limit (const BenchScene  *scene,
           const BenchClient *client)
{
  gboolean is_on_gdbus = strstr (client->name, "gdbus") != NULL;

  return is_on_gdbus ? scene->limit_on_gdbus : scene->limit;
}

static gboolean
report_changes (const BenchScene         *scene,
                BenchRun                 *run,
                BenchLens                 lens,
                const BenchClient *const *clients,
                gsize                     n_clients)
{
  const char *unit = lens == BENCH_LENS_INSTRUCTIONS ? "instructions a change" : "CPU us a change";
  double reference = 0;

  for (gsize i = 0; i < n_clients; i++)
    {
      Changes changes;

      if (!take_changes (run, clients[i], lens, &changes))
        return FALSE;

      if (i == 0)
        reference = MAX (changes.of_one, 0.001);
      report (scene, clients[i], unit, changes.of_one, changes.of_one / reference,
              BENCH_LIMIT_ON_RATIO, get_limit (scene, clients[i]));
      report (scene, clients[i], "  one of 1000 objects", changes.of_many,
              changes.of_many / MAX (changes.of_one, 0.001), BENCH_LIMIT_ON_RATIO, 1.1);
      if (changes.n_rules > 0)
        report (scene, clients[i], "  match rules then", changes.n_rules, 0,
                BENCH_LIMIT_NONE, 0);
    }

  return TRUE;
}

gboolean
bench_scene_time_changes (const BenchScene *self,
                          BenchRun         *run)
{
  return report_changes (self, run, BENCH_LENS_NONE, followers, G_N_ELEMENTS (followers))
         && report_changes (self, run, BENCH_LENS_NONE, proxies, G_N_ELEMENTS (proxies));
}

gboolean
bench_scene_count_changes (const BenchScene *self,
                           BenchRun         *run)
{
  return report_changes (self, run, BENCH_LENS_INSTRUCTIONS, followers, G_N_ELEMENTS (followers))
         && report_changes (self, run, BENCH_LENS_INSTRUCTIONS, proxies, G_N_ELEMENTS (proxies));
}

/* What is known already */

static gboolean
play_reads (BenchSeries *series,
            BenchActor  *actor)
{
  *series = (BenchSeries) { "sync cached", 1, N_READS };

  return bench_series_play (series, actor);
}

/* What a proxy takes is what a thousand take together, the match rules of each included. */
static gboolean
report_heap (const BenchScene  *scene,
             BenchRun          *run,
             const BenchClient *client)
{
  g_autoptr(BenchActor) actor = NULL;
  BenchSeries series;
  BenchAnswer answer;

  if (!bench_lens_is_there (BENCH_LENS_ALL_ALLOCATIONS))
    return TRUE;

  actor = make_actor (run, client, BENCH_LENS_ALL_ALLOCATIONS);
  if (actor == NULL || !play_reads (&series, actor)
      || !bench_actor_do (actor, &answer, "play sync watch %u 1", BENCH_N_WATCHED))
    return FALSE;

  report (scene, client, "  allocations",
          bench_series_get_slope (&series, series.of_short.n_allocations,
                                  series.of_long.n_allocations), 0, BENCH_LIMIT_ON_VALUE, 0);
  report (scene, client, "  a proxy, bytes on the heap",
          answer.n_more_bytes / (BENCH_N_WATCHED - 1), 0, BENCH_LIMIT_NONE, 0);

  return TRUE;
}

gboolean
bench_scene_time_cached (const BenchScene *self,
                         BenchRun         *run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (proxies); i++)
    {
      g_autoptr(BenchActor) actor = make_actor (run, proxies[i], BENCH_LENS_NONE);
      BenchSeries series;

      if (actor == NULL || !play_reads (&series, actor))
        return FALSE;

      report (self, proxies[i], "a cached property, CPU ns",
              1000 * bench_series_get_slope (&series, series.of_short.cpu_usec,
                                             series.of_long.cpu_usec),
              0, BENCH_LIMIT_ON_VALUE, 100);
      if (!report_heap (self, run, proxies[i]))
        return FALSE;
    }

  return TRUE;
}

gboolean
bench_scene_count_cached (const BenchScene *self,
                          BenchRun         *run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (proxies); i++)
    {
      g_autoptr(BenchActor) actor = make_actor (run, proxies[i], BENCH_LENS_INSTRUCTIONS);
      BenchSeries series;

      if (actor == NULL || !play_reads (&series, actor))
        return FALSE;

      bench_actor_end (actor);
      report (self, proxies[i], "a cached property, instructions",
              bench_series_get_cost (&series, actor), 0, BENCH_LIMIT_ON_VALUE, 250);
      if (!report_heap (self, run, proxies[i]))
        return FALSE;
    }

  return TRUE;
}
