/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-check-private.h"
#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-herald-private.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-link-private.h"
#include "policy/dbr-services-private.h"
#include "policy/dbr-timeouts-private.h"

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
 * A client has a private connection, made by the first call and made again by the next call after
 * it was lost. What is known of a call beyond its answer, such as whether the method ran although
 * no answer came, is told by a [class@Call].
 *
 * ## Threads
 *
 * Any thread may call. A callback runs in the thread-default context of the call, signals are
 * emitted in the context the client was made in. A call that waits dispatches nothing else
 * meanwhile, and may be made inside a callback.
 *
 * Since: 0.1
 */
struct _DbrClient
{
  GObject      parent_instance;

  /* identity */
  GBusType     bus_type;
  char        *address;
  DbrLink     *link;
  guint        generation;

  GMutex       mutex;

  /* guarded by mutex */
  DbrTimeouts *timeouts;
  /* the mailbox of the context that called last, since it will likely call next */
  DbrMailbox  *last_mailbox;
};

enum
{
  PROP_0,
  PROP_BUS_TYPE,
  PROP_ADDRESS,
  PROP_TIMEOUTS,
  PROP_STATE,
  PROP_IN_FLIGHT,
  PROP_ORPHANS,
  PROP_UNIQUE_NAME,
  N_PROPS
};

enum
{
  SIGNAL_CONNECTION_LOST,
  SIGNAL_CONNECTION_RESTORED,
  SIGNAL_LATE_REPLY,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (DbrClientState, dbr_client_state,
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_RECONNECTING, "reconnecting"),
                    G_DEFINE_ENUM_VALUE (DBR_CLIENT_STATE_CLOSED, "closed"))

G_DEFINE_FINAL_TYPE (DbrClient, dbr_client, G_TYPE_OBJECT)

/* What the link says, in threads of its own. */

typedef struct
{
  const char *operation;
  gint64      late_by_usec;
} LateReply;

static void
tell_state (GObject  *object,
            gpointer  news)
{
  g_object_notify_by_pspec (object, properties[PROP_STATE]);
}

static void
tell_lost (GObject  *object,
           gpointer  news)
{
  g_signal_emit (object, signals[SIGNAL_CONNECTION_LOST], 0, news);
}

static void
tell_restored (GObject  *object,
               gpointer  news)
{
  g_signal_emit (object, signals[SIGNAL_CONNECTION_RESTORED], 0);
}

static void
tell_late (GObject  *object,
           gpointer  news)
{
  const LateReply *late = news;

  g_signal_emit (object, signals[SIGNAL_LATE_REPLY], 0, late->operation, late->late_by_usec);
}

static void
link_state_changed_cb (gpointer user_data)
{
  dbr_herald_tell (user_data, tell_state, NULL, NULL);
}

static void
link_lost_cb (gpointer  user_data,
              GError   *error)
{
  dbr_herald_tell (user_data, tell_lost, g_error_copy (error), (GDestroyNotify) g_error_free);
}

static void
link_restored_cb (gpointer user_data)
{
  dbr_herald_tell (user_data, tell_restored, NULL, NULL);
}

static void
link_late_cb (gpointer    user_data,
              const char *operation,
              gint64      late_by_usec)
{
  LateReply *late = g_new (LateReply, 1);

  late->operation = operation;
  late->late_by_usec = late_by_usec;
  dbr_herald_tell (user_data, tell_late, late, g_free);
}

static const DbrLinkListener link_listener = {
  link_state_changed_cb,
  link_lost_cb,
  link_restored_cb,
  link_late_cb,
};

static void
dbr_client_take_link (DbrClient *self,
                      DbrLink   *link)
{
  dbr_link_set_listener (link, &link_listener, dbr_herald_new (G_OBJECT (self)),
                         (GDestroyNotify) dbr_herald_unref);

  g_clear_object (&self->link);
  self->link = link;
}

static void
dbr_client_constructed (GObject *object)
{
  DbrClient *self = DBR_CLIENT (object);

  G_OBJECT_CLASS (dbr_client_parent_class)->constructed (object);

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

  dbr_link_close (self->link);
  g_clear_pointer (&self->last_mailbox, dbr_mailbox_unref);

  G_OBJECT_CLASS (dbr_client_parent_class)->dispose (object);
}

static void
dbr_client_finalize (GObject *object)
{
  DbrClient *self = DBR_CLIENT (object);

  g_clear_object (&self->link);
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

    case PROP_TIMEOUTS:
      g_value_set_object (value, dbr_client_get_timeouts (self));
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

    case PROP_TIMEOUTS:
      dbr_client_set_timeouts (self, g_value_get_object (value));
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
   * How many calls were sent and are waited for. It is not notified.
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
   * How many calls nobody waits for any more but the service has not answered either. It is not
   * notified.
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

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrClient::connection-lost:
   * @self: a client
   * @error: why, as far as it is known
   *
   * Emitted when the connection ended without having been closed.
   *
   * Calls under way end with `DBR_ERROR_CONNECTION_LOST`; the next one makes a new connection.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_LOST] =
    g_signal_new ("connection-lost",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_ERROR);

  /**
   * DbrClient::connection-restored:
   * @self: a client
   *
   * Emitted when there is a connection again after one was lost.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_RESTORED] =
    g_signal_new ("connection-restored",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * DbrClient::late-reply:
   * @self: a client
   * @operation: the operation of the call
   * @late_by_usec: how long after its limit, 0 if it was cancelled
   *
   * Emitted when a service answers a call whose caller no longer waits.
   *
   * So the method ran after all, if the answer was not an error.
   *
   * Since: 0.1
   */
  signals[SIGNAL_LATE_REPLY] =
    g_signal_new ("late-reply",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);
}

static void
dbr_client_init (DbrClient *self)
{
  g_mutex_init (&self->mutex);
  self->generation = dbr_fork_get_generation ();
  self->timeouts = dbr_timeouts_new ();
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
 * dbr_client_get_timeouts: (get-property timeouts)
 * @self: a client
 *
 * Gets how long its calls may take where they do not say it themselves.
 *
 * Returns: (transfer none): the limits
 *
 * Since: 0.1
 */
DbrTimeouts *
dbr_client_get_timeouts (DbrClient *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return self->timeouts;
}

/**
 * dbr_client_set_timeouts: (set-property timeouts)
 * @self: a client
 * @timeouts: (nullable): the limits, which several clients may share; `NULL` for those that ship
 *
 * Sets how long its calls may take where they do not say it themselves.
 *
 * Since: 0.1
 */
void
dbr_client_set_timeouts (DbrClient   *self,
                         DbrTimeouts *timeouts)
{
  g_autoptr(DbrTimeouts) old = NULL;

  g_return_if_fail (DBR_IS_CLIENT (self));
  g_return_if_fail (timeouts == NULL || DBR_IS_TIMEOUTS (timeouts));

  g_mutex_lock (&self->mutex);
  old = self->timeouts;
  self->timeouts = timeouts != NULL ? g_object_ref (timeouts) : dbr_timeouts_new ();
  g_mutex_unlock (&self->mutex);

  if (old != timeouts)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMEOUTS]);
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

/* What the operations ask of the client */

static DbrTimeouts *
dbr_client_ref_timeouts (DbrClient *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_object_ref (self->timeouts);
}

static DbrMailbox *
dbr_client_ref_mailbox (DbrClient    *self,
                        GMainContext *context)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->last_mailbox == NULL || dbr_mailbox_get_context (self->last_mailbox) != context)
    {
      g_clear_pointer (&self->last_mailbox, dbr_mailbox_unref);
      self->last_mailbox = dbr_mailbox_get (context);
    }

  return dbr_mailbox_ref (self->last_mailbox);
}

static gboolean
dbr_client_check_process (DbrClient  *self,
                          GError    **error)
{
  if (self->generation == dbr_fork_get_generation ())
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_FORKED,
                       _("The client was made before fork() and belongs to the parent process"));

  return FALSE;
}

static guint
request_get_limit (const DbrRequest  *request,
                   DbrTimeouts       *timeouts,
                   const char       **operation)
{
  guint limit_ms;

  if (request->operation != NULL)
    limit_ms = dbr_timeouts_get (timeouts, *operation = request->operation);
  else
    limit_ms = dbr_timeouts_lookup_fast (timeouts, request->interface_name, request->method_name,
                                         operation);

  if (request->is_interactive)
    limit_ms = dbr_timeouts_get (timeouts, "interactive");
  if (request->timeout_ms != 0)
    limit_ms = request->timeout_ms;
  if (request->attempt_timeout_ms != 0)
    limit_ms = MIN (limit_ms, request->attempt_timeout_ms);

  return limit_ms;
}

/* Only where the limit is ours to choose, and where the bus would start something. */
static gboolean
request_may_activate (const DbrRequest *request)
{
  return request->is_auto_start && request->timeout_ms == 0 && request->attempt_timeout_ms == 0
         && request->bus_name != NULL && *request->bus_name != ':'
         && !g_str_equal (request->bus_name, DBR_BUS_NAME);
}

DbrExchange *
dbr_client_prepare (DbrClient   *self,
                    DbrRequest  *request,
                    GError     **error)
{
  g_autoptr(DbrTimeouts) timeouts = NULL;
  DbrExchange *exchange;
  const char *operation;
  guint limit_ms;
  gboolean has_bus = dbr_link_has_bus (self->link);

  if (!dbr_client_check_process (self, error) || !dbr_request_check (request, has_bus, error))
    return NULL;

  timeouts = dbr_client_ref_timeouts (self);
  limit_ms = request_get_limit (request, timeouts, &operation);
  dbr_check_short_timeout ("timeout-ms", limit_ms);
  dbr_debug (DBR_DEBUG_CALLS, "A call begins",
             "DBR_BUS_NAME", request->bus_name,
             "DBR_PATH", request->object_path,
             "DBR_INTERFACE", request->interface_name,
             "DBR_METHOD", request->method_name,
             "DBR_OPERATION", operation);
  exchange = dbr_exchange_new (request, operation, limit_ms);
  if (has_bus && request_may_activate (request))
    dbr_exchange_allow_activation (exchange, dbr_timeouts_get (timeouts, "activate"),
                                   dbr_owners_was_absent,
                                   G_OBJECT (dbr_link_get_owners (self->link)));

  return exchange;
}

void
dbr_client_begin (DbrClient       *self,
                  DbrExchange     *exchange,
                  GTask           *task,
                  DbrExchangeFunc  done)
{
  g_autoptr(DbrMailbox) mailbox = dbr_client_ref_mailbox (self, g_task_get_context (task));

  dbr_exchange_start (exchange, mailbox, g_task_get_cancellable (task), done, g_object_ref (task));
  dbr_link_submit (self->link, exchange);
  dbr_exchange_started (exchange);
}

typedef struct
{
  DbrLetter  letter;
  GTask     *task;
  GError    *error;
} Refusal;

static void
deliver_refusal_cb (DbrLetter *letter)
{
  Refusal *refusal = (Refusal *) letter;

  g_task_return_error (refusal->task, refusal->error);
  g_object_unref (refusal->task);
  g_free (refusal);
}

/* Takes @error. In a child of fork() the mailbox may be no more, and GTask has a way of its own. */
void
dbr_client_refuse (DbrClient *self,
                   GTask     *task,
                   GError    *error)
{
  g_autoptr(DbrMailbox) mailbox = NULL;
  Refusal *refusal;

  if (self->generation != dbr_fork_get_generation ())
    {
      g_task_return_error (task, error);
      return;
    }

  refusal = g_new0 (Refusal, 1);
  refusal->letter.deliver = deliver_refusal_cb;
  refusal->task = g_object_ref (task);
  refusal->error = error;
  mailbox = dbr_client_ref_mailbox (self, g_task_get_context (task));
  dbr_mailbox_post (mailbox, &refusal->letter);
}

void
dbr_client_complete (DbrClient    *self,
                     DbrExchange  *exchange,
                     GCancellable *cancellable)
{
  dbr_exchange_start_sync (exchange, cancellable);
  dbr_link_submit (self->link, exchange);
  dbr_exchange_wait (exchange);
}

/* Opening and closing */

static DbrExchange *
dbr_client_prepare_open (DbrClient  *self,
                         GError    **error)
{
  g_autoptr(DbrTimeouts) timeouts = NULL;

  if (!dbr_client_check_process (self, error))
    return NULL;

  timeouts = dbr_client_ref_timeouts (self);

  return dbr_exchange_new (NULL, "default", dbr_timeouts_get (timeouts, "default"));
}

static void
open_done_cb (DbrExchange *exchange,
              gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) nothing = NULL;
  GError *error = NULL;

  nothing = dbr_exchange_take_value (exchange, &error);
  if (nothing != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
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
  if (exchange != NULL)
    dbr_client_begin (self, exchange, task, open_done_cb);
  else
    dbr_client_refuse (self, task, error);
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
  g_autoptr(GVariant) nothing = NULL;

  g_return_val_if_fail (DBR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  exchange = dbr_client_prepare_open (self, error);
  if (exchange == NULL)
    return FALSE;

  dbr_client_complete (self, exchange, cancellable);
  nothing = dbr_exchange_take_value (exchange, error);

  return nothing != NULL;
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
  dbr_link_close (self->link);
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

  dbr_link_close (self->link);

  return TRUE;
}
