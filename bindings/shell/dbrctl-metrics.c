/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-figures-private.h"
#include "dbrctl-target-private.h"
#include "dbrctl-word-private.h"

/* The word “metrics”: asks services some times, and shows the figures of it as people, programs or
 * Prometheus want them. */

#define MAX_PROBES 100000

static int n_probes = 20;
static int interval_ms = 10;
static char *format;

static const GOptionEntry options[] = {
  { "probes", 0, 0, G_OPTION_ARG_INT, &n_probes,
    N_("How often each service is asked (20)"), N_("N") },
  { "interval-ms", 0, 0, G_OPTION_ARG_INT, &interval_ms,
    N_("The pause between two probes, in milliseconds (10)"), N_("MS") },
  { "format", 0, 0, G_OPTION_ARG_STRING, &format,
    N_("text, openmetrics or prometheus (text)"), N_("FORMAT") },
  { NULL }
};

/* One service on its bus. */
typedef struct
{
  DbrClient         *client;
  DbrServiceMonitor *monitor;
  char              *operation;
} Subject;

static void
subject_free (gpointer data)
{
  Subject *self = data;

  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_free (self->operation);
  g_free (self);
}

static Subject *
subject_new (DbrctlFrame *frame,
             DbrMetrics  *metrics,
             const char  *name,
             GError     **error)
{
  g_autoptr(DbrClient) client = dbrctl_frame_open_client_for (frame, name, error);
  Subject *self;

  if (client == NULL)
    return NULL;

  dbr_client_set_metrics (client, metrics);
  self = g_new0 (Subject, 1);
  self->monitor = dbr_service_monitor_new (client, name);
  self->client = g_steal_pointer (&client);
  self->operation = g_strdup_printf ("%s probe", name);

  return self;
}

static DbrOutcome
outcome_of (const GError *error)
{
  if (error == NULL)
    return DBR_OUTCOME_OK;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
    return DBR_OUTCOME_TIMEOUT;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return DBR_OUTCOME_CANCELLED;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_CIRCUIT_OPEN))
    return DBR_OUTCOME_REJECTED;

  return DBR_OUTCOME_ERROR;
}

/* Once through its main loop, as far as it shows a property to read, and once past it: where the one
 * takes long and the other one does not, it is the service that is slow, and not the bus. */
static gboolean
subject_probe (Subject      *self,
               DbrMetrics   *metrics,
               GCancellable *cancellable,
               GError      **error)
{
  g_autoptr(GError) local_error = NULL;
  gint64 begin = g_get_monotonic_time ();
  gint64 usec;

  usec = dbr_service_monitor_check_sync (self->monitor, cancellable, &local_error);
  if (local_error != NULL)
    usec = g_get_monotonic_time () - begin;
  dbr_metrics_record (metrics, self->operation, usec, outcome_of (local_error));
  if (g_error_matches (local_error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT)
      || g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  dbr_client_ping_sync (self->client, dbr_service_monitor_get_bus_name (self->monitor),
                        cancellable, NULL);

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static void
pause_ms (GCancellable *cancellable,
          int           ms)
{
  GPollFD fd;

  if (ms == 0 || !g_cancellable_make_pollfd (cancellable, &fd))
    return;

  g_poll (&fd, 1, ms);
  g_cancellable_release_fd (cancellable);
}

static gboolean
probe_all (DbrctlFrame *frame,
           GPtrArray   *subjects,
           DbrMetrics  *metrics,
           GError     **error)
{
  GCancellable *cancellable = dbrctl_frame_get_cancellable (frame);

  for (int i = 0; i < n_probes; i++)
    {
      if (i > 0)
        pause_ms (cancellable, interval_ms);
      for (guint j = 0; j < subjects->len; j++)
        {
          if (!subject_probe (subjects->pdata[j], metrics, cancellable, error))
            return FALSE;
        }
    }

  return TRUE;
}

static gboolean
has_failed (DbrMetrics *metrics)
{
  g_auto(GStrv) operations = dbr_metrics_dup_operations (metrics);

  for (guint i = 0; operations[i] != NULL; i++)
    {
      g_autoptr(DbrOperationStats) stats = dbr_metrics_get_stats (metrics, operations[i]);

      if (dbr_operation_stats_get_ok (stats) < dbr_operation_stats_get_count (stats))
        return TRUE;
    }

  return !dbrctl_figures_are_well (metrics);
}

static void
show (DbrctlFrame *frame,
      DbrMetrics  *metrics)
{
  DbrctlOutput *output = dbrctl_frame_get_output (frame);
  g_autofree char *text = NULL;
  JsonBuilder *builder;

  if (g_strcmp0 (format, "openmetrics") == 0)
    text = dbr_metrics_to_openmetrics (metrics);
  else if (g_strcmp0 (format, "prometheus") == 0)
    text = dbr_metrics_to_prometheus (metrics);

  if (text != NULL)
    {
      dbrctl_output_raw (output, text);
    }
  else if (dbrctl_frame_is_json (frame))
    {
      builder = dbrctl_output_begin_json (output);
      dbrctl_figures_add_json (builder, metrics);
      dbrctl_output_end_json (output, builder);
    }
  else
    {
      dbrctl_figures_show (output, metrics);
    }
}

static DbrctlStatus
check_options (DbrctlFrame *frame,
               char       **arguments)
{
  static const char *const formats[] = { "text", "openmetrics", "prometheus", NULL };

  if (arguments[0] == NULL)
    return dbrctl_frame_misuse (frame, "%s", _("“metrics” needs the name of a service"));
  if (n_probes < 1 || n_probes > MAX_PROBES)
    return dbrctl_frame_misuse (frame, _("“--probes” is a number from 1 to %d, and not %d"),
                                MAX_PROBES, n_probes);
  if (interval_ms < 0)
    return dbrctl_frame_misuse (frame, _("“--interval-ms” cannot be %d"), interval_ms);
  if (format != NULL && !g_strv_contains (formats, format))
    return dbrctl_frame_misuse (frame, _("There is no format “%s”"), format);
  if (format != NULL && dbrctl_frame_is_json (frame))
    return dbrctl_frame_misuse (frame, _("“--json” and “--format=%s” do not go together"), format);

  return DBRCTL_WELL;
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
  g_autoptr(GPtrArray) subjects = g_ptr_array_new_with_free_func (subject_free);
  g_autoptr(GError) error = NULL;
  DbrctlStatus status = check_options (frame, arguments);

  if (status != DBRCTL_WELL)
    return status;

  for (guint i = 0; arguments[i] != NULL; i++)
    {
      Subject *subject = subject_new (frame, metrics, arguments[i], &error);

      if (subject == NULL)
        return dbrctl_frame_fail (frame, error);
      g_ptr_array_add (subjects, subject);
    }

  if (!probe_all (frame, subjects, metrics, &error))
    return dbrctl_frame_fail (frame, error);

  show (frame, metrics);

  return has_failed (metrics) ? DBRCTL_PROBLEM : DBRCTL_WELL;
}

static const char *const examples[] = {
  "dbrctl metrics org.bluez org.freedesktop.systemd1", N_("how fast they answer"),
  "dbrctl metrics org.bluez --probes 1000 --interval-ms 0", N_("the same with more to go by"),
  "dbrctl metrics org.bluez --format prometheus", N_("for a file that a node exporter reads"),
  NULL
};

const DbrctlWord dbrctl_metrics = {
  .name = "metrics",
  .summary = N_("Asks services some times and shows the figures of it"),
  .arguments = N_("NAME…"),
  .description =
    N_("Each probe reads a property, which goes through the main loop of the service, and pings it, "
       "which does not. Ends with 1 if any of them failed or the figures show that something is "
       "wrong. “dbrctl monitor --textfile” keeps such figures for as long as it runs."),
  .examples = examples,
  .options = options,
  .run = run,
};
