/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-request-private.h"
#include "base/dbr-request-source-private.h"
#include "base/dbr-types.h"
#include "bus/dbr-call.h"
#include "metrics/dbr-operation-stats.h"

G_BEGIN_DECLS

/* What became of a call. The operation is interned; times are -1 where the call did not come that
 * far. */
typedef struct
{
  const char   *operation;
  DbrOutcome    outcome;
  guint         attempts;
  DbrExecution  execution;
  gint64        elapsed_usec;
  gint64        queue_usec;
  gint64        service_usec;
  gint64        lag_usec;
  const char   *sender;
  GUnixFDList  *reply_fd_list;
  gboolean      is_joined;
} DbrCallResults;

struct _DbrCall
{
  GObject             parent_instance;

  /* identity: set at construction */
  char               *bus_name;
  char               *object_path;
  char               *interface_name;
  char               *method_name;
  GVariant           *parameters;

  gint                was_run;

  GMutex              mutex;

  /* guarded by mutex: what it asks for; reply_type and operation are interned */
  const GVariantType *reply_type;
  const char         *operation;
  GStrv               success_errors;
  GUnixFDList        *fd_list;
  DbrLease           *lease;
  guint               timeout_ms;
  guint               attempt_timeout_ms;
  gboolean            is_idempotent;
  gboolean            is_interactive;
  gboolean            is_auto_start;
  gboolean            has_auto_start;
  gboolean            is_background;
  gboolean            is_bypassing_circuit;
  gboolean            is_probe;

  /* guarded by mutex: what became of it, with whom it names; written once */
  DbrCallResults      results;
  char               *sender;
};

/* Makes a probe of a call that was not run yet: it asks whether the service answers now. Where there is
 * a bus, all probes and nothing else go by a connection of their own, in the order they are run in,
 * and their answers come in the order the bus has sent them. A probe waits for no other call, shares
 * no other's answer and is one attempt; the circuit of the service knows it for one. */
void        dbr_call_set_is_probe (DbrCall         *self);

/* What it asks for as it is now. */
DbrRequest *dbr_call_dup_request (DbrRequestSource *source) G_GNUC_WARN_UNUSED_RESULT;
/* Marks the call as run and takes what it asks for as it is now; a call that was run before is an
 * error. */
DbrRequest *dbr_call_begin (DbrCall               *self,
                            GError               **error) G_GNUC_WARN_UNUSED_RESULT;
/* Called once, in the thread that gets the result, just before it gets it. */
void        dbr_call_end   (DbrCall               *self,
                            const DbrCallResults  *results);

G_END_DECLS
