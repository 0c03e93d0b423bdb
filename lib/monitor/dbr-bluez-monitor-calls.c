/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-monitor-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-task-private.h"

/* What a monitor registers with BlueZ. Bad values are found before anything is begun. */

static gboolean
check_object (const char *manager_path,
              const char *interface_name,
              GVariant   *parameters,
              GError    **error)
{
  if (!dbr_check_object_path (manager_path, error)
      || !dbr_check_interface_name (interface_name, error)
      || !dbr_check_parameters (parameters, NULL, error))
    return FALSE;

  if (parameters != NULL && g_variant_n_children (parameters) > 0)
    {
      g_autoptr(GVariant) first = g_variant_get_child_value (parameters, 0);

      if (g_variant_is_of_type (first, G_VARIANT_TYPE_OBJECT_PATH))
        return TRUE;
    }
  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("The parameters do not begin with the path of the object"));

  return FALSE;
}

static DbrBluezOperation *
new_register (DbrBluezMonitor *self,
              const char      *manager_path,
              const char      *interface_name,
              const char      *method_name,
              GVariant        *parameters,
              GError         **error)
{
  g_autoptr(GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  g_autoptr(DbrBluezCore) core = NULL;

  if (!check_object (manager_path, interface_name, owned, error)
      || !dbr_check_member_name (method_name, error))
    return NULL;

  core = dbr_bluez_monitor_ref_core (self);

  return dbr_bluez_register_new (core, manager_path, interface_name, method_name, owned, FALSE);
}

static DbrBluezOperation *
new_unregister (DbrBluezMonitor *self,
                const char      *manager_path,
                const char      *interface_name,
                GVariant        *parameters,
                GError         **error)
{
  g_autoptr(GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  g_autoptr(DbrBluezCore) core = NULL;

  if (!check_object (manager_path, interface_name, owned, error))
    return NULL;

  core = dbr_bluez_monitor_ref_core (self);

  return dbr_bluez_unregister_new (core, manager_path, interface_name, NULL, owned);
}

static DbrBluezOperation *
new_register_agent (DbrBluezMonitor *self,
                    const char      *object_path,
                    const char      *capability,
                    gboolean         as_default,
                    GError         **error)
{
  const char *const capabilities[] = { "", "DisplayOnly", "DisplayYesNo", "KeyboardOnly",
                                       "NoInputNoOutput", "KeyboardDisplay", NULL };
  g_autoptr(DbrBluezCore) core = NULL;

  if (!dbr_check_object_path (object_path, error))
    return NULL;
  if (!g_strv_contains (capabilities, capability))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("“%s” is not the capability of an agent, as DisplayYesNo"), capability);
      return NULL;
    }

  core = dbr_bluez_monitor_ref_core (self);

  return dbr_bluez_register_new (core, DBR_BLUEZ_ROOT, DBR_BLUEZ_AGENT_MANAGER_INTERFACE,
                                 "RegisterAgent", g_variant_new ("(os)", object_path, capability),
                                 as_default);
}

static DbrBluezOperation *
new_unregister_agent (DbrBluezMonitor *self,
                      const char      *object_path,
                      GError         **error)
{
  g_autoptr(DbrBluezCore) core = NULL;

  if (!dbr_check_object_path (object_path, error))
    return NULL;

  core = dbr_bluez_monitor_ref_core (self);

  return dbr_bluez_unregister_new (core, DBR_BLUEZ_ROOT, DBR_BLUEZ_AGENT_MANAGER_INTERFACE,
                                   "UnregisterAgent", g_variant_new ("(o)", object_path));
}

static DbrBluezOperation *
new_start_notify (DbrBluezMonitor *self,
                  const char      *object_path,
                  GError         **error)
{
  g_autoptr(DbrBluezCore) core = NULL;

  if (!dbr_check_object_path (object_path, error))
    return NULL;

  core = dbr_bluez_monitor_ref_core (self);

  return dbr_bluez_start_notify_new (core, object_path);
}

static DbrBluezOperation *
new_stop_notify (DbrBluezMonitor *self,
                 const char      *object_path,
                 GError         **error)
{
  g_autoptr(DbrBluezCore) core = NULL;

  if (!dbr_check_object_path (object_path, error))
    return NULL;

  core = dbr_bluez_monitor_ref_core (self);

  return dbr_bluez_stop_notify_new (core, object_path);
}

/* Begins it, or ends with what is wrong with it. */
static void
begin (DbrBluezMonitor    *self,
       DbrBluezOperation  *operation,
       GError             *error,
       gpointer            tag,
       GCancellable       *cancellable,
       GAsyncReadyCallback callback,
       gpointer            user_data)
{
  if (error != NULL)
    dbr_bluez_task_refuse (self, error, tag, cancellable, callback, user_data);
  else
    dbr_bluez_task_run (self, operation, tag, cancellable, callback, user_data);
}

/**
 * dbr_bluez_monitor_register_async:
 * @self: a monitor
 * @manager_path: where the manager is, as `/org/bluez/hci0`
 * @interface_name: the interface of the manager, as `org.bluez.LEAdvertisingManager1`
 * @method_name: the method that registers, as `RegisterAdvertisement`
 * @parameters: the arguments, a tuple that begins with the path of the object
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Registers something with BlueZ: an advert, a GATT application, a profile.
 *
 * It is registered for the [property@BluezMonitor:lease], where the object has to be, and again
 * whenever BlueZ has forgotten it, in the order in which it was done first. What is registered
 * already is done.
 *
 * Since: 0.1
 */
void
dbr_bluez_monitor_register_async (DbrBluezMonitor    *self,
                                  const char         *manager_path,
                                  const char         *interface_name,
                                  const char         *method_name,
                                  GVariant           *parameters,
                                  GCancellable       *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer            user_data)
{
  GError *error = NULL;
  DbrBluezOperation *operation;

  g_return_if_fail (DBR_IS_BLUEZ_MONITOR (self));
  g_return_if_fail (manager_path != NULL);
  g_return_if_fail (interface_name != NULL);
  g_return_if_fail (method_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = new_register (self, manager_path, interface_name, method_name, parameters, &error);
  begin (self, operation, error, dbr_bluez_monitor_register_async, cancellable, callback,
         user_data);
}

/**
 * dbr_bluez_monitor_register_finish:
 * @self: a monitor
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezMonitor.register_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_register_finish (DbrBluezMonitor *self,
                                   GAsyncResult    *result,
                                   GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_monitor_register_async, error);
}

/**
 * dbr_bluez_monitor_register_sync:
 * @self: a monitor
 * @manager_path: where the manager is, as `/org/bluez/hci0`
 * @interface_name: the interface of the manager, as `org.bluez.LEAdvertisingManager1`
 * @method_name: the method that registers, as `RegisterAdvertisement`
 * @parameters: the arguments, a tuple that begins with the path of the object
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Registers something with BlueZ: an advert, a GATT application, a profile.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_register_sync (DbrBluezMonitor *self,
                                 const char      *manager_path,
                                 const char      *interface_name,
                                 const char      *method_name,
                                 GVariant        *parameters,
                                 GCancellable    *cancellable,
                                 GError         **error)
{
  DbrBluezOperation *operation;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);
  g_return_val_if_fail (manager_path != NULL, FALSE);
  g_return_val_if_fail (interface_name != NULL, FALSE);
  g_return_val_if_fail (method_name != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  operation = new_register (self, manager_path, interface_name, method_name, parameters, error);

  return operation != NULL && dbr_bluez_task_run_sync (self, operation, cancellable, error);
}

/**
 * dbr_bluez_monitor_unregister_async:
 * @self: a monitor
 * @manager_path: where the manager is, as `/org/bluez/hci0`
 * @interface_name: the interface of the manager, as `org.bluez.LEAdvertisingManager1`
 * @parameters: the arguments, a tuple with the path of the object
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Ends what was registered.
 *
 * What BlueZ does not know any more is done.
 *
 * Since: 0.1
 */
void
dbr_bluez_monitor_unregister_async (DbrBluezMonitor    *self,
                                    const char         *manager_path,
                                    const char         *interface_name,
                                    GVariant           *parameters,
                                    GCancellable       *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer            user_data)
{
  GError *error = NULL;
  DbrBluezOperation *operation;

  g_return_if_fail (DBR_IS_BLUEZ_MONITOR (self));
  g_return_if_fail (manager_path != NULL);
  g_return_if_fail (interface_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = new_unregister (self, manager_path, interface_name, parameters, &error);
  begin (self, operation, error, dbr_bluez_monitor_unregister_async, cancellable, callback,
         user_data);
}

/**
 * dbr_bluez_monitor_unregister_finish:
 * @self: a monitor
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezMonitor.unregister_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_unregister_finish (DbrBluezMonitor *self,
                                     GAsyncResult    *result,
                                     GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_monitor_unregister_async, error);
}

/**
 * dbr_bluez_monitor_unregister_sync:
 * @self: a monitor
 * @manager_path: where the manager is, as `/org/bluez/hci0`
 * @interface_name: the interface of the manager, as `org.bluez.LEAdvertisingManager1`
 * @parameters: the arguments, a tuple with the path of the object
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Ends what was registered.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_unregister_sync (DbrBluezMonitor *self,
                                   const char      *manager_path,
                                   const char      *interface_name,
                                   GVariant        *parameters,
                                   GCancellable    *cancellable,
                                   GError         **error)
{
  DbrBluezOperation *operation;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);
  g_return_val_if_fail (manager_path != NULL, FALSE);
  g_return_val_if_fail (interface_name != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  operation = new_unregister (self, manager_path, interface_name, parameters, error);

  return operation != NULL && dbr_bluez_task_run_sync (self, operation, cancellable, error);
}

/**
 * dbr_bluez_monitor_register_agent_async:
 * @self: a monitor
 * @object_path: where the agent is on the lease
 * @capability: what it can do, as `DisplayYesNo`
 * @as_default: whether it is to be asked for all programs
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Registers an agent, which BlueZ asks for codes and confirmations.
 *
 * The object is to be exported on the connection of the [property@BluezMonitor:lease], and again
 * when that is another one.
 *
 * Since: 0.1
 */
void
dbr_bluez_monitor_register_agent_async (DbrBluezMonitor    *self,
                                        const char         *object_path,
                                        const char         *capability,
                                        gboolean            as_default,
                                        GCancellable       *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer            user_data)
{
  GError *error = NULL;
  DbrBluezOperation *operation;

  g_return_if_fail (DBR_IS_BLUEZ_MONITOR (self));
  g_return_if_fail (object_path != NULL);
  g_return_if_fail (capability != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = new_register_agent (self, object_path, capability, as_default, &error);
  begin (self, operation, error, dbr_bluez_monitor_register_agent_async, cancellable, callback,
         user_data);
}

/**
 * dbr_bluez_monitor_register_agent_finish:
 * @self: a monitor
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezMonitor.register_agent_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_register_agent_finish (DbrBluezMonitor *self,
                                         GAsyncResult    *result,
                                         GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_monitor_register_agent_async, error);
}

/**
 * dbr_bluez_monitor_register_agent_sync:
 * @self: a monitor
 * @object_path: where the agent is on the lease
 * @capability: what it can do, as `DisplayYesNo`
 * @as_default: whether it is to be asked for all programs
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Registers an agent, which BlueZ asks for codes and confirmations.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_register_agent_sync (DbrBluezMonitor *self,
                                       const char      *object_path,
                                       const char      *capability,
                                       gboolean         as_default,
                                       GCancellable    *cancellable,
                                       GError         **error)
{
  DbrBluezOperation *operation;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);
  g_return_val_if_fail (object_path != NULL, FALSE);
  g_return_val_if_fail (capability != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  operation = new_register_agent (self, object_path, capability, as_default, error);

  return operation != NULL && dbr_bluez_task_run_sync (self, operation, cancellable, error);
}

/**
 * dbr_bluez_monitor_unregister_agent_async:
 * @self: a monitor
 * @object_path: where the agent is on the lease
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Ends what an agent was registered for.
 *
 * Since: 0.1
 */
void
dbr_bluez_monitor_unregister_agent_async (DbrBluezMonitor    *self,
                                          const char         *object_path,
                                          GCancellable       *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data)
{
  GError *error = NULL;
  DbrBluezOperation *operation;

  g_return_if_fail (DBR_IS_BLUEZ_MONITOR (self));
  g_return_if_fail (object_path != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = new_unregister_agent (self, object_path, &error);
  begin (self, operation, error, dbr_bluez_monitor_unregister_agent_async, cancellable, callback,
         user_data);
}

/**
 * dbr_bluez_monitor_unregister_agent_finish:
 * @self: a monitor
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezMonitor.unregister_agent_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_unregister_agent_finish (DbrBluezMonitor *self,
                                           GAsyncResult    *result,
                                           GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_monitor_unregister_agent_async, error);
}

/**
 * dbr_bluez_monitor_unregister_agent_sync:
 * @self: a monitor
 * @object_path: where the agent is on the lease
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Ends what an agent was registered for.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_unregister_agent_sync (DbrBluezMonitor *self,
                                         const char      *object_path,
                                         GCancellable    *cancellable,
                                         GError         **error)
{
  DbrBluezOperation *operation;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);
  g_return_val_if_fail (object_path != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  operation = new_unregister_agent (self, object_path, error);

  return operation != NULL && dbr_bluez_task_run_sync (self, operation, cancellable, error);
}

/**
 * dbr_bluez_monitor_start_notify_async:
 * @self: a monitor
 * @object_path: a characteristic of a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Asks for the changes of a characteristic.
 *
 * They come as changes of its property `Value`. It goes on until it is ended, also when the device
 * was away or BlueZ was restarted meanwhile.
 *
 * Since: 0.1
 */
void
dbr_bluez_monitor_start_notify_async (DbrBluezMonitor    *self,
                                      const char         *object_path,
                                      GCancellable       *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer            user_data)
{
  GError *error = NULL;
  DbrBluezOperation *operation;

  g_return_if_fail (DBR_IS_BLUEZ_MONITOR (self));
  g_return_if_fail (object_path != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = new_start_notify (self, object_path, &error);
  begin (self, operation, error, dbr_bluez_monitor_start_notify_async, cancellable, callback,
         user_data);
}

/**
 * dbr_bluez_monitor_start_notify_finish:
 * @self: a monitor
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezMonitor.start_notify_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_start_notify_finish (DbrBluezMonitor *self,
                                       GAsyncResult    *result,
                                       GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_monitor_start_notify_async, error);
}

/**
 * dbr_bluez_monitor_start_notify_sync:
 * @self: a monitor
 * @object_path: a characteristic of a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Asks for the changes of a characteristic.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_start_notify_sync (DbrBluezMonitor *self,
                                     const char      *object_path,
                                     GCancellable    *cancellable,
                                     GError         **error)
{
  DbrBluezOperation *operation;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);
  g_return_val_if_fail (object_path != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  operation = new_start_notify (self, object_path, error);

  return operation != NULL && dbr_bluez_task_run_sync (self, operation, cancellable, error);
}

/**
 * dbr_bluez_monitor_stop_notify_async:
 * @self: a monitor
 * @object_path: a characteristic of a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Ends what was begun by [method@BluezMonitor.start_notify_async].
 *
 * Since: 0.1
 */
void
dbr_bluez_monitor_stop_notify_async (DbrBluezMonitor    *self,
                                     const char         *object_path,
                                     GCancellable       *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data)
{
  GError *error = NULL;
  DbrBluezOperation *operation;

  g_return_if_fail (DBR_IS_BLUEZ_MONITOR (self));
  g_return_if_fail (object_path != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = new_stop_notify (self, object_path, &error);
  begin (self, operation, error, dbr_bluez_monitor_stop_notify_async, cancellable, callback,
         user_data);
}

/**
 * dbr_bluez_monitor_stop_notify_finish:
 * @self: a monitor
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezMonitor.stop_notify_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_stop_notify_finish (DbrBluezMonitor *self,
                                      GAsyncResult    *result,
                                      GError         **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_monitor_stop_notify_async, error);
}

/**
 * dbr_bluez_monitor_stop_notify_sync:
 * @self: a monitor
 * @object_path: a characteristic of a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Ends what was begun by [method@BluezMonitor.start_notify_async].
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_monitor_stop_notify_sync (DbrBluezMonitor *self,
                                    const char      *object_path,
                                    GCancellable    *cancellable,
                                    GError         **error)
{
  DbrBluezOperation *operation;

  g_return_val_if_fail (DBR_IS_BLUEZ_MONITOR (self), FALSE);
  g_return_val_if_fail (object_path != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  operation = new_stop_notify (self, object_path, error);

  return operation != NULL && dbr_bluez_task_run_sync (self, operation, cancellable, error);
}
