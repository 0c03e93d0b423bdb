/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_BOOT_TIMES (dbr_boot_times_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrBootTimes, dbr_boot_times, DBR, BOOT_TIMES, GObject)

DBR_AVAILABLE_IN_0_1
gint64   dbr_boot_times_get_firmware_usec   (DbrBootTimes *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_boot_times_get_loader_usec     (DbrBootTimes *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_boot_times_get_kernel_usec     (DbrBootTimes *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_boot_times_get_initrd_usec     (DbrBootTimes *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_boot_times_get_userspace_usec  (DbrBootTimes *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_boot_times_get_total_usec      (DbrBootTimes *self);
DBR_AVAILABLE_IN_0_1
gboolean dbr_boot_times_get_finished        (DbrBootTimes *self);

G_END_DECLS
