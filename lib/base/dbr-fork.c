/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-fork-private.h"

#include <pthread.h>

#define MAX_GUARDED 8

/* Written only in a child before it has a second thread, and so read without a lock. Comparing
 * numbers instead of process ids saves a system call on the way of each call. */
static guint generation;

static GMutex guard_mutex;
/* guarded by guard_mutex */
static GMutex *guarded[MAX_GUARDED];
static guint n_guarded;

static void
prepare_cb (void)
{
  g_mutex_lock (&guard_mutex);
  for (guint i = 0; i < n_guarded; i++)
    g_mutex_lock (guarded[i]);
}

static void
parent_cb (void)
{
  for (guint i = 0; i < n_guarded; i++)
    g_mutex_unlock (guarded[i]);
  g_mutex_unlock (&guard_mutex);
}

static void
child_cb (void)
{
  generation++;
  parent_cb ();
}

guint
dbr_fork_get_generation (void)
{
  static gsize is_watched = 0;

  if (g_once_init_enter (&is_watched))
    {
      pthread_atfork (prepare_cb, parent_cb, child_cb);
      g_once_init_leave (&is_watched, 1);
    }

  return generation;
}

/* fork() waits until nobody holds it. It may be given more than once, but not while it is held. */
void
dbr_fork_guard (GMutex *mutex)
{
  gboolean is_known = FALSE;

  dbr_fork_get_generation ();

  g_mutex_lock (&guard_mutex);
  for (guint i = 0; i < n_guarded; i++)
    is_known = is_known || guarded[i] == mutex;

  if (!is_known)
    {
      g_assert (n_guarded < MAX_GUARDED);
      guarded[n_guarded++] = mutex;
    }
  g_mutex_unlock (&guard_mutex);
}
