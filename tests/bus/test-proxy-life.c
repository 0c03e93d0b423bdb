/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-proxy-scene.h"

/* What becomes of a proxy when its service goes and comes, is silent, or cannot be reached. */

/* A limit that is short, and one that a circuit takes to open. */
#define SHORT_MS 400

static char *
dup_script (guint generation)
{
  return g_strdup_printf ("set " SCENE_PATH " " THING_INTERFACE ".First uint32 %u\n"
                          "set " SCENE_PATH " " THING_INTERFACE ".Second uint32 %u\n"
                          "set " SCENE_PATH " " THING_INTERFACE ".Only%u uint32 %u\n",
                          generation, generation, generation, generation);
}

/* Another program, whose values say that it is another one. It takes the name if that is owned. */
static void
start_next (Scene *scene,
            guint  generation)
{
  g_autofree char *script = dup_script (generation);

  scene->peer = dbr_test_peer_new (scene->bus, SCENE_NAME, script);
}

static void
stop_last (Scene *scene)
{
  g_clear_pointer (&scene->peer, dbr_test_peer_free);
}

static Scene *
life_scene_new (void)
{
  g_autofree char *script = dup_script (1);

  return scene_new (DBR_TEST_BUS_NONE, script);
}

static void
assert_is_of (DbrProxy *proxy,
              guint     generation)
{
  g_autofree char *only = g_strdup_printf ("Only%u", generation);
  g_auto(GStrv) names = dbr_proxy_dup_cached_names (proxy);
  g_autofree char *value = g_strdup_printf ("%u", generation);

  g_assert_true (proxy_has (proxy, "First", value));
  g_assert_true (proxy_has (proxy, "Second", value));
  g_assert_true (proxy_has (proxy, only, value));
  g_assert_cmpuint (g_strv_length (names), ==, 3);
}

static void
test_restart_loaded (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_autofree char *first = g_strdup (dbr_test_peer_get_unique_name (scene->peer));
  g_auto(Told) told = { 0 };

  g_test_summary ("When the service goes nothing is fresh, and when it comes all is read anew");
  told_connect (&told, proxy);
  assert_is_of (proxy, 1);
  stop_last (scene);
  proxy_wait (told.n_owners == 1);
  g_assert_cmpstr (told.old_owner, ==, first);
  g_assert_cmpstr (told.new_owner, ==, "");
  g_assert_cmpuint (told.n_fresh, ==, 1);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 1);

  start_next (scene, 2);
  proxy_wait (told.n_owners == 2);
  g_assert_cmpstr (told.old_owner, ==, "");
  g_assert_cmpstr (told.new_owner, ==, dbr_test_peer_get_unique_name (scene->peer));
  proxy_wait (dbr_proxy_get_fresh (proxy) && told.n_changes > 0);
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 2);
  assert_is_of (proxy, 2);
}

static void
test_replaced (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  DbrTestPeer *first = scene->peer;
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_auto(Told) told = { 0 };

  g_test_summary ("A program that takes the name from another one is another one");
  told_connect (&told, proxy);
  start_next (scene, 2);
  proxy_wait (told.n_owners == 1 && dbr_proxy_get_fresh (proxy));
  g_assert_cmpstr (told.old_owner, ==, dbr_test_peer_get_unique_name (first));
  assert_is_of (proxy, 2);

  g_test_message ("and what the first one says is not heard");
  dbr_test_peer_tell (first, "set " SCENE_PATH " " THING_INTERFACE ".First uint32 99");
  scene_assert_answers (scene->client);
  dbr_test_peer_tell (scene->peer, "set " SCENE_PATH " " THING_INTERFACE ".Second uint32 22");
  proxy_wait (proxy_has (proxy, "Second", "22"));
  g_assert_true (proxy_has (proxy, "First", "2"));
  dbr_test_peer_free (first);
}

static void
test_restart_loading (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A service that goes while it is read leaves a proxy that waits for the next one");
  dbr_test_peer_tell (scene->peer, "on GetAll: never");
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (scene->peer, "GetAll") == 1);
  stop_last (scene);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_no_error (error);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 2);
}

static void
test_replaced_loading (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  DbrTestPeer *first = scene->peer;
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("An answer that comes after another program took the name does not count");
  dbr_test_peer_tell (first, "on GetAll: wait 500");
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (first, "GetAll") == 1);
  start_next (scene, 2);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_no_error (error);
  assert_is_of (proxy, 2);
  /* By then the first one has answered. */
  dbr_test_peer_tell (first, "forget *");
  proxy_wait (dbr_test_peer_executions (first, THING_INTERFACE) == 1);
  dbr_test_peer_free (first);
  scene_assert_answers (scene->client);
  assert_is_of (proxy, 2);
}

static void
test_restart_refreshing (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A service that goes while it is refreshed ends the refresh, and the next one is read");
  dbr_test_peer_tell (scene->peer, "on GetAll: never");
  dbr_proxy_refresh_async (proxy, NULL, dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (scene->peer, "GetAll") == 2);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  stop_last (scene);
  dbr_proxy_refresh_finish (proxy, dbr_test_result_wait (&result, NULL), &error);
  g_assert_cmpuint (result.n_calls, ==, 1);
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 2);
}

static void
test_restart_refetching (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  DbrTestPeer *first = scene->peer;
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);

  g_test_summary ("What was asked of one program for one property is no answer of the next");
  dbr_test_peer_tell (first, "on Get: wait 300");
  dbr_test_peer_tell (first, "invalidate " SCENE_PATH " " THING_INTERFACE ".Only1");
  proxy_wait (dbr_test_peer_count (first, "Get") == 1);
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy) && dbr_proxy_get_generation (proxy) == 2);
  dbr_test_peer_tell (first, "forget *");
  g_assert_cmpint (dbr_client_ping_sync (scene->client, dbr_test_peer_get_unique_name (first), NULL, NULL),
                   >=, 0);
  assert_is_of (proxy, 2);
  dbr_test_peer_free (first);
}

static void
test_restart_invalidated (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);

  g_test_summary ("A service that goes after what is at hand was declared void");
  dbr_test_peer_tell (scene->peer, "on GetAll: never");
  dbr_client_invalidate (scene->client, SCENE_NAME);
  proxy_wait (dbr_test_peer_count (scene->peer, "GetAll") == 2);
  g_assert_true (proxy_has (proxy, "First", NULL));
  stop_last (scene);
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 2);
}

static void
test_comes_later (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = NULL;
  g_auto(Told) told = { 0 };
  gint64 began = g_get_monotonic_time ();

  g_test_summary ("A service that is not there has a proxy at once, which waits for it");
  stop_last (scene);
  proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 2 * SCENE_GRACE_USEC);
  told_connect (&told, proxy);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 0);
  start_next (scene, 5);
  proxy_wait (told.n_owners == 1 && told.n_generations == 1);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 5);

  g_test_message ("and goes and comes");
  stop_last (scene);
  proxy_wait (told.n_owners == 2);
  start_next (scene, 6);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 6);
}

/* A subscription has the name followed before anybody calls it. */
static void
test_followed_before (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrSubscription) subscription =
    dbr_subscription_new (scene->client, SCENE_NAME, "/org/dbr/Other", NULL, NULL, NULL,
                          DBR_SUBSCRIPTION_FLAGS_NONE);
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Of a name that was followed already the first owner is known to be the first");
  g_assert_true (dbr_subscription_start_sync (subscription, NULL, &error));
  g_assert_no_error (error);
  proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 1);
  stop_last (scene);
  proxy_wait (!dbr_proxy_get_fresh (proxy));
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 2);
}

static void
test_unique_name (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  const char *unique_name = dbr_test_peer_get_unique_name (scene->peer);
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Told) told = { 0 };

  g_test_summary ("A unique name has a proxy too, which notices that it is gone");
  proxy = dbr_client_get_proxy_sync (scene->client, unique_name, SCENE_PATH, THING_INTERFACE, NULL,
                                     &error);
  g_assert_no_error (error);
  told_connect (&told, proxy);
  assert_is_of (proxy, 1);
  dbr_test_peer_tell (scene->peer, "set " SCENE_PATH " " THING_INTERFACE ".First uint32 11");
  proxy_wait (proxy_has (proxy, "First", "11"));
  stop_last (scene);
  proxy_wait (told.n_owners == 1);
  g_assert_false (dbr_proxy_get_fresh (proxy));
}

static void
test_blocked_over_restart (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_auto(Told) told = { 0 };

  g_test_summary ("A context that had no time is not told what a program said that is gone");
  told_connect (&told, proxy);
  dbr_test_peer_tell (scene->peer, "set " SCENE_PATH " " THING_INTERFACE ".Only1 uint32 11");
  scene_assert_answers (scene->client);
  g_assert_true (proxy_has (proxy, "Only1", "11"));
  stop_last (scene);
  start_next (scene, 2);
  /* Nothing is iterated here. */
  while (!dbr_proxy_get_fresh (proxy) || dbr_proxy_get_generation (proxy) != 2)
    scene_assert_answers (scene->client);
  proxy_wait (told.n_changes > 0);
  g_assert_false (g_variant_lookup (told.changed, "Only1", "u", NULL));
  g_assert_true (g_variant_lookup (told.changed, "Only2", "u", NULL));
  g_assert_cmpuint (told.n_owners, ==, 1);
}

static void
test_bus_lost (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  g_autoptr(DbrProxy) same = NULL;
  g_auto(Told) told = { 0 };

  g_test_summary ("While the bus is away nothing is fresh, and when it is back all is read anew");
  told_connect (&told, proxy);
  dbr_test_bus_kill (scene->bus);
  proxy_wait (told.n_fresh == 1);
  g_assert_false (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 1);
  same = proxy_scene_get (scene, THING_INTERFACE);
  g_assert_true (same == proxy);

  stop_last (scene);
  dbr_test_bus_restart (scene->bus);
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 2);
  dbr_test_peer_tell (scene->peer, "set " SCENE_PATH " " THING_INTERFACE ".First uint32 22");
  proxy_wait (proxy_has (proxy, "First", "22"));
}

static void
test_bus_lost_loading (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Who waits while the bus goes is told once, and the proxy is read on the next");
  dbr_test_peer_tell (scene->peer, "on GetAll: never");
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  proxy_wait (dbr_test_peer_count (scene->peer, "GetAll") == 1);
  dbr_test_bus_restart (scene->bus);
  stop_last (scene);
  start_next (scene, 2);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_no_error (error);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 2);
  g_assert_cmpuint (result.n_calls, ==, 1);
}

/* The bus lives on, and so does the service; it is our own connection that is cut. */
static void
test_made_while_lost (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(SceneSockets) before = scene_sockets_new ();
  g_autoptr(SceneSockets) after = NULL;
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(DbrProxy) proxy = NULL;
  g_autofree char *first = g_strdup (dbr_test_peer_get_unique_name (scene->peer));
  g_autoptr(GError) error = NULL;
  g_auto(Told) told = { 0 };

  g_test_summary ("A proxy that is made while there is no connection knows the owner that it finds");
  scene_assert_answers (scene->client);
  after = scene_sockets_new ();
  dbr_test_bus_stop (scene->bus);
  g_assert_cmpuint (scene_sockets_cut_new (after, before), ==, 1);
  proxy_wait (dbr_client_get_state (scene->client) == DBR_CLIENT_STATE_RECONNECTING);
  dbr_client_get_proxy_async (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                              dbr_test_result_cb, &result);
  dbr_test_bus_cont (scene->bus);
  proxy = dbr_client_get_proxy_finish (scene->client, dbr_test_result_wait (&result, NULL), &error);
  g_assert_no_error (error);
  proxy_wait (dbr_proxy_get_generation (proxy) == 1);
  g_assert_true (dbr_proxy_get_fresh (proxy));
  assert_is_of (proxy, 1);

  told_connect (&told, proxy);
  stop_last (scene);
  proxy_wait (told.n_owners == 1);
  g_assert_cmpstr (told.old_owner, ==, first);
  start_next (scene, 2);
  proxy_wait (dbr_proxy_get_fresh (proxy));
  g_assert_cmpuint (dbr_proxy_get_generation (proxy), ==, 2);
  assert_is_of (proxy, 2);
}

static void
test_stalled (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrProxy) proxy = NULL;

  g_test_summary ("A service that is silent has no fresh values, and those that it has once it answers");
  proxy_scene_limit (scene, SHORT_MS);
  g_object_set (circuit, "consecutive-failures", 2, "open-ms", 200, NULL);
  proxy = proxy_scene_get (scene, THING_INTERFACE);
  dbr_test_peer_stop (scene->peer);
  while (dbr_circuit_breaker_get_state (circuit) == DBR_CIRCUIT_STATE_CLOSED)
    {
      g_assert_null (dbr_proxy_call_sync (proxy, "Do", NULL, SHORT_MS, NULL, NULL));
      g_assert_true (dbr_proxy_get_fresh (proxy)
                     == (dbr_circuit_breaker_get_state (circuit) == DBR_CIRCUIT_STATE_CLOSED));
    }
  assert_is_of (proxy, 1);

  /* Nobody calls it now but the proxy. */
  dbr_test_peer_cont (scene->peer);
  dbr_test_peer_tell (scene->peer, "poke " SCENE_PATH " " THING_INTERFACE ".First uint32 11");
  proxy_wait (dbr_proxy_get_fresh (proxy));
  g_assert_true (proxy_has (proxy, "First", "11"));
  g_assert_cmpint (dbr_circuit_breaker_get_state (circuit), !=, DBR_CIRCUIT_STATE_OPEN);
}

static void
test_silent_at_first (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) none = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  g_test_summary ("A service that does not answer is an error at the limit");
  proxy_scene_limit (scene, SHORT_MS);
  dbr_test_peer_tell (scene->peer, "on GetAll: never");
  none = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH, THING_INTERFACE, NULL,
                                    &error);
  g_assert_null (none);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, SHORT_MS * 1000);
  g_assert_cmpint (g_get_monotonic_time () - began, <, SHORT_MS * 1000 + SCENE_GRACE_USEC);
  dbr_test_peer_tell (scene->peer, "forget GetAll");
  proxy = proxy_scene_get (scene, THING_INTERFACE);
  assert_is_of (proxy, 1);
}

/* Restarts, replacements and lost connections at random */

#define N_GENERATIONS 1000

typedef struct
{
  Scene    *scene;
  DbrProxy *proxy;
  /* whose program has which unique name on the bus that is up now */
  char     *names[N_GENERATIONS];
  guint     n_looks;
} Storm;

/* One is of the same program as the other, or of none. What happens between two looks is another
 * program, and so is noticed by the generation. */
static void
storm_look (Storm *self)
{
  guint generation = dbr_proxy_get_generation (self->proxy);
  g_autoptr(GVariant) first = dbr_proxy_get_cached (self->proxy, "First");
  g_autoptr(GVariant) second = dbr_proxy_get_cached (self->proxy, "Second");
  g_auto(GStrv) names = dbr_proxy_dup_cached_names (self->proxy);

  if (generation != dbr_proxy_get_generation (self->proxy) || first == NULL || second == NULL)
    return;

  self->n_looks++;
  g_assert_true (g_variant_equal (first, second));
  g_assert_cmpuint (g_strv_length (names), ==, 3);
}

static void
storm_changed_cb (DbrProxy *proxy,
                  GVariant *changed,
                  GStrv     invalidated,
                  Storm    *self)
{
  guint first;
  guint second;
  g_autofree char *only = NULL;

  g_assert_true (g_variant_lookup (changed, "First", "u", &first));
  g_assert_true (g_variant_lookup (changed, "Second", "u", &second));
  only = g_strdup_printf ("Only%u", first);
  g_assert_cmpuint (first, ==, second);
  g_assert_true (g_variant_lookup (changed, only, "u", NULL));
  g_assert_cmpuint (g_variant_n_children (changed), ==, 3);
}

static void
test_storm (void)
{
  g_autoptr(Scene) scene = life_scene_new ();
  g_autoptr(DbrProxy) proxy = proxy_scene_get (scene, THING_INTERFACE);
  guint n_rounds = g_test_slow () ? 200 : 25;
  g_autofree char *last_value = g_strdup_printf ("%u", n_rounds + 1);
  Storm storm = { scene, proxy };

  g_test_summary ("Over restarts, replacements and lost connections what one program said never "
                  "mixes with what the next one says");
  g_signal_connect (proxy, "properties-changed", G_CALLBACK (storm_changed_cb), &storm);
  for (guint i = 2; i < n_rounds + 2; i++)
    {
      int what = g_test_rand_int_range (0, 5);
      DbrTestPeer *last = NULL;

      if (what == 0)
        dbr_test_bus_restart (scene->bus);
      if (what == 1)
        last = g_steal_pointer (&scene->peer);
      else
        stop_last (scene);
      if (what == 2)
        storm_look (&storm);
      start_next (scene, i);
      for (int look = g_test_rand_int_range (0, 20); look > 0; look--)
        {
          g_main_context_iteration (NULL, FALSE);
          storm_look (&storm);
        }
      if (what == 3)
        dbr_proxy_refresh_async (proxy, NULL, NULL, NULL);
      if (what == 4)
        dbr_client_invalidate (scene->client, NULL);
      if (g_test_rand_bit ())
        {
          g_autofree char *value = g_strdup_printf ("%u", i);

          proxy_wait ((storm_look (&storm), proxy_has (proxy, "First", value)));
          proxy_wait (dbr_proxy_get_fresh (proxy));
        }
      g_clear_pointer (&last, dbr_test_peer_free);
    }
  /* What it has is fresh, too, until it hears of the last one. */
  proxy_wait (dbr_proxy_get_fresh (proxy) && proxy_has (proxy, "First", last_value));
  assert_is_of (proxy, n_rounds + 1);
  g_assert_cmpuint (storm.n_looks, >, n_rounds / 4);
  g_signal_handlers_disconnect_by_data (proxy, &storm);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/proxy/restarted/loaded", test_restart_loaded);
  g_test_add_func ("/dbr/proxy/restarted/replaced", test_replaced);
  g_test_add_func ("/dbr/proxy/restarted/loading", test_restart_loading);
  g_test_add_func ("/dbr/proxy/restarted/replaced-while-loading", test_replaced_loading);
  g_test_add_func ("/dbr/proxy/restarted/refreshing", test_restart_refreshing);
  g_test_add_func ("/dbr/proxy/restarted/refetching", test_restart_refetching);
  g_test_add_func ("/dbr/proxy/restarted/invalidated", test_restart_invalidated);
  g_test_add_func ("/dbr/proxy/restarted/blocked", test_blocked_over_restart);
  g_test_add_func ("/dbr/proxy/comes-later", test_comes_later);
  g_test_add_func ("/dbr/proxy/followed-before", test_followed_before);
  g_test_add_func ("/dbr/proxy/unique-name", test_unique_name);
  g_test_add_func ("/dbr/proxy/bus-lost/loaded", test_bus_lost);
  g_test_add_func ("/dbr/proxy/bus-lost/loading", test_bus_lost_loading);
  g_test_add_func ("/dbr/proxy/bus-lost/made-meanwhile", test_made_while_lost);
  g_test_add_func ("/dbr/proxy/silent/loaded", test_stalled);
  g_test_add_func ("/dbr/proxy/silent/loading", test_silent_at_first);
  g_test_add_func ("/dbr/proxy/never-mixes", test_storm);

  return g_test_run ();
}
