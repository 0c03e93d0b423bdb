/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-service-private.h"

#include <string.h>
#include <unistd.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-systemd-monitor-private.h"
#include "monitor/dbr-systemd-name-private.h"
#include "monitor/dbr-unit-private.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
/* A bus says after 25 seconds that it could not start a service. */
#define BUS_MS 30000

/* One act, from its beginning to its end; the data of its task. */
typedef struct
{
  DbrServiceAct    act;
  char            *known_unit;

  DbrSystemdLine  *line;
  DbrUnit         *unit;
  DbrServiceDeed  *deed;
  /* why the bus could not start it */
  GError          *start_error;
} Act;

void
dbr_service_deed_free (DbrServiceDeed *self)
{
  g_free (self->unit_name);
  g_free (self);
}

static void
act_free (Act *self)
{
  g_free (self->known_unit);
  g_clear_object (&self->unit);
  g_clear_object (&self->line);
  g_clear_pointer (&self->deed, dbr_service_deed_free);
  g_clear_error (&self->start_error);
  g_free (self);
}

static DbrServiceMonitor *
get_monitor (GTask *task)
{
  return g_task_get_source_object (task);
}

static const char *
get_bus_name (GTask *task)
{
  return dbr_service_monitor_get_bus_name (get_monitor (task));
}

static void
call_bus (GTask               *task,
          const char          *method_name,
          GVariant            *parameters,
          const GVariantType  *reply_type,
          GAsyncReadyCallback  callback)
{
  dbr_client_call_async (dbr_service_monitor_get_client (get_monitor (task)), BUS_NAME, BUS_PATH,
                         BUS_NAME, method_name, parameters, reply_type, BUS_MS,
                         g_task_get_cancellable (task), callback, g_object_ref (task));
}

static gboolean
is_remote_error (const GError *error,
                 const char   *name)
{
  g_autofree char *remote_name = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (remote_name, name) == 0;
}

/* The process */

static void
pid_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) reply = NULL;
  GError *error = NULL;
  guint32 pid;

  reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);
  if (reply != NULL)
    {
      g_variant_get (reply, "(u)", &pid);
      g_task_return_int (task, (gssize) pid);
    }
  else if (is_remote_error (error, "org.freedesktop.DBus.Error.NameHasNoOwner"))
    {
      g_error_free (error);
      g_task_return_int (task, 0);
    }
  else
    {
      g_task_return_error (task, error);
    }
}

void
dbr_recovery_service_read_pid_async (DbrServiceMonitor   *monitor,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (monitor, cancellable, callback, user_data);

  g_task_set_source_tag (task, dbr_recovery_service_read_pid_async);
  call_bus (task, "GetConnectionUnixProcessID",
            g_variant_new ("(s)", dbr_service_monitor_get_bus_name (monitor)),
            G_VARIANT_TYPE ("(u)"), pid_cb);
}

gssize
dbr_recovery_service_read_pid_finish (DbrServiceMonitor  *monitor,
                                      GAsyncResult       *result,
                                      GError            **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

/* The job */

static void
return_deed (GTask *task)
{
  Act *act = g_task_get_task_data (task);

  g_task_return_pointer (task, g_steal_pointer (&act->deed), (GDestroyNotify) dbr_service_deed_free);
}

static void
job_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  const Act *act = g_task_get_task_data (task);
  DbrUnit *unit = DBR_UNIT (source);
  GError *error = NULL;
  gboolean is_done = act->act == DBR_SERVICE_ACT_START
                     ? dbr_unit_start_finish (unit, result, &error)
                     : dbr_unit_restart_finish (unit, result, &error);

  if (is_done)
    return_deed (task);
  else
    g_task_return_error (task, error);
}

static void
begin_job (GTask      *task,
           const char *unit_name)
{
  Act *act = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  act->deed->unit_name = g_strdup (unit_name);
  act->unit = dbr_unit_new (act->line, unit_name);
  if (act->act == DBR_SERVICE_ACT_START)
    dbr_unit_start_async (act->unit, DBR_UNIT_FLAGS_NONE, cancellable, job_cb, g_object_ref (task));
  else
    dbr_unit_restart_async (act->unit, DBR_UNIT_FLAGS_NONE, cancellable, job_cb,
                            g_object_ref (task));
}

/* The unit of a service that does not run: what ran it before, or what the bus would start it by. */

static gboolean
is_installed (GVariant *values)
{
  const char *load_state = "";

  g_variant_lookup (values, "LoadState", "&s", &load_state);

  return strcmp (load_state, "loaded") == 0;
}

static void find_by_name (GTask *task);

static void
named_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);
  g_autoptr(GVariant) values = NULL;
  const char *id = NULL;
  GError *error = NULL;

  values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source), result, &error);
  if (values != NULL && is_installed (values) && g_variant_lookup (values, "Id", "&s", &id))
    {
      begin_job (task, id);
    }
  else if (values != NULL && act->known_unit != NULL)
    {
      g_clear_pointer (&act->known_unit, g_free);
      find_by_name (task);
    }
  else if (act->start_error != NULL)
    {
      g_clear_error (&error);
      g_task_return_error (task, g_steal_pointer (&act->start_error));
    }
  else if (values != NULL)
    {
      g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                               _("systemd knows no unit that %s could be started by"),
                               get_bus_name (task));
    }
  else
    {
      g_task_return_error (task, error);
    }
}

static void
find_by_name (GTask *task)
{
  const Act *act = g_task_get_task_data (task);
  g_autofree char *alias = g_strdup_printf ("dbus-%s.service", get_bus_name (task));

  dbr_systemd_line_read_unit_async (act->line, act->known_unit != NULL ? act->known_unit : alias,
                                    g_task_get_cancellable (task), named_cb, g_object_ref (task));
}

/* The unit of a service that runs. */

static gboolean
is_the_service (GTask    *task,
                GVariant *values)
{
  const Act *act = g_task_get_task_data (task);
  const char *unit_bus_name = "";
  guint32 main_pid = 0;

  g_variant_lookup (values, "MainPID", "u", &main_pid);
  g_variant_lookup (values, "BusName", "&s", &unit_bus_name);

  return main_pid == act->deed->pid || strcmp (unit_bus_name, get_bus_name (task)) == 0;
}

static void
refuse_process (GTask *task)
{
  const Act *act = g_task_get_task_data (task);

  g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                           _("%s is process %u, which no unit of systemd was made for: it can be "
                             "ended and started again only by who started it"),
                           get_bus_name (task), act->deed->pid);
}

static void
unit_read_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) values = NULL;
  const char *id = NULL;
  GError *error = NULL;

  values = dbr_systemd_line_read_unit_finish (DBR_SYSTEMD_LINE (source), result, &error);
  if (values == NULL)
    g_task_return_error (task, error);
  else if (is_the_service (task, values) && g_variant_lookup (values, "Id", "&s", &id))
    begin_job (task, id);
  else
    refuse_process (task);
}

static void
id_cb (GObject      *source,
       GAsyncResult *result,
       gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;
  GError *error = NULL;

  reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result, &error);
  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  g_variant_get (reply, "(v)", &value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    dbr_systemd_line_read_unit_async (DBR_SYSTEMD_LINE (source), g_variant_get_string (value, NULL),
                                      g_task_get_cancellable (task), unit_read_cb,
                                      g_object_ref (task));
  else
    refuse_process (task);
}

static void
path_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) reply = NULL;
  const char *path;
  GError *error = NULL;

  reply = dbr_systemd_line_call_finish (DBR_SYSTEMD_LINE (source), result, &error);
  if (reply != NULL)
    {
      g_variant_get (reply, "(&o)", &path);
      dbr_systemd_line_call_async (DBR_SYSTEMD_LINE (source), path, DBR_PROPERTIES_INTERFACE, "Get",
                                   g_variant_new ("(ss)", DBR_SYSTEMD_UNIT_INTERFACE, "Id"),
                                   G_VARIANT_TYPE ("(v)"), FALSE, 0, g_task_get_cancellable (task),
                                   id_cb, g_object_ref (task));
    }
  else if (is_remote_error (error, "org.freedesktop.systemd1.NoUnitForPID"))
    {
      g_error_free (error);
      refuse_process (task);
    }
  else
    {
      g_task_return_error (task, error);
    }
}

static void
find_by_pid (GTask *task)
{
  const Act *act = g_task_get_task_data (task);

  if (act->deed->pid == (guint) getpid ())
    g_task_return_new_error (task, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                             _("%s is this program itself, which cannot restart itself"),
                             get_bus_name (task));
  else
    dbr_systemd_line_call_async (act->line, DBR_SYSTEMD_PATH, DBR_SYSTEMD_MANAGER_INTERFACE,
                                 "GetUnitByPID", g_variant_new ("(u)", act->deed->pid),
                                 G_VARIANT_TYPE ("(o)"), FALSE, 0, g_task_get_cancellable (task),
                                 path_cb, g_object_ref (task));
}

static void
found_pid_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);
  GError *error = NULL;
  gssize pid = dbr_recovery_service_read_pid_finish (DBR_SERVICE_MONITOR (source), result, &error);

  if (pid < 0)
    {
      g_task_return_error (task, error);
      return;
    }

  act->deed->pid = (guint) pid;
  if (pid == 0)
    find_by_name (task);
  else
    find_by_pid (task);
}

/* By the bus, which needs no permission. */
static void
bus_started_cb (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Act *act = g_task_get_task_data (task);
  g_autoptr(GVariant) reply = NULL;
  GError *error = NULL;

  reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);
  if (reply != NULL)
    {
      return_deed (task);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
    }
  else
    {
      act->start_error = error;
      find_by_name (task);
    }
}

/* What the line tells of does not matter here: a job's end is heard by the unit. */
static void
heard_cb (gpointer    user_data,
          DbrMessage *signal)
{
}

static void
renewed_cb (gpointer user_data)
{
}

static void
went_cb (gpointer        user_data,
         DbrSystemdRoad  road,
         const GError   *error)
{
}

static void
lost_cb (gpointer user_data)
{
}

static const DbrSystemdLineFuncs line_funcs = {
  heard_cb,
  renewed_cb,
  lost_cb,
  went_cb,
};

void
dbr_recovery_service_act_async (DbrServiceMonitor   *monitor,
                                DbrServiceAct        act,
                                const char          *known_unit,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (monitor, cancellable, callback, user_data);
  DbrClient *client = dbr_service_monitor_get_client (monitor);
  gboolean is_system = dbr_client_get_bus_type (client) == G_BUS_TYPE_SYSTEM;
  Act *data = g_new0 (Act, 1);

  g_task_set_source_tag (task, dbr_recovery_service_act_async);
  g_task_set_task_data (task, data, (GDestroyNotify) act_free);
  data->act = act;
  data->known_unit = g_strdup (known_unit);
  data->deed = g_new0 (DbrServiceDeed, 1);
  if (act == DBR_SERVICE_ACT_RESTART_UNIT)
    data->line = g_object_ref (dbr_systemd_monitor_get_line (DBR_SYSTEMD_MONITOR (monitor)));
  else
    data->line = dbr_systemd_line_new (client,
                                       is_system ? DBR_SYSTEMD_SCOPE_SYSTEM
                                                 : DBR_SYSTEMD_SCOPE_USER,
                                       &line_funcs, NULL, NULL);

  if (act == DBR_SERVICE_ACT_RESTART_UNIT)
    begin_job (task, known_unit);
  else if (act == DBR_SERVICE_ACT_START)
    call_bus (task, "StartServiceByName",
              g_variant_new ("(su)", dbr_service_monitor_get_bus_name (monitor), 0),
              G_VARIANT_TYPE ("(u)"), bus_started_cb);
  else
    dbr_recovery_service_read_pid_async (monitor, cancellable, found_pid_cb, g_object_ref (task));
}

DbrServiceDeed *
dbr_recovery_service_act_finish (DbrServiceMonitor  *monitor,
                                 GAsyncResult       *result,
                                 GError            **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
