/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>

/* Watches a player, and says when it hangs and when it works again. */

static void
stalled_cb (DbrServiceMonitor *monitor,
            gint64             silent_usec,
            gpointer           user_data)
{
  g_print ("It hangs\n");
}

static void
recovered_cb (DbrServiceMonitor *monitor,
              gint64             down_usec,
              gpointer           user_data)
{
  GMainLoop *loop = user_data;

  g_print ("It works again\n");
  g_main_loop_quit (loop);
}

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(DbrClient) client = dbr_client_new (G_BUS_TYPE_SESSION);
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, "org.example.Player");
  g_autoptr(GError) error = NULL;

  dbr_service_monitor_set_interval_ms (monitor, 200);
  g_signal_connect (monitor, "stalled", G_CALLBACK (stalled_cb), NULL);
  g_signal_connect (monitor, "recovered", G_CALLBACK (recovered_cb), loop);
  if (!dbr_service_monitor_start (monitor, &error)
      || !dbr_service_monitor_wait_healthy_sync (monitor, 5000, NULL, &error))
    {
      g_print ("%s\n", error->message);
      return 1;
    }

  g_print ("It works\n");
  dbr_client_call_async (client, "org.example.Player", "/org/example/Player",
                         "org.example.Player", "Play", NULL, NULL, 0, NULL, NULL, NULL);
  g_main_loop_run (loop);

  return 0;
}
