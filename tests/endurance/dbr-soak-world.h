/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "dbr-testbed.h"

G_BEGIN_DECLS

#define SOAK_SERVICE "org.dbr.Test"
#define SOAK_PATH "/org/dbr/Peer"
#define SOAK_DESKTOP "org.freedesktop.Notifications"

/* A bus with the limits of the system bus, and on it a service, BlueZ and a desktop, one of which may
 * be broken. */
typedef struct _SoakWorld SoakWorld;

SoakWorld  *soak_world_new        (guint32    seed) G_GNUC_WARN_UNUSED_RESULT;
void        soak_world_free       (SoakWorld *self);

DbrTestBus *soak_world_get_bus    (SoakWorld *self);
/* Breaks something, or mends what is broken. */
void        soak_world_break      (SoakWorld *self);
void        soak_world_mend       (SoakWorld *self);
guint       soak_world_get_faults (SoakWorld *self);
/* How often each thing was broken, in words. */
char       *soak_world_dup_faults (SoakWorld *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SoakWorld, soak_world_free)

G_END_DECLS
