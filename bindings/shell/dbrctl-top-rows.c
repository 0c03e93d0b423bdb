/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-top-rows-private.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-terms-private.h"

#define HISTORY 60
/* What is left of a history when the other columns have their place; and how wide these are. */
#define MIN_SPARK 8
#define OTHER_COLUMNS 70
/* Below these widths some columns are left out. */
#define FULL_WIDTH 100
#define MEDIUM_WIDTH 60

typedef struct
{
  DbrServiceMonitor *monitor;
  DbrCircuitBreaker *circuit;
  /* the newest last */
  gint64             history[HISTORY];
  guint              answers[HISTORY];
  guint              n_answers;
  guint              n_ticks;
} Row;

struct _DbrctlTopRows
{
  DbrClient     *client;
  DbrctlWatches *watches;
  guint          interval_ms;
  /* Row, the worst first */
  GPtrArray     *all;
};

static void
answered_cb (DbrServiceMonitor *monitor,
             GParamSpec        *pspec,
             gpointer           user_data)
{
  Row *self = user_data;

  if (dbr_service_monitor_get_latency_usec (monitor) >= 0)
    self->n_answers++;
}

static void
row_free (Row *self)
{
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_object_unref (self->monitor);
  g_object_unref (self->circuit);
  g_free (self);
}

DbrctlTopRows *
dbrctl_top_rows_new (DbrClient     *client,
                     DbrctlWatches *watches,
                     guint          interval_ms)
{
  DbrctlTopRows *self = g_new0 (DbrctlTopRows, 1);

  self->client = g_object_ref (client);
  self->watches = watches;
  self->interval_ms = interval_ms;
  self->all = g_ptr_array_new_with_free_func ((GDestroyNotify) row_free);

  return self;
}

void
dbrctl_top_rows_free (DbrctlTopRows *self)
{
  g_ptr_array_unref (self->all);
  g_object_unref (self->client);
  g_free (self);
}

static gboolean
top_rows_has (DbrctlTopRows *self,
              const char    *name)
{
  for (guint i = 0; i < self->all->len; i++)
    {
      const Row *row = self->all->pdata[i];

      if (g_str_equal (dbr_service_monitor_get_bus_name (row->monitor), name))
        return TRUE;
    }

  return FALSE;
}

gboolean
dbrctl_top_rows_add (DbrctlTopRows  *self,
                     const char     *name,
                     GError        **error)
{
  Row *row;

  if (top_rows_has (self, name))
    return TRUE;

  row = g_new0 (Row, 1);
  row->monitor = g_object_ref (dbrctl_watches_add (self->watches, name));
  row->circuit = dbr_client_get_circuit (self->client, name);
  for (guint i = 0; i < HISTORY; i++)
    row->history[i] = DBRCTL_NOT_ASKED;
  dbr_service_monitor_set_interval_ms (row->monitor, self->interval_ms);
  g_signal_connect (row->monitor, "notify::latency-usec", G_CALLBACK (answered_cb), row);
  g_ptr_array_add (self->all, row);

  return dbr_service_monitor_start (row->monitor, error);
}

static gboolean
is_silent (DbrServiceState state)
{
  return state == DBR_SERVICE_STATE_STALLED || state == DBR_SERVICE_STATE_FROZEN
         || state == DBR_SERVICE_STATE_SUSPECT;
}

/* A latency that is the same to the microsecond is not told again, so silence alone is no miss. */
static void
row_tick (Row *self)
{
  DbrServiceState state = dbr_service_monitor_get_state (self->monitor);
  gint64 usec = dbr_service_monitor_get_latency_usec (self->monitor);
  gint64 newest = DBRCTL_NOT_ASKED;

  if (is_silent (state) && self->n_answers == 0)
    newest = DBRCTL_NO_ANSWER;
  else if (usec >= 0 && (state == DBR_SERVICE_STATE_HEALTHY || self->n_answers > 0))
    newest = usec;

  memmove (self->history, self->history + 1, sizeof self->history - sizeof *self->history);
  memmove (self->answers, self->answers + 1, sizeof self->answers - sizeof *self->answers);
  self->history[HISTORY - 1] = newest;
  self->answers[HISTORY - 1] = self->n_answers;
  self->n_answers = 0;
  self->n_ticks = MIN (self->n_ticks + 1, HISTORY);
}

static int
rank_of (DbrServiceState state)
{
  switch (state)
    {
    case DBR_SERVICE_STATE_STALLED:
    case DBR_SERVICE_STATE_FROZEN:
    case DBR_SERVICE_STATE_BUS_LOST:
      return 0;

    case DBR_SERVICE_STATE_SUSPECT: return 1;
    case DBR_SERVICE_STATE_SLOW: return 2;

    case DBR_SERVICE_STATE_STARTING:
    case DBR_SERVICE_STATE_HEALTHY:
      return 3;

    case DBR_SERVICE_STATE_ABSENT:
    case DBR_SERVICE_STATE_UNKNOWN:
    default:
      return 4;
    }
}

static int
compare_rows (gconstpointer a,
              gconstpointer b)
{
  const Row *first = *(const Row *const *) a;
  const Row *second = *(const Row *const *) b;
  int ranks = rank_of (dbr_service_monitor_get_state (first->monitor))
              - rank_of (dbr_service_monitor_get_state (second->monitor));

  return ranks != 0 ? ranks : g_strcmp0 (dbr_service_monitor_get_bus_name (first->monitor),
                                         dbr_service_monitor_get_bus_name (second->monitor));
}

void
dbrctl_top_rows_tick (DbrctlTopRows *self)
{
  for (guint i = 0; i < self->all->len; i++)
    row_tick (self->all->pdata[i]);
  g_ptr_array_sort (self->all, compare_rows);
}

guint
dbrctl_top_rows_get_n (DbrctlTopRows *self)
{
  return self->all->len;
}

guint
dbrctl_top_rows_get_n_bad (DbrctlTopRows *self)
{
  guint n = 0;

  for (guint i = 0; i < self->all->len; i++)
    {
      const Row *row = self->all->pdata[i];

      n += rank_of (dbr_service_monitor_get_state (row->monitor)) < 3;
    }

  return n;
}

static double
top_rows_get_rate (DbrctlTopRows *self,
                   const Row     *row)
{
  guint n = 0;

  for (guint i = HISTORY - row->n_ticks; i < HISTORY; i++)
    n += row->answers[i];

  return row->n_ticks == 0 ? 0 : n * 1000.0 / row->n_ticks / self->interval_ms;
}

/* In percent, of what was asked. */
static guint
row_get_lost (const Row *self)
{
  guint asked = 0;
  guint lost = 0;

  for (guint i = 0; i < HISTORY; i++)
    {
      asked += self->history[i] != DBRCTL_NOT_ASKED;
      lost += self->history[i] == DBRCTL_NO_ANSWER;
    }

  return asked == 0 ? 0 : 100 * lost / asked;
}

static void
top_rows_fill (DbrctlTopRows *self,
               DbrctlTable   *table,
               const Row     *row,
               guint          width,
               guint          spark)
{
  DbrServiceState state = dbr_service_monitor_get_state (row->monitor);
  g_autofree char *latency =
    dbrctl_text_duration (dbr_service_monitor_get_latency_usec (row->monitor));
  g_autofree char *history = dbrctl_text_sparkline (row->history + HISTORY - spark, spark);
  g_autofree char *rate = g_strdup_printf (_("%.1f/s"), top_rows_get_rate (self, row));
  g_autofree char *lost = g_strdup_printf ("%u %%", row_get_lost (row));
  g_autofree char *restarts = g_strdup_printf ("%u",
                                               dbr_service_monitor_get_restarts (row->monitor));
  const char *cells[9] = { dbr_service_monitor_get_bus_name (row->monitor),
                           dbrctl_terms_state (state), latency };
  guint n = 3;

  if (width >= MEDIUM_WIDTH)
    {
      cells[n++] = history;
      cells[n++] = rate;
      cells[n++] = dbrctl_terms_circuit (dbr_circuit_breaker_get_state (row->circuit));
    }
  if (width >= FULL_WIDTH)
    {
      cells[n++] = lost;
      cells[n++] = restarts;
    }
  dbrctl_table_add (table, dbrctl_terms_state_style (state), cells);
}

DbrctlTable *
dbrctl_top_rows_to_table (DbrctlTopRows *self,
                          guint          first,
                          guint          n,
                          guint          width)
{
  const char *titles[] = { _("Service"), _("State"), _("Latency"), _("Of late"), _("Rate"),
                           _("Circuit"), _("Lost"), _("Restarts"), NULL };
  const char *layout = width >= FULL_WIDTH ? "lLrlrlrr" : width >= MEDIUM_WIDTH ? "lLrlrl" : "lLr";
  guint spark = width > OTHER_COLUMNS ? width - OTHER_COLUMNS : 0;
  DbrctlTable *table = dbrctl_table_new (layout, titles);

  spark = CLAMP (spark, MIN_SPARK, HISTORY);
  for (guint i = first; i < MIN (first + n, self->all->len); i++)
    top_rows_fill (self, table, self->all->pdata[i], width, spark);

  return table;
}

void
dbrctl_top_rows_add_json (DbrctlTopRows *self,
                          JsonBuilder   *builder)
{
  json_builder_set_member_name (builder, "services");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->all->len; i++)
    {
      const Row *row = self->all->pdata[i];
      DbrServiceState state = dbr_service_monitor_get_state (row->monitor);
      DbrCircuitState circuit = dbr_circuit_breaker_get_state (row->circuit);

      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "name", dbr_service_monitor_get_bus_name (row->monitor));
      dbrctl_json_string (builder, "state",
                          dbrctl_terms_nick (DBR_TYPE_SERVICE_STATE, (int) state));
      dbrctl_json_int (builder, "latency-usec",
                       dbr_service_monitor_get_latency_usec (row->monitor));
      json_builder_set_member_name (builder, "answers-per-s");
      json_builder_add_double_value (builder, top_rows_get_rate (self, row));
      dbrctl_json_int (builder, "lost-percent", row_get_lost (row));
      dbrctl_json_int (builder, "restarts", dbr_service_monitor_get_restarts (row->monitor));
      dbrctl_json_string (builder, "circuit",
                          dbrctl_terms_nick (DBR_TYPE_CIRCUIT_STATE, (int) circuit));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}
