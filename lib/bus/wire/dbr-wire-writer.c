/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include "config.h"

#include "bus/wire/dbr-wire-writer-private.h"

#include <string.h>

#include "base/dbr-i18n-private.h"
#include "bus/wire/dbr-wire-offsets-private.h"
#include "bus/wire/dbr-wire-signature-private.h"

/* Where the fixed part of a header has its lengths. */
#define BODY_LENGTH_AT 4
#define FIELDS_LENGTH_AT 12

static void write_value (DbrWireWriter     *self,
                         const DbrWireType *type,
                         const guchar      *data,
                         gsize              size);

void
dbr_wire_writer_init (DbrWireWriter *self)
{
  self->bytes = self->first;
  self->length = 0;
  self->capacity = sizeof self->first;
  self->is_too_long = FALSE;
  self->fault = NULL;
}

void
dbr_wire_writer_clear (DbrWireWriter *self)
{
  if (self->bytes != self->first)
    g_free (self->bytes);
  dbr_wire_writer_init (self);
}

guchar *
dbr_wire_writer_steal (DbrWireWriter *self)
{
  guchar *bytes = self->bytes == self->first ? g_memdup2 (self->first, self->length) : self->bytes;

  dbr_wire_writer_init (self);

  return bytes;
}

static void
writer_grow (DbrWireWriter *self,
             gsize          length)
{
  if (length > DBR_WIRE_MAX_MESSAGE)
    {
      self->is_too_long = TRUE;
      return;
    }

  self->capacity = MIN (MAX (length, self->capacity * 2), DBR_WIRE_MAX_MESSAGE);
  if (self->bytes == self->first)
    {
      self->bytes = g_malloc (self->capacity);
      memcpy (self->bytes, self->first, self->length);
    }
  else
    {
      self->bytes = g_realloc (self->bytes, self->capacity);
    }
}

/* Returns where @size bytes belong, or NULL where they are only counted. */
static inline guchar *
writer_add (DbrWireWriter *self,
            gsize          size)
{
  gsize at = self->length;

  if (G_UNLIKELY (at + size > self->capacity) && !self->is_too_long)
    writer_grow (self, at + size);
  self->length += size;

  return G_LIKELY (!self->is_too_long) ? self->bytes + at : NULL;
}

static inline void
writer_pad (DbrWireWriter *self,
            gsize          padding)
{
  gsize size = -self->length & padding;
  guchar *place = writer_add (self, size);

  if (place != NULL)
    {
      for (gsize i = 0; i < size; i++)
        place[i] = 0;
    }
}

static inline void
writer_copy (DbrWireWriter *self,
             const void    *bytes,
             gsize          size)
{
  guchar *place = writer_add (self, size);

  if (place != NULL && size > 0)
    memcpy (place, bytes, size);
}

static inline void
writer_put_byte (DbrWireWriter *self,
                 guchar         value)
{
  guchar *place = writer_add (self, 1);

  if (place != NULL)
    *place = value;
}

static inline void
writer_put_number (DbrWireWriter *self,
                   guint32        value)
{
  writer_pad (self, 3);
  writer_copy (self, &value, sizeof value);
}

static inline void
writer_set_number (DbrWireWriter *self,
                   gsize          at,
                   gsize          value)
{
  guint32 number = (guint32) value;

  if (!self->is_too_long)
    memcpy (self->bytes + at, &number, sizeof number);
}

/* Values. A GVariant is read where it lies, with no object made for what it consists of. */

static void
write_text (DbrWireWriter *self,
            const void    *text,
            gsize          size)
{
  writer_put_number (self, (guint32) (size - 1));
  writer_copy (self, text, size);
}

static void
write_signature (DbrWireWriter *self,
                 const void    *text,
                 gsize          length)
{
  writer_put_byte (self, (guchar) length);
  writer_copy (self, text, length);
  writer_put_byte (self, 0);
}

/* Its type stands behind it, after a zero. */
static void
write_variant (DbrWireWriter *self,
               const guchar  *data,
               gsize          size)
{
  const guchar *zero = memrchr (data, 0, size);
  const char *type = (const char *) zero + 1;
  gsize length = (gsize) (data + size - (const guchar *) type);
  DbrWireSignature signature;
  const char *fault = dbr_wire_signature_parse (&signature, type, length);

  if (fault != NULL)
    {
      self->fault = fault;
      return;
    }

  write_signature (self, type, length);
  write_value (self, signature.types, data, (gsize) (zero - data));
}

static void
write_fixed_elements (DbrWireWriter     *self,
                      const DbrWireType *element,
                      const guchar      *data,
                      gsize              size)
{
  if (dbr_wire_get_plain_size (element->code) > 0)
    {
      writer_copy (self, data, size);
      return;
    }

  for (gsize at = 0; at < size; at += element->fixed_size)
    write_value (self, element, data + at, element->fixed_size);
}

/* Where each one ends is told by a table behind them all. */
static void
write_elements (DbrWireWriter     *self,
                const DbrWireType *element,
                const guchar      *data,
                gsize              size)
{
  guint width = dbr_wire_offsets_get_width (size);
  gsize table = dbr_wire_offsets_read (data + size - width, width);
  gsize padding = element->padding;
  gsize at = 0;

  for (gsize entry = table; entry < size && self->fault == NULL; entry += width)
    {
      gsize end = dbr_wire_offsets_read (data + entry, width);

      at = (at + padding) & ~padding;
      write_value (self, element, data + at, end - at);
      at = end;
    }
}

static void
write_array (DbrWireWriter     *self,
             const DbrWireType *type,
             const guchar      *data,
             gsize              size)
{
  const DbrWireType *element = type + 1;
  gsize length_at;
  gsize begin;

  writer_put_number (self, 0);
  length_at = self->length - sizeof (guint32);
  writer_pad (self, dbr_wire_get_padding (element->code));
  begin = self->length;

  if (element->fixed_size > 0)
    write_fixed_elements (self, element, data, size);
  else if (size > 0)
    write_elements (self, element, data, size);

  if (self->length - begin > DBR_WIRE_MAX_ARRAY && self->fault == NULL)
    self->fault = N_("an array is longer than 64 MiB");
  writer_set_number (self, length_at, self->length - begin);
}

/* Of the members whose size is not fixed all but the last have their end in a table that is read
 * from behind. */
static void
write_members (DbrWireWriter     *self,
               const DbrWireType *first,
               const DbrWireType *after,
               const guchar      *data,
               gsize              size)
{
  guint width = dbr_wire_offsets_get_width (size);
  gsize table = size;
  gsize at = 0;

  for (const DbrWireType *type = first; type < after && self->fault == NULL; type += type->span)
    {
      gsize padding = type->padding;
      gsize end;

      at = (at + padding) & ~padding;
      if (type->fixed_size > 0)
        {
          end = at + type->fixed_size;
        }
      else if (type + type->span >= after)
        {
          end = table;
        }
      else
        {
          table -= width;
          end = dbr_wire_offsets_read (data + table, width);
        }

      write_value (self, type, data + at, end - at);
      at = end;
    }
}

static void
write_value (DbrWireWriter     *self,
             const DbrWireType *type,
             const guchar      *data,
             gsize              size)
{
  switch (type->code)
    {
    case 'b':
      writer_put_number (self, *data != 0);
      break;

    case 's':
    case 'o':
      write_text (self, data, size);
      break;

    case 'g':
      write_signature (self, data, size - 1);
      break;

    case 'v':
      write_variant (self, data, size);
      break;

    case 'a':
      write_array (self, type, data, size);
      break;

    case '(':
    case '{':
      writer_pad (self, 7);
      write_members (self, type + 1, type + type->span - 1, data, size);
      break;

    default:
      writer_pad (self, type->padding);
      writer_copy (self, data, type->fixed_size);
      break;
    }
}

/* The message */

static void
write_field (DbrWireWriter *self,
             DbrWireField   field,
             char           type)
{
  writer_pad (self, 7);
  writer_put_byte (self, (guchar) field);
  write_signature (self, &type, 1);
}

static void
write_text_field (DbrWireWriter       *self,
                  const DbrWireHeader *header,
                  DbrWireField         field)
{
  const char *text = header->texts[field];

  if (text == NULL)
    return;

  write_field (self, field, field == DBR_WIRE_FIELD_PATH ? 'o' : 's');
  write_text (self, text, strlen (text) + 1);
}

static void
write_number_field (DbrWireWriter *self,
                    DbrWireField   field,
                    guint32        number)
{
  if (number == 0)
    return;

  write_field (self, field, 'u');
  writer_put_number (self, number);
}

static void
write_header (DbrWireWriter       *self,
              const DbrWireHeader *header,
              const char          *signature,
              gsize                signature_length)
{
  static const DbrWireField fields[] = {
    DBR_WIRE_FIELD_PATH,
    DBR_WIRE_FIELD_DESTINATION,
    DBR_WIRE_FIELD_INTERFACE,
    DBR_WIRE_FIELD_MEMBER,
    DBR_WIRE_FIELD_ERROR_NAME,
  };
  const guchar prefix[] = {
    G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'l' : 'B',
    (guchar) header->kind,
    (guchar) header->flags,
    DBR_WIRE_VERSION,
  };

  writer_copy (self, prefix, sizeof prefix);
  writer_put_number (self, 0);
  writer_put_number (self, header->serial);
  writer_put_number (self, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    write_text_field (self, header, fields[i]);
  write_number_field (self, DBR_WIRE_FIELD_REPLY_SERIAL, header->reply_serial);
  write_number_field (self, DBR_WIRE_FIELD_N_DESCRIPTORS, header->n_descriptors);
  if (signature_length > 0)
    {
      write_field (self, DBR_WIRE_FIELD_SIGNATURE, 'g');
      write_signature (self, signature, signature_length);
    }

  writer_set_number (self, FIELDS_LENGTH_AT, self->length - DBR_WIRE_PREFIX);
  writer_pad (self, 7);
}

/* Most bodies were put together a moment ago and are no block of memory yet. So they are taken
 * apart again, once: making one block of them first would copy each value one time more. */
static void
write_body (DbrWireWriter          *self,
            const DbrWireSignature *signature,
            GVariant               *body)
{
  const DbrWireType *type = signature->types;
  gsize n_values = g_variant_n_children (body);

  for (gsize i = 0; i < n_values && self->fault == NULL; i++)
    {
      GVariant *value = g_variant_get_child_value (body, i);
      const guchar *data = g_variant_get_data (value);

      /* What has no size is nowhere, and nothing may be reckoned from there. */
      write_value (self, type, data != NULL ? data : (const guchar *) "", g_variant_get_size (value));
      g_variant_unref (value);
      type += type->span;
    }
}

const char *
dbr_wire_writer_write (DbrWireWriter       *self,
                       const DbrWireHeader *header,
                       GVariant            *body)
{
  /* The brackets of the tuple are no part of a signature. */
  const char *text = body != NULL ? g_variant_get_type_string (body) + 1 : ")";
  gsize length = strlen (text) - 1;
  DbrWireSignature signature;
  gsize begin;

  self->fault = dbr_wire_signature_parse (&signature, text, length);
  if (self->fault != NULL)
    return self->fault;

  write_header (self, header, text, length);
  begin = self->length;
  if (length > 0)
    write_body (self, &signature, body);
  writer_set_number (self, BODY_LENGTH_AT, self->length - begin);

  if (self->is_too_long && self->fault == NULL)
    self->fault = N_("the message is longer than 128 MiB");

  return self->fault;
}
