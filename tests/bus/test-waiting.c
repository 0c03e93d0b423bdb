/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"
#include "dbr-tap.h"

/* All that may come of waiting for a service, in both forms. */

#define OTHER_NAME "org.dbr.Other"
#define LIMIT_MS 300

typedef struct
{
  DbrClient    *client;
  const char   *bus_name;
  guint         timeout_ms;
  GCancellable *cancellable;
  GThread      *thread;

  gint64        began_usec;
  gint64        ended_usec;
  char         *owner;
  GError       *error;
  /* atomic */
  int           n_ended;
} Wait;

static void
wait_end (Wait *self,
          char *owner)
{
  self->owner = owner;
  self->ended_usec = g_get_monotonic_time ();
  g_assert_true ((owner != NULL) != (self->error != NULL));
  g_atomic_int_inc (&self->n_ended);
}

static gpointer
wait_thread (gpointer data)
{
  Wait *self = data;

  wait_end (self, dbr_client_wait_for_service_sync (self->client, self->bus_name, self->timeout_ms,
                                                    self->cancellable, &self->error));

  return NULL;
}

static void
wait_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Wait *self = user_data;

  wait_end (self, dbr_client_wait_for_service_finish (DBR_CLIENT (source), result, &self->error));
}

/* The form that waits does so in a thread of its own, so that something can happen meanwhile. */
static void
wait_begin (Wait       *self,
            gboolean    is_sync,
            DbrClient  *client,
            const char *bus_name,
            guint       timeout_ms)
{
  *self = (Wait) { .client = client, .bus_name = bus_name, .timeout_ms = timeout_ms };
  self->cancellable = g_cancellable_new ();
  self->began_usec = g_get_monotonic_time ();
  if (is_sync)
    self->thread = g_thread_new ("wait", wait_thread, self);
  else
    dbr_client_wait_for_service_async (client, bus_name, timeout_ms, self->cancellable, wait_cb,
                                       self);
}

static void
wait_finish (Wait *self)
{
  dbr_test_wait_until (NULL, g_atomic_int_get (&self->n_ended) > 0, DBR_TEST_PATIENCE_MS);
  g_clear_pointer (&self->thread, g_thread_join);
  g_assert_cmpint (g_atomic_int_get (&self->n_ended), ==, 1);
}

static void
wait_clear (Wait *self)
{
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->owner, g_free);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wait, wait_clear)

static void
wait_assert_in_time (const Wait *self,
                     guint       limit_ms)
{
  gint64 elapsed = self->ended_usec - self->began_usec;

  g_assert_cmpint (elapsed, >=, limit_ms * (gint64) 1000);
  g_assert_cmpint (elapsed, <, limit_ms * (gint64) 1000 + SCENE_GRACE_USEC);
}

static void
test_there (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  const char *unique_name = dbr_test_peer_get_unique_name (scene->peer);
  const char *names[] = { SCENE_NAME, unique_name };

  g_test_summary ("A service that is there need not be waited for");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto(Wait) wait;

      wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, names[i], 5000);
      wait_finish (&wait);
      g_assert_no_error (wait.error);
      g_assert_cmpstr (wait.owner, ==, unique_name);
      wait_assert_in_time (&wait, 0);
    }
}

static void
test_comes (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) other = NULL;
  g_autoptr(DbrTap) tap = NULL;
  g_auto(Wait) wait;

  g_test_summary ("A service that comes is told of at once, and waiting for it costs four calls "
                  "in all");
  scene_assert_answers (scene->client);
  scene_assert_answers (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));

  /* The rule, whose it is, and the question itself; and the question again. */
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, 9000);
  dbr_test_wait_until (NULL, dbr_tap_count (tap) == 3, DBR_TEST_PATIENCE_MS);
  other = dbr_test_peer_new (scene->bus, OTHER_NAME, NULL);
  wait_finish (&wait);
  g_assert_no_error (wait.error);
  g_assert_cmpstr (wait.owner, ==, dbr_test_peer_get_unique_name (other));
  g_assert_cmpuint (dbr_tap_count (tap), ==, 4);
}

static void
test_late (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Wait) wait;

  g_test_summary ("A service that does not come ends the waiting at its limit, by name");
  scene_assert_answers (scene->client);
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, LIMIT_MS);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_nonnull (strstr (wait.error->message, OTHER_NAME));
  g_assert_nonnull (strstr (wait.error->message, "300"));
  wait_assert_in_time (&wait, LIMIT_MS);
}

static void
test_never_starts (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_ACTIVATION, NULL);
  g_autofree char *exec = g_strdup_printf ("%s --quiet --session --name " OTHER_NAME,
                                           dbr_test_peer_get_program ());
  g_autofree char *owner = NULL;
  g_auto(Wait) wait;

  g_test_summary ("Waiting for a service does not start it");
  dbr_test_bus_add_service (scene->bus, OTHER_NAME, exec);
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, LIMIT_MS);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  owner = dbr_test_bus_dup_owner (scene->bus, OTHER_NAME);
  g_assert_null (owner);
}

static void
test_gone (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Wait) wait;

  g_test_summary ("A program with a unique name never comes back");
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, ":1.4242", 5000);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_NO_OWNER);
  wait_assert_in_time (&wait, 0);
}

static void
test_bad_names (gconstpointer data)
{
  static const char *const names[] = { "", "org", "org..dbr", "org.dbr.Naïve", ":1" };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("What is no bus name cannot be waited for");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto(Wait) wait;

      wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, names[i], 5000);
      wait_finish (&wait);
      g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_bad_limit (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Wait) wait;

  g_test_summary ("More than a day is no limit");
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, G_MAXUINT);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_no_bus (gconstpointer data)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));
  g_auto(Wait) wait;

  g_test_summary ("Without a bus there are no names to wait for");
  wait_begin (&wait, GPOINTER_TO_INT (data), client, OTHER_NAME, 5000);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED);
}

static void
test_dead_bus (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Wait) wait;

  g_test_summary ("Where the bus itself is not there, that is the error");
  dbr_test_bus_kill (scene->bus);
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, 5000);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_NO_BUS);
  wait_assert_in_time (&wait, 0);
}

static void
test_cancelled (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTap) tap = NULL;
  g_auto(Wait) wait;

  g_test_summary ("Whoever waits may give up");
  scene_assert_answers (scene->client);
  scene_assert_answers (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, 9000);
  dbr_test_wait_until (NULL, dbr_tap_count (tap) == 3, DBR_TEST_PATIENCE_MS);
  g_cancellable_cancel (wait.cancellable);
  wait_finish (&wait);
  g_assert_error (wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_closed (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTap) tap = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Wait) wait;

  g_test_summary ("A client that is closed waits for nothing any more");
  scene_assert_answers (scene->client);
  scene_assert_answers (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, 9000);
  dbr_test_wait_until (NULL, dbr_tap_count (tap) == 3, DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_client_close_sync (scene->client, NULL, &error));
  g_assert_no_error (error);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_CLOSED);
}

static void
test_bus_returns (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) other = NULL;
  g_autoptr(DbrTap) tap = NULL;
  g_auto(Wait) wait;

  g_test_summary ("A wait outlives the bus, if that comes back");
  scene_assert_answers (scene->client);
  scene_assert_answers (scene->client);
  tap = dbr_tap_new (scene->bus, dbr_client_get_unique_name (scene->client));
  wait_begin (&wait, GPOINTER_TO_INT (data), scene->client, OTHER_NAME, 9000);
  dbr_test_wait_until (NULL, dbr_tap_count (tap) == 3, DBR_TEST_PATIENCE_MS);

  dbr_test_bus_restart (scene->bus);
  other = dbr_test_peer_new (scene->bus, OTHER_NAME, NULL);
  wait_finish (&wait);
  g_assert_no_error (wait.error);
  g_assert_cmpstr (wait.owner, ==, dbr_test_peer_get_unique_name (other));
}

static void
test_lent_connection_lost (gconstpointer data)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(DbrTap) tap = NULL;
  g_auto(Wait) wait;

  g_test_summary ("A connection that was lent is not made again, and who waits on it is told");
  tap = dbr_tap_new (scene->bus, g_dbus_connection_get_unique_name (connection));
  wait_begin (&wait, GPOINTER_TO_INT (data), client, OTHER_NAME, 9000);
  dbr_test_wait_until (NULL, dbr_tap_count (tap) == 3, DBR_TEST_PATIENCE_MS);
  dbr_test_bus_kill (scene->bus);
  wait_finish (&wait);
  g_assert_error (wait.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
}

int
main (int   argc,
      char *argv[])
{
  static const struct
  {
    const char      *name;
    GTestDataFunc    test;
  } tests[] = {
    { "a-service-that-is-there", test_there },
    { "a-service-that-comes", test_comes },
    { "a-service-that-does-not-come", test_late },
    { "never-starts-it", test_never_starts },
    { "unique-name-that-is-gone", test_gone },
    { "bad-names", test_bad_names },
    { "bad-limit", test_bad_limit },
    { "without-a-bus", test_no_bus },
    { "dead-bus", test_dead_bus },
    { "cancelled", test_cancelled },
    { "closed", test_closed },
    { "bus-restarts", test_bus_returns },
    { "lent-connection-lost", test_lent_connection_lost },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *async_path = g_strdup_printf ("/dbr/waiting/%s/async", tests[i].name);
      g_autofree char *sync_path = g_strdup_printf ("/dbr/waiting/%s/sync", tests[i].name);

      g_test_add_data_func (async_path, GINT_TO_POINTER (FALSE), tests[i].test);
      g_test_add_data_func (sync_path, GINT_TO_POINTER (TRUE), tests[i].test);
    }

  return g_test_run ();
}
