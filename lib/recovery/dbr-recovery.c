/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-client-private.h"
#include "recovery/dbr-recovery-target-private.h"

#define MINUTE_USEC (60 * (gint64) G_USEC_PER_SEC)
/* To start or restart a unit may take two minutes; then it has to be seen to work. */
#define SERVICE_TIMEOUT_MS 150000
/* An object is searched for for ten seconds; a device may take 45 to connect, and an adapter as long
 * to be switched off and on. */
#define RESOLVE_TIMEOUT_MS 30000
#define RECONNECT_TIMEOUT_MS 70000
#define POWER_CYCLE_TIMEOUT_MS 90000

/**
 * DbrRecovery:
 *
 * Makes a service work again, by what is allowed and no more.
 *
 * It climbs a ladder of stages, from what affects few to what affects many: each is tried so often
 * within a time, and has helped when the service is seen to work.
 *
 * ```c
 * g_autoptr(DbrRecovery) recovery = dbr_recovery_new (monitor, NULL);
 *
 * dbr_recovery_set_allowed (recovery, DBR_RECOVERY_SCOPE_SERVICE_START
 *                                     | DBR_RECOVERY_SCOPE_SERVICE_RESTART);
 * dbr_recovery_recover_async (recovery, "", NULL, recovered_cb, NULL);
 * ```
 *
 * ## What it does
 *
 * First the service is asked whether anything is wrong at all. A service that is absent is started:
 * by the bus, which needs no permission, else by systemd. One that does not answer is restarted by
 * systemd, and nothing is tried that would go through it. One whose cgroup somebody has frozen is
 * left alone. Of BlueZ a device that is not there is looked for by its address and searched for, one
 * that is not connected is connected; and where the controller is at fault the adapter is switched
 * off and on, behind its devices. Of a stage of the program's own see [class@RecoveryStage].
 *
 * | stage | scope | how often |
 * | --- | --- | --- |
 * | `resolve` | `DEVICE` | three times a minute |
 * | `reconnect` | `DEVICE` | three times a minute |
 * | `power-cycle` | `ADAPTER` | once in five minutes |
 * | `start` | `SERVICE_START` | once a minute |
 * | `restart` | `SERVICE_RESTART` | once in 15 minutes, three times a day |
 *
 * When all has failed it gives up, and leaves the service alone for five minutes. Attempts are given
 * back by time only, not by a restart that was its own doing.
 *
 * ## Asking first
 *
 * Of scopes only `DEVICE` is allowed by default: what ends other programs' work is to be allowed by
 * the one who knows, in [property@Recovery:allowed]. [method@Recovery.plan_async] tells what would be
 * done, and with [property@Recovery:dry-run] nothing is.
 *
 * Only a unit is touched that really is the service: the main process of the unit has the name, or
 * the unit was made to have it.
 *
 * ## What was there before
 *
 * What affects more than one device takes things away. With a [class@StateTracker] they are noted
 * before, and what was lost is put back behind it: devices are connected again, searches go on, and
 * so does all that this program has asked BlueZ for.
 *
 * ## Targets
 *
 * A target is empty for the service; with a [class@BluezMonitor] the address of a device or an
 * adapter, with a [class@SystemdMonitor] the name of a unit. Whoever asks for one that is being
 * recovered already gets the same result.
 *
 * ## Threads
 *
 * Any thread may call. Signals are emitted, stages of the program's own performed and lists changed
 * in the context that the recovery was made in; all else goes on without it.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_MONITOR,
  PROP_TRACKER,
  PROP_ALLOWED,
  PROP_RUNNING,
  PROP_HISTORY,
  PROP_DRY_RUN,
  PROP_STAGES,
  N_PROPS
};

static const struct
{
  DbrRung rung;
  guint   timeout_ms;
} shipped[] = {
  { { "resolve", DBR_RUNG_RESOLVE, DBR_RECOVERY_SCOPE_DEVICE, 3, MINUTE_USEC, 0 },
    RESOLVE_TIMEOUT_MS },
  { { "reconnect", DBR_RUNG_RECONNECT, DBR_RECOVERY_SCOPE_DEVICE, 3, MINUTE_USEC, 0 },
    RECONNECT_TIMEOUT_MS },
  { { "power-cycle", DBR_RUNG_POWER_CYCLE, DBR_RECOVERY_SCOPE_ADAPTER, 1, 5 * MINUTE_USEC, 0 },
    POWER_CYCLE_TIMEOUT_MS },
  { { "start", DBR_RUNG_START, DBR_RECOVERY_SCOPE_SERVICE_START, 1, MINUTE_USEC, 0 },
    SERVICE_TIMEOUT_MS },
  { { "restart", DBR_RUNG_RESTART, DBR_RECOVERY_SCOPE_SERVICE_RESTART, 1, 15 * MINUTE_USEC, 3 },
    SERVICE_TIMEOUT_MS },
};

static GParamSpec *properties[N_PROPS];

static void dbr_recovery_incident_source_init (DbrIncidentSourceInterface *iface);

G_DEFINE_ENUM_TYPE (DbrRecoveryResult, dbr_recovery_result,
                    G_DEFINE_ENUM_VALUE (DBR_RECOVERY_RESULT_RECOVERED, "recovered"),
                    G_DEFINE_ENUM_VALUE (DBR_RECOVERY_RESULT_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (DBR_RECOVERY_RESULT_RATE_LIMITED, "rate-limited"),
                    G_DEFINE_ENUM_VALUE (DBR_RECOVERY_RESULT_NOT_ALLOWED, "not-allowed"),
                    G_DEFINE_ENUM_VALUE (DBR_RECOVERY_RESULT_NOT_NEEDED, "not-needed"))

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrRecovery, dbr_recovery, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_INCIDENT_SOURCE,
                                                      dbr_recovery_incident_source_init))

static DbrIncidentBoard *
dbr_recovery_get_board (DbrIncidentSource *source)
{
  return DBR_RECOVERY (source)->board;
}

static void
dbr_recovery_incident_source_init (DbrIncidentSourceInterface *iface)
{
  iface->get_board = dbr_recovery_get_board;
}

/* The class */

static void
dbr_recovery_constructed (GObject *object)
{
  DbrRecovery *self = DBR_RECOVERY (object);

  self->core = dbr_recovery_core_new (object, self->monitor, self->tracker, dbr_recovery_deliver);
  for (gsize i = 0; i < G_N_ELEMENTS (shipped); i++)
    {
      g_autoptr(DbrRecoveryStage) stage = dbr_recovery_stage_new_built_in (&shipped[i].rung,
                                                                           shipped[i].timeout_ms);

      g_ptr_array_add (self->core->stages, g_object_ref (stage));
      g_list_store_append (self->stages, stage);
    }
  dbr_recovery_offer (self);

  G_OBJECT_CLASS (dbr_recovery_parent_class)->constructed (object);
}

static void
dbr_recovery_dispose (GObject *object)
{
  DbrRecovery *self = DBR_RECOVERY (object);

  dbr_recovery_stop_acting (self);
  if (DBR_IS_INCIDENT_SOURCE (self->monitor))
    dbr_incident_board_withdraw (dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (self->monitor)),
                                 "recover");
  /* In a child of fork() the locks may be held by threads that are not there. */
  if (dbr_client_check_process (dbr_service_monitor_get_client (self->monitor), NULL))
    dbr_recovery_core_close (self->core);
  dbr_incident_board_close (self->board);

  G_OBJECT_CLASS (dbr_recovery_parent_class)->dispose (object);
}

static void
dbr_recovery_finalize (GObject *object)
{
  DbrRecovery *self = DBR_RECOVERY (object);

  g_clear_pointer (&self->core, dbr_recovery_core_unref);
  g_clear_pointer (&self->board, dbr_incident_board_unref);
  g_clear_pointer (&self->incidents, g_hash_table_unref);
  g_clear_pointer (&self->efforts, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->history);
  g_clear_object (&self->stages);
  g_clear_object (&self->tracker);
  g_clear_object (&self->monitor);

  G_OBJECT_CLASS (dbr_recovery_parent_class)->finalize (object);
}

static void
dbr_recovery_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  DbrRecovery *self = DBR_RECOVERY (object);

  switch (prop_id)
    {
    case PROP_MONITOR:
      g_value_set_object (value, self->monitor);
      break;

    case PROP_TRACKER:
      g_value_set_object (value, self->tracker);
      break;

    case PROP_ALLOWED:
      g_value_set_flags (value, dbr_recovery_get_allowed (self));
      break;

    case PROP_RUNNING:
      g_value_set_boolean (value, dbr_recovery_get_running (self));
      break;

    case PROP_HISTORY:
      g_value_set_object (value, dbr_recovery_get_history (self));
      break;

    case PROP_DRY_RUN:
      g_value_set_boolean (value, dbr_recovery_get_dry_run (self));
      break;

    case PROP_STAGES:
      g_value_set_object (value, dbr_recovery_get_stages (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_recovery_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  DbrRecovery *self = DBR_RECOVERY (object);

  switch (prop_id)
    {
    case PROP_MONITOR:
      self->monitor = g_value_dup_object (value);
      break;

    case PROP_TRACKER:
      self->tracker = g_value_dup_object (value);
      break;

    case PROP_ALLOWED:
      dbr_recovery_set_allowed (self, g_value_get_flags (value));
      break;

    case PROP_DRY_RUN:
      dbr_recovery_set_dry_run (self, g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_properties (GObjectClass *object_class)
{
  /**
   * DbrRecovery:monitor: (getter get_monitor)
   *
   * The monitor of the service.
   *
   * Since: 0.1
   */
  properties[PROP_MONITOR] =
    g_param_spec_object ("monitor", NULL, NULL,
                         DBR_TYPE_SERVICE_MONITOR,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecovery:tracker: (getter get_tracker)
   *
   * What keeps and restores the state that a service loses.
   *
   * Since: 0.1
   */
  properties[PROP_TRACKER] =
    g_param_spec_object ("tracker", NULL, NULL,
                         DBR_TYPE_STATE_TRACKER,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecovery:allowed: (getter get_allowed) (setter set_allowed)
   *
   * Whom it may affect. The default is one device at a time.
   *
   * Without `INPUT_DEVICES` nothing wider than `DEVICE` is done while a keyboard or a mouse is
   * connected.
   *
   * Since: 0.1
   */
  properties[PROP_ALLOWED] =
    g_param_spec_flags ("allowed", NULL, NULL,
                        DBR_TYPE_RECOVERY_SCOPE,
                        DBR_RECOVERY_SCOPE_DEVICE,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrRecovery:running: (getter get_running)
   *
   * Whether something is being recovered.
   *
   * Since: 0.1
   */
  properties[PROP_RUNNING] =
    g_param_spec_boolean ("running", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecovery:history: (getter get_history)
   *
   * What was done, a list of the last 200 [class@Event]s.
   *
   * The details of each are `stage`, which is empty for what came of it in the end, `target`,
   * `attempt`, `result`, `error`, and when it has `started` and `ended`.
   *
   * Since: 0.1
   */
  properties[PROP_HISTORY] =
    g_param_spec_object ("history", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrRecovery:dry-run: (getter get_dry_run) (setter set_dry_run)
   *
   * Whether nothing is done that affects anybody. The default is that it is.
   *
   * The service is asked what is wrong with it all the same, and the history tells what would have
   * been done; the result is `NOT_ALLOWED` where something would.
   *
   * Since: 0.1
   */
  properties[PROP_DRY_RUN] =
    g_param_spec_boolean ("dry-run", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrRecovery:stages: (getter get_stages)
   *
   * What it can do, in the order that it is tried in: a list of [class@RecoveryStage].
   *
   * Since: 0.1
   */
  properties[PROP_STAGES] =
    g_param_spec_object ("stages", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_recovery_class_init (DbrRecoveryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_recovery_constructed;
  object_class->dispose = dbr_recovery_dispose;
  object_class->finalize = dbr_recovery_finalize;
  object_class->get_property = dbr_recovery_get_property;
  object_class->set_property = dbr_recovery_set_property;

  install_properties (object_class);
  dbr_recovery_install_signals (G_TYPE_FROM_CLASS (klass));
}

static void
dbr_recovery_init (DbrRecovery *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->thread = g_thread_self ();
  self->board = dbr_incident_board_new ();
  self->history = g_list_store_new (DBR_TYPE_EVENT);
  self->stages = g_list_store_new (DBR_TYPE_RECOVERY_STAGE);
  self->incidents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  dbr_recovery_init_efforts (self);
}

/**
 * dbr_recovery_new:
 * @monitor: the monitor of a service, started or not
 * @tracker: (nullable): what keeps and restores the state that a service loses; `NULL` for none
 *
 * Creates a recovery for a service. It does nothing by itself unless it is attached.
 *
 * Returns: (transfer full): a new recovery
 *
 * Since: 0.1
 */
DbrRecovery *
dbr_recovery_new (DbrServiceMonitor *monitor,
                  DbrStateTracker   *tracker)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (monitor), NULL);
  g_return_val_if_fail (tracker == NULL || DBR_IS_STATE_TRACKER (tracker), NULL);

  return g_object_new (DBR_TYPE_RECOVERY,
                       "monitor", monitor,
                       "tracker", tracker,
                       NULL);
}

/**
 * dbr_recovery_get_monitor: (get-property monitor)
 * @self: a recovery
 *
 * Gets the monitor of the service.
 *
 * Returns: (transfer none): the monitor
 *
 * Since: 0.1
 */
DbrServiceMonitor *
dbr_recovery_get_monitor (DbrRecovery *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);

  return self->monitor;
}

/**
 * dbr_recovery_get_tracker: (get-property tracker)
 * @self: a recovery
 *
 * Gets what keeps and restores the state that the service loses.
 *
 * Returns: (transfer none) (nullable): the tracker, `NULL` if there is none
 *
 * Since: 0.1
 */
DbrStateTracker *
dbr_recovery_get_tracker (DbrRecovery *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);

  return self->tracker;
}

/**
 * dbr_recovery_get_allowed: (get-property allowed)
 * @self: a recovery
 *
 * Gets whom it may affect.
 *
 * Returns: the scopes
 *
 * Since: 0.1
 */
DbrRecoveryScope
dbr_recovery_get_allowed (DbrRecovery *self)
{
  DbrRecoveryScope allowed;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), 0);

  g_mutex_lock (&self->core->mutex);
  allowed = self->core->allowed;
  g_mutex_unlock (&self->core->mutex);

  return allowed;
}

/**
 * dbr_recovery_set_allowed: (set-property allowed)
 * @self: a recovery
 * @allowed: the scopes
 *
 * Sets whom it may affect, from the next stage on.
 *
 * Since: 0.1
 */
void
dbr_recovery_set_allowed (DbrRecovery      *self,
                          DbrRecoveryScope  allowed)
{
  gboolean has_changed;

  g_return_if_fail (DBR_IS_RECOVERY (self));

  g_mutex_lock (&self->core->mutex);
  has_changed = self->core->allowed != allowed;
  self->core->allowed = allowed;
  g_mutex_unlock (&self->core->mutex);

  if (has_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ALLOWED]);
}

/**
 * dbr_recovery_get_dry_run: (get-property dry-run)
 * @self: a recovery
 *
 * Gets whether nothing is done that affects anybody.
 *
 * Returns: whether it only tells what it would do
 *
 * Since: 0.1
 */
gboolean
dbr_recovery_get_dry_run (DbrRecovery *self)
{
  gboolean is_dry;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), FALSE);

  g_mutex_lock (&self->core->mutex);
  is_dry = self->core->is_dry;
  g_mutex_unlock (&self->core->mutex);

  return is_dry;
}

/**
 * dbr_recovery_set_dry_run: (set-property dry-run)
 * @self: a recovery
 * @dry_run: whether it only tells what it would do
 *
 * Sets whether nothing is done that affects anybody, from the next stage on.
 *
 * Since: 0.1
 */
void
dbr_recovery_set_dry_run (DbrRecovery *self,
                          gboolean     dry_run)
{
  gboolean has_changed;

  g_return_if_fail (DBR_IS_RECOVERY (self));

  g_mutex_lock (&self->core->mutex);
  has_changed = self->core->is_dry != !!dry_run;
  self->core->is_dry = !!dry_run;
  g_mutex_unlock (&self->core->mutex);

  if (has_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DRY_RUN]);
}

/**
 * dbr_recovery_get_running: (get-property running)
 * @self: a recovery
 *
 * Gets whether something is being recovered.
 *
 * Returns: whether there is
 *
 * Since: 0.1
 */
gboolean
dbr_recovery_get_running (DbrRecovery *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), FALSE);

  return dbr_recovery_core_is_running (self->core);
}

/**
 * dbr_recovery_get_history: (get-property history)
 * @self: a recovery
 *
 * Gets what was done, the newest at the end. It is always the same list.
 *
 * Returns: (transfer none): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_recovery_get_history (DbrRecovery *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);

  return G_LIST_MODEL (self->history);
}

/**
 * dbr_recovery_get_target_history:
 * @self: a recovery
 * @target: an address, the name of a unit, or empty for the service
 *
 * Gets what was done for one target, as it is now.
 *
 * Returns: (transfer full): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_recovery_get_target_history (DbrRecovery *self,
                                 const char  *target)
{
  g_autofree char *complete = NULL;
  GListStore *found;

  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);
  g_return_val_if_fail (target != NULL, NULL);

  found = g_list_store_new (DBR_TYPE_EVENT);
  /* Nothing was done for what there cannot be. */
  complete = dbr_recovery_target_complete (self->monitor, target, NULL);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->history)); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (G_LIST_MODEL (self->history), i);
      const char *other = "";

      g_variant_lookup (dbr_event_get_details (event), "target", "&s", &other);
      if (g_strcmp0 (other, complete) == 0)
        g_list_store_append (found, event);
    }

  return G_LIST_MODEL (found);
}

/**
 * dbr_recovery_get_stages: (get-property stages)
 * @self: a recovery
 *
 * Gets what it can do, in the order that it is tried in. It is always the same list.
 *
 * Returns: (transfer none): a list of [class@RecoveryStage]
 *
 * Since: 0.1
 */
GListModel *
dbr_recovery_get_stages (DbrRecovery *self)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);

  return G_LIST_MODEL (self->stages);
}

/**
 * dbr_recovery_get_stage:
 * @self: a recovery
 * @name: the name of a stage
 *
 * Gets a stage by its name.
 *
 * Returns: (transfer none) (nullable): the stage, `NULL` if there is none of this name
 *
 * Since: 0.1
 */
DbrRecoveryStage *
dbr_recovery_get_stage (DbrRecovery *self,
                        const char  *name)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return dbr_recovery_core_get_stage (self->core, name);
}

/**
 * dbr_recovery_add_stage:
 * @self: a recovery
 * @stage: a stage
 * @error: return location for an error
 *
 * Adds a stage, which is tried after all that are there. It cannot be taken out again.
 *
 * Returns: whether it was added: its name is new, and its values make sense
 *
 * Since: 0.1
 */
gboolean
dbr_recovery_add_stage (DbrRecovery       *self,
                        DbrRecoveryStage  *stage,
                        GError           **error)
{
  g_return_val_if_fail (DBR_IS_RECOVERY (self), FALSE);
  g_return_val_if_fail (DBR_IS_RECOVERY_STAGE (stage), FALSE);

  if (!dbr_recovery_stage_check (stage, error))
    return FALSE;
  if (!dbr_recovery_core_add_stage (self->core, stage))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("There is a stage “%s” already"), dbr_recovery_stage_get_name (stage));
      return FALSE;
    }

  dbr_recovery_settle (self);

  return TRUE;
}
