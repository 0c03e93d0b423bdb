/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/dbr-address-private.h"

/* What a program that runs with another's rights takes from its environment: a copy of this one that
 * is setuid, run by somebody with no rights at all. */

#define TELL "--tell-buses"
#define TRAP "trap"
#define NOBODY 65534

static int
tell_buses (void)
{
  g_autofree char *session = dbr_address_dup_for_bus (G_BUS_TYPE_SESSION, NULL);
  g_autofree char *system = dbr_address_dup_for_bus (G_BUS_TYPE_SYSTEM, NULL);
  g_autofree char *starter = dbr_address_dup_for_bus (G_BUS_TYPE_STARTER, NULL);

  printf ("secure=%lu uid=%u session=%s system=%s starter=%s\n", getauxval (AT_SECURE),
          (guint) geteuid (), session, system, starter);

  return EXIT_SUCCESS;
}

static void
become_nobody_cb (gpointer user_data)
{
  if (setgid (NOBODY) != 0 || setuid (NOBODY) != 0)
    _exit (EXIT_FAILURE);
}

static char *
make_copy (const char *folder,
           mode_t      mode)
{
  char *copy = g_build_filename (folder, "copy", NULL);
  g_autofree char *program = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;

  g_assert_true (g_file_get_contents ("/proc/self/exe", &program, &size, &error));
  g_assert_true (g_file_set_contents (copy, program, (gssize) size, &error));
  g_assert_no_error (error);
  g_assert_no_errno (chmod (copy, mode));

  return copy;
}

/* What the copy says, run by nobody in an environment full of traps. */
static char *
ask_copy (const char *folder,
          mode_t      mode)
{
  g_autofree char *copy = make_copy (folder, mode);
  g_autofree char *socket = g_build_filename (folder, "bus", NULL);
  g_autofree char *runtime = g_strconcat ("XDG_RUNTIME_DIR=", folder, NULL);
  g_autofree char *libraries = g_strconcat ("LD_LIBRARY_PATH=", g_getenv ("LD_LIBRARY_PATH"), NULL);
  const char *const arguments[] = { copy, TELL, NULL };
  const char *environment[] = {
    "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/" TRAP, "DBUS_STARTER_BUS_TYPE=system", runtime, libraries,
    NULL,
  };
  g_autoptr(GError) error = NULL;
  char *told = NULL;

  g_assert_true (g_file_set_contents (socket, "", 0, &error));
  g_spawn_sync (NULL, (char **) arguments, (char **) environment, G_SPAWN_DEFAULT, become_nobody_cb,
                NULL, &told, NULL, NULL, &error);
  g_assert_no_error (error);
  g_unlink (copy);
  g_unlink (socket);

  return told;
}

static void
test_setuid (void)
{
  g_autofree char *folder = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *told = NULL;

  g_test_summary ("A program that runs with another's rights believes nothing of its environment");
  if (geteuid () != 0)
    {
      g_test_skip ("only root can make a program setuid");
      return;
    }

  folder = g_dir_make_tmp (TRAP "-XXXXXX", NULL);
  g_assert_no_errno (chmod (folder, 0755));
  plain = ask_copy (folder, 0755);
  told = ask_copy (folder, 04755);
  g_rmdir (folder);

  /* Nobody may well believe it: so it is seen that there is something to be believed. */
  g_assert_true (g_str_has_prefix (plain, "secure=0 uid=65534 session=unix:path="));
  g_assert_nonnull (strstr (plain, "system=unix:path=/" TRAP));
  g_assert_nonnull (strstr (plain, folder));

  if (!g_str_has_prefix (told, "secure=1"))
    {
      g_test_skip ("no program is setuid in this folder");
      return;
    }
  g_assert_nonnull (strstr (told, " uid=0 "));
  g_assert_null (strstr (told, TRAP));
  g_assert_nonnull (strstr (told, "system=unix:path=/var/run/dbus/system_bus_socket"));
  g_assert_nonnull (strstr (told, "starter=(null)"));
}

int
main (int   argc,
      char *argv[])
{
  if (argc == 2 && g_str_equal (argv[1], TELL))
    return tell_buses ();

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/environment/setuid", test_setuid);

  return g_test_run ();
}
