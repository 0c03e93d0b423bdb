/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-core-private.h"

#include <string.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"
#include "bus/dbr-exchange-private.h"
#include "monitor/dbr-machine-private.h"
#include "monitor/dbr-monitor-unit-private.h"

/* What a monitor asks the bus and the service, and what it makes of the answers. They come in the
 * transport's thread, in order with the signals. */

/* How long the bus has to say who owns a name, and the pauses before it is asked again. */
#define OWNER_LIMIT_MS 10000
#define FIRST_PAUSE_USEC G_USEC_PER_SEC
#define MAX_PAUSE_USEC (30 * G_USEC_PER_SEC)
/* A program that is gone is told by the bus; if it is not, it is asked after this. */
#define GONE_USEC (G_USEC_PER_SEC / 4)
#define MAX_SEARCHES 3

typedef struct
{
  DbrMonitorCore *core;
  guint           run;
  guint           generation;
  guint           serial;
  gboolean        is_search;
  gboolean        is_found;
  DbrProbe       *probe;
} Question;

static Question *
question_new (DbrMonitorCore *core,
              guint           run)
{
  Question *self = g_new0 (Question, 1);

  self->core = dbr_monitor_core_ref (core);
  self->run = run;

  return self;
}

static void
question_free (gpointer data)
{
  Question *self = data;

  dbr_monitor_core_unref (self->core);
  g_free (self);
}

/* Who owns the name */

/* Neither a client that was closed nor one of before fork() ever comes back. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, DBR_ERROR, DBR_ERROR_CLOSED)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED);
}

static DbrStallEvents
dbr_monitor_core_miss_bus_locked (DbrMonitorCore *self,
                                  const GError   *error)
{
  gint64 pause_usec = MIN (FIRST_PAUSE_USEC << MIN (self->n_failures, 10), MAX_PAUSE_USEC);
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  self->n_failures++;
  self->ask_usec = is_final (error) ? G_MAXINT64 : g_get_monotonic_time () + pause_usec;
  if (self->is_lost)
    return events;

  self->is_lost = TRUE;
  events = dbr_stall_detector_bus_changed (&self->detector, FALSE);
  dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_CONNECTION, NULL, NULL, 0);

  return events;
}

static DbrStallEvents
dbr_monitor_core_reach_bus_locked (DbrMonitorCore *self,
                                   const char     *owner,
                                   gboolean        is_other_bus)
{
  gboolean was_lost = self->is_lost;
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  self->n_failures = 0;
  self->is_lost = FALSE;
  if (was_lost)
    events |= dbr_stall_detector_bus_changed (&self->detector, TRUE);
  events |= dbr_monitor_core_take_owner_locked (self, owner, is_other_bus);
  if (was_lost)
    dbr_monitor_core_add_news_locked (self, DBR_MONITOR_NEWS_CONNECTION, NULL, NULL, 0);

  return events;
}

static gboolean
has_no_owner (const DbrExchange *exchange)
{
  return exchange->reply != NULL && exchange->reply->kind == DBR_MESSAGE_ERROR
         && strcmp (exchange->reply->error_name,
                    "org.freedesktop.DBus.Error.NameHasNoOwner") == 0;
}

static void
owner_cb (DbrExchange *exchange,
          gpointer     user_data)
{
  Question *question = user_data;
  DbrMonitorCore *self = question->core;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, &error);
  DbrStallEvents events = DBR_STALL_EVENT_NONE;
  const char *owner = NULL;

  if (answer != NULL)
    g_variant_get (answer, "(&s)", &owner);

  dbr_monitor_core_lock (self);
  if (dbr_monitor_core_is_running_locked (self, question->run))
    {
      self->is_asking = FALSE;
      events = owner != NULL || has_no_owner (exchange)
               ? dbr_monitor_core_reach_bus_locked (self, owner, question->is_found)
               : dbr_monitor_core_miss_bus_locked (self, error);
    }
  dbr_monitor_core_unlock (self, events);

  if (owner != NULL)
    dbr_monitor_core_ask_process (self, question->run);
  question_free (question);
}

/* TRUE: it is another bus than last time, whose names mean other programs. */
static gboolean
dbr_monitor_core_take_bus_id_locked (DbrMonitorCore *self,
                                     const char     *bus_id)
{
  gboolean is_other = self->bus_id != NULL && g_strcmp0 (self->bus_id, bus_id) != 0;

  if (bus_id == NULL)
    return FALSE;

  g_free (self->bus_id);
  self->bus_id = g_strdup (bus_id);

  return is_other;
}

static void
bus_id_cb (DbrExchange *exchange,
           gpointer     user_data)
{
  Question *question = user_data;
  DbrMonitorCore *self = question->core;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);
  const char *bus_id = NULL;

  if (answer != NULL)
    g_variant_get (answer, "(&s)", &bus_id);

  dbr_monitor_core_lock (self);
  question->is_found = dbr_monitor_core_take_bus_id_locked (self, bus_id);
  dbr_monitor_core_unlock (self, DBR_STALL_EVENT_NONE);

  dbr_exchange_unref (dbr_inquirer_ask_owner (self->inquirer, self->bus_name, OWNER_LIMIT_MS,
                                              owner_cb, question));
}

void
dbr_monitor_core_ask_owner (DbrMonitorCore *self,
                            guint           run)
{
  g_autoptr(DbrRequest) request = dbr_inquirer_new_question ("GetId", NULL, G_VARIANT_TYPE ("(s)"));

  dbr_exchange_unref (dbr_inquirer_ask (self->inquirer, request, NULL, OWNER_LIMIT_MS, bus_id_cb,
                                        question_new (self, run)));
}

/* Its process */

static void
process_cb (DbrExchange *exchange,
            gpointer     user_data)
{
  Question *question = user_data;
  DbrMonitorCore *self = question->core;
  g_autoptr(GVariant) answer = dbr_exchange_take_value (exchange, NULL);

  g_mutex_lock (&self->mutex);
  if (answer != NULL && dbr_monitor_core_is_running_locked (self, question->run)
      && self->generation == question->generation)
    g_variant_get (answer, "(u)", &self->pid);
  g_mutex_unlock (&self->mutex);
  dbr_monitor_unit_find (self, question->run);
  question_free (question);
}

void
dbr_monitor_core_ask_process (DbrMonitorCore *self,
                              guint           run)
{
  g_autoptr(DbrRequest) request = NULL;
  Question *question = question_new (self, run);
  const char *owner;

  g_mutex_lock (&self->mutex);
  owner = self->owner;
  question->generation = self->generation;
  g_mutex_unlock (&self->mutex);

  if (owner == NULL)
    {
      question_free (question);
      return;
    }

  request = dbr_inquirer_new_question ("GetConnectionUnixProcessID", g_variant_new ("(s)", owner),
                                       G_VARIANT_TYPE ("(u)"));
  dbr_exchange_unref (dbr_inquirer_ask (self->inquirer, request, NULL, OWNER_LIMIT_MS, process_cb,
                                        question));
}

/* The control */

static void
control_cb (DbrExchange *exchange,
            gpointer     user_data)
{
  Question *question = user_data;
  DbrMonitorCore *self = question->core;
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  dbr_monitor_core_lock (self);
  if (exchange->reply != NULL && dbr_monitor_core_is_running_locked (self, question->run)
      && self->detector.has_control)
    {
      self->is_silent = FALSE;
      events = dbr_stall_detector_control_answered (&self->detector);
    }
  dbr_monitor_core_unlock (self, events);
  question_free (question);
}

/* By the time that the bus has answered, what is seen of the process is known. */
void
dbr_monitor_core_send_control (DbrMonitorCore *self,
                               guint           run)
{
  g_autoptr(DbrRequest) request = dbr_inquirer_new_question ("GetId", NULL, G_VARIANT_TYPE ("(s)"));
  DbrStallEvents events = DBR_STALL_EVENT_NONE;
  DbrFreeze freeze;
  guint pid;

  /* It goes the way of the probes. */
  request->is_probe = TRUE;
  g_mutex_lock (&self->mutex);
  pid = self->pid;
  g_mutex_unlock (&self->mutex);

  freeze = dbr_machine_see_freeze (pid);
  dbr_monitor_core_lock (self);
  if (dbr_monitor_core_is_running_locked (self, run) && self->pid == pid)
    {
      self->freeze = freeze;
      events = dbr_stall_detector_process_changed (&self->detector, freeze != DBR_FREEZE_NONE);
    }
  dbr_monitor_core_unlock (self, events);

  dbr_exchange_unref (dbr_inquirer_ask (self->inquirer, request, NULL, DBR_MAX_TIMEOUT_MS,
                                        control_cb, question_new (self, run)));
}

/* Probes */

/* The service has answered. Whatever was seen of its process is over. */
static DbrStallEvents
dbr_monitor_core_take_answer_locked (DbrMonitorCore       *self,
                                     const Question       *question,
                                     const DbrProbeResult *result)
{
  DbrStallEvents events = DBR_STALL_EVENT_NONE;

  self->probe_kind = result->kind;
  self->freeze = DBR_FREEZE_NONE;
  if (result->found != NULL)
    {
      dbr_probe_target_set (&self->target, result->found);
      self->has_target = TRUE;
    }
  if (result->is_missing && question->is_found)
    self->has_target = FALSE;
  if (result->rtt_usec >= 0)
    self->has_latency = TRUE;
  if (self->detector.is_stopped)
    events |= dbr_stall_detector_process_changed (&self->detector, FALSE);

  return events | dbr_stall_detector_probe_answered (&self->detector, question->serial,
                                                     result->rtt_usec);
}

static DbrStallEvents
dbr_monitor_core_take_result_locked (DbrMonitorCore       *self,
                                     const Question       *question,
                                     const DbrProbeResult *result)
{
  if (question->is_search)
    self->is_searching = FALSE;

  switch (result->outcome)
    {
    case DBR_PROBE_ANSWERED:
      return dbr_monitor_core_take_answer_locked (self, question, result);

    case DBR_PROBE_ABSENT:
      if (!self->is_asking)
        self->ask_usec = MIN (self->ask_usec, g_get_monotonic_time () + GONE_USEC);
      return dbr_stall_detector_probe_void (&self->detector, question->serial);

    case DBR_PROBE_REFUSED:
      self->is_refused = TRUE;
      return dbr_stall_detector_refused (&self->detector);

    case DBR_PROBE_LATE:
      /* It was waited for a whole day, and is sent anew under its old number. */
      return DBR_STALL_EVENT_NONE;

    case DBR_PROBE_VOID:
    default:
      return dbr_stall_detector_probe_void (&self->detector, question->serial);
    }
}

static void
probed_cb (const DbrProbeResult *result,
           gpointer              user_data)
{
  Question *question = user_data;
  DbrMonitorCore *self = question->core;
  DbrStallEvents events = DBR_STALL_EVENT_NONE;
  g_autoptr(DbrProbe) probe = NULL;
  gboolean is_to_repeat = FALSE;
  guint index;

  dbr_monitor_core_lock (self);
  if (dbr_monitor_core_is_running_locked (self, question->run))
    {
      if (g_ptr_array_find (self->sent, question->probe, &index))
        probe = g_ptr_array_steal_index_fast (self->sent, index);
      if (self->generation == question->generation && self->owner != NULL)
        {
          events = dbr_monitor_core_take_result_locked (self, question, result);
          is_to_repeat = result->outcome == DBR_PROBE_LATE;
        }
    }
  dbr_monitor_core_unlock (self, events);

  if (result->outcome == DBR_PROBE_ANSWERED)
    dbr_monitor_core_try_circuit (self, result->kind == DBR_PROBE_KIND_PROPERTY);
  if (is_to_repeat)
    dbr_monitor_core_send_probe (self, question->run, question->serial);
}

/* NULL: it is to be found. That was looked for often enough, or is being looked for while the
 * service has ceased to answer, if it is pinged instead. */
static const DbrProbeTarget *
dbr_monitor_core_choose_locked (DbrMonitorCore *self,
                                Question       *question,
                                DbrProbeTarget *target)
{
  if (self->set_target.interface_name != NULL)
    {
      dbr_probe_target_set (target, &self->set_target);
      return target;
    }

  if (self->has_target)
    {
      question->is_found = self->target.interface_name != NULL;
      dbr_probe_target_set (target, &self->target);
      return target;
    }

  if (dbr_probe_target_builtin (target, self->bus_name))
    return target;
  if (self->is_searching || self->n_searches >= MAX_SEARCHES)
    return target;

  self->is_searching = TRUE;
  self->n_searches++;
  question->is_search = TRUE;

  return NULL;
}

/* Before it is sent, so that it is found when it has ended. */
static gboolean
dbr_monitor_core_keep_probe (DbrMonitorCore *self,
                             guint           run,
                             DbrProbe       *probe)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (!dbr_monitor_core_is_running_locked (self, run))
    return FALSE;

  g_ptr_array_add (self->sent, dbr_probe_ref (probe));

  return TRUE;
}

void
dbr_monitor_core_send_probe (DbrMonitorCore *self,
                             guint           run,
                             guint           serial)
{
  Question *question = question_new (self, run);
  DbrProbeTarget target = { NULL };
  const DbrProbeTarget *chosen;
  g_autoptr(DbrProbe) probe = NULL;
  const char *owner;

  g_mutex_lock (&self->mutex);
  question->serial = serial;
  question->generation = self->generation;
  chosen = dbr_monitor_core_choose_locked (self, question, &target);
  owner = self->owner;
  g_mutex_unlock (&self->mutex);

  probe = dbr_probe_new (self->inquirer, self->bus_name, owner, chosen, DBR_MAX_TIMEOUT_MS,
                         probed_cb, question, question_free);
  question->probe = probe;
  if (dbr_monitor_core_keep_probe (self, run, probe))
    dbr_probe_send (probe);
  dbr_probe_target_clear (&target);
}
