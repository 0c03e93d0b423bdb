/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbrctl-output-private.h"

G_BEGIN_DECLS

/* A row an operation, and what is wrong below them. */
void     dbrctl_figures_show     (DbrctlOutput *output,
                                  DbrMetrics   *metrics);
/* The same as members of the object that is being filled: “operations” and “issues”. */
void     dbrctl_figures_add_json (JsonBuilder  *builder,
                                  DbrMetrics   *metrics);
gboolean dbrctl_figures_are_well (DbrMetrics   *metrics);

G_END_DECLS
