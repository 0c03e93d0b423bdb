/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "dbr-test-errors.h"
#include "policy/dbr-services-private.h"
#include "policy/dbr-timeouts-private.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define NOTIFICATIONS "org.freedesktop.Notifications"

static const struct
{
  const char *operation;
  guint       ms;
} shipped[] = {
  { "activate", 30000 },
  { "connect", 45000 },
  { "daemon_reload", 180000 },
  { "default", 10000 },
  { "disconnect", 10000 },
  { "get_managed_objects", 10000 },
  { "get_property", 5000 },
  { "interactive", 120000 },
  { "notify", 2000 },
  { "pair", 150000 },
  { "ping", 2000 },
  { "read", 35000 },
  { "set_powered", 15000 },
  { "set_property", 5000 },
  { "start_discovery", 15000 },
  { "start_notify", 35000 },
  { "stop_discovery", 5000 },
  { "stop_notify", 5000 },
  { "unit_job", 120000 },
  { "write", 35000 },
};

static const struct
{
  const char *interface_name;
  const char *member;
  const char *operation;
} methods[] = {
  { PROPERTIES, "Get", "get_property" },
  { PROPERTIES, "GetAll", "get_property" },
  { PROPERTIES, "Set", "set_property" },
  { "org.freedesktop.DBus.Peer", "Ping", "ping" },
  { "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "get_managed_objects" },
  { "org.freedesktop.DBus", "StartServiceByName", "activate" },
  { "org.bluez.Device1", "Connect", "connect" },
  { "org.bluez.Device1", "ConnectProfile", "connect" },
  { "org.bluez.Device1", "Disconnect", "disconnect" },
  { "org.bluez.Device1", "DisconnectProfile", "disconnect" },
  { "org.bluez.Device1", "Pair", "pair" },
  { "org.bluez.Adapter1", "StartDiscovery", "start_discovery" },
  { "org.bluez.Adapter1", "StopDiscovery", "stop_discovery" },
  { "org.bluez.GattCharacteristic1", "ReadValue", "read" },
  { "org.bluez.GattCharacteristic1", "WriteValue", "write" },
  { "org.bluez.GattCharacteristic1", "StartNotify", "start_notify" },
  { "org.bluez.GattCharacteristic1", "StopNotify", "stop_notify" },
  { "org.bluez.GattDescriptor1", "ReadValue", "read" },
  { "org.bluez.GattDescriptor1", "WriteValue", "write" },
  { NOTIFICATIONS, "Notify", "notify" },
  { NOTIFICATIONS, "CloseNotification", "notify" },
  { MANAGER, "Reload", "daemon_reload" },
  { MANAGER, "Reexecute", "daemon_reload" },

  /* Whole names only, and the names of others are nobody's. */
  { MANAGER, "StartUnit", "default" },
  { "org.bluez.Device1", "CancelPairing", "default" },
  { "org.bluez.Device1", "connect", "default" },
  { "org.bluez.Device1", "Connec", "default" },
  { "org.bluez.Device1", "ConnectX", "default" },
  { "org.bluez.Device", "Connect", "default" },
  { "org.bluez.Device12", "Connect", "default" },
  { "org.example.Device1", "Connect", "default" },
  { "org.bluez.Adapter1", "Powered", "default" },
  { "org.bluez", "Device1.Connect", "default" },
  { "", "", "default" },
};

static void
assert_lookup (DbrTimeouts *timeouts,
               const char  *interface_name,
               const char  *member,
               const char  *expected,
               guint        expected_ms)
{
  g_autofree char *operation = NULL;
  const char *fast = NULL;
  guint ms = 0;

  g_test_message ("%s.%s", interface_name, member);
  operation = dbr_timeouts_lookup (timeouts, interface_name, member, &ms);
  g_assert_cmpstr (operation, ==, expected);
  g_assert_cmpuint (ms, ==, expected_ms);

  g_assert_cmpuint (dbr_timeouts_lookup_fast (timeouts, interface_name, member, &fast), ==, ms);
  g_assert_true (fast == g_intern_string (expected));
  g_assert_cmpuint (dbr_timeouts_lookup_fast (timeouts, interface_name, member, NULL), ==, ms);
}

static void
test_shipped_limits (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_auto(GStrv) operations = dbr_timeouts_dup_operations (timeouts);

  g_test_summary ("New limits are those of the table that ships, in the order of their names");

  g_assert_cmpuint (g_strv_length (operations), ==, G_N_ELEMENTS (shipped));
  for (gsize i = 0; i < G_N_ELEMENTS (shipped); i++)
    {
      g_assert_cmpstr (operations[i], ==, shipped[i].operation);
      g_assert_cmpuint (dbr_timeouts_get (timeouts, shipped[i].operation), ==, shipped[i].ms);
    }
}

static void
test_shipped_map (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autofree char *operation = NULL;

  g_test_summary ("An operation is found by whole interface and member, and by nothing like them");

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    assert_lookup (timeouts, methods[i].interface_name, methods[i].member, methods[i].operation,
                   dbr_timeouts_get (timeouts, methods[i].operation));

  operation = dbr_timeouts_lookup (timeouts, "org.bluez.Device1", "Pair", NULL);
  g_assert_cmpstr (operation, ==, "pair");
}

static void
test_write (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;
  const char *operation = NULL;

  g_test_summary ("Writing a property has its own limit where one is known, else that of writing");

  g_assert_cmpuint (dbr_timeouts_lookup_write (timeouts, "org.bluez.Adapter1", "Powered",
                                               &operation), ==, 15000);
  g_assert_true (operation == g_intern_string ("set_powered"));
  g_assert_cmpuint (dbr_timeouts_lookup_write (timeouts, "org.bluez.Adapter1", "PoweredX",
                                               &operation), ==, 5000);
  g_assert_cmpstr (operation, ==, "set_property");

  g_assert_true (dbr_timeouts_load_data (timeouts,
                                         "[writes]\norg.example.Lamp.Lit=notify\n", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_timeouts_lookup_write (timeouts, "org.example.Lamp", "Lit",
                                               NULL), ==, 2000);
  assert_lookup (timeouts, "org.example.Lamp", "Lit", "default", 10000);

  g_assert_true (dbr_timeouts_map (timeouts, PROPERTIES, "Set", "ping", &error));
  g_assert_no_error (error);
  dbr_timeouts_lookup_write (timeouts, "org.example.Lamp", "Other", &operation);
  g_assert_cmpstr (operation, ==, "ping");
}

static void
test_set_and_unset (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(DbrTimeouts) others = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A limit is changed in one object only, and taken back to what ships");

  g_assert_true (dbr_timeouts_set (timeouts, "connect", 60000, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 60000);
  g_assert_cmpuint (dbr_timeouts_get (others, "connect"), ==, 45000);
  assert_lookup (timeouts, "org.bluez.Device1", "Connect", "connect", 60000);

  dbr_timeouts_unset (timeouts, "connect");
  assert_lookup (timeouts, "org.bluez.Device1", "Connect", "connect", 45000);
  dbr_timeouts_unset (timeouts, "connect");
  dbr_timeouts_unset (timeouts, "nobody knows");
  dbr_timeouts_unset (timeouts, "");
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 45000);
}

static void
test_what_each_call_asks (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("What each call asks for is kept at hand, and follows what is set");
  g_assert_cmpuint (dbr_timeouts_get_default (timeouts), ==, 10000);
  g_assert_cmpuint (dbr_timeouts_get_activate (timeouts), ==, 30000);

  g_assert_true (dbr_timeouts_set (timeouts, "default", 700, &error));
  g_assert_true (dbr_timeouts_load_data (timeouts, "[limits]\nactivate=800\n", &error));
  g_assert_cmpuint (dbr_timeouts_get_default (timeouts), ==, 700);
  g_assert_cmpuint (dbr_timeouts_get_activate (timeouts), ==, 800);

  dbr_timeouts_unset (timeouts, "default");
  dbr_timeouts_unset (timeouts, "activate");
  g_assert_cmpuint (dbr_timeouts_get_default (timeouts), ==, 10000);
  g_assert_cmpuint (dbr_timeouts_get_activate (timeouts), ==, 30000);
}

static void
test_unknown_has_default (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();

  g_test_summary ("What is not known has the limit of the operation `default`, whatever that is");

  g_assert_cmpuint (dbr_timeouts_get (timeouts, "nobody knows"), ==, 10000);
  g_assert_true (dbr_timeouts_set (timeouts, "default", 7000, NULL));
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "nobody knows"), ==, 7000);
  assert_lookup (timeouts, "org.example.A", "B", "default", 7000);
  dbr_timeouts_unset (timeouts, "default");
  assert_lookup (timeouts, "org.example.A", "B", "default", 10000);
}

static void
test_own_operation (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) operations = NULL;

  g_test_summary ("An operation of one's own is listed, can be mapped to, and is gone when unset");

  g_assert_true (dbr_timeouts_set (timeouts, "export", 60000, &error));
  g_assert_true (dbr_timeouts_map (timeouts, "org.example.A", "Export", "export", &error));
  g_assert_true (dbr_timeouts_map (timeouts, "org.bluez.Device1", "Connect", "export", &error));
  g_assert_no_error (error);
  assert_lookup (timeouts, "org.example.A", "Export", "export", 60000);
  assert_lookup (timeouts, "org.bluez.Device1", "Connect", "export", 60000);
  assert_lookup (timeouts, "org.bluez.Device1", "Disconnect", "disconnect", 10000);

  operations = dbr_timeouts_dup_operations (timeouts);
  g_assert_cmpuint (g_strv_length (operations), ==, G_N_ELEMENTS (shipped) + 1);
  g_assert_true (g_strv_contains ((const char *const *) operations, "export"));

  dbr_timeouts_unset (timeouts, "export");
  assert_lookup (timeouts, "org.example.A", "Export", "default", 10000);
  assert_lookup (timeouts, "org.bluez.Device1", "Connect", "connect", 45000);
}

static void
test_bad_values (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A value that makes no sense is refused with its name, and changes nothing");

  assert_invalid (dbr_timeouts_set (timeouts, "connect", 0, &error), &error, "connect");
  assert_invalid (dbr_timeouts_set (timeouts, "connect", 86400001, &error), &error, "connect");
  assert_invalid (dbr_timeouts_set (timeouts, "connect", G_MAXUINT, &error), &error, "connect");
  assert_invalid (dbr_timeouts_set (timeouts, "", 1000, &error), &error, "empty");
  assert_invalid (dbr_timeouts_set (timeouts, "\377", 1000, &error), &error, "UTF-8");
  assert_invalid (dbr_timeouts_map (timeouts, "noDot", "A", "ping", &error), &error, "noDot");
  assert_invalid (dbr_timeouts_map (timeouts, "", "A", "ping", &error), &error, "interface");
  assert_invalid (dbr_timeouts_map (timeouts, "org.a.B", "1A", "ping", &error), &error, "1A");
  assert_invalid (dbr_timeouts_map (timeouts, "org.a.B", "", "ping", &error), &error, "member");
  assert_invalid (dbr_timeouts_map (timeouts, "org.a.B", "A", "", &error), &error, "empty");
  assert_invalid (dbr_timeouts_map (timeouts, "org.a.B", "A", "pong", &error), &error, "pong");
  g_assert_false (dbr_timeouts_set (timeouts, "connect", 0, NULL));

  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 45000);
  assert_lookup (timeouts, "org.a.B", "A", "default", 10000);
  g_assert_true (dbr_timeouts_set (timeouts, "connect", 86400000, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 86400000);
}

static void
count_message_cb (const char     *domain,
                  GLogLevelFlags  level,
                  const char     *message,
                  gpointer        user_data)
{
  guint *n_messages = user_data;

  g_assert_nonnull (strstr (message, "milliseconds"));
  (*n_messages)++;
}

static void
test_short_limit (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  guint n_messages = 0;
  guint handler = g_log_set_handler ("Dbr", G_LOG_LEVEL_MESSAGE, count_message_cb, &n_messages);

  g_test_summary ("A limit that was perhaps meant in seconds works, and is named once in the log");

  g_assert_true (dbr_timeouts_set (timeouts, "connect", 10, NULL));
  g_assert_cmpuint (n_messages, ==, 0);
  /* What is refused is not named. */
  g_assert_false (dbr_timeouts_load_data (timeouts, "[limits]\nping=5\n[map]\na.b.C=d\n", NULL));
  g_assert_cmpuint (n_messages, ==, 0);

  g_assert_true (dbr_timeouts_set (timeouts, "connect", 9, NULL));
  g_assert_cmpuint (n_messages, ==, 1);
  g_assert_true (dbr_timeouts_set (timeouts, "connect", 1, NULL));
  g_assert_true (dbr_timeouts_load_data (timeouts, "[limits]\nping=5\n", NULL));
  g_assert_cmpuint (n_messages, ==, 1);
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 1);
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "ping"), ==, 5);

  g_log_remove_handler ("Dbr", handler);
}

static void
test_load_data (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A text changes limits and maps, also to operations that it brings itself");

  g_assert_true (dbr_timeouts_load_data (timeouts, "", &error));
  g_assert_true (dbr_timeouts_load_data (timeouts,
                                         "# A comment\n"
                                         "[map]\n"
                                         "org.example.A.Export = export \n"
                                         "org.bluez.Device1.Connect=ping\n"
                                         "[limits]\n"
                                         "export=  20000  \n"
                                         "connect=60000\n", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 60000);
  assert_lookup (timeouts, "org.example.A", "Export", "export", 20000);
  assert_lookup (timeouts, "org.bluez.Device1", "Connect", "ping", 2000);

  /* What was mapped before is known to the next text. */
  g_assert_true (dbr_timeouts_load_data (timeouts, "[map]\norg.example.A.Save=export", &error));
  g_assert_no_error (error);
  assert_lookup (timeouts, "org.example.A", "Save", "export", 20000);
}

static void
test_load_is_all_or_nothing (void)
{
  static const struct
  {
    const char *text;
    const char *named;
  } bad[] = {
    { "connect=1000", "key file" },
    { "[limits]\nconnect=60000\nnonsense\n", "key file" },
    { "[limits]\nconnect=60000\nping=0\n", "[limits] ping=0" },
    { "[limits]\nconnect=60000\nping=86400001\n", "[limits] ping=86400001" },
    { "[limits]\nconnect=60000\nping=99999999999999999999\n", "[limits] ping=9999" },
    { "[limits]\nconnect=60000\nping=-1\n", "[limits] ping=-1" },
    { "[limits]\nconnect=60000\nping=2s\n", "[limits] ping=2s" },
    { "[limits]\nconnect=60000\nping=1.5\n", "[limits] ping=1.5" },
    { "[limits]\nconnect=60000\nping=\n", "[limits] ping=" },
    { "[limits]\nconnect=60000\n[map]\nConnect=ping\n", "[map] Connect=ping" },
    { "[limits]\nconnect=60000\n[map]\na.b.=ping\n", "[map] a.b.=ping" },
    { "[limits]\nconnect=60000\n[map]\na.b.C=\n", "[map] a.b.C=" },
    { "[limits]\nconnect=60000\n[map]\na.b.C=pong\n", "[map] a.b.C=pong" },
    { "[limits]\nconnect=60000\n[writes]\na.b.C=pong\n", "[writes] a.b.C=pong" },
    { "[limits]\nconnect=60000\n[writes]\na.b.c-d=ping\n", "[writes] a.b.c-d=ping" },
    { "[limits]\nconnect=60000\n[timeouts]\nping=1000\n", "[timeouts]" },
    { "[limits]\nconnect=60000\n[never-activate]\nnames=a.b\n", "[never-activate]" },
    { "[limits]\nconnect=60000\n[map]\nx.y.Z=ping\na.b.C=\377\n", "UTF-8" },
  };
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A text with one fault changes nothing, and the fault is named");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      assert_invalid (dbr_timeouts_load_data (timeouts, bad[i].text, &error), &error, bad[i].named);
      g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 45000);
      g_assert_cmpuint (dbr_timeouts_get (timeouts, "ping"), ==, 2000);
      assert_lookup (timeouts, "a.b", "C", "default", 10000);
      assert_lookup (timeouts, "x.y", "Z", "default", 10000);
    }
}

static void
test_load_file (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("dbr-timeouts-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "limits.ini", NULL);

  g_test_summary ("A file is read like a text; its path is in every error");

  g_assert_false (dbr_timeouts_load_file (timeouts, path, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "limits.ini"));
  g_clear_error (&error);

  g_assert_false (dbr_timeouts_load_file (timeouts, folder, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STORAGE);
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, "[limits]\nconnect=0\n", -1, &error));
  assert_invalid (dbr_timeouts_load_file (timeouts, path, &error), &error, "limits.ini");

  g_assert_true (g_file_set_contents (path, "[limits]\nconnect=1000\n\0", 23, &error));
  assert_invalid (dbr_timeouts_load_file (timeouts, path, &error), &error, "UTF-8");
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 45000);

  g_assert_true (g_file_set_contents (path, "[limits]\nconnect=1000\n", -1, &error));
  g_assert_true (dbr_timeouts_load_file (timeouts, path, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_timeouts_get (timeouts, "connect"), ==, 1000);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static gpointer
change_cb (gpointer data)
{
  DbrTimeouts *timeouts = data;

  for (guint i = 0; i < 2000; i++)
    {
      g_assert_true (dbr_timeouts_set (timeouts, "connect", 1000, NULL));
      g_assert_true (dbr_timeouts_load_data (timeouts,
                                             "[limits]\nmine=2000\n"
                                             "[map]\norg.bluez.Device1.Connect=mine\n", NULL));
      dbr_timeouts_unset (timeouts, "mine");
      dbr_timeouts_unset (timeouts, "connect");
    }

  return NULL;
}

static gpointer
look_up_cb (gpointer data)
{
  DbrTimeouts *timeouts = data;

  for (guint i = 0; i < 20000; i++)
    {
      g_auto(GStrv) operations = NULL;
      const char *operation = NULL;
      guint ms = dbr_timeouts_lookup_fast (timeouts, "org.bluez.Device1", "Connect", &operation);

      /* Operation and limit belong together, whatever is changed meanwhile. */
      if (g_str_equal (operation, "mine"))
        g_assert_cmpuint (ms, ==, 2000);
      else
        g_assert_true (g_str_equal (operation, "connect") && (ms == 1000 || ms == 45000));

      if (i % 100 == 0)
        operations = dbr_timeouts_dup_operations (timeouts);
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  GThread *threads[4];

  g_test_summary ("Any thread may look up while others change, and never sees half a change");

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("limits", i % 2 == 0 ? change_cb : look_up_cb, timeouts);

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  assert_lookup (timeouts, "org.bluez.Device1", "Connect", "connect", 45000);
}

static void
test_never_activated (void)
{
  g_test_summary ("A service that a call must not start is known by its whole name");

  g_assert_false (dbr_services_may_activate ("org.bluez"));
  g_assert_true (dbr_services_may_activate ("org.bluez.obex"));
  g_assert_true (dbr_services_may_activate ("org.blue"));
  g_assert_true (dbr_services_may_activate (NOTIFICATIONS));
  g_assert_true (dbr_services_may_activate (""));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/timeouts/shipped-limits", test_shipped_limits);
  g_test_add_func ("/dbr/timeouts/whole-names-only", test_shipped_map);
  g_test_add_func ("/dbr/timeouts/writing-a-property", test_write);
  g_test_add_func ("/dbr/timeouts/set-and-unset", test_set_and_unset);
  g_test_add_func ("/dbr/timeouts/what-each-call-asks", test_what_each_call_asks);
  g_test_add_func ("/dbr/timeouts/unknown-has-default", test_unknown_has_default);
  g_test_add_func ("/dbr/timeouts/own-operation", test_own_operation);
  g_test_add_func ("/dbr/timeouts/bad-values", test_bad_values);
  g_test_add_func ("/dbr/timeouts/short-limit-is-named", test_short_limit);
  g_test_add_func ("/dbr/timeouts/load-data", test_load_data);
  g_test_add_func ("/dbr/timeouts/load-is-all-or-nothing", test_load_is_all_or_nothing);
  g_test_add_func ("/dbr/timeouts/load-file", test_load_file);
  g_test_add_func ("/dbr/timeouts/threads", test_threads);
  g_test_add_func ("/dbr/services/never-activated", test_never_activated);

  return g_test_run ();
}
