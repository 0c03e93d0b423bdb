/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-output-private.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What is left of a very narrow terminal for a paragraph. */
#define MIN_PARAGRAPH 20
#define FIELD_WIDTH 16

struct _DbrctlOutput
{
  const char   *word;
  gboolean      is_json;
  gboolean      is_live;
  gboolean      is_terminal;
  gboolean      has_colour;
  GCancellable *closed;

  gboolean      is_closed;
  /* the line that is being put together */
  GString      *line;
};

DbrctlOutput *
dbrctl_output_new (const char   *word,
                   gboolean      is_json,
                   gboolean      is_live,
                   GCancellable *closed)
{
  DbrctlOutput *self = g_new0 (DbrctlOutput, 1);
  const char *no_colour = g_getenv ("NO_COLOR");

  self->word = word;
  self->is_json = is_json;
  self->is_live = is_live;
  self->is_terminal = isatty (STDOUT_FILENO) != 0;
  self->has_colour = self->is_terminal && !is_json
                     && (no_colour == NULL || *no_colour == '\0')
                     && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  self->closed = g_object_ref (closed);
  self->line = g_string_new (NULL);

  return self;
}

void
dbrctl_output_free (DbrctlOutput *self)
{
  g_object_unref (self->closed);
  g_string_free (self->line, TRUE);
  g_free (self);
}

void
dbrctl_output_set_live (DbrctlOutput *self)
{
  self->is_live = TRUE;
}

gboolean
dbrctl_output_is_closed (DbrctlOutput *self)
{
  return self->is_closed;
}

gboolean
dbrctl_output_is_terminal (DbrctlOutput *self)
{
  return self->is_terminal;
}

gboolean
dbrctl_output_has_colour (DbrctlOutput *self)
{
  return self->has_colour;
}

guint
dbrctl_output_get_width (DbrctlOutput *self)
{
  struct winsize size;

  if (!self->is_terminal || ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
    return 0;

  return size.ws_col;
}

/* In the characters that the person's locale has. */
static char *
to_locale (const char *text,
           gsize      *size)
{
  g_autofree char *converted = NULL;
  const char *charset;

  if (!g_get_charset (&charset))
    converted = g_convert_with_fallback (text, -1, charset, "UTF-8", "?", NULL, size, NULL);
  if (converted != NULL)
    return g_steal_pointer (&converted);

  *size = strlen (text);

  return g_strdup (text);
}

static gboolean
write_all (int         fd,
           const char *data,
           gsize       size)
{
  while (size > 0)
    {
      gssize n = write (fd, data, size);

      if (n < 0 && errno == EAGAIN)
        {
          struct pollfd wait = { fd, POLLOUT, 0 };

          poll (&wait, 1, -1);
        }
      else if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          size -= (gsize) n;
        }
    }

  return TRUE;
}

static void
output_write (DbrctlOutput *self,
              const char   *data,
              gsize         size)
{
  if (self->is_closed || write_all (STDOUT_FILENO, data, size))
    return;

  self->is_closed = TRUE;
  g_cancellable_cancel (self->closed);
}

void
dbrctl_output_raw (DbrctlOutput *self,
                   const char   *text)
{
  g_autofree char *written = NULL;
  gsize size;

  written = to_locale (text, &size);
  output_write (self, written, size);
}

static void
output_append (DbrctlOutput *self,
               DbrctlStyle   style,
               const char   *text)
{
  g_autofree char *cleaned = dbrctl_text_clean (text);
  gboolean is_styled = self->has_colour && style != DBRCTL_PLAIN && *text != '\0';

  if (is_styled)
    g_string_append (self->line, dbrctl_style_get_sequence (style));
  g_string_append (self->line, cleaned);
  if (is_styled)
    g_string_append (self->line, DBRCTL_STYLE_END);
}

void
dbrctl_output_add (DbrctlOutput *self,
                   DbrctlStyle   style,
                   const char   *format,
                   ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  output_append (self, style, text);
}

void
dbrctl_output_end_line (DbrctlOutput *self)
{
  g_string_append_c (self->line, '\n');
  dbrctl_output_raw (self, self->line->str);
  g_string_truncate (self->line, 0);
}

void
dbrctl_output_line (DbrctlOutput *self,
                    DbrctlStyle   style,
                    const char   *format,
                    ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  output_append (self, style, text);
  dbrctl_output_end_line (self);
}

/* The first line has its indent already. */
static void
output_wrap (DbrctlOutput *self,
             guint         indent,
             DbrctlStyle   style,
             const char   *text)
{
  guint width = dbrctl_output_get_width (self);
  g_autofree char *cleaned = dbrctl_text_clean (text);
  g_auto(GStrv) lines = NULL;

  if (width > 0)
    width = MAX (width, indent + MIN_PARAGRAPH) - indent;
  lines = dbrctl_text_wrap (cleaned, width);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_printf (self->line, "%*s", (int) indent, "");
      output_append (self, style, lines[i]);
      dbrctl_output_end_line (self);
    }
}

void
dbrctl_output_paragraph (DbrctlOutput *self,
                         guint         indent,
                         DbrctlStyle   style,
                         const char   *format,
                         ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_string_append_printf (self->line, "%*s", (int) indent, "");
  output_wrap (self, indent, style, text);
}

static void
output_enter (DbrctlOutput *self,
              DbrctlStyle   name_style,
              const char   *name,
              DbrctlStyle   style,
              const char   *text)
{
  guint wide = dbrctl_text_width (name);

  g_string_append (self->line, "  ");
  output_append (self, name_style, name);
  g_string_append_printf (self->line, "%*s", wide < FIELD_WIDTH ? (int) (FIELD_WIDTH - wide) : 1,
                          "");
  output_wrap (self, FIELD_WIDTH + 2, style, text);
}

void
dbrctl_output_field (DbrctlOutput *self,
                     const char   *name,
                     DbrctlStyle   style,
                     const char   *format,
                     ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  output_enter (self, DBRCTL_FAINT, name, style, text);
}

void
dbrctl_output_entry (DbrctlOutput *self,
                     DbrctlStyle   name_style,
                     const char   *name,
                     DbrctlStyle   style,
                     const char   *format,
                     ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  output_enter (self, name_style, name, style, text);
}

void
dbrctl_output_entry_more (DbrctlOutput *self,
                          DbrctlStyle   style,
                          const char   *format,
                          ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  output_enter (self, DBRCTL_PLAIN, "", style, text);
}

void
dbrctl_output_table (DbrctlOutput *self,
                     DbrctlTable  *table)
{
  g_auto(GStrv) lines = dbrctl_table_render (table, dbrctl_output_get_width (self),
                                             self->has_colour);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_string_append (self->line, lines[i]);
      dbrctl_output_end_line (self);
    }
}

JsonBuilder *
dbrctl_output_begin_json_as (DbrctlOutput *self,
                             const char   *name)
{
  JsonBuilder *builder = json_builder_new ();
  g_autofree char *schema = g_strdup_printf ("dbrctl-%s-1", name);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "schema");
  json_builder_add_string_value (builder, schema);

  return builder;
}

JsonBuilder *
dbrctl_output_begin_json (DbrctlOutput *self)
{
  return dbrctl_output_begin_json_as (self, self->word);
}

void
dbrctl_output_end_json (DbrctlOutput *self,
                        JsonBuilder  *builder)
{
  g_autoptr(JsonNode) root = NULL;
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  g_object_unref (builder);
  text = json_to_string (root, !self->is_live);
  /* A line break inside a string is spelt out already: these are the generator's own. */
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *cleaned = dbrctl_text_clean_json (lines[i]);

      g_string_append (self->line, cleaned);
      g_string_append_c (self->line, '\n');
    }
  output_write (self, self->line->str, self->line->len);
  g_string_truncate (self->line, 0);
}

void
dbrctl_output_complain (DbrctlOutput *self,
                        const char   *format,
                        ...)
{
  g_autofree char *text = NULL;
  g_autofree char *cleaned = NULL;
  g_autofree char *line = NULL;
  g_autofree char *written = NULL;
  va_list args;
  gsize size;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  cleaned = dbrctl_text_clean (text);
  line = g_strdup_printf ("dbrctl: %s\n", cleaned);
  written = to_locale (line, &size);
  write_all (STDERR_FILENO, written, size);
}
