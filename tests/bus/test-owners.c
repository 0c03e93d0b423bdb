/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/dbr-client-private.h"
#include "dbr-proxy-scene.h"

/* Which names a client follows. */

#define HEARD_NAME "org.dbr.Heard"
#define KEPT_NAME "org.dbr.Kept"
#define CALLED_NAME "org.dbr.Called"

static gint64 later_usec;

static gint64
get_later_cb (const DbrClock *clock)
{
  return g_get_monotonic_time () + later_usec;
}

static const DbrClock later = { get_later_cb, get_later_cb };

/* Nobody has it, and that is known if it is followed. */
static gboolean
is_followed (Scene      *scene,
             const char *bus_name)
{
  g_autofree char *owner = NULL;

  return dbr_owners_lookup (dbr_link_get_owners (scene->client->link), bus_name, &owner);
}

static void
ping (Scene      *scene,
      const char *bus_name)
{
  g_autoptr(GError) error = NULL;

  dbr_client_ping_sync (scene->client, bus_name, NULL, &error);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

/* The bus answers in order. */
static void
settle (Scene *scene)
{
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = dbr_client_list_names_sync (scene->client, FALSE, NULL, &error);

  g_assert_no_error (error);
}

static guint
count_followed (Scene *scene,
                guint  n_names)
{
  guint n = 0;

  settle (scene);
  for (guint i = 0; i < n_names; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Absent%u", i);

      n += is_followed (scene, name);
    }

  return n;
}

static void
ping_many (Scene *scene,
           guint  first,
           guint  n)
{
  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Absent%u", i);

      ping (scene, name);
    }
}

static void
test_forgets (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrSubscription) subscription = NULL;
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GError) error = NULL;
  guint n_many = DBR_OWNERS_MAX_NAMES + 20;

  g_test_summary ("Names that nobody has called for a minute are forgotten for others, unless they "
                  "are needed");
  dbr_owners_set_clock (dbr_link_get_owners (scene->client->link), &later);
  subscription = dbr_subscription_new (scene->client, HEARD_NAME, NULL, "org.dbr.Test1", NULL, NULL,
                                       DBR_SUBSCRIPTION_FLAGS_NONE);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  proxy = dbr_client_get_proxy_sync (scene->client, KEPT_NAME, SCENE_PATH, "org.dbr.Test1", NULL,
                                     &error);
  g_assert_no_error (error);
  ping (scene, CALLED_NAME);
  ping_many (scene, 0, n_many);
  g_assert_cmpuint (count_followed (scene, n_many), ==, DBR_OWNERS_MAX_NAMES - 3);

  g_test_message ("A minute later");
  later_usec = DBR_OWNERS_FORGETTING_USEC;
  ping (scene, CALLED_NAME);
  ping_many (scene, n_many, 1);
  g_assert_cmpuint (count_followed (scene, n_many), ==, 0);
  g_assert_cmpuint (count_followed (scene, n_many + 1), ==, 1);
  g_assert_true (is_followed (scene, HEARD_NAME));
  g_assert_true (is_followed (scene, KEPT_NAME));
  g_assert_true (is_followed (scene, CALLED_NAME));
}

static void
test_followed_again (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *owner = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Outcome) outcome = { NULL };
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "a"), 10000);

  g_test_summary ("A name that was forgotten is followed again when it is called");
  later_usec = 0;
  dbr_owners_set_clock (dbr_link_get_owners (scene->client->link), &later);
  scene_assert_answers (scene->client);
  settle (scene);
  g_assert_true (is_followed (scene, SCENE_NAME));
  ping_many (scene, 0, DBR_OWNERS_MAX_NAMES);
  later_usec = DBR_OWNERS_FORGETTING_USEC;
  ping_many (scene, DBR_OWNERS_MAX_NAMES, 1);
  g_assert_false (is_followed (scene, SCENE_NAME));

  /* What was not heard of meanwhile. */
  dbr_test_peer_restart (scene->peer);
  scene_assert_answers (scene->client);
  settle (scene);
  owner = dbr_owners_dup_owner (dbr_link_get_owners (scene->client->link), SCENE_NAME);
  g_assert_cmpstr (owner, ==, dbr_test_peer_get_unique_name (scene->peer));

  dbr_test_peer_kill (scene->peer);
  dbr_test_wait_until (NULL, (settle (scene), is_followed (scene, SCENE_NAME)
                              && dbr_owners_dup_owner (dbr_link_get_owners (scene->client->link),
                                                       SCENE_NAME) == NULL),
                       DBR_TEST_PATIENCE_MS);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_peer_restart (scene->peer);
  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "a"), ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/owners/forgets-old-names", test_forgets);
  g_test_add_func ("/dbr/owners/follows-again", test_followed_again);

  return g_test_run ();
}
