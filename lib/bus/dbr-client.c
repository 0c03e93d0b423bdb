/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-fork-private.h"
#include "bus/dbr-address-private.h"

#define DEFAULT_MAX_IN_FLIGHT 16
#define DEFAULT_MAX_QUEUED 1000

/**
 * DbrClient:
 *
 * A client of a bus, or of one peer, whose calls end.
 *
 * Every call has one time limit over all that it takes: waiting for the connection, starting the
 * service, the call itself. The limit holds while the caller's main loop is blocked, the service
 * hangs or the bus has stopped. How long it is can be said with each call, and is otherwise found
 * by operation in [property@Client:timeouts].
 *
 * ```c
 * g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SYSTEM);
 * g_autoptr(GVariant) reply = NULL;
 * g_autoptr(GError) error = NULL;
 *
 * reply = dbr_client_call_sync (client,
 *                               "org.freedesktop.hostname1",
 *                               "/org/freedesktop/hostname1",
 *                               "org.freedesktop.DBus.Peer",
 *                               "GetMachineId",
 *                               NULL, G_VARIANT_TYPE ("(s)"),
 *                               2000, NULL, &error);
 * ```
 *
 * A client has a private connection, made by the first call and made again by itself after it was
 * lost. Where services that hang hold half of the calls that the bus allows it at once, further
 * ones are opened for reads. What is known of a call beyond its answer, such as whether the method
 * ran although no answer came, is told by a [class@Call].
 *
 * ## When a service does not answer as it should
 *
 * A call that has failed is tried again within its limit if the method cannot have run, or if
 * running twice does no harm: [property@Client:retry-policy]. When a service restarts, calls to it
 * wait for the new program. A service that does not answer at all is left alone for a while, and
 * calls to it fail at once with `DBR_ERROR_CIRCUIT_OPEN`: [method@Client.get_circuit]. Only
 * [property@Client:max-in-flight] calls to one service are under way at a time. The same read that
 * several ask for at the same time is sent once.
 *
 * ## Figures
 *
 * How often it called, how long that took and how it ended is counted by operation, and what is
 * wrong is told: [property@Client:metrics].
 *
 * ## Threads
 *
 * Any thread may call. A callback runs in the thread-default context of the call, signals are
 * emitted in the context the client was made in. A call that waits dispatches nothing else
 * meanwhile, and may be made inside a callback.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_BUS_TYPE,
  PROP_ADDRESS,
  PROP_ACCESS_POLICY,
  PROP_TIMEOUTS,
  PROP_RETRY_POLICY,
  PROP_METRICS,
  PROP_MAX_IN_FLIGHT,
  PROP_MAX_QUEUED,
  PROP_STATE,
  PROP_IN_FLIGHT,
  PROP_ORPHANS,
  PROP_UNIQUE_NAME,
  PROP_TRACE_SIZE,
  PROP_TRACE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (DbrClientState, dbr_client_state,
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_RECONNECTING, "reconnecting"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_CLOSED, "closed"))

G_DEFINE_FINAL_TYPE (DbrClient, dbr_client, G_TYPE_OBJECT)

void
dbr_client_notify_state (GObject  *client,
                         gpointer  news)
{
  g_object_notify_by_pspec (client, properties[PROP_STATE]);
}

static DbrAccessBus
dbr_client_get_access_bus (DbrClient *self)
{
  g_autofree char *system = NULL;

  if (!dbr_link_has_bus (self->link))
    return DBR_ACCESS_BUS_PEER;
  if (self->address == NULL && self->bus_type == G_BUS_TYPE_SESSION)
    return DBR_ACCESS_BUS_SESSION;
  if (self->address == NULL && self->bus_type == G_BUS_TYPE_SYSTEM)
    return DBR_ACCESS_BUS_SYSTEM;

  system = dbr_address_dup_for_bus (G_BUS_TYPE_SYSTEM, NULL);

  return g_strcmp0 (self->address, system) == 0 ? DBR_ACCESS_BUS_SYSTEM : DBR_ACCESS_BUS_OTHER;
}

static void
dbr_client_take_link (DbrClient *self,
                      DbrLink   *link)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();

  g_clear_object (&self->dispatcher);
  g_clear_pointer (&self->recorder, dbr_recorder_unref);
  g_clear_object (&self->link);
  self->link = g_object_ref (link);
  self->recorder = dbr_recorder_new (link, self->trace);
  dbr_recorder_set_metrics (self->recorder, self->metrics);
  self->dispatcher = dbr_dispatcher_new (link, dbr_recorder_ref (self->recorder), context,
                                         dbr_client_get_listener (),
                                         dbr_herald_ref (self->herald),
                                         (GDestroyNotify) dbr_herald_unref);
  dbr_dispatcher_set_retry_policy (self->dispatcher, policy);
  g_clear_pointer (&self->proxies, dbr_proxies_unref);
  self->proxies = dbr_proxies_new (self->dispatcher);
  self->access_bus = dbr_client_get_access_bus (self);
}

static void
dbr_client_constructed (GObject *object)
{
  DbrClient *self = DBR_CLIENT (object);

  G_OBJECT_CLASS (dbr_client_parent_class)->constructed (object);

  if (self->access_policy != NULL)
    dbr_access_policy_freeze (self->access_policy);
  if (self->address != NULL)
    dbr_client_take_link (self, dbr_link_new_for_address (self->address, TRUE));
  else
    dbr_client_take_link (self, dbr_link_new_for_bus (self->bus_type));
}

/* Calls under way keep the client, so nobody waits for anything when this runs. Nor does this. */
static void
dbr_client_dispose (GObject *object)
{
  DbrClient *self = DBR_CLIENT (object);

  dbr_client_shut (self);
  g_clear_pointer (&self->last_mailbox, dbr_mailbox_unref);

  G_OBJECT_CLASS (dbr_client_parent_class)->dispose (object);
}

static void
dbr_client_finalize (GObject *object)
{
  DbrClient *self = DBR_CLIENT (object);

  g_clear_pointer (&self->proxies, dbr_proxies_unref);
  g_clear_object (&self->dispatcher);
  g_clear_pointer (&self->recorder, dbr_recorder_unref);
  g_clear_object (&self->link);
  g_clear_pointer (&self->trace, dbr_trace_unref);
  g_clear_object (&self->calls);
  g_clear_object (&self->metrics);
  g_clear_pointer (&self->herald, dbr_herald_unref);
  g_clear_object (&self->access_policy);
  g_clear_object (&self->timeouts);
  g_clear_pointer (&self->address, g_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_client_parent_class)->finalize (object);
}

static void
dbr_client_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  DbrClient *self = DBR_CLIENT (object);

  switch (prop_id)
    {
    case PROP_BUS_TYPE:
      g_value_set_enum (value, dbr_client_get_bus_type (self));
      break;

    case PROP_ADDRESS:
      g_value_set_string (value, dbr_client_get_address (self));
      break;

    case PROP_ACCESS_POLICY:
      g_value_set_object (value, dbr_client_get_access_policy (self));
      break;

    case PROP_TIMEOUTS:
      g_value_set_object (value, dbr_client_get_timeouts (self));
      break;

    case PROP_RETRY_POLICY:
      g_value_take_object (value, dbr_dispatcher_ref_retry_policy (self->dispatcher));
      break;

    case PROP_METRICS:
      g_value_set_object (value, dbr_client_get_metrics (self));
      break;

    case PROP_MAX_IN_FLIGHT:
      g_value_set_uint (value, dbr_client_get_max_in_flight (self));
      break;

    case PROP_MAX_QUEUED:
      g_value_set_uint (value, dbr_client_get_max_queued (self));
      break;

    case PROP_STATE:
      g_value_set_enum (value, dbr_client_get_state (self));
      break;

    case PROP_IN_FLIGHT:
      g_value_set_uint (value, dbr_client_get_in_flight (self));
      break;

    case PROP_ORPHANS:
      g_value_set_uint (value, dbr_client_get_orphans (self));
      break;

    case PROP_UNIQUE_NAME:
      g_value_set_string (value, dbr_client_get_unique_name (self));
      break;

    case PROP_TRACE_SIZE:
      g_value_set_uint (value, dbr_client_get_trace_size (self));
      break;

    case PROP_TRACE:
      g_value_set_object (value, dbr_client_get_trace (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_client_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  DbrClient *self = DBR_CLIENT (object);

  switch (prop_id)
    {
    case PROP_BUS_TYPE:
      self->bus_type = g_value_get_enum (value);
      break;

    case PROP_ADDRESS:
      self->address = g_value_dup_string (value);
      break;

    case PROP_ACCESS_POLICY:
      self->access_policy = g_value_dup_object (value);
      break;

    case PROP_TIMEOUTS:
      dbr_client_set_timeouts (self, g_value_get_object (value));
      break;

    case PROP_RETRY_POLICY:
      dbr_client_set_retry_policy (self, g_value_get_object (value));
      break;

    case PROP_METRICS:
      dbr_client_set_metrics (self, g_value_get_object (value));
      break;

    case PROP_MAX_IN_FLIGHT:
      dbr_client_set_max_in_flight (self, g_value_get_uint (value));
      break;

    case PROP_MAX_QUEUED:
      dbr_client_set_max_queued (self, g_value_get_uint (value));
      break;

    case PROP_TRACE_SIZE:
      dbr_client_set_trace_size (self, g_value_get_uint (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_client_class_init (DbrClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_client_constructed;
  object_class->dispose = dbr_client_dispose;
  object_class->finalize = dbr_client_finalize;
  object_class->get_property = dbr_client_get_property;
  object_class->set_property = dbr_client_set_property;

  /**
   * DbrClient:bus-type: (getter get_bus_type)
   *
   * The bus it calls on, `G_BUS_TYPE_NONE` where it was given something else to connect to.
   *
   * Since: 0.1
   */
  properties[PROP_BUS_TYPE] =
    g_param_spec_enum ("bus-type", NULL, NULL,
                       G_TYPE_BUS_TYPE,
                       G_BUS_TYPE_NONE,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:address: (getter get_address)
   *
   * The address it was given to connect to.
   *
   * Since: 0.1
   */
  properties[PROP_ADDRESS] =
    g_param_spec_string ("address", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:access-policy: (getter get_access_policy)
   *
   * What it may call and hear; without one all that the bus allows. It is frozen from then on.
   *
   * Since: 0.1
   */
  properties[PROP_ACCESS_POLICY] =
    g_param_spec_object ("access-policy", NULL, NULL,
                         DBR_TYPE_ACCESS_POLICY,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:timeouts: (getter get_timeouts) (setter set_timeouts)
   *
   * How long its calls may take where they do not say it themselves.
   *
   * A table of its own with the limits that ship, until another one is set. A call goes by what
   * held when it began.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUTS] =
    g_param_spec_object ("timeouts", NULL, NULL,
                         DBR_TYPE_TIMEOUTS,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:retry-policy: (getter get_retry_policy) (setter set_retry_policy)
   *
   * When a call that has failed is tried again.
   *
   * One of its own as it ships, until another one is set. A call goes by what held when it began.
   *
   * Since: 0.1
   */
  properties[PROP_RETRY_POLICY] =
    g_param_spec_object ("retry-policy", NULL, NULL,
                         DBR_TYPE_RETRY_POLICY,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:metrics: (getter get_metrics) (setter set_metrics)
   *
   * Where its calls are counted, and what else happens to it.
   *
   * Metrics of its own, until others are set, which several clients may share. `NULL` counts
   * nothing.
   *
   * Since: 0.1
   */
  properties[PROP_METRICS] =
    g_param_spec_object ("metrics", NULL, NULL,
                         DBR_TYPE_METRICS,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:max-in-flight: (getter get_max_in_flight) (setter set_max_in_flight)
   *
   * How many calls to one service may be under way; more wait for their turn.
   *
   * A call that nobody waits for any more counts until the service has answered it, but leaves the
   * last place to others. 0 makes calls fail with `DBR_ERROR_INVALID_ARGUMENT`.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_IN_FLIGHT] =
    g_param_spec_uint ("max-in-flight", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_MAX_IN_FLIGHT,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:max-queued: (getter get_max_queued) (setter set_max_queued)
   *
   * How many calls to one service may wait for their turn; more fail with `DBR_ERROR_OVERLOADED`
   * before they are sent.
   *
   * The parameters of all that wait may be 16 MiB at most, and half of that for calls in the
   * background.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_QUEUED] =
    g_param_spec_uint ("max-queued", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_MAX_QUEUED,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:state: (getter get_state)
   *
   * Whether it has its connection.
   *
   * Since: 0.1
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL,
                       DBR_TYPE_CLIENT_STATE,
                       DBR_CLIENT_STATE_DISCONNECTED,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:in-flight: (getter get_in_flight)
   *
   * How many calls were sent and are waited for, on all its connections. It is not notified.
   *
   * Since: 0.1
   */
  properties[PROP_IN_FLIGHT] =
    g_param_spec_uint ("in-flight", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:orphans: (getter get_orphans)
   *
   * How many calls nobody waits for any more but the service has not answered either, on all its
   * connections. It is not notified.
   *
   * The bus counts them still, and allows a connection only so many.
   *
   * Since: 0.1
   */
  properties[PROP_ORPHANS] =
    g_param_spec_uint ("orphans", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:unique-name: (getter get_unique_name)
   *
   * What the bus calls its connection, while there is one. It is not notified.
   *
   * Since: 0.1
   */
  properties[PROP_UNIQUE_NAME] =
    g_param_spec_string ("unique-name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:trace-size: (getter get_trace_size) (setter set_trace_size)
   *
   * How many of its last calls are kept in [property@Client:trace]. 0 keeps none and costs nothing.
   *
   * Since: 0.1
   */
  properties[PROP_TRACE_SIZE] =
    g_param_spec_uint ("trace-size", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrClient:trace: (getter get_trace)
   *
   * Its last calls, a list of [class@Call] without parameters and file descriptors. The one that
   * ended last is the last one. It changes in the context that the client was made in.
   *
   * Since: 0.1
   */
  properties[PROP_TRACE] =
    g_param_spec_object ("trace", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
  dbr_client_install_signals (klass);
}

static void
dbr_client_init (DbrClient *self)
{
  g_mutex_init (&self->mutex);
  self->generation = dbr_fork_get_generation ();
  self->herald = dbr_herald_new (G_OBJECT (self));
  self->timeouts = dbr_timeouts_new ();
  self->metrics = dbr_metrics_new ();
  self->calls = g_list_store_new (DBR_TYPE_CALL);
  self->trace = dbr_trace_new (G_OBJECT (self), dbr_client_show_calls);
  self->max_in_flight = DEFAULT_MAX_IN_FLIGHT;
  self->max_queued = DEFAULT_MAX_QUEUED;
}

/**
 * dbr_client_new:
 * @bus_type: the bus to call on
 *
 * Creates a client of the session or system bus. Nothing is connected yet.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
DbrClient *
dbr_client_new (GBusType bus_type)
{
  return g_object_new (DBR_TYPE_CLIENT, "bus-type", bus_type, NULL);
}

/**
 * dbr_client_new_for_address:
 * @address: the D-Bus address of a bus
 *
 * Creates a client of the bus at an address. Nothing is connected yet.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
DbrClient *
dbr_client_new_for_address (const char *address)
{
  g_return_val_if_fail (address != NULL, NULL);

  return g_object_new (DBR_TYPE_CLIENT, "address", address, NULL);
}

/**
 * dbr_client_new_for_connection:
 * @connection: a connection of the application
 *
 * Creates a client that calls on a connection which the application made and keeps.
 *
 * The client never closes it, and does not replace it when it is lost. Any number of clients may
 * share a connection.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
DbrClient *
dbr_client_new_for_connection (GDBusConnection *connection)
{
  DbrClient *self;

  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), NULL);

  self = g_object_new (DBR_TYPE_CLIENT, NULL);
  dbr_client_take_link (self, dbr_link_new_for_connection (connection));

  return self;
}

/**
 * dbr_client_new_for_peer:
 * @address: the D-Bus address of a program
 *
 * Creates a client of one other program, without a bus between. Nothing is connected yet.
 *
 * There are no names then: calls are given none.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
DbrClient *
dbr_client_new_for_peer (const char *address)
{
  DbrClient *self;

  g_return_val_if_fail (address != NULL, NULL);

  self = g_object_new (DBR_TYPE_CLIENT, "address", address, NULL);
  dbr_client_take_link (self, dbr_link_new_for_address (address, FALSE));

  return self;
}

/**
 * dbr_client_get_bus_type: (get-property bus-type)
 * @self: a client
 *
 * Gets the bus it calls on.
 *
 * Returns: the bus, `G_BUS_TYPE_NONE` where it was given something else to connect to
 *
 * Since: 0.1
 */
GBusType
dbr_client_get_bus_type (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), G_BUS_TYPE_NONE);

  return self->bus_type;
}

/**
 * dbr_client_get_address: (get-property address)
 * @self: a client
 *
 * Gets the address it was given to connect to.
 *
 * Returns: (nullable): the address
 *
 * Since: 0.1
 */
const char *
dbr_client_get_address (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  return self->address;
}

/**
 * dbr_client_get_state: (get-property state)
 * @self: a client
 *
 * Gets whether it has its connection.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
DbrClientState
dbr_client_get_state (DbrClient *self)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), DBR_CLIENT_STATE_CLOSED);

  return dbr_link_get_state (self->link);
}

/**
 * dbr_client_get_unique_name: (get-property unique-name)
 * @self: a client
 *
 * Gets what the bus calls its connection.
 *
 * Returns: (nullable): the unique name, while there is a connection to a bus
 *
 * Since: 0.1
 */
const char *
dbr_client_get_unique_name (DbrClient *self)
{
  g_autofree char *unique_name = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  /* Interned, because another thread's call may replace the connection while this name is read. */
  unique_name = dbr_link_dup_unique_name (self->link);

  return g_intern_string (unique_name);
}

/**
 * dbr_client_get_in_flight: (get-property in-flight)
 * @self: a client
 *
 * Gets how many calls were sent and are waited for.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_client_get_in_flight (DbrClient *self)
{
  guint n_in_flight;
  guint n_orphans;

  g_return_val_if_fail (DBR_IS_CLIENT (self), 0);

  dbr_link_count (self->link, &n_in_flight, &n_orphans);

  return n_in_flight;
}

/**
 * dbr_client_get_orphans: (get-property orphans)
 * @self: a client
 *
 * Gets how many calls nobody waits for any more but the service has not answered either.
 *
 * Returns: the number of calls
 *
 * Since: 0.1
 */
guint
dbr_client_get_orphans (DbrClient *self)
{
  guint n_in_flight;
  guint n_orphans;

  g_return_val_if_fail (DBR_IS_CLIENT (self), 0);

  dbr_link_count (self->link, &n_in_flight, &n_orphans);

  return n_orphans;
}

/* Circuits */

/**
 * dbr_client_get_circuit:
 * @self: a client
 * @bus_name: (nullable): a service's name; `NULL` where there is no bus
 *
 * Gets the circuit of a service, to look at it, set it or open it by hand.
 *
 * Each name has one, as long as the client lives. What the bus itself is asked passes no circuit.
 *
 * Returns: (transfer full): the circuit
 *
 * Since: 0.1
 */
DbrCircuitBreaker *
dbr_client_get_circuit (DbrClient  *self,
                        const char *bus_name)
{
  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  return dbr_dispatcher_ref_circuit (self->dispatcher, bus_name);
}
