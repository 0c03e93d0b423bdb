/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <glib/gi18n.h>

#include "dbrctl-arguments-private.h"
#include "dbrctl-json-private.h"
#include "dbrctl-target-private.h"
#include "dbrctl-terms-private.h"
#include "dbrctl-word-private.h"

#define MAX_RETRIES 100

/* The order of the arguments. */
enum
{
  NAME,
  PATH,
  INTERFACE,
  METHOD,
  FIRST_ARGUMENT,
};

static char *signature;
/* As the policy has it. */
static int retries = 2;
static int attempt_timeout_ms;
static gboolean is_idempotent;
static gboolean is_interactive;
static gboolean is_no_start;

static const GOptionEntry options[] = {
  { "signature", 0, 0, G_OPTION_ARG_STRING, &signature,
    N_("The types of the arguments, where the service does not tell them"), N_("SIGNATURE") },
  { "idempotent", 0, 0, G_OPTION_ARG_NONE, &is_idempotent,
    N_("Doing it twice does no harm, so it may be tried again when nobody knows whether it was "
       "done"), NULL },
  { "retries", 0, 0, G_OPTION_ARG_INT, &retries,
    N_("How often it is tried again (2)"), N_("N") },
  { "attempt-timeout-ms", 0, 0, G_OPTION_ARG_INT, &attempt_timeout_ms,
    N_("The time limit of each attempt, in milliseconds"), N_("MS") },
  { "interactive", 0, 0, G_OPTION_ARG_NONE, &is_interactive,
    N_("A person may be asked to permit it, and is waited for"), NULL },
  { "no-start", 0, 0, G_OPTION_ARG_NONE, &is_no_start,
    N_("Do not start the service if it does not run"), NULL },
  G_OPTION_ENTRY_NULL
};

/* A service that tells nothing of itself can still be called without arguments. */
static GVariant *
find_parameters (DbrctlFrame  *frame,
                 DbrClient    *client,
                 char        **arguments,
                 GError      **error)
{
  const char *const *given = (const char *const *) arguments + FIRST_ARGUMENT;
  g_autofree char *xml = NULL;
  g_autofree char *types = NULL;
  g_autofree char *usage = NULL;

  if (signature != NULL)
    return dbrctl_arguments_parse (signature, arguments[METHOD], given, error);

  xml = dbr_client_introspect_sync (client, arguments[NAME], arguments[PATH],
                                    dbrctl_frame_get_cancellable (frame), error);
  if (xml == NULL && given[0] == NULL && error != NULL && (*error)->domain == G_DBUS_ERROR)
    {
      g_clear_error (error);
      return g_variant_new ("()");
    }
  if (xml == NULL
      || !dbrctl_arguments_find (xml, arguments[INTERFACE], arguments[METHOD], &types, &usage,
                                 error))
    return NULL;

  return dbrctl_arguments_parse (types, usage, given, error);
}

static DbrCall *
new_call (DbrctlFrame *frame,
          char       **arguments,
          GVariant    *parameters)
{
  DbrCall *call = dbr_call_new (arguments[NAME], arguments[PATH], arguments[INTERFACE],
                                arguments[METHOD], parameters);

  dbr_call_set_timeout_ms (call, dbrctl_frame_get_timeout_ms (frame));
  dbr_call_set_attempt_timeout_ms (call, (guint) attempt_timeout_ms);
  dbr_call_set_idempotent (call, is_idempotent);
  dbr_call_set_interactive (call, is_interactive);
  /* The person has decided how often it is tried. */
  dbr_call_set_bypass_circuit (call, TRUE);
  if (is_no_start)
    dbr_call_set_auto_start (call, FALSE);

  return call;
}

static void
print_times (DbrctlOutput *output,
             DbrCall      *call)
{
  g_autofree char *elapsed = dbrctl_text_duration (dbr_call_get_elapsed_usec (call));
  g_autofree char *queue = dbrctl_text_duration (dbr_call_get_queue_usec (call));
  g_autofree char *service = dbrctl_text_duration (dbr_call_get_service_usec (call));
  g_autofree char *lag = dbrctl_text_duration (dbr_call_get_lag_usec (call));

  dbrctl_output_end_line (output);
  dbrctl_output_field (output, _("Took"), DBRCTL_PLAIN, "%s", elapsed);
  dbrctl_output_field (output, _("Waited"), DBRCTL_PLAIN, _("%s until it was sent"), queue);
  dbrctl_output_field (output, _("Service"), DBRCTL_PLAIN, _("%s until its answer"), service);
  dbrctl_output_field (output, _("Here"), DBRCTL_PLAIN, _("%s until the answer was taken"), lag);
  dbrctl_output_field (output, _("Attempts"), DBRCTL_PLAIN, "%u, %s", dbr_call_get_attempts (call),
                       dbrctl_terms_execution (dbr_call_get_execution (call)));
  if (dbr_call_get_sender (call) != NULL)
    dbrctl_output_field (output, _("Answered by"), DBRCTL_PLAIN, "%s", dbr_call_get_sender (call));
}

static void
print_reply (DbrctlOutput *output,
             GVariant     *reply)
{
  for (gsize i = 0; i < g_variant_n_children (reply); i++)
    {
      g_autoptr(GVariant) value = g_variant_get_child_value (reply, i);
      g_autofree char *text = g_variant_print (value, TRUE);

      dbrctl_output_line (output, DBRCTL_PLAIN, "%s", text);
    }
  if (g_variant_n_children (reply) == 0)
    dbrctl_output_line (output, DBRCTL_FAINT, "%s", _("Done; it answers nothing"));
}

static void
tell_call (DbrctlOutput *output,
           DbrCall      *call,
           GVariant     *reply,
           const GError *error)
{
  JsonBuilder *builder = dbrctl_output_begin_json (output);

  if (reply != NULL)
    {
      dbrctl_json_variant (builder, "reply", reply);
    }
  else
    {
      json_builder_set_member_name (builder, "reply");
      json_builder_add_null_value (builder);
    }
  dbrctl_json_string (builder, "reply-type",
                      reply != NULL ? g_variant_get_type_string (reply) : NULL);
  dbrctl_json_error (builder, "error", error);
  dbrctl_json_int (builder, "attempts", dbr_call_get_attempts (call));
  dbrctl_json_string (builder, "execution",
                      dbrctl_terms_nick (DBR_TYPE_EXECUTION, (int) dbr_call_get_execution (call)));
  dbrctl_json_int (builder, "elapsed-usec", dbr_call_get_elapsed_usec (call));
  dbrctl_json_int (builder, "queue-usec", dbr_call_get_queue_usec (call));
  dbrctl_json_int (builder, "service-usec", dbr_call_get_service_usec (call));
  dbrctl_json_int (builder, "lag-usec", dbr_call_get_lag_usec (call));
  dbrctl_json_string (builder, "sender", dbr_call_get_sender (call));
  dbrctl_output_end_json (output, builder);
}

static DbrctlStatus
make_call (DbrctlFrame *frame,
           DbrClient   *client,
           DbrCall     *call)
{
  DbrctlOutput *output = dbrctl_frame_get_output (frame);
  GCancellable *cancellable = dbrctl_frame_get_cancellable (frame);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_run_sync (client, call, cancellable, &error);
  DbrctlStatus status = DBRCTL_WELL;

  if (g_cancellable_is_cancelled (cancellable))
    return DBRCTL_PROBLEM;

  if (dbrctl_frame_is_json (frame))
    {
      tell_call (output, call, reply, error);
      return reply != NULL ? DBRCTL_WELL : DBRCTL_PROBLEM;
    }

  if (reply != NULL)
    print_reply (output, reply);
  else
    status = dbrctl_frame_fail (frame, error);
  print_times (output, call);

  return status;
}

static DbrctlStatus
run (DbrctlFrame *frame,
     char       **arguments)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DbrClient) client = NULL;
  g_autoptr(GVariant) parameters = NULL;
  g_autoptr(DbrCall) call = NULL;

  if (g_strv_length (arguments) < FIRST_ARGUMENT)
    return dbrctl_frame_misuse (frame, "%s",
                                _("A name, an object path, an interface and a method are needed"));
  if (!g_dbus_is_name (arguments[NAME]))
    return dbrctl_frame_misuse (frame, _("“%s” is no name on a bus"), arguments[NAME]);
  if (retries < 0 || retries > MAX_RETRIES || attempt_timeout_ms < 0)
    return dbrctl_frame_misuse (frame, _("--retries has to be from 0 to %d, and a time cannot be "
                                         "negative"), MAX_RETRIES);

  client = dbrctl_frame_open_client_for (frame, arguments[NAME], &error);
  if (client == NULL)
    return dbrctl_frame_fail (frame, error);

  dbr_retry_policy_set_max_attempts (dbr_client_get_retry_policy (client), (guint) retries + 1);
  parameters = find_parameters (frame, client, arguments, &error);
  if (parameters == NULL)
    return dbrctl_frame_fail (frame, error);

  g_variant_ref_sink (parameters);
  call = new_call (frame, arguments, parameters);

  return make_call (frame, client, call);
}

static const char *const examples[] = {
  "dbrctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetNameOwner "
  "org.gnome.Shell", N_("which program shows the desktop"),
  "dbrctl call org.freedesktop.login1 /org/freedesktop/login1 "
  "org.freedesktop.login1.Manager CanSuspend --timeout-ms 2000",
  N_("two seconds for all of it"),
  "dbrctl call org.example.Player /org/example/Player org.example.Player Seek -- -5",
  N_("what begins with a hyphen stands behind two of them"),
  "dbrctl call org.example.Player /org/example/Player org.example.Player Load \"['a', 'b']\" "
  "\"{'fast': <true>}\" --idempotent --retries 5", N_("lists and dictionaries are quoted"),
  NULL
};

const DbrctlWord dbrctl_call = {
  .name = "call",
  .summary = N_("Calls a method and says where the time went"),
  .arguments = N_("NAME PATH INTERFACE METHOD [ARGUMENT…]"),
  .description = N_("The service is asked for the types of the arguments, so that texts and "
                    "numbers are typed as they are. A call that fails is tried again if it surely did not "
                    "run. This does what the method does: it may change things."),
  .examples = examples,
  .options = options,
  .run = run,
};
