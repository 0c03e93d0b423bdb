/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-types.h"

G_BEGIN_DECLS

typedef enum
{
  DBR_INCIDENT_BEGUN,
  DBR_INCIDENT_UPDATED,
  DBR_INCIDENT_ENDED,
} DbrIncidentPhase;

/* What a person can do about it. */
typedef struct
{
  char *id;
  /* translated */
  char *label;
} DbrIncidentOffer;

/* Something that went wrong, as it is at one moment and as a person is told of it. It never changes:
 * what comes of it is told by another one of the same serial. */
typedef struct
{
  gatomicrefcount   ref_count;

  /* Of its board, and never used again there. */
  guint64           serial;
  DbrIncidentPhase  phase;
  DbrSeverity       severity;
  /* translated: a few words, and a sentence or two */
  char             *title;
  char             *body;
  /* of DbrIncidentOffer; empty when it has ended */
  GPtrArray        *offers;
} DbrIncident;

DbrIncidentOffer *dbr_incident_offer_new  (const char        *id,
                                           const char        *label) G_GNUC_WARN_UNUSED_RESULT;
void              dbr_incident_offer_free (DbrIncidentOffer  *self);

/* Takes a reference of @offers, which may not be changed from then on. */
DbrIncident      *dbr_incident_new        (guint64            serial,
                                           DbrIncidentPhase   phase,
                                           DbrSeverity        severity,
                                           const char        *title,
                                           const char        *body,
                                           GPtrArray         *offers) G_GNUC_WARN_UNUSED_RESULT;
DbrIncident      *dbr_incident_ref        (DbrIncident       *self);
void              dbr_incident_unref      (DbrIncident       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrIncident, dbr_incident_unref)

G_END_DECLS
