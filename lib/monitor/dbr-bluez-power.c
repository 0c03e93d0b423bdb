/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-request-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* Switching an adapter on and off. What was asked for last is kept: BlueZ switches every adapter on
 * when it starts, also one that was to be off. */

#define SETTLE_MS 3000
#define JOIN_MS 10000
/* A controller that was switched off needs a moment before it is switched on. */
#define CYCLE_PAUSE_MS 1000

static gboolean
is_as_wanted (DbrBluezOperation *self)
{
  return dbr_bluez_operation_is_adapter (self, "Powered") == self->flag;
}

static void
call_set_powered (DbrBluezOperation *self,
                  gboolean           is_powered,
                  DbrBluezStep       next)
{
  g_autofree char *path = dbr_bluez_operation_dup_adapter_path (self);

  if (path == NULL)
    {
      dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                                   _("BlueZ has no %s any more"), self->adapter));
      return;
    }

  self->generation = self->core->generation;
  dbr_bluez_operation_call (self, path, DBR_PROPERTIES_INTERFACE, "Set",
                            g_variant_new ("(ssv)", DBR_BLUEZ_ADAPTER_INTERFACE, "Powered",
                                           g_variant_new_boolean (is_powered)),
                            FALSE, next);
}

static void power_find (DbrBluezOperation *self);

static void
power_settled (DbrBluezOperation *self)
{
  if (!self->is_own)
    dbr_bluez_ledger_note_power (self->core->ledger, self->adapter, self->flag);
  dbr_bluez_operation_finish (self);
}

/* Somebody else was about to do the same, or the contrary. */
static void
power_joined (DbrBluezOperation *self)
{
  if (self->is_met)
    power_settled (self);
  else
    dbr_bluez_operation_retry (self, power_find);
}

static void
power_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction;

  if (self->error == NULL)
    {
      dbr_bluez_operation_wait (self, is_as_wanted, SETTLE_MS, power_settled);
      return;
    }

  reaction = dbr_bluez_operation_get_reaction (self);
  if (reaction == DBR_BLUEZ_REACTION_JOIN)
    dbr_bluez_operation_wait (self, is_as_wanted, JOIN_MS, power_joined);
  else
    dbr_bluez_operation_react (self, reaction, power_find);
}

static void
power_call (DbrBluezOperation *self)
{
  call_set_powered (self, self->flag, power_called);
}

static void
power_find (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_is_found, DBR_BLUEZ_FIND_MS, power_call);
}

static const DbrBluezOperationClass set_powered_class = {
  "set-powered", "set_powered", power_call, NULL, TRUE
};

DbrBluezOperation *
dbr_bluez_set_powered_new (DbrBluezCore *core,
                           const char   *adapter,
                           gboolean      is_powered)
{
  DbrBluezOperation *self = dbr_bluez_operation_new (&set_powered_class, core, adapter, NULL);

  self->flag = is_powered;

  return self;
}

/* A power cycle. Devices are disconnected first: switching off under a connection has hung BlueZ.
 * Whatever comes between, what was switched off is switched on again. */

static void cycle_next (DbrBluezOperation *self);

static void
cycle_on_called (DbrBluezOperation *self)
{
  if (self->error != NULL)
    dbr_bluez_operation_fail (self, g_steal_pointer (&self->error));
  else
    dbr_bluez_operation_wait (self, is_as_wanted, SETTLE_MS, dbr_bluez_operation_finish);
}

static void
cycle_on (DbrBluezOperation *self)
{
  self->flag = TRUE;
  call_set_powered (self, TRUE, cycle_on_called);
}

static void
cycle_is_off (DbrBluezOperation *self)
{
  dbr_bluez_operation_pause (self, CYCLE_PAUSE_MS, cycle_on);
}

static void
cycle_off_called (DbrBluezOperation *self)
{
  if (self->error != NULL)
    dbr_bluez_operation_fail (self, g_steal_pointer (&self->error));
  else
    dbr_bluez_operation_wait (self, is_as_wanted, SETTLE_MS, cycle_is_off);
}

static char *
dup_connected (DbrBluezOperation *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->core->by_path);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DbrBluezNode *node = value;

      if (g_strcmp0 (node->adapter, self->adapter) == 0 && node->is_connected && !node->is_parting)
        {
          node->is_parting = TRUE;
          return g_strdup (node->path);
        }
    }

  return NULL;
}

static void
cycle_next (DbrBluezOperation *self)
{
  g_autofree char *path = dup_connected (self);

  if (path != NULL)
    dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "Disconnect", NULL, FALSE,
                              cycle_next);
  else
    {
      self->may_have_begun = TRUE;
      call_set_powered (self, FALSE, cycle_off_called);
    }
}

static void
cycle_undo (DbrBluezOperation *self)
{
  call_set_powered (self, TRUE, dbr_bluez_operation_end);
}

static void
cycle_has_place (DbrBluezOperation *self)
{
  DbrBluezNode *adapter = dbr_bluez_operation_get_adapter (self);

  if (adapter != NULL)
    adapter->holder = self;
  cycle_next (self);
}

/* Nothing is connected meanwhile. */
static void
cycle_begin (DbrBluezOperation *self)
{
  self->flag = FALSE;
  dbr_bluez_operation_wait (self, dbr_bluez_operation_has_place,
                            dbr_bluez_operation_get_left_ms (self), cycle_has_place);
}

static const DbrBluezOperationClass power_cycle_class = {
  "power-cycle", "connect", cycle_begin, cycle_undo, TRUE
};

DbrBluezOperation *
dbr_bluez_power_cycle_new (DbrBluezCore *core,
                           const char   *adapter)
{
  return dbr_bluez_operation_new (&power_cycle_class, core, adapter, NULL);
}

gboolean
dbr_bluez_operation_is_cycle (DbrBluezOperation *self)
{
  return self->klass == &power_cycle_class;
}
