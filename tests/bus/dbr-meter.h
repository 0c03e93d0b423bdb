/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-scene.h"
#include "metrics/dbr-metrics-private.h"

G_BEGIN_DECLS

/* Metrics on the real time, which can be told that the machine slept for a while: so what takes
 * minutes to be over is over at once. */
typedef struct
{
  DbrMetrics *metrics;
  GPtrArray  *raised;
  GPtrArray  *cleared;
} Meter;

Meter   *meter_new           (DbrClient   *client) G_GNUC_WARN_UNUSED_RESULT;
void     meter_free          (Meter       *self);
void     meter_sleep         (Meter       *self,
                              guint        seconds);
/* The issue with this id, if it was raised, and whether it was cleared; a name may be NULL. */
DbrIssue *meter_get_issue    (Meter       *self,
                              const char  *id,
                              const char  *operation);
guint    meter_count_raised  (Meter       *self,
                              const char  *id);
guint    meter_count_cleared (Meter       *self,
                              const char  *id);

/* What metrics say in to_variant(): a number of a place or an operation, -1 where it is not known. */
gint64   metrics_get_number  (DbrMetrics  *metrics,
                              const char  *table,
                              const char  *name,
                              const char  *key);
gint64   metrics_get_errors  (DbrMetrics  *metrics,
                              const char  *operation,
                              const char  *error_name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Meter, meter_free)

G_END_DECLS
