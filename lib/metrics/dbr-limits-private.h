/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* From when on an operation is an issue. */
typedef struct
{
  gint64 p95_usec;
  double error_rate;
  /* what may fail or be slow over a day */
  double burn_share;
} DbrLimit;

/* Limits of operations: those that ship and those that were set. For one thread at a time. */
typedef struct _DbrLimits DbrLimits;

DbrLimits *dbr_limits_new    (void) G_GNUC_WARN_UNUSED_RESULT;
void       dbr_limits_free   (DbrLimits   *self);

gboolean   dbr_limit_check   (gint64       p95_usec,
                              double       error_rate,
                              GError     **error);
void       dbr_limits_set    (DbrLimits   *self,
                              const char  *operation,
                              gint64       p95_usec,
                              double       error_rate);
/* What was set for @name goes before what was set for its @operation, and that before what ships. */
DbrLimit   dbr_limits_lookup (DbrLimits   *self,
                              const char  *name,
                              const char  *operation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrLimits, dbr_limits_free)

G_END_DECLS
