/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-herald-private.h"

#include "base/dbr-mailbox-private.h"

struct _DbrHerald
{
  gatomicrefcount  ref_count;

  GWeakRef         object;
  DbrMailbox      *mailbox;
};

typedef struct
{
  DbrLetter       letter;
  DbrHerald      *herald;
  DbrHeraldFunc   tell;
  gpointer        news;
  GDestroyNotify  free_news;
} News;

static void
news_free (News *self)
{
  if (self->free_news != NULL && self->news != NULL)
    self->free_news (self->news);
  dbr_herald_unref (self->herald);
  g_free (self);
}

static void
deliver_cb (DbrLetter *letter)
{
  News *self = (News *) letter;
  g_autoptr(GObject) object = g_weak_ref_get (&self->herald->object);

  if (object != NULL)
    self->tell (object, self->news);
  news_free (self);
}

DbrHerald *
dbr_herald_new (GObject *object)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrHerald *self = g_new0 (DbrHerald, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);
  self->mailbox = dbr_mailbox_get (context);

  return self;
}

DbrHerald *
dbr_herald_ref (DbrHerald *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_herald_unref (DbrHerald *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->object);
  dbr_mailbox_unref (self->mailbox);
  g_free (self);
}

void
dbr_herald_tell (DbrHerald      *self,
                 DbrHeraldFunc   tell,
                 gpointer        news,
                 GDestroyNotify  free_news)
{
  News *letter = g_new0 (News, 1);

  letter->letter.deliver = deliver_cb;
  letter->herald = dbr_herald_ref (self);
  letter->tell = tell;
  letter->news = news;
  letter->free_news = free_news;

  if (!dbr_mailbox_post_bounded (self->mailbox, &letter->letter))
    news_free (letter);
}

gpointer
dbr_herald_dup_object (DbrHerald *self)
{
  return g_weak_ref_get (&self->object);
}
