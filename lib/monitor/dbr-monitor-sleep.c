/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-monitor-core-private.h"

#include "bus/dbr-client-private.h"

/* Where there is a login manager on the bus of the monitor, it says when the machine goes to sleep.
 * Elsewhere the clocks tell that it did. */

#define LOGIN_LIMIT_MS 10000

static DbrMatchRule *
rule_new (void)
{
  return dbr_match_rule_new ("org.freedesktop.login1", "/org/freedesktop/login1",
                             "org.freedesktop.login1.Manager", "PrepareForSleep", NULL,
                             DBR_SUBSCRIPTION_FLAGS_NONE);
}

gboolean
dbr_monitor_core_may_hear_sleep (DbrClient *client)
{
  g_autoptr(DbrMatchRule) rule = rule_new ();

  return dbr_link_has_bus (client->link) && client->access_bus != DBR_ACCESS_BUS_SESSION
         && dbr_client_judge_signals (client, rule, NULL);
}

static void
heard_cb (DbrMessage *signal,
          gpointer    user_data)
{
  DbrMonitorCore *self = user_data;
  g_autoptr(GVariant) body = dbr_message_dup_body (signal);
  DbrStallEvents events = DBR_STALL_EVENT_NONE;
  gboolean is_going_to_sleep;

  if (!g_variant_is_of_type (body, G_VARIANT_TYPE ("(b)")))
    return;

  g_variant_get (body, "(b)", &is_going_to_sleep);
  dbr_monitor_core_lock (self);
  if (self->n_holds > 0)
    events = dbr_stall_detector_sleep_changed (&self->detector, is_going_to_sleep);
  dbr_monitor_core_unlock (self, events);
}

/* A bus that refuses it has none. */
static void
listening_cb (const GError *error,
              gpointer      user_data)
{
}

DbrListener *
dbr_monitor_core_listen_to_sleep (DbrMonitorCore *self)
{
  DbrDispatcher *dispatcher = dbr_inquirer_get_dispatcher (self->inquirer);
  g_autoptr(DbrMatchRule) rule = rule_new ();

  if (!self->may_hear_sleep)
    return NULL;

  return dbr_matches_add (dbr_link_get_matches (dispatcher->link), rule, LOGIN_LIMIT_MS, heard_cb,
                          listening_cb, dbr_monitor_core_ref (self),
                          (GDestroyNotify) dbr_monitor_core_unref);
}
