/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-scale-scenes.h"

/* That so many of something do what each should; how quick they are, tests/extra/scale tells. */

static void
test_scene (gconstpointer data)
{
  const ScaleScene *scene = data;
  ScaleCost cost;

  g_test_summary (scene->summary);
  scene->play (scene->most, &cost);
  g_test_message ("%.1f ms, %.0f bytes each", cost.usec / 1000.0, (double) cost.n_bytes / scene->most);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < SCALE_N_SCENES; i++)
    {
      g_autofree char *path = g_strconcat ("/dbr/scale/", scale_scenes[i].name, NULL);

      g_test_add_data_func (path, &scale_scenes[i], test_scene);
    }

  return g_test_run ();
}
