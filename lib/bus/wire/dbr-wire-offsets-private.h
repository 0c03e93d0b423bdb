/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* A GVariant whose parts differ in size ends with a table of where they end. How wide an entry is
 * depends on the size of the whole, the table included, and each is little-endian everywhere. What
 * has no size has no table either: all its parts are empty. */

static inline guint
dbr_wire_offsets_get_width (gsize size)
{
  if (size == 0)
    return 0;
  if (size <= G_MAXUINT8)
    return 1;
  if (size <= G_MAXUINT16)
    return 2;

  return size <= G_MAXUINT32 ? 4 : 8;
}

/* The width of a table of @n entries behind @size bytes. */
static inline guint
dbr_wire_offsets_choose_width (gsize size,
                               gsize n)
{
  if (size + n <= G_MAXUINT8)
    return 1;
  if (size + 2 * n <= G_MAXUINT16)
    return 2;

  return size + 4 * n <= G_MAXUINT32 ? 4 : 8;
}

static inline gsize
dbr_wire_offsets_read (const guchar *place,
                       guint         width)
{
  guint64 offset = 0;

  if (width == 1)
    return *place;

  memcpy (&offset, place, width);

  return (gsize) GUINT64_FROM_LE (offset);
}

static inline void
dbr_wire_offsets_write (guchar *place,
                        guint   width,
                        gsize   offset)
{
  guint64 entry = GUINT64_TO_LE ((guint64) offset);

  memcpy (place, &entry, width);
}

G_END_DECLS
