/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbr-peer-service.h"

G_BEGIN_DECLS

/* A BlueZ that the peer plays: what it shows, what it keeps for whom, and how it comes and goes are
 * as in the real one, and everything else is the script's. The controllers, the devices around them
 * and what is paired outlive it, as they do the real one. */

DbrPeerBluez *dbr_peer_bluez_new        (DbrPeerService  *service) G_GNUC_WARN_UNUSED_RESULT;
void          dbr_peer_bluez_free       (DbrPeerBluez    *self);

/* The name is owned from now on: the adapters come a little later. */
void          dbr_peer_bluez_boot       (DbrPeerBluez    *self);
/* Whether there is nothing more to come by itself. */
gboolean      dbr_peer_bluez_is_settled (DbrPeerBluez    *self);
char         *dbr_peer_bluez_run_action (DbrPeerBluez    *self,
                                         DbrPeerAction   *action,
                                         GError         **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes a call as it comes, before any rule. */
void          dbr_peer_bluez_note_call  (DbrPeerBluez    *self,
                                         DbrPeerCall     *call);
gboolean      dbr_peer_bluez_has_method (DbrPeerBluez    *self,
                                         DbrPeerCall     *call);
/* FALSE if it is no method of BlueZ's; else it is answered, perhaps later. */
gboolean      dbr_peer_bluez_run_method (DbrPeerBluez    *self,
                                         DbrPeerCall     *call,
                                         GVariant        *body);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPeerBluez, dbr_peer_bluez_free)

G_END_DECLS
