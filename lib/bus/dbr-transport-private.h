/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "bus/dbr-message-private.h"

G_BEGIN_DECLS

/* The bus itself, as a name one can call. */
#define DBR_BUS_NAME "org.freedesktop.DBus"
#define DBR_BUS_PATH "/org/freedesktop/DBus"
#define DBR_BUS_INTERFACE "org.freedesktop.DBus"

typedef enum
{
  DBR_SEND_NONE          = 0,
  DBR_SEND_NO_AUTO_START = 1 << 0,
  DBR_SEND_INTERACTIVE   = 1 << 1,
} DbrSendFlags;

/* A method call to send, as plain fields that were checked before. */
typedef struct
{
  const char   *destination;
  const char   *object_path;
  const char   *interface_name;
  const char   *member;
  GVariant     *body;
  GUnixFDList  *fd_list;
  DbrSendFlags  flags;
} DbrOutgoing;

/* What the other end allows; a message beyond it would cost the connection. */
typedef struct
{
  guint n_replies;
  gsize message_size;
  guint n_descriptors;
  guint n_match_rules;
} DbrTransportLimits;

/* `INVALID_ARGUMENT`, or `NOT_SUPPORTED` where the connection cannot pass descriptors at all. */
gboolean dbr_limits_check_size        (const DbrTransportLimits *self,
                                       gsize                     size,
                                       GError                  **error);
gboolean dbr_limits_check_descriptors (const DbrTransportLimits *self,
                                       gboolean                  can_pass,
                                       GUnixFDList              *fd_list,
                                       GError                  **error);

/* Who hears what the transport has to say. The functions are called one at a time for each, and must
 * be quick: nothing else is read or written meanwhile. They are called in the transport's own thread,
 * but what is written in the thread that sends it leaves there. */
typedef struct
{
  /* The message is about to be written. FALSE: it was taken back and must not be. */
  gboolean (*leaving)(gpointer    user_data,
                      guint32     serial,
                      gint64      now);
  /* TRUE: the message was for this listener and goes no further. */
  gboolean (*arrived)(gpointer    user_data,
                      DbrMessage *message);
  /* The connection is over. Called once, and not after dbr_transport_close(). */
  void     (*closed)(gpointer    user_data,
                     GError     *error);
} DbrTransportListener;

#define DBR_TYPE_TRANSPORT (dbr_transport_get_type ())

G_DECLARE_INTERFACE (DbrTransport, dbr_transport, DBR, TRANSPORT, GObject)

/* One connection, already made: it sends calls and hears what comes. Nothing above it knows how. */
struct _DbrTransportInterface
{
  GTypeInterface parent_iface;

  void         (*start)           (DbrTransport                *self,
                                   const DbrTransportListener  *listener,
                                   gpointer                     user_data,
                                   GDestroyNotify               destroy);
  guint32      (*reserve_serial)  (DbrTransport                *self);
  gboolean     (*send)            (DbrTransport                *self,
                                   guint32                      serial,
                                   const DbrOutgoing           *outgoing,
                                   GError                     **error);
  gboolean     (*close)           (DbrTransport                *self);
  const char  *(*get_unique_name) (DbrTransport                *self);
  const char  *(*get_guid)        (DbrTransport                *self);
};

void         dbr_transport_start           (DbrTransport                *self,
                                            const DbrTransportListener  *listener,
                                            gpointer                     user_data,
                                            GDestroyNotify               destroy);

/* The serial comes first, so that a table knows it before the answer can be there. */
guint32      dbr_transport_reserve_serial  (DbrTransport                *self);
/* `INVALID_ARGUMENT` where the message itself is at fault, `NOT_SUPPORTED` where it has descriptors
 * that cannot be passed, `OVERLOADED` where too much waits to be written already, and else
 * `CONNECTION_LOST`; nothing was sent then. */
gboolean     dbr_transport_send            (DbrTransport                *self,
                                            guint32                      serial,
                                            const DbrOutgoing           *outgoing,
                                            GError                     **error);
/* Ends the connection at once, whatever the other end does. Called once, in any thread: it may come
 * before the start, or meanwhile. Returns whether it is sure that what was not written by now never
 * will be. */
gboolean     dbr_transport_close           (DbrTransport                *self);

const char  *dbr_transport_get_unique_name (DbrTransport                *self);
/* What the other end calls itself, which is something else when it was started anew; empty or NULL if
 * it does not say. */
const char  *dbr_transport_get_guid        (DbrTransport                *self);

G_END_DECLS
