/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-testbed.h"

G_BEGIN_DECLS

/* Counts what one connection sends, as the bus itself sees it. */
typedef struct _DbrTap DbrTap;

DbrTap *dbr_tap_new   (DbrTestBus  *bus,
                       const char  *unique_name) G_GNUC_WARN_UNUSED_RESULT;
void    dbr_tap_free  (DbrTap      *self);

/* How many calls it has made until now: all that the bus has taken are in it. */
guint   dbr_tap_count (DbrTap      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTap, dbr_tap_free)

G_END_DECLS
