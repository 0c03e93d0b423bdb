/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-stall-detector-private.h"

#include <math.h>
#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* What the clocks may differ by for other reasons than a suspend. */
#define SUSPEND_USEC (G_USEC_PER_SEC / 2)
/* Many programs learn at once of a new owner, and that the machine is awake; their first probes are
 * spread over so much. */
#define SPREAD_USEC (G_USEC_PER_SEC / 4)
#define MAX_PRESSURE 7u
/* A bus that is always slow gets longer each time, so that its services are judged in the end. */
#define MAX_LATE_CONTROLS 5u
#define N_GOOD_TO_RECOVER 2u

static const DbrStallConfig shipped = {
  .interval_ms = 10000,
  .probe_timeout_ms = 0,
  .slow_ms = 500,
  .misses_to_stall = 3,
  .resume_grace_ms = 15000,
  .owner_grace_ms = 5000,
};

static gboolean
check_time (const char  *name,
            guint        ms,
            GError     **error)
{
  if (ms != 0)
    return dbr_check_timeout (name, ms, error);

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("“%s” of a service monitor must not be 0"), name);

  return FALSE;
}

gboolean
dbr_stall_config_check (const DbrStallConfig  *config,
                        GError               **error)
{
  if (config->misses_to_stall < 1 || config->misses_to_stall > DBR_STALL_MAX_MISSES)
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("“%s” of a service monitor is %u, but has to be from 1 to %u"),
                   "misses-to-stall", config->misses_to_stall, DBR_STALL_MAX_MISSES);
      return FALSE;
    }

  return check_time ("interval-ms", config->interval_ms, error)
         && dbr_check_timeout ("probe-timeout-ms", config->probe_timeout_ms, error)
         && check_time ("slow-ms", config->slow_ms, error);
}

static guint
dbr_stall_detector_count (const DbrStallDetector *self,
                          DbrStallWait            wait)
{
  guint n = 0;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    n += self->probes[i].serial != 0 && self->probes[i].wait == wait;

  return n;
}

static guint
dbr_stall_detector_count_all (const DbrStallDetector *self)
{
  guint n = 0;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    n += self->probes[i].serial != 0;

  return n;
}

static DbrStallProbe *
dbr_stall_detector_find (DbrStallDetector *self,
                         guint             serial)
{
  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    if (self->probes[i].serial == serial)
      return &self->probes[i];

  return NULL;
}

static gint64
dbr_stall_detector_get_fixed_limit_usec (const DbrStallDetector *self)
{
  return (gint64) self->config.probe_timeout_ms * 1000;
}

gint64
dbr_stall_detector_get_limit_usec (const DbrStallDetector *self)
{
  gint64 limit = dbr_stall_detector_get_fixed_limit_usec (self);

  if (limit == 0)
    limit = dbr_stall_latency_get_limit (&self->latency, self->plan.share);

  return limit * (1 + self->pressure);
}

static gint64
dbr_stall_detector_get_allowance_usec (const DbrStallDetector *self)
{
  return dbr_stall_plan_get_allowance_usec (dbr_stall_detector_get_limit_usec (self));
}

static gint64
dbr_stall_detector_get_control_limit_usec (const DbrStallDetector *self)
{
  return dbr_stall_detector_get_allowance_usec (self) << self->n_late_controls;
}

static DbrStallState
dbr_stall_detector_find_state (const DbrStallDetector *self)
{
  guint n_missed = dbr_stall_detector_count (self, DBR_STALL_WAIT_MISSED);

  if (!self->has_owner)
    return DBR_STALL_ABSENT;
  if (self->is_in_stall && n_missed >= self->plan.n_misses)
    return self->is_stopped ? DBR_STALL_FROZEN : DBR_STALL_STALLED;
  if (n_missed > 0)
    return DBR_STALL_SUSPECT;
  if (!self->is_ready)
    return DBR_STALL_STARTING;
  if (self->is_in_stall)
    return DBR_STALL_SUSPECT;

  return self->is_slow ? DBR_STALL_SLOW : DBR_STALL_HEALTHY;
}

/* Nothing is sent to a bus that does not answer. And only who was missed once is asked again before
 * the last probe has had its time. */
static gboolean
dbr_stall_detector_may_begin (const DbrStallDetector *self)
{
  guint n_running = dbr_stall_detector_count (self, DBR_STALL_WAIT_RUNNING);
  guint n_missed = dbr_stall_detector_count (self, DBR_STALL_WAIT_MISSED);

  if (!self->has_owner || self->pauses != 0 || (self->has_control && self->is_control_void))
    return FALSE;

  return n_running + n_missed < self->plan.n_misses && (n_running == 0 || n_missed > 0);
}

static gboolean
dbr_stall_detector_is_urgent (const DbrStallDetector *self)
{
  return self->is_hurried || self->is_in_stall || !self->is_ready
         || dbr_stall_detector_count (self, DBR_STALL_WAIT_MISSED) > 0;
}

static gint64
dbr_stall_detector_get_begin_usec (const DbrStallDetector *self)
{
  if (dbr_stall_detector_is_urgent (self))
    return self->begin_from_usec;

  return MAX (self->begin_from_usec, self->heard_usec + self->plan.interval_usec);
}

static void
dbr_stall_detector_begin_wait (DbrStallDetector *self,
                               DbrStallProbe    *probe)
{
  probe->wait = DBR_STALL_WAIT_RUNNING;
  probe->from_usec = MAX (self->now_usec, self->grace_until_usec);
  probe->due_usec = probe->from_usec + dbr_stall_detector_get_limit_usec (self);
  self->begin_from_usec = self->now_usec + dbr_stall_plan_get_step_usec (&self->plan);
  self->is_hurried = FALSE;
}

/* Where no further probe may be sent, the oldest whose wait was voided is waited for anew. */
static void
dbr_stall_detector_wait_again (DbrStallDetector *self)
{
  DbrStallProbe *oldest = NULL;

  if (!dbr_stall_detector_may_begin (self)
      || dbr_stall_detector_count_all (self) < self->plan.n_misses
      || dbr_stall_detector_get_begin_usec (self) > self->now_usec)
    return;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    {
      DbrStallProbe *probe = &self->probes[i];

      if (probe->serial != 0 && probe->wait == DBR_STALL_WAIT_NONE
          && (oldest == NULL || probe->from_usec < oldest->from_usec))
        oldest = probe;
    }

  dbr_stall_detector_begin_wait (self, oldest);
}

static gint64
dbr_stall_detector_find_next (const DbrStallDetector *self)
{
  gint64 beat = self->now_usec + dbr_stall_detector_get_allowance_usec (self);
  gint64 next = G_MAXINT64;

  if (!self->has_owner || self->pauses != 0)
    return G_MAXINT64;

  if (self->has_control)
    next = MIN (next, beat);

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    {
      const DbrStallProbe *probe = &self->probes[i];

      if (probe->serial == 0 || probe->wait != DBR_STALL_WAIT_RUNNING)
        continue;

      next = MIN (next, beat);
      if (probe->due_usec > self->now_usec)
        next = MIN (next, probe->due_usec);
    }

  if (dbr_stall_detector_may_begin (self))
    {
      gint64 begin = dbr_stall_detector_get_begin_usec (self);

      /* What has been due for some time is wanted, and its owner knows. */
      next = MIN (next, begin > self->now_usec ? begin : beat);
    }

  return next;
}

/* Ends whatever was told: works out what follows from it. */
static DbrStallEvents
dbr_stall_detector_settle (DbrStallDetector *self,
                           DbrStallEvents    events)
{
  DbrStallState state;

  dbr_stall_detector_wait_again (self);
  self->next_usec = dbr_stall_detector_find_next (self);

  state = dbr_stall_detector_find_state (self);
  if (state == self->state)
    return events;

  self->state = state;
  self->since_usec = self->now_usec;

  return events | DBR_STALL_EVENT_STATE;
}

/* What was missed in time stays so. But what is still waited for is waited for anew, and what has
 * not been answered tells nothing any more of how long the service takes. */
static void
dbr_stall_detector_void (DbrStallDetector *self)
{
  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    {
      DbrStallProbe *probe = &self->probes[i];

      probe->is_spoilt = TRUE;
      if (probe->wait == DBR_STALL_WAIT_RUNNING)
        probe->wait = DBR_STALL_WAIT_NONE;
    }

  self->is_control_void = TRUE;
}

/* While something is suspected the plan stays what it was begun by, and it never asks for fewer
 * places than are taken. */
static void
dbr_stall_detector_make_plan (DbrStallDetector *self)
{
  DbrStallPlan plan = {
    (gint64) self->config.interval_ms * 1000, self->config.misses_to_stall, DBR_STALL_SHARE,
  };

  if (self->max_detection_ms > 0)
    dbr_stall_plan_make (&plan, &self->latency, dbr_stall_detector_get_fixed_limit_usec (self),
                         (gint64) self->max_detection_ms * 1000, self->min_days);

  if (dbr_stall_detector_count (self, DBR_STALL_WAIT_MISSED) == 0
      && dbr_stall_detector_count_all (self) <= plan.n_misses)
    self->plan = plan;
}

/* Their connection is gone, or who should answer them is. */
static void
dbr_stall_detector_forget_probes (DbrStallDetector *self)
{
  memset (self->probes, 0, sizeof self->probes);
  dbr_stall_detector_make_plan (self);
}

static void
dbr_stall_detector_spread (DbrStallDetector *self)
{
  self->begin_from_usec =
    self->now_usec + (gint64) (dbr_random_next (self->random) * SPREAD_USEC);
}

static void
dbr_stall_detector_resume (DbrStallDetector *self)
{
  dbr_stall_detector_void (self);
  self->grace_until_usec = MAX (self->grace_until_usec,
                                self->now_usec + (gint64) self->config.resume_grace_ms * 1000);
  dbr_stall_detector_spread (self);
}

/* Begins whatever is told: looks at the clocks, for what they say of ourselves. */
static DbrStallEvents
dbr_stall_detector_look (DbrStallDetector *self)
{
  gint64 now = dbr_clock_get_monotonic (self->clock);
  gint64 asleep = dbr_clock_get_boottime (self->clock) - now;
  gint64 lag = now - self->next_usec;
  gboolean has_slept = asleep - self->asleep_usec > SUSPEND_USEC;

  self->now_usec = now;
  self->asleep_usec = asleep;

  if (has_slept)
    {
      dbr_stall_detector_resume (self);
    }
  else if (lag > dbr_stall_detector_get_allowance_usec (self))
    {
      self->lag_usec = lag;
      dbr_stall_detector_void (self);
      return DBR_STALL_EVENT_OWN_STALL;
    }

  return DBR_STALL_EVENT_NONE;
}

void
dbr_stall_detector_init (DbrStallDetector *self,
                         const DbrClock   *clock,
                         DbrRandom        *random_source)
{
  memset (self, 0, sizeof *self);
  self->config = shipped;
  self->clock = clock;
  self->random = random_source;
  self->next_usec = G_MAXINT64;
  self->now_usec = dbr_clock_get_monotonic (clock);
  self->asleep_usec = dbr_clock_get_boottime (clock) - self->now_usec;
  self->since_usec = self->now_usec;
  dbr_stall_detector_make_plan (self);
}

void
dbr_stall_detector_reset (DbrStallDetector *self)
{
  DbrStallDetector old = *self;

  dbr_stall_detector_init (self, old.clock, old.random);
  self->config = old.config;
  self->max_detection_ms = old.max_detection_ms;
  self->min_days = old.min_days;
  self->plan = old.plan;
  self->last_serial = old.last_serial;
}

DbrStallEvents
dbr_stall_detector_configured (DbrStallDetector *self)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  dbr_stall_detector_make_plan (self);

  return dbr_stall_detector_settle (self, events);
}

gboolean
dbr_stall_detector_set_quality (DbrStallDetector  *self,
                                guint              max_detection_ms,
                                double             min_days,
                                GError           **error)
{
  if (!dbr_check_timeout ("max-detection-ms", max_detection_ms, error))
    return FALSE;

  /* Written so that what is not a number is refused too. */
  if (max_detection_ms > 0 && !(min_days > 0 && min_days <= G_MAXINT))
    {
      g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                   _("%g days between false alarms cannot be asked for"), min_days);
      return FALSE;
    }

  self->max_detection_ms = max_detection_ms;
  self->min_days = min_days;

  return TRUE;
}

static DbrStallEvents
dbr_stall_detector_miss (DbrStallDetector *self,
                         DbrStallProbe    *probe)
{
  if (self->heard_usec >= probe->from_usec)
    {
      probe->wait = DBR_STALL_WAIT_NONE;
      return DBR_STALL_EVENT_NONE;
    }

  probe->wait = DBR_STALL_WAIT_MISSED;
  self->n_good = 0;
  if (self->is_in_stall
      || dbr_stall_detector_count (self, DBR_STALL_WAIT_MISSED) < self->plan.n_misses)
    return DBR_STALL_EVENT_NONE;

  /* How long the answers of these take is how long the stall does. */
  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    self->probes[i].is_spoilt = TRUE;
  self->is_in_stall = TRUE;
  self->stalled_from_usec = self->heard_usec;
  self->silent_usec = self->now_usec - self->heard_usec;

  return DBR_STALL_EVENT_STALLED;
}

static DbrStallEvents
dbr_stall_detector_check_control (DbrStallDetector *self)
{
  if (!self->has_control || self->is_control_void
      || self->now_usec - self->control_usec <= dbr_stall_detector_get_control_limit_usec (self))
    return DBR_STALL_EVENT_NONE;

  dbr_stall_detector_void (self);
  self->n_late_controls = MIN (self->n_late_controls + 1, MAX_LATE_CONTROLS);

  return DBR_STALL_EVENT_BUS_STALL;
}

DbrStallEvents
dbr_stall_detector_tick (DbrStallDetector *self)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  events |= dbr_stall_detector_check_control (self);

  return dbr_stall_detector_settle (self, events);
}

guint
dbr_stall_detector_probe_begun (DbrStallDetector *self)
{
  DbrStallProbe *probe = dbr_stall_detector_find (self, 0);

  g_return_val_if_fail (probe != NULL, 0);

  if (++self->last_serial == 0)
    self->last_serial = 1;
  probe->serial = self->last_serial;
  probe->is_spoilt = FALSE;
  dbr_stall_detector_begin_wait (self, probe);
  self->next_usec = dbr_stall_detector_find_next (self);

  return probe->serial;
}

/* A sign of life. It ends what was suspected, but a stall only begins to end. */
static void
dbr_stall_detector_live (DbrStallDetector *self)
{
  self->heard_usec = self->now_usec;
  self->is_hurried = FALSE;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    if (self->probes[i].wait == DBR_STALL_WAIT_MISSED)
      self->probes[i].wait = DBR_STALL_WAIT_NONE;
}

static DbrStallEvents
dbr_stall_detector_learn (DbrStallDetector *self,
                          gint64            rtt_usec)
{
  gboolean was_slow = self->is_slow;

  dbr_stall_latency_add (&self->latency, rtt_usec);
  self->latency_usec = rtt_usec;
  self->is_slow = rtt_usec > (gint64) self->config.slow_ms * 1000;

  return self->is_slow && !was_slow ? DBR_STALL_EVENT_SLOW : DBR_STALL_EVENT_NONE;
}

static DbrStallEvents
dbr_stall_detector_count_good (DbrStallDetector *self)
{
  if (self->is_in_stall && ++self->n_good < N_GOOD_TO_RECOVER)
    return DBR_STALL_EVENT_NONE;

  self->is_ready = TRUE;
  if (!self->is_in_stall)
    return DBR_STALL_EVENT_NONE;

  self->is_in_stall = FALSE;
  self->n_good = 0;
  self->down_usec = self->now_usec - self->stalled_from_usec;

  return DBR_STALL_EVENT_RECOVERED;
}

DbrStallEvents
dbr_stall_detector_probe_answered (DbrStallDetector *self,
                                   guint             serial,
                                   gint64            rtt_usec)
{
  DbrStallEvents events = dbr_stall_detector_look (self);
  DbrStallProbe *probe = serial != 0 ? dbr_stall_detector_find (self, serial) : NULL;
  DbrStallProbe answered;

  if (probe == NULL)
    return dbr_stall_detector_settle (self, events);

  answered = *probe;
  *probe = (DbrStallProbe) { 0 };
  dbr_stall_detector_live (self);

  if (!answered.is_spoilt && rtt_usec >= 0)
    events |= dbr_stall_detector_learn (self, rtt_usec);
  /* An answer in time, or the first of one that starts: a stall is only ended by the former. */
  if (answered.wait == DBR_STALL_WAIT_RUNNING || !self->is_in_stall)
    events |= dbr_stall_detector_count_good (self);
  dbr_stall_detector_make_plan (self);

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_probe_void (DbrStallDetector *self,
                               guint             serial)
{
  DbrStallEvents events = dbr_stall_detector_look (self);
  DbrStallProbe *probe = serial != 0 ? dbr_stall_detector_find (self, serial) : NULL;

  if (probe != NULL)
    {
      *probe = (DbrStallProbe) { 0 };
    }

  return dbr_stall_detector_settle (self, events);
}

void
dbr_stall_detector_control_begun (DbrStallDetector *self)
{
  self->has_control = TRUE;
  self->is_control_void = FALSE;
  self->control_usec = dbr_clock_get_monotonic (self->clock);
  self->next_usec = dbr_stall_detector_find_next (self);
}

DbrStallEvents
dbr_stall_detector_control_answered (DbrStallDetector *self)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  events |= dbr_stall_detector_check_control (self);

  if (self->has_control && !self->is_control_void)
    {
      self->n_late_controls = 0;
      for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
        {
          DbrStallProbe *probe = &self->probes[i];

          if (probe->wait == DBR_STALL_WAIT_RUNNING && probe->due_usec <= self->control_usec)
            events |= dbr_stall_detector_miss (self, probe);
        }
    }

  self->has_control = FALSE;

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_heard (DbrStallDetector *self)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  dbr_stall_detector_live (self);

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_call_is_slow (DbrStallDetector *self)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  self->is_hurried = TRUE;

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_owner_changed (DbrStallDetector *self,
                                  gboolean          has_owner)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  dbr_stall_detector_forget_probes (self);
  self->pauses &= ~DBR_STALL_PAUSE_REFUSED;
  self->has_owner = has_owner;
  self->is_ready = FALSE;
  self->is_slow = FALSE;
  self->is_stopped = FALSE;
  self->is_hurried = FALSE;
  self->n_good = 0;

  if (has_owner)
    {
      self->heard_usec = self->now_usec;
      self->grace_until_usec = MAX (self->grace_until_usec,
                                    self->now_usec + (gint64) self->config.owner_grace_ms * 1000);
      dbr_stall_detector_spread (self);
    }

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_bus_changed (DbrStallDetector *self,
                                gboolean          has_bus)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  dbr_stall_detector_forget_probes (self);
  self->has_control = FALSE;
  self->n_late_controls = 0;
  self->n_good = 0;

  if (has_bus)
    {
      self->pauses &= ~DBR_STALL_PAUSE_BUS;
      dbr_stall_detector_spread (self);
    }
  else
    {
      self->pauses |= DBR_STALL_PAUSE_BUS;
    }

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_sleep_changed (DbrStallDetector *self,
                                  gboolean          is_going_to_sleep)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  if (is_going_to_sleep)
    {
      self->pauses |= DBR_STALL_PAUSE_SLEEP;
      dbr_stall_detector_void (self);
    }
  else
    {
      self->pauses &= ~DBR_STALL_PAUSE_SLEEP;
      dbr_stall_detector_resume (self);
    }

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_refused (DbrStallDetector *self)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  dbr_stall_detector_forget_probes (self);
  self->pauses |= DBR_STALL_PAUSE_REFUSED;

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_process_changed (DbrStallDetector *self,
                                    gboolean          is_stopped)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  self->is_stopped = is_stopped;

  return dbr_stall_detector_settle (self, events);
}

DbrStallEvents
dbr_stall_detector_pressure_read (DbrStallDetector *self,
                                  gboolean          is_high)
{
  DbrStallEvents events = dbr_stall_detector_look (self);

  if (is_high)
    self->pressure = MIN (self->pressure + 1, MAX_PRESSURE);
  else if (self->pressure > 0)
    self->pressure--;

  return dbr_stall_detector_settle (self, events);
}

gboolean
dbr_stall_detector_wants_probe (const DbrStallDetector *self)
{
  gint64 early = dbr_stall_detector_is_urgent (self) ? 0 : self->plan.interval_usec / 10;

  return dbr_stall_detector_may_begin (self)
         && dbr_stall_detector_count_all (self) < self->plan.n_misses
         && self->now_usec >= dbr_stall_detector_get_begin_usec (self) - early;
}

gboolean
dbr_stall_detector_wants_control (const DbrStallDetector *self)
{
  if (self->has_control || self->pauses != 0)
    return FALSE;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    if (self->probes[i].wait == DBR_STALL_WAIT_RUNNING
        && self->probes[i].due_usec <= self->now_usec)
      return TRUE;

  return FALSE;
}

gint64
dbr_stall_detector_get_next_usec (const DbrStallDetector *self)
{
  return self->next_usec;
}

/* The bound by which the limit was found, for as long as each probe is waited for. Where the limit
 * is more than follows from the latency, it counts as what it stands for. */
double
dbr_stall_detector_get_suspicion (const DbrStallDetector *self)
{
  double mean = dbr_stall_latency_get_mean (&self->latency);
  double limit = MAX (dbr_stall_detector_get_limit_usec (self) - mean, 1);
  double spread = MAX (sqrt (dbr_stall_latency_get_variance (&self->latency)),
                       limit / sqrt (1 / self->plan.share - 1));
  double suspicion = 0;

  for (guint i = 0; i < DBR_STALL_MAX_MISSES; i++)
    {
      const DbrStallProbe *probe = &self->probes[i];
      double beyond = (self->now_usec - probe->from_usec - mean) / spread;

      if (probe->wait != DBR_STALL_WAIT_NONE && beyond > 0)
        suspicion += log10 (1 + beyond * beyond);
    }

  return suspicion;
}

gint64
dbr_stall_detector_get_detection_usec (const DbrStallDetector *self)
{
  return dbr_stall_plan_get_detection_usec (&self->plan, dbr_stall_detector_get_limit_usec (self));
}

gboolean
dbr_stall_detector_is_quality_met (const DbrStallDetector *self)
{
  gint64 limit = dbr_stall_detector_get_limit_usec (self);
  double share = dbr_stall_latency_get_share (&self->latency, limit);

  if (self->max_detection_ms == 0)
    return TRUE;

  return dbr_stall_plan_get_detection_usec (&self->plan, limit)
         <= (gint64) self->max_detection_ms * 1000
         && dbr_stall_plan_get_days (&self->plan, share) >= self->min_days;
}
