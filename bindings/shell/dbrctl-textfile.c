/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-textfile-private.h"

#define READABLE_BY_ALL 0644

/* One series a state and service, as Prometheus knows sets of states; a bus name has nothing that
 * had to be escaped. */
static void
append_states (GString       *text,
               DbrctlWatches *watches)
{
  g_autoptr(GEnumClass) states = g_type_class_ref (DBR_TYPE_SERVICE_STATE);

  g_string_append (text, "# HELP dbr_service_state How a watched service is.\n"
                   "# TYPE dbr_service_state gauge\n");
  for (guint i = 0; i < dbrctl_watches_get_n (watches); i++)
    {
      DbrServiceMonitor *monitor = dbrctl_watches_get_monitor (watches, i);
      int state = (int) dbr_service_monitor_get_state (monitor);

      for (guint j = 0; j < states->n_values; j++)
        g_string_append_printf (text, "dbr_service_state{bus_name=\"%s\",dbr_service_state=\"%s\"} "
                                "%d\n", dbr_service_monitor_get_bus_name (monitor),
                                states->values[j].value_nick, states->values[j].value == state);
    }
}

static void
append_latencies (GString       *text,
                  DbrctlWatches *watches)
{
  g_string_append (text, "# HELP dbr_service_latency_seconds How long a watched service took to "
                   "answer.\n# TYPE dbr_service_latency_seconds gauge\n");
  for (guint i = 0; i < dbrctl_watches_get_n (watches); i++)
    {
      DbrServiceMonitor *monitor = dbrctl_watches_get_monitor (watches, i);
      gint64 usec = dbr_service_monitor_get_latency_usec (monitor);
      char number[G_ASCII_DTOSTR_BUF_SIZE];

      if (usec >= 0)
        g_string_append_printf (text, "dbr_service_latency_seconds{bus_name=\"%s\"} %s\n",
                                dbr_service_monitor_get_bus_name (monitor),
                                g_ascii_formatd (number, sizeof number, "%.6f",
                                                 (double) usec / G_USEC_PER_SEC));
    }
}

gboolean
dbrctl_textfile_write (const char     *path,
                       DbrMetrics     *metrics,
                       DbrctlWatches  *watches,
                       GError        **error)
{
  g_autofree char *figures = dbr_metrics_to_prometheus (metrics);
  g_autoptr(GString) text = g_string_new (figures);

  append_states (text, watches);
  append_latencies (text, watches);

  return g_file_set_contents_full (path, text->str, (gssize) text->len,
                                   G_FILE_SET_CONTENTS_CONSISTENT, READABLE_BY_ALL, error);
}
