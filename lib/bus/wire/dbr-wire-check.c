/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-body-private.h"

#include "base/dbr-i18n-private.h"
#include "base/dbr-text-private.h"
#include "bus/wire/dbr-wire-header-private.h"

/* Goes through the bytes of the values in their order. Nothing behind @end is looked at; within an
 * array that is the array's end. The first fault is kept. */
typedef struct
{
  const guchar *bytes;
  gsize         at;
  gsize         end;
  gboolean      is_swapped;
  const char   *fault;
} Walk;

static gboolean walk_value (Walk              *self,
                            const DbrWireType *type,
                            guint              depth);

static gboolean
walk_fail (Walk       *self,
           const char *fault)
{
  if (self->fault == NULL)
    self->fault = fault;

  return FALSE;
}

static inline gboolean
walk_pad (Walk  *self,
          gsize  padding)
{
  while ((self->at & padding) != 0)
    {
      if (self->at >= self->end)
        return walk_fail (self, N_("a value ends beyond its message or array"));
      if (self->bytes[self->at++] != 0)
        return walk_fail (self, N_("the padding before a value is not zero"));
    }

  return TRUE;
}

static inline gboolean
walk_skip (Walk  *self,
           gsize  size)
{
  if (size > self->end - self->at)
    return walk_fail (self, N_("a value ends beyond its message or array"));

  self->at += size;

  return TRUE;
}

static inline gboolean
walk_number (Walk    *self,
             guint32 *number)
{
  if (!walk_pad (self, 3) || !walk_skip (self, sizeof *number))
    return FALSE;

  *number = dbr_wire_get_32 (self->bytes + self->at - sizeof *number, self->is_swapped);

  return TRUE;
}

/* What is as long as told ends with a zero besides. */
static inline const char *
walk_text (Walk  *self,
           gsize  length)
{
  const char *text = (const char *) self->bytes + self->at;

  if (length >= self->end - self->at)
    walk_fail (self, N_("a value ends beyond its message or array"));
  else if (text[length] != '\0')
    walk_fail (self, N_("a string does not end with a zero"));
  else
    self->at += length + 1;

  return self->fault == NULL ? text : NULL;
}

static gboolean
walk_string (Walk *self,
             char  code)
{
  guint32 length;
  const char *text;

  if (!walk_number (self, &length))
    return FALSE;

  text = walk_text (self, length);
  if (text == NULL)
    return FALSE;

  if (code == 'o')
    return dbr_text_is_object_path (text, length)
           || walk_fail (self, N_("an object path is none"));

  return dbr_text_is_utf8 (text, length) || walk_fail (self, N_("a string is not UTF-8"));
}

static gboolean
walk_signature (Walk             *self,
                DbrWireSignature *signature)
{
  const char *text;
  const char *fault;
  gsize length;

  if (!walk_skip (self, 1))
    return FALSE;

  length = self->bytes[self->at - 1];
  text = walk_text (self, length);
  if (text == NULL)
    return FALSE;

  fault = dbr_wire_signature_parse (signature, text, length);

  return fault == NULL || walk_fail (self, fault);
}

/* By itself, so that not each level of a nested value has room for one on the stack. */
static gboolean G_NO_INLINE
walk_signature_value (Walk *self)
{
  DbrWireSignature signature;

  return walk_signature (self, &signature);
}

static gboolean G_NO_INLINE
walk_variant (Walk  *self,
              guint  depth)
{
  DbrWireSignature signature;

  if (!walk_signature (self, &signature))
    return FALSE;
  if (!dbr_wire_signature_is_single (&signature))
    return walk_fail (self, N_("a variant's signature is not that of one value"));

  return walk_value (self, signature.types, depth);
}

static gboolean
walk_elements (Walk              *self,
               const DbrWireType *element,
               gsize              size,
               guint              depth)
{
  guint plain_size = dbr_wire_get_plain_size (element->code);
  gsize outer_end = self->end;
  gsize end = self->at + size;

  if (plain_size > 0)
    {
      if ((size & (plain_size - 1)) != 0)
        return walk_fail (self, N_("the elements of an array do not fill it"));

      self->at = end;
      return TRUE;
    }

  self->end = end;
  while (self->at < end)
    {
      if (!walk_value (self, element, depth))
        return FALSE;
    }
  self->end = outer_end;

  return TRUE;
}

static gboolean
walk_array (Walk              *self,
            const DbrWireType *type,
            guint              depth)
{
  guint32 size;

  if (!walk_number (self, &size))
    return FALSE;
  if (size > DBR_WIRE_MAX_ARRAY)
    return walk_fail (self, N_("an array is longer than 64 MiB"));
  if (!walk_pad (self, dbr_wire_get_padding (type[1].code)))
    return FALSE;
  if (size > self->end - self->at)
    return walk_fail (self, N_("a value ends beyond its message or array"));

  return walk_elements (self, type + 1, size, depth);
}

static gboolean
walk_members (Walk              *self,
              const DbrWireType *first,
              const DbrWireType *after,
              guint              depth)
{
  for (const DbrWireType *type = first; type < after; type += type->span)
    {
      if (!walk_value (self, type, depth))
        return FALSE;
    }

  return TRUE;
}

static gboolean
walk_container (Walk              *self,
                const DbrWireType *type,
                guint              depth)
{
  if (depth >= DBR_WIRE_MAX_DEPTH)
    return walk_fail (self, N_("values are nested more deeply than allowed"));

  if (type->code == 'v')
    return walk_variant (self, depth + 1);
  if (type->code == 'a')
    return walk_array (self, type, depth + 1);

  return walk_pad (self, 7)
         && walk_members (self, type + 1, type + type->span - 1, depth + 1);
}

static gboolean
walk_boolean (Walk *self)
{
  guint32 value;

  if (!walk_number (self, &value))
    return FALSE;

  return value <= 1 || walk_fail (self, N_("a boolean is neither true nor false"));
}

static gboolean
walk_value (Walk              *self,
            const DbrWireType *type,
            guint              depth)
{
  switch (type->code)
    {
    case 'b':
      return walk_boolean (self);

    case 's':
    case 'o':
      return walk_string (self, type->code);

    case 'g':
      return walk_signature_value (self);

    case 'v':
    case 'a':
    case '(':
    case '{':
      return walk_container (self, type, depth);

    default:
      return walk_pad (self, type->padding) && walk_skip (self, type->fixed_size);
    }
}

const char *
dbr_wire_body_check (const DbrWireBody      *self,
                     const DbrWireSignature *signature)
{
  Walk walk = { self->bytes, 0, self->size, self->is_swapped };

  if (!walk_members (&walk, signature->types, signature->types + signature->length, 0))
    return walk.fault;
  if (walk.at < walk.end)
    return N_("there are more bytes than the signature tells of");

  return NULL;
}

const char *
dbr_wire_body_pass_variant (const DbrWireBody *self,
                            gsize             *at)
{
  Walk walk = { self->bytes, *at, self->size, self->is_swapped };

  walk_variant (&walk, 1);
  *at = walk.at;

  return walk.fault;
}
