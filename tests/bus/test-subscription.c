/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/wait.h>
#include <unistd.h>

#include "dbr-scene.h"

#define FACE "org.dbr.Test1"
#define N_FLOOD 200000
#define NONE DBR_SUBSCRIPTION_FLAGS_NONE

/* A subscription and what it was told. */
typedef struct
{
  DbrSubscription *subscription;
  GPtrArray       *texts;
  guint            n_heard;
  gboolean         is_counting;
  gboolean         is_stopping;
  gboolean         is_leaving;
  GMainContext    *context;
} Ear;

static void
received_cb (DbrSubscription *subscription,
             const char      *sender,
             const char      *object_path,
             const char      *interface_name,
             const char      *member,
             GVariant        *parameters,
             gpointer         user_data)
{
  Ear *ear = user_data;

  ear->n_heard++;
  ear->context = g_main_context_get_thread_default ();
  if (!ear->is_counting)
    {
      g_autofree char *printed = g_variant_print (parameters, FALSE);

      g_ptr_array_add (ear->texts, g_strdup_printf ("%s %s %s.%s %s", sender, object_path,
                                                    interface_name, member, printed));
    }
  if (ear->is_stopping)
    dbr_subscription_stop (subscription);
  if (ear->is_leaving)
    g_clear_object (&ear->subscription);
}

static void
ear_init (Ear                  *ear,
          DbrClient            *client,
          const char           *bus_name,
          const char           *object_path,
          const char           *member,
          const char           *arg0,
          DbrSubscriptionFlags  flags)
{
  ear->texts = g_ptr_array_new_with_free_func (g_free);
  ear->subscription = dbr_subscription_new (client, bus_name, object_path, FACE, member, arg0,
                                            flags);
  g_signal_connect (ear->subscription, "received", G_CALLBACK (received_cb), ear);
}

static void
ear_start (Ear *ear)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (dbr_subscription_start_sync (ear->subscription, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (dbr_subscription_get_active (ear->subscription));
}

static void
ear_open (Ear                  *ear,
          DbrClient            *client,
          const char           *object_path,
          const char           *member,
          const char           *arg0,
          DbrSubscriptionFlags  flags)
{
  ear_init (ear, client, SCENE_NAME, object_path, member, arg0, flags);
  ear_start (ear);
}

static void
ear_clear (Ear *ear)
{
  g_clear_object (&ear->subscription);
  g_clear_pointer (&ear->texts, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ear, ear_clear)

static void
ear_wait (Ear   *ear,
          guint  n_heard)
{
  dbr_test_wait_until (NULL, ear->n_heard >= n_heard, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (ear->n_heard, ==, n_heard);
}

static void
ear_assert_last (Ear        *ear,
                 const char *sender,
                 const char *text)
{
  g_autofree char *wanted = g_strdup_printf ("%s %s", sender, text);

  g_assert_cmpuint (ear->texts->len, >, 0);
  g_assert_cmpstr (g_ptr_array_index (ear->texts, ear->texts->len - 1), ==, wanted);
}

/* What was sent before has been heard by then, and told if somebody is told of it. */
static void
scene_settle (Scene *scene)
{
  scene_assert_answers (scene->client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_received (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };

  g_test_summary ("A signal is heard with all that it says");
  ear_init (&ear, scene->client, SCENE_NAME, "/a", "Changed", "x", NONE);
  g_assert_false (dbr_subscription_get_active (ear.subscription));
  ear_start (&ear);
  g_assert_true (dbr_subscription_get_client (ear.subscription) == scene->client);
  g_assert_cmpstr (dbr_subscription_get_bus_name (ear.subscription), ==, SCENE_NAME);
  g_assert_cmpstr (dbr_subscription_get_object_path (ear.subscription), ==, "/a");
  g_assert_cmpstr (dbr_subscription_get_interface_name (ear.subscription), ==, FACE);
  g_assert_cmpstr (dbr_subscription_get_member (ear.subscription), ==, "Changed");
  g_assert_cmpstr (dbr_subscription_get_arg0 (ear.subscription), ==, "x");
  g_assert_cmpuint (dbr_subscription_get_flags (ear.subscription), ==, NONE);

  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('x', uint32 7, ['y'])");
  ear_wait (&ear, 1);
  ear_assert_last (&ear, dbr_test_peer_get_unique_name (scene->peer),
                   "/a " FACE ".Changed ('x', 7, ['y'])");

  dbr_test_peer_tell (scene->peer, "emit /b " FACE ".Changed ('x',)");
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Other ('x',)");
  dbr_test_peer_tell (scene->peer, "emit /a org.dbr.Test2.Changed ('x',)");
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('z',)");
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 1);
}

static void
test_from_the_first (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("What is sent as soon as it has started is heard");
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr(DbrClient) client =
        dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
      g_auto(Ear) ear = { NULL };

      ear_open (&ear, client, NULL, NULL, NULL, NONE);
      dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed (%u,)", i);
      ear_wait (&ear, 1);
    }
}

static void
test_started_in_the_background (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  g_auto(DbrTestResult) one = { NULL };
  g_auto(DbrTestResult) other = { NULL };
  g_auto(DbrTestResult) late = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("Started twice it is asked for once, and both hear that it has started");
  ear_init (&ear, scene->client, SCENE_NAME, NULL, NULL, NULL, NONE);
  dbr_subscription_start_async (ear.subscription, NULL, dbr_test_result_cb, &one);
  dbr_subscription_start_async (ear.subscription, NULL, dbr_test_result_cb, &other);
  g_assert_cmpuint (one.n_calls, ==, 0);
  g_assert_true (dbr_subscription_start_finish (ear.subscription,
                                                dbr_test_result_wait (&one, NULL), &error));
  g_assert_true (dbr_subscription_start_finish (ear.subscription,
                                                dbr_test_result_wait (&other, NULL), &error));
  dbr_subscription_start_async (ear.subscription, NULL, dbr_test_result_cb, &late);
  g_assert_true (dbr_subscription_start_finish (ear.subscription,
                                                dbr_test_result_wait (&late, NULL), &error));
  g_assert_no_error (error);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 1);
}

static void
test_refused (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  GPtrArray *ears = g_ptr_array_new ();
  guint n_active = 0;

  g_test_summary ("Of more subscriptions than the bus allows each hears or is refused");
  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *path = g_strdup_printf ("/a%u", i);
      g_autoptr(GError) error = NULL;
      Ear *ear = g_new0 (Ear, 1);

      g_ptr_array_add (ears, ear);
      ear_init (ear, scene->client, SCENE_NAME, path, NULL, NULL, NONE);
      if (dbr_subscription_start_sync (ear->subscription, NULL, &error))
        n_active++;
      else
        dbr_test_assert_remote_error (error, "org.freedesktop.DBus.Error.LimitsExceeded");
      g_assert_cmpint (dbr_subscription_get_active (ear->subscription), ==, error == NULL);
    }
  /* dbus-broker counts by user and not by connection, and allows more. */
  g_assert_cmpuint (n_active, >=, 500);
  if (dbr_test_bus_get_kind (scene->bus) == DBR_TEST_BUS_KIND_DBUS_DAEMON)
    g_assert_cmpuint (n_active, <, 600);

  for (guint i = 0; i < 600; i++)
    dbr_test_peer_tell (scene->peer, "emit /a%u " FACE ".Changed (%u,)", i, i);
  scene_settle (scene);
  for (guint i = 0; i < 600; i++)
    {
      Ear *ear = g_ptr_array_index (ears, i);

      g_assert_cmpuint (ear->n_heard, ==, dbr_subscription_get_active (ear->subscription) ? 1 : 0);
    }

  /* When there is room again a refused one can be started. */
  dbr_subscription_stop (((Ear *) g_ptr_array_index (ears, 0))->subscription);
  if (n_active < 600)
    ear_start (g_ptr_array_index (ears, 599));
  for (guint i = 0; i < 600; i++)
    {
      ear_clear (g_ptr_array_index (ears, i));
      g_free (g_ptr_array_index (ears, i));
    }
  g_ptr_array_unref (ears);
}

static void
test_refused_owner (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_DBUS_DAEMON, NULL);
  g_autoptr(DbrTestPeer) later = NULL;
  g_autoptr(GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto(Ear) ear = { NULL };
  gboolean is_active = TRUE;

  g_test_summary ("What could not be heard after the service's next start is refused");
  for (guint i = 0; is_active; i++)
    {
      g_autofree char *path = g_strdup_printf ("/a%u", i);

      g_ptr_array_add (subscriptions, dbr_subscription_new (scene->client, SCENE_NAME, path, NULL,
                                                            NULL, NULL, NONE));
      is_active = dbr_subscription_start_sync (g_ptr_array_index (subscriptions, i), NULL, NULL);
    }

  /* The name takes a rule as well as what is heard of it. */
  ear_init (&ear, scene->client, "org.dbr.Later", NULL, NULL, NULL, NONE);
  g_assert_false (dbr_subscription_start_sync (ear.subscription, NULL, NULL));
  dbr_subscription_stop (g_ptr_array_index (subscriptions, 0));
  g_assert_false (dbr_subscription_start_sync (ear.subscription, NULL, NULL));
  dbr_subscription_stop (g_ptr_array_index (subscriptions, 1));
  ear_start (&ear);
  later = dbr_test_peer_new (scene->bus, "org.dbr.Later", NULL);
  dbr_test_peer_tell (later, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
}

static void
test_merged (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) tree = { NULL };
  Ear ears[600] = { { NULL } };

  g_test_summary ("One rule for a tree serves all that is heard in it");
  ear_open (&tree, scene->client, "/a", NULL, NULL, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE);
  for (guint i = 0; i < G_N_ELEMENTS (ears); i++)
    {
      g_autofree char *path = g_strdup_printf ("/a/b%u", i);

      ear_open (&ears[i], scene->client, path, NULL, NULL, NONE);
    }

  /* It outlives the one that it was asked for. */
  ear_clear (&tree);
  dbr_test_peer_tell (scene->peer, "emit /a/b599 " FACE ".Changed");
  dbr_test_peer_tell (scene->peer, "emit /a/c " FACE ".Changed");
  ear_wait (&ears[599], 1);
  g_assert_cmpuint (ears[0].n_heard, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (ears); i++)
    ear_clear (&ears[i]);
}

static guint
count_rules (Scene *scene)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) figures = NULL;
  g_autoptr(GError) error = NULL;
  guint32 n_rules = 0;

  reply = dbr_client_call_sync (scene->client, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats",
                                g_variant_new ("(s)", dbr_client_get_unique_name (scene->client)),
                                NULL, 5000, NULL, &error);
  g_assert_no_error (error);
  figures = g_variant_get_child_value (reply, 0);
  g_assert_true (g_variant_lookup (figures, "MatchRules", "u", &n_rules));

  return n_rules;
}

static void
test_counted_by_the_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_DBUS_DAEMON, NULL);
  g_auto(Ear) one = { NULL };
  g_auto(Ear) same = { NULL };
  g_auto(Ear) tree = { NULL };
  g_auto(Ear) in_tree = { NULL };
  guint n_before;

  g_test_summary ("The bus keeps a rule as long as someone needs it, and no longer");
  ear_open (&one, scene->client, "/a", NULL, NULL, NONE);
  n_before = count_rules (scene);
  ear_open (&same, scene->client, "/a", NULL, NULL, NONE);
  g_assert_cmpuint (count_rules (scene), ==, n_before);
  ear_open (&tree, scene->client, "/a", NULL, NULL, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE);
  g_assert_cmpuint (count_rules (scene), ==, n_before + 1);
  ear_open (&in_tree, scene->client, "/a/b", "Changed", "x", NONE);
  g_assert_cmpuint (count_rules (scene), ==, n_before + 1);

  ear_clear (&one);
  g_assert_cmpuint (count_rules (scene), ==, n_before + 1);
  dbr_subscription_stop (same.subscription);
  g_assert_cmpuint (count_rules (scene), ==, n_before);
  ear_clear (&tree);
  g_assert_cmpuint (count_rules (scene), ==, n_before);
  ear_clear (&in_tree);
  g_assert_cmpuint (count_rules (scene), ==, n_before - 1);
}

static void
test_narrow_before_wide (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) narrow = { NULL };
  g_auto(Ear) wide = { NULL };

  g_test_summary ("Of two that overlap each hears a signal once, and goes on when the other ends");
  ear_open (&narrow, scene->client, "/a/b", NULL, NULL, NONE);
  ear_open (&wide, scene->client, "/", NULL, NULL, DBR_SUBSCRIPTION_FLAGS_PATH_NAMESPACE);
  dbr_test_peer_tell (scene->peer, "emit /a/b " FACE ".Changed");
  ear_wait (&narrow, 1);
  ear_wait (&wide, 1);
  ear_clear (&narrow);
  dbr_test_peer_tell (scene->peer, "emit /a/b " FACE ".Changed");
  ear_wait (&wide, 2);
  scene_settle (scene);
  g_assert_cmpuint (wide.n_heard, ==, 2);
}

static void
test_spoofed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) stranger = dbr_test_peer_new (scene->bus, "org.dbr.Stranger", NULL);
  g_auto(Ear) ear = { NULL };
  g_auto(Ear) other = { NULL };

  g_test_summary ("What another program sends to us in the name of the service is not heard");
  ear_open (&ear, scene->client, NULL, NULL, NULL, NONE);
  ear_init (&other, scene->client, "org.dbr.Stranger", NULL, NULL, NULL, NONE);
  ear_start (&other);
  dbr_test_peer_tell (stranger, "emit /a " FACE ".Changed ('false',) to %s",
                      dbr_client_get_unique_name (scene->client));
  ear_wait (&other, 1);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('true',)");
  ear_wait (&ear, 1);
  ear_assert_last (&ear, dbr_test_peer_get_unique_name (scene->peer),
                   "/a " FACE ".Changed ('true',)");
}

static void
test_service_restarts (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) next = NULL;
  g_auto(Ear) ear = { NULL };

  g_test_summary ("The new owner of the name is heard, and no longer the old one");
  ear_open (&ear, scene->client, NULL, NULL, NULL, NONE);
  for (guint i = 1; i <= 3; i++)
    {
      dbr_test_peer_restart (scene->peer);
      dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed (%u,)", i);
      ear_wait (&ear, i);
    }

  /* It lives on without the name. */
  next = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('old',)");
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('old',) to %s",
                      dbr_client_get_unique_name (scene->client));
  dbr_test_peer_tell (next, "emit /a " FACE ".Changed ('new',)");
  ear_wait (&ear, 4);
  ear_assert_last (&ear, dbr_test_peer_get_unique_name (next), "/a " FACE ".Changed ('new',)");
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 4);
}

static void
test_before_the_service (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) later = NULL;
  g_auto(Ear) ear = { NULL };

  g_test_summary ("A service that comes later is heard from its first signal");
  ear_init (&ear, scene->client, "org.dbr.Later", NULL, NULL, NULL, NONE);
  ear_start (&ear);
  later = dbr_test_peer_new (scene->bus, "org.dbr.Later", NULL);
  dbr_test_peer_tell (later, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
}

static void
test_arg0 (void)
{
  const struct
  {
    const char          *arg0;
    DbrSubscriptionFlags flags;
    const char          *heard;
    const char          *unheard;
  } rows[] = {
    { "a.b", NONE, "('a.b', 1)", "('a.b.c',)" },
    { "it's", NONE, "(\"it's\",)", "('its',)" },
    { "", NONE, "('',)", "()" },
    { "a.b", DBR_SUBSCRIPTION_FLAGS_ARG0_NAMESPACE, "('a.b.c',)", "('a.bc',)" },
    { "/a/", DBR_SUBSCRIPTION_FLAGS_ARG0_PATH, "(objectpath '/a/b',)", "('/a',)" },
    { "/a/b", DBR_SUBSCRIPTION_FLAGS_ARG0_PATH, "('/a/',)", "('/a/b/c',)" },
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("The first argument decides, in each of the ways to compare it");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto(Ear) ear = { NULL };

      ear_open (&ear, scene->client, NULL, NULL, rows[i].arg0, rows[i].flags);
      dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed %s", rows[i].unheard);
      dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed %s", rows[i].heard);
      ear_wait (&ear, 1);
      scene_settle (scene);
      g_assert_cmpuint (ear.n_heard, ==, 1);
    }
}

static void
test_stopped_inside (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };

  g_test_summary ("Stopped by who hears a signal, no other is heard until it is started again");
  ear_open (&ear, scene->client, NULL, NULL, NULL, NONE);
  ear.is_stopping = TRUE;
  dbr_test_peer_tell (scene->peer, "flood 10 /a " FACE ".Changed");
  ear_wait (&ear, 1);
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 1);
  g_assert_false (dbr_subscription_get_active (ear.subscription));

  ear.is_stopping = FALSE;
  ear_start (&ear);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 2);
}

static void
test_left_inside (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  GWeakRef weak;

  g_test_summary ("Its last reference may go while it is heard");
  ear_open (&ear, scene->client, NULL, NULL, NULL, NONE);
  g_weak_ref_init (&weak, ear.subscription);
  ear.is_leaving = TRUE;
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 1);
  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
}

static gpointer
start_and_stop_thread (gpointer data)
{
  for (guint i = 0; i < 300; i++)
    {
      dbr_subscription_start_async (data, NULL, NULL, NULL);
      dbr_subscription_stop (data);
    }

  return NULL;
}

static void
test_stopped_from_threads (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  GThread *threads[4];

  g_test_summary ("It is started and stopped in many threads at once, and works after that");
  ear_init (&ear, scene->client, SCENE_NAME, NULL, NULL, NULL, NONE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("start", start_and_stop_thread, ear.subscription);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  dbr_subscription_stop (ear.subscription);
  scene_settle (scene);
  g_assert_false (dbr_subscription_get_active (ear.subscription));
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 0);

  ear_start (&ear);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
}

static void
test_cancelled (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Ear) ear = { NULL };
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A start that was cancelled hears nothing");
  scene_assert_answers (scene->client);
  ear_init (&ear, scene->client, SCENE_NAME, NULL, NULL, NULL, NONE);
  dbr_test_bus_stop (scene->bus);
  dbr_subscription_start_async (ear.subscription, cancellable, dbr_test_result_cb, &result);
  g_cancellable_cancel (cancellable);
  g_assert_false (dbr_subscription_start_finish (ear.subscription,
                                                 dbr_test_result_wait (&result, NULL), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  dbr_test_bus_cont (scene->bus);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  scene_settle (scene);
  g_assert_cmpuint (ear.n_heard, ==, 0);
  g_assert_false (dbr_subscription_get_active (ear.subscription));

  ear_start (&ear);
  g_clear_error (&error);
  g_assert_false (dbr_subscription_start_sync (ear.subscription, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (dbr_subscription_get_active (ear.subscription));
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
}

static void
test_disposed_while_starting (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("Disposed while it starts, it says that it was stopped");
  scene_assert_answers (scene->client);
  ear_init (&ear, scene->client, SCENE_NAME, NULL, NULL, NULL, NONE);
  dbr_test_bus_stop (scene->bus);
  dbr_subscription_start_async (ear.subscription, NULL, dbr_test_result_cb, &result);
  g_object_run_dispose (G_OBJECT (ear.subscription));
  g_assert_false (dbr_subscription_start_finish (ear.subscription,
                                                 dbr_test_result_wait (&result, NULL), &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  dbr_subscription_stop (ear.subscription);
  g_assert_false (dbr_subscription_get_active (ear.subscription));
  dbr_test_bus_cont (scene->bus);
  scene_settle (scene);
}

static void
test_bad_values (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) async_error = NULL;

  g_test_summary ("A bad value is an error when it is started");
  ear_init (&ear, scene->client, "no name", NULL, NULL, NULL, NONE);
  g_assert_false (dbr_subscription_start_sync (ear.subscription, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  dbr_subscription_start_async (ear.subscription, NULL, dbr_test_result_cb, &result);
  g_assert_false (dbr_subscription_start_finish (ear.subscription,
                                                 dbr_test_result_wait (&result, NULL),
                                                 &async_error));
  g_assert_error (async_error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
audit_cb (DbrClient *client,
          GVariant  *record,
          gpointer   user_data)
{
  g_autofree char *printed = NULL;
  const char *kind, *name, *member;
  gboolean is_allowed;

  g_assert_true (g_variant_lookup (record, "allowed", "b", &is_allowed));
  g_assert_true (g_variant_lookup (record, "kind", "&s", &kind));
  g_assert_true (g_variant_lookup (record, "bus-name", "&s", &name));
  g_assert_true (g_variant_lookup (record, "member", "&s", &member));
  printed = g_strdup_printf ("%s %s %s %s", is_allowed ? "allowed" : "denied", kind, name, member);
  g_ptr_array_add (user_data, g_steal_pointer (&printed));
}

static void
test_policy (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func (g_free);
  g_auto(Ear) allowed = { NULL };
  g_auto(Ear) denied = { NULL };
  g_auto(Ear) wider = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("What the policy does not allow is not heard, and both are on record");
  dbr_access_policy_allow_signal (policy, SCENE_NAME, FACE, "Changed", &error);
  g_assert_no_error (error);
  client = g_object_new (DBR_TYPE_CLIENT,
                         "address", dbr_test_bus_get_address (scene->bus),
                         "access-policy", policy,
                         NULL);
  g_signal_connect (client, "audit", G_CALLBACK (audit_cb), records);
  ear_open (&allowed, client, NULL, "Changed", NULL, NONE);
  ear_init (&denied, client, SCENE_NAME, NULL, "Other", NULL, NONE);
  g_assert_false (dbr_subscription_start_sync (denied.subscription, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_clear_error (&error);
  ear_init (&wider, client, SCENE_NAME, NULL, NULL, NULL, NONE);
  g_assert_false (dbr_subscription_start_sync (wider.subscription, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);

  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&allowed, 1);
  dbr_test_wait_until (NULL, records->len >= 3, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (records->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (records, 0), ==, "allowed signal " SCENE_NAME " Changed");
  g_assert_cmpstr (g_ptr_array_index (records, 1), ==, "denied signal " SCENE_NAME " Other");
}

static void
test_adopted (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (scene->bus);
  g_autoptr(DbrClient) client = dbr_client_new_for_connection (connection);
  g_autoptr(DbrClient) lost = dbr_client_new_for_connection (connection);
  g_auto(Ear) ear = { NULL };
  g_auto(Ear) lost_ear = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("On a lent connection it hears until the client is closed or the connection lost");
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  ear_open (&ear, client, NULL, NULL, NULL, NONE);
  ear_open (&lost_ear, lost, NULL, NULL, NULL, NONE);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
  ear_wait (&lost_ear, 1);
  dbr_client_close_sync (client, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (dbr_subscription_get_active (ear.subscription));
  g_assert_false (dbr_subscription_start_sync (ear.subscription, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);

  g_assert_true (dbr_subscription_get_active (lost_ear.subscription));
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, !dbr_subscription_get_active (lost_ear.subscription),
                       DBR_TEST_PATIENCE_MS);
}

static void
test_without_a_bus (void)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening (NULL);
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));
  g_autoptr(DbrClient) nobody = dbr_client_new_for_peer ("unix:path=/nonexistent/peer");
  g_auto(Ear) ear = { NULL };
  g_auto(Ear) deaf = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("Without a bus the other program is heard");
  ear_init (&ear, client, NULL, NULL, NULL, NULL, NONE);
  ear_start (&ear);
  g_assert_cmpint (dbr_client_ping_sync (client, NULL, NULL, &error), >=, 0);
  dbr_test_peer_tell (peer, "emit /a " FACE ".Changed ('x',)");
  ear_wait (&ear, 1);
  g_assert_cmpstr (g_ptr_array_index (ear.texts, 0), ==, "(null) /a " FACE ".Changed ('x',)");

  ear_init (&deaf, nobody, NULL, NULL, NULL, NULL, NONE);
  g_assert_false (dbr_subscription_start_sync (deaf.subscription, NULL, &error));
  g_assert_nonnull (error);
  g_assert_false (dbr_subscription_get_active (deaf.subscription));
}

/* In the child nothing may be asserted: only its status tells. */
static void
test_forked (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  int status = 0;
  pid_t child;

  if (!g_test_subprocess ())
    {
      g_test_summary ("In a child of fork() it starts no more, and ends without waiting");
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  ear_open (&ear, scene->client, NULL, NULL, NULL, NONE);
  child = fork ();
  if (child == 0)
    {
      g_autoptr(GError) error = NULL;
      gboolean is_refused;

      is_refused = !dbr_subscription_start_sync (ear.subscription, NULL, &error)
                   && g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED);
      g_object_unref (ear.subscription);
      _exit (is_refused ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, 1);
}

static void
test_flood (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(Ear) ear = { NULL };
  g_auto(Ear) end = { NULL };
  g_autoptr(GMainContext) elsewhere = g_main_context_new ();
  DbrTestResources before, after;
  guint n_told;

  g_test_summary ("A flood into a context that is blocked is bounded and counted");
  ear_open (&ear, scene->client, "/a", NULL, NULL, NONE);
  ear_open (&end, scene->client, "/end", NULL, NULL, NONE);
  ear.is_counting = TRUE;
  scene_settle (scene);
  before = dbr_test_resources_read ();
  for (guint i = 0; i < N_FLOOD; i += 10000)
    dbr_test_peer_tell (scene->peer, "flood 10000 /a " FACE ".Changed ('%s',)",
                        "a text that is long enough to tell whether all of them are kept");
  dbr_test_peer_tell (scene->peer, "emit /end " FACE ".Changed");
  /* The context of the subscription is not the one that is iterated here. */
  dbr_test_wait_until (elsewhere,
                       dbr_subscription_get_dropped (ear.subscription) == N_FLOOD - 1000, 30000);
  after = dbr_test_resources_read ();
  g_assert_cmpuint (ear.n_heard, ==, 0);
  g_assert_cmpuint (after.heap_bytes, <, before.heap_bytes + 8 * 1024 * 1024);

  ear_wait (&end, 1);
  dbr_test_wait_until (NULL, ear.n_heard + dbr_subscription_get_dropped (ear.subscription)
                       == N_FLOOD, DBR_TEST_PATIENCE_MS);
  n_told = ear.n_heard;
  g_assert_cmpuint (n_told, >=, 1000);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  ear_wait (&ear, n_told + 1);
  g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_CONNECTED);
}

static gpointer
context_thread (gpointer data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  G_GNUC_UNUSED g_autoptr(GMainContextPusher) pusher = g_main_context_pusher_new (context);
  Scene *scene = data;
  g_auto(Ear) ear = { NULL };

  ear_open (&ear, scene->client, NULL, NULL, NULL, NONE);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed");
  dbr_test_wait_until (context, ear.n_heard == 1, DBR_TEST_PATIENCE_MS);
  g_assert_true (ear.context == context);

  return NULL;
}

static void
test_context (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("It is told in the context that it was made in");
  g_thread_join (g_thread_new ("context", context_thread, scene));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/subscription/hears-all-that-is-said", test_received);
  g_test_add_func ("/dbr/subscription/hears-from-the-first", test_from_the_first);
  g_test_add_func ("/dbr/subscription/starts-once", test_started_in_the_background);
  g_test_add_func ("/dbr/subscription/is-refused", test_refused);
  g_test_add_func ("/dbr/subscription/is-refused-for-the-owner", test_refused_owner);
  g_test_add_func ("/dbr/subscription/is-merged", test_merged);
  g_test_add_func ("/dbr/subscription/is-counted-by-the-bus", test_counted_by_the_bus);
  g_test_add_func ("/dbr/subscription/overlaps", test_narrow_before_wide);
  g_test_add_func ("/dbr/subscription/hears-no-stranger", test_spoofed);
  g_test_add_func ("/dbr/subscription/survives-restarts", test_service_restarts);
  g_test_add_func ("/dbr/subscription/waits-for-the-service", test_before_the_service);
  g_test_add_func ("/dbr/subscription/compares-arg0", test_arg0);
  g_test_add_func ("/dbr/subscription/is-stopped-inside", test_stopped_inside);
  g_test_add_func ("/dbr/subscription/is-left-inside", test_left_inside);
  g_test_add_func ("/dbr/subscription/is-stopped-from-threads", test_stopped_from_threads);
  g_test_add_func ("/dbr/subscription/is-cancelled", test_cancelled);
  g_test_add_func ("/dbr/subscription/is-disposed-while-starting", test_disposed_while_starting);
  g_test_add_func ("/dbr/subscription/names-bad-values", test_bad_values);
  g_test_add_func ("/dbr/subscription/is-under-the-policy", test_policy);
  g_test_add_func ("/dbr/subscription/is-on-a-lent-connection", test_adopted);
  g_test_add_func ("/dbr/subscription/needs-no-bus", test_without_a_bus);
  g_test_add_func ("/dbr/subscription/is-refused-in-a-child", test_forked);
  g_test_add_func ("/dbr/subscription/is-flooded", test_flood);
  g_test_add_func ("/dbr/subscription/tells-in-its-context", test_context);

  return g_test_run ();
}
