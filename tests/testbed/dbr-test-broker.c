/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-broker.h"

#include "dbr-test-util.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A bare dbus-broker, whose controller we are in place of dbus-broker-launch: that one needs
 * systemd and a journal. The controller gives it the listening socket with the policy, and starts
 * services when asked to. */
struct _DbrTestBroker
{
  char            *address;
  DbrTestProcess  *process;
  GDBusConnection *controller;

  GMutex mutex;
  /* guarded by mutex: activations are asked for in GDBus's worker */
  GPtrArray *commands;
  GPtrArray *services;
};

#define BROKER_PATH "/org/bus1/DBus/Broker"
#define BROKER_INTERFACE "org.bus1.DBus.Broker"
#define BATCH_TYPE "bta(btbs)a(btssssuutt)a(btssssuutt)"
#define USERS_TYPE "a(u(" BATCH_TYPE "))a(buu(" BATCH_TYPE "))"

/* The policy's type changes with the version; from the newest on: the first is that of 33 to 38. */
static const char *const policy_tails[] = { "a(ss)bs", "a(ss)b", "a(ss)" };

static int
listen_at (const char *address)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) socket = NULL;
  g_autoptr(GSocketAddress) place = NULL;
  const char *name = strchr (address, '=') + 1;

  if (g_str_has_prefix (address, "unix:abstract="))
    {
      place = g_unix_socket_address_new_with_type (name, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
    }
  else
    {
      /* What a killed bus left there. */
      unlink (name);
      place = g_unix_socket_address_new (name);
    }
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                         &error);
  if (socket == NULL || !g_socket_bind (socket, place, FALSE, &error))
    dbr_test_fail ("%s: %s", address, error->message);
  g_socket_set_listen_backlog (socket, 128);
  if (!g_socket_listen (socket, &error))
    dbr_test_fail ("%s: %s", address, error->message);
  return fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 3);
}

/* Everybody may do everything. */
static GVariant *
make_policy (const char *tail)
{
  const char messages[] = "[(true, uint64 1, '', '', '', '', uint32 0, uint32 0,"
                          " uint64 0, uint64 18446744073709551615)]";
  g_autofree char *type = g_strconcat ("(" USERS_TYPE, tail, ")", NULL);
  g_autofree char *all = g_strdup_printf ("(true, uint64 1, [(true, uint64 1, true, '')], %s, %s)",
                                          messages, messages);
  g_autofree char *text = g_strdup_printf ("([(4294967295, %s)], [], []%s%s)", all,
                                           strstr (tail, ")b") != NULL ? ", false" : "",
                                           g_str_has_suffix (tail, "s") ? ", 'session'" : "");
  g_autoptr(GError) error = NULL;
  GVariant *policy = g_variant_parse (G_VARIANT_TYPE (type), text, NULL, NULL, &error);

  g_assert_no_error (error);
  return policy;
}

static void
spawn_broker (DbrTestBroker *self,
              gboolean       has_session_limits)
{
  g_autofree char *contents = NULL;
  /* The launcher multiplies the limits of a connection with the connections of a user, and these
   * are its defaults. */
  const char *arguments[] = {
    "dbus-broker", "--controller", "3", "--machine-id", NULL, "--max-bytes", "536870912",
    "--max-fds", "4096", "--max-matches", "16384", NULL
  };
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) socket = NULL;
  g_autoptr(GSocketConnection) stream = NULL;
  int fds[2];

  if (has_session_limits)
    {
      arguments[6] = "100000000000000";
      arguments[8] = "25000000000000";
      arguments[10] = "5000000000";
    }
  if (!g_file_get_contents ("/etc/machine-id", &contents, NULL, NULL))
    contents = g_strdup ("00000000000000000000000000000001");
  arguments[4] = g_strstrip (contents);
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
    dbr_test_fail ("no socket pair for dbus-broker");
  self->process = dbr_test_process_new (arguments, FALSE, fds[1]);
  close (fds[1]);
  socket = g_socket_new_from_fd (fds[0], &error);
  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (socket);
  self->controller =
    g_dbus_connection_new_sync (G_IO_STREAM (stream), NULL,
                                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                NULL, NULL, &error);
  if (self->controller == NULL)
    dbr_test_fail ("dbus-broker does not start: %s", error->message);
}

static gboolean
add_listener (DbrTestBroker *self,
              int            fd,
              const char    *tail,
              GError       **error)
{
  g_autoptr(GVariant) policy = make_policy (tail);
  g_autoptr(GUnixFDList) fds = g_unix_fd_list_new ();
  g_autoptr(GVariant) reply = NULL;
  int index = g_unix_fd_list_append (fds, fd, error);

  if (index < 0)
    return FALSE;
  reply = g_dbus_connection_call_with_unix_fd_list_sync (
    self->controller, NULL, BROKER_PATH, BROKER_INTERFACE, "AddListener",
    g_variant_new ("(ohv)", "/org/bus1/DBus/Listener/0", index,
                   policy), NULL, G_DBUS_CALL_FLAGS_NONE,
    DBR_TEST_PATIENCE_MS, fds, NULL, NULL, error);
  return reply != NULL;
}

static void
stop_broker (DbrTestBroker *self)
{
  if (self->process != NULL)
    dbr_test_process_kill (self->process);
  if (self->controller != NULL)
    g_dbus_connection_close_sync (self->controller, NULL, NULL);
  g_clear_object (&self->controller);
  g_clear_pointer (&self->process, dbr_test_process_free);
}

static void
activate (DbrTestBroker *self,
          const char    *path)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint index = (guint) g_ascii_strtoull (strrchr (path, '/') + 1, NULL, 10);
  const char *arguments[] = { "env", NULL, NULL, "sh", "-c", NULL, NULL };
  g_autofree char *session = g_strconcat ("DBUS_SESSION_BUS_ADDRESS=", self->address, NULL);
  g_autofree char *starter = g_strconcat ("DBUS_STARTER_ADDRESS=", self->address, NULL);
  g_autofree char *command = NULL;

  g_return_if_fail (index < self->commands->len);
  command = g_strconcat ("exec ", self->commands->pdata[index], NULL);
  arguments[1] = session;
  arguments[2] = starter;
  arguments[5] = command;
  g_ptr_array_add (self->services, dbr_test_process_new (arguments, FALSE, -1));
}

static GDBusMessage *
filter_cb (GDBusConnection *connection,
           GDBusMessage    *message,
           gboolean         is_incoming,
           gpointer         user_data)
{
  if (is_incoming && g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_SIGNAL
      && g_str_equal (g_dbus_message_get_member (message), "Activate"))
    activate (user_data, g_dbus_message_get_path (message));
  return message;
}

DbrTestBroker *
dbr_test_broker_new (const char *address,
                     gboolean    has_session_limits)
{
  DbrTestBroker *self = g_new0 (DbrTestBroker, 1);
  int fd = listen_at (address);

  self->address = g_strdup (address);
  self->commands = g_ptr_array_new_with_free_func (g_free);
  self->services = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_test_process_free);
  g_mutex_init (&self->mutex);
  for (gsize i = 0; i < G_N_ELEMENTS (policy_tails); i++)
    {
      g_autoptr(GError) error = NULL;

      spawn_broker (self, has_session_limits);
      if (add_listener (self, fd, policy_tails[i], &error))
        break;
      /* It hangs up on a policy it cannot read. */
      stop_broker (self);
      if (i + 1 == G_N_ELEMENTS (policy_tails))
        dbr_test_fail ("dbus-broker takes no policy: %s", error->message);
    }
  g_dbus_connection_add_filter (self->controller, filter_cb, self, NULL);
  close (fd);
  return self;
}

void
dbr_test_broker_free (DbrTestBroker *self)
{
  stop_broker (self);
  g_ptr_array_unref (self->commands);
  g_ptr_array_unref (self->services);
  g_mutex_clear (&self->mutex);
  g_free (self->address);
  g_free (self);
}

DbrTestProcess *
dbr_test_broker_get_process (DbrTestBroker *self)
{
  return self->process;
}

void
dbr_test_broker_add_service (DbrTestBroker *self,
                             const char    *name,
                             const char    *exec)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *path = NULL;

  g_mutex_lock (&self->mutex);
  path = g_strdup_printf ("/org/bus1/DBus/Name/%u", self->commands->len);
  g_ptr_array_add (self->commands, g_strdup (exec));
  g_mutex_unlock (&self->mutex);
  reply = g_dbus_connection_call_sync (self->controller, NULL, BROKER_PATH, BROKER_INTERFACE,
                                       "AddName",
                                       g_variant_new ("(osu)", path, name,
                                                      (guint32) getuid ()), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, DBR_TEST_PATIENCE_MS, NULL, &error);
  if (reply == NULL)
    dbr_test_fail ("dbus-broker takes no service: %s", error->message);
}
