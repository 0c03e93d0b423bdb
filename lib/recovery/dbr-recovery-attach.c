/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recovery/dbr-recovery-private.h"

#include "monitor/dbr-bluez-monitor.h"
#include "monitor/dbr-systemd-monitor-private.h"

/* systemd itself may be about to start again what has gone. */
#define GRACE_MS 5000
/* After so long it is tried again, twice as long each time. */
#define PAUSE_MS 300000
#define MAX_PAUSE_MS (60 * 60 * 1000)

/* What a recovery does by itself, in its own context: it begins when the monitor tells that
 * something is wrong, and where that was in vain it tries again later. */

static void dbr_recovery_act (DbrRecovery *self);

static gboolean
dbr_recovery_is_attached (DbrRecovery *self)
{
  return self->handlers[0] != 0;
}

static void
dbr_recovery_stop_waiting (DbrRecovery *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static gboolean
waited_cb (gpointer user_data)
{
  DbrRecovery *self = user_data;

  dbr_recovery_stop_waiting (self);
  dbr_recovery_act (self);

  return G_SOURCE_REMOVE;
}

static void
dbr_recovery_wait (DbrRecovery *self,
                   guint        ms)
{
  dbr_recovery_stop_waiting (self);
  self->source = g_timeout_source_new (ms);
  g_source_set_callback (self->source, waited_cb, self, NULL);
  g_source_attach (self->source, self->context);
}

static guint
dbr_recovery_get_pause_ms (DbrRecovery *self)
{
  guint ms = self->pause_ms;

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
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult what = dbr_recovery_recover_finish (self, result, &error);

  self->is_at_work = FALSE;
  if (error == NULL
      && (what == DBR_RECOVERY_RESULT_RECOVERED || what == DBR_RECOVERY_RESULT_NOT_NEEDED))
    {
      self->n_in_vain = 0;
      return;
    }

  self->n_in_vain++;
  if (dbr_recovery_is_attached (self))
    dbr_recovery_wait (self, dbr_recovery_get_pause_ms (self));
}

static gboolean
is_well (DbrServiceState state)
{
  return state == DBR_SERVICE_STATE_HEALTHY || state == DBR_SERVICE_STATE_SLOW;
}

static void
dbr_recovery_act (DbrRecovery *self)
{
  if (self->is_at_work || is_well (dbr_service_monitor_get_state (self->monitor)))
    return;

  self->is_at_work = TRUE;
  dbr_recovery_recover_async (self, "", NULL, acted_cb, NULL);
}

static void
state_cb (DbrServiceMonitor *monitor,
          GParamSpec        *pspec,
          gpointer           user_data)
{
  DbrRecovery *self = user_data;

  if (!is_well (dbr_service_monitor_get_state (monitor)))
    return;

  self->is_armed = TRUE;
  self->n_in_vain = 0;
  dbr_recovery_stop_waiting (self);
}

static void
stalled_cb (DbrServiceMonitor *monitor,
            gint64             silent_usec,
            gpointer           user_data)
{
  DbrRecovery *self = user_data;

  /* Where it waits since the last time was in vain, it goes on waiting. */
  if (self->is_armed && self->source == NULL)
    dbr_recovery_act (self);
}

static void
vanished_cb (DbrServiceMonitor *monitor,
             const char        *owner,
             gpointer           user_data)
{
  DbrRecovery *self = user_data;

  if (self->is_armed && self->source == NULL)
    dbr_recovery_wait (self, self->grace_ms);
}

/* What is not the service itself: if it is in vain there is silence for a while, and the monitor tells
 * again if it goes on. */

static void
adapter_stalled_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    gpointer         user_data)
{
  DbrRecovery *self = user_data;

  if (self->is_armed)
    dbr_recovery_recover_async (self, dbr_bluez_adapter_get_address (adapter), NULL, NULL, NULL);
}

static void
discovery_silent_cb (DbrBluezMonitor *monitor,
                     DbrBluezAdapter *adapter,
                     gint64           silent_usec,
                     gpointer         user_data)
{
  adapter_stalled_cb (monitor, adapter, user_data);
}

/* Only of those that somebody has named. */
static void
unit_failed_cb (DbrSystemdMonitor *monitor,
                DbrUnit           *unit,
                gpointer           user_data)
{
  DbrRecovery *self = user_data;
  g_auto(GStrv) watched = dbr_systemd_book_dup_watched (dbr_systemd_monitor_get_book (monitor));
  const char *name = dbr_unit_get_name (unit);

  if (self->is_armed && g_strv_contains ((const char *const *) watched, name))
    dbr_recovery_recover_async (self, name, NULL, NULL, NULL);
}

void
dbr_recovery_stop_acting (DbrRecovery *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->monitor);
  dbr_recovery_stop_waiting (self);
  self->is_armed = FALSE;
  self->n_in_vain = 0;
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
dbr_recovery_init_pauses (DbrRecovery *self)
{
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
 * that was in vain it tries again after five minutes, then after ten, up to an hour. Nothing of
 * [property@Recovery:allowed] and of the limits is changed by it.
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
