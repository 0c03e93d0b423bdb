/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-json-private.h"

#include <math.h>

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

static JsonNode *variant_to_node (GVariant *value);

static JsonNode *
dict_to_node (GVariant *value)
{
  JsonObject *object = json_object_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (value, i);
      g_autoptr(GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr(GVariant) inner = g_variant_get_child_value (entry, 1);
      g_autofree char *name = g_variant_is_of_type (key, G_VARIANT_TYPE_STRING)
                              ? g_variant_dup_string (key, NULL) : g_variant_print (key, FALSE);

      json_object_set_member (object, name, variant_to_node (inner));
    }
  json_node_take_object (node, object);

  return node;
}

static JsonNode *
children_to_node (GVariant *value)
{
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr(GVariant) child = g_variant_get_child_value (value, i);

      json_array_add_element (array, variant_to_node (child));
    }
  json_node_take_array (node, array);

  return node;
}

/* JSON has no word for what is no number, and json-glib none for what is above 63 bits: that is a
 * text. */
static JsonNode *
number_to_node (GVariant *value)
{
  JsonNode *node = json_node_new (JSON_NODE_VALUE);

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_DOUBLE:
      if (!isfinite (g_variant_get_double (value)))
        json_node_init_null (node);
      else
        json_node_set_double (node, g_variant_get_double (value));
      break;

    case G_VARIANT_CLASS_UINT64:
      if (g_variant_get_uint64 (value) > G_MAXINT64)
        {
          g_autofree char *text = g_variant_print (value, FALSE);

          json_node_set_string (node, text);
        }
      else
        json_node_set_int (node, (gint64) g_variant_get_uint64 (value));
      break;

    case G_VARIANT_CLASS_BYTE: json_node_set_int (node, g_variant_get_byte (value)); break;
    case G_VARIANT_CLASS_INT16: json_node_set_int (node, g_variant_get_int16 (value)); break;
    case G_VARIANT_CLASS_UINT16: json_node_set_int (node, g_variant_get_uint16 (value)); break;
    case G_VARIANT_CLASS_INT32: json_node_set_int (node, g_variant_get_int32 (value)); break;
    case G_VARIANT_CLASS_UINT32: json_node_set_int (node, g_variant_get_uint32 (value)); break;
    case G_VARIANT_CLASS_INT64: json_node_set_int (node, g_variant_get_int64 (value)); break;
    case G_VARIANT_CLASS_HANDLE: json_node_set_int (node, g_variant_get_handle (value)); break;

    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      g_assert_not_reached ();
    }

  return node;
}

static JsonNode *
variant_to_node (GVariant *value)
{
  JsonNode *node;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    {
      g_autoptr(GVariant) inner = g_variant_get_variant (value);

      return variant_to_node (inner);
    }
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    return dict_to_node (value);
  if (g_variant_is_container (value))
    return children_to_node (value);
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
      && !g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
      && !g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH)
      && !g_variant_is_of_type (value, G_VARIANT_TYPE_SIGNATURE))
    return number_to_node (value);

  node = json_node_new (JSON_NODE_VALUE);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    json_node_set_boolean (node, g_variant_get_boolean (value));
  else
    json_node_set_string (node, g_variant_get_string (value, NULL));

  return node;
}

void
dbrctl_json_variant (JsonBuilder *builder,
                     const char  *name,
                     GVariant    *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_value (builder, variant_to_node (value));
}
