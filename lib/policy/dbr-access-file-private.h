/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "policy/dbr-access-rules-private.h"

G_BEGIN_DECLS

/* Adds what a text says, in the form of dbr_access_policy_load_file(); after an error only some of
 * it. Errors begin with the number of the line. */
gboolean              dbr_access_file_read     (DbrAccessRules  *rules,
                                                const char      *text,
                                                gsize            length,
                                                GError         **error);

/* What data/access.ini says of a tier. It never changes. */
const DbrAccessRules *dbr_access_file_get_tier (DbrAccessTier    tier);

/* As in rules and messages: `tier standard`. */
const char           *dbr_access_tier_get_title (DbrAccessTier   tier);

G_END_DECLS
