/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-inquirer-private.h"
#include "monitor/dbr-service-monitor.h"

G_BEGIN_DECLS

/* The property that is read; no interface: it is pinged. */
typedef struct
{
  char *object_path;
  char *interface_name;
  char *property_name;
} DbrProbeTarget;

void     dbr_probe_target_clear   (DbrProbeTarget       *self);
void     dbr_probe_target_set     (DbrProbeTarget       *self,
                                   const DbrProbeTarget *other);
/* What is known of single services, in data; FALSE: nothing is known of this one. */
gboolean dbr_probe_target_builtin (DbrProbeTarget       *self,
                                   const char           *bus_name);

/* Whether it can be read, or nothing is set. */
gboolean dbr_probe_target_check   (const DbrProbeTarget *self,
                                   GError              **error);

/* What came of asking. */
typedef enum
{
  DBR_PROBE_ANSWERED,
  /* The program is gone, or there is none. */
  DBR_PROBE_ABSENT,
  /* Somebody between it and us does not let us ask. */
  DBR_PROBE_REFUSED,
  DBR_PROBE_LATE,
  /* It says nothing of the service. */
  DBR_PROBE_VOID,
} DbrProbeOutcome;

typedef struct
{
  DbrProbeOutcome       outcome;
  DbrProbeKind          kind;
  /* of the last question, -1 if there is no answer */
  gint64                rtt_usec;
  /* what was found where it was searched for, NULL if it was not or the search did not end */
  const DbrProbeTarget *found;
  /* The answer came, but there is no such property. */
  gboolean              is_missing;
  const GError         *error;
} DbrProbeResult;

typedef void (*DbrProbeFunc) (const DbrProbeResult *result,
                              gpointer              user_data);

/* One question whether a service answers now. Where it is not known what to ask, that is found first
 * by what the service says of its objects; all of it is one probe, of which one question at a time
 * is under way. It never starts the service, and is sent to @owner alone. */
typedef struct _DbrProbe DbrProbe;

/* @target is NULL where it is to be found. @done is called once, in any thread with no lock held,
 * unless it was given up. */
DbrProbe *dbr_probe_new     (DbrInquirer          *inquirer,
                             const char           *bus_name,
                             const char           *owner,
                             const DbrProbeTarget *target,
                             guint                 limit_ms,
                             DbrProbeFunc          done,
                             gpointer              user_data,
                             GDestroyNotify        destroy) G_GNUC_WARN_UNUSED_RESULT;
void      dbr_probe_send    (DbrProbe             *self);
DbrProbe *dbr_probe_ref     (DbrProbe             *self);
void      dbr_probe_unref   (DbrProbe             *self);
void      dbr_probe_give_up (DbrProbe             *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrProbe, dbr_probe_unref)

G_END_DECLS
