/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-types.h"

G_DEFINE_ENUM_TYPE (DbrExecution, dbr_execution,
                    G_DEFINE_ENUM_VALUE (DBR_EXECUTION_NEVER, "never"),
                    G_DEFINE_ENUM_VALUE (DBR_EXECUTION_MAYBE, "maybe"),
                    G_DEFINE_ENUM_VALUE (DBR_EXECUTION_ONCE, "once"),
                    G_DEFINE_ENUM_VALUE (DBR_EXECUTION_SEVERAL, "several"))

G_DEFINE_ENUM_TYPE (DbrSeverity, dbr_severity,
                    G_DEFINE_ENUM_VALUE (DBR_SEVERITY_NOTICE, "notice"),
                    G_DEFINE_ENUM_VALUE (DBR_SEVERITY_WARNING, "warning"),
                    G_DEFINE_ENUM_VALUE (DBR_SEVERITY_CRITICAL, "critical"))
