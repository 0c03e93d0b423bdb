/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-core-private.h"
#include "monitor/dbr-bluez-monitor.h"

G_BEGIN_DECLS

/* What the core tells a monitor, as news of a herald: in the monitor's context, with its object. */

typedef struct
{
  char   *adapter;
  gint64  silent_usec;
} DbrBluezSilence;

typedef struct
{
  char                *device;
  DbrDisconnectReason  reason;
} DbrBluezParting;

void dbr_bluez_silence_free                 (gpointer silence);
void dbr_bluez_parting_free                 (gpointer parting);

void dbr_bluez_monitor_tell_lease           (GObject *monitor,
                                             gpointer news);
void dbr_bluez_monitor_tell_adapter_stalled (GObject *monitor,
                                             gpointer key);
void dbr_bluez_monitor_tell_silent          (GObject *monitor,
                                             gpointer silence);
void dbr_bluez_monitor_tell_parting         (GObject *monitor,
                                             gpointer parting);
void dbr_bluez_monitor_tell_reconnected     (GObject *monitor,
                                             gpointer key);

/* It is made when it is first needed, and is another one after a stop. */
DbrBluezCore *dbr_bluez_monitor_ref_core (DbrBluezMonitor *self) G_GNUC_WARN_UNUSED_RESULT;
/* For tests: another time than that which ships. Before start(). */
void dbr_bluez_monitor_set_silence_ms (DbrBluezMonitor *self,
                                       guint            silence_ms);

/* What a monitor does with its objects, in its context. */
DbrBluezAdapter *dbr_bluez_adapter_new (DbrBluezMonitor *monitor,
                                        const char      *address) G_GNUC_WARN_UNUSED_RESULT;
void dbr_bluez_adapter_update (DbrBluezAdapter *self,
                               DbrBluezCore    *core,
                               const char      *path);
DbrBluezCore *dbr_bluez_adapter_ref_core (DbrBluezAdapter *self) G_GNUC_WARN_UNUSED_RESULT;

DbrBluezDevice *dbr_bluez_device_new (DbrBluezMonitor *monitor,
                                      DbrBluezAdapter *adapter,
                                      const char      *address,
                                      const char      *key) G_GNUC_WARN_UNUSED_RESULT;
void dbr_bluez_device_update (DbrBluezDevice *self,
                              DbrBluezCore   *core,
                              const char     *path);
void dbr_bluez_device_tell_disconnected (DbrBluezDevice     *self,
                                         DbrDisconnectReason reason);
/* Another core has to be told that the device is to be kept. */
void dbr_bluez_device_renew_keeping (DbrBluezDevice *self,
                                     DbrBluezCore   *core);
void dbr_bluez_device_count_reconnect (DbrBluezDevice *self);
DbrBluezCore *dbr_bluez_device_ref_core (DbrBluezDevice *self) G_GNUC_WARN_UNUSED_RESULT;
/* What the ledger knows it by. */
const char *dbr_bluez_device_get_key (DbrBluezDevice *self);
/* As org.bluez.Device1.Disconnected names it. */
DbrDisconnectReason dbr_bluez_device_parse_reason (const char *reason);

G_END_DECLS
