/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-bluez-follow-private.h"
#include "dbrctl-figures-private.h"
#include "dbrctl-json-private.h"
#include "dbrctl-stage-private.h"
#include "dbrctl-word-private.h"

/* The word “demo”: a Bluetooth service that is played on a bus of its own, and what the library
 * makes of all that befalls it. */

#define BLUEZ "org.bluez"
#define ADAPTER "00:AA:01:00:00:00"
#define WATCH "00:AA:01:00:00:42"

/* So long it plays where nobody sits before it. */
#define UNATTENDED_S 20
/* What a program asks meanwhile, and how long it waits for the answer. */
#define READ_INTERVAL_MS 100
#define READ_TIMEOUT_MS 500

static int n_seconds;

static const GOptionEntry options[] = {
  { "seconds", 0, 0, G_OPTION_ARG_INT, &n_seconds,
    N_("End after so many seconds (on a terminal: with Ctrl-C; else after 20)"), N_("N") },
  { NULL }
};

static const char opening[] =
  "plug hci0 " ADAPTER ";; near " WATCH " Watch;; bond hci0 " WATCH " Watch";

/* What befalls it, and when; then from the beginning again. */
static const struct
{
  guint       at_ms;
  const char *statement;
  const char *text;
} acts[] = {
  { 1000, NULL, N_("A program connects a watch, and reads a property ten times a second") },
  { 3000, "on *: wait 300", N_("BlueZ is slow now: 300 ms for each answer") },
  { 5000, "forget *", N_("BlueZ is quick again") },
  { 6000, "block 600000", N_("BlueZ hangs now: it is on the bus and answers nothing") },
  { 12000, "crash", N_("BlueZ crashes now") },
  { 12500, "on Connect call 1: error org.bluez.Error.Failed le-connection-abort-by-local",
    N_("The next attempt to connect the watch is going to fail") },
  { 13000, "boot", N_("BlueZ is started again") },
  { 16000, "lose " WATCH " Timeout", N_("The watch is out of reach for a moment") },
};

#define CONNECT_FIRST 0
#define PERIOD_MS 22000

typedef struct
{
  DbrctlFrame         *frame;
  DbrctlOutput        *output;
  DbrctlStage         *stage;
  DbrClient           *client;
  DbrBluezMonitor     *monitor;
  DbrctlBluezFollower *follower;
  DbrRecovery         *recovery;

  GSource             *act_source;
  GSource             *read_source;
  guint                next_act;
  GError              *error;

  /* how often what was told, for the end */
  guint                n_stalls;
  guint                n_recoveries;
  guint                n_restarts;
  guint                n_connections;
} Demo;

static void
demo_tell (Demo        *self,
           DbrctlStyle  style,
           const char  *event,
           const char  *address,
           const char  *text)
{
  if (dbrctl_frame_is_json (self->frame))
    {
      JsonBuilder *builder = dbrctl_output_begin_json (self->output);

      dbrctl_json_string (builder, "event", event);
      dbrctl_json_int (builder, "when-usec", g_get_real_time ());
      dbrctl_json_string (builder, "address", address);
      dbrctl_json_string (builder, "text", text);
      dbrctl_output_end_json (self->output, builder);
    }
  else
    {
      g_autofree char *now = dbrctl_text_moment (g_get_real_time ());

      dbrctl_output_add (self->output, DBRCTL_FAINT, "%s  ", now);
      dbrctl_output_line (self->output, style, "%s", text);
    }
}

static void
told_cb (DbrctlStyle  style,
         const char  *event,
         const char  *address,
         const char  *text,
         gpointer     user_data)
{
  Demo *self = user_data;

  self->n_stalls += g_str_equal (event, "stalled");
  self->n_recoveries += g_str_equal (event, "recovered");
  self->n_restarts += g_str_equal (event, "restarted");
  self->n_connections += g_str_equal (event, "connected");
  demo_tell (self, style, event, address, text);
}

static void
circuit_cb (DbrClient       *client,
            const char      *bus_name,
            DbrCircuitState  state,
            gpointer         user_data)
{
  if (state == DBR_CIRCUIT_STATE_OPEN)
    demo_tell (user_data, DBRCTL_DOUBT, "circuit-open", NULL,
               _("Calls are refused at once from now on, as nothing answers them"));
  else if (state == DBR_CIRCUIT_STATE_CLOSED)
    demo_tell (user_data, DBRCTL_GOOD, "circuit-closed", NULL, _("Calls are sent again"));
}

/* What is done about it */

/* In place of systemd, which has no unit for what is played. */
static void
perform_cb (DbrRecoveryStage   *stage,
            DbrRecoveryAttempt *attempt,
            gpointer            user_data)
{
  Demo *self = user_data;
  g_autoptr(GError) error = NULL;

  demo_tell (self, DBRCTL_DOUBT, "recovery-stage-started", NULL,
             _("Recovery: BlueZ is ended and started again"));
  if (dbrctl_stage_play_again (self->stage, &error))
    dbr_recovery_attempt_succeed (attempt);
  else
    dbr_recovery_attempt_fail (attempt, error);
}

static void
recovery_cb (GListModel *history,
             guint       position,
             guint       n_removed,
             guint       n_added,
             gpointer    user_data)
{
  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);
      g_autofree char *name = g_strconcat ("recovery-", dbr_event_get_kind (event), NULL);
      g_autofree char *text = g_strdup_printf (_("Recovery: %s"), dbr_event_get_text (event));

      demo_tell (user_data, DBRCTL_GOOD, name, NULL, text);
    }
}

static gboolean
demo_attach_recovery (Demo    *self,
                      GError **error)
{
  g_autoptr(DbrRecoveryStage) again = NULL;

  again = dbr_recovery_stage_new ("play-again", DBR_RECOVERY_SCOPE_SERVICE_START);
  /* It hangs again in each round. */
  dbr_recovery_stage_set_max_attempts (again, 1000);
  g_signal_connect (again, "perform", G_CALLBACK (perform_cb), self);
  self->recovery = dbr_recovery_new (DBR_SERVICE_MONITOR (self->monitor), NULL);
  dbr_recovery_set_allowed (self->recovery, DBR_RECOVERY_SCOPE_SERVICE_START);
  if (!dbr_recovery_add_stage (self->recovery, again, error))
    return FALSE;

  g_signal_connect (dbr_recovery_get_history (self->recovery), "items-changed",
                    G_CALLBACK (recovery_cb), self);
  dbr_recovery_attach (self->recovery);

  return TRUE;
}

/* What the program does */

static void
connected_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  DbrBluezDevice *device = DBR_BLUEZ_DEVICE (source);

  /* What came of it is told by the follower, and of an error by what befell BlueZ. */
  if (dbr_bluez_device_connect_device_finish (device, result, NULL))
    dbr_bluez_device_set_keep_connected (device, TRUE);
}

static void
demo_connect_watch (Demo *self)
{
  GListModel *devices = dbr_bluez_monitor_get_devices (self->monitor);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr(DbrBluezDevice) device = g_list_model_get_item (devices, i);

      if (!dbr_bluez_device_get_connected (device))
        dbr_bluez_device_connect_device_async (device, dbrctl_frame_get_cancellable (self->frame),
                                               connected_cb, NULL);
    }
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GVariant) value = NULL;

  /* The client counts how it ended. */
  value = dbr_client_call_finish (DBR_CLIENT (source), result, NULL);
}

static gboolean
read_due_cb (gpointer user_data)
{
  Demo *self = user_data;

  dbr_client_call_async (self->client, BLUEZ, "/org/bluez/hci0", "org.freedesktop.DBus.Properties",
                         "Get", g_variant_new ("(ss)", "org.bluez.Adapter1", "Powered"),
                         G_VARIANT_TYPE ("(v)"), READ_TIMEOUT_MS,
                         dbrctl_frame_get_cancellable (self->frame), read_cb, NULL);

  return G_SOURCE_CONTINUE;
}

/* What befalls BlueZ */

static gboolean act_due_cb (gpointer user_data);

static void
demo_await_act (Demo *self)
{
  guint last_ms = self->next_act > 0 ? acts[self->next_act - 1].at_ms : 0;
  guint next_ms;

  if (self->next_act == G_N_ELEMENTS (acts))
    {
      next_ms = PERIOD_MS + acts[0].at_ms;
      self->next_act = 0;
    }
  else
    {
      next_ms = acts[self->next_act].at_ms;
    }

  g_clear_pointer (&self->act_source, g_source_unref);
  self->act_source = g_timeout_source_new (next_ms - last_ms);
  g_source_set_callback (self->act_source, act_due_cb, self, NULL);
  g_source_attach (self->act_source, NULL);
}

static gboolean
act_due_cb (gpointer user_data)
{
  Demo *self = user_data;
  guint act = self->next_act++;

  demo_tell (self, DBRCTL_TITLE, "act", NULL, _(acts[act].text));
  if (acts[act].statement != NULL
      && !dbrctl_stage_tell (self->stage, acts[act].statement, &self->error))
    {
      g_cancellable_cancel (dbrctl_frame_get_cancellable (self->frame));
      return G_SOURCE_REMOVE;
    }
  if (act == CONNECT_FIRST)
    demo_connect_watch (self);
  demo_await_act (self);

  return G_SOURCE_REMOVE;
}

/* From the beginning to the end */

static gboolean
over_cb (gpointer user_data)
{
  g_cancellable_cancel (user_data);

  return G_SOURCE_REMOVE;
}

/* What a monitor asks once in ten seconds by itself is asked often, so that it is worth watching. */
static gboolean
demo_start (Demo    *self,
            GError **error)
{
  DbrServiceMonitor *service;

  self->client = dbr_client_new_for_address (dbrctl_stage_get_address (self->stage));
  self->monitor = dbr_bluez_monitor_new (self->client);
  self->follower = dbrctl_bluez_follower_new (self->monitor, told_cb, self);
  g_signal_connect (self->client, "circuit-changed", G_CALLBACK (circuit_cb), self);
  service = DBR_SERVICE_MONITOR (self->monitor);
  dbr_service_monitor_set_interval_ms (service, 500);
  dbr_service_monitor_set_probe_timeout_ms (service, 500);
  dbr_service_monitor_set_slow_ms (service, 200);
  if (!demo_attach_recovery (self, error) || !dbr_service_monitor_start (service, error))
    return FALSE;

  self->read_source = g_timeout_source_new (READ_INTERVAL_MS);
  g_source_set_callback (self->read_source, read_due_cb, self, NULL);
  g_source_attach (self->read_source, NULL);
  demo_await_act (self);

  return TRUE;
}

static void
demo_tell_end (Demo *self)
{
  DbrMetrics *metrics = dbr_client_get_metrics (self->client);
  g_autofree char *summary = NULL;
  JsonBuilder *builder;

  summary = g_strdup_printf (_("Seen: stalls %u, recoveries %u, restarts %u, connections of the watch %u"),
                             self->n_stalls, self->n_recoveries, self->n_restarts,
                             self->n_connections);
  if (!dbrctl_frame_is_json (self->frame))
    {
      dbrctl_output_line (self->output, DBRCTL_PLAIN, "%s", "");
      dbrctl_output_line (self->output, DBRCTL_TITLE, "%s", summary);
      dbrctl_figures_show (self->output, metrics);
      return;
    }

  builder = dbrctl_output_begin_json (self->output);
  dbrctl_json_string (builder, "event", "end");
  dbrctl_json_int (builder, "when-usec", g_get_real_time ());
  dbrctl_json_string (builder, "address", NULL);
  dbrctl_json_string (builder, "text", summary);
  dbrctl_figures_add_json (builder, metrics);
  dbrctl_output_end_json (self->output, builder);
}

static void
demo_clear (Demo *self)
{
  if (self->act_source != NULL)
    g_source_destroy (self->act_source);
  g_clear_pointer (&self->act_source, g_source_unref);
  if (self->read_source != NULL)
    g_source_destroy (self->read_source);
  g_clear_pointer (&self->read_source, g_source_unref);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_pointer (&self->follower, dbrctl_bluez_follower_free);
  if (self->recovery != NULL)
    {
      dbr_recovery_detach (self->recovery);
      g_signal_handlers_disconnect_by_data (dbr_recovery_get_history (self->recovery), self);
      g_signal_handlers_disconnect_by_data (dbr_recovery_get_stage (self->recovery, "play-again"),
                                            self);
    }
  g_clear_object (&self->recovery);
  g_clear_object (&self->monitor);
  g_clear_object (&self->client);
  g_clear_pointer (&self->stage, dbrctl_stage_free);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Demo, demo_clear)

static void
limit_time (Demo *self)
{
  GCancellable *cancellable = dbrctl_frame_get_cancellable (self->frame);
  int seconds = n_seconds;

  if (seconds == 0 && !dbrctl_output_is_terminal (self->output))
    seconds = UNATTENDED_S;
  if (seconds > 0)
    g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, (guint) seconds, over_cb,
                                g_object_ref (cancellable), g_object_unref);
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_auto(Demo) self = { .frame = frame, .output = dbrctl_frame_get_output (frame) };
  g_autoptr(GError) error = NULL;

  if (arguments[0] != NULL)
    return dbrctl_frame_misuse (frame, _("“demo” takes no “%s”"), arguments[0]);
  if (n_seconds < 0)
    return dbrctl_frame_misuse (frame, _("%d seconds are too few"), n_seconds);

  self.stage = dbrctl_stage_new (BLUEZ, opening, &error);
  if (self.stage == NULL)
    {
      dbrctl_frame_problem (frame, _("There can be no bus to play on: %s"), error->message);
      return DBRCTL_NO_BUS;
    }

  demo_tell (&self, DBRCTL_FAINT, "begin", NULL,
             _("A Bluetooth service is played on a private bus, with one adapter and one watch"));
  if (!demo_start (&self, &error))
    return dbrctl_frame_fail (frame, error);

  limit_time (&self);
  dbrctl_frame_loop (frame);
  if (self.error != NULL)
    {
      dbrctl_frame_problem (frame, _("The play has ended early: %s"), self.error->message);
      return DBRCTL_NO_BUS;
    }

  dbr_service_monitor_stop (DBR_SERVICE_MONITOR (self.monitor));
  demo_tell_end (&self);

  return DBRCTL_WELL;
}

static const char *const examples[] = {
  "dbrctl demo", N_("until Ctrl-C; then the figures"),
  "dbrctl demo --seconds 20 --json", N_("what happened, an object a line"),
  NULL
};

const DbrctlWord dbrctl_demo = {
  .name = "demo",
  .summary = N_("Shows all of it with a Bluetooth service that is played"),
  .description =
    N_("It is slow, hangs, crashes and loses its device, while a monitor tells of it, a recovery starts "
       "it again, the device is connected again, and calls to it end. It has a bus of its own: nothing of the machine is "
       "asked or changed, and neither a bus nor Bluetooth has to be there."),
  .examples = examples,
  .options = options,
  .is_live = TRUE,
  .run = run,
};
