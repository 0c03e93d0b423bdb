/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notifier-core-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

#include <string.h>

/* What goes in, and what became of it. */

/* What could not be sent is tried again soon, and not at once. */
#define SEND_PAUSE_USEC (250 * G_GINT64_CONSTANT (1000))
/* A program asks for a token when it is told of the action, not later. */
#define MAX_TOKENS 16

typedef struct
{
  guint id;
  char  text[];
} DbrNoticeToken;

/* @lowest: 0 where that stands for a new one. */
static GError *
dbr_notifier_core_check_id_locked (DbrNotifierCore *self,
                                   guint            id,
                                   guint            lowest)
{
  if (self->is_closed)
    return g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, _("The notifier is closed"));
  if (id < lowest || id > self->last_id)
    return g_error_new (DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
                        _("There never was a notification %u"), id);

  return NULL;
}

/* What came of a notification on its way in; what is left of it is ended with no lock held. */
static gboolean
dbr_notifier_core_push_locked (DbrNotifierCore *self,
                               DbrNotice       *notice,
                               guint            replaces_id,
                               DbrTicket       *ticket,
                               GPtrArray       *dropped,
                               GError         **error)
{
  g_autoptr(DbrNoticeEntry) entry = NULL;
  guint id = replaces_id != 0 ? replaces_id : ++self->last_id;
  gboolean is_held;

  entry = dbr_notice_entry_new (id, notice, NULL);
  entry->is_update = replaces_id != 0;
  is_held = dbr_notice_queue_holds (&self->queue, entry);
  if (ticket != NULL && !is_held)
    g_ptr_array_add (entry->waiters, dbr_ticket_ref (ticket));

  switch (dbr_notice_queue_push (&self->queue, entry, &id, dropped))
    {
    case DBR_NOTICE_SEEN:
      g_ptr_array_foreach (entry->waiters, (GFunc) (void (*)(void))dbr_ticket_unref, NULL);
      if (self->in_flight != NULL && self->in_flight->id == id && ticket != NULL)
        g_ptr_array_add (self->in_flight->waiters, dbr_ticket_ref (ticket));
      else
        is_held = TRUE;
      break;

    case DBR_NOTICE_REFUSED:
      g_ptr_array_foreach (entry->waiters, (GFunc) (void (*)(void))dbr_ticket_unref, NULL);
      g_set_error (error, DBR_ERROR, DBR_ERROR_OVERLOADED,
                   _("%u notifications wait to be shown already"), self->queue.waiting.length);
      break;

    case DBR_NOTICE_QUEUED:
    case DBR_NOTICE_MERGED:
    default:
      g_steal_pointer (&entry);
    }
  if (ticket != NULL)
    ticket->id = id;

  return is_held;
}

static void
end_dropped (GPtrArray *dropped)
{
  g_autoptr(GError) error = NULL;

  error = g_error_new_literal (DBR_ERROR, DBR_ERROR_OVERLOADED,
                               _("More urgent or newer notifications came while this one waited"));
  for (guint i = 0; i < dropped->len; i++)
    {
      DbrNoticeEntry *entry = g_ptr_array_index (dropped, i);

      dbr_tickets_end (entry->waiters, error);
      dbr_notice_entry_free (entry);
    }
}

void
dbr_notifier_core_send (DbrNotifierCore *self,
                        DbrNotice       *notice,
                        guint            replaces_id,
                        DbrTicket       *ticket)
{
  g_autoptr(GPtrArray) dropped = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;
  gboolean is_held = FALSE;

  g_mutex_lock (&self->mutex);
  error = dbr_notifier_core_check_id_locked (self, replaces_id, 0);
  if (error == NULL)
    is_held = dbr_notifier_core_push_locked (self, notice, replaces_id, ticket, dropped, &error);
  g_mutex_unlock (&self->mutex);

  /* What is held back on purpose is not waited for. */
  if (ticket != NULL && (error != NULL || is_held))
    dbr_ticket_end (ticket, error);
  end_dropped (dropped);
  dbr_notifier_core_wake (self);
}

void
dbr_notifier_core_close_notice (DbrNotifierCore *self,
                                guint            id,
                                DbrTicket       *ticket)
{
  g_autoptr(DbrNoticeEntry) entry = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) closed = NULL;

  g_mutex_lock (&self->mutex);
  error = dbr_notifier_core_check_id_locked (self, id, 1);
  if (error == NULL)
    {
      entry = dbr_notice_queue_remove (&self->queue, id);
      ticket->id = id;
      g_queue_push_tail (&self->to_close, dbr_ticket_ref (ticket));
    }
  g_mutex_unlock (&self->mutex);

  if (error != NULL)
    dbr_ticket_end (ticket, error);
  if (entry != NULL)
    {
      closed = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED,
                                    _("The notification was closed before it was shown"));
      dbr_tickets_end (entry->waiters, closed);
    }
  dbr_notifier_core_wake (self);
}

void
dbr_notifier_core_flush (DbrNotifierCore *self,
                         DbrTicket       *ticket)
{
  g_mutex_lock (&self->mutex);
  dbr_notice_queue_end_batch (&self->queue);
  g_ptr_array_add (self->flushing, dbr_ticket_ref (ticket));
  g_mutex_unlock (&self->mutex);

  dbr_notifier_core_wake (self);
}

/* What became of it, in dbr-io */

/* Returns TRUE if it waits again. */
static gboolean
dbr_notifier_core_put_back_locked (DbrNotifierCore *self,
                                   DbrNoticeEntry  *entry,
                                   DbrExecution     execution,
                                   const GError    *error)
{
  if (execution != DBR_EXECUTION_NEVER || !dbr_error_is_transient (error))
    {
      /* Where nobody knows whether it is shown, the same again might be the second one. */
      if (execution != DBR_EXECUTION_MAYBE)
        dbr_notice_queue_forget (&self->queue, entry->id);
      return FALSE;
    }

  dbr_notice_queue_put_back (&self->queue, entry);
  self->next_send_usec = g_get_monotonic_time () + SEND_PAUSE_USEC;

  return TRUE;
}

void
dbr_notifier_core_shown (DbrNotifierCore *self,
                         guint            number,
                         DbrExecution     execution,
                         const GError    *error)
{
  DbrNoticeEntry *entry;
  gboolean waits = FALSE;
  guint other = 0;

  g_mutex_lock (&self->mutex);
  entry = g_steal_pointer (&self->in_flight);
  if (entry != NULL && error != NULL)
    waits = dbr_notifier_core_put_back_locked (self, entry, execution, error);
  else if (entry != NULL && number != 0)
    other = dbr_notice_ids_set (&self->ids, entry->id, number);
  g_mutex_unlock (&self->mutex);

  if (entry == NULL || waits)
    return;

  /* A server may use a number anew without having told that it was free. */
  if (other != 0)
    dbr_notifier_core_tell_closed (self, other, DBR_CLOSE_REASON_UNDEFINED);
  if (error == NULL && number == 0)
    dbr_notifier_core_tell_closed (self, entry->id, DBR_CLOSE_REASON_LOST);
  dbr_tickets_end (entry->waiters, error);
  dbr_notice_entry_free (entry);
}

void
dbr_notifier_core_close_ended (DbrNotifierCore *self,
                               const GError    *error)
{
  g_autoptr(DbrTicket) ticket = NULL;
  gboolean was_shown = FALSE;

  g_mutex_lock (&self->mutex);
  ticket = g_steal_pointer (&self->closing);
  if (ticket != NULL && error == NULL)
    {
      was_shown = dbr_notice_ids_get_number (&self->ids, ticket->id) != 0;
      dbr_notice_ids_remove (&self->ids, ticket->id);
      dbr_notice_queue_forget (&self->queue, ticket->id);
    }
  g_mutex_unlock (&self->mutex);

  if (ticket == NULL)
    return;

  /* Some servers do not say so themselves. */
  if (was_shown)
    dbr_notifier_core_tell_closed (self, ticket->id, DBR_CLOSE_REASON_CLOSED);
  dbr_ticket_end (ticket, error);
}

void
dbr_notifier_core_was_closed (DbrNotifierCore *self,
                              guint            number,
                              DbrCloseReason   reason)
{
  guint id;

  g_mutex_lock (&self->mutex);
  id = dbr_notice_ids_get_id (&self->ids, number);
  dbr_notice_ids_remove (&self->ids, id);
  dbr_notice_queue_forget (&self->queue, id);
  g_mutex_unlock (&self->mutex);

  if (id != 0)
    dbr_notifier_core_tell_closed (self, id, reason);
}

void
dbr_notifier_core_was_invoked (DbrNotifierCore *self,
                               guint            number,
                               const char      *action)
{
  guint id;

  g_mutex_lock (&self->mutex);
  id = dbr_notice_ids_get_id (&self->ids, number);
  g_mutex_unlock (&self->mutex);

  if (id != 0 && !dbr_notifier_core_take_offer (self, id, action))
    dbr_notifier_core_tell (self, DBR_NOTIFIER_NEWS_INVOKED, id, action, 0, 0);
}

void
dbr_notifier_core_was_activated (DbrNotifierCore *self,
                                 guint            number,
                                 const char      *text)
{
  gsize size = strlen (text) + 1;
  DbrNoticeToken *token = g_malloc (sizeof (DbrNoticeToken) + size);
  DbrNoticeToken *old = NULL;

  memcpy (token->text, text, size);
  g_mutex_lock (&self->mutex);
  token->id = dbr_notice_ids_get_id (&self->ids, number);
  g_queue_push_head (&self->tokens, token);
  if (self->tokens.length > MAX_TOKENS)
    old = g_queue_pop_tail (&self->tokens);
  g_mutex_unlock (&self->mutex);

  g_free (old);
}

char *
dbr_notifier_core_dup_token (DbrNotifierCore *self,
                             guint            id)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (GList *link = self->tokens.head; id != 0 && link != NULL; link = link->next)
    {
      DbrNoticeToken *token = link->data;

      if (token->id == id)
        return g_strdup (token->text);
    }

  return NULL;
}
