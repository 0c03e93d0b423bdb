/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-scale-scenes.h"

#include <libdbr.h>
#include <malloc.h>
#include <time.h>

#include "dbr-testbed.h"

#define NAME "org.dbr.Test"
#define PATH "/org/dbr/Peer"
#define LIMIT_MS 30000
#define PATIENCE_MS (6 * DBR_TEST_PATIENCE_MS)
#define CALLS_EACH 20

/* A bus, a peer on it, and what was held before. */
typedef struct
{
  DbrTestBus  *bus;
  DbrTestPeer *peer;
  DbrClient   *client;
  gsize        n_bytes;
  gint64       began_usec;
  gint64       began_cpu_usec;
} Scene;

static gsize
read_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* Of all threads of this process, however busy others keep the machine. */
static gint64
read_cpu_usec (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);

  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static void
scene_init (Scene      *self,
            const char *name,
            const char *script)
{
  self->bus = dbr_test_bus_new_full (DBR_TEST_BUS_SESSION_LIMITS);
  self->peer = dbr_test_peer_new (self->bus, name, script);
  self->client = dbr_client_new_for_address (dbr_test_bus_get_address (self->bus));
  dbr_client_open_sync (self->client, NULL, NULL);
}

static void
scene_begin (Scene *self)
{
  self->n_bytes = read_bytes ();
  self->began_usec = g_get_monotonic_time ();
  self->began_cpu_usec = read_cpu_usec ();
}

static void
scene_end (Scene     *self,
           ScaleCost *cost)
{
  gsize n_bytes = read_bytes ();

  cost->cpu_usec = read_cpu_usec () - self->began_cpu_usec;
  cost->usec = g_get_monotonic_time () - self->began_usec;
  cost->n_bytes = n_bytes > self->n_bytes ? n_bytes - self->n_bytes : 0;
}

static void
scene_clear (Scene *self)
{
  g_clear_object (&self->client);
  dbr_test_peer_free (self->peer);
  dbr_test_bus_free (self->bus);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

/* Devices */

/* Those of dbr-peer count upwards. */
static void
assert_devices (GListModel *devices,
                guint       n)
{
  g_autoptr(GHashTable) addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_cmpuint (g_list_model_get_n_items (devices), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);
      g_autofree char *name = dbr_bluez_device_get_name (device);

      g_hash_table_add (addresses, g_strdup (dbr_bluez_device_get_address (device)));
      g_assert_nonnull (name);
    }
  g_assert_cmpuint (g_hash_table_size (addresses), ==, n);
}

static void
play_devices (guint      n,
              ScaleCost *cost)
{
  g_autofree char *script = g_strdup_printf ("objects %u", n);
  g_autoptr(DbrTimeouts) timeouts = dbr_timeouts_new ();
  g_auto(Scene) scene = { NULL };
  g_autoptr(DbrBluezMonitor) monitor = NULL;
  g_autoptr(GError) error = NULL;

  scene_init (&scene, "org.bluez", script);
  dbr_timeouts_set (timeouts, "default", PATIENCE_MS, NULL);
  dbr_timeouts_set (timeouts, "get_managed_objects", PATIENCE_MS, NULL);
  dbr_client_set_timeouts (scene.client, timeouts);
  monitor = dbr_bluez_monitor_new (scene.client);
  scene_begin (&scene);
  dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error);
  g_assert_no_error (error);
  scene_end (&scene, cost);
  assert_devices (dbr_bluez_monitor_get_devices (monitor), n);
}

/* Subscriptions */

static void
received_cb (const DbrTestSignal *heard,
             gpointer             user_data)
{
  guint *counts = user_data;
  guint number;

  g_variant_get (heard->parameters, "(u)", &number);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_object_get_data (heard->source, "number")), ==, number);
  counts[number]++;
  counts[0]++;
}

static void
started_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      n_started)
{
  g_autoptr(GError) error = NULL;

  dbr_subscription_start_finish (DBR_SUBSCRIPTION (source), result, &error);
  g_assert_no_error (error);
  (*(guint *) n_started)++;
}

/* Each has a rule of its own, and hears its own signal alone. */
static void
play_subscriptions (guint      n,
                    ScaleCost *cost)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree guint *counts = g_new0 (guint, n + 1);
  guint n_started = 0;

  scene_init (&scene, NAME, NULL);
  scene_begin (&scene);
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/signals/%u", i);
      DbrSubscription *subscription =
        dbr_subscription_new (scene.client, NAME, path, DBR_TEST_INTERFACE, "Told", NULL,
                              DBR_SUBSCRIPTION_FLAGS_NONE);

      g_object_set_data (G_OBJECT (subscription), "number", GUINT_TO_POINTER (i));
      dbr_test_listen (subscription, received_cb, counts);
      dbr_subscription_start_async (subscription, NULL, started_cb, &n_started);
      g_ptr_array_add (subscriptions, subscription);
    }
  dbr_test_wait_until (NULL, n_started == n, PATIENCE_MS);
  for (guint i = 1; i <= n; i++)
    dbr_test_peer_tell (scene.peer, "emit /signals/%u " DBR_TEST_INTERFACE ".Told (uint32 %u,)", i, i);
  dbr_test_wait_until (NULL, counts[0] >= n, PATIENCE_MS);
  scene_end (&scene, cost);
  for (guint i = 1; i <= n; i++)
    g_assert_cmpuint (counts[i], ==, 1);
}

/* Monitors */

static gboolean
are_healthy (GPtrArray *monitors)
{
  for (guint i = 0; i < monitors->len; i++)
    {
      if (dbr_service_monitor_get_state (monitors->pdata[i]) != DBR_SERVICE_STATE_HEALTHY)
        return FALSE;
    }

  return TRUE;
}

static void
play_monitors (guint      n,
               ScaleCost *cost)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(GPtrArray) monitors = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GError) error = NULL;

  scene_init (&scene, NAME, NULL);
  for (guint i = 0; i < n; i++)
    dbr_test_peer_tell (scene.peer, "own " NAME ".N%u", i);
  scene_begin (&scene);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf (NAME ".N%u", i);
      DbrServiceMonitor *monitor = dbr_service_monitor_new (scene.client, name);

      g_object_set (monitor, "probe-path", PATH, "probe-interface", DBR_TEST_INTERFACE,
                    "probe-property", "Name", NULL);
      dbr_service_monitor_start (monitor, &error);
      g_assert_no_error (error);
      g_ptr_array_add (monitors, monitor);
    }
  dbr_test_wait_until (NULL, are_healthy (monitors), PATIENCE_MS);
  scene_end (&scene, cost);
}

/* Clients, and threads */

static void
call_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      n_answered)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);

  g_assert_no_error (error);
  (*(guint *) n_answered)++;
}

static void
play_clients (guint      n,
              ScaleCost *cost)
{
  g_auto(Scene) scene = { NULL };
  g_autoptr(GPtrArray) clients = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_answered = 0;
  guint n_before;

  scene_init (&scene, NAME, NULL);
  n_before = dbr_test_bus_count_connections (scene.bus);
  scene_begin (&scene);
  for (guint i = 0; i < n; i++)
    {
      DbrClient *client = dbr_client_new_for_address (dbr_test_bus_get_address (scene.bus));

      g_ptr_array_add (clients, client);
      for (guint j = 0; j < CALLS_EACH; j++)
        dbr_client_call_async (client, NAME, PATH, DBR_TEST_INTERFACE, "Echo", NULL, NULL, LIMIT_MS,
                               NULL, call_cb, &n_answered);
    }
  dbr_test_wait_until (NULL, n_answered == n * CALLS_EACH, PATIENCE_MS);
  scene_end (&scene, cost);
  g_assert_cmpuint (dbr_test_bus_count_connections (scene.bus), >=, n_before + n);
}

static gpointer
call_thread (gpointer client)
{
  for (guint i = 0; i < CALLS_EACH; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) reply =
        dbr_client_call_sync (client, NAME, PATH, DBR_TEST_INTERFACE, "Echo",
                              g_variant_new ("(u)", i), NULL, LIMIT_MS, NULL, &error);
      guint number;

      g_assert_no_error (error);
      g_variant_get (reply, "(u)", &number);
      g_assert_cmpuint (number, ==, i);
    }

  return NULL;
}

static void
play_threads (guint      n,
              ScaleCost *cost)
{
  g_auto(Scene) scene = { NULL };
  g_autofree GThread **threads = g_new0 (GThread *, n);

  scene_init (&scene, NAME, NULL);
  scene_begin (&scene);
  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new ("scale", call_thread, scene.client);
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
  scene_end (&scene, cost);
}

const ScaleScene scale_scenes[SCALE_N_SCENES] = {
  { "devices", "10 000 devices are there, each once", 10000, play_devices },
  { "subscriptions", "1000 subscriptions hear each its own signal, once", 1000,
    play_subscriptions },
  { "monitors", "100 monitors find their services healthy", 100, play_monitors },
  { "clients", "64 clients in one process get all their answers", 64, play_clients },
  { "threads", "256 threads at one client get each its own answers", 256, play_threads },
};
