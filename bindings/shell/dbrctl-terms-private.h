/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbrctl-text-private.h"

G_BEGIN_DECLS

/* How values of the library are called: for programs by their nick, for people in their
 * language. */
const char  *dbrctl_terms_nick           (GType           type,
                                          int             value);

const char  *dbrctl_terms_state          (DbrServiceState state);
DbrctlStyle  dbrctl_terms_state_style    (DbrServiceState state);
const char  *dbrctl_terms_circuit        (DbrCircuitState state);
DbrctlStyle  dbrctl_terms_circuit_style  (DbrCircuitState state);
const char  *dbrctl_terms_severity       (DbrSeverity     severity);
DbrctlStyle  dbrctl_terms_severity_style (DbrSeverity     severity);
const char  *dbrctl_terms_execution      (DbrExecution    execution);
const char  *dbrctl_terms_bus            (GBusType        bus_type);
const char  *dbrctl_terms_bus_nick       (GBusType        bus_type);

G_END_DECLS
