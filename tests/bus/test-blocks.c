/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* What a language's block says of a client's and a pool's operations. */

#define LIMIT_MS 300
#define OTHER_NAME "org.dbr.Other"

static void
enter (guint    limit_ms,
       gboolean is_single)
{
  dbr_binding_enter (g_get_monotonic_time () + limit_ms * (gint64) 1000, is_single);
}

static void
assert_ended_in_time (GError *error,
                      gint64  began_usec)
{
  gint64 elapsed_usec = g_get_monotonic_time () - began_usec;

  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (elapsed_usec, >=, (LIMIT_MS - 5) * 1000);
  g_assert_cmpint (elapsed_usec, <, LIMIT_MS * 1000 + SCENE_GRACE_USEC);
}

static void
test_limits_calls (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  gint64 began_usec;

  g_test_summary ("All calls of a block together have its time, and no call has more than its own");

  scene_assert_answers (scene->client);
  enter (LIMIT_MS, FALSE);
  began_usec = g_get_monotonic_time ();
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, i == 0 ? LIMIT_MS / 3 : 60000);
      g_auto(Outcome) outcome = { NULL };

      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
      if (i == 0)
        g_assert_cmpint (g_get_monotonic_time () - began_usec, <, LIMIT_MS * 1000);
      else
        assert_ended_in_time (outcome.error, began_usec);
      /* The last one was not even sent. */
      g_assert_cmpint (dbr_call_get_execution (call), ==,
                       i < 2 ? DBR_EXECUTION_MAYBE : DBR_EXECUTION_NEVER);
    }
  dbr_binding_leave ();
  scene_assert_answers (scene->client);
}

static void
test_holds_after_the_block (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 0);
  g_auto(Outcome) outcome = { NULL };
  gint64 began_usec;

  g_test_summary ("What began in a block keeps to its time when the block was left");

  scene_assert_answers (scene->client);
  began_usec = g_get_monotonic_time ();
  enter (LIMIT_MS, FALSE);
  scene_run_async (scene->client, call, NULL, &outcome);
  dbr_binding_leave ();
  scene_wait (&outcome);
  assert_ended_in_time (outcome.error, began_usec);
}

static void
test_limits_waiting (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GError) error = NULL;
  gint64 began_usec = g_get_monotonic_time ();

  g_test_summary ("To wait for a service takes no longer than the block has time");

  enter (LIMIT_MS, FALSE);
  g_assert_null (dbr_client_wait_for_service_sync (scene->client, OTHER_NAME, 60000, NULL, &error));
  dbr_binding_leave ();
  assert_ended_in_time (error, began_usec);
}

static void
test_limits_pools (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address (dbr_test_bus_get_address (scene->bus));
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("A connection is waited for no longer than the block has time");

  dbr_pool_set_max_size (pool, 1);
  lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_assert_no_error (error);
  began_usec = g_get_monotonic_time ();
  enter (LIMIT_MS, FALSE);
  g_assert_null (dbr_pool_acquire_sync (pool, NULL, &error));
  dbr_binding_leave ();
  assert_ended_in_time (error, began_usec);
}

static void
test_opens_nothing_late (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A block whose time is over opens no connection");

  enter (0, FALSE);
  g_assert_false (dbr_client_open_sync (scene->client, NULL, &error));
  dbr_binding_leave ();
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (dbr_client_get_state (scene->client), ==, DBR_CLIENT_STATE_DISCONNECTED);
}

static void
test_single_attempts (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on Try call 1: error org.freedesktop.DBus.Error.NoReply x\n"
                                      "on Try: reply ()");
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();

  g_test_summary ("Where the block makes the attempts a call is one, whatever else was said");

  g_assert_true (dbr_retry_policy_add_retryable (policy, "org.freedesktop.DBus.Error.NoReply",
                                                 NULL));
  dbr_client_set_retry_policy (scene->client, policy);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Try", g_variant_new ("(s)", "token"), 5000);
      g_auto(Outcome) outcome = { NULL };

      dbr_call_set_idempotent (call, TRUE);
      dbr_binding_enter (0, i == 0);
      scene_run_sync (scene->client, call, NULL, &outcome);
      dbr_binding_leave ();
      g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
      g_assert_true ((outcome.error != NULL) == (i == 0));
    }
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "token"), ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/blocks/limits-calls", test_limits_calls);
  g_test_add_func ("/dbr/blocks/holds-after-the-block", test_holds_after_the_block);
  g_test_add_func ("/dbr/blocks/limits-waiting", test_limits_waiting);
  g_test_add_func ("/dbr/blocks/limits-pools", test_limits_pools);
  g_test_add_func ("/dbr/blocks/opens-nothing-late", test_opens_nothing_late);
  g_test_add_func ("/dbr/blocks/single-attempts", test_single_attempts);

  return g_test_run ();
}
