/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbr-fuzz.h"
#include "notify/dbr-notify-frame-private.h"

/* What a program and its helper say to each other, in whatever pieces. A frame that is taken can be
 * packed, and comes out again as it was. */

static void
check_again (const char *kind,
             GVariant   *body)
{
  g_autoptr(GBytes) packed = dbr_notify_frame_pack (kind, body);
  g_autoptr(GByteArray) received = g_byte_array_new ();
  g_autofree char *kind_again = NULL;
  g_autoptr(GVariant) body_again = NULL;
  gboolean is_broken;

  g_byte_array_append (received, g_bytes_get_data (packed, NULL), (guint) g_bytes_get_size (packed));
  g_assert_true (dbr_notify_frame_take (received, &kind_again, &body_again, &is_broken));
  g_assert_cmpuint (received->len, ==, 0);
  g_assert_cmpstr (kind_again, ==, kind);
  g_assert_cmpvariant (body_again, body);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  gsize piece = 1 + fuzz_take_byte (&input);
  g_autoptr(GByteArray) received = g_byte_array_new ();
  gboolean is_broken = FALSE;

  for (gsize at = 0; at < input.size && !is_broken; at += piece)
    {
      gboolean is_taken = TRUE;

      g_byte_array_append (received, input.data + at, (guint) MIN (piece, input.size - at));
      while (is_taken)
        {
          g_autofree char *kind = NULL;
          g_autoptr(GVariant) body = NULL;

          is_taken = dbr_notify_frame_take (received, &kind, &body, &is_broken);
          g_assert_true (is_taken == (kind != NULL && body != NULL));
          g_assert_false (is_taken && is_broken);
          if (is_taken)
            check_again (kind, body);
        }
    }

  return 0;
}
