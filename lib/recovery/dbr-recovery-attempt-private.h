/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-recovery-attempt.h"

G_BEGIN_DECLS

/* Called once, in whatever thread the answer is given or the attempt is dropped in, with no lock
 * held; @error is NULL for a success. */
typedef void (*DbrRecoveryAttemptFunc) (const GError *error,
                                        gpointer      user_data);

DbrRecoveryAttempt *dbr_recovery_attempt_new (const char             *target,
                                              DbrServiceMonitor      *monitor,
                                              GCancellable           *cancellable,
                                              DbrRecoveryAttemptFunc  answered,
                                              gpointer                user_data,
                                              GDestroyNotify          destroy) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
