/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-chaos-proxy.h"
#include "dbr-testbed.h"

G_BEGIN_DECLS

/* A bus, services on it, and between it and libdbr a proxy. What is done to them is the script's;
 * what really happened is known here, and held against what libdbr said. */

#define CHAOS_WILD "org.dbr.Wild"
#define CHAOS_CALM "org.dbr.Calm"
#define CHAOS_PATH "/org/dbr/Peer"
/* Has the same level. */
#define CHAOS_OTHER_PATH "/org/dbr/Other"
/* Of systemd. */
#define CHAOS_UNIT "chaos.service"

/* How much later than its limit something may end, and a value be known. */
#define CHAOS_GRACE_USEC (dbr_test_stretch (2 * G_USEC_PER_SEC))

typedef enum
{
  /* answers as it likes, and dies of some calls */
  CHAOS_PEER_WILD,
  /* answers everything at once */
  CHAOS_PEER_CALM,
  /* shows notifications */
  CHAOS_PEER_DESK,
  CHAOS_PEER_BLUEZ,
  CHAOS_N_PEERS,
} ChaosPeer;

typedef struct _ChaosWorld ChaosWorld;

/* One thing that libdbr was asked for, and has to end once and in time. */
typedef struct _ChaosOp ChaosOp;

ChaosWorld  *chaos_world_new              (guint32      seed,
                                           guint        ms,
                                           gboolean     is_verbose) G_GNUC_WARN_UNUSED_RESULT;
void         chaos_world_free             (ChaosWorld  *self);

/* Where libdbr connects to: the proxy. */
const char  *chaos_world_get_address      (ChaosWorld  *self);
const char  *chaos_world_get_folder       (ChaosWorld  *self);
DbrTestBus  *chaos_world_get_bus          (ChaosWorld  *self);
DbrTestPeer *chaos_world_get_peer         (ChaosWorld  *self,
                                           ChaosPeer    peer);
/* NULL where there can be none on this machine. */
DbrTestSystemd *chaos_world_get_systemd   (ChaosWorld  *self);
/* A client with short limits and one random source, each of its own. */
DbrClient   *chaos_world_new_client       (ChaosWorld  *self) G_GNUC_WARN_UNUSED_RESULT;
GRand       *chaos_world_new_rand         (ChaosWorld  *self) G_GNUC_WARN_UNUSED_RESULT;

/* Does what the script wants done by now. FALSE: it is at its end, and all was mended. */
gboolean     chaos_world_turn             (ChaosWorld  *self);
/* The main loop is here: how long it was not is no fault of what has ended meanwhile. */
void         chaos_world_beat             (ChaosWorld  *self);
gint64       chaos_world_get_held_usec    (ChaosWorld  *self);

/* Whether nothing has been wrong since @usec, and for @ms before it; and whether a byte may have
 * been another one since then. */
gboolean     chaos_world_is_calm_since    (ChaosWorld  *self,
                                           gint64       usec,
                                           guint        ms);
gboolean     chaos_world_is_tainted_since (ChaosWorld  *self,
                                           gint64       usec);

/* The level of the calm service, which changes all the time: whether @level was right at @usec or
 * later, and whether it ever was. */
gboolean     chaos_world_had_level_since  (ChaosWorld  *self,
                                           guint32      level,
                                           gint64       usec);
/* Whether the calm service, while nothing was wrong, emitted its Tick of this number, and when. */
guint32      chaos_world_get_tick         (ChaosWorld  *self);
guint32      chaos_world_emit_tick        (ChaosWorld  *self);

/* From any thread. */
void         chaos_world_fail             (ChaosWorld  *self,
                                           const char  *format,
                                           ...) G_GNUC_PRINTF (2, 3);
guint        chaos_world_get_n_failures   (ChaosWorld  *self);
/* Fails where it outlives the run. */
void         chaos_world_watch            (ChaosWorld  *self,
                                           gpointer     object);
/* Waits until all that is watched is gone, and fails if it stays. */
void         chaos_world_check_gone       (ChaosWorld  *self);

ChaosOp     *chaos_op_begin               (ChaosWorld  *world,
                                           const char  *what,
                                           guint        limit_ms);
/* TRUE: no byte of it was changed, so what it says can be held against the truth. */
gboolean     chaos_op_end                 (ChaosOp     *self);
gint64       chaos_op_get_began           (ChaosOp     *self);
guint        chaos_world_count_ops        (ChaosWorld  *self);
/* Says what there was, if it says anything. */
void         chaos_world_tell_ops         (ChaosWorld  *self);
/* Fails for each that has not ended. */
void         chaos_world_check_ops        (ChaosWorld  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChaosWorld, chaos_world_free)

G_END_DECLS
