/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "bus/wire/dbr-wire-auth-private.h"
#include "dbr-fuzz.h"

/* What the other end says before it lets us in, line by line. Whatever it says, nothing is told but
 * the few commands that there are, and only one who agreed is sent descriptors. */

static const char *const commands[] = {
  "AUTH EXTERNAL ", "AUTH ANONYMOUS ", "DATA", "NEGOTIATE_UNIX_FD", "BEGIN",
};

static gboolean
is_command (const char *line)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_str_has_prefix (line, commands[i]))
        return strspn (line + strlen (commands[i]), "0123456789abcdef")
               == strlen (line) - strlen (commands[i]);
    }

  return FALSE;
}

/* One command at most for one line. */
static void
check_said (const char *said,
            const char *wanted)
{
  g_autofree char *line = g_strdup (said);

  if (wanted == NULL && *said == '\0')
    return;

  g_assert_true (g_str_has_suffix (line, "\r\n"));
  line[strlen (line) - 2] = '\0';
  g_assert_true (is_command (line));
  g_assert_true (wanted == NULL || g_str_equal (line, wanted));
}

static void
check_step (DbrWireAuth     *auth,
            const char      *line,
            DbrWireAuthStep  step,
            const char      *said,
            const char      *fault)
{
  g_assert_true ((fault != NULL) == (step == DBR_WIRE_AUTH_FAILED));
  if (fault != NULL)
    fuzz_assert_shown (fault);
  check_said (said, step == DBR_WIRE_AUTH_DONE ? "BEGIN" : NULL);
  g_assert_true (!auth->can_pass_descriptors
                 || (auth->wants_descriptors && g_str_has_prefix (line, "AGREE_UNIX_FD")));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  FuzzInput input = { data, size };
  g_autoptr(GString) said = g_string_new (NULL);
  DbrWireAuthStep step = DBR_WIRE_AUTH_GOES_ON;
  DbrWireAuth auth;

  dbr_wire_auth_begin (&auth, fuzz_take_byte (&input) % 2 == 0, said);
  g_assert_cmpint (said->str[0], ==, '\0');
  check_said (said->str + 1, NULL);
  while (step == DBR_WIRE_AUTH_GOES_ON)
    {
      g_autofree char *line = fuzz_take_line (&input);
      g_autofree char *fault = NULL;

      if (line == NULL)
        break;

      g_string_truncate (said, 0);
      step = dbr_wire_auth_take (&auth, line, said, &fault);
      check_step (&auth, line, step, said->str, fault);
    }

  return 0;
}
