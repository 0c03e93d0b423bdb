/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-io-private.h"

#include <gio/gio.h>

#include "base/dbr-descriptors-private.h"
#include "base/dbr-fork-private.h"

/* One for dbr-io, one for GLib's own thread, and one for who waits for the first answer. */
#define N_CONTEXTS 3

/* One thread a process, or one more in a child of fork(), whose parent's thread is not there. */
typedef struct
{
  GMainContext *context;
  GThread      *thread;
  guint         generation;
} DbrIo;

typedef struct
{
  DbrIoFunc func;
  gpointer  data;
} Errand;

typedef struct
{
  Errand   errand;
  GMutex   mutex;
  GCond    cond;
  gboolean is_done;
} Question;

static DbrIo *current_io;

static gpointer
io_main (gpointer user_data)
{
  DbrIo *io = user_data;
  g_autoptr(GMainLoop) loop = g_main_loop_new (io->context, FALSE);

  g_main_context_push_thread_default (io->context);
  g_main_loop_run (loop);

  g_assert_not_reached ();
}

/* GLib makes a main context of its own as soon as something first needs it, an error of D-Bus for
 * one. There is room for it now. */
static void
io_make_room (void)
{
  g_type_ensure (G_TYPE_TASK);
}

/* The thread lives as long as the process, and so does what it needs. */
static DbrIo *
io_start (guint generation)
{
  DbrIo *io = g_new0 (DbrIo, 1);

  io_make_room ();
  io->context = g_main_context_new ();
  io->generation = generation;
  io->thread = g_thread_new ("dbr-io", io_main, io);

  return io;
}

static DbrIo *
io_get (void)
{
  static GMutex mutex;
  guint generation = dbr_fork_get_generation ();
  DbrIo *io = g_atomic_pointer_get (&current_io);

  if (G_LIKELY (io != NULL && io->generation == generation))
    return io;

  dbr_fork_guard (&mutex);
  g_mutex_lock (&mutex);
  io = current_io;
  if (io == NULL || io->generation != generation)
    {
      io = io_start (generation);
      g_atomic_pointer_set (&current_io, io);
    }
  g_mutex_unlock (&mutex);

  return io;
}

static gboolean
errand_cb (gpointer user_data)
{
  Errand *errand = user_data;

  errand->func (errand->data);

  return G_SOURCE_REMOVE;
}

GMainContext *
dbr_io_get_context (void)
{
  return io_get ()->context;
}

gboolean
dbr_io_check (GError **error)
{
  DbrIo *io = g_atomic_pointer_get (&current_io);

  if (G_LIKELY (io != NULL && io->generation == dbr_fork_get_generation ()))
    return TRUE;

  return dbr_descriptors_check (N_CONTEXTS, error);
}

gboolean
dbr_io_is_current (void)
{
  DbrIo *io = g_atomic_pointer_get (&current_io);

  return io != NULL && io->thread == g_thread_self ();
}

void
dbr_io_invoke (DbrIoFunc func,
               gpointer  data)
{
  g_autoptr(GSource) source = NULL;
  Errand *errand;

  if (dbr_io_is_current ())
    {
      func (data);
      return;
    }

  errand = g_new (Errand, 1);
  errand->func = func;
  errand->data = data;

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "dbr-io errand");
  g_source_set_callback (source, errand_cb, errand, g_free);
  g_source_attach (source, dbr_io_get_context ());
}

static void
answer (gpointer data)
{
  Question *question = data;

  question->errand.func (question->errand.data);
  g_mutex_lock (&question->mutex);
  question->is_done = TRUE;
  g_cond_signal (&question->cond);
  g_mutex_unlock (&question->mutex);
}

void
dbr_io_ask (DbrIoFunc func,
            gpointer  data)
{
  Question question = { { func, data } };

  g_mutex_init (&question.mutex);
  g_cond_init (&question.cond);
  dbr_io_invoke (answer, &question);
  g_mutex_lock (&question.mutex);
  while (!question.is_done)
    g_cond_wait (&question.cond, &question.mutex);
  g_mutex_unlock (&question.mutex);
  g_cond_clear (&question.cond);
  g_mutex_clear (&question.mutex);
}
