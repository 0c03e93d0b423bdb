/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How an operation of several steps is waited for: its asynchronous form is begun in a context of
 * its own, and nothing but that is dispatched until it has ended. Lies on the stack. */
typedef struct
{
  GMainContext *context;
  GAsyncResult *result;
} DbrSyncWait;

/* Fails where there is no descriptor left for the context. */
gboolean      dbr_sync_wait_begin (DbrSyncWait  *self,
                                   GError      **error);
/* The callback of the operation, with the wait as its data. */
void          dbr_sync_wait_cb    (GObject      *source,
                                   GAsyncResult *result,
                                   gpointer      user_data);
/* Returns the result when there is one, in the context of the caller: what the operation's finish
 * function makes, is made there. */
GAsyncResult *dbr_sync_wait_end   (DbrSyncWait  *self);
void          dbr_sync_wait_clear (DbrSyncWait  *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrSyncWait, dbr_sync_wait_clear)

G_END_DECLS
