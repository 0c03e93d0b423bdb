/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lane-private.h"
#include "bus/dbr-match-rule-private.h"
#include "bus/dbr-owners-private.h"

G_BEGIN_DECLS

#define DBR_TYPE_MATCHES (dbr_matches_get_type ())

/* Who hears which signals of a connection. The bus is asked for each rule once, and not at all for
 * one that is covered by another; it is asked anew on a new connection. */
G_DECLARE_FINAL_TYPE (DbrMatches, dbr_matches, DBR, MATCHES, GObject)

typedef struct _DbrListener DbrListener;

/* In the transport's thread, with no lock held: a signal came from the current owner of the name.
 * It may come a moment after the listener was removed as well. */
typedef void (*DbrListenerFunc) (DbrMessage *signal,
                                 gpointer    user_data);
/* Once for each connection, in some thread: the bus has taken the rule, or refuses it. */
typedef void (*DbrListeningFunc) (const GError *error,
                                  gpointer      user_data);

/* Where a call to the bus is sent that asks for a rule. */
typedef void (*DbrMatchesSubmit) (gpointer     user_data,
                                  DbrExchange *exchange);

DbrMatches  *dbr_matches_new      (DbrOwners           *owners,
                                   gboolean             has_bus,
                                   DbrMatchesSubmit     submit,
                                   gpointer             user_data) G_GNUC_WARN_UNUSED_RESULT;

/* Begins to listen; the bus is asked within @limit_ms. */
DbrListener *dbr_matches_add      (DbrMatches          *self,
                                   const DbrMatchRule  *rule,
                                   guint                limit_ms,
                                   DbrListenerFunc      heard,
                                   DbrListeningFunc     listening,
                                   gpointer             user_data,
                                   GDestroyNotify       destroy) G_GNUC_WARN_UNUSED_RESULT;
void         dbr_matches_remove   (DbrMatches          *self,
                                   DbrListener         *listener);

void         dbr_matches_hear     (DbrMatches          *self,
                                   DbrMessage          *signal);
void         dbr_matches_restore  (DbrMatches          *self,
                                   DbrLane             *lane);
/* There is no connection any more and will be none: all are told so. */
void         dbr_matches_close    (DbrMatches          *self,
                                   const GError        *reason);
/* Whether someone may hear signals of @bus_name; TRUE where that is not sure. */
gboolean     dbr_matches_hear_from (DbrMatches         *self,
                                    const char         *bus_name);
/* Whether there is a rule for signals of @bus_name and no other. */
gboolean     dbr_matches_have     (DbrMatches          *self,
                                   const char          *bus_name);
/* How many rules the bus keeps for it. */
guint        dbr_matches_count    (DbrMatches          *self);
/* Takes the rules back on a connection that goes on without us. */
void         dbr_matches_leave    (DbrMatches          *self,
                                   GDBusConnection     *connection);

G_END_DECLS
