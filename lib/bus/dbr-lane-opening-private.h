/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus/dbr-lane-private.h"

G_BEGIN_DECLS

/* One attempt to have a further lane to a bus on which there is one already. */
typedef struct _DbrLaneOpening DbrLaneOpening;

/* Called on dbr-io, at most once, with either. The lane is still to be started, and is the caller's
 * to close if this returns FALSE: @owner had given up. */
typedef gboolean (*DbrLaneOpenedFunc) (GObject        *owner,
                                       DbrLaneOpening *self,
                                       DbrLane        *lane,
                                       const GError   *error);

/* The lane will tell @listener, with @owner, which it keeps. */
DbrLaneOpening *dbr_lane_opening_new   (const char                     *address,
                                        const DbrTransportLimits       *limits,
                                        const DbrLaneListener          *listener,
                                        DbrLaneOpenedFunc               opened,
                                        GObject                        *owner) G_GNUC_WARN_UNUSED_RESULT;
DbrLaneOpening *dbr_lane_opening_ref   (DbrLaneOpening        *self);
void            dbr_lane_opening_unref (DbrLaneOpening        *self);

/* From any thread, with no lock held. */
void            dbr_lane_opening_start (DbrLaneOpening        *self);
/* Makes it fail soon. */
void            dbr_lane_opening_abort (DbrLaneOpening        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbrLaneOpening, dbr_lane_opening_unref)

G_END_DECLS
