/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/wire/dbr-wire-message-private.h"
#include "bus/wire/dbr-wire-writer-private.h"

G_BEGIN_DECLS

/* What the codec makes of whole messages. */
GBytes         *bytes_write        (const DbrWireHeader  *header,
                                    GVariant             *body) G_GNUC_WARN_UNUSED_RESULT;
/* A signal with these values. */
GBytes         *bytes_write_values (GVariant             *body) G_GNUC_WARN_UNUSED_RESULT;
/* Reads it as a connection would: first how long it is. NULL with the reason in @fault. */
DbrWireMessage *bytes_read         (const void           *bytes,
                                    gsize                 size,
                                    const char          **fault) G_GNUC_WARN_UNUSED_RESULT;

void            bytes_assert_same  (GVariant             *one,
                                    GVariant             *other);

G_END_DECLS
