/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-util.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <stdlib.h>

/* How often a condition that no source of the context announces is looked at. */
#define POLL_MS 2

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

static guint
count_entries (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Fails the test: aborts it with one clear line, and the reaper cleans up after it. */
void
dbr_test_fail (const char *format,
               ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_printerr ("testbed: %s\n", message);
  g_print ("Bail out! testbed: %s\n", message);
  abort ();
}

/* Returns `time`, in whatever unit, or more where all is known to be slow. */
gint64
dbr_test_stretch (gint64 time)
{
  const char *text = g_getenv ("DBR_TEST_TIMEOUT_MULTIPLIER");
  gint64 multiplier = text != NULL ? g_ascii_strtoll (text, NULL, 10) : 1;

  return time * MAX (multiplier, 1);
}

/* Returns the monotonic time at which `ms` milliseconds are over. */
gint64
dbr_test_get_deadline (guint ms)
{
  return g_get_monotonic_time () + dbr_test_stretch ((gint64) ms * 1000);
}

void
dbr_test_wait_step (GMainContext *context,
                    gint64        deadline,
                    const char   *condition,
                    const char   *file,
                    int           line,
                    const char   *function)
{
  g_autoptr(GSource) source = g_timeout_source_new (POLL_MS);

  if (g_get_monotonic_time () >= deadline)
    dbr_test_fail ("%s:%d: %s: waited in vain for %s", file, line, function, condition);
  g_source_set_callback (source, wake_cb, NULL, NULL);
  g_source_attach (source, context);
  g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
}

void
dbr_test_result_cb (GObject      *source,
                    GAsyncResult *result,
                    gpointer      test_result)
{
  DbrTestResult *self = test_result;

  self->n_calls++;
  g_set_object (&self->source, source);
  g_set_object (&self->result, result);
}

/* Returns the result, which the struct keeps; called twice is a failure. */
GAsyncResult *
dbr_test_result_wait (DbrTestResult *self,
                      GMainContext  *context)
{
  dbr_test_wait_until (context, self->n_calls > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (self->n_calls, ==, 1);
  return self->result;
}

void
dbr_test_result_clear (DbrTestResult *self)
{
  g_clear_object (&self->source);
  g_clear_object (&self->result);
  self->n_calls = 0;
}

/* The heap is zero under a sanitiser, which has an allocator of its own. */
DbrTestResources
dbr_test_resources_read (void)
{
  DbrTestResources resources = { 0 };

  resources.heap_bytes = mallinfo2 ().uordblks;
  /* Not counting the descriptor that reads the folder. */
  resources.n_fds = count_entries ("/proc/self/fd") - 1;
  resources.n_threads = count_entries ("/proc/self/task");
  return resources;
}

void
dbr_test_remove_folder (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        dbr_test_remove_folder (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}
