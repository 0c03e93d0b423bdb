/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include "monitor/dbr-bluez-adapter.h"

G_BEGIN_DECLS

#define DBR_TYPE_DISCONNECT_REASON (dbr_disconnect_reason_get_type ())
#define DBR_TYPE_BLUEZ_DEVICE (dbr_bluez_device_get_type ())

/**
 * DbrDisconnectReason:
 * @DBR_DISCONNECT_REASON_UNKNOWN: BlueZ does not tell, as before version 5.84
 * @DBR_DISCONNECT_REASON_TIMEOUT: the device was not heard any more
 * @DBR_DISCONNECT_REASON_LOCAL: a program on this computer wanted it
 * @DBR_DISCONNECT_REASON_REMOTE: the device wanted it
 * @DBR_DISCONNECT_REASON_AUTHENTICATION: the keys of the two do not fit any more
 * @DBR_DISCONNECT_REASON_SUSPEND: this computer went to sleep
 *
 * Why the connection to a Bluetooth device has ended.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_DISCONNECT_REASON_UNKNOWN,
  DBR_DISCONNECT_REASON_TIMEOUT,
  DBR_DISCONNECT_REASON_LOCAL,
  DBR_DISCONNECT_REASON_REMOTE,
  DBR_DISCONNECT_REASON_AUTHENTICATION,
  DBR_DISCONNECT_REASON_SUSPEND,
} DbrDisconnectReason;

DBR_AVAILABLE_IN_0_1
GType dbr_disconnect_reason_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrBluezDevice, dbr_bluez_device, DBR, BLUEZ_DEVICE, GObject)

DBR_AVAILABLE_IN_0_1
const char * dbr_bluez_device_get_address (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
DbrBluezAdapter * dbr_bluez_device_get_adapter (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
char * dbr_bluez_device_get_object_path (DbrBluezDevice *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char * dbr_bluez_device_get_name (DbrBluezDevice *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_get_connected (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_get_paired (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_get_trusted (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_get_services_resolved (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
int dbr_bluez_device_get_rssi (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_get_keep_connected (DbrBluezDevice *self);
DBR_AVAILABLE_IN_0_1
void dbr_bluez_device_set_keep_connected (DbrBluezDevice *self,
                                          gboolean        keep_connected);
DBR_AVAILABLE_IN_0_1
guint dbr_bluez_device_get_reconnects (DbrBluezDevice *self);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_device_connect_device_async (DbrBluezDevice     *self,
                                            GCancellable       *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_connect_device_finish (DbrBluezDevice *self,
                                                 GAsyncResult   *result,
                                                 GError        **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_connect_device_sync (DbrBluezDevice *self,
                                               GCancellable   *cancellable,
                                               GError        **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_device_disconnect_device_async (DbrBluezDevice     *self,
                                               GCancellable       *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_disconnect_device_finish (DbrBluezDevice *self,
                                                    GAsyncResult   *result,
                                                    GError        **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_disconnect_device_sync (DbrBluezDevice *self,
                                                  GCancellable   *cancellable,
                                                  GError        **error);

DBR_AVAILABLE_IN_0_1
void dbr_bluez_device_pair_async (DbrBluezDevice     *self,
                                  GCancellable       *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer            user_data);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_pair_finish (DbrBluezDevice *self,
                                       GAsyncResult   *result,
                                       GError        **error);
DBR_AVAILABLE_IN_0_1
gboolean dbr_bluez_device_pair_sync (DbrBluezDevice *self,
                                     GCancellable   *cancellable,
                                     GError        **error);

G_END_DECLS
