/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_DEVICE_STATE (dbr_device_state_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrDeviceState, dbr_device_state, DBR, DEVICE_STATE, GObject)

DBR_AVAILABLE_IN_0_1
const char        *dbr_device_state_get_address            (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
const char        *dbr_device_state_get_name               (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_device_state_get_connected          (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_device_state_get_paired             (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_device_state_get_trusted            (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_device_state_get_blocked            (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
gboolean           dbr_device_state_get_services_resolved  (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
const char *const *dbr_device_state_get_uuids              (DbrDeviceState *self);
DBR_AVAILABLE_IN_0_1
gint64             dbr_device_state_get_saved_usec         (DbrDeviceState *self);

DBR_AVAILABLE_IN_0_1
GVariant           *dbr_device_state_get_attribute          (DbrDeviceState *self,
                                                             const char     *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
