/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-soak-load.h"

G_BEGIN_DECLS

#define SOAK_LIMIT_MS 1000
#define SOAK_N_JOBS 15
#define SOAK_N_THREADS 4

typedef struct _SoakJob SoakJob;
typedef void (*SoakJobFunc) (SoakJob *job);

/* One thing that is done over and over, by so many at once at most. */
struct _SoakJob
{
  const char *name;
  guint       period_ms;
  guint       n_abreast;
  SoakJobFunc begin;

  SoakLoad   *load;
  guint       source_id;
  guint       n_begun;
  guint       n_open;
  guint64     n_done;
  guint64     n_failed;
  GError     *last_error;
};

struct _SoakLoad
{
  DbrTestBus        *bus;
  SoakJob            jobs[SOAK_N_JOBS];

  DbrClient         *client;
  DbrPool           *pool;
  DbrProxy          *proxy;
  DbrSubscription   *subscription;
  DbrServiceMonitor *monitor;
  DbrBluezMonitor   *bluez;
  DbrStateTracker   *tracker;
  DbrRecovery       *recovery;
  DbrNotifier       *notifier;
  DbrNotifier       *helper_notifier;
  guint64            n_heard;
  guint              last_notice;

  GThread           *threads[SOAK_N_THREADS];
  GMutex             mutex;
  GCond              cond;

  /* guarded by mutex */
  gboolean           is_held;
  gboolean           is_over;
  guint              n_busy;
  guint64            n_sync;
  guint64            n_sync_failed;
};

/* NULL while BlueZ is away. */
DbrBluezDevice *soak_load_dup_device (SoakLoad *self) G_GNUC_WARN_UNUSED_RESULT;

/* Begins what is done over and over, or ends it. */
void            soak_jobs_begin      (SoakLoad *load);
void            soak_jobs_end        (SoakLoad *load);

G_END_DECLS
