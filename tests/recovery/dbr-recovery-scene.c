/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dbr-recovery-scene.h"

#include <string.h>

static void
started_cb (DbrRecovery      *recovery,
            DbrRecoveryStage *stage,
            const char       *target,
            gpointer          user_data)
{
  RecoveryScene *self = user_data;

  g_string_append_printf (self->told, "started %s; ", dbr_recovery_stage_get_name (stage));
}

static void
finished_cb (DbrRecovery      *recovery,
             DbrRecoveryStage *stage,
             const char       *target,
             GError           *error,
             gpointer          user_data)
{
  RecoveryScene *self = user_data;

  g_string_append_printf (self->told, "%s %s; ", error == NULL ? "done" : "failed",
                          dbr_recovery_stage_get_name (stage));
  g_clear_error (&self->error);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  if (error != NULL)
    g_test_message ("%s: %s", dbr_recovery_stage_get_name (stage), error->message);
}

static void
recovered_cb (DbrRecovery *recovery,
              const char  *target,
              gint64       elapsed_usec,
              gpointer     user_data)
{
  RecoveryScene *self = user_data;

  g_assert_cmpint (elapsed_usec, >, 0);
  g_string_append (self->told, "recovered; ");
}

static void
gave_up_cb (DbrRecovery *recovery,
            const char  *target,
            GError      *error,
            gpointer     user_data)
{
  RecoveryScene *self = user_data;

  g_assert_error (error, DBR_ERROR, DBR_ERROR_GAVE_UP);
  g_string_append (self->told, "gave-up; ");
}

static void
audit_cb (DbrClient *client,
          GVariant  *record,
          gpointer   user_data)
{
  RecoveryScene *self = user_data;
  char *member = NULL;

  if (g_variant_lookup (record, "member", "s", &member))
    g_ptr_array_add (self->called, member);
}

static void
recovery_scene_make (RecoveryScene *self)
{
  self->client = dbr_client_new_for_address (dbr_test_bus_get_address (self->bus));
  self->monitor = dbr_service_monitor_new (self->client, RECOVERY_NAME);
  dbr_service_monitor_set_probe_timeout_ms (self->monitor, 1000);
  dbr_service_monitor_set_misses_to_stall (self->monitor, 2);
  dbr_service_monitor_set_interval_ms (self->monitor, 200);
  g_object_set (self->monitor,
                "probe-path", "/org/dbr/Peer",
                "probe-interface", DBR_TEST_INTERFACE,
                "probe-property", "Name",
                NULL);
  self->recovery = dbr_recovery_new (self->monitor, NULL);
  self->told = g_string_new (NULL);
  self->called = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (self->recovery, "stage-started", G_CALLBACK (started_cb), self);
  g_signal_connect (self->recovery, "stage-finished", G_CALLBACK (finished_cb), self);
  g_signal_connect (self->recovery, "recovered", G_CALLBACK (recovered_cb), self);
  g_signal_connect (self->recovery, "gave-up", G_CALLBACK (gave_up_cb), self);
  g_signal_connect (self->client, "audit", G_CALLBACK (audit_cb), self);
}

RecoveryScene *
recovery_scene_new (void)
{
  RecoveryScene *self = g_new0 (RecoveryScene, 1);

  self->bus = dbr_test_bus_new_full (DBR_TEST_BUS_ACTIVATION);
  recovery_scene_make (self);

  return self;
}

RecoveryScene *
recovery_scene_new_systemd (void)
{
  const char *obstacle = dbr_test_systemd_get_obstacle ();
  RecoveryScene *self;

  if (obstacle != NULL)
    {
      g_test_skip (obstacle);
      return NULL;
    }

  self = g_new0 (RecoveryScene, 1);
  self->bus = dbr_test_bus_new ();
  self->systemd = dbr_test_systemd_new (self->bus);
  recovery_scene_make (self);

  return self;
}

void
recovery_scene_free (RecoveryScene *self)
{
  g_signal_handlers_disconnect_by_data (self->recovery, self);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->recovery);
  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_clear_pointer (&self->systemd, dbr_test_systemd_free);
  g_clear_pointer (&self->bus, dbr_test_bus_free);
  g_clear_pointer (&self->called, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_string_free (self->told, TRUE);
  g_free (self);
}

void
recovery_scene_write_peer (RecoveryScene *self,
                           const char    *unit_name,
                           const char    *more)
{
  g_autofree char *text =
    g_strdup_printf ("[Service]\nType=dbus\nBusName=%s\n"
                     "ExecStart=%s --quiet --address %s --name %s\n%s",
                     RECOVERY_NAME, dbr_test_peer_get_program (),
                     dbr_test_bus_get_address (self->bus), RECOVERY_NAME, more);

  dbr_test_systemd_write_unit (self->systemd, unit_name, text);
}

void
recovery_scene_run (RecoveryScene *self,
                    const char    *command)
{
  G_GNUC_UNUSED g_autofree char *output = dbr_test_systemd_run (self->systemd, command);
}

char *
recovery_scene_dup_owner (RecoveryScene *self)
{
  return dbr_test_bus_dup_owner (self->bus, RECOVERY_NAME);
}

void
recovery_scene_expect_told (RecoveryScene *self,
                            const char    *told)
{
  g_assert_cmpstr (self->told->str, ==, told);
  g_string_truncate (self->told, 0);
}

void
recovery_scene_expect (RecoveryScene     *self,
                       DbrRecoveryResult  result,
                       const char        *told)
{
  g_autoptr(GError) error = NULL;
  DbrRecoveryResult found = dbr_recovery_recover_sync (self->recovery, "", NULL, &error);

  g_assert_no_error (error);
  recovery_scene_expect_told (self, told);
  g_assert_cmpint (found, ==, result);
}

/* What was called is told as all is. */
static void
hear_calls (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

void
recovery_scene_forget_calls (RecoveryScene *self)
{
  hear_calls ();
  g_ptr_array_set_size (self->called, 0);
}

gboolean
recovery_scene_has_called (RecoveryScene *self,
                           const char    *member)
{
  hear_calls ();
  for (guint i = 0; i < self->called->len; i++)
    if (strcmp (g_ptr_array_index (self->called, i), member) == 0)
      return TRUE;

  return FALSE;
}

void
recovery_scene_expect_plan (RecoveryScene *self,
                            const char    *kinds)
{
  g_autoptr(GListModel) plan = NULL;
  g_autoptr(GString) found = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  plan = dbr_recovery_plan_sync (self->recovery, "", NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < g_list_model_get_n_items (plan); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (plan, i);

      g_assert_cmpint (strlen (dbr_event_get_text (event)), >, 0);
      g_string_append_printf (found, "%s%s", i > 0 ? " " : "", dbr_event_get_kind (event));
    }
  g_assert_true (g_str_has_prefix (found->str, RECOVERY_BLUEZ_PLAN));
  g_assert_cmpstr (found->str + strlen (RECOVERY_BLUEZ_PLAN), ==, kinds);
}
