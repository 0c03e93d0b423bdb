/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-subscription.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-client-private.h"
#include "bus/dbr-hearing-private.h"

/**
 * DbrSubscription:
 *
 * Hears the signals of a service, over its restarts and over a lost connection.
 *
 * It is made, connected to, and then started, so that not even the first signal is missed:
 *
 * ```c
 * g_autoptr(DbrSubscription) changes =
 *   dbr_subscription_new (client, "org.example.Player", "/org/example/Player",
 *                         "org.example.Player", "TrackChanged", NULL,
 *                         DBR_SUBSCRIPTION_FLAGS_NONE);
 *
 * g_signal_connect (changes, "received", G_CALLBACK (track_changed_cb), NULL);
 * if (!dbr_subscription_start_sync (changes, NULL, &error))
 *   return FALSE;
 * ```
 *
 * What the program that has the name at that moment sends is heard, and nothing that another one
 * sends in its name. A bus that refuses the subscription makes starting fail.
 *
 * The bus is asked for each rule once, however many subscriptions need it, and not for one that
 * another covers: a subscription to a tree, by `PATH_NAMESPACE` of [flags@SubscriptionFlags],
 * serves all those to objects in it that begin after it.
 *
 * Signals are emitted in the context the subscription was made in. While that has no time for them,
 * a thousand wait, and no more than 16 MiB; after that the changes of the properties of one object
 * are merged, the oldest signals of the same kind are dropped, and
 * [property@Subscription:dropped] counts both.
 *
 * It ends with its last reference, or when it is stopped.
 *
 * Since: 0.1
 */
struct _DbrSubscription
{
  GObject       parent_instance;

  /* identity */
  DbrClient    *client;
  DbrMatchRule *rule;
  DbrHearing   *hearing;

  GMutex        mutex;

  /* guarded by mutex */
  DbrListener  *listener;
};

enum
{
  PROP_0,
  PROP_CLIENT,
  PROP_BUS_NAME,
  PROP_OBJECT_PATH,
  PROP_INTERFACE_NAME,
  PROP_MEMBER,
  PROP_ARG0,
  PROP_FLAGS,
  PROP_ACTIVE,
  PROP_DROPPED,
  N_PROPS
};

enum
{
  SIGNAL_RECEIVED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FLAGS_TYPE (DbrSubscriptionFlags, dbr_subscription_flags,
                     G_DEFINE_ENUM_VALUE (DBR_SUBSCRIPTION_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE, "path-namespace"),
                     G_DEFINE_ENUM_VALUE (DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE, "arg0-namespace"),
                     G_DEFINE_ENUM_VALUE (DBR_SUBSCRIPTION_FLAGS_ARG0_PATH, "arg0-path"))

G_DEFINE_FINAL_TYPE (DbrSubscription, dbr_subscription, G_TYPE_OBJECT)

static void
tell_active (GObject  *object,
             gpointer  news)
{
  g_object_notify_by_pspec (object, properties[PROP_ACTIVE]);
}

static void
deliver_cb (GObject    *object,
            DbrMessage *signal,
            GVariant   *parameters)
{
  g_signal_emit (object, signals[SIGNAL_RECEIVED], 0,
                 dbr_message_get_sender (signal), signal->object_path, signal->interface_name,
                 signal->member, parameters);
}

static void
dbr_subscription_constructed (GObject *object)
{
  DbrSubscription *self = DBR_SUBSCRIPTION (object);

  G_OBJECT_CLASS (dbr_subscription_parent_class)->constructed (object);

  if (self->client != NULL)
    dbr_hearing_set_source (self->hearing, self->client->recorder, self->rule->bus_name);
}

static void
dbr_subscription_dispose (GObject *object)
{
  DbrSubscription *self = DBR_SUBSCRIPTION (object);

  dbr_subscription_stop (self);

  G_OBJECT_CLASS (dbr_subscription_parent_class)->dispose (object);
}

static void
dbr_subscription_finalize (GObject *object)
{
  DbrSubscription *self = DBR_SUBSCRIPTION (object);

  g_object_unref (self->client);
  dbr_match_rule_free (self->rule);
  dbr_hearing_unref (self->hearing);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_subscription_parent_class)->finalize (object);
}

static void
dbr_subscription_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  DbrSubscription *self = DBR_SUBSCRIPTION (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;

    case PROP_BUS_NAME:
      g_value_set_string (value, self->rule->bus_name);
      break;

    case PROP_OBJECT_PATH:
      g_value_set_string (value, self->rule->object_path);
      break;

    case PROP_INTERFACE_NAME:
      g_value_set_string (value, self->rule->interface_name);
      break;

    case PROP_MEMBER:
      g_value_set_string (value, self->rule->member);
      break;

    case PROP_ARG0:
      g_value_set_string (value, self->rule->arg0);
      break;

    case PROP_FLAGS:
      g_value_set_flags (value, self->rule->flags);
      break;

    case PROP_ACTIVE:
      g_value_set_boolean (value, dbr_subscription_get_active (self));
      break;

    case PROP_DROPPED:
      g_value_set_uint64 (value, dbr_subscription_get_dropped (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_subscription_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  DbrSubscription *self = DBR_SUBSCRIPTION (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      self->client = g_value_dup_object (value);
      break;

    case PROP_BUS_NAME:
      self->rule->bus_name = g_value_dup_string (value);
      break;

    case PROP_OBJECT_PATH:
      self->rule->object_path = g_value_dup_string (value);
      break;

    case PROP_INTERFACE_NAME:
      self->rule->interface_name = g_value_dup_string (value);
      break;

    case PROP_MEMBER:
      self->rule->member = g_value_dup_string (value);
      break;

    case PROP_ARG0:
      self->rule->arg0 = g_value_dup_string (value);
      break;

    case PROP_FLAGS:
      self->rule->flags = g_value_get_flags (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_string (guint       prop_id,
                const char *name)
{
  properties[prop_id] =
    g_param_spec_string (name, NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
}

static void
dbr_subscription_class_init (DbrSubscriptionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_subscription_constructed;
  object_class->dispose = dbr_subscription_dispose;
  object_class->finalize = dbr_subscription_finalize;
  object_class->get_property = dbr_subscription_get_property;
  object_class->set_property = dbr_subscription_set_property;

  /**
   * DbrSubscription:client: (getter get_client)
   *
   * The client on whose connection it hears.
   *
   * Since: 0.1
   */
  properties[PROP_CLIENT] =
    g_param_spec_object ("client", NULL, NULL,
                         DBR_TYPE_CLIENT,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrSubscription:bus-name: (getter get_bus_name)
   *
   * Whose signals it hears; `NULL` where there is no bus.
   *
   * Since: 0.1
   */
  install_string (PROP_BUS_NAME, "bus-name");

  /**
   * DbrSubscription:object-path: (getter get_object_path)
   *
   * The object, or the root of a tree; `NULL` for any.
   *
   * Since: 0.1
   */
  install_string (PROP_OBJECT_PATH, "object-path");

  /**
   * DbrSubscription:interface-name: (getter get_interface_name)
   *
   * The interface, `NULL` for any.
   *
   * Since: 0.1
   */
  install_string (PROP_INTERFACE_NAME, "interface-name");

  /**
   * DbrSubscription:member: (getter get_member)
   *
   * The signal, `NULL` for any.
   *
   * Since: 0.1
   */
  install_string (PROP_MEMBER, "member");

  /**
   * DbrSubscription:arg0: (getter get_arg0)
   *
   * What the first argument has to be, `NULL` for anything.
   *
   * Since: 0.1
   */
  install_string (PROP_ARG0, "arg0");

  /**
   * DbrSubscription:flags: (getter get_flags)
   *
   * How it compares.
   *
   * Since: 0.1
   */
  properties[PROP_FLAGS] =
    g_param_spec_flags ("flags", NULL, NULL,
                        DBR_TYPE_SUBSCRIPTION_FLAGS,
                        DBR_SUBSCRIPTION_FLAGS_NONE,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrSubscription:active: (getter get_active)
   *
   * Whether the bus has taken it. It stays so while the connection is lost and made anew.
   *
   * Since: 0.1
   */
  properties[PROP_ACTIVE] =
    g_param_spec_boolean ("active", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrSubscription:dropped: (getter get_dropped)
   *
   * How many signals were dropped or merged because the context had no time for them. It is not
   * notified.
   *
   * Since: 0.1
   */
  properties[PROP_DROPPED] =
    g_param_spec_uint64 ("dropped", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DbrSubscription::received:
   * @self: a subscription
   * @sender: (nullable): the unique name of the program that sent it; `NULL` where there is no bus
   * @object_path: the object
   * @interface_name: the interface
   * @member: the signal
   * @parameters: its arguments, a tuple
   *
   * Emitted for each signal.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECEIVED] =
    g_signal_new ("received",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 5,
                  G_TYPE_STRING,
                  G_TYPE_STRING,
                  G_TYPE_STRING,
                  G_TYPE_STRING,
                  G_TYPE_VARIANT);
}

static void
dbr_subscription_init (DbrSubscription *self)
{
  g_mutex_init (&self->mutex);
  self->rule = dbr_match_rule_new (NULL, NULL, NULL, NULL, NULL, DBR_SUBSCRIPTION_FLAGS_NONE);
  self->hearing = dbr_hearing_new (G_OBJECT (self), deliver_cb, tell_active);
}

/**
 * dbr_subscription_new:
 * @client: a client
 * @bus_name: (nullable): whose signals it hears; `NULL` where there is no bus
 * @object_path: (nullable): the object, or the root of a tree; `NULL` for any
 * @interface_name: (nullable): the interface; `NULL` for any
 * @member: (nullable): the signal; `NULL` for any
 * @arg0: (nullable): what the first argument has to be; `NULL` for anything
 * @flags: how it compares
 *
 * Creates a subscription. It hears nothing until it is started.
 *
 * Returns: (transfer full): a new subscription
 *
 * Since: 0.1
 */
DbrSubscription *
dbr_subscription_new (DbrClient            *client,
                      const char           *bus_name,
                      const char           *object_path,
                      const char           *interface_name,
                      const char           *member,
                      const char           *arg0,
                      DbrSubscriptionFlags  flags)
{
  g_return_val_if_fail (DBR_IS_CLIENT (client), NULL);

  return g_object_new (DBR_TYPE_SUBSCRIPTION,
                       "client", client,
                       "bus-name", bus_name,
                       "object-path", object_path,
                       "interface-name", interface_name,
                       "member", member,
                       "arg0", arg0,
                       "flags", flags,
                       NULL);
}

/**
 * dbr_subscription_get_client: (get-property client)
 * @self: a subscription
 *
 * Gets the client on whose connection it hears.
 *
 * Returns: (transfer none): the client
 *
 * Since: 0.1
 */
DbrClient *
dbr_subscription_get_client (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), NULL);

  return self->client;
}

/**
 * dbr_subscription_get_bus_name: (get-property bus-name)
 * @self: a subscription
 *
 * Gets whose signals it hears.
 *
 * Returns: (nullable): the value, `NULL` where there is no bus
 *
 * Since: 0.1
 */
const char *
dbr_subscription_get_bus_name (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), NULL);

  return self->rule->bus_name;
}

/**
 * dbr_subscription_get_object_path: (get-property object-path)
 * @self: a subscription
 *
 * Gets the object, or the root of a tree.
 *
 * Returns: (nullable): the value, `NULL` for any
 *
 * Since: 0.1
 */
const char *
dbr_subscription_get_object_path (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), NULL);

  return self->rule->object_path;
}

/**
 * dbr_subscription_get_interface_name: (get-property interface-name)
 * @self: a subscription
 *
 * Gets the interface.
 *
 * Returns: (nullable): the value, `NULL` for any
 *
 * Since: 0.1
 */
const char *
dbr_subscription_get_interface_name (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), NULL);

  return self->rule->interface_name;
}

/**
 * dbr_subscription_get_member: (get-property member)
 * @self: a subscription
 *
 * Gets the signal.
 *
 * Returns: (nullable): the value, `NULL` for any
 *
 * Since: 0.1
 */
const char *
dbr_subscription_get_member (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), NULL);

  return self->rule->member;
}

/**
 * dbr_subscription_get_arg0: (get-property arg0)
 * @self: a subscription
 *
 * Gets what the first argument has to be.
 *
 * Returns: (nullable): the value, `NULL` for anything
 *
 * Since: 0.1
 */
const char *
dbr_subscription_get_arg0 (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), NULL);

  return self->rule->arg0;
}

/**
 * dbr_subscription_get_flags: (get-property flags)
 * @self: a subscription
 *
 * Gets how it compares.
 *
 * Returns: the flags
 *
 * Since: 0.1
 */
DbrSubscriptionFlags
dbr_subscription_get_flags (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), DBR_SUBSCRIPTION_FLAGS_NONE);

  return self->rule->flags;
}

/**
 * dbr_subscription_get_active: (get-property active)
 * @self: a subscription
 *
 * Gets whether the bus has taken it.
 *
 * Returns: whether it hears
 *
 * Since: 0.1
 */
gboolean
dbr_subscription_get_active (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), FALSE);

  return dbr_hearing_get_active (self->hearing);
}

/**
 * dbr_subscription_get_dropped: (get-property dropped)
 * @self: a subscription
 *
 * Gets how many signals were dropped or merged because the context had no time for them.
 *
 * Returns: the number of signals
 *
 * Since: 0.1
 */
guint64
dbr_subscription_get_dropped (DbrSubscription *self)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), 0);

  return dbr_hearing_get_dropped (self->hearing);
}

/* Starting and stopping */

static gboolean
dbr_subscription_check (DbrSubscription  *self,
                        GError          **error)
{
  return dbr_client_check_ready (self->client, error)
         && dbr_match_rule_check (self->rule, dbr_link_has_bus (self->client->link), error)
         && dbr_client_judge_signals (self->client, self->rule, error);
}

/* Whoever starts it first asks the bus, and all others wait for the same answer. */
static void
dbr_subscription_start (DbrSubscription *self,
                        DbrWaiter       *waiter)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self->client);
  DbrMatches *matches = dbr_link_get_matches (self->client->link);
  DbrListener *listener;
  DbrListener *old;
  guint epoch;

  if (!dbr_hearing_join (self->hearing, waiter, &epoch))
    return;

  listener = dbr_hearing_begin (self->hearing, epoch, matches, self->rule,
                                dbr_timeouts_get (timeouts, "default"));
  g_mutex_lock (&self->mutex);
  old = self->listener;
  self->listener = listener;
  g_mutex_unlock (&self->mutex);

  /* One that the bus had refused. */
  if (old != NULL)
    dbr_matches_remove (matches, old);
}

/* Who was told that it has not started hears nothing, unless others have started it. Always FALSE.
 * */
static gboolean
dbr_subscription_give_up (DbrSubscription     *self,
                          DbrWaiter           *waiter)
{
  if (waiter != NULL && dbr_waiter_was_cancelled (waiter)
      && dbr_hearing_leave (self->hearing, waiter))
    dbr_subscription_stop (self);

  return FALSE;
}

/**
 * dbr_subscription_start_async:
 * @self: a subscription
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called once, when it hears, or cannot
 * @user_data: data for @callback
 *
 * Starts to hear. One that was stopped can be started again.
 *
 * Since: 0.1
 */
void
dbr_subscription_start_async (DbrSubscription     *self,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(DbrWaiter) waiter = NULL;
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SUBSCRIPTION (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, dbr_subscription_start_async);
  /* What counts is whether it was cancelled before the answer came, which is known here. */
  g_task_set_check_cancellable (task, FALSE);
  if (!dbr_subscription_check (self, &error))
    {
      dbr_client_refuse (self->client, task, error);
      return;
    }

  waiter = dbr_waiter_new (task, cancellable);
  dbr_subscription_start (self, waiter);
}

/**
 * dbr_subscription_start_finish:
 * @self: a subscription
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Subscription.start_async].
 *
 * Returns: whether it hears
 *
 * Since: 0.1
 */
gboolean
dbr_subscription_start_finish (DbrSubscription  *self,
                               GAsyncResult     *result,
                               GError          **error)
{
  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, dbr_subscription_start_async), FALSE);

  return dbr_waiter_finish (G_TASK (result), error)
         || dbr_subscription_give_up (self, dbr_waiter_of_task (G_TASK (result)));
}

/**
 * dbr_subscription_start_sync:
 * @self: a subscription
 * @cancellable: (nullable): to give up early, from another thread
 * @error: return location for an error
 *
 * Starts to hear and waits until the bus has taken it.
 *
 * Returns: whether it hears
 *
 * Since: 0.1
 */
gboolean
dbr_subscription_start_sync (DbrSubscription  *self,
                             GCancellable     *cancellable,
                             GError          **error)
{
  g_autoptr(DbrWaiter) waiter = NULL;

  g_return_val_if_fail (DBR_IS_SUBSCRIPTION (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!dbr_subscription_check (self, error))
    return FALSE;

  /* The question to the bus has a limit, and so has this. */
  waiter = dbr_waiter_new (NULL, cancellable);
  dbr_subscription_start (self, waiter);

  return dbr_waiter_wait (waiter, error) || dbr_subscription_give_up (self, waiter);
}

/**
 * dbr_subscription_stop:
 * @self: a subscription
 *
 * Stops to hear. What was heard before but not told yet is not told any more, if this is called in
 * the context of the subscription; from another thread, one signal may just be being told.
 *
 * Since: 0.1
 */
void
dbr_subscription_stop (DbrSubscription *self)
{
  g_autoptr(GError) reason = NULL;
  DbrListener *listener;

  g_return_if_fail (DBR_IS_SUBSCRIPTION (self));

  /* In a child of fork() the locks may be held by threads that are not there. */
  if (self->client == NULL || !dbr_client_check_process (self->client, NULL))
    return;

  g_mutex_lock (&self->mutex);
  listener = g_steal_pointer (&self->listener);
  g_mutex_unlock (&self->mutex);
  if (listener == NULL)
    return;

  reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The subscription was stopped"));
  dbr_hearing_end (self->hearing, dbr_link_get_matches (self->client->link), listener, reason);
}
