/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-load-private.h"
#include "dbrctl-word-private.h"

/* The word “stress”: many threads call a service, and how fast it answers them is drawn. */

#define MAX_THREADS 500
#define MAX_CALLS 10000000
#define BAR_WIDTH 30

static int n_threads = 5;
static int n_calls = 20;
static int wait_ms = 100;
static gboolean is_shared;
static char *property;

static const GOptionEntry options[] = {
  { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads,
    N_("How many call at a time (5)"), N_("N") },
  { "calls", 0, 0, G_OPTION_ARG_INT, &n_calls,
    N_("How often each of them calls (20)"), N_("N") },
  { "pause-ms", 0, 0, G_OPTION_ARG_INT, &wait_ms,
    N_("The pause of each after a call, in milliseconds (100)"), N_("MS") },
  { "shared", 0, 0, G_OPTION_ARG_NONE, &is_shared,
    N_("All over one connection, and not each over its own"), NULL },
  { "read", 0, 0, G_OPTION_ARG_STRING, &property,
    N_("What is read (the first property that it shows)"), N_("PATH:INTERFACE.PROPERTY") },
  { NULL }
};

typedef struct
{
  DbrctlFrame  *frame;
  DbrctlOutput *output;
  gboolean      has_bar;
  guint         n_all;
} Stress;

/* While it runs, on a terminal */

static gboolean
has_blocks (void)
{
  return g_get_charset (NULL);
}

static void
tick_cb (DbrctlLoad *load,
         gpointer    user_data)
{
  Stress *self = user_data;
  guint n_ended = dbrctl_load_count_ended (load);
  g_autofree char *bar = NULL;
  g_autofree char *line = NULL;

  if (!self->has_bar)
    return;

  bar = dbrctl_dup_bar ((double) n_ended / self->n_all, BAR_WIDTH, has_blocks ());
  line = g_strdup_printf ("\r\033[K%s %u/%u", bar, n_ended, self->n_all);
  dbrctl_output_raw (self->output, line);
}

/* When it has run */

static void
show_histogram (Stress        *self,
                DbrctlSamples *samples)
{
  g_autoptr(GArray) buckets = dbrctl_samples_dup_buckets (samples);
  guint width = dbrctl_output_get_width (self->output);
  guint most = 1;

  width = width > 0 ? CLAMP (width, 40, 80) - 30 : 50;
  for (guint i = 0; i < buckets->len; i++)
    most = MAX (most, g_array_index (buckets, DbrctlBucket, i).count);
  for (guint i = 0; i < buckets->len; i++)
    {
      const DbrctlBucket *bucket = &g_array_index (buckets, DbrctlBucket, i);
      g_autofree char *from = dbrctl_text_duration (bucket->from_usec);
      g_autofree char *bar = dbrctl_dup_bar ((double) bucket->count / most, width, has_blocks ());

      dbrctl_output_add (self->output, DBRCTL_FAINT, _("from %s"), from);
      dbrctl_output_add (self->output, DBRCTL_PLAIN, "%*s",
                         (int) MAX (1, 14 - (int) dbrctl_text_width (from)), "");
      dbrctl_output_add (self->output, DBRCTL_GOOD, "%s", bar);
      dbrctl_output_line (self->output, DBRCTL_PLAIN, " %u", bucket->count);
    }
}

static void
show_count (Stress     *self,
            const char *name,
            guint       n,
            gboolean    is_bad)
{
  if (n > 0 || !is_bad)
    dbrctl_output_field (self->output, name, n > 0 && is_bad ? DBRCTL_BAD : DBRCTL_PLAIN, "%u", n);
}

static void
show_percentiles (Stress        *self,
                  DbrctlSamples *samples)
{
  static const struct
  {
    const char *name;
    double      percent;
  } parts[] = {
    { "p50", 50 }, { "p90", 90 }, { "p95", 95 }, { "p99", 99 }, { N_("Longest"), 100 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      gint64 usec = dbrctl_samples_percentile (samples, parts[i].percent);
      g_autofree char *text = dbrctl_text_duration (usec);

      dbrctl_output_field (self->output, _(parts[i].name), DBRCTL_PLAIN, "%s", text);
    }
}

static void
show (Stress     *self,
      DbrctlLoad *load)
{
  g_autofree char *took = dbrctl_text_duration (load->elapsed_usec);
  guint n_answered = dbrctl_samples_count (&load->samples);
  double seconds = MAX (load->elapsed_usec, 1) / (double) G_USEC_PER_SEC;
  GHashTableIter iter;
  gpointer value;

  if (load->target->object_path != NULL)
    dbrctl_output_line (self->output, DBRCTL_TITLE, "%s %s:%s.%s", load->bus_name,
                        load->target->object_path, load->target->interface_name,
                        load->target->property_name);
  else
    dbrctl_output_line (self->output, DBRCTL_TITLE, "%s Ping", load->bus_name);
  dbrctl_output_field (self->output, _("Threads"), DBRCTL_PLAIN, "%u", load->n_threads);
  dbrctl_output_field (self->output, _("Connections"), DBRCTL_PLAIN, "%u", load->n_connections);
  dbrctl_output_field (self->output, _("Took"), DBRCTL_PLAIN, _("%s, %.0f calls a second"), took,
                       dbrctl_load_count_ended (load) / seconds);
  show_count (self, _("Answered"), n_answered, FALSE);
  show_count (self, _("Failed"), load->n_errors, TRUE);
  show_count (self, _("Timed out"), load->n_timeouts, TRUE);
  show_count (self, _("Refused"), load->n_rejected, TRUE);
  if (load->n_joined > 0)
    show_count (self, _("Shared"), load->n_joined, FALSE);
  if (n_answered > 0)
    {
      show_percentiles (self, &load->samples);
      dbrctl_output_line (self->output, DBRCTL_PLAIN, "%s", "");
      show_histogram (self, &load->samples);
    }

  g_hash_table_iter_init (&iter, load->failures);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DbrctlFailure *failure = value;

      dbrctl_output_paragraph (self->output, 0, DBRCTL_BAD, "%u × %s", failure->n, failure->text);
    }
}

static void
add_buckets_json (JsonBuilder   *builder,
                  DbrctlSamples *samples)
{
  g_autoptr(GArray) buckets = dbrctl_samples_dup_buckets (samples);

  json_builder_set_member_name (builder, "histogram");
  json_builder_begin_array (builder);
  for (guint i = 0; i < buckets->len; i++)
    {
      const DbrctlBucket *bucket = &g_array_index (buckets, DbrctlBucket, i);

      json_builder_begin_object (builder);
      dbrctl_json_int (builder, "from-usec", bucket->from_usec);
      dbrctl_json_int (builder, "to-usec", bucket->to_usec);
      dbrctl_json_int (builder, "count", bucket->count);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_failures_json (JsonBuilder *builder,
                   GHashTable  *failures)
{
  GHashTableIter iter;
  gpointer value;

  json_builder_set_member_name (builder, "failures");
  json_builder_begin_array (builder);
  g_hash_table_iter_init (&iter, failures);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DbrctlFailure *failure = value;

      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "text", failure->text);
      dbrctl_json_int (builder, "count", failure->n);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
show_json (Stress     *self,
           DbrctlLoad *load)
{
  JsonBuilder *builder = dbrctl_output_begin_json (self->output);
  DbrctlSamples *samples = &load->samples;

  dbrctl_json_string (builder, "name", load->bus_name);
  dbrctl_json_string (builder, "object-path", load->target->object_path);
  dbrctl_json_string (builder, "interface", load->target->interface_name);
  dbrctl_json_string (builder, "property", load->target->property_name);
  dbrctl_json_int (builder, "threads", load->n_threads);
  dbrctl_json_int (builder, "connections", load->n_connections);
  dbrctl_json_int (builder, "elapsed-usec", load->elapsed_usec);
  dbrctl_json_int (builder, "asked", self->n_all);
  dbrctl_json_int (builder, "ok", dbrctl_samples_count (samples));
  dbrctl_json_int (builder, "errors", load->n_errors);
  dbrctl_json_int (builder, "timeouts", load->n_timeouts);
  dbrctl_json_int (builder, "rejected", load->n_rejected);
  dbrctl_json_int (builder, "joined", load->n_joined);
  dbrctl_json_int (builder, "p50-usec", dbrctl_samples_percentile (samples, 50));
  dbrctl_json_int (builder, "p90-usec", dbrctl_samples_percentile (samples, 90));
  dbrctl_json_int (builder, "p95-usec", dbrctl_samples_percentile (samples, 95));
  dbrctl_json_int (builder, "p99-usec", dbrctl_samples_percentile (samples, 99));
  dbrctl_json_int (builder, "max-usec", dbrctl_samples_percentile (samples, 100));
  add_buckets_json (builder, samples);
  add_failures_json (builder, load->failures);
  dbrctl_output_end_json (self->output, builder);
}

/* From the options to the end */

static DbrctlStatus
check_options (DbrctlFrame  *frame,
               char        **arguments,
               DbrctlTarget *target)
{
  if (arguments[0] == NULL)
    return dbrctl_frame_misuse (frame, "%s", _("“stress” needs the name of a service"));
  if (arguments[1] != NULL)
    return dbrctl_frame_misuse (frame, "%s", _("“stress” takes one name"));
  if (!g_dbus_is_name (arguments[0]))
    return dbrctl_frame_misuse (frame, _("“%s” is not the name of a service"), arguments[0]);
  if (n_threads < 1 || n_threads > MAX_THREADS)
    return dbrctl_frame_misuse (frame, _("“--threads” is a number from 1 to %d, and not %d"),
                                MAX_THREADS, n_threads);
  if (n_calls < 1 || n_calls > MAX_CALLS / n_threads)
    return dbrctl_frame_misuse (frame, _("“--calls” is a number from 1 to %d, and not %d"),
                                MAX_CALLS / n_threads, n_calls);
  if (wait_ms < 0)
    return dbrctl_frame_misuse (frame, _("“--pause-ms” cannot be %d"), wait_ms);
  if (property != NULL && !dbrctl_target_parse (target, property))
    return dbrctl_frame_misuse (frame, _("“%s” is not of the form PATH:INTERFACE.PROPERTY"),
                                property);

  return DBRCTL_WELL;
}

static DbrPool *
new_pool (DbrClient *client)
{
  const char *address = dbr_client_get_address (client);
  DbrPool *pool = address != NULL ? dbr_pool_new_for_address (address)
                  : dbr_pool_new (dbr_client_get_bus_type (client));

  dbr_pool_set_max_size (pool, (guint) n_threads);

  return pool;
}

/* A call that failed is to be seen, not tried again; and no call waits for another one here. */
static void
set_up_client (DbrClient *client)
{
  g_autoptr(DbrRetryPolicy) once = dbr_retry_policy_new_preset ("none", NULL);

  dbr_client_set_retry_policy (client, once);
  dbr_client_set_max_in_flight (client, (guint) MAX (n_threads, 16));
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  Stress self = { frame, dbrctl_frame_get_output (frame), FALSE, 0 };
  g_auto(DbrctlTarget) target = { NULL };
  g_auto(DbrctlLoad) load = { NULL };
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrPool) pool = NULL;
  g_autoptr(GError) error = NULL;
  DbrctlStatus status = check_options (frame, arguments, &target);

  dbrctl_load_init (&load);
  if (status != DBRCTL_WELL)
    return status;

  client = dbrctl_frame_open_client_for (frame, arguments[0], &error);
  if (client == NULL)
    return dbrctl_frame_fail (frame, error);

  load.cancellable = dbrctl_frame_get_cancellable (frame);
  if (property == NULL)
    dbrctl_target_find (&target, client, arguments[0], load.cancellable);
  set_up_client (client);
  pool = is_shared ? NULL : new_pool (client);
  load.client = client;
  load.pool = pool;
  load.bus_name = arguments[0];
  load.target = &target;
  load.n_threads = (guint) n_threads;
  load.n_calls = (guint) n_calls;
  load.pause_ms = (guint) wait_ms;
  load.timeout_ms = dbrctl_frame_get_timeout_ms (frame);
  load.n_connections = is_shared ? 1 : 0;
  self.n_all = load.n_threads * load.n_calls;
  self.has_bar = dbrctl_output_is_terminal (self.output) && !dbrctl_frame_is_json (frame);

  dbrctl_load_run (&load, tick_cb, &self);
  if (self.has_bar)
    dbrctl_output_raw (self.output, "\r\033[K");
  if (dbrctl_frame_is_json (frame))
    show_json (&self, &load);
  else
    show (&self, &load);

  return dbrctl_samples_count (&load.samples) == self.n_all ? DBRCTL_WELL : DBRCTL_PROBLEM;
}

static const char *const examples[] = {
  "dbrctl stress org.bluez", N_("100 reads by 5 threads, each over a connection of its own"),
  "dbrctl stress org.bluez --threads 50 --calls 1000 --pause-ms 0", N_("as fast as it can"),
  "dbrctl stress org.bluez --read /org/bluez/hci0:org.bluez.Adapter1.Address",
  N_("another property than the first one"),
  NULL
};

const DbrctlWord dbrctl_stress = {
  .name = "stress",
  .summary = N_("Calls a service from many threads and draws how fast it answers"),
  .arguments = N_("NAME"),
  .description =
    N_("It only reads. No call is tried again, so that each one that fails is counted; a service "
       "that stops to answer is left alone by its circuit, and the rest is refused. Ends with 1 if "
       "not all of the calls were answered."),
  .examples = examples,
  .options = options,
  .run = run,
};
