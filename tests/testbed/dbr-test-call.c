/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-call.h"

/* Plain GDBus calls, for what a test wants to know from without. */

/* Returns a connection to a listening peer. */
GDBusConnection *
dbr_test_connect_peer (const char *address)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection;

  connection =
    g_dbus_connection_new_for_address_sync (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                            NULL, NULL, &error);
  if (connection == NULL)
    dbr_test_fail ("no connection to %s: %s", address, error->message);
  return connection;
}

GVariant *
dbr_test_call (GDBusConnection *connection,
               const char      *name,
               const char      *path,
               const char      *interface_name,
               const char      *member,
               GVariant        *parameters,
               int              timeout_ms,
               GError         **error)
{
  return g_dbus_connection_call_sync (connection, name, path, interface_name, member, parameters,
                                      NULL, G_DBUS_CALL_FLAGS_NONE, timeout_ms, NULL, error);
}

/* Calls one of a peer's own methods, at the root. */
GVariant *
dbr_test_call_peer (GDBusConnection *connection,
                    const char      *name,
                    const char      *member,
                    GVariant        *parameters,
                    GError         **error)
{
  return dbr_test_call (connection, name, "/", DBR_TEST_INTERFACE, member, parameters,
                        DBR_TEST_PATIENCE_MS, error);
}

void
dbr_test_call_peer_async (GDBusConnection *connection,
                          const char      *name,
                          const char      *member,
                          GVariant        *parameters,
                          DbrTestResult   *result)
{
  g_dbus_connection_call (connection, name, "/", DBR_TEST_INTERFACE, member, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NONE, DBR_TEST_PATIENCE_MS, NULL, dbr_test_result_cb,
                          result);
}

/* Waits for the answer in the default main context. */
GVariant *
dbr_test_call_finish (DbrTestResult *result,
                      GError       **error)
{
  GAsyncResult *async = dbr_test_result_wait (result, NULL);

  return g_dbus_connection_call_finish (G_DBUS_CONNECTION (result->source), async, error);
}

GVariant *
dbr_test_call_with_fds (GDBusConnection *connection,
                        const char      *name,
                        const char      *member,
                        GVariant        *parameters,
                        GUnixFDList     *passed,
                        GUnixFDList    **received,
                        GError         **error)
{
  return g_dbus_connection_call_with_unix_fd_list_sync (connection, name, "/", DBR_TEST_INTERFACE,
                                                        member, parameters, NULL,
                                                        G_DBUS_CALL_FLAGS_NONE,
                                                        DBR_TEST_PATIENCE_MS, passed, received,
                                                        NULL, error);
}

/* Returns when the peer has answered, and so has handled all that was sent to it before. */
void
dbr_test_ping (GDBusConnection *connection,
               const char      *name)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;

  reply = dbr_test_call (connection, name, "/", "org.freedesktop.DBus.Peer", "Ping", NULL,
                         DBR_TEST_PATIENCE_MS, &error);
  g_assert_no_error (error);
}

/* Asserts that a service or the bus sent this error; NULL for one that came from neither. */
void
dbr_test_assert_remote_error (GError     *error,
                              const char *name)
{
  g_autofree char *remote = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;

  g_assert_cmpstr (remote, ==, name);
}

/* Asserts what a value is, in GVariant text without types. */
void
dbr_test_assert_prints (GVariant   *value,
                        const char *text)
{
  g_autofree char *printed = value != NULL ? g_variant_print (value, FALSE) : NULL;

  g_assert_cmpstr (printed, ==, text);
}
