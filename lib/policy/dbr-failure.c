/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "policy/dbr-failure-private.h"

#include "base/dbr-error.h"

/* What a failure means for another attempt. It is asked of the table in data/errors.xml, by who
 * says what; where only the error is left and not who made it, the careful answer is taken. */

#define BUS_ERRORS "org.freedesktop.DBus.Error."

G_DEFINE_ENUM_TYPE (DbrFailure, dbr_failure,
                    G_DEFINE_ENUM_VALUE (DBR_FAILURE_NOT_DELIVERED, "not-delivered"),
                    G_DEFINE_ENUM_VALUE (DBR_FAILURE_MAYBE_EXECUTED, "maybe-executed"),
                    G_DEFINE_ENUM_VALUE (DBR_FAILURE_EXECUTED, "executed"),
                    G_DEFINE_ENUM_VALUE (DBR_FAILURE_PERMANENT, "permanent"),
                    G_DEFINE_ENUM_VALUE (DBR_FAILURE_CANCELLED, "cancelled"))

static DbrFailure
failure_of_execution (DbrExecution execution)
{
  switch (execution)
    {
    case DBR_EXECUTION_NEVER:
      return DBR_FAILURE_NOT_DELIVERED;

    case DBR_EXECUTION_MAYBE:
      return DBR_FAILURE_MAYBE_EXECUTED;

    case DBR_EXECUTION_ONCE:
    case DBR_EXECUTION_SEVERAL:
    default:
      return DBR_FAILURE_EXECUTED;
    }
}

/* What a service says of which not all objects are there yet. */
static gboolean
is_said_while_starting (const char *error_name)
{
  static const char *const names[] = {
    BUS_ERRORS "UnknownInterface",
    BUS_ERRORS "UnknownMethod",
    BUS_ERRORS "UnknownObject",
    NULL
  };

  return g_strv_contains (names, error_name);
}

static const DbrErrorEntry *
lookup_local (const GError *error)
{
  g_autofree char *name = dbr_failure_dup_error_name (error);
  g_autoptr(GEnumClass) codes = NULL;
  GEnumValue *code;

  if (name != NULL)
    return dbr_error_table_lookup (name, NULL);

  if (error->domain != G_IO_ERROR)
    return dbr_error_table_lookup (DBR_ERROR_TABLE_GIO_ANY, NULL);

  codes = g_type_class_ref (G_TYPE_IO_ERROR_ENUM);
  code = g_enum_get_value (codes, error->code);
  if (code == NULL)
    return dbr_error_table_lookup (DBR_ERROR_TABLE_GIO_ANY, NULL);

  name = g_strconcat (DBR_ERROR_TABLE_GIO_PREFIX, code->value_nick, NULL);

  return dbr_error_table_lookup (name, NULL);
}

/* How often the method ran if this process says so and no more is known than the error. */
static DbrExecution
guess_execution (const GError *error)
{
  static const struct
  {
    int          code;
    DbrExecution execution;
  } own[] = {
    { DBR_ERROR_NO_BUS, DBR_EXECUTION_NEVER },
    { DBR_ERROR_NO_OWNER, DBR_EXECUTION_NEVER },
    { DBR_ERROR_CIRCUIT_OPEN, DBR_EXECUTION_NEVER },
    { DBR_ERROR_OVERLOADED, DBR_EXECUTION_NEVER },
    { DBR_ERROR_RATE_LIMITED, DBR_EXECUTION_NEVER },
    { DBR_ERROR_JOB_FAILED, DBR_EXECUTION_ONCE },
  };
  static const int nothing_there[] = {
    G_IO_ERROR_CONNECTION_REFUSED,
    G_IO_ERROR_HOST_NOT_FOUND,
    G_IO_ERROR_HOST_UNREACHABLE,
    G_IO_ERROR_NETWORK_UNREACHABLE,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    {
      if (g_error_matches (error, DBR_ERROR, own[i].code))
        return own[i].execution;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (nothing_there); i++)
    {
      if (g_error_matches (error, G_IO_ERROR, nothing_there[i]))
        return DBR_EXECUTION_NEVER;
    }

  return DBR_EXECUTION_MAYBE;
}

/* By the name or by what the message adds: a detail is known of many names at once. */
static gboolean
is_permanent (const char *error_name,
              const char *message)
{
  return dbr_error_table_lookup (error_name, NULL)->is_permanent
         || dbr_error_table_lookup (error_name, message)->is_permanent;
}

/* Some names are the bus's own, but a service that called another one may hand them on. */
static DbrExecution
guess_remote_execution (const char *error_name)
{
  const DbrErrorEntry *entry = dbr_error_table_lookup (error_name, NULL);

  if (entry->from_bus == DBR_EXECUTION_NEVER
      && entry->from_service == DBR_EXECUTION_ONCE
      && entry->is_transient
      && g_str_has_prefix (error_name, BUS_ERRORS))
    return DBR_EXECUTION_MAYBE;

  return MAX (entry->from_bus, entry->from_service);
}

char *
dbr_failure_dup_error_name (const GError *error)
{
  /* GDBus finds names only once they are registered. */
  dbr_error_quark ();

  return g_dbus_error_get_remote_error (error);
}

DbrFailure
dbr_failure_classify_reply (const char *error_name,
                            const char *message,
                            DbrOrigin   origin,
                            gboolean    is_starting)
{
  if (is_starting && origin == DBR_ORIGIN_SERVICE && is_said_while_starting (error_name))
    return DBR_FAILURE_NOT_DELIVERED;

  if (is_permanent (error_name, message))
    return DBR_FAILURE_PERMANENT;

  return failure_of_execution (dbr_error_table_get_execution (error_name, origin));
}

DbrFailure
dbr_failure_classify_local (DbrExecution  execution,
                            const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return DBR_FAILURE_CANCELLED;

  if (lookup_local (error)->is_permanent)
    return DBR_FAILURE_PERMANENT;

  return failure_of_execution (execution);
}

DbrFailure
dbr_failure_classify_error (const GError *error)
{
  g_autofree char *name = dbr_failure_dup_error_name (error);

  /* An error of our own has a name on the bus even if it never came from there. */
  if (name == NULL || (error->domain == DBR_ERROR && !g_dbus_error_is_remote_error (error)))
    return dbr_failure_classify_local (guess_execution (error), error);

  if (is_permanent (name, error->message))
    return DBR_FAILURE_PERMANENT;

  return failure_of_execution (guess_remote_execution (name));
}
