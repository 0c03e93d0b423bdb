/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-arguments-private.h"
#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* The first that the service shows; FALSE if it shows none, which is no error. */
gboolean   dbrctl_target_find  (DbrctlTarget  *self,
                                DbrClient     *client,
                                const char    *bus_name,
                                GCancellable  *cancellable);

/* A client of the bus that was asked for, else of that one of the system and the session bus where
 * the name is owned, or could be. */
DbrClient *dbrctl_frame_open_client_for (DbrctlFrame   *frame,
                                         const char    *bus_name,
                                         GError       **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
