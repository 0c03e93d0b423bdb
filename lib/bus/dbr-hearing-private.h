/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-herald-private.h"
#include "bus/dbr-backlog-private.h"
#include "bus/dbr-matches-private.h"
#include "bus/dbr-recorder-private.h"
#include "bus/dbr-waiter-private.h"

G_BEGIN_DECLS

/* What other threads have of a subscription: they never keep it, nor free it. It is begun and ended
 * any number of times, and what is left of an earlier time counts no more. */
typedef struct _DbrHearing DbrHearing;

/* Who subscribes is told in the context of this call: of signals by @deliver, and by @tell_active
 * when it is otherwise whether the bus has taken the rule. */
DbrHearing  *dbr_hearing_new         (GObject            *subscription,
                                      DbrBacklogFunc      deliver,
                                      DbrHeraldFunc       tell_active) G_GNUC_WARN_UNUSED_RESULT;
void         dbr_hearing_unref       (DbrHearing         *self);
/* Once, before it is begun: who counts what comes, and as whose it is counted. */
void         dbr_hearing_set_source  (DbrHearing         *self,
                                      DbrRecorder        *recorder,
                                      const char         *bus_name);

gboolean     dbr_hearing_get_active  (DbrHearing         *self);
guint64      dbr_hearing_get_dropped (DbrHearing         *self);

/* @waiter is told when it hears, or cannot; at once if it hears already. TRUE: nobody has asked for
 * that yet, and dbr_hearing_begin() has to follow, with this @epoch. */
gboolean     dbr_hearing_join        (DbrHearing         *self,
                                      DbrWaiter          *waiter,
                                      guint              *epoch);
/* Asks the bus. What is returned is given to dbr_hearing_end(). */
DbrListener *dbr_hearing_begin       (DbrHearing         *self,
                                      guint               epoch,
                                      DbrMatches         *matches,
                                      const DbrMatchRule *rule,
                                      guint               limit_ms) G_GNUC_WARN_UNUSED_RESULT;
/* @waiter gives up. TRUE: nobody else wants it. */
gboolean     dbr_hearing_leave       (DbrHearing         *self,
                                      DbrWaiter          *waiter);
/* Takes @listener. All who still wait are told @reason. */
void         dbr_hearing_end         (DbrHearing         *self,
                                      DbrMatches         *matches,
                                      DbrListener        *listener,
                                      const GError       *reason);

G_END_DECLS
