/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gives up on an export after 300 ms, and still hears when it is done. */

#include <libdbr.h>

static void
late_reply_cb (DbrClient  *client,
               const char *operation,
               gint64      late_by_usec,
               gpointer    user_data)
{
  GMainLoop *loop = user_data;

  g_print ("It was done all the same, after its limit\n");
  g_main_loop_quit (loop);
}

static void
exported_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  GMainLoop *loop = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dbr_client_call_finish (DBR_CLIENT (source), result, &error);

  if (g_error_matches (error, DBR_ERROR, DBR_ERROR_DEADLINE))
    {
      g_print ("No answer within 300 ms\n");
      return;
    }

  g_print ("%s\n", reply != NULL ? "It was done in time" : error->message);
  g_main_loop_quit (loop);
}

int
main (void)
{
  g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_signal_connect (client, "late-reply", G_CALLBACK (late_reply_cb), loop);
  dbr_client_call_async (client, "org.example.Player", "/org/example/Player",
                         "org.example.Player", "Export",
                         NULL, NULL, 300, NULL, exported_cb, loop);
  g_main_loop_run (loop);

  return 0;
}
