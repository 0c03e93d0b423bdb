/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-chaos-world.h"

G_BEGIN_DECLS

/* One part of libdbr at work. All of this is done in the main thread. */
typedef struct
{
  const char *name;

  gpointer (*begin)(ChaosWorld *world);
  /* goes on with its work, every few milliseconds while things go wrong */
  void     (*act)(gpointer    actor);
  /* after that: NULL, or what is not well yet. Asked again and again; what it takes to find out may
   * be begun here, if this is calm already */
  const char *(*is_ill)(gpointer actor,
                        gboolean is_calm);
  /* once all that was begun has ended */
  void     (*check)(gpointer    actor);
  void     (*end)(gpointer    actor);
} ChaosActor;

extern const ChaosActor chaos_calls;
extern const ChaosActor chaos_values;
extern const ChaosActor chaos_signals;
extern const ChaosActor chaos_leases;
extern const ChaosActor chaos_health;
extern const ChaosActor chaos_notices;
extern const ChaosActor chaos_bluez;
extern const ChaosActor chaos_lives;
extern const ChaosActor chaos_units;

G_END_DECLS
