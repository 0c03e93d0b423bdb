/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/dbr-incident-source-private.h"
#include "dbr-systemd-scene.h"

#include <stdlib.h>
#include <string.h>

#include "bus/dbr-client-private.h"
#include "bus/dbr-matches-private.h"

#define MANY 300

static void
run_sync (SystemdScene *scene,
          const char   *name,
          gboolean      is_to_start)
{
  g_autoptr(DbrUnit) unit = systemd_scene_get_unit (scene, name);
  g_autoptr(GError) error = NULL;

  if (is_to_start)
    dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  else
    dbr_unit_stop_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
}

static void
assert_unknown (SystemdScene *scene)
{
  GListModel *failed = dbr_systemd_monitor_get_failed_units (scene->monitor);

  g_assert_null (dbr_systemd_monitor_get_via (scene->monitor));
  g_assert_null (dbr_systemd_monitor_get_system_state (scene->monitor));
  g_assert_cmpint (dbr_systemd_monitor_get_n_failed_units (scene->monitor), ==, -1);
  g_assert_cmpint (dbr_systemd_monitor_get_n_jobs (scene->monitor), ==, -1);
  g_assert_cmpint (dbr_systemd_monitor_get_n_units (scene->monitor), ==, -1);
  g_assert_cmpuint (g_list_model_get_n_items (failed), ==, 0);
  g_assert_false (dbr_service_monitor_get_available (DBR_SERVICE_MONITOR (scene->monitor)));
}

static void
test_refresh (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();

  g_test_summary ("a refresh without a main loop reads all, and what has failed is in the list");
  if (scene == NULL)
    return;

  assert_unknown (scene);
  systemd_scene_refresh (scene);
  g_assert_cmpstr (dbr_systemd_monitor_get_via (scene->monitor), ==, "bus");
  g_assert_cmpstr (dbr_systemd_monitor_get_system_state (scene->monitor), ==, "running");
  g_assert_cmpint (dbr_systemd_monitor_get_n_failed_units (scene->monitor), ==, 0);
  g_assert_cmpint (dbr_systemd_monitor_get_n_jobs (scene->monitor), ==, 0);
  g_assert_cmpint (dbr_systemd_monitor_get_n_units (scene->monitor), >, 0);
  g_assert_true (dbr_service_monitor_get_available (DBR_SERVICE_MONITOR (scene->monitor)));

  run_sync (scene, "fails", TRUE);
  systemd_scene_refresh (scene);
  g_assert_cmpstr (dbr_systemd_monitor_get_system_state (scene->monitor), ==, "degraded");
  g_assert_cmpint (dbr_systemd_monitor_get_n_failed_units (scene->monitor), ==, 1);
  g_assert_true (systemd_scene_has_failed (scene, "fails.service"));
  g_assert_cmpuint (scene->heard->len, ==, 0);
}

static void
heard_cb (DbrIncident *incident,
          gpointer     user_data)
{
  g_string_append_printf (user_data, "%s (%s); ", incident->title, incident->body);
}

static void
test_failures_are_told (void)
{
  g_autoptr(GString) heard = g_string_new (NULL);
  g_autoptr(SystemdScene) scene = systemd_scene_new ();

  g_test_summary ("a unit that fails is told once, to a person too, is in the list, and leaves it; the "
                  "state follows");
  if (scene == NULL)
    return;

  systemd_scene_start (scene);
  dbr_incident_board_watch (dbr_incident_source_get_board (DBR_INCIDENT_SOURCE (scene->monitor)),
                            heard_cb, heard, NULL);
  for (guint i = 1; i <= 3; i++)
    {
      g_string_truncate (heard, 0);
      run_sync (scene, "fails", TRUE);
      systemd_scene_wait (scene, "unit-failed fails.service", i);
      dbr_test_wait_until (NULL, g_strcmp0 (dbr_systemd_monitor_get_system_state (scene->monitor),
                                            "degraded") == 0, DBR_TEST_PATIENCE_MS);
      g_assert_true (systemd_scene_has_failed (scene, "fails.service"));
      g_assert_cmpint (dbr_systemd_monitor_get_n_failed_units (scene->monitor), ==, 1);
      systemd_scene_run (scene, "systemctl --user reset-failed");
      dbr_test_wait_until (NULL, !systemd_scene_has_failed (scene, "fails.service"),
                           DBR_TEST_PATIENCE_MS);
      dbr_test_wait_until (NULL, g_strcmp0 (dbr_systemd_monitor_get_system_state (scene->monitor),
                                            "running") == 0, DBR_TEST_PATIENCE_MS);
      g_assert_cmpstr (heard->str, ==, "fails.service has failed (); "
                       "fails.service is not failed any more (); ");
    }
  g_assert_cmpuint (systemd_scene_count (scene, "unit-failed fails.service"), ==, 3);
}

static void
refresh_cb (GListModel *failed,
            guint       position,
            guint       n_removed,
            guint       n_added,
            gpointer    user_data)
{
  SystemdScene *scene = user_data;

  systemd_scene_refresh (scene);
}

static void
test_refresh_inside (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  GListModel *failed;

  g_test_summary ("who refreshes when the list of failed units changes has the newer one then");
  if (scene == NULL)
    return;

  failed = dbr_systemd_monitor_get_failed_units (scene->monitor);
  systemd_scene_start (scene);
  run_sync (scene, "fails", TRUE);
  run_sync (scene, "limited", TRUE);
  run_sync (scene, "quick-to-fail", TRUE);
  dbr_test_wait_until (NULL, g_list_model_get_n_items (failed) == 3, DBR_TEST_PATIENCE_MS);
  g_signal_connect (failed, "items-changed", G_CALLBACK (refresh_cb), scene);
  systemd_scene_run (scene, "systemctl --user reset-failed");
  dbr_test_wait_until (NULL, g_list_model_get_n_items (failed) == 0, DBR_TEST_PATIENCE_MS);
  run_sync (scene, "fails", TRUE);
  systemd_scene_wait (scene, "unit-failed fails.service", 2);
  g_assert_cmpuint (g_list_model_get_n_items (failed), ==, 1);
  g_signal_handlers_disconnect_by_func (failed, refresh_cb, scene);
}

static void
test_changes_are_told (void)
{
  const char *const names[] = { "ok", "nobody-has-this", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();

  g_test_summary ("each change of a unit that is watched is told once with both states, those of "
                  "others are not");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  systemd_scene_start (scene);
  systemd_scene_run (scene, "systemctl --user start ok slow --no-block");
  systemd_scene_wait (scene, "unit-changed ok.service inactive active", 1);
  systemd_scene_wait (scene, "job-finished ok.service done", 1);
  systemd_scene_run (scene, "systemctl --user stop ok");
  systemd_scene_wait (scene, "unit-changed ok.service active deactivating", 1);
  systemd_scene_wait (scene, "unit-changed ok.service deactivating inactive", 1);
  for (guint i = 0; i < scene->heard->len; i++)
    g_assert_false (g_str_has_prefix (g_ptr_array_index (scene->heard, i), "unit-changed slow"));

  dbr_systemd_monitor_watch_units (scene->monitor, NULL);
  systemd_scene_run (scene, "systemctl --user start ok");
  systemd_scene_wait (scene, "job-finished ok.service done", 3);
  g_assert_cmpuint (systemd_scene_count (scene, "unit-changed ok.service inactive active"), ==, 1);
}

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_watched_alias (void)
{
  const char *const names[] = { "other", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("of an alias the unit is watched that it stands for");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "real.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n"
                               "[Install]\nAlias=other.service\n");
  unit = systemd_scene_get_unit (scene, "real");
  g_assert_true (dbr_unit_enable_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  dbr_systemd_monitor_watch_units (scene->monitor, names);
  systemd_scene_start (scene);
  systemd_scene_refresh (scene);
  systemd_scene_run (scene, "systemctl --user start real");
  systemd_scene_wait (scene, "unit-changed real.service inactive active", 1);
  systemd_scene_run (scene, "systemctl --user stop other");
  systemd_scene_wait (scene, "unit-changed real.service deactivating inactive", 1);
}

static void
test_watched_unit (void)
{
  const char *const names[] = { "ok", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(DbrUnit) again = NULL;
  guint n_changes = 0;

  g_test_summary ("a unit that is got before the main loop runs is the one that is watched");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  unit = systemd_scene_get_unit (scene, "ok");
  again = systemd_scene_get_unit (scene, "ok");
  g_assert_true (unit == again);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_signal_connect (unit, "notify::main-pid", G_CALLBACK (notify_cb), &n_changes);
  systemd_scene_start (scene);
  systemd_scene_run (scene, "systemctl --user start ok");
  dbr_test_wait_until (NULL, n_changes > 0, DBR_TEST_PATIENCE_MS);
  g_assert_cmpint (dbr_unit_get_main_pid (unit), >, 0);
}

/* What other threads have heard by then is told by this. */
static void
catch_up (SystemdScene *scene)
{
  systemd_scene_refresh (scene);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_after_a_gap (void)
{
  const char *const names[] = { "ok", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autofree char *answer = NULL;
  g_autoptr(GError) error = NULL;
  int pid;

  g_test_summary ("what was known of a watched unit is not taken for what it is after a time in which "
                  "nothing was heard");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  unit = systemd_scene_get_unit (scene, "ok");
  systemd_scene_start (scene);
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (scene->monitor));
  systemd_scene_run (scene, "systemctl --user restart ok");
  catch_up (scene);
  answer = dbr_test_systemd_run (scene->systemd, "systemctl --user show ok --value -p MainPID");
  pid = atoi (answer);
  g_assert_cmpint (dbr_unit_get_main_pid (unit), !=, pid);

  g_assert_true (dbr_service_monitor_start (DBR_SERVICE_MONITOR (scene->monitor), &error));
  dbr_test_wait_until (NULL, dbr_unit_get_main_pid (unit) == pid, DBR_TEST_PATIENCE_MS);
}

static void
test_jobs_are_counted (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GListModel) jobs = NULL;
  g_autoptr(DbrEvent) job = NULL;
  const char *unit_name = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("jobs are counted up and down by what is heard, and listed");
  if (scene == NULL)
    return;

  systemd_scene_start (scene);
  systemd_scene_run (scene, "systemctl --user start slow waiting --no-block");
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) == 2,
                       DBR_TEST_PATIENCE_MS);
  jobs = dbr_systemd_monitor_list_jobs_sync (scene->monitor, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (jobs), ==, 2);
  job = g_list_model_get_item (jobs, 0);
  g_assert_cmpstr (dbr_event_get_kind (job), ==, "start");
  g_assert_true (g_variant_lookup (dbr_event_get_details (job), "unit", "&s", &unit_name));
  g_assert_true (g_str_has_suffix (unit_name, ".service"));
  systemd_scene_run (scene, "systemctl --user cancel");
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) == 0,
                       DBR_TEST_PATIENCE_MS);
}

static void
job_added_cb (DbrSystemdMonitor *monitor,
              guint              job_id,
              const char        *unit_name,
              const char        *job_type,
              gpointer           user_data)
{
  GPtrArray *added = user_data;

  g_ptr_array_add (added, g_strdup_printf ("%s %s", unit_name, job_type));
}

static void
test_jobs_have_types (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GPtrArray) added = g_ptr_array_new_with_free_func (g_free);

  g_test_summary ("a new job is told with what it is to do");
  if (scene == NULL)
    return;

  systemd_scene_start (scene);
  g_signal_connect (scene->monitor, "job-added", G_CALLBACK (job_added_cb), added);
  systemd_scene_run (scene, "systemctl --user start slow --no-block");
  dbr_test_wait_until (NULL, added->len > 0, DBR_TEST_PATIENCE_MS);
  g_assert_true (g_ptr_array_find_with_equal_func (added, "slow.service start", g_str_equal, NULL));
  g_signal_handlers_disconnect_by_func (scene->monitor, job_added_cb, added);
}

/* It may ask for their types when it is stopped. */
static void
test_jobs_of_a_stopped (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GPtrArray) added = g_ptr_array_new_with_free_func (g_free);

  g_test_summary ("after stop() no job is told that came before");
  if (scene == NULL)
    return;

  systemd_scene_start (scene);
  g_signal_connect (scene->monitor, "job-added", G_CALLBACK (job_added_cb), added);
  systemd_scene_run (scene, "systemctl --user start slow --no-block");
  while (dbr_systemd_monitor_get_n_jobs (scene->monitor) == 0)
    g_thread_yield ();
  g_main_context_iteration (NULL, FALSE);
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (scene->monitor));
  g_ptr_array_set_size (added, 0);
  catch_up (scene);
  catch_up (scene);
  g_assert_cmpuint (added->len, ==, 0);
  g_signal_handlers_disconnect_by_func (scene->monitor, job_added_cb, added);
}

static void
test_over_reexec (void)
{
  const char *const names[] = { "ok", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();

  g_test_summary ("changes are told after systemd has executed itself anew, and after it was killed "
                  "and started");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  systemd_scene_start (scene);
  systemd_scene_run (scene, "systemctl --user daemon-reexec");
  systemd_scene_run (scene, "systemctl --user start ok");
  systemd_scene_wait (scene, "unit-changed ok.service inactive active", 1);

  dbr_test_systemd_kill (scene->systemd);
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) == -1,
                       DBR_TEST_PATIENCE_MS);
  assert_unknown (scene);
  dbr_test_systemd_restart (scene->systemd);
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) == 0,
                       DBR_TEST_PATIENCE_MS);
  systemd_scene_run (scene, "systemctl --user start ok");
  systemd_scene_wait (scene, "unit-changed ok.service inactive active", 2);
}

static void
test_over_stop (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  DbrTimeouts *timeouts;

  g_test_summary ("a stopped systemd answers nothing, is not taken for absent, and goes on");
  if (scene == NULL)
    return;

  timeouts = dbr_client_get_timeouts (dbr_service_monitor_get_client
                                        (DBR_SERVICE_MONITOR (scene->monitor)));
  g_assert_true (dbr_timeouts_set (timeouts, "get_property", 500, NULL));
  systemd_scene_refresh (scene);
  dbr_test_systemd_stop (scene->systemd);
  unit = dbr_systemd_monitor_get_unit_sync (scene->monitor, "ok", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_null (unit);
  g_assert_cmpstr (dbr_systemd_monitor_get_via (scene->monitor), ==, "bus");
  dbr_test_systemd_cont (scene->systemd);
  g_clear_error (&error);
  g_assert_true (dbr_timeouts_set (timeouts, "get_property", 5000, NULL));
  unit = dbr_systemd_monitor_get_unit_sync (scene->monitor, "ok", NULL, &error);
  g_assert_no_error (error);
}

static void
test_reload (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("systemd reads a changed file when it is told to");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "ok");
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  dbr_test_systemd_write_unit (scene->systemd, "ok.service",
                               "[Unit]\nDescription=Finer\n"
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  g_assert_true (dbr_unit_refresh_sync (unit, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_description (unit), ==, "Fine");
  g_assert_true (dbr_systemd_monitor_reload_manager_sync (scene->monitor, DBR_UNIT_FLAGS_NONE, NULL,
                                                          &error));
  g_assert_true (dbr_unit_refresh_sync (unit, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_description (unit), ==, "Finer");
}

static void
test_over_a_lost_bus (void)
{
  const char *const names[] = { "ok", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("when the bus dies it goes on over the private socket, with jobs and changes, and "
                  "says so");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  systemd_scene_start (scene);
  dbr_test_bus_kill (scene->bus);
  dbr_test_wait_until (NULL, g_strcmp0 (dbr_systemd_monitor_get_via (scene->monitor),
                                        "private-socket") == 0, DBR_TEST_PATIENCE_MS);
  systemd_scene_refresh (scene);
  g_assert_cmpstr (dbr_systemd_monitor_get_system_state (scene->monitor), ==, "running");
  g_assert_true (dbr_service_monitor_get_available (DBR_SERVICE_MONITOR (scene->monitor)));
  unit = systemd_scene_get_unit (scene, "ok");
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  systemd_scene_wait (scene, "unit-changed ok.service inactive active", 1);
  systemd_scene_wait (scene, "job-finished ok.service done", 1);
}

static guint n_messages;

static GLogWriterOutput
count_messages (GLogLevelFlags   level,
                const GLogField *fields,
                gsize            n_fields,
                gpointer         user_data)
{
  if (level & G_LOG_LEVEL_MESSAGE)
    g_atomic_int_inc ((gint *) &n_messages);

  return G_LOG_WRITER_HANDLED;
}

/* The log writer of a process can be set once, so that this runs in one of its own. */
static void
test_neither_inside (void)
{
  g_autofree char *folder = g_dir_make_tmp ("dbr-XXXXXX", NULL);
  g_autoptr(DbrSystemdMonitor) monitor = NULL;
  g_autofree char *address = g_strconcat ("unix:path=", folder, "/bus", NULL);

  g_log_set_writer_func (count_messages, NULL, NULL);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", folder, TRUE);
  monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_USER);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(DbrUnit) unit = NULL;

      g_assert_false (dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL,
                                                        &error));
      g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
      g_clear_error (&error);
      unit = dbr_systemd_monitor_get_unit_sync (monitor, "ok", NULL, &error);
      g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_BUS);
    }
  g_assert_null (dbr_systemd_monitor_get_via (monitor));
  g_assert_null (dbr_systemd_monitor_get_system_state (monitor));
  g_assert_cmpint (dbr_systemd_monitor_get_n_failed_units (monitor), ==, -1);
  g_assert_false (dbr_service_monitor_get_available (DBR_SERVICE_MONITOR (monitor)));
  g_assert_cmpuint (n_messages, ==, 1);
  dbr_test_remove_folder (folder);
}

static void
test_neither (void)
{
  g_test_summary ("where there is neither bus nor socket nothing is known, and one message says so, "
                  "once an outage");
  if (g_test_subprocess ())
    {
      test_neither_inside ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
assert_no_failure (DbrClient *client)
{
  DbrMetrics *metrics = dbr_client_get_metrics (client);
  g_auto(GStrv) operations = dbr_metrics_dup_operations (metrics);

  g_assert_cmpuint (g_strv_length (operations), >, 0);
  for (guint i = 0; operations[i] != NULL; i++)
    {
      g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, operations[i]);

      g_assert_cmpuint (dbr_operation_stats_get_errors (stats), ==, 0);
    }
}

static void
test_absent (void)
{
  g_autoptr(DbrTestBus) bus = dbr_test_bus_new ();
  g_autoptr(DbrClient) client = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  g_autoptr(DbrSystemdMonitor) monitor = dbr_systemd_monitor_new (client, DBR_SYSTEMD_SCOPE_USER);
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a bus without systemd is told from no bus: absent is no error, in the figures "
                  "neither, and a client of some address never goes to the machine's own socket");
  g_assert_true (dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (monitor), NULL, &error));
  g_assert_no_error (error);
  g_assert_false (dbr_service_monitor_get_available (DBR_SERVICE_MONITOR (monitor)));
  g_assert_null (dbr_systemd_monitor_get_system_state (monitor));
  unit = dbr_systemd_monitor_get_unit_sync (monitor, "ok", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NO_OWNER);
  assert_no_failure (client);
}

static char **
write_many (SystemdScene *scene)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < MANY; i++)
    {
      char *name = g_strdup_printf ("many-%u.target", i);

      dbr_test_systemd_write_unit (scene->systemd, name, "[Unit]\nDescription=One of many\n");
      g_ptr_array_add (names, name);
    }
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (names, FALSE);
}

static void
test_many (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_auto(GStrv) names = NULL;
  gint64 began_usec;

  g_test_summary ("300 units are watched with one rule, and of 1200 changes none is missed");
  if (scene == NULL)
    return;

  names = write_many (scene);
  dbr_systemd_monitor_watch_units (scene->monitor, (const char * const *) names);
  systemd_scene_start (scene);
  began_usec = g_get_monotonic_time ();
  for (guint i = 1; i <= 2; i++)
    {
      systemd_scene_run (scene, "systemctl --user start $(seq -f many-%.0f.target 0 299)");
      systemd_scene_run (scene, "systemctl --user stop $(seq -f many-%.0f.target 0 299)");
      for (guint j = 0; j < MANY; j++)
        {
          g_autofree char *up = g_strdup_printf ("unit-changed %s inactive active", names[j]);
          g_autofree char *down = g_strdup_printf ("unit-changed %s active inactive", names[j]);

          systemd_scene_wait (scene, up, i);
          systemd_scene_wait (scene, down, i);
          g_assert_cmpuint (systemd_scene_count (scene, up), ==, i);
        }
    }
  catch_up (scene);
  g_assert_cmpint (dbr_systemd_monitor_get_n_jobs (scene->monitor), ==, 0);
  g_test_minimized_result ((double) (g_get_monotonic_time () - began_usec) / G_USEC_PER_SEC,
                           "1200 changes took %.2f s",
                           (double) (g_get_monotonic_time () - began_usec) / G_USEC_PER_SEC);
}

static void
test_bad_watch (void)
{
  const char *const names[] = { "ok", "a b", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("a name that cannot be one makes the next refresh fail, until others are watched, "
                  "and takes nothing else from a monitor that was started");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  g_assert_false (dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (scene->monitor), NULL,
                                                    &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "a b"));
  systemd_scene_start (scene);
  dbr_test_wait_until (NULL, g_strcmp0 (dbr_systemd_monitor_get_system_state (scene->monitor),
                                        "running") == 0, DBR_TEST_PATIENCE_MS);
  dbr_systemd_monitor_watch_units (scene->monitor, NULL);
  systemd_scene_refresh (scene);
}

static void
test_stop (void)
{
  const char *const names[] = { "ok", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GError) error = NULL;
  DbrMatches *matches;
  guint n_rules;

  g_test_summary ("after stop() nothing is told, units are not heard, jobs are waited for all the "
                  "same, and it can be started anew");
  if (scene == NULL)
    return;

  dbr_systemd_monitor_watch_units (scene->monitor, names);
  systemd_scene_start (scene);
  run_sync (scene, "ok", TRUE);
  systemd_scene_wait (scene, "job-finished ok.service done", 1);
  matches = dbr_link_get_matches (dbr_service_monitor_get_client
                                    (DBR_SERVICE_MONITOR (scene->monitor))->link);
  n_rules = dbr_matches_count (matches);
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (scene->monitor));
  g_assert_cmpuint (dbr_matches_count (matches), <, n_rules);
  run_sync (scene, "ok", FALSE);
  run_sync (scene, "fails", TRUE);
  catch_up (scene);
  g_assert_cmpuint (systemd_scene_count (scene, "job-finished ok.service done"), ==, 1);
  g_assert_cmpuint (systemd_scene_count (scene, "unit-failed fails.service"), ==, 0);
  g_assert_true (systemd_scene_has_failed (scene, "fails.service"));

  g_assert_true (dbr_service_monitor_start (DBR_SERVICE_MONITOR (scene->monitor), &error));
  catch_up (scene);
  run_sync (scene, "ok", TRUE);
  systemd_scene_wait (scene, "unit-changed ok.service inactive active", 2);
}

static void
test_ends_with_its_reference (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  DbrSystemdMonitor *monitor;
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a monitor that was started ends with its last reference, and its units go on");
  if (scene == NULL)
    return;

  monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_USER);
  unit = dbr_systemd_monitor_get_unit_sync (monitor, "ok", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (dbr_service_monitor_start (DBR_SERVICE_MONITOR (monitor), &error));
  g_object_add_weak_pointer (G_OBJECT (monitor), (gpointer *) &monitor);
  g_object_unref (monitor);
  dbr_test_wait_until (NULL, monitor == NULL, DBR_TEST_PATIENCE_MS);
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/systemd-monitor/refresh", test_refresh);
  g_test_add_func ("/dbr/systemd-monitor/failures-are-told", test_failures_are_told);
  g_test_add_func ("/dbr/systemd-monitor/refresh-inside", test_refresh_inside);
  g_test_add_func ("/dbr/systemd-monitor/changes-are-told", test_changes_are_told);
  g_test_add_func ("/dbr/systemd-monitor/watched-alias", test_watched_alias);
  g_test_add_func ("/dbr/systemd-monitor/watched-unit", test_watched_unit);
  g_test_add_func ("/dbr/systemd-monitor/after-a-gap", test_after_a_gap);
  g_test_add_func ("/dbr/systemd-monitor/jobs-are-counted", test_jobs_are_counted);
  g_test_add_func ("/dbr/systemd-monitor/jobs-have-types", test_jobs_have_types);
  g_test_add_func ("/dbr/systemd-monitor/jobs-of-a-stopped", test_jobs_of_a_stopped);
  g_test_add_func ("/dbr/systemd-monitor/over-reexec", test_over_reexec);
  g_test_add_func ("/dbr/systemd-monitor/over-stop", test_over_stop);
  g_test_add_func ("/dbr/systemd-monitor/reload", test_reload);
  g_test_add_func ("/dbr/systemd-monitor/over-a-lost-bus", test_over_a_lost_bus);
  g_test_add_func ("/dbr/systemd-monitor/neither", test_neither);
  g_test_add_func ("/dbr/systemd-monitor/absent", test_absent);
  g_test_add_func ("/dbr/systemd-monitor/many", test_many);
  g_test_add_func ("/dbr/systemd-monitor/bad-watch", test_bad_watch);
  g_test_add_func ("/dbr/systemd-monitor/stop", test_stop);
  g_test_add_func ("/dbr/systemd-monitor/ends-with-its-reference", test_ends_with_its_reference);

  return g_test_run ();
}
