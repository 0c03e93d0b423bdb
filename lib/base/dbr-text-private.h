/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether a text is what it should be, on its way out or in. Each looks at it once; @length leaves out
 * the ending zero. */
gboolean dbr_text_is_utf8           (const char *text,
                                     gsize       length);
gboolean dbr_text_is_object_path    (const char *text,
                                     gsize       length);
gboolean dbr_text_is_interface_name (const char *text,
                                     gsize       length);
gboolean dbr_text_is_member_name    (const char *text,
                                     gsize       length);
gboolean dbr_text_is_bus_name       (const char *text,
                                     gsize       length);

G_END_DECLS
