/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "dbr-scale-scenes.h"

/* dbr-scale [NAME...]: what N, 2N and 4N of something cost, in time and in memory, each of them and
 * against the first: 1.0 is linear. The quickest of some rounds, as the machine has other work; time
 * is that of this process's processor. */

#define N_ROUNDS 3

/* What an earlier round held may be let go of only now, and make a later one look small. */
static ScaleCost
measure (const ScaleScene *scene,
         guint             n)
{
  ScaleCost result = { G_MAXINT64, G_MAXINT64, 0 };

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      ScaleCost cost;

      scene->play (n, &cost);
      result.usec = MIN (result.usec, cost.usec);
      result.cpu_usec = MIN (result.cpu_usec, cost.cpu_usec);
      result.n_bytes = MAX (result.n_bytes, cost.n_bytes);
    }

  return result;
}

static void
print_scene (const ScaleScene *scene)
{
  double first_usec = 0;
  double first_bytes = 0;

  for (guint part = 4; part > 0; part /= 2)
    {
      guint n = scene->most / part;
      ScaleCost cost = measure (scene, n);
      double usec = (double) cost.cpu_usec / n;
      double n_bytes = (double) cost.n_bytes / n;

      if (part == 4)
        {
          first_usec = usec;
          first_bytes = n_bytes;
        }
      g_print ("%-14s %6u %9.1f %12.1f %7.2f %11.0f %7.2f\n", scene->name, n, cost.usec / 1000.0,
               usec, usec / MAX (first_usec, 0.1), n_bytes, n_bytes / MAX (first_bytes, 1));
    }
}

int
main (int   argc,
      char *argv[])
{
  setvbuf (stdout, NULL, _IOLBF, 0);
  g_print ("%-14s %6s %9s %12s %7s %11s %7s\n", "", "N", "ms", "CPU us each", "growth", "bytes each",
           "growth");
  for (guint i = 0; i < SCALE_N_SCENES; i++)
    {
      if (argc < 2 || g_strv_contains ((const char *const *) argv + 1, scale_scenes[i].name))
        print_scene (&scale_scenes[i]);
    }

  return 0;
}
