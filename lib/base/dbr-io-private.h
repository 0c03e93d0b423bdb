/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* dbr-io is the library's own thread with a main context of its own: it makes connections, keeps
 * deadlines and runs whatever must not wait for a caller's main loop. It starts on first use. */
GMainContext *dbr_io_get_context (void);
gboolean      dbr_io_is_current  (void);

/* Whether it runs, or can be started: without a descriptor for its main context GLib would end the
 * program. What a caller may be refused asks first. */
gboolean      dbr_io_check       (GError    **error);

/* Runs @func on dbr-io, at once if this is dbr-io. Functions run in the order they were given. */
typedef void (*DbrIoFunc) (gpointer data);

void          dbr_io_invoke      (DbrIoFunc func,
                                  gpointer  data);
/* The same, and returns when it was run. With no lock held that dbr-io may want. */
void          dbr_io_ask         (DbrIoFunc func,
                                  gpointer  data);

G_END_DECLS
