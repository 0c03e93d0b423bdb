/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-body-private.h"

#include "bus/wire/dbr-wire-offsets-private.h"

#define N_FIRST_ENDS 32

/* Turns values that were found right into the one block of memory that GVariant would keep them in.
 * So no object is made but the one that holds it, whatever is in it. */
typedef struct
{
  const guchar *bytes;
  gsize         at;
  gboolean      is_swapped;

  guchar       *out;
  gsize         length;
  gsize         capacity;

  /* where the parts of each container that is open end, counted from its beginning */
  gsize        *ends;
  gsize         n_ends;
  gsize         max_ends;
  gsize         first_ends[N_FIRST_ENDS];
} Reader;

static void read_value (Reader            *self,
                        const DbrWireType *type);

static inline guchar *
reader_add (Reader *self,
            gsize   size)
{
  guchar *place;

  if (G_UNLIKELY (self->length + size > self->capacity))
    {
      self->capacity = MAX (self->length + size, self->capacity * 2);
      self->out = g_realloc (self->out, self->capacity);
    }
  place = self->out + self->length;
  self->length += size;

  return place;
}

static inline void
reader_pad (Reader *self,
            gsize   padding)
{
  gsize size = -self->length & padding;
  guchar *place = reader_add (self, size);

  for (gsize i = 0; i < size; i++)
    place[i] = 0;
}

static inline void
reader_copy (Reader *self,
             gsize   size)
{
  guchar *place = reader_add (self, size);

  memcpy (place, self->bytes + self->at, size);
  self->at += size;
}

static inline void
reader_align (Reader *self,
              gsize   padding)
{
  self->at = (self->at + padding) & ~padding;
}

static inline guint32
reader_take_number (Reader *self)
{
  guint32 number;

  reader_align (self, 3);
  number = dbr_wire_get_32 (self->bytes + self->at, self->is_swapped);
  self->at += sizeof number;

  return number;
}

static void
reader_push_end (Reader *self,
                 gsize   end)
{
  if (G_UNLIKELY (self->n_ends == self->max_ends))
    {
      gboolean is_first = self->ends == self->first_ends;

      self->max_ends *= 2;
      self->ends = g_renew (gsize, is_first ? NULL : self->ends, self->max_ends);
      if (is_first)
        memcpy (self->ends, self->first_ends, sizeof self->first_ends);
    }

  self->ends[self->n_ends++] = end;
}

/* Closes the container that began at @begin with the table of its ends, from @first on. */
static void
reader_close (Reader   *self,
              gsize     begin,
              gsize     first,
              gboolean  is_backwards)
{
  gsize n = self->n_ends - first;
  guint width = dbr_wire_offsets_choose_width (self->length - begin, n);
  guchar *table = reader_add (self, n * width);

  for (gsize i = 0; i < n; i++)
    dbr_wire_offsets_write (table + i * width, width,
                            self->ends[is_backwards ? self->n_ends - 1 - i : first + i]);
  self->n_ends = first;
}

/* Values */

static void
read_plain (Reader            *self,
            const DbrWireType *type)
{
  reader_align (self, type->padding);
  if (!self->is_swapped || type->fixed_size == 1)
    {
      reader_copy (self, type->fixed_size);
      return;
    }

  for (guint i = type->fixed_size; i > 0; i--)
    *reader_add (self, 1) = self->bytes[self->at + i - 1];
  self->at += type->fixed_size;
}

/* Its signature goes behind it, after a zero. */
static void G_NO_INLINE
read_variant (Reader *self)
{
  gsize length = self->bytes[self->at];
  const char *text = (const char *) self->bytes + self->at + 1;
  DbrWireSignature signature;
  guchar *place;

  dbr_wire_signature_parse (&signature, text, length);
  self->at += length + 2;
  read_value (self, signature.types);

  place = reader_add (self, length + 1);
  *place = 0;
  memcpy (place + 1, text, length);
}

static void
read_elements (Reader            *self,
               const DbrWireType *element,
               gsize              end)
{
  gsize begin = self->length;
  gsize first = self->n_ends;

  while (self->at < end)
    {
      reader_pad (self, element->padding);
      read_value (self, element);
      if (element->fixed_size == 0)
        reader_push_end (self, self->length - begin);
    }

  reader_close (self, begin, first, FALSE);
}

static void
read_array (Reader            *self,
            const DbrWireType *type)
{
  const DbrWireType *element = type + 1;
  gsize size = reader_take_number (self);
  gboolean is_plain = dbr_wire_get_plain_size (element->code) > 0
                      && (!self->is_swapped || element->fixed_size == 1);

  reader_align (self, dbr_wire_get_padding (element->code));
  if (is_plain)
    reader_copy (self, size);
  else
    read_elements (self, element, self->at + size);
}

static void
read_members (Reader            *self,
              const DbrWireType *first_type,
              const DbrWireType *after)
{
  gsize begin = self->length;
  gsize first = self->n_ends;
  gsize padding = 0;
  gboolean is_fixed = TRUE;

  for (const DbrWireType *type = first_type; type < after; type += type->span)
    {
      reader_pad (self, type->padding);
      read_value (self, type);

      padding |= type->padding;
      if (type->fixed_size > 0)
        continue;

      is_fixed = FALSE;
      if (type + type->span < after)
        reader_push_end (self, self->length - begin);
    }

  if (is_fixed)
    reader_pad (self, padding);
  else
    reader_close (self, begin, first, TRUE);
}

static void
read_value (Reader            *self,
            const DbrWireType *type)
{
  switch (type->code)
    {
    case 'b':
      *reader_add (self, 1) = reader_take_number (self) != 0;
      break;

    case 's':
    case 'o':
      reader_copy (self, (gsize) reader_take_number (self) + 1);
      break;

    case 'g':
      self->at++;
      reader_copy (self, (gsize) self->bytes[self->at - 1] + 1);
      break;

    case 'v':
      read_variant (self);
      break;

    case 'a':
      read_array (self, type);
      break;

    case '(':
    case '{':
      reader_align (self, 7);
      read_members (self, type + 1, type + type->span - 1);
      break;

    default:
      read_plain (self, type);
      break;
    }
}

/* The body */

/* Where a body is one string or array that GVariant keeps as the wire has it, finds that in it. */
static gboolean
find_ready (const DbrWireBody  *body,
            const DbrWireType  *type,
            gsize              *at,
            gsize              *size)
{
  guint32 length;

  if (type->code != 's' && type->code != 'o'
      && (type->code != 'a' || type->span != 2 || dbr_wire_get_plain_size (type[1].code) == 0
          || (body->is_swapped && type[1].fixed_size > 1)))
    return FALSE;

  length = dbr_wire_get_32 (body->bytes, body->is_swapped);
  *size = (gsize) length + (type->code == 'a' ? 0 : 1);
  *at = body->size - *size;

  return TRUE;
}

static GVariant *
read_body (const DbrWireBody      *body,
           const DbrWireSignature *signature,
           const GVariantType     *type)
{
  Reader reader = {
    .bytes = body->bytes,
    .is_swapped = body->is_swapped,
    .capacity = body->size + body->size / 2 + 16,
    .max_ends = N_FIRST_ENDS,
  };

  reader.ends = reader.first_ends;
  reader.out = g_malloc (reader.capacity);
  read_members (&reader, signature->types, signature->types + signature->length);
  if (reader.ends != reader.first_ends)
    g_free (reader.ends);

  return g_variant_new_from_data (type, reader.out, reader.length, TRUE, g_free, reader.out);
}

/* GLib knows a type as long as there is a value of it, and works it out anew for the next one,
 * which takes longer than reading a small body. So there is always one of those that arrive all the
 * time. */
static void
keep_types (void)
{
  static GVariant *kept = NULL;
  GVariant *value;

  if (!g_once_init_enter (&kept))
    return;

  value = g_variant_new_from_data (G_VARIANT_TYPE ("((sa{sv}as)(a{sv})(v)(sss))"), NULL, 0, FALSE,
                                   NULL, NULL);
  g_once_init_leave (&kept, g_variant_ref_sink (value));
}

GVariant *
dbr_wire_body_read (const DbrWireBody *self,
                    const char        *signature,
                    gpointer           owner,
                    GDestroyNotify     release)
{
  DbrWireSignature parsed;
  char type[DBR_WIRE_MAX_SIGNATURE + 3];
  gsize length = strlen (signature);
  GVariant *value;
  gsize at;
  gsize size;

  keep_types ();
  type[0] = '(';
  memcpy (type + 1, signature, length);
  memcpy (type + 1 + length, ")", 2);
  dbr_wire_signature_parse (&parsed, signature, length);

  if (dbr_wire_signature_is_single (&parsed) && find_ready (self, parsed.types, &at, &size))
    {
      value = g_variant_new_from_data (G_VARIANT_TYPE (type), self->bytes + at, size, TRUE,
                                       release, owner);
    }
  else
    {
      value = read_body (self, &parsed, G_VARIANT_TYPE (type));
      release (owner);
    }

  return g_variant_ref_sink (value);
}
