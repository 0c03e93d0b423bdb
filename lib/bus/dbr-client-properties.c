/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-check-private.h"
#include "policy/dbr-timeouts-private.h"

/* The properties of a service, which each call asks for: nothing is kept. */

static DbrRequest *
read_request_new (const char  *bus_name,
                  const char  *object_path,
                  const char  *interface_name,
                  const char  *property_name,
                  GError     **error)
{
  if (!dbr_check_interface_name (interface_name, error)
      || !dbr_check_member_name (property_name, error))
    return NULL;

  return dbr_client_new_request (bus_name, object_path, DBR_PROPERTIES_INTERFACE, "Get",
                                 g_variant_new ("(ss)", interface_name, property_name),
                                 G_VARIANT_TYPE ("(v)"));
}

/**
 * dbr_client_read_property_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the property's interface
 * @property_name: the property
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Reads a property from the service.
 *
 * Since: 0.1
 */
void
dbr_client_read_property_async (DbrClient           *self,
                                const char          *bus_name,
                                const char          *object_path,
                                const char          *interface_name,
                                const char          *property_name,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrRequest) request = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (object_path != NULL && interface_name != NULL && property_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_read_property_async);

  request = read_request_new (bus_name, object_path, interface_name, property_name, &error);
  dbr_client_begin_request (self, request, error, NULL, task, dbr_client_return_property_cb);
}

/**
 * dbr_client_read_property_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.read_property_async].
 *
 * Returns: (transfer full): the value itself, without the variant around it
 *
 * Since: 0.1
 */
GVariant *
dbr_client_read_property_finish (DbrClient     *self,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_read_property_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_read_property_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the property's interface
 * @property_name: the property
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads a property from the service and waits for it.
 *
 * Returns: (transfer full): the value itself, without the variant around it
 *
 * Since: 0.1
 */
GVariant *
dbr_client_read_property_sync (DbrClient     *self,
                               const char    *bus_name,
                               const char    *object_path,
                               const char    *interface_name,
                               const char    *property_name,
                               GCancellable  *cancellable,
                               GError       **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (object_path != NULL && interface_name != NULL, NULL);
  g_return_val_if_fail (property_name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  request = read_request_new (bus_name, object_path, interface_name, property_name, error);
  exchange = dbr_client_complete_request (self, request, NULL, cancellable, error);

  return exchange != NULL ? dbr_client_take_property (exchange, error) : NULL;
}

static DbrRequest *
read_all_request_new (const char  *bus_name,
                      const char  *object_path,
                      const char  *interface_name,
                      GError     **error)
{
  if (!dbr_check_interface_name (interface_name, error))
    return NULL;

  return dbr_client_new_request (bus_name, object_path, DBR_PROPERTIES_INTERFACE, "GetAll",
                                 g_variant_new ("(s)", interface_name),
                                 G_VARIANT_TYPE ("(a{sv})"));
}

static GVariant *
read_all_conclude (DbrExchange  *exchange,
                   GError      **error)
{
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

static void
read_all_done_cb (DbrExchange *exchange,
                  gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GVariant *value = read_all_conclude (exchange, &error);

  dbr_client_return_variant (task, value, error);
}

/**
 * dbr_client_read_all_properties_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the properties' interface
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Reads all properties of an interface from the service.
 *
 * Since: 0.1
 */
void
dbr_client_read_all_properties_async (DbrClient           *self,
                                      const char          *bus_name,
                                      const char          *object_path,
                                      const char          *interface_name,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrRequest) request = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (object_path != NULL && interface_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_read_all_properties_async);

  request = read_all_request_new (bus_name, object_path, interface_name, &error);
  dbr_client_begin_request (self, request, error, NULL, task, read_all_done_cb);
}

/**
 * dbr_client_read_all_properties_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.read_all_properties_async].
 *
 * Returns: (transfer full): a dictionary of type `a{sv}`
 *
 * Since: 0.1
 */
GVariant *
dbr_client_read_all_properties_finish (DbrClient     *self,
                                       GAsyncResult  *result,
                                       GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_read_all_properties_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_read_all_properties_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the properties' interface
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads all properties of an interface from the service and waits for them.
 *
 * Returns: (transfer full): a dictionary of type `a{sv}`
 *
 * Since: 0.1
 */
GVariant *
dbr_client_read_all_properties_sync (DbrClient     *self,
                                     const char    *bus_name,
                                     const char    *object_path,
                                     const char    *interface_name,
                                     GCancellable  *cancellable,
                                     GError       **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (object_path != NULL && interface_name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  request = read_all_request_new (bus_name, object_path, interface_name, error);
  exchange = dbr_client_complete_request (self, request, NULL, cancellable, error);

  return exchange != NULL ? read_all_conclude (exchange, error) : NULL;
}

DbrRequest *
dbr_client_new_write (DbrClient  *self,
                      const char *bus_name,
                      const char *object_path,
                      const char *interface_name,
                      const char *property_name,
                      GVariant   *value)
{
  DbrRequest *request = dbr_client_new_request (bus_name, object_path, DBR_PROPERTIES_INTERFACE, "Set",
                                                g_variant_new ("(ssv)", interface_name, property_name, value),
                                                G_VARIANT_TYPE_UNIT);
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self);

  /* Some properties take longer to change than others. */
  dbr_timeouts_lookup_write (timeouts, interface_name, property_name, &request->operation);

  return request;
}

static DbrRequest *
write_request_new (DbrClient   *self,
                   const char  *bus_name,
                   const char  *object_path,
                   const char  *interface_name,
                   const char  *property_name,
                   GVariant    *value,
                   GError     **error)
{
  g_autoptr(GVariant) sunk = g_variant_ref_sink (value);

  if (!dbr_check_interface_name (interface_name, error)
      || !dbr_check_member_name (property_name, error)
      || !dbr_check_value (sunk, error))
    return NULL;

  return dbr_client_new_write (self, bus_name, object_path, interface_name, property_name, sunk);
}

/**
 * dbr_client_write_property_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the property's interface
 * @property_name: the property
 * @value: the new value itself, without a variant around it
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Writes a property of the service.
 *
 * Since: 0.1
 */
void
dbr_client_write_property_async (DbrClient           *self,
                                 const char          *bus_name,
                                 const char          *object_path,
                                 const char          *interface_name,
                                 const char          *property_name,
                                 GVariant            *value,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrRequest) request = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (object_path != NULL && interface_name != NULL && property_name != NULL);
  g_return_if_fail (value != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_write_property_async);

  request = write_request_new (self, bus_name, object_path, interface_name, property_name, value,
                               &error);
  dbr_client_begin_request (self, request, error, NULL, task, dbr_client_return_success_cb);
}

/**
 * dbr_client_write_property_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.write_property_async].
 *
 * Returns: whether the service took the value
 *
 * Since: 0.1
 */
gboolean
dbr_client_write_property_finish (DbrClient     *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_write_property_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_client_write_property_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the property's interface
 * @property_name: the property
 * @value: the new value itself, without a variant around it
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Writes a property of the service and waits until it has taken it.
 *
 * Returns: whether the service took the value
 *
 * Since: 0.1
 */
gboolean
dbr_client_write_property_sync (DbrClient     *self,
                                const char    *bus_name,
                                const char    *object_path,
                                const char    *interface_name,
                                const char    *property_name,
                                GVariant      *value,
                                GCancellable  *cancellable,
                                GError       **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (object_path != NULL && interface_name != NULL, FALSE);
  g_return_val_if_fail (property_name != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  request = write_request_new (self, bus_name, object_path, interface_name, property_name, value,
                               error);
  exchange = dbr_client_complete_request (self, request, NULL, cancellable, error);

  return exchange != NULL && dbr_client_take_success (exchange, error);
}
