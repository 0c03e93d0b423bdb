/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"

G_BEGIN_DECLS

#define MS G_GINT64_CONSTANT (1000)
#define S G_GINT64_CONSTANT (1000000)

/* Time and chance as a test wants them. */
typedef struct
{
  DbrClock  clock;
  gint64    now;
  gint64    suspended;
  DbrRandom random;
  double    chance;
} World;

static gint64
world_get_monotonic (const DbrClock *clock)
{
  return ((const World *) clock)->now;
}

static gint64
world_get_boottime (const DbrClock *clock)
{
  return ((const World *) clock)->now + ((const World *) clock)->suspended;
}

static double
world_next (DbrRandom *random_source)
{
  return ((World *) (void *) ((char *) random_source - G_STRUCT_OFFSET (World, random)))->chance;
}

static inline void
world_init (World *world)
{
  *world = (World) {
    .clock = { world_get_monotonic, world_get_boottime },
    .now = 1000 * S,
    .random = { world_next },
  };
}

G_END_DECLS
