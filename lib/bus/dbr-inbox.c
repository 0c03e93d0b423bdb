/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-inbox-private.h"

#include "base/dbr-mailbox-private.h"

struct _DbrInbox
{
  gatomicrefcount  ref_count;

  GWeakRef         object;
  DbrInboxFunc     tell;
  DbrMailbox      *mailbox;

  GMutex           mutex;

  /* guarded by mutex */
  DbrLetter        letter;
  gboolean         is_posted;
  gboolean         has_new_owner;
  gboolean         has_new_state;
  char            *old_owner;
  char            *new_owner;
  /* values by name, NULL for what was invalidated */
  GHashTable      *changes;
  /* an a{sv} of the same, if they came at once */
  GVariant        *whole;
};

static void
value_unref (gpointer value)
{
  if (value != NULL)
    g_variant_unref (value);
}

static GHashTable *
changes_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, value_unref);
}

static void tell_cb (DbrLetter *letter);

DbrInbox *
dbr_inbox_new (GObject      *object,
               DbrInboxFunc  tell)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrInbox *self = g_new0 (DbrInbox, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);
  g_mutex_init (&self->mutex);
  self->tell = tell;
  self->mailbox = dbr_mailbox_get (context);
  self->letter.deliver = tell_cb;
  self->changes = changes_new ();

  return self;
}

DbrInbox *
dbr_inbox_ref (DbrInbox *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_inbox_unref (DbrInbox *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->object);
  g_hash_table_unref (self->changes);
  g_clear_pointer (&self->whole, g_variant_unref);
  g_free (self->old_owner);
  g_free (self->new_owner);
  dbr_mailbox_unref (self->mailbox);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Telling */

static void
news_take_changes (DbrInboxNews *news,
                   GHashTable   *changes,
                   GVariant     *whole)
{
  g_autoptr(GStrvBuilder) invalidated = g_strv_builder_new ();
  GVariantBuilder changed;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  if (g_hash_table_size (changes) == 0)
    return;

  if (whole != NULL)
    {
      news->changed = g_variant_ref (whole);
      news->invalidated = g_new0 (char *, 1);
      return;
    }

  g_variant_builder_init (&changed, G_VARIANT_TYPE ("a{sv}"));
  g_hash_table_iter_init (&iter, changes);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      if (value != NULL)
        g_variant_builder_add (&changed, "{sv}", name, value);
      else
        g_strv_builder_add (invalidated, name);
    }
  news->changed = g_variant_ref_sink (g_variant_builder_end (&changed));
  news->invalidated = g_strv_builder_end (invalidated);
}

static void
tell_cb (DbrLetter *letter)
{
  g_autoptr(DbrInbox) self =
    (DbrInbox *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrInbox, letter));
  g_autoptr(GObject) object = g_weak_ref_get (&self->object);
  g_autoptr(GHashTable) changes = NULL;
  g_autoptr(GVariant) whole = NULL;
  g_autofree char *old_owner = NULL;
  g_autofree char *new_owner = NULL;
  DbrInboxNews news = { 0 };

  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  news.has_new_owner = self->has_new_owner;
  news.has_new_state = self->has_new_state;
  self->has_new_owner = FALSE;
  self->has_new_state = FALSE;
  old_owner = g_steal_pointer (&self->old_owner);
  new_owner = g_steal_pointer (&self->new_owner);
  changes = g_steal_pointer (&self->changes);
  self->changes = changes_new ();
  whole = g_steal_pointer (&self->whole);
  g_mutex_unlock (&self->mutex);

  if (object == NULL)
    return;

  news.old_owner = old_owner;
  news.new_owner = new_owner;
  news_take_changes (&news, changes, whole);
  self->tell (object, &news);
  g_clear_pointer (&news.changed, g_variant_unref);
  g_clear_pointer (&news.invalidated, g_strfreev);
}

/* Taking in */

static void
dbr_inbox_post (DbrInbox *self,
                gboolean  is_to_post)
{
  if (is_to_post)
    dbr_mailbox_post (self->mailbox, &dbr_inbox_ref (self)->letter);
}

static gboolean
dbr_inbox_mark_locked (DbrInbox *self)
{
  gboolean is_to_post = !self->is_posted;

  self->is_posted = TRUE;

  return is_to_post;
}

void
dbr_inbox_put_owner (DbrInbox   *self,
                     const char *old_owner,
                     const char *new_owner)
{
  g_autoptr(GHashTable) changes = NULL;
  g_autoptr(GVariant) whole = NULL;
  gboolean is_to_post;

  g_mutex_lock (&self->mutex);
  changes = g_steal_pointer (&self->changes);
  self->changes = changes_new ();
  whole = g_steal_pointer (&self->whole);
  if (!self->has_new_owner)
    self->old_owner = g_strdup (old_owner);
  g_free (self->new_owner);
  self->new_owner = g_strdup (new_owner);
  self->has_new_owner = TRUE;
  self->has_new_state = TRUE;
  is_to_post = dbr_inbox_mark_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_inbox_post (self, is_to_post);
}

void
dbr_inbox_put_state (DbrInbox *self)
{
  gboolean is_to_post;

  g_mutex_lock (&self->mutex);
  self->has_new_state = TRUE;
  is_to_post = dbr_inbox_mark_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_inbox_post (self, is_to_post);
}

void
dbr_inbox_put_changes (DbrInbox         *self,
                       const DbrChanges *changes)
{
  g_autoptr(GVariant) old_whole = NULL;
  gboolean is_to_post;
  gboolean is_first;

  g_mutex_lock (&self->mutex);
  is_first = g_hash_table_size (self->changes) == 0;
  for (gsize i = 0; i < changes->n_items; i++)
    g_hash_table_replace (self->changes, g_strdup (changes->items[i].name),
                          g_variant_ref (changes->items[i].value));
  for (guint i = 0; changes->invalidated[i] != NULL; i++)
    g_hash_table_replace (self->changes, g_strdup (changes->invalidated[i]), NULL);

  old_whole = g_steal_pointer (&self->whole);
  /* It can be told as it came, unless it says something twice. */
  if (is_first && *changes->invalidated == NULL
      && g_hash_table_size (self->changes) == changes->n_items)
    self->whole = g_variant_ref (changes->changed);
  is_to_post = g_hash_table_size (self->changes) > 0 && dbr_inbox_mark_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_inbox_post (self, is_to_post);
}
