/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-monitor-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-task-private.h"

/* What a device is asked to do. */

typedef DbrBluezOperation *(*OperationNew) (DbrBluezCore *core,
                                            const char   *adapter,
                                            const char   *device);

/* NULL: there is no monitor any more. */
static DbrBluezOperation *
new_operation (DbrBluezDevice *self,
               OperationNew    new)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_device_ref_core (self);
  DbrBluezAdapter *adapter = dbr_bluez_device_get_adapter (self);

  return core != NULL
         ? new (core, dbr_bluez_adapter_get_address (adapter), dbr_bluez_device_get_key (self))
         : NULL;
}

/**
 * dbr_bluez_device_connect_device_async:
 * @self: a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Connects it.
 *
 * A device that is connected already is a success; a connection that somebody else is making is
 * waited for. What passes by itself is tried again. When it fails or is cancelled, a connection
 * that BlueZ would go on making is broken off.
 *
 * Since: 0.1
 */
void
dbr_bluez_device_connect_device_async (DbrBluezDevice     *self,
                                       GCancellable       *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer            user_data)
{
  g_return_if_fail (DBR_IS_BLUEZ_DEVICE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_bluez_task_run (self, new_operation (self, dbr_bluez_connect_new), dbr_bluez_device_connect_device_async, cancellable,
                      callback, user_data);
}

/**
 * dbr_bluez_device_connect_device_finish:
 * @self: a device
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezDevice.connect_device_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_connect_device_finish (DbrBluezDevice *self,
                                        GAsyncResult   *result,
                                        GError        **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_device_connect_device_async, error);
}

/**
 * dbr_bluez_device_connect_device_sync:
 * @self: a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Connects it.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_connect_device_sync (DbrBluezDevice *self,
                                      GCancellable   *cancellable,
                                      GError        **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return dbr_bluez_task_run_sync (self, new_operation (self, dbr_bluez_connect_new), cancellable, error);
}

/**
 * dbr_bluez_device_disconnect_device_async:
 * @self: a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Disconnects it.
 *
 * A connection that is being made is broken off.
 *
 * Since: 0.1
 */
void
dbr_bluez_device_disconnect_device_async (DbrBluezDevice     *self,
                                          GCancellable       *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data)
{
  g_return_if_fail (DBR_IS_BLUEZ_DEVICE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_bluez_task_run (self, new_operation (self, dbr_bluez_disconnect_new), dbr_bluez_device_disconnect_device_async,
                      cancellable, callback, user_data);
}

/**
 * dbr_bluez_device_disconnect_device_finish:
 * @self: a device
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezDevice.disconnect_device_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_disconnect_device_finish (DbrBluezDevice *self,
                                           GAsyncResult   *result,
                                           GError        **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_device_disconnect_device_async, error);
}

/**
 * dbr_bluez_device_disconnect_device_sync:
 * @self: a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Disconnects it.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_disconnect_device_sync (DbrBluezDevice *self,
                                         GCancellable   *cancellable,
                                         GError        **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return dbr_bluez_task_run_sync (self, new_operation (self, dbr_bluez_disconnect_new), cancellable, error);
}

/**
 * dbr_bluez_device_pair_async:
 * @self: a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @callback: (scope async): called when it has ended
 * @user_data: user data for @callback
 *
 * Pairs it.
 *
 * It is asked for a code or a confirmation by the agent of
 * [method@BluezMonitor.register_agent_async], or that of the desktop. It is never done a second
 * time when somebody has refused.
 *
 * Since: 0.1
 */
void
dbr_bluez_device_pair_async (DbrBluezDevice     *self,
                             GCancellable       *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer            user_data)
{
  g_return_if_fail (DBR_IS_BLUEZ_DEVICE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  dbr_bluez_task_run (self, new_operation (self, dbr_bluez_pair_new), dbr_bluez_device_pair_async, cancellable, callback,
                      user_data);
}

/**
 * dbr_bluez_device_pair_finish:
 * @self: a device
 * @result: what @callback was given
 * @error: return location for an error
 *
 * Ends [method@BluezDevice.pair_async].
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_pair_finish (DbrBluezDevice *self,
                              GAsyncResult   *result,
                              GError        **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);

  return dbr_bluez_task_finish (self, result, dbr_bluez_device_pair_async, error);
}

/**
 * dbr_bluez_device_pair_sync:
 * @self: a device
 * @cancellable: (nullable): a cancellable, or `NULL`
 * @error: return location for an error
 *
 * Pairs it.
 * Blocks until it has ended.
 *
 * Returns: `TRUE` if it was done
 *
 * Since: 0.1
 */
gboolean
dbr_bluez_device_pair_sync (DbrBluezDevice *self,
                            GCancellable   *cancellable,
                            GError        **error)
{
  g_return_val_if_fail (DBR_IS_BLUEZ_DEVICE (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return dbr_bluez_task_run_sync (self, new_operation (self, dbr_bluez_pair_new), cancellable, error);
}
