/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-request-private.h"
#include "monitor/dbr-bluez-ledger-private.h"
#include "monitor/dbr-bluez-operation-private.h"

/* What is put back: properties, and the wait for what the ledger repeats. */

/* By then BlueZ has switched on an adapter that has come. */
#define COMING_MS 3500

static const DbrBluezOperationClass find_class = {
  "refresh", "get_managed_objects", dbr_bluez_operation_finish, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_find_new (DbrBluezCore *core,
                    const char   *adapter,
                    const char   *device)
{
  return dbr_bluez_operation_new (&find_class, core, adapter, device);
}

/* An adapter */

static gboolean
is_powered (DbrBluezOperation *self)
{
  return dbr_bluez_operation_is_adapter (self, "Powered");
}

static void
come_begin (DbrBluezOperation *self)
{
  const DbrBluezNode *node = dbr_bluez_operation_get_adapter (self);
  gint64 since_ms = (g_get_monotonic_time () - node->come_usec) / 1000;

  dbr_bluez_operation_wait (self, is_powered, (guint) MAX (COMING_MS - since_ms, 0),
                            dbr_bluez_operation_finish);
}

static const DbrBluezOperationClass come_class = {
  "refresh", "get_managed_objects", come_begin, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_come_new (DbrBluezCore *core,
                    const char   *adapter)
{
  return dbr_bluez_operation_new (&come_class, core, adapter, NULL);
}

/* A property */

static void property_call (DbrBluezOperation *self);

static void
property_called (DbrBluezOperation *self)
{
  if (self->error == NULL)
    dbr_bluez_operation_finish (self);
  else
    dbr_bluez_operation_react (self, dbr_bluez_operation_get_reaction (self), property_call);
}

static void
property_call (DbrBluezOperation *self)
{
  g_autofree char *path = dbr_bluez_operation_dup_path (self);

  if (path == NULL)
    {
      dbr_bluez_operation_fail (self, g_error_new (DBR_ERROR, DBR_ERROR_STALE,
                                                   _("BlueZ has no %s any more"), self->device));
      return;
    }

  self->generation = self->core->generation;
  dbr_bluez_operation_call (self, path, DBR_PROPERTIES_INTERFACE, "Set",
                            g_variant_new ("(ssv)", self->interface_name, self->member,
                                           self->parameters),
                            FALSE, property_called);
}

static const DbrBluezOperationClass set_property_class = {
  "set-property", "set_property", property_call, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_set_property_new (DbrBluezCore *core,
                            const char   *adapter,
                            const char   *device,
                            const char   *name,
                            GVariant     *value)
{
  DbrBluezOperation *self = dbr_bluez_operation_new (&set_property_class, core, adapter, device);

  self->interface_name = g_strdup (device != NULL ? DBR_BLUEZ_DEVICE_INTERFACE
                                   : DBR_BLUEZ_ADAPTER_INTERFACE);
  self->member = g_strdup (name);
  self->parameters = g_variant_ref_sink (value);

  return self;
}

/* The ledger */

static gboolean
is_at_rest (DbrBluezOperation *self)
{
  return dbr_bluez_ledger_is_at_rest (self->core->ledger, self->adapter, self->device != NULL);
}

static gboolean
is_known (DbrBluezOperation *self)
{
  return self->device == NULL || !dbr_bluez_operation_is_device (self, "Connected")
         || dbr_bluez_operation_is_device (self, "ServicesResolved");
}

static void
settle_ledger (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_at_rest, dbr_bluez_operation_get_left_ms (self),
                            dbr_bluez_operation_finish);
}

static void
settle_begin (DbrBluezOperation *self)
{
  dbr_bluez_operation_wait (self, is_known, dbr_bluez_operation_get_left_ms (self), settle_ledger);
}

static const DbrBluezOperationClass settle_class = {
  "settle", "connect", settle_begin, NULL, FALSE
};

DbrBluezOperation *
dbr_bluez_settle_new (DbrBluezCore *core,
                      const char   *adapter,
                      const char   *device)
{
  return dbr_bluez_operation_new (&settle_class, core, adapter, device);
}
