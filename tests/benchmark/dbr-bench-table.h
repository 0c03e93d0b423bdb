/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  BENCH_LIMIT_NONE,
  BENCH_LIMIT_ON_RATIO,
  BENCH_LIMIT_ON_VALUE,
} BenchLimit;

/* One figure. Strings are static; `rate` and `ratio` are 0 where there is none. */
typedef struct
{
  const char *goal;
  const char *scene;
  const char *client;
  const char *what;
  double      value;
  double      rate;
  double      ratio;
  BenchLimit  limit_kind;
  double      limit;
} BenchRow;

void bench_table_begin (gboolean        is_json);
void bench_table_add   (const BenchRow *row);
/* A line about something that has no figure. */
void bench_table_say   (const char     *goal,
                        const char     *scene,
                        const char     *text);
void bench_table_end   (void);

G_END_DECLS
