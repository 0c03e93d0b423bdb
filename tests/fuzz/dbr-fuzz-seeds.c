/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>

#include "dbr-wire-bytes.h"
#include "dbr-wire-random.h"

/* Messages that are well formed, for a fuzzer to begin with. */

#define N_SEEDS 200

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (argc != 2)
    return EXIT_FAILURE;

  for (guint i = 0; i < N_SEEDS; i++)
    {
      g_autofree char *signature = random_dup_signature (4);
      g_autofree char *type = g_strconcat ("(", signature, ")", NULL);
      g_autofree char *name = g_strdup_printf ("%s/seed-%03u", argv[1], i);
      g_autoptr(GBytes) bytes = bytes_write_values (random_new_value (G_VARIANT_TYPE (type)));
      g_autoptr(GError) error = NULL;

      if (!g_file_set_contents (name, g_bytes_get_data (bytes, NULL),
                                (gssize) g_bytes_get_size (bytes), &error))
        g_error ("%s", error->message);
    }

  return EXIT_SUCCESS;
}
