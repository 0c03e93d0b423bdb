/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-service-monitor-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-event-private.h"
#include "base/dbr-herald-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-incident-source-private.h"
#include "bus/dbr-client-private.h"
#include "monitor/dbr-monitor-unit-private.h"
#include "monitor/dbr-service-title-private.h"

#define MAX_HISTORY 200

/**
 * DbrServiceMonitor:
 *
 * Watches a service: whether it is there, whether it answers, and since when.
 *
 * A service that has died is not one that hangs. That a program has gone is told by the bus at
 * once. Whether one that is there answers, nobody can tell who does not ask it: so after
 * [property@ServiceMonitor:interval-ms] of silence it is asked something small, and at once when a
 * call to it takes long. When [property@ServiceMonitor:misses-to-stall] probes were sent and none
 * of them was answered in time, it has stalled.
 *
 * ```c
 * g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, "org.bluez");
 * g_autoptr(GError) error = NULL;
 *
 * g_signal_connect (monitor, "stalled", G_CALLBACK (stalled_cb), NULL);
 * g_signal_connect (monitor, "restarted", G_CALLBACK (restarted_cb), NULL);
 * if (!dbr_service_monitor_start (monitor, &error))
 *   g_warning ("%s", error->message);
 * ```
 *
 * What is not the service's fault is not held against it: a main loop that was blocked, a machine
 * that was asleep or is short of memory, a bus that hangs. Nothing of it depends on a main loop of
 * the program; but signals need one.
 *
 * A monitor never starts the service it watches. Of the calls that the bus allows a connection at
 * once, a service that hangs takes as many as there are probes for a stall.
 *
 * ## What is told
 *
 * - Stopped and continued: `stalled`, `recovered`.
 * - Restarted: `vanished`, `appeared`, `restarted`, whatever the gap.
 * - Killed while it was stalled: `stalled`, `vanished`, `appeared`, `restarted`, and `recovered`
 *   when it is healthy; never, if it does not come back.
 * - The bus is lost: the state is `DBR_SERVICE_STATE_BUS_LOST`, and nobody has vanished. When it is
 *   back, the same owner gives nothing and another one a restart.
 *
 * Who has the name when the monitor is started has not appeared: it is in
 * [property@ServiceMonitor:owner].
 *
 * ## Threads
 *
 * Any thread may call. Signals are emitted, properties notified and the history changed in the
 * context that the monitor was made in, and what a handler reads is as it was at the time of what
 * it is told of.
 *
 * Since: 0.1
 */

typedef struct
{
  /* identity */
  DbrClient        *client;
  char             *bus_name;
  DbrMonitorCore   *core;

  DbrHerald        *herald;
  DbrIncidentBoard *board;

  /* in the context only: what was told, and the incident that is not over, 0 for none */
  GListStore       *history;
  guint64           incident;
  DbrMonitorValues  told;

  GMutex            mutex;

  /* guarded by mutex */
  gboolean          is_started;
  DbrMonitorValues  values;
} DbrServiceMonitorPrivate;

enum
{
  PROP_0,
  PROP_CLIENT,
  PROP_BUS_NAME,
  PROP_STATE,
  PROP_OWNER,
  PROP_GENERATION,
  PROP_LATENCY_USEC,
  PROP_SUSPICION,
  PROP_SINCE_USEC,
  PROP_RESTARTS,
  PROP_INTERVAL_MS,
  PROP_PROBE_TIMEOUT_MS,
  PROP_SLOW_MS,
  PROP_MISSES_TO_STALL,
  PROP_AVAILABLE,
  PROP_PROBE_KIND,
  PROP_PROBE_PATH,
  PROP_PROBE_INTERFACE,
  PROP_PROBE_PROPERTY,
  PROP_HISTORY,
  PROP_DETECTION_MS,
  PROP_QUALITY_MET,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (DbrServiceState, dbr_service_state,
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_ABSENT, "absent"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_HEALTHY, "healthy"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_SLOW, "slow"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_SUSPECT, "suspect"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_STALLED, "stalled"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_FROZEN, "frozen"),
                    G_DEFINE_ENUM_VALUE (DBR_SERVICE_STATE_BUS_LOST, "bus-lost"))

G_DEFINE_ENUM_TYPE (DbrProbeKind, dbr_probe_kind,
                    G_DEFINE_ENUM_VALUE (DBR_PROBE_KIND_PROPERTY, "property"),
                    G_DEFINE_ENUM_VALUE (DBR_PROBE_KIND_PING, "ping"))

static void dbr_service_monitor_incident_source_init (DbrIncidentSourceInterface *iface);

G_DEFINE_TYPE_WITH_CODE (DbrServiceMonitor, dbr_service_monitor, G_TYPE_OBJECT,
                         G_ADD_PRIVATE (DbrServiceMonitor)
                         G_IMPLEMENT_INTERFACE (DBR_TYPE_INCIDENT_SOURCE,
                                                dbr_service_monitor_incident_source_init))

static inline DbrServiceMonitorPrivate *
priv_of (DbrServiceMonitor *self)
{
  return dbr_service_monitor_get_instance_private (self);
}

/* Telling */

static void
dbr_service_monitor_notify_changes (DbrServiceMonitor      *self,
                                    const DbrMonitorValues *old,
                                    const DbrMonitorValues *new)
{
  const struct
  {
    guint    prop;
    gboolean has_changed;
  } changes[] = {
    { PROP_STATE, old->state != new->state },
    { PROP_SINCE_USEC, old->since_usec != new->since_usec },
    { PROP_OWNER, old->owner != new->owner },
    { PROP_GENERATION, old->generation != new->generation },
    { PROP_RESTARTS, old->restarts != new->restarts },
    { PROP_LATENCY_USEC, old->latency_usec != new->latency_usec },
    { PROP_AVAILABLE, old->is_available != new->is_available },
    { PROP_PROBE_KIND, old->probe_kind != new->probe_kind },
    { PROP_DETECTION_MS, old->detection_ms != new->detection_ms },
    { PROP_QUALITY_MET, old->is_quality_met != new->is_quality_met },
  };

  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    if (changes[i].has_changed)
      g_object_notify_by_pspec (G_OBJECT (self), properties[changes[i].prop]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* Where somebody was told more already, what is read stays so. */
static void
dbr_service_monitor_show (DbrServiceMonitor      *self,
                          const DbrMonitorValues *values)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&priv->mutex);

  if (values->serial > priv->values.serial)
    priv->values = *values;
}

static const char *
nick_of (DbrServiceState state)
{
  g_autoptr(GEnumClass) klass = g_type_class_ref (DBR_TYPE_SERVICE_STATE);

  return g_enum_get_value (klass, (int) state)->value_nick;
}

static void
dbr_service_monitor_log (DbrServiceMonitor *self,
                         DbrServiceState    old_state,
                         DbrServiceState    new_state)
{
  dbr_debug (DBR_DEBUG_MONITOR, "A service is otherwise than it was",
             "DBR_BUS_NAME", priv_of (self)->bus_name,
             "DBR_OLD_STATE", nick_of (old_state),
             "DBR_NEW_STATE", nick_of (new_state));
}

static void
dbr_service_monitor_take_values (DbrServiceMonitor      *self,
                                 const DbrMonitorValues *values)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  DbrServiceMonitorClass *klass = DBR_SERVICE_MONITOR_GET_CLASS (self);
  DbrMonitorValues old = priv->told;

  if (values->serial == old.serial)
    return;

  priv->told = *values;
  dbr_service_monitor_show (self, values);
  if (old.state != values->state)
    dbr_service_monitor_log (self, old.state, values->state);
  if (klass->state_changed != NULL && old.state != values->state)
    klass->state_changed (self, old.state, values->state);
  dbr_service_monitor_notify_changes (self, &old, values);
}

void
dbr_service_monitor_catch_up (DbrServiceMonitor *self)
{
  DbrMonitorValues values;

  dbr_monitor_core_get_values (priv_of (self)->core, &values);
  dbr_service_monitor_show (self, &values);
}

static void
dbr_service_monitor_append (DbrServiceMonitor *self,
                            DbrEvent          *event)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);

  if (g_list_model_get_n_items (G_LIST_MODEL (priv->history)) >= MAX_HISTORY)
    g_list_store_remove (priv->history, 0);
  g_list_store_append (priv->history, event);
}

/* A person is told of a stall, of what becomes of it, and when it is over. That a program goes when
 * it has nothing to do is as it should be. */
static void
dbr_service_monitor_tell_person (DbrServiceMonitor    *self,
                                 const DbrMonitorNews *news,
                                 const char           *text)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  const char *service = dbr_service_title_get (priv->bus_name);
  g_autofree char *title = NULL;

  if (news->kind == DBR_MONITOR_NEWS_STALLED && priv->incident == 0)
    {
      title = g_strdup_printf (_("%s does not answer"), service);
      priv->incident = dbr_incident_board_begin (priv->board, DBR_SEVERITY_WARNING, title, text);
    }
  else if (news->kind == DBR_MONITOR_NEWS_VANISHED && priv->incident != 0)
    {
      title = g_strdup_printf (_("%s is gone"), service);
      dbr_incident_board_update (priv->board, priv->incident, DBR_SEVERITY_WARNING, title, text);
    }
  else if (news->kind == DBR_MONITOR_NEWS_RECOVERED && priv->incident != 0)
    {
      title = g_strdup_printf (_("%s answers again"), service);
      dbr_incident_board_end (priv->board, priv->incident, title, text);
      priv->incident = 0;
    }
}

/* What systemd says of the unit comes a moment after what happened, and nobody waits for it: the
 * event is replaced by one that says more. */
typedef struct
{
  DbrHerald *herald;
  DbrEvent  *event;
  GVariant  *state;
} Supplement;

static void
supplement_free (gpointer data)
{
  Supplement *self = data;

  dbr_herald_unref (self->herald);
  g_object_unref (self->event);
  g_clear_pointer (&self->state, g_variant_unref);
  g_free (self);
}

static void
supplement_cb (GObject  *object,
               gpointer  data)
{
  DbrServiceMonitorPrivate *priv = priv_of (DBR_SERVICE_MONITOR (object));
  const Supplement *supplement = data;
  g_autoptr(DbrEvent) event = dbr_monitor_event_extend (supplement->event, supplement->state);
  guint position;

  if (g_list_store_find (priv->history, supplement->event, &position))
    g_list_store_splice (priv->history, position, 1, (gpointer *) &event, 1);
}

static void
unit_read_cb (GVariant *state,
              gpointer  user_data)
{
  const Supplement *found = user_data;
  Supplement *told = g_new0 (Supplement, 1);

  told->herald = dbr_herald_ref (found->herald);
  told->event = g_object_ref (found->event);
  told->state = g_variant_ref (state);
  dbr_herald_tell (found->herald, supplement_cb, told, supplement_free);
}

static void
dbr_service_monitor_ask_unit (DbrServiceMonitor *self,
                              DbrEvent          *event)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  Supplement *supplement = g_new0 (Supplement, 1);

  supplement->herald = dbr_herald_ref (priv->herald);
  supplement->event = g_object_ref (event);
  dbr_monitor_unit_read (priv->core, unit_read_cb, supplement, supplement_free);
}

static void
dbr_service_monitor_tell_news (DbrServiceMonitor    *self,
                               const DbrMonitorNews *news)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  DbrServiceMonitorClass *klass = DBR_SERVICE_MONITOR_GET_CLASS (self);
  g_autoptr(DbrEvent) event = dbr_monitor_news_to_event (news, priv->bus_name);

  dbr_service_monitor_take_values (self, &news->values);
  if (news->kind == DBR_MONITOR_NEWS_OWNER && klass->owner_changed != NULL)
    klass->owner_changed (self, news->old_owner, news->new_owner);
  if (news->kind == DBR_MONITOR_NEWS_CONNECTION && klass->connection_changed != NULL)
    klass->connection_changed (self, news->is_connected);
  if (event != NULL)
    {
      dbr_service_monitor_append (self, event);
      dbr_service_monitor_tell_person (self, news, dbr_event_get_text (event));
    }
  if (news->kind == DBR_MONITOR_NEWS_STALLED || news->kind == DBR_MONITOR_NEWS_VANISHED)
    dbr_service_monitor_ask_unit (self, event);
  dbr_service_monitor_emit (self, news);
}

static void
deliver_cb (GObject *object)
{
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (object);
  DbrServiceMonitorPrivate *priv = priv_of (self);
  DbrMonitorNews *next;

  while ((next = dbr_monitor_core_pop_news (priv->core)) != NULL)
    {
      g_autofree DbrMonitorNews *news = next;

      dbr_service_monitor_tell_news (self, news);
    }
}

void
dbr_service_monitor_tell (DbrServiceMonitor *self,
                          const char        *kind,
                          const char        *text,
                          GVariant          *details)
{
  g_autoptr(DbrEvent) event = dbr_event_new (kind, text, details);

  dbr_service_monitor_append (self, event);
}

/* The class */

static void
dbr_service_monitor_constructed (GObject *object)
{
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (object);
  DbrServiceMonitorPrivate *priv = priv_of (self);

  G_OBJECT_CLASS (dbr_service_monitor_parent_class)->constructed (object);

  priv->core = dbr_monitor_core_new (object, priv->client, priv->bus_name,
                                     DBR_SERVICE_MONITOR_GET_CLASS (self)->waits_for_ready,
                                     deliver_cb);
  dbr_monitor_core_get_values (priv->core, &priv->values);
  priv->told = priv->values;
}

static void
dbr_service_monitor_dispose (GObject *object)
{
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (object);
  DbrServiceMonitorPrivate *priv = priv_of (self);

  dbr_service_monitor_stop (self);
  if (dbr_client_check_process (priv->client, NULL))
    {
      dbr_monitor_core_close (priv->core);
      dbr_incident_board_close (priv->board);
    }

  G_OBJECT_CLASS (dbr_service_monitor_parent_class)->dispose (object);
}

static void
dbr_service_monitor_finalize (GObject *object)
{
  DbrServiceMonitorPrivate *priv = priv_of (DBR_SERVICE_MONITOR (object));

  g_clear_pointer (&priv->core, dbr_monitor_core_unref);
  g_clear_pointer (&priv->herald, dbr_herald_unref);
  g_clear_pointer (&priv->board, dbr_incident_board_unref);
  g_clear_object (&priv->client);
  g_clear_object (&priv->history);
  g_clear_pointer (&priv->bus_name, g_free);
  g_mutex_clear (&priv->mutex);

  G_OBJECT_CLASS (dbr_service_monitor_parent_class)->finalize (object);
}

static void
dbr_service_monitor_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, dbr_service_monitor_get_client (self));
      break;

    case PROP_BUS_NAME:
      g_value_set_string (value, dbr_service_monitor_get_bus_name (self));
      break;

    case PROP_STATE:
      g_value_set_enum (value, dbr_service_monitor_get_state (self));
      break;

    case PROP_OWNER:
      g_value_set_string (value, dbr_service_monitor_get_owner (self));
      break;

    case PROP_GENERATION:
      g_value_set_uint (value, dbr_service_monitor_get_generation (self));
      break;

    case PROP_LATENCY_USEC:
      g_value_set_int64 (value, dbr_service_monitor_get_latency_usec (self));
      break;

    case PROP_SUSPICION:
      g_value_set_double (value, dbr_service_monitor_get_suspicion (self));
      break;

    case PROP_SINCE_USEC:
      g_value_set_int64 (value, dbr_service_monitor_get_since_usec (self));
      break;

    case PROP_RESTARTS:
      g_value_set_uint (value, dbr_service_monitor_get_restarts (self));
      break;

    case PROP_INTERVAL_MS:
      g_value_set_uint (value, dbr_service_monitor_get_interval_ms (self));
      break;

    case PROP_PROBE_TIMEOUT_MS:
      g_value_set_uint (value, dbr_service_monitor_get_probe_timeout_ms (self));
      break;

    case PROP_SLOW_MS:
      g_value_set_uint (value, dbr_service_monitor_get_slow_ms (self));
      break;

    case PROP_MISSES_TO_STALL:
      g_value_set_uint (value, dbr_service_monitor_get_misses_to_stall (self));
      break;

    case PROP_AVAILABLE:
      g_value_set_boolean (value, dbr_service_monitor_get_available (self));
      break;

    case PROP_PROBE_KIND:
      g_value_set_enum (value, dbr_service_monitor_get_probe_kind (self));
      break;

    case PROP_PROBE_PATH:
      g_value_set_string (value, dbr_service_monitor_get_probe_path (self));
      break;

    case PROP_PROBE_INTERFACE:
      g_value_set_string (value, dbr_service_monitor_get_probe_interface (self));
      break;

    case PROP_PROBE_PROPERTY:
      g_value_set_string (value, dbr_service_monitor_get_probe_property (self));
      break;

    case PROP_HISTORY:
      g_value_set_object (value, dbr_service_monitor_get_history (self));
      break;

    case PROP_DETECTION_MS:
      g_value_set_uint (value, dbr_service_monitor_get_detection_ms (self));
      break;

    case PROP_QUALITY_MET:
      g_value_set_boolean (value, dbr_service_monitor_get_quality_met (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_service_monitor_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  DbrServiceMonitor *self = DBR_SERVICE_MONITOR (object);
  DbrServiceMonitorPrivate *priv = priv_of (self);

  switch (prop_id)
    {
    case PROP_CLIENT:
      priv->client = g_value_dup_object (value);
      break;

    case PROP_BUS_NAME:
      priv->bus_name = g_value_dup_string (value);
      break;

    case PROP_INTERVAL_MS:
      dbr_service_monitor_set_interval_ms (self, g_value_get_uint (value));
      break;

    case PROP_PROBE_TIMEOUT_MS:
      dbr_service_monitor_set_probe_timeout_ms (self, g_value_get_uint (value));
      break;

    case PROP_SLOW_MS:
      dbr_service_monitor_set_slow_ms (self, g_value_get_uint (value));
      break;

    case PROP_MISSES_TO_STALL:
      dbr_service_monitor_set_misses_to_stall (self, g_value_get_uint (value));
      break;

    case PROP_PROBE_PATH:
      dbr_service_monitor_set_probe_path (self, g_value_get_string (value));
      break;

    case PROP_PROBE_INTERFACE:
      dbr_service_monitor_set_probe_interface (self, g_value_get_string (value));
      break;

    case PROP_PROBE_PROPERTY:
      dbr_service_monitor_set_probe_property (self, g_value_get_string (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static DbrIncidentBoard *
dbr_service_monitor_get_board (DbrIncidentSource *source)
{
  return priv_of (DBR_SERVICE_MONITOR (source))->board;
}

static void
dbr_service_monitor_incident_source_init (DbrIncidentSourceInterface *iface)
{
  iface->get_board = dbr_service_monitor_get_board;
}

static void
dbr_service_monitor_class_init (DbrServiceMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dbr_service_monitor_constructed;
  object_class->dispose = dbr_service_monitor_dispose;
  object_class->finalize = dbr_service_monitor_finalize;
  object_class->get_property = dbr_service_monitor_get_property;
  object_class->set_property = dbr_service_monitor_set_property;

  /**
   * DbrServiceMonitor:client: (getter get_client)
   *
   * The client whose connection is used.
   *
   * Since: 0.1
   */
  properties[PROP_CLIENT] =
    g_param_spec_object ("client", NULL, NULL,
                         DBR_TYPE_CLIENT,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:bus-name: (getter get_bus_name)
   *
   * The name of the service.
   *
   * Since: 0.1
   */
  properties[PROP_BUS_NAME] =
    g_param_spec_string ("bus-name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:state: (getter get_state)
   *
   * How the service is.
   *
   * Since: 0.1
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL,
                       DBR_TYPE_SERVICE_STATE,
                       DBR_SERVICE_STATE_UNKNOWN,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:owner: (getter get_owner)
   *
   * The unique name of the program that has the name; `NULL` if none has, or that is not known.
   *
   * Since: 0.1
   */
  properties[PROP_OWNER] =
    g_param_spec_string ("owner", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:generation: (getter get_generation)
   *
   * How many owners of the name were seen; it changes with each of them.
   *
   * Since: 0.1
   */
  properties[PROP_GENERATION] =
    g_param_spec_uint ("generation", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:latency-usec: (getter get_latency_usec)
   *
   * How long the service took for its last answer to a probe, -1 if that is not known.
   *
   * Since: 0.1
   */
  properties[PROP_LATENCY_USEC] =
    g_param_spec_int64 ("latency-usec", NULL, NULL,
                        -1, G_MAXINT64, -1,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:suspicion: (getter get_suspicion)
   *
   * How unlikely it is by now that the service works, as the negative logarithm to the base of 10:
   * 3 is one in a thousand. It is read and not notified.
   *
   * Since: 0.1
   */
  properties[PROP_SUSPICION] =
    g_param_spec_double ("suspicion", NULL, NULL,
                         0, G_MAXDOUBLE, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:since-usec: (getter get_since_usec)
   *
   * Since when the state holds, as [func@GLib.get_real_time] gives the time.
   *
   * Since: 0.1
   */
  properties[PROP_SINCE_USEC] =
    g_param_spec_int64 ("since-usec", NULL, NULL,
                        0, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:restarts: (getter get_restarts)
   *
   * How often another program took the name while it was watched.
   *
   * Since: 0.1
   */
  properties[PROP_RESTARTS] =
    g_param_spec_uint ("restarts", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:interval-ms: (getter get_interval_ms) (setter set_interval_ms)
   *
   * After how much silence the service is asked whether it answers. 0 is
   * `DBR_ERROR_INVALID_ARGUMENT` when the monitor is started.
   *
   * Since: 0.1
   */
  properties[PROP_INTERVAL_MS] =
    g_param_spec_uint ("interval-ms", NULL, NULL,
                       0, G_MAXUINT, 10000,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:probe-timeout-ms: (getter get_probe_timeout_ms) (setter set_probe_timeout_ms)
   *
   * How long it may take to answer; 0: it follows from how long it took before, from one to five
   * seconds.
   *
   * Since: 0.1
   */
  properties[PROP_PROBE_TIMEOUT_MS] =
    g_param_spec_uint ("probe-timeout-ms", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:slow-ms: (getter get_slow_ms) (setter set_slow_ms)
   *
   * What takes longer makes it slow.
   *
   * Since: 0.1
   */
  properties[PROP_SLOW_MS] =
    g_param_spec_uint ("slow-ms", NULL, NULL,
                       0, G_MAXUINT, 500,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:misses-to-stall: (getter get_misses_to_stall) (setter set_misses_to_stall)
   *
   * How many probes in a row have to be missed for a stall, from 1 to 8.
   *
   * Since: 0.1
   */
  properties[PROP_MISSES_TO_STALL] =
    g_param_spec_uint ("misses-to-stall", NULL, NULL,
                       0, G_MAXUINT, 3,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:available: (getter get_available)
   *
   * Whether the bus is there and a program has the name.
   *
   * Since: 0.1
   */
  properties[PROP_AVAILABLE] =
    g_param_spec_boolean ("available", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:probe-kind: (getter get_probe_kind)
   *
   * What it was asked last.
   *
   * Since: 0.1
   */
  properties[PROP_PROBE_KIND] =
    g_param_spec_enum ("probe-kind", NULL, NULL,
                       DBR_TYPE_PROBE_KIND,
                       DBR_PROBE_KIND_PING,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:probe-path: (getter get_probe_path) (setter set_probe_path)
   *
   * The object of the property that is read as a probe; see
   * [property@ServiceMonitor:probe-interface].
   *
   * Since: 0.1
   */
  properties[PROP_PROBE_PATH] =
    g_param_spec_string ("probe-path", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:probe-interface: (getter get_probe_interface) (setter set_probe_interface)
   *
   * The interface of the property that is read as a probe.
   *
   * While it is empty, what to read is found by what the service says of itself; where there is
   * nothing, it is pinged. A ping is answered by services on GDBus even though their main loop is
   * dead, so that a property is to be preferred.
   *
   * Since: 0.1
   */
  properties[PROP_PROBE_INTERFACE] =
    g_param_spec_string ("probe-interface", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:probe-property: (getter get_probe_property) (setter set_probe_property)
   *
   * The property that is read as a probe; see [property@ServiceMonitor:probe-interface].
   *
   * Since: 0.1
   */
  properties[PROP_PROBE_PROPERTY] =
    g_param_spec_string ("probe-property", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:history: (getter get_history)
   *
   * The last 200 events, a list of [class@Event]; what kind they are is the name of the signal.
   *
   * Since: 0.1
   */
  properties[PROP_HISTORY] =
    g_param_spec_object ("history", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:detection-ms: (getter get_detection_ms)
   *
   * How long it takes at most from the beginning of a stall until it is told.
   *
   * Since: 0.1
   */
  properties[PROP_DETECTION_MS] =
    g_param_spec_uint ("detection-ms", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DbrServiceMonitor:quality-met: (getter get_quality_met)
   *
   * Whether what was asked for by [method@ServiceMonitor.set_quality] is achieved.
   *
   * Since: 0.1
   */
  properties[PROP_QUALITY_MET] =
    g_param_spec_boolean ("quality-met", NULL, NULL,
                          TRUE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
  dbr_service_monitor_install_signals (klass);
}

static void
dbr_service_monitor_init (DbrServiceMonitor *self)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);

  g_mutex_init (&priv->mutex);
  priv->history = g_list_store_new (DBR_TYPE_EVENT);
  priv->herald = dbr_herald_new (G_OBJECT (self));
  priv->board = dbr_incident_board_new ();
}

/**
 * dbr_service_monitor_new:
 * @client: a client
 * @bus_name: the name of a service
 *
 * Creates a monitor of a service. Nothing is watched until it is started.
 *
 * Returns: (transfer full): a new monitor
 *
 * Since: 0.1
 */
DbrServiceMonitor *
dbr_service_monitor_new (DbrClient  *client,
                         const char *bus_name)
{
  g_return_val_if_fail (DBR_IS_CLIENT (client), NULL);
  g_return_val_if_fail (bus_name != NULL, NULL);

  return g_object_new (DBR_TYPE_SERVICE_MONITOR,
                       "client", client,
                       "bus-name", bus_name,
                       NULL);
}

DbrMonitorCore *
dbr_service_monitor_get_core (DbrServiceMonitor *self)
{
  return priv_of (self)->core;
}

/**
 * dbr_service_monitor_get_client: (get-property client)
 * @self: a monitor
 *
 * Gets the client whose connection is used.
 *
 * Returns: (transfer none): the client
 *
 * Since: 0.1
 */
DbrClient *
dbr_service_monitor_get_client (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return priv_of (self)->client;
}

/**
 * dbr_service_monitor_get_bus_name: (get-property bus-name)
 * @self: a monitor
 *
 * Gets the name of the service.
 *
 * Returns: the name
 *
 * Since: 0.1
 */
const char *
dbr_service_monitor_get_bus_name (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return priv_of (self)->bus_name;
}

DbrMonitorValues
dbr_service_monitor_read (DbrServiceMonitor *self)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&priv->mutex);

  return priv->values;
}

/**
 * dbr_service_monitor_get_history: (get-property history)
 * @self: a monitor
 *
 * Gets the last events, the newest at the end. It is always the same list.
 *
 * Returns: (transfer none): a list of [class@Event]
 *
 * Since: 0.1
 */
GListModel *
dbr_service_monitor_get_history (DbrServiceMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), NULL);

  return G_LIST_MODEL (priv_of (self)->history);
}

DbrFreeze
dbr_service_monitor_get_freeze (DbrServiceMonitor *self)
{
  return dbr_monitor_core_get_freeze (priv_of (self)->core);
}

void
dbr_service_monitor_set_ready (DbrServiceMonitor *self,
                               guint              generation)
{
  dbr_monitor_core_set_ready (priv_of (self)->core, generation);
}

/* Starting and stopping */

static gboolean
dbr_service_monitor_set_started (DbrServiceMonitor *self,
                                 gboolean           is_started)
{
  DbrServiceMonitorPrivate *priv = priv_of (self);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&priv->mutex);

  if (priv->is_started == is_started)
    return FALSE;

  priv->is_started = is_started;

  return TRUE;
}

/**
 * dbr_service_monitor_start:
 * @self: a monitor
 * @error: return location for an error
 *
 * Begins to watch the service. It waits for nothing; what is found is told by signals. Starting it
 * twice does nothing.
 *
 * What makes it fail is a value that was set, and a client that cannot be used: not that there is
 * no bus or no service yet.
 *
 * Returns: whether it watches
 *
 * Since: 0.1
 */
gboolean
dbr_service_monitor_start (DbrServiceMonitor  *self,
                           GError            **error)
{
  DbrServiceMonitorClass *klass;

  g_return_val_if_fail (DBR_IS_SERVICE_MONITOR (self), FALSE);

  klass = DBR_SERVICE_MONITOR_GET_CLASS (self);
  if (!dbr_service_monitor_check_settings (self, error))
    return FALSE;
  if (!dbr_service_monitor_set_started (self, TRUE))
    return TRUE;

  if (klass->started != NULL)
    klass->started (self);
  dbr_monitor_core_hold (priv_of (self)->core);

  return TRUE;
}

/**
 * dbr_service_monitor_stop:
 * @self: a monitor
 *
 * Ceases to watch the service. What was not told yet is not told any more, and the state is
 * `DBR_SERVICE_STATE_UNKNOWN`. It can be started again.
 *
 * Since: 0.1
 */
void
dbr_service_monitor_stop (DbrServiceMonitor *self)
{
  DbrServiceMonitorClass *klass;

  g_return_if_fail (DBR_IS_SERVICE_MONITOR (self));

  klass = DBR_SERVICE_MONITOR_GET_CLASS (self);
  /* In a child of fork() the locks may be held by threads that are not there. */
  if (!dbr_client_check_process (priv_of (self)->client, NULL)
      || !dbr_service_monitor_set_started (self, FALSE))
    return;

  dbr_monitor_core_release (priv_of (self)->core, FALSE);
  dbr_service_monitor_catch_up (self);
  if (klass->stopped != NULL)
    klass->stopped (self);
}
