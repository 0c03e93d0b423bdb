/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "dbr-testbed.h"
#include "dbr-vm-peripheral.h"

/* What becomes of a monitor while a real bluetoothd is stopped, killed and restarted. It runs as root in
 * a virtual machine and is the only one there: it starts the controllers and bluetoothd itself. The
 * machine is slow, so nothing is said about how long anything takes. */

#define PATIENCE_MS 90000

typedef struct
{
  GPid controllers;
  GPid daemon;
} Machine;

static Machine machine;

typedef struct
{
  DbrClient       *client;
  DbrBluezMonitor *monitor;
  gint64           began_usec;
  GString         *told;
} Watch;

static GPid
start (const char *const *arguments)
{
  g_autoptr(GError) error = NULL;
  GPid pid;

  g_spawn_async (NULL, (char **) arguments, NULL,
                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
                 | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, &pid, &error);
  g_assert_no_error (error);

  return pid;
}

static void
start_controllers (void)
{
  const char *const arguments[] = { "/usr/bin/btvirt", "-L", "-l2", NULL };

  machine.controllers = start (arguments);
}

static void
start_daemon (void)
{
  const char *const arguments[] = { "/usr/libexec/bluetooth/bluetoothd", "-n", NULL };

  machine.daemon = start (arguments);
}

static void
end (GPid *pid,
     int   number)
{
  kill (*pid, number);
  dbr_test_wait_until (NULL, waitpid (*pid, NULL, WNOHANG) == *pid, PATIENCE_MS);
  *pid = 0;
}

/* The timeline: what the monitor sees, and when. */
static void see (Watch      *self,
                 const char *format,
                 ...) G_GNUC_PRINTF (2, 3);

static void
see (Watch      *self,
     const char *format,
     ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_test_message ("seen %8.3f %s",
                  (double) (g_get_monotonic_time () - self->began_usec) / G_USEC_PER_SEC, text);
  g_string_append_printf (self->told, "%s;", text);
}

static void
stalled_cb (DbrServiceMonitor *monitor,
            gint64             silent_usec,
            Watch             *self)
{
  see (self, "stalled");
}

static void
recovered_cb (DbrServiceMonitor *monitor,
              gint64             down_usec,
              Watch             *self)
{
  see (self, "recovered");
}

static void
appeared_cb (DbrServiceMonitor *monitor,
             const char        *owner,
             Watch             *self)
{
  see (self, "appeared");
}

static void
vanished_cb (DbrServiceMonitor *monitor,
             const char        *owner,
             Watch             *self)
{
  see (self, "vanished");
}

static void
restarted_cb (DbrServiceMonitor *monitor,
              const char        *old_owner,
              const char        *new_owner,
              gint64             gap_usec,
              Watch             *self)
{
  see (self, "restarted");
}

static void
adapter_added_cb (DbrBluezMonitor *monitor,
                  DbrBluezAdapter *adapter,
                  Watch           *self)
{
  see (self, "adapter+ %s", dbr_bluez_adapter_get_address (adapter));
}

static void
adapter_removed_cb (DbrBluezMonitor *monitor,
                    DbrBluezAdapter *adapter,
                    Watch           *self)
{
  see (self, "adapter- %s", dbr_bluez_adapter_get_address (adapter));
}

static void
state_cb (DbrServiceMonitor *monitor,
          GParamSpec        *pspec,
          Watch             *self)
{
  g_autoptr(GEnumClass) states = g_type_class_ref (DBR_TYPE_SERVICE_STATE);

  see (self, "is %s",
       g_enum_get_value (states, dbr_service_monitor_get_state (monitor))->value_nick);
}

static Watch *
watch_new (void)
{
  Watch *self = g_new0 (Watch, 1);
  g_autoptr(GError) error = NULL;

  self->told = g_string_new (NULL);
  self->began_usec = g_get_monotonic_time ();
  self->client = dbr_client_new (G_BUS_TYPE_SYSTEM);
  self->monitor = dbr_bluez_monitor_new (self->client);
  dbr_service_monitor_set_interval_ms (DBR_SERVICE_MONITOR (self->monitor), 1000);
  g_signal_connect (self->monitor, "stalled", G_CALLBACK (stalled_cb), self);
  g_signal_connect (self->monitor, "recovered", G_CALLBACK (recovered_cb), self);
  g_signal_connect (self->monitor, "appeared", G_CALLBACK (appeared_cb), self);
  g_signal_connect (self->monitor, "vanished", G_CALLBACK (vanished_cb), self);
  g_signal_connect (self->monitor, "restarted", G_CALLBACK (restarted_cb), self);
  g_signal_connect (self->monitor, "adapter-added", G_CALLBACK (adapter_added_cb), self);
  g_signal_connect (self->monitor, "adapter-removed", G_CALLBACK (adapter_removed_cb), self);
  g_signal_connect (self->monitor, "notify::state", G_CALLBACK (state_cb), self);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error);
  g_assert_no_error (error);

  return self;
}

static void
watch_free (Watch *self)
{
  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_string_free (self->told, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watch, watch_free)

static guint
count_powered (Watch *self)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->monitor);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);

      n += dbr_bluez_adapter_get_powered (adapter) ? 1 : 0;
    }

  return n;
}

/* A busy computer may be too slow for the reset of a controller, which then never comes: they are
 * plugged in again. */
static void
wait_for_adapters (Watch *self)
{
  for (guint i = 0; i < 3 && count_powered (self) < 2; i++)
    {
      gint64 until = g_get_monotonic_time () + 20 * (gint64) G_USEC_PER_SEC;

      dbr_test_wait_until (NULL, count_powered (self) == 2 || g_get_monotonic_time () > until,
                           PATIENCE_MS);
      if (count_powered (self) == 2)
        return;
      end (&machine.controllers, SIGKILL);
      start_controllers ();
    }
  dbr_test_wait_until (NULL, count_powered (self) == 2, PATIENCE_MS);
}

static gboolean
has_told (Watch      *self,
          const char *text)
{
  return strstr (self->told->str, text) != NULL;
}

static void
forget_told (Watch *self)
{
  g_string_truncate (self->told, 0);
}

static void
test_comes_up (void)
{
  g_autoptr(Watch) watch = watch_new ();

  g_test_summary ("Two adapters come with a bluetoothd that was not there");

  start_controllers ();
  start_daemon ();
  wait_for_adapters (watch);
  g_assert_true (has_told (watch, "appeared;"));
}

static void
test_stops_and_goes_on (void)
{
  g_autoptr(Watch) watch = watch_new ();

  g_test_summary ("A bluetoothd that is stopped has stalled, and has not restarted when it goes on");

  wait_for_adapters (watch);
  kill (machine.daemon, SIGSTOP);
  dbr_test_wait_until (NULL, has_told (watch, "stalled;"), PATIENCE_MS);
  kill (machine.daemon, SIGCONT);
  dbr_test_wait_until (NULL, has_told (watch, "recovered;"), PATIENCE_MS);
  g_assert_false (has_told (watch, "restarted;"));
  g_assert_false (has_told (watch, "adapter-"));
}

static void
test_is_killed (void)
{
  g_autoptr(Watch) watch = watch_new ();
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(DbrBluezAdapter) later = NULL;

  g_test_summary ("A bluetoothd that is killed has vanished, and comes back with the same adapters");

  wait_for_adapters (watch);
  adapter = dbr_bluez_monitor_get_default_adapter (watch->monitor);
  forget_told (watch);
  end (&machine.daemon, SIGKILL);
  dbr_test_wait_until (NULL, has_told (watch, "vanished;"), PATIENCE_MS);
  start_daemon ();
  dbr_test_wait_until (NULL, has_told (watch, "restarted;"), PATIENCE_MS);
  wait_for_adapters (watch);
  later = dbr_bluez_monitor_get_default_adapter (watch->monitor);
  g_assert_true (later == adapter);
}

static void
test_ends_in_order (void)
{
  g_autoptr(Watch) watch = watch_new ();

  g_test_summary ("A bluetoothd that is ended takes its adapters away, and brings them back");

  wait_for_adapters (watch);
  forget_told (watch);
  end (&machine.daemon, SIGTERM);
  dbr_test_wait_until (NULL, has_told (watch, "vanished;"), PATIENCE_MS);
  g_assert_true (has_told (watch, "adapter-"));
  start_daemon ();
  wait_for_adapters (watch);
}

static void
test_cycles_power (void)
{
  g_autoptr(Watch) watch = watch_new ();
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("An adapter is switched off and on");

  wait_for_adapters (watch);
  adapter = dbr_bluez_monitor_get_default_adapter (watch->monitor);
  dbr_bluez_adapter_set_powered_sync (adapter, FALSE, NULL, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, !dbr_bluez_adapter_get_powered (adapter), PATIENCE_MS);
  dbr_bluez_adapter_set_powered_sync (adapter, TRUE, NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_adapter_power_cycle_sync (adapter, NULL, &error);
  g_assert_no_error (error);
}

static DbrBluezAdapter *
find_adapter (Watch      *self,
              const char *path)
{
  GListModel *adapters = dbr_bluez_monitor_get_adapters (self->monitor);

  for (guint i = 0; i < g_list_model_get_n_items (adapters); i++)
    {
      g_autoptr(DbrBluezAdapter) adapter = g_list_model_get_item (adapters, i);
      g_autofree char *own = dbr_bluez_adapter_get_object_path (adapter);

      if (g_strcmp0 (own, path) == 0)
        return g_steal_pointer (&adapter);
    }

  return NULL;
}

static DbrBluezDevice *
find_device (Watch           *self,
             DbrBluezAdapter *adapter)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);

      if (dbr_bluez_device_get_adapter (device) == adapter)
        return g_steal_pointer (&device);
    }

  return NULL;
}

static gboolean
has_device (Watch           *self,
            DbrBluezAdapter *adapter)
{
  g_autoptr(DbrBluezDevice) device = find_device (self, adapter);

  return device != NULL;
}

/* The other controller, on which we are a heart rate sensor. A simulated controller tells of an advert
 * once, so the search comes before it. */
static DbrBluezDevice *
meet_sensor (Watch           *self,
             DbrBluezAdapter *adapter,
             VmPeripheral    *peripheral)
{
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autoptr(GError) error = NULL;

  dbr_bluez_adapter_start_discovery_sync (adapter, g_variant_new_parsed ("{'Transport': <'le'>}"),
                                          NULL, &error);
  g_assert_no_error (error);
  vm_peripheral_advertise (peripheral);
  dbr_test_wait_until (NULL, has_device (self, adapter), PATIENCE_MS);
  device = find_device (self, adapter);
  see (self, "device+ %s", dbr_bluez_device_get_address (device));
  dbr_bluez_adapter_stop_discovery_sync (adapter, NULL, &error);
  g_assert_no_error (error);

  return g_steal_pointer (&device);
}

/* Whether BlueZ has not told who asked for a pairing that it is done; the device tells it, and so do
 * we. */
static gboolean
loses_pair_reply (Watch           *self,
                  DbrBluezAdapter *adapter)
{
  g_autoptr(VmPeripheral) peripheral = vm_peripheral_new ("/org/bluez/hci1");
  g_autoptr(DbrBluezDevice) device = meet_sensor (self, adapter, peripheral);
  g_autoptr(GError) lost = NULL;
  g_autoptr(GError) error = NULL;

  vm_peripheral_pair_too_early (peripheral, device, &lost);
  if (lost != NULL)
    g_assert_error (lost, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  see (self, "%s", lost != NULL ? "the answer to Pair is lost" : "Pair is answered");
  dbr_test_wait_until (NULL, dbr_bluez_device_get_paired (device), PATIENCE_MS);
  vm_peripheral_pair (device, &error);
  g_assert_no_error (error);
  see (self, "paired");

  vm_peripheral_forget_all (peripheral);
  dbr_test_wait_until (NULL, !has_device (self, adapter), PATIENCE_MS);

  return lost != NULL;
}

/* What makes our own Pair wait for the services first. Where they are known before it arrives, or a
 * later BlueZ is there, it is answered: then it is tried again, and the timeline says so. */
static void
test_loses_pair_reply (void)
{
  g_autoptr(Watch) watch = watch_new ();
  g_autoptr(DbrBluezAdapter) adapter = NULL;

  g_test_summary ("BlueZ pairs a device whose services it still looks for, and tells nobody who asked;"
                  " we are told by the device");

  wait_for_adapters (watch);
  adapter = find_adapter (watch, "/org/bluez/hci0");
  for (guint i = 0; i < 5 && !loses_pair_reply (watch, adapter); i++)
    ;
}

/* The whole way with a device. */
static void
test_pairs (void)
{
  g_autoptr(Watch) watch = watch_new ();
  g_autoptr(VmPeripheral) peripheral = NULL;
  g_autoptr(DbrBluezAdapter) adapter = NULL;
  g_autoptr(DbrBluezDevice) device = NULL;
  g_autofree char *value = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A device is found, connected, paired and listened to, and is still paired after"
                  " a crash");

  wait_for_adapters (watch);
  peripheral = vm_peripheral_new ("/org/bluez/hci1");
  adapter = find_adapter (watch, "/org/bluez/hci0");
  device = meet_sensor (watch, adapter, peripheral);

  /* Both ends are served by this process and by one bluetoothd: nothing of it may block. */
  vm_peripheral_connect (device, &error);
  g_assert_no_error (error);
  see (watch, "connected");
  vm_peripheral_pair (device, &error);
  g_assert_no_error (error);
  see (watch, "paired");
  g_assert_true (dbr_bluez_device_get_paired (device));
  dbr_test_wait_until (NULL, dbr_bluez_device_get_services_resolved (device), PATIENCE_MS);
  value = vm_peripheral_dup_value_path (peripheral, device);
  vm_peripheral_start_notify (watch->monitor, value, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, vm_peripheral_is_notifying (peripheral), PATIENCE_MS);
  see (watch, "notifying");

  forget_told (watch);
  end (&machine.daemon, SIGKILL);
  dbr_test_wait_until (NULL, has_told (watch, "vanished;"), PATIENCE_MS);
  start_daemon ();
  dbr_test_wait_until (NULL, has_told (watch, "restarted;"), PATIENCE_MS);
  wait_for_adapters (watch);
  dbr_test_wait_until (NULL, has_device (watch, adapter), PATIENCE_MS);
  g_assert_true (dbr_bluez_device_get_paired (device));
}

static void
test_loses_controllers (void)
{
  g_autoptr(Watch) watch = watch_new ();

  g_test_summary ("Controllers that are pulled out are gone, while bluetoothd is not");

  wait_for_adapters (watch);
  forget_told (watch);
  end (&machine.controllers, SIGKILL);
  dbr_test_wait_until (NULL,
                       g_list_model_get_n_items (dbr_bluez_monitor_get_adapters (watch->monitor))
                       == 0,
                       PATIENCE_MS);
  g_assert_false (has_told (watch, "vanished;"));
  start_controllers ();
  wait_for_adapters (watch);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/bluez-vm/comes-up", test_comes_up);
  g_test_add_func ("/dbr/bluez-vm/stops-and-goes-on", test_stops_and_goes_on);
  g_test_add_func ("/dbr/bluez-vm/is-killed", test_is_killed);
  g_test_add_func ("/dbr/bluez-vm/ends-in-order", test_ends_in_order);
  g_test_add_func ("/dbr/bluez-vm/cycles-power", test_cycles_power);
  g_test_add_func ("/dbr/bluez-vm/loses-pair-reply", test_loses_pair_reply);
  g_test_add_func ("/dbr/bluez-vm/pairs", test_pairs);
  g_test_add_func ("/dbr/bluez-vm/loses-controllers", test_loses_controllers);

  return g_test_run ();
}
