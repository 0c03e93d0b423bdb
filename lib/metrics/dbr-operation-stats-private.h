/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-account-private.h"
#include "metrics/dbr-operation-stats.h"

G_BEGIN_DECLS

DbrOperationStats *dbr_operation_stats_new     (const DbrFigures *figures) G_GNUC_WARN_UNUSED_RESULT;

/* What the properties say of any figures. */
gint64             dbr_figures_get_mean        (const DbrFigures *self);
double             dbr_counts_get_error_rate   (const DbrCounts  *self);
gint64             dbr_figures_get_percentile  (const DbrFigures *self,
                                                double            percent);

G_END_DECLS
