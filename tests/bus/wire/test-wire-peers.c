/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gstdio.h>

#include "dbr-scene.h"
#include "dbr-test-process.h"
#include "dbr-wire-bytes.h"

/* What others make of us, and we of them: each gives back the same values, in its own words. */

#define ECHO_NAME "org.dbr.Echo"
#define PATIENCE_MS 10000

static GVariant *
new_values (void)
{
  return g_variant_new_parsed ("(byte 7, true, int16 -16, uint16 16, int32 -32, uint32 32, int64 -64, "
                               "uint64 64, 1.5, 'text – é', objectpath '/a/b', signature 'a{sv}', "
                               "['x', ''], @as [], [byte 1, 2], [uint64 1, 2], "
                               "{'k': <uint32 5>, 'l': <[<'deep'>]>}, @a{sv} {}, "
                               "(1, [(true, 'in')]), <('v', 2.5)>, [{objectpath '/o': {'i': {'p': <1>}}}])");
}

static void
assert_echoes (DbrClient  *client,
               const char *bus_name)
{
  g_autoptr(GVariant) values = g_variant_ref_sink (new_values ());
  g_autoptr(DbrCall) call = NULL;
  g_auto(Outcome) outcome = { NULL };

  for (guint i = 0; i < 3; i++)
    {
      outcome_clear (&outcome);
      g_clear_object (&call);
      call = dbr_call_new (bus_name, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", values);
      dbr_call_set_timeout_ms (call, PATIENCE_MS);
      scene_run_sync (client, call, NULL, &outcome);
      g_assert_no_error (outcome.error);
      bytes_assert_same (outcome.reply, values);
    }
}

static void
wait_ready (DbrTestProcess *process)
{
  const char *reason = NULL;
  g_autofree char *line = dbr_test_process_read_line (process, DBR_TEST_PATIENCE_MS, &reason);

  if (line == NULL)
    g_error ("the other end is not ready: %s", reason);
  g_assert_cmpstr (line, ==, "ready");
}

/* Servers that one connects to without a bus */

static void
play_server (const char *program,
             gboolean    wants_address)
{
  g_autofree char *folder = g_dir_make_tmp ("dbr-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  const char *arguments[] = { program, wants_address ? address : path, NULL };
  g_autoptr(DbrTestProcess) process = dbr_test_process_new (arguments, FALSE, -1);
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (address);

  wait_ready (process);
  assert_echoes (client, NULL);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_sdbus (void)
{
  g_test_summary ("An sd-bus server lets us in, and reads and writes what we do");
  play_server (DBR_ECHO_SDBUS, FALSE);
}

static void
test_libdbus (void)
{
  g_test_summary ("A libdbus server lets us in, and reads and writes what we do");
  play_server (DBR_ECHO_LIBDBUS, TRUE);
}

static void
test_gdbus (void)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));

  g_test_summary ("A GDBus server lets us in, and reads and writes what we do");
  assert_echoes (client, NULL);
}

/* Through a bus */

static void
test_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("A service in GDBus, through the bus, reads and writes what we do");
  assert_echoes (scene->client, SCENE_NAME);
}

static void
test_dbus_python (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(GVariant) values = g_variant_ref_sink (new_values ());
  const char *type = g_variant_get_type_string (values);
  g_autofree char *signature = g_strndup (type + 1, strlen (type) - 2);
  const char *arguments[] = { DBR_ECHO_PYTHON, dbr_test_bus_get_address (bus), signature, NULL };
  g_autoptr(DbrTestProcess) process = dbr_test_process_new (arguments, FALSE, -1);

  g_test_summary ("A service in dbus-python reads and writes what we do");
  wait_ready (process);
  assert_echoes (client, ECHO_NAME);
}

/* The proxy answers some calls in the bus's place, and signs nothing. */
static void
test_proxy (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *path = g_build_filename (dbr_test_bus_get_folder (scene->bus), "proxy", NULL);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  int ends[2];
  g_autoptr(DbrTestProcess) process = NULL;
  g_autoptr(DbrClient) client = dbr_client_new_for_address (address);
  g_autoptr(DbrCall) hidden = NULL;
  g_auto(Outcome) outcome = { NULL };
  char c;

  g_test_summary ("Through a sandbox's proxy one calls what it shows, and is told what it hides");
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  process = dbr_test_process_new ((const char *[]) {
    "xdg-dbus-proxy", "--fd=3", dbr_test_bus_get_address (scene->bus), path,
    "--filter", "--talk=" SCENE_NAME, NULL
  }, FALSE, ends[1]);
  close (ends[1]);
  g_assert_cmpint (read (ends[0], &c, 1), ==, 1);

  assert_echoes (client, SCENE_NAME);
  hidden = dbr_call_new ("org.dbr.Hidden", "/", "org.dbr.Hidden", "Call", NULL);
  dbr_call_set_timeout_ms (hidden, PATIENCE_MS);
  scene_run_sync (client, hidden, NULL, &outcome);
  g_assert_error (outcome.error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
  g_assert_cmpint (dbr_call_get_execution (hidden), ==, DBR_EXECUTION_NEVER);
  close (ends[0]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/wire/peers/gdbus-server", test_gdbus);
  g_test_add_func ("/dbr/wire/peers/gdbus-service", test_bus);
  if (*DBR_ECHO_SDBUS != '\0')
    g_test_add_func ("/dbr/wire/peers/sd-bus-server", test_sdbus);
  if (*DBR_ECHO_LIBDBUS != '\0')
    g_test_add_func ("/dbr/wire/peers/libdbus-server", test_libdbus);
  if (*DBR_ECHO_PYTHON != '\0')
    g_test_add_func ("/dbr/wire/peers/dbus-python-service", test_dbus_python);
  if (DBR_HAS_PROXY)
    g_test_add_func ("/dbr/wire/peers/sandbox-proxy", test_proxy);

  return g_test_run ();
}
