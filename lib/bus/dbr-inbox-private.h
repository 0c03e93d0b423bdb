/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-changes-private.h"

G_BEGIN_DECLS

typedef struct _DbrInbox DbrInbox;

/* What is told at once in the context of the object: NULL for what did not happen. */
typedef struct
{
  gboolean    has_new_owner;
  const char *old_owner;
  const char *new_owner;
  /* whether it is fresh may be another now */
  gboolean    has_new_state;
  GVariant   *changed;
  char      **invalidated;
} DbrInboxNews;

typedef void (*DbrInboxFunc) (GObject            *object,
                              const DbrInboxNews *news);

/* The changes that a context has no time for yet, as one: what a property was in between is not
 * told. So it never holds more than there are properties. It has a weak reference to the object. */
DbrInbox *dbr_inbox_new          (GObject             *object,
                                  DbrInboxFunc         tell) G_GNUC_WARN_UNUSED_RESULT;
DbrInbox *dbr_inbox_ref          (DbrInbox            *self);
void      dbr_inbox_unref        (DbrInbox            *self);

/* From any thread, with no lock held. What the owner before had to say goes untold. */
void      dbr_inbox_put_owner    (DbrInbox            *self,
                                  const char          *old_owner,
                                  const char          *new_owner);
void      dbr_inbox_put_state    (DbrInbox            *self);
void      dbr_inbox_put_changes  (DbrInbox            *self,
                                  const DbrChanges    *changes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrInbox, dbr_inbox_unref)

G_END_DECLS
