/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/dbr-incident-private.h"

DbrIncidentOffer *
dbr_incident_offer_new (const char *id,
                        const char *label)
{
  DbrIncidentOffer *self = g_new (DbrIncidentOffer, 1);

  self->id = g_strdup (id);
  self->label = g_strdup (label);

  return self;
}

void
dbr_incident_offer_free (DbrIncidentOffer *self)
{
  g_free (self->id);
  g_free (self->label);
  g_free (self);
}

DbrIncident *
dbr_incident_new (guint64           serial,
                  DbrIncidentPhase  phase,
                  DbrSeverity       severity,
                  const char       *title,
                  const char       *body,
                  GPtrArray        *offers)
{
  DbrIncident *self = g_new0 (DbrIncident, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->serial = serial;
  self->phase = phase;
  self->severity = severity;
  self->title = g_strdup (title);
  self->body = g_strdup (body);
  self->offers = g_ptr_array_ref (offers);

  return self;
}

DbrIncident *
dbr_incident_ref (DbrIncident *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_incident_unref (DbrIncident *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_ptr_array_unref (self->offers);
  g_free (self->title);
  g_free (self->body);
  g_free (self);
}
