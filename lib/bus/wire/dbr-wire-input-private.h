/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/wire/dbr-wire-message-private.h"

G_BEGIN_DECLS

/* What comes out of a socket: read in large gulps, handed out in lines and then in messages. To be
 * used by one thread at a time. */
typedef struct _DbrWireInput DbrWireInput;

typedef enum
{
  /* there was nothing to read */
  DBR_WIRE_READ_NOTHING,
  /* all there was is read */
  DBR_WIRE_READ_ALL,
  /* there may be more */
  DBR_WIRE_READ_MORE,
  /* nothing will come any more */
  DBR_WIRE_READ_OVER,
} DbrWireRead;

DbrWireInput   *dbr_wire_input_new          (void) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_wire_input_free         (DbrWireInput  *self);

DbrWireRead     dbr_wire_input_read         (DbrWireInput  *self,
                                             int            fd,
                                             GError       **error);
/* The next line without its ending, or NULL. A line that does not end is a fault, in words to be
 * translated, as a malformed message is. */
char           *dbr_wire_input_take_line    (DbrWireInput  *self,
                                             const char   **fault) G_GNUC_WARN_UNUSED_RESULT;
DbrWireMessage *dbr_wire_input_take_message (DbrWireInput  *self,
                                             gint64         now,
                                             const char   **fault) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrWireInput, dbr_wire_input_free)

G_END_DECLS
