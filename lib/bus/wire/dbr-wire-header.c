/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-header-private.h"

#include <string.h>

#include "base/dbr-i18n-private.h"
#include "base/dbr-text-private.h"
#include "bus/wire/dbr-wire-body-private.h"

/* Names that a library keeps for what it tells itself. */
#define LOCAL_PATH "/org/freedesktop/DBus/Local"
#define LOCAL_INTERFACE "org.freedesktop.DBus.Local"

#define HAS(field) (1u << DBR_WIRE_FIELD_##field)

/* What each kind must have. */
static const guint required_fields[] = {
  [DBR_WIRE_CALL] = HAS (PATH) | HAS (MEMBER),
  [DBR_WIRE_RETURN] = HAS (REPLY_SERIAL),
  [DBR_WIRE_ERROR] = HAS (REPLY_SERIAL) | HAS (ERROR_NAME),
  [DBR_WIRE_SIGNAL] = HAS (PATH) | HAS (INTERFACE) | HAS (MEMBER),
};

static gboolean
find_order (guchar    mark,
            gboolean *is_swapped)
{
  *is_swapped = mark != (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'l' : 'B');

  return mark == 'l' || mark == 'B';
}

gsize
dbr_wire_header_measure (const guchar  *bytes,
                         const char   **fault)
{
  gboolean is_swapped;
  guint64 fields_size;
  guint64 size;

  if (!find_order (bytes[0], &is_swapped))
    {
      *fault = N_("its byte order is unknown");
      return 0;
    }
  if (bytes[3] != DBR_WIRE_VERSION)
    {
      *fault = N_("it is of an unknown version of D-Bus");
      return 0;
    }

  fields_size = dbr_wire_get_32 (bytes + 12, is_swapped);
  size = DBR_WIRE_PREFIX + ((fields_size + 7) & ~G_GUINT64_CONSTANT (7))
         + dbr_wire_get_32 (bytes + 4, is_swapped);
  if (fields_size > DBR_WIRE_MAX_ARRAY || size > DBR_WIRE_MAX_MESSAGE)
    {
      *fault = N_("it is longer than 128 MiB");
      return 0;
    }

  return (gsize) size;
}

/* Fields */

/* The type of the fields that are known; the others have any. */
static char
get_field_type (guint field)
{
  switch (field)
    {
    case DBR_WIRE_FIELD_PATH:
      return 'o';

    case DBR_WIRE_FIELD_INTERFACE:
    case DBR_WIRE_FIELD_MEMBER:
    case DBR_WIRE_FIELD_ERROR_NAME:
    case DBR_WIRE_FIELD_DESTINATION:
    case DBR_WIRE_FIELD_SENDER:
      return 's';

    case DBR_WIRE_FIELD_REPLY_SERIAL:
    case DBR_WIRE_FIELD_N_DESCRIPTORS:
      return 'u';

    case DBR_WIRE_FIELD_SIGNATURE:
      return 'g';

    default:
      return '\0';
    }
}

static const char *
check_text_field (guint       field,
                  const char *text,
                  gsize       length)
{
  switch (field)
    {
    case DBR_WIRE_FIELD_PATH:
      return dbr_text_is_object_path (text, length) ? NULL : N_("its path is none");

    case DBR_WIRE_FIELD_INTERFACE:
      return dbr_text_is_interface_name (text, length) ? NULL : N_("its interface is none");

    case DBR_WIRE_FIELD_MEMBER:
      return dbr_text_is_member_name (text, length) ? NULL : N_("its member is none");

    case DBR_WIRE_FIELD_ERROR_NAME:
      return dbr_text_is_interface_name (text, length) ? NULL : N_("its error name is none");

    default:
      return dbr_text_is_bus_name (text, length) ? NULL : N_("a bus name in its header is none");
    }
}

/* What it goes through: the fields, which end before @end. */
typedef struct
{
  DbrWireHeader *header;
  const guchar  *bytes;
  gsize          at;
  gsize          end;
  guint          seen;
} Fields;

static const char *
fields_take_text (Fields *self,
                  guint   field)
{
  gsize length;
  const char *text;

  if (self->end - self->at < sizeof (guint32))
    return N_("a header field ends beyond the header");

  length = dbr_wire_get_32 (self->bytes + self->at, self->header->is_swapped);
  self->at += sizeof (guint32);
  text = (const char *) self->bytes + self->at;
  if (length >= self->end - self->at)
    return N_("a header field ends beyond the header");
  if (text[length] != '\0')
    return N_("a header field does not end with a zero");

  self->header->texts[field] = text;
  self->at += length + 1;

  return check_text_field (field, text, length);
}

/* Whether it is well formed is seen when the values are looked through by it. */
static const char *
fields_take_signature (Fields *self)
{
  gsize length;
  const char *text;

  if (self->at >= self->end)
    return N_("a header field ends beyond the header");

  length = self->bytes[self->at++];
  text = (const char *) self->bytes + self->at;
  if (length >= self->end - self->at)
    return N_("a header field ends beyond the header");
  if (text[length] != '\0' || strlen (text) != length)
    return N_("a header field does not end with a zero");

  self->header->texts[DBR_WIRE_FIELD_SIGNATURE] = text;
  self->at += length + 1;

  return NULL;
}

static const char *
fields_take_number (Fields *self,
                    guint   field)
{
  guint32 number;

  if (self->end - self->at < sizeof number)
    return N_("a header field ends beyond the header");

  number = dbr_wire_get_32 (self->bytes + self->at, self->header->is_swapped);
  self->at += sizeof number;
  if (field == DBR_WIRE_FIELD_N_DESCRIPTORS)
    self->header->n_descriptors = number;
  else
    self->header->reply_serial = number;

  return NULL;
}

static const char *
fields_take_known (Fields *self,
                   guint   field)
{
  char type = get_field_type (field);
  const guchar *signature = self->bytes + self->at;

  if ((self->seen & (1u << field)) != 0)
    return N_("a header field is there twice");
  if (self->end - self->at < 3 || signature[0] != 1 || signature[1] != type || signature[2] != 0)
    return N_("a header field is of a wrong type");

  self->seen |= 1u << field;
  self->at += 3;
  if (type == 'g')
    return fields_take_signature (self);
  if (type == 'u')
    return fields_take_number (self, field);

  return fields_take_text (self, field);
}

/* What a later version of D-Bus may add is passed over, but must be a value. */
static const char *
fields_pass_over (Fields *self)
{
  DbrWireBody body = { self->bytes, self->end, self->header->is_swapped };

  return dbr_wire_body_pass_variant (&body, &self->at);
}

static const char *
fields_take_next (Fields *self)
{
  guint field;

  for (; (self->at & 7) != 0; self->at++)
    {
      if (self->at >= self->end)
        return N_("a header field ends beyond the header");
      if (self->bytes[self->at] != 0)
        return N_("the padding before a header field is not zero");
    }

  if (self->at >= self->end)
    return N_("a header field ends beyond the header");
  field = self->bytes[self->at++];
  if (field == 0)
    return N_("a header field is of no kind");

  return field < DBR_WIRE_N_FIELDS ? fields_take_known (self, field) : fields_pass_over (self);
}

/* The message */

static const char *
check_fields (const DbrWireHeader *self,
              guint                seen)
{
  const char *path = self->texts[DBR_WIRE_FIELD_PATH];
  const char *interface_name = self->texts[DBR_WIRE_FIELD_INTERFACE];

  if (self->kind < G_N_ELEMENTS (required_fields)
      && (seen & required_fields[self->kind]) != required_fields[self->kind])
    return N_("a header field is missing");
  if ((seen & HAS (REPLY_SERIAL)) != 0 && self->reply_serial == 0)
    return N_("it is a reply to nothing");
  if ((path != NULL && strcmp (path, LOCAL_PATH) == 0)
      || (interface_name != NULL && strcmp (interface_name, LOCAL_INTERFACE) == 0))
    return N_("it has a name that only a library itself may use");

  return NULL;
}

static const char *
check_body (const DbrWireHeader *self,
            const guchar        *bytes)
{
  const char *text = self->texts[DBR_WIRE_FIELD_SIGNATURE];
  DbrWireBody body = { bytes + self->body_at, self->body_size, self->is_swapped };
  DbrWireSignature signature;
  const char *fault;

  if (text == NULL)
    return self->body_size == 0 ? NULL : N_("there are more bytes than the signature tells of");

  fault = dbr_wire_signature_parse (&signature, text, strlen (text));

  return fault != NULL ? fault : dbr_wire_body_check (&body, &signature);
}

static const char *
read_fields (DbrWireHeader *self,
             const guchar  *bytes)
{
  gsize fields_size = dbr_wire_get_32 (bytes + 12, self->is_swapped);
  Fields fields = { self, bytes, DBR_WIRE_PREFIX, DBR_WIRE_PREFIX + fields_size };

  while (fields.at < fields.end)
    {
      const char *fault = fields_take_next (&fields);

      if (fault != NULL)
        return fault;
    }

  self->body_at = (fields.end + 7) & ~(gsize) 7;
  for (gsize i = fields.end; i < self->body_at; i++)
    {
      if (bytes[i] != 0)
        return N_("the padding before the values is not zero");
    }

  return check_fields (self, fields.seen);
}

const char *
dbr_wire_header_read (DbrWireHeader *self,
                      const guchar  *bytes)
{
  const char *fault;

  *self = (DbrWireHeader) { .kind = bytes[1], .flags = bytes[2] };
  if (!find_order (bytes[0], &self->is_swapped))
    return N_("its byte order is unknown");

  self->serial = dbr_wire_get_32 (bytes + 8, self->is_swapped);
  if (self->kind == 0)
    return N_("it is of no kind");
  if (self->serial == 0)
    return N_("its serial is zero");

  self->body_size = dbr_wire_get_32 (bytes + 4, self->is_swapped);
  fault = read_fields (self, bytes);

  return fault != NULL ? fault : check_body (self, bytes);
}
