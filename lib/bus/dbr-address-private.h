/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "bus/dbr-transport-private.h"

G_BEGIN_DECLS

/* Where a bus of @bus_type is for this process. Nothing is started to find one. */
char      *dbr_address_dup_for_bus (GBusType      bus_type,
                                    GError      **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @address can be connected to at all, as far as its text tells. */
gboolean   dbr_address_check       (const char   *address,
                                    GError      **error);
/* What the bus at @address allows a connection, as it is set up where nobody changed it. */
DbrTransportLimits  dbr_address_get_limits  (const char   *address);
/* What two programs allow each other without a bus. */
DbrTransportLimits  dbr_address_get_peer_limits (void);

G_END_DECLS
