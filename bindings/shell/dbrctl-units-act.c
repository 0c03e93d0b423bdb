/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-units-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"

/* What “units” does: one unit after the other, and each is waited for. */

typedef gboolean (*Act) (DbrUnit      *unit,
                         DbrUnitFlags  flags,
                         GCancellable *cancellable,
                         GError      **error);

static const struct
{
  const char *verb;
  Act         act;
  const char *done;
} acts[] = {
  { "start", dbr_unit_start_sync, N_("started") },
  { "stop", dbr_unit_stop_sync, N_("stopped") },
  { "restart", dbr_unit_restart_sync, N_("restarted") },
  { "reload", dbr_unit_reload_sync, N_("has read its configuration") },
  { "enable", dbr_unit_enable_sync, N_("enabled") },
  { "disable", dbr_unit_disable_sync, N_("disabled") },
};

static gsize
find_act (const char *verb)
{
  gsize i = 0;

  while (strcmp (acts[i].verb, verb) != 0)
    i++;

  return i;
}

/* A job that failed is worth a look at the unit, which says more than the job. */
static void
tell_reasons (DbrctlUnits *self,
              DbrUnit     *unit)
{
  g_autoptr(GListModel) reasons = NULL;

  reasons = dbr_unit_explain_sync (unit, dbrctl_frame_get_cancellable (self->frame), NULL);
  for (guint i = 0; reasons != NULL && i < g_list_model_get_n_items (reasons); i++)
    {
      g_autoptr(DbrEvent) reason = g_list_model_get_item (reasons, i);

      dbrctl_output_complain (self->output, "%s", dbr_event_get_text (reason));
    }
}

/* Returns what went wrong with this one, or NULL. */
static GError *
act_on (DbrctlUnits *self,
        gsize        act,
        const char  *name,
        JsonBuilder *builder)
{
  GCancellable *cancellable = dbrctl_frame_get_cancellable (self->frame);
  g_autoptr(DbrUnit) unit = NULL;
  GError *error = NULL;
  g_autofree char *took = NULL;
  gint64 begin = g_get_monotonic_time ();

  unit = dbr_systemd_monitor_get_unit_sync (self->monitor, name, cancellable, &error);
  if (unit != NULL)
    acts[act].act (unit, self->flags, cancellable, &error);
  took = dbrctl_text_duration (g_get_monotonic_time () - begin);

  if (builder != NULL)
    {
      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "name", unit != NULL ? dbr_unit_get_name (unit) : name);
      dbrctl_json_int (builder, "took-usec", g_get_monotonic_time () - begin);
      dbrctl_json_string (builder, "active-state",
                          unit != NULL ? dbr_unit_get_active_state (unit) : NULL);
      dbrctl_json_error (builder, "error", error);
      json_builder_end_object (builder);
    }
  else if (error == NULL)
    {
      dbrctl_output_line (self->output, DBRCTL_GOOD, "%s: %s (%s)", dbr_unit_get_name (unit),
                          _(acts[act].done), took);
    }
  else
    {
      dbrctl_frame_fail (self->frame, error);
      if (unit != NULL && g_error_matches (error, DBR_ERROR, DBR_ERROR_JOB_FAILED))
        tell_reasons (self, unit);
    }

  return error;
}

/* What failed is told by its line; here it only matters how the whole ends. */
static DbrctlStatus
merge_status (DbrctlStatus  status,
              const GError *error)
{
  if (error == NULL)
    return status;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_BUS))
    return DBRCTL_NO_BUS;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT))
    return DBRCTL_USAGE;

  return MAX (status, DBRCTL_PROBLEM);
}

DbrctlStatus
dbrctl_units_act (DbrctlUnits *self)
{
  DbrctlStatus status = DBRCTL_WELL;
  JsonBuilder *builder = NULL;
  gsize act = find_act (self->verb);

  if (dbrctl_frame_is_json (self->frame))
    {
      builder = dbrctl_units_begin_json (self);
      json_builder_set_member_name (builder, "units");
      json_builder_begin_array (builder);
    }

  for (guint i = 0; self->names[i] != NULL; i++)
    {
      g_autoptr(GError) error = act_on (self, act, self->names[i], builder);

      status = merge_status (status, error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        break;
    }

  if (builder != NULL)
    {
      json_builder_end_array (builder);
      dbrctl_output_end_json (self->output, builder);
    }

  return status;
}

DbrctlStatus
dbrctl_units_reload_all (DbrctlUnits *self)
{
  g_autoptr(GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();
  gint64 usec;

  if (!dbr_systemd_monitor_reload_manager_sync (self->monitor, self->flags,
                                                dbrctl_frame_get_cancellable (self->frame), &error))
    return dbrctl_frame_fail (self->frame, error);

  usec = g_get_monotonic_time () - begin;
  if (dbrctl_frame_is_json (self->frame))
    {
      JsonBuilder *builder = dbrctl_units_begin_json (self);

      dbrctl_json_int (builder, "took-usec", usec);
      dbrctl_output_end_json (self->output, builder);
    }
  else
    {
      g_autofree char *took = dbrctl_text_duration (usec);

      dbrctl_output_line (self->output, DBRCTL_GOOD, _("systemd has read its units again (%s)"), took);
    }

  return DBRCTL_WELL;
}
