/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-units-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"


/* What changes, a line each, until somebody ends it. */

static void
tell (DbrctlUnits *self,
      DbrctlStyle  style,
      const char  *event,
      const char  *unit,
      const char  *text)
{
  g_autofree char *now = dbrctl_text_moment (g_get_real_time ());

  if (dbrctl_frame_is_json (self->frame))
    {
      JsonBuilder *builder = dbrctl_units_begin_json (self);

      dbrctl_json_string (builder, "event", event);
      dbrctl_json_int (builder, "when-usec", g_get_real_time ());
      dbrctl_json_string (builder, "unit", unit);
      dbrctl_json_string (builder, "text", text);
      dbrctl_output_end_json (self->output, builder);
      return;
    }

  dbrctl_output_add (self->output, DBRCTL_FAINT, "%s  ", now);
  dbrctl_output_line (self->output, style, "%s", text);
}

/* Who names some units does not want to hear of all others; a name without a suffix is a service. */
static gboolean
is_wanted (DbrctlUnits *self,
           const char  *unit_name)
{
  g_autofree char *short_name = g_str_has_suffix (unit_name, ".service")
                                ? g_strndup (unit_name, strlen (unit_name) - strlen (".service"))
                                : g_strdup (unit_name);

  return self->names[0] == NULL || g_strv_contains ((const char *const *) self->names, unit_name)
         || g_strv_contains ((const char *const *) self->names, short_name);
}

/* What a job is to do is not known of one that was over before anybody could ask. */
static void
job_added_cb (DbrSystemdMonitor *monitor,
              guint              job_id,
              const char        *unit_name,
              const char        *job_type,
              gpointer           user_data)
{
  g_autofree char *text = NULL;

  if (!is_wanted (user_data, unit_name))
    return;
  if (*job_type != '\0')
    text = g_strdup_printf (_("%s: job %u, to %s it"), unit_name, job_id, job_type);
  else
    text = g_strdup_printf (_("%s: job %u"), unit_name, job_id);
  tell (user_data, DBRCTL_FAINT, "job-added", unit_name, text);
}

static void
job_finished_cb (DbrSystemdMonitor *monitor,
                 guint              job_id,
                 const char        *unit_name,
                 const char        *result,
                 gpointer           user_data)
{
  g_autofree char *text = g_strdup_printf (_("%s: job %u ended, %s"), unit_name, job_id, result);

  if (is_wanted (user_data, unit_name))
    tell (user_data, g_str_equal (result, "done") ? DBRCTL_FAINT : DBRCTL_BAD, "job-finished",
          unit_name, text);
}

static DbrctlStyle
get_style (DbrEvent *event)
{
  const char *kind = dbr_event_get_kind (event);
  const char *state = NULL;

  if (g_str_equal (kind, "unit-failed") || g_str_equal (kind, "stalled"))
    return DBRCTL_BAD;
  if (!g_variant_lookup (dbr_event_get_details (event), "new-state", "&s", &state))
    return DBRCTL_DOUBT;
  if (g_str_equal (state, "active"))
    return DBRCTL_GOOD;

  return g_str_equal (state, "failed") ? DBRCTL_BAD : DBRCTL_PLAIN;
}

/* What becomes of the units, and of systemd itself. */
static void
history_cb (GListModel *history,
            guint       position,
            guint       n_removed,
            guint       n_added,
            gpointer    user_data)
{
  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);
      const char *unit = NULL;

      g_variant_lookup (dbr_event_get_details (event), "unit", "&s", &unit);
      tell (user_data, get_style (event), dbr_event_get_kind (event), unit,
            dbr_event_get_text (event));
    }
}

DbrctlStatus
dbrctl_units_watch (DbrctlUnits *self)
{
  DbrServiceMonitor *service = DBR_SERVICE_MONITOR (self->monitor);
  g_autoptr(GError) error = NULL;

  dbrctl_frame_set_live (self->frame);
  if (!dbr_service_monitor_refresh_sync (service, dbrctl_frame_get_cancellable (self->frame),
                                         &error))
    return dbrctl_frame_fail (self->frame, error);

  g_signal_connect (self->monitor, "job-added", G_CALLBACK (job_added_cb), self);
  g_signal_connect (self->monitor, "job-finished", G_CALLBACK (job_finished_cb), self);
  g_signal_connect (dbr_service_monitor_get_history (service), "items-changed",
                    G_CALLBACK (history_cb), self);
  dbr_systemd_monitor_watch_units (self->monitor, (const char *const *) self->names);
  if (!dbr_service_monitor_start (service, &error))
    return dbrctl_frame_fail (self->frame, error);

  tell (self, DBRCTL_FAINT, "watching", NULL, _("watching; Ctrl-C ends it"));
  dbrctl_frame_loop (self->frame);
  dbr_service_monitor_stop (service);

  return DBRCTL_WELL;
}
