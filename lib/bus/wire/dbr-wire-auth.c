/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-auth-private.h"

#include <string.h>
#include <unistd.h>

#include "base/dbr-i18n-private.h"

/* What one is called who has no name; it is for logs only. */
#define TRACE "libdbr"

typedef enum
{
  STATE_EXTERNAL,
  STATE_ANONYMOUS,
  STATE_DESCRIPTORS,
} State;

static gboolean
is_command (const char *line,
            const char *command)
{
  gsize length = strlen (command);

  return strncmp (line, command, length) == 0 && (line[length] == '\0' || line[length] == ' ');
}

static gboolean
has_word (const char *line,
          const char *word)
{
  g_auto(GStrv) words = g_strsplit (line, " ", -1);

  return g_strv_contains ((const char *const *) words, word);
}

static void
say (GString    *out,
     const char *command,
     const char *argument)
{
  g_string_append (out, command);
  for (const char *c = argument; *c != '\0'; c++)
    g_string_append_printf (out, "%02x", (guchar) *c);
  g_string_append (out, "\r\n");
}

void
dbr_wire_auth_begin (DbrWireAuth *self,
                     gboolean     wants_descriptors,
                     GString     *out)
{
  g_autofree char *user = g_strdup_printf ("%u", (guint) geteuid ());

  self->state = STATE_EXTERNAL;
  self->wants_descriptors = wants_descriptors;
  self->can_pass_descriptors = FALSE;
  self->guid[0] = '\0';

  /* Before all else comes a byte that may carry credentials; Linux needs none in it. */
  g_string_append_c (out, '\0');
  say (out, "AUTH EXTERNAL ", user);
}

static DbrWireAuthStep
auth_fail (const char  *line,
           char       **fault)
{
  g_autofree char *shown = g_utf8_make_valid (line, -1);

  *fault = g_strdup_printf (_("it does not authenticate us: “%s”"), shown);

  return DBR_WIRE_AUTH_FAILED;
}

static DbrWireAuthStep
auth_take_refusal (DbrWireAuth  *self,
                   const char   *line,
                   GString      *out,
                   char        **fault)
{
  if (self->state != STATE_EXTERNAL || !has_word (line, "ANONYMOUS"))
    return auth_fail (line, fault);

  self->state = STATE_ANONYMOUS;
  say (out, "AUTH ANONYMOUS ", TRACE);

  return DBR_WIRE_AUTH_GOES_ON;
}

static DbrWireAuthStep
auth_end (GString *out)
{
  say (out, "BEGIN", "");

  return DBR_WIRE_AUTH_DONE;
}

static DbrWireAuthStep
auth_take_ok (DbrWireAuth *self,
              const char  *guid,
              GString     *out)
{
  g_strlcpy (self->guid, guid, sizeof self->guid);
  if (!self->wants_descriptors)
    return auth_end (out);

  self->state = STATE_DESCRIPTORS;
  say (out, "NEGOTIATE_UNIX_FD", "");

  return DBR_WIRE_AUTH_GOES_ON;
}

DbrWireAuthStep
dbr_wire_auth_take (DbrWireAuth  *self,
                    const char   *line,
                    GString      *out,
                    char        **fault)
{
  if (self->state == STATE_DESCRIPTORS)
    {
      self->can_pass_descriptors = is_command (line, "AGREE_UNIX_FD");
      if (!self->can_pass_descriptors && !is_command (line, "ERROR"))
        return auth_fail (line, fault);
      return auth_end (out);
    }

  if (is_command (line, "OK"))
    return auth_take_ok (self, line[2] != '\0' ? line + 3 : "", out);
  if (is_command (line, "REJECTED"))
    return auth_take_refusal (self, line, out, fault);

  /* All that there is to say was said with the first line. */
  if (is_command (line, "DATA"))
    {
      say (out, "DATA", "");
      return DBR_WIRE_AUTH_GOES_ON;
    }

  return auth_fail (line, fault);
}
