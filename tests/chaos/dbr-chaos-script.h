/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-chaos-proxy.h"

G_BEGIN_DECLS

/* All that goes wrong in a run, and when. One seed makes one script. */

typedef enum
{
  /* weather, while it lasts */
  CHAOS_FAULT_DELAY,
  CHAOS_FAULT_SPLIT,
  CHAOS_FAULT_THROTTLE,
  CHAOS_FAULT_FREEZE,
  CHAOS_FAULT_BRITTLE,
  /* strikes, once */
  CHAOS_FAULT_CUT,
  CHAOS_FAULT_TRUNCATE,
  CHAOS_FAULT_HALF_CLOSE,
  CHAOS_FAULT_CORRUPT,
  /* processes; what was killed is started again at the end */
  CHAOS_FAULT_PEER_STOP,
  CHAOS_FAULT_PEER_KILL,
  CHAOS_FAULT_BUS_STOP,
  CHAOS_FAULT_BUS_KILL,
  CHAOS_N_FAULTS,
} ChaosFaultKind;

typedef struct
{
  ChaosFaultKind kind;
  guint          at_ms;
  guint          lasts_ms;

  /* one of both ways, or the peer */
  guint          place;
  guint          amount;
  ChaosStrike    strike;
} ChaosFault;

/* Storms of several faults, and calm between them. The last storm is over before @ms. */
GArray     *chaos_script_new         (guint32           seed,
                                      guint             ms,
                                      guint             n_peers) G_GNUC_WARN_UNUSED_RESULT;

const char *chaos_fault_get_name     (ChaosFaultKind    kind);
gboolean    chaos_fault_is_weather   (const ChaosFault *self);
gboolean    chaos_fault_is_strike    (const ChaosFault *self);
gboolean    chaos_fault_is_process   (const ChaosFault *self);
void        chaos_fault_make_weather (const ChaosFault *self,
                                      ChaosWeather     *weather);
char       *chaos_fault_to_text      (const ChaosFault *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
