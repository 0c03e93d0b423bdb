/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

/* Whose header includes this one. */
typedef struct _DbrClient DbrClient;

#define DBR_TYPE_PROXY (dbr_proxy_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrProxy, dbr_proxy, DBR, PROXY, GObject)

DBR_AVAILABLE_IN_0_1
DbrClient   *dbr_proxy_get_client         (DbrProxy            *self);
DBR_AVAILABLE_IN_0_1
const char  *dbr_proxy_get_bus_name       (DbrProxy            *self);
DBR_AVAILABLE_IN_0_1
const char  *dbr_proxy_get_object_path    (DbrProxy            *self);
DBR_AVAILABLE_IN_0_1
const char  *dbr_proxy_get_interface_name (DbrProxy            *self);
DBR_AVAILABLE_IN_0_1
guint        dbr_proxy_get_generation     (DbrProxy            *self);
DBR_AVAILABLE_IN_0_1
gboolean     dbr_proxy_get_fresh          (DbrProxy            *self);

DBR_AVAILABLE_IN_0_1
GVariant    *dbr_proxy_get_cached         (DbrProxy            *self,
                                           const char          *name) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char       **dbr_proxy_dup_cached_names   (DbrProxy            *self) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void         dbr_proxy_call_async         (DbrProxy            *self,
                                           const char          *method_name,
                                           GVariant            *parameters,
                                           guint                timeout_ms,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GVariant    *dbr_proxy_call_finish        (DbrProxy            *self,
                                           GAsyncResult        *result,
                                           GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant    *dbr_proxy_call_sync          (DbrProxy            *self,
                                           const char          *method_name,
                                           GVariant            *parameters,
                                           guint                timeout_ms,
                                           GCancellable        *cancellable,
                                           GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void         dbr_proxy_read_async         (DbrProxy            *self,
                                           const char          *name,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GVariant    *dbr_proxy_read_finish        (DbrProxy            *self,
                                           GAsyncResult        *result,
                                           GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant    *dbr_proxy_read_sync          (DbrProxy            *self,
                                           const char          *name,
                                           GCancellable        *cancellable,
                                           GError             **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void         dbr_proxy_write_async        (DbrProxy            *self,
                                           const char          *name,
                                           GVariant            *value,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean     dbr_proxy_write_finish       (DbrProxy            *self,
                                           GAsyncResult        *result,
                                           GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean     dbr_proxy_write_sync         (DbrProxy            *self,
                                           const char          *name,
                                           GVariant            *value,
                                           GCancellable        *cancellable,
                                           GError             **error);

DBR_AVAILABLE_IN_0_1
void         dbr_proxy_refresh_async      (DbrProxy            *self,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean     dbr_proxy_refresh_finish     (DbrProxy            *self,
                                           GAsyncResult        *result,
                                           GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean     dbr_proxy_refresh_sync       (DbrProxy            *self,
                                           GCancellable        *cancellable,
                                           GError             **error);

G_END_DECLS
