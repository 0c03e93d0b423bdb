/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-state-replay-private.h"
#include "recovery/dbr-state-snapshot-private.h"
#include "recovery/dbr-state-store-private.h"
#include "recovery/dbr-state-tracker.h"

G_BEGIN_DECLS

struct _DbrStateTracker
{
  GObject          parent_instance;

  /* identity */
  DbrBluezMonitor *monitor;
  DbrHerald       *herald;
  guint            generation;

  GMutex           mutex;

  /* guarded by mutex */
  DbrStateStore   *store;
  /* address -> DbrStateMoment, of what this process has saved */
  GHashTable      *moments;
  DbrStateMark    *mark;
};

/* An address as BlueZ writes it, NULL with an `INVALID_ARGUMENT` if it is none. */
char          *dbr_state_tracker_check_address (const char       *address,
                                                GError          **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE in a child of fork(). */
gboolean       dbr_state_tracker_check_process (DbrStateTracker  *self,
                                                GError          **error);
DbrStateStore *dbr_state_tracker_ref_store     (DbrStateTracker  *self) G_GNUC_WARN_UNUSED_RESULT;
/* Takes @moment; NULL: what was seen of the device counts no more. */
void           dbr_state_tracker_set_moment    (DbrStateTracker  *self,
                                                const char       *address,
                                                DbrStateMoment   *moment);

/* For a recovery. @target is the address of a device or an adapter, or "" for all.
 *
 * Once before the first stage that affects more than one device: what they are like is noted, without
 * a call and also while BlueZ does not answer. What ends from then on is no wish of anybody. It holds
 * for each replay until the next mark. */
void           dbr_state_tracker_mark          (DbrStateTracker  *self,
                                                const char       *target);
/* Behind it: what was lost is put back, and what this process had asked for is asked for again, in
 * the order in which things need each other. The report is a list of DbrEvent, an item each, with
 * its `result` and `address` in the details. Bounded and cancellable. */
void           dbr_state_tracker_replay_async  (DbrStateTracker     *self,
                                                const char          *target,
                                                GCancellable        *cancellable,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data);
GListModel    *dbr_state_tracker_replay_finish (DbrStateTracker     *self,
                                                GAsyncResult        *result,
                                                GError             **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
