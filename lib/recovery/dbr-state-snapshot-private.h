/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-core-private.h"

G_BEGIN_DECLS

/* When a device was saved, and who has looked on since. */
typedef struct
{
  /* the core that looked on since, NULL: none did */
  DbrBluezCore *core;
  gint64        taken_usec;
  /* A recovery was about to begin: what ended since is its doing. */
  gboolean      is_mark;
} DbrStateMoment;

/* What is known of a device at this moment. All of it is for threads that may wait for dbr-io. */
typedef struct
{
  /* where BlueZ has it, NULL if it has not */
  char         *path;
  GVariant     *values;
  GVariant     *adapter_values;
  gint64        taken_usec;
  /* DbrBluezStanding: what this process has asked for */
  GPtrArray    *standings;
} DbrStateSnapshot;

DbrStateMoment   *dbr_state_moment_new    (DbrBluezCore            *core,
                                           gint64                   taken_usec,
                                           gboolean                 is_mark) G_GNUC_WARN_UNUSED_RESULT;
DbrStateMoment   *dbr_state_moment_ref    (DbrStateMoment          *self);
void              dbr_state_moment_unref  (DbrStateMoment          *self);

/* @key is that of a device, after its adapter's. It asks nothing of BlueZ. */
DbrStateSnapshot *dbr_state_snapshot_take (DbrBluezCore            *core,
                                           const char              *key) G_GNUC_WARN_UNUSED_RESULT;
void              dbr_state_snapshot_free (DbrStateSnapshot        *self);
/* What is kept of it, a{sv}. */
GVariant         *dbr_state_snapshot_to_values (DbrStateSnapshot   *self,
                                                const char         *key,
                                                const char         *identity) G_GNUC_WARN_UNUSED_RESULT;

/* What somebody has made of a property of a device since, NULL if nobody did. */
GVariant         *dbr_state_ref_wish      (DbrBluezCore            *core,
                                           const char              *key,
                                           const char              *name,
                                           gint64                   since_usec) G_GNUC_WARN_UNUSED_RESULT;
/* Which BlueZ this is: never the same for two of them. Blocks; NULL if there is none. */
char             *dbr_state_dup_identity  (DbrClient               *client,
                                           GCancellable            *cancellable) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStateMoment, dbr_state_moment_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStateSnapshot, dbr_state_snapshot_free)

G_END_DECLS
