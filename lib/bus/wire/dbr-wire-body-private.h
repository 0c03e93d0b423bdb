/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <string.h>

#include <glib.h>

#include "bus/wire/dbr-wire-signature-private.h"

G_BEGIN_DECLS

/* The values of a message that arrived. They begin at a multiple of eight bytes. */
typedef struct
{
  const guchar *bytes;
  gsize         size;
  gboolean      is_swapped;
} DbrWireBody;

/* Looks through all values once. Returns NULL, or what is wrong with them, to be translated. */
const char *dbr_wire_body_check (const DbrWireBody      *self,
                                 const DbrWireSignature *signature);
/* The same for one variant among them that begins at @at, which is moved behind it. */
const char *dbr_wire_body_pass_variant (const DbrWireBody *self,
                                        gsize             *at);
/* Makes the tuple of the values, which must have been found right, in the form GVariant keeps. The
 * bytes are used as they are where they have it, and kept then with @owner, which takes it over: it
 * is let go of with @release, sooner or later. */
GVariant   *dbr_wire_body_read  (const DbrWireBody      *self,
                                 const char             *signature,
                                 gpointer                owner,
                                 GDestroyNotify          release) G_GNUC_WARN_UNUSED_RESULT;

static inline guint16
dbr_wire_get_16 (const guchar *place,
                 gboolean      is_swapped)
{
  guint16 value;

  memcpy (&value, place, sizeof value);

  return is_swapped ? GUINT16_SWAP_LE_BE (value) : value;
}

static inline guint32
dbr_wire_get_32 (const guchar *place,
                 gboolean      is_swapped)
{
  guint32 value;

  memcpy (&value, place, sizeof value);

  return is_swapped ? GUINT32_SWAP_LE_BE (value) : value;
}

static inline guint64
dbr_wire_get_64 (const guchar *place,
                 gboolean      is_swapped)
{
  guint64 value;

  memcpy (&value, place, sizeof value);

  return is_swapped ? GUINT64_SWAP_LE_BE (value) : value;
}

G_END_DECLS
