/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <dbus/dbus.h>

/* The same objects followed by libdbus, each by a rule, all of which come to one filter. */
typedef struct
{
  DBusConnection *connection;
  guint           n_watched;
  guint           n_turns;
  gboolean        is_over;
} LibdbusDevices;

static void
take_changes (LibdbusDevices *self,
              DBusMessage    *message)
{
  DBusMessageIter arguments;
  DBusMessageIter changes;
  DBusMessageIter change;
  DBusMessageIter variant;
  gint16 value;

  dbus_message_iter_init (message, &arguments);
  dbus_message_iter_next (&arguments);
  dbus_message_iter_recurse (&arguments, &changes);
  dbus_message_iter_recurse (&changes, &change);
  dbus_message_iter_next (&change);
  dbus_message_iter_recurse (&change, &variant);
  if (dbus_message_iter_get_arg_type (&variant) != DBUS_TYPE_INT16)
    bench_player_fail ("libdbus: a change is not that of RSSI");

  dbus_message_iter_get_basic (&variant, &value);
  if (value == BENCH_LAST_VALUE)
    self->is_over = TRUE;
}

static DBusHandlerResult
filter_cb (DBusConnection *connection,
           DBusMessage    *message,
           void           *user_data)
{
  if (!dbus_message_is_signal (message, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged"))
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;

  take_changes (user_data, message);

  return DBUS_HANDLER_RESULT_HANDLED;
}

static gpointer
libdbus_make (const char *address)
{
  LibdbusDevices *self = g_new0 (LibdbusDevices, 1);
  DBusError error = DBUS_ERROR_INIT;

  self->connection = dbus_connection_open_private (address, &error);
  if (self->connection == NULL || !dbus_bus_register (self->connection, &error))
    bench_player_fail ("libdbus: %s", error.message);
  dbus_connection_set_exit_on_disconnect (self->connection, FALSE);
  dbus_connection_add_filter (self->connection, filter_cb, self, NULL);

  return self;
}

static void
watch (LibdbusDevices *self,
       guint           n_objects)
{
  DBusError error = DBUS_ERROR_INIT;

  for (; self->n_watched < n_objects; self->n_watched++)
    {
      g_autofree char *rule =
        g_strdup_printf ("type='signal',sender='" BENCH_OBJECTS_NAME "',path='%s',"
                         "interface='" DBUS_INTERFACE_PROPERTIES "',"
                         "member='PropertiesChanged',arg0='" BENCH_DEVICE_INTERFACE "'",
                         bench_player_get_path (self->n_watched));

      dbus_bus_add_match (self->connection, rule, &error);
      if (dbus_error_is_set (&error))
        bench_player_fail ("libdbus: %s", error.message);
    }
}

static void
hear_turn (LibdbusDevices *self)
{
  DBusMessage *message =
    dbus_message_new_method_call (BENCH_OBJECTS_NAME, "/", BENCH_INTERFACE,
                                  bench_player_get_turn (self->n_watched, self->n_turns++));

  dbus_message_set_no_reply (message, TRUE);
  self->is_over = FALSE;
  dbus_connection_send (self->connection, message, NULL);
  dbus_message_unref (message);
  while (!self->is_over)
    dbus_connection_read_write_dispatch (self->connection, -1);
}

static void
libdbus_play (gpointer         client,
              const BenchTask *task)
{
  if (task->call == BENCH_CALL_WATCH)
    watch (client, task->n_calls);
  else
    for (guint n = 0; n < task->n_calls; n += BENCH_TURN)
      hear_turn (client);
}

const BenchClient bench_client_libdbus_signal = {
  "libdbus-signal", libdbus_make, NULL, libdbus_play,
};
