/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Stands between clients and a bus and passes on what each says, descriptors too, as well as the
 * weather lets it. It knows nothing of D-Bus: all it sees is bytes. */
typedef struct _ChaosProxy ChaosProxy;

typedef enum
{
  CHAOS_TO_BUS,
  CHAOS_TO_CLIENT,
  CHAOS_N_WAYS,
} ChaosWay;

/* What all bytes of one way meet while it lasts; zero is a fine day. */
typedef struct
{
  guint    delay_ms;
  guint    piece_bytes;
  guint    bytes_per_ms;
  gboolean is_frozen;
  /* what connects now is cut after so many bytes, less one; 0: it lasts */
  guint    brittle_bytes;
} ChaosWeather;

typedef enum
{
  /* both ends see the connection closed at once */
  CHAOS_STRIKE_CUT,
  /* so many bytes still pass this way, and then both ends see it closed */
  CHAOS_STRIKE_TRUNCATE,
  /* this way ends after so many bytes, the other goes on for a while */
  CHAOS_STRIKE_HALF_CLOSE,
  /* after so many bytes some are changed, until it is cut */
  CHAOS_STRIKE_CORRUPT,
} ChaosStrikeKind;

/* What one connection of @of meets once. */
typedef struct
{
  ChaosStrikeKind kind;
  ChaosWay        way;
  guint           share;
  guint           of;
  guint           after_bytes;
  guint           every_bytes;
  guint8          mask;
  guint           lasts_ms;
} ChaosStrike;

ChaosProxy *chaos_proxy_new         (const char         *path,
                                     const char         *bus_path) G_GNUC_WARN_UNUSED_RESULT;
void        chaos_proxy_free        (ChaosProxy         *self);

const char *chaos_proxy_get_address (ChaosProxy         *self);
/* How many have struck. */
guint       chaos_proxy_count_strikes (ChaosProxy       *self);
void        chaos_proxy_set_weather (ChaosProxy         *self,
                                     ChaosWay            way,
                                     const ChaosWeather *weather);
void        chaos_proxy_strike      (ChaosProxy         *self,
                                     const ChaosStrike  *strike);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChaosProxy, chaos_proxy_free)

G_END_DECLS
