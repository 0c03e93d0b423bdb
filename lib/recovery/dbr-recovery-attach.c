/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-private.h"

#include "monitor/dbr-bluez-monitor-private.h"
#include "monitor/dbr-systemd-monitor-private.h"

/* systemd itself may be about to start again what has gone. */
#define GRACE_MS 5000
/* After so long it is tried again, twice as long each time. */
#define PAUSE_MS 300000
#define MAX_PAUSE_MS (60 * 60 * 1000)

/* What a recovery does by itself, in its own context: it begins when the monitor tells that
 * something is wrong, and where that was in vain it tries again later. */

/* What it does for one target, the service as a whole for an empty one. */
typedef struct
{
  /* whose table it is in */
  DbrRecovery *recovery;
  char        *target;
  GSource     *source;
  gboolean     is_at_work;
  guint        n_in_vain;
} Effort;

static void effort_act (Effort *self);

static void
effort_stop_waiting (Effort *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
effort_free (gpointer data)
{
  Effort *self = data;

  effort_stop_waiting (self);
  g_free (self->target);
  g_free (self);
}

static Effort *
dbr_recovery_ensure_effort (DbrRecovery *self,
                            const char  *target)
{
  Effort *effort = g_hash_table_lookup (self->efforts, target);

  if (effort != NULL)
    return effort;

  effort = g_new0 (Effort, 1);
  effort->recovery = self;
  effort->target = g_strdup (target);
  g_hash_table_insert (self->efforts, effort->target, effort);

  return effort;
}

static gboolean
dbr_recovery_is_attached (DbrRecovery *self)
{
  return self->handlers[0] != 0;
}

static gboolean
waited_cb (gpointer user_data)
{
  Effort *effort = user_data;

  effort_stop_waiting (effort);
  effort_act (effort);

  return G_SOURCE_REMOVE;
}

static void
effort_wait (Effort *self,
             guint   ms)
{
  effort_stop_waiting (self);
  self->source = g_timeout_source_new (ms);
  g_source_set_callback (self->source, waited_cb, self, NULL);
  g_source_attach (self->source, self->recovery->context);
}

static guint
effort_get_pause_ms (const Effort *self)
{
  guint ms = self->recovery->pause_ms;

  for (guint i = 1; i < self->n_in_vain && ms < MAX_PAUSE_MS; i++)
    ms *= 2;

  return MIN (ms, MAX_PAUSE_MS);
}

static void
acted_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  DbrRecovery *self = DBR_RECOVERY (source);
  g_autofree char *target = user_data;
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult what = dbr_recovery_recover_finish (self, result, &error);
  Effort *effort = g_hash_table_lookup (self->efforts, target);

  /* It may have been detached meanwhile. */
  if (effort == NULL)
    return;

  effort->is_at_work = FALSE;
  if (error == NULL
      && (what == DBR_RECOVERY_RESULT_RECOVERED || what == DBR_RECOVERY_RESULT_NOT_NEEDED))
    {
      g_hash_table_remove (self->efforts, target);
      return;
    }

  effort->n_in_vain++;
  effort_wait (effort, effort_get_pause_ms (effort));
}

static gboolean
is_well (DbrServiceState state)
{
  return state == DBR_SERVICE_STATE_HEALTHY || state == DBR_SERVICE_STATE_SLOW;
}

static gboolean
dbr_recovery_is_service_well (DbrRecovery *self)
{
  return is_well (dbr_service_monitor_get_state (self->monitor));
}

/* Only of those that somebody has named. */
static gboolean
dbr_recovery_watches_unit (DbrRecovery *self,
                           const char  *name)
{
  DbrSystemdMonitor *monitor = DBR_SYSTEMD_MONITOR (self->monitor);
  g_auto(GStrv) watched = dbr_systemd_book_dup_watched (dbr_systemd_monitor_get_book (monitor));

  return g_strv_contains ((const char *const *) watched, name);
}

static gboolean
dbr_recovery_has_adapter (DbrRecovery *self,
                          const char  *address)
{
  g_autoptr(DbrBluezCore) core = dbr_bluez_monitor_ref_core (DBR_BLUEZ_MONITOR (self->monitor));
  g_autofree char *path = dbr_bluez_core_dup_path (core, address);

  return path != NULL;
}

/* Nobody wants it any more, or there is nothing left to recover. */
static gboolean
effort_is_over (Effort *self)
{
  DbrRecovery *recovery = self->recovery;

  if (*self->target == '\0')
    return dbr_recovery_is_service_well (recovery);
  if (DBR_IS_SYSTEMD_MONITOR (recovery->monitor))
    return !dbr_recovery_watches_unit (recovery, self->target);

  return dbr_recovery_is_service_well (recovery)
         && !dbr_recovery_has_adapter (recovery, self->target);
}

static void
effort_act (Effort *self)
{
  DbrRecovery *recovery = self->recovery;

  if (self->is_at_work)
    return;

  if (effort_is_over (self))
    {
      g_hash_table_remove (recovery->efforts, self->target);
    }
  /* The service comes first. */
  else if (*self->target != '\0' && !dbr_recovery_is_service_well (recovery))
    {
      effort_wait (self, effort_get_pause_ms (self));
    }
  else
    {
      self->is_at_work = TRUE;
      dbr_recovery_recover_async (recovery, self->target, NULL, acted_cb, g_strdup (self->target));
    }
}

/* Where it waits since the last time was in vain, it goes on waiting. */
static void
dbr_recovery_take_up (DbrRecovery *self,
                      const char  *target,
                      guint        grace_ms)
{
  Effort *effort;

  if (!self->is_armed)
    return;

  effort = dbr_recovery_ensure_effort (self, target);
  if (effort->source != NULL)
    return;

  if (grace_ms > 0)
    effort_wait (effort, grace_ms);
  else
    effort_act (effort);
}

static void
state_cb (DbrServiceMonitor *monitor,
          GParamSpec        *pspec,
          gpointer           user_data)
{
  DbrRecovery *self = user_data;
  Effort *effort;

  if (!dbr_recovery_is_service_well (self))
    return;

  self->is_armed = TRUE;
  effort = g_hash_table_lookup (self->efforts, "");
  if (effort != NULL && effort->is_at_work)
    effort->n_in_vain = 0;
  else
    g_hash_table_remove (self->efforts, "");
}

static void
stalled_cb (DbrServiceMonitor *monitor,
            gint64             silent_usec,
            gpointer           user_data)
{
  dbr_recovery_take_up (user_data, "", 0);
}

static void
vanished_cb (DbrServiceMonitor *monitor,
             const char        *owner,
             gpointer           user_data)
{
  DbrRecovery *self = user_data;

  dbr_recovery_take_up (self, "", self->grace_ms);
}

static void
adapter_stalled_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    gpointer         user_data)
{
  dbr_recovery_take_up (user_data, dbr_bluez_adapter_get_address (adapter), 0);
}

static void
discovery_silent_cb (DbrBluezMonitor *monitor,
                     DbrBluezAdapter *adapter,
                     gint64           silent_usec,
                     gpointer         user_data)
{
  adapter_stalled_cb (monitor, adapter, user_data);
}

static void
unit_failed_cb (DbrSystemdMonitor *monitor,
                DbrUnit           *unit,
                gpointer           user_data)
{
  DbrRecovery *self = user_data;
  const char *name = dbr_unit_get_name (unit);

  if (dbr_recovery_watches_unit (self, name))
    dbr_recovery_take_up (self, name, 0);
}

void
dbr_recovery_stop_acting (DbrRecovery *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->monitor);
  g_hash_table_remove_all (self->efforts);
  self->is_armed = FALSE;
}

void
dbr_recovery_set_pauses (DbrRecovery *self,
                         guint        grace_ms,
                         guint        pause_ms)
{
  self->grace_ms = grace_ms;
  self->pause_ms = pause_ms;
}

void
dbr_recovery_init_efforts (DbrRecovery *self)
{
  self->efforts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, effort_free);
  dbr_recovery_set_pauses (self, GRACE_MS, PAUSE_MS);
}

/**
 * dbr_recovery_attach:
 * @self: a recovery
 *
 * Lets it act by itself, on what the monitor tells: to be called in the context that both were made
 * in, where that is iterated. The monitor has to be started. Attaching it twice does nothing.
 *
 * It acts when the service stalls, and when it has vanished and not come back within five seconds;
 * but not before it was seen to work once. Of BlueZ it also acts when an adapter has stalled, or
 * searches and hears nothing; of systemd when a unit has failed that
 * [method@SystemdMonitor.watch_units] names, which is restarted at most three times an hour. Where
 * that was in vain it tries again after five minutes, then after ten, up to an hour, until it is
 * well. Nothing of [property@Recovery:allowed] and of the limits is changed by it.
 *
 * Since: 0.1
 */
void
dbr_recovery_attach (DbrRecovery *self)
{
  g_return_if_fail (DBR_IS_RECOVERY (self));

  if (dbr_recovery_is_attached (self))
    return;

  self->handlers[0] = g_signal_connect (self->monitor, "stalled", G_CALLBACK (stalled_cb), self);
  self->handlers[1] = g_signal_connect (self->monitor, "vanished", G_CALLBACK (vanished_cb), self);
  self->handlers[2] = g_signal_connect (self->monitor, "notify::state", G_CALLBACK (state_cb), self);
  if (DBR_IS_BLUEZ_MONITOR (self->monitor))
    {
      self->handlers[3] = g_signal_connect (self->monitor, "adapter-stalled",
                                            G_CALLBACK (adapter_stalled_cb), self);
      self->handlers[4] = g_signal_connect (self->monitor, "discovery-silent",
                                            G_CALLBACK (discovery_silent_cb), self);
    }
  if (DBR_IS_SYSTEMD_MONITOR (self->monitor))
    self->handlers[3] = g_signal_connect (self->monitor, "unit-failed",
                                          G_CALLBACK (unit_failed_cb), self);
  self->is_armed = is_well (dbr_service_monitor_get_state (self->monitor));
}

/**
 * dbr_recovery_detach:
 * @self: a recovery
 *
 * Lets it act no more by itself, in the same context. What is under way goes on.
 *
 * Since: 0.1
 */
void
dbr_recovery_detach (DbrRecovery *self)
{
  g_return_if_fail (DBR_IS_RECOVERY (self));

  dbr_recovery_stop_acting (self);
}
