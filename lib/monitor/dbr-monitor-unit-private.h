/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-monitor-core-private.h"

G_BEGIN_DECLS

/* In the transport's thread: what systemd says of a unit, an a{sv}. */
typedef void (*DbrMonitorUnitFunc) (GVariant *state,
                                    gpointer  user_data);

/* Asks systemd for the unit of the current process. Where there is none on the bus, nobody is
 * started and nothing is known. */
void dbr_monitor_unit_find (DbrMonitorCore     *core,
                            guint               run);
/* Reads how that unit is by now, or the one that the last process was in; @func is called if it can
 * be read. */
void dbr_monitor_unit_read (DbrMonitorCore     *core,
                            DbrMonitorUnitFunc  func,
                            gpointer            user_data,
                            GDestroyNotify      destroy);

G_END_DECLS
