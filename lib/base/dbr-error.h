/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_ERROR (dbr_error_quark ())
#define DBR_TYPE_ERROR (dbr_error_get_type ())

/**
 * DbrError:
 * @DBR_ERROR_INVALID_ARGUMENT: a value is not allowed; the message names it and says why
 * @DBR_ERROR_DEADLINE: the time limit was reached before an answer came
 * @DBR_ERROR_NO_BUS: the bus or peer cannot be reached at the given address
 * @DBR_ERROR_CONNECTION_LOST: the connection ended while the call was under way
 * @DBR_ERROR_NO_OWNER: no program has the bus name
 * @DBR_ERROR_CIRCUIT_OPEN: the service failed too often of late and is left alone for a while
 * @DBR_ERROR_OVERLOADED: too many calls are under way or wait already, or the program has no file
 *   descriptors left
 * @DBR_ERROR_BUDGET_EXHAUSTED: too many calls were retried of late; for code of one's own, as a call
 *   of a client ends with the error of its last attempt
 * @DBR_ERROR_DENIED: the access policy forbids it; the message names the rule
 * @DBR_ERROR_BAD_REPLY: the service answered with values of another type than expected, or with file
 *   descriptors that found no room
 * @DBR_ERROR_STALE: the object belonged to an earlier owner of the name
 * @DBR_ERROR_CLOSED: the object was closed before
 * @DBR_ERROR_FORKED: the object was made in the parent process and cannot work in the child
 * @DBR_ERROR_NOT_SUPPORTED: this connection, bus or system cannot do it
 * @DBR_ERROR_JOB_FAILED: the job ended with another result than done; the message names it
 * @DBR_ERROR_RATE_LIMITED: it was done too often of late
 * @DBR_ERROR_GAVE_UP: everything that was allowed was tried
 * @DBR_ERROR_STORAGE: a file could not be read or written
 *
 * What libdbr itself can say went wrong.
 *
 * What a service or the bus answered is not in this domain: it stays what GDBus makes of it, with
 * its remote name in [func@Gio.DBusError.get_remote_error]. A cancelled operation ends with
 * `G_IO_ERROR_CANCELLED`.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_ERROR_INVALID_ARGUMENT,
  DBR_ERROR_DEADLINE,
  DBR_ERROR_NO_BUS,
  DBR_ERROR_CONNECTION_LOST,
  DBR_ERROR_NO_OWNER,
  DBR_ERROR_CIRCUIT_OPEN,
  DBR_ERROR_OVERLOADED,
  DBR_ERROR_BUDGET_EXHAUSTED,
  DBR_ERROR_DENIED,
  DBR_ERROR_BAD_REPLY,
  DBR_ERROR_STALE,
  DBR_ERROR_CLOSED,
  DBR_ERROR_FORKED,
  DBR_ERROR_NOT_SUPPORTED,
  DBR_ERROR_JOB_FAILED,
  DBR_ERROR_RATE_LIMITED,
  DBR_ERROR_GAVE_UP,
  DBR_ERROR_STORAGE,
} DbrError;

DBR_AVAILABLE_IN_0_1
GQuark    dbr_error_quark        (void);
DBR_AVAILABLE_IN_0_1
GType     dbr_error_get_type     (void);

DBR_AVAILABLE_IN_0_1
gboolean  dbr_error_is_transient (const GError *error);
DBR_AVAILABLE_IN_0_1
char     *dbr_error_explain      (const GError *error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
