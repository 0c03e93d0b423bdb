/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lease.h"
#include "bus/dbr-pool-core-private.h"

G_BEGIN_DECLS

/* Takes a member that @core has lent. */
DbrLease *dbr_lease_new (DbrPoolCore   *core,
                         DbrPoolMember *member) G_GNUC_WARN_UNUSED_RESULT;

/* The bus has cut its connection. */
gboolean  dbr_lease_is_lost (DbrLease *self);

G_END_DECLS
