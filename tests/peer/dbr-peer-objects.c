/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-objects.h"

#include <stdio.h>
#include <string.h>

#define ADAPTER_PATH "/org/bluez/hci0"
#define ADAPTER_INTERFACE "org.bluez.Adapter1"
#define DEVICE_INTERFACE "org.bluez.Device1"
#define DEVICE_PREFIX ADAPTER_PATH "/dev_02_DB_52_"

/* The objects a peer shows. A device is computed when somebody looks, and only what was changed is
 * kept, so that ten thousand of them cost nothing at the start. */
struct _DbrPeerObjects
{
  GMutex mutex;
  /* guarded by mutex: introspection is answered in GDBus's worker */
  guint n_devices;
  /* path -> interface -> property -> value, over the computed ones */
  GHashTable *changed;
  GHashTable *removed;
};

static const char *const writable[] = {
  DBR_PEER_INTERFACE ".Level",
  ADAPTER_INTERFACE ".Alias",
  ADAPTER_INTERFACE ".Discoverable",
  ADAPTER_INTERFACE ".DiscoverableTimeout",
  ADAPTER_INTERFACE ".Pairable",
  ADAPTER_INTERFACE ".PairableTimeout",
  ADAPTER_INTERFACE ".Powered",
  DEVICE_INTERFACE ".Alias",
  DEVICE_INTERFACE ".Blocked",
  DEVICE_INTERFACE ".Trusted",
  NULL
};

static const char doctype[] =
  "<!DOCTYPE node PUBLIC '-//freedesktop//DTD D-BUS Object Introspection 1.0//EN'\n"
  " 'http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd'>\n<node>\n";
static const char peer_methods[] =
  "    <method name='Echo'/>\n"
  "    <method name='Wait'><arg name='ms' type='u' direction='in'/></method>\n"
  "    <method name='Never'/>\n"
  "    <method name='Fail'><arg name='name' type='s' direction='in'/>"
  "<arg name='text' type='s' direction='in'/></method>\n"
  "    <method name='WrongType'><arg name='text' type='s' direction='out'/></method>\n"
  "    <method name='Block'><arg name='ms' type='u' direction='in'/></method>\n"
  "    <method name='Die'/>\n"
  "    <method name='Count'><arg name='member' type='s' direction='in'/>"
  "<arg name='calls' type='t' direction='out'/></method>\n"
  "    <method name='Executions'><arg name='token' type='s' direction='in'/>"
  "<arg name='calls' type='u' direction='out'/></method>\n"
  "    <method name='Increment'><arg name='token' type='s' direction='in'/>"
  "<arg name='calls' type='u' direction='out'/></method>\n"
  "    <method name='ReadFd'><arg name='fd' type='h' direction='in'/>"
  "<arg name='contents' type='ay' direction='out'/></method>\n"
  "    <method name='MakeFd'><arg name='contents' type='s' direction='in'/>"
  "<arg name='fd' type='h' direction='out'/></method>\n"
  "    <method name='Big'><arg name='bytes' type='u' direction='in'/>"
  "<arg name='data' type='ay' direction='out'/></method>\n"
  "    <method name='Tell'><arg name='statement' type='s' direction='in'/>"
  "<arg name='value' type='s' direction='out'/></method>\n"
  "    <method name='Flood'><arg name='n' type='u' direction='in'/></method>\n"
  "    <signal name='Tick'><arg name='n' type='u'/></signal>\n";
static const char device_methods[] =
  "    <method name='Connect'/>\n"
  "    <method name='Disconnect'/>\n";
static const char adapter_methods[] =
  "    <method name='StartDiscovery'/>\n"
  "    <method name='StopDiscovery'/>\n"
  "    <method name='RemoveDevice'><arg name='device' type='o' direction='in'/></method>\n";
static const char standard_interfaces[] =
  "  <interface name='org.freedesktop.DBus.Peer'>\n"
  "    <method name='Ping'/>\n"
  "    <method name='GetMachineId'><arg name='machine_uuid' type='s' direction='out'/></method>\n"
  "  </interface>\n"
  "  <interface name='org.freedesktop.DBus.Introspectable'>\n"
  "    <method name='Introspect'><arg name='xml' type='s' direction='out'/></method>\n"
  "  </interface>\n"
  "  <interface name='org.freedesktop.DBus.Properties'>\n"
  "    <method name='Get'><arg name='interface' type='s' direction='in'/>"
  "<arg name='name' type='s' direction='in'/>"
  "<arg name='value' type='v' direction='out'/></method>\n"
  "    <method name='GetAll'><arg name='interface' type='s' direction='in'/>"
  "<arg name='values' type='a{sv}' direction='out'/></method>\n"
  "    <method name='Set'><arg name='interface' type='s' direction='in'/>"
  "<arg name='name' type='s' direction='in'/><arg name='value' type='v' direction='in'/></method>\n"
  "    <signal name='PropertiesChanged'><arg name='interface' type='s'/>"
  "<arg name='changed' type='a{sv}'/><arg name='invalidated' type='as'/></signal>\n"
  "  </interface>\n";
static const char object_manager[] =
  "  <interface name='org.freedesktop.DBus.ObjectManager'>\n"
  "    <method name='GetManagedObjects'>"
  "<arg name='objects' type='a{oa{sa{sv}}}' direction='out'/></method>\n"
  "    <signal name='InterfacesAdded'><arg name='object' type='o'/>"
  "<arg name='interfaces' type='a{sa{sv}}'/></signal>\n"
  "    <signal name='InterfacesRemoved'><arg name='object' type='o'/>"
  "<arg name='interfaces' type='as'/></signal>\n"
  "  </interface>\n";

static GVariant *
peer_properties (void)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Name", "s", "dbr-peer");
  g_variant_dict_insert (&dict, "Level", "u", 0);
  g_variant_dict_insert (&dict, "Slow", "u", 500);
  return g_variant_dict_end (&dict);
}

static GVariant *
adapter_properties (void)
{
  const char *const roles[] = { "central", "peripheral", NULL };
  const char *const uuids[] = { "0000110e-0000-1000-8000-00805f9b34fb",
                                "00001200-0000-1000-8000-00805f9b34fb", NULL };
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Address", "s", "02:DB:52:FF:FF:FF");
  g_variant_dict_insert (&dict, "AddressType", "s", "public");
  g_variant_dict_insert (&dict, "Name", "s", "dbr-peer");
  g_variant_dict_insert (&dict, "Alias", "s", "dbr-peer");
  g_variant_dict_insert (&dict, "Class", "u", 0x1c0000u);
  g_variant_dict_insert (&dict, "Powered", "b", TRUE);
  g_variant_dict_insert (&dict, "Discoverable", "b", FALSE);
  g_variant_dict_insert (&dict, "DiscoverableTimeout", "u", 180u);
  g_variant_dict_insert (&dict, "Pairable", "b", FALSE);
  g_variant_dict_insert (&dict, "PairableTimeout", "u", 0u);
  g_variant_dict_insert (&dict, "Discovering", "b", FALSE);
  g_variant_dict_insert (&dict, "UUIDs", "^as", uuids);
  g_variant_dict_insert (&dict, "Modalias", "s", "usb:v1D6Bp0246d0542");
  g_variant_dict_insert (&dict, "Roles", "^as", roles);
  return g_variant_dict_end (&dict);
}

static GVariant *
manufacturer_data (guint index)
{
  const guint8 bytes[] = { 0x02, 0x15, (guint8) (index >> 8), (guint8) index };
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{qv}"));
  g_variant_builder_add (&builder, "{qv}", (guint16) 0x004c,
                         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, sizeof bytes, 1));
  return g_variant_builder_end (&builder);
}

static GVariant *
device_properties (guint index)
{
  const char *const uuids[] = { "00001800-0000-1000-8000-00805f9b34fb",
                                "00001801-0000-1000-8000-00805f9b34fb",
                                "0000180f-0000-1000-8000-00805f9b34fb", NULL };
  g_autofree char *address = g_strdup_printf ("02:DB:52:%02X:%02X:%02X",
                                              index >> 16 & 0xff, index >> 8 & 0xff, index & 0xff);
  g_autofree char *name = g_strdup_printf ("Device %u", index);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Address", "s", address);
  g_variant_dict_insert (&dict, "AddressType", "s", "public");
  g_variant_dict_insert (&dict, "Name", "s", name);
  g_variant_dict_insert (&dict, "Alias", "s", name);
  g_variant_dict_insert (&dict, "Class", "u", 0x240404u);
  g_variant_dict_insert (&dict, "Icon", "s", "audio-headset");
  g_variant_dict_insert (&dict, "Paired", "b", FALSE);
  g_variant_dict_insert (&dict, "Bonded", "b", FALSE);
  g_variant_dict_insert (&dict, "Trusted", "b", FALSE);
  g_variant_dict_insert (&dict, "Blocked", "b", FALSE);
  g_variant_dict_insert (&dict, "LegacyPairing", "b", FALSE);
  g_variant_dict_insert (&dict, "RSSI", "n", (gint16) (-40 - (int) (index % 50)));
  g_variant_dict_insert (&dict, "Connected", "b", FALSE);
  g_variant_dict_insert (&dict, "UUIDs", "^as", uuids);
  g_variant_dict_insert (&dict, "Modalias", "s", "bluetooth:v009Ep4020d0251");
  g_variant_dict_insert (&dict, "Adapter", "o", ADAPTER_PATH);
  g_variant_dict_insert_value (&dict, "ManufacturerData", manufacturer_data (index));
  g_variant_dict_insert (&dict, "ServicesResolved", "b", FALSE);
  return g_variant_dict_end (&dict);
}

static gboolean
parse_device_path (const char *path,
                   guint      *index)
{
  g_autofree char *canonical = NULL;
  guint high;
  guint middle;
  guint low;

  if (!g_str_has_prefix (path, DEVICE_PREFIX)
      || sscanf (path + strlen (DEVICE_PREFIX), "%2X_%2X_%2X", &high, &middle, &low) != 3)
    return FALSE;
  *index = high << 16 | middle << 8 | low;
  canonical = dbr_peer_objects_dup_device_path (*index);
  return strcmp (path, canonical) == 0;
}

static gboolean
has_computed_locked (DbrPeerObjects *self,
                     const char     *path,
                     const char     *interface_name)
{
  guint index;

  if (g_hash_table_contains (self->removed, path))
    return FALSE;
  if (strcmp (interface_name, DEVICE_INTERFACE) == 0)
    return parse_device_path (path, &index) && index < self->n_devices;
  if (strcmp (interface_name, ADAPTER_INTERFACE) == 0)
    return self->n_devices > 0 && strcmp (path, ADAPTER_PATH) == 0;
  return strcmp (interface_name, DBR_PEER_INTERFACE) == 0 && !g_str_has_prefix (path, "/org/bluez");
}

static GVariant *
compute_locked (DbrPeerObjects *self,
                const char     *path,
                const char     *interface_name)
{
  guint index = 0;

  if (!has_computed_locked (self, path, interface_name))
    return NULL;
  if (strcmp (interface_name, DBR_PEER_INTERFACE) == 0)
    return peer_properties ();
  if (strcmp (interface_name, ADAPTER_INTERFACE) == 0)
    return adapter_properties ();
  parse_device_path (path, &index);
  return device_properties (index);
}

static GHashTable *
lookup_changed_locked (DbrPeerObjects *self,
                       const char     *path,
                       const char     *interface_name)
{
  GHashTable *interfaces = g_hash_table_lookup (self->changed, path);

  return interfaces != NULL ? g_hash_table_lookup (interfaces, interface_name) : NULL;
}

static GVariant *
dup_interface_locked (DbrPeerObjects *self,
                      const char     *path,
                      const char     *interface_name)
{
  g_autoptr(GVariant) computed = compute_locked (self, path, interface_name);
  GHashTable *changed = lookup_changed_locked (self, path, interface_name);
  GVariantDict dict;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  if (computed != NULL)
    g_variant_ref_sink (computed);
  if (changed == NULL)
    return g_steal_pointer (&computed);
  g_variant_dict_init (&dict, computed);
  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_variant_dict_insert_value (&dict, name, value);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* The interfaces of a path that have properties; the peer's own one is everywhere and belongs to
 * no object. */
static GPtrArray *
list_interfaces_locked (DbrPeerObjects *self,
                        const char     *path)
{
  static const char *const computed[] = { ADAPTER_INTERFACE, DEVICE_INTERFACE };
  GPtrArray *names = g_ptr_array_new ();
  GHashTable *changed = g_hash_table_lookup (self->changed, path);
  GHashTableIter iter;
  gpointer name;

  for (gsize i = 0; i < G_N_ELEMENTS (computed); i++)
    {
      if (has_computed_locked (self, path, computed[i]))
        g_ptr_array_add (names, (gpointer) computed[i]);
    }
  if (changed == NULL)
    return names;
  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (strcmp (name, DBR_PEER_INTERFACE) != 0 && !has_computed_locked (self, path, name))
        g_ptr_array_add (names, name);
    }
  return names;
}

static GVariant *
dup_object_locked (DbrPeerObjects *self,
                   const char     *path)
{
  g_autoptr(GPtrArray) names = list_interfaces_locked (self, path);
  GVariantBuilder builder;

  if (names->len == 0)
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
  for (guint i = 0; i < names->len; i++)
    {
      g_autoptr(GVariant) properties = dup_interface_locked (self, path, names->pdata[i]);

      g_variant_builder_add (&builder, "{s@a{sv}}", names->pdata[i], properties);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static GPtrArray *
list_paths_locked (DbrPeerObjects *self)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer path;

  if (self->n_devices > 0)
    g_ptr_array_add (paths, g_strdup (ADAPTER_PATH));
  for (guint i = 0; i < self->n_devices; i++)
    g_ptr_array_add (paths, dbr_peer_objects_dup_device_path (i));
  g_hash_table_iter_init (&iter, self->changed);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      if (!has_computed_locked (self, path, ADAPTER_INTERFACE)
          && !has_computed_locked (self, path, DEVICE_INTERFACE))
        g_ptr_array_add (paths, g_strdup (path));
    }
  return paths;
}

static void
append_interface (GString    *xml,
                  const char *interface_name,
                  GVariant   *properties)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_string_append_printf (xml, "  <interface name='%s'>\n", interface_name);
  if (strcmp (interface_name, DBR_PEER_INTERFACE) == 0)
    g_string_append (xml, peer_methods);
  else if (strcmp (interface_name, DEVICE_INTERFACE) == 0)
    g_string_append (xml, device_methods);
  else if (strcmp (interface_name, ADAPTER_INTERFACE) == 0)
    g_string_append (xml, adapter_methods);
  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_string_append_printf (xml, "    <property name='%s' type='%s' access='%s'/>\n", name,
                            g_variant_get_type_string (value),
                            dbr_peer_objects_is_writable (interface_name,
                                                          name) ? "readwrite" : "read");
  g_string_append (xml, "  </interface>\n");
}

static void
append_children_locked (DbrPeerObjects *self,
                        const char     *path,
                        GString        *xml)
{
  g_autoptr(GPtrArray) paths = list_paths_locked (self);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *prefix = g_strconcat (path, g_str_equal (path, "/") ? "" : "/", NULL);

  g_ptr_array_add (paths, g_strdup ("/org/dbr/Peer1"));
  for (guint i = 0; i < paths->len; i++)
    {
      const char *rest = paths->pdata[i];
      char *child;

      if (!g_str_has_prefix (rest, prefix) || rest[strlen (prefix)] == '\0')
        continue;
      rest += strlen (prefix);
      child = g_strndup (rest, strcspn (rest, "/"));
      if (!g_hash_table_contains (seen, child))
        g_string_append_printf (xml, "  <node name='%s'/>\n", child);
      g_hash_table_add (seen, child);
    }
}

DbrPeerObjects *
dbr_peer_objects_new (void)
{
  DbrPeerObjects *self = g_new0 (DbrPeerObjects, 1);

  g_mutex_init (&self->mutex);
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify) g_hash_table_unref);
  self->removed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
dbr_peer_objects_free (DbrPeerObjects *self)
{
  g_hash_table_unref (self->changed);
  g_hash_table_unref (self->removed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

guint
dbr_peer_objects_get_n_devices (DbrPeerObjects *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_devices;
}

/* Devices that were removed one by one come back. */
void
dbr_peer_objects_set_n_devices (DbrPeerObjects *self,
                                guint           n_devices)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->n_devices = MIN (n_devices, 0xffffff);
  g_hash_table_remove_all (self->removed);
}

char *
dbr_peer_objects_dup_device_path (guint index)
{
  return g_strdup_printf (DEVICE_PREFIX "%02X_%02X_%02X", index >> 16 & 0xff, index >> 8 & 0xff,
                          index & 0xff);
}

/* Returns the a{sv} of an interface, or NULL where it is not. */
GVariant *
dbr_peer_objects_dup_interface (DbrPeerObjects *self,
                                const char     *path,
                                const char     *interface_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dup_interface_locked (self, path, interface_name);
}

/* Returns the a{sa{sv}} of an object, or NULL if there is none. */
GVariant *
dbr_peer_objects_dup_object (DbrPeerObjects *self,
                             const char     *path)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dup_object_locked (self, path);
}

GVariant *
dbr_peer_objects_dup_managed (DbrPeerObjects *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(GPtrArray) paths = list_paths_locked (self);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr(GVariant) object = dup_object_locked (self, paths->pdata[i]);

      if (object != NULL)
        g_variant_builder_add (&builder, "{o@a{sa{sv}}}", paths->pdata[i], object);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

GVariant *
dbr_peer_objects_dup_property (DbrPeerObjects *self,
                               const char     *path,
                               const char     *interface_name,
                               const char     *name)
{
  g_autoptr(GVariant) properties = dbr_peer_objects_dup_interface (self, path, interface_name);

  return properties != NULL ? g_variant_lookup_value (properties, name, NULL) : NULL;
}

/* What a script invented may be written by anybody; the built-in properties keep the rules of
 * their models. */
gboolean
dbr_peer_objects_is_writable (const char *interface_name,
                              const char *name)
{
  g_autofree char *full = g_strconcat (interface_name, ".", name, NULL);

  if (strcmp (interface_name, DBR_PEER_INTERFACE) != 0
      && strcmp (interface_name, ADAPTER_INTERFACE) != 0
      && strcmp (interface_name, DEVICE_INTERFACE) != 0)
    return TRUE;
  return g_strv_contains (writable, full);
}

static GHashTable *
ensure_interface_locked (DbrPeerObjects *self,
                         const char     *path,
                         const char     *interface_name)
{
  GHashTable *interfaces = g_hash_table_lookup (self->changed, path);
  GHashTable *properties;

  if (interfaces == NULL)
    {
      interfaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify) g_hash_table_unref);
      g_hash_table_insert (self->changed, g_strdup (path), interfaces);
    }
  properties = g_hash_table_lookup (interfaces, interface_name);
  if (properties == NULL)
    {
      properties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify) g_variant_unref);
      g_hash_table_insert (interfaces, g_strdup (interface_name), properties);
    }
  return properties;
}

void
dbr_peer_objects_set_property (DbrPeerObjects *self,
                               const char     *path,
                               const char     *interface_name,
                               const char     *name,
                               GVariant       *value)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GHashTable *properties = ensure_interface_locked (self, path, interface_name);

  g_hash_table_insert (properties, g_strdup (name), g_variant_ref_sink (value));
}

/* For one that has no properties. */
void
dbr_peer_objects_add_interface (DbrPeerObjects *self,
                                const char     *path,
                                const char     *interface_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  ensure_interface_locked (self, path, interface_name);
}

gboolean
dbr_peer_objects_has_interface (DbrPeerObjects *self,
                                const char     *path,
                                const char     *interface_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return has_computed_locked (self, path, interface_name)
         || lookup_changed_locked (self, path, interface_name) != NULL;
}

static int
compare_paths (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* In order, so that an object comes behind those above it. */
char **
dbr_peer_objects_dup_paths (DbrPeerObjects *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GPtrArray *paths = list_paths_locked (self);

  g_ptr_array_sort (paths, compare_paths);
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_free (paths, FALSE);
}

gboolean
dbr_peer_objects_remove (DbrPeerObjects *self,
                         const char     *path)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(GPtrArray) names = list_interfaces_locked (self, path);

  if (names->len == 0)
    return FALSE;
  g_hash_table_remove (self->changed, path);
  g_hash_table_add (self->removed, g_strdup (path));
  return TRUE;
}

char *
dbr_peer_objects_introspect (DbrPeerObjects *self,
                             const char     *path)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(GPtrArray) names = list_interfaces_locked (self, path);
  GString *xml = g_string_new (doctype);

  g_string_append (xml, standard_interfaces);
  if (g_str_equal (path, "/"))
    g_string_append (xml, object_manager);
  if (has_computed_locked (self, path, DBR_PEER_INTERFACE))
    g_ptr_array_add (names, (gpointer) DBR_PEER_INTERFACE);
  for (guint i = 0; i < names->len; i++)
    {
      g_autoptr(GVariant) properties = dup_interface_locked (self, path, names->pdata[i]);

      append_interface (xml, names->pdata[i], properties);
    }
  append_children_locked (self, path, xml);
  g_string_append (xml, "</node>\n");
  return g_string_free (xml, FALSE);
}
