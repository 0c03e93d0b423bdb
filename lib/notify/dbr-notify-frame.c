/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notify-frame-private.h"

#include <string.h>

/* Twice what hints may have, and much more than all the rest. */
#define MAX_SIZE (8u * 1024 * 1024)

GBytes *
dbr_notify_frame_pack (const char *kind,
                       GVariant   *body)
{
  g_autoptr(GVariant) frame = g_variant_ref_sink (g_variant_new ("(sv)", kind, body));
  guint32 size = (guint32) g_variant_get_size (frame);
  GByteArray *packed = g_byte_array_sized_new (sizeof size + size);

  g_byte_array_append (packed, (const guint8 *) &size, sizeof size);
  g_byte_array_append (packed, g_variant_get_data (frame), size);

  return g_byte_array_free_to_bytes (packed);
}

gboolean
dbr_notify_frame_take (GByteArray  *received,
                       char       **kind,
                       GVariant   **body,
                       gboolean    *is_broken)
{
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GVariant) frame = NULL;
  guint32 size = 0;

  if (received->len >= sizeof size)
    memcpy (&size, received->data, sizeof size);
  *is_broken = size > MAX_SIZE;
  if (*is_broken || received->len < sizeof size + MAX (size, 1))
    return FALSE;

  bytes = g_bytes_new (received->data + sizeof size, size);
  frame = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE ("(sv)"), bytes, FALSE));
  g_byte_array_remove_range (received, 0, (guint) sizeof size + size);
  *is_broken = !g_variant_is_normal_form (frame);
  if (*is_broken)
    return FALSE;

  g_variant_get (frame, "(sv)", kind, body);

  return TRUE;
}
