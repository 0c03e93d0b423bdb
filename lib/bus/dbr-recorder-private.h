/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-link-private.h"
#include "bus/dbr-passage-private.h"
#include "bus/dbr-trace-private.h"
#include "metrics/dbr-metrics-private.h"

G_BEGIN_DECLS

/* What a client writes into its metrics, and into its trace: what became of each call, and what
 * happens beside calls. All of it may be called in any thread, with no lock held. Names of programs
 * may be NULL, where there is no bus. */
typedef struct _DbrRecorder DbrRecorder;

DbrRecorder      *dbr_recorder_new            (DbrLink          *link,
                                               DbrTrace         *trace) G_GNUC_WARN_UNUSED_RESULT;
DbrRecorder      *dbr_recorder_ref            (DbrRecorder      *self);
void              dbr_recorder_unref          (DbrRecorder      *self);
/* Nothing happens by itself any more. */
void              dbr_recorder_close          (DbrRecorder      *self);

/* NULL: nothing is counted. What is under way stays with the metrics it began with. */
void              dbr_recorder_set_metrics    (DbrRecorder      *self,
                                               DbrMetrics       *metrics);

/* Calls */

/* Where a call is counted, with a reference; NULL where none is. */
DbrMetricsHandle *dbr_recorder_ref_handle     (DbrRecorder      *self,
                                               const DbrRequest *request,
                                               const char       *operation) G_GNUC_WARN_UNUSED_RESULT;
/* A call that is good was refused before anything was made of it. */
void              dbr_recorder_refused        (DbrRecorder      *self,
                                               const DbrRequest *request,
                                               const char       *operation);
/* It has ended, and waits for the thread that began it. */
void              dbr_recorder_ended          (DbrRecorder      *self,
                                               DbrPassage       *passage);
void              dbr_recorder_handed_over    (DbrRecorder      *self,
                                               DbrPassage       *passage);

/* What happens beside them */

void              dbr_recorder_opened         (DbrRecorder              *self,
                                               const DbrTransportLimits *limits);
void              dbr_recorder_lost           (DbrRecorder      *self);
/* The calls and rules that the connection has under way are others now. */
void              dbr_recorder_count_slots    (DbrRecorder      *self);
void              dbr_recorder_bus_refused    (DbrRecorder      *self);
void              dbr_recorder_budget_is_spent (DbrRecorder     *self,
                                                const char      *bus_name);
void              dbr_recorder_circuit_changed (DbrRecorder     *self,
                                                const char      *bus_name,
                                                DbrCircuitState  state,
                                                gboolean         has_opened);
void              dbr_recorder_service_came   (DbrRecorder      *self,
                                               const char       *bus_name);
void              dbr_recorder_signals_came   (DbrRecorder      *self,
                                               const char       *sender,
                                               guint             n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRecorder, dbr_recorder_unref)

G_END_DECLS
