/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "policy/dbr-retry-plan-private.h"
#include "policy/dbr-retry-policy.h"

G_BEGIN_DECLS

typedef struct _DbrRetryHerald DbrRetryHerald;

struct _DbrRetryPolicy
{
  GObject         parent_instance;

  /* identity */
  DbrRetryHerald *herald;
  const DbrClock *clock;
  DbrRandom      *random;

  GMutex          mutex;

  /* guarded by mutex: replaced as a whole by each change */
  DbrRetryPlan   *plan;
};

/* For tests; to be set before anything else. */
void          dbr_retry_policy_set_sources    (DbrRetryPolicy *self,
                                               const DbrClock *clock,
                                               DbrRandom      *random);

/* What a call takes when it begins, and goes by until it ends. */
DbrRetryPlan *dbr_retry_policy_ref_plan       (DbrRetryPolicy *self) G_GNUC_WARN_UNUSED_RESULT;

/* What belongs to the signals of the class and of each policy, which are emitted in @context. */
void            dbr_retry_policy_install_signals (DbrRetryPolicyClass *klass);
DbrRetryHerald *dbr_retry_herald_new             (DbrRetryPolicy      *policy,
                                                  GMainContext        *context);
void            dbr_retry_herald_unref           (DbrRetryHerald      *herald);

/* The signals, from any thread. They cost nothing while nobody listens. */
void          dbr_retry_policy_tell_retrying  (DbrRetryPolicy *self,
                                               const char     *operation,
                                               guint           attempt,
                                               guint           delay_ms,
                                               const GError   *error);
void          dbr_retry_policy_tell_recovered (DbrRetryPolicy *self,
                                               const char     *operation,
                                               guint           attempts,
                                               gint64          elapsed_usec);
void          dbr_retry_policy_tell_gave_up   (DbrRetryPolicy *self,
                                               const char     *operation,
                                               guint           attempts,
                                               const GError   *error);
void          dbr_retry_policy_tell_exhausted (DbrRetryPolicy *self,
                                               const char     *bus_name);

G_END_DECLS
