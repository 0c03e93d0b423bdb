/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-fuzz.h"

/* Plays what is kept of one target, and each beginning of it: a reader has to bear that something
 * ends early. The folder is the argument. */

#define MAX_CUT 512

static void
play (gconstpointer file)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  gsize length;

  g_file_get_contents (file, &text, &length, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < MIN (length, MAX_CUT); i++)
    {
      g_autofree guint8 *start = i > 0 ? g_memdup2 (text, i) : g_new (guint8, 1);

      LLVMFuzzerTestOneInput (start, i);
    }
  LLVMFuzzerTestOneInput ((const guint8 *) text, length);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GDir) folder = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *title = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  LLVMFuzzerInitialize (&argc, &argv);
  if (argc != 2)
    g_error ("The argument is the folder of one target's corpus");

  folder = g_dir_open (argv[1], 0, &error);
  if (folder == NULL)
    g_error ("%s", error->message);

  title = g_path_get_basename (argv[1]);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_strdup_printf ("/dbr/fuzz/%s/%s", title, name);
      char *file = g_build_filename (argv[1], name, NULL);

      g_ptr_array_add (files, file);
      g_test_add_data_func (path, file, play);
    }
  if (files->len == 0)
    g_error ("There is nothing in %s", argv[1]);

  return g_test_run ();
}
