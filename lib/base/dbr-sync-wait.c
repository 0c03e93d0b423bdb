/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-sync-wait-private.h"

#include "base/dbr-descriptors-private.h"

gboolean
dbr_sync_wait_begin (DbrSyncWait  *self,
                     GError      **error)
{
  if (!dbr_descriptors_check (1, error))
    return FALSE;

  self->context = g_main_context_new ();
  self->result = NULL;
  g_main_context_push_thread_default (self->context);

  return TRUE;
}

void
dbr_sync_wait_cb (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  DbrSyncWait *self = user_data;

  self->result = g_object_ref (result);
}

GAsyncResult *
dbr_sync_wait_end (DbrSyncWait *self)
{
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);

  return self->result;
}

void
dbr_sync_wait_clear (DbrSyncWait *self)
{
  g_clear_object (&self->result);
  g_clear_pointer (&self->context, g_main_context_unref);
}
