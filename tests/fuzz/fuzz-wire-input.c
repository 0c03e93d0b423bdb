/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "bus/wire/dbr-wire-auth-private.h"
#include "bus/wire/dbr-wire-input-private.h"
#include "dbr-fuzz.h"

/* All that a client reads in its life: lines until it is let in, and then messages. The first byte
 * says in what pieces it comes. */

static gboolean
take_lines (DbrWireInput *input,
            DbrWireAuth  *auth,
            gboolean     *is_in)
{
  g_autoptr(GString) output = g_string_new (NULL);
  const char *fault = NULL;
  char *line;

  while (!*is_in && (line = dbr_wire_input_take_line (input, &fault)) != NULL)
    {
      g_autofree char *reason = NULL;
      DbrWireAuthStep step = dbr_wire_auth_take (auth, line, output, &reason);

      g_free (line);
      *is_in = step == DBR_WIRE_AUTH_DONE;
      if (step == DBR_WIRE_AUTH_FAILED)
        return FALSE;
    }

  return fault == NULL;
}

static gboolean
take_messages (DbrWireInput *input)
{
  const char *fault = NULL;
  DbrWireMessage *message;

  while ((message = dbr_wire_input_take_message (input, 1, &fault)) != NULL)
    dbr_wire_message_unref (message);

  return fault == NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr(DbrWireInput) input = dbr_wire_input_new ();
  g_autoptr(GString) output = g_string_new (NULL);
  gsize piece = size > 0 ? 1 + data[0] * 16u : 1;
  gboolean goes_on = TRUE;
  gboolean is_in = FALSE;
  DbrWireAuth auth;
  int ends[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, ends));
  dbr_wire_auth_begin (&auth, TRUE, output);
  for (gsize at = 1; at < size && goes_on; at += piece)
    {
      gsize part = MIN (piece, size - at);

      g_assert_cmpint (write (ends[0], data + at, part), ==, part);
      dbr_wire_input_read (input, ends[1], NULL);
      goes_on = (is_in || take_lines (input, &auth, &is_in)) && (!is_in || take_messages (input));
    }
  close (ends[0]);
  close (ends[1]);

  return 0;
}
