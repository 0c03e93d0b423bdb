/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez-private.h"

#include <string.h>

/* The BlueZ that is played: what all of it is made of, and its adapters. */

#define BUS_NAME "org.bluez"
#define GAP_MS 100
#define PACE_MS 20
#define N_ADVERTS 5

typedef struct
{
  DbrPeerBluez   *bluez;
  guint           life;
  DbrPeerStepFunc func;
  char           *path;
} Step;

static void
step_free (gpointer data)
{
  Step *step = data;

  g_free (step->path);
  g_free (step);
}

static gboolean
step_cb (gpointer user_data)
{
  Step *step = user_data;

  if (step->life == step->bluez->life)
    step->func (step->bluez, step->path);
  return G_SOURCE_REMOVE;
}

void
dbr_peer_bluez_step (DbrPeerBluez   *self,
                     guint           ms,
                     DbrPeerStepFunc func,
                     const char     *path)
{
  Step *step = g_new0 (Step, 1);

  step->bluez = self;
  step->life = self->life;
  step->func = func;
  step->path = g_strdup (path);
  g_timeout_add_full (G_PRIORITY_DEFAULT, ms, step_cb, step, step_free);
}

gboolean
dbr_peer_bluez_is (DbrPeerBluez *self,
                   const char   *path,
                   const char   *interface_name,
                   const char   *name)
{
  g_autoptr(GVariant) value = dbr_peer_objects_dup_property (self->service->objects, path,
                                                             interface_name, name);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
         && g_variant_get_boolean (value);
}

char *
dbr_peer_bluez_dup_text (DbrPeerBluez *self,
                         const char   *path,
                         const char   *interface_name,
                         const char   *name)
{
  g_autoptr(GVariant) value = dbr_peer_objects_dup_property (self->service->objects, path,
                                                             interface_name, name);

  return value != NULL ? g_variant_dup_string (value, NULL) : NULL;
}

/* Tells it only where it was another value before, as BlueZ does. */
void
dbr_peer_bluez_set (DbrPeerBluez *self,
                    const char   *path,
                    const char   *interface_name,
                    const char   *name,
                    GVariant     *value)
{
  g_autoptr(GVariant) owned = g_variant_ref_sink (value);
  g_autoptr(GVariant) before = NULL;

  if (!dbr_peer_objects_has_interface (self->service->objects, path, interface_name))
    return;
  before = dbr_peer_objects_dup_property (self->service->objects, path, interface_name, name);
  if (before != NULL && g_variant_equal (before, owned))
    return;
  dbr_peer_objects_set_property (self->service->objects, path, interface_name, name, owned);
  dbr_peer_service_emit_changed (self->service, path, interface_name, name, owned);
}

void
dbr_peer_bluez_set_flag (DbrPeerBluez *self,
                         const char   *path,
                         const char   *interface_name,
                         const char   *name,
                         gboolean      value)
{
  dbr_peer_bluez_set (self, path, interface_name, name, g_variant_new_boolean (value));
}

/* The adapter that an object belongs to: the beginning of its path. */
char *
dbr_peer_bluez_dup_adapter_path (const char *path)
{
  const char *rest = path + MIN (strlen (path), strlen (ROOT "/"));

  return g_strndup (path, (gsize) (rest - path) + strcspn (rest, "/"));
}

static void
controller_free (gpointer data)
{
  DbrPeerController *controller = data;

  g_free (controller->name);
  g_free (controller->address);
  g_free (controller);
}

static char *
dup_controller_path (DbrPeerController *controller)
{
  return g_strconcat (ROOT "/", controller->name, NULL);
}

/* For any path at or below an adapter. */
DbrPeerController *
dbr_peer_bluez_find_controller (DbrPeerBluez *self,
                                const char   *path)
{
  for (guint i = 0; i < self->controllers->len; i++)
    {
      DbrPeerController *controller = self->controllers->pdata[i];
      g_autofree char *own = dup_controller_path (controller);
      g_autofree char *asked = dbr_peer_bluez_dup_adapter_path (path);

      if (strcmp (own, asked) == 0)
        return controller;
    }
  return NULL;
}

static void
add_adapter_properties (DbrPeerBluez      *self,
                        DbrPeerController *controller,
                        const char        *path)
{
  const char *const roles[] = { "central", "peripheral", NULL };
  const char *power_state = self->is_blocked ? "off-blocked" : "off";
  const struct { const char *name; GVariant *value; } properties[] = {
    { "Address", g_variant_new_string (controller->address) },
    { "AddressType", g_variant_new_string ("public") },
    { "Name", g_variant_new_string (controller->name) },
    { "Alias", g_variant_new_string (controller->name) },
    { "Class", g_variant_new_uint32 (0) },
    { "Powered", g_variant_new_boolean (FALSE) },
    { "PowerState", g_variant_new_string (power_state) },
    { "Discoverable", g_variant_new_boolean (FALSE) },
    { "DiscoverableTimeout", g_variant_new_uint32 (180) },
    { "Pairable", g_variant_new_boolean (FALSE) },
    { "PairableTimeout", g_variant_new_uint32 (0) },
    { "Discovering", g_variant_new_boolean (FALSE) },
    { "UUIDs", g_variant_new_strv (NULL, 0) },
    { "Modalias", g_variant_new_string ("usb:v1D6Bp0246d0542") },
    { "Roles", g_variant_new_strv (roles, -1) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (properties); i++)
    dbr_peer_objects_set_property (self->service->objects, path, ADAPTER, properties[i].name,
                                   properties[i].value);
}

static void
show_stored (DbrPeerBluez      *self,
             DbrPeerController *controller)
{
  g_autofree char *prefix = g_strconcat (controller->address, "/", NULL);
  g_auto(GStrv) groups = g_key_file_get_groups (self->storage, NULL);

  for (gsize i = 0; groups[i] != NULL; i++)
    {
      g_autofree char *name = g_key_file_get_string (self->storage, groups[i], "Name", NULL);

      if (g_str_has_prefix (groups[i], prefix))
        dbr_peer_bluez_show_device (self, controller, groups[i] + strlen (prefix), name);
    }
}

/* In two parts, and switched on by itself behind that: so one sees it with BlueZ. */
void
dbr_peer_bluez_show_controller (DbrPeerBluez      *self,
                                DbrPeerController *controller)
{
  DbrPeerObjects *objects = self->service->objects;
  g_autofree char *path = dup_controller_path (controller);

  if (controller->is_shown)
    return;
  controller->is_shown = TRUE;
  add_adapter_properties (self, controller, path);
  dbr_peer_objects_add_interface (objects, path, "org.bluez.GattManager1");
  dbr_peer_objects_add_interface (objects, path, "org.bluez.AdvertisementMonitorManager1");
  dbr_peer_service_emit_added (self->service, path, NULL);
  dbr_peer_objects_set_property (objects, path, "org.bluez.LEAdvertisingManager1",
                                 "ActiveInstances", g_variant_new_byte (0));
  dbr_peer_objects_set_property (objects, path, "org.bluez.LEAdvertisingManager1",
                                 "SupportedInstances", g_variant_new_byte (N_ADVERTS));
  dbr_peer_service_emit_added (self->service, path, "org.bluez.LEAdvertisingManager1");
  show_stored (self, controller);
  if (!self->is_blocked)
    dbr_peer_bluez_set_powered (self, controller, TRUE);
}

/* Devices go before their adapter. */
void
dbr_peer_bluez_hide_controller (DbrPeerBluez      *self,
                                DbrPeerController *controller)
{
  g_autofree char *path = dup_controller_path (controller);

  if (!controller->is_shown)
    return;
  controller->is_shown = FALSE;
  dbr_peer_ledger_remove (self->ledger, NULL, path, NULL);
  dbr_peer_bluez_hide_below (self, path);
  dbr_peer_service_remove_object (self->service, path);
}

static void
show_controllers (DbrPeerBluez *self,
                  const char   *path)
{
  for (guint i = 0; i < self->controllers->len; i++)
    dbr_peer_bluez_show_controller (self, self->controllers->pdata[i]);
  self->is_settled = TRUE;
}

void
dbr_peer_bluez_update_discovery (DbrPeerBluez *self,
                                 const char   *adapter_path)
{
  dbr_peer_bluez_set_flag (self, adapter_path, ADAPTER, "Discovering",
                           dbr_peer_ledger_find (self->ledger, "discovery", adapter_path,
                                                 NULL) != NULL);
}

static void
drop_links (DbrPeerBluez *self,
            const char   *adapter_path)
{
  g_autoptr(GPtrArray) devices = dbr_peer_bluez_list_devices (self, adapter_path);

  for (guint i = 0; i < devices->len; i++)
    {
      const char *path = devices->pdata[i];

      dbr_peer_bluez_fail_pending (self, path, "org.bluez.Error.Failed",
                                   "le-connection-abort-by-local");
      dbr_peer_bluez_link_lost (self, path, "Local");
      if (dbr_peer_bluez_is (self, path, DEVICE, "Paired"))
        continue;
      dbr_peer_bluez_hide_below (self, path);
      dbr_peer_service_remove_object (self->service, path);
    }
}

/* Off, an adapter forgets who searches, its links, and the devices that it only met. */
void
dbr_peer_bluez_set_powered (DbrPeerBluez      *self,
                            DbrPeerController *controller,
                            gboolean           is_powered)
{
  g_autofree char *path = dup_controller_path (controller);
  const char *off = self->is_blocked ? "off-blocked" : "off";

  if (!is_powered)
    {
      dbr_peer_ledger_remove (self->ledger, "discovery", path, NULL);
      dbr_peer_ledger_remove (self->ledger, "filter", path, NULL);
      dbr_peer_bluez_update_discovery (self, path);
      drop_links (self, path);
    }
  dbr_peer_bluez_set_flag (self, path, ADAPTER, "Powered", is_powered);
  dbr_peer_bluez_set (self, path, ADAPTER, "PowerState",
                      g_variant_new_string (is_powered ? "on" : off));
}

static void
update_notifying (DbrPeerBluez *self)
{
  g_auto(GStrv) paths = dbr_peer_objects_dup_paths (self->service->objects);

  for (gsize i = 0; paths[i] != NULL; i++)
    dbr_peer_bluez_set_flag (self, paths[i], CHARACTERISTIC, "Notifying",
                             dbr_peer_ledger_find (self->ledger, "notify", paths[i], NULL) != NULL);
}

/* What a caller that has left had: its pairing is broken off, all else just ends. */
static void
caller_gone (gpointer    user_data,
             const char *sender)
{
  DbrPeerBluez *self = user_data;
  g_autoptr(GList) paths = g_hash_table_get_keys (self->pending);

  update_notifying (self);
  for (guint i = 0; i < self->controllers->len; i++)
    {
      g_autofree char *path = dup_controller_path (self->controllers->pdata[i]);

      dbr_peer_bluez_update_discovery (self, path);
    }
  for (GList *link = paths; link != NULL; link = link->next)
    {
      DbrPeerCall *call = g_hash_table_lookup (self->pending, link->data);
      g_autofree char *path = g_strdup (link->data);

      if (g_strcmp0 (g_dbus_message_get_sender (call->message), sender) != 0
          || strcmp (g_dbus_message_get_member (call->message), "Pair") != 0)
        continue;
      g_hash_table_remove (self->pending, path);
      dbr_peer_bluez_link_lost (self, path, "Local");
    }
}

DbrPeerBluez *
dbr_peer_bluez_new (DbrPeerService *service)
{
  DbrPeerBluez *self = g_new0 (DbrPeerBluez, 1);

  self->service = service;
  self->ledger = dbr_peer_ledger_new (caller_gone, self);
  self->controllers = g_ptr_array_new_with_free_func (controller_free);
  self->nearby = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify) dbr_peer_call_unref);
  self->storage = g_key_file_new ();
  self->calls = g_string_new (NULL);
  self->gap_ms = GAP_MS;
  self->pace_ms = PACE_MS;
  return self;
}

void
dbr_peer_bluez_free (DbrPeerBluez *self)
{
  dbr_peer_ledger_free (self->ledger);
  g_ptr_array_unref (self->controllers);
  g_hash_table_unref (self->nearby);
  g_hash_table_unref (self->pending);
  g_key_file_unref (self->storage);
  g_free (self->storage_file);
  g_string_free (self->calls, TRUE);
  g_free (self);
}

/* Called with the name already owned, before any call is served: so that the first look finds no
 * adapter. */
void
dbr_peer_bluez_boot (DbrPeerBluez *self)
{
  if (self->is_up)
    return;
  self->is_up = TRUE;
  self->is_settled = FALSE;
  self->life++;
  dbr_peer_objects_add_interface (self->service->objects, ROOT, "org.bluez.AgentManager1");
  dbr_peer_objects_add_interface (self->service->objects, ROOT, "org.bluez.ProfileManager1");
  dbr_peer_bluez_step (self, self->gap_ms, show_controllers, ROOT);
}

gboolean
dbr_peer_bluez_is_settled (DbrPeerBluez *self)
{
  return !self->is_up || self->is_settled;
}

static void
append_path (GString    *text,
             const char *path)
{
  g_string_append (text, g_str_has_prefix (path, ROOT "/") ? path + strlen (ROOT "/")
                         : path + strlen ("/org/"));
}

/* As “hci0/dev_00_AA_01_00_00_42.Connect”, and “hci0.Powered=true” for a Set. */
void
dbr_peer_bluez_note_call (DbrPeerBluez *self,
                          DbrPeerCall  *call)
{
  const char *interface_name = g_dbus_message_get_interface (call->message);
  const char *member = g_dbus_message_get_member (call->message);
  const char *path = g_dbus_message_get_path (call->message);
  GVariant *body = g_dbus_message_get_body (call->message);
  gboolean is_set = g_strcmp0 (member, "Set") == 0
                    && g_strcmp0 (interface_name, "org.freedesktop.DBus.Properties") == 0;

  if (!g_str_has_prefix (path, ROOT)
      || (!is_set && (interface_name == NULL || !g_str_has_prefix (interface_name, BUS_NAME ".")))
      || (is_set && (body == NULL || !g_variant_is_of_type (body, G_VARIANT_TYPE ("(ssv)")))))
    return;
  if (self->calls->len > 0)
    g_string_append_c (self->calls, ' ');
  append_path (self->calls, path);
  if (is_set)
    {
      g_autoptr(GVariant) value = NULL;
      g_autofree char *text = NULL;
      const char *name;

      g_variant_get (body, "(&s&sv)", NULL, &name, &value);
      text = g_variant_print (value, FALSE);
      g_string_append_printf (self->calls, ".%s=%s", name, text);
      return;
    }
  g_string_append_printf (self->calls, ".%s", member);
}

char *
dbr_peer_bluez_take_calls (DbrPeerBluez *self)
{
  char *calls = g_string_free (self->calls, FALSE);

  self->calls = g_string_new (NULL);
  return calls;
}
