/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-book-private.h"
#include "metrics/dbr-metrics.h"

G_BEGIN_DECLS

/* An operation found once, for who records it often. It is valid as long as its metrics, or longer
 * with a reference of its own. */
typedef DbrAccount DbrMetricsHandle;

/* What became of one call. Times are in microseconds, -1 where one is not known; @now is the
 * monotonic time at which it ended. */
typedef struct
{
  gint64      now;
  gint64      total_usec;
  gint64      queue_usec;
  gint64      service_usec;
  gint64      lag_usec;
  DbrOutcome  outcome;
  const char *error_name;
} DbrMetricsSample;

/* With a clock of a test, nothing happens by itself: see dbr_metrics_tick(). */
DbrMetrics       *dbr_metrics_new_with_clock     (const DbrClock         *clock) G_GNUC_WARN_UNUSED_RESULT;
DbrBook          *dbr_metrics_get_book           (DbrMetrics             *self);

/* @operation is the class that limits go by. Without a destination it is also the name. */
DbrMetricsHandle *dbr_metrics_resolve            (DbrMetrics             *self,
                                                  const char             *operation,
                                                  const char             *destination,
                                                  const char             *interface_name,
                                                  const char             *member);
DbrMetricsHandle *dbr_metrics_handle_ref         (DbrMetricsHandle       *handle);
void              dbr_metrics_handle_unref       (DbrMetricsHandle       *handle);
/* From any thread, cheap, and without a lock as long as all is well. */
void              dbr_metrics_handle_record      (DbrMetricsHandle       *handle,
                                                  const DbrMetricsSample *sample);
void              dbr_metrics_handle_add_retry   (DbrMetricsHandle       *handle);
/* An answer that nobody waits for any more is due: 1, or no longer: -1. */
void              dbr_metrics_handle_add_orphans (DbrMetricsHandle       *handle,
                                                  int                     n);

/* What happens beside calls, from any thread. A place is a bus name or a connection, as its kind
 * says. */
void              dbr_metrics_note_budget        (DbrMetrics             *self,
                                                  const char             *bus_name);
void              dbr_metrics_note_circuit       (DbrMetrics             *self,
                                                  const char             *bus_name,
                                                  const char             *state_nick,
                                                  gboolean                has_opened);
void              dbr_metrics_note_owner         (DbrMetrics             *self,
                                                  const char             *bus_name);
void              dbr_metrics_note_signals       (DbrMetrics             *self,
                                                  const char             *sender,
                                                  guint                   n);
/* The program's own main loop did not run for so long. A mailbox is asked for its age. */
void              dbr_metrics_note_lag           (DbrMetrics             *self,
                                                  gint64                  lag_usec);
void              dbr_metrics_note_bus_limit     (DbrMetrics             *self,
                                                  const char             *connection);
void              dbr_metrics_set_slots          (DbrMetrics             *self,
                                                  const char             *connection,
                                                  const DbrSlots         *slots);
void              dbr_metrics_forget_connection  (DbrMetrics             *self,
                                                  const char             *connection);

/* Looks now, as a deadline does otherwise. */
void              dbr_metrics_tick               (DbrMetrics             *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrMetricsHandle, dbr_metrics_handle_unref)

G_END_DECLS
