/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-private.h"

#include "base/dbr-herald-private.h"
#include "bus/dbr-acquisition-private.h"
#include "bus/dbr-pool-stats-private.h"

/**
 * DbrPool:
 *
 * Connections to a bus, lent to one holder at a time.
 *
 * A program is well served by one connection, and a [class@Client] has one. A pool is for what
 * needs a connection of its own: to own a name or to export objects with GIO, to keep an agent
 * registered, to have what one part of a program does not delay or disturb another one. It makes no
 * call faster: GDBus has one thread for all connections, and they all lead to the same bus.
 *
 * ```c
 * g_autoptr(DbrPool) pool = dbr_pool_new (G_BUS_TYPE_SESSION);
 * g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, &error);
 *
 * if (lease != NULL)
 *   owner_id = g_bus_own_name_on_connection (dbr_lease_get_connection (lease),
 *                                            "org.example.Player",
 *                                            G_BUS_NAME_OWNER_FLAGS_NONE,
 *                                            NULL, NULL, NULL, NULL);
 * ```
 *
 * From Python:
 *
 * ```python
 * with pool.acquire() as lease:
 *     lease.get_connection().call_sync(...)
 * ```
 *
 * ## Who gets a connection
 *
 * Nothing is connected until somebody asks. Then one that is idle is lent, or one more is opened
 * up to [property@Pool:max-size]; after that those who ask wait, and are served in the order in
 * which they came. Each waits for [property@Pool:acquire-timeout-ms] at most, and then has
 * `DBR_ERROR_DEADLINE`. Where the bus cannot be reached and no connection is left, it is
 * `DBR_ERROR_NO_BUS` at once.
 *
 * A connection that is known to be dead is never lent. One that gave no sign of life in the last
 * half second is asked for one before. A connection that was lost is replaced when somebody wants
 * one, or at once where [property@Pool:min-size] does.
 *
 * No holder finds what the last one left on a connection: see [class@Lease]. No connection is
 * closed under its holder, and none for its age unless [property@Pool:max-age-ms] says so: services
 * tie what they keep for a program to its connection.
 *
 * ## Health
 *
 * A connection that says nothing for [property@Pool:health-check-ms] is asked for a sign of life.
 * If none comes within two seconds, [signal@Pool::connection-stalled] is emitted, and
 * [signal@Pool::connection-recovered] when it comes after all. A stalled connection is not lent.
 *
 * ## What leases may do
 *
 * With an [property@Pool:access-policy] all calls that are made on a leased connection are judged,
 * those of GIO itself included: a proxy's, a name's, a match rule's. What is denied is not sent,
 * and ends at once with `G_DBUS_ERROR_ACCESS_DENIED`, the text of which names the rule; while the
 * bus itself does not answer, it ends as any other call does. On a leased connection the owner of a
 * name cannot be looked at in between, so calls to names under [method@AccessPolicy.require_peer]
 * are denied.
 *
 * ## The end
 *
 * [method@Pool.close_async] closes what is idle, and ends all waiting with `DBR_ERROR_CLOSED`, as
 * all later ones will. Leases go on, and their connections are closed when they are released. The
 * last reference to the pool does the same.
 *
 * All functions may be called from any thread. A property holds from the next use on; values that
 * are not allowed make the next acquisition fail with `DBR_ERROR_INVALID_ARGUMENT`. Signals are
 * emitted in the context the pool was made in.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_MIN_SIZE,
  PROP_MAX_SIZE,
  PROP_MAX_IDLE_MS,
  PROP_MAX_AGE_MS,
  PROP_HEALTH_CHECK_MS,
  PROP_ACQUIRE_TIMEOUT_MS,
  PROP_LEAK_WARN_MS,
  PROP_BUS_TYPE,
  PROP_ADDRESS,
  PROP_ACCESS_POLICY,
  N_PROPS
};

enum
{
  SIGNAL_CONNECTION_OPENED,
  SIGNAL_CONNECTION_CLOSED,
  SIGNAL_CONNECTION_STALLED,
  SIGNAL_CONNECTION_RECOVERED,
  SIGNAL_EXHAUSTED,
  SIGNAL_AVAILABLE,
  SIGNAL_LEASE_LEAKED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (DbrPool, dbr_pool, G_TYPE_OBJECT)

/* What the core says, in threads of its own */

typedef struct
{
  DbrPoolNewsKind  kind;
  char            *unique_name;
  gint64           usec;
  GError          *error;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_free (news->unique_name);
  g_clear_error (&news->error);
  g_free (news);
}

static void
tell_news (GObject  *object,
           gpointer  data)
{
  const News *news = data;

  switch (news->kind)
    {
    case DBR_POOL_NEWS_OPENED:
      g_signal_emit (object, signals[SIGNAL_CONNECTION_OPENED], 0, news->unique_name);
      break;

    case DBR_POOL_NEWS_CLOSED:
      g_signal_emit (object, signals[SIGNAL_CONNECTION_CLOSED], 0, news->unique_name, news->error);
      break;

    case DBR_POOL_NEWS_STALLED:
      g_signal_emit (object, signals[SIGNAL_CONNECTION_STALLED], 0, news->unique_name, news->usec);
      break;

    case DBR_POOL_NEWS_RECOVERED:
      g_signal_emit (object, signals[SIGNAL_CONNECTION_RECOVERED], 0, news->unique_name,
                     news->usec);
      break;

    case DBR_POOL_NEWS_EXHAUSTED:
      g_signal_emit (object, signals[SIGNAL_EXHAUSTED], 0);
      break;

    case DBR_POOL_NEWS_AVAILABLE:
      g_signal_emit (object, signals[SIGNAL_AVAILABLE], 0);
      break;

    case DBR_POOL_NEWS_LEAKED:
      g_signal_emit (object, signals[SIGNAL_LEASE_LEAKED], 0, news->unique_name,
                     (guint) MIN (news->usec / 1000, G_MAXUINT));
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
news_cb (gpointer         user_data,
         DbrPoolNewsKind  kind,
         const char      *unique_name,
         gint64           usec,
         const GError    *error)
{
  News *news = g_new0 (News, 1);

  news->kind = kind;
  news->unique_name = g_strdup (unique_name);
  news->usec = usec;
  news->error = error != NULL ? g_error_copy (error) : NULL;
  dbr_herald_tell (user_data, tell_news, news, news_free);
}

void
dbr_pool_notify_setting (DbrPool        *self,
                         DbrPoolSetting  setting)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MIN_SIZE + setting]);
}

static void
dbr_pool_constructed (GObject *object)
{
  DbrPool *self = DBR_POOL (object);

  G_OBJECT_CLASS (dbr_pool_parent_class)->constructed (object);

  if (self->access_policy != NULL)
    dbr_access_policy_freeze (self->access_policy);
  self->core = dbr_pool_core_new (self->bus_type, self->address, self->access_policy,
                                  news_cb, dbr_herald_new (object),
                                  (GDestroyNotify) dbr_herald_unref);
  dbr_pool_apply_settings (self);
}

static void
dbr_pool_dispose (GObject *object)
{
  DbrPool *self = DBR_POOL (object);

  dbr_pool_core_close (self->core);

  G_OBJECT_CLASS (dbr_pool_parent_class)->dispose (object);
}

static void
dbr_pool_finalize (GObject *object)
{
  DbrPool *self = DBR_POOL (object);

  g_clear_pointer (&self->core, dbr_pool_core_unref);
  g_clear_object (&self->access_policy);
  g_clear_pointer (&self->address, g_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_pool_parent_class)->finalize (object);
}

static void
dbr_pool_get_property (GObject    *object,
                       guint       prop_id,
                       GValue     *value,
                       GParamSpec *pspec)
{
  DbrPool *self = DBR_POOL (object);

  switch (prop_id)
    {
    case PROP_MIN_SIZE:
    case PROP_MAX_SIZE:
    case PROP_MAX_IDLE_MS:
    case PROP_MAX_AGE_MS:
    case PROP_HEALTH_CHECK_MS:
    case PROP_ACQUIRE_TIMEOUT_MS:
    case PROP_LEAK_WARN_MS:
      g_value_set_uint (value, dbr_pool_get_setting (self, prop_id - PROP_MIN_SIZE));
      break;

    case PROP_BUS_TYPE:
      g_value_set_enum (value, dbr_pool_get_bus_type (self));
      break;

    case PROP_ADDRESS:
      g_value_set_string (value, dbr_pool_get_address (self));
      break;

    case PROP_ACCESS_POLICY:
      g_value_set_object (value, dbr_pool_get_access_policy (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_pool_set_property (GObject      *object,
                       guint         prop_id,
                       const GValue *value,
                       GParamSpec   *pspec)
{
  DbrPool *self = DBR_POOL (object);

  switch (prop_id)
    {
    case PROP_MIN_SIZE:
    case PROP_MAX_SIZE:
    case PROP_MAX_IDLE_MS:
    case PROP_MAX_AGE_MS:
    case PROP_HEALTH_CHECK_MS:
    case PROP_ACQUIRE_TIMEOUT_MS:
    case PROP_LEAK_WARN_MS:
      dbr_pool_set_setting (self, prop_id - PROP_MIN_SIZE, g_value_get_uint (value));
      break;

    case PROP_BUS_TYPE:
      self->bus_type = g_value_get_enum (value);
      break;

    case PROP_ADDRESS:
      self->address = g_value_dup_string (value);
      break;

    case PROP_ACCESS_POLICY:
      self->access_policy = g_value_dup_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_pool_class_init (DbrPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_pool_constructed;
  object_class->dispose = dbr_pool_dispose;
  object_class->finalize = dbr_pool_finalize;
  object_class->get_property = dbr_pool_get_property;
  object_class->set_property = dbr_pool_set_property;

  /**
   * DbrPool:min-size: (getter get_min_size) (setter set_min_size)
   *
   * How many connections are kept, idle or not, once the pool is in use.
   *
   * Since: 0.1
   */
  properties[PROP_MIN_SIZE] =
    g_param_spec_uint ("min-size", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_MIN_SIZE],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:max-size: (getter get_max_size) (setter set_max_size)
   *
   * How many connections there are at most.
   *
   * Made smaller, it is kept to as leases end.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE] =
    g_param_spec_uint ("max-size", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_MAX_SIZE],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:max-idle-ms: (getter get_max_idle_ms) (setter set_max_idle_ms)
   *
   * For how long a connection may be idle before it is closed, in milliseconds; 0 for ever.
   *
   * Those that [property@Pool:min-size] wants are kept.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_IDLE_MS] =
    g_param_spec_uint ("max-idle-ms", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_MAX_IDLE_MS],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:max-age-ms: (getter get_max_age_ms) (setter set_max_age_ms)
   *
   * How old a connection may become, in milliseconds; 0 for ever.
   *
   * One that is older is closed when it is idle, never under its holder.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_AGE_MS] =
    g_param_spec_uint ("max-age-ms", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_MAX_AGE_MS],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:health-check-ms: (getter get_health_check_ms) (setter set_health_check_ms)
   *
   * After how long without a sign of life a connection is asked for one, in milliseconds; 0 for
   * never.
   *
   * What is asked is the bus, on behalf of leased connections too, without their holders seeing it.
   *
   * Since: 0.1
   */
  properties[PROP_HEALTH_CHECK_MS] =
    g_param_spec_uint ("health-check-ms", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_HEALTH_CHECK_MS],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:acquire-timeout-ms: (getter get_acquire_timeout_ms) (setter set_acquire_timeout_ms)
   *
   * For how long [method@Pool.acquire_async] waits at most, in milliseconds.
   *
   * Since: 0.1
   */
  properties[PROP_ACQUIRE_TIMEOUT_MS] =
    g_param_spec_uint ("acquire-timeout-ms", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_ACQUIRE_TIMEOUT_MS],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:leak-warn-ms: (getter get_leak_warn_ms) (setter set_leak_warn_ms)
   *
   * After how long [signal@Pool::lease-leaked] is emitted for a lease, in milliseconds; 0 for
   * never.
   *
   * Since: 0.1
   */
  properties[PROP_LEAK_WARN_MS] =
    g_param_spec_uint ("leak-warn-ms", NULL, NULL,
                       0, G_MAXUINT, dbr_pool_default_settings[DBR_POOL_LEAK_WARN_MS],
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:bus-type: (getter get_bus_type)
   *
   * The bus it connects to, `G_BUS_TYPE_NONE` where it was given an address.
   *
   * Since: 0.1
   */
  properties[PROP_BUS_TYPE] =
    g_param_spec_enum ("bus-type", NULL, NULL,
                       G_TYPE_BUS_TYPE,
                       G_BUS_TYPE_NONE,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrPool:address: (getter get_address)
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
   * DbrPool:access-policy: (getter get_access_policy)
   *
   * What may be done on its connections; everything if it is `NULL`.
   *
   * The pool freezes it.
   *
   * Since: 0.1
   */
  properties[PROP_ACCESS_POLICY] =
    g_param_spec_object ("access-policy", NULL, NULL,
                         DBR_TYPE_ACCESS_POLICY,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrPool::connection-opened:
   * @self: a pool
   * @unique_name: what the bus calls it
   *
   * Emitted when a connection was opened.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_OPENED] =
    g_signal_new ("connection-opened",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_STRING);

  /**
   * DbrPool::connection-closed:
   * @self: a pool
   * @unique_name: what the bus called it
   * @error: (nullable): why it was lost; `NULL` if the pool closed it
   *
   * Emitted when a connection has ended.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_CLOSED] =
    g_signal_new ("connection-closed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_ERROR);

  /**
   * DbrPool::connection-stalled:
   * @self: a pool
   * @unique_name: what the bus calls it
   * @silent_usec: how long ago its last sign of life was
   *
   * Emitted when a connection gave no sign of life for two seconds after it was asked for one.
   *
   * Each stall is told once.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_STALLED] =
    g_signal_new ("connection-stalled",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);

  /**
   * DbrPool::connection-recovered:
   * @self: a pool
   * @unique_name: what the bus calls it
   * @down_usec: how long it gave no sign of life
   *
   * Emitted when a stalled connection gives a sign of life again.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTION_RECOVERED] =
    g_signal_new ("connection-recovered",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);

  /**
   * DbrPool::exhausted:
   * @self: a pool
   *
   * Emitted when somebody has to wait because all connections are lent.
   *
   * Since: 0.1
   */
  signals[SIGNAL_EXHAUSTED] =
    g_signal_new ("exhausted",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * DbrPool::available:
   * @self: a pool
   *
   * Emitted when after [signal@Pool::exhausted] nobody waits any more and another connection can be
   * lent.
   *
   * Since: 0.1
   */
  signals[SIGNAL_AVAILABLE] =
    g_signal_new ("available",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * DbrPool::lease-leaked:
   * @self: a pool
   * @unique_name: what the bus calls its connection
   * @held_ms: for how long it is held
   *
   * Emitted once for a lease that is held for longer than [property@Pool:leak-warn-ms].
   *
   * Since: 0.1
   */
  signals[SIGNAL_LEASE_LEAKED] =
    g_signal_new ("lease-leaked",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_UINT);
}

static void
dbr_pool_init (DbrPool *self)
{
  g_mutex_init (&self->mutex);
  for (guint i = 0; i < DBR_POOL_N_SETTINGS; i++)
    self->settings[i] = dbr_pool_default_settings[i];
}

/**
 * dbr_pool_new:
 * @bus_type: the bus to connect to
 *
 * Creates a pool of connections to the session or system bus. Nothing is connected yet.
 *
 * Returns: (transfer full): a new pool
 *
 * Since: 0.1
 */
DbrPool *
dbr_pool_new (GBusType bus_type)
{
  return g_object_new (DBR_TYPE_POOL, "bus-type", bus_type, NULL);
}

/**
 * dbr_pool_new_for_address:
 * @address: the D-Bus address of a bus
 *
 * Creates a pool of connections to the bus at an address. Nothing is connected yet.
 *
 * Returns: (transfer full): a new pool
 *
 * Since: 0.1
 */
DbrPool *
dbr_pool_new_for_address (const char *address)
{
  g_return_val_if_fail (address != NULL, NULL);

  return g_object_new (DBR_TYPE_POOL, "address", address, NULL);
}

/**
 * dbr_pool_get_bus_type: (get-property bus-type)
 * @self: a pool
 *
 * Gets the bus it connects to.
 *
 * Returns: the bus, `G_BUS_TYPE_NONE` where it was given an address
 *
 * Since: 0.1
 */
GBusType
dbr_pool_get_bus_type (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), G_BUS_TYPE_NONE);

  return self->bus_type;
}

/**
 * dbr_pool_get_address: (get-property address)
 * @self: a pool
 *
 * Gets the address it was given to connect to.
 *
 * Returns: (nullable): the address
 *
 * Since: 0.1
 */
const char *
dbr_pool_get_address (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), NULL);

  return self->address;
}

/**
 * dbr_pool_get_access_policy: (get-property access-policy)
 * @self: a pool
 *
 * Gets what may be done on its connections.
 *
 * Returns: (transfer none) (nullable): the policy; `NULL` for everything
 *
 * Since: 0.1
 */
DbrAccessPolicy *
dbr_pool_get_access_policy (DbrPool *self)
{
  g_return_val_if_fail (DBR_IS_POOL (self), NULL);

  return self->access_policy;
}

/**
 * dbr_pool_get_stats:
 * @self: a pool
 *
 * Gets what the pool holds at this moment.
 *
 * Returns: (transfer full): the statistics, which never change
 *
 * Since: 0.1
 */
DbrPoolStats *
dbr_pool_get_stats (DbrPool *self)
{
  DbrPoolCounts counts;
  guint n_orphans;

  g_return_val_if_fail (DBR_IS_POOL (self), NULL);

  dbr_pool_core_count (self->core, &counts, &n_orphans);

  return dbr_pool_stats_new (&counts, n_orphans);
}

/* Acquiring */

/**
 * dbr_pool_acquire_async:
 * @self: a pool
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when there is a lease or none
 * @user_data: data for @callback
 *
 * Asks for a connection.
 *
 * Who asks first gets one first. If none is free within [property@Pool:acquire-timeout-ms], it is
 * `DBR_ERROR_DEADLINE`.
 *
 * Since: 0.1
 */
void
dbr_pool_acquire_async (DbrPool             *self,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;
  guint limit_ms;

  g_return_if_fail (DBR_IS_POOL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_pool_acquire_async);

  if (dbr_pool_check_settings (self, &limit_ms, &error))
    dbr_acquisition_begin (self->core, limit_ms, g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/**
 * dbr_pool_acquire_finish:
 * @self: a pool
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Pool.acquire_async].
 *
 * Returns: (transfer full): a lease of a connection
 *
 * Since: 0.1
 */
DbrLease *
dbr_pool_acquire_finish (DbrPool       *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (DBR_IS_POOL (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_pool_acquire_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dbr_pool_acquire_sync:
 * @self: a pool
 * @cancellable: (nullable): to give up early
 * @error: return location for an error
 *
 * Asks for a connection and waits for it. See [method@Pool.acquire_async].
 *
 * Returns: (transfer full): a lease of a connection
 *
 * Since: 0.1
 */
DbrLease *
dbr_pool_acquire_sync (DbrPool       *self,
                       GCancellable  *cancellable,
                       GError       **error)
{
  guint limit_ms;

  g_return_val_if_fail (DBR_IS_POOL (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  if (!dbr_pool_check_settings (self, &limit_ms, error))
    return NULL;

  return dbr_acquisition_wait (self->core, limit_ms, cancellable, error);
}

/* Closing */

/**
 * dbr_pool_close_async:
 * @self: a pool
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called when the pool is closed
 * @user_data: data for @callback
 *
 * Closes the idle connections and ends the pool for good.
 *
 * Who waits for a connection has `DBR_ERROR_CLOSED`. Leases that are out live until they are
 * released; nobody waits for them.
 *
 * Since: 0.1
 */
void
dbr_pool_close_async (DbrPool             *self,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (DBR_IS_POOL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_pool_close_async);

  /* It takes no time and cannot fail; the callback all the same comes after this function has
   * returned. */
  dbr_pool_core_close (self->core);
  g_task_return_boolean (task, TRUE);
}

/**
 * dbr_pool_close_finish:
 * @self: a pool
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Pool.close_async].
 *
 * Returns: whether it is closed, which only a cancellation prevents from being told
 *
 * Since: 0.1
 */
gboolean
dbr_pool_close_finish (DbrPool       *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (DBR_IS_POOL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_pool_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dbr_pool_close_sync:
 * @self: a pool
 * @cancellable: (nullable): to give up early
 * @error: return location for an error
 *
 * Closes the idle connections and ends the pool for good. It waits for nobody.
 *
 * Returns: whether it is closed
 *
 * Since: 0.1
 */
gboolean
dbr_pool_close_sync (DbrPool       *self,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_return_val_if_fail (DBR_IS_POOL (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  dbr_pool_core_close (self->core);

  return TRUE;
}
