/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-checks-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BLUEZ_NAME "org.bluez"
#define ADAPTER_INTERFACE "org.bluez.Adapter1"

#define READ_MS 5000
#define HEALTHY_MS 10000
#define N_LEASES 5
#define N_THREADS 5
#define N_ROUNDS 20

typedef enum
{
  PASS,
  FAIL,
  SKIP,
} Verdict;

typedef struct
{
  DbrctlFrame     *frame;
  const char      *device;
  DbrClient       *client;
  DbrBluezMonitor *bluetooth;
  /* what is read where anything will do */
  const char      *name;
  char            *path;
  const char      *interface_name;
  const char      *property_name;
  guint            n_failed;
  /* NULL for people */
  JsonBuilder     *builder;
} Checks;

/* @detail receives what it found; an error is a failure. */
typedef Verdict (*CheckFunc) (Checks  *self,
                              char   **detail,
                              GError **error);

static void
checks_clear (Checks *self)
{
  g_clear_object (&self->bluetooth);
  g_clear_object (&self->client);
  g_clear_object (&self->builder);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Checks, checks_clear)

static GCancellable *
checks_get_cancellable (Checks *self)
{
  return dbrctl_frame_get_cancellable (self->frame);
}

static DbrBluezAdapter *
checks_find_adapter (Checks  *self,
                     GError **error)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->bluetooth);
  DbrBluezAdapter *adapter = g_list_model_get_item (adapters, 0);

  if (adapter == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("There is no adapter"));

  return adapter;
}

static Verdict
check_bluez (Checks  *self,
             char   **detail,
             GError **error)
{
  DbrServiceMonitor *monitor = DBR_SERVICE_MONITOR (self->bluetooth);
  g_autofree char *duration = NULL;
  gint64 usec;

  usec = dbr_service_monitor_check_sync (monitor, checks_get_cancellable (self), error);
  if (usec < 0 || !dbr_service_monitor_refresh_sync (monitor, checks_get_cancellable (self), error))
    return FAIL;

  duration = dbrctl_text_duration (usec);
  *detail = g_strdup_printf (_("%s answers in %s"), BLUEZ_NAME, duration);

  return PASS;
}

static Verdict
check_adapter (Checks  *self,
               char   **detail,
               GError **error)
{
  g_autoptr(DbrBluezAdapter) adapter = checks_find_adapter (self, error);

  if (adapter == NULL)
    return FAIL;

  *detail = g_strdup_printf (dbr_bluez_adapter_get_powered (adapter) ? _("%s is on")
                                                                     : _("%s is off"),
                             dbr_bluez_adapter_get_address (adapter));

  return dbr_bluez_adapter_get_powered (adapter) ? PASS : FAIL;
}

/* From then on the adapter is what is read. */
static Verdict
check_read (Checks  *self,
            char   **detail,
            GError **error)
{
  g_autoptr(DbrBluezAdapter) adapter = checks_find_adapter (self, error);
  g_autoptr(DbrCall) call = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *duration = NULL;
  g_autofree char *path = NULL;

  if (adapter == NULL)
    return FAIL;

  path = dbr_bluez_adapter_get_object_path (adapter);
  call = dbr_call_new (BLUEZ_NAME, path, "org.freedesktop.DBus.Properties", "Get",
                       g_variant_new ("(ss)", ADAPTER_INTERFACE, "Address"));
  dbr_call_set_timeout_ms (call, READ_MS);
  reply = dbr_client_run_sync (self->client, call, checks_get_cancellable (self), error);
  if (reply == NULL)
    return FAIL;

  self->name = BLUEZ_NAME;
  g_free (self->path);
  self->path = g_steal_pointer (&path);
  self->interface_name = ADAPTER_INTERFACE;
  self->property_name = "Address";
  duration = dbrctl_text_duration (dbr_call_get_elapsed_usec (call));
  *detail = g_strdup_printf (_("its address was read in %s"), duration);

  return PASS;
}

static DbrBluezDevice *
checks_find_device (Checks  *self,
                    GError **error)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->bluetooth);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);

      if (g_ascii_strcasecmp (dbr_bluez_device_get_address (device), self->device) == 0)
        return g_steal_pointer (&device);
    }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("BlueZ does not know the device %s"),
               self->device);

  return NULL;
}

/* Only what was connected here is disconnected. */
static Verdict
check_device (Checks  *self,
              char   **detail,
              GError **error)
{
  g_autoptr(DbrBluezDevice) device = NULL;
  gint64 begin = g_get_monotonic_time ();
  g_autofree char *duration = NULL;
  gboolean is_connected;

  if (self->device == NULL)
    {
      *detail = g_strdup (_("no --device was given"));
      return SKIP;
    }

  device = checks_find_device (self, error);
  if (device == NULL)
    return FAIL;
  if (dbr_bluez_device_get_connected (device))
    {
      *detail = g_strdup_printf (_("%s is connected, and was left so"), self->device);
      return PASS;
    }
  if (!dbr_bluez_device_connect_device_sync (device, checks_get_cancellable (self), error))
    return FAIL;

  is_connected = dbr_bluez_device_get_connected (device);
  duration = dbrctl_text_duration (g_get_monotonic_time () - begin);
  /* Also if the person has lost patience meanwhile: nothing is left behind. */
  if (!dbr_bluez_device_disconnect_device_sync (device, NULL, error))
    return FAIL;

  *detail = g_strdup_printf (is_connected ? _("%s was connected in %s, and disconnected again")
                                          : _("%s was connected in %s, and is not"),
                             self->device, duration);

  return is_connected ? PASS : FAIL;
}

/* A plan changes nothing. What no stage knows as a target is planned for with its service. */
static Verdict
check_recovery (Checks  *self,
                char   **detail,
                GError **error)
{
  g_autoptr(DbrRecovery) recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->bluetooth), NULL);
  g_autoptr(GListModel) plan = NULL;
  guint n;

  if (self->device != NULL)
    plan = dbr_recovery_plan_sync (recovery, self->device, checks_get_cancellable (self), NULL);
  if (plan == NULL)
    plan = dbr_recovery_plan_sync (recovery, "", checks_get_cancellable (self), error);
  if (plan == NULL)
    return FAIL;

  n = g_list_model_get_n_items (plan);
  *detail = g_strdup_printf (ngettext ("the plan has %u entry", "the plan has %u entries", n), n);

  return PASS;
}

static DbrPool *
checks_new_pool (Checks *self)
{
  const char *address = dbrctl_frame_get_address (self->frame);

  return address != NULL ? dbr_pool_new_for_address (address)
                         : dbr_pool_new (dbr_client_get_bus_type (self->client));
}

static gboolean
pool_has (DbrPool  *pool,
          guint     leased,
          GError  **error)
{
  g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (pool);

  if (dbr_pool_stats_get_leased (stats) == leased)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%u connections are lent, and not %u"),
               dbr_pool_stats_get_leased (stats), leased);

  return FALSE;
}

static Verdict
check_pool (Checks  *self,
            char   **detail,
            GError **error)
{
  g_autoptr(DbrPool) pool = checks_new_pool (self);
  g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 begin = g_get_monotonic_time ();
  g_autofree char *duration = NULL;
  Verdict verdict = PASS;

  dbr_pool_set_max_size (pool, N_LEASES);
  while (verdict == PASS && leases->len < N_LEASES)
    {
      DbrLease *lease = dbr_pool_acquire_sync (pool, checks_get_cancellable (self), error);

      if (lease != NULL)
        g_ptr_array_add (leases, lease);
      else
        verdict = FAIL;
    }
  if (verdict == PASS && !pool_has (pool, N_LEASES, error))
    verdict = FAIL;
  g_ptr_array_set_size (leases, 0);
  if (verdict == PASS && !pool_has (pool, 0, error))
    verdict = FAIL;

  duration = dbrctl_text_duration (g_get_monotonic_time () - begin);
  *detail = g_strdup_printf (_("%d connections were lent and given back in %s"), N_LEASES,
                             duration);

  return verdict;
}

static Verdict
check_proxy (Checks  *self,
             char   **detail,
             GError **error)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  for (guint i = 0; i < 2; i++)
    {
      gint64 begin = g_get_monotonic_time ();
      g_autoptr(DbrProxy) proxy = NULL;
      g_autoptr(GVariant) value = NULL;

      proxy = dbr_client_get_proxy_sync (self->client, self->name, self->path,
                                         self->interface_name, checks_get_cancellable (self),
                                         error);
      if (proxy == NULL)
        return FAIL;

      value = dbr_proxy_read_sync (proxy, self->property_name, checks_get_cancellable (self),
                                   error);
      if (value == NULL)
        return FAIL;

      *(i == 0 ? &first : &second) = dbrctl_text_duration (g_get_monotonic_time () - begin);
    }
  *detail = g_strdup_printf (_("%s, and %s the second time"), first, second);

  return PASS;
}

typedef struct
{
  Checks *checks;
  guint   n_failed;
  GError *error;
} Worker;

static gpointer
stress_thread (gpointer data)
{
  Worker *self = data;
  Checks *checks = self->checks;

  for (guint i = 0; i < 2 * N_ROUNDS; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) value =
        dbr_client_read_property_sync (checks->client, checks->name, checks->path,
                                       checks->interface_name, checks->property_name,
                                       checks_get_cancellable (checks), &error);

      if (value != NULL)
        continue;

      self->n_failed++;
      if (self->error == NULL)
        self->error = g_steal_pointer (&error);
    }

  return NULL;
}

static Verdict
check_stress (Checks  *self,
              char   **detail,
              GError **error)
{
  GThread *threads[N_THREADS];
  Worker workers[N_THREADS] = { { NULL } };
  gint64 begin = g_get_monotonic_time ();
  g_autofree char *duration = NULL;
  guint n_failed = 0;

  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i].checks = self;
      threads[i] = g_thread_new ("dbrctl-stress", stress_thread, &workers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      n_failed += workers[i].n_failed;
      if (workers[i].error != NULL && error != NULL && *error == NULL)
        g_propagate_error (error, g_steal_pointer (&workers[i].error));
      g_clear_error (&workers[i].error);
    }

  duration = dbrctl_text_duration (g_get_monotonic_time () - begin);
  *detail = g_strdup_printf (_("%d reads from %d threads in %s, %u failed"),
                             2 * N_ROUNDS * N_THREADS, N_THREADS, duration, n_failed);

  return n_failed == 0 ? PASS : FAIL;
}

static Verdict
check_monitor (Checks  *self,
               char   **detail,
               GError **error)
{
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (self->client, BLUEZ_NAME);
  gboolean is_well = dbr_service_monitor_start (monitor, error)
                     && dbr_service_monitor_wait_healthy_sync (monitor, HEALTHY_MS,
                                                               checks_get_cancellable (self),
                                                               error);

  dbr_service_monitor_stop (monitor);
  *detail = g_strdup (_("a monitor sees that Bluetooth works"));

  return is_well ? PASS : FAIL;
}

/* What was done so far has to be in the figures. */
static Verdict
check_metrics (Checks  *self,
               char   **detail,
               GError **error)
{
  DbrMetrics *metrics = dbr_client_get_metrics (self->client);
  g_auto(GStrv) operations = dbr_metrics_dup_operations (metrics);
  guint64 count = 0;

  for (guint i = 0; operations[i] != NULL; i++)
    {
      g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, operations[i]);

      count += dbr_operation_stats_get_count (stats);
    }
  *detail = g_strdup_printf (_("%u calls were counted, in %u operations"), (guint) count,
                             g_strv_length (operations));

  return count > 0 ? PASS : FAIL;
}

static const struct
{
  const char *id;
  CheckFunc   func;
} all[] = {
  { "bluez", check_bluez },
  { "adapter", check_adapter },
  { "read", check_read },
  { "device", check_device },
  { "recovery", check_recovery },
  { "pool", check_pool },
  { "proxy", check_proxy },
  { "stress", check_stress },
  { "monitor", check_monitor },
  { "metrics", check_metrics },
};

static void
checks_tell (Checks     *self,
             const char *id,
             Verdict     verdict,
             const char *detail)
{
  static const char *const words[] = { "PASS", "FAIL", "SKIP" };
  static const DbrctlStyle styles[] = { DBRCTL_GOOD, DBRCTL_BAD, DBRCTL_FAINT };
  DbrctlOutput *output = dbrctl_frame_get_output (self->frame);

  if (self->builder == NULL)
    {
      dbrctl_output_add (output, styles[verdict], "%s", words[verdict]);
      dbrctl_output_line (output, DBRCTL_PLAIN, "  %-9s %s", id, detail);
      return;
    }

  json_builder_begin_object (self->builder);
  dbrctl_json_string (self->builder, "id", id);
  dbrctl_json_string (self->builder, "verdict", words[verdict]);
  dbrctl_json_string (self->builder, "detail", detail);
  json_builder_end_object (self->builder);
}

static gboolean
checks_play (Checks *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autofree char *detail = NULL;
      g_autoptr(GError) error = NULL;
      Verdict verdict = all[i].func (self, &detail, &error);

      if (g_cancellable_is_cancelled (checks_get_cancellable (self)))
        return FALSE;

      self->n_failed += verdict == FAIL;
      checks_tell (self, all[i].id, verdict, error != NULL ? error->message : detail);
    }

  return TRUE;
}

DbrctlStatus
dbrctl_checks_run (DbrctlFrame *frame,
                   const char  *device)
{
  DbrctlOutput *output = dbrctl_frame_get_output (frame);
  g_auto(Checks) checks = { frame, device };
  g_autoptr(GError) error = NULL;

  checks.client = dbrctl_frame_open_client (frame, G_BUS_TYPE_SYSTEM, &error);
  if (checks.client == NULL)
    return dbrctl_frame_fail (frame, error);

  checks.bluetooth = dbr_bluez_monitor_new (checks.client);
  /* The bus can be read on every machine. */
  checks.name = BUS_NAME;
  checks.path = g_strdup (BUS_PATH);
  checks.interface_name = BUS_NAME;
  checks.property_name = "Features";
  if (dbrctl_frame_is_json (frame))
    {
      checks.builder = dbrctl_output_begin_json_as (output, "doctor-all");
      json_builder_set_member_name (checks.builder, "checks");
      json_builder_begin_array (checks.builder);
    }
  if (!checks_play (&checks))
    return DBRCTL_PROBLEM;

  if (checks.builder != NULL)
    {
      json_builder_end_array (checks.builder);
      dbrctl_output_end_json (output, g_steal_pointer (&checks.builder));
    }

  return checks.n_failed == 0 ? DBRCTL_WELL : DBRCTL_PROBLEM;
}
