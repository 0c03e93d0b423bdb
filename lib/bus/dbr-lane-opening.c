/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-lane-opening-private.h"

#include "base/dbr-debug-private.h"
#include "base/dbr-error.h"
#include "base/dbr-i18n-private.h"
#include "base/dbr-io-private.h"
#include "bus/dbr-opening-private.h"

#define OPENING_LIMIT_MS 25000

struct _DbrLaneOpening
{
  gatomicrefcount        ref_count;

  /* identity */
  char                           *address;
  DbrTransportLimits              limits;
  const DbrLaneListener          *listener;
  DbrLaneOpenedFunc               opened;
  GObject                        *owner;

  GMutex                 mutex;

  /* guarded by mutex */
  DbrOpening            *opening;
  gboolean               is_aborted;
  gboolean               is_over;
};

DbrLaneOpening *
dbr_lane_opening_new (const char                     *address,
                      const DbrTransportLimits       *limits,
                      const DbrLaneListener          *listener,
                      DbrLaneOpenedFunc               opened,
                      GObject                        *owner)
{
  DbrLaneOpening *self = g_new0 (DbrLaneOpening, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->address = g_strdup (address);
  self->limits = *limits;
  self->listener = listener;
  self->opened = opened;
  self->owner = g_object_ref (owner);

  return self;
}

DbrLaneOpening *
dbr_lane_opening_ref (DbrLaneOpening *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dbr_lane_opening_unref (DbrLaneOpening *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->owner);
  g_mutex_clear (&self->mutex);
  g_free (self->address);
  g_free (self);
}

/* On dbr-io */

static void
close_late (DbrLane *lane)
{
  g_autoptr(GError) reason = g_error_new_literal (DBR_ERROR, DBR_ERROR_CLOSED,
                                                  _("This connection is not needed any more"));

  dbr_lane_close (lane, reason);
}

static void
opened_cb (DbrTransport *transport,
           GError       *error,
           gpointer      user_data)
{
  DbrLaneOpening *self = user_data;
  g_autoptr(DbrOpening) opening = NULL;
  g_autoptr(DbrLane) lane = NULL;

  g_mutex_lock (&self->mutex);
  self->is_over = TRUE;
  opening = g_steal_pointer (&self->opening);
  g_mutex_unlock (&self->mutex);

  if (error != NULL)
    dbr_debug (DBR_DEBUG_LANES, "There is no further connection", "DBR_REASON", error->message);
  else
    lane = dbr_lane_new (transport, TRUE, self->limits.n_replies, self->listener,
                         g_object_ref (self->owner), g_object_unref);
  if (lane != NULL)
    dbr_debug (DBR_DEBUG_LANES, "A further connection was opened",
               "DBR_UNIQUE_NAME", dbr_lane_get_unique_name (lane));
  if (!self->opened (self->owner, self, lane, error) && lane != NULL)
    close_late (lane);
}

static gboolean
dbr_lane_opening_was_aborted (DbrLaneOpening *self)
{
  G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->is_aborted;
}

static void
open_cb (gpointer data)
{
  g_autoptr(DbrLaneOpening) self = data;
  g_autoptr(DbrOpening) opening = NULL;
  gboolean is_aborted;

  if (dbr_lane_opening_was_aborted (self))
    return;

  opening = dbr_opening_start (self->address, TRUE, &self->limits, OPENING_LIMIT_MS, opened_cb,
                               dbr_lane_opening_ref (self),
                               (GDestroyNotify) dbr_lane_opening_unref);

  /* It may be over already, and then nothing is left to abort. */
  g_mutex_lock (&self->mutex);
  is_aborted = self->is_aborted;
  if (!self->is_over)
    self->opening = dbr_opening_ref (opening);
  g_mutex_unlock (&self->mutex);

  if (is_aborted)
    dbr_opening_abort (opening);
}

void
dbr_lane_opening_start (DbrLaneOpening *self)
{
  dbr_io_invoke (open_cb, dbr_lane_opening_ref (self));
}

void
dbr_lane_opening_abort (DbrLaneOpening *self)
{
  g_autoptr(DbrOpening) opening = NULL;

  g_mutex_lock (&self->mutex);
  self->is_aborted = TRUE;
  if (self->opening != NULL)
    opening = dbr_opening_ref (self->opening);
  g_mutex_unlock (&self->mutex);

  if (opening != NULL)
    dbr_opening_abort (opening);
}
