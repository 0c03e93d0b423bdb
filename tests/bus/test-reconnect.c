/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>

#include "dbr-proxy-scene.h"

#define FACE "org.dbr.Test1"
#define N_LOADS 3
#define LOAD_LIMIT_MS 1500

/* A client's news, and what its subscriptions heard. */
typedef struct
{
  guint n_lost;
  guint n_restored;
  guint n_heard[3];
} News;

static void
lost_cb (DbrClient *client,
         GError    *error,
         gpointer   user_data)
{
  ((News *) user_data)->n_lost++;
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
}

static void
restored_cb (DbrClient *client,
             gpointer   user_data)
{
  ((News *) user_data)->n_restored++;
}

static void
news_watch (News      *news,
            DbrClient *client)
{
  g_signal_connect (client, "connection-lost", G_CALLBACK (lost_cb), news);
  g_signal_connect (client, "connection-restored", G_CALLBACK (restored_cb), news);
}

static DbrSubscription *
subscription_open (DbrClient            *client,
                   const char           *path,
                   const char           *member,
                   DbrSubscriptionFlags  flags,
                   guint                *n_heard)
{
  DbrSubscription *subscription = dbr_subscription_new (client, SCENE_NAME, path, FACE, member,
                                                        NULL, flags);
  g_autoptr(GError) error = NULL;

  dbr_test_listen (subscription, dbr_test_count_signal, n_heard);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);

  return subscription;
}

/* Calls of all kinds, one after another, each of which has to end in time. */
typedef struct
{
  Scene   *scene;
  guint    kind;
  GThread *thread;
  gint     is_over;
  guint    n_ok;
  guint    n_failed;
} Load;

static gboolean
load_call (Load    *load,
           GError **error)
{
  DbrClient *client = load->scene->client;
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *owner = NULL;

  switch (load->kind)
    {
    case 0:
      reply = dbr_client_call_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                                    g_variant_new ("(s)", "x"), NULL, LOAD_LIMIT_MS, NULL, error);
      return reply != NULL;

    case 1:
      reply = dbr_client_call_sync (client, SCENE_NAME, SCENE_PATH,
                                    "org.freedesktop.DBus.Properties", "GetAll",
                                    g_variant_new ("(s)", DBR_TEST_INTERFACE), NULL, LOAD_LIMIT_MS,
                                    NULL, error);
      return reply != NULL;

    default:
      owner = dbr_client_wait_for_service_sync (client, SCENE_NAME, LOAD_LIMIT_MS, NULL, error);
      return owner != NULL;
    }
}

static gpointer
load_thread (gpointer data)
{
  Load *load = data;

  while (!g_atomic_int_get (&load->is_over))
    {
      g_autoptr(GError) error = NULL;
      gint64 began_usec = g_get_monotonic_time ();
      gboolean is_ok = load_call (load, &error);

      g_assert_cmpint (is_ok, ==, error == NULL);
      g_assert_cmpint (g_get_monotonic_time () - began_usec, <,
                       LOAD_LIMIT_MS * 1000 + SCENE_GRACE_USEC);
      if (is_ok)
        load->n_ok++;
      else
        load->n_failed++;
    }

  return NULL;
}

static gint n_signals;

static void
signal_cb (int number)
{
  g_atomic_int_inc (&n_signals);
}

static void
emit_to_all (Scene *scene)
{
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  dbr_test_peer_tell (scene->peer, "emit /b/c " FACE ".Changed");
  dbr_test_peer_tell (scene->peer, "emit /d " FACE ".Told");
}

static void
test_under_load (void)
{
  guint n_kills = g_test_slow () ? 20 : 6;
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrSubscription) one = NULL;
  g_autoptr(DbrSubscription) tree = NULL;
  g_autoptr(DbrSubscription) member = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  DbrTestResources before = { 0, };
  DbrTestResources after;
  Load loads[N_LOADS];
  News news = { 0, };

  g_test_summary ("A bus that dies again and again under load takes nothing but the calls under way");
  signal (SIGTERM, signal_cb);
  scene_hold_circuit (scene->client);
  news_watch (&news, scene->client);
  one = subscription_open (scene->client, "/a", NULL, 0, &news.n_heard[0]);
  tree = subscription_open (scene->client, "/b", NULL, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE,
                            &news.n_heard[1]);
  proxy = proxy_scene_get_level (scene);
  member = subscription_open (scene->client, NULL, "Told", 0, &news.n_heard[2]);
  for (guint i = 0; i < N_LOADS; i++)
    {
      loads[i] = (Load) { scene, i, NULL, FALSE, 0, 0 };
      loads[i].thread = g_thread_new ("load", load_thread, &loads[i]);
    }

  for (guint i = 1; i <= n_kills; i++)
    {
      dbr_test_bus_kill (scene->bus);
      dbr_test_wait_until (NULL, news.n_lost == i, DBR_TEST_PATIENCE_MS);
      dbr_test_bus_restart (scene->bus);
      dbr_test_wait_until (NULL, news.n_restored == i, 35000);
      dbr_test_peer_restart (scene->peer);
      g_assert_true (dbr_subscription_get_active (one));
      emit_to_all (scene);
      proxy_scene_set_level (scene, i);
      for (guint j = 0; j < G_N_ELEMENTS (news.n_heard); j++)
        dbr_test_wait_until (NULL, news.n_heard[j] == i, DBR_TEST_PATIENCE_MS);
      proxy_wait (dbr_proxy_get_fresh (proxy) && proxy_read_level (proxy) == i);
      g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, i + 1);
      if (i == 2)
        before = dbr_test_resources_read ();
    }

  for (guint i = 0; i < N_LOADS; i++)
    {
      g_atomic_int_set (&loads[i].is_over, TRUE);
      g_thread_join (loads[i].thread);
      g_assert_cmpuint (loads[i].n_ok, >, 0);
    }
  scene_assert_answers (scene->client);
  /* The proxy may just be asking anew. */
  dbr_test_wait_until (NULL, dbr_client_get_in_flight (scene->client) == 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_client_get_orphans (scene->client), ==, 0);
  g_assert_cmpint (n_signals, ==, 0);
  /* A connection is kept as long as a call that it was lost under. */
  dbr_test_wait_until (NULL, (after = dbr_test_resources_read ()).n_fds <= before.n_fds,
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (after.n_threads, <=, before.n_threads);
  signal (SIGTERM, SIG_DFL);
}

/* Takes the place of a bus that is dead, and hangs up on whoever comes. */
typedef struct
{
  GSocketService *service;
  GArray         *attempts;
} Refuser;

static gboolean
incoming_cb (GSocketService    *service,
             GSocketConnection *connection,
             GObject           *source,
             gpointer           user_data)
{
  gint64 now = g_get_monotonic_time ();

  g_array_append_val (((Refuser *) user_data)->attempts, now);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);

  return TRUE;
}

static void
refuser_init (Refuser    *self,
              const char *address)
{
  g_autofree char *path = NULL;
  g_autoptr(GSocketAddress) socket_address = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (g_str_has_prefix (address, "unix:path="));
  path = g_strndup (address + strlen ("unix:path="), strcspn (address + strlen ("unix:path="), ","));
  g_unlink (path);
  socket_address = g_unix_socket_address_new (path);
  self->attempts = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), socket_address,
                                 G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL,
                                 &error);
  g_assert_no_error (error);
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming_cb), self);
}

static void
refuser_clear (Refuser *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
  g_clear_pointer (&self->attempts, g_array_unref);
}

static void
test_pauses (void)
{
  guint n_attempts = g_test_slow () ? 15 : 7;
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  Refuser refuser = { NULL };
  double nominal_ms = 100;
  double least = 1;
  double most = 0;
  News news = { 0, };

  g_test_summary ("The pauses between attempts grow, differ by chance, and end at half a minute");
  news_watch (&news, scene->client);
  scene_assert_answers (scene->client);
  dbr_test_bus_kill (scene->bus);
  refuser_init (&refuser, dbr_test_bus_get_address (scene->bus));
  dbr_test_wait_until (NULL, refuser.attempts->len >= n_attempts, n_attempts > 7 ? 200000 : 15000);

  /* The first pause began before anyone looked, and maybe one attempt found nobody. */
  for (guint i = 1; i < n_attempts; i++)
    {
      double pause_ms = (g_array_index (refuser.attempts, gint64, i)
                         - g_array_index (refuser.attempts, gint64, i - 1)) / 1000.0;

      nominal_ms = MIN (nominal_ms * 1.6, 30000);
      g_assert_cmpfloat (pause_ms, >=, nominal_ms / 2);
      g_assert_cmpfloat (pause_ms, <=, MIN (nominal_ms * 1.6, 30000) + 1000);
      if (pause_ms <= nominal_ms)
        {
          least = MIN (least, pause_ms / nominal_ms);
          most = MAX (most, pause_ms / nominal_ms);
        }
    }
  g_assert_cmpfloat (most - least, >, 0.01);
  g_assert_cmpuint (news.n_lost, ==, 1);
  g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_RECONNECTING);
  refuser_clear (&refuser);
}

/* With nobody waiting the third attempt from here would be some seven seconds away at least. */
static void
test_hurries (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 20000);
  g_auto(Outcome) outcome = { NULL };
  Refuser refuser = { NULL };
  News news = { 0, };
  gint64 begun_usec;

  g_test_summary ("Who waits for the connection does not sit out a pause that has grown long");
  news_watch (&news, scene->client);
  scene_assert_answers (scene->client);
  dbr_test_bus_kill (scene->bus);
  refuser_init (&refuser, dbr_test_bus_get_address (scene->bus));
  dbr_test_wait_until (NULL, refuser.attempts->len >= 7, 15000);

  begun_usec = g_get_monotonic_time ();
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, refuser.attempts->len >= 10, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (g_get_monotonic_time () - begun_usec, <, 3 * G_USEC_PER_SEC + SCENE_GRACE_USEC);

  refuser_clear (&refuser);
  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  begun_usec = g_get_monotonic_time ();
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.ended_usec - begun_usec, <, G_USEC_PER_SEC + SCENE_GRACE_USEC);
  dbr_test_wait_until (NULL, news.n_restored == 1, DBR_TEST_PATIENCE_MS);
}

static void
emit_at_once_cb (DbrClient *client,
                 gpointer   user_data)
{
  Scene *scene = user_data;

  dbr_test_peer_restart (scene->peer);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
}

static void
test_restored_with_all (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrSubscription) subscription = NULL;
  News news = { 0, };

  g_test_summary ("By the time it is told that the connection is restored, all is heard again");
  subscription = subscription_open (scene->client, NULL, NULL, 0, &news.n_heard[0]);
  g_signal_connect (scene->client, "connection-restored", G_CALLBACK (emit_at_once_cb), scene);
  for (guint i = 1; i <= 4; i++)
    {
      dbr_test_bus_kill (scene->bus);
      dbr_test_bus_restart (scene->bus);
      dbr_test_wait_until (NULL, news.n_heard[0] == i, DBR_TEST_PATIENCE_MS);
    }
}

static void
test_lost_while_restoring (void)
{
  g_autoptr(DbrTestPeer) bus =
    dbr_test_peer_new_listening ("on org.freedesktop.DBus.Hello: reply (':1.1',)\n"
                                 "on org.freedesktop.DBus.GetId: reply ('id',)\n"
                                 "on org.freedesktop.DBus.GetId call 1: close\n"
                                 "on org.freedesktop.DBus.GetId call 2: close\n");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  g_autoptr(GError) error = NULL;
  News news = { 0, };

  g_test_summary ("A connection that is lost again before all was restored is not told");
  news_watch (&news, client);
  dbr_client_open_sync (client, NULL, &error);
  g_assert_no_error (error);
  dbr_test_peer_tell (bus, "close");
  dbr_test_wait_until (NULL, news.n_lost == 3, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (news.n_restored, ==, 0);
  dbr_test_wait_until (NULL, news.n_restored == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (news.n_lost, ==, 3);
}

/* A bus of our own making, which counts what it is asked. */
#define FAKE_BUS \
  "on org.freedesktop.DBus.Hello: reply (':1.1',)\n" \
  "on org.freedesktop.DBus.GetId: reply ('id',)\n" \
  "on org.freedesktop.DBus.AddMatch: reply ()\n" \
  "on org.freedesktop.DBus.RemoveMatch: reply ()\n"

/* Of a unique name, so that no owner is asked for. */
static DbrSubscription *
subscription_new_unique (DbrClient *client)
{
  return dbr_subscription_new (client, ":1.9", "/a", FACE, NULL, NULL, 0);
}

static void
test_rule_taken_back (void)
{
  g_autoptr(DbrTestPeer) bus = dbr_test_peer_new_listening (FAKE_BUS);
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  g_autoptr(DbrSubscription) subscription = NULL;
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;
  News news = { 0, };

  g_test_summary ("A rule is taken back where the bus has it, if it may, and on no other connection");
  news_watch (&news, client);
  subscription = subscription_new_unique (client);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  dbr_subscription_stop (subscription);
  dbr_test_wait_until (NULL, dbr_test_peer_count (bus, "RemoveMatch") == 1, DBR_TEST_PATIENCE_MS);

  g_test_message ("The connection is lost before");
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  dbr_test_peer_tell (bus, "close");
  dbr_test_wait_until (NULL, news.n_lost == 1, DBR_TEST_PATIENCE_MS);
  dbr_subscription_stop (subscription);
  dbr_test_wait_until (NULL, news.n_restored == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_test_peer_count (bus, "RemoveMatch"), ==, 1);

  g_test_message ("The bus answers when nobody waits any more");
  dbr_test_peer_tell (bus, "on org.freedesktop.DBus.AddMatch: wait 400; reply ()");
  dbr_timeouts_set (dbr_client_get_timeouts (client), "default", 100, &error);
  g_assert_no_error (error);
  g_assert_false (dbr_subscription_start_sync (subscription, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  dbr_test_wait_until (NULL, dbr_test_peer_count (bus, "RemoveMatch") == 2, DBR_TEST_PATIENCE_MS);
  g_clear_error (&error);

  g_test_message ("It is stopped before the bus has answered");
  dbr_timeouts_set (dbr_client_get_timeouts (client), "default", 5000, NULL);
  dbr_subscription_start_async (subscription, NULL, dbr_test_result_cb, &result);
  dbr_test_wait_until (NULL, dbr_test_peer_count (bus, "AddMatch") == 4, DBR_TEST_PATIENCE_MS);
  dbr_subscription_stop (subscription);
  g_assert_false (dbr_subscription_start_finish (subscription, dbr_test_result_wait (&result, NULL),
                                                 &error));
  dbr_test_wait_until (NULL, dbr_test_peer_count (bus, "RemoveMatch") == 3, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_test_peer_count (bus, "AddMatch"), ==, 4);
}

/* Longer than an attempt to connect may take. */
#define HANG_MS "27000"

static void
test_hung_while_restoring (void)
{
  g_autoptr(DbrTestPeer) bus =
    dbr_test_peer_new_listening (FAKE_BUS
                                 "on org.freedesktop.DBus.AddMatch from 2: wait " HANG_MS "; reply ()\n"
                                 "on org.freedesktop.DBus.GetId from 1: wait " HANG_MS "; reply ('id',)\n");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  g_autoptr(DbrSubscription) subscription = NULL;
  g_autoptr(GError) error = NULL;
  News news = { 0, };

  g_test_summary ("A bus that hangs as soon as it is back is waited for, however long that takes");
  news_watch (&news, client);
  subscription = subscription_new_unique (client);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  dbr_test_peer_tell (bus, "close");
  dbr_test_wait_until (NULL, news.n_restored == 1, 30000 + DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (news.n_lost, ==, 1);
  g_assert_true (dbr_subscription_get_active (subscription));
  g_assert_cmpuint (dbr_test_peer_count (bus, "AddMatch"), ==, 2);
  g_assert_cmpuint (dbr_test_peer_count (bus, "GetId"), ==, 1);
}

static void
test_calls_wait (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) late = scene_call_new ("Echo", NULL, 300);
  g_autoptr(DbrCall) waiting = scene_call_new ("Echo", NULL, 10000);
  g_autoptr(DbrSubscription) subscription = NULL;
  g_auto(DbrTestResult) started = { NULL };
  g_auto(Outcome) late_outcome = { NULL };
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(GError) error = NULL;
  News news = { 0, };

  g_test_summary ("What is begun while there is no connection waits for it within its limit");
  news_watch (&news, scene->client);
  scene_assert_answers (scene->client);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, news.n_lost == 1, DBR_TEST_PATIENCE_MS);
  scene_run_sync (scene->client, late, NULL, &late_outcome);
  g_assert_error (late_outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&late_outcome, 300);
  g_assert_cmpint (dbr_call_get_execution (late), ==, DBR_EXECUTION_NEVER);

  scene_run_async (scene->client, waiting, NULL, &outcome);
  subscription = dbr_subscription_new (scene->client, SCENE_NAME, NULL, FACE, NULL, NULL, 0);
  dbr_subscription_start_async (subscription, NULL, dbr_test_result_cb, &started);
  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_true (dbr_subscription_start_finish (subscription, dbr_test_result_wait (&started, NULL),
                                                &error));
  g_assert_no_error (error);
}

static void
test_closed_meanwhile (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrClient) other =
    dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 10000);
  g_autoptr(DbrSubscription) subscription = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(GError) error = NULL;
  guint n_connections;
  News news = { 0, };

  g_test_summary ("Closed while there is no connection, it ends all that waits and makes none");
  n_connections = dbr_test_bus_count_connections (scene->bus);
  news_watch (&news, scene->client);
  subscription = subscription_open (scene->client, NULL, NULL, 0, &news.n_heard[0]);
  scene_assert_answers (other);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, news.n_lost == 1, DBR_TEST_PATIENCE_MS);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_client_close_sync (scene->client, NULL, &error);
  g_assert_no_error (error);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_false (dbr_subscription_get_active (subscription));
  g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_CLOSED);

  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  scene_assert_answers (other);
  g_assert_cmpuint (dbr_test_bus_count_connections (scene->bus), ==, n_connections + 1);
  g_assert_cmpuint (news.n_restored, ==, 0);
}

static void
test_left_meanwhile (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  News news = { 0, };
  GWeakRef weak;

  g_test_summary ("Its last reference may go while there is no connection");
  for (guint i = 1; i <= 5; i++)
    {
      g_autoptr(DbrClient) client =
        dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
      g_autoptr(DbrSubscription) subscription = NULL;

      news_watch (&news, client);
      subscription = subscription_open (client, NULL, NULL, 0, &news.n_heard[0]);
      g_weak_ref_init (&weak, client);
      dbr_test_bus_kill (scene->bus);
      dbr_test_wait_until (NULL, news.n_lost == i, DBR_TEST_PATIENCE_MS);
      g_clear_object (&client);
      g_clear_object (&subscription);
      g_assert_null (g_weak_ref_get (&weak));
      g_weak_ref_clear (&weak);
      dbr_test_bus_restart (scene->bus);
    }
  g_assert_cmpuint (news.n_restored, ==, 0);
}

static void
test_adopted (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 2000);
  g_auto(Outcome) outcome = { NULL };
  News news = { 0, };

  g_test_summary ("A connection of the application is not made again");
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  news_watch (&news, client);
  scene_assert_answers (client);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, news.n_lost == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_DISCONNECTED);
  dbr_test_bus_restart (scene->bus);
  dbr_test_peer_restart (scene->peer);
  scene_run_sync (client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  g_assert_cmpuint (news.n_restored, ==, 0);
}

static void
owner_changed_cb (DbrProxy   *proxy,
                  const char *old_owner,
                  const char *new_owner,
                  gpointer    user_data)
{
  g_string_append_printf (user_data, "%s>%s ", old_owner, new_owner);
}

/* A bus that was started anew counts from the beginning. So that it is sure who gets which name, it
 * is one of our own making. */
static void
test_other_bus (void)
{
  g_autoptr(DbrTestPeer) bus =
    dbr_test_peer_new_listening ("on org.freedesktop.DBus.Hello: reply (':1.1',)\n"
                                 "on org.freedesktop.DBus.AddMatch: reply ()\n"
                                 "on org.freedesktop.DBus.GetNameOwner: reply (':1.2',)\n"
                                 "on org.freedesktop.DBus.GetId: reply ('bus',)\n");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (bus));
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GString) told = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  News news = { 0 };

  g_test_summary ("A program of the same name on a bus that was started anew is another one, and the "
                  "same one where only the connection was lost");

  news_watch (&news, client);
  proxy = dbr_client_get_proxy_sync (client, SCENE_NAME, "/", "org.dbr.Peer1", NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (proxy, "owner-changed", G_CALLBACK (owner_changed_cb), told);
  dbr_test_wait_until (NULL, dbr_proxy_get_generation (proxy) == 1, DBR_TEST_PATIENCE_MS);

  dbr_test_peer_tell (bus, "close");
  dbr_test_wait_until (NULL, news.n_restored == 1 && dbr_proxy_get_fresh (proxy),
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 1);
  g_assert_cmpstr (told->str, ==, "");

  dbr_test_peer_kill (bus);
  dbr_test_peer_restart (bus);
  dbr_test_wait_until (NULL, news.n_restored == 2 && told->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 2);
  g_assert_cmpstr (told->str, ==, ":1.2>:1.2 ");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/reconnect/works-under-load", test_under_load);
  g_test_add_func ("/dbr/reconnect/pauses-grow", test_pauses);
  g_test_add_func ("/dbr/reconnect/hurries-for-who-waits", test_hurries);
  g_test_add_func ("/dbr/reconnect/restores-all-first", test_restored_with_all);
  g_test_add_func ("/dbr/reconnect/is-lost-while-restoring", test_lost_while_restoring);
  g_test_add_func ("/dbr/reconnect/takes-rules-back", test_rule_taken_back);
  if (g_test_slow ())
    g_test_add_func ("/dbr/reconnect/hangs-while-restoring", test_hung_while_restoring);
  g_test_add_func ("/dbr/reconnect/calls-wait", test_calls_wait);
  g_test_add_func ("/dbr/reconnect/is-closed-meanwhile", test_closed_meanwhile);
  g_test_add_func ("/dbr/reconnect/is-left-meanwhile", test_left_meanwhile);
  g_test_add_func ("/dbr/reconnect/adopted-stays-lost", test_adopted);
  g_test_add_func ("/dbr/reconnect/is-with-another-bus", test_other_bus);

  return g_test_run ();
}
