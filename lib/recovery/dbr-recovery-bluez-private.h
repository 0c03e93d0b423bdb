/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-monitor-private.h"
#include "recovery/dbr-recovery-ladder-private.h"

G_BEGIN_DECLS

/* What can be done to one device or adapter of BlueZ, by BlueZ. */

/* Any thread. Each array is of addresses of adapters. */
gboolean      dbr_recovery_bluez_has_input_devices (DbrBluezCore         *core);
GStrv         dbr_recovery_bluez_dup_adapters      (DbrBluezCore         *core) G_GNUC_WARN_UNUSED_RESULT;

/* On dbr-io: the adapter that a device belongs to, or that it is itself; NULL if nobody knows it. */
char         *dbr_recovery_bluez_dup_adapter       (DbrBluezCore         *core,
                                                    const char           *target) G_GNUC_WARN_UNUSED_RESULT;
/* On dbr-io: what is wrong with the device or adapter of this address. */
DbrTrouble    dbr_recovery_bluez_judge             (DbrBluezCore         *core,
                                                    const char           *target,
                                                    const GError         *last_error);

/* On dbr-io, that is what @callback runs in too. Each is bounded. */

/* Reads what BlueZ has, and waits until the connection of a device is what it will be. */
void          dbr_recovery_bluez_read_async        (DbrBluezCore         *core,
                                                    const char           *target,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
/* Waits until these adapters are there. */
void          dbr_recovery_bluez_wait_async        (DbrBluezCore         *core,
                                                    const char * const   *adapters,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
/* One of the rungs that are BlueZ's own. */
void          dbr_recovery_bluez_act_async         (DbrBluezCore         *core,
                                                    DbrRungKind           kind,
                                                    const char           *target,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
/* Of all three. */
gboolean      dbr_recovery_bluez_finish            (GAsyncResult         *result,
                                                    GError              **error);

G_END_DECLS
