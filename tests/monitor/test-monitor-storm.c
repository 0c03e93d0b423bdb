/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "dbr-witness.h"

/* Whether the service is stopped and continued, or killed and started anew, at random moments and
 * time after time; after each the sequence has to be exact. */

static guint
count_rounds (void)
{
  return g_test_slow () ? 200 : 10;
}

/* Some part of what happens between two probes. */
static void
idle_somewhat (Witness *witness)
{
  witness_idle (witness, (guint) g_test_rand_int_range (0, 2 * 10000 / WITNESS_SCALE));
}

static void
stop_and_continue (Scene   *scene,
                   Witness *witness)
{
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  if (g_test_rand_bit ())
    idle_somewhat (witness);
  dbr_test_peer_cont (scene->peer);
  witness_expect (witness, "recovered");
}

static void
kill_and_restart (Scene   *scene,
                  Witness *witness)
{
  g_autofree char *old = g_strdup (dbr_test_peer_get_unique_name (scene->peer));

  if (g_test_rand_bit ())
    {
      dbr_test_peer_kill (scene->peer);
      idle_somewhat (witness);
    }
  dbr_test_peer_restart (scene->peer);
  witness_expect (witness, "vanished appeared restarted");
  g_assert_cmpstr (g_ptr_array_index (witness->owners, witness->owners->len - 2), ==, old);
  g_assert_cmpstr (g_ptr_array_index (witness->owners, witness->owners->len - 1), ==,
                   dbr_test_peer_get_unique_name (scene->peer));
}

static void
stop_and_restart (Scene   *scene,
                  Witness *witness)
{
  dbr_test_peer_stop (scene->peer);
  witness_expect (witness, "stalled");
  dbr_test_peer_restart (scene->peer);
  witness_expect (witness, "vanished appeared restarted recovered");
}

typedef void (*Round) (Scene   *scene,
                       Witness *witness);

static void
play (const Round *rounds,
      guint        n_rounds)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  witness_start (witness);
  for (guint i = 0; i < count_rounds (); i++)
    {
      rounds[g_test_rand_int_range (0, (gint32) n_rounds)](scene, witness);
      witness_wait_state (witness, DBR_SERVICE_STATE_HEALTHY);
      idle_somewhat (witness);
      witness_expect (witness, "");
    }
}

static void
test_stops (void)
{
  const Round rounds[] = { stop_and_continue };

  g_test_summary ("Stopped and continued at random moments, each stall is told once");

  play (rounds, G_N_ELEMENTS (rounds));
}

static void
test_deaths (void)
{
  const Round rounds[] = { kill_and_restart };

  g_test_summary ("Killed and started anew at random moments, each restart is told once");

  play (rounds, G_N_ELEMENTS (rounds));
}

static void
test_mixed (void)
{
  const Round rounds[] = { stop_and_continue, kill_and_restart, stop_and_restart };

  g_test_summary ("Of stops, deaths and both, each is told for what it is");

  play (rounds, G_N_ELEMENTS (rounds));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/monitor-storm/stops", test_stops);
  g_test_add_func ("/dbr/monitor-storm/deaths", test_deaths);
  g_test_add_func ("/dbr/monitor-storm/mixed", test_mixed);

  return g_test_run ();
}
