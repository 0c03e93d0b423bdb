/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* Pairing a device.
 *
 * BlueZ 5.66 pairs, but never answers, if it is asked between the connection and the end of the
 * search for services: so that end is waited for. And what it says of the device in the end is
 * believed although the answer is missing. What people have refused is not asked again. */

#define RESOLVE_MS 30000
#define AGENT_MS 5000
/* The property follows the answer at once, or went before it. */
#define SETTLE_MS 1000

static void pair_find (DbrBluezOperation *self);

static gboolean
is_paired (DbrBluezOperation *self)
{
  return dbr_bluez_operation_is_device (self, "Paired");
}

/* Both at once: who has the adapter may be connecting this very device. */
static gboolean
is_ready (DbrBluezOperation *self)
{
  return dbr_bluez_operation_has_place (self)
         && (!dbr_bluez_operation_is_device (self, "Connected")
             || dbr_bluez_operation_is_device (self, "ServicesResolved"));
}

static gboolean
is_agent_back (DbrBluezOperation *self)
{
  return dbr_bluez_ledger_is_settled (self->core->ledger);
}

static void
pair_done (DbrBluezOperation *self)
{
  self->may_have_begun = FALSE;
  dbr_bluez_operation_wait (self, is_paired, SETTLE_MS, dbr_bluez_operation_finish);
}

static void
pair_joined (DbrBluezOperation *self)
{
  if (self->is_met)
    pair_done (self);
  else
    dbr_bluez_operation_retry (self, pair_find);
}

static void
pair_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction;

  if (self->error == NULL || is_paired (self))
    {
      pair_done (self);
      return;
    }

  reaction = dbr_bluez_operation_get_reaction (self);
  self->may_have_begun = reaction == DBR_BLUEZ_REACTION_UNKNOWN;
  if (reaction == DBR_BLUEZ_REACTION_JOIN)
    {
      dbr_bluez_operation_wait (self, is_paired, SETTLE_MS, pair_joined);
    }
  else if (reaction == DBR_BLUEZ_REACTION_ASK_AGAIN && self->n_once++ == 0)
    {
      dbr_bluez_ledger_lost (self->core->ledger, NULL);
      dbr_bluez_operation_wait (self, is_agent_back, AGENT_MS, pair_find);
    }
  else
    {
      dbr_bluez_operation_react (self, reaction, pair_find);
    }
}

static void
pair_call (DbrBluezOperation *self)
{
  DbrBluezNode *adapter = dbr_bluez_operation_get_adapter (self);
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (path == NULL)
    {
      dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                                   _("BlueZ has no %s any more"), self->device));
      return;
    }

  if (adapter != NULL)
    adapter->holder = self;
  self->generation = self->core->generation;
  self->may_have_begun = TRUE;
  dbr_bluez_operation_expect (self, is_paired);
  dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "Pair", NULL, TRUE,
                            pair_called);
}

static void
pair_ready (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_has_place,
                            dbr_bluez_operation_get_left_ms (self), pair_call);
}

static void
pair_found (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_ready, RESOLVE_MS, pair_ready);
}

static void
pair_find (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_is_found, DBR_BLUEZ_FIND_MS, pair_found);
}

/* The agent is asked that is registered by who pairs: by the lease. */
static void
pair_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_has_lease,
                            dbr_bluez_operation_get_left_ms (self), pair_find);
}

static void
pair_undo (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (path == NULL || is_paired (self))
    {
      dbr_bluez_operation_end (self);
      return;
    }

  dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "CancelPairing", NULL, TRUE,
                            dbr_bluez_operation_end);
}

static const DbrBluezOperationClass pair_class = {
  "pair", "pair", pair_begin, pair_undo, FALSE
};

DbrBluezOperation *
dbr_bluez_pair_new (DbrBluezCore *core,
                    const char   *adapter,
                    const char   *device)
{
  return dbr_bluez_operation_new (&pair_class, core, adapter, device);
}
