/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/dbr-clock-private.h"
#include "base/dbr-request-private.h"
#include "policy/dbr-access-query-private.h"
#include "policy/dbr-access-rules-private.h"

G_BEGIN_DECLS

/* The rules of a policy and its tier, and what follows from both. What each call asks; once it is
 * frozen without a lock, and without allocating for what is allowed, but for rate limits. */
typedef struct _DbrAccessJudge DbrAccessJudge;

/* The bus names that the owner of a unique name is known to have, or NULL. Called with no lock
 * held, and only for a unique name. */
typedef char **(*DbrAccessNamesFunc) (const char *unique_name,
                                      gpointer    user_data);

/* What is known of who is behind a unique name: -1 and NULL for what is not. */
typedef struct
{
  gint64      uid;
  const char *exe;
} DbrAccessCredentials;

DbrAccessJudge *dbr_access_judge_new           (DbrAccessTier                tier)
G_GNUC_WARN_UNUSED_RESULT;
void            dbr_access_judge_free          (DbrAccessJudge              *self);

/* Before anything else is asked of it. */
void            dbr_access_judge_set_clock     (DbrAccessJudge              *self,
                                                const DbrClock              *clock);

/* Takes all of @more, or nothing once it is frozen. */
gboolean        dbr_access_judge_take_rules    (DbrAccessJudge              *self,
                                                DbrAccessRules              *more,
                                                GError                     **error);
/* Whether it was not frozen before. */
gboolean        dbr_access_judge_freeze        (DbrAccessJudge              *self);
gboolean        dbr_access_judge_is_frozen     (DbrAccessJudge              *self);

/* Judges what is about to be done, and counts it for the rate limits if it is allowed. Lends the
 * rule that decided, which is interned, if @rule is not NULL. */
gboolean        dbr_access_judge_check         (DbrAccessJudge              *self,
                                                const DbrAccessQuery        *query,
                                                gboolean                     is_counted,
                                                DbrAccessNamesFunc           names_func,
                                                gpointer                     user_data,
                                                const char                 **rule,
                                                GError                     **error);
/* Whether a list of names may have this one in it. */
gboolean        dbr_access_judge_may_see       (DbrAccessJudge              *self,
                                                DbrAccessBus                 bus,
                                                const char                  *bus_name,
                                                DbrAccessNamesFunc           names_func,
                                                gpointer                     user_data);

/* Whether it has to be known who is behind a name. The credentials are those of a unique name, and
 * what they were judged for is then sent to that. */
gboolean        dbr_access_judge_needs_peer    (DbrAccessJudge              *self,
                                                const char                  *bus_name);
gboolean        dbr_access_judge_check_peer    (DbrAccessJudge              *self,
                                                const char                  *bus_name,
                                                const DbrAccessCredentials  *credentials,
                                                const char                 **rule,
                                                GError                     **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrAccessJudge, dbr_access_judge_free)

G_END_DECLS
