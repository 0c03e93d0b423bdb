/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "bus/dbr-lease.h"
#include "bus/dbr-pool-stats.h"
#include "dbr-version-macros.h"
#include "policy/dbr-access-policy.h"

G_BEGIN_DECLS

#define DBR_TYPE_POOL (dbr_pool_get_type ())

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrPool, dbr_pool, DBR, POOL, GObject)

DBR_AVAILABLE_IN_0_1
DbrPool         *dbr_pool_new                    (GBusType              bus_type) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrPool         *dbr_pool_new_for_address        (const char           *address) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
GBusType         dbr_pool_get_bus_type           (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
const char      *dbr_pool_get_address            (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
DbrAccessPolicy *dbr_pool_get_access_policy      (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_min_size           (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_min_size           (DbrPool              *self,
                                                  guint                 min_size);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_max_size           (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_max_size           (DbrPool              *self,
                                                  guint                 max_size);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_max_idle_ms        (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_max_idle_ms        (DbrPool              *self,
                                                  guint                 max_idle_ms);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_max_age_ms         (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_max_age_ms         (DbrPool              *self,
                                                  guint                 max_age_ms);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_health_check_ms    (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_health_check_ms    (DbrPool              *self,
                                                  guint                 health_check_ms);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_acquire_timeout_ms (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_acquire_timeout_ms (DbrPool              *self,
                                                  guint                 acquire_timeout_ms);
DBR_AVAILABLE_IN_0_1
guint            dbr_pool_get_leak_warn_ms       (DbrPool              *self);
DBR_AVAILABLE_IN_0_1
void             dbr_pool_set_leak_warn_ms       (DbrPool              *self,
                                                  guint                 leak_warn_ms);

DBR_AVAILABLE_IN_0_1
DbrPoolStats    *dbr_pool_get_stats              (DbrPool              *self) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void             dbr_pool_acquire_async          (DbrPool              *self,
                                                  GCancellable         *cancellable,
                                                  GAsyncReadyCallback   callback,
                                                  gpointer              user_data);
DBR_AVAILABLE_IN_0_1
DbrLease        *dbr_pool_acquire_finish         (DbrPool              *self,
                                                  GAsyncResult         *result,
                                                  GError              **error) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrLease        *dbr_pool_acquire_sync           (DbrPool              *self,
                                                  GCancellable         *cancellable,
                                                  GError              **error) G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
void             dbr_pool_close_async            (DbrPool              *self,
                                                  GCancellable         *cancellable,
                                                  GAsyncReadyCallback   callback,
                                                  gpointer              user_data);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_pool_close_finish           (DbrPool              *self,
                                                  GAsyncResult         *result,
                                                  GError              **error);
DBR_AVAILABLE_IN_0_1
gboolean         dbr_pool_close_sync             (DbrPool              *self,
                                                  GCancellable         *cancellable,
                                                  GError              **error);

G_END_DECLS
