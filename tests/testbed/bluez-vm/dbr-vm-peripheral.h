/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

G_BEGIN_DECLS

/* A heart rate sensor on an adapter: an advert, a service, a value and an agent that says yes. It is
 * served in the default context, so who plays with it waits there. */
typedef struct _VmPeripheral VmPeripheral;

VmPeripheral *vm_peripheral_new            (const char       *adapter_path) G_GNUC_WARN_UNUSED_RESULT;
void          vm_peripheral_free           (VmPeripheral     *self);

void          vm_peripheral_advertise      (VmPeripheral     *self);
gboolean      vm_peripheral_is_notifying   (VmPeripheral     *self);

/* What is done to it, in the default context. */
gboolean      vm_peripheral_connect        (DbrBluezDevice   *device,
                                            GError          **error);
gboolean      vm_peripheral_pair           (DbrBluezDevice   *device,
                                            GError          **error);
gboolean      vm_peripheral_start_notify   (DbrBluezMonitor  *monitor,
                                            const char       *value_path,
                                            GError          **error);
/* Without us: Connect, and Pair before the services are known. */
void          vm_peripheral_pair_too_early (VmPeripheral     *self,
                                            DbrBluezDevice   *device,
                                            GError          **error);
/* The devices of all adapters, and with them the bonds. */
void          vm_peripheral_forget_all     (VmPeripheral     *self);
/* Its value as the other adapter has it. */
char         *vm_peripheral_dup_value_path (VmPeripheral     *self,
                                            DbrBluezDevice   *device) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmPeripheral, vm_peripheral_free)

G_END_DECLS
