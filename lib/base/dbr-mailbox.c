/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-mailbox-private.h"

#include "base/dbr-fork-private.h"

/* A mailbox is a source of its context. Its count says how many may still post into it, and each
 * letter that waits is one of them; when there is none, the source leaves the context. */
struct _DbrMailbox
{
  GSource       source;

  GMainContext *context;
  guint         generation;
  gint          n_users;

  /* touched only by the thread that iterates the context */
  DbrLetter    *delivery;

  GMutex        mutex;

  /* guarded by mutex */
  DbrLetter    *inbox_head;
  DbrLetter    *inbox_tail;
  guint         inbox_length;
};

static GMutex registry_mutex;
/* guarded by registry_mutex: the mailbox of each context that has one, not owned */
static GHashTable *registry;

/* Takes all that waits. */
static DbrLetter *
dbr_mailbox_empty_inbox (DbrMailbox *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->inbox_tail = NULL;
  self->inbox_length = 0;

  return g_steal_pointer (&self->inbox_head);
}

/* A callback may iterate the context itself and so come here again: the delivery under way is kept
 * in the mailbox and not on the stack, so that the inner turn goes on where the outer one is. */
static gboolean
dbr_mailbox_dispatch_cb (GSource     *source,
                         GSourceFunc  callback,
                         gpointer     user_data)
{
  DbrMailbox *self = (DbrMailbox *) source;

  /* What waited in the parent of a fork() is the parent's to deliver. */
  if (self->generation != dbr_fork_get_generation ())
    return G_SOURCE_REMOVE;

  if (self->delivery == NULL)
    self->delivery = dbr_mailbox_empty_inbox (self);

  while (self->delivery != NULL)
    {
      DbrLetter *letter = self->delivery;

      self->delivery = g_steal_pointer (&letter->next);
      letter->deliver (letter);
      dbr_mailbox_unref (self);
    }

  /* What came meanwhile waits for the next turn: the context's other sources have theirs first. */
  g_mutex_lock (&self->mutex);
  if (self->inbox_head == NULL)
    g_source_set_ready_time (source, -1);
  g_mutex_unlock (&self->mutex);

  return G_SOURCE_CONTINUE;
}

static void
dbr_mailbox_finalize_cb (GSource *source)
{
  DbrMailbox *self = (DbrMailbox *) source;

  g_mutex_clear (&self->mutex);
}

static GSourceFuncs mailbox_funcs = {
  .dispatch = dbr_mailbox_dispatch_cb,
  .finalize = dbr_mailbox_finalize_cb,
};

static DbrMailbox *
dbr_mailbox_new (GMainContext *context)
{
  DbrMailbox *self = (DbrMailbox *) g_source_new (&mailbox_funcs, sizeof (DbrMailbox));

  g_mutex_init (&self->mutex);
  self->context = g_main_context_ref (context);
  self->generation = dbr_fork_get_generation ();
  self->n_users = 1;
  g_source_set_static_name (&self->source, "dbr mailbox");
  g_source_set_can_recurse (&self->source, TRUE);
  g_source_attach (&self->source, context);

  return self;
}

DbrMailbox *
dbr_mailbox_get (GMainContext *context)
{
  static gsize is_guarded = 0;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;
  DbrMailbox *self;

  if (g_once_init_enter (&is_guarded))
    {
      dbr_fork_guard (&registry_mutex);
      g_once_init_leave (&is_guarded, 1);
    }

  if (context == NULL)
    context = g_main_context_default ();

  locker = g_mutex_locker_new (&registry_mutex);
  if (registry == NULL)
    registry = g_hash_table_new (NULL, NULL);

  self = g_hash_table_lookup (registry, context);
  if (self != NULL && self->generation == dbr_fork_get_generation ())
    return dbr_mailbox_ref (self);

  self = dbr_mailbox_new (context);
  g_hash_table_insert (registry, context, self);

  return self;
}

DbrMailbox *
dbr_mailbox_ref (DbrMailbox *self)
{
  g_atomic_int_inc (&self->n_users);

  return self;
}

static void
dbr_mailbox_retire (DbrMailbox *self)
{
  GMainContext *context = self->context;

  g_source_destroy (&self->source);
  g_source_unref (&self->source);
  g_main_context_unref (context);
}

/* The last user goes under the registry's lock, so that nobody finds a mailbox about to go. */
void
dbr_mailbox_unref (DbrMailbox *self)
{
  gint n_users = g_atomic_int_get (&self->n_users);
  gboolean is_last;

  while (n_users > 1)
    {
      if (g_atomic_int_compare_and_exchange (&self->n_users, n_users, n_users - 1))
        return;

      n_users = g_atomic_int_get (&self->n_users);
    }

  g_mutex_lock (&registry_mutex);
  is_last = g_atomic_int_dec_and_test (&self->n_users);
  if (is_last && g_hash_table_lookup (registry, self->context) == self)
    g_hash_table_remove (registry, self->context);
  g_mutex_unlock (&registry_mutex);

  if (is_last)
    dbr_mailbox_retire (self);
}

GMainContext *
dbr_mailbox_get_context (DbrMailbox *self)
{
  return self->context;
}

static gboolean
dbr_mailbox_put (DbrMailbox *self,
                 DbrLetter  *letter,
                 guint       limit)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->inbox_length >= limit)
    return FALSE;

  dbr_mailbox_ref (self);
  letter->next = NULL;
  if (self->inbox_head == NULL)
    {
      self->inbox_head = letter;
      g_source_set_ready_time (&self->source, 0);
    }
  else
    {
      self->inbox_tail->next = letter;
    }
  self->inbox_tail = letter;
  self->inbox_length++;

  return TRUE;
}

void
dbr_mailbox_post (DbrMailbox *self,
                  DbrLetter  *letter)
{
  dbr_mailbox_put (self, letter, G_MAXUINT);
}

gboolean
dbr_mailbox_post_bounded (DbrMailbox *self,
                          DbrLetter  *letter)
{
  return dbr_mailbox_put (self, letter, DBR_MAILBOX_LIMIT);
}
