/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus/dbr-link-pause-private.h"

/* A connection that was lost is made again after a pause, which grows while there is none to be
 * had, and which differs from one program to the next: they all lost theirs at the same moment. */
#define FIRST_PAUSE_MS 100.0
#define PAUSE_GROWTH 1.6
#define MAX_PAUSE_MS 30000.0

/* A bus that lets us in is there, though it may throw us out again: signals are missed for as long
 * as we stay away. */
#define MAX_LOST_PAUSE_MS 5000.0
/* One that held for so long did not die young. */
#define STABLE_USEC (60 * G_USEC_PER_SEC)

/* Whoever waits for an answer has little use for one that comes at the end of a long pause. */
#define MAX_AWAITED_PAUSE_MS 1000.0

static void
dbr_link_pause_begin (DbrLinkPause *self,
                      DbrRandom    *random,
                      gint64        now,
                      double        max_ms)
{
  double part = 0.5 + 0.5 * dbr_random_next (random);

  self->nominal_ms = self->nominal_ms > 0 ? MIN (self->nominal_ms * PAUSE_GROWTH, max_ms)
                                          : FIRST_PAUSE_MS;
  self->end_usec = now + (gint64) (self->nominal_ms * part * 1000);
  self->awaited_end_usec = now
                           + (gint64) (MIN (self->nominal_ms, MAX_AWAITED_PAUSE_MS) * part * 1000);
}

void
dbr_link_pause_begin_failed (DbrLinkPause *self,
                             DbrRandom    *random,
                             gint64        now)
{
  dbr_link_pause_begin (self, random, now, MAX_PAUSE_MS);
}

void
dbr_link_pause_begin_lost (DbrLinkPause *self,
                           DbrRandom    *random,
                           gint64        now,
                           gint64        held_usec)
{
  if (held_usec >= STABLE_USEC)
    self->nominal_ms = 0;

  dbr_link_pause_begin (self, random, now, MAX_LOST_PAUSE_MS);
}

gint64
dbr_link_pause_get_end (const DbrLinkPause *self,
                        gboolean            is_awaited)
{
  return is_awaited ? self->awaited_end_usec : self->end_usec;
}
