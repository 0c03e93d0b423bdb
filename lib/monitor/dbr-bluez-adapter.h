/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_BLUEZ_ADAPTER (dbr_bluez_adapter_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrBluezAdapter, dbr_bluez_adapter, DBR, BLUEZ_ADAPTER, GObject)

DBR_AVAILABLE_IN_0_1
const char * dbr_bluez_adapter_get_address (DbrBluezAdapter *self);
DBR_AVAILABLE_IN_0_1
char * dbr_bluez_adapter_get_object_path (DbrBluezAdapter *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char * dbr_bluez_adapter_get_name (DbrBluezAdapter *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_get_powered (DbrBluezAdapter *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_get_discovering (DbrBluezAdapter *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_get_blocked (DbrBluezAdapter *self);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_adapter_set_powered_async (DbrBluezAdapter    *self,
                                          gboolean            powered,
                                          GCancellable       *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_set_powered_finish (DbrBluezAdapter *self,
                                               GAsyncResult    *result,
                                               GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_set_powered_sync (DbrBluezAdapter *self,
                                             gboolean         powered,
                                             GCancellable    *cancellable,
                                             GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_adapter_power_cycle_async (DbrBluezAdapter    *self,
                                          GCancellable       *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_power_cycle_finish (DbrBluezAdapter *self,
                                               GAsyncResult    *result,
                                               GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_power_cycle_sync (DbrBluezAdapter *self,
                                             GCancellable    *cancellable,
                                             GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_adapter_start_discovery_async (DbrBluezAdapter    *self,
                                              GVariant           *filter,
                                              GCancellable       *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_start_discovery_finish (DbrBluezAdapter *self,
                                                   GAsyncResult    *result,
                                                   GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_start_discovery_sync (DbrBluezAdapter *self,
                                                 GVariant        *filter,
                                                 GCancellable    *cancellable,
                                                 GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_adapter_stop_discovery_async (DbrBluezAdapter    *self,
                                             GCancellable       *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_stop_discovery_finish (DbrBluezAdapter *self,
                                                  GAsyncResult    *result,
                                                  GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_adapter_stop_discovery_sync (DbrBluezAdapter *self,
                                                GCancellable    *cancellable,
                                                GError         **error);

G_END_DECLS
