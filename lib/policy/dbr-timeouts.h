/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_TIMEOUTS (dbr_timeouts_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrTimeouts, dbr_timeouts, DBR, TIMEOUTS, GObject)

DBR_AVAILABLE_IN_0_1
DbrTimeouts  *dbr_timeouts_new            (void) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
guint         dbr_timeouts_get            (DbrTimeouts  *self,
                                           const char   *operation);
DBR_AVAILABLE_IN_0_1
gboolean      dbr_timeouts_set            (DbrTimeouts  *self,
                                           const char   *operation,
                                           guint         ms,
                                           GError      **error);
DBR_AVAILABLE_IN_0_1
void          dbr_timeouts_unset          (DbrTimeouts  *self,
                                           const char   *operation);
DBR_AVAILABLE_IN_0_1
char        **dbr_timeouts_dup_operations (DbrTimeouts  *self) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
gboolean      dbr_timeouts_map            (DbrTimeouts  *self,
                                           const char   *interface_name,
                                           const char   *member,
                                           const char   *operation,
                                           GError      **error);
DBR_AVAILABLE_IN_0_1
char         *dbr_timeouts_lookup         (DbrTimeouts  *self,
                                           const char   *interface_name,
                                           const char   *member,
                                           guint        *ms) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
gboolean      dbr_timeouts_load_file      (DbrTimeouts  *self,
                                           const char   *path,
                                           GError      **error);
DBR_AVAILABLE_IN_0_1
gboolean      dbr_timeouts_load_data      (DbrTimeouts  *self,
                                           const char   *text,
                                           GError      **error);

G_END_DECLS
