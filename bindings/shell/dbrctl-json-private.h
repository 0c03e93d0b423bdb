/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* One member each. What is not known, NULL or -1, is null: a program never takes it for a value. */
void dbrctl_json_string  (JsonBuilder        *builder,
                          const char         *name,
                          const char         *value);
void dbrctl_json_int     (JsonBuilder        *builder,
                          const char         *name,
                          gint64              value);
void dbrctl_json_boolean (JsonBuilder        *builder,
                          const char         *name,
                          gboolean            value);
void dbrctl_json_strv    (JsonBuilder        *builder,
                          const char         *name,
                          const char *const  *values);
/* As dbrctl-error-1, as far as it is of this one; or null. */
void dbrctl_json_error   (JsonBuilder        *builder,
                          const char         *name,
                          const GError       *error);
/* Whatever a variant holds, as plain values. */
void dbrctl_json_variant (JsonBuilder        *builder,
                          const char         *name,
                          GVariant           *value);

G_END_DECLS
