/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-book-private.h"

G_BEGIN_DECLS

/* Edges of what leaves as a histogram: 64 µs and each doubling, up to 268 s. */
#define DBR_SHEET_FIRST_EDGE_BITS 6u
#define DBR_SHEET_N_EDGES 23u

/* The times of an operation over one stretch; percentiles are -1 where there are too few. */
typedef struct
{
  guint64 count;
  gint64  min_usec;
  gint64  mean_usec;
  gint64  max_usec;
  gint64  p50_usec;
  gint64  p95_usec;
  gint64  p99_usec;
} DbrSheetTimes;

/* One part of them as it leaves: how many took less than each edge. */
typedef struct
{
  guint64 below[DBR_SHEET_N_EDGES];
  guint64 count;
  guint64 sum_usec;
  gint64  p95_usec;
} DbrSheetPart;

typedef struct
{
  char          *name;
  char          *operation;
  char          *destination;
  char          *interface_name;
  char          *member;
  DbrCounts      life_counts;
  DbrCounts      window_counts;
  DbrSheetTimes  life;
  DbrSheetTimes  window;
  DbrSheetPart   parts[DBR_N_PARTS];
  DbrErrorCount  errors[DBR_ACCOUNT_N_ERRORS];
  guint64        n_other_errors;
  guint64        n_retries;
  int            n_orphans;
} DbrSheetRow;

typedef struct
{
  char       *name;
  guint64     totals[DBR_N_ISSUE_KINDS];
  DbrSlots    slots;
  const char *circuit_state;
} DbrSheetPlace;

/* What is in a book at one moment. Words are made of it when nobody waits for the book any more. */
typedef struct
{
  GPtrArray *rows;
  GPtrArray *places;
  guint      n_open[DBR_N_ISSUE_KINDS];
} DbrSheet;

DbrSheet *dbr_sheet_new            (DbrBook        *book) G_GNUC_WARN_UNUSED_RESULT;
void      dbr_sheet_free           (DbrSheet       *self);

char     *dbr_sheet_to_openmetrics (const DbrSheet *self) G_GNUC_WARN_UNUSED_RESULT;
char     *dbr_sheet_to_prometheus  (const DbrSheet *self) G_GNUC_WARN_UNUSED_RESULT;
char     *dbr_sheet_to_text        (const DbrSheet *self) G_GNUC_WARN_UNUSED_RESULT;
GVariant *dbr_sheet_to_variant     (const DbrSheet *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrSheet, dbr_sheet_free)

G_END_DECLS
