/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <locale.h>
#include <malloc.h>
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "dbr-metrics-world.h"

#define NAME "org.example.Player"
#define FULL_BYTES (1536u * 1024)

/* Something of everything. */
static void
fill (World *world)
{
  DbrMetrics *metrics = world->metrics;
  DbrMetricsHandle *handle = dbr_metrics_resolve (metrics, "default", NAME, NAME, "Play");
  DbrSlots slots = { 7, 2, 128, 11, 512 };

  for (guint i = 0; i < 100; i++)
    {
      DbrMetricsSample sample = {
        world->now, 1000 + i * 100, 20, 900 + i * 100, 80,
        i % 20 == 0 ? DBR_OUTCOME_ERROR : DBR_OUTCOME_OK, NAME ".Error.Busy",
      };

      dbr_metrics_handle_record (handle, &sample);
    }
  dbr_metrics_handle_add_retry (handle);
  dbr_metrics_handle_add_orphans (handle, 2);
  dbr_metrics_set_slots (metrics, ":1.5", &slots);
  dbr_metrics_note_circuit (metrics, NAME, "half-open", FALSE);
  dbr_metrics_note_budget (metrics, NAME);
  dbr_metrics_record (metrics, "a \"quoted\"\\\nname", 1234567, DBR_OUTCOME_TIMEOUT);
}

static gboolean
has_line (const char *text,
          const char *line)
{
  g_autofree char *whole = g_strdup_printf ("\n%s\n", line);

  return strstr (text, whole) != NULL;
}

static void
test_formats (void)
{
  g_auto(World) world = { { NULL } };
  g_autofree char *openmetrics = NULL;
  g_autofree char *prometheus = NULL;
  const char *const common[] = {
    "dbr_calls_total{operation=\"default\",destination=\"" NAME "\",interface=\"" NAME
    "\",member=\"Play\",outcome=\"ok\"} 95",
    "dbr_errors_total{operation=\"default\",destination=\"" NAME "\",interface=\"" NAME
    "\",member=\"Play\",error=\"" NAME ".Error.Busy\"} 5",
    "dbr_retries_total{operation=\"default\",destination=\"" NAME "\",interface=\"" NAME
    "\",member=\"Play\"} 1",
    "dbr_orphaned_replies{operation=\"default\",destination=\"" NAME "\",interface=\"" NAME
    "\",member=\"Play\"} 2",
    "dbr_call_duration_seconds_bucket{operation=\"default\",destination=\"" NAME
    "\",interface=\"" NAME "\",member=\"Play\",le=\"0.002048\"} 11",
    "dbr_call_duration_seconds_sum{operation=\"default\",destination=\"" NAME
    "\",interface=\"" NAME "\",member=\"Play\"} 0.595000",
    "dbr_calls_total{operation=\"a \\\"quoted\\\"\\\\\\nname\",outcome=\"timeout\"} 1",
    "dbr_call_duration_seconds_sum{operation=\"a \\\"quoted\\\"\\\\\\nname\"} 1.234567",
    "dbr_bus_replies_in_flight{connection=\":1.5\"} 7",
    "dbr_bus_replies_limit{connection=\":1.5\"} 128",
    "dbr_bus_match_rules{connection=\":1.5\"} 11",
    "dbr_circuit_state{destination=\"" NAME "\",dbr_circuit_state=\"half-open\"} 1",
    "dbr_circuit_state{destination=\"" NAME "\",dbr_circuit_state=\"open\"} 0",
    "dbr_occasions_total{kind=\"budget\",place=\"" NAME "\"} 1",
    "dbr_open_issues{issue=\"budget\"} 1",
    "dbr_open_issues{issue=\"latency\"} 0",
  };

  g_test_summary ("Both formats have the same samples, and labels are escaped");

  world_init (&world);
  fill (&world);
  openmetrics = dbr_metrics_to_openmetrics (world.metrics);
  prometheus = dbr_metrics_to_prometheus (world.metrics);
  for (gsize i = 0; i < G_N_ELEMENTS (common); i++)
    {
      if (!has_line (openmetrics, common[i]) || !has_line (prometheus, common[i]))
        g_error ("there is no line %s in\n%s", common[i], prometheus);
    }

  g_assert_true (g_str_has_suffix (openmetrics, "\n# EOF\n"));
  g_assert_true (g_str_has_prefix (openmetrics, "# TYPE dbr_calls counter\n"));
  g_assert_true (has_line (openmetrics, "# UNIT dbr_call_duration_seconds seconds"));
  g_assert_true (has_line (openmetrics, "# TYPE dbr_circuit_state stateset"));
  g_assert_true (has_line (openmetrics, "# TYPE dbr_build info"));

  g_assert_null (strstr (prometheus, "# EOF"));
  g_assert_null (strstr (prometheus, "# UNIT"));
  g_assert_true (has_line (prometheus, "# TYPE dbr_calls_total counter"));
  g_assert_true (has_line (prometheus, "# TYPE dbr_circuit_state gauge"));
  g_assert_true (has_line (prometheus, "# TYPE dbr_build_info gauge"));
}

/* Each bucket with those before it, up to what was counted. */
static void
test_buckets (void)
{
  g_auto(World) world = { { NULL } };
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;
  guint64 last = 0;
  guint n_buckets = 0;

  g_test_summary ("Buckets grow up to the count, with the times below their edge");

  world_init (&world);
  for (guint i = 0; i < 5000; i++)
    dbr_metrics_record (world.metrics, "work", i, DBR_OUTCOME_OK);
  dbr_metrics_record (world.metrics, "work", 4000 * S, DBR_OUTCOME_OK);
  text = dbr_metrics_to_prometheus (world.metrics);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *edge = strstr (lines[i], "le=\"");
      guint64 count;

      if (edge == NULL || !g_str_has_prefix (lines[i], "dbr_call_duration_seconds_bucket"))
        continue;

      count = g_ascii_strtoull (strrchr (lines[i], ' ') + 1, NULL, 10);
      g_assert_cmpuint (count, >=, last);
      if (strncmp (edge, "le=\"+Inf", 8) != 0)
        g_assert_cmpuint (count, ==, MIN (g_ascii_strtod (edge + 4, NULL) * 1e6 + 0.5, 5000));
      last = count;
      n_buckets++;
    }
  g_assert_cmpuint (n_buckets, ==, 24);
  g_assert_cmpuint (last, ==, 5001);
  g_assert_true (has_line (text, "dbr_call_duration_seconds_count{operation=\"work\"} 5001"));
}

static void
test_error_names (void)
{
  g_auto(World) world = { { NULL } };
  DbrMetricsHandle *handle;
  g_autofree char *text = NULL;

  g_test_summary ("Eight names of errors are kept, all others are one");

  world_init (&world);
  handle = dbr_metrics_resolve (world.metrics, "work", NULL, NULL, NULL);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf (NAME ".Error.N%u", i);
      DbrMetricsSample sample = {
        world.now, 10, -1, -1, -1, DBR_OUTCOME_ERROR, i < 19 ? name : "no name",
      };

      dbr_metrics_handle_record (handle, &sample);
    }
  text = dbr_metrics_to_openmetrics (world.metrics);
  g_assert_true (has_line (text, "dbr_errors_total{operation=\"work\",error=\""
                           NAME ".Error.N7\"} 1"));
  g_assert_true (has_line (text, "dbr_errors_total{operation=\"work\",error=\"other\"} 12"));
  g_assert_null (strstr (text, "Error.N8"));
}

static void
make_locale (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "de_DE.UTF-8", NULL);
  const char *const command[] = { "localedef", "-i", "de_DE", "-f", "UTF-8", path, NULL };
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GError) error = NULL;

  process = g_subprocess_newv (command, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  g_assert_no_error (error);
}

static void
remove_locale (const char *folder)
{
  const char *const command[] = { "rm", "-r", folder, NULL };
  g_autoptr(GSubprocess) process = g_subprocess_newv (command, G_SUBPROCESS_FLAGS_NONE, NULL);

  g_assert_true (g_subprocess_wait_check (process, NULL, NULL));
}

static void
test_locale (void)
{
  g_auto(World) world = { { NULL } };
  g_autofree char *folder = g_dir_make_tmp ("dbr-locale-XXXXXX", NULL);
  g_autofree char *openmetrics = NULL, *prometheus = NULL, *text = NULL;
  g_autofree char *german_openmetrics = NULL, *german_prometheus = NULL, *german_text = NULL;

  g_test_summary ("A locale with commas changes what a person reads, and nothing that a program does");

  world_init (&world);
  fill (&world);
  openmetrics = dbr_metrics_to_openmetrics (world.metrics);
  prometheus = dbr_metrics_to_prometheus (world.metrics);
  text = dbr_metrics_to_text (world.metrics);

  make_locale (folder);
  g_setenv ("LOCPATH", folder, TRUE);
  g_assert_nonnull (setlocale (LC_ALL, "de_DE.UTF-8"));
  german_openmetrics = dbr_metrics_to_openmetrics (world.metrics);
  german_prometheus = dbr_metrics_to_prometheus (world.metrics);
  german_text = dbr_metrics_to_text (world.metrics);
  g_assert_nonnull (setlocale (LC_ALL, "C.UTF-8"));
  g_unsetenv ("LOCPATH");
  remove_locale (folder);

  g_assert_cmpstr (german_openmetrics, ==, openmetrics);
  g_assert_cmpstr (german_prometheus, ==, prometheus);
  g_assert_nonnull (strstr (german_text, "1,2 s"));
  g_assert_nonnull (strstr (text, "1.2 s"));
}

static glong
get_columns (const char *line)
{
  glong columns = 0;

  for (const char *c = line; *c != '\0'; c = g_utf8_next_char (c))
    columns += g_unichar_iswide (g_utf8_get_char (c)) ? 2 : 1;

  return columns;
}

static void
test_text (void)
{
  g_auto(World) world = { { NULL } };
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  g_test_summary ("The table's columns stand one below the other, and what is not known is a dash");

  world_init (&world);
  world_record (&world, "a", 12, DBR_OUTCOME_OK, 1);
  world_record (&world, "größer 你好", 1500, DBR_OUTCOME_OK, 1000);
  world_record (&world, "slow", 2500 * MS, DBR_OUTCOME_TIMEOUT, 20);
  text = dbr_metrics_to_text (world.metrics);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; i < 4; i++)
    g_assert_cmpint (get_columns (lines[i]), ==, get_columns (lines[0]));
  g_assert_nonnull (strstr (lines[1], "–"));
  g_assert_nonnull (strstr (lines[1], "12 µs"));
  g_assert_nonnull (strstr (lines[2], "1.5 ms"));
  g_assert_nonnull (strstr (lines[3], "2.5 s"));
  g_assert_nonnull (strstr (text, "Open issue: latency (1)"));
}

static void
test_variant (void)
{
  g_auto(World) world = { { NULL } };
  g_autoptr(GVariant) all = NULL;
  g_autoptr(GVariant) operations = NULL;
  g_autoptr(GVariant) play = NULL;
  g_autoptr(GVariant) window = NULL;
  g_autoptr(GVariant) errors = NULL;
  g_autoptr(GVariant) issues = NULL;
  guint64 count = 0;
  guint n_open = 0;

  g_test_summary ("A program gets all figures as a dictionary");

  world_init (&world);
  fill (&world);
  all = dbr_metrics_to_variant (world.metrics);
  g_assert_false (g_variant_is_floating (all));
  g_assert_cmpstr (g_variant_get_type_string (all), ==, "a{sv}");
  operations = g_variant_lookup_value (all, "operations", G_VARIANT_TYPE ("a{sa{sv}}"));
  play = g_variant_lookup_value (operations, NAME ":" NAME ".Play", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_lookup (play, "count", "t", &count));
  g_assert_cmpuint (count, ==, 100);
  window = g_variant_lookup_value (play, "window", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_lookup (window, "errors", "t", &count));
  g_assert_cmpuint (count, ==, 5);
  errors = g_variant_lookup_value (play, "error-names", G_VARIANT_TYPE ("a{st}"));
  g_assert_true (g_variant_lookup (errors, NAME ".Error.Busy", "t", &count));
  g_assert_cmpuint (count, ==, 5);
  issues = g_variant_lookup_value (all, "open-issues", G_VARIANT_TYPE ("a{su}"));
  g_assert_true (g_variant_lookup (issues, "budget", "u", &n_open));
  g_assert_cmpuint (n_open, ==, 1);
}

typedef struct
{
  guint    n_records;
  gboolean has_sums;
  gboolean has_table;
} Log;

static const char *
find_field (const GLogField *fields,
            gsize            n_fields,
            const char      *key)
{
  for (gsize i = 0; i < n_fields; i++)
    {
      if (strcmp (fields[i].key, key) == 0)
        return fields[i].value;
    }

  return NULL;
}

static GLogWriterOutput
write_log_cb (GLogLevelFlags   level,
              const GLogField *fields,
              gsize            n_fields,
              gpointer         user_data)
{
  Log *log = user_data;

  if (g_strcmp0 (find_field (fields, n_fields, "DBR_TOPIC"), "metrics") != 0)
    return g_log_writer_default (level, fields, n_fields, NULL);

  log->n_records++;
  if (level == G_LOG_LEVEL_INFO)
    log->has_table = strstr (find_field (fields, n_fields, "MESSAGE"), "Operation") != NULL;
  else
    log->has_sums = g_strcmp0 (find_field (fields, n_fields, "DBR_CALLS"), "101") == 0
                    && g_strcmp0 (find_field (fields, n_fields, "DBR_FAILED"), "6") == 0;

  return G_LOG_WRITER_HANDLED;
}

static void
test_log (void)
{
  g_auto(World) world = { { NULL } };
  /* The writer stays until the end of the process. */
  static Log log = { 0 };

  g_test_summary ("The summary is one structured record, with the table beside it");

  world_init (&world);
  fill (&world);
  g_log_set_writer_func (write_log_cb, &log, NULL);
  dbr_metrics_log_summary (world.metrics);
  g_assert_cmpuint (log.n_records, ==, 2);
  g_assert_true (log.has_sums);
  g_assert_true (log.has_table);
}

/* All accounts there can be, each part of each spread over all there is, in each slice. */
static void
test_memory (void)
{
  g_auto(World) world = { { NULL } };
  DbrMetricsHandle *handles[DBR_BOOK_MAX_ACCOUNTS + 1];
  gsize before;

  g_test_summary ("A full object takes at most one and a half megabytes");

  before = mallinfo2 ().uordblks;
  world_init (&world);
  for (guint i = 0; i < G_N_ELEMENTS (handles); i++)
    {
      g_autofree char *member = g_strdup_printf ("Member%u", i);

      handles[i] = dbr_metrics_resolve (world.metrics, "default", NAME, NAME, member);
    }
  for (guint slice = 0; slice < 8; slice++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (handles); i++)
        {
          for (guint cell = 0; cell < DBR_HISTOGRAM_N_CELLS; cell++)
            {
              DbrMetricsSample sample = { .now = world.now };
              gint64 first, last;

              dbr_histogram_get_cell_range (cell, &first, &last);
              sample.total_usec = sample.queue_usec = sample.service_usec = first;
              sample.lag_usec = MIN (first, S - 1);
              dbr_metrics_handle_record (handles[i], &sample);
            }
        }
      world_pass (&world, 10 * S);
      dbr_metrics_tick (world.metrics);
    }
  for (guint i = 0; i < DBR_MAX_PLACES + 1; i++)
    {
      g_autofree char *name = g_strdup_printf (NAME "%u", i);

      dbr_metrics_note_circuit (world.metrics, name, "closed", FALSE);
    }

  world_listen (&world);
  g_test_message ("%u KiB", (guint) ((mallinfo2 ().uordblks - before) / 1024));
  g_assert_cmpuint (mallinfo2 ().uordblks - before, <=, FULL_BYTES);
}

typedef struct
{
  DbrMetrics *metrics;
  int         is_over;
} Race;

static gpointer
record_cb (gpointer data)
{
  Race *race = data;
  DbrMetricsHandle *handle = dbr_metrics_resolve (race->metrics, "work", NULL, NULL, NULL);

  for (guint i = 0; !g_atomic_int_get (&race->is_over); i++)
    {
      DbrMetricsSample sample = {
        g_get_monotonic_time (), i % 5000, i % 70, i % 3000, i % 200,
        i % 100 == 0 ? DBR_OUTCOME_ERROR : DBR_OUTCOME_OK, NAME ".Error.Busy",
      };

      dbr_metrics_handle_record (handle, &sample);
    }

  return NULL;
}

/* What grows only: counters, and all of a histogram. */
static gboolean
is_counter (const char *line)
{
  return *line != '#'
         && (strstr (line, "_total{") != NULL || strstr (line, "_bucket{") != NULL
             || strstr (line, "_count{") != NULL || strstr (line, "_sum{") != NULL);
}

static void
remember (GHashTable *values,
          const char *line)
{
  g_autofree char *series = g_strndup (line, (gsize) (strrchr (line, ' ') - line));
  double value = g_ascii_strtod (strrchr (line, ' '), NULL);
  const double *last = g_hash_table_lookup (values, series);

  if (last != NULL)
    g_assert_cmpfloat (value, >=, *last);
  g_hash_table_replace (values, g_steal_pointer (&series), g_memdup2 (&value, sizeof value));
}

static void
test_counters (void)
{
  g_autoptr(DbrMetrics) metrics = dbr_metrics_new ();
  g_autoptr(GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Race race = { metrics, FALSE };
  GThread *threads[4];
  guint n_lines = 0;

  g_test_summary ("No counter goes back while others record");

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("record", record_cb, &race);
  /* The other threads may need their time before they have recorded anything. */
  for (guint round = 0; round < 300 || (n_lines <= 60 && round < 100000); round++)
    {
      g_autofree char *text = dbr_metrics_to_openmetrics (metrics);
      g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

      n_lines = 0;
      for (guint i = 0; lines[i] != NULL; i++)
        {
          if (is_counter (lines[i]))
            {
              remember (values, lines[i]);
              n_lines++;
            }
        }
    }
  g_atomic_int_set (&race.is_over, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (n_lines, ==, g_hash_table_size (values));
}

int
main (int    argc,
      char **argv)
{
  g_setenv ("G_SLICE", "always-malloc", TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/export/both-formats", test_formats);
  g_test_add_func ("/dbr/export/buckets", test_buckets);
  g_test_add_func ("/dbr/export/names-of-errors", test_error_names);
  g_test_add_func ("/dbr/export/no-counter-goes-back", test_counters);
  g_test_add_func ("/dbr/export/locale", test_locale);
  g_test_add_func ("/dbr/export/text", test_text);
  g_test_add_func ("/dbr/export/variant", test_variant);
  g_test_add_func ("/dbr/export/log", test_log);
  g_test_add_func ("/dbr/export/memory", test_memory);

  return g_test_run ();
}
