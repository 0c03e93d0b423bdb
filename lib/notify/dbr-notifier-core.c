/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notifier-core-private.h"

#include "base/dbr-error.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "notify/dbr-notice-direct-private.h"
#include "notify/dbr-notice-helper-private.h"

/* What is to be done in one go, and what is done about it when the lock is released. */
typedef struct
{
  /* of DbrTicket */
  GPtrArray  *late;
  GPtrArray  *done;
  /* of DbrNoticeEntry */
  GPtrArray  *dropped;
  gboolean    has_server;
  gboolean    complains;
  gboolean    wants_start;
  DbrNotice  *notice;
  guint       replaces;
  guint       close_number;
  const char *app_name;
} Turn;

static void
news_free (gpointer data)
{
  DbrNotifierNews *news = data;

  g_free (news->action);
  g_free (news);
}

void
dbr_notifier_core_tell (DbrNotifierCore     *self,
                        DbrNotifierNewsKind  kind,
                        guint                id,
                        const char          *action,
                        DbrCloseReason       reason,
                        gint64               usec)
{
  DbrNotifierNews *news = g_new0 (DbrNotifierNews, 1);

  news->kind = kind;
  news->id = id;
  news->action = g_strdup (action);
  news->reason = reason;
  news->usec = usec;
  dbr_herald_tell (self->herald, self->tell, news, news_free);
}

/* Deciding what to do */

static void
turn_init (Turn *self)
{
  *self = (Turn) {
    .late = g_ptr_array_new (),
    .done = g_ptr_array_new (),
    .dropped = g_ptr_array_new (),
  };
}

static void
turn_clear (Turn *self)
{
  g_ptr_array_unref (self->late);
  g_ptr_array_unref (self->done);
  g_ptr_array_unref (self->dropped);
  g_clear_pointer (&self->notice, dbr_notice_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Turn, turn_clear)

static gboolean
ticket_is_late (DbrTicket *self,
                gint64     now)
{
  return self->limit_usec <= now;
}

/* Nobody waits longer than his limit, whatever becomes of what he waits for. */
static void
dbr_notifier_core_end_waits_locked (DbrNotifierCore *self,
                                    Turn            *turn,
                                    gint64           now)
{
  GList *link = self->to_close.head;

  if (self->in_flight != NULL && self->in_flight->limit_usec <= now)
    g_ptr_array_extend_and_steal (turn->late, g_ptr_array_ref (self->in_flight->waiters));

  while (link != NULL)
    {
      GList *next = link->next;

      if (ticket_is_late (link->data, now))
        {
          g_ptr_array_add (turn->late, link->data);
          g_queue_delete_link (&self->to_close, link);
        }
      link = next;
    }

  if (self->in_flight == NULL && !dbr_notice_queue_has_pending (&self->queue))
    g_ptr_array_extend_and_steal (turn->done, g_ptr_array_ref (self->flushing));
  for (guint i = self->flushing->len; i > 0; i--)
    {
      if (ticket_is_late (g_ptr_array_index (self->flushing, i - 1), now))
        g_ptr_array_add (turn->late, g_ptr_array_steal_index (self->flushing, i - 1));
    }
}

static gboolean
dbr_notifier_core_wants_server_locked (DbrNotifierCore *self)
{
  for (GList *link = self->queue.waiting.head; link != NULL; link = link->next)
    {
      if (!dbr_notice_queue_holds (&self->queue, link->data))
        return TRUE;
    }

  return FALSE;
}

static gboolean
dbr_notifier_core_can_send_locked (DbrNotifierCore *self)
{
  return self->is_ready && self->silent_from_usec == 0 && self->in_flight == NULL;
}

static void
dbr_notifier_core_send_next_locked (DbrNotifierCore *self,
                                    Turn            *turn)
{
  DbrNoticeEntry *entry = dbr_notice_queue_pop (&self->queue);

  if (entry == NULL)
    return;

  /* Whatever they came with: it is shown under this one. */
  for (guint i = 0; i < entry->waiters->len; i++)
    ((DbrTicket *) g_ptr_array_index (entry->waiters, i))->id = entry->id;
  self->in_flight = entry;
  turn->notice = dbr_notice_ref (entry->notice);
  turn->replaces = dbr_notice_ids_get_number (&self->ids, entry->id);
  turn->app_name = self->app_name;
}

static void
dbr_notifier_core_close_next_locked (DbrNotifierCore *self,
                                     Turn            *turn,
                                     gboolean         is_usable)
{
  while (self->closing == NULL && self->to_close.length > 0)
    {
      DbrTicket *ticket = g_queue_peek_head (&self->to_close);
      guint number = dbr_notice_ids_get_number (&self->ids, ticket->id);

      /* It gets its number soon, or another one. */
      if (self->in_flight != NULL && self->in_flight->id == ticket->id)
        return;

      if (number != 0 && !is_usable)
        return;

      g_queue_pop_head (&self->to_close);
      if (number != 0)
        {
          self->closing = ticket;
          turn->close_number = number;
        }
      else
        {
          g_ptr_array_add (turn->done, ticket);
        }
    }
}

/* One at a time: what the next one replaces has its number then, and when a server hangs no more
 * than one may be shown although it failed. */
static void
dbr_notifier_core_decide_locked (DbrNotifierCore *self,
                                 Turn            *turn)
{
  gint64 now = g_get_monotonic_time ();
  gboolean is_usable = self->is_ready && self->silent_from_usec == 0;

  self->is_woken = FALSE;
  dbr_notice_queue_expire (&self->queue, turn->late, turn->dropped);
  if (self->next_send_usec <= now)
    self->next_send_usec = 0;
  if (dbr_notifier_core_can_send_locked (self) && self->next_send_usec == 0)
    dbr_notifier_core_send_next_locked (self, turn);
  dbr_notifier_core_close_next_locked (self, turn, is_usable);
  dbr_notifier_core_end_waits_locked (self, turn, now);

  turn->has_server = self->has_server;
  turn->wants_start = !self->has_server && self->next_start_usec <= now
                      && dbr_notifier_core_wants_server_locked (self);
  turn->complains = !self->has_server && !self->has_complained
                    && turn->late->len + turn->dropped->len > 0;
  self->has_complained |= turn->complains;
}

/* What was due when it was decided is done, so that whatever is due by now is to be decided
 * anew. */
static gint64
dbr_notifier_core_get_next_locked (DbrNotifierCore *self)
{
  gboolean can_send = dbr_notifier_core_can_send_locked (self);
  gint64 next = dbr_notice_queue_get_next (&self->queue, can_send);

  if (can_send && self->next_send_usec != 0)
    next = MIN (next, self->next_send_usec);
  if (self->in_flight != NULL && self->in_flight->waiters->len > 0)
    next = MIN (next, self->in_flight->limit_usec);
  if (self->to_close.length > 0)
    next = MIN (next, ((DbrTicket *) self->to_close.head->data)->limit_usec);
  for (guint i = 0; i < self->flushing->len; i++)
    next = MIN (next, ((DbrTicket *) g_ptr_array_index (self->flushing, i))->limit_usec);
  if (!self->has_server && dbr_notifier_core_wants_server_locked (self))
    next = MIN (next, self->next_start_usec);

  return next;
}

/* Doing it, in dbr-io */

static void dbr_notifier_core_turn (DbrNotifierCore *self);

static void
deadline_cb (DbrDeadline *deadline)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref ((DbrNotifierCore *) deadline);

  dbr_notifier_core_turn (self);
}

static void
dbr_notifier_core_plan (DbrNotifierCore *self)
{
  gint64 next;

  g_mutex_lock (&self->mutex);
  next = self->is_closed ? G_MAXINT64 : dbr_notifier_core_get_next_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_deadline_disarm (&self->deadline);
  if (next != G_MAXINT64)
    dbr_deadline_arm (&self->deadline, next, deadline_cb);
}

static GError *
new_late_error (gboolean has_server)
{
  if (has_server)
    return g_error_new_literal (DBR_ERROR, DBR_ERROR_DEADLINE,
                                _("What shows notifications did not answer in time"));

  return g_error_new_literal (DBR_ERROR, DBR_ERROR_NO_OWNER,
                              _("There is nothing that shows notifications: no desktop service for "
                                "them runs, or there is no session bus"));
}

/* Somebody may have its id, and hears that it will not be seen. */
static void
dbr_notifier_core_drop (DbrNotifierCore *self,
                        DbrNoticeEntry  *entry,
                        const GError    *error)
{
  if (entry->waiters->len == 0)
    dbr_notifier_core_tell_closed (self, entry->id, DBR_CLOSE_REASON_LOST);
  dbr_tickets_end (entry->waiters, error);
  dbr_notice_entry_free (entry);
}

static void
dbr_notifier_core_start (DbrNotifierCore *self)
{
  guint pause_ms = dbr_notice_backend_start (self->backend);

  g_mutex_lock (&self->mutex);
  self->next_start_usec = g_get_monotonic_time () + pause_ms * G_GINT64_CONSTANT (1000);
  g_mutex_unlock (&self->mutex);
}

static void
dbr_notifier_core_act (DbrNotifierCore *self,
                       Turn            *turn)
{
  g_autoptr(GError) error = new_late_error (turn->has_server);

  if (turn->wants_start)
    dbr_notifier_core_start (self);
  if (turn->notice != NULL)
    dbr_notice_backend_show (self->backend, turn->app_name, turn->notice, turn->replaces);
  if (turn->close_number != 0)
    dbr_notice_backend_close (self->backend, turn->close_number);

  if (turn->complains)
    g_message ("Notifications are not shown, as nothing on the session bus shows them");
  dbr_tickets_end (turn->done, NULL);
  dbr_tickets_end (turn->late, error);
  for (guint i = 0; i < turn->dropped->len; i++)
    dbr_notifier_core_drop (self, g_ptr_array_index (turn->dropped, i), error);
}

static const DbrNoticeListener listener;

/* A sandbox that brings no such program may have a hole for the protocol still. */
static DbrNoticeBackend *
dbr_notifier_core_new_backend (DbrNotifierCore *self)
{
  gboolean is_apart = self->backend_kind == DBR_NOTIFIER_BACKEND_LIBNOTIFY
                      || (self->backend_kind == DBR_NOTIFIER_BACKEND_AUTO
                          && dbr_notice_is_in_sandbox () && dbr_notice_has_helper ());

  return is_apart ? dbr_notice_helper_new () : dbr_notice_direct_new ();
}

static gboolean
dbr_notifier_core_is_closed (DbrNotifierCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->is_closed;
}

static void
dbr_notifier_core_turn (DbrNotifierCore *self)
{
  g_auto(Turn) turn = { 0 };

  /* Once it is closed, what was open is shut in this same thread, and nothing may open it again. */
  turn_init (&turn);
  if (dbr_notifier_core_is_closed (self))
    return;

  if (self->backend == NULL)
    {
      self->backend = dbr_notifier_core_new_backend (self);
      dbr_notice_backend_open (self->backend, &listener, self);
    }

  g_mutex_lock (&self->mutex);
  if (!self->is_closed)
    dbr_notifier_core_decide_locked (self, &turn);
  g_mutex_unlock (&self->mutex);

  dbr_notifier_core_act (self, &turn);
  dbr_notifier_core_plan (self);
}

static void
turn_cb (gpointer data)
{
  g_autoptr(DbrNotifierCore) self = data;

  dbr_notifier_core_turn (self);
}

void
dbr_notifier_core_wake (DbrNotifierCore *self)
{
  gboolean is_first;

  /* A child of fork() has its own dbr-io, and nothing of this is for it. */
  if (self->generation != dbr_fork_get_generation ())
    return;

  g_mutex_lock (&self->mutex);
  is_first = !self->is_woken && !self->is_closed;
  self->is_woken = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_first)
    dbr_io_invoke (turn_cb, dbr_notifier_core_ref (self));
}

void
dbr_notifier_core_open (DbrNotifierCore *self)
{
  gboolean is_first;

  g_mutex_lock (&self->mutex);
  is_first = !self->is_asked;
  self->is_asked = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_first)
    dbr_notifier_core_wake (self);
}

/* What the backend tells */

static const char * const *
dbr_notifier_core_keep_capabilities_locked (DbrNotifierCore    *self,
                                            const char * const *capabilities)
{
  if (capabilities == NULL)
    return NULL;

  for (guint i = 0; i < self->known_capabilities->len; i++)
    {
      const char * const *known = g_ptr_array_index (self->known_capabilities, i);

      if (g_strv_equal (known, capabilities))
        return known;
    }
  g_ptr_array_add (self->known_capabilities, g_strdupv ((char **) capabilities));

  return g_ptr_array_index (self->known_capabilities, self->known_capabilities->len - 1);
}

static void
dbr_notifier_core_tell_lost (DbrNotifierCore *self,
                             GArray          *lost)
{
  for (guint i = 0; i < lost->len; i++)
    dbr_notifier_core_tell_closed (self, g_array_index (lost, guint, i), DBR_CLOSE_REASON_LOST);
}

/* It answers: that ends a stall, of which @down_usec is the length; -1 if there was none. */
static gint64
dbr_notifier_core_end_silence_locked (DbrNotifierCore *self)
{
  gint64 down_usec = self->silent_from_usec != 0 ? g_get_monotonic_time () - self->silent_from_usec
                                                 : -1;

  self->silent_from_usec = 0;

  return down_usec;
}

static void
dbr_notifier_core_tell_recovered (DbrNotifierCore *self,
                                  gint64           down_usec)
{
  if (down_usec >= 0)
    dbr_notifier_core_tell (self, DBR_NOTIFIER_NEWS_RECOVERED, 0, NULL, 0, down_usec);
}

static void
server_changed (gpointer               core,
                const DbrNoticeServer *server)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref (core);
  g_autoptr(GArray) lost = NULL;
  gboolean was_available;
  gint64 down_usec = -1;

  g_mutex_lock (&self->mutex);
  was_available = self->has_server;
  self->has_server = server != NULL;
  self->has_complained &= server == NULL;
  self->is_ready = server != NULL && server->is_ready;
  self->server_name = server != NULL ? g_intern_string (server->name) : NULL;
  self->capabilities =
    server != NULL ? dbr_notifier_core_keep_capabilities_locked (self, server->capabilities) : NULL;
  if (self->is_ready)
    down_usec = dbr_notifier_core_end_silence_locked (self);
  else
    lost = dbr_notice_ids_lose (&self->ids);
  /* The backend knows how often it may be asked for another one. */
  if (server == NULL)
    self->next_start_usec = 0;
  g_mutex_unlock (&self->mutex);

  self->is_probing = FALSE;
  if (lost != NULL)
    dbr_notifier_core_tell_lost (self, lost);
  if (was_available != (server != NULL))
    dbr_notifier_core_tell (self, DBR_NOTIFIER_NEWS_AVAILABLE, 0, NULL, 0, 0);
  dbr_notifier_core_tell (self, DBR_NOTIFIER_NEWS_SERVER, 0, NULL, 0, 0);
  dbr_notifier_core_tell_recovered (self, down_usec);
  dbr_notifier_core_turn (self);
}

static void
silent (gpointer core,
        gint64   from_usec)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref (core);
  gboolean is_new;

  g_mutex_lock (&self->mutex);
  is_new = self->silent_from_usec == 0;
  if (is_new)
    self->silent_from_usec = from_usec;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    dbr_notifier_core_tell (self, DBR_NOTIFIER_NEWS_STALLED, 0, NULL, 0,
                            g_get_monotonic_time () - from_usec);
  if (!self->is_probing)
    dbr_notice_backend_probe (self->backend);
  self->is_probing = TRUE;
}

static void
answered (gpointer core)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref (core);
  gint64 down_usec;

  self->is_probing = FALSE;
  g_mutex_lock (&self->mutex);
  down_usec = dbr_notifier_core_end_silence_locked (self);
  g_mutex_unlock (&self->mutex);

  dbr_notifier_core_tell_recovered (self, down_usec);
  dbr_notifier_core_turn (self);
}

static void
shown (gpointer      core,
       guint         number,
       DbrExecution  execution,
       const GError *error)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref (core);

  dbr_notifier_core_shown (self, number, execution, error);
  dbr_notifier_core_turn (self);
}

static void
close_ended (gpointer      core,
             const GError *error)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref (core);

  dbr_notifier_core_close_ended (self, error);
  dbr_notifier_core_turn (self);
}

static void
closed (gpointer       core,
        guint          number,
        DbrCloseReason reason)
{
  dbr_notifier_core_was_closed (core, number, reason);
}

static void
invoked (gpointer    core,
         guint       number,
         const char *action)
{
  g_autoptr(DbrNotifierCore) self = dbr_notifier_core_ref (core);

  dbr_notifier_core_was_invoked (self, number, action);
}

static void
activated (gpointer    core,
           guint       number,
           const char *token)
{
  dbr_notifier_core_was_activated (core, number, token);
}

static const DbrNoticeListener listener = {
  server_changed,
  shown,
  close_ended,
  silent,
  answered,
  closed,
  invoked,
  activated,
};

/* From its beginning to its end */

DbrNotifierCore *
dbr_notifier_core_new (DbrHerald     *herald,
                       DbrHeraldFunc  tell)
{
  DbrNotifierCore *self = g_new0 (DbrNotifierCore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->herald = dbr_herald_ref (herald);
  self->tell = tell;
  self->generation = dbr_fork_get_generation ();
  self->app_name = "";
  dbr_notice_queue_init (&self->queue, dbr_clock_get_system ());
  dbr_notice_ids_init (&self->ids);
  g_queue_init (&self->to_close);
  g_queue_init (&self->tokens);
  self->flushing = g_ptr_array_new ();
  self->causes = g_hash_table_new_full (NULL, NULL, NULL, dbr_notice_cause_free);
  self->known_capabilities = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);

  return self;
}

DbrNotifierCore *
dbr_notifier_core_ref (DbrNotifierCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_notifier_core_unref (DbrNotifierCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  dbr_notice_queue_clear (&self->queue);
  dbr_notice_ids_clear (&self->ids);
  g_queue_clear (&self->to_close);
  g_queue_clear_full (&self->tokens, g_free);
  g_ptr_array_unref (self->flushing);
  g_hash_table_unref (self->causes);
  g_ptr_array_unref (self->known_capabilities);
  dbr_herald_unref (self->herald);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

gboolean
dbr_notifier_core_check (DbrNotifierCore  *self,
                         GError          **error)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  if (self->generation != dbr_fork_get_generation ())
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_FORKED,
                           _("The notifier was made in another process, before it forked"));
      return FALSE;
    }

  if (self->backend_kind == DBR_NOTIFIER_BACKEND_LIBNOTIFY && !dbr_notice_has_helper ())
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                           _("This build has no way to show notifications by libnotify"));
      return FALSE;
    }

  locker = g_mutex_locker_new (&self->mutex);
  if (self->is_closed)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_CLOSED, _("The notifier is closed"));
      return FALSE;
    }

  return TRUE;
}

static void
shut_cb (gpointer data)
{
  g_autoptr(DbrNotifierCore) self = data;

  dbr_deadline_disarm (&self->deadline);
  if (self->backend != NULL)
    dbr_notice_backend_shut (self->backend);
  g_clear_object (&self->backend);
}

static void
collect_ticket (gpointer ticket,
                gpointer tickets)
{
  g_ptr_array_add (tickets, ticket);
}

static void
collect_entry (gpointer data,
               gpointer tickets)
{
  DbrNoticeEntry *entry = data;

  g_ptr_array_extend_and_steal (tickets, g_ptr_array_ref (entry->waiters));
  dbr_notice_entry_free (entry);
}

/* All who still wait, who are told with no lock held. */
static void
dbr_notifier_core_give_up_locked (DbrNotifierCore *self,
                                  GPtrArray       *tickets)
{
  g_queue_foreach (&self->queue.waiting, collect_entry, tickets);
  g_queue_clear (&self->queue.waiting);
  if (self->in_flight != NULL)
    collect_entry (g_steal_pointer (&self->in_flight), tickets);
  g_queue_foreach (&self->to_close, collect_ticket, tickets);
  g_queue_clear (&self->to_close);
  if (self->closing != NULL)
    g_ptr_array_add (tickets, g_steal_pointer (&self->closing));
  g_ptr_array_extend_and_steal (tickets, g_ptr_array_ref (self->flushing));
}

void
dbr_notifier_core_close (DbrNotifierCore *self)
{
  g_autoptr(GPtrArray) tickets = g_ptr_array_new ();
  g_autoptr(GError) error = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED,
                                                 _("The notifier is closed"));
  gboolean was_closed;

  g_mutex_lock (&self->mutex);
  was_closed = self->is_closed;
  self->is_closed = TRUE;
  dbr_notifier_core_give_up_locked (self, tickets);
  g_mutex_unlock (&self->mutex);

  dbr_tickets_end (tickets, error);
  if (!was_closed && self->generation == dbr_fork_get_generation ())
    dbr_io_invoke (shut_cb, dbr_notifier_core_ref (self));
}
