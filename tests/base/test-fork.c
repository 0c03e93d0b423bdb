/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-fork-private.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/dbr-deadline-private.h"
#include "base/dbr-io-private.h"
#include "base/dbr-mailbox-private.h"

#define N_THREADS 4
#define N_CHILDREN 200
#define MSEC 1000
#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
#define PATIENCE_MS 20000

typedef void (*ChildFunc) (void);

static struct
{
  GMutex mutex;
  GCond  cond;

  /* guarded by mutex */
  guint  n_rings;
} bell;

static void
bell_ring (void)
{
  g_mutex_lock (&bell.mutex);
  bell.n_rings++;
  g_cond_broadcast (&bell.cond);
  g_mutex_unlock (&bell.mutex);
}

static void
deadline_cb (DbrDeadline *deadline)
{
  g_assert_true (dbr_io_is_current ());
  bell_ring ();
}

static void
errand_cb (gpointer data)
{
  g_assert_true (dbr_io_is_current ());
  bell_ring ();
}

/* Waits for so many rings more than @before. */
static void
bell_wait (guint before,
           guint n_rings)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * MSEC;

  g_mutex_lock (&bell.mutex);
  while (bell.n_rings < before + n_rings)
    g_assert_true (g_cond_wait_until (&bell.cond, &bell.mutex, end));
  g_mutex_unlock (&bell.mutex);
}

/* Runs @func, which fails by an assertion, in a child; says whether that ended well and in time. */
static gboolean
child_succeeds (ChildFunc func)
{
  int ends[2];
  struct pollfd gone;
  pid_t pid;
  int status;

  g_assert_no_errno (pipe (ends));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      close (ends[0]);
      func ();
      _exit (0);
    }

  /* The child's end closes with the child. */
  close (ends[1]);
  gone = (struct pollfd) { .fd = ends[0], .events = POLLIN };
  if (poll (&gone, 1, PATIENCE_MS) != 1)
    kill (pid, SIGKILL);
  close (ends[0]);
  g_assert_no_errno (waitpid (pid, &status, 0));

  return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

/* Runs the test in a process of its own, which has no threads but those that the test starts. */
static gboolean
is_subprocess (void)
{
  if (g_test_subprocess ())
    return TRUE;

  g_test_trap_subprocess (NULL, 120 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();

  return FALSE;
}

static guint generation_of_parent;

static void
check_generation (void)
{
  g_assert_cmpuint (dbr_fork_get_generation (), ==, generation_of_parent + 1);
}

static void
check_grandchild_generation (void)
{
  generation_of_parent++;
  g_assert_true (child_succeeds (check_generation));
}

static void
test_tells_a_child_from_its_parent (void)
{
  g_test_summary ("The generation is another in a child, and stays the same in the parent");

  generation_of_parent = dbr_fork_get_generation ();
  g_assert_true (child_succeeds (check_generation));
  g_assert_cmpuint (dbr_fork_get_generation (), ==, generation_of_parent);
  g_assert_true (child_succeeds (check_grandchild_generation));
  g_assert_cmpuint (dbr_fork_get_generation (), ==, generation_of_parent);
}

static void
use_io (void)
{
  guint before = bell.n_rings;

  g_assert_false (dbr_io_is_current ());
  dbr_io_invoke (errand_cb, NULL);
  bell_wait (before, 1);
}

static void
test_a_child_has_a_thread_of_its_own (void)
{
  g_test_summary ("dbr-io runs in a child although its parent's thread is not there");

  if (!is_subprocess ())
    return;

  use_io ();
  g_assert_true (child_succeeds (use_io));
  use_io ();
}

static DbrDeadline soon_of_parent;
static DbrDeadline late_of_parent;

static void
use_deadlines (void)
{
  DbrDeadline early = { 0 };
  DbrDeadline late = { 0 };
  guint before = bell.n_rings;

  dbr_deadline_arm (&late, g_get_monotonic_time () + HOUR, deadline_cb);
  dbr_deadline_arm (&early, g_get_monotonic_time () + 10 * MSEC, deadline_cb);
  bell_wait (before, 1);
  g_assert_true (dbr_deadline_disarm (&late));
}

static void
outlive_a_deadline_of_the_parent (void)
{
  DbrDeadline later = { 0 };
  guint before = bell.n_rings;

  dbr_deadline_arm (&later, soon_of_parent.when + 10 * MSEC, deadline_cb);
  bell_wait (before, 1);
  g_assert_cmpuint (bell.n_rings, ==, before + 1);

  /* Whoever takes one back is told the truth: it will not be called. */
  g_assert_true (dbr_deadline_disarm (&late_of_parent));
  g_assert_false (dbr_deadline_disarm (&late_of_parent));
}

static void
disarm_a_deadline_of_the_parent (void)
{
  g_assert_true (dbr_deadline_disarm (&late_of_parent));
  use_deadlines ();
}

static void
test_deadlines_hold_in_a_child (void)
{
  guint before;

  g_test_summary ("Deadlines work in a child, and those of its parent are called there only");

  if (!is_subprocess ())
    return;

  use_deadlines ();
  before = bell.n_rings;
  dbr_deadline_arm (&late_of_parent, g_get_monotonic_time () + HOUR, deadline_cb);
  dbr_deadline_arm (&soon_of_parent, g_get_monotonic_time () + 300 * MSEC, deadline_cb);
  g_assert_true (child_succeeds (outlive_a_deadline_of_the_parent));
  g_assert_true (child_succeeds (disarm_a_deadline_of_the_parent));

  bell_wait (before, 1);
  g_assert_true (dbr_deadline_disarm (&late_of_parent));
  use_deadlines ();
}

static void
letter_cb (DbrLetter *letter)
{
  bell_ring ();
}

static void
use_everything (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrMailbox) mailbox = dbr_mailbox_get (context);
  DbrLetter letter = { .deliver = letter_cb };
  guint before;

  g_assert_true (dbr_mailbox_get_context (mailbox) == context);
  use_deadlines ();
  use_io ();

  before = bell.n_rings;
  dbr_mailbox_post (mailbox, &letter);
  g_assert_true (g_main_context_iteration (context, FALSE));
  g_assert_cmpuint (bell.n_rings, ==, before + 1);
}

static gint is_over;

static void
silent_cb (DbrDeadline *deadline)
{
}

/* It makes and frees nothing: GLib's own locks, which lie there, are not kept whole in a child. */
static gpointer
busy_main (gpointer user_data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(DbrMailbox) user = dbr_mailbox_get (context);
  DbrDeadline deadlines[100] = { { 0 } };

  g_assert_true (dbr_mailbox_get_context (user) == context);
  bell_ring ();

  while (!g_atomic_int_get (&is_over))
    {
      for (guint i = 0; i < G_N_ELEMENTS (deadlines); i++)
        dbr_deadline_arm (&deadlines[i], g_get_monotonic_time () + HOUR + i, silent_cb);
      for (guint i = 0; i < G_N_ELEMENTS (deadlines); i++)
        {
          DbrMailbox *mailbox = dbr_mailbox_get (context);

          g_assert_true (dbr_deadline_disarm (&deadlines[i]));
          dbr_mailbox_unref (mailbox);
        }
    }

  return NULL;
}

static void
test_a_child_of_a_busy_process_does_not_hang (void)
{
  GThread *threads[N_THREADS];
  guint before;

  g_test_summary ("A child works that is forked while other threads arm deadlines and get "
                  "mailboxes");

  if (!is_subprocess ())
    return;

  use_everything ();
  before = bell.n_rings;
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("busy", busy_main, NULL);
  bell_wait (before, N_THREADS);

  for (guint i = 0; i < N_CHILDREN; i++)
    {
      if (!child_succeeds (use_everything))
        g_error ("Child %u hung or failed", i);
    }

  g_atomic_int_set (&is_over, TRUE);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/fork/tells-a-child-from-its-parent", test_tells_a_child_from_its_parent);
  g_test_add_func ("/dbr/fork/a-child-has-a-thread-of-its-own",
                   test_a_child_has_a_thread_of_its_own);
  g_test_add_func ("/dbr/fork/deadlines-hold-in-a-child", test_deadlines_hold_in_a_child);
  g_test_add_func ("/dbr/fork/a-child-of-a-busy-process-does-not-hang",
                   test_a_child_of_a_busy_process_does_not_hang);

  return g_test_run ();
}
