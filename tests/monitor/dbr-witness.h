/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-scene.h"

G_BEGIN_DECLS

/* All times of a monitor in a test are this part of those that ship. */
#define WITNESS_SCALE 50u
/* What a test waits for that takes a stall and more. */
#define WITNESS_PATIENCE_MS 30000

/* Who is told by a monitor, and notes it: one word a signal, and a line with its owners. */
typedef struct
{
  DbrServiceMonitor *monitor;
  GString           *told;
  GPtrArray         *owners;
  guint              n_told;
  gint64             last_usec;
  guint              n_own_stalls;
} Witness;

/* A monitor of the scene's peer with all times scaled, which reads a property that is quick. */
Witness *witness_new       (DbrClient  *client,
                            const char *bus_name) G_GNUC_WARN_UNUSED_RESULT;
/* One that is as it ships. */
Witness *witness_new_plain (DbrClient  *client,
                            const char *bus_name) G_GNUC_WARN_UNUSED_RESULT;
void     witness_free      (Witness    *self);
/* Starts it and waits until it is healthy. */
void     witness_start     (Witness    *self);
void     witness_wait_state (Witness         *self,
                             DbrServiceState  state);
/* Waits until so much was told since the last look, and compares. */
void     witness_expect    (Witness    *self,
                            const char *told);
/* Iterates for so long; for what must not happen meanwhile. */
void     witness_idle      (Witness    *self,
                            guint       ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Witness, witness_free)

G_END_DECLS
