/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-scenes.h"

#include "dbr-bench-player.h"
#include "dbr-bench-table.h"

/* The same call by each client, one after the other and again, so that what else the machine does
 * meets all of them. The first client is plain GDBus, which the others are held against. */

typedef struct
{
  const char *client;
  BenchActor *actor;
  /* so many calls fill the seconds of a round */
  guint       n_calls;

  GArray     *usec;
  GArray     *rates;
  GArray     *ratios;
} Contender;

static void
contender_clear (gpointer data)
{
  Contender *self = data;

  g_clear_pointer (&self->actor, bench_actor_free);
  g_array_unref (self->usec);
  g_array_unref (self->rates);
  g_array_unref (self->ratios);
}

static Contender *
contenders_add (GArray     *contenders,
                BenchActor *actor,
                const char *client)
{
  Contender self = {
    .client = client,
    .actor = actor,
    .usec = g_array_new (FALSE, FALSE, sizeof (double)),
    .rates = g_array_new (FALSE, FALSE, sizeof (double)),
    .ratios = g_array_new (FALSE, FALSE, sizeof (double)),
  };

  g_array_append_val (contenders, self);

  return &g_array_index (contenders, Contender, contenders->len - 1);
}

static gboolean
contender_play (Contender        *self,
                const BenchScene *scene,
                BenchAnswer      *answer)
{
  return bench_actor_do (self->actor, answer, "play %s echo %u %u",
                         scene->is_sync ? "sync" : "async", self->n_calls, scene->n_in_flight);
}

/* A short round tells how many calls a whole one needs. */
static gboolean
contender_warm_up (Contender        *self,
                   const BenchScene *scene,
                   double            seconds)
{
  BenchAnswer answer;
  double n_calls;

  self->n_calls = MAX (200, scene->n_in_flight * 2);
  if (!contender_play (self, scene, &answer))
    return FALSE;

  n_calls = self->n_calls * seconds * G_USEC_PER_SEC / MAX (answer.wall_usec, 1);
  self->n_calls = (guint) CLAMP (n_calls, self->n_calls, 10000000);

  return TRUE;
}

static gboolean
contenders_play_round (GArray           *contenders,
                       const BenchScene *scene)
{
  double reference = 0;

  for (guint i = 0; i < contenders->len; i++)
    {
      Contender *contender = &g_array_index (contenders, Contender, i);
      BenchAnswer answer;
      double usec;
      double rate;
      double ratio;

      if (!contender_play (contender, scene, &answer))
        return FALSE;

      usec = answer.cpu_usec / contender->n_calls;
      rate = contender->n_calls * G_USEC_PER_SEC / MAX (answer.wall_usec, 1);
      if (i == 0)
        reference = MAX (usec, 0.001);
      ratio = usec / reference;
      g_array_append_val (contender->usec, usec);
      g_array_append_val (contender->rates, rate);
      g_array_append_val (contender->ratios, ratio);
    }

  return TRUE;
}

static void
contender_report (Contender        *self,
                  const BenchScene *scene)
{
  double limit = bench_scene_get_limit (scene, self->client);
  BenchRow row = {
    .goal = scene->goal,
    .scene = scene->name,
    .client = self->client,
    .what = "CPU us a call",
    .value = bench_median (self->usec),
    .rate = bench_median (self->rates),
    .ratio = bench_median (self->ratios),
    .limit_kind = limit > 0 ? BENCH_LIMIT_ON_RATIO : BENCH_LIMIT_NONE,
    .limit = limit,
  };

  bench_table_add (&row);
}

gboolean
bench_scene_time_calls (const BenchScene *self,
                        BenchRun         *run)
{
  const char *const *clients = bench_player_get_clients ();
  g_autoptr(GArray) contenders = g_array_new (FALSE, FALSE, sizeof (Contender));

  g_array_set_clear_func (contenders, contender_clear);
  for (guint i = 0; clients[i] != NULL; i++)
    {
      BenchActor *actor = bench_actor_new (run->stage, clients[i], BENCH_LENS_NONE, FALSE);
      Contender *contender = contenders_add (contenders, actor, clients[i]);
      BenchAnswer answer;

      if (!bench_actor_do (actor, &answer, "make")
          || !contender_warm_up (contender, self, run->seconds))
        return FALSE;
    }

  for (guint i = 0; i < run->n_rounds; i++)
    {
      if (!contenders_play_round (contenders, self))
        return FALSE;
    }

  for (guint i = 0; i < contenders->len; i++)
    contender_report (&g_array_index (contenders, Contender, i), self);

  return TRUE;
}

/* How many replies a turn of the main loop finds differs a little each time: so it is repeated. */
#define N_SERIES 3

static gboolean
count_one (const BenchScene *scene,
           BenchRun         *run,
           const char       *client,
           double           *cost)
{
  g_autoptr(BenchActor) actor = bench_actor_new (run->stage, client, BENCH_LENS_INSTRUCTIONS,
                                                 FALSE);
  g_autoptr(GArray) costs = g_array_new (FALSE, FALSE, sizeof (double));
  BenchSeries series[N_SERIES];
  BenchAnswer answer;

  if (!bench_actor_do (actor, &answer, "make"))
    return FALSE;

  for (guint i = 0; i < N_SERIES; i++)
    {
      series[i] = (BenchSeries) {
        .call = scene->is_sync ? "sync echo" : "async echo",
        .n_in_flight = scene->n_in_flight,
        .n_calls = MAX (128, scene->n_in_flight * 2),
      };
      if (!bench_series_play (&series[i], actor))
        return FALSE;
    }

  bench_actor_end (actor);
  for (guint i = 0; i < N_SERIES; i++)
    {
      double value = bench_series_get_cost (&series[i], actor);

      g_array_append_val (costs, value);
    }
  *cost = bench_median (costs);

  return TRUE;
}

gboolean
bench_scene_count_calls (const BenchScene *self,
                         BenchRun         *run)
{
  const char *const *clients = bench_player_get_clients ();
  double reference = 0;

  for (guint i = 0; clients[i] != NULL; i++)
    {
      double limit = bench_scene_get_limit (self, clients[i]);
      BenchRow row = {
        .goal = self->goal,
        .scene = self->name,
        .client = clients[i],
        .what = "instructions a call",
        .limit_kind = limit > 0 ? BENCH_LIMIT_ON_RATIO : BENCH_LIMIT_NONE,
        .limit = limit,
      };

      if (!count_one (self, run, clients[i], &row.value))
        return FALSE;

      if (i == 0)
        reference = MAX (row.value, 1);
      row.ratio = row.value / reference;
      bench_table_add (&row);
    }

  return TRUE;
}
