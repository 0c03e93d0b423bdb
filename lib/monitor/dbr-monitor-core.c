/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-core-private.h"

#include "monitor/dbr-machine-private.h"
#include "monitor/dbr-monitor-round-private.h"

/* Who waits longer than this to be told is told no more than that. */
#define MAX_NEWS 1000
/* A bus that does not answer the control for so many limits of a probe is as good as lost. */
#define N_LIMITS_TO_SILENCE 5

DbrMonitorCore *
dbr_monitor_core_ref (DbrMonitorCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_monitor_core_unref (DbrMonitorCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->news, g_free);
  g_ptr_array_unref (self->sent);
  g_ptr_array_unref (self->waiters);
  dbr_probe_target_clear (&self->set_target);
  dbr_probe_target_clear (&self->target);
  g_weak_ref_clear (&self->monitor);
  g_clear_pointer (&self->inquirer, dbr_inquirer_unref);
  g_clear_pointer (&self->mailbox, dbr_mailbox_unref);
  g_free (self->unit_path);
  g_free (self->bus_id);
  g_free (self->bus_name);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Telling */

static void
deliver_cb (DbrLetter *letter)
{
  g_autoptr(DbrMonitorCore) self =
    (DbrMonitorCore *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrMonitorCore, letter));
  g_autoptr(GObject) monitor = g_weak_ref_get (&self->monitor);

  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  g_mutex_unlock (&self->mutex);

  if (monitor != NULL)
    self->deliver (monitor);
}

static gboolean
is_well (DbrServiceState state)
{
  return state == DBR_SERVICE_STATE_HEALTHY || state == DBR_SERVICE_STATE_SLOW;
}

static DbrServiceState
dbr_monitor_core_find_state_locked (const DbrMonitorCore *self)
{
  static const DbrServiceState states[] = {
    [DBR_STALL_ABSENT] = DBR_SERVICE_STATE_ABSENT,
    [DBR_STALL_STARTING] = DBR_SERVICE_STATE_STARTING,
    [DBR_STALL_HEALTHY] = DBR_SERVICE_STATE_HEALTHY,
    [DBR_STALL_SLOW] = DBR_SERVICE_STATE_SLOW,
    [DBR_STALL_SUSPECT] = DBR_SERVICE_STATE_SUSPECT,
    [DBR_STALL_STALLED] = DBR_SERVICE_STATE_STALLED,
    [DBR_STALL_FROZEN] = DBR_SERVICE_STATE_FROZEN,
  };
  DbrServiceState state = states[self->detector.state];

  if (self->n_holds == 0)
    state = self->found_state;
  else if (self->is_lost || self->is_silent)
    return DBR_SERVICE_STATE_BUS_LOST;
  else if (!self->is_known || (self->is_refused && self->owner != NULL))
    return DBR_SERVICE_STATE_UNKNOWN;
  if (is_well (state) && self->waits_for_ready && self->ready_generation != self->generation)
    return DBR_SERVICE_STATE_STARTING;

  return state;
}

/* TRUE: they are others than before. */
static gboolean
dbr_monitor_core_look_locked (DbrMonitorCore *self)
{
  const DbrStallDetector *detector = &self->detector;
  DbrMonitorValues values = {
    .serial = self->values.serial + 1,
    .state = dbr_monitor_core_find_state_locked (self),
    .since_usec = self->values.since_usec,
    .owner = self->owner,
    .generation = self->generation,
    .restarts = self->restarts,
    .latency_usec = self->n_holds == 0 ? self->found_latency_usec
                    : self->has_latency ? detector->latency_usec : -1,
    .is_available = self->owner != NULL && !self->is_lost && !self->is_silent,
    .probe_kind = self->probe_kind,
    .detection_ms = (guint) (dbr_stall_detector_get_detection_usec (detector) / 1000),
    .is_quality_met = dbr_stall_detector_is_quality_met (detector),
  };

  if (dbr_monitor_values_are_same (&values, &self->values))
    return FALSE;

  if (values.state != self->values.state)
    values.since_usec = g_get_real_time ();
  self->values = values;

  return TRUE;
}

void
dbr_monitor_core_add_news_locked (DbrMonitorCore     *self,
                                  DbrMonitorNewsKind  kind,
                                  const char         *old_owner,
                                  const char         *new_owner,
                                  gint64              usec)
{
  DbrMonitorNews *news;

  dbr_monitor_core_look_locked (self);
  if (self->is_closed || self->news.length >= MAX_NEWS)
    return;

  news = g_new0 (DbrMonitorNews, 1);
  news->kind = kind;
  news->values = self->values;
  news->when_usec = g_get_real_time ();
  news->old_owner = old_owner;
  news->new_owner = new_owner;
  news->is_connected = !self->is_lost;
  news->usec = usec;
  news->pid = self->pid;
  news->freeze = self->freeze;
  g_queue_push_tail (&self->news, news);
}

static void
dbr_monitor_core_tell_recovery_locked (DbrMonitorCore *self)
{
  if (!self->is_recovering || !is_well (dbr_monitor_core_find_state_locked (self)))
    return;

  self->is_recovering = FALSE;
  dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_RECOVERED, NULL, NULL,
                                    self->down_usec);
}

static void
dbr_monitor_core_tell_events_locked (DbrMonitorCore *self,
                                     DbrStallEvents  events)
{
  const DbrStallDetector *detector = &self->detector;

  if ((events & DBR_STALL_EVENT_OWN_STALL) != 0)
    dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_OWN_STALL, NULL, NULL,
                                      detector->lag_usec);
  if ((events & DBR_STALL_EVENT_SLOW) != 0)
    dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_SLOW, NULL, NULL,
                                      detector->latency_usec);
  if ((events & DBR_STALL_EVENT_RECOVERED) != 0)
    {
      self->is_recovering = TRUE;
      self->down_usec = detector->down_usec;
    }
  /* It has stalled anew before the end of the last stall was told: that goes on. */
  if ((events & DBR_STALL_EVENT_STALLED) != 0 && self->is_recovering)
    self->is_recovering = FALSE;
  else if ((events & DBR_STALL_EVENT_STALLED) != 0)
    dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_STALLED, NULL, NULL,
                                      detector->silent_usec);
  dbr_monitor_core_tell_recovery_locked (self);
}

static GPtrArray *
dbr_monitor_core_steal_waiters_locked (DbrMonitorCore *self)
{
  GPtrArray *waiters;

  if (!is_well (self->values.state) || self->waiters->len == 0)
    return NULL;

  waiters = self->waiters;
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);

  return waiters;
}

static gboolean
dbr_monitor_core_has_to_post_locked (DbrMonitorCore *self)
{
  if (self->is_posted || self->is_closed || g_queue_is_empty (&self->news))
    return FALSE;

  self->is_posted = TRUE;

  return TRUE;
}

/* Looking after it */

/* What is wanted, to be done when there is no lock. */
typedef struct
{
  guint      run;
  guint      serial;
  gboolean   has_control;
  gboolean   has_question;
  gboolean   is_posted;
  GPtrArray *waiters;
} Wants;

static void
dbr_monitor_core_find_wants_locked (DbrMonitorCore *self,
                                    Wants          *wants)
{
  gint64 now = g_get_monotonic_time ();

  wants->run = self->run;
  if (self->n_holds == 0)
    return;

  if (self->ask_usec <= now && !self->is_asking)
    {
      self->ask_usec = G_MAXINT64;
      self->is_asking = TRUE;
      wants->has_question = TRUE;
    }
  if (dbr_stall_detector_wants_probe (&self->detector))
    wants->serial = dbr_stall_detector_probe_begun (&self->detector);
  if (dbr_stall_detector_wants_control (&self->detector))
    {
      self->control_usec = now;
      dbr_stall_detector_control_begun (&self->detector);
      wants->has_control = TRUE;
    }
}

/* Who is being asked already is asked again after that. */
static gint64
dbr_monitor_core_find_next_locked (DbrMonitorCore *self)
{
  gint64 next_usec = dbr_stall_detector_get_next_usec (&self->detector);

  if (self->n_holds == 0)
    return G_MAXINT64;

  return self->is_asking ? next_usec : MIN (self->ask_usec, next_usec);
}

static void tick_cb (DbrDeadline *deadline);

/* A tick that can no longer be taken back looks by itself when the next one is to be. */
static void
dbr_monitor_core_set_tick_locked (DbrMonitorCore *self)
{
  gint64 next_usec = dbr_monitor_core_find_next_locked (self);
  gboolean is_later = next_usec > self->tick.when;

  if (self->tick.when == next_usec && dbr_deadline_is_armed (&self->tick))
    return;

  if (dbr_deadline_disarm (&self->tick))
    dbr_monitor_core_unref (self);
  if (next_usec != G_MAXINT64)
    {
      dbr_monitor_core_ref (self);
      dbr_deadline_arm (&self->tick, next_usec, tick_cb);
    }
  if (is_later)
    dbr_deadline_relax ();
}

void
dbr_monitor_core_lock (DbrMonitorCore *self)
{
  g_mutex_lock (&self->mutex);
}

void
dbr_monitor_core_unlock (DbrMonitorCore *self,
                         DbrStallEvents  events)
{
  Wants wants = { 0 };

  dbr_monitor_core_tell_events_locked (self, events);
  dbr_monitor_core_find_wants_locked (self, &wants);
  dbr_monitor_core_set_tick_locked (self);
  if (dbr_monitor_core_look_locked (self))
    dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_VALUES, NULL, NULL, 0);
  wants.waiters = dbr_monitor_core_steal_waiters_locked (self);
  wants.is_posted = dbr_monitor_core_has_to_post_locked (self);
  g_mutex_unlock (&self->mutex);

  if (wants.is_posted)
    dbr_mailbox_post (self->mailbox, &dbr_monitor_core_ref (self)->letter);
  for (guint i = 0; wants.waiters != NULL && i < wants.waiters->len; i++)
    dbr_waiter_end (g_ptr_array_index (wants.waiters, i), NULL);
  g_clear_pointer (&wants.waiters, g_ptr_array_unref);
  if (wants.has_question)
    dbr_monitor_core_ask_owner (self, wants.run);
  if (wants.serial != 0)
    dbr_monitor_core_send_probe (self, wants.run, wants.serial);
  if (wants.has_control)
    dbr_monitor_core_send_control (self, wants.run);
}

gboolean
dbr_monitor_core_is_running_locked (DbrMonitorCore *self,
                                    guint           run)
{
  return self->n_holds > 0 && self->run == run;
}

/* What came meanwhile over the client is a sign of life as well. */
static DbrStallEvents
dbr_monitor_core_listen_locked (DbrMonitorCore *self,
                                gint64          heard_usec)
{
  if (self->owner == NULL || heard_usec <= self->detector.heard_usec)
    return DBR_STALL_EVENT_NONE;

  return dbr_stall_detector_heard (&self->detector);
}

/* The control is the bus's own doing: while it takes that long, nothing is known. */
static void
dbr_monitor_core_check_bus_locked (DbrMonitorCore *self)
{
  gint64 limit_usec = N_LIMITS_TO_SILENCE * dbr_stall_detector_get_limit_usec (&self->detector);

  if (self->detector.has_control && !self->is_lost
      && g_get_monotonic_time () - self->control_usec >= limit_usec)
    self->is_silent = TRUE;
}

void
dbr_monitor_core_tick (DbrMonitorCore *self)
{
  DbrDispatcher *dispatcher = dbr_inquirer_get_dispatcher (self->inquirer);
  gint64 heard_usec = dbr_dispatcher_get_heard_usec (dispatcher, self->bus_name);
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  dbr_monitor_core_lock (self);
  if (self->n_holds > 0)
    {
      events |= dbr_stall_detector_tick (&self->detector);
      events |= dbr_monitor_core_listen_locked (self, heard_usec);
      if (dbr_stall_detector_wants_probe (&self->detector))
        events |= dbr_stall_detector_pressure_read (&self->detector, dbr_machine_is_pressed ());
      dbr_monitor_core_check_bus_locked (self);
    }
  dbr_monitor_core_unlock (self, events);
}

static void
tick_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrMonitorCore) self =
    (DbrMonitorCore *) G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (DbrMonitorCore, tick));

  dbr_monitor_core_tick (self);
  dbr_monitor_round_tick (self);
}

/* The owner */

static DbrStallEvents
dbr_monitor_core_lose_owner_locked (DbrMonitorCore *self)
{
  const char *owner = self->owner;
  DbrStallEvents events = dbr_stall_detector_owner_changed (&self->detector, FALSE);

  self->last_owner = owner;
  self->owner = NULL;
  self->went_usec = g_get_monotonic_time ();
  self->pid = 0;
  self->freeze = DBR_FREEZE_NONE;
  self->has_latency = FALSE;
  self->is_refused = FALSE;
  self->is_searching = FALSE;
  self->has_target = FALSE;
  self->n_searches = 0;
  dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_OWNER, owner, NULL, 0);
  dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_VANISHED, owner, NULL, 0);

  return events;
}

static DbrStallEvents
dbr_monitor_core_gain_owner_locked (DbrMonitorCore *self,
                                    const char     *owner)
{
  DbrStallEvents events = dbr_stall_detector_owner_changed (&self->detector, TRUE);
  gint64 gap_usec = g_get_monotonic_time () - self->went_usec;

  self->owner = owner;
  self->generation++;
  dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_OWNER, NULL, owner, 0);
  if (!self->is_known)
    return events;

  dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_APPEARED, NULL, owner, 0);
  if (self->last_owner != NULL)
    {
      self->restarts++;
      dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_RESTARTED, self->last_owner, owner,
                                        gap_usec);
    }

  return events;
}

DbrStallEvents
dbr_monitor_core_take_owner_locked (DbrMonitorCore *self,
                                    const char     *owner,
                                    gboolean        is_other_bus)
{
  const char *name = g_intern_string (owner);
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  if (self->is_known && self->owner == name && !is_other_bus)
    return events;

  if (self->owner != NULL)
    events |= dbr_monitor_core_lose_owner_locked (self);
  if (name != NULL)
    events |= dbr_monitor_core_gain_owner_locked (self, name);
  self->is_known = TRUE;

  return events;
}

/* What the dispatcher tells, with the core as @user_data */

static void
owner_changed_cb (gpointer    user_data,
                  const char *old_owner,
                  const char *new_owner,
                  guint       generation)
{
  DbrMonitorCore *self = user_data;
  DbrStallEvents events = DBR_STALL_EVENT_NONE;
  gboolean has_come = FALSE;
  guint run;

  dbr_monitor_core_lock (self);
  run = self->run;
  /* What comes while we ask ourselves is in the answer. */
  if (self->n_holds > 0 && self->is_known && !self->is_lost && !self->is_asking)
    {
      events = dbr_monitor_core_take_owner_locked (self, new_owner, FALSE);
      has_come = new_owner != NULL;
    }
  dbr_monitor_core_unlock (self, events);

  if (has_come)
    dbr_monitor_core_ask_process (self, run);
}

static void
lost_cb (gpointer user_data)
{
  DbrMonitorCore *self = user_data;
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  dbr_monitor_core_lock (self);
  if (self->n_holds > 0 && !self->is_lost)
    {
      self->is_lost = TRUE;
      self->is_silent = FALSE;
      self->is_searching = FALSE;
      events = dbr_stall_detector_bus_changed (&self->detector, FALSE);
      dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_CONNECTION, NULL, NULL, 0);
    }
  dbr_monitor_core_unlock (self, events);
}

static void
restored_cb (gpointer user_data)
{
  DbrMonitorCore *self = user_data;

  dbr_monitor_core_lock (self);
  self->ask_usec = 0;
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);
}

static void
nothing_cb (gpointer user_data)
{
}

static void
call_is_slow_cb (gpointer user_data)
{
  DbrMonitorCore *self = user_data;
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  dbr_monitor_core_lock (self);
  if (self->n_holds > 0 && self->owner != NULL)
    events = dbr_stall_detector_call_is_slow (&self->detector);
  dbr_monitor_core_unlock (self, events);
}

static void
circuit_changed_cb (gpointer user_data)
{
  dbr_monitor_core_try_circuit (user_data, FALSE);
}

static const DbrWatchFuncs watch_funcs = {
  owner_changed_cb,
  lost_cb,
  restored_cb,
  nothing_cb,
  nothing_cb,
  call_is_slow_cb,
  circuit_changed_cb,
};

/* Beginning and ending */

DbrMonitorCore *
dbr_monitor_core_new (GObject            *monitor,
                      DbrClient          *client,
                      const char         *bus_name,
                      gboolean            waits_for_ready,
                      DbrMonitorCoreFunc  deliver)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrMonitorCore *self = g_new0 (DbrMonitorCore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_queue_init (&self->news);
  g_weak_ref_init (&self->monitor, monitor);
  self->inquirer = dbr_inquirer_new (client);
  self->bus_name = g_strdup (bus_name);
  self->waits_for_ready = waits_for_ready;
  self->may_hear_sleep = dbr_monitor_core_may_hear_sleep (client);
  self->deliver = deliver;
  self->mailbox = dbr_mailbox_get (context);
  self->letter.deliver = deliver_cb;
  self->sent = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_probe_unref);
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);
  self->ask_usec = G_MAXINT64;
  self->found_latency_usec = -1;
  self->probe_kind = DBR_PROBE_KIND_PING;
  dbr_stall_detector_init (&self->detector, dbr_clock_get_system (), dbr_random_get_system ());
  dbr_monitor_core_look_locked (self);
  self->values.since_usec = g_get_real_time ();

  return self;
}

static void
dbr_monitor_core_begin (DbrMonitorCore *self)
{
  DbrDispatcher *dispatcher = dbr_inquirer_get_dispatcher (self->inquirer);
  DbrWatch *watch = dbr_dispatcher_watch (dispatcher, self->bus_name, &watch_funcs,
                                          dbr_monitor_core_ref (self),
                                          (GDestroyNotify) dbr_monitor_core_unref);

  DbrCircuitBreaker *circuit = dbr_dispatcher_ref_circuit (dispatcher, self->bus_name);
  DbrListener *listener = dbr_monitor_core_listen_to_sleep (self);
  DbrStallConfig config;

  dbr_monitor_core_get_config (self, &config);
  dbr_dispatcher_watch_calls (dispatcher, self->bus_name, config.slow_ms);
  dbr_circuit_breaker_set_prober (circuit, TRUE);

  dbr_monitor_core_lock (self);
  self->watch = watch;
  self->circuit = circuit;
  self->sleep_listener = listener;
  self->ask_usec = 0;
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);
  dbr_monitor_round_join (self);
}

/* What is known is of no time that is watched, and what was not told yet is not told any more. */
static void
dbr_monitor_core_forget_locked (DbrMonitorCore *self)
{
  g_queue_clear_full (&self->news, g_free);
  dbr_stall_detector_reset (&self->detector);
  self->run++;
  self->found_state = DBR_SERVICE_STATE_UNKNOWN;
  self->found_latency_usec = -1;
  self->owner = NULL;
  self->last_owner = NULL;
  self->pid = 0;
  self->freeze = DBR_FREEZE_NONE;
  self->is_known = FALSE;
  self->is_lost = FALSE;
  self->is_silent = FALSE;
  self->is_asking = FALSE;
  self->is_refused = FALSE;
  self->is_recovering = FALSE;
  self->is_searching = FALSE;
  self->has_latency = FALSE;
  self->has_target = FALSE;
  self->n_searches = 0;
  self->n_failures = 0;
  self->ask_usec = G_MAXINT64;
  g_clear_pointer (&self->bus_id, g_free);
  g_clear_pointer (&self->unit_path, g_free);
}

/* What it works with, to be given back when there is no lock. */
typedef struct
{
  DbrWatch          *watch;
  DbrCircuitBreaker *circuit;
  DbrListener       *sleep_listener;
  GPtrArray         *sent;
} Tools;

static void
dbr_monitor_core_steal_tools_locked (DbrMonitorCore *self,
                                     Tools          *tools)
{
  tools->watch = g_steal_pointer (&self->watch);
  tools->circuit = g_steal_pointer (&self->circuit);
  tools->sleep_listener = g_steal_pointer (&self->sleep_listener);
  tools->sent = self->sent;
  self->sent = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_probe_unref);
}

static void
dbr_monitor_core_end (DbrMonitorCore *self,
                      Tools          *tools)
{
  DbrDispatcher *dispatcher = dbr_inquirer_get_dispatcher (self->inquirer);

  dbr_monitor_round_leave (self);
  for (guint i = 0; i < tools->sent->len; i++)
    dbr_probe_give_up (g_ptr_array_index (tools->sent, i));
  g_ptr_array_unref (tools->sent);
  if (tools->sleep_listener != NULL)
    dbr_matches_remove (dbr_link_get_matches (dispatcher->link), tools->sleep_listener);
  if (tools->circuit != NULL)
    {
      dbr_circuit_breaker_set_prober (tools->circuit, FALSE);
      g_object_unref (tools->circuit);
    }
  if (tools->watch != NULL)
    dbr_dispatcher_unwatch (dispatcher, self->bus_name, tools->watch);
}

void
dbr_monitor_core_hold (DbrMonitorCore *self)
{
  gboolean is_first;

  dbr_monitor_core_lock (self);
  is_first = self->n_holds++ == 0;
  if (is_first)
    dbr_monitor_core_forget_locked (self);
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);

  if (is_first)
    dbr_monitor_core_begin (self);
}

static void
dbr_monitor_core_keep_locked (DbrMonitorCore         *self,
                              const DbrMonitorValues *values)
{
  self->found_state = values->state;
  self->found_latency_usec = values->latency_usec;
  self->owner = values->owner;
}

void
dbr_monitor_core_release (DbrMonitorCore *self,
                          gboolean        is_kept)
{
  Tools tools = { NULL };
  DbrMonitorValues values;
  gboolean is_last;

  dbr_monitor_core_lock (self);
  values = self->values;
  is_last = --self->n_holds == 0;
  if (is_last)
    {
      dbr_monitor_core_steal_tools_locked (self, &tools);
      dbr_monitor_core_forget_locked (self);
      if (is_kept)
        dbr_monitor_core_keep_locked (self, &values);
    }
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);

  if (is_last)
    dbr_monitor_core_end (self, &tools);
}

void
dbr_monitor_core_close (DbrMonitorCore *self)
{
  dbr_monitor_core_lock (self);
  self->is_closed = TRUE;
  g_queue_clear_full (&self->news, g_free);
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);
}

void
dbr_monitor_core_take_finding (DbrMonitorCore          *self,
                               const DbrMonitorFinding *finding)
{
  const char *owner = g_intern_string (finding->owner);
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  dbr_monitor_core_lock (self);
  if (self->n_holds == 0)
    {
      if (owner != NULL && owner != self->owner)
        self->generation++;
      self->owner = owner;
      self->found_state = finding->state;
      self->found_latency_usec = finding->latency_usec;
      self->probe_kind = finding->probe_kind;
    }
  else if (finding->has_answered && self->owner == owner
           && finding->probe_kind == DBR_PROBE_KIND_PROPERTY)
    {
      events = dbr_stall_detector_heard (&self->detector);
    }
  dbr_monitor_core_unlock (self, events);
}

/* Reading */

DbrMonitorNews *
dbr_monitor_core_pop_news (DbrMonitorCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_queue_pop_head (&self->news);
}

void
dbr_monitor_core_get_values (DbrMonitorCore   *self,
                             DbrMonitorValues *values)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *values = self->values;
}

double
dbr_monitor_core_get_suspicion (DbrMonitorCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_stall_detector_get_suspicion (&self->detector);
}

DbrFreeze
dbr_monitor_core_get_freeze (DbrMonitorCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->freeze;
}

/* Setting */

void
dbr_monitor_core_get_config (DbrMonitorCore *self,
                             DbrStallConfig *config)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *config = self->detector.config;
}

void
dbr_monitor_core_set_config (DbrMonitorCore       *self,
                             const DbrStallConfig *config)
{
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  dbr_monitor_core_lock (self);
  self->detector.config = *config;
  /* What cannot be used is told by what uses it, and what was used goes on until then. */
  if (dbr_stall_config_check (config, NULL))
    events = dbr_stall_detector_configured (&self->detector);
  dbr_monitor_core_unlock (self, events);
}

gboolean
dbr_monitor_core_set_quality (DbrMonitorCore  *self,
                              guint            max_detection_ms,
                              double           min_days,
                              GError         **error)
{
  DbrStallEvents events = DBR_STALL_EVENT_NONE;
  gboolean is_set;

  dbr_monitor_core_lock (self);
  is_set = dbr_stall_detector_set_quality (&self->detector, max_detection_ms, min_days, error);
  if (is_set)
    events = dbr_stall_detector_configured (&self->detector);
  dbr_monitor_core_unlock (self, events);

  return is_set;
}

void
dbr_monitor_core_get_target (DbrMonitorCore *self,
                             DbrProbeTarget *target)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  dbr_probe_target_set (target, &self->set_target);
}

void
dbr_monitor_core_set_target (DbrMonitorCore       *self,
                             const DbrProbeTarget *target)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  dbr_probe_target_set (&self->set_target, target);
  self->has_target = FALSE;
}

gboolean
dbr_monitor_core_find_target (DbrMonitorCore *self,
                              DbrProbeTarget *target)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->set_target.interface_name != NULL || self->has_target)
    {
      dbr_probe_target_set (target, self->has_target ? &self->target : &self->set_target);
      return TRUE;
    }

  return dbr_probe_target_builtin (target, self->bus_name);
}

guint
dbr_monitor_core_get_limit_ms (DbrMonitorCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return (guint) (dbr_stall_detector_get_limit_usec (&self->detector) / 1000);
}

gboolean
dbr_monitor_core_check_target (DbrMonitorCore  *self,
                               GError         **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_probe_target_check (&self->set_target, error);
}

/* Signs */

void
dbr_monitor_core_set_ready (DbrMonitorCore *self,
                            guint           generation)
{
  dbr_monitor_core_lock (self);
  self->ready_generation = generation;
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);
}

void
dbr_monitor_core_await (DbrMonitorCore *self,
                        DbrWaiter      *waiter)
{
  dbr_monitor_core_lock (self);
  g_ptr_array_add (self->waiters, dbr_waiter_ref (waiter));
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);
}

void
dbr_monitor_core_leave (DbrMonitorCore *self,
                        DbrWaiter      *waiter)
{
  g_autoptr(DbrWaiter) left = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint index;

  if (g_ptr_array_find (self->waiters, waiter, &index))
    left = g_ptr_array_steal_index_fast (self->waiters, index);
}
