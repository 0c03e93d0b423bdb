/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-backlog-private.h"

#include <string.h>

#include "base/dbr-mailbox-private.h"
#include "base/dbr-request-private.h"

#define CHANGES_TYPE G_VARIANT_TYPE ("(sa{sv}as)")

/* So many are delivered before others of the same context have their turn. */
#define BATCH 64

struct _DbrBacklog
{
  gatomicrefcount  ref_count;

  GWeakRef         object;
  DbrBacklogFunc   deliver;
  DbrMailbox      *mailbox;

  GMutex           mutex;

  /* guarded by mutex */
  GQueue           items;
  gsize            n_bytes;
  DbrLetter        letter;
  gboolean         is_posted;
  gboolean         is_open;
  guint            epoch;
  guint64          n_dropped;
};

typedef struct
{
  DbrMessage *signal;
  /* in place of the signal's own, if there were several */
  GVariant   *merged;
  gsize       n_bytes;
} Item;

static void
item_free (Item *self)
{
  dbr_message_unref (self->signal);
  g_clear_pointer (&self->merged, g_variant_unref);
  g_free (self);
}

static GVariant *
item_dup_parameters (const Item *self)
{
  return self->merged != NULL ? g_variant_ref (self->merged) : dbr_message_dup_body (self->signal);
}

static void
dbr_backlog_append_locked (DbrBacklog *self,
                           Item       *item)
{
  g_queue_push_tail (&self->items, item);
  self->n_bytes += item->n_bytes;
}

static Item *
dbr_backlog_steal_locked (DbrBacklog *self,
                          GList      *link)
{
  Item *item = link->data;

  g_queue_delete_link (&self->items, link);
  self->n_bytes -= item->n_bytes;

  return item;
}

static void deliver_cb (DbrLetter *letter);

DbrBacklog *
dbr_backlog_new (GObject        *object,
                 DbrBacklogFunc  deliver)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrBacklog *self = g_new0 (DbrBacklog, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);
  g_mutex_init (&self->mutex);
  g_queue_init (&self->items);
  self->deliver = deliver;
  self->mailbox = dbr_mailbox_get (context);
  self->letter.deliver = deliver_cb;

  return self;
}

DbrBacklog *
dbr_backlog_ref (DbrBacklog *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_backlog_unref (DbrBacklog *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->items, (GDestroyNotify) item_free);
  g_weak_ref_clear (&self->object);
  dbr_mailbox_unref (self->mailbox);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Delivering */

static guint
dbr_backlog_begin_batch (DbrBacklog *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->is_posted = FALSE;

  return self->epoch;
}

/* The letter goes on its way once more before the signal is delivered: who hears it may iterate the
 * context and wait there for the next one. */
static Item *
dbr_backlog_pop (DbrBacklog *self,
                 guint       epoch)
{
  Item *item = NULL;
  gboolean is_to_post = FALSE;

  g_mutex_lock (&self->mutex);
  if (self->epoch == epoch && !g_queue_is_empty (&self->items))
    item = dbr_backlog_steal_locked (self, self->items.head);
  if (item != NULL && !self->is_posted && !g_queue_is_empty (&self->items))
    self->is_posted = is_to_post = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_to_post)
    dbr_mailbox_post (self->mailbox, &dbr_backlog_ref (self)->letter);

  return item;
}

static void
deliver_cb (DbrLetter *letter)
{
  g_autoptr(DbrBacklog) self =
    (DbrBacklog *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrBacklog, letter));
  g_autoptr(GObject) object = g_weak_ref_get (&self->object);
  guint epoch = dbr_backlog_begin_batch (self);
  Item *item;

  for (guint i = 0; i < BATCH && (item = dbr_backlog_pop (self, epoch)) != NULL; i++)
    {
      g_autoptr(GVariant) parameters = item_dup_parameters (item);

      if (object != NULL)
        self->deliver (object, item->signal, parameters);
      item_free (item);
    }
}

/* Taking in */

static gboolean
is_of_same_kind (const DbrMessage *one,
                 const DbrMessage *other)
{
  return strcmp (one->member, other->member) == 0
         && strcmp (one->interface_name, other->interface_name) == 0;
}

static gboolean
is_change (const DbrMessage *signal)
{
  return strcmp (signal->member, "PropertiesChanged") == 0
         && strcmp (signal->interface_name, DBR_PROPERTIES_INTERFACE) == 0;
}

static void
add_unless_in (GVariantBuilder *builder,
               GVariant        *invalidated,
               GVariant        *changed)
{
  const char *name;
  GVariantIter iter;

  g_variant_iter_init (&iter, invalidated);
  while (g_variant_iter_next (&iter, "&s", &name))
    {
      g_autoptr(GVariant) value = g_variant_lookup_value (changed, name, NULL);

      if (value == NULL)
        g_variant_builder_add (builder, "s", name);
    }
}

static gboolean
has_string (GVariant   *strings,
            const char *wanted)
{
  GVariantIter iter;
  const char *string;

  g_variant_iter_init (&iter, strings);
  while (g_variant_iter_next (&iter, "&s", &string))
    {
      if (strcmp (string, wanted) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Two changes of one interface as one: what the later says of a property holds. NULL if they are
 * not of the same. */
static GVariant *
merge_changes (GVariant *earlier,
               GVariant *later)
{
  g_autoptr(GVariant) old_changed = NULL;
  g_autoptr(GVariant) old_invalidated = NULL;
  g_autoptr(GVariant) changed = NULL;
  g_autoptr(GVariant) invalidated = NULL;
  GVariantBuilder all_changed, all_invalidated;
  const char *old_interface, *interface_name, *name;
  GVariantIter iter;
  GVariant *value;

  if (!g_variant_is_of_type (earlier, CHANGES_TYPE) || !g_variant_is_of_type (later, CHANGES_TYPE))
    return NULL;

  g_variant_get (earlier, "(&s@a{sv}@as)", &old_interface, &old_changed, &old_invalidated);
  g_variant_get (later, "(&s@a{sv}@as)", &interface_name, &changed, &invalidated);
  if (strcmp (old_interface, interface_name) != 0)
    return NULL;

  g_variant_builder_init (&all_changed, G_VARIANT_TYPE ("a{sv}"));
  g_variant_builder_init (&all_invalidated, G_VARIANT_TYPE ("as"));
  g_variant_iter_init (&iter, old_changed);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr(GVariant) newer = g_variant_lookup_value (changed, name, NULL);

      if (newer == NULL && !has_string (invalidated, name))
        g_variant_builder_add (&all_changed, "{sv}", name, value);
      g_variant_unref (value);
    }
  g_variant_iter_init (&iter, changed);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_variant_builder_add (&all_changed, "{sv}", name, value);
      g_variant_unref (value);
    }
  add_unless_in (&all_invalidated, old_invalidated, changed);
  g_variant_iter_init (&iter, invalidated);
  while (g_variant_iter_next (&iter, "&s", &name))
    {
      if (!has_string (old_invalidated, name))
        g_variant_builder_add (&all_invalidated, "s", name);
    }

  return g_variant_ref_sink (g_variant_new ("(sa{sv}as)", interface_name,
                                            &all_changed, &all_invalidated));
}

static gboolean
is_from_same (DbrMessage *one,
              DbrMessage *other)
{
  return strcmp (one->object_path, other->object_path) == 0
         && g_strcmp0 (dbr_message_get_sender (one), dbr_message_get_sender (other)) == 0;
}

/* Makes of @item and an older change of the same object one, in which the older one goes, which it
 * returns. What a service said before it was started anew is not made part of what it says
 * since. */
static Item *
dbr_backlog_merge_locked (DbrBacklog *self,
                          Item       *item)
{
  g_autoptr(GVariant) later = NULL;

  if (!is_change (item->signal))
    return NULL;

  for (GList *link = self->items.head; link != NULL; link = link->next)
    {
      Item *older = link->data;
      g_autoptr(GVariant) earlier = NULL;
      GVariant *merged;

      if (!is_change (older->signal) || !is_from_same (older->signal, item->signal))
        continue;

      earlier = item_dup_parameters (older);
      if (later == NULL)
        later = item_dup_parameters (item);
      merged = merge_changes (earlier, later);
      if (merged == NULL)
        continue;

      item->merged = merged;
      item->n_bytes += g_variant_get_size (merged);

      return dbr_backlog_steal_locked (self, link);
    }

  return NULL;
}

static Item *
dbr_backlog_steal_oldest_locked (DbrBacklog       *self,
                                 const DbrMessage *signal)
{
  for (GList *link = self->items.head; link != NULL; link = link->next)
    {
      const Item *item = link->data;

      if (is_of_same_kind (item->signal, signal))
        return dbr_backlog_steal_locked (self, link);
    }

  return dbr_backlog_steal_locked (self, self->items.head);
}

static gboolean
dbr_backlog_has_room_locked (DbrBacklog *self,
                             const Item *item)
{
  return g_queue_is_empty (&self->items)
         || (self->items.length < DBR_BACKLOG_LIMIT && item->n_bytes <= DBR_BACKLOG_MAX_BYTES
             && self->n_bytes <= DBR_BACKLOG_MAX_BYTES - item->n_bytes);
}

/* What goes for it is added to @dropped. */
static void
dbr_backlog_make_room_locked (DbrBacklog *self,
                              Item       *item,
                              GQueue     *dropped)
{
  Item *older = NULL;

  if (!dbr_backlog_has_room_locked (self, item))
    older = dbr_backlog_merge_locked (self, item);
  if (older != NULL)
    g_queue_push_tail (dropped, older);

  while (!dbr_backlog_has_room_locked (self, item))
    g_queue_push_tail (dropped, dbr_backlog_steal_oldest_locked (self, item->signal));
  self->n_dropped += dropped->length;
}

void
dbr_backlog_push (DbrBacklog *self,
                  DbrMessage *signal)
{
  Item *item = g_new0 (Item, 1);
  GQueue dropped = G_QUEUE_INIT;
  gboolean is_to_post = FALSE;

  item->signal = dbr_message_ref (signal);
  item->n_bytes = dbr_message_get_size (signal);

  g_mutex_lock (&self->mutex);
  if (self->is_open)
    {
      dbr_backlog_make_room_locked (self, item, &dropped);
      dbr_backlog_append_locked (self, item);
      is_to_post = !self->is_posted;
      self->is_posted = TRUE;
    }
  else
    {
      g_queue_push_tail (&dropped, item);
    }
  g_mutex_unlock (&self->mutex);

  g_queue_clear_full (&dropped, (GDestroyNotify) item_free);
  if (is_to_post)
    dbr_mailbox_post (self->mailbox, &dbr_backlog_ref (self)->letter);
}

void
dbr_backlog_close (DbrBacklog *self)
{
  GQueue items;

  g_mutex_lock (&self->mutex);
  self->is_open = FALSE;
  self->epoch++;
  items = self->items;
  g_queue_init (&self->items);
  self->n_bytes = 0;
  g_mutex_unlock (&self->mutex);

  g_queue_clear_full (&items, (GDestroyNotify) item_free);
}

void
dbr_backlog_open (DbrBacklog *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->is_open = TRUE;
}

guint64
dbr_backlog_get_dropped (DbrBacklog *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_dropped;
}
