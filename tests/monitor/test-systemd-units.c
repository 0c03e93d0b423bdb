/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-systemd-scene.h"

#include <string.h>

static char *
explain (SystemdScene *scene,
         const char   *name)
{
  g_autoptr(DbrUnit) unit = systemd_scene_get_unit (scene, name);
  g_autoptr(GError) error = NULL;
  g_autoptr(GListModel) reasons = dbr_unit_explain_sync (unit, NULL, &error);

  g_assert_no_error (error);

  return systemd_scene_dup_kinds (reasons);
}

static void
assert_explains (SystemdScene *scene,
                 const char   *name,
                 const char   *kinds)
{
  g_autofree char *found = explain (scene, name);

  g_assert_cmpstr (found, ==, kinds);
}

static void
start_quietly (SystemdScene *scene,
               const char   *name)
{
  g_autoptr(DbrUnit) unit = systemd_scene_get_unit (scene, name);

  dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, NULL);
}

static void
test_a_unit (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;

  g_test_summary ("a unit shows what is known of it, and what systemd does not count is -1");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "ok");
  g_assert_cmpstr (dbr_unit_get_name (unit), ==, "ok.service");
  g_assert_cmpstr (dbr_unit_get_description (unit), ==, "Fine");
  g_assert_cmpstr (dbr_unit_get_load_state (unit), ==, "loaded");
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "inactive");
  g_assert_cmpstr (dbr_unit_get_sub_state (unit), ==, "dead");
  g_assert_cmpstr (dbr_unit_get_file_state (unit), ==, "disabled");
  g_assert_cmpstr (dbr_unit_get_result (unit), ==, "success");
  g_assert_cmpint (dbr_unit_get_main_pid (unit), ==, 0);
  g_assert_cmpint (dbr_unit_get_memory_bytes (unit), ==, -1);
  g_assert_cmpint (dbr_unit_get_cpu_usec (unit), ==, -1);
  g_assert_cmpint (dbr_unit_get_active_since_usec (unit), ==, -1);
  g_assert_cmpint (dbr_unit_get_restarts (unit), ==, 0);
}

static void
test_other_types (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) target = NULL;
  g_autoptr(DbrUnit) mount = NULL;

  g_test_summary ("what a type of unit has not is unknown, and a path is the name of a mount");
  if (scene == NULL)
    return;

  start_quietly (scene, "basic.target");
  target = systemd_scene_get_unit (scene, "basic.target");
  g_assert_cmpstr (dbr_unit_get_active_state (target), ==, "active");
  g_assert_cmpint (dbr_unit_get_main_pid (target), ==, -1);
  g_assert_null (dbr_unit_get_result (target));
  g_assert_cmpint (dbr_unit_get_active_since_usec (target), >, 0);
  mount = systemd_scene_get_unit (scene, "/no where");
  g_assert_cmpstr (dbr_unit_get_name (mount), ==, "no\\x20where.mount");
}

static void
test_absent (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(DbrUnit) bad = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a unit that is not installed comes as not-found, and what can be none is an error");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "nobody-has-this");
  g_assert_cmpstr (dbr_unit_get_load_state (unit), ==, "not-found");
  g_assert_cmpstr (dbr_unit_get_active_state (unit), ==, "inactive");
  g_assert_null (dbr_unit_get_file_state (unit));
  bad = dbr_systemd_monitor_get_unit_sync (scene->monitor, "a b", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_alias (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("an alias leads to the unit that it stands for");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "real.service",
                               "[Service]\nExecStart=/bin/sleep infinity\n"
                               "[Install]\nAlias=other.service\n");
  unit = systemd_scene_get_unit (scene, "real");
  g_assert_true (dbr_unit_enable_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_no_error (error);
  g_clear_object (&unit);
  unit = systemd_scene_get_unit (scene, "other");
  g_assert_cmpstr (dbr_unit_get_name (unit), ==, "real.service");
}

static void
test_list (void)
{
  const char *const names[] = { "ok", "nobody-has-this", "ok.service", "dbr-*.target", NULL };
  const char *const states[] = { "active", NULL };
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(GListModel) units = NULL;
  g_autoptr(GListModel) active = NULL;
  g_autoptr(GListModel) all = NULL;
  g_autoptr(DbrUnit) first = NULL;
  g_autoptr(DbrUnit) second = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("names and patterns are listed together, each unit once, what is absent as such, "
                  "and by states");
  if (scene == NULL)
    return;

  units = dbr_systemd_monitor_list_units_sync (scene->monitor, names, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (units), ==, 3);
  first = g_list_model_get_item (units, 0);
  second = g_list_model_get_item (units, 1);
  g_assert_cmpstr (dbr_unit_get_name (first), ==, "ok.service");
  g_assert_cmpint (dbr_unit_get_main_pid (first), ==, -1);
  g_assert_true (dbr_unit_refresh_sync (first, NULL, &error));
  g_assert_cmpint (dbr_unit_get_main_pid (first), ==, 0);
  g_assert_cmpstr (dbr_unit_get_load_state (second), ==, "not-found");

  active = dbr_systemd_monitor_list_units_sync (scene->monitor, names, states, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (active), ==, 1);
  all = dbr_systemd_monitor_list_units_sync (scene->monitor, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (all), >, 10);
}

static void
test_enable (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("enabling, disabling, masking and their opposites are seen at once");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "ok");
  g_assert_true (dbr_unit_enable_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_file_state (unit), ==, "enabled");
  g_assert_true (dbr_unit_disable_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_file_state (unit), ==, "disabled");
  g_assert_true (dbr_unit_enable_sync (unit, DBR_UNIT_FLAGS_RUNTIME, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_file_state (unit), ==, "enabled-runtime");
  g_assert_true (dbr_unit_disable_sync (unit, DBR_UNIT_FLAGS_RUNTIME, NULL, &error));
  g_assert_true (dbr_unit_disable_sync (unit, DBR_UNIT_FLAGS_MASK, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_load_state (unit), ==, "masked");
  g_assert_true (dbr_unit_enable_sync (unit, DBR_UNIT_FLAGS_MASK, NULL, &error));
  g_assert_cmpstr (dbr_unit_get_load_state (unit), ==, "loaded");
  g_assert_no_error (error);
}

static void
test_dependencies (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_auto(GStrv) names = NULL;
  g_auto(GStrv) none = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("dependencies are read by kind, and a kind that there is not is an error");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "needy");
  names = dbr_unit_list_dependencies_sync (unit, "Requires", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_contains ((const char * const *) names, "fails.service"));
  none = dbr_unit_list_dependencies_sync (unit, "Wishes", NULL, &error);
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
}

static void
test_explain (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) masked = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("why a unit is not active: absent, not started, failed, a requirement, a "
                  "condition, a limit, a job that waits, masked");
  if (scene == NULL)
    return;

  assert_explains (scene, "nobody-has-this", "not-found");
  assert_explains (scene, "ok", "not-started");
  start_quietly (scene, "ok");
  assert_explains (scene, "ok", "");
  start_quietly (scene, "needy");
  assert_explains (scene, "fails", "failed");
  assert_explains (scene, "needy", "requirement");
  assert_explains (scene, "conditional", "untested");
  start_quietly (scene, "holder");
  assert_explains (scene, "conditional", "condition");

  systemd_scene_start (scene);
  systemd_scene_run (scene, "systemctl --user start restarter");
  systemd_scene_wait (scene, "unit-failed restarter.service", 1);
  assert_explains (scene, "restarter", "start-limit");

  systemd_scene_run (scene, "systemctl --user start slow waiting --no-block");
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (scene->monitor) == 2,
                       DBR_TEST_PATIENCE_MS);
  assert_explains (scene, "waiting", "job-waiting");
  assert_explains (scene, "slow", "job");

  masked = systemd_scene_get_unit (scene, "impatient");
  g_assert_true (dbr_unit_disable_sync (masked, DBR_UNIT_FLAGS_MASK, NULL, &error));
  assert_explains (scene, "impatient", "masked");
}

static void
test_explain_processes (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GListModel) reasons = NULL;
  g_autoptr(DbrEvent) reason = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a unit that failed is explained by the process that did, and not by a limit that "
                  "it has not hit");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "before.service",
                               "[Service]\nExecStartPre=-/bin/false\n"
                               "ExecStartPre=/bin/sh -c 'exit 7'\nExecStart=/bin/true\n");
  start_quietly (scene, "before");
  unit = systemd_scene_get_unit (scene, "before");
  reasons = dbr_unit_explain_sync (unit, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (reasons), ==, 1);
  reason = g_list_model_get_item (reasons, 0);
  g_assert_cmpstr (dbr_event_get_text (reason), ==,
                   "before.service failed: /bin/sh ended with status 7");

  /* It fails two times, runs then, and fails by being stopped. */
  dbr_test_systemd_write_unit (scene->systemd, "flaky.service",
                               "[Unit]\nStartLimitIntervalSec=0\nStartLimitBurst=2\n"
                               "[Service]\nType=notify\nNotifyAccess=all\n"
                               "Restart=on-failure\nRestartSec=10ms\n"
                               "ExecStart=/bin/sh -c 'echo >>%t/n; [ $(wc -l <%t/n) -gt 2 ] || exit "
                               "1; trap \"exit 3\" TERM; systemd-notify --ready; sleep 60 & "
                               "wait'\n");
  systemd_scene_run (scene, "systemctl --user start flaky || until systemctl --user -q is-active "
                     "flaky; do :; done");
  systemd_scene_run (scene, "systemctl --user stop flaky");
  assert_explains (scene, "flaky", "failed");
}

static void
test_explain_requirements (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();

  g_test_summary ("what has to run before and does not is to blame, one of several conditions is "
                  "enough, and what is being stopped is not started");
  if (scene == NULL)
    return;

  dbr_test_systemd_write_unit (scene->systemd, "picky.service",
                               "[Unit]\nRequisite=ok.service\nAfter=ok.service\n"
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  start_quietly (scene, "picky");
  assert_explains (scene, "picky", "requirement");

  dbr_test_systemd_write_unit (scene->systemd, "chooser.service",
                               "[Unit]\nConditionPathExists=|/nonexistent\n"
                               "ConditionPathExists=|/\n"
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  dbr_test_systemd_write_unit (scene->systemd, "keeper.service",
                               "[Unit]\nWants=chooser.service\nBefore=chooser.service\n"
                               "[Service]\nExecStart=/bin/sleep infinity\n");
  start_quietly (scene, "keeper");
  systemd_scene_run (scene, "systemctl --user stop chooser");
  assert_explains (scene, "chooser", "stopped");

  dbr_test_systemd_write_unit (scene->systemd, "stubborn.service",
                               "[Service]\nType=notify\nNotifyAccess=all\nTimeoutStopSec=20\n"
                               "ExecStart=/bin/sh -c 'trap \"\" TERM; systemd-notify --ready; "
                               "while :; do sleep 1; done'\n");
  start_quietly (scene, "stubborn");
  systemd_scene_run (scene, "systemctl --user stop stubborn --no-block; "
                     "until systemctl --user is-active stubborn | grep -q deactivating; do :; done");
  assert_explains (scene, "stubborn", "deactivating");
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
test_notifies (void)
{
  g_autoptr(SystemdScene) scene = systemd_scene_new ();
  g_autoptr(DbrUnit) unit = NULL;
  g_autoptr(GError) error = NULL;
  guint n_states = 0;
  guint n_descriptions = 0;

  g_test_summary ("what changes in a unit is notified in its context, and nothing else");
  if (scene == NULL)
    return;

  unit = systemd_scene_get_unit (scene, "ok");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_signal_connect (unit, "notify::active-state", G_CALLBACK (notify_cb), &n_states);
  g_signal_connect (unit, "notify::description", G_CALLBACK (notify_cb), &n_descriptions);
  g_assert_true (dbr_unit_start_sync (unit, DBR_UNIT_FLAGS_NONE, NULL, &error));
  dbr_test_wait_until (NULL, n_states == 1, DBR_TEST_PATIENCE_MS);
  g_assert_cmpuint (n_descriptions, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dbr/systemd-units/a-unit", test_a_unit);
  g_test_add_func ("/dbr/systemd-units/other-types", test_other_types);
  g_test_add_func ("/dbr/systemd-units/absent", test_absent);
  g_test_add_func ("/dbr/systemd-units/alias", test_alias);
  g_test_add_func ("/dbr/systemd-units/list", test_list);
  g_test_add_func ("/dbr/systemd-units/enable", test_enable);
  g_test_add_func ("/dbr/systemd-units/dependencies", test_dependencies);
  g_test_add_func ("/dbr/systemd-units/explain", test_explain);
  g_test_add_func ("/dbr/systemd-units/explain-processes", test_explain_processes);
  g_test_add_func ("/dbr/systemd-units/explain-requirements", test_explain_requirements);
  g_test_add_func ("/dbr/systemd-units/notifies", test_notifies);

  return g_test_run ();
}
