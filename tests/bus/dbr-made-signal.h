/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "config.h"

#include "bus/dbr-message-private.h"

/* A signal that no connection brought. */
typedef struct
{
  DbrMessage  message;

  char       *sender;
  char       *path;
  char       *interface_name;
  char       *member;
  GVariant   *body;
} MadeSignal;

static const char *
made_signal_get_sender (DbrMessage *message)
{
  return ((MadeSignal *) message)->sender;
}

static const char *
made_signal_get_arg0 (DbrMessage *message,
                      char       *kind)
{
  return dbr_message_find_arg0 (((MadeSignal *) message)->body, kind);
}

static GVariant *
made_signal_dup_body (DbrMessage *message)
{
  MadeSignal *self = (MadeSignal *) message;

  return self->body != NULL ? g_variant_ref (self->body) : NULL;
}

static GUnixFDList *
made_signal_get_fd_list (DbrMessage *message)
{
  return NULL;
}

static gsize
made_signal_get_size (DbrMessage *message)
{
  MadeSignal *self = (MadeSignal *) message;

  return self->body != NULL ? g_variant_get_size (self->body) : 0;
}

static void
made_signal_free (DbrMessage *message)
{
  MadeSignal *self = (MadeSignal *) message;

  g_free (self->sender);
  g_free (self->path);
  g_free (self->interface_name);
  g_free (self->member);
  g_clear_pointer (&self->body, g_variant_unref);
  g_free (self);
}

static const DbrMessageFuncs made_signal_funcs = {
  made_signal_get_sender,
  made_signal_get_arg0,
  made_signal_dup_body,
  made_signal_get_fd_list,
  made_signal_get_size,
  made_signal_free,
};

/* Takes @body if it floats. */
static inline DbrMessage *
made_signal_new (const char *sender,
                 const char *path,
                 const char *interface_name,
                 const char *member,
                 GVariant   *body)
{
  MadeSignal *self = g_new0 (MadeSignal, 1);

  g_atomic_ref_count_init (&self->message.ref_count);
  self->message.funcs = &made_signal_funcs;
  self->message.kind = DBR_MESSAGE_SIGNAL;
  self->sender = g_strdup (sender);
  self->message.object_path = self->path = g_strdup (path);
  self->message.interface_name = self->interface_name = g_strdup (interface_name);
  self->message.member = self->member = g_strdup (member);
  self->body = body != NULL ? g_variant_ref_sink (body) : NULL;

  return &self->message;
}
