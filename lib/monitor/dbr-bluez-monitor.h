/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "bus/dbr-lease.h"
#include "monitor/dbr-bluez-adapter.h"
#include "monitor/dbr-bluez-device.h"
#include "monitor/dbr-service-monitor.h"

G_BEGIN_DECLS

#define DBR_TYPE_BLUEZ_MONITOR (dbr_bluez_monitor_get_type ())
#ifndef __GI_SCANNER__
# define DBR_BLUEZ_MONITOR(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), DBR_TYPE_BLUEZ_MONITOR, DbrBluezMonitor))
# define DBR_IS_BLUEZ_MONITOR(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), DBR_TYPE_BLUEZ_MONITOR))
#endif

/* Written out, as the class of the parent is the library's own. */
typedef struct _DbrBluezMonitor DbrBluezMonitor;
typedef struct _DbrBluezMonitorClass DbrBluezMonitorClass;

DBR_AVAILABLE_IN_0_1
GType dbr_bluez_monitor_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrBluezMonitor, g_object_unref)

DBR_AVAILABLE_IN_0_1
DbrBluezMonitor *dbr_bluez_monitor_new (DbrClient *client) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
GListModel *dbr_bluez_monitor_get_adapters (DbrBluezMonitor *self);
DBR_AVAILABLE_IN_0_1
GListModel *dbr_bluez_monitor_get_devices (DbrBluezMonitor *self);
DBR_AVAILABLE_IN_0_1
DbrBluezAdapter *dbr_bluez_monitor_get_default_adapter (DbrBluezMonitor *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrLease *dbr_bluez_monitor_get_lease (DbrBluezMonitor *self) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void dbr_bluez_monitor_register_async (DbrBluezMonitor    *self,
                                       const char         *manager_path,
                                       const char         *interface_name,
                                       const char         *method_name,
                                       GVariant           *parameters,
                                       GCancellable       *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_register_finish (DbrBluezMonitor *self,
                                            GAsyncResult    *result,
                                            GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_register_sync (DbrBluezMonitor *self,
                                          const char      *manager_path,
                                          const char      *interface_name,
                                          const char      *method_name,
                                          GVariant        *parameters,
                                          GCancellable    *cancellable,
                                          GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_monitor_unregister_async (DbrBluezMonitor    *self,
                                         const char         *manager_path,
                                         const char         *interface_name,
                                         GVariant           *parameters,
                                         GCancellable       *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_unregister_finish (DbrBluezMonitor *self,
                                              GAsyncResult    *result,
                                              GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_unregister_sync (DbrBluezMonitor *self,
                                            const char      *manager_path,
                                            const char      *interface_name,
                                            GVariant        *parameters,
                                            GCancellable    *cancellable,
                                            GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_monitor_register_agent_async (DbrBluezMonitor    *self,
                                             const char         *object_path,
                                             const char         *capability,
                                             gboolean            as_default,
                                             GCancellable       *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_register_agent_finish (DbrBluezMonitor *self,
                                                  GAsyncResult    *result,
                                                  GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_register_agent_sync (DbrBluezMonitor *self,
                                                const char      *object_path,
                                                const char      *capability,
                                                gboolean         as_default,
                                                GCancellable    *cancellable,
                                                GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_monitor_unregister_agent_async (DbrBluezMonitor    *self,
                                               const char         *object_path,
                                               GCancellable       *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_unregister_agent_finish (DbrBluezMonitor *self,
                                                    GAsyncResult    *result,
                                                    GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_unregister_agent_sync (DbrBluezMonitor *self,
                                                  const char      *object_path,
                                                  GCancellable    *cancellable,
                                                  GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_monitor_start_notify_async (DbrBluezMonitor    *self,
                                           const char         *object_path,
                                           GCancellable       *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_start_notify_finish (DbrBluezMonitor *self,
                                                GAsyncResult    *result,
                                                GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_start_notify_sync (DbrBluezMonitor *self,
                                              const char      *object_path,
                                              GCancellable    *cancellable,
                                              GError         **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_monitor_stop_notify_async (DbrBluezMonitor    *self,
                                          const char         *object_path,
                                          GCancellable       *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_stop_notify_finish (DbrBluezMonitor *self,
                                               GAsyncResult    *result,
                                               GError         **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_monitor_stop_notify_sync (DbrBluezMonitor *self,
                                             const char      *object_path,
                                             GCancellable    *cancellable,
                                             GError         **error);

G_END_DECLS
