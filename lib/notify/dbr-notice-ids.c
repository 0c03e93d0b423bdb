/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-ids-private.h"

void
dbr_notice_ids_init (DbrNoticeIds *self)
{
  self->numbers = g_hash_table_new (NULL, NULL);
  self->ids = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->order);
}

void
dbr_notice_ids_clear (DbrNoticeIds *self)
{
  g_hash_table_unref (self->numbers);
  g_hash_table_unref (self->ids);
  g_queue_clear (&self->order);
}

guint
dbr_notice_ids_set (DbrNoticeIds *self,
                    guint         id,
                    guint         number)
{
  guint other = dbr_notice_ids_get_id (self, number);

  dbr_notice_ids_remove (self, id);
  if (other != id)
    dbr_notice_ids_remove (self, other);
  while (self->order.length >= DBR_NOTICE_MAX_SHOWN)
    dbr_notice_ids_remove (self, GPOINTER_TO_UINT (g_queue_peek_head (&self->order)));

  g_hash_table_insert (self->numbers, GUINT_TO_POINTER (id), GUINT_TO_POINTER (number));
  g_hash_table_insert (self->ids, GUINT_TO_POINTER (number), GUINT_TO_POINTER (id));
  g_queue_push_tail (&self->order, GUINT_TO_POINTER (id));

  return other != id ? other : 0;
}

guint
dbr_notice_ids_get_number (DbrNoticeIds *self,
                           guint         id)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, GUINT_TO_POINTER (id)));
}

guint
dbr_notice_ids_get_id (DbrNoticeIds *self,
                       guint         number)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->ids, GUINT_TO_POINTER (number)));
}

void
dbr_notice_ids_remove (DbrNoticeIds *self,
                       guint         id)
{
  guint number = dbr_notice_ids_get_number (self, id);

  if (number == 0)
    return;

  g_hash_table_remove (self->numbers, GUINT_TO_POINTER (id));
  g_hash_table_remove (self->ids, GUINT_TO_POINTER (number));
  g_queue_remove (&self->order, GUINT_TO_POINTER (id));
}

GArray *
dbr_notice_ids_lose (DbrNoticeIds *self)
{
  GArray *lost = g_array_new (FALSE, FALSE, sizeof (guint));
  gpointer id;

  while ((id = g_queue_pop_head (&self->order)) != NULL)
    {
      guint shown = GPOINTER_TO_UINT (id);

      g_array_append_val (lost, shown);
    }
  g_hash_table_remove_all (self->numbers);
  g_hash_table_remove_all (self->ids);

  return lost;
}
