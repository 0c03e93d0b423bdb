/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"

#include <string.h>

/* Played before anything is measured, so that what is made once is there. */
#define N_WARM_UP 64

const BenchScene bench_scenes[] = {
  { "sync", "P1", 0.15, 0.95, "sync calls",
    bench_scene_time_calls, bench_scene_count_calls, .is_sync = TRUE, .n_in_flight = 1 },
  { "x1", "", 0, 0, "async calls, one in flight",
    bench_scene_time_calls, bench_scene_count_calls, .n_in_flight = 1 },
  { "x64", "P2", 0.18, 0.93, "async calls, 64 in flight",
    bench_scene_time_calls, bench_scene_count_calls, .n_in_flight = 64 },
  { "x1000", "", 0, 0, "async calls, 1000 in flight",
    bench_scene_time_calls, bench_scene_count_calls, .n_in_flight = 1000 },
  { "allocations", "P3", 0, 0, "allocations a call",
    NULL, bench_scene_count_allocations },
  { "syscalls", "P4", 0, 0, "system calls and context switches of a sync call",
    NULL, bench_scene_count_syscalls },
  { "parked", "P5", 1.10, 1.10, "64 fast calls with 10000 parked beside them",
    bench_scene_time_parked, bench_scene_count_parked, .n_in_flight = 64 },
  { "refused", "P6", 0, 0, "calls refused before sending",
    bench_scene_time_refused, bench_scene_count_refused },
  { "figures", "P7", 0, 0, "figures of a call recorded and read",
    bench_scene_time_figures, bench_scene_count_figures },
  { "cached", "P8", 0, 0, "a property read that a proxy knows, and what that takes",
    bench_scene_time_cached, bench_scene_count_cached },
  { "changes", "P9", 0.20, 1.05, "changes of one object, and of one among 1000",
    bench_scene_time_changes, bench_scene_count_changes },
  { "objects", "P10", 0.15, 0.7, "10000 objects of a service kept",
    bench_scene_time_objects, bench_scene_count_objects },
  { "look-up", "P11", 0, 0, "a property of one of 10000 objects found",
    bench_scene_time_look_up, bench_scene_count_look_up },
  { "python", "P12", 0.55, 1.10, "calls from Python",
    bench_scene_time_python, bench_scene_count_python },
  { "start", "P13", 1.20, 1.20, "a client made, and its first answer",
    bench_scene_time_start, bench_scene_count_start },
  { "burst", "P15", 0, 0, "1000 calls at once on a 128-reply bus",
    NULL, bench_scene_count_burst, .n_in_flight = 1000 },
  { NULL }
};

double
bench_scene_get_limit (const BenchScene *self,
                       const char       *client)
{
  if (strcmp (client, bench_client_libdbr.name) == 0)
    return self->limit;
  if (strcmp (client, bench_client_libdbr_gdbus.name) == 0)
    return self->limit_on_gdbus;

  return 0;
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double one = *(const double *) a;
  double other = *(const double *) b;

  return (one > other) - (one < other);
}

double
bench_median (GArray *values)
{
  if (values->len == 0)
    return 0;

  g_array_sort (values, compare_doubles);

  return g_array_index (values, double, values->len / 2);
}

gboolean
bench_series_play (BenchSeries *self,
                   BenchActor  *actor)
{
  BenchAnswer answer;

  if (!bench_actor_do (actor, &answer, "play %s %u %u",
                       self->call, MAX (N_WARM_UP, self->n_in_flight), self->n_in_flight))
    return FALSE;

  self->line = bench_actor_get_n_lines (actor);

  return bench_actor_do (actor, &self->of_short, "play %s %u %u",
                         self->call, self->n_calls, self->n_in_flight)
         && bench_actor_do (actor, &self->of_long, "play %s %u %u",
                            self->call, self->n_calls * BENCH_LONG, self->n_in_flight);
}

double
bench_series_get_slope (BenchSeries *self,
                        double       of_short,
                        double       of_long)
{
  return (of_long - of_short) / (self->n_calls * (BENCH_LONG - 1));
}

double
bench_series_get_cost (BenchSeries *self,
                       BenchActor  *actor)
{
  return bench_series_get_slope (self, bench_actor_read_cost (actor, self->line),
                                 bench_actor_read_cost (actor, self->line + 1));
}
