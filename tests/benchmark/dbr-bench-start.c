/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

#include <string.h>

/* From nothing to the first answer, each time in a new process. In Python that is with what has to be
 * imported. */

typedef struct
{
  /* what making the client and its first call took: microseconds or instructions */
  double cost;
  /* what there was before the first call */
  int    n_new_threads;
  int    n_connections;
} Start;

static gboolean
start_once (BenchRun   *run,
            const char *client,
            BenchLens   lens,
            Start      *start)
{
  guint n_connections = bench_stage_count_connections (run->stage);
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, client, lens, FALSE);
  BenchAnswer made;
  BenchAnswer called;

  if (!bench_actor_do (actor, &made, "make"))
    return FALSE;

  start->n_new_threads = made.n_new_threads;
  start->n_connections = (int) bench_stage_count_connections (run->stage) - (int) n_connections;
  if (!bench_actor_do (actor, &called, "play sync echo 1 1"))
    return FALSE;

  bench_actor_end (actor);
  start->cost = lens == BENCH_LENS_NONE
                ? made.wall_usec + called.wall_usec
                : bench_actor_read_cost (actor, 0) + bench_actor_read_cost (actor, 1);

  return TRUE;
}

static void
report (const BenchScene *scene,
        const char       *client,
        const char       *what,
        double            value,
        double            ratio,
        double            limit)
{
  gboolean is_held = strstr (client, "libdbr") != NULL;
  BenchRow row = {
    .goal = scene->goal,
    .scene = scene->name,
    .client = client,
    .what = what,
    .value = value,
    .ratio = ratio,
    .limit_kind = !is_held ? BENCH_LIMIT_NONE
                           : ratio > 0 ? BENCH_LIMIT_ON_RATIO : BENCH_LIMIT_ON_VALUE,
    .limit = limit,
  };

  bench_table_add (&row);
}

/* How a start is looked at. */
typedef struct
{
  BenchLens   lens;
  guint       n_rounds;
  const char *what;
} Look;

/* Each starts in turn, and again, and is held against the first one. */
static gboolean
start_some (const BenchScene  *self,
            BenchRun          *run,
            const Look        *look,
            const char *const *clients,
            gboolean           has_parts)
{
  guint n_clients = g_strv_length ((GStrv) clients);
  g_autoptr(GPtrArray) costs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autofree Start *starts = g_new0 (Start, n_clients);

  /* Once unseen, as what is in Python is compiled then. */
  for (guint i = 0; i < n_clients; i++)
    {
      g_ptr_array_add (costs, g_array_new (FALSE, FALSE, sizeof (double)));
      if (!start_once (run, clients[i], BENCH_LENS_NONE, &starts[i]))
        return FALSE;
    }

  for (guint round = 0; round < look->n_rounds; round++)
    {
      for (guint i = 0; i < n_clients; i++)
        {
          if (!start_once (run, clients[i], look->lens, &starts[i]))
            return FALSE;

          g_array_append_val (costs->pdata[i], starts[i].cost);
        }
    }

  for (guint i = 0; i < n_clients; i++)
    {
      double cost = bench_median (costs->pdata[i]);
      double ratio = cost / MAX (bench_median (costs->pdata[0]), 1);

      report (self, clients[i], look->what, cost, ratio, self->limit);
      if (!has_parts)
        continue;
      report (self, clients[i], "  threads before the call", starts[i].n_new_threads, 0, 0);
      report (self, clients[i], "  connections before the call", starts[i].n_connections, 0, 0);
    }

  return TRUE;
}

static gboolean
start_all (const BenchScene *self,
           BenchRun         *run,
           const Look       *look)
{
  const char *const clients[] = {
    bench_client_gdbus.name, bench_client_libdbr.name, bench_client_libdbr_gdbus.name, NULL,
  };
  g_auto(GStrv) python_clients = bench_stage_dup_python_clients (run->stage);

  return start_some (self, run, look, clients, TRUE)
         && (python_clients == NULL
             || start_some (self, run, look, (const char *const *) python_clients, FALSE));
}

/* One start is short and swings, so there are more of them. */
gboolean
bench_scene_time_start (const BenchScene *self,
                        BenchRun         *run)
{
  const Look look = { BENCH_LENS_NONE, run->n_rounds * 4, "wall us to the first answer" };

  return start_all (self, run, &look);
}

gboolean
bench_scene_count_start (const BenchScene *self,
                         BenchRun         *run)
{
  const Look look = { BENCH_LENS_INSTRUCTIONS, 1, "instructions to the answer" };

  return start_all (self, run, &look);
}
