/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/wire/dbr-wire-message-private.h"
#include "bus/wire/dbr-wire-writer-private.h"

G_BEGIN_DECLS

/* A client serves nothing, but whoever calls it is told so, and does not wait. Writes what it is to
 * be answered; FALSE: it wants no answer. */
gboolean dbr_wire_answer_write (DbrWireWriter        *writer,
                                const DbrWireMessage *call,
                                guint32               serial);

G_END_DECLS
