/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-systemd.h"

#include "dbr-test-cgroup.h"
#include "dbr-test-process.h"
#include "dbr-test-reaper.h"
#include "dbr-test-util.h"

#include <string.h>

#define SYSTEMD_NAME "org.freedesktop.systemd1"

struct _DbrTestSystemd
{
  /* configuration */
  gboolean has_own_bus;
  char    *folder;
  char    *config_folder;
  char    *units_folder;
  char    *address;
  char    *private_address;

  /* state */
  char           *cgroup;
  DbrTestProcess *process;
};

/* systemd shows itself on the bus once these two run as it sees it, and looks for the bus in its
 * runtime directory, where a DbrTestBus is; so where the bus is not its own, they do nothing. */
static const char idle_socket[] = "[Socket]\nListenStream=%t/no-bus\n";
static const char idle_service[] =
  "[Unit]\n"
  "DefaultDependencies=no\n"
  "Requires=dbus.socket\n"
  "After=dbus.socket\n"
  "[Service]\n"
  "ExecStart=/bin/sleep infinity\n";
static const char real_socket[] = "[Socket]\nListenStream=%t/bus\n";
static const char real_service[] =
  "[Unit]\n"
  "DefaultDependencies=no\n"
  "Requires=dbus.socket\n"
  "After=dbus.socket\n"
  "[Service]\n"
  "Type=notify\n"
  "NotifyAccess=main\n"
  "ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile"
  " --systemd-activation --syslog-only\n";
static const char target[] = "[Unit]\nDefaultDependencies=no\nWants=dbus.service\n";

static const char *
get_program (void)
{
  const char *program = g_getenv ("DBR_TEST_SYSTEMD_USER");

  return program != NULL ? program : DBR_TEST_SYSTEMD_USER_PROGRAM;
}

static char *
find_obstacle (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *cgroup = dbr_test_cgroup_make (&error);
  const char *arguments[] = { get_program (), "--check", cgroup, NULL };
  g_autoptr(DbrTestProcess) process = NULL;
  g_autofree char *line = NULL;
  const char *reason = NULL;

  if (cgroup == NULL)
    return g_strdup (error->message);
  process = dbr_test_process_new (arguments, FALSE, -1);
  line = dbr_test_process_read_line (process, DBR_TEST_PATIENCE_MS, &reason);
  dbr_test_process_wait (process, DBR_TEST_PATIENCE_MS);
  dbr_test_cgroup_remove (cgroup);
  return g_steal_pointer (&line);
}

const char *
dbr_test_systemd_get_obstacle (void)
{
  static gsize once;
  static char *obstacle;

  if (g_once_init_enter (&once))
    {
      obstacle = find_obstacle ();
      g_once_init_leave (&once, 1);
    }
  return obstacle;
}

/* Where the bus is its own there may be none yet. */
static gboolean
is_on_bus (DbrTestSystemd *self)
{
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GVariant) reply = NULL;

  connection = g_dbus_connection_new_for_address_sync (self->address, flags, NULL, NULL, NULL);
  if (connection == NULL)
    return FALSE;
  reply = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetNameOwner",
                                       g_variant_new ("(s)", SYSTEMD_NAME), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, DBR_TEST_PATIENCE_MS, NULL, NULL);
  g_dbus_connection_close_sync (connection, NULL, NULL);
  return reply != NULL;
}

static void
start (DbrTestSystemd *self)
{
  const char *arguments[] = { get_program (), self->folder, self->cgroup, NULL };

  self->process = dbr_test_process_new (arguments, FALSE, -1);
  dbr_test_wait_until (NULL, is_on_bus (self) || !dbr_test_process_is_alive (self->process),
                       DBR_TEST_PATIENCE_MS);
  if (!dbr_test_process_is_alive (self->process))
    dbr_test_fail ("systemd --user ended before it was on its bus");
}

static DbrTestProcess *
get_process (DbrTestSystemd *self)
{
  if (self->process == NULL)
    dbr_test_fail ("systemd was killed");
  return self->process;
}

static void
write_file (const char *folder,
            const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GError) error = NULL;

  if (!g_file_set_contents (path, text, -1, &error))
    dbr_test_fail ("%s: %s", path, error->message);
}

/* What is its own goes before what is installed on the machine; units of a test come after what
 * systemd itself writes when one is masked. */
DbrTestSystemd *
dbr_test_systemd_new (DbrTestBus *bus)
{
  DbrTestSystemd *self = g_new0 (DbrTestSystemd, 1);
  g_autoptr(GError) error = NULL;

  self->has_own_bus = bus == NULL;
  self->folder = bus != NULL ? g_strdup (dbr_test_bus_get_folder (bus))
                             : dbr_test_reaper_make_folder ();
  self->config_folder = g_build_filename (self->folder, "config", "systemd", "user", NULL);
  self->units_folder = g_build_filename (self->folder, "data", "systemd", "user", NULL);
  self->address = bus != NULL ? g_strdup (dbr_test_bus_get_address (bus))
                              : g_strconcat ("unix:path=", self->folder, "/bus", NULL);
  self->private_address = g_strconcat ("unix:path=", self->folder, "/systemd/private", NULL);
  g_assert_cmpint (g_mkdir_with_parents (self->config_folder, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (self->units_folder, 0700), ==, 0);
  write_file (self->config_folder, "dbus.socket", bus != NULL ? idle_socket : real_socket);
  write_file (self->config_folder, "dbus.service", bus != NULL ? idle_service : real_service);
  write_file (self->config_folder, "dbr-test.target", target);
  self->cgroup = dbr_test_cgroup_make (&error);
  if (self->cgroup == NULL)
    dbr_test_fail ("%s", error->message);
  start (self);
  return self;
}

void
dbr_test_systemd_free (DbrTestSystemd *self)
{
  dbr_test_systemd_kill (self);
  dbr_test_cgroup_remove (self->cgroup);
  if (self->has_own_bus)
    dbr_test_reaper_remove_folder (self->folder);
  g_free (self->cgroup);
  g_free (self->folder);
  g_free (self->config_folder);
  g_free (self->units_folder);
  g_free (self->address);
  g_free (self->private_address);
  g_free (self);
}

const char *
dbr_test_systemd_get_address (DbrTestSystemd *self)
{
  return self->address;
}

const char *
dbr_test_systemd_get_private_address (DbrTestSystemd *self)
{
  return self->private_address;
}

const char *
dbr_test_systemd_get_folder (DbrTestSystemd *self)
{
  return self->folder;
}

GPid
dbr_test_systemd_get_pid (DbrTestSystemd *self)
{
  return dbr_test_process_get_pid (get_process (self));
}

void
dbr_test_systemd_write_unit (DbrTestSystemd *self,
                             const char     *name,
                             const char     *text)
{
  write_file (self->units_folder, name, text);
}

char *
dbr_test_systemd_run (DbrTestSystemd *self,
                      const char     *command)
{
  const char *arguments[] = { "/bin/sh", "-c", command, NULL };
  g_auto(GStrv) environment = g_get_environ ();
  g_autofree char *complaint = NULL;
  g_autoptr(GError) error = NULL;
  char *output = NULL;
  int status;

  environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR", self->folder, TRUE);
  environment = g_environ_setenv (environment, "DBUS_SESSION_BUS_ADDRESS", self->address, TRUE);
  environment = g_environ_setenv (environment, "SYSTEMD_PAGER", "cat", TRUE);
  if (!g_spawn_sync (NULL, (char **) arguments, environment, G_SPAWN_DEFAULT, NULL, NULL, &output,
                     &complaint, &status, &error)
      || !g_spawn_check_wait_status (status, &error))
    dbr_test_fail ("%s: %s: %s", command, error->message, complaint);
  return output;
}

void
dbr_test_systemd_stop (DbrTestSystemd *self)
{
  dbr_test_process_stop (get_process (self));
}

void
dbr_test_systemd_cont (DbrTestSystemd *self)
{
  dbr_test_process_cont (get_process (self));
}

void
dbr_test_systemd_kill (DbrTestSystemd *self)
{
  if (self->process != NULL)
    dbr_test_process_kill (self->process);
  g_clear_pointer (&self->process, dbr_test_process_free);
  dbr_test_cgroup_kill (self->cgroup);
}

void
dbr_test_systemd_restart (DbrTestSystemd *self)
{
  dbr_test_systemd_kill (self);
  start (self);
}
