/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"
#include "notify/dbr-notice-private.h"

G_BEGIN_DECLS

/* For how long one waits to be sent, and somebody waits for it. */
#define DBR_NOTICE_LIMIT_MS 2000
/* For how long a critical one is kept after that. */
#define DBR_NOTICE_KEEP_MS (10u * 60 * 1000)
/* Two that are the same within this time are one. */
#define DBR_NOTICE_SAME_MS 1000

/* A notification on its way. */
typedef struct
{
  /* Ours; the one it replaces has the same. */
  guint      id;
  /* It says something newer of what was sent before, and so is no other one's double. */
  gboolean   is_update;
  DbrNotice *notice;
  gint64     queued_usec;
  /* Until when it waits to be sent, G_MAXINT64 for one that is held back. */
  gint64     limit_usec;
  /* Who waits for it, for the caller of these functions to end. */
  GPtrArray *waiters;
} DbrNoticeEntry;

typedef enum
{
  /* It waits, */
  DBR_NOTICE_QUEUED,
  /* or is part of one that waits: its waiters are with that, */
  DBR_NOTICE_MERGED,
  /* or the same was sent a moment ago, */
  DBR_NOTICE_SEEN,
  /* or there is no room for it. */
  DBR_NOTICE_REFUSED,
} DbrNoticePlace;

/* What waits to be shown. Without thread, lock or timer, and on a clock of whoever has it; it frees
 * waiters never, so that it can be called with a lock held. */
typedef struct
{
  const DbrClock *clock;
  guint           max_queued;
  guint           batch_ms;
  gboolean        is_quiet;

  /* of DbrNoticeEntry */
  GQueue          waiting;
  /* until when those that can be grouped are gathered, 0 while none is */
  gint64          batch_usec;
  /* of what was sent a moment ago, the oldest first */
  GQueue          recent;
  guint64         n_dropped;
} DbrNoticeQueue;

DbrNoticeEntry *dbr_notice_entry_new          (guint               id,
                                               DbrNotice          *notice,
                                               gpointer            waiter) G_GNUC_WARN_UNUSED_RESULT;
void            dbr_notice_entry_free         (DbrNoticeEntry     *self);

void            dbr_notice_queue_init         (DbrNoticeQueue     *self,
                                               const DbrClock     *clock);
void            dbr_notice_queue_clear        (DbrNoticeQueue     *self);

/* Takes @entry, unless it is seen or refused. Sets @id to that of the one it is part of, and adds to
 * @dropped an entry for which there is no room any more. */
DbrNoticePlace  dbr_notice_queue_push         (DbrNoticeQueue     *self,
                                               DbrNoticeEntry     *entry,
                                               guint              *id,
                                               GPtrArray          *dropped);
/* The next one to be sent, NULL if there is none at this moment. */
DbrNoticeEntry *dbr_notice_queue_pop          (DbrNoticeQueue     *self);
/* It was not sent after all. */
void            dbr_notice_queue_put_back     (DbrNoticeQueue     *self,
                                               DbrNoticeEntry     *entry);
/* Takes one out, NULL if it does not wait. */
DbrNoticeEntry *dbr_notice_queue_remove       (DbrNoticeQueue     *self,
                                               guint               id) G_GNUC_WARN_UNUSED_RESULT;
/* It is not seen any more: the same again is another one. */
void            dbr_notice_queue_forget       (DbrNoticeQueue     *self,
                                               guint               id);

/* Adds to @late the waiters of those that are kept for longer than somebody waits, and to @dropped
 * what is not kept any longer. */
void            dbr_notice_queue_expire       (DbrNoticeQueue     *self,
                                               GPtrArray          *late,
                                               GPtrArray          *dropped);
/* When the next one is late, or due if anything can be sent; G_MAXINT64 for never. */
gint64          dbr_notice_queue_get_next     (DbrNoticeQueue     *self,
                                               gboolean            can_send);
/* Adds to @held the waiters of what is held back now. */
void            dbr_notice_queue_set_quiet    (DbrNoticeQueue     *self,
                                               gboolean            is_quiet,
                                               GPtrArray          *held);
/* What is gathered is due now. */
void            dbr_notice_queue_end_batch    (DbrNoticeQueue     *self);
gboolean        dbr_notice_queue_holds        (DbrNoticeQueue       *self,
                                               const DbrNoticeEntry *entry);
/* Whether anything waits that is not held back. */
gboolean        dbr_notice_queue_has_pending  (DbrNoticeQueue     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrNoticeEntry, dbr_notice_entry_free)

G_END_DECLS
