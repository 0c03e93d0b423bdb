/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-ticket-private.h"

/* For how long anybody waits for anything. */
#define LIMIT_USEC (2 * G_TIME_SPAN_SECOND)

DbrTicket *
dbr_ticket_new (GTask        *task,
                GCancellable *cancellable)
{
  DbrTicket *self = g_new0 (DbrTicket, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->limit_usec = g_get_monotonic_time () + LIMIT_USEC;
  self->waiter = dbr_waiter_new (task, cancellable);
  if (task != NULL)
    self->mailbox = dbr_mailbox_get (g_task_get_context (task));

  return self;
}

DbrTicket *
dbr_ticket_ref (DbrTicket *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_ticket_unref (DbrTicket *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_waiter_unref (self->waiter);
  g_clear_pointer (&self->mailbox, dbr_mailbox_unref);
  g_free (self);
}

static void
deliver_cb (DbrLetter *letter)
{
  g_autoptr(DbrTicket) self = (DbrTicket *) letter;

  dbr_waiter_tell (self->waiter);
}

void
dbr_ticket_end (DbrTicket    *self,
                const GError *error)
{
  /* Else he has given up, and was told. */
  if (!dbr_waiter_decide (self->waiter, error))
    return;

  if (self->mailbox == NULL)
    {
      dbr_waiter_tell (self->waiter);
      return;
    }

  self->letter.deliver = deliver_cb;
  dbr_mailbox_post (self->mailbox, &dbr_ticket_ref (self)->letter);
}

void
dbr_tickets_end (GPtrArray    *tickets,
                 const GError *error)
{
  for (guint i = 0; i < tickets->len; i++)
    {
      DbrTicket *ticket = g_ptr_array_index (tickets, i);

      dbr_ticket_end (ticket, error);
      dbr_ticket_unref (ticket);
    }
  g_ptr_array_set_size (tickets, 0);
}
