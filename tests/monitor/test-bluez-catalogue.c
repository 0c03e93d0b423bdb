/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>

#include "monitor/dbr-bluez-catalogue-private.h"

#define BLUEZ "org.bluez.Error."
#define BUS "org.freedesktop.DBus.Error."

typedef struct
{
  const char      *operation;
  const char      *name;
  const char      *text;
  DbrBluezReaction reaction;
} Row;

static const Row rows[] = {
  { "start-discovery", BLUEZ "InProgress", "Operation already in progress",
    DBR_BLUEZ_REACTION_JOIN },
  { "stop-discovery", BLUEZ "InProgress", "Operation already in progress",
    DBR_BLUEZ_REACTION_DONE },
  { "stop-discovery", BLUEZ "Failed", "No discovery started", DBR_BLUEZ_REACTION_DONE },
  { "stop-discovery", BLUEZ "NotReady", "Resource Not Ready", DBR_BLUEZ_REACTION_DONE },
  { "connect", BLUEZ "InProgress", "Operation already in progress", DBR_BLUEZ_REACTION_JOIN },
  { "connect", BLUEZ "Failed", "br-connection-busy", DBR_BLUEZ_REACTION_JOIN },
  { "connect", BLUEZ "Failed", "Operation already in progress", DBR_BLUEZ_REACTION_JOIN },
  { "pair", BLUEZ "InProgress", "In Progress", DBR_BLUEZ_REACTION_JOIN },
  { "start-notify", BLUEZ "InProgress", "In Progress", DBR_BLUEZ_REACTION_JOIN },
  { "set-powered", BLUEZ "Busy", "", DBR_BLUEZ_REACTION_JOIN },
  { "set-powered", BLUEZ "Blocked", "Blocked through rfkill", DBR_BLUEZ_REACTION_GIVE_UP },
  { "connect", BLUEZ "NotReady", "Resource Not Ready", DBR_BLUEZ_REACTION_WAIT_POWER },
  { "connect", BLUEZ "Failed", "Powering down", DBR_BLUEZ_REACTION_WAIT_POWER },
  { "pair", BLUEZ "Failed", "Not Powered", DBR_BLUEZ_REACTION_WAIT_POWER },
  { "connect", BLUEZ "Failed", "le-connection-adapter-not-powered",
    DBR_BLUEZ_REACTION_WAIT_POWER },
  { "connect", BLUEZ "AlreadyConnected", "Already Connected", DBR_BLUEZ_REACTION_DONE },
  { "connect", BLUEZ "Failed", "br-connection-already-connected", DBR_BLUEZ_REACTION_DONE },
  { "pair", BLUEZ "AlreadyExists", "Already Exists", DBR_BLUEZ_REACTION_DONE },
  { "register", BLUEZ "AlreadyExists", "Already Exists", DBR_BLUEZ_REACTION_DONE },
  { "unregister", BLUEZ "DoesNotExist", "Does Not Exist", DBR_BLUEZ_REACTION_DONE },
  { "disconnect", BLUEZ "NotConnected", "Not Connected", DBR_BLUEZ_REACTION_DONE },
  { "stop-notify", BLUEZ "Failed", "No notify session started", DBR_BLUEZ_REACTION_DONE },
  { "pair", BLUEZ "AuthenticationFailed", "", DBR_BLUEZ_REACTION_GIVE_UP },
  { "pair", BLUEZ "AuthenticationRejected", "", DBR_BLUEZ_REACTION_GIVE_UP },
  { "pair", BLUEZ "AuthenticationCanceled", "", DBR_BLUEZ_REACTION_GIVE_UP },
  { "pair", BLUEZ "AuthenticationTimeout", "", DBR_BLUEZ_REACTION_ONCE },
  { "pair", BLUEZ "AgentNotAvailable", "", DBR_BLUEZ_REACTION_ASK_AGAIN },
  { "pair", BLUEZ "Failed", "No agent available for request type 2",
    DBR_BLUEZ_REACTION_ASK_AGAIN },
  { "connect", BLUEZ "ConnectionAttemptFailed", "Page Timeout", DBR_BLUEZ_REACTION_RETRY },
  { "connect", BLUEZ "BREDR.ProfileUnavailable", "", DBR_BLUEZ_REACTION_SOON },
  { "connect", BLUEZ "NotAvailable", "", DBR_BLUEZ_REACTION_SOON },
  { "connect", BLUEZ "Failed", "br-connection-profile-unavailable", DBR_BLUEZ_REACTION_SOON },
  { "connect", BLUEZ "Failed", "Protocol not available", DBR_BLUEZ_REACTION_SOON },
  { "connect", BLUEZ "NoSuchAdapter", "", DBR_BLUEZ_REACTION_FIND_AGAIN },
  { "connect", BLUEZ "DoesNotExist", "", DBR_BLUEZ_REACTION_FIND_AGAIN },
  { "connect", BUS "UnknownObject", "", DBR_BLUEZ_REACTION_FIND_AGAIN },
  { "connect", BUS "UnknownMethod", "Method \"Connect\" with signature \"\" doesn't exist",
    DBR_BLUEZ_REACTION_FIND_AGAIN },
  { "connect", BUS "NoReply", "", DBR_BLUEZ_REACTION_WAIT_OWNER },
  { "connect", BUS "ServiceUnknown", "", DBR_BLUEZ_REACTION_WAIT_OWNER },
  { "connect", BUS "AccessDenied", "", DBR_BLUEZ_REACTION_GIVE_UP },
  { "register", BLUEZ "NotPermitted", "", DBR_BLUEZ_REACTION_GIVE_UP },
  { "connect", BLUEZ "Failed", "br-connection-key-missing", DBR_BLUEZ_REACTION_GIVE_UP },
  { "connect", BLUEZ "Failed", "le-connection-not-supported", DBR_BLUEZ_REACTION_GIVE_UP },
  { "connect", BLUEZ "Failed", "le-connection-abort-by-local", DBR_BLUEZ_REACTION_RETRY },
  { "connect", BLUEZ "Failed", "br-connection-concurrent-connection-limit",
    DBR_BLUEZ_REACTION_RETRY },
  { "start-notify", BLUEZ "Failed", "Operation failed with ATT error: 0x0e",
    DBR_BLUEZ_REACTION_ONCE },
  { "start-notify", BLUEZ "Failed", "Operation failed with ATT error: 0x11",
    DBR_BLUEZ_REACTION_ONCE },
  { "start-notify", BLUEZ "Failed", "Operation failed with ATT error: 0x05",
    DBR_BLUEZ_REACTION_GIVE_UP },
  { "connect", BLUEZ "Failed", "", DBR_BLUEZ_REACTION_RETRY },
};

static void
test_rows (void)
{
  g_test_summary ("Each error of BlueZ has the reaction that the operation needs");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GError) error = g_dbus_error_new_for_dbus_error (rows[i].name, rows[i].text);

      g_test_message ("%s: %s: %s", rows[i].operation, rows[i].name, rows[i].text);
      g_assert_cmpint (dbr_bluez_catalogue_lookup (rows[i].operation, error), ==,
                       rows[i].reaction);
    }
}

static void
test_own (void)
{
  const struct { GQuark domain; int code; DbrBluezReaction reaction; } own[] = {
    { DBR_ERROR, DBR_ERROR_DEADLINE, DBR_BLUEZ_REACTION_UNKNOWN },
    { DBR_ERROR, DBR_ERROR_CONNECTION_LOST, DBR_BLUEZ_REACTION_UNKNOWN },
    { DBR_ERROR, DBR_ERROR_NO_OWNER, DBR_BLUEZ_REACTION_WAIT_OWNER },
    { DBR_ERROR, DBR_ERROR_DENIED, DBR_BLUEZ_REACTION_GIVE_UP },
    { DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN, DBR_BLUEZ_REACTION_GIVE_UP },
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, DBR_BLUEZ_REACTION_UNKNOWN },
  };

  g_test_summary ("Of what this program says itself only the outcome may be unknown");

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autoptr(GError) error = g_error_new (own[i].domain, own[i].code, "text");

      g_assert_cmpint (dbr_bluez_catalogue_lookup ("connect", error), ==, own[i].reaction);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/bluez-catalogue/rows", test_rows);
  g_test_add_func ("/dbr/bluez-catalogue/own", test_own);

  return g_test_run ();
}
