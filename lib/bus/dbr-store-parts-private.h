/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-store-private.h"

G_BEGIN_DECLS

/* What the files of a store have in common: one opens and closes it and has what it holds, one reads,
 * one hears. */

typedef enum
{
  /* nobody has asked for it yet */
  DBR_STORE_NEW,
  DBR_STORE_LOADING,
  /* there was a service, and what it answered is in the values */
  DBR_STORE_LOADED,
  /* there is nobody to ask */
  DBR_STORE_ABSENT,
  /* there is, but it did not answer as it should */
  DBR_STORE_FAILED,
  /* it hears no more, and asks no more */
  DBR_STORE_CLOSED,
} DbrStoreState;

struct _DbrStore
{
  gatomicrefcount  ref_count;

  /* identity */
  DbrDispatcher   *dispatcher;
  char            *bus_name;
  char            *object_path;
  char            *interface_name;
  guint            limit_ms;
  DbrAccessPolicy *access_policy;
  gboolean         may_introspect;

  GMutex           mutex;

  /* guarded by mutex */
  DbrStoreState    state;
  gboolean         is_fresh;
  guint            generation;
  /* what is under way counts only if it began for this load */
  guint            load;
  guint            n_awaited;
  GHashTable      *values;
  /* the values are there, and only how they tell their changes is still being asked */
  gboolean         is_read;
  /* the names of those that do not tell their changes; NULL while nobody has said so */
  GHashTable      *silent;
  /* what is read once more, by name: whether it has changed again meanwhile */
  GHashTable      *refetches;
  GPtrArray       *waiters;
  GPtrArray       *inboxes;
  DbrListener     *listener;
  /* of the end of a unique name, which has no other owners */
  DbrListener     *end_listener;
  /* there is no rule by which it would hear */
  gboolean         is_deaf;
  DbrWatch        *watch;
  /* holds a reference while it is armed */
  DbrDeadline      pause;
  gint64           pause_usec;
};

/* Whether the value in the cache is what the property is, as long as the store is fresh. */
static inline gboolean
dbr_store_tells_changes_locked (DbrStore   *self,
                                const char *name)
{
  return self->silent == NULL
         || g_hash_table_size (self->silent) == 0
         || !g_hash_table_contains (self->silent, name);
}

/* The store itself */

/* No answer counts any more to what was asked until now. */
guint      dbr_store_begin_locked          (DbrStore            *self);
GPtrArray *dbr_store_ref_inboxes_locked    (DbrStore            *self) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *dbr_store_steal_waiters_locked  (DbrStore            *self) G_GNUC_WARN_UNUSED_RESULT;
void       dbr_store_tell_waiters          (const GPtrArray     *waiters,
                                            const GError        *error);
void       dbr_store_tell_state            (const GPtrArray     *inboxes);
void       dbr_store_tell_changes          (const GPtrArray     *inboxes,
                                            const DbrChanges    *changes);
void       dbr_store_grow_stale            (DbrStore            *self);

/* Reading */

/* Returns the number of the load that is to be begun outside of the lock. */
guint      dbr_store_prepare_load_locked   (DbrStore            *self);
void       dbr_store_load                  (DbrStore            *self,
                                            guint                load);
/* Reads it anew because something has happened, unless it is closed. */
void       dbr_store_reload                (DbrStore            *self);
/* Reads one property once more. */
void       dbr_store_refetch               (DbrStore            *self,
                                            guint                load,
                                            const char          *name);
void       dbr_store_arm_pause_locked      (DbrStore            *self);
void       dbr_store_disarm_pause_locked   (DbrStore            *self);

/* Hearing */

/* What changes, and of a unique name its end. */
void       dbr_store_listen                (DbrStore            *self);
void       dbr_store_watch                 (DbrStore            *self);

G_END_DECLS
