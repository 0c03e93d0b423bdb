/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>

#include "dbr-scene.h"
#include "dbr-test-shortage.h"

/* A process that may open nothing more for a while. */

#define ADDRESS_VARIABLE "DBR_TEST_ADDRESS"

static void
assert_tells (const GError *error,
              DbrError      code)
{
  g_assert_error (error, DBR_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, g_strerror (EMFILE)));
}

/* Whatever is left: a connection needs one on our transport, and GDBus some for itself. */
static void
test_no_connection (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("Without a descriptor for it there is no connection; that is told at once, and it "
                  "is there when there is one");

  /* dbr-io has one of its own from here on. */
  scene_assert_answers (scene->client);
  for (guint n_left = 0; n_left <= 8; n_left++)
    {
      g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
      g_auto(Outcome) outcome = { NULL };
      g_auto(DbrTestShortage) shortage = { NULL };

      dbr_test_shortage_begin (&shortage, n_left);
      scene_run_sync (client, call, NULL, &outcome);
      g_assert_cmpint (outcome.ended_usec - outcome.began_usec, <, SCENE_GRACE_USEC);
      if (n_left == 0)
        g_assert_null (outcome.reply);
      if (outcome.reply == NULL)
        assert_tells (outcome.error, DBR_ERROR_NO_BUS);
      if (outcome.reply == NULL)
        g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);

      dbr_test_shortage_end (&shortage);
      scene_assert_answers (client);
    }
}

/* In a process that has not used the library yet. */
static void
test_first_use (void)
{
  g_autoptr(Scene) scene = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("The first use of the library in a shortage is refused, and not the program's end");

  if (!g_test_subprocess ())
    {
      scene = scene_new (DBR_TEST_BUS_NONE, NULL);
      g_setenv (ADDRESS_VARIABLE, dbr_test_bus_get_address (scene->bus), TRUE);
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }

  client = dbr_client_new_for_address (g_getenv (ADDRESS_VARIABLE));
  dbr_test_shortage_begin (&shortage, 0);
  g_assert_cmpint (dbr_client_ping_sync (client, SCENE_NAME, NULL, &error), ==, -1);
  assert_tells (error, DBR_ERROR_OVERLOADED);
  dbr_test_shortage_end (&shortage);
  scene_assert_answers (client);
}

static void
test_connected (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("A connection that is there needs no more of them");

  scene_assert_answers (scene->client);
  dbr_test_shortage_begin (&shortage, 0);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
      g_auto(Outcome) outcome = { NULL };

      scene_run_async (scene->client, call, NULL, &outcome);
      scene_wait (&outcome);
      g_assert_no_error (outcome.error);
      scene_assert_answers (scene->client);
    }
}

static void
test_reconnects (void)
{
  g_autoptr(SceneSockets) before = NULL;
  g_autoptr(SceneSockets) after = NULL;
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 300);
  g_auto(Outcome) outcome = { NULL };
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("A connection that was lost in a shortage is made again, at the latest when it is over");

  before = scene_sockets_new ();
  scene_assert_answers (scene->client);
  after = scene_sockets_new ();
  dbr_test_shortage_begin (&shortage, 0);
  g_assert_cmpuint (scene_sockets_cut_new (after, before), >, 0);
  /* What the lost one had may be enough, and may be not. */
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_cmpint (outcome.ended_usec - outcome.began_usec, <, 300 * 1000 + SCENE_GRACE_USEC);

  dbr_test_shortage_end (&shortage);
  scene_assert_answers (scene->client);
}

static void
test_pool (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address (dbr_test_bus_get_address (scene->bus));
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestShortage) shortage = { NULL };
  gint64 began;

  g_test_summary ("A pool that cannot connect for want of them says so, and can afterwards");

  scene_assert_answers (scene->client);
  dbr_test_shortage_begin (&shortage, 0);
  began = g_get_monotonic_time ();
  lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_assert_null (lease);
  assert_tells (error, DBR_ERROR_NO_BUS);
  g_assert_cmpint (g_get_monotonic_time () - began, <, SCENE_GRACE_USEC);
  dbr_test_shortage_end (&shortage);
  g_clear_error (&error);
  lease = dbr_pool_acquire_sync (pool, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (lease);
}

/* What waits for an operation of several steps has a main context of its own. */
static void
test_waiting (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (scene->client, SCENE_NAME);
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("An operation that cannot be waited for without one is refused, and not tried");

  scene_assert_answers (scene->client);
  dbr_test_shortage_begin (&shortage, 0);
  g_assert_cmpint (dbr_service_monitor_check_sync (monitor, NULL, &error), ==, -1);
  assert_tells (error, DBR_ERROR_OVERLOADED);
  g_clear_error (&error);
  dbr_test_shortage_end (&shortage);
  dbr_service_monitor_check_sync (monitor, NULL, &error);
  g_assert_no_error (error);
}

static void
test_passed (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("MakeFd", g_variant_new ("(s)", "text"), 5000);
  g_autoptr(DbrCall) later = scene_call_new ("MakeFd", g_variant_new ("(s)", "text"), 5000);
  g_auto(Outcome) outcome = { NULL };
  g_auto(Outcome) later_outcome = { NULL };
  /* GDBus knows which message they belong to. */
  int code = scene_is_on_gdbus () ? DBR_ERROR_BAD_REPLY : DBR_ERROR_CONNECTION_LOST;
  g_auto(DbrTestShortage) shortage = { NULL };

  g_test_summary ("An answer whose descriptors find no room is an error, and the next one comes");

  scene_assert_answers (scene->client);
  dbr_test_shortage_begin (&shortage, 0);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, code);
  g_assert_cmpint (outcome.ended_usec - outcome.began_usec, <, SCENE_GRACE_USEC);
  dbr_test_shortage_end (&shortage);

  scene_run_sync (scene->client, later, NULL, &later_outcome);
  g_assert_no_error (later_outcome.error);
  g_assert_cmpint (g_unix_fd_list_get_length (dbr_call_get_reply_fd_list (later)), ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/few-descriptors/no-connection", test_no_connection);
  g_test_add_func ("/dbr/few-descriptors/first-use", test_first_use);
  g_test_add_func ("/dbr/few-descriptors/connected", test_connected);
  g_test_add_func ("/dbr/few-descriptors/reconnects", test_reconnects);
  g_test_add_func ("/dbr/few-descriptors/pool", test_pool);
  g_test_add_func ("/dbr/few-descriptors/waiting", test_waiting);
  g_test_add_func ("/dbr/few-descriptors/passed", test_passed);

  return g_test_run ();
}
