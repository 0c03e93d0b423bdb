/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-binding.h"

G_BEGIN_DECLS

/* What the block that this thread is in says of what it begins. Outside of any these cost a look at
 * a variable of the thread and say nothing. */

/* FALSE: the time of the block is over. */
gboolean dbr_binding_check             (GError **error);
/* The limit, or what is left of the block's time if that is less; never 0. */
guint    dbr_binding_limit             (guint    limit_ms);
gboolean dbr_binding_is_single_attempt (void);

G_END_DECLS
