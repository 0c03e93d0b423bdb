/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* For unshare() */
#define _GNU_SOURCE

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "dbr-scene.h"

/* Where neither /proc nor /sys tells of others, as in some containers, and where the bus does not.
 * Each test of the first is a process of its own, which hides them before the library has a thread;
 * bus and peer live in the world as it is. */

#define ADDRESS_VARIABLE "DBR_TEST_ADDRESS"
#define PID_VARIABLE "DBR_TEST_PID"

static gboolean
can_hide_machine (void)
{
  const char *const command[] = { "unshare", "--mount", "true", NULL };
  int status = -1;

  return g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                       &status, NULL)
         && status == 0;
}

/* Two mount points of nothing. */
static void
hide_machine (void)
{
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("tmpfs", "/proc", "tmpfs", 0, NULL));
  g_assert_no_errno (mount ("tmpfs", "/sys", "tmpfs", 0, NULL));
  g_assert_false (g_file_test ("/proc/self/stat", G_FILE_TEST_EXISTS));
}

/* A sanitizer looks there for leaks when the process ends. */
static void
show_machine (void)
{
  g_assert_no_errno (umount ("/proc"));
}

/* Begins a child with the same test; FALSE: this is it. */
static gboolean
is_parent (void)
{
  g_autoptr(Scene) scene = NULL;
  g_autofree char *pid = NULL;

  if (g_test_subprocess ())
    {
      hide_machine ();
      return FALSE;
    }

  if (!can_hide_machine ())
    {
      g_test_skip ("There are no mount namespaces");
      return TRUE;
    }
  scene = scene_new (DBR_TEST_BUS_NONE, NULL);
  pid = g_strdup_printf ("%d", dbr_test_peer_get_pid (scene->peer));
  g_setenv (ADDRESS_VARIABLE, dbr_test_bus_get_address (scene->bus), TRUE);
  g_setenv (PID_VARIABLE, pid, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();

  return TRUE;
}

static gboolean
has_state (DbrServiceMonitor *monitor,
           DbrServiceState    state)
{
  return dbr_service_monitor_get_state (monitor) == state;
}

/* That of a service that the bus or the machine does not show the process of. */
static void
play_stall (const char *address,
            pid_t       pid)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address (address);
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, SCENE_NAME);
  g_autoptr(GError) error = NULL;

  g_object_set (monitor, "interval-ms", 200u, "probe-timeout-ms", 1000u, "misses-to-stall", 2u,
                "probe-path", SCENE_PATH, "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Name", NULL);
  dbr_service_monitor_start (monitor, &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, has_state (monitor, DBR_SERVICE_STATE_HEALTHY), DBR_TEST_PATIENCE_MS);
  kill (pid, SIGSTOP);
  dbr_test_wait_until (NULL, has_state (monitor, DBR_SERVICE_STATE_STALLED), DBR_TEST_PATIENCE_MS);
  kill (pid, SIGCONT);
  dbr_test_wait_until (NULL, has_state (monitor, DBR_SERVICE_STATE_HEALTHY), DBR_TEST_PATIENCE_MS);
}

static void
test_stall (void)
{

  g_test_summary ("A stopped service is a stalled one where nobody can see that it is stopped");
  if (is_parent ())
    return;

  play_stall (g_getenv (ADDRESS_VARIABLE), (pid_t) atoi (g_getenv (PID_VARIABLE)));
  show_machine ();
}

static DbrClient *
new_client (const char *address,
            int         uid,
            const char *exe)
{
  g_autoptr(DbrAccessPolicy) policy = dbr_access_policy_new (DBR_ACCESS_TIER_STANDARD);
  g_autoptr(GError) error = NULL;

  dbr_access_policy_allow (policy, SCENE_NAME ":*", &error);
  g_assert_no_error (error);
  dbr_access_policy_require_peer (policy, SCENE_NAME, uid, exe, &error);
  g_assert_no_error (error);

  return g_object_new (DBR_TYPE_CLIENT,
                       "address", address,
                       "access-policy", policy,
                       NULL);
}

static void
test_peer_check (void)
{
  g_autoptr(DbrClient) by_user = NULL;
  g_autoptr(DbrClient) by_program = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Which program a service is cannot be seen, so who has to be a certain one is not "
                  "trusted; its user is told by the bus");
  if (is_parent ())
    return;

  by_user = new_client (g_getenv (ADDRESS_VARIABLE), (int) getuid (), NULL);
  scene_assert_answers (by_user);
  by_program = new_client (g_getenv (ADDRESS_VARIABLE), -1, dbr_test_peer_get_program ());
  reply = dbr_client_call_sync (by_program, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Echo", NULL,
                                NULL, 2000, NULL, &error);
  g_assert_null (reply);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DENIED);
  g_test_message ("%s", error->message);
  show_machine ();
}

static void
test_stall_on_silent_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NO_CREDENTIALS, NULL);

  g_test_summary ("The same where the bus does not say which process a service is");

  play_stall (dbr_test_bus_get_address (scene->bus), dbr_test_peer_get_pid (scene->peer));
}

static void
test_peer_check_on_silent_bus (void)
{
  g_autoptr(Scene) scene = scene_new (DBR_TEST_BUS_NO_CREDENTIALS, NULL);
  g_autoptr(DbrClient) by_user = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Where the bus does not say whose a service is, who has to be a certain user's is "
                  "not called; others are");

  scene_assert_answers (scene->client);
  by_user = new_client (dbr_test_bus_get_address (scene->bus), (int) getuid (), NULL);
  reply = dbr_client_call_sync (by_user, SCENE_NAME, SCENE_PATH, DBR_TEST_INTERFACE, "Increment",
                                g_variant_new ("(s)", "once"), NULL, 2000, NULL, &error);
  g_assert_null (reply);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  g_assert_cmpuint (dbr_test_peer_executions (scene->peer, "once"), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/bare-machine/stall", test_stall);
  g_test_add_func ("/dbr/bare-machine/peer-check", test_peer_check);
  g_test_add_func ("/dbr/bare-machine/stall-on-silent-bus", test_stall_on_silent_bus);
  g_test_add_func ("/dbr/bare-machine/peer-check-on-silent-bus", test_peer_check_on_silent_bus);

  return g_test_run ();
}
