/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-watch-private.h"

struct _DbrWatch
{
  gatomicrefcount      ref_count;

  const DbrWatchFuncs *funcs;
  gpointer             user_data;
  GDestroyNotify       destroy;

  /* guarded by the lock of who has the list */
  gboolean             is_behind;
};

DbrWatch *
dbr_watch_new (const DbrWatchFuncs *funcs,
               gboolean             is_behind,
               gpointer             user_data,
               GDestroyNotify       destroy)
{
  DbrWatch *self = g_new0 (DbrWatch, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->funcs = funcs;
  self->is_behind = is_behind;
  self->user_data = user_data;
  self->destroy = destroy;

  return self;
}

DbrWatch *
dbr_watch_ref (DbrWatch *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_watch_unref (DbrWatch *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self);
}

GPtrArray *
dbr_watches_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_watch_unref);
}

void
dbr_watches_collect (const GPtrArray *watches,
                     GPtrArray       *all)
{
  for (guint i = 0; i < watches->len; i++)
    g_ptr_array_add (all, dbr_watch_ref (g_ptr_array_index (watches, i)));
}

void
dbr_watches_collect_behind (const GPtrArray *watches,
                            GPtrArray       *behind)
{
  for (guint i = 0; i < watches->len; i++)
    {
      DbrWatch *watch = g_ptr_array_index (watches, i);

      if (watch->is_behind)
        g_ptr_array_add (behind, dbr_watch_ref (watch));
      watch->is_behind = FALSE;
    }
}

void
dbr_watches_tell_owner (const GPtrArray *self,
                        const char      *old_owner,
                        const char      *new_owner,
                        guint            generation)
{
  for (guint i = 0; i < self->len; i++)
    {
      const DbrWatch *watch = g_ptr_array_index (self, i);

      watch->funcs->owner_changed (watch->user_data, old_owner, new_owner, generation);
    }
}

/* The others have nothing to say but that they happened. */
#define DEFINE_TELL(what) \
  void \
  dbr_watches_tell_ ## what (const GPtrArray *self) \
  { \
    for (guint i = 0; i < self->len; i++) \
      { \
        const DbrWatch *watch = g_ptr_array_index (self, i); \
 \
        if (watch->funcs->what != NULL) \
          watch->funcs->what (watch->user_data); \
      } \
  }

DEFINE_TELL (lost)
DEFINE_TELL (restored)
DEFINE_TELL (stalled)
DEFINE_TELL (recovered)
DEFINE_TELL (call_is_slow)
DEFINE_TELL (circuit_changed)
