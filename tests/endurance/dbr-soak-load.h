/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

/* Whatever a program can do with the library, over and over: in the main context, which has to be
 * run, and in some threads. */
typedef struct _SoakLoad SoakLoad;

SoakLoad   *soak_load_new         (DbrTestBus *bus) G_GNUC_WARN_UNUSED_RESULT;
void        soak_load_free        (SoakLoad   *self);

/* While it is held nothing new is begun. */
void        soak_load_hold        (SoakLoad   *self,
                                   gboolean    is_held);
/* What is not at rest or not healthy yet although it is held and nothing is broken; NULL: nothing. */
const char *soak_load_get_unrest  (SoakLoad   *self);
guint64     soak_load_count       (SoakLoad   *self,
                                   guint64    *n_failed);
/* What was done how often, and how often in vain, a line each. */
char       *soak_load_dup_summary (SoakLoad   *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SoakLoad, soak_load_free)

G_END_DECLS
