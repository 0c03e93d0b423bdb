/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* dbr_error_explain() for a process that is in a sandbox if @sandbox_file exists. */
char *dbr_error_explain_in (const GError *error,
                            const char   *sandbox_file) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
