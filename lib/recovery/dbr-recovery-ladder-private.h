/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-recovery-stage.h"

G_BEGIN_DECLS

/* For how long nothing is tried after everything was. */
#define DBR_LADDER_SILENCE_USEC (300 * (gint64) G_USEC_PER_SEC)
/* More attempts than that are kept of no stage. */
#define DBR_LADDER_MAX_ATTEMPTS 1000

/* What was found to be wrong, which decides where the ladder is entered. */
typedef enum
{
  DBR_TROUBLE_NONE,
  /* no program has the name */
  DBR_TROUBLE_ABSENT,
  /* a program has it and does not answer: nothing is tried that goes through it */
  DBR_TROUBLE_STALLED,
  /* the same, since somebody has frozen its cgroup: who did that will thaw it */
  DBR_TROUBLE_FROZEN,
  /* The service answers, and of the target alone it is known that */
  /* it has no object for it: */
  DBR_TROUBLE_LOST,
  /* a device is not connected, or its connection is of no use, perhaps since it is away: */
  DBR_TROUBLE_APART,
  /* the controller does not do what it is told: */
  DBR_TROUBLE_CONTROLLER,
  /* the adapter is switched off, or blocked as all radio is: somebody wanted it so; */
  DBR_TROUBLE_OFF,
  DBR_TROUBLE_BLOCKED,
  /* a unit of systemd has failed */
  DBR_TROUBLE_UNIT,
} DbrTrouble;

typedef enum
{
  DBR_RUNG_RESOLVE,
  DBR_RUNG_RECONNECT,
  DBR_RUNG_POWER_CYCLE,
  DBR_RUNG_START,
  DBR_RUNG_RESTART,
  DBR_RUNG_OWN,
} DbrRungKind;

/* One stage, as the ladder sees it. */
typedef struct
{
  const char       *name;
  DbrRungKind       kind;
  DbrRecoveryScope  scope;
  /* so many attempts begin within this time at most, and within a day where that is not 0 */
  guint             max_attempts;
  gint64            window_usec;
  guint             max_a_day;
} DbrRung;

typedef struct
{
  const char       *target;
  /* that the target is or belongs to, NULL if there is none or it is not known */
  const char       *adapter;
  DbrTrouble        trouble;
  DbrRecoveryScope  allowed;
  gboolean          has_input_devices;
} DbrSituation;

typedef enum
{
  DBR_VERDICT_RUN,
  /* it would not help against this */
  DBR_VERDICT_NO_USE,
  DBR_VERDICT_NOT_ALLOWED,
  /* a person types on what it would disconnect */
  DBR_VERDICT_INPUT_DEVICES,
  DBR_VERDICT_LIMITED,
  /* everything was tried a moment ago */
  DBR_VERDICT_SILENCE,
} DbrVerdict;

typedef struct _DbrRecoveryLadder DbrRecoveryLadder;

/* What may be tried now, and what was tried before. It has no lock, clock or anyone to tell; all
 * times are monotonic.
 *
 * What a stage was used for is kept by its scope: one of a device by the target, one of an adapter by
 * that, whichever of its devices asked for it, and one of the service for the service as a whole; but
 * a unit that has failed is restarted at most three times an hour, each for itself. Nothing but time
 * gives an attempt back: not that the service has restarted, which a stage may have done itself. */
DbrRecoveryLadder *dbr_recovery_ladder_new  (void) G_GNUC_WARN_UNUSED_RESULT;
void               dbr_recovery_ladder_free (DbrRecoveryLadder  *self);

/* Where it is a matter of time, that is in @wait_usec. */
DbrVerdict         dbr_recovery_ladder_judge (DbrRecoveryLadder  *self,
                                              const DbrRung      *rung,
                                              const DbrSituation *situation,
                                              gint64              now,
                                              gint64             *wait_usec);
/* It is tried; which attempt it is of those that count still, from 1. */
guint              dbr_recovery_ladder_begin (DbrRecoveryLadder  *self,
                                              const DbrRung      *rung,
                                              const DbrSituation *situation,
                                              gint64              now);
/* All was in vain, or not. */
void               dbr_recovery_ladder_give_up   (DbrRecoveryLadder  *self,
                                                  const char         *target,
                                                  gint64              now);
void               dbr_recovery_ladder_recovered (DbrRecoveryLadder  *self,
                                                  const char         *target);

/* There is something wrong that something can be done about. */
gboolean           dbr_trouble_is_trouble        (DbrTrouble          trouble);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRecoveryLadder, dbr_recovery_ladder_free)

G_END_DECLS
