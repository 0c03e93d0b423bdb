/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-introspection-private.h"

/* What a client finds out about the bus and what is on it. */

static DbrRequest *
question_new (const char         *method_name,
              GVariant           *parameters,
              const GVariantType *reply_type)
{
  return dbr_request_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE, method_name, parameters,
                          reply_type);
}

static char **
dup_names_cb (const char *unique_name,
              gpointer    user_data)
{
  return dbr_owners_dup_names (user_data, unique_name);
}

static gboolean
dbr_client_may_see (DbrClient  *self,
                    const char *bus_name)
{
  return self->access_policy == NULL
         || dbr_access_judge_may_see (dbr_access_policy_get_judge (self->access_policy),
                                      self->access_bus, bus_name, dup_names_cb,
                                      dbr_link_get_owners (self->link));
}

/* Waiting for a service */

/* Whether a name that is hidden has an owner is hidden too. */
gboolean
dbr_client_check_sight (DbrClient   *self,
                        const char  *bus_name,
                        GError     **error)
{
  if (dbr_client_may_see (self, bus_name))
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_DENIED,
               _("The access policy hides “%s”"), bus_name);

  return FALSE;
}

static DbrExchange *
wait_prepare (DbrClient   *self,
              const char  *bus_name,
              guint        timeout_ms,
              GError     **error)
{
  g_autoptr(DbrRequest) request = NULL;

  if (!dbr_client_check_bus (self, error)
      || !dbr_check_bus_name (bus_name, error)
      || !dbr_client_check_sight (self, bus_name, error))
    return NULL;

  request = question_new ("GetNameOwner", g_variant_new ("(s)", bus_name), G_VARIANT_TYPE ("(s)"));
  request->timeout_ms = timeout_ms;

  /* A unique name is never given again. */
  return dbr_client_prepare_question (self, request, *bus_name != ':' ? bus_name : NULL, error);
}

static char *
wait_conclude (DbrExchange  *exchange,
               GError      **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, &local_error);
  char *owner = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(s)", &owner);
  else if (g_error_matches (local_error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NO_OWNER,
                         _("The program with that unique name is gone and will not come back"));
  else
    g_propagate_error (error, g_steal_pointer (&local_error));

  return owner;
}

static void
wait_done_cb (DbrExchange *exchange,
              gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  char *owner = wait_conclude (exchange, &error);

  if (owner != NULL)
    g_task_return_pointer (task, owner, g_free);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_client_wait_for_service_async:
 * @self: a client
 * @bus_name: a service's name
 * @timeout_ms: the time limit in milliseconds; 0 for the default one
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when a program has the name or the time is over
 * @user_data: data for @callback
 *
 * Waits until a program has a name. It does not start the service, and costs the bus nothing while
 * it waits. A name that the access policy hides is not waited for: that is `DBR_ERROR_DENIED`.
 *
 * Since: 0.1
 */
void
dbr_client_wait_for_service_async (DbrClient           *self,
                                   const char          *bus_name,
                                   guint                timeout_ms,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrExchange) exchange = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (bus_name != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_wait_for_service_async);

  exchange = wait_prepare (self, bus_name, timeout_ms, &error);
  dbr_client_begin (self, exchange, error, task, wait_done_cb);
}

/**
 * dbr_client_wait_for_service_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.wait_for_service_async].
 *
 * Returns: (transfer full): the unique name of the program
 *
 * Since: 0.1
 */
char *
dbr_client_wait_for_service_finish (DbrClient     *self,
                                    GAsyncResult  *result,
                                    GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_wait_for_service_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_wait_for_service_sync:
 * @self: a client
 * @bus_name: a service's name
 * @timeout_ms: the time limit in milliseconds; 0 for the default one
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Waits until a program has a name, as [method@Client.wait_for_service_async] does it.
 *
 * Returns: (transfer full): the unique name of the program
 *
 * Since: 0.1
 */
char *
dbr_client_wait_for_service_sync (DbrClient     *self,
                                  const char    *bus_name,
                                  guint          timeout_ms,
                                  GCancellable  *cancellable,
                                  GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (bus_name != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  exchange = wait_prepare (self, bus_name, timeout_ms, error);
  if (exchange == NULL)
    return NULL;

  dbr_client_complete (self, exchange, cancellable);

  return wait_conclude (exchange, error);
}

/* Names */

static DbrExchange *
list_prepare (DbrClient  *self,
              gboolean    activatable,
              GError    **error)
{
  g_autoptr(DbrRequest) request = NULL;

  if (!dbr_client_check_bus (self, error))
    return NULL;

  request = question_new (activatable ? "ListActivatableNames" : "ListNames", NULL,
                          G_VARIANT_TYPE ("(as)"));

  return dbr_client_prepare_question (self, request, NULL, error);
}

static char **
list_conclude (DbrClient    *self,
               DbrExchange  *exchange,
               GError      **error)
{
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, error);
  g_autoptr(GStrvBuilder) builder = NULL;
  g_autoptr(GVariantIter) names = NULL;
  const char *bus_name;

  if (reply == NULL)
    return NULL;

  builder = g_strv_builder_new ();
  g_variant_get (reply, "(as)", &names);
  while (g_variant_iter_next (names, "&s", &bus_name))
    {
      if (dbr_client_may_see (self, bus_name))
        g_strv_builder_add (builder, bus_name);
    }

  return g_strv_builder_end (builder);
}

static void
list_done_cb (DbrExchange *exchange,
              gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  char **names = list_conclude (g_task_get_source_object (task), exchange, &error);

  if (names != NULL)
    g_task_return_pointer (task, names, (GDestroyNotify) g_strfreev);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_client_list_names_async:
 * @self: a client
 * @activatable: whether to list the services that can be started instead of those that run
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the names are known
 * @user_data: data for @callback
 *
 * Lists the names on the bus, well-known and unique ones. What the access policy denies is not
 * among them.
 *
 * Since: 0.1
 */
void
dbr_client_list_names_async (DbrClient           *self,
                             gboolean             activatable,
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
  g_task_set_source_tag (task, dbr_client_list_names_async);

  exchange = list_prepare (self, activatable, &error);
  dbr_client_begin (self, exchange, error, task, list_done_cb);
}

/**
 * dbr_client_list_names_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.list_names_async].
 *
 * Returns: (transfer full): the names
 *
 * Since: 0.1
 */
char **
dbr_client_list_names_finish (DbrClient     *self,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_list_names_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_list_names_sync:
 * @self: a client
 * @activatable: whether to list the services that can be started instead of those that run
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Lists the names on the bus, as [method@Client.list_names_async] does it.
 *
 * Returns: (transfer full): the names
 *
 * Since: 0.1
 */
char **
dbr_client_list_names_sync (DbrClient     *self,
                            gboolean       activatable,
                            GCancellable  *cancellable,
                            GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  exchange = list_prepare (self, activatable, error);
  if (exchange == NULL)
    return NULL;

  dbr_client_complete (self, exchange, cancellable);

  return list_conclude (self, exchange, error);
}

/* Introspection */

static DbrExchange *
introspect_prepare (DbrClient   *self,
                    const char  *bus_name,
                    const char  *object_path,
                    GError     **error)
{
  g_autoptr(DbrRequest) request =
    dbr_client_new_request (bus_name, object_path, "org.freedesktop.DBus.Introspectable",
                            "Introspect", NULL, G_VARIANT_TYPE ("(s)"));

  return dbr_client_prepare (self, request, NULL, error);
}

typedef struct
{
  DbrClient        *client;
  const DbrRequest *request;
} Sight;

/* As if it were called, but without counting for a rate limit. */
static gboolean
may_see_cb (DbrIntrospectionKind  kind,
            const char           *object_path,
            const char           *interface_name,
            const char           *member,
            gpointer              user_data)
{
  static const DbrAccessKind kinds[] = {
    [DBR_INTROSPECTION_METHOD] = DBR_ACCESS_KIND_CALL,
    [DBR_INTROSPECTION_PROPERTY] = DBR_ACCESS_KIND_READ,
    [DBR_INTROSPECTION_SIGNAL] = DBR_ACCESS_KIND_SIGNAL,
  };
  const Sight *sight = user_data;
  DbrClient *self = sight->client;
  DbrAccessQuery query = {
    .kind = kinds[kind],
    .bus = self->access_bus,
    .target = { sight->request->bus_name, object_path, interface_name, member },
  };

  if (kind == DBR_INTROSPECTION_PROPERTY)
    {
      query.method = (DbrAccessTarget) {
        sight->request->bus_name, object_path, DBR_PROPERTIES_INTERFACE, "Get"
      };
    }

  return dbr_access_judge_check (dbr_access_policy_get_judge (self->access_policy), &query, FALSE,
                                 dup_names_cb, dbr_link_get_owners (self->link), NULL, NULL);
}

static char *
introspect_conclude (DbrClient    *self,
                     DbrExchange  *exchange,
                     GError      **error)
{
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, error);
  Sight sight = { self, exchange->request };
  const char *xml;

  if (reply == NULL)
    return NULL;

  g_variant_get (reply, "(&s)", &xml);

  /* Whoever asked is likely to give it to GLib, which some of it would crash. */
  if (self->access_policy == NULL)
    return dbr_introspection_check (xml, error) ? g_strdup (xml) : NULL;

  return dbr_introspection_filter (xml, exchange->request->object_path, may_see_cb, &sight, error);
}

static void
introspect_done_cb (DbrExchange *exchange,
                    gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  char *xml = introspect_conclude (g_task_get_source_object (task), exchange, &error);

  if (xml != NULL)
    g_task_return_pointer (task, xml, g_free);
  else
    g_task_return_error (task, error);
}

/**
 * dbr_client_introspect_async:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when the service has answered
 * @user_data: data for @callback
 *
 * Asks a service what an object has. What the access policy denies is not shown, and what cannot be
 * read is a `DBR_ERROR_BAD_REPLY`.
 *
 * Since: 0.1
 */
void
dbr_client_introspect_async (DbrClient           *self,
                             const char          *bus_name,
                             const char          *object_path,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrExchange) exchange = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (object_path != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_client_introspect_async);

  exchange = introspect_prepare (self, bus_name, object_path, &error);
  dbr_client_begin (self, exchange, error, task, introspect_done_cb);
}

/**
 * dbr_client_introspect_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Client.introspect_async].
 *
 * Returns: (transfer full): the introspection XML
 *
 * Since: 0.1
 */
char *
dbr_client_introspect_finish (DbrClient     *self,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_client_introspect_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_client_introspect_sync:
 * @self: a client
 * @bus_name: (nullable): the service's name; `NULL` where there is no bus
 * @object_path: the object's path
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Asks a service what an object has, as [method@Client.introspect_async] does it.
 *
 * Returns: (transfer full): the introspection XML
 *
 * Since: 0.1
 */
char *
dbr_client_introspect_sync (DbrClient     *self,
                            const char    *bus_name,
                            const char    *object_path,
                            GCancellable  *cancellable,
                            GError       **error)
{
  g_autoptr(DbrExchange) exchange = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (object_path != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  exchange = introspect_prepare (self, bus_name, object_path, error);
  if (exchange == NULL)
    return NULL;

  dbr_client_complete (self, exchange, cancellable);

  return introspect_conclude (self, exchange, error);
}
