/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-message-private.h"
#include "bus/dbr-subscription.h"

G_BEGIN_DECLS

/* Which signals someone wants to hear. NULL is any. It never changes once it is made. */
typedef struct
{
  char                 *bus_name;
  char                 *object_path;
  char                 *interface_name;
  char                 *member;
  char                 *arg0;
  DbrSubscriptionFlags  flags;
} DbrMatchRule;

DbrMatchRule *dbr_match_rule_new     (const char            *bus_name,
                                      const char            *object_path,
                                      const char            *interface_name,
                                      const char            *member,
                                      const char            *arg0,
                                      DbrSubscriptionFlags   flags) G_GNUC_WARN_UNUSED_RESULT;
DbrMatchRule *dbr_match_rule_copy    (const DbrMatchRule    *self) G_GNUC_WARN_UNUSED_RESULT;
void          dbr_match_rule_free    (DbrMatchRule          *self);

gboolean      dbr_match_rule_check   (const DbrMatchRule    *self,
                                      gboolean               has_bus,
                                      GError               **error);
/* As the bus takes it. */
char         *dbr_match_rule_to_text (const DbrMatchRule    *self) G_GNUC_WARN_UNUSED_RESULT;

/* Whether who hears @self hears all that @other asks for. */
gboolean      dbr_match_rule_covers  (const DbrMatchRule    *self,
                                      const DbrMatchRule    *other);
/* Whether it is a signal that is asked for, whoever sent it. */
gboolean      dbr_match_rule_is_for  (const DbrMatchRule    *self,
                                      DbrMessage            *signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrMatchRule, dbr_match_rule_free)

G_END_DECLS
