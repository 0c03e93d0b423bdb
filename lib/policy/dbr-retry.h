/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_FAILURE (dbr_failure_get_type ())
#define DBR_TYPE_RETRY (dbr_retry_get_type ())

/**
 * DbrFailure:
 * @DBR_FAILURE_NOT_DELIVERED: the method did not run, so anything may be tried again
 * @DBR_FAILURE_MAYBE_EXECUTED: perhaps the method ran, so only what may run twice is tried again
 * @DBR_FAILURE_EXECUTED: the method ran, if only to refuse, and is not run again
 * @DBR_FAILURE_PERMANENT: another try would fail in the same way
 * @DBR_FAILURE_CANCELLED: nobody wants the answer any more
 *
 * What the failure of an attempt means for another one.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_FAILURE_NOT_DELIVERED,
  DBR_FAILURE_MAYBE_EXECUTED,
  DBR_FAILURE_EXECUTED,
  DBR_FAILURE_PERMANENT,
  DBR_FAILURE_CANCELLED,
} DbrFailure;

DBR_AVAILABLE_IN_0_1
GType    dbr_failure_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrRetry, dbr_retry, DBR, RETRY, GObject)

DBR_AVAILABLE_IN_0_1
gboolean dbr_retry_next       (DbrRetry   *self,
                               DbrFailure  failure,
                               guint      *delay_ms);

G_END_DECLS
