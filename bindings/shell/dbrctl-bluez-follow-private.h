/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbrctl-text-private.h"

G_BEGIN_DECLS

/* What becomes of BlueZ, its adapters and its devices, in words, for as long as it is there. */
typedef struct _DbrctlBluezFollower DbrctlBluezFollower;

/* Called in the context of the monitor; @address is that of a device or an adapter, or NULL. */
typedef void (*DbrctlBluezTold) (DbrctlStyle  style,
                                 const char  *event,
                                 const char  *address,
                                 const char  *text,
                                 gpointer     user_data);

DbrctlBluezFollower *dbrctl_bluez_follower_new  (DbrBluezMonitor     *monitor,
                                                 DbrctlBluezTold      told,
                                                 gpointer             user_data) G_GNUC_WARN_UNUSED_RESULT;
void                 dbrctl_bluez_follower_free (DbrctlBluezFollower *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlBluezFollower, dbrctl_bluez_follower_free)

G_END_DECLS
