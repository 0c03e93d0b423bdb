/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-metrics-private.h"

#include "dbr-bench-player.h"

/* Recording and reading figures, as a client of the library's inside. Its process is one of its own,
 * linked with what the library hides. */

#define N_OPERATIONS 32

typedef struct
{
  DbrHistogram      histogram;
  DbrMetrics       *metrics;
  DbrMetricsHandle *handles[N_OPERATIONS];
  char             *names[N_OPERATIONS];
} Figures;

static gpointer
figures_make (const char *address)
{
  Figures *self = g_new0 (Figures, 1);

  self->metrics = dbr_metrics_new ();
  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      self->names[i] = g_strdup_printf ("operation-%u", i);
      self->handles[i] = dbr_metrics_resolve (self->metrics, self->names[i], NULL, NULL, NULL);
      for (guint j = 0; j < 1000; j++)
        {
          DbrMetricsSample sample = {
            0, 200 + j, 10 + j % 10, 150 + j, 40 + j % 30, DBR_OUTCOME_OK, NULL,
          };

          dbr_metrics_handle_record (self->handles[i], &sample);
        }
    }

  return self;
}

static void
figures_read (Figures *self)
{
  for (guint i = 0; i < N_OPERATIONS; i++)
    g_object_unref (dbr_metrics_get_stats (self->metrics, self->names[i]));
}

/* Times as they come, each with a cell of its own, and a clock that a call has looked at anyway. */
static void
figures_record (Figures         *self,
                const BenchTask *task,
                gboolean         has_parts)
{
  DbrMetricsSample sample = {
    g_get_monotonic_time (), 0, -1, -1, -1, DBR_OUTCOME_OK, NULL,
  };

  for (guint i = 0; i < task->n_calls; i++)
    {
      sample.total_usec = 200 + i % 1000;
      if (has_parts)
        {
          sample.queue_usec = 10 + i % 10;
          sample.service_usec = 150 + i % 1000;
          sample.lag_usec = 40 + i % 30;
        }
      dbr_metrics_handle_record (self->handles[0], &sample);
    }
}

static void
figures_play (gpointer         client,
              const BenchTask *task)
{
  Figures *self = client;

  if (task->call == BENCH_CALL_TOTAL || task->call == BENCH_CALL_PARTS)
    {
      figures_record (self, task, task->call == BENCH_CALL_PARTS);
      return;
    }

  for (guint i = 0; i < task->n_calls; i++)
    {
      if (task->call == BENCH_CALL_HISTOGRAM)
        dbr_histogram_record (&self->histogram, 200 + i % 1000);
      else if (task->call == BENCH_CALL_NAME)
        dbr_metrics_record (self->metrics, self->names[i % N_OPERATIONS], 200 + i % 1000,
                            DBR_OUTCOME_OK);
      else
        figures_read (self);
    }
}

const BenchClient bench_client_figures = { BENCH_FIGURES_NAME, figures_make, NULL, figures_play };

int
main (int    argc,
      char **argv)
{
  if (argc != 4)
    bench_player_fail ("this is only played by dbr-bench");

  return bench_player_main (argv[2], argv[3]);
}
