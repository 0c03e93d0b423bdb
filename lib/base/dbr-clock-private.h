/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DbrClock DbrClock;
typedef struct _DbrRandom DbrRandom;

/* Where time comes from. A test puts a clock of its own here. Limits and windows run on the
 * monotonic clock; the boottime clock goes on while the machine is suspended, and so tells that it
 * was. */
struct _DbrClock
{
  gint64 (*get_monotonic) (const DbrClock *self);
  gint64 (*get_boottime)  (const DbrClock *self);
};

/* Where chance comes from: numbers of at least 0 and less than 1. */
struct _DbrRandom
{
  double (*next) (DbrRandom *self);
};

const DbrClock *dbr_clock_get_system    (void);
DbrRandom      *dbr_random_get_system   (void);

static inline gint64
dbr_clock_get_monotonic (const DbrClock *self)
{
  return self->get_monotonic (self);
}

static inline gint64
dbr_clock_get_boottime (const DbrClock *self)
{
  return self->get_boottime (self);
}

static inline double
dbr_random_next (DbrRandom *self)
{
  return self->next (self);
}

G_END_DECLS
