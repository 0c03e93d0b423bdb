/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"

G_BEGIN_DECLS

#define DBR_TYPE_POOL_STATS (dbr_pool_stats_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrPoolStats, dbr_pool_stats, DBR, POOL_STATS, GObject)

DBR_AVAILABLE_IN_0_1
guint   dbr_pool_stats_get_size         (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint   dbr_pool_stats_get_idle         (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint   dbr_pool_stats_get_leased       (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint   dbr_pool_stats_get_waiting      (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint64 dbr_pool_stats_get_opened_total (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint64 dbr_pool_stats_get_closed_total (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint64 dbr_pool_stats_get_failed_total (DbrPoolStats *self);
DBR_AVAILABLE_IN_0_1
guint   dbr_pool_stats_get_orphans      (DbrPoolStats *self);

G_END_DECLS
