/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "dbr-fuzz.h"
#include "dbr-metrics-world.h"
#include "metrics/dbr-sheet-private.h"

/* Names that end up as labels: of operations, which a program gives, and of errors, which a service
 * does. What leaves is lines of the format and nothing else, and the first name is found in it. */

/* What is no name is counted with the others. */
static gboolean
is_good (const char *name)
{
  return *name != '\0' && strlen (name) <= 255 && g_utf8_validate (name, -1, NULL);
}

/* Reads one label, or returns NULL. */
static const char *
skip_label (const char *text,
            GString    *value)
{
  gsize length = strspn (text, G_CSET_a_2_z "_");

  g_string_truncate (value, 0);
  if (length == 0 || !g_str_has_prefix (text + length, "=\""))
    return NULL;

  for (text += length + 2; *text != '"'; text++)
    {
      if (*text == '\0' || *text == '\n')
        return NULL;
      if (*text != '\\')
        g_string_append_c (value, *text);
      else if (strchr ("\\\"n", *++text) == NULL || *text == '\0')
        return NULL;
      else
        g_string_append_c (value, *text == 'n' ? '\n' : *text);
    }

  return text + 1;
}

static const char *
skip_labels (const char *text,
             const char *wanted,
             gboolean   *is_found)
{
  g_autoptr(GString) value = g_string_new (NULL);

  while (text != NULL && *text != '}')
    {
      gboolean is_operation = g_str_has_prefix (text, "operation=");

      text = skip_label (text, value);
      *is_found = *is_found || (is_operation && g_str_equal (value->str, wanted));
      if (text != NULL && *text == ',')
        text++;
    }

  return text != NULL ? text + 1 : NULL;
}

static gboolean
is_sample (const char *line,
           const char *wanted,
           gboolean   *is_found)
{
  gsize length = strspn (line, G_CSET_a_2_z G_CSET_DIGITS "_");
  const char *rest = line + length;

  if (*rest == '{')
    rest = skip_labels (rest + 1, wanted, is_found);

  return length > 0 && rest != NULL && *rest == ' '
         && strspn (rest + 1, G_CSET_DIGITS ".-") == strlen (rest + 1);
}

static void
check_exposition (const char *text,
                  const char *wanted)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean is_found = FALSE;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (*lines[i] != '\0' && *lines[i] != '#')
        g_assert_true (is_sample (lines[i], wanted, &is_found));
    }
  g_assert_true (is_found);
}

static void
check_formats (DbrMetrics *metrics,
               const char *wanted)
{
  g_autofree char *openmetrics = dbr_metrics_to_openmetrics (metrics);
  g_autofree char *prometheus = dbr_metrics_to_prometheus (metrics);
  g_autofree char *text = dbr_metrics_to_text (metrics);
  g_autoptr(GVariant) variant = dbr_metrics_to_variant (metrics);

  check_exposition (openmetrics, wanted);
  check_exposition (prometheus, wanted);
  g_assert_true (g_str_has_suffix (openmetrics, "\n# EOF\n"));
  fuzz_assert_shown (text);
  g_assert_true (g_variant_is_normal_form (variant));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_auto(World) world = { { NULL } };
  g_autofree char *first = NULL;
  char *name;

  world_init (&world);
  first = fuzz_take_line (&input);
  if (first == NULL)
    return 0;

  dbr_metrics_record (world.metrics, first, 1000, DBR_OUTCOME_OK);
  while ((name = fuzz_take_line (&input)) != NULL)
    {
      DbrMetricsHandle *handle = dbr_metrics_resolve (world.metrics, first, NULL, NULL, NULL);
      DbrMetricsSample sample = { world.now, 1000, 20, 900, 80, DBR_OUTCOME_ERROR, name };

      dbr_metrics_handle_record (handle, &sample);
      g_free (name);
    }
  check_formats (world.metrics, is_good (first) ? first : "other");

  return 0;
}
