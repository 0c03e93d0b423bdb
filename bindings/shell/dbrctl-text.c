/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-text-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define ELLIPSIS "…"

#define MSEC 1000
#define SEC (1000 * MSEC)
#define MINUTE (60 * (gint64) SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

const char *
dbrctl_style_get_sequence (DbrctlStyle style)
{
  switch (style)
    {
    case DBRCTL_TITLE: return "\033[1m";
    case DBRCTL_FAINT: return "\033[2m";
    case DBRCTL_GOOD: return "\033[32m";
    case DBRCTL_DOUBT: return "\033[33m";
    case DBRCTL_BAD: return "\033[1;31m";

    case DBRCTL_PLAIN:
    default:
      return "";
    }
}

/* Control characters begin what a terminal obeys; the others make a line read in another order than
 * it was written, or hide a part of it. */
static gboolean
is_harmful (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200e && c <= 0x200f)
         || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff
         || (c >= 0xe0000 && c <= 0xe007f);
}

static void
spell (GString  *to,
       gunichar  c)
{
  if (c == '\n')
    g_string_append (to, "\\n");
  else if (c == '\t')
    g_string_append (to, "\\t");
  else if (c < 0x100)
    g_string_append_printf (to, "\\x%02x", c);
  else
    g_string_append_printf (to, "\\u%04x", c);
}

static void
spell_json (GString  *to,
            gunichar  c)
{
  if (c >= 0x10000)
    g_string_append_printf (to, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                            0xdc00 + ((c - 0x10000) & 0x3ff));
  else
    g_string_append_printf (to, "\\u%04x", c);
}

typedef void (*SpellFunc) (GString  *to,
                           gunichar  c);

static char *
clean (const char *text,
       SpellFunc   spell_one)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *cleaned = g_string_sized_new (strlen (valid));

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (is_harmful (c))
        spell_one (cleaned, c);
      else
        g_string_append_len (cleaned, at, g_utf8_next_char (at) - at);
    }

  return g_string_free (cleaned, FALSE);
}

char *
dbrctl_text_clean (const char *text)
{
  return clean (text, spell);
}

char *
dbrctl_text_clean_json (const char *text)
{
  return clean (text, spell_json);
}

static guint
width_of (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;

  return g_unichar_iswide (c) ? 2 : 1;
}

guint
dbrctl_text_width (const char *text)
{
  guint width = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    width += width_of (g_utf8_get_char (at));

  return width;
}

char *
dbrctl_text_cut (const char *text,
                 guint       width)
{
  const char *at = text;
  guint so_far = 0;
  GString *cut;

  if (dbrctl_text_width (text) <= width)
    return g_strdup (text);
  if (width == 0)
    return g_strdup ("");

  while (so_far + width_of (g_utf8_get_char (at)) < width)
    {
      so_far += width_of (g_utf8_get_char (at));
      at = g_utf8_next_char (at);
    }
  cut = g_string_new_len (text, at - text);
  g_string_append (cut, ELLIPSIS);

  return g_string_free (cut, FALSE);
}

char **
dbrctl_text_wrap (const char *text,
                  guint       width)
{
  g_auto(GStrv) words = g_strsplit (text, " ", -1);
  g_autoptr(GStrvBuilder) lines = g_strv_builder_new ();
  g_autoptr(GString) line = g_string_new (NULL);
  guint so_far = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      guint wide = dbrctl_text_width (words[i]);

      if (width > 0 && so_far > 0 && so_far + 1 + wide > width)
        {
          g_strv_builder_add (lines, line->str);
          g_string_truncate (line, 0);
          so_far = 0;
        }
      if (so_far > 0)
        g_string_append_c (line, ' ');
      g_string_append (line, words[i]);
      so_far += (so_far > 0) + wide;
    }
  g_strv_builder_add (lines, line->str);

  return g_strv_builder_end (lines);
}

/* Three digits say as much as a person reads. */
static char *
with_digits (double      value,
             const char *unit)
{
  return g_strdup_printf (value < 9.95 ? "%.1f %s" : "%.0f %s", value, unit);
}

char *
dbrctl_text_duration (gint64 usec)
{
  if (usec < 0)
    return g_strdup ("–");
  if (usec < MSEC)
    return g_strdup_printf (_("%d µs"), (int) usec);
  if (usec < SEC)
    return with_digits ((double) usec / MSEC, _("ms"));
  if (usec < MINUTE)
    return with_digits ((double) usec / SEC, _("s"));
  if (usec < HOUR)
    return g_strdup_printf (_("%d min %d s"), (int) (usec / MINUTE), (int) (usec % MINUTE / SEC));
  if (usec < DAY)
    return g_strdup_printf (_("%d h %d min"), (int) (usec / HOUR), (int) (usec % HOUR / MINUTE));

  return g_strdup_printf (_("%d d %d h"), (int) (usec / DAY), (int) (usec % DAY / HOUR));
}

char *
dbrctl_text_moment (gint64 when_usec)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autoptr(GDateTime) utc = NULL;
  g_autoptr(GDateTime) when = NULL;
  gboolean is_today;

  if (when_usec < 0)
    return g_strdup ("–");

  utc = g_date_time_new_from_unix_utc (when_usec / G_USEC_PER_SEC);
  when = g_date_time_to_local (utc);
  is_today = g_date_time_get_year (when) == g_date_time_get_year (now)
             && g_date_time_get_day_of_year (when) == g_date_time_get_day_of_year (now);

  return g_date_time_format (when, is_today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
}

char *
dbrctl_text_sparkline (const gint64 *usecs,
                       guint         n)
{
  static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
  GString *line = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      /* Two bars for a factor of ten. */
      double level = usecs[i] > 0 ? (log10 ((double) usecs[i]) - 2) * 2 : 0;

      if (usecs[i] == DBRCTL_NO_ANSWER)
        g_string_append (line, "×");
      else if (usecs[i] == DBRCTL_NOT_ASKED)
        g_string_append (line, "·");
      else
        g_string_append (line, bars[(guint) CLAMP (level, 0, G_N_ELEMENTS (bars) - 1)]);
    }

  return g_string_free (line, FALSE);
}

char *
dbrctl_text_size (gint64 bytes)
{
  return bytes < 0 ? g_strdup ("–") : g_format_size ((guint64) bytes);
}
