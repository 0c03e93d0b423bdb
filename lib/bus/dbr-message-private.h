/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/dbr-error-table-private.h"

G_BEGIN_DECLS

typedef struct _DbrMessage DbrMessage;
typedef struct _DbrMessageFuncs DbrMessageFuncs;

typedef enum
{
  DBR_MESSAGE_RETURN,
  DBR_MESSAGE_ERROR,
  DBR_MESSAGE_SIGNAL,
} DbrMessageKind;

/* What a transport knows to do with a message of its own making. */
struct _DbrMessageFuncs
{
  const char  *(*get_sender)  (DbrMessage *self);
  const char  *(*get_arg0)    (DbrMessage *self,
                               char       *kind);
  GVariant    *(*dup_body)    (DbrMessage *self);
  GUnixFDList *(*get_fd_list) (DbrMessage *self);
  gsize        (*get_size)    (DbrMessage *self);
  void         (*free)        (DbrMessage *self);
};

/* A message that arrived, as plain fields. A transport puts its own data behind them. What few ask
 * for is found when it is asked for, and the body is decoded then, in the thread that asks. */
struct _DbrMessage
{
  const DbrMessageFuncs *funcs;
  gatomicrefcount        ref_count;

  DbrMessageKind         kind;
  guint32                reply_serial;
  const char            *object_path;
  const char            *interface_name;
  const char            *member;
  const char            *error_name;
  gint64                 arrived_usec;
  /* it came with some that found no room in this process */
  gboolean               lacks_descriptors;
};

DbrMessage  *dbr_message_ref         (DbrMessage *self);
void         dbr_message_unref       (DbrMessage *self);

/* NULL where there is no bus, and where a sandbox's proxy answers for it. */
const char  *dbr_message_get_sender  (DbrMessage *self);
/* The first argument, without decoding the body, if it is a string or a path: @kind is `s` or `o`. */
const char  *dbr_message_get_arg0    (DbrMessage *self,
                                      char       *kind);
/* The same in a body, which has to stay, for what has one. */
const char  *dbr_message_find_arg0   (GVariant   *body,
                                      char       *kind);
/* Always a tuple; an empty one for a message without a body. */
GVariant    *dbr_message_dup_body    (DbrMessage *self) G_GNUC_WARN_UNUSED_RESULT;
GUnixFDList *dbr_message_get_fd_list (DbrMessage *self);
/* About how many bytes it holds. */
gsize        dbr_message_get_size    (DbrMessage *self);

/* What GDBus makes of an error message. */
GError      *dbr_message_dup_error   (DbrMessage *self) G_GNUC_WARN_UNUSED_RESULT;
DbrOrigin    dbr_message_get_origin  (DbrMessage *self,
                                      gboolean    has_bus);
/* Whether it is an error by which GDBus may have answered by itself, in a thread that goes on while
 * the service's main loop is dead. */
gboolean     dbr_message_may_be_of_worker (DbrMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrMessage, dbr_message_unref)

G_END_DECLS
