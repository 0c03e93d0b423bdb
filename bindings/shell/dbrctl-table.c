/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-table-private.h"

#define GAP 2
/* Below this a column says nothing any more. */
#define MIN_WIDTH 6

typedef struct
{
  DbrctlStyle   style;
  char        **cells;
} Row;

struct _DbrctlTable
{
  char      *layout;
  guint      n_columns;
  /* Row, the titles first */
  GPtrArray *rows;
};

static void
row_free (Row *self)
{
  g_strfreev (self->cells);
  g_free (self);
}

DbrctlTable *
dbrctl_table_new (const char        *layout,
                  const char *const *titles)
{
  DbrctlTable *self = g_new0 (DbrctlTable, 1);

  self->layout = g_strdup (layout);
  self->n_columns = (guint) strlen (layout);
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) row_free);
  dbrctl_table_add (self, DBRCTL_FAINT, titles);

  return self;
}

void
dbrctl_table_free (DbrctlTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self->layout);
  g_free (self);
}

guint
dbrctl_table_get_n_rows (DbrctlTable *self)
{
  return self->rows->len - 1;
}

void
dbrctl_table_add (DbrctlTable       *self,
                  DbrctlStyle        style,
                  const char *const *cells)
{
  Row *row = g_new0 (Row, 1);

  row->style = style;
  row->cells = g_new0 (char *, self->n_columns + 1);
  for (guint i = 0; i < self->n_columns; i++)
    row->cells[i] = dbrctl_text_clean (cells[i] != NULL ? cells[i] : "");
  g_ptr_array_add (self->rows, row);
}

/* Takes from the widest column, until all fit or none can give more. */
static void
narrow (guint *widths,
        guint  n,
        guint  width)
{
  guint total = GAP * (n - 1);

  for (guint i = 0; i < n; i++)
    total += widths[i];
  while (total > width)
    {
      guint widest = 0;

      for (guint i = 1; i < n; i++)
        {
          if (widths[i] > widths[widest])
            widest = i;
        }
      if (widths[widest] <= MIN_WIDTH)
        break;

      widths[widest]--;
      total--;
    }
}

static void
append_spaces (GString *line,
               guint    n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_c (line, ' ');
}

/* What no column can give any more is cut off at the end of the line. */
static char *
table_render_row (DbrctlTable *self,
                  Row         *row,
                  gboolean     is_title,
                  const guint *widths,
                  guint        width,
                  gboolean     has_colour)
{
  GString *line = g_string_new (NULL);
  guint at = 0;

  for (guint i = 0; i < self->n_columns; i++)
    {
      guint left = width == 0 ? widths[i] : MIN (widths[i], width - MIN (at, width));
      g_autofree char *cell = dbrctl_text_cut (row->cells[i], left);
      guint space = left - dbrctl_text_width (cell);
      gboolean is_right = g_ascii_tolower (self->layout[i]) == 'r';
      gboolean is_styled = has_colour && *cell != '\0'
                           && (is_title || g_ascii_isupper (self->layout[i]));

      append_spaces (line, is_right ? space : 0);
      if (is_styled)
        g_string_append (line, dbrctl_style_get_sequence (row->style));
      g_string_append (line, cell);
      if (is_styled && row->style != DBRCTL_PLAIN)
        g_string_append (line, DBRCTL_STYLE_END);
      /* Nothing stands at the end of a line that cannot be seen there. */
      if (i + 1 < self->n_columns)
        append_spaces (line, (is_right ? 0 : space) + GAP);
      at += left + GAP;
    }
  while (line->len > 0 && line->str[line->len - 1] == ' ')
    g_string_truncate (line, line->len - 1);

  return g_string_free (line, FALSE);
}

char **
dbrctl_table_render (DbrctlTable *self,
                     guint        width,
                     gboolean     has_colour)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);
  g_autoptr(GStrvBuilder) lines = g_strv_builder_new ();

  for (guint i = 0; i < self->rows->len; i++)
    {
      Row *row = g_ptr_array_index (self->rows, i);

      for (guint j = 0; j < self->n_columns; j++)
        widths[j] = MAX (widths[j], dbrctl_text_width (row->cells[j]));
    }
  if (width > 0)
    narrow (widths, self->n_columns, width);

  for (guint i = 0; i < self->rows->len; i++)
    {
      g_autofree char *line = table_render_row (self, g_ptr_array_index (self->rows, i), i == 0,
                                                widths, width, has_colour);

      g_strv_builder_add (lines, line);
    }

  return g_strv_builder_end (lines);
}
