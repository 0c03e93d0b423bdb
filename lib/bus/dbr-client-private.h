/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-client.h"
#include "bus/dbr-exchange-private.h"

G_BEGIN_DECLS

/* What the operations of a client, which have a file of their own, ask of it. */

/* An exchange for @request under the limits that hold now; an error if it cannot even be tried. */
DbrExchange *dbr_client_prepare   (DbrClient        *self,
                                   DbrRequest       *request,
                                   GError          **error) G_GNUC_WARN_UNUSED_RESULT;
/* Starts it; @done is called with @task in the task's context. */
void         dbr_client_begin     (DbrClient        *self,
                                   DbrExchange      *exchange,
                                   GTask            *task,
                                   DbrExchangeFunc   done);
/* What cannot even be tried ends as everything does, in the context and after the caller has
 * returned. */
void         dbr_client_refuse    (DbrClient        *self,
                                   GTask            *task,
                                   GError           *error);
/* Starts it and sleeps until it has ended. */
void         dbr_client_complete  (DbrClient        *self,
                                   DbrExchange      *exchange,
                                   GCancellable     *cancellable);

G_END_DECLS
