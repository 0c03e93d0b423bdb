/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Becomes a real `systemd --user`, whatever the machine was booted with: in the cgroup CGROUP, with
 * FOLDER as its runtime directory, of which the rest of the machine sees all. With --check it only
 * tries whether that can be done, and says on its standard output why not. */

#define SYSTEMD "/lib/systemd/systemd"
#define TARGET "dbr-test.target"

static void refuse (const char *format,
                    ...) __attribute__ ((format (printf, 1, 2), noreturn));

static void
refuse (const char *format,
        ...)
{
  va_list arguments;

  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  printf ("\n");
  exit (77);
}

static void
enter_cgroup (const char *cgroup)
{
  char path[4096];
  int fd;

  snprintf (path, sizeof path, "%s/cgroup.procs", cgroup);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write (fd, "0", 1) != 1)
    refuse ("%s cannot be entered: %s", cgroup, strerror (errno));
  close (fd);
}

/* It looks whether the machine was booted with systemd, and there it must see so. The real /run
 * stays as it is: others look there as well. */
static void
pretend_booted (void)
{
  const char *const folders[] = { "/run/systemd", "/run/systemd/system" };

  if (access ("/run/systemd/system", F_OK) == 0)
    return;
  if (mount ("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0)
    refuse ("/run cannot be mounted: %s", strerror (errno));
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
    mkdir (folders[i], 0755);
}

/* Its own cgroup is the root of the tree that it sees. */
static void
enter_namespaces (void)
{
  if (unshare (CLONE_NEWNS | CLONE_NEWCGROUP) != 0)
    refuse ("no namespaces of its own: %s", strerror (errno));
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    refuse ("mounts cannot be made private: %s", strerror (errno));
  if (mount ("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) != 0)
    refuse ("cgroups cannot be mounted: %s", strerror (errno));
  pretend_booted ();
}

/* Where its bus and units are it takes from here, never from who started it. */
static void
set_environment (const char *folder)
{
  char path[4096];

  clearenv ();
  setenv ("PATH", "/usr/bin:/bin:/usr/sbin:/sbin", 1);
  setenv ("LC_ALL", "C.UTF-8", 1);
  setenv ("HOME", folder, 1);
  setenv ("XDG_RUNTIME_DIR", folder, 1);
  snprintf (path, sizeof path, "%s/config", folder);
  setenv ("XDG_CONFIG_HOME", path, 1);
  snprintf (path, sizeof path, "%s/data", folder);
  setenv ("XDG_DATA_HOME", path, 1);
}

int
main (int    argc,
      char **argv)
{
  if (argc != 3)
    {
      fprintf (stderr, "Usage: dbr-systemd-user FOLDER|--check CGROUP\n");
      return 2;
    }
  if (access (SYSTEMD, X_OK) != 0)
    refuse ("there is no %s", SYSTEMD);
  enter_cgroup (argv[2]);
  enter_namespaces ();
  if (strcmp (argv[1], "--check") == 0)
    return 0;
  set_environment (argv[1]);
  execl (SYSTEMD, SYSTEMD, "--user", "--log-target=null", "--unit=" TARGET, (char *) NULL);
  refuse ("%s does not run: %s", SYSTEMD, strerror (errno));
}
