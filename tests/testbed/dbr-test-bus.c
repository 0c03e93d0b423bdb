/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-bus.h"

#include "dbr-test-broker.h"
#include "dbr-test-process.h"
#include "dbr-test-reaper.h"
#include "dbr-test-util.h"

#include <signal.h>
#include <string.h>

/* A bus of our own, ready in milliseconds, that can be stopped, killed and started again on the
 * same address. */
struct _DbrTestBus
{
  /* configuration */
  DbrTestBusKind  kind;
  DbrTestBusFlags flags;
  char           *folder;
  char           *services_folder;

  /* state */
  char           *address;
  DbrTestProcess *process;
  DbrTestBroker  *broker;
  /* what we ask the bus with, made when first needed */
  GDBusConnection *connection;
  GPtrArray       *services;
};

typedef struct
{
  char *name;
  char *exec;
} Service;

/* Debian's defaults, as far as clients feel them. They are written out, so that the bus is as
 * narrow as a real one whatever the dbus-daemon at hand was built with. */
static const struct
{
  const char *name;
  guint       system;
  guint       session;
} limits[] = {
  { "max_incoming_bytes", 133169152, 1000000000 },
  { "max_incoming_unix_fds", 64, 250000000 },
  { "max_outgoing_bytes", 133169152, 1000000000 },
  { "max_outgoing_unix_fds", 64, 250000000 },
  { "max_message_size", 33554432, 1000000000 },
  { "max_message_unix_fds", 16, 0 },
  { "service_start_timeout", 25000, 120000 },
  { "auth_timeout", 5000, 240000 },
  { "pending_fd_timeout", 150000, 150000 },
  { "max_completed_connections", 2048, 100000 },
  { "max_incomplete_connections", 64, 10000 },
  { "max_connections_per_user", 256, 100000 },
  { "max_pending_service_starts", 512, 10000 },
  { "max_names_per_connection", 512, 50000 },
  { "max_match_rules_per_connection", 512, 50000 },
  { "max_replies_per_connection", 128, 50000 },
};

static void
service_free (Service *service)
{
  g_free (service->name);
  g_free (service->exec);
  g_free (service);
}

static DbrTestBusKind
choose_kind (DbrTestBusFlags flags)
{
  const char *wanted = g_getenv ("DBR_TEST_BUS");

  if (flags & (DBR_TEST_BUS_DBUS_DAEMON | DBR_TEST_BUS_TCP | DBR_TEST_BUS_NO_CREDENTIALS)
      || wanted == NULL || strcmp (wanted, "dbus-daemon") == 0)
    return DBR_TEST_BUS_KIND_DBUS_DAEMON;
  if (strcmp (wanted, "dbus-broker") == 0)
    return DBR_TEST_BUS_KIND_DBUS_BROKER;
  dbr_test_fail ("DBR_TEST_BUS=%s is neither dbus-daemon nor dbus-broker", wanted);
}

static char *
choose_address (DbrTestBus *self)
{
  g_autofree char *name = NULL;

  if (self->flags & DBR_TEST_BUS_TCP)
    return g_strdup ("tcp:host=127.0.0.1,port=0,family=ipv4");
  name = g_build_filename (self->folder, "bus", NULL);
  if (self->flags & DBR_TEST_BUS_ABSTRACT)
    return g_strconcat ("unix:abstract=", name, NULL);
  return g_strconcat ("unix:path=", name, NULL);
}

static void
append_limits (DbrTestBus *self,
               GString    *config)
{
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      gboolean is_session = (self->flags & DBR_TEST_BUS_SESSION_LIMITS) != 0;
      guint value = is_session ? limits[i].session : limits[i].system;

      if (value > 0)
        g_string_append_printf (config, "  <limit name=\"%s\">%u</limit>\n", limits[i].name, value);
    }
}

static void
append_policy (DbrTestBus *self,
               GString    *config)
{
  static const char *const credentials[] = {
    "GetConnectionUnixProcessID", "GetConnectionUnixUser", "GetConnectionCredentials",
  };

  g_string_append (config,
                   "  <policy context=\"default\">\n"
                   "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
                   "    <allow eavesdrop=\"true\"/>\n"
                   "    <allow own=\"*\"/>\n"
                   "    <allow user=\"*\"/>\n");
  for (gsize i = 0; self->flags & DBR_TEST_BUS_NO_CREDENTIALS && i < G_N_ELEMENTS (credentials); i++)
    g_string_append_printf (config,
                            "    <deny send_destination=\"org.freedesktop.DBus\""
                            " send_interface=\"org.freedesktop.DBus\" send_member=\"%s\"/>\n",
                            credentials[i]);
  g_string_append (config, "  </policy>\n");
}

/* Over tcp nobody's user id is known, so only there a stranger may come in. */
static char *
write_config (DbrTestBus *self)
{
  g_autoptr(GString) config = g_string_new ("<busconfig>\n  <type>session</type>\n");
  g_autoptr(GError) error = NULL;
  char *path = g_build_filename (self->folder, "bus.conf", NULL);

  g_string_append_printf (config, "  <listen>%s</listen>\n", self->address);
  g_string_append (config, self->flags & DBR_TEST_BUS_TCP
                   ? "  <auth>ANONYMOUS</auth>\n  <allow_anonymous/>\n"
                                                          : "  <auth>EXTERNAL</auth>\n");
  if (self->services_folder != NULL)
    g_string_append_printf (config, "  <servicedir>%s</servicedir>\n", self->services_folder);
  append_policy (self, config);
  append_limits (self, config);
  g_string_append (config, "</busconfig>\n");
  if (!g_file_set_contents (path, config->str, -1, &error))
    dbr_test_fail ("%s: %s", path, error->message);
  return path;
}

/* The daemon prints its address when it listens; that of tcp has the port, which stays ours for a
 * restart. */
static void
start_daemon (DbrTestBus *self)
{
  g_autofree char *config = write_config (self);
  g_autofree char *option = g_strconcat ("--config-file=", config, NULL);
  const char *arguments[] = { "dbus-daemon", "--nofork", "--nopidfile", "--print-address=1", option,
                              NULL };
  g_autofree char *line = NULL;
  const char *reason = NULL;
  char *guid;

  self->process = dbr_test_process_new (arguments, FALSE, -1);
  line = dbr_test_process_read_line (self->process, DBR_TEST_PATIENCE_MS, &reason);
  if (line == NULL)
    dbr_test_fail ("dbus-daemon does not start: %s", reason);
  /* The next daemon at this address has another id. */
  guid = strstr (line, ",guid=");
  if (guid != NULL)
    *guid = '\0';
  g_free (self->address);
  self->address = g_steal_pointer (&line);
}

static void
start (DbrTestBus *self)
{
  if (self->kind == DBR_TEST_BUS_KIND_DBUS_DAEMON)
    {
      start_daemon (self);
      return;
    }
  self->broker = dbr_test_broker_new (self->address,
                                      (self->flags & DBR_TEST_BUS_SESSION_LIMITS) != 0);
  for (guint i = 0; i < self->services->len; i++)
    {
      Service *service = self->services->pdata[i];

      dbr_test_broker_add_service (self->broker, service->name, service->exec);
    }
}

static DbrTestProcess *
get_process (DbrTestBus *self)
{
  DbrTestProcess *process = self->process;

  if (self->broker != NULL)
    process = dbr_test_broker_get_process (self->broker);
  if (process == NULL)
    dbr_test_fail ("the bus was killed");
  return process;
}

static GVariant *
ask (DbrTestBus *self,
     const char *member,
     GVariant   *parameters,
     GError    **error)
{
  if (self->connection != NULL && g_dbus_connection_is_closed (self->connection))
    g_clear_object (&self->connection);
  if (self->connection == NULL)
    self->connection = dbr_test_bus_connect (self);
  return g_dbus_connection_call_sync (self->connection, "org.freedesktop.DBus",
                                      "/org/freedesktop/DBus", "org.freedesktop.DBus", member,
                                      parameters, NULL, G_DBUS_CALL_FLAGS_NONE,
                                      DBR_TEST_PATIENCE_MS, NULL, error);
}

DbrTestBus *
dbr_test_bus_new (void)
{
  return dbr_test_bus_new_full (DBR_TEST_BUS_NONE);
}

DbrTestBus *
dbr_test_bus_new_full (DbrTestBusFlags flags)
{
  DbrTestBus *self = g_new0 (DbrTestBus, 1);

  self->flags = flags;
  self->kind = choose_kind (flags);
  self->folder = dbr_test_reaper_make_folder ();
  self->address = choose_address (self);
  self->services = g_ptr_array_new_with_free_func ((GDestroyNotify) service_free);
  if (flags & DBR_TEST_BUS_ACTIVATION)
    {
      self->services_folder = g_build_filename (self->folder, "services", NULL);
      g_assert_cmpint (g_mkdir_with_parents (self->services_folder, 0700), ==, 0);
    }
  start (self);
  return self;
}

void
dbr_test_bus_free (DbrTestBus *self)
{
  dbr_test_bus_kill (self);
  dbr_test_reaper_remove_folder (self->folder);
  g_ptr_array_unref (self->services);
  g_free (self->folder);
  g_free (self->services_folder);
  g_free (self->address);
  g_free (self);
}

const char *
dbr_test_bus_get_address (DbrTestBus *self)
{
  return self->address;
}

GPid
dbr_test_bus_get_pid (DbrTestBus *self)
{
  return dbr_test_process_get_pid (get_process (self));
}

DbrTestBusKind
dbr_test_bus_get_kind (DbrTestBus *self)
{
  return self->kind;
}

/* A private folder that goes with the bus, for whatever a test needs one. */
const char *
dbr_test_bus_get_folder (DbrTestBus *self)
{
  return self->folder;
}

/* Returns how many connections the bus has, our own one to ask this not counted. */
guint
dbr_test_bus_count_connections (DbrTestBus *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = ask (self, "ListNames", NULL, &error);
  g_autofree const char **names = NULL;
  guint n = 0;

  if (reply == NULL)
    dbr_test_fail ("the bus does not answer: %s", error->message);
  g_variant_get (reply, "(^a&s)", &names);
  for (guint i = 0; names[i] != NULL; i++)
    n += names[i][0] == ':' && strcmp (names[i],
                                       g_dbus_connection_get_unique_name (self->connection)) != 0;
  return n;
}

/* Returns the unique name of a name's owner, or NULL if it has none. */
char *
dbr_test_bus_dup_owner (DbrTestBus *self,
                        const char *name)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = ask (self, "GetNameOwner", g_variant_new ("(s)", name), &error);
  char *owner = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(s)", &owner);
  else if (!g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    dbr_test_fail ("the bus does not answer: %s", error->message);
  return owner;
}

/* Returns when the bus has really stopped. */
void
dbr_test_bus_stop (DbrTestBus *self)
{
  dbr_test_process_stop (get_process (self));
}

void
dbr_test_bus_cont (DbrTestBus *self)
{
  dbr_test_process_cont (get_process (self));
}

/* Returns when the bus is dead. Does nothing to a dead one. */
void
dbr_test_bus_kill (DbrTestBus *self)
{
  g_clear_object (&self->connection);
  g_clear_pointer (&self->broker, dbr_test_broker_free);
  g_clear_pointer (&self->process, dbr_test_process_free);
}

/* Kills the bus if it lives and starts another one at the same address, with the same services. */
void
dbr_test_bus_restart (DbrTestBus *self)
{
  dbr_test_bus_kill (self);
  start (self);
}

void
dbr_test_bus_add_service (DbrTestBus *self,
                          const char *name,
                          const char *exec)
{
  g_autofree char *file = g_strconcat (name, ".service", NULL);
  g_autofree char *path = NULL;
  g_autofree char *text = g_strdup_printf ("[D-BUS Service]\nName=%s\nExec=%s\n", name, exec);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  Service *service = g_new0 (Service, 1);

  if (self->services_folder == NULL)
    dbr_test_fail ("a service needs a bus with DBR_TEST_BUS_ACTIVATION");
  service->name = g_strdup (name);
  service->exec = g_strdup (exec);
  g_ptr_array_add (self->services, service);
  if (self->broker != NULL)
    {
      dbr_test_broker_add_service (self->broker, name, exec);
      return;
    }
  path = g_build_filename (self->services_folder, file, NULL);
  if (!g_file_set_contents (path, text, -1, &error))
    dbr_test_fail ("%s: %s", path, error->message);
  reply = ask (self, "ReloadConfig", NULL, &error);
  if (reply == NULL)
    dbr_test_fail ("the bus does not reload: %s", error->message);
}

/* Returns a connection of the caller's own that does not end the process with the bus. */
GDBusConnection *
dbr_test_bus_connect (DbrTestBus *self)
{
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection;

  connection = g_dbus_connection_new_for_address_sync (self->address, flags, NULL, NULL, &error);
  if (connection == NULL)
    dbr_test_fail ("no connection to %s: %s", self->address, error->message);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  return connection;
}
