/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/dbr-call-private.h"
#include "bus/dbr-probe-lane-private.h"
#include "bus/dbr-transport-private.h"
#include "dbr-scene.h"

/* A probe is behind nothing but what the service itself has to do. */

/* What one service may hold of the slots of a connection, and what the bus has besides us: the peer. */
#define N_HALF 64
#define N_OTHERS 1

typedef struct
{
  Scene   *scene;
  Outcome  outcomes[3 * N_HALF];
  guint    n_outcomes;
} Watch;

static Watch *
watch_new (guint max_in_flight)
{
  Watch *self = g_new0 (Watch, 1);

  self->scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  scene_hold_circuit (self->scene->client);
  dbr_client_set_max_in_flight (self->scene->client, max_in_flight);
  scene_assert_answers (self->scene->client);

  return self;
}

static void
watch_free (Watch *self)
{
  g_autoptr(GError) error = NULL;

  dbr_client_close_sync (self->scene->client, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < self->n_outcomes; i++)
    {
      scene_wait (&self->outcomes[i]);
      outcome_clear (&self->outcomes[i]);
    }
  scene_free (self->scene);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watch, watch_free)

static guint
watch_count (Watch *self)
{
  return dbr_test_bus_count_connections (self->scene->bus) - N_OTHERS;
}

static Outcome *
watch_run (Watch    *self,
           DbrCall  *call,
           gboolean  is_probe)
{
  Outcome *outcome = &self->outcomes[self->n_outcomes++];

  if (is_probe)
    dbr_call_set_is_probe (call);
  scene_run_async (self->scene->client, call, NULL, outcome);

  return outcome;
}

static void
watch_park (Watch *self,
            guint  n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 60000);

      watch_run (self, call, FALSE);
    }
}

static void
assert_probes (Watch *self)
{
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
  Outcome *outcome = watch_run (self, call, TRUE);

  scene_wait (outcome);
  g_assert_no_error (outcome->error);
  g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
}

static void
assert_pings (Watch *self)
{
  g_autoptr(GError) error = NULL;
  gint64 usec = dbr_client_ping_sync (self->scene->client, SCENE_NAME, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (usec, >=, 0);
}

static void
test_own_connection (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  g_autoptr(DbrCall) control = dbr_call_new (DBR_BUS_NAME, DBR_BUS_PATH, DBR_BUS_INTERFACE, "GetId",
                                             NULL);
  g_autofree char *name = g_strdup (dbr_client_get_unique_name (watch->scene->client));

  g_test_summary ("All probes go by one further connection, in order with what the bus is asked");
  g_assert_cmpuint (watch_count (watch), ==, 1);
  for (guint i = 0; i < 5; i++)
    assert_probes (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
  g_assert_cmpstr (dbr_client_get_unique_name (watch->scene->client), ==, name);

  watch_run (watch, control, TRUE);
  scene_wait (&watch->outcomes[watch->n_outcomes - 1]);
  g_assert_no_error (watch->outcomes[watch->n_outcomes - 1].error);
  g_assert_cmpuint (watch_count (watch), ==, 2);
}

static void
test_past_window (void)
{
  g_autoptr(Watch) watch = watch_new (16);

  g_test_summary ("A probe does not wait for its turn behind calls that are not answered");
  watch_park (watch, 60);
  assert_probes (watch);
  g_assert_cmpuint (dbr_client_get_in_flight (watch->scene->client), ==, 16);
}

static void
test_past_slots (void)
{
  g_autoptr(Watch) watch = watch_new (N_HALF);

  g_test_summary ("A probe has a slot although the service holds all that it may have");
  watch_park (watch, N_HALF);
  assert_probes (watch);
  assert_pings (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
}

static void
test_ping_crowded (void)
{
  g_autoptr(Watch) watch = watch_new (N_HALF);

  g_test_summary ("A ping goes past the calls that hold all slots of the service");
  assert_pings (watch);
  g_assert_cmpuint (watch_count (watch), ==, 1);
  watch_park (watch, N_HALF);
  for (guint i = 0; i < 3; i++)
    assert_pings (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
}

static void
test_ping_silent (void)
{
  g_autoptr(Watch) watch = watch_new (16);

  g_test_summary ("A ping does not trust a connection on which no call was answered for a second");
  assert_pings (watch);
  watch_park (watch, 1);
  dbr_test_wait_until (NULL, g_get_monotonic_time () - watch->outcomes[0].began_usec
                       >= G_USEC_PER_SEC * 11 / 10, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (watch_count (watch), ==, 1);
  assert_pings (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
}

static void
test_ping_unsent (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  g_autofree char *text = g_strnfill (1024 * 1024, 'x');
  g_auto(DbrTestResult) result = { NULL };
  g_autoptr(GError) error = NULL;

  g_test_summary ("A ping does not queue up behind what the bus has not read");
  dbr_test_bus_stop (watch->scene->bus);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(s)", text), 20000);

      watch_run (watch, call, FALSE);
    }
  dbr_client_ping_async (watch->scene->client, SCENE_NAME, NULL, dbr_test_result_cb, &result);
  dbr_test_bus_cont (watch->scene->bus);
  g_assert_cmpint (dbr_client_ping_finish (watch->scene->client,
                                           dbr_test_result_wait (&result, NULL), &error), >=, 0);
  g_assert_no_error (error);
  g_assert_cmpuint (watch_count (watch), ==, 2);
}

static void
test_each_sent (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  Outcome *outcomes[4];

  g_test_summary ("Probes that ask the same at once are all sent, and none is sent twice");
  dbr_test_peer_tell (watch->scene->peer, "on Get: wait 100");
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr(DbrCall) call = dbr_call_new (SCENE_NAME, SCENE_PATH,
                                              "org.freedesktop.DBus.Properties", "Get",
                                              g_variant_new ("(ss)", DBR_TEST_INTERFACE, "Level"));

      outcomes[i] = watch_run (watch, call, TRUE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      scene_wait (outcomes[i]);
      g_assert_no_error (outcomes[i]->error);
      g_assert_false (dbr_call_get_joined (outcomes[i]->call));
    }
  g_assert_cmpuint (dbr_test_peer_count (watch->scene->peer, "Get"), ==, 4);

  g_test_message ("and one that fails is not repeated");
  dbr_test_peer_tell (watch->scene->peer,
                      "on Echo: error org.freedesktop.DBus.Error.LimitsExceeded");
  {
    g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 5000);
    Outcome *outcome = watch_run (watch, call, TRUE);

    scene_wait (outcome);
    g_assert_error (outcome->error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
    g_assert_cmpuint (dbr_call_get_attempts (call), ==, 1);
  }
}

static void
test_worn (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  guint n_sent = 0;

  g_test_summary ("A service that misses each probe is probed on, by a fresh connection in the end");
  assert_probes (watch);
  dbr_test_peer_stop (watch->scene->peer);
  for (guint i = 0; n_sent < N_HALF + 10; i++)
    {
      g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 20);
      Outcome *outcome = watch_run (watch, call, TRUE);

      scene_wait (outcome);
      g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_DEADLINE);
      /* A busy machine may need longer than that to write one. */
      n_sent += dbr_call_get_queue_usec (call) >= 0;
      g_assert_cmpuint (i, <, 10 * N_HALF);
    }
  g_assert_cmpuint (dbr_client_get_orphans (watch->scene->client), <=, 10);
  dbr_test_peer_cont (watch->scene->peer);
  assert_probes (watch);
  dbr_test_wait_until (NULL, watch_count (watch) == 2, DBR_TEST_PATIENCE_MS);
}

static void
test_lost_alone (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  g_autoptr(SceneSockets) before = NULL;
  g_autoptr(SceneSockets) after = NULL;
  g_autoptr(DbrCall) call = scene_call_new ("Never", NULL, 20000);
  Outcome *outcome;

  g_test_summary ("When the connection for probes is lost, they go by the main one for a while");
  g_assert_cmpuint (watch_count (watch), ==, 1);
  before = scene_sockets_new ();
  assert_probes (watch);
  after = scene_sockets_new ();
  outcome = watch_run (watch, call, TRUE);
  g_assert_cmpuint (scene_sockets_cut_new (after, before), ==, 1);
  scene_wait (outcome);
  g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  g_assert_cmpint (dbr_client_get_state (watch->scene->client), ==, DBR_CLIENT_STATE_CONNECTED);
  assert_probes (watch);
  g_assert_cmpuint (watch_count (watch), ==, 1);
}

static void
test_bus_lost (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  g_autoptr(DbrCall) call = scene_call_new ("Echo", NULL, 20000);
  Outcome *outcome;

  g_test_summary ("A probe that is begun while there is no bus waits for it, and goes its own way");
  assert_probes (watch);
  dbr_test_bus_kill (watch->scene->bus);
  dbr_test_wait_until (NULL, dbr_client_get_state (watch->scene->client)
                       == DBR_CLIENT_STATE_RECONNECTING, DBR_TEST_PATIENCE_MS);
  dbr_call_set_auto_start (call, FALSE);
  outcome = watch_run (watch, call, TRUE);
  dbr_test_bus_restart (watch->scene->bus);
  scene_wait (outcome);
  dbr_test_peer_restart (watch->scene->peer);
  assert_probes (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
  g_assert_cmpuint (dbr_client_get_in_flight (watch->scene->client), ==, 0);
}

static void
test_adopted (void)
{
  g_autoptr(Watch) watch = watch_new (16);
  g_autoptr(GDBusConnection) connection = dbr_test_bus_connect (watch->scene->bus);
  guint n = watch_count (watch);

  g_test_summary ("Beside a connection of the application there is no other, for probes neither");
  g_clear_object (&watch->scene->client);
  watch->scene->client = dbr_client_new_for_connection (connection);
  assert_probes (watch);
  dbr_test_wait_until (NULL, watch_count (watch) == n - 1, DBR_TEST_PATIENCE_MS);
}

static void
test_unused (void)
{
  g_autoptr(Watch) watch = watch_new (16);

  g_test_summary ("The connection for probes is closed when none has been sent for a minute");
  assert_probes (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
  dbr_test_wait_until (NULL, watch_count (watch) == 1,
                       2 * DBR_PROBE_LANE_LINGER_MS + DBR_TEST_PATIENCE_MS);
  assert_probes (watch);
  g_assert_cmpuint (watch_count (watch), ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/probes/have-a-connection", test_own_connection);
  g_test_add_func ("/dbr/probes/do-not-wait-their-turn", test_past_window);
  g_test_add_func ("/dbr/probes/have-slots", test_past_slots);
  g_test_add_func ("/dbr/probes/are-all-sent", test_each_sent);
  g_test_add_func ("/dbr/probes/missed-without-end", test_worn);
  g_test_add_func ("/dbr/probes/connection-lost", test_lost_alone);
  g_test_add_func ("/dbr/probes/bus-lost", test_bus_lost);
  g_test_add_func ("/dbr/probes/adopted-connection", test_adopted);
  if (g_test_slow ())
    g_test_add_func ("/dbr/probes/unused", test_unused);
  g_test_add_func ("/dbr/pings/past-a-service-that-hangs", test_ping_crowded);
  g_test_add_func ("/dbr/pings/past-silence", test_ping_silent);
  g_test_add_func ("/dbr/pings/past-what-is-not-sent", test_ping_unsent);

  return g_test_run ();
}
