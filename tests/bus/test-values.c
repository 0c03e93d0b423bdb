/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include "dbr-scene.h"

/* What is sent arrives, and what cannot be sent is refused by name before anything is. */

static void
test_all_types (void)
{
  static const char *const values[] = {
    "(byte 0x7f, true, int16 -3, uint16 3, -70000, uint32 70000)",
    "(int64 -9000000000, uint64 18000000000000000000, 2.5, 'text ☃', objectpath '/a/b', signature 'a{sv}')",
    "([1, 2, 3], @as [], {'key': <'value'>, 'other': <uint32 7>}, @a{sv} {}, (1, ('deep', [true])))",
    "(<<<'nested'>>>, [<1>, <'two'>], @a(yx) [], b'bytes \\xff\\xfe')",
    "()",
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("Values of all D-Bus types come back as they went");
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) value = g_variant_parse (NULL, values[i], NULL, NULL, &error);
      g_autoptr(GVariant) reply = NULL;

      g_assert_no_error (error);
      reply = dbr_client_call_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                                    value, g_variant_get_type (value), 5000, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpvariant (reply, value);
    }
}

static void
test_large_body (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  gsize size = 30 * 1024 * 1024;
  g_autofree guchar *bytes = g_malloc (size);
  g_autoptr(GVariant) sent = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A body of 30 MiB that is no text goes both ways");
  for (gsize i = 0; i < size; i++)
    bytes[i] = (guchar) (i * 31 + 0x80);
  sent = g_variant_ref_sink (g_variant_new ("(@ay)",
                                            g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1)));
  reply = dbr_client_call_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", sent,
                                G_VARIANT_TYPE ("(ay)"), 20000, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_variant_get_data (reply), g_variant_get_size (reply), bytes, size);
}

static int
new_pipe_with (const char *text)
{
  int ends[2];

  g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
  g_assert_cmpint (write (ends[1], text, strlen (text)), ==, strlen (text));
  close (ends[1]);

  return ends[0];
}

static void
test_descriptors (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GUnixFDList) fd_list = g_unix_fd_list_new ();
  g_autoptr(DbrCall) give = NULL;
  g_autoptr(DbrCall) take = NULL;
  g_auto(Outcome) given = { NULL };
  g_auto(Outcome) taken = { NULL };
  g_autoptr(GError) error = NULL;
  int fd = new_pipe_with ("from here");
  int handle;
  char buffer[32] = "";

  g_test_summary ("File descriptors pass both ways");
  handle = g_unix_fd_list_append (fd_list, fd, &error);
  g_assert_no_error (error);
  close (fd);
  give = scene_call_new ("ReadFd", g_variant_new ("(h)", handle), 5000);
  dbr_call_set_fd_list (give, fd_list);
  scene_run_sync (scene->client, give, NULL, &given);
  g_assert_no_error (given.error);
  g_assert_cmpmem (g_variant_get_data (given.reply), g_variant_get_size (given.reply), "from here", 9);

  take = scene_call_new ("MakeFd", g_variant_new ("(s)", "from there"), 5000);
  scene_run_sync (scene->client, take, NULL, &taken);
  g_assert_no_error (taken.error);
  g_assert_cmpint (g_unix_fd_list_get_length (dbr_call_get_reply_fd_list (take)), ==, 1);
  fd = g_unix_fd_list_get (dbr_call_get_reply_fd_list (take), 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (read (fd, buffer, sizeof buffer), ==, strlen ("from there"));
  g_assert_cmpstr (buffer, ==, "from there");
  close (fd);
}

typedef struct
{
  const char *bus_name;
  const char *object_path;
  const char *interface_name;
  const char *method_name;
  const char *parameters;
  guint       timeout_ms;
  const char *named;
} BadCall;

static void
test_bad_arguments (void)
{
  static const BadCall rows[] = {
    { "nodots", "/", "org.a.B", "M", "()", 0, "nodots" },
    { "", "/", "org.a.B", "M", "()", 0, "“”" },
    { "org.a.B\n", "/", "org.a.B", "M", "()", 0, "org.a.B\n" },
    { "org.1a.B", "/", "org.a.B", "M", "()", 0, "org.1a.B" },
    { NULL, "/", "org.a.B", "M", "()", 0, "bus name" },
    { "org.a.B", "a", "org.a.B", "M", "()", 0, "“a”" },
    { "org.a.B", "/a/", "org.a.B", "M", "()", 0, "/a/" },
    { "org.a.B", "", "org.a.B", "M", "()", 0, "object path" },
    { "org.a.B", "/", "B", "M", "()", 0, "“B”" },
    { "org.a.B", "/", "org.a-b.B", "M", "()", 0, "org.a-b.B" },
    { "org.a.B", "/", "org.a.B", "M.N", "()", 0, "M.N" },
    { "org.a.B", "/", "org.a.B", "1M", "()", 0, "1M" },
    { "org.a.B", "/", "org.a.B", "", "()", 0, "member" },
    { "org.a.B", "/", "org.a.B", "M", "'text'", 0, "“s”" },
    { "org.a.B", "/", "org.a.B", "M", "(just 'maybe',)", 0, "(ms)" },
    { "org.a.B", "/", "org.a.B", "M", "(@mi nothing,)", 0, "(mi)" },
    { "org.a.B", "/", "org.a.B", "M", "(handle 3,)", 0, "3" },
    { "org.a.B", "/", "org.a.B", "M", "(signature 'i{sv}',)", 0, "(i{sv})" },
    { "org.a.B", "/", "org.a.B", "M", "(<{'a', 1}>, ())", 0, "(v())" },
    { "org.a.B", "/", "org.a.B", "M", "()", 86400001, "86400001" },
    { "org.a.B", "/", "org.a.B", "M", "()", G_MAXUINT, "4294967295" },
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("A bad value is refused with an error that names it, and the connection lives on");
  scene_assert_answers (scene->client);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) parameters = g_variant_parse (NULL, rows[i].parameters, NULL, NULL, &error);
      g_autoptr(GVariant) reply = NULL;

      g_assert_no_error (error);
      reply = dbr_client_call_sync (scene->client, rows[i].bus_name, rows[i].object_path,
                                    rows[i].interface_name, rows[i].method_name, parameters, NULL,
                                    rows[i].timeout_ms, NULL, &error);
      g_assert_null (reply);
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      if (strstr (error->message, rows[i].named) == NULL)
        g_error ("Row %" G_GSIZE_FORMAT ": “%s” does not name %s", i, error->message, rows[i].named);
    }
  scene_assert_answers (scene->client);
}

static void
assert_refused (Scene      *scene,
                GVariant   *parameters,
                const char *named)
{
  g_autoptr(DbrCall) call = scene_call_new ("Echo", parameters, 10000);
  g_auto(Outcome) outcome = { NULL };

  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  if (strstr (outcome.error->message, named) == NULL)
    g_error ("“%s” does not name %s", outcome.error->message, named);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
}

static void
test_bad_names (void)
{
  static const struct
  {
    const char *operation;
    const char *success_errors[3];
    const char *named;
  } rows[] = {
    { "", { NULL }, "empty" },
    { "\xff", { NULL }, "UTF-8" },
    { NULL, { "no name", NULL }, "“no name”" },
    { NULL, { "org.example.Error.Done", "", NULL }, "“”" },
  };
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);

  g_test_summary ("What a call goes by has names too, and one that is none is refused");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 0);
      g_auto(Outcome) outcome = { NULL };

      dbr_call_set_operation (call, rows[i].operation);
      dbr_call_set_success_errors (call, rows[i].success_errors);
      scene_run_sync (scene->client, call, NULL, &outcome);
      g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      if (strstr (outcome.error->message, rows[i].named) == NULL)
        g_error ("“%s” does not name %s", outcome.error->message, rows[i].named);
    }
  scene_assert_answers (scene->client);
  g_assert_cmpuint (dbr_test_peer_count (scene->peer, "Echo"), ==, 1);
}

static void
test_bad_bodies (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GBytes) not_text = g_bytes_new_static ("\xff\xfe", 3);
  g_autofree guchar *bytes = NULL;
  GVariantBuilder builder;
  GVariant *value;
  const char *unique_name;

  g_test_summary ("A body that D-Bus cannot carry is refused before it is sent");
  scene_assert_answers (scene->client);
  unique_name = dbr_client_get_unique_name (scene->client);

  value = g_variant_new_from_bytes (G_VARIANT_TYPE_STRING, not_text, FALSE);
  assert_refused (scene, g_variant_new_tuple (&value, 1), "(s)");

  g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
  for (guint i = 0; i < 300; i++)
    g_variant_builder_add (&builder, "u", i);
  assert_refused (scene, g_variant_builder_end (&builder), "255");

  /* More than the 32 MiB of a system bus. */
  bytes = g_malloc0 (33 * 1024 * 1024);
  value = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, 33 * 1024 * 1024, 1);
  assert_refused (scene, g_variant_new_tuple (&value, 1), "33554432");

  /* Less than a quarter of that as GVariant has it, and more on the wire, where each takes eight
   * bytes. */
  value = g_variant_new_from_data (G_VARIANT_TYPE ("a(y)"), bytes, 5 * 1024 * 1024, TRUE, NULL, NULL);
  assert_refused (scene, g_variant_new_tuple (&value, 1), "33554432");

  scene_assert_answers (scene->client);
  g_assert_cmpstr (dbr_client_get_unique_name (scene->client), ==, unique_name);
}

static void
test_too_many_descriptors (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GUnixFDList) fd_list = g_unix_fd_list_new ();
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) outcome = { NULL };
  int fd = new_pipe_with ("");

  g_test_summary ("More descriptors than the bus takes are refused before they are sent");
  for (guint i = 0; i < 17; i++)
    g_unix_fd_list_append (fd_list, fd, NULL);
  close (fd);
  dbr_call_set_fd_list (call, fd_list);
  scene_run_sync (scene->client, call, NULL, &outcome);
  g_assert_error (outcome.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (outcome.error->message, "17"));
  g_assert_nonnull (strstr (outcome.error->message, "16"));
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_NEVER);
  scene_assert_answers (scene->client);
}

static void
test_bad_type_of_reply (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;

  g_test_summary ("A reply type that is no tuple could never fit, and is refused");
  reply = dbr_client_call_sync (scene->client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL,
                                G_VARIANT_TYPE ("s"), 0, NULL, &error);
  g_assert_null (reply);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_second_run (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  g_auto(Outcome) first = { NULL };
  g_auto(Outcome) second = { NULL };

  g_test_summary ("A call is run once; running it again is refused and changes nothing of it");
  scene_run_sync (scene->client, call, NULL, &first);
  g_assert_no_error (first.error);
  scene_run_async (scene->client, call, NULL, &second);
  scene_wait (&second);
  g_assert_error (second.error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (dbr_call_get_execution (call), ==, DBR_EXECUTION_ONCE);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/values/all-types-round-trip", test_all_types);
  g_test_add_func ("/dbr/values/thirty-mebibytes", test_large_body);
  g_test_add_func ("/dbr/values/descriptors-pass-both-ways", test_descriptors);
  g_test_add_func ("/dbr/values/bad-arguments-are-named", test_bad_arguments);
  g_test_add_func ("/dbr/values/bad-names-are-refused", test_bad_names);
  g_test_add_func ("/dbr/values/bad-bodies-are-refused", test_bad_bodies);
  g_test_add_func ("/dbr/values/too-many-descriptors-are-refused", test_too_many_descriptors);
  g_test_add_func ("/dbr/values/a-bad-reply-type-is-refused", test_bad_type_of_reply);
  g_test_add_func ("/dbr/values/a-call-is-run-once", test_second_run);

  return g_test_run ();
}
