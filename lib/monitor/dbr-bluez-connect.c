/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* Connecting and disconnecting a device.
 *
 * An adapter connects one device at a time, whoever asks. BlueZ goes on connecting when its caller
 * has given up: so what may have been begun is undone, by a Disconnect, before anyone else has the
 * adapter. A Connect that is refused because one is under way joins that one, and if nothing comes
 * of it, it is a stale one of somebody that has gone: it is broken off, and a new one is begun. */

#define JOIN_MS 20000
#define PART_MS 5000
#define MOST_JOINS 2
/* The property follows the answer at once, or went before it. */
#define SETTLE_MS 1000

static void connect_find (DbrBluezOperation *self);

static gboolean
is_connected (DbrBluezOperation *self)
{
  return dbr_bluez_operation_is_device (self, "Connected");
}

static gboolean
is_parted (DbrBluezOperation *self)
{
  return !is_connected (self);
}

/* Somebody has asked for a disconnect meanwhile, and that is the last word. */
static gboolean
is_broken_off (DbrBluezOperation *self)
{
  DbrBluezNode *device = dbr_bluez_operation_get_device (self);

  return device != NULL && device->n_partings != self->n_partings;
}

static void
end_broken_off (DbrBluezOperation *self)
{
  self->may_have_begun = FALSE;
  dbr_bluez_operation_fail (self, g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                               _("The device was disconnected meanwhile")));
}

static void
connect_settled (DbrBluezOperation *self)
{
  DbrBluezNode *device = dbr_bluez_operation_get_device (self);

  if (device != NULL)
    device->is_wanted = TRUE;
  dbr_bluez_operation_finish (self);
}

static void
connect_done (DbrBluezOperation *self)
{
  self->may_have_begun = FALSE;
  dbr_bluez_operation_wait (self, is_connected, SETTLE_MS, connect_settled);
}

static void
connect_clearing (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_parted, PART_MS, connect_find);
}

/* Nothing has come of it in all that time. */
static void
connect_joined (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (self->is_met)
    {
      connect_done (self);
      return;
    }
  if (is_broken_off (self))
    {
      end_broken_off (self);
      return;
    }
  if (self->n_joins++ >= MOST_JOINS || path == NULL)
    {
      dbr_bluez_operation_fail (self, g_steal_pointer (&self->error));
      return;
    }

  dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "Disconnect", NULL, FALSE,
                            connect_clearing);
}

/* A try that failed leaves a connection that ends by itself: the next one comes behind that. */
static void
connect_parted (DbrBluezOperation *self)
{
  dbr_bluez_operation_retry (self, connect_find);
}

static void
connect_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction;

  if (self->error == NULL)
    {
      connect_done (self);
      return;
    }
  if (is_broken_off (self))
    {
      end_broken_off (self);
      return;
    }

  reaction = dbr_bluez_operation_get_reaction (self);
  self->may_have_begun = reaction == DBR_BLUEZ_REACTION_UNKNOWN;
  if (reaction == DBR_BLUEZ_REACTION_DONE)
    connect_done (self);
  else if (reaction == DBR_BLUEZ_REACTION_JOIN)
    dbr_bluez_operation_wait (self, is_connected, JOIN_MS, connect_joined);
  else if (reaction == DBR_BLUEZ_REACTION_RETRY)
    dbr_bluez_operation_wait (self, is_parted, PART_MS, connect_parted);
  else
    dbr_bluez_operation_react (self, reaction, connect_find);
}

static void
connect_call (DbrBluezOperation *self)
{
  DbrBluezNode *adapter = dbr_bluez_operation_get_adapter (self);
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (is_broken_off (self))
    {
      end_broken_off (self);
      return;
    }
  if (path == NULL)
    {
      dbr_bluez_operation_fail (self, self->error != NULL ? g_steal_pointer (&self->error)
                                : g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                               _("BlueZ has no %s any more"), self->device));
      return;
    }

  if (adapter != NULL)
    adapter->holder = self;
  self->generation = self->core->generation;
  self->may_have_begun = TRUE;
  dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "Connect", NULL, FALSE,
                            connect_called);
}

static void
connect_found (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_has_place,
                            dbr_bluez_operation_get_left_ms (self), connect_call);
}

static void
connect_find (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, dbr_bluez_operation_is_found, DBR_BLUEZ_FIND_MS, connect_found);
}

/* Also for a connection that stands by now: nobody was told of it. */
static void
connect_undo (DbrBluezOperation *self)
{
  DbrBluezNode *device = dbr_bluez_operation_get_device (self);
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (path == NULL)
    {
      dbr_bluez_operation_end (self);
      return;
    }

  if (device != NULL)
    device->is_parting = TRUE;
  dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "Disconnect", NULL, FALSE,
                            dbr_bluez_operation_end);
}

static const DbrBluezOperationClass connect_class = {
  "connect", "connect", connect_find, connect_undo, FALSE
};

DbrBluezOperation *
dbr_bluez_connect_new (DbrBluezCore *core,
                       const char   *adapter,
                       const char   *device)
{
  return dbr_bluez_operation_new (&connect_class, core, adapter, device);
}

/* Disconnecting */

static void disconnect_begin (DbrBluezOperation *self);

static void
disconnect_called (DbrBluezOperation *self)
{
  DbrBluezReaction reaction = DBR_BLUEZ_REACTION_DONE;

  if (self->error != NULL)
    reaction = dbr_bluez_operation_get_reaction (self);
  if (reaction == DBR_BLUEZ_REACTION_DONE)
    dbr_bluez_operation_wait (self, is_parted, SETTLE_MS, dbr_bluez_operation_finish);
  else
    dbr_bluez_operation_react (self, reaction, disconnect_begin);
}

/* From here on nothing that connects this device goes on, and its end is no loss. */
static void
disconnect_begin (DbrBluezOperation *self)
{
  DbrBluezNode *device = dbr_bluez_operation_get_device (self);
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (device != NULL)
    {
      device->n_partings++;
      device->is_parting = TRUE;
      device->is_wanted = FALSE;
    }
  if (path == NULL)
    {
      dbr_bluez_operation_finish (self);
      return;
    }

  self->generation = self->core->generation;
  dbr_bluez_operation_call (self, path, DBR_BLUEZ_DEVICE_INTERFACE, "Disconnect", NULL, FALSE,
                            disconnect_called);
}

static const DbrBluezOperationClass disconnect_class = {
  "disconnect", "disconnect", disconnect_begin, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_disconnect_new (DbrBluezCore *core,
                          const char   *adapter,
                          const char   *device)
{
  return dbr_bluez_operation_new (&disconnect_class, core, adapter, device);
}
