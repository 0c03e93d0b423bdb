/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "policy/dbr-access-policy-private.h"

G_BEGIN_DECLS

/* Holds an access policy against a connection that is in other hands: it sees each message that
 * goes out and comes in, in GDBus's worker thread, and needs no lock for that.
 *
 * GDBus waits for the answer to a call that was kept back until its limit, and has no way in for an
 * answer but the connection. So what is denied goes out as a question that the bus answers at once
 * and to everybody, and that answer comes in as the refusal. */
typedef struct _DbrAccessGuard DbrAccessGuard;

DbrAccessGuard *dbr_access_guard_new           (DbrAccessPolicy *policy,
                                                DbrAccessBus     bus) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_access_guard_free          (DbrAccessGuard  *self);

/* Takes a message that is about to be sent, and returns what to send instead: most often the same,
 * or NULL for nothing. */
GDBusMessage   *dbr_access_guard_pass_outgoing (DbrAccessGuard  *self,
                                                GDBusMessage    *message) G_GNUC_WARN_UNUSED_RESULT;
/* The same for one that came in. */
GDBusMessage   *dbr_access_guard_pass_incoming (DbrAccessGuard  *self,
                                                GDBusMessage    *message) G_GNUC_WARN_UNUSED_RESULT;

/* The question that the bus answers whatever its state, with @serial. */
GDBusMessage   *dbr_access_guard_new_question  (guint32          serial) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrAccessGuard, dbr_access_guard_free)

G_END_DECLS
