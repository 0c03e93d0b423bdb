/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-types.h"

G_BEGIN_DECLS

/* Who made an error: this process, the bus, or the program that was called. A name alone does not
 * tell whether a method ran: the bus says `NoReply` of a dead service, and a service may say it
 * too. */
typedef enum
{
  DBR_ORIGIN_LOCAL,
  DBR_ORIGIN_BUS,
  DBR_ORIGIN_SERVICE,
} DbrOrigin;

/* What data/errors.xml says of one D-Bus error name, or of a detail in its message. The texts are
 * not translated yet; sandbox_explanation is NULL where a sandbox makes no difference. */
typedef struct
{
  const char   *name;
  DbrExecution  from_bus;
  DbrExecution  from_service;
  gboolean      is_transient;
  gboolean      is_permanent;
  const char   *explanation;
  const char   *sandbox_explanation;
} DbrErrorEntry;

/* The names of what GIO says itself, as `gio:timed-out`; none of them can be a D-Bus name. */
#define DBR_ERROR_TABLE_GIO_PREFIX "gio:"
#define DBR_ERROR_TABLE_GIO_ANY "gio:*"

/* Never NULL: a name that is not listed has the row of the longest `beginning.*` that fits, or at
 * last that of `*`. A detail is looked for only if there is a message, and has the name and the
 * executions of the row it stands in. An entry lives as long as the process. */
const DbrErrorEntry *dbr_error_table_lookup        (const char *name,
                                                    const char *message);

/* How often the method ran of which @origin says @name. Of what this process says itself the name
 * tells nothing, but whether the message had left it: DBR_ORIGIN_LOCAL is always MAYBE. */
DbrExecution         dbr_error_table_get_execution (const char *name,
                                                    DbrOrigin   origin);

G_END_DECLS
