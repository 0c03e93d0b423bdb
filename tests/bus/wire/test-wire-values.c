/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "dbr-wire-bytes.h"
#include "dbr-wire-random.h"

/* That the codec and GDBus's write and read the same. */

#define N_RANDOM 100000

typedef struct
{
  DbrWireHeader  header;
  char          *texts[DBR_WIRE_N_FIELDS];
  GVariant      *body;
} Sample;

static void
sample_clear (Sample *self)
{
  for (guint i = 0; i < DBR_WIRE_N_FIELDS; i++)
    g_free (self->texts[i]);
  g_variant_unref (self->body);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sample, sample_clear)

static void
sample_set (Sample       *self,
            DbrWireField  field,
            char         *text)
{
  self->texts[field] = text;
  self->header.texts[field] = text;
}

static Sample
sample_new (void)
{
  Sample self = { .header.kind = (DbrWireKind) g_test_rand_int_range (1, 5) };
  g_autofree char *signature = random_dup_signature (6);
  g_autofree char *type = g_strconcat ("(", signature, ")", NULL);

  self.header.flags = (DbrWireFlags) g_test_rand_int_range (0, 8);
  self.header.serial = (guint32) g_test_rand_int () | 1;
  if (self.header.kind == DBR_WIRE_CALL || self.header.kind == DBR_WIRE_SIGNAL)
    {
      sample_set (&self, DBR_WIRE_FIELD_PATH, random_dup_path ());
      sample_set (&self, DBR_WIRE_FIELD_INTERFACE, random_dup_name ());
      sample_set (&self, DBR_WIRE_FIELD_MEMBER,
                  g_strdup_printf ("M%d", g_test_rand_int_range (0, 100000)));
    }
  else
    {
      self.header.reply_serial = (guint32) g_test_rand_int () | 1;
    }
  if (self.header.kind == DBR_WIRE_ERROR)
    sample_set (&self, DBR_WIRE_FIELD_ERROR_NAME, random_dup_name ());
  if (g_test_rand_bit ())
    sample_set (&self, DBR_WIRE_FIELD_DESTINATION, random_dup_name ());
  self.body = g_variant_ref_sink (random_new_value (G_VARIANT_TYPE (type)));

  return self;
}

/* The same as GDBus has it. */
static GDBusMessage *
sample_new_gdbus (const Sample *self)
{
  GDBusMessage *message = g_dbus_message_new ();

  g_dbus_message_set_message_type (message, (GDBusMessageType) self->header.kind);
  g_dbus_message_set_flags (message, (GDBusMessageFlags) self->header.flags);
  g_dbus_message_set_serial (message, self->header.serial);
  if (self->header.reply_serial != 0)
    g_dbus_message_set_reply_serial (message, self->header.reply_serial);
  g_dbus_message_set_path (message, self->texts[DBR_WIRE_FIELD_PATH]);
  g_dbus_message_set_interface (message, self->texts[DBR_WIRE_FIELD_INTERFACE]);
  g_dbus_message_set_member (message, self->texts[DBR_WIRE_FIELD_MEMBER]);
  g_dbus_message_set_error_name (message, self->texts[DBR_WIRE_FIELD_ERROR_NAME]);
  g_dbus_message_set_destination (message, self->texts[DBR_WIRE_FIELD_DESTINATION]);
  /* Of no values GDBus would write an empty signature, which says no more than none. */
  if (g_variant_n_children (self->body) > 0)
    g_dbus_message_set_body (message, self->body);

  return message;
}

static void
assert_same_header (GDBusMessage *message,
                    GDBusMessage *other)
{
  g_autofree guchar *fields = g_dbus_message_get_header_fields (message);
  g_autofree guchar *other_fields = g_dbus_message_get_header_fields (other);

  g_assert_cmpint (g_dbus_message_get_message_type (message), ==,
                   g_dbus_message_get_message_type (other));
  g_assert_cmpint (g_dbus_message_get_flags (message), ==, g_dbus_message_get_flags (other));
  g_assert_cmpuint (g_dbus_message_get_serial (message), ==, g_dbus_message_get_serial (other));
  g_assert_cmpuint (strlen ((char *) fields), ==, strlen ((char *) other_fields));
  for (guchar *field = fields; *field != 0; field++)
    g_assert_cmpvariant (g_dbus_message_get_header (message, *field),
                         g_dbus_message_get_header (other, *field));
}

/* GDBus has its header fields in another order, but the values are the same to the byte. It cannot
 * read all that it writes itself; then it cannot read ours either. Returns whether it could. */
static gboolean
assert_written_alike (const Sample *self,
                      GDBusMessage *gdbus,
                      guchar       *blob,
                      gsize         blob_size)
{
  g_autoptr(GBytes) bytes = bytes_write (&self->header, self->body);
  g_autoptr(GDBusMessage) parsed = NULL;
  g_autoptr(GDBusMessage) own = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;
  const guchar *data = g_bytes_get_data (bytes, &size);
  guint32 body_size;

  memcpy (&body_size, data + 4, sizeof body_size);
  g_assert_cmpmem (blob + 4, 4, data + 4, 4);
  g_assert_cmpmem (data + size - body_size, body_size, blob + blob_size - body_size, body_size);

  own = g_dbus_message_new_from_blob (blob, blob_size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  parsed = g_dbus_message_new_from_blob ((guchar *) data, size, G_DBUS_CAPABILITY_FLAGS_NONE, &error);
  if (own == NULL)
    return FALSE;

  g_assert_no_error (error);
  assert_same_header (parsed, gdbus);

  return TRUE;
}

static void
assert_read_alike (const Sample *self,
                   const guchar *blob,
                   gsize         blob_size)
{
  const char *fault = NULL;
  g_autoptr(DbrWireMessage) message = bytes_read (blob, blob_size, &fault);
  g_autoptr(GVariant) body = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  g_assert_cmpint (message->header.kind, ==, self->header.kind);
  g_assert_cmpint (message->header.flags, ==, self->header.flags);
  g_assert_cmpuint (message->header.serial, ==, self->header.serial);
  g_assert_cmpuint (message->header.reply_serial, ==, self->header.reply_serial);
  for (guint i = 0; i < DBR_WIRE_FIELD_SENDER; i++)
    g_assert_cmpstr (message->header.texts[i], ==, self->header.texts[i]);

  body = dbr_message_dup_body (&message->message);
  bytes_assert_same (body, self->body);
}

static gboolean
check_sample (guint i)
{
  g_auto(Sample) sample = sample_new ();
  g_autoptr(GDBusMessage) gdbus = sample_new_gdbus (&sample);
  gboolean is_foreign = i % 3 == 0;
  g_autoptr(GError) error = NULL;
  g_autofree guchar *blob = NULL;
  gsize size;

  if (is_foreign)
    g_dbus_message_set_byte_order (gdbus, G_BYTE_ORDER == G_LITTLE_ENDIAN
                                          ? G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN
                                          : G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN);
  blob = g_dbus_message_to_blob (gdbus, &size, G_DBUS_CAPABILITY_FLAGS_NONE, &error);
  g_assert_no_error (error);

  assert_read_alike (&sample, blob, size);

  return is_foreign || assert_written_alike (&sample, gdbus, blob, size);
}

/* Slow machines and memory checkers play fewer; what they look for is not in the number. */
static void
test_random (void)
{
  guint n = g_getenv ("DBR_TEST_TIMEOUT_MULTIPLIER") != NULL ? N_RANDOM / 20 : N_RANDOM;
  guint n_read_by_gdbus = 0;

  g_test_summary ("Random values of random types are written as GDBus writes them, and read from "
                  "what it writes in either byte order");
  for (guint i = 0; i < n; i++)
    n_read_by_gdbus += check_sample (i);
  g_assert_cmpuint (n_read_by_gdbus, >, n - n / 50);
}

/* The form that values have when they reach the codec is GVariant's affair. */
static void
test_forms (void)
{
  static const char text[] = "([('a', <1>), ('bc', <('x', [uint64 1, 2])>)], {'k': <@ay []>}, 'end')";
  g_autoptr(GVariant) tree = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autoptr(GVariant) serialised = NULL;
  g_autoptr(GVariant) child = NULL;
  g_autoptr(GBytes) of_tree = NULL;
  g_autoptr(GBytes) of_serialised = NULL;
  g_autoptr(GBytes) of_child = NULL;
  g_autoptr(GVariant) nested = g_variant_ref_sink (g_variant_new ("(y@*)", 7, tree));
  g_autofree guchar *copy = g_memdup2 (g_variant_get_data (nested), g_variant_get_size (nested));

  g_test_summary ("A value is written alike as a tree, as one block, and as a part of another");
  of_tree = bytes_write_values (tree);
  serialised = g_variant_ref_sink (g_variant_new_from_data (g_variant_get_type (nested), copy,
                                                            g_variant_get_size (nested), FALSE,
                                                            NULL, NULL));
  child = g_variant_get_child_value (serialised, 1);
  of_child = bytes_write_values (child);
  of_serialised = bytes_write_values (tree);
  g_assert_true (g_bytes_equal (of_tree, of_serialised));
  g_assert_true (g_bytes_equal (of_tree, of_child));
}

/* A structure of which all is empty may be no bytes at all, and is in normal form then too. */
static void
test_nothing (void)
{
  static const char *const types[] = { "((ayas))", "(a(asas))", "(ay(ayas))", "((ayav)as)" };

  g_test_summary ("A value that takes no bytes is written as the empty one that it is");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr(GVariant) body = NULL;
      g_autoptr(GVariant) read = NULL;
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(DbrWireMessage) message = NULL;
      g_autofree char *expected = NULL;
      g_autofree char *printed = NULL;
      const char *fault = NULL;

      body = g_variant_new_from_data (G_VARIANT_TYPE (types[i]), "", 0, FALSE, NULL, NULL);
      g_variant_ref_sink (body);
      g_assert_true (g_variant_is_normal_form (body));
      bytes = bytes_write_values (body);
      message = bytes_read (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &fault);
      g_assert_cmpstr (fault, ==, NULL);
      read = dbr_message_dup_body (&message->message);
      expected = g_variant_print (body, TRUE);
      printed = g_variant_print (read, TRUE);
      g_assert_cmpstr (printed, ==, expected);
    }
}

/* What the specification prints, byte by byte. */
static void
test_specification (void)
{
  static const struct
  {
    const char *text;
    const char *bytes;
    gsize       size;
  } examples[] = {
    { "('foo', '+', 'bar')", "\3\0\0\0foo\0\1\0\0\0+\0\0\0\3\0\0\0bar", 24 },
    { "([@x 5],)", "\10\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0", 16 },
    { "(@a{sv} {},)", "\0\0\0\0\0\0\0\0", 8 },
    { "(<uint32 7>,)", "\1u\0\0\7\0\0\0", 8 },
    { "(true, byte 1)", "\1\0\0\0\1", 5 },
    { "(signature 'as', objectpath '/')", "\2as\0\1\0\0\0/", 10 },
  };

  g_test_summary ("The specification's own examples, as they stand there");
  for (gsize i = 0; i < G_N_ELEMENTS (examples); i++)
    {
      g_autoptr(GBytes) bytes = bytes_write_values (g_variant_new_parsed (examples[i].text));
      gsize size;
      const guchar *data = g_bytes_get_data (bytes, &size);
      const char *fault = NULL;
      g_autoptr(DbrWireMessage) message = bytes_read (data, size, &fault);
      g_autoptr(GVariant) expected = g_variant_ref_sink (g_variant_new_parsed (examples[i].text));
      g_autoptr(GVariant) body = NULL;

      if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
        g_assert_cmpmem (data + size - examples[i].size, examples[i].size,
                         examples[i].bytes, examples[i].size);
      g_assert_cmpstr (fault, ==, NULL);
      body = dbr_message_dup_body (&message->message);
      bytes_assert_same (body, expected);
    }
}

/* As a sandbox's proxy answers: nobody has signed it. */
static void
test_no_sender (void)
{
  DbrWireHeader header = { .kind = DBR_WIRE_ERROR, .serial = 3, .reply_serial = 2 };
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(DbrWireMessage) message = NULL;
  g_autoptr(GError) error = NULL;
  const char *fault = NULL;

  g_test_summary ("A message without a sender is read; of one without values the body is empty");
  header.texts[DBR_WIRE_FIELD_ERROR_NAME] = "org.freedesktop.DBus.Error.AccessDenied";
  bytes = bytes_write (&header, NULL);
  message = bytes_read (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &fault);
  g_assert_cmpstr (fault, ==, NULL);
  g_assert_null (dbr_message_get_sender (&message->message));
  g_assert_cmpint (dbr_message_get_origin (&message->message, TRUE), ==, DBR_ORIGIN_BUS);
  error = dbr_message_dup_error (&message->message);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/wire/values/random-ones-as-gdbus-has-them", test_random);
  g_test_add_func ("/dbr/wire/values/any-form-of-a-value", test_forms);
  g_test_add_func ("/dbr/wire/values/no-bytes", test_nothing);
  g_test_add_func ("/dbr/wire/values/examples-of-the-specification", test_specification);
  g_test_add_func ("/dbr/wire/values/no-sender", test_no_sender);

  return g_test_run ();
}
