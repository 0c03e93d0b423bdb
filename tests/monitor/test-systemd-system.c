/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>

#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "dbr-testbed.h"

/* Runs inside of a whole system, as root: see tests/testbed/dbr-system. */

#define NOBODY 65534
#define UNITS "/run/systemd/system/"

static void
write_unit (const char *name,
            const char *text)
{
  g_autofree char *path = g_strconcat (UNITS, name, NULL);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static char *
run (const char *command)
{
  char *output = NULL;
  g_autoptr(GError) error = NULL;

  g_spawn_command_line_sync (command, &output, NULL, NULL, &error);
  g_assert_no_error (error);

  return g_strchomp (output);
}

static DbrUnit *
get_unit (DbrSystemdMonitor *monitor,
          const char        *name)
{
  g_autoptr(GError) error = NULL;
  DbrUnit *unit = dbr_systemd_monitor_get_unit_sync (monitor, name, NULL, &error);

  g_assert_no_error (error);

  return unit;
}

static void
refresh (DbrSystemdMonitor *monitor)
{
  g_autoptr(GError) error = NULL;

  dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error);
  g_assert_no_error (error);
}

/* The time that `systemd-analyze` gives for one phase, in milliseconds; -1 for none. */
static gint64
read_analyzed_ms (const char *text,
                  const char *phase)
{
  g_autofree char *end = g_strconcat (" (", phase, ")", NULL);
  const char *found = strstr (text, end);
  const char *begin = found;
  double seconds = 0;

  if (found == NULL)
    return -1;
  while (begin > text && g_ascii_strncasecmp (begin, "in ", 3) != 0
         && g_ascii_strncasecmp (begin, "+ ", 2) != 0)
    begin--;
  begin = strchr (begin, ' ') + 1;
  while (begin < found)
    {
      char *unit;
      double number = g_ascii_strtod (begin, &unit);

      if (g_str_has_prefix (unit, "min"))
        seconds += 60 * number;
      else if (g_str_has_prefix (unit, "ms"))
        seconds += number / 1000;
      else
        seconds += number;
      begin = unit + strcspn (unit, " ");
      begin += strspn (begin, " ");
    }

  return (gint64) (seconds * 1000 + 0.5);
}

static void
assert_is_analyzed (const char *text,
                    const char *phase,
                    gint64      usec)
{
  gint64 ms = read_analyzed_ms (text, phase);

  g_test_message ("%s: %" G_GINT64_FORMAT " ms, %" G_GINT64_FORMAT " us", phase, ms, usec);
  if (ms < 0)
    g_assert_cmpint (usec, ==, -1);
  else
    /* It writes no more than three digits behind the point. */
    g_assert_cmpint (ABS (usec / 1000 - ms), <=, 10);
}

static void
test_boot_times (void)
{
  g_autoptr(DbrSystemdMonitor) monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
  g_autoptr(DbrBootTimes) times = NULL;
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("boot times are those of systemd-analyze");
  /* One that starts many things at once may leave a call unanswered for longer than its limit. */
  do
    {
      g_clear_object (&times);
      g_clear_error (&error);
      times = dbr_systemd_monitor_get_boot_times_sync (monitor, NULL, &error);
      if (!g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
        g_assert_no_error (error);
    }
  while (times == NULL || !dbr_boot_times_get_finished (times));
  text = run ("systemd-analyze time");
  g_test_message ("%s", text);
  assert_is_analyzed (text, "firmware", dbr_boot_times_get_firmware_usec (times));
  assert_is_analyzed (text, "loader", dbr_boot_times_get_loader_usec (times));
  assert_is_analyzed (text, "kernel", dbr_boot_times_get_kernel_usec (times));
  assert_is_analyzed (text, "initrd", dbr_boot_times_get_initrd_usec (times));
  assert_is_analyzed (text, "userspace", dbr_boot_times_get_userspace_usec (times));
  g_assert_cmpint (dbr_boot_times_get_total_usec (times), >=,
                   dbr_boot_times_get_userspace_usec (times));
}

static void
test_failed (void)
{
  g_autoptr(DbrSystemdMonitor) monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
  GListModel *failed = dbr_systemd_monitor_get_failed_units (monitor);
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  g_test_summary ("the units that have failed are those of systemctl --failed, of all types");
  write_unit ("fails.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
  write_unit ("also-fails.service", "[Service]\nType=oneshot\nExecStart=/nonexistent\n");
  write_unit ("mnt-nothing.mount", "[Mount]\nWhat=/nonexistent\nWhere=/mnt/nothing\n");
  for (guint i = 0; i < 3; i++)
    {
      const char *const names[] = { "fails", "also-fails", "mnt-nothing.mount" };
      g_autoptr(DbrUnit) unit = get_unit (monitor, names[i]);
      g_autoptr(GError) error = NULL;

      g_assert_false (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_JOB_FAILED);
    }

  refresh (monitor);
  text = run ("systemctl list-units --failed --plain --no-legend");
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_list_model_get_n_items (failed), ==, g_strv_length (lines));
  g_assert_cmpint (dbr_systemd_monitor_get_n_failed_units (monitor), >=, 3);
  for (guint i = 0; i < g_list_model_get_n_items (failed); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (failed, i);

      g_assert_nonnull (strstr (text, dbr_unit_get_name (unit)));
    }
  g_assert_cmpstr (dbr_systemd_monitor_get_system_state (monitor), ==, "degraded");
  g_clear_pointer (&text, g_free);
  text = run ("systemctl reset-failed");
}

static void
test_a_service (void)
{
  g_autoptr(DbrSystemdMonitor) monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
  g_autoptr(DbrUnit) journal = get_unit (monitor, "systemd-journald");
  g_autofree char *pid = run ("systemctl show -P MainPID systemd-journald.service");

  g_test_summary ("a service of the system is shown as systemctl shows it");
  g_assert_cmpstr (dbr_systemd_monitor_get_via (monitor), ==, "bus");
  g_assert_cmpstr (dbr_unit_get_active_state (journal), ==, "active");
  g_assert_cmpint (dbr_unit_get_main_pid (journal), ==, g_ascii_strtoll (pid, NULL, 10));
  g_assert_cmpint (dbr_unit_get_cpu_usec (journal), >=, 0);
}

/* As somebody without rights, in a process of its own that never gets them back. */
static void
become_nobody (void)
{
  g_assert_cmpint (setresgid (NOBODY, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (setresuid (NOBODY, NOBODY, NOBODY), ==, 0);
}

static void
keep_error_cb (DbrRecovery      *recovery,
               DbrRecoveryStage *stage,
               const char       *target,
               const GError     *error,
               gpointer          user_data)
{
  GError **place = user_data;

  g_clear_error (place);
  if (error != NULL)
    *place = g_error_copy (error);
}

static void
recover_unit (DbrSystemdMonitor *monitor,
              const char        *name)
{
  g_autoptr(DbrRecovery) recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (monitor), NULL);
  g_autoptr(GError) refusal = NULL;
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult result;

  dbr_recovery_set_allowed (recovery, DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  g_signal_connect (recovery, "stage-finished", G_CALLBACK (keep_error_cb), &refusal);
  result = dbr_recovery_recover_sync (recovery, name, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result, ==, DBR_RECOVERY_RESULT_FAILED);
  dbr_test_wait_until (NULL, refusal != NULL, DBR_TEST_PATIENCE_MS);
  dbr_test_assert_remote_error (refusal,
                                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
}

static void
ask_polkit (void)
{
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  const DbrUnitFlags flags[] = { DBR_UNIT_FLAGS_NONE, DBR_UNIT_FLAGS_INTERACTIVE };

  become_nobody ();
  monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
  unit = get_unit (monitor, "allowed-to-root");
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      dbr_unit_start_sync (unit, flags[i], NULL, &error);
      dbr_test_assert_remote_error (error,
                                    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
      g_assert_false (dbr_error_is_transient (error));
      g_clear_error (&error);
      dbr_systemd_monitor_reload_manager_sync (monitor, flags[i], NULL, &error);
      dbr_test_assert_remote_error (error,
                                    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
      g_clear_error (&error);
    }
  g_assert_true (dbr_unit_refresh_sync (unit, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "inactive");
  recover_unit (monitor, "broken");
}

static void
test_polkit (void)
{
  g_autofree char *reloaded = NULL;
  g_autofree char *broken = NULL;

  g_test_summary ("polkit refuses somebody without rights, and challenges him where a person may be "
                  "asked, who is not there; a recovery is told so too");
  if (g_test_subprocess ())
    {
      ask_polkit ();
      return;
    }
  if (!g_file_test ("/usr/lib/polkit-1/polkitd", G_FILE_TEST_IS_EXECUTABLE))
    {
      g_test_skip ("polkitd is not installed");
      return;
    }
  write_unit ("allowed-to-root.service", "[Service]\nExecStart=/bin/sleep infinity\n");
  write_unit ("broken.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
  reloaded = run ("systemctl daemon-reload");
  broken = run ("sh -c 'systemctl start broken.service 2> /dev/null;"
                " systemctl is-failed broken.service'");
  g_assert_cmpstr (broken, ==, "failed");
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

/* For somebody without rights there is no private socket either. */
static void
go_without_rights (void)
{
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autoptr(GError) error = NULL;

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  become_nobody ();
  monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
  g_assert_false (dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
  g_assert_null (dbr_systemd_monitor_get_via (monitor));
}

static void
test_without_rights (void)
{
  g_test_summary ("where there is no bus, the private socket is not for everybody");
  if (g_test_subprocess ())
    {
      go_without_rights ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
go_without_bus (void)
{
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_SYSTEM);
  refresh (monitor);
  g_assert_cmpstr (dbr_systemd_monitor_get_via (monitor), ==, "private-socket");
  g_assert_cmpstr (dbr_systemd_monitor_get_system_state (monitor), !=, NULL);
  unit = get_unit (monitor, "without-bus");
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_no_error (error);
}

static void
test_without_bus (void)
{
  g_test_summary ("root starts a unit without any bus");
  if (g_test_subprocess ())
    {
      go_without_bus ();
      return;
    }
  write_unit ("without-bus.service", "[Service]\nExecStart=/bin/sleep infinity\n");
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/systemd-system/boot-times", test_boot_times);
  g_test_add_func ("/dbr/systemd-system/failed", test_failed);
  g_test_add_func ("/dbr/systemd-system/a-service", test_a_service);
  g_test_add_func ("/dbr/systemd-system/polkit", test_polkit);
  g_test_add_func ("/dbr/systemd-system/without-rights", test_without_rights);
  g_test_add_func ("/dbr/systemd-system/without-bus", test_without_bus);

  return g_test_run ();
}
