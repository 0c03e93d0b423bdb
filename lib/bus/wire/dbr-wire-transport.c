/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-transport-private.h"

#include <sys/socket.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>
#include <glib-unix.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/wire/dbr-wire-answer-private.h"
#include "bus/wire/dbr-wire-output-private.h"

/* How often dbr-io reads before it turns to others. */
#define MAX_TURNS 8

struct _DbrWireTransport
{
  GObject                     parent_instance;

  /* identity */
  int                                  fd;
  char                                *unique_name;
  char                                *guid;
  gboolean                             can_pass_descriptors;
  DbrTransportLimits                   limits;

  /* touched on dbr-io only */
  DbrWireInput               *input;

  /* what locks itself */
  DbrWireOutput               output;

  /* set once by start */
  const DbrTransportListener *listener;
  gpointer                    user_data;
  GDestroyNotify              destroy;

  GMutex                      mutex;

  /* guarded by mutex */
  GSource                    *source;

  /* atomic */
  gint                        next_serial;
  gint                        is_over;
  /* who may still call the listener: each source, and each thread that sends */
  gint                        n_users;
};

static void dbr_wire_transport_iface_init (DbrTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DbrWireTransport, dbr_wire_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DBR_TYPE_TRANSPORT,
                                                      dbr_wire_transport_iface_init))

/* The listener is let go of when nobody can call it any more, which may be a moment after the
 * connection was closed. FALSE: it is gone already. */
static gboolean
dbr_wire_transport_hold (DbrWireTransport *self)
{
  gint n_users = g_atomic_int_get (&self->n_users);

  while (n_users > 0)
    {
      if (g_atomic_int_compare_and_exchange (&self->n_users, n_users, n_users + 1))
        return TRUE;

      n_users = g_atomic_int_get (&self->n_users);
    }

  return FALSE;
}

static void
dbr_wire_transport_release (DbrWireTransport *self)
{
  if (g_atomic_int_dec_and_test (&self->n_users) && self->destroy != NULL)
    self->destroy (self->user_data);
}

static void
source_gone_cb (gpointer data)
{
  g_autoptr(DbrWireTransport) self = data;

  dbr_wire_transport_release (self);
}

static GSource *
dbr_wire_transport_watch (DbrWireTransport  *self,
                          GIOCondition       condition,
                          const char        *name,
                          GUnixFDSourceFunc  callback)
{
  GSource *source = g_unix_fd_source_new (self->fd, condition);

  g_source_set_static_name (source, name);
  g_source_set_callback (source, G_SOURCE_FUNC (callback), g_object_ref (self), source_gone_cb);
  /* dbr-io does not iterate its context from within. Without being told so, GLib takes the socket
   * out of what is polled while this is called, and wakes the thread it is in, twice. */
  g_source_set_can_recurse (source, TRUE);
  g_source_attach (source, dbr_io_get_context ());

  return source;
}

static gboolean
leaving_cb (gpointer user_data,
            guint32  serial,
            gint64   now)
{
  DbrWireTransport *self = user_data;

  return self->listener->leaving (self->user_data, serial, now);
}

/* On dbr-io */

static gboolean
writable_cb (gint         fd,
             GIOCondition condition,
             gpointer     user_data)
{
  DbrWireTransport *self = user_data;

  return dbr_wire_output_flush (&self->output) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
dbr_wire_transport_wait_for_room (DbrWireTransport *self)
{
  g_autoptr(GSource) source = NULL;

  if (dbr_wire_transport_hold (self))
    source = dbr_wire_transport_watch (self, G_IO_OUT, "dbr wire output", writable_cb);
}

static void
dbr_wire_transport_end (DbrWireTransport *self,
                        const char       *reason)
{
  g_autoptr(GError) error = NULL;

  if (!g_atomic_int_compare_and_exchange (&self->is_over, FALSE, TRUE))
    return;

  shutdown (self->fd, SHUT_RDWR);
  dbr_wire_output_close (&self->output);
  g_set_error (&error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
               _("The connection was lost: %s"), reason);
  self->listener->closed (self->user_data, error);
}

static void
dbr_wire_transport_end_malformed (DbrWireTransport *self,
                                  const char       *fault)
{
  g_autofree char *reason = g_strdup_printf (_("a malformed message came: %s"), _(fault));

  dbr_wire_transport_end (self, reason);
}

/* Answers are few and short, and of no more use where so many wait already. */
static void
dbr_wire_transport_answer (DbrWireTransport     *self,
                           const DbrWireMessage *call)
{
  guint32 serial = dbr_transport_reserve_serial (DBR_TRANSPORT (self));
  g_auto(DbrWireWriter) writer;

  dbr_wire_writer_init (&writer);
  if (dbr_wire_answer_write (&writer, call, serial)
      && dbr_wire_output_send (&self->output, serial, &writer, NULL) == DBR_WIRE_SENT_SOME)
    dbr_wire_transport_wait_for_room (self);
}

static void
dbr_wire_transport_hear (DbrWireTransport *self,
                         DbrWireMessage   *message)
{
  switch (message->header.kind)
    {
    case DBR_WIRE_RETURN:
    case DBR_WIRE_ERROR:
    case DBR_WIRE_SIGNAL:
      self->listener->arrived (self->user_data, &message->message);
      break;

    case DBR_WIRE_CALL:
      dbr_wire_transport_answer (self, message);
      break;

    default:
      break;
    }
}

static gboolean
dbr_wire_transport_is_over (DbrWireTransport *self)
{
  return g_atomic_int_get (&self->is_over);
}

static void
dbr_wire_transport_hear_all (DbrWireTransport *self)
{
  gint64 now = g_get_monotonic_time ();
  const char *fault = NULL;
  DbrWireMessage *message;

  while (!dbr_wire_transport_is_over (self)
         && (message = dbr_wire_input_take_message (self->input, now, &fault)) != NULL)
    {
      dbr_wire_transport_hear (self, message);
      dbr_wire_message_unref (message);
    }

  if (fault != NULL)
    dbr_wire_transport_end_malformed (self, fault);
}

static gboolean
readable_cb (gint         fd,
             GIOCondition condition,
             gpointer     user_data)
{
  DbrWireTransport *self = user_data;
  g_autoptr(GError) cause = NULL;
  DbrWireRead read = DBR_WIRE_READ_MORE;

  for (guint i = 0; i < MAX_TURNS && read == DBR_WIRE_READ_MORE; i++)
    {
      read = dbr_wire_input_read (self->input, self->fd, &cause);
      dbr_wire_transport_hear_all (self);
      if (dbr_wire_transport_is_over (self))
        return G_SOURCE_REMOVE;
    }
  if (read != DBR_WIRE_READ_OVER)
    return G_SOURCE_CONTINUE;

  dbr_wire_transport_end (self, cause->message);

  return G_SOURCE_REMOVE;
}

static void
dbr_wire_transport_finalize (GObject *object)
{
  DbrWireTransport *self = DBR_WIRE_TRANSPORT (object);

  close (self->fd);
  dbr_wire_input_free (self->input);
  dbr_wire_output_clear (&self->output);
  g_clear_pointer (&self->source, g_source_unref);
  g_free (self->unique_name);
  g_free (self->guid);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (dbr_wire_transport_parent_class)->finalize (object);
}

static void
dbr_wire_transport_class_init (DbrWireTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dbr_wire_transport_finalize;
}

static void
dbr_wire_transport_init (DbrWireTransport *self)
{
  g_mutex_init (&self->mutex);
  dbr_wire_output_init (&self->output);
  self->output.leaving = leaving_cb;
  self->output.user_data = self;
  /* The first one was Hello's. */
  self->next_serial = 2;
}

DbrTransport *
dbr_wire_transport_new (int                       fd,
                        DbrWireInput             *input,
                        gboolean                  can_pass_descriptors,
                        const char               *unique_name,
                        const char               *guid,
                        const DbrTransportLimits *limits)
{
  DbrWireTransport *self = g_object_new (DBR_TYPE_WIRE_TRANSPORT, NULL);

  self->fd = fd;
  self->output.fd = fd;
  self->input = input;
  self->can_pass_descriptors = can_pass_descriptors;
  self->unique_name = g_strdup (unique_name);
  self->guid = g_strdup (guid);
  self->limits = *limits;

  return DBR_TRANSPORT (self);
}

/* What came behind the answer to Hello was read with it. */
static void
dbr_wire_transport_start (DbrTransport               *transport,
                          const DbrTransportListener *listener,
                          gpointer                    user_data,
                          GDestroyNotify              destroy)
{
  DbrWireTransport *self = DBR_WIRE_TRANSPORT (transport);

  self->listener = listener;
  self->user_data = user_data;
  self->destroy = destroy;
  g_atomic_int_set (&self->n_users, 1);

  g_mutex_lock (&self->mutex);
  self->source = dbr_wire_transport_watch (self, G_IO_IN, "dbr wire input", readable_cb);
  g_mutex_unlock (&self->mutex);

  dbr_wire_transport_hear_all (self);
}

/* Zero is no serial, and is passed over when they begin anew. */
static guint32
dbr_wire_transport_reserve_serial (DbrTransport *transport)
{
  DbrWireTransport *self = DBR_WIRE_TRANSPORT (transport);
  guint32 serial;

  do
    serial = (guint32) g_atomic_int_add (&self->next_serial, 1);
  while (serial == 0);

  return serial;
}

static gboolean
dbr_wire_transport_write (DbrWireTransport   *self,
                          guint32             serial,
                          const DbrOutgoing  *outgoing,
                          DbrWireWriter      *writer,
                          GError            **error)
{
  DbrWireHeader header = { .kind = DBR_WIRE_CALL, .serial = serial };
  const char *fault;

  header.texts[DBR_WIRE_FIELD_PATH] = outgoing->object_path;
  header.texts[DBR_WIRE_FIELD_INTERFACE] = outgoing->interface_name;
  header.texts[DBR_WIRE_FIELD_MEMBER] = outgoing->member;
  header.texts[DBR_WIRE_FIELD_DESTINATION] = outgoing->destination;
  if ((outgoing->flags & DBR_SEND_NO_AUTO_START) != 0)
    header.flags |= DBR_WIRE_NO_AUTO_START;
  if ((outgoing->flags & DBR_SEND_INTERACTIVE) != 0)
    header.flags |= DBR_WIRE_INTERACTIVE;
  if (outgoing->fd_list != NULL)
    header.n_descriptors = (guint32) g_unix_fd_list_get_length (outgoing->fd_list);

  fault = dbr_wire_writer_write (writer, &header, outgoing->body);
  if (!dbr_limits_check_size (&self->limits, writer->length, error))
    return FALSE;
  if (fault == NULL)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The message cannot be sent: %s"), _(fault));

  return FALSE;
}

static gboolean
set_closed_error (GError **error)
{
  g_set_error (error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
               _("The connection was lost: %s"), _("it was closed"));

  return FALSE;
}

static gboolean
dbr_wire_transport_transmit (DbrWireTransport   *self,
                             guint32             serial,
                             const DbrOutgoing  *outgoing,
                             GError            **error)
{
  g_auto(DbrWireWriter) writer;

  dbr_wire_writer_init (&writer);
  if (!dbr_wire_transport_write (self, serial, outgoing, &writer, error))
    return FALSE;

  switch (dbr_wire_output_send (&self->output, serial, &writer, outgoing->fd_list))
    {
    case DBR_WIRE_SENT_TOO_MUCH:
      g_set_error (error, DBR_ERROR, DBR_ERROR_OVERLOADED,
                   _("The message was not sent: the other end does not read, and %u bytes wait "
                     "for it already"), DBR_WIRE_MAX_WAITING);
      return FALSE;

    case DBR_WIRE_SENT_CLOSED:
      return set_closed_error (error);

    case DBR_WIRE_SENT_SOME:
      dbr_wire_transport_wait_for_room (self);
      return TRUE;

    case DBR_WIRE_SENT_ALL:
    default:
      return TRUE;
    }
}

/* In the caller's thread, down to the socket. */
static gboolean
dbr_wire_transport_send (DbrTransport       *transport,
                         guint32             serial,
                         const DbrOutgoing  *outgoing,
                         GError            **error)
{
  DbrWireTransport *self = DBR_WIRE_TRANSPORT (transport);
  gboolean is_sent;

  if (outgoing->fd_list != NULL
      && !dbr_limits_check_descriptors (&self->limits, self->can_pass_descriptors,
                                        outgoing->fd_list, error))
    return FALSE;

  if (!dbr_wire_transport_hold (self))
    return set_closed_error (error);

  is_sent = dbr_wire_transport_transmit (self, serial, outgoing, error);
  dbr_wire_transport_release (self);

  return is_sent;
}

/* The socket is only shut down here: it is closed when nobody can use its number any more. */
static gboolean
dbr_wire_transport_close (DbrTransport *transport)
{
  DbrWireTransport *self = DBR_WIRE_TRANSPORT (transport);
  g_autoptr(GSource) source = NULL;

  g_atomic_int_set (&self->is_over, TRUE);
  shutdown (self->fd, SHUT_RDWR);
  dbr_wire_output_close (&self->output);

  g_mutex_lock (&self->mutex);
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->mutex);
  if (source != NULL)
    g_source_destroy (source);

  return TRUE;
}

static const char *
dbr_wire_transport_get_unique_name (DbrTransport *transport)
{
  return DBR_WIRE_TRANSPORT (transport)->unique_name;
}

static const char *
dbr_wire_transport_get_guid (DbrTransport *transport)
{
  return DBR_WIRE_TRANSPORT (transport)->guid;
}

static void
dbr_wire_transport_iface_init (DbrTransportInterface *iface)
{
  iface->start = dbr_wire_transport_start;
  iface->reserve_serial = dbr_wire_transport_reserve_serial;
  iface->send = dbr_wire_transport_send;
  iface->close = dbr_wire_transport_close;
  iface->get_unique_name = dbr_wire_transport_get_unique_name;
  iface->get_guid = dbr_wire_transport_get_guid;
}
