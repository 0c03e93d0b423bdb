/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-private.h"

#include "base/dbr-i18n-private.h"
#include "monitor/dbr-service-title-private.h"
#include "monitor/dbr-systemd-monitor-private.h"

#define MAX_HISTORY 200

/* What a recovery tells, in its own context: by signals and lists, and to whoever tells a person. */

enum
{
  SIGNAL_STAGE_STARTED,
  SIGNAL_STAGE_FINISHED,
  SIGNAL_RECOVERED,
  SIGNAL_GAVE_UP,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

void
dbr_recovery_install_signals (GType type)
{
  /**
   * DbrRecovery::stage-started:
   * @self: the recovery
   * @stage: the stage
   * @target: what is being recovered
   *
   * Emitted when a stage is tried.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STAGE_STARTED] =
    g_signal_new ("stage-started",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  DBR_TYPE_RECOVERY_STAGE,
                  G_TYPE_STRING);

  /**
   * DbrRecovery::stage-finished:
   * @self: the recovery
   * @stage: the stage
   * @target: what is being recovered
   * @error: (nullable): why it has not helped
   *
   * Emitted when it is known whether a stage has helped.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STAGE_FINISHED] =
    g_signal_new ("stage-finished",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3,
                  DBR_TYPE_RECOVERY_STAGE,
                  G_TYPE_STRING,
                  G_TYPE_ERROR);

  /**
   * DbrRecovery::recovered:
   * @self: the recovery
   * @target: what works again
   * @elapsed_usec: how many microseconds that took
   *
   * Emitted when a recovery has succeeded.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECOVERED] =
    g_signal_new ("recovered",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_INT64);

  /**
   * DbrRecovery::gave-up:
   * @self: the recovery
   * @target: what does not work
   * @error: a `DBR_ERROR_GAVE_UP`
   *
   * Emitted when all that was allowed was tried in vain. For five minutes nothing more is.
   *
   * Since: 0.1
   */
  signals[SIGNAL_GAVE_UP] =
    g_signal_new ("gave-up",
                  type,
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_STRING,
                  G_TYPE_ERROR);
}

static void
dbr_recovery_tell_running (DbrRecovery *self)
{
  gboolean is_running = dbr_recovery_core_is_running (self->core);

  if (is_running == self->was_running)
    return;

  self->was_running = is_running;
  g_object_notify (G_OBJECT (self), "running");
}

/* What a person knows it as: an address is nothing that anybody knows, the name of a unit is. */
static const char *
dbr_recovery_get_title (DbrRecovery *self,
                        const char  *target)
{
  if (*target != '\0' && DBR_IS_SYSTEMD_MONITOR (self->monitor))
    return target;

  return dbr_service_title_get (dbr_service_monitor_get_bus_name (self->monitor));
}

static void
dbr_recovery_begin_incident (DbrRecovery     *self,
                             DbrRecoveryNews *news)
{
  guint64 *known = g_hash_table_lookup (self->incidents, news->target);
  g_autofree char *title = NULL;
  guint64 serial;

  /* Translators: the name of a service, as Bluetooth or org.example.Player. */
  title = g_strdup_printf (_("%s does not work"), dbr_recovery_get_title (self, news->target));
  if (known != NULL)
    {
      dbr_incident_board_update (self->board, *known, DBR_SEVERITY_CRITICAL, title,
                                 news->error->message);
      return;
    }

  serial = dbr_incident_board_begin (self->board, DBR_SEVERITY_CRITICAL, title,
                                     news->error->message);
  g_hash_table_insert (self->incidents, g_strdup (news->target),
                       g_memdup2 (&serial, sizeof serial));
}

static void
dbr_recovery_end_incident (DbrRecovery     *self,
                           DbrRecoveryNews *news)
{
  guint64 *known = g_hash_table_lookup (self->incidents, news->target);
  g_autofree char *title = NULL;

  if (known == NULL)
    return;

  /* Translators: the name of a service, as Bluetooth or org.example.Player. */
  title = g_strdup_printf (_("%s works again"), dbr_recovery_get_title (self, news->target));
  dbr_incident_board_end (self->board, *known, title, dbr_event_get_text (news->event));
  g_hash_table_remove (self->incidents, news->target);
}

static void
dbr_recovery_append (DbrRecovery *self,
                     DbrEvent    *event)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->history)) >= MAX_HISTORY)
    g_list_store_remove (self->history, 0);
  g_list_store_append (self->history, event);
}

static void
dbr_recovery_tell (DbrRecovery     *self,
                   DbrRecoveryNews *news)
{
  if (news->event != NULL)
    dbr_recovery_append (self, news->event);

  switch (news->kind)
    {
    case DBR_RECOVERY_NEWS_RUNNING:
      dbr_recovery_tell_running (self);
      break;

    case DBR_RECOVERY_NEWS_STARTED:
      g_signal_emit (self, signals[SIGNAL_STAGE_STARTED], 0, news->stage, news->target);
      break;

    case DBR_RECOVERY_NEWS_PERFORM:
      /* Kept by nobody but those who will answer. */
      {
        g_autoptr(DbrRecoveryAttempt) attempt = g_steal_pointer (&news->attempt);

        dbr_recovery_stage_perform (news->stage, attempt);
      }
      break;

    case DBR_RECOVERY_NEWS_FINISHED:
      g_signal_emit (self, signals[SIGNAL_STAGE_FINISHED], 0, news->stage, news->target,
                     news->error);
      break;

    case DBR_RECOVERY_NEWS_RECOVERED:
      dbr_recovery_end_incident (self, news);
      g_signal_emit (self, signals[SIGNAL_RECOVERED], 0, news->target, news->elapsed_usec);
      break;

    case DBR_RECOVERY_NEWS_GAVE_UP:
      dbr_recovery_begin_incident (self, news);
      g_signal_emit (self, signals[SIGNAL_GAVE_UP], 0, news->target, news->error);
      break;

    case DBR_RECOVERY_NEWS_STAGE:
      g_list_store_append (self->stages, news->stage);
      break;

    case DBR_RECOVERY_NEWS_EVENT:
    default:
      if (news->is_well)
        dbr_recovery_end_incident (self, news);
      break;
    }
}

void
dbr_recovery_deliver (GObject *object)
{
  DbrRecovery *self = DBR_RECOVERY (object);
  DbrRecoveryNews *next;

  while ((next = dbr_recovery_core_pop_news (self->core)) != NULL)
    {
      g_autoptr(DbrRecoveryNews) news = next;

      dbr_recovery_tell (self, news);
    }
}

void
dbr_recovery_settle (DbrRecovery *self)
{
  if (g_thread_self () != self->thread || !g_main_context_acquire (self->context))
    return;

  dbr_recovery_deliver (G_OBJECT (self));
  g_main_context_release (self->context);
}

/* An offer to the person who is told what is wrong */

static void
weak_ref_free (GWeakRef *self)
{
  g_weak_ref_clear (self);
  g_free (self);
}

static void
taken_cb (guint64  serial,
          gpointer user_data)
{
  g_autoptr(DbrRecovery) self = g_weak_ref_get (user_data);
  g_autofree char *unit_name = NULL;

  if (self == NULL)
    return;

  if (DBR_IS_SYSTEMD_MONITOR (self->monitor))
    unit_name = dbr_systemd_monitor_dup_troubled (DBR_SYSTEMD_MONITOR (self->monitor), serial);
  dbr_recovery_recover_async (self, unit_name != NULL ? unit_name : "", NULL, NULL, NULL);
}

void
dbr_recovery_offer (DbrRecovery *self)
{
  GWeakRef *ref;

  if (!DBR_IS_INCIDENT_SOURCE (self->monitor))
    return;

  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  /* Translators: what a person can do when a service does not work. */
  dbr_incident_board_offer (dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (self->monitor)),
                            "recover", _("Try to recover"), taken_cb, ref,
                            (GDestroyNotify) weak_ref_free);
}
