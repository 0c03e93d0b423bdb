/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-mailbox-private.h"

#define N_THREADS 8
#define PER_THREAD 1000

/* A letter that notes in which order it came. */
typedef struct
{
  DbrLetter letter;

  guint     number;
  GArray   *delivered;
} Note;

typedef struct
{
  GMainContext *context;
  DbrMailbox   *mailbox;

  /* of guint, the numbers of the notes */
  GArray       *delivered;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  data)
{
  fixture->context = g_main_context_new ();
  fixture->mailbox = dbr_mailbox_get (fixture->context);
  fixture->delivered = g_array_new (FALSE, FALSE, sizeof (guint));
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  data)
{
  g_clear_pointer (&fixture->mailbox, dbr_mailbox_unref);
  g_clear_pointer (&fixture->context, g_main_context_unref);
  g_clear_pointer (&fixture->delivered, g_array_unref);
}

static void
note_deliver_cb (DbrLetter *letter)
{
  Note *note = (Note *) letter;

  g_array_append_val (note->delivered, note->number);
  g_free (note);
}

static Note *
note_new (GArray        *delivered,
          guint          number,
          DbrLetterFunc  deliver)
{
  Note *note = g_new0 (Note, 1);

  note->letter.deliver = deliver;
  note->number = number;
  note->delivered = delivered;

  return note;
}

static void
fixture_post (Fixture *fixture,
              guint    first,
              guint    n_notes)
{
  for (guint i = first; i < first + n_notes; i++)
    dbr_mailbox_post (fixture->mailbox,
                      &note_new (fixture->delivered, i, note_deliver_cb)->letter);
}

static void
assert_in_order (GArray *delivered,
                 guint   length)
{
  g_assert_cmpuint (delivered->len, ==, length);
  for (guint i = 0; i < length; i++)
    g_assert_cmpuint (g_array_index (delivered, guint, i), ==, i);
}

static gboolean
give_up_cb (gpointer user_data)
{
  g_error ("Not all letters came within 20 seconds");

  return G_SOURCE_REMOVE;
}

/* Turns the context until so many were delivered. */
static void
iterate_until (GMainContext *context,
               GArray       *delivered,
               guint         length)
{
  g_autoptr(GSource) timeout = g_timeout_source_new_seconds (20);

  g_source_set_callback (timeout, give_up_cb, NULL, NULL);
  g_source_attach (timeout, context);
  while (delivered->len < length)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timeout);
}

static void
set_flag_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static gboolean
never_cb (gpointer data)
{
  g_assert_not_reached ();
}

/* Sets @is_gone when the context is freed, and the sources that are left with it. */
static void
watch_context (GMainContext *context,
               gboolean     *is_gone)
{
  g_autoptr(GSource) source = g_timeout_source_new_seconds (24 * 60 * 60);

  g_source_set_callback (source, never_cb, is_gone, set_flag_cb);
  g_source_attach (source, context);
}

static void
test_keeps_the_order (Fixture       *fixture,
                      gconstpointer  data)
{
  g_test_summary ("Letters come in the order in which they were posted");

  fixture_post (fixture, 0, PER_THREAD);
  g_assert_cmpuint (fixture->delivered->len, ==, 0);

  iterate_until (fixture->context, fixture->delivered, PER_THREAD);
  assert_in_order (fixture->delivered, PER_THREAD);
}

static void
test_wakes_once_for_a_batch (Fixture       *fixture,
                             gconstpointer  data)
{
  g_test_summary ("One turn of the loop delivers all that waits, and the next has nothing to do");

  g_assert_false (g_main_context_pending (fixture->context));
  fixture_post (fixture, 0, 100);
  g_assert_true (g_main_context_pending (fixture->context));

  g_assert_true (g_main_context_iteration (fixture->context, FALSE));
  assert_in_order (fixture->delivered, 100);
  g_assert_false (g_main_context_pending (fixture->context));
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
}

/* The first letter of a batch that another thread posts the rest of meanwhile. */
static struct
{
  GMutex   mutex;
  GCond    cond;

  /* guarded by mutex */
  gboolean is_busy;
  gboolean may_go_on;
} busy;

static gint n_turns;

static void
note_be_busy_cb (DbrLetter *letter)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  g_mutex_lock (&busy.mutex);
  busy.is_busy = TRUE;
  g_cond_broadcast (&busy.cond);
  while (!busy.may_go_on)
    g_assert_true (g_cond_wait_until (&busy.cond, &busy.mutex, end));
  g_mutex_unlock (&busy.mutex);

  note_deliver_cb (letter);
}

static gpointer
reader_main (gpointer user_data)
{
  Fixture *fixture = user_data;

  iterate_until (fixture->context, fixture->delivered, 101);

  return NULL;
}

static gint
counting_poll (GPollFD *fds,
               guint    n_fds,
               gint     timeout_ms)
{
  n_turns++;

  return g_poll (fds, n_fds, timeout_ms);
}

static void
test_wakes_a_sleeping_thread_once (Fixture       *fixture,
                                   gconstpointer  data)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  GThread *reader;

  g_test_summary ("A hundred letters from another thread cost the loop a turn or two");

  n_turns = 0;
  g_main_context_set_poll_func (fixture->context, counting_poll);
  dbr_mailbox_post (fixture->mailbox,
                    &note_new (fixture->delivered, 0, note_be_busy_cb)->letter);
  reader = g_thread_new ("reader", reader_main, fixture);

  g_mutex_lock (&busy.mutex);
  while (!busy.is_busy)
    g_assert_true (g_cond_wait_until (&busy.cond, &busy.mutex, end));
  fixture_post (fixture, 1, 100);
  busy.may_go_on = TRUE;
  g_cond_broadcast (&busy.cond);
  g_mutex_unlock (&busy.mutex);

  g_thread_join (reader);
  assert_in_order (fixture->delivered, 101);
  g_assert_cmpint (n_turns, <=, 4);
}

static Fixture *nested;

static void
note_iterate_cb (DbrLetter *letter)
{
  Note *note = (Note *) letter;
  guint number = note->number;

  note_deliver_cb (letter);

  /* The inner turns take all the rest, and what is posted meanwhile. */
  fixture_post (nested, 50 + number, 1);
  iterate_until (nested->context, nested->delivered, 51 + number);
}

static void
test_goes_on_in_a_nested_turn (Fixture       *fixture,
                               gconstpointer  data)
{
  g_test_summary ("A callback that turns the loop itself gets the letters behind its own");

  nested = fixture;
  dbr_mailbox_post (fixture->mailbox,
                    &note_new (fixture->delivered, 0, note_iterate_cb)->letter);
  fixture_post (fixture, 1, 49);

  g_assert_true (g_main_context_iteration (fixture->context, FALSE));
  assert_in_order (fixture->delivered, 51);
  g_assert_false (g_main_context_pending (fixture->context));
}

static void
test_goes_on_in_nested_turns_of_each (Fixture       *fixture,
                                      gconstpointer  data)
{
  g_test_summary ("Callbacks that each turn the loop lie in each other and lose no letter");

  nested = fixture;
  for (guint i = 0; i < 50; i++)
    dbr_mailbox_post (fixture->mailbox,
                      &note_new (fixture->delivered, i, note_iterate_cb)->letter);

  iterate_until (fixture->context, fixture->delivered, 100);
  assert_in_order (fixture->delivered, 100);
}

static void
note_post_again_cb (DbrLetter *letter)
{
  Note *note = (Note *) letter;
  g_autoptr(DbrMailbox) mailbox = dbr_mailbox_get (nested->context);

  g_array_append_val (note->delivered, note->number);
  if (++note->number < 10)
    dbr_mailbox_post (mailbox, letter);
  else
    g_free (note);
}

static gboolean
count_cb (gpointer data)
{
  (*(guint *) data)++;

  return G_SOURCE_CONTINUE;
}

static void
test_leaves_others_their_turn (Fixture       *fixture,
                               gconstpointer  data)
{
  g_autoptr(GSource) other = g_idle_source_new ();
  guint n_others = 0;

  g_test_summary ("A letter that posts again waits for the next turn, so that other sources of the "
                  "loop have theirs");

  nested = fixture;
  g_source_set_priority (other, G_PRIORITY_DEFAULT);
  g_source_set_callback (other, count_cb, &n_others, NULL);
  g_source_attach (other, fixture->context);
  dbr_mailbox_post (fixture->mailbox,
                    &note_new (fixture->delivered, 0, note_post_again_cb)->letter);

  iterate_until (fixture->context, fixture->delivered, 10);
  assert_in_order (fixture->delivered, 10);
  g_assert_cmpuint (n_others, >=, 9);
  g_source_destroy (other);
}

typedef struct
{
  GMainContext *context;
  GArray       *delivered;
  guint         author;
} Author;

static gpointer
author_main (gpointer user_data)
{
  Author *author = user_data;

  /* Each time as a user of its own: the mailbox may come and go. */
  for (guint i = 0; i < PER_THREAD; i++)
    {
      g_autoptr(DbrMailbox) mailbox = dbr_mailbox_get (author->context);

      dbr_mailbox_post (mailbox,
                        &note_new (author->delivered, author->author * PER_THREAD + i,
                                   note_deliver_cb)->letter);
    }

  return NULL;
}

static void
assert_all_of_each_author_in_order (GArray *delivered)
{
  guint next[N_THREADS] = { 0 };

  g_assert_cmpuint (delivered->len, ==, N_THREADS * PER_THREAD);
  for (guint i = 0; i < delivered->len; i++)
    {
      guint number = g_array_index (delivered, guint, i);

      g_assert_cmpuint (number % PER_THREAD, ==, next[number / PER_THREAD]);
      next[number / PER_THREAD]++;
    }
}

static void
test_takes_from_many_threads (Fixture       *fixture,
                              gconstpointer  with_user)
{
  Author authors[N_THREADS];
  GThread *threads[N_THREADS];

  g_test_summary ("Eight threads that get the mailbox, post and leave it lose no letter and keep "
                  "each its order");

  /* Without this user the mailbox leaves the context whenever nothing waits. */
  if (!GPOINTER_TO_INT (with_user))
    g_clear_pointer (&fixture->mailbox, dbr_mailbox_unref);

  for (guint i = 0; i < N_THREADS; i++)
    {
      authors[i] = (Author) { fixture->context, fixture->delivered, i };
      threads[i] = g_thread_new ("author", author_main, &authors[i]);
    }
  iterate_until (fixture->context, fixture->delivered, N_THREADS * PER_THREAD);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  assert_all_of_each_author_in_order (fixture->delivered);
}

static void
test_blocks_nobody_when_nobody_reads (Fixture       *fixture,
                                      gconstpointer  data)
{
  g_autofree Note *refused = note_new (fixture->delivered, 0, note_deliver_cb);
  gint64 start = g_get_monotonic_time ();
  guint n_taken = 0;

  g_test_summary ("In a context that nobody turns, news is refused from the limit on, answers are "
                  "taken, and neither waits");

  for (guint i = 0; i < DBR_MAILBOX_LIMIT; i++)
    {
      n_taken += dbr_mailbox_post_bounded (fixture->mailbox,
                                           &note_new (fixture->delivered, i,
                                                      note_deliver_cb)->letter);
    }
  g_assert_cmpuint (n_taken, ==, DBR_MAILBOX_LIMIT);
  g_assert_false (dbr_mailbox_post_bounded (fixture->mailbox, &refused->letter));

  fixture_post (fixture, DBR_MAILBOX_LIMIT, DBR_MAILBOX_LIMIT);
  g_assert_false (dbr_mailbox_post_bounded (fixture->mailbox, &refused->letter));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);

  iterate_until (fixture->context, fixture->delivered, 2 * DBR_MAILBOX_LIMIT);
  assert_in_order (fixture->delivered, 2 * DBR_MAILBOX_LIMIT);

  refused->number = 2 * DBR_MAILBOX_LIMIT;
  g_assert_true (dbr_mailbox_post_bounded (fixture->mailbox, &g_steal_pointer (&refused)->letter));
  iterate_until (fixture->context, fixture->delivered, 2 * DBR_MAILBOX_LIMIT + 1);
}

static void
test_is_one_for_a_context (Fixture       *fixture,
                           gconstpointer  data)
{
  g_autoptr(DbrMailbox) same = dbr_mailbox_get (fixture->context);
  g_autoptr(DbrMailbox) global = dbr_mailbox_get (NULL);
  g_autoptr(DbrMailbox) same_global = dbr_mailbox_get (g_main_context_default ());
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrMailbox) other = dbr_mailbox_get (context);

  g_test_summary ("A context has one mailbox however often it is asked for");

  g_assert_true (same == fixture->mailbox);
  g_assert_true (dbr_mailbox_get_context (same) == fixture->context);
  g_assert_true (global == same_global);
  g_assert_true (dbr_mailbox_get_context (global) == g_main_context_default ());
  g_assert_true (other != same && other != global);
}

static void
test_leaves_the_context_with_its_last_user (void)
{
  GMainContext *context = g_main_context_new ();
  DbrMailbox *mailbox = dbr_mailbox_get (context);
  DbrMailbox *second = dbr_mailbox_get (context);
  gboolean is_gone = FALSE;

  g_test_summary ("The mailbox keeps its context as long as it has a user, and not longer");

  watch_context (context, &is_gone);
  g_main_context_unref (context);
  g_assert_false (is_gone);
  dbr_mailbox_unref (mailbox);
  g_assert_false (is_gone);
  dbr_mailbox_unref (second);
  g_assert_true (is_gone);
}

static void
test_a_letter_is_a_user (void)
{
  g_autoptr(GArray) delivered = g_array_new (FALSE, FALSE, sizeof (guint));
  GMainContext *context = g_main_context_new ();
  DbrMailbox *mailbox = dbr_mailbox_get (context);
  gboolean is_gone = FALSE;

  g_test_summary ("What was posted is delivered although whoever posted it left the mailbox");

  watch_context (context, &is_gone);
  for (guint i = 0; i < 3; i++)
    dbr_mailbox_post (mailbox, &note_new (delivered, i, note_deliver_cb)->letter);
  dbr_mailbox_unref (mailbox);

  iterate_until (context, delivered, 3);
  assert_in_order (delivered, 3);
  g_assert_false (g_main_context_pending (context));
  g_main_context_unref (context);
  g_assert_true (is_gone);
}

static DbrMailbox *last_user;

static void
note_leave_cb (DbrLetter *letter)
{
  g_clear_pointer (&last_user, dbr_mailbox_unref);
  note_deliver_cb (letter);
}

static void
test_may_be_left_by_a_callback (void)
{
  g_autoptr(GArray) delivered = g_array_new (FALSE, FALSE, sizeof (guint));
  GMainContext *context = g_main_context_new ();
  gboolean is_gone = FALSE;

  g_test_summary ("A callback may drop the last user of the mailbox that is delivering it");

  watch_context (context, &is_gone);
  last_user = dbr_mailbox_get (context);
  dbr_mailbox_post (last_user, &note_new (delivered, 0, note_leave_cb)->letter);
  dbr_mailbox_post (last_user, &note_new (delivered, 1, note_deliver_cb)->letter);

  iterate_until (context, delivered, 2);
  assert_in_order (delivered, 2);
  g_main_context_unref (context);
  g_assert_true (is_gone);
}

#define ADD(path, function, data) \
  g_test_add ("/dbr/mailbox/" path, Fixture, data, fixture_set_up, function, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("keeps-the-order", test_keeps_the_order, NULL);
  ADD ("wakes-once-for-a-batch", test_wakes_once_for_a_batch, NULL);
  ADD ("wakes-a-sleeping-thread-once", test_wakes_a_sleeping_thread_once, NULL);
  ADD ("goes-on-in-a-nested-turn", test_goes_on_in_a_nested_turn, NULL);
  ADD ("goes-on-in-nested-turns-of-each", test_goes_on_in_nested_turns_of_each, NULL);
  ADD ("leaves-others-their-turn", test_leaves_others_their_turn, NULL);
  ADD ("takes-from-many-threads", test_takes_from_many_threads, GINT_TO_POINTER (TRUE));
  ADD ("takes-from-many-threads-that-come-and-go", test_takes_from_many_threads, NULL);
  ADD ("blocks-nobody-when-nobody-reads", test_blocks_nobody_when_nobody_reads, NULL);
  ADD ("is-one-for-a-context", test_is_one_for_a_context, NULL);
  g_test_add_func ("/dbr/mailbox/leaves-the-context-with-its-last-user",
                   test_leaves_the_context_with_its_last_user);
  g_test_add_func ("/dbr/mailbox/a-letter-is-a-user", test_a_letter_is_a_user);
  g_test_add_func ("/dbr/mailbox/may-be-left-by-a-callback", test_may_be_left_by_a_callback);

  return g_test_run ();
}
