/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-transport-private.h"
#include "bus/wire/dbr-wire-input-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_WIRE_TRANSPORT (dbr_wire_transport_get_type ())

/* The transport that speaks D-Bus itself, over a socket of its own. */
G_DECLARE_FINAL_TYPE (DbrWireTransport, dbr_wire_transport, DBR, WIRE_TRANSPORT, GObject)

/* Takes over a connected socket that was let in, and what was read from it already. */
DbrTransport *dbr_wire_transport_new (int              fd,
                                      DbrWireInput    *input,
                                      gboolean         can_pass_descriptors,
                                      const char      *unique_name,
                                      const char      *guid,
                                      const DbrTransportLimits *limits) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
