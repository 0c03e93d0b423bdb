/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-systemd-scene.h"

#include <string.h>

static const struct
{
  const char *name;
  const char *text;
} units[] = {
  { "ok.service",
    "[Unit]\nDescription=Fine\n"
    "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n"
    "[Install]\nWantedBy=dbr-test.target\n" },
  { "fails.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n" },
  { "slow.service", "[Service]\nType=notify\nExecStart=/bin/sleep infinity\nTimeoutStartSec=30\n" },
  { "quick-to-fail.service",
    "[Service]\nType=notify\nExecStart=/bin/sleep infinity\nTimeoutStartSec=1\n" },
  { "impatient.service",
    "[Unit]\nJobTimeoutSec=1\n"
    "[Service]\nType=notify\nExecStart=/bin/sleep infinity\nTimeoutStartSec=30\n" },
  { "needy.service",
    "[Unit]\nRequires=fails.service\nAfter=fails.service\n"
    "[Service]\nExecStart=/bin/sleep infinity\n" },
  { "limited.service",
    "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n"
    "[Service]\nType=oneshot\nExecStart=/bin/false\n" },
  { "restarter.service",
    "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=3\n"
    "[Service]\nExecStart=/bin/false\nRestart=on-failure\nRestartSec=20ms\n" },
  { "waiting.service",
    "[Unit]\nAfter=slow.service\n"
    "[Service]\nExecStart=/bin/sleep infinity\n" },
  { "holder.service",
    "[Unit]\nWants=conditional.service\n"
    "[Service]\nExecStart=/bin/sleep infinity\n" },
  { "conditional.service",
    "[Unit]\nConditionPathExists=/nonexistent\n"
    "[Service]\nExecStart=/bin/sleep infinity\n" },
};

/* An argument of a signal, as a line has it. */
static void
append_value (GString      *line,
              const GValue *value)
{
  if (G_VALUE_HOLDS (value, DBR_TYPE_UNIT))
    g_string_append_printf (line, " %s", dbr_unit_get_name (g_value_get_object (value)));
  else if (G_VALUE_HOLDS_STRING (value))
    g_string_append_printf (line, " %s", g_value_get_string (value));
}

/* The numbers of jobs are left out: nobody knows them before. */
static void
marshal_line (GClosure     *closure,
              GValue       *return_value,
              guint         n_values,
              const GValue *values,
              gpointer      hint,
              gpointer      marshal_data)
{
  SystemdScene *self = closure->data;
  const GSignalInvocationHint *invocation = hint;
  g_autoptr(GString) line = g_string_new (g_signal_name (invocation->signal_id));

  for (guint i = 1; i < n_values; i++)
    append_value (line, &values[i]);
  g_ptr_array_add (self->heard, g_string_free (g_steal_pointer (&line), FALSE));
}

static void
hear (SystemdScene *self,
      const char   *signal_name)
{
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), self);

  g_closure_set_marshal (closure, marshal_line);
  g_signal_connect_closure (self->monitor, signal_name, closure, FALSE);
}

SystemdScene *
systemd_scene_new (void)
{
  const char *const signal_names[] = { "unit-changed", "unit-failed", "job-finished" };
  const char *obstacle = dbr_test_systemd_get_obstacle ();
  SystemdScene *self;

  if (obstacle != NULL)
    {
      g_test_skip (obstacle);
      return NULL;
    }

  self = g_new0 (SystemdScene, 1);
  self->bus = dbr_test_bus_new ();
  self->systemd = dbr_test_systemd_new (self->bus);
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    dbr_test_systemd_write_unit (self->systemd, units[i].name, units[i].text);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", dbr_test_bus_get_address (self->bus), TRUE);
  g_setenv ("XDG_RUNTIME_DIR", dbr_test_systemd_get_folder (self->systemd), TRUE);
  self->monitor = dbr_systemd_monitor_new (NULL, DBR_SYSTEMD_SCOPE_USER);
  self->heard = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < G_N_ELEMENTS (signal_names); i++)
    hear (self, signal_names[i]);

  return self;
}

void
systemd_scene_free (SystemdScene *self)
{
  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (self->monitor));
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_clear_object (&self->monitor);
  g_clear_pointer (&self->systemd, dbr_test_systemd_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_clear_pointer (&self->heard, g_ptr_array_unref);
  g_free (self);
}

DbrUnit *
systemd_scene_get_unit (SystemdScene *self,
                        const char   *name)
{
  g_autoptr(GError) error = NULL;
  DbrUnit *unit = dbr_systemd_monitor_get_unit_sync (self->monitor, name, NULL, &error);

  g_assert_no_error (error);

  return unit;
}

void
systemd_scene_refresh (SystemdScene *self)
{
  g_autoptr(GError) error = NULL;

  dbr_service_monitor_refresh_sync (DBR_SERVICE_MONITOR (self->monitor), NULL, &error);
  g_assert_no_error (error);
}

/* Returns when it knows how systemd is. */
void
systemd_scene_start (SystemdScene *self)
{
  g_autoptr(GError) error = NULL;

  dbr_service_monitor_start (DBR_SERVICE_MONITOR (self->monitor), &error);
  g_assert_no_error (error);
  dbr_test_wait_until (NULL, dbr_systemd_monitor_get_n_jobs (self->monitor) == 0,
                       DBR_TEST_PATIENCE_MS);
}

guint
systemd_scene_count (SystemdScene *self,
                     const char   *line)
{
  guint n = 0;

  for (guint i = 0; i < self->heard->len; i++)
    n += strcmp (g_ptr_array_index (self->heard, i), line) == 0;

  return n;
}

void
systemd_scene_wait (SystemdScene *self,
                    const char   *line,
                    guint         n)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  while (systemd_scene_count (self, line) < n)
    {
      for (guint i = 0; g_get_monotonic_time () >= deadline && i < self->heard->len; i++)
        g_test_message ("heard: %s", (char *) g_ptr_array_index (self->heard, i));
      dbr_test_wait_step (NULL, deadline, line, __FILE__, __LINE__, G_STRFUNC);
    }
}

void
systemd_scene_run (SystemdScene *self,
                   const char   *command)
{
  G_GNUC_UNUSED g_autofree char *output = dbr_test_systemd_run (self->systemd, command);
}

char *
systemd_scene_dup_kinds (GListModel *events)
{
  g_autoptr(GString) kinds = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (events); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (events, i);

      g_assert_cmpint (strlen (dbr_event_get_text (event)), >, 0);
      g_string_append_printf (kinds, "%s%s", i > 0 ? " " : "", dbr_event_get_kind (event));
    }

  return g_string_free (g_steal_pointer (&kinds), FALSE);
}

gboolean
systemd_scene_has_failed (SystemdScene *self,
                          const char   *name)
{
  GListModel *failed = dbr_systemd_monitor_get_failed_units (self->monitor);

  for (guint i = 0; i < g_list_model_get_n_items (failed); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (failed, i);

      if (strcmp (dbr_unit_get_name (unit), name) == 0)
        return TRUE;
    }

  return FALSE;
}
