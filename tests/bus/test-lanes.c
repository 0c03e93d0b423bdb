/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/dbr-io-private.h"
#include "bus/dbr-client-private.h"
#include "bus/dbr-opening-private.h"
#include "bus/dbr-side-lanes-private.h"
#include "dbr-scene.h"

/* A client opens further connections when services that hang hold half of what the bus allows it,
 * and not before. */

/* What fills half of a lane: no destination may hold more of an empty one. */
#define N_HALF 64
#define N_PEERS 6
#define LIMIT_MS ((guint) dbr_test_stretch (300))

typedef struct
{
  Scene        *scene;
  DbrTestPeer  *peers[N_PEERS];
  char         *names[N_PEERS];
  Outcome      *outcomes;
  guint         n_outcomes;
  guint         n_lost;
} Town;

static void
lost_cb (DbrClient    *client,
         const GError *error,
         gpointer      user_data)
{
  Town *town = user_data;

  town->n_lost++;
}

/* Below the circuit and with a wide window, unless all is as it ships. */
static Town *
town_new (gboolean is_wide)
{
  Town *self = g_new0 (Town, 1);

  self->scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  self->outcomes = g_new0 (Outcome, N_HALF * N_PEERS * 2);
  if (is_wide)
    dbr_client_set_max_in_flight (self->scene->client, N_HALF);
  g_signal_connect (self->scene->client, "connection-lost", G_CALLBACK (lost_cb), self);
  for (guint i = 0; i < N_PEERS; i++)
    {
      g_autoptr(DbrCircuitBreaker) circuit = NULL;

      self->names[i] = g_strdup_printf ("org.dbr.Town%u", i);
      self->peers[i] = dbr_test_peer_new (self->scene->bus, self->names[i], NULL);
      if (!is_wide)
        continue;

      circuit = dbr_client_get_circuit (self->scene->client, self->names[i]);
      g_object_set (circuit, "consecutive-failures", G_MAXUINT, "min-calls", G_MAXUINT, NULL);
    }
  scene_assert_answers (self->scene->client);

  return self;
}

static void
town_free (Town *self)
{
  for (guint i = 0; i < self->n_outcomes; i++)
    {
      scene_wait (&self->outcomes[i]);
      outcome_clear (&self->outcomes[i]);
    }
  g_free (self->outcomes);
  g_signal_handlers_disconnect_by_data (self->scene->client, self);
  for (guint i = 0; i < N_PEERS; i++)
    {
      dbr_test_peer_free (self->peers[i]);
      g_free (self->names[i]);
    }
  scene_free (self->scene);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Town, town_free)

/* How many connections the client has: all others are the peers'. */
static guint
town_count (Town *self)
{
  return dbr_test_bus_count_connections (self->scene->bus) - N_PEERS - 1;
}

static void
town_wait_count (Town *self,
                 guint n)
{
  dbr_test_wait_until (NULL, town_count (self) == n,
                       DBR_TEST_PATIENCE_MS + DBR_SIDE_LANES_LINGER_MS);
}

/* The bus knows a connection before the client uses it. Two may hold all that the bus allows, and
 * of the others that counts which is held. */
static void
town_wait_opened (Town  *self,
                  guint  n)
{
  DbrLink *link = self->scene->client->link;

  dbr_test_wait_until (NULL, dbr_link_get_n_slots (link) >= (n + 2) * N_HALF, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (town_count (self), ==, n);
}

/* Each read is of another object, so that none joins another. */
static DbrCall *
read_new (const char *name,
          guint       place,
          const char *property,
          guint       limit_ms)
{
  g_autofree char *path = g_strdup_printf ("/org/dbr/Place%u", place);
  DbrCall *call = dbr_call_new (name, path, "org.freedesktop.DBus.Properties", "Get",
                                g_variant_new ("(ss)", DBR_TEST_INTERFACE, property));

  dbr_call_set_timeout_ms (call, limit_ms);

  return call;
}

static Outcome *
town_run (Town    *self,
          DbrCall *call)
{
  Outcome *outcome = &self->outcomes[self->n_outcomes++];

  scene_run_async (self->scene->client, call, NULL, outcome);

  return outcome;
}

static void
town_read_within (Town *self,
                  guint peer,
                  guint n,
                  guint limit_ms)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(DbrCall) call = read_new (self->names[peer], self->n_outcomes, "Level", limit_ms);

      town_run (self, call);
    }
}

/* What is not meant to be answered. */
static void
town_read (Town *self,
           guint peer,
           guint n)
{
  town_read_within (self, peer, n, LIMIT_MS);
}

/* Half of a lane's slots are held by a service that hangs, and nobody waits for any of them. */
static void
town_hang (Town *self,
           guint peer)
{
  guint first = self->n_outcomes;

  dbr_test_peer_stop (self->peers[peer]);
  town_read (self, peer, N_HALF);
  for (guint i = first; i < self->n_outcomes; i++)
    {
      scene_wait (&self->outcomes[i]);
      g_assert_error (self->outcomes[i].error, DBR_ERROR, DBR_ERROR_DEADLINE);
    }
}

static void
assert_reads (Town *self,
              guint peer)
{
  g_autoptr(DbrCall) call = read_new (self->names[peer], self->n_outcomes, "Level", 5000);
  Outcome *outcome = town_run (self, call);

  scene_wait (outcome);
  g_assert_no_error (outcome->error);
}

static void
assert_writes (Town       *self,
               guint       peer,
               const char *token)
{
  g_autoptr(DbrCall) call = dbr_call_new (self->names[peer], SCENE_PATH, DBR_TEST_INTERFACE,
                                          "Increment", g_variant_new ("(s)", token));
  Outcome *outcome;

  dbr_call_set_timeout_ms (call, 5000);
  outcome = town_run (self, call);
  scene_wait (outcome);
  g_assert_no_error (outcome->error);
  g_assert_cmpuint (dbr_test_peer_executions (self->peers[peer], token), ==, 1);
}

static void
test_ordinary (void)
{
  g_autoptr(Town) town = town_new (FALSE);
  guint first;

  g_test_summary ("With the limits that ship there is one connection, busy or with a service that hangs");
  for (guint i = 0; i < 3; i++)
    town_read_within (town, i, N_HALF, DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < town->n_outcomes; i++)
    {
      scene_wait (&town->outcomes[i]);
      g_assert_no_error (town->outcomes[i].error);
    }

  dbr_test_peer_stop (town->peers[0]);
  first = town->n_outcomes;
  town_read (town, 0, N_HALF);
  for (guint i = first; i < town->n_outcomes; i++)
    scene_wait (&town->outcomes[i]);
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), ==, 16);
  assert_reads (town, 1);
  g_assert_cmpuint (town_count (town), ==, 1);
}

static void
test_takes_over (void)
{
  g_autoptr(Town) town = town_new (TRUE);
  g_autofree char *name = g_strdup (dbr_client_get_unique_name (town->scene->client));

  g_test_summary ("Where services hang others go on, by a fresh connection, which is closed in the end");
  town_hang (town, 0);
  town_wait_opened (town, 2);
  town_hang (town, 1);
  /* More than one connection could hold. */
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), ==, 2 * N_HALF);
  assert_reads (town, 2);
  assert_writes (town, 2, "beside");
  town_wait_opened (town, 3);
  town_hang (town, 2);
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), ==, 3 * N_HALF);
  assert_reads (town, 3);

  for (guint i = 0; i < 3; i++)
    dbr_test_peer_cont (town->peers[i]);
  dbr_test_wait_until (NULL, dbr_client_get_orphans (town->scene->client) == 0,
                       DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < 3; i++)
    {
      assert_reads (town, i);
      assert_writes (town, i, "again");
    }
  town_wait_count (town, 1);
  g_assert_cmpuint (dbr_client_get_in_flight (town->scene->client), ==, 0);
  g_assert_cmpstr (dbr_client_get_unique_name (town->scene->client), ==, name);
  g_assert_cmpuint (town->n_lost, ==, 0);
}

static void
test_bounded (void)
{
  const guint n_most = 2 + DBR_SIDE_LANES_MAX_ASIDE;
  g_autoptr(Town) town = town_new (TRUE);

  g_test_summary ("Services that never answer cannot make a client open connections without end");
  for (guint i = 0; i < N_PEERS - 1; i++)
    {
      town_hang (town, i);
      /* It is asked for one more with each. */
      assert_reads (town, N_PEERS - 1);
      town_wait_opened (town, MIN (i + 2, n_most));
    }
  for (guint i = 0; i < 20; i++)
    assert_reads (town, N_PEERS - 1);
  assert_writes (town, N_PEERS - 1, "last");
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), >=, n_most * N_HALF);
  g_assert_cmpuint (town_count (town), ==, n_most);

  for (guint i = 0; i < N_PEERS - 1; i++)
    dbr_test_peer_kill (town->peers[i]);
  dbr_test_wait_until (NULL, dbr_client_get_orphans (town->scene->client) == 0,
                       DBR_TEST_PATIENCE_MS);
}

static void
test_writes_stay (void)
{
  g_autoptr(Town) town = town_new (TRUE);

  g_test_summary ("What a service may tie to the connection it came by opens no other one");
  dbr_test_peer_stop (town->peers[0]);
  for (guint i = 0; i < N_HALF; i++)
    {
      g_autoptr(DbrCall) call = dbr_call_new (town->names[0], SCENE_PATH, DBR_TEST_INTERFACE,
                                              "Increment", g_variant_new ("(s)", "stay"));

      dbr_call_set_timeout_ms (call, LIMIT_MS);
      town_run (town, call);
    }
  for (guint i = 0; i < town->n_outcomes; i++)
    scene_wait (&town->outcomes[i]);
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), ==, N_HALF);
  assert_writes (town, 1, "stay");
  g_assert_cmpuint (town_count (town), ==, 1);

  /* One that may go by another does open it. */
  assert_reads (town, 1);
  town_wait_opened (town, 2);
}

static void
test_listening_stays (void)
{
  g_autoptr(Town) town = town_new (TRUE);
  g_autoptr(DbrSubscription) subscription = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Reads of a service whose signals are heard stay in order with them");
  subscription = dbr_subscription_new (town->scene->client, town->names[0], NULL,
                                       DBR_TEST_INTERFACE, "Tick", NULL,
                                       DBR_SUBSCRIPTION_FLAGS_NONE);
  dbr_subscription_start_sync (subscription, NULL, &error);
  g_assert_no_error (error);
  town_hang (town, 0);
  g_assert_cmpuint (town_count (town), ==, 1);
}

static void
test_order (void)
{
  g_autoptr(Town) town = town_new (TRUE);
  g_autoptr(DbrCall) slow = read_new (town->names[1], 1, "Slow", 5000);
  g_autoptr(DbrCall) next = dbr_call_new (town->names[1], SCENE_PATH, DBR_TEST_INTERFACE,
                                          "Increment", g_variant_new ("(s)", "behind"));
  g_autoptr(DbrCall) last = read_new (town->names[1], 2, "Level", 5000);
  guint counter = 0;
  Outcome *outcomes[3];

  g_test_summary ("A call overtakes none to the same service that went by another connection");
  town_hang (town, 0);
  town_wait_opened (town, 2);
  assert_reads (town, 2);

  for (guint i = 0; i < 3; i++)
    {
      DbrCall *const calls[] = { slow, next, last };

      outcomes[i] = &town->outcomes[town->n_outcomes];
      outcomes[i]->counter = &counter;
      dbr_call_set_timeout_ms (calls[i], 5000);
      town_run (town, calls[i]);
    }
  for (guint i = 0; i < 3; i++)
    {
      scene_wait (outcomes[i]);
      g_assert_no_error (outcomes[i]->error);
      g_assert_cmpuint (outcomes[i]->place, ==, i);
    }
}

static void
test_lost_alone (void)
{
  g_autoptr(Town) town = town_new (TRUE);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autofree char *name = g_strdup (dbr_client_get_unique_name (town->scene->client));
  g_autoptr(SceneSockets) before = NULL;
  g_autoptr(SceneSockets) after = NULL;
  g_autoptr(DbrCall) call = read_new (town->names[1], 1, "Slow", 5000);
  Outcome *outcome;

  g_test_summary ("The loss of a further connection fails its calls and does nothing else");
  /* With the connection that counts, and before the further one. */
  g_assert_cmpuint (town_count (town), ==, 1);
  before = scene_sockets_new ();
  dbr_retry_policy_set_max_attempts (policy, 1);
  dbr_client_set_retry_policy (town->scene->client, policy);
  town_hang (town, 0);
  town_wait_opened (town, 2);
  assert_reads (town, 1);
  after = scene_sockets_new ();

  outcome = town_run (town, call);
  g_assert_cmpuint (scene_sockets_cut_new (after, before), ==, 1);
  scene_wait (outcome);
  g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  g_assert_cmpint (dbr_client_get_state (town->scene->client), ==, DBR_CLIENT_STATE_CONNECTED);
  g_assert_cmpstr (dbr_client_get_unique_name (town->scene->client), ==, name);
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), ==, N_HALF);
  g_assert_cmpuint (town->n_lost, ==, 0);
  assert_reads (town, 2);
  assert_writes (town, 2, "after");
  town_wait_count (town, 1);
}

static void
test_close (void)
{
  g_autoptr(Town) town = town_new (TRUE);
  g_autoptr(DbrCall) call = read_new (town->names[1], 1, "Slow", 5000);
  Outcome *outcome;

  g_test_summary ("A client that is closed ends what is under way on all its connections");
  town_hang (town, 0);
  town_wait_opened (town, 2);
  outcome = town_run (town, call);
  dbr_client_close_async (town->scene->client, NULL, NULL, NULL);
  scene_wait (outcome);
  g_assert_error (outcome->error, DBR_ERROR, DBR_ERROR_CLOSED);
  town_wait_count (town, 0);
}

static void
test_main_lost (void)
{
  g_autoptr(Town) town = town_new (TRUE);

  g_test_summary ("With the main connection all are lost, and one is made again");
  town_hang (town, 0);
  town_wait_opened (town, 2);
  town_hang (town, 1);
  dbr_test_peer_cont (town->peers[0]);
  dbr_test_peer_cont (town->peers[1]);
  dbr_test_bus_restart (town->scene->bus);
  dbr_test_wait_until (NULL, town->n_lost == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (dbr_client_get_orphans (town->scene->client), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      dbr_test_peer_restart (town->peers[i]);
      assert_reads (town, i);
      assert_writes (town, i, "anew");
    }
  g_assert_cmpuint (dbr_client_get_in_flight (town->scene->client), ==, 0);
}

/* Who is given a connection, and is told meanwhile that nobody wants it. */
typedef struct
{
  DbrTestBus *bus;
  GWeakRef    transport;
  gint        is_done;
} Unwanted;

static void
opened_cb (DbrTransport *transport,
           GError       *error,
           gpointer      user_data)
{
  static const DbrLaneListener listener = { NULL };
  g_autoptr(GError) reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED, "Nobody wants it");
  g_autoptr(DbrLane) lane = NULL;
  Unwanted *unwanted = user_data;

  g_assert_no_error (error);
  g_weak_ref_set (&unwanted->transport, transport);
  lane = dbr_lane_new (transport, TRUE, 128, &listener, NULL, NULL);
  dbr_lane_close (lane, reason);
  dbr_lane_start (lane);
  g_atomic_int_set (&unwanted->is_done, TRUE);
}

static void
open_cb (gpointer data)
{
  const DbrTransportLimits limits = { 128, 1 << 20, 16, 512 };
  Unwanted *unwanted = data;
  G_GNUC_UNUSED g_autoptr(DbrOpening) opening =
    dbr_opening_start (dbr_test_bus_get_address (unwanted->bus), TRUE, &limits,
                       DBR_TEST_PATIENCE_MS, opened_cb, unwanted, NULL);
}

static gboolean
is_gone (GWeakRef *ref)
{
  g_autoptr(GObject) object = g_weak_ref_get (ref);

  return object == NULL;
}

static void
test_closed_before (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  Unwanted unwanted = { bus };

  g_test_summary ("Of a lane that is closed before it is started nothing is left");
  g_weak_ref_init (&unwanted.transport, NULL);
  dbr_io_invoke (open_cb, &unwanted);
  dbr_test_wait_until (NULL, g_atomic_int_get (&unwanted.is_done), DBR_TEST_PATIENCE_MS);
  dbr_test_wait_until (NULL, is_gone (&unwanted.transport), DBR_TEST_PATIENCE_MS);
  g_weak_ref_clear (&unwanted.transport);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/lanes/one-in-ordinary-use", test_ordinary);
  g_test_add_func ("/dbr/lanes/a-fresh-one-takes-over", test_takes_over);
  g_test_add_func ("/dbr/lanes/not-without-end", test_bounded);
  g_test_add_func ("/dbr/lanes/what-may-not-move-opens-none", test_writes_stay);
  g_test_add_func ("/dbr/lanes/in-order-with-signals", test_listening_stays);
  g_test_add_func ("/dbr/lanes/in-order-with-each-other", test_order);
  g_test_add_func ("/dbr/lanes/lost-alone", test_lost_alone);
  g_test_add_func ("/dbr/lanes/lost-together", test_main_lost);
  g_test_add_func ("/dbr/lanes/closed-together", test_close);
  g_test_add_func ("/dbr/lanes/closed-before-its-start", test_closed_before);

  return g_test_run ();
}
