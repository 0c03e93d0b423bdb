/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-transport-private.h"

G_BEGIN_DECLS

typedef struct _DbrOpening DbrOpening;

/* Called once on dbr-io, with either. */
typedef void (*DbrOpenedFunc) (DbrTransport *transport,
                               GError       *error,
                               gpointer      user_data);

/* The same for who hands the connection itself on. */
typedef void (*DbrConnectedFunc) (GDBusConnection *connection,
                                  GError          *error,
                                  gpointer         user_data);

/* Makes a private connection to @address, with no more time than @limit_ms. To be called on dbr-io.
 * */
DbrOpening *dbr_opening_start (const char               *address,
                               gboolean                  has_bus,
                               const DbrTransportLimits *limits,
                               guint                     limit_ms,
                               DbrOpenedFunc             opened,
                               gpointer                  user_data,
                               GDestroyNotify            destroy) G_GNUC_WARN_UNUSED_RESULT;
DbrOpening *dbr_opening_start_connection (const char       *address,
                                          guint             limit_ms,
                                          DbrConnectedFunc  connected,
                                          gpointer          user_data,
                                          GDestroyNotify    destroy) G_GNUC_WARN_UNUSED_RESULT;
/* Makes it fail soon, from any thread. */
void        dbr_opening_abort (DbrOpening      *self);
DbrOpening *dbr_opening_ref   (DbrOpening      *self);
void        dbr_opening_unref (DbrOpening      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrOpening, dbr_opening_unref)

G_END_DECLS
