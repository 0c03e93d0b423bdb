/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DbrLetter DbrLetter;
typedef struct _DbrMailbox DbrMailbox;

/* Called once in the context, with no lock held. The letter is its own from then on. */
typedef void (*DbrLetterFunc) (DbrLetter *letter);

/* What waits to be delivered into a main context. It is part of what it tells of. */
struct _DbrLetter
{
  DbrLetter     *next;
  DbrLetterFunc  deliver;
};

/* How many letters that may be refused wait at most. */
#define DBR_MAILBOX_LIMIT 1000

/* A main context's mailbox: any thread posts, the context's own delivers in order. A context has
 * one however many objects and calls use it, and wakes once for all letters that came together.
 * Where the context is never iterated again, what was posted lies there, and keeps the context, but
 * blocks nobody. */
DbrMailbox   *dbr_mailbox_get          (GMainContext *context) G_GNUC_WARN_UNUSED_RESULT;
DbrMailbox   *dbr_mailbox_ref          (DbrMailbox   *self);
void          dbr_mailbox_unref        (DbrMailbox   *self);
GMainContext *dbr_mailbox_get_context  (DbrMailbox   *self);

/* What someone waits for is always taken. What merely tells of something is refused when too much
 * waits. */
void          dbr_mailbox_post         (DbrMailbox   *self,
                                        DbrLetter    *letter);
gboolean      dbr_mailbox_post_bounded (DbrMailbox   *self,
                                        DbrLetter    *letter);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrMailbox, dbr_mailbox_unref)

G_END_DECLS
