/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks a player for its first track, and says what became of the call. */

#include <libdbr.h>

int
main (void)
{
  g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_autoptr(DbrCall) call = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  const char *track;

  call = dbr_call_new ("org.example.Player", "/org/example/Player", "org.example.Player", "Play",
                       g_variant_new ("(u)", 1));
  dbr_call_set_reply_type (call, G_VARIANT_TYPE ("(s)"));
  dbr_call_set_timeout_ms (call, 500);

  reply = dbr_client_run_sync (client, call, NULL, &error);
  if (reply != NULL)
    {
      g_variant_get (reply, "(&s)", &track);
      g_print ("It plays %s\n", track);
      return 0;
    }

  g_print ("%s\n", error->message);
  if (dbr_call_get_execution (call) == DBR_EXECUTION_MAYBE)
    g_print ("It may play all the same\n");

  return 1;
}
