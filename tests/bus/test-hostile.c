/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-scene.h"

/* Services and strangers that mean no good. Whatever they send, a program has its answers or its
 * errors, and goes on. */

#define STRANGER "org.dbr.Stranger"
#define FACE "org.a.I"

typedef struct
{
  DbrSubscription *subscription;
  guint            n_heard;
  guint            n_wrong;
  const char      *wanted;
} Ear;

static void
received_cb (const DbrTestSignal *heard,
             gpointer             user_data)
{
  Ear *ear = user_data;

  ear->n_heard++;
  if (g_strcmp0 (heard->sender, ear->wanted) != 0)
    ear->n_wrong++;
}

static void
ear_open (Ear       *ear,
          DbrClient *client)
{
  g_autoptr(GError) error = NULL;

  ear->subscription = dbr_subscription_new (client, SCENE_NAME, NULL, FACE, NULL, NULL, 0);
  dbr_test_listen (ear->subscription, received_cb, ear);
  g_assert_true (dbr_subscription_start_sync (ear->subscription, NULL, &error));
  g_assert_no_error (error);
}

static void
ear_clear (Ear *ear)
{
  g_clear_object (&ear->subscription);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ear, ear_clear)

/* One of the right one's, behind all that was sent before. */
static void
ear_hear_next (Ear         *ear,
               DbrTestPeer *service)
{
  guint n_heard = ear->n_heard;

  ear->wanted = dbr_test_peer_get_unique_name (service);
  dbr_test_peer_tell (service, "emit /a " FACE ".Changed ('true',)");
  dbr_test_wait_until (NULL, ear->n_heard > n_heard, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (ear->n_wrong, ==, 0);
  g_assert_cmpuint (ear->n_heard, ==, n_heard + 1);
}

static char *
introspect (Scene   *scene,
            GError **error)
{
  return dbr_client_introspect_sync (scene->client, SCENE_NAME, SCENE_PATH, NULL, error);
}

static void
test_introspection (void)
{
  static const char *const hostile[] = {
    "<node><interface><method><arg type=\"s\"><node/></arg></method></interface></node>",
    "<node><interface name=\"a.b\"><method><node/></method></interface></node>",
    "<node", "", "no markup at all",
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("What a service says of its objects and would crash GLib is an error without a policy too");
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *xml = NULL;

      dbr_test_peer_tell (scene->peer, "on org.freedesktop.DBus.Introspectable.Introspect: reply ('%s',)",
                          hostile[i]);
      xml = introspect (scene, &error);
      g_assert_null (xml);
      g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
    }
  scene_assert_answers (scene->client);
}

static void
test_wrong_types (void)
{
  static const char *const replies[] = {
    "()", "('text',)", "(uint32 1,)", "({'a': 'b'},)", "({1: <2>},)", "(<<<<1>>>>,)", "([<1>],)",
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("Properties of a wrong type are an error each time, and nothing of them is kept");
  for (guint i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) all = NULL;

      dbr_test_peer_tell (scene->peer, "on org.freedesktop.DBus.Properties.GetAll: reply %s", replies[i]);
      all = dbr_client_read_all_properties_sync (scene->client, SCENE_NAME, SCENE_PATH,
                                                 DBR_TEST_INTERFACE, NULL, &error);
      g_assert_null (all);
      g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
    }
  scene_assert_answers (scene->client);
}

static guint
count_descriptors (void)
{
  g_autoptr(GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

static void
test_descriptors (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Echo: fd");
  guint n_before = 0;

  g_test_summary ("Descriptors that a service sends unasked are closed with the answer");
  for (guint i = 0; i < 60; i++)
    {
      g_autoptr(GVariant) reply = NULL;

      if (i == 10)
        n_before = count_descriptors ();
      reply = dbr_client_call_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                                    NULL, NULL, 0, NULL, NULL);
      g_assert_nonnull (reply);
    }
  /* That of the last answer may be on its way out. */
  dbr_test_wait_until (NULL, count_descriptors () <= n_before + 2, DBR_TEST_PATIENCE_MS);
}

static void
test_squatter (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) service = NULL;
  g_auto(Ear) ear = { NULL };
  const char *us;

  g_test_summary ("Who had the name before the service came is not heard in its name any more");
  ear_open (&ear, scene->client);
  us = dbr_client_get_unique_name (scene->client);
  ear_hear_next (&ear, scene->peer);

  service = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
  ear.wanted = dbr_test_peer_get_unique_name (service);
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('false',)");
  dbr_test_peer_tell (scene->peer, "emit /a " FACE ".Changed ('false',) to %s", us);
  scene_assert_answers (scene->client);
  ear_hear_next (&ear, service);
}

static void
test_forged_owner (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) stranger = dbr_test_peer_new (scene->bus, STRANGER, NULL);
  g_auto(Ear) ear = { NULL };
  const char *us, *right, *wrong;

  g_test_summary ("Only the bus says who owns a name");
  ear_open (&ear, scene->client);
  us = dbr_client_get_unique_name (scene->client);
  right = dbr_test_peer_get_unique_name (scene->peer);
  wrong = dbr_test_peer_get_unique_name (stranger);
  ear_hear_next (&ear, scene->peer);

  dbr_test_peer_tell (stranger, "emit /org/freedesktop/DBus org.freedesktop.DBus.NameOwnerChanged "
                      "('" SCENE_NAME "', '%s', '%s') to %s", right, wrong, us);
  dbr_test_peer_tell (stranger, "emit /a " FACE ".Changed ('false',) to %s", us);
  scene_assert_answers (scene->client);
  ear_hear_next (&ear, scene->peer);
}

static void
test_forged_properties (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "set " SCENE_PATH " " FACE ".Level uint32 1");
  g_autoptr(DbrTestPeer) stranger = dbr_test_peer_new (scene->bus, STRANGER, NULL);
  g_autoptr(DbrProxy) proxy = NULL;
  g_autoptr(GVariant) before = NULL;
  g_autoptr(GVariant) level = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A stranger changes no property of a service, not even for who is told directly");
  proxy = dbr_client_get_proxy_sync (scene->client, SCENE_NAME, SCENE_PATH, FACE, NULL, &error);
  g_assert_no_error (error);
  before = dbr_proxy_get_cached (proxy, "Level");
  g_assert_cmpuint (g_variant_get_uint32 (before), ==, 1);

  dbr_test_peer_tell (stranger, "emit " SCENE_PATH " org.freedesktop.DBus.Properties.PropertiesChanged "
                      "('" FACE "', {'Level': <uint32 666>}, @as []) to %s",
                      dbr_client_get_unique_name (scene->client));
  /* Of the wrong type, by the service itself. */
  dbr_test_peer_tell (scene->peer, "emit " SCENE_PATH " org.freedesktop.DBus.Properties.PropertiesChanged "
                      "('" FACE "', ['Level'], 7)");
  scene_assert_answers (scene->client);
  level = dbr_proxy_get_cached (proxy, "Level");
  g_assert_cmpuint (g_variant_get_uint32 (level), ==, 1);
}

#define SECRET "hunter2"

static void
tell_secrets (DbrClient *client)
{
  g_autoptr(GVariant) echo = NULL;
  g_autoptr(GVariant) failure = NULL;
  g_autoptr(GVariant) value = NULL;
  GListModel *trace = dbr_client_get_trace (client);

  echo = dbr_client_call_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                               g_variant_new ("(s)", SECRET), NULL, 0, NULL, NULL);
  g_assert_nonnull (echo);
  dbr_client_write_property_sync (client, SCENE_NAME, SCENE_PATH, FACE, "Passkey",
                                  g_variant_new_string (SECRET), NULL, NULL);
  value = dbr_client_read_property_sync (client, SCENE_NAME, SCENE_PATH, FACE, "Passkey", NULL, NULL);
  g_assert_nonnull (value);
  failure = dbr_client_call_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Never",
                                  g_variant_new ("(s)", SECRET), NULL, 100, NULL, NULL);
  g_assert_null (failure);

  dbr_test_wait_until (NULL, g_list_model_get_n_items (trace) == 4, DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(DbrCall) call = g_list_model_get_item (trace, i);

      g_assert_null (dbr_call_get_parameters (call));
    }
}

static void
test_secrets (void)
{
  g_autoptr(Scene) scene = NULL;
  g_autoptr(DbrMetrics) metrics = NULL;
  g_autofree char *text = NULL;

  if (!g_test_subprocess ())
    {
      g_test_summary ("Neither log nor trace nor figures have what is said in calls and answers");
      g_setenv ("DBR_DEBUG", "all", TRUE);
      g_setenv ("G_MESSAGES_DEBUG", "all", TRUE);
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      g_test_trap_assert_stderr ("*Echo*");
      g_test_trap_assert_stdout_unmatched ("*" SECRET "*");
      g_test_trap_assert_stderr_unmatched ("*" SECRET "*");
      return;
    }

  scene = scene_new (DBR_TEST_BUS_NONE, "set " SCENE_PATH " " FACE ".Passkey '" SECRET "'");
  metrics = dbr_metrics_new ();
  dbr_client_set_metrics (scene->client, metrics);
  dbr_client_set_trace_size (scene->client, 10);
  tell_secrets (scene->client);
  text = dbr_metrics_to_openmetrics (metrics);
  g_assert_null (strstr (text, SECRET));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/hostile/introspection", test_introspection);
  g_test_add_func ("/dbr/hostile/wrong-types", test_wrong_types);
  g_test_add_func ("/dbr/hostile/descriptors", test_descriptors);
  g_test_add_func ("/dbr/hostile/squatter", test_squatter);
  g_test_add_func ("/dbr/hostile/forged-owner", test_forged_owner);
  g_test_add_func ("/dbr/hostile/forged-properties", test_forged_properties);

  g_test_add_func ("/dbr/hostile/secrets", test_secrets);

  return g_test_run ();
}
