/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-io-private.h"

#include <string.h>

#include <gio/gio.h>

#include "base/dbr-debug-private.h"
#include "base/dbr-event-private.h"
#include "base/dbr-fork-private.h"
#include "base/dbr-mailbox-private.h"
#include "base/dbr-request-private.h"

#define N_THREADS 8
#define PER_THREAD 1000

/* An errand that notes in which order and where it ran. */
typedef struct
{
  guint    number;
  GThread *thread;
} Errand;

static struct
{
  GMutex  mutex;
  GCond   cond;

  /* guarded by mutex: the numbers of those that ran */
  GArray *ran;
} done;

static void
errand_run_cb (gpointer data)
{
  Errand *errand = data;

  g_assert_true (dbr_io_is_current ());
  errand->thread = g_thread_self ();

  g_mutex_lock (&done.mutex);
  g_array_append_val (done.ran, errand->number);
  g_cond_broadcast (&done.cond);
  g_mutex_unlock (&done.mutex);
}

static void
done_reset (void)
{
  g_mutex_lock (&done.mutex);
  g_clear_pointer (&done.ran, g_array_unref);
  done.ran = g_array_new (FALSE, FALSE, sizeof (guint));
  g_mutex_unlock (&done.mutex);
}

static void
done_wait (guint length)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  g_mutex_lock (&done.mutex);
  while (done.ran->len < length)
    {
      if (!g_cond_wait_until (&done.cond, &done.mutex, end))
        g_error ("Only %u of %u errands ran", done.ran->len, length);
    }
  g_mutex_unlock (&done.mutex);
}

static void
test_runs_in_order (void)
{
  g_autofree Errand *errands = g_new0 (Errand, PER_THREAD);

  g_test_summary ("Functions run on one other thread, in the order in which they were given");

  done_reset ();
  g_assert_false (dbr_io_is_current ());
  for (guint i = 0; i < PER_THREAD; i++)
    {
      errands[i].number = i;
      dbr_io_invoke (errand_run_cb, &errands[i]);
    }
  done_wait (PER_THREAD);

  for (guint i = 0; i < PER_THREAD; i++)
    {
      g_assert_cmpuint (g_array_index (done.ran, guint, i), ==, i);
      g_assert_true (errands[i].thread == errands[0].thread);
      g_assert_true (errands[i].thread != g_thread_self ());
    }
}

static gpointer
author_main (gpointer user_data)
{
  Errand *errands = user_data;

  for (guint i = 0; i < PER_THREAD; i++)
    dbr_io_invoke (errand_run_cb, &errands[i]);

  return NULL;
}

static void
test_keeps_the_order_of_each_thread (void)
{
  g_autofree Errand *errands = g_new0 (Errand, N_THREADS * PER_THREAD);
  GThread *threads[N_THREADS];
  guint next[N_THREADS] = { 0 };

  g_test_summary ("Functions from eight threads all run, those of one thread in its order");

  done_reset ();
  for (guint i = 0; i < N_THREADS * PER_THREAD; i++)
    errands[i].number = i;
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("author", author_main, errands + i * PER_THREAD);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  done_wait (N_THREADS * PER_THREAD);

  for (guint i = 0; i < N_THREADS * PER_THREAD; i++)
    {
      guint number = g_array_index (done.ran, guint, i);

      g_assert_cmpuint (number % PER_THREAD, ==, next[number / PER_THREAD]);
      next[number / PER_THREAD]++;
    }
}

static void
outer_cb (gpointer data)
{
  Errand *errands = data;

  dbr_io_invoke (errand_run_cb, &errands[0]);
  g_assert_true (errands[0].thread == g_thread_self ());
  errand_run_cb (&errands[1]);
}

static void
test_runs_at_once_on_dbr_io (void)
{
  Errand errands[] = { { .number = 0 }, { .number = 1 } };

  g_test_summary ("On dbr-io itself a function runs before the call that gave it returns");

  done_reset ();
  dbr_io_invoke (outer_cb, errands);
  done_wait (2);

  g_assert_cmpuint (g_array_index (done.ran, guint, 0), ==, 0);
  g_assert_cmpuint (g_array_index (done.ran, guint, 1), ==, 1);
}

static void
check_context_cb (gpointer data)
{
  g_assert_true (g_main_context_get_thread_default () == dbr_io_get_context ());
  g_assert_true (g_main_context_is_owner (dbr_io_get_context ()));
  errand_run_cb (data);
}

static void
answer_cb (gpointer data)
{
  GThread **thread = data;

  g_usleep (20 * 1000);
  *thread = g_thread_self ();
}

static void
test_answers (void)
{
  GThread *thread = NULL;

  g_test_summary ("Who asks dbr-io goes on when the answer is there");

  dbr_io_ask (answer_cb, &thread);
  g_assert_nonnull (thread);
  g_assert_true (thread != g_thread_self ());
}

static void
test_context_is_the_default_of_its_thread (void)
{
  Errand errand = { 0 };

  g_test_summary ("What runs on dbr-io and starts something asynchronous hears of it on dbr-io");

  done_reset ();
  dbr_io_invoke (check_context_cb, &errand);
  done_wait (1);
  g_assert_true (dbr_io_get_context () != g_main_context_default ());
}

/* How many threads of this process are called so, or all for NULL; -1 where that cannot be seen. */
static int
count_threads (const char *name)
{
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *id;
  int n_threads = 0;

  if (tasks == NULL)
    return -1;

  while ((id = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", id, "comm", NULL);
      g_autofree char *comm = NULL;

      if (name == NULL)
        n_threads++;
      else if (g_file_get_contents (path, &comm, NULL, NULL))
        n_threads += strcmp (g_strchomp (comm), name) == 0;
    }

  return n_threads;
}

/* ThreadSanitizer has a thread of its own, which comes with the first one of the program. */
static int
count_tool_threads (void)
{
#ifdef __has_feature
#if __has_feature (thread_sanitizer)
  return 1;
#endif
#endif
  return 0;
}

static void
test_starts_with_its_first_use (void)
{
  g_test_summary ("No thread is started until something has to run on it, and then one beside the one"
                  " that GLib has for itself");

  if (count_threads (NULL) < 0)
    {
      g_test_skip ("This system does not show a process its threads");
      return;
    }

  if (g_test_subprocess ())
    {
      int n_threads = count_threads (NULL);
      g_autoptr(DbrMailbox) mailbox = dbr_mailbox_get (NULL);
      g_autoptr(DbrEvent) event = dbr_event_new ("kind", "text", NULL);
      g_autoptr(DbrRequest) request = dbr_request_new (NULL, "/", "a.b", "C", NULL, NULL);
      Errand errand = { 0 };

      g_assert_nonnull (mailbox);
      g_assert_nonnull (event);
      g_assert_true (dbr_request_check (request, FALSE, NULL));
      g_assert_cmpuint (dbr_fork_get_generation (), ==, 0);
      g_assert_false (dbr_debug_is_on (DBR_DEBUG_CALLS));
      g_assert_false (dbr_io_is_current ());
      g_assert_cmpint (count_threads (NULL), ==, n_threads);
      g_assert_cmpint (count_threads ("dbr-io"), ==, 0);

      done_reset ();
      dbr_io_invoke (errand_run_cb, &errand);
      done_wait (1);
      g_assert_cmpint (count_threads (NULL), ==,
                       n_threads + 1 + count_threads ("gmain") + count_tool_threads ());
      g_assert_cmpint (count_threads ("dbr-io"), ==, 1);
      return;
    }

  g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/io/runs-in-order", test_runs_in_order);
  g_test_add_func ("/dbr/io/keeps-the-order-of-each-thread", test_keeps_the_order_of_each_thread);
  g_test_add_func ("/dbr/io/runs-at-once-on-dbr-io", test_runs_at_once_on_dbr_io);
  g_test_add_func ("/dbr/io/answers", test_answers);
  g_test_add_func ("/dbr/io/context-is-the-default-of-its-thread",
                   test_context_is_the_default_of_its_thread);
  g_test_add_func ("/dbr/io/starts-with-its-first-use", test_starts_with_its_first_use);

  return g_test_run ();
}
