/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "policy/dbr-access-conditions-private.h"
#include "policy/dbr-access-pattern-private.h"
#include "policy/dbr-access-policy.h"

G_BEGIN_DECLS

/* All that was set on one policy, or what ships for one tier. It grows only: what is in it
 * stays. */
typedef struct _DbrAccessRules DbrAccessRules;

typedef enum
{
  DBR_ACCESS_SILENT,
  DBR_ACCESS_ALLOWED,
  DBR_ACCESS_DENIED,
} DbrAccessAnswer;

/* The rule is interned, the reason a message to translate. */
typedef struct
{
  DbrAccessAnswer  answer;
  const char      *rule;
  const char      *reason;
} DbrAccessVerdict;

/* Rules begin with @label in messages. */
DbrAccessRules   *dbr_access_rules_new            (const char            *label)
G_GNUC_WARN_UNUSED_RESULT;
void              dbr_access_rules_free           (DbrAccessRules        *self);

gboolean          dbr_access_rules_add            (DbrAccessRules        *self,
                                                   const char            *pattern,
                                                   DbrAccessAnswer        answer,
                                                   GError               **error);
gboolean          dbr_access_rules_add_property   (DbrAccessRules        *self,
                                                   const char            *interface_name,
                                                   const char            *property_name,
                                                   DbrPropertyAccess      access,
                                                   GError               **error);
void              dbr_access_rules_take_signal    (DbrAccessRules        *self,
                                                   DbrAccessPattern      *pattern);
/* Conditions do not count. */
gboolean             dbr_access_rules_are_empty      (const DbrAccessRules  *self);
/* What holds on top of the rules. */
DbrAccessConditions *dbr_access_rules_get_conditions (const DbrAccessRules  *self);
/* Moves all of @more into @self. */
void              dbr_access_rules_take           (DbrAccessRules        *self,
                                                   DbrAccessRules        *more);

/* What these rules say of @query, judged by @bus_name instead of its own: what denies first. Rules
 * that ship know methods from signals and properties, and so deny no more than they say. */
DbrAccessVerdict  dbr_access_rules_judge          (const DbrAccessRules  *self,
                                                   const DbrAccessQuery  *query,
                                                   const char            *bus_name,
                                                   gboolean               is_shipped);
/* Whether they deny all of a name, or else allow anything of it. */
DbrAccessVerdict  dbr_access_rules_judge_name     (const DbrAccessRules  *self,
                                                   const char            *bus_name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrAccessRules, dbr_access_rules_free)

G_END_DECLS
