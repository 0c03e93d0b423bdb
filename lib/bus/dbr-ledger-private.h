/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DbrLedger DbrLedger;
typedef struct _DbrLedgerAccount DbrLedgerAccount;

/* The slots for pending replies that a bus gives a connection, and who holds them.
 *
 * A call that timed out here keeps its slot at the bus until the service answers or dies: it is an
 * orphan. When all are taken, the bus refuses every call on the connection, to healthy services
 * too. So the ledger counts, and refuses first: a destination may never hold more slots than it
 * leaves free, so that there is always room for another, however many of them hang. */
struct _DbrLedgerAccount
{
  char  *destination;
  guint  n_in_flight;
  guint  n_orphans;
};

/* How much of a ledger is taken, and how it is with one destination. */
typedef struct
{
  guint    n_slots;
  guint    n_held;
  guint    n_orphans;
  /* the destination's own that are waited for, and whether it may have another */
  guint    n_here;
  gboolean has_room;
} DbrLedgerLoad;

DbrLedger  *dbr_ledger_new             (guint       n_slots) G_GNUC_WARN_UNUSED_RESULT;
void        dbr_ledger_free            (DbrLedger  *self);

/* A slot for one call to @destination; NULL when it must not have another. */
DbrLedgerAccount *dbr_ledger_take            (DbrLedger  *self,
                                              const char *destination);
/* The caller no longer waits, but the slot is still held. */
void        dbr_ledger_orphan          (DbrLedger        *self,
                                        DbrLedgerAccount *account);
/* The slot is free again: a reply came, or the call was never sent. */
void        dbr_ledger_release         (DbrLedger        *self,
                                        DbrLedgerAccount *account);
void        dbr_ledger_release_orphan  (DbrLedger        *self,
                                        DbrLedgerAccount *account);

/* @destination may be NULL. */
void        dbr_ledger_look            (DbrLedger     *self,
                                        const char    *destination,
                                        DbrLedgerLoad *load);
/* Whether half of the slots are taken. */
gboolean    dbr_ledger_is_laden        (DbrLedger  *self);

guint       dbr_ledger_get_n_in_flight (DbrLedger  *self);
guint       dbr_ledger_get_n_orphans   (DbrLedger  *self);
guint       dbr_ledger_get_n_names     (DbrLedger  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrLedger, dbr_ledger_free)

G_END_DECLS
