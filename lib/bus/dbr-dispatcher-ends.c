/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-dispatcher-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "policy/dbr-failure-private.h"

/* How an attempt ends and what it tells of the service, and how a call ends. */

#define BUS_ERRORS "org.freedesktop.DBus.Error."

/* A time limit that is told so late tells of our own threads and not of the service. */
#define OWN_STALL_USEC (G_USEC_PER_SEC / 4)
/* What takes longer may have had to be started first. */
#define QUICK_USEC (G_USEC_PER_SEC / 10)

static inline DbrPassage *
passage_of (DbrExchange *exchange)
{
  return (DbrPassage *) exchange;
}

/* What an attempt tells of the service */

/* The bus says of a call that its service could not be started, or died with it. What systemd says
 * of a start that failed the bus hands on under any name. */
static gboolean
is_failure_of_service (const char *error_name)
{
  const char *name = error_name + strlen (BUS_ERRORS);

  if (!g_str_has_prefix (error_name, BUS_ERRORS))
    return TRUE;

  return g_str_has_prefix (name, "Spawn.")
         || strcmp (name, "NoReply") == 0
         || strcmp (name, "TimedOut") == 0;
}

/* When the time of the attempt that is under way is over. */
static gint64
dbr_dispatcher_get_limit (DbrDispatcher *self,
                          DbrPassage    *passage)
{
  gint64 limit_usec = dbr_exchange_get_deadline (&passage->exchange);

  if (passage->attempt_limit_ms != 0)
    {
      G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

      limit_usec = MIN (limit_usec, passage->attempt_limit_usec);
    }

  return limit_usec;
}

/* One that waits for a connection still has the time of the attempt before. */
static gboolean
dbr_dispatcher_was_sent (DbrDispatcher *self,
                         DbrPassage    *passage)
{
  gint64 sent_usec = passage->exchange.sent_usec;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return sent_usec != 0 && sent_usec != passage->last_sent_usec;
}

static DbrCircuitOutcome
dbr_dispatcher_judge (DbrDispatcher *self,
                      DbrPassage    *passage,
                      DbrMessage    *reply,
                      const GError  *error)
{
  gint64 late_usec;

  if (reply != NULL)
    {
      if (reply->kind == DBR_MESSAGE_RETURN
          || dbr_message_get_origin (reply, passage->exchange.has_bus) != DBR_ORIGIN_BUS)
        return DBR_CIRCUIT_SUCCESS;

      return is_failure_of_service (reply->error_name) ? DBR_CIRCUIT_FAILURE
                                                       : DBR_CIRCUIT_IGNORED;
    }

  if (!g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE)
      || !dbr_dispatcher_was_sent (self, passage))
    return DBR_CIRCUIT_IGNORED;

  late_usec = g_get_monotonic_time () - dbr_dispatcher_get_limit (self, passage);

  return late_usec < OWN_STALL_USEC ? DBR_CIRCUIT_TIMEOUT : DBR_CIRCUIT_IGNORED;
}

/* -1 where it does not tell whether the service is slow. */
static gint64
dbr_passage_get_service_usec (DbrPassage *self,
                              DbrMessage *reply)
{
  DbrExchange *exchange = &self->exchange;
  gint64 usec;

  if (reply == NULL || !self->is_timed)
    return -1;

  usec = reply->arrived_usec - exchange->sent_usec;
  if (usec > QUICK_USEC && dbr_exchange_can_extend (exchange)
      && exchange->was_absent (exchange->owners, exchange->request->bus_name,
                               exchange->began_usec))
    return -1;

  return usec;
}

static DbrAdmissionEnd
admission_end_of (DbrMessage        *reply,
                  DbrCircuitOutcome  outcome)
{
  if (outcome == DBR_CIRCUIT_SUCCESS)
    return DBR_ADMISSION_SUCCEEDED;

  return reply != NULL && strcmp (reply->error_name, BUS_ERRORS "LimitsExceeded") == 0
         ? DBR_ADMISSION_LIMITED
         : DBR_ADMISSION_ENDED;
}

/* Leaves the window. TRUE: it waited there, which had a reference. */
static gboolean
dbr_dispatcher_leave_window_locked (DbrDispatcher   *self,
                                    DbrPassage      *passage,
                                    DbrAdmissionEnd  end)
{
  DbrAdmissionNode *ready = NULL;
  gboolean was_queued = FALSE;

  if (passage->admission.place == DBR_ADMISSION_ADMITTED)
    ready = dbr_admission_leave (&self->admission, &passage->admission, end,
                                 g_get_monotonic_time ());
  else if (passage->was_orphaned)
    ready = dbr_admission_refill (&self->admission, &passage->destination->window);
  else
    was_queued = dbr_admission_remove (&self->admission, &passage->admission);

  passage->was_orphaned = FALSE;
  dbr_dispatcher_add_ready_locked (self, ready);

  return was_queued;
}

/* What the circuit has been told may mean that the service stalls, or does so no more. Each stall
 * is told once, and its end once. */
static void
dbr_dispatcher_notice_stall (DbrDispatcher     *self,
                             DbrPassage        *passage,
                             DbrCircuitOutcome  outcome)
{
  DbrDestination *destination = passage->destination;
  DbrCircuitState state = dbr_circuit_breaker_get_state (destination->circuit);
  g_autoptr(GPtrArray) watches = dbr_watches_new ();
  gint64 now = g_get_monotonic_time ();
  gint64 stalled_usec = 0;
  gint64 down_usec = 0;

  g_mutex_lock (&self->mutex);
  if (outcome == DBR_CIRCUIT_TIMEOUT)
    {
      if (destination->silent_usec == 0)
        destination->silent_usec = passage->exchange.sent_usec;
      if (destination->stalled_usec == 0 && state == DBR_CIRCUIT_STATE_OPEN)
        stalled_usec = now - (destination->stalled_usec = destination->silent_usec);
    }
  else
    {
      destination->silent_usec = 0;
      if (destination->stalled_usec != 0 && state == DBR_CIRCUIT_STATE_CLOSED)
        {
          down_usec = now - destination->stalled_usec;
          destination->stalled_usec = 0;
        }
    }
  if (stalled_usec != 0 || down_usec != 0)
    dbr_watches_collect (destination->watches, watches);
  g_mutex_unlock (&self->mutex);

  if (stalled_usec != 0)
    {
      dbr_watches_tell_stalled (watches);
      dbr_debug (DBR_DEBUG_POLICY, "A service has stalled", "DBR_BUS_NAME", destination->bus_name);
      self->listener->stalled (self->user_data, destination->bus_name, stalled_usec);
    }
  if (down_usec != 0)
    {
      dbr_watches_tell_recovered (watches);
      dbr_debug (DBR_DEBUG_POLICY, "A service has recovered",
                 "DBR_BUS_NAME", destination->bus_name);
      self->listener->recovered (self->user_data, destination->bus_name, down_usec);
    }
}

void
dbr_dispatcher_end_attempt (DbrDispatcher *self,
                            DbrPassage    *passage,
                            DbrMessage    *reply,
                            const GError  *error)
{
  DbrCircuitOutcome outcome = dbr_dispatcher_judge (self, passage, reply, error);
  DbrAdmissionEnd end = admission_end_of (reply, outcome);
  DbrDestination *destination;
  DbrCircuitPermit permit;
  gboolean was_queued;
  gboolean was_silent;

  if (passage->attempt_limit_ms != 0)
    dbr_passage_disarm (passage, &passage->attempt_limit);
  if (G_UNLIKELY (end == DBR_ADMISSION_LIMITED))
    dbr_recorder_bus_refused (self->recorder);

  g_mutex_lock (&self->mutex);
  destination = passage->destination;
  if (destination == NULL)
    {
      g_mutex_unlock (&self->mutex);
      return;
    }
  permit = passage->permit;
  passage->permit = (DbrCircuitPermit) { 0 };
  if (outcome == DBR_CIRCUIT_SUCCESS && (passage->circuit_flags & DBR_CIRCUIT_CALL_PING) == 0)
    dbr_destination_answered (destination, reply);
  else if (outcome == DBR_CIRCUIT_TIMEOUT
           && destination->answered_usec > passage->exchange.sent_usec)
    outcome = DBR_CIRCUIT_UNANSWERED;
  was_silent = destination->silent_usec != 0 || destination->stalled_usec != 0;
  was_queued = dbr_dispatcher_leave_window_locked (self, passage, end);
  g_mutex_unlock (&self->mutex);

  if (permit.period != 0)
    {
      g_autoptr(GError) failure = NULL;

      if (outcome == DBR_CIRCUIT_FAILURE)
        failure = dbr_message_dup_error (reply);
      dbr_circuit_breaker_report (destination->circuit, g_get_monotonic_time (), &permit, outcome,
                                  dbr_passage_get_service_usec (passage, reply),
                                  failure != NULL ? failure : error);
      if (outcome == DBR_CIRCUIT_TIMEOUT || (outcome == DBR_CIRCUIT_SUCCESS && was_silent))
        dbr_dispatcher_notice_stall (self, passage, outcome);
    }
  if (was_queued)
    dbr_passage_unref (passage);
}

/* The end */

/* What one of many that asked the same was told is true for all, unless it says no more than that
 * this one attempt has failed. */
static gboolean
dbr_passage_is_answer (DbrPassage *self)
{
  DbrExchange *exchange = &self->exchange;
  DbrFailure failure;

  if (exchange->reply == NULL || exchange->reply->kind == DBR_MESSAGE_RETURN)
    return exchange->reply != NULL;

  failure = dbr_failure_classify_reply (exchange->reply->error_name, NULL,
                                        dbr_message_get_origin (exchange->reply,
                                                                exchange->has_bus),
                                        FALSE);

  return failure == DBR_FAILURE_EXECUTED || failure == DBR_FAILURE_PERMANENT;
}

static void
dbr_passage_share (DbrPassage *self,
                   DbrPassage *joiner)
{
  const DbrExchange *from = &self->exchange;
  DbrExchange *to = &joiner->exchange;

  if (!dbr_exchange_move (to, DBR_EXCHANGE_WAITING, DBR_EXCHANGE_ENDED))
    return;

  to->sent_usec = from->sent_usec;
  to->n_attempts = from->n_attempts;
  to->execution = from->execution;
  to->has_bus = from->has_bus;
  to->is_joined = TRUE;
  dbr_exchange_finish (to, from->reply, NULL);
}

/* Its caller gave up, or it has an answer. Returns whoever waits for the same, with a reference
 * each, and whether they are to have it or to ask again. */
static DbrFlightNode *
dbr_dispatcher_leave_flight (DbrDispatcher *self,
                             DbrPassage    *passage,
                             gboolean       is_abandoned)
{
  DbrFlightNode *others = NULL;
  gboolean was_in_flight;

  g_mutex_lock (&self->mutex);
  was_in_flight = passage->is_in_flight;
  passage->is_in_flight = FALSE;
  if (was_in_flight && !is_abandoned && passage->flight.role == DBR_FLIGHT_LEADS)
    {
      others = dbr_single_flight_end (self->flights, &passage->flight);
      for (DbrFlightNode *node = others; node != NULL; node = node->next)
        DBR_PASSAGE_FROM (node, flight)->is_in_flight = FALSE;
    }
  else if (was_in_flight)
    {
      others = dbr_single_flight_leave (self->flights, &passage->flight);
      /* It stays in the flight, which it leads now. */
      if (others != NULL)
        dbr_passage_ref (DBR_PASSAGE_FROM (others, flight));
    }
  g_mutex_unlock (&self->mutex);

  if (was_in_flight)
    dbr_passage_unref (passage);

  return others;
}

static void
dbr_dispatcher_tell_others (DbrDispatcher *self,
                            DbrPassage    *passage,
                            gboolean       is_abandoned)
{
  DbrFlightNode *others = dbr_dispatcher_leave_flight (self, passage, is_abandoned);
  gboolean is_answer = others != NULL && dbr_passage_is_answer (passage);

  if (is_abandoned && others != NULL)
    {
      g_autoptr(DbrPassage) heir = DBR_PASSAGE_FROM (others, flight);

      dbr_dispatcher_try (self, heir);
      return;
    }

  while (others != NULL)
    {
      g_autoptr(DbrPassage) joiner = DBR_PASSAGE_FROM (others, flight);

      others = others->next;
      if (is_answer)
        dbr_passage_share (passage, joiner);
      else
        dbr_dispatcher_submit (self, joiner);
    }
}

/* How a call ends for which there is no time or no room for another attempt. */
static gboolean
is_end_between_attempts (const GError *error)
{
  return g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_OVERLOADED);
}

/* A call that ends between two attempts ends with what the last one came to. */
static void
dbr_dispatcher_restore_reason (DbrDispatcher *self,
                               DbrPassage    *passage)
{
  DbrExchange *exchange = &passage->exchange;
  g_autoptr(DbrMessage) reply = NULL;
  g_autoptr(GError) error = NULL;

  dbr_dispatcher_steal_reason (self, passage, &reply, &error);
  if (exchange->awaits != NULL || (reply == NULL && error == NULL)
      || !is_end_between_attempts (exchange->error))
    return;

  g_clear_error (&exchange->error);
  exchange->reply = g_steal_pointer (&reply);
  exchange->error = g_steal_pointer (&error);
}

/* What may wait between two attempts looks under the lock whether it has ended, so it does not
 * begin to after this. */
static gboolean
dbr_dispatcher_was_retried (DbrDispatcher *self,
                            DbrPassage    *passage)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return passage->n_retries > 0;
}

static void
dbr_dispatcher_tell_end (DbrDispatcher *self,
                         DbrPassage    *passage)
{
  const DbrExchange *exchange = &passage->exchange;
  gboolean has_worked = exchange->reply != NULL && exchange->reply->kind == DBR_MESSAGE_RETURN;
  g_autoptr(DbrRetryPolicy) policy = NULL;
  g_autoptr(GError) error = NULL;

  if (has_worked && !exchange->is_joined)
    dbr_retry_budget_succeeded (self->budget, passage->retry.plan, exchange->request->bus_name,
                                passage->retry_cost);
  if (G_LIKELY (passage->n_retries == 0))
    return;

  policy = dbr_dispatcher_ref_retry_policy (self);
  if (has_worked)
    {
      dbr_retry_policy_tell_recovered (policy, exchange->operation, exchange->n_attempts,
                                       exchange->ended_usec - exchange->began_usec);
      return;
    }

  error = exchange->reply != NULL ? dbr_message_dup_error (exchange->reply)
          : exchange->error != NULL ? g_error_copy (exchange->error)
          : NULL;
  if (error != NULL)
    dbr_retry_policy_tell_gave_up (policy, exchange->operation, exchange->n_attempts, error);
}

/* Who read while it was written may have been told either. */
static void
dbr_dispatcher_end_write (DbrDispatcher *self,
                          DbrPassage    *passage)
{
  const DbrRequest *request = passage->exchange.request;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (dbr_single_flight_get_n_flights (self->flights) > 0)
    dbr_single_flight_end_joining (self->flights, request->bus_name, request->object_path);
}

void
dbr_dispatcher_leave_lease (DbrDispatcher *self,
                            DbrPassage    *passage)
{
  g_autoptr(DbrLane) lane = NULL;
  g_autoptr(GError) reason = NULL;

  g_mutex_lock (&self->mutex);
  lane = g_steal_pointer (&passage->lane);
  g_mutex_unlock (&self->mutex);

  if (lane == NULL)
    return;

  reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The call has ended"));
  dbr_lane_close (lane, reason);
}

static void
ended (DbrExchange *exchange)
{
  DbrPassage *passage = passage_of (exchange);
  DbrDispatcher *self = DBR_DISPATCHER (passage->dispatcher);
  gboolean is_abandoned = g_error_matches (exchange->error, DBR_ERROR, DBR_ERROR_DEADLINE)
                          || g_error_matches (exchange->error, G_IO_ERROR,
                                              G_IO_ERROR_CANCELLED);

  dbr_dispatcher_end_attempt (self, passage, exchange->reply, exchange->error);
  if (passage->connection != NULL)
    dbr_dispatcher_leave_lease (self, passage);
  if (G_UNLIKELY (dbr_dispatcher_was_retried (self, passage)))
    {
      dbr_dispatcher_unpark (self, passage);
      dbr_dispatcher_restore_reason (self, passage);
    }
  if (passage->is_shareable)
    dbr_dispatcher_tell_others (self, passage, is_abandoned);
  else if (!passage->is_read)
    dbr_dispatcher_end_write (self, passage);
  dbr_dispatcher_tell_end (self, passage);
  dbr_recorder_ended (self->recorder, passage);
}

static void
handed_over (DbrExchange *exchange)
{
  DbrPassage *passage = passage_of (exchange);

  dbr_recorder_handed_over (DBR_DISPATCHER (passage->dispatcher)->recorder, passage);
}

static void
settled (DbrExchange *exchange)
{
  dbr_dispatcher_send_ready (DBR_DISPATCHER (passage_of (exchange)->dispatcher));
}

/* What nobody waits for any more, with the lane's lock held */

/* What an orphan keeps of its call. */
typedef struct
{
  DbrDestination   *destination;
  DbrMetricsHandle *handle;
  gboolean          is_ping;
  /* it has a place in the window */
  gboolean          is_counted;
} Place;

static void
place_free (Place *self)
{
  dbr_destination_unref (self->destination);
  g_clear_pointer (&self->handle, dbr_metrics_handle_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Place, place_free)

/* Whoever is next in its flight, and leads it from now on. */
static DbrPassage *
dbr_dispatcher_pass_on_locked (DbrDispatcher *self,
                               DbrPassage    *passage)
{
  DbrFlightNode *node;

  if (!passage->is_in_flight)
    return NULL;

  passage->is_in_flight = FALSE;
  node = dbr_single_flight_leave (self->flights, &passage->flight);
  dbr_passage_unref (passage);

  return node != NULL ? DBR_PASSAGE_FROM (node, flight) : NULL;
}

/* One that has ended meanwhile, in another thread, may be past giving back what it would get here:
 * its place would be lost. */
static DbrExchange *
bequeath (DbrExchange *exchange)
{
  DbrPassage *passage = passage_of (exchange);
  DbrDispatcher *self = DBR_DISPATCHER (passage->dispatcher);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrPassage *heir = passage;

  do
    heir = dbr_dispatcher_pass_on_locked (self, heir);
  while (heir != NULL && dbr_exchange_has_ended (&heir->exchange));

  if (heir == NULL)
    return NULL;

  heir->admission = passage->admission;
  heir->permit = passage->permit;
  passage->admission.place = DBR_ADMISSION_OUTSIDE;
  passage->permit = (DbrCircuitPermit) { 0 };

  return dbr_exchange_ref (&heir->exchange);
}

static gpointer
orphaned (DbrExchange *exchange)
{
  DbrPassage *passage = passage_of (exchange);
  DbrDispatcher *self = DBR_DISPATCHER (passage->dispatcher);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Place *place;

  if (passage->destination == NULL)
    return NULL;

  place = g_new0 (Place, 1);
  place->destination = dbr_destination_ref (passage->destination);
  if (passage->handle != NULL)
    {
      place->handle = dbr_metrics_handle_ref (passage->handle);
      dbr_metrics_handle_add_orphans (place->handle, 1);
    }
  place->is_ping = (passage->circuit_flags & DBR_CIRCUIT_CALL_PING) != 0;
  place->is_counted = passage->admission.place == DBR_ADMISSION_ADMITTED;
  if (place->is_counted)
    {
      dbr_admission_orphan (&self->admission, &passage->admission);
      passage->was_orphaned = TRUE;
    }

  return place;
}

/* The service answered after all: it is not as dead as its circuit takes it for. */
void
dbr_dispatcher_orphan_ended (DbrDispatcher   *self,
                             const DbrOrphan *orphan,
                             DbrMessage      *reply)
{
  g_autoptr(Place) place = orphan->place;
  DbrDestination *destination = place != NULL ? place->destination : NULL;

  if (place != NULL && place->handle != NULL)
    dbr_metrics_handle_add_orphans (place->handle, -1);
  if (self == NULL)
    return;

  dbr_recorder_count_slots (self->recorder);

  if (place != NULL && reply != NULL && !place->is_ping)
    dbr_dispatcher_heard (self, destination, reply);
  if (place != NULL && place->is_counted)
    {
      g_mutex_lock (&self->mutex);
      dbr_dispatcher_add_ready_locked (self, dbr_admission_leave_orphan (&self->admission,
                                                                         &destination->window));
      g_mutex_unlock (&self->mutex);
    }
  if (place != NULL && reply != NULL && !place->is_ping
      && (reply->kind == DBR_MESSAGE_RETURN
          || dbr_message_get_origin (reply, destination->bus_name != NULL) == DBR_ORIGIN_SERVICE))
    dbr_circuit_breaker_heard (destination->circuit, g_get_monotonic_time ());
  dbr_dispatcher_send_ready (self);

  if (reply != NULL)
    self->listener->late (self->user_data, orphan->operation,
                          MAX (0, reply->arrived_usec - orphan->deadline_usec));
}

const DbrExchangeFuncs *
dbr_dispatcher_get_passage_funcs (void)
{
  static const DbrExchangeFuncs funcs = {
    dbr_dispatcher_attempt_failed,
    ended,
    handed_over,
    settled,
    bequeath,
    orphaned,
    dbr_passage_free,
  };

  return &funcs;
}
