/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Values of which many are equal: of ten thousand devices nearly all are not connected. Each is
 * kept once, apart from the message that it came in, which could be let go of otherwise only with
 * the last of its values. */
typedef struct _DbrValuePool DbrValuePool;

/* A value in a pool. What it is never changes. */
typedef struct
{
  GVariant *variant;
  guint     hash;
  guint     n_users;
} DbrValue;

DbrValuePool *dbr_value_pool_new   (void) G_GNUC_WARN_UNUSED_RESULT;
/* All of its values go with it. */
void          dbr_value_pool_free  (DbrValuePool   *self);

/* The pool's own of the values that are equal to @variant; each is dropped as often as taken. */
DbrValue     *dbr_value_pool_take  (DbrValuePool   *self,
                                    GVariant       *variant) G_GNUC_WARN_UNUSED_RESULT;
void          dbr_value_pool_drop  (DbrValuePool   *self,
                                    DbrValue       *value);
guint         dbr_value_pool_count (DbrValuePool   *self);

/* Also of values in two pools. */
gboolean      dbr_value_is_equal   (const DbrValue *one,
                                    const DbrValue *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrValuePool, dbr_value_pool_free)

G_END_DECLS
