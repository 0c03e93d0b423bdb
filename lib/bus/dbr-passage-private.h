/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-destination-private.h"
#include "bus/dbr-exchange-private.h"
#include "bus/dbr-lane-private.h"
#include "metrics/dbr-metrics-private.h"
#include "policy/dbr-access-policy-private.h"
#include "policy/dbr-retry-private.h"
#include "policy/dbr-single-flight-private.h"

G_BEGIN_DECLS

typedef struct _DbrPassage DbrPassage;

/* An exchange on its way through the policies, with what each of them keeps of it. */
struct _DbrPassage
{
  DbrExchange          exchange;

  GObject             *dispatcher;
  /* the DbrCall that asked for it, or NULL */
  GObject             *call;
  /* the connection of a lease that it is sent on instead of the client's */
  GDBusConnection     *connection;
  /* who has to be behind the name, or NULL */
  DbrAccessPolicy     *access_policy;

  /* where it is counted, NULL for nowhere */
  DbrMetricsHandle    *handle;

  /* set before it starts and not changed after */
  /* it is what somebody asked for, and not a part of that */
  gboolean             is_operation;
  gboolean             is_read;
  gboolean             is_shareable;
  gboolean             asks_circuit;
  /* how long it takes tells whether the service is slow */
  gboolean             is_timed;
  DbrCircuitCallFlags  circuit_flags;
  /* of one attempt; 0 if all of the time may be one's */
  guint                attempt_limit_ms;

  /* touched by whoever has to decide on the next attempt */
  DbrRetryState        retry;
  guint                retry_cost;
  gboolean             was_maybe;
  /* it has taken its place among those that ask the same */
  gboolean             has_begun;

  /* each holds a reference while it is armed */
  DbrDeadline          attempt_limit;
  DbrDeadline          pause;

  /* guarded by the dispatcher's lock */
  DbrDestination      *destination;
  /* whose owner it waits for where it does, if that is another one */
  DbrDestination      *awaited;
  DbrAdmissionNode     admission;
  DbrCircuitPermit     permit;
  /* when the attempt before this one was sent, 0 if none was */
  gint64               last_sent_usec;
  /* the lane it is on, if that is one on a lease */
  DbrLane             *lane;
  DbrFlightNode        flight;
  gboolean             is_in_flight;
  gboolean             is_parked;
  /* among those that pause before another attempt, if it has data */
  GList                pausing;
  gboolean             was_orphaned;
  guint                n_retries;
  /* when the time of this attempt is over; G_MAXINT64 if it has no limit of its own */
  gint64               attempt_limit_usec;
  /* what the last attempt came to, from its failure until the next one is sent */
  DbrMessage          *last_reply;
  GError              *last_error;

  /* guarded by the recorder's lock: among those that have ended and were not handed over */
  DbrPassage          *next;
  DbrPassage          *previous;
  gboolean             is_waiting;
};

/* @policy and the rest of what a call is decided by are as they are now. */
DbrPassage *dbr_passage_new (GObject                *dispatcher,
                             const DbrExchangeFuncs *funcs,
                             DbrRequest             *request,
                             const char             *operation,
                             guint                   limit_ms,
                             DbrRetryPlan           *plan) G_GNUC_WARN_UNUSED_RESULT;
/* It is one attempt of somebody else's, whatever the policy says. */
void        dbr_passage_forbid_retries (DbrPassage *self);
/* It is sent on the connection of a lease, which is the holder's alone. */
void        dbr_passage_set_connection (DbrPassage      *self,
                                        GDBusConnection *connection);
/* Disarms one of its deadlines that holds a reference while it is armed. */
void        dbr_passage_disarm         (DbrPassage      *self,
                                        DbrDeadline     *deadline);
void        dbr_passage_free           (DbrExchange     *exchange);

#define DBR_PASSAGE_FROM(pointer, member) \
  ((DbrPassage *) G_STRUCT_MEMBER_P (pointer, -G_STRUCT_OFFSET (DbrPassage, member)))

static inline DbrPassage *
dbr_passage_ref (DbrPassage *self)
{
  dbr_exchange_ref (&self->exchange);

  return self;
}

static inline void
dbr_passage_unref (DbrPassage *self)
{
  dbr_exchange_unref (&self->exchange);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPassage, dbr_passage_unref)

G_END_DECLS
