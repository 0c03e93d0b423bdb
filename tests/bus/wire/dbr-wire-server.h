/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-scene.h"
#include "dbr-wire-bytes.h"

G_BEGIN_DECLS

/* The other end of a client's socket, played by the test byte by byte. What it waits for too long
 * fails the test. */
typedef struct
{
  char *folder;
  char *path;
  char *address;
  int   listening;
  int   fd;
  guint next_serial;
} WireServer;

WireServer     *wire_server_new         (void) G_GNUC_WARN_UNUSED_RESULT;
void            wire_server_free        (WireServer          *self);

void            wire_server_accept      (WireServer          *self);
void            wire_server_cut         (WireServer          *self);

void            wire_server_say         (WireServer          *self,
                                         const char          *text);
void            wire_server_expect      (WireServer          *self,
                                         const void          *bytes,
                                         gsize                size);
/* All of the above up to the first message: with or without a bus. */
void            wire_server_let_in      (WireServer          *self);
void            wire_server_greet       (WireServer          *self);

void            wire_server_write       (WireServer          *self,
                                         const void          *bytes,
                                         gsize                size,
                                         const int           *descriptors,
                                         guint                n_descriptors);
void            wire_server_send        (WireServer          *self,
                                         const DbrWireHeader *header,
                                         GVariant            *body);
/* Reads as much as there must be; the descriptors that come along are added where there is a place
 * for them. */
void            wire_server_read        (WireServer          *self,
                                         void                *bytes,
                                         gsize                size,
                                         GArray              *descriptors);
DbrWireMessage *wire_server_receive     (WireServer          *self,
                                         GArray              *descriptors) G_GNUC_WARN_UNUSED_RESULT;
DbrWireHeader   wire_server_new_reply   (WireServer          *self,
                                         DbrWireMessage      *call);

/* A client that tries nothing twice, and holds nothing back but for the connection's sake. */
DbrClient      *wire_client_new         (const char          *address,
                                         gboolean             has_bus) G_GNUC_WARN_UNUSED_RESULT;
/* A call without a bus name, as without a bus there are none. */
DbrCall        *wire_call_new           (GVariant            *parameters,
                                         guint                timeout_ms) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WireServer, wire_server_free)

G_END_DECLS
