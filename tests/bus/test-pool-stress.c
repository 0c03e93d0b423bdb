/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-scene.h"

/* Many threads at one pool, while connections die. */

#define N_THREADS 32
#define N_ROUNDS 1000
#define MAX_SIZE 8
/* One in so many leases ends with its connection cut, or with its holder finding it so. */
#define CUT_EACH 40

typedef struct
{
  DbrPool    *pool;
  guint       n_rounds;

  GMutex      mutex;

  /* guarded by mutex */
  GHashTable *holders;
  guint       n_cut;

  /* the main thread's, and the last one atomic */
  guint       n_opened;
  guint       n_closed;
  gint        n_done;
} Crowd;

static void
opened_cb (DbrPool    *pool,
           const char *unique_name,
           Crowd      *crowd)
{
  crowd->n_opened++;
}

static void
closed_cb (DbrPool    *pool,
           const char *unique_name,
           GError     *error,
           Crowd      *crowd)
{
  crowd->n_closed++;
}

static gboolean
crowd_enter (Crowd      *self,
             const char *unique_name)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_hash_table_add (self->holders, g_strdup (unique_name));
}

static void
crowd_leave (Crowd      *self,
             const char *unique_name,
             gboolean    is_cut)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_assert_true (g_hash_table_remove (self->holders, unique_name));
  self->n_cut += is_cut;
}

static void
cut (GDBusConnection *connection)
{
  GIOStream *stream = g_dbus_connection_get_stream (connection);

  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)),
                     TRUE, TRUE, NULL);
}

static void
use (Crowd *self,
     GRand *rand)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (self->pool, NULL, &error);
  GDBusConnection *connection;
  gboolean is_cut = g_rand_int_range (rand, 0, CUT_EACH) == 0;

  g_assert_no_error (error);
  connection = dbr_lease_get_connection (lease);
  g_assert_false (g_dbus_connection_is_closed (connection));
  g_assert_true (crowd_enter (self, dbr_lease_get_unique_name (lease)));

  if (g_rand_int_range (rand, 0, 4) == 0)
    dbr_test_ping (connection, "org.freedesktop.DBus");
  if (is_cut)
    cut (connection);

  crowd_leave (self, dbr_lease_get_unique_name (lease), is_cut);
  if (g_rand_boolean (rand))
    dbr_lease_release (lease);
}

static gpointer
crowd_thread (gpointer data)
{
  Crowd *crowd = data;
  g_autoptr(GRand) rand = g_rand_new ();

  for (guint i = 0; i < crowd->n_rounds; i++)
    use (crowd, rand);
  g_atomic_int_inc (&crowd->n_done);
  g_main_context_wakeup (NULL);

  return NULL;
}

static gboolean
is_settled (Crowd      *crowd,
            DbrTestBus *bus,
            guint       n_others)
{
  g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (crowd->pool);

  return dbr_pool_stats_get_opened_total (stats) == crowd->n_opened
         && dbr_pool_stats_get_closed_total (stats) == crowd->n_closed
         && dbr_test_bus_count_connections (bus) == n_others + dbr_pool_stats_get_size (stats);
}

static void
test_crowd (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(DbrPoolStats) stats = NULL;
  guint n_others = dbr_test_bus_count_connections (bus);
  Crowd crowd = { .pool = pool };
  GThread *threads[N_THREADS];
  gint64 began = g_get_monotonic_time ();

  g_test_summary ("32 threads acquire and release 1000 times each while connections are cut: no "
                  "connection ever has two holders, none that is known to be dead is lent, and in "
                  "the end all figures agree with the bus");
  crowd.n_rounds = N_ROUNDS;
  g_mutex_init (&crowd.mutex);
  crowd.holders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  dbr_pool_set_max_size (pool, MAX_SIZE);
  dbr_pool_set_acquire_timeout_ms (pool, 10 * DBR_TEST_PATIENCE_MS);
  g_signal_connect (pool, "connection-opened", G_CALLBACK (opened_cb), &crowd);
  g_signal_connect (pool, "connection-closed", G_CALLBACK (closed_cb), &crowd);

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("crowd", crowd_thread, &crowd);
  /* What is told is heard meanwhile: of what nobody hears only so much is kept. */
  dbr_test_wait_until (NULL, g_atomic_int_get (&crowd.n_done) == N_THREADS,
                       10 * DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_test_message ("%u leases in %" G_GINT64_FORMAT " ms", N_THREADS * crowd.n_rounds,
                  (g_get_monotonic_time () - began) / 1000);

  g_assert_cmpuint (g_hash_table_size (crowd.holders), ==, 0);
  g_assert_cmpuint (crowd.n_cut, >, 0);
  dbr_test_wait_until (NULL, is_settled (&crowd, bus, n_others), DBR_TEST_PATIENCE_MS);
  stats = dbr_pool_get_stats (pool);
  g_assert_cmpuint (dbr_pool_stats_get_leased (stats), ==, 0);
  g_assert_cmpuint (dbr_pool_stats_get_waiting (stats), ==, 0);
  g_assert_cmpuint (dbr_pool_stats_get_failed_total (stats), ==, 0);
  g_assert_cmpuint (dbr_pool_stats_get_size (stats), ==, dbr_pool_stats_get_idle (stats));
  g_assert_cmpuint (dbr_pool_stats_get_size (stats), <=, MAX_SIZE);
  g_assert_cmpuint (dbr_pool_stats_get_size (stats), ==,
                    dbr_pool_stats_get_opened_total (stats)
                    - dbr_pool_stats_get_closed_total (stats));
  /* All that were cut have ended, and nothing else was closed. */
  g_assert_cmpuint (dbr_pool_stats_get_closed_total (stats), ==, crowd.n_cut);

  dbr_pool_close_sync (pool, NULL, NULL);
  dbr_test_wait_until (NULL, dbr_test_bus_count_connections (bus) == n_others, DBR_TEST_PATIENCE_MS);
  g_hash_table_unref (crowd.holders);
  g_mutex_clear (&crowd.mutex);
}

typedef struct
{
  DbrPool *pool;
  guint    next;
  guint    n_done;
} Line;

typedef struct
{
  Line  *line;
  guint  place;
} Standing;

static void
served_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autofree Standing *standing = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrLease) lease = dbr_pool_acquire_finish (DBR_POOL (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (standing->place, ==, standing->line->next++);
  if (standing->place % CUT_EACH == 0)
    cut (dbr_lease_get_connection (lease));
  standing->line->n_done++;
}

static void
test_line (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address (dbr_test_bus_get_address (bus));
  Line line = { .pool = pool };

  g_test_summary ("A thousand who wait are served in order, whatever connections die meanwhile");
  dbr_pool_set_max_size (pool, MAX_SIZE);
  dbr_pool_set_acquire_timeout_ms (pool, 10 * DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Standing *standing = g_new (Standing, 1);

      standing->line = &line;
      standing->place = i;
      dbr_pool_acquire_async (pool, NULL, served_cb, standing);
    }
  dbr_test_wait_until (NULL, line.n_done == N_ROUNDS, 3 * DBR_TEST_PATIENCE_MS);
}

static gpointer
cancel_thread (gpointer data)
{
  GAsyncQueue *queue = data;
  gpointer cancellable;

  /* The last one is the queue itself. */
  while ((cancellable = g_async_queue_pop (queue)) != queue)
    {
      g_cancellable_cancel (cancellable);
      g_object_unref (cancellable);
    }

  return NULL;
}

static void
test_given_up (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address (dbr_test_bus_get_address (scene->bus));
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, NULL);
  g_autoptr(GAsyncQueue) queue = g_async_queue_new ();
  GThread *thread = g_thread_new ("cancel", cancel_thread, queue);
  GObject *connection = G_OBJECT (dbr_lease_get_connection (lease));
  guint n_given_up = 0;

  g_test_summary ("A call on a lease that is cancelled while it is being sent leaves nothing behind "
                  "on the connection");
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(DbrCall) call = scene_call_new ("Echo", g_variant_new ("(s)", "text"), 5000);
      g_auto(Outcome) outcome = { NULL };

      dbr_call_set_lease (call, lease);
      g_async_queue_push (queue, g_object_ref (cancellable));
      scene_run_sync (scene->client, call, cancellable, &outcome);
      n_given_up += outcome.error != NULL;
    }
  g_async_queue_push (queue, queue);
  g_thread_join (thread);

  g_assert_cmpuint (n_given_up, >, 0);
  /* The pool's own, and nothing else. */
  dbr_test_wait_until (NULL, g_atomic_int_get (&connection->ref_count) == 1, DBR_TEST_PATIENCE_MS);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/pool/serves-a-crowd", test_crowd);
  g_test_add_func ("/dbr/pool/serves-a-long-line-in-order", test_line);
  g_test_add_func ("/dbr/pool/keeps-nothing-of-calls-given-up", test_given_up);

  return g_test_run ();
}
