/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-proxy-private.h"

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
