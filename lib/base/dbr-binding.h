/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

DBR_AVAILABLE_IN_0_1
void dbr_binding_enter (gint64   until_usec,
                        gboolean single_attempt);
DBR_AVAILABLE_IN_0_1
void dbr_binding_leave (void);

G_END_DECLS
