/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is left to chance, and follows from a seed. */

static inline guint
dbr_test_draw (GRand *rand,
               guint  least,
               guint  most)
{
  return (guint) g_rand_int_range (rand, (gint32) least, (gint32) most + 1);
}

/* Whether it happens this time, so often of a thousand. */
static inline gboolean
dbr_test_happens (GRand *rand,
                  guint  permille)
{
  return dbr_test_draw (rand, 0, 999) < permille;
}

G_END_DECLS
