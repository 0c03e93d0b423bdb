/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What N of something cost. */
typedef struct
{
  gint64 usec;
  gint64 cpu_usec;
  gsize  n_bytes;
} ScaleCost;

/* Makes N of them, and asserts that each does what it should. */
typedef void (*ScaleFunc) (guint      n,
                           ScaleCost *cost);

typedef struct
{
  const char *name;
  const char *summary;
  guint       most;
  ScaleFunc   play;
} ScaleScene;

#define SCALE_N_SCENES 5

extern const ScaleScene scale_scenes[SCALE_N_SCENES];

G_END_DECLS
