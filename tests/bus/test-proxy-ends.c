/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbr-proxy-scene.h"

/* What a proxy may do, what it leaves, and what it is without a bus of its own. */

#define N_KEPT 64
#define KEPT_MS (60 * 1000)

/* Each is to be freed where it stands. */
static DbrProxy *
get_at (Scene *scene,
        guint  number)
{
  g_autofree char *path = g_strdup_printf ("/org/dbr/Number%u", number);
  g_autoptr(GError) error = NULL;
  DbrProxy *proxy = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, path, DBR_TEST_INTERFACE,
                                               NULL, &error);

  g_assert_no_error (error);

  return proxy;
}

static void
test_kept (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) again = NULL;

  g_test_summary ("What nobody has any more is kept for a while, and of many the last ones");
  g_object_unref (proxy_scene_get_level (scene));
  proxy_scene_set_level (scene, 4);
  scene_assert_answers (scene->client);
  again = proxy_scene_get_level (scene);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
  g_assert_cmpuint (proxy_read_level (again), ==, 4);
  g_clear_object (&again);

  for (guint i = 0; i < 3 * N_KEPT; i++)
    g_object_unref (get_at (scene, i));
  g_assert_cmpuint (proxy_scene_count_rules (scene), ==, N_KEPT);
  g_object_unref (get_at (scene, 3 * N_KEPT - 1));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1 + 3 * N_KEPT);
  g_object_unref (get_at (scene, 0));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 2 + 3 * N_KEPT);
}

static void
test_kept_for_a_minute (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) held = proxy_scene_get_level (scene);

  g_test_summary ("What nobody has is forgotten after a minute, and its rule is taken back");
  for (guint i = 0; i < 10; i++)
    g_object_unref (get_at (scene, i));
  g_assert_cmpuint (proxy_scene_count_rules (scene), ==, 11);
  dbr_test_wait_until (NULL, proxy_scene_count_rules (scene) == 1, KEPT_MS + DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_proxy_get_fresh (held));
}

/* What a client makes of what is at hand for many */

static void
test_memory (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "objects 1000");
  g_autoptr(GPtrArray) proxies = g_ptr_array_new_with_free_func (g_object_unref);
  DbrTestResources before = { 0 };
  DbrTestResources after;

  g_test_summary ("A proxy of 18 properties takes so much memory");
  scene_assert_answers (scene->client);
  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *path = g_strdup_printf ("/org/bluez/hci0/dev_02_DB_52_00_%02X_%02X",
                                               i >> 8, i & 0xff);
      g_autoptr(GError) error = NULL;
      DbrProxy *proxy = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, path,
                                                   "org.bluez.Device1", NULL, &error);

      g_assert_no_error (error);
      g_ptr_array_add (proxies, proxy);
      if (i == 99)
        before = dbr_test_resources_read ();
    }
  after = dbr_test_resources_read ();
  g_test_message ("%.0f bytes", (after.heap_bytes - before.heap_bytes) / 300.0);
  g_assert_cmpuint (after.heap_bytes - before.heap_bytes, <, 300 * 16384);
}

static void
unref_cb (DbrProxy  *proxy,
          GVariant  *changed,
          GStrv      invalidated,
          DbrProxy **held)
{
  g_clear_object (held);
}

static void
test_freed_in_handler (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  DbrProxy *proxy = proxy_scene_get_level (scene);

  g_test_summary ("The last one who has it may let it go in its own handler");
  g_signal_connect (proxy, "properties-changed", G_CALLBACK (unref_cb), &proxy);
  proxy_scene_set_level (scene, 1);
  proxy_wait (proxy == NULL);
}

static gpointer
unref_main (gpointer data)
{
  g_object_unref (data);

  return NULL;
}

/* Each is freed by another thread while signals come for it. */
static void
test_freed_elsewhere (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("The last one who has it may be another thread, while signals come");
  for (guint i = 0; i < 100; i++)
    {
      g_auto(Told) told = { 0 };
      DbrProxy *proxy = proxy_scene_get_level (scene);
      GThread *thread;

      told_connect (&told, proxy);
      dbr_test_peer_tell (scene->peer, "flood 10 " SCENE_PATH " org.freedesktop.DBus.Properties"
                          ".PropertiesChanged ('" DBR_TEST_INTERFACE "', {'Level': <uint32 %u>}, "
                          "@as [])", i);
      thread = g_thread_new ("owner", unref_main, proxy);
      while (g_main_context_iteration (NULL, FALSE))
        continue;
      g_thread_join (thread);
    }
  scene_assert_answers (scene->client);
}

static void
test_closed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(DbrTestResult) result = { NULL };
  g_auto(Told) told = { 0 };
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrProxy) none = NULL;

  g_test_summary ("When the client is closed nothing is fresh, and who waits is told so");
  told_connect (&told, proxy);
  dbr_test_peer_tell (scene->peer, "on GetAll: never");
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (scene->peer, "GetAll") == 2);
  g_assert_true (dbr_client_close_sync (scene->client, NULL, NULL));
  none = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_null (none);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  proxy_wait (told.n_fresh == 1);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 0);

  g_assert_false (dbr_proxy_refresh_sync (proxy, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_clear_error (&error);
  none = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                                    &error);
  g_assert_null (none);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_clear_error (&error);
  none = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, "/org/dbr/New", DBR_TEST_INTERFACE,
                                    NULL, &error);
  g_assert_null (none);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  dbr_client_invalidate (scene->client, NULL);
}

static void
finalized_cb (gpointer  data,
              GObject  *where_it_was)
{
  *(gboolean *) data = TRUE;
}

/* A proxy keeps its client, and no more than that: neither is kept by what they began. */
static void
test_nothing_left (gconstpointer data)
{
  const char *how = data;
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GError) error = NULL;
  gboolean has_gone = FALSE;
  DbrProxy *proxy;

  g_test_summary ("With the last proxy goes the client, and with it all that they began");
  proxy_scene_limit (scene, 200);
  proxy = proxy_scene_get_level (scene);
  g_object_weak_ref (G_OBJECT (scene->client), finalized_cb, &has_gone);
  if (strcmp (how, "closed") == 0)
    dbr_client_close_sync (scene->client, NULL, NULL);
  if (strcmp (how, "failed") == 0)
    {
      dbr_test_peer_tell (scene->peer, "on GetAll: never");
      g_assert_false (dbr_proxy_refresh_sync (proxy, NULL, &error));
    }
  if (strcmp (how, "loading") == 0)
    {
      dbr_test_peer_tell (scene->peer, "on GetAll: never");
      dbr_client_invalidate (scene->client, NULL);
    }
  if (strcmp (how, "lost") == 0)
    {
      dbr_test_bus_kill (scene->bus);
      proxy_wait (!dbr_proxy_get_fresh (proxy));
    }
  g_clear_object (&scene->client);
  g_assert_false (has_gone);
  g_object_unref (proxy);
  proxy_wait (has_gone);
}

static void
test_invalidate (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) other = dbr_test_peer_new (scene->bus, "org.dbr.Other", NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_autoptr(DbrProxy) beside = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What is declared void is read anew: of one service, or of all");
  beside = dbr_client_get_proxy_sync (scene->client, "org.dbr.Other", SCENE_PATH,
                                      DBR_TEST_INTERFACE, NULL, &error);
  g_assert_no_error (error);
  dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 2");
  dbr_test_peer_tell (scene->peer, "on GetAll: wait 200");
  dbr_client_invalidate (scene->client, SCENE_NAME);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  g_assert_true (proxy_has (proxy, "Level", NULL));
  g_assert_true (dbr_proxy_get_fresh (beside));
  proxy_wait (dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (proxy_read_level (proxy), ==, 2);
  dbr_client_invalidate (scene->client, NULL);
  proxy_wait (dbr_proxy_get_fresh (proxy) && dbr_proxy_get_fresh (beside));
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 3);
  g_assert_cmpuint (dbr_test_peer_count (other, "GetAll"), ==, 2);

  g_test_message ("and what nobody has is read when somebody wants it");
  g_clear_object (&beside);
  dbr_client_invalidate (scene->client, "org.dbr.Other");
  scene_assert_answers (scene->client);
  g_assert_cmpuint (dbr_test_peer_count (other, "GetAll"), ==, 2);
  beside = dbr_client_get_proxy_sync (scene->client, "org.dbr.Other", SCENE_PATH,
                                      DBR_TEST_INTERFACE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_test_peer_count (other, "GetAll"), ==, 3);
}

static void
test_invalidate_loading (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on GetAll call 1: wait 300; "
                                      "reply ({'Level': <uint32 1>},)\n"
                                      "on GetAll call 2: reply ({'Level': <uint32 2>},)");
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What is declared void while it is being read is read once more");
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (scene->peer, "GetAll") == 1);
  dbr_client_invalidate (scene->client, SCENE_NAME);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 2);
  g_assert_cmpuint (result.n_calls, ==, 1);
}

/* Under a policy */

static DbrClient *
new_guarded_client (Scene           *scene,
                    DbrAccessPolicy *policy)
{
  return g_object_new (DBR_TYPE_CLIENT,
                       "address", dbr_test_bus_get_address (scene->bus),
                       "access-policy", policy,
                       NULL);
}

static void
assert_denied (Scene           *scene,
               DbrAccessPolicy *policy)
{
  g_autoptr(DbrClient) client = new_guarded_client (scene, policy);
  g_autoptr(GError) error = NULL;

  g_assert_null (dbr_client_get_proxy_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                                            &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 0);
}

static void
test_denied (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) nothing = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrAccessPolicy) stranger = dbr_access_policy_new (DBR_ACCESS_TIER_READ_ONLY);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What a policy denies is not read, nor from who is not the one it names");
  assert_denied (scene, nothing);
  dbr_access_policy_require_peer (stranger, SCENE_NAME, getuid () + 1, NULL, &error);
  g_assert_no_error (error);
  assert_denied (scene, stranger);
}

static void
test_allowed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on org.freedesktop.DBus.Introspectable.Introspect: "
                                      "reply ('<node/>',)");
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_READ_ONLY);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrProxy) proxy = NULL;

  g_test_summary ("What a policy allows is read, and how it changes is not asked where that is denied");
  dbr_access_policy_require_peer (policy, SCENE_NAME, getuid (), NULL, &error);
  g_assert_no_error (error);
  dbr_access_policy_deny (policy, SCENE_NAME ":org.freedesktop.DBus.Introspectable.Introspect", &error);
  g_assert_no_error (error);
  client = new_guarded_client (scene, policy);
  proxy = dbr_client_get_proxy_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                                     &error);
  g_assert_no_error (error);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 0);
  proxy_scene_set_level (scene, 3);
  proxy_wait (proxy_read_level (proxy) == 3);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Introspect"), ==, 0);
  g_assert_false (dbr_proxy_write_sync (proxy, "Level", g_variant_new_uint32 (1), NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
}

/* On other connections */

static void
test_adopted (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrProxy) proxy = NULL;

  g_test_summary ("On a connection that it was lent, a client has proxies too");
  g_object_unref (scene->client);
  scene->client = dbr_client_new_for_connection (connection);
  proxy = proxy_scene_get_level (scene);
  proxy_scene_set_level (scene, 6);
  proxy_wait (proxy_read_level (proxy) == 6);
  g_assert_true (g_dbus_connection_close_sync (connection, NULL, NULL));
  proxy_wait (!dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (proxy_read_level (proxy), ==, 6);
}

static void
test_peer_to_peer (void)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Without a bus there are proxies too, and no names");
  proxy = dbr_client_get_proxy_sync (client, NULL, SCENE_PATH, DBR_TEST_INTERFACE, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (dbr_proxy_get_bus_name (proxy));
  g_assert_true (dbr_proxy_get_fresh (proxy));
  dbr_test_peer_tell (peer, "set " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 5");
  proxy_wait (proxy_read_level (proxy) == 5);
  dbr_test_peer_tell (peer, "poke " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 6");
  dbr_test_peer_tell (peer, "close");
  proxy_wait (proxy_read_level (proxy) == 6 && dbr_proxy_get_fresh (proxy));
}

/* The second rule that is asked for is that of the proxy: the first one follows the name. */
static void
test_rule_refused (void)
{
  g_autoptr(DbrTestPeer) peer =
    dbr_test_peer_new_listening ("on org.freedesktop.DBus.Hello: reply (':1.1',)\n"
                                 "on AddMatch: reply ()\n"
                                 "on RemoveMatch: reply ()\n"
                                 "on GetNameOwner: reply (':1.2',)\n"
                                 "on AddMatch call 2: error "
                                 "org.freedesktop.DBus.Error.LimitsExceeded \"too many\"");
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_peer_get_address (peer));
  g_autoptr(DbrProxy) none = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Where the bus refuses to let it hear, that is an error, and it is asked again");
  none = dbr_client_get_proxy_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL, &error);
  g_assert_null (none);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
  g_clear_error (&error);
  g_assert_cmpuint (dbr_test_peer_count (peer, "AddMatch"), ==, 2);
  proxy = dbr_client_get_proxy_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (dbr_test_peer_count (peer, "AddMatch"), ==, 3);
}

static int
child_main (Scene    *scene,
            DbrProxy *proxy)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) refused = NULL;

  alarm (5);
  if (dbr_proxy_refresh_sync (proxy, NULL, &error)
      || !g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED))
    return 1;
  if (dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                                 &refused) != NULL
      || !g_error_matches (refused, DBR_ERROR, DBR_ERROR_FORKED))
    return 2;
  if (proxy_read_level (proxy) != 0)
    return 3;
  g_object_unref (proxy);
  g_object_unref (scene->client);

  return 0;
}

static void
test_fork (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  int status = 0;
  pid_t pid;

  g_test_summary ("In a child of fork() a proxy has what is at hand, and refuses the rest");
  pid = fork ();
  if (pid == 0)
    _exit (child_main (scene, proxy));
  proxy_wait (waitpid (pid, &status, WNOHANG) == pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  proxy_scene_set_level (scene, 8);
  proxy_wait (proxy_read_level (proxy) == 8);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/proxy/kept/many", test_kept);
  if (g_test_slow ())
    g_test_add_func ("/dbr/proxy/kept/for-a-minute", test_kept_for_a_minute);
  g_test_add_func ("/dbr/proxy/memory", test_memory);
  g_test_add_func ("/dbr/proxy/freed/in-its-handler", test_freed_in_handler);
  g_test_add_func ("/dbr/proxy/freed/in-another-thread", test_freed_elsewhere);
  g_test_add_func ("/dbr/proxy/closed", test_closed);
  g_test_add_data_func ("/dbr/proxy/nothing-left/loaded", "loaded", test_nothing_left);
  g_test_add_data_func ("/dbr/proxy/nothing-left/closed", "closed", test_nothing_left);
  g_test_add_data_func ("/dbr/proxy/nothing-left/failed", "failed", test_nothing_left);
  g_test_add_data_func ("/dbr/proxy/nothing-left/loading", "loading", test_nothing_left);
  g_test_add_data_func ("/dbr/proxy/nothing-left/lost", "lost", test_nothing_left);
  g_test_add_func ("/dbr/proxy/invalidated/loaded", test_invalidate);
  g_test_add_func ("/dbr/proxy/invalidated/loading", test_invalidate_loading);
  g_test_add_func ("/dbr/proxy/denied", test_denied);
  g_test_add_func ("/dbr/proxy/allowed", test_allowed);
  g_test_add_func ("/dbr/proxy/adopted", test_adopted);
  g_test_add_func ("/dbr/proxy/peer-to-peer", test_peer_to_peer);
  g_test_add_func ("/dbr/proxy/rule-refused", test_rule_refused);
  g_test_add_func ("/dbr/proxy/fork", test_fork);

  return g_test_run ();
}
