/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-source-private.h"

G_DEFINE_INTERFACE (DbrIncidentSource, dbr_incident_source, G_TYPE_OBJECT)

static void
dbr_incident_source_default_init (DbrIncidentSourceInterface *iface)
{
}

DbrIncidentBoard *
dbr_incident_source_get_board (DbrIncidentSource *self)
{
  g_return_val_if_fail (DBR_IS_INCIDENT_SOURCE (self), NULL);

  return DBR_INCIDENT_SOURCE_GET_IFACE (self)->get_board (self);
}
