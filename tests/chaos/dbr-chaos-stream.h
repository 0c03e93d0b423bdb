/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "dbr-chaos-proxy.h"

G_BEGIN_DECLS

/* One way of one connection: what was read at one end and not yet written at the other. */
typedef struct
{
  int         from;
  int         to;
  GQueue      chunks;
  gsize       n_bytes;
  gint64      last_due_usec;
  gint64      next_usec;

  /* nothing more comes; and that was passed on */
  gboolean    is_ended;
  gboolean    is_shut;

  /* what strikes it, and in how many bytes */
  gboolean    is_struck;
  ChaosStrike strike;
  gsize       strike_in;
} ChaosStream;

void      chaos_stream_init       (ChaosStream        *self,
                                   int                 from,
                                   int                 to);
void      chaos_stream_clear      (ChaosStream        *self);

/* Whether it wants to read; and when it wants to write, G_MAXINT64 for never. */
gboolean  chaos_stream_wants      (ChaosStream        *self,
                                   const ChaosWeather *weather);
gint64    chaos_stream_get_due    (ChaosStream        *self,
                                   const ChaosWeather *weather);

/* FALSE: the connection is over. */
gboolean  chaos_stream_read       (ChaosStream        *self,
                                   const ChaosWeather *weather);
gboolean  chaos_stream_write      (ChaosStream        *self,
                                   const ChaosWeather *weather,
                                   gboolean           *is_full);
void      chaos_stream_strike     (ChaosStream        *self,
                                   const ChaosStrike  *strike);

G_END_DECLS
