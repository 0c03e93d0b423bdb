/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-client-private.h"

#include "base/dbr-binding-private.h"
#include "base/dbr-check-private.h"
#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "policy/dbr-services-private.h"
#include "policy/dbr-timeouts-private.h"

/* What becomes of a request before it is on its way, and the two ways to wait for its end. */

DbrTimeouts *
dbr_client_ref_timeouts (DbrClient *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_object_ref (self->timeouts);
}

DbrRequest *
dbr_client_new_request (const char         *bus_name,
                        const char         *object_path,
                        const char         *interface_name,
                        const char         *method_name,
                        GVariant           *parameters,
                        const GVariantType *reply_type)
{
  DbrRequest *request = dbr_request_new (bus_name, object_path, interface_name, method_name,
                                         parameters, reply_type);

  request->is_auto_start = bus_name == NULL || dbr_services_may_activate (bus_name);

  return request;
}

/* With a mailbox its context may go, and with that whatever others have put there: so not under the
 * lock. */
static DbrMailbox *
dbr_client_ref_mailbox (DbrClient    *self,
                        GMainContext *context)
{
  g_autoptr(DbrMailbox) old = NULL;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->last_mailbox == NULL || dbr_mailbox_get_context (self->last_mailbox) != context)
    {
      old = self->last_mailbox;
      self->last_mailbox = dbr_mailbox_get (context);
    }

  return dbr_mailbox_ref (self->last_mailbox);
}

gboolean
dbr_client_check_process (DbrClient  *self,
                          GError    **error)
{
  if (self->generation == dbr_fork_get_generation ())
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_FORKED,
                       _("The client was made before fork() and belongs to the parent process"));

  return FALSE;
}

gboolean
dbr_client_check_ready (DbrClient  *self,
                        GError    **error)
{
  return dbr_client_check_process (self, error) && dbr_io_check (error);
}

gboolean
dbr_client_check_bus (DbrClient  *self,
                      GError    **error)
{
  if (dbr_link_has_bus (self->link))
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                       _("There are no bus names: the client is connected to one program, without "
                         "a bus between"));

  return FALSE;
}

/* 0 is no limit that anyone can mean. */
static gboolean
dbr_client_check_limits (DbrClient  *self,
                         GError    **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->max_in_flight > 0)
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                       _("“max-in-flight” is 0, and so no call may ever be sent"));

  return FALSE;
}

/* The limits of a request in milliseconds */
typedef struct
{
  const char *operation;
  /* what the operation takes at most, and what all attempts together may */
  guint       operation_ms;
  guint       total_ms;
  guint       attempt_ms;
} Limits;

static void
limits_init (Limits           *self,
             const DbrRequest *request,
             DbrTimeouts      *timeouts)
{
  *self = (Limits) { .operation = request->operation };
  if (request->operation != NULL)
    self->operation_ms = dbr_timeouts_get (timeouts, request->operation);
  else
    self->operation_ms = dbr_timeouts_lookup_fast (timeouts, request->interface_name,
                                                   request->method_name, &self->operation);
  if (request->is_interactive)
    self->operation_ms = dbr_timeouts_get (timeouts, "interactive");

  self->total_ms = request->timeout_ms != 0 ? request->timeout_ms : self->operation_ms;
  self->attempt_ms = request->attempt_timeout_ms;
}

/* An attempt has the operation's own limit, so that another one can follow; but not where none may,
 * for then the time the caller gave is all for this one. */
static void
limits_fit_attempt (Limits     *self,
                    DbrPassage *passage)
{
  if (self->attempt_ms == 0 && passage->retry.is_idempotent)
    self->attempt_ms = self->operation_ms;
  if (self->attempt_ms < self->total_ms)
    passage->attempt_limit_ms = self->attempt_ms;
}

/* Only where the limit is ours to choose, and where the bus would start something. */
static gboolean
request_may_activate (const DbrRequest *request)
{
  return request->is_auto_start && request->timeout_ms == 0 && request->attempt_timeout_ms == 0
         && request->bus_name != NULL && *request->bus_name != ':'
         && !g_str_equal (request->bus_name, DBR_BUS_NAME);
}

/* NULL if the retry policy makes no sense, which only counts for who may retry. */
static DbrPassage *
dbr_client_new_passage (DbrClient   *self,
                        DbrRequest  *request,
                        gboolean     is_operation,
                        GError     **error)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self);
  g_autoptr(DbrPassage) passage = NULL;
  Limits limits;

  limits_init (&limits, request, timeouts);
  dbr_check_short_timeout ("timeout-ms", limits.total_ms);
  if (limits.attempt_ms != 0)
    dbr_check_short_timeout ("attempt-timeout-ms", limits.attempt_ms);
  dbr_debug (DBR_DEBUG_CALLS, "A call begins",
             "DBR_BUS_NAME", request->bus_name,
             "DBR_PATH", request->object_path,
             "DBR_INTERFACE", request->interface_name,
             "DBR_METHOD", request->method_name,
             "DBR_OPERATION", limits.operation);
  limits.total_ms = dbr_binding_limit (limits.total_ms);
  passage = dbr_dispatcher_prepare (self->dispatcher, request, limits.operation, limits.total_ms);
  if (dbr_binding_is_single_attempt ())
    dbr_passage_forbid_retries (passage);
  if (!passage->retry.plan->is_valid && !dbr_retry_plan_check (passage->retry.plan, error))
    return NULL;
  passage->is_operation = is_operation;
  if (is_operation)
    passage->handle = dbr_recorder_ref_handle (self->recorder, request, limits.operation);
  passage->is_timed = limits.operation_ms <= dbr_timeouts_get_default (timeouts);
  limits_fit_attempt (&limits, passage);
  if (request_may_activate (request) && dbr_link_has_bus (self->link))
    dbr_exchange_allow_activation (&passage->exchange,
                                   dbr_binding_limit (dbr_timeouts_get_activate (timeouts)),
                                   dbr_owners_was_absent,
                                   G_OBJECT (dbr_link_get_owners (self->link)));

  return g_steal_pointer (&passage);
}

/* The connection of the call's lease, NULL if it has none. */
static gboolean
dbr_client_find_connection (DbrClient        *self,
                            DbrCall          *call,
                            GDBusConnection **connection,
                            GError          **error)
{
  DbrLease *lease = call != NULL ? dbr_call_get_lease (call) : NULL;

  if (lease == NULL)
    return TRUE;
  if (!dbr_client_check_bus (self, error))
    return FALSE;

  *connection = dbr_lease_get_connection (lease);
  if (*connection != NULL)
    return TRUE;

  g_set_error_literal (error, DBR_ERROR, DBR_ERROR_CLOSED,
                       _("The lease that the call is to be sent on was released"));

  return FALSE;
}

/* What is good but may not be is a call all the same. */
static void
dbr_client_record_refusal (DbrClient        *self,
                           const DbrRequest *request)
{
  g_autoptr(DbrTimeouts) timeouts = dbr_client_ref_timeouts (self);
  Limits limits;

  limits_init (&limits, request, timeouts);
  dbr_recorder_refused (self->recorder, request, limits.operation);
}

DbrExchange *
dbr_client_prepare (DbrClient   *self,
                    DbrRequest  *request,
                    DbrCall     *call,
                    GError     **error)
{
  GDBusConnection *connection = NULL;
  gboolean needs_peer = FALSE;
  DbrPassage *passage;

  if (!dbr_client_check_ready (self, error)
      || !dbr_request_check (request, dbr_link_has_bus (self->link), error)
      || !dbr_client_check_limits (self, error))
    return NULL;
  if (!dbr_client_judge (self, request, &needs_peer, error) || !dbr_binding_check (error))
    {
      dbr_client_record_refusal (self, request);
      return NULL;
    }

  if (!dbr_client_find_connection (self, call, &connection, error))
    return NULL;

  passage = dbr_client_new_passage (self, request, TRUE, error);
  if (passage == NULL)
    return NULL;
  if (call != NULL)
    passage->call = G_OBJECT (g_object_ref (call));
  if (connection != NULL)
    dbr_passage_set_connection (passage, connection);
  if (needs_peer)
    passage->access_policy = g_object_ref (self->access_policy);

  return &passage->exchange;
}

DbrExchange *
dbr_client_prepare_question (DbrClient   *self,
                             DbrRequest  *request,
                             const char  *awaits,
                             GError     **error)
{
  DbrPassage *passage;

  if (!dbr_client_check_ready (self, error)
      || !dbr_request_check (request, TRUE, error)
      || !dbr_binding_check (error))
    return NULL;

  passage = dbr_client_new_passage (self, request, awaits == NULL, error);
  if (passage == NULL)
    return NULL;
  passage->exchange.awaits = g_strdup (awaits);

  return &passage->exchange;
}

typedef struct
{
  DbrLetter  letter;
  GTask     *task;
  GError    *error;
} Refusal;

static void
deliver_refusal_cb (DbrLetter *letter)
{
  Refusal *refusal = (Refusal *) letter;

  g_task_return_error (refusal->task, refusal->error);
  g_object_unref (refusal->task);
  g_free (refusal);
}

/* Takes @error. In a child of fork() the mailbox may be no more, and GTask has a way of its own. */
void
dbr_client_refuse (DbrClient *self,
                   GTask     *task,
                   GError    *error)
{
  g_autoptr(DbrMailbox) mailbox = NULL;
  Refusal *refusal;

  if (self->generation != dbr_fork_get_generation ())
    {
      g_task_return_error (task, error);
      return;
    }

  refusal = g_new0 (Refusal, 1);
  refusal->letter.deliver = deliver_refusal_cb;
  refusal->task = g_object_ref (task);
  refusal->error = error;
  mailbox = dbr_client_ref_mailbox (self, g_task_get_context (task));
  dbr_mailbox_post (mailbox, &refusal->letter);
}

/* An exchange of its own is for the connection alone. */
static void
dbr_client_submit (DbrClient   *self,
                   DbrExchange *exchange)
{
  if (exchange->funcs != NULL)
    dbr_dispatcher_submit (self->dispatcher, (DbrPassage *) exchange);
  else
    dbr_link_submit (self->link, exchange);
}

void
dbr_client_begin (DbrClient       *self,
                  DbrExchange     *exchange,
                  GError          *error,
                  GTask           *task,
                  DbrExchangeFunc  done)
{
  g_autoptr(DbrMailbox) mailbox = NULL;

  if (exchange == NULL)
    {
      dbr_client_refuse (self, task, error);
      return;
    }

  mailbox = dbr_client_ref_mailbox (self, g_task_get_context (task));
  dbr_exchange_start (exchange, mailbox, g_task_get_cancellable (task), done, g_object_ref (task));
  dbr_client_submit (self, exchange);
  dbr_exchange_started (exchange);
}

void
dbr_client_begin_request (DbrClient       *self,
                          DbrRequest      *request,
                          GError          *error,
                          DbrCall         *call,
                          GTask           *task,
                          DbrExchangeFunc  done)
{
  g_autoptr(DbrExchange) exchange = NULL;

  if (request != NULL)
    exchange = dbr_client_prepare (self, request, call, &error);
  dbr_client_begin (self, exchange, error, task, done);
}

void
dbr_client_complete (DbrClient    *self,
                     DbrExchange  *exchange,
                     GCancellable *cancellable)
{
  dbr_exchange_start_sync (exchange, cancellable);
  dbr_client_submit (self, exchange);
  dbr_exchange_wait (exchange);
}

DbrExchange *
dbr_client_complete_request (DbrClient     *self,
                             DbrRequest    *request,
                             DbrCall       *call,
                             GCancellable  *cancellable,
                             GError       **error)
{
  DbrExchange *exchange = NULL;

  if (request != NULL)
    exchange = dbr_client_prepare (self, request, call, error);
  if (exchange != NULL)
    dbr_client_complete (self, exchange, cancellable);

  return exchange;
}

/* What comes of it. An async form has given its task a reference for this. */

void
dbr_client_return_variant (GTask    *task,
                           GVariant *value,
                           GError   *error)
{
  if (value != NULL)
    g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

void
dbr_client_return_reply_cb (DbrExchange *exchange,
                            gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GVariant *value = dbr_exchange_take_value (exchange, &error);

  dbr_client_return_variant (task, value, error);
}

GVariant *
dbr_client_take_property (DbrExchange  *exchange,
                          GError      **error)
{
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, error);
  GVariant *value = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);

  return value;
}

void
dbr_client_return_property_cb (DbrExchange *exchange,
                               gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GVariant *value = dbr_client_take_property (exchange, &error);

  dbr_client_return_variant (task, value, error);
}

gboolean
dbr_client_take_success (DbrExchange  *exchange,
                         GError      **error)
{
  g_autoptr(GVariant) reply = dbr_exchange_take_value (exchange, error);

  return reply != NULL;
}

void
dbr_client_return_success_cb (DbrExchange *exchange,
                              gpointer     user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (dbr_client_take_success (exchange, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}
