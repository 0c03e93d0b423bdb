/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-json-private.h"

void
dbrctl_json_add_strv (JsonBuilder       *builder,
                      const char        *name,
                      const char *const *values)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    json_builder_add_string_value (builder, values[i]);
  json_builder_end_array (builder);
}

void
dbrctl_json_add_error (JsonBuilder  *builder,
                       const char   *name,
                       const GError *error)
{
  g_autofree char *remote = NULL;

  json_builder_set_member_name (builder, name);
  if (error == NULL)
    {
      json_builder_add_null_value (builder);
      return;
    }

  if (g_dbus_error_is_remote_error (error))
    remote = g_dbus_error_get_remote_error (error);
  json_builder_begin_object (builder);
  dbrctl_json_add_string (builder, "domain", g_quark_to_string (error->domain));
  dbrctl_json_add_number (builder, "code", error->code);
  dbrctl_json_add_string (builder, "name", remote);
  dbrctl_json_add_string (builder, "message", error->message);
  json_builder_end_object (builder);
}
