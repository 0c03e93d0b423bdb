/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/dbr-clock-private.h"

G_BEGIN_DECLS

/* From one attempt to connect to the next. All zeros to begin with. */
typedef struct
{
  /* how long it would be at most; 0 as long as no connection was lost */
  double nominal_ms;
  /* when it ends, and when it ends while somebody waits for the connection */
  gint64 end_usec;
  gint64 awaited_end_usec;
} DbrLinkPause;

/* Begins with an attempt that has failed. */
void   dbr_link_pause_begin_failed (DbrLinkPause       *self,
                                    DbrRandom          *random,
                                    gint64              now);
/* Begins with the loss of a connection that held for so long. */
void   dbr_link_pause_begin_lost   (DbrLinkPause       *self,
                                    DbrRandom          *random,
                                    gint64              now,
                                    gint64              held_usec);
gint64 dbr_link_pause_get_end      (const DbrLinkPause *self,
                                    gboolean            is_awaited);

G_END_DECLS
