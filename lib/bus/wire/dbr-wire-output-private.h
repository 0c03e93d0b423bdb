/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "bus/wire/dbr-wire-writer-private.h"

G_BEGIN_DECLS

/* How many bytes may wait until the other end reads, if others wait before them. */
#define DBR_WIRE_MAX_WAITING (16u * 1024 * 1024)

/* What goes into a socket, in order. Whoever sends writes it there itself if nothing waits before it
 * and nobody else is writing; the rest is written when the socket has room again. */
typedef struct
{
  int        fd;

  /* Asked before a message is written, with no lock held; FALSE: it is not to be written. */
  gboolean (*leaving)(gpointer user_data,
                      guint32  serial,
                      gint64   now);
  gpointer   user_data;

  GMutex     mutex;

  /* guarded by mutex */
  GQueue     waiting;
  gsize      n_waiting;
  gboolean   is_writing;
  gboolean   is_watched;
  gboolean   is_over;
} DbrWireOutput;

typedef enum
{
  /* nothing is left to do */
  DBR_WIRE_SENT_ALL,
  /* dbr_wire_output_flush() has to be called once the socket has room, which nobody waits for yet */
  DBR_WIRE_SENT_SOME,
  /* there is no room for more bytes to wait */
  DBR_WIRE_SENT_TOO_MUCH,
  /* it was closed */
  DBR_WIRE_SENT_CLOSED,
} DbrWireSent;

void        dbr_wire_output_init  (DbrWireOutput  *self);
void        dbr_wire_output_clear (DbrWireOutput  *self);

/* From any thread. The writer's bytes may be taken over. */
DbrWireSent dbr_wire_output_send  (DbrWireOutput  *self,
                                   guint32         serial,
                                   DbrWireWriter  *writer,
                                   GUnixFDList    *fd_list);
/* By who waited for the socket to have room. TRUE: it has to go on waiting. */
gboolean    dbr_wire_output_flush (DbrWireOutput  *self);
/* What waits is never written, and nothing more is taken. */
void        dbr_wire_output_close (DbrWireOutput  *self);

G_END_DECLS
