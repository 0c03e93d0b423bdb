/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-stall-detector-private.h"

#include "dbr-test-world.h"

G_BEGIN_DECLS

/* What is under way: an answer of the service, or of the bus where the serial is 0. */
typedef struct
{
  gint64 at;
  gint64 sent;
  guint  serial;
} Answer;

typedef gint64 (*Latency) (GRand *chance);

/* A service, a bus, and the thread that watches both, on a clock that is moved by hand. Each may be
 * stopped for a while; what comes in the meantime is kept, and in order. */
typedef struct
{
  World            world;
  GRand           *chance;
  DbrStallDetector detector;
  GArray          *answers;
  Latency          latency;

  gint64           service_from;
  gint64           bus_from;
  gint64           thread_from;

  guint            n_probes;
  guint            n_controls;
  guint            n_stalled;
  guint            n_recovered;
  guint            n_slow;
  guint            n_own_stalls;
  guint            n_bus_stalls;
  gint64           heard_at;
  gint64           stalled_at;
} Scene;

static inline gint64
latency_quick (GRand *chance)
{
  return 1 * MS;
}

static inline void
scene_tell (Scene          *scene,
            DbrStallEvents  events)
{
  guint n_places = 0;

  /* Strictly in turn, whatever happens. */
  if (events & DBR_STALL_EVENT_STALLED)
    {
      g_assert_cmpuint (scene->n_stalled, ==, scene->n_recovered);
      scene->n_stalled++;
      scene->stalled_at = scene->world.now;
      g_assert_cmpint (scene->detector.silent_usec, >=,
                       dbr_stall_detector_get_limit_usec (&scene->detector));
    }
  if (events & DBR_STALL_EVENT_RECOVERED)
    {
      scene->n_recovered++;
      g_assert_cmpuint (scene->n_stalled, ==, scene->n_recovered);
      g_assert_cmpint (scene->detector.down_usec, >, 0);
    }
  scene->n_slow += (events & DBR_STALL_EVENT_SLOW) != 0;
  scene->n_own_stalls += (events & DBR_STALL_EVENT_OWN_STALL) != 0;
  scene->n_bus_stalls += (events & DBR_STALL_EVENT_BUS_STALL) != 0;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    n_places += scene->detector.probes[i].serial != 0;
  g_assert_cmpuint (n_places, <=, scene->detector.plan.n_misses);
}

static inline void
scene_send (Scene *scene)
{
  gint64 now = scene->world.now;

  if (dbr_stall_detector_wants_probe (&scene->detector))
    {
      gint64 handled = MAX (MAX (now, scene->bus_from), scene->service_from);
      Answer answer = { 0, now, dbr_stall_detector_probe_begun (&scene->detector) };

      answer.at = handled + scene->latency (scene->chance);
      g_array_append_val (scene->answers, answer);
      scene->n_probes++;
    }

  if (dbr_stall_detector_wants_control (&scene->detector))
    {
      Answer answer = { MAX (now, scene->bus_from) + MS / 10, now, 0 };

      dbr_stall_detector_control_begun (&scene->detector);
      g_array_append_val (scene->answers, answer);
      scene->n_controls++;
    }
}

static inline gint
scene_find_first (Scene *scene)
{
  gint first = -1;

  for (guint i = 0; i < scene->answers->len; i++)
    if (first < 0 || g_array_index (scene->answers, Answer, i).at
        < g_array_index (scene->answers, Answer, first).at)
      first = (gint) i;

  return first;
}

/* Takes what has arrived, and sends what is wanted. */
static inline void
scene_work (Scene *scene)
{
  for (;;)
    {
      gint first = scene_find_first (scene);
      Answer answer;

      if (first < 0 || g_array_index (scene->answers, Answer, first).at > scene->world.now)
        break;

      answer = g_array_index (scene->answers, Answer, first);
      g_array_remove_index (scene->answers, (guint) first);
      if (answer.serial == 0)
        {
          scene_tell (scene, dbr_stall_detector_control_answered (&scene->detector));
        }
      else
        {
          scene->heard_at = scene->world.now;
          scene_tell (scene, dbr_stall_detector_probe_answered (&scene->detector, answer.serial,
                                                                answer.at - answer.sent));
        }
    }

  scene_send (scene);
}

static inline void
scene_tick (Scene *scene)
{
  scene_tell (scene, dbr_stall_detector_tick (&scene->detector));
  scene_send (scene);
}

/* The thread wakes up for whatever is first, unless it is held up. */
static inline void
scene_play (Scene  *scene,
            gint64  usec)
{
  gint64 until = scene->world.now + usec;

  scene_send (scene);
  for (;;)
    {
      gint64 next = dbr_stall_detector_get_next_usec (&scene->detector);
      gint first = scene_find_first (scene);

      if (first >= 0)
        next = MIN (next, g_array_index (scene->answers, Answer, first).at);
      next = MAX (next, scene->thread_from);
      if (next > until)
        break;

      scene->world.now = MAX (scene->world.now, next);
      if (g_rand_boolean (scene->chance))
        scene_tick (scene);
      scene_work (scene);
      scene_tick (scene);
    }

  scene->world.now = until;
}

static inline void
scene_hold_up (Scene    *scene,
               gint64    until,
               gboolean  is_bus)
{
  for (guint i = 0; i < scene->answers->len; i++)
    {
      Answer *answer = &g_array_index (scene->answers, Answer, i);

      if (answer->at > scene->world.now && (is_bus || answer->serial != 0))
        answer->at = MAX (answer->at, until + MS);
    }
}

static inline void
scene_stop_service (Scene  *scene,
                    gint64  usec)
{
  scene->service_from = MAX (scene->service_from, scene->world.now + usec);
  scene_hold_up (scene, scene->service_from, FALSE);
}

static inline void
scene_stop_bus (Scene  *scene,
                gint64  usec)
{
  scene->bus_from = MAX (scene->bus_from, scene->world.now + usec);
  scene_hold_up (scene, scene->bus_from, TRUE);
}

static inline void
scene_stop_thread (Scene  *scene,
                   gint64  usec)
{
  scene->thread_from = MAX (scene->thread_from, scene->world.now + usec);
}

static inline void
scene_change_owner (Scene    *scene,
                    gboolean  has_owner)
{
  for (guint i = scene->answers->len; i > 0; i--)
    if (g_array_index (scene->answers, Answer, i - 1).serial != 0)
      g_array_remove_index (scene->answers, i - 1);

  scene->service_from = 0;
  scene_tell (scene, dbr_stall_detector_owner_changed (&scene->detector, has_owner));
}

static inline void
scene_change_bus (Scene    *scene,
                  gboolean  has_bus)
{
  g_array_set_size (scene->answers, 0);
  scene->bus_from = 0;
  scene_tell (scene, dbr_stall_detector_bus_changed (&scene->detector, has_bus));
}

static inline void
scene_init (Scene  *scene,
            guint32 seed)
{
  *scene = (Scene) { 0 };
  world_init (&scene->world);
  scene->chance = g_rand_new_with_seed (seed);
  scene->answers = g_array_new (FALSE, FALSE, sizeof (Answer));
  scene->latency = latency_quick;
  dbr_stall_detector_init (&scene->detector, &scene->world.clock, &scene->world.random);
  scene_change_owner (scene, TRUE);
}

static inline void
scene_clear (Scene *scene)
{
  g_rand_free (scene->chance);
  g_array_unref (scene->answers);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

G_END_DECLS
