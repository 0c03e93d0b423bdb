/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rewinds a player that may be busy, which is code of one's own that a policy runs again. */

#include <libdbr.h>

static gboolean
rewind_player (DbrClient  *client,
               GError    **error)
{
  g_autoptr(GVariant) reply = dbr_client_call_sync (client, "org.example.Player",
                                                    "/org/example/Player", "org.example.Player",
                                                    "Rewind", NULL, NULL, 0, NULL, error);

  return reply != NULL;
}

int
main (void)
{
  g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_autoptr(DbrRetryPolicy) policy = dbr_retry_policy_new ();
  g_autoptr(DbrRetry) retry = NULL;
  g_autoptr(GError) error = NULL;
  guint attempts = 1;
  guint delay_ms = 0;

  dbr_retry_policy_add_retryable (policy, "org.example.Player.Error.Busy", NULL);
  retry = dbr_retry_policy_begin (policy, 5000, FALSE);
  while (!rewind_player (client, &error)
         && dbr_retry_next (retry, dbr_retry_policy_classify (policy, error), &delay_ms))
    {
      g_clear_error (&error);
      g_usleep (delay_ms * 1000ul);
      attempts++;
    }

  if (error != NULL)
    g_print ("%s\n", error->message);
  g_print ("Attempts: %u\n", attempts);

  return error != NULL ? 1 : 0;
}
