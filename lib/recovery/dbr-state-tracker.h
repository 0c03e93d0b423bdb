/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "monitor/dbr-bluez-monitor.h"
#include "recovery/dbr-device-state.h"

G_BEGIN_DECLS

#define DBR_TYPE_STATE_TRACKER (dbr_state_tracker_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrStateTracker, dbr_state_tracker, DBR, STATE_TRACKER, GObject)

DBR_AVAILABLE_IN_0_1
DbrStateTracker *dbr_state_tracker_new            (DbrBluezMonitor     *monitor) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
DbrBluezMonitor *dbr_state_tracker_get_monitor    (DbrStateTracker     *self);
DBR_AVAILABLE_IN_0_1
char            *dbr_state_tracker_get_file       (DbrStateTracker     *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
void             dbr_state_tracker_set_file       (DbrStateTracker     *self,
                                                   const char          *file);

DBR_AVAILABLE_IN_0_1
DbrDeviceState  *dbr_state_tracker_get            (DbrStateTracker     *self,
                                                   const char          *address) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char           **dbr_state_tracker_dup_addresses  (DbrStateTracker     *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
gboolean         dbr_state_tracker_set_attribute  (DbrStateTracker     *self,
                                                   const char          *address,
                                                   const char          *name,
                                                   GVariant            *value,
                                                   GError             **error);
DBR_AVAILABLE_IN_0_1
void             dbr_state_tracker_forget         (DbrStateTracker     *self,
                                                   const char          *address);

DBR_AVAILABLE_IN_0_1
void             dbr_state_tracker_save_async     (DbrStateTracker     *self,
                                                   DbrBluezDevice      *device,
                                                   GCancellable        *cancellable,
                                                   GAsyncReadyCallback  callback,
                                                   gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_state_tracker_save_finish    (DbrStateTracker     *self,
                                                   GAsyncResult        *result,
                                                   GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_state_tracker_save_sync      (DbrStateTracker     *self,
                                                   DbrBluezDevice      *device,
                                                   GCancellable        *cancellable,
                                                   GError             **error);

DBR_AVAILABLE_IN_0_1
void             dbr_state_tracker_flush_async    (DbrStateTracker     *self,
                                                   GCancellable        *cancellable,
                                                   GAsyncReadyCallback  callback,
                                                   gpointer             user_data);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_state_tracker_flush_finish   (DbrStateTracker     *self,
                                                   GAsyncResult        *result,
                                                   GError             **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_state_tracker_flush_sync     (DbrStateTracker     *self,
                                                   GCancellable        *cancellable,
                                                   GError             **error);

DBR_AVAILABLE_IN_0_1
void             dbr_state_tracker_restore_async  (DbrStateTracker     *self,
                                                   const char          *address,
                                                   GCancellable        *cancellable,
                                                   GAsyncReadyCallback  callback,
                                                   gpointer             user_data);
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_state_tracker_restore_finish (DbrStateTracker     *self,
                                                   GAsyncResult        *result,
                                                   GError             **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GListModel      *dbr_state_tracker_restore_sync   (DbrStateTracker     *self,
                                                   const char          *address,
                                                   GCancellable        *cancellable,
                                                   GError             **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
