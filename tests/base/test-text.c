/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include <gio/gio.h>

#include "base/dbr-text-private.h"

/* What is a name is held against what GLib takes for one. */

#define N_NAMES 300000
#define MAX_LENGTH 10

static void
make_text (char       *text,
           const char *letters)
{
  int length = g_test_rand_int_range (0, MAX_LENGTH);

  for (int i = 0; i < length; i++)
    text[i] = letters[g_test_rand_int_range (0, (gint32) strlen (letters))];
  text[length] = '\0';
}

static void
assert_same (const char *text,
             gboolean    ours,
             gboolean    of_glib)
{
  if (ours != of_glib)
    g_error ("“%s” is %s", text, ours ? "taken, but not by GLib" : "refused, but not by GLib");
}

static void
test_names (void)
{
  char text[MAX_LENGTH];

  g_test_summary ("Names and paths are what GLib takes for them, but that nothing follows a colon at once");
  for (guint i = 0; i < N_NAMES; i++)
    {
      gsize length;

      make_text (text, "aZ_09.:-/\xc3");
      length = strlen (text);
      assert_same (text, dbr_text_is_interface_name (text, length), g_dbus_is_interface_name (text));
      assert_same (text, dbr_text_is_member_name (text, length), g_dbus_is_member_name (text));
      assert_same (text, dbr_text_is_object_path (text, length), g_variant_is_object_path (text));
      if (g_str_has_prefix (text, ":."))
        g_assert_false (dbr_text_is_bus_name (text, length));
      else
        assert_same (text, dbr_text_is_bus_name (text, length), g_dbus_is_name (text));
    }
}

static void
test_utf8 (void)
{
  char text[MAX_LENGTH];

  g_test_summary ("Text is UTF-8 where GLib says so, and has no zero in it");
  for (guint i = 0; i < N_NAMES; i++)
    {
      gsize length;

      make_text (text, "ab\x7f\x80\xa9\xbf\xc3\xe2\xed\xf0\xff");
      length = strlen (text);
      assert_same (text, dbr_text_is_utf8 (text, length), g_utf8_validate (text, -1, NULL));
    }

  /* In each place of a word that is looked at at once. */
  for (gsize i = 0; i < 16; i++)
    {
      char word[17] = "sixteen letters!";

      g_assert_true (dbr_text_is_utf8 (word, 16));
      word[i] = '\0';
      g_assert_false (dbr_text_is_utf8 (word, 16));
      word[i] = '\xff';
      g_assert_false (dbr_text_is_utf8 (word, 16));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/text/names", test_names);
  g_test_add_func ("/dbr/text/utf8", test_utf8);

  return g_test_run ();
}
