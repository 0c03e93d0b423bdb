/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "metrics/dbr-board-private.h"

G_BEGIN_DECLS

/* What happens to a bus name, a connection or the program, beside calls. */
#define DBR_PLACE_N_SLOTS 30u
#define DBR_PLACE_SLOT_USEC (10 * (gint64) G_USEC_PER_SEC)

/* More places than these, the program and one for all others, are counted as that one. */
#define DBR_MAX_PLACES 64u
#define DBR_OTHER_NAME "other"
#define DBR_PROGRAM_NAME ""

/* How often something came in the last five minutes, and ever. */
typedef struct
{
  guint64 total;
  gint64  slot;
  guint32 slots[DBR_PLACE_N_SLOTS];
} DbrOccasions;

/* What of a connection's share of the bus is used; a limit of 0 is not known. */
typedef struct
{
  guint n_in_flight;
  guint n_orphans;
  guint max_slots;
  guint n_matches;
  guint max_matches;
} DbrSlots;

typedef struct
{
  char         *name;
  DbrOccasions  occasions[DBR_N_PLACE_ISSUES];
  DbrSlots      slots;
  /* the nick of a circuit's state, static; NULL where there is no circuit */
  const char        *circuit_state;
  gint64             worst_lag_usec;
  DbrOpenIssues      watch;
} DbrPlace;

/* For one thread at a time. */
typedef struct
{
  GHashTable *table;
  GPtrArray  *list;
  guint       n_named;
} DbrPlaces;

void      dbr_places_init      (DbrPlaces          *self);
void      dbr_places_clear     (DbrPlaces          *self);
DbrPlace *dbr_places_get       (DbrPlaces          *self,
                                const char         *name);
DbrPlace *dbr_places_lookup    (DbrPlaces          *self,
                                const char         *name);
void      dbr_places_remove    (DbrPlaces          *self,
                                DbrPlace           *place);

void      dbr_place_add        (DbrPlace           *self,
                                DbrIssueKind        kind,
                                gint64              when,
                                guint               n);
/* How many there were in the last @n_slots, the one under way included. */
guint64   dbr_place_count      (DbrPlace           *self,
                                DbrIssueKind        kind,
                                gint64              when,
                                guint               n_slots);
/* And how many there ever were. */
guint64   dbr_place_get_total  (const DbrPlace     *self,
                                DbrIssueKind        kind);
void      dbr_place_reset      (DbrPlace           *self);

G_END_DECLS
