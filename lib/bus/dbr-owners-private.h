/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lane-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_OWNERS (dbr_owners_get_type ())

/* Who owns the well-known names that are called. The bus is asked once a name, and tells from then
 * on. */
G_DECLARE_FINAL_TYPE (DbrOwners, dbr_owners, DBR, OWNERS, GObject)

DbrOwners *dbr_owners_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Starts to follow @bus_name on @lane, if that is not done yet. */
void       dbr_owners_follow     (DbrOwners   *self,
                                  DbrLane     *lane,
                                  const char  *bus_name);
void       dbr_owners_hear       (DbrOwners   *self,
                                  DbrMessage  *signal);
/* Takes back the rules on a connection that goes on without us. */
void       dbr_owners_leave      (DbrOwners       *self,
                                  GDBusConnection *connection);
/* A new connection knows nothing of what the last one was told. */
void       dbr_owners_forget_all (DbrOwners   *self);

/* Whether @bus_name is known to have had no owner at @when_usec or at some time since. */
gboolean   dbr_owners_was_absent (GObject     *owners,
                                  const char  *bus_name,
                                  gint64       when_usec);

G_END_DECLS
