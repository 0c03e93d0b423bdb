/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-reaper.h"

#include "dbr-test-util.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A test may die by a signal at any time, and what it started must not outlive it. So a shell
 * waits at the other end of a pipe that only this process has open for writing: the kernel closes
 * it in every death. It is told of processes, cgroups and folders one a line, ends and removes at the
 * end of its input those that were not forgotten, and has a session of its own, because a test runner
 * kills a whole process group. */
static const char reaper_script[] =
  "trap '' HUP INT TERM\n"
  "pids=' '\n"
  "folders=\n"
  "cgroups=\n"
  "while read -r word value; do\n"
  "  case $word in\n"
  "  process) pids=\"$pids$value \" ;;\n"
  "  gone) pids=\"${pids%% $value *} ${pids#* $value }\" ;;\n"
  "  folder) folders=\"$folders$value\n\" ;;\n"
  "  cgroup) cgroups=\"$cgroups$value\n\" ;;\n"
  "  esac\n"
  "done\n"
  "for pid in $pids; do kill -KILL \"$pid\"; done\n"
  "IFS='\n'\n"
  "for cgroup in $cgroups; do\n"
  "  n=0\n"
  "  while [ -d \"$cgroup\" ] && [ $n -lt 100 ]; do\n"
  "    echo 1 > \"$cgroup/cgroup.kill\"\n"
  "    find \"$cgroup\" -depth -type d -exec rmdir {} \\; || sleep 0.05\n"
  "    n=$((n + 1))\n"
  "  done\n"
  "done\n"
  "for folder in $folders; do rm -rf -- \"$folder\"; done\n";

static int reaper_fd = -1;
static GPid reaper_pid;

static void
setup_cb (gpointer user_data)
{
  setsid ();
}

static void
start (void)
{
  const char *arguments[] = { "/bin/sh", "-c", reaper_script, "dbr-test-reaper", NULL };
  g_autoptr(GError) error = NULL;
  const GSpawnFlags flags = G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
  int fds[2];

  /* It must not hold our output open, or whoever reads that never sees its end. */
  if (!g_unix_open_pipe (fds, FD_CLOEXEC, &error)
      || !g_spawn_async_with_pipes_and_fds ("/", arguments, NULL, flags, setup_cb, NULL,
                                            fds[0], -1, -1, NULL, NULL, 0, &reaper_pid, NULL,
                                            NULL, NULL, &error))
    dbr_test_fail ("no reaper: %s", error->message);
  close (fds[0]);
  /* Far from the low numbers, at which a child may be given its descriptors. */
  reaper_fd = fcntl (fds[1], F_DUPFD_CLOEXEC, 64);
  close (fds[1]);
}

static void
tell (const char *word,
      const char *value)
{
  g_autofree char *line = g_strdup_printf ("%s %s\n", word, value);
  gssize length;

  dbr_test_reaper_start ();
  do
    length = write (reaper_fd, line, strlen (line));
  while (length < 0 && errno == EINTR);
  if (length < 0)
    dbr_test_fail ("the reaper is gone: %s", g_strerror (errno));
}

void
dbr_test_reaper_start (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      start ();
      g_once_init_leave (&once, 1);
    }
}

GPid
dbr_test_reaper_get_pid (void)
{
  return reaper_pid;
}

void
dbr_test_reaper_register_self (void)
{
  char line[32];
  int length = snprintf (line, sizeof line, "process %d\n", (int) getpid ());

  /* A line is far shorter than PIPE_BUF, so those of several processes never mix. */
  if (write (reaper_fd, line, (size_t) length) != length)
    _exit (127);
}

/* To be called once the process was waited for: its id may be another's soon. */
void
dbr_test_reaper_forget_process (GPid pid)
{
  g_autofree char *value = g_strdup_printf ("%d", (int) pid);

  tell ("gone", value);
}

/* Returns a fresh folder that nobody else may enter. Its path is short: a socket's may have 107
 * bytes. */
char *
dbr_test_reaper_make_folder (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_dir_make_tmp ("dbr-XXXXXX", &error);

  if (path == NULL)
    dbr_test_fail ("no folder: %s", error->message);
  tell ("folder", path);
  return g_steal_pointer (&path);
}

/* All in it are killed at the end, if it is still there, and it is removed. */
void
dbr_test_reaper_register_cgroup (const char *path)
{
  tell ("cgroup", path);
}

void
dbr_test_reaper_remove_folder (const char *path)
{
  dbr_test_remove_folder (path);
}
