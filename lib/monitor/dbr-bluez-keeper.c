/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-monitor-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-wish-private.h"

/* Keeping devices connected. BlueZ tries itself first where it knows how, so it is left two
 * seconds; and a connection that somebody has ended on purpose, at either end, stays ended. */

#define PRESET "reconnect"
#define GRACE_MS 2000
/* The reason comes beside the change of the property, before or after it. */
#define REASON_MS 50

typedef struct
{
  DbrBluezCore *core;
  char         *key;
  DbrRetryState retry;
  /* why the connection ended */
  gboolean      was_parting;
} Errand;

static void
errand_free (Errand *errand)
{
  dbr_retry_state_clear (&errand->retry);
  dbr_bluez_core_unref (errand->core);
  g_free (errand->key);
  g_free (errand);
}

static Errand *
errand_new (DbrBluezCore *core,
            DbrBluezNode *node)
{
  g_autoptr(DbrRetryPlan) plan = dbr_retry_plan_lookup (PRESET);
  Errand *errand = g_new0 (Errand, 1);

  errand->core = dbr_bluez_core_ref (core);
  errand->key = g_strdup (node->key);
  errand->was_parting = node->is_parting;
  dbr_retry_state_init (&errand->retry, plan, dbr_random_get_system (), G_MAXINT64, TRUE);

  return errand;
}

static void
errand_later (Errand     *errand,
              guint       ms,
              GSourceFunc func)
{
  g_autoptr(GSource) source = g_timeout_source_new (ms);

  g_source_set_static_name (source, "dbr-bluez keeper");
  g_source_set_callback (source, func, errand, NULL);
  g_source_attach (source, dbr_io_get_context ());
}

static gboolean reconnect_cb (gpointer user_data);

static void
reconnected_cb (gpointer      user_data,
                const GError *error)
{
  Errand *errand = user_data;
  DbrRetryVerdict verdict = { DBR_FAILURE_NOT_DELIVERED, TRUE, NULL };
  DbrBluezNode *node = dbr_bluez_core_lookup (errand->core, errand->key);
  guint delay_ms;

  if (error == NULL)
    {
      dbr_herald_tell (errand->core->herald, dbr_bluez_monitor_tell_reconnected,
                       g_strdup (errand->key), g_free);
      errand_free (errand);
      return;
    }
  if (node == NULL || !node->is_kept || !node->is_wanted || dbr_bluez_core_is_over (errand->core)
      || !dbr_retry_state_next (&errand->retry, g_get_monotonic_time (), &verdict, 0, &delay_ms))
    {
      errand_free (errand);
      return;
    }

  errand_later (errand, delay_ms, reconnect_cb);
}

/* Meanwhile BlueZ, or anyone, may have done it. */
static gboolean
reconnect_cb (gpointer user_data)
{
  Errand *errand = user_data;
  DbrBluezNode *node = dbr_bluez_core_lookup (errand->core, errand->key);

  if (node == NULL || node->path == NULL || !node->is_kept || !node->is_wanted
      || node->is_connected || dbr_bluez_core_is_over (errand->core))
    {
      errand_free (errand);
      return G_SOURCE_REMOVE;
    }

  dbr_bluez_operation_run (dbr_bluez_connect_new (errand->core, node->adapter, node->key),
                           reconnected_cb, errand);

  return G_SOURCE_REMOVE;
}

/* Now the reason is known, if BlueZ tells any. */
static gboolean
lost_cb (gpointer user_data)
{
  Errand *errand = user_data;
  DbrBluezNode *node = dbr_bluez_core_lookup (errand->core, errand->key);
  DbrBluezParting *parting;
  gboolean is_meant;

  if (node == NULL || dbr_bluez_core_is_over (errand->core))
    {
      errand_free (errand);
      return G_SOURCE_REMOVE;
    }

  parting = g_new0 (DbrBluezParting, 1);
  parting->device = g_strdup (node->key);
  parting->reason = node->reason;
  is_meant = errand->was_parting
             || node->reason == DBR_DISCONNECT_REASON_LOCAL
             || node->reason == DBR_DISCONNECT_REASON_REMOTE
             || node->reason == DBR_DISCONNECT_REASON_AUTHENTICATION;
  if (node->reason == DBR_DISCONNECT_REASON_TIMEOUT
      || node->reason == DBR_DISCONNECT_REASON_SUSPEND)
    dbr_bluez_wishes_drop (node, "Connected");
  node->reason = DBR_DISCONNECT_REASON_UNKNOWN;
  dbr_herald_tell (errand->core->herald, dbr_bluez_monitor_tell_parting, parting,
                   dbr_bluez_parting_free);
  if (is_meant)
    node->is_wanted = FALSE;
  if (is_meant || !node->is_kept)
    {
      errand_free (errand);
      return G_SOURCE_REMOVE;
    }

  node->is_wanted = TRUE;
  errand_later (errand, GRACE_MS, reconnect_cb);

  return G_SOURCE_REMOVE;
}

void
dbr_bluez_keeper_lost (DbrBluezCore *core,
                       DbrBluezNode *node)
{
  Errand *errand = errand_new (core, node);

  node->is_parting = FALSE;
  errand_later (errand, REASON_MS, lost_cb);
}

/* One that went with its owner, or out of sight, while it was to be kept. */
void
dbr_bluez_keeper_seen (DbrBluezCore *core,
                       DbrBluezNode *node)
{
  if (node->is_kept && node->is_wanted && !node->is_connected)
    errand_later (errand_new (core, node), GRACE_MS, reconnect_cb);
}
