/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez-private.h"

#include <string.h>

/* The methods of a BlueZ that is played, and its errors. */

#define ERROR "org.bluez.Error."
#define AGENT "org.bluez.Agent1"
#define AGENT_MANAGER "org.bluez.AgentManager1"
#define LE_ADVERTS "org.bluez.LEAdvertisingManager1"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define AGENT_TIMEOUT_MS 60000

typedef void (*MethodFunc) (DbrPeerBluez *self,
                            DbrPeerCall  *call,
                            const char   *path,
                            GVariant     *body);

typedef struct
{
  const char *interface_name;
  const char *member;
  const char *signature;
  MethodFunc  run;
} Method;

static const char *
caller (DbrPeerCall *call)
{
  const char *sender = g_dbus_message_get_sender (call->message);

  return sender != NULL ? sender : "";
}

static void
fail (DbrPeerCall *call,
      const char  *name,
      const char  *text)
{
  g_autofree char *full = g_strconcat (ERROR, name, NULL);

  dbr_peer_call_error (call, full, text);
}

static void
done (DbrPeerCall *call)
{
  dbr_peer_call_reply (call, NULL, NULL);
}

/* Most methods want the adapter on. */
static gboolean
is_ready (DbrPeerBluez *self,
          DbrPeerCall  *call,
          const char   *path)
{
  g_autofree char *adapter_path = dbr_peer_bluez_dup_adapter_path (path);

  if (dbr_peer_bluez_is (self, adapter_path, ADAPTER, "Powered"))
    return TRUE;
  fail (call, "NotReady", "Resource Not Ready");
  return FALSE;
}

static void
start_discovery (DbrPeerBluez *self,
                 DbrPeerCall  *call,
                 const char   *path,
                 GVariant     *body)
{
  if (!is_ready (self, call, path))
    return;
  if (dbr_peer_ledger_find (self->ledger, "discovery", path, caller (call)) != NULL)
    {
      fail (call, "InProgress", "Operation already in progress");
      return;
    }
  dbr_peer_ledger_add (self->ledger, call->connection, "discovery", path, caller (call), NULL);
  done (call);
  dbr_peer_bluez_update_discovery (self, path);
  dbr_peer_bluez_discover (self, dbr_peer_bluez_find_controller (self, path));
}

static void
stop_discovery (DbrPeerBluez *self,
                DbrPeerCall  *call,
                const char   *path,
                GVariant     *body)
{
  if (!is_ready (self, call, path))
    return;
  if (dbr_peer_ledger_remove (self->ledger, "discovery", path, caller (call)) == 0)
    {
      fail (call, "Failed", "No discovery started");
      return;
    }
  done (call);
  dbr_peer_bluez_update_discovery (self, path);
}

static void
set_discovery_filter (DbrPeerBluez *self,
                      DbrPeerCall  *call,
                      const char   *path,
                      GVariant     *body)
{
  const char *const known[] = { "UUIDs", "RSSI", "Pathloss", "Transport", "DuplicateData",
                                "Discoverable", "Pattern", NULL };
  g_autoptr(GVariant) filter = g_variant_get_child_value (body, 0);
  GVariantIter iter;
  const char *name;

  g_variant_iter_init (&iter, filter);
  while (g_variant_iter_next (&iter, "{&sv}", &name, NULL))
    {
      if (g_strv_contains (known, name))
        continue;
      fail (call, "InvalidArguments", "Invalid arguments in method call");
      return;
    }
  dbr_peer_ledger_remove (self->ledger, "filter", path, caller (call));
  if (g_variant_n_children (filter) > 0)
    dbr_peer_ledger_add (self->ledger, call->connection, "filter", path, caller (call), filter);
  done (call);
}

static void
remove_device (DbrPeerBluez *self,
               DbrPeerCall  *call,
               const char   *path,
               GVariant     *body)
{
  const char *device;

  g_variant_get (body, "(&o)", &device);
  if (!dbr_peer_objects_has_interface (self->service->objects, device, DEVICE))
    {
      fail (call, "DoesNotExist", "Does Not Exist");
      return;
    }
  dbr_peer_bluez_fail_pending (self, device, ERROR "Failed", "le-connection-abort-by-local");
  dbr_peer_bluez_forget (self, device);
  dbr_peer_bluez_hide_below (self, device);
  dbr_peer_service_remove_object (self->service, device);
  done (call);
}

static gboolean
is_near (DbrPeerBluez *self,
         const char   *path)
{
  g_autofree char *address = dbr_peer_bluez_dup_text (self, path, DEVICE, "Address");

  return address != NULL && g_hash_table_contains (self->nearby, address);
}

static void
begin (DbrPeerBluez   *self,
       DbrPeerCall    *call,
       const char     *path,
       DbrPeerStepFunc finish)
{
  g_hash_table_replace (self->pending, g_strdup (path), dbr_peer_call_ref (call));
  dbr_peer_ledger_await_leaving (self->ledger, call->connection, caller (call));
  if (finish != NULL)
    dbr_peer_bluez_step (self, self->pace_ms, finish, path);
}

/* Ends what is pending well, unless it was meanwhile broken off. */
static void
finish_well (DbrPeerBluez *self,
             const char   *path)
{
  DbrPeerCall *call = g_hash_table_lookup (self->pending, path);

  if (!call->is_settled)
    done (call);
  g_hash_table_remove (self->pending, path);
}

static void
finish_connect (DbrPeerBluez *self,
                const char   *path)
{
  if (!g_hash_table_contains (self->pending, path))
    return;
  if (!is_near (self, path))
    {
      dbr_peer_bluez_fail_pending (self, path, ERROR "Failed", "le-connection-abort-by-local");
      return;
    }
  dbr_peer_bluez_link_up (self, path);
  finish_well (self, path);
}

static void
connect_device (DbrPeerBluez *self,
                DbrPeerCall  *call,
                const char   *path,
                GVariant     *body)
{
  if (!is_ready (self, call, path))
    return;
  if (g_hash_table_contains (self->pending, path))
    fail (call, "InProgress", "Operation already in progress");
  else if (dbr_peer_bluez_is (self, path, DEVICE, "Connected"))
    fail (call, "AlreadyConnected", "Already Connected");
  else
    begin (self, call, path, finish_connect);
}

/* A connection that is being made is broken off by it. */
static void
disconnect_device (DbrPeerBluez *self,
                   DbrPeerCall  *call,
                   const char   *path,
                   GVariant     *body)
{
  gboolean is_pending = g_hash_table_contains (self->pending, path);

  dbr_peer_bluez_fail_pending (self, path, ERROR "Failed", "br-connection-canceled");
  if (!is_pending && !dbr_peer_bluez_is (self, path, DEVICE, "Connected"))
    {
      fail (call, "NotConnected", "Not Connected");
      return;
    }
  dbr_peer_bluez_link_lost (self, path, "Local");
  done (call);
}

static void
finish_pair (DbrPeerBluez *self,
             const char   *path)
{
  if (!g_hash_table_contains (self->pending, path))
    return;
  if (!is_near (self, path))
    {
      dbr_peer_bluez_fail_pending (self, path, ERROR "ConnectionAttemptFailed", "Page Timeout");
      return;
    }
  dbr_peer_bluez_link_up (self, path);
  dbr_peer_bluez_set_flag (self, path, DEVICE, "Bonded", TRUE);
  dbr_peer_bluez_set_flag (self, path, DEVICE, "Paired", TRUE);
  dbr_peer_bluez_store (self, path);
  finish_well (self, path);
}

typedef struct
{
  DbrPeerBluez *bluez;
  guint         life;
  char         *path;
} Question;

static void
agent_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Question *question = user_data;
  g_autoptr(GVariant) answer = NULL;

  answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  if (question->life == question->bluez->life && answer != NULL)
    finish_pair (question->bluez, question->path);
  else if (question->life == question->bluez->life)
    dbr_peer_bluez_fail_pending (question->bluez, question->path, ERROR "AuthenticationRejected",
                                 "Authentication Rejected");
  g_free (question->path);
  g_free (question);
}

static void
ask_agent (DbrPeerBluez *self,
           DbrPeerEntry *agent,
           const char   *path)
{
  Question *question = g_new0 (Question, 1);

  question->bluez = self;
  question->life = self->life;
  question->path = g_strdup (path);
  g_dbus_connection_call (self->service->connections->pdata[0], agent->sender, agent->path, AGENT,
                          "RequestConfirmation", g_variant_new ("(ou)", path, 123456), NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, AGENT_TIMEOUT_MS, NULL, agent_cb,
                          question);
}

/* The caller's own agent goes before the default one; who has no buttons asks nobody. */
static DbrPeerEntry *
find_agent (DbrPeerBluez *self,
            const char   *sender)
{
  DbrPeerEntry *agent = dbr_peer_ledger_find (self->ledger, "agent", NULL, sender);
  DbrPeerEntry *chosen = dbr_peer_ledger_find (self->ledger, "default-agent", NULL, NULL);

  if (agent == NULL && chosen != NULL)
    agent = dbr_peer_ledger_find (self->ledger, "agent", chosen->path, chosen->sender);
  if (agent != NULL && strcmp (g_variant_get_string (agent->value, NULL), "NoInputNoOutput") == 0)
    return NULL;
  return agent;
}

/* BlueZ 5.66 never answers a Pair that comes between the connection and its services, though it
 * pairs: so does this. */
static void
pair (DbrPeerBluez *self,
      DbrPeerCall  *call,
      const char   *path,
      GVariant     *body)
{
  DbrPeerEntry *agent = find_agent (self, caller (call));

  if (!is_ready (self, call, path))
    return;
  if (g_hash_table_contains (self->pending, path))
    {
      fail (call, "InProgress", "Operation already in progress");
      return;
    }
  if (dbr_peer_bluez_is (self, path, DEVICE, "Paired"))
    {
      fail (call, "AlreadyExists", "Already Exists");
      return;
    }
  call->is_settled = dbr_peer_bluez_is (self, path, DEVICE, "Connected")
                     && !dbr_peer_bluez_is (self, path, DEVICE, "ServicesResolved");
  begin (self, call, path, agent == NULL ? finish_pair : NULL);
  if (agent != NULL)
    ask_agent (self, agent, path);
}

static void
cancel_pairing (DbrPeerBluez *self,
                DbrPeerCall  *call,
                const char   *path,
                GVariant     *body)
{
  if (!g_hash_table_contains (self->pending, path))
    {
      fail (call, "DoesNotExist", "Does Not Exist");
      return;
    }
  dbr_peer_bluez_fail_pending (self, path, ERROR "AuthenticationCanceled",
                               "Authentication Canceled");
  done (call);
}

static gboolean
is_connected (DbrPeerBluez *self,
              DbrPeerCall  *call,
              const char   *path)
{
  const char *end = strstr (path, "/service");
  g_autofree char *device = g_strndup (path, end != NULL ? (gsize) (end - path) : strlen (path));

  if (dbr_peer_bluez_is (self, device, DEVICE, "Connected"))
    return TRUE;
  fail (call, "NotConnected", "Not Connected");
  return FALSE;
}

static void
start_notify (DbrPeerBluez *self,
              DbrPeerCall  *call,
              const char   *path,
              GVariant     *body)
{
  if (!is_connected (self, call, path))
    return;
  if (dbr_peer_ledger_find (self->ledger, "notify", path, caller (call)) != NULL)
    {
      fail (call, "InProgress", "Operation already in progress");
      return;
    }
  dbr_peer_ledger_add (self->ledger, call->connection, "notify", path, caller (call), NULL);
  dbr_peer_bluez_set_flag (self, path, CHARACTERISTIC, "Notifying", TRUE);
  done (call);
}

static void
stop_notify (DbrPeerBluez *self,
             DbrPeerCall  *call,
             const char   *path,
             GVariant     *body)
{
  if (dbr_peer_ledger_remove (self->ledger, "notify", path, caller (call)) == 0)
    {
      fail (call, "Failed", "No notify session started");
      return;
    }
  dbr_peer_bluez_set_flag (self, path, CHARACTERISTIC, "Notifying",
                           dbr_peer_ledger_find (self->ledger, "notify", path, NULL) != NULL);
  done (call);
}

static void
read_value (DbrPeerBluez *self,
            DbrPeerCall  *call,
            const char   *path,
            GVariant     *body)
{
  g_autoptr(GVariant) value = dbr_peer_objects_dup_property (self->service->objects, path,
                                                             CHARACTERISTIC, "Value");

  if (is_connected (self, call, path))
    dbr_peer_call_reply (call, g_variant_new ("(@ay)", value), NULL);
}

static void
write_value (DbrPeerBluez *self,
             DbrPeerCall  *call,
             const char   *path,
             GVariant     *body)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (body, 0);

  if (!is_connected (self, call, path))
    return;
  dbr_peer_bluez_set (self, path, CHARACTERISTIC, "Value", value);
  done (call);
}

static void
register_agent (DbrPeerBluez *self,
                DbrPeerCall  *call,
                const char   *path,
                GVariant     *body)
{
  const char *agent;
  const char *capability;

  g_variant_get (body, "(&o&s)", &agent, &capability);
  if (dbr_peer_ledger_find (self->ledger, "agent", NULL, caller (call)) != NULL)
    {
      fail (call, "AlreadyExists", "Already Exists");
      return;
    }
  dbr_peer_ledger_add (self->ledger, call->connection, "agent", agent, caller (call),
                       g_variant_new_string (capability));
  done (call);
}

static void
unregister_agent (DbrPeerBluez *self,
                  DbrPeerCall  *call,
                  const char   *path,
                  GVariant     *body)
{
  const char *agent;

  g_variant_get (body, "(&o)", &agent);
  dbr_peer_ledger_remove (self->ledger, "default-agent", agent, caller (call));
  if (dbr_peer_ledger_remove (self->ledger, "agent", agent, caller (call)) > 0)
    done (call);
  else
    fail (call, "DoesNotExist", "Does Not Exist");
}

static void
request_default_agent (DbrPeerBluez *self,
                       DbrPeerCall  *call,
                       const char   *path,
                       GVariant     *body)
{
  const char *agent;

  g_variant_get (body, "(&o)", &agent);
  if (dbr_peer_ledger_find (self->ledger, "agent", agent, caller (call)) == NULL)
    {
      fail (call, "DoesNotExist", "Does Not Exist");
      return;
    }
  dbr_peer_ledger_remove (self->ledger, "default-agent", NULL, NULL);
  dbr_peer_ledger_add (self->ledger, call->connection, "default-agent", agent, caller (call), NULL);
  done (call);
}

/* Adverts, GATT applications, profiles and advertisement monitors differ in nothing that matters
 * here: they are of an interface's name, and so in the ledger. */
static void
register_object (DbrPeerBluez *self,
                 DbrPeerCall  *call,
                 const char   *path,
                 GVariant     *body)
{
  const char *kind = g_dbus_message_get_interface (call->message);
  g_autoptr(GVariant) object = g_variant_get_child_value (body, 0);
  const char *object_path = g_variant_get_string (object, NULL);

  if (dbr_peer_ledger_find (self->ledger, kind, object_path, caller (call)) != NULL)
    {
      fail (call, "AlreadyExists", "Already Exists");
      return;
    }
  dbr_peer_ledger_add (self->ledger, call->connection, kind, object_path, caller (call), NULL);
  done (call);
}

static void
unregister_object (DbrPeerBluez *self,
                   DbrPeerCall  *call,
                   const char   *path,
                   GVariant     *body)
{
  const char *object;

  g_variant_get (body, "(&o)", &object);
  if (dbr_peer_ledger_remove (self->ledger, g_dbus_message_get_interface (call->message), object,
                              caller (call)) > 0)
    done (call);
  else
    fail (call, "DoesNotExist", "Does Not Exist");
}

static void
set_powered (DbrPeerBluez *self,
             DbrPeerCall  *call,
             const char   *path,
             gboolean      is_powered)
{
  if (is_powered && self->is_blocked)
    {
      fail (call, "Blocked", "Blocked through rfkill");
      return;
    }
  dbr_peer_bluez_set_powered (self, dbr_peer_bluez_find_controller (self, path), is_powered);
  done (call);
}

/* What only needs to be kept, and in the storage too. */
static void
set_property (DbrPeerBluez *self,
              DbrPeerCall  *call,
              const char   *path,
              GVariant     *body)
{
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) before = NULL;
  const char *interface_name;
  const char *name;

  g_variant_get (body, "(&s&sv)", &interface_name, &name, &value);
  before = dbr_peer_objects_dup_property (self->service->objects, path, interface_name, name);
  if (before == NULL)
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownProperty", "No such property");
  else if (!dbr_peer_objects_is_writable (interface_name, name))
    dbr_peer_call_error (call, "org.freedesktop.DBus.Error.PropertyReadOnly", "Property is read-only");
  else if (!g_variant_type_equal (g_variant_get_type (before), g_variant_get_type (value)))
    fail (call, "InvalidArguments", "Invalid arguments in method call");
  else if (strcmp (name, "Powered") == 0)
    set_powered (self, call, path, g_variant_get_boolean (value));
  else
    {
      dbr_peer_bluez_set (self, path, interface_name, name, value);
      if (strcmp (interface_name, DEVICE) == 0)
        dbr_peer_bluez_store (self, path);
      done (call);
    }
}

static const Method methods[] = {
  { ADAPTER, "StartDiscovery", "()", start_discovery },
  { ADAPTER, "StopDiscovery", "()", stop_discovery },
  { ADAPTER, "SetDiscoveryFilter", "(a{sv})", set_discovery_filter },
  { ADAPTER, "RemoveDevice", "(o)", remove_device },
  { DEVICE, "Connect", "()", connect_device },
  { DEVICE, "Disconnect", "()", disconnect_device },
  { DEVICE, "Pair", "()", pair },
  { DEVICE, "CancelPairing", "()", cancel_pairing },
  { CHARACTERISTIC, "StartNotify", "()", start_notify },
  { CHARACTERISTIC, "StopNotify", "()", stop_notify },
  { CHARACTERISTIC, "ReadValue", "(a{sv})", read_value },
  { CHARACTERISTIC, "WriteValue", "(aya{sv})", write_value },
  { AGENT_MANAGER, "RegisterAgent", "(os)", register_agent },
  { AGENT_MANAGER, "UnregisterAgent", "(o)", unregister_agent },
  { AGENT_MANAGER, "RequestDefaultAgent", "(o)", request_default_agent },
  { LE_ADVERTS, "RegisterAdvertisement", "(oa{sv})", register_object },
  { LE_ADVERTS, "UnregisterAdvertisement", "(o)", unregister_object },
  { "org.bluez.GattManager1", "RegisterApplication", "(oa{sv})", register_object },
  { "org.bluez.GattManager1", "UnregisterApplication", "(o)", unregister_object },
  { "org.bluez.ProfileManager1", "RegisterProfile", "(osa{sv})", register_object },
  { "org.bluez.ProfileManager1", "UnregisterProfile", "(o)", unregister_object },
  { "org.bluez.AdvertisementMonitorManager1", "RegisterMonitor", "(o)", register_object },
  { "org.bluez.AdvertisementMonitorManager1", "UnregisterMonitor", "(o)", unregister_object },
  { PROPERTIES, "Set", "(ssv)", set_property },
};

static const Method *
find_method (DbrPeerCall *call)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      if (strcmp (methods[i].member, g_dbus_message_get_member (call->message)) == 0
          && g_strcmp0 (methods[i].interface_name, g_dbus_message_get_interface (call->message)) == 0
          && g_str_has_prefix (g_dbus_message_get_path (call->message), ROOT))
        return &methods[i];
    }
  return NULL;
}

gboolean
dbr_peer_bluez_has_method (DbrPeerBluez *self,
                           DbrPeerCall  *call)
{
  return find_method (call) != NULL;
}

/* Of an object that is gone the method is gone, in the words of libdbus. */
gboolean
dbr_peer_bluez_run_method (DbrPeerBluez *self,
                           DbrPeerCall  *call,
                           GVariant     *body)
{
  const char *path = g_dbus_message_get_path (call->message);
  const Method *method = find_method (call);

  if (method == NULL)
    return FALSE;
  if (strcmp (method->interface_name, PROPERTIES) != 0
      && !dbr_peer_objects_has_interface (self->service->objects, path, method->interface_name))
    {
      g_autofree char *text = g_strdup_printf ("Method \"%s\" with signature \"%s\" on interface "
                                               "\"%s\" doesn't exist\n", method->member,
                                               g_variant_get_type_string (body),
                                               method->interface_name);

      dbr_peer_call_error (call, "org.freedesktop.DBus.Error.UnknownObject", text);
    }
  else if (g_variant_is_of_type (body, G_VARIANT_TYPE (method->signature)))
    method->run (self, call, path, body);
  else
    fail (call, "InvalidArguments", "Invalid arguments in method call");
  return TRUE;
}
