/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "policy/dbr-retry-plan-private.h"

G_BEGIN_DECLS

/* How many destinations are remembered; one whose budget is full needs no memory. */
#define DBR_RETRY_BUDGET_MAX_NAMES 256
/* What a retry costs, and what a call gives back that succeeded at once. */
#define DBR_RETRY_BUDGET_COST_NOT_DELIVERED 1
#define DBR_RETRY_BUDGET_COST_OTHER 2
#define DBR_RETRY_BUDGET_SUCCESS 0.1

typedef struct _DbrRetryBudget DbrRetryBudget;

/* What the retries of all calls to a destination may cost together, so that a service in trouble
 * does not get more calls than one that works. Any thread may use it. How large a budget is and how
 * fast it grows back, the plan of each call says. A name may be NULL where there is no bus. */
DbrRetryBudget *dbr_retry_budget_new         (const DbrClock     *clock) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_retry_budget_free        (DbrRetryBudget     *self);

/* Pays for a retry after @failure. What it cost goes into @cost, for when it has succeeded. */
gboolean        dbr_retry_budget_take        (DbrRetryBudget     *self,
                                              const DbrRetryPlan *plan,
                                              const char         *bus_name,
                                              DbrFailure          failure,
                                              guint              *cost);
/* A call has succeeded, after a retry that had cost @cost or at once with 0. */
void            dbr_retry_budget_succeeded   (DbrRetryBudget     *self,
                                              const DbrRetryPlan *plan,
                                              const char         *bus_name,
                                              guint               cost);

double          dbr_retry_budget_get_balance (DbrRetryBudget     *self,
                                              const DbrRetryPlan *plan,
                                              const char         *bus_name);
guint           dbr_retry_budget_get_n_names (DbrRetryBudget     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRetryBudget, dbr_retry_budget_free)

G_END_DECLS
