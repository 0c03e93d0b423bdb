/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lease.h"
#include "bus/dbr-pool-core-private.h"

G_BEGIN_DECLS

/* Waiting for a connection of @core, which ends after @limit_ms whatever others do. The first one
 * returns @task, which it takes, in its context. */
void      dbr_acquisition_begin (DbrPoolCore   *core,
                                 guint          limit_ms,
                                 GTask         *task);
/* Sleeps meanwhile. */
DbrLease *dbr_acquisition_wait  (DbrPoolCore   *core,
                                 guint          limit_ms,
                                 GCancellable  *cancellable,
                                 GError       **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
