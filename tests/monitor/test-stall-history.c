/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <math.h>

#include "dbr-stall-scene.h"

#define DAY (24 * 3600 * S)

/* The library's own promise is checked on histories of chance; the slow suite plays more of them. */
static guint
get_factor (void)
{
  return g_test_slow () ? 20 : 1;
}

static double
draw_normal (GRand *chance)
{
  double radius = sqrt (-2 * log (1 - g_rand_double (chance)));

  return radius * cos (2 * G_PI * g_rand_double (chance));
}

/* A millisecond mostly, and now and then much more: one in 200 is of a second kind, with a middle of
 * 150 ms and a tail of seconds. */
static gint64
latency_heavy (GRand *chance)
{
  gboolean is_rare = g_rand_int_range (chance, 0, 200) == 0;
  double usec = is_rare ? 150e3 * exp (1.2 * draw_normal (chance))
                        : 1e3 * exp (1.0 * draw_normal (chance));

  return (gint64) MIN (usec, 1e9);
}

/* So slow, and so uneven, that the limit has to be found. */
static gint64
latency_uneven (GRand *chance)
{
  return (gint64) MIN (300e3 * exp (0.8 * draw_normal (chance)), 1e9);
}

/* Each 33rd answer is lost in work of a minute: there are false alarms, and they can be counted. */
static gint64
latency_terrible (GRand *chance)
{
  return g_rand_int_range (chance, 0, 33) == 0 ? 60 * S : 1 * MS;
}

static gint64
draw_time (GRand  *chance,
           gint64  most)
{
  return (gint64) (pow (g_rand_double (chance), 3) * most);
}

/* What is not the service's fault. */
static void
scene_disturb (Scene *scene)
{
  GRand *chance = scene->chance;

  switch (g_rand_int_range (chance, 0, 6))
    {
    case 0:
    case 1:
      scene_stop_thread (scene, draw_time (chance, 60 * S));
      break;

    case 2:
      scene_stop_bus (scene, draw_time (chance, 60 * S));
      break;

    case 3:
      /* Asleep without a word, and the service needs a while to come to itself. */
      scene->world.suspended += S + draw_time (chance, 8 * 3600 * S);
      scene_stop_service (scene, draw_time (chance, 14 * S));
      scene_tick (scene);
      break;

    case 4:
      scene_tell (scene, dbr_stall_detector_sleep_changed (&scene->detector, TRUE));
      scene_play (scene, draw_time (chance, 5 * S));
      scene->world.suspended += draw_time (chance, 3600 * S);
      scene_stop_service (scene, draw_time (chance, 14 * S));
      scene_tell (scene, dbr_stall_detector_sleep_changed (&scene->detector, FALSE));
      break;

    case 5:
    default:
      /* All of the machine stands still while the clock goes on. */
      {
        gint64 usec = draw_time (chance, 20 * S);

        scene_stop_service (scene, usec);
        scene_stop_thread (scene, usec);
      }
      break;
    }
}

static void
test_innocent (void)
{
  g_auto(Scene) scene = { 0 };
  guint n_disturbances = 1000000 * get_factor ();

  g_test_summary ("Whatever befalls us, the bus and the machine: a service that works never stalls");

  scene_init (&scene, 11);
  for (guint i = 0; i < n_disturbances; i++)
    {
      scene_disturb (&scene);
      scene_play (&scene, draw_time (scene.chance, 30 * S));
      g_assert_cmpuint (scene.n_stalled, ==, 0);
    }
  scene_play (&scene, 200 * S);
  g_assert_cmpint (scene.detector.state, ==, DBR_STALL_HEALTHY);
  g_test_message ("%u probes, %u own stalls, %u of the bus", scene.n_probes, scene.n_own_stalls,
                  scene.n_bus_stalls);
}

static void
scene_change_something (Scene *scene)
{
  GRand *chance = scene->chance;
  DbrStallDetector *detector = &scene->detector;

  switch (g_rand_int_range (chance, 0, 12))
    {
    case 0:
    case 1:
    case 2:
      scene_stop_service (scene, draw_time (chance, 120 * S));
      break;

    case 3:
      scene_change_owner (scene, g_rand_boolean (chance));
      break;

    case 4:
      scene_change_bus (scene, g_rand_boolean (chance));
      break;

    case 5:
      scene_tell (scene, dbr_stall_detector_heard (detector));
      break;

    case 6:
      scene_tell (scene, dbr_stall_detector_call_is_slow (detector));
      break;

    case 7:
      scene_tell (scene, dbr_stall_detector_pressure_read (detector, g_rand_boolean (chance)));
      break;

    case 8:
      scene_tell (scene, dbr_stall_detector_process_changed (detector, g_rand_boolean (chance)));
      break;

    case 9:
      detector->config.misses_to_stall = (guint) g_rand_int_range (chance, 3, 6);
      detector->config.interval_ms = (guint) g_rand_int_range (chance, 1000, 20000);
      /* Places that are taken are given back by the service alone. */
      if (!detector->is_in_stall && scene->answers->len == 0)
        scene_tell (scene, dbr_stall_detector_configured (detector));
      break;

    case 10:
    case 11:
    default:
      scene_disturb (scene);
      break;
    }
}

/* Whatever went before: when all is well again, each stall has its end. */
static void
scene_recover (Scene *scene)
{
  scene_change_bus (scene, TRUE);
  scene_change_owner (scene, TRUE);
  for (guint i = 0; i < 8; i++)
    scene_tell (scene, dbr_stall_detector_pressure_read (&scene->detector, FALSE));
  scene_play (scene, 120 * S);
  g_assert_cmpint (scene->detector.state, ==, DBR_STALL_HEALTHY);
  g_assert_cmpuint (scene->n_recovered, ==, scene->n_stalled);

  /* A probe may have been sent just now. */
  if (scene->answers->len > 0)
    scene_play (scene, scene->latency (scene->chance));
  g_assert_cmpuint (scene->answers->len, ==, 0);
}

/* And a service that stops then is found in time, by who is a little late himself. */
static void
scene_detect (Scene *scene)
{
  guint n_stalled = scene->n_stalled;
  gint64 promised, begun;

  scene_play (scene, draw_time (scene->chance, 60 * S));
  promised = dbr_stall_detector_get_detection_usec (&scene->detector);
  begun = scene->world.now;
  scene_stop_service (scene, DAY);
  while (scene->world.now < begun + promised)
    {
      scene_stop_thread (scene, draw_time (scene->chance, 240 * MS));
      scene_play (scene, MIN (300 * MS, begun + promised - scene->world.now));
    }
  g_assert_cmpuint (scene->n_stalled, ==, n_stalled + 1);
  g_assert_cmpint (scene->stalled_at - begun, <=, promised);
  scene_change_owner (scene, TRUE);
}

static void
test_any_history (void)
{
  guint n_histories = 2000 * get_factor ();
  guint n_stalled = 0;

  g_test_summary ("Each stall is told once and ended once, and found in the time that is promised");

  for (guint i = 0; i < n_histories; i++)
    {
      g_auto(Scene) scene = { 0 };

      scene_init (&scene, i);
      scene.world.chance = g_rand_double (scene.chance);
      for (guint j = 0; j < 100; j++)
        {
          scene_change_something (&scene);
          scene_play (&scene, draw_time (scene.chance, 40 * S));
        }
      scene_recover (&scene);
      scene_detect (&scene);
      n_stalled += scene.n_stalled;
    }
  g_test_message ("%u stalls", n_stalled);
  g_assert_cmpuint (n_stalled, >, n_histories);
}

static guint
count_false_alarms (Latency latency,
                    guint   max_detection_ms,
                    double  days,
                    guint   n_probes)
{
  g_auto(Scene) scene = { 0 };
  gint64 begun, passed = 0;
  gint64 met = 0;

  scene_init (&scene, 5);
  scene.latency = latency;
  if (max_detection_ms > 0)
    {
      g_assert_true (dbr_stall_detector_set_quality (&scene.detector, max_detection_ms, days, NULL));
      scene_tell (&scene, dbr_stall_detector_configured (&scene.detector));
    }
  /* A promise is one from when on it is said to be kept. */
  scene_play (&scene, DAY);
  scene.n_stalled = scene.n_recovered = 0;
  g_assert_false (scene.detector.is_in_stall);
  begun = scene.world.now;
  scene.n_probes = 0;

  while (scene.n_probes < n_probes)
    {
      met += dbr_stall_detector_is_quality_met (&scene.detector);
      passed++;
      scene_play (&scene, 1000 * S);
    }

  g_test_message ("%u probes in %.0f days, %u false alarms, one in %g days at most was promised, "
                  "kept %.1f %% of the time; limit %.2f s, detection %.2f s", scene.n_probes,
                  (scene.world.now - begun) / (double) DAY, scene.n_stalled, days,
                  100.0 * met / passed,
                  dbr_stall_detector_get_limit_usec (&scene.detector) / (double) S,
                  dbr_stall_detector_get_detection_usec (&scene.detector) / (double) S);
  g_assert_cmpfloat (scene.n_stalled, <=, (scene.world.now - begun) / (double) DAY / days);
  if (max_detection_ms > 0)
    g_assert_cmpfloat (100.0 * met / passed, >, 99);

  return scene.n_stalled;
}

static void
test_false_alarms (void)
{
  g_test_summary ("A million answers with a heavy tail: no false alarm, as shipped");

  g_assert_cmpuint (count_false_alarms (latency_heavy, 0, 10000, 1000000 * get_factor ()), ==, 0);
}

static void
test_false_alarms_asked (void)
{
  g_test_summary ("Uneven answers: no more false alarms than were asked for");

  count_false_alarms (latency_uneven, 30000, 1, 300000 * get_factor ());
  count_false_alarms (latency_heavy, 15000, 1, 300000 * get_factor ());
  g_assert_cmpuint (count_false_alarms (latency_terrible, 60000, 1, 300000 * get_factor ()), >, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/stall-history/innocent", test_innocent);
  g_test_add_func ("/dbr/stall-history/any-history", test_any_history);
  g_test_add_func ("/dbr/stall-history/false-alarms", test_false_alarms);
  g_test_add_func ("/dbr/stall-history/false-alarms-asked", test_false_alarms_asked);

  return g_test_run ();
}
