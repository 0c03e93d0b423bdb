/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-check-private.h"
#include "dbr-fuzz.h"
#include "dbr-wire-bytes.h"

/* Parameters on their way out, of any type and any value. What was found good is written, and is read
 * again as it was, by libdbr and by GDBus. */

/* In normal form, as whoever calls has made sure of. */
static GVariant *
take_body (FuzzInput *input)
{
  g_autofree char *signature = fuzz_take_line (input);
  g_autofree char *type = g_strdup_printf ("(%s)", signature != NULL ? signature : "");
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GVariant) value = NULL;

  if (!g_variant_type_string_is_valid (type) || !g_variant_type_is_definite (G_VARIANT_TYPE (type)))
    return NULL;

  bytes = g_bytes_new (input->data, input->size);
  value = g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, FALSE);
  g_variant_ref_sink (value);

  return g_variant_get_normal_form (value);
}

static void
assert_equal (GVariant *one,
              GVariant *other)
{
  g_autofree char *printed = g_variant_print (one, TRUE);
  g_autofree char *printed_other = g_variant_print (other, TRUE);

  g_assert_cmpstr (printed, ==, printed_other);
}

static void
check_with_gdbus (const DbrWireHeader *header,
                  GVariant            *body,
                  GBytes              *bytes)
{
  gsize size;
  guchar *data = (guchar *) g_bytes_get_data (bytes, &size);
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusMessage) message = NULL;
  GVariant *read;

  message = g_dbus_message_new_from_blob (data, size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_dbus_message_get_serial (message), ==, header->serial);
  g_assert_cmpstr (g_dbus_message_get_member (message), ==, header->texts[DBR_WIRE_FIELD_MEMBER]);
  read = g_dbus_message_get_body (message);
  if (read != NULL)
    assert_equal (read, body);
  else
    g_assert_cmpuint (g_variant_n_children (body), ==, 0);
}

static void
check_again (GVariant *body,
             GBytes   *bytes)
{
  const char *fault = NULL;
  g_autoptr(DbrWireMessage) message = bytes_read (g_bytes_get_data (bytes, NULL),
                                                  g_bytes_get_size (bytes), &fault);
  g_autoptr(GVariant) again = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  again = dbr_message_dup_body (&message->message);
  /* GVariant has two normal forms of what is empty, one of which takes no bytes. */
  assert_equal (body, again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_autoptr(GVariant) body = take_body (&input);
  g_autoptr(GBytes) bytes = NULL;
  g_auto(DbrWireWriter) writer;
  DbrWireHeader header = { .kind = DBR_WIRE_SIGNAL, .serial = 1 };
  g_autoptr(GError) error = NULL;
  gboolean is_good;
  gsize length;

  dbr_wire_writer_init (&writer);
  if (body == NULL)
    return 0;

  is_good = dbr_check_parameters (body, NULL, &error);
  fuzz_assert_told_by_us (is_good, error);
  if (!is_good)
    return 0;

  header.texts[DBR_WIRE_FIELD_PATH] = "/";
  header.texts[DBR_WIRE_FIELD_INTERFACE] = "a.b";
  header.texts[DBR_WIRE_FIELD_MEMBER] = "c";
  g_assert_cmpstr (dbr_wire_writer_write (&writer, &header, body), ==, NULL);
  length = writer.length;
  bytes = g_bytes_new_take (dbr_wire_writer_steal (&writer), length);
  check_again (body, bytes);
  check_with_gdbus (&header, body, bytes);

  return 0;
}
