/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "base/dbr-error-private.h"

#include <string.h>

#include "base/dbr-error-table-private.h"
#include "base/dbr-i18n-private.h"

#define SANDBOX_FILE "/.flatpak-info"
#define MAX_SHOWN_CHARS 200

/* Services that use libdbr may answer with these names, and their callers get the error back. */
static const GDBusErrorEntry error_names[] = {
  { DBR_ERROR_INVALID_ARGUMENT, "org.dbr.Error.InvalidArgument" },
  { DBR_ERROR_DEADLINE, "org.dbr.Error.Deadline" },
  { DBR_ERROR_NO_BUS, "org.dbr.Error.NoBus" },
  { DBR_ERROR_CONNECTION_LOST, "org.dbr.Error.ConnectionLost" },
  { DBR_ERROR_NO_OWNER, "org.dbr.Error.NoOwner" },
  { DBR_ERROR_CIRCUIT_OPEN, "org.dbr.Error.CircuitOpen" },
  { DBR_ERROR_OVERLOADED, "org.dbr.Error.Overloaded" },
  { DBR_ERROR_BUDGET_EXHAUSTED, "org.dbr.Error.BudgetExhausted" },
  { DBR_ERROR_DENIED, "org.dbr.Error.Denied" },
  { DBR_ERROR_BAD_REPLY, "org.dbr.Error.BadReply" },
  { DBR_ERROR_STALE, "org.dbr.Error.Stale" },
  { DBR_ERROR_CLOSED, "org.dbr.Error.Closed" },
  { DBR_ERROR_FORKED, "org.dbr.Error.Forked" },
  { DBR_ERROR_NOT_SUPPORTED, "org.dbr.Error.NotSupported" },
  { DBR_ERROR_JOB_FAILED, "org.dbr.Error.JobFailed" },
  { DBR_ERROR_RATE_LIMITED, "org.dbr.Error.RateLimited" },
  { DBR_ERROR_GAVE_UP, "org.dbr.Error.GaveUp" },
  { DBR_ERROR_STORAGE, "org.dbr.Error.Storage" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (error_names) == DBR_ERROR_STORAGE + 1);

G_DEFINE_ENUM_TYPE (DbrError, dbr_error,
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_INVALID_ARGUMENT, "invalid-argument"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_DEADLINE, "deadline"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_NO_BUS, "no-bus"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_CONNECTION_LOST, "connection-lost"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_NO_OWNER, "no-owner"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_CIRCUIT_OPEN, "circuit-open"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_OVERLOADED, "overloaded"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_BUDGET_EXHAUSTED, "budget-exhausted"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_DENIED, "denied"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_BAD_REPLY, "bad-reply"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_STALE, "stale"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_FORKED, "forked"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_NOT_SUPPORTED, "not-supported"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_JOB_FAILED, "job-failed"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_RATE_LIMITED, "rate-limited"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_GAVE_UP, "gave-up"),
                    G_DEFINE_ENUM_VALUE (DBR_ERROR_STORAGE, "storage"))

/**
 * dbr_error_quark:
 *
 * Gets the domain of the errors of libdbr.
 *
 * Returns: the quark of `dbr-error-quark`
 *
 * Since: 0.1
 */
GQuark
dbr_error_quark (void)
{
  static gsize quark = 0;
  gsize known = (gsize) g_atomic_pointer_get (&quark);

  if (G_LIKELY (known != 0))
    return (GQuark) known;

  /* In place of G_DEFINE_QUARK: the domain and its names on the bus come into being together. */
  g_dbus_error_register_error_domain ("dbr-error-quark", &quark,
                                      error_names, G_N_ELEMENTS (error_names));

  return (GQuark) quark;
}

/* The name under which data/errors.xml has @error. */
static char *
dup_table_name (const GError *error)
{
  g_autoptr(GEnumClass) codes = NULL;
  GEnumValue *code;
  char *name;

  /* GDBus finds names only once they are registered, and a binding may not have asked for ours. */
  dbr_error_quark ();

  name = g_dbus_error_get_remote_error (error);
  if (name != NULL)
    return name;

  if (error->domain != G_IO_ERROR)
    return g_strdup (DBR_ERROR_TABLE_GIO_ANY);

  codes = g_type_class_ref (G_TYPE_IO_ERROR_ENUM);
  code = g_enum_get_value (codes, error->code);

  return code != NULL
         ? g_strconcat (DBR_ERROR_TABLE_GIO_PREFIX, code->value_nick, NULL)
         : g_strdup (DBR_ERROR_TABLE_GIO_ANY);
}

/* The message without the `GDBus.Error:…:` that GDBus puts before what comes from the bus. */
static char *
dup_message (const GError *error)
{
  g_autoptr(GError) stripped = g_error_copy (error);

  g_dbus_error_strip_remote_error (stripped);

  return g_utf8_make_valid (stripped->message, -1);
}

/* What an error itself says, fit for the middle of a sentence. */
static char *
dup_shown_message (const char *message,
                   const char *name)
{
  g_autofree char *shown = g_strdup (message);
  gsize length;

  for (char *c = shown; *c != '\0'; c++)
    {
      if (g_ascii_iscntrl (*c))
        *c = ' ';
    }

  g_strstrip (shown);
  length = strlen (shown);
  while (length > 0 && (shown[length - 1] == '.' || shown[length - 1] == ' '))
    shown[--length] = '\0';

  if (length == 0)
    return g_strdup (name);

  if (g_utf8_strlen (shown, -1) > MAX_SHOWN_CHARS)
    {
      g_autofree char *start = g_utf8_substring (shown, 0, MAX_SHOWN_CHARS - 1);

      return g_strconcat (start, "…", NULL);
    }

  return g_steal_pointer (&shown);
}

/* The bus name that @message speaks of. Where the bus says in detail who may not talk to whom it
 * is the destination, and not the interface that comes before it; the proxy of a sandbox may say
 * nothing but the name of the error again. */
static char *
dup_service_name (const char *message,
                  const char *error_name)
{
  const char *destination = strstr (message, "destination=\"");
  const char *rest = destination != NULL ? destination : message;

  while (*rest != '\0')
    {
      gsize length = strspn (rest, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.");
      g_autofree char *word = g_strndup (rest, length);

      if (g_str_has_suffix (word, "."))
        word[length - 1] = '\0';

      if (g_dbus_is_name (word) && !g_str_equal (word, error_name))
        return g_steal_pointer (&word);

      rest += MAX (length, 1);
    }

  return g_strdup ("NAME");
}

/* Puts the values into @text in one pass, such that a message with braces in it changes nothing. */
static char *
fill_in (const char *text,
         const char *message,
         const char *service)
{
  GString *filled = g_string_new (NULL);

  while (*text != '\0')
    {
      if (g_str_has_prefix (text, "{message}"))
        {
          g_string_append (filled, message);
          text += strlen ("{message}");
        }
      else if (g_str_has_prefix (text, "{service}"))
        {
          g_string_append (filled, service);
          text += strlen ("{service}");
        }
      else
        {
          g_string_append_c (filled, *text++);
        }
    }

  return g_string_free (filled, FALSE);
}

char *
dbr_error_explain_in (const GError *error,
                      const char   *sandbox_file)
{
  g_autofree char *name = dup_table_name (error);
  g_autofree char *message = dup_message (error);
  g_autofree char *shown = dup_shown_message (message, name);
  g_autofree char *service = dup_service_name (message, name);
  const DbrErrorEntry *entry = dbr_error_table_lookup (name, message);
  const char *text = entry->explanation;

  if (entry->sandbox_explanation != NULL && g_file_test (sandbox_file, G_FILE_TEST_EXISTS))
    text = entry->sandbox_explanation;

  return fill_in (_(text), shown, service);
}

/**
 * dbr_error_is_transient:
 * @error: an error of a D-Bus call, whoever made it
 *
 * Tells whether it is worth trying again later without changing anything.
 *
 * The service may be busy or not running yet, or the connection is cut. It is judged by the domain
 * of the error, its code and its name on the bus, and for some services by the message. What is
 * not known is not transient.
 *
 * It does not tell whether the method ran, and so not whether it may be run again without harm.
 *
 * Returns: whether another try may go better
 *
 * Since: 0.1
 */
gboolean
dbr_error_is_transient (const GError *error)
{
  g_autofree char *name = NULL;
  g_autofree char *message = NULL;

  g_return_val_if_fail (error != NULL, FALSE);

  name = dup_table_name (error);
  message = dup_message (error);

  return dbr_error_table_lookup (name, message)->is_transient;
}

/**
 * dbr_error_explain:
 * @error: an error of a D-Bus call, whoever made it
 *
 * Explains an error in one sentence for a person.
 *
 * The sentence is in the language of the user and says what to do. It knows what the bus, BlueZ,
 * systemd, polkit, the portals and notification services say, and in a Flatpak sandbox it names
 * the permission that is probably missing. The message of the error is part of it where it tells
 * more.
 *
 * Returns: (transfer full): the sentence
 *
 * Since: 0.1
 */
char *
dbr_error_explain (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return dbr_error_explain_in (error, SANDBOX_FILE);
}
