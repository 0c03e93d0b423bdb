/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-bluez.h"

#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A D-Bus service that misbehaves on command; README.md has its language. */

#define EXIT_BAD_SCRIPT 2

typedef struct
{
  DbrPeerService *service;
  GMainLoop      *loop;
  GString        *input;
  gboolean        ends_with_input;
} Main;

typedef struct
{
  char    *address;
  char    *listen;
  char    *script_file;
  char    *script_text;
  char   **names;
  int      n_objects;
  gboolean is_session;
  gboolean is_system;
  gboolean is_quiet;
  gboolean exits_with_bus;
  gboolean ends_with_input;
} Options;

static const char language[] =
  "A script has one statement a line, or several separated by “;;”. A statement is a rule,\n"
  "  on [IFACE.]MEMBER [at PATH] [call N | from N | every N]: ACTION [; ACTION]…\n"
  "or an action to do at once. Each line of the standard input is one more statement,\n"
  "acknowledged by “ok [VALUE]” or “error TEXT”. A “.” as PATH is that of the call.\n\n"
  "Actions:\n";

static void
options_clear (Options *options)
{
  g_free (options->address);
  g_free (options->listen);
  g_free (options->script_file);
  g_free (options->script_text);
  g_strfreev (options->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* One line each, whatever the text: an error's may have several. */
static void
acknowledge (const char *word,
             const char *text)
{
  g_autofree char *line = g_strdup (text);

  g_strdelimit (line, "\r\n", ' ');
  printf ("%s%s%s\n", word, *line != '\0' ? " " : "", line);
  fflush (stdout);
}

static void
run_command (DbrPeerService *service,
             DbrPeerAction  *action)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *value = NULL;

  if (dbr_peer_action_ends_or_blocks (action->kind))
    acknowledge ("ok", "");
  value = dbr_peer_service_run_command (service, action, &error);
  if (dbr_peer_action_ends_or_blocks (action->kind))
    return;
  if (value == NULL)
    acknowledge ("error", error->message);
  else
    acknowledge ("ok", value);
}

static void
run_line (DbrPeerService *service,
          const char     *line)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) statements = dbr_peer_script_parse (line, &error);

  if (statements == NULL)
    {
      acknowledge ("error", error->message);
      return;
    }
  if (statements->len == 0)
    acknowledge ("ok", "");
  for (guint i = 0; i < statements->len; i++)
    {
      DbrPeerStatement *statement = statements->pdata[i];

      if (statement->command != NULL)
        {
          run_command (service, statement->command);
          continue;
        }
      dbr_peer_service_add_rule (service, statement->rule);
      acknowledge ("ok", "");
    }
}

static gboolean
input_cb (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  Main *self = user_data;
  char chunk[4096];
  gssize length = read (fd, chunk, sizeof chunk);
  char *end;

  if (length < 0 && errno == EINTR)
    return G_SOURCE_CONTINUE;
  if (length <= 0)
    {
      if (self->ends_with_input)
        g_main_loop_quit (self->loop);
      return G_SOURCE_REMOVE;
    }
  g_string_append_len (self->input, chunk, length);
  while ((end = memchr (self->input->str, '\n', self->input->len)) != NULL)
    {
      g_autofree char *line = g_strndup (self->input->str, (gsize) (end - self->input->str));

      g_string_erase (self->input, 0, end + 1 - self->input->str);
      run_line (self->service, line);
    }
  return G_SOURCE_CONTINUE;
}

/* Before the peer is ready nobody is there to be told of a failure, so it ends the peer. */
static void
run_script (DbrPeerService *service,
            GPtrArray      *statements)
{
  for (guint i = 0; i < statements->len; i++)
    {
      DbrPeerStatement *statement = statements->pdata[i];
      g_autoptr(GError) error = NULL;
      g_autofree char *value = NULL;

      if (statement->rule != NULL)
        {
          dbr_peer_service_add_rule (service, statement->rule);
          continue;
        }
      value = dbr_peer_service_run_command (service, statement->command, &error);
      if (value != NULL)
        continue;
      g_printerr ("dbr-peer: %s\n", error->message);
      exit (EXIT_FAILURE);
    }
}

static GPtrArray *
load_script (Options *options,
             GError **error)
{
  g_autofree char *contents = NULL;
  g_autoptr(GPtrArray) statements = NULL;
  g_autoptr(GPtrArray) more = NULL;

  if (options->script_file != NULL && !g_file_get_contents (options->script_file, &contents, NULL,
                                                            error))
    return NULL;
  statements = dbr_peer_script_parse (contents != NULL ? contents : "", error);
  if (statements == NULL)
    {
      g_prefix_error (error, "%s: ", options->script_file);
      return NULL;
    }
  more = dbr_peer_script_parse (options->script_text != NULL ? options->script_text : "", error);
  if (more == NULL)
    {
      g_prefix_error (error, "--run: ");
      return NULL;
    }
  g_ptr_array_extend_and_steal (statements, g_steal_pointer (&more));
  return g_steal_pointer (&statements);
}

static gboolean
parse_options (Options *options,
               int     *argc,
               char  ***argv,
               GError **error)
{
  const GOptionEntry entries[] = {
    { "address", 'a', 0, G_OPTION_ARG_STRING, &options->address,
      "Connect to the bus at this address", "ADDRESS" },
    { "session", 0, 0, G_OPTION_ARG_NONE, &options->is_session,
      "Connect to the session bus (the default)", NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &options->is_system, "Connect to the system bus", NULL },
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &options->listen, "Be a server without a bus",
      "ADDRESS" },
    { "name", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &options->names,
      "Own this name; may be given again", "NAME" },
    { "script", 's', 0, G_OPTION_ARG_FILENAME, &options->script_file, "Read a script", "FILE" },
    { "run", 'r', 0, G_OPTION_ARG_STRING, &options->script_text,
      "Run a script, after that of --script", "TEXT" },
    { "objects", 'o', 0, G_OPTION_ARG_INT, &options->n_objects,
      "Show N devices like those of BlueZ", "N" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->is_quiet, "Do not name each call on stderr",
      NULL },
    { "exit-with-bus", 0, 0, G_OPTION_ARG_NONE, &options->exits_with_bus,
      "Exit with 3 when the bus goes", NULL },
    { "until-eof", 0, 0, G_OPTION_ARG_NONE, &options->ends_with_input,
      "Exit at the end of the input", NULL },
    { NULL }
  };
  g_autoptr(GOptionContext) context = g_option_context_new (NULL);
  g_autofree char *actions = dbr_peer_script_describe ();
  g_autofree char *description = NULL;

  g_option_context_set_summary (context, "A D-Bus service that misbehaves on command.");
  description = g_strconcat (language, actions, NULL);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
start (Main    *self,
       Options *options,
       GError **error)
{
  const char *starter = g_getenv ("DBUS_STARTER_ADDRESS");
  DbrPeerService *service = self->service;

  service->is_quiet = options->is_quiet;
  service->exits_with_bus = options->exits_with_bus;
  if (options->listen != NULL)
    {
      service->address = g_strdup (options->listen);
      return dbr_peer_service_listen (service, error);
    }
  service->address = g_strdup (options->address);
  if (service->address == NULL)
    service->address = g_dbus_address_get_for_bus_sync (options->is_system ? G_BUS_TYPE_SYSTEM
                                                        : G_BUS_TYPE_SESSION,
                                                        NULL, error);
  if (service->address == NULL)
    return FALSE;
  /* Whom a bus has started nobody else would end. The variable alone says little: a terminal that
   * was started so hands it down. The bus tells its address with its id. */
  if (starter != NULL && g_str_has_prefix (starter, service->address))
    service->exits_with_bus = TRUE;
  return dbr_peer_service_connect (service, error);
}

static gboolean
own_names (DbrPeerService *service,
           char          **names,
           GError        **error)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      if (!g_dbus_is_name (names[i]) || g_dbus_is_unique_name (names[i]))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "“%s” is not a bus name",
                       names[i]);
          return FALSE;
        }
      if (!dbr_peer_service_own (service, names[i], error))
        return FALSE;
    }
  return TRUE;
}

static const char *
identity (DbrPeerService *service)
{
  if (service->server != NULL)
    return g_dbus_server_get_client_address (service->server);
  if (service->connections->len == 0)
    return "-";
  return g_dbus_connection_get_unique_name (service->connections->pdata[0]);
}

static int
report (const char *text,
        int         status)
{
  g_printerr ("dbr-peer: %s\n", text);
  return status;
}

int
main (int    argc,
      char **argv)
{
  g_auto(Options) options = { NULL };
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) script = NULL;
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(DbrPeerService) service = dbr_peer_service_new ();
  g_autoptr(GString) input = g_string_new (NULL);
  Main self = { service, loop, input };

  setlocale (LC_ALL, "");
  if (!parse_options (&options, &argc, &argv, &error))
    return report (error->message, EXIT_BAD_SCRIPT);
  script = load_script (&options, &error);
  if (script == NULL)
    return report (error->message, EXIT_BAD_SCRIPT);

  /* Objects and rules are there before the first name is owned, and so before the first call. */
  dbr_peer_service_set_n_devices (service, (guint) MAX (options.n_objects, 0));
  self.ends_with_input = options.ends_with_input;
  if (!start (&self, &options, &error))
    return report (error->message, EXIT_FAILURE);
  run_script (service, script);
  if (!own_names (service, options.names, &error))
    return report (error->message, EXIT_FAILURE);
  if (service->bluez != NULL)
    dbr_peer_bluez_boot (service->bluez);
  /* Who starts after this peer finds all that its script tells of. */
  while (service->bluez != NULL && !dbr_peer_bluez_is_settled (service->bluez))
    g_main_context_iteration (NULL, TRUE);
  acknowledge ("ready", identity (service));
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, input_cb, &self);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
