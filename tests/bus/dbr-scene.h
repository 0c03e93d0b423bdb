/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

#define SCENE_NAME "org.dbr.Test"
#define SCENE_PATH "/org/dbr/Peer"
#define SCENE_GRACE_USEC (dbr_test_stretch (G_USEC_PER_SEC))

/* What nearly every test needs: a bus of its own, a peer on it, and a client of that bus. */
typedef struct
{
  DbrTestBus  *bus;
  DbrTestPeer *peer;
  DbrClient   *client;
} Scene;

/* One call and its end, in whatever form it was made. */
typedef struct
{
  DbrCall      *call;
  GVariant     *reply;
  GError       *error;
  guint         n_ended;
  gint64        began_usec;
  gint64        ended_usec;
  GMainContext *context;
  guint        *counter;
  guint         place;
} Outcome;

Scene    *scene_new            (DbrTestBusFlags   flags,
                                const char       *script) G_GNUC_WARN_UNUSED_RESULT;
void      scene_free           (Scene            *self);
/* Once a scene has a session bus's limits, a client made this way knows them. */
DbrClient *scene_new_session_client (Scene       *self) G_GNUC_WARN_UNUSED_RESULT;

/* A call to the peer's built-in interface. */
DbrCall  *scene_call_new       (const char       *member,
                                GVariant         *parameters,
                                guint             timeout_ms) G_GNUC_WARN_UNUSED_RESULT;
void      scene_run_sync       (DbrClient        *client,
                                DbrCall          *call,
                                GCancellable     *cancellable,
                                Outcome          *outcome);
void      scene_run_async      (DbrClient        *client,
                                DbrCall          *call,
                                GCancellable     *cancellable,
                                Outcome          *outcome);
void      scene_wait           (Outcome          *outcome);
void      outcome_clear        (Outcome          *outcome);

/* That it ended at its limit: not before it, and within a second after. */
void      scene_assert_in_time (const Outcome    *outcome,
                                guint             limit_ms);
void      scene_assert_answers (DbrClient        *client);
/* As well, and the client has been told who owns its name: the answer to the first call may come
 * before that, and only reads that know of the same owner share an answer. */
void      scene_assert_known   (DbrClient        *client);
/* Whether the tests are being played on the GDBus transport. */
gboolean  scene_is_on_gdbus    (void);

/* For tests of what lies below the circuit: it stays closed whatever happens. */
void      scene_hold_circuit   (DbrClient        *client);

/* The sockets of this process at one moment. */
typedef struct _SceneSockets SceneSockets;

SceneSockets *scene_sockets_new     (void) G_GNUC_WARN_UNUSED_RESULT;
void          scene_sockets_free    (SceneSockets       *self);
/* Cuts those of @self that were not there @before. */
guint         scene_sockets_cut_new (const SceneSockets *self,
                                     const SceneSockets *before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SceneSockets, scene_sockets_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

G_END_DECLS
