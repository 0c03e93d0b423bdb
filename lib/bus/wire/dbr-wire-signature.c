/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-signature-private.h"

#include "base/dbr-i18n-private.h"

typedef struct
{
  DbrWireSignature *signature;
  const char       *text;
  guint             n_arrays;
  guint             n_structs;
  const char       *fault;
} Parser;

static guint parse_type (Parser *self,
                         guint   at);

static guint
parser_fail (Parser     *self,
             const char *fault)
{
  self->fault = fault;

  return 0;
}

static guint
parse_array (Parser *self,
             guint   at)
{
  DbrWireType *types = self->signature->types;
  guint next;

  if (++self->n_arrays > DBR_WIRE_MAX_NESTED_ARRAYS)
    return parser_fail (self, N_("a signature nests arrays more deeply than allowed"));

  next = parse_type (self, at + 1);
  if (next == 0)
    return 0;

  self->n_arrays--;
  types[at].padding = types[at + 1].padding;

  return next;
}

/* As GVariant packs it: a structure of fixed members only is fixed itself, and as long as its
 * alignment wants it. */
static void
measure_struct (DbrWireType *types,
                guint        at,
                guint        end)
{
  guint size = 0;
  gboolean is_fixed = TRUE;

  types[at].padding = 0;
  for (guint member = at + 1; member < end; member += types[member].span)
    {
      guint padding = types[member].padding;

      types[at].padding |= padding;
      is_fixed = is_fixed && types[member].fixed_size > 0;
      size = ((size + padding) & ~padding) + types[member].fixed_size;
    }
  size = (size + types[at].padding) & ~(guint) types[at].padding;
  types[at].fixed_size = (guint16) (is_fixed ? size : 0);
}

static guint
parse_members (Parser *self,
               guint   at,
               char    closing)
{
  DbrWireType *types = self->signature->types;
  guint end = at + 1;

  while (end < self->signature->length && self->text[end] != closing)
    {
      end = parse_type (self, end);
      if (end == 0)
        return 0;
    }
  if (end >= self->signature->length)
    return parser_fail (self, N_("a signature lacks a closing bracket"));
  if (end == at + 1)
    return parser_fail (self, N_("a signature has a structure without members"));

  types[end] = (DbrWireType) { closing, 1, 0, 0 };
  measure_struct (types, at, end);

  return end + 1;
}

static guint
parse_struct (Parser *self,
              guint   at)
{
  guint next;

  if (++self->n_structs > DBR_WIRE_MAX_NESTED_STRUCTS)
    return parser_fail (self, N_("a signature nests structures more deeply than allowed"));

  next = parse_members (self, at, ')');
  self->n_structs--;

  return next;
}

static guint
parse_entry (Parser *self,
             guint   at)
{
  DbrWireType *types = self->signature->types;
  guint next;

  if (at == 0 || self->text[at - 1] != 'a')
    return parser_fail (self, N_("a signature has a dictionary entry outside an array"));

  next = parse_members (self, at, '}');
  if (next == 0)
    return 0;
  if (types[at + 1].span != 1 || types[at + 1].code == 'v')
    return parser_fail (self, N_("a signature has a dictionary whose keys are containers"));
  if (types[at + 2].code == '}' || at + 2 + types[at + 2].span != next - 1)
    return parser_fail (self, N_("a signature has a dictionary entry that is no pair"));

  return next;
}

/* A basic type's values are all of one size, as GVariant has them too, or else text. */
static guint
parse_basic (Parser *self,
             guint   at)
{
  DbrWireType *type = &self->signature->types[at];
  guint size = dbr_wire_get_plain_size (type->code);

  switch (type->code)
    {
    case 'b':
      size = 1;
      break;

    case 'v':
      type->padding = 7;
      return at + 1;

    case 's':
    case 'o':
    case 'g':
      return at + 1;

    default:
      if (size == 0)
        return parser_fail (self, N_("a signature has a character that is no type"));
      break;
    }

  type->fixed_size = (guint16) size;
  type->padding = (guint8) (size - 1);

  return at + 1;
}

/* Returns where the next one begins, or 0 where there is a fault. */
static guint
parse_type (Parser *self,
            guint   at)
{
  DbrWireType *type = &self->signature->types[at];
  guint next;

  if (at >= self->signature->length)
    return parser_fail (self, N_("a signature ends within a type"));

  *type = (DbrWireType) { .code = self->text[at] };
  if (type->code == 'a')
    next = parse_array (self, at);
  else if (type->code == '(')
    next = parse_struct (self, at);
  else if (type->code == '{')
    next = parse_entry (self, at);
  else
    next = parse_basic (self, at);

  type->span = (guint8) (next - at);

  return next;
}

const char *
dbr_wire_signature_parse (DbrWireSignature *self,
                          const char       *text,
                          gsize             length)
{
  Parser parser = { self, text };
  guint at = 0;

  if (length > DBR_WIRE_MAX_SIGNATURE)
    return N_("a signature is longer than 255 characters");

  self->length = (guint) length;
  while (at < self->length)
    {
      at = parse_type (&parser, at);
      if (at == 0)
        return parser.fault;
    }
  self->types[at] = (DbrWireType) { 0 };

  return NULL;
}

gboolean
dbr_wire_signature_is_single (const DbrWireSignature *self)
{
  return self->length > 0 && self->types[0].span == self->length;
}
