/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-watches-private.h"

G_BEGIN_DECLS

/* A recovery for each service that is watched, which acts by itself; what it does is news. */
typedef struct _DbrctlRecoveries DbrctlRecoveries;

DbrctlRecoveries *dbrctl_recoveries_new  (DbrctlWatches     *watches,
                                          DbrRecoveryScope   allowed,
                                          DbrctlNewsFunc     func,
                                          gpointer           user_data) G_GNUC_WARN_UNUSED_RESULT;
void              dbrctl_recoveries_free (DbrctlRecoveries  *self);

guint             dbrctl_recoveries_get_n (DbrctlRecoveries *self);
DbrRecovery      *dbrctl_recoveries_get  (DbrctlRecoveries  *self,
                                          guint              i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrctlRecoveries, dbrctl_recoveries_free)

G_END_DECLS
