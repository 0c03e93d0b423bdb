/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "dbrctl-text-private.h"

G_BEGIN_DECLS

/* Rows below titles, as wide as what is in them, and cut where the terminal ends. */
typedef struct _DbrctlTable DbrctlTable;

/* One letter a column: “l” or “r”, the side on which its cells stand; a capital one where the style
 * of a row shows. There are as many @titles. */
DbrctlTable *dbrctl_table_new    (const char         *layout,
                                  const char *const  *titles) G_GNUC_WARN_UNUSED_RESULT;
void         dbrctl_table_free   (DbrctlTable        *self);

guint        dbrctl_table_get_n_rows (DbrctlTable    *self);
/* As many cells as columns; NULL is an empty one. */
void         dbrctl_table_add    (DbrctlTable        *self,
                                  DbrctlStyle         style,
                                  const char *const  *cells);
/* The lines, the titles first; @width 0 is no limit. */
char       **dbrctl_table_render (DbrctlTable        *self,
                                  guint               width,
                                  gboolean            has_colour) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlTable, dbrctl_table_free)

G_END_DECLS
