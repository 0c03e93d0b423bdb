/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-message-private.h"
#include "bus/wire/dbr-wire-header-private.h"

G_BEGIN_DECLS

/* A message that arrived, with its bytes in the same piece of memory. */
typedef struct
{
  DbrMessage    message;
  DbrWireHeader header;
  GUnixFDList  *fd_list;
  gsize         size;
  guchar        bytes[] __attribute__ ((aligned (8)));
} DbrWireMessage;

/* For @size bytes, which the caller writes into it. */
DbrWireMessage *dbr_wire_message_new  (gsize           size) G_GNUC_WARN_UNUSED_RESULT;
/* Looks through the bytes, once they are there. Returns NULL, or what is wrong with them, to be
 * translated; the message is good for nothing then but to be let go of. */
const char     *dbr_wire_message_read (DbrWireMessage *self,
                                       gint64          now);

static inline void
dbr_wire_message_unref (DbrWireMessage *self)
{
  dbr_message_unref (&self->message);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrWireMessage, dbr_wire_message_unref)

G_END_DECLS
