/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-service-monitor-private.h"

G_BEGIN_DECLS

/* One look at a service: who owns its name, and whether that answers. */
typedef struct _DbrMonitorSurvey DbrMonitorSurvey;

/* @callback is called with a task of @monitor in the thread-default context. */
void              dbr_monitor_survey_begin            (DbrServiceMonitor   *monitor,
                                                       GCancellable        *cancellable,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
DbrMonitorSurvey *dbr_monitor_survey_of_task          (GTask               *task);
/* FALSE: it was cancelled. */
gboolean          dbr_monitor_survey_finish           (GTask               *task,
                                                       GError             **error);

/* What it means for who wanted to know whether the service answers, and for who wanted to know how
 * it is. */
gboolean          dbr_monitor_survey_conclude_check   (DbrMonitorSurvey    *self,
                                                       gint64              *rtt_usec,
                                                       GError             **error);
gboolean          dbr_monitor_survey_conclude_refresh (DbrMonitorSurvey    *self,
                                                       GError             **error);
gboolean          dbr_monitor_survey_has_owner        (DbrMonitorSurvey    *self);

G_END_DECLS
