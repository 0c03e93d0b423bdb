/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-systemd-scene.h"

#include <string.h>

/* What a unit is asked to do, in one form for all. */
typedef struct
{
  gboolean  is_done;
  GError   *error;
  gint64    ended_usec;
} Act;

static void
act_clear (Act *self)
{
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Act, act_clear)

static void
started_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Act *act = user_data;

  dbr_unit_start_finish (DBR_UNIT (source), result, &act->error);
  act->is_done = TRUE;
  act->ended_usec = g_get_monotonic_time ();
}

static void
wait_for (Act *act)
{
  dbr_test_wait_until (NULL, act->is_done, 2 * DBR_TEST_PATIENCE_MS);
}

static GError *
start (SystemdScene *scene,
       const char   *name)
{
  g_autoptr(DbrUnit) unit = systemd_scene_get_unit (scene, name);
  GError *error = NULL;

  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);

  return error;
}

static void
assert_failed (const GError *error,
               const char   *result)
{
  g_assert_error (error, DBR_ERROR, DBR_ERROR_JOB_FAILED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, result));
}

static void
test_done (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  int pid;

  g_test_summary ("starting, restarting, reloading and stopping wait for the job, and the unit shows "
                  "what came of it");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "ok");
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "inactive");
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "active");
  pid = dbr_unit_get_main_pid (unit);
  g_assert_cmpint (pid, >, 0);
  g_assert_cmpint (dbr_unit_get_active_since_usec (unit), >, 0);

  g_assert_true (dbr_unit_restart_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_cmpint (dbr_unit_get_main_pid (unit), !=, pid);
  g_assert_true (dbr_unit_reload_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_true (dbr_unit_stop_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "inactive");
  g_assert_cmpint (dbr_unit_get_main_pid (unit), ==, 0);
  g_assert_cmpint (dbr_unit_get_active_since_usec (unit), ==, -1);
}

static void
test_failures (void)
{
  const struct
  {
    const char *unit;
    const char *result;
  } failures[] = {
    { "fails", "failed (exit-code)" },
    { "quick-to-fail", "failed (timeout)" },
    { "impatient", "timeout" },
    { "needy", "dependency" },
  };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();

  g_test_summary ("a job that ends otherwise than done is an error that names its result");
  if (scene == NULL)
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autoptr(GError) error = start (scene, failures[i].unit);

      assert_failed (error, failures[i].result);
    }
}

static void
test_start_limit (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GListModel) reasons = NULL;
  g_autofree char *kinds = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a start that systemd refuses for its limit is told from one that fails, and that "
                  "does not stick to the unit");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "limited");
  for (guint i = 0; i < 2; i++)
    {
      dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
      assert_failed (error, "exit-code");
      g_clear_error (&error);
    }
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  assert_failed (error, "start-limit-hit");
  g_clear_error (&error);
  reasons = dbr_unit_explain_sync (unit, NULL, &error);
  g_assert_no_error (error);
  kinds = systemd_scene_dup_kinds (reasons);
  g_assert_cmpstr (kinds, ==, "start-limit");

  systemd_scene_run (scene, "systemctl --user reset-failed; ! systemctl --user start limited");
  g_clear_object (&reasons);
  g_free (kinds);
  reasons = dbr_unit_explain_sync (unit, NULL, &error);
  g_assert_no_error (error);
  kinds = systemd_scene_dup_kinds (reasons);
  g_assert_cmpstr (kinds, ==, "failed");
}

static void
test_joined (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GListModel) reasons = NULL;
  g_autofree char *kinds = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a start that somebody else had begun before fails for its own reason, and is not "
                  "taken for one that was refused");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "quick-to-fail");
  systemd_scene_run (scene, "systemctl --user start quick-to-fail --no-block");
  do
    g_assert_true (dbr_unit_refresh_sync (unit, NULL, &error));
  while (g_strcmp0 (dbr_unit_get_active_state (unit), "activating") != 0);
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  assert_failed (error, "failed (timeout)");
  g_clear_error (&error);
  reasons = dbr_unit_explain_sync (unit, NULL, &error);
  g_assert_no_error (error);
  kinds = systemd_scene_dup_kinds (reasons);
  g_assert_cmpstr (kinds, ==, "failed");
}

static void
test_refusals (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("what systemd does not even begin is its own error: masked, unknown, not "
                  "applicable, no [Install]");
  if (scene == NULL)
    return;

  error = start (scene, "nobody-has-this");
  dbr_test_assert_remote_error (error, "org.freedesktop.systemd1.NoSuchUnit");
  g_clear_error (&error);

  unit = systemd_scene_get_unit (scene, "fails");
  dbr_unit_reload_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.systemd1.JobTypeNotApplicable");
  g_clear_error (&error);
  dbr_unit_enable_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  g_assert_true (dbr_unit_disable_sync (unit, DBR_UNIT_FLAGS_MASK, NULL, &error));
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  dbr_test_assert_remote_error (error, "org.freedesktop.systemd1.UnitMasked");
}

static void
test_bad_flags (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("flags that mean nothing for what is asked are refused");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "ok");
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_MASK, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  dbr_unit_enable_sync (unit, (DBR_UNIT_FLAGS_MASK << 1), NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  dbr_systemd_monitor_reload_manager_sync (scene->monitor, DBR_UNIT_FLAGS_RUNTIME, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_canceled_by_another (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(Act) act = { FALSE };

  g_test_summary ("a job that somebody cancels ends with canceled");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "slow");
  systemd_scene_start (scene);
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, NULL, started_cb, &act);
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) > 0,
                       DBR_TEST_PATIENCE_MS);
  systemd_scene_run (scene, "systemctl --user cancel");
  wait_for (&act);
  assert_failed (act.error, "canceled");
}

/* For a monitor that was not started; returns the kinds of all jobs. */
static char *
wait_for_jobs (SystemdScene *scene)
{
  g_autoptr(GListModel) jobs = NULL;
  g_autoptr(GError) error = NULL;

  do
    {
      g_clear_object (&jobs);
      g_main_context_iteration (NULL, FALSE);
      jobs = dbr_systemd_monitor_list_jobs_sync (scene->monitor, NULL, &error);
      g_assert_no_error (error);
    }
  while (g_list_model_get_n_items (jobs) == 0);

  return systemd_scene_dup_kinds (jobs);
}

static void
test_given_up (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_auto(Act) act = { FALSE };

  g_test_summary ("who gives up is told at once, and the job goes on");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "slow");
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, cancellable, started_cb, &act);
  before = wait_for_jobs (scene);
  g_cancellable_cancel (cancellable);
  wait_for (&act);
  g_assert_error (act.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  after = wait_for_jobs (scene);
  g_assert_cmpstr (after, ==, "start");
}

static DbrTimeouts *
get_timeouts (SystemdScene *scene)
{
  return dbr_client_get_timeouts (dbr_service_monitor_get_client
                                    (DBR_SERVICE_MONITOR (scene->monitor)));
}

static void
test_limit (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("waiting for a job ends by the limit of unit_job");
  if (scene == NULL)
    return;

  g_assert_true (dbr_timeouts_set (get_timeouts (scene), "unit_job", 500, NULL));
  unit = systemd_scene_get_unit (scene, "slow");
  began_usec = g_get_monotonic_time ();
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began_usec, >=, 500 * 1000);
}

static void
test_limit_of_a_block (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("waiting for a job ends with the time of the block that it is in");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "slow");
  began_usec = g_get_monotonic_time ();
  dbr_binding_enter (began_usec + G_USEC_PER_SEC, FALSE);
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  dbr_binding_leave ();
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began_usec, <, 5 * G_USEC_PER_SEC);
}

static DbrUnit *
get_within (DbrClient  *client,
            guint       limit_ms,
            GError    **error)
{
  g_autoptr(DbrSystemdMonitor) monitor = dbr_systemd_monitor_new (client, DBR_SYSTEMD_SCOPE_USER);

  g_assert_true (dbr_timeouts_set (dbr_client_get_timeouts (client), "get_property", limit_ms,
                                   NULL));

  return dbr_systemd_monitor_get_unit_sync (monitor, "ok", NULL, error);
}

/* Which is the limit of the first call, of which looking for systemd is a part. */
static void
test_limit_of_a_stopped_bus (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrTestBus) bus = NULL;
  g_autoptr(DbrClient) by_address = NULL;
  g_autoptr(DbrClient) by_type = NULL;
  g_autoptr(DbrUnit) none = NULL;
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("a bus that answers nothing does not make it wait beyond the limit, and where there "
                  "is the private socket that has its share of it");
  if (scene == NULL)
    return;

  /* One that systemd is not on, for that waits for its own. */
  bus = dbr_test_bus_new ();
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", dbr_test_bus_get_address (bus), TRUE);
  by_address = dbr_client_new_for_address (dbr_test_bus_get_address (bus));
  by_type = dbr_client_new (G_BUS_TYPE_SESSION);
  dbr_test_bus_stop (bus);
  began_usec = g_get_monotonic_time ();
  none = get_within (by_address, 500, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began_usec, <, 5 * G_USEC_PER_SEC);
  g_clear_error (&error);
  unit = get_within (by_type, 1900, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "inactive");
}

static void
test_limit_of_a_person (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("where a person may be asked, systemd has its own time for a reload besides");
  if (scene == NULL)
    return;

  systemd_scene_refresh (scene);
  g_assert_true (dbr_timeouts_set (get_timeouts (scene), "interactive", 100, NULL));
  g_assert_true (dbr_timeouts_set (get_timeouts (scene), "daemon_reload", 900, NULL));
  dbr_test_systemd_stop (scene->systemd);
  began_usec = g_get_monotonic_time ();
  dbr_systemd_monitor_reload_manager_sync (scene->monitor, DBR_UNIT_FLAGS_INTERACTIVE, NULL,
                                           &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_cmpint (g_get_monotonic_time () - began_usec, >=, 900 * 1000);
  dbr_test_systemd_cont (scene->systemd);
}

static void
test_limit_of_a_stopped (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  gint64 began_usec;

  g_test_summary ("a systemd that answers nothing does not make it wait beyond that, and the error "
                  "names the unit");
  if (scene == NULL)
    return;

  g_assert_true (dbr_timeouts_set (get_timeouts (scene), "unit_job", 500, NULL));
  unit = systemd_scene_get_unit (scene, "ok");
  dbr_test_systemd_stop (scene->systemd);
  began_usec = g_get_monotonic_time ();
  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_DEADLINE);
  g_assert_nonnull (strstr (error->message, "ok.service"));
  g_assert_cmpint (g_get_monotonic_time () - began_usec, <, 5 * G_USEC_PER_SEC);
  dbr_test_systemd_cont (scene->systemd);
}

/* Jobs of a service that does nothing end before the call that began them is answered here. */
static void
test_races (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a job that is over before its call is answered is not waited for: 200 in turn");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "nothing.target", "[Unit]\nDescription=Nothing\n");
  unit = systemd_scene_get_unit (scene, "nothing.target");
  for (guint i = 0; i < 100; i++)
    {
      g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
      g_assert_true (dbr_unit_stop_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
    }
}

static void
test_at_once (void)
{
  enum { N_UNITS = 50 };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func (g_object_unref);
  Act acts[N_UNITS] = { { FALSE } };

  g_test_summary ("many jobs at once, of which each second fails: each hears of its own");
  if (scene == NULL)
    return;

  for (guint i = 0; i < N_UNITS; i++)
    {
      g_autofree char *name = g_strdup_printf ("many-%u.service", i);

      dbr_test_systemd_write_unit (scene->systemd, name, i % 2 == 0
                                   ? "[Service]\nType=oneshot\nExecStart=/bin/true\n"
                                   : "[Service]\nType=oneshot\nExecStart=/bin/false\n");
      g_ptr_array_add (units, systemd_scene_get_unit (scene, name));
    }
  for (guint i = 0; i < N_UNITS; i++)
    dbr_unit_start_async (g_ptr_array_index (units, i), DBR_UNIT_FLAGS_NONE, NULL, started_cb,
                          &acts[i]);
  for (guint i = 0; i < N_UNITS; i++)
    {
      wait_for (&acts[i]);
      if (i % 2 == 0)
        g_assert_no_error (acts[i].error);
      else
        assert_failed (acts[i].error, "failed");
      act_clear (&acts[i]);
    }
}

/* systemd tells of a job before it answers the call that began it, but before it answers the next. */
static void
wait_until_begun (SystemdScene *scene)
{
  G_GNUC_UNUSED g_autoptr(DbrUnit) unit = NULL;

  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) == 1,
                       DBR_TEST_PATIENCE_MS);
  unit = systemd_scene_get_unit (scene, "ok");
}

static void
test_over_reexec (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(Act) act = { FALSE };

  g_test_summary ("a job goes on while systemd executes itself anew, and its end is heard from the "
                  "next owner of the name");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "two-seconds.service",
                               "[Service]\nType=oneshot\nExecStart=/bin/sleep 2\n");
  unit = systemd_scene_get_unit (scene, "two-seconds");
  systemd_scene_start (scene);
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, NULL, started_cb, &act);
  wait_until_begun (scene);
  systemd_scene_run (scene, "systemctl --user daemon-reexec");
  g_assert_false (act.is_done);
  wait_for (&act);
  g_assert_no_error (act.error);
}

static void
test_over_a_lost_bus (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autofree char *kinds = NULL;
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(Act) act = { FALSE };

  g_test_summary ("when the bus dies, the end of a job is heard over the private socket, by a "
                  "monitor that was not started as well");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "two-seconds.service",
                               "[Service]\nType=oneshot\nExecStart=/bin/sleep 2\n");
  unit = systemd_scene_get_unit (scene, "two-seconds");
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, NULL, started_cb, &act);
  kinds = wait_for_jobs (scene);
  dbr_test_bus_kill (scene->bus);
  wait_for (&act);
  g_assert_no_error (act.error);
}

/* Long enough for two looks at it, which have no answer. */
static void
test_over_stop (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autofree char *kinds = NULL;
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(Act) act = { FALSE };
  gint64 deadline_usec;

  g_test_summary ("a systemd that is stopped is not gone: its job is waited for until the limit");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "two-seconds.service",
                               "[Service]\nType=oneshot\nExecStart=/bin/sleep 2\n");
  g_assert_true (dbr_timeouts_set (get_timeouts (scene), "get_property", 200, NULL));
  unit = systemd_scene_get_unit (scene, "two-seconds");
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, NULL, started_cb, &act);
  kinds = wait_for_jobs (scene);
  dbr_test_systemd_stop (scene->systemd);
  deadline_usec = dbr_test_get_deadline (11000);
  while (!act.is_done && g_get_monotonic_time () < deadline_usec)
    dbr_test_wait_step (NULL, deadline_usec + G_USEC_PER_SEC, "11 s", __FILE__, __LINE__,
                        G_STRFUNC);
  g_assert_false (act.is_done);
  dbr_test_systemd_cont (scene->systemd);
  wait_for (&act);
  g_assert_no_error (act.error);
}

static void
test_systemd_dies (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(Act) act = { FALSE };

  g_test_summary ("a job whose systemd is killed ends with CONNECTION_LOST long before its limit");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "slow");
  systemd_scene_start (scene);
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, NULL, started_cb, &act);
  wait_until_begun (scene);
  dbr_test_systemd_kill (scene->systemd);
  wait_for (&act);
  g_assert_error (act.error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST);
  g_assert_nonnull (strstr (act.error->message, "slow.service"));
}

static void
test_systemd_comes_back (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(Act) act = { FALSE };

  g_test_summary ("a job of a systemd that is killed and started anew has failed: the unit is not "
                  "active, and nobody works on it");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "slow");
  systemd_scene_start (scene);
  dbr_unit_start_async (unit, DBR_UNIT_FLAGS_NONE, NULL, started_cb, &act);
  wait_until_begun (scene);
  dbr_test_systemd_restart (scene->systemd);
  wait_for (&act);
  assert_failed (act.error, "failed");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/systemd-jobs/done", test_done);
  g_test_add_func ("/dbr/systemd-jobs/failures", test_failures);
  g_test_add_func ("/dbr/systemd-jobs/start-limit", test_start_limit);
  g_test_add_func ("/dbr/systemd-jobs/joined", test_joined);
  g_test_add_func ("/dbr/systemd-jobs/refusals", test_refusals);
  g_test_add_func ("/dbr/systemd-jobs/bad-flags", test_bad_flags);
  g_test_add_func ("/dbr/systemd-jobs/canceled-by-another", test_canceled_by_another);
  g_test_add_func ("/dbr/systemd-jobs/given-up", test_given_up);
  g_test_add_func ("/dbr/systemd-jobs/limit", test_limit);
  g_test_add_func ("/dbr/systemd-jobs/limit-of-a-block", test_limit_of_a_block);
  g_test_add_func ("/dbr/systemd-jobs/limit-of-a-stopped-bus", test_limit_of_a_stopped_bus);
  g_test_add_func ("/dbr/systemd-jobs/limit-of-a-person", test_limit_of_a_person);
  g_test_add_func ("/dbr/systemd-jobs/limit-of-a-stopped", test_limit_of_a_stopped);
  g_test_add_func ("/dbr/systemd-jobs/races", test_races);
  g_test_add_func ("/dbr/systemd-jobs/at-once", test_at_once);
  g_test_add_func ("/dbr/systemd-jobs/over-reexec", test_over_reexec);
  g_test_add_func ("/dbr/systemd-jobs/over-a-lost-bus", test_over_a_lost_bus);
  g_test_add_func ("/dbr/systemd-jobs/over-stop", test_over_stop);
  g_test_add_func ("/dbr/systemd-jobs/systemd-dies", test_systemd_dies);
  g_test_add_func ("/dbr/systemd-jobs/systemd-comes-back", test_systemd_comes_back);

  return g_test_run ();
}
