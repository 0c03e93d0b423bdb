/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-proxy-private.h"

#include "base/dbr-check-private.h"
#include "bus/dbr-client-private.h"

/* What is asked of the object behind a proxy: each is a request, and what is made of its exchange. */

static DbrRequest *
dbr_proxy_new_request (DbrProxy           *self,
                       const char         *interface_name,
                       const char         *method_name,
                       GVariant           *parameters,
                       const GVariantType *reply_type)
{
  return dbr_client_new_request (dbr_store_get_bus_name (self->store),
                                 dbr_store_get_object_path (self->store),
                                 interface_name, method_name, parameters, reply_type);
}

/* Takes the request. */
static void
dbr_proxy_begin (DbrProxy        *self,
                 DbrRequest      *request,
                 GError          *error,
                 GTask           *task,
                 DbrExchangeFunc  done)
{
  G_GNUC_UNUSED g_autoptr(DbrRequest) owned = request;

  dbr_client_begin_request (self->client, request, error, NULL, task, done);
}

/* The same asleep. */
static DbrExchange *
dbr_proxy_complete (DbrProxy      *self,
                    DbrRequest    *request,
                    GCancellable  *cancellable,
                    GError       **error)
{
  G_GNUC_UNUSED g_autoptr(DbrRequest) owned = request;

  return dbr_client_complete_request (self->client, request, NULL, cancellable, error);
}

static DbrRequest *
call_request_new (DbrProxy   *self,
                  const char *method_name,
                  GVariant   *parameters,
                  guint       timeout_ms)
{
  DbrRequest *request = dbr_proxy_new_request (self, dbr_store_get_interface_name (self->store),
                                               method_name, parameters, NULL);

  request->timeout_ms = timeout_ms;

  return request;
}

/**
 * dbr_proxy_call_async:
 * @self: a proxy
 * @method_name: the method
 * @parameters: (nullable): a tuple of arguments; `NULL` for none
 * @timeout_ms: the time limit over all in milliseconds; 0 for the operation's own
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the call has ended
 * @user_data: data for @callback
 *
 * Calls a method of the interface, as [method@Client.call_async] does.
 *
 * Since: 0.1
 */
void
dbr_proxy_call_async (DbrProxy            *self,
                      const char          *method_name,
                      GVariant            *parameters,
                      guint                timeout_ms,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (DBR_IS_PROXY (self));
  g_return_if_fail (method_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_proxy_call_async);
  dbr_proxy_begin (self, call_request_new (self, method_name, parameters, timeout_ms), NULL, task,
                   dbr_client_return_reply_cb);
}

/**
 * dbr_proxy_call_finish:
 * @self: a proxy
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Proxy.call_async].
 *
 * Returns: (transfer full): the reply, a tuple
 *
 * Since: 0.1
 */
GVariant *
dbr_proxy_call_finish (DbrProxy      *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_proxy_call_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_proxy_call_sync:
 * @self: a proxy
 * @method_name: the method
 * @parameters: (nullable): a tuple of arguments; `NULL` for none
 * @timeout_ms: the time limit over all in milliseconds; 0 for the operation's own
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Calls a method of the interface and waits for the reply.
 *
 * Returns: (transfer full): the reply, a tuple
 *
 * Since: 0.1
 */
GVariant *
dbr_proxy_call_sync (DbrProxy      *self,
                     const char    *method_name,
                     GVariant      *parameters,
                     guint          timeout_ms,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);
  g_return_val_if_fail (method_name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  exchange = dbr_proxy_complete (self,
                                 call_request_new (self, method_name, parameters, timeout_ms),
                                 cancellable, error);

  return exchange != NULL ? dbr_exchange_take_value (exchange, error) : NULL;
}

/* Properties */

static DbrRequest *
read_request_new (DbrProxy    *self,
                  const char  *name,
                  GError     **error)
{
  if (!dbr_check_member_name (name, error))
    return NULL;

  return dbr_proxy_new_request (self, DBR_PROPERTIES_INTERFACE, "Get",
                                g_variant_new ("(ss)", dbr_store_get_interface_name (self->store),
                                               name),
                                G_VARIANT_TYPE ("(v)"));
}

/**
 * dbr_proxy_read_async:
 * @self: a proxy
 * @name: a property
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the value is there or cannot be had
 * @user_data: data for @callback
 *
 * Reads a property: without a call if a fresh value is at hand, else from the service.
 *
 * Since: 0.1
 */
void
dbr_proxy_read_async (DbrProxy            *self,
                      const char          *name,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;
  DbrRequest *request;
  GVariant *value;

  g_return_if_fail (DBR_IS_PROXY (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_proxy_read_async);
  value = dbr_store_ref_value (self->store, name, TRUE);
  if (value != NULL)
    {
      g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
      return;
    }

  request = read_request_new (self, name, &error);
  dbr_proxy_begin (self, request, error, task, dbr_client_return_property_cb);
}

/**
 * dbr_proxy_read_finish:
 * @self: a proxy
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Proxy.read_async].
 *
 * Returns: (transfer full): the value
 *
 * Since: 0.1
 */
GVariant *
dbr_proxy_read_finish (DbrProxy      *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_proxy_read_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_proxy_read_sync:
 * @self: a proxy
 * @name: a property
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads a property: without a call if a fresh value is at hand, else from the service.
 *
 * Returns: (transfer full): the value
 *
 * Since: 0.1
 */
GVariant *
dbr_proxy_read_sync (DbrProxy      *self,
                     const char    *name,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;
  GVariant *value;

  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  value = dbr_store_ref_value (self->store, name, TRUE);
  if (value != NULL)
    return value;

  exchange = dbr_proxy_complete (self, read_request_new (self, name, error), cancellable, error);

  return exchange != NULL ? dbr_client_take_property (exchange, error) : NULL;
}

static DbrRequest *
write_request_new (DbrProxy    *self,
                   const char  *name,
                   GVariant    *value,
                   GError     **error)
{
  g_autoptr(GVariant) sunk = g_variant_ref_sink (value);

  if (!dbr_check_member_name (name, error) || !dbr_check_value (sunk, error))
    return NULL;

  return dbr_client_new_write (self->client, dbr_store_get_bus_name (self->store),
                               dbr_store_get_object_path (self->store),
                               dbr_store_get_interface_name (self->store), name, sunk);
}

/**
 * dbr_proxy_write_async:
 * @self: a proxy
 * @name: a property
 * @value: the new value; a floating one is taken
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the service has answered
 * @user_data: data for @callback
 *
 * Writes a property. The value that is at hand changes when the service says that it has.
 *
 * Since: 0.1
 */
void
dbr_proxy_write_async (DbrProxy            *self,
                       const char          *name,
                       GVariant            *value,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;
  DbrRequest *request;

  g_return_if_fail (DBR_IS_PROXY (self));
  g_return_if_fail (name != NULL && value != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_proxy_write_async);
  request = write_request_new (self, name, value, &error);
  dbr_proxy_begin (self, request, error, task, dbr_client_return_success_cb);
}

/**
 * dbr_proxy_write_finish:
 * @self: a proxy
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Proxy.write_async].
 *
 * Returns: whether the service has taken it
 *
 * Since: 0.1
 */
gboolean
dbr_proxy_write_finish (DbrProxy      *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_proxy_write_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_proxy_write_sync:
 * @self: a proxy
 * @name: a property
 * @value: the new value; a floating one is taken
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Writes a property and waits until the service has answered.
 *
 * Returns: whether the service has taken it
 *
 * Since: 0.1
 */
gboolean
dbr_proxy_write_sync (DbrProxy      *self,
                      const char    *name,
                      GVariant      *value,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_PROXY (self), FALSE);
  g_return_val_if_fail (name != NULL && value != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  exchange = dbr_proxy_complete (self, write_request_new (self, name, value, error), cancellable,
                                 error);

  return exchange != NULL && dbr_client_take_success (exchange, error);
}

/**
 * dbr_proxy_refresh_async:
 * @self: a proxy
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the values were read anew
 * @user_data: data for @callback
 *
 * Reads all properties anew, for a service that does not tell all changes.
 *
 * Since: 0.1
 */
void
dbr_proxy_refresh_async (DbrProxy            *self,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrWaiter) waiter = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_PROXY (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_proxy_refresh_async);
  if (!dbr_client_check_ready (self->client, &error))
    {
      dbr_client_refuse (self->client, task, error);
      return;
    }

  waiter = dbr_waiter_new (task, cancellable);
  dbr_store_refresh (self->store, waiter);
}

/**
 * dbr_proxy_refresh_finish:
 * @self: a proxy
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Proxy.refresh_async].
 *
 * Returns: whether the values were read anew
 *
 * Since: 0.1
 */
gboolean
dbr_proxy_refresh_finish (DbrProxy      *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_proxy_refresh_async), FALSE);

  return dbr_waiter_finish (G_TASK (result), error);
}

/**
 * dbr_proxy_refresh_sync:
 * @self: a proxy
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Reads all properties anew and waits for them.
 *
 * Returns: whether the values were read anew
 *
 * Since: 0.1
 */
gboolean
dbr_proxy_refresh_sync (DbrProxy      *self,
                        GCancellable  *cancellable,
                        GError       **error)
{
  g_autoptr(DbrWaiter) waiter = NULL;

  g_return_val_if_fail (DBR_IS_PROXY (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_client_check_ready (self->client, error))
    return FALSE;

  waiter = dbr_waiter_new (NULL, cancellable);
  dbr_store_refresh (self->store, waiter);

  return dbr_waiter_wait (waiter, error);
}
