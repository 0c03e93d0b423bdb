/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-issue.h"

G_BEGIN_DECLS

DbrIssue *dbr_issue_new    (const char  *id,
                            const char  *operation,
                            DbrSeverity  severity,
                            const char  *text,
                            gint64       since_usec,
                            GVariant    *evidence) G_GNUC_WARN_UNUSED_RESULT;

/* Only in the context of the metrics. */
void      dbr_issue_update (DbrIssue    *self,
                            DbrSeverity  severity,
                            GVariant    *evidence);

G_END_DECLS
