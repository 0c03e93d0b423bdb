/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-core-private.h"

#include <string.h>

#include "recovery/dbr-recovery-target-private.h"

DbrRecoveryNews *
dbr_recovery_news_new (DbrRecoveryNewsKind  kind,
                       const char          *target)
{
  DbrRecoveryNews *self = g_new0 (DbrRecoveryNews, 1);

  self->kind = kind;
  self->target = g_strdup (target);

  return self;
}

void
dbr_recovery_news_free (DbrRecoveryNews *self)
{
  g_clear_object (&self->attempt);
  g_clear_object (&self->stage);
  g_clear_object (&self->event);
  g_clear_error (&self->error);
  g_free (self->target);
  g_clear_object (&self->kept);
  g_free (self);
}

/* Telling */

static void
dbr_recovery_core_deliver (DbrRecoveryCore *self)
{
  g_autoptr(GObject) recovery = g_weak_ref_get (&self->recovery);

  if (recovery != NULL)
    self->deliver (recovery);
}

static void
deliver_cb (DbrLetter *letter)
{
  g_autoptr(DbrRecoveryCore) self =
    (DbrRecoveryCore *) G_STRUCT_MEMBER_P (letter, -G_STRUCT_OFFSET (DbrRecoveryCore, letter));

  g_mutex_lock (&self->mutex);
  self->is_posted = FALSE;
  g_mutex_unlock (&self->mutex);

  dbr_recovery_core_deliver (self);
}

static gboolean
serve_cb (gpointer user_data)
{
  dbr_recovery_core_deliver (user_data);

  return G_SOURCE_REMOVE;
}

static void
dbr_recovery_core_wake (DbrRecoveryCore *self,
                        GMainContext    *context)
{
  g_autoptr(GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, serve_cb, dbr_recovery_core_ref (self),
                         (GDestroyNotify) dbr_recovery_core_unref);
  g_source_attach (source, context);
}

static GPtrArray *
copy_contexts (const GPtrArray *contexts)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify) g_main_context_unref);

  for (guint i = 0; i < contexts->len; i++)
    g_ptr_array_add (copy, g_main_context_ref (g_ptr_array_index (contexts, i)));

  return copy;
}

void
dbr_recovery_core_tell (DbrRecoveryCore *self,
                        DbrRecoveryNews *news)
{
  g_autoptr(GPtrArray) servers = NULL;
  g_autoptr(DbrRecoveryNews) refused = NULL;
  gboolean was_posted;

  g_mutex_lock (&self->mutex);
  was_posted = self->is_posted;
  if (self->is_closed)
    refused = news;
  else
    g_queue_push_tail (&self->news, news);
  self->is_posted = was_posted || refused == NULL;
  servers = copy_contexts (self->servers);
  g_mutex_unlock (&self->mutex);

  if (refused != NULL)
    return;
  if (!was_posted)
    {
      dbr_recovery_core_ref (self);
      dbr_mailbox_post (self->mailbox, &self->letter);
    }
  for (guint i = 0; i < servers->len; i++)
    dbr_recovery_core_wake (self, g_ptr_array_index (servers, i));
}

DbrRecoveryNews *
dbr_recovery_core_pop_news (DbrRecoveryCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_queue_pop_head (&self->news);
}

void
dbr_recovery_core_serve (DbrRecoveryCore *self,
                         GMainContext    *context)
{
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->servers, g_main_context_ref (context));
  g_mutex_unlock (&self->mutex);

  /* What was told before waits already. */
  dbr_recovery_core_wake (self, context);
}

void
dbr_recovery_core_unserve (DbrRecoveryCore *self,
                           GMainContext    *context)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_ptr_array_remove (self->servers, context);
}

/* Life */

DbrRecoveryCore *
dbr_recovery_core_new (GObject             *recovery,
                       DbrServiceMonitor   *monitor,
                       DbrStateTracker     *tracker,
                       DbrRecoveryCoreFunc  deliver)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  DbrRecoveryCore *self = g_new0 (DbrRecoveryCore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->recovery, recovery);
  g_mutex_init (&self->mutex);
  g_queue_init (&self->news);
  self->monitor = monitor;
  self->tracker = tracker;
  self->deliver = deliver;
  self->mailbox = dbr_mailbox_get (context);
  self->letter.deliver = deliver_cb;
  self->clock = dbr_clock_get_system ();
  self->allowed = DBR_RECOVERY_SCOPE_DEVICE;
  self->stages = g_ptr_array_new_with_free_func (g_object_unref);
  self->ladder = dbr_recovery_ladder_new ();
  self->runs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->servers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_main_context_unref);

  return self;
}

DbrRecoveryCore *
dbr_recovery_core_ref (DbrRecoveryCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_recovery_core_unref (DbrRecoveryCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->news, (GDestroyNotify) dbr_recovery_news_free);
  g_weak_ref_clear (&self->recovery);
  g_ptr_array_unref (self->servers);
  g_ptr_array_unref (self->stages);
  g_hash_table_unref (self->runs);
  dbr_recovery_ladder_free (self->ladder);
  dbr_mailbox_unref (self->mailbox);
  g_free (self->unit_name);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
dbr_recovery_core_close (DbrRecoveryCore *self)
{
  g_autoptr(GPtrArray) runs =
    g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_recovery_run_unref);
  g_auto(GQueue) news = G_QUEUE_INIT;
  GHashTableIter iter;
  gpointer run;

  g_mutex_lock (&self->mutex);
  self->is_closed = TRUE;
  g_hash_table_iter_init (&iter, self->runs);
  while (g_hash_table_iter_next (&iter, NULL, &run))
    g_ptr_array_add (runs, dbr_recovery_run_ref (run));
  news = self->news;
  g_queue_init (&self->news);
  g_mutex_unlock (&self->mutex);

  g_queue_clear_full (&news, (GDestroyNotify) dbr_recovery_news_free);
  for (guint i = 0; i < runs->len; i++)
    dbr_recovery_run_cancel (g_ptr_array_index (runs, i));
}

/* What is asked of it */

GPtrArray *
dbr_recovery_core_dup_stages (DbrRecoveryCore *self)
{
  GPtrArray *stages = g_ptr_array_new_with_free_func (g_object_unref);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = 0; i < self->stages->len; i++)
    g_ptr_array_add (stages, g_object_ref (g_ptr_array_index (self->stages, i)));

  return stages;
}

static DbrRecoveryStage *
dbr_recovery_core_get_stage_locked (DbrRecoveryCore *self,
                                    const char      *name)
{
  for (guint i = 0; i < self->stages->len; i++)
    {
      DbrRecoveryStage *stage = g_ptr_array_index (self->stages, i);

      if (strcmp (dbr_recovery_stage_get_name (stage), name) == 0)
        return stage;
    }

  return NULL;
}

DbrRecoveryStage *
dbr_recovery_core_get_stage (DbrRecoveryCore *self,
                             const char      *name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return dbr_recovery_core_get_stage_locked (self, name);
}

gboolean
dbr_recovery_core_add_stage (DbrRecoveryCore  *self,
                             DbrRecoveryStage *stage)
{
  DbrRecoveryNews *news;

  g_mutex_lock (&self->mutex);
  if (dbr_recovery_core_get_stage_locked (self, dbr_recovery_stage_get_name (stage)) != NULL)
    {
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }
  g_ptr_array_add (self->stages, g_object_ref (stage));
  g_mutex_unlock (&self->mutex);

  news = dbr_recovery_news_new (DBR_RECOVERY_NEWS_STAGE, NULL);
  news->stage = g_object_ref (stage);
  dbr_recovery_core_tell (self, news);

  return TRUE;
}

gboolean
dbr_recovery_core_is_running (DbrRecoveryCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_hash_table_size (self->runs) > 0;
}

/* @attempt: NULL, or it is counted where it may begin. */
static DbrVerdict
dbr_recovery_core_decide (DbrRecoveryCore    *self,
                          DbrRecoveryStage   *stage,
                          const DbrSituation *found,
                          gint64             *wait_usec,
                          guint              *attempt)
{
  gint64 now = dbr_clock_get_monotonic (self->clock);
  DbrSituation situation = *found;
  DbrVerdict verdict;
  DbrRung rung;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

  situation.has_input_devices = dbr_recovery_target_has_input_devices (self->monitor);
  dbr_recovery_stage_get_rung (stage, &rung);
  locker = g_mutex_locker_new (&self->mutex);
  situation.allowed = self->allowed;
  verdict = dbr_recovery_ladder_judge (self->ladder, &rung, &situation, now, wait_usec);
  if (verdict == DBR_VERDICT_RUN && attempt != NULL && !self->is_dry)
    *attempt = dbr_recovery_ladder_begin (self->ladder, &rung, &situation, now);

  return verdict;
}

DbrVerdict
dbr_recovery_core_judge (DbrRecoveryCore    *self,
                         DbrRecoveryStage   *stage,
                         const DbrSituation *found,
                         gint64             *wait_usec)
{
  return dbr_recovery_core_decide (self, stage, found, wait_usec, NULL);
}

DbrVerdict
dbr_recovery_core_begin (DbrRecoveryCore    *self,
                         DbrRecoveryStage   *stage,
                         const DbrSituation *found,
                         guint              *attempt)
{
  gint64 wait_usec;

  return dbr_recovery_core_decide (self, stage, found, &wait_usec, attempt);
}
