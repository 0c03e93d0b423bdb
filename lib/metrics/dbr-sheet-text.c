/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-sheet-private.h"

#include "base/dbr-i18n-private.h"
#include "metrics/dbr-operation-stats-private.h"

/* The figures as a person reads them: a table whose columns stand one below the other, whatever the
 * language makes of them. */

typedef enum
{
  COLUMN_OPERATION,
  COLUMN_CALLS,
  COLUMN_FAILED,
  COLUMN_TIMED_OUT,
  COLUMN_P50,
  COLUMN_P95,
  COLUMN_P99,
  COLUMN_LONGEST,
  COLUMN_QUEUE,
  COLUMN_SERVICE,
  COLUMN_LAG,
  COLUMN_RECENT_CALLS,
  COLUMN_RECENT_P95,
  N_COLUMNS
} Column;

/* How many columns of a terminal a text takes. */
static guint
get_width (const char *text)
{
  guint width = 0;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (!g_unichar_iszerowidth (character))
        width += g_unichar_iswide (character) ? 2 : 1;
    }

  return width;
}

/* What is not known is a dash. */
static char *
format_time (gint64 usec)
{
  if (usec < 0)
    return g_strdup ("–");
  if (usec < 1000)
    return g_strdup_printf (_("%d µs"), (int) usec);
  if (usec < 1000000)
    return g_strdup_printf (_("%.1f ms"), (double) usec / 1000);

  return g_strdup_printf (_("%.1f s"), (double) usec / 1000000);
}

static char *
format_count (guint64 count)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, count);
}

static char **
make_head (void)
{
  const char *const head[N_COLUMNS + 1] = {
    [COLUMN_OPERATION] = _("Operation"),
    [COLUMN_CALLS] = _("Calls"),
    [COLUMN_FAILED] = _("Failed"),
    [COLUMN_TIMED_OUT] = _("Timed out"),
    [COLUMN_P50] = _("Half within"),
    [COLUMN_P95] = _("95 % within"),
    [COLUMN_P99] = _("99 % within"),
    [COLUMN_LONGEST] = _("Longest"),
    /* Translators: how long calls waited before they were sent, 95 % of them. */
    [COLUMN_QUEUE] = _("Queue"),
    /* Translators: how long the service took for 95 % of the calls. */
    [COLUMN_SERVICE] = _("Service"),
    /* Translators: how long answers waited for the program, 95 % of them. */
    [COLUMN_LAG] = _("Lag"),
    [COLUMN_RECENT_CALLS] = _("Last minute"),
    [COLUMN_RECENT_P95] = _("95 % within"),
  };

  return g_strdupv ((char **) head);
}

static char **
make_line (const DbrSheetRow *row)
{
  char **line = g_new0 (char *, N_COLUMNS + 1);
  guint64 n_calls = 0;
  guint64 n_recent = 0;

  for (guint i = 0; i < DBR_N_OUTCOMES; i++)
    {
      n_calls += row->life_counts.outcomes[i];
      n_recent += row->window_counts.outcomes[i];
    }
  line[COLUMN_OPERATION] = g_strdup (row->name);
  line[COLUMN_CALLS] = format_count (n_calls);
  line[COLUMN_FAILED] = format_count (row->life_counts.outcomes[DBR_OUTCOME_ERROR]);
  line[COLUMN_TIMED_OUT] = format_count (row->life_counts.outcomes[DBR_OUTCOME_TIMEOUT]);
  line[COLUMN_P50] = format_time (row->life.p50_usec);
  line[COLUMN_P95] = format_time (row->life.p95_usec);
  line[COLUMN_P99] = format_time (row->life.p99_usec);
  line[COLUMN_LONGEST] = format_time (row->life.max_usec);
  line[COLUMN_QUEUE] = format_time (row->parts[DBR_PART_QUEUE].p95_usec);
  line[COLUMN_SERVICE] = format_time (row->parts[DBR_PART_SERVICE].p95_usec);
  line[COLUMN_LAG] = format_time (row->parts[DBR_PART_LAG].p95_usec);
  line[COLUMN_RECENT_CALLS] = format_count (n_recent);
  line[COLUMN_RECENT_P95] = format_time (row->window.p95_usec);

  return line;
}

/* Names begin at the left, figures end at the right. */
static void
append_cell (GString    *text,
             Column      column,
             const char *cell,
             guint       width)
{
  guint n_spaces = width - get_width (cell);
  gboolean is_name = column == COLUMN_OPERATION;

  if (!is_name)
    g_string_append_printf (text, "  %*s", (int) n_spaces, "");
  g_string_append (text, cell);
  if (is_name)
    g_string_append_printf (text, "%*s", (int) n_spaces, "");
}

static void
append_table (GString   *text,
              GPtrArray *lines)
{
  guint widths[N_COLUMNS] = { 0 };

  for (guint i = 0; i < lines->len; i++)
    {
      char **line = g_ptr_array_index (lines, i);

      for (guint column = 0; column < N_COLUMNS; column++)
        widths[column] = MAX (widths[column], get_width (line[column]));
    }
  for (guint i = 0; i < lines->len; i++)
    {
      char **line = g_ptr_array_index (lines, i);

      for (guint column = 0; column < N_COLUMNS; column++)
        append_cell (text, column, line[column], widths[column]);
      g_string_append_c (text, '\n');
    }
}

static void
append_issues (GString        *text,
               const DbrSheet *sheet)
{
  for (guint kind = 0; kind < DBR_N_ISSUE_KINDS; kind++)
    {
      if (sheet->n_open[kind] > 0)
        g_string_append_printf (text, _("Open issue: %s (%u)\n"), dbr_issue_kind_to_string (kind),
                                sheet->n_open[kind]);
    }
}

char *
dbr_sheet_to_text (const DbrSheet *self)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  GString *text = g_string_new (NULL);

  g_ptr_array_add (lines, make_head ());
  for (guint i = 0; i < self->rows->len; i++)
    g_ptr_array_add (lines, make_line (g_ptr_array_index (self->rows, i)));
  append_table (text, lines);
  append_issues (text, self);

  return g_string_free (text, FALSE);
}
