/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "policy/dbr-access-pattern-private.h"

G_BEGIN_DECLS

/* What holds for a call that the rules allow: who is behind the name, and how often it is
 * called. */
typedef struct _DbrAccessConditions DbrAccessConditions;

/* Who has to be behind a name: -1 and NULL for any. */
typedef struct
{
  DbrAccessPart  bus_name;
  gint64         uid;
  char          *exe;
  const char    *rule;
} DbrAccessPeer;

/* A bucket of calls that fills again evenly, all of it in a minute. */
typedef struct
{
  DbrAccessPattern *pattern;
  const char       *rule;
  guint             per_minute;
  gint64            level;
  gint64            filled_at;
} DbrAccessLimit;

DbrAccessConditions  *dbr_access_conditions_new        (void) G_GNUC_WARN_UNUSED_RESULT;
void                  dbr_access_conditions_free       (DbrAccessConditions        *self);

/* Adds to what is required of that name already. */
gboolean              dbr_access_conditions_add_peer   (DbrAccessConditions        *self,
                                                        const char                 *bus_name,
                                                        gint64                      uid,
                                                        const char                 *exe,
                                                        GError                    **error);
gboolean              dbr_access_conditions_add_limit  (DbrAccessConditions        *self,
                                                        const char                 *pattern,
                                                        guint                       per_minute,
                                                        GError                    **error);
/* Moves all of @more into @self; what it says of a name or pattern holds instead of what was said
 * before. */
void                  dbr_access_conditions_take       (DbrAccessConditions        *self,
                                                        DbrAccessConditions        *more);

/* What comes @index-th of what is required of a name, or NULL. */
const DbrAccessPeer  *dbr_access_conditions_find_peer  (const DbrAccessConditions  *self,
                                                        const char                 *bus_name,
                                                        guint                       index);

gboolean              dbr_access_conditions_has_limits (const DbrAccessConditions  *self);
/* Takes one call out of each bucket that is for @query, or out of none. Returns the limit that is
 * used up, or NULL. */
const DbrAccessLimit *dbr_access_conditions_spend      (DbrAccessConditions        *self,
                                                        const DbrAccessQuery       *query,
                                                        const char * const         *names,
                                                        guint                       n_names,
                                                        gint64                      now,
                                                        gboolean                    is_counted,
                                                        gint64                     *wait_usec);

G_END_DECLS
