/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A bus of our own, the service on it, and a folder. The bus has the limits of a session bus, or on
 * a narrow stage those of a system bus, as dbus-daemon has them. */
typedef struct _BenchStage BenchStage;

BenchStage *bench_stage_new               (const char *keep,
                                           gboolean    is_narrow) G_GNUC_WARN_UNUSED_RESULT;
void        bench_stage_free              (BenchStage *self);
/* How many calls the service was given. */
guint       bench_stage_count_calls       (BenchStage *self);
guint       bench_stage_count_connections (BenchStage *self);
/* How many match rules the bus keeps, 0 where it does not tell. */
guint       bench_stage_count_rules       (BenchStage *self);
/* Another service, of so many objects, from now on. */
void        bench_stage_add_objects       (BenchStage *self,
                                           guint       n_objects);

/* The clients in Python that are installed, plain GDBus first; NULL where there is no Python. */
GStrv       bench_stage_dup_python_clients (BenchStage *self) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  BENCH_LENS_NONE,
  BENCH_LENS_ALLOCATIONS,
  /* with GLib's slices through malloc(), as all newer GLib does */
  BENCH_LENS_ALL_ALLOCATIONS,
  BENCH_LENS_INSTRUCTIONS,
  BENCH_LENS_SYSCALLS,
} BenchLens;

/* A process with one client, looked at through a lens. */
typedef struct _BenchActor BenchActor;

/* What doing one line took. */
typedef struct
{
  double wall_usec;
  double cpu_usec;
  double n_switches;
  double n_allocations;
  int    n_new_threads;
  guint  n_refused;
  /* in use on the heap; of slices, only where they come from malloc() */
  double n_more_bytes;
  /* resident, and how much that ever grew meanwhile */
  double n_peak_bytes;
} BenchAnswer;

gboolean    bench_lens_is_there           (BenchLens    lens);

/* With a narrow one the client takes the bus for one with the system bus's limits. */
BenchActor *bench_actor_new               (BenchStage  *stage,
                                           const char  *client,
                                           BenchLens    lens,
                                           gboolean     is_narrow) G_GNUC_WARN_UNUSED_RESULT;
void        bench_actor_free              (BenchActor  *self);
/* FALSE: a call failed, which was said. */
gboolean    bench_actor_do                (BenchActor  *self,
                                           BenchAnswer *answer,
                                           const char  *format,
                                           ...) G_GNUC_PRINTF (3, 4);
/* How many lines it has done. */
guint       bench_actor_get_n_lines       (BenchActor  *self);
void        bench_actor_end               (BenchActor  *self);
/* How many instructions or system calls a line took, counted from 0; after the end. */
double      bench_actor_read_cost         (BenchActor  *self,
                                           guint        line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchStage, bench_stage_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchActor, bench_actor_free)

G_END_DECLS
