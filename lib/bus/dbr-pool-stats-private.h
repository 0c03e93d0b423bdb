/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-pool-book-private.h"
#include "bus/dbr-pool-stats.h"

G_BEGIN_DECLS

DbrPoolStats *dbr_pool_stats_new (const DbrPoolCounts *counts,
                                  guint                n_orphans) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
