/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "dbr-scene.h"

/* Where a client connects to, and what it says where it cannot. */

static void
assert_answers_at (const char *address)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address (address);

  g_assert_cmpstr (dbr_client_get_address (client), ==, address);
  scene_assert_answers (client);
  g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_CONNECTED);
}

static void
test_kinds (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (GPOINTER_TO_INT (data), NULL);

  g_test_summary ("Any unix or TCP address can be connected to");
  assert_answers_at (dbr_test_bus_get_address (scene->bus));
}

static void
test_list (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *list = g_strconcat ("unix:path=/nonexistent/socket;",
                                       dbr_test_bus_get_address (scene->bus), NULL);

  g_test_summary ("Of a list of addresses the first that works is taken");
  assert_answers_at (list);
}

static void
test_wrong (void)
{
  static const char *const addresses[] = {
    "unix:path=/nonexistent/socket",
    "unix:abstract=/dbr/nobody/listens/here",
    "tcp:host=127.0.0.1,port=1",
    "tcp:host=127.0.0.1",
    "unix:",
    "unix:path=",
    "nothing",
    "",
    "carrier-pigeon:name=Bert",
    "autolaunch:",
    "unix:path=/nonexistent;autolaunch:",
  };

  g_test_summary ("A wrong address is told, with its text, and nothing ran");
  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr(DbrClient) client = dbr_client_new_for_address (addresses[i]);
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (client, call, NULL, &outcome);
      g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_NO_BUS);
      g_assert_nonnull (strstr (outcome.error->message, addresses[i]));
      g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
      g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_DISCONNECTED);
    }
}

static void
test_not_a_bus (void)
{
  g_autofree char *folder = g_dir_make_tmp ("dbr-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  g_autoptr(GSocketListener) listener = g_socket_listener_new ();
  g_autoptr(GSocketAddress) socket_address = g_unix_socket_address_new (path);
  g_autoptr(DbrClient) client = dbr_client_new_for_address (address);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 300);
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("What takes the connection but never authenticates holds nobody beyond the limit");
  g_socket_listener_add_address (listener, socket_address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
  g_assert_no_error (error);
  scene_run_sync (client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcome, 300);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);

  g_socket_listener_close (listener);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_no_session_bus (void)
{
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(GError) error = NULL;

  if (!g_test_subprocess ())
    {
      g_test_summary ("Without a session bus this is told at once, and none is started");
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  g_setenv ("XDG_RUNTIME_DIR", "/nonexistent", TRUE);
  g_setenv ("DISPLAY", ":99", TRUE);
  client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_assert_false (dbr_client_open_sync (client, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
  g_assert_nonnull (strstr (error->message, "DBUS_SESSION_BUS_ADDRESS"));
}

static void
test_bus_types (void)
{
  g_autoptr(Scene) scene = NULL;
  g_autoptr(DbrClient) session = NULL;
  g_autoptr(DbrClient) system = NULL;
  g_autoptr(DbrClient) starter = NULL;
  g_autoptr(DbrClient) none = NULL;
  g_autoptr(GError) error = NULL;

  if (!g_test_subprocess ())
    {
      g_test_summary ("The session, the system and the starter's bus are found as the environment says");
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", dbr_test_bus_get_address (scene->bus), TRUE);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", dbr_test_bus_get_address (scene->bus), TRUE);
  g_setenv ("DBUS_STARTER_BUS_TYPE", "system", TRUE);
  session = dbr_client_new (G_BUS_TYPE_SESSION);
  system = dbr_client_new (G_BUS_TYPE_SYSTEM);
  starter = dbr_client_new (G_BUS_TYPE_STARTER);
  none = dbr_client_new (G_BUS_TYPE_NONE);
  g_assert_cmpint (dbr_client_get_bus_type (system), ==, G_BUS_TYPE_SYSTEM);
  scene_assert_answers (session);
  scene_assert_answers (system);
  scene_assert_answers (starter);
  g_assert_false (dbr_client_open_sync (none, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
}

static void
test_runtime_folder (void)
{
  g_autoptr(Scene) scene = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  g_autofree char *target = NULL;

  if (!g_test_subprocess ())
    {
      g_test_summary ("Where no variable names the session bus, the socket in the runtime folder is taken");
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  folder = g_dir_make_tmp ("dbr run-XXXXXX", NULL);
  path = g_build_filename (folder, "bus", NULL);
  target = g_strdup (strchr (dbr_test_bus_get_address (scene->bus), '=') + 1);
  target[strcspn (target, ",")] = '\0';
  g_assert_cmpint (symlink (target, path), ==, 0);
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  g_setenv ("XDG_RUNTIME_DIR", folder, TRUE);
  client = dbr_client_new (G_BUS_TYPE_SESSION);
  scene_assert_answers (client);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/dbr/address/unix-path", GINT_TO_POINTER (DBR_TEST_BUS_NONE), test_kinds);
  g_test_add_data_func ("/dbr/address/abstract", GINT_TO_POINTER (DBR_TEST_BUS_ABSTRACT), test_kinds);
  g_test_add_data_func ("/dbr/address/tcp", GINT_TO_POINTER (DBR_TEST_BUS_TCP), test_kinds);
  g_test_add_func ("/dbr/address/the-first-of-a-list-that-works", test_list);
  g_test_add_func ("/dbr/address/a-wrong-one-is-told", test_wrong);
  g_test_add_func ("/dbr/address/what-is-no-bus-holds-nobody", test_not_a_bus);
  g_test_add_func ("/dbr/address/no-session-bus-is-told", test_no_session_bus);
  g_test_add_func ("/dbr/address/bus-types", test_bus_types);
  g_test_add_func ("/dbr/address/runtime-folder", test_runtime_folder);

  return g_test_run ();
}
