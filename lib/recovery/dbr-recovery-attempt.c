/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-attempt-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/**
 * DbrRecoveryAttempt:
 *
 * One time that a stage tries to make something work again.
 *
 * The stage answers it, at once or later, from any thread: the first answer counts. One that nobody
 * keeps any more has failed, and so has one that was not answered within
 * [property@RecoveryStage:timeout-ms]; its [property@RecoveryAttempt:cancellable] is cancelled then.
 *
 * Since: 0.1
 */
struct _DbrRecoveryAttempt
{
  GObject                 parent_instance;

  /* identity */
  char                   *target;
  DbrServiceMonitor      *monitor;
  GCancellable           *cancellable;
  DbrRecoveryAttemptFunc  answered;
  gpointer                user_data;
  GDestroyNotify          destroy;

  /* atomic */
  gint                    is_answered;
};

enum
{
  PROP_0,
  PROP_TARGET,
  PROP_MONITOR,
  PROP_CANCELLABLE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrRecoveryAttempt, dbr_recovery_attempt, G_TYPE_OBJECT)

static void
dbr_recovery_attempt_answer (DbrRecoveryAttempt *self,
                             const GError       *error)
{
  if (g_atomic_int_compare_and_exchange (&self->is_answered, FALSE, TRUE) && self->answered != NULL)
    self->answered (error, self->user_data);
}

static void
dbr_recovery_attempt_finalize (GObject *object)
{
  DbrRecoveryAttempt *self = DBR_RECOVERY_ATTEMPT (object);
  g_autoptr(GError) error = g_error_new (DBR_ERROR, DBR_ERROR_CLOSED,
                                         _("The stage has dropped its attempt without an answer"));

  dbr_recovery_attempt_answer (self, error);
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->monitor);
  g_clear_pointer (&self->target, g_free);

  G_OBJECT_CLASS (dbr_recovery_attempt_parent_class)->finalize (object);
}

static void
dbr_recovery_attempt_get_property (GObject    *object,
                                   guint       prop_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  DbrRecoveryAttempt *self = DBR_RECOVERY_ATTEMPT (object);

  switch (prop_id)
    {
    case PROP_TARGET:
      g_value_set_string (value, self->target);
      break;

    case PROP_MONITOR:
      g_value_set_object (value, self->monitor);
      break;

    case PROP_CANCELLABLE:
      g_value_set_object (value, self->cancellable);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_recovery_attempt_class_init (DbrRecoveryAttemptClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_recovery_attempt_finalize;
  object_class->get_property = dbr_recovery_attempt_get_property;

  /**
   * DbrRecoveryAttempt:target: (getter get_target)
   *
   * What is to work again: the address of a device or an adapter, empty for the service.
   *
   * Since: 0.1
   */
  properties[PROP_TARGET] =
    g_param_spec_string ("target", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecoveryAttempt:monitor: (getter get_monitor)
   *
   * The monitor of the service.
   *
   * Since: 0.1
   */
  properties[PROP_MONITOR] =
    g_param_spec_object ("monitor", NULL, NULL,
                         DBR_TYPE_SERVICE_MONITOR,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecoveryAttempt:cancellable: (getter get_cancellable)
   *
   * Cancelled when nobody waits for the answer any more: pass it to what the stage does.
   *
   * Since: 0.1
   */
  properties[PROP_CANCELLABLE] =
    g_param_spec_object ("cancellable", NULL, NULL,
                         G_TYPE_CANCELLABLE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_recovery_attempt_init (DbrRecoveryAttempt *self)
{
}

DbrRecoveryAttempt *
dbr_recovery_attempt_new (const char             *target,
                          DbrServiceMonitor      *monitor,
                          GCancellable           *cancellable,
                          DbrRecoveryAttemptFunc  answered,
                          gpointer                user_data,
                          GDestroyNotify          destroy)
{
  DbrRecoveryAttempt *self = g_object_new (DBR_TYPE_RECOVERY_ATTEMPT, NULL);

  self->target = g_strdup (target);
  self->monitor = g_object_ref (monitor);
  self->cancellable = g_object_ref (cancellable);
  self->answered = answered;
  self->user_data = user_data;
  self->destroy = destroy;

  return self;
}

/**
 * dbr_recovery_attempt_get_target: (get-property target)
 * @self: an attempt
 *
 * Gets what is to work again.
 *
 * Returns: the address of a device or an adapter, empty for the service
 *
 * Since: 0.1
 */
const char *
dbr_recovery_attempt_get_target (DbrRecoveryAttempt *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_ATTEMPT (self), NULL);

  return self->target;
}

/**
 * dbr_recovery_attempt_get_monitor: (get-property monitor)
 * @self: an attempt
 *
 * Gets the monitor of the service.
 *
 * Returns: (transfer none): the monitor
 *
 * Since: 0.1
 */
DbrServiceMonitor *
dbr_recovery_attempt_get_monitor (DbrRecoveryAttempt *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_ATTEMPT (self), NULL);

  return self->monitor;
}

/**
 * dbr_recovery_attempt_get_cancellable: (get-property cancellable)
 * @self: an attempt
 *
 * Gets what is cancelled when nobody waits for the answer any more.
 *
 * Returns: (transfer none): the cancellable
 *
 * Since: 0.1
 */
GCancellable *
dbr_recovery_attempt_get_cancellable (DbrRecoveryAttempt *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_ATTEMPT (self), NULL);

  return self->cancellable;
}

/**
 * dbr_recovery_attempt_succeed:
 * @self: an attempt
 *
 * Says that it is done. Whether it has helped is seen from the service then.
 *
 * Since: 0.1
 */
void
dbr_recovery_attempt_succeed (DbrRecoveryAttempt *self)
{
  g_return_if_fail (DBR_IS_RECOVERY_ATTEMPT (self));

  dbr_recovery_attempt_answer (self, NULL);
}

/**
 * dbr_recovery_attempt_fail:
 * @self: an attempt
 * @error: why
 *
 * Says that it could not be done.
 *
 * Since: 0.1
 */
void
dbr_recovery_attempt_fail (DbrRecoveryAttempt *self,
                           const GError       *error)
{
  g_return_if_fail (DBR_IS_RECOVERY_ATTEMPT (self));
  g_return_if_fail (error != NULL);

  dbr_recovery_attempt_answer (self, error);
}
