/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbrctl-frame-private.h"

G_BEGIN_DECLS

/* What a verb of “units” works with. */
typedef struct
{
  DbrctlFrame        *frame;
  DbrctlOutput       *output;
  DbrClient          *client;
  DbrSystemdMonitor  *monitor;

  /* what follows the verb */
  const char         *verb;
  char              **names;

  /* options */
  const char *const  *states;
  const char *const  *kinds;
  DbrUnitFlags        flags;
} DbrctlUnits;

/* Has every verb its own JSON, so that no schema has to be all things. */
JsonBuilder  *dbrctl_units_begin_json (DbrctlUnits *self) G_GNUC_WARN_UNUSED_RESULT;
/* An object of what is known of a unit. */
void          dbrctl_units_add_json   (JsonBuilder *builder,
                                       DbrUnit     *unit);
DbrctlStyle   dbrctl_units_get_style  (DbrUnit     *unit);

/* The verbs, by the file that they are in. */
DbrctlStatus  dbrctl_units_list       (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_failed     (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_status     (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_why        (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_deps       (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_jobs       (DbrctlUnits *self);

DbrctlStatus  dbrctl_units_boot       (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_blame      (DbrctlUnits *self);

DbrctlStatus  dbrctl_units_watch      (DbrctlUnits *self);

DbrctlStatus  dbrctl_units_act        (DbrctlUnits *self);
DbrctlStatus  dbrctl_units_reload_all (DbrctlUnits *self);

G_END_DECLS
