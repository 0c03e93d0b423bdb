/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <math.h>

#include "base/dbr-error.h"

#include "dbr-stall-scene.h"

#define HOUR (3600 * S)

/* Long enough that all graces are over and everything is calm. */
static void
scene_settle (Scene *scene)
{
  scene_play (scene, 40 * S);
  g_assert_cmpint (scene->detector.state, ==, DBR_STALL_HEALTHY);
}

static void
test_healthy (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A service that answers is healthy, and asked once an interval");

  scene_init (&scene, 1);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STARTING);
  scene_play (&scene, 1 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  scene.n_probes = 0;
  scene_play (&scene, 1000 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpuint (scene.n_probes, >=, 99);
  g_assert_cmpuint (scene.n_probes, <=, 100);
  g_assert_cmpuint (scene.n_controls, ==, 0);
  g_assert_cmpfloat (dbr_stall_detector_get_suspicion (&scene.detector), ==, 0);
}

static void
test_stall (void)
{
  g_auto(Scene) scene = { 0 };
  double suspicion;

  g_test_summary ("A stall goes over suspect, costs three probes, and ends by two answers");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene.n_probes = 0;
  scene_stop_service (&scene, HOUR);

  while (scene.detector.state == DBR_STALL_HEALTHY)
    scene_play (&scene, 10 * MS);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SUSPECT);
  g_assert_cmpuint (scene.n_stalled, ==, 0);
  suspicion = dbr_stall_detector_get_suspicion (&scene.detector);
  g_assert_cmpfloat (suspicion, >=, 2.99);
  scene_play (&scene, 3 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);
  g_assert_cmpfloat (dbr_stall_detector_get_suspicion (&scene.detector), >=, 3 * suspicion);

  scene_play (&scene, HOUR - 30 * S);
  g_assert_cmpuint (scene.n_probes, ==, 3);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpint (dbr_stall_detector_get_next_usec (&scene.detector), ==, G_MAXINT64);

  scene_play (&scene, 60 * S);
  g_assert_cmpuint (scene.n_recovered, ==, 1);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpint (scene.detector.down_usec, >, HOUR - 10 * S);
  g_assert_cmpint (scene.detector.down_usec, <, HOUR + 20 * S);
  /* What the stall took is no latency. */
  g_assert_cmpint (dbr_stall_detector_get_limit_usec (&scene.detector), ==, 1 * S);
}

static void
test_way_back (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A sign of life begins the way back; who falls silent on it is stalled still");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene_stop_service (&scene, HOUR);
  scene_play (&scene, 30 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);

  scene_tell (&scene, dbr_stall_detector_heard (&scene.detector));
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SUSPECT);
  g_assert_cmpfloat (dbr_stall_detector_get_suspicion (&scene.detector), ==, 0);
  scene_play (&scene, 30 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpuint (scene.n_recovered, ==, 0);
}

static void
test_slow_call (void)
{
  g_auto(Scene) scene = { 0 };
  gint64 stopped_at;

  g_test_summary ("A call that is slow has the service asked at once, and a stall found in 4 seconds");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene_play (&scene, 13 * S);
  stopped_at = scene.world.now;
  scene_stop_service (&scene, HOUR);
  scene_play (&scene, 500 * MS);
  scene_tell (&scene, dbr_stall_detector_call_is_slow (&scene.detector));
  scene_play (&scene, 20 * S);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpint (scene.stalled_at - stopped_at, <, 4 * S);
}

static void
test_slow (void)
{
  g_auto(Scene) scene = { 0 };
  guint serial;

  g_test_summary ("A slow answer is told once, and ends with a quick one");

  scene_init (&scene, 1);
  scene_settle (&scene);
  for (guint i = 0; i < 2; i++)
    {
      scene.world.now = dbr_stall_detector_get_next_usec (&scene.detector);
      scene_tell (&scene, dbr_stall_detector_tick (&scene.detector));
      serial = dbr_stall_detector_probe_begun (&scene.detector);
      scene.world.now += 200 * MS;
      scene_tell (&scene, dbr_stall_detector_probe_answered (&scene.detector, serial, 600 * MS));
      g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SLOW);
      g_assert_cmpuint (scene.n_slow, ==, 1);
      g_assert_cmpint (scene.detector.latency_usec, ==, 600 * MS);
    }
  scene_play (&scene, 11 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
}

static gint64
latency_900_ms (GRand *chance)
{
  return 900 * MS;
}

static gint64
latency_3500_ms (GRand *chance)
{
  return 3500 * MS;
}

static void
test_steady (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A service that takes 0.9 s for everything is slow and never suspected");

  scene_init (&scene, 1);
  scene.latency = latency_900_ms;
  scene_play (&scene, 5 * S);
  for (guint i = 0; i < 10000; i++)
    {
      scene_play (&scene, 1 * S);
      g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SLOW);
    }
  g_assert_cmpuint (scene.n_slow, ==, 1);
}

static void
test_becomes_slow (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("The limit follows a service that gets slower, which is told as stalled once at most");

  scene_init (&scene, 1);
  scene_settle (&scene);
  g_assert_cmpint (dbr_stall_detector_get_limit_usec (&scene.detector), ==, 1 * S);
  scene.latency = latency_3500_ms;
  scene_play (&scene, HOUR);
  g_assert_cmpuint (scene.n_stalled, <=, 1);
  g_assert_cmpuint (scene.n_recovered, ==, scene.n_stalled);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SLOW);
  g_assert_cmpint (dbr_stall_detector_get_limit_usec (&scene.detector), >, 3500 * MS);

  scene.latency = latency_quick;
  scene_play (&scene, 3 * HOUR);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpint (dbr_stall_detector_get_limit_usec (&scene.detector), ==, 1 * S);
}

static void
test_heard (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("Whoever is heard of is not asked");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene.n_probes = 0;
  for (guint i = 0; i < 100; i++)
    {
      scene_tell (&scene, dbr_stall_detector_heard (&scene.detector));
      scene_play (&scene, 8 * S);
    }
  g_assert_cmpuint (scene.n_probes, ==, 0);

  /* Nor is a probe held against it that it leaves unanswered while it says other things. */
  scene_stop_service (&scene, HOUR);
  for (guint i = 0; i < 100; i++)
    {
      scene_tell (&scene, dbr_stall_detector_heard (&scene.detector));
      scene_play (&scene, 10 * S + 500 * MS);
    }
  g_assert_cmpuint (scene.n_stalled, ==, 0);
}

/* Brings a service that hangs to where its first probe has been out for half a second. */
static void
scene_begin_silence (Scene *scene)
{
  scene_settle (scene);
  scene->n_probes = 0;
  scene_stop_service (scene, HOUR);
  while (scene->n_probes == 0)
    scene_play (scene, 10 * MS);
  scene_play (scene, 500 * MS);
  g_assert_cmpint (scene->detector.state, ==, DBR_STALL_HEALTHY);
}

/* Whatever it was that voided the probe: it is not missed before @usec and what little more the
 * second wait takes to begin, but then; and all of it costs no more places than without. */
static void
scene_assert_voided (Scene  *scene,
                     gint64  usec)
{
  scene_play (scene, usec - 20 * MS);
  g_assert_cmpint (scene->detector.state, ==, DBR_STALL_HEALTHY);
  scene_play (scene, 600 * MS);
  g_assert_cmpint (scene->detector.state, ==, DBR_STALL_SUSPECT);
  scene_play (scene, 4 * S);
  g_assert_cmpint (scene->detector.state, ==, DBR_STALL_STALLED);
  g_assert_cmpuint (scene->n_probes, ==, 3);
  g_assert_cmpuint (scene->n_stalled, ==, 1);
}

static void
test_own_tick (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A probe is void when we are late ourselves, but not for a quarter of a second");

  scene_init (&scene, 1);
  scene_begin_silence (&scene);
  scene_stop_thread (&scene, 30 * S);
  scene_play (&scene, 30 * S);
  g_assert_cmpuint (scene.n_own_stalls, ==, 1);
  g_assert_cmpint (scene.detector.lag_usec, >, 29 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  scene_assert_voided (&scene, 1 * S);
}

static void
test_own_tick_in_time (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A tick that is a little late voids nothing");

  scene_init (&scene, 1);
  scene_begin_silence (&scene);
  scene_stop_thread (&scene, 200 * MS);
  scene_play (&scene, 600 * MS);
  g_assert_cmpuint (scene.n_own_stalls, ==, 0);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SUSPECT);
}

static void
test_suspend (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A suspend that nobody announced voids what it crossed, and 15 seconds more");

  scene_init (&scene, 1);
  scene_begin_silence (&scene);
  scene.world.suspended += 8 * HOUR;
  scene_tick (&scene);
  g_assert_cmpuint (scene.n_own_stalls, ==, 0);
  scene_assert_voided (&scene, 16 * S);
}

static void
test_trickle (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A night in which the machine half wakes now and then is no stall of anyone");

  scene_init (&scene, 1);
  scene_settle (&scene);
  for (guint i = 0; i < 2000; i++)
    {
      /* The clock goes on, while no program runs, neither the service nor we. */
      scene_stop_service (&scene, 2 * S);
      scene_stop_thread (&scene, 2 * S);
      scene_play (&scene, 2 * S + 50 * MS);
      scene.world.suspended += 100 * MS;
    }
  g_assert_cmpuint (scene.n_stalled, ==, 0);
  g_assert_cmpuint (scene.n_own_stalls, >, 0);
  scene_settle (&scene);
}

static void
test_prepare_for_sleep (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("Before a sleep nothing is asked, and after it 15 seconds are for waking up");

  scene_init (&scene, 1);
  scene_begin_silence (&scene);
  scene_tell (&scene, dbr_stall_detector_sleep_changed (&scene.detector, TRUE));
  g_assert_cmpint (dbr_stall_detector_get_next_usec (&scene.detector), ==, G_MAXINT64);
  scene_play (&scene, 60 * S);
  g_assert_cmpuint (scene.n_probes, ==, 1);
  scene_tell (&scene, dbr_stall_detector_sleep_changed (&scene.detector, FALSE));
  scene_assert_voided (&scene, 16 * S);
}

static void
test_new_owner (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A new owner has five seconds, and answers for itself");

  scene_init (&scene, 1);
  scene_begin_silence (&scene);
  scene_change_owner (&scene, FALSE);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_ABSENT);
  scene_play (&scene, 60 * S);
  g_assert_cmpuint (scene.n_probes, ==, 1);

  scene_change_owner (&scene, TRUE);
  scene_stop_service (&scene, HOUR);
  scene_play (&scene, 6 * S - 10 * MS);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STARTING);
  scene_play (&scene, 100 * MS);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_SUSPECT);
  scene_play (&scene, 3 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);

  /* What its predecessor was asked is nothing to the next one. */
  scene_tell (&scene, dbr_stall_detector_probe_answered (&scene.detector, 1, 1 * MS));
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);
}

static void
test_killed_while_stalled (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A stall outlives its owner, and ends when the next one works");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene_stop_service (&scene, HOUR);
  scene_play (&scene, 30 * S);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  scene_change_owner (&scene, FALSE);
  g_assert_cmpuint (scene.n_recovered, ==, 0);
  scene_play (&scene, 100 * S);
  scene_change_owner (&scene, TRUE);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STARTING);
  scene_play (&scene, 3 * S);
  g_assert_cmpuint (scene.n_recovered, ==, 1);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpint (scene.detector.down_usec, >, 120 * S);
}

static void
test_bus_stall (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A bus that does not answer is its own fault, told once, and asked nothing more");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene.n_probes = 0;
  scene.n_controls = 0;
  scene_stop_bus (&scene, 60 * S);
  scene_play (&scene, 59 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpuint (scene.n_bus_stalls, ==, 1);
  g_assert_cmpuint (scene.n_probes, ==, 1);
  g_assert_cmpuint (scene.n_controls, ==, 1);
  scene_settle (&scene);
  g_assert_cmpuint (scene.n_bus_stalls, ==, 1);
  g_assert_cmpuint (scene.n_stalled, ==, 0);
}

static void
test_bus_voids (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("What the bus was late for is waited for anew when it is back");

  scene_init (&scene, 1);
  scene_begin_silence (&scene);
  scene_stop_bus (&scene, 10 * S);
  scene_play (&scene, 10 * S);
  g_assert_cmpuint (scene.n_bus_stalls, ==, 1);
  scene_assert_voided (&scene, 1 * S);
}

static void
test_slow_bus (void)
{
  g_auto(Scene) scene = { 0 };
  guint serial;

  g_test_summary ("A stall is found over a bus that is always slow too");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene_stop_service (&scene, HOUR);
  for (guint i = 0; i < 60; i++)
    {
      scene_stop_bus (&scene, 700 * MS);
      scene_play (&scene, 701 * MS);
    }
  serial = scene.detector.last_serial;
  g_assert_cmpuint (scene.n_bus_stalls, >, 0);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpuint (serial, >=, 3);
}

static void
test_bus_lost (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("With the bus gone nothing is asked; a stall goes on over it without another word");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene_stop_service (&scene, HOUR);
  scene_play (&scene, 30 * S);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  scene.n_probes = 0;
  scene_change_bus (&scene, FALSE);
  scene_play (&scene, 30 * S);
  g_assert_cmpuint (scene.n_probes, ==, 0);
  scene_change_bus (&scene, TRUE);
  scene_play (&scene, 10 * S);
  g_assert_cmpuint (scene.n_probes, ==, 3);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);
  g_assert_cmpuint (scene.n_recovered, ==, 0);
  scene_play (&scene, HOUR);
  g_assert_cmpuint (scene.n_recovered, ==, 1);
}

static void
test_pressure (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("Where memory is short the limit is up to eight times as long, and shrinks again");

  scene_init (&scene, 1);
  scene_settle (&scene);
  for (guint i = 1; i <= 20; i++)
    {
      scene_tell (&scene, dbr_stall_detector_pressure_read (&scene.detector, TRUE));
      g_assert_cmpint (dbr_stall_detector_get_limit_usec (&scene.detector), ==,
                       MIN (i + 1, 8) * S);
    }
  scene_stop_service (&scene, 15 * S);
  scene_play (&scene, 40 * S);
  g_assert_cmpuint (scene.n_stalled, ==, 0);
  for (guint i = 0; i < 7; i++)
    scene_tell (&scene, dbr_stall_detector_pressure_read (&scene.detector, FALSE));
  scene_tell (&scene, dbr_stall_detector_pressure_read (&scene.detector, FALSE));
  g_assert_cmpuint (scene.detector.pressure, ==, 0);
}

static void
test_frozen (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A process that is stopped is a stall, by another name");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene_stop_service (&scene, HOUR);
  scene_tell (&scene, dbr_stall_detector_process_changed (&scene.detector, TRUE));
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  scene_play (&scene, 30 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_FROZEN);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  scene_tell (&scene, dbr_stall_detector_process_changed (&scene.detector, FALSE));
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_STALLED);
}

static void
test_unsent (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A probe that could not be sent says nothing, and is sent again");

  scene_init (&scene, 1);
  scene_settle (&scene);
  for (guint i = 0; i < 100; i++)
    {
      scene.world.now = dbr_stall_detector_get_next_usec (&scene.detector);
      scene_tell (&scene, dbr_stall_detector_tick (&scene.detector));
      if (dbr_stall_detector_wants_probe (&scene.detector))
        {
          guint serial = dbr_stall_detector_probe_begun (&scene.detector);

          scene_tell (&scene, dbr_stall_detector_probe_void (&scene.detector, serial));
        }
    }
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpuint (scene.detector.last_serial, >, 40);
}

static void
test_together (void)
{
  g_auto(Scene) scene = { 0 };

  g_test_summary ("A probe may be sent a tenth of the interval early, with those of others");

  scene_init (&scene, 1);
  scene_settle (&scene);
  scene.world.now = dbr_stall_detector_get_next_usec (&scene.detector) - 1100 * MS;
  scene_tell (&scene, dbr_stall_detector_tick (&scene.detector));
  g_assert_false (dbr_stall_detector_wants_probe (&scene.detector));
  scene.world.now += 200 * MS;
  scene_tell (&scene, dbr_stall_detector_tick (&scene.detector));
  g_assert_true (dbr_stall_detector_wants_probe (&scene.detector));
}

static void
test_quality (void)
{
  g_auto(Scene) scene = { 0 };
  g_autoptr(GError) error = NULL;
  gint64 stopped_at;

  g_test_summary ("What is asked for is kept, once enough answers show that it can be");

  scene_init (&scene, 1);
  g_assert_true (dbr_stall_detector_set_quality (&scene.detector, 10000, 30, &error));
  g_assert_no_error (error);
  scene_tell (&scene, dbr_stall_detector_configured (&scene.detector));
  g_assert_false (dbr_stall_detector_is_quality_met (&scene.detector));
  scene_play (&scene, 2 * HOUR);
  g_assert_true (dbr_stall_detector_is_quality_met (&scene.detector));
  g_assert_cmpint (dbr_stall_detector_get_detection_usec (&scene.detector), <=, 10 * S);

  stopped_at = scene.world.now;
  scene_stop_service (&scene, HOUR);
  scene_play (&scene, 10 * S);
  g_assert_cmpuint (scene.n_stalled, ==, 1);
  g_assert_cmpint (scene.stalled_at - stopped_at, <=, 10 * S);
}

static void
test_bad_values (void)
{
  g_auto(Scene) scene = { 0 };
  const double bad_days[] = { 0, -1, G_MAXDOUBLE, (double) NAN };
  DbrStallConfig config;

  g_test_summary ("Values that make no sense are refused and named");

  scene_init (&scene, 1);
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr(GError) error = NULL;

      config = scene.detector.config;
      if (i == 0)
        config.interval_ms = 0;
      else if (i == 1)
        config.misses_to_stall = 0;
      else if (i == 2)
        config.misses_to_stall = DBR_STALL_MAX_MISSES + 1;
      else if (i == 3)
        config.slow_ms = 0;
      else if (i == 4)
        config.probe_timeout_ms = G_MAXUINT;
      else
        config.interval_ms = G_MAXUINT;
      g_assert_false (dbr_stall_config_check (&config, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_days); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_stall_detector_set_quality (&scene.detector, 10000, bad_days[i], &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
  g_assert_true (dbr_stall_config_check (&scene.detector.config, NULL));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/stall-detector/healthy", test_healthy);
  g_test_add_func ("/dbr/stall-detector/stall", test_stall);
  g_test_add_func ("/dbr/stall-detector/way-back", test_way_back);
  g_test_add_func ("/dbr/stall-detector/slow-call", test_slow_call);
  g_test_add_func ("/dbr/stall-detector/slow", test_slow);
  g_test_add_func ("/dbr/stall-detector/steady", test_steady);
  g_test_add_func ("/dbr/stall-detector/becomes-slow", test_becomes_slow);
  g_test_add_func ("/dbr/stall-detector/heard", test_heard);
  g_test_add_func ("/dbr/stall-detector/own-tick", test_own_tick);
  g_test_add_func ("/dbr/stall-detector/own-tick-in-time", test_own_tick_in_time);
  g_test_add_func ("/dbr/stall-detector/suspend", test_suspend);
  g_test_add_func ("/dbr/stall-detector/trickle", test_trickle);
  g_test_add_func ("/dbr/stall-detector/prepare-for-sleep", test_prepare_for_sleep);
  g_test_add_func ("/dbr/stall-detector/new-owner", test_new_owner);
  g_test_add_func ("/dbr/stall-detector/killed-while-stalled", test_killed_while_stalled);
  g_test_add_func ("/dbr/stall-detector/bus-stall", test_bus_stall);
  g_test_add_func ("/dbr/stall-detector/bus-voids", test_bus_voids);
  g_test_add_func ("/dbr/stall-detector/slow-bus", test_slow_bus);
  g_test_add_func ("/dbr/stall-detector/bus-lost", test_bus_lost);
  g_test_add_func ("/dbr/stall-detector/pressure", test_pressure);
  g_test_add_func ("/dbr/stall-detector/frozen", test_frozen);
  g_test_add_func ("/dbr/stall-detector/unsent", test_unsent);
  g_test_add_func ("/dbr/stall-detector/together", test_together);
  g_test_add_func ("/dbr/stall-detector/quality", test_quality);
  g_test_add_func ("/dbr/stall-detector/bad-values", test_bad_values);

  return g_test_run ();
}
