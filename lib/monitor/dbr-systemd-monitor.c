/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-systemd-monitor-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-systemd-name-private.h"

/**
 * DbrSystemdMonitor:
 *
 * Watches systemd, and all that it runs.
 *
 * As a [class@ServiceMonitor] it sees whether systemd itself answers. Beyond that it shows the
 * state of the whole, which units have failed, and how many jobs there are; it gets units and lists
 * them, tells of jobs, and of what changes in the units that are watched.
 *
 * ```c
 * g_autoptr(DbrSystemdMonitor) monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
 *
 * if (dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error))
 *   g_print ("%s, %d failed\n", dbr_systemd_monitor_get_system_state (monitor),
 *            dbr_systemd_monitor_get_n_failed_units (monitor));
 * ```
 *
 * A refresh reads all that the properties show, once. After [method@ServiceMonitor.start] they
 * change by themselves, over restarts of systemd and a lost bus, and signals are emitted.
 *
 * Where there is no bus, or systemd is not on it, as in many containers, early while a machine
 * starts, or after the bus has died, it speaks to the private socket of systemd:
 * [property@SystemdMonitor:via] says so. That of the machine is for root alone. Where there is
 * neither, nothing is known: texts are `NULL`, numbers -1, and one message in the log says what is
 * missing. It goes to the socket only with a client of the bus that the scope belongs to, and never
 * with an access policy, which the socket would go round.
 *
 * A name without a suffix is that of a service. A unit that is not installed is a unit all the
 * same, with the [property@Unit:load-state] `not-found`; a name that cannot be one is
 * `DBR_ERROR_INVALID_ARGUMENT`.
 *
 * What units have written to the journal is not shown.
 *
 * Since: 0.1
 */

enum
{
  PROP_0,
  PROP_SCOPE,
  PROP_VIA,
  PROP_SYSTEM_STATE,
  PROP_N_FAILED_UNITS,
  PROP_N_JOBS,
  PROP_N_UNITS,
  PROP_FAILED_UNITS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (DbrSystemdScope, dbr_systemd_scope,
                    G_DEFINE_ENUM_VALUE (DBR_SYSTEMD_SCOPE_SYSTEM, "system"),
                    G_DEFINE_ENUM_VALUE (DBR_SYSTEMD_SCOPE_USER, "user"))

G_DEFINE_FINAL_TYPE (DbrSystemdMonitor, dbr_systemd_monitor, DBR_TYPE_SERVICE_MONITOR)

gboolean
dbr_systemd_monitor_is_started (DbrSystemdMonitor *self)
{
  return g_atomic_int_get (&self->is_started);
}

DbrSystemdLine *
dbr_systemd_monitor_get_line (DbrSystemdMonitor *self)
{
  return self->line;
}

DbrSystemdBook *
dbr_systemd_monitor_get_book (DbrSystemdMonitor *self)
{
  return self->book;
}

/* What the line tells, in any thread */

static void
heard_cb (gpointer    user_data,
          DbrMessage *signal)
{
  dbr_systemd_book_hear (user_data, signal);
}

static void
renewed_cb (gpointer user_data)
{
  dbr_systemd_book_renew (user_data);
}

static void
lost_cb (gpointer user_data)
{
  dbr_systemd_book_want (user_data, DBR_SYSTEMD_READ_ALL | DBR_SYSTEMD_READ_ANEW);
}

static void
went_cb (gpointer       user_data,
         DbrSystemdRoad road,
         const GError  *error)
{
  if (road == DBR_SYSTEMD_ROAD_BUS)
    dbr_systemd_book_set_via (user_data, "bus");
  else if (road == DBR_SYSTEMD_ROAD_PRIVATE)
    dbr_systemd_book_set_via (user_data, "private-socket");
  else if (dbr_systemd_book_forget (user_data))
    g_message (_("systemd cannot be reached, so that nothing is known of units; all else works: %s"),
               error->message);
}

static const DbrSystemdLineFuncs line_funcs = {
  heard_cb,
  renewed_cb,
  lost_cb,
  went_cb,
};

void
dbr_systemd_monitor_notify (DbrSystemdMonitor *self,
                            DbrSystemdChanges  changes)
{
  static const struct
  {
    DbrSystemdChanges change;
    guint             prop_id;
  } all[] = {
    { DBR_SYSTEMD_CHANGED_VIA, PROP_VIA },
    { DBR_SYSTEMD_CHANGED_STATE, PROP_SYSTEM_STATE },
    { DBR_SYSTEMD_CHANGED_N_FAILED, PROP_N_FAILED_UNITS },
    { DBR_SYSTEMD_CHANGED_N_JOBS, PROP_N_JOBS },
    { DBR_SYSTEMD_CHANGED_N_UNITS, PROP_N_UNITS },
  };

  g_object_freeze_notify (G_OBJECT (self));
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    {
      if (changes & all[i].change)
        g_object_notify_by_pspec (G_OBJECT (self), properties[all[i].prop_id]);
    }
  if (changes & DBR_SYSTEMD_CHANGED_VIA)
    g_object_notify (G_OBJECT (self), "available");
  g_object_thaw_notify (G_OBJECT (self));
}

/* What the parent class asks for */

/* Units tell much, so that they are heard only while someone is told of it. */
static void
dbr_systemd_monitor_hear_units (DbrSystemdMonitor *self)
{
  g_auto(GStrv) names = dbr_systemd_book_dup_asked (self->book);

  dbr_systemd_line_hear_units (self->line,
                               dbr_systemd_monitor_is_started (self) && names[0] != NULL);
}

/* In whatever thread; the book brings it to the context. */
static void
dbr_systemd_monitor_started (DbrServiceMonitor *monitor)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (monitor);

  g_atomic_int_set (&self->is_started, TRUE);
  dbr_systemd_book_set_open (self->book, TRUE);
  dbr_systemd_monitor_hear_units (self);
  dbr_systemd_book_renew (self->book);
}

static void
dbr_systemd_monitor_stopped (DbrServiceMonitor *monitor)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (monitor);

  g_atomic_int_set (&self->is_started, FALSE);
  dbr_systemd_book_set_open (self->book, FALSE);
  dbr_systemd_monitor_hear_units (self);
  dbr_systemd_book_want (self->book, DBR_SYSTEMD_READ_ALL);
}

/* The line hears of both as well, but of nothing before it went over the bus for the first time. */
static void
dbr_systemd_monitor_owner_changed (DbrServiceMonitor *monitor,
                                   const char        *old_owner,
                                   const char        *new_owner)
{
  dbr_systemd_monitor_read (DBR_SYSTEMD_MONITOR (monitor), DBR_SYSTEMD_READ_ALL);
}

static void
dbr_systemd_monitor_connection_changed (DbrServiceMonitor *monitor,
                                        gboolean           is_connected)
{
  dbr_systemd_monitor_read (DBR_SYSTEMD_MONITOR (monitor), DBR_SYSTEMD_READ_ALL);
}

/* What is wrong with the names that were given to watch_units(). */
static GError *
dbr_systemd_monitor_dup_watch_error (DbrSystemdMonitor *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->watch_error != NULL ? g_error_copy (self->watch_error) : NULL;
}

/* Only who asks is told of bad names. What the monitor reads by itself goes on without them. */
static void
dbr_systemd_monitor_refresh_async (DbrServiceMonitor   *monitor,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (monitor);
  GError *error = dbr_systemd_monitor_dup_watch_error (self);

  if (error != NULL)
    g_task_report_error (self, callback, user_data, dbr_systemd_monitor_read_async, error);
  else
    dbr_systemd_monitor_read_async (self, DBR_SYSTEMD_READ_ALL, cancellable, callback, user_data);
}

/* As for every service, it is no error that it is absent. */
static gboolean
dbr_systemd_monitor_refresh_finish (DbrServiceMonitor  *monitor,
                                    GAsyncResult       *result,
                                    GError            **error)
{
  g_autoptr(GError) local_error = NULL;

  if (dbr_systemd_monitor_read_finish (DBR_SYSTEMD_MONITOR (monitor), result, &local_error)
      || g_error_matches (local_error, DBR_ERROR, DBR_ERROR_NO_OWNER))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
dbr_systemd_monitor_is_reached (DbrServiceMonitor *monitor)
{
  return dbr_systemd_book_get (DBR_SYSTEMD_MONITOR (monitor)->book).via != NULL;
}

static void
dbr_systemd_monitor_constructed (GObject *object)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (object);

  G_OBJECT_CLASS (dbr_systemd_monitor_parent_class)->constructed (object);

  self->book = dbr_systemd_book_new (object, dbr_systemd_monitor_tell);
  self->context = g_main_context_ref (dbr_systemd_book_get_context (self->book));
  self->line = dbr_systemd_line_new (dbr_service_monitor_get_client (DBR_SERVICE_MONITOR (self)),
                                     self->scope, &line_funcs, dbr_systemd_book_ref (self->book),
                                     (GDestroyNotify) dbr_systemd_book_unref);
}

static void
dbr_systemd_monitor_dispose (GObject *object)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (object);

  g_atomic_int_set (&self->is_started, FALSE);
  dbr_systemd_monitor_stop_looking (self);

  G_OBJECT_CLASS (dbr_systemd_monitor_parent_class)->dispose (object);
}

static void
dbr_systemd_monitor_finalize (GObject *object)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (object);

  g_queue_clear_full (&self->news, (GDestroyNotify) dbr_systemd_news_free);
  g_clear_pointer (&self->watched, g_hash_table_unref);
  g_clear_pointer (&self->incidents, g_hash_table_unref);
  g_clear_object (&self->failed);
  g_clear_object (&self->read_cancellable);
  g_clear_object (&self->line);
  g_clear_pointer (&self->book, dbr_systemd_book_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->watch_error);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_systemd_monitor_parent_class)->finalize (object);
}

static void
dbr_systemd_monitor_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (object);
  DbrSystemdFigures figures = dbr_systemd_book_get (self->book);

  switch (prop_id)
    {
    case PROP_SCOPE:
      g_value_set_enum (value, self->scope);
      break;

    case PROP_VIA:
      g_value_set_string (value, figures.via);
      break;

    case PROP_SYSTEM_STATE:
      g_value_set_string (value, figures.system_state);
      break;

    case PROP_N_FAILED_UNITS:
      g_value_set_int (value, figures.n_failed_units);
      break;

    case PROP_N_JOBS:
      g_value_set_int (value, figures.n_jobs);
      break;

    case PROP_N_UNITS:
      g_value_set_int (value, figures.n_units);
      break;

    case PROP_FAILED_UNITS:
      g_value_set_object (value, self->failed);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dbr_systemd_monitor_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  DbrSystemdMonitor *self = DBR_SYSTEMD_MONITOR (object);

  switch (prop_id)
    {
    case PROP_SCOPE:
      self->scope = g_value_get_enum (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_number (guint       prop_id,
                const char *name)
{
  properties[prop_id] =
    g_param_spec_int (name, NULL, NULL,
                      -1, G_MAXINT, -1,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_text (guint       prop_id,
              const char *name)
{
  properties[prop_id] =
    g_param_spec_string (name, NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_properties (GObjectClass *object_class)
{
  /**
   * DbrSystemdMonitor:scope: (getter get_scope)
   *
   * Which systemd it watches.
   *
   * Since: 0.1
   */
  properties[PROP_SCOPE] =
    g_param_spec_enum ("scope", NULL, NULL,
                       DBR_TYPE_SYSTEMD_SCOPE,
                       DBR_SYSTEMD_SCOPE_SYSTEM,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DbrSystemdMonitor:via: (getter get_via)
   *
   * How systemd was reached last: `bus`, `private-socket`, or `NULL` if it was not.
   *
   * Since: 0.1
   */
  install_text (PROP_VIA, "via");

  /**
   * DbrSystemdMonitor:system-state: (getter get_system_state)
   *
   * The state of the whole: `running`, `degraded` if units have failed, `starting`, `maintenance`,
   * `stopping` and others; `NULL` if it is not known.
   *
   * Since: 0.1
   */
  install_text (PROP_SYSTEM_STATE, "system-state");

  /**
   * DbrSystemdMonitor:n-failed-units: (getter get_n_failed_units)
   *
   * How many units have failed, -1 if it is not known.
   *
   * Since: 0.1
   */
  install_number (PROP_N_FAILED_UNITS, "n-failed-units");

  /**
   * DbrSystemdMonitor:n-jobs: (getter get_n_jobs)
   *
   * How many jobs wait or are under way, -1 if it is not known.
   *
   * Since: 0.1
   */
  install_number (PROP_N_JOBS, "n-jobs");

  /**
   * DbrSystemdMonitor:n-units: (getter get_n_units)
   *
   * How many units systemd knows, by all their names; -1 if it is not known. It is read by a
   * refresh and when systemd has read its files anew.
   *
   * Since: 0.1
   */
  install_number (PROP_N_UNITS, "n-units");

  /**
   * DbrSystemdMonitor:failed-units: (getter get_failed_units)
   *
   * The units that have failed, as a list of [class@Unit].
   *
   * Since: 0.1
   */
  properties[PROP_FAILED_UNITS] =
    g_param_spec_object ("failed-units", NULL, NULL,
                         G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dbr_systemd_monitor_class_init (DbrSystemdMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  DbrServiceMonitorClass *monitor_class = DBR_SERVICE_MONITOR_CLASS (klass);

  object_class->constructed = dbr_systemd_monitor_constructed;
  object_class->dispose = dbr_systemd_monitor_dispose;
  object_class->finalize = dbr_systemd_monitor_finalize;
  object_class->get_property = dbr_systemd_monitor_get_property;
  object_class->set_property = dbr_systemd_monitor_set_property;

  monitor_class->started = dbr_systemd_monitor_started;
  monitor_class->stopped = dbr_systemd_monitor_stopped;
  monitor_class->owner_changed = dbr_systemd_monitor_owner_changed;
  monitor_class->connection_changed = dbr_systemd_monitor_connection_changed;
  monitor_class->refresh_async = dbr_systemd_monitor_refresh_async;
  monitor_class->refresh_finish = dbr_systemd_monitor_refresh_finish;
  monitor_class->is_reached = dbr_systemd_monitor_is_reached;

  install_properties (object_class);
  dbr_systemd_monitor_install_signals (klass);
}

static void
dbr_systemd_monitor_init (DbrSystemdMonitor *self)
{
  g_mutex_init (&self->mutex);
  g_queue_init (&self->news);
  self->failed = g_list_store_new (DBR_TYPE_UNIT);
  self->incidents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->watched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify) dbr_systemd_watched_free);
}

/**
 * dbr_systemd_monitor_new:
 * @client: (nullable): the client to ask with; `NULL` for one of its own, on the system bus or, for
 *   the systemd of the user, on the session bus
 * @scope: which systemd
 *
 * Creates a monitor of systemd. Nothing is connected yet.
 *
 * Returns: (transfer full): a new monitor
 *
 * Since: 0.1
 */
DbrSystemdMonitor *
dbr_systemd_monitor_new (DbrClient       *client,
                         DbrSystemdScope  scope)
{
  g_autoptr(DbrClient) own = NULL;

  g_return_val_if_fail (client == NULL || DBR_IS_CLIENT (client), NULL);

  if (client == NULL)
    own = dbr_client_new (scope == DBR_SYSTEMD_SCOPE_USER ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM);

  return g_object_new (DBR_TYPE_SYSTEMD_MONITOR,
                       "client", client != NULL ? client : own,
                       "bus-name", DBR_SYSTEMD_NAME,
                       "scope", scope,
                       NULL);
}

/**
 * dbr_systemd_monitor_get_scope: (get-property scope)
 * @self: a monitor
 *
 * Gets which systemd it watches.
 *
 * Returns: the scope
 *
 * Since: 0.1
 */
DbrSystemdScope
dbr_systemd_monitor_get_scope (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), DBR_SYSTEMD_SCOPE_SYSTEM);

  return self->scope;
}

/**
 * dbr_systemd_monitor_get_via: (get-property via)
 * @self: a monitor
 *
 * Gets how systemd was reached last.
 *
 * Returns: (nullable): `bus` or `private-socket`
 *
 * Since: 0.1
 */
const char *
dbr_systemd_monitor_get_via (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);

  return dbr_systemd_book_get (self->book).via;
}

/**
 * dbr_systemd_monitor_get_system_state: (get-property system-state)
 * @self: a monitor
 *
 * Gets the state of the whole.
 *
 * Returns: (nullable): the state
 *
 * Since: 0.1
 */
const char *
dbr_systemd_monitor_get_system_state (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);

  return dbr_systemd_book_get (self->book).system_state;
}

/**
 * dbr_systemd_monitor_get_n_failed_units: (get-property n-failed-units)
 * @self: a monitor
 *
 * Gets how many units have failed.
 *
 * Returns: the number, -1 if it is not known
 *
 * Since: 0.1
 */
int
dbr_systemd_monitor_get_n_failed_units (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), -1);

  return dbr_systemd_book_get (self->book).n_failed_units;
}

/**
 * dbr_systemd_monitor_get_n_jobs: (get-property n-jobs)
 * @self: a monitor
 *
 * Gets how many jobs wait or are under way.
 *
 * Returns: the number, -1 if it is not known
 *
 * Since: 0.1
 */
int
dbr_systemd_monitor_get_n_jobs (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), -1);

  return dbr_systemd_book_get (self->book).n_jobs;
}

/**
 * dbr_systemd_monitor_get_n_units: (get-property n-units)
 * @self: a monitor
 *
 * Gets how many units systemd knows.
 *
 * Returns: the number, -1 if it is not known
 *
 * Since: 0.1
 */
int
dbr_systemd_monitor_get_n_units (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), -1);

  return dbr_systemd_book_get (self->book).n_units;
}

/**
 * dbr_systemd_monitor_get_failed_units: (get-property failed-units)
 * @self: a monitor
 *
 * Gets the units that have failed. The list changes in the context the monitor was made in.
 *
 * Returns: (transfer none): a list of [class@Unit]
 *
 * Since: 0.1
 */
GListModel *
dbr_systemd_monitor_get_failed_units (DbrSystemdMonitor *self)
{
  g_return_val_if_fail (DBR_IS_SYSTEMD_MONITOR (self), NULL);

  return G_LIST_MODEL (self->failed);
}

/**
 * dbr_systemd_monitor_watch_units:
 * @self: a monitor
 * @names: (nullable) (array zero-terminated=1): the names of the units, in place of those that were
 *   watched before
 *
 * Watches units: of each change of their states
 * [signal@SystemdMonitor::unit-changed] tells, once the monitor was started.
 *
 * A name that cannot be one makes the next refresh fail, and then none is watched. For an alias the
 * unit is watched that it stands for. However many are watched, the bus has one rule for them.
 *
 * Since: 0.1
 */
void
dbr_systemd_monitor_watch_units (DbrSystemdMonitor   *self,
                                 const char * const  *names)
{
  g_auto(GStrv) complete = NULL;
  char *none[] = { NULL };
  GError *error = NULL;

  g_return_if_fail (DBR_IS_SYSTEMD_MONITOR (self));

  complete = dbr_systemd_name_complete_all (names, &error);
  g_mutex_lock (&self->mutex);
  g_clear_error (&self->watch_error);
  self->watch_error = error;
  g_mutex_unlock (&self->mutex);

  dbr_systemd_book_watch (self->book, complete != NULL ? complete : none);
  dbr_systemd_monitor_hear_units (self);
  dbr_systemd_book_want (self->book, DBR_SYSTEMD_READ_UNITS);
  dbr_systemd_monitor_settle (self);
}
