/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "base/dbr-types.h"
#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_ISSUE (dbr_issue_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrIssue, dbr_issue, DBR, ISSUE, GObject)

DBR_AVAILABLE_IN_0_1
const char  *dbr_issue_get_id         (DbrIssue *self);
DBR_AVAILABLE_IN_0_1
const char  *dbr_issue_get_operation  (DbrIssue *self);
DBR_AVAILABLE_IN_0_1
DbrSeverity  dbr_issue_get_severity   (DbrIssue *self);
DBR_AVAILABLE_IN_0_1
const char  *dbr_issue_get_text       (DbrIssue *self);
DBR_AVAILABLE_IN_0_1
gint64       dbr_issue_get_since_usec (DbrIssue *self);
DBR_AVAILABLE_IN_0_1
GVariant    *dbr_issue_get_evidence   (DbrIssue *self);

G_END_DECLS
