/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-bench-player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gio/gio.h>

/* The other end of all calls where there is no sd-bus. It answers in GDBus's own thread, which is
 * the least GDBus can do and still much: what is measured against it is good for ratios only. */

static guint n_heard;

static GVariant *
answer (GDBusMessage *message)
{
  const char *member = g_dbus_message_get_member (message);

  if (strcmp (member, "Count") == 0)
    return g_variant_new ("(u)", g_atomic_int_get (&n_heard));

  g_atomic_int_inc (&n_heard);

  /* What a service does that works for a millisecond on each call. */
  if (strcmp (member, "EchoSlowly") == 0)
    g_usleep (1000);

  return g_str_has_prefix (member, "Echo") ? g_dbus_message_get_body (message) : NULL;
}

static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  g_autoptr(GDBusMessage) reply = NULL;
  GVariant *body;

  if (!is_incoming
      || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || g_strcmp0 (g_dbus_message_get_interface (message), BENCH_INTERFACE) != 0)
    return message;

  body = answer (message);
  if (body != NULL)
    {
      reply = g_dbus_message_new_method_reply (message);
      g_dbus_message_set_body (reply, body);
      g_dbus_connection_send_message (connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                      NULL);
    }
  g_object_unref (message);

  return NULL;
}

int
main (int    argc,
      char **argv)
{
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  if (argc != 2)
    return EXIT_FAILURE;

  connection = g_dbus_connection_new_for_address_sync (argv[1], flags, NULL, NULL, &error);
  if (connection != NULL)
    {
      g_dbus_connection_add_filter (connection, filter_cb, NULL, NULL);
      reply = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus",
                                           "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                           "RequestName", g_variant_new ("(su)", BENCH_NAME, 0),
                                           NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
    }
  if (reply == NULL)
    {
      fprintf (stderr, "dbr-bench-service: %s\n", error->message);
      return EXIT_FAILURE;
    }

  puts ("ready");
  fflush (stdout);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}
