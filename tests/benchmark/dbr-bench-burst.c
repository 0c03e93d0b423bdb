/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

/* More calls at once than the bus takes, to a service that is slower than they come. */

static gboolean
play_burst (const BenchScene *scene,
            BenchStage       *stage,
            const char       *client,
            BenchAnswer      *answer)
{
  g_autoptr(BenchActor) actor = bench_actor_new (stage, client, BENCH_LENS_NONE, TRUE);

  return bench_actor_do (actor, answer, "make")
         && bench_actor_do (actor, answer, "play async echo 1 1")
         && bench_actor_do (actor, answer, "play async burst %u %u",
                            scene->n_in_flight, scene->n_in_flight);
}

/* How many are refused says as much once as in several rounds. */
gboolean
bench_scene_count_burst (const BenchScene *self,
                         BenchRun         *run)
{
  const char *clients[] = { bench_client_gdbus.name, bench_client_libdbr.name };
  g_autoptr(BenchStage) stage = bench_stage_new (NULL, TRUE);

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      gboolean is_held = clients[i] == bench_client_libdbr.name;
      BenchRow row = {
        .goal = self->goal,
        .scene = self->name,
        .client = clients[i],
        .what = "refused by the bus, of 1000",
        .limit_kind = is_held ? BENCH_LIMIT_ON_VALUE : BENCH_LIMIT_NONE,
      };
      BenchAnswer answer;

      if (!play_burst (self, stage, clients[i], &answer))
        return FALSE;

      row.value = answer.n_refused;
      bench_table_add (&row);
      row.what = "ms until all have ended";
      row.value = answer.wall_usec / 1000;
      row.limit_kind = BENCH_LIMIT_NONE;
      bench_table_add (&row);
    }

  return TRUE;
}
