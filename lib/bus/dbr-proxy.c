/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-proxy-private.h"

#include "base/dbr-check-private.h"
#include "bus/dbr-client-private.h"
#include "policy/dbr-services-private.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/**
 * DbrProxy:
 *
 * One interface of one object, with its properties at hand.
 *
 * It comes from [method@Client.get_proxy_async], and reads the properties once. From then on the
 * service tells of its changes, and asking for one costs no call:
 *
 * ```c
 * g_autoptr(DbrProxy) player = dbr_client_get_proxy_sync (client, "org.example.Player",
 *                                                         "/org/example/Player",
 *                                                         "org.example.Player", NULL, &error);
 * g_autoptr(GVariant) track = NULL;
 *
 * if (player != NULL)
 *   track = dbr_proxy_get_cached (player, "Track");
 * ```
 *
 * It outlives restarts of the service and a lost connection. When another program takes the name,
 * all values go and are read anew: those of one never mix with those of another.
 * [property@Proxy:fresh] says whether what it has is what the service has; while the service is
 * gone, does not answer, or cannot be reached, it is `FALSE`, and the values are the last known.
 *
 * A property of which the service says that it never tells its changes is not kept. One of which it
 * only tells that it has changed is read once more, each time.
 *
 * All proxies of one object and interface have one set of values behind them. In one context there
 * is one proxy, which is made again when nobody has it any more.
 *
 * ## Threads
 *
 * Any thread may use it. Signals are emitted in the context it was got in. What changes while that
 * has no time is told as one change.
 *
 * Since: 0.1
 */
struct _DbrProxy
{
  GObject     parent_instance;

  /* identity */
  DbrClient  *client;
  DbrProxies *proxies;
  DbrStore   *store;
  DbrInbox   *inbox;
};

enum
{
  PROP_0,
  PROP_CLIENT,
  PROP_BUS_NAME,
  PROP_OBJECT_PATH,
  PROP_INTERFACE_NAME,
  PROP_GENERATION,
  PROP_FRESH,
  N_PROPS
};

enum
{
  SIGNAL_PROPERTIES_CHANGED,
  SIGNAL_OWNER_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (DbrProxy, dbr_proxy, G_TYPE_OBJECT)

static void
tell_cb (GObject            *object,
         const DbrInboxNews *news)
{
  if (news->has_new_owner)
    {
      g_object_notify_by_pspec (object, properties[PROP_GENERATION]);
      g_signal_emit (object, signals[SIGNAL_OWNER_CHANGED], 0,
                     news->old_owner != NULL ? news->old_owner : "",
                     news->new_owner != NULL ? news->new_owner : "");
    }
  if (news->has_new_state)
    g_object_notify_by_pspec (object, properties[PROP_FRESH]);
  if (news->changed != NULL)
    g_signal_emit (object, signals[SIGNAL_PROPERTIES_CHANGED], 0,
                   news->changed, news->invalidated);
}

static void
dbr_proxy_finalize (GObject *object)
{
  DbrProxy *self = DBR_PROXY (object);

  if (self->store != NULL)
    {
      dbr_store_remove_inbox (self->store, self->inbox);
      dbr_proxies_remove_proxy (self->proxies, self->store, self);
      dbr_proxies_give_back (self->proxies, self->store);
      dbr_inbox_unref (self->inbox);
      dbr_proxies_unref (self->proxies);
      g_object_unref (self->client);
    }

  G_OBJECT_CLASS (dbr_proxy_parent_class)->finalize (object);
}

static void
dbr_proxy_get_property (GObject    *object,
                        guint       prop_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  DbrProxy *self = DBR_PROXY (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, dbr_proxy_get_client (self));
      break;

    case PROP_BUS_NAME:
      g_value_set_string (value, dbr_proxy_get_bus_name (self));
      break;

    case PROP_OBJECT_PATH:
      g_value_set_string (value, dbr_proxy_get_object_path (self));
      break;

    case PROP_INTERFACE_NAME:
      g_value_set_string (value, dbr_proxy_get_interface_name (self));
      break;

    case PROP_GENERATION:
      g_value_set_uint (value, dbr_proxy_get_generation (self));
      break;

    case PROP_FRESH:
      g_value_set_boolean (value, dbr_proxy_get_fresh (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_proxy_class_init (DbrProxyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dbr_proxy_finalize;
  object_class->get_property = dbr_proxy_get_property;

  /**
   * DbrProxy:client: (getter get_client)
   *
   * The client it is of.
   *
   * Since: 0.1
   */
  properties[PROP_CLIENT] =
    g_param_spec_object ("client", NULL, NULL,
                         DBR_TYPE_CLIENT,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrProxy:bus-name: (getter get_bus_name)
   *
   * The service, `NULL` where there is no bus.
   *
   * Since: 0.1
   */
  properties[PROP_BUS_NAME] =
    g_param_spec_string ("bus-name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrProxy:object-path: (getter get_object_path)
   *
   * The object.
   *
   * Since: 0.1
   */
  properties[PROP_OBJECT_PATH] =
    g_param_spec_string ("object-path", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrProxy:interface-name: (getter get_interface_name)
   *
   * The interface.
   *
   * Since: 0.1
   */
  properties[PROP_INTERFACE_NAME] =
    g_param_spec_string ("interface-name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrProxy:generation: (getter get_generation)
   *
   * The how manieth program that had the name, as far as the client has seen; 0 if none is known.
   *
   * Since: 0.1
   */
  properties[PROP_GENERATION] =
    g_param_spec_uint ("generation", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrProxy:fresh: (getter get_fresh)
   *
   * Whether the values it has are those that the service has.
   *
   * Since: 0.1
   */
  properties[PROP_FRESH] =
    g_param_spec_boolean ("fresh", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrProxy::properties-changed:
   * @self: a proxy
   * @changed: an `a{sv}` of the new values
   * @invalidated: the properties that have changed to what is not known yet
   *
   * Emitted when properties have changed, also when they were read anew.
   *
   * Since: 0.1
   */
  signals[SIGNAL_PROPERTIES_CHANGED] =
    g_signal_new ("properties-changed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_VARIANT,
                  G_TYPE_STRV);

  /**
   * DbrProxy::owner-changed:
   * @self: a proxy
   * @old_owner: the unique name of the program that had the name; empty for none
   * @new_owner: the unique name of the one that has it now; empty for none. It may be that of the
   *   old one if the bus was started anew, as a bus counts them from the beginning
   *
   * Emitted when the service went or came.
   *
   * Since: 0.1
   */
  signals[SIGNAL_OWNER_CHANGED] =
    g_signal_new ("owner-changed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_STRING);
}

static void
dbr_proxy_init (DbrProxy *self)
{
}

DbrProxy *
dbr_proxy_get (DbrClient  *client,
               DbrProxies *proxies,
               DbrStore   *store)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrProxy *existing = dbr_proxies_dup_proxy (proxies, store, context);
  g_autoptr(DbrProxy) self = NULL;

  if (existing != NULL)
    {
      dbr_proxies_give_back (proxies, store);
      return existing;
    }

  self = g_object_new (DBR_TYPE_PROXY, NULL);
  self->client = g_object_ref (client);
  self->proxies = dbr_proxies_ref (proxies);
  self->store = store;
  self->inbox = dbr_inbox_new (G_OBJECT (self), tell_cb);
  dbr_store_add_inbox (store, self->inbox);

  /* If another thread was faster, this one goes. */
  return dbr_proxies_add_proxy (proxies, store, context, self);
}

/**
 * dbr_proxy_get_client: (get-property client)
 * @self: a proxy
 *
 * Gets the client it is of.
 *
 * Returns: (transfer none): the client
 *
 * Since: 0.1
 */
DbrClient *
dbr_proxy_get_client (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);

  return self->client;
}

/**
 * dbr_proxy_get_bus_name: (get-property bus-name)
 * @self: a proxy
 *
 * Gets the service.
 *
 * Returns: (nullable): its name, `NULL` where there is no bus
 *
 * Since: 0.1
 */
const char *
dbr_proxy_get_bus_name (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);

  return dbr_store_get_bus_name (self->store);
}

/**
 * dbr_proxy_get_object_path: (get-property object-path)
 * @self: a proxy
 *
 * Gets the object.
 *
 * Returns: its path
 *
 * Since: 0.1
 */
const char *
dbr_proxy_get_object_path (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);

  return dbr_store_get_object_path (self->store);
}

/**
 * dbr_proxy_get_interface_name: (get-property interface-name)
 * @self: a proxy
 *
 * Gets the interface.
 *
 * Returns: its name
 *
 * Since: 0.1
 */
const char *
dbr_proxy_get_interface_name (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);

  return dbr_store_get_interface_name (self->store);
}

/**
 * dbr_proxy_get_generation: (get-property generation)
 * @self: a proxy
 *
 * Gets the how manieth program has the name, as far as the client has seen.
 *
 * Returns: the number, 0 if none is known
 *
 * Since: 0.1
 */
guint
dbr_proxy_get_generation (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), 0);

  return dbr_store_get_generation (self->store);
}

/**
 * dbr_proxy_get_fresh: (get-property fresh)
 * @self: a proxy
 *
 * Gets whether the values it has are those that the service has.
 *
 * Returns: whether they are
 *
 * Since: 0.1
 */
gboolean
dbr_proxy_get_fresh (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), FALSE);

  return dbr_store_is_fresh (self->store);
}

/**
 * dbr_proxy_get_cached:
 * @self: a proxy
 * @name: a property
 *
 * Gets the value of a property that is at hand, without a call. While [property@Proxy:fresh] is
 * `FALSE` it is the last known one.
 *
 * Returns: (transfer full) (nullable): the value, `NULL` if none is known
 *
 * Since: 0.1
 */
GVariant *
dbr_proxy_get_cached (DbrProxy   *self,
                      const char *name)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return dbr_store_ref_value (self->store, name, FALSE);
}

/**
 * dbr_proxy_dup_cached_names:
 * @self: a proxy
 *
 * Lists the properties whose values are at hand.
 *
 * Returns: (transfer full): their names, in alphabetical order
 *
 * Since: 0.1
 */
char **
dbr_proxy_dup_cached_names (DbrProxy *self)
{
  g_return_val_if_fail (DBR_IS_PROXY (self), NULL);

  return dbr_store_dup_names (self->store);
}

/* Calls: each is a request, and what is made of its exchange. */

static DbrRequest *
dbr_proxy_new_request (DbrProxy           *self,
                       const char         *interface_name,
                       const char         *method_name,
                       GVariant           *parameters,
                       const GVariantType *reply_type)
{
  const char *bus_name = dbr_store_get_bus_name (self->store);
  DbrRequest *request = dbr_request_new (bus_name, dbr_store_get_object_path (self->store),
                                         interface_name, method_name, parameters, reply_type);

  request->is_auto_start = bus_name == NULL || dbr_services_may_activate (bus_name);

  return request;
}

/* Takes the request; NULL for one that could not be made. */
static void
dbr_proxy_begin (DbrProxy        *self,
                 DbrRequest      *request,
                 GError          *error,
                 GTask           *task,
                 DbrExchangeFunc  done)
{
  G_GNUC_UNUSED g_autoptr(DbrRequest) owned = request;
  g_autoptr(DbrExchange) exchange = NULL;

  if (request != NULL)
    exchange = dbr_client_prepare (self->client, request, NULL, &error);
  dbr_client_begin (self->client, exchange, error, task, done);
}

/* The same asleep. NULL: it could not be tried. */
static DbrExchange *
dbr_proxy_complete (DbrProxy      *self,
                    DbrRequest    *request,
                    GCancellable  *cancellable,
                    GError       **error)
{
  G_GNUC_UNUSED g_autoptr(DbrRequest) owned = request;
  DbrExchange *exchange = NULL;

  if (request != NULL)
    exchange = dbr_client_prepare (self->client, request, NULL, error);
  if (exchange != NULL)
    dbr_client_complete (self->client, exchange, cancellable);

  return exchange;
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

  return dbr_proxy_new_request (self, PROPERTIES_INTERFACE, "Get",
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
