/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  DBR_INTROSPECTION_METHOD,
  DBR_INTROSPECTION_PROPERTY,
  DBR_INTROSPECTION_SIGNAL,
} DbrIntrospectionKind;

/* Whether a member of an object may be seen. */
typedef gboolean (*DbrIntrospectionFunc) (DbrIntrospectionKind  kind,
                                          const char           *object_path,
                                          const char           *interface_name,
                                          const char           *member,
                                          gpointer              user_data);

/* Whether it can be read, also by those to whom it is handed on. */
gboolean dbr_introspection_check (const char  *xml,
                                  GError     **error);

/* What the object at @object_path says of itself, and perhaps of those below it, without the members
 * that may not be seen and without interfaces of which nothing is left. An error if it cannot be
 * read: it is not handed on then, for nobody knows what it shows. */
char *dbr_introspection_filter (const char            *xml,
                                const char            *object_path,
                                DbrIntrospectionFunc   may_see,
                                gpointer               user_data,
                                GError               **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names of the properties of an interface that do not tell their changes, a set; NULL if nothing
 * is said of the interface. */
GHashTable *dbr_introspection_dup_silent (const char *xml,
                                          const char *interface_name);

/* The first property that can be read of an interface that is the service's own. */
gboolean    dbr_introspection_find_property (const char  *xml,
                                             char       **interface_name,
                                             char       **property_name);

G_END_DECLS
