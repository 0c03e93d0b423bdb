/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-interrupt-private.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

typedef struct
{
  DbrctlInterrupt *interrupt;
  int              number;
} Hearing;

struct _DbrctlInterrupt
{
  GCancellable *cancellable;
  GMainContext *context;
  GMainLoop    *loop;
  GThread      *thread;
  GSource      *sources[G_N_ELEMENTS (numbers)];

  /* atomic */
  int                   heard;
  const char           *last_words;
  const struct termios *settings;
};

static void
end_by (DbrctlInterrupt *self,
        int              number)
{
  const char *words = g_atomic_pointer_get (&self->last_words);
  const struct termios *settings = g_atomic_pointer_get (&self->settings);

  if (settings != NULL)
    tcsetattr (STDIN_FILENO, TCSANOW, settings);
  if (words != NULL && write (STDOUT_FILENO, words, strlen (words)) < 0)
    _exit (128 + number);
  signal (number, SIG_DFL);
  raise (number);
  _exit (128 + number);
}

static gboolean
heard_cb (gpointer user_data)
{
  Hearing *hearing = user_data;

  if (!g_atomic_int_compare_and_exchange (&hearing->interrupt->heard, 0, hearing->number))
    end_by (hearing->interrupt, hearing->number);
  g_cancellable_cancel (hearing->interrupt->cancellable);

  return G_SOURCE_CONTINUE;
}

static gpointer
hear_thread (gpointer data)
{
  DbrctlInterrupt *self = data;

  g_main_loop_run (self->loop);

  return NULL;
}

static gboolean
quit_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

DbrctlInterrupt *
dbrctl_interrupt_new (GCancellable *cancellable)
{
  DbrctlInterrupt *self = g_new0 (DbrctlInterrupt, 1);

  self->cancellable = g_object_ref (cancellable);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      Hearing *hearing = g_new (Hearing, 1);

      *hearing = (Hearing) { self, numbers[i] };
      self->sources[i] = g_unix_signal_source_new (numbers[i]);
      g_source_set_callback (self->sources[i], heard_cb, hearing, g_free);
      g_source_attach (self->sources[i], self->context);
    }
  self->thread = g_thread_new ("dbrctl-signals", hear_thread, self);

  return self;
}

void
dbrctl_interrupt_free (DbrctlInterrupt *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_source_destroy (self->sources[i]);
      g_source_unref (self->sources[i]);
    }
  g_main_context_invoke (self->context, quit_cb, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_object_unref (self->cancellable);
  g_free (self);
}

int
dbrctl_interrupt_get_number (DbrctlInterrupt *self)
{
  return g_atomic_int_get (&self->heard);
}

void
dbrctl_interrupt_set_terminal (DbrctlInterrupt      *self,
                               const char           *words,
                               const struct termios *settings)
{
  g_atomic_pointer_set (&self->last_words, words);
  g_atomic_pointer_set (&self->settings, settings);
}
