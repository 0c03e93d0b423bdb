/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-cgroup.h"

#include "dbr-test-reaper.h"
#include "dbr-test-util.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* How often the kernel is asked whether a process that is being killed is gone. */
#define POLL_USEC 2000

/* The tree of version 2, which is mounted alone or beside those of version 1. */
static const char *
find_root (void)
{
  const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

  for (gsize i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      g_autofree char *file = g_build_filename (roots[i], "cgroup.controllers", NULL);

      if (g_file_test (file, G_FILE_TEST_EXISTS))
        return roots[i];
    }
  return NULL;
}

/* Where this process is in it, without the newline. */
static char *
dup_own_path (void)
{
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return g_strdup ("/");
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "0::"))
        return g_strdup (lines[i] + strlen ("0::"));
    }
  return g_strdup ("/");
}

/* There are no files in it that rmdir() would not remove with it. */
static gboolean
remove_tree (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_tree (child);
    }
  return g_rmdir (path) == 0 || errno == ENOENT;
}

static gboolean
is_populated (const char *path)
{
  g_autofree char *file = g_build_filename (path, "cgroup.events", NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (file, &text, NULL, NULL) && strstr (text, "populated 1") != NULL;
}

char *
dbr_test_cgroup_make (GError **error)
{
  static int count;
  const char *root = find_root ();
  g_autofree char *own = dup_own_path ();
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;
  g_autofree char *kill_file = NULL;

  if (root == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "no cgroups of version 2");
      return NULL;
    }
  name = g_strdup_printf ("dbr-test-%d-%d", (int) getpid (), g_atomic_int_add (&count, 1));
  path = g_build_filename (root, own, name, NULL);
  kill_file = g_build_filename (path, "cgroup.kill", NULL);
  if (g_mkdir (path, 0755) != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "no cgroup %s: %s", path,
                   g_strerror (errno));
      return NULL;
    }
  if (!g_file_test (kill_file, G_FILE_TEST_EXISTS))
    {
      g_rmdir (path);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "this kernel cannot kill a cgroup");
      return NULL;
    }
  dbr_test_reaper_register_cgroup (path);
  return g_steal_pointer (&path);
}

void
dbr_test_cgroup_kill (const char *path)
{
  g_autofree char *file = g_build_filename (path, "cgroup.kill", NULL);
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);
  int fd = g_open (file, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write (fd, "1", 1) != 1)
    dbr_test_fail ("%s: %s", file, g_strerror (errno));
  close (fd);
  while (is_populated (path))
    {
      if (g_get_monotonic_time () >= deadline)
        dbr_test_fail ("%s: some process in it does not die", path);
      g_usleep (POLL_USEC);
    }
}

void
dbr_test_cgroup_remove (const char *path)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  dbr_test_cgroup_kill (path);
  while (!remove_tree (path))
    {
      if (g_get_monotonic_time () >= deadline)
        dbr_test_fail ("%s: %s", path, g_strerror (errno));
      g_usleep (POLL_USEC);
    }
}
