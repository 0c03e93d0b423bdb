/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/wire/dbr-wire-message-private.h"

#include <gio/gunixfdlist.h>

#include "bus/wire/dbr-wire-body-private.h"

static const char *
wire_message_get_sender (DbrMessage *message)
{
  return ((DbrWireMessage *) message)->header.texts[DBR_WIRE_FIELD_SENDER];
}

/* What arrived was found right, its zeros too. */
static const char *
wire_message_get_arg0 (DbrMessage *message,
                       char       *kind)
{
  DbrWireMessage *self = (DbrWireMessage *) message;
  const char *signature = self->header.texts[DBR_WIRE_FIELD_SIGNATURE];

  if (self->header.body_size == 0 || (*signature != 's' && *signature != 'o'))
    return NULL;

  *kind = *signature;

  /* Behind its length. */
  return (const char *) self->bytes + self->header.body_at + sizeof (guint32);
}

/* In the thread that asks. What arrived was found right, so it is only put into another form. */
static GVariant *
wire_message_dup_body (DbrMessage *message)
{
  DbrWireMessage *self = (DbrWireMessage *) message;
  const char *signature = self->header.texts[DBR_WIRE_FIELD_SIGNATURE];
  DbrWireBody body = {
    self->bytes + self->header.body_at,
    self->header.body_size,
    self->header.is_swapped,
  };

  if (body.size == 0)
    return NULL;

  return dbr_wire_body_read (&body, signature, dbr_message_ref (message),
                             (GDestroyNotify) dbr_message_unref);
}

static GUnixFDList *
wire_message_get_fd_list (DbrMessage *message)
{
  return ((DbrWireMessage *) message)->fd_list;
}

static gsize
wire_message_get_size (DbrMessage *message)
{
  return ((DbrWireMessage *) message)->size;
}

static void
wire_message_free (DbrMessage *message)
{
  DbrWireMessage *self = (DbrWireMessage *) message;

  g_clear_object (&self->fd_list);
  g_free (self);
}

static const DbrMessageFuncs wire_message_funcs = {
  wire_message_get_sender,
  wire_message_get_arg0,
  wire_message_dup_body,
  wire_message_get_fd_list,
  wire_message_get_size,
  wire_message_free,
};

DbrWireMessage *
dbr_wire_message_new (gsize size)
{
  DbrWireMessage *self = g_malloc (sizeof (DbrWireMessage) + size);

  self->message = (DbrMessage) { .funcs = &wire_message_funcs };
  g_atomic_ref_count_init (&self->message.ref_count);
  self->fd_list = NULL;
  self->size = size;

  return self;
}

const char *
dbr_wire_message_read (DbrWireMessage *self,
                       gint64          now)
{
  DbrMessage *message = &self->message;
  const char *const *texts = self->header.texts;
  const char *fault = dbr_wire_header_read (&self->header, self->bytes);

  if (fault != NULL)
    return fault;

  /* A call, and what a later version may know, goes to no listener, so its kind is asked of the
   * header. */
  message->kind = self->header.kind == DBR_WIRE_RETURN  ? DBR_MESSAGE_RETURN
                  : self->header.kind == DBR_WIRE_ERROR ? DBR_MESSAGE_ERROR
                                                        : DBR_MESSAGE_SIGNAL;
  message->reply_serial = self->header.reply_serial;
  message->object_path = texts[DBR_WIRE_FIELD_PATH];
  message->interface_name = texts[DBR_WIRE_FIELD_INTERFACE];
  message->member = texts[DBR_WIRE_FIELD_MEMBER];
  message->error_name = texts[DBR_WIRE_FIELD_ERROR_NAME];
  message->arrived_usec = now;

  return NULL;
}
