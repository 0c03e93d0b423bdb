/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notify-frame-private.h"

#include <string.h>

static void
test_pieces (void)
{
  g_autoptr(GBytes) first = dbr_notify_frame_pack ("invoked", g_variant_new ("(us)", 7, "again"));
  g_autoptr(GBytes) second = dbr_notify_frame_pack ("start", g_variant_new ("()"));
  g_autoptr(GByteArray) all = g_byte_array_new ();
  g_autoptr(GByteArray) received = g_byte_array_new ();
  g_autoptr(GString) heard = g_string_new (NULL);
  gboolean is_broken;

  g_test_summary ("Frames come out whole and in order, in whatever pieces they come in");

  g_byte_array_append (all, g_bytes_get_data (first, NULL), (guint) g_bytes_get_size (first));
  g_byte_array_append (all, g_bytes_get_data (second, NULL), (guint) g_bytes_get_size (second));
  for (guint i = 0; i < all->len; i++)
    {
      g_autofree char *kind = NULL;
      g_autoptr(GVariant) body = NULL;

      g_byte_array_append (received, all->data + i, 1);
      if (dbr_notify_frame_take (received, &kind, &body, &is_broken))
        {
          g_autofree char *printed = g_variant_print (body, FALSE);

          g_string_append_printf (heard, "%s %s;", kind, printed);
        }
      g_assert_false (is_broken);
    }
  g_assert_cmpstr (heard->str, ==, "invoked (7, 'again');start ();");
  g_assert_cmpuint (received->len, ==, 0);
}

static void
assert_broken (const void *data,
               guint       size)
{
  g_autoptr(GByteArray) received = g_byte_array_new ();
  g_autofree char *kind = NULL;
  g_autoptr(GVariant) body = NULL;
  gboolean is_broken;

  g_byte_array_append (received, data, size);
  g_assert_false (dbr_notify_frame_take (received, &kind, &body, &is_broken));
  g_assert_true (is_broken);
}

static void
test_broken (void)
{
  static const guint32 huge = G_MAXUINT32;
  static const guint8 garbage[] = { 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };

  g_test_summary ("What is no frame, or none of ours, is told apart from one that is not whole yet");

  assert_broken (&huge, sizeof huge);
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    assert_broken (garbage, sizeof garbage);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/notify-frame/pieces", test_pieces);
  g_test_add_func ("/dbr/notify-frame/broken", test_broken);

  return g_test_run ();
}
