/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-request-source-private.h"

G_DEFINE_INTERFACE (DbrRequestSource, dbr_request_source, G_TYPE_OBJECT)

static void
dbr_request_source_default_init (DbrRequestSourceInterface *iface)
{
}

DbrRequest *
dbr_request_source_dup_request (DbrRequestSource *self)
{
  g_return_val_if_fail (DBR_IS_REQUEST_SOURCE (self), NULL);

  return DBR_REQUEST_SOURCE_GET_IFACE (self)->dup_request (self);
}
