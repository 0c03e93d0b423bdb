/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-herald-private.h"
#include "recovery/dbr-device-state.h"
#include "recovery/dbr-state-book-private.h"

G_BEGIN_DECLS

/* The book of a file as this process has it, and what is still to be written. Whoever uses one file in
 * a process shares it, so that what one has set the other finds, written or not. Any thread; what
 * reads or writes the file does so in a thread of its own, but for the functions that say so. */
typedef struct _DbrStateStore DbrStateStore;

/* A path of NULL: nothing is written. */
DbrStateStore *dbr_state_store_get      (const char          *path) G_GNUC_WARN_UNUSED_RESULT;
DbrStateStore *dbr_state_store_ref      (DbrStateStore       *self);
void           dbr_state_store_unref    (DbrStateStore       *self);
const char    *dbr_state_store_get_path (DbrStateStore       *self);

/* Who is told, with a GError, that the file cannot be read or written; also that it could not be read
 * before, as long as nobody else was told by a function that failed. */
void           dbr_state_store_add_herald    (DbrStateStore  *self,
                                              DbrHerald      *herald,
                                              DbrHeraldFunc   tell);
void           dbr_state_store_remove_herald (DbrStateStore  *self,
                                              DbrHerald      *herald);

/* What is known, in a copy. A file that is just being read is waited for, but not for long. */
DbrStateBook  *dbr_state_store_dup_book (DbrStateStore       *self) G_GNUC_WARN_UNUSED_RESULT;
/* Of one device, NULL if nothing is known of it. */
DbrDeviceState *dbr_state_store_dup_state (DbrStateStore     *self,
                                           const char        *address) G_GNUC_WARN_UNUSED_RESULT;
/* What was wrong with the file when it was read is told once, to who does anything with it next. */
gboolean       dbr_state_store_check    (DbrStateStore       *self,
                                         GError             **error);
/* Takes the change, which is known from now on, and written soon. */
void           dbr_state_store_add      (DbrStateStore       *self,
                                         DbrStateChange      *change);
/* Blocks until all is written, or cannot be. */
gboolean       dbr_state_store_flush    (DbrStateStore       *self,
                                         GError             **error);
/* Blocks until it is known what other programs have written. Writes nothing. */
gboolean       dbr_state_store_refresh  (DbrStateStore       *self,
                                         GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStateStore, dbr_state_store_unref)

G_END_DECLS
