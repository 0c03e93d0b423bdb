/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-trace-private.h"

#include "base/dbr-mailbox-private.h"

struct _DbrTrace
{
  gatomicrefcount  ref_count;

  GWeakRef         object;
  DbrTraceFunc     show;
  DbrMailbox      *mailbox;

  /* atomic */
  guint            size;

  GMutex           mutex;

  /* guarded by mutex */
  GQueue           fresh;
  DbrLetter        letter;
  gboolean         is_posted;
};

static void
deliver_cb (DbrLetter *letter)
{
  g_autoptr(DbrTrace) self =
    (DbrTrace *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrTrace, letter));
  g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GObject) object = g_weak_ref_get (&self->object);
  DbrCall *call;

  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  while ((call = g_queue_pop_head (&self->fresh)) != NULL)
    g_ptr_array_add (calls, call);
  g_mutex_unlock (&self->mutex);

  if (object != NULL)
    self->show (object, calls, dbr_trace_get_size (self));
}

DbrTrace *
dbr_trace_new (GObject      *object,
               DbrTraceFunc  show)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrTrace *self = g_new0 (DbrTrace, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);
  g_mutex_init (&self->mutex);
  g_queue_init (&self->fresh);
  self->show = show;
  self->mailbox = dbr_mailbox_get (context);
  self->letter.deliver = deliver_cb;

  return self;
}

DbrTrace *
dbr_trace_ref (DbrTrace *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_trace_unref (DbrTrace *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->fresh, g_object_unref);
  g_weak_ref_clear (&self->object);
  dbr_mailbox_unref (self->mailbox);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

guint
dbr_trace_get_size (DbrTrace *self)
{
  return __atomic_load_n (&self->size, __ATOMIC_RELAXED);
}

/* One letter is on its way at a time, with all that came until it is there. */
static void
dbr_trace_post (DbrTrace *self,
                DbrCall  *call)
{
  guint size = dbr_trace_get_size (self);
  GQueue dropped = G_QUEUE_INIT;
  gboolean was_posted;

  g_mutex_lock (&self->mutex);
  if (call != NULL)
    g_queue_push_tail (&self->fresh, g_object_ref (call));
  while (g_queue_get_length (&self->fresh) > size)
    g_queue_push_tail (&dropped, g_queue_pop_head (&self->fresh));
  was_posted = self->is_posted;
  self->is_posted = TRUE;
  g_mutex_unlock (&self->mutex);

  g_queue_clear_full (&dropped, g_object_unref);
  if (!was_posted)
    dbr_mailbox_post (self->mailbox, &dbr_trace_ref (self)->letter);
}

gboolean
dbr_trace_set_size (DbrTrace *self,
                    guint     size)
{
  if (__atomic_exchange_n (&self->size, size, __ATOMIC_RELAXED) == size)
    return FALSE;

  dbr_trace_post (self, NULL);

  return TRUE;
}

/* Neither what was sent nor what came is kept: it may be large, or nobody's business. */
void
dbr_trace_add (DbrTrace             *self,
               const DbrRequest     *request,
               const DbrCallResults *results)
{
  g_autoptr(DbrCall) call = dbr_call_new (request->bus_name, request->object_path,
                                          request->interface_name, request->method_name, NULL);
  DbrCallResults kept = *results;

  kept.reply_fd_list = NULL;
  dbr_call_end (call, &kept);
  dbr_trace_post (self, call);
}
