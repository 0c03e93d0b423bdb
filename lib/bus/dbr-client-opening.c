/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-binding-private.h"

/* The connection, where a program makes it or ends it by itself. */

static DbrExchange *
dbr_client_prepare_open (DbrClient  *self,
                         GError    **error)
{
  g_autoptr(DbrTimeouts) timeouts = NULL;

  if (!dbr_client_check_ready (self, error) || !dbr_binding_check (error))
    return NULL;

  timeouts = dbr_client_ref_timeouts (self);

  return dbr_exchange_new (NULL, "default",
                           dbr_binding_limit (dbr_timeouts_get (timeouts, "default")));
}

/**
 * dbr_client_open_async:
 * @self: a client
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called when there is a connection, or none can be had
 * @user_data: data for @callback
 *
 * Makes the connection now. It need not be called: the first call makes it as well.
 *
 * Since: 0.1
 */
void
dbr_client_open_async (DbrClient           *self,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrExchange) exchange = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_open_async);

  exchange = dbr_client_prepare_open (self, &error);
  dbr_client_begin (self, exchange, error, task, dbr_client_return_success_cb);
}

/**
 * dbr_client_open_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.open_async].
 *
 * Returns: whether there is a connection
 *
 * Since: 0.1
 */
gboolean
dbr_client_open_finish (DbrClient     *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_open_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_client_open_sync:
 * @self: a client
 * @cancellable: (nullable): to give up early
 * @error: return location for an error
 *
 * Makes the connection now and waits for it.
 *
 * Returns: whether there is a connection
 *
 * Since: 0.1
 */
gboolean
dbr_client_open_sync (DbrClient     *self,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  exchange = dbr_client_prepare_open (self, error);
  if (exchange == NULL)
    return FALSE;

  dbr_client_complete (self, exchange, cancellable);

  return dbr_client_take_success (exchange, error);
}

/* In a child of fork() the locks may be held by threads that are not there. */
void
dbr_client_shut (DbrClient *self)
{
  if (!dbr_client_check_process (self, NULL))
    return;

  dbr_link_close (self->link);
  dbr_proxies_close (self->proxies);
}

/**
 * dbr_client_close_async:
 * @self: a client
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called when the client is closed
 * @user_data: data for @callback
 *
 * Ends the connection for good. Calls under way end with `DBR_ERROR_CLOSED`, as all later ones
 * will.
 *
 * Since: 0.1
 */
void
dbr_client_close_async (DbrClient           *self,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_close_async);

  /* It takes no time and cannot fail; the callback all the same comes after this function has
   * returned. */
  dbr_client_shut (self);
  g_task_return_boolean (task, TRUE);
}

/**
 * dbr_client_close_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.close_async].
 *
 * Returns: whether it is closed, which only a cancellation prevents from being told
 *
 * Since: 0.1
 */
gboolean
dbr_client_close_finish (DbrClient     *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_client_close_sync:
 * @self: a client
 * @cancellable: (nullable): to give up early
 * @error: return location for an error
 *
 * Ends the connection for good. It never waits for the other end.
 *
 * Returns: whether it is closed
 *
 * Since: 0.1
 */
gboolean
dbr_client_close_sync (DbrClient     *self,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  dbr_client_shut (self);

  return TRUE;
}
