/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-soak-load-private.h"
#include "dbr-soak-world.h"

/* What a program does with the library, one thing at a time. */

#define N_PATHS 50

static void begin_call (SoakJob *job);
static void begin_cancelled_call (SoakJob *job);
static void begin_proxy (SoakJob *job);
static void begin_subscription (SoakJob *job);
static void begin_client (SoakJob *job);
static void begin_lease (SoakJob *job);
static void begin_monitor (SoakJob *job);
static void begin_notice (SoakJob *job);
static void begin_helper_notice (SoakJob *job);
static void begin_discovery (SoakJob *job);
static void begin_connection (SoakJob *job);
static void begin_save (SoakJob *job);
static void begin_restore (SoakJob *job);
static void begin_recovery (SoakJob *job);
static void begin_figures (SoakJob *job);

static const SoakJob jobs[] = {
  { "calls", 5, 40, begin_call },
  { "calls given up", 50, 10, begin_cancelled_call },
  { "proxies", 50, 10, begin_proxy },
  { "subscriptions", 50, 10, begin_subscription },
  { "clients", 1000, 4, begin_client },
  { "leases", 50, 10, begin_lease },
  { "monitors", 1000, 4, begin_monitor },
  { "notices", 100, 10, begin_notice },
  { "notices by libnotify", 500, 4, begin_helper_notice },
  { "searches", 2000, 1, begin_discovery },
  { "connections", 3000, 1, begin_connection },
  { "states saved", 1000, 2, begin_save },
  { "states restored", 7000, 1, begin_restore },
  { "recoveries", 5000, 1, begin_recovery },
  { "figures read", 1000, 1, begin_figures },
};

G_STATIC_ASSERT (G_N_ELEMENTS (jobs) == SOAK_N_JOBS);

/* One job at a time */

static gboolean
job_tick_cb (gpointer user_data)
{
  SoakJob *self = user_data;

  if (!self->load->is_held && self->n_open < self->n_abreast)
    {
      self->n_begun++;
      self->n_open++;
      self->begin (self);
    }

  return G_SOURCE_CONTINUE;
}

/* Takes @error. */
static void
job_end (SoakJob    *self,
         GError     *error)
{
  self->n_open--;
  self->n_done++;
  if (error == NULL)
    return;

  self->n_failed++;
  g_clear_error (&self->last_error);
  self->last_error = error;
}

/* There is nothing to do it with just now. */
static void
job_skip (SoakJob *self)
{
  job_end (self, g_error_new_literal (DBR_ERROR, DBR_ERROR_NO_OWNER, "It is not there"));
}

static void
called_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      job)
{
  GError *error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);

  job_end (job, error);
}

/* Of ten one ends with an error, one is not answered in time, and one is large. */
static void
call (DbrClient        *client,
      SoakJob          *job,
      GCancellable     *cancellable)
{
  const char *member = "Echo";
  GVariant *parameters = NULL;
  guint timeout_ms = SOAK_LIMIT_MS;

  switch (job->n_begun % 10)
    {
    case 0:
      member = "Fail";
      parameters = g_variant_new ("(ss)", "org.example.Error.A", "no");
      break;

    case 1:
      member = "Wait";
      parameters = g_variant_new ("(u)", 60);
      timeout_ms = 20;
      break;

    case 2:
      member = "Big";
      parameters = g_variant_new ("(u)", 100 * 1000);
      break;

    default:
      parameters = g_variant_new ("(s)", "text");
      break;
    }
  dbr_client_call_async (client, SOAK_SERVICE, SOAK_PATH, DBR_TEST_INTERFACE, member, parameters,
                         NULL, timeout_ms, cancellable, called_cb, job);
}

static void
begin_call (SoakJob *job)
{
  call (job->load->client, job, NULL);
}

static void
begin_cancelled_call (SoakJob *job)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  call (job->load->client, job, cancellable);
  g_cancellable_cancel (cancellable);
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      job)
{
  GError *error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) value = dbr_proxy_read_finish (DBR_PROXY (source), result, &error);

  job_end (job, error);
}

static void
proxy_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      job)
{
  GError *error = NULL;
  g_autoptr(DbrProxy) proxy = dbr_client_get_proxy_finish (DBR_CLIENT (source), result, &error);

  if (proxy != NULL)
    dbr_proxy_read_async (proxy, "Level", NULL, read_cb, job);
  else
    job_end (job, error);
}

static void
begin_proxy (SoakJob *job)
{
  g_autofree char *path = g_strdup_printf (SOAK_PATH "/%u", job->n_begun % N_PATHS);

  dbr_client_get_proxy_async (job->load->client, SOAK_SERVICE, path, DBR_TEST_INTERFACE, NULL,
                              proxy_cb, job);
}

static void
subscribed_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      job)
{
  DbrSubscription *subscription = DBR_SUBSCRIPTION (source);
  GError *error = NULL;

  dbr_subscription_start_finish (subscription, result, &error);
  job_end (job, error);
  dbr_subscription_stop (subscription);
}

/* The one that is kept hears what the service floods it with. */
static void
begin_subscription (SoakJob *job)
{
  g_autofree char *path = g_strdup_printf (SOAK_PATH "/%u", job->n_begun % N_PATHS);
  g_autoptr(DbrSubscription) subscription =
    dbr_subscription_new (job->load->client, SOAK_SERVICE, path, DBR_TEST_INTERFACE, NULL, NULL,
                          DBR_SUBSCRIPTION_FLAGS_NONE);

  dbr_subscription_start_async (subscription, NULL, subscribed_cb, job);
  if (job->n_begun % 20 == 0)
    dbr_client_call_async (job->load->client, SOAK_SERVICE, SOAK_PATH, DBR_TEST_INTERFACE, "Flood",
                           g_variant_new ("(u)", 200), NULL, SOAK_LIMIT_MS, NULL, NULL, NULL);
}

static void
begin_client (SoakJob *job)
{
  g_autoptr(DbrClient) client =
    dbr_client_new_for_address (dbr_test_bus_get_address (job->load->bus));

  call (client, job, NULL);
}

static void
ran_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      job)
{
  GError *error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = dbr_client_run_finish (DBR_CLIENT (source), result, &error);

  job_end (job, error);
}

static void
lease_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  SoakJob *job = user_data;
  GError *error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_finish (DBR_POOL (source), result, &error);
  g_autoptr(DbrCall) leased_call = NULL;

  if (lease == NULL)
    {
      job_end (job, error);
      return;
    }

  leased_call = dbr_call_new (SOAK_SERVICE, SOAK_PATH, DBR_TEST_INTERFACE, "Echo",
                              g_variant_new ("(s)", "leased"));
  dbr_call_set_timeout_ms (leased_call, SOAK_LIMIT_MS);
  dbr_call_set_lease (leased_call, lease);
  dbr_client_run_async (job->load->client, leased_call, NULL, ran_cb, job);
}

static void
begin_lease (SoakJob *job)
{
  dbr_pool_acquire_async (job->load->pool, NULL, lease_cb, job);
}

static void
checked_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      job)
{
  DbrServiceMonitor *monitor = DBR_SERVICE_MONITOR (source);
  GError *error = NULL;

  dbr_service_monitor_check_finish (monitor, result, &error);
  job_end (job, error);
  dbr_service_monitor_stop (monitor);
}

static void
begin_monitor (SoakJob *job)
{
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (job->load->client, SOAK_SERVICE);

  dbr_service_monitor_start (monitor, NULL);
  dbr_service_monitor_check_async (monitor, NULL, checked_cb, job);
}

static void
sent_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  SoakJob *job = user_data;
  GError *error = NULL;
  guint id = dbr_notifier_send_finish (DBR_NOTIFIER (source), result, &error);

  job_end (job, error);
  if (id > 0 && job->load->last_notice > 0)
    dbr_notifier_close_async (job->load->notifier, job->load->last_notice, NULL, NULL, NULL);
  job->load->last_notice = id;
}

static void
begin_notice (SoakJob *job)
{
  dbr_notifier_send_async (job->load->notifier, "Soak", "A notice, and what it tells", NULL,
                           DBR_URGENCY_NORMAL, -1, NULL, sent_cb, job);
}

static void
helper_sent_cb (GObject      *source,
                GAsyncResult *result,
                gpointer      job)
{
  GError *error = NULL;

  dbr_notifier_send_finish (DBR_NOTIFIER (source), result, &error);
  job_end (job, error);
}

static void
begin_helper_notice (SoakJob *job)
{
  dbr_notifier_send_async (job->load->helper_notifier, "Soak", "A notice of libnotify's", NULL,
                           DBR_URGENCY_LOW, -1, NULL, helper_sent_cb, job);
}

/* Bluetooth */

static void
search_stopped_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      job)
{
  GError *error = NULL;

  dbr_bluez_adapter_stop_discovery_finish (DBR_BLUEZ_ADAPTER (source), result, &error);
  job_end (job, error);
}

static void
search_started_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      job)
{
  DbrBluezAdapter *adapter = DBR_BLUEZ_ADAPTER (source);
  GError *error = NULL;

  if (dbr_bluez_adapter_start_discovery_finish (adapter, result, &error))
    dbr_bluez_adapter_stop_discovery_async (adapter, NULL, search_stopped_cb, job);
  else
    job_end (job, error);
}

static void
begin_discovery (SoakJob *job)
{
  g_autoptr(DbrBluezAdapter) adapter = dbr_bluez_monitor_get_default_adapter (job->load->bluez);

  if (adapter != NULL)
    dbr_bluez_adapter_start_discovery_async (adapter, NULL, NULL, search_started_cb, job);
  else
    job_skip (job);
}

static void
disconnected_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      job)
{
  GError *error = NULL;

  dbr_bluez_device_disconnect_device_finish (DBR_BLUEZ_DEVICE (source), result, &error);
  job_end (job, error);
}

static void
connected_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      job)
{
  DbrBluezDevice *device = DBR_BLUEZ_DEVICE (source);
  GError *error = NULL;

  if (dbr_bluez_device_connect_device_finish (device, result, &error))
    dbr_bluez_device_disconnect_device_async (device, NULL, disconnected_cb, job);
  else
    job_end (job, error);
}

static void
begin_connection (SoakJob *job)
{
  g_autoptr(DbrBluezDevice) device = soak_load_dup_device (job->load);

  if (device != NULL)
    dbr_bluez_device_connect_device_async (device, NULL, connected_cb, job);
  else
    job_skip (job);
}

static void
saved_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      job)
{
  GError *error = NULL;

  dbr_state_tracker_save_finish (DBR_STATE_TRACKER (source), result, &error);
  job_end (job, error);
}

static void
begin_save (SoakJob *job)
{
  g_autoptr(DbrBluezDevice) device = soak_load_dup_device (job->load);

  if (device != NULL)
    dbr_state_tracker_save_async (job->load->tracker, device, NULL, saved_cb, job);
  else
    job_skip (job);
}

static void
restored_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      job)
{
  GError *error = NULL;
  G_GNUC_UNUSED g_autoptr(GListModel) events =
    dbr_state_tracker_restore_finish (DBR_STATE_TRACKER (source), result, &error);

  job_end (job, error);
}

static void
begin_restore (SoakJob *job)
{
  dbr_state_tracker_restore_async (job->load->tracker, DBR_TEST_BLUEZ_DEVICE, NULL, restored_cb, job);
}

static void
recovered_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      job)
{
  GError *error = NULL;

  dbr_recovery_recover_finish (DBR_RECOVERY (source), result, &error);
  job_end (job, error);
}

static void
begin_recovery (SoakJob *job)
{
  dbr_recovery_recover_async (job->load->recovery, DBR_TEST_BLUEZ_DEVICE, NULL, recovered_cb, job);
}

static void
begin_figures (SoakJob *job)
{
  DbrMetrics *metrics = dbr_client_get_metrics (job->load->client);
  G_GNUC_UNUSED g_autofree char *text = dbr_metrics_to_text (metrics);
  G_GNUC_UNUSED g_autofree char *openmetrics = dbr_metrics_to_openmetrics (metrics);
  G_GNUC_UNUSED g_autoptr(GVariant) tree = dbr_metrics_to_variant (metrics);

  job_end (job, NULL);
}

void
soak_jobs_begin (SoakLoad *load)
{
  for (guint i = 0; i < SOAK_N_JOBS; i++)
    {
      load->jobs[i] = jobs[i];
      load->jobs[i].load = load;
      load->jobs[i].source_id = g_timeout_add (jobs[i].period_ms, job_tick_cb, &load->jobs[i]);
    }
}

void
soak_jobs_end (SoakLoad *load)
{
  for (guint i = 0; i < SOAK_N_JOBS; i++)
    {
      g_source_remove (load->jobs[i].source_id);
      g_clear_error (&load->jobs[i].last_error);
    }
}
