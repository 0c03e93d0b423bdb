/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "dbr-scene.h"

/* An access policy holds for all that GIO sends on a leased connection. */

#define ALLOWED SCENE_NAME ":" DBR_TEST_INTERFACE ".Echo"

/* A leased connection under a policy, and a peer to call on it. */
typedef struct
{
  DbrTestBus      *bus;
  DbrTestPeer     *peer;
  DbrAccessPolicy *policy;
  DbrPool         *pool;
  DbrLease        *lease;
  GDBusConnection *connection;
} Stage;

typedef void (*PolicyFunc) (DbrAccessPolicy *policy);

static void
allow (DbrAccessPolicy *policy,
       const char      *pattern)
{
  g_autoptr(GError) error = NULL;

  dbr_access_policy_allow (policy, pattern, &error);
  g_assert_no_error (error);
}

static Stage *
stage_new (PolicyFunc set_up)
{
  Stage *self = g_new0 (Stage, 1);
  g_autoptr(GError) error = NULL;

  self->bus = dbr_test_bus_new ();
  self->peer = dbr_test_peer_new (self->bus, SCENE_NAME, NULL);
  self->policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  allow (self->policy, "org.freedesktop.DBus:*");
  allow (self->policy, ALLOWED);
  if (set_up != NULL)
    set_up (self->policy);
  self->pool = g_object_new (DBR_TYPE_POOL,
                             "address", dbr_test_bus_get_address (self->bus),
                             "access-policy", self->policy,
                             NULL);
  self->lease = dbr_pool_acquire_sync (self->pool, NULL, &error);
  g_assert_no_error (error);
  self->connection = dbr_lease_get_connection (self->lease);

  return self;
}

static void
stage_free (Stage *self)
{
  g_clear_object (&self->lease);
  g_clear_object (&self->pool);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->peer, dbr_test_peer_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stage, stage_free)

static void
assert_denied (GError     *error,
               const char *part)
{
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  g_assert_nonnull (strstr (error->message, part));
}

static GVariant *
increment (Stage       *stage,
           const char  *name,
           GError     **error)
{
  return dbr_test_call_peer (stage->connection, name, "Increment", g_variant_new ("(s)", "a"),
                             error);
}

static void
assert_allowed (Stage *stage)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_test_call_peer (stage->connection, SCENE_NAME, "Echo",
                                                  g_variant_new ("(s)", "well"), &error);

  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('well',)");
}

static void
test_calls (void)
{
  g_autoptr(Stage) stage = stage_new (NULL);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL, NULL, 0 };
  gint64 began = g_get_monotonic_time ();

  g_test_summary ("A call of GIO that is denied fails at once, says why, and is never sent");
  assert_allowed (stage);
  for (guint i = 0; i < 100; i++)
    {
      g_clear_error (&error);
      g_assert_null (increment (stage, SCENE_NAME, &error));
      assert_denied (error, DBR_TEST_INTERFACE ".Increment");
    }
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
  g_test_message ("%" G_GINT64_FORMAT " us for a denied call",
                  (g_get_monotonic_time () - began) / 100);

  g_clear_error (&error);
  dbr_test_call_peer_async (stage->connection, SCENE_NAME, "Increment", g_variant_new ("(s)", "a"),
                            &result);
  reply = dbr_test_call_finish (&result, &error);
  g_assert_null (reply);
  assert_denied (error, DBR_TEST_INTERFACE ".Increment");

  /* One that asks for no answer has none. */
  g_dbus_connection_call (stage->connection, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE,
                          "Increment", g_variant_new ("(s)", "a"), NULL, G_DBUS_CALL_FLAGS_NONE,
                          -1, NULL, NULL, NULL);
  assert_allowed (stage);
  g_assert_cmpuint (dbr_test_peer_executions (stage->peer, "a"), ==, 0);
}

static GVariant *
call_properties (Stage       *stage,
                 const char  *member,
                 GVariant    *parameters,
                 GError     **error)
{
  return dbr_test_call (stage->connection, SCENE_NAME, SCENE_PATH,
                        "org.freedesktop.DBus.Properties", member, parameters, -1, error);
}

static void
allow_level (DbrAccessPolicy *policy)
{
  g_autoptr(GError) error = NULL;

  dbr_access_policy_allow_property (policy, DBR_TEST_INTERFACE, "Level", DBR_PROPERTY_ACCESS_READ,
                                    &error);
  g_assert_no_error (error);
}

static void
test_properties (void)
{
  g_autoptr(Stage) stage = stage_new (allow_level);
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Properties are judged as what they are, by whichever call");
  value = call_properties (stage, "Get", g_variant_new ("(ss)", DBR_TEST_INTERFACE, "Level"),
                           &error);
  g_assert_no_error (error);
  g_assert_nonnull (value);

  g_assert_null (call_properties (stage, "Set",
                                  g_variant_new ("(ssv)", DBR_TEST_INTERFACE, "Level",
                                                 g_variant_new_uint32 (9)), &error));
  assert_denied (error, "Level");
  g_clear_error (&error);
  g_assert_null (call_properties (stage, "GetAll", g_variant_new ("(s)", DBR_TEST_INTERFACE),
                                  &error));
  assert_denied (error, DBR_TEST_INTERFACE);
}

static void
allow_tick (DbrAccessPolicy *policy)
{
  g_autoptr(GError) error = NULL;

  dbr_access_policy_allow_signal (policy, SCENE_NAME, DBR_TEST_INTERFACE, "Tick", &error);
  g_assert_no_error (error);
}

static void
subscribe (Stage      *stage,
           const char *member,
           guint      *counter)
{
  dbr_test_listen_on_bus (stage->connection, SCENE_NAME, DBR_TEST_INTERFACE, member,
                          dbr_test_count_signal, counter, NULL);
}

static void
test_signals (void)
{
  g_autoptr(Stage) stage = stage_new (allow_tick);
  g_autoptr(GError) error = NULL;
  guint n_allowed = 0;
  guint n_denied = 0;

  g_test_summary ("A subscription that is denied brings nothing, and an allowed one does");
  subscribe (stage, "Tock", &n_denied);
  subscribe (stage, "Tick", &n_allowed);
  g_assert_null (dbr_test_call (stage->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "AddMatch",
                                g_variant_new ("(s)", "type='signal'"), -1, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);

  dbr_test_peer_tell (stage->peer, "emit " SCENE_PATH " " DBR_TEST_INTERFACE ".Tock ()");
  dbr_test_peer_tell (stage->peer, "emit " SCENE_PATH " " DBR_TEST_INTERFACE ".Tick ()");
  dbr_test_wait_until (NULL, n_allowed == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (n_denied, ==, 0);
}

static void
test_unique_names (void)
{
  g_autoptr(Stage) stage = stage_new (NULL);
  const char *owner = dbr_test_peer_get_unique_name (stage->peer);
  g_autoptr(GDBusProxy) proxy = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A unique name is judged by the names that the bus said its owner has");
  g_assert_null (dbr_test_call_peer (stage->connection, owner, "Echo", NULL, &error));
  assert_denied (error, owner);
  g_clear_error (&error);

  /* It asks the bus for the owner, and calls that. */
  proxy = g_dbus_proxy_new_sync (stage->connection,
                                 G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES
                                 | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS,
                                 NULL, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, NULL, &error);
  g_assert_no_error (error);
  reply = g_dbus_proxy_call_sync (proxy, "Echo", g_variant_new ("(s)", "b"),
                                  G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "('b',)");
  g_assert_null (g_dbus_proxy_call_sync (proxy, "Increment", g_variant_new ("(s)", "a"),
                                         G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error));
  assert_denied (error, DBR_TEST_INTERFACE ".Increment");
  g_assert_cmpuint (dbr_test_peer_executions (stage->peer, "a"), ==, 0);
}

static void
require_root (DbrAccessPolicy *policy)
{
  g_autoptr(GError) error = NULL;

  dbr_access_policy_require_peer (policy, SCENE_NAME, 0, NULL, &error);
  g_assert_no_error (error);
}

static void
test_peers (void)
{
  g_autoptr(Stage) stage = stage_new (require_root);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Where it has to be known who is behind a name, a call of GIO is denied");
  g_assert_null (dbr_test_call_peer (stage->connection, SCENE_NAME, "Echo", NULL, &error));
  assert_denied (error, SCENE_NAME);
}

static void
limit_rate (DbrAccessPolicy *policy)
{
  g_autoptr(GError) error = NULL;

  dbr_access_policy_set_rate_limit (policy, ALLOWED, 2, &error);
  g_assert_no_error (error);
}

static void
test_rate_limit (void)
{
  g_autoptr(Stage) stage = stage_new (limit_rate);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A rate limit holds for calls of GIO too");
  assert_allowed (stage);
  assert_allowed (stage);
  g_assert_null (dbr_test_call_peer (stage->connection, SCENE_NAME, "Echo", NULL, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
}

static void
test_frozen (void)
{
  g_autoptr(Stage) stage = stage_new (NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A policy that a pool has can no longer be changed");
  g_assert_true (dbr_access_policy_get_frozen (stage->policy));
  g_assert_true (dbr_pool_get_access_policy (stage->pool) == stage->policy);
  g_assert_false (dbr_access_policy_allow (stage->policy, "*:*", &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
}

static void
test_pool_itself (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_CUSTOM);
  g_autoptr(DbrPool) pool = NULL;
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *unique_name = NULL;

  g_test_summary ("A policy that allows nothing at all does not keep the pool from its own work");
  dbr_access_policy_deny (policy, "*:*", &error);
  g_assert_no_error (error);
  pool = g_object_new (DBR_TYPE_POOL,
                       "address", dbr_test_bus_get_address (bus),
                       "access-policy", policy,
                       "max-size", 1,
                       NULL);
  for (guint i = 0; i < 3; i++)
    {
      g_clear_object (&lease);
      lease = dbr_pool_acquire_sync (pool, NULL, &error);
      g_assert_no_error (error);
      if (unique_name == NULL)
        unique_name = g_strdup (dbr_lease_get_unique_name (lease));
      g_assert_cmpstr (dbr_lease_get_unique_name (lease), ==, unique_name);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/pool-policy/denies-calls-at-once", test_calls);
  g_test_add_func ("/dbr/pool-policy/judges-properties", test_properties);
  g_test_add_func ("/dbr/pool-policy/judges-subscriptions", test_signals);
  g_test_add_func ("/dbr/pool-policy/knows-who-has-a-unique-name", test_unique_names);
  g_test_add_func ("/dbr/pool-policy/denies-what-it-cannot-find-out", test_peers);
  g_test_add_func ("/dbr/pool-policy/counts-for-rate-limits", test_rate_limit);
  g_test_add_func ("/dbr/pool-policy/is-frozen", test_frozen);
  g_test_add_func ("/dbr/pool-policy/leaves-the-pool-alone", test_pool_itself);

  return g_test_run ();
}
