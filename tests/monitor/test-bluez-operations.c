/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/dbr-io-private.h"
#include "dbr-bluez-scene.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-monitor-private.h"

#include <string.h>

#define NEAR "near " DBR_TEST_BLUEZ_DEVICE " Watch\n"
#define CONNECT BLUEZ_DEVICE_PART ".Connect"
#define DISCONNECT BLUEZ_DEVICE_PART ".Disconnect"
#define PAIR BLUEZ_DEVICE_PART ".Pair"
#define FAILED "error org.bluez.Error.Failed "

/* A failure of the first attempts, and what is seen on the bus from then on. */
typedef struct
{
  const char *rule;
  /* NULL: it is done */
  const char *error;
  const char *calls;
} Row;

static void
connect_after (const Row *row)
{
  g_autofree char *script = g_strconcat (NEAR, row->rule, NULL);
  g_autoptr(BluezScene) scene = bluez_scene_new (script);
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;
  gboolean is_done = dbr_bluez_device_connect_device_sync (device, NULL, &error);

  g_test_message ("%s", row->rule);
  if (row->error == NULL)
    {
      g_assert_no_error (error);
      g_assert_true (is_done);
    }
  else
    {
      dbr_test_assert_remote_error (error, row->error);
    }
  bluez_scene_assert_calls (scene, row->calls);
}

static void
test_connect_rows (void)
{
  const Row rows[] = {
    /* the goal holds */
    { "on Connect: error org.bluez.Error.AlreadyConnected", NULL, CONNECT },
    { "on Connect: " FAILED "le-connection-already-connected", NULL, CONNECT },
    { "on Connect: " FAILED "Transport endpoint is already connected", NULL, CONNECT },
    /* it passes by itself */
    { "on Connect call 1: " FAILED "le-connection-abort-by-local", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-aborted-by-local", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-canceled", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "Software caused connection abort", NULL,
      CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "le-connection-abort-by-remote", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "le-connection-refused", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "le-connection-link-layer-protocol-error", NULL,
      CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-sdp-search", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "le-connection-gatt-browsing", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-unknown", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-page-timeout", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "Host is down", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: error org.bluez.Error.ConnectionAttemptFailed Page Timeout", NULL,
      CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "something nobody has heard of", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-refused", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-lmp-protocol-error", NULL,
      CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "le-connection-concurrent-connection-limit", NULL,
      CONNECT " " CONNECT },
    /* the object is another one */
    { "on Connect call 1: error org.bluez.Error.NoSuchAdapter", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: error org.bluez.Error.DoesNotExist", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: error org.freedesktop.DBus.Error.UnknownMethod", NULL,
      CONNECT " " CONNECT },
    /* just after a start, others register too */
    { "on Connect call 1: error org.bluez.Error.BREDR.ProfileUnavailable", NULL,
      CONNECT " " CONNECT },
    { "on Connect call 1: error org.bluez.Error.NotAvailable", NULL, CONNECT " " CONNECT },
    { "on Connect call 1: " FAILED "br-connection-profile-unavailable", NULL,
      CONNECT " " CONNECT },
    /* the controller: once more, and no oftener */
    { "on Connect: " FAILED "br-connection-create-socket", "org.bluez.Error.Failed",
      CONNECT " " CONNECT },
    { "on Connect: " FAILED "le-connection-memory-allocation", "org.bluez.Error.Failed",
      CONNECT " " CONNECT },
    /* for a person */
    { "on Connect: " FAILED "br-connection-key-missing", "org.bluez.Error.Failed", CONNECT },
    { "on Connect: " FAILED "le-connection-not-supported", "org.bluez.Error.Failed", CONNECT },
    { "on Connect: " FAILED "br-connection-invalid-argument", "org.bluez.Error.Failed", CONNECT },
    { "on Connect: error org.bluez.Error.NotSupported", "org.bluez.Error.NotSupported", CONNECT },
    { "on Connect: error org.bluez.Error.NotAuthorized", "org.bluez.Error.NotAuthorized",
      CONNECT },
    { "on Connect: error org.freedesktop.DBus.Error.AccessDenied",
      "org.freedesktop.DBus.Error.AccessDenied", CONNECT },
    { "on Connect: error org.bluez.Error.NotPermitted", "org.bluez.Error.NotPermitted", CONNECT },
    { "on Connect: error org.bluez.Error.InvalidArguments", "org.bluez.Error.InvalidArguments",
      CONNECT },
  };

  g_test_summary ("Each failure of a connection is met as its cause asks for");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    connect_after (&rows[i]);
}

static void
test_budgets (void)
{
  const char hard[] = "on Connect: " FAILED "le-connection-refused";
  const char transient[] = "on Connect: " FAILED "le-connection-abort-by-local";
  const struct { const char *rule; guint n_calls; } rows[] = { { hard, 4 }, { transient, 9 } };

  g_test_summary ("What passes by itself has nine attempts, what may not has four");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *script = g_strconcat (NEAR, rows[i].rule, NULL);
      g_autoptr(BluezScene) scene = bluez_scene_new (script);
      DbrBluezDevice *device = bluez_scene_meet (scene);
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_bluez_device_connect_device_sync (device, NULL, &error));
      dbr_test_assert_remote_error (error, "org.bluez.Error.Failed");
      g_assert_cmpuint (dbr_test_peer_count (dbr_test_bluez_get_peer (scene->bluez), "Connect"), ==,
                        rows[i].n_calls);
    }
}

static void
test_joins (void)
{
  const char *const replies[] = {
    "error org.bluez.Error.InProgress",
    FAILED "br-connection-busy",
    FAILED "Operation already in progress",
  };

  g_test_summary ("A connection that somebody else makes is waited for, and not made twice");

  for (gsize i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autofree char *script = g_strconcat (NEAR "on Connect call 1: wait 300; ", replies[i], NULL);
      g_autoptr(BluezScene) scene = bluez_scene_new (script);
      DbrBluezDevice *device = bluez_scene_meet (scene);
      g_auto(BluezEnd) end = { NULL };

      dbr_bluez_device_connect_device_async (device, NULL, bluez_connected_cb, &end);
      dbr_test_bluez_wait_for_calls (scene->bluez, NULL, CONNECT);
      bluez_scene_tell (scene,
                        "set " DBR_TEST_BLUEZ_DEVICE_PATH " org.bluez.Device1.Connected true");
      bluez_end_wait (&end);
      g_assert_no_error (end.error);
      bluez_scene_assert_calls (scene, CONNECT);
    }
}

static void
test_breaks_off_a_stale_one (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "on Connect call 1: "
                                                 "error org.bluez.Error.InProgress");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A connection that somebody has left behind is broken off, and made anew");

  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  bluez_scene_assert_calls (scene, CONNECT " " DISCONNECT " " CONNECT);
}

static void
test_undoes (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "pace 60000");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;
  gint64 began;

  g_test_summary ("A connection that is not made in time is broken off, as BlueZ would go on");

  bluez_scene_limit (scene, "connect", 1000);
  began = g_get_monotonic_time ();
  g_assert_false (dbr_bluez_device_connect_device_sync (device, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 1000000 + BLUEZ_GRACE_USEC);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, CONNECT " " DISCONNECT);
}

static void
test_cancels (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "pace 60000");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(BluezEnd) end = { NULL };

  g_test_summary ("A connection that is cancelled is broken off");

  dbr_bluez_device_connect_device_async (device, cancellable, bluez_connected_cb, &end);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, CONNECT);
  g_cancellable_cancel (cancellable);
  bluez_end_wait (&end);
  g_assert_error (end.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, CONNECT " " DISCONNECT);
}

static void
test_breaks_off (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "pace 60000");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;
  g_auto(BluezEnd) end = { NULL };

  g_test_summary ("Who disconnects has the last word: the connection is not tried again");

  dbr_bluez_device_connect_device_async (device, NULL, bluez_connected_cb, &end);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, CONNECT);
  dbr_bluez_device_disconnect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  bluez_end_wait (&end);
  g_assert_error (end.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  bluez_scene_assert_calls (scene, CONNECT " " DISCONNECT);
}

static void
test_waits_for_power (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("bond hci0 " DBR_TEST_BLUEZ_DEVICE "\n" NEAR);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  DbrBluezDevice *device;
  g_autoptr(GError) error = NULL;
  g_auto(BluezEnd) end = { NULL };

  g_test_summary ("An adapter that is off is waited for, and not switched on");

  dbr_test_wait_until (NULL, bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);
  device = bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE);
  dbr_bluez_adapter_set_powered_sync (adapter, FALSE, NULL, &error);
  g_assert_no_error (error);
  dbr_bluez_device_connect_device_async (device, NULL, bluez_connected_cb, &end);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, "hci0.Powered=false " CONNECT);
  dbr_bluez_adapter_set_powered_sync (adapter, TRUE, NULL, &error);
  g_assert_no_error (error);
  bluez_end_wait (&end);
  g_assert_no_error (end.error);
  bluez_scene_assert_calls (scene, "hci0.Powered=false " CONNECT " hci0.Powered=true " CONNECT);
}

static void
test_outlives_a_restart (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("bond hci0 " DBR_TEST_BLUEZ_DEVICE "\n" NEAR
                                                 "on Connect call 1: never");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_auto(BluezEnd) end = { NULL };

  g_test_summary ("A restart in the middle of a connection is waited for, and it is made anew");

  dbr_bluez_device_connect_device_async (device, NULL, bluez_connected_cb, &end);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, CONNECT);
  bluez_scene_tell (scene, "crash");
  bluez_scene_tell (scene, "boot");
  bluez_end_wait (&end);
  g_assert_no_error (end.error);
  g_assert_true (dbr_bluez_device_get_connected (device));
}

static void
test_finds_again (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("bond hci0 " DBR_TEST_BLUEZ_DEVICE "\n" NEAR
                                                 "on Connect call 1: error "
                                                 "org.freedesktop.DBus.Error.UnknownObject");
  DbrBluezDevice *device;
  g_autoptr(GError) error = NULL;

  g_test_summary ("An object that is stale is looked for by its address");

  dbr_test_wait_until (NULL, bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE) != NULL,
                       DBR_TEST_PATIENCE_MS);
  device = bluez_scene_find (scene, DBR_TEST_BLUEZ_DEVICE);
  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  bluez_scene_assert_calls (scene, CONNECT " " CONNECT);
  bluez_scene_tell (scene, "reindex hci0 hci5");
  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  dbr_test_bluez_wait_for_calls (scene->bluez, NULL, "hci5/dev_00_AA_01_00_00_42.Connect");
}

static void
test_one_at_a_time (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "near 00:AA:01:00:00:43\npace 200");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  DbrBluezDevice *other;
  g_auto(BluezEnd) end = { NULL };
  g_auto(BluezEnd) other_end = { NULL };

  g_test_summary ("An adapter connects one device at a time");

  dbr_test_wait_until (NULL, bluez_scene_find (scene, "00:AA:01:00:00:43") != NULL,
                       DBR_TEST_PATIENCE_MS);
  other = bluez_scene_find (scene, "00:AA:01:00:00:43");
  dbr_bluez_device_connect_device_async (device, NULL, bluez_connected_cb, &end);
  dbr_bluez_device_connect_device_async (other, NULL, bluez_connected_cb, &other_end);
  bluez_end_wait (&end);
  g_assert_no_error (end.error);
  g_assert_cmpuint (other_end.n_ended, ==, 0);
  bluez_end_wait (&other_end);
  g_assert_no_error (other_end.error);
}

static void
test_pairs_late (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "pace 300");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("Pairing waits for the services, before which BlueZ 5.66 would not answer");

  dbr_bluez_device_connect_device_sync (device, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (dbr_bluez_device_get_services_resolved (device));
  dbr_bluez_device_pair_sync (device, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (dbr_bluez_device_get_paired (device));
  bluez_scene_assert_calls (scene, CONNECT " " PAIR);
}

static void
test_pairs_unanswered (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "on Pair: set . org.bluez.Device1.Paired true;"
                                                 " never");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  g_test_summary ("What is seen to be paired is paired, although the answer is missing");

  dbr_bluez_device_pair_sync (device, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 3000000 + BLUEZ_GRACE_USEC);
}

static void
test_pairs_and_shows_it (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "on Pair: reply;"
                                                 " set . org.bluez.Device1.Paired true");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autofree char *path = dbr_bluez_device_get_object_path (device);
  g_autofree char *part = g_strdup_printf ("set %s org.bluez.Device1.Paired false", path);

  g_test_summary ("Who hears that it is paired finds it paired, though both come at the same moment");

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(GError) error = NULL;

      dbr_bluez_device_pair_sync (device, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (dbr_bluez_device_get_paired (device));

      bluez_scene_tell (scene, part);
      dbr_test_wait_until (NULL, !dbr_bluez_device_get_paired (device), DBR_TEST_PATIENCE_MS);
    }
}

static void
test_pair_rows (void)
{
  const Row rows[] = {
    { "on Pair: error org.bluez.Error.AlreadyExists", NULL, PAIR },
    { "on Pair: error org.bluez.Error.AuthenticationFailed",
      "org.bluez.Error.AuthenticationFailed", PAIR },
    { "on Pair: error org.bluez.Error.AuthenticationRejected",
      "org.bluez.Error.AuthenticationRejected", PAIR },
    { "on Pair: error org.bluez.Error.AuthenticationCanceled",
      "org.bluez.Error.AuthenticationCanceled", PAIR },
    { "on Pair: error org.bluez.Error.AuthenticationTimeout",
      "org.bluez.Error.AuthenticationTimeout", PAIR " " PAIR },
    { "on Pair call 1: error org.bluez.Error.ConnectionAttemptFailed Page Timeout", NULL,
      PAIR " " PAIR },
    { "on Pair call 1: error org.bluez.Error.InProgress", NULL, PAIR " " PAIR },
    { "on Pair call 1: " FAILED "No agent available for request type 2", NULL, PAIR " " PAIR },
  };

  g_test_summary ("What people have refused is not asked again");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *script = g_strconcat (NEAR, rows[i].rule, NULL);
      g_autoptr(BluezScene) scene = bluez_scene_new (script);
      DbrBluezDevice *device = bluez_scene_meet (scene);
      g_autoptr(GError) error = NULL;

      g_test_message ("%s", rows[i].rule);
      dbr_bluez_device_pair_sync (device, NULL, &error);
      if (rows[i].error == NULL)
        g_assert_no_error (error);
      else
        dbr_test_assert_remote_error (error, rows[i].error);
      bluez_scene_assert_calls (scene, rows[i].calls);
    }
}

static void
test_pair_asks_again (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NEAR "on Pair call 1: "
                                                 "error org.bluez.Error.AgentNotAvailable");
  DbrBluezDevice *device = bluez_scene_meet (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("An agent that BlueZ has lost is registered again before the pairing is");

  dbr_bluez_monitor_register_agent_sync (scene->monitor, "/agent", "NoInputNoOutput", FALSE, NULL,
                                         &error);
  g_assert_no_error (error);
  dbr_bluez_device_pair_sync (device, NULL, &error);
  g_assert_no_error (error);
  bluez_scene_assert_calls (scene, "bluez.RegisterAgent " PAIR " bluez.RegisterAgent " PAIR);
}

static void
test_disconnect_rows (void)
{
  const char *const rules[] = {
    "on Disconnect: error org.bluez.Error.NotConnected",
    "on Disconnect: error org.freedesktop.DBus.Error.UnknownObject",
  };

  g_test_summary ("What is not connected is disconnected");

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      g_autofree char *script = g_strconcat (NEAR, rules[i], NULL);
      g_autoptr(BluezScene) scene = bluez_scene_new (script);
      DbrBluezDevice *device = bluez_scene_meet (scene);
      g_autoptr(GError) error = NULL;

      dbr_bluez_device_disconnect_device_sync (device, NULL, &error);
      g_assert_no_error (error);
      bluez_scene_assert_calls (scene, DISCONNECT);
    }
}

static void
test_discovery_rows (void)
{
  const char start[] = "hci0.SetDiscoveryFilter hci0.StartDiscovery";
  const char stopped[] = "hci0.SetDiscoveryFilter hci0.StartDiscovery hci0.StopDiscovery"
                         " hci0.SetDiscoveryFilter hci0.StartDiscovery";
  const Row rows[] = {
    { "", NULL, start },
    { "on StartDiscovery call 1: error org.bluez.Error.InProgress", NULL, stopped },
    { "on StartDiscovery: error org.bluez.Error.InProgress", "org.bluez.Error.InProgress",
      stopped },
    { "on SetDiscoveryFilter: error org.bluez.Error.InvalidArguments",
      "org.bluez.Error.InvalidArguments", "hci0.SetDiscoveryFilter" },
  };

  g_test_summary ("A search that is in progress and not ours is ended once, then it is a fault");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(BluezScene) scene = bluez_scene_new (rows[i].rule);
      DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
      g_autoptr(GError) error = NULL;

      g_test_message ("%s", rows[i].rule);
      dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
      if (rows[i].error == NULL)
        g_assert_no_error (error);
      else
        dbr_test_assert_remote_error (error, rows[i].error);
      bluez_scene_assert_calls (scene, rows[i].calls);
    }
}

static gboolean
has_name (DbrBluezAdapter *adapter,
          const char      *expected)
{
  g_autofree char *name = dbr_bluez_adapter_get_name (adapter);

  return g_strcmp0 (name, expected) == 0;
}

typedef struct
{
  DbrBluezCore *core;
  gboolean      holds;
} Search;

static void
look_on_io (gpointer data)
{
  Search *search = data;
  g_autoptr(GPtrArray) standings = dbr_bluez_ledger_survey (search->core->ledger);

  for (guint i = 0; i < standings->len; i++)
    {
      const DbrBluezStanding *standing = g_ptr_array_index (standings, i);

      search->holds |= standing->kind == DBR_BLUEZ_ENTRY_DISCOVERY && standing->holds;
    }
}

static void
test_discovery_goes_on (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  g_autoptr(DbrBluezCore) core = dbr_bluez_monitor_ref_core (scene->monitor);
  Search search = { core };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A search has not ended because something else of the adapter changes");

  dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
  g_assert_no_error (error);
  bluez_scene_tell (scene, "set /org/bluez/hci0 org.bluez.LEAdvertisingManager1.ActiveInstances "
                    "byte 1");
  bluez_scene_tell (scene, "set /org/bluez/hci0 org.bluez.Adapter1.Alias 'other'");
  dbr_test_wait_until (NULL, has_name (adapter, "other"), DBR_TEST_PATIENCE_MS);

  dbr_io_ask (look_on_io, &search);
  g_assert_true (search.holds);
}

static void
test_stop_rows (void)
{
  const char *const rules[] = {
    "on StopDiscovery: error org.bluez.Error.InProgress",
    "on StopDiscovery: " FAILED "No discovery started",
    "on StopDiscovery: error org.bluez.Error.NotReady",
  };

  g_test_summary ("A search that is over is ended, whatever BlueZ calls it");

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      g_autoptr(BluezScene) scene = bluez_scene_new (rules[i]);
      DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
      g_autoptr(GError) error = NULL;

      dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error);
      g_assert_no_error (error);
      dbr_bluez_adapter_stop_discovery_sync (adapter, NULL, &error);
      g_assert_no_error (error);
    }
}

static void
test_register_rows (void)
{
  const Row rows[] = {
    { "on RegisterAgent: error org.bluez.Error.AlreadyExists", NULL, "bluez.RegisterAgent" },
    { "on RegisterAgent: error org.bluez.Error.NotPermitted", "org.bluez.Error.NotPermitted",
      "bluez.RegisterAgent" },
    { "on RegisterAgent: error org.bluez.Error.InvalidArguments",
      "org.bluez.Error.InvalidArguments", "bluez.RegisterAgent" },
  };

  g_test_summary ("What is registered already is done, and what BlueZ refuses is told");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(BluezScene) scene = bluez_scene_new (rows[i].rule);
      g_autoptr(GError) error = NULL;

      g_test_message ("%s", rows[i].rule);
      dbr_bluez_monitor_register_agent_sync (scene->monitor, "/agent", "NoInputNoOutput", FALSE,
                                             NULL, &error);
      if (rows[i].error == NULL)
        g_assert_no_error (error);
      else
        dbr_test_assert_remote_error (error, rows[i].error);
      bluez_scene_assert_calls (scene, rows[i].calls);
    }
}

static void
test_notify_rows (void)
{
  const Row rows[] = {
    { "on StartNotify call 1: error org.bluez.Error.InProgress", NULL, NULL },
    { "on StartNotify call 1: " FAILED "Operation failed with ATT error: 0x0e", NULL, NULL },
    { "on StartNotify: error org.bluez.Error.NotSupported", "org.bluez.Error.NotSupported", NULL },
    { "on StartNotify: " FAILED "Operation failed with ATT error: 0x05", "org.bluez.Error.Failed",
      NULL },
  };
  const guint n_calls[] = { 2, 2, 1, 1 };

  g_test_summary ("A value that is busy is asked for once more, and one that refuses is not");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *script = g_strconcat (NEAR, rows[i].rule, NULL);
      g_autoptr(BluezScene) scene = bluez_scene_new (script);
      DbrBluezDevice *device = bluez_scene_meet (scene);
      g_autoptr(GError) error = NULL;

      g_test_message ("%s", rows[i].rule);
      dbr_bluez_device_connect_device_sync (device, NULL, &error);
      g_assert_no_error (error);
      dbr_bluez_monitor_start_notify_sync (scene->monitor, DBR_TEST_BLUEZ_VALUE_PATH, NULL, &error);
      if (rows[i].error == NULL)
        g_assert_no_error (error);
      else
        dbr_test_assert_remote_error (error, rows[i].error);
      g_assert_cmpuint (dbr_test_peer_count (dbr_test_bluez_get_peer (scene->bluez),
                                             "StartNotify"), ==, n_calls[i]);
    }
}

static void
stalled_cb (DbrBluezMonitor *monitor,
            DbrBluezAdapter *adapter,
            gpointer         user_data)
{
  guint *n_stalled = user_data;

  (*n_stalled)++;
}

static void
test_stalls (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("on StartDiscovery: "
                                                 "error org.bluez.Error.InProgress");
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  guint n_stalled = 0;

  g_test_summary ("A controller that does not do what it is told is told of once");

  g_signal_connect (scene->monitor, "adapter-stalled", G_CALLBACK (stalled_cb), &n_stalled);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_bluez_adapter_start_discovery_sync (adapter, NULL, NULL, &error));
    }
  dbr_test_wait_until (NULL, n_stalled > 0, DBR_TEST_PATIENCE_MS);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (n_stalled, ==, 1);
}

static void
test_set_powered_busy (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new ("on Set call 1: error org.bluez.Error.Busy");
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A setting that somebody else is changing is waited for");

  g_assert_false (dbr_bluez_adapter_get_blocked (adapter));
  dbr_bluez_adapter_set_powered_sync (adapter, TRUE, NULL, &error);
  g_assert_no_error (error);
  bluez_scene_assert_calls (scene, "hci0.Powered=true");
}

static void
test_refuses_nonsense (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  g_autoptr(GError) path = NULL;
  g_autoptr(GError) capability = NULL;
  g_autoptr(GError) parameters = NULL;


  g_test_summary ("Bad values are told of before anything is begun");

  g_assert_false (dbr_bluez_monitor_start_notify_sync (scene->monitor, "nonsense", NULL, &path));
  g_assert_error (path, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_false (dbr_bluez_monitor_register_agent_sync (scene->monitor, "/agent", "Telepathy",
                                                         FALSE, NULL, &capability));
  g_assert_error (capability, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_false (dbr_bluez_monitor_register_sync (scene->monitor, "/org/bluez/hci0",
                                                   "org.bluez.GattManager1", "RegisterApplication",
                                                   NULL, NULL, &parameters));
  g_assert_error (parameters, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_refuses_filters (void)
{
  const char *filters[] = { "'le'", "{'Transport': 'le'}", "({'Transport': <'le'>},)",
                            "{'Transport': <@ms 'le'>}" };
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  DbrBluezAdapter *adapter = bluez_scene_get_adapter (scene);

  g_test_summary ("A filter that BlueZ could not take is told of, and nothing is begun");

  bluez_scene_assert_calls (scene, "");
  for (gsize i = 0; i < G_N_ELEMENTS (filters); i++)
    {
      g_autoptr(GVariant) filter = g_variant_parse (NULL, filters[i], NULL, NULL, NULL);
      g_autoptr(GError) sync_error = NULL;
      g_autoptr(GError) async_error = NULL;
      g_auto(DbrTestResult) result = { NULL };

      g_assert_false (dbr_bluez_adapter_start_discovery_sync (adapter, filter, NULL, &sync_error));
      g_assert_error (sync_error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);

      dbr_bluez_adapter_start_discovery_async (adapter, filter, NULL, dbr_test_result_cb, &result);
      g_assert_false (dbr_bluez_adapter_start_discovery_finish (adapter,
                                                                dbr_test_result_wait (&result, NULL),
                                                                &async_error));
      g_assert_error (async_error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
    }
  bluez_scene_assert_calls (scene, "");
}

static void
test_names_the_absent (void)
{
  g_autoptr(BluezScene) scene = bluez_scene_new (NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("What BlueZ does not have is named by its path, and not by its adapter's address");

  g_assert_false (dbr_bluez_monitor_start_notify_sync (scene->monitor, "/org/bluez/hci0/absent",
                                                       NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_STALE);
  g_assert_nonnull (strstr (error->message, "/org/bluez/hci0/absent"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/bluez-operations/connect-rows", test_connect_rows);
  g_test_add_func ("/dbr/bluez-operations/budgets", test_budgets);
  g_test_add_func ("/dbr/bluez-operations/joins", test_joins);
  g_test_add_func ("/dbr/bluez-operations/breaks-off-a-stale-one", test_breaks_off_a_stale_one);
  g_test_add_func ("/dbr/bluez-operations/undoes", test_undoes);
  g_test_add_func ("/dbr/bluez-operations/cancels", test_cancels);
  g_test_add_func ("/dbr/bluez-operations/breaks-off", test_breaks_off);
  g_test_add_func ("/dbr/bluez-operations/waits-for-power", test_waits_for_power);
  g_test_add_func ("/dbr/bluez-operations/outlives-a-restart", test_outlives_a_restart);
  g_test_add_func ("/dbr/bluez-operations/finds-again", test_finds_again);
  g_test_add_func ("/dbr/bluez-operations/one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/dbr/bluez-operations/pairs-late", test_pairs_late);
  g_test_add_func ("/dbr/bluez-operations/pairs-unanswered", test_pairs_unanswered);
  g_test_add_func ("/dbr/bluez-operations/pairs-and-shows-it", test_pairs_and_shows_it);
  g_test_add_func ("/dbr/bluez-operations/pair-rows", test_pair_rows);
  g_test_add_func ("/dbr/bluez-operations/pair-asks-again", test_pair_asks_again);
  g_test_add_func ("/dbr/bluez-operations/disconnect-rows", test_disconnect_rows);
  g_test_add_func ("/dbr/bluez-operations/discovery-rows", test_discovery_rows);
  g_test_add_func ("/dbr/bluez-operations/discovery-goes-on", test_discovery_goes_on);
  g_test_add_func ("/dbr/bluez-operations/stop-rows", test_stop_rows);
  g_test_add_func ("/dbr/bluez-operations/register-rows", test_register_rows);
  g_test_add_func ("/dbr/bluez-operations/notify-rows", test_notify_rows);
  g_test_add_func ("/dbr/bluez-operations/stalls", test_stalls);
  g_test_add_func ("/dbr/bluez-operations/set-powered-busy", test_set_powered_busy);
  g_test_add_func ("/dbr/bluez-operations/refuses-nonsense", test_refuses_nonsense);
  g_test_add_func ("/dbr/bluez-operations/refuses-filters", test_refuses_filters);
  g_test_add_func ("/dbr/bluez-operations/names-the-absent", test_names_the_absent);

  return g_test_run ();
}
