/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-watches-private.h"

G_BEGIN_DECLS

/* Writes the figures and how the services are for a node exporter, which reads either the file of
 * before or the whole new one. */
gboolean dbrctl_textfile_write (const char     *path,
                                DbrMetrics     *metrics,
                                DbrctlWatches  *watches,
                                GError        **error);

G_END_DECLS
