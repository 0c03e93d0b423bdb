/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* Searching for devices. BlueZ keeps the search and its filter for the connection that asked, so
 * both go over the lease. It says “in progress” for a search of ours that goes on, and for every
 * failure of the controller: which of the two, our ledger knows. */

#define JOIN_PAUSE_MS 250

static void start_find (DbrBluezOperation *self);

static gboolean
is_off (DbrBluezOperation *self)
{
  return !dbr_bluez_operation_is_adapter (self, "Discovering");
}

static void
start_done (DbrBluezOperation *self)
{
  self->may_have_begun = FALSE;
  if (!self->is_own)
    dbr_bluez_ledger_note_discovery (self->core->ledger, self->adapter, self->parameters);
  dbr_bluez_operation_finish (self);
}

static void
start_stopped (DbrBluezOperation *self)
{
  dbr_bluez_operation_pause (self, JOIN_PAUSE_MS << self->n_joins, start_find);
}

/* The second time it is the controller. */
static void
start_in_progress (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (dbr_bluez_ledger_is_discovering (self->core->ledger, self->adapter))
    {
      start_done (self);
      return;
    }
  if (self->n_joins++ > 0 || path == NULL)
    {
      self->may_have_begun = FALSE;
      dbr_bluez_core_judge_adapter (self->core, self->adapter, TRUE);
      dbr_bluez_operation_fail (self, g_steal_pointer (&self->error));
      return;
    }

  dbr_bluez_operation_call (self, path, DBR_BLUEZ_ADAPTER_INTERFACE, "StopDiscovery", NULL, TRUE,
                            start_stopped);
}

static void
start_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction;

  if (self->error == NULL)
    {
      start_done (self);
      return;
    }

  reaction = dbr_bluez_operation_get_reaction (self);
  self->may_have_begun = reaction == DBR_BLUEZ_REACTION_UNKNOWN;
  if (reaction == DBR_BLUEZ_REACTION_JOIN)
    start_in_progress (self);
  else
    dbr_bluez_operation_react (self, reaction, start_find);
}

static void
filter_called (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (self->error != NULL)
    {
      dbr_bluez_operation_react (self, dbr_bluez_operation_get_reaction (self), start_find);
      return;
    }
  if (path == NULL)
    {
      start_find (self);
      return;
    }

  self->may_have_begun = TRUE;
  dbr_bluez_operation_call (self, path, DBR_BLUEZ_ADAPTER_INTERFACE, "StartDiscovery", NULL, TRUE,
                            start_called);
}

/* The filter of an earlier search of ours is replaced, also by none. */
static void
start_leased (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);
  GVariant *filter = self->parameters;

  if (path == NULL || (self->core->lease == NULL && dbr_bluez_core_can_lease (self->core)))
    {
      dbr_bluez_operation_fail (self, self->core->lease_error != NULL
                                ? g_error_copy (self->core->lease_error)
                                : g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                               _("BlueZ has no %s any more"), self->adapter));
      return;
    }

  self->generation = self->core->generation;
  dbr_bluez_operation_call (self, path, DBR_BLUEZ_ADAPTER_INTERFACE, "SetDiscoveryFilter",
                            filter != NULL ? g_variant_new ("(@a{sv})", filter)
                            : g_variant_new ("(a{sv})", NULL),
                            TRUE, filter_called);
}

static void
start_found (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_has_lease,
                            dbr_bluez_operation_get_left_ms (self), start_leased);
}

static void
start_find (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_is_found, DBR_BLUEZ_FIND_MS, start_found);
}

static void
start_undo (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (path == NULL)
    dbr_bluez_operation_end (self);
  else
    dbr_bluez_operation_call (self, path, DBR_BLUEZ_ADAPTER_INTERFACE, "StopDiscovery", NULL, TRUE,
                              dbr_bluez_operation_end);
}

static const DbrBluezOperationClass start_class = {
  "start-discovery", "start_discovery", start_found, start_undo, TRUE
};

DbrBluezOperation *
dbr_bluez_start_discovery_new (DbrBluezCore *core,
                               const char   *adapter,
                               GVariant     *filter)
{
  DbrBluezOperation *self = dbr_bluez_operation_new (&start_class, core, adapter, NULL);

  self->parameters = filter != NULL ? g_variant_ref_sink (filter) : NULL;

  return self;
}

/* Ending it. Others may go on searching, so Discovering says nothing. */

static void stop_call (DbrBluezOperation *self);

static void
stop_called (DbrBluezOperation *self)
{
  if (self->error == NULL)
    dbr_bluez_operation_wait (self, is_off, 100, dbr_bluez_operation_finish);
  else
    dbr_bluez_operation_react (self, dbr_bluez_operation_get_reaction (self), stop_call);
}

/* As long as it is just being asked for again, nobody knows how that ends. */
static gboolean
is_at_rest (DbrBluezOperation *self)
{
  DbrBluezEntry *entry = dbr_bluez_ledger_find (self->core->ledger, DBR_BLUEZ_ENTRY_DISCOVERY,
                                                self->adapter, NULL, NULL, NULL);

  return entry == NULL || !entry->is_busy;
}

static void
stop_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_at_rest, dbr_bluez_operation_get_left_ms (self), stop_call);
}

static void
stop_call (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  dbr_bluez_ledger_forget_discovery (self->core->ledger, self->adapter);
  if (path == NULL || (self->core->lease == NULL && dbr_bluez_core_can_lease (self->core)))
    dbr_bluez_operation_finish (self);
  else
    dbr_bluez_operation_call (self, path, DBR_BLUEZ_ADAPTER_INTERFACE, "StopDiscovery", NULL, TRUE,
                              stop_called);
}

static const DbrBluezOperationClass stop_class = {
  "stop-discovery", "stop_discovery", stop_begin, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_stop_discovery_new (DbrBluezCore *core,
                              const char   *adapter)
{
  return dbr_bluez_operation_new (&stop_class, core, adapter, NULL);
}
