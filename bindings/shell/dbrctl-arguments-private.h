/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes values of D-Bus of what a person types. A string, a number and the like are typed as they
 * are; what consists of others is in GVariant's text format: “['a', 'b']”, “{'key': <true>}”. */

/* Finds the method in what a service says of an object. @signature receives the types of its
 * arguments, @usage how it is called: “Seek (x offset)”. The error lists what there is instead. */
gboolean  dbrctl_arguments_find  (const char         *xml,
                                  const char         *interface_name,
                                  const char         *method_name,
                                  char              **signature,
                                  char              **usage,
                                  GError            **error);

/* The tuple of the arguments; floating. The error says which one is wrong, and what it has to be. */
GVariant *dbrctl_arguments_parse (const char         *signature,
                                  const char         *usage,
                                  const char *const  *arguments,
                                  GError            **error) G_GNUC_WARN_UNUSED_RESULT;

/* A property to read: what a call goes to that passes through the main loop of the service. */
typedef struct
{
  char *object_path;
  char *interface_name;
  char *property_name;
} DbrctlTarget;

void      dbrctl_target_clear    (DbrctlTarget       *self);
/* From “PATH:INTERFACE.PROPERTY”. */
gboolean  dbrctl_target_parse    (DbrctlTarget       *self,
                                  const char         *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrctlTarget, dbrctl_target_clear)

G_END_DECLS
