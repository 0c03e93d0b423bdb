/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How fast what may go wrong is used up: a share of all calls, over a day. Each pair of windows is a
 * long one, which is sure, and a short one, which says that it still goes on. */
typedef enum
{
  /* five minutes and 25 seconds */
  DBR_BURN_FAST,
  /* half an hour and two and a half minutes */
  DBR_BURN_MIDDLE,
  /* six hours and half an hour */
  DBR_BURN_SLOW,
} DbrBurnPace;

#define DBR_N_BURN_PACES ((guint) DBR_BURN_SLOW + 1)
#define DBR_BURN_N_SLOTS 60u
#define DBR_BURN_N_SHORT 5u

typedef struct
{
  guint32 good;
  guint32 bad;
} DbrBurnCount;

typedef struct
{
  gint64       slot;
  DbrBurnCount slots[DBR_BURN_N_SLOTS];
} DbrBurnRing;

typedef struct
{
  DbrBurnRing rings[DBR_N_BURN_PACES];
} DbrBurn;

void   dbr_burn_add     (DbrBurn            *self,
                         gint64              when,
                         guint64             good,
                         guint64             bad);
void   dbr_burn_read    (DbrBurn            *self,
                         DbrBurnPace         pace,
                         gint64              when,
                         DbrBurnCount       *in_long,
                         DbrBurnCount       *in_short);
/* How many times faster than what would just do, where @allowed of all calls may go wrong. */
double dbr_burn_get_pace (const DbrBurnCount *count,
                          double              allowed);

G_END_DECLS
