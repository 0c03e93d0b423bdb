/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-screen-private.h"
#include "dbrctl-terms-private.h"
#include "dbrctl-top-rows-private.h"
#include "dbrctl-word-private.h"

#define DEFAULT_INTERVAL_MS 2000
#define MIN_INTERVAL_MS 50
#define LIST_PAUSE_S 5
/* However much happens, it is not drawn oftener. */
#define DRAW_PAUSE_MS 100
/* The header, the titles and the last line. */
#define FIXED_LINES 3
#define MAX_NEWS 3
#define BUS_NAME "org.freedesktop.DBus"

typedef struct
{
  DbrctlFrame   *frame;
  DbrClient     *client;
  DbrctlWatches *watches;
  DbrctlTopRows *rows;
  /* NULL for programs */
  DbrctlScreen  *screen;
  /* char *, the newest first */
  GQueue         news;
  /* the row at the top */
  guint          first;
  guint          drawing;
  guint          ticking;
  guint          listing;
} Top;

static int interval_ms = DEFAULT_INTERVAL_MS;

static const GOptionEntry options[] = {
  { "interval-ms", 0, 0, G_OPTION_ARG_INT, &interval_ms,
    N_("How often each service is asked (2000)"), N_("MS") },
  G_OPTION_ENTRY_NULL
};

static void
top_clear (Top *self)
{
  g_clear_handle_id (&self->drawing, g_source_remove);
  g_clear_handle_id (&self->ticking, g_source_remove);
  g_clear_handle_id (&self->listing, g_source_remove);
  g_clear_pointer (&self->screen, dbrctl_screen_free);
  g_clear_pointer (&self->rows, dbrctl_top_rows_free);
  g_clear_pointer (&self->watches, dbrctl_watches_free);
  g_clear_object (&self->client);
  g_queue_clear_full (&self->news, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Top, top_clear)

static void
add_line (GStrvBuilder *lines,
          DbrctlStyle   style,
          gboolean      has_colour,
          guint         width,
          const char   *text)
{
  g_autofree char *cleaned = dbrctl_text_clean (text);
  g_autofree char *cut = dbrctl_text_cut (cleaned, width);
  g_autofree char *styled = NULL;

  if (has_colour && style != DBRCTL_PLAIN && *cut != '\0')
    styled = g_strconcat (dbrctl_style_get_sequence (style), cut, DBRCTL_STYLE_END, NULL);
  g_strv_builder_add (lines, styled != NULL ? styled : cut);
}

static char *
top_dup_header (Top *self)
{
  guint n = dbrctl_top_rows_get_n (self->rows);
  guint bad = dbrctl_top_rows_get_n_bad (self->rows);
  g_autofree char *moment = dbrctl_text_moment (g_get_real_time ());
  const char *bus = dbrctl_terms_bus (dbr_client_get_bus_type (self->client));
  g_autofree char *services = g_strdup_printf (ngettext ("%u service", "%u services", n), n);

  return g_strdup_printf (_("%s  %s, %s, %u not well"), moment, bus, services, bad);
}

/* What is wrong with the calls comes first, then what happened, as far as there is room. */
static guint
top_add_news (Top          *self,
              GStrvBuilder *lines,
              gboolean      has_colour,
              guint         width,
              guint         room)
{
  GListModel *issues = dbr_metrics_get_issues (dbr_client_get_metrics (self->client));
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (issues) && n < room; i++, n++)
    {
      g_autoptr(DbrIssue) issue = g_list_model_get_item (issues, i);

      add_line (lines, dbrctl_terms_severity_style (dbr_issue_get_severity (issue)), has_colour,
                width, dbr_issue_get_text (issue));
    }
  for (GList *link = self->news.head; link != NULL && n < room; link = link->next, n++)
    add_line (lines, DBRCTL_FAINT, has_colour, width, link->data);

  return n;
}

static void
top_add_rows (Top          *self,
              GStrvBuilder *lines,
              gboolean      has_colour,
              guint         width,
              guint         room)
{
  guint n = dbrctl_top_rows_get_n (self->rows);
  g_autoptr(DbrctlTable) table = NULL;
  g_auto(GStrv) rendered = NULL;

  if (n == 0)
    {
      add_line (lines, DBRCTL_PLAIN, has_colour, width, _("There is no service on this bus"));
      for (guint i = 0; i < room; i++)
        g_strv_builder_add (lines, "");
      return;
    }

  self->first = MIN (self->first, n > room ? n - room : 0);
  table = dbrctl_top_rows_to_table (self->rows, self->first, room, width);
  rendered = dbrctl_table_render (table, width, has_colour);
  g_strv_builder_addv (lines, (const char **) rendered);
  for (guint i = MIN (n - self->first, room); i < room; i++)
    g_strv_builder_add (lines, "");
}

static void
top_draw (Top *self)
{
  gboolean has_colour = dbrctl_output_has_colour (dbrctl_frame_get_output (self->frame));
  g_autoptr(GStrvBuilder) lines = g_strv_builder_new ();
  g_autoptr(GStrvBuilder) below = g_strv_builder_new ();
  g_autofree char *header = top_dup_header (self);
  g_auto(GStrv) news = NULL;
  g_auto(GStrv) all = NULL;
  guint width;
  guint height;
  guint room;

  dbrctl_screen_get_size (self->screen, &width, &height);
  room = height > FIXED_LINES ? height - FIXED_LINES : 0;
  room -= top_add_news (self, below, has_colour, width, MIN (MAX_NEWS, room / 3));
  news = g_strv_builder_end (below);

  add_line (lines, DBRCTL_TITLE, has_colour, width, header);
  top_add_rows (self, lines, has_colour, width, room);
  g_strv_builder_addv (lines, (const char **) news);
  add_line (lines, DBRCTL_FAINT, has_colour, width, _("q ends, ↑ and ↓ scroll"));
  all = g_strv_builder_end (lines);
  /* A terminal of two lines shows two. */
  for (guint i = height; i < g_strv_length (all); i++)
    g_clear_pointer (&all[i], g_free);
  dbrctl_screen_show (self->screen, (const char *const *) all);
}

static gboolean
draw_cb (gpointer user_data)
{
  Top *self = user_data;

  self->drawing = 0;
  top_draw (self);

  return G_SOURCE_REMOVE;
}

static void
top_draw_soon (Top *self)
{
  if (self->screen != NULL && self->drawing == 0)
    self->drawing = g_timeout_add (DRAW_PAUSE_MS, draw_cb, self);
}

static void
key_cb (DbrctlKey key,
        gpointer  user_data)
{
  Top *self = user_data;
  guint width;
  guint height;
  guint page;

  dbrctl_screen_get_size (self->screen, &width, &height);
  page = MAX (height, FIXED_LINES + 1) - FIXED_LINES;
  switch (key)
    {
    case DBRCTL_KEY_QUIT: g_cancellable_cancel (dbrctl_frame_get_cancellable (self->frame)); break;
    case DBRCTL_KEY_UP: self->first -= MIN (self->first, 1); break;
    case DBRCTL_KEY_DOWN: self->first++; break;
    case DBRCTL_KEY_PAGE_UP: self->first -= MIN (self->first, page); break;
    case DBRCTL_KEY_PAGE_DOWN: self->first += page; break;
    case DBRCTL_KEY_HOME: self->first = 0; break;
    case DBRCTL_KEY_END: self->first = dbrctl_top_rows_get_n (self->rows); break;

    case DBRCTL_KEY_RESIZED:
    default:
      break;
    }
  top_draw_soon (self);
}

static void
news_cb (const DbrctlNews *news,
         gpointer          user_data)
{
  Top *self = user_data;
  g_autofree char *moment = dbrctl_text_moment (news->when_usec);

  if (!g_str_equal (news->kind, "state"))
    g_queue_push_head (&self->news, g_strdup_printf ("%s  %s", moment, news->text));
  while (self->news.length > MAX_NEWS)
    g_free (g_queue_pop_tail (&self->news));
  top_draw_soon (self);
}

static void
top_tell (Top *self)
{
  DbrctlOutput *output = dbrctl_frame_get_output (self->frame);
  GListModel *issues = dbr_metrics_get_issues (dbr_client_get_metrics (self->client));
  JsonBuilder *builder = dbrctl_output_begin_json (output);

  dbrctl_json_int (builder, "when-usec", g_get_real_time ());
  dbrctl_top_rows_add_json (self->rows, builder);
  json_builder_set_member_name (builder, "issues");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (issues); i++)
    {
      g_autoptr(DbrIssue) issue = g_list_model_get_item (issues, i);

      json_builder_add_string_value (builder, dbr_issue_get_text (issue));
    }
  json_builder_end_array (builder);
  dbrctl_output_end_json (output, builder);
}

static gboolean
tick_cb (gpointer user_data)
{
  Top *self = user_data;

  dbrctl_top_rows_tick (self->rows);
  if (self->screen != NULL)
    top_draw_soon (self);
  else
    top_tell (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
top_add_names (Top                *self,
               const char *const  *names,
               GError            **error)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (*names[i] != ':' && !g_str_equal (names[i], BUS_NAME)
          && !dbrctl_top_rows_add (self->rows, names[i], error))
        return FALSE;
    }

  return TRUE;
}

/* A bus that does not answer now is asked again later. */
static void
listed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_auto(GStrv) names = dbr_client_list_names_finish (DBR_CLIENT (source), result, NULL);
  Top *self = user_data;

  if (names != NULL && !g_cancellable_is_cancelled (dbrctl_frame_get_cancellable (self->frame)))
    top_add_names (self, (const char *const *) names, NULL);
}

static gboolean
list_cb (gpointer user_data)
{
  Top *self = user_data;

  dbr_client_list_names_async (self->client, FALSE, dbrctl_frame_get_cancellable (self->frame),
                               listed_cb, self);

  return G_SOURCE_CONTINUE;
}

static gboolean
top_begin (Top                *self,
           const char *const  *names,
           GError            **error)
{
  g_auto(GStrv) listed = NULL;

  self->client = dbrctl_frame_open_client (self->frame, G_BUS_TYPE_SYSTEM, error);
  if (self->client == NULL)
    return FALSE;

  self->watches = dbrctl_watches_new (self->client, FALSE, news_cb, self);
  self->rows = dbrctl_top_rows_new (self->client, self->watches, (guint) interval_ms);
  if (names[0] != NULL)
    return top_add_names (self, names, error);

  listed = dbr_client_list_names_sync (self->client, FALSE,
                                       dbrctl_frame_get_cancellable (self->frame), error);
  if (listed == NULL)
    return FALSE;

  self->listing = g_timeout_add_seconds (LIST_PAUSE_S, list_cb, self);

  return top_add_names (self, (const char *const *) listed, error);
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_auto(Top) top = { frame };
  g_autoptr(GError) error = NULL;

  for (guint i = 0; arguments[i] != NULL; i++)
    {
      if (!g_dbus_is_name (arguments[i]))
        return dbrctl_frame_misuse (frame, _("“%s” is no name on a bus"), arguments[i]);
    }
  if (interval_ms < MIN_INTERVAL_MS)
    return dbrctl_frame_misuse (frame, _("--interval-ms has to be %d or more"), MIN_INTERVAL_MS);
  if (!dbrctl_frame_is_json (frame) && !dbrctl_output_is_terminal (dbrctl_frame_get_output (frame)))
    return dbrctl_frame_misuse (frame, "%s", _("It needs a terminal, or --json; “dbrctl monitor” "
                                               "writes lines"));
  if (!top_begin (&top, (const char *const *) arguments, &error))
    return dbrctl_frame_fail (frame, error);

  if (!dbrctl_frame_is_json (frame))
    {
      top.screen = dbrctl_screen_new (frame, key_cb, &top);
      top_draw (&top);
    }
  top.ticking = g_timeout_add ((guint) interval_ms, tick_cb, &top);
  dbrctl_frame_loop (frame);

  return DBRCTL_WELL;
}

static const char *const examples[] = {
  "dbrctl top", N_("all services of the system bus, those that hang first"),
  "dbrctl top --session --interval-ms 500", N_("those of the desktop, twice a second"),
  "dbrctl top org.bluez org.freedesktop.systemd1", N_("these two"),
  "dbrctl top --json | head -1", N_("the same for a script"),
  NULL
};

const DbrctlWord dbrctl_top = {
  .name = "top",
  .summary = N_("Shows all services of a bus live, those that hang first"),
  .arguments = N_("[NAME…]"),
  .description = N_("Each service is asked now and then for something that goes through its main "
                    "loop; none is started. The history has a bar for each answer, higher where "
                    "it took longer, from a tenth of a millisecond to a second, and a × where none "
                    "came."),
  .examples = examples,
  .options = options,
  .is_live = TRUE,
  .run = run,
};
