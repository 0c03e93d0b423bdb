/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-state-scene.h"

#include <string.h>

#include <glib/gstdio.h>

StateScene *
state_scene_new (const char *script)
{
  StateScene *self = g_new0 (StateScene, 1);

  self->bluez = bluez_scene_new (script);
  self->tracker = dbr_state_tracker_new (self->bluez->monitor);
  self->folder = g_dir_make_tmp ("dbr-state-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "devices", NULL);

  return self;
}

void
state_scene_free (StateScene *self)
{
  g_autoptr(GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  g_clear_object (&self->tracker);
  bluez_scene_free (self->bluez);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (self->folder);
  g_free (self->path);
  g_free (self->folder);
  g_free (self);
}

DbrBluezDevice *
state_scene_wait_for_device (StateScene *self)
{
  bluez_scene_get_adapter (self->bluez);
  dbr_test_wait_until (NULL, bluez_scene_find (self->bluez, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);

  return bluez_scene_find (self->bluez, DBR_TEST_BLUEZ_DEVICE);
}

void
state_scene_connect (StateScene *self)
{
  g_autoptr(GError) error = NULL;

  dbr_bluez_device_connect_device_sync (state_scene_wait_for_device (self), NULL, &error);
  g_assert_no_error (error);
}

void
state_scene_set (StateScene *self,
                 const char *path,
                 const char *interface_name,
                 const char *name,
                 GVariant   *value)
{
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (self->bluez->bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (connection, DBR_TEST_BLUEZ_NAME, path,
                                       "org.freedesktop.DBus.Properties", "Set",
                                       g_variant_new ("(ssv)", interface_name, name, value), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

void
state_scene_restart (StateScene *self)
{
  bluez_scene_tell (self->bluez, "crash");
  dbr_test_wait_until (NULL, bluez_scene_find (self->bluez, DBR_TEST_BLUEZ_DEVICE) == NULL,
                       DBR_TEST_PATIENCE_MS);
  bluez_scene_tell (self->bluez, "boot");
}

void
state_scene_wait_usec (gint64 usec)
{
  gint64 until = g_get_monotonic_time () + usec;

  dbr_test_wait_until (NULL, g_get_monotonic_time () >= until, DBR_TEST_PATIENCE_MS);
}

const char *
state_scene_find_result (GListModel *events,
                         const char *kind,
                         const char *address)
{
  for (guint i = 0; i < g_list_model_get_n_items (events); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (events, i);
      GVariant *details = dbr_event_get_details (event);
      g_autofree char *text = g_variant_print (details, FALSE);
      const char *found = NULL;
      const char *result;

      g_assert_cmpint (strlen (dbr_event_get_text (event)), >, 0);
      g_assert_true (g_variant_lookup (details, "result", "&s", &result));
      g_variant_lookup (details, "address", "&s", &found);
      if (strcmp (dbr_event_get_kind (event), kind) == 0
          && (address == NULL || g_strcmp0 (address, found) == 0))
        {
          g_test_message ("%s: %s %s", kind, dbr_event_get_text (event), text);
          return g_intern_string (result);
        }
    }

  return NULL;
}
