/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez-private.h"

#include <string.h>

/* The devices of a BlueZ that is played: how they are met, linked, and remembered. */

#define BATTERY "org.bluez.Battery1"
#define SERVICE "org.bluez.GattService1"
#define HEART_RATE_SERVICE "0000180d-0000-1000-8000-00805f9b34fb"
#define HEART_RATE_VALUE "00002a37-0000-1000-8000-00805f9b34fb"

char *
dbr_peer_bluez_dup_device_path (DbrPeerController *controller,
                                const char        *address)
{
  g_autofree char *part = g_strdelimit (g_strdup (address), ":", '_');

  return g_strdup_printf (ROOT "/%s/dev_%s", controller->name, part);
}

static char *
dup_group (DbrPeerBluez *self,
           const char   *device_path)
{
  g_autofree char *address = dbr_peer_bluez_dup_text (self, device_path, DEVICE, "Address");
  DbrPeerController *controller = dbr_peer_bluez_find_controller (self, device_path);

  return g_strdup_printf ("%s/%s", controller->address, address);
}

static void
save (DbrPeerBluez *self)
{
  g_autoptr(GError) error = NULL;

  if (self->storage_file != NULL
      && !g_key_file_save_to_file (self->storage, self->storage_file, &error))
    g_printerr ("dbr-peer: %s\n", error->message);
}

/* What is paired is kept as it is now. */
void
dbr_peer_bluez_store (DbrPeerBluez *self,
                      const char   *device_path)
{
  g_autofree char *group = NULL;
  g_autofree char *name = NULL;

  if (!dbr_peer_bluez_is (self, device_path, DEVICE, "Paired"))
    return;
  group = dup_group (self, device_path);
  name = dbr_peer_bluez_dup_text (self, device_path, DEVICE, "Alias");
  g_key_file_set_string (self->storage, group, "Name", name);
  g_key_file_set_boolean (self->storage, group, "Trusted",
                          dbr_peer_bluez_is (self, device_path, DEVICE, "Trusted"));
  g_key_file_set_boolean (self->storage, group, "Blocked",
                          dbr_peer_bluez_is (self, device_path, DEVICE, "Blocked"));
  save (self);
}

void
dbr_peer_bluez_forget (DbrPeerBluez *self,
                       const char   *device_path)
{
  g_autofree char *group = dup_group (self, device_path);

  if (g_key_file_remove_group (self->storage, group, NULL))
    save (self);
}

/* One that is paired comes as it was stored, any other as it was met. */
void
dbr_peer_bluez_show_device (DbrPeerBluez      *self,
                            DbrPeerController *controller,
                            const char        *address,
                            const char        *name)
{
  g_autofree char *path = dbr_peer_bluez_dup_device_path (controller, address);
  g_autofree char *adapter_path = dbr_peer_bluez_dup_adapter_path (path);
  g_autofree char *group = g_strdup_printf ("%s/%s", controller->address, address);
  gboolean is_paired = g_key_file_has_group (self->storage, group);
  gboolean is_trusted = g_key_file_get_boolean (self->storage, group, "Trusted", NULL);
  gboolean is_blocked = g_key_file_get_boolean (self->storage, group, "Blocked", NULL);
  const char *const uuids[] = { HEART_RATE_SERVICE, NULL };
  const struct { const char *name; GVariant *value; } properties[] = {
    { "Address", g_variant_new_string (address) },
    { "AddressType", g_variant_new_string ("public") },
    { "Name", g_variant_new_string (name) },
    { "Alias", g_variant_new_string (name) },
    { "Paired", g_variant_new_boolean (is_paired) },
    { "Bonded", g_variant_new_boolean (is_paired) },
    { "Trusted", g_variant_new_boolean (is_trusted) },
    { "Blocked", g_variant_new_boolean (is_blocked) },
    { "LegacyPairing", g_variant_new_boolean (FALSE) },
    { "Connected", g_variant_new_boolean (FALSE) },
    { "UUIDs", g_variant_new_strv (uuids, -1) },
    { "Adapter", g_variant_new_object_path (adapter_path) },
    { "ServicesResolved", g_variant_new_boolean (FALSE) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (properties); i++)
    dbr_peer_objects_set_property (self->service->objects, path, DEVICE, properties[i].name,
                                   properties[i].value);
  if (!is_paired)
    dbr_peer_objects_set_property (self->service->objects, path, DEVICE, "RSSI",
                                   g_variant_new_int16 (-60));
  dbr_peer_service_emit_added (self->service, path, NULL);
}

/* Leaves first. */
void
dbr_peer_bluez_hide_below (DbrPeerBluez *self,
                           const char   *path)
{
  g_auto(GStrv) paths = dbr_peer_objects_dup_paths (self->service->objects);
  g_autofree char *prefix = g_strconcat (path, "/", NULL);

  for (guint i = g_strv_length (paths); i > 0; i--)
    {
      if (!g_str_has_prefix (paths[i - 1], prefix))
        continue;
      g_hash_table_remove (self->pending, paths[i - 1]);
      dbr_peer_ledger_remove (self->ledger, NULL, paths[i - 1], NULL);
      dbr_peer_service_remove_object (self->service, paths[i - 1]);
    }
}

GPtrArray *
dbr_peer_bluez_list_devices (DbrPeerBluez *self,
                             const char   *adapter_path)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func (g_free);
  g_auto(GStrv) paths = dbr_peer_objects_dup_paths (self->service->objects);
  g_autofree char *prefix = g_strconcat (adapter_path, "/", NULL);

  for (gsize i = 0; paths[i] != NULL; i++)
    {
      if (g_str_has_prefix (paths[i], prefix)
          && dbr_peer_objects_has_interface (self->service->objects, paths[i], DEVICE))
        g_ptr_array_add (devices, g_strdup (paths[i]));
    }
  return devices;
}

/* While anybody searches, whoever is near is met. */
void
dbr_peer_bluez_discover (DbrPeerBluez      *self,
                         DbrPeerController *controller)
{
  g_autofree char *adapter_path = g_strconcat (ROOT "/", controller->name, NULL);
  GHashTableIter iter;
  gpointer address;
  gpointer name;

  if (!dbr_peer_bluez_is (self, adapter_path, ADAPTER, "Discovering"))
    return;
  g_hash_table_iter_init (&iter, self->nearby);
  while (g_hash_table_iter_next (&iter, &address, &name))
    {
      g_autofree char *path = dbr_peer_bluez_dup_device_path (controller, address);

      if (!dbr_peer_objects_has_interface (self->service->objects, path, DEVICE))
        dbr_peer_bluez_show_device (self, controller, address, name);
    }
}

static void
show_services (DbrPeerBluez *self,
               const char   *path)
{
  DbrPeerObjects *objects = self->service->objects;
  const char *const flags[] = { "read", "write", "notify", NULL };
  g_autofree char *service = g_strconcat (path, "/service000a", NULL);
  g_autofree char *value = g_strconcat (service, "/char000b", NULL);

  if (dbr_peer_objects_has_interface (objects, service, SERVICE))
    return;
  dbr_peer_objects_set_property (objects, path, BATTERY, "Percentage", g_variant_new_byte (80));
  dbr_peer_service_emit_added (self->service, path, BATTERY);
  dbr_peer_objects_set_property (objects, service, SERVICE, "UUID",
                                 g_variant_new_string (HEART_RATE_SERVICE));
  dbr_peer_objects_set_property (objects, service, SERVICE, "Device",
                                 g_variant_new_object_path (path));
  dbr_peer_objects_set_property (objects, service, SERVICE, "Primary", g_variant_new_boolean (TRUE));
  dbr_peer_service_emit_added (self->service, service, NULL);
  dbr_peer_objects_set_property (objects, value, CHARACTERISTIC, "UUID",
                                 g_variant_new_string (HEART_RATE_VALUE));
  dbr_peer_objects_set_property (objects, value, CHARACTERISTIC, "Service",
                                 g_variant_new_object_path (service));
  dbr_peer_objects_set_property (objects, value, CHARACTERISTIC, "Value",
                                 g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, "\0\106", 2,
                                                          TRUE, NULL, NULL));
  dbr_peer_objects_set_property (objects, value, CHARACTERISTIC, "Notifying",
                                 g_variant_new_boolean (FALSE));
  dbr_peer_objects_set_property (objects, value, CHARACTERISTIC, "Flags",
                                 g_variant_new_strv (flags, -1));
  dbr_peer_service_emit_added (self->service, value, NULL);
}

static void
resolve_services (DbrPeerBluez *self,
                  const char   *path)
{
  if (!dbr_peer_bluez_is (self, path, DEVICE, "Connected"))
    return;
  show_services (self, path);
  dbr_peer_bluez_set_flag (self, path, DEVICE, "ServicesResolved", TRUE);
}

/* What the device offers is known a little after that. */
void
dbr_peer_bluez_link_up (DbrPeerBluez *self,
                        const char   *path)
{
  dbr_peer_bluez_set_flag (self, path, DEVICE, "Connected", TRUE);
  dbr_peer_bluez_step (self, self->pace_ms, resolve_services, path);
}

/* A BlueZ before 5.84 never tells why: no reason, no signal. */
void
dbr_peer_bluez_link_lost (DbrPeerBluez *self,
                          const char   *path,
                          const char   *reason)
{
  if (!dbr_peer_bluez_is (self, path, DEVICE, "Connected"))
    return;
  if (reason != NULL)
    {
      g_autofree char *name = g_strconcat ("org.bluez.Reason.", reason, NULL);

      dbr_peer_service_emit (self->service, NULL, path, DEVICE, "Disconnected",
                             g_variant_new ("(ss)", name, "Connection terminated"));
    }
  dbr_peer_bluez_set_flag (self, path, DEVICE, "ServicesResolved", FALSE);
  dbr_peer_bluez_set_flag (self, path, DEVICE, "Connected", FALSE);
}

void
dbr_peer_bluez_fail_pending (DbrPeerBluez *self,
                             const char   *path,
                             const char   *name,
                             const char   *text)
{
  DbrPeerCall *call = g_hash_table_lookup (self->pending, path);

  if (call == NULL)
    return;
  if (!call->is_settled)
    dbr_peer_call_error (call, name, text);
  g_hash_table_remove (self->pending, path);
}
