/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* Calls of a client that go over the connection of a lease. */

static DbrPool *
pool_new (Scene *scene)
{
  return dbr_pool_new_for_address (dbr_test_bus_get_address (scene->bus));
}

static DbrCall *
leased_call_new (DbrLease   *lease,
                 const char *member,
                 GVariant   *parameters,
                 guint       timeout_ms)
{
  DbrCall *call = scene_call_new (member, parameters, timeout_ms);

  dbr_call_set_lease (call, lease);

  return call;
}

static void
test_sender (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = pool_new (scene);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_autoptr(DbrCall) call = dbr_call_new ("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                          "org.freedesktop.DBus", "RequestName",
                                          g_variant_new ("(su)", "org.dbr.Leased", 0));
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) owner = NULL;
  const char *name;

  g_test_summary ("What a call asks for on a lease the bus does for the lease's connection");
  g_assert_no_error (error);
  dbr_call_set_lease (call, lease);
  reply = dbr_client_run_sync (scene->client, call, NULL, &error);
  g_assert_no_error (error);
  dbr_test_assert_prints (reply, "(1,)");

  owner = dbr_client_call_sync (scene->client, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "GetNameOwner",
                                g_variant_new ("(s)", "org.dbr.Leased"), NULL, 0, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (owner, "(&s)", &name);
  g_assert_cmpstr (name, ==, dbr_lease_get_unique_name (lease));
  g_assert_cmpstr (name, !=, dbr_client_get_unique_name (scene->client));
}

static void
test_answered (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = pool_new (scene);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, &error);
  Outcome outcomes[100] = { { NULL } };

  g_test_summary ("Calls on a lease are answered, each its own, beside others on the client's own");
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = leased_call_new (i % 2 == 0 ? lease : NULL, "Echo",
                                                 g_variant_new ("(u)", i), 8000);

      scene_run_async (scene->client, call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      guint value = G_MAXUINT;

      scene_wait (&outcomes[i]);
      g_assert_no_error (outcomes[i].error);
      g_variant_get (outcomes[i].reply, "(u)", &value);
      g_assert_cmpuint (value, ==, i);
      outcome_clear (&outcomes[i]);
    }
}

/* The limit and the circuit are the client's, and nothing stays behind on the connection. */
static void
test_stopped (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = pool_new (scene);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_autoptr(DbrCircuitBreaker) circuit = dbr_client_get_circuit (scene->client, SCENE_NAME);
  g_autoptr(DbrCall) last = NULL;
  g_auto(Outcome) refused = { NULL };

  g_test_summary ("A call on a lease ends at its limit, and counts for the client's circuit");
  g_assert_no_error (error);
  dbr_test_peer_stop (scene->peer);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(DbrCall) call = leased_call_new (lease, "Echo", NULL, 200);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
      g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
      scene_assert_in_time (&outcome, 200);
    }
  g_assert_cmpint (dbr_circuit_breaker_get_state (circuit), ==, DBR_CIRCUIT_STATE_OPEN);
  last = leased_call_new (lease, "Echo", NULL, 200);
  scene_run_sync (scene->client, last, NULL, &refused);
  g_assert_error (refused.error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN);
  dbr_test_peer_cont (scene->peer);
}

static void
test_released (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = pool_new (scene);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_autoptr(DbrCall) call = leased_call_new (lease, "Echo", NULL, 2000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call on a lease that was released is refused before anything is sent");
  g_assert_no_error (error);
  dbr_lease_release (lease);
  scene_run_async (scene->client, call, NULL, &outcome);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, 0);
}

static void
test_lost (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = pool_new (scene);
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_autoptr(DbrCall) call = leased_call_new (lease, "Never", NULL, 8000);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A call on a lease whose connection is lost ends, and is not sent elsewhere");
  g_assert_no_error (error);
  dbr_call_set_idempotent (call, TRUE);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_test_wait_until (NULL, dbr_test_peer_count (scene->peer, "Never") == 1,
                       DBR_TEST_PATIENCE_MS);
  dbr_test_bus_kill (scene->bus);
  scene_wait (&outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_MAYBE);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/lease-calls/sender", test_sender);
  g_test_add_func ("/dbr/lease-calls/answered", test_answered);
  g_test_add_func ("/dbr/lease-calls/stopped", test_stopped);
  g_test_add_func ("/dbr/lease-calls/released", test_released);
  g_test_add_func ("/dbr/lease-calls/lost", test_lost);

  return g_test_run ();
}
