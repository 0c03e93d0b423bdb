/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-test-errors.h"
#include "policy/dbr-failure-private.h"
#include "policy/dbr-retry-policy.h"

#define BUS "org.freedesktop.DBus.Error."
#define BLUEZ "org.bluez.Error."
#define BUSY "org.example.Error.Busy"

#define NOT_DELIVERED DBR_FAILURE_NOT_DELIVERED
#define MAYBE DBR_FAILURE_MAYBE_EXECUTED
#define EXECUTED DBR_FAILURE_EXECUTED
#define PERMANENT DBR_FAILURE_PERMANENT
#define CANCELLED DBR_FAILURE_CANCELLED

static const struct
{
  const char *name;
  DbrFailure  from_bus;
  DbrFailure  from_service;
  DbrFailure  from_error;
} remote[] = {
  { BUS "ServiceUnknown", NOT_DELIVERED, EXECUTED, MAYBE },
  { BUS "NameHasNoOwner", NOT_DELIVERED, EXECUTED, MAYBE },
  { BUS "LimitsExceeded", NOT_DELIVERED, EXECUTED, MAYBE },
  { BUS "Spawn.ChildExited", NOT_DELIVERED, EXECUTED, MAYBE },
  { BUS "Spawn.ServiceNotFound", PERMANENT, PERMANENT, PERMANENT },
  { BUS "TimedOut", NOT_DELIVERED, MAYBE, MAYBE },
  { BUS "NoMemory", NOT_DELIVERED, MAYBE, MAYBE },
  { BUS "NoReply", MAYBE, MAYBE, MAYBE },
  { BUS "Timeout", MAYBE, MAYBE, MAYBE },
  { BUS "Disconnected", MAYBE, MAYBE, MAYBE },
  { BUS "Failed", NOT_DELIVERED, EXECUTED, EXECUTED },
  { BUS "AccessDenied", PERMANENT, PERMANENT, PERMANENT },
  { BUS "InvalidArgs", PERMANENT, PERMANENT, PERMANENT },
  { BUS "UnknownMethod", PERMANENT, PERMANENT, PERMANENT },
  { BUS "UnknownObject", PERMANENT, PERMANENT, PERMANENT },
  { BUS "UnknownInterface", PERMANENT, PERMANENT, PERMANENT },
  { BUS "UnknownProperty", PERMANENT, PERMANENT, PERMANENT },
  { BUS "InteractiveAuthorizationRequired", PERMANENT, PERMANENT, PERMANENT },
  { "org.freedesktop.systemd1.NoSuchUnit", PERMANENT, PERMANENT, PERMANENT },
  { "org.freedesktop.systemd1.JobFailed", NOT_DELIVERED, EXECUTED, EXECUTED },
  { BLUEZ "InProgress", NOT_DELIVERED, EXECUTED, EXECUTED },
  { BLUEZ "NotPermitted", PERMANENT, PERMANENT, PERMANENT },
  { "org.dbr.Error.Overloaded", NOT_DELIVERED, EXECUTED, EXECUTED },
  { BUSY, NOT_DELIVERED, EXECUTED, EXECUTED },
};

static void
test_classify_remote (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();

  g_test_summary ("An error is judged by who said it, and in doubt carefully");

  for (gsize i = 0; i < G_N_ELEMENTS (remote); i++)
    {
      const char *name = remote[i].name;

      g_test_message ("%s", name);
      g_assert_cmpint (dbr_failure_classify_reply (name, NULL, DBR_ORIGIN_BUS, FALSE),
                       ==, remote[i].from_bus);
      g_assert_cmpint (dbr_failure_classify_reply (name, "", DBR_ORIGIN_SERVICE, FALSE),
                       ==, remote[i].from_service);
      g_assert_cmpint (classify_name (policy, name, "No"), ==, remote[i].from_error);
    }

  /* A message may say more than the name. */
  g_assert_cmpint (dbr_failure_classify_reply (BLUEZ "Failed", "br-connection-key-missing",
                                               DBR_ORIGIN_SERVICE, FALSE), ==, PERMANENT);
  g_assert_cmpint (classify_name (policy, BLUEZ "Failed", "br-connection-key-missing"),
                   ==, PERMANENT);
  g_assert_cmpint (classify_name (policy, BLUEZ "Failed", "br-connection-refused"), ==, EXECUTED);
}

static void
test_starting (void)
{
  static const char *const names[] = { "UnknownMethod", "UnknownObject", "UnknownInterface" };

  g_test_summary ("A service that has just started may not have its objects yet");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat (BUS, names[i], NULL);

      g_assert_cmpint (dbr_failure_classify_reply (name, NULL, DBR_ORIGIN_SERVICE, TRUE),
                       ==, NOT_DELIVERED);
      g_assert_cmpint (dbr_failure_classify_reply (name, NULL, DBR_ORIGIN_BUS, TRUE),
                       ==, PERMANENT);
    }

  g_assert_cmpint (dbr_failure_classify_reply (BUS "UnknownProperty", NULL, DBR_ORIGIN_SERVICE,
                                               TRUE), ==, PERMANENT);
  g_assert_cmpint (dbr_failure_classify_reply (BUSY, NULL, DBR_ORIGIN_SERVICE, TRUE),
                   ==, EXECUTED);
}

static void
test_classify_local (void)
{
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  const struct
  {
    GQuark     domain;
    int        code;
    DbrFailure from_error;
    gboolean   is_fixed;
  } local[] = {
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, CANCELLED, TRUE },
    { G_IO_ERROR, G_IO_ERROR_TIMED_OUT, MAYBE, FALSE },
    { G_IO_ERROR, G_IO_ERROR_CLOSED, MAYBE, FALSE },
    { G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, MAYBE, FALSE },
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, NOT_DELIVERED, FALSE },
    { G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, PERMANENT, TRUE },
    { G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, PERMANENT, TRUE },
    { G_IO_ERROR, G_IO_ERROR_FAILED, MAYBE, FALSE },
    { G_IO_ERROR, 9999, MAYBE, FALSE },
    { G_FILE_ERROR, G_FILE_ERROR_NOENT, MAYBE, FALSE },
    { DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT, PERMANENT, TRUE },
    { DBR_ERROR, DBR_ERROR_DENIED, PERMANENT, TRUE },
    { DBR_ERROR, DBR_ERROR_CLOSED, PERMANENT, TRUE },
    { DBR_ERROR, DBR_ERROR_DEADLINE, MAYBE, FALSE },
    { DBR_ERROR, DBR_ERROR_CONNECTION_LOST, MAYBE, FALSE },
    { DBR_ERROR, DBR_ERROR_NO_BUS, NOT_DELIVERED, FALSE },
    { DBR_ERROR, DBR_ERROR_NO_OWNER, NOT_DELIVERED, FALSE },
    { DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN, NOT_DELIVERED, FALSE },
    { DBR_ERROR, DBR_ERROR_OVERLOADED, NOT_DELIVERED, FALSE },
    { DBR_ERROR, DBR_ERROR_BUDGET_EXHAUSTED, MAYBE, FALSE },
    { DBR_ERROR, DBR_ERROR_JOB_FAILED, EXECUTED, FALSE },
    { G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY, MAYBE, FALSE },
    { G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, PERMANENT, TRUE },
  };

  g_test_summary ("An error of this process is judged by how often the method can have run");

  for (gsize i = 0; i < G_N_ELEMENTS (local); i++)
    {
      g_autoptr(GError) error = g_error_new (local[i].domain, local[i].code, "No");
      DbrFailure fixed = local[i].from_error;

      g_test_message ("%s %d", g_quark_to_string (error->domain), error->code);
      g_assert_cmpint (dbr_retry_policy_classify (policy, error), ==, fixed);
      g_assert_cmpint (dbr_failure_classify_local (DBR_EXECUTION_NEVER, error),
                       ==, local[i].is_fixed ? fixed : NOT_DELIVERED);
      g_assert_cmpint (dbr_failure_classify_local (DBR_EXECUTION_MAYBE, error),
                       ==, local[i].is_fixed ? fixed : MAYBE);
      g_assert_cmpint (dbr_failure_classify_local (DBR_EXECUTION_ONCE, error),
                       ==, local[i].is_fixed ? fixed : EXECUTED);
      g_assert_cmpint (dbr_failure_classify_local (DBR_EXECUTION_SEVERAL, error),
                       ==, local[i].is_fixed ? fixed : EXECUTED);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/failure/said-by-others", test_classify_remote);
  g_test_add_func ("/dbr/failure/service-that-starts", test_starting);
  g_test_add_func ("/dbr/failure/said-by-this-process", test_classify_local);

  return g_test_run ();
}
