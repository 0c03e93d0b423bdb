/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-check-private.h"
#include "policy/dbr-services-private.h"
#include "policy/dbr-timeouts-private.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define PEER_INTERFACE "org.freedesktop.DBus.Peer"

/* Each operation of a client is a request, an exchange with it, and a way to make of the exchange
 * what the operation returns. The async and the sync form differ in nothing else. */

static DbrRequest *
request_new (const char         *bus_name,
             const char         *object_path,
             const char         *interface_name,
             const char         *method_name,
             GVariant           *parameters,
             const GVariantType *reply_type)
{
  DbrRequest *request = dbr_request_new (bus_name, object_path, interface_name, method_name,
                                         parameters, reply_type);

  request->is_auto_start = bus_name == NULL || dbr_services_may_activate (bus_name);

  return request;
}

/* What is asked and how it went, with the DbrCall that wants to be told of it if there is one. */
static void
dbr_client_begin_request (DbrClient       *self,
                          DbrRequest      *request,
                          DbrCall         *call,
                          GTask           *task,
                          DbrExchangeFunc  done)
{
  g_autoptr(DbrExchange) exchange = NULL;
  GError *error = NULL;

  exchange = dbr_client_prepare (self, request, call, &error);
  dbr_client_begin (self, exchange, error, task, done);
}

static DbrExchange *
dbr_client_complete_request (DbrClient     *self,
                             DbrRequest    *request,
                             DbrCall       *call,
                             GCancellable  *cancellable,
                             GError       **error)
{
  DbrExchange *exchange = dbr_client_prepare (self, request, call, error);

  if (exchange != NULL)
    dbr_client_complete (self, exchange, cancellable);

  return exchange;
}

/* Calls */

/**
 * dbr_client_call_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the method's interface
 * @method_name: the method
 * @parameters: (nullable): a tuple of arguments; `NULL` for none
 * @reply_type: (nullable): the type the reply must have, a tuple; `NULL` for any
 * @timeout_ms: the time limit over all in milliseconds; 0 for the operation's own
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Calls a method.
 *
 * What comes back is what the service answered, an error of the service or the bus as GDBus makes
 * it, or one of [error@Error]: `DBR_ERROR_DEADLINE` when the limit was reached. Giving up does not
 * stop the service.
 *
 * Since: 0.1
 */
void
dbr_client_call_async (DbrClient           *self,
                       const char          *bus_name,
                       const char          *object_path,
                       const char          *interface_name,
                       const char          *method_name,
                       GVariant            *parameters,
                       const GVariantType  *reply_type,
                       guint                timeout_ms,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrRequest) request = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (object_path != NULL && interface_name != NULL && method_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_call_async);

  request = request_new (bus_name, object_path, interface_name, method_name,
                         parameters, reply_type);
  request->timeout_ms = timeout_ms;
  dbr_client_begin_request (self, request, NULL, task, dbr_client_return_reply_cb);
}

/**
 * dbr_client_call_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.call_async].
 *
 * Returns: (transfer full): the reply, a tuple
 *
 * Since: 0.1
 */
GVariant *
dbr_client_call_finish (DbrClient     *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_call_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_call_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the method's interface
 * @method_name: the method
 * @parameters: (nullable): a tuple of arguments; `NULL` for none
 * @reply_type: (nullable): the type the reply must have, a tuple; `NULL` for any
 * @timeout_ms: the time limit over all in milliseconds; 0 for the operation's own
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Calls a method and waits for the reply, as [method@Client.call_async] does it.
 *
 * Nothing else of this thread is dispatched meanwhile.
 *
 * Returns: (transfer full): the reply, a tuple
 *
 * Since: 0.1
 */
GVariant *
dbr_client_call_sync (DbrClient           *self,
                      const char          *bus_name,
                      const char          *object_path,
                      const char          *interface_name,
                      const char          *method_name,
                      GVariant            *parameters,
                      const GVariantType  *reply_type,
                      guint                timeout_ms,
                      GCancellable        *cancellable,
                      GError             **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (object_path != NULL && interface_name != NULL && method_name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  request = request_new (bus_name, object_path, interface_name, method_name,
                         parameters, reply_type);
  request->timeout_ms = timeout_ms;
  exchange = dbr_client_complete_request (self, request, NULL, cancellable, error);

  return exchange != NULL ? dbr_exchange_take_value (exchange, error) : NULL;
}

/* What became of it is in the call before the caller hears of its end. A reply of the wrong type is
 * told by the value, not by the exchange. */
static GVariant *
call_conclude (DbrCall      *call,
               DbrExchange  *exchange,
               GError      **error)
{
  DbrCallResults results;

  dbr_exchange_get_results (exchange, &results);
  dbr_call_end (call, &results);

  return dbr_exchange_take_value (exchange, error);
}

static void
run_done_cb (DbrExchange *exchange,
             gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GVariant *value = call_conclude (g_task_get_task_data (task), exchange, &error);

  dbr_client_return_variant (task, value, error);
}

/**
 * dbr_client_run_async:
 * @self: a client
 * @call: a call that was not run before
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Runs a call, as [method@Client.call_async] does, with all that can be said of one beforehand and
 * known of it afterwards.
 *
 * Since: 0.1
 */
void
dbr_client_run_async (DbrClient           *self,
                      DbrCall             *call,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrRequest) request = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (DBR_IS_CALL (call));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_run_async);
  g_task_set_task_data (task, g_object_ref (call), g_object_unref);

  request = dbr_call_begin (call, &error);
  if (request != NULL)
    dbr_client_begin_request (self, request, call, task, run_done_cb);
  else
    dbr_client_refuse (self, task, error);
}

/**
 * dbr_client_run_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.run_async].
 *
 * Returns: (transfer full): the reply, a tuple
 *
 * Since: 0.1
 */
GVariant *
dbr_client_run_finish (DbrClient     *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_run_sync:
 * @self: a client
 * @call: a call that was not run before
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Runs a call and waits for the reply, as [method@Client.run_async] does it.
 *
 * Returns: (transfer full): the reply, a tuple
 *
 * Since: 0.1
 */
GVariant *
dbr_client_run_sync (DbrClient     *self,
                     DbrCall       *call,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (DBR_IS_CALL (call), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  request = dbr_call_begin (call, error);
  if (request == NULL)
    return NULL;

  exchange = dbr_client_complete_request (self, request, call, cancellable, error);

  return exchange != NULL ? call_conclude (call, exchange, error) : NULL;
}

/* Properties */

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

  return request_new (bus_name, object_path, PROPERTIES_INTERFACE, "Get",
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
  if (request != NULL)
    dbr_client_begin_request (self, request, NULL, task, dbr_client_return_property_cb);
  else
    dbr_client_refuse (self, task, error);
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
  if (request == NULL)
    return NULL;

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

  return request_new (bus_name, object_path, PROPERTIES_INTERFACE, "GetAll",
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
  if (request != NULL)
    dbr_client_begin_request (self, request, NULL, task, read_all_done_cb);
  else
    dbr_client_refuse (self, task, error);
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
  if (request == NULL)
    return NULL;

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
  DbrRequest *request = request_new (bus_name, object_path, PROPERTIES_INTERFACE, "Set",
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
  if (request != NULL)
    dbr_client_begin_request (self, request, NULL, task, dbr_client_return_success_cb);
  else
    dbr_client_refuse (self, task, error);
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
  if (request == NULL)
    return FALSE;

  exchange = dbr_client_complete_request (self, request, NULL, cancellable, error);

  return exchange != NULL && dbr_client_take_success (exchange, error);
}

/* Ping */

static DbrRequest *
ping_request_new (const char *bus_name)
{
  return request_new (bus_name, "/", PEER_INTERFACE, "Ping", NULL, G_VARIANT_TYPE_UNIT);
}

static gint64
ping_conclude (DbrExchange  *exchange,
               GError      **error)
{
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, error);
  DbrCallResults results;

  if (reply == NULL)
    return -1;

  dbr_exchange_get_results (exchange, &results);

  return results.service_usec;
}

static void
ping_done_cb (DbrExchange *exchange,
              gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  gint64 usec = ping_conclude (exchange, &error);

  if (usec >= 0)
    g_task_return_pointer (task, g_memdup2 (&usec, sizeof usec), g_free);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_client_ping_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Asks a program for a sign of life, and how long that takes.
 *
 * Many programs answer from a thread that lives on while their main loop hangs: that a ping is
 * answered does not mean that anything else will be.
 *
 * Since: 0.1
 */
void
dbr_client_ping_async (DbrClient           *self,
                       const char          *bus_name,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrRequest) request = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_ping_async);

  request = ping_request_new (bus_name);
  dbr_client_begin_request (self, request, NULL, task, ping_done_cb);
}

/**
 * dbr_client_ping_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.ping_async].
 *
 * Returns: the microseconds from sending to the answer; -1 on error
 *
 * Since: 0.1
 */
gint64
dbr_client_ping_finish (DbrClient     *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_autofree gint64 *usec = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), -1);
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_ping_async), -1);

  usec = g_task_propagate_pointer (G_TASK (result), error);

  return usec != NULL ? *usec : -1;
}

/**
 * dbr_client_ping_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Asks a program for a sign of life and waits for it, as [method@Client.ping_async] does it.
 *
 * Returns: the microseconds from sending to the answer; -1 on error
 *
 * Since: 0.1
 */
gint64
dbr_client_ping_sync (DbrClient     *self,
                      const char    *bus_name,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(DbrRequest) request = NULL;
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), -1);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), -1);

  request = ping_request_new (bus_name);
  exchange = dbr_client_complete_request (self, request, NULL, cancellable, error);

  return exchange != NULL ? ping_conclude (exchange, error) : -1;
}
