/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-bus-report-private.h"

G_BEGIN_DECLS

/* What can be found out about a service from outside. Nothing starts it. */
typedef struct _DbrctlServiceReport DbrctlServiceReport;

/* @n_probes is how often it is asked, if it answers at all. */
DbrctlServiceReport *dbrctl_service_report_new       (DbrctlFrame         *frame,
                                                      DbrctlBusReport     *bus,
                                                      const char          *name,
                                                      guint                n_probes) G_GNUC_WARN_UNUSED_RESULT;
void                 dbrctl_service_report_free      (DbrctlServiceReport *self);

gboolean             dbrctl_service_report_has_owner (DbrctlServiceReport *self);

void                 dbrctl_service_report_judge     (DbrctlServiceReport *self,
                                                      DbrctlFindings      *findings,
                                                      DbrSeverity          if_absent);
void                 dbrctl_service_report_print     (DbrctlServiceReport *self,
                                                      DbrctlOutput        *output);
void                 dbrctl_service_report_add_json  (DbrctlServiceReport *self,
                                                      JsonBuilder         *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlServiceReport, dbrctl_service_report_free)

G_END_DECLS
