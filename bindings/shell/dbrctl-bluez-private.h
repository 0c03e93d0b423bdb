/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* What a verb of “bluez” works with. */
typedef struct
{
  DbrctlFrame      *frame;
  DbrctlOutput     *output;
  DbrBluezMonitor  *monitor;

  /* what follows the verb */
  const char       *verb;
  char            **arguments;
} DbrctlBluez;

JsonBuilder  *dbrctl_bluez_begin_json       (DbrctlBluez     *self) G_GNUC_WARN_UNUSED_RESULT;
void          dbrctl_bluez_add_adapter_json (JsonBuilder     *builder,
                                             DbrBluezAdapter *adapter);
void          dbrctl_bluez_add_device_json  (JsonBuilder     *builder,
                                             DbrBluezDevice  *device);
/* “hci0”, or the address while BlueZ does not have it. */
char         *dbrctl_bluez_dup_short_name   (DbrBluezAdapter *adapter) G_GNUC_WARN_UNUSED_RESULT;

/* The verbs, by the file that they are in. */
DbrctlStatus  dbrctl_bluez_list             (DbrctlBluez     *self);
DbrctlStatus  dbrctl_bluez_connect          (DbrctlBluez     *self);
DbrctlStatus  dbrctl_bluez_disconnect       (DbrctlBluez     *self);
DbrctlStatus  dbrctl_bluez_power            (DbrctlBluez     *self);

DbrctlStatus  dbrctl_bluez_watch            (DbrctlBluez     *self);

G_END_DECLS
