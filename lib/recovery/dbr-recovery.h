/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "monitor/dbr-service-monitor.h"
#include "recovery/dbr-recovery-stage.h"
#include "recovery/dbr-state-tracker.h"

G_BEGIN_DECLS

#define DBR_TYPE_RECOVERY_RESULT (dbr_recovery_result_get_type ())
#define DBR_TYPE_RECOVERY (dbr_recovery_get_type ())

/**
 * DbrRecoveryResult:
 * @DBR_RECOVERY_RESULT_RECOVERED: it works again
 * @DBR_RECOVERY_RESULT_FAILED: what was tried has not helped, or what is wrong could not be found out
 * @DBR_RECOVERY_RESULT_RATE_LIMITED: nothing was tried, as it was too often of late
 * @DBR_RECOVERY_RESULT_NOT_ALLOWED: nothing was tried, as what would help is not allowed
 * @DBR_RECOVERY_RESULT_NOT_NEEDED: nothing is to be done: it works, or somebody has frozen it on
 *   purpose
 *
 * What became of a recovery.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_RECOVERY_RESULT_RECOVERED,
  DBR_RECOVERY_RESULT_FAILED,
  DBR_RECOVERY_RESULT_RATE_LIMITED,
  DBR_RECOVERY_RESULT_NOT_ALLOWED,
  DBR_RECOVERY_RESULT_NOT_NEEDED,
} DbrRecoveryResult;

DBR_AVAILABLE_IN_0_1
GType dbr_recovery_result_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrRecovery, dbr_recovery, DBR, RECOVERY, GObject)

DBR_AVAILABLE_IN_0_1
DbrRecovery       *dbr_recovery_new                (DbrServiceMonitor    *monitor,
                                                    DbrStateTracker      *tracker) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrServiceMonitor *dbr_recovery_get_monitor        (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
DbrStateTracker   *dbr_recovery_get_tracker        (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
DbrRecoveryScope   dbr_recovery_get_allowed        (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
void               dbr_recovery_set_allowed        (DbrRecovery          *self,
                                                    DbrRecoveryScope      allowed);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_recovery_get_dry_run        (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
void               dbr_recovery_set_dry_run        (DbrRecovery          *self,
                                                    gboolean              dry_run);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_recovery_get_running        (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
GListModel        *dbr_recovery_get_history        (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
GListModel        *dbr_recovery_get_target_history (DbrRecovery          *self,
                                                    const char           *target) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GListModel        *dbr_recovery_get_stages         (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
DbrRecoveryStage  *dbr_recovery_get_stage          (DbrRecovery          *self,
                                                    const char           *name);

DBR_AVAILABLE_IN_0_1
gboolean           dbr_recovery_add_stage          (DbrRecovery          *self,
                                                    DbrRecoveryStage     *stage,
                                                    GError              **error);

DBR_AVAILABLE_IN_0_1
void               dbr_recovery_plan_async         (DbrRecovery          *self,
                                                    const char           *target,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
DBR_AVAILABLE_IN_0_1
GListModel        *dbr_recovery_plan_finish        (DbrRecovery          *self,
                                                    GAsyncResult         *result,
                                                    GError              **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GListModel        *dbr_recovery_plan_sync          (DbrRecovery          *self,
                                                    const char           *target,
                                                    GCancellable         *cancellable,
                                                    GError              **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void               dbr_recovery_recover_async      (DbrRecovery          *self,
                                                    const char           *target,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
DBR_AVAILABLE_IN_0_1
DbrRecoveryResult  dbr_recovery_recover_finish     (DbrRecovery          *self,
                                                    GAsyncResult         *result,
                                                    GError              **error);
DBR_AVAILABLE_IN_0_1
DbrRecoveryResult  dbr_recovery_recover_sync       (DbrRecovery          *self,
                                                    const char           *target,
                                                    GCancellable         *cancellable,
                                                    GError              **error);

DBR_AVAILABLE_IN_0_1
void               dbr_recovery_attach             (DbrRecovery          *self);
DBR_AVAILABLE_IN_0_1
void               dbr_recovery_detach             (DbrRecovery          *self);

G_END_DECLS
