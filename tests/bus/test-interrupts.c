/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "dbr-scene.h"

/* Signals of the system, which a library has no say in. */

#define N_CALLS 200
#define N_CLIENTS 20
#define N_CUTS 10
#define TICK_USEC 500
#define LARGE_BYTES (4 * 1024 * 1024)

static volatile sig_atomic_t n_interrupts;

static void
interrupt_cb (int number)
{
  n_interrupts++;
}

static void
set_timer (long usec)
{
  struct itimerval timer = { { 0, usec }, { 0, usec } };

  g_assert_no_errno (setitimer (ITIMER_REAL, &timer, NULL));
}

/* What is interrupted is not begun again by the system. */
static void
storm_begin (void)
{
  struct sigaction action = { .sa_handler = interrupt_cb };

  n_interrupts = 0;
  g_assert_no_errno (sigaction (SIGALRM, &action, NULL));
  set_timer (TICK_USEC);
}

static void
storm_end (void)
{
  set_timer (0);
  g_test_message ("%d interrupts", (int) n_interrupts);
  g_assert_cmpint (n_interrupts, >, 3);
}

static void
assert_call (DbrClient *client,
             DbrCall   *call)
{
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (client, call, NULL, &outcome);
  g_assert_no_error (outcome.error);
}

static void
test_calls (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) large = scene_call_new ("Big", g_variant_new ("(u)", LARGE_BYTES), 8000);
  g_autoptr(DbrCall) passed = scene_call_new ("MakeFd", g_variant_new ("(s)", "text"), 8000);
  g_autoptr(DbrCall) slow = scene_call_new ("Wait", g_variant_new ("(u)", 100), 8000);

  g_test_summary ("Calls, small and large, with descriptors and waited for, are not disturbed by "
                  "interrupts");

  storm_begin ();
  for (guint i = 0; i < N_CALLS; i++)
    scene_assert_answers (scene->client);
  assert_call (scene->client, large);
  assert_call (scene->client, passed);
  assert_call (scene->client, slow);
  storm_end ();
}

static void
test_connections (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address (dbr_test_bus_get_address (scene->bus));
  g_autoptr(GError) error = NULL;

  g_test_summary ("Connections are made and ended, and leases lent, whatever interrupts there are");

  storm_begin ();
  for (guint i = 0; i < N_CLIENTS; i++)
    {
      g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));
      g_autoptr(DbrLease) lease = NULL;

      scene_assert_answers (client);
      dbr_client_close_sync (client, NULL, &error);
      g_assert_no_error (error);
      lease = dbr_pool_acquire_sync (pool, NULL, &error);
      g_assert_no_error (error);
    }
  storm_end ();
}

/* A limit is no earlier and no later. */
static void
test_limits (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 300);
  g_auto(Outcome) outcome = { NULL };

  g_test_summary ("A time limit holds among interrupts");

  storm_begin ();
  scene_run_sync (scene->client, call, NULL, &outcome);
  storm_end ();
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_DEADLINE);
  scene_assert_in_time (&outcome, 300);
}

/* GLib's sockets have the whole process ignore it; ours leave it as it was found. */
static void
test_broken_pipes (void)
{
  struct sigaction old;
  struct sigaction found;
  struct sigaction standard = { .sa_handler = SIG_DFL };
  guint n_cut = 0;

  g_test_summary ("Writing to a connection that has just ended does not end the program");

  g_assert_no_errno (sigaction (SIGPIPE, NULL, &old));
  for (guint i = 0; i < N_CUTS; i++)
    {
      g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
      g_autoptr(SceneSockets) before = scene_sockets_new ();
      g_autoptr(SceneSockets) after = NULL;
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 2000);
      g_auto(Outcome) outcome = { NULL };

      scene_assert_answers (scene->client);
      after = scene_sockets_new ();
      g_assert_no_errno (sigaction (SIGPIPE, &standard, NULL));
      n_cut += scene_sockets_cut_new (after, before);
      scene_run_sync (scene->client, call, NULL, &outcome);
      scene_assert_answers (scene->client);
      g_assert_no_errno (sigaction (SIGPIPE, NULL, &found));
      g_assert_true (found.sa_handler == SIG_DFL);
      g_assert_no_errno (sigaction (SIGPIPE, &old, NULL));
    }
  g_assert_cmpuint (n_cut, >=, N_CUTS);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/interrupts/calls", test_calls);
  g_test_add_func ("/dbr/interrupts/connections", test_connections);
  g_test_add_func ("/dbr/interrupts/limits", test_limits);
  g_test_add_func ("/dbr/interrupts/broken-pipes", test_broken_pipes);

  return g_test_run ();
}
