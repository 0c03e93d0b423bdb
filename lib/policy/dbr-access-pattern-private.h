/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "policy/dbr-access-query-private.h"

G_BEGIN_DECLS

/* `*`, `org.a.B`, `org.a.B*` and `org.a.*`. The last is `org.a` and all below it, but not
 * `org.ab`. */
typedef enum
{
  DBR_ACCESS_PART_ANY,
  DBR_ACCESS_PART_EXACT,
  DBR_ACCESS_PART_PREFIX,
  DBR_ACCESS_PART_BELOW,
} DbrAccessPartKind;

/* The text is without its star, and for BELOW without the separator before it. */
typedef struct
{
  DbrAccessPartKind  kind;
  char               separator;
  guint              length;
  char              *text;
} DbrAccessPart;

/* `bus_name[/path]:interface.member` */
typedef struct
{
  char          *text;

  DbrAccessPart  bus_name;
  DbrAccessPart  object_path;
  DbrAccessPart  interface_name;
  DbrAccessPart  member;
} DbrAccessPattern;

/* How what a query leaves open is taken: COVERS wants the pattern to have all that it may be, and
 * OVERLAPS any of it. A bus name `*` covers no unique name: that takes a `:` of one's own. */
typedef enum
{
  DBR_ACCESS_MATCH_COVERS,
  DBR_ACCESS_MATCH_OVERLAPS,
} DbrAccessMatch;

DbrAccessPattern *dbr_access_pattern_new            (const char              *text,
                                                     GError                 **error)
G_GNUC_WARN_UNUSED_RESULT;
/* Each part with a star of its own. */
DbrAccessPattern *dbr_access_pattern_new_for_signal (const char              *bus_name,
                                                     const char              *interface_name,
                                                     const char              *member,
                                                     GError                 **error)
G_GNUC_WARN_UNUSED_RESULT;
void              dbr_access_pattern_free           (DbrAccessPattern        *self);

/* Judged by @bus_name instead of that of @query; with the method of a property access as well. */
gboolean          dbr_access_pattern_matches        (const DbrAccessPattern  *self,
                                                     const DbrAccessQuery    *query,
                                                     const char              *bus_name,
                                                     DbrAccessMatch           match);
gboolean          dbr_access_pattern_matches_name   (const DbrAccessPattern  *self,
                                                     const char              *bus_name,
                                                     DbrAccessMatch           match);
/* Whether it is for all that a bus name has. */
gboolean          dbr_access_pattern_is_whole       (const DbrAccessPattern  *self);

gboolean          dbr_access_part_init_bus_name     (DbrAccessPart           *self,
                                                     const char              *text,
                                                     GError                 **error);
gboolean          dbr_access_part_init_member       (DbrAccessPart           *self,
                                                     const char              *text,
                                                     GError                 **error);
void              dbr_access_part_clear             (DbrAccessPart           *self);
gboolean          dbr_access_part_matches           (const DbrAccessPart     *self,
                                                     const char              *text,
                                                     DbrAccessMatch           match);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrAccessPattern, dbr_access_pattern_free)

G_END_DECLS
