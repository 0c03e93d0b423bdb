/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-fuzz.h"
#include "dbr-wire-bytes.h"

/* One message: what is taken must be in GVariant's normal form, and must come out again as it was.
 * Its texts lie in it, end within it, and are names of the kind that they should be. */

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

static void
check_texts (const DbrWireMessage *message)
{
  const char *const *texts = message->header.texts;

  for (guint i = 0; i < DBR_WIRE_N_FIELDS; i++)
    {
      const guchar *text = (const guchar *) texts[i];

      if (text != NULL && i != DBR_WIRE_FIELD_SIGNATURE)
        g_assert_true (text > message->bytes
                       && text + strlen (texts[i]) < message->bytes + message->size);
    }
  g_assert_true (texts[DBR_WIRE_FIELD_PATH] == NULL
                 || g_variant_is_object_path (texts[DBR_WIRE_FIELD_PATH]));
  g_assert_true (texts[DBR_WIRE_FIELD_MEMBER] == NULL
                 || g_dbus_is_member_name (texts[DBR_WIRE_FIELD_MEMBER]));
  g_assert_true (texts[DBR_WIRE_FIELD_SENDER] == NULL
                 || g_dbus_is_name (texts[DBR_WIRE_FIELD_SENDER]));
}

/* The first argument, which is looked for without reading all of them. */
static void
check_arg0 (DbrMessage *message,
            GVariant   *body)
{
  char kind = 0;
  char kind_in_body = 0;

  const char *arg0 = dbr_message_get_arg0 (message, &kind);

  g_assert_cmpstr (arg0, ==, dbr_message_find_arg0 (body, &kind_in_body));
  g_assert_true (arg0 == NULL || kind == kind_in_body);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  const char *fault = NULL;
  g_autoptr(DbrWireMessage) message = bytes_read (data, size, &fault);
  g_autoptr(GVariant) body = NULL;

  g_assert_true ((message != NULL) == (fault == NULL));
  if (message == NULL)
    return 0;

  body = dbr_message_dup_body (&message->message);
  check_texts (message);
  check_arg0 (&message->message, body);
  check_normal_form (body);
  check_again (body);

  return 0;
}
