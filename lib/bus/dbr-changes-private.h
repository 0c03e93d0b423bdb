/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char     *name;
  GVariant *value;
} DbrChange;

/* What has changed at once of the properties of an object, taken apart once for all who hear of it. */
typedef struct
{
  /* an a{sv}, and what is in it */
  GVariant  *changed;
  DbrChange *items;
  gsize      n_items;
  /* the names of what is not known any more */
  char     **invalidated;
} DbrChanges;

/* An a{sv}, and an as or NULL. */
void dbr_changes_init  (DbrChanges *self,
                        GVariant   *changed,
                        GVariant   *invalidated);
void dbr_changes_clear (DbrChanges *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DbrChanges, dbr_changes_clear)

G_END_DECLS
