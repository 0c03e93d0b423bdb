/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "monitor/dbr-bluez-core-private.h"

G_BEGIN_DECLS

/* What BlueZ was asked to keep for this program, and what it forgets with its owner or with our
 * connection: it is asked again then, in the order in which things need each other. It lives on
 * dbr-io, as part of the core. */

typedef enum
{
  DBR_BLUEZ_ENTRY_POWER,
  DBR_BLUEZ_ENTRY_AGENT,
  DBR_BLUEZ_ENTRY_REGISTRATION,
  DBR_BLUEZ_ENTRY_DISCOVERY,
  DBR_BLUEZ_ENTRY_NOTIFY,
} DbrBluezEntryKind;

typedef struct
{
  DbrBluezEntryKind kind;
  /* the key of the adapter or device that it belongs to, NULL if it is of BlueZ itself; and the rest
   * of its path */
  char             *node;
  char             *rest;
  char             *interface_name;
  char             *member;
  GVariant         *parameters;
  /* default agent, or on */
  gboolean          flag;

  /* of which owner and lease it holds; 0: of none */
  guint             generation;
  guint             lease_serial;
  gboolean          is_busy;
  guint             n_failures;
  gint64            not_before_usec;
  /* why it was not repeated the last time */
  char             *problem;
  /* when it was asked for by the program, monotonic time */
  gint64            noted_usec;
} DbrBluezEntry;

/* What is seen of an entry from outside. */
typedef struct
{
  DbrBluezEntryKind kind;
  char             *node;
  char             *rest;
  char             *interface_name;
  GVariant         *parameters;
  gboolean          flag;
  gboolean          holds;
  /* NULL if nothing is wrong with it */
  char             *problem;
} DbrBluezStanding;

DbrBluezLedger *dbr_bluez_ledger_new              (DbrBluezCore       *core) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_bluez_ledger_free             (DbrBluezLedger     *self);

/* Takes what its operation has asked for; what was there of it is replaced. */
void            dbr_bluez_ledger_note_power       (DbrBluezLedger     *self,
                                                   const char         *adapter,
                                                   gboolean            is_powered);
void            dbr_bluez_ledger_note_discovery   (DbrBluezLedger     *self,
                                                   const char         *adapter,
                                                   GVariant           *filter);
void            dbr_bluez_ledger_note             (DbrBluezLedger     *self,
                                                   DbrBluezEntryKind   kind,
                                                   const char         *node,
                                                   const char         *rest,
                                                   const char         *interface_name,
                                                   const char         *member,
                                                   GVariant           *parameters,
                                                   gboolean            flag);
/* By its place, interface and first parameter; NULL if there is none. */
DbrBluezEntry  *dbr_bluez_ledger_find             (DbrBluezLedger     *self,
                                                   DbrBluezEntryKind   kind,
                                                   const char         *node,
                                                   const char         *rest,
                                                   const char         *interface_name,
                                                   GVariant           *parameters);
void            dbr_bluez_ledger_forget           (DbrBluezLedger     *self,
                                                   DbrBluezEntry      *entry);
void            dbr_bluez_ledger_forget_discovery (DbrBluezLedger     *self,
                                                   const char         *adapter);

/* It holds at this moment, with this owner and lease. */
gboolean        dbr_bluez_ledger_holds            (DbrBluezLedger      *self,
                                                   const DbrBluezEntry *entry);
gboolean        dbr_bluez_ledger_is_discovering   (DbrBluezLedger     *self,
                                                   const char         *adapter);
/* Agents and registrations all hold. */
gboolean        dbr_bluez_ledger_is_settled       (DbrBluezLedger     *self);

/* All that was asked for, in order. */
GPtrArray      *dbr_bluez_ledger_survey           (DbrBluezLedger     *self) G_GNUC_WARN_UNUSED_RESULT;
/* None of it is about to be repeated now. A node of NULL is all. */
gboolean        dbr_bluez_ledger_is_at_rest       (DbrBluezLedger     *self,
                                                   const char         *adapter,
                                                   gboolean            with_notifications);

/* A node has gone, and what was kept for it; NULL: whatever was registered. */
void            dbr_bluez_ledger_lost             (DbrBluezLedger     *self,
                                                   const char         *node);
/* An adapter has stopped searching, whoever wanted it to. */
void            dbr_bluez_ledger_searched         (DbrBluezLedger     *self,
                                                   const char         *adapter);
/* Asks for the next thing that does not hold and can. */
void            dbr_bluez_ledger_replay           (DbrBluezLedger     *self);

G_END_DECLS
