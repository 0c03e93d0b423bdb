/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-testbed.h"

#include <gio/gunixsocketaddress.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Runs a command with a bus and peers of its own, so that the tests of other languages play the
 * scenes of those in C. The command rules over them through a socket; README.md has its words. */

typedef struct
{
  DbrTestBus     *bus;
  DbrTestSystemd *systemd;
  GPtrArray      *names;
  GPtrArray      *peers;
  GMainLoop      *loop;
  GPid            command_pid;
  int             status;
} Launcher;

typedef struct
{
  gboolean has_session_limits;
  gboolean has_activation;
  gboolean has_no_credentials;
  gboolean has_systemd;
  char   **peers;
  char   **scripted_peers;
  char   **command;
} Options;

typedef void (*ProcessFunc) (gpointer object);

static const struct
{
  const char *word;
  ProcessFunc on_bus;
  ProcessFunc on_peer;
  ProcessFunc on_systemd;
} process_words[] = {
  { "stop", (ProcessFunc) dbr_test_bus_stop, (ProcessFunc) dbr_test_peer_stop,
    (ProcessFunc) dbr_test_systemd_stop },
  { "cont", (ProcessFunc) dbr_test_bus_cont, (ProcessFunc) dbr_test_peer_cont,
    (ProcessFunc) dbr_test_systemd_cont },
  { "kill", (ProcessFunc) dbr_test_bus_kill, (ProcessFunc) dbr_test_peer_kill,
    (ProcessFunc) dbr_test_systemd_kill },
  { "restart", (ProcessFunc) dbr_test_bus_restart, (ProcessFunc) dbr_test_peer_restart,
    (ProcessFunc) dbr_test_systemd_restart },
};

static void
options_clear (Options *options)
{
  g_strfreev (options->peers);
  g_strfreev (options->scripted_peers);
  g_strfreev (options->command);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gsize
find_process_word (const char *word)
{
  gsize i = 0;

  while (i < G_N_ELEMENTS (process_words) && strcmp (process_words[i].word, word) != 0)
    i++;
  return i;
}

static char *
run_on_bus (Launcher   *self,
            const char *word)
{
  gsize i = find_process_word (word);

  if (i < G_N_ELEMENTS (process_words))
    {
      process_words[i].on_bus (self->bus);
      return g_strdup ("ok\n");
    }
  if (strcmp (word, "pid") == 0)
    return g_strdup_printf ("ok %d\n", (int) dbr_test_bus_get_pid (self->bus));
  if (strcmp (word, "connections") == 0)
    return g_strdup_printf ("ok %u\n", dbr_test_bus_count_connections (self->bus));
  return g_strdup_printf ("error the bus knows no “%s”\n", word);
}

static char *
run_on_peer (DbrTestPeer *peer,
             const char  *line)
{
  gsize i = find_process_word (line);
  g_autoptr(GError) error = NULL;
  g_autofree char *value = NULL;

  if (i < G_N_ELEMENTS (process_words))
    {
      process_words[i].on_peer (peer);
      return g_strdup ("ok\n");
    }
  if (strcmp (line, "pid") == 0)
    return g_strdup_printf ("ok %d\n", (int) dbr_test_peer_get_pid (peer));
  if (g_str_has_prefix (line, "tell "))
    value = dbr_test_peer_try (peer, line + strlen ("tell "), &error);
  if (value != NULL)
    return g_strdup_printf (*value != '\0' ? "ok %s\n" : "ok%s\n", value);
  return g_strdup_printf ("error %s\n", error != NULL ? error->message
                          : "a peer knows no such word");
}

static char *
run_on_systemd (Launcher   *self,
                const char *word)
{
  gsize i = find_process_word (word);

  if (self->systemd == NULL)
    return g_strdup ("error there is no systemd; --systemd starts one\n");
  if (i < G_N_ELEMENTS (process_words))
    {
      process_words[i].on_systemd (self->systemd);
      return g_strdup ("ok\n");
    }
  if (strcmp (word, "pid") == 0)
    return g_strdup_printf ("ok %d\n", (int) dbr_test_systemd_get_pid (self->systemd));
  return g_strdup_printf ("error systemd knows no “%s”\n", word);
}

static char *
run_line (Launcher   *self,
          const char *line)
{
  g_auto(GStrv) words = g_strsplit (line, " ", 3);

  if (g_strv_length (words) == 2 && strcmp (words[0], "bus") == 0)
    return run_on_bus (self, words[1]);
  if (g_strv_length (words) == 2 && strcmp (words[0], "systemd") == 0)
    return run_on_systemd (self, words[1]);
  if (g_strv_length (words) < 3 || strcmp (words[0], "peer") != 0)
    return g_strdup ("error expected “bus WORD”, “systemd WORD” or “peer NAME WORD”\n");
  for (guint i = 0; i < self->names->len; i++)
    {
      if (strcmp (self->names->pdata[i], words[1]) == 0)
        return run_on_peer (self->peers->pdata[i], words[2]);
    }
  return g_strdup_printf ("error no peer is named “%s”\n", words[1]);
}

static void
line_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Launcher *self = user_data;
  GDataInputStream *input = G_DATA_INPUT_STREAM (source);
  GIOStream *stream = g_object_get_data (source, "dbr-stream");
  g_autofree char *line = g_data_input_stream_read_line_finish_utf8 (input, result, NULL, NULL);
  g_autofree char *answer = NULL;

  if (line != NULL)
    answer = run_line (self, line);
  if (answer == NULL || !g_output_stream_write_all (g_io_stream_get_output_stream (stream), answer,
                                                    strlen (answer),
                                                    NULL, NULL, NULL))
    {
      g_io_stream_close (stream, NULL, NULL);
      return;
    }
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_cb, self);
}

static gboolean
incoming_cb (GSocketService    *service,
             GSocketConnection *connection,
             GObject           *source,
             gpointer           user_data)
{
  g_autoptr(GDataInputStream) input = NULL;

  input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_object_set_data_full (G_OBJECT (input), "dbr-stream", g_object_ref (connection),
                          g_object_unref);
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_cb, user_data);
  return TRUE;
}

static void
ended_cb (GPid     pid,
          int      status,
          gpointer user_data)
{
  Launcher *self = user_data;

  self->status = status;
  g_main_loop_quit (self->loop);
}

static GSocketService *
listen_for_words (Launcher   *self,
                  const char *path)
{
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr(GError) error = NULL;
  GSocketService *service = g_socket_service_new ();

  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error))
    dbr_test_fail ("%s: %s", path, error->message);
  g_signal_connect (service, "incoming", G_CALLBACK (incoming_cb), self);
  return service;
}

/* An option is NAME, NAME=FILE or, if `is_text`, NAME=TEXT. */
static void
add_peers (Launcher *self,
           char    **options,
           gboolean  is_text)
{
  for (guint i = 0; options != NULL && options[i] != NULL; i++)
    {
      g_auto(GStrv) parts = g_strsplit (options[i], "=", 2);
      g_autofree char *contents = NULL;
      g_autoptr(GError) error = NULL;

      if (parts[1] != NULL && !is_text && !g_file_get_contents (parts[1], &contents, NULL, &error))
        dbr_test_fail ("%s", error->message);
      g_ptr_array_add (self->peers, dbr_test_peer_new (self->bus, parts[0], is_text ? parts[1]
                                                       : contents));
      g_ptr_array_add (self->names, g_strdup (parts[0]));
    }
}

static char **
make_environment (Launcher   *self,
                  const char *control)
{
  const char *address = dbr_test_bus_get_address (self->bus);
  g_autofree char *bus_pid = g_strdup_printf ("%d", (int) dbr_test_bus_get_pid (self->bus));
  g_autoptr(GString) pids = g_string_new (NULL);
  char **environment = g_get_environ ();

  for (guint i = 0; i < self->peers->len; i++)
    g_string_append_printf (pids, "%s%d", i > 0 ? " " : "",
                            (int) dbr_test_peer_get_pid (self->peers->pdata[i]));
  environment = g_environ_setenv (environment, "DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  environment = g_environ_setenv (environment, "DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
  environment = g_environ_setenv (environment, "DBR_TEST_ADDRESS", address, TRUE);
  environment = g_environ_setenv (environment, "DBR_TEST_BUS_PID", bus_pid, TRUE);
  environment = g_environ_setenv (environment, "DBR_TEST_PEER_PIDS", pids->str, TRUE);
  environment = g_environ_setenv (environment, "DBR_TEST_CONTROL", control, TRUE);
  if (self->systemd != NULL)
    environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR",
                                    dbr_test_systemd_get_folder (self->systemd), TRUE);
  return g_environ_setenv (environment, "DBR_TEST_PEER", dbr_test_peer_get_program (), TRUE);
}

static void
register_cb (gpointer user_data)
{
  dbr_test_reaper_register_self ();
}

/* Returns the status of the command as a shell would. */
static int
run_command (Launcher *self,
             char    **command)
{
  const GSpawnFlags flags = G_SPAWN_SEARCH_PATH
                            | G_SPAWN_DO_NOT_REAP_CHILD
                            | G_SPAWN_CHILD_INHERITS_STDIN;
  g_autofree char *control = g_build_filename (dbr_test_bus_get_folder (self->bus), "control",
                                               NULL);
  g_autoptr(GSocketService) service = listen_for_words (self, control);
  g_auto(GStrv) environment = make_environment (self, control);
  g_autoptr(GError) error = NULL;

  if (!g_spawn_async (NULL, command, environment, flags, register_cb, NULL, &self->command_pid,
                      &error))
    {
      g_printerr ("dbr-testbed: %s\n", error->message);
      return 127;
    }
  g_child_watch_add (self->command_pid, ended_cb, self);
  g_main_loop_run (self->loop);
  dbr_test_reaper_forget_process (self->command_pid);
  g_socket_service_stop (service);
  return WIFEXITED (self->status) ? WEXITSTATUS (self->status) : 128 + WTERMSIG (self->status);
}

static gboolean
parse_options (Options *options,
               int     *argc,
               char  ***argv,
               GError **error)
{
  const GOptionEntry entries[] = {
    { "session-limits", 0, 0, G_OPTION_ARG_NONE, &options->has_session_limits,
      "Limits of a session bus", NULL },
    { "activation", 0, 0, G_OPTION_ARG_NONE, &options->has_activation,
      "A bus that can start services", NULL },
    { "no-credentials", 0, 0, G_OPTION_ARG_NONE, &options->has_no_credentials,
      "A bus that tells nobody whose a connection is", NULL },
    { "systemd", 0, 0, G_OPTION_ARG_NONE, &options->has_systemd,
      "A systemd --user on the bus; where there can be none, nothing is run", NULL },
    { "peer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->peers, "A peer, may be given again",
      "NAME[=SCRIPTFILE]" },
    { "peer-run", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->scripted_peers,
      "The same with the script itself",
      "NAME=SCRIPT" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->command, NULL,
      "-- COMMAND [ARGUMENT…]" },
    { NULL }
  };
  g_autoptr(GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, "Runs a command with a bus and peers of its own.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->command != NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "a command is missing");
  return FALSE;
}

int
main (int    argc,
      char **argv)
{
  g_auto(Options) options = { FALSE };
  g_autoptr(DbrTestBus) bus = NULL;
  g_autoptr(DbrTestSystemd) systemd = NULL;
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) dbr_test_peer_free);
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GError) error = NULL;
  Launcher self = { NULL, NULL, names, peers, loop };

  setlocale (LC_ALL, "");
  if (!parse_options (&options, &argc, &argv, &error))
    {
      g_printerr ("dbr-testbed: %s\n", error->message);
      return 2;
    }
  bus = dbr_test_bus_new_full ((options.has_session_limits ? DBR_TEST_BUS_SESSION_LIMITS : 0)
                               | (options.has_activation ? DBR_TEST_BUS_ACTIVATION : 0)
                               | (options.has_no_credentials ? DBR_TEST_BUS_NO_CREDENTIALS : 0));
  self.bus = bus;
  if (options.has_systemd && dbr_test_systemd_get_obstacle () != NULL)
    {
      g_print ("1..0 # SKIP %s\n", dbr_test_systemd_get_obstacle ());
      return 0;
    }
  if (options.has_systemd)
    systemd = dbr_test_systemd_new (bus);
  self.systemd = systemd;
  add_peers (&self, options.peers, FALSE);
  add_peers (&self, options.scripted_peers, TRUE);
  return run_command (&self, options.command);
}
