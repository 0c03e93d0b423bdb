/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_EVENT (dbr_event_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrEvent, dbr_event, DBR, EVENT, GObject)

DBR_AVAILABLE_IN_0_1
const char *dbr_event_get_kind      (DbrEvent *self);
DBR_AVAILABLE_IN_0_1
const char *dbr_event_get_text      (DbrEvent *self);
DBR_AVAILABLE_IN_0_1
gint64      dbr_event_get_when_usec (DbrEvent *self);
DBR_AVAILABLE_IN_0_1
GVariant   *dbr_event_get_details   (DbrEvent *self);

G_END_DECLS
