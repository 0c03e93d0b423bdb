/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/dbr-error.h"
#include "dbr-fuzz.h"
#include "dbrctl-text-private.h"

/* What a service says and a person reads in a terminal: the name and the text of an error. Nothing in
 * it acts on the terminal, its columns are as many as are told, and JSON says the same. */

static void
check_clean (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      GUnicodeType type = g_unichar_type (g_utf8_get_char (at));

      g_assert_cmpint (type, !=, G_UNICODE_CONTROL);
      g_assert_cmpint (type, !=, G_UNICODE_LINE_SEPARATOR);
      g_assert_cmpint (type, !=, G_UNICODE_PARAGRAPH_SEPARATOR);
    }
}

static void
check_columns (const char *text,
               guint       width)
{
  g_autofree char *cut = dbrctl_text_cut (text, width);
  g_auto(GStrv) lines = dbrctl_text_wrap (text, width);

  g_assert_cmpuint (dbrctl_text_width (cut), <=, width);
  g_assert_true (g_utf8_validate (cut, -1, NULL));
  if (dbrctl_text_width (text) <= width)
    g_assert_cmpstr (cut, ==, text);
  for (guint i = 0; lines[i] != NULL && width > 0; i++)
    g_assert_true (dbrctl_text_width (lines[i]) <= width || strchr (lines[i], ' ') == NULL);
}

/* Cleaned once the generator is done with it, as the command does. */
static void
check_json (const char *text)
{
  g_autoptr(JsonNode) node = json_node_init_string (json_node_alloc (), text);
  g_autofree char *json = json_to_string (node, FALSE);
  g_autofree char *cleaned = dbrctl_text_clean_json (json);
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) read = json_from_string (cleaned, &error);

  check_clean (cleaned);
  g_assert_no_error (error);
  g_assert_cmpstr (json_node_get_string (read), ==, text);
}

static void
check_explanation (const char *name,
                   const char *message)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *explained = NULL;

  if (!g_dbus_is_interface_name (name) || !g_utf8_validate (message, -1, NULL))
    return;

  error = g_dbus_error_new_for_dbus_error (name, message);
  explained = dbr_error_explain (error);
  fuzz_assert_shown (explained);
  for (const char *c = explained; *c != '\0'; c++)
    g_assert_false (g_ascii_iscntrl (*c));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  guint width = fuzz_take_byte (&input);
  g_autofree char *name = fuzz_take_line (&input);
  gsize length;
  g_autofree char *text = fuzz_take_text (&input, &length);
  g_autofree char *cleaned = dbrctl_text_clean (text);
  g_autofree char *cleaned_again = dbrctl_text_clean (cleaned);

  check_clean (cleaned);
  g_assert_cmpstr (cleaned_again, ==, cleaned);
  check_columns (cleaned, width);
  if (g_utf8_validate (text, -1, NULL))
    check_json (text);
  if (name != NULL)
    check_explanation (name, text);

  return 0;
}
