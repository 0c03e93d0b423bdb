/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DbrWatch DbrWatch;

/* What happens to a service and to the way to it, as far as a client notices. In the transport's
 * thread or on dbr-io, with no lock held; it may come a moment after the watch has ended. */
typedef struct
{
  /* NULL is nobody; the generation counts the owners from 1 */
  void (*owner_changed)(gpointer    user_data,
                        const char *old_owner,
                        const char *new_owner,
                        guint       generation);
  /* The connection is lost; and another one is there, with all that was registered. */
  void (*lost)(gpointer    user_data);
  void (*restored)(gpointer    user_data);
  /* It has ceased to answer; and answers again. */
  void (*stalled)(gpointer    user_data);
  void (*recovered)(gpointer    user_data);
  /* A call that was sent to it is not answered for a while, and none was. May be NULL. */
  void (*call_is_slow)(gpointer user_data);
  /* Its circuit has changed, or would like to be tried by a probe. May be NULL. */
  void (*circuit_changed)(gpointer user_data);
} DbrWatchFuncs;

/* Those who watch one service, in a list that is guarded by the lock of who has it. One that
 * @is_behind began when it was not known who owns the name. */
DbrWatch  *dbr_watch_new        (const DbrWatchFuncs *funcs,
                                 gboolean             is_behind,
                                 gpointer             user_data,
                                 GDestroyNotify       destroy) G_GNUC_WARN_UNUSED_RESULT;
DbrWatch  *dbr_watch_ref        (DbrWatch            *self);
void       dbr_watch_unref      (DbrWatch            *self);
/* Appends those in @watches to @all, with a reference each. */
void       dbr_watches_collect  (const GPtrArray     *watches,
                                 GPtrArray           *all);
/* The same for those that are behind, which they are not from then on. */
void       dbr_watches_collect_behind (const GPtrArray *watches,
                                       GPtrArray       *behind);
GPtrArray *dbr_watches_new      (void) G_GNUC_WARN_UNUSED_RESULT;

/* These tell those who were collected. */
void       dbr_watches_tell_owner     (const GPtrArray *self,
                                       const char      *old_owner,
                                       const char      *new_owner,
                                       guint            generation);
void       dbr_watches_tell_lost      (const GPtrArray *self);
void       dbr_watches_tell_restored  (const GPtrArray *self);
void       dbr_watches_tell_stalled   (const GPtrArray *self);
void       dbr_watches_tell_recovered (const GPtrArray *self);
void       dbr_watches_tell_call_is_slow    (const GPtrArray *self);
void       dbr_watches_tell_circuit_changed (const GPtrArray *self);

G_END_DECLS
