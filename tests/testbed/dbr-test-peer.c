/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-peer.h"

#include "dbr-test-process.h"
#include "dbr-test-reaper.h"
#include "dbr-test-util.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

/* One dbr-peer in a process of its own, commanded through its standard input, so that it can be
 * asked what it did even when its bus is dead. */
struct _DbrTestPeer
{
  /* configuration */
  char *address;
  char *name;
  char *script;
  char *folder;

  /* state */
  DbrTestProcess *process;
  char           *identity;
};

const char *
dbr_test_peer_get_program (void)
{
  const char *program = g_getenv ("DBR_TEST_PEER");

  return program != NULL ? program : DBR_TEST_PEER_PROGRAM;
}

static void
start (DbrTestPeer *self)
{
  gboolean is_listening = self->folder != NULL;
  const char *arguments[] = {
    dbr_test_peer_get_program (), "--quiet", is_listening ? "--listen" : "--address", self->address,
    "--run", self->script, self->name != NULL ? "--name" : NULL, self->name, NULL
  };
  g_autofree char *line = NULL;
  const char *reason = NULL;

  if (is_listening)
    g_unlink (strchr (self->address, '=') + 1);
  self->process = dbr_test_process_new (arguments, TRUE, -1);
  line = dbr_test_process_read_line (self->process, DBR_TEST_PATIENCE_MS, &reason);
  if (line == NULL)
    dbr_test_fail ("the peer %s is not ready: %s (DBR_TEST_VERBOSE=1 shows what it says)",
                   self->name != NULL ? self->name : self->address, reason);
  if (!g_str_has_prefix (line, "ready "))
    dbr_test_fail ("the peer %s says “%s” instead of ready", self->name, line);
  g_free (self->identity);
  self->identity = g_strdup (line + strlen ("ready "));
}

/* A peer on a bus; `name` and `script` may be NULL. Returns when it owns its name. */
DbrTestPeer *
dbr_test_peer_new (DbrTestBus *bus,
                   const char *name,
                   const char *script)
{
  return dbr_test_peer_new_for_address (dbr_test_bus_get_address (bus), name, script);
}

DbrTestPeer *
dbr_test_peer_new_for_address (const char *address,
                               const char *name,
                               const char *script)
{
  DbrTestPeer *self = g_new0 (DbrTestPeer, 1);

  self->address = g_strdup (address);
  self->name = g_strdup (name);
  self->script = g_strdup (script != NULL ? script : "");
  start (self);
  return self;
}

/* A peer without a bus, that waits for connections at dbr_test_peer_get_address(). */
DbrTestPeer *
dbr_test_peer_new_listening (const char *script)
{
  DbrTestPeer *self = g_new0 (DbrTestPeer, 1);

  self->folder = dbr_test_reaper_make_folder ();
  self->address = g_strdup_printf ("unix:path=%s/peer", self->folder);
  self->script = g_strdup (script != NULL ? script : "");
  start (self);
  return self;
}

void
dbr_test_peer_free (DbrTestPeer *self)
{
  g_clear_pointer (&self->process, dbr_test_process_free);
  if (self->folder != NULL)
    dbr_test_reaper_remove_folder (self->folder);
  g_free (self->address);
  g_free (self->name);
  g_free (self->script);
  g_free (self->folder);
  g_free (self->identity);
  g_free (self);
}

GPid
dbr_test_peer_get_pid (DbrTestPeer *self)
{
  return dbr_test_process_get_pid (self->process);
}

/* That of the last start: after the commands close and reconnect it is another one. */
const char *
dbr_test_peer_get_unique_name (DbrTestPeer *self)
{
  return self->folder == NULL ? self->identity : NULL;
}

/* The address of the bus, or the one a listening peer waits at. */
const char *
dbr_test_peer_get_address (DbrTestPeer *self)
{
  return self->address;
}

gboolean
dbr_test_peer_is_alive (DbrTestPeer *self)
{
  return dbr_test_process_is_alive (self->process);
}

static char *
exchange (DbrTestPeer *self,
          const char  *line)
{
  g_autoptr(GError) error = NULL;
  char *value = dbr_test_peer_try (self, line, &error);

  if (value == NULL)
    dbr_test_fail ("the peer (pid %d, state %c) does not take “%s”: %s",
                   (int) dbr_test_peer_get_pid (self),
                   dbr_test_process_read_state (dbr_test_peer_get_pid (self)), line,
                   error->message);
  return value;
}

/* One statement of the script language; returns when the peer has acknowledged it. */
void
dbr_test_peer_tell (DbrTestPeer *self,
                    const char  *format,
                    ...)
{
  va_list arguments;
  g_autofree char *line = NULL;
  g_autofree char *value = NULL;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  value = exchange (self, line);
}

/* As dbr_test_peer_tell(), for what has a value. */
char *
dbr_test_peer_ask (DbrTestPeer *self,
                   const char  *format,
                   ...)
{
  va_list arguments;
  g_autofree char *line = NULL;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return exchange (self, line);
}

/* As dbr_test_peer_ask(), but a peer that does not take the line is an error and no failure. */
char *
dbr_test_peer_try (DbrTestPeer *self,
                   const char  *line,
                   GError     **error)
{
  g_autofree char *answer = NULL;
  const char *reason = "that is more than one statement";

  if (strpbrk (line, "\n") == NULL && strstr (line, ";;") == NULL)
    {
      dbr_test_process_write (self->process, line);
      answer = dbr_test_process_read_line (self->process, DBR_TEST_PATIENCE_MS, &reason);
    }
  if (answer != NULL && g_str_has_prefix (answer, "ok"))
    return g_strdup (g_strchug (answer + strlen ("ok")));
  if (answer != NULL && g_str_has_prefix (answer, "error "))
    reason = answer + strlen ("error ");
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, reason);
  return NULL;
}

/* Returns how many calls of a method the peer has served. */
guint
dbr_test_peer_count (DbrTestPeer *self,
                     const char  *member)
{
  g_autofree char *value = dbr_test_peer_ask (self, "count %s", member);

  return (guint) atoi (value);
}

/* Returns how many calls with this string as first argument the peer has served. */
guint
dbr_test_peer_executions (DbrTestPeer *self,
                          const char  *token)
{
  g_autofree char *value = dbr_test_peer_ask (self, "executions %s", token);

  return (guint) atoi (value);
}

/* Returns when the peer has really stopped. Until it goes on it cannot be told anything. */
void
dbr_test_peer_stop (DbrTestPeer *self)
{
  dbr_test_process_stop (self->process);
}

void
dbr_test_peer_cont (DbrTestPeer *self)
{
  dbr_test_process_cont (self->process);
}

/* Returns when the peer is dead; its bus may take a moment longer to see it. */
void
dbr_test_peer_kill (DbrTestPeer *self)
{
  dbr_test_process_kill (self->process);
}

/* Waits for a death of the peer's own doing, and returns its status as waitpid() gives it. */
int
dbr_test_peer_wait_death (DbrTestPeer *self)
{
  if (!dbr_test_process_wait (self->process, DBR_TEST_PATIENCE_MS))
    dbr_test_fail ("the peer (pid %d) lives on", (int) dbr_test_peer_get_pid (self));
  return dbr_test_process_get_status (self->process);
}

/* Kills the peer if it lives and starts a new one with the same name and script; its counts begin
 * at zero. */
void
dbr_test_peer_restart (DbrTestPeer *self)
{
  g_clear_pointer (&self->process, dbr_test_process_free);
  start (self);
}
