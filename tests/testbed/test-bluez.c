/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-testbed.h"

#include <string.h>

#define ADAPTER "org.bluez.Adapter1"
#define AGENT_MANAGER "org.bluez.AgentManager1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define DEVICE "org.bluez.Device1"
#define MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define LONG_MS 10000

/* A bus, a BlueZ that is played on it, and two who call it. */
typedef struct
{
  DbrTestBus      *bus;
  DbrTestBluez    *bluez;
  GDBusConnection *connection;
  GDBusConnection *other;
  /* what was told, as “added PATH”, in turn */
  GString         *news;
} Scene;

static void
news_cb (const DbrTestSignal *heard,
         gpointer             news)
{
  gboolean is_added = strcmp (heard->member, "InterfacesAdded") == 0;
  const char *object;

  g_variant_get_child (heard->parameters, 0, "&o", &object);
  g_string_append_printf (news, "%s %s\n", is_added ? "added" : "gone", object);
}

static void
free_news (gpointer news)
{
  g_string_free (news, TRUE);
}

static void
scene_init (Scene      *self,
            const char *script)
{
  self->bus = dbr_test_bus_new ();
  self->connection = dbr_test_bus_connect (self->bus);
  self->other = dbr_test_bus_connect (self->bus);
  self->news = g_string_new (NULL);
  dbr_test_listen_on_bus (self->connection, NULL, MANAGER, NULL, news_cb, self->news, free_news);
  self->bluez = dbr_test_bluez_new (self->bus, script);
}

static void
scene_clear (Scene *self)
{
  g_clear_pointer (&self->bluez, dbr_test_bluez_free);
  g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_clear_object (&self->connection);
  if (!g_dbus_connection_is_closed (self->other))
    g_dbus_connection_close_sync (self->other, NULL, NULL);
  g_clear_object (&self->other);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  /* The news are freed when those that were on their way are told. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static GVariant *
call (GDBusConnection *connection,
      const char      *path,
      const char      *interface_name,
      const char      *member,
      GVariant        *parameters,
      GError         **error)
{
  return dbr_test_call (connection, DBR_TEST_BLUEZ_NAME, path, interface_name, member, parameters,
                        LONG_MS, error);
}

static void
assert_done (GDBusConnection *connection,
             const char      *path,
             const char      *interface_name,
             const char      *member,
             GVariant        *parameters)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = call (connection, path, interface_name, member,
                                                  parameters, &error);

  g_assert_no_error (error);
}

static void
assert_refused (GDBusConnection *connection,
                const char      *path,
                const char      *interface_name,
                const char      *member,
                GVariant        *parameters,
                const char      *name,
                const char      *text)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = call (connection, path, interface_name, member,
                                                  parameters, &error);

  g_assert_null (reply);
  dbr_test_assert_remote_error (error, name);
  g_assert_nonnull (strstr (error->message, text));
}

static gboolean
is_set (Scene      *self,
        const char *path,
        const char *interface_name,
        const char *name)
{
  g_autoptr(GVariant) reply = call (self->connection, path, PROPERTIES, "Get",
                                    g_variant_new ("(ss)", interface_name, name), NULL);
  g_autoptr(GVariant) value = NULL;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(v)", &value);
  return g_variant_get_boolean (value);
}

static void
set (Scene      *self,
     const char *path,
     const char *interface_name,
     const char *name,
     GVariant   *value)
{
  assert_done (self->connection, path, PROPERTIES, "Set",
               g_variant_new ("(ssv)", interface_name, name, value));
}

static void
wait_for_adapter (Scene *self)
{
  dbr_test_wait_until (NULL, is_set (self, DBR_TEST_BLUEZ_ADAPTER_PATH, ADAPTER, "Powered"),
                       DBR_TEST_PATIENCE_MS);
}

static guint
count_objects (Scene *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = call (self->connection, "/", MANAGER, "GetManagedObjects", NULL,
                                    &error);
  g_autoptr(GVariant) objects = NULL;

  g_assert_no_error (error);
  objects = g_variant_get_child_value (reply, 0);
  return (guint) g_variant_n_children (objects);
}

/* Its adapters come a while after its name. */
static void
reboot_slowly (Scene *self)
{
  DbrTestPeer *peer = dbr_test_bluez_get_peer (self->bluez);

  /* What was told before the answer is heard before it. */
  wait_for_adapter (self);
  dbr_test_peer_tell (peer, "crash");
  g_assert_null (dbr_test_bus_dup_owner (self->bus, DBR_TEST_BLUEZ_NAME));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_string_truncate (self->news, 0);
  dbr_test_peer_tell (peer, "gap 300");
  dbr_test_peer_tell (peer, "boot");
}

static void
test_bluez_boots (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("the name comes before the adapters, and an adapter comes in two parts");
  scene_init (&scene, NULL);
  reboot_slowly (&scene);
  g_assert_cmpuint (count_objects (&scene), ==, 1);
  g_assert_false (is_set (&scene, DBR_TEST_BLUEZ_ADAPTER_PATH, ADAPTER, "Powered"));
  dbr_test_wait_until (NULL, strcmp (scene.news->str,
                                     "added /org/bluez/hci0\nadded /org/bluez/hci0\n") == 0,
                       DBR_TEST_PATIENCE_MS);
  g_assert_true (is_set (&scene, DBR_TEST_BLUEZ_ADAPTER_PATH, ADAPTER, "Powered"));
}

static void
test_bluez_searches_by_caller (void)
{
  const char *path = DBR_TEST_BLUEZ_ADAPTER_PATH;
  g_auto(Scene) scene = { NULL };
  g_autofree char *ledger = NULL;

  g_test_summary ("a search and its filter are a caller's own, and end with it");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE " Watch");
  wait_for_adapter (&scene);
  assert_done (scene.other, path, ADAPTER, "SetDiscoveryFilter",
               g_variant_new_parsed ("({'Transport': <'le'>},)"));
  assert_refused (scene.other, path, ADAPTER, "SetDiscoveryFilter",
                  g_variant_new_parsed ("({'Colour': <'red'>},)"),
                  "org.bluez.Error.InvalidArguments", "");
  assert_done (scene.other, path, ADAPTER, "StartDiscovery", NULL);
  assert_refused (scene.other, path, ADAPTER, "StartDiscovery", NULL, "org.bluez.Error.InProgress",
                  "Operation already in progress");
  assert_refused (scene.connection, path, ADAPTER, "StopDiscovery", NULL, "org.bluez.Error.Failed",
                  "No discovery started");
  g_assert_false (is_set (&scene, DBR_TEST_BLUEZ_DEVICE_PATH, DEVICE, "Connected"));
  g_assert_true (is_set (&scene, path, ADAPTER, "Discovering"));
  ledger = dbr_test_bluez_dup_ledger (scene.bluez);
  g_assert_nonnull (strstr (ledger, "{'Transport': <'le'>}"));
  g_dbus_connection_close_sync (scene.other, NULL, NULL);
  dbr_test_wait_until (NULL, !is_set (&scene, path, ADAPTER, "Discovering"), DBR_TEST_PATIENCE_MS);
  dbr_test_bluez_wait_for_ledger (scene.bluez, NULL, "filter", FALSE);
}

static void
meet (Scene *self)
{
  wait_for_adapter (self);
  assert_done (self->connection, DBR_TEST_BLUEZ_ADAPTER_PATH, ADAPTER, "StartDiscovery", NULL);
}

static void
test_bluez_links (void)
{
  const char *path = DBR_TEST_BLUEZ_DEVICE_PATH;
  g_auto(Scene) scene = { NULL };
  g_autofree char *calls = NULL;

  g_test_summary ("a device links if it is near, and its services are known a little later");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE " Watch");
  assert_refused (scene.connection, path, DEVICE, "Connect", NULL,
                  "org.freedesktop.DBus.Error.UnknownObject", "Method \"Connect\" with signature");
  meet (&scene);
  assert_done (scene.connection, path, DEVICE, "Connect", NULL);
  dbr_test_wait_until (NULL, is_set (&scene, path, DEVICE, "ServicesResolved"),
                       DBR_TEST_PATIENCE_MS);
  assert_refused (scene.connection, path, DEVICE, "Connect", NULL,
                  "org.bluez.Error.AlreadyConnected", "");
  assert_done (scene.connection, path, DEVICE, "Disconnect", NULL);
  assert_refused (scene.connection, path, DEVICE, "Disconnect", NULL,
                  "org.bluez.Error.NotConnected", "");
  dbr_test_peer_tell (dbr_test_bluez_get_peer (scene.bluez), "away " DBR_TEST_BLUEZ_DEVICE);
  assert_refused (scene.connection, path, DEVICE, "Connect", NULL, "org.bluez.Error.Failed",
                  "le-connection-abort-by-local");
  calls = dbr_test_bluez_take_calls (scene.bluez);
  g_assert_true (g_str_has_suffix (calls, "hci0.StartDiscovery"
                                   " hci0/dev_00_AA_01_00_00_42.Connect"
                                   " hci0/dev_00_AA_01_00_00_42.Connect"
                                   " hci0/dev_00_AA_01_00_00_42.Disconnect"
                                   " hci0/dev_00_AA_01_00_00_42.Disconnect"
                                   " hci0/dev_00_AA_01_00_00_42.Connect"));
}

static void
test_bluez_breaks_off (void)
{
  const char *path = DBR_TEST_BLUEZ_DEVICE_PATH;
  g_auto(Scene) scene = { NULL };
  g_auto(DbrTestResult) first = { NULL };
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a connection that is being made is not made twice, and Disconnect breaks it off");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE "\npace 60000");
  meet (&scene);
  g_dbus_connection_call (scene.connection, DBR_TEST_BLUEZ_NAME, path, DEVICE, "Connect", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NONE, LONG_MS, NULL, dbr_test_result_cb, &first);
  assert_refused (scene.connection, path, DEVICE, "Connect", NULL, "org.bluez.Error.InProgress",
                  "Operation already in progress");
  assert_done (scene.other, path, DEVICE, "Disconnect", NULL);
  dbr_test_result_wait (&first, NULL);
  reply = dbr_test_call_finish (&first, &error);
  dbr_test_assert_remote_error (error, "org.bluez.Error.Failed");
  g_assert_nonnull (strstr (error->message, "br-connection-canceled"));
}

/* Answers what an agent is asked, with what `user_data` points to. */
static GDBusMessage *
agent_cb (GDBusConnection *connection,
          GDBusMessage    *message,
          gboolean         is_incoming,
          gpointer         user_data)
{
  g_autoptr(GDBusMessage) answer = NULL;

  if (!is_incoming
      || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || g_strcmp0 (g_dbus_message_get_member (message), "RequestConfirmation") != 0)
    return message;
  if (GPOINTER_TO_INT (g_object_get_data (G_OBJECT (connection), "is-refusing")))
    answer = g_dbus_message_new_method_error_literal (message, "org.bluez.Error.Rejected", "No");
  else
    answer = g_dbus_message_new_method_reply (message);
  g_dbus_connection_send_message (connection, answer, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref (message);
  return NULL;
}

static void
test_bluez_pairs (void)
{
  const char *path = DBR_TEST_BLUEZ_DEVICE_PATH;
  g_auto(Scene) scene = { NULL };

  g_test_summary ("the default agent is asked before a device is paired");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE);
  meet (&scene);
  g_object_set_data (G_OBJECT (scene.other), "is-refusing", GINT_TO_POINTER (TRUE));
  g_dbus_connection_add_filter (scene.other, agent_cb, NULL, NULL);
  assert_done (scene.other, DBR_TEST_BLUEZ_ROOT, AGENT_MANAGER, "RegisterAgent",
               g_variant_new ("(os)", "/agent", "DisplayYesNo"));
  assert_refused (scene.other, DBR_TEST_BLUEZ_ROOT, AGENT_MANAGER, "RegisterAgent",
                  g_variant_new ("(os)", "/agent", "DisplayYesNo"),
                  "org.bluez.Error.AlreadyExists", "");
  assert_done (scene.other, DBR_TEST_BLUEZ_ROOT, AGENT_MANAGER, "RequestDefaultAgent",
               g_variant_new ("(o)", "/agent"));
  assert_refused (scene.connection, path, DEVICE, "Pair", NULL,
                  "org.bluez.Error.AuthenticationRejected", "");
  g_object_set_data (G_OBJECT (scene.other), "is-refusing", NULL);
  assert_done (scene.connection, path, DEVICE, "Pair", NULL);
  g_assert_true (is_set (&scene, path, DEVICE, "Paired"));
  assert_refused (scene.connection, path, DEVICE, "Pair", NULL, "org.bluez.Error.AlreadyExists", "");
}

static void
test_bluez_loses_a_reply (void)
{
  const char *path = DBR_TEST_BLUEZ_DEVICE_PATH;
  g_auto(Scene) scene = { NULL };
  g_auto(DbrTestResult) lost = { NULL };

  g_test_summary ("as by BlueZ 5.66, a Pair before the services are known is done, and not answered");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE "\npace 200");
  meet (&scene);
  assert_done (scene.connection, path, DEVICE, "Connect", NULL);
  g_dbus_connection_call (scene.connection, DBR_TEST_BLUEZ_NAME, path, DEVICE, "Pair", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, dbr_test_result_cb, &lost);
  dbr_test_wait_until (NULL, is_set (&scene, path, DEVICE, "Paired"), DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, is_set (&scene, path, DEVICE, "ServicesResolved"),
                       DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (lost.n_calls, ==, 0);
  g_dbus_connection_close_sync (scene.connection, NULL, NULL);
  dbr_test_result_wait (&lost, NULL);
}

static void
test_bluez_notifies_by_caller (void)
{
  const char *path = DBR_TEST_BLUEZ_VALUE_PATH;
  g_auto(Scene) scene = { NULL };

  g_test_summary ("who wants a value's changes is kept by caller");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE);
  meet (&scene);
  assert_done (scene.connection, DBR_TEST_BLUEZ_DEVICE_PATH, DEVICE, "Connect", NULL);
  dbr_test_wait_until (NULL, is_set (&scene, DBR_TEST_BLUEZ_DEVICE_PATH, DEVICE,
                                     "ServicesResolved"), DBR_TEST_PATIENCE_MS);
  assert_done (scene.other, path, CHARACTERISTIC, "StartNotify", NULL);
  assert_refused (scene.other, path, CHARACTERISTIC, "StartNotify", NULL,
                  "org.bluez.Error.InProgress", "");
  assert_refused (scene.connection, path, CHARACTERISTIC, "StopNotify", NULL,
                  "org.bluez.Error.Failed", "No notify session started");
  g_assert_true (is_set (&scene, path, CHARACTERISTIC, "Notifying"));
  g_dbus_connection_close_sync (scene.other, NULL, NULL);
  dbr_test_wait_until (NULL, !is_set (&scene, path, CHARACTERISTIC, "Notifying"),
                       DBR_TEST_PATIENCE_MS);
}

static void
test_bluez_registers (void)
{
  const struct { const char *path; const char *interface_name; const char *what; } rows[] = {
    { DBR_TEST_BLUEZ_ADAPTER_PATH, "org.bluez.LEAdvertisingManager1", "Advertisement" },
    { DBR_TEST_BLUEZ_ADAPTER_PATH, "org.bluez.GattManager1", "Application" },
  };
  g_auto(Scene) scene = { NULL };

  g_test_summary ("what is registered is registered once, until it is not or its caller leaves");
  scene_init (&scene, NULL);
  wait_for_adapter (&scene);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *register_member = g_strconcat ("Register", rows[i].what, NULL);
      g_autofree char *unregister_member = g_strconcat ("Unregister", rows[i].what, NULL);

      assert_refused (scene.other, rows[i].path, rows[i].interface_name, unregister_member,
                      g_variant_new ("(o)", "/mine"), "org.bluez.Error.DoesNotExist", "");
      for (int again = 0; again < 2; again++)
        {
          assert_done (scene.other, rows[i].path, rows[i].interface_name, register_member,
                       g_variant_new ("(oa{sv})", "/mine", NULL));
          assert_refused (scene.other, rows[i].path, rows[i].interface_name, register_member,
                          g_variant_new ("(oa{sv})", "/mine", NULL),
                          "org.bluez.Error.AlreadyExists", "");
          if (again == 0)
            assert_done (scene.other, rows[i].path, rows[i].interface_name, unregister_member,
                         g_variant_new ("(o)", "/mine"));
        }
    }
  g_dbus_connection_close_sync (scene.other, NULL, NULL);
  dbr_test_bluez_wait_for_ledger (scene.bluez, NULL, "/mine", FALSE);
}

static void
test_bluez_goes_off (void)
{
  const char *path = DBR_TEST_BLUEZ_ADAPTER_PATH;
  g_auto(Scene) scene = { NULL };

  g_test_summary ("off, an adapter drops searches, links and whom it only met; blocked, it stays off");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE "\nbond hci0 00:AA:01:00:00:43 Old");
  meet (&scene);
  assert_done (scene.connection, DBR_TEST_BLUEZ_DEVICE_PATH, DEVICE, "Connect", NULL);
  dbr_test_wait_until (NULL, is_set (&scene, DBR_TEST_BLUEZ_DEVICE_PATH, DEVICE, "ServicesResolved"),
                       DBR_TEST_PATIENCE_MS);
  set (&scene, path, ADAPTER, "Powered", g_variant_new_boolean (FALSE));
  g_assert_false (is_set (&scene, path, ADAPTER, "Discovering"));
  g_assert_cmpuint (count_objects (&scene), ==, 3);
  assert_refused (scene.connection, path, ADAPTER, "StartDiscovery", NULL,
                  "org.bluez.Error.NotReady", "Resource Not Ready");
  dbr_test_peer_tell (dbr_test_bluez_get_peer (scene.bluez), "airplane on");
  assert_refused (scene.connection, path, PROPERTIES, "Set",
                  g_variant_new ("(ssv)", ADAPTER, "Powered", g_variant_new_boolean (TRUE)),
                  "org.bluez.Error.Blocked", "rfkill");
  dbr_test_peer_tell (dbr_test_bluez_get_peer (scene.bluez), "airplane off");
  set (&scene, path, ADAPTER, "Powered", g_variant_new_boolean (TRUE));
  g_assert_true (is_set (&scene, path, ADAPTER, "Powered"));
}

static void
test_bluez_moves (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("an adapter comes back under another number with its devices, which went first");
  scene_init (&scene, "bond hci0 " DBR_TEST_BLUEZ_DEVICE " Watch");
  wait_for_adapter (&scene);
  dbr_test_wait_until (NULL, strstr (scene.news->str, DBR_TEST_BLUEZ_DEVICE_PATH) != NULL,
                       DBR_TEST_PATIENCE_MS);
  g_string_truncate (scene.news, 0);
  dbr_test_peer_tell (dbr_test_bluez_get_peer (scene.bluez), "reindex hci0 hci3");
  dbr_test_wait_until (NULL, strcmp (scene.news->str,
                                     "gone " DBR_TEST_BLUEZ_DEVICE_PATH "\n"
                                     "gone /org/bluez/hci0\n"
                                     "added /org/bluez/hci3\n"
                                     "added /org/bluez/hci3\n"
                                     "added /org/bluez/hci3/dev_00_AA_01_00_00_42\n") == 0,
                       DBR_TEST_PATIENCE_MS);
}

static void
test_bluez_crashes (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("a crash tells nothing; what is paired and trusted comes back, and nothing else");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE "\nbond hci0 00:AA:01:00:00:43 Old");
  meet (&scene);
  assert_done (scene.connection, DBR_TEST_BLUEZ_DEVICE_PATH, DEVICE, "Connect", NULL);
  g_assert_cmpuint (count_objects (&scene), >=, 4);
  reboot_slowly (&scene);
  g_assert_cmpuint (count_objects (&scene), ==, 1);
  wait_for_adapter (&scene);
  g_assert_cmpuint (count_objects (&scene), ==, 3);
  g_assert_null (strstr (scene.news->str, "gone"));
}

static void
test_bluez_shuts_down (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("a shutdown takes the objects away before the name");
  scene_init (&scene, "bond hci0 " DBR_TEST_BLUEZ_DEVICE " Watch");
  wait_for_adapter (&scene);
  dbr_test_peer_tell (dbr_test_bluez_get_peer (scene.bluez), "shutdown");
  g_assert_null (dbr_test_bus_dup_owner (scene.bus, DBR_TEST_BLUEZ_NAME));
  dbr_test_wait_until (NULL, g_str_has_suffix (scene.news->str,
                                               "gone " DBR_TEST_BLUEZ_DEVICE_PATH "\n"
                                               "gone /org/bluez/hci0\ngone /org/bluez\n"),
                       DBR_TEST_PATIENCE_MS);
}

static void
test_bluez_is_killed (void)
{
  const char *path = DBR_TEST_BLUEZ_DEVICE_PATH;
  g_auto(Scene) scene = { NULL };

  g_test_summary ("what is paired outlives the process");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE);
  meet (&scene);
  assert_done (scene.connection, path, DEVICE, "Pair", NULL);
  set (&scene, path, DEVICE, "Trusted", g_variant_new_boolean (TRUE));
  dbr_test_peer_restart (dbr_test_bluez_get_peer (scene.bluez));
  wait_for_adapter (&scene);
  g_assert_true (is_set (&scene, path, DEVICE, "Paired"));
  g_assert_true (is_set (&scene, path, DEVICE, "Trusted"));
  g_assert_false (is_set (&scene, path, DEVICE, "Connected"));
  assert_done (scene.connection, DBR_TEST_BLUEZ_ADAPTER_PATH, ADAPTER, "RemoveDevice",
               g_variant_new ("(o)", path));
  dbr_test_peer_restart (dbr_test_bluez_get_peer (scene.bluez));
  wait_for_adapter (&scene);
  g_assert_cmpuint (count_objects (&scene), ==, 2);
}

static void
test_bluez_has_many (void)
{
  g_auto(Scene) scene = { NULL };

  g_test_summary ("a thousand devices are met");
  scene_init (&scene, "many 1000");
  meet (&scene);
  g_assert_cmpuint (count_objects (&scene), ==, 1002);
}

static void
test_bluez_errs_by_script (void)
{
  const char *path = DBR_TEST_BLUEZ_DEVICE_PATH;
  g_auto(Scene) scene = { NULL };

  g_test_summary ("errors, delays and silence are the script's, by path, method and number");
  scene_init (&scene, "near " DBR_TEST_BLUEZ_DEVICE "\nnear 00:AA:01:00:00:43\n"
              "on Connect at " DBR_TEST_BLUEZ_DEVICE_PATH " call 1:"
              " error org.bluez.Error.Failed br-connection-page-timeout");
  meet (&scene);
  assert_done (scene.connection, "/org/bluez/hci0/dev_00_AA_01_00_00_43", DEVICE, "Connect", NULL);
  assert_refused (scene.connection, path, DEVICE, "Connect", NULL, "org.bluez.Error.Failed",
                  "br-connection-page-timeout");
  assert_done (scene.connection, path, DEVICE, "Connect", NULL);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/peer/bluez/boots", test_bluez_boots);
  g_test_add_func ("/dbr/peer/bluez/searches-by-caller", test_bluez_searches_by_caller);
  g_test_add_func ("/dbr/peer/bluez/links", test_bluez_links);
  g_test_add_func ("/dbr/peer/bluez/breaks-off", test_bluez_breaks_off);
  g_test_add_func ("/dbr/peer/bluez/pairs", test_bluez_pairs);
  g_test_add_func ("/dbr/peer/bluez/loses-a-reply", test_bluez_loses_a_reply);
  g_test_add_func ("/dbr/peer/bluez/notifies-by-caller", test_bluez_notifies_by_caller);
  g_test_add_func ("/dbr/peer/bluez/registers", test_bluez_registers);
  g_test_add_func ("/dbr/peer/bluez/goes-off", test_bluez_goes_off);
  g_test_add_func ("/dbr/peer/bluez/moves", test_bluez_moves);
  g_test_add_func ("/dbr/peer/bluez/crashes", test_bluez_crashes);
  g_test_add_func ("/dbr/peer/bluez/shuts-down", test_bluez_shuts_down);
  g_test_add_func ("/dbr/peer/bluez/is-killed", test_bluez_is_killed);
  g_test_add_func ("/dbr/peer/bluez/has-many", test_bluez_has_many);
  g_test_add_func ("/dbr/peer/bluez/errs-by-script", test_bluez_errs_by_script);
  return g_test_run ();
}
