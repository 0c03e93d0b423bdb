/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "recovery/dbr-state-restore-private.h"

G_BEGIN_DECLS

/* What was there before something that affects more than one device. */
typedef struct _DbrStateMark DbrStateMark;

/* What there is below @target now: the address of an adapter or a device, or "" for all. Asks nothing
 * of BlueZ. */
DbrStateMark *dbr_state_mark_new   (DbrBluezCore        *core,
                                    const char          *target) G_GNUC_WARN_UNUSED_RESULT;
DbrStateMark *dbr_state_mark_ref   (DbrStateMark        *self);
void          dbr_state_mark_unref (DbrStateMark        *self);

/* Puts back what is below @target, in a thread that may block: first what the adapters were, then what
 * this process has asked BlueZ for, then the devices that were connected, keyboards and mice before
 * others, then their notifications. @mark may be NULL; of devices in the book, @moments has when this
 * process saved them. */
gboolean      dbr_state_replay     (DbrStateRestore     *restore,
                                    const char          *target,
                                    const DbrStateMark  *mark,
                                    DbrStateBook        *book,
                                    GHashTable          *moments,
                                    GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrStateMark, dbr_state_mark_unref)

G_END_DECLS
