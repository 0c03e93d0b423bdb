/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-io-private.h"
#include "bus/dbr-lease-private.h"
#include "monitor/dbr-bluez-core-private.h"
#include "monitor/dbr-bluez-monitor-private.h"

/* The connection that BlueZ keeps things for. There is one from the start of the monitor on, and
 * another one as soon as that is lost. */

/* How long a connection that could not be made is not tried for again. */
#define LEASE_PAUSE_MS 1000

static void
tell_lease (DbrBluezCore *self)
{
  dbr_herald_tell (self->herald, dbr_bluez_monitor_tell_lease, NULL, NULL);
}

/* Takes @lease. */
static void
set_lease (DbrBluezCore *self,
           DbrLease     *lease)
{
  DbrLease *old;

  g_mutex_lock (&self->mutex);
  old = self->lease;
  self->lease = lease;
  g_mutex_unlock (&self->mutex);

  if (old != NULL && self->closed_id != 0)
    g_signal_handler_disconnect (dbr_lease_get_connection (old), self->closed_id);
  self->closed_id = 0;
  g_clear_object (&old);
}

/* What BlueZ is to keep over a loss waits for the next one, whether anybody asks for it or not. */
static gboolean
pause_end_cb (gpointer user_data)
{
  DbrBluezCore *self = user_data;

  dbr_bluez_clear_source (&self->lease_pause);
  g_clear_error (&self->lease_error);
  if (self->is_live)
    dbr_bluez_core_need_lease (self);

  return G_SOURCE_REMOVE;
}

/* Until then whoever wants one is told why there is none. */
static void
pause_leasing (DbrBluezCore *self)
{
  dbr_bluez_clear_source (&self->lease_pause);
  self->lease_pause = g_timeout_source_new (LEASE_PAUSE_MS);
  g_source_set_static_name (self->lease_pause, "dbr-bluez lease pause");
  g_source_set_callback (self->lease_pause, pause_end_cb, self, NULL);
  g_source_attach (self->lease_pause, dbr_io_get_context ());
}

/* What BlueZ kept for it is gone with it. */
static void
closed_cb (GDBusConnection *connection,
           gboolean         remote_peer_vanished,
           GError          *error,
           gpointer         user_data)
{
  DbrBluezCore *self = user_data;

  set_lease (self, NULL);
  tell_lease (self);
  dbr_bluez_core_need_lease (self);
}

static void
acquired_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(DbrBluezCore) self = user_data;
  g_autoptr(DbrLease) lease = NULL;

  self->is_leasing = FALSE;
  g_clear_error (&self->lease_error);
  lease = dbr_pool_acquire_finish (DBR_POOL (source), result, &self->lease_error);
  if (lease != NULL && !dbr_bluez_core_is_over (self))
    {
      self->lease_serial++;
      set_lease (self, g_object_ref (lease));
      self->closed_id = g_signal_connect (dbr_lease_get_connection (lease), "closed",
                                          G_CALLBACK (closed_cb), self);
      if (dbr_lease_is_lost (lease))
        closed_cb (NULL, TRUE, NULL, self);
      tell_lease (self);
    }
  else if (lease == NULL && !dbr_bluez_core_is_over (self))
    {
      pause_leasing (self);
    }
  dbr_bluez_core_poke (self);
}

gboolean
dbr_bluez_core_can_lease (DbrBluezCore *self)
{
  return dbr_client_get_bus_type (self->client) != G_BUS_TYPE_NONE
         || dbr_client_get_address (self->client) != NULL;
}

void
dbr_bluez_core_need_lease (DbrBluezCore *self)
{
  if (self->lease != NULL || self->is_leasing || dbr_bluez_core_is_over (self)
      || !dbr_bluez_core_can_lease (self))
    return;

  if (self->pool == NULL)
    self->pool = g_object_new (DBR_TYPE_POOL,
                               "bus-type", dbr_client_get_bus_type (self->client),
                               "address", dbr_client_get_address (self->client),
                               "access-policy", dbr_client_get_access_policy (self->client),
                               "max-size", 1,
                               NULL);
  self->is_leasing = TRUE;
  g_clear_error (&self->lease_error);
  dbr_pool_acquire_async (self->pool, NULL, acquired_cb, dbr_bluez_core_ref (self));
}

DbrLease *
dbr_bluez_core_ref_lease (DbrBluezCore *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->lease != NULL ? g_object_ref (self->lease) : NULL;
}

void
dbr_bluez_core_drop_lease (DbrBluezCore *self)
{
  set_lease (self, NULL);
}
