/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-histogram-private.h"
#include "dbrctl-target-private.h"

G_BEGIN_DECLS

/* What went wrong so often. */
typedef struct
{
  char  *text;
  guint  n;
} DbrctlFailure;

/* So many threads that call a service so many times, and what came of it. */
typedef struct
{
  /* configuration */
  DbrClient          *client;
  /* NULL for one connection that all share */
  DbrPool            *pool;
  const char         *bus_name;
  /* without a path it is pinged */
  const DbrctlTarget *target;
  guint               n_threads;
  guint               n_calls;
  guint               pause_ms;
  guint               timeout_ms;
  GCancellable       *cancellable;

  /* atomic */
  int                 n_ended;

  GMutex              mutex;

  /* guarded by mutex while it runs */
  DbrctlSamples       samples;
  guint               n_errors;
  guint               n_timeouts;
  guint               n_rejected;
  guint               n_joined;
  guint               n_connections;
  /* kind -> DbrctlFailure */
  GHashTable         *failures;
  gint64              elapsed_usec;
} DbrctlLoad;

void  dbrctl_load_init  (DbrctlLoad *self);
void  dbrctl_load_clear (DbrctlLoad *self);

guint dbrctl_load_count_ended (DbrctlLoad *self);

/* Returns when all is done or cancelled; @tick is called meanwhile, ten times a second. */
void  dbrctl_load_run   (DbrctlLoad *self,
                         void      (*tick)(DbrctlLoad *load,
                                           gpointer    user_data),
                         gpointer    user_data);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrctlLoad, dbrctl_load_clear)

G_END_DECLS
