/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-histogram-private.h"

#include <math.h>

/* What is within this factor of each other is shown in even steps. */
#define NEAR 5
#define N_EVEN_STEPS 8
/* Smaller steps would look the same as people read durations. */
#define MAX_STEPS 100

static int
compare_values (gconstpointer a,
                gconstpointer b)
{
  gint64 left = *(const gint64 *) a;
  gint64 right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

static void
dbrctl_samples_sort (DbrctlSamples *self)
{
  if (!self->is_sorted)
    g_array_sort (self->values, compare_values);
  self->is_sorted = TRUE;
}

void
dbrctl_samples_init (DbrctlSamples *self)
{
  self->values = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->is_sorted = TRUE;
}

void
dbrctl_samples_clear (DbrctlSamples *self)
{
  g_clear_pointer (&self->values, g_array_unref);
}

void
dbrctl_samples_add (DbrctlSamples *self,
                    gint64         usec)
{
  g_array_append_val (self->values, usec);
  self->is_sorted = FALSE;
}

guint
dbrctl_samples_count (DbrctlSamples *self)
{
  return self->values->len;
}

/* The least value that so many of a hundred do not exceed. */
gint64
dbrctl_samples_percentile (DbrctlSamples *self,
                           double         percent)
{
  guint n = self->values->len;
  guint rank = (guint) ceil (percent / 100 * n);

  if (n == 0)
    return -1;

  dbrctl_samples_sort (self);

  return g_array_index (self->values, gint64, CLAMP (rank, 1, n) - 1);
}

/* The greatest of 1, 2, 5, 10, 20, … that is not more than @usec. */
static gint64
round_down (gint64 usec)
{
  static const int steps[] = { 5, 2, 1 };
  gint64 power = 1;

  while (power <= usec / 10)
    power *= 10;
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (steps[i] * power <= usec)
        return steps[i] * power;
    }

  return 0;
}

static gint64
next_bound (gint64 usec)
{
  gint64 power = 1;

  while (power <= usec / 10)
    power *= 10;
  if (usec < power)
    return power;
  if (usec < 2 * power)
    return 2 * power;

  return usec < 5 * power ? 5 * power : 10 * power;
}

static void
add_bucket (GArray *buckets,
            gint64  from,
            gint64  to)
{
  DbrctlBucket bucket = { from, to, 0 };

  g_array_append_val (buckets, bucket);
}

static void
add_bounds (GArray *buckets,
            gint64  least,
            gint64  most)
{
  gint64 step = MAX (next_bound ((most - least) / N_EVEN_STEPS), next_bound (most / MAX_STEPS));
  gint64 from = least / step * step;

  if (most / NEAR < MAX (least, 1))
    {
      for (; from <= most; from += step)
        add_bucket (buckets, from, from + step);
      return;
    }

  for (from = round_down (least); from <= most; from = next_bound (from))
    add_bucket (buckets, from, next_bound (from));
}

GArray *
dbrctl_samples_dup_buckets (DbrctlSamples *self)
{
  GArray *buckets = g_array_new (FALSE, FALSE, sizeof (DbrctlBucket));
  guint n = self->values->len;
  guint at = 0;

  if (n == 0)
    return buckets;

  dbrctl_samples_sort (self);
  add_bounds (buckets, g_array_index (self->values, gint64, 0),
              g_array_index (self->values, gint64, n - 1));
  for (guint i = 0; i < n; i++)
    {
      gint64 usec = g_array_index (self->values, gint64, i);

      while (usec >= g_array_index (buckets, DbrctlBucket, at).to_usec)
        at++;
      g_array_index (buckets, DbrctlBucket, at).count++;
    }

  return buckets;
}

char *
dbrctl_dup_bar (double   part,
                guint    width,
                gboolean has_blocks)
{
  static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
  g_autoptr(GString) bar = g_string_new (NULL);
  guint n = (guint) lround (CLAMP (part, 0, 1) * width * 8);

  /* What is there is seen. */
  if (part > 0)
    n = MAX (n, has_blocks ? 1 : 8);
  for (guint i = 0; i < n / 8; i++)
    g_string_append (bar, has_blocks ? "█" : "#");
  if (has_blocks)
    g_string_append (bar, eighths[n % 8]);

  return g_string_free (g_steal_pointer (&bar), FALSE);
}
