/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-opening-private.h"

G_BEGIN_DECLS

/* Opens a socket and is let in, without a thread and without ever waiting. */
DbrOpening *dbr_wire_opening_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
