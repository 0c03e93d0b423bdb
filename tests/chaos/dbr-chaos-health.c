/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

/* Monitors of both services, and a recovery that acts on what one of them tells: what they tell
 * comes in an order that makes sense, and at the end all are well. */

#define N_WATCHES 2
#define CHECK_MS 5000
#define REACH_MS 2000
#define STAGE_MS 2000
/* More than all the stages there are, and what is waited for behind each. */
#define RECOVER_MS 40000

typedef struct _Health Health;

typedef struct
{
  Health            *health;
  const char        *name;
  DbrServiceMonitor *monitor;
  gboolean           is_stalled;
  guint              generation;
  guint              n_restarted;
  ChaosOp           *checking;
  gboolean           is_answering;
} Watch;

struct _Health
{
  ChaosWorld  *world;
  GRand       *rand;
  DbrClient   *client;
  Watch        watches[N_WATCHES];
  DbrRecovery *recovery;
  guint        n_stages;
  ChaosOp     *recovering;
};

/* What a monitor tells */

static void
stalled_cb (DbrServiceMonitor *monitor,
            gint64             silent_usec,
            Watch             *self)
{
  if (self->is_stalled)
    chaos_world_fail (self->health->world, "%s has stalled twice and recovered once", self->name);
  self->is_stalled = TRUE;
}

static void
recovered_cb (DbrServiceMonitor *monitor,
              gint64             down_usec,
              Watch             *self)
{
  if (!self->is_stalled)
    chaos_world_fail (self->health->world, "%s has recovered, and had not stalled", self->name);
  self->is_stalled = FALSE;
}

static void
restarted_cb (DbrServiceMonitor *monitor,
              const char        *old_owner,
              const char        *new_owner,
              gint64             gap_usec,
              Watch             *self)
{
  /* On another bus it may have the same unique name. */
  self->n_restarted++;
}

static void
watch_look (Watch *self)
{
  guint generation = dbr_service_monitor_get_generation (self->monitor);

  if (generation < self->generation)
    chaos_world_fail (self->health->world, "generation %u of %s came after %u", generation,
                      self->name, self->generation);
  self->generation = generation;
}

static void
checked_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Watch *self = user_data;
  gint64 usec = dbr_service_monitor_check_finish (DBR_SERVICE_MONITOR (source), result, NULL);

  self->is_answering = usec >= 0;
  chaos_op_end (g_steal_pointer (&self->checking));
}

static void
watch_check (Watch *self)
{
  if (self->checking != NULL)
    return;

  self->checking = chaos_op_begin (self->health->world, "a monitor's check", CHECK_MS);
  dbr_service_monitor_check_async (self->monitor, NULL, checked_cb, self);
}

static void
reached_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Watch *self = user_data;

  dbr_service_monitor_wait_healthy_finish (DBR_SERVICE_MONITOR (source), result, NULL);
  chaos_op_end (g_steal_pointer (&self->checking));
}

static void
watch_wait (Watch *self)
{
  if (self->checking != NULL)
    return;

  self->checking = chaos_op_begin (self->health->world, "waiting for health", REACH_MS);
  dbr_service_monitor_wait_healthy_async (self->monitor, REACH_MS, NULL, reached_cb, self);
}

static void
watch_begin (Watch      *self,
             Health     *health,
             const char *name)
{
  GError *error = NULL;

  self->health = health;
  self->name = name;
  self->monitor = dbr_service_monitor_new (health->client, name);
  chaos_world_watch (health->world, self->monitor);
  g_object_set (self->monitor, "interval-ms", 200, "probe-timeout-ms", 300, "misses-to-stall", 2,
                "probe-path", CHAOS_PATH, "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Level", NULL);
  g_signal_connect (self->monitor, "stalled", G_CALLBACK (stalled_cb), self);
  g_signal_connect (self->monitor, "recovered", G_CALLBACK (recovered_cb), self);
  g_signal_connect (self->monitor, "restarted", G_CALLBACK (restarted_cb), self);
  dbr_service_monitor_start (self->monitor, &error);
  g_assert_no_error (error);
}

/* The recovery: a stage that waits until the service is well by itself */

static void
healthy_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(DbrRecoveryAttempt) attempt = user_data;
  g_autoptr(GError) error = NULL;

  if (dbr_service_monitor_wait_healthy_finish (DBR_SERVICE_MONITOR (source), result, &error))
    dbr_recovery_attempt_succeed (attempt);
  else
    dbr_recovery_attempt_fail (attempt, error);
}

static void
perform_cb (DbrRecoveryStage   *stage,
            DbrRecoveryAttempt *attempt,
            Health             *self)
{
  DbrServiceMonitor *monitor = dbr_recovery_attempt_get_monitor (attempt);

  /* Now and then it drops what it was asked for. */
  if (dbr_test_happens (self->rand, 200))
    return;

  dbr_service_monitor_wait_healthy_async (monitor, STAGE_MS / 2,
                                          dbr_recovery_attempt_get_cancellable (attempt),
                                          healthy_cb, g_object_ref (attempt));
}

static void
stage_started_cb (DbrRecovery      *recovery,
                  DbrRecoveryStage *stage,
                  const char       *target,
                  Health           *self)
{
  if (self->n_stages++ > 0)
    chaos_world_fail (self->world, "a stage began before the one before it had ended");
}

static void
stage_finished_cb (DbrRecovery      *recovery,
                   DbrRecoveryStage *stage,
                   const char       *target,
                   const GError     *error,
                   Health           *self)
{
  if (self->n_stages-- != 1)
    chaos_world_fail (self->world, "a stage ended that had not begun");
}

static void
health_begin_recovery (Health *self)
{
  g_autoptr(DbrRecoveryStage) stage = NULL;
  GError *error = NULL;

  self->recovery = dbr_recovery_new (self->watches[0].monitor, NULL);
  chaos_world_watch (self->world, self->recovery);
  dbr_recovery_set_allowed (self->recovery, DBR_RECOVERY_SCOPE_SERVICE_START
                            | DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  stage = dbr_recovery_stage_new ("wait", DBR_RECOVERY_SCOPE_SERVICE_START);
  dbr_recovery_stage_set_timeout_ms (stage, STAGE_MS);
  dbr_recovery_stage_set_max_attempts (stage, 100);
  dbr_recovery_stage_set_cooldown_ms (stage, 1000);
  g_signal_connect (stage, "perform", G_CALLBACK (perform_cb), self);
  dbr_recovery_add_stage (self->recovery, stage, &error);
  g_assert_no_error (error);
  g_signal_connect (self->recovery, "stage-started", G_CALLBACK (stage_started_cb), self);
  g_signal_connect (self->recovery, "stage-finished", G_CALLBACK (stage_finished_cb), self);
  dbr_recovery_attach (self->recovery);
}

static void
tried_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Health *self = user_data;

  dbr_recovery_recover_finish (DBR_RECOVERY (source), result, NULL);
  chaos_op_end (g_steal_pointer (&self->recovering));
}

static void
health_recover (Health *self)
{
  if (self->recovering != NULL)
    return;

  self->recovering = chaos_op_begin (self->world, "a recovery", RECOVER_MS);
  dbr_recovery_recover_async (self->recovery, "", NULL, tried_cb, self);
}

static gpointer
health_begin (ChaosWorld *world)
{
  Health *self = g_new0 (Health, 1);

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->client = chaos_world_new_client (world);
  watch_begin (&self->watches[0], self, CHAOS_CALM);
  watch_begin (&self->watches[1], self, CHAOS_WILD);
  health_begin_recovery (self);

  return self;
}

static void
health_act (gpointer actor)
{
  Health *self = actor;
  Watch *watch = &self->watches[dbr_test_draw (self->rand, 0, N_WATCHES - 1)];

  for (gsize i = 0; i < N_WATCHES; i++)
    watch_look (&self->watches[i]);
  if (dbr_test_happens (self->rand, 10))
    watch_check (watch);
  else if (dbr_test_happens (self->rand, 10))
    watch_wait (watch);
  else if (dbr_test_happens (self->rand, 5))
    health_recover (self);
}

/* What a service is that is not healthy. */
static const char *const states[] = {
  [DBR_SERVICE_STATE_UNKNOWN] = "a service that is unknown",
  [DBR_SERVICE_STATE_ABSENT] = "a service that is absent",
  [DBR_SERVICE_STATE_STARTING] = "a service that is starting",
  [DBR_SERVICE_STATE_HEALTHY] = "a service",
  [DBR_SERVICE_STATE_SLOW] = "a service that is slow",
  [DBR_SERVICE_STATE_SUSPECT] = "a service that is suspect",
  [DBR_SERVICE_STATE_STALLED] = "a service that has stalled",
  [DBR_SERVICE_STATE_FROZEN] = "a service that is frozen",
  [DBR_SERVICE_STATE_BUS_LOST] = "a service whose bus is lost",
};

static const char *
health_is_ill (gpointer actor,
               gboolean is_calm)
{
  Health *self = actor;

  for (gsize i = 0; i < N_WATCHES; i++)
    {
      Watch *watch = &self->watches[i];

      watch_look (watch);
      if (is_calm && !watch->is_answering)
        watch_check (watch);
      if (dbr_service_monitor_get_state (watch->monitor) != DBR_SERVICE_STATE_HEALTHY)
        return states[dbr_service_monitor_get_state (watch->monitor)];
      if (!dbr_service_monitor_get_available (watch->monitor))
        return "a service's presence";
      if (watch->is_stalled)
        return "a service that had stalled";
      if (!watch->is_answering)
        return "a service's answer";
    }

  return dbr_recovery_get_running (self->recovery) || self->recovering != NULL
         ? "a recovery" : NULL;
}

static void
health_check (gpointer actor)
{
  Health *self = actor;

  if (self->n_stages != 0)
    chaos_world_fail (self->world, "a stage of the recovery has begun and not ended");
  for (gsize i = 0; i < N_WATCHES; i++)
    {
      Watch *watch = &self->watches[i];

      if (watch->n_restarted != dbr_service_monitor_get_restarts (watch->monitor))
        chaos_world_fail (self->world, "of %u restarts of %s %u were told",
                          dbr_service_monitor_get_restarts (watch->monitor), watch->name,
                          watch->n_restarted);
    }
}

static void
health_end (gpointer actor)
{
  Health *self = actor;

  dbr_recovery_detach (self->recovery);
  g_signal_handlers_disconnect_by_data (self->recovery, self);
  g_clear_object (&self->recovery);
  for (gsize i = 0; i < N_WATCHES; i++)
    {
      dbr_service_monitor_stop (self->watches[i].monitor);
      g_signal_handlers_disconnect_by_data (self->watches[i].monitor, &self->watches[i]);
      g_clear_object (&self->watches[i].monitor);
    }
  g_clear_object (&self->client);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_health = {
  "health", health_begin, health_act, health_is_ill, health_check, health_end,
};
