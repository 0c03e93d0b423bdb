/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-changes-private.h"

/* Child by child: a format string would be parsed and checked for each entry, which takes longer than
 * all else that is done for a change. */
static void
change_init (DbrChange *self,
             GVariant  *changed,
             gsize      index)
{
  g_autoptr(GVariant) entry = g_variant_get_child_value (changed, index);
  g_autoptr(GVariant) name = g_variant_get_child_value (entry, 0);
  g_autoptr(GVariant) box = g_variant_get_child_value (entry, 1);

  self->name = g_variant_dup_string (name, NULL);
  self->value = g_variant_get_variant (box);
}

void
dbr_changes_init (DbrChanges *self,
                  GVariant   *changed,
                  GVariant   *invalidated)
{
  self->changed = g_variant_ref (changed);
  self->n_items = g_variant_n_children (changed);
  self->items = g_new (DbrChange, self->n_items);
  for (gsize i = 0; i < self->n_items; i++)
    change_init (&self->items[i], changed, i);
  self->invalidated = invalidated != NULL
                      ? g_variant_dup_strv (invalidated, NULL)
                      : g_new0 (char *, 1);
}

void
dbr_changes_clear (DbrChanges *self)
{
  for (gsize i = 0; i < self->n_items; i++)
    {
      g_free (self->items[i].name);
      g_variant_unref (self->items[i].value);
    }
  g_clear_pointer (&self->items, g_free);
  self->n_items = 0;
  g_clear_pointer (&self->changed, g_variant_unref);
  g_clear_pointer (&self->invalidated, g_strfreev);
}
