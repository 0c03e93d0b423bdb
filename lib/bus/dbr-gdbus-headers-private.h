/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "bus/dbr-transport-private.h"

G_BEGIN_DECLS

/* The header fields of the calls made of late, as the variants GDBus wants. A program calls the
 * same few methods again and again, and making these anew is the dearest part of making a message.
 * */
typedef struct _DbrGdbusHeaders DbrGdbusHeaders;

DbrGdbusHeaders *dbr_gdbus_headers_new   (void) G_GNUC_WARN_UNUSED_RESULT;
void             dbr_gdbus_headers_free  (DbrGdbusHeaders   *self);

/* Makes @message the method call that @outgoing names. From any thread. */
void             dbr_gdbus_headers_apply (DbrGdbusHeaders   *self,
                                          GDBusMessage      *message,
                                          const DbrOutgoing *outgoing);

G_END_DECLS
