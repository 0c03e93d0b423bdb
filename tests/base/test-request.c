/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-request-private.h"

#include <string.h>

#include <gio/gunixfdlist.h>

#include "base/dbr-check-private.h"
#include "base/dbr-error.h"

static void
test_keeps_copies (void)
{
  char bus_name[] = "org.example.Player";
  char object_path[] = "/org/example";
  char interface_name[] = "org.example.Player";
  char method_name[] = "Seek";
  g_autoptr(GVariantType) reply_type = g_variant_type_new ("(b)");
  g_autoptr(DbrRequest) request = dbr_request_new (bus_name, object_path, interface_name,
                                                   method_name, NULL, reply_type);

  g_test_summary ("A request keeps what it was made with, whatever becomes of that");

  memset (bus_name, 'x', sizeof (bus_name));
  memset (object_path, 'x', sizeof (object_path));
  memset (interface_name, 'x', sizeof (interface_name));
  memset (method_name, 'x', sizeof (method_name));
  g_clear_pointer (&reply_type, g_variant_type_free);

  g_assert_cmpstr (request->bus_name, ==, "org.example.Player");
  g_assert_cmpstr (request->object_path, ==, "/org/example");
  g_assert_cmpstr (request->interface_name, ==, "org.example.Player");
  g_assert_cmpstr (request->method_name, ==, "Seek");
  g_assert_true (g_variant_type_equal (request->reply_type, G_VARIANT_TYPE ("(b)")));
}

static void
test_has_plain_defaults (void)
{
  g_autoptr(DbrRequest) request = dbr_request_new (NULL, "/", "a.b", "C", NULL, NULL);

  g_test_summary ("A request asks for nothing out of the ordinary by itself");

  g_assert_null (request->bus_name);
  g_assert_null (request->operation);
  g_assert_null (request->parameters);
  g_assert_null (request->reply_type);
  g_assert_null (request->fd_list);
  g_assert_null (request->success_errors);
  g_assert_cmpuint (request->timeout_ms, ==, 0);
  g_assert_cmpuint (request->attempt_timeout_ms, ==, 0);
  g_assert_false (request->is_idempotent);
  g_assert_false (request->is_interactive);
  g_assert_true (request->is_auto_start);
  g_assert_false (request->is_background);
  g_assert_false (request->is_bypassing_circuit);
}

static void
set_flag_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
test_frees_with_its_last_reference (void)
{
  gboolean is_freed = FALSE;
  g_autoptr(GBytes) bytes = g_bytes_new_with_free_func ("a", 2, set_flag_cb, &is_freed);
  GUnixFDList *fd_list = g_unix_fd_list_new ();
  const char *errors[] = { "a.b", NULL };
  GVariant *text = g_variant_new_from_bytes (G_VARIANT_TYPE_STRING, bytes, TRUE);
  DbrRequest *request = dbr_request_new ("a.b", "/", "a.b", "C", g_variant_new_tuple (&text, 1),
                                         NULL);

  g_test_summary ("Floating parameters belong to the request, and go with its last reference as "
                  "everything else");

  g_clear_pointer (&bytes, g_bytes_unref);
  request->success_errors = g_strdupv ((GStrv) errors);
  request->fd_list = fd_list;
  g_object_add_weak_pointer (G_OBJECT (fd_list), (gpointer *) &fd_list);

  g_assert_true (dbr_request_ref (request) == request);
  dbr_request_unref (request);
  g_assert_false (is_freed);
  g_assert_nonnull (fd_list);

  dbr_request_unref (request);
  g_assert_true (is_freed);
  g_assert_null (fd_list);
}

static void
test_names_itself (void)
{
  g_autoptr(DbrRequest) request = dbr_request_new (NULL, "/", "a.b", "C", NULL, NULL);
  g_autofree char *title = dbr_request_dup_title (request);

  g_test_summary ("In messages a request is called interface and method");

  g_assert_cmpstr (title, ==, "a.b.C");
}

static void
test_may_go_to_a_peer_without_a_name (void)
{
  g_autoptr(DbrRequest) nameless = dbr_request_new (NULL, "/", "a.b", "C", NULL, NULL);
  g_autoptr(DbrRequest) named = dbr_request_new ("a.b", "/", "a.b", "C", NULL, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Without a bus a request needs no name; on a bus it does");

  g_assert_true (dbr_request_check (named, TRUE, NULL));
  g_assert_true (dbr_request_check (named, FALSE, NULL));
  g_assert_true (dbr_request_check (nameless, FALSE, NULL));
  g_assert_false (dbr_request_check (nameless, TRUE, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_tells_what_is_wrong (void)
{
  const struct
  {
    const char *parts[4];
    const char *parameters;
    const char *reply_type;
    guint       timeout_ms;
    guint       attempt_timeout_ms;
    const char *named;
  } cases[] = {
    { { "no-name", "/", "a.b", "C" }, "()", NULL, 0, 0, "“no-name”" },
    { { "a.b", "no/path", "a.b", "C" }, "()", NULL, 0, 0, "“no/path”" },
    { { "a.b", NULL, "a.b", "C" }, "()", NULL, 0, 0, "NULL" },
    { { "a.b", "/", "interface", "C" }, "()", NULL, 0, 0, "“interface”" },
    { { "a.b", "/", NULL, "C" }, "()", NULL, 0, 0, "NULL" },
    { { "a.b", "/", "a.b", "no-member" }, "()", NULL, 0, 0, "“no-member”" },
    { { "a.b", "/", "a.b", NULL }, "()", NULL, 0, 0, "NULL" },
    { { "a.b", "/", "a.b", "C" }, "'text'", NULL, 0, 0, "“s”" },
    { { "a.b", "/", "a.b", "C" }, "(handle 0,)", NULL, 0, 0, "descriptor 0" },
    { { "a.b", "/", "a.b", "C" }, "()", "as", 0, 0, "“as”" },
    { { "a.b", "/", "a.b", "C" }, "()", NULL, DBR_MAX_TIMEOUT_MS + 1, 0, "“timeout-ms”" },
    { { "a.b", "/", "a.b", "C" }, "()", NULL, 0, G_MAXUINT, "“attempt-timeout-ms”" },
  };

  g_test_summary ("A request that cannot be sent is refused by an error that names the bad value");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(DbrRequest) request =
        dbr_request_new (cases[i].parts[0], cases[i].parts[1], cases[i].parts[2],
                         cases[i].parts[3], g_variant_new_parsed (cases[i].parameters),
                         (const GVariantType *) cases[i].reply_type);

      request->timeout_ms = cases[i].timeout_ms;
      request->attempt_timeout_ms = cases[i].attempt_timeout_ms;
      g_assert_false (dbr_request_check (request, TRUE, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, cases[i].named));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/request/keeps-copies", test_keeps_copies);
  g_test_add_func ("/dbr/request/has-plain-defaults", test_has_plain_defaults);
  g_test_add_func ("/dbr/request/frees-with-its-last-reference",
                   test_frees_with_its_last_reference);
  g_test_add_func ("/dbr/request/names-itself", test_names_itself);
  g_test_add_func ("/dbr/request/may-go-to-a-peer-without-a-name",
                   test_may_go_to_a_peer_without_a_name);
  g_test_add_func ("/dbr/request/tells-what-is-wrong", test_tells_what_is_wrong);

  return g_test_run ();
}
