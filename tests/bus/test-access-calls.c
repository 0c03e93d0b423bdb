/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "dbr-scene.h"

/* A client with an access policy, on a real bus. What a policy allows is told by the tests of the
 * policy alone; here it is that a client asks it whatever it does, and before it does it. */

#define OTHER_NAME "org.dbr.Tests"
#define PROPERTIES "org.freedesktop.DBus.Properties"

static DbrClient *
new_client (Scene           *scene,
            DbrAccessPolicy *policy)
{
  return g_object_new (DBR_TYPE_CLIENT,
                       "address", dbr_test_bus_get_address (scene->bus),
                       "access-policy", policy,
                       NULL);
}

static DbrAccessPolicy *new_policy (const char *allowed,
                                    ...) G_GNUC_NULL_TERMINATED;

/* Nothing is allowed but these patterns. */
static DbrAccessPolicy *
new_policy (const char *allowed,
            ...)
{
  DbrAccessPolicy *policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  va_list patterns;

  va_start (patterns, allowed);
  for (const char *pattern = allowed; pattern != NULL; pattern = va_arg (patterns, const char *))
    {
      g_autoptr(GError) error = NULL;

      dbr_access_policy_allow (policy, pattern, &error);
      g_assert_no_error (error);
    }
  va_end (patterns);

  return policy;
}

static GVariant *
call (DbrClient   *client,
      const char  *bus_name,
      const char  *method_name,
      GError     **error)
{
  return dbr_client_call_sync (client, bus_name, SCENE_PATH, DBR_TEST_INTERFACE, method_name,
                               NULL, NULL, 5000, NULL, error);
}

static void
assert_called (DbrClient  *client,
               const char *bus_name)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = call (client, bus_name, "Echo", &error);

  g_assert_no_error (error);
  g_assert_nonnull (reply);
}

static void
assert_denied (DbrClient  *client,
               const char *bus_name,
               const char *reason)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = call (client, bus_name, "Echo", &error);

  g_assert_null (reply);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, reason));
}

/* Whatever a client can be asked for, once waiting and once with a callback. */
typedef enum
{
  CALL,
  RUN,
  READ,
  READ_ALL,
  WRITE,
  PING,
  INTROSPECT,
  WAIT,
} Operation;

static const struct
{
  Operation   operation;
  const char *allowed;
  gboolean    is_allowed;
} asked[] = {
  { CALL, SCENE_NAME ":" DBR_TEST_INTERFACE ".Echo", TRUE },
  { CALL, SCENE_NAME ":" DBR_TEST_INTERFACE ".Ech", FALSE },
  { CALL, SCENE_NAME ":" DBR_TEST_INTERFACE ".EchoAll", FALSE },
  { CALL, SCENE_NAME SCENE_PATH ":" DBR_TEST_INTERFACE ".Echo", TRUE },
  { CALL, SCENE_NAME "/org/dbr:*", FALSE },
  { CALL, SCENE_NAME "/org/dbr/*:*", TRUE },
  { CALL, SCENE_NAME "/org/dbr/Pee/*:*", FALSE },
  { CALL, "org.dbr:*", FALSE },
  { CALL, "org.dbr.Tes:*", FALSE },
  { CALL, OTHER_NAME ":*", FALSE },
  { CALL, "org.dbr.*:*", TRUE },
  { CALL, "org.dbr.Test.*:*", TRUE },
  { CALL, SCENE_NAME ":org.dbr.Peer.*", FALSE },
  { CALL, SCENE_NAME ":org.dbr.Peer1x.*", FALSE },
  { RUN, SCENE_NAME ":" DBR_TEST_INTERFACE ".Echo", TRUE },
  { RUN, SCENE_NAME ":" DBR_TEST_INTERFACE ".Increment", FALSE },
  { READ, SCENE_NAME ":" DBR_TEST_INTERFACE ".Level", TRUE },
  { READ, SCENE_NAME ":" DBR_TEST_INTERFACE ".Leve", FALSE },
  { READ, SCENE_NAME ":" PROPERTIES ".Get", TRUE },
  { READ, SCENE_NAME ":" PROPERTIES ".Set", FALSE },
  { READ_ALL, SCENE_NAME ":" DBR_TEST_INTERFACE ".*", TRUE },
  { READ_ALL, SCENE_NAME ":" DBR_TEST_INTERFACE ".Level", FALSE },
  { WRITE, SCENE_NAME ":" DBR_TEST_INTERFACE ".Level", TRUE },
  { WRITE, SCENE_NAME ":" PROPERTIES ".Get", FALSE },
  { PING, SCENE_NAME ":org.freedesktop.DBus.Peer.Ping", TRUE },
  { PING, SCENE_NAME ":" DBR_TEST_INTERFACE ".*", FALSE },
  { INTROSPECT, SCENE_NAME ":org.freedesktop.DBus.Introspectable.*", TRUE },
  { INTROSPECT, SCENE_NAME ":" DBR_TEST_INTERFACE ".*", FALSE },
  { WAIT, SCENE_NAME ":" DBR_TEST_INTERFACE ".Echo", TRUE },
  { WAIT, OTHER_NAME ":*", FALSE },
};

static void
begin (DbrClient     *client,
       Operation      operation,
       DbrTestResult *result)
{
  g_autoptr(DbrCall) echo = NULL;

  switch (operation)
    {
    case CALL:
      dbr_client_call_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL,
                             NULL, 5000, NULL, dbr_test_result_cb, result);
      break;

    case RUN:
      echo = scene_call_new ("Echo", NULL, 5000);
      dbr_client_run_async (client, echo, NULL, dbr_test_result_cb, result);
      break;

    case READ:
      dbr_client_read_property_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Level",
                                      NULL, dbr_test_result_cb, result);
      break;

    case READ_ALL:
      dbr_client_read_all_properties_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                            NULL, dbr_test_result_cb, result);
      break;

    case WRITE:
      dbr_client_write_property_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Level",
                                       g_variant_new_uint32 (3), NULL, dbr_test_result_cb, result);
      break;

    case PING:
      dbr_client_ping_async (client, SCENE_NAME, NULL, dbr_test_result_cb, result);
      break;

    case INTROSPECT:
      dbr_client_introspect_async (client, SCENE_NAME, SCENE_PATH, NULL, dbr_test_result_cb,
                                   result);
      break;

    case WAIT:
    default:
      dbr_client_wait_for_service_async (client, SCENE_NAME, 5000, NULL, dbr_test_result_cb,
                                         result);
      break;
    }
}

static void
finish (DbrClient      *client,
        Operation       operation,
        GAsyncResult   *result,
        GError        **error)
{
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *text = NULL;

  switch (operation)
    {
    case CALL:
      reply = dbr_client_call_finish (client, result, error);
      break;

    case RUN:
      reply = dbr_client_run_finish (client, result, error);
      break;

    case READ:
      reply = dbr_client_read_property_finish (client, result, error);
      break;

    case READ_ALL:
      reply = dbr_client_read_all_properties_finish (client, result, error);
      break;

    case WRITE:
      dbr_client_write_property_finish (client, result, error);
      break;

    case PING:
      dbr_client_ping_finish (client, result, error);
      break;

    case INTROSPECT:
      text = dbr_client_introspect_finish (client, result, error);
      break;

    case WAIT:
    default:
      text = dbr_client_wait_for_service_finish (client, result, error);
      break;
    }
}

static void
do_sync (DbrClient  *client,
         Operation   operation,
         GError    **error)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(DbrCall) echo = NULL;
  g_autofree char *text = NULL;

  switch (operation)
    {
    case CALL:
      reply = call (client, SCENE_NAME, "Echo", error);
      break;

    case RUN:
      echo = scene_call_new ("Echo", NULL, 5000);
      reply = dbr_client_run_sync (client, echo, NULL, error);
      break;

    case READ:
      reply = dbr_client_read_property_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                                             "Level", NULL, error);
      break;

    case READ_ALL:
      reply = dbr_client_read_all_properties_sync (client, SCENE_NAME, SCENE_PATH,
                                                   DBR_TEST_INTERFACE, NULL, error);
      break;

    case WRITE:
      dbr_client_write_property_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Level",
                                      g_variant_new_uint32 (3), NULL, error);
      break;

    case PING:
      dbr_client_ping_sync (client, SCENE_NAME, NULL, error);
      break;

    case INTROSPECT:
      text = dbr_client_introspect_sync (client, SCENE_NAME, SCENE_PATH, NULL, error);
      break;

    case WAIT:
    default:
      text = dbr_client_wait_for_service_sync (client, SCENE_NAME, 5000, NULL, error);
      break;
    }
}

/* A denied call does not even make the client connect. */
static void
assert_verdict (DbrClient    *client,
                gboolean      is_allowed,
                const GError *error)
{
  if (is_allowed)
    {
      g_assert_no_error (error);
      return;
    }

  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_DISCONNECTED);
  g_assert_null (dbr_client_get_unique_name (client));
}

static void
test_operations (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("Each operation is judged as what it does, and what is denied never gets to the bus");

  for (gsize i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      g_autoptr(DbrAccessPolicy) policy = new_policy (asked[i].allowed, NULL);
      g_autoptr(DbrClient) client = new_client (scene, policy);
      g_autoptr(DbrClient) other = new_client (scene, policy);
      g_autoptr(GError) sync_error = NULL;
      g_autoptr(GError) error = NULL;
      g_auto(DbrTestResult) result = { NULL };

      g_test_message ("%u: operation %d, “%s”", (guint) i, asked[i].operation, asked[i].allowed);
      do_sync (client, asked[i].operation, &sync_error);
      assert_verdict (client, asked[i].is_allowed, sync_error);

      begin (other, asked[i].operation, &result);
      g_assert_cmpuint (result.n_calls, ==, 0);
      finish (other, asked[i].operation, dbr_test_result_wait (&result, NULL), &error);
      assert_verdict (other, asked[i].is_allowed, error);
    }
}

static void
test_unique_names (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy = new_policy ("org.dbr.*:*", NULL);
  g_autoptr(DbrClient) client = NULL;
  g_autofree char *unique_name = g_strdup (dbr_test_peer_get_unique_name (scene->peer));

  g_test_summary ("A unique name is allowed as the names are that the client knows it to have");
  g_assert_true (dbr_access_policy_deny (policy, "org.dbr.Secret:*", NULL));
  client = new_client (scene, policy);

  assert_denied (client, unique_name, "unique name");
  /* The bus is asked about the name behind the first call, and has answered by the second. */
  assert_called (client, SCENE_NAME);
  assert_called (client, SCENE_NAME);
  assert_called (client, unique_name);

  /* The program goes and another one comes: the name of the first one says nothing any more. */
  dbr_test_peer_restart (scene->peer);
  assert_called (client, SCENE_NAME);
  g_assert_cmpstr (dbr_test_peer_get_unique_name (scene->peer), !=, unique_name);
  assert_called (client, dbr_test_peer_get_unique_name (scene->peer));
  assert_denied (client, ":1.424242", "unique name");
}

static void
test_frozen (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy = new_policy (SCENE_NAME ":*", NULL);
  g_autoptr(DbrClient) client = new_client (scene, policy);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A policy that a client has taken cannot be changed any more");
  g_assert_true (dbr_access_policy_get_frozen (policy));
  g_assert_true (dbr_client_get_access_policy (client) == policy);
  g_assert_false (dbr_access_policy_allow (policy, OTHER_NAME ":*", &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  assert_denied (client, OTHER_NAME, "no rule allows it");
  assert_called (client, SCENE_NAME);
}

static void
test_rate (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy = new_policy (SCENE_NAME ":*", NULL);
  g_autoptr(DbrClient) client = NULL;

  g_test_summary ("Calls over a rate limit are refused before they are sent, and others are not");
  g_assert_true (dbr_access_policy_set_rate_limit (policy, SCENE_NAME ":*.Echo", 3, NULL));
  client = new_client (scene, policy);

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) reply = call (client, SCENE_NAME, "Echo", &error);

      g_assert_cmpint (reply != NULL, ==, i < 3);
      if (i < 3)
        g_assert_no_error (error);
      else
        g_assert_error (error, DBR_ERROR, DBR_ERROR_RATE_LIMITED);
    }
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, 3);
  dbr_client_ping_sync (client, SCENE_NAME, NULL, NULL);
  g_assert_cmpint (dbr_client_get_state (client), ==, DBR_CLIENT_STATE_CONNECTED);
}

/* Discovery */

static void
assert_lists (DbrClient  *client,
              const char *bus_name,
              gboolean    is_listed)
{
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = dbr_client_list_names_sync (client, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_test_message ("%s", bus_name);
  g_assert_cmpint (g_strv_contains ((const char *const *) names, bus_name), ==, is_listed);
}

static void
test_list_names (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrTestPeer) other = dbr_test_peer_new (scene->bus, OTHER_NAME, NULL);
  g_autoptr(DbrAccessPolicy) policy = new_policy (SCENE_NAME ":" DBR_TEST_INTERFACE ".Echo", NULL);
  g_autoptr(DbrClient) client = new_client (scene, policy);
  const char *unique_name = dbr_test_peer_get_unique_name (scene->peer);

  g_test_summary ("Names all of which is denied are not listed, and their owners are not told apart");
  assert_lists (scene->client, OTHER_NAME, TRUE);
  assert_lists (scene->client, unique_name, TRUE);

  assert_lists (client, SCENE_NAME, TRUE);
  assert_lists (client, OTHER_NAME, FALSE);
  assert_lists (client, unique_name, FALSE);
  assert_lists (client, dbr_test_peer_get_unique_name (other), FALSE);

  /* Once the client knows whose it is. */
  assert_called (client, SCENE_NAME);
  assert_called (client, SCENE_NAME);
  assert_lists (client, unique_name, TRUE);
  assert_lists (client, dbr_test_peer_get_unique_name (other), FALSE);
}

static void
test_activatable (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_ACTIVATION, NULL);
  g_autoptr(DbrAccessPolicy) policy = new_policy ("org.dbr.Started:*", NULL);
  g_autoptr(DbrClient) client = new_client (scene, policy);
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = NULL;

  g_test_summary ("What can be started is listed by the same rules");
  dbr_test_bus_add_service (scene->bus, "org.dbr.Started", "/bin/false");
  dbr_test_bus_add_service (scene->bus, "org.dbr.Hidden", "/bin/false");
  names = dbr_client_list_names_sync (client, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstrv (names, ((const char *[]) { "org.dbr.Started", NULL }));
}

static void
test_introspect (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy =
    new_policy (SCENE_NAME ":org.freedesktop.DBus.Introspectable.Introspect",
                SCENE_NAME ":" DBR_TEST_INTERFACE ".Echo", NULL);
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(GDBusNodeInfo) whole = NULL;
  g_autoptr(GDBusNodeInfo) node = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *all = NULL;
  g_autofree char *xml = NULL;
  GDBusInterfaceInfo *info;

  g_test_summary ("Introspection shows what may be called, read and heard, and nothing else");
  dbr_access_policy_allow_property (policy, DBR_TEST_INTERFACE, "Level", DBR_PROPERTY_ACCESS_READ,
                                    &error);
  g_assert_no_error (error);
  dbr_access_policy_allow_signal (policy, SCENE_NAME, DBR_TEST_INTERFACE, "Tick", &error);
  g_assert_no_error (error);
  client = new_client (scene, policy);

  all = dbr_client_introspect_sync (scene->client, SCENE_NAME, SCENE_PATH, NULL, &error);
  g_assert_no_error (error);
  whole = g_dbus_node_info_new_for_xml (all, NULL);
  g_assert_nonnull (g_dbus_interface_info_lookup_method
                      (g_dbus_node_info_lookup_interface (whole, DBR_TEST_INTERFACE), "Die"));

  xml = dbr_client_introspect_sync (client, SCENE_NAME, SCENE_PATH, NULL, &error);
  g_assert_no_error (error);
  node = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);
  info = g_dbus_node_info_lookup_interface (node, DBR_TEST_INTERFACE);
  g_assert_nonnull (info);
  g_assert_nonnull (g_dbus_interface_info_lookup_method (info, "Echo"));
  g_assert_null (g_dbus_interface_info_lookup_method (info, "Die"));
  g_assert_nonnull (g_dbus_interface_info_lookup_property (info, "Level"));
  g_assert_null (g_dbus_interface_info_lookup_property (info, "Name"));
  g_assert_nonnull (g_dbus_interface_info_lookup_signal (info, "Tick"));
  g_assert_null (g_dbus_node_info_lookup_interface (node, PROPERTIES));
  g_assert_null (g_dbus_node_info_lookup_interface (node, "org.freedesktop.DBus.Peer"));
}

static void
test_unreadable (void)
{
  g_autoptr(Scene) scene =
    scene_new (DBR_TEST_BUS_NONE,
               "on org.freedesktop.DBus.Introspectable.Introspect: reply ('<node><interface',)");
  g_autoptr(DbrAccessPolicy) policy = new_policy (SCENE_NAME ":*", NULL);
  g_autoptr(DbrClient) client = new_client (scene, policy);
  g_autoptr(GError) error = NULL;
  g_autofree char *xml = NULL;

  g_test_summary ("What a service says of itself and nobody can read is not handed on under a policy");
  xml = dbr_client_introspect_sync (client, SCENE_NAME, SCENE_PATH, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY);
  g_assert_null (xml);
}

/* Who is behind a name */

static DbrClient *
new_checking_client (Scene      *scene,
                     gint64      uid,
                     const char *exe)
{
  g_autoptr(DbrAccessPolicy) policy = new_policy ("org.dbr.*:*", NULL);
  g_autoptr(GError) error = NULL;

  dbr_access_policy_require_peer (policy, SCENE_NAME, uid, exe, &error);
  g_assert_no_error (error);

  return new_client (scene, policy);
}

static char *
dup_peer_exe (void)
{
  return realpath (dbr_test_peer_get_program (), NULL);
}

static void
test_peers (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *exe = dup_peer_exe ();
  g_autoptr(DbrClient) both = new_checking_client (scene, getuid (), exe);
  g_autoptr(DbrClient) user = new_checking_client (scene, getuid (), NULL);
  g_autoptr(DbrClient) program = new_checking_client (scene, -1, exe);
  g_autoptr(DbrClient) other_user = new_checking_client (scene, getuid () + 1, exe);
  g_autoptr(DbrClient) other_program = new_checking_client (scene, getuid (), "/bin/true");
  guint n_counted;

  g_test_summary ("A service that is not run by whom the policy wants is not called, by its user and its program");
  assert_called (both, SCENE_NAME);
  assert_called (user, SCENE_NAME);
  assert_called (program, SCENE_NAME);
  n_counted = dbr_test_peer_count (scene->peer, "Echo");
  g_assert_cmpuint (n_counted, ==, 3);

  assert_denied (other_user, SCENE_NAME, "another user");
  assert_denied (other_program, SCENE_NAME, "another program");
  assert_denied (other_program, SCENE_NAME, SCENE_NAME);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, n_counted);
}

/* The same program at another path, which is another program to who looks. */
static DbrTestPeer *
new_impostor (Scene      *scene,
              const char *folder)
{
  g_autofree char *copy = g_build_filename (folder, "impostor", NULL);
  g_autofree char *program = g_strdup (dbr_test_peer_get_program ());
  g_autofree char *kept = g_strdup (g_getenv ("DBR_TEST_PEER"));
  g_autoptr(GFile) from = g_file_new_for_path (program);
  g_autoptr(GFile) to = g_file_new_for_path (copy);
  g_autoptr(GError) error = NULL;
  DbrTestPeer *peer;

  g_file_copy (from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (copy, 0755), ==, 0);

  g_setenv ("DBR_TEST_PEER", copy, TRUE);
  peer = dbr_test_peer_new (scene->bus, SCENE_NAME, NULL);
  if (kept != NULL)
    g_setenv ("DBR_TEST_PEER", kept, TRUE);
  else
    g_unsetenv ("DBR_TEST_PEER");

  return peer;
}

/* What the bus answered before these, the client has heard. The check asks the bus twice. */
static void
let_check_end (DbrClient *client)
{
  for (guint i = 0; i < 3; i++)
    {
      g_auto(GStrv) names = dbr_client_list_names_sync (client, FALSE, NULL, NULL);

      g_assert_nonnull (names);
    }
}

static void
test_hands (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "on Hold: wait 800");
  g_autofree char *exe = dup_peer_exe ();
  g_autoptr(DbrClient) client = new_checking_client (scene, -1, exe);
  g_autoptr(DbrTestPeer) impostor = NULL;
  g_autoptr(DbrCall) first = scene_call_new ("Hold", NULL, 5000);
  g_autoptr(DbrCall) second = scene_call_new ("Increment", g_variant_new ("(s)", "pin"), 5000);
  g_auto(Outcome) held = { NULL };
  g_auto(Outcome) checked = { NULL };

  g_test_summary ("A call goes to the program that was checked though another one has taken its name since");

  /* The second one is checked, and waits for its turn. */
  dbr_client_set_max_in_flight (client, 1);
  scene_run_async (client, first, NULL, &held);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Hold") == 1, DBR_TEST_PATIENCE_MS);
  scene_run_async (client, second, NULL, &checked);
  let_check_end (client);

  impostor = new_impostor (scene, dbr_test_bus_get_folder (scene->bus));
  g_assert_cmpuint (held.n_ended, ==, 0);
  scene_wait (&held);
  scene_wait (&checked);
  g_assert_no_error (checked.error);
  g_assert_cmpstr (dbr_call_get_sender (second), ==, dbr_test_peer_get_unique_name (scene->peer));
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "pin"), ==, 1);
  g_assert_cmpuint (dbr_test_peer_executions (impostor, "pin"), ==, 0);

  /* Who has the name now is checked anew, and found out. */
  assert_denied (client, SCENE_NAME, "another program");
  g_assert_cmpuint (dbr_test_peer_count (impostor, "Echo"), ==, 0);
}

static void
test_gone (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *exe = dup_peer_exe ();
  g_autoptr(DbrClient) client = new_checking_client (scene, -1, exe);
  g_autoptr(DbrTestPeer) impostor = NULL;
  g_autoptr(DbrCall) first = scene_call_new ("Hold", NULL, 5000);
  g_autoptr(DbrCall) second = scene_call_new ("Increment", g_variant_new ("(s)", "pin"), 5000);
  g_auto(Outcome) held = { NULL };
  g_auto(Outcome) checked = { NULL };

  g_test_summary ("When the program that was checked is gone its successor is checked and not just called");
  dbr_test_peer_tell (scene->peer, "on Hold: never");
  dbr_client_set_max_in_flight (client, 1);
  dbr_call_set_idempotent (second, TRUE);
  scene_run_async (client, first, NULL, &held);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Hold") == 1, DBR_TEST_PATIENCE_MS);
  scene_run_async (client, second, NULL, &checked);
  let_check_end (client);

  impostor = new_impostor (scene, dbr_test_bus_get_folder (scene->bus));
  dbr_test_peer_kill (scene->peer);
  scene_wait (&held);
  scene_wait (&checked);
  g_assert_error (checked.error, DBR_ERROR, DBR_ERROR_DENIED);
  g_assert_nonnull (strstr (checked.error->message, "another program"));
  g_assert_cmpuint (dbr_test_peer_executions (impostor, "pin"), ==, 0);
}

static void
test_restarted (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autofree char *exe = dup_peer_exe ();
  g_autoptr(DbrClient) client = new_checking_client (scene, -1, exe);
  g_autoptr(DbrCall) call = scene_call_new ("Increment", g_variant_new ("(s)", "pin"), 5000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call that waits for its service goes to the new one, if that is as the policy wants it");
  assert_called (client, SCENE_NAME);
  dbr_test_peer_stop (scene->peer);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (client, call, NULL, &outcome);
  let_check_end (client);
  dbr_test_peer_restart (scene->peer);

  scene_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpstr (dbr_call_get_sender (call), ==, dbr_test_peer_get_unique_name (scene->peer));
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "pin"), ==, 1);
}

/* Audit */

static void
audit_cb (DbrClient *client,
          GVariant  *record,
          GPtrArray *records)
{
  g_assert_true (g_variant_is_of_type (record, G_VARIANT_TYPE_VARDICT));
  g_ptr_array_add (records, g_variant_ref (record));
}

static void
assert_record (GPtrArray  *records,
               guint       place,
               gboolean    is_allowed,
               const char *kind,
               const char *interface_name,
               const char *member)
{
  GVariant *record = g_ptr_array_index (records, place);
  g_autofree char *text = g_variant_print (record, FALSE);
  const char *found_kind, *bus_name, *path, *found_interface, *found_member, *rule;
  gboolean found_allowed;
  gint64 when_usec;

  g_test_message ("%s", text);
  g_assert_null (strstr (text, "secret"));
  g_assert_cmpuint (g_variant_n_children (record), ==, 8);
  g_assert_true (g_variant_lookup (record, "allowed", "b", &found_allowed));
  g_assert_true (g_variant_lookup (record, "kind", "&s", &found_kind));
  g_assert_true (g_variant_lookup (record, "bus-name", "&s", &bus_name));
  g_assert_true (g_variant_lookup (record, "object-path", "&s", &path));
  g_assert_true (g_variant_lookup (record, "interface-name", "&s", &found_interface));
  g_assert_true (g_variant_lookup (record, "member", "&s", &found_member));
  g_assert_true (g_variant_lookup (record, "rule", "&s", &rule));
  g_assert_true (g_variant_lookup (record, "when-usec", "x", &when_usec));

  g_assert_cmpint (found_allowed, ==, is_allowed);
  g_assert_cmpstr (found_kind, ==, kind);
  g_assert_cmpstr (bus_name, ==, SCENE_NAME);
  g_assert_cmpstr (path, ==, SCENE_PATH);
  g_assert_cmpstr (found_interface, ==, interface_name);
  g_assert_cmpstr (found_member, ==, member);
  g_assert_cmpstr (rule, !=, "");
  g_assert_cmpint (ABS (g_get_real_time () - when_usec), <, 60 * G_USEC_PER_SEC);
}

static void
echo_secret (DbrClient  *client,
             const char *method_name)
{
  G_GNUC_UNUSED g_autoptr(GVariant) reply =
    dbr_client_call_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, method_name,
                          g_variant_new ("(s)", "secret"), NULL, 5000, NULL, NULL);
}

static void
test_audit (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrAccessPolicy) policy = new_policy (SCENE_NAME ":*.Echo", SCENE_NAME ":*.Level", NULL);
  g_autoptr(GPtrArray) records =
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_autoptr(DbrClient) client = new_client (scene, policy);
  gulong id;

  g_test_summary ("Who listens is told of what was allowed and denied, by which rule, without its arguments");
  echo_secret (client, "Echo");
  id = g_signal_connect (client, "audit", G_CALLBACK (audit_cb), records);
  echo_secret (client, "Echo");
  echo_secret (client, "Increment");
  dbr_client_write_property_sync (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Level",
                                  g_variant_new_string ("secret"), NULL, NULL);
  g_variant_unref (dbr_client_read_property_sync (client, SCENE_NAME, SCENE_PATH,
                                                  DBR_TEST_INTERFACE, "Level", NULL, NULL));
  g_assert_null (dbr_client_read_all_properties_sync (client, SCENE_NAME, SCENE_PATH,
                                                      DBR_TEST_INTERFACE, NULL, NULL));
  dbr_test_wait_until (NULL, records->len == 5, DBR_TEST_PATIENCE_MS);

  /* Not of what was before anyone listened, nor of what is after it. */
  g_signal_handler_disconnect (client, id);
  echo_secret (client, "Echo");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (records->len, ==, 5);
  assert_record (records, 0, TRUE, "call", DBR_TEST_INTERFACE, "Echo");
  assert_record (records, 1, FALSE, "call", DBR_TEST_INTERFACE, "Increment");
  assert_record (records, 2, TRUE, "write", DBR_TEST_INTERFACE, "Level");
  assert_record (records, 3, TRUE, "read", DBR_TEST_INTERFACE, "Level");
  assert_record (records, 4, FALSE, "read-all", DBR_TEST_INTERFACE, "");
}

static void
test_audit_without_policy (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GPtrArray) records =
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  gboolean is_allowed = FALSE;

  g_test_summary ("What a client without a policy does is told as well, and all of it is allowed");
  g_signal_connect (scene->client, "audit", G_CALLBACK (audit_cb), records);
  echo_secret (scene->client, "Echo");
  dbr_test_wait_until (NULL, records->len == 1, DBR_TEST_PATIENCE_MS);
  g_assert_true (g_variant_lookup (g_ptr_array_index (records, 0), "allowed", "b", &is_allowed));
  g_assert_true (is_allowed);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/access/each-operation-is-judged", test_operations);
  g_test_add_func ("/dbr/access/unique-names", test_unique_names);
  g_test_add_func ("/dbr/access/a-policy-in-use-is-frozen", test_frozen);
  g_test_add_func ("/dbr/access/rate-limits", test_rate);
  g_test_add_func ("/dbr/access/list-names", test_list_names);
  g_test_add_func ("/dbr/access/list-activatable-names", test_activatable);
  g_test_add_func ("/dbr/access/introspect", test_introspect);
  g_test_add_func ("/dbr/access/what-cannot-be-read-is-not-shown", test_unreadable);
  g_test_add_func ("/dbr/access/peers", test_peers);
  g_test_add_func ("/dbr/access/a-name-that-changes-hands", test_hands);
  g_test_add_func ("/dbr/access/a-successor-is-checked", test_gone);
  g_test_add_func ("/dbr/access/a-restarted-service-is-checked", test_restarted);
  g_test_add_func ("/dbr/access/audit", test_audit);
  g_test_add_func ("/dbr/access/audit-without-policy", test_audit_without_policy);

  return g_test_run ();
}
