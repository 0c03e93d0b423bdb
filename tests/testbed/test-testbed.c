/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-testbed.h"

#include <gio/gunixsocketaddress.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "org.dbr.Test"

static void
test_bus_starts_and_stops (void)
{
  g_autoptr(DbrTestBus) bus = NULL;
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GDBusConnection) other = NULL;
  DbrTestBusKind wanted = g_strcmp0 (g_getenv ("DBR_TEST_BUS"), "dbus-broker") == 0
                          ? DBR_TEST_BUS_KIND_DBUS_BROKER : DBR_TEST_BUS_KIND_DBUS_DAEMON;
  double elapsed;
  GPid pid;

  g_test_summary ("a bus of the wanted kind starts, counts its connections and is gone afterwards");
  g_test_timer_start ();
  bus = dbr_test_bus_new ();
  elapsed = g_test_timer_elapsed ();
  g_test_minimized_result (elapsed, "the bus started in %.1f ms", elapsed * 1000);
  pid = dbr_test_bus_get_pid (bus);
  g_assert_cmpint (dbr_test_bus_get_kind (bus), ==, wanted);
  g_assert_cmpuint (dbr_test_bus_count_connections (bus), ==, 0);
  connection = dbr_test_bus_connect (bus);
  other = dbr_test_bus_connect (bus);
  g_assert_cmpuint (dbr_test_bus_count_connections (bus), ==, 2);
  g_clear_pointer (&bus, dbr_test_bus_free);
  g_assert_cmpint (kill (pid, 0), !=, 0);
  dbr_test_wait_until (NULL, g_dbus_connection_is_closed (connection), DBR_TEST_PATIENCE_MS);
}

static void
test_bus_restarts (void)
{
  const DbrTestBusFlags flags[] = { DBR_TEST_BUS_NONE, DBR_TEST_BUS_TCP, DBR_TEST_BUS_ABSTRACT,
                                    DBR_TEST_BUS_SESSION_LIMITS };

  g_test_summary ("a killed bus starts again at the same address, whatever its kind");
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      g_autoptr(DbrTestBus) bus = dbr_test_bus_new_full (flags[i]);
      g_autofree char *address = g_strdup (dbr_test_bus_get_address (bus));
      g_autoptr(GDBusConnection) before = dbr_test_bus_connect (bus);
      g_autoptr(GDBusConnection) after = NULL;

      dbr_test_bus_kill (bus);
      dbr_test_wait_until (NULL, g_dbus_connection_is_closed (before), DBR_TEST_PATIENCE_MS);
      dbr_test_bus_restart (bus);
      g_assert_cmpstr (dbr_test_bus_get_address (bus), ==, address);
      after = dbr_test_bus_connect (bus);
      g_assert_cmpuint (dbr_test_bus_count_connections (bus), ==, 1);
    }
}

static void
test_bus_stalls (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL };

  g_test_summary ("a stopped bus carries nothing, and everything once it goes on");
  dbr_test_bus_stop (bus);
  dbr_test_call_peer_async (connection, NAME, "Increment", g_variant_new ("(s)", "a"), &result);
  g_assert_cmpuint (dbr_test_peer_executions (peer, "a"), ==, 0);
  dbr_test_bus_cont (bus);
  reply = dbr_test_call_finish (&result, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "(1,)");
}

static void
test_bus_limits (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new_full (DBR_TEST_BUS_DBUS_DAEMON);
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(DbrTestResult) pending = { NULL };
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("the system bus's 128 pending replies a connection are enforced");
  for (guint i = 0; i < 128; i++)
    g_dbus_connection_call (connection, NAME, "/", DBR_TEST_INTERFACE, "Never", NULL, NULL,
                            G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                            cancellable, dbr_test_result_cb, &pending);
  reply = dbr_test_call_peer (connection, NAME, "Echo", NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.LimitsExceeded");
  g_cancellable_cancel (cancellable);
  dbr_test_wait_until (NULL, pending.n_calls == 128, DBR_TEST_PATIENCE_MS);
}

static GPid
get_pid_of (GDBusConnection *connection,
            const char      *name)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  guint pid;

  reply = dbr_test_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                         "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                         g_variant_new ("(s)", name), DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &pid);
  return (GPid) pid;
}

static void
test_bus_keeps_silent (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new_full (DBR_TEST_BUS_NO_CREDENTIALS);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  static const char *const questions[] = {
    "GetConnectionUnixProcessID", "GetConnectionUnixUser", "GetConnectionCredentials",
  };

  g_test_summary ("where that is wanted the bus does not tell whose a connection is");
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) reply = NULL;

      reply = dbr_test_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                             "org.freedesktop.DBus", questions[i],
                             g_variant_new ("(s)", "org.freedesktop.DBus"), DBR_TEST_PATIENCE_MS,
                             &error);
      g_assert_null (reply);
      dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.AccessDenied");
    }
}

/* A process that nobody has waited for yet is gone as well. */
static gboolean
is_gone (GPid pid)
{
  char state = dbr_test_process_read_state (pid);

  return state == '\0' || state == 'Z';
}

static void
test_bus_activates (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new_full (DBR_TEST_BUS_ACTIVATION);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autofree char *exec = g_strdup_printf ("%s --quiet --name " NAME,
                                           dbr_test_peer_get_program ());
  g_autofree char *owner = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  GPid pid;

  g_test_summary ("a service that was added is started by a call to it, and ends with the bus");
  reply = dbr_test_call_peer (connection, NAME, "Echo", g_variant_new ("(s)", "a"), &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.ServiceUnknown");
  g_clear_error (&error);
  dbr_test_bus_add_service (bus, NAME, exec);
  g_assert_null (dbr_test_bus_dup_owner (bus, NAME));
  reply = dbr_test_call_peer (connection, NAME, "Echo", g_variant_new ("(s)", "a"), &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('a',)");
  owner = dbr_test_bus_dup_owner (bus, NAME);
  g_assert_nonnull (owner);
  pid = get_pid_of (connection, owner);
  dbr_test_bus_kill (bus);
  dbr_test_wait_until (NULL, is_gone (pid), DBR_TEST_PATIENCE_MS);
}

static int
run_launcher (const char *const *arguments,
              char             **said)
{
  g_autoptr(GError) error = NULL;
  int status;

  g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, said,
                               NULL, &status,
                               &error));
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_launcher_runs_a_command (void)
{
  const char script[] = "gdbus call --address $DBR_TEST_ADDRESS -d " NAME " -o / -m a.b.Greet &&"
                        "gdbus call --session -d org.dbr.Plain -o / -m org.dbr.Peer1.Increment a &&"
                        "kill -0 $DBR_TEST_BUS_PID $DBR_TEST_PEER_PIDS && exit 5";
  const char *arguments[] = { g_getenv ("DBR_TESTBED"), "--peer", "org.dbr.Plain",
                              "--peer-run", NAME "=on Greet: reply ('hello',)",
                              "--", "sh", "-c", script, NULL };
  const char *nothing[] = { arguments[0], "--", "/nonexistent/program", NULL };
  g_autofree char *said = NULL;

  g_test_summary ("the launcher gives a command its bus and peers, and gives back its status");
  if (arguments[0] == NULL)
    {
      g_test_skip ("DBR_TESTBED does not name the launcher");
      return;
    }
  g_assert_cmpint (run_launcher (arguments, &said), ==, 5);
  g_assert_cmpstr (said, ==, "('hello',)\n(uint32 1,)\n");
  g_assert_cmpint (run_launcher (nothing, NULL), ==, 127);
}

/* The command does what a test in another language would: it rules over bus and peer through the
 * socket. */
static int
play_command (void)
{
  const char *const lines[] = { "peer " NAME " tell on Greet: reply ()", "peer " NAME " stop",
                                "peer " NAME " cont", "bus stop", "bus cont", "bus restart",
                                "peer " NAME " restart", "bus connections", "peer " NAME " kill",
                                "bus frobnicate" };
  g_autoptr(GSocketClient) client = g_socket_client_new ();
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new (g_getenv ("DBR_TEST_CONTROL"));
  g_autoptr(GSocketConnection) connection = NULL;
  g_autoptr(GDataInputStream) input = NULL;

  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);
  g_assert_nonnull (connection);
  input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
      g_autofree char *answer = NULL;

      g_assert_true (g_output_stream_printf (output, NULL, NULL, NULL, "%s\n", lines[i]));
      answer = g_data_input_stream_read_line (input, NULL, NULL, NULL);
      /* Not g_print(), which knows only the characters of the locale. */
      puts (answer);
    }
  return 0;
}

static void
test_launcher_takes_commands (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  const char *arguments[] = { g_getenv ("DBR_TESTBED"), "--peer", NAME, "--", program, "--command",
                              NULL };
  g_autofree char *said = NULL;

  g_test_summary ("the launcher's bus and peers are ruled over through its socket");
  if (arguments[0] == NULL)
    {
      g_test_skip ("DBR_TESTBED does not name the launcher");
      return;
    }
  g_assert_cmpint (run_launcher (arguments, &said), ==, 0);
  g_assert_cmpstr (said, ==,
                   "ok\nok\nok\nok\nok\nok\nok\nok 1\nok\n"
                   "error the bus knows no “frobnicate”\n");
}

static void
test_resources_are_returned (void)
{
  DbrTestResources before;
  DbrTestResources after;

  g_test_summary ("a bus and a peer leave no descriptor and no thread behind");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
      G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);

      if (i == 1)
        g_assert_cmpuint (dbr_test_bus_count_connections (bus), ==, 1);
    }
  before = dbr_test_resources_read ();
  {
    g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
    G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);

    after = dbr_test_resources_read ();
    g_assert_cmpuint (after.n_fds, >, before.n_fds);
  }
  dbr_test_wait_until (NULL, dbr_test_resources_read ().n_fds <= before.n_fds,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, dbr_test_resources_read ().n_threads <= before.n_threads,
                       DBR_TEST_PATIENCE_MS);
}

/* Starts what has to be cleaned up, says what that is and waits for its end. */
G_GNUC_NORETURN static void
play_victim (void)
{
  DbrTestBus *bus = dbr_test_bus_new ();
  DbrTestPeer *peer = dbr_test_peer_new (bus, NAME, NULL);

  dbr_test_peer_stop (peer);
  g_print ("%d %d %s\n", (int) dbr_test_bus_get_pid (bus), (int) dbr_test_peer_get_pid (peer),
           dbr_test_bus_get_folder (bus));
  while (TRUE)
    pause ();
}

static void
test_reaper_cleans (void)
{
  g_autoptr(DbrTestProcess) victim = NULL;
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  const char *arguments[] = { program, "--victim", NULL };
  g_autofree char *line = NULL;
  const char *reason = "nothing";
  char folder[256];
  int bus_pid;
  int peer_pid;

  g_test_summary ("a test killed by SIGKILL leaves no bus, no peer, stopped or not, and no folder");
  victim = dbr_test_process_new (arguments, FALSE, -1);
  line = dbr_test_process_read_line (victim, DBR_TEST_PATIENCE_MS, &reason);
  g_assert_cmpstr (line != NULL ? NULL : reason, ==, NULL);
  g_assert_cmpint (sscanf (line, "%d %d %255s", &bus_pid, &peer_pid, folder), ==, 3);
  g_assert_cmpint (dbr_test_process_read_state (peer_pid), ==, 'T');
  g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));
  dbr_test_process_kill (victim);
  dbr_test_wait_until (NULL, is_gone (bus_pid) && is_gone (peer_pid), DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, !g_file_test (folder, G_FILE_TEST_EXISTS), DBR_TEST_PATIENCE_MS);
}

int
main (int    argc,
      char **argv)
{
  if (argc > 1 && strcmp (argv[1], "--victim") == 0)
    play_victim ();
  if (argc > 1 && strcmp (argv[1], "--command") == 0)
    return play_command ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/testbed/bus-starts-and-stops", test_bus_starts_and_stops);
  g_test_add_func ("/dbr/testbed/bus-restarts-on-the-same-address", test_bus_restarts);
  g_test_add_func ("/dbr/testbed/bus-stalls", test_bus_stalls);
  g_test_add_func ("/dbr/testbed/bus-has-system-limits", test_bus_limits);
  g_test_add_func ("/dbr/testbed/bus-activates", test_bus_activates);
  g_test_add_func ("/dbr/testbed/bus-keeps-silent", test_bus_keeps_silent);
  g_test_add_func ("/dbr/testbed/launcher-runs-a-command", test_launcher_runs_a_command);
  g_test_add_func ("/dbr/testbed/launcher-takes-commands", test_launcher_takes_commands);
  g_test_add_func ("/dbr/testbed/resources-are-returned", test_resources_are_returned);
  g_test_add_func ("/dbr/testbed/reaper-cleans", test_reaper_cleans);
  return g_test_run ();
}
