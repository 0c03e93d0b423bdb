/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-round-private.h"

#include "base/dbr-fork-private.h"

static GMutex mutex;

/* guarded by mutex; each has a reference */
static GPtrArray *cores;
static gint64 ticked_usec;

/* No more than one round in this time: what is due soon has been done by then. */
#define ROUND_USEC (G_USEC_PER_SEC / 10)

static void
guard_once (void)
{
  static gsize is_guarded = 0;

  if (g_once_init_enter (&is_guarded))
    {
      dbr_fork_guard (&mutex);
      g_once_init_leave (&is_guarded, 1);
    }
}

void
dbr_monitor_round_join (DbrMonitorCore *core)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  guard_once ();
  locker = g_mutex_locker_new (&mutex);
  if (cores == NULL)
    cores = g_ptr_array_new ();
  g_ptr_array_add (cores, dbr_monitor_core_ref (core));
}

void
dbr_monitor_round_leave (DbrMonitorCore *core)
{
  gboolean was_there;

  g_mutex_lock (&mutex);
  was_there = cores != NULL && g_ptr_array_remove_fast (cores, core);
  g_mutex_unlock (&mutex);

  if (was_there)
    dbr_monitor_core_unref (core);
}

static GPtrArray *
steal_round (DbrMonitorCore *first)
{
  GPtrArray *round = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_monitor_core_unref);
  gint64 now = g_get_monotonic_time ();
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&mutex);

  if (cores == NULL || now - ticked_usec < ROUND_USEC)
    return round;

  ticked_usec = now;
  for (guint i = 0; i < cores->len; i++)
    if (g_ptr_array_index (cores, i) != first)
      g_ptr_array_add (round, dbr_monitor_core_ref (g_ptr_array_index (cores, i)));

  return round;
}

void
dbr_monitor_round_tick (DbrMonitorCore *first)
{
  g_autoptr(GPtrArray) round = steal_round (first);

  for (guint i = 0; i < round->len; i++)
    dbr_monitor_core_tick (g_ptr_array_index (round, i));
}
