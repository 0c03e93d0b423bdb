/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "base/dbr-types.h"
#include "bus/dbr-lease.h"
#include "dbr-version-macros.h"
#include "metrics/dbr-operation-stats.h"

G_BEGIN_DECLS

#define DBR_TYPE_CALL (dbr_call_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrCall, dbr_call, DBR, CALL, GObject)

DBR_AVAILABLE_IN_0_1
DbrCall *dbr_call_new (const char *bus_name,
                       const char *object_path,
                       const char *interface_name,
                       const char *method_name,
                       GVariant   *parameters) G_GNUC_WARN_UNUSED_RESULT;

/* What it asks for */
DBR_AVAILABLE_IN_0_1
const char         *dbr_call_get_bus_name           (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
const char         *dbr_call_get_object_path        (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
const char         *dbr_call_get_interface_name     (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
const char         *dbr_call_get_method_name        (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
GVariant           *dbr_call_get_parameters         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
const GVariantType *dbr_call_get_reply_type         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_reply_type         (DbrCall            *self,
                                                     const GVariantType *reply_type);
DBR_AVAILABLE_IN_0_1
const char         *dbr_call_get_operation          (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_operation          (DbrCall            *self,
                                                     const char         *operation);
DBR_AVAILABLE_IN_0_1
guint               dbr_call_get_timeout_ms         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_timeout_ms         (DbrCall            *self,
                                                     guint               timeout_ms);
DBR_AVAILABLE_IN_0_1
guint               dbr_call_get_attempt_timeout_ms (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_attempt_timeout_ms (DbrCall            *self,
                                                     guint               attempt_timeout_ms);
DBR_AVAILABLE_IN_0_1
gboolean            dbr_call_get_idempotent         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_idempotent         (DbrCall            *self,
                                                     gboolean            idempotent);
DBR_AVAILABLE_IN_0_1
gboolean            dbr_call_get_interactive        (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_interactive        (DbrCall            *self,
                                                     gboolean            interactive);
DBR_AVAILABLE_IN_0_1
gboolean            dbr_call_get_auto_start         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_auto_start         (DbrCall            *self,
                                                     gboolean            auto_start);
DBR_AVAILABLE_IN_0_1
const char * const *dbr_call_get_success_errors     (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_success_errors     (DbrCall            *self,
                                                     const char * const *success_errors);
DBR_AVAILABLE_IN_0_1
gboolean            dbr_call_get_background         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_background         (DbrCall            *self,
                                                     gboolean            background);
DBR_AVAILABLE_IN_0_1
gboolean            dbr_call_get_bypass_circuit     (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_bypass_circuit     (DbrCall            *self,
                                                     gboolean            bypass_circuit);
DBR_AVAILABLE_IN_0_1
GUnixFDList        *dbr_call_get_fd_list            (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_fd_list            (DbrCall            *self,
                                                     GUnixFDList        *fd_list);
DBR_AVAILABLE_IN_0_1
DbrLease           *dbr_call_get_lease              (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
void                dbr_call_set_lease              (DbrCall            *self,
                                                     DbrLease           *lease);

/* What became of it */
DBR_AVAILABLE_IN_0_1
DbrOutcome          dbr_call_get_outcome            (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
guint               dbr_call_get_attempts           (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
DbrExecution        dbr_call_get_execution          (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
gint64              dbr_call_get_elapsed_usec       (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
gint64              dbr_call_get_queue_usec         (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
gint64              dbr_call_get_service_usec       (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
gint64              dbr_call_get_lag_usec           (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
const char         *dbr_call_get_sender             (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
GUnixFDList        *dbr_call_get_reply_fd_list      (DbrCall            *self);
DBR_AVAILABLE_IN_0_1
gboolean            dbr_call_get_joined             (DbrCall            *self);

G_END_DECLS
