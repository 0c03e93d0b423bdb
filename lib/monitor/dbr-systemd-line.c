/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* secure_getenv () */
#define _GNU_SOURCE

#include "config.h"

#include "monitor/dbr-systemd-hearing-private.h"

#include <stdlib.h>

#include "base/dbr-binding-private.h"
#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-client-private.h"
#include "monitor/dbr-systemd-name-private.h"

/* How long the bus may take to say whether systemd is there, where there is another road. */
#define ASK_MS 2000
/* How long the private socket is gone on with before the bus is asked again. */
#define PRIVATE_USEC (5 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (DbrSystemdLine, dbr_systemd_line, G_TYPE_OBJECT)

/* Where there is none, nothing is looked for: not where the client goes to some other bus, whose
 * systemd may be another one, and not round an access policy. */
static char *
find_private_address (DbrClient       *client,
                      DbrSystemdScope  scope)
{
  GBusType bus_type = scope == DBR_SYSTEMD_SCOPE_USER ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM;
  const char *folder = secure_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *path = NULL;
  g_autofree char *escaped = NULL;

  if (dbr_client_get_access_policy (client) != NULL || dbr_client_get_bus_type (client) != bus_type)
    return NULL;
  if (scope == DBR_SYSTEMD_SCOPE_SYSTEM)
    return g_strdup ("unix:path=/run/systemd/private");
  if (folder == NULL || !g_path_is_absolute (folder))
    return NULL;

  path = g_build_filename (folder, "systemd", "private", NULL);
  escaped = g_dbus_address_escape_value (path);

  return g_strconcat ("unix:path=", escaped, NULL);
}

const char *
dbr_systemd_road_get_name (DbrSystemdRoad road)
{
  return road == DBR_SYSTEMD_ROAD_BUS ? DBR_SYSTEMD_NAME : NULL;
}

/* Roads */

void
dbr_systemd_line_leave (DbrSystemdLine *self,
                        DbrSystemdRoad  road)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->road == road)
    self->road = DBR_SYSTEMD_ROAD_NONE;
}

static void
dbr_systemd_line_take (DbrSystemdLine *self,
                       GTask          *task,
                       DbrSystemdRoad  road)
{
  g_mutex_lock (&self->mutex);
  self->road = road;
  self->found_usec = g_get_monotonic_time ();
  g_mutex_unlock (&self->mutex);

  self->core->funcs->went (self->core->user_data, road, NULL);
  g_task_return_int (task, road);
}

/* There is no road; takes @error. */
static void
dbr_systemd_line_give_up (DbrSystemdLine *self,
                          GTask          *task,
                          GError         *error)
{
  self->core->funcs->went (self->core->user_data, DBR_SYSTEMD_ROAD_NONE, error);
  g_task_return_error (task, error);
}

/* Returns the road that it is on, if that is still good. */
static DbrSystemdRoad
dbr_systemd_line_get_road (DbrSystemdLine *self)
{
  g_autoptr(DbrClient) client = NULL;
  gint64 found_usec;
  DbrSystemdRoad road;

  g_mutex_lock (&self->mutex);
  road = self->road;
  found_usec = self->found_usec;
  if (road == DBR_SYSTEMD_ROAD_BUS)
    client = g_object_ref (self->client);
  else if (road == DBR_SYSTEMD_ROAD_PRIVATE)
    client = g_object_ref (self->private_client);
  g_mutex_unlock (&self->mutex);

  if (client == NULL || dbr_client_get_state (client) != DBR_CLIENT_STATE_CONNECTED)
    return DBR_SYSTEMD_ROAD_NONE;
  if (road == DBR_SYSTEMD_ROAD_PRIVATE
      && g_get_monotonic_time () - found_usec > PRIVATE_USEC)
    return DBR_SYSTEMD_ROAD_NONE;

  return road;
}

static DbrClient *
dbr_systemd_line_new_private (DbrSystemdLine *self)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self->client);
  DbrClient *client = dbr_client_new_for_peer (self->private_address);

  dbr_client_set_timeouts (client, timeouts);

  return client;
}

DbrClient *
dbr_systemd_line_ref_client (DbrSystemdLine *self,
                             DbrSystemdRoad  road)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (road == DBR_SYSTEMD_ROAD_BUS)
    return g_object_ref (self->client);
  if (self->private_client == NULL)
    self->private_client = dbr_systemd_line_new_private (self);

  return g_object_ref (self->private_client);
}

/* A connection to the socket that was lost is not waited for: a new one is made or not, at once. */
static DbrClient *
dbr_systemd_line_ref_fresh_private (DbrSystemdLine *self)
{
  g_autoptr(DbrClient) client = dbr_systemd_line_ref_client (self, DBR_SYSTEMD_ROAD_PRIVATE);
  g_autoptr(DbrClient) old = NULL;

  if (dbr_client_get_state (client) != DBR_CLIENT_STATE_RECONNECTING)
    return g_steal_pointer (&client);

  g_mutex_lock (&self->mutex);
  if (self->private_client == client)
    {
      old = self->private_client;
      self->private_client = dbr_systemd_line_new_private (self);
    }
  g_mutex_unlock (&self->mutex);
  if (old != NULL)
    dbr_systemd_line_unhear (self, DBR_SYSTEMD_ROAD_PRIVATE);

  return dbr_systemd_line_ref_client (self, DBR_SYSTEMD_ROAD_PRIVATE);
}

/* What is looked for, and what kept it from the bus. */
typedef struct
{
  gint64  until_usec;
  GError *bus_error;
} Search;

static void
search_free (Search *self)
{
  g_clear_error (&self->bus_error);
  g_free (self);
}

/* What kept it from the bus tells more than what kept it from the socket, which few know of. */
static GError *
new_road_error (DbrSystemdLine *self,
                const GError   *error)
{
  gboolean is_absent = g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
  gboolean is_alone = self->private_address == NULL;

  if (is_absent && is_alone)
    return g_error_new_literal (DBR_ERROR, DBR_ERROR_NO_OWNER, _("systemd is not on the bus"));
  if (is_absent)
    return g_error_new_literal (DBR_ERROR, DBR_ERROR_NO_OWNER,
                                _("systemd is neither on the bus nor at its private socket"));
  if (is_alone || error->domain != DBR_ERROR)
    return g_error_copy (error);

  return g_error_new (DBR_ERROR, error->code,
                      _("%s; and systemd is not at its private socket"), error->message);
}

static void
private_opened_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrSystemdLine *self = g_task_get_source_object (task);
  const Search *search = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;

  if (dbr_client_open_finish (DBR_CLIENT (source), result, &error))
    {
      dbr_systemd_line_take (self, task, DBR_SYSTEMD_ROAD_PRIVATE);
      return;
    }

  dbr_debug (DBR_DEBUG_MONITOR, "The private socket of systemd cannot be used",
             "DBR_ADDRESS", self->private_address,
             "DBR_REASON", error->message);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    dbr_systemd_line_give_up (self, task, new_road_error (self, search->bus_error));
}

/* Takes @bus_error, for which it cannot go over the bus. */
static void
dbr_systemd_line_try_private (DbrSystemdLine *self,
                              GTask          *task,
                              GError         *bus_error)
{
  Search *search = g_task_get_task_data (task);
  g_autoptr(DbrClient) client = NULL;

  dbr_systemd_line_leave (self, DBR_SYSTEMD_ROAD_BUS);
  search->bus_error = bus_error;
  if (self->private_address == NULL)
    {
      dbr_systemd_line_give_up (self, task, new_road_error (self, bus_error));
      return;
    }

  client = dbr_systemd_line_ref_fresh_private (self);
  dbr_binding_enter (search->until_usec, FALSE);
  dbr_client_open_async (client, g_task_get_cancellable (task), private_opened_cb,
                         g_object_ref (task));
  dbr_binding_leave ();
}

static void
asked_bus_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrSystemdLine *self = g_task_get_source_object (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);
  gboolean has_owner = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &has_owner);
  if (reply != NULL && !has_owner)
    error = g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                                 _("systemd is not on the bus"));

  if (has_owner)
    {
      dbr_systemd_line_take (self, task, DBR_SYSTEMD_ROAD_BUS);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
           || g_error_matches (error, DBR_ERROR, DBR_ERROR_CLOSED)
           || g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED)
           || g_error_matches (error, DBR_ERROR, DBR_ERROR_DENIED))
    {
      g_task_return_error (task, g_steal_pointer (&error));
    }
  else
    {
      dbr_systemd_line_try_private (self, task, g_steal_pointer (&error));
    }
}

/* The other road has its share of the time, where there is one; 0: as long as such a call may take. */
static guint
dbr_systemd_line_get_asking_ms (DbrSystemdLine *self,
                                gint64          until_usec)
{
  gint64 share_ms = (until_usec - g_get_monotonic_time ()) / 2000;

  if (self->private_address == NULL)
    return 0;

  return until_usec != 0 ? (guint) CLAMP (share_ms, 1, ASK_MS) : ASK_MS;
}

/* A connection that was lost is not waited for: that its calls would do. Whether there is an owner
 * is asked rather than which, as a no is then no failure in anybody's figures. */
void
dbr_systemd_line_find_async (DbrSystemdLine      *self,
                             gint64               until_usec,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  DbrSystemdRoad road = dbr_systemd_line_get_road (self);
  Search *search = g_new0 (Search, 1);

  g_task_set_source_tag (task, dbr_systemd_line_find_async);
  search->until_usec = until_usec;
  g_task_set_task_data (task, search, (GDestroyNotify) search_free);
  dbr_binding_enter (until_usec, FALSE);
  if (road != DBR_SYSTEMD_ROAD_NONE)
    g_task_return_int (task, road);
  else if (dbr_client_get_state (self->client) == DBR_CLIENT_STATE_RECONNECTING)
    dbr_systemd_line_try_private (self, task,
                                  g_error_new_literal (DBR_ERROR, DBR_ERROR_NO_BUS,
                                                       _("The connection to the bus is lost")));
  else
    dbr_client_call_async (self->client, DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE,
                           "NameHasOwner", g_variant_new ("(s)", DBR_SYSTEMD_NAME),
                           G_VARIANT_TYPE ("(b)"),
                           dbr_systemd_line_get_asking_ms (self, until_usec), cancellable,
                           asked_bus_cb, g_object_ref (task));
  dbr_binding_leave ();
}

DbrSystemdRoad
dbr_systemd_line_find_finish (DbrSystemdLine  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  gssize road = g_task_propagate_int (G_TASK (result), error);

  return road > 0 ? (DbrSystemdRoad) road : DBR_SYSTEMD_ROAD_NONE;
}

/* Calls */

typedef struct
{
  char          *object_path;
  char          *interface_name;
  char          *method_name;
  GVariant      *parameters;
  GVariantType  *reply_type;
  gboolean       is_interactive;
  guint          timeout_ms;
  gint64         until_usec;
  gboolean       is_single_attempt;
  gboolean       is_second;
  DbrSystemdRoad road;
  DbrCall       *call;
} Question;

static void
question_free (Question *self)
{
  g_free (self->object_path);
  g_free (self->interface_name);
  g_free (self->method_name);
  g_clear_pointer (&self->parameters, g_variant_unref);
  g_clear_pointer (&self->reply_type, g_variant_type_free);
  g_clear_object (&self->call);
  g_free (self);
}

/* Whether the road that it went was none, so that it may be worth to look for another one. */
static gboolean
question_went_nowhere (const Question *self,
                       const GError   *error)
{
  if (self->is_second || dbr_call_get_execution (self->call) != DBR_EXECUTION_NEVER)
    return FALSE;

  return g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_BUS)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_OWNER)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

static void found_cb (GObject      *source,
                      GAsyncResult *result,
                      gpointer      user_data);

static void
called_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrSystemdLine *self = g_task_get_source_object (task);
  Question *question = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_run_finish (DBR_CLIENT (source), result, &error);

  if (reply != NULL)
    {
      g_task_return_pointer (task, g_steal_pointer (&reply), (GDestroyNotify) g_variant_unref);
      return;
    }
  if (!question_went_nowhere (question, error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  dbr_systemd_line_leave (self, question->road);
  question->is_second = TRUE;
  dbr_systemd_line_find_async (self, question->until_usec, g_task_get_cancellable (task), found_cb,
                               g_object_ref (task));
}

/* What was used up by looking for the road is not there for the call. */
static void
found_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  DbrSystemdLine *self = DBR_SYSTEMD_LINE (source);
  Question *question = g_task_get_task_data (task);
  g_autoptr(DbrClient) client = NULL;
  GError *error = NULL;

  question->road = dbr_systemd_line_find_finish (self, result, &error);
  if (question->road == DBR_SYSTEMD_ROAD_NONE)
    {
      g_task_return_error (task, error);
      return;
    }

  client = dbr_systemd_line_ref_client (self, question->road);
  g_clear_object (&question->call);
  question->call = dbr_call_new (dbr_systemd_road_get_name (question->road), question->object_path,
                                 question->interface_name, question->method_name,
                                 question->parameters);
  dbr_call_set_reply_type (question->call, question->reply_type);
  dbr_call_set_interactive (question->call, question->is_interactive);
  dbr_call_set_auto_start (question->call, FALSE);
  dbr_call_set_timeout_ms (question->call, question->timeout_ms);
  dbr_binding_enter (question->until_usec, question->is_single_attempt);
  dbr_client_run_async (client, question->call, g_task_get_cancellable (task), called_cb,
                        g_object_ref (task));
  dbr_binding_leave ();
}

/* How long such a call takes at most, all in all. */
static guint
question_get_limit_ms (const Question *self,
                       DbrSystemdLine *line)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (line->client);
  g_autofree char *operation = NULL;
  guint limit_ms = self->timeout_ms;

  if (limit_ms == 0 && self->is_interactive)
    limit_ms = dbr_timeouts_get (timeouts, "interactive");
  else if (limit_ms == 0)
    operation = dbr_timeouts_lookup (timeouts, self->interface_name, self->method_name, &limit_ms);

  return dbr_binding_limit (limit_ms);
}

void
dbr_systemd_line_call_async (DbrSystemdLine      *self,
                             const char          *object_path,
                             const char          *interface_name,
                             const char          *method_name,
                             GVariant            *parameters,
                             const GVariantType  *reply_type,
                             gboolean             is_interactive,
                             guint                timeout_ms,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);

  g_task_set_source_tag (task, dbr_systemd_line_call_async);
  question->object_path = g_strdup (object_path);
  question->interface_name = g_strdup (interface_name);
  question->method_name = g_strdup (method_name);
  question->parameters = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  question->reply_type = reply_type != NULL ? g_variant_type_copy (reply_type) : NULL;
  question->is_interactive = is_interactive;
  question->timeout_ms = timeout_ms;
  question->until_usec = g_get_monotonic_time ()
                         + (gint64) question_get_limit_ms (question, self) * 1000;
  question->is_single_attempt = dbr_binding_is_single_attempt ();
  g_task_set_task_data (task, question, (GDestroyNotify) question_free);
  dbr_systemd_line_find_async (self, question->until_usec, cancellable, found_cb,
                               g_steal_pointer (&task));
}

GVariant *
dbr_systemd_line_call_finish (DbrSystemdLine  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* A person who is asked takes his time, and systemd needs its own besides. */
void
dbr_systemd_line_reload_async (DbrSystemdLine      *self,
                               gboolean             is_interactive,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  guint limit_ms = 0;

  if (is_interactive)
    limit_ms = dbr_systemd_line_get_limit (self, "interactive")
               + dbr_systemd_line_get_limit (self, "daemon_reload");
  dbr_systemd_line_call_async (self, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE, "Reload",
                               NULL, NULL, is_interactive, limit_ms, cancellable, callback,
                               user_data);
}

/* With an empty name it gives those of all interfaces at once. */
void
dbr_systemd_line_read_unit_async (DbrSystemdLine      *self,
                                  const char          *name,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_autofree char *path = dbr_systemd_name_to_path (name);

  dbr_systemd_line_call_async (self, path, DBR_PROPERTIES_INTERFACE, "GetAll",
                               g_variant_new ("(s)", ""), G_VARIANT_TYPE ("(a{sv})"), FALSE, 0,
                               cancellable, callback, user_data);
}

GVariant *
dbr_systemd_line_read_unit_finish (DbrSystemdLine  *self,
                                   GAsyncResult    *result,
                                   GError         **error)
{
  g_autoptr(GVariant) reply = dbr_systemd_line_call_finish (self, result, error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

/* The object */

static void
dbr_systemd_line_dispose (GObject *object)
{
  DbrSystemdLine *self = DBR_SYSTEMD_LINE (object);

  for (DbrSystemdRoad road = DBR_SYSTEMD_ROAD_BUS; road < DBR_SYSTEMD_N_ROADS; road++)
    dbr_systemd_line_unhear (self, road);

  G_OBJECT_CLASS (dbr_systemd_line_parent_class)->dispose (object);
}

static void
dbr_systemd_line_finalize (GObject *object)
{
  DbrSystemdLine *self = DBR_SYSTEMD_LINE (object);

  g_clear_pointer (&self->waiters, g_ptr_array_unref);
  g_clear_object (&self->private_client);
  g_clear_object (&self->client);
  g_clear_pointer (&self->private_address, g_free);
  g_clear_pointer (&self->core, dbr_systemd_core_unref);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_systemd_line_parent_class)->finalize (object);
}

static void
dbr_systemd_line_class_init (DbrSystemdLineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dbr_systemd_line_dispose;
  object_class->finalize = dbr_systemd_line_finalize;
}

static void
dbr_systemd_line_init (DbrSystemdLine *self)
{
  g_mutex_init (&self->mutex);
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);
}

DbrSystemdLine *
dbr_systemd_line_new (DbrClient                 *client,
                      DbrSystemdScope            scope,
                      const DbrSystemdLineFuncs *funcs,
                      gpointer                   user_data,
                      GDestroyNotify             destroy)
{
  DbrSystemdLine *self = g_object_new (DBR_TYPE_SYSTEMD_LINE, NULL);

  self->client = g_object_ref (client);
  self->private_address = find_private_address (client, scope);
  self->core = dbr_systemd_core_new (funcs, user_data, destroy);

  return self;
}

DbrSystemdJobs *
dbr_systemd_line_get_jobs (DbrSystemdLine *self)
{
  return self->core->jobs;
}

guint
dbr_systemd_line_get_limit (DbrSystemdLine *self,
                            const char     *operation)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self->client);

  return dbr_timeouts_get (timeouts, operation);
}
