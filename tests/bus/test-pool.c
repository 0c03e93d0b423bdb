/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbr-scene.h"

/* What a pool promises, on a real bus. */

#define SHORT_MS 200
#define XML "<node><interface name='org.example.Thing'><method name='Do'/></interface></node>"

/* A pool of a bus of its own, and what it told. */
typedef struct
{
  DbrTestBus *bus;
  DbrPool    *pool;
  /* connections of the test itself */
  guint       n_others;

  GPtrArray  *news;
  GError     *error;
  gint64      usec;
  guint       held_ms;
} Stage;

static void
stage_note (Stage      *self,
            const char *what)
{
  g_ptr_array_add (self->news, g_strdup (what));
}

static void
opened_cb (DbrPool    *pool,
           const char *unique_name,
           Stage      *stage)
{
  g_assert_true (g_dbus_is_unique_name (unique_name));
  stage_note (stage, "opened");
}

static void
closed_cb (DbrPool    *pool,
           const char *unique_name,
           GError     *error,
           Stage      *stage)
{
  g_assert_true (g_dbus_is_unique_name (unique_name));
  stage_note (stage, error != NULL ? "lost" : "closed");
  g_clear_error (&stage->error);
  stage->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
stalled_cb (DbrPool    *pool,
            const char *unique_name,
            gint64      silent_usec,
            Stage      *stage)
{
  stage_note (stage, "stalled");
  stage->usec = silent_usec;
}

static void
recovered_cb (DbrPool    *pool,
              const char *unique_name,
              gint64      down_usec,
              Stage      *stage)
{
  stage_note (stage, "recovered");
  stage->usec = down_usec;
}

static void
exhausted_cb (DbrPool *pool,
              Stage   *stage)
{
  stage_note (stage, "exhausted");
}

static void
available_cb (DbrPool *pool,
              Stage   *stage)
{
  stage_note (stage, "available");
}

static void
leaked_cb (DbrPool    *pool,
           const char *unique_name,
           guint       held_ms,
           Stage      *stage)
{
  stage_note (stage, "leaked");
  stage->held_ms = held_ms;
}

static Stage *
stage_new (guint max_size)
{
  Stage *self = g_new0 (Stage, 1);

  self->bus = dbr_test_bus_new ();
  self->n_others = dbr_test_bus_count_connections (self->bus);
  self->pool = dbr_pool_new_for_address (dbr_test_bus_get_address (self->bus));
  dbr_pool_set_max_size (self->pool, max_size);
  self->news = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (self->pool, "connection-opened", G_CALLBACK (opened_cb), self);
  g_signal_connect (self->pool, "connection-closed", G_CALLBACK (closed_cb), self);
  g_signal_connect (self->pool, "connection-stalled", G_CALLBACK (stalled_cb), self);
  g_signal_connect (self->pool, "connection-recovered", G_CALLBACK (recovered_cb), self);
  g_signal_connect (self->pool, "exhausted", G_CALLBACK (exhausted_cb), self);
  g_signal_connect (self->pool, "available", G_CALLBACK (available_cb), self);
  g_signal_connect (self->pool, "lease-leaked", G_CALLBACK (leaked_cb), self);

  return self;
}

static void
stage_free (Stage *self)
{
  g_clear_object (&self->pool);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_clear_pointer (&self->news, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stage, stage_free)

static guint
stage_count_news (Stage      *self,
                  const char *what)
{
  guint n = 0;

  for (guint i = 0; i < self->news->len; i++)
    n += g_str_equal (g_ptr_array_index (self->news, i), what);

  return n;
}

static void
stage_wait_news (Stage      *self,
                 const char *what,
                 guint       n)
{
  dbr_test_wait_until (NULL, stage_count_news (self, what) == n, DBR_TEST_PATIENCE_MS);
}

static void
stage_assert_stats (Stage   *self,
                    guint    idle,
                    guint    leased,
                    guint    waiting,
                    guint64  opened,
                    guint64  closed)
{
  g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (self->pool);

  g_assert_cmpuint (dbr_pool_stats_get_idle (stats), ==, idle);
  g_assert_cmpuint (dbr_pool_stats_get_leased (stats), ==, leased);
  g_assert_cmpuint (dbr_pool_stats_get_size (stats), ==, idle + leased);
  g_assert_cmpuint (dbr_pool_stats_get_waiting (stats), ==, waiting);
  g_assert_cmpuint (dbr_pool_stats_get_opened_total (stats), ==, opened);
  g_assert_cmpuint (dbr_pool_stats_get_closed_total (stats), ==, closed);
}

/* The bus's own count, which it may be a moment late with. */
static void
stage_wait_connections (Stage *self,
                        guint  n)
{
  dbr_test_wait_until (NULL, dbr_test_bus_count_connections (self->bus) == self->n_others + n,
                       DBR_TEST_PATIENCE_MS);
}

static DbrLease *
stage_acquire (Stage *self)
{
  g_autoptr(GError) error = NULL;
  DbrLease *lease = dbr_pool_acquire_sync (self->pool, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (DBR_IS_LEASE (lease));

  return lease;
}

static void
stage_assert_error (Stage      *self,
                    int         code,
                    const char *part)
{
  g_autoptr(GError) error = NULL;
  DbrLease *lease = dbr_pool_acquire_sync (self->pool, NULL, &error);

  g_assert_null (lease);
  g_assert_error (error, DBR_ERROR, code);
  g_assert_nonnull (strstr (error->message, part));
}

static DbrLease *
take_lease (DbrTestResult  *result,
            GError        **error)
{
  GAsyncResult *async = dbr_test_result_wait (result, NULL);

  return dbr_pool_acquire_finish (DBR_POOL (result->source), async, error);
}

/* Cuts a connection as a bus does that throws it out. */
static void
cut (DbrLease *lease)
{
  GIOStream *stream = g_dbus_connection_get_stream (dbr_lease_get_connection (lease));

  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)),
                     TRUE, TRUE, NULL);
}

static void
assert_alive (DbrLease *lease)
{
  dbr_test_ping (dbr_lease_get_connection (lease), "org.freedesktop.DBus");
}

static gpointer
unref_thread (gpointer data)
{
  g_object_unref (data);

  return NULL;
}

static void
test_lends (void)
{
  g_autoptr(Stage) stage = stage_new (2);
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(DbrLease) other = NULL;
  g_autofree char *unique_name = NULL;

  g_test_summary ("Nothing is connected until somebody asks; what is given back is lent again");
  stage_assert_stats (stage, 0, 0, 0, 0, 0);
  stage_wait_connections (stage, 0);

  lease = stage_acquire (stage);
  assert_alive (lease);
  g_assert_false (g_dbus_connection_get_exit_on_close (dbr_lease_get_connection (lease)));
  g_assert_cmpstr (dbr_lease_get_unique_name (lease), ==,
                   g_dbus_connection_get_unique_name (dbr_lease_get_connection (lease)));
  stage_assert_stats (stage, 0, 1, 0, 1, 0);
  stage_wait_connections (stage, 1);

  other = stage_acquire (stage);
  g_assert_true (dbr_lease_get_connection (lease) != dbr_lease_get_connection (other));
  stage_assert_stats (stage, 0, 2, 0, 2, 0);

  unique_name = g_strdup (dbr_lease_get_unique_name (lease));
  dbr_lease_release (lease);
  dbr_lease_release (lease);
  g_assert_null (dbr_lease_get_connection (lease));
  g_assert_cmpstr (dbr_lease_get_unique_name (lease), ==, unique_name);
  stage_assert_stats (stage, 1, 1, 0, 2, 0);

  g_clear_object (&lease);
  lease = stage_acquire (stage);
  g_assert_cmpstr (dbr_lease_get_unique_name (lease), ==, unique_name);
  stage_assert_stats (stage, 0, 2, 0, 2, 0);
  stage_wait_news (stage, "opened", 2);
}

static void
test_last_reference (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  DbrLease *lease = stage_acquire (stage);
  g_autofree char *unique_name = g_strdup (dbr_lease_get_unique_name (lease));

  g_test_summary ("A lease ends with its last reference, in whichever thread that goes");
  g_thread_join (g_thread_new ("unref", unref_thread, lease));
  stage_assert_stats (stage, 1, 0, 0, 1, 0);
  lease = stage_acquire (stage);
  g_assert_cmpstr (dbr_lease_get_unique_name (lease), ==, unique_name);
  g_object_unref (lease);
}

static void
test_order (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  DbrTestResult results[5] = { { NULL, NULL, 0 }, };
  g_autoptr(DbrLease) lease = stage_acquire (stage);

  g_test_summary ("Those who wait are served in order, and the pool tells that it is exhausted once");
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    dbr_pool_acquire_async (stage->pool, NULL, dbr_test_result_cb, &results[i]);
  stage_assert_stats (stage, 0, 1, 5, 1, 0);

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr(GError) error = NULL;

      g_clear_object (&lease);
      lease = take_lease (&results[i], &error);
      g_assert_no_error (error);
      assert_alive (lease);
      for (guint j = i + 1; j < G_N_ELEMENTS (results); j++)
        g_assert_cmpuint (results[j].n_calls, ==, 0);
      dbr_test_result_clear (&results[i]);
    }

  g_assert_cmpuint (stage_count_news (stage, "exhausted"), ==, 1);
  g_assert_cmpuint (stage_count_news (stage, "available"), ==, 0);
  g_clear_object (&lease);
  stage_wait_news (stage, "available", 1);
  stage_assert_stats (stage, 1, 0, 0, 1, 0);
}

static void
test_limit (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL, NULL, 0 };
  gint64 began;

  g_test_summary ("Who waits gives up at the limit, and leaves no trace");
  dbr_pool_set_acquire_timeout_ms (stage->pool, SHORT_MS);
  began = g_get_monotonic_time ();
  stage_assert_error (stage, DBR_ERROR_DEADLINE, "200 ms");
  g_assert_cmpint (g_get_monotonic_time () - began, >=, SHORT_MS * 1000);
  g_assert_cmpint (g_get_monotonic_time () - began, <, SHORT_MS * 1000 + SCENE_GRACE_USEC);

  began = g_get_monotonic_time ();
  dbr_pool_acquire_async (stage->pool, NULL, dbr_test_result_cb, &result);
  g_assert_null (take_lease (&result, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, SHORT_MS * 1000);
  g_assert_cmpint (g_get_monotonic_time () - began, <, SHORT_MS * 1000 + SCENE_GRACE_USEC);

  stage_assert_stats (stage, 0, 1, 0, 1, 0);
  g_clear_object (&lease);
  lease = stage_acquire (stage);
}

static gpointer
cancel_thread (gpointer data)
{
  Stage *stage = ((gpointer *) data)[0];
  guint n_waiting = 0;

  while (n_waiting == 0)
    {
      g_autoptr(DbrPoolStats) stats = dbr_pool_get_stats (stage->pool);

      n_waiting = dbr_pool_stats_get_waiting (stats);
      g_thread_yield ();
    }
  g_cancellable_cancel (((gpointer *) data)[1]);

  return NULL;
}

static void
test_cancel (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) before = { NULL, NULL, 0 };
  g_auto(DbrTestResult) first = { NULL, NULL, 0 };
  g_auto(DbrTestResult) second = { NULL, NULL, 0 };
  gpointer data[] = { stage, cancellable };
  GThread *thread;

  g_test_summary ("Who is cancelled no longer waits, and does not hold up who comes after");
  thread = g_thread_new ("cancel", cancel_thread, data);
  g_assert_null (dbr_pool_acquire_sync (stage->pool, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_clear_error (&error);

  dbr_pool_acquire_async (stage->pool, cancellable, dbr_test_result_cb, &before);
  g_assert_cmpuint (before.n_calls, ==, 0);
  g_assert_null (take_lease (&before, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_cancellable_reset (cancellable);
  dbr_pool_acquire_async (stage->pool, cancellable, dbr_test_result_cb, &first);
  dbr_pool_acquire_async (stage->pool, NULL, dbr_test_result_cb, &second);
  g_cancellable_cancel (cancellable);
  g_assert_null (take_lease (&first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_clear_object (&lease);
  lease = take_lease (&second, &error);
  g_assert_no_error (error);
  stage_assert_stats (stage, 0, 1, 0, 1, 0);
}

/* A lease that came in the same moment as the cancellation goes back to the pool. */
static void
test_cancel_late (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrLease) lease = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) result = { NULL, NULL, 0 };

  g_test_summary ("A lease that nobody takes any more goes back");
  g_object_unref (stage_acquire (stage));
  dbr_pool_acquire_async (stage->pool, cancellable, dbr_test_result_cb, &result);
  dbr_test_result_wait (&result, NULL);
  g_cancellable_cancel (cancellable);
  lease = dbr_pool_acquire_finish (stage->pool, result.result, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  dbr_test_result_clear (&result);
  lease = stage_acquire (stage);
  stage_assert_stats (stage, 0, 1, 0, 1, 0);
}

static void
test_bad_settings (void)
{
  static const struct
  {
    const char *name;
    guint       value;
  } bad[] = {
    { "max-size", 0 },
    { "min-size", 6 },
    { "min-size", G_MAXUINT },
    { "acquire-timeout-ms", 0 },
    { "acquire-timeout-ms", 24 * 60 * 60 * 1000 + 1 },
    { "max-idle-ms", G_MAXUINT },
    { "max-age-ms", G_MAXUINT },
    { "health-check-ms", G_MAXUINT },
    { "leak-warn-ms", G_MAXUINT },
  };
  g_autoptr(Stage) stage = stage_new (5);

  g_test_summary ("Values that are not allowed are errors of the next acquisition, and name themselves");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto(DbrTestResult) result = { NULL, NULL, 0 };
      g_autoptr(GError) error = NULL;
      guint good;

      g_object_get (stage->pool, bad[i].name, &good, NULL);
      g_object_set (stage->pool, bad[i].name, bad[i].value, NULL);
      stage_assert_error (stage, DBR_ERROR_INVALID_ARGUMENT, bad[i].name);
      dbr_pool_acquire_async (stage->pool, NULL, dbr_test_result_cb, &result);
      g_assert_null (take_lease (&result, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
      g_object_set (stage->pool, bad[i].name, good, NULL);
    }

  g_object_unref (stage_acquire (stage));
}

static void
test_no_bus (void)
{
  g_autoptr(DbrPool) pool = dbr_pool_new_for_address ("unix:path=/nonexistent/bus");
  g_autoptr(DbrPoolStats) stats = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  g_test_summary ("Without a bus nobody waits for the limit");
  g_assert_null (dbr_pool_acquire_sync (pool, NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
  stats = dbr_pool_get_stats (pool);
  g_assert_cmpuint (dbr_pool_stats_get_failed_total (stats), ==, 1);
  g_assert_cmpuint (dbr_pool_stats_get_size (stats), ==, 0);
}

static void
test_bus_restarts (void)
{
  g_autoptr(Stage) stage = stage_new (2);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autoptr(DbrLease) idle = stage_acquire (stage);

  g_test_summary ("When the bus goes, all are told as lost; when it is back, new ones are opened");
  g_clear_object (&idle);
  dbr_test_bus_kill (stage->bus);
  stage_wait_news (stage, "lost", 2);
  g_assert_error (stage->error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  stage_assert_stats (stage, 0, 0, 0, 2, 2);
  stage_assert_error (stage, DBR_ERROR_NO_BUS, dbr_test_bus_get_address (stage->bus));

  dbr_test_bus_restart (stage->bus);
  g_clear_object (&lease);
  lease = stage_acquire (stage);
  assert_alive (lease);
  stage_assert_stats (stage, 0, 1, 0, 3, 2);
}

static void
test_cut_is_not_lent (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autofree char *unique_name = g_strdup (dbr_lease_get_unique_name (lease));

  g_test_summary ("A connection that was cut is replaced, whether its holder still has it or not");
  cut (lease);
  stage_wait_news (stage, "lost", 1);
  stage_assert_stats (stage, 0, 0, 0, 1, 1);
  g_assert_nonnull (dbr_lease_get_connection (lease));
  {
    g_autoptr(DbrLease) second = stage_acquire (stage);

    assert_alive (second);
    g_assert_cmpstr (dbr_lease_get_unique_name (second), !=, unique_name);
    dbr_lease_release (lease);
    stage_assert_stats (stage, 0, 1, 0, 2, 1);
    cut (second);
  }
  g_clear_object (&lease);
  lease = stage_acquire (stage);
  assert_alive (lease);
  stage_wait_news (stage, "lost", 2);
}

static void
nothing_cb (void)
{
}

static void
leave_nothing (GDBusConnection *connection)
{
}

static void
leave_call (GDBusConnection *connection)
{
  g_autoptr(GVariant) reply = dbr_test_call_peer (connection, SCENE_NAME, "Echo",
                                                  g_variant_new ("(s)", "a"), NULL);

  g_assert_nonnull (reply);
}

static void
leave_unanswered (GDBusConnection *connection)
{
  g_dbus_connection_call (connection, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Wait",
                          g_variant_new ("(u)", 100), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          (GAsyncReadyCallback) nothing_cb, NULL);
}

static void
leave_name (GDBusConnection *connection)
{
  g_autoptr(GVariant) reply = dbr_test_call (connection, "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                             "RequestName", g_variant_new ("(su)", "org.example.A",
                                                                           0), -1, NULL);

  g_assert_nonnull (reply);
}

/* The bus is not asked yet when the lease ends. */
static void
leave_name_soon (GDBusConnection *connection)
{
  g_dbus_connection_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "RequestName",
                          g_variant_new ("(su)", "org.example.A", 0), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static void
leave_no_name (GDBusConnection *connection)
{
  g_autoptr(GVariant) reply = NULL;

  leave_name (connection);
  reply = dbr_test_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                         "org.freedesktop.DBus", "ReleaseName",
                         g_variant_new ("(s)", "org.example.A"), -1, NULL);
  g_assert_nonnull (reply);
}

static guint
subscribe (GDBusConnection *connection)
{
  return g_dbus_connection_signal_subscribe (connection, SCENE_NAME, DBR_TEST_INTERFACE, "Tick",
                                             NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                             (GDBusSignalCallback) nothing_cb, NULL, NULL);
}

static void
leave_rule (GDBusConnection *connection)
{
  subscribe (connection);
}

static void
leave_no_rule (GDBusConnection *connection)
{
  g_dbus_connection_signal_unsubscribe (connection, subscribe (connection));
}

static guint
export_at (GDBusConnection *connection,
           const char      *path)
{
  g_autoptr(GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (XML, NULL);
  g_autoptr(GError) error = NULL;
  guint id;

  id = g_dbus_connection_register_object (connection, path, info->interfaces[0], NULL, NULL, NULL,
                                          &error);
  g_assert_no_error (error);

  return id;
}

static void
leave_object (GDBusConnection *connection)
{
  export_at (connection, "/org/example/Thing");
}

static void
leave_root_object (GDBusConnection *connection)
{
  export_at (connection, "/");
}

static void
leave_no_object (GDBusConnection *connection)
{
  g_dbus_connection_unregister_object (connection, export_at (connection, "/"));
}

static void
leave_agent (GDBusConnection *connection)
{
  g_autoptr(GVariant) reply = NULL;

  reply = dbr_test_call (connection, SCENE_NAME, SCENE_PATH, "org.bluez.Adapter1", "StartDiscovery",
                         NULL, -1, NULL);
}

typedef struct
{
  const char *what;
  void (*leave)(GDBusConnection *connection);
  gboolean    is_reused;
} Leftover;

static const Leftover leftovers[] = {
  { "nothing", leave_nothing, TRUE },
  { "a-call", leave_call, TRUE },
  { "a-call-unanswered", leave_unanswered, TRUE },
  { "a-name", leave_name, FALSE },
  { "a-name-not-asked-for-yet", leave_name_soon, FALSE },
  { "a-name-released", leave_no_name, TRUE },
  { "a-match-rule", leave_rule, FALSE },
  { "a-match-rule-removed", leave_no_rule, TRUE },
  { "an-object", leave_object, FALSE },
  { "an-object-at-the-root", leave_root_object, FALSE },
  { "an-object-unexported", leave_no_object, TRUE },
  { "what-a-service-keeps-for-its-caller", leave_agent, FALSE },
};

static void
test_leftover (gconstpointer data)
{
  const Leftover *leftover = data;
  g_autoptr(Stage) stage = stage_new (1);
  G_GNUC_UNUSED g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (stage->bus, SCENE_NAME, NULL);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autofree char *unique_name = g_strdup (dbr_lease_get_unique_name (lease));
  g_autofree char *owner = NULL;

  g_test_summary ("No holder finds what the last one left, and one that left nothing is followed on "
                  "the same connection");
  leftover->leave (dbr_lease_get_connection (lease));
  g_clear_object (&lease);
  lease = stage_acquire (stage);
  assert_alive (lease);
  if (leftover->is_reused)
    g_assert_cmpstr (dbr_lease_get_unique_name (lease), ==, unique_name);
  else
    g_assert_cmpstr (dbr_lease_get_unique_name (lease), !=, unique_name);

  stage_assert_stats (stage, 0, 1, 0, leftover->is_reused ? 1 : 2, leftover->is_reused ? 0 : 1);
  /* The pool's, and the peer's. */
  stage_wait_connections (stage, 2);
  owner = dbr_test_bus_dup_owner (stage->bus, "org.example.A");
  g_assert_null (owner);
}

static void
test_orphans (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrTestPeer) peer = dbr_test_peer_new (stage->bus, SCENE_NAME, NULL);
  g_autoptr(DbrLease) lease = stage_acquire (stage);

  g_test_summary ("Calls left unanswered are counted until they are answered, and too many of them "
                  "end the connection");
  for (guint round = 0; round < 2; round++)
    {
      guint n_calls = round == 0 ? 32 : 33;
      g_autoptr(DbrPoolStats) stats = NULL;

      dbr_test_peer_stop (peer);
      for (guint i = 0; i < n_calls; i++)
        leave_unanswered (dbr_lease_get_connection (lease));
      g_clear_object (&lease);
      lease = stage_acquire (stage);
      stats = dbr_pool_get_stats (stage->pool);
      g_assert_cmpuint (dbr_pool_stats_get_orphans (stats), ==, round == 0 ? 32 : 0);
      g_assert_cmpuint (dbr_pool_stats_get_closed_total (stats), ==, round);
      dbr_test_peer_cont (peer);

      do
        {
          g_main_context_iteration (NULL, FALSE);
          g_clear_object (&stats);
          stats = dbr_pool_get_stats (stage->pool);
        }
      while (dbr_pool_stats_get_orphans (stats) > 0);
    }
}

static void
test_left_while_asked (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autofree char *unique_name = g_strdup (dbr_lease_get_unique_name (lease));

  g_test_summary ("A sign of life that was asked for before the lease ended says nothing of what was "
                  "left since");
  dbr_test_bus_stop (stage->bus);
  dbr_pool_set_health_check_ms (stage->pool, 50);
  stage_wait_news (stage, "stalled", 1);
  leave_name_soon (dbr_lease_get_connection (lease));
  g_clear_object (&lease);
  dbr_test_bus_cont (stage->bus);
  lease = stage_acquire (stage);
  g_assert_cmpstr (dbr_lease_get_unique_name (lease), !=, unique_name);
  stage_wait_news (stage, "closed", 1);
}

static void
test_subtree_at_root (void)
{
  static const GDBusSubtreeVTable vtable = { NULL, NULL, NULL, { NULL, } };
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autofree char *unique_name = g_strdup (dbr_lease_get_unique_name (lease));
  g_autoptr(GError) error = NULL;

  g_test_summary ("A connection of which nobody can tell what is exported there is not lent again");
  g_main_context_push_thread_default (context);
  g_dbus_connection_register_subtree (dbr_lease_get_connection (lease), "/", &vtable,
                                      G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES,
                                      NULL, NULL, &error);
  g_main_context_pop_thread_default (context);
  g_assert_no_error (error);
  g_clear_object (&lease);
  lease = stage_acquire (stage);
  g_assert_cmpstr (dbr_lease_get_unique_name (lease), !=, unique_name);
  stage_wait_news (stage, "closed", 1);
  g_assert_cmpuint (stage_count_news (stage, "stalled"), ==, 0);
}

static void
test_sizes (void)
{
  g_autoptr(Stage) stage = stage_new (3);
  DbrLease *leases[3];

  g_test_summary ("Idle connections are closed but for the smallest size, old ones when they are "
                  "idle, and those that were lost are replaced up to it");
  dbr_pool_set_min_size (stage->pool, 2);
  for (guint i = 0; i < 3; i++)
    leases[i] = stage_acquire (stage);
  for (guint i = 0; i < 3; i++)
    g_object_unref (leases[i]);
  dbr_pool_set_max_idle_ms (stage->pool, SHORT_MS);
  stage_wait_news (stage, "closed", 1);
  stage_assert_stats (stage, 2, 0, 0, 3, 1);
  stage_wait_connections (stage, 2);

  dbr_pool_set_max_size (stage->pool, 1);
  dbr_pool_set_min_size (stage->pool, 1);
  stage_wait_news (stage, "closed", 2);
  stage_assert_stats (stage, 1, 0, 0, 3, 2);

  leases[0] = stage_acquire (stage);
  cut (leases[0]);
  stage_wait_news (stage, "opened", 4);
  g_object_unref (leases[0]);
  stage_assert_stats (stage, 1, 0, 0, 4, 3);

  leases[0] = stage_acquire (stage);
  dbr_pool_set_min_size (stage->pool, 0);
  dbr_pool_set_max_age_ms (stage->pool, 1);
  assert_alive (leases[0]);
  stage_assert_stats (stage, 0, 1, 0, 4, 3);
  g_object_unref (leases[0]);
  stage_wait_news (stage, "closed", 3);
  stage_assert_stats (stage, 0, 0, 0, 4, 4);
}

static void
test_leak (void)
{
  g_autoptr(Stage) stage = stage_new (1);
  g_autoptr(DbrLease) lease = NULL;

  g_test_summary ("A lease that is held for long is told once");
  dbr_pool_set_leak_warn_ms (stage->pool, SHORT_MS);
  lease = stage_acquire (stage);
  stage_wait_news (stage, "leaked", 1);
  g_assert_cmpuint (stage->held_ms, >=, SHORT_MS);
  g_assert_cmpuint (stage->held_ms, <, SHORT_MS + SCENE_GRACE_USEC / 1000);
  assert_alive (lease);
  g_clear_object (&lease);

  lease = stage_acquire (stage);
  stage_wait_news (stage, "leaked", 2);
}

static void
test_stall (void)
{
  g_autoptr(Stage) stage = stage_new (2);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autoptr(DbrLease) idle = stage_acquire (stage);

  g_test_summary ("A bus that stops is told once as a stall of each connection, lent or idle, and as "
                  "recovered when it goes on");
  g_clear_object (&idle);
  dbr_pool_set_acquire_timeout_ms (stage->pool, SHORT_MS);
  dbr_test_bus_stop (stage->bus);
  dbr_pool_set_health_check_ms (stage->pool, 50);
  stage_wait_news (stage, "stalled", 2);
  g_assert_cmpint (stage->usec, >=, 2 * G_USEC_PER_SEC);
  g_assert_cmpint (stage->usec, <, 10 * G_USEC_PER_SEC);
  stage_assert_stats (stage, 1, 1, 0, 2, 0);
  stage_assert_error (stage, DBR_ERROR_DEADLINE, "200 ms");

  dbr_pool_set_acquire_timeout_ms (stage->pool, 5000);
  dbr_test_bus_cont (stage->bus);
  stage_wait_news (stage, "recovered", 2);
  g_assert_cmpint (stage->usec, >=, 2 * G_USEC_PER_SEC);
  idle = stage_acquire (stage);
  assert_alive (idle);
  assert_alive (lease);
  g_assert_cmpuint (stage_count_news (stage, "stalled"), ==, 2);
  g_assert_cmpuint (stage_count_news (stage, "lost"), ==, 0);
}

static void
test_close (gconstpointer data)
{
  gboolean is_async = GPOINTER_TO_INT (data);
  g_autoptr(Stage) stage = stage_new (2);
  g_autoptr(DbrLease) lease = stage_acquire (stage);
  g_autoptr(DbrLease) other = stage_acquire (stage);
  g_autoptr(GError) error = NULL;
  g_auto(DbrTestResult) waiter = { NULL, NULL, 0 };
  g_auto(DbrTestResult) closed = { NULL, NULL, 0 };

  g_test_summary ("A closed pool lends nothing, ends who waits, and leaves leases to their holders");
  dbr_pool_acquire_async (stage->pool, NULL, dbr_test_result_cb, &waiter);
  if (is_async)
    {
      dbr_pool_close_async (stage->pool, NULL, dbr_test_result_cb, &closed);
      dbr_pool_close_finish (stage->pool, dbr_test_result_wait (&closed, NULL), &error);
    }
  else
    {
      dbr_pool_close_sync (stage->pool, NULL, &error);
    }
  g_assert_no_error (error);
  g_assert_null (take_lease (&waiter, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_CLOSED);
  stage_assert_error (stage, DBR_ERROR_CLOSED, "closed");
  stage_assert_stats (stage, 0, 2, 0, 2, 0);
  assert_alive (lease);
  assert_alive (other);

  g_clear_object (&other);
  stage_assert_stats (stage, 0, 1, 0, 2, 1);
  stage_wait_connections (stage, 1);
  assert_alive (lease);

  /* Its connection outlives the pool too. */
  dbr_test_result_clear (&waiter);
  dbr_test_result_clear (&closed);
  g_clear_object (&stage->pool);
  assert_alive (lease);
  g_clear_object (&lease);
  stage_wait_connections (stage, 0);
}

static void
test_dispose (void)
{
  g_autoptr(Stage) stage = stage_new (2);
  DbrLease *lease = stage_acquire (stage);
  gint64 began;

  g_test_summary ("The last reference to a pool closes it, and waits for nobody");
  g_object_unref (stage_acquire (stage));
  dbr_test_bus_stop (stage->bus);
  began = g_get_monotonic_time ();
  g_clear_object (&stage->pool);
  g_object_unref (lease);
  g_assert_cmpint (g_get_monotonic_time () - began, <, SCENE_GRACE_USEC);
  dbr_test_bus_cont (stage->bus);
  stage_wait_connections (stage, 0);
}

static int
acquire_in_child (DbrPool *pool)
{
  g_autoptr(GError) error = NULL;
  DbrLease *lease = dbr_pool_acquire_sync (pool, NULL, &error);

  return lease == NULL && g_error_matches (error, DBR_ERROR, DBR_ERROR_FORKED) ? 0 : 1;
}

static void
test_fork (void)
{
  g_autoptr(Stage) stage = stage_new (2);
  DbrLease *lease = stage_acquire (stage);
  int status;
  pid_t pid;

  g_test_summary ("In a child of fork() a pool says that it cannot work there, and never hangs");
  pid = fork ();
  if (pid == 0)
    {
      g_autoptr(DbrPool) own = NULL;
      int failed;

      alarm (DBR_TEST_PATIENCE_MS / 1000);
      failed = acquire_in_child (stage->pool);
      g_object_unref (lease);
      g_object_unref (stage->pool);
      own = dbr_pool_new_for_address (dbr_test_bus_get_address (stage->bus));
      failed += acquire_in_child (own);
      _exit (failed);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  assert_alive (lease);
  g_object_unref (lease);
}

static void
acquire_again_cb (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(DbrLease) lease =
    dbr_pool_acquire_finish (DBR_POOL (source), result, &error);
  g_autoptr(DbrLease) other = NULL;

  g_assert_no_error (error);
  other = dbr_pool_acquire_sync (DBR_POOL (source), NULL, &error);
  g_assert_no_error (error);
  dbr_test_ping (dbr_lease_get_connection (other), "org.freedesktop.DBus");
  *(gboolean *) user_data = TRUE;
}

static void
acquire_in_signal_cb (DbrPool    *pool,
                      const char *unique_name,
                      gboolean   *is_done)
{
  g_autoptr(DbrLease) lease = dbr_pool_acquire_sync (pool, NULL, NULL);

  *is_done = DBR_IS_LEASE (lease);
}

static void
test_sync_in_callback (void)
{
  g_autoptr(Stage) stage = stage_new (2);
  gboolean is_done = FALSE;
  gboolean is_signalled = FALSE;

  g_test_summary ("A connection can be acquired and waited for in callbacks and signal handlers");
  g_signal_connect (stage->pool, "connection-opened", G_CALLBACK (acquire_in_signal_cb),
                    &is_signalled);
  dbr_pool_acquire_async (stage->pool, NULL, acquire_again_cb, &is_done);
  dbr_test_wait_until (NULL, is_done && is_signalled, DBR_TEST_PATIENCE_MS);
}

static void
in_context_cb (DbrPool       *pool,
               const char    *unique_name,
               GMainContext **context)
{
  *context = g_main_context_get_thread_default ();
}

static void
test_contexts (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrPool) pool = NULL;
  g_autoptr(DbrLease) lease = NULL;
  GMainContext *signal_context = NULL;

  g_test_summary ("Signals are emitted in the context the pool was made in, wherever it is used");
  g_main_context_push_thread_default (context);
  pool = dbr_pool_new_for_address (dbr_test_bus_get_address (bus));
  g_signal_connect (pool, "connection-opened", G_CALLBACK (in_context_cb), &signal_context);
  g_main_context_pop_thread_default (context);

  lease = dbr_pool_acquire_sync (pool, NULL, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_null (signal_context);
  g_main_context_push_thread_default (context);
  dbr_test_wait_until (context, signal_context != NULL, DBR_TEST_PATIENCE_MS);
  g_main_context_pop_thread_default (context);
  g_assert_true (signal_context == context);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/pool/lends-and-takes-back", test_lends);
  g_test_add_func ("/dbr/pool/a-lease-ends-with-its-last-reference", test_last_reference);
  g_test_add_func ("/dbr/pool/serves-in-order", test_order);
  g_test_add_func ("/dbr/pool/who-waits-gives-up-at-the-limit", test_limit);
  g_test_add_func ("/dbr/pool/who-waits-can-be-cancelled", test_cancel);
  g_test_add_func ("/dbr/pool/a-lease-nobody-takes-goes-back", test_cancel_late);
  g_test_add_func ("/dbr/pool/bad-settings-are-errors", test_bad_settings);
  g_test_add_func ("/dbr/pool/no-bus-is-told-at-once", test_no_bus);
  g_test_add_func ("/dbr/pool/survives-the-bus", test_bus_restarts);
  g_test_add_func ("/dbr/pool/what-was-cut-is-not-lent", test_cut_is_not_lent);
  for (gsize i = 0; i < G_N_ELEMENTS (leftovers); i++)
    {
      g_autofree char *path = g_strconcat ("/dbr/pool/left-behind/", leftovers[i].what, NULL);

      g_test_add_data_func (path, &leftovers[i], test_leftover);
    }
  g_test_add_func ("/dbr/pool/left-behind/too-many-calls", test_orphans);
  g_test_add_func ("/dbr/pool/left-behind/what-nobody-can-tell", test_subtree_at_root);
  g_test_add_func ("/dbr/pool/left-behind/a-name-while-it-was-asked", test_left_while_asked);
  g_test_add_func ("/dbr/pool/keeps-its-sizes", test_sizes);
  g_test_add_func ("/dbr/pool/tells-of-leaks", test_leak);
  g_test_add_func ("/dbr/pool/tells-of-stalls", test_stall);
  g_test_add_data_func ("/dbr/pool/closes/waiting", GINT_TO_POINTER (FALSE), test_close);
  g_test_add_data_func ("/dbr/pool/closes/in-the-background", GINT_TO_POINTER (TRUE), test_close);
  g_test_add_func ("/dbr/pool/ends-with-its-last-reference", test_dispose);
  g_test_add_func ("/dbr/pool/refuses-after-fork", test_fork);
  g_test_add_func ("/dbr/pool/can-be-waited-for-in-callbacks", test_sync_in_callback);
  g_test_add_func ("/dbr/pool/signals-in-its-context", test_contexts);

  return g_test_run ();
}
