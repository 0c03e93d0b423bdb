/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-text-private.h"
#include "bus/wire/dbr-wire-signature-private.h"
#include "dbr-fuzz.h"

/* Names, paths, texts and signatures, as GLib has them too: what one takes, the other takes. What a
 * signature is measured to be is what GVariant makes of it. */

static void
check_names (const char *text,
             gsize       length)
{
  gboolean is_whole = strlen (text) == length;

  g_assert_true (dbr_text_is_utf8 (text, length) == (is_whole && g_utf8_validate (text, -1, NULL)));
  g_assert_true (dbr_text_is_object_path (text, length)
                 == (is_whole && g_variant_is_object_path (text)));
  g_assert_true (dbr_text_is_interface_name (text, length)
                 == (is_whole && g_dbus_is_interface_name (text)));
  g_assert_true (dbr_text_is_member_name (text, length)
                 == (is_whole && length <= 255 && g_dbus_is_member_name (text)));
  /* GLib takes a unique name with an empty part, which the specification does not. */
  g_assert_true (dbr_text_is_bus_name (text, length) == (is_whole && g_dbus_is_name (text))
                 || (*text == ':' && !dbr_text_is_bus_name (text, length)));
}

/* Zeros are a value of each type of one size, if they are as many as it has. */
static void
check_type (const DbrWireSignature *signature,
            const char             *text,
            guint                   at)
{
  const DbrWireType *type = &signature->types[at];
  g_autofree char *one = g_strndup (text + at, type->span);
  guint8 zeros[8 * DBR_WIRE_MAX_SIGNATURE] __attribute__ ((aligned (8))) = { 0 };
  g_autoptr(GVariant) value = NULL;

  g_assert_cmpint (type->code, ==, text[at]);
  g_assert_true (g_variant_type_string_is_valid (one) || *one == '{');
  if (type->fixed_size == 0)
    return;

  g_assert_cmpuint (type->fixed_size, <=, sizeof zeros);
  value = g_variant_new_from_data (G_VARIANT_TYPE (one), zeros, type->fixed_size, FALSE, NULL, NULL);
  g_variant_ref_sink (value);
  g_assert_true (g_variant_is_normal_form (value));
}

/* An entry of a dictionary that is in no array. */
static gboolean
has_bare_entry (const char *text)
{
  for (gsize i = 0; text[i] != '\0'; i++)
    {
      if (text[i] == '{' && (i == 0 || text[i - 1] != 'a'))
        return TRUE;
    }

  return FALSE;
}

static void
check_signature (const char *text,
                 gsize       length)
{
  DbrWireSignature signature;
  const char *fault = dbr_wire_signature_parse (&signature, text, length);
  guint n_single = 0;

  if (strlen (text) != length)
    {
      g_assert_nonnull (fault);
      return;
    }

  /* GLib counts arrays and structures within each other together, and takes structures of nothing
   * and entries of no dictionary. */
  g_assert_true (fault != NULL || g_variant_is_signature (text));
  g_assert_true (fault == NULL || !g_variant_is_signature (text) || length > 32
                 || strstr (text, "()") != NULL || has_bare_entry (text));
  if (fault != NULL)
    return;

  for (guint at = 0; at < length; at += signature.types[at].span, n_single++)
    check_type (&signature, text, at);
  g_assert_true (dbr_wire_signature_is_single (&signature) == (n_single == 1));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  gsize length;
  g_autofree char *text = fuzz_take_text (&input, &length);

  check_names (text, length);
  check_signature (text, length);

  return 0;
}
