/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the holders of a connection have left on it, as far as the messages that they sent tell:
 * names that they own, match rules, what services keep for their caller, and calls that were never
 * answered. Without a lock. */
typedef struct _DbrTraces DbrTraces;

DbrTraces *dbr_traces_new         (void) G_GNUC_WARN_UNUSED_RESULT;
void       dbr_traces_free        (DbrTraces    *self);

/* A method call goes out; a reply to @serial came in. */
void       dbr_traces_hear_call   (DbrTraces    *self,
                                   GDBusMessage *call);
void       dbr_traces_hear_reply  (DbrTraces    *self,
                                   guint32       serial);

/* Its holder is done: nobody waits any more for what was not answered. */
void       dbr_traces_end_lease   (DbrTraces    *self);
guint      dbr_traces_get_orphans (DbrTraces    *self);
/* Whether the next holder would find nothing but unanswered calls. */
gboolean   dbr_traces_are_clean   (DbrTraces    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTraces, dbr_traces_free)

G_END_DECLS
