/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-opening-private.h"

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "bus/dbr-gdbus-opening-private.h"
#include "bus/wire/dbr-wire-opening-private.h"

/* The one place that chooses the transport. GDBus is there to compare with. */
static DbrOpening *
opening_new (void)
{
  if (g_strcmp0 (g_getenv ("DBR_TRANSPORT"), "gdbus") == 0)
    return dbr_gdbus_opening_new ();

  return dbr_wire_opening_new ();
}

static DbrOpening *
dbr_opening_prepare (DbrOpening     *self,
                     const char     *address,
                     guint           limit_ms,
                     gpointer        user_data,
                     GDestroyNotify  destroy)
{
  g_atomic_ref_count_init (&self->ref_count);
  self->address = g_strdup (address);
  self->has_bus = TRUE;
  self->limit_ms = limit_ms;
  self->user_data = user_data;
  self->destroy = destroy;

  return self;
}

DbrOpening *
dbr_opening_start (const char               *address,
                   gboolean                  has_bus,
                   const DbrTransportLimits *limits,
                   guint                     limit_ms,
                   DbrOpenedFunc             opened,
                   gpointer                  user_data,
                   GDestroyNotify            destroy)
{
  DbrOpening *self = dbr_opening_prepare (opening_new (), address, limit_ms, user_data, destroy);

  self->has_bus = has_bus;
  self->limits = *limits;
  self->opened = opened;
  self->funcs->start (dbr_opening_ref (self));

  return self;
}

/* Who is to have the connection itself can only have one of GDBus's. */
DbrOpening *
dbr_opening_start_connection (const char       *address,
                              guint             limit_ms,
                              DbrConnectedFunc  connected,
                              gpointer          user_data,
                              GDestroyNotify    destroy)
{
  DbrOpening *self = dbr_opening_prepare (dbr_gdbus_opening_new_connection (connected), address,
                                          limit_ms, user_data, destroy);

  self->funcs->start (dbr_opening_ref (self));

  return self;
}

void
dbr_opening_abort (DbrOpening *self)
{
  self->funcs->abort (self);
}

DbrOpening *
dbr_opening_ref (DbrOpening *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_opening_unref (DbrOpening *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->address);
  self->funcs->free (self);
}

void
dbr_opening_leave (DbrOpening *self)
{
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  dbr_opening_unref (self);
}

void
dbr_opening_finish (DbrOpening   *self,
                    DbrTransport *transport,
                    GError       *error)
{
  self->opened (transport, error, self->user_data);
  dbr_opening_leave (self);
}

GError *
dbr_opening_new_late_error (DbrOpening *self)
{
  return g_error_new (DBR_ERROR, DBR_ERROR_NO_BUS,
                      _("The bus at “%s” did not let us in within %u ms"),
                      self->address, self->limit_ms);
}

GError *
dbr_opening_new_unreachable_error (DbrOpening *self,
                                   const char *reason)
{
  return g_error_new (DBR_ERROR, DBR_ERROR_NO_BUS,
                      _("The bus at “%s” cannot be reached: %s"), self->address, reason);
}
