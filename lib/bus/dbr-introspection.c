/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-introspection-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

/* No object is that far from another one, and whoever goes down there comes back. */
#define MAX_DEPTH 64

typedef struct
{
  DbrIntrospectionFunc  may_see;
  gpointer              user_data;
  const char           *object_path;
  const char           *interface_name;
} Filter;

/* The kinds of members have nothing in common but this: a reference count and a name. */
typedef struct
{
  volatile gint  ref_count;
  const char    *name;
} Member;

G_STATIC_ASSERT (G_STRUCT_OFFSET (Member, name) == G_STRUCT_OFFSET (GDBusMethodInfo, name));
G_STATIC_ASSERT (G_STRUCT_OFFSET (Member, name) == G_STRUCT_OFFSET (GDBusPropertyInfo, name));
G_STATIC_ASSERT (G_STRUCT_OFFSET (Member, name) == G_STRUCT_OFFSET (GDBusSignalInfo, name));

/* What may stand in what; nothing is the document itself. */
static const struct
{
  const char *element;
  const char *parents[6];
} places[] = {
  { "node", { "", "node" } },
  { "interface", { "node" } },
  { "method", { "interface" } },
  { "signal", { "interface" } },
  { "property", { "interface" } },
  { "arg", { "method", "signal" } },
  { "annotation", { "interface", "method", "signal", "property", "arg", "annotation" } },
};

static gboolean
may_stand_in (const char *element,
              const char *parent)
{
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      if (strcmp (places[i].element, element) != 0)
        continue;
      for (gsize j = 0; j < G_N_ELEMENTS (places[i].parents) && places[i].parents[j] != NULL; j++)
        {
          if (strcmp (places[i].parents[j], parent) == 0)
            return TRUE;
        }
      return FALSE;
    }

  /* What others have added to the form, as their own documentation, is passed over. */
  return *parent != '\0';
}

static void
element_cb (GMarkupParseContext  *context,
            const char           *element,
            const char          **names,
            const char          **values,
            gpointer              user_data,
            GError              **error)
{
  const GSList *stack = g_markup_parse_context_get_element_stack (context);
  const char *parent = stack->next != NULL ? stack->next->data : "";

  if (g_slist_length ((GSList *) stack) > MAX_DEPTH)
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                 _("it is nested more than %d deep"), MAX_DEPTH);
  else if (!may_stand_in (element, parent))
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                 _("<%s> does not belong into <%s>"), element, parent);
}

/* GLib looks at this less closely than it should: of a node within an argument it makes a crash of
 * the program, and of a hundred thousand nodes within each other as well. */
static gboolean
check_nesting (const char  *xml,
               GError     **error)
{
  static const GMarkupParser parser = { .start_element = element_cb };
  g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, NULL, NULL);

  return g_markup_parse_context_parse (context, xml, -1, error)
         && g_markup_parse_context_end_parse (context, error);
}

static GDBusNodeInfo *
read_node (const char  *xml,
           GError     **error)
{
  g_autoptr(GError) cause = NULL;
  GDBusNodeInfo *node = NULL;
  g_autofree char *reason = NULL;

  if (check_nesting (xml, &cause))
    node = g_dbus_node_info_new_for_xml (xml, &cause);
  if (node != NULL)
    return node;

  /* The parser shows what it stumbled over, and may cut a character in two. */
  reason = g_utf8_make_valid (cause->message, -1);
  g_set_error (error, DBR_ERROR, DBR_ERROR_BAD_REPLY,
               _("What the service says of its objects cannot be read: %s"), reason);

  return NULL;
}

gboolean
dbr_introspection_check (const char  *xml,
                         GError     **error)
{
  g_autoptr(GDBusNodeInfo) node = read_node (xml, error);

  return node != NULL;
}

/* Takes out of a list that ends with NULL what may not be seen. Returns whether anything is
 * left. */
static gboolean
filter_members (const Filter         *filter,
                DbrIntrospectionKind  kind,
                gpointer              list,
                GDestroyNotify        unref)
{
  Member **members = list;
  guint n_left = 0;

  for (guint i = 0; members != NULL && members[i] != NULL; i++)
    {
      if (filter->may_see (kind, filter->object_path, filter->interface_name, members[i]->name,
                           filter->user_data))
        members[n_left++] = members[i];
      else
        unref (members[i]);
    }
  if (members != NULL)
    members[n_left] = NULL;

  return n_left > 0;
}

static gboolean
filter_interface (Filter             *filter,
                  GDBusInterfaceInfo *info)
{
  gboolean has_methods, has_properties, has_signals;

  filter->interface_name = info->name;
  has_methods = filter_members (filter, DBR_INTROSPECTION_METHOD, info->methods,
                                (GDestroyNotify) g_dbus_method_info_unref);
  has_properties = filter_members (filter, DBR_INTROSPECTION_PROPERTY, info->properties,
                                   (GDestroyNotify) g_dbus_property_info_unref);
  has_signals = filter_members (filter, DBR_INTROSPECTION_SIGNAL, info->signals,
                                (GDestroyNotify) g_dbus_signal_info_unref);

  return has_methods || has_properties || has_signals;
}

static char *
dup_child_path (const char          *object_path,
                const GDBusNodeInfo *child)
{
  if (child->path == NULL)
    return g_strdup (object_path);
  if (*child->path == '/')
    return g_strdup (child->path);

  return g_strconcat (object_path, g_str_has_suffix (object_path, "/") ? "" : "/", child->path,
                      NULL);
}

/* Most services only name the objects below, but they may tell all of them at once. */
static void
filter_node (Filter        *filter,
             GDBusNodeInfo *node,
             const char    *object_path)
{
  guint n_left = 0;

  filter->object_path = object_path;
  for (guint i = 0; node->interfaces != NULL && node->interfaces[i] != NULL; i++)
    {
      if (filter_interface (filter, node->interfaces[i]))
        node->interfaces[n_left++] = node->interfaces[i];
      else
        g_dbus_interface_info_unref (node->interfaces[i]);
    }
  if (node->interfaces != NULL)
    node->interfaces[n_left] = NULL;

  for (guint i = 0; node->nodes != NULL && node->nodes[i] != NULL; i++)
    {
      g_autofree char *path = dup_child_path (object_path, node->nodes[i]);

      filter_node (filter, node->nodes[i], path);
    }
}

char *
dbr_introspection_filter (const char            *xml,
                          const char            *object_path,
                          DbrIntrospectionFunc   may_see,
                          gpointer               user_data,
                          GError               **error)
{
  Filter filter = { may_see, user_data, NULL, NULL };
  g_autoptr(GDBusNodeInfo) node = read_node (xml, error);
  g_autoptr(GString) text = NULL;

  if (node == NULL)
    return NULL;

  filter_node (&filter, node, object_path);
  text = g_string_new (NULL);
  g_dbus_node_info_generate_xml (node, 0, text);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
is_silent (GDBusPropertyInfo  *property,
           GDBusInterfaceInfo *interface)
{
  static const char *const name = "org.freedesktop.DBus.Property.EmitsChangedSignal";
  const char *value = g_dbus_annotation_info_lookup (property->annotations, name);

  if (value == NULL)
    value = g_dbus_annotation_info_lookup (interface->annotations, name);

  return g_strcmp0 (value, "false") == 0;
}

GHashTable *
dbr_introspection_dup_silent (const char *xml,
                              const char *interface_name)
{
  g_autoptr(GDBusNodeInfo) node = read_node (xml, NULL);
  GDBusInterfaceInfo *interface = node != NULL
                                  ? g_dbus_node_info_lookup_interface (node, interface_name)
                                  : NULL;
  GHashTable *silent;

  if (interface == NULL)
    return NULL;

  silent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; interface->properties != NULL && interface->properties[i] != NULL; i++)
    {
      if (is_silent (interface->properties[i], interface))
        g_hash_table_add (silent, g_strdup (interface->properties[i]->name));
    }

  return silent;
}

static GDBusPropertyInfo *
find_readable (GDBusInterfaceInfo *interface)
{
  for (guint i = 0; interface->properties != NULL && interface->properties[i] != NULL; i++)
    if ((interface->properties[i]->flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE) != 0)
      return interface->properties[i];

  return NULL;
}

gboolean
dbr_introspection_find_property (const char  *xml,
                                 char       **interface_name,
                                 char       **property_name)
{
  g_autoptr(GDBusNodeInfo) node = read_node (xml, NULL);

  for (guint i = 0; node != NULL && node->interfaces != NULL && node->interfaces[i] != NULL; i++)
    {
      GDBusInterfaceInfo *interface = node->interfaces[i];
      GDBusPropertyInfo *property = find_readable (interface);

      if (property == NULL || g_str_has_prefix (interface->name, "org.freedesktop.DBus."))
        continue;

      *interface_name = g_strdup (interface->name);
      *property_name = g_strdup (property->name);

      return TRUE;
    }

  return FALSE;
}
