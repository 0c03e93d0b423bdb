/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-process.h"

#include "dbr-test-reaper.h"
#include "dbr-test-util.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child process that answers on a pipe. No GSubprocess: it would bring a thread and a main
 * context into tests that count theirs. */
struct _DbrTestProcess
{
  GPid     pid;
  char    *name;
  int      input_fd;
  int      output_fd;
  GString *output;
  int      status;
  gboolean is_reaped;
};

/* How often the kernel is asked about a process that is not ours to wait for. */
#define POLL_USEC 1000

static void
setup_cb (gpointer user_data)
{
  dbr_test_reaper_register_self ();
}

static gboolean
reap (DbrTestProcess *self,
      int             flags)
{
  int result;

  if (self->is_reaped)
    return TRUE;
  do
    result = waitpid (self->pid, &self->status, flags);
  while (result < 0 && errno == EINTR);
  if (result == 0)
    return FALSE;
  self->is_reaped = TRUE;
  dbr_test_reaper_forget_process (self->pid);
  return TRUE;
}

static void
signal_process (DbrTestProcess *self,
                int             number)
{
  if (!dbr_test_process_is_alive (self))
    dbr_test_fail ("%s (pid %d) is dead already", self->name, (int) self->pid);
  kill (self->pid, number);
}

/* Reads the third field of a stat file; the second may hold anything but ends with the last
 * bracket. */
static char
read_stat (const char *path)
{
  g_autofree char *stat = NULL;
  const char *end;

  if (!g_file_get_contents (path, &stat, NULL, NULL))
    return '\0';
  end = strrchr (stat, ')');
  return end != NULL && end[1] == ' ' ? end[2] : '\0';
}

/* Starts a program. Its error output is ours only if DBR_TEST_VERBOSE is set; `passed_fd` becomes
 * its descriptor 3, unless it is -1. */
DbrTestProcess *
dbr_test_process_new (const char *const *arguments,
                      gboolean           has_input,
                      int                passed_fd)
{
  DbrTestProcess *self = g_new0 (DbrTestProcess, 1);
  const int target_fd = 3;
  GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD;
  g_autoptr(GError) error = NULL;

  dbr_test_reaper_start ();
  self->name = g_path_get_basename (arguments[0]);
  self->input_fd = -1;
  self->output = g_string_new (NULL);
  if (g_getenv ("DBR_TEST_VERBOSE") == NULL)
    flags |= G_SPAWN_STDERR_TO_DEV_NULL;
  if (!g_spawn_async_with_pipes_and_fds (NULL, arguments, NULL, flags, setup_cb, NULL, -1, -1, -1,
                                         &passed_fd, &target_fd, passed_fd >= 0 ? 1 : 0, &self->pid,
                                         has_input ? &self->input_fd : NULL, &self->output_fd, NULL,
                                         &error))
    dbr_test_fail ("%s does not start: %s", self->name, error->message);
  return self;
}

void
dbr_test_process_free (DbrTestProcess *self)
{
  if (!self->is_reaped)
    dbr_test_process_kill (self);
  if (self->input_fd >= 0)
    close (self->input_fd);
  close (self->output_fd);
  g_string_free (self->output, TRUE);
  g_free (self->name);
  g_free (self);
}

GPid
dbr_test_process_get_pid (DbrTestProcess *self)
{
  return self->pid;
}

gboolean
dbr_test_process_is_alive (DbrTestProcess *self)
{
  return !reap (self, WNOHANG);
}

/* As waitpid() gives it; for a process that is dead. */
int
dbr_test_process_get_status (DbrTestProcess *self)
{
  return self->status;
}

/* Returns when every thread of it has stopped. */
void
dbr_test_process_stop (DbrTestProcess *self)
{
  signal_process (self, SIGSTOP);
  dbr_test_wait_process_state (self->pid, 'T');
}

void
dbr_test_process_cont (DbrTestProcess *self)
{
  signal_process (self, SIGCONT);
}

/* Returns when it is dead, stopped before or not. */
void
dbr_test_process_kill (DbrTestProcess *self)
{
  if (self->is_reaped)
    return;
  kill (self->pid, SIGKILL);
  reap (self, 0);
}

/* Returns whether the process died by itself in time. */
gboolean
dbr_test_process_wait (DbrTestProcess *self,
                       guint           ms)
{
  gint64 deadline = dbr_test_get_deadline (ms);

  while (dbr_test_process_is_alive (self) && g_get_monotonic_time () < deadline)
    g_usleep (POLL_USEC);
  return self->is_reaped;
}

/* A process that died meanwhile takes nothing; whoever waits for its answer finds out, so this
 * does not fail. */
void
dbr_test_process_write (DbrTestProcess *self,
                        const char     *line)
{
  g_autofree char *text = g_strconcat (line, "\n", NULL);
  const char *rest = text;
  sigset_t pipe_set;
  sigset_t before;
  const struct timespec now = { 0 };

  /* The caller's own handling of SIGPIPE stays as it is. */
  sigemptyset (&pipe_set);
  sigaddset (&pipe_set, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &pipe_set, &before);
  while (*rest != '\0')
    {
      gssize length = write (self->input_fd, rest, strlen (rest));

      if (length < 0 && errno == EINTR)
        continue;
      if (length < 0)
        break;
      rest += length;
    }
  if (*rest != '\0')
    sigtimedwait (&pipe_set, NULL, &now);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
}

/* Returns the next line of its output without the newline, or NULL and why there is none. */
char *
dbr_test_process_read_line (DbrTestProcess *self,
                            guint           ms,
                            const char    **reason)
{
  gint64 deadline = dbr_test_get_deadline (ms);
  struct pollfd watched = { self->output_fd, POLLIN, 0 };
  char *end;

  while ((end = memchr (self->output->str, '\n', self->output->len)) == NULL)
    {
      gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
      char chunk[1024];
      gssize length;

      *reason = "it said nothing in time";
      if (left <= 0)
        return NULL;
      if (poll (&watched, 1, (int) left) <= 0)
        continue;
      length = read (self->output_fd, chunk, sizeof chunk);
      *reason = "it closed its output";
      if (length == 0)
        return NULL;
      if (length > 0)
        g_string_append_len (self->output, chunk, length);
    }
  {
    char *line = g_strndup (self->output->str, (gsize) (end - self->output->str));

    g_string_erase (self->output, 0, end + 1 - self->output->str);
    return line;
  }
}

/* Returns the state letter that all threads of a process share, '?' if they differ, 0 if there is
 * no such process. */
char
dbr_test_process_read_state (GPid pid)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d/task", (int) pid);
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  char state = '\0';

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, "stat", NULL);
      char thread_state = read_stat (path);

      /* A thread that ended between the two looks says nothing about the others. */
      if (thread_state == '\0')
        continue;
      state = state == '\0' || state == thread_state ? thread_state : '?';
    }
  return state;
}

void
dbr_test_wait_process_state (GPid pid,
                             char state)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);
  char seen;

  while ((seen = dbr_test_process_read_state (pid)) != state)
    {
      if (g_get_monotonic_time () >= deadline)
        dbr_test_fail ("process %d is in state %c instead of %c", (int) pid, seen != '\0' ? seen
                       : '-', state);
      g_usleep (POLL_USEC);
    }
}
