/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include <glib/gstdio.h>

#include "recovery/dbr-state-file-private.h"

#define ADDRESS "00:AA:01:00:00:42"

typedef struct
{
  /* of the calls that the child began, in turn */
  GArray   *numbers;
  /* it ended before it was killed */
  gboolean  is_done;
} Trace;

static DbrStateBook *
commit (const char *path,
        const char *value)
{
  g_autoptr(GPtrArray) changes = NULL;

  changes = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_state_change_free);
  g_ptr_array_add (changes, dbr_state_change_new_attribute (ADDRESS, "value",
                                                            g_variant_new_string (value)));

  return dbr_state_file_commit (path, changes, NULL, NULL);
}

static char *
dup_value (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrStateBook) book = dbr_state_file_load (path, NULL, &error);
  DbrStateRecord record;
  char *value = NULL;

  g_assert_no_error (error);
  if (dbr_state_book_lookup (book, ADDRESS, &record))
    g_variant_lookup (record.attributes, "value", "s", &value);

  return value;
}

static void
write_traced (const char *path)
{
  if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) != 0)
    _exit (77);
  raise (SIGSTOP);
  _exit (commit (path, "new") != NULL ? 0 : 1);
}

static void
note_call (Trace *trace,
           pid_t  pid)
{
  struct __ptrace_syscall_info info;

  if (ptrace (PTRACE_GET_SYSCALL_INFO, pid, (void *) sizeof info, &info) > 0
      && info.op == PTRACE_SYSCALL_INFO_ENTRY)
    g_array_append_val (trace->numbers, info.entry.nr);
}

/* Writes in a child, and kills it at the nth stop: before a call to the system or behind one. FALSE:
 * programs cannot be traced here. */
static gboolean
kill_at (const char *path,
         guint       n_stops,
         Trace      *trace)
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    write_traced (path);

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 77)
    return FALSE;

  g_assert_true (WIFSTOPPED (status));
  g_assert_cmpint (ptrace (PTRACE_SETOPTIONS, pid, NULL, (void *) PTRACE_O_TRACESYSGOOD), ==, 0);
  for (guint i = 0; i < n_stops; i++)
    {
      g_assert_cmpint (ptrace (PTRACE_SYSCALL, pid, NULL, NULL), ==, 0);
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      if (WIFEXITED (status))
        {
          g_assert_cmpint (WEXITSTATUS (status), ==, 0);
          trace->is_done = TRUE;
          return TRUE;
        }
      g_assert_true (WIFSTOPPED (status));
      note_call (trace, pid);
    }
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);

  return TRUE;
}

/* The first call of this kind from @start on; the number of calls if there is none. */
static guint
find_call (const Trace *trace,
           guint        start,
           const int   *numbers)
{
  for (guint i = start; i < trace->numbers->len; i++)
    {
      guint64 number = g_array_index (trace->numbers, guint64, i);

      for (const int *one = numbers; *one >= 0; one++)
        {
          if (number == (guint64) *one)
            return i;
        }
    }

  return trace->numbers->len;
}

/* What a switched off machine finds is decided by that order. */
static void
assert_order (const Trace *trace)
{
  const int syncs[] = { SYS_fsync, SYS_fdatasync, -1 };
  const int renames[] = {
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_renameat2, -1
  };
  guint first_sync = find_call (trace, 0, syncs);
  guint name = find_call (trace, 0, renames);

  g_assert_cmpuint (first_sync, <, name);
  g_assert_cmpuint (name, <, find_call (trace, name, syncs));
  g_assert_cmpuint (find_call (trace, name, syncs), <, trace->numbers->len);
}

static void
clear_folder (const char *folder)
{
  const char *const names[] = { "state", ".state.new", ".state.lock" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
    }
}

/* Returns FALSE when the child was not killed any more. */
static gboolean
check_crash (const char *folder,
             const char *before,
             guint       n_stops,
             gboolean   *was_new)
{
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autoptr(GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr(DbrStateBook) book = NULL;
  g_autofree char *value = NULL;
  g_autofree char *last = NULL;
  Trace trace = { numbers, FALSE };

  clear_folder (folder);
  if (before != NULL)
    {
      book = commit (path, before);
      g_assert_nonnull (book);
    }
  g_assert_true (kill_at (path, n_stops, &trace));

  value = dup_value (path);
  if (g_strcmp0 (value, "new") != 0)
    {
      g_assert_cmpstr (value, ==, before);
      g_assert_false (*was_new);
    }
  *was_new = g_strcmp0 (value, "new") == 0;
  if (trace.is_done)
    {
      g_assert_true (*was_new);
      assert_order (&trace);
      g_test_message ("%u calls to the system", numbers->len);
    }

  /* Neither the lock nor what was left is in the way of who comes next. */
  g_clear_pointer (&book, dbr_state_book_free);
  book = commit (path, "last");
  g_assert_nonnull (book);
  last = dup_value (path);
  g_assert_cmpstr (last, ==, "last");

  return !trace.is_done;
}

static gboolean
can_trace (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autoptr(GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  Trace trace = { numbers, FALSE };

  return kill_at (path, 1, &trace);
}

static void
check_all (const char *before)
{
  g_autofree char *folder = g_dir_make_tmp ("dbr-state-XXXXXX", NULL);
  gboolean was_new = FALSE;
  guint n_stops = 0;

  if (!can_trace (folder))
    g_test_skip ("programs cannot be traced here");
  else
    while (check_crash (folder, before, n_stops, &was_new))
      n_stops++;
  g_test_message ("killed at %u points", n_stops);
  clear_folder (folder);
  g_rmdir (folder);
}

static void
test_first (void)
{
  g_test_summary ("A program that is killed at any point of its first writing leaves no file or a whole"
                  " one");

  check_all (NULL);
}

static void
test_later (void)
{
  g_test_summary ("A program that is killed at any point of a later writing leaves the older state or"
                  " the newer one");

  check_all ("old");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/state-file/crash/first", test_first);
  g_test_add_func ("/dbr/state-file/crash/later", test_later);

  return g_test_run ();
}
