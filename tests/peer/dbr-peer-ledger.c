/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbr-peer-ledger.h"

#include <string.h>

struct _DbrPeerLedger
{
  DbrPeerGoneFunc gone;
  gpointer        user_data;

  GPtrArray  *entries;
  /* unique name -> the id of its watch */
  GHashTable *watches;
};

static void
entry_free (gpointer data)
{
  DbrPeerEntry *entry = data;

  g_free (entry->kind);
  g_free (entry->path);
  g_free (entry->sender);
  g_clear_pointer (&entry->value, g_variant_unref);
  g_free (entry);
}

static void
unwatch (gpointer id)
{
  g_bus_unwatch_name (GPOINTER_TO_UINT (id));
}

static gboolean
entry_fits (DbrPeerEntry *entry,
            const char   *kind,
            const char   *path,
            const char   *sender)
{
  return (kind == NULL || strcmp (entry->kind, kind) == 0)
         && (path == NULL || strcmp (entry->path, path) == 0)
         && (sender == NULL || strcmp (entry->sender, sender) == 0);
}

static void
vanished_cb (GDBusConnection *connection,
             const char      *name,
             gpointer         user_data)
{
  DbrPeerLedger *self = user_data;
  g_autofree char *sender = g_strdup (name);

  dbr_peer_ledger_remove (self, NULL, NULL, sender);
  g_hash_table_remove (self->watches, sender);
  self->gone (self->user_data, sender);
}

DbrPeerLedger *
dbr_peer_ledger_new (DbrPeerGoneFunc gone,
                     gpointer        user_data)
{
  DbrPeerLedger *self = g_new0 (DbrPeerLedger, 1);

  self->gone = gone;
  self->user_data = user_data;
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unwatch);
  return self;
}

void
dbr_peer_ledger_free (DbrPeerLedger *self)
{
  g_hash_table_unref (self->watches);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

void
dbr_peer_ledger_await_leaving (DbrPeerLedger   *self,
                               GDBusConnection *connection,
                               const char      *sender)
{
  guint id;

  if (g_hash_table_contains (self->watches, sender))
    return;
  id = g_bus_watch_name_on_connection (connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                       vanished_cb, self, NULL);
  g_hash_table_insert (self->watches, g_strdup (sender), GUINT_TO_POINTER (id));
}

DbrPeerEntry *
dbr_peer_ledger_add (DbrPeerLedger   *self,
                     GDBusConnection *connection,
                     const char      *kind,
                     const char      *path,
                     const char      *sender,
                     GVariant        *value)
{
  DbrPeerEntry *entry = g_new0 (DbrPeerEntry, 1);

  entry->kind = g_strdup (kind);
  entry->path = g_strdup (path);
  entry->sender = g_strdup (sender);
  entry->value = value != NULL ? g_variant_ref_sink (value) : NULL;
  g_ptr_array_add (self->entries, entry);
  dbr_peer_ledger_await_leaving (self, connection, sender);
  return entry;
}

DbrPeerEntry *
dbr_peer_ledger_find (DbrPeerLedger *self,
                      const char    *kind,
                      const char    *path,
                      const char    *sender)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      if (entry_fits (self->entries->pdata[i], kind, path, sender))
        return self->entries->pdata[i];
    }
  return NULL;
}

guint
dbr_peer_ledger_remove (DbrPeerLedger *self,
                        const char    *kind,
                        const char    *path,
                        const char    *sender)
{
  guint n_removed = 0;

  for (guint i = self->entries->len; i > 0; i--)
    {
      if (!entry_fits (self->entries->pdata[i - 1], kind, path, sender))
        continue;
      g_ptr_array_remove_index (self->entries, i - 1);
      n_removed++;
    }
  return n_removed;
}

void
dbr_peer_ledger_remove_all (DbrPeerLedger *self)
{
  g_ptr_array_set_size (self->entries, 0);
  g_hash_table_remove_all (self->watches);
}

/* As “discovery /org/bluez/hci0 :1.3; filter /org/bluez/hci0 :1.3 {'Transport': <'le'>}”, oldest
 * first. */
char *
dbr_peer_ledger_to_text (DbrPeerLedger *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrPeerEntry *entry = self->entries->pdata[i];
      g_autofree char *value = entry->value != NULL ? g_variant_print (entry->value, FALSE) : NULL;

      g_string_append_printf (text, "%s%s %s %s", i > 0 ? "; " : "", entry->kind, entry->path,
                              entry->sender);
      if (value != NULL)
        g_string_append_printf (text, " %s", value);
    }
  return g_string_free (text, FALSE);
}
