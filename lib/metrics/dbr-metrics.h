/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"
#include "metrics/dbr-issue.h"
#include "metrics/dbr-operation-stats.h"

G_BEGIN_DECLS

#define DBR_TYPE_METRICS (dbr_metrics_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrMetrics, dbr_metrics, DBR, METRICS, GObject)

DBR_AVAILABLE_IN_0_1
DbrMetrics         *dbr_metrics_new              (void) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
GListModel         *dbr_metrics_get_issues       (DbrMetrics  *self);

DBR_AVAILABLE_IN_0_1
void                dbr_metrics_record           (DbrMetrics  *self,
                                                  const char  *operation,
                                                  gint64       usec,
                                                  DbrOutcome   outcome);
DBR_AVAILABLE_IN_0_1
char              **dbr_metrics_dup_operations   (DbrMetrics  *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrOperationStats  *dbr_metrics_get_stats        (DbrMetrics  *self,
                                                  const char  *operation) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrOperationStats  *dbr_metrics_get_window_stats (DbrMetrics  *self,
                                                  const char  *operation) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
gboolean            dbr_metrics_set_limits       (DbrMetrics  *self,
                                                  const char  *operation,
                                                  gint64       p95_usec,
                                                  double       error_rate,
                                                  GError     **error);
DBR_AVAILABLE_IN_0_1
void                dbr_metrics_reset            (DbrMetrics  *self);

DBR_AVAILABLE_IN_0_1
char               *dbr_metrics_to_text          (DbrMetrics  *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char               *dbr_metrics_to_openmetrics   (DbrMetrics  *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
char               *dbr_metrics_to_prometheus    (DbrMetrics  *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
GVariant           *dbr_metrics_to_variant       (DbrMetrics  *self) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
void                dbr_metrics_log_summary      (DbrMetrics  *self);

G_END_DECLS
