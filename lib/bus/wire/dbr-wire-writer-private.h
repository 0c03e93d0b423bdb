/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/wire/dbr-wire-header-private.h"

G_BEGIN_DECLS

/* What most messages fit into, so that they need no memory but the stack. */
#define DBR_WIRE_WRITER_FIRST 1024

/* Builds one message in the machine's byte order, in one pass and in one buffer. What would be
 * longer than any message may be is counted to its end and no longer kept. */
typedef struct
{
  guchar     *bytes;
  gsize       length;
  gsize       capacity;
  gboolean    is_too_long;
  const char *fault;
  guchar      first[DBR_WIRE_WRITER_FIRST] __attribute__ ((aligned (8)));
} DbrWireWriter;

void        dbr_wire_writer_init  (DbrWireWriter       *self);
void        dbr_wire_writer_clear (DbrWireWriter       *self);
/* What was written; it is cleared with it. */
guchar     *dbr_wire_writer_steal (DbrWireWriter       *self) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a whole message with names that were checked before and a body in normal form, which is a
 * tuple or NULL. Its sizes and its signature are told by the body. Returns NULL, or what D-Bus does
 * not allow of it, to be translated; @length is told even then, as far as it was written. */
const char *dbr_wire_writer_write (DbrWireWriter       *self,
                                   const DbrWireHeader *header,
                                   GVariant            *body);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrWireWriter, dbr_wire_writer_clear)

G_END_DECLS
