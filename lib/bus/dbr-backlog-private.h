/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-message-private.h"

G_BEGIN_DECLS

#define DBR_BACKLOG_LIMIT 1000
#define DBR_BACKLOG_MAX_BYTES ((gsize) 16 * 1024 * 1024)

typedef struct _DbrBacklog DbrBacklog;

/* Called in the context, for one signal after another; @parameters are those of the signal, or of
 * several that were merged. */
typedef void (*DbrBacklogFunc) (GObject    *object,
                                DbrMessage *signal,
                                GVariant   *parameters);

/* The signals that wait until their context has time for them. There are only so many, and they take
 * only so much memory, though one may always wait: of an object whose properties change faster than
 * anyone looks at them the changes are merged, and else the oldest signals of the same kind go. It has a weak reference to the object it delivers to. */
DbrBacklog *dbr_backlog_new         (GObject        *object,
                                     DbrBacklogFunc  deliver) G_GNUC_WARN_UNUSED_RESULT;
DbrBacklog *dbr_backlog_ref         (DbrBacklog     *self);
void        dbr_backlog_unref       (DbrBacklog     *self);

/* From any thread. */
void        dbr_backlog_push        (DbrBacklog     *self,
                                     DbrMessage     *signal);
/* Nothing is delivered any more, of what came and of what will come. */
void        dbr_backlog_close       (DbrBacklog     *self);
/* It is again. */
void        dbr_backlog_open        (DbrBacklog     *self);
guint64     dbr_backlog_get_dropped (DbrBacklog     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrBacklog, dbr_backlog_unref)

G_END_DECLS
