/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-backlog-private.h"
#include "dbr-made-signal.h"
#include "dbr-testbed.h"

#define LIMIT DBR_BACKLOG_LIMIT
#define N_THREADS 4
#define PER_THREAD 20000

/* What was delivered, in the object that it is delivered to. */
typedef struct
{
  DbrBacklog *backlog;
  GObject    *object;

  GPtrArray  *texts;
  gboolean    is_nesting;
  gboolean    is_closing;
  gboolean    is_counting;
  guint       n_delivered;
} Fixture;

static char *
text_new (DbrMessage *signal,
          GVariant   *parameters)
{
  g_autofree char *printed = g_variant_print (parameters, FALSE);

  return g_strdup_printf ("%s %s.%s %s", dbr_message_get_sender (signal), signal->object_path,
                          signal->member, printed);
}

static void
deliver_cb (GObject    *object,
            DbrMessage *signal,
            GVariant   *parameters)
{
  Fixture *fixture = g_object_get_data (object, "fixture");
  guint n_before = ++fixture->n_delivered;

  if (!fixture->is_counting)
    g_ptr_array_add (fixture->texts, text_new (signal, parameters));
  if (fixture->is_closing)
    dbr_backlog_close (fixture->backlog);
  if (fixture->is_nesting)
    {
      fixture->is_nesting = FALSE;
      dbr_test_wait_until (NULL, fixture->n_delivered > n_before, DBR_TEST_PATIENCE_MS);
    }
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  data)
{
  fixture->object = g_object_new (G_TYPE_OBJECT, NULL);
  g_object_set_data (fixture->object, "fixture", fixture);
  fixture->texts = g_ptr_array_new_with_free_func (g_free);
  fixture->backlog = dbr_backlog_new (fixture->object, deliver_cb);
  dbr_backlog_open (fixture->backlog);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  data)
{
  g_clear_object (&fixture->object);
  g_clear_pointer (&fixture->backlog, dbr_backlog_unref);
  g_clear_pointer (&fixture->texts, g_ptr_array_unref);
}

static void
fixture_push (Fixture    *fixture,
              const char *member,
              GVariant   *body)
{
  g_autoptr(DbrMessage) signal = made_signal_new (":1.1", "/a", "org.dbr.Test", member, body);

  dbr_backlog_push (fixture->backlog, signal);
}

static void
fixture_push_ticks (Fixture *fixture,
                    guint    first,
                    guint    n_ticks)
{
  for (guint i = first; i < first + n_ticks; i++)
    fixture_push (fixture, "Tick", g_variant_new ("(u)", i));
}

static void
fixture_push_change (Fixture    *fixture,
                     const char *sender,
                     const char *path,
                     const char *body)
{
  g_autoptr(DbrMessage) signal =
    made_signal_new (sender, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                     g_variant_new_parsed (body));

  dbr_backlog_push (fixture->backlog, signal);
}

static void
fixture_deliver_all (Fixture *fixture)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static const char *
fixture_get (Fixture *fixture,
             guint    place)
{
  g_assert_cmpuint (fixture->texts->len, >, place);

  return g_ptr_array_index (fixture->texts, place);
}

static void
test_in_order (Fixture       *fixture,
               gconstpointer  data)
{
  g_test_summary ("Signals are delivered in the context and in order");
  fixture_push_ticks (fixture, 0, 3);
  g_assert_cmpuint (fixture->texts->len, ==, 0);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, 3);
  g_assert_cmpstr (fixture_get (fixture, 0), ==, ":1.1 /a.Tick (0,)");
  g_assert_cmpstr (fixture_get (fixture, 2), ==, ":1.1 /a.Tick (2,)");
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 0);
}

static void
test_bound (Fixture       *fixture,
            gconstpointer  data)
{
  g_test_summary ("When a thousand wait, the oldest of the same kind goes and is counted");
  fixture_push (fixture, "Rare", NULL);
  fixture_push_ticks (fixture, 0, LIMIT + 10);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 11);
  fixture_push (fixture, "Other", NULL);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 12);
  fixture_deliver_all (fixture);

  /* Of another kind there was none to go, so that the oldest of all went, which was the rare one. */
  g_assert_cmpuint (fixture->texts->len, ==, LIMIT);
  g_assert_cmpstr (fixture_get (fixture, 0), ==, ":1.1 /a.Tick (11,)");
  g_assert_cmpstr (fixture_get (fixture, LIMIT - 1), ==, ":1.1 /a.Other ()");
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 12);
}

static void
fixture_push_large (Fixture    *fixture,
                    const char *member,
                    gsize       n_bytes)
{
  g_autofree char *text = g_strnfill (n_bytes, 'x');

  fixture_push (fixture, member, g_variant_new ("(s)", text));
}

static void
test_bytes (Fixture       *fixture,
            gconstpointer  data)
{
  const gsize part = DBR_BACKLOG_MAX_BYTES / 4;

  g_test_summary ("Signals that take more memory than may wait make older ones go, and are counted");
  fixture_push (fixture, "Rare", NULL);
  for (guint i = 0; i < 10; i++)
    fixture_push_large (fixture, "Large", part);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 7);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->n_delivered, ==, 4);
  g_assert_true (g_str_equal (fixture_get (fixture, 0), ":1.1 /a.Rare ()"));

  g_test_message ("What was delivered takes none");
  for (guint i = 0; i < 3; i++)
    fixture_push_large (fixture, "Large", part);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 7);

  g_test_message ("One may wait however large it is, and several go for it");
  fixture_push_large (fixture, "Large", 2 * DBR_BACKLOG_MAX_BYTES);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 10);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->n_delivered, ==, 5);
}

static void
test_merges_bytes (Fixture       *fixture,
                   gconstpointer  data)
{
  g_autofree char *text = g_strnfill (DBR_BACKLOG_MAX_BYTES / 8, 'x');
  g_autofree char *one = g_strdup_printf ("('org.dbr.A', {'One': <'%s'>}, @as [])", text);
  g_autofree char *two = g_strdup_printf ("('org.dbr.A', {'Two': <'%s'>}, @as [])", text);

  g_test_summary ("Large changes are merged or go, and nothing of another kind for them");
  fixture_push (fixture, "Rare", NULL);
  fixture_push_change (fixture, ":1.1", "/a", two);
  for (guint i = 0; i < 12; i++)
    fixture_push_change (fixture, ":1.1", "/a", one);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), >, 0);
  fixture_deliver_all (fixture);
  g_assert_true (g_str_equal (fixture_get (fixture, 0), ":1.1 /a.Rare ()"));
  g_assert_nonnull (strstr (fixture_get (fixture, fixture->texts->len - 1), "'One'"));
  g_assert_cmpuint (fixture->texts->len + dbr_backlog_get_dropped (fixture->backlog), ==, 14);
}

static void
test_merges (Fixture       *fixture,
             gconstpointer  data)
{
  g_test_summary ("Changes of one object's properties are merged, and the later holds");
  fixture_push_change (fixture, ":1.1", "/a",
                       "('org.dbr.I', {'A': <1>, 'B': <1>, 'C': <1>}, ['D', 'E'])");
  fixture_push_change (fixture, ":1.1", "/a", "('org.dbr.J', {'A': <7>}, @as [])");
  fixture_push_change (fixture, ":1.1", "/b", "('org.dbr.I', {'A': <8>}, @as [])");
  fixture_push_ticks (fixture, 0, LIMIT - 3);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 0);
  fixture_push_change (fixture, ":1.1", "/a", "('org.dbr.I', {'B': <2>, 'D': <2>}, ['C'])");
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 1);
  fixture_push_change (fixture, ":1.1", "/a", "('org.dbr.I', {'F': <3>}, ['E'])");
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 2);
  fixture_deliver_all (fixture);

  g_assert_cmpuint (fixture->texts->len, ==, LIMIT);
  g_assert_cmpstr (fixture_get (fixture, 0), ==,
                   ":1.1 /a.PropertiesChanged ('org.dbr.J', {'A': <7>}, [])");
  g_assert_cmpstr (fixture_get (fixture, 1), ==,
                   ":1.1 /b.PropertiesChanged ('org.dbr.I', {'A': <8>}, [])");
  g_assert_cmpstr (fixture_get (fixture, LIMIT - 1), ==,
                   ":1.1 /a.PropertiesChanged ('org.dbr.I', "
                   "{'A': <1>, 'B': <2>, 'D': <2>, 'F': <3>}, ['E', 'C'])");
}

static void
test_generations_stay_apart (Fixture       *fixture,
                             gconstpointer  data)
{
  g_test_summary ("What a service said before its restart is not merged into what it says after");
  fixture_push_change (fixture, ":1.1", "/a", "('org.dbr.I', {'A': <1>}, @as [])");
  fixture_push_ticks (fixture, 0, LIMIT - 1);
  fixture_push_change (fixture, ":1.2", "/a", "('org.dbr.I', {'B': <2>}, @as [])");
  fixture_deliver_all (fixture);
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 1);
  g_assert_cmpstr (fixture_get (fixture, LIMIT - 1), ==,
                   ":1.2 /a.PropertiesChanged ('org.dbr.I', {'B': <2>}, [])");
}

static void
test_odd_changes (Fixture       *fixture,
                  gconstpointer  data)
{
  g_test_summary ("What only looks like a change is dropped and not merged");
  for (guint i = 0; i < LIMIT + 5; i++)
    fixture_push_change (fixture, ":1.1", "/a", "('org.dbr.I', 'no change')");
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 5);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, LIMIT);
}

static gboolean
note_turn_cb (gpointer data)
{
  Fixture *fixture = data;

  g_ptr_array_add (fixture->texts, g_strdup ("turn"));

  return G_SOURCE_REMOVE;
}

static void
test_batches (Fixture       *fixture,
              gconstpointer  data)
{
  guint place;

  g_test_summary ("Others of the context have their turn between the signals");
  fixture_push_ticks (fixture, 0, LIMIT);
  g_idle_add_full (G_PRIORITY_DEFAULT, note_turn_cb, fixture, NULL);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, LIMIT + 1);
  g_assert_true (g_ptr_array_find_with_equal_func (fixture->texts, "turn", g_str_equal, &place));
  g_assert_cmpuint (place, <, LIMIT / 2);
}

static void
test_close_and_open (Fixture       *fixture,
                     gconstpointer  data)
{
  g_test_summary ("Closed, nothing of what came or comes is delivered; open again, what comes is");
  fixture_push_ticks (fixture, 0, 10);
  dbr_backlog_close (fixture->backlog);
  fixture_push_ticks (fixture, 10, 10);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, 0);

  dbr_backlog_open (fixture->backlog);
  fixture_push_ticks (fixture, 20, 10);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, 10);
  g_assert_cmpstr (fixture_get (fixture, 0), ==, ":1.1 /a.Tick (20,)");
  g_assert_cmpuint (dbr_backlog_get_dropped (fixture->backlog), ==, 0);
}

static void
test_close_inside (Fixture       *fixture,
                   gconstpointer  data)
{
  g_test_summary ("Closed by who hears one, the next is not delivered");
  fixture->is_closing = TRUE;
  fixture_push_ticks (fixture, 0, 10);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, 1);

  fixture->is_closing = FALSE;
  dbr_backlog_open (fixture->backlog);
  fixture_push_ticks (fixture, 10, 2);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->texts->len, ==, 3);
}

static void
test_nested (Fixture       *fixture,
             gconstpointer  data)
{
  g_test_summary ("Who hears a signal may iterate the context until the next one comes");
  fixture->is_nesting = TRUE;
  fixture_push_ticks (fixture, 0, 4);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->n_delivered, ==, 4);
  g_assert_cmpstr (fixture_get (fixture, 1), ==, ":1.1 /a.Tick (1,)");
}

static gboolean
push_cb (gpointer data)
{
  fixture_push_ticks (data, 1, 1);

  return G_SOURCE_REMOVE;
}

static void
test_nested_later (Fixture       *fixture,
                   gconstpointer  data)
{
  g_test_summary ("The same for one that comes only then");
  fixture->is_nesting = TRUE;
  fixture_push_ticks (fixture, 0, 1);
  g_timeout_add (20, push_cb, fixture);
  dbr_test_wait_until (NULL, fixture->n_delivered == 2, DBR_TEST_PATIENCE_MS);
}

static void
test_object_gone (Fixture       *fixture,
                  gconstpointer  data)
{
  g_test_summary ("Nothing is delivered to an object that is gone");
  fixture_push_ticks (fixture, 0, 10);
  g_clear_object (&fixture->object);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->n_delivered, ==, 0);
}

static gpointer
push_thread (gpointer data)
{
  fixture_push_ticks (data, 0, PER_THREAD);

  return NULL;
}

static void
test_threads (Fixture       *fixture,
              gconstpointer  data)
{
  GThread *threads[N_THREADS];

  g_test_summary ("From many threads each signal is delivered or counted");
  fixture->is_counting = TRUE;
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("push", push_thread, fixture);
  dbr_test_wait_until (NULL, fixture->n_delivered > 0, DBR_TEST_PATIENCE_MS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  fixture_deliver_all (fixture);
  g_assert_cmpuint (fixture->n_delivered + dbr_backlog_get_dropped (fixture->backlog),
                    ==, N_THREADS * PER_THREAD);
}

static void
add (const char *path,
     void        (*test)(Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, fixture_set_up, test, fixture_tear_down);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/dbr/backlog/signals-come-in-order", test_in_order);
  add ("/dbr/backlog/is-bounded", test_bound);
  add ("/dbr/backlog/is-bounded-by-bytes", test_bytes);
  add ("/dbr/backlog/merges-changes", test_merges);
  add ("/dbr/backlog/merges-large-changes", test_merges_bytes);
  add ("/dbr/backlog/keeps-generations-apart", test_generations_stay_apart);
  add ("/dbr/backlog/drops-odd-changes", test_odd_changes);
  add ("/dbr/backlog/lets-others-have-their-turn", test_batches);
  add ("/dbr/backlog/is-closed-and-opened", test_close_and_open);
  add ("/dbr/backlog/is-closed-inside", test_close_inside);
  add ("/dbr/backlog/nests", test_nested);
  add ("/dbr/backlog/nests-and-waits", test_nested_later);
  add ("/dbr/backlog/object-is-gone", test_object_gone);
  add ("/dbr/backlog/many-threads", test_threads);

  return g_test_run ();
}
