/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-testbed.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SYSTEMD "org.freedesktop.systemd1"

static gboolean
skip_without_systemd (void)
{
  const char *obstacle = dbr_test_systemd_get_obstacle ();

  if (obstacle != NULL)
    g_test_skip (obstacle);
  return obstacle != NULL;
}

static char *
dup_state (DbrTestSystemd *systemd,
           const char     *unit)
{
  g_autofree char *command = g_strdup_printf ("systemctl --user show -P ActiveState %s", unit);

  return g_strchomp (dbr_test_systemd_run (systemd, command));
}

static void
test_lives_on_our_bus (void)
{
  g_autoptr(DbrTestBus) bus = NULL;
  g_autoptr(DbrTestSystemd) systemd = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *started = NULL;
  g_autofree char *state = NULL;
  g_autofree char *again = NULL;

  g_test_summary ("systemd runs units, is killed with all of them, and comes back on a bus that lives");
  if (skip_without_systemd ())
    return;
  bus = dbr_test_bus_new ();
  systemd = dbr_test_systemd_new (bus);
  before = dbr_test_bus_dup_owner (bus, SYSTEMD);
  dbr_test_systemd_write_unit (systemd, "sleeper.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  started = dbr_test_systemd_run (systemd, "systemctl --user start sleeper.service");
  state = dup_state (systemd, "sleeper.service");
  g_assert_cmpstr (state, ==, "active");
  dbr_test_systemd_restart (systemd);
  after = dbr_test_bus_dup_owner (bus, SYSTEMD);
  g_assert_cmpstr (before, !=, after);
  again = dup_state (systemd, "sleeper.service");
  g_assert_cmpstr (again, ==, "inactive");
}

static void
test_starts_its_own_bus (void)
{
  g_autoptr(DbrTestSystemd) systemd = NULL;
  g_autofree char *state = NULL;
  const char *path;

  g_test_summary ("systemd starts its bus as a service, and has its private socket");
  if (skip_without_systemd ())
    return;
  systemd = dbr_test_systemd_new (NULL);
  state = dup_state (systemd, "dbus.service");
  g_assert_cmpstr (state, ==, "active");
  path = dbr_test_systemd_get_private_address (systemd) + strlen ("unix:path=");
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_stalls (void)
{
  g_autoptr(DbrTestBus) bus = NULL;
  g_autoptr(DbrTestSystemd) systemd = NULL;
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a stopped systemd keeps its name and answers nothing until it goes on");
  if (skip_without_systemd ())
    return;
  bus = dbr_test_bus_new ();
  systemd = dbr_test_systemd_new (bus);
  connection = dbr_test_bus_connect (bus);
  dbr_test_systemd_stop (systemd);
  reply = dbr_test_call (connection, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                         "GetUnit", g_variant_new ("(s)", "dbus.service"), 300, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  dbr_test_systemd_cont (systemd);
  g_clear_error (&error);
  reply = dbr_test_call (connection, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                         "GetUnit", g_variant_new ("(s)", "dbus.service"), DBR_TEST_PATIENCE_MS,
                         &error);
  g_assert_no_error (error);
}

/* Starts what has to be cleaned up, says what that is and waits for its end. */
G_GNUC_NORETURN static void
play_victim (void)
{
  DbrTestBus *bus = dbr_test_bus_new ();
  DbrTestSystemd *systemd = dbr_test_systemd_new (bus);
  g_autofree char *started = NULL;
  g_autofree char *pid = NULL;

  dbr_test_systemd_write_unit (systemd, "sleeper.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  started = dbr_test_systemd_run (systemd, "systemctl --user start sleeper.service");
  pid = dbr_test_systemd_run (systemd, "systemctl --user show -P MainPID sleeper.service");
  g_print ("%s", pid);
  while (TRUE)
    pause ();
}

static void
test_dies_with_its_test (void)
{
  g_autoptr(DbrTestProcess) victim = NULL;
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  const char *arguments[] = { program, "--victim", NULL };
  g_autofree char *line = NULL;
  const char *reason = "nothing";
  GPid pid;

  g_test_summary ("a test killed by SIGKILL leaves no systemd and none of its services");
  if (skip_without_systemd ())
    return;
  victim = dbr_test_process_new (arguments, FALSE, -1);
  line = dbr_test_process_read_line (victim, DBR_TEST_PATIENCE_MS, &reason);
  g_assert_cmpstr (line != NULL ? NULL : reason, ==, NULL);
  pid = (GPid) g_ascii_strtoll (line, NULL, 10);
  g_assert_cmpint (kill (pid, 0), ==, 0);
  dbr_test_process_kill (victim);
  dbr_test_wait_until (NULL, dbr_test_process_read_state (pid) == '\0', DBR_TEST_PATIENCE_MS);
}

int
main (int    argc,
      char **argv)
{
  if (argc > 1 && strcmp (argv[1], "--victim") == 0)
    play_victim ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/testbed/systemd-lives-on-our-bus", test_lives_on_our_bus);
  g_test_add_func ("/dbr/testbed/systemd-starts-its-own-bus", test_starts_its_own_bus);
  g_test_add_func ("/dbr/testbed/systemd-stalls", test_stalls);
  g_test_add_func ("/dbr/testbed/systemd-dies-with-its-test", test_dies_with_its_test);
  return g_test_run ();
}
