/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-client.h"
#include "bus/dbr-lane-private.h"
#include "bus/dbr-matches-private.h"
#include "bus/dbr-owners-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_LINK (dbr_link_get_type ())

/* A client's way to its bus or peer: opened when the first call needs it, and made again by itself
 * when it was lost. */
G_DECLARE_FINAL_TYPE (DbrLink, dbr_link, DBR, LINK, GObject)

/* Who hears of it, in any thread, with no lock held, until the link is gone. */
typedef struct
{
  void (*state_changed)(gpointer    user_data);
  void (*lost)(gpointer    user_data,
               GError     *error);
  void (*restored)(gpointer    user_data);
  /* It was closed, and all that was under way has ended. */
  void (*closed)(gpointer    user_data);
  /* dbr_link_get_n_slots() is another number. It is told of a connection before what waited for that
   * is sent. */
  void (*slots_changed)(gpointer user_data);
  /* A connection is there, with these limits; what waited for it is sent after this. */
  void (*opened)(gpointer                  user_data,
                 const DbrTransportLimits *limits);
  /* The connection goes to another bus than the last one, where no program is what it was. */
  void (*bus_changed)(gpointer user_data);
  void (*orphan_ended)(gpointer         user_data,
                       const DbrOrphan *orphan,
                       DbrMessage      *reply);
  void (*signal)(gpointer    user_data,
                 DbrMessage *message);
  /* See DbrOwnersFunc. */
  void (*owner_told)(gpointer    user_data,
                     const char *bus_name,
                     const char *owner,
                     gboolean    is_change);
  /* See DbrOwnersListener. */
  gboolean (*is_owner_needed)(gpointer    user_data,
                              const char *bus_name);
  void (*owner_forgotten)(gpointer    user_data,
                          const char *bus_name);
} DbrLinkListener;

DbrLink        *dbr_link_new_for_bus        (GBusType               bus_type) G_GNUC_WARN_UNUSED_RESULT;
DbrLink        *dbr_link_new_for_address    (const char            *address,
                                             gboolean               has_bus) G_GNUC_WARN_UNUSED_RESULT;
DbrLink        *dbr_link_new_for_connection (GDBusConnection       *connection) G_GNUC_WARN_UNUSED_RESULT;
/* Once, before the first use. */
void            dbr_link_set_listener       (DbrLink               *self,
                                             const DbrLinkListener *listener,
                                             gpointer               user_data,
                                             GDestroyNotify         destroy);

/* Sends the exchange, opening the connection before if need be. One without a request ends as soon
 * as there is a connection. */
void            dbr_link_submit             (DbrLink               *self,
                                             DbrExchange           *exchange);
/* Whether a connection that is lost can be made anew. */
gboolean        dbr_link_may_reopen         (DbrLink               *self);
/* Ends everything that waits or is under way, and the connection if it is our own. */
void            dbr_link_close              (DbrLink               *self);

gboolean        dbr_link_has_bus            (DbrLink               *self);
DbrOwners      *dbr_link_get_owners         (DbrLink               *self);
DbrMatches     *dbr_link_get_matches        (DbrLink               *self);
DbrClientState  dbr_link_get_state          (DbrLink               *self);
char           *dbr_link_dup_unique_name    (DbrLink               *self);
/* How many calls the bus lets all its lanes hold; from any thread, under any lock. */
guint           dbr_link_get_n_slots        (DbrLink               *self);
void            dbr_link_count              (DbrLink               *self,
                                             guint                 *n_in_flight,
                                             guint                 *n_orphans);
guint           dbr_link_count_match_rules  (DbrLink               *self);

G_END_DECLS
