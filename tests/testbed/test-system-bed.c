/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-testbed.h"

#include <string.h>

#define POLKIT "org.freedesktop.PolicyKit1"

/* These run inside of what dbr-system boots. */

static GDBusConnection *
connect_to_system (void)
{
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection;

  connection = g_dbus_connection_new_for_address_sync ("unix:path=/run/dbus/system_bus_socket",
                                                       flags, NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

static char *
read_name_of (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", pid);
  g_autoptr(GError) error = NULL;
  char *name = NULL;

  g_file_get_contents (path, &name, NULL, &error);
  g_assert_no_error (error);
  return g_strchomp (name);
}

static gboolean
has_booted (GDBusConnection *connection)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;

  reply = dbr_test_call (connection, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                         "org.freedesktop.DBus.Properties", "Get",
                         g_variant_new ("(ss)", "org.freedesktop.systemd1.Manager", "SystemState"),
                         DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return strcmp (g_variant_get_string (value, NULL), "running") == 0;
}

static void
test_is_a_system (void)
{
  g_autoptr(GDBusConnection) connection = connect_to_system ();
  g_autofree char *name = read_name_of (1);

  g_test_summary ("process 1 is systemd, and its boot ends");
  g_assert_cmpstr (name, ==, "systemd");
  dbr_test_wait_until (NULL, has_booted (connection), DBR_TEST_PATIENCE_MS);
}

static void
test_has_the_wanted_bus (void)
{
  const char *wanted = g_getenv ("DBR_TEST_BUS");
  g_autofree char *state = NULL;
  g_autofree char *command = g_strdup_printf ("pidof %s", wanted);

  g_test_summary ("the system bus is the one that was asked for");
  g_assert_true (g_spawn_command_line_sync (command, &state, NULL, NULL, NULL));
  g_assert_cmpint (strlen (state), >, 0);
}

static void
test_has_polkit (void)
{
  g_autoptr(GDBusConnection) connection = connect_to_system ();
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("polkit is started when it is called");
  if (!g_file_test ("/usr/lib/polkit-1/polkitd", G_FILE_TEST_IS_EXECUTABLE))
    {
      g_test_skip ("polkitd is not installed");
      return;
    }
  reply = dbr_test_call (connection, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                         POLKIT ".Authority", "EnumerateActions", g_variant_new ("(s)", ""),
                         DBR_TEST_PATIENCE_MS * 3, &error);
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/testbed/system-has-booted", test_is_a_system);
  g_test_add_func ("/dbr/testbed/system-has-the-wanted-bus", test_has_the_wanted_bus);
  g_test_add_func ("/dbr/testbed/system-has-polkit", test_has_polkit);
  return g_test_run ();
}
