/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-call-private.h"

G_BEGIN_DECLS

typedef struct _DbrTrace DbrTrace;

/* Called in the context that the trace was made in: @calls are new, and with those before there may
 * be @size of them. */
typedef void (*DbrTraceFunc) (GObject   *object,
                              GPtrArray *calls,
                              guint      size);

/* The calls that ended last, on their way to who wants to look at them. They end in any thread, and
 * are shown in one context. What waits to be shown is never more than what is kept. It has a weak
 * reference to the object that shows them. */
DbrTrace *dbr_trace_new      (GObject              *object,
                              DbrTraceFunc          show) G_GNUC_WARN_UNUSED_RESULT;
DbrTrace *dbr_trace_ref      (DbrTrace             *self);
void      dbr_trace_unref    (DbrTrace             *self);

/* From any thread. */
guint     dbr_trace_get_size (DbrTrace             *self);
/* FALSE: it was the same before. */
gboolean  dbr_trace_set_size (DbrTrace             *self,
                              guint                 size);
void      dbr_trace_add      (DbrTrace             *self,
                              const DbrRequest     *request,
                              const DbrCallResults *results);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTrace, dbr_trace_unref)

G_END_DECLS
