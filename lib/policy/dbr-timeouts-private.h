/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "policy/dbr-timeouts.h"

G_BEGIN_DECLS

/* What every call asks. The limits of `default` and `activate`: */
guint dbr_timeouts_get_default  (DbrTimeouts  *self);
guint dbr_timeouts_get_activate (DbrTimeouts  *self);

/* And its own. Each returns the limit, allocates nothing, and lends the interned name of
 * the operation if @operation is not NULL. */
guint dbr_timeouts_lookup_fast  (DbrTimeouts  *self,
                                 const char   *interface_name,
                                 const char   *member,
                                 const char  **operation);

/* The same for writing a property, which may take longer than a property usually does. */
guint dbr_timeouts_lookup_write (DbrTimeouts  *self,
                                 const char   *interface_name,
                                 const char   *property_name,
                                 const char  **operation);

G_END_DECLS
