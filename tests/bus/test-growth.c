/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "dbr-scene.h"

/* Nothing grows with the number of calls that were made. */

/* The heap is not the same to the byte at each moment; what leaks is a multiple of the calls, or
 * some ten thousand bytes for each client. */
#define SLACK_BYTES (128 * 1024)

typedef struct
{
  guint n_wanted;
  guint n_begun;
  guint n_ended;
  guint n_late;
} Stream;

static void stream_begin (DbrClient *client,
                          Stream    *stream);

static void
stream_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Stream *stream = user_data;
  g_autoptr(GError) error = NULL;
  G_GNUC_UNUSED g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);

  stream->n_ended++;
  if (error != NULL)
    stream->n_late++;
  if (stream->n_begun < stream->n_wanted)
    stream_begin (DBR_CLIENT (source), stream);
}

/* Each kind of end has its turn: an answer, an error, a reply that nobody waits for any more. */
static void
stream_begin (DbrClient *client,
              Stream    *stream)
{
  guint kind = stream->n_begun++ % 8;

  if (kind == 7)
    dbr_client_call_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Wait",
                           g_variant_new ("(u)", 30), NULL, 10, NULL, stream_cb, stream);
  else if (kind == 6)
    dbr_client_call_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Fail",
                           g_variant_new ("(ss)", "org.example.Error.A", ""), NULL, 8000, NULL,
                           stream_cb, stream);
  else
    dbr_client_call_async (client, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo",
                           g_variant_new ("(s)", "text"), NULL, 8000, NULL, stream_cb, stream);
}

static void
play (DbrClient *client,
      guint      n_calls)
{
  Stream stream = { .n_wanted = n_calls };
  guint n_abreast = MIN (32, n_calls);

  for (guint i = 0; i < n_abreast; i++)
    stream_begin (client, &stream);
  while (stream.n_ended < n_calls)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < n_calls / 8; i++)
    scene_assert_answers (client);
  g_assert_cmpuint (stream.n_late, >, 0);
  dbr_test_wait_until (NULL, dbr_client_get_orphans (client) == 0, DBR_TEST_PATIENCE_MS);
}

/* Sources are numbered as they are attached. */
static guint
next_source_id (void)
{
  g_autoptr(GSource) source = g_idle_source_new ();
  guint id = g_source_attach (source, NULL);

  g_source_destroy (source);

  return id;
}

static gboolean
is_settled (const DbrTestResources *before,
            const DbrTestResources *after)
{
  return after->n_fds <= before->n_fds && after->n_threads <= before->n_threads
         && after->heap_bytes <= before->heap_bytes + SLACK_BYTES;
}

/* What was given up is taken down in other threads, and a client that had to wait for a busy machine
 * may have a second connection for some seconds. */
static void
assert_settles (const DbrTestResources *before)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);
  DbrTestResources after = dbr_test_resources_read ();

  while (!is_settled (before, &after) && g_get_monotonic_time () < deadline)
    {
      g_main_context_iteration (NULL, FALSE);
      after = dbr_test_resources_read ();
    }

  g_test_message ("%" G_GSIZE_FORMAT " bytes before, %" G_GSIZE_FORMAT " after", before->heap_bytes,
                  after.heap_bytes);
  g_assert_cmpuint (after.n_fds, <=, before->n_fds);
  g_assert_cmpuint (after.n_threads, <=, before->n_threads);
  g_assert_cmpuint (after.heap_bytes, <=, before->heap_bytes + SLACK_BYTES);
}

/* Only the peer and the scene's client are on the bus, the latter once. */
static void
wait_alone (Scene *scene)
{
  dbr_test_wait_until (NULL, dbr_test_bus_count_connections (scene->bus) <= 2,
                       DBR_TEST_PATIENCE_MS);
}

static void
test_growth (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  guint n_calls = g_test_slow () ? 100000 : 20000;
  DbrTestResources before;
  guint sources_before;
  guint sources_after;

  g_test_summary ("Bytes, descriptors, threads and sources are the same after many calls");
  play (scene->client, 2000);
  wait_alone (scene);
  before = dbr_test_resources_read ();
  sources_before = next_source_id ();

  play (scene->client, n_calls);
  sources_after = next_source_id ();

  g_assert_cmpuint (sources_after - sources_before, <, n_calls / 100);
  assert_settles (&before);
}

static void
test_clients (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  DbrTestResources before = { 0 };
  guint n_clients = g_test_slow () ? 5000 : 1000;

  g_test_summary ("Bytes, descriptors and threads are the same after many clients");
  for (guint i = 0; i < n_clients; i++)
    {
      g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (scene->bus));

      scene_assert_answers (client);
      g_clear_object (&client);
      if (i == n_clients / 2)
        {
          wait_alone (scene);
          before = dbr_test_resources_read ();
        }
    }
  assert_settles (&before);
}

int
main (int   argc,
      char *argv[])
{
  /* GLib's own pools would hide what is kept. */
  g_setenv ("G_SLICE", "always-malloc", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/growth/of-calls", test_growth);
  g_test_add_func ("/dbr/growth/of-clients", test_clients);

  return g_test_run ();
}
