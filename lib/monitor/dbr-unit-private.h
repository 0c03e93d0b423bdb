/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-systemd-line-private.h"
#include "monitor/dbr-unit.h"

G_BEGIN_DECLS

/* Made in the context that its changes are told in; nothing is known of it yet. */
DbrUnit        *dbr_unit_new            (DbrSystemdLine      *line,
                                         const char          *name) G_GNUC_WARN_UNUSED_RESULT;
DbrSystemdLine *dbr_unit_get_line       (DbrUnit             *self);

/* What is known of it, from any thread. @values: some of its properties, of type `a{sv}`. */
void            dbr_unit_apply          (DbrUnit             *self,
                                         GVariant            *values);
/* The same from an entry of a list of units, of type `(ssssssouso)`. */
void            dbr_unit_apply_entry    (DbrUnit             *self,
                                         GVariant            *entry);

/* Whether more is known of it than such an entry tells. */
gboolean        dbr_unit_has_details    (DbrUnit             *self);

/* When it began the last time before a start was refused because there were too many of late, 0 for
 * none: systemd keeps nothing of it that could be read, and it holds until it begins anew. */
void            dbr_unit_set_refused_usec (DbrUnit           *self,
                                           guint64            refused_usec);
guint64         dbr_unit_get_refused_usec (DbrUnit           *self);

/* What systemd has jobs for. */
typedef enum
{
  DBR_UNIT_JOB_START,
  DBR_UNIT_JOB_STOP,
  DBR_UNIT_JOB_RESTART,
  DBR_UNIT_JOB_RELOAD,
} DbrUnitJob;

/* In dbr-unit-job.c: has systemd do it, and returns TRUE from @task when the job is done. */
void            dbr_unit_begin_job      (DbrUnit             *self,
                                         DbrUnitJob           job,
                                         DbrUnitFlags         flags,
                                         GTask               *task);

G_END_DECLS
