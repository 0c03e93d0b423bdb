/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* GDBus counts its own serials from 1 and takes the replies to them; ours start here, and a filter
 * takes those before GDBus looks for whom they are. So neither ever sees the other's. */
#define DBR_GDBUS_FIRST_SERIAL 0x80000000u

/* All that lean on one connection share its serials: an application may lend it to several clients.
 * They live as long as the connection. */
guint32 *dbr_gdbus_serial_get_next (GDBusConnection *connection);
guint32  dbr_gdbus_serial_take     (guint32         *next);

G_END_DECLS
