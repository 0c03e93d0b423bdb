/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether bytes that arrived are what they should be. Each looks at its text once; @length leaves
 * out the ending zero. */
gboolean dbr_wire_is_text           (const char *text,
                                     gsize       length);
gboolean dbr_wire_is_object_path    (const char *text,
                                     gsize       length);
gboolean dbr_wire_is_interface_name (const char *text,
                                     gsize       length);
gboolean dbr_wire_is_member_name    (const char *text,
                                     gsize       length);
gboolean dbr_wire_is_bus_name       (const char *text,
                                     gsize       length);

G_END_DECLS
