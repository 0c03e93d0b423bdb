/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "dbrctl-table-private.h"
#include "dbrctl-watches-private.h"

G_BEGIN_DECLS

/* The services as rows, the worst first, with what they were like of late. */
typedef struct _DbrctlTopRows DbrctlTopRows;

DbrctlTopRows *dbrctl_top_rows_new      (DbrClient         *client,
                                         DbrctlWatches     *watches,
                                         guint              interval_ms) G_GNUC_WARN_UNUSED_RESULT;
void           dbrctl_top_rows_free     (DbrctlTopRows     *self);

/* A service that is watched already is not added again. */
gboolean       dbrctl_top_rows_add      (DbrctlTopRows     *self,
                                         const char        *name,
                                         GError           **error);
/* Once an interval: what came in it becomes the newest column of the history. */
void           dbrctl_top_rows_tick     (DbrctlTopRows     *self);

guint          dbrctl_top_rows_get_n    (DbrctlTopRows     *self);
/* Those that do not do what they should. */
guint          dbrctl_top_rows_get_n_bad (DbrctlTopRows    *self);

/* So many rows from @first on, as wide as there is room. */
DbrctlTable   *dbrctl_top_rows_to_table (DbrctlTopRows     *self,
                                         guint              first,
                                         guint              n,
                                         guint              width) G_GNUC_WARN_UNUSED_RESULT;
void           dbrctl_top_rows_add_json (DbrctlTopRows     *self,
                                         JsonBuilder       *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlTopRows, dbrctl_top_rows_free)

G_END_DECLS
