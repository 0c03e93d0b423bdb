/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <dbus/dbus.h>

/* A server in libdbus that listens at a path, lets in one client, and gives back what it is given. */

static DBusWatch *listening;
static DBusConnection *client;

static void
copy_values (DBusMessageIter *from,
             DBusMessageIter *to)
{
  int type;

  for (; (type = dbus_message_iter_get_arg_type (from)) != DBUS_TYPE_INVALID;
       dbus_message_iter_next (from))
    {
      DBusMessageIter inner_from;
      DBusMessageIter inner_to;
      DBusBasicValue value;
      char *signature = NULL;

      if (dbus_type_is_basic (type))
        {
          dbus_message_iter_get_basic (from, &value);
          dbus_message_iter_append_basic (to, type, &value);
          continue;
        }

      dbus_message_iter_recurse (from, &inner_from);
      if (type == DBUS_TYPE_ARRAY || type == DBUS_TYPE_VARIANT)
        signature = dbus_message_iter_get_signature (&inner_from);
      dbus_message_iter_open_container (to, type, signature, &inner_to);
      copy_values (&inner_from, &inner_to);
      dbus_message_iter_close_container (to, &inner_to);
      dbus_free (signature);
    }
}

static DBusHandlerResult
echo_cb (DBusConnection *connection,
         DBusMessage    *message,
         void           *user_data)
{
  DBusMessage *reply;
  DBusMessageIter from;
  DBusMessageIter to;

  if (dbus_message_is_signal (message, DBUS_INTERFACE_LOCAL, "Disconnected"))
    exit (EXIT_SUCCESS);
  if (dbus_message_get_type (message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;

  reply = dbus_message_new_method_return (message);
  dbus_message_iter_init_append (reply, &to);
  if (dbus_message_iter_init (message, &from))
    copy_values (&from, &to);
  dbus_connection_send (connection, reply, NULL);
  dbus_message_unref (reply);

  return DBUS_HANDLER_RESULT_HANDLED;
}

static void
new_connection_cb (DBusServer     *server,
                   DBusConnection *connection,
                   void           *user_data)
{
  client = dbus_connection_ref (connection);
  dbus_connection_add_filter (connection, echo_cb, NULL, NULL);
}

static dbus_bool_t
add_watch_cb (DBusWatch *watch,
              void      *user_data)
{
  listening = watch;

  return TRUE;
}

static void
remove_watch_cb (DBusWatch *watch,
                 void      *user_data)
{
}

int
main (int    argc,
      char **argv)
{
  DBusError error = DBUS_ERROR_INIT;
  DBusServer *server = argc == 2 ? dbus_server_listen (argv[1], &error) : NULL;
  struct pollfd poll_fd = { .events = POLLIN };

  if (server == NULL)
    {
      fprintf (stderr, "dbr-wire-echo-libdbus: %s\n", argc == 2 ? error.message : "an address");
      return EXIT_FAILURE;
    }

  dbus_server_set_new_connection_function (server, new_connection_cb, NULL, NULL);
  dbus_server_set_watch_functions (server, add_watch_cb, remove_watch_cb, NULL, NULL, NULL);
  puts ("ready");
  fflush (stdout);

  poll_fd.fd = dbus_watch_get_unix_fd (listening);
  while (client == NULL && poll (&poll_fd, 1, -1) >= 0)
    dbus_watch_handle (listening, DBUS_WATCH_READABLE);
  while (dbus_connection_read_write_dispatch (client, -1))
    ;

  return EXIT_SUCCESS;
}
