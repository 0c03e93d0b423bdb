/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_OUTCOME (dbr_outcome_get_type ())
#define DBR_TYPE_OPERATION_STATS (dbr_operation_stats_get_type ())

/**
 * DbrOutcome:
 * @DBR_OUTCOME_OK: it was done
 * @DBR_OUTCOME_ERROR: it failed, as the service or the bus said
 * @DBR_OUTCOME_TIMEOUT: it was not done within its time limit
 * @DBR_OUTCOME_CANCELLED: nobody wanted it any more
 * @DBR_OUTCOME_REJECTED: it was refused here and never sent
 *
 * How an operation ended.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_OUTCOME_OK,
  DBR_OUTCOME_ERROR,
  DBR_OUTCOME_TIMEOUT,
  DBR_OUTCOME_CANCELLED,
  DBR_OUTCOME_REJECTED,
} DbrOutcome;

DBR_AVAILABLE_IN_0_1
GType dbr_outcome_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrOperationStats, dbr_operation_stats, DBR, OPERATION_STATS, GObject)

DBR_AVAILABLE_IN_0_1
guint64  dbr_operation_stats_get_count      (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
guint64  dbr_operation_stats_get_ok         (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
guint64  dbr_operation_stats_get_errors     (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
guint64  dbr_operation_stats_get_timeouts   (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
guint64  dbr_operation_stats_get_cancelled  (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
guint64  dbr_operation_stats_get_rejected   (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_operation_stats_get_min_usec   (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_operation_stats_get_mean_usec  (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
gint64   dbr_operation_stats_get_max_usec   (DbrOperationStats *self);
DBR_AVAILABLE_IN_0_1
double   dbr_operation_stats_get_error_rate (DbrOperationStats *self);

DBR_AVAILABLE_IN_0_1
gint64   dbr_operation_stats_percentile     (DbrOperationStats *self,
                                             double             percent);

G_END_DECLS
