/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-gdbus-transport-private.h"

#include <gio/gunixfdlist.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-gdbus-headers-private.h"
#include "bus/dbr-gdbus-serial-private.h"

/* The largest a value of this many GVariant bytes can become on the wire: `a(y)` is padded to
 * eight. */
#define MAX_GROWTH 8

struct _DbrGdbusTransport
{
  GObject                     parent_instance;

  /* identity */
  GDBusConnection                     *connection;
  GSocket                             *socket;
  DbrTransportLimits                   limits;
  guint32                             *next_serial;
  DbrGdbusHeaders                     *headers;

  /* set once by start */
  const DbrTransportListener *listener;
  gpointer                    user_data;
  GDestroyNotify              destroy;

  GMutex                      mutex;

  /* guarded by mutex */
  guint                       filter_id;
  gulong                      closed_id;

  /* atomic */
  gint                        n_hooks;
  gint                        is_over;
};

static void dbr_gdbus_transport_iface_init (DbrTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrGdbusTransport, dbr_gdbus_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_TRANSPORT,
                                                      dbr_gdbus_transport_iface_init))

/* The message */

typedef struct
{
  DbrMessage    message;
  GDBusMessage *gdbus;
} GdbusMessage;

static const char *
gdbus_message_get_arg0 (DbrMessage *message,
                        char       *kind)
{
  return dbr_message_find_arg0 (g_dbus_message_get_body (((GdbusMessage *) message)->gdbus), kind);
}

static GVariant *
gdbus_message_dup_body (DbrMessage *message)
{
  GVariant *body = g_dbus_message_get_body (((GdbusMessage *) message)->gdbus);

  return body != NULL ? g_variant_ref (body) : NULL;
}

static const char *
gdbus_message_get_sender (DbrMessage *message)
{
  return g_dbus_message_get_sender (((GdbusMessage *) message)->gdbus);
}

static GUnixFDList *
gdbus_message_get_fd_list (DbrMessage *message)
{
  return g_dbus_message_get_unix_fd_list (((GdbusMessage *) message)->gdbus);
}

static gsize
gdbus_message_get_size (DbrMessage *message)
{
  GVariant *body = g_dbus_message_get_body (((GdbusMessage *) message)->gdbus);

  return body != NULL ? g_variant_get_size (body) : 0;
}

static void
gdbus_message_free (DbrMessage *message)
{
  GdbusMessage *self = (GdbusMessage *) message;

  g_object_unref (self->gdbus);
  g_free (self);
}

static const DbrMessageFuncs gdbus_message_funcs = {
  gdbus_message_get_sender,
  gdbus_message_get_arg0,
  gdbus_message_dup_body,
  gdbus_message_get_fd_list,
  gdbus_message_get_size,
  gdbus_message_free,
};

/* The kernel drops those that find no room, and GDBus does not look. */
static gboolean
lacks_descriptors (GDBusMessage *gdbus)
{
  guint n_told = g_dbus_message_get_num_unix_fds (gdbus);
  GUnixFDList *fd_list;

  if (n_told == 0)
    return FALSE;

  fd_list = g_dbus_message_get_unix_fd_list (gdbus);

  return fd_list == NULL || (guint) g_unix_fd_list_get_length (fd_list) < n_told;
}

static DbrMessage *
gdbus_message_new (GDBusMessage   *gdbus,
                   DbrMessageKind  kind,
                   guint32         reply_serial)
{
  GdbusMessage *self = g_new0 (GdbusMessage, 1);

  self->gdbus = g_object_ref (gdbus);
  self->message.funcs = &gdbus_message_funcs;
  g_atomic_ref_count_init (&self->message.ref_count);
  self->message.kind = kind;
  self->message.reply_serial = reply_serial;
  self->message.arrived_usec = g_get_monotonic_time ();
  self->message.lacks_descriptors = lacks_descriptors (gdbus);

  if (kind == DBR_MESSAGE_SIGNAL)
    {
      self->message.object_path = g_dbus_message_get_path (gdbus);
      self->message.interface_name = g_dbus_message_get_interface (gdbus);
      self->message.member = g_dbus_message_get_member (gdbus);
    }
  else if (kind == DBR_MESSAGE_ERROR)
    {
      self->message.error_name = g_dbus_message_get_error_name (gdbus);
    }

  return &self->message;
}

/* In GDBus's worker thread */

static gboolean
dbr_gdbus_transport_hear (DbrGdbusTransport *self,
                          GDBusMessage      *gdbus,
                          DbrMessageKind     kind,
                          guint32            reply_serial)
{
  g_autoptr(DbrMessage) message = gdbus_message_new (gdbus, kind, reply_serial);

  return self->listener->arrived (self->user_data, message);
}

static gboolean
dbr_gdbus_transport_hear_reply (DbrGdbusTransport *self,
                                GDBusMessage      *gdbus,
                                DbrMessageKind     kind)
{
  guint32 reply_serial = g_dbus_message_get_reply_serial (gdbus);

  return reply_serial >= DBR_GDBUS_FIRST_SERIAL
         && dbr_gdbus_transport_hear (self, gdbus, kind, reply_serial);
}

static gboolean
dbr_gdbus_transport_take_incoming (DbrGdbusTransport *self,
                                   GDBusMessage      *gdbus)
{
  switch (g_dbus_message_get_message_type (gdbus))
    {
    case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
      return dbr_gdbus_transport_hear_reply (self, gdbus, DBR_MESSAGE_RETURN);

    case G_DBUS_MESSAGE_TYPE_ERROR:
      return dbr_gdbus_transport_hear_reply (self, gdbus, DBR_MESSAGE_ERROR);

    case G_DBUS_MESSAGE_TYPE_SIGNAL:
      /* GDBus hands signals to whoever else subscribed, so they always go on. */
      dbr_gdbus_transport_hear (self, gdbus, DBR_MESSAGE_SIGNAL, 0);
      return FALSE;

    case G_DBUS_MESSAGE_TYPE_METHOD_CALL:
    case G_DBUS_MESSAGE_TYPE_INVALID:
    default:
      return FALSE;
    }
}

static gboolean
dbr_gdbus_transport_stop_outgoing (DbrGdbusTransport *self,
                                   GDBusMessage      *gdbus)
{
  guint32 serial = g_dbus_message_get_serial (gdbus);

  if (serial < DBR_GDBUS_FIRST_SERIAL)
    return FALSE;

  return !self->listener->leaving (self->user_data, serial, g_get_monotonic_time ());
}

static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  DbrGdbusTransport *self = user_data;
  gboolean is_taken;

  /* A filter may be called once more while it is being removed. */
  if (g_atomic_int_get (&self->is_over))
    return message;

  is_taken = is_incoming ? dbr_gdbus_transport_take_incoming (self, message)
                         : dbr_gdbus_transport_stop_outgoing (self, message);
  if (!is_taken)
    return message;

  g_object_unref (message);

  return NULL;
}

/* On dbr-io, or where the application made the connection */

static void
closed_cb (GDBusConnection *connection,
           gboolean         remote_peer_vanished,
           GError          *cause,
           gpointer         user_data)
{
  DbrGdbusTransport *self = user_data;
  g_autoptr(GError) error = NULL;

  if (!g_atomic_int_compare_and_exchange (&self->is_over, FALSE, TRUE))
    return;

  g_set_error (&error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
               _("The connection was lost: %s"),
               cause != NULL ? cause->message : _("it was closed"));
  self->listener->closed (self->user_data, error);
}

/* The listener is let go of when the connection no longer calls filter and handler, which may be a
 * moment after they were taken away. */
static void
dbr_gdbus_transport_drop_hook (gpointer data)
{
  g_autoptr(DbrGdbusTransport) self = data;

  if (g_atomic_int_dec_and_test (&self->n_hooks))
    self->destroy (self->user_data);
}

static void
drop_hook_notify (gpointer  data,
                  GClosure *closure)
{
  dbr_gdbus_transport_drop_hook (data);
}

/* It may be closed before it was started, or meanwhile: whoever is the second to come by here takes
 * away what the first has left. */
static void
dbr_gdbus_transport_unhook (DbrGdbusTransport *self)
{
  guint filter_id;
  gulong closed_id;

  g_mutex_lock (&self->mutex);
  filter_id = self->filter_id;
  closed_id = self->closed_id;
  self->filter_id = 0;
  self->closed_id = 0;
  g_mutex_unlock (&self->mutex);

  if (filter_id != 0)
    g_dbus_connection_remove_filter (self->connection, filter_id);
  if (closed_id != 0)
    g_signal_handler_disconnect (self->connection, closed_id);
}

static void
dbr_gdbus_transport_finalize (GObject *object)
{
  DbrGdbusTransport *self = DBR_GDBUS_TRANSPORT (object);

  g_clear_object (&self->socket);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->headers, dbr_gdbus_headers_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_gdbus_transport_parent_class)->finalize (object);
}

static void
dbr_gdbus_transport_class_init (DbrGdbusTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_gdbus_transport_finalize;
}

static void
dbr_gdbus_transport_init (DbrGdbusTransport *self)
{
  g_mutex_init (&self->mutex);
}

static DbrGdbusTransport *
dbr_gdbus_transport_new (GDBusConnection          *connection,
                         const DbrTransportLimits *limits)
{
  DbrGdbusTransport *self = g_object_new (DBR_TYPE_GDBUS_TRANSPORT, NULL);

  self->connection = g_object_ref (connection);
  self->limits = *limits;
  self->next_serial = dbr_gdbus_serial_get_next (connection);
  self->headers = dbr_gdbus_headers_new ();

  return self;
}

DbrTransport *
dbr_gdbus_transport_new_adopted (GDBusConnection          *connection,
                                 const DbrTransportLimits *limits)
{
  return DBR_TRANSPORT (dbr_gdbus_transport_new (connection, limits));
}

DbrTransport *
dbr_gdbus_transport_new_private (GDBusConnection          *connection,
                                 GSocket                  *socket,
                                 const DbrTransportLimits *limits)
{
  DbrGdbusTransport *self = dbr_gdbus_transport_new (connection, limits);

  self->socket = g_object_ref (socket);

  return DBR_TRANSPORT (self);
}

static void
dbr_gdbus_transport_start (DbrTransport               *transport,
                           const DbrTransportListener *listener,
                           gpointer                    user_data,
                           GDestroyNotify              destroy)
{
  DbrGdbusTransport *self = DBR_GDBUS_TRANSPORT (transport);
  gulong closed_id;
  guint filter_id;

  self->listener = listener;
  self->user_data = user_data;
  self->destroy = destroy;
  self->n_hooks = 2;
  closed_id = g_signal_connect_data (self->connection, "closed", G_CALLBACK (closed_cb),
                                     g_object_ref (self), drop_hook_notify, G_CONNECT_DEFAULT);
  filter_id = g_dbus_connection_add_filter (self->connection, filter_cb, g_object_ref (self),
                                            dbr_gdbus_transport_drop_hook);

  g_mutex_lock (&self->mutex);
  self->closed_id = closed_id;
  self->filter_id = filter_id;
  g_mutex_unlock (&self->mutex);

  if (g_atomic_int_get (&self->is_over))
    dbr_gdbus_transport_unhook (self);
  else if (g_dbus_connection_is_closed (self->connection))
    closed_cb (self->connection, FALSE, NULL, self);
}

static guint32
dbr_gdbus_transport_reserve_serial (DbrTransport *transport)
{
  DbrGdbusTransport *self = DBR_GDBUS_TRANSPORT (transport);

  return dbr_gdbus_serial_take (self->next_serial);
}

static gboolean
dbr_gdbus_transport_check_size (DbrGdbusTransport  *self,
                                GDBusMessage       *message,
                                GError            **error)
{
  g_autoptr(GError) cause = NULL;
  g_autofree guchar *bytes = NULL;
  gsize size;

  /* Encoded only to be measured, and so only where it can matter. */
  bytes = g_dbus_message_to_blob (message, &size,
                                  g_dbus_connection_get_capabilities (self->connection), &cause);
  if (bytes == NULL)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, cause->message);
      return FALSE;
    }

  return dbr_limits_check_size (&self->limits, size, error);
}

static gboolean
dbr_gdbus_transport_check_descriptors (DbrGdbusTransport  *self,
                                       GUnixFDList        *fd_list,
                                       GError            **error)
{
  gboolean can_pass = (g_dbus_connection_get_capabilities (self->connection)
                       & G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING) != 0;

  return dbr_limits_check_descriptors (&self->limits, can_pass, fd_list, error);
}

static GDBusMessage *
dbr_gdbus_transport_build (DbrGdbusTransport  *self,
                           guint32             serial,
                           const DbrOutgoing  *outgoing,
                           GError            **error)
{
  g_autoptr(GDBusMessage) message = NULL;
  GDBusMessageFlags flags = G_DBUS_MESSAGE_FLAGS_NONE;

  if (outgoing->fd_list != NULL
      && !dbr_gdbus_transport_check_descriptors (self, outgoing->fd_list, error))
    return NULL;

  message = g_dbus_message_new ();
  dbr_gdbus_headers_apply (self->headers, message, outgoing);
  g_dbus_message_set_serial (message, serial);
  if (outgoing->body != NULL)
    g_dbus_message_set_body (message, outgoing->body);
  if (outgoing->fd_list != NULL)
    g_dbus_message_set_unix_fd_list (message, outgoing->fd_list);

  if ((outgoing->flags & DBR_SEND_NO_AUTO_START) != 0)
    flags |= G_DBUS_MESSAGE_FLAGS_NO_AUTO_START;
  if ((outgoing->flags & DBR_SEND_INTERACTIVE) != 0)
    flags |= G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
  g_dbus_message_set_flags (message, flags);

  if (outgoing->body != NULL
      && g_variant_get_size (outgoing->body) > self->limits.message_size / MAX_GROWTH
      && !dbr_gdbus_transport_check_size (self, message, error))
    return NULL;

  return g_steal_pointer (&message);
}

static gboolean
dbr_gdbus_transport_send (DbrTransport       *transport,
                          guint32             serial,
                          const DbrOutgoing  *outgoing,
                          GError            **error)
{
  DbrGdbusTransport *self = DBR_GDBUS_TRANSPORT (transport);
  g_autoptr(GDBusMessage) message = dbr_gdbus_transport_build (self, serial, outgoing, error);
  g_autoptr(GError) cause = NULL;

  if (message == NULL)
    return FALSE;

  if (g_dbus_connection_send_message (self->connection, message,
                                      G_DBUS_SEND_MESSAGE_FLAGS_PRESERVE_SERIAL,
                                      NULL, &cause))
    return TRUE;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_set_error (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
                 _("The connection was lost: %s"), cause->message);
  else
    g_set_error_literal (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, cause->message);

  return FALSE;
}

/* Closing GDBus's way waits for what is being written, which a stopped bus never reads; a socket
 * that is shut down ends both its threads' business at once. A connection that was lent goes on,
 * and with it what GDBus has of ours in its queue. */
static gboolean
dbr_gdbus_transport_close (DbrTransport *transport)
{
  DbrGdbusTransport *self = DBR_GDBUS_TRANSPORT (transport);

  g_atomic_int_set (&self->is_over, TRUE);

  if (self->socket != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  dbr_gdbus_transport_unhook (self);

  return self->socket != NULL || g_dbus_connection_is_closed (self->connection);
}

static const char *
dbr_gdbus_transport_get_unique_name (DbrTransport *transport)
{
  return g_dbus_connection_get_unique_name (DBR_GDBUS_TRANSPORT (transport)->connection);
}

static const char *
dbr_gdbus_transport_get_guid (DbrTransport *transport)
{
  return g_dbus_connection_get_guid (DBR_GDBUS_TRANSPORT (transport)->connection);
}

static void
dbr_gdbus_transport_iface_init (DbrTransportInterface *iface)
{
  iface->start = dbr_gdbus_transport_start;
  iface->reserve_serial = dbr_gdbus_transport_reserve_serial;
  iface->send = dbr_gdbus_transport_send;
  iface->close = dbr_gdbus_transport_close;
  iface->get_unique_name = dbr_gdbus_transport_get_unique_name;
  iface->get_guid = dbr_gdbus_transport_get_guid;
}
