/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "monitor/dbr-service-monitor.h"

G_BEGIN_DECLS

#define DBR_TYPE_RECOVERY_ATTEMPT (dbr_recovery_attempt_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrRecoveryAttempt, dbr_recovery_attempt, DBR, RECOVERY_ATTEMPT, GObject)

DBR_AVAILABLE_IN_0_1
const char        *dbr_recovery_attempt_get_target      (DbrRecoveryAttempt *self);
DBR_AVAILABLE_IN_0_1
DbrServiceMonitor *dbr_recovery_attempt_get_monitor     (DbrRecoveryAttempt *self);
DBR_AVAILABLE_IN_0_1
GCancellable      *dbr_recovery_attempt_get_cancellable (DbrRecoveryAttempt *self);

DBR_AVAILABLE_IN_0_1
void               dbr_recovery_attempt_succeed         (DbrRecoveryAttempt *self);
DBR_AVAILABLE_IN_0_1
void               dbr_recovery_attempt_fail            (DbrRecoveryAttempt *self,
                                                         const GError       *error);

G_END_DECLS
