/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libdbr.h>

#include "dbr-testbed.h"

G_BEGIN_DECLS

#define RECOVERY_NAME "org.dbr.Test"
/* What is BlueZ's is of no use to another service. */
#define RECOVERY_BLUEZ_PLAN "not-needed not-needed not-needed "

/* A bus, a monitor of a name on it, which need not be owned by anybody, and a recovery; what the
 * recovery told, a word or two each, as “started restart”; and what was called over its client. */
typedef struct
{
  DbrTestBus        *bus;
  DbrTestSystemd    *systemd;
  DbrClient         *client;
  DbrServiceMonitor *monitor;
  DbrRecovery       *recovery;
  GString           *told;
  GPtrArray         *called;
  GError            *error;
} RecoveryScene;

RecoveryScene *recovery_scene_new          (void) G_GNUC_WARN_UNUSED_RESULT;
/* With a systemd, which has nothing but units of the test's own. NULL where there can be none: the
 * test is skipped then. */
RecoveryScene *recovery_scene_new_systemd  (void) G_GNUC_WARN_UNUSED_RESULT;
void           recovery_scene_free         (RecoveryScene  *self);

/* Writes a unit that runs the peer; @more are lines of its section of a service. */
void           recovery_scene_write_peer   (RecoveryScene  *self,
                                            const char     *unit_name,
                                            const char     *more);
void           recovery_scene_run          (RecoveryScene  *self,
                                            const char     *command);
char          *recovery_scene_dup_owner    (RecoveryScene  *self) G_GNUC_WARN_UNUSED_RESULT;

/* Recovers, and compares the result and what was told since the last look. */
void           recovery_scene_expect       (RecoveryScene     *self,
                                            DbrRecoveryResult  result,
                                            const char        *told);
/* Compares what was told since the last look. */
void           recovery_scene_expect_told  (RecoveryScene  *self,
                                            const char     *told);
/* Whether a method of this name was called over the client. */
gboolean       recovery_scene_has_called   (RecoveryScene  *self,
                                            const char     *member);
void           recovery_scene_forget_calls (RecoveryScene  *self);
/* What would be done, after what is BlueZ's: the kinds, in order. */
void           recovery_scene_expect_plan  (RecoveryScene  *self,
                                            const char     *kinds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecoveryScene, recovery_scene_free)

G_END_DECLS
