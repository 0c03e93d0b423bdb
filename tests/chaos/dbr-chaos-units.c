/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

#include <string.h>

/* A unit of a real systemd that is started, stopped and looked at: each ends by its limit, and at the
 * end the unit is what was asked for, and known to be. */

#define MAX_UNDER_WAY 4
#define JOB_MS 4000
#define READ_MS 3000

typedef enum
{
  DEED_START,
  DEED_STOP,
  DEED_RESTART,
  DEED_REFRESH,
} DeedKind;

static const struct
{
  const char *what;
  guint       limit_ms;
  gboolean    (*finish) (DbrUnit        *unit,
                         GAsyncResult   *result,
                         GError        **error);
} deeds[] = {
  [DEED_START] = { "starting a unit", JOB_MS, dbr_unit_start_finish },
  [DEED_STOP] = { "stopping a unit", JOB_MS, dbr_unit_stop_finish },
  [DEED_RESTART] = { "restarting a unit", JOB_MS, dbr_unit_restart_finish },
  [DEED_REFRESH] = { "looking at a unit", READ_MS, dbr_unit_refresh_finish },
};

typedef struct
{
  ChaosWorld        *world;
  GRand             *rand;
  DbrClient         *client;
  DbrSystemdMonitor *monitor;
  DbrUnit           *unit;
  guint              n_under_way;

  /* the end: it is started, and then stopped */
  gboolean           has_started;
  gboolean           has_stopped;
} Units;

typedef struct
{
  Units    *units;
  ChaosOp  *op;
  DeedKind  kind;
  gboolean *proof;
} Deed;

static void
ended_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autofree Deed *deed = user_data;
  gboolean is_done = deeds[deed->kind].finish (DBR_UNIT (source), result, NULL);

  deed->units->n_under_way--;
  chaos_op_end (deed->op);
  if (deed->proof != NULL)
    *deed->proof = is_done;
}

static void
units_do (Units    *self,
          DeedKind  kind,
          gboolean *proof)
{
  Deed *deed = g_new0 (Deed, 1);

  deed->units = self;
  deed->op = chaos_op_begin (self->world, deeds[kind].what, deeds[kind].limit_ms);
  deed->kind = kind;
  deed->proof = proof;
  self->n_under_way++;
  if (kind == DEED_START)
    dbr_unit_start_async (self->unit, DBR_UNIT_FLAGS_NONE, NULL, ended_cb, deed);
  else if (kind == DEED_STOP)
    dbr_unit_stop_async (self->unit, DBR_UNIT_FLAGS_NONE, NULL, ended_cb, deed);
  else if (kind == DEED_RESTART)
    dbr_unit_restart_async (self->unit, DBR_UNIT_FLAGS_NONE, NULL, ended_cb, deed);
  else
    dbr_unit_refresh_async (self->unit, NULL, ended_cb, deed);
}

static gpointer
units_begin (ChaosWorld *world)
{
  Units *self = g_new0 (Units, 1);
  const char *const watched[] = { CHAOS_UNIT, NULL };
  GError *error = NULL;

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  if (chaos_world_get_systemd (world) == NULL)
    return self;

  self->client = chaos_world_new_client (world);
  self->monitor = dbr_systemd_monitor_new (self->client, DBR_SYSTEMD_SCOPE_USER);
  chaos_world_watch (world, self->monitor);
  g_object_set (self->monitor, "interval-ms", 300, "probe-timeout-ms", 500, "misses-to-stall", 2,
                NULL);
  dbr_systemd_monitor_watch_units (self->monitor, watched);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error);
  g_assert_no_error (error);
  self->unit = dbr_systemd_monitor_get_unit_sync (self->monitor, CHAOS_UNIT, NULL, &error);
  g_assert_no_error (error);
  chaos_world_watch (world, self->unit);

  return self;
}

static void
units_act (gpointer actor)
{
  Units *self = actor;

  if (self->unit != NULL && self->n_under_way < MAX_UNDER_WAY
      && dbr_test_happens (self->rand, 40))
    units_do (self, (DeedKind) dbr_test_draw (self->rand, DEED_START, DEED_REFRESH), NULL);
}

/* What the monitor knows, and what systemd itself says by a way of its own. */
static gboolean
units_is (Units      *self,
          const char *state)
{
  g_autofree char *told = NULL;

  if (strcmp (dbr_unit_get_active_state (self->unit), state) != 0)
    return FALSE;

  told = dbr_test_systemd_run (chaos_world_get_systemd (self->world),
                               "systemctl --user show -p ActiveState --value " CHAOS_UNIT);

  return g_str_has_prefix (told, state);
}

static const char *
units_is_ill (gpointer actor,
              gboolean is_calm)
{
  Units *self = actor;

  if (self->unit == NULL)
    return NULL;
  if (!is_calm || self->n_under_way > 0)
    return "what systemd was asked for";
  if (dbr_service_monitor_get_state (DBR_SERVICE_MONITOR (self->monitor))
      != DBR_SERVICE_STATE_HEALTHY)
    return "systemd";
  if (!self->has_started)
    {
      units_do (self, DEED_START, &self->has_started);
      return "the start of a unit";
    }
  if (!self->has_stopped && units_is (self, "active"))
    units_do (self, DEED_STOP, &self->has_stopped);
  /* A stop that nobody waited for any more came behind it. */
  else if (!self->has_stopped && units_is (self, "inactive"))
    self->has_started = FALSE;

  return self->has_stopped && units_is (self, "inactive") ? NULL : "a unit's state";
}

static void
units_check (gpointer actor)
{
}

static void
units_end (gpointer actor)
{
  Units *self = actor;

  if (self->monitor != NULL)
    dbr_service_monitor_stop (DBR_SERVICE_MONITOR (self->monitor));
  g_clear_object (&self->unit);
  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_rand_free (self->rand);
  g_free (self);
}

const ChaosActor chaos_units = {
  "units", units_begin, units_act, units_is_ill, units_check, units_end,
};
