/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-table.h"

#include <stdio.h>

static struct
{
  gboolean is_json;
  guint    n_rows;
} table;

void
bench_table_begin (gboolean is_json)
{
  table.is_json = is_json;
  table.n_rows = 0;
  if (is_json)
    printf ("[");
  else
    printf ("%-4s %-12s %-19s %-32s %12s %10s %7s  %-10s %s\n",
            "goal", "scene", "client", "what", "value", "calls/s", "ratio", "should be", "kept");
}

static gboolean
row_is_kept (const BenchRow *row)
{
  return (row->limit_kind == BENCH_LIMIT_ON_RATIO ? row->ratio : row->value) <= row->limit;
}

static void
row_print (const BenchRow *row)
{
  char value[32];
  char rate[32] = "";
  char ratio[32] = "";
  char limit[32] = "";

  g_snprintf (value, sizeof value, row->value >= 1000 ? "%.0f" : "%.1f", row->value);
  if (row->rate > 0)
    g_snprintf (rate, sizeof rate, "%.0f", row->rate);
  if (row->ratio > 0)
    g_snprintf (ratio, sizeof ratio, "%.3f", row->ratio);
  if (row->limit_kind == BENCH_LIMIT_ON_RATIO)
    g_snprintf (limit, sizeof limit, "<= %.2f x", row->limit);
  else if (row->limit_kind == BENCH_LIMIT_ON_VALUE)
    g_snprintf (limit, sizeof limit, "<= %.0f", row->limit);

  printf ("%-4s %-12s %-19s %-32s %12s %10s %7s  %-10s %s\n",
          row->goal, row->scene, row->client, row->what, value, rate, ratio, limit,
          row->limit_kind == BENCH_LIMIT_NONE ? "" : row_is_kept (row) ? "yes" : "no");
}

static void
row_print_json (const BenchRow *row)
{
  printf ("%s\n  {\"goal\": \"%s\", \"scene\": \"%s\", \"client\": \"%s\", \"what\": \"%s\", "
          "\"value\": %.3f",
          table.n_rows > 0 ? "," : "", row->goal, row->scene, row->client, row->what, row->value);
  if (row->rate > 0)
    printf (", \"calls_per_second\": %.1f", row->rate);
  if (row->ratio > 0)
    printf (", \"ratio\": %.4f", row->ratio);
  if (row->limit_kind != BENCH_LIMIT_NONE)
    printf (", \"limit_on\": \"%s\", \"limit\": %.3f, \"kept\": %s",
            row->limit_kind == BENCH_LIMIT_ON_RATIO ? "ratio" : "value", row->limit,
            row_is_kept (row) ? "true" : "false");
  printf ("}");
}

void
bench_table_add (const BenchRow *row)
{
  if (table.is_json)
    row_print_json (row);
  else
    row_print (row);
  table.n_rows++;
  fflush (stdout);
}

void
bench_table_say (const char *goal,
                 const char *scene,
                 const char *text)
{
  if (table.is_json)
    printf ("%s\n  {\"goal\": \"%s\", \"scene\": \"%s\", \"note\": \"%s\"}",
            table.n_rows > 0 ? "," : "", goal, scene, text);
  else
    printf ("%-4s %-12s %s\n", goal, scene, text);
  table.n_rows++;
  fflush (stdout);
}

void
bench_table_end (void)
{
  if (table.is_json)
    printf ("\n]\n");
  fflush (stdout);
}
