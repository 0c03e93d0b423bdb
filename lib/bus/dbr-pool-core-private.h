/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "bus/dbr-pool-book-private.h"
#include "bus/dbr-pool-member-private.h"
#include "policy/dbr-access-policy.h"

G_BEGIN_DECLS

typedef struct _DbrPoolCore DbrPoolCore;
typedef struct _DbrPoolSeeker DbrPoolSeeker;

typedef enum
{
  DBR_POOL_NEWS_OPENED,
  DBR_POOL_NEWS_CLOSED,
  DBR_POOL_NEWS_STALLED,
  DBR_POOL_NEWS_RECOVERED,
  DBR_POOL_NEWS_EXHAUSTED,
  DBR_POOL_NEWS_AVAILABLE,
  DBR_POOL_NEWS_LEAKED,
} DbrPoolNewsKind;

/* Called in any thread, one news after the other, with no lock held. */
typedef void (*DbrPoolNewsFunc) (gpointer         user_data,
                                 DbrPoolNewsKind  kind,
                                 const char      *unique_name,
                                 gint64           usec,
                                 const GError    *error);

/* Who waits for a connection. Ends once, with either. */
struct _DbrPoolSeeker
{
  DbrPoolWaiter waiter;

  void (*ended) (DbrPoolSeeker *self,
                 DbrPoolMember *member,
                 GError        *error);
};

/* The connections of a pool. It outlives the pool while some of them are lent. */
DbrPoolCore *dbr_pool_core_new           (GBusType              bus_type,
                                          const char           *address,
                                          DbrAccessPolicy      *policy,
                                          DbrPoolNewsFunc       tell,
                                          gpointer              user_data,
                                          GDestroyNotify        destroy) G_GNUC_WARN_UNUSED_RESULT;
DbrPoolCore *dbr_pool_core_ref           (DbrPoolCore          *self);
void         dbr_pool_core_unref         (DbrPoolCore          *self);

gboolean     dbr_pool_core_check_process (DbrPoolCore          *self,
                                          GError              **error);
void         dbr_pool_core_set_limits    (DbrPoolCore          *self,
                                          const DbrPoolLimits  *limits);
/* Ends @seeker with a connection, or an error that @seeker owns then. */
void         dbr_pool_core_seek          (DbrPoolCore          *self,
                                          DbrPoolSeeker        *seeker);
/* TRUE: it had not ended, and will not any more. */
gboolean     dbr_pool_core_give_up       (DbrPoolCore          *self,
                                          DbrPoolSeeker        *seeker);
/* Takes a member that was lent. */
void         dbr_pool_core_give_back     (DbrPoolCore          *self,
                                          DbrPoolMember        *member);
void         dbr_pool_core_close         (DbrPoolCore          *self);
/* One moment's. */
void         dbr_pool_core_count         (DbrPoolCore          *self,
                                          DbrPoolCounts        *counts,
                                          guint                *n_orphans);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrPoolCore, dbr_pool_core_unref)

G_END_DECLS
