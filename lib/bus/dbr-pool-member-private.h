/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "bus/dbr-access-guard-private.h"
#include "bus/dbr-pool-book-private.h"

G_BEGIN_DECLS

typedef struct _DbrPoolMember DbrPoolMember;

/* Called on dbr-io, with no lock held. */
typedef struct
{
  /* The bus answered. @is_fit: another holder would find nothing of the last one's. */
  void (*answered)(gpointer       user_data,
                   DbrPoolMember *member,
                   gboolean       is_fit);
  /* The connection is over. */
  void (*lost)(gpointer       user_data,
               DbrPoolMember *member,
               GError        *error);
} DbrPoolMemberListener;

/* Takes @guard, which may be NULL. @max_orphans is how many unanswered calls it may carry to another
 * holder. On dbr-io, before anything was sent. */
DbrPoolMember *dbr_pool_member_new             (GDBusConnection             *connection,
                                                DbrAccessGuard              *guard,
                                                guint                        max_orphans,
                                                const DbrPoolMemberListener *listener,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy) G_GNUC_WARN_UNUSED_RESULT;
DbrPoolMember *dbr_pool_member_ref             (DbrPoolMember               *self);
void           dbr_pool_member_unref           (DbrPoolMember               *self);

/* Its place in the book, guarded by the pool's mutex. */
DbrPoolNode   *dbr_pool_member_get_node        (DbrPoolMember               *self);
DbrPoolMember *dbr_pool_member_from_node       (DbrPoolNode                 *node);

GDBusConnection *dbr_pool_member_get_connection (DbrPoolMember              *self);
const char    *dbr_pool_member_get_unique_name (DbrPoolMember               *self);
guint          dbr_pool_member_get_orphans     (DbrPoolMember               *self);
gboolean       dbr_pool_member_is_alive        (const DbrPoolMember         *self);

/* Asks for a sign of life. From any thread. */
void           dbr_pool_member_ask             (DbrPoolMember               *self);
/* The holder is done: the next answer is the one to the first question after that, and tells what
 * the holder left. */
void           dbr_pool_member_end_lease       (DbrPoolMember               *self);
/* Whether what the holder left is still being looked at. */
gboolean       dbr_pool_member_is_in_doubt     (DbrPoolMember               *self);
/* Whether the bus answered, and what is exported here keeps GDBus from telling what that is. */
gboolean       dbr_pool_member_is_obstructed   (DbrPoolMember               *self);
/* Ends it at once, whatever the other end does. The listener hears no more of it. Once. */
void           dbr_pool_member_close           (DbrPoolMember               *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPoolMember, dbr_pool_member_unref)

G_END_DECLS
