/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/wire/dbr-wire-body-private.h"
#include "dbr-wire-bytes.h"

/* What the codec refuses: each limit from both sides, and whatever else bytes may be that were not
 * meant well. All bytes here are little-endian, as the first of a message says. */

#define MIB (1024 * 1024)

static const char *
parse (const char *signature)
{
  DbrWireSignature parsed;

  return dbr_wire_signature_parse (&parsed, signature, strlen (signature));
}

/* Bytes lie at the very end of their memory, so that a memory checker sees who looks further. */
static const char *
check_bytes (const char *signature,
             const void *bytes,
             gsize       size)
{
  g_autofree guchar *copy = g_malloc (MAX (size, 1));
  DbrWireBody body = { copy, size, G_BYTE_ORDER != G_LITTLE_ENDIAN };
  DbrWireSignature parsed;
  const char *fault = dbr_wire_signature_parse (&parsed, signature, strlen (signature));

  g_assert_cmpstr (fault, ==, NULL);
  if (size > 0)
    memcpy (copy, bytes, size);

  return dbr_wire_body_check (&body, &parsed);
}

static void
assert_fault (const char *fault,
              const char *part)
{
  if (part == NULL)
    g_assert_cmpstr (fault, ==, NULL);
  else if (fault == NULL || strstr (fault, part) == NULL)
    g_error ("“%s” was expected and not “%s”", part, fault);
}

static char *
repeat (const char *text,
        guint       n)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (all, text);

  return g_string_free (all, FALSE);
}

static char *
wrap (const char *opening,
      const char *inner,
      const char *closing,
      guint       n)
{
  g_autofree char *before = repeat (opening, n);
  g_autofree char *after = repeat (closing, n);

  return g_strconcat (before, inner, after, NULL);
}

static void
test_signatures (void)
{
  static const struct
  {
    const char *signature;
    const char *fault;
  } table[] = {
    { "", NULL },
    { "ybnqiuxtdsoghv", NULL },
    { "a{sv}aaya(ii)(y(u))", NULL },
    { "a", "ends within" },
    { "(", "closing bracket" },
    { "(y", "closing bracket" },
    { "y)", "no type" },
    { "()", "without members" },
    { "a()", "without members" },
    { "{sv}", "outside an array" },
    { "(a{sv})", NULL },
    { "a{vs}", "keys are containers" },
    { "a{(y)s}", "keys are containers" },
    { "a{ayu}", "keys are containers" },
    { "a{s}", "no pair" },
    { "a{suu}", "no pair" },
    { "a{s", "closing bracket" },
    { "ms", "no type" },
    { "r", "no type" },
    { "(yv", "closing bracket" },
  };

  g_test_summary ("A signature is taken or refused for what is wrong with it");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    assert_fault (parse (table[i].signature), table[i].fault);
}

static void
test_signature_limits (void)
{
  g_autofree char *longest = repeat ("y", 255);
  g_autofree char *longer = repeat ("y", 256);
  g_autofree char *arrays = wrap ("a", "y", "", 32);
  g_autofree char *more_arrays = wrap ("a", "y", "", 33);
  g_autofree char *structs = wrap ("(", "y", ")", 32);
  g_autofree char *more_structs = wrap ("(", "y", ")", 33);
  g_autofree char *both = wrap ("a(", "y", ")", 32);
  g_autofree char *beside = g_strconcat (structs, structs, arrays, arrays, NULL);

  g_test_summary ("Signatures up to 255 characters, 32 nested arrays and 32 nested structures");
  assert_fault (parse (longest), NULL);
  assert_fault (parse (longer), "255");
  assert_fault (parse (arrays), NULL);
  assert_fault (parse (more_arrays), "nests arrays");
  assert_fault (parse (structs), NULL);
  assert_fault (parse (more_structs), "nests structures");
  assert_fault (parse (both), NULL);
  assert_fault (parse (beside), NULL);
}

static void
test_values (void)
{
#define BYTES(literal) literal, sizeof literal - 1
  static const struct
  {
    const char *signature;
    const char *bytes;
    gsize       size;
    const char *fault;
  } table[] = {
    { "", BYTES (""), NULL },
    { "", BYTES ("x"), "more bytes" },
    { "y", BYTES ("x"), NULL },
    { "y", BYTES (""), "beyond" },
    { "yu", BYTES ("x\0\0\0\1\0\0\0"), NULL },
    { "yu", BYTES ("x\0\1\0\1\0\0\0"), "padding" },
    { "yu", BYTES ("x\0\0"), "beyond" },
    { "b", BYTES ("\0\0\0\0"), NULL },
    { "b", BYTES ("\1\0\0\0"), NULL },
    { "b", BYTES ("\2\0\0\0"), "boolean" },
    { "b", BYTES ("\0\0\0\1"), "boolean" },
    { "s", BYTES ("\2\0\0\0hi\0"), NULL },
    { "s", BYTES ("\2\0\0\0hi"), "beyond" },
    { "s", BYTES ("\2\0\0\0hi!"), "zero" },
    { "s", BYTES ("\2\0\0\0h\0\0"), "UTF-8" },
    { "s", BYTES ("\2\0\0\0\xc3\xa9\0"), NULL },
    { "s", BYTES ("\2\0\0\0\xc3\x28\0"), "UTF-8" },
    { "s", BYTES ("\3\0\0\0\xed\xa0\x80\0"), "UTF-8" },
    { "s", BYTES ("\11\0\0\0ninebytes\0"), NULL },
    { "s", BYTES ("\11\0\0\0nine\0ytes\0"), "UTF-8" },
    { "s", BYTES ("\11\0\0\0nineb\xffyte\0"), "UTF-8" },
    { "s", BYTES ("\xff\xff\xff\xff" "ab\0"), "beyond" },
    { "s", BYTES ("\xfe\xff\xff\xff" "ab\0"), "beyond" },
    { "o", BYTES ("\2\0\0\0/a\0"), NULL },
    { "o", BYTES ("\2\0\0\0a/\0"), "path" },
    { "o", BYTES ("\3\0\0\0/a/\0"), "path" },
    { "o", BYTES ("\4\0\0\0//ab\0"), "path" },
    { "o", BYTES ("\0\0\0\0\0"), "path" },
    { "o", BYTES ("\1\0\0\0/\0"), NULL },
    { "g", BYTES ("\2as\0"), NULL },
    { "g", BYTES ("\2a(\0"), "signature" },
    { "g", BYTES ("\2as"), "beyond" },
    { "v", BYTES ("\1y\0x"), NULL },
    { "v", BYTES ("\0\0"), "one value" },
    { "v", BYTES ("\2yy\0xx"), "one value" },
    { "v", BYTES ("\1b\0\0\2\0\0\0"), "boolean" },
    { "ay", BYTES ("\2\0\0\0ab"), NULL },
    { "ay", BYTES ("\3\0\0\0ab"), "beyond" },
    { "au", BYTES ("\4\0\0\0abcd"), NULL },
    { "au", BYTES ("\3\0\0\0abc"), "do not fill" },
    { "at", BYTES ("\0\0\0\0\0\0\0\0"), NULL },
    { "at", BYTES ("\0\0\0\0"), "beyond" },
    { "at", BYTES ("\0\0\0\0\0\0\0\1"), "padding" },
    { "as", BYTES ("\5\0\0\0\0\0\0\0\0"), NULL },
    { "as", BYTES ("\4\0\0\0\0\0\0\0\0"), "beyond" },
    { "as", BYTES ("\6\0\0\0\0\0\0\0\0\0"), "beyond" },
    { "a(y)", BYTES ("\11\0\0\0\0\0\0\0a\0\0\0\0\0\0\0b"), NULL },
    { "a(y)", BYTES ("\11\0\0\0\0\0\0\0a\0\0\0\0\0\0\1b"), "padding" },
    { "(y)(y)", BYTES ("a\0\0\0\0\0\0\0b"), NULL },
  };

  g_test_summary ("Each kind of value is taken or refused for what is wrong with it");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    assert_fault (check_bytes (table[i].signature, table[i].bytes, table[i].size), table[i].fault);
}

static void
test_depth (void)
{
  GByteArray *bytes = g_byte_array_new ();

  g_test_summary ("Variants lie in each other up to 64 times");
  for (guint i = 0; i < 63; i++)
    g_byte_array_append (bytes, (const guchar *) "\1v", 3);
  g_byte_array_append (bytes, (const guchar *) "\1y\0x", 4);
  assert_fault (check_bytes ("v", bytes->data, bytes->len), NULL);
  g_byte_array_prepend (bytes, (const guchar *) "\1v", 3);
  assert_fault (check_bytes ("v", bytes->data, bytes->len), "deeply");
  g_byte_array_unref (bytes);
}

/* Arrays and messages of the largest sizes */

static void
test_array_limit (void)
{
  const gsize sizes[] = { 64 * MIB - 1, 64 * MIB, 64 * MIB + 1 };

  g_test_summary ("An array may have 64 MiB and not a byte more, read or written");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guchar *bytes = g_malloc0 (sizes[i] + 4);
      guint32 length = GUINT32_TO_LE ((guint32) sizes[i]);
      const char *expected = i < 2 ? NULL : "64 MiB";
      DbrWireHeader header = { .kind = DBR_WIRE_RETURN, .serial = 1, .reply_serial = 1 };
      g_autoptr(GVariant) body = NULL;
      g_auto(DbrWireWriter) writer;

      body = g_variant_new_from_data (G_VARIANT_TYPE ("(ay)"), bytes, sizes[i], TRUE, NULL, NULL);
      g_variant_ref_sink (body);
      dbr_wire_writer_init (&writer);
      assert_fault (dbr_wire_writer_write (&writer, &header, body), expected);
      memcpy (bytes, &length, sizeof length);
      assert_fault (check_bytes ("ay", bytes, sizes[i] + 4), expected);
    }
}

/* The header of such a message, without a signature, has 24 bytes. */
static void
test_message_limit (void)
{
  guchar prefix[DBR_WIRE_PREFIX] = { 'l', DBR_WIRE_RETURN, 0, 1 };
  guint32 length = GUINT32_TO_LE (128 * MIB - DBR_WIRE_PREFIX);
  guint32 longer = GUINT32_TO_LE (128 * MIB - DBR_WIRE_PREFIX + 1);
  const char *fault = NULL;

  g_test_summary ("A message may have 128 MiB and not a byte more, read or written");
  memcpy (prefix + 4, &length, sizeof length);
  g_assert_cmpuint (dbr_wire_header_measure (prefix, &fault), ==, 128 * MIB);
  memcpy (prefix + 4, &longer, sizeof longer);
  g_assert_cmpuint (dbr_wire_header_measure (prefix, &fault), ==, 0);
  assert_fault (fault, "128 MiB");
  memset (prefix + 4, 0xff, 4);
  memset (prefix + 12, 0xff, 4);
  g_assert_cmpuint (dbr_wire_header_measure (prefix, &fault), ==, 0);
}

/* Its three arrays take up what the header of 72 bytes and their lengths leave, and @more. */
static const char *
write_largest (DbrWireWriter *writer,
               gsize          more)
{
  const gsize sizes[] = { 60 * MIB, 60 * MIB, 8 * MIB - 64 + more };
  DbrWireHeader header = { .kind = DBR_WIRE_RETURN, .serial = 1, .reply_serial = 1 };
  g_autofree guchar *bytes = g_malloc0 (60 * MIB);
  g_autoptr(GVariant) body = NULL;
  GVariant *parts[G_N_ELEMENTS (sizes)];

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    parts[i] = g_variant_new_from_data (G_VARIANT_TYPE ("ay"), bytes, sizes[i], TRUE, NULL, NULL);
  body = g_variant_ref_sink (g_variant_new_tuple (parts, G_N_ELEMENTS (parts)));

  return dbr_wire_writer_write (writer, &header, body);
}

static void
test_written_limit (void)
{
  g_auto(DbrWireWriter) writer;
  gsize left;

  g_test_summary ("What would be longer than 128 MiB is not kept, but counted to its end");
  dbr_wire_writer_init (&writer);
  assert_fault (write_largest (&writer, 0), NULL);
  left = 128 * MIB - writer.length;
  dbr_wire_writer_clear (&writer);

  assert_fault (write_largest (&writer, left), NULL);
  g_assert_cmpuint (writer.length, ==, 128 * MIB);
  dbr_wire_writer_clear (&writer);

  assert_fault (write_largest (&writer, left + 1), "128 MiB");
  g_assert_cmpuint (writer.length, ==, 128 * MIB + 1);
}

/* Headers */

static DbrWireHeader
new_signal (void)
{
  DbrWireHeader header = { .kind = DBR_WIRE_SIGNAL, .serial = 1 };

  header.texts[DBR_WIRE_FIELD_PATH] = "/";
  header.texts[DBR_WIRE_FIELD_INTERFACE] = "a.b";
  header.texts[DBR_WIRE_FIELD_MEMBER] = "c";

  return header;
}

static const char *
read_header (const DbrWireHeader *header,
             GVariant            *body)
{
  g_autoptr(GBytes) bytes = bytes_write (header, body);
  const char *fault = NULL;
  g_autoptr(DbrWireMessage) message = bytes_read (g_bytes_get_data (bytes, NULL),
                                                  g_bytes_get_size (bytes), &fault);

  g_assert_true ((message != NULL) == (fault == NULL));

  return fault;
}

static void
test_names (void)
{
  g_autofree char *rest = repeat ("x", 253);
  g_autofree char *longest = g_strconcat ("a.", rest, NULL);
  g_autofree char *longer = g_strconcat ("a.", rest, "x", NULL);
  g_autofree char *member = g_strconcat ("xx", rest, NULL);
  g_autofree char *longer_member = g_strconcat ("xxx", rest, NULL);
  const struct
  {
    DbrWireField  field;
    const char   *text;
    const char   *fault;
  } table[] = {
    { DBR_WIRE_FIELD_INTERFACE, longest, NULL },
    { DBR_WIRE_FIELD_INTERFACE, longer, "interface" },
    { DBR_WIRE_FIELD_INTERFACE, "a", "interface" },
    { DBR_WIRE_FIELD_INTERFACE, "a.", "interface" },
    { DBR_WIRE_FIELD_INTERFACE, "a..b", "interface" },
    { DBR_WIRE_FIELD_INTERFACE, "a.1", "interface" },
    { DBR_WIRE_FIELD_INTERFACE, "a-b.c", "interface" },
    { DBR_WIRE_FIELD_INTERFACE, "org.freedesktop.DBus.Local", "only a library" },
    { DBR_WIRE_FIELD_MEMBER, member, NULL },
    { DBR_WIRE_FIELD_MEMBER, longer_member, "member" },
    { DBR_WIRE_FIELD_MEMBER, "", "member" },
    { DBR_WIRE_FIELD_MEMBER, "1a", "member" },
    { DBR_WIRE_FIELD_MEMBER, "a.b", "member" },
    { DBR_WIRE_FIELD_PATH, "/a/b_1", NULL },
    { DBR_WIRE_FIELD_PATH, "a", "path" },
    { DBR_WIRE_FIELD_PATH, "/org/freedesktop/DBus/Local", "only a library" },
    { DBR_WIRE_FIELD_DESTINATION, ":1.2", NULL },
    { DBR_WIRE_FIELD_DESTINATION, "a-b.c-d", NULL },
    { DBR_WIRE_FIELD_DESTINATION, longest, NULL },
    { DBR_WIRE_FIELD_DESTINATION, longer, "bus name" },
    { DBR_WIRE_FIELD_DESTINATION, ":1", "bus name" },
    { DBR_WIRE_FIELD_DESTINATION, "a.1", "bus name" },
    { DBR_WIRE_FIELD_DESTINATION, "a..b", "bus name" },
    { DBR_WIRE_FIELD_DESTINATION, "", "bus name" },
    { DBR_WIRE_FIELD_ERROR_NAME, "a.b", NULL },
    { DBR_WIRE_FIELD_ERROR_NAME, "a", "error name" },
  };

  g_test_summary ("Names in a header are what they should be, up to 255 characters");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      DbrWireHeader header = new_signal ();

      header.texts[table[i].field] = table[i].text;
      assert_fault (read_header (&header, NULL), table[i].fault);
    }
}

static void
test_missing_fields (void)
{
  static const struct
  {
    DbrWireKind  kind;
    DbrWireField field;
  } table[] = {
    { DBR_WIRE_CALL, DBR_WIRE_FIELD_PATH },
    { DBR_WIRE_CALL, DBR_WIRE_FIELD_MEMBER },
    { DBR_WIRE_SIGNAL, DBR_WIRE_FIELD_PATH },
    { DBR_WIRE_SIGNAL, DBR_WIRE_FIELD_INTERFACE },
    { DBR_WIRE_SIGNAL, DBR_WIRE_FIELD_MEMBER },
    { DBR_WIRE_RETURN, DBR_WIRE_FIELD_REPLY_SERIAL },
    { DBR_WIRE_ERROR, DBR_WIRE_FIELD_REPLY_SERIAL },
    { DBR_WIRE_ERROR, DBR_WIRE_FIELD_ERROR_NAME },
  };
  DbrWireHeader call = new_signal ();
  DbrWireHeader unknown = { .kind = 5, .serial = 1 };

  g_test_summary ("Each kind of message has the fields that it must have");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      DbrWireHeader header = new_signal ();

      header.kind = table[i].kind;
      header.reply_serial = 1;
      header.texts[DBR_WIRE_FIELD_ERROR_NAME] = "a.b";
      assert_fault (read_header (&header, NULL), NULL);
      if (table[i].field == DBR_WIRE_FIELD_REPLY_SERIAL)
        header.reply_serial = 0;
      else
        header.texts[table[i].field] = NULL;
      assert_fault (read_header (&header, NULL), "missing");
    }

  call.kind = DBR_WIRE_CALL;
  call.texts[DBR_WIRE_FIELD_INTERFACE] = NULL;
  assert_fault (read_header (&call, NULL), NULL);
  assert_fault (read_header (&unknown, NULL), NULL);
}

/* A message is taken as it is, then with one change after the other. */
static void
test_headers (void)
{
#define PREFIX "l\4\0\1\0\0\0\0\1\0\0\0"
#define PATH "\1\1o\0\1\0\0\0/\0\0\0\0\0\0\0"
#define INTERFACE "\2\1s\0\3\0\0\0a.b\0\0\0\0\0"
#define MEMBER "\3\1s\0\1\0\0\0c\0\0\0\0\0\0\0"
  static const struct
  {
    const char *bytes;
    gsize       size;
    const char *fault;
  } table[] = {
    { BYTES (PREFIX "\52\0\0\0" PATH INTERFACE MEMBER), NULL },
    { BYTES (PREFIX "\51\0\0\0" PATH INTERFACE MEMBER), "beyond" },
    { BYTES ("x\4\0\1\0\0\0\0\1\0\0\0" "\52\0\0\0" PATH INTERFACE MEMBER), "byte order" },
    { BYTES ("l\4\0\2\0\0\0\0\1\0\0\0" "\52\0\0\0" PATH INTERFACE MEMBER), "version" },
    { BYTES ("l\0\0\1\0\0\0\0\1\0\0\0" "\52\0\0\0" PATH INTERFACE MEMBER), "no kind" },
    { BYTES ("l\4\0\1\0\0\0\0\0\0\0\0" "\52\0\0\0" PATH INTERFACE MEMBER), "serial" },
    { BYTES (PREFIX "\72\0\0\0" PATH INTERFACE MEMBER PATH), "twice" },
    { BYTES (PREFIX "\52\0\0\0" PATH INTERFACE "\3\1o\0\1\0\0\0/\0\0\0\0\0\0\0"), "wrong type" },
    { BYTES (PREFIX "\52\0\0\0" PATH INTERFACE "\0\1s\0\1\0\0\0c\0\0\0\0\0\0\0"), "of no kind" },
    { BYTES (PREFIX "\52\0\0\0" PATH INTERFACE "\3\1s\0\1\0\0\0cc\0\0\0\0\0\0"), "with a zero" },
    { BYTES (PREFIX "\60\0\0\0" PATH INTERFACE "\3\1s\0\10\0\0\0cccccccc"), "beyond" },
    { BYTES (PREFIX "\60\0\0\0" PATH INTERFACE "\3\1s\0\xff\xff\xff\xff" "cccccccc"), "beyond" },
    { BYTES (PREFIX "\52\0\0\0" "\1\1o\0\1\0\0\0/\0\0\0\0\0\1\0" INTERFACE MEMBER), "padding" },
    { BYTES (PREFIX "\52\0\0\0" PATH INTERFACE "\3\1s\0\1\0\0\0c\0\0\0\0\0\0\1"), "padding" },
    { BYTES (PREFIX "\70\0\0\0" PATH INTERFACE MEMBER "\12\1y\0x\0\0\0"), "beyond" },
    { BYTES (PREFIX "\65\0\0\0" PATH INTERFACE MEMBER "\12\1y\0x\0\0\0"), NULL },
    { BYTES (PREFIX "\70\0\0\0" PATH INTERFACE MEMBER "\12\1b\0\2\0\0\0"), "boolean" },
    { BYTES (PREFIX "\70\0\0\0" PATH INTERFACE MEMBER "\12\2yy\0xx\0"), "one value" },
    { BYTES (PREFIX "\70\0\0\0" PATH INTERFACE MEMBER "\5\1u\0\0\0\0\0"), "reply to nothing" },
    { BYTES (PREFIX "\66\0\0\0" PATH INTERFACE MEMBER "\10\1g\0\1y\0\0"), "beyond" },
    { BYTES (PREFIX "\67\0\0\0" PATH INTERFACE MEMBER "\10\1g\0\1(\0\0"), "closing bracket" },
    { BYTES (PREFIX "\67\0\0\0" PATH INTERFACE MEMBER "\10\1g\0\1\0\0\0"), "with a zero" },
    { BYTES ("l\4\0\1\1\0\0\0\1\0\0\0" "\52\0\0\0" PATH INTERFACE MEMBER "x"), "more bytes" },
    { BYTES ("l\4\0\1\1\0\0\0\1\0\0\0" "\67\0\0\0" PATH INTERFACE MEMBER "\10\1g\0\1y\0\0x"), NULL },
  };

  g_test_summary ("A header is taken or refused for what is wrong with it");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      const char *fault = NULL;
      g_autoptr(DbrWireMessage) message = bytes_read (table[i].bytes, table[i].size, &fault);

      g_assert_true ((message != NULL) == (fault == NULL));
      assert_fault (fault, table[i].fault);
    }
}

/* Damage */

static GBytes *
new_whole (void)
{
  static const char text[] = "('text – é', [byte 1, 2, 3], {'key': <('x', [uint64 1, 2])>, 'b': <true>},"
                             " [(1.5, signature 'a{sv}', objectpath '/a/b')], false, [''], <<'v'>>)";
  DbrWireHeader header = new_signal ();

  header.texts[DBR_WIRE_FIELD_DESTINATION] = ":1.99";

  return bytes_write (&header, g_variant_new_parsed (text));
}

/* What was taken can be read, and is what GVariant itself would take. */
static void
assert_sound (DbrWireMessage *message)
{
  g_autoptr(GVariant) body = dbr_message_dup_body (&message->message);
  g_autofree guchar *copy = g_memdup2 (g_variant_get_data (body), g_variant_get_size (body));
  g_autoptr(GVariant) untrusted = NULL;

  untrusted = g_variant_new_from_data (g_variant_get_type (body), copy, g_variant_get_size (body),
                                       FALSE, NULL, NULL);
  g_variant_ref_sink (untrusted);
  g_assert_true (g_variant_is_normal_form (untrusted));
}

static void
test_truncation (void)
{
  g_autoptr(GBytes) whole = new_whole ();
  gsize size;
  const guchar *bytes = g_bytes_get_data (whole, &size);
  guint32 body_size;

  g_test_summary ("A message that ends early is refused, wherever it ends");
  memcpy (&body_size, bytes + 4, sizeof body_size);
  for (gsize cut = 1; cut < size; cut++)
    {
      g_autofree guchar *copy = g_memdup2 (bytes, size - cut);
      guint32 left = cut < body_size ? body_size - (guint32) cut : 0;
      guint32 fields = (guint32) (size - DBR_WIRE_PREFIX - cut);
      const char *fault = NULL;
      g_autoptr(DbrWireMessage) message = NULL;

      /* Both as it is, and with lengths that tell the same lie. */
      if (size - cut >= DBR_WIRE_PREFIX)
        {
          memcpy (copy + 4, &left, sizeof left);
          if (left == 0)
            memcpy (copy + 12, &fields, sizeof fields);
        }
      message = bytes_read (bytes, size - cut, &fault);
      g_assert_null (message);
      message = bytes_read (copy, size - cut, &fault);
      g_assert_null (message);
    }
}

static void
test_corruption (void)
{
  g_autoptr(GBytes) whole = new_whole ();
  gsize size;
  const guchar *bytes = g_bytes_get_data (whole, &size);
  g_autofree guchar *copy = g_memdup2 (bytes, size);
  guint n_taken = 0;

  g_test_summary ("Whatever one byte is changed to, the message is refused or read soundly");
  for (gsize at = 0; at < size; at++)
    {
      for (guint value = 0; value < 256; value++)
        {
          const char *fault = NULL;
          g_autoptr(DbrWireMessage) message = NULL;

          copy[at] = (guchar) value;
          message = bytes_read (copy, size, &fault);
          if (message == NULL)
            continue;

          n_taken++;
          assert_sound (message);
        }
      copy[at] = bytes[at];
    }
  /* Letters and numbers may be others, and it is itself. */
  g_assert_cmpuint (n_taken, >, size);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/wire/limits/signatures", test_signatures);
  g_test_add_func ("/dbr/wire/limits/long-and-deep-signatures", test_signature_limits);
  g_test_add_func ("/dbr/wire/limits/values", test_values);
  g_test_add_func ("/dbr/wire/limits/depth", test_depth);
  g_test_add_func ("/dbr/wire/limits/array", test_array_limit);
  g_test_add_func ("/dbr/wire/limits/message", test_message_limit);
  g_test_add_func ("/dbr/wire/limits/written-message", test_written_limit);
  g_test_add_func ("/dbr/wire/limits/names", test_names);
  g_test_add_func ("/dbr/wire/limits/missing-fields", test_missing_fields);
  g_test_add_func ("/dbr/wire/limits/headers", test_headers);
  g_test_add_func ("/dbr/wire/limits/truncation", test_truncation);
  g_test_add_func ("/dbr/wire/limits/corruption", test_corruption);

  return g_test_run ();
}
