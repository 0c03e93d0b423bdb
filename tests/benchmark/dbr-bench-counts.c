/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* What a call takes from the heap and from the kernel. */

#define N_CALLS 500

typedef struct
{
  const char *what;
  const char *call;
  guint       n_in_flight;
  BenchLens   lens;
  /* what libdbr may take, and how much more than plain GDBus where it stands on that */
  double      limit;
  double      allowance;
} Count;

/* The one figure of a count: what the lens saw, or, without one, context switches. */
static gboolean
count_for (const Count *self,
           BenchRun    *run,
           const char  *client,
           double      *value)
{
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, client, self->lens, FALSE);
  BenchSeries series = {
    .call = self->call,
    .n_in_flight = self->n_in_flight,
    .n_calls = N_CALLS,
  };
  BenchAnswer answer;

  if (!bench_actor_do (actor, &answer, "make") || !bench_series_play (&series, actor))
    return FALSE;

  bench_actor_end (actor);
  if (self->lens == BENCH_LENS_SYSCALLS)
    *value = bench_series_get_cost (&series, actor);
  else if (self->lens == BENCH_LENS_NONE)
    *value = bench_series_get_slope (&series, series.of_short.n_switches,
                                     series.of_long.n_switches);
  else
    *value = bench_series_get_slope (&series, series.of_short.n_allocations,
                                     series.of_long.n_allocations);

  return TRUE;
}

static gboolean
count_all (const Count      *self,
           const BenchScene *scene,
           BenchRun         *run)
{
  const char *const *clients = bench_player_get_clients ();
  double reference = 0;

  if (!bench_lens_is_there (self->lens))
    {
      bench_table_say (scene->goal, scene->name, "not measured: what counts it is not installed");
      return TRUE;
    }

  for (guint i = 0; clients[i] != NULL; i++)
    {
      BenchRow row = {
        .goal = scene->goal,
        .scene = scene->name,
        .client = clients[i],
        .what = self->what,
      };

      if (!count_for (self, run, clients[i], &row.value))
        return FALSE;

      if (i == 0)
        reference = MAX (row.value, 0.001);
      row.ratio = row.value / reference;
      if (strcmp (clients[i], bench_client_libdbr.name) == 0)
        row.limit = self->limit;
      else if (strcmp (clients[i], bench_client_libdbr_gdbus.name) == 0)
        row.limit = reference + self->allowance;
      row.limit_kind = row.limit > 0 ? BENCH_LIMIT_ON_VALUE : BENCH_LIMIT_NONE;
      bench_table_add (&row);
    }

  return TRUE;
}

gboolean
bench_scene_count_allocations (const BenchScene *self,
                               BenchRun         *run)
{
  const Count counts[] = {
    { "allocations, sync", "sync echo", 1, BENCH_LENS_ALLOCATIONS, 20, 2 },
    { "  without slices", "sync echo", 1, BENCH_LENS_ALL_ALLOCATIONS, 0, 2 },
    { "allocations, x64", "async echo", 64, BENCH_LENS_ALLOCATIONS, 20, 2 },
    { "  without slices", "async echo", 64, BENCH_LENS_ALL_ALLOCATIONS, 0, 2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      if (!count_all (&counts[i], self, run))
        return FALSE;
    }

  return TRUE;
}

gboolean
bench_scene_count_syscalls (const BenchScene *self,
                            BenchRun         *run)
{
  const Count counts[] = {
    { "system calls, sync", "sync echo", 1, BENCH_LENS_SYSCALLS, 10, 0 },
    { "context switches, sync", "sync echo", 1, BENCH_LENS_NONE, 2, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      if (!count_all (&counts[i], self, run))
        return FALSE;
    }

  return TRUE;
}
