/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the specification allows. */
#define DBR_WIRE_MAX_SIGNATURE 255
#define DBR_WIRE_MAX_NESTED_ARRAYS 32
#define DBR_WIRE_MAX_NESTED_STRUCTS 32
/* All containers, those in variants included. */
#define DBR_WIRE_MAX_DEPTH 64

/* One type of a signature, at the place of its character. It takes @span places: its own and those of
 * what it is made of. Of a structure or dictionary entry the last one is the closing bracket. */
typedef struct
{
  char    code;
  guint8  span;
  /* as GVariant has it: its alignment less one, and its size, or 0 where that depends on the value */
  guint8  padding;
  guint16 fixed_size;
} DbrWireType;

/* A signature that was looked through once, so that an array of a million structures does not do it
 * a million times. Only the types up to @length and the ending after them are written. */
typedef struct
{
  guint       length;
  DbrWireType types[DBR_WIRE_MAX_SIGNATURE + 1];
} DbrWireSignature;

/* Returns NULL, or what is wrong with it, to be translated. */
const char *dbr_wire_signature_parse     (DbrWireSignature *self,
                                          const char       *text,
                                          gsize             length);
/* Whether it is that of one value, neither more nor less. */
gboolean    dbr_wire_signature_is_single (const DbrWireSignature *self);

/* How a type is aligned on the wire, less one. */
static inline guint
dbr_wire_get_padding (char code)
{
  switch (code)
    {
    case 'n':
    case 'q':
      return 1;

    case 'b':
    case 'i':
    case 'u':
    case 'h':
    case 's':
    case 'o':
    case 'a':
      return 3;

    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
      return 7;

    default:
      return 0;
    }
}

/* The size of a type whose bytes on the wire are those of a GVariant; 0 for all others. */
static inline guint
dbr_wire_get_plain_size (char code)
{
  switch (code)
    {
    case 'y':
      return 1;

    case 'n':
    case 'q':
      return 2;

    case 'i':
    case 'u':
    case 'h':
      return 4;

    case 'x':
    case 't':
    case 'd':
      return 8;

    default:
      return 0;
    }
}

G_END_DECLS
