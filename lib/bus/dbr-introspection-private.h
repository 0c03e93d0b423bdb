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

/* Whether a member may be seen. */
typedef gboolean (*DbrIntrospectionFunc) (DbrIntrospectionKind  kind,
                                          const char           *interface_name,
                                          const char           *member,
                                          gpointer              user_data);

/* The same without the members that may not be seen, and without interfaces of which nothing is
 * left. An error if it cannot be read: it is not handed on then, for nobody knows what it shows. */
char *dbr_introspection_filter (const char            *xml,
                                DbrIntrospectionFunc   may_see,
                                gpointer               user_data,
                                GError               **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
