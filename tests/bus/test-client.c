/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbr-scene.h"

/* What a client is and tells. */

static void
test_nothing_before_use (void)
{
  g_autoptr(DbrClient) client = NULL;
  DbrTestResources before;
  DbrTestResources after;

  if (!g_test_subprocess ())
    {
      g_test_summary ("Making a client starts no thread and opens no connection");
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  /* The main context itself has a descriptor of its own. */
  g_main_context_default ();
  before = dbr_test_resources_read ();
  client = dbr_client_new (G_BUS_TYPE_SYSTEM);
  after = dbr_test_resources_read ();
  g_assert_cmpuint (after.n_threads, ==, before.n_threads);
  g_assert_cmpuint (after.n_fds, ==, before.n_fds);
  g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_DISCONNECTED);
  g_assert_null (dbr_client_get_unique_name (client));
}

static void
test_open (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A client can be opened before its first call");
  if (is_async)
    {
      dbr_client_open_async (scene->client, NULL, dbr_test_result_cb, &result);
      dbr_client_open_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
    }
  else
    {
      dbr_client_open_sync (scene->client, NULL, &error);
    }
  g_assert_no_error (error);
  g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_CONNECTED);
  g_assert_true (g_dbus_is_unique_name (dbr_client_get_unique_name (scene->client)));
}

static void
test_properties (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GVariant) level = NULL;
  g_autoptr(GVariant) all = NULL;
  g_autoptr(GVariant) nothing = NULL;
  g_autoptr(GError) error = NULL;
  guint32 value = 0;

  g_test_summary ("Properties are read and written, without the variant around them");
  g_assert_true (dbr_client_write_property_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                                 "Level", g_variant_new_uint32 (7), NULL, &error));
  g_assert_no_error (error);
  level = dbr_client_read_property_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                         "Level", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (level), ==, 7);
  all = dbr_client_read_all_properties_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                             NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_is_of_type (all, G_VARIANT_TYPE_VARDICT));
  g_assert_true (g_variant_lookup (all, "Level", "u", &value));
  g_assert_cmpuint (value, ==, 7);

  nothing = dbr_client_read_property_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                           "No.Such", NULL, &error);
  g_assert_null (nothing);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_properties_async (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(DbrTestResult) written = { NULL };
  g_auto(DbrTestResult) read = { NULL };
  g_auto(DbrTestResult) all = { NULL };
  g_autoptr(GVariant) level = NULL;
  g_autoptr(GVariant) dictionary = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("The same without waiting");
  dbr_client_write_property_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Level",
                                   g_variant_new_uint32 (9), NULL, dbr_test_result_cb, &written);
  dbr_client_read_property_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Level",
                                  NULL, dbr_test_result_cb, &read);
  dbr_client_read_all_properties_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                        NULL, dbr_test_result_cb, &all);
  g_assert_true (dbr_client_write_property_finish (scene->client, dbr_test_result_wait (&written, NULL),
                                                   &error));
  g_assert_no_error (error);
  level = dbr_client_read_property_finish (scene->client, dbr_test_result_wait (&read, NULL), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (level), ==, 9);
  dictionary = dbr_client_read_all_properties_finish (scene->client, dbr_test_result_wait (&all, NULL),
                                                      &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_is_of_type (dictionary, G_VARIANT_TYPE_VARDICT));
}

static void
test_ping (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A ping tells how long the answer took, and that a name has nobody");
  g_assert_cmpint (dbr_client_ping_sync (scene->client, SCENE_NAME, NULL, &error), >=, 0);
  g_assert_no_error (error);
  dbr_client_ping_async (scene->client, SCENE_NAME, NULL, dbr_test_result_cb, &result);
  g_assert_cmpint (dbr_client_ping_finish (scene->client, dbr_test_result_wait (&result, NULL), &error),
                   >=, 0);
  g_assert_no_error (error);
  g_assert_cmpint (dbr_client_ping_sync (scene->client, "org.dbr.Nobody", NULL, &error), ==, -1);
  g_assert_nonnull (error);
}

static void
test_limits_by_operation (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_autoptr(DbrCall) mapped = scene_call_new ("Never", NULL, 0);
  g_autoptr(DbrCall) named = scene_call_new ("Never", NULL, 0);
  g_autoptr(DbrCall) attempt = scene_call_new ("Never", NULL, 5000);
  Outcome outcomes[3] = { { NULL } };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A call that says nothing itself goes by its operation's limit");
  scene_assert_answers (scene->client);
  dbr_timeouts_set (timeouts, "short", 200, &error);
  dbr_timeouts_set (timeouts, "shorter", 100, &error);
  dbr_timeouts_map (timeouts, DBR_TEST_INTERFACE, "Never", "short", &error);
  g_assert_no_error (error);
  dbr_client_set_timeouts (scene->client, timeouts);
  g_assert_true (dbr_client_get_timeouts (scene->client) == timeouts);

  scene_run_sync (scene->client, mapped, NULL, &outcomes[0]);
  g_assert_error (outcomes[0].error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcomes[0], 200);

  dbr_call_set_operation (named, "shorter");
  scene_run_sync (scene->client, named, NULL, &outcomes[1]);
  g_assert_error (outcomes[1].error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcomes[1], 100);

  dbr_call_set_attempt_timeout_ms (attempt, 150);
  scene_run_sync (scene->client, attempt, NULL, &outcomes[2]);
  g_assert_error (outcomes[2].error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcomes[2], 150);

  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    outcome_clear (&outcomes[i]);
}

typedef struct
{
  guint         n_lost;
  guint         n_restored;
  guint         n_states;
  char         *reason;
  GMainContext *context;
} Heard;

static void
lost_cb (DbrClient *client,
         GError    *error,
         gpointer   user_data)
{
  Heard *heard = user_data;

  heard->n_lost++;
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  heard->context = g_main_context_get_thread_default ();
}

static void
restored_cb (DbrClient *client,
             gpointer   user_data)
{
  ((Heard *) user_data)->n_restored++;
}

static void
state_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    user_data)
{
  ((Heard *) user_data)->n_states++;
}

static void
test_bus_restarts (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) peer = NULL;
  Heard heard = { 0 };

  g_test_summary ("A client whose bus died says so, lives on, and connects again by itself");
  g_signal_connect (scene->client, "connection-lost", G_CALLBACK (lost_cb), &heard);
  g_signal_connect (scene->client, "connection-restored", G_CALLBACK (restored_cb), &heard);
  g_signal_connect (scene->client, "notify::state", G_CALLBACK (state_cb), &heard);
  scene_assert_answers (scene->client);

  for (guint i = 1; i <= 5; i++)
    {
      dbr_test_bus_kill (scene->bus);
      dbr_test_wait_until (NULL, heard.n_lost == i, DBR_TEST_PATIENCE_MS);
      g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_RECONNECTING);
      dbr_test_bus_restart (scene->bus);
      g_clear_pointer (&peer, dbr_test_peer_free);
      peer = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
      dbr_test_wait_until (NULL, heard.n_restored == i, DBR_TEST_PATIENCE_MS);
      scene_assert_answers (scene->client);
    }
  g_assert_cmpuint (heard.n_states, >=, 10);
  g_assert_null (heard.context);
}

static gpointer
kill_thread (gpointer data)
{
  Scene *scene = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  G_GNUC_UNUSED g_autoptr(GMainContextPusher) pusher = g_main_context_pusher_new (context);
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
  Heard heard = { 0 };

  g_signal_connect (client, "connection-lost", G_CALLBACK (lost_cb), &heard);
  scene_assert_answers (client);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (context, heard.n_lost == 1, DBR_TEST_PATIENCE_MS);
  g_assert_true (heard.context == context);

  return NULL;
}

static void
test_signals_in_context (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("Signals are emitted in the context that the client was made in");
  g_thread_join (g_thread_new ("kill", kill_thread, scene));
}

static void
test_adopted (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) one = dbr_client_new_for_connection (connection);
  g_autoptr(DbrClient) other = dbr_client_new_for_connection (connection);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Clients share a connection of the application with it, and do not close it");
  for (guint i = 0; i < 50; i++)
    {
      scene_assert_answers (one);
      scene_assert_answers (other);
    }
  g_assert_cmpstr (dbr_client_get_unique_name (one), ==, g_dbus_connection_get_unique_name (connection));
  dbr_client_close_sync (one, NULL, &error);
  g_assert_no_error (error);
  scene_assert_answers (other);
  g_clear_object (&other);

  reply = dbr_test_call_peer (connection, SCENE_NAME, "Echo", NULL, &error);
  g_assert_no_error (error);
  g_assert_false (g_dbus_connection_is_closed (connection));
}

static guint
count_match_rules (GDBusConnection *connection)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) figures = NULL;
  guint32 n_rules = 0;

  reply = dbr_test_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                         "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats",
                         g_variant_new ("(s)", g_dbus_connection_get_unique_name (connection)),
                         5000, &error);
  g_assert_no_error (error);
  figures = g_variant_get_child_value (reply, 0);
  g_assert_true (g_variant_lookup (figures, "MatchRules", "u", &n_rules));

  return n_rules;
}

static void
test_takes_rules_back (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_DBUS_DAEMON, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  guint n_before = count_match_rules (connection);

  g_test_summary ("A client leaves no match rule behind on a connection that it was lent");
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);

      scene_assert_answers (client);
      dbr_test_wait_until (NULL, count_match_rules (connection) > n_before, DBR_TEST_PATIENCE_MS);
    }
  dbr_test_wait_until (NULL, count_match_rules (connection) == n_before, DBR_TEST_PATIENCE_MS);
}

static void
test_peer_to_peer (void)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Two programs talk without a bus, and without names");
  reply = dbr_client_call_sync (client, NULL, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                                g_variant_new ("(s)", "direct"), NULL, 5000, NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('direct',)");
  g_assert_null (dbr_client_get_unique_name (client));
  g_assert_cmpint (dbr_client_ping_sync (client, NULL, NULL, &error), >=, 0);
  g_assert_no_error (error);
  dbr_test_peer_stop (peer);
  g_clear_pointer (&reply, g_variant_unref);
  reply = dbr_client_call_sync (client, NULL, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL, NULL, 200,
                                NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

static void
test_several_clients (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  guint before = dbr_test_bus_count_connections (scene->bus);
  DbrClient *clients[10];

  g_test_summary ("Each client has a connection of its own, which goes with it");
  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
      scene_assert_answers (clients[i]);
    }
  g_assert_cmpuint (dbr_test_bus_count_connections (scene->bus), ==, before + G_N_ELEMENTS (clients));
  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    g_object_unref (clients[i]);
  dbr_test_wait_until (NULL, dbr_test_bus_count_connections (scene->bus) == before, DBR_TEST_PATIENCE_MS);
}

/* GDBus's worker thread is not there in a child, and cannot be started again. */
static gboolean
is_as_expected_of_fresh (gint64  round_trip,
                         GError *error)
{
  if (scene_is_on_gdbus ())
    return round_trip == -1 && g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED);

  return round_trip >= 0 && error == NULL;
}

/* In the child nothing may be asserted: only its status tells. */
static int
child_main (DbrClient  *client,
            const char *address)
{
  g_autoptr(DbrClient) fresh = dbr_client_new_for_address (address);
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) fresh_error = NULL;
  g_autoptr(GError) async_error = NULL;
  DbrTestResult result = { NULL };
  gint64 round_trip;

  if (dbr_client_ping_sync (client, SCENE_NAME, NULL, &error) != -1
      || !g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED))
    return 1;
  round_trip = dbr_client_ping_sync (fresh, SCENE_NAME, NULL, &fresh_error);
  if (!is_as_expected_of_fresh (round_trip, fresh_error))
    return 2;

  dbr_client_ping_async (client, SCENE_NAME, NULL, dbr_test_result_cb, &result);
  while (result.n_calls == 0)
    g_main_context_iteration (NULL, TRUE);
  if (dbr_client_ping_finish (client, result.result, &async_error) != -1
      || !g_error_matches (async_error, DBR_ERROR, DBR_ERROR_FORKED))
    return 3;
  dbr_test_result_clear (&result);
  g_object_unref (client);

  return 0;
}

/* What counts is the byte and not the status, which a memory checker would take for itself: the child
 * has of course lost all that its parent's other threads held. */
G_NORETURN static void
tell_and_die (int fd,
              int result)
{
  char told = (char) result;

  while (write (fd, &told, 1) != 1)
    ;
  while (TRUE)
    kill (getpid (), SIGKILL);
}

static void
test_fork (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  int ends[2];
  pid_t pid;
  char told = -1;

  g_test_summary ("In a child of fork() a client of the parent's says that it cannot work there, and "
                  "never hangs; one that is made there does work");
  scene_assert_answers (scene->client);
  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  if (pid == 0)
    tell_and_die (ends[1], child_main (scene->client, dbr_test_bus_get_address (scene->bus)));
  close (ends[1]);
  g_unix_set_fd_nonblocking (ends[0], TRUE, NULL);
  dbr_test_wait_until (NULL, read (ends[0], &told, 1) == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (told, ==, 0);
  waitpid (pid, NULL, 0);
  close (ends[0]);
  scene_assert_answers (scene->client);
}

static void
test_disposed_while_stopped (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *filler = g_strnfill (4 * 1024 * 1024, 'x');
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(s)", filler), 100);
  gint64 began;

  g_test_summary ("Letting go of a client takes no time, though bytes wait for a bus that has stopped");
  scene_assert_answers (scene->client);
  dbr_test_bus_stop (scene->bus);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  began = g_get_monotonic_time ();
  g_clear_object (&scene->client);
  g_assert_cmpint (g_get_monotonic_time () - began, <, SCENE_GRACE_USEC);
  dbr_test_bus_cont (scene->bus);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/client/nothing-before-use", test_nothing_before_use);
  g_test_add_data_func ("/dbr/client/opened-first/sync", GINT_TO_POINTER (FALSE), test_open);
  g_test_add_data_func ("/dbr/client/opened-first/async", GINT_TO_POINTER (TRUE), test_open);
  g_test_add_func ("/dbr/client/properties/sync", test_properties);
  g_test_add_func ("/dbr/client/properties/async", test_properties_async);
  g_test_add_func ("/dbr/client/ping", test_ping);
  g_test_add_func ("/dbr/client/limits-by-operation", test_limits_by_operation);
  g_test_add_func ("/dbr/client/outlives-its-bus", test_bus_restarts);
  g_test_add_func ("/dbr/client/signals-in-its-context", test_signals_in_context);
  g_test_add_func ("/dbr/client/shares-a-connection", test_adopted);
  g_test_add_func ("/dbr/client/leaves-no-rule-behind", test_takes_rules_back);
  g_test_add_func ("/dbr/client/peer-to-peer", test_peer_to_peer);
  g_test_add_func ("/dbr/client/each-has-a-connection", test_several_clients);
  g_test_add_func ("/dbr/client/refuses-after-fork", test_fork);
  g_test_add_func ("/dbr/client/goes-at-once", test_disposed_while_stopped);

  return g_test_run ();
}
