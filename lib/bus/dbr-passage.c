/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-passage-private.h"

/* What a call is to the circuit. An attempt that may ask a person says nothing of the service. */
static void
dbr_passage_init_circuit (DbrPassage       *self,
                          const DbrRequest *request)
{
  self->asks_circuit = !request->is_bypassing_circuit && !request->is_interactive;
  if (dbr_request_is_ping (request))
    self->circuit_flags |= DBR_CIRCUIT_CALL_PING;
  if (request->is_auto_start)
    self->circuit_flags |= DBR_CIRCUIT_CALL_MAY_START;
  if (request->is_probe)
    self->circuit_flags |= DBR_CIRCUIT_CALL_PROBE;
}

DbrPassage *
dbr_passage_new (GObject                *dispatcher,
                 const DbrExchangeFuncs *funcs,
                 DbrRequest             *request,
                 const char             *operation,
                 guint                   limit_ms,
                 DbrRetryPlan           *plan)
{
  DbrPassage *self = g_new0 (DbrPassage, 1);

  dbr_exchange_init (&self->exchange, funcs, request, operation, limit_ms);
  self->dispatcher = g_object_ref (dispatcher);
  self->attempt_limit_usec = G_MAXINT64;
  self->is_read = dbr_request_is_read (request);
  self->is_shareable = self->is_read && !request->is_probe && dbr_request_is_shareable (request);
  dbr_passage_init_circuit (self, request);
  dbr_retry_state_init (&self->retry, plan, dbr_random_get_system (), G_MAXINT64,
                        self->is_read || request->is_idempotent);

  return self;
}

void
dbr_passage_forbid_retries (DbrPassage *self)
{
  g_autoptr(DbrRetryPlan) plan = dbr_retry_plan_lookup ("none");

  dbr_retry_state_clear (&self->retry);
  dbr_retry_state_init (&self->retry, plan, dbr_random_get_system (), G_MAXINT64, FALSE);
}

void
dbr_passage_set_connection (DbrPassage      *self,
                            GDBusConnection *connection)
{
  self->connection = g_object_ref (connection);
  self->is_shareable = FALSE;
}

void
dbr_passage_disarm (DbrPassage  *self,
                    DbrDeadline *deadline)
{
  if (dbr_deadline_disarm (deadline))
    dbr_passage_unref (self);
}

void
dbr_passage_free (DbrExchange *exchange)
{
  DbrPassage *self = (DbrPassage *) exchange;

  dbr_exchange_clear (exchange);
  dbr_retry_state_clear (&self->retry);
  g_clear_pointer (&self->destination, dbr_destination_unref);
  g_clear_pointer (&self->awaited, dbr_destination_unref);
  g_clear_pointer (&self->last_reply, dbr_message_unref);
  g_clear_error (&self->last_error);
  g_clear_pointer (&self->handle, dbr_metrics_handle_unref);
  g_clear_object (&self->access_policy);
  g_clear_object (&self->call);
  g_clear_object (&self->connection);
  g_clear_object (&self->lane);
  g_clear_object (&self->dispatcher);
  g_free (self);
}
