/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-error-table-private.h"
#include "policy/dbr-retry.h"

G_BEGIN_DECLS

/* What a failure is, by who says so. Whoever owns a name since less than 5 s is starting, and may
 * not have made its objects yet. */
DbrFailure  dbr_failure_classify_reply (const char   *error_name,
                                        const char   *message,
                                        DbrOrigin     origin,
                                        gboolean      is_starting);
/* The same for an error of this process, which knows how often the method can have run. */
DbrFailure  dbr_failure_classify_local (DbrExecution  execution,
                                        const GError *error);
/* The same from nothing but the error: in doubt the careful one. */
DbrFailure  dbr_failure_classify_error (const GError *error);

/* What the bus calls an error, NULL if it has no name for it. */
char       *dbr_failure_dup_error_name (const GError *error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
