/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-soak-load-private.h"
#include "dbr-soak-world.h"

#define PAUSE_USEC (5 * 1000)

DbrBluezDevice *
soak_load_dup_device (SoakLoad *self)
{
  return g_list_model_get_item (dbr_bluez_monitor_get_devices (self->bluez), 0);
}

/* The threads */

static gboolean
soak_load_wait_turn (SoakLoad *self,
                     guint     n_ended,
                     guint     n_failed)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gint64 end = g_get_monotonic_time () + PAUSE_USEC;

  self->n_busy--;
  self->n_sync += n_ended;
  self->n_sync_failed += n_failed;
  while (!self->is_over && g_cond_wait_until (&self->cond, &self->mutex, end))
    continue;
  while (!self->is_over && self->is_held)
    g_cond_wait (&self->cond, &self->mutex);
  self->n_busy++;

  return !self->is_over;
}

static guint
do_in_thread (SoakLoad *self)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(DbrLease) lease = NULL;

  reply = dbr_client_call_sync (self->client, SOAK_SERVICE, SOAK_PATH, DBR_TEST_INTERFACE, "Echo",
                                g_variant_new ("(s)", "text"), NULL, SOAK_LIMIT_MS, NULL, NULL);
  value = dbr_client_read_property_sync (self->client, SOAK_SERVICE, SOAK_PATH, DBR_TEST_INTERFACE,
                                         "Level", NULL, NULL);
  lease = dbr_pool_acquire_sync (self->pool, NULL, NULL);

  return (reply == NULL) + (value == NULL) + (lease == NULL);
}

static gpointer
thread_main (gpointer user_data)
{
  SoakLoad *self = user_data;
  guint n_failed = 0;
  guint n_ended = 0;

  while (soak_load_wait_turn (self, n_ended, n_failed))
    {
      n_failed = do_in_thread (self);
      n_ended = 3;
    }

  return NULL;
}

/* All of it */

static void
received_cb (const DbrTestSignal *heard,
             gpointer             user_data)
{
  SoakLoad *self = user_data;

  self->n_heard++;
}

/* All that is kept for long. The probes are quicker than they ship, as faults last for seconds. */
static void
soak_load_make (SoakLoad *self)
{
  const char *address = dbr_test_bus_get_address (self->bus);
  g_autofree char *file =
    g_build_filename (dbr_test_bus_get_folder (self->bus), "states", NULL);

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  self->client = dbr_client_new_for_address (address);
  self->pool = dbr_pool_new_for_address (address);
  dbr_pool_set_min_size (self->pool, 2);
  dbr_pool_set_max_size (self->pool, 2);

  self->proxy = dbr_client_get_proxy_sync (self->client, SOAK_SERVICE, SOAK_PATH,
                                           DBR_TEST_INTERFACE, NULL, NULL);
  g_assert_nonnull (self->proxy);
  self->subscription =
    dbr_subscription_new (self->client, SOAK_SERVICE, NULL, DBR_TEST_INTERFACE, NULL, NULL,
                          DBR_SUBSCRIPTION_FLAGS_NONE);
  dbr_test_listen (self->subscription, received_cb, self);
  dbr_subscription_start_async (self->subscription, NULL, NULL, NULL);

  self->monitor = dbr_service_monitor_new (self->client, SOAK_SERVICE);
  self->bluez = dbr_bluez_monitor_new (self->client);
  g_object_set (self->monitor, "interval-ms", 500u, "probe-timeout-ms", 1000u,
                "probe-path", SOAK_PATH, "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Name", NULL);
  g_object_set (self->bluez, "interval-ms", 500u, "probe-timeout-ms", 1000u, NULL);
  self->tracker = dbr_state_tracker_new (self->bluez);
  dbr_state_tracker_set_file (self->tracker, file);
  self->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->bluez), self->tracker);
  dbr_recovery_set_allowed (self->recovery, DBR_RECOVERY_SCOPE_DEVICE | DBR_RECOVERY_SCOPE_ADAPTER);
  dbr_recovery_attach (self->recovery);
  self->notifier = g_object_new (DBR_TYPE_NOTIFIER, "app-name", "Soak",
                                 "backend", DBR_NOTIFIER_BACKEND_DIRECT, NULL);
  self->helper_notifier = g_object_new (DBR_TYPE_NOTIFIER, "app-name", "Soak",
                                        "backend", DBR_NOTIFIER_BACKEND_LIBNOTIFY, NULL);
  dbr_notifier_watch (self->notifier, G_OBJECT (self->monitor), NULL);
  dbr_notifier_watch (self->notifier, G_OBJECT (self->recovery), NULL);
  dbr_service_monitor_start (self->monitor, NULL);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->bluez), NULL);
}

SoakLoad *
soak_load_new (DbrTestBus *bus)
{
  SoakLoad *self = g_new0 (SoakLoad, 1);

  self->bus = bus;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  soak_load_make (self);

  soak_jobs_begin (self);
  self->n_busy = SOAK_N_THREADS;
  for (guint i = 0; i < SOAK_N_THREADS; i++)
    self->threads[i] = g_thread_new ("soak", thread_main, self);

  return self;
}

/* It has to be at rest. */
void
soak_load_free (SoakLoad *self)
{
  g_mutex_lock (&self->mutex);
  self->is_over = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < SOAK_N_THREADS; i++)
    g_thread_join (self->threads[i]);

  soak_jobs_end (self);
  g_signal_handlers_disconnect_by_data (self->subscription, self);
  g_clear_object (&self->helper_notifier);
  g_clear_object (&self->notifier);
  g_clear_object (&self->recovery);
  g_clear_object (&self->tracker);
  g_clear_object (&self->bluez);
  g_clear_object (&self->monitor);
  g_clear_object (&self->subscription);
  g_clear_object (&self->proxy);
  g_clear_object (&self->pool);
  g_clear_object (&self->client);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

void
soak_load_hold (SoakLoad *self,
                gboolean  is_held)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->is_held = is_held;
  g_cond_broadcast (&self->cond);
}

static guint
soak_load_count_busy (SoakLoad *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_busy;
}

const char *
soak_load_get_unrest (SoakLoad *self)
{
  g_autoptr(DbrBluezDevice) device = soak_load_dup_device (self);
  g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (self->pool);

  for (guint i = 0; i < SOAK_N_JOBS; i++)
    {
      if (self->jobs[i].n_open > 0)
        return self->jobs[i].name;
    }
  if (soak_load_count_busy (self) > 0)
    return "threads";
  if (dbr_service_monitor_get_state (self->monitor) != DBR_SERVICE_STATE_HEALTHY)
    return "the service's monitor";
  if (dbr_service_monitor_get_state (DBR_SERVICE_MONITOR (self->bluez)) != DBR_SERVICE_STATE_HEALTHY)
    return "the Bluetooth monitor";
  if (device == NULL)
    return "the Bluetooth device";
  if (dbr_recovery_get_running (self->recovery))
    return "the recovery";
  if (!dbr_subscription_get_active (self->subscription))
    return "the subscription";
  if (!dbr_proxy_get_fresh (self->proxy))
    return "the proxy";
  if (dbr_notifier_get_queued (self->notifier) + dbr_notifier_get_queued (self->helper_notifier) > 0)
    return "notices";
  if (dbr_client_get_in_flight (self->client) > 0)
    return "calls in flight";
  if (dbr_client_get_orphans (self->client) > 0)
    return "replies that nobody waits for";
  if (dbr_pool_stats_get_leased (stats) > 1)
    return "leases";

  return NULL;
}

guint64
soak_load_count (SoakLoad *self,
                 guint64  *n_failed)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint64 n_done = self->n_sync;

  *n_failed = self->n_sync_failed;
  for (guint i = 0; i < SOAK_N_JOBS; i++)
    {
      n_done += self->jobs[i].n_done;
      *n_failed += self->jobs[i].n_failed;
    }

  return n_done;
}

char *
soak_load_dup_summary (SoakLoad *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < SOAK_N_JOBS; i++)
    {
      const SoakJob *job = &self->jobs[i];

      g_string_append_printf (text, "%10" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " in vain%s%s\n",
                              job->n_done, job->name, job->n_failed,
                              job->last_error != NULL ? ", the last: " : "",
                              job->last_error != NULL ? job->last_error->message : "");
    }
  g_string_append_printf (text, "%10" G_GUINT64_FORMAT " in threads, %" G_GUINT64_FORMAT " in vain\n",
                          self->n_sync, self->n_sync_failed);
  g_string_append_printf (text, "%10" G_GUINT64_FORMAT " signals heard\n", self->n_heard);

  return g_string_free (text, FALSE);
}
