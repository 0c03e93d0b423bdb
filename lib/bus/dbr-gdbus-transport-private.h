/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-transport-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_GDBUS_TRANSPORT (dbr_gdbus_transport_get_type ())

/* The transport that stands on a GDBusConnection: a private one, or one that the application lends.
 * */
G_DECLARE_FINAL_TYPE (DbrGdbusTransport, dbr_gdbus_transport, DBR, GDBUS_TRANSPORT, GObject)

DbrTransport *dbr_gdbus_transport_new_adopted (GDBusConnection *connection,
                                               const DbrTransportLimits *limits) G_GNUC_WARN_UNUSED_RESULT;
DbrTransport *dbr_gdbus_transport_new_private (GDBusConnection          *connection,
                                               GSocket                  *socket,
                                               const DbrTransportLimits *limits) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
