/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-operation-private.h"

G_BEGIN_DECLS

/* What the asynchronous functions of adapters, devices and the monitor have in common. An operation
 * of NULL fails at once: there is nothing to do it. */
void     dbr_bluez_task_run      (gpointer              source,
                                  DbrBluezOperation    *operation,
                                  gpointer              tag,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);
/* The same for a bad value; takes the error. */
void     dbr_bluez_task_refuse   (gpointer              source,
                                  GError               *error,
                                  gpointer              tag,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);
gboolean dbr_bluez_task_finish   (gpointer              source,
                                  GAsyncResult         *result,
                                  gpointer              tag,
                                  GError              **error);
/* Dispatches nothing of the thread's own context. */
gboolean dbr_bluez_task_run_sync (gpointer              source,
                                  DbrBluezOperation    *operation,
                                  GCancellable         *cancellable,
                                  GError              **error);

G_END_DECLS
