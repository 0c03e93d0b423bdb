/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-opening-private.h"

G_BEGIN_DECLS

/* Opens a private GDBusConnection. */
DbrOpening *dbr_gdbus_opening_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* For who wants the connection itself. */
DbrOpening *dbr_gdbus_opening_new_connection (DbrConnectedFunc connected) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
