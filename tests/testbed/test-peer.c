/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-testbed.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "org.dbr.Test"

static void
test_peer_answers (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = NULL;
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autofree char *owner = NULL;
  g_autoptr(GVariant) echo = NULL;
  g_autoptr(GVariant) scripted = NULL;
  g_autoptr(GVariant) unknown = NULL;
  g_autoptr(GError) error = NULL;
  double elapsed;

  g_test_summary ("a peer is ready with its name, and answers with what it was told to");
  g_test_timer_start ();
  peer = dbr_test_peer_new (bus, NAME, "on Greet: reply ('a;b', {'c': <uint32 1>})");
  elapsed = g_test_timer_elapsed ();
  g_test_minimized_result (elapsed, "the peer started in %.1f ms", elapsed * 1000);
  owner = dbr_test_bus_dup_owner (bus, NAME);
  g_assert_cmpstr (owner, ==, dbr_test_peer_get_unique_name (peer));
  echo = dbr_test_call_peer (connection, NAME, "Echo", g_variant_new ("(si)", "a", 1), &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (echo, "('a', 1)");
  scripted = dbr_test_call_peer (connection, NAME, "Greet", NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (scripted, "('a;b', {'c': <uint32 1>})");
  unknown = dbr_test_call_peer (connection, NAME, "Unheard", NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.UnknownMethod");
}

static void
test_peer_errs (void)
{
  const char script[] = "on Greet: error a.b.Bad it's bad";
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, script);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) scripted = NULL;
  g_autoptr(GError) built_in = NULL;
  g_autoptr(GError) of_type = NULL;

  g_test_summary ("errors come from the script, from Fail and from wrong arguments");
  reply = dbr_test_call_peer (connection, NAME, "Greet", NULL, &scripted);
  dbr_test_assert_remote_error (scripted, "a.b.Bad");
  g_assert_cmpstr (scripted->message, ==, "GDBus.Error:a.b.Bad: it's bad");
  reply = dbr_test_call_peer (connection, NAME, "Fail", g_variant_new ("(ss)", "c.d.Worse", "text"),
                              &built_in);
  dbr_test_assert_remote_error (built_in, "c.d.Worse");
  reply = dbr_test_call_peer (connection, NAME, "Wait", g_variant_new ("(s)", "text"), &of_type);
  dbr_test_assert_remote_error (of_type, "org.freedesktop.DBus.Error.InvalidArgs");
}

static void
test_peer_never_answers (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, "on Greet: never");
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a call that is never answered was executed all the same");
  reply = dbr_test_call (connection, NAME, "/", DBR_TEST_INTERFACE, "Greet",
                         g_variant_new ("(s)", "token"), 50,
                         &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  dbr_test_wait_until (NULL, dbr_test_peer_count (peer, "Greet") == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_test_peer_executions (peer, "token"), ==, 1);
  g_assert_cmpuint (dbr_test_peer_executions (peer, "other"), ==, 0);
}

static void
test_peer_records (void)
{
  g_autofree char *folder = dbr_test_reaper_make_folder ();
  g_autofree char *file = g_build_filename (folder, "record", NULL);
  g_autofree char *script = g_strdup_printf ("record %s\non Greet: die", file);
  g_autofree char *contents = NULL;
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, script);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);

  g_test_summary ("what a peer did can be read after its death, and goes on with the next one");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GVariant) counted = NULL;
      g_autoptr(GVariant) last = NULL;

      counted = dbr_test_call_peer (connection, NAME, "Increment", g_variant_new ("(s)", "a"), NULL);
      g_assert_nonnull (counted);
      last = dbr_test_call_peer (connection, NAME, "Greet", g_variant_new ("(s)", "b"), NULL);
      g_assert_null (last);
      dbr_test_peer_wait_death (peer);
      dbr_test_peer_restart (peer);
    }
  g_assert_true (g_file_get_contents (file, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "a\nb\na\nb\n");
  dbr_test_reaper_remove_folder (folder);
}

static void
test_peer_waits (void)
{
  const char script[] = "on Greet: wait 300; reply ('late',)";
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, script);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) early = NULL;
  g_autoptr(GVariant) late = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL };
  gint64 begin = g_get_monotonic_time ();

  g_test_summary ("a peer that answers late serves others meanwhile");
  dbr_test_call_peer_async (connection, NAME, "Greet", NULL, &result);
  early = dbr_test_call_peer (connection, NAME, "Echo", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (result.n_calls, ==, 0);
  late = dbr_test_call_finish (&result, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (late, "('late',)");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 300 * 1000);
}

static void
test_peer_dies (void)
{
  const char script[] = "on Greet: die 7;; on Farewell: reply ('bye',); die";
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME,
                                                   script);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) none = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  g_test_summary ("a peer dies in mid-call, and after an answer it gave, and is replaced");
  none = dbr_test_call_peer (connection, NAME, "Greet", NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.NoReply");
  g_clear_error (&error);
  status = dbr_test_peer_wait_death (peer);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 7);
  dbr_test_peer_restart (peer);
  reply = dbr_test_call_peer (connection, NAME, "Farewell", NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('bye',)");
  dbr_test_peer_wait_death (peer);
  dbr_test_peer_restart (peer);
  dbr_test_peer_tell (peer, "abort");
  g_assert_true (WIFSIGNALED (dbr_test_peer_wait_death (peer)));
}

static void
test_peer_stops (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) none = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a stopped peer keeps its name and answers nothing, not even Ping");
  dbr_test_peer_stop (peer);
  g_assert_cmpint (dbr_test_process_read_state (dbr_test_peer_get_pid (peer)), ==, 'T');
  none = dbr_test_call (connection, NAME, "/", "org.freedesktop.DBus.Peer", "Ping", NULL, 50,
                        &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  dbr_test_peer_cont (peer);
  dbr_test_ping (connection, NAME);
  dbr_test_peer_tell (peer, "stop");
  dbr_test_wait_process_state (dbr_test_peer_get_pid (peer), 'T');
  dbr_test_peer_cont (peer);
  reply = dbr_test_call_peer (connection, NAME, "Echo", NULL, &error);
  g_assert_no_error (error);
}

static void
test_peer_blocks (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) xml = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL };

  g_test_summary ("a blocked main loop lets the worker answer Ping and Introspect alone");
  dbr_test_peer_tell (peer, "block 500");
  dbr_test_call_peer_async (connection, NAME, "Echo", NULL, &result);
  dbr_test_ping (connection, NAME);
  xml = dbr_test_call (connection, NAME, "/", "org.freedesktop.DBus.Introspectable", "Introspect",
                       NULL,
                       DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (result.n_calls, ==, 0);
  reply = dbr_test_call_finish (&result, &error);
  g_assert_no_error (error);
}

static void
test_peer_is_deaf (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  gint64 begin = g_get_monotonic_time ();

  g_test_summary ("a deaf peer does not even answer Ping, but does what it is told");
  dbr_test_peer_tell (peer, "on Greet: deaf 400; reply ()");
  dbr_test_peer_tell (peer, "deaf 400");
  g_assert_cmpuint (dbr_test_peer_count (peer, "Greet"), ==, 0);
  dbr_test_ping (connection, NAME);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 300 * 1000);
}

static void
test_peer_chooses_rules (void)
{
  const char script[] = "# The more a rule says, the more it weighs, whatever the order.\n"
                        "on Greet call 2: reply ('second',)\n"
                        "on Greet: reply ('any',)\n"
                        "on org.dbr.Peer1.Greet at /here: reply ('here',)\n"
                        "on Greet every 4: reply ('fourth',)\n";
  const char *const expected[] = { "('any',)", "('second',)", "('any',)", "('fourth',)",
                                   "('any',)" };
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, script);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) here = NULL;
  g_autoptr(GVariant) none = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("the rule that says most takes the call, and a test can change its mind");
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr(GVariant) reply = dbr_test_call_peer (connection, NAME, "Greet", NULL, &error);

      g_assert_no_error (error);
      dbr_test_assert_prints (reply, expected[i]);
    }
  here = dbr_test_call (connection, NAME, "/here", DBR_TEST_INTERFACE, "Greet", NULL,
                        DBR_TEST_PATIENCE_MS,
                        &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (here, "('here',)");
  g_assert_cmpuint (dbr_test_peer_count (peer, "Greet"), ==, 6);
  dbr_test_peer_tell (peer, "reset");
  g_assert_cmpuint (dbr_test_peer_count (peer, "Greet"), ==, 0);
  dbr_test_peer_tell (peer, "forget *");
  none = dbr_test_call_peer (connection, NAME, "Greet", NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.UnknownMethod");
}

static void
changed_cb (const DbrTestSignal *heard,
            gpointer             seen)
{
  g_ptr_array_add (seen, g_variant_print (heard->parameters, FALSE));
}

static void
test_peer_signals (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("emit, flood, set, poke and invalidate tell what they should");
  dbr_test_listen_on_bus (connection, dbr_test_peer_get_unique_name (peer), NULL, NULL, changed_cb,
                          seen, NULL);
  dbr_test_ping (connection, NAME);
  dbr_test_peer_tell (peer, "emit /a a.b.C ('x',)");
  dbr_test_peer_tell (peer, "emit /a a.b.C ('y',) to %s",
                      g_dbus_connection_get_unique_name (connection));
  dbr_test_peer_tell (peer, "set /a a.b.Level uint32 5");
  dbr_test_peer_tell (peer, "poke /a a.b.Level uint32 6");
  dbr_test_peer_tell (peer, "invalidate /a a.b.Level");
  dbr_test_peer_tell (peer, "flood 100 /a a.b.D");
  dbr_test_wait_until (NULL, seen->len >= 104, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (seen->len, ==, 104);
  g_assert_cmpstr (seen->pdata[0], ==, "('x',)");
  g_assert_cmpstr (seen->pdata[1], ==, "('y',)");
  g_assert_cmpstr (seen->pdata[2], ==, "('a.b', {'Level': <uint32 5>}, [])");
  g_assert_cmpstr (seen->pdata[3], ==, "('a.b', {}, ['Level'])");
  reply = dbr_test_call (connection, NAME, "/a", "org.freedesktop.DBus.Properties", "GetAll",
                         g_variant_new ("(s)", "a.b"),
                         DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "({'Level': <uint32 6>},)");
}

static void
test_peer_changes_names (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(DbrTestPeer) rival = dbr_test_peer_new (bus, NULL, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autofree char *taken = NULL;
  g_autofree char *back = NULL;

  g_test_summary ("names are taken, dropped and owned again, and a closed connection comes back");
  dbr_test_peer_tell (rival, "own " NAME);
  taken = dbr_test_bus_dup_owner (bus, NAME);
  g_assert_cmpstr (taken, ==, dbr_test_peer_get_unique_name (rival));
  dbr_test_peer_tell (rival, "drop " NAME);
  g_assert_null (dbr_test_bus_dup_owner (bus, NAME));
  dbr_test_peer_tell (peer, "own " NAME);
  dbr_test_peer_tell (peer, "reown 50 " NAME);
  g_assert_null (dbr_test_bus_dup_owner (bus, NAME));
  dbr_test_wait_until (NULL, (back = dbr_test_bus_dup_owner (bus, NAME)) != NULL,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_peer_tell (peer, "close");
  g_assert_true (dbr_test_peer_is_alive (peer));
  dbr_test_wait_until (NULL, dbr_test_bus_count_connections (bus) == 2, DBR_TEST_PATIENCE_MS);
  dbr_test_peer_tell (peer, "reconnect");
  dbr_test_ping (connection, NAME);
}

static void
test_peer_shows_devices (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, "objects 10000");
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  const char path[] = "/org/bluez/hci0/dev_02_DB_52_00_27_0F";
  g_autoptr(GVariant) objects = NULL;
  g_autoptr(GVariant) managed = NULL;
  g_autoptr(GVariant) connected = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) none = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("ten thousand devices are there at once and keep their own state");
  connected = dbr_test_call (connection, NAME, path, "org.bluez.Device1", "Connect", NULL,
                             DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
  value = dbr_test_call (connection, NAME, path, "org.freedesktop.DBus.Properties", "Get",
                         g_variant_new ("(ss)", "org.bluez.Device1",
                                        "Connected"), DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (value, "(<true>,)");
  none = dbr_test_call (connection, NAME, path, "org.freedesktop.DBus.Properties", "Set",
                        g_variant_new ("(ssv)", "org.bluez.Device1", "Connected",
                                       g_variant_new_boolean (FALSE)),
                        DBR_TEST_PATIENCE_MS, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.PropertyReadOnly");
  g_clear_error (&error);
  objects = dbr_test_call (connection, NAME, "/", "org.freedesktop.DBus.ObjectManager",
                           "GetManagedObjects", NULL,
                           DBR_TEST_PATIENCE_MS * 3, &error);
  g_assert_no_error (error);
  managed = g_variant_get_child_value (objects, 0);
  g_assert_cmpuint (g_variant_n_children (managed), ==, 10001);
  dbr_test_peer_tell (peer, "remove %s", path);
  none = dbr_test_call (connection, NAME, path, "org.bluez.Device1", "Connect", NULL,
                        DBR_TEST_PATIENCE_MS, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.UnknownObject");
}

static void
test_peer_passes_descriptors (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GUnixFDList) made = NULL;
  g_autoptr(GVariant) handle = NULL;
  g_autoptr(GVariant) contents = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a descriptor from MakeFd goes back through ReadFd with its contents");
  handle = dbr_test_call_with_fds (connection, NAME, "MakeFd", g_variant_new ("(s)", "text"), NULL,
                                   &made, &error);
  g_assert_no_error (error);
  contents = dbr_test_call_with_fds (connection, NAME, "ReadFd", handle, made, NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (contents, "([0x74, 0x65, 0x78, 0x74],)");
}

static void
test_peer_reads_descriptors_by_rule (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, "on Swap: fd");
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GUnixFDList) passed = g_unix_fd_list_new ();
  g_autoptr(GUnixFDList) received = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) contents = NULL;
  g_autoptr(GError) error = NULL;
  int fds[2];

  g_test_summary ("the action fd answers with what was in the descriptors and with one of its own");
  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  g_assert_cmpint (write (fds[1], "a", 1), ==, 1);
  close (fds[1]);
  g_assert_cmpint (g_unix_fd_list_append (passed, fds[0], NULL), ==, 0);
  close (fds[0]);
  reply = dbr_test_call_with_fds (connection, NAME, "Swap", g_variant_new ("(h)", 0), passed,
                                  &received, &error);
  g_assert_no_error (error);
  contents = g_variant_get_child_value (reply, 0);
  dbr_test_assert_prints (contents, "[[0x61]]");
  g_assert_cmpint (g_unix_fd_list_get_length (received), ==, 1);
}

static void
test_peer_is_told_over_the_bus (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (bus, NAME, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GVariant) rule = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) count = NULL;
  g_autoptr(GVariant) none = NULL;
  g_autoptr(GVariant) last = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Tell runs what the standard input takes, and answers before an end");
  rule = dbr_test_call_peer (connection, NAME, "Tell",
                             g_variant_new ("(s)", "on Greet: reply ('told',)"), &error);
  g_assert_no_error (error);
  reply = dbr_test_call_peer (connection, NAME, "Greet", NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('told',)");
  count = dbr_test_call_peer (connection, NAME, "Tell", g_variant_new ("(s)", "count Greet"),
                              &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (count, "('1',)");
  none = dbr_test_call_peer (connection, NAME, "Tell", g_variant_new ("(s)", "nonsense"), &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.InvalidArgs");
  g_clear_error (&error);
  last = dbr_test_call_peer (connection, NAME, "Tell", g_variant_new ("(s)", "die 0"), &error);
  g_assert_no_error (error);
  g_assert_cmpint (dbr_test_peer_wait_death (peer), ==, 0);
}

static void
test_peer_without_bus (void)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a listening peer serves without a bus, and again after its death");
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&connection);
      g_clear_pointer (&reply, g_variant_unref);
      connection = dbr_test_connect_peer (dbr_test_peer_get_address (peer));
      reply = dbr_test_call (connection, NULL, "/", DBR_TEST_INTERFACE, "Increment",
                             g_variant_new ("(s)", "a"),
                             DBR_TEST_PATIENCE_MS, &error);
      g_assert_no_error (error);
      dbr_test_assert_prints (reply, "(1,)");
      dbr_test_peer_kill (peer);
      dbr_test_peer_restart (peer);
    }
}

static void
test_peer_plays_a_bus (void)
{
  const char script[] = "on org.freedesktop.DBus.Hello: reply (':1.1',)";
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (script);
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GVariant) none = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a listening peer that answers Hello is a bus whose errors have no sender");
  connection = g_dbus_connection_new_for_address_sync (dbr_test_peer_get_address (peer), flags,
                                                       NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  g_assert_cmpstr (g_dbus_connection_get_unique_name (connection), ==, ":1.1");
  none = dbr_test_call_peer (connection, NAME, "Unheard", NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.UnknownMethod");
}

static void
test_peer_refuses_nonsense (void)
{
  const char *const scripts[] = { "frobnicate", "reply 1", "on Greet", "on Greet call 0: reply",
                                  "on Greet: reply (1",
                                  "wait soon", "own org", "on Greet: emit / Bare", "drop a.b c" };

  g_test_summary ("a script with a mistake ends the peer with status 2 and names the line");
  for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autofree char *script = g_strconcat ("on Fine: reply\n", scripts[i], NULL);
      const char *arguments[] = { dbr_test_peer_get_program (), "--run", script, NULL };
      g_autofree char *said = NULL;
      g_autoptr(GError) error = NULL;
      int status;

      g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                                   NULL, &said, &status,
                                   &error));
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 2);
      g_assert_nonnull (strstr (said, "line 2: "));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/peer/answers", test_peer_answers);
  g_test_add_func ("/dbr/peer/errs", test_peer_errs);
  g_test_add_func ("/dbr/peer/never-answers", test_peer_never_answers);
  g_test_add_func ("/dbr/peer/records", test_peer_records);
  g_test_add_func ("/dbr/peer/waits", test_peer_waits);
  g_test_add_func ("/dbr/peer/dies", test_peer_dies);
  g_test_add_func ("/dbr/peer/stops", test_peer_stops);
  g_test_add_func ("/dbr/peer/blocks", test_peer_blocks);
  g_test_add_func ("/dbr/peer/is-deaf", test_peer_is_deaf);
  g_test_add_func ("/dbr/peer/chooses-rules", test_peer_chooses_rules);
  g_test_add_func ("/dbr/peer/signals", test_peer_signals);
  g_test_add_func ("/dbr/peer/changes-names", test_peer_changes_names);
  g_test_add_func ("/dbr/peer/shows-devices", test_peer_shows_devices);
  g_test_add_func ("/dbr/peer/passes-descriptors", test_peer_passes_descriptors);
  g_test_add_func ("/dbr/peer/reads-descriptors-by-rule", test_peer_reads_descriptors_by_rule);
  g_test_add_func ("/dbr/peer/is-told-over-the-bus", test_peer_is_told_over_the_bus);
  g_test_add_func ("/dbr/peer/without-bus", test_peer_without_bus);
  g_test_add_func ("/dbr/peer/plays-a-bus", test_peer_plays_a_bus);
  g_test_add_func ("/dbr/peer/refuses-nonsense", test_peer_refuses_nonsense);
  return g_test_run ();
}
