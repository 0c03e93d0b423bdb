/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Values that nobody would think of, from the seed that g_test_init() prints. */
char     *random_dup_signature (guint               max_types) G_GNUC_WARN_UNUSED_RESULT;
GVariant *random_new_value     (const GVariantType *type) G_GNUC_WARN_UNUSED_RESULT;
char     *random_dup_path      (void) G_GNUC_WARN_UNUSED_RESULT;
char     *random_dup_name      (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
