/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

/* The types that a lower floor names without knowing them. */
typedef struct _DbrCall DbrCall;

#define DBR_TYPE_EXECUTION (dbr_execution_get_type ())
#define DBR_TYPE_SEVERITY (dbr_severity_get_type ())

/**
 * DbrExecution:
 * @DBR_EXECUTION_NEVER: the method did not run, and will not
 * @DBR_EXECUTION_MAYBE: it cannot be known whether the method ran
 * @DBR_EXECUTION_ONCE: the method ran exactly once
 * @DBR_EXECUTION_SEVERAL: the method ran more than once, as the caller allowed by a retry
 *
 * How often a service ran the method of a call.
 *
 * A call that timed out was perhaps executed, and perhaps will be: a service that hangs works
 * off what was sent to it when it wakes up. This says what is known when the call ends.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_EXECUTION_NEVER,
  DBR_EXECUTION_MAYBE,
  DBR_EXECUTION_ONCE,
  DBR_EXECUTION_SEVERAL,
} DbrExecution;

DBR_AVAILABLE_IN_0_1
GType dbr_execution_get_type (void);

/**
 * DbrSeverity:
 * @DBR_SEVERITY_NOTICE: worth knowing
 * @DBR_SEVERITY_WARNING: something is not as it should be
 * @DBR_SEVERITY_CRITICAL: somebody notices it already
 *
 * How bad something is that is wrong.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_SEVERITY_NOTICE,
  DBR_SEVERITY_WARNING,
  DBR_SEVERITY_CRITICAL,
} DbrSeverity;

DBR_AVAILABLE_IN_0_1
GType dbr_severity_get_type (void);

G_END_DECLS
