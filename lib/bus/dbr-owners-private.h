/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "bus/dbr-lane-private.h"

/* Each name that is followed costs a match rule, of which the system bus allows a connection 512. A
 * program that calls more names than this within a minute goes without for the rest. */
#define DBR_OWNERS_MAX_NAMES 128
#define DBR_OWNERS_FORGETTING_USEC (60 * G_USEC_PER_SEC)

G_BEGIN_DECLS

#define DBR_TYPE_OWNERS (dbr_owners_get_type ())

/* Who owns the well-known names that are called. The bus is asked once a name, and tells from then
 * on, until so many are followed that those which nobody has called for a while are forgotten. */
G_DECLARE_FINAL_TYPE (DbrOwners, dbr_owners, DBR, OWNERS, GObject)

/* What the bus says of a name that is followed: who owns it, NULL for nobody. It is a change, or the
 * answer to the first question. In the transport's thread, with no lock held. */
typedef void (*DbrOwnersFunc) (gpointer    user_data,
                               const char *bus_name,
                               const char *owner,
                               gboolean    is_change);

/* What the owner of a name is to be known for. With no lock held. */
typedef struct
{
  DbrOwnersFunc told;
  /* Whether someone waits for the next owner, or has to know who it is. */
  gboolean      (*is_needed)(gpointer    user_data,
                             const char *bus_name);
  /* What was told of it is no longer kept up to date. */
  void          (*forgotten)(gpointer    user_data,
                             const char *bus_name);
} DbrOwnersListener;

DbrOwners *dbr_owners_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Once, before the first use. */
void       dbr_owners_set_listener (DbrOwners               *self,
                                    const DbrOwnersListener *listener,
                                    gpointer                 user_data);

/* For tests: by what clock a name is old. */
void       dbr_owners_set_clock  (DbrOwners      *self,
                                  const DbrClock *clock);

/* Starts to follow @bus_name on @lane, if that is not done yet. Of the names that are just called
 * only so many are followed at a time; one that is awaited always is. TRUE: the bus was asked. */
gboolean   dbr_owners_follow     (DbrOwners   *self,
                                  DbrLane     *lane,
                                  const char  *bus_name,
                                  gboolean     is_awaited);
/* Asks for a name that is followed once more, on another lane. */
void       dbr_owners_ask        (DbrOwners   *self,
                                  DbrLane     *lane,
                                  const char  *bus_name);
void       dbr_owners_hear       (DbrOwners   *self,
                                  DbrMessage  *signal);
/* Takes back the rules on a connection that goes on without us. */
void       dbr_owners_leave      (DbrOwners       *self,
                                  GDBusConnection *connection);
/* A new connection knows nothing of what the last one was told: all names are asked for anew. */
void       dbr_owners_restore    (DbrOwners   *self,
                                  DbrLane     *lane);

/* Who owns @bus_name, NULL if nobody does or that is not known. */
char      *dbr_owners_dup_owner  (DbrOwners   *self,
                                  const char  *bus_name) G_GNUC_WARN_UNUSED_RESULT;
/* How many rules the bus keeps for it. */
guint      dbr_owners_count      (DbrOwners   *self);
/* Whether @bus_name is followed and known to be owned by @unique_name. */
gboolean   dbr_owners_is_owned_by (DbrOwners  *self,
                                   const char *bus_name,
                                   const char *unique_name);
/* FALSE: it is not followed, or not known yet. @owner is NULL if it has none. */
gboolean   dbr_owners_lookup     (DbrOwners   *self,
                                  const char  *bus_name,
                                  char       **owner);
/* Whether the bus tells when the owner of @bus_name changes, which it does not if it has refused the
 * rule for that; @error is why. It is tried again when the name is to be followed next. */
gboolean   dbr_owners_is_told    (DbrOwners   *self,
                                  const char  *bus_name,
                                  GError     **error);
/* The names that are followed and known to be owned by @unique_name, NULL for none. */
char     **dbr_owners_dup_names  (DbrOwners   *self,
                                  const char  *unique_name);
/* Whether @bus_name is known to have had no owner at @when_usec or at some time since. */
gboolean   dbr_owners_was_absent (GObject     *owners,
                                  const char  *bus_name,
                                  gint64       when_usec);

G_END_DECLS
