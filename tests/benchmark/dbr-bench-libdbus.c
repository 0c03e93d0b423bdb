/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <string.h>

#include <dbus/dbus.h>

typedef struct
{
  DBusConnection *connection;
  guint           n_to_send;
  guint           n_done;
} LibdbusClient;

static gpointer
libdbus_make (const char *address)
{
  LibdbusClient *self = g_new0 (LibdbusClient, 1);
  DBusError error = DBUS_ERROR_INIT;

  self->connection = dbus_connection_open_private (address, &error);
  if (self->connection == NULL || !dbus_bus_register (self->connection, &error))
    bench_player_fail ("libdbus: %s", error.message);
  dbus_connection_set_exit_on_disconnect (self->connection, FALSE);

  return self;
}

static DBusMessage *
new_message (void)
{
  const char *payload = BENCH_PAYLOAD;
  DBusMessage *message = dbus_message_new_method_call (BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
                                                       "Echo");

  dbus_message_append_args (message, DBUS_TYPE_STRING, &payload, DBUS_TYPE_INVALID);

  return message;
}

static void
check_reply (DBusMessage *reply,
             DBusError   *error)
{
  const char *text;

  if (reply == NULL
      || dbus_set_error_from_message (error, reply)
      || !dbus_message_get_args (reply, error, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
    bench_player_fail ("libdbus: %s", error->message);

  if (strcmp (text, BENCH_PAYLOAD) != 0)
    bench_player_fail ("the echo of %s was %s", BENCH_PAYLOAD, text);
  dbus_message_unref (reply);
}

static void
libdbus_call (LibdbusClient *self)
{
  DBusError error = DBUS_ERROR_INIT;
  DBusMessage *message = new_message ();

  check_reply (dbus_connection_send_with_reply_and_block (self->connection, message, -1, &error),
               &error);
  dbus_message_unref (message);
}

static void libdbus_send (LibdbusClient *self);

static void
answered_cb (DBusPendingCall *pending,
             void            *user_data)
{
  LibdbusClient *self = user_data;
  DBusError error = DBUS_ERROR_INIT;

  check_reply (dbus_pending_call_steal_reply (pending), &error);
  self->n_done++;
  if (self->n_to_send > 0)
    libdbus_send (self);
}

static void
libdbus_send (LibdbusClient *self)
{
  DBusMessage *message = new_message ();
  DBusPendingCall *pending = NULL;

  self->n_to_send--;
  dbus_connection_send_with_reply (self->connection, message, &pending, -1);
  if (pending == NULL)
    bench_player_fail ("libdbus: the connection was lost");
  dbus_pending_call_set_notify (pending, answered_cb, self, NULL);
  dbus_pending_call_unref (pending);
  dbus_message_unref (message);
}

static void
libdbus_play (gpointer         client,
              const BenchTask *task)
{
  LibdbusClient *self = client;

  if (task->is_sync)
    {
      for (guint i = 0; i < task->n_calls; i++)
        libdbus_call (self);
      return;
    }

  self->n_to_send = task->n_calls;
  self->n_done = 0;
  for (guint i = 0; i < task->n_in_flight && self->n_to_send > 0; i++)
    libdbus_send (self);
  while (self->n_done < task->n_calls)
    dbus_connection_read_write_dispatch (self->connection, -1);
}

const BenchClient bench_client_libdbus = { "libdbus", libdbus_make, NULL, libdbus_play };
