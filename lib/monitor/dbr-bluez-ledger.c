/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "monitor/dbr-bluez-ledger-private.h"

#include <string.h>

#include "base/dbr-io-private.h"
#include "monitor/dbr-bluez-operation-private.h"
#include "monitor/dbr-bluez-wish-private.h"

/* What could not be repeated is tried again after this, and twice as long each time. */
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 60000
/* An adapter that has stopped searching may be about to be off, or to go. */
#define SEARCH_PAUSE_MS 250

struct _DbrBluezLedger
{
  DbrBluezCore *core;
  /* in the order of their kinds, and of coming within a kind */
  GPtrArray    *entries;
  gboolean      is_busy;
  GSource      *pause;
};

static void
entry_free (gpointer data)
{
  DbrBluezEntry *entry = data;

  g_free (entry->node);
  g_free (entry->rest);
  g_free (entry->interface_name);
  g_free (entry->member);
  g_free (entry->problem);
  g_clear_pointer (&entry->parameters, g_variant_unref);
  g_free (entry);
}

static void
standing_free (gpointer data)
{
  DbrBluezStanding *standing = data;

  g_free (standing->node);
  g_free (standing->rest);
  g_free (standing->interface_name);
  g_free (standing->problem);
  g_clear_pointer (&standing->parameters, g_variant_unref);
  g_free (standing);
}

DbrBluezLedger *
dbr_bluez_ledger_new (DbrBluezCore *core)
{
  DbrBluezLedger *self = g_new0 (DbrBluezLedger, 1);

  self->core = core;
  self->entries = g_ptr_array_new_with_free_func (entry_free);

  return self;
}

void
dbr_bluez_ledger_free (DbrBluezLedger *self)
{
  dbr_bluez_clear_source (&self->pause);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

/* The object that is registered is what tells registrations of one interface apart. */
static gboolean
is_same_object (GVariant *one,
                GVariant *other)
{
  g_autoptr(GVariant) first = NULL;
  g_autoptr(GVariant) second = NULL;

  if (one == NULL || other == NULL || g_variant_n_children (one) == 0
      || g_variant_n_children (other) == 0)
    return TRUE;

  first = g_variant_get_child_value (one, 0);
  second = g_variant_get_child_value (other, 0);

  return g_variant_equal (first, second);
}

DbrBluezEntry *
dbr_bluez_ledger_find (DbrBluezLedger    *self,
                       DbrBluezEntryKind  kind,
                       const char        *node,
                       const char        *rest,
                       const char        *interface_name,
                       GVariant          *parameters)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrBluezEntry *entry = self->entries->pdata[i];

      if (entry->kind == kind
          && g_strcmp0 (entry->node, node) == 0
          && g_strcmp0 (entry->rest, rest) == 0
          && g_strcmp0 (entry->interface_name, interface_name) == 0
          && (kind == DBR_BLUEZ_ENTRY_DISCOVERY || kind == DBR_BLUEZ_ENTRY_POWER
              || is_same_object (entry->parameters, parameters)))
        return entry;
    }

  return NULL;
}

static void
set_holds (DbrBluezLedger *self,
           DbrBluezEntry  *entry)
{
  entry->generation = self->core->generation;
  entry->lease_serial = self->core->lease_serial;
  entry->n_failures = 0;
  entry->not_before_usec = 0;
  g_clear_pointer (&entry->problem, g_free);
}

void
dbr_bluez_ledger_note (DbrBluezLedger    *self,
                       DbrBluezEntryKind  kind,
                       const char        *node,
                       const char        *rest,
                       const char        *interface_name,
                       const char        *member,
                       GVariant          *parameters,
                       gboolean           flag)
{
  DbrBluezEntry *entry = dbr_bluez_ledger_find (self, kind, node, rest, interface_name, parameters);
  guint place = 0;

  if (entry == NULL)
    {
      entry = g_new0 (DbrBluezEntry, 1);
      entry->kind = kind;
      entry->node = g_strdup (node);
      entry->rest = g_strdup (rest);
      entry->interface_name = g_strdup (interface_name);
      while (place < self->entries->len
             && ((DbrBluezEntry *) self->entries->pdata[place])->kind <= kind)
        place++;
      g_ptr_array_insert (self->entries, (int) place, entry);
    }
  g_free (entry->member);
  entry->member = g_strdup (member);
  g_clear_pointer (&entry->parameters, g_variant_unref);
  entry->parameters = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  entry->flag = flag;
  entry->noted_usec = g_get_monotonic_time ();
  set_holds (self, entry);
}

void
dbr_bluez_ledger_note_power (DbrBluezLedger *self,
                             const char     *adapter,
                             gboolean        is_powered)
{
  dbr_bluez_ledger_note (self, DBR_BLUEZ_ENTRY_POWER, adapter, NULL, NULL, NULL, NULL, is_powered);
}

void
dbr_bluez_ledger_note_discovery (DbrBluezLedger *self,
                                 const char     *adapter,
                                 GVariant       *filter)
{
  dbr_bluez_ledger_note (self, DBR_BLUEZ_ENTRY_DISCOVERY, adapter, NULL, NULL, NULL, filter, FALSE);
}

void
dbr_bluez_ledger_forget (DbrBluezLedger *self,
                         DbrBluezEntry  *entry)
{
  g_ptr_array_remove (self->entries, entry);
}

void
dbr_bluez_ledger_forget_discovery (DbrBluezLedger *self,
                                   const char     *adapter)
{
  DbrBluezEntry *entry = dbr_bluez_ledger_find (self, DBR_BLUEZ_ENTRY_DISCOVERY, adapter, NULL,
                                                NULL, NULL);

  if (entry != NULL)
    dbr_bluez_ledger_forget (self, entry);
}

gboolean
dbr_bluez_ledger_holds (DbrBluezLedger      *self,
                        const DbrBluezEntry *entry)
{
  if (entry->generation == 0 || entry->generation != self->core->generation)
    return FALSE;

  return entry->kind == DBR_BLUEZ_ENTRY_POWER
         || !dbr_bluez_core_can_lease (self->core)
         || (self->core->lease != NULL && entry->lease_serial == self->core->lease_serial);
}

gboolean
dbr_bluez_ledger_is_discovering (DbrBluezLedger *self,
                                 const char     *adapter)
{
  DbrBluezEntry *entry = dbr_bluez_ledger_find (self, DBR_BLUEZ_ENTRY_DISCOVERY, adapter, NULL,
                                                NULL, NULL);

  return entry != NULL && dbr_bluez_ledger_holds (self, entry);
}

gboolean
dbr_bluez_ledger_is_settled (DbrBluezLedger *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrBluezEntry *entry = self->entries->pdata[i];

      if ((entry->kind == DBR_BLUEZ_ENTRY_AGENT || entry->kind == DBR_BLUEZ_ENTRY_REGISTRATION)
          && !dbr_bluez_ledger_holds (self, entry))
        return FALSE;
    }

  return TRUE;
}

void
dbr_bluez_ledger_lost (DbrBluezLedger *self,
                       const char     *node)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrBluezEntry *entry = self->entries->pdata[i];

      if (node != NULL ? g_strcmp0 (entry->node, node) == 0
          : entry->kind == DBR_BLUEZ_ENTRY_AGENT || entry->kind == DBR_BLUEZ_ENTRY_REGISTRATION)
        entry->generation = 0;
    }
  dbr_bluez_core_poke (self->core);
}

/* What an adapter was asked to be, or what somebody has made of it since. */
static gboolean
get_power (DbrBluezLedger      *self,
           const DbrBluezEntry *entry)
{
  DbrBluezNode *node = dbr_bluez_core_lookup (self->core, entry->node);
  g_autoptr(GVariant) wish = NULL;

  if (node != NULL)
    wish = dbr_bluez_wishes_ref (node, "Powered", entry->noted_usec);

  return wish != NULL ? g_variant_get_boolean (wish) : entry->flag;
}

GPtrArray *
dbr_bluez_ledger_survey (DbrBluezLedger *self)
{
  GPtrArray *standings = g_ptr_array_new_with_free_func (standing_free);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const DbrBluezEntry *entry = self->entries->pdata[i];
      DbrBluezStanding *standing = g_new0 (DbrBluezStanding, 1);

      standing->kind = entry->kind;
      standing->node = g_strdup (entry->node);
      standing->rest = g_strdup (entry->rest);
      standing->interface_name = g_strdup (entry->interface_name);
      standing->parameters = entry->parameters != NULL ? g_variant_ref (entry->parameters) : NULL;
      standing->flag = entry->kind == DBR_BLUEZ_ENTRY_POWER ? get_power (self, entry) : entry->flag;
      standing->holds = dbr_bluez_ledger_holds (self, entry);
      standing->problem = g_strdup (entry->problem);
      g_ptr_array_add (standings, standing);
    }

  return standings;
}

/* Repeating */

static gboolean
pause_cb (gpointer user_data)
{
  DbrBluezLedger *self = user_data;

  g_clear_pointer (&self->pause, g_source_unref);
  dbr_bluez_core_poke (self->core);

  return G_SOURCE_REMOVE;
}

/* One timer for all: who is woken too early waits again. */
static void
pause_until (DbrBluezLedger *self,
             DbrBluezEntry  *entry,
             guint           ms)
{
  entry->not_before_usec = g_get_monotonic_time () + (gint64) ms * 1000;
  dbr_bluez_clear_source (&self->pause);
  self->pause = g_timeout_source_new (ms);
  g_source_set_static_name (self->pause, "dbr-bluez ledger");
  g_source_set_callback (self->pause, pause_cb, self, NULL);
  g_source_attach (self->pause, dbr_io_get_context ());
}

void
dbr_bluez_ledger_searched (DbrBluezLedger *self,
                           const char     *adapter)
{
  DbrBluezEntry *entry = dbr_bluez_ledger_find (self, DBR_BLUEZ_ENTRY_DISCOVERY, adapter, NULL,
                                                NULL, NULL);

  if (entry == NULL || entry->generation == 0)
    return;

  entry->generation = 0;
  pause_until (self, entry, SEARCH_PAUSE_MS);
}

static gboolean
is_possible (DbrBluezLedger *self,
             DbrBluezEntry  *entry)
{
  g_autofree char *path = NULL;

  if (entry->node == NULL)
    return TRUE;

  path = dbr_bluez_core_dup_path (self->core, entry->node);
  switch (entry->kind)
    {
    case DBR_BLUEZ_ENTRY_DISCOVERY:
      return dbr_bluez_core_is (self->core, path, DBR_BLUEZ_ADAPTER_INTERFACE, "Powered");

    case DBR_BLUEZ_ENTRY_NOTIFY:
      return dbr_bluez_core_is (self->core, path, DBR_BLUEZ_DEVICE_INTERFACE, "ServicesResolved");

    case DBR_BLUEZ_ENTRY_POWER:
    case DBR_BLUEZ_ENTRY_AGENT:
    case DBR_BLUEZ_ENTRY_REGISTRATION:
    default:
      return path != NULL;
    }
}

static gboolean
is_of_adapter (const DbrBluezEntry *entry,
               const char          *adapter)
{
  gsize length = adapter != NULL ? strlen (adapter) : 0;

  return adapter == NULL || entry->node == NULL
         || (g_str_has_prefix (entry->node, adapter)
             && (entry->node[length] == '\0' || entry->node[length] == '/'));
}

gboolean
dbr_bluez_ledger_is_at_rest (DbrBluezLedger *self,
                             const char     *adapter,
                             gboolean        with_notifications)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrBluezEntry *entry = self->entries->pdata[i];

      if (entry->kind == DBR_BLUEZ_ENTRY_NOTIFY && !with_notifications)
        continue;
      if (is_of_adapter (entry, adapter) && entry->n_failures == 0 && is_possible (self, entry)
          && !dbr_bluez_ledger_holds (self, entry))
        return FALSE;
    }

  return TRUE;
}

static DbrBluezOperation *
new_operation (DbrBluezLedger *self,
               DbrBluezEntry  *entry)
{
  g_autofree char *node = entry->node != NULL ? dbr_bluez_core_dup_path (self->core, entry->node)
                          : NULL;
  g_autofree char *path = g_strconcat (node != NULL ? node : "",
                                       entry->rest != NULL ? entry->rest : "", NULL);

  switch (entry->kind)
    {
    case DBR_BLUEZ_ENTRY_POWER:
      return dbr_bluez_set_powered_new (self->core, entry->node, get_power (self, entry));

    case DBR_BLUEZ_ENTRY_DISCOVERY:
      return dbr_bluez_start_discovery_new (self->core, entry->node, entry->parameters);

    case DBR_BLUEZ_ENTRY_NOTIFY:
      return dbr_bluez_start_notify_new (self->core, path);

    case DBR_BLUEZ_ENTRY_AGENT:
    case DBR_BLUEZ_ENTRY_REGISTRATION:
    default:
      return dbr_bluez_register_new (self->core, path, entry->interface_name, entry->member,
                                     entry->parameters, entry->flag);
    }
}

static void
pause_longer (DbrBluezLedger *self,
              DbrBluezEntry  *entry)
{
  guint ms = FIRST_PAUSE_MS << MIN (entry->n_failures, 6);

  entry->n_failures++;
  pause_until (self, entry, MIN (ms, MAX_PAUSE_MS));
}

static void
replayed_cb (gpointer      user_data,
             const GError *error)
{
  DbrBluezLedger *self = user_data;

  self->is_busy = FALSE;
  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrBluezEntry *entry = self->entries->pdata[i];

      if (!entry->is_busy)
        continue;
      entry->is_busy = FALSE;
      if (error == NULL)
        {
          set_holds (self, entry);
          continue;
        }
      g_free (entry->problem);
      entry->problem = g_strdup (error->message);
      pause_longer (self, entry);
    }
  dbr_bluez_core_poke (self->core);
}

/* One at a time, so that each finds what it needs. */
void
dbr_bluez_ledger_replay (DbrBluezLedger *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->is_busy || dbr_bluez_core_is_over (self->core)
      || !dbr_bluez_core_is_synced (self->core))
    return;

  for (guint i = 0; i < self->entries->len; i++)
    {
      DbrBluezEntry *entry = self->entries->pdata[i];
      DbrBluezOperation *operation;

      if (dbr_bluez_ledger_holds (self, entry) || !is_possible (self, entry))
        continue;
      if (entry->not_before_usec > now)
        {
          if (self->pause == NULL)
            pause_until (self, entry, (guint) ((entry->not_before_usec - now) / 1000 + 1));
          continue;
        }

      self->is_busy = entry->is_busy = TRUE;
      operation = new_operation (self, entry);
      operation->is_own = TRUE;
      dbr_bluez_operation_run (operation, replayed_cb, self);
      return;
    }
}
