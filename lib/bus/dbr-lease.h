/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_LEASE (dbr_lease_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrLease, dbr_lease, DBR, LEASE, GObject)

DBR_AVAILABLE_IN_0_1
GDBusConnection *dbr_lease_get_connection  (DbrLease *self);
DBR_AVAILABLE_IN_0_1
const char      *dbr_lease_get_unique_name (DbrLease *self);

DBR_AVAILABLE_IN_0_1
void             dbr_lease_release         (DbrLease *self);

G_END_DECLS
