/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-service-monitor.h"
#include "recovery/dbr-recovery-ladder-private.h"

G_BEGIN_DECLS

/* What a recovery is for, besides the service as a whole: of BlueZ a device or an adapter by its
 * address, of systemd a unit by its name. */

/* As BlueZ or systemd write it; NULL with an `INVALID_ARGUMENT` if this service has no such thing. */
char       *dbr_recovery_target_complete          (DbrServiceMonitor    *monitor,
                                                   const char           *target,
                                                   GError              **error) G_GNUC_WARN_UNUSED_RESULT;
/* A keyboard or a mouse is connected, as far as is known. Any thread. */
gboolean    dbr_recovery_target_has_input_devices (DbrServiceMonitor    *monitor);

/* What is wrong with a target of a service that answers, NULL for what tells more: the error of what
 * was tried last. Any thread that runs its default context. */
void        dbr_recovery_target_look_async        (DbrServiceMonitor    *monitor,
                                                   const char           *target,
                                                   const GError         *last_error,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
/* FALSE: it cannot be known, or was cancelled. @adapter: that the target is or belongs to, NULL if
 * there is none. */
gboolean    dbr_recovery_target_look_finish       (DbrServiceMonitor    *monitor,
                                                   GAsyncResult         *result,
                                                   DbrTrouble           *trouble,
                                                   char                **adapter,
                                                   GError              **error);

G_END_DECLS
