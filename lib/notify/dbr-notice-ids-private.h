/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many are known at a time; a server that never tells when one was closed fills no more. */
#define DBR_NOTICE_MAX_SHOWN 1000

/* What is shown: our ids, and the numbers that the server of this moment gave them. Its next owner
 * starts to count anew, so the numbers of one mean nothing to the other. */
typedef struct
{
  GHashTable *numbers;
  GHashTable *ids;
  /* of what is shown, the oldest first */
  GQueue      order;
} DbrNoticeIds;

void    dbr_notice_ids_init       (DbrNoticeIds *self);
void    dbr_notice_ids_clear      (DbrNoticeIds *self);

/* The server shows @id as @number. Returns another id that had the number, 0 if there is none. */
guint   dbr_notice_ids_set        (DbrNoticeIds *self,
                                   guint         id,
                                   guint         number);
/* 0: there is none. */
guint   dbr_notice_ids_get_number (DbrNoticeIds *self,
                                   guint         id);
guint   dbr_notice_ids_get_id     (DbrNoticeIds *self,
                                   guint         number);
void    dbr_notice_ids_remove     (DbrNoticeIds *self,
                                   guint         id);
/* The server is gone: forgets all, and returns what was shown, the oldest first. */
GArray *dbr_notice_ids_lose       (DbrNoticeIds *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
