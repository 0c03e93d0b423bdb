/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notifier-core-private.h"

/* What is wrong somewhere, as a notification that follows it from its beginning to its end. */

/* A server that never tells of closing does not make us keep more of what is over. */
#define MAX_CAUSES 1000

/* What a notification is about. */
typedef struct
{
  DbrIncidentBoard *board;
  guint64           serial;
  DbrSeverity       severity;
  gboolean          is_over;
  /* The person took an offer, upon which most servers close it; that is no dismissal. */
  gboolean          was_taken;
  gboolean          was_dismissed;
} DbrNoticeCause;

void
dbr_notice_cause_free (gpointer cause)
{
  dbr_incident_board_unref (((DbrNoticeCause *) cause)->board);
  g_free (cause);
}

static guint
dbr_notifier_core_find_cause_locked (DbrNotifierCore  *self,
                                     DbrIncidentBoard *board,
                                     guint64           serial)
{
  GHashTableIter iter;
  gpointer id;
  gpointer value;

  g_hash_table_iter_init (&iter, self->causes);
  while (g_hash_table_iter_next (&iter, &id, &value))
    {
      DbrNoticeCause *cause = value;

      if (cause->board == board && cause->serial == serial)
        return GPOINTER_TO_UINT (id);
    }

  return 0;
}

static gboolean
dbr_notifier_core_shows_locked (DbrNotifierCore *self,
                                guint            id)
{
  return dbr_notice_ids_get_number (&self->ids, id) != 0
         || (self->in_flight != NULL && self->in_flight->id == id);
}

static guint
dbr_notifier_core_add_cause_locked (DbrNotifierCore  *self,
                                    DbrIncidentBoard *board,
                                    DbrIncident      *incident)
{
  DbrNoticeCause *cause = g_new0 (DbrNoticeCause, 1);
  guint id = ++self->last_id;

  cause->board = dbr_incident_board_ref (board);
  cause->serial = incident->serial;
  cause->severity = incident->severity;
  g_hash_table_insert (self->causes, GUINT_TO_POINTER (id), cause);

  return id;
}

/* 0: there is nothing to say. What was not seen when it was over is not told at all; what the
 * person put away is not brought up again. */
static guint
dbr_notifier_core_follow_locked (DbrNotifierCore  *self,
                                 DbrIncidentBoard *board,
                                 DbrIncident      *incident,
                                 DbrNoticeEntry  **unsent)
{
  guint id = dbr_notifier_core_find_cause_locked (self, board, incident->serial);
  DbrNoticeCause *cause = g_hash_table_lookup (self->causes, GUINT_TO_POINTER (id));
  gboolean is_worse;

  if (cause == NULL)
    return incident->phase != DBR_INCIDENT_ENDED
           ? dbr_notifier_core_add_cause_locked (self, board, incident) : 0;

  is_worse = incident->severity > cause->severity;
  cause->severity = incident->severity;
  if (incident->phase == DBR_INCIDENT_ENDED)
    {
      cause->is_over = TRUE;
      *unsent = dbr_notice_queue_remove (&self->queue, id);
      if (*unsent != NULL && !dbr_notifier_core_shows_locked (self, id))
        return 0;
    }
  else if (is_worse)
    {
      cause->was_dismissed = FALSE;
    }

  return cause->was_dismissed ? 0 : id;
}

static DbrNotice *
new_notice (DbrIncident *incident)
{
  static const struct
  {
    DbrUrgency  urgency;
    const char *icon;
  } looks[] = {
    [DBR_SEVERITY_NOTICE] = { DBR_URGENCY_LOW, "dialog-information" },
    [DBR_SEVERITY_WARNING] = { DBR_URGENCY_NORMAL, "dialog-warning" },
    [DBR_SEVERITY_CRITICAL] = { DBR_URGENCY_CRITICAL, "dialog-error" },
  };
  g_autoptr(GStrvBuilder) actions = g_strv_builder_new ();
  g_auto(GStrv) labels = NULL;

  for (guint i = 0; i < incident->offers->len; i++)
    {
      DbrIncidentOffer *offer = g_ptr_array_index (incident->offers, i);

      g_strv_builder_add_many (actions, offer->id, offer->label, NULL);
    }
  labels = g_strv_builder_end (actions);

  return dbr_notice_new (incident->title, incident->body, looks[incident->severity].icon,
                         looks[incident->severity].urgency, -1, (const char * const *) labels, NULL,
                         NULL);
}

static gboolean
is_over (gpointer id,
         gpointer cause,
         gpointer user_data)
{
  return ((DbrNoticeCause *) cause)->is_over;
}

static gboolean
is_of_board (gpointer id,
             gpointer cause,
             gpointer board)
{
  return ((DbrNoticeCause *) cause)->board == board;
}

/* Takes causes out, to be freed with no lock held. */
static GPtrArray *
dbr_notifier_core_steal_causes_locked (DbrNotifierCore *self,
                                       GHRFunc          is_wanted,
                                       gpointer         user_data)
{
  GPtrArray *stolen = g_ptr_array_new_with_free_func (dbr_notice_cause_free);
  GHashTableIter iter;
  gpointer id;
  gpointer cause;

  g_hash_table_iter_init (&iter, self->causes);
  while (g_hash_table_iter_next (&iter, &id, &cause))
    {
      if (is_wanted (id, cause, user_data))
        {
          g_ptr_array_add (stolen, cause);
          g_hash_table_iter_steal (&iter);
        }
    }

  return stolen;
}

void
dbr_notifier_core_tell_incident (DbrNotifierCore  *self,
                                 DbrIncidentBoard *board,
                                 DbrIncident      *incident)
{
  g_autoptr(DbrNotice) notice = NULL;
  g_autoptr(DbrNoticeEntry) unsent = NULL;
  g_autoptr(GPtrArray) old = NULL;
  guint id;

  g_mutex_lock (&self->mutex);
  id = dbr_notifier_core_follow_locked (self, board, incident, &unsent);
  if (g_hash_table_size (self->causes) > MAX_CAUSES)
    old = dbr_notifier_core_steal_causes_locked (self, is_over, NULL);
  g_mutex_unlock (&self->mutex);

  notice = id != 0 ? new_notice (incident) : NULL;
  if (notice != NULL)
    dbr_notifier_core_send (self, notice, id, NULL);
}

void
dbr_notifier_core_leave_board (DbrNotifierCore  *self,
                               DbrIncidentBoard *board)
{
  g_autoptr(GPtrArray) left = NULL;

  g_mutex_lock (&self->mutex);
  left = dbr_notifier_core_steal_causes_locked (self, is_of_board, board);
  g_mutex_unlock (&self->mutex);
}

gboolean
dbr_notifier_core_take_offer (DbrNotifierCore *self,
                              guint            id,
                              const char      *action)
{
  g_autoptr(DbrIncidentBoard) board = NULL;
  DbrNoticeCause *cause;
  guint64 serial = 0;

  g_mutex_lock (&self->mutex);
  cause = g_hash_table_lookup (self->causes, GUINT_TO_POINTER (id));
  if (cause != NULL)
    {
      cause->was_taken = TRUE;
      board = dbr_incident_board_ref (cause->board);
      serial = cause->serial;
    }
  g_mutex_unlock (&self->mutex);

  if (board != NULL)
    dbr_incident_board_take (board, serial, action);

  return board != NULL;
}

/* What a program has no id of it is not told of either. */
void
dbr_notifier_core_tell_closed (DbrNotifierCore *self,
                               guint            id,
                               DbrCloseReason   reason)
{
  DbrNoticeCause *over = NULL;
  DbrNoticeCause *cause;

  g_mutex_lock (&self->mutex);
  cause = g_hash_table_lookup (self->causes, GUINT_TO_POINTER (id));
  if (cause != NULL)
    {
      cause->was_dismissed |= reason == DBR_CLOSE_REASON_DISMISSED && !cause->was_taken;
      cause->was_taken = FALSE;
    }
  if (cause != NULL && cause->is_over)
    {
      over = cause;
      g_hash_table_steal (self->causes, GUINT_TO_POINTER (id));
    }
  g_mutex_unlock (&self->mutex);

  if (over != NULL)
    dbr_notice_cause_free (over);
  if (cause == NULL)
    dbr_notifier_core_tell (self, DBR_NOTIFIER_NEWS_CLOSED, id, NULL, reason, 0);
}
