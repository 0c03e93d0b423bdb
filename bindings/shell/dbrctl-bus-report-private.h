/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-findings-private.h"

G_BEGIN_DECLS

/* What a bus tells of itself. */
typedef struct _DbrctlBusReport DbrctlBusReport;

/* Connects, and asks what can be asked. Never fails: that there is no bus is a report too. */
DbrctlBusReport *dbrctl_bus_report_new            (DbrctlFrame      *frame,
                                                   GBusType          bus_type) G_GNUC_WARN_UNUSED_RESULT;
void             dbrctl_bus_report_free           (DbrctlBusReport  *self);

/* NULL if it cannot be reached. */
DbrClient       *dbrctl_bus_report_get_client     (DbrctlBusReport  *self);
const GError    *dbrctl_bus_report_get_error      (DbrctlBusReport  *self);
GBusType         dbrctl_bus_report_get_bus_type   (DbrctlBusReport  *self);
/* How many match rules a connection may have; 0 if that is not known. */
guint            dbrctl_bus_report_get_max_rules  (DbrctlBusReport  *self);
gboolean         dbrctl_bus_report_is_activatable (DbrctlBusReport  *self,
                                                   const char       *name);

/* What waits in the bus for the program behind a unique name, and its match rules; all -1 if the bus
 * does not tell. */
typedef struct
{
  gint64 messages;
  gint64 bytes;
  gint64 rules;
  gint64 replies;
} DbrctlQueue;

void             dbrctl_bus_report_read_queue     (DbrctlBusReport  *self,
                                                   const char       *owner,
                                                   DbrctlQueue      *queue);

void             dbrctl_bus_report_judge          (DbrctlBusReport  *self,
                                                   DbrctlFindings   *findings,
                                                   DbrSeverity       if_missing);
void             dbrctl_bus_report_print          (DbrctlBusReport  *self,
                                                   DbrctlOutput     *output);
void             dbrctl_bus_report_add_json       (DbrctlBusReport  *self,
                                                   JsonBuilder      *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlBusReport, dbrctl_bus_report_free)

G_END_DECLS
