/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-recoveries-private.h"
#include "dbrctl-scopes-private.h"
#include "dbrctl-target-private.h"
#include "dbrctl-textfile-private.h"
#include "dbrctl-watches-private.h"
#include "dbrctl-word-private.h"

/* As often as a node exporter is asked, and soon enough after news for who looks at the file. */
#define TEXTFILE_PAUSE_S 15
#define TEXTFILE_SOON_MS 500

/* What goes on while the word runs. */
typedef struct
{
  DbrctlFrame      *frame;
  DbrctlOutput     *output;
  DbrClient        *client;
  DbrctlWatches    *watches;
  /* NULL if nothing is allowed */
  DbrctlRecoveries *recoveries;
  DbrNotifier      *notifier;
  /* writes the file, now and then and soon after something was told; 0 if that is not due */
  guint             writing;
  guint             writing_soon;
  DbrctlStatus      status;
} Live;

static int interval_ms;
static int slow_ms;
static gboolean with_answers;
static gboolean with_notifications;
static char *allowed;
static char *textfile;

static const GOptionEntry options[] = {
  { "interval-ms", 0, 0, G_OPTION_ARG_INT, &interval_ms,
    N_("How often each service is asked (10000)"), N_("MS") },
  { "slow-ms", 0, 0, G_OPTION_ARG_INT, &slow_ms,
    N_("From when on an answer is slow (500)"), N_("MS") },
  { "answers", 0, 0, G_OPTION_ARG_NONE, &with_answers,
    N_("Tell of each answer how long it took"), NULL },
  { "notify", 0, 0, G_OPTION_ARG_NONE, &with_notifications,
    N_("Tell the person on the desktop too"), NULL },
  { "recover", 0, 0, G_OPTION_ARG_STRING, &allowed,
    N_("Recover what does not work by these means: device, adapter, service-start, "
       "service-restart, input-devices"), N_("MEANS,…") },
  { "textfile", 0, 0, G_OPTION_ARG_FILENAME, &textfile,
    N_("Keep the figures in a file for Prometheus' node exporter"), N_("FILE") },
  G_OPTION_ENTRY_NULL
};

static const char *const default_names[] = { "org.bluez", "org.freedesktop.systemd1", NULL };

static void
live_clear (Live *self)
{
  g_clear_handle_id (&self->writing, g_source_remove);
  g_clear_handle_id (&self->writing_soon, g_source_remove);
  g_clear_object (&self->notifier);
  g_clear_pointer (&self->recoveries, dbrctl_recoveries_free);
  g_clear_pointer (&self->watches, dbrctl_watches_free);
  g_clear_object (&self->client);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Live, live_clear)

static DbrctlStyle
style_of (const char *kind)
{
  static const char *const bad[] = { "stalled", "unit-failed", "recovery-gave-up", NULL };
  static const char *const good[] = { "recovered", "issue-cleared", "recovery-done", NULL };
  static const char *const plain[] = { "answer", "state", NULL };

  if (g_strv_contains (bad, kind))
    return DBRCTL_BAD;
  if (g_strv_contains (good, kind))
    return DBRCTL_GOOD;
  if (g_strv_contains (plain, kind))
    return DBRCTL_PLAIN;

  return DBRCTL_DOUBT;
}

/* A file that cannot be written ends the word: who reads the old one would believe that all is as
 * it was. */
static gboolean
live_write (Live *self)
{
  g_autoptr(GError) error = NULL;

  if (dbrctl_textfile_write (textfile, dbr_client_get_metrics (self->client), self->watches,
                             &error))
    return G_SOURCE_CONTINUE;

  self->status = dbrctl_frame_fail (self->frame, error);
  g_cancellable_cancel (dbrctl_frame_get_cancellable (self->frame));

  return G_SOURCE_REMOVE;
}

static gboolean
write_cb (gpointer user_data)
{
  Live *self = user_data;

  if (live_write (self))
    return G_SOURCE_CONTINUE;

  self->writing = 0;

  return G_SOURCE_REMOVE;
}

static gboolean
write_soon_cb (gpointer user_data)
{
  Live *self = user_data;

  self->writing_soon = 0;
  live_write (self);

  return G_SOURCE_REMOVE;
}

static void
news_cb (const DbrctlNews *news,
         gpointer          user_data)
{
  Live *self = user_data;
  g_autofree char *moment = NULL;
  JsonBuilder *builder;

  if (textfile != NULL && self->writing_soon == 0 && !g_str_equal (news->kind, "answer"))
    self->writing_soon = g_timeout_add (TEXTFILE_SOON_MS, write_soon_cb, self);
  if (!dbrctl_frame_is_json (self->frame))
    {
      moment = dbrctl_text_moment (news->when_usec);
      dbrctl_output_add (self->output, DBRCTL_FAINT, "%s  ", moment);
      dbrctl_output_line (self->output, style_of (news->kind), "%s", news->text);
      return;
    }

  builder = dbrctl_output_begin_json (self->output);
  dbrctl_json_int (builder, "when-usec", news->when_usec);
  dbrctl_json_string (builder, "kind", news->kind);
  dbrctl_json_string (builder, "name", news->name);
  dbrctl_json_string (builder, "state", news->state);
  dbrctl_json_string (builder, "text", news->text);
  dbrctl_json_variant (builder, "details", news->details);
  dbrctl_output_end_json (self->output, builder);
}

static gboolean
live_notify (Live    *self,
             GError **error)
{
  self->notifier = dbr_notifier_new ("dbrctl");
  for (guint i = 0; i < dbrctl_watches_get_n (self->watches); i++)
    {
      DbrServiceMonitor *monitor = dbrctl_watches_get_monitor (self->watches, i);

      if (!dbr_notifier_watch (self->notifier, G_OBJECT (monitor), error))
        return FALSE;
    }

  for (guint i = 0; self->recoveries != NULL && i < dbrctl_recoveries_get_n (self->recoveries); i++)
    {
      DbrRecovery *recovery = dbrctl_recoveries_get (self->recoveries, i);

      if (!dbr_notifier_watch (self->notifier, G_OBJECT (recovery), error))
        return FALSE;
    }

  return dbr_notifier_watch (self->notifier, G_OBJECT (dbr_client_get_metrics (self->client)),
                             error);
}

static gboolean
live_begin (Live              *self,
            const char *const *names,
            DbrRecoveryScope   scopes,
            GError           **error)
{
  self->client = names != default_names
                 ? dbrctl_frame_open_client_for (self->frame, names[0], error)
                 : dbrctl_frame_open_client (self->frame, G_BUS_TYPE_SYSTEM, error);
  if (self->client == NULL)
    return FALSE;

  self->watches = dbrctl_watches_new (self->client, with_answers, news_cb, self);
  for (guint i = 0; names[i] != NULL; i++)
    {
      DbrServiceMonitor *monitor = dbrctl_watches_add (self->watches, names[i]);

      if (interval_ms > 0)
        dbr_service_monitor_set_interval_ms (monitor, (guint) interval_ms);
      if (slow_ms > 0)
        dbr_service_monitor_set_slow_ms (monitor, (guint) slow_ms);
      if (dbrctl_frame_get_timeout_ms (self->frame) > 0)
        dbr_service_monitor_set_probe_timeout_ms (monitor,
                                                  dbrctl_frame_get_timeout_ms (self->frame));
    }
  if (scopes != 0)
    self->recoveries = dbrctl_recoveries_new (self->watches, scopes, news_cb, self);
  if (with_notifications && !live_notify (self, error))
    return FALSE;

  return dbrctl_watches_start (self->watches, error);
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_auto(Live) live = { frame, dbrctl_frame_get_output (frame) };
  const char *const *names = (const char *const *) arguments;
  g_autoptr(GError) error = NULL;
  DbrRecoveryScope scopes = 0;

  for (guint i = 0; names[i] != NULL; i++)
    {
      if (!g_dbus_is_name (names[i]))
        return dbrctl_frame_misuse (frame, _("“%s” is no name on a bus"), names[i]);
    }
  if (interval_ms < 0 || slow_ms < 0)
    return dbrctl_frame_misuse (frame, "%s", _("A time cannot be negative"));
  if (allowed != NULL && !dbrctl_scopes_parse (allowed, &scopes, &error))
    return dbrctl_frame_fail (frame, error);
  if (!live_begin (&live, names[0] != NULL ? names : default_names, scopes, &error))
    return dbrctl_frame_fail (frame, error);

  if (textfile != NULL && live_write (&live))
    live.writing = g_timeout_add_seconds (TEXTFILE_PAUSE_S, write_cb, &live);
  dbrctl_frame_loop (frame);

  return live.status;
}

static const char *const examples[] = {
  "dbrctl monitor", N_("a line whenever Bluetooth or systemd stalls, restarts or works again"),
  "dbrctl monitor org.gnome.Shell --notify", N_("with a notification on the desktop"),
  "dbrctl monitor org.bluez --json", N_("an object a line, for a script"),
  "dbrctl monitor org.bluez --recover=device,adapter",
  N_("Bluetooth is helped along when it hangs, one device or adapter at a time"),
  "dbrctl monitor --textfile /var/lib/prometheus/node-exporter/dbr.prom",
  N_("figures for Prometheus, for as long as the machine runs"),
  NULL
};

const DbrctlWord dbrctl_monitor = {
  .name = "monitor",
  .summary = N_("Tells line by line when a service stalls, restarts or works again"),
  .arguments = N_("[NAME…]"),
  .description = N_("Watches services of one bus, that of the first, for as long as it runs; "
                    "org.bluez and org.freedesktop.systemd1 if none is named. It asks each now and "
                    "then, starts none, and goes on over restarts of the service and of the bus. "
                    "Only --recover changes something. Ctrl-C ends it."),
  .examples = examples,
  .options = options,
  .is_live = TRUE,
  .run = run,
};
