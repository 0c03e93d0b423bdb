/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether this process may open so many descriptors more just now. GLib needs one for a main
 * context, and ends the program where there is none; so whoever is about to make one, and can fail,
 * asks before. */
gboolean dbr_descriptors_check (guint    n,
                                GError **error);

G_END_DECLS
