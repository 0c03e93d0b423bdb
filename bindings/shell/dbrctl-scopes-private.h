/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

G_BEGIN_DECLS

/* What a recovery may do, as a person types it: “device,adapter”. The error lists what there is. */
gboolean dbrctl_scopes_parse (const char        *list,
                              DbrRecoveryScope  *scopes,
                              GError           **error);

G_END_DECLS
