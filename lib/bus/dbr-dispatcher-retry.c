/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-dispatcher-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"

/* What follows when an attempt has failed: another one, at once, after a pause or when the service
 * is back; or nothing. */

#define BUS_ERRORS "org.freedesktop.DBus.Error."

/* Errors of our own that no other attempt would change. */
static gboolean
is_refusal (const GError *error)
{
  static const int refusals[] = {
    DBR_ERROR_INVALID_ARGUMENT,
    DBR_ERROR_OVERLOADED,
    DBR_ERROR_CLOSED,
    DBR_ERROR_FORKED,
    DBR_ERROR_NOT_SUPPORTED,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      if (g_error_matches (error, DBR_ERROR, refusals[i]))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_absence (DbrMessage *reply,
            gboolean    has_bus)
{
  return reply != NULL
         && (strcmp (reply->error_name, BUS_ERRORS "ServiceUnknown") == 0
             || strcmp (reply->error_name, BUS_ERRORS "NameHasNoOwner") == 0)
         && dbr_message_get_origin (reply, has_bus) == DBR_ORIGIN_BUS;
}

/* What the caller takes for a sign that the attempt before, of which no answer came, had done it.
 * There is nothing to hand to who wants a value. */
static gboolean
dbr_passage_has_worked (const DbrPassage *self,
                        DbrMessage       *reply)
{
  const DbrRequest *request = self->exchange.request;

  return self->was_maybe && reply != NULL && request->success_errors != NULL
         && (request->reply_type == NULL
             || g_variant_type_equal (request->reply_type, G_VARIANT_TYPE_UNIT))
         && g_strv_contains ((const char *const *) request->success_errors, reply->error_name);
}

static gboolean
dbr_passage_is_starting (DbrDispatcher *self,
                         DbrPassage    *passage)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return passage->destination != NULL
         && dbr_destination_is_starting (passage->destination, g_get_monotonic_time ());
}

static void
dbr_dispatcher_classify (DbrDispatcher   *self,
                         DbrPassage      *passage,
                         DbrMessage      *reply,
                         const GError    *error,
                         DbrRetryVerdict *verdict)
{
  g_autoptr(GError) remote = NULL;

  if (reply == NULL)
    {
      dbr_retry_plan_judge_local (passage->retry.plan, passage->exchange.last_execution, error,
                                  verdict);
      return;
    }

  remote = dbr_message_dup_error (reply);
  dbr_retry_plan_judge_reply (passage->retry.plan, reply->error_name, remote->message,
                              dbr_message_get_origin (reply, passage->exchange.has_bus),
                              dbr_passage_is_starting (self, passage), verdict);
}

/* Keeps what an attempt came to: it is how the call ends if there is no other before its time is
 * over. FALSE: it has ended meanwhile. */
static gboolean
dbr_passage_keep_locked (DbrPassage *self,
                         DbrMessage *reply,
                         GError     *error)
{
  if (dbr_exchange_has_ended (&self->exchange))
    return FALSE;

  self->n_retries++;
  self->last_reply = reply != NULL ? dbr_message_ref (reply) : NULL;
  self->last_error = error;

  return TRUE;
}

void
dbr_dispatcher_steal_reason (DbrDispatcher  *self,
                             DbrPassage     *passage,
                             DbrMessage    **reply,
                             GError        **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *reply = g_steal_pointer (&passage->last_reply);
  *error = g_steal_pointer (&passage->last_error);
}

/* The destination whose owner the call waits for. */
static DbrDestination *
dbr_passage_get_awaited (DbrPassage *self)
{
  return self->awaited != NULL ? self->awaited : self->destination;
}

typedef enum
{
  PARK_NOT,
  PARK_DONE,
  /* an owner is there already */
  PARK_OVER,
} Park;

/* A call to a name that has just lost its owner waits for the next one, and costs the bus nothing
 * meanwhile. */
static Park
dbr_dispatcher_park (DbrDispatcher *self,
                     DbrPassage    *passage,
                     DbrMessage    *reply,
                     guint         *generation)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  DbrDestination *destination = dbr_passage_get_awaited (passage);
  const DbrRetryValues *values = &passage->retry.plan->values;

  if (destination == NULL || self->is_closed)
    return PARK_NOT;
  if (passage->exchange.awaits == NULL
      && (!values->is_waiting_for_owner || values->max_attempts < 2
          || !dbr_destination_is_in_gap (destination, g_get_monotonic_time ())))
    return PARK_NOT;
  if (!dbr_passage_keep_locked (passage, reply, NULL))
    return PARK_NOT;

  dbr_exchange_forbid_extension (&passage->exchange);
  *generation = destination->generation;
  if (destination->owner != NULL && destination->is_current)
    return PARK_OVER;

  passage->is_parked = TRUE;
  g_queue_push_tail (&destination->parked, dbr_passage_ref (passage));

  return PARK_DONE;
}

/* Whoever takes it from among those that pause says how it goes on; FALSE: that was another one. */
static gboolean
dbr_dispatcher_leave_pause_locked (DbrDispatcher *self,
                                   DbrPassage    *passage)
{
  if (passage->pausing.data == NULL)
    return FALSE;

  g_queue_unlink (&self->pausing, &passage->pausing);
  passage->pausing.data = NULL;

  return TRUE;
}

static void
pause_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrPassage) passage = DBR_PASSAGE_FROM (deadline, pause);
  DbrDispatcher *self = DBR_DISPATCHER (passage->dispatcher);
  gboolean is_mine;

  g_mutex_lock (&self->mutex);
  is_mine = dbr_dispatcher_leave_pause_locked (self, passage);
  g_mutex_unlock (&self->mutex);

  if (is_mine)
    dbr_dispatcher_try_again (self, passage);
}

/* FALSE: there is nothing to pause for, as the client was closed. What has ended meanwhile does
 * not pause either. */
static gboolean
dbr_dispatcher_enter_pause (DbrDispatcher *self,
                            DbrPassage    *passage,
                            guint          delay_ms)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->is_closed)
    return FALSE;
  if (dbr_exchange_has_ended (&passage->exchange))
    return TRUE;

  passage->pausing.data = passage;
  g_queue_push_tail_link (&self->pausing, &passage->pausing);
  dbr_passage_ref (passage);
  dbr_deadline_arm (&passage->pause, g_get_monotonic_time () + delay_ms * (gint64) 1000, pause_cb);

  return TRUE;
}

static void
dbr_dispatcher_pause (DbrDispatcher *self,
                      DbrPassage    *passage,
                      guint          delay_ms)
{
  if (!dbr_dispatcher_enter_pause (self, passage, delay_ms))
    dbr_link_submit (self->link, &passage->exchange);
}

void
dbr_dispatcher_unpark (DbrDispatcher *self,
                       DbrPassage    *passage)
{
  gboolean was_parked;

  g_mutex_lock (&self->mutex);
  dbr_dispatcher_leave_pause_locked (self, passage);
  was_parked = passage->is_parked;
  if (was_parked)
    g_queue_remove (&dbr_passage_get_awaited (passage)->parked, passage);
  passage->is_parked = FALSE;
  g_mutex_unlock (&self->mutex);

  dbr_passage_disarm (passage, &passage->pause);
  if (was_parked)
    dbr_passage_unref (passage);
}

void
dbr_dispatcher_stop_waiting (DbrDispatcher *self,
                             GQueue        *parked)
{
  DbrPassage *passage;

  g_mutex_lock (&self->mutex);
  while ((passage = g_queue_peek_head (&self->pausing)) != NULL)
    {
      dbr_dispatcher_leave_pause_locked (self, passage);
      g_queue_push_tail (parked, dbr_passage_ref (passage));
    }
  g_mutex_unlock (&self->mutex);

  /* A link that was closed ends what it is given. */
  while ((passage = g_queue_pop_head (parked)) != NULL)
    {
      dbr_passage_disarm (passage, &passage->pause);
      dbr_link_submit (self->link, &passage->exchange);
      dbr_passage_unref (passage);
    }
}

static void
dbr_dispatcher_tell_retry (DbrDispatcher *self,
                           DbrPassage    *passage,
                           guint          delay_ms,
                           const GError  *error)
{
  const DbrRequest *request = passage->exchange.request;
  g_autoptr(DbrRetryPolicy) policy = dbr_dispatcher_ref_retry_policy (self);

  dbr_debug (DBR_DEBUG_POLICY, "A call is tried again",
             "DBR_BUS_NAME", request->bus_name,
             "DBR_METHOD", request->method_name,
             "DBR_REASON", error->message);
  dbr_retry_policy_tell_retrying (policy, passage->exchange.operation, passage->n_retries,
                                  delay_ms, error);
  self->listener->retrying (self->user_data, passage, passage->n_retries, delay_ms, error);
}

/* Ends a call with what its last attempt came to. */
static void
dbr_dispatcher_give_up (DbrDispatcher *self,
                        DbrPassage    *passage)
{
  g_autoptr(DbrMessage) reply = NULL;
  GError *error = NULL;

  dbr_dispatcher_steal_reason (self, passage, &reply, &error);
  if (reply != NULL || error != NULL)
    dbr_exchange_end (&passage->exchange, reply, error);
}

/* The owner is there. Each is worth one attempt that costs nothing, a little later for each of
 * those who waited. Who only asks who it is need not wait. */
static void
dbr_dispatcher_go_on (DbrDispatcher *self,
                      DbrPassage    *passage,
                      guint          generation)
{
  guint delay_ms = 0;

  passage->retry.deadline_usec = dbr_exchange_get_deadline (&passage->exchange);
  if (passage->exchange.awaits != NULL)
    dbr_dispatcher_try (self, passage);
  else if (dbr_retry_state_next_owner (&passage->retry, g_get_monotonic_time (), generation, 0,
                                       &delay_ms))
    dbr_dispatcher_pause (self, passage, delay_ms);
  else
    dbr_dispatcher_give_up (self, passage);
}

void
dbr_dispatcher_resume (DbrDispatcher *self,
                       GQueue        *parked,
                       guint          generation)
{
  DbrPassage *passage;

  while ((passage = g_queue_pop_head (parked)) != NULL)
    {
      /* Without an owner it is asked anew, on the next connection. */
      if (generation != 0)
        dbr_dispatcher_go_on (self, passage, generation);
      else
        dbr_dispatcher_try_again (self, passage);
      dbr_passage_unref (passage);
    }
}

static gboolean
dbr_dispatcher_pay (DbrDispatcher         *self,
                    DbrPassage            *passage,
                    const DbrRetryVerdict *verdict)
{
  const char *bus_name = passage->exchange.request->bus_name;
  g_autoptr(DbrRetryPolicy) policy = NULL;

  if (dbr_retry_budget_take (self->budget, passage->retry.plan, bus_name, verdict->failure,
                             &passage->retry_cost))
    return TRUE;

  dbr_recorder_budget_is_spent (self->recorder, bus_name);
  policy = dbr_dispatcher_ref_retry_policy (self);
  dbr_retry_policy_tell_exhausted (policy, bus_name);

  return FALSE;
}

/* Takes @error if there is another attempt. */
static gboolean
dbr_dispatcher_retry (DbrDispatcher *self,
                      DbrPassage    *passage,
                      DbrMessage    *reply,
                      GError        *error)
{
  g_autoptr(GError) told = NULL;
  DbrRetryVerdict verdict;
  gboolean is_kept;
  guint delay_ms;

  dbr_dispatcher_classify (self, passage, reply, error, &verdict);
  if (verdict.failure == DBR_FAILURE_MAYBE_EXECUTED)
    passage->was_maybe = TRUE;

  passage->retry.deadline_usec = dbr_exchange_get_deadline (&passage->exchange);
  if (!dbr_retry_state_next (&passage->retry, g_get_monotonic_time (), &verdict, 0, &delay_ms)
      || !dbr_dispatcher_pay (self, passage, &verdict))
    return FALSE;

  told = reply != NULL ? dbr_message_dup_error (reply) : g_error_copy (error);
  g_mutex_lock (&self->mutex);
  is_kept = dbr_passage_keep_locked (passage, reply, error);
  g_mutex_unlock (&self->mutex);
  if (!is_kept)
    return FALSE;

  dbr_dispatcher_tell_retry (self, passage, delay_ms, told);
  dbr_dispatcher_pause (self, passage, delay_ms);

  return TRUE;
}

gboolean
dbr_dispatcher_attempt_failed (DbrExchange *exchange,
                               DbrMessage  *reply,
                               GError      *error)
{
  DbrPassage *passage = DBR_PASSAGE_FROM (exchange, exchange);
  DbrDispatcher *self = DBR_DISPATCHER (passage->dispatcher);
  guint generation = 0;

  dbr_dispatcher_end_attempt (self, passage, reply, error);
  if (exchange->request->is_interactive || exchange->request->is_probe
      || (reply == NULL && is_refusal (error)))
    return FALSE;

  if (dbr_passage_has_worked (passage, reply))
    {
      dbr_exchange_end (exchange, NULL, NULL);
      return TRUE;
    }

  if (is_absence (reply, exchange->has_bus))
    {
      Park park = dbr_dispatcher_park (self, passage, reply, &generation);

      if (park == PARK_OVER)
        dbr_dispatcher_go_on (self, passage, generation);
      else if (park == PARK_DONE)
        dbr_debug (DBR_DEBUG_POLICY, "A call waits for its service to come back",
                   "DBR_BUS_NAME", exchange->request->bus_name,
                   "DBR_METHOD", exchange->request->method_name);

      return park != PARK_NOT;
    }

  if (reply == NULL && (passage->connection != NULL || !dbr_link_may_reopen (self->link))
      && g_error_matches (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST))
    return FALSE;

  return dbr_dispatcher_retry (self, passage, reply, error);
}
