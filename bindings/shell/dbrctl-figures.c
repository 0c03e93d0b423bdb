/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-figures-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"


/* “org.bluez Device1.Connect” for “org.bluez:org.bluez.Device1.Connect”, which few terminals have
 * the columns for. */
static char *
dup_short_operation (const char *operation)
{
  const char *method = strchr (operation, ':');
  const char *start = method != NULL ? strrchr (method, '.') : NULL;

  if (start == NULL || *operation == ':')
    return g_strdup (operation);

  while (start > method + 1 && start[-1] != '.')
    start--;

  return g_strdup_printf ("%.*s %s", (int) (method - operation), operation, start);
}

static void
add_row (DbrctlTable       *table,
         const char        *operation,
         DbrOperationStats *stats)
{
  guint64 n_failed = dbr_operation_stats_get_errors (stats);
  guint64 n_late = dbr_operation_stats_get_timeouts (stats);
  guint64 n_refused = dbr_operation_stats_get_rejected (stats);
  g_autofree char *title = dup_short_operation (operation);
  g_autofree char *count = g_strdup_printf ("%" G_GUINT64_FORMAT, dbr_operation_stats_get_count (stats));
  g_autofree char *failed = g_strdup_printf ("%" G_GUINT64_FORMAT, n_failed);
  g_autofree char *late = g_strdup_printf ("%" G_GUINT64_FORMAT, n_late);
  g_autofree char *refused = g_strdup_printf ("%" G_GUINT64_FORMAT, n_refused);
  g_autofree char *p50 = dbrctl_text_duration (dbr_operation_stats_percentile (stats, 50));
  g_autofree char *p95 = dbrctl_text_duration (dbr_operation_stats_percentile (stats, 95));
  g_autofree char *p99 = dbrctl_text_duration (dbr_operation_stats_percentile (stats, 99));
  g_autofree char *max = dbrctl_text_duration (dbr_operation_stats_get_max_usec (stats));

  dbrctl_table_add (table, n_failed + n_late + n_refused > 0 ? DBRCTL_DOUBT : DBRCTL_PLAIN,
                    (const char *const[]) { title, count, failed, late, refused, p50, p95, p99,
                                            max });
}

void
dbrctl_figures_show (DbrctlOutput *output,
                     DbrMetrics   *metrics)
{
  const char *const titles[] = { _("Operation"), _("Calls"), _("Failed"), _("Late"),
                                 _("Refused"), "p50", "p95", "p99", _("Longest"), NULL };
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("lrRRRrrrr", titles);
  g_auto(GStrv) operations = dbr_metrics_dup_operations (metrics);
  GListModel *issues = dbr_metrics_get_issues (metrics);

  for (guint i = 0; operations[i] != NULL; i++)
    {
      g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, operations[i]);

      add_row (table, operations[i], stats);
    }
  dbrctl_output_table (output, table);

  for (guint i = 0; i < g_list_model_get_n_items (issues); i++)
    {
      g_autoptr(DbrIssue) issue = g_list_model_get_item (issues, i);

      dbrctl_output_paragraph (output, 0, dbr_issue_get_severity (issue) == DBR_SEVERITY_CRITICAL
                               ? DBRCTL_BAD : DBRCTL_DOUBT, "%s", dbr_issue_get_text (issue));
    }
}

static void
add_operation (JsonBuilder       *builder,
               const char        *operation,
               DbrOperationStats *stats)
{
  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "operation", operation);
  dbrctl_json_int (builder, "count", (gint64) dbr_operation_stats_get_count (stats));
  dbrctl_json_int (builder, "ok", (gint64) dbr_operation_stats_get_ok (stats));
  dbrctl_json_int (builder, "errors", (gint64) dbr_operation_stats_get_errors (stats));
  dbrctl_json_int (builder, "timeouts", (gint64) dbr_operation_stats_get_timeouts (stats));
  dbrctl_json_int (builder, "cancelled", (gint64) dbr_operation_stats_get_cancelled (stats));
  dbrctl_json_int (builder, "rejected", (gint64) dbr_operation_stats_get_rejected (stats));
  dbrctl_json_int (builder, "min-usec", dbr_operation_stats_get_min_usec (stats));
  dbrctl_json_int (builder, "mean-usec", dbr_operation_stats_get_mean_usec (stats));
  dbrctl_json_int (builder, "p50-usec", dbr_operation_stats_percentile (stats, 50));
  dbrctl_json_int (builder, "p90-usec", dbr_operation_stats_percentile (stats, 90));
  dbrctl_json_int (builder, "p95-usec", dbr_operation_stats_percentile (stats, 95));
  dbrctl_json_int (builder, "p99-usec", dbr_operation_stats_percentile (stats, 99));
  dbrctl_json_int (builder, "max-usec", dbr_operation_stats_get_max_usec (stats));
  json_builder_end_object (builder);
}

static void
add_issue (JsonBuilder *builder,
           DbrIssue    *issue)
{
  g_autoptr(GEnumClass) severities = g_type_class_ref (DBR_TYPE_SEVERITY);
  GEnumValue *severity = g_enum_get_value (severities, (int) dbr_issue_get_severity (issue));

  json_builder_begin_object (builder);
  dbrctl_json_string (builder, "id", dbr_issue_get_id (issue));
  dbrctl_json_string (builder, "operation", dbr_issue_get_operation (issue));
  dbrctl_json_string (builder, "severity", severity->value_nick);
  dbrctl_json_string (builder, "text", dbr_issue_get_text (issue));
  json_builder_end_object (builder);
}

void
dbrctl_figures_add_json (JsonBuilder *builder,
                         DbrMetrics  *metrics)
{
  g_auto(GStrv) operations = dbr_metrics_dup_operations (metrics);
  GListModel *issues = dbr_metrics_get_issues (metrics);

  json_builder_set_member_name (builder, "operations");
  json_builder_begin_array (builder);
  for (guint i = 0; operations[i] != NULL; i++)
    {
      g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, operations[i]);

      add_operation (builder, operations[i], stats);
    }
  json_builder_end_array (builder);

  json_builder_set_member_name (builder, "issues");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (issues); i++)
    {
      g_autoptr(DbrIssue) issue = g_list_model_get_item (issues, i);

      add_issue (builder, issue);
    }
  json_builder_end_array (builder);
}

gboolean
dbrctl_figures_are_well (DbrMetrics *metrics)
{
  return g_list_model_get_n_items (dbr_metrics_get_issues (metrics)) == 0;
}
