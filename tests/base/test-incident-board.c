/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-board-private.h"

#define N_THREADS 4
#define PER_THREAD 500

/* Somebody who watches, and what he heard of. */
typedef struct
{
  GMutex            mutex;
  GPtrArray        *heard;
  gboolean          was_freed;
  DbrIncidentBoard *board;
  guint             watch;
} Watcher;

static void
watcher_init (Watcher          *self,
              DbrIncidentBoard *board)
{
  *self = (Watcher) { .board = board };
  g_mutex_init (&self->mutex);
  self->heard = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_incident_unref);
}

static void
watcher_clear (Watcher *self)
{
  g_ptr_array_unref (self->heard);
  g_mutex_clear (&self->mutex);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watcher, watcher_clear)

static void
heard_cb (DbrIncident *incident,
          gpointer     user_data)
{
  Watcher *self = user_data;

  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->heard, dbr_incident_ref (incident));
  g_mutex_unlock (&self->mutex);
}

static void
freed_cb (gpointer user_data)
{
  Watcher *self = user_data;

  self->was_freed = TRUE;
}

static void
assert_heard (Watcher          *self,
              guint             i,
              guint64           serial,
              DbrIncidentPhase  phase,
              const char       *title)
{
  DbrIncident *incident;

  g_assert_cmpuint (self->heard->len, >, i);
  incident = g_ptr_array_index (self->heard, i);
  g_assert_cmpuint (incident->serial, ==, serial);
  g_assert_cmpint (incident->phase, ==, phase);
  g_assert_cmpstr (incident->title, ==, title);
}

static void
test_life (void)
{
  g_autoptr(DbrIncidentBoard) board = dbr_incident_board_new ();
  g_auto(Watcher) early = { 0 };
  g_auto(Watcher) late = { 0 };
  guint64 first;
  guint64 second;

  g_test_summary ("Who watches hears of what is open, and of all that comes of it, in order");

  watcher_init (&early, board);
  watcher_init (&late, board);
  dbr_incident_board_watch (board, heard_cb, &early, NULL);
  first = dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Slow", "It is slow.");
  second = dbr_incident_board_begin (board, DBR_SEVERITY_NOTICE, "Odd", "It is odd.");
  g_assert_cmpuint (first, !=, 0);
  g_assert_cmpuint (second, !=, first);
  dbr_incident_board_update (board, first, DBR_SEVERITY_CRITICAL, "Dead", "It is dead.");
  dbr_incident_board_end (board, second, "Fine", "It is fine.");

  dbr_incident_board_watch (board, heard_cb, &late, NULL);
  dbr_incident_board_end (board, first, "Alive", "It is alive.");

  g_assert_cmpuint (early.heard->len, ==, 5);
  assert_heard (&early, 0, first, DBR_INCIDENT_BEGUN, "Slow");
  assert_heard (&early, 1, second, DBR_INCIDENT_BEGUN, "Odd");
  assert_heard (&early, 2, first, DBR_INCIDENT_UPDATED, "Dead");
  assert_heard (&early, 3, second, DBR_INCIDENT_ENDED, "Fine");
  assert_heard (&early, 4, first, DBR_INCIDENT_ENDED, "Alive");
  g_assert_cmpint (((DbrIncident *) early.heard->pdata[2])->severity, ==, DBR_SEVERITY_CRITICAL);
  g_assert_cmpuint (late.heard->len, ==, 2);
  assert_heard (&late, 0, first, DBR_INCIDENT_UPDATED, "Dead");
  assert_heard (&late, 1, first, DBR_INCIDENT_ENDED, "Alive");
}

static void
test_nothing_new (void)
{
  g_autoptr(DbrIncidentBoard) board = dbr_incident_board_new ();
  g_auto(Watcher) watcher = { 0 };
  guint64 serial;

  g_test_summary ("What is as it was, has ended or never was is told to nobody");

  watcher_init (&watcher, board);
  dbr_incident_board_watch (board, heard_cb, &watcher, NULL);
  serial = dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Slow", "It is slow.");
  dbr_incident_board_update (board, serial, DBR_SEVERITY_WARNING, "Slow", "It is slow.");
  dbr_incident_board_end (board, serial, "Fine", "It is fine.");
  g_assert_cmpuint (watcher.heard->len, ==, 2);

  dbr_incident_board_end (board, serial, "Finer", "It is finer.");
  dbr_incident_board_update (board, serial, DBR_SEVERITY_WARNING, "Slow", "It is slower.");
  dbr_incident_board_update (board, 4711, DBR_SEVERITY_WARNING, "Slow", "It is slower.");
  g_assert_cmpuint (watcher.heard->len, ==, 2);
}

static void
take_cb (guint64  serial,
         gpointer user_data)
{
  *(guint64 *) user_data = serial;
}

static void
test_offers (void)
{
  g_autoptr(DbrIncidentBoard) board = dbr_incident_board_new ();
  g_auto(Watcher) watcher = { 0 };
  DbrIncident *incident;
  DbrIncidentOffer *offer;
  guint64 taken = 0;
  guint64 serial;

  g_test_summary ("What can be done shows on what is open, is done when taken, and is withdrawn");

  watcher_init (&watcher, board);
  dbr_incident_board_watch (board, heard_cb, &watcher, NULL);
  serial = dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Slow", "It is slow.");
  g_assert_false (dbr_incident_board_take (board, serial, "recover"));

  dbr_incident_board_offer (board, "recover", "Try", take_cb, &watcher, freed_cb);
  dbr_incident_board_offer (board, "recover", "Try to recover", take_cb, &taken, NULL);
  g_assert_true (watcher.was_freed);
  g_assert_cmpuint (watcher.heard->len, ==, 3);
  assert_heard (&watcher, 2, serial, DBR_INCIDENT_UPDATED, "Slow");
  incident = watcher.heard->pdata[2];
  g_assert_cmpuint (incident->offers->len, ==, 1);
  offer = g_ptr_array_index (incident->offers, 0);
  g_assert_cmpstr (offer->id, ==, "recover");
  g_assert_cmpstr (offer->label, ==, "Try to recover");

  g_assert_false (dbr_incident_board_take (board, serial, "dance"));
  g_assert_false (dbr_incident_board_take (board, 4711, "recover"));
  g_assert_true (dbr_incident_board_take (board, serial, "recover"));
  g_assert_cmpuint (taken, ==, serial);

  dbr_incident_board_withdraw (board, "recover");
  dbr_incident_board_withdraw (board, "recover");
  g_assert_cmpuint (watcher.heard->len, ==, 4);
  g_assert_cmpuint (((DbrIncident *) watcher.heard->pdata[3])->offers->len, ==, 0);
  g_assert_false (dbr_incident_board_take (board, serial, "recover"));

  dbr_incident_board_offer (board, "recover", "Try to recover", take_cb, &taken, NULL);
  dbr_incident_board_end (board, serial, "Fine", "It is fine.");
  g_assert_cmpuint (((DbrIncident *) watcher.heard->pdata[5])->offers->len, ==, 0);
  g_assert_false (dbr_incident_board_take (board, serial, "recover"));
}

static void
heard_once_cb (DbrIncident *incident,
               gpointer     user_data)
{
  Watcher *self = user_data;

  heard_cb (incident, user_data);
  dbr_incident_board_unwatch (self->board, self->watch);
}

static void
test_unwatch (void)
{
  g_autoptr(DbrIncidentBoard) board = dbr_incident_board_new ();
  g_auto(Watcher) once = { 0 };
  g_auto(Watcher) other = { 0 };

  g_test_summary ("Who stops watching, within a callback too, hears of nothing more and is freed");

  watcher_init (&once, board);
  watcher_init (&other, board);
  once.watch = dbr_incident_board_watch (board, heard_once_cb, &once, freed_cb);
  dbr_incident_board_watch (board, heard_cb, &other, freed_cb);
  dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Slow", "It is slow.");
  g_assert_true (once.was_freed);
  dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Slower", "It is slower.");
  g_assert_cmpuint (once.heard->len, ==, 1);
  g_assert_cmpuint (other.heard->len, ==, 2);

  dbr_incident_board_close (board);
  g_assert_true (other.was_freed);
  dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Gone", "It is gone.");
  g_assert_cmpuint (other.heard->len, ==, 2);

  once.was_freed = other.was_freed = FALSE;
  dbr_incident_board_watch (board, heard_cb, &once, freed_cb);
  dbr_incident_board_offer (board, "recover", "Try to recover", take_cb, &other, freed_cb);
  g_assert_true (once.was_freed);
  g_assert_true (other.was_freed);
  g_assert_cmpuint (once.heard->len, ==, 1);
}

static gpointer
begin_thread (gpointer data)
{
  DbrIncidentBoard *board = data;

  for (guint i = 0; i < PER_THREAD; i++)
    {
      guint64 serial = dbr_incident_board_begin (board, DBR_SEVERITY_WARNING, "Slow", "Slow.");

      dbr_incident_board_update (board, serial, DBR_SEVERITY_CRITICAL, "Dead", "Dead.");
      dbr_incident_board_end (board, serial, "Fine", "Fine.");
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(DbrIncidentBoard) board = dbr_incident_board_new ();
  g_autoptr(GHashTable) phases = g_hash_table_new (NULL, NULL);
  g_auto(Watcher) watcher = { 0 };
  GThread *threads[N_THREADS];

  g_test_summary ("Of what happens in many threads each story is told whole and in order");

  watcher_init (&watcher, board);
  dbr_incident_board_watch (board, heard_cb, &watcher, NULL);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("begin", begin_thread, board);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (watcher.heard->len, ==, 3 * N_THREADS * PER_THREAD);
  for (guint i = 0; i < watcher.heard->len; i++)
    {
      DbrIncident *incident = g_ptr_array_index (watcher.heard, i);
      gpointer key = GSIZE_TO_POINTER (incident->serial);

      g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (phases, key)), ==, incident->phase);
      g_hash_table_insert (phases, key, GUINT_TO_POINTER (incident->phase + 1));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/incident-board/life", test_life);
  g_test_add_func ("/dbr/incident-board/nothing-new", test_nothing_new);
  g_test_add_func ("/dbr/incident-board/offers", test_offers);
  g_test_add_func ("/dbr/incident-board/unwatch", test_unwatch);
  g_test_add_func ("/dbr/incident-board/threads", test_threads);

  return g_test_run ();
}
