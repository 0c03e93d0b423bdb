/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-wire-bytes.h"

#include <string.h>

GBytes *
bytes_write (const DbrWireHeader *header,
             GVariant            *body)
{
  g_auto(DbrWireWriter) writer;
  g_autoptr(GVariant) owned = body != NULL ? g_variant_ref_sink (body) : NULL;
  const char *fault;
  gsize length;

  dbr_wire_writer_init (&writer);
  fault = dbr_wire_writer_write (&writer, header, owned);
  if (fault != NULL)
    g_error ("not written: %s", fault);
  length = writer.length;

  return g_bytes_new_take (dbr_wire_writer_steal (&writer), length);
}

GBytes *
bytes_write_values (GVariant *body)
{
  DbrWireHeader header = { .kind = DBR_WIRE_SIGNAL, .serial = 1 };

  header.texts[DBR_WIRE_FIELD_PATH] = "/";
  header.texts[DBR_WIRE_FIELD_INTERFACE] = "a.b";
  header.texts[DBR_WIRE_FIELD_MEMBER] = "c";

  return bytes_write (&header, body);
}

DbrWireMessage *
bytes_read (const void  *bytes,
            gsize        size,
            const char **fault)
{
  g_autoptr(DbrWireMessage) message = NULL;
  g_autofree guchar *prefix = NULL;
  gsize measured;

  *fault = "it is not even a prefix";
  if (size < DBR_WIRE_PREFIX)
    return NULL;

  prefix = g_memdup2 (bytes, DBR_WIRE_PREFIX);
  measured = dbr_wire_header_measure (prefix, fault);
  if (measured == 0)
    return NULL;

  *fault = "it is not of the length it tells";
  if (measured != size)
    return NULL;

  message = dbr_wire_message_new (size);
  memcpy (message->bytes, bytes, size);
  *fault = dbr_wire_message_read (message, 1);

  return *fault == NULL ? g_steal_pointer (&message) : NULL;
}

/* In normal form, which all are, equal values have equal bytes. */
void
bytes_assert_same (GVariant *one,
                   GVariant *other)
{
  g_assert_cmpstr (g_variant_get_type_string (one), ==, g_variant_get_type_string (other));
  g_assert_cmpmem (g_variant_get_data (one), g_variant_get_size (one),
                   g_variant_get_data (other), g_variant_get_size (other));
}
