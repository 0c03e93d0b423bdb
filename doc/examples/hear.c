/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lets a player play, and tells of each track until there is none. */

#include <libdbr.h>

static void
received_cb (DbrSubscription *tracks,
             const char      *sender,
             const char      *object_path,
             const char      *interface_name,
             const char      *member,
             GVariant        *parameters,
             gpointer         user_data)
{
  GMainLoop *loop = user_data;
  const char *track;

  g_variant_get (parameters, "(&s)", &track);
  if (*track != '\0')
    g_print ("Now %s\n", track);
  else
    g_main_loop_quit (loop);
}

int
main (void)
{
  g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(DbrSubscription) tracks = NULL;
  g_autoptr(GError) error = NULL;

  tracks = dbr_subscription_new (client, "org.example.Player", "/org/example/Player",
                                 "org.example.Player", "TrackChanged", NULL,
                                 DBR_SUBSCRIPTION_FLAGS_NONE);
  g_signal_connect (tracks, "received", G_CALLBACK (received_cb), loop);
  if (!dbr_subscription_start_sync (tracks, NULL, &error))
    {
      g_print ("%s\n", error->message);
      return 1;
    }

  dbr_client_call_async (client, "org.example.Player", "/org/example/Player", "org.example.Player",
                         "Play", NULL, NULL, 0, NULL, NULL, NULL);
  g_main_loop_run (loop);

  return 0;
}
