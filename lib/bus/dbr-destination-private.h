/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-deadline-private.h"
#include "bus/dbr-message-private.h"
#include "bus/dbr-watch-private.h"
#include "policy/dbr-admission-private.h"
#include "policy/dbr-circuit-breaker-private.h"

G_BEGIN_DECLS

typedef struct _DbrDestination DbrDestination;

/* So long after a program gave a name up it may be on its way back. Later it is just not there. */
#define DBR_DESTINATION_GAP_USEC (30 * G_USEC_PER_SEC)
/* So long after it took the name it may not have made its objects yet. */
#define DBR_DESTINATION_STARTING_USEC (5 * G_USEC_PER_SEC)

/* Called with no lock held, in whichever thread changed the circuit. */
typedef void (*DbrDestinationFunc) (GObject        *dispatcher,
                                    DbrDestination *self);

/* What a client keeps of a name that it calls: the circuit, the window of calls under way, who owns
 * it. All fields but the circuit are guarded by the lock of the dispatcher. */
struct _DbrDestination
{
  gatomicrefcount     ref_count;

  /* NULL where there is no bus */
  char               *bus_name;
  DbrCircuitBreaker  *circuit;
  GWeakRef            dispatcher;
  DbrDestinationFunc  circuit_changed;

  DbrDeadline         tick;
  gboolean            has_tick;

  DbrAdmissionWindow  window;
  /* the application has its circuit, and may have set it */
  gboolean            is_kept;

  /* the owners it had, counted from 1; 0 until one is known */
  guint               generation;
  char               *owner;
  /* FALSE: that was before the connection was lost */
  gboolean            is_current;
  /* that was on another bus, where the name of the program meant another one */
  gboolean            is_of_other_bus;
  /* when the owner came or went, if that was seen */
  gint64              came_usec;
  gint64              went_usec;
  /* nothing was under way when it went */
  gboolean            was_idle;
  /* who waits for the next owner */
  GQueue              parked;
  /* who watches it, each with a reference to it; whether somebody does is also read without the
   * lock */
  GPtrArray          *watches;
  gint                is_watched;
  /* how long a call may take before they are told, and since when one does, 0 if none is looked
   * after; the deadline holds a reference while it is armed */
  guint               slow_ms;
  DbrDeadline         slow;
  gint64              slow_from_usec;

  /* the state of the circuit that was recorded, and whether it was closed since it last opened */
  DbrCircuitState     state;
  gboolean            was_closed;

  /* when it answered last, and when it did or sent a signal so that its main loop has to work */
  gint64              answered_usec;
  gint64              heard_usec;
  /* since when it has not answered, and since when that counts as a stall; 0 if it does */
  gint64              silent_usec;
  gint64              stalled_usec;
};

/* Its circuit tells @context of its changes. */
DbrDestination *dbr_destination_new     (const char          *bus_name,
                                         GMainContext        *context,
                                         GObject             *dispatcher,
                                         DbrDestinationFunc   circuit_changed)
G_GNUC_WARN_UNUSED_RESULT;
DbrDestination *dbr_destination_ref     (DbrDestination      *self);
void            dbr_destination_unref   (DbrDestination      *self);
/* The dispatcher goes, and with it the circuit if the application does not have it. */
void            dbr_destination_drop    (DbrDestination      *self);

/* These are called with the dispatcher's lock held. */

/* Whether nothing is lost when it is forgotten. */
gboolean        dbr_destination_is_idle (DbrDestination      *self);
/* Whoever owns it now; FALSE: that was known. */
gboolean        dbr_destination_take_owner  (DbrDestination  *self,
                                             const char      *owner,
                                             gboolean         is_change,
                                             gint64           now);
/* Whether it came as what is started for a call does, which has gone when there was none. */
gboolean        dbr_destination_is_on_demand (const DbrDestination *self);
/* What the circuit is now; FALSE: that was known. @has_opened: it left the service alone just now,
 * and not once more because it still does not answer. */
gboolean        dbr_destination_take_state (DbrDestination  *self,
                                            DbrCircuitState  state,
                                            gboolean        *has_opened);
gboolean        dbr_destination_is_in_gap   (const DbrDestination *self,
                                             gint64                now);
gboolean        dbr_destination_is_starting (const DbrDestination *self,
                                             gint64                now);
/* It answered something that is no ping. */
void            dbr_destination_answered    (DbrDestination  *self,
                                             DbrMessage      *reply);
/* Looks when the circuit has to be looked at again. */
void            dbr_destination_set_tick    (DbrDestination  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrDestination, dbr_destination_unref)

G_END_DECLS
