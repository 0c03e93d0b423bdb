/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-chaos-actor.h"

/* A pool whose connections are taken, used and given back by the main loop and by a thread: nobody
 * waits longer than was said, no connection has two holders, and all come back. */

#define MAX_SIZE 3
#define MAX_UNDER_WAY 6
#define ACQUIRE_MS 1500
#define CALL_MS 1000

typedef struct
{
  ChaosWorld *world;
  GRand      *rand;
  DbrPool    *pool;
  DbrClient  *client;
  guint       n_under_way;

  GThread    *thread;
  GRand      *thread_rand;
  gint        is_over;

  GMutex      mutex;

  /* guarded by mutex: the names of the connections that are held */
  GHashTable *held;

  gboolean    is_proving;
  gboolean    is_proven;
  gboolean    is_closing;
  gboolean    is_closed;
} Leases;

typedef struct
{
  Leases   *leases;
  ChaosOp  *op;
  DbrLease *lease;
  gboolean  is_proof;
} Holding;

/* Whose connection is it? */

static void
leases_take (Leases   *self,
             DbrLease *lease)
{
  const char *name = dbr_lease_get_unique_name (lease);
  gboolean is_new;

  /* A lease's name may be wrong where its bytes were changed, but not the same as another's that
   * is in order. */
  g_mutex_lock (&self->mutex);
  is_new = g_hash_table_add (self->held, g_strdup (name));
  g_mutex_unlock (&self->mutex);

  if (!is_new && !chaos_world_is_tainted_since (self->world, g_get_monotonic_time () - 5000000))
    chaos_world_fail (self->world, "the connection %s was lent twice at a time", name);
  chaos_world_watch (self->world, lease);
}

static void
leases_give (Leases   *self,
             DbrLease *lease)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_remove (self->held, dbr_lease_get_unique_name (lease));
  g_mutex_unlock (&self->mutex);

  dbr_lease_release (lease);
  g_object_unref (lease);
}

/* The main loop's */

static void
used_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Holding *holding = user_data;
  Leases *self = holding->leases;
  g_autoptr(GVariant) reply = NULL;

  reply = dbr_client_run_finish (DBR_CLIENT (source), result, NULL);
  chaos_op_end (holding->op);
  leases_give (self, holding->lease);
  self->n_under_way--;
  if (holding->is_proof)
    {
      self->is_proving = FALSE;
      self->is_proven = reply != NULL;
    }
}

static gboolean
give_cb (gpointer user_data)
{
  g_autofree Holding *holding = user_data;

  leases_give (holding->leases, holding->lease);
  holding->leases->n_under_way--;

  return G_SOURCE_REMOVE;
}

static void
leases_use (Leases  *self,
            Holding *holding)
{
  g_autoptr(DbrCall) call = NULL;

  if (!holding->is_proof && dbr_test_happens (self->rand, 400))
    {
      g_timeout_add (dbr_test_draw (self->rand, 0, 150), give_cb, holding);
      return;
    }

  call = dbr_call_new (CHAOS_CALM, CHAOS_PATH, DBR_TEST_INTERFACE, "Echo",
                       g_variant_new ("(i)", 5));
  dbr_call_set_timeout_ms (call, CALL_MS);
  dbr_call_set_lease (call, holding->lease);
  dbr_call_set_bypass_circuit (call, TRUE);
  holding->op = chaos_op_begin (self->world, "a call on a lease", CALL_MS);
  dbr_client_run_async (self->client, call, NULL, used_cb, holding);
}

static void
acquired_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Holding *holding = user_data;
  Leases *self = holding->leases;

  holding->lease = dbr_pool_acquire_finish (DBR_POOL (source), result, NULL);
  chaos_op_end (holding->op);
  if (holding->lease != NULL)
    {
      leases_take (self, holding->lease);
      leases_use (self, holding);
      return;
    }

  self->n_under_way--;
  if (holding->is_proof)
    self->is_proving = FALSE;
  g_free (holding);
}

static void
leases_acquire (Leases   *self,
                gboolean  is_proof)
{
  Holding *holding = g_new0 (Holding, 1);

  holding->leases = self;
  holding->is_proof = is_proof;
  holding->op = chaos_op_begin (self->world, "a lease", ACQUIRE_MS);
  self->n_under_way++;
  dbr_pool_acquire_async (self->pool, NULL, acquired_cb, holding);
}

/* The thread's */

static void
leases_use_in_thread (Leases *self)
{
  ChaosOp *op = chaos_op_begin (self->world, "a lease in a thread", ACQUIRE_MS);
  DbrLease *lease = dbr_pool_acquire_sync (self->pool, NULL, NULL);
  g_autoptr(GVariant) reply = NULL;

  chaos_op_end (op);
  if (lease == NULL)
    return;

  leases_take (self, lease);
  reply = g_dbus_connection_call_sync (dbr_lease_get_connection (lease), CHAOS_CALM, CHAOS_PATH,
                                       DBR_TEST_INTERFACE, "Echo", g_variant_new ("(i)", 5), NULL,
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, NULL);
  leases_give (self, lease);
}

static gpointer
leases_run (gpointer data)
{
  Leases *self = data;

  while (!g_atomic_int_get (&self->is_over))
    {
      leases_use_in_thread (self);
      g_usleep (dbr_test_draw (self->thread_rand, 1, 60) * 1000);
    }

  return NULL;
}

static gpointer
leases_begin (ChaosWorld *world)
{
  Leases *self = g_new0 (Leases, 1);

  self->world = world;
  self->rand = chaos_world_new_rand (world);
  self->thread_rand = chaos_world_new_rand (world);
  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->mutex);
  self->client = chaos_world_new_client (world);
  self->pool = dbr_pool_new_for_address (chaos_world_get_address (world));
  g_object_set (self->pool, "max-size", MAX_SIZE, "acquire-timeout-ms", ACQUIRE_MS,
                "health-check-ms", 500, NULL);
  chaos_world_watch (world, self->pool);
  self->thread = g_thread_new ("chaos leases", leases_run, self);

  return self;
}

static void
leases_act (gpointer actor)
{
  Leases *self = actor;

  if (self->n_under_way < MAX_UNDER_WAY && dbr_test_happens (self->rand, 60))
    leases_acquire (self, FALSE);
}

static void
leases_join (Leases *self)
{
  g_atomic_int_set (&self->is_over, TRUE);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
}

static void
closed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Leases *self = user_data;

  self->is_closed = dbr_pool_close_finish (DBR_POOL (source), result, NULL);
}

static const char *
leases_is_ill (gpointer actor,
               gboolean is_calm)
{
  Leases *self = actor;

  leases_join (self);
  if (is_calm && !self->is_proven && !self->is_proving)
    {
      self->is_proving = TRUE;
      leases_acquire (self, TRUE);
    }
  if (!self->is_proven)
    return "the leases";
  if (self->n_under_way > 0)
    return "the leases under way";

  if (!self->is_closing)
    {
      g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (self->pool);

      if (dbr_pool_stats_get_leased (stats) > 0 || dbr_pool_stats_get_waiting (stats) > 0)
        return "the leases that came back";
      self->is_closing = TRUE;
      dbr_pool_close_async (self->pool, NULL, closed_cb, self);
    }

  return self->is_closed ? NULL : "the closing of the pool";
}

static void
leases_check (gpointer actor)
{
  Leases *self = actor;
  g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (self->pool);

  if (dbr_pool_stats_get_size (stats) > 0)
    chaos_world_fail (self->world, "the pool was closed, and still has %u connections",
                      dbr_pool_stats_get_size (stats));
  if (dbr_pool_stats_get_opened_total (stats) != dbr_pool_stats_get_closed_total (stats))
    chaos_world_fail (self->world, "of %u connections that the pool opened it closed %u",
                      (guint) dbr_pool_stats_get_opened_total (stats),
                      (guint) dbr_pool_stats_get_closed_total (stats));
}

static void
leases_end (gpointer actor)
{
  Leases *self = actor;

  leases_join (self);
  g_clear_object (&self->pool);
  g_clear_object (&self->client);
  g_hash_table_unref (self->held);
  g_rand_free (self->rand);
  g_rand_free (self->thread_rand);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

const ChaosActor chaos_leases = {
  "leases", leases_begin, leases_act, leases_is_ill, leases_check, leases_end,
};
