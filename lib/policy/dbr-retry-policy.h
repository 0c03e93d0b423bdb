/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (DBR_INSIDE) && !defined (DBR_COMPILATION)
# error "Only <libdbr.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dbr-version-macros.h"
#include "policy/dbr-retry.h"

G_BEGIN_DECLS

#define DBR_TYPE_JITTER (dbr_jitter_get_type ())
#define DBR_TYPE_RETRY_POLICY (dbr_retry_policy_get_type ())

/**
 * DbrJitter:
 * @DBR_JITTER_NONE: the whole pause
 * @DBR_JITTER_EQUAL: half of the pause, and a random part of the other half
 * @DBR_JITTER_FULL: a random part of the pause, which may be none of it
 * @DBR_JITTER_DECORRELATED: a random time from the first pause to three times the last one
 *
 * How much of a pause is left to chance, so that those who failed together do not come back so.
 *
 * Since: 0.1
 */
typedef enum
{
  DBR_JITTER_NONE,
  DBR_JITTER_EQUAL,
  DBR_JITTER_FULL,
  DBR_JITTER_DECORRELATED,
} DbrJitter;

DBR_AVAILABLE_IN_0_1
GType dbr_jitter_get_type (void);

DBR_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (DbrRetryPolicy, dbr_retry_policy, DBR, RETRY_POLICY, GObject)

DBR_AVAILABLE_IN_0_1
DbrRetryPolicy *dbr_retry_policy_new                     (void) G_GNUC_WARN_UNUSED_RESULT;
DBR_AVAILABLE_IN_0_1
DbrRetryPolicy *dbr_retry_policy_new_preset              (const char      *name,
                                                          GError         **error)
G_GNUC_WARN_UNUSED_RESULT;

DBR_AVAILABLE_IN_0_1
guint           dbr_retry_policy_get_max_attempts        (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_max_attempts        (DbrRetryPolicy  *self,
                                                          guint            max_attempts);
DBR_AVAILABLE_IN_0_1
guint           dbr_retry_policy_get_base_delay_ms       (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_base_delay_ms       (DbrRetryPolicy  *self,
                                                          guint            base_delay_ms);
DBR_AVAILABLE_IN_0_1
guint           dbr_retry_policy_get_throttle_delay_ms   (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_throttle_delay_ms   (DbrRetryPolicy  *self,
                                                          guint            throttle_delay_ms);
DBR_AVAILABLE_IN_0_1
double          dbr_retry_policy_get_multiplier          (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_multiplier          (DbrRetryPolicy  *self,
                                                          double           multiplier);
DBR_AVAILABLE_IN_0_1
guint           dbr_retry_policy_get_max_delay_ms        (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_max_delay_ms        (DbrRetryPolicy  *self,
                                                          guint            max_delay_ms);
DBR_AVAILABLE_IN_0_1
DbrJitter       dbr_retry_policy_get_jitter              (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_jitter              (DbrRetryPolicy  *self,
                                                          DbrJitter        jitter);
DBR_AVAILABLE_IN_0_1
guint           dbr_retry_policy_get_budget_capacity     (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_budget_capacity     (DbrRetryPolicy  *self,
                                                          guint            budget_capacity);
DBR_AVAILABLE_IN_0_1
double          dbr_retry_policy_get_budget_refill_per_s (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_budget_refill_per_s (DbrRetryPolicy  *self,
                                                          double           budget_refill_per_s);
DBR_AVAILABLE_IN_0_1
gboolean        dbr_retry_policy_get_wait_for_owner      (DbrRetryPolicy  *self);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_set_wait_for_owner      (DbrRetryPolicy  *self,
                                                          gboolean         wait_for_owner);

DBR_AVAILABLE_IN_0_1
gboolean        dbr_retry_policy_add_retryable           (DbrRetryPolicy  *self,
                                                          const char      *error_name,
                                                          GError         **error);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_remove_retryable        (DbrRetryPolicy  *self,
                                                          const char      *error_name);

DBR_AVAILABLE_IN_0_1
DbrFailure      dbr_retry_policy_classify                (DbrRetryPolicy  *self,
                                                          const GError    *error);
DBR_AVAILABLE_IN_0_1
void            dbr_retry_policy_get_delay_range         (DbrRetryPolicy  *self,
                                                          guint            attempt,
                                                          guint           *min_ms,
                                                          guint           *max_ms);
DBR_AVAILABLE_IN_0_1
DbrRetry       *dbr_retry_policy_begin                   (DbrRetryPolicy  *self,
                                                          guint            timeout_ms,
                                                          gboolean         idempotent)
G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
