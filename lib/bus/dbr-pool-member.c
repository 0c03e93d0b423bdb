/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-pool-member-private.h"

#include <string.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-gdbus-serial-private.h"
#include "bus/dbr-traces-private.h"
#include "bus/dbr-transport-private.h"

#define INTROSPECTABLE_INTERFACE "org.freedesktop.DBus.Introspectable"

struct _DbrPoolMember
{
  /* first, so that one is found from the other */
  DbrPoolNode                  node;

  /* identity */
  gatomicrefcount              ref_count;
  GDBusConnection             *connection;
  GSocket                     *socket;
  guint32                     *next_serial;
  guint                        max_orphans;
  const DbrPoolMemberListener *listener;
  gpointer                     user_data;
  GDestroyNotify               destroy;
  guint                        filter_id;
  gulong                       closed_id;

  /* touched in GDBus's worker only */
  DbrAccessGuard              *guard;
  DbrTraces                   *traces;
  guint32                      look_serial;

  /* atomic */
  gint                         is_over;
  gint                         question;
  gint                         needs_look;
  gint                         is_looking;
  gint                         n_orphans;
};

/* On its way to dbr-io */
typedef struct
{
  DbrPoolMember *member;
  gboolean       is_fit;
} Answer;

static void
answer_cb (gpointer data)
{
  Answer *answer = data;
  DbrPoolMember *self = answer->member;

  if (!g_atomic_int_get (&self->is_over))
    self->listener->answered (self->user_data, self, answer->is_fit);
  dbr_pool_member_unref (self);
  g_free (answer);
}

static void
dbr_pool_member_answer (DbrPoolMember *self,
                        gboolean       is_fit)
{
  Answer *answer = g_new (Answer, 1);

  answer->member = dbr_pool_member_ref (self);
  answer->is_fit = is_fit;
  dbr_io_invoke (answer_cb, answer);
}

/* In GDBus's worker thread */

static gboolean
is_reply (GDBusMessage *message)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  return type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR;
}

/* Nobody but GDBus knows which objects are exported, and it tells who calls Introspect, which it
 * answers in this thread for all objects, and for none. A bus need not let a connection call
 * itself; so the question is put here, in place of the bus's answer, and what GDBus says to it goes
 * no further than pass_outgoing(). */
static GDBusMessage *
dbr_pool_member_look (DbrPoolMember *self,
                      guint32        serial)
{
  GDBusMessage *look = g_dbus_message_new_method_call (NULL, "/", INTROSPECTABLE_INTERFACE,
                                                       "Introspect");

  g_dbus_message_set_serial (look, serial);
  g_dbus_message_set_sender (look, DBR_BUS_NAME);
  g_dbus_message_set_destination (look, g_dbus_connection_get_unique_name (self->connection));
  self->look_serial = serial;
  g_atomic_int_set (&self->is_looking, TRUE);

  return look;
}

static gboolean
shows_objects (GDBusMessage *introspection)
{
  GVariant *body = g_dbus_message_get_body (introspection);
  const char *xml;

  if (g_dbus_message_get_message_type (introspection) != G_DBUS_MESSAGE_TYPE_METHOD_RETURN
      || body == NULL || !g_variant_is_of_type (body, G_VARIANT_TYPE ("(s)")))
    return TRUE;

  g_variant_get (body, "(&s)", &xml);

  return strstr (xml, "<node name=") != NULL || strstr (xml, "<interface") != NULL;
}

static void
dbr_pool_member_count_orphans (DbrPoolMember *self)
{
  g_atomic_int_set (&self->n_orphans, (gint) dbr_traces_get_orphans (self->traces));
}

static void
dbr_pool_member_end_look (DbrPoolMember *self,
                          GDBusMessage  *introspection)
{
  gboolean is_fit;

  self->look_serial = 0;
  dbr_traces_end_lease (self->traces);
  dbr_pool_member_count_orphans (self);
  is_fit = dbr_traces_are_clean (self->traces) && !shows_objects (introspection)
           && dbr_traces_get_orphans (self->traces) <= self->max_orphans;

  g_atomic_int_set (&self->is_looking, FALSE);
  g_atomic_int_set (&self->needs_look, FALSE);
  dbr_pool_member_answer (self, is_fit);
}

static GDBusMessage *
dbr_pool_member_pass_outgoing (DbrPoolMember *self,
                               GDBusMessage  *message)
{
  guint32 serial = g_dbus_message_get_serial (message);

  if (self->look_serial != 0 && is_reply (message)
      && g_dbus_message_get_reply_serial (message) == self->look_serial
      && g_strcmp0 (g_dbus_message_get_destination (message), DBR_BUS_NAME) == 0)
    {
      dbr_pool_member_end_look (self, message);
      g_object_unref (message);
      return NULL;
    }

  /* Our own question is nobody's business. */
  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || serial == (guint32) g_atomic_int_get (&self->question))
    return message;

  if (self->guard != NULL)
    message = dbr_access_guard_pass_outgoing (self->guard, message);
  if (message != NULL)
    dbr_traces_hear_call (self->traces, message);

  return message;
}

static GDBusMessage *
dbr_pool_member_pass_incoming (DbrPoolMember *self,
                               GDBusMessage  *message)
{
  if (is_reply (message))
    {
      guint32 serial = g_dbus_message_get_reply_serial (message);
      gboolean needs_look = g_atomic_int_get (&self->needs_look);

      if (g_atomic_int_compare_and_exchange (&self->question, (gint) serial, 0))
        {
          g_object_unref (message);
          if (needs_look)
            return dbr_pool_member_look (self, serial);
          dbr_pool_member_answer (self, TRUE);
          return NULL;
        }

      dbr_traces_hear_reply (self->traces, serial);
      dbr_pool_member_count_orphans (self);
    }

  return self->guard != NULL ? dbr_access_guard_pass_incoming (self->guard, message) : message;
}

static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  DbrPoolMember *self = user_data;

  /* Nothing passes by the policy while the filter is being removed. */
  if (g_atomic_int_get (&self->is_over))
    {
      g_object_unref (message);
      return NULL;
    }

  return is_incoming ? dbr_pool_member_pass_incoming (self, message)
                     : dbr_pool_member_pass_outgoing (self, message);
}

/* On dbr-io */

static void
closed_cb (GDBusConnection *connection,
           gboolean         remote_peer_vanished,
           GError          *cause,
           gpointer         user_data)
{
  DbrPoolMember *self = user_data;
  g_autoptr(GError) error = NULL;

  if (g_atomic_int_get (&self->is_over))
    return;

  g_set_error (&error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST,
               _("The connection was lost: %s"),
               cause != NULL ? cause->message : _("it was closed"));
  self->listener->lost (self->user_data, self, error);
}

static void
drop_hook_cb (gpointer data)
{
  dbr_pool_member_unref (data);
}

static void
drop_hook_notify (gpointer  data,
                  GClosure *closure)
{
  dbr_pool_member_unref (data);
}

DbrPoolMember *
dbr_pool_member_new (GDBusConnection             *connection,
                     DbrAccessGuard              *guard,
                     guint                        max_orphans,
                     const DbrPoolMemberListener *listener,
                     gpointer                     user_data,
                     GDestroyNotify               destroy)
{
  DbrPoolMember *self = g_new0 (DbrPoolMember, 1);
  GIOStream *stream = g_dbus_connection_get_stream (connection);

  g_atomic_ref_count_init (&self->ref_count);
  self->connection = g_object_ref (connection);
  self->socket = g_object_ref (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)));
  self->next_serial = dbr_gdbus_serial_get_next (connection);
  self->max_orphans = max_orphans;
  self->guard = guard;
  self->traces = dbr_traces_new ();
  self->listener = listener;
  self->user_data = user_data;
  self->destroy = destroy;

  /* Each hook has a reference, and may call for a moment after it was taken away. */
  self->closed_id = g_signal_connect_data (connection, "closed", G_CALLBACK (closed_cb),
                                           dbr_pool_member_ref (self), drop_hook_notify,
                                           G_CONNECT_DEFAULT);
  self->filter_id = g_dbus_connection_add_filter (connection, filter_cb,
                                                  dbr_pool_member_ref (self), drop_hook_cb);

  return self;
}

DbrPoolMember *
dbr_pool_member_ref (DbrPoolMember *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_pool_member_unref (DbrPoolMember *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_object (&self->socket);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->guard, dbr_access_guard_free);
  g_clear_pointer (&self->traces, dbr_traces_free);
  self->destroy (self->user_data);
  g_free (self);
}

DbrPoolNode *
dbr_pool_member_get_node (DbrPoolMember *self)
{
  return &self->node;
}

DbrPoolMember *
dbr_pool_member_from_node (DbrPoolNode *node)
{
  return (DbrPoolMember *) node;
}

GDBusConnection *
dbr_pool_member_get_connection (DbrPoolMember *self)
{
  return self->connection;
}

const char *
dbr_pool_member_get_unique_name (DbrPoolMember *self)
{
  return g_dbus_connection_get_unique_name (self->connection);
}

guint
dbr_pool_member_get_orphans (DbrPoolMember *self)
{
  return (guint) g_atomic_int_get (&self->n_orphans);
}

gboolean
dbr_pool_member_is_alive (const DbrPoolMember *self)
{
  return !g_dbus_connection_is_closed (self->connection);
}

/* A question that cannot be sent is one to a connection that is over, which is told by itself. */
void
dbr_pool_member_ask (DbrPoolMember *self)
{
  guint32 serial = dbr_gdbus_serial_take (self->next_serial);
  g_autoptr(GDBusMessage) question = dbr_access_guard_new_question (serial);

  g_atomic_int_set (&self->question, (gint) serial);
  g_dbus_connection_send_message (self->connection, question,
                                  G_DBUS_SEND_MESSAGE_FLAGS_PRESERVE_SERIAL, NULL, NULL);
}

/* What was asked before is not waited for any more: its answer may come before the holder's last
 * messages were seen. The worker reads these two in the other order. */
void
dbr_pool_member_end_lease (DbrPoolMember *self)
{
  g_atomic_int_set (&self->question, 0);
  g_atomic_int_set (&self->needs_look, TRUE);
}

gboolean
dbr_pool_member_is_in_doubt (DbrPoolMember *self)
{
  return g_atomic_int_get (&self->needs_look);
}

gboolean
dbr_pool_member_is_obstructed (DbrPoolMember *self)
{
  return g_atomic_int_get (&self->is_looking);
}

/* GDBus's own way to close waits for what is being written, which a stopped bus never reads. */
void
dbr_pool_member_close (DbrPoolMember *self)
{
  guint filter_id = self->filter_id;

  g_atomic_int_set (&self->is_over, TRUE);

  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  self->filter_id = 0;
  if (filter_id != 0)
    g_dbus_connection_remove_filter (self->connection, filter_id);
  g_clear_signal_handler (&self->closed_id, self->connection);
}
