/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-vm-peripheral.h"

#include <string.h>

#define BLUEZ "org.bluez"
#define SERVICE_UUID "0000180d-0000-1000-8000-00805f9b34fb"
#define VALUE_UUID "00002a37-0000-1000-8000-00805f9b34fb"
#define SERVICE_PATH "/app/service0"
#define VALUE_PATH "/app/service0/value0"
#define PATIENCE_MS 60000
/* An answer to Pair comes within a second, if it comes. */
#define PAIR_MS 20000

struct _VmPeripheral
{
  GDBusConnection *connection;
  char            *adapter_path;
  gboolean         is_notifying;
};

static const char xml[] =
  "<node>"
  "<interface name='org.freedesktop.DBus.ObjectManager'>"
  "<method name='GetManagedObjects'><arg type='a{oa{sa{sv}}}' direction='out'/></method>"
  "</interface>"
  "<interface name='org.bluez.LEAdvertisement1'>"
  "<method name='Release'/>"
  "<property name='Type' type='s' access='read'/>"
  "<property name='LocalName' type='s' access='read'/>"
  "<property name='ServiceUUIDs' type='as' access='read'/>"
  "</interface>"
  "<interface name='org.bluez.GattService1'>"
  "<property name='UUID' type='s' access='read'/>"
  "<property name='Primary' type='b' access='read'/>"
  "</interface>"
  "<interface name='org.bluez.GattCharacteristic1'>"
  "<method name='ReadValue'><arg type='a{sv}' direction='in'/>"
  "<arg type='ay' direction='out'/></method>"
  "<method name='StartNotify'/>"
  "<method name='StopNotify'/>"
  "<property name='UUID' type='s' access='read'/>"
  "<property name='Service' type='o' access='read'/>"
  "<property name='Flags' type='as' access='read'/>"
  "</interface>"
  "<interface name='org.bluez.Agent1'>"
  "<method name='Release'/>"
  "<method name='RequestAuthorization'><arg type='o' direction='in'/></method>"
  "<method name='RequestConfirmation'><arg type='o' direction='in'/>"
  "<arg type='u' direction='in'/></method>"
  "<method name='Cancel'/>"
  "</interface>"
  "</node>";

static GVariant *
service_properties (void)
{
  return g_variant_new_parsed ("{'UUID': <%s>, 'Primary': <true>}", SERVICE_UUID);
}

static GVariant *
value_properties (void)
{
  return g_variant_new_parsed ("{'UUID': <%s>, 'Service': <%o>, 'Flags': <['read', 'notify']>}",
                               VALUE_UUID, SERVICE_PATH);
}

static GVariant *
dup_objects (void)
{
  return g_variant_new_parsed ("({%o: {'org.bluez.GattService1': %@a{sv}},"
                               " %o: {'org.bluez.GattCharacteristic1': %@a{sv}}},)",
                               SERVICE_PATH, service_properties (), VALUE_PATH,
                               value_properties ());
}

static void
call_cb (GDBusConnection       *connection,
         const char            *sender,
         const char            *path,
         const char            *interface_name,
         const char            *member,
         GVariant              *parameters,
         GDBusMethodInvocation *invocation,
         gpointer               user_data)
{
  VmPeripheral *self = user_data;
  const guint8 rate[] = { 0, 70 };

  if (strcmp (member, "GetManagedObjects") == 0)
    {
      g_dbus_method_invocation_return_value (invocation, dup_objects ());
      return;
    }
  if (strcmp (member, "ReadValue") == 0)
    {
      GVariant *value = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, rate, sizeof rate, 1);

      g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@ay)", value));
      return;
    }
  if (strcmp (member, "StartNotify") == 0)
    self->is_notifying = TRUE;
  if (strcmp (member, "StopNotify") == 0)
    self->is_notifying = FALSE;
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static GVariant *
get_cb (GDBusConnection *connection,
        const char      *sender,
        const char      *path,
        const char      *interface_name,
        const char      *name,
        GError         **error,
        gpointer         user_data)
{
  const char *const uuids[] = { SERVICE_UUID, NULL };
  g_autoptr(GVariant) properties = NULL;

  if (strcmp (name, "Type") == 0)
    return g_variant_new_string ("peripheral");
  if (strcmp (name, "LocalName") == 0)
    return g_variant_new_string ("Heart");
  if (strcmp (name, "ServiceUUIDs") == 0)
    return g_variant_new_strv (uuids, -1);

  properties = g_variant_ref_sink (strcmp (path, SERVICE_PATH) == 0 ? service_properties ()
                                   : value_properties ());

  return g_variant_lookup_value (properties, name, NULL);
}

static void
export (VmPeripheral  *self,
        GDBusNodeInfo *info,
        const char    *path,
        const char    *interface_name)
{
  static const GDBusInterfaceVTable vtable = { call_cb, get_cb, NULL, { NULL } };
  GDBusInterfaceInfo *interface_info = g_dbus_node_info_lookup_interface (info, interface_name);
  g_autoptr(GError) error = NULL;

  g_dbus_connection_register_object (self->connection, path, interface_info, &vtable, self, NULL,
                                     &error);
  g_assert_no_error (error);
}

static void
called_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

static void
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* BlueZ asks for the objects before it answers, so this goes on serving them. */
static GVariant *
ask_bluez (VmPeripheral *self,
           const char   *path,
           const char   *interface_name,
           const char   *member,
           GVariant     *parameters,
           int           limit_ms,
           GError      **error)
{
  g_autoptr(GAsyncResult) result = NULL;

  g_dbus_connection_call (self->connection, BLUEZ, path, interface_name, member, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NONE, limit_ms, NULL, called_cb, &result);
  wait_for (&result);

  return g_dbus_connection_call_finish (self->connection, result, error);
}

static void
tell_bluez (VmPeripheral *self,
            const char   *path,
            const char   *interface_name,
            const char   *member,
            GVariant     *parameters)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = ask_bluez (self, path, interface_name, member, parameters, PATIENCE_MS, &error);
  g_assert_no_error (error);
}

static void
switch_on (VmPeripheral *self,
           const char   *name)
{
  tell_bluez (self, self->adapter_path, "org.freedesktop.DBus.Properties", "Set",
              g_variant_new_parsed ("('org.bluez.Adapter1', %s, <true>)", name));
}

VmPeripheral *
vm_peripheral_new (const char *adapter_path)
{
  VmPeripheral *self = g_new0 (VmPeripheral, 1);
  g_autoptr(GDBusNodeInfo) info = NULL;
  g_autoptr(GError) error = NULL;

  info = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);
  self->adapter_path = g_strdup (adapter_path);
  self->connection = g_dbus_connection_new_for_address_sync (
    g_getenv ("DBUS_SYSTEM_BUS_ADDRESS"),
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
    NULL, NULL, &error);
  g_assert_no_error (error);
  export (self, info, "/app", "org.freedesktop.DBus.ObjectManager");
  export (self, info, SERVICE_PATH, "org.bluez.GattService1");
  export (self, info, VALUE_PATH, "org.bluez.GattCharacteristic1");
  export (self, info, "/advert", "org.bluez.LEAdvertisement1");
  export (self, info, "/agent", "org.bluez.Agent1");

  tell_bluez (self, "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
              g_variant_new ("(os)", "/agent", "NoInputNoOutput"));
  tell_bluez (self, "/org/bluez", "org.bluez.AgentManager1", "RequestDefaultAgent",
              g_variant_new ("(o)", "/agent"));
  tell_bluez (self, adapter_path, "org.bluez.GattManager1", "RegisterApplication",
              g_variant_new ("(oa{sv})", "/app", NULL));
  switch_on (self, "Discoverable");
  switch_on (self, "Pairable");

  return self;
}

void
vm_peripheral_free (VmPeripheral *self)
{
  g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_object_unref (self->connection);
  g_free (self->adapter_path);
  g_free (self);
}

void
vm_peripheral_advertise (VmPeripheral *self)
{
  tell_bluez (self, self->adapter_path, "org.bluez.LEAdvertisingManager1", "RegisterAdvertisement",
              g_variant_new ("(oa{sv})", "/advert", NULL));
}

gboolean
vm_peripheral_is_notifying (VmPeripheral *self)
{
  return self->is_notifying;
}

gboolean
vm_peripheral_connect (DbrBluezDevice *device,
                       GError        **error)
{
  g_autoptr(GAsyncResult) result = NULL;

  dbr_bluez_device_connect_device_async (device, NULL, called_cb, &result);
  wait_for (&result);

  return dbr_bluez_device_connect_device_finish (device, result, error);
}

gboolean
vm_peripheral_pair (DbrBluezDevice *device,
                    GError        **error)
{
  g_autoptr(GAsyncResult) result = NULL;

  dbr_bluez_device_pair_async (device, NULL, called_cb, &result);
  wait_for (&result);

  return dbr_bluez_device_pair_finish (device, result, error);
}

gboolean
vm_peripheral_start_notify (DbrBluezMonitor *monitor,
                            const char      *value_path,
                            GError         **error)
{
  g_autoptr(GAsyncResult) result = NULL;

  dbr_bluez_monitor_start_notify_async (monitor, value_path, NULL, called_cb, &result);
  wait_for (&result);

  return dbr_bluez_monitor_start_notify_finish (monitor, result, error);
}

void
vm_peripheral_pair_too_early (VmPeripheral   *self,
                              DbrBluezDevice *device,
                              GError        **error)
{
  g_autofree char *path = dbr_bluez_device_get_object_path (device);
  g_autoptr(GVariant) reply = NULL;

  tell_bluez (self, path, "org.bluez.Device1", "Connect", NULL);
  reply = ask_bluez (self, path, "org.bluez.Device1", "Pair", NULL, PAIR_MS, error);
}

static GVariant *
dup_all (VmPeripheral *self)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = ask_bluez (self, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
                     PATIENCE_MS, &error);
  g_assert_no_error (error);

  return g_variant_get_child_value (reply, 0);
}

void
vm_peripheral_forget_all (VmPeripheral *self)
{
  g_autoptr(GVariant) objects = dup_all (self);
  GVariantIter iter;
  const char *path;
  GVariant *interfaces;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_loop (&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    {
      g_autoptr(GVariant) value = g_variant_lookup_value (interfaces, "org.bluez.Device1", NULL);
      const char *adapter = NULL;

      if (value != NULL && g_variant_lookup (value, "Adapter", "&o", &adapter))
        tell_bluez (self, adapter, "org.bluez.Adapter1", "RemoveDevice",
                    g_variant_new ("(o)", path));
    }
}

char *
vm_peripheral_dup_value_path (VmPeripheral   *self,
                              DbrBluezDevice *device)
{
  g_autofree char *prefix = dbr_bluez_device_get_object_path (device);
  g_autoptr(GVariant) objects = dup_all (self);
  GVariantIter iter;
  const char *path;
  GVariant *interfaces;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_loop (&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    {
      g_autoptr(GVariant) value = g_variant_lookup_value (interfaces,
                                                          "org.bluez.GattCharacteristic1", NULL);
      const char *uuid = NULL;

      if (value != NULL && g_str_has_prefix (path, prefix)
          && g_variant_lookup (value, "UUID", "&s", &uuid) && strcmp (uuid, VALUE_UUID) == 0)
        {
          char *found = g_strdup (path);

          g_variant_unref (interfaces);
          return found;
        }
    }

  g_assert_not_reached ();
}
