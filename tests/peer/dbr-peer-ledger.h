/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a service keeps for its callers until they say otherwise or leave the bus: sessions, filters,
 * registrations. Each is of a kind, at a path, and of one unique name. */
typedef struct _DbrPeerLedger DbrPeerLedger;

typedef struct
{
  char     *kind;
  char     *path;
  char     *sender;
  GVariant *value;
} DbrPeerEntry;

/* Called when a caller has left and nothing of its own is there any more. */
typedef void (*DbrPeerGoneFunc) (gpointer    user_data,
                                 const char *sender);

DbrPeerLedger *dbr_peer_ledger_new           (DbrPeerGoneFunc   gone,
                                              gpointer          user_data) G_GNUC_WARN_UNUSED_RESULT;
void           dbr_peer_ledger_free          (DbrPeerLedger    *self);

DbrPeerEntry  *dbr_peer_ledger_add           (DbrPeerLedger    *self,
                                              GDBusConnection  *connection,
                                              const char       *kind,
                                              const char       *path,
                                              const char       *sender,
                                              GVariant         *value);
/* From the moment on that it is awaited, a caller's leaving is told though nothing is kept. */
void           dbr_peer_ledger_await_leaving (DbrPeerLedger    *self,
                                              GDBusConnection  *connection,
                                              const char       *sender);
/* A path or a sender of NULL fits all. */
DbrPeerEntry  *dbr_peer_ledger_find          (DbrPeerLedger    *self,
                                              const char       *kind,
                                              const char       *path,
                                              const char       *sender);
/* Returns how many there were. */
guint          dbr_peer_ledger_remove        (DbrPeerLedger    *self,
                                              const char       *kind,
                                              const char       *path,
                                              const char       *sender);
void           dbr_peer_ledger_remove_all    (DbrPeerLedger    *self);
char          *dbr_peer_ledger_to_text       (DbrPeerLedger    *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerLedger, dbr_peer_ledger_free)

G_END_DECLS
