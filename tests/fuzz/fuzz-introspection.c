/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "bus/dbr-introspection-private.h"
#include "dbr-fuzz.h"

/* What a service says of its objects. What is handed on can be read, shows nothing that may not be
 * seen, and shows the same when it is filtered again. */

/* About half of what there is. */
static gboolean
may_see (DbrIntrospectionKind  kind,
         const char           *object_path,
         const char           *interface_name,
         const char           *member,
         gpointer              user_data)
{
  g_assert_nonnull (object_path);

  return (strlen (interface_name) + strlen (member)) % 2 == 0;
}

static void
check_interface (GDBusInterfaceInfo *interface)
{
  for (guint i = 0; interface->methods != NULL && interface->methods[i] != NULL; i++)
    g_assert_true (may_see (DBR_INTROSPECTION_METHOD, "/", interface->name,
                            interface->methods[i]->name, NULL));
  for (guint i = 0; interface->properties != NULL && interface->properties[i] != NULL; i++)
    g_assert_true (may_see (DBR_INTROSPECTION_PROPERTY, "/", interface->name,
                            interface->properties[i]->name, NULL));
  for (guint i = 0; interface->signals != NULL && interface->signals[i] != NULL; i++)
    g_assert_true (may_see (DBR_INTROSPECTION_SIGNAL, "/", interface->name,
                            interface->signals[i]->name, NULL));
}

static void
check_node (GDBusNodeInfo *node)
{
  for (guint i = 0; node->interfaces != NULL && node->interfaces[i] != NULL; i++)
    check_interface (node->interfaces[i]);
  for (guint i = 0; node->nodes != NULL && node->nodes[i] != NULL; i++)
    check_node (node->nodes[i]);
}

static void
check_filtered (const char *filtered)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (filtered, &error);
  g_autofree char *again = NULL;

  g_assert_no_error (error);
  check_node (node);
  again = dbr_introspection_filter (filtered, "/a", may_see, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, filtered);
}

static void
check_property (const char *xml)
{
  g_autofree char *interface_name = NULL;
  g_autofree char *property_name = NULL;
  g_autoptr(GHashTable) silent = NULL;

  if (!dbr_introspection_find_property (xml, &interface_name, &property_name))
    return;

  g_assert_nonnull (interface_name);
  g_assert_nonnull (property_name);
  silent = dbr_introspection_dup_silent (xml, interface_name);
  g_assert_nonnull (silent);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  gsize length;
  g_autofree char *text = fuzz_take_text (&input, &length);
  g_autofree char *filtered = NULL;
  g_autoptr(GError) error = NULL;

  /* It comes in a message, whose texts are UTF-8. */
  if (!g_utf8_validate (text, -1, NULL))
    return 0;

  filtered = dbr_introspection_filter (text, "/a", may_see, NULL, &error);
  fuzz_assert_told_by_us (filtered != NULL, error);
  if (filtered != NULL)
    check_filtered (filtered);
  check_property (text);

  return 0;
}
