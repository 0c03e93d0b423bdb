/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* What is known of whether the method ran, by who said what when. */

static void
assert_execution (const Outcome *outcome,
                  DbrExecution   expected)
{
  if (dbr_call_get_execution (outcome->call) == expected)
    return;

  g_error ("The execution is %d and not %d after: %s", dbr_call_get_execution (outcome->call), expected,
           outcome->error != NULL ? outcome->error->message : "success");
}

static void
assert_remote (const Outcome *outcome,
               const char    *name)
{
  g_autofree char *remote = NULL;

  g_assert_nonnull (outcome->error);
  remote = g_dbus_error_get_remote_error (outcome->error);
  g_assert_cmpstr (remote, ==, name);
}

static void
test_success (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("An answered call ran once");
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
  assert_execution (&outcome, DBR_EXECUTION_ONCE);
  g_assert_cmpstr (dbr_call_get_sender (call), ==, dbr_test_peer_get_unique_name (scene->peer));
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "a"), ==, 1);
}

typedef struct
{
  const char   *name;
  DbrExecution  execution;
} Row;

static void
test_errors_of_service (void)
{
  static const Row rows[] = {
    { "org.example.Error.Broken", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.Failed", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.AccessDenied", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.ServiceUnknown", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.NameHasNoOwner", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.LimitsExceeded", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.InvalidArgs", DBR_EXECUTION_ONCE },
    { "org.freedesktop.DBus.Error.NoReply", DBR_EXECUTION_MAYBE },
    { "org.freedesktop.DBus.Error.Timeout", DBR_EXECUTION_MAYBE },
    { "org.freedesktop.DBus.Error.NoMemory", DBR_EXECUTION_MAYBE },
    { "org.freedesktop.DBus.Error.UnknownMethod", DBR_EXECUTION_NEVER },
    { "org.freedesktop.DBus.Error.UnknownObject", DBR_EXECUTION_NEVER },
    { "org.freedesktop.DBus.Error.UnknownInterface", DBR_EXECUTION_NEVER },
    { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", DBR_EXECUTION_NEVER },
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("What a service says tells that it ran, but for the names that mean it did not get there");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Fail", g_variant_new ("(ss)", rows[i].name, "as told"),
                                                5000);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      assert_remote (&outcome, rows[i].name);
      g_assert_nonnull (strstr (outcome.error->message, "as told"));
      assert_execution (&outcome, rows[i].execution);
    }
}

static void
test_errors_without_sender (void)
{
  static const Row on_bus[] = {
    { "org.freedesktop.DBus.Error.ServiceUnknown", DBR_EXECUTION_NEVER },
    { "org.freedesktop.DBus.Error.AccessDenied", DBR_EXECUTION_NEVER },
    { "org.freedesktop.DBus.Error.NoReply", DBR_EXECUTION_MAYBE },
  };
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening ("on org.freedesktop.DBus.Hello: reply (':1.1',)");
  g_autoptr(DbrClient) as_bus = dbr_client_new_for_address (dbr_test_peer_get_address (peer));
  g_autoptr(DbrClient) as_peer = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));

  g_test_summary ("An error without a sender is the bus's on a bus, and the peer's without one");
  for (gsize i = 0; i < G_N_ELEMENTS (on_bus); i++)
    {
      GVariant *parameters = g_variant_ref_sink (g_variant_new ("(ss)", on_bus[i].name, ""));
      g_autoptr(DbrCall) bus_call = scene_call_new ("Fail", parameters, 5000);
      g_autoptr(DbrCall) peer_call = dbr_call_new (NULL, SCENE_PATH, DBR_TEST_INTERFACE, "Fail",
                                                   parameters);
      g_auto(Outcome) outcome = { NULL };
      g_auto(Outcome) peer_outcome = { NULL };

      scene_run_sync (as_bus, bus_call, NULL, &outcome);
      assert_remote (&outcome, on_bus[i].name);
      g_assert_null (dbr_call_get_sender (bus_call));
      assert_execution (&outcome, on_bus[i].execution);

      scene_run_sync (as_peer, peer_call, NULL, &peer_outcome);
      assert_remote (&peer_outcome, on_bus[i].name);
      assert_execution (&peer_outcome, on_bus[i].execution == DBR_EXECUTION_MAYBE
                                       ? DBR_EXECUTION_MAYBE : DBR_EXECUTION_ONCE);
      g_variant_unref (parameters);
    }
}

static void
test_absent_names (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  struct { const char *name; gboolean auto_start; const char *error; } rows[] = {
    { "org.dbr.Nobody", TRUE, "org.freedesktop.DBus.Error.ServiceUnknown" },
    { "org.dbr.Nobody", FALSE, "org.freedesktop.DBus.Error.NameHasNoOwner" },
    { ":1.4242", FALSE, NULL },
  };

  g_test_summary ("A call to a name that nobody has did not run");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrCall) call = dbr_call_new (rows[i].name, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL);
      g_auto(Outcome) outcome = { NULL };

      dbr_call_set_auto_start (call, rows[i].auto_start);
      scene_run_sync (scene->client, call, NULL, &outcome);
      if (rows[i].error != NULL)
        assert_remote (&outcome, rows[i].error);
      g_assert_nonnull (outcome.error);
      assert_execution (&outcome, DBR_EXECUTION_NEVER);
    }
}

static void
test_failed_activation (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_ACTIVATION | DBR_TEST_BUS_DBUS_DAEMON, NULL);
  struct { const char *name; const char *exec; const char *error; } rows[] = {
    { "org.dbr.Exits", "/bin/false", "org.freedesktop.DBus.Error.Spawn.ChildExited" },
    { "org.dbr.Killed", "/bin/sh -c \"kill -KILL $$\"", "org.freedesktop.DBus.Error.Spawn.ChildSignaled" },
    { "org.dbr.Missing", "/nonexistent/program", "org.freedesktop.DBus.Error.Spawn.ExecFailed" },
  };

  g_test_summary ("A call to a service that could not be started did not run");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrCall) call = dbr_call_new (rows[i].name, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL);
      g_auto(Outcome) outcome = { NULL };

      dbr_test_bus_add_service (scene->bus, rows[i].name, rows[i].exec);
      scene_run_sync (scene->client, call, NULL, &outcome);
      assert_remote (&outcome, rows[i].error);
      assert_execution (&outcome, DBR_EXECUTION_NEVER);
    }
}

static void
test_killed_peer (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Die", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("Of a call whose service died nobody can say whether it ran");
  scene_run_sync (scene->client, call, NULL, &outcome);
  assert_remote (&outcome, "org.freedesktop.DBus.Error.NoReply");
  assert_execution (&outcome, DBR_EXECUTION_MAYBE);
}

static void
test_wrong_type (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(u)", 1), 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A reply of the wrong type is no success, but the method ran");
  dbr_call_set_reply_type (call, G_VARIANT_TYPE ("(s)"));
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
  g_assert_nonnull (strstr (outcome.error->message, "(u)"));
  g_assert_nonnull (strstr (outcome.error->message, "(s)"));
  assert_execution (&outcome, DBR_EXECUTION_ONCE);
}

static void
test_killed_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("Of a call that was sent when the bus died nobody can say whether it ran");
  scene_assert_answers (scene->client);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Never") == 1, DBR_TEST_PATIENCE_MS);
  dbr_test_bus_kill (scene->bus);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  assert_execution (&outcome, DBR_EXECUTION_MAYBE);
}

static void
test_closed_before (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_autoptr(DbrCall) closed_call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) closed_outcome = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A call on a connection that is closed already did not run");
  g_dbus_connection_close_sync (connection, NULL, &error);
  g_assert_no_error (error);
  scene_run_sync (client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  assert_execution (&outcome, DBR_EXECUTION_NEVER);

  dbr_client_close_sync (scene->client, NULL, &error);
  g_assert_no_error (error);
  scene_run_sync (scene->client, closed_call, NULL, &closed_outcome);
  g_assert_error (closed_outcome.error, DBR_ERROR, DBR_ERROR_CLOSED);
  assert_execution (&closed_outcome, DBR_EXECUTION_NEVER);
}

static void
test_limit_of_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_DBUS_DAEMON, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 5000);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autofree DbrTestResult *results = g_new0 (DbrTestResult, 128);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that the bus refuses, because the application used up its slots, did not run");
  for (guint i = 0; i < 128; i++)
    g_dbus_connection_call (connection, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Never", NULL, NULL,
                            G_DBUS_CALL_FLAGS_NONE, G_MAXINT, cancellable, dbr_test_result_cb,
                            &results[i]);
  scene_run_sync (client, call, NULL, &outcome);
  assert_remote (&outcome, "org.freedesktop.DBus.Error.LimitsExceeded");
  assert_execution (&outcome, DBR_EXECUTION_NEVER);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "a"), ==, 0);

  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < 128; i++)
    {
      dbr_test_wait_until (NULL, results[i].n_calls == 1, DBR_TEST_PATIENCE_MS);
      dbr_test_result_clear (&results[i]);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/execution/an-answer-is-once", test_success);
  g_test_add_func ("/dbr/execution/errors-of-a-service", test_errors_of_service);
  g_test_add_func ("/dbr/execution/errors-without-a-sender", test_errors_without_sender);
  g_test_add_func ("/dbr/execution/an-absent-name-is-never", test_absent_names);
  g_test_add_func ("/dbr/execution/a-failed-activation-is-never", test_failed_activation);
  g_test_add_func ("/dbr/execution/a-killed-peer-is-maybe", test_killed_peer);
  g_test_add_func ("/dbr/execution/a-wrong-type-is-once", test_wrong_type);
  g_test_add_func ("/dbr/execution/a-killed-bus-is-maybe", test_killed_bus);
  g_test_add_func ("/dbr/execution/a-closed-connection-is-never", test_closed_before);
  g_test_add_func ("/dbr/execution/a-refusal-of-the-bus-is-never", test_limit_of_bus);

  return g_test_run ();
}
