/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-json-private.h"

void
dbrctl_json_string (JsonBuilder *builder,
                    const char  *name,
                    const char  *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
dbrctl_json_int (JsonBuilder *builder,
                 const char  *name,
                 gint64       value)
{
  json_builder_set_member_name (builder, name);
  if (value != -1)
    json_builder_add_int_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
dbrctl_json_boolean (JsonBuilder *builder,
                     const char  *name,
                     gboolean     value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
dbrctl_json_strv (JsonBuilder       *builder,
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
dbrctl_json_error (JsonBuilder  *builder,
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
  dbrctl_json_string (builder, "domain", g_quark_to_string (error->domain));
  dbrctl_json_int (builder, "code", error->code);
  dbrctl_json_string (builder, "name", remote);
  dbrctl_json_string (builder, "message", error->message);
  json_builder_end_object (builder);
}

void
dbrctl_json_variant (JsonBuilder *builder,
                     const char  *name,
                     GVariant    *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_value (builder, json_gvariant_serialize (value));
}
