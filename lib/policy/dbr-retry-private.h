/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "policy/dbr-retry-plan-private.h"
#include "policy/dbr-retry.h"

G_BEGIN_DECLS

/* An attempt is not begun with less time than this. */
#define DBR_RETRY_MIN_USEC 5000
/* So much later at most comes back who waited for the owner of a name. */
#define DBR_RETRY_OWNER_SPREAD_MS 100

/* How far the attempts of one call have come. It is part of what runs them, has no lock of its own,
 * and takes no memory but its own. */
typedef struct
{
  DbrRetryPlan *plan;
  DbrRandom    *random;
  gint64        deadline_usec;
  gboolean      is_idempotent;

  guint         n_hard;
  guint         n_transient;
  guint8        n_by_cause[DBR_RETRY_MAX_CAUSES];
  double        last_ms;
  guint         generation;
} DbrRetryState;

/* The deadline is monotonic, G_MAXINT64 if there is none. */
void      dbr_retry_state_init           (DbrRetryState         *self,
                                          DbrRetryPlan          *plan,
                                          DbrRandom             *random,
                                          gint64                 deadline_usec,
                                          gboolean               is_idempotent);
void      dbr_retry_state_clear          (DbrRetryState         *self);

/* To be asked once for each failed attempt: whether there is another one, and after which pause.
 * @needed_usec is how long an attempt usually takes, 0 if unknown. If there is none, the error of
 * the last attempt stands. */
gboolean  dbr_retry_state_next           (DbrRetryState         *self,
                                          gint64                 now,
                                          const DbrRetryVerdict *verdict,
                                          gint64                 needed_usec,
                                          guint                 *delay_ms);
/* In place of it, when what was not delivered has waited for the owner of its name and one came:
 * each owner, by the number of its @generation from 1, is worth one attempt that does not count. */
gboolean  dbr_retry_state_next_owner     (DbrRetryState         *self,
                                          gint64                 now,
                                          guint                  generation,
                                          gint64                 needed_usec,
                                          guint                 *delay_ms);

DbrRetry *dbr_retry_new                  (DbrRetryPlan          *plan,
                                          const DbrClock        *clock,
                                          DbrRandom             *random,
                                          guint                  timeout_ms,
                                          gboolean               is_idempotent)
G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
