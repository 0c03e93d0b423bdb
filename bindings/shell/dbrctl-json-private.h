/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-output-private.h"

G_BEGIN_DECLS

/* What single members need that are not plain values. */
void dbrctl_json_add_strv  (JsonBuilder        *builder,
                            const char         *name,
                            const char *const  *values);
/* As dbrctl-error-1, as far as it is of this one; or null. */
void dbrctl_json_add_error (JsonBuilder        *builder,
                            const char         *name,
                            const GError       *error);

G_END_DECLS
