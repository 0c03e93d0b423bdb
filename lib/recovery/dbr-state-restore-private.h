/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-state-book-private.h"
#include "recovery/dbr-state-snapshot-private.h"

G_BEGIN_DECLS

/* Putting back what a BlueZ has lost of a device, in a thread that may block; each step is bounded.
 *
 * What is another thing than it was may have been lost, or somebody wanted it so. Where this process
 * has looked on since, it knows what somebody has changed while BlueZ lived on. Where it has not, all
 * was changed by somebody that this BlueZ, or one that keeps it on disk, would still know. */
typedef struct
{
  DbrBluezCore *core;
  GCancellable *cancellable;
  /* of the BlueZ that runs now, NULL: unknown */
  const char   *identity;
  /* DbrEvent: what came of it, an item each */
  GListStore   *events;
} DbrStateRestore;

/* @moment is that of the record, NULL: nobody has looked on since. FALSE: it was cancelled. */
gboolean  dbr_state_restore_device  (DbrStateRestore      *self,
                                     const DbrStateRecord *record,
                                     const DbrStateMoment *moment,
                                     GError              **error);
/* An item of a device or an adapter has become @result; @key is NULL for BlueZ itself. Of the values
 * and the error each may be NULL. */
void      dbr_state_restore_report  (DbrStateRestore      *self,
                                     const char           *kind,
                                     const char           *key,
                                     const char           *result,
                                     const char           *text,
                                     GVariant             *saved,
                                     GVariant             *found,
                                     const char           *problem);

#define DBR_STATE_RESTORED "restored"
#define DBR_STATE_UNCHANGED "unchanged"
#define DBR_STATE_KEPT "kept"
#define DBR_STATE_FAILED "failed"
#define DBR_STATE_IMPOSSIBLE "impossible"

G_END_DECLS
