/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-check-private.h"
#include "bus/dbr-proxy-private.h"

/* The proxies of a client. */

/* A proxy reads all properties and hears of their changes: both have to be allowed. */
static gboolean
dbr_client_judge_proxy (DbrClient   *self,
                        const char  *bus_name,
                        const char  *object_path,
                        const char  *interface_name,
                        gboolean    *needs_peer,
                        GError     **error)
{
  g_autoptr(DbrRequest) request =
    dbr_request_new (bus_name, object_path, DBR_PROPERTIES_INTERFACE, "GetAll",
                     g_variant_new ("(s)", interface_name), NULL);
  g_autoptr(DbrMatchRule) rule =
    dbr_match_rule_new (bus_name, object_path, DBR_PROPERTIES_INTERFACE, "PropertiesChanged",
                        interface_name, DBR_SUBSCRIPTION_FLAGS_NONE);

  return dbr_client_check_ready (self, error)
         && dbr_request_check (request, dbr_link_has_bus (self->link), error)
         && dbr_check_interface_name (interface_name, error)
         && dbr_client_judge (self, request, needs_peer, error)
         && dbr_client_judge_signals (self, rule, error);
}

/* How its properties tell their changes is asked only where that is allowed. */
static gboolean
dbr_client_may_introspect (DbrClient  *self,
                           const char *bus_name,
                           const char *object_path)
{
  g_autoptr(DbrRequest) request = dbr_request_new (bus_name, object_path,
                                                   "org.freedesktop.DBus.Introspectable",
                                                   "Introspect", NULL, NULL);

  return dbr_client_may_ask (self, request);
}

static DbrStore *
dbr_client_take_store (DbrClient   *self,
                       const char  *bus_name,
                       const char  *object_path,
                       const char  *interface_name,
                       GError     **error)
{
  g_autoptr(DbrTimeouts) timeouts = NULL;
  gboolean needs_peer = FALSE;
  DbrStoreTerms terms;

  if (!dbr_client_judge_proxy (self, bus_name, object_path, interface_name, &needs_peer, error))
    return NULL;

  timeouts = dbr_client_ref_timeouts (self);
  terms.limit_ms = dbr_timeouts_get (timeouts, "get_property");
  terms.access_policy = needs_peer ? self->access_policy : NULL;
  terms.may_introspect = dbr_client_may_introspect (self, bus_name, object_path);

  return dbr_proxies_take (self->proxies, bus_name, object_path, interface_name, &terms);
}

/* A store that is taken by a call under way, which may end without having made a proxy of it. */
typedef struct
{
  DbrProxies *proxies;
  DbrStore   *store;
} Taken;

static void
taken_free (gpointer data)
{
  Taken *self = data;

  if (self->store != NULL)
    dbr_proxies_give_back (self->proxies, self->store);
  dbr_proxies_unref (self->proxies);
  g_free (self);
}

static void
got_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrClient *self = g_task_get_source_object (task);
  Taken *taken = g_task_get_task_data (task);
  GError *error = NULL;

  if (!dbr_waiter_finish (G_TASK (result), &error))
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, dbr_proxy_get (self, self->proxies,
                                                g_steal_pointer (&taken->store)),
                           g_object_unref);
}

/**
 * dbr_client_get_proxy_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the interface
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when its properties were read
 * @user_data: data for @callback
 *
 * Gets a proxy of one interface of one object. Those who ask for the same at the same time wait for
 * the same answer, and who asks again later gets what is there.
 *
 * A service that is not there is no error: the proxy then waits for it.
 *
 * Since: 0.1
 */
void
dbr_client_get_proxy_async (DbrClient           *self,
                            const char          *bus_name,
                            const char          *object_path,
                            const char          *interface_name,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(GTask) waiting = NULL;
  g_autoptr(DbrWaiter) waiter = NULL;
  GError *error = NULL;
  DbrStore *store;
  Taken *taken;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (object_path != NULL && interface_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_get_proxy_async);
  store = dbr_client_take_store (self, bus_name, object_path, interface_name, &error);
  if (store == NULL)
    {
      dbr_client_refuse (self, task, error);
      return;
    }

  taken = g_new (Taken, 1);
  taken->proxies = dbr_proxies_ref (self->proxies);
  taken->store = store;
  g_task_set_task_data (task, taken, taken_free);

  waiting = g_task_new (self, cancellable, got_cb, g_object_ref (task));
  waiter = dbr_waiter_new (waiting, cancellable);
  dbr_store_open (store, waiter);
}

/**
 * dbr_client_get_proxy_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.get_proxy_async].
 *
 * Returns: (transfer full): the proxy
 *
 * Since: 0.1
 */
DbrProxy *
dbr_client_get_proxy_finish (DbrClient     *self,
                             GAsyncResult  *result,
                             GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_get_proxy_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_get_proxy_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @interface_name: the interface
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Gets a proxy of one interface of one object, as [method@Client.get_proxy_async] does.
 *
 * Returns: (transfer full): the proxy
 *
 * Since: 0.1
 */
DbrProxy *
dbr_client_get_proxy_sync (DbrClient     *self,
                           const char    *bus_name,
                           const char    *object_path,
                           const char    *interface_name,
                           GCancellable  *cancellable,
                           GError       **error)
{
  g_autoptr(DbrWaiter) waiter = NULL;
  DbrStore *store;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (object_path != NULL && interface_name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  store = dbr_client_take_store (self, bus_name, object_path, interface_name, error);
  if (store == NULL)
    return NULL;

  waiter = dbr_waiter_new (NULL, cancellable);
  dbr_store_open (store, waiter);
  if (dbr_waiter_wait (waiter, error))
    return dbr_proxy_get (self, self->proxies, store);

  dbr_proxies_give_back (self->proxies, store);

  return NULL;
}

/**
 * dbr_client_invalidate:
 * @self: a client
 * @bus_name: (nullable): a service's name; `NULL` for all services
 *
 * Says that what the proxies of a service have at hand counts no more. It is read anew.
 *
 * Since: 0.1
 */
void
dbr_client_invalidate (DbrClient  *self,
                       const char *bus_name)
{
  g_return_if_fail (DBR_IS_CLIENT (self));

  dbr_proxies_invalidate (self->proxies, bus_name);
}
