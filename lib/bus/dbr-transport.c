/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-transport-private.h"

#include <gio/gunixfdlist.h>

#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"

G_DEFINE_INTERFACE (DbrTransport, dbr_transport, G_TYPE_OBJECT)

static void
dbr_transport_default_init (DbrTransportInterface *iface)
{
}

void
dbr_transport_start (DbrTransport               *self,
                     const DbrTransportListener *listener,
                     gpointer                    user_data,
                     GDestroyNotify              destroy)
{
  DBR_TRANSPORT_GET_IFACE (self)->start (self, listener, user_data, destroy);
}

guint32
dbr_transport_reserve_serial (DbrTransport *self)
{
  return DBR_TRANSPORT_GET_IFACE (self)->reserve_serial (self);
}

gboolean
dbr_transport_send (DbrTransport       *self,
                    guint32             serial,
                    const DbrOutgoing  *outgoing,
                    GError            **error)
{
  return DBR_TRANSPORT_GET_IFACE (self)->send (self, serial, outgoing, error);
}

gboolean
dbr_transport_close (DbrTransport *self)
{
  return DBR_TRANSPORT_GET_IFACE (self)->close (self);
}

const char *
dbr_transport_get_unique_name (DbrTransport *self)
{
  return DBR_TRANSPORT_GET_IFACE (self)->get_unique_name (self);
}

const char *
dbr_transport_get_guid (DbrTransport *self)
{
  return DBR_TRANSPORT_GET_IFACE (self)->get_guid (self);
}

gboolean
dbr_limits_check_size (const DbrTransportLimits  *self,
                       gsize                      size,
                       GError                   **error)
{
  if (size <= self->message_size)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The message of %u bytes is larger than the %u bytes allowed"),
               (guint) size, (guint) self->message_size);

  return FALSE;
}

gboolean
dbr_limits_check_descriptors (const DbrTransportLimits  *self,
                              gboolean                   can_pass,
                              GUnixFDList               *fd_list,
                              GError                   **error)
{
  guint n_descriptors = g_unix_fd_list_get_length (fd_list);

  if (!can_pass)
    {
      g_set_error_literal (error, DBR_ERROR, DBR_ERROR_NOT_SUPPORTED,
                           _("This connection cannot pass file descriptors"));
      return FALSE;
    }
  if (n_descriptors <= self->n_descriptors)
    return TRUE;

  g_set_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT,
               _("The message has %u file descriptors, more than the %u allowed"),
               n_descriptors, self->n_descriptors);

  return FALSE;
}
