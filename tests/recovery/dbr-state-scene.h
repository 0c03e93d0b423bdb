/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-bluez-scene.h"

G_BEGIN_DECLS

#define STATE_NEAR "near " DBR_TEST_BLUEZ_DEVICE " Watch"
#define STATE_BOND "bond hci0 " DBR_TEST_BLUEZ_DEVICE " Watch\n" STATE_NEAR
/* So long BlueZ lives on after what somebody wanted. */
#define STATE_OUTLIVED_USEC (3200 * 1000)

/* A played BlueZ, a tracker of its devices, and a folder for files. */
typedef struct
{
  BluezScene      *bluez;
  DbrStateTracker *tracker;
  char            *folder;
  char            *path;
} StateScene;

StateScene     *state_scene_new             (const char   *script) G_GNUC_WARN_UNUSED_RESULT;
void            state_scene_free            (StateScene   *self);
/* The device of the testbed, when it is there. Lent. */
DbrBluezDevice *state_scene_wait_for_device (StateScene   *self);
void            state_scene_connect         (StateScene   *self);
/* By another program, as the settings of a desktop are. */
void            state_scene_set             (StateScene   *self,
                                             const char   *path,
                                             const char   *interface_name,
                                             const char   *name,
                                             GVariant     *value);
/* It crashes, and comes back when the monitor knows. */
void            state_scene_restart         (StateScene   *self);
void            state_scene_wait_usec       (gint64        usec);
/* The result of the first item of this kind and address, NULL if there is none; of any address, if
 * that is NULL. */
const char     *state_scene_find_result     (GListModel   *events,
                                             const char   *kind,
                                             const char   *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StateScene, state_scene_free)

G_END_DECLS
