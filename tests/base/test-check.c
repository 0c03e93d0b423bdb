/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-check-private.h"

#include <string.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>

#include "base/dbr-error.h"

#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define LONGEST_NAME "a." FIFTY FIFTY FIFTY FIFTY FIFTY "aaa"
#define LONGEST_MEMBER FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa"

/* It must be one error, and name what was wrong. */
static void
assert_refused (gboolean    is_good,
                GError     *error,
                const char *value)
{
  g_assert_false (is_good);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (strstr (error->message, value) == NULL)
    g_error ("“%s” does not name “%s”", error->message, value);
}

typedef struct
{
  const char *value;
  gboolean    is_good;
} Case;

typedef gboolean (*CheckFunc) (const char  *value,
                               GError     **error);

static void
run_cases (const Case *cases,
           gsize       n_cases,
           CheckFunc   check)
{
  for (gsize i = 0; i < n_cases; i++)
    {
      g_autoptr(GError) error = NULL;
      gboolean is_good = check (cases[i].value, &error);

      if (is_good != cases[i].is_good)
        g_error ("“%s” should be %s", cases[i].value, cases[i].is_good ? "taken" : "refused");

      if (is_good)
        g_assert_no_error (error);
      else
        assert_refused (is_good, error, cases[i].value != NULL ? cases[i].value : "NULL");
    }
}

static void
test_bus_names (void)
{
  const Case cases[] = {
    { "org.example.Player", TRUE },
    { "org.example.a-b_c", TRUE },
    { "a.b", TRUE },
    { ":1.42", TRUE },
    { ":1.4a.b-c", TRUE },
    { LONGEST_NAME, TRUE },
    { LONGEST_NAME "a", FALSE },
    { NULL, FALSE },
    { "", FALSE },
    { "example", FALSE },
    { "org..example", FALSE },
    { ".org.example", FALSE },
    { "org.example.", FALSE },
    { "org.4example", FALSE },
    { "org.example Player", FALSE },
    { "org.exämple", FALSE },
    { "org/example", FALSE },
    { ":1", FALSE },
    { ":", FALSE },
  };

  g_test_summary ("A bus name is taken if the bus takes it, else the error names it");

  run_cases (cases, G_N_ELEMENTS (cases), dbr_check_bus_name);
}

static void
test_object_paths (void)
{
  const Case cases[] = {
    { "/", TRUE },
    { "/org/example/Player", TRUE },
    { "/a/_1/B2", TRUE },
    { "/" FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY, TRUE },
    { NULL, FALSE },
    { "", FALSE },
    { "org/example", FALSE },
    { "/org/", FALSE },
    { "//", FALSE },
    { "/org//example", FALSE },
    { "/org/exa-mple", FALSE },
    { "/org/exa.mple", FALSE },
    { "/örg", FALSE },
    { "/org ", FALSE },
  };

  g_test_summary ("An object path is taken if the bus takes it, else the error names it");

  run_cases (cases, G_N_ELEMENTS (cases), dbr_check_object_path);
}

static void
test_interface_names (void)
{
  const Case cases[] = {
    { "org.example.Player1", TRUE },
    { "a._b", TRUE },
    { LONGEST_NAME, TRUE },
    { LONGEST_NAME "a", FALSE },
    { NULL, FALSE },
    { "", FALSE },
    { "Player", FALSE },
    { "org.example.a-b", FALSE },
    { "org.1example", FALSE },
    { ":1.5", FALSE },
    { "org..example", FALSE },
    { "org.example.", FALSE },
    { ".org.example", FALSE },
    { "org.exämple", FALSE },
  };

  g_test_summary ("An interface name is taken if the bus takes it, else the error names it");

  run_cases (cases, G_N_ELEMENTS (cases), dbr_check_interface_name);
}

static void
test_member_names (void)
{
  const Case cases[] = {
    { "Seek", TRUE },
    { "_seek_2", TRUE },
    { LONGEST_MEMBER, TRUE },
    { LONGEST_MEMBER "a", FALSE },
    { NULL, FALSE },
    { "", FALSE },
    { "2Seek", FALSE },
    { "Seek.To", FALSE },
    { "Seek-To", FALSE },
    { "Seek To", FALSE },
    { "Sëek", FALSE },
  };

  g_test_summary ("A member name is taken if the bus takes it, else the error names it");

  run_cases (cases, G_N_ELEMENTS (cases), dbr_check_member_name);
}

static void
test_text_that_is_not_utf8 (void)
{
  g_autoptr(GError) error = NULL;
  gboolean is_good;

  g_test_summary ("A name of broken bytes is refused by a message that is valid UTF-8");

  is_good = dbr_check_bus_name ("org.\xff\xfe.example", &error);
  assert_refused (is_good, error, "org.");
}

static void
test_plain_parameters (void)
{
  const char *good[] = {
    "()", "('a',)", "(1, 2.5, true)", "([1, 2],)", "({'a': <1>},)", "(@a{sv} {},)", "(<<'a'>>,)",
    "(objectpath '/a', signature 'a{sv}')", "((1, (2, (3,))),)", "(@aay [],)", "(<(1, <'a'>)>,)",
  };

  g_test_summary ("Tuples of what D-Bus knows are taken, and so is none");

  g_assert_true (dbr_check_parameters (NULL, NULL, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) parameters = g_variant_ref_sink (g_variant_new_parsed (good[i]));

      g_assert_true (dbr_check_parameters (parameters, NULL, &error));
      g_assert_no_error (error);
    }
}

static void
test_parameters_that_are_no_tuple (void)
{
  const char *bad[] = { "'a'", "1", "[1, 2]", "{'a': <1>}", "<1>", "@as []", "{1, 2}" };

  g_test_summary ("Parameters that are no tuple are refused by an error that names their type");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) parameters = g_variant_ref_sink (g_variant_new_parsed (bad[i]));
      gboolean is_good = dbr_check_parameters (parameters, NULL, &error);

      assert_refused (is_good, error, g_variant_get_type_string (parameters));
    }
}

static void
test_maybe_types (void)
{
  const char *bad[][2] = {
    { "(@mi nothing,)", "(mi)" },
    { "(@ms 'a', 1)", "(msi)" },
    { "(@ami [],)", "(ami)" },
    { "({'a': @ms 'b'},)", "(a{sms})" },
    { "(<@mi 5>,)", "mi" },
    { "({'a': <@ms nothing>},)", "ms" },
    { "([<1>, <(1, <@mi nothing>)>],)", "mi" },
  };

  g_test_summary ("A maybe is refused wherever it is, in a variant too");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) parameters = g_variant_ref_sink (g_variant_new_parsed (bad[i][0]));
      gboolean is_good = dbr_check_parameters (parameters, NULL, &error);
      g_autofree char *named = g_strdup_printf ("“%s”", bad[i][1]);

      assert_refused (is_good, error, named);
    }
}

static void
test_damaged_parameters (void)
{
  /* A boolean of 2, text without its end or in no UTF-8, and a frame that points outside. */
  const struct
  {
    const char *type;
    const char *bytes;
    gsize       size;
  } bad[] = {
    { "(b)", "\x02", 1 },
    { "(s)", "ab", 2 },
    { "(s)", "\xff\xfe\0", 3 },
    { "(o)", "no path\0", 8 },
    { "(g)", "(((\0", 4 },
    { "(ss)", "a\0b\0\x09", 5 },
    { "(as)", "a\0\xf0", 3 },
    { "(v)", "\x02\0b", 3 },
    { "(i)", "\0\0", 2 },
  };

  g_test_summary ("Bytes from outside that are not what their type says are refused");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GBytes) bytes = g_bytes_new (bad[i].bytes, bad[i].size);
      g_autoptr(GVariant) parameters =
        g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (bad[i].type), bytes, FALSE));
      gboolean is_good = dbr_check_parameters (parameters, NULL, &error);

      assert_refused (is_good, error, bad[i].type);
    }
}

static void
test_handles (void)
{
  const struct
  {
    const char *parameters;
    guint       n_descriptors;
    const char *named;
  } cases[] = {
    { "(handle 0,)", 1, NULL },
    { "([handle 0, handle 1],)", 2, NULL },
    { "(@ah [],)", 0, NULL },
    { "({'a': <handle 1>},)", 2, NULL },
    { "(1,)", 2, NULL },
    { "(handle 0,)", 0, "descriptor 0 but only 0" },
    { "(handle 1, handle 0)", 1, "descriptor 1 but only 1" },
    { "([handle 0, handle 7],)", 2, "descriptor 7 but only 2" },
    { "({'a': <handle 2>},)", 2, "descriptor 2 but only 2" },
    { "(handle -1,)", 2, "descriptor 4294967295 but only 2" },
    { "((1, (2, handle 3)),)", 1, "descriptor 3 but only 1" },
  };

  g_test_summary ("A handle must stand for a descriptor that is given, in a variant too");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) parameters =
        g_variant_ref_sink (g_variant_new_parsed (cases[i].parameters));
      g_autoptr(GUnixFDList) fd_list = cases[i].n_descriptors > 0 ? g_unix_fd_list_new () : NULL;
      gboolean is_good;

      for (guint n = 0; n < cases[i].n_descriptors; n++)
        g_assert_cmpint (g_unix_fd_list_append (fd_list, STDERR_FILENO, NULL), ==, n);

      is_good = dbr_check_parameters (parameters, fd_list, &error);
      if (cases[i].named != NULL)
        {
          assert_refused (is_good, error, cases[i].named);
          continue;
        }
      g_assert_no_error (error);
      g_assert_true (is_good);
    }
}

/* A tuple of so many bytes. */
static GVariant *
tuple_of_bytes (guint n_bytes)
{
  g_autoptr(GVariantBuilder) builder = g_variant_builder_new (G_VARIANT_TYPE_TUPLE);

  for (guint i = 0; i < n_bytes; i++)
    g_variant_builder_add (builder, "y", i % 256);

  return g_variant_ref_sink (g_variant_builder_end (builder));
}

static void
test_long_signatures (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) longest = tuple_of_bytes (DBR_MAX_SIGNATURE_LENGTH);
  g_autoptr(GVariant) too_long = tuple_of_bytes (DBR_MAX_SIGNATURE_LENGTH + 1);
  gboolean is_good;

  g_test_summary ("A signature has up to 255 characters; the tuple's own parentheses do not count");

  g_assert_true (dbr_check_parameters (longest, NULL, &error));
  g_assert_no_error (error);

  is_good = dbr_check_parameters (too_long, NULL, &error);
  assert_refused (is_good, error, g_variant_get_type_string (too_long));
}

static void
test_odd_parts (void)
{
  static const char *const odd[] = {
    "((),)", "([()],)", "({'a', 1},)", "(<{'a', 1}>,)", "(<()>,)", "(signature 'i{sv}',)",
    "(signature '()',)", "([signature 's', signature 'a()'],)", "(<signature '{sv}'>,)",
    "(signature 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaay',)",
  };
  static const char *const good[] = {
    "()", "({'a': 1},)", "(<{'a': <1>}>,)", "(signature 'a{sv}(i)', signature '')", "(('a', (1, 2)),)",
  };

  g_test_summary ("What GVariant has and a bus does not know is refused, as a type and as a signature");

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr(GVariant) parameters = g_variant_ref_sink (g_variant_new_parsed (odd[i]));
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_check_parameters (parameters, NULL, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr(GVariant) parameters = g_variant_ref_sink (g_variant_new_parsed (good[i]));
      g_autoptr(GError) error = NULL;

      g_assert_true (dbr_check_parameters (parameters, NULL, &error));
      g_assert_no_error (error);
    }
}

/* A value of the type that @opening so often around an integer gives. */
static GVariant *
nest (GVariant   *inner,
      char        opening,
      guint       n_levels)
{
  for (guint i = 0; i < n_levels; i++)
    {
      if (opening == 'a')
        inner = g_variant_new_array (NULL, &inner, 1);
      else if (opening == '(')
        inner = g_variant_new_tuple (&inner, 1);
      else
        inner = g_variant_new_variant (inner);
    }

  return inner;
}

static void
test_deep_nesting (void)
{
  /* How often from inside to outside; the parameters' own tuple comes on top. */
  const struct
  {
    guint    n_arrays;
    guint    n_structs;
    guint    n_variants;
    gboolean is_good;
  } cases[] = {
    { 32, 0, 0, TRUE },
    { 33, 0, 0, FALSE },
    { 0, 32, 0, TRUE },
    { 0, 33, 0, FALSE },
    { 32, 32, 0, TRUE },
    { 32, 33, 0, FALSE },
    { 0, 0, 64, TRUE },
    { 0, 0, 65, FALSE },
    { 32, 31, 1, TRUE },
    { 32, 32, 1, FALSE },
    { 33, 0, 1, FALSE },
    { 4, 0, 60, TRUE },
    { 5, 0, 60, FALSE },
    { 0, 0, 1000, FALSE },
  };

  g_test_summary ("Parameters are nested as deeply as the bus takes it and not more: it would cut "
                  "off the connection");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) parameters = NULL;
      GVariant *value = g_variant_new_int32 (1);
      gboolean is_good;

      value = nest (value, 'a', cases[i].n_arrays);
      value = nest (value, '(', cases[i].n_structs);
      value = nest (value, 'v', cases[i].n_variants);
      parameters = g_variant_ref_sink (g_variant_new_tuple (&value, 1));

      is_good = dbr_check_parameters (parameters, NULL, &error);
      if (cases[i].is_good)
        g_assert_no_error (error);
      else
        assert_refused (is_good, error, "nested more deeply");
      g_assert_cmpint (is_good, ==, cases[i].is_good);
    }
}

static void
test_values (void)
{
  const struct
  {
    const char *value;
    const char *named;
  } cases[] = {
    { "true", NULL },
    { "'a'", NULL },
    { "(1, 'a')", NULL },
    { "{'a': <1>}", NULL },
    { "<1>", NULL },
    { "handle 0", NULL },
    { "@mi nothing", "“mi”" },
    { "[@mb true]", "“amb”" },
    { "{'a': <@mb true>}", "“mb”" },
  };
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_bytes_new_static ("\x02", 1);
  g_autoptr(GVariant) damaged =
    g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BOOLEAN, bytes, FALSE));
  gboolean is_good;

  g_test_summary ("A property's value is of a type D-Bus knows, and whole");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) refusal = NULL;
      g_autoptr(GVariant) value = g_variant_ref_sink (g_variant_new_parsed (cases[i].value));

      is_good = dbr_check_value (value, &refusal);
      if (cases[i].named != NULL)
        {
          assert_refused (is_good, refusal, cases[i].named);
          continue;
        }
      g_assert_no_error (refusal);
      g_assert_true (is_good);
    }

  is_good = dbr_check_value (damaged, &error);
  assert_refused (is_good, error, "“b”");
  g_clear_error (&error);
  is_good = dbr_check_value (NULL, &error);
  assert_refused (is_good, error, "NULL");
}

static void
test_reply_types (void)
{
  const char *good[] = { "()", "(s)", "(a{sv})", "r", "(*)", "(?v)" };
  const char *bad[] = { "s", "a{sv}", "v", "as", "(mi)", "*", "{sv}" };

  g_test_summary ("A reply type is a tuple, which may leave things open, that an answer can have");

  g_assert_true (dbr_check_reply_type (NULL, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_true (dbr_check_reply_type (G_VARIANT_TYPE (good[i]), &error));
      g_assert_no_error (error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;
      gboolean is_good = dbr_check_reply_type (G_VARIANT_TYPE (bad[i]), &error);

      assert_refused (is_good, error, bad[i]);
    }
}

static void
test_timeouts (void)
{
  const guint good[] = { 0, 1, 10, 25000, DBR_MAX_TIMEOUT_MS };
  const guint bad[] = { DBR_MAX_TIMEOUT_MS + 1, G_MAXINT, G_MAXUINT };

  g_test_summary ("A time limit is at most a day; the error names which it is, and how long");

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (dbr_check_timeout ("timeout-ms", good[i], NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *named = g_strdup_printf ("%u ms", bad[i]);
      gboolean is_good = dbr_check_timeout ("timeout-ms", bad[i], &error);

      assert_refused (is_good, error, "timeout-ms");
      assert_refused (is_good, error, named);
    }
}

static GLogWriterOutput
count_messages_cb (GLogLevelFlags   log_level,
                   const GLogField *fields,
                   gsize            n_fields,
                   gpointer         user_data)
{
  guint *n_messages = user_data;

  g_assert_cmpint (log_level & G_LOG_LEVEL_MASK, ==, G_LOG_LEVEL_MESSAGE);
  (*n_messages)++;

  return G_LOG_WRITER_HANDLED;
}

static void
test_short_timeouts (void)
{
  static guint n_messages = 0;

  g_test_summary ("A limit under ten milliseconds is asked about in the log, once a process");

  if (g_test_subprocess ())
    {
      g_log_set_writer_func (count_messages_cb, &n_messages, NULL);
      dbr_check_short_timeout ("timeout-ms", 0);
      dbr_check_short_timeout ("timeout-ms", 10);
      dbr_check_short_timeout ("timeout-ms", 5000);
      g_assert_cmpuint (n_messages, ==, 0);
      dbr_check_short_timeout ("timeout-ms", 9);
      g_assert_cmpuint (n_messages, ==, 1);
      dbr_check_short_timeout ("timeout-ms", 1);
      g_assert_cmpuint (n_messages, ==, 1);
      return;
    }

  g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/check/bus-names", test_bus_names);
  g_test_add_func ("/dbr/check/object-paths", test_object_paths);
  g_test_add_func ("/dbr/check/interface-names", test_interface_names);
  g_test_add_func ("/dbr/check/member-names", test_member_names);
  g_test_add_func ("/dbr/check/text-that-is-not-utf8", test_text_that_is_not_utf8);
  g_test_add_func ("/dbr/check/plain-parameters", test_plain_parameters);
  g_test_add_func ("/dbr/check/parameters-that-are-no-tuple", test_parameters_that_are_no_tuple);
  g_test_add_func ("/dbr/check/maybe-types", test_maybe_types);
  g_test_add_func ("/dbr/check/damaged-parameters", test_damaged_parameters);
  g_test_add_func ("/dbr/check/handles", test_handles);
  g_test_add_func ("/dbr/check/long-signatures", test_long_signatures);
  g_test_add_func ("/dbr/check/odd-parts", test_odd_parts);
  g_test_add_func ("/dbr/check/deep-nesting", test_deep_nesting);
  g_test_add_func ("/dbr/check/values", test_values);
  g_test_add_func ("/dbr/check/reply-types", test_reply_types);
  g_test_add_func ("/dbr/check/timeouts", test_timeouts);
  g_test_add_func ("/dbr/check/short-timeouts", test_short_timeouts);

  return g_test_run ();
}
