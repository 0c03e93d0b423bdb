/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-exchange-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-transport-private.h"

#define EXCHANGE_FROM(pointer, member) \
  ((DbrExchange *) G_STRUCT_MEMBER_P (pointer, -G_STRUCT_OFFSET (DbrExchange, member)))

static inline gint64
usec_of (guint ms)
{
  return ms * (gint64) 1000;
}

void
dbr_exchange_init (DbrExchange            *self,
                   const DbrExchangeFuncs *funcs,
                   DbrRequest             *request,
                   const char             *operation,
                   guint                   limit_ms)
{
  g_atomic_ref_count_init (&self->ref_count);
  self->funcs = funcs;
  self->request = request != NULL ? dbr_request_ref (request) : NULL;
  self->operation = operation;
  self->limit_ms = limit_ms;
  self->began_usec = g_get_monotonic_time ();
}

DbrExchange *
dbr_exchange_new (DbrRequest *request,
                  const char *operation,
                  guint       limit_ms)
{
  DbrExchange *self = g_new0 (DbrExchange, 1);

  dbr_exchange_init (self, NULL, request, operation, limit_ms);

  return self;
}

DbrExchange *
dbr_exchange_ref (DbrExchange *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_exchange_clear (DbrExchange *self)
{
  g_clear_pointer (&self->request, dbr_request_unref);
  g_clear_pointer (&self->destination, g_free);
  g_clear_pointer (&self->awaits, g_free);
  g_clear_pointer (&self->reply, dbr_message_unref);
  g_clear_pointer (&self->body, g_variant_unref);
  g_clear_error (&self->error);
  g_clear_object (&self->lane);
  g_slist_free_full (g_steal_pointer (&self->past_lanes), g_object_unref);
  g_clear_object (&self->owners);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->mailbox, dbr_mailbox_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
}

void
dbr_exchange_unref (DbrExchange *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->funcs != NULL)
    {
      self->funcs->free (self);
      return;
    }

  dbr_exchange_clear (self);
  g_free (self);
}

/* The end */

gboolean
dbr_exchange_move (DbrExchange      *self,
                   DbrExchangeState  from,
                   DbrExchangeState  to)
{
  return g_atomic_int_compare_and_exchange (&self->state, from, to);
}

gboolean
dbr_exchange_has_ended (DbrExchange *self)
{
  return g_atomic_int_get (&self->state) == DBR_EXCHANGE_ENDED;
}

/* What follows from the end of one exchange for others comes behind it. */
static void
dbr_exchange_settle (DbrExchange *self)
{
  if (self->funcs != NULL)
    self->funcs->settled (self);
}

static void
dbr_exchange_wake (DbrExchange *self)
{
  g_mutex_lock (&self->mutex);
  self->is_done = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* A call may end before the function that began it has returned. It is told when both are over. */
static void
dbr_exchange_tell (DbrExchange *self)
{
  if (!g_atomic_int_dec_and_test (&self->n_awaited))
    return;

  if (self->mailbox != NULL)
    dbr_mailbox_post (self->mailbox, &self->letter);
  else
    self->letter.deliver (&self->letter);
}

/* Only what a caller asked for: what the library asks the bus for itself has no request of a
 * caller's. */
static void
dbr_exchange_log_end (DbrExchange *self)
{
  const char *result = "answered";
  g_autofree char *elapsed = NULL;

  if (self->request == NULL || (self->done != NULL && self->mailbox == NULL))
    return;

  if (self->error != NULL)
    result = self->error->message;
  else if (self->reply->kind == DBR_MESSAGE_ERROR)
    result = self->reply->error_name;
  elapsed = g_strdup_printf ("%" G_GINT64_FORMAT, self->ended_usec - self->began_usec);

  dbr_debug_log (DBR_DEBUG_CALLS, "A call ended",
                 "DBR_BUS_NAME", self->request->bus_name,
                 "DBR_PATH", self->request->object_path,
                 "DBR_INTERFACE", self->request->interface_name,
                 "DBR_METHOD", self->request->method_name,
                 "DBR_OPERATION", self->operation,
                 "DBR_ELAPSED_USEC", elapsed,
                 "DBR_RESULT", result,
                 NULL);
}

/* Who calls it has a reference, which is not that of who waits. */
void
dbr_exchange_finish (DbrExchange *self,
                     DbrMessage  *reply,
                     GError      *error)
{
  self->reply = reply != NULL ? dbr_message_ref (reply) : NULL;
  self->error = error;
  self->ended_usec = reply != NULL ? reply->arrived_usec : g_get_monotonic_time ();
  if (self->funcs != NULL)
    self->funcs->ended (self);
  if (G_UNLIKELY (dbr_debug_is_on (DBR_DEBUG_CALLS)))
    dbr_exchange_log_end (self);

  if (self->done == NULL)
    {
      dbr_exchange_wake (self);
    }
  else
    {
      if (dbr_deadline_disarm (&self->deadline))
        dbr_exchange_unref (self);
      dbr_exchange_tell (self);
    }
  dbr_exchange_settle (self);
}

/* Takes @error. */
gboolean
dbr_exchange_end (DbrExchange *self,
                  DbrMessage  *reply,
                  GError      *error)
{
  if (!dbr_exchange_move (self, DBR_EXCHANGE_WAITING, DBR_EXCHANGE_ENDED))
    {
      g_clear_error (&error);
      return FALSE;
    }

  dbr_exchange_finish (self, reply, error);

  return TRUE;
}

/* How often the method ran in two attempts together. */
static DbrExecution
execution_add (DbrExecution one,
               DbrExecution other)
{
  if (one == DBR_EXECUTION_NEVER)
    return other;
  if (other == DBR_EXECUTION_NEVER)
    return one;
  if (one == DBR_EXECUTION_MAYBE && other == DBR_EXECUTION_MAYBE)
    return DBR_EXECUTION_MAYBE;
  /* At least once, but nobody knows whether more often. */
  if (one == DBR_EXECUTION_MAYBE || other == DBR_EXECUTION_MAYBE)
    return one == DBR_EXECUTION_SEVERAL || other == DBR_EXECUTION_SEVERAL
           ? DBR_EXECUTION_SEVERAL
           : DBR_EXECUTION_MAYBE;

  return DBR_EXECUTION_SEVERAL;
}

void
dbr_exchange_note (DbrExchange  *self,
                   DbrExecution  execution)
{
  self->last_execution = execution;
  self->execution = execution_add (self->execution, execution);
}

/* Takes @error. */
void
dbr_exchange_fail (DbrExchange *self,
                   DbrMessage  *reply,
                   GError      *error)
{
  if (self->funcs == NULL || dbr_exchange_has_ended (self)
      || !self->funcs->failed (self, reply, error))
    dbr_exchange_end (self, reply, error);
  else
    dbr_exchange_settle (self);
}

/* It may end meanwhile, and who ends it may be asking the lane before this one. What lanes do is the
 * same for all of them. */
void
dbr_exchange_set_lane (DbrExchange        *self,
                       GObject            *lane,
                       DbrExchangeAbandon  abandon)
{
  if (self->lane == lane)
    return;

  if (self->lane != NULL)
    self->past_lanes = g_slist_prepend (self->past_lanes, self->lane);
  else
    self->abandon = abandon;
  g_atomic_pointer_set (&self->lane, g_object_ref (lane));
}

gboolean
dbr_exchange_is_on_lane (DbrExchange *self,
                         GObject     *lane)
{
  return g_atomic_int_get (&self->state) == DBR_EXCHANGE_ON_LANE
         && g_atomic_pointer_get (&self->lane) == lane;
}

static gboolean
dbr_exchange_leave_lane (DbrExchange      *self,
                         DbrExchangeState  to)
{
  GObject *lane = g_atomic_pointer_get (&self->lane);

  return lane != NULL && self->abandon (lane, self, to);
}

/* Takes @error. */
gboolean
dbr_exchange_abandon (DbrExchange *self,
                      GError      *error)
{
  /* It may come off its lane between two looks at it, and go onto the next one. */
  while (!dbr_exchange_move (self, DBR_EXCHANGE_WAITING, DBR_EXCHANGE_ENDED)
         && !dbr_exchange_leave_lane (self, DBR_EXCHANGE_ENDED))
    {
      if (!dbr_exchange_has_ended (self))
        continue;

      g_error_free (error);
      return FALSE;
    }

  dbr_exchange_finish (self, NULL, error);

  return TRUE;
}

/* Takes @error. */
gboolean
dbr_exchange_abandon_attempt (DbrExchange *self,
                              GError      *error)
{
  if (g_atomic_int_get (&self->state) != DBR_EXCHANGE_ON_LANE
      || !dbr_exchange_leave_lane (self, DBR_EXCHANGE_WAITING))
    {
      g_error_free (error);
      return FALSE;
    }

  dbr_exchange_fail (self, NULL, error);

  return TRUE;
}

/* The limits */

guint
dbr_exchange_get_limit (DbrExchange *self)
{
  return (guint) g_atomic_int_get (&self->limit_ms);
}

gint64
dbr_exchange_get_deadline (DbrExchange *self)
{
  return self->began_usec + usec_of (dbr_exchange_get_limit (self));
}

GError *
dbr_exchange_new_late_error (DbrExchange *self,
                             guint        limit_ms)
{
  g_autofree char *title = NULL;

  if (self->request == NULL)
    return g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                        _("There was no connection within %u ms"), limit_ms);

  if (self->awaits != NULL)
    return g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                        _("No program took the name %s within %u ms"), self->awaits, limit_ms);

  title = dbr_request_dup_title (self->request);
  if (self->request->bus_name == NULL)
    return g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                        _("The peer did not answer %s within %u ms"), title, limit_ms);

  return g_error_new (DBR_ERROR, DBR_ERROR_DEADLINE,
                      _("%s did not answer %s within %u ms"),
                      self->request->bus_name, title, limit_ms);
}

/* A service that has to be started first is given the time that takes. Whether it had to be is
 * known from the bus by the time it matters, so it is asked for here and not on the way of each
 * call. */
static gboolean
dbr_exchange_extend (DbrExchange *self)
{
  if (!dbr_exchange_can_extend (self) || self->limit_ms >= self->activation_limit_ms
      || !self->was_absent (self->owners, self->request->bus_name, self->began_usec))
    return FALSE;

  g_atomic_int_set (&self->limit_ms, self->activation_limit_ms);

  return TRUE;
}

static gboolean
dbr_exchange_run_out (DbrExchange *self)
{
  return dbr_exchange_abandon (self,
                               dbr_exchange_new_late_error (self, dbr_exchange_get_limit (self)));
}

static void
deadline_cb (DbrDeadline *deadline)
{
  DbrExchange *self = EXCHANGE_FROM (deadline, deadline);

  if (!dbr_exchange_has_ended (self) && dbr_exchange_extend (self))
    {
      dbr_deadline_arm (&self->deadline, dbr_exchange_get_deadline (self), deadline_cb);
      return;
    }

  dbr_exchange_run_out (self);
  dbr_exchange_unref (self);
}

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  dbr_exchange_abandon (user_data, error);
}

static void
dbr_exchange_watch_cancellable (DbrExchange  *self,
                                GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;

  self->cancellable = g_object_ref (cancellable);
  self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                              dbr_exchange_ref (self),
                                              (GDestroyNotify) dbr_exchange_unref);
}

static void
dbr_exchange_leave_cancellable (DbrExchange *self)
{
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (self->cancellable, self->cancelled_id);
  self->cancelled_id = 0;
}

void
dbr_exchange_allow_activation (DbrExchange          *self,
                               guint                 limit_ms,
                               DbrExchangeWasAbsent  was_absent,
                               GObject              *owners)
{
  if (limit_ms <= self->limit_ms)
    return;

  g_atomic_int_set (&self->can_extend, TRUE);
  self->activation_limit_ms = limit_ms;
  self->was_absent = was_absent;
  self->owners = g_object_ref (owners);
}

void
dbr_exchange_forbid_extension (DbrExchange *self)
{
  g_atomic_int_set (&self->can_extend, FALSE);
}

gboolean
dbr_exchange_can_extend (DbrExchange *self)
{
  return g_atomic_int_get (&self->can_extend);
}

/* The caller */

static GError *
dbr_exchange_new_type_error (DbrExchange *self,
                             GVariant    *body)
{
  g_autofree char *expected = g_variant_type_dup_string (self->request->reply_type);
  g_autofree char *title = dbr_request_dup_title (self->request);

  return g_error_new (DBR_ERROR, DBR_ERROR_BAD_REPLY,
                      _("%s answered with values of type “%s” where “%s” was expected"),
                      title, g_variant_get_type_string (body), expected);
}

static GError *
dbr_exchange_new_descriptors_error (DbrExchange *self)
{
  g_autofree char *title = dbr_request_dup_title (self->request);

  return g_error_new (DBR_ERROR, DBR_ERROR_BAD_REPLY,
                      _("The descriptors that %s answered with did not fit into this process"),
                      title);
}

/* The body is decoded in the thread that wants it, and only then is it known whether it is what was
 * asked for. */
static void
dbr_exchange_decode (DbrExchange *self)
{
  g_autoptr(GVariant) body = NULL;

  if (self->reply == NULL || self->reply->kind == DBR_MESSAGE_ERROR)
    return;

  if (self->reply->lacks_descriptors)
    {
      self->error = dbr_exchange_new_descriptors_error (self);
      return;
    }

  body = dbr_message_dup_body (self->reply);
  if (self->request->reply_type != NULL && !g_variant_is_of_type (body, self->request->reply_type))
    self->error = dbr_exchange_new_type_error (self, body);
  else
    self->body = g_steal_pointer (&body);
}

/* What lies between the end and this moment is the lag. */
static void
dbr_exchange_hand_over (DbrExchange *self)
{
  dbr_exchange_leave_cancellable (self);
  dbr_exchange_decode (self);
  self->handed_usec = g_get_monotonic_time ();
  if (self->funcs != NULL)
    self->funcs->handed_over (self);
}

static void
deliver_cb (DbrLetter *letter)
{
  DbrExchange *self = EXCHANGE_FROM (letter, letter);

  dbr_exchange_hand_over (self);
  self->done (self, self->user_data);
  dbr_exchange_unref (self);
}

static void
dbr_exchange_begin (DbrExchange     *self,
                    DbrExchangeFunc  done,
                    gpointer         user_data)
{
  self->letter.deliver = deliver_cb;
  self->done = done;
  self->user_data = user_data;

  /* One reference for the letter, one for the deadline. */
  dbr_exchange_ref (self);
  dbr_exchange_ref (self);
  dbr_deadline_arm (&self->deadline, dbr_exchange_get_deadline (self), deadline_cb);
}

void
dbr_exchange_start (DbrExchange     *self,
                    DbrMailbox      *mailbox,
                    GCancellable    *cancellable,
                    DbrExchangeFunc  done,
                    gpointer         user_data)
{
  self->mailbox = dbr_mailbox_ref (mailbox);
  self->n_awaited = 2;
  dbr_exchange_begin (self, done, user_data);
  dbr_exchange_watch_cancellable (self, cancellable);
}

void
dbr_exchange_start_direct (DbrExchange     *self,
                           DbrExchangeFunc  done,
                           gpointer         user_data)
{
  self->n_awaited = 1;
  dbr_exchange_begin (self, done, user_data);
}

void
dbr_exchange_started (DbrExchange *self)
{
  dbr_exchange_tell (self);
}

void
dbr_exchange_start_sync (DbrExchange  *self,
                         GCancellable *cancellable)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  dbr_exchange_watch_cancellable (self, cancellable);
}

/* Sleeps until it is done or its time is over. */
static gboolean
dbr_exchange_sleep (DbrExchange *self,
                    gint64       until)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  while (!self->is_done)
    {
      if (!g_cond_wait_until (&self->cond, &self->mutex, until))
        return self->is_done;
    }

  return TRUE;
}

/* A sleeping caller keeps its own time: no timer is armed and no other thread woken for it. */
void
dbr_exchange_wait (DbrExchange *self)
{
  gint64 until = dbr_exchange_get_deadline (self);

  while (!dbr_exchange_sleep (self, until))
    {
      if (dbr_exchange_extend (self))
        until = dbr_exchange_get_deadline (self);
      else if (!dbr_exchange_run_out (self))
        until = G_MAXINT64;
    }

  dbr_exchange_hand_over (self);
}

/* What came of it */

/* The proxy of a sandbox says nothing but the name of the error again, where the bus would say
 * which service it is about. */
static GError *
dbr_exchange_new_reply_error (DbrExchange *self)
{
  const char *bus_name = self->request->bus_name;
  g_autoptr(GError) error = dbr_message_dup_error (self->reply);
  g_autofree char *message = NULL;

  g_dbus_error_strip_remote_error (error);
  if (dbr_message_get_origin (self->reply, self->has_bus) != DBR_ORIGIN_BUS
      || bus_name == NULL
      || strcmp (bus_name, DBR_BUS_NAME) == 0
      || strcmp (error->message, self->reply->error_name) != 0)
    return dbr_message_dup_error (self->reply);

  message = g_strdup_printf (_("The call to %s has failed, and the bus does not say why"),
                             bus_name);

  return g_dbus_error_new_for_dbus_error (self->reply->error_name, message);
}

GVariant *
dbr_exchange_take_value (DbrExchange  *self,
                         GError      **error)
{
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return NULL;
    }
  if (self->reply != NULL && self->reply->kind == DBR_MESSAGE_ERROR)
    {
      g_propagate_error (error, dbr_exchange_new_reply_error (self));
      return NULL;
    }
  if (self->body != NULL)
    return g_steal_pointer (&self->body);

  return g_variant_ref_sink (g_variant_new_tuple (NULL, 0));
}

/* Errors of our own that keep a call from being sent. */
static gboolean
is_rejection (const GError *error)
{
  static const int rejections[] = {
    DBR_ERROR_INVALID_ARGUMENT,
    DBR_ERROR_CIRCUIT_OPEN,
    DBR_ERROR_OVERLOADED,
    DBR_ERROR_BUDGET_EXHAUSTED,
    DBR_ERROR_DENIED,
    DBR_ERROR_CLOSED,
    DBR_ERROR_FORKED,
    DBR_ERROR_NOT_SUPPORTED,
    DBR_ERROR_RATE_LIMITED,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rejections); i++)
    {
      if (g_error_matches (error, DBR_ERROR, rejections[i]))
        return TRUE;
    }

  return FALSE;
}

/* What was refused after it had been sent before has failed. */
static DbrOutcome
dbr_exchange_get_outcome (DbrExchange *self)
{
  const GError *error = self->error;

  if (error == NULL)
    return self->reply != NULL && self->reply->kind == DBR_MESSAGE_ERROR ? DBR_OUTCOME_ERROR
                                                                         : DBR_OUTCOME_OK;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
    return DBR_OUTCOME_TIMEOUT;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return DBR_OUTCOME_CANCELLED;
  if (self->n_attempts == 0 && is_rejection (error))
    return DBR_OUTCOME_REJECTED;

  /* The application closed the client over it. */
  return g_error_matches (error, DBR_ERROR, DBR_ERROR_CLOSED) ? DBR_OUTCOME_CANCELLED
                                                              : DBR_OUTCOME_ERROR;
}

char *
dbr_exchange_dup_error_name (DbrExchange *self)
{
  if (self->error != NULL)
    return g_dbus_error_encode_gerror (self->error);

  return g_strdup (self->reply != NULL ? self->reply->error_name : NULL);
}

static DbrExecution
dbr_exchange_get_execution (DbrExchange *self)
{
  if (self->reply != NULL && self->reply->kind == DBR_MESSAGE_RETURN)
    return execution_add (self->execution, DBR_EXECUTION_ONCE);

  return self->execution;
}

/* When it is handed over, and before its value is taken. One that joined another may have come
 * after that was sent. */
void
dbr_exchange_get_results (DbrExchange    *self,
                          DbrCallResults *results)
{
  gboolean was_sent = self->sent_usec != 0;
  gboolean was_answered = self->reply != NULL;

  *results = (DbrCallResults) {
    .operation = self->operation,
    .outcome = dbr_exchange_get_outcome (self),
    .attempts = self->n_attempts,
    .execution = dbr_exchange_get_execution (self),
    .elapsed_usec = self->handed_usec - self->began_usec,
    .queue_usec = was_sent ? MAX (self->sent_usec - self->began_usec, 0) : -1,
    .service_usec = was_answered ? self->reply->arrived_usec - self->sent_usec : -1,
    .lag_usec = self->handed_usec - self->ended_usec,
    .sender = was_answered ? dbr_message_get_sender (self->reply) : NULL,
    .reply_fd_list = was_answered ? dbr_message_get_fd_list (self->reply) : NULL,
    .is_joined = self->is_joined,
  };
}

/* Several */

void
dbr_exchanges_steal (GQueue *from,
                     GQueue *to)
{
  *to = *from;
  g_queue_init (from);
}

void
dbr_exchanges_fail (GQueue       *exchanges,
                    const GError *reason)
{
  DbrExchange *exchange;

  while ((exchange = g_queue_pop_head (exchanges)) != NULL)
    {
      dbr_exchange_fail (exchange, NULL, g_error_copy (reason));
      dbr_exchange_unref (exchange);
    }
}
