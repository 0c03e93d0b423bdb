/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#define PEER_INTERFACE "org.freedesktop.DBus.Peer"

/* Each operation of a client is a request, an exchange with it, and a way to make of the exchange
 * what the operation returns. The async and the sync form differ in nothing else. */

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

  request = dbr_client_new_request (bus_name, object_path, interface_name, method_name,
                                    parameters, reply_type);
  request->timeout_ms = timeout_ms;
  dbr_client_begin_request (self, request, NULL, NULL, task, dbr_client_return_reply_cb);
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

  request = dbr_client_new_request (bus_name, object_path, interface_name, method_name,
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
  dbr_client_begin_request (self, request, error, call, task, run_done_cb);
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
  exchange = dbr_client_complete_request (self, request, call, cancellable, error);

  return exchange != NULL ? call_conclude (call, exchange, error) : NULL;
}

/* Ping */

static DbrRequest *
ping_request_new (const char *bus_name)
{
  return dbr_client_new_request (bus_name, "/", PEER_INTERFACE, "Ping", NULL, G_VARIANT_TYPE_UNIT);
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
  dbr_client_begin_request (self, request, NULL, NULL, task, ping_done_cb);
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
