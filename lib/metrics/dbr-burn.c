/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "metrics/dbr-burn-private.h"

#include <string.h>

static const gint64 slot_usec[DBR_N_BURN_PACES] = {
  [DBR_BURN_FAST] = 5 * G_USEC_PER_SEC,
  [DBR_BURN_MIDDLE] = 30 * G_USEC_PER_SEC,
  [DBR_BURN_SLOW] = 360 * (gint64) G_USEC_PER_SEC,
};

/* Empties the slots that passed since. */
static DbrBurnRing *
dbr_burn_turn (DbrBurn     *self,
               DbrBurnPace  pace,
               gint64       when)
{
  DbrBurnRing *ring = &self->rings[pace];
  gint64 slot = when / slot_usec[pace];

  if (slot - ring->slot >= DBR_BURN_N_SLOTS)
    {
      memset (ring->slots, 0, sizeof ring->slots);
      ring->slot = slot;
    }
  for (; ring->slot < slot; ring->slot++)
    {
      ring->slots[(ring->slot + 1) % DBR_BURN_N_SLOTS] = (DbrBurnCount) { 0 };
    }

  return ring;
}

/* Shares are asked for, so that it does no harm to halve both where they are more than can be held
 * in all slots together. */
static void
burn_count_add (DbrBurnCount *self,
                guint64       good,
                guint64       bad)
{
  good += self->good;
  bad += self->bad;
  while (good + bad > G_MAXUINT32 / DBR_BURN_N_SLOTS)
    {
      good /= 2;
      bad /= 2;
    }
  self->good = (guint32) good;
  self->bad = (guint32) bad;
}

void
dbr_burn_add (DbrBurn *self,
              gint64   when,
              guint64  good,
              guint64  bad)
{
  for (guint pace = 0; pace < DBR_N_BURN_PACES; pace++)
    {
      DbrBurnRing *ring = dbr_burn_turn (self, pace, when);
      DbrBurnCount *count = &ring->slots[ring->slot % DBR_BURN_N_SLOTS];

      burn_count_add (count, good, bad);
    }
}

void
dbr_burn_read (DbrBurn      *self,
               DbrBurnPace   pace,
               gint64        when,
               DbrBurnCount *in_long,
               DbrBurnCount *in_short)
{
  DbrBurnRing *ring = dbr_burn_turn (self, pace, when);

  *in_long = (DbrBurnCount) { 0 };
  for (guint i = 0; i < DBR_BURN_N_SLOTS; i++)
    {
      in_long->good += ring->slots[i].good;
      in_long->bad += ring->slots[i].bad;
    }

  *in_short = (DbrBurnCount) { 0 };
  for (guint i = 0; i < DBR_BURN_N_SHORT; i++)
    {
      guint slot = (ring->slot + DBR_BURN_N_SLOTS - i) % DBR_BURN_N_SLOTS;
      const DbrBurnCount *count = &ring->slots[slot];

      in_short->good += count->good;
      in_short->bad += count->bad;
    }
}

double
dbr_burn_get_pace (const DbrBurnCount *count,
                   double              allowed)
{
  guint32 n = count->good + count->bad;

  return n > 0 ? count->bad / (double) n / allowed : 0;
}
