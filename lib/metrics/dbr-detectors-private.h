/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-account-private.h"
#include "metrics/dbr-board-private.h"
#include "metrics/dbr-places-private.h"

G_BEGIN_DECLS

/* What one looks at for an operation. */
typedef struct
{
  gint64       when;
  DbrCounts    window;
  gint64       slow_usec;
  double       error_rate;
  double       burn_share;
  DbrBurn     *burn;
} DbrOperationView;

typedef enum
{
  /* it is not so, or no longer */
  DBR_VERDICT_OVER,
  /* it is neither bad enough to raise an issue nor good enough to clear one */
  DBR_VERDICT_BETWEEN,
  DBR_VERDICT_HOLDS,
} DbrVerdict;

/* @severity is set when it holds. */
DbrVerdict dbr_detect_in_operation  (DbrIssueKind            kind,
                                     const DbrOperationView *view,
                                     DbrSeverity            *severity);
DbrVerdict dbr_detect_in_place      (DbrIssueKind            kind,
                                     DbrPlace               *place,
                                     gint64                  when,
                                     DbrSeverity            *severity);

/* What to say of it, with what it was seen by. */
void       dbr_describe_operation   (DbrFinding             *finding,
                                     const DbrOperationView *view,
                                     DbrAccount             *account);
void       dbr_describe_place       (DbrFinding             *finding,
                                     DbrPlace               *place,
                                     gint64                  when);

G_END_DECLS
