/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "notify/dbr-notice-queue-private.h"

#define DEFAULT_MAX_QUEUED 100
/* Nobody sends more within a second that a person could tell apart. */
#define MAX_RECENT 64

/* What was sent, and when. */
typedef struct
{
  guint      id;
  DbrNotice *notice;
  gint64     sent_usec;
} Recent;

static gint64
usec_of (guint ms)
{
  return ms * G_GINT64_CONSTANT (1000);
}

static void
recent_free (Recent *self)
{
  dbr_notice_unref (self->notice);
  g_free (self);
}

DbrNoticeEntry *
dbr_notice_entry_new (guint      id,
                      DbrNotice *notice,
                      gpointer   waiter)
{
  DbrNoticeEntry *self = g_new0 (DbrNoticeEntry, 1);

  self->id = id;
  self->notice = dbr_notice_ref (notice);
  self->waiters = g_ptr_array_new ();
  if (waiter != NULL)
    g_ptr_array_add (self->waiters, waiter);

  return self;
}

void
dbr_notice_entry_free (DbrNoticeEntry *self)
{
  dbr_notice_unref (self->notice);
  g_ptr_array_unref (self->waiters);
  g_free (self);
}

/* Whoever waited for @other waits for @self. */
static void
dbr_notice_entry_join (DbrNoticeEntry *self,
                       DbrNoticeEntry *other)
{
  g_ptr_array_extend_and_steal (self->waiters, g_ptr_array_ref (other->waiters));
}

static gint64
dbr_notice_queue_now (DbrNoticeQueue *self)
{
  return dbr_clock_get_monotonic (self->clock);
}

void
dbr_notice_queue_init (DbrNoticeQueue *self,
                       const DbrClock *clock)
{
  *self = (DbrNoticeQueue) { .clock = clock, .max_queued = DEFAULT_MAX_QUEUED };
  g_queue_init (&self->waiting);
  g_queue_init (&self->recent);
}

void
dbr_notice_queue_clear (DbrNoticeQueue *self)
{
  g_queue_clear_full (&self->waiting, (GDestroyNotify) dbr_notice_entry_free);
  g_queue_clear_full (&self->recent, (GDestroyNotify) recent_free);
}

static gboolean
is_critical (const DbrNoticeEntry *entry)
{
  return entry->notice->urgency == DBR_URGENCY_CRITICAL;
}

/* One that somebody has the id of already has to be shown under it. */
static gboolean
can_be_grouped (const DbrNoticeEntry *entry)
{
  return !entry->is_update && entry->waiters->len > 0 && dbr_notice_is_groupable (entry->notice);
}

gboolean
dbr_notice_queue_holds (DbrNoticeQueue       *self,
                        const DbrNoticeEntry *entry)
{
  return self->is_quiet && !is_critical (entry);
}

static gboolean
dbr_notice_queue_gathers (DbrNoticeQueue       *self,
                          const DbrNoticeEntry *entry)
{
  return self->batch_usec != 0 && can_be_grouped (entry);
}

static void
dbr_notice_queue_forget_old (DbrNoticeQueue *self)
{
  gint64 oldest = dbr_notice_queue_now (self) - usec_of (DBR_NOTICE_SAME_MS);
  Recent *recent;

  while ((recent = g_queue_peek_head (&self->recent)) != NULL
         && (recent->sent_usec <= oldest || self->recent.length > MAX_RECENT))
    recent_free (g_queue_pop_head (&self->recent));
}

static Recent *
dbr_notice_queue_find_recent (DbrNoticeQueue *self,
                              DbrNoticeEntry *entry)
{
  dbr_notice_queue_forget_old (self);
  for (GList *link = self->recent.tail; link != NULL; link = link->prev)
    {
      Recent *recent = link->data;

      if (!entry->is_update && dbr_notice_equal (recent->notice, entry->notice))
        return recent;
    }

  return NULL;
}

static DbrNoticeEntry *
dbr_notice_queue_find_double (DbrNoticeQueue *self,
                              DbrNoticeEntry *entry)
{
  for (GList *link = self->waiting.tail; link != NULL; link = link->prev)
    {
      DbrNoticeEntry *other = link->data;

      if (!entry->is_update && dbr_notice_equal (other->notice, entry->notice))
        return other;
    }

  return NULL;
}

static GList *
dbr_notice_queue_find_id (DbrNoticeQueue *self,
                          guint           id)
{
  for (GList *link = self->waiting.tail; link != NULL; link = link->prev)
    {
      if (((DbrNoticeEntry *) link->data)->id == id)
        return link;
    }

  return NULL;
}

/* The oldest of the least urgent. */
static GList *
dbr_notice_queue_find_victim (DbrNoticeQueue *self)
{
  GList *victim = self->waiting.head;

  for (GList *link = victim; link != NULL; link = link->next)
    {
      DbrNoticeEntry *entry = link->data;

      if (entry->notice->urgency < ((DbrNoticeEntry *) victim->data)->notice->urgency)
        victim = link;
    }

  return victim;
}

/* What came last says most, but what is critical is never given up for it. */
static gboolean
dbr_notice_queue_make_room (DbrNoticeQueue *self,
                            DbrNoticeEntry *entry,
                            GPtrArray      *dropped)
{
  while (self->waiting.length >= self->max_queued)
    {
      GList *victim = dbr_notice_queue_find_victim (self);

      self->n_dropped++;
      if (victim == NULL || is_critical (victim->data)
          || ((DbrNoticeEntry *) victim->data)->notice->urgency > entry->notice->urgency)
        return FALSE;

      g_ptr_array_add (dropped, victim->data);
      g_queue_delete_link (&self->waiting, victim);
    }

  return TRUE;
}

static void
dbr_notice_queue_set_limit (DbrNoticeQueue *self,
                            DbrNoticeEntry *entry,
                            gint64          now)
{
  if (dbr_notice_queue_holds (self, entry))
    entry->limit_usec = G_MAXINT64;
  else
    entry->limit_usec = usec_of (DBR_NOTICE_LIMIT_MS)
                        + (dbr_notice_queue_gathers (self, entry) ? self->batch_usec : now);
}

/* Says something newer in the place of the same notification. */
static void
dbr_notice_queue_replace (DbrNoticeQueue *self,
                          GList          *link,
                          DbrNoticeEntry *entry)
{
  DbrNoticeEntry *old = link->data;

  dbr_notice_entry_join (entry, old);
  dbr_notice_entry_free (old);
  link->data = entry;
}

DbrNoticePlace
dbr_notice_queue_push (DbrNoticeQueue *self,
                       DbrNoticeEntry *entry,
                       guint          *id,
                       GPtrArray      *dropped)
{
  gint64 now = dbr_notice_queue_now (self);
  GList *same_id = dbr_notice_queue_find_id (self, entry->id);
  DbrNoticeEntry *same = dbr_notice_queue_find_double (self, entry);
  Recent *recent = dbr_notice_queue_find_recent (self, entry);

  *id = entry->id;
  entry->queued_usec = now;
  if (same != NULL)
    {
      *id = same->id;
      dbr_notice_entry_join (same, entry);
      dbr_notice_entry_free (entry);
      return DBR_NOTICE_MERGED;
    }
  if (recent != NULL)
    {
      *id = recent->id;
      return DBR_NOTICE_SEEN;
    }
  if (same_id == NULL && !dbr_notice_queue_make_room (self, entry, dropped))
    return DBR_NOTICE_REFUSED;

  if (self->batch_ms > 0 && self->batch_usec == 0 && can_be_grouped (entry))
    self->batch_usec = now + usec_of (self->batch_ms);
  dbr_notice_queue_set_limit (self, entry, now);
  if (same_id != NULL)
    dbr_notice_queue_replace (self, same_id, entry);
  else
    g_queue_push_tail (&self->waiting, entry);

  return DBR_NOTICE_QUEUED;
}

static void
dbr_notice_queue_note_sent (DbrNoticeQueue *self,
                            DbrNoticeEntry *entry)
{
  Recent *recent = g_new (Recent, 1);

  recent->id = entry->id;
  recent->notice = dbr_notice_ref (entry->notice);
  recent->sent_usec = dbr_notice_queue_now (self);
  g_queue_push_tail (&self->recent, recent);
  dbr_notice_queue_forget_old (self);
}

/* All that was gathered as one, which has the id of the first. */
static DbrNoticeEntry *
dbr_notice_queue_pop_batch (DbrNoticeQueue *self)
{
  g_autoptr(GPtrArray) notices = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_notice_unref);
  DbrNoticeEntry *first = NULL;
  GList *link = self->waiting.head;

  while (link != NULL)
    {
      DbrNoticeEntry *entry = link->data;
      GList *next = link->next;

      if (!dbr_notice_queue_holds (self, entry) && can_be_grouped (entry))
        {
          g_queue_delete_link (&self->waiting, link);
          g_ptr_array_add (notices, dbr_notice_ref (entry->notice));
          dbr_notice_queue_note_sent (self, entry);
          if (first == NULL)
            {
              first = entry;
            }
          else
            {
              dbr_notice_entry_join (first, entry);
              dbr_notice_entry_free (entry);
            }
        }
      link = next;
    }
  self->batch_usec = 0;
  if (first == NULL)
    return NULL;

  dbr_notice_unref (first->notice);
  first->notice = dbr_notice_new_group (notices);

  return first;
}

static GList *
dbr_notice_queue_find_due (DbrNoticeQueue *self)
{
  GList *due = NULL;

  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      DbrNoticeEntry *entry = link->data;

      if (is_critical (entry))
        return link;
      if (due == NULL && !self->is_quiet && !dbr_notice_queue_gathers (self, entry))
        due = link;
    }

  return due;
}

DbrNoticeEntry *
dbr_notice_queue_pop (DbrNoticeQueue *self)
{
  GList *due = dbr_notice_queue_find_due (self);
  DbrNoticeEntry *entry;

  if (due == NULL || !is_critical (due->data))
    {
      gboolean has_batch = self->batch_usec != 0
                           && self->batch_usec <= dbr_notice_queue_now (self);

      entry = has_batch ? dbr_notice_queue_pop_batch (self) : NULL;
      if (entry != NULL || due == NULL)
        return entry;
    }

  entry = due->data;
  g_queue_delete_link (&self->waiting, due);
  dbr_notice_queue_note_sent (self, entry);

  return entry;
}

void
dbr_notice_queue_put_back (DbrNoticeQueue *self,
                           DbrNoticeEntry *entry)
{
  GList *newer = dbr_notice_queue_find_id (self, entry->id);

  dbr_notice_queue_forget (self, entry->id);
  if (newer != NULL)
    {
      dbr_notice_entry_join (newer->data, entry);
      dbr_notice_entry_free (entry);
    }
  else
    {
      g_queue_push_head (&self->waiting, entry);
    }
}

DbrNoticeEntry *
dbr_notice_queue_remove (DbrNoticeQueue *self,
                         guint           id)
{
  GList *link = dbr_notice_queue_find_id (self, id);
  DbrNoticeEntry *entry = NULL;

  if (link != NULL)
    {
      entry = link->data;
      g_queue_delete_link (&self->waiting, link);
    }

  return entry;
}

void
dbr_notice_queue_forget (DbrNoticeQueue *self,
                         guint           id)
{
  GList *link = self->recent.head;

  while (link != NULL)
    {
      GList *next = link->next;
      Recent *recent = link->data;

      if (recent->id == id)
        {
          recent_free (recent);
          g_queue_delete_link (&self->recent, link);
        }
      link = next;
    }
}

static gint64
dbr_notice_entry_get_end (const DbrNoticeEntry *self)
{
  return is_critical (self) ? self->queued_usec + usec_of (DBR_NOTICE_KEEP_MS) : self->limit_usec;
}

void
dbr_notice_queue_expire (DbrNoticeQueue *self,
                         GPtrArray      *late,
                         GPtrArray      *dropped)
{
  gint64 now = dbr_notice_queue_now (self);
  GList *link = self->waiting.head;

  while (link != NULL)
    {
      DbrNoticeEntry *entry = link->data;
      GList *next = link->next;

      if (dbr_notice_entry_get_end (entry) <= now)
        {
          g_queue_delete_link (&self->waiting, link);
          g_ptr_array_add (dropped, entry);
          self->n_dropped++;
        }
      else if (entry->limit_usec <= now)
        {
          g_ptr_array_extend_and_steal (late, g_ptr_array_ref (entry->waiters));
        }
      link = next;
    }
}

gint64
dbr_notice_queue_get_next (DbrNoticeQueue *self,
                           gboolean        can_send)
{
  gint64 next = self->batch_usec != 0 && can_send ? self->batch_usec : G_MAXINT64;

  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      DbrNoticeEntry *entry = link->data;

      next = MIN (next, entry->waiters->len > 0 ? entry->limit_usec
                                                : dbr_notice_entry_get_end (entry));
    }

  return next;
}

void
dbr_notice_queue_set_quiet (DbrNoticeQueue *self,
                            gboolean        is_quiet,
                            GPtrArray      *held)
{
  gint64 now = dbr_notice_queue_now (self);

  self->is_quiet = is_quiet;
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      DbrNoticeEntry *entry = link->data;

      if (is_critical (entry))
        continue;

      dbr_notice_queue_set_limit (self, entry, now);
      if (is_quiet)
        g_ptr_array_extend_and_steal (held, g_ptr_array_ref (entry->waiters));
    }
}

void
dbr_notice_queue_end_batch (DbrNoticeQueue *self)
{
  if (self->batch_usec != 0)
    self->batch_usec = MIN (self->batch_usec, dbr_notice_queue_now (self));
}

gboolean
dbr_notice_queue_has_pending (DbrNoticeQueue *self)
{
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      DbrNoticeEntry *entry = link->data;

      /* Nobody waits for one that is kept. */
      if (entry->limit_usec != G_MAXINT64 && entry->limit_usec > dbr_notice_queue_now (self))
        return TRUE;
    }

  return FALSE;
}
