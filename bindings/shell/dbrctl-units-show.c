/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-units-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"

/* What “units” shows: lists, one unit at a time, and why one does not run. */

static const char *
or_dash (const char *text)
{
  return text != NULL && *text != '\0' ? text : "–";
}

static void
show_list (DbrctlUnits *self,
           GListModel  *units)
{
  const char *const titles[] = { _("Unit"), _("Load"), _("Active"), _("Sub"), _("Description"),
                                 NULL };
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("lLLLl", titles);

  for (guint i = 0; i < g_list_model_get_n_items (units); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (units, i);
      const char *const cells[] = {
        dbr_unit_get_name (unit), or_dash (dbr_unit_get_load_state (unit)),
        or_dash (dbr_unit_get_active_state (unit)), or_dash (dbr_unit_get_sub_state (unit)),
        dbr_unit_get_description (unit),
      };

      dbrctl_table_add (table, dbrctl_units_get_style (unit), cells);
    }
  dbrctl_output_table (self->output, table);
}

static void
show_units (DbrctlUnits *self,
            GListModel  *units)
{
  JsonBuilder *builder;

  if (!dbrctl_frame_is_json (self->frame))
    {
      show_list (self, units);
      return;
    }

  builder = dbrctl_units_begin_json (self);
  json_builder_set_member_name (builder, "units");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (units); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (units, i);

      dbrctl_units_add_json (builder, unit);
    }
  json_builder_end_array (builder);
  dbrctl_output_end_json (self->output, builder);
}

DbrctlStatus
dbrctl_units_list (DbrctlUnits *self)
{
  g_autoptr(GListModel) units = NULL;
  g_autoptr(GError) error = NULL;

  units = dbr_systemd_monitor_list_units_sync (self->monitor,
                                               (const char *const *) self->names, self->states,
                                               dbrctl_frame_get_cancellable (self->frame), &error);
  if (units == NULL)
    return dbrctl_frame_fail (self->frame, error);

  show_units (self, units);

  return DBRCTL_WELL;
}

DbrctlStatus
dbrctl_units_failed (DbrctlUnits *self)
{
  const char *const failed[] = { "failed", NULL };
  g_autoptr(GListModel) units = NULL;
  g_autoptr(GError) error = NULL;

  units = dbr_systemd_monitor_list_units_sync (self->monitor, NULL, failed,
                                               dbrctl_frame_get_cancellable (self->frame), &error);
  if (units == NULL)
    return dbrctl_frame_fail (self->frame, error);

  if (g_list_model_get_n_items (units) == 0 && !dbrctl_frame_is_json (self->frame))
    dbrctl_output_line (self->output, DBRCTL_GOOD, _("No unit has failed"));
  else
    show_units (self, units);

  return g_list_model_get_n_items (units) == 0 ? DBRCTL_WELL : DBRCTL_PROBLEM;
}

static void
show_status (DbrctlUnits *self,
             DbrUnit     *unit)
{
  g_autofree char *since = dbrctl_text_moment (dbr_unit_get_active_since_usec (unit));
  g_autofree char *memory = dbrctl_text_size (dbr_unit_get_memory_bytes (unit));
  g_autofree char *cpu = dbrctl_text_duration (dbr_unit_get_cpu_usec (unit));

  dbrctl_output_line (self->output, DBRCTL_TITLE, "%s", dbr_unit_get_name (unit));
  dbrctl_output_field (self->output, _("What it is"), DBRCTL_PLAIN, "%s",
                       or_dash (dbr_unit_get_description (unit)));
  dbrctl_output_field (self->output, _("State"), dbrctl_units_get_style (unit), "%s (%s)",
                       or_dash (dbr_unit_get_active_state (unit)),
                       or_dash (dbr_unit_get_sub_state (unit)));
  dbrctl_output_field (self->output, _("Since"), DBRCTL_PLAIN, "%s", since);
  dbrctl_output_field (self->output, _("Loaded"), DBRCTL_PLAIN, "%s",
                       or_dash (dbr_unit_get_load_state (unit)));
  dbrctl_output_field (self->output, _("At boot"), DBRCTL_PLAIN, "%s",
                       or_dash (dbr_unit_get_file_state (unit)));
  if (dbr_unit_get_main_pid (unit) > 0)
    dbrctl_output_field (self->output, _("Main process"), DBRCTL_PLAIN, "%d",
                         dbr_unit_get_main_pid (unit));
  dbrctl_output_field (self->output, _("Memory"), DBRCTL_PLAIN, "%s", memory);
  dbrctl_output_field (self->output, _("Processor"), DBRCTL_PLAIN, "%s", cpu);
  if (dbr_unit_get_result (unit) != NULL)
    dbrctl_output_field (self->output, _("Last result"), DBRCTL_PLAIN, "%s",
                         dbr_unit_get_result (unit));
  if (dbr_unit_get_restarts (unit) > 0)
    dbrctl_output_field (self->output, _("Restarts"), DBRCTL_DOUBT, "%d",
                         dbr_unit_get_restarts (unit));
}

/* Reads every unit that was named; what is known of those that were read before an error is
 * worth showing. */
static GListModel *
read_units (DbrctlUnits  *self,
            GError      **error)
{
  GCancellable *cancellable = dbrctl_frame_get_cancellable (self->frame);
  GListStore *units = g_list_store_new (DBR_TYPE_UNIT);

  for (guint i = 0; self->names[i] != NULL; i++)
    {
      g_autoptr(DbrUnit) unit = NULL;

      unit = dbr_systemd_monitor_get_unit_sync (self->monitor, self->names[i], cancellable, error);
      if (unit == NULL || !dbr_unit_refresh_sync (unit, cancellable, error))
        break;
      g_list_store_append (units, unit);
    }

  return G_LIST_MODEL (units);
}

static gboolean
is_active (DbrUnit *unit)
{
  return g_strcmp0 (dbr_unit_get_active_state (unit), "active") == 0;
}

DbrctlStatus
dbrctl_units_status (DbrctlUnits *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GListModel) units = read_units (self, &error);
  DbrctlStatus status = DBRCTL_WELL;

  if (error != NULL)
    return dbrctl_frame_fail (self->frame, error);
  if (dbrctl_frame_is_json (self->frame))
    show_units (self, units);

  for (guint i = 0; i < g_list_model_get_n_items (units); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (units, i);

      if (i > 0 && !dbrctl_frame_is_json (self->frame))
        dbrctl_output_line (self->output, DBRCTL_PLAIN, "%s", "");
      if (!dbrctl_frame_is_json (self->frame))
        show_status (self, unit);
      if (!is_active (unit))
        status = DBRCTL_PROBLEM;
    }

  return status;
}

/* Why it does not run */

static void
show_reasons (DbrctlUnits *self,
              DbrUnit     *unit,
              GListModel  *reasons)
{
  if (g_list_model_get_n_items (reasons) == 0)
    {
      dbrctl_output_line (self->output, DBRCTL_GOOD, _("%s is active"), dbr_unit_get_name (unit));
      return;
    }

  dbrctl_output_line (self->output, DBRCTL_BAD, _("%s is not active"), dbr_unit_get_name (unit));
  for (guint i = 0; i < g_list_model_get_n_items (reasons); i++)
    {
      g_autoptr(DbrEvent) reason = g_list_model_get_item (reasons, i);

      dbrctl_output_paragraph (self->output, 2, DBRCTL_PLAIN, "%s", dbr_event_get_text (reason));
    }
}

static void
add_reasons_json (JsonBuilder *builder,
                  DbrUnit     *unit,
                  GListModel  *reasons)
{
  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "name", dbr_unit_get_name (unit));
  dbrctl_json_boolean (builder, "active", g_list_model_get_n_items (reasons) == 0);
  json_builder_set_member_name (builder, "reasons");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (reasons); i++)
    {
      g_autoptr(DbrEvent) reason = g_list_model_get_item (reasons, i);

      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "kind", dbr_event_get_kind (reason));
      dbrctl_json_string (builder, "text", dbr_event_get_text (reason));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

DbrctlStatus
dbrctl_units_why (DbrctlUnits *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GListModel) units = read_units (self, &error);
  g_autoptr(JsonBuilder) builder = NULL;
  DbrctlStatus status = DBRCTL_WELL;

  if (error != NULL)
    return dbrctl_frame_fail (self->frame, error);
  if (dbrctl_frame_is_json (self->frame))
    {
      builder = dbrctl_units_begin_json (self);
      json_builder_set_member_name (builder, "units");
      json_builder_begin_array (builder);
    }

  for (guint i = 0; i < g_list_model_get_n_items (units); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (units, i);
      g_autoptr(GListModel) reasons = NULL;

      reasons = dbr_unit_explain_sync (unit, dbrctl_frame_get_cancellable (self->frame), &error);
      if (reasons == NULL)
        return dbrctl_frame_fail (self->frame, error);
      if (builder != NULL)
        add_reasons_json (builder, unit, reasons);
      else
        show_reasons (self, unit, reasons);
      if (g_list_model_get_n_items (reasons) > 0)
        status = DBRCTL_PROBLEM;
    }

  if (builder != NULL)
    {
      json_builder_end_array (builder);
      dbrctl_output_end_json (self->output, g_steal_pointer (&builder));
    }

  return status;
}

/* What depends on what */

static void
add_dependencies (DbrctlUnits       *self,
                  JsonBuilder       *builder,
                  const char        *kind,
                  const char *const *names)
{
  if (builder != NULL)
    {
      dbrctl_json_strv (builder, kind, names);
      return;
    }

  for (guint i = 0; names[i] != NULL; i++)
    dbrctl_output_field (self->output, i == 0 ? kind : "", DBRCTL_PLAIN, "%s", names[i]);
}

static gboolean
show_dependencies (DbrctlUnits  *self,
                   JsonBuilder  *builder,
                   DbrUnit      *unit,
                   GError      **error)
{
  static const char *const usual[] = { "Requires", "Requisite", "BindsTo", "Wants", NULL };
  const char *const *kinds = self->kinds != NULL ? self->kinds : usual;

  if (builder != NULL)
    {
      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "name", dbr_unit_get_name (unit));
      json_builder_set_member_name (builder, "dependencies");
      json_builder_begin_object (builder);
    }
  else
    {
      dbrctl_output_line (self->output, DBRCTL_TITLE, "%s", dbr_unit_get_name (unit));
    }

  for (guint i = 0; kinds[i] != NULL; i++)
    {
      g_auto(GStrv) names = NULL;

      names = dbr_unit_list_dependencies_sync (unit, kinds[i],
                                               dbrctl_frame_get_cancellable (self->frame), error);
      if (names == NULL)
        return FALSE;
      add_dependencies (self, builder, kinds[i], (const char *const *) names);
    }

  if (builder != NULL)
    {
      json_builder_end_object (builder);
      json_builder_end_object (builder);
    }

  return TRUE;
}

DbrctlStatus
dbrctl_units_deps (DbrctlUnits *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GListModel) units = read_units (self, &error);
  g_autoptr(JsonBuilder) builder = NULL;

  if (error != NULL)
    return dbrctl_frame_fail (self->frame, error);
  if (dbrctl_frame_is_json (self->frame))
    {
      builder = dbrctl_units_begin_json (self);
      json_builder_set_member_name (builder, "units");
      json_builder_begin_array (builder);
    }

  for (guint i = 0; i < g_list_model_get_n_items (units); i++)
    {
      g_autoptr(DbrUnit) unit = g_list_model_get_item (units, i);

      if (!show_dependencies (self, builder, unit, &error))
        return dbrctl_frame_fail (self->frame, error);
    }

  if (builder != NULL)
    {
      json_builder_end_array (builder);
      dbrctl_output_end_json (self->output, g_steal_pointer (&builder));
    }

  return DBRCTL_WELL;
}

/* Jobs */

static void
show_jobs (DbrctlUnits *self,
           GListModel  *jobs)
{
  const char *const titles[] = { _("Job"), _("Unit"), _("Type"), _("State"), NULL };
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("rlll", titles);

  for (guint i = 0; i < g_list_model_get_n_items (jobs); i++)
    {
      g_autoptr(DbrEvent) job = g_list_model_get_item (jobs, i);
      g_auto(GVariantDict) details = G_VARIANT_DICT_INIT (dbr_event_get_details (job));
      g_autofree char *id = NULL;
      const char *unit = NULL;
      const char *state = NULL;
      guint number = 0;

      g_variant_dict_lookup (&details, "job-id", "u", &number);
      g_variant_dict_lookup (&details, "unit", "&s", &unit);
      g_variant_dict_lookup (&details, "state", "&s", &state);
      id = g_strdup_printf ("%u", number);
      dbrctl_table_add (table, DBRCTL_PLAIN,
                        (const char *const[]) { id, unit, dbr_event_get_kind (job), state });
    }
  dbrctl_output_table (self->output, table);
}

DbrctlStatus
dbrctl_units_jobs (DbrctlUnits *self)
{
  g_autoptr(GListModel) jobs = NULL;
  g_autoptr(GError) error = NULL;
  JsonBuilder *builder;

  jobs = dbr_systemd_monitor_list_jobs_sync (self->monitor,
                                             dbrctl_frame_get_cancellable (self->frame), &error);
  if (jobs == NULL)
    return dbrctl_frame_fail (self->frame, error);

  if (!dbrctl_frame_is_json (self->frame) && g_list_model_get_n_items (jobs) == 0)
    dbrctl_output_line (self->output, DBRCTL_PLAIN, _("No jobs wait or run"));
  else if (!dbrctl_frame_is_json (self->frame))
    show_jobs (self, jobs);
  if (!dbrctl_frame_is_json (self->frame))
    return DBRCTL_WELL;

  builder = dbrctl_units_begin_json (self);
  json_builder_set_member_name (builder, "jobs");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (jobs); i++)
    {
      g_autoptr(DbrEvent) job = g_list_model_get_item (jobs, i);

      json_builder_add_value (builder, json_gvariant_serialize (dbr_event_get_details (job)));
    }
  json_builder_end_array (builder);
  dbrctl_output_end_json (self->output, builder);

  return DBRCTL_WELL;
}
