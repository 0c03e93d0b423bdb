/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez.h"

#include <string.h>
#include <unistd.h>

/* The methods that need no script. */

#define ADAPTER_PATH "/org/bluez/hci0"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define NOTIFICATIONS_INTERFACE "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define SLOW_MS 500

typedef void (*MethodFunc) (DbrPeerCall *call,
                            GVariant    *body);

typedef struct
{
  const char *interface_name;
  const char *member;
  /* NULL takes any arguments */
  const char *signature;
  MethodFunc  run;
} Method;

static gboolean
reply_cb (gpointer user_data)
{
  dbr_peer_call_reply (user_data, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
echo (DbrPeerCall *call,
      GVariant    *body)
{
  dbr_peer_call_echo (call);
}

static void
wait (DbrPeerCall *call,
      GVariant    *body)
{
  guint ms;

  g_variant_get (body, "(u)", &ms);
  g_timeout_add_full (G_PRIORITY_DEFAULT, ms, reply_cb, dbr_peer_call_ref (call),
                      (GDestroyNotify) dbr_peer_call_unref);
}

static void
never (DbrPeerCall *call,
       GVariant    *body)
{
}

static void
fail (DbrPeerCall *call,
      GVariant    *body)
{
  const char *name;
  const char *text;

  g_variant_get (body, "(&s&s)", &name, &text);
  if (g_dbus_is_interface_name (name))
    dbr_peer_call_error (call, name, text);
  else
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.InvalidArgs", "Not an error name");
}

static void
wrong_type (DbrPeerCall *call,
            GVariant    *body)
{
  dbr_peer_call_reply (call, g_variant_new ("(u)", 42), NULL);
}

static void
block (DbrPeerCall *call,
       GVariant    *body)
{
  guint ms;

  g_variant_get (body, "(u)", &ms);
  g_usleep ((gulong) ms * 1000);
  dbr_peer_call_reply (call, NULL, NULL);
}

static void
die (DbrPeerCall *call,
     GVariant    *body)
{
  _exit (1);
}

static void
count (DbrPeerCall *call,
       GVariant    *body)
{
  const char *member;

  g_variant_get (body, "(&s)", &member);
  dbr_peer_call_reply (call, g_variant_new ("(t)",
                                            dbr_peer_service_get_count (call->service->counts,
                                                                        member)), NULL);
}

/* For Increment too, whose call was counted when it was dispatched. */
static void
executions (DbrPeerCall *call,
            GVariant    *body)
{
  const char *token;
  guint64 n;

  g_variant_get (body, "(&s)", &token);
  n = dbr_peer_service_get_count (call->service->executions, token);
  dbr_peer_call_reply (call, g_variant_new ("(u)", (guint) n), NULL);
}

static void
read_fd (DbrPeerCall *call,
         GVariant    *body)
{
  GUnixFDList *fds = g_dbus_message_get_unix_fd_list (call->message);
  g_autoptr(GBytes) contents = NULL;
  GVariant *data;
  int index;

  g_variant_get (body, "(h)", &index);
  if (fds == NULL || index < 0 || index >= g_unix_fd_list_get_length (fds))
    {
      dbr_peer_call_error (call, "org.freedesktop.DBus.Error.InvalidArgs", "No such descriptor");
      return;
    }
  contents = dbr_peer_read_fd (g_unix_fd_list_peek_fds (fds, NULL)[index]);
  data = g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, contents, TRUE);
  dbr_peer_call_reply (call, g_variant_new ("(@ay)", data), NULL);
}

static void
make_fd (DbrPeerCall *call,
         GVariant    *body)
{
  g_autoptr(GUnixFDList) fds = NULL;
  const char *contents;

  g_variant_get (body, "(&s)", &contents);
  fds = dbr_peer_make_pipe (contents);
  dbr_peer_call_reply (call, g_variant_new ("(h)", 0), fds);
}

static void
big (DbrPeerCall *call,
     GVariant    *body)
{
  g_autoptr(GBytes) bytes = NULL;
  GVariant *data;
  guint size;

  g_variant_get (body, "(u)", &size);
  bytes = g_bytes_new_take (g_malloc0 (size), size);
  data = g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
  dbr_peer_call_reply (call, g_variant_new ("(@ay)", data), NULL);
}

static void
flood (DbrPeerCall *call,
       GVariant    *body)
{
  const char *path = g_dbus_message_get_path (call->message);
  guint n;

  g_variant_get (body, "(u)", &n);
  for (guint i = 0; i < n; i++)
    dbr_peer_service_emit (call->service, NULL, path, DBR_PEER_INTERFACE, "Tick",
                           g_variant_new ("(u)", i));
  dbr_peer_call_reply (call, NULL, NULL);
}

static void
tell (DbrPeerCall *call,
      GVariant    *body)
{
  const char *text;

  g_variant_get (body, "(&s)", &text);
  dbr_peer_call_tell (call, text);
}

static void
reply_property (DbrPeerCall *call)
{
  GVariant *body = g_dbus_message_get_body (call->message);
  g_autoptr(GVariant) properties = NULL;
  g_autoptr(GVariant) value = NULL;
  const char *interface_name;
  const char *name;

  g_variant_get (body, "(&s&s)", &interface_name, &name);
  properties = dbr_peer_objects_dup_interface (call->service->objects,
                                               g_dbus_message_get_path (call->message),
                                               interface_name);
  if (properties != NULL)
    value = g_variant_lookup_value (properties, name, NULL);
  if (value != NULL)
    dbr_peer_call_reply (call, g_variant_new ("(v)", value), NULL);
  else if (properties != NULL)
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownProperty", "No such property");
  else
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownInterface", "No such interface");
}

static gboolean
reply_property_cb (gpointer user_data)
{
  reply_property (user_data);
  return G_SOURCE_REMOVE;
}

static void
get_property (DbrPeerCall *call,
              GVariant    *body)
{
  const char *interface_name;
  const char *name;

  g_variant_get (body, "(&s&s)", &interface_name, &name);
  if (strcmp (interface_name, DBR_PEER_INTERFACE) == 0 && strcmp (name, "Slow") == 0)
    g_timeout_add_full (G_PRIORITY_DEFAULT, SLOW_MS, reply_property_cb, dbr_peer_call_ref (call),
                        (GDestroyNotify) dbr_peer_call_unref);
  else
    reply_property (call);
}

static void
get_all_properties (DbrPeerCall *call,
                    GVariant    *body)
{
  g_autoptr(GVariant) properties = NULL;
  const char *interface_name;

  g_variant_get (body, "(&s)", &interface_name);
  properties = dbr_peer_objects_dup_interface (call->service->objects,
                                               g_dbus_message_get_path (call->message),
                                               interface_name);
  if (properties != NULL)
    dbr_peer_call_reply (call, g_variant_new ("(@a{sv})", properties), NULL);
  else
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownInterface", "No such interface");
}

static void
set_property (DbrPeerCall *call,
              GVariant    *body)
{
  const char *path = g_dbus_message_get_path (call->message);
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) before = NULL;
  const char *interface_name;
  const char *name;

  g_variant_get (body, "(&s&sv)", &interface_name, &name, &value);
  before = dbr_peer_objects_dup_property (call->service->objects, path, interface_name, name);
  if (before == NULL)
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownProperty", "No such property");
  else if (!dbr_peer_objects_is_writable (interface_name, name))
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.PropertyReadOnly",
                         "The property is read-only");
  else if (!g_variant_type_equal (g_variant_get_type (before), g_variant_get_type (value)))
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.InvalidArgs",
                         "The value has another type");
  else
    {
      dbr_peer_objects_set_property (call->service->objects, path, interface_name, name, value);
      if (!g_variant_equal (before, value))
        dbr_peer_service_emit_changed (call->service, path, interface_name, name, value);
      dbr_peer_call_reply (call, NULL, NULL);
    }
}

static void
get_managed_objects (DbrPeerCall *call,
                     GVariant    *body)
{
  g_autoptr(GVariant) objects = dbr_peer_objects_dup_managed (call->service->objects);

  dbr_peer_call_reply (call, g_variant_new ("(@a{oa{sa{sv}}})", objects), NULL);
}

static void
change_state (DbrPeerCall *call,
              const char  *name,
              gboolean     value)
{
  const char *path = g_dbus_message_get_path (call->message);
  const char *interface_name = g_dbus_message_get_interface (call->message);
  g_autoptr(GVariant) state = g_variant_ref_sink (g_variant_new_boolean (value));
  g_autoptr(GVariant) before = dbr_peer_objects_dup_property (call->service->objects, path,
                                                              interface_name, name);

  if (before == NULL)
    {
      dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownObject", "No such object");
      return;
    }
  if (!g_variant_equal (before, state))
    {
      dbr_peer_objects_set_property (call->service->objects, path, interface_name, name, state);
      dbr_peer_service_emit_changed (call->service, path, interface_name, name, state);
    }
  dbr_peer_call_reply (call, NULL, NULL);
}

static void
connect_device (DbrPeerCall *call,
                GVariant    *body)
{
  change_state (call, "Connected", TRUE);
}

static void
disconnect_device (DbrPeerCall *call,
                   GVariant    *body)
{
  change_state (call, "Connected", FALSE);
}

static void
start_discovery (DbrPeerCall *call,
                 GVariant    *body)
{
  change_state (call, "Discovering", TRUE);
}

static void
stop_discovery (DbrPeerCall *call,
                GVariant    *body)
{
  change_state (call, "Discovering", FALSE);
}

static void
remove_device (DbrPeerCall *call,
               GVariant    *body)
{
  const char *path;

  g_variant_get (body, "(&o)", &path);
  if (dbr_peer_service_remove_object (call->service, path))
    dbr_peer_call_reply (call, NULL, NULL);
  else
    dbr_peer_call_error (call, "org.bluez.Error.DoesNotExist", "Does Not Exist");
}

static const Method methods[] = {
  { DBR_PEER_INTERFACE, "Echo", NULL, echo },
  { DBR_PEER_INTERFACE, "Wait", "(u)", wait },
  { DBR_PEER_INTERFACE, "Never", NULL, never },
  { DBR_PEER_INTERFACE, "Fail", "(ss)", fail },
  { DBR_PEER_INTERFACE, "WrongType", NULL, wrong_type },
  { DBR_PEER_INTERFACE, "Block", "(u)", block },
  { DBR_PEER_INTERFACE, "Die", NULL, die },
  { DBR_PEER_INTERFACE, "Count", "(s)", count },
  { DBR_PEER_INTERFACE, "Executions", "(s)", executions },
  { DBR_PEER_INTERFACE, "Increment", "(s)", executions },
  { DBR_PEER_INTERFACE, "ReadFd", "(h)", read_fd },
  { DBR_PEER_INTERFACE, "MakeFd", "(s)", make_fd },
  { DBR_PEER_INTERFACE, "Big", "(u)", big },
  { DBR_PEER_INTERFACE, "Flood", "(u)", flood },
  { DBR_PEER_INTERFACE, "Tell", "(s)", tell },
  { DBR_PEER_INTERFACE, "LastNotice", "()", dbr_peer_last_notice },
  { DBR_PEER_INTERFACE, "CountNotices", "()", dbr_peer_count_notices },
  { NOTIFICATIONS_INTERFACE, "Notify", "(susssasa{sv}i)", dbr_peer_notify },
  { NOTIFICATIONS_INTERFACE, "CloseNotification", "(u)", dbr_peer_close_notification },
  { NOTIFICATIONS_INTERFACE, "GetCapabilities", "()", dbr_peer_get_capabilities },
  { NOTIFICATIONS_INTERFACE, "GetServerInformation", "()", dbr_peer_get_server_information },
  { PROPERTIES_INTERFACE, "Get", "(ss)", get_property },
  { PROPERTIES_INTERFACE, "GetAll", "(s)", get_all_properties },
  { PROPERTIES_INTERFACE, "Set", "(ssv)", set_property },
  { "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "()", get_managed_objects },
  { "org.bluez.Device1", "Connect", "()", connect_device },
  { "org.bluez.Device1", "Disconnect", "()", disconnect_device },
  { "org.bluez.Adapter1", "StartDiscovery", "()", start_discovery },
  { "org.bluez.Adapter1", "StopDiscovery", "()", stop_discovery },
  { "org.bluez.Adapter1", "RemoveDevice", "(o)", remove_device },
};

/* The peer's own interface is everywhere but at BlueZ's paths, the object manager at the root. */
static gboolean
is_at (const char *interface_name,
       const char *path)
{
  if (strcmp (interface_name, DBR_PEER_INTERFACE) == 0)
    return !g_str_has_prefix (path, "/org/bluez");
  if (strcmp (interface_name, "org.freedesktop.DBus.ObjectManager") == 0)
    return strcmp (path, "/") == 0;
  if (strcmp (interface_name, NOTIFICATIONS_INTERFACE) == 0)
    return strcmp (path, NOTIFICATIONS_PATH) == 0;
  return strcmp (interface_name, PROPERTIES_INTERFACE) == 0 || g_str_has_prefix (path,
                                                                                 ADAPTER_PATH);
}

static const Method *
find_method (DbrPeerCall *call)
{
  const char *interface_name = g_dbus_message_get_interface (call->message);
  const char *member = g_dbus_message_get_member (call->message);

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      if (strcmp (methods[i].member, member) == 0
          && (interface_name == NULL || strcmp (methods[i].interface_name, interface_name) == 0)
          && is_at (methods[i].interface_name, g_dbus_message_get_path (call->message)))
        return &methods[i];
    }
  return NULL;
}

gboolean
dbr_peer_call_is_built_in (DbrPeerCall *self)
{
  if (self->service->bluez != NULL && dbr_peer_bluez_has_method (self->service->bluez, self))
    return TRUE;
  return find_method (self) != NULL;
}

/* Returns whether there is such a method; it may answer later, or never. */
gboolean
dbr_peer_call_run_built_in (DbrPeerCall *self)
{
  const Method *method = find_method (self);
  GVariant *body = g_dbus_message_get_body (self->message);
  g_autoptr(GVariant) arguments = g_variant_ref_sink (body != NULL ? body : g_variant_new ("()"));

  if (self->service->bluez != NULL
      && dbr_peer_bluez_run_method (self->service->bluez, self, arguments))
    return TRUE;
  if (method == NULL)
    return FALSE;
  if (method->signature == NULL || g_variant_is_of_type (arguments,
                                                         G_VARIANT_TYPE (method->signature)))
    method->run (self, arguments);
  else
    dbr_peer_call_error (self, "org.freedesktop.DBus.Error.InvalidArgs",
                         "The arguments have another type");
  return TRUE;
}
