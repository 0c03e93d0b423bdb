/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-incident-source-private.h"
#include "recovery/dbr-recovery-core-private.h"

G_BEGIN_DECLS

struct _DbrRecovery
{
  GObject            parent_instance;

  /* identity */
  DbrServiceMonitor *monitor;
  DbrStateTracker   *tracker;
  DbrRecoveryCore   *core;
  DbrIncidentBoard  *board;
  GMainContext      *context;
  GThread           *thread;

  /* in the context only */
  GListStore        *history;
  GListStore        *stages;
  gboolean           was_running;
  /* target -> serial of what is wrong with it */
  GHashTable        *incidents;

  /* in the context only: what it does by itself; not attached while there is no handler */
  gulong             handlers[5];
  guint              grace_ms;
  guint              pause_ms;
  gboolean           is_armed;
  /* by their targets */
  GHashTable        *efforts;
};

/* In dbr-recovery-tell.c */
void     dbr_recovery_install_signals (GType     type);
void     dbr_recovery_offer         (DbrRecovery  *self);
/* Tells what there is to tell, in the context of the recovery. */
void     dbr_recovery_deliver       (GObject      *object);
/* The same, if this thread may act for that context. */
void     dbr_recovery_settle        (DbrRecovery  *self);

/* In dbr-recovery-attach.c */
void     dbr_recovery_init_efforts  (DbrRecovery  *self);
void     dbr_recovery_stop_acting   (DbrRecovery  *self);
/* For tests: parts of the pauses that ship. Before it is attached. */
void     dbr_recovery_set_pauses    (DbrRecovery  *self,
                                     guint         grace_ms,
                                     guint         pause_ms);

G_END_DECLS
