/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/dbr-client-private.h"
#include "bus/dbr-object-store-private.h"
#include "bus/dbr-object-tree-private.h"
#include "dbr-scene.h"

/* A history in which the bus is restarted as soon as it was found. */
#define LOST_AT_ONCE 2188127061u
#define MANAGER "org.freedesktop.DBus.ObjectManager"
#define DEVICE "/org/bluez/hci0/dev_02_DB_52_00_00_05"
#define DEVICE_INTERFACE "org.bluez.Device1"

/* Who is told, and believes nothing else: each interface as `path interface`, and the states in
 * turn. */
typedef struct
{
  DbrObjectTree *tree;
  GHashTable    *objects;
  GHashTable    *interfaces;
  GString       *states;
  guint          n_told;
  guint          n_changed;
  gboolean       is_freeing;
} Witness;

static void
witness_free_tree (Witness *self)
{
  self->n_told++;
  if (self->is_freeing)
    g_clear_pointer (&self->tree, dbr_object_tree_free);
}

static void
object_added_cb (gpointer    user_data,
                 const char *path)
{
  Witness *self = user_data;

  g_assert_true (g_hash_table_add (self->objects, g_strdup (path)));
  witness_free_tree (self);
}

static void
object_removed_cb (gpointer    user_data,
                   const char *path)
{
  Witness *self = user_data;

  g_assert_true (g_hash_table_remove (self->objects, path));
  witness_free_tree (self);
}

static void
interface_added_cb (gpointer    user_data,
                    const char *path,
                    const char *interface_name)
{
  Witness *self = user_data;

  g_assert_true (g_hash_table_contains (self->objects, path));
  g_assert_true (g_hash_table_add (self->interfaces,
                                   g_strconcat (path, " ", interface_name, NULL)));
  witness_free_tree (self);
}

static void
interface_removed_cb (gpointer    user_data,
                      const char *path,
                      const char *interface_name)
{
  Witness *self = user_data;
  g_autofree char *key = g_strconcat (path, " ", interface_name, NULL);

  g_assert_true (g_hash_table_remove (self->interfaces, key));
  witness_free_tree (self);
}

static void
properties_changed_cb (gpointer           user_data,
                       const char        *path,
                       const char        *interface_name,
                       const char *const *names)
{
  Witness *self = user_data;
  g_autofree char *key = g_strconcat (path, " ", interface_name, NULL);

  g_assert_true (g_hash_table_contains (self->interfaces, key));
  g_assert_nonnull (names[0]);
  self->n_changed++;
  witness_free_tree (self);
}

static void
state_changed_cb (gpointer           user_data,
                  DbrObjectTreeState state)
{
  Witness *self = user_data;
  const char letters[] = { 'u', 's', 'S' };

  g_string_append_c (self->states, letters[state]);
  witness_free_tree (self);
}

static const DbrObjectTreeFuncs funcs = {
  { object_added_cb, object_removed_cb, interface_added_cb, interface_removed_cb,
    properties_changed_cb },
  state_changed_cb,
};

static void
witness_init (Witness    *self,
              DbrClient  *client,
              const char *bus_name)
{
  g_autoptr(GError) error = NULL;

  *self = (Witness) { NULL };
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->interfaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->states = g_string_new (NULL);
  self->tree = dbr_object_tree_new (client, bus_name, "/", &funcs, self, &error);
  g_assert_no_error (error);
}

static void
witness_clear (Witness *self)
{
  g_clear_pointer (&self->tree, dbr_object_tree_free);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->interfaces);
  g_string_free (self->states, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Witness, witness_clear)

/* Until it was told so: by then the tree is at least as far. */
static void
wait_for_states (Witness    *self,
                 const char *states)
{
  dbr_test_wait_until (NULL, g_str_has_suffix (self->states->str, states), DBR_TEST_PATIENCE_MS);
}

static gint64
read_number (DbrObjectTree *tree,
             const char    *path,
             const char    *interface_name,
             const char    *name)
{
  g_autoptr(GVariant) value = dbr_object_tree_ref_property (tree, path, interface_name, name);

  if (value == NULL)
    return -1;

  return g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32) ? (gint64) g_variant_get_uint32 (value)
         : g_variant_get_int16 (value);
}

/* What the service says itself, to who asks it by other ways. */
static DbrObjectStore *
read_truth (DbrTestBus *bus)
{
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (bus);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = NULL;
  g_autoptr(GVariant) objects = NULL;
  DbrObjectStore *store = dbr_object_store_new ();

  answer = g_dbus_connection_call_sync (connection, SCENE_NAME, "/", MANAGER, "GetManagedObjects",
                                        NULL, G_VARIANT_TYPE ("(a{oa{sa{sv}}})"),
                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  objects = g_variant_get_child_value (answer, 0);
  dbr_object_store_load (store, objects);
  g_dbus_connection_close_sync (connection, NULL, NULL);

  return store;
}

/* The tree, and what was told of it, is what the service says. */
static void
assert_true_to (Witness    *self,
                DbrTestBus *bus)
{
  g_autoptr(DbrObjectStore) truth = read_truth (bus);
  g_auto(GStrv) paths = dbr_object_store_dup_paths (truth, NULL);
  g_auto(GStrv) own_paths = dbr_object_tree_dup_paths (self->tree, NULL);
  guint n_interfaces = 0;

  g_assert_cmpstrv (own_paths, paths);
  g_assert_cmpuint (g_hash_table_size (self->objects), ==, g_strv_length (paths));
  for (gsize i = 0; paths[i] != NULL; i++)
    {
      g_auto(GStrv) interfaces = dbr_object_store_dup_interfaces (truth, paths[i]);

      for (gsize j = 0; interfaces[j] != NULL; j++)
        {
          g_autoptr(GVariant) properties = dbr_object_store_dup_properties (truth, paths[i],
                                                                            interfaces[j]);
          g_autoptr(GVariant) own = dbr_object_tree_dup_properties (self->tree, paths[i],
                                                                    interfaces[j]);
          g_autofree char *key = g_strconcat (paths[i], " ", interfaces[j], NULL);

          g_assert_nonnull (own);
          g_assert_cmpvariant (own, properties);
          g_assert_true (g_hash_table_contains (self->interfaces, key));
          n_interfaces++;
        }
    }
  g_assert_cmpuint (g_hash_table_size (self->interfaces), ==, n_interfaces);
}

static void
test_many (void)
{
  /* Where all is slow the service could not tell so many of them within the time of the call. */
  guint n_objects = 10000 / (guint) dbr_test_stretch (1);
  g_autofree char *script = g_strdup_printf ("objects %u", n_objects);
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, script);
  g_auto(Witness) witness;

  g_test_summary ("Ten thousand objects are read, kept, and dropped when their service goes");

  witness_init (&witness, scene->client, SCENE_NAME);
  g_assert_cmpint (dbr_object_tree_get_state (witness.tree), ==, DBR_OBJECT_TREE_UNKNOWN);
  wait_for_states (&witness, "S");
  g_assert_cmpuint (dbr_object_tree_get_generation (witness.tree), ==, 1);
  g_assert_cmpuint (dbr_object_tree_count (witness.tree), ==, n_objects + 1);
  assert_true_to (&witness, scene->bus);

  dbr_test_peer_tell (scene->peer, "set " DEVICE " " DEVICE_INTERFACE ".RSSI int16 77");
  dbr_test_wait_until (NULL, witness.n_changed == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (read_number (witness.tree, DEVICE, DEVICE_INTERFACE, "RSSI"), ==, 77);

  dbr_test_peer_kill (scene->peer);
  wait_for_states (&witness, "Su");
  g_assert_cmpuint (dbr_object_tree_count (witness.tree), ==, 0);
  g_assert_cmpuint (g_hash_table_size (witness.objects), ==, 0);

  dbr_test_peer_restart (scene->peer);
  wait_for_states (&witness, "SuS");
  g_assert_cmpuint (dbr_object_tree_get_generation (witness.tree), ==, 2);
  g_assert_cmpuint (g_hash_table_size (witness.objects), ==, n_objects + 1);
  g_assert_cmpint (read_number (witness.tree, DEVICE, DEVICE_INTERFACE, "RSSI"), !=, 77);
}

/* Counts what is sent to the service, whether it is there or not. GDBus would answer what was meant
 * for others, and the bus throws a monitor out that speaks. */
static GDBusMessage *
monitor_cb (GDBusConnection *connection,
            GDBusMessage    *message,
            gboolean         is_incoming,
            gpointer         user_data)
{
  gint *n_questions = user_data;

  if (!is_incoming
      || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;

  if (g_strcmp0 (g_dbus_message_get_member (message), "GetManagedObjects") == 0)
    g_atomic_int_inc (n_questions);
  g_object_unref (message);

  return NULL;
}

static GDBusConnection *
monitor_new (DbrTestBus *bus,
             gint       *n_questions)
{
  GDBusConnection *connection = dbr_test_bus_connect (bus);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = NULL;

  g_dbus_connection_add_filter (connection, monitor_cb, n_questions, NULL);
  answer = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus.Monitoring", "BecomeMonitor",
                                        g_variant_new ("(asu)", NULL, 0), NULL,
                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

static gboolean
over_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

static void
test_absent (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrTestPeer) peer = NULL;
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(GDBusConnection) monitor = NULL;
  g_auto(Witness) witness;
  gint n_questions = 0;
  gboolean is_over = FALSE;

  g_test_summary ("A service that is not there is not asked; when it comes it is asked once");

  monitor = monitor_new (bus, &n_questions);
  witness_init (&witness, client, SCENE_NAME);
  /* That nothing is sent shows only in time: the first pauses would be over by then. */
  g_timeout_add (800, over_cb, &is_over);
  dbr_test_wait_until (NULL, is_over, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (g_atomic_int_get (&n_questions), ==, 0);
  g_assert_cmpuint (witness.n_told, ==, 0);

  peer = dbr_test_peer_new (bus, SCENE_NAME, "objects 3");
  wait_for_states (&witness, "S");
  assert_true_to (&witness, bus);
  g_assert_cmpuint (dbr_test_peer_count (peer, "GetManagedObjects"), ==, 2);
  dbr_test_wait_until (NULL, g_atomic_int_get (&n_questions) == 2, DBR_TEST_PATIENCE_MS);
  g_assert_cmpstr (witness.states->str, ==, "S");
}

static void
test_errors_first (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "objects 3;;"
                                      "on GetManagedObjects call 1: error org.example.Failed;;"
                                      "on GetManagedObjects call 2: reply ('nonsense',);;"
                                      "on GetManagedObjects call 3: error org.example.Failed;;");
  g_auto(Witness) witness;

  g_test_summary ("A service that answers with errors and nonsense is asked until it answers right");

  witness_init (&witness, scene->client, SCENE_NAME);
  wait_for_states (&witness, "S");
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetManagedObjects"), ==, 4);
  assert_true_to (&witness, scene->bus);
}

#define SAY(number) \
  "emit /o org.freedesktop.DBus.Properties.PropertiesChanged " \
  "('org.dbr.A', {'P': <uint32 " number ">}, @as [])"
#define ANSWER "reply ({objectpath '/o': {'org.dbr.A': {'P': <uint32 2>}}},)"

static void
test_signals_around (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on GetManagedObjects: " SAY ("1") "; wait 1; " ANSWER
                                      ";;"
                                      "on GetManagedObjects every 2: " SAY ("1") "; " ANSWER "; "
                                      SAY ("3"));
  g_auto(Witness) witness;

  g_test_summary ("What was signalled before the answer is in it, what is signalled behind it "
                  "changes it, however closely one follows the other");

  witness_init (&witness, scene->client, SCENE_NAME);
  for (guint i = 1; i <= 20; i++)
    {
      guint expected = i % 2 == 0 ? 3 : 2;

      dbr_test_wait_until (NULL, witness.states->len == 2 * i - 1
                           && read_number (witness.tree, "/o", "org.dbr.A", "P") == expected,
                           DBR_TEST_PATIENCE_MS);
      dbr_test_peer_tell (scene->peer, "drop " SCENE_NAME);
      wait_for_states (&witness, "u");
      dbr_test_peer_tell (scene->peer, "own " SCENE_NAME);
    }
}

static void
test_slow (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "objects 3;; on GetManagedObjects call 1: wait 700");
  g_auto(Witness) witness;

  g_test_summary ("A slow answer is waited for, with all that changes meanwhile");

  witness_init (&witness, scene->client, SCENE_NAME);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "GetManagedObjects") == 1,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_peer_tell (scene->peer, "set " DEVICE " " DEVICE_INTERFACE ".RSSI int16 5");
  dbr_test_peer_tell (scene->peer, "objects 6");
  wait_for_states (&witness, "S");
  assert_true_to (&witness, scene->bus);
  dbr_test_peer_tell (scene->peer, "remove " DEVICE);
  dbr_test_wait_until (NULL, g_hash_table_size (witness.objects) == 6, DBR_TEST_PATIENCE_MS);
  assert_true_to (&witness, scene->bus);
}

static void
call (DbrClient *client)
{
  g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(s)", "?"), 150);
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (client, call, NULL, &outcome);
}

/* A stall shows only in calls. */
static void
call_until_states (Scene      *scene,
                   Witness    *witness,
                   const char *states)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  while (!g_str_has_suffix (witness->states->str, states))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      call (scene->client);
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_stalled (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "objects 10");
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_auto(Witness) witness;

  g_test_summary ("The objects of a service that has ceased to answer are there and stale, until it "
                  "answers again and was asked anew");

  g_object_set (circuit, "open-ms", 300, NULL);
  witness_init (&witness, scene->client, SCENE_NAME);
  wait_for_states (&witness, "S");
  dbr_test_peer_stop (scene->peer);
  call_until_states (scene, &witness, "Ss");
  g_assert_cmpint (dbr_object_tree_get_state (witness.tree), ==, DBR_OBJECT_TREE_STALE);
  g_assert_cmpuint (dbr_object_tree_count (witness.tree), ==, 11);

  dbr_test_peer_cont (scene->peer);
  call_until_states (scene, &witness, "SsS");
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "GetManagedObjects"), ==, 2);
  g_assert_cmpuint (dbr_object_tree_get_generation (witness.tree), ==, 1);
  assert_true_to (&witness, scene->bus);
}

static void
test_bus_restarted (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "objects 10");
  g_auto(Witness) witness;

  g_test_summary ("A lost connection makes it stale, and the next one true again");

  witness_init (&witness, scene->client, SCENE_NAME);
  for (guint i = 0; i < 3; i++)
    {
      wait_for_states (&witness, "S");
      assert_true_to (&witness, scene->bus);
      dbr_test_bus_kill (scene->bus);
      wait_for_states (&witness, "s");
      g_assert_cmpuint (dbr_object_tree_count (witness.tree), ==, 11);
      dbr_test_bus_restart (scene->bus);
      dbr_test_peer_restart (scene->peer);
    }
  wait_for_states (&witness, "S");
  assert_true_to (&witness, scene->bus);
}

static void
test_without_bus (void)
{
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new_listening ("objects 10");
  g_autoptr(DbrClient) client = dbr_client_new_for_peer (dbr_test_peer_get_address (peer));
  g_auto(Witness) witness;

  g_test_summary ("Without a bus, who is at the other end of the connection is the service");

  witness_init (&witness, client, NULL);
  wait_for_states (&witness, "S");
  g_assert_cmpuint (g_hash_table_size (witness.objects), ==, 11);
  dbr_test_peer_tell (peer, "objects 12");
  dbr_test_wait_until (NULL, g_hash_table_size (witness.objects) == 13, DBR_TEST_PATIENCE_MS);

  dbr_test_peer_tell (peer, "close");
  wait_for_states (&witness, "SuS");
  g_assert_cmpuint (g_hash_table_size (witness.objects), ==, 13);
}

static void
test_known_owner (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "objects 3");
  g_autoptr(DbrSubscription) subscription =
    dbr_subscription_new (scene->client, SCENE_NAME, NULL, NULL, NULL, NULL,
                          DBR_SUBSCRIPTION_FLAGS_NONE);
  g_autoptr(GError) error = NULL;
  g_auto(Witness) first;
  g_auto(Witness) second;

  g_test_summary ("Who begins when the owner is known already is not told of it, and asks it all the "
                  "same; the bus keeps one rule for all");

  g_assert_true (dbr_subscription_start_sync (subscription, NULL, &error));
  g_assert_no_error (error);
  witness_init (&first, scene->client, SCENE_NAME);
  wait_for_states (&first, "S");
  witness_init (&second, scene->client, SCENE_NAME);
  wait_for_states (&second, "S");
  g_assert_cmpuint (dbr_matches_count (dbr_link_get_matches (scene->client->link)), ==, 1);
  assert_true_to (&second, scene->bus);
}

static void
test_freed_while_told (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "objects 10");
  g_auto(Witness) witness;

  g_test_summary ("Who frees it while being told is told nothing more");

  witness_init (&witness, scene->client, SCENE_NAME);
  witness.is_freeing = TRUE;
  dbr_test_wait_until (NULL, witness.n_told > 0, DBR_TEST_PATIENCE_MS);
  scene_assert_answers (scene->client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (witness.n_told, ==, 1);
}

static void
test_refused (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(GError) error = NULL;
  Witness witness = { NULL };

  g_test_summary ("The access policy is asked, and so are the rules for names and paths");

  client = g_object_new (DBR_TYPE_CLIENT, "address", dbr_test_bus_get_address (bus),
                         "access-policy", policy, NULL);
  g_assert_null (dbr_object_tree_new (client, SCENE_NAME, "/", &funcs, &witness, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_clear_error (&error);
  g_assert_null (dbr_object_tree_new (client, "no name", "/", &funcs, &witness, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

/* A service whose objects come and go at random, and it and its bus with them */

typedef struct
{
  Scene      *scene;
  GRand      *rand;
  /* the objects that were invented since the service began */
  GHashTable *objects;
} World;

static char *
draw_path (World *world)
{
  guint parent = g_rand_int_range (world->rand, 0, 4);

  return g_rand_boolean (world->rand)
         ? g_strdup_printf ("/tree/p%u", parent)
         : g_strdup_printf ("/tree/p%u/c%u", parent, g_rand_int_range (world->rand, 0, 6));
}

static void
world_add (World      *world,
           const char *path)
{
  guint value = g_rand_int (world->rand) % 1000;

  if (g_hash_table_contains (world->objects, path))
    return;

  dbr_test_peer_tell (world->scene->peer, "poke %s org.dbr.A.P uint32 %u", path, value);
  dbr_test_peer_tell (world->scene->peer, "emit / " MANAGER ".InterfacesAdded "
                      "(objectpath '%s', {'org.dbr.A': {'P': <uint32 %u>}})", path, value);
  g_hash_table_add (world->objects, g_strdup (path));
}

static void
world_remove (World      *world,
              const char *path)
{
  g_autofree char *prefix = g_strconcat (path, "/", NULL);
  g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer key;

  if (!g_hash_table_contains (world->objects, path))
    return;

  g_hash_table_iter_init (&iter, world->objects);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      if (g_str_equal (key, path) || g_str_has_prefix (key, prefix))
        g_ptr_array_add (gone, g_strdup (key));
    }
  for (guint i = 0; i < gone->len; i++)
    {
      dbr_test_peer_tell (world->scene->peer, "remove %s", (char *) g_ptr_array_index (gone, i));
      g_hash_table_remove (world->objects, g_ptr_array_index (gone, i));
    }
}

static void
world_change (World      *world,
              const char *path)
{
  if (g_hash_table_contains (world->objects, path))
    dbr_test_peer_tell (world->scene->peer, "set %s org.dbr.A.P uint32 %u", path,
                        g_rand_int (world->rand) % 1000);
  else
    dbr_test_peer_tell (world->scene->peer, "set " DEVICE " " DEVICE_INTERFACE ".RSSI int16 %d",
                        g_rand_int_range (world->rand, -90, -30));
}

static void
world_step (World *world)
{
  g_autofree char *path = draw_path (world);
  gint32 chance = g_rand_int_range (world->rand, 0, 1000);

  if (chance < 4)
    {
      dbr_test_bus_restart (world->scene->bus);
      dbr_test_peer_restart (world->scene->peer);
      g_hash_table_remove_all (world->objects);
    }
  else if (chance < 15)
    {
      dbr_test_peer_restart (world->scene->peer);
      g_hash_table_remove_all (world->objects);
    }
  else if (chance < 400)
    {
      world_add (world, path);
    }
  else if (chance < 550)
    {
      world_remove (world, path);
    }
  else
    {
      world_change (world, path);
    }
}

static void
play (World *world,
      guint  n_steps)
{
  g_auto(Witness) witness;

  witness_init (&witness, world->scene->client, SCENE_NAME);
  for (guint i = 0; i < n_steps; i++)
    {
      world_step (world);
      if (g_rand_int_range (world->rand, 0, 4) == 0)
        g_main_context_iteration (NULL, FALSE);
    }

  /* It comes behind all others. */
  world_add (world, "/tree/last");
  dbr_test_wait_until (NULL, g_hash_table_contains (witness.interfaces, "/tree/last org.dbr.A")
                       && g_str_has_suffix (witness.states->str, "S"),
                       3 * DBR_TEST_PATIENCE_MS);
  assert_true_to (&witness, world->scene->bus);
}

static void
play_histories (guint32 seed,
                guint   n_times)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, "objects 20");
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr(GHashTable) objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  World world = { scene, rand, objects };

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < n_times; i++)
    {
      play (&world, 300);
      world_remove (&world, "/tree/last");
    }
}

static void
test_histories (void)
{
  g_test_summary ("Over random changes, restarts of the service and of the bus, the tree and what "
                  "was told of it are the truth in the end");

  play_histories ((guint32) g_test_rand_int (), g_test_slow () ? 30 : 3);
}

/* The connection is lost while the bus is being asked for the rule, and who has the name is told
 * before that is tried again. */
static void
test_lost_at_once (void)
{
  g_test_summary ("A rule that a lost connection has refused is asked for again");

  /* Every second time the rule is granted before. */
  for (guint i = 0; i < 10; i++)
    play_histories (LOST_AT_ONCE, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/object-tree/ten-thousand-objects", test_many);
  g_test_add_func ("/dbr/object-tree/leaves-the-absent-alone", test_absent);
  g_test_add_func ("/dbr/object-tree/asks-until-it-is-answered", test_errors_first);
  g_test_add_func ("/dbr/object-tree/keeps-the-order-of-signals", test_signals_around);
  g_test_add_func ("/dbr/object-tree/waits-for-a-slow-answer", test_slow);
  g_test_add_func ("/dbr/object-tree/is-stale-while-the-service-stalls", test_stalled);
  g_test_add_func ("/dbr/object-tree/outlives-the-bus", test_bus_restarted);
  g_test_add_func ("/dbr/object-tree/works-without-a-bus", test_without_bus);
  g_test_add_func ("/dbr/object-tree/finds-a-known-owner", test_known_owner);
  g_test_add_func ("/dbr/object-tree/is-freed-while-it-tells", test_freed_while_told);
  g_test_add_func ("/dbr/object-tree/asks-the-access-policy", test_refused);
  g_test_add_func ("/dbr/object-tree/is-the-truth-in-the-end", test_histories);
  g_test_add_func ("/dbr/object-tree/is-lost-at-once", test_lost_at_once);

  return g_test_run ();
}
