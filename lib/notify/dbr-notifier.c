/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notifier-private.h"

#define DEFAULT_MAX_QUEUED 100

/**
 * DbrNotifier:
 *
 * Tells the person who sits at the desktop, and never blocks the program.
 *
 * ```c
 * g_autoptr(DbrNotifier) notifier = dbr_notifier_new ("Player");
 *
 * dbr_notifier_send_async (notifier, "Next", "Suite bergamasque: Clair de lune", "audio-x-generic",
 *                          DBR_URGENCY_LOW, -1, NULL, sent_cb, NULL);
 * ```
 *
 * Whatever becomes of the desktop's notification service, each operation ends: a notification that
 * nothing shows within two seconds is an error, and so is one of which that is not known. The
 * service may be absent, hang, be killed, replaced or come back; so may the session bus. Nothing of
 * it ever holds up the caller, the end of the notifier or that of the program.
 *
 * ## What waits
 *
 * Notifications are shown one after the other, and wait for that in a queue of
 * [property@Notifier:max-queued]. While nothing shows them they wait for two seconds; then sending
 * ends with `DBR_ERROR_NO_OWNER`, or with `DBR_ERROR_DEADLINE` if there is a service and it does
 * not answer. Critical ones are kept beyond that and shown late, for up to ten minutes. When the
 * queue is full, the oldest of the least urgent makes room and ends with `DBR_ERROR_OVERLOADED`;
 * critical ones never do. [property@Notifier:dropped] counts all that were given up.
 *
 * Two that are the same within a second are shown once, and have one id. With
 * [property@Notifier:batch-ms] those that come within that time are shown as one, and with
 * [property@Notifier:quiet] all but critical ones are held back until it is switched off.
 *
 * What was sent and not answered is perhaps shown, and perhaps will be: it is not sent again.
 *
 * ## What it is shown as
 *
 * Texts are what they say: what looks like markup is shown as it was written. Control characters
 * are left out, a summary is cut after 512 characters and a body after 8192. Well-known hints are
 * converted to the type that the protocol asks for.
 *
 * ## Ids
 *
 * Ids are the notifier's own, and are never used again. When the service is restarted, what it had
 * shown is told to be [enum@CloseReason] `LOST`; replacing it then shows it anew under the same id.
 *
 * ## What is wrong
 *
 * With [method@Notifier.watch] it tells the person what metrics, monitors and recovery find to be
 * wrong, one notification each, which follows what becomes of it.
 *
 * All functions may be called from any thread. Signals are emitted in the context that the notifier
 * was made in.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_BACKEND,
  PROP_APP_NAME,
  PROP_AVAILABLE,
  PROP_CAPABILITIES,
  PROP_SERVER_NAME,
  PROP_QUIET,
  PROP_BATCH_MS,
  PROP_MAX_QUEUED,
  PROP_QUEUED,
  PROP_DROPPED,
  N_PROPS
};

enum
{
  SIGNAL_ACTION_INVOKED,
  SIGNAL_CLOSED,
  SIGNAL_STALLED,
  SIGNAL_RECOVERED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (DbrUrgency, dbr_urgency,
                    G_DEFINE_ENUM_VALUE (DBR_URGENCY_LOW, "low"),
                    G_DEFINE_ENUM_VALUE (DBR_URGENCY_NORMAL, "normal"),
                    G_DEFINE_ENUM_VALUE (DBR_URGENCY_CRITICAL, "critical"))

G_DEFINE_ENUM_TYPE (DbrCloseReason, dbr_close_reason,
                    G_DEFINE_ENUM_VALUE (DBR_CLOSE_REASON_EXPIRED, "expired"),
                    G_DEFINE_ENUM_VALUE (DBR_CLOSE_REASON_DISMISSED, "dismissed"),
                    G_DEFINE_ENUM_VALUE (DBR_CLOSE_REASON_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (DBR_CLOSE_REASON_UNDEFINED, "undefined"),
                    G_DEFINE_ENUM_VALUE (DBR_CLOSE_REASON_LOST, "lost"))

G_DEFINE_ENUM_TYPE (DbrNotifierBackend, dbr_notifier_backend,
                    G_DEFINE_ENUM_VALUE (DBR_NOTIFIER_BACKEND_AUTO, "auto"),
                    G_DEFINE_ENUM_VALUE (DBR_NOTIFIER_BACKEND_DIRECT, "direct"),
                    G_DEFINE_ENUM_VALUE (DBR_NOTIFIER_BACKEND_LIBNOTIFY, "libnotify"))

G_DEFINE_FINAL_TYPE (DbrNotifier, dbr_notifier, G_TYPE_OBJECT)

void
dbr_notifier_watched_free (DbrNotifierWatched *self)
{
  dbr_incident_board_unwatch (self->board, self->watch);
  dbr_notifier_core_leave_board (self->core, self->board);
  dbr_incident_board_unref (self->board);
  dbr_notifier_core_unref (self->core);
  g_free (self);
}

static void
news_cb (GObject  *object,
         gpointer  data)
{
  DbrNotifierNews *news = data;

  switch (news->kind)
    {
    case DBR_NOTIFIER_NEWS_AVAILABLE:
      g_object_notify_by_pspec (object, properties[PROP_AVAILABLE]);
      break;

    case DBR_NOTIFIER_NEWS_SERVER:
      g_object_notify_by_pspec (object, properties[PROP_CAPABILITIES]);
      g_object_notify_by_pspec (object, properties[PROP_SERVER_NAME]);
      break;

    case DBR_NOTIFIER_NEWS_INVOKED:
      g_signal_emit (object, signals[SIGNAL_ACTION_INVOKED], 0, news->id, news->action);
      break;

    case DBR_NOTIFIER_NEWS_CLOSED:
      g_signal_emit (object, signals[SIGNAL_CLOSED], 0, news->id, news->reason);
      break;

    case DBR_NOTIFIER_NEWS_STALLED:
      g_signal_emit (object, signals[SIGNAL_STALLED], 0, news->usec);
      break;

    case DBR_NOTIFIER_NEWS_RECOVERED:
      g_signal_emit (object, signals[SIGNAL_RECOVERED], 0, news->usec);
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
dbr_notifier_constructed (GObject *object)
{
  DbrNotifier *self = DBR_NOTIFIER (object);

  dbr_notifier_core_set_backend (self->core, self->backend);

  G_OBJECT_CLASS (dbr_notifier_parent_class)->constructed (object);
}

static void
dbr_notifier_dispose (GObject *object)
{
  DbrNotifier *self = DBR_NOTIFIER (object);
  g_autoptr(GPtrArray) watched = NULL;

  g_mutex_lock (&self->mutex);
  watched = g_steal_pointer (&self->watched);
  self->watched = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_notifier_watched_free);
  g_mutex_unlock (&self->mutex);

  dbr_notifier_core_close (self->core);

  G_OBJECT_CLASS (dbr_notifier_parent_class)->dispose (object);
}

static void
dbr_notifier_finalize (GObject *object)
{
  DbrNotifier *self = DBR_NOTIFIER (object);

  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_pointer (&self->core, dbr_notifier_core_unref);
  g_clear_pointer (&self->herald, dbr_herald_unref);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_notifier_parent_class)->finalize (object);
}

static void
dbr_notifier_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  DbrNotifier *self = DBR_NOTIFIER (object);

  switch (prop_id)
    {
    case PROP_BACKEND:
      g_value_set_enum (value, dbr_notifier_get_backend (self));
      break;

    case PROP_APP_NAME:
      g_value_set_string (value, dbr_notifier_get_app_name (self));
      break;

    case PROP_AVAILABLE:
      g_value_set_boolean (value, dbr_notifier_get_available (self));
      break;

    case PROP_CAPABILITIES:
      g_value_set_boxed (value, dbr_notifier_get_capabilities (self));
      break;

    case PROP_SERVER_NAME:
      g_value_set_string (value, dbr_notifier_get_server_name (self));
      break;

    case PROP_QUIET:
      g_value_set_boolean (value, dbr_notifier_get_quiet (self));
      break;

    case PROP_BATCH_MS:
      g_value_set_uint (value, dbr_notifier_get_batch_ms (self));
      break;

    case PROP_MAX_QUEUED:
      g_value_set_uint (value, dbr_notifier_get_max_queued (self));
      break;

    case PROP_QUEUED:
      g_value_set_uint (value, dbr_notifier_get_queued (self));
      break;

    case PROP_DROPPED:
      g_value_set_uint64 (value, dbr_notifier_get_dropped (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_notifier_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  DbrNotifier *self = DBR_NOTIFIER (object);

  switch (prop_id)
    {
    case PROP_BACKEND:
      self->backend = g_value_get_enum (value);
      break;

    case PROP_APP_NAME:
      if (g_value_get_string (value) != NULL)
        dbr_notifier_set_app_name (self, g_value_get_string (value));
      break;

    case PROP_QUIET:
      dbr_notifier_set_quiet (self, g_value_get_boolean (value));
      break;

    case PROP_BATCH_MS:
      dbr_notifier_set_batch_ms (self, g_value_get_uint (value));
      break;

    case PROP_MAX_QUEUED:
      dbr_notifier_set_max_queued (self, g_value_get_uint (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_settings (GObjectClass *object_class)
{
  /**
   * DbrNotifier:backend: (getter get_backend)
   *
   * How notifications get to the desktop. The default leaves it to the library.
   *
   * Since: 0.1
   */
  properties[PROP_BACKEND] =
    g_param_spec_enum ("backend", NULL, NULL,
                       DBR_TYPE_NOTIFIER_BACKEND,
                       DBR_NOTIFIER_BACKEND_AUTO,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrNotifier:app-name: (getter get_app_name) (setter set_app_name)
   *
   * The name of the program, as a person knows it. The default is empty.
   *
   * Since: 0.1
   */
  properties[PROP_APP_NAME] =
    g_param_spec_string ("app-name", NULL, NULL,
                         "",
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrNotifier:quiet: (getter get_quiet) (setter set_quiet)
   *
   * Whether all but critical notifications are held back. The default is not.
   *
   * What is held back waits in the queue, under its bounds; sending it succeeds at once. It is
   * shown when this is switched off.
   *
   * Since: 0.1
   */
  properties[PROP_QUIET] =
    g_param_spec_boolean ("quiet", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrNotifier:batch-ms: (getter get_batch_ms) (setter set_batch_ms)
   *
   * For how many milliseconds notifications are gathered, to be shown as one. The default of 0
   * shows each by itself.
   *
   * Critical ones, those with actions or hints and those that replace another one are shown by
   * themselves at once.
   *
   * Since: 0.1
   */
  properties[PROP_BATCH_MS] =
    g_param_spec_uint ("batch-ms", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DbrNotifier:max-queued: (getter get_max_queued) (setter set_max_queued)
   *
   * How many notifications wait at most. The default is 100.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_QUEUED] =
    g_param_spec_uint ("max-queued", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_MAX_QUEUED,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

static void
install_findings (GObjectClass *object_class)
{
  /**
   * DbrNotifier:available: (getter get_available)
   *
   * Whether something is there that shows notifications.
   *
   * It is looked for from the first operation on, or the first time that this is asked for, and
   * followed from then on; until the bus has answered it is not.
   *
   * Since: 0.1
   */
  properties[PROP_AVAILABLE] =
    g_param_spec_boolean ("available", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrNotifier:capabilities: (getter get_capabilities)
   *
   * What the desktop can do, in the words of its specification: `actions`, `body-markup` and
   * others. It is asked once each time that it was started, as for [property@Notifier:available].
   *
   * Since: 0.1
   */
  properties[PROP_CAPABILITIES] =
    g_param_spec_boxed ("capabilities", NULL, NULL,
                        G_TYPE_STRV,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrNotifier:server-name: (getter get_server_name)
   *
   * The name of what shows notifications.
   *
   * Since: 0.1
   */
  properties[PROP_SERVER_NAME] =
    g_param_spec_string ("server-name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrNotifier:queued: (getter get_queued)
   *
   * How many notifications wait. It is not notified.
   *
   * Since: 0.1
   */
  properties[PROP_QUEUED] =
    g_param_spec_uint ("queued", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrNotifier:dropped: (getter get_dropped)
   *
   * How many notifications were given up while they waited. It is not notified.
   *
   * Since: 0.1
   */
  properties[PROP_DROPPED] =
    g_param_spec_uint64 ("dropped", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_signals (GType type)
{
  /**
   * DbrNotifier::action-invoked:
   * @self: the notifier
   * @id: the id of a notification
   * @action: the id of the action, `default` for a click on the notification itself
   *
   * Emitted when the person has chosen an action.
   *
   * A program that opens a window then passes it what [method@Notifier.dup_activation_token] gives.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ACTION_INVOKED] =
    g_signal_new ("action-invoked",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_UINT,
                  G_TYPE_STRING);

  /**
   * DbrNotifier::closed:
   * @self: the notifier
   * @id: the id of a notification
   * @reason: why
   *
   * Emitted when a notification is not shown any more.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CLOSED] =
    g_signal_new ("closed",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_UINT,
                  DBR_TYPE_CLOSE_REASON);

  /**
   * DbrNotifier::stalled:
   * @self: the notifier
   * @silent_usec: for how many microseconds it has not answered
   *
   * Emitted when what shows notifications does not answer. Nothing is sent to it until it does.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STALLED] =
    g_signal_new ("stalled",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_INT64);

  /**
   * DbrNotifier::recovered:
   * @self: the notifier
   * @down_usec: for how many microseconds it had not answered
   *
   * Emitted when what shows notifications answers again, or another one has come in its place; once
   * after each [signal@Notifier::stalled].
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECOVERED] =
    g_signal_new ("recovered",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_INT64);
}

static void
dbr_notifier_class_init (DbrNotifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_notifier_constructed;
  object_class->dispose = dbr_notifier_dispose;
  object_class->finalize = dbr_notifier_finalize;
  object_class->get_property = dbr_notifier_get_property;
  object_class->set_property = dbr_notifier_set_property;

  install_settings (object_class);
  install_findings (object_class);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  install_signals (G_TYPE_FROM_CLASS (klass));
}

static void
dbr_notifier_init (DbrNotifier *self)
{
  g_mutex_init (&self->mutex);
  self->herald = dbr_herald_new (G_OBJECT (self));
  self->core = dbr_notifier_core_new (self->herald, news_cb);
  self->watched = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_notifier_watched_free);
}

/**
 * dbr_notifier_new:
 * @app_name: the name of the program, as a person knows it
 *
 * Creates a notifier. Nothing is connected or started before it is used.
 *
 * Returns: (transfer full): a new notifier
 *
 * Since: 0.1
 */
DbrNotifier *
dbr_notifier_new (const char *app_name)
{
  g_return_val_if_fail (app_name != NULL, NULL);

  return g_object_new (DBR_TYPE_NOTIFIER, "app-name", app_name, NULL);
}

/**
 * dbr_notifier_get_backend: (get-property backend)
 * @self: a notifier
 *
 * Gets how notifications get to the desktop.
 *
 * Returns: the backend that was asked for
 *
 * Since: 0.1
 */
DbrNotifierBackend
dbr_notifier_get_backend (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), DBR_NOTIFIER_BACKEND_AUTO);

  return self->backend;
}

/**
 * dbr_notifier_get_app_name: (get-property app-name)
 * @self: a notifier
 *
 * Gets the name of the program.
 *
 * Returns: the name
 *
 * Since: 0.1
 */
const char *
dbr_notifier_get_app_name (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), NULL);

  return dbr_notifier_core_get_app_name (self->core);
}

/**
 * dbr_notifier_set_app_name: (set-property app-name)
 * @self: a notifier
 * @app_name: the name of the program, as a person knows it
 *
 * Sets the name of the program.
 *
 * Since: 0.1
 */
void
dbr_notifier_set_app_name (DbrNotifier *self,
                           const char  *app_name)
{
  g_return_if_fail (DBR_IS_NOTIFIER (self));
  g_return_if_fail (app_name != NULL);

  if (dbr_notifier_core_set_app_name (self->core, app_name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_APP_NAME]);
}

/**
 * dbr_notifier_get_available: (get-property available)
 * @self: a notifier
 *
 * Gets whether something is there that shows notifications.
 *
 * Returns: whether there is
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_get_available (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);

  return dbr_notifier_core_is_available (self->core);
}

/**
 * dbr_notifier_get_capabilities: (get-property capabilities)
 * @self: a notifier
 *
 * Gets what the desktop can do. The list is valid for as long as the notifier.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): its capabilities, while they are
 * known
 *
 * Since: 0.1
 */
const char * const *
dbr_notifier_get_capabilities (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), NULL);

  return dbr_notifier_core_get_capabilities (self->core);
}

/**
 * dbr_notifier_get_server_name: (get-property server-name)
 * @self: a notifier
 *
 * Gets the name of what shows notifications.
 *
 * Returns: (nullable): its name, while it is known
 *
 * Since: 0.1
 */
const char *
dbr_notifier_get_server_name (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), NULL);

  return dbr_notifier_core_get_server_name (self->core);
}

/**
 * dbr_notifier_get_quiet: (get-property quiet)
 * @self: a notifier
 *
 * Gets whether all but critical notifications are held back.
 *
 * Returns: whether they are
 *
 * Since: 0.1
 */
gboolean
dbr_notifier_get_quiet (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), FALSE);

  return dbr_notifier_core_get_quiet (self->core);
}

/**
 * dbr_notifier_set_quiet: (set-property quiet)
 * @self: a notifier
 * @quiet: whether to hold them back
 *
 * Sets whether all but critical notifications are held back.
 *
 * Since: 0.1
 */
void
dbr_notifier_set_quiet (DbrNotifier *self,
                        gboolean     quiet)
{
  g_return_if_fail (DBR_IS_NOTIFIER (self));

  if (dbr_notifier_core_set_quiet (self->core, quiet))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUIET]);
}

/**
 * dbr_notifier_get_batch_ms: (get-property batch-ms)
 * @self: a notifier
 *
 * Gets for how long notifications are gathered.
 *
 * Returns: the time in milliseconds
 *
 * Since: 0.1
 */
guint
dbr_notifier_get_batch_ms (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);

  return dbr_notifier_core_get_batch_ms (self->core);
}

/**
 * dbr_notifier_set_batch_ms: (set-property batch-ms)
 * @self: a notifier
 * @batch_ms: the time in milliseconds, 0 for not at all
 *
 * Sets for how long notifications are gathered.
 *
 * Since: 0.1
 */
void
dbr_notifier_set_batch_ms (DbrNotifier *self,
                           guint        batch_ms)
{
  g_return_if_fail (DBR_IS_NOTIFIER (self));

  if (dbr_notifier_core_set_batch_ms (self->core, batch_ms))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BATCH_MS]);
}

/**
 * dbr_notifier_get_max_queued: (get-property max-queued)
 * @self: a notifier
 *
 * Gets how many notifications wait at most.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint
dbr_notifier_get_max_queued (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);

  return dbr_notifier_core_get_max_queued (self->core);
}

/**
 * dbr_notifier_set_max_queued: (set-property max-queued)
 * @self: a notifier
 * @max_queued: the number, at least 1
 *
 * Sets how many notifications wait at most.
 *
 * Since: 0.1
 */
void
dbr_notifier_set_max_queued (DbrNotifier *self,
                             guint        max_queued)
{
  g_return_if_fail (DBR_IS_NOTIFIER (self));

  if (dbr_notifier_core_set_max_queued (self->core, max_queued))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_QUEUED]);
}

/**
 * dbr_notifier_get_queued: (get-property queued)
 * @self: a notifier
 *
 * Gets how many notifications wait.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint
dbr_notifier_get_queued (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);

  return dbr_notifier_core_get_queued (self->core);
}

/**
 * dbr_notifier_get_dropped: (get-property dropped)
 * @self: a notifier
 *
 * Gets how many notifications were given up while they waited.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint64
dbr_notifier_get_dropped (DbrNotifier *self)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), 0);

  return dbr_notifier_core_get_dropped (self->core);
}

/**
 * dbr_notifier_dup_activation_token:
 * @self: a notifier
 * @id: the id of a notification, an action of which was invoked
 *
 * Gets the token with which a window that is opened for an action may come to the front, for
 * [method@Gio.AppLaunchContext.get_startup_notify_id] or the `XDG_ACTIVATION_TOKEN` of a program
 * that is started.
 *
 * Returns: (transfer full) (nullable): the token, if the desktop gave one
 *
 * Since: 0.1
 */
char *
dbr_notifier_dup_activation_token (DbrNotifier *self,
                                   guint        id)
{
  g_return_val_if_fail (DBR_IS_NOTIFIER (self), NULL);

  return dbr_notifier_core_dup_token (self->core, id);
}
