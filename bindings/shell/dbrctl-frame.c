/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "dbrctl-frame-private.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dbrctl-json-private.h"
#include "dbrctl-word-private.h"

#define MAX_TIMEOUT_MS (24 * 60 * 60 * 1000)

static const DbrctlWord *const words[] = {
  &dbrctl_doctor,
  &dbrctl_monitor,
  &dbrctl_top,
  &dbrctl_call,
  &dbrctl_bluez,
  &dbrctl_units,
  &dbrctl_recover,
  &dbrctl_pool,
  &dbrctl_stress,
  &dbrctl_metrics,
  &dbrctl_demo,
};

struct _DbrctlFrame
{
  const DbrctlWord *word;
  gboolean          is_json;
  gboolean          is_session;
  gboolean          is_system;
  gboolean          wants_help;
  gboolean          is_live;
  char             *address;
  int               timeout_ms;

  /* something went wrong by itself */
  gboolean          has_failed;
  GCancellable     *cancellable;
  DbrctlInterrupt  *interrupt;
  DbrctlOutput     *output;
};

DbrctlOutput *
dbrctl_frame_get_output (DbrctlFrame *self)
{
  return self->output;
}

void
dbrctl_frame_set_live (DbrctlFrame *self)
{
  self->is_live = TRUE;
  dbrctl_output_set_live (self->output);
}

DbrctlInterrupt *
dbrctl_frame_get_interrupt (DbrctlFrame *self)
{
  return self->interrupt;
}

GCancellable *
dbrctl_frame_get_cancellable (DbrctlFrame *self)
{
  return self->cancellable;
}

gboolean
dbrctl_frame_is_json (DbrctlFrame *self)
{
  return self->is_json;
}

guint
dbrctl_frame_get_timeout_ms (DbrctlFrame *self)
{
  return (guint) self->timeout_ms;
}

const char *
dbrctl_frame_get_address (DbrctlFrame *self)
{
  return self->address;
}

GBusType
dbrctl_frame_get_bus_type (DbrctlFrame *self,
                           GBusType     fallback)
{
  if (self->address != NULL)
    return G_BUS_TYPE_NONE;
  if (self->is_session)
    return G_BUS_TYPE_SESSION;

  return self->is_system ? G_BUS_TYPE_SYSTEM : fallback;
}

char *
dbrctl_frame_dup_bus_options (DbrctlFrame *self)
{
  g_autofree char *quoted = NULL;

  if (self->address != NULL)
    {
      quoted = g_shell_quote (self->address);
      return g_strconcat (" --address=", quoted, NULL);
    }
  if (self->is_session)
    return g_strdup (" --session");

  return g_strdup (self->is_system ? " --system" : "");
}

DbrClient *
dbrctl_frame_new_client (DbrctlFrame *self,
                         GBusType     fallback)
{
  DbrClient *client = self->address != NULL
                      ? dbr_client_new_for_address (self->address)
                      : dbr_client_new (dbrctl_frame_get_bus_type (self, fallback));
  DbrTimeouts *timeouts = dbr_client_get_timeouts (client);
  g_auto(GStrv) operations = dbr_timeouts_dup_operations (timeouts);

  for (guint i = 0; self->timeout_ms > 0 && operations[i] != NULL; i++)
    dbr_timeouts_set (timeouts, operations[i], (guint) self->timeout_ms, NULL);

  return client;
}

DbrClient *
dbrctl_frame_open_client (DbrctlFrame *self,
                          GBusType     fallback,
                          GError     **error)
{
  g_autoptr(DbrClient) client = dbrctl_frame_new_client (self, fallback);
  g_autoptr(GError) local_error = NULL;

  if (dbr_client_open_sync (client, self->cancellable, &local_error))
    return g_steal_pointer (&client);

  /* One that does not let us in within the time limit is none either. */
  if (g_error_matches (local_error, DBR_ERROR, DBR_ERROR_DEADLINE)
      || g_error_matches (local_error, DBR_ERROR, DBR_ERROR_CONNECTION_LOST))
    local_error->code = DBR_ERROR_NO_BUS;
  g_propagate_error (error, g_steal_pointer (&local_error));

  return NULL;
}

static gboolean
quit_cb (GCancellable *cancellable,
         gpointer      user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

static gboolean
reader_left_cb (int          fd,
                GIOCondition condition,
                gpointer     user_data)
{
  g_cancellable_cancel (user_data);

  return G_SOURCE_REMOVE;
}

/* A pipe that nobody reads any more says so although nothing is written for days. */
static GSource *
watch_reader (GCancellable *cancellable)
{
  struct stat status;
  GSource *source;

  if (fstat (STDOUT_FILENO, &status) < 0
      || !(S_ISFIFO (status.st_mode) || S_ISSOCK (status.st_mode)))
    return NULL;

  source = g_unix_fd_source_new (STDOUT_FILENO, G_IO_ERR);
  g_source_set_callback (source, G_SOURCE_FUNC (reader_left_cb), g_object_ref (cancellable),
                         g_object_unref);
  g_source_attach (source, NULL);

  return source;
}

void
dbrctl_frame_loop (DbrctlFrame *self)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GSource) ended = g_cancellable_source_new (self->cancellable);
  GSource *reader = watch_reader (self->cancellable);

  g_source_set_callback (ended, G_SOURCE_FUNC (quit_cb), loop, NULL);
  g_source_attach (ended, NULL);
  g_main_loop_run (loop);
  g_source_destroy (ended);
  if (reader != NULL)
    {
      g_source_destroy (reader);
      g_source_unref (reader);
    }
}

static DbrctlStatus
status_of (const GError *error)
{
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_BUS))
    return DBRCTL_NO_BUS;
  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT))
    return DBRCTL_USAGE;

  return DBRCTL_PROBLEM;
}

static void
frame_tell_error (DbrctlFrame  *self,
                  DbrctlStatus  status,
                  const GError *error)
{
  g_autofree char *explained = dbr_error_explain (error);
  g_autofree char *name = g_dbus_error_is_remote_error (error)
                          ? g_dbus_error_get_remote_error (error) : NULL;
  JsonBuilder *builder = dbrctl_output_begin_json_as (self->output, "error");

  dbrctl_json_int (builder, "status", status);
  dbrctl_json_string (builder, "domain", g_quark_to_string (error->domain));
  dbrctl_json_int (builder, "code", error->code);
  dbrctl_json_string (builder, "name", name);
  dbrctl_json_string (builder, "message", error->message);
  dbrctl_json_string (builder, "explanation", explained);
  dbrctl_output_end_json (self->output, builder);
}

DbrctlStatus
dbrctl_frame_fail (DbrctlFrame  *self,
                   const GError *error)
{
  DbrctlStatus status = status_of (error);

  if (g_cancellable_is_cancelled (self->cancellable)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return DBRCTL_PROBLEM;

  self->has_failed = TRUE;
  if (self->is_json)
    {
      frame_tell_error (self, status, error);
    }
  else
    {
      g_autofree char *explained = dbr_error_explain (error);

      /* What a person has typed wrong needs no more explanation. */
      dbrctl_output_complain (self->output, "%s",
                              status == DBRCTL_USAGE ? error->message : explained);
    }

  return status;
}

DbrctlStatus
dbrctl_frame_problem (DbrctlFrame *self,
                      const char  *format,
                      ...)
{
  g_autofree char *text = NULL;
  JsonBuilder *builder;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  self->has_failed = TRUE;
  if (!self->is_json)
    {
      dbrctl_output_complain (self->output, "%s", text);
      return DBRCTL_PROBLEM;
    }

  builder = dbrctl_output_begin_json_as (self->output, "error");
  dbrctl_json_int (builder, "status", DBRCTL_PROBLEM);
  dbrctl_json_string (builder, "domain", "dbrctl");
  dbrctl_json_int (builder, "code", 0);
  dbrctl_json_string (builder, "name", NULL);
  dbrctl_json_string (builder, "message", text);
  dbrctl_json_string (builder, "explanation", text);
  dbrctl_output_end_json (self->output, builder);

  return DBRCTL_PROBLEM;
}

DbrctlStatus
dbrctl_frame_misuse (DbrctlFrame *self,
                     const char  *format,
                     ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  dbrctl_output_complain (self->output, "%s", text);
  dbrctl_output_complain (self->output, _("“dbrctl %s --help” shows how it is used"),
                          self->word->name);

  return DBRCTL_USAGE;
}

static char *
describe (const DbrctlWord *word)
{
  GString *text = g_string_new (NULL);

  if (word->description != NULL)
    g_string_append_printf (text, "%s\n\n", _(word->description));
  if (word->examples != NULL)
    {
      g_string_append_printf (text, "%s\n", _("Examples:"));
      for (guint i = 0; word->examples[i] != NULL; i += 2)
        g_string_append_printf (text, "  %s\n      %s\n", word->examples[i],
                                _(word->examples[i + 1]));
      g_string_append_c (text, '\n');
    }
  g_string_append (text, _("Ends with 0 if all is well, 1 if there is a problem, 2 if it was used "
                           "wrongly, 3 if there is no bus."));

  return g_string_free (text, FALSE);
}

static GOptionContext *
frame_new_options (DbrctlFrame *self)
{
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->is_json,
      N_("Write JSON, as the schema of the word says"), NULL },
    { "address", 0, 0, G_OPTION_ARG_STRING, &self->address,
      N_("The bus at this address"), N_("ADDRESS") },
    { "session", 0, 0, G_OPTION_ARG_NONE, &self->is_session, N_("The session bus"), NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &self->is_system, N_("The system bus"), NULL },
    { "timeout-ms", 0, 0, G_OPTION_ARG_INT, &self->timeout_ms,
      N_("The time limit of each call, in milliseconds"), N_("MS") },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &self->wants_help, N_("Show this help"), NULL },
    G_OPTION_ENTRY_NULL
  };
  const char *arguments = self->word->arguments;
  GOptionContext *context = g_option_context_new (arguments != NULL ? _(arguments) : NULL);
  GOptionGroup *group = g_option_group_new (self->word->name, "", "", NULL, NULL);
  g_autofree char *description = describe (self->word);

  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);
  if (self->word->options != NULL)
    g_option_group_add_entries (group, self->word->options);
  g_option_group_add_entries (group, common);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_summary (context, _(self->word->summary));
  g_option_context_set_description (context, description);

  return context;
}

static gboolean
frame_parse (DbrctlFrame    *self,
             GOptionContext *context,
             char         ***arguments,
             GError        **error)
{
  if (!g_option_context_parse_strv (context, arguments, error))
    return FALSE;

  if (self->is_session + self->is_system + (self->address != NULL) > 1)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _("Only one of --session, --system and --address can be given"));
      return FALSE;
    }

  if (self->timeout_ms < 0 || self->timeout_ms > MAX_TIMEOUT_MS)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _("--timeout-ms cannot be %d: it is milliseconds, up to a day"),
                   self->timeout_ms);
      return FALSE;
    }

  return TRUE;
}

/* The two hyphens before what begins with one have done their work. */
static void
drop_hyphens (char **arguments)
{
  for (guint i = 0; arguments[i] != NULL; i++)
    {
      if (g_str_equal (arguments[i], "--"))
        {
          g_free (arguments[i]);
          memmove (arguments + i, arguments + i + 1,
                   (g_strv_length (arguments + i + 1) + 1) * sizeof *arguments);
          return;
        }
    }
}

/* Whether the word went on to its end; being told to end is the end of a live one. */
static DbrctlStatus
frame_end (DbrctlFrame  *self,
           DbrctlStatus  status)
{
  gboolean is_cut_short = g_cancellable_is_cancelled (self->cancellable);
  int number = dbrctl_interrupt_get_number (self->interrupt);

  g_clear_pointer (&self->interrupt, dbrctl_interrupt_free);
  if (!is_cut_short || self->has_failed)
    return status;
  if (self->is_live || number == 0)
    return DBRCTL_WELL;

  /* As the shell expects it of a program that was interrupted. */
  signal (number, SIG_DFL);
  raise (number);

  return status;
}

static DbrctlStatus
frame_run (DbrctlFrame *self,
           char       **rest)
{
  g_auto(GStrv) arguments = g_strdupv (rest);
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context = frame_new_options (self);
  gboolean is_understood;
  DbrctlStatus status;

  is_understood = frame_parse (self, context, &arguments, &error);
  self->cancellable = g_cancellable_new ();
  self->is_live = self->word->is_live;
  self->output = dbrctl_output_new (self->word->name, self->is_json, self->word->is_live,
                                    self->cancellable);
  if (!is_understood)
    return dbrctl_frame_misuse (self, "%s", error->message);

  if (self->wants_help)
    {
      g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

      dbrctl_output_raw (self->output, help);

      return DBRCTL_WELL;
    }

  drop_hyphens (arguments);
  self->interrupt = dbrctl_interrupt_new (self->cancellable);
  /* The first one is the word itself. */
  status = self->word->run (self, arguments + 1);

  return frame_end (self, status);
}

static void
frame_clear (DbrctlFrame *self)
{
  g_clear_pointer (&self->output, dbrctl_output_free);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->address, g_free);
}

static DbrctlStatus
show_words (void)
{
  g_autoptr(GCancellable) closed = g_cancellable_new ();
  g_autoptr(DbrctlOutput) output = dbrctl_output_new ("help", FALSE, FALSE, closed);

  dbrctl_output_line (output, DBRCTL_PLAIN, "%s", _("Usage:"));
  dbrctl_output_line (output, DBRCTL_PLAIN, _("  dbrctl WORD [OPTION…]"));
  dbrctl_output_line (output, DBRCTL_PLAIN, "%s", "");
  dbrctl_output_line (output, DBRCTL_PLAIN, "%s",
                      _("Says what is wrong on D-Bus, and why a call hangs."));
  dbrctl_output_line (output, DBRCTL_PLAIN, "%s", "");
  dbrctl_output_line (output, DBRCTL_PLAIN, "%s", _("Words:"));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    dbrctl_output_field (output, words[i]->name, DBRCTL_PLAIN, "%s", _(words[i]->summary));
  dbrctl_output_line (output, DBRCTL_PLAIN, "%s", "");
  dbrctl_output_line (output, DBRCTL_PLAIN, "%s",
                      _("“dbrctl WORD --help” tells what each of them does, with examples."));

  return DBRCTL_WELL;
}

static const DbrctlWord *
find_word (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      if (g_strcmp0 (words[i]->name, name) == 0)
        return words[i];
    }

  return NULL;
}

static DbrctlStatus
refuse_word (const char *name)
{
  g_autoptr(GCancellable) closed = g_cancellable_new ();
  g_autoptr(DbrctlOutput) output = dbrctl_output_new ("help", FALSE, FALSE, closed);

  if (name == NULL)
    dbrctl_output_complain (output, "%s", _("A word is missing"));
  else
    dbrctl_output_complain (output, _("There is no word “%s”"), name);
  dbrctl_output_complain (output, "%s", _("“dbrctl --help” lists what there is"));

  return DBRCTL_USAGE;
}

/* What the library remarks in the log, a word tells in its own way. */
static GLogWriterOutput
write_log (GLogLevelFlags   level,
           const GLogField *fields,
           gsize            n_fields,
           gpointer         user_data)
{
  if (level >= G_LOG_LEVEL_MESSAGE && g_getenv ("DBR_DEBUG") == NULL
      && g_getenv ("G_MESSAGES_DEBUG") == NULL)
    return G_LOG_WRITER_HANDLED;

  return g_log_writer_default (level, fields, n_fields, user_data);
}

DbrctlStatus
dbrctl_frame_main (char **argv)
{
  DbrctlFrame self = { NULL };
  const char *name = argv[0] != NULL ? argv[1] : NULL;
  g_autofree char *program = NULL;
  DbrctlStatus status;

  signal (SIGPIPE, SIG_IGN);
  g_log_set_writer_func (write_log, NULL, NULL);
  g_set_prgname ("dbrctl");
  if (g_strcmp0 (name, "--help") == 0 || g_strcmp0 (name, "-h") == 0
      || (g_strcmp0 (name, "help") == 0 && argv[2] == NULL))
    return show_words ();
  if (g_strcmp0 (name, "--version") == 0)
    {
      g_print ("dbrctl %s\n", DBR_VERSION_S);
      return DBRCTL_WELL;
    }

  if (g_strcmp0 (name, "help") == 0)
    {
      name = argv[2];
      self.wants_help = TRUE;
    }
  self.word = find_word (name);
  if (self.word == NULL)
    return refuse_word (name);

  /* Help begins with it. */
  program = g_strdup_printf ("dbrctl %s", self.word->name);
  g_set_prgname (program);
  status = frame_run (&self, self.wants_help ? argv + 2 : argv + 1);
  frame_clear (&self);

  return status;
}
