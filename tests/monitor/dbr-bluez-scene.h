/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

#define BLUEZ_DEVICE_PART "hci0/dev_00_AA_01_00_00_42"
#define BLUEZ_GRACE_USEC (dbr_test_stretch (G_USEC_PER_SEC))

/* A bus, a BlueZ that is played on it, and a monitor of it that was started. */
typedef struct
{
  DbrTestBus      *bus;
  DbrTestBluez    *bluez;
  DbrClient       *client;
  DbrBluezMonitor *monitor;
  /* what the monitor has told: “adapter+ ADDRESS”, “device- ADDRESS”, in turn */
  GString         *told;
} BluezScene;

/* How an operation has ended. */
typedef struct
{
  GError  *error;
  gboolean is_done;
  guint    n_ended;
} BluezEnd;

BluezScene      *bluez_scene_new         (const char      *script) G_GNUC_WARN_UNUSED_RESULT;
void             bluez_scene_free        (BluezScene      *self);
void             bluez_scene_drop_monitor (BluezScene     *self);
/* The script's device, which is met by a search or was paired before. */
DbrBluezAdapter *bluez_scene_get_adapter (BluezScene      *self);
DbrBluezDevice  *bluez_scene_find        (BluezScene      *self,
                                          const char      *address);
/* Searches until the device of the testbed is there. The calls so far are forgotten. */
DbrBluezDevice  *bluez_scene_meet        (BluezScene      *self);
void             bluez_scene_tell        (BluezScene      *self,
                                          const char      *statement);
void             bluez_scene_limit       (BluezScene      *self,
                                          const char      *operation,
                                          guint            ms);
/* The calls to BlueZ since the last time are these, in turn. */
void             bluez_scene_assert_calls (BluezScene     *self,
                                           const char     *calls);

void             bluez_end_clear         (BluezEnd        *self);
void             bluez_connected_cb      (GObject         *source,
                                          GAsyncResult    *result,
                                          gpointer         end);
void             bluez_end_wait          (BluezEnd        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BluezScene, bluez_scene_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BluezEnd, bluez_end_clear)

G_END_DECLS
