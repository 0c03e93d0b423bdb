/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-json-private.h"
#include "dbrctl-scopes-private.h"
#include "dbrctl-target-private.h"
#include "dbrctl-terms-private.h"
#include "dbrctl-word-private.h"

/* The word “recover”: what would make a service work again, and only what was allowed is done. */

#define BLUEZ "org.bluez"

#define ALL_BUT_INPUT (DBR_RECOVERY_SCOPE_DEVICE | DBR_RECOVERY_SCOPE_ADAPTER         \
                       | DBR_RECOVERY_SCOPE_SERVICE_START                             \
                       | DBR_RECOVERY_SCOPE_SERVICE_RESTART)

static char **allow;

static const GOptionEntry options[] = {
  { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &allow,
    N_("What it may do: device, adapter, service-start, service-restart, input-devices; without it, "
       "nothing"), N_("SCOPE,…") },
  { NULL }
};

typedef struct
{
  DbrctlFrame       *frame;
  DbrctlOutput      *output;
  DbrRecovery       *recovery;
  const char        *bus_name;
  const char        *target;
  DbrRecoveryScope   allowed;

  GListModel        *plan;
  GMainLoop         *loop;
  gboolean           was_tried;
  DbrRecoveryResult  result;
  gint64             elapsed_usec;
  GError            *error;
} Recover;

static const char *
get_scope_nick (DbrRecoveryScope scope)
{
  g_autoptr(GFlagsClass) scopes = g_type_class_ref (DBR_TYPE_RECOVERY_SCOPE);
  GFlagsValue *value = g_flags_get_first_value (scopes, scope);

  return value != NULL ? value->value_nick : NULL;
}

/* The stage that a plan speaks of, and what it needs to be allowed. */
static const char *
get_needed (Recover  *self,
            DbrEvent *step)
{
  const char *name = NULL;
  DbrRecoveryStage *stage = NULL;

  if (g_variant_lookup (dbr_event_get_details (step), "stage", "&s", &name))
    stage = dbr_recovery_get_stage (self->recovery, name);

  return stage != NULL ? get_scope_nick (dbr_recovery_stage_get_scope (stage)) : NULL;
}

/* The plan */

static gboolean
is_of_use (DbrEvent *step)
{
  return !g_str_equal (dbr_event_get_kind (step), "not-needed");
}

static gboolean
has_use (GListModel *plan)
{
  for (guint i = 0; i < g_list_model_get_n_items (plan); i++)
    {
      g_autoptr(DbrEvent) step = g_list_model_get_item (plan, i);

      if (is_of_use (step))
        return TRUE;
    }

  return FALSE;
}

static void
show_plan (Recover *self)
{
  const char *const titles[] = { _("Needs"), _("Plan"), NULL };
  g_autoptr(DbrctlTable) table = dbrctl_table_new ("lL", titles);

  for (guint i = 0; i < g_list_model_get_n_items (self->plan); i++)
    {
      g_autoptr(DbrEvent) step = g_list_model_get_item (self->plan, i);
      DbrctlStyle style = is_of_use (step) ? DBRCTL_DOUBT : DBRCTL_FAINT;

      if (g_str_equal (dbr_event_get_kind (step), "run"))
        style = DBRCTL_GOOD;
      dbrctl_table_add (table, style, (const char *const[]) { get_needed (self, step),
                                                              dbr_event_get_text (step) });
    }
  dbrctl_output_table (self->output, table);
}

static void
show_hint (Recover *self)
{
  g_autofree char *bus = dbrctl_frame_dup_bus_options (self->frame);

  for (guint i = 0; i < g_list_model_get_n_items (self->plan); i++)
    {
      g_autoptr(DbrEvent) step = g_list_model_get_item (self->plan, i);
      g_autofree char *needed = NULL;

      if (!is_of_use (step))
        continue;
      needed = g_strconcat (get_needed (self, step), bus, NULL);
      dbrctl_output_paragraph (self->output, 0, DBRCTL_PLAIN,
                               _("Nothing was done. To let it be tried: dbrctl recover %s%s%s --allow=%s"),
                               self->bus_name, *self->target != '\0' ? " " : "", self->target,
                               needed);
      return;
    }
  dbrctl_output_line (self->output, DBRCTL_GOOD, _("%s works, and nothing is to be done"),
                      self->bus_name);
}

/* What is done */

static void
recovered_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  Recover *self = user_data;

  self->result = dbr_recovery_recover_finish (DBR_RECOVERY (source), result, &self->error);
  g_main_loop_quit (self->loop);
}

static void
history_cb (GListModel *history,
            guint       position,
            guint       n_removed,
            guint       n_added,
            gpointer    user_data)
{
  Recover *self = user_data;

  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (history, i);
      g_autofree char *when = dbrctl_text_moment (dbr_event_get_when_usec (event));

      dbrctl_output_add (self->output, DBRCTL_FAINT, "%s  ", when);
      dbrctl_output_line (self->output, DBRCTL_PLAIN, "%s", dbr_event_get_text (event));
    }
}

static void
recover_run (Recover *self)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  GListModel *history = dbr_recovery_get_history (self->recovery);
  gint64 begin = g_get_monotonic_time ();

  self->loop = loop;
  self->was_tried = TRUE;
  if (!dbrctl_frame_is_json (self->frame))
    g_signal_connect (history, "items-changed", G_CALLBACK (history_cb), self);
  dbr_recovery_recover_async (self->recovery, self->target,
                              dbrctl_frame_get_cancellable (self->frame), recovered_cb, self);
  g_main_loop_run (loop);
  g_signal_handlers_disconnect_by_data (history, self);
  self->elapsed_usec = g_get_monotonic_time () - begin;
}

static const char *
get_result_text (DbrRecoveryResult result)
{
  switch (result)
    {
    case DBR_RECOVERY_RESULT_RATE_LIMITED:
      return _("Nothing was tried, as it was too often of late");

    case DBR_RECOVERY_RESULT_NOT_ALLOWED:
      return _("Nothing was tried, as what would help is not allowed");

    case DBR_RECOVERY_RESULT_NOT_NEEDED:
      return _("Nothing was to be done");

    /* The last of the steps tells it already. */
    case DBR_RECOVERY_RESULT_RECOVERED:
      return "";

    case DBR_RECOVERY_RESULT_FAILED:
    default:
      return _("What was tried has not helped");
    }
}

static gboolean
is_good (DbrRecoveryResult result)
{
  return result == DBR_RECOVERY_RESULT_RECOVERED || result == DBR_RECOVERY_RESULT_NOT_NEEDED;
}

/* For programs */

static void
add_events (JsonBuilder *builder,
            const char  *name,
            GListModel  *events)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (events); i++)
    {
      g_autoptr(DbrEvent) event = g_list_model_get_item (events, i);
      const char *stage = NULL;

      g_variant_lookup (dbr_event_get_details (event), "stage", "&s", &stage);
      json_builder_begin_object (builder);
      dbrctl_json_string (builder, "kind", dbr_event_get_kind (event));
      dbrctl_json_string (builder, "stage", stage);
      dbrctl_json_string (builder, "text", dbr_event_get_text (event));
      dbrctl_json_int (builder, "when-usec", dbr_event_get_when_usec (event));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
show_json (Recover *self)
{
  JsonBuilder *builder = dbrctl_output_begin_json (self->output);

  dbrctl_json_string (builder, "name", self->bus_name);
  dbrctl_json_string (builder, "target", self->target);
  dbrctl_json_boolean (builder, "needed", has_use (self->plan));
  add_events (builder, "plan", self->plan);
  dbrctl_json_string (builder, "result", self->was_tried
                          ? dbrctl_terms_nick (DBR_TYPE_RECOVERY_RESULT, (int) self->result) : NULL);
  dbrctl_json_int (builder, "elapsed-usec", self->was_tried ? self->elapsed_usec : -1);
  add_events (builder, "steps", dbr_recovery_get_history (self->recovery));
  dbrctl_output_end_json (self->output, builder);
}

/* From the options to the end */

static DbrctlStatus
recover_end (Recover *self)
{
  if (self->error != NULL)
    return dbrctl_frame_fail (self->frame, self->error);

  if (dbrctl_frame_is_json (self->frame))
    show_json (self);
  else if (!self->was_tried)
    show_hint (self);
  else if (self->result != DBR_RECOVERY_RESULT_RECOVERED)
    dbrctl_output_line (self->output, is_good (self->result) ? DBRCTL_PLAIN : DBRCTL_BAD, "%s",
                        get_result_text (self->result));

  if (self->was_tried)
    return is_good (self->result) ? DBRCTL_WELL : DBRCTL_PROBLEM;

  return has_use (self->plan) ? DBRCTL_PROBLEM : DBRCTL_WELL;
}

static DbrServiceMonitor *
new_monitor (DbrClient  *client,
             const char *bus_name)
{
  if (g_str_equal (bus_name, BLUEZ))
    return DBR_SERVICE_MONITOR (dbr_bluez_monitor_new (client));

  return dbr_service_monitor_new (client, bus_name);
}

static DbrctlStatus
recover_plan (Recover *self)
{
  /* A plan of all that there is tells more than that nothing is allowed. */
  dbr_recovery_set_allowed (self->recovery, self->allowed != 0 ? self->allowed : ALL_BUT_INPUT);
  self->plan = dbr_recovery_plan_sync (self->recovery, self->target,
                                       dbrctl_frame_get_cancellable (self->frame), &self->error);
  if (self->plan == NULL)
    return dbrctl_frame_fail (self->frame, self->error);

  if (!dbrctl_frame_is_json (self->frame))
    show_plan (self);
  if (self->allowed != 0 && has_use (self->plan))
    recover_run (self);

  return recover_end (self);
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(DbrServiceMonitor) monitor = NULL;
  g_autoptr(DbrRecovery) recovery = NULL;
  g_autofree char *allowed = NULL;
  g_autoptr(GError) error = NULL;
  Recover self = { .frame = frame, .output = dbrctl_frame_get_output (frame), .target = "" };
  DbrctlStatus status;

  /* “recover”, “recover NAME”, “recover ADDRESS”, “recover NAME ADDRESS” */
  self.bus_name = arguments[0] != NULL && strchr (arguments[0], '.') != NULL ? *arguments++ : BLUEZ;
  if (arguments[0] != NULL)
    self.target = *arguments++;
  if (arguments[0] != NULL)
    return dbrctl_frame_misuse (frame, _("“recover” takes no “%s”"), arguments[0]);
  allowed = allow != NULL ? g_strjoinv (",", allow) : NULL;
  if (allowed != NULL && !dbrctl_scopes_parse (allowed, &self.allowed, &error))
    return dbrctl_frame_misuse (frame, "%s", error->message);

  client = dbrctl_frame_open_client_for (frame, self.bus_name, &error);
  if (client == NULL)
    return dbrctl_frame_fail (frame, error);

  monitor = new_monitor (client, self.bus_name);
  recovery = dbr_recovery_new (monitor, NULL);
  self.recovery = recovery;
  status = recover_plan (&self);
  g_clear_object (&self.plan);
  g_clear_error (&self.error);

  return status;
}

static const char *const examples[] = {
  "dbrctl recover", N_("what would be done about Bluetooth; nothing is"),
  "dbrctl recover org.bluez --allow=service-start,service-restart", N_("starts or restarts it, if it needs that"),
  "dbrctl recover 00:11:22:33:44:55 --allow=device", N_("connects a device again, and nobody else's"),
  "dbrctl recover org.example.Player --session --json", N_("the plan for another service"),
  NULL
};

const DbrctlWord dbrctl_recover = {
  .name = "recover",
  .summary = N_("Plans how a service is to work again, and does what is allowed"),
  .arguments = N_("[NAME] [ADDRESS]"),
  .description =
    N_("Without --allow nothing is done: it finds out what is wrong and says what would be tried, "
       "and what that needs. With it, only what is allowed is done, the narrowest first, until the "
       "service is seen to work. Without a NAME it is org.bluez; ADDRESS is that of a device or an "
       "adapter. Ends with 1 if the service needs it and does not work in the end."),
  .examples = examples,
  .options = options,
  .run = run,
};
