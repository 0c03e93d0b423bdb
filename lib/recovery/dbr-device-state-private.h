/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-device-state.h"
#include "recovery/dbr-state-book-private.h"

G_BEGIN_DECLS

DbrDeviceState *dbr_device_state_new (const DbrStateRecord *record) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
