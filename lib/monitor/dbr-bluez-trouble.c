/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-core-private.h"
#include "monitor/dbr-bluez-monitor-private.h"

/* Signs that a controller does not do what BlueZ tells it, while BlueZ itself answers. */

/* So many failures of the controller's own kind in a row, and it is told. */
#define FAULTS_TO_STALL 2

/* Whatever comes from below an adapter shows that it hears something. */
void
dbr_bluez_core_note_heard (DbrBluezCore *self,
                           const char   *path)
{
  gsize length = strlen (DBR_BLUEZ_ROOT "/");
  g_autofree char *adapter_path = NULL;
  DbrBluezNode *adapter;

  if (strncmp (path, DBR_BLUEZ_ROOT "/", length) != 0 || strchr (path + length, '/') == NULL)
    return;

  adapter_path = g_strndup (path, (gsize) (strchr (path + length, '/') - path));
  adapter = dbr_bluez_core_lookup_path (self, adapter_path);
  if (adapter == NULL)
    return;

  adapter->heard_usec = g_get_monotonic_time ();
  adapter->is_silent = FALSE;
}

void
dbr_bluez_core_judge_adapter (DbrBluezCore *self,
                              const char   *adapter,
                              gboolean      is_fault)
{
  DbrBluezNode *node = adapter != NULL ? dbr_bluez_core_lookup (self, adapter) : NULL;

  if (node == NULL)
    return;

  if (!is_fault)
    {
      node->n_faults = 0;
      return;
    }

  node->n_faults++;
  if (node->n_faults == FAULTS_TO_STALL)
    dbr_herald_tell (self->herald, dbr_bluez_monitor_tell_adapter_stalled, g_strdup (node->key),
                     g_free);
}

gboolean
dbr_bluez_node_is_faulty (DbrBluezNode *self)
{
  return self->n_faults >= FAULTS_TO_STALL || self->is_silent;
}

static void
look_for_silence (DbrBluezCore *self,
                  DbrBluezNode *node,
                  gint64        now)
{
  DbrBluezSilence *silence;
  gint64 silent_usec = now - node->heard_usec;

  if (!dbr_bluez_core_is (self, node->path, DBR_BLUEZ_ADAPTER_INTERFACE, "Discovering"))
    {
      node->heard_usec = now;
      node->is_silent = FALSE;
      return;
    }
  if (node->is_silent || silent_usec < (gint64) self->silence_ms * 1000)
    return;

  node->is_silent = TRUE;
  silence = g_new0 (DbrBluezSilence, 1);
  silence->adapter = g_strdup (node->key);
  silence->silent_usec = silent_usec;
  dbr_herald_tell (self->herald, dbr_bluez_monitor_tell_silent, silence, dbr_bluez_silence_free);
}

static gboolean
silence_cb (gpointer user_data)
{
  DbrBluezCore *self = user_data;
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_path);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrBluezNode *node = value;

      if (node->adapter == NULL)
        look_for_silence (self, node, now);
    }

  return G_SOURCE_CONTINUE;
}

void
dbr_bluez_core_watch_silence (DbrBluezCore *self)
{
  self->silence = g_timeout_source_new (MAX (self->silence_ms / 6, 10));
  g_source_set_static_name (self->silence, "dbr-bluez silence");
  g_source_set_callback (self->silence, silence_cb, self, NULL);
  g_source_attach (self->silence, dbr_io_get_context ());
}
