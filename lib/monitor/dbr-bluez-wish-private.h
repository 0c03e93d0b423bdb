/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-core-private.h"

G_BEGIN_DECLS

/* What somebody made of a property while BlueZ lived on with it. A value that changed so was wanted by
 * somebody, be it by another program; one that is another one after a restart was lost. What changes
 * just before an object goes was part of its going: BlueZ ends connections and switches adapters off
 * when it is told to stop. On dbr-io alone. */

/* Somebody has changed properties of the node. */
void      dbr_bluez_wishes_note  (DbrBluezCore       *core,
                                  DbrBluezNode       *node,
                                  const char         *interface_name,
                                  const char *const  *names);
/* Nobody wanted what it came to last. */
void      dbr_bluez_wishes_drop  (DbrBluezNode       *node,
                                  const char         *name);
/* The node is gone. */
void      dbr_bluez_wishes_part  (DbrBluezNode       *node);
/* NULL: nobody has changed it since; monotonic time. */
GVariant *dbr_bluez_wishes_ref   (DbrBluezNode       *node,
                                  const char         *name,
                                  gint64              since_usec) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
