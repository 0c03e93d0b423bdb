/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "recovery/dbr-recovery-attempt.h"

G_BEGIN_DECLS

#define DBR_TYPE_RECOVERY_SCOPE (dbr_recovery_scope_get_type ())
#define DBR_TYPE_RECOVERY_STAGE (dbr_recovery_stage_get_type ())

/**
 * DbrRecoveryScope:
 * @DBR_RECOVERY_SCOPE_DEVICE: one device
 * @DBR_RECOVERY_SCOPE_ADAPTER: an adapter, and all devices that are connected to it
 * @DBR_RECOVERY_SCOPE_SERVICE_START: starts a service that does not run
 * @DBR_RECOVERY_SCOPE_SERVICE_RESTART: restarts a service, for all that use it
 * @DBR_RECOVERY_SCOPE_INPUT_DEVICES: more than one device, even while a keyboard or a mouse is
 *   connected
 *
 * Whom it affects when something is recovered.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_RECOVERY_SCOPE_DEVICE          = 1 << 0,
  DBR_RECOVERY_SCOPE_ADAPTER         = 1 << 1,
  DBR_RECOVERY_SCOPE_SERVICE_START   = 1 << 2,
  DBR_RECOVERY_SCOPE_SERVICE_RESTART = 1 << 3,
  DBR_RECOVERY_SCOPE_INPUT_DEVICES   = 1 << 4,
} DbrRecoveryScope;

DBR_AVAILABLE_IN_0_1
GType dbr_recovery_scope_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (DbrRecoveryStage, dbr_recovery_stage, DBR, RECOVERY_STAGE, GObject)

/**
 * DbrRecoveryStageClass:
 * @parent_class: the class of the parent
 * @perform: what the stage does; the default handler of [signal@RecoveryStage::perform]
 *
 * The class of stages, for those who derive one.
 *
 * Since: 0.1
 */
struct _DbrRecoveryStageClass
{
  GObjectClass parent_class;

  /**
   * DbrRecoveryStageClass::perform:
   * @self: the stage
   * @attempt: what to do it for, and where to answer
   *
   * What the stage does when it is its turn: the default handler of
   * [signal@RecoveryStage::perform].
   *
   * Since: 0.1
   */
  void (*perform) (DbrRecoveryStage   *self,
                   DbrRecoveryAttempt *attempt);

  /*< private >*/
  gpointer padding[7];
};

DBR_AVAILABLE_IN_0_1
DbrRecoveryStage *dbr_recovery_stage_new              (const char       *name,
                                                       DbrRecoveryScope  scope) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
const char       *dbr_recovery_stage_get_name         (DbrRecoveryStage *self);
DBR_AVAILABLE_IN_0_1
DbrRecoveryScope  dbr_recovery_stage_get_scope        (DbrRecoveryStage *self);
DBR_AVAILABLE_IN_0_1
guint             dbr_recovery_stage_get_timeout_ms   (DbrRecoveryStage *self);
DBR_AVAILABLE_IN_0_1
void              dbr_recovery_stage_set_timeout_ms   (DbrRecoveryStage *self,
                                                       guint             timeout_ms);
DBR_AVAILABLE_IN_0_1
guint             dbr_recovery_stage_get_max_attempts (DbrRecoveryStage *self);
DBR_AVAILABLE_IN_0_1
void              dbr_recovery_stage_set_max_attempts (DbrRecoveryStage *self,
                                                       guint             max_attempts);
DBR_AVAILABLE_IN_0_1
guint             dbr_recovery_stage_get_cooldown_ms  (DbrRecoveryStage *self);
DBR_AVAILABLE_IN_0_1
void              dbr_recovery_stage_set_cooldown_ms  (DbrRecoveryStage *self,
                                                       guint             cooldown_ms);

G_END_DECLS
