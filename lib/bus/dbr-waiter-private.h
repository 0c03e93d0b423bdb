/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Someone who waits for something that happens once for many: with a task, or asleep. Whoever waits
 * may give up early, and the first end counts. */
typedef struct _DbrWaiter DbrWaiter;

/* With a task, it returns TRUE or an error; without one dbr_waiter_wait() does. */
DbrWaiter *dbr_waiter_new   (GTask         *task,
                             GCancellable  *cancellable) G_GNUC_WARN_UNUSED_RESULT;
DbrWaiter *dbr_waiter_ref   (DbrWaiter     *self);
void       dbr_waiter_unref (DbrWaiter     *self);

/* From any thread, with no lock held. */
void       dbr_waiter_end   (DbrWaiter     *self,
                             const GError  *error);
/* The same in two steps: the first decides, and says whether it was the first to do so; it may be
 * done with a lock held. The second has to follow. */
gboolean   dbr_waiter_decide (DbrWaiter    *self,
                              const GError *error);
void       dbr_waiter_tell  (DbrWaiter     *self);
/* Sleeps until it has ended, which something else sees to. */
gboolean   dbr_waiter_wait  (DbrWaiter     *self,
                             GError       **error);
/* For the finish function of the task. */
gboolean   dbr_waiter_finish (GTask        *task,
                              GError      **error);
/* Whether its end was that it was cancelled. */
gboolean   dbr_waiter_was_cancelled (DbrWaiter *self);
DbrWaiter *dbr_waiter_of_task (GTask       *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrWaiter, dbr_waiter_unref)

G_END_DECLS
