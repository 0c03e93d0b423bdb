/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/dbr-error-private.h"
#include "base/dbr-data-private.h"
#include "base/dbr-error-table-private.h"
#include "base/dbr-error.h"

#define BUS "org.freedesktop.DBus.Error."
#define BLUEZ "org.bluez.Error."
#define SYSTEMD "org.freedesktop.systemd1."
#define NEVER DBR_EXECUTION_NEVER
#define MAYBE DBR_EXECUTION_MAYBE
#define ONCE DBR_EXECUTION_ONCE

static const struct
{
  const char   *name;
  DbrExecution  from_bus;
  DbrExecution  from_service;
} executions[] = {
  { BUS "Failed", NEVER, ONCE },
  { BUS "NoMemory", NEVER, MAYBE },
  { BUS "ServiceUnknown", NEVER, ONCE },
  { BUS "NameHasNoOwner", NEVER, ONCE },
  { BUS "NoReply", MAYBE, MAYBE },
  { BUS "IOError", NEVER, ONCE },
  { BUS "BadAddress", NEVER, ONCE },
  { BUS "NotSupported", NEVER, ONCE },
  { BUS "LimitsExceeded", NEVER, ONCE },
  { BUS "AccessDenied", NEVER, ONCE },
  { BUS "AuthFailed", NEVER, ONCE },
  { BUS "NoServer", NEVER, ONCE },
  { BUS "Timeout", MAYBE, MAYBE },
  { BUS "TimedOut", NEVER, MAYBE },
  { BUS "NoNetwork", NEVER, ONCE },
  { BUS "AddressInUse", NEVER, ONCE },
  { BUS "Disconnected", MAYBE, MAYBE },
  { BUS "InvalidArgs", NEVER, ONCE },
  { BUS "FileNotFound", NEVER, ONCE },
  { BUS "FileExists", NEVER, ONCE },
  { BUS "UnknownMethod", NEVER, NEVER },
  { BUS "UnknownObject", NEVER, NEVER },
  { BUS "UnknownInterface", NEVER, NEVER },
  { BUS "UnknownProperty", NEVER, ONCE },
  { BUS "PropertyReadOnly", NEVER, ONCE },
  { BUS "MatchRuleNotFound", NEVER, ONCE },
  { BUS "MatchRuleInvalid", NEVER, ONCE },
  { BUS "Spawn.ExecFailed", NEVER, ONCE },
  { BUS "Spawn.ForkFailed", NEVER, ONCE },
  { BUS "Spawn.ChildExited", NEVER, ONCE },
  { BUS "Spawn.ChildSignaled", NEVER, ONCE },
  { BUS "Spawn.Failed", NEVER, ONCE },
  { BUS "Spawn.FailedToSetup", NEVER, ONCE },
  { BUS "Spawn.ConfigInvalid", NEVER, ONCE },
  { BUS "Spawn.ServiceNotValid", NEVER, ONCE },
  { BUS "Spawn.ServiceNotFound", NEVER, ONCE },
  { BUS "Spawn.PermissionsInvalid", NEVER, ONCE },
  { BUS "Spawn.FileInvalid", NEVER, ONCE },
  { BUS "Spawn.NoMemory", NEVER, ONCE },
  { BUS "UnixProcessIdUnknown", NEVER, ONCE },
  { BUS "InvalidSignature", NEVER, ONCE },
  { BUS "InvalidFileContent", NEVER, ONCE },
  { BUS "SELinuxSecurityContextUnknown", NEVER, ONCE },
  { BUS "AdtAuditDataUnknown", NEVER, ONCE },
  { BUS "ObjectPathInUse", NEVER, ONCE },
  { BUS "InconsistentMessage", NEVER, ONCE },
  { BUS "InteractiveAuthorizationRequired", NEVER, NEVER },
  { BUS "NotContainer", NEVER, ONCE },
  { BUS "NotInventedYet", NEVER, ONCE },
  { "org.freedesktop.PolicyKit1.Error.NotAuthorized", NEVER, ONCE },
  { BLUEZ "InProgress", NEVER, ONCE },
  { BLUEZ "Busy", NEVER, ONCE },
  { BLUEZ "NotReady", NEVER, ONCE },
  { BLUEZ "Failed", NEVER, ONCE },
  { BLUEZ "AlreadyConnected", NEVER, ONCE },
  { BLUEZ "NotInventedYet", NEVER, ONCE },
  { SYSTEMD "NoSuchUnit", NEVER, ONCE },
  { SYSTEMD "UnitMasked", NEVER, ONCE },
  { SYSTEMD "LoadFailed", NEVER, ONCE },
  { SYSTEMD "TransactionIsDestructive", NEVER, ONCE },
  { SYSTEMD "NotInventedYet", NEVER, ONCE },
  { "org.freedesktop.portal.Error.NotAllowed", NEVER, ONCE },
  { "org.freedesktop.Notifications.Error.ExcessNotificationGeneration", NEVER, ONCE },
  { "System.Error.EBUSY", NEVER, ONCE },
  { "org.gtk.GDBus.UnmappedGError.Quark._g_2dfile_2derror_2dquark.Code4", NEVER, ONCE },
  { "org.example.Error.NobodyKnows", NEVER, ONCE },
  { "com.example", NEVER, ONCE },
  { "", NEVER, ONCE },
};

static const struct
{
  const char *name;
  const char *message;
  gboolean    is_transient;
  gboolean    is_permanent;
} retries[] = {
  { BUS "ServiceUnknown", "", TRUE, FALSE },
  { BUS "NoReply", "", TRUE, FALSE },
  { BUS "LimitsExceeded", "", TRUE, FALSE },
  { BUS "Spawn.ChildExited", "", TRUE, FALSE },
  { BUS "Spawn.ExecFailed", "", FALSE, TRUE },
  { BUS "AccessDenied", "", FALSE, TRUE },
  { BUS "InteractiveAuthorizationRequired", "", FALSE, TRUE },
  { BUS "UnknownMethod", "", FALSE, TRUE },
  { BUS "InvalidArgs", "", FALSE, TRUE },
  { BUS "Failed", "", FALSE, FALSE },
  { SYSTEMD "NoSuchUnit", "Unit nosuch.service not found.", FALSE, TRUE },
  { SYSTEMD "UnitMasked", "", FALSE, TRUE },
  { SYSTEMD "NotInventedYet", "", FALSE, FALSE },
  { BLUEZ "InProgress", "In Progress", TRUE, FALSE },
  { BLUEZ "NotReady", "Resource Not Ready", TRUE, FALSE },
  { BLUEZ "AuthenticationFailed", "", FALSE, TRUE },
  { BLUEZ "NotPermitted", "", FALSE, TRUE },
  { BLUEZ "Failed", "", FALSE, FALSE },
  { BLUEZ "Failed", "le-connection-abort-by-local", TRUE, FALSE },
  { BLUEZ "Failed", "Software caused connection abort", TRUE, FALSE },
  { BLUEZ "Failed", "Host is down", TRUE, FALSE },
  { BLUEZ "Failed", "Input/output error", TRUE, FALSE },
  { BLUEZ "Failed", "br-connection-key-missing", FALSE, TRUE },
  { BLUEZ "Failed", "br-connection-not-supported", FALSE, TRUE },
  { BLUEZ "Failed", "Protocol not available", FALSE, FALSE },
  { BLUEZ "Failed", "Operation failed with ATT error: 0x0e (Unlikely)", TRUE, FALSE },
  { BLUEZ "Failed", "Operation failed with ATT error: 0x05", FALSE, TRUE },
  { BLUEZ "Failed", "Operation failed with ATT error: 0x0e0", FALSE, TRUE },
  { BLUEZ "NotAvailable", "br-connection-profile-unavailable", FALSE, FALSE },
  { BLUEZ "NotAvailable", "Operation currently not available", TRUE, FALSE },
  { "org.example.Error.Busy", "br-connection-busy", FALSE, FALSE },
  { "gio:timed-out", "", TRUE, FALSE },
  { "gio:cancelled", "", FALSE, FALSE },
};

static void
test_execution_by_origin (void)
{
  g_test_summary ("The name of an error and who says it tell how often the method ran");

  for (gsize i = 0; i < G_N_ELEMENTS (executions); i++)
    {
      const char *name = executions[i].name;

      g_test_message ("%s", name);
      g_assert_cmpint (dbr_error_table_get_execution (name, DBR_ORIGIN_BUS), ==,
                       executions[i].from_bus);
      g_assert_cmpint (dbr_error_table_get_execution (name, DBR_ORIGIN_SERVICE), ==,
                       executions[i].from_service);
      g_assert_cmpint (dbr_error_table_get_execution (name, DBR_ORIGIN_LOCAL), ==, MAYBE);
    }
}

static void
test_retry_by_name_and_detail (void)
{
  g_test_summary ("The name of an error and a detail of its message tell whether to try again");

  for (gsize i = 0; i < G_N_ELEMENTS (retries); i++)
    {
      const DbrErrorEntry *entry = dbr_error_table_lookup (retries[i].name, retries[i].message);

      g_test_message ("%s: %s", retries[i].name, retries[i].message);
      g_assert_cmpint (entry->is_transient, ==, retries[i].is_transient);
      g_assert_cmpint (entry->is_permanent, ==, retries[i].is_permanent);
    }
}

static void
test_longest_beginning (void)
{
  g_autofree char *long_name = g_strnfill (1000, 'a');

  g_test_summary ("A name that is not listed has the row of its longest beginning that is");

  g_assert_cmpstr (dbr_error_table_lookup (SYSTEMD "UnitMasked", NULL)->name, ==,
                   SYSTEMD "UnitMasked");
  g_assert_cmpstr (dbr_error_table_lookup (SYSTEMD "UnitMaskedToo", NULL)->name, ==, SYSTEMD "*");
  g_assert_cmpstr (dbr_error_table_lookup (SYSTEMD "A.B.C", NULL)->name, ==, SYSTEMD "*");
  g_assert_cmpstr (dbr_error_table_lookup (BUS "Spawn.Other", NULL)->name, ==, BUS "*");
  g_assert_cmpstr (dbr_error_table_lookup ("gio:is-directory", NULL)->name, ==, "gio:*");
  g_assert_cmpstr (dbr_error_table_lookup ("org.freedesktop.systemd", NULL)->name, ==, "*");
  g_assert_cmpstr (dbr_error_table_lookup (long_name, "text")->name, ==, "*");
}

static void
test_detail_whole_words (void)
{
  const DbrErrorEntry *none = dbr_error_table_lookup (BLUEZ "Failed", NULL);
  const DbrErrorEntry *busy = dbr_error_table_lookup (BLUEZ "Failed", "br-connection-busy");
  const char *same[] = {
    "(br-connection-busy)", "br-connection-busy.", "Connect: br-connection-busy, sorry",
    "xbr-connection-busy br-connection-busy",
  };
  const char *other[] = {
    "br-connection-busy-too", "xbr-connection-busy", "br-connection-busy2", "br-connection-bus",
    "br-connection-busy_", "br-connection-busyä", "äbr-connection-busy", "not-br-connection-busy",
    "BR-CONNECTION-BUSY", "",
  };

  g_test_summary ("A detail is found as whole words of the message, not inside a longer one");

  g_assert_true (busy != none);
  g_assert_true (busy->is_transient);
  g_assert_false (none->is_transient);
  for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
    g_assert_true (dbr_error_table_lookup (BLUEZ "Failed", same[i]) == busy);
  for (gsize i = 0; i < G_N_ELEMENTS (other); i++)
    g_assert_true (dbr_error_table_lookup (BLUEZ "Failed", other[i]) == none);
  g_assert_true (dbr_error_table_lookup (BLUEZ "InProgress", "br-connection-busy") == busy);
}

static void
check_sentence (const char *sentence)
{
  g_autoptr(GString) bare = g_string_new (sentence);

  g_test_message ("%s", sentence);
  g_string_replace (bare, "{message}", "", 0);
  g_string_replace (bare, "{service}", "", 0);
  g_assert_cmpuint (bare->len, >, 10);
  g_assert_true (g_str_has_suffix (sentence, "."));
  g_assert_true (g_ascii_isupper (sentence[0]) || g_str_has_prefix (sentence, "systemd ")
                 || g_str_has_prefix (sentence, "libdbr "));
  g_assert_null (strpbrk (bare->str, "{}\n\t"));
  g_assert_null (strstr (bare->str, "  "));
}

static void
start_element_cb (GMarkupParseContext  *context,
                  const char           *element,
                  const char          **names,
                  const char          **values,
                  gpointer              user_data,
                  GError              **error)
{
  guint *n_rows = user_data;
  const DbrErrorEntry *entry;

  if (g_str_equal (element, "detail"))
    {
      g_auto(GStrv) texts = g_strsplit (values[0], "|", -1);

      g_assert_cmpstr (names[0], ==, "match");
      for (guint i = 0; texts[i] != NULL; i++)
        {
          entry = dbr_error_table_lookup (BLUEZ "Failed", texts[i]);
          g_assert_cmpstr (entry->name, ==, BLUEZ "*");
          check_sentence (entry->explanation);
        }
    }

  if (!g_str_equal (element, "error"))
    return;

  g_assert_cmpstr (names[0], ==, "name");
  entry = dbr_error_table_lookup (values[0], NULL);
  g_assert_cmpstr (entry->name, ==, values[0]);
  g_assert_false (entry->is_transient && entry->is_permanent);
  check_sentence (entry->explanation);
  if (entry->sandbox_explanation != NULL)
    check_sentence (entry->sandbox_explanation);
  (*n_rows)++;
}

static void
test_every_row_explained (void)
{
  static const GMarkupParser callbacks = { start_element_cb, NULL, NULL, NULL, NULL };
  g_autoptr(GBytes) bytes = dbr_data_lookup ("/dbr/errors.xml");
  g_autoptr(GMarkupParseContext) context = NULL;
  g_autoptr(GError) error = NULL;
  guint n_rows = 0;
  const char *text;
  gsize length;

  g_test_summary ("Every error that is listed is found and has a whole sentence for a person");

  text = g_bytes_get_data (bytes, &length);
  context = g_markup_parse_context_new (&callbacks, G_MARKUP_DEFAULT_FLAGS, &n_rows, NULL);
  g_markup_parse_context_parse (context, text, length, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_rows, >, 150);
}

static void
test_every_code_listed (void)
{
  const GType types[] = { DBR_TYPE_ERROR, G_TYPE_DBUS_ERROR };
  const GQuark domains[] = { DBR_ERROR, G_DBUS_ERROR };

  g_test_summary ("Every code of libdbr and of the bus has a row of its own");

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr(GEnumClass) codes = g_type_class_ref (types[i]);

      for (guint j = 0; j < codes->n_values; j++)
        {
          g_autoptr(GError) error = g_error_new (domains[i], codes->values[j].value, "Text");
          g_autofree char *name = g_dbus_error_encode_gerror (error);

          g_assert_cmpstr (dbr_error_table_lookup (name, NULL)->name, ==, name);
        }
    }
}

static void
test_names_of_codes (void)
{
  g_autoptr(GEnumClass) codes = g_type_class_ref (DBR_TYPE_ERROR);

  g_test_summary ("Each code travels over the bus under a name made of its nick, and comes back");

  g_assert_cmpstr (g_quark_to_string (DBR_ERROR), ==, "dbr-error-quark");
  g_assert_cmpuint (codes->n_values, ==, 18);

  for (guint i = 0; i < codes->n_values; i++)
    {
      g_autoptr(GError) error = g_error_new (DBR_ERROR, codes->values[i].value, "Text");
      g_autoptr(GError) back = NULL;
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      g_autoptr(GString) expected = g_string_new ("org.dbr.Error.");
      gboolean is_start = TRUE;

      for (const char *c = codes->values[i].value_nick; *c != '\0'; c++)
        {
          if (*c != '-')
            g_string_append_c (expected, is_start ? g_ascii_toupper (*c) : *c);
          is_start = *c == '-';
        }

      g_assert_cmpstr (name, ==, expected->str);
      back = g_dbus_error_new_for_dbus_error (name, "Text");
      g_assert_error (back, DBR_ERROR, codes->values[i].value);
    }
}

static void
test_transient (void)
{
  static const struct
  {
    DbrError code;
    gboolean is_transient;
  } own[] = {
    { DBR_ERROR_INVALID_ARGUMENT, FALSE },
    { DBR_ERROR_DEADLINE, TRUE },
    { DBR_ERROR_NO_BUS, TRUE },
    { DBR_ERROR_CONNECTION_LOST, TRUE },
    { DBR_ERROR_NO_OWNER, TRUE },
    { DBR_ERROR_CIRCUIT_OPEN, TRUE },
    { DBR_ERROR_OVERLOADED, TRUE },
    { DBR_ERROR_BUDGET_EXHAUSTED, TRUE },
    { DBR_ERROR_DENIED, FALSE },
    { DBR_ERROR_BAD_REPLY, FALSE },
    { DBR_ERROR_STALE, FALSE },
    { DBR_ERROR_CLOSED, FALSE },
    { DBR_ERROR_FORKED, FALSE },
    { DBR_ERROR_NOT_SUPPORTED, FALSE },
    { DBR_ERROR_JOB_FAILED, FALSE },
    { DBR_ERROR_RATE_LIMITED, TRUE },
    { DBR_ERROR_GAVE_UP, FALSE },
    { DBR_ERROR_STORAGE, FALSE },
  };

  g_test_summary ("Each code of libdbr says whether it is worth trying again later");

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autoptr(GError) error = g_error_new (DBR_ERROR, own[i].code, "Text");

      g_assert_cmpint (dbr_error_is_transient (error), ==, own[i].is_transient);
    }
}

static void
test_transient_of_others (void)
{
  static const struct
  {
    const char *name;
    const char *message;
    gboolean    is_transient;
  } remote[] = {
    { BUS "ServiceUnknown", "The name org.example.A was not provided", TRUE },
    { BUS "AccessDenied", "No", FALSE },
    { BLUEZ "InProgress", "In Progress", TRUE },
    { BLUEZ "Failed", "br-connection-busy", TRUE },
    { BLUEZ "Failed", "br-connection-busy-too", FALSE },
    { BLUEZ "NotSupported", "No", FALSE },
    { SYSTEMD "UnitBusy", "Wait", TRUE },
    { "org.example.Error.InProgress", "In Progress", FALSE },
    /* A service that sends its own G_IO_ERROR_BUSY is not the GIO of this process. */
    { "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code26", "Busy", FALSE },
  };
  g_autoptr(GError) busy = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");
  g_autoptr(GError) cancelled = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
  g_autoptr(GError) file = g_error_new (G_FILE_ERROR, G_FILE_ERROR_AGAIN, "Again");
  g_autoptr(GError) unknown = g_error_new (G_IO_ERROR, 4711, "Unknown");

  g_test_summary ("Errors of others are judged by their name on the bus, or else domain and code");

  for (gsize i = 0; i < G_N_ELEMENTS (remote); i++)
    {
      g_autoptr(GError) error = g_dbus_error_new_for_dbus_error (remote[i].name,
                                                                 remote[i].message);

      g_test_message ("%s", error->message);
      g_assert_cmpint (dbr_error_is_transient (error), ==, remote[i].is_transient);
    }

  g_assert_true (dbr_error_is_transient (busy));
  g_assert_false (dbr_error_is_transient (cancelled));
  g_assert_false (dbr_error_is_transient (file));
  g_assert_false (dbr_error_is_transient (unknown));
}

static void
test_stripped (void)
{
  g_autoptr(GError) error = g_dbus_error_new_for_dbus_error (BUS "LimitsExceeded", "Too many");
  g_autofree char *whole = dbr_error_explain (error);
  g_autofree char *stripped = NULL;

  g_test_summary ("A known name is judged the same when its prefix was taken off the message");

  g_dbus_error_strip_remote_error (error);
  stripped = dbr_error_explain (error);
  g_assert_cmpstr (whole, ==, stripped);
  g_assert_true (dbr_error_is_transient (error));
}

static char *
explain_remote (const char *name,
                const char *message,
                const char *sandbox_file)
{
  g_autoptr(GError) error = g_dbus_error_new_for_dbus_error (name, message);
  char *text = dbr_error_explain_in (error, sandbox_file);

  g_test_message ("%s", text);
  g_assert_null (strstr (text, "GDBus.Error"));
  g_assert_null (strchr (text, '\n'));
  g_assert_true (g_str_has_suffix (text, "."));

  return text;
}

static void
test_explain_services (void)
{
  g_autofree char *off = explain_remote (BLUEZ "NotReady", "Resource Not Ready", "/nonexistent");
  g_autofree char *away = explain_remote (BLUEZ "Failed", "Host is down", "/nonexistent");
  g_autofree char *masked = explain_remote (SYSTEMD "UnitMasked",
                                            "Unit bluetooth.service is masked.", "/nonexistent");
  g_autofree char *unknown = explain_remote ("org.example.Error.Odd", "Very odd", "/nonexistent");

  g_test_summary ("What BlueZ, systemd and others say is told in a sentence with what to do");

  g_assert_nonnull (strstr (off, "switch Bluetooth on"));
  g_assert_nonnull (strstr (away, "bring it closer"));
  g_assert_nonnull (strstr (masked, "systemctl unmask"));
  g_assert_nonnull (strstr (masked, "Unit bluetooth.service is masked"));
  g_assert_nonnull (strstr (unknown, "Very odd"));
}

static void
test_explain_own (void)
{
  g_autoptr(GError) argument = g_error_new (DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                                            "“a” is not a bus name");
  g_autoptr(GError) foreign = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "The disk is full");
  g_autofree char *first = dbr_error_explain (argument);
  g_autofree char *second = dbr_error_explain (foreign);

  g_test_summary ("What libdbr or this computer say is told with the message of the error");

  g_assert_nonnull (strstr (first, "“a” is not a bus name"));
  g_assert_nonnull (strstr (second, "The disk is full"));
}

static void
test_explain_odd_messages (void)
{
  g_autofree char *long_text = g_strnfill (100000, 'x');
  g_autofree char *braces = explain_remote (BUS "Failed", "{message} {service}", "/nonexistent");
  g_autofree char *empty = explain_remote (BUS "Failed", "", "/nonexistent");
  g_autofree char *lines = explain_remote (BUS "Failed", "One\ntwo.\r\n", "/nonexistent");
  g_autofree char *cut = explain_remote (BUS "Failed", long_text, "/nonexistent");
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "\377\376");
  g_autofree char *bytes = dbr_error_explain (error);

  g_test_summary ("No message, however odd, makes the sentence anything but one readable line");

  g_assert_nonnull (strstr (braces, "{message} {service}"));
  g_assert_nonnull (strstr (empty, BUS "Failed"));
  g_assert_nonnull (strstr (lines, "One two;"));
  g_assert_cmpuint (strlen (cut), <, 500);
  g_assert_true (g_utf8_validate (bytes, -1, NULL));
}

static void
test_explain_in_sandbox (void)
{
  static const struct
  {
    const char *name;
    const char *message;
    const char *permission;
  } rows[] = {
    { BUS "ServiceUnknown", "The name org.example.Radio was not provided by any .service files",
      "--system-talk-name=org.example.Radio " },
    { BUS "ServiceUnknown", BUS "ServiceUnknown", "--system-talk-name=NAME " },
    { BUS "NameHasNoOwner", "Could not get owner of name 'org.example.Radio': no such name",
      "--talk-name=org.example.Radio)" },
    { BUS "AccessDenied", "Rejected send message, 2 matched rules; sender=\":1.5\" "
      "interface=\"org.example.Radio1\" member=\"Play\" destination=\"org.example.Radio\" (uid=0)",
      "--system-talk-name=org.example.Radio " },
    { "org.dbr.Error.NoOwner", "“org.example.Radio” has no owner",
      "--system-talk-name=org.example.Radio " },
  };
  g_autofree char *folder = g_dir_make_tmp ("dbr-error-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "flatpak-info", NULL);
  g_autofree char *other = NULL;

  g_test_summary ("In a sandbox the sentence names the permission that is missing");

  g_assert_true (g_file_set_contents (file, "", 0, NULL));

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *inside = explain_remote (rows[i].name, rows[i].message, file);
      g_autofree char *outside = explain_remote (rows[i].name, rows[i].message, "/nonexistent");

      g_assert_nonnull (strstr (inside, rows[i].permission));
      g_assert_null (strstr (outside, "talk-name"));
    }

  other = explain_remote (BUS "NoReply", "Gone", file);
  g_assert_null (strstr (other, "talk-name"));

  g_assert_cmpint (g_remove (file), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_no_error (void)
{
  g_test_summary ("No error at all is a mistake of the caller");

  g_test_expect_message ("Dbr", G_LOG_LEVEL_CRITICAL, "*error != NULL*");
  g_assert_null (dbr_error_explain (NULL));
  g_test_expect_message ("Dbr", G_LOG_LEVEL_CRITICAL, "*error != NULL*");
  g_assert_false (dbr_error_is_transient (NULL));
  g_test_assert_expected_messages ();
}

static gpointer
look_up_cb (gpointer data)
{
  const DbrErrorEntry *entry = NULL;

  for (guint i = 0; i < 1000; i++)
    entry = dbr_error_table_lookup (BLUEZ "InProgress", "br-connection-busy");

  return (gpointer) entry;
}

static void
test_first_look_up_subprocess (void)
{
  GThread *threads[8];
  gpointer entry = NULL;

  /* Nothing of libdbr has run yet: its data is not there until it is asked for. */
  g_assert_false (g_resources_get_info ("/dbr/errors.xml", G_RESOURCE_LOOKUP_FLAGS_NONE,
                                        NULL, NULL, NULL));

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("look-up", look_up_cb, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      gpointer found = g_thread_join (threads[i]);

      g_assert_nonnull (found);
      g_assert_true (entry == NULL || entry == found);
      entry = found;
    }
}

static void
test_first_look_up (void)
{
  g_test_summary ("The table is read by the first look-up, also when many threads come at once");

  g_test_trap_subprocess ("/dbr/error-table/first-look-up/subprocess", 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/error-table/first-look-up", test_first_look_up);
  g_test_add_func ("/dbr/error-table/first-look-up/subprocess", test_first_look_up_subprocess);
  g_test_add_func ("/dbr/error-table/execution-by-origin", test_execution_by_origin);
  g_test_add_func ("/dbr/error-table/retry-by-name-and-detail", test_retry_by_name_and_detail);
  g_test_add_func ("/dbr/error-table/longest-beginning", test_longest_beginning);
  g_test_add_func ("/dbr/error-table/detail-is-whole-words", test_detail_whole_words);
  g_test_add_func ("/dbr/error-table/every-row-is-explained", test_every_row_explained);
  g_test_add_func ("/dbr/error-table/every-code-is-listed", test_every_code_listed);
  g_test_add_func ("/dbr/error/names-of-codes", test_names_of_codes);
  g_test_add_func ("/dbr/error/transient-by-code", test_transient);
  g_test_add_func ("/dbr/error/transient-of-others", test_transient_of_others);
  g_test_add_func ("/dbr/error/same-without-prefix", test_stripped);
  g_test_add_func ("/dbr/error/explain-services", test_explain_services);
  g_test_add_func ("/dbr/error/explain-own", test_explain_own);
  g_test_add_func ("/dbr/error/explain-odd-messages", test_explain_odd_messages);
  g_test_add_func ("/dbr/error/explain-in-sandbox", test_explain_in_sandbox);
  g_test_add_func ("/dbr/error/no-error", test_no_error);

  return g_test_run ();
}
