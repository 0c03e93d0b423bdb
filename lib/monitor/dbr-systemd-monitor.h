/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "monitor/dbr-boot-times.h"
#include "monitor/dbr-service-monitor.h"
#include "monitor/dbr-unit.h"

G_BEGIN_DECLS

#define DBR_TYPE_SYSTEMD_SCOPE (dbr_systemd_scope_get_type ())
#define DBR_TYPE_SYSTEMD_MONITOR (dbr_systemd_monitor_get_type ())

/**
 * DbrSystemdScope:
 * @DBR_SYSTEMD_SCOPE_SYSTEM: the systemd of the machine
 * @DBR_SYSTEMD_SCOPE_USER: that of the user who is logged in
 *
 * Which systemd is meant.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_SYSTEMD_SCOPE_SYSTEM,
  DBR_SYSTEMD_SCOPE_USER,
} DbrSystemdScope;

DBR_AVAILABLE_IN_0_1
GType dbr_systemd_scope_get_type (void);

/* Written out, as the class of the parent is the library's own. */
typedef struct _DbrSystemdMonitor DbrSystemdMonitor;
typedef struct _DbrSystemdMonitorClass DbrSystemdMonitorClass;

DBR_AVAILABLE_IN_0_1
GType dbr_systemd_monitor_get_type (void);

#ifndef __GI_SCANNER__
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrSystemdMonitor, g_object_unref)

static inline DbrSystemdMonitor *
DBR_SYSTEMD_MONITOR (gpointer object)
{
  return G_TYPE_CHECK_INSTANCE_CAST (object, DBR_TYPE_SYSTEMD_MONITOR, DbrSystemdMonitor);
}

static inline gboolean
DBR_IS_SYSTEMD_MONITOR (gpointer object)
{
  return G_TYPE_CHECK_INSTANCE_TYPE (object, DBR_TYPE_SYSTEMD_MONITOR);
}
#endif

DBR_AVAILABLE_IN_0_1
DbrSystemdMonitor *dbr_systemd_monitor_new (DbrClient       *client,
                                            DbrSystemdScope  scope) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrSystemdScope  dbr_systemd_monitor_get_scope          (DbrSystemdMonitor  *self);
DBR_AVAILABLE_IN_0_1
const char      *dbr_systemd_monitor_get_via            (DbrSystemdMonitor  *self);
DBR_AVAILABLE_IN_0_1
const char      *dbr_systemd_monitor_get_system_state   (DbrSystemdMonitor  *self);
DBR_AVAILABLE_IN_0_1
int              dbr_systemd_monitor_get_n_failed_units (DbrSystemdMonitor  *self);
DBR_AVAILABLE_IN_0_1
int              dbr_systemd_monitor_get_n_jobs         (DbrSystemdMonitor  *self);
DBR_AVAILABLE_IN_0_1
int              dbr_systemd_monitor_get_n_units        (DbrSystemdMonitor  *self);
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_systemd_monitor_get_failed_units   (DbrSystemdMonitor  *self);

DBR_AVAILABLE_IN_0_1
void             dbr_systemd_monitor_watch_units        (DbrSystemdMonitor  *self,
                                                         const char * const *names);

DBR_AVAILABLE_IN_0_1
void             dbr_systemd_monitor_get_unit_async  (DbrSystemdMonitor    *self,
                                                      const char           *name,
                                                      GCancellable         *cancellable,
                                                      GAsyncReadyCallback   callback,
                                                      gpointer              user_data);
DBR_AVAILABLE_IN_0_1
DbrUnit         *dbr_systemd_monitor_get_unit_finish (DbrSystemdMonitor    *self,
                                                      GAsyncResult         *result,
                                                      GError              **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrUnit         *dbr_systemd_monitor_get_unit_sync   (DbrSystemdMonitor    *self,
                                                      const char           *name,
                                                      GCancellable         *cancellable,
                                                      GError              **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void             dbr_systemd_monitor_list_units_async  (DbrSystemdMonitor    *self,
                                                        const char * const   *patterns,
                                                        const char * const   *states,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_systemd_monitor_list_units_finish (DbrSystemdMonitor    *self,
                                                        GAsyncResult         *result,
                                                        GError              **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_systemd_monitor_list_units_sync   (DbrSystemdMonitor    *self,
                                                        const char * const   *patterns,
                                                        const char * const   *states,
                                                        GCancellable         *cancellable,
                                                        GError              **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void             dbr_systemd_monitor_list_jobs_async  (DbrSystemdMonitor    *self,
                                                       GCancellable         *cancellable,
                                                       GAsyncReadyCallback   callback,
                                                       gpointer              user_data);
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_systemd_monitor_list_jobs_finish (DbrSystemdMonitor    *self,
                                                       GAsyncResult         *result,
                                                       GError              **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_systemd_monitor_list_jobs_sync   (DbrSystemdMonitor    *self,
                                                       GCancellable         *cancellable,
                                                       GError              **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void             dbr_systemd_monitor_reload_manager_async  (DbrSystemdMonitor    *self,
                                                            DbrUnitFlags          flags,
                                                            GCancellable         *cancellable,
                                                            GAsyncReadyCallback   callback,
                                                            gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_systemd_monitor_reload_manager_finish (DbrSystemdMonitor    *self,
                                                            GAsyncResult         *result,
                                                            GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_systemd_monitor_reload_manager_sync   (DbrSystemdMonitor    *self,
                                                            DbrUnitFlags          flags,
                                                            GCancellable         *cancellable,
                                                            GError              **error);

DBR_AVAILABLE_IN_0_1
void             dbr_systemd_monitor_get_boot_times_async  (DbrSystemdMonitor    *self,
                                                            GCancellable         *cancellable,
                                                            GAsyncReadyCallback   callback,
                                                            gpointer              user_data);
DBR_AVAILABLE_IN_0_1
DbrBootTimes    *dbr_systemd_monitor_get_boot_times_finish (DbrSystemdMonitor    *self,
                                                            GAsyncResult         *result,
                                                            GError              **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrBootTimes    *dbr_systemd_monitor_get_boot_times_sync   (DbrSystemdMonitor    *self,
                                                            GCancellable         *cancellable,
                                                            GError              **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
