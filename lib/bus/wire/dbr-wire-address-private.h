/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <sys/socket.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/* One socket to try. One with a host has no socket address yet: that has to be looked up. */
typedef struct
{
  struct sockaddr_storage address;
  socklen_t               length;

  char                   *host;
  char                   *port;
  int                     family;
  /* where the sixteen bytes are that the other end wants to see first, or NULL */
  char                   *nonce_file;
} DbrWireAddress;

void       dbr_wire_address_free  (DbrWireAddress *self);

/* What a list of D-Bus addresses leads to, in its order. */
GPtrArray *dbr_wire_address_parse (const char      *text,
                                   GError         **error) G_GNUC_WARN_UNUSED_RESULT;

/* All that a host's name stands for. This waits for the network, unless the name is a number. */
GPtrArray *dbr_wire_address_look_up (const DbrWireAddress  *self,
                                     GError               **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
