/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-monitor-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-task-private.h"

/**
 * DbrBluezAdapter:
 *
 * A Bluetooth adapter of [class@BluezMonitor].
 *
 * It is the adapter with one address. BlueZ numbers its adapters anew when one is reset or
 * unplugged, and forgets them when it is restarted; this object stays the same, and follows. While
 * BlueZ does not have it, [property@BluezAdapter:object-path] is `NULL`, and what is done with it
 * waits a while for it.
 *
 * Its operations do not hang and do not fail for nothing: see [class@BluezMonitor].
 *
 * All functions may be called from any thread.
 *
 * Since: 0.1
 */
struct _DbrBluezAdapter
{
  GObject   parent_instance;

  /* identity */
  GWeakRef  monitor;
  char     *address;

  GMutex    mutex;

  /* guarded by mutex, written in the context of the monitor */
  char     *object_path;
  char     *name;
  gboolean  powered;
  gboolean  discovering;
  gboolean  blocked;
};

enum
{
  PROP_0,
  PROP_ADDRESS,
  PROP_OBJECT_PATH,
  PROP_NAME,
  PROP_POWERED,
  PROP_DISCOVERING,
  PROP_BLOCKED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (DbrBluezAdapter, dbr_bluez_adapter, G_TYPE_OBJECT)

static void
dbr_bluez_adapter_finalize (GObject *object)
{
  DbrBluezAdapter *self = DBR_BLUEZ_ADAPTER (object);

  g_weak_ref_clear (&self->monitor);
  g_free (self->address);
  g_free (self->object_path);
  g_free (self->name);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_bluez_adapter_parent_class)->finalize (object);
}

static void
dbr_bluez_adapter_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  DbrBluezAdapter *self = DBR_BLUEZ_ADAPTER (object);

  switch (prop_id)
    {
    case PROP_ADDRESS:
      g_value_set_string (value, dbr_bluez_adapter_get_address (self));
      break;

    case PROP_OBJECT_PATH:
      g_value_take_string (value, dbr_bluez_adapter_get_object_path (self));
      break;

    case PROP_NAME:
      g_value_take_string (value, dbr_bluez_adapter_get_name (self));
      break;

    case PROP_POWERED:
      g_value_set_boolean (value, dbr_bluez_adapter_get_powered (self));
      break;

    case PROP_DISCOVERING:
      g_value_set_boolean (value, dbr_bluez_adapter_get_discovering (self));
      break;

    case PROP_BLOCKED:
      g_value_set_boolean (value, dbr_bluez_adapter_get_blocked (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_bluez_adapter_class_init (DbrBluezAdapterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_bluez_adapter_finalize;
  object_class->get_property = dbr_bluez_adapter_get_property;

  /**
   * DbrBluezAdapter:address: (getter get_address)
   *
   * Its address, as `00:1A:7D:DA:71:13`.
   *
   * Since: 0.1
   */
  properties[PROP_ADDRESS] =
    g_param_spec_string ("address", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezAdapter:object-path: (getter get_object_path)
   *
   * Where BlueZ has it, `NULL` while it has not.
   *
   * Since: 0.1
   */
  properties[PROP_OBJECT_PATH] =
    g_param_spec_string ("object-path", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezAdapter:name: (getter get_name)
   *
   * How it is called, `NULL` if that is not known.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezAdapter:powered: (getter get_powered)
   *
   * Whether it is on.
   *
   * Since: 0.1
   */
  properties[PROP_POWERED] =
    g_param_spec_boolean ("powered", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezAdapter:discovering: (getter get_discovering)
   *
   * Whether it searches, for whomever.
   *
   * Since: 0.1
   */
  properties[PROP_DISCOVERING] =
    g_param_spec_boolean ("discovering", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrBluezAdapter:blocked: (getter get_blocked)
   *
   * Whether a switch or airplane mode keeps it off. That is a state, and no fault.
   *
   * Since: 0.1
   */
  properties[PROP_BLOCKED] =
    g_param_spec_boolean ("blocked", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_bluez_adapter_init (DbrBluezAdapter *self)
{
  g_mutex_init (&self->mutex);
  g_weak_ref_init (&self->monitor, NULL);
}

DbrBluezAdapter *
dbr_bluez_adapter_new (DbrBluezMonitor *monitor,
                       const char      *address)
{
  DbrBluezAdapter *self = g_object_new (DBR_TYPE_BLUEZ_ADAPTER, NULL);

  g_weak_ref_set (&self->monitor, monitor);
  self->address = g_strdup (address);

  return self;
}

/* Each change is notified once, with no lock held. */
static void
set_text (DbrBluezAdapter *self,
          char           **place,
          char            *value,
          guint            prop)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = g_strcmp0 (*place, value) != 0;
  if (is_new)
    {
      char *old = *place;

      *place = value;
      value = old;
    }
  g_mutex_unlock (&self->mutex);

  g_free (value);
  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_flag (DbrBluezAdapter *self,
          gboolean        *place,
          gboolean         value,
          guint            prop)
{
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = *place != value;
  *place = value;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

/* What BlueZ says of it now. A path that is gone leaves what is known of it, but that it is on. */
void
dbr_bluez_adapter_update (DbrBluezAdapter *self,
                          DbrBluezCore    *core,
                          const char      *path)
{
  const char *interface_name = DBR_BLUEZ_ADAPTER_INTERFACE;
  g_autofree char *name = dbr_bluez_core_dup_text (core, path, interface_name, "Alias");
  g_autofree char *power = dbr_bluez_core_dup_text (core, path, interface_name, "PowerState");

  g_object_freeze_notify (G_OBJECT (self));
  set_text (self, &self->object_path, g_strdup (path), PROP_OBJECT_PATH);
  if (name != NULL)
    set_text (self, &self->name, g_steal_pointer (&name), PROP_NAME);
  set_flag (self, &self->powered, dbr_bluez_core_is (core, path, interface_name, "Powered"),
            PROP_POWERED);
  set_flag (self, &self->discovering, dbr_bluez_core_is (core, path, interface_name, "Discovering"),
            PROP_DISCOVERING);
  set_flag (self, &self->blocked, g_strcmp0 (power, "off-blocked") == 0, PROP_BLOCKED);
  g_object_thaw_notify (G_OBJECT (self));
}

DbrBluezCore *
dbr_bluez_adapter_ref_core (DbrBluezAdapter *self)
{
  g_autoptr(DbrBluezMonitor) monitor = g_weak_ref_get (&self->monitor);

  return monitor != NULL ? dbr_bluez_monitor_ref_core (monitor) : NULL;
}

/**
 * dbr_bluez_adapter_get_address: (get-property address)
 * @self: an adapter
 *
 * Gets its address.
 *
 * Returns: the address
 *
 * Since: 0.1
 */
const char *
dbr_bluez_adapter_get_address (DbrBluezAdapter *self)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), NULL);

  return self->address;
}

/**
 * dbr_bluez_adapter_get_object_path: (get-property object-path)
 * @self: an adapter
 *
 * Gets where BlueZ has it.
 *
 * Returns: (transfer full) (nullable): the path, or `NULL` while BlueZ has it not
 *
 * Since: 0.1
 */
char *
dbr_bluez_adapter_get_object_path (DbrBluezAdapter *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->object_path);
}

/**
 * dbr_bluez_adapter_get_name: (get-property name)
 * @self: an adapter
 *
 * Gets how it is called.
 *
 * Returns: (transfer full) (nullable): the name, or `NULL` if it is not known
 *
 * Since: 0.1
 */
char *
dbr_bluez_adapter_get_name (DbrBluezAdapter *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->name);
}

/**
 * dbr_bluez_adapter_get_powered: (get-property powered)
 * @self: an adapter
 *
 * Gets whether it is on.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_get_powered (DbrBluezAdapter *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->powered;
}

/**
 * dbr_bluez_adapter_get_discovering: (get-property discovering)
 * @self: an adapter
 *
 * Gets whether it searches.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_get_discovering (DbrBluezAdapter *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->discovering;
}

/**
 * dbr_bluez_adapter_get_blocked: (get-property blocked)
 * @self: an adapter
 *
 * Gets whether a switch or airplane mode keeps it off.
 *
 * Returns: `TRUE` if it is so
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_get_blocked (DbrBluezAdapter *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->blocked;
}

static DbrBluezOperation *
new_set_powered (DbrBluezAdapter *self,
                 gboolean         powered)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_adapter_ref_core (self);

  return core != NULL ? dbr_bluez_set_powered_new (core, self->address, powered) : NULL;
}

/**
 * dbr_bluez_adapter_set_powered_async:
 * @self: an adapter
 * @powered: whether it is to be on
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Switches it on or off.
 *
 * What was asked for last holds over a restart of BlueZ, which would switch on every adapter when
 * it starts.
 *
 * Since: 0.1
 */
void
dbr_bluez_adapter_set_powered_async (DbrBluezAdapter    *self,
                                     gboolean            powered,
                                     GCancellable       *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data)
{
  g_return_if_fail (DBR_IS_BLUEZ_ADAPTER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_bluez_task_run (self, new_set_powered (self, powered), dbr_bluez_adapter_set_powered_async,
                      cancellable, callback, user_data);
}

/**
 * dbr_bluez_adapter_set_powered_finish:
 * @self: an adapter
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezAdapter.set_powered_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_set_powered_finish (DbrBluezAdapter *self,
                                      GAsyncResult    *result,
                                      GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_adapter_set_powered_async, error);
}

/**
 * dbr_bluez_adapter_set_powered_sync:
 * @self: an adapter
 * @powered: whether it is to be on
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Switches it on or off.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_set_powered_sync (DbrBluezAdapter *self,
                                    gboolean         powered,
                                    GCancellable    *cancellable,
                                    GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return dbr_bluez_task_run_sync (self, new_set_powered (self, powered), cancellable, error);
}

static DbrBluezOperation *
new_power_cycle (DbrBluezAdapter *self)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_adapter_ref_core (self);

  return core != NULL ? dbr_bluez_power_cycle_new (core, self->address) : NULL;
}

/**
 * dbr_bluez_adapter_power_cycle_async:
 * @self: an adapter
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Switches it off and on again.
 *
 * All its devices are disconnected before. What it was searching for it searches for again.
 *
 * Since: 0.1
 */
void
dbr_bluez_adapter_power_cycle_async (DbrBluezAdapter    *self,
                                     GCancellable       *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data)
{
  g_return_if_fail (DBR_IS_BLUEZ_ADAPTER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_bluez_task_run (self, new_power_cycle (self), dbr_bluez_adapter_power_cycle_async,
                      cancellable, callback, user_data);
}

/**
 * dbr_bluez_adapter_power_cycle_finish:
 * @self: an adapter
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezAdapter.power_cycle_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_power_cycle_finish (DbrBluezAdapter *self,
                                      GAsyncResult    *result,
                                      GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_adapter_power_cycle_async, error);
}

/**
 * dbr_bluez_adapter_power_cycle_sync:
 * @self: an adapter
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Switches it off and on again.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_power_cycle_sync (DbrBluezAdapter *self,
                                    GCancellable    *cancellable,
                                    GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return dbr_bluez_task_run_sync (self, new_power_cycle (self), cancellable, error);
}

static gboolean
check_filter (GVariant  *filter,
              GError   **error)
{
  if (filter == NULL || g_variant_is_of_type (filter, G_VARIANT_TYPE_VARDICT))
    return filter == NULL || dbr_check_value (filter, error);

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("A filter of devices is of type a{sv} and not %s"),
               g_variant_get_type_string (filter));

  return FALSE;
}

static DbrBluezOperation *
new_start_discovery (DbrBluezAdapter *self,
                     GVariant        *filter)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_adapter_ref_core (self);

  return core != NULL ? dbr_bluez_start_discovery_new (core, self->address, filter) : NULL;
}

/**
 * dbr_bluez_adapter_start_discovery_async:
 * @self: an adapter
 * @filter: (nullable): what to search for, as `a{sv}` of BlueZ's SetDiscoveryFilter, or `NULL` for
 * everything
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Begins to search for devices.
 *
 * The search goes on until it is stopped or the monitor is: over restarts of BlueZ, a lost
 * connection, and when the adapter was switched off and on.
 *
 * Since: 0.1
 */
void
dbr_bluez_adapter_start_discovery_async (DbrBluezAdapter    *self,
                                         GVariant           *filter,
                                         GCancellable       *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer            user_data)
{
  g_autoptr(GVariant) owned = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_BLUEZ_ADAPTER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  owned = filter != NULL ? g_variant_ref_sink (filter) : NULL;
  if (check_filter (owned, &error))
    dbr_bluez_task_run (self, new_start_discovery (self, owned),
                        dbr_bluez_adapter_start_discovery_async, cancellable, callback, user_data);
  else
    dbr_bluez_task_refuse (self, error, dbr_bluez_adapter_start_discovery_async, cancellable,
                           callback, user_data);
}

/**
 * dbr_bluez_adapter_start_discovery_finish:
 * @self: an adapter
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezAdapter.start_discovery_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_start_discovery_finish (DbrBluezAdapter *self,
                                          GAsyncResult    *result,
                                          GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_adapter_start_discovery_async, error);
}

/**
 * dbr_bluez_adapter_start_discovery_sync:
 * @self: an adapter
 * @filter: (nullable): what to search for, as `a{sv}` of BlueZ's SetDiscoveryFilter, or `NULL` for
 * everything
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Begins to search for devices.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_start_discovery_sync (DbrBluezAdapter *self,
                                        GVariant        *filter,
                                        GCancellable    *cancellable,
                                        GError         **error)
{
  g_autoptr(GVariant) owned = NULL;

  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  owned = filter != NULL ? g_variant_ref_sink (filter) : NULL;
  if (!check_filter (owned, error))
    return FALSE;

  return dbr_bluez_task_run_sync (self, new_start_discovery (self, owned), cancellable, error);
}

static DbrBluezOperation *
new_stop_discovery (DbrBluezAdapter *self)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_adapter_ref_core (self);

  return core != NULL ? dbr_bluez_stop_discovery_new (core, self->address) : NULL;
}

/**
 * dbr_bluez_adapter_stop_discovery_async:
 * @self: an adapter
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Ends the search of this program.
 *
 * Other programs may go on searching.
 *
 * Since: 0.1
 */
void
dbr_bluez_adapter_stop_discovery_async (DbrBluezAdapter    *self,
                                        GCancellable       *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer            user_data)
{
  g_return_if_fail (DBR_IS_BLUEZ_ADAPTER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_bluez_task_run (self, new_stop_discovery (self), dbr_bluez_adapter_stop_discovery_async,
                      cancellable, callback, user_data);
}

/**
 * dbr_bluez_adapter_stop_discovery_finish:
 * @self: an adapter
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezAdapter.stop_discovery_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_stop_discovery_finish (DbrBluezAdapter *self,
                                         GAsyncResult    *result,
                                         GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_adapter_stop_discovery_async, error);
}

/**
 * dbr_bluez_adapter_stop_discovery_sync:
 * @self: an adapter
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Ends the search of this program.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_adapter_stop_discovery_sync (DbrBluezAdapter *self,
                                       GCancellable    *cancellable,
                                       GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_ADAPTER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return dbr_bluez_task_run_sync (self, new_stop_discovery (self), cancellable, error);
}
