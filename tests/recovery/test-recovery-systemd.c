/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/dbr-incident-source-private.h"
#include "dbr-recovery-scene.h"
#include "recovery/dbr-recovery-private.h"

#define ALL (DBR_RECOVERY_SCOPE_SERVICE_START | DBR_RECOVERY_SCOPE_SERVICE_RESTART)

static void
allow (RecoveryScene    *scene,
       DbrRecoveryScope  allowed)
{
  dbr_recovery_set_allowed (scene->recovery, allowed);
}

/* A service that systemd runs, and that is stopped. */
static void
begin_stall (RecoveryScene *scene,
             const char    *more)
{
  recovery_scene_write_peer (scene, "player.service", more);
  recovery_scene_run (scene, "systemctl --user start player.service");
  recovery_scene_run (scene, "systemctl --user kill -s STOP player.service");
}

static void
assert_last_event (RecoveryScene *scene,
                   guint          from_end,
                   const char    *kind,
                   const char    *stage,
                   const char    *result)
{
  g_autoptr(GListModel) history = dbr_recovery_get_target_history (scene->recovery, "");
  guint n = g_list_model_get_n_items (history);
  g_autoptr(DbrEvent) event = g_list_model_get_item (history, n - 1 - from_end);
  GVariant *details = dbr_event_get_details (event);
  const char *found_stage, *found_result;
  gint64 started, ended;

  g_assert_cmpstr (dbr_event_get_kind (event), ==, kind);
  g_assert_true (g_variant_lookup (details, "stage", "&s", &found_stage));
  g_assert_true (g_variant_lookup (details, "result", "&s", &found_result));
  g_assert_true (g_variant_lookup (details, "started", "x", &started));
  g_assert_true (g_variant_lookup (details, "ended", "x", &ended));
  g_assert_cmpstr (found_stage, ==, stage);
  g_assert_cmpstr (found_result, ==, result);
  g_assert_cmpint (started, <=, ended);
}

static void
test_restart (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;

  g_test_summary ("A service that hangs is restarted by systemd, and seen to work");
  if (scene == NULL)
    return;

  begin_stall (scene, "");
  old = recovery_scene_dup_owner (scene);
  allow (scene, ALL);
  recovery_scene_expect_plan (scene, "not-needed run");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started restart; done restart; recovered; ");
  new = recovery_scene_dup_owner (scene);
  g_assert_nonnull (new);
  g_assert_cmpstr (new, !=, old);
  assert_last_event (scene, 1, "stage-finished", "restart", "recovered");
  assert_last_event (scene, 0, "recovered", "", "recovered");

  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_NEEDED, "");
  recovery_scene_expect_plan (scene, "not-needed not-needed");
}

static void
test_limit_outlives_restart (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();

  g_test_summary ("A restart that helped counts all the same: the next one is for later");
  if (scene == NULL)
    return;

  begin_stall (scene, "");
  allow (scene, ALL);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started restart; done restart; recovered; ");
  recovery_scene_run (scene, "systemctl --user kill -s STOP player.service");
  recovery_scene_expect_plan (scene, "not-needed rate-limited");
  for (guint i = 0; i < 3; i++)
    recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RATE_LIMITED, "");
}

static void
test_not_allowed (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;

  g_test_summary ("Nothing is called that was not allowed, and nothing at all in a dry run");
  if (scene == NULL)
    return;

  begin_stall (scene, "");
  old = recovery_scene_dup_owner (scene);
  recovery_scene_expect_plan (scene, "not-needed not-allowed");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_ALLOWED, "");
  allow (scene, DBR_RECOVERY_SCOPE_SERVICE_START);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_ALLOWED, "");
  allow (scene, ALL);
  dbr_recovery_set_dry_run (scene->recovery, TRUE);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_NOT_ALLOWED, "");
  assert_last_event (scene, 1, "dry-run", "restart", "dry-run");

  g_assert_false (recovery_scene_has_called (scene, "RestartUnit"));
  g_assert_false (recovery_scene_has_called (scene, "StartUnit"));
  g_assert_false (recovery_scene_has_called (scene, "StartServiceByName"));
  new = recovery_scene_dup_owner (scene);
  g_assert_cmpstr (new, ==, old);

  dbr_recovery_set_dry_run (scene->recovery, FALSE);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started restart; done restart; recovered; ");
  g_assert_true (recovery_scene_has_called (scene, "RestartUnit"));
}

static void
test_start (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();

  g_test_summary ("A service that is absent is started by its unit where the bus cannot");
  if (scene == NULL)
    return;

  recovery_scene_write_peer (scene, "dbus-" RECOVERY_NAME ".service", "");
  allow (scene, ALL);
  recovery_scene_expect_plan (scene, "run run");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started start; done start; recovered; ");
  g_assert_true (recovery_scene_has_called (scene, "StartUnit"));
  g_assert_false (recovery_scene_has_called (scene, "RestartUnit"));
}

static void
test_start_remembered (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();

  g_test_summary ("The unit that was seen to be the service is remembered");
  if (scene == NULL)
    return;

  begin_stall (scene, "");
  allow (scene, ALL);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started restart; done restart; recovered; ");
  recovery_scene_run (scene, "systemctl --user stop player.service");
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RECOVERED,
                         "started start; done start; recovered; ");
}

static void
test_job_failed (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autofree char *guard = NULL;
  g_autofree char *more = NULL;

  g_test_summary ("A job that fails is named; all was tried, and there is silence then");
  if (scene == NULL)
    return;

  guard = g_build_filename (dbr_test_systemd_get_folder (scene->systemd), "once", NULL);
  more = g_strdup_printf ("ExecStartPre=/bin/mkdir %s\n", guard);
  begin_stall (scene, more);
  allow (scene, ALL);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_FAILED,
                         "started restart; failed restart; gave-up; ");
  g_assert_error (scene->error, DBR_ERROR, DBR_ERROR_JOB_FAILED);
  g_assert_nonnull (strstr (scene->error->message, "exit-code"));
  assert_last_event (scene, 1, "stage-finished", "restart", "failed");
  assert_last_event (scene, 0, "gave-up", "", "failed");

  recovery_scene_forget_calls (scene);
  for (guint i = 0; i < 50; i++)
    recovery_scene_expect (scene, DBR_RECOVERY_RESULT_RATE_LIMITED, "");
  g_assert_false (recovery_scene_has_called (scene, "RestartUnit"));
  g_assert_false (recovery_scene_has_called (scene, "StartUnit"));
}

static void
test_job_timeout (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  DbrRecoveryStage *restart;
  gint64 began;

  g_test_summary ("A job that does not end is waited for as long as the stage may take");
  if (scene == NULL)
    return;

  begin_stall (scene, "ExecStopPost=/bin/sleep 30\n");
  allow (scene, ALL);
  restart = dbr_recovery_get_stage (scene->recovery, "restart");
  dbr_recovery_stage_set_timeout_ms (restart, 1500);
  began = g_get_monotonic_time ();
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_FAILED,
                         "started restart; failed restart; gave-up; ");
  g_assert_error (scene->error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 20 * G_USEC_PER_SEC);
}

static void
test_no_unit (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autoptr(DbrTestPeer) peer = NULL;

  g_test_summary ("A program that no unit was made for is neither ended nor started");
  if (scene == NULL)
    return;

  peer = dbr_test_peer_new (scene->bus, RECOVERY_NAME, "");
  dbr_test_peer_stop (peer);
  allow (scene, ALL);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_FAILED,
                         "started restart; failed restart; gave-up; ");
  g_assert_error (scene->error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED);
  g_assert_true (dbr_test_peer_is_alive (peer));
  g_assert_false (recovery_scene_has_called (scene, "RestartUnit"));
}

static void
test_no_unit_to_start (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();

  g_test_summary ("Where nothing can start it, what the bus said is the reason");
  if (scene == NULL)
    return;

  allow (scene, DBR_RECOVERY_SCOPE_SERVICE_START);
  recovery_scene_expect (scene, DBR_RECOVERY_RESULT_FAILED,
                         "started start; failed start; gave-up; ");
  g_assert_error (scene->error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

/* What is told of the units of a systemd, “recovered flaky.service” and the like. */
static gboolean
has_event (DbrRecovery *recovery,
           const char  *target,
           const char  *kind,
           guint        n_wanted)
{
  g_autoptr(GListModel) history = dbr_recovery_get_target_history (recovery, target);
  guint n_found = 0;

  for (guint i = 0; i < g_list_model_get_n_items (history); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);

      n_found += strcmp (dbr_event_get_kind (event), kind) == 0;
    }

  return n_found >= n_wanted;
}

static void
test_units (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autoptr(DbrRecovery) recovery = NULL;
  g_autoptr(GError) error = NULL;
  const char *const names[] = { "flaky", NULL };

  g_test_summary ("Attached, failed units that were named are restarted, thrice an hour and no others");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "flaky.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  dbr_test_systemd_write_unit (scene->systemd, "other.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  recovery_scene_run (scene, "systemctl --user start flaky.service other.service");
  monitor = dbr_systemd_monitor_new (scene->client, DBR_SYSTEMD_SCOPE_USER);
  dbr_systemd_monitor_watch_units (monitor, names);
  recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (monitor), NULL);
  dbr_recovery_set_allowed (recovery, DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  dbr_recovery_attach (recovery);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_service_monitor_get_state (DBR_SERVICE_MONITOR (monitor))
                       == DBR_SERVICE_STATE_HEALTHY, 2 * DBR_TEST_PATIENCE_MS);

  for (guint i = 1; i <= 3; i++)
    {
      recovery_scene_run (scene, "systemctl --user kill -s KILL flaky.service");
      dbr_test_wait_until (NULL, has_event (recovery, "flaky.service", "recovered", i),
                           2 * DBR_TEST_PATIENCE_MS);
      recovery_scene_run (scene, "systemctl --user is-active flaky.service");
    }
  recovery_scene_run (scene, "systemctl --user kill -s KILL other.service");
  recovery_scene_run (scene, "systemctl --user kill -s KILL flaky.service");
  dbr_test_wait_until (NULL, has_event (recovery, "flaky.service", "rate-limited", 1),
                       2 * DBR_TEST_PATIENCE_MS);
  recovery_scene_run (scene, "systemctl --user is-failed flaky.service other.service");
  g_assert_true (has_event (recovery, "flaky", "rate-limited", 1));
  g_assert_false (has_event (recovery, "other.service", "not-needed", 1));
  g_assert_false (has_event (recovery, "other.service", "recovered", 1));
}

/* An hour of it is four seconds. */
static gint64
get_fast_time (const DbrClock *clock)
{
  return g_get_monotonic_time () * 900;
}

static void
heard_cb (DbrIncident *incident,
          gpointer     user_data)
{
  g_string_append_printf (user_data, "%s; ", incident->title);
}

static void
test_unit_later (void)
{
  const DbrClock fast = { get_fast_time, get_fast_time };
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autoptr(DbrRecovery) recovery = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *needed = NULL;
  g_autofree char *unit = NULL;
  g_autoptr(GString) heard = g_string_new (NULL);
  const char *const names[] = { "flaky", NULL };

  g_test_summary ("Attached, a unit that could not be restarted is tried again later");
  if (scene == NULL)
    return;

  needed = g_build_filename (dbr_test_systemd_get_folder (scene->systemd), "needed", NULL);
  unit = g_strdup_printf ("[Service]\nExecStartPre=/usr/bin/test -e %s\n"
                          "ExecStart=/bin/sleep infinity\n", needed);
  dbr_test_systemd_write_unit (scene->systemd, "flaky.service", unit);
  g_assert_true (g_file_set_contents (needed, "", -1, NULL));
  recovery_scene_run (scene, "systemctl --user start flaky.service");
  monitor = dbr_systemd_monitor_new (scene->client, DBR_SYSTEMD_SCOPE_USER);
  dbr_systemd_monitor_watch_units (monitor, names);
  recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (monitor), NULL);
  recovery->core->clock = &fast;
  dbr_incident_board_watch (dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (recovery)), heard_cb,
                            heard, NULL);
  dbr_recovery_set_allowed (recovery, DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  dbr_recovery_set_pauses (recovery, 100, 500);
  dbr_recovery_attach (recovery);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_service_monitor_get_state (DBR_SERVICE_MONITOR (monitor))
                       == DBR_SERVICE_STATE_HEALTHY, 2 * DBR_TEST_PATIENCE_MS);

  g_unlink (needed);
  recovery_scene_run (scene, "systemctl --user kill -s KILL flaky.service");
  dbr_test_wait_until (NULL, has_event (recovery, "flaky", "gave-up", 1), 2 * DBR_TEST_PATIENCE_MS);
  g_assert_true (g_file_set_contents (needed, "", -1, NULL));
  dbr_test_wait_until (NULL, has_event (recovery, "flaky", "recovered", 1),
                       2 * DBR_TEST_PATIENCE_MS);
  recovery_scene_run (scene, "systemctl --user is-active flaky.service");
  g_assert_cmpstr (heard->str, ==, "flaky.service does not work; flaky.service works again; ");
  g_unlink (needed);
  recovery->core->clock = dbr_clock_get_system ();
}

static void
offered_cb (DbrIncident *incident,
            gpointer     user_data)
{
  guint64 *serial = user_data;

  if (incident->phase == DBR_INCIDENT_BEGUN)
    *serial = incident->serial;
}

static void
test_unit_offered (void)
{
  g_autoptr(RecoveryScene) scene = recovery_scene_new_systemd ();
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autoptr(DbrRecovery) recovery = NULL;
  g_autoptr(GError) error = NULL;
  DbrIncidentBoard *board;
  guint64 serial = 0;

  g_test_summary ("Who is told of a unit that has failed can have that one restarted");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "flaky.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  recovery_scene_run (scene, "systemctl --user start flaky.service");
  monitor = dbr_systemd_monitor_new (scene->client, DBR_SYSTEMD_SCOPE_USER);
  recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (monitor), NULL);
  dbr_recovery_set_allowed (recovery, DBR_RECOVERY_SCOPE_SERVICE_RESTART);
  board = dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (monitor));
  dbr_incident_board_watch (board, offered_cb, &serial, NULL);
  dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_service_monitor_get_state (DBR_SERVICE_MONITOR (monitor))
                       == DBR_SERVICE_STATE_HEALTHY, 2 * DBR_TEST_PATIENCE_MS);

  recovery_scene_run (scene, "systemctl --user kill -s KILL flaky.service");
  dbr_test_wait_until (NULL, serial != 0, 2 * DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_incident_board_take (board, serial, "recover"));
  dbr_test_wait_until (NULL, has_event (recovery, "flaky", "recovered", 1),
                       2 * DBR_TEST_PATIENCE_MS);
  recovery_scene_run (scene, "systemctl --user is-active flaky.service");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery-systemd/restart", test_restart);
  g_test_add_func ("/dbr/recovery-systemd/limit-outlives-restart", test_limit_outlives_restart);
  g_test_add_func ("/dbr/recovery-systemd/not-allowed", test_not_allowed);
  g_test_add_func ("/dbr/recovery-systemd/start", test_start);
  g_test_add_func ("/dbr/recovery-systemd/start-remembered", test_start_remembered);
  g_test_add_func ("/dbr/recovery-systemd/job-failed", test_job_failed);
  g_test_add_func ("/dbr/recovery-systemd/job-timeout", test_job_timeout);
  g_test_add_func ("/dbr/recovery-systemd/no-unit", test_no_unit);
  g_test_add_func ("/dbr/recovery-systemd/no-unit-to-start", test_no_unit_to_start);
  g_test_add_func ("/dbr/recovery-systemd/units", test_units);
  g_test_add_func ("/dbr/recovery-systemd/unit-later", test_unit_later);
  g_test_add_func ("/dbr/recovery-systemd/unit-offered", test_unit_offered);

  return g_test_run ();
}
