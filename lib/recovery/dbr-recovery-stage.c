/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-stage-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_MAX_ATTEMPTS 1
#define DEFAULT_COOLDOWN_MS 60000
#define ALL_SCOPES \
  (DBR_RECOVERY_SCOPE_DEVICE | DBR_RECOVERY_SCOPE_ADAPTER | DBR_RECOVERY_SCOPE_SERVICE_START \
   | DBR_RECOVERY_SCOPE_SERVICE_RESTART)

/**
 * DbrRecoveryStage:
 *
 * Something that can be done to make a service work again.
 *
 * Those that ship are in [property@Recovery:stages]. One of a program's own does its work in
 * [signal@RecoveryStage::perform]: connect to that, or derive a class and override it.
 *
 * ```python
 * class Unplug(Dbr.RecoveryStage):
 *     def do_perform(self, attempt):
 *         hub.power_cycle(on_done=lambda: attempt.succeed())
 *
 * recovery.add_stage(Unplug(name='unplug', scope=Dbr.RecoveryScope.ADAPTER))
 * ```
 *
 * What it says is not the last word: it has succeeded when the service is seen to work.
 *
 * Since: 0.1
 */

typedef struct
{
  /* identity */
  char             *name;
  DbrRecoveryScope  scope;
  DbrRungKind       kind;
  guint             max_a_day;

  GMutex            mutex;

  /* guarded by mutex */
  guint             timeout_ms;
  guint             max_attempts;
  guint             cooldown_ms;
} DbrRecoveryStagePrivate;

enum
{
  PROP_0,
  PROP_NAME,
  PROP_SCOPE,
  PROP_TIMEOUT_MS,
  PROP_MAX_ATTEMPTS,
  PROP_COOLDOWN_MS,
  N_PROPS
};

enum
{
  SIGNAL_PERFORM,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FLAGS_TYPE (DbrRecoveryScope, dbr_recovery_scope,
                     G_DEFINE_ENUM_VALUE (DBR_RECOVERY_SCOPE_DEVICE, "device"),
                     G_DEFINE_ENUM_VALUE (DBR_RECOVERY_SCOPE_ADAPTER, "adapter"),
                     G_DEFINE_ENUM_VALUE (DBR_RECOVERY_SCOPE_SERVICE_START, "service-start"),
                     G_DEFINE_ENUM_VALUE (DBR_RECOVERY_SCOPE_SERVICE_RESTART, "service-restart"),
                     G_DEFINE_ENUM_VALUE (DBR_RECOVERY_SCOPE_INPUT_DEVICES, "input-devices"))

G_DEFINE_TYPE_WITH_PRIVATE (DbrRecoveryStage, dbr_recovery_stage, G_TYPE_OBJECT)

static inline DbrRecoveryStagePrivate *
priv_of (DbrRecoveryStage *self)
{
  return dbr_recovery_stage_get_instance_private (self);
}

static guint
dbr_recovery_stage_read (DbrRecoveryStage *self,
                         const guint      *field)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&priv_of (self)->mutex);

  return *field;
}

static void
dbr_recovery_stage_write (DbrRecoveryStage *self,
                          guint            *field,
                          guint             value,
                          guint             prop_id)
{
  DbrRecoveryStagePrivate *priv = priv_of (self);
  gboolean has_changed;

  g_mutex_lock (&priv->mutex);
  has_changed = *field != value;
  *field = value;
  g_mutex_unlock (&priv->mutex);

  if (has_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[prop_id]);
}

static void
dbr_recovery_stage_finalize (GObject *object)
{
  DbrRecoveryStagePrivate *priv = priv_of (DBR_RECOVERY_STAGE (object));

  g_clear_pointer (&priv->name, g_free);
  g_mutex_clear (&priv->mutex);

  G_OBJECT_CLASS (dbr_recovery_stage_parent_class)->finalize (object);
}

static void
dbr_recovery_stage_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  DbrRecoveryStage *self = DBR_RECOVERY_STAGE (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, dbr_recovery_stage_get_name (self));
      break;

    case PROP_SCOPE:
      g_value_set_flags (value, dbr_recovery_stage_get_scope (self));
      break;

    case PROP_TIMEOUT_MS:
      g_value_set_uint (value, dbr_recovery_stage_get_timeout_ms (self));
      break;

    case PROP_MAX_ATTEMPTS:
      g_value_set_uint (value, dbr_recovery_stage_get_max_attempts (self));
      break;

    case PROP_COOLDOWN_MS:
      g_value_set_uint (value, dbr_recovery_stage_get_cooldown_ms (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_recovery_stage_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  DbrRecoveryStage *self = DBR_RECOVERY_STAGE (object);
  DbrRecoveryStagePrivate *priv = priv_of (self);

  switch (prop_id)
    {
    case PROP_NAME:
      priv->name = g_value_dup_string (value);
      break;

    case PROP_SCOPE:
      priv->scope = g_value_get_flags (value);
      break;

    case PROP_TIMEOUT_MS:
      dbr_recovery_stage_set_timeout_ms (self, g_value_get_uint (value));
      break;

    case PROP_MAX_ATTEMPTS:
      dbr_recovery_stage_set_max_attempts (self, g_value_get_uint (value));
      break;

    case PROP_COOLDOWN_MS:
      dbr_recovery_stage_set_cooldown_ms (self, g_value_get_uint (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_recovery_stage_class_init (DbrRecoveryStageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_recovery_stage_finalize;
  object_class->get_property = dbr_recovery_stage_get_property;
  object_class->set_property = dbr_recovery_stage_set_property;

  /**
   * DbrRecoveryStage:name: (getter get_name)
   *
   * The name of the stage, which no other one of the same recovery has.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecoveryStage:scope: (getter get_scope)
   *
   * Whom it affects, all of which has to be in [property@Recovery:allowed]. The default is a device.
   *
   * Since: 0.1
   */
  properties[PROP_SCOPE] =
    g_param_spec_flags ("scope", NULL, NULL,
                        DBR_TYPE_RECOVERY_SCOPE,
                        DBR_RECOVERY_SCOPE_DEVICE,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecoveryStage:timeout-ms: (getter get_timeout_ms) (setter set_timeout_ms)
   *
   * How many milliseconds an attempt may take, until the service is seen to work. The default is
   * 30000; to restart a service may take 150000.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUT_MS] =
    g_param_spec_uint ("timeout-ms", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_TIMEOUT_MS,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrRecoveryStage:max-attempts: (getter get_max_attempts) (setter set_max_attempts)
   *
   * How many attempts may begin within [property@RecoveryStage:cooldown-ms], from 1 to 1000. The
   * default is 1.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_ATTEMPTS] =
    g_param_spec_uint ("max-attempts", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_MAX_ATTEMPTS,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrRecoveryStage:cooldown-ms: (getter get_cooldown_ms) (setter set_cooldown_ms)
   *
   * For how many milliseconds an attempt counts. The default is 60000.
   *
   * Since: 0.1
   */
  properties[PROP_COOLDOWN_MS] =
    g_param_spec_uint ("cooldown-ms", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_COOLDOWN_MS,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrRecoveryStage::perform:
   * @self: the stage
   * @attempt: what to do it for, and where to answer
   *
   * Emitted when it is this stage's turn, in the context that the recovery was made in. Stages that
   * ship do not emit it.
   *
   * The answer may come later; whoever gives it keeps @attempt until then.
   *
   * Since: 0.1
   */
  signals[SIGNAL_PERFORM] =
    g_signal_new ("perform",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  G_STRUCT_OFFSET (DbrRecoveryStageClass, perform),
                  NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  DBR_TYPE_RECOVERY_ATTEMPT);
}

static void
dbr_recovery_stage_init (DbrRecoveryStage *self)
{
  DbrRecoveryStagePrivate *priv = priv_of (self);

  g_mutex_init (&priv->mutex);
  priv->kind = DBR_RUNG_OWN;
  priv->timeout_ms = DEFAULT_TIMEOUT_MS;
  priv->max_attempts = DEFAULT_MAX_ATTEMPTS;
  priv->cooldown_ms = DEFAULT_COOLDOWN_MS;
}

/**
 * dbr_recovery_stage_new:
 * @name: a name
 * @scope: whom it affects
 *
 * Creates a stage that does what its [signal@RecoveryStage::perform] is connected to.
 *
 * Returns: (transfer full): a new stage
 *
 * Since: 0.1
 */
DbrRecoveryStage *
dbr_recovery_stage_new (const char       *name,
                        DbrRecoveryScope  scope)
{
  g_return_val_if_fail (name != NULL, NULL);

  return g_object_new (DBR_TYPE_RECOVERY_STAGE,
                       "name", name,
                       "scope", scope,
                       NULL);
}

DbrRecoveryStage *
dbr_recovery_stage_new_built_in (const DbrRung *rung,
                                 guint          timeout_ms)
{
  DbrRecoveryStage *self = dbr_recovery_stage_new (rung->name, rung->scope);
  DbrRecoveryStagePrivate *priv = priv_of (self);

  priv->kind = rung->kind;
  priv->max_a_day = rung->max_a_day;
  priv->timeout_ms = timeout_ms;
  priv->max_attempts = rung->max_attempts;
  priv->cooldown_ms = (guint) (rung->window_usec / 1000);

  return self;
}

void
dbr_recovery_stage_get_rung (DbrRecoveryStage *self,
                             DbrRung          *rung)
{
  DbrRecoveryStagePrivate *priv = priv_of (self);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&priv->mutex);

  rung->name = priv->name;
  rung->kind = priv->kind;
  rung->scope = priv->scope;
  rung->max_attempts = priv->max_attempts;
  rung->window_usec = (gint64) priv->cooldown_ms * 1000;
  rung->max_a_day = priv->max_a_day;
}

static gboolean
check_not_zero (const char  *stage,
                const char  *name,
                guint        value,
                GError     **error)
{
  if (value != 0)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("“%s” of the stage “%s” must not be 0"), name, stage);

  return FALSE;
}

gboolean
dbr_recovery_stage_check (DbrRecoveryStage  *self,
                          GError           **error)
{
  const char *name = priv_of (self)->name;
  guint timeout_ms = dbr_recovery_stage_get_timeout_ms (self);
  guint cooldown_ms = dbr_recovery_stage_get_cooldown_ms (self);
  guint max_attempts = dbr_recovery_stage_get_max_attempts (self);

  if (name == NULL || *name == '\0')
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("A stage of a recovery needs a name"));
      return FALSE;
    }
  if (priv_of (self)->scope == 0 || (priv_of (self)->scope & ~ALL_SCOPES) != 0)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("The scope of the stage “%s” says whom it affects: a device, an adapter or the "
                     "service"), name);
      return FALSE;
    }
  if (max_attempts > DBR_LADDER_MAX_ATTEMPTS)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("“max-attempts” of the stage “%s” is %u, but at most %u are counted"),
                   name, max_attempts, DBR_LADDER_MAX_ATTEMPTS);
      return FALSE;
    }

  return check_not_zero (name, "max-attempts", max_attempts, error)
         && check_not_zero (name, "timeout-ms", timeout_ms, error)
         && check_not_zero (name, "cooldown-ms", cooldown_ms, error)
         && dbr_check_timeout ("timeout-ms", timeout_ms, error)
         && dbr_check_timeout ("cooldown-ms", cooldown_ms, error);
}

void
dbr_recovery_stage_perform (DbrRecoveryStage   *self,
                            DbrRecoveryAttempt *attempt)
{
  g_signal_emit (self, signals[SIGNAL_PERFORM], 0, attempt);
}

/**
 * dbr_recovery_stage_get_name: (get-property name)
 * @self: a stage
 *
 * Gets its name.
 *
 * Returns: the name
 *
 * Since: 0.1
 */
const char *
dbr_recovery_stage_get_name (DbrRecoveryStage *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_STAGE (self), NULL);

  return priv_of (self)->name;
}

/**
 * dbr_recovery_stage_get_scope: (get-property scope)
 * @self: a stage
 *
 * Gets whom it affects.
 *
 * Returns: the scope
 *
 * Since: 0.1
 */
DbrRecoveryScope
dbr_recovery_stage_get_scope (DbrRecoveryStage *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_STAGE (self), 0);

  return priv_of (self)->scope;
}

/**
 * dbr_recovery_stage_get_timeout_ms: (get-property timeout-ms)
 * @self: a stage
 *
 * Gets how long an attempt may take.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_recovery_stage_get_timeout_ms (DbrRecoveryStage *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_STAGE (self), 0);

  return dbr_recovery_stage_read (self, &priv_of (self)->timeout_ms);
}

/**
 * dbr_recovery_stage_set_timeout_ms: (set-property timeout-ms)
 * @self: a stage
 * @timeout_ms: the time in milliseconds
 *
 * Sets how long an attempt may take.
 *
 * Since: 0.1
 */
void
dbr_recovery_stage_set_timeout_ms (DbrRecoveryStage *self,
                                   guint             timeout_ms)
{
  g_return_if_fail (DBR_IS_RECOVERY_STAGE (self));

  dbr_recovery_stage_write (self, &priv_of (self)->timeout_ms, timeout_ms, PROP_TIMEOUT_MS);
}

/**
 * dbr_recovery_stage_get_max_attempts: (get-property max-attempts)
 * @self: a stage
 *
 * Gets how many attempts may begin within its cool-down.
 *
 * Returns: the number of attempts
 *
 * Since: 0.1
 */
guint
dbr_recovery_stage_get_max_attempts (DbrRecoveryStage *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_STAGE (self), 0);

  return dbr_recovery_stage_read (self, &priv_of (self)->max_attempts);
}

/**
 * dbr_recovery_stage_set_max_attempts: (set-property max-attempts)
 * @self: a stage
 * @max_attempts: the number of attempts, from 1 to 1000
 *
 * Sets how many attempts may begin within its cool-down.
 *
 * Since: 0.1
 */
void
dbr_recovery_stage_set_max_attempts (DbrRecoveryStage *self,
                                     guint             max_attempts)
{
  g_return_if_fail (DBR_IS_RECOVERY_STAGE (self));

  dbr_recovery_stage_write (self, &priv_of (self)->max_attempts, max_attempts, PROP_MAX_ATTEMPTS);
}

/**
 * dbr_recovery_stage_get_cooldown_ms: (get-property cooldown-ms)
 * @self: a stage
 *
 * Gets for how long an attempt counts.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_recovery_stage_get_cooldown_ms (DbrRecoveryStage *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY_STAGE (self), 0);

  return dbr_recovery_stage_read (self, &priv_of (self)->cooldown_ms);
}

/**
 * dbr_recovery_stage_set_cooldown_ms: (set-property cooldown-ms)
 * @self: a stage
 * @cooldown_ms: the time in milliseconds
 *
 * Sets for how long an attempt counts.
 *
 * Since: 0.1
 */
void
dbr_recovery_stage_set_cooldown_ms (DbrRecoveryStage *self,
                                    guint             cooldown_ms)
{
  g_return_if_fail (DBR_IS_RECOVERY_STAGE (self));

  dbr_recovery_stage_write (self, &priv_of (self)->cooldown_ms, cooldown_ms, PROP_COOLDOWN_MS);
}
