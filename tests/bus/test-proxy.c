/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-proxy-scene.h"

/* How a proxy comes about, and what it has at hand. */

#define N_MANY 20
#define N_THREADS 8

#define INTROSPECTION \
  "<node><interface name=\"" THING_INTERFACE "\">" \
  "<property name=\"Said\" type=\"u\" access=\"read\"/>" \
  "<property name=\"Silent\" type=\"u\" access=\"read\">" \
  "<annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"false\"/>" \
  "</property>" \
  "<property name=\"Fixed\" type=\"u\" access=\"read\">" \
  "<annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"const\"/>" \
  "</property>" \
  "<property name=\"Hinted\" type=\"u\" access=\"read\">" \
  "<annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"invalidates\"/>" \
  "</property>" \
  "</interface></node>"
#define INTROSPECTION_RULE \
  "on org.freedesktop.DBus.Introspectable.Introspect: reply ('" INTROSPECTION "',)\n"
#define THING_SCRIPT \
  INTROSPECTION_RULE \
  "set " SCENE_PATH " " THING_INTERFACE ".Said uint32 1\n" \
  "set " SCENE_PATH " " THING_INTERFACE ".Silent uint32 2\n" \
  "set " SCENE_PATH " " THING_INTERFACE ".Fixed uint32 3\n" \
  "set " SCENE_PATH " " THING_INTERFACE ".Hinted uint32 4\n"

static void
test_many_ask_once (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on GetAll: wait 200");
  DbrTestResult results[N_MANY] = { { NULL } };
  g_autoptr(DbrProxy) first = NULL;
  g_autoptr(DbrProxy) later = NULL;

  g_test_summary ("Those who ask for one at the same time wait for one answer, and have one object");
  for (guint i = 0; i < N_MANY; i++)
    dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                                dbr_test_result_cb, &results[i]);
  for (guint i = 0; i < N_MANY; i++)
    {
      g_autoptr(DbrProxy) proxy = NULL;
      g_autoptr(GError) error = NULL;

      proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&results[i], NULL),
                                           &error);
      g_assert_no_error (error);
      g_assert_cmpuint (results[i].n_calls, ==, 1);
      if (first == NULL)
        first = g_object_ref (proxy);
      g_assert_true (proxy == first);
      dbr_test_result_clear (&results[i]);
    }
  later = proxy_scene_get_level (scene);
  g_assert_true (later == first);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
}

typedef struct
{
  Scene    *scene;
  gboolean  has_context;
  DbrProxy *proxy;
} Asker;

static gpointer
ask_main (gpointer data)
{
  Asker *asker = data;
  g_autoptr(GMainContext) context = asker->has_context ? g_main_context_new () : NULL;

  if (context != NULL)
    g_main_context_push_thread_default (context);
  asker->proxy = proxy_scene_get_level (asker->scene);
  if (context != NULL)
    g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_threads_ask_once (gconstpointer data)
{
  gboolean has_context = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on GetAll: wait 200");
  GThread *threads[N_THREADS];
  Asker askers[N_THREADS];

  g_test_summary (has_context ? "Each context has an object of its own, and all the same values"
                              : "Threads without a context of their own have one object");
  for (guint i = 0; i < N_THREADS; i++)
    {
      askers[i] = (Asker) { scene, has_context, NULL };
      threads[i] = g_thread_new ("asker", ask_main, &askers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 1; i < N_THREADS; i++)
    g_assert_true ((askers[i].proxy == askers[0].proxy) == !has_context);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);

  proxy_scene_set_level (scene, 5);
  for (guint i = 0; i < N_THREADS; i++)
    {
      proxy_wait (proxy_read_level (askers[i].proxy) == 5);
      g_object_unref (askers[i].proxy);
    }
}

/* Lets threads meet where the proxy of a context is made: the values are there already. */
static void
test_threads_meet (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("Threads that make the proxy of one context at the same moment make one");
  for (guint round = 0; round < 200; round++)
    {
      GThread *threads[N_THREADS];
      Asker askers[N_THREADS];

      for (guint i = 0; i < N_THREADS; i++)
        {
          askers[i] = (Asker) { scene, FALSE, NULL };
          threads[i] = g_thread_new ("asker", ask_main, &askers[i]);
        }
      for (guint i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      for (guint i = 0; i < N_THREADS; i++)
        {
          g_assert_true (askers[i].proxy == askers[0].proxy);
          if (i > 0)
            g_object_unref (askers[i].proxy);
        }
      g_object_unref (askers[0].proxy);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
}

static void
test_cached_reads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(GStrv) names = dbr_proxy_dup_cached_names (proxy);
  g_autofree char *joined = g_strjoinv (" ", names);

  g_test_summary ("Reading what is at hand makes no call");
  g_assert_true (dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 1);
  g_assert_true (dbr_proxy_get_client (proxy) == scene->client);
  g_assert_cmpstr (dbr_proxy_get_bus_name (proxy), ==, SCENE_NAME);
  g_assert_cmpstr (dbr_proxy_get_object_path (proxy), ==, SCENE_PATH);
  g_assert_cmpstr (dbr_proxy_get_interface_name (proxy), ==, DBR_TEST_INTERFACE);
  g_assert_cmpstr (joined, ==, "Level Name Slow");
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) read = dbr_proxy_read_sync (proxy, "Level", NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_variant_get_uint32 (read), ==, 0);
      g_assert_true (proxy_has (proxy, "Name", "'dbr-peer'"));
      g_assert_true (proxy_has (proxy, "Nothing", NULL));
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 0);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
}

static void
test_changes (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(Told) told = { 0 };

  g_test_summary ("What the service says to have changed is at hand, and told");
  told_connect (&told, proxy);
  proxy_scene_set_level (scene, 7);
  proxy_wait (told.n_changes == 1);
  dbr_test_assert_prints (told.changed, "{'Level': <uint32 7>}");
  g_assert_cmpuint (g_strv_length (told.invalidated), ==, 0);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 7);
  g_assert_cmpuint (told.n_fresh + told.n_owners, ==, 0);
}

/* Tells with a signal of the script what has changed of Level, in the text form of variants. */
static void
proxy_scene_change (Scene      *scene,
                    const char *changed,
                    const char *invalidated)
{
  dbr_test_peer_tell (scene->peer, "emit " SCENE_PATH " org.freedesktop.DBus.Properties"
                      ".PropertiesChanged ('" DBR_TEST_INTERFACE "', @a{sv} %s, @as %s)",
                      changed, invalidated);
}

static void
test_changes_twice (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get: never");
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(Told) told = { 0 };

  g_test_summary ("What a service says twice at once is told once, and as it is at hand");
  told_connect (&told, proxy);
  proxy_scene_change (scene, "{'Level': <uint32 3>, 'Level': <uint32 4>}", "[]");
  proxy_wait (told.n_changes == 1);
  dbr_test_assert_prints (told.changed, "{'Level': <uint32 4>}");
  g_assert_cmpuint (proxy_read_level (proxy), ==, 4);

  proxy_scene_change (scene, "{'Level': <uint32 5>}", "['Level']");
  proxy_wait (told.n_changes == 2);
  dbr_test_assert_prints (told.changed, "{}");
  g_assert_cmpstr (told.invalidated[0], ==, "Level");
}

static void
test_invalidated (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get: wait 200");
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(Told) told = { 0 };

  g_test_summary ("What the service says to have changed, but not to what, is read once more");
  told_connect (&told, proxy);
  dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 9");
  dbr_test_peer_tell (scene->peer, "invalidate " SCENE_PATH " " DBR_TEST_INTERFACE ".Level");
  proxy_wait (told.n_changes == 1);
  g_assert_cmpstr (told.invalidated[0], ==, "Level");
  g_assert_true (proxy_has (proxy, "Level", NULL));
  proxy_wait (told.n_changes == 2);
  dbr_test_assert_prints (told.changed, "{'Level': <uint32 9>}");
  g_assert_cmpuint (proxy_read_level (proxy), ==, 9);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
}

/* A property that is invalidated faster than it can be read. */
static void
test_invalidated_often (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Get: wait 100");
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);

  g_test_summary ("However often a property is invalidated, one question is under way, and the last "
                  "value is the one at hand");
  for (guint i = 1; i <= 200; i++)
    {
      dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 %u", i);
      dbr_test_peer_tell (scene->peer, "invalidate " SCENE_PATH " " DBR_TEST_INTERFACE ".Level");
    }
  proxy_wait (proxy_read_level (proxy) == 200);
  /* It waits for its turn behind all questions. */
  scene_assert_answers (scene->client);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), <, 100);
}

static void
test_kinds (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, THING_SCRIPT);
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_auto(GStrv) names = dbr_proxy_dup_cached_names (proxy);
  g_autofree char *joined = g_strjoinv (" ", names);
  g_autoptr(GVariant) silent = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A property that never tells its changes is not kept but asked for; the others are");
  g_assert_cmpstr (joined, ==, "Fixed Hinted Said");
  g_assert_true (proxy_has (proxy, "Silent", NULL));
  dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " THING_INTERFACE ".Silent uint32 22");
  silent = dbr_proxy_read_sync (proxy, "Silent", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (silent), ==, 22);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Get"), ==, 1);
  dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " THING_INTERFACE ".Hinted uint32 44");
  dbr_test_peer_tell (scene->peer, "invalidate " SCENE_PATH " " THING_INTERFACE ".Hinted");
  proxy_wait (proxy_has (proxy, "Hinted", "44"));
  g_assert_true (proxy_has (proxy, "Fixed", "3"));

  g_test_message ("and is asked about once a program");
  dbr_proxy_refresh_sync (proxy, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Introspect"), ==, 1);
}

static void
test_changes_meanwhile (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on org.freedesktop.DBus.Introspectable.Introspect: "
                                      "wait 500; reply ('<node/>',)");
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("What changes after it was read counts, though not all has been answered yet");
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (scene->peer, "Introspect") == 1);
  proxy_scene_set_level (scene, 6);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
  g_assert_cmpuint (result.n_calls, ==, 0);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 6);
}

static void
test_nothing_to_read (gconstpointer script)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, script);
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, "org.dbr.Nothing1");
  g_auto(GStrv) names = dbr_proxy_dup_cached_names (proxy);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("An interface without properties has a proxy, which makes calls");
  g_assert_true (dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (g_strv_length (names), ==, 0);
  reply = dbr_proxy_call_sync (proxy, "Do", g_variant_new ("(s)", "it"), 0, NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('it',)");
}

static void
test_no_properties_answered (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on GetAll: reply ('nonsense',)");
  g_autoptr(DbrProxy) none = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("An answer that is no properties is an error, and asked for again by who comes next");
  none = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                                    &error);
  g_assert_null (none);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
  dbr_test_peer_tell (scene->peer, "forget GetAll");
  proxy = proxy_scene_get_level (scene);
  g_assert_true (dbr_proxy_get_fresh (proxy));
}

static void
test_write (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Set: reply ()");
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A write ends when the service answers, and what is at hand changes when it says so");
  if (is_async)
    {
      dbr_proxy_write_async (proxy, "Level", g_variant_new_uint32 (3), NULL, dbr_test_result_cb,
                             &result);
      g_assert_true (dbr_proxy_write_finish (proxy, dbr_test_result_wait (&result, NULL), &error));
    }
  else
    {
      g_assert_true (dbr_proxy_write_sync (proxy, "Level", g_variant_new_uint32 (3), NULL, &error));
    }
  g_assert_no_error (error);
  scene_assert_answers (scene->client);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 0);
  proxy_scene_set_level (scene, 3);
  proxy_wait (proxy_read_level (proxy) == 3);

  g_test_message ("or does not");
  dbr_test_peer_tell (scene->peer, "on Set: error org.dbr.Error.No \"not that\"");
  g_assert_false (dbr_proxy_write_sync (proxy, "Level", g_variant_new_uint32 (4), NULL, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 3);
}

static void
test_refresh (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;
  g_auto(Told) told = { 0 };

  g_test_summary ("Refreshed, it has what the service did not tell");
  told_connect (&told, proxy);
  dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " DBR_TEST_INTERFACE ".Level uint32 8");
  if (is_async)
    {
      dbr_proxy_refresh_async (proxy, NULL, dbr_test_result_cb, &result);
      g_assert_true (dbr_proxy_refresh_finish (proxy, dbr_test_result_wait (&result, NULL), &error));
    }
  else
    {
      g_assert_true (dbr_proxy_refresh_sync (proxy, NULL, &error));
    }
  g_assert_no_error (error);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 8);
  g_assert_true (dbr_proxy_get_fresh (proxy));
  proxy_wait (told.n_changes > 0 && told.n_fresh > 0);

  g_test_message ("and has nothing of what the service no longer has");
  dbr_test_peer_tell (scene->peer, "on GetAll: error org.freedesktop.DBus.Error.UnknownInterface");
  g_assert_true (dbr_proxy_refresh_sync (proxy, NULL, &error));
  g_assert_true (proxy_has (proxy, "Level", NULL));
}

static void
test_calls (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(DbrTestResult) called = { NULL };
  g_auto(DbrTestResult) read = { NULL };
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) late = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Its methods are called, within a limit");
  dbr_proxy_call_async (proxy, "Echo", g_variant_new ("(s)", "hi"), 0, NULL, dbr_test_result_cb,
                        &called);
  dbr_proxy_read_async (proxy, "Name", NULL, dbr_test_result_cb, &read);
  reply = dbr_proxy_call_finish (proxy, dbr_test_result_wait (&called, NULL), &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('hi',)");
  value = dbr_proxy_read_finish (proxy, dbr_test_result_wait (&read, NULL), &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (value, "'dbr-peer'");
  late = dbr_proxy_call_sync (proxy, "Never", NULL, 100, NULL, &error);
  g_assert_null (late);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
}

static void
assert_refused (DbrClient  *client,
                const char *bus_name,
                const char *object_path,
                const char *interface_name,
                int         code)
{
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) told = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_null (dbr_client_get_proxy_sync (client, bus_name, object_path, interface_name, NULL,
                                            &error));
  g_assert_error (error, DBR_ERROR, code);
  dbr_client_get_proxy_async (client, bus_name, object_path, interface_name, NULL,
                              dbr_test_result_cb, &result);
  g_assert_cmpuint (result.n_calls, ==, 0);
  g_assert_null (dbr_client_get_proxy_finish (client, dbr_test_result_wait (&result, NULL), &told));
  g_assert_error (told, DBR_ERROR, code);
}

static void
test_bad_values (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_autoptr(GError) error = NULL;
  const int invalid = DBR_ERROR_INVALID_ARGUMENT;

  g_test_summary ("Bad values are errors, and nothing is sent");
  assert_refused (scene->client, "no name", SCENE_PATH, DBR_TEST_INTERFACE, invalid);
  assert_refused (scene->client, NULL, SCENE_PATH, DBR_TEST_INTERFACE, invalid);
  assert_refused (scene->client, SCENE_NAME, "no/path", DBR_TEST_INTERFACE, invalid);
  assert_refused (scene->client, SCENE_NAME, SCENE_PATH, "interface", invalid);
  g_assert_null (dbr_proxy_read_sync (proxy, "no.name", NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (dbr_proxy_write_sync (proxy, "", g_variant_new_uint32 (1), NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (dbr_proxy_call_sync (proxy, "no.method", NULL, 0, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetAll"), ==, 1);
}

static void
test_cancelled (gconstpointer data)
{
  gboolean was_before = GPOINTER_TO_INT (data);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on GetAll call 1: wait 300");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(DbrTestResult) given_up = { NULL };
  g_auto(DbrTestResult) waiting = { NULL };
  g_autoptr(DbrProxy) none = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Who gives up is told so, and who waits for the same goes on waiting");
  if (was_before)
    g_cancellable_cancel (cancellable);
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, cancellable,
                              dbr_test_result_cb, &given_up);
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL,
                              dbr_test_result_cb, &waiting);
  g_cancellable_cancel (cancellable);
  none = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&given_up, NULL), &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&waiting, NULL), &error);
  g_assert_no_error (error);
  none = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE,
                                    cancellable, &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (dbr_proxy_refresh_sync (proxy, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  proxy_wait (dbr_proxy_get_fresh (proxy));
}

static void
test_blocked_context (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrProxy) proxy = proxy_scene_get_level (scene);
  g_auto(Told) told = { 0 };

  g_test_summary ("What changes while a context has no time is told as one change");
  told_connect (&told, proxy);
  for (guint i = 1; i <= 100; i++)
    proxy_scene_set_level (scene, i);
  dbr_test_peer_tell (scene->peer, "set " SCENE_PATH " " DBR_TEST_INTERFACE ".Name 'other'");
  /* Its answer comes behind the signals. */
  scene_assert_answers (scene->client);
  g_assert_cmpuint (proxy_read_level (proxy), ==, 100);
  proxy_wait (told.n_changes > 0);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (told.n_changes, ==, 1);
  g_assert_cmpuint (g_variant_n_children (told.changed), ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/proxy/many-ask-once", test_many_ask_once);
  g_test_add_data_func ("/dbr/proxy/threads-ask-once/one-context", GINT_TO_POINTER (FALSE),
                        test_threads_ask_once);
  g_test_add_data_func ("/dbr/proxy/threads-ask-once/many-contexts", GINT_TO_POINTER (TRUE),
                        test_threads_ask_once);
  g_test_add_func ("/dbr/proxy/threads-meet", test_threads_meet);
  g_test_add_func ("/dbr/proxy/reads-without-a-call", test_cached_reads);
  g_test_add_func ("/dbr/proxy/follows-changes", test_changes);
  g_test_add_func ("/dbr/proxy/follows-changes-said-twice", test_changes_twice);
  g_test_add_func ("/dbr/proxy/reads-what-was-invalidated", test_invalidated);
  g_test_add_func ("/dbr/proxy/reads-what-is-invalidated-often", test_invalidated_often);
  g_test_add_func ("/dbr/proxy/keeps-by-kind", test_kinds);
  g_test_add_func ("/dbr/proxy/hears-while-it-is-made", test_changes_meanwhile);
  g_test_add_data_func ("/dbr/proxy/nothing-to-read/no-such-interface",
                        "on Do: reply\n"
                        "on GetAll: error org.freedesktop.DBus.Error.UnknownInterface",
                        test_nothing_to_read);
  g_test_add_data_func ("/dbr/proxy/nothing-to-read/no-properties",
                        "on Do: reply\n"
                        "on GetAll: error org.freedesktop.DBus.Error.UnknownMethod",
                        test_nothing_to_read);
  g_test_add_data_func ("/dbr/proxy/nothing-to-read/empty",
                        "on Do: reply\n"
                        "on GetAll: reply (@a{sv} {},)",
                        test_nothing_to_read);
  g_test_add_func ("/dbr/proxy/refuses-nonsense", test_no_properties_answered);
  g_test_add_data_func ("/dbr/proxy/writes/sync", GINT_TO_POINTER (FALSE), test_write);
  g_test_add_data_func ("/dbr/proxy/writes/async", GINT_TO_POINTER (TRUE), test_write);
  g_test_add_data_func ("/dbr/proxy/refreshes/sync", GINT_TO_POINTER (FALSE), test_refresh);
  g_test_add_data_func ("/dbr/proxy/refreshes/async", GINT_TO_POINTER (TRUE), test_refresh);
  g_test_add_func ("/dbr/proxy/calls", test_calls);
  g_test_add_func ("/dbr/proxy/refuses-bad-values", test_bad_values);
  g_test_add_data_func ("/dbr/proxy/cancelled/later", GINT_TO_POINTER (FALSE), test_cancelled);
  g_test_add_data_func ("/dbr/proxy/cancelled/before", GINT_TO_POINTER (TRUE), test_cancelled);
  g_test_add_func ("/dbr/proxy/merges-what-nobody-has-time-for", test_blocked_context);

  return g_test_run ();
}
