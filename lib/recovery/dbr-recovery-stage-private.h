/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-recovery-ladder-private.h"

G_BEGIN_DECLS

/* One of those that ship, which ends its attempts by itself and not by a signal. */
DbrRecoveryStage *dbr_recovery_stage_new_built_in (const DbrRung      *rung,
                                                   guint               timeout_ms) G_GNUC_WARN_UNUSED_RESULT;

/* What is set now. The name is lent by the stage. */
void              dbr_recovery_stage_get_rung (DbrRecoveryStage   *self,
                                               DbrRung            *rung);
gboolean          dbr_recovery_stage_check    (DbrRecoveryStage   *self,
                                               GError            **error);
/* In the context of the recovery. */
void              dbr_recovery_stage_perform  (DbrRecoveryStage   *self,
                                               DbrRecoveryAttempt *attempt);

G_END_DECLS
