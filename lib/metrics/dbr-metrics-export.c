/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-metrics-private.h"

#include "metrics/dbr-sheet-private.h"

/* How the figures leave the process. */

/**
 * dbr_metrics_to_text:
 * @self: the metrics
 *
 * Makes a table for a person to read, in the language of the program.
 *
 * A dash stands where fewer than 20 samples are known.
 *
 * Returns: (transfer full): the table, in lines
 *
 * Since: 0.1
 */
char *
dbr_metrics_to_text (DbrMetrics *self)
{
  g_autoptr(DbrSheet) sheet = NULL;

  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);

  sheet = dbr_sheet_new (dbr_metrics_get_book (self));

  return dbr_sheet_to_text (sheet);
}

/**
 * dbr_metrics_to_openmetrics:
 * @self: the metrics
 *
 * Writes the figures in the format OpenMetrics 1.0, for who scrapes them.
 *
 * It is served as `application/openmetrics-text; version=1.0.0; charset=utf-8`. A node exporter
 * does not read it from files: see [method@Metrics.to_prometheus].
 *
 * Returns: (transfer full): the text, in UTF-8
 *
 * Since: 0.1
 */
char *
dbr_metrics_to_openmetrics (DbrMetrics *self)
{
  g_autoptr(DbrSheet) sheet = NULL;

  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);

  sheet = dbr_sheet_new (dbr_metrics_get_book (self));

  return dbr_sheet_to_openmetrics (sheet);
}

/**
 * dbr_metrics_to_prometheus:
 * @self: the metrics
 *
 * Writes the figures in the text format 0.0.4 of Prometheus, for the textfile collector of a node
 * exporter.
 *
 * Its samples have the same names and values as those of [method@Metrics.to_openmetrics].
 *
 * Returns: (transfer full): the text, in UTF-8
 *
 * Since: 0.1
 */
char *
dbr_metrics_to_prometheus (DbrMetrics *self)
{
  g_autoptr(DbrSheet) sheet = NULL;

  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);

  sheet = dbr_sheet_new (dbr_metrics_get_book (self));

  return dbr_sheet_to_prometheus (sheet);
}

/**
 * dbr_metrics_to_variant:
 * @self: the metrics
 *
 * Gives the figures to a program, as a dictionary of type `a{sv}`.
 *
 * `operations` of type `a{sa{sv}}` has what [class@OperationStats] has, with `window` for the last
 * minute and `error-names`; `places` of type `a{sa{sv}}` what is known of bus names and
 * connections; `open-issues` of type `a{su}` how many issues of each id are open.
 *
 * Returns: (transfer full): the dictionary
 *
 * Since: 0.1
 */
GVariant *
dbr_metrics_to_variant (DbrMetrics *self)
{
  g_autoptr(DbrSheet) sheet = NULL;

  g_return_val_if_fail (DBR_IS_METRICS (self), NULL);

  sheet = dbr_sheet_new (dbr_metrics_get_book (self));

  return dbr_sheet_to_variant (sheet);
}

/* The sums over all operations, each kept apart from the text by whoever writes the log. */
static void
log_sums (const DbrSheet *sheet)
{
  g_autofree char *n_operations = g_strdup_printf ("%u", sheet->rows->len);
  g_autofree char *n_issues = NULL;
  g_autofree char *n_calls = NULL;
  g_autofree char *n_failed = NULL;
  g_autofree char *message = NULL;
  guint64 calls = 0, failed = 0;
  guint issues = 0;

  for (guint i = 0; i < sheet->rows->len; i++)
    {
      const DbrSheetRow *row = g_ptr_array_index (sheet->rows, i);

      for (guint j = 0; j < DBR_N_OUTCOMES; j++)
        calls += row->life_counts.outcomes[j];
      failed += dbr_counts_get_failed (&row->life_counts);
    }
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    issues += sheet->n_open[kind];

  n_calls = g_strdup_printf ("%" G_GUINT64_FORMAT, calls);
  n_failed = g_strdup_printf ("%" G_GUINT64_FORMAT, failed);
  n_issues = g_strdup_printf ("%u", issues);
  message = g_strdup_printf ("%s calls of %s operations, %s failed, %s issues open",
                             n_calls, n_operations, n_failed, n_issues);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE,
                    "DBR_TOPIC", "metrics",
                    "DBR_OPERATIONS", n_operations,
                    "DBR_CALLS", n_calls,
                    "DBR_FAILED", n_failed,
                    "DBR_OPEN_ISSUES", n_issues,
                    "MESSAGE", "%s", message);
}

/**
 * dbr_metrics_log_summary:
 * @self: the metrics
 *
 * Writes the sums into the log as one structured record, and the table of [method@Metrics.to_text]
 * at the level of information.
 *
 * Since: 0.1
 */
void
dbr_metrics_log_summary (DbrMetrics *self)
{
  g_autoptr(DbrSheet) sheet = NULL;
  g_autofree char *table = NULL;

  g_return_if_fail (DBR_IS_METRICS (self));

  sheet = dbr_sheet_new (dbr_metrics_get_book (self));
  table = dbr_sheet_to_text (sheet);
  log_sums (sheet);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO,
                    "DBR_TOPIC", "metrics",
                    "MESSAGE", "%s", table);
}
