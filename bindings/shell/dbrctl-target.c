/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-target-private.h"

/* No service is searched for longer than that. */
#define MAX_OBJECTS 32

/* The standard interfaces are answered without the main loop by most services. */
static gboolean
dbrctl_target_find_in (DbrctlTarget  *self,
                       GDBusNodeInfo *node,
                       const char    *object_path)
{
  for (guint i = 0; node->interfaces != NULL && node->interfaces[i] != NULL; i++)
    {
      const GDBusInterfaceInfo *interface = node->interfaces[i];

      if (g_str_has_prefix (interface->name, "org.freedesktop.DBus."))
        continue;
      for (guint j = 0; interface->properties != NULL && interface->properties[j] != NULL; j++)
        {
          if (!(interface->properties[j]->flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE))
            continue;
          self->object_path = g_strdup (object_path);
          self->interface_name = g_strdup (interface->name);
          self->property_name = g_strdup (interface->properties[j]->name);
          return TRUE;
        }
    }

  return FALSE;
}

/* What lies below one object is looked at before the next one. */
static void
push_children (GQueue        *paths,
               GDBusNodeInfo *node,
               const char    *object_path)
{
  const char *parent = g_str_equal (object_path, "/") ? "" : object_path;

  for (guint i = 0; node->nodes != NULL && node->nodes[i] != NULL; i++)
    {
      if (node->nodes[i]->path != NULL)
        g_queue_push_head (paths, g_strconcat (parent, "/", node->nodes[i]->path, NULL));
    }
}

/* Where most services have their first object. */
static char *
dup_path_of_name (const char *bus_name)
{
  char *path = g_strconcat ("/", bus_name, NULL);

  return g_strdelimit (g_strdelimit (path, ".", '/'), "-", '_');
}

gboolean
dbrctl_target_find (DbrctlTarget *self,
                    DbrClient    *client,
                    const char   *bus_name,
                    GCancellable *cancellable)
{
  g_autoptr(GQueue) paths = g_queue_new ();
  gboolean is_found = FALSE;

  if (*bus_name != ':')
    g_queue_push_tail (paths, dup_path_of_name (bus_name));
  g_queue_push_tail (paths, g_strdup ("/"));
  for (guint i = 0; i < MAX_OBJECTS && !is_found && !g_queue_is_empty (paths); i++)
    {
      g_autofree char *path = g_queue_pop_head (paths);
      g_autofree char *xml = NULL;
      g_autoptr(GDBusNodeInfo) node = NULL;

      xml = dbr_client_introspect_sync (client, bus_name, path, cancellable, NULL);
      if (xml != NULL)
        node = g_dbus_node_info_new_for_xml (xml, NULL);
      if (node == NULL)
        continue;
      is_found = dbrctl_target_find_in (self, node, path);
      push_children (paths, node, path);
    }
  g_queue_clear_full (paths, g_free);

  return is_found;
}

/* On which bus */

static gboolean
has_owner (DbrClient    *client,
           const char   *bus_name,
           GCancellable *cancellable)
{
  g_autoptr(GVariant) reply = NULL;
  gboolean is_owned = FALSE;

  reply = dbr_client_call_sync (client, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "NameHasOwner",
                                g_variant_new ("(s)", bus_name), G_VARIANT_TYPE ("(b)"), 0,
                                cancellable, NULL);
  if (reply != NULL)
    g_variant_get (reply, "(b)", &is_owned);

  return is_owned;
}

static gboolean
can_start (DbrClient    *client,
           const char   *bus_name,
           GCancellable *cancellable)
{
  g_auto(GStrv) names = dbr_client_list_names_sync (client, TRUE, cancellable, NULL);

  return names != NULL && g_strv_contains ((const char *const *) names, bus_name);
}

DbrClient *
dbrctl_frame_open_client_for (DbrctlFrame  *frame,
                              const char   *bus_name,
                              GError      **error)
{
  GCancellable *cancellable = dbrctl_frame_get_cancellable (frame);
  g_autoptr(DbrClient) system = NULL;
  g_autoptr(DbrClient) session = NULL;

  if (dbrctl_frame_get_bus_type (frame, G_BUS_TYPE_STARTER) != G_BUS_TYPE_STARTER)
    return dbrctl_frame_open_client (frame, G_BUS_TYPE_SESSION, error);

  system = dbrctl_frame_open_client (frame, G_BUS_TYPE_SYSTEM, NULL);
  if (system != NULL && has_owner (system, bus_name, cancellable))
    return g_steal_pointer (&system);

  session = dbrctl_frame_open_client (frame, G_BUS_TYPE_SESSION, system == NULL ? error : NULL);
  if (system == NULL || (session != NULL && has_owner (session, bus_name, cancellable)))
    return g_steal_pointer (&session);

  /* Nobody has it: where it would be started is where it belongs. */
  if (session != NULL && !can_start (system, bus_name, cancellable)
      && can_start (session, bus_name, cancellable))
    return g_steal_pointer (&session);

  return g_steal_pointer (&system);
}
