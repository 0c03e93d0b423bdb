/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "policy/dbr-access-judge-private.h"
#include "policy/dbr-access-policy.h"

G_BEGIN_DECLS

DbrAccessPolicy *dbr_access_policy_new_with_clock (DbrAccessTier          tier,
                                                   const DbrClock        *clock)
G_GNUC_WARN_UNUSED_RESULT;

/* For what the judge does besides; it lives as long as the policy. */
DbrAccessJudge  *dbr_access_policy_get_judge      (DbrAccessPolicy       *self);

/* Judges a call that is about to be made, see dbr_access_judge_check(). */
gboolean         dbr_access_policy_check_request  (DbrAccessPolicy       *self,
                                                   const DbrRequest      *request,
                                                   DbrAccessBus           bus,
                                                   DbrAccessNamesFunc     names_func,
                                                   gpointer               user_data,
                                                   const char           **rule,
                                                   GError               **error);

G_END_DECLS
