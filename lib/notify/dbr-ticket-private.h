/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-mailbox-private.h"
#include "bus/dbr-waiter-private.h"

G_BEGIN_DECLS

/* Who waits for something, and the id that he is told then. He is told in his own context, by a
 * letter, so that dbr-io never is the last to have something of his. */
typedef struct
{
  DbrLetter        letter;
  gatomicrefcount  ref_count;

  guint            id;
  gint64           limit_usec;
  DbrWaiter       *waiter;
  /* NULL: he sleeps */
  DbrMailbox      *mailbox;
} DbrTicket;

DbrTicket *dbr_ticket_new   (GTask        *task,
                             GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;
DbrTicket *dbr_ticket_ref   (DbrTicket    *self);
void       dbr_ticket_unref (DbrTicket    *self);

/* Once each, with no lock held. */
void       dbr_ticket_end   (DbrTicket    *self,
                             const GError *error);
/* Takes a reference to each out of @tickets. */
void       dbr_tickets_end  (GPtrArray    *tickets,
                             const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrTicket, dbr_ticket_unref)

G_END_DECLS
