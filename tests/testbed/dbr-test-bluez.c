/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-test-bluez.h"

#include "dbr-test-util.h"

#include <string.h>

/* A peer that plays BlueZ, and what it keeps on disk, so that a killed one comes back with it. */
struct _DbrTestBluez
{
  DbrTestPeer *peer;
  /* the calls that were taken while others were waited for */
  GString     *calls;
};

/* The script, that may be NULL, is run again at each restart; the storage is read before it. */
DbrTestBluez *
dbr_test_bluez_new (DbrTestBus *bus,
                    const char *script)
{
  DbrTestBluez *self = g_new0 (DbrTestBluez, 1);
  g_autofree char *whole = NULL;

  whole = g_strdup_printf ("storage %s/bluez.ini\nplug hci0 " DBR_TEST_BLUEZ_ADAPTER "\n%s",
                           dbr_test_bus_get_folder (bus), script != NULL ? script : "");
  self->peer = dbr_test_peer_new (bus, DBR_TEST_BLUEZ_NAME, whole);
  self->calls = g_string_new (NULL);
  return self;
}

void
dbr_test_bluez_free (DbrTestBluez *self)
{
  dbr_test_peer_free (self->peer);
  g_string_free (self->calls, TRUE);
  g_free (self);
}

DbrTestPeer *
dbr_test_bluez_get_peer (DbrTestBluez *self)
{
  return self->peer;
}

static void
fetch_calls (DbrTestBluez *self)
{
  g_autofree char *calls = dbr_test_peer_ask (self->peer, "calls");

  if (*calls != '\0' && self->calls->len > 0)
    g_string_append_c (self->calls, ' ');
  g_string_append (self->calls, calls);
}

/* The calls to BlueZ since the last time, in turn and separated by spaces. */
char *
dbr_test_bluez_take_calls (DbrTestBluez *self)
{
  char *calls;

  fetch_calls (self);
  calls = g_string_free (self->calls, FALSE);
  self->calls = g_string_new (NULL);
  return calls;
}

/* Returns when these calls, one behind the other, are the last that came. */
void
dbr_test_bluez_wait_for_calls (DbrTestBluez *self,
                               GMainContext *context,
                               const char   *calls)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  for (fetch_calls (self); !g_str_has_suffix (self->calls->str, calls); fetch_calls (self))
    {
      g_autofree char *wanted = g_strdup_printf ("calls: “%s”, not yet “%s”", self->calls->str,
                                                 calls);

      dbr_test_wait_step (context, deadline, wanted, __FILE__, __LINE__, G_STRFUNC);
    }
}

/* What is kept for whom, as in “discovery /org/bluez/hci0 :1.3”. */
char *
dbr_test_bluez_dup_ledger (DbrTestBluez *self)
{
  return dbr_test_peer_ask (self->peer, "ledger");
}

void
dbr_test_bluez_wait_for_ledger (DbrTestBluez *self,
                                GMainContext *context,
                                const char   *part,
                                gboolean      is_there)
{
  gint64 deadline = dbr_test_get_deadline (DBR_TEST_PATIENCE_MS);

  while (TRUE)
    {
      g_autofree char *ledger = dbr_test_bluez_dup_ledger (self);
      g_autofree char *wanted = g_strdup_printf ("ledger: “%s”, and “%s” %s", ledger, part,
                                                 is_there ? "in it" : "not in it");

      if ((strstr (ledger, part) != NULL) == is_there)
        return;
      dbr_test_wait_step (context, deadline, wanted, __FILE__, __LINE__, G_STRFUNC);
    }
}
