/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-bench-stage.h"

G_BEGIN_DECLS

typedef struct
{
  BenchStage *stage;
  guint       n_rounds;
  double      seconds;
} BenchRun;

typedef struct _BenchScene BenchScene;

/* FALSE from one of the functions: a call failed. */
typedef gboolean (*BenchSceneFunc) (const BenchScene *self,
                                    BenchRun         *run);

struct _BenchScene
{
  const char    *name;
  /* its number in the performance budget, or empty, and what that allows as ratio to plain GDBus */
  const char    *goal;
  double         limit;
  double         limit_on_gdbus;
  const char    *summary;

  /* takes the time; NULL where time says nothing */
  BenchSceneFunc time;
  /* counts what repeats exactly; NULL where there is nothing to count */
  BenchSceneFunc count;

  gboolean       is_sync;
  guint          n_in_flight;
};

/* The last one has no name. */
extern const BenchScene bench_scenes[];

/* One file for each group of them. */
gboolean bench_scene_time_calls         (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_calls        (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_allocations  (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_syscalls     (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_parked        (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_parked       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_refused       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_refused      (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_figures       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_figures      (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_burst        (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_objects       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_objects      (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_look_up       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_look_up      (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_cached        (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_cached       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_changes       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_changes      (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_python        (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_python       (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_time_start         (const BenchScene *self,
                                         BenchRun         *run);
gboolean bench_scene_count_start        (const BenchScene *self,
                                         BenchRun         *run);

/* What they share. */

/* What the budget allows this client; 0 where it says nothing about it. */
double   bench_scene_get_limit          (const BenchScene *self,
                                         const char       *client);

double   bench_median                   (GArray           *values);

/* Two series of calls of different length after a warm-up: what they differ in is what calls cost,
 * without what each series costs once. */
typedef struct
{
  /* how and what: `sync echo` */
  const char *call;
  guint       n_in_flight;
  /* of the short one; the long one has BENCH_LONG times as many */
  guint       n_calls;

  /* what came of it: the line of the short one, which that of the long one follows */
  guint       line;
  BenchAnswer of_short;
  BenchAnswer of_long;
} BenchSeries;

#define BENCH_LONG 5

gboolean bench_series_play              (BenchSeries      *self,
                                         BenchActor       *actor);
/* The difference a call: of any figure of the answers, or of what the lens saw, after the end. */
double   bench_series_get_slope         (BenchSeries      *self,
                                         double            of_short,
                                         double            of_long);
double   bench_series_get_cost          (BenchSeries      *self,
                                         BenchActor       *actor);

G_END_DECLS
