/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One of the files compiled in from data/, by its path in data/dbr.gresource.xml. That it is
 * missing is a bug of ours, and ends the process. */
GBytes *dbr_data_lookup (const char *path) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
