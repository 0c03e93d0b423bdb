/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "notify/dbr-notifier.h"

G_BEGIN_DECLS

/* What one person can read, and one message may hold. */
#define DBR_NOTICE_MAX_SUMMARY 512
#define DBR_NOTICE_MAX_BODY 8192
#define DBR_NOTICE_MAX_LABEL 256
#define DBR_NOTICE_MAX_ACTIONS 16
#define DBR_NOTICE_MAX_HINTS_SIZE (4u * 1024 * 1024)

/* What a notification says. It never changes. Texts are as they were given but for what cannot be
 * shown: they are valid, without control characters, and no longer than somebody reads. */
typedef struct
{
  gatomicrefcount  ref_count;

  char            *summary;
  char            *body;
  char            *icon;
  DbrUrgency       urgency;
  int              expire_ms;
  /* id, label, ... */
  char           **actions;
  /* a{sv}, each well-known one of the type that the protocol asks for */
  GVariant        *hints;
  /* of all this, to tell two of them apart quickly */
  guint            digest;
} DbrNotice;

/* NULL: a value is not allowed. */
DbrNotice  *dbr_notice_new         (const char         *summary,
                                    const char         *body,
                                    const char         *icon,
                                    DbrUrgency          urgency,
                                    int                 expire_ms,
                                    const char * const *actions,
                                    GVariant           *hints,
                                    GError            **error) G_GNUC_WARN_UNUSED_RESULT;
/* One that says what all of @notices say. */
DbrNotice  *dbr_notice_new_group   (GPtrArray          *notices) G_GNUC_WARN_UNUSED_RESULT;
DbrNotice  *dbr_notice_ref         (DbrNotice          *self);
void        dbr_notice_unref       (DbrNotice          *self);

gboolean    dbr_notice_equal       (const DbrNotice    *self,
                                    const DbrNotice    *other);
/* Whether nothing but its text is lost when it is shown together with others. */
gboolean    dbr_notice_is_groupable (const DbrNotice   *self);
/* The body as a server wants it: with what looks like markup escaped where it knows markup. */
char       *dbr_notice_dup_body    (const DbrNotice    *self,
                                    gboolean            has_markup) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrNotice, dbr_notice_unref)

G_END_DECLS
