/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-wire-bytes.h"

/* One message: what is taken must be in GVariant's normal form, and must come out again as it was. */

int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize         size);

static void
check_normal_form (GVariant *body)
{
  g_autofree guchar *copy = g_memdup2 (g_variant_get_data (body), g_variant_get_size (body));
  g_autoptr(GVariant) untrusted = NULL;

  untrusted = g_variant_new_from_data (g_variant_get_type (body), copy, g_variant_get_size (body),
                                       FALSE, NULL, NULL);
  g_variant_ref_sink (untrusted);
  g_assert_true (g_variant_is_normal_form (untrusted));
}

static void
check_again (GVariant *body)
{
  g_autoptr(GBytes) bytes = bytes_write_values (body);
  const char *fault = NULL;
  g_autoptr(DbrWireMessage) message = bytes_read (g_bytes_get_data (bytes, NULL),
                                                  g_bytes_get_size (bytes), &fault);
  g_autoptr(GVariant) again = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  again = dbr_message_dup_body (&message->message);
  bytes_assert_same (body, again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  const char *fault = NULL;
  g_autoptr(DbrWireMessage) message = bytes_read (data, size, &fault);
  g_autoptr(GVariant) body = NULL;

  if (message == NULL)
    return 0;

  body = dbr_message_dup_body (&message->message);
  check_normal_form (body);
  check_again (body);

  return 0;
}
