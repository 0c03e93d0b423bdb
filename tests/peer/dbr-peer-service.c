/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The peer's connections. A filter takes every method call in GDBus's worker and hands it to the
 * main loop, so that a blocked main loop blocks all that a real service would leave unanswered,
 * and nothing else. */

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_TIMEOUT_MS 5000
#define DEAF_KEY "dbr-peer-deaf"
#define READ_LIMIT (16 * 1024 * 1024)

static const char *
call_interface (DbrPeerCall *self)
{
  return g_dbus_message_get_interface (self->message);
}

static void
call_clear (DbrPeerCall *self)
{
  g_clear_object (&self->connection);
  g_clear_object (&self->message);
  g_clear_pointer (&self->rule, dbr_peer_rule_unref);
}

DbrPeerCall *
dbr_peer_call_ref (DbrPeerCall *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
dbr_peer_call_unref (DbrPeerCall *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) call_clear);
}

static void
add_count (GHashTable *counts,
           const char *key)
{
  guint64 *count = g_hash_table_lookup (counts, key);

  if (count == NULL)
    {
      count = g_new0 (guint64, 1);
      g_hash_table_insert (counts, g_strdup (key), count);
    }
  (*count)++;
}

guint64
dbr_peer_service_get_count (GHashTable *counts,
                            const char *key)
{
  guint64 *count = g_hash_table_lookup (counts, key);

  return count != NULL ? *count : 0;
}

/* From here on the file has one line for each call that counts, written before anything else is
 * done with it: so it can be asked what a peer did that was killed. Several peers may share it. */
gboolean
dbr_peer_service_record (DbrPeerService *self,
                         const char     *file,
                         GError        **error)
{
  int fd = open (file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", file, g_strerror (errno));
      return FALSE;
    }
  if (self->record >= 0)
    close (self->record);
  self->record = fd;
  return TRUE;
}

static void
add_record (DbrPeerService *self,
            const char     *token)
{
  g_autofree char *line = NULL;

  if (self->record < 0)
    return;
  line = g_strconcat (token, "\n", NULL);
  if (write (self->record, line, strlen (line)) != (gssize) strlen (line))
    g_printerr ("dbr-peer: the record is not complete: %s\n", g_strerror (errno));
}

/* What tells one call from another: the first text, and of a notification its summary, as the first
 * one is the same for all of a program. */
static GVariant *
dup_token (DbrPeerCall *self)
{
  GVariant *body = g_dbus_message_get_body (self->message);
  guint place = strcmp (g_dbus_message_get_member (self->message), "Notify") == 0 ? 3 : 0;
  g_autoptr(GVariant) token = NULL;

  if (body == NULL || g_variant_n_children (body) <= place)
    return NULL;
  token = g_variant_get_child_value (body, place);
  return g_variant_is_of_type (token, G_VARIANT_TYPE_STRING) ? g_steal_pointer (&token) : NULL;
}

/* A question about the counts must not count as an execution of the token it asks for. */
static void
call_count (DbrPeerCall *self)
{
  const char *member = g_dbus_message_get_member (self->message);
  g_autoptr(GVariant) token = NULL;

  add_count (self->service->counts, member);
  if (g_strcmp0 (call_interface (self), DBR_PEER_INTERFACE) == 0
      && (strcmp (member, "Count") == 0 || strcmp (member, "Executions") == 0
          || strcmp (member, "Tell") == 0))
    return;
  token = dup_token (self);
  if (token == NULL)
    return;
  add_count (self->service->executions, g_variant_get_string (token, NULL));
  add_record (self->service, g_variant_get_string (token, NULL));
}

static DbrPeerRule *
find_rule (DbrPeerCall *self)
{
  DbrPeerRule *best = NULL;

  for (guint i = 0; i < self->service->rules->len; i++)
    {
      DbrPeerRule *rule = self->service->rules->pdata[i];

      if (dbr_peer_rule_fits (rule, g_dbus_message_get_path (self->message), call_interface (self),
                              g_dbus_message_get_member (self->message))
          && dbr_peer_rule_selects (rule)
          && (best == NULL || dbr_peer_rule_compare (rule, best) >= 0))
        best = rule;
    }
  return best;
}

static void
log_call (DbrPeerCall *self)
{
  const char *interface_name = call_interface (self);
  const char *sender = g_dbus_message_get_sender (self->message);

  if (!self->service->is_quiet)
    g_printerr ("dbr-peer: %s %s.%s from %s\n", g_dbus_message_get_path (self->message),
                interface_name != NULL ? interface_name : "-",
                g_dbus_message_get_member (self->message), sender != NULL ? sender : "-");
}

static gboolean
dispatch_cb (gpointer user_data)
{
  DbrPeerCall *self = user_data;
  DbrPeerRule *rule = find_rule (self);

  log_call (self);
  if (self->service->bluez != NULL)
    dbr_peer_bluez_note_call (self->service->bluez, self);
  if (rule != NULL || dbr_peer_call_is_built_in (self))
    call_count (self);
  if (rule != NULL)
    self->rule = dbr_peer_rule_ref (rule);
  dbr_peer_call_run_actions (self);
  return G_SOURCE_REMOVE;
}

static void
answer_introspect (DbrPeerService  *self,
                   GDBusConnection *connection,
                   GDBusMessage    *message)
{
  g_autofree char *xml = dbr_peer_objects_introspect (self->objects,
                                                      g_dbus_message_get_path (message));
  g_autoptr(GDBusMessage) reply = g_dbus_message_new_method_reply (message);

  g_dbus_message_set_body (reply, g_variant_new ("(s)", xml));
  g_dbus_connection_send_message (connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

/* What a GDBus service answers from its worker thread even if its main loop is dead stays in the
 * worker here too. */
static gboolean
is_for_worker (DbrPeerService  *self,
               GDBusConnection *connection,
               GDBusMessage    *message)
{
  const char *interface_name = g_dbus_message_get_interface (message);
  const char *member = g_dbus_message_get_member (message);

  if (g_strcmp0 (interface_name, "org.freedesktop.DBus.Peer") == 0)
    {
      int *taken = g_str_equal (member, "Ping") ? &self->takes_ping : &self->takes_machine_id;

      return !g_atomic_int_get (taken);
    }
  if (g_strcmp0 (interface_name, "org.freedesktop.DBus.Introspectable") != 0
      || !g_str_equal (member, "Introspect") || g_atomic_int_get (&self->takes_introspect))
    return FALSE;
  return TRUE;
}

static GDBusMessage *
filter_incoming (DbrPeerService  *self,
                 GDBusConnection *connection,
                 GDBusMessage    *message)
{
  DbrPeerCall *call;
  g_autoptr(GSource) source = NULL;

  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  if (is_for_worker (self, connection, message))
    {
      if (!g_str_equal (g_dbus_message_get_member (message), "Introspect"))
        return message;
      answer_introspect (self, connection, message);
      g_object_unref (message);
      return NULL;
    }
  call = g_atomic_rc_box_new0 (DbrPeerCall);
  call->service = self;
  call->connection = g_object_ref (connection);
  call->message = message;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, dispatch_cb, call, (GDestroyNotify) dbr_peer_call_unref);
  g_source_attach (source, NULL);
  return NULL;
}

/* Runs in the worker. Sleeping there is what deaf means: GDBus has one worker, which now neither
 * reads nor writes. */
static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  guint deaf_ms;

  if (is_incoming)
    return filter_incoming (user_data, connection, message);
  deaf_ms = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (message), DEAF_KEY));
  if (deaf_ms == 0)
    return message;
  g_usleep ((gulong) deaf_ms * 1000);
  g_object_unref (message);
  return NULL;
}

static void
closed_cb (GDBusConnection *connection,
           gboolean         remote_peer_vanished,
           GError          *error,
           gpointer         user_data)
{
  DbrPeerService *self = user_data;

  g_ptr_array_remove (self->connections, connection);
  if (remote_peer_vanished && self->exits_with_bus && !self->is_listening)
    _exit (3);
}

static void
adopt_connection (DbrPeerService  *self,
                  GDBusConnection *connection)
{
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  g_dbus_connection_add_filter (connection, filter_cb, self, NULL);
  g_signal_connect (connection, "closed", G_CALLBACK (closed_cb), self);
  g_ptr_array_add (self->connections, g_object_ref (connection));
}

static gboolean
new_connection_cb (GDBusServer     *server,
                   GDBusConnection *connection,
                   gpointer         user_data)
{
  adopt_connection (user_data, connection);
  return TRUE;
}

static void
count_takers (DbrPeerService *self)
{
  int ping = FALSE;
  int machine_id = FALSE;
  int introspect = FALSE;

  for (guint i = 0; i < self->rules->len; i++)
    {
      DbrPeerRule *rule = self->rules->pdata[i];

      ping |= dbr_peer_rule_fits (rule, rule->path, "org.freedesktop.DBus.Peer", "Ping");
      machine_id |= dbr_peer_rule_fits (rule, rule->path, "org.freedesktop.DBus.Peer",
                                        "GetMachineId");
      introspect |= dbr_peer_rule_fits (rule, rule->path, "org.freedesktop.DBus.Introspectable",
                                        "Introspect");
    }
  g_atomic_int_set (&self->takes_ping, ping);
  g_atomic_int_set (&self->takes_machine_id, machine_id);
  g_atomic_int_set (&self->takes_introspect, introspect);
}

static GVariant *
call_bus (DbrPeerService *self,
          const char     *member,
          GVariant       *parameters,
          GError        **error)
{
  g_autoptr(GVariant) owned = g_variant_ref_sink (parameters);

  if (self->is_listening || self->connections->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "not connected to a bus");
      return NULL;
    }
  return g_dbus_connection_call_sync (self->connections->pdata[0], BUS_NAME,
                                      "/org/freedesktop/DBus", BUS_NAME,
                                      member, owned, G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE,
                                      BUS_TIMEOUT_MS, NULL, error);
}

DbrPeerService *
dbr_peer_service_new (void)
{
  DbrPeerService *self = g_new0 (DbrPeerService, 1);

  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->rules = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_peer_rule_unref);
  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->executions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->objects = dbr_peer_objects_new ();
  self->notices = g_hash_table_new (NULL, NULL);
  self->record = -1;
  return self;
}

/* Only for the way out: the filter of a connection still open would find nothing. */
void
dbr_peer_service_free (DbrPeerService *self)
{
  if (self->server != NULL)
    g_dbus_server_stop (self->server);
  for (guint i = self->connections->len; i > 0; i--)
    {
      g_autoptr(GDBusConnection) connection = g_object_ref (self->connections->pdata[i - 1]);

      g_signal_handlers_disconnect_by_data (connection, self);
      g_dbus_connection_close_sync (connection, NULL, NULL);
    }
  g_clear_object (&self->server);
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->rules);
  g_hash_table_unref (self->counts);
  g_hash_table_unref (self->executions);
  g_clear_pointer (&self->bluez, dbr_peer_bluez_free);
  dbr_peer_objects_free (self->objects);
  g_hash_table_unref (self->notices);
  g_clear_pointer (&self->last_notice, g_variant_unref);
  if (self->record >= 0)
    close (self->record);
  g_free (self->address);
  g_free (self);
}

/* Connects, or connects again, and owns all names that were not dropped. */
gboolean
dbr_peer_service_connect (DbrPeerService *self,
                          GError        **error)
{
  g_autoptr(GDBusConnection) connection = NULL;
  GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                               | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;

  if (self->is_listening || self->connections->len > 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_ALREADY_MOUNTED,
                           "there is a connection already");
      return FALSE;
    }
  connection = g_dbus_connection_new_for_address_sync (self->address, flags, NULL, NULL, error);
  if (connection == NULL)
    return FALSE;
  adopt_connection (self, connection);
  for (guint i = 0; i < self->names->len; i++)
    {
      if (!dbr_peer_service_own (self, self->names->pdata[i], error))
        return FALSE;
    }
  return TRUE;
}

/* The process lives, and all else is as if it had died. */
void
dbr_peer_service_disconnect (DbrPeerService *self)
{
  while (self->connections->len > 0)
    {
      g_autoptr(GDBusConnection) connection = g_ptr_array_steal_index (self->connections,
                                                                       self->connections->len - 1);

      g_dbus_connection_close_sync (connection, NULL, NULL);
    }
}

gboolean
dbr_peer_service_listen (DbrPeerService *self,
                         GError        **error)
{
  g_autofree char *guid = g_dbus_generate_guid ();

  self->is_listening = TRUE;
  self->server = g_dbus_server_new_sync (self->address, G_DBUS_SERVER_FLAGS_NONE, guid, NULL, NULL,
                                         error);
  if (self->server == NULL)
    return FALSE;
  g_signal_connect (self->server, "new-connection", G_CALLBACK (new_connection_cb), self);
  g_dbus_server_start (self->server);
  return TRUE;
}

/* Takes the name from whoever has it and gives it to whoever asks, without a queue: a test sees
 * what it did. */
gboolean
dbr_peer_service_own (DbrPeerService *self,
                      const char     *name,
                      GError        **error)
{
  const guint32 allow_replace_and_never_queue = 1 | 2 | 4;
  g_autoptr(GVariant) reply = NULL;
  guint32 result;

  reply = call_bus (self, "RequestName", g_variant_new ("(su)", name,
                                                        allow_replace_and_never_queue), error);
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(u)", &result);
  if (result != 1 && result != 4)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "the name %s has another owner", name);
      return FALSE;
    }
  if (!g_ptr_array_find_with_equal_func (self->names, name, g_str_equal, NULL))
    g_ptr_array_add (self->names, g_strdup (name));
  return TRUE;
}

gboolean
dbr_peer_service_release (DbrPeerService *self,
                          const char     *name,
                          GError        **error)
{
  g_autoptr(GVariant) reply = call_bus (self, "ReleaseName", g_variant_new ("(s)", name), error);
  guint32 result;
  guint index;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(u)", &result);
  if (result != 1)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "the name %s is not ours", name);
      return FALSE;
    }
  if (g_ptr_array_find_with_equal_func (self->names, name, g_str_equal, &index))
    g_ptr_array_remove_index (self->names, index);
  return TRUE;
}

void
dbr_peer_service_add_rule (DbrPeerService *self,
                           DbrPeerRule    *rule)
{
  g_ptr_array_add (self->rules, dbr_peer_rule_ref (rule));
  count_takers (self);
}

void
dbr_peer_service_forget (DbrPeerService *self,
                         const char     *pattern)
{
  for (guint i = self->rules->len; i > 0; i--)
    {
      if (dbr_peer_rule_has_pattern (self->rules->pdata[i - 1], pattern))
        g_ptr_array_remove_index (self->rules, i - 1);
    }
  count_takers (self);
}

void
dbr_peer_service_emit (DbrPeerService *self,
                       const char     *destination,
                       const char     *path,
                       const char     *interface_name,
                       const char     *member,
                       GVariant       *parameters)
{
  g_autoptr(GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;

  for (guint i = 0; i < self->connections->len; i++)
    g_dbus_connection_emit_signal (self->connections->pdata[i], destination, path, interface_name,
                                   member, owned, NULL);
}

/* Without a value the property is only told to be invalid. */
void
dbr_peer_service_emit_changed (DbrPeerService *self,
                               const char     *path,
                               const char     *interface_name,
                               const char     *name,
                               GVariant       *value)
{
  GVariantBuilder changed;
  GVariantBuilder invalidated;

  g_variant_builder_init (&changed, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_init (&invalidated, G_VARIANT_TYPE_STRING_ARRAY);
  if (value != NULL)
    g_variant_builder_add (&changed, "{sv}", name, value);
  else
    g_variant_builder_add (&invalidated, "s", name);
  dbr_peer_service_emit (self, NULL, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                         g_variant_new ("(sa{sv}as)", interface_name, &changed, &invalidated));
}

/* All interfaces of an object, or one of them, as a service that makes it in parts does. */
void
dbr_peer_service_emit_added (DbrPeerService *self,
                             const char     *path,
                             const char     *interface_name)
{
  g_autoptr(GVariant) object = dbr_peer_objects_dup_object (self->objects, path);
  g_autoptr(GVariant) properties = NULL;
  GVariantBuilder part;

  if (object == NULL || self->connections->len == 0)
    return;
  if (interface_name == NULL)
    {
      dbr_peer_service_emit (self, NULL, "/", "org.freedesktop.DBus.ObjectManager",
                             "InterfacesAdded", g_variant_new ("(o@a{sa{sv}})", path, object));
      return;
    }
  properties = dbr_peer_objects_dup_interface (self->objects, path, interface_name);
  g_variant_builder_init (&part, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_builder_add (&part, "{s@a{sv}}", interface_name, properties);
  dbr_peer_service_emit (self, NULL, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                         g_variant_new ("(oa{sa{sv}})", path, &part));
}

static void
emit_removed (DbrPeerService *self,
              const char     *path,
              GVariant       *object)
{
  GVariantBuilder names;
  GVariantIter iter;
  const char *name;

  g_variant_builder_init (&names, G_VARIANT_TYPE_STRING_ARRAY);
  g_variant_iter_init (&iter, object);
  while (g_variant_iter_next (&iter, "{&s@a{sv}}", &name, NULL))
    g_variant_builder_add (&names, "s", name);
  dbr_peer_service_emit (self, NULL, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                         g_variant_new ("(oas)", path, &names));
}

void
dbr_peer_service_set_n_devices (DbrPeerService *self,
                                guint           n_devices)
{
  guint before = dbr_peer_objects_get_n_devices (self->objects);

  /* Nobody is there to tell before the first connection, and ten thousand texts are not free. */
  for (guint i = n_devices; i < before && self->connections->len > 0; i++)
    {
      g_autofree char *path = dbr_peer_objects_dup_device_path (i);
      g_autoptr(GVariant) object = dbr_peer_objects_dup_object (self->objects, path);

      if (object != NULL)
        emit_removed (self, path, object);
    }
  dbr_peer_objects_set_n_devices (self->objects, n_devices);
  if (before == 0 && n_devices > 0)
    dbr_peer_service_emit_added (self, "/org/bluez/hci0", NULL);
  for (guint i = before; i < n_devices && self->connections->len > 0; i++)
    {
      g_autofree char *path = dbr_peer_objects_dup_device_path (i);

      dbr_peer_service_emit_added (self, path, NULL);
    }
}

gboolean
dbr_peer_service_remove_object (DbrPeerService *self,
                                const char     *path)
{
  g_autoptr(GVariant) object = dbr_peer_objects_dup_object (self->objects, path);

  if (object == NULL)
    return FALSE;
  dbr_peer_objects_remove (self->objects, path);
  emit_removed (self, path, object);
  return TRUE;
}

/* The marker message never leaves: the outgoing filter sleeps on it and drops it. */
void
dbr_peer_service_make_deaf (DbrPeerService *self,
                            guint           ms)
{
  g_autoptr(GDBusMessage) marker = g_dbus_message_new_signal ("/", DBR_PEER_INTERFACE, "Deaf");

  if (self->connections->len == 0)
    return;
  g_object_set_data (G_OBJECT (marker), DEAF_KEY, GUINT_TO_POINTER (ms));
  g_dbus_connection_send_message (self->connections->pdata[0], marker,
                                  G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
call_send (DbrPeerCall  *self,
           GDBusMessage *reply)
{
  self->is_settled = TRUE;
  if (g_dbus_message_get_flags (self->message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    return;
  self->has_answered = TRUE;
  g_dbus_connection_send_message (self->connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                  NULL);
}

void
dbr_peer_call_reply (DbrPeerCall *self,
                     GVariant    *parameters,
                     GUnixFDList *fd_list)
{
  g_autoptr(GDBusMessage) reply = g_dbus_message_new_method_reply (self->message);

  if (parameters != NULL)
    g_dbus_message_set_body (reply, parameters);
  if (fd_list != NULL)
    g_dbus_message_set_unix_fd_list (reply, fd_list);
  call_send (self, reply);
}

void
dbr_peer_call_echo (DbrPeerCall *self)
{
  dbr_peer_call_reply (self, g_dbus_message_get_body (self->message),
                       g_dbus_message_get_unix_fd_list (self->message));
}

void
dbr_peer_call_error (DbrPeerCall *self,
                     const char  *name,
                     const char  *text)
{
  g_autoptr(GDBusMessage) reply = g_dbus_message_new_method_error_literal (self->message, name,
                                                                           text);

  call_send (self, reply);
}

/* Returns a list with the read end of a pipe that holds the text and its end; the text must fit
 * the pipe. */
GUnixFDList *
dbr_peer_make_pipe (const char *contents)
{
  int fds[2];

  if (!g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    return NULL;
  g_unix_set_fd_nonblocking (fds[1], TRUE, NULL);
  if (write (fds[1], contents, strlen (contents)) < 0)
    g_printerr ("dbr-peer: %s\n", g_strerror (errno));
  close (fds[1]);
  return g_unix_fd_list_new_from_array (fds, 1);
}

/* Reads to the end, or until a second of silence: a forgotten write end must not hang the peer. */
GBytes *
dbr_peer_read_fd (int fd)
{
  GByteArray *contents = g_byte_array_new ();
  struct pollfd watched = { fd, POLLIN, 0 };
  guint8 chunk[4096];
  gssize length;

  while (contents->len < READ_LIMIT && poll (&watched, 1, 1000) > 0
         && (length = read (fd, chunk, sizeof chunk)) > 0)
    g_byte_array_append (contents, chunk, (guint) length);
  return g_byte_array_free_to_bytes (contents);
}
