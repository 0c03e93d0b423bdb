/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-recovery-core-private.h"

G_BEGIN_DECLS

/* One recovery of one target, for all who ask for it meanwhile. All of it happens on dbr-io. */
struct _DbrRecoveryRun
{
  gatomicrefcount    ref_count;

  /* identity */
  DbrRecoveryCore   *core;
  DbrServiceMonitor *monitor;
  char              *target;
  /* of the wall clock, and of one that nobody sets */
  gint64             began_usec;
  gint64             began_monotonic_usec;

  /* on dbr-io only */
  GObject           *recovery;
  GPtrArray         *stages;
  guint              position;
  DbrTrouble         trouble;
  /* that it is about, as far as is known */
  char              *adapter;
  gboolean           is_cancelled;
  /* of this stage, of all, and how often what is wrong has become something else */
  guint              n_tries;
  guint              n_attempts;
  guint              n_turns;
  gboolean           was_limited;
  GError            *last_error;

  /* the attempt, or what is done before and between: what is of an earlier step counts for nothing */
  guint              step;
  GCancellable      *cancellable;
  GSource           *source;
  gboolean           is_attempting;
  DbrRecoveryStage  *stage;
  guint              attempt;
  gint64             attempt_usec;
  gint64             deadline_usec;
  gssize             old_pid;
  /* the adapters that are to be back after it, NULL if it takes none away */
  GStrv              adapters;
  /* it is noted what there was before, and whether this stage may have taken it away */
  gboolean           is_marked;
  gboolean           is_wide;

  /* guarded by the core's mutex */
  GPtrArray         *waiters;
  guint              n_waiting;
  DbrRecoveryResult  result;
};

/* One step of a run, for what ends later. */
typedef struct
{
  DbrRecoveryRun *run;
  guint           number;
  GError         *error;
} DbrRecoveryStep;

DbrRecoveryStep *dbr_recovery_step_new        (DbrRecoveryRun        *run) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_recovery_step_free       (DbrRecoveryStep       *self);
gboolean         dbr_recovery_step_is_current (const DbrRecoveryStep *self);

/* Whatever the last step began may end as it likes. */
void             dbr_recovery_run_begin_step  (DbrRecoveryRun        *self);
void             dbr_recovery_run_start_timer (DbrRecoveryRun        *self,
                                               guint                  ms,
                                               GSourceFunc            callback);
/* What it is about, for a person. */
const char      *dbr_recovery_run_get_subject (DbrRecoveryRun        *self);
/* So much was put back behind the stage. */
void             dbr_recovery_run_tell_replay (DbrRecoveryRun        *self,
                                               GListModel            *report);
/* The attempt is over; NULL for a success. */
void             dbr_recovery_run_conclude    (DbrRecoveryRun        *self,
                                               const GError          *error);
/* It has helped, and now something else is wrong, as @error says. */
void             dbr_recovery_run_turn        (DbrRecoveryRun        *self,
                                               DbrTrouble             trouble,
                                               const GError          *error);

/* In dbr-recovery-act.c: one attempt, and whether it is seen to have helped. */
void             dbr_recovery_run_attempt     (DbrRecoveryRun        *self,
                                               DbrRecoveryStage      *stage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRecoveryStep, dbr_recovery_step_free)

G_END_DECLS
