/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* memfd_create (), secure_getenv () */
#define _GNU_SOURCE
#include "config.h"

#include "dbrctl-stage-private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <glib/gi18n.h>

/* The descriptor that the bus finds its configuration under. */
#define CONFIG_FD 3

/* A bus that starts nothing, and that has nothing of the machine's services. */
static const char bus_config[] =
  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
  "<busconfig>\n"
  "  <type>session</type>\n"
  "  <listen>unix:tmpdir=/tmp</listen>\n"
  "  <auth>EXTERNAL</auth>\n"
  "  <policy context=\"default\">\n"
  "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
  "    <allow eavesdrop=\"true\"/>\n"
  "    <allow own=\"*\"/>\n"
  "  </policy>\n"
  "</busconfig>\n";

struct _DbrctlStage
{
  GSubprocess      *bus;
  char             *address;

  char             *bus_name;
  char             *script;
  GSubprocess      *peer;
  GDataInputStream *answers;
};

/* In the child, before it becomes another program: Ctrl-C is for us, who end it then; and it ends
 * too when we are killed. */
static void
child_cb (gpointer user_data)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static int
open_config (GError **error)
{
  const gsize size = sizeof bus_config - 1;
  int fd = memfd_create ("bus", 0);

  if (fd >= 0 && write (fd, bus_config, size) == (gssize) size && lseek (fd, 0, SEEK_SET) == 0)
    return fd;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               _("There is no memory for the configuration of a bus: %s"), g_strerror (errno));
  if (fd >= 0)
    close (fd);

  return -1;
}

/* The first line that @process writes, which is when it is ready. */
static char *
read_first_line (GDataInputStream  *stream,
                 const char        *program,
                 GError           **error)
{
  char *line = g_data_input_stream_read_line_utf8 (stream, NULL, NULL, error);

  if (line == NULL && (error == NULL || *error == NULL))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s ended before it was ready"), program);

  return line;
}

static gboolean
dbrctl_stage_start_bus (DbrctlStage  *self,
                        GError      **error)
{
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autoptr(GDataInputStream) output = NULL;
  g_autofree char *config = g_strdup_printf ("--config-file=/dev/fd/%d", CONFIG_FD);
  int fd = open_config (error);

  if (fd < 0)
    return FALSE;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                        | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_subprocess_launcher_set_child_setup (launcher, child_cb, NULL, NULL);
  g_subprocess_launcher_take_fd (launcher, fd, CONFIG_FD);
  self->bus = g_subprocess_launcher_spawn (launcher, error, "dbus-daemon", "--nofork",
                                           "--nopidfile", "--nosyslog", "--print-address=1", config,
                                           NULL);
  if (self->bus == NULL)
    return FALSE;

  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->bus));
  self->address = read_first_line (output, "dbus-daemon", error);

  return self->address != NULL;
}

static const char *
find_peer_program (void)
{
  const char *program = secure_getenv ("DBR_PEER_PROGRAM");

  return program != NULL ? program : DBR_PEER_PROGRAM;
}

static gboolean
dbrctl_stage_start_peer (DbrctlStage  *self,
                         GError      **error)
{
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autofree char *ready = NULL;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE
                                        | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_set_child_setup (launcher, child_cb, NULL, NULL);
  self->peer = g_subprocess_launcher_spawn (launcher, error, find_peer_program (), "--quiet",
                                            "--until-eof", "--exit-with-bus",
                                            "--address", self->address, "--name", self->bus_name,
                                            "--run", self->script, NULL);
  if (self->peer == NULL)
    return FALSE;

  self->answers = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->peer));
  ready = read_first_line (self->answers, "dbr-peer", error);

  return ready != NULL;
}

DbrctlStage *
dbrctl_stage_new (const char  *bus_name,
                  const char  *script,
                  GError     **error)
{
  g_autoptr(DbrctlStage) self = g_new0 (DbrctlStage, 1);

  self->bus_name = g_strdup (bus_name);
  self->script = g_strdup (script);
  if (!dbrctl_stage_start_bus (self, error) || !dbrctl_stage_start_peer (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

static void
end_process (GSubprocess *process)
{
  if (process == NULL)
    return;

  g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
  g_object_unref (process);
}

void
dbrctl_stage_free (DbrctlStage *self)
{
  g_clear_object (&self->answers);
  end_process (g_steal_pointer (&self->peer));
  end_process (g_steal_pointer (&self->bus));
  g_free (self->bus_name);
  g_free (self->script);
  g_free (self->address);
  g_free (self);
}

const char *
dbrctl_stage_get_address (DbrctlStage *self)
{
  return self->address;
}

gboolean
dbrctl_stage_tell (DbrctlStage  *self,
                   const char   *statement,
                   GError      **error)
{
  g_autofree char *line = g_strconcat (statement, "\n", NULL);
  g_autofree char *answer = NULL;

  if (self->answers == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _("Nothing is played any more"));
      return FALSE;
    }
  if (!g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->peer), line, strlen (line),
                                  NULL, NULL, error))
    return FALSE;

  answer = read_first_line (self->answers, "dbr-peer", error);
  if (answer == NULL || g_str_has_prefix (answer, "ok"))
    return answer != NULL;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, answer);

  return FALSE;
}

gboolean
dbrctl_stage_play_again (DbrctlStage  *self,
                         GError      **error)
{
  g_clear_object (&self->answers);
  end_process (g_steal_pointer (&self->peer));

  return dbrctl_stage_start_peer (self, error);
}
