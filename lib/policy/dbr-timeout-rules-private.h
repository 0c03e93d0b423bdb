/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Limits by operation, and operations by method or by property that is written. What ships is one
 * of these and never changes; each DbrTimeouts has another for what differs.
 *
 * The names of operations are interned, and compared as pointers where nothing else is said: they
 * outlive the entry that a call found. */
typedef struct
{
  GHashTable *limits;
  GHashTable *methods;
  GHashTable *writes;
} DbrTimeoutRules;

DbrTimeoutRules       *dbr_timeout_rules_new             (void) G_GNUC_WARN_UNUSED_RESULT;
void                   dbr_timeout_rules_free            (DbrTimeoutRules        *self);

/* Adds the groups of @file; after an error only some of it. */
gboolean               dbr_timeout_rules_read            (DbrTimeoutRules        *self,
                                                          GKeyFile               *file,
                                                          GError                **error);
gboolean               dbr_timeout_rules_add_limit       (DbrTimeoutRules        *self,
                                                          const char             *operation,
                                                          guint                   ms,
                                                          GError                **error);
gboolean               dbr_timeout_rules_add_method      (DbrTimeoutRules        *self,
                                                          const char             *interface_name,
                                                          const char             *member,
                                                          const char             *operation,
                                                          GError                **error);
/* Whether each operation that is mapped to has a limit, here or in @others. */
gboolean               dbr_timeout_rules_check_mapped    (const DbrTimeoutRules  *self,
                                                          const DbrTimeoutRules  *others,
                                                          GError                **error);
/* Moves all of @more into @self. */
void                   dbr_timeout_rules_take            (DbrTimeoutRules        *self,
                                                          DbrTimeoutRules        *more);
/* Forgets the limit of @operation and, unless it ships with one, what is mapped to it. */
void                   dbr_timeout_rules_remove          (DbrTimeoutRules        *self,
                                                          const char             *operation);

/* All that have a limit, sorted. */
char **dbr_timeout_rules_dup_operations (const DbrTimeoutRules *self) G_GNUC_WARN_UNUSED_RESULT;

/* These look here and then at what ships; 0 or NULL if it is in neither. */
guint                  dbr_timeout_rules_find_limit      (const DbrTimeoutRules  *self,
                                                          const char             *operation);
const char            *dbr_timeout_rules_find_method     (const DbrTimeoutRules  *self,
                                                          const char             *interface_name,
                                                          const char             *member);
const char            *dbr_timeout_rules_find_write      (const DbrTimeoutRules  *self,
                                                          const char             *interface_name,
                                                          const char             *property_name);
/* An operation with a limit that was perhaps meant in seconds. */
const char            *dbr_timeout_rules_find_short      (const DbrTimeoutRules  *self,
                                                          guint                  *ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTimeoutRules, dbr_timeout_rules_free)

G_END_DECLS
