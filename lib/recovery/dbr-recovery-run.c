/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-run-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"

/* So often a stage is tried before the next one is, if its limits allow that, and in between there
 * is a pause. */
#define MAX_TRIES 3
#define PAUSE_MS 1000
/* So often what is wrong may become something else, for which the ladder is entered anew. */
#define MAX_TURNS 4

static void     dbr_recovery_run_climb (DbrRecoveryRun *self);
static gboolean dbr_recovery_run_yield (DbrRecoveryRun *self);
static void     diagnosed_cb           (GObject        *source,
                                        GAsyncResult   *result,
                                        gpointer        user_data);

/* Steps */

DbrRecoveryStep *
dbr_recovery_step_new (DbrRecoveryRun *run)
{
  DbrRecoveryStep *self = g_new0 (DbrRecoveryStep, 1);

  self->run = dbr_recovery_run_ref (run);
  self->number = run->step;

  return self;
}

void
dbr_recovery_step_free (DbrRecoveryStep *self)
{
  g_clear_error (&self->error);
  dbr_recovery_run_unref (self->run);
  g_free (self);
}

gboolean
dbr_recovery_step_is_current (const DbrRecoveryStep *self)
{
  return self->number == self->run->step;
}

static void
dbr_recovery_run_stop_timer (DbrRecoveryRun *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

void
dbr_recovery_run_start_timer (DbrRecoveryRun *self,
                              guint           ms,
                              GSourceFunc     callback)
{
  dbr_recovery_run_stop_timer (self);
  self->source = g_timeout_source_new (ms);
  g_source_set_callback (self->source, callback, dbr_recovery_step_new (self), (GDestroyNotify) dbr_recovery_step_free);
  g_source_attach (self->source, dbr_io_get_context ());
}

void
dbr_recovery_run_begin_step (DbrRecoveryRun *self)
{
  self->step++;
  dbr_recovery_run_stop_timer (self);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_set_object (&self->cancellable, NULL);
  self->cancellable = g_cancellable_new ();
}

const char *
dbr_recovery_run_get_subject (DbrRecoveryRun *self)
{
  return *self->target != '\0' ? self->target : dbr_service_monitor_get_bus_name (self->monitor);
}

/* The end */

static const char *
get_result_nick (DbrRecoveryResult result)
{
  g_autoptr(GEnumClass) klass = g_type_class_ref (DBR_TYPE_RECOVERY_RESULT);

  return g_enum_get_value (klass, (int) result)->value_nick;
}

static GVariant *
describe (DbrRecoveryRun *self,
          const char     *stage,
          guint           attempt,
          const char     *result,
          const GError   *error,
          gint64          started_usec)
{
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "stage", "s", stage);
  g_variant_dict_insert (&details, "target", "s", self->target);
  g_variant_dict_insert (&details, "attempt", "u", attempt);
  g_variant_dict_insert (&details, "result", "s", result);
  g_variant_dict_insert (&details, "error", "s", error != NULL ? error->message : "");
  g_variant_dict_insert (&details, "started", "x", started_usec);
  g_variant_dict_insert (&details, "ended", "x", g_get_real_time ());

  return g_variant_dict_end (&details);
}

static const char *
describe_idleness (DbrTrouble trouble)
{
  switch (trouble)
    {
    case DBR_TROUBLE_FROZEN:
      return _("Somebody has frozen it, who will thaw it");

    case DBR_TROUBLE_OFF:
      return _("The adapter is switched off, and stays so");

    case DBR_TROUBLE_BLOCKED:
      return _("The adapter is blocked, as all radio is in airplane mode");

    case DBR_TROUBLE_NONE:
    case DBR_TROUBLE_ABSENT:
    case DBR_TROUBLE_STALLED:
    case DBR_TROUBLE_LOST:
    case DBR_TROUBLE_APART:
    case DBR_TROUBLE_CONTROLLER:
    case DBR_TROUBLE_UNIT:
    default:
      return _("Nothing is to be done");
    }
}

static const char *
describe_result (DbrRecoveryRun    *self,
                 DbrRecoveryResult  result)
{
  if (self->is_cancelled)
    return _("Nobody wanted it any more");

  switch (result)
    {
    case DBR_RECOVERY_RESULT_RECOVERED:
      return _("It works again");

    case DBR_RECOVERY_RESULT_RATE_LIMITED:
      return _("It was tried too often of late");

    case DBR_RECOVERY_RESULT_NOT_ALLOWED:
      return _("What would help is not allowed");

    case DBR_RECOVERY_RESULT_NOT_NEEDED:
      return describe_idleness (self->trouble);

    case DBR_RECOVERY_RESULT_FAILED:
    default:
      return _("Nothing has helped");
    }
}

static void
dbr_recovery_run_tell_end (DbrRecoveryRun    *self,
                           DbrRecoveryResult  result)
{
  gboolean gave_up = result == DBR_RECOVERY_RESULT_FAILED && self->n_attempts > 0
                     && !self->is_cancelled;
  DbrRecoveryNewsKind kind = DBR_RECOVERY_NEWS_EVENT;
  const char *event_kind = self->is_cancelled ? "cancelled" : get_result_nick (result);
  DbrRecoveryNews *news;

  if (result == DBR_RECOVERY_RESULT_RECOVERED)
    kind = DBR_RECOVERY_NEWS_RECOVERED;
  if (gave_up)
    {
      kind = DBR_RECOVERY_NEWS_GAVE_UP;
      event_kind = "gave-up";
    }
  news = dbr_recovery_news_new (kind, self->target);
  news->elapsed_usec = dbr_clock_get_monotonic (self->core->clock) - self->began_monotonic_usec;
  news->event = dbr_event_new (event_kind, describe_result (self, result),
                               describe (self, "", self->n_attempts, get_result_nick (result),
                                         self->last_error, self->began_usec));
  if (gave_up)
    news->error = g_error_new (DBR_ERROR, DBR_ERROR_GAVE_UP,
                               _("All that was allowed was tried for %s, the last in vain: %s"),
                               dbr_recovery_run_get_subject (self), self->last_error->message);
  news->is_well = result == DBR_RECOVERY_RESULT_NOT_NEEDED && self->trouble == DBR_TROUBLE_NONE;
  news->kept = g_steal_pointer (&self->recovery);
  dbr_recovery_core_tell (self->core, news);
}

/* Returns who waited. */
static GPtrArray *
dbr_recovery_run_retire (DbrRecoveryRun    *self,
                         DbrRecoveryResult  result)
{
  DbrRecoveryCore *core = self->core;
  gint64 now = dbr_clock_get_monotonic (core->clock);
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&core->mutex);

  self->result = result;
  if (result == DBR_RECOVERY_RESULT_RECOVERED || result == DBR_RECOVERY_RESULT_NOT_NEEDED)
    dbr_recovery_ladder_recovered (core->ladder, self->target);
  else if (result == DBR_RECOVERY_RESULT_FAILED && self->n_attempts > 0 && !self->is_cancelled)
    dbr_recovery_ladder_give_up (core->ladder, self->target, now);
  if (g_hash_table_lookup (core->runs, self->target) == self)
    g_hash_table_remove (core->runs, self->target);

  return g_steal_pointer (&self->waiters);
}

static void
dbr_recovery_run_end (DbrRecoveryRun    *self,
                      DbrRecoveryResult  result)
{
  g_autoptr(GPtrArray) waiters = NULL;
  g_autoptr(GError) error = NULL;

  dbr_recovery_run_begin_step (self);
  waiters = dbr_recovery_run_retire (self, result);
  if (self->is_cancelled)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Operation was cancelled"));

  dbr_debug (DBR_DEBUG_MONITOR, "a recovery has ended",
             "DBR_BUS_NAME", dbr_service_monitor_get_bus_name (self->monitor),
             "DBR_TARGET", self->target, "DBR_RESULT", get_result_nick (result));
  dbr_recovery_core_tell (self->core, dbr_recovery_news_new (DBR_RECOVERY_NEWS_RUNNING,
                                                             self->target));
  dbr_recovery_run_tell_end (self, result);
  for (guint i = 0; i < waiters->len; i++)
    dbr_waiter_end (g_ptr_array_index (waiters, i), error);
  dbr_recovery_run_unref (self);
}

/* Attempts */

static void
dbr_recovery_run_tell_attempt (DbrRecoveryRun *self,
                               const GError   *error)
{
  const char *name = dbr_recovery_stage_get_name (self->stage);
  DbrRecoveryNews *news = dbr_recovery_news_new (DBR_RECOVERY_NEWS_FINISHED, self->target);
  g_autofree char *text = NULL;

  text = error == NULL ? g_strdup_printf (_("The stage “%s” has helped"), name)
                       : g_strdup_printf (_("The stage “%s” has failed: %s"), name, error->message);
  news->stage = g_object_ref (self->stage);
  news->error = error != NULL ? g_error_copy (error) : NULL;
  news->event = dbr_event_new ("stage-finished", text,
                               describe (self, name, self->attempt,
                                         error == NULL ? "recovered" : "failed", error,
                                         self->attempt_usec));
  self->is_attempting = FALSE;
  dbr_recovery_core_tell (self->core, news);
}

void
dbr_recovery_run_tell_replay (DbrRecoveryRun *self,
                              GListModel     *report)
{
  DbrRecoveryNews *news = dbr_recovery_news_new (DBR_RECOVERY_NEWS_EVENT, self->target);
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (report); i++)
    {
      g_autoptr(DbrEvent) item = g_list_model_get_item (report, i);

      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", dbr_event_get_text (item));
    }
  news->event = dbr_event_new ("state-restored", text->str,
                               describe (self, dbr_recovery_stage_get_name (self->stage),
                                         self->attempt, "restored", NULL, g_get_real_time ()));
  dbr_recovery_core_tell (self->core, news);
}

/* What no second attempt makes otherwise. */
static gboolean
is_final (const GError *error)
{
  g_autofree char *remote_name = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (remote_name, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired") == 0
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_DENIED)
         || g_error_matches (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_AUTH_FAILED);
}

static DbrSituation
dbr_recovery_run_get_situation (DbrRecoveryRun *self)
{
  return (DbrSituation) {
           .target = self->target, .adapter = self->adapter, .trouble = self->trouble,
  };
}

static gboolean
dbr_recovery_run_may_try_again (DbrRecoveryRun *self)
{
  DbrSituation situation = dbr_recovery_run_get_situation (self);
  gint64 wait_usec;

  return ++self->n_tries < MAX_TRIES
         && dbr_recovery_core_judge (self->core, self->stage, &situation, &wait_usec)
         == DBR_VERDICT_RUN;
}

static gboolean
paused_cb (gpointer user_data)
{
  DbrRecoveryStep *step = user_data;

  if (dbr_recovery_step_is_current (step) && !dbr_recovery_run_yield (step->run))
    dbr_recovery_run_climb (step->run);

  return G_SOURCE_REMOVE;
}

static void
dbr_recovery_run_note_error (DbrRecoveryRun *self,
                             const GError   *error)
{
  g_clear_error (&self->last_error);
  self->last_error = g_error_copy (error);
}

/* The stage has not helped: the same again after a pause, or the next one. */
static void
dbr_recovery_run_go_on (DbrRecoveryRun *self)
{
  if (!is_final (self->last_error) && dbr_recovery_run_may_try_again (self))
    {
      dbr_recovery_run_start_timer (self, PAUSE_MS, paused_cb);
      return;
    }

  self->position++;
  dbr_recovery_run_climb (self);
}

/* One that is not known any more is the same as before. */
static void
dbr_recovery_run_note_adapter (DbrRecoveryRun  *self,
                               char           **adapter)
{
  if (*adapter == NULL)
    return;

  g_free (self->adapter);
  self->adapter = g_steal_pointer (adapter);
}

/* Another thing is wrong now, for which an earlier stage may be the one. */
static void
dbr_recovery_run_begin_anew (DbrRecoveryRun *self,
                             DbrTrouble      trouble)
{
  self->trouble = trouble;
  g_clear_object (&self->stage);
  self->position = self->n_turns++ < MAX_TURNS ? 0 : self->stages->len;
  dbr_recovery_run_climb (self);
}

/* Nothing is wrong any more, or nothing that something could be done about. */
static void
dbr_recovery_run_end_untroubled (DbrRecoveryRun *self,
                                 DbrTrouble      trouble)
{
  self->trouble = trouble;
  dbr_recovery_run_end (self, trouble == DBR_TROUBLE_NONE && self->n_attempts > 0
                              ? DBR_RECOVERY_RESULT_RECOVERED : DBR_RECOVERY_RESULT_NOT_NEEDED);
}

static void
looked_again_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  DbrRecoveryRun *run = step->run;
  g_autofree char *adapter = NULL;
  DbrTrouble trouble;
  gboolean is_known = dbr_recovery_diagnose_finish (DBR_SERVICE_MONITOR (source), result, &trouble,
                                                    &adapter, NULL);

  if (!dbr_recovery_step_is_current (step))
    return;

  dbr_recovery_run_note_adapter (run, &adapter);
  if (dbr_recovery_run_yield (run))
    return;

  if (!is_known || trouble == run->trouble)
    {
      dbr_recovery_run_go_on (run);
    }
  else if (dbr_trouble_is_trouble (trouble))
    {
      dbr_recovery_run_begin_anew (run, trouble);
    }
  else
    {
      dbr_recovery_run_end_untroubled (run, trouble);
    }
}

/* Making way */

/* Whom it does something to is out of order meanwhile: what is seen of that says nothing, and nothing is
 * done a second time, or that affects even more, while it is not known what comes of it. */
static gboolean
is_in_the_way (const DbrRecoveryRun *other,
               const DbrRecoveryRun *self)
{
  if (other == self || !other->is_attempting || !other->is_wide || other->trouble == DBR_TROUBLE_UNIT)
    return FALSE;

  return (dbr_recovery_stage_get_scope (other->stage) & ~DBR_RECOVERY_SCOPE_DEVICE)
         != DBR_RECOVERY_SCOPE_ADAPTER
         || g_strcmp0 (other->adapter, self->adapter) == 0;
}

static gboolean
dbr_recovery_run_is_forestalled (DbrRecoveryRun *self)
{
  GHashTableIter iter;
  gpointer other;
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->core->mutex);

  g_hash_table_iter_init (&iter, self->core->runs);
  while (g_hash_table_iter_next (&iter, NULL, &other))
    if (is_in_the_way (other, self))
      return TRUE;

  return FALSE;
}

/* What is left to do then is judged by itself, and not by an error from before. */
static gboolean
made_way_cb (gpointer user_data)
{
  DbrRecoveryStep *step = user_data;
  DbrRecoveryRun *run = step->run;

  if (!dbr_recovery_step_is_current (step))
    return G_SOURCE_REMOVE;
  if (dbr_recovery_run_is_forestalled (run))
    return G_SOURCE_CONTINUE;

  dbr_recovery_diagnose_async (run->monitor, run->target, NULL, run->cancellable, diagnosed_cb,
                               dbr_recovery_step_new (run));

  return G_SOURCE_REMOVE;
}

static gboolean
dbr_recovery_run_yield (DbrRecoveryRun *self)
{
  if (!dbr_recovery_run_is_forestalled (self))
    return FALSE;

  dbr_recovery_run_start_timer (self, PAUSE_MS, made_way_cb);

  return TRUE;
}

void
dbr_recovery_run_conclude (DbrRecoveryRun *self,
                           const GError   *error)
{
  dbr_recovery_run_begin_step (self);
  dbr_recovery_run_tell_attempt (self, error);
  if (error == NULL)
    {
      dbr_recovery_run_end (self, DBR_RECOVERY_RESULT_RECOVERED);
      return;
    }

  dbr_recovery_run_note_error (self, error);
  /* How it has failed may tell what is wrong: a device that is away, or the controller. */
  if (*self->target != '\0')
    dbr_recovery_diagnose_async (self->monitor, self->target, error, self->cancellable,
                                 looked_again_cb, dbr_recovery_step_new (self));
  else
    dbr_recovery_run_go_on (self);
}

void
dbr_recovery_run_turn (DbrRecoveryRun *self,
                       DbrTrouble      trouble,
                       const GError   *error)
{
  dbr_recovery_run_begin_step (self);
  dbr_recovery_run_tell_attempt (self, NULL);
  dbr_recovery_run_note_error (self, error);
  dbr_recovery_run_begin_anew (self, trouble);
}

/* Climbing */

static gboolean
dbr_recovery_run_is_dry (DbrRecoveryRun *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->core->mutex);

  return self->core->is_dry;
}

static void
dbr_recovery_run_give_up (DbrRecoveryRun *self)
{
  if (self->n_attempts > 0)
    dbr_recovery_run_end (self, DBR_RECOVERY_RESULT_FAILED);
  else if (self->was_limited)
    dbr_recovery_run_end (self, DBR_RECOVERY_RESULT_RATE_LIMITED);
  else
    dbr_recovery_run_end (self, DBR_RECOVERY_RESULT_NOT_ALLOWED);
}

static void
dbr_recovery_run_tell_dry (DbrRecoveryRun   *self,
                           DbrRecoveryStage *stage)
{
  const char *name = dbr_recovery_stage_get_name (stage);
  DbrRecoveryNews *news = dbr_recovery_news_new (DBR_RECOVERY_NEWS_EVENT, self->target);
  g_autofree char *text = g_strdup_printf (_("The stage “%s” would be tried now"), name);

  news->event = dbr_event_new ("dry-run", text,
                               describe (self, name, 0, "dry-run", NULL, g_get_real_time ()));
  dbr_recovery_core_tell (self->core, news);
}

/* To the next stage that may be tried, which may be the one before. */
static void
dbr_recovery_run_climb (DbrRecoveryRun *self)
{
  gboolean is_dry = dbr_recovery_run_is_dry (self);

  for (; self->position < self->stages->len; self->position++)
    {
      DbrRecoveryStage *stage = g_ptr_array_index (self->stages, self->position);
      DbrSituation situation = dbr_recovery_run_get_situation (self);
      DbrVerdict verdict = dbr_recovery_core_begin (self->core, stage, &situation, &self->attempt);

      if (verdict == DBR_VERDICT_RUN && !is_dry)
        {
          dbr_recovery_run_attempt (self, stage);
          return;
        }
      if (verdict == DBR_VERDICT_RUN)
        dbr_recovery_run_tell_dry (self, stage);
      self->was_limited |= verdict == DBR_VERDICT_LIMITED || verdict == DBR_VERDICT_SILENCE;
    }

  dbr_recovery_run_give_up (self);
}

static void
diagnosed_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(DbrRecoveryStep) step = user_data;
  DbrRecoveryRun *run = step->run;
  g_autoptr(GError) error = NULL;
  g_autofree char *adapter = NULL;
  DbrTrouble trouble;
  gboolean is_known = dbr_recovery_diagnose_finish (DBR_SERVICE_MONITOR (source), result, &trouble,
                                                    &adapter, &error);

  if (!dbr_recovery_step_is_current (step))
    return;

  dbr_recovery_run_note_adapter (run, &adapter);
  if (dbr_recovery_run_yield (run))
    return;

  if (!is_known)
    {
      dbr_recovery_run_note_error (run, error);
      dbr_recovery_run_end (run, DBR_RECOVERY_RESULT_FAILED);
    }
  else if (!dbr_trouble_is_trouble (trouble))
    {
      dbr_recovery_run_end_untroubled (run, trouble);
    }
  else if (run->n_attempts > 0 && trouble != run->trouble)
    {
      dbr_recovery_run_begin_anew (run, trouble);
    }
  else
    {
      run->trouble = trouble;
      dbr_recovery_run_climb (run);
    }
}

static void
begin_on_io (gpointer data)
{
  DbrRecoveryRun *self = data;

  dbr_recovery_run_begin_step (self);
  dbr_recovery_core_tell (self->core, dbr_recovery_news_new (DBR_RECOVERY_NEWS_RUNNING,
                                                             self->target));
  dbr_recovery_diagnose_async (self->monitor, self->target, NULL, self->cancellable, diagnosed_cb,
                               dbr_recovery_step_new (self));
}

static void
cancel_on_io (gpointer data)
{
  g_autoptr(DbrRecoveryRun) self = data;
  g_autoptr(GError) error = NULL;

  /* One that has ended has let go of it. */
  if (self->is_cancelled || self->recovery == NULL)
    return;

  self->is_cancelled = TRUE;
  error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Operation was cancelled"));
  if (self->is_attempting)
    dbr_recovery_run_tell_attempt (self, error);
  dbr_recovery_run_end (self, DBR_RECOVERY_RESULT_FAILED);
}

/* From any thread */

static DbrRecoveryRun *
dbr_recovery_run_new (DbrRecoveryCore *core,
                      GObject         *recovery,
                      const char      *target)
{
  DbrRecoveryRun *self = g_new0 (DbrRecoveryRun, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->core = dbr_recovery_core_ref (core);
  self->recovery = g_object_ref (recovery);
  self->monitor = core->monitor;
  self->target = g_strdup (target);
  self->began_usec = g_get_real_time ();
  self->began_monotonic_usec = dbr_clock_get_monotonic (core->clock);
  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_waiter_unref);

  return self;
}

DbrRecoveryRun *
dbr_recovery_run_ref (DbrRecoveryRun *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_recovery_run_unref (DbrRecoveryRun *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->waiters, g_ptr_array_unref);
  g_clear_pointer (&self->stages, g_ptr_array_unref);
  g_clear_object (&self->stage);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->last_error);
  g_strfreev (self->adapters);
  g_free (self->adapter);
  g_free (self->target);
  dbr_recovery_core_unref (self->core);
  g_free (self);
}

DbrRecoveryRun *
dbr_recovery_core_recover (DbrRecoveryCore *self,
                           GObject         *recovery,
                           const char      *target,
                           DbrWaiter       *waiter)
{
  g_autoptr(DbrRecoveryRun) fresh = dbr_recovery_run_new (self, recovery, target);
  DbrRecoveryRun *run;

  fresh->stages = dbr_recovery_core_dup_stages (self);
  g_mutex_lock (&self->mutex);
  run = g_hash_table_lookup (self->runs, target);
  if (run == NULL)
    {
      run = fresh;
      g_hash_table_insert (self->runs, g_strdup (target), run);
    }
  g_ptr_array_add (run->waiters, dbr_waiter_ref (waiter));
  run->n_waiting++;
  dbr_recovery_run_ref (run);
  g_mutex_unlock (&self->mutex);

  if (run != fresh)
    g_clear_object (&fresh->recovery);
  else
    dbr_io_invoke (begin_on_io, dbr_recovery_run_ref (run));

  return run;
}

void
dbr_recovery_run_cancel (DbrRecoveryRun *self)
{
  dbr_io_invoke (cancel_on_io, dbr_recovery_run_ref (self));
}

void
dbr_recovery_run_leave (DbrRecoveryRun *self)
{
  gboolean is_last;

  g_mutex_lock (&self->core->mutex);
  is_last = --self->n_waiting == 0;
  /* Who comes now begins anew. */
  if (is_last && g_hash_table_lookup (self->core->runs, self->target) == self)
    g_hash_table_remove (self->core->runs, self->target);
  g_mutex_unlock (&self->core->mutex);

  if (is_last)
    dbr_recovery_run_cancel (self);
}

DbrRecoveryResult
dbr_recovery_run_get_result (DbrRecoveryRun *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->core->mutex);

  return self->result;
}
