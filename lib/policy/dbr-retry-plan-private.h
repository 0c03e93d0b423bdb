/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-error-table-private.h"
#include "policy/dbr-retry-policy.h"

G_BEGIN_DECLS

/* What the properties of a policy say. */
typedef struct
{
  guint     max_attempts;
  /* those that pass by themselves, where they are counted apart; 0 if all are counted together */
  guint     transient_attempts;
  guint     base_delay_ms;
  guint     throttle_delay_ms;
  double    multiplier;
  guint     max_delay_ms;
  DbrJitter jitter;
  /* 0 if retries are not counted */
  guint     budget_capacity;
  double    budget_refill_per_s;
  gboolean  is_waiting_for_owner;
} DbrRetryValues;

#define DBR_RETRY_MAX_CAUSES 32

/* A group of data/retry*.ini that tells of a cause. It lives as long as the process. */
typedef struct
{
  GStrv    names;
  GStrv    texts;
  guint    pause_ms;
  guint    attempts;
  guint    index;
  gboolean is_throttled;
  gboolean is_transient;
  /* where it persists, what is at fault lies below the service */
  gboolean is_of_controller;
  /* it belongs to one preset, which so retries it */
  gboolean is_retried;
} DbrRetryCause;

/* A policy as it was at one moment. It never changes once more than one holds it, and so is read
 * from any thread without a lock. */
typedef struct
{
  gatomicrefcount  ref_count;

  DbrRetryValues   values;
  gboolean         is_valid;
  /* the preset's own causes, before those of all presets */
  GPtrArray       *causes;
  /* names the caller spoke of, and whether they are to be retried; NULL if there are none */
  GHashTable      *words;
} DbrRetryPlan;

/* What is to be known of a failed attempt to decide on the next one. */
typedef struct
{
  DbrFailure           failure;
  /* it is retried whatever it is: the caller said so, or the preset */
  gboolean             is_added;
  /* NULL if nothing special is known */
  const DbrRetryCause *cause;
} DbrRetryVerdict;

/* A preset as it ships, NULL if there is none of that name. */
DbrRetryPlan *dbr_retry_plan_lookup       (const char         *preset) G_GNUC_WARN_UNUSED_RESULT;
DbrRetryPlan *dbr_retry_plan_copy         (const DbrRetryPlan *self) G_GNUC_WARN_UNUSED_RESULT;
DbrRetryPlan *dbr_retry_plan_ref          (DbrRetryPlan       *self);
void          dbr_retry_plan_unref        (DbrRetryPlan       *self);

/* Whether its values make sense; is_valid says the same at once, and a plan that is not valid never
 * retries. A copy that was written to is to be checked before anyone else gets it. */
gboolean      dbr_retry_plan_check        (const DbrRetryPlan *self,
                                           GError            **error);

/* What the caller says of an error's name. To be used on a copy only. */
void          dbr_retry_plan_add_word     (DbrRetryPlan       *self,
                                           const char         *error_name);
void          dbr_retry_plan_remove_word  (DbrRetryPlan       *self,
                                           const char         *error_name);

/* Adds to a failure what is known of its cause. Name and message may be NULL. */
void          dbr_retry_plan_judge        (const DbrRetryPlan *self,
                                           const char         *error_name,
                                           const char         *message,
                                           DbrFailure          failure,
                                           DbrRetryVerdict    *verdict);
/* The same from what came: an answer that is an error, with what dbr_failure_classify_reply()
 * takes, or an error that was made here. */
void          dbr_retry_plan_judge_reply  (const DbrRetryPlan *self,
                                           const char         *error_name,
                                           const char         *message,
                                           DbrOrigin           origin,
                                           gboolean            is_starting,
                                           DbrRetryVerdict    *verdict);
void          dbr_retry_plan_judge_local  (const DbrRetryPlan *self,
                                           DbrExecution        execution,
                                           const GError       *error,
                                           DbrRetryVerdict    *verdict);

/* The pause in milliseconds after the failure number @attempt, from 1, that would begin with
 * @base_ms; @chance is from 0 to 1, and @last_ms the pause before, 0 if there was none. */
double        dbr_retry_plan_get_delay    (const DbrRetryPlan *self,
                                           guint               base_ms,
                                           guint               attempt,
                                           double              last_ms,
                                           double              chance);
void          dbr_retry_plan_get_range    (const DbrRetryPlan *self,
                                           guint               attempt,
                                           guint              *min_ms,
                                           guint              *max_ms);
guint         dbr_retry_plan_round        (double              ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrRetryPlan, dbr_retry_plan_unref)

G_END_DECLS
