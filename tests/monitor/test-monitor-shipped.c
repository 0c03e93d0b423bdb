/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dbr-witness.h"

/* Monitors as they ship: how long they take, and what they must not take for a stall. It takes
 * minutes. */

#define N_SERVICES 10u
/* What doc/monitors.md promises. */
#define MAX_DETECTION_USEC (15 * G_USEC_PER_SEC)

/* So many services on one bus, each with a client and a monitor of its own. */
typedef struct
{
  DbrTestBus  *bus;
  DbrTestPeer *peers[N_SERVICES];
  DbrClient   *clients[N_SERVICES];
  Witness     *witnesses[N_SERVICES];
  gint64       began_usec[N_SERVICES];
  gint64       took_usec[N_SERVICES];
} Ward;

static Ward *
ward_new (void)
{
  Ward *self = g_new0 (Ward, 1);

  self->bus = dbr_test_bus_new ();
  for (guint i = 0; i < N_SERVICES; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Test%u", i);

      self->peers[i] = dbr_test_peer_new (self->bus, name, NULL);
      self->clients[i] = dbr_client_new_for_address (dbr_test_bus_get_address (self->bus));
      self->witnesses[i] = witness_new_plain (self->clients[i], name);
      g_object_set (self->witnesses[i]->monitor,
                    "probe-path", SCENE_PATH,
                    "probe-interface", DBR_TEST_INTERFACE,
                    "probe-property", "Name",
                    NULL);
      witness_start (self->witnesses[i]);
    }
  /* A new owner has a time of grace. */
  witness_idle (self->witnesses[0], 6000);

  return self;
}

static void
ward_free (Ward *self)
{
  for (guint i = 0; i < N_SERVICES; i++)
    {
      witness_free (self->witnesses[i]);
      g_object_unref (self->clients[i]);
      dbr_test_peer_free (self->peers[i]);
    }
  dbr_test_bus_free (self->bus);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ward, ward_free)

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  const gint64 *first = a;
  const gint64 *second = b;

  return (*first > *second) - (*first < *second);
}

static gint64
ward_print (Ward       *self,
            const char *what)
{
  gint64 sorted[N_SERVICES];

  memcpy (sorted, self->took_usec, sizeof sorted);
  qsort (sorted, N_SERVICES, sizeof *sorted, compare_times);
  g_print ("# %-28s median %9.3f s  worst %9.3f s\n", what,
           (sorted[N_SERVICES / 2 - 1] + sorted[N_SERVICES / 2]) / 2e6,
           sorted[N_SERVICES - 1] / 1e6);

  return sorted[N_SERVICES - 1];
}

/* At moments that have nothing to do with those of the probes. */
static void
ward_wait_randomly (Ward *self)
{
  witness_idle (self->witnesses[0], (guint) g_test_rand_int_range (0, 1500));
}

static void
ward_wait_told (Ward       *self,
                guint       index,
                const char *told)
{
  Witness *witness = self->witnesses[index];

  witness_expect (witness, told);
  self->took_usec[index] = witness->last_usec - self->began_usec[index];
}

static void
test_stops (void)
{
  g_autoptr(Ward) ward = ward_new ();

  g_test_summary ("A service that stops has stalled within fifteen seconds");

  for (guint i = 0; i < N_SERVICES; i++)
    {
      ward_wait_randomly (ward);
      ward->began_usec[i] = g_get_monotonic_time ();
      dbr_test_peer_stop (ward->peers[i]);
    }
  for (guint i = 0; i < N_SERVICES; i++)
    ward_wait_told (ward, i, "stalled");
  g_assert_cmpint (ward_print (ward, "stop"), <, MAX_DETECTION_USEC);

  for (guint i = 0; i < N_SERVICES; i++)
    {
      ward->began_usec[i] = g_get_monotonic_time ();
      dbr_test_peer_cont (ward->peers[i]);
      ward_wait_told (ward, i, "recovered");
    }
  ward_print (ward, "continue");
}

static void
test_stops_in_calls (void)
{
  g_autoptr(Ward) ward = ward_new ();
  Outcome outcomes[N_SERVICES] = { { NULL } };

  g_test_summary ("With a call under way it has stalled within about five seconds");

  for (guint i = 0; i < N_SERVICES; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Test%u", i);
      g_autoptr(DbrCall) call = dbr_call_new (name, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL);

      ward_wait_randomly (ward);
      ward->began_usec[i] = g_get_monotonic_time ();
      dbr_test_peer_stop (ward->peers[i]);
      scene_run_async (ward->clients[i], call, NULL, &outcomes[i]);
    }
  for (guint i = 0; i < N_SERVICES; i++)
    ward_wait_told (ward, i, "stalled");
  g_assert_cmpint (ward_print (ward, "stop, with a call under way"), <, 8 * G_USEC_PER_SEC);

  for (guint i = 0; i < N_SERVICES; i++)
    {
      dbr_test_peer_cont (ward->peers[i]);
      scene_wait (&outcomes[i]);
      outcome_clear (&outcomes[i]);
    }
}

static void
test_deaths (void)
{
  g_autoptr(Ward) ward = ward_new ();

  g_test_summary ("That a service has died or come back is known at once");

  for (guint i = 0; i < N_SERVICES; i++)
    {
      ward->began_usec[i] = g_get_monotonic_time ();
      dbr_test_peer_kill (ward->peers[i]);
      ward_wait_told (ward, i, "vanished");
    }
  g_assert_cmpint (ward_print (ward, "kill"), <, 2 * G_USEC_PER_SEC);

  for (guint i = 0; i < N_SERVICES; i++)
    {
      dbr_test_peer_restart (ward->peers[i]);
      ward->began_usec[i] = g_get_monotonic_time ();
      ward_wait_told (ward, i, "appeared restarted");
      ward->took_usec[i] = MAX (ward->took_usec[i], 0);
    }
  g_assert_cmpint (ward_print (ward, "restart"), <, 2 * G_USEC_PER_SEC);
}

static void
test_bus (void)
{
  g_autoptr(Ward) ward = ward_new ();
  gboolean is_told[N_SERVICES] = { FALSE };
  guint n_told = 0;
  gint64 began_usec;

  g_test_summary ("A bus that stops is told from its services, and so is one that dies");

  began_usec = g_get_monotonic_time ();
  dbr_test_bus_stop (ward->bus);
  while (n_told < N_SERVICES)
    {
      g_main_context_iteration (NULL, TRUE);
      for (guint i = 0; i < N_SERVICES; i++)
        if (!is_told[i] && dbr_service_monitor_get_state (ward->witnesses[i]->monitor)
            == DBR_SERVICE_STATE_BUS_LOST)
          {
            is_told[i] = TRUE;
            n_told++;
            ward->took_usec[i] = g_get_monotonic_time () - began_usec;
          }
      g_assert_cmpint (g_get_monotonic_time () - began_usec, <, 40 * G_USEC_PER_SEC);
    }
  ward_print (ward, "bus stop");

  dbr_test_bus_cont (ward->bus);
  for (guint i = 0; i < N_SERVICES; i++)
    {
      witness_wait_state (ward->witnesses[i], DBR_SERVICE_STATE_HEALTHY);
      witness_expect (ward->witnesses[i], "");
    }

  began_usec = g_get_monotonic_time ();
  dbr_test_bus_kill (ward->bus);
  for (guint i = 0; i < N_SERVICES; i++)
    {
      witness_wait_state (ward->witnesses[i], DBR_SERVICE_STATE_BUS_LOST);
      ward->took_usec[i] = g_get_monotonic_time () - began_usec;
      witness_expect (ward->witnesses[i], "");
    }
  g_assert_cmpint (ward_print (ward, "bus kill"), <, 2 * G_USEC_PER_SEC);
}

static void
test_sequences (void)
{
  g_autoptr(Ward) ward = ward_new ();

  g_test_summary ("Stopped, killed and both, each is told for what it is");

  for (guint i = 0; i < N_SERVICES / 2; i++)
    dbr_test_peer_stop (ward->peers[i]);
  for (guint i = 0; i < N_SERVICES / 2; i++)
    {
      witness_expect (ward->witnesses[i], "stalled");
      dbr_test_peer_cont (ward->peers[i]);
      witness_expect (ward->witnesses[i], "recovered");
      dbr_test_peer_restart (ward->peers[i]);
      witness_expect (ward->witnesses[i], "vanished appeared restarted");
      witness_wait_state (ward->witnesses[i], DBR_SERVICE_STATE_HEALTHY);
    }
  for (guint i = 0; i < N_SERVICES / 2; i++)
    dbr_test_peer_stop (ward->peers[i]);
  for (guint i = 0; i < N_SERVICES / 2; i++)
    {
      witness_expect (ward->witnesses[i], "stalled");
      dbr_test_peer_restart (ward->peers[i]);
      witness_expect (ward->witnesses[i], "vanished appeared restarted recovered");
    }
}

static void
test_no_fault_of_theirs (void)
{
  g_autoptr(Ward) ward = ward_new ();

  g_test_summary ("Blocked ourselves for half a minute, or the bus for ten seconds: no stall");

  g_usleep (30 * G_USEC_PER_SEC);
  witness_idle (ward->witnesses[0], 1000);
  dbr_test_bus_stop (ward->bus);
  witness_idle (ward->witnesses[0], 10000);
  dbr_test_bus_cont (ward->bus);
  witness_idle (ward->witnesses[0], 15000);
  for (guint i = 0; i < N_SERVICES; i++)
    {
      witness_expect (ward->witnesses[i], "");
      witness_wait_state (ward->witnesses[i], DBR_SERVICE_STATE_HEALTHY);
    }
}

static void
test_slow_service (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE,
                                      "on org.freedesktop.DBus.Properties.Get: wait 900; "
                                      "reply (<'late'>,)");
  g_autoptr(Witness) witness = witness_new (scene->client, SCENE_NAME);

  g_test_summary ("A service that answers everything in 0.9 s is slow, and has not stalled");

  g_object_set (witness->monitor, "interval-ms", 1000, "probe-timeout-ms", 0, NULL);
  g_assert_true (dbr_service_monitor_start (witness->monitor, NULL));
  witness_wait_state (witness, DBR_SERVICE_STATE_SLOW);
  witness_idle (witness, 60000);
  witness_expect (witness, "");
  g_assert_cmpint (dbr_service_monitor_get_state (witness->monitor), ==, DBR_SERVICE_STATE_SLOW);
}

static void
test_load (void)
{
  static const char *const busy[] = { "sh", "-c", "while :; do :; done", NULL };
  g_autoptr(Ward) ward = ward_new ();
  DbrTestProcess *processes[16];
  guint n_processes = MIN (4 * g_get_num_processors (), G_N_ELEMENTS (processes));

  g_test_summary ("A machine at full load for a minute is no stall of its services");

  for (guint i = 0; i < n_processes; i++)
    processes[i] = dbr_test_process_new (busy, FALSE, -1);
  witness_idle (ward->witnesses[0], 60000);
  for (guint i = 0; i < n_processes; i++)
    dbr_test_process_free (processes[i]);
  for (guint i = 0; i < N_SERVICES; i++)
    witness_expect (ward->witnesses[i], "");
}

/* How often the library's threads have run; the one that asks does not count. */
static guint64
count_switches (void)
{
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint64 n_switches = 0;
  const char *name;

  while ((name = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", name, "status", NULL);
      g_autofree char *status = NULL;
      const char *line;

      if (atoi (name) == getpid () || !g_file_get_contents (path, &status, NULL, NULL))
        continue;

      line = strstr (status, "\nvoluntary_ctxt_switches:");
      g_assert_nonnull (line);
      n_switches += g_ascii_strtoull (strchr (line, ':') + 1, NULL, 10);
    }

  return n_switches;
}

#define N_RESTING 100u
#define REST_S 60u
#define LOOK_USEC (G_USEC_PER_SEC / 20)

/* What happens within a twentieth of a second is one time that the machine wakes. */
static guint
count_wakes (void)
{
  gint64 end_usec = g_get_monotonic_time () + REST_S * G_USEC_PER_SEC;
  guint64 n_before = count_switches ();
  gboolean was_awake = FALSE;
  guint n_wakes = 0;

  while (g_get_monotonic_time () < end_usec)
    {
      guint64 n_now;

      g_usleep (LOOK_USEC);
      n_now = count_switches ();
      n_wakes += n_now != n_before && !was_awake;
      was_awake = n_now != n_before;
      n_before = n_now;
    }

  return n_wakes;
}

static void
test_rest (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GPtrArray) witnesses = g_ptr_array_new_with_free_func ((GDestroyNotify) witness_free);
  guint n_wakes;

  g_test_summary ("A hundred services that do nothing wake the machine twice in ten seconds at most");

  for (guint i = 0; i < N_RESTING; i++)
    {
      g_autofree char *name = g_strdup_printf ("org.dbr.Resting%u", i);
      Witness *witness;

      dbr_test_peer_tell (scene->peer, "own %s", name);
      witness = witness_new (scene->client, name);
      g_object_set (witness->monitor, "interval-ms", 10000, "probe-timeout-ms", 0, NULL);
      g_ptr_array_add (witnesses, witness);
      g_assert_true (dbr_service_monitor_start (witness->monitor, NULL));
    }
  for (guint i = 0; i < N_RESTING; i++)
    witness_wait_state (g_ptr_array_index (witnesses, i), DBR_SERVICE_STATE_HEALTHY);
  /* By then each was asked after its first interval, and they go in step. */
  witness_idle (g_ptr_array_index (witnesses, 0), 12000);

  n_wakes = count_wakes ();
  g_print ("# %u services at rest: %u times awake in %u s\n", N_RESTING, n_wakes, REST_S);
  g_assert_cmpuint (n_wakes, <=, 2 * REST_S / 10);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/monitor-shipped/stops", test_stops);
  g_test_add_func ("/dbr/monitor-shipped/stops-in-calls", test_stops_in_calls);
  g_test_add_func ("/dbr/monitor-shipped/deaths", test_deaths);
  g_test_add_func ("/dbr/monitor-shipped/bus", test_bus);
  g_test_add_func ("/dbr/monitor-shipped/sequences", test_sequences);
  g_test_add_func ("/dbr/monitor-shipped/no-fault-of-theirs", test_no_fault_of_theirs);
  g_test_add_func ("/dbr/monitor-shipped/slow-service", test_slow_service);
  g_test_add_func ("/dbr/monitor-shipped/rest", test_rest);
  g_test_add_func ("/dbr/monitor-shipped/load", test_load);

  return g_test_run ();
}
