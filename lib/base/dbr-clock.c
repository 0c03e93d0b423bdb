/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-clock-private.h"

#include <time.h>

static gint64
system_get_monotonic (const DbrClock *self)
{
  return g_get_monotonic_time ();
}

static gint64
system_get_boottime (const DbrClock *self)
{
#ifdef CLOCK_BOOTTIME
  struct timespec now;

  if (clock_gettime (CLOCK_BOOTTIME, &now) == 0)
    return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
#endif

  return g_get_monotonic_time ();
}

static double
system_random_next (DbrRandom *self)
{
  return g_random_double ();
}

const DbrClock *
dbr_clock_get_system (void)
{
  static const DbrClock system_clock = { system_get_monotonic, system_get_boottime };

  return &system_clock;
}

DbrRandom *
dbr_random_get_system (void)
{
  static DbrRandom system_random = { system_random_next };

  return &system_random;
}
