/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/dbr-incident-board-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_INCIDENT_SOURCE (dbr_incident_source_get_type ())

G_DECLARE_INTERFACE (DbrIncidentSource, dbr_incident_source, DBR, INCIDENT_SOURCE, GObject)

/* What monitors, recovery and metrics are to whoever tells a person what is wrong: something with a
 * board. */
struct _DbrIncidentSourceInterface
{
  GTypeInterface parent_interface;

  DbrIncidentBoard *(*get_board) (DbrIncidentSource *self);
};

/* Lends the board, which is the same for as long as the object lives. Any thread may ask. */
DbrIncidentBoard *dbr_incident_source_get_board (DbrIncidentSource *self);

G_END_DECLS
