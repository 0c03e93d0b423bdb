/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-monitor-core-private.h"

G_BEGIN_DECLS

/* All monitors of a process that work go on one round: when one of them wakes the machine, the others
 * do what they would have woken it for soon. */
void dbr_monitor_round_join  (DbrMonitorCore *core);
void dbr_monitor_round_leave (DbrMonitorCore *core);
/* @first has ticked, and so do all others. */
void dbr_monitor_round_tick  (DbrMonitorCore *first);

G_END_DECLS
