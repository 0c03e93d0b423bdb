/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _DbrHerald DbrHerald;

/* Called in the context that the object was made in, with the object and what was told. */
typedef void (*DbrHeraldFunc) (GObject  *object,
                               gpointer  news);

/* What happens to an object in other threads is told in the context that it was made in, where its
 * signals are emitted. A herald has a weak reference only: no other thread ever keeps the object or
 * frees it. News of an object that is gone are not told, nor those of a context where too much
 * waits to be told already. */
DbrHerald *dbr_herald_new   (GObject        *object) G_GNUC_WARN_UNUSED_RESULT;
DbrHerald *dbr_herald_ref   (DbrHerald      *self);
void       dbr_herald_unref (DbrHerald      *self);

/* From any thread. Takes @news, which may be NULL. */
void       dbr_herald_tell  (DbrHerald      *self,
                             DbrHeraldFunc   tell,
                             gpointer        news,
                             GDestroyNotify  free_news);

/* The object, NULL if it is gone. For its own context only. */
gpointer   dbr_herald_dup_object (DbrHerald     *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrHerald, dbr_herald_unref)

G_END_DECLS
