/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <libdbr.h>

/* A call on a bus that is not there ends, and says so. */
int
main (void)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address ("unix:path=/nonexistent");
  g_autoptr(GError) error = NULL;

  if (dbr_client_ping_sync (client, "org.example.Peer", NULL, &error) >= 0)
    return 1;

  g_print ("%s\n", error->message);

  return g_error_matches (error, DBR_ERROR, DBR_ERROR_NO_BUS) ? 0 : 1;
}
