/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-link-private.h"
#include "bus/dbr-passage-private.h"

G_BEGIN_DECLS

/* Called once with the unique name of who was looked at, which it takes; or with the reason why the
 * call must not be made: what the bus answered, or an error, which it takes. */
typedef void (*DbrPeerCheckFunc) (DbrPassage *passage,
                                  char       *unique_name,
                                  DbrMessage *reply,
                                  GError     *error);

/* Asks the bus who is behind the name that @passage calls, and its access policy whether that may
 * be called. A name may change hands at any time, so the call is sent to the one that was looked
 * at. */
void dbr_peer_check_start (DbrLink          *link,
                           DbrPassage       *passage,
                           DbrPeerCheckFunc  done);

G_END_DECLS
